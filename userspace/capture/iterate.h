/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a BPF iterator: the kernel calls the program once for each of what it walks. */
#ifndef SANDTRACE_ITERATE_H
#define SANDTRACE_ITERATE_H

#include <stdbool.h>

/*
 * PROG_FD: a loaded program of type iter. OWN: only over what is this process's, where the kernel can say so (since 6.1); the
 * program must look for itself too. 0 or -errno; prints nothing.
 */
int iterate(int prog_fd, bool own);
/* The same over what a map holds. */
int iterate_map(int prog_fd, int map_fd);

#endif
