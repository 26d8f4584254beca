/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum log_level log_level = LOG_LVL_WARN;

/* One write per line, so that lines of sandtrace and of the command do not mix within a line. */
static void emit(const char *prefix, int err, const char *fmt, va_list ap)
{
	char line[2048];
	int n = snprintf(line, sizeof(line), "sandtrace: %s", prefix);

	n += vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	if (n > (int)sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	if (err)
		n += snprintf(line + n, sizeof(line) - (size_t)n, ": %s", strerror(-err));
	if (n > (int)sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	line[n++] = '\n';
	fwrite(line, 1, (size_t)n, stderr);
	fflush(stderr);
}

int log_errno(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit("", err, fmt, ap);
	va_end(ap);
	return err;
}

int log_err(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit("", 0, fmt, ap);
	va_end(ap);
	return err;
}

#define LOG_FN(name, level, prefix)                                                                \
	void name(const char *fmt, ...)                                                            \
	{                                                                                          \
		va_list ap;                                                                        \
												   \
		if (log_level < (level))                                                           \
			return;                                                                    \
		va_start(ap, fmt);                                                                 \
		emit(prefix, 0, fmt, ap);                                                          \
		va_end(ap);                                                                        \
	}
LOG_FN(log_warn, LOG_LVL_WARN, "warning: ")
LOG_FN(log_info, LOG_LVL_INFO, "")
LOG_FN(log_debug, LOG_LVL_DEBUG, "debug: ")
LOG_FN(log_hint, LOG_LVL_ERROR, "hint: ")
