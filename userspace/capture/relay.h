/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process of our own between the command and the caller's streams: for --tty, where it carries bytes between the
 * caller's terminal and the command's, and for limits.output, where it counts them. A process, because a
 * reader that does not read must not hold up the recorder. It ends when the command's side is closed.
 */
#ifndef SANDTRACE_RELAY_H
#define SANDTRACE_RELAY_H

#include <stdint.h>
#include <sys/types.h>

#define RELAY_OVER_LIMIT 3 /* its exit status when the command wrote more than it may */

struct relay {
	pid_t pid;	/* 0: there is none */
	int pidfd;
	int life_fd;	/* closed with sandtrace: the relay then restores the terminal and ends */
};

struct relay_opts {
	int tty;	/* master of the command's terminal, or -1 */
	int out, err;	/* read ends of the command's standard output and error, or -1 */
	uint64_t limit;	/* bytes of both together; UINT64_MAX: none */
};

/* The relay owns copies; the caller closes its own descriptors. 0 or -errno, explained on stderr. */
int relay__start(struct relay *r, const struct relay_opts *o);
/* Waits until everything was passed on. Idempotent. */
void relay__finish(struct relay *r);

#endif
