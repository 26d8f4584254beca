/* SPDX-License-Identifier: Apache-2.0 */
/* Flows: connections and datagrams that try not to be seen. tests/vm/evasion looks for the record of each. */
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "evade.h"

static int tcp_to(uint16_t port)
{
	struct sockaddr_in a = v4("127.0.0.1", port);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (s >= 0 && connect(s, (void *)&a, sizeof(a))) {
		close(s);
		return -1;
	}
	return s;
}

static int f_open(void)
{
	struct linger wait = { .l_onoff = 1, .l_linger = 60 }; /* close returns when it is over */
	int s = tcp_to(80), ret = result(s);

	setsockopt(s, SOL_SOCKET, SO_LINGER, &wait, sizeof(wait));
	close(s);
	return ret;
}
static int f_reset(void)
{
	struct linger now = { .l_onoff = 1 };
	int s = tcp_to(80), ret = result(s);

	setsockopt(s, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(s);
	return ret;
}
/* In a network of its own port 80 is free. */
static int alone(int (*fn)(void))
{
	struct ifreq up = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int status, s;
	pid_t pid = fork();

	if (!pid) {
		s = unshare(CLONE_NEWNET) ? -1 : socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		_exit(s < 0 || ioctl(s, SIOCSIFFLAGS, &up) ? 0xff : fn() & 0xff);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return CANNOT;
	return WEXITSTATUS(status) == 0xff ? CANNOT : WEXITSTATUS(status);
}
static int refused(void) { return tcp_to(80) < 0 && errno == ECONNREFUSED ? 0 : 0xff; }
static int f_refused(void) { return alone(refused); }
static int f_killed(void) /* by a child that has no time to close it */
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct linger now = { .l_onoff = 1 };
		int s = tcp_to(80);

		setsockopt(s, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		syscall(SYS_kill, getpid(), s < 0 ? 1 : 9);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == 9 ? 0 : CANNOT;
}
static int f_uring(void)
{
	struct sockaddr_in a = v4("127.0.0.1", 80);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), ret;

	ret = uring(&(struct io_uring_sqe){ .opcode = IORING_OP_CONNECT, .flags = IOSQE_ASYNC, .fd = s, .addr = ADDR(&a),
					    .off = sizeof(a) });
	close(s);
	return ret;
}
/* To itself: each end is in scope. */
static int serve_one(bool in_child)
{
	struct sockaddr_in a = v4("127.0.0.1", 80);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), got, ret = 0, status = 0, c;
	pid_t pid = 0;

	if (bind(s, (void *)&a, sizeof(a)) || listen(s, 1))
		return errno;
	c = tcp_to(80);
	if (c < 0)
		return errno;
	if (in_child)
		pid = fork();
	if (!pid) {
		got = accept4(s, NULL, NULL, SOCK_CLOEXEC);
		ret = result(got);
		close(got);
		if (in_child)
			_exit(ret);
	} else if (waitpid(pid, &status, 0) != pid || status) {
		ret = 0xff;
	}
	close(c);
	close(s);
	return ret;
}
static int serve_itself(void) { return serve_one(false); }
static int serve_child(void) { return serve_one(true); }
static int f_accept(void) { return alone(serve_itself); }
static int f_accept_child(void) { return alone(serve_child); }
static int send_to(int family, const char *addr)
{
	struct sockaddr_in a = v4(addr, 80);
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(80) };
	int s = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;

	if (family == AF_INET6) {
		inet_pton(AF_INET6, addr, &six.sin6_addr);
		ret = s < 0 ? CANNOT : result(sendto(s, "x", 1, 0, (void *)&six, sizeof(six)));
	} else {
		ret = result(sendto(s, "x", 1, 0, (void *)&a, sizeof(a)));
	}
	close(s);
	return ret == ECONNREFUSED ? 0 : ret;
}
static int f_udp(void) { return send_to(AF_INET, "127.0.0.1"); }
static int f_udp_mapped(void) { return send_to(AF_INET6, "::ffff:127.0.0.1"); }
static int f_udp_killed(void) /* the socket goes with its process */
{
	struct sockaddr_in a = v4("127.0.0.1", 80);
	int status;
	pid_t pid = fork();

	if (!pid) {
		int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		syscall(SYS_kill, getpid(), sendto(s, "x", 1, 0, (void *)&a, sizeof(a)) == 1 ? 9 : 1);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == 9 ? 0 : CANNOT;
}
static const struct attempt attempts[] = {
	{ "flow-open", f_open, "flow", "open", "allowed" },
	{ "flow-close", f_open, "flow", "close", "allowed" },
	{ "flow-reset", f_reset, "flow", "close", "allowed" },
	{ "flow-refused", f_refused, "flow", "failed", "allowed" },
	{ "flow-killed", f_killed, "flow", "close", "allowed" },
	{ "flow-uring", f_uring, "flow", "open", "allowed" },
	{ "flow-accept", f_accept, "flow", "close", "allowed" },
	{ "flow-accept-in-child", f_accept_child, "flow", "close", "allowed" },
	{ "flow-udp", f_udp, "flow", "datagrams", "allowed" },
	{ "flow-udp-mapped", f_udp_mapped, "flow", "datagrams", "allowed" },
	{ "flow-udp-killed", f_udp_killed, "flow", "datagrams", "allowed" },
};
DOMAIN(flow, attempts);
