/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

/* A pipe that polls writable takes this much without blocking (pipe(7)). */
#define CHUNK PIPE_BUF

static int wait_writable(int fd, const struct output_waiter *waiter)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int n = poll(&p, 1, 0);

	/* an error or a closed reader counts as ready: write tells which */
	if (n > 0 || (n < 0 && errno == EINTR))
		return 0;
	if (n < 0)
		return -errno;
	if (waiter)
		return waiter->wait(waiter->ctx, fd);
	return poll(&p, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

int output__write(int fd, const char *buf, size_t len, const struct output_waiter *waiter, size_t *ret_done)
{
	struct stat st;
	bool regular = !fstat(fd, &st) && S_ISREG(st.st_mode);
	size_t done = 0;
	int err = 0;

	while (done < len && !err) {
		size_t want = regular || len - done < CHUNK ? len - done : CHUNK;
		ssize_t n;

		/* the descriptor is shared with others: it cannot be made non-blocking, and may be so already */
		err = regular ? 0 : wait_writable(fd, waiter);
		if (err)
			break;
		n = write(fd, buf + done, want);
		if (n > 0)
			done += (size_t)n;
		else if (n == 0)
			err = -EIO;
		else if (errno != EINTR && errno != EAGAIN)
			err = -errno;
	}
	if (ret_done)
		*ret_done = done;
	return err;
}
