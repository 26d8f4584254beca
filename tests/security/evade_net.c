/* SPDX-License-Identifier: Apache-2.0 */
/* Network: new sockets, those from before, those of others. */
#include <netinet/tcp.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "evade.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static int connect_to(int type, int protocol, const char *addr, uint16_t port)
{
	struct sockaddr_in a = v4(addr, port);
	int s = socket(AF_INET, type | SOCK_CLOEXEC, protocol), ret;

	if (s < 0)
		return errno;
	ret = result(connect(s, (void *)&a, sizeof(a)));
	close(s);
	return ret;
}
static int n_allowed(void) { return connect_to(SOCK_STREAM, 0, "127.0.0.1", 80); }
static int n_port(void) { return connect_to(SOCK_STREAM, 0, "127.0.0.1", 81); }
static int n_addr(void) { return connect_to(SOCK_STREAM, 0, "127.0.0.2", 80); }
static int n_socket(void) { int s = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0); return s < 0 ? errno : (close(s), 0); }
static int n_udp(void) { return connect_to(SOCK_DGRAM, 0, "127.0.0.1", 81); }
static int n_mptcp(void)
{
	int ret = connect_to(SOCK_STREAM, IPPROTO_MPTCP, "127.0.0.1", 81);

	return ret == EPROTONOSUPPORT || ret == ENOPROTOOPT ? CANNOT : ret;
}
static int n_raw(void) { return result(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)); }
static int n_packet(void) { int ret = result(socket(AF_PACKET, SOCK_RAW, 0)); return ret == EAFNOSUPPORT ? CANNOT : ret; }
static int n_v6(void)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons(81) };
	int s = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), ret;

	inet_pton(AF_INET6, "::1", &a.sin6_addr);
	ret = s < 0 ? CANNOT : result(connect(s, (void *)&a, sizeof(a)));
	close(s);
	return ret;
}
static int n_mapped(void)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons(81) };
	int s = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), ret;

	inet_pton(AF_INET6, "::ffff:127.0.0.1", &a.sin6_addr);
	ret = s < 0 ? CANNOT : result(connect(s, (void *)&a, sizeof(a)));
	close(s);
	return ret;
}
static int n_sendto(void)
{
	struct sockaddr_in a = v4("127.0.0.1", 81);
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret = result(sendto(s, "x", 1, 0, (void *)&a, sizeof(a)));

	close(s);
	return ret;
}
static int n_unspec(void) /* UDP takes an address without a family for IPv4 */
{
	struct sockaddr_in a = v4("127.0.0.1", 81);
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;

	a.sin_family = AF_UNSPEC;
	ret = result(sendto(s, "x", 1, 0, (void *)&a, sizeof(a)));
	close(s);
	return ret;
}
static int n_sendmmsg(void)
{
	struct sockaddr_in ok = v4("127.0.0.1", 80), bad = v4("127.0.0.1", 81);
	struct iovec iov = { "x", 1 };
	struct mmsghdr m[2] = { { .msg_hdr = { &ok, sizeof(ok), &iov, 1, NULL, 0, 0 } },
				{ .msg_hdr = { &bad, sizeof(bad), &iov, 1, NULL, 0, 0 } } };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), n = sendmmsg(s, m, 2, 0);

	close(s);
	return n == 2 ? 0 : EPERM; /* the first went, the second did not */
}
static int n_fastopen(void)
{
	struct sockaddr_in a = v4("127.0.0.1", 81);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), ret = result(sendto(s, "x", 1, MSG_FASTOPEN, (void *)&a, sizeof(a)));

	close(s);
	return ret == EOPNOTSUPP ? CANNOT : ret;
}
static int n_old_tcp(void) { return result(send(old_tcp, "x", 1, MSG_NOSIGNAL)); }
static int n_old_udp(void) { return result(send(old_udp, "x", 1, 0)); }
static int n_write_old(void) { return result(write(old_tcp, "x", 1)); }
/* By the kernel itself, from a file or a pipe. */
static int send_file(int s)
{
	int fd = open(OK "/f", O_RDONLY | O_CLOEXEC), ret = result(sendfile(s, fd, NULL, 1));

	close(fd);
	return ret;
}
static int n_sendfile(void) { return send_file(old_tcp); }
static int n_sendfile_udp(void) { return send_file(old_udp); }
static int n_splice(void)
{
	int p[2], ret;

	if (pipe2(p, O_CLOEXEC) || write(p[1], "x", 1) != 1)
		return CANNOT;
	ret = result(splice(p[0], NULL, old_tcp, NULL, 1, 0));
	close(p[0]);
	close(p[1]);
	return ret;
}
static int n_uring_splice(void)
{
	int p[2], ret;

	if (pipe2(p, O_CLOEXEC) || write(p[1], "x", 1) != 1)
		return CANNOT;
	ret = uring(&(struct io_uring_sqe){ .opcode = IORING_OP_SPLICE, .fd = old_tcp, .splice_fd_in = p[0], .len = 1, .off = ~0ULL,
					    .splice_off_in = ~0ULL });
	close(p[0]);
	close(p[1]);
	return ret;
}
static int n_uring_send(void)
{
	return uring(&(struct io_uring_sqe){ .opcode = IORING_OP_SEND, .flags = IOSQE_ASYNC, .fd = old_tcp, .addr = ADDR("x"), .len = 1 });
}
static int n_uring(void)
{
	struct sockaddr_in a = v4("127.0.0.1", 81);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), ret;

	ret = uring(&(struct io_uring_sqe){ .opcode = IORING_OP_CONNECT, .flags = IOSQE_ASYNC, .fd = s, .addr = ADDR(&a),
					    .off = sizeof(a) });
	close(s);
	return ret;
}
/* A connected socket of somebody outside, passed in: the outsider writes it to unix_pair on request. */
static int n_passed(void)
{
	char data, room[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &data, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	struct cmsghdr *c;
	int s, ret;

	if (recvmsg(unix_pair[0], &m, 0) != 1 || !(c = CMSG_FIRSTHDR(&m)))
		return CANNOT;
	memcpy(&s, CMSG_DATA(c), sizeof(s));
	ret = result(send(s, "x", 1, MSG_NOSIGNAL));
	close(s);
	return ret;
}
static int serving(int until)
{
	struct sockaddr_in a = v4("127.0.0.1", 0);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), ret = result(bind(s, (void *)&a, sizeof(a)));

	if (!ret && until > 0)
		ret = result(listen(s, 1));
	if (!ret && until > 1)
		ret = result(accept4(s, NULL, NULL, 0));
	close(s);
	return ret == EAGAIN ? 0 : ret;
}
static int n_bind(void) { return serving(0); }
static int n_listen(void) { return serving(1); }
static int n_accept(void) { return serving(2); }
static int n_route(void) /* a loose source route: the packet would go to 10.0.0.1 first */
{
	unsigned char opt[8] = { 131, 7, 4, 10, 0, 0, 1, 0 };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret = result(setsockopt(s, IPPROTO_IP, 4 /* IP_OPTIONS */, opt, sizeof(opt)));

	close(s);
	return ret;
}
static int n_label(void) /* a flow label can carry a route */
{
	char request[64] = { 0 };
	int s = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;

	ret = s < 0 ? CANNOT : result(setsockopt(s, IPPROTO_IPV6, 32 /* IPV6_FLOWLABEL_MGR */, request, sizeof(request)));
	close(s);
	return ret;
}

/* Asks for a name, and answers itself. */
static int n_ask(void)
{
	static const char question[] = "\0\7\1\0\0\1\0\0\0\0\0\0\5evade\4test\0\0\1\0";
	struct sockaddr_in a = v4("127.0.0.1", 53), from;
	int server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;
	socklen_t len = sizeof(from);
	char data[64];

	ret = bind(server, (void *)&a, sizeof(a)) ? CANNOT : 0;
	/* the string's own zero byte is the last of the class */
	ret = ret ?: result(sendto(s, question, sizeof(question), 0, (void *)&a, sizeof(a)));
	if (!ret && recvfrom(server, data, sizeof(data), 0, (void *)&from, &len) == sizeof(question)) {
		data[2] |= (char)0x80;
		ret = result(sendto(server, data, sizeof(question), 0, (void *)&from, len));
	}
	close(server);
	close(s);
	return ret;
}
/* Begins as a TLS client does, in two pieces. */
static int n_hello(void)
{
	static const char hello[] = "\x16\3\1\0\x42\1\0\0\x3e\3\3" "01234567890123456789012345678901" "\0\0\2\x13\1\1\0"
				    "\0\x13\0\0\0\x0f\0\x0d\0\0\x0a" "evade.test";
	struct sockaddr_in a = v4("127.0.0.1", 80);
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1, ret;

	setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!bind(server, (void *)&a, sizeof(a)))
		listen(server, 1);
	ret = connect(s, (void *)&a, sizeof(a)) ? CANNOT : result(send(s, hello, 20, MSG_NOSIGNAL));
	ret = ret ?: result(send(s, hello + 20, sizeof(hello) - 21, MSG_NOSIGNAL));
	close(server);
	close(s);
	return ret;
}

static const struct attempt attempts[] = {
	{ "socket", n_socket, "network", "socket@family=AF_INET6@type=SOCK_DGRAM@protocol=IPPROTO_UDP", "allowed" },
	{ "connect-allowed", n_allowed, "network", "connect", "allowed" },
	{ "connect-port", n_port, "network", "connect", "denied" },
	{ "connect-address", n_addr, "network", "connect", "denied" },
	{ "connect-udp", n_udp, "network", "connect", "denied" },
	{ "connect-v6", n_v6, "network", "connect", "denied" },
	{ "connect-mapped", n_mapped, "network", "connect", "denied" },
	{ "mptcp", n_mptcp, "network", "socket", "denied" },
	{ "raw-socket", n_raw, "network", "socket", "denied" },
	{ "packet-socket", n_packet, "network", "socket", "denied" },
	{ "sendto", n_sendto, "network", "send", "denied" },
	{ "sendto-without-family", n_unspec, "network", "send", "denied" },
	{ "sendmmsg", n_sendmmsg, "network", "send", "denied" },
	{ "fast-open", n_fastopen, "network", "send", "denied" },
	{ "send-old-tcp", n_old_tcp, "network", "send", "denied" },
	{ "write-old-tcp", n_write_old, "network", "send", "denied" },
	{ "send-old-udp", n_old_udp, "network", "send", "denied" },
	{ "sendfile-old-tcp", n_sendfile, "network", "send", "denied" },
	{ "sendfile-old-udp", n_sendfile_udp, "network", "send", "denied" },
	{ "splice-old-tcp", n_splice, "network", "send", "denied" },
	{ "uring-splice-old-tcp", n_uring_splice, "network", "send", "denied" },
	{ "uring-send-old-tcp", n_uring_send, "network", "send", "denied" },
	{ "send-passed-socket", n_passed, "network", "send", "denied" },
	{ "uring-connect", n_uring, "network", "connect", "denied" },
	{ "ask-name", n_ask, "network", "send", "denied" },
	{ "tls-hello", n_hello, "name", "tls_hello", "allowed" },
	{ "bind", n_bind, "network", "bind", "allowed" },
	{ "listen", n_listen, "network", "listen", "allowed" },
	{ "accept", n_accept, "network", "accept", "allowed" },
	{ "source-route", n_route, "network", "option", "denied" },
	{ "flow-label", n_label, "network", "option", "denied" },
};
DOMAIN(net, attempts);
