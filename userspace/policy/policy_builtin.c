/* SPDX-License-Identifier: Apache-2.0 */
/* policies/<name>.toml as they were when this was built; the Makefile makes the included file from them. */
#include "policy.h"

#include <string.h>

#include "policy_builtin.inc.h"

#define NAME(name, text) name,
const char *const policy_builtin_names[] = { POLICY_BUILTINS(NAME) NULL };
#undef NAME

#define TEXT(name, text) { name, text, sizeof(text) - 1 },
static const struct {
	const char *name, *text;
	size_t len;
} builtins[] = { POLICY_BUILTINS(TEXT) };
#undef TEXT

const char *policy__builtin_text(const char *name, size_t *ret_len)
{
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
		if (strcmp(builtins[i].name, name))
			continue;
		*ret_len = builtins[i].len;
		return builtins[i].text;
	}
	return NULL;
}
