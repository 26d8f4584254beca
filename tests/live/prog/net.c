/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/*
 * Socket addresses of every family through every call that carries one. Local only: loopback and
 * unix sockets. Ports are chosen by the kernel and printed.
 */
#include "live.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static void v4(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) },
			   got;
	socklen_t len = sizeof(got);
	int l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0), s;

	if (bind(l, (void *)&a, sizeof(a)) || listen(l, 1) || getsockname(l, (void *)&got, &len))
		die("v4");
	fact("v4_listen=%d\n", ntohs(got.sin_port));
	if (connect(c, (void *)&got, sizeof(got)))
		die("connect");
	len = sizeof(a);
	s = accept4(l, (void *)&a, &len, SOCK_CLOEXEC);
	if (s < 0)
		die("accept4");
	fact("v4_peer=%d\n", ntohs(a.sin_port));
	close(s);
	close(c);
	close(l);
}

static void v6_udp(void)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT },
			    got;
	struct iovec iov = { "y", 1 };
	struct msghdr msg = {
		.msg_name = &got, .msg_namelen = sizeof(got), .msg_iov = &iov, .msg_iovlen = 1
	};
	socklen_t len = sizeof(got);
	int r = socket(AF_INET6, SOCK_DGRAM, 0), s = socket(AF_INET6, SOCK_DGRAM, 0);
	char buf[8];

	if (r < 0 || bind(r, (void *)&a, sizeof(a)) || getsockname(r, (void *)&got, &len)) {
		fact("v6=no\n");
		return;
	}
	fact("v6=%d\n", ntohs(got.sin6_port));
	if (sendto(s, "x", 1, 0, (void *)&got, sizeof(got)) != 1 || sendmsg(s, &msg, 0) != 1)
		die("v6 send");
	len = sizeof(a);
	if (recvfrom(r, buf, sizeof(buf), 0, (void *)&a, &len) != 1)
		die("v6 recv");
	close(r);
	close(s);
}

static void unix_addresses(void)
{
	struct sockaddr_un path = { AF_UNIX, "sock" }, abstract = { AF_UNIX, "\0hidden\0name" },
			   long_one = { AF_UNIX, "" };
	socklen_t alen = offsetof(struct sockaddr_un, sun_path) + 12;
	int a = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0),
	    c = socket(AF_UNIX, SOCK_DGRAM, 0);

	unlink("sock");
	if (bind(a, (void *)&path, sizeof(path)) || bind(b, (void *)&abstract, alen) ||
	    connect(c, (void *)&path, sizeof(path)) || connect(c, (void *)&abstract, alen))
		die("unix");
	memset(long_one.sun_path, 'u',
	       sizeof(long_one.sun_path)); /* all 108 bytes, no NUL: legal */
	fact("unix_long=%d\n", connect(c, (void *)&long_one, sizeof(long_one)) ? errno : 0);
	close(a);
	close(b);
	close(c);
}

static void odd_addresses(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	char big[200];
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	memset(big, 'z', sizeof(big));
	connect(s, NULL, 16);		      /* EFAULT */
	connect(s, (void *)0x10, 16);	      /* EFAULT */
	connect(s, (void *)&a, 1);	      /* EINVAL: shorter than a family */
	connect(s, (void *)big, sizeof(big)); /* EINVAL: longer than sockaddr_storage */
	connect(s, (void *)&a, -1);	      /* EINVAL */
	close(s);
}

static void pass_fd(void)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} c = { 0 };
	struct iovec iov = { "f", 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = c.room,
			      .msg_controllen = sizeof(c.room) };
	int sv[2], p[2], fd = open("/dev/null", O_RDONLY);
	char byte;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) || syscall(SYS_pipe2, p, O_CLOEXEC))
		die("pairs");
	fact("pair0=%d\npair1=%d\npipe0=%d\npipe1=%d\n", sv[0], sv[1], p[0], p[1]);
	c.h.cmsg_level = SOL_SOCKET;
	c.h.cmsg_type = SCM_RIGHTS;
	c.h.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&c.h), &fd, sizeof(fd));
	if (sendmsg(sv[0], &msg, 0) != 1)
		die("sendmsg");
	iov.iov_base = &byte;
	msg.msg_controllen = sizeof(c.room);
	if (recvmsg(sv[1], &msg, 0) != 1)
		die("recvmsg");
	memcpy(&fd, CMSG_DATA(&c.h), sizeof(fd));
	fact("passed=%d\n", fd);
	if (read(fd, &byte, 1) != 0)
		die("passed descriptor");
}

int main(void)
{
	v4();
	v6_udp();
	unix_addresses();
	odd_addresses();
	pass_fd();
	return 0;
}
