/* SPDX-License-Identifier: Apache-2.0 */
/* What the reader and the committer of changes share: opening below a directory, and nothing but what was meant. */
#ifndef SANDTRACE_CHANGES_INTERNAL_H
#define SANDTRACE_CHANGES_INTERNAL_H

#include <stdint.h>
#include <sys/stat.h>

#include "changes.h"

#define COPY_CHUNK (256u << 10)

/* NAME below DIR, through no link, into no other file system, never waiting. Descriptor or -errno. */
int beneath__open(int dir, const char *name, int flags);
/* As beneath__open with O_PATH, for a directory PATH of LEN bytes, of any length; "" is ROOT itself. */
int beneath__dir(int root, const char *path, size_t len);
/*
 * As beneath__open, for a file of ours that its owner made unreadable: adds MODE_BITS to its mode. *RET_MODE is the mode
 * as it was when that was needed, to be restored with beneath__chmod, else 0.
 */
int beneath__open_own(int dir, const char *name, int flags, mode_t mode_bits, mode_t *ret_mode);
/* Of any descriptor, O_PATH too. 0 or -errno. */
int beneath__chmod(int fd, mode_t mode);

uint64_t stat_ctime_ns(const struct stat *st);

#endif
