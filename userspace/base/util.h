/* SPDX-License-Identifier: Apache-2.0 */
/* Small things every module needs: cleanup attributes, ownership transfer, number parsing. No state. */
#ifndef SANDTRACE_UTIL_H
#define SANDTRACE_UTIL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define NSEC_PER_SEC 1000000000ULL

static inline void cleanup_free(void *p) { free(*(void **)p); }
static inline void cleanup_close(int *fd) { if (*fd >= 0) close(*fd); }
static inline void cleanup_fclose(FILE **f) { if (*f) fclose(*f); }
#define _cleanup_(f) __attribute__((cleanup(cleanup_##f)))

static inline int steal_fd(int *fd) { int f = *fd; *fd = -1; return f; }
#define steal_ptr(p) ({ __typeof__(*(p)) _v = *(p); *(p) = NULL; _v; })

/*
 * Decimal only, whole string, no sign, no space. 0, -EINVAL (not a number), -ERANGE (outside MIN..MAX).
 * *ret_value is written on success only.
 */
int parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret_value);
/* "65536", "64K", "8M", "1G", "2T" (powers of 1024). Errors as parse_u64. */
int parse_size(const char *s, uint64_t min, uint64_t max, uint64_t *ret_value);
/* "30", "1.5", "500ms", "30s", "5m", "1h" -> nanoseconds. Errors as parse_u64. */
int parse_duration(const char *s, uint64_t max_ns, uint64_t *ret_ns);

/* Whole of a small text file (at most SIZE - 1 bytes), NUL-terminated, trailing newline cut. Length or -errno. */
int read_file_str(const char *path, char *buf, size_t size);
/* Writes S to an existing file (control files of cgroup and proc). 0 or -errno. */
int write_file_str(const char *path, const char *s);
/* All N bytes to a FD that blocks. 0 or -errno. */
int write_full(int fd, const char *buf, size_t n);
/* S, which may be any bytes, without control characters and stray bytes, cut to SIZE: for messages. Returns BUF. */
const char *printable(const char *s, size_t len, char *buf, size_t size);

#endif
