/* SPDX-License-Identifier: Apache-2.0 */
/* An epoll server and its client in two processes over a unix socket: 50 requests, each answered in
 * full. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define REQUESTS 50

static struct sockaddr_un addr = { AF_UNIX, "epoll.sock" };

static void client(void)
{
	int s = socket(AF_UNIX, SOCK_SEQPACKET, 0), i;
	char buf[64];

	if (connect(s, (void *)&addr, sizeof(addr)))
		_exit(1);
	for (i = 0; i < REQUESTS; i++)
		if (write(s, buf, 16) != 16 || read(s, buf, sizeof(buf)) != 32)
			_exit(2);
	_exit(0);
}

int main(void)
{
	int l = socket(AF_UNIX, SOCK_SEQPACKET, 0), ep = epoll_create1(EPOLL_CLOEXEC), c = -1,
	    open_ = 1, status;
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = l };
	char buf[64] = { 0 };

	unlink(addr.sun_path);
	if (bind(l, (void *)&addr, sizeof(addr)) || listen(l, 4) ||
	    epoll_ctl(ep, EPOLL_CTL_ADD, l, &ev))
		return 1;
	if (fork() == 0)
		client();
	while (open_) {
		if (epoll_wait(ep, &ev, 1, -1) != 1)
			return 2;
		if (ev.data.fd == l) {
			c = accept4(l, NULL, NULL, SOCK_CLOEXEC);
			ev.events = EPOLLIN;
			ev.data.fd = c;
			epoll_ctl(ep, EPOLL_CTL_ADD, c, &ev);
		} else if (read(c, buf, sizeof(buf)) == 16) {
			if (write(c, buf, 32) != 32)
				return 3;
		} else {
			open_ = 0;
		}
	}
	wait(&status);
	return WEXITSTATUS(status);
}
