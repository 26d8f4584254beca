/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing that does not surprise: what would block first asks the owner, who has a command to hold still and signals to
 * serve. Used by all sinks.
 */
#ifndef SANDTRACE_OUTPUT_H
#define SANDTRACE_OUTPUT_H

#include <stddef.h>

/* Called when FD takes nothing now; returns 0 when it should be tried again, or a negative errno to give up. */
struct output_waiter {
	int (*wait)(void *ctx, int fd);
	void *ctx;
};

/*
 * Writes all of BUF. Without a WAITER it waits itself. 0 or a negative errno; *ret_done, if given, is how much was
 * written in either case.
 */
int output__write(int fd, const char *buf, size_t len, const struct output_waiter *waiter, size_t *ret_done);

#endif
