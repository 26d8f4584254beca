/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of sandtrace itself: always stderr, one line, "sandtrace: text". The level is set once at start.
 * log_err() and log_errno() return the error they were given, so that a failure is logged once, where it is
 * known:  return log_errno(-errno, "open %s", path);
 */
#ifndef SANDTRACE_LOG_H
#define SANDTRACE_LOG_H

enum log_level { LOG_LVL_ERROR, LOG_LVL_WARN, LOG_LVL_INFO, LOG_LVL_DEBUG };
extern enum log_level log_level;

/* ERR is a negative errno; ": strerror" is appended. Returns ERR. */
int log_errno(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Returns ERR, appends nothing. */
int log_err(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A line that says how to get out of the trouble: "sandtrace: hint: text". */
void log_hint(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
