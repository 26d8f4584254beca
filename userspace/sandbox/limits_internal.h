/* SPDX-License-Identifier: Apache-2.0 */
/* What limits.c and limits_v1.c share. */
#ifndef SANDTRACE_LIMITS_INTERNAL_H
#define SANDTRACE_LIMITS_INTERNAL_H

#include "limits.h"

/* Writes to the control file NAME of the cgroup directory DIR. 0 or -errno. */
int limits__write(const char *dir, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The number after KEY in a file of "key value" lines; KEY NULL: the file's only number. False: not there. */
bool limits__read(const char *dir, const char *name, const char *key, uint64_t *ret);
/* "4 GiB", "1536 KiB"; returns BUF. */
const char *limits__size(uint64_t bytes, char *buf, size_t size);

/*
 * Makes the v1 cgroup for K below the caller's own and sets it to VALUE. 0; -ENOENT, -EACCES, -EROFS, -EPERM: there is
 * none to be had; another -errno: explained on stderr.
 */
int limits_v1__setup(struct limits *l, enum limit_kind k, uint64_t value);
void limits_v1__events(const struct limits *l, enum limit_kind k, struct limit_events *e);
/* Removes the directory. */
void limits_v1__remove(struct limits *l, enum limit_kind k);

#endif
