/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the memory of a stopped task. Its pointers and lengths are claims: nothing here believes them, and what cannot
 * be read is told, never guessed. Several stretches go in one call to the kernel, which costs as much as a small one.
 */
#ifndef SANDTRACE_TRACER_MEMORY_H
#define SANDTRACE_TRACER_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "events.h"

/* Longest string that is read: one more than the longest legal path, so that a cut is told from a fit; as in bpf/. */
#define MEMORY_STR_ROOM (EV_PATH_MAX + 8)
/* How much of a string is read at first: most paths fit. */
#define MEMORY_STR_FIRST 256

struct mem {
	uint64_t addr;
	uint8_t *to;
	size_t len;	/* wanted */
	size_t got;	/* read; less than LEN: the byte after these is not readable */
};

/* Fills GOT of each; one that cannot be read does not keep the others from being read. */
void memory__read(pid_t tid, struct mem *m, size_t n);

/*
 * The string that M, MEMORY_STR_FIRST bytes of which were read into room for MEMORY_STR_ROOM, begins: reads the rest
 * when it is longer. Its state, and in *RET_LEN its length without the NUL, which is 0 when no end of it could be read.
 */
enum ev_part_state memory__string(pid_t tid, struct mem *m, uint32_t *ret_len);

/* What the kernel laid onto the stack of a program that has not run yet. Valid until the next call. */
struct image {
	const char *path, *argv; /* the file name given to execve; the arguments, each with its NUL */
	uint32_t path_len, argv_len;
	uint32_t argv_true;	/* bytes of arguments there are; more than ARGV_LEN: cut at EV_ARGV_MAX */
	enum ev_part_state path_state, argv_state;
	bool secure;		/* AT_SECURE */
};
/* TID is stopped at PTRACE_EVENT_EXEC. What is not readable has state EV_PART_FAULT. */
void memory__image(pid_t tid, struct image *ret);

#endif
