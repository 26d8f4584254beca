/* SPDX-License-Identifier: Apache-2.0 */
/* 57-67 and 35: the network, and what two jobs could share. In bare mode "out" is a listener on loopback. */
#include "attempt.h"

#include <arpa/inet.h>
#include <limits.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <mqueue.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>

#ifndef AF_VSOCK
#define AF_VSOCK 40
#endif

static socklen_t address(const char *host, int port, struct sockaddr_storage *ss)
{
	struct sockaddr_in *in = (void *)ss;
	struct sockaddr_in6 *in6 = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		return sizeof(*in);
	}
	if (inet_pton(AF_INET6, host, &in6->sin6_addr) != 1)
		not_here("no address: %s", host);
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	return sizeof(*in6);
}

/* Connects without ever waiting longer than a second: no answer is no connection. */
static int reach(const char *host, int port, int type, int proto)
{
	struct sockaddr_storage ss;
	socklen_t len = address(host, port, &ss), size = sizeof(int);
	int fd = socket(ss.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, proto), err = 0;
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&ss, len) == 0)
		return fd;
	if (errno != EINPROGRESS)
		return -1;
	if (poll(&p, 1, 1000) <= 0) {
		errno = ETIMEDOUT;
		return -1;
	}
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &size);
	errno = err;
	return err ? -1 : fd;
}

/* 57: ARG: tcp, udp, mptcp, sctp, udplite, icmp, raw, dccp */
ATTEMPT(out, "57-out")
{
	static const struct {
		const char *name;
		int type, proto;
	} kinds[] = { { "tcp", SOCK_STREAM, 0 }, { "udp", SOCK_DGRAM, 0 }, { "mptcp", SOCK_STREAM, 262 },
		      { "sctp", SOCK_STREAM, 132 }, { "sctp-seq", SOCK_SEQPACKET, 132 }, { "udplite", SOCK_DGRAM, 136 },
		      { "icmp", SOCK_DGRAM, 1 }, { "raw", SOCK_RAW, 1 }, { "raw-tcp", SOCK_RAW, 6 }, { "dccp", 6, 33 } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int fd;

		if (strcmp(kinds[i].name, arg()))
			continue;
		fd = reach(param("out_host"), number("out_port"), kinds[i].type, kinds[i].proto);
		if (fd < 0)
			blocked(errno, "connect");
		if (kinds[i].type != SOCK_STREAM && send(fd, "x", 1, MSG_NOSIGNAL) < 0)
			blocked(errno, "send");
		allowed("%s to %s", arg(), param("out_host"));
	}
	not_here("no such kind");
}

ATTEMPT(out_fastopen, "57-fastopen")
{
	struct sockaddr_storage ss;
	socklen_t len = address(param("out_host"), number("out_port"), &ss);
	int fd = socket(ss.ss_family, SOCK_STREAM, 0);

	if (fd < 0)
		blocked(errno, "socket");
	by_result(sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&ss, len),
		  "sendto with MSG_FASTOPEN");
}

/* 58, 60: ARG is "ADDRESS,PORT" or an address, with the port of the host's listener. */
static void split(char *host, size_t size, int *port)
{
	char *comma;

	snprintf(host, size, "%s", arg());
	comma = strchr(host, ',');
	*port = comma ? atoi(comma + 1) : number("host_port");
	if (comma)
		*comma = '\0';
}

ATTEMPT(connect_to, "58-connect")
{
	char host[64];
	int port;

	split(host, sizeof(host), &port);
	by_result(reach(host, port, SOCK_STREAM, 0), "connect");
}

ATTEMPT(connect_mptcp, "58-connect-mptcp")
{
	char host[64];
	int port;

	split(host, sizeof(host), &port);
	by_result(reach(host, port, SOCK_STREAM, 262), "connect by MPTCP");
}

ATTEMPT(send_udp, "58-udp")
{
	char host[64];
	struct sockaddr_storage ss;
	socklen_t len;
	int port, fd;

	split(host, sizeof(host), &port);
	if (!strchr(arg(), ','))
		port = number("host_udp_port");
	len = address(host, port, &ss);
	fd = socket(ss.ss_family, SOCK_DGRAM, 0);
	if (fd < 0)
		blocked(errno, "socket");
	if (sendto(fd, "escaped", 7, 0, (struct sockaddr *)&ss, len) < 0)
		blocked(errno, "sendto");
	/* in a network of its own this reaches nobody: a second send says so */
	{
		struct pollfd p = { .fd = fd, .events = POLLERR };

		if (connect(fd, (struct sockaddr *)&ss, len))
			blocked(errno, "connect");
		send(fd, "escaped", 7, 0);
		poll(&p, 1, 100);
		if (send(fd, "escaped", 7, 0) < 0)
			blocked(errno, "second send");
	}
	allowed("datagrams were sent");
}

ATTEMPT(send_mmsg, "67-sendmmsg")
{
	struct sockaddr_storage ss;
	socklen_t len = address(param("out_host"), number("out_port"), &ss);
	struct iovec iov = { (void *)"x", 1 };
	struct mmsghdr m[2] = { { .msg_hdr = { .msg_name = &ss, .msg_namelen = len, .msg_iov = &iov, .msg_iovlen = 1 } } };
	int fd = socket(ss.ss_family, SOCK_DGRAM, 0);

	if (fd < 0)
		blocked(errno, "socket");
	m[1] = m[0];
	by_result(sendmmsg(fd, m, 2, 0), "sendmmsg");
}

/* connect, dissolve, connect elsewhere. */
ATTEMPT(reconnect, "67-unspec")
{
	struct sockaddr_storage ss;
	struct sockaddr un = { .sa_family = AF_UNSPEC };
	socklen_t len = address(param("out_host"), number("out_port"), &ss);
	struct sockaddr_in lo = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		blocked(errno, "socket");
	connect(fd, (struct sockaddr *)&lo, sizeof(lo));
	connect(fd, &un, sizeof(un));
	by_result(connect(fd, (struct sockaddr *)&ss, len), "connect after AF_UNSPEC");
}

/* The loopback of its own must work: expected to be allowed. */
ATTEMPT(own_loopback, "58-own-loopback")
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(a);
	int l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0);

	if (l < 0 || bind(l, (struct sockaddr *)&a, sizeof(a)) || listen(l, 1) || getsockname(l, (struct sockaddr *)&a, &len))
		blocked(errno, "listen");
	by_result(connect(c, (struct sockaddr *)&a, len), "connect to 127.0.0.1");
}

/* 59 */
ATTEMPT(sock_family, "59-family")
{
	int family = atoi(arg());
	int type = family == 16 ? SOCK_RAW : family == 17 || family == 38 ? SOCK_RAW : SOCK_STREAM;

	if (family == 38)
		type = SOCK_SEQPACKET; /* AF_ALG */
	if (family == 31 || family == 29)
		type = SOCK_RAW;
	by_result(socket(family, type, family == 31 || family == 29 ? 1 : 0), "socket");
}

ATTEMPT(vsock, "59-vsock")
{
	struct {
		unsigned short family, reserved;
		unsigned int port, cid;
		unsigned char zero[4];
	} sa = { AF_VSOCK, 0, 22, 2, { 0 } };
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0);

	if (fd < 0)
		blocked(errno, "socket(AF_VSOCK)");
	by_reach(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), "connect to CID 2");
}

/* Gives loopback another address. */
ATTEMPT(netlink_addr, "59-netlink")
{
	struct {
		struct nlmsghdr h;
		struct ifaddrmsg m;
		struct rtattr a;
		unsigned int addr;
	} req = { { sizeof(req), RTM_NEWADDR, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK, 1, 0 }, { AF_INET, 32, 0, 0, 1 },
		  { 8, 2 }, htonl(0xc6336407) };
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
		char more[256];
	} reply;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		blocked(errno, "socket(AF_NETLINK)");
	if (bare && (unshare(CLONE_NEWNET) || (fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)) < 0))
		blocked(errno, "unshare");
	if (send(fd, &req, sizeof(req), 0) < 0)
		blocked(errno, "send");
	if (recv(fd, &reply, sizeof(reply), 0) < 0)
		blocked(errno, "recv");
	if (reply.e.error)
		blocked(-reply.e.error, "RTM_NEWADDR");
	allowed("an address was added");
}

/* 63 */
ATTEMPT(sock_opt, "63-sockopt")
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (fd < 0)
		blocked(errno, "socket");
	if (!strcmp(arg(), "mark"))
		by_result(setsockopt(fd, SOL_SOCKET, SO_MARK, &one, sizeof(one)), "SO_MARK");
	if (!strcmp(arg(), "transparent"))
		by_result(setsockopt(fd, IPPROTO_IP, 19, &one, sizeof(one)), "IP_TRANSPARENT");
	if (!strcmp(arg(), "rcvbufforce"))
		by_result(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &one, sizeof(one)), "SO_RCVBUFFORCE");
	if (!strcmp(arg(), "bindtodevice"))
		by_result(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, param("device"), strlen(param("device"))),
			  "SO_BINDTODEVICE to an interface of the host");
	not_here("no such option");
}

ATTEMPT(tun, "63-tun")
{
	struct ifreq r = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR);

	if (fd < 0)
		blocked(errno, "/dev/net/tun");
	by_result(ioctl(fd, TUNSETIFF, &r), "TUNSETIFF");
}

static int nested_net(void *unused)
{
	(void)unused;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return -1;
	return socket(AF_PACKET, SOCK_RAW, htons(3)) < 0 ? -1 : 0;
}

ATTEMPT(nested_netns, "63-nested-net")
{
	int err;

	if (in_child(nested_net, NULL, &err) < 0)
		blocked(err, "a network namespace of our own");
	allowed("a network namespace of our own");
}

ATTEMPT(interfaces, "63-interfaces")
{
	struct if_nameindex *l = if_nameindex();

	if (!l)
		blocked(errno, "if_nameindex");
	for (struct if_nameindex *i = l; i->if_name; i++)
		if (!strcmp(i->if_name, param("device")))
			allowed("%s is visible", i->if_name);
	blocked(ENODEV, "no interface of the host");
}

/* 66: listens on ARG everywhere and waits for FILE to appear: meanwhile the host tries to connect. */
ATTEMPT(listen_all, "66-listen")
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(atoi(arg())) };
	int l = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	struct pollfd p = { .fd = l, .events = POLLIN };
	char path[PATH_MAX];

	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (l < 0 || bind(l, (struct sockaddr *)&a, sizeof(a)) || listen(l, 5))
		blocked(errno, "listen");
	snprintf(path, sizeof(path), "%s/listening", param("project"));
	close(open(path, O_CREAT | O_WRONLY, 0666));
	snprintf(path, sizeof(path), "%s/stop", param("project"));
	for (int i = 0; i < 300 && access(path, F_OK); i++)
		if (poll(&p, 1, 50) > 0)
			allowed("somebody connected");
	blocked(ECONNREFUSED, "nobody connected");
}

/* 35: what the host made. */
ATTEMPT(sysv_shm, "35-sysv-shm")
{
	by_result(shmget(number("ipc_key"), 0, 0600), "shmget of the host's segment");
}

ATTEMPT(sysv_sem, "35-sysv-sem")
{
	by_result(semget(number("ipc_key"), 0, 0600), "semget of the host's set");
}

ATTEMPT(sysv_msg, "35-sysv-msg")
{
	by_result(msgget(number("ipc_key"), 0600), "msgget of the host's queue");
}

ATTEMPT(posix_mq, "35-mq")
{
	mqd_t q = mq_open(param("mq"), O_RDONLY);

	by_result(q == (mqd_t)-1 ? -1 : q, "mq_open of the host's queue");
}

ATTEMPT(posix_shm, "35-dev-shm")
{
	by_result(open(param("shm"), O_RDWR), "the host's file in /dev/shm");
}

/* Must work: multiprocessing needs it. */
ATTEMPT(own_shm, "35-own-shm")
{
	int fd = shm_open("/battery", O_CREAT | O_RDWR, 0600);

	if (fd < 0)
		blocked(errno, "shm_open");
	by_result(ftruncate(fd, 4096), "shm of our own");
}
