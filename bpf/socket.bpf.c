/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets: made, connected, bound, listened on, accepted from, and sent by, as the kernel is about to do it.
 *
 *   socket_create	    family, type and protocol; also of socketpair. Not what the kernel makes for itself
 *   socket_connect	    the kernel's copy of the address; io_uring too
 *   socket_bind	    the same; recorded, not judged
 *   socket_listen, socket_accept  the local address; recorded, not judged
 *   socket_sendmsg	    sendto, sendmsg, sendmmsg, io_uring, TCP fast open: with an address in the call, judged by it.
 *			    Without, and write(2): by whom the socket is connected to, which cuts what was connected before
 *			    the policy was, elsewhere, or by somebody who passed the descriptor on
 *   socket_setsockopt	    source routes: the packet would go to another host first
 *   file_permission	    splice and sendfile to a socket before 6.5, where they do not pass socket_sendmsg; nothing since
 *
 * Why these and not cgroup-BPF: they see AF_UNIX and every other family, and need no cgroup that holds only what is in scope.
 * Why not sock_create and inet_* tracepoints: those cannot refuse, and see no address that is wrong. Since 5.7; bpf_loop since
 * 5.17. Context: the caller, who may hold the socket's lock; they do not sleep.
 *
 * AF_UNIX, AF_NETLINK and AF_ALG reach nobody outside and are free. TCP and UDP are judged by address. Of everything else
 * (MPTCP, SCTP, raw, ping, AF_PACKET, AF_VSOCK, AF_XDP, AF_SMC, ...) the address or what is sent is not known here: a policy
 * that closes the network refuses it.
 *
 * Missed: what is received on a connection that is there already. Whom accept() will return: the kernel does not know
 * yet. An address that a cgroup-BPF program replaces afterwards. IP options set before the policy was.
 */
#include "guard.bpf.h"
#include "rate.bpf.h"
#include <bpf/bpf_endian.h>

#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_NETLINK 16
#define AF_ALG 38
#define SOL_IP 0
#define SOL_IPV6 41
#define IP_OPTIONS 4
#define IP_RETOPTS 7
#define IPV6_2292RTHDR 5
#define IPV6_2292PKTOPTIONS 6
#define IPV6_FLOWLABEL_MGR 32 /* a label can carry a routing header */
#define IPV6_RTHDR 57
#define MSG_FASTOPEN 0x20000000
#define MAY_WRITE 2
#define SOCKADDR_MAX 128 /* struct sockaddr_storage */
#define SIN6_LEN_RFC2133 24 /* without a scope: the kernel takes that */

/* A socket, and what is about to be done with it. */
struct socket_act {
	struct ev_act act;
	__u64 addr;	/* a sockaddr in the kernel; 0: none */
	__u32 addr_len;
	__u32 addr_id;	/* EV_NET_REMOTE, EV_NET_LOCAL */
	__u64 inode;
	__u64 sk;
	__u32 family, type, protocol;
	__u32 by_peer;	/* judged by whom the socket is connected to: that is the address to record */
};

union socket_addr {
	__u16 family;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct rec_net {
	struct ev_header h;
	struct ev_net e;
	struct { struct ev_part p; char data[SOCKADDR_MAX]; } addr;
};

#define SOCKET_URGENT(a) ((a)->act.verdict != EV_ALLOWED)

static __always_inline void socket__fill(struct rec_net *r, __u64 ts, const struct st_task *st, const struct socket_act *a)
{
	__u64 n = a->addr_len;
	long err;

	header__fill(&r->h, ts, st, bpf_get_current_pid_tgid(), EV_NET, 0);
	task__fill(&r->e.task, bpf_get_current_task_btf(), st);
	r->e.act = a->act;
	r->e.socket = a->inode;
	r->e.family = a->family;
	r->e.type = a->type;
	r->e.protocol = a->protocol;
	r->e.pad = 0;
	if (!a->addr)
		return;
	/* in one register, or older verifiers lose the bound */
	asm volatile("if %0 < %1 goto +1; %0 = %1" : "+r"(n) : "i"(SOCKADDR_MAX));
	err = bpf_probe_read_kernel(r->addr.data, n, (void *)a->addr);
	part__fill(&r->addr.p, a->addr_id, EV_PT_SOCKADDR, err ? -1 : (long)n, n, EV_PART_OK);
	r->h.parts = __builtin_offsetof(struct rec_net, addr);
}

__noinline int socket__emit(struct st_task *st, struct socket_act *a)
{
	__u64 ts = bpf_ktime_get_ns(); /* before reserving: what the reader's order rests on */
	struct rec_net *r;
	void *ring;

	if (!st || !a)
		return 0;
	if (!volume__admits(st, EV_CLASS_NETWORK, ST_EVENTS_NETWORK, SOCKET_URGENT(a)))
		return 0;
	ring = emit__ring_of(SOCKET_URGENT(a), bpf_get_current_pid_tgid() >> 32);
	r = ring ? bpf_ringbuf_reserve(ring, sizeof(*r), 0) : NULL;
	if (!r) {
		counters__lost(EV_CLASS_NETWORK);
		return 0;
	}
	socket__fill(r, ts, st, a);
	emit__submit_act(ring, r, EV_CLASS_NETWORK, SOCKET_URGENT(a));
	return 0;
}

/* Which socket: as the kernel has it, since 0 stands for a default protocol only in the call that makes one. */
static __always_inline void socket__identify(struct socket_act *a, struct socket *sock)
{
	struct inode *inode = (void *)sock + bpf_core_field_offset(struct socket_alloc, vfs_inode);
	struct sock *sk = NULL;
	__u16 family = 0, type = 0, protocol = 0;

	KGET(sk, sock, sk);
	KGET(family, sk, __sk_common.skc_family);
	KGET(type, sk, sk_type);
	KGET(protocol, sk, sk_protocol);
	KGET(a->inode, inode, i_ino);
	a->sk = (__u64)sk;
	a->family = family;
	a->type = type;
	a->protocol = protocol;
}

enum socket_kind {
	SOCKET_FREE,  /* reaches nobody outside */
	SOCKET_RULES, /* judged by address */
	SOCKET_OTHER, /* cannot be */
};

static __always_inline enum socket_kind socket__kind(const struct socket_act *a)
{
	if (a->family == AF_UNIX || a->family == AF_NETLINK || a->family == AF_ALG)
		return SOCKET_FREE;
	if (a->family != AF_INET && a->family != AF_INET6)
		return SOCKET_OTHER;
	if (a->type == SOCK_STREAM && a->protocol == IPPROTO_TCP)
		return SOCKET_RULES;
	return a->type == SOCK_DGRAM && a->protocol == IPPROTO_UDP ? SOCKET_RULES : SOCKET_OTHER;
}

/*
 * Judges the address of A, as the kernel takes it. One that the kernel will not take (too short, of another family) is left to
 * it. UNSPEC_IS_V4: udp_sendmsg takes AF_UNSPEC for AF_INET, while connect takes it for "disconnect". PORT_ZERO: stands for any
 * port: resolvers connect a UDP socket to port 0 to learn which source address would be used; what is then sent is judged
 * with that port.
 */
#define ADDR_UNSPEC_IS_V4 (1 << 0)
#define ADDR_PORT_ZERO (1 << 1)
__noinline int socket__judge_address(struct socket_act *a, __u32 flags)
{
	union socket_addr addr = {};
	struct in6_addr to = {};
	__u16 port;
	__u64 n;

	if (!a)
		return 0;
	n = a->addr_len;
	if (!a->addr || n < sizeof(addr.v4))
		return 0;
	asm volatile("if %0 < %1 goto +1; %0 = %1" : "+r"(n) : "i"(sizeof(addr)));
	bpf_probe_read_kernel(&addr, n, (void *)a->addr);
	if (addr.family == AF_INET6) {
		if (n < SIN6_LEN_RFC2133)
			return 0;
		to = addr.v6.sin6_addr;
	} else if (addr.family == AF_INET || (addr.family == AF_UNSPEC && flags & ADDR_UNSPEC_IS_V4)) {
		to.in6_u.u6_addr32[2] = bpf_htonl(0xffff);
		to.in6_u.u6_addr32[3] = addr.v4.sin_addr.s_addr;
	} else {
		return 0;
	}
	port = bpf_ntohs(addr.v4.sin_port); /* at the same place in both */
	return guard__address(&a->act, &to, port, !port && flags & ADDR_PORT_ZERO);
}

/* An address of the socket itself: the peer's (REMOTE), or its own. Its length; 0: it has none that is known. */
static __always_inline __u32 socket__own_address(struct sock *sk, union socket_addr *ret, bool remote)
{
	__u16 family = 0, port = 0;

	KGET(family, sk, __sk_common.skc_family);
	__builtin_memset(ret, 0, sizeof(*ret));
	ret->family = family;
	if (remote) {
		KGET(ret->v4.sin_port, sk, __sk_common.skc_dport);
	} else {
		KGET(port, sk, __sk_common.skc_num);
		ret->v4.sin_port = bpf_htons(port);
	}
	if (family == AF_INET) {
		if (remote)
			KGET(ret->v4.sin_addr.s_addr, sk, __sk_common.skc_daddr);
		else
			KGET(ret->v4.sin_addr.s_addr, sk, __sk_common.skc_rcv_saddr);
		return sizeof(ret->v4);
	}
	if (family != AF_INET6)
		return 0;
	if (remote)
		KGET(ret->v6.sin6_addr, sk, __sk_common.skc_v6_daddr);
	else
		KGET(ret->v6.sin6_addr, sk, __sk_common.skc_v6_rcv_saddr);
	return sizeof(ret->v6);
}

/* AF_UNIX, bound: the address as it was bound to; the kernel keeps its length. */
static __always_inline void socket__unix_address(struct socket_act *a)
{
	struct unix_sock *u = (void *)a->sk;
	struct unix_address *bound = NULL;
	int len = 0;

	if (!bpf_core_field_exists(u->addr)) /* a module, perhaps */
		return;
	KGET(bound, u, addr);
	if (!bound)
		return;
	KGET(len, bound, len);
	a->addr = (__u64)&bound->name;
	a->addr_len = len;
}

SEC("?lsm/socket_create")
int BPF_PROG(socket_create, int family, int type, int protocol, int kern)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct socket_act a = { .act = { .op = EV_NET_SOCKET }, .family = family, .type = type, .protocol = protocol };
	int verdict = 0;

	if (kern || !st)
		return 0;
	if (!protocol && (family == AF_INET || family == AF_INET6))
		a.protocol = type == SOCK_STREAM ? IPPROTO_TCP : type == SOCK_DGRAM ? IPPROTO_UDP : 0;
	if (socket__kind(&a) == SOCKET_OTHER)
		verdict = guard__net_kind(&a.act);
	socket__emit(st, &a);
	return guard__return(verdict);
}

SEC("?lsm/socket_connect")
int BPF_PROG(socket_connect, struct socket *sock, struct sockaddr *address, int addrlen)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct socket_act a = { .act = { .op = EV_NET_CONNECT }, .addr = (__u64)address, .addr_len = addrlen,
				.addr_id = EV_NET_REMOTE };
	enum socket_kind kind;
	int verdict = 0;

	if (!st)
		return 0;
	socket__identify(&a, sock);
	kind = socket__kind(&a);
	if (kind == SOCKET_OTHER)
		verdict = guard__net_kind(&a.act);
	else if (kind == SOCKET_RULES)
		verdict = socket__judge_address(&a, a.type == SOCK_DGRAM ? ADDR_PORT_ZERO : 0);
	socket__emit(st, &a);
	return guard__return(verdict);
}

SEC("?lsm/socket_bind")
int BPF_PROG(socket_bind, struct socket *sock, struct sockaddr *address, int addrlen)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct socket_act a = { .act = { .op = EV_NET_BIND }, .addr = (__u64)address, .addr_len = addrlen,
				.addr_id = EV_NET_LOCAL };

	if (!st)
		return 0;
	socket__identify(&a, sock);
	socket__emit(st, &a);
	return 0;
}

/* Recorded with the address that others find it at. */
static __always_inline int socket__serve(__u32 op, struct socket *sock)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct socket_act a = { .act = { .op = op }, .addr_id = EV_NET_LOCAL };
	union socket_addr local;

	if (!st)
		return 0;
	socket__identify(&a, sock);
	if (a.family == AF_UNIX) {
		socket__unix_address(&a);
	} else {
		a.addr_len = socket__own_address((void *)a.sk, &local, false);
		a.addr = a.addr_len ? (__u64)&local : 0;
	}
	socket__emit(st, &a);
	return 0;
}

SEC("?lsm/socket_listen")
int BPF_PROG(socket_listen, struct socket *sock, int backlog)
{
	return socket__serve(EV_NET_LISTEN, sock);
}

SEC("?lsm/socket_accept")
int BPF_PROG(socket_accept, struct socket *sock, struct socket *newsock)
{
	return socket__serve(EV_NET_ACCEPT, sock);
}

/* ---- what is sent --------------------------------------------------------------------------------------------- */

/* Is there a policy that closes the network? Else most of what is sent costs no more than this. */
static __always_inline bool socket__closed(void)
{
	const struct guard_policy *p;
	__u32 gen = 0;

	p = guard__policy(&gen);
	return p && p->net_closed;
}

/* Judges whom the socket is connected to. */
__noinline int socket__judge_peer(struct socket_act *a)
{
	struct socket_act peer;
	union socket_addr addr;
	struct sock *sk;
	__u8 state = 0;
	int verdict;

	if (!a)
		return 0;
	sk = (void *)a->sk;
	bpf_probe_read_kernel(&state, sizeof(state), (void *)&sk->__sk_common.skc_state); /* KGET without its volatile */
	/* UDP is "established" when it is connected; TCP has a peer in between as well */
	if (a->type == SOCK_DGRAM ? state != TCP_ESTABLISHED : state == TCP_CLOSE || state == TCP_LISTEN)
		return 0;
	peer = *a;
	peer.addr_len = socket__own_address(sk, &addr, true);
	peer.addr = (__u64)&addr;
	verdict = socket__judge_address(&peer, 0);
	a->act = peer.act;
	a->by_peer = 1;
	return verdict;
}

/* Control data, which the kernel has copied by now: a source route? */
struct socket_control {
	__u64 at, end;
	__u32 routed, done;
};

#define CONTROL_MAX 1024 /* messages; more than any caller has, and what is beyond is not looked at but refused */

static long socket__control_step(__u32 i, struct socket_control *c)
{
	struct cmsghdr h = {};

	c->done = 1;
	if (c->end - c->at < sizeof(h) || c->at > c->end || bpf_probe_read_kernel(&h, sizeof(h), (void *)c->at) ||
	    h.cmsg_len < sizeof(h) || h.cmsg_len > c->end - c->at)
		return 1;
	if ((h.cmsg_level == SOL_IP && h.cmsg_type == IP_RETOPTS) ||
	    (h.cmsg_level == SOL_IPV6 && (h.cmsg_type == IPV6_RTHDR || h.cmsg_type == IPV6_2292RTHDR))) {
		c->routed = 1;
		return 1;
	}
	c->done = 0;
	c->at += (h.cmsg_len + 7) & ~7ULL;
	return 0;
}

static __always_inline bool socket__routed(struct msghdr *msg)
{
	struct socket_control c = {};

	KGET(c.at, msg, msg_control);
	KGET(c.end, msg, msg_controllen);
	if (!c.at || !c.end)
		return false;
	c.end += c.at;
	bpf_loop(CONTROL_MAX, socket__control_step, &c, 0);
	return c.routed || !c.done;
}

/*
 * Which address is it that counts? Datagrams: the one in the call, if there is one. AF_UNSPEC is AF_INET to an IPv4 socket and
 * no address to an IPv6 one, and which of the two it is can change in between (IPV6_ADDRFORM): then both count. TCP: the
 * peer's, whatever the call says; the call's too where that may connect.
 */
static __always_inline int socket__judge_send(struct socket_act *a, __u32 flags)
{
	bool named = a->addr && a->addr_len >= sizeof(__u16);
	__u16 family = AF_UNSPEC;
	int verdict = 0;

	if (named)
		bpf_probe_read_kernel(&family, sizeof(family), (void *)a->addr);
	if (named && (a->type == SOCK_DGRAM || flags & MSG_FASTOPEN)) {
		verdict = socket__judge_address(a, a->type == SOCK_DGRAM ? ADDR_UNSPEC_IS_V4 : 0);
		if (a->act.verdict != EV_ALLOWED || (a->type == SOCK_DGRAM && family != AF_UNSPEC))
			return verdict;
	}
	return socket__judge_peer(a);
}

/* Is a message that was let through worth a record? Not what a connection carries, and not every question to the kernel. */
static __always_inline bool socket__tells(const struct socket_act *a, __u32 flags)
{
	if (!a->addr || !a->addr_len || a->family == AF_NETLINK || a->family == AF_ALG)
		return false;
	return a->type != SOCK_STREAM || flags & MSG_FASTOPEN;
}

static __always_inline void socket__emit_send(struct st_task *st, struct socket_act *a, bool tells)
{
	union socket_addr peer;

	if (a->act.verdict == EV_ALLOWED && !tells)
		return;
	if (a->by_peer) {
		a->addr_len = socket__own_address((void *)a->sk, &peer, true);
		a->addr = a->addr_len ? (__u64)&peer : 0;
	}
	socket__emit(st, a);
}

SEC("?lsm/socket_sendmsg")
int BPF_PROG(socket_sendmsg, struct socket *sock, struct msghdr *msg, int size)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct socket_act a = { .act = { .op = EV_NET_SEND }, .addr_id = EV_NET_REMOTE };
	struct sock *sk = NULL;
	__u32 flags = 0;
	int verdict = 0;
	bool closed;

	if (!st)
		return 0;
	KGET(a.addr, msg, msg_name);
	closed = socket__closed();
	if (!a.addr && !closed)
		return 0;
	KGET(sk, sock, sk);
	/* of a file system or a tunnel of the kernel's, in whose name this task happens to run */
	if (BPF_CORE_READ_BITFIELD_PROBED(sk, sk_kern_sock))
		return 0;
	KGET(a.addr_len, msg, msg_namelen);
	KGET(flags, msg, msg_flags);
	socket__identify(&a, sock);
	if (closed) {
		enum socket_kind kind = socket__kind(&a);

		if (kind == SOCKET_OTHER || (kind == SOCKET_RULES && socket__routed(msg)))
			verdict = guard__net_kind(&a.act);
		else if (kind == SOCKET_RULES)
			verdict = socket__judge_send(&a, flags);
	}
	socket__emit_send(st, &a, socket__tells(&a, flags));
	return guard__return(verdict);
}

/* Since 6.5 the kernel has no sendpage any more, and splices by sendmsg. */
struct proto_ops___old {
	void *sendpage;
} __attribute__((preserve_access_index));

/* Every read and write before 6.5, and what passes socket_sendmsg too is judged twice; after that one instruction. */
SEC("?lsm/file_permission")
int BPF_PROG(socket_splice, struct file *file, int mask)
{
	struct socket_act a = { .act = { .op = EV_NET_SEND }, .addr_id = EV_NET_REMOTE };
	struct inode *inode = NULL;
	struct st_task *st;
	__u16 mode = 0;
	int verdict;

	if (!bpf_core_field_exists(struct proto_ops___old, sendpage) || !(mask & MAY_WRITE))
		return 0;
	KGET(inode, file, f_inode);
	KGET(mode, inode, i_mode);
	if ((mode & S_IFMT) != S_IFSOCK || !socket__closed())
		return 0;
	st = scope__current(bpf_get_current_task_btf());
	if (!st)
		return 0;
	socket__identify(&a, (void *)inode - bpf_core_field_offset(struct socket_alloc, vfs_inode));
	if (socket__kind(&a) == SOCKET_FREE)
		return 0;
	/* AF_SMC and AF_KCM hand pages on to a TCP socket of their own */
	verdict = socket__kind(&a) == SOCKET_OTHER ? guard__net_kind(&a.act) : socket__judge_peer(&a);
	socket__emit_send(st, &a, false);
	return guard__return(verdict);
}

/* A route that is set for all that the socket will send. */
SEC("?lsm/socket_setsockopt")
int BPF_PROG(socket_route, struct socket *sock, int level, int optname)
{
	struct socket_act a = { .act = { .op = EV_NET_OPTION } };
	struct st_task *st;
	int verdict;

	if (!(level == SOL_IP && optname == IP_OPTIONS) &&
	    !(level == SOL_IPV6 && (optname == IPV6_RTHDR || optname == IPV6_2292RTHDR || optname == IPV6_2292PKTOPTIONS ||
				    optname == IPV6_FLOWLABEL_MGR)))
		return 0;
	st = scope__current(bpf_get_current_task_btf());
	if (!st)
		return 0;
	socket__identify(&a, sock);
	if (a.family != AF_INET && a.family != AF_INET6)
		return 0;
	verdict = guard__net_kind(&a.act);
	if (a.act.verdict != EV_ALLOWED)
		socket__emit(st, &a);
	return guard__return(verdict);
}

char LICENSE[] SEC("license") = "GPL";
