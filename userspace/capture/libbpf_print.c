/* SPDX-License-Identifier: Apache-2.0 */
#include "libbpf_print.h"

#include <string.h>

#include "base/log.h"
#include "base/util.h"

int libbpf__print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	_cleanup_(free) char *text = NULL;
	char *save = NULL;

	if (log_level < LOG_LVL_DEBUG || level == LIBBPF_DEBUG || vasprintf(&text, fmt, ap) < 0)
		return 0;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		log_debug("libbpf: %s", line);
	return 0;
}
