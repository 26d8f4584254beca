/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flows: connections of TCP from their begin to their end, with what they carried; datagrams of UDP, added up by destination.
 *
 *   flow_state	     inet_sock_set_state	TCP goes from one state to the next, under the socket's lock; since 4.16. To
 *   flow_state_again	     SYN_SENT and LISTEN in the caller, to all others in softirq, a timer or whoever has the lock
 *   flow_accept     sock_graft (LSM)		accept gives a connection a descriptor: who takes it owns it from now on
 *   flow_receive    file_receive (LSM)		a descriptor comes in by SCM_RIGHTS or pidfd_getfd: gets an owner if it has none
 *   flow_socket     socket_post_create (LSM)	UDP: who makes a socket owns it
 *   flow_create     cgroup/sock_create		the same without LSM; since 6.16, when such a program may look at task storage
 *   flow_egress, flow_ingress   cgroup_skb	UDP: each packet that the policy's programs before it have let through
 *   flow_release    cgroup/sock_release	UDP: the last descriptor is closed; since 5.9
 *   adopt_sockets   iter/task_file		sockets that were there before
 *   flush_datagrams, flush_flows   iter/bpf_sk_storage_map   what has been added up, now and then, and at the end
 *
 * Why states and not calls: they are what happened, for blocking calls, io_uring, fast open and simultaneous open alike, and a
 * connection ends when the kernel ends it, long after close. Why packets: they are what went; a datagram that was
 * refused did not. An offloaded packet of many datagrams (UDP_SEGMENT, UDP_GRO) counts as so many. SK_STORAGE in tracing since 5.11.
 *
 * Owners. Who connects owns a connection. Of one that came in, it is who listened, until accept says better, which takes LSM.
 * A socket that is passed on keeps its owner. A socket without one has cost one look-up.
 *
 * Missed: sockets that a command of `run` inherits. MPTCP's further subflows, which a kernel thread opens (the first is TCP
 * like any other). UDP: sockets made in another control group than the one looked at; before 6.16, without LSM, those that were not
 * there before; UDP-Lite; what arrived and was then dropped for want of room counts as in.
 */
#include "flow.bpf.h"

/* ---- TCP ------------------------------------------------------------------------------------------------------- */

enum flow_phase {
	FLOW_IDLE = 0, /* none of ours, or over */
	FLOW_LISTENING,
	FLOW_OPENING,
	FLOW_OPEN,
};

/* BPF_F_CLONE: what a listener makes begins with a copy of the listener's. */
struct flow {
	__u32 phase; /* enum flow_phase */
	__u32 incoming;
	__u64 began;
	struct flow_owner owner;
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct flow);
} st_flows SEC(".maps");

static __always_inline void flow__address(struct flow_address *a, struct sock *sk, bool remote)
{
	struct in6_addr v6 = {};

	KGET(a->family, sk, __sk_common.skc_family);
	if (remote)
		KGET(a->port, sk, __sk_common.skc_dport);
	else
		KGET(a->port, (struct inet_sock *)sk, inet_sport); /* skc_num is 0 by the time of CLOSE */
	if (a->family == AF_INET6) {
		if (remote)
			KGET(v6, sk, __sk_common.skc_v6_daddr);
		else
			KGET(v6, sk, __sk_common.skc_v6_rcv_saddr);
		__builtin_memcpy(a->ip, &v6, sizeof(a->ip));
		if (v6.in6_u.u6_addr32[0] || v6.in6_u.u6_addr32[1] || v6.in6_u.u6_addr32[2] != bpf_htonl(0xffff))
			return;
		a->family = AF_INET;
	}
	if (remote)
		KGET(a->w[0], sk, __sk_common.skc_daddr);
	else
		KGET(a->w[0], sk, __sk_common.skc_rcv_saddr);
}

#define IN_STATE(state, set) (1U << (state) & (set))
#define FIN_SENT (1U << TCP_FIN_WAIT1 | 1U << TCP_FIN_WAIT2 | 1U << TCP_CLOSING | 1U << TCP_LAST_ACK | 1U << TCP_TIME_WAIT)
#define FIN_ACKED (1U << TCP_FIN_WAIT2 | 1U << TCP_TIME_WAIT)

/* Is our FIN among what the other side has acknowledged? */
static __always_inline bool flow__fin_acked(struct tcp_sock *tp, int state)
{
	__u32 una = 0, end = 0;

	if (!IN_STATE(state, FIN_SENT) || IN_STATE(state, FIN_ACKED))
		return IN_STATE(state, FIN_ACKED);
	KGET(una, tp, snd_una);
	KGET(end, tp, write_seq);
	return una == end;
}

static __always_inline bool flow__fin_received(struct sock *sk)
{
	unsigned long flags = 0;

	KGET(flags, sk, __sk_common.skc_flags);
	return flags >> bpf_core_enum_value(enum sock_flags, SOCK_DONE) & 1;
}

/* STATE: until now. The kernel counts a SYN that was acknowledged, and a FIN in either direction, as a byte. */
static __always_inline void flow__count(struct flow_facts *f, struct sock *sk, int state)
{
	struct tcp_sock *tp = (void *)sk;
	__u32 out = 0, in = 0;
	__u64 flags;

	KGET(f->bytes_out, tp, bytes_acked);
	KGET(f->bytes_in, tp, bytes_received);
	KGET(out, tp, data_segs_out);
	KGET(in, tp, data_segs_in);
	KGET(f->retransmits, tp, total_retrans);
	f->packets_out = out;
	f->packets_in = in;
	flags = !f->incoming + flow__fin_acked(tp, state);
	f->bytes_out -= f->bytes_out < flags ? f->bytes_out : flags;
	f->bytes_in -= f->bytes_in && flow__fin_received(sk);
}

/* SK is in STATE, or leaves it. */
static __always_inline void flow__tell(struct flow *flow, struct sock *sk, __u32 op, int state)
{
	struct flow_facts f = { .op = op, .incoming = flow->incoming, .began = flow->began };
	__u16 v = 0;
	int err = 0;

	KGET(v, sk, __sk_common.skc_family);
	f.family = v;
	KGET(v, sk, sk_type);
	f.type = v;
	f.protocol = IPPROTO_TCP;
	flow__address(&f.remote, sk, true);
	flow__address(&f.local, sk, false);
	if (op != EV_FLOW_OPEN) {
		KGET(err, sk, sk_err);
		f.error = -err;
		flow__count(&f, sk, state);
	}
	flow__emit(&flow->owner, &f);
}

/* connect or listen, by the current task. One that is out of scope leaves what was there idle. */
static __always_inline void flow__begin(struct sock *sk, __u32 phase)
{
	struct st_task *st = flow__current();
	struct flow *flow;

	if (!st || flow__ending())
		return;
	flow = bpf_sk_storage_get(&st_flows, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!flow) {
		flow__missed();
		return;
	}
	flow__own(&flow->owner, bpf_get_current_task_btf(), st, sk);
	flow->incoming = 0;
	flow->began = bpf_ktime_get_ns();
	__sync_lock_test_and_set(&flow->phase, phase);
}

/* From then on it is open: in the end it is told of exactly once. */
static __always_inline void flow__open(struct flow *flow, struct sock *sk, int state)
{
	bool ending = flow__ending();

	if (flow->phase != FLOW_OPENING)
		return;
	flow->began = bpf_ktime_get_ns();
	if (__sync_val_compare_and_swap(&flow->phase, FLOW_OPENING, ending ? FLOW_IDLE : FLOW_OPEN) == FLOW_OPENING && !ending)
		flow__tell(flow, sk, EV_FLOW_OPEN, state);
}

static __always_inline void flow__over(struct flow *flow, struct sock *sk, int state)
{
	__u32 was = __sync_lock_test_and_set(&flow->phase, FLOW_IDLE);

	if (was == FLOW_OPEN)
		flow__tell(flow, sk, EV_FLOW_CLOSE, state);
	else if (was == FLOW_OPENING)
		flow__tell(flow, sk, EV_FLOW_FAILED, state);
}

static __always_inline int flow__move(struct sock *sk, int old, int new)
{
	struct flow *flow;
	__u16 protocol = 0;

	KGET(protocol, sk, sk_protocol);
	if (protocol != IPPROTO_TCP)
		return 0;
	flow = bpf_sk_storage_get(&st_flows, sk, 0, 0);
	if (!flow)
		return 0;
	if (!flow->owner.socket) /* accept has given it one */
		flow->owner.socket = flow__inode(sk);
	if (new == TCP_CLOSE) {
		flow__over(flow, sk, old);
	} else if (new != TCP_SYN_RECV) {
		flow__open(flow, sk, new);
	} else if (flow->phase == FLOW_LISTENING) { /* a copy of the listener's, who has made it */
		flow->phase = FLOW_OPENING;
		flow->incoming = 1;
		flow->began = bpf_ktime_get_ns();
		flow->owner.socket = 0;
	}
	return 0;
}

SEC("?tp_btf/inet_sock_set_state")
int BPF_PROG(flow_state, struct sock *sk, int old, int new)
{
	__u16 protocol = 0;

	if (new != TCP_SYN_SENT && new != TCP_LISTEN)
		return flow__move(sk, old, new);
	KGET(protocol, sk, sk_protocol);
	if (protocol == IPPROTO_TCP)
		flow__begin(sk, new == TCP_LISTEN ? FLOW_LISTENING : FLOW_OPENING);
	return 0;
}

/*
 * The kernel skips a program that is under way on this CPU: when a packet interrupts flow_state, it is not called for what the
 * packet does, and a connection would never end. Packets do not interrupt each other, so one of the two is always called, and
 * the phase lets only one of them tell. Connecting and listening is no packet's work.
 */
SEC("?tp_btf/inet_sock_set_state")
int BPF_PROG(flow_state_again, struct sock *sk, int old, int new)
{
	return new == TCP_SYN_SENT || new == TCP_LISTEN ? 0 : flow__move(sk, old, new);
}

/* ---- UDP ------------------------------------------------------------------------------------------------------- */

struct datagram_peer {
	struct flow_address remote, local;
	__u32 packets_out, packets_in;
	__u64 bytes_out, bytes_in;
	__u64 began;
	__u32 incoming;
	__u32 pad;
};

/* Nearly all sockets have one destination; of those with more, the others are in a table. */
struct datagrams {
	struct bpf_spin_lock lock; /* of FIRST and CLOSED */
	__u32 closed;
	__u32 owned; /* 1: OWNER is filled */
	__u32 family;
	struct datagram_peer first;
	struct flow_owner owner;
};

#define TABLE_SETS 16 /* a power of two */
#define TABLE_WAYS 3
struct datagram_table { /* less than a page with its head */
	struct bpf_spin_lock lock;
	__u32 hand; /* whose turn it is in a full set */
	struct datagram_peer peers[TABLE_SETS * TABLE_WAYS];
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct datagrams);
} st_datagrams SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct datagram_table);
} st_dgram_table SEC(".maps");

/* One packet, which may be of many datagrams. */
struct datagram {
	struct flow_address remote, local;
	__u32 n, bytes;
	bool incoming;
};

#define PASS 1
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define UDP_HEADER 8
#define EXTENSIONS_MAX 4 /* headers of IPv6 before UDP's */
#define IS_EXTENSION(h) ((h) == 0 || (h) == 43 || (h) == 60) /* hop by hop, routing, destination options */

/* Where UDP's header is; 0: it is none. */
static __always_inline __u32 datagram__parse_v6(struct __sk_buff *skb, struct flow_address *from, struct flow_address *to)
{
	__u32 at = sizeof(struct ipv6hdr);
	struct ipv6hdr h;
	__u8 next;

	if (bpf_skb_load_bytes(skb, 0, &h, sizeof(h)))
		return 0;
	__builtin_memcpy(from->ip, &h.saddr, sizeof(from->ip));
	__builtin_memcpy(to->ip, &h.daddr, sizeof(to->ip));
	from->family = to->family = AF_INET6;
	next = h.nexthdr;
	for (int i = 0; i < EXTENSIONS_MAX && IS_EXTENSION(next); i++) {
		__u8 ext[2];

		if (bpf_skb_load_bytes(skb, at, ext, sizeof(ext)))
			return 0;
		next = ext[0];
		at += (ext[1] + 1) * 8;
	}
	return next == IPPROTO_UDP ? at : 0;
}

static __always_inline __u32 datagram__parse_v4(struct __sk_buff *skb, struct flow_address *from, struct flow_address *to)
{
	struct iphdr h;

	if (bpf_skb_load_bytes(skb, 0, &h, sizeof(h)) || h.protocol != IPPROTO_UDP)
		return 0;
	from->w[0] = h.saddr;
	to->w[0] = h.daddr;
	from->family = to->family = AF_INET;
	return h.ihl * 4;
}

static __always_inline bool datagram__parse(struct __sk_buff *skb, struct datagram *d)
{
	struct flow_address *from = d->incoming ? &d->remote : &d->local, *to = d->incoming ? &d->local : &d->remote;
	struct udphdr h;
	__u32 at = 0;

	if (skb->protocol == bpf_htons(ETH_P_IP))
		at = datagram__parse_v4(skb, from, to);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		at = datagram__parse_v6(skb, from, to);
	if (!at || bpf_skb_load_bytes(skb, at, &h, sizeof(h)))
		return false;
	from->port = h.source;
	to->port = h.dest;
	d->bytes = skb->len > at + UDP_HEADER ? skb->len - at - UDP_HEADER : 0;
	d->n = skb->gso_segs ?: 1;
	return true;
}

static __always_inline bool address__same(const struct flow_address *a, const struct flow_address *b)
{
	return a->family == b->family && a->port == b->port && a->w[0] == b->w[0] && a->w[1] == b->w[1] && a->w[2] == b->w[2] &&
	       a->w[3] == b->w[3];
}

/* Locked. */
static __always_inline void peer__add(struct datagram_peer *p, const struct datagram *d, __u64 now)
{
	if (!p->remote.family) {
		p->remote = d->remote;
		p->local = d->local;
		p->began = now;
		p->incoming = d->incoming;
	}
	if (d->incoming) {
		p->packets_in += d->n;
		p->bytes_in += d->bytes;
	} else {
		p->packets_out += d->n;
		p->bytes_out += d->bytes;
	}
}

/* Locked: what was there goes to RET. */
static __always_inline void peer__take(struct datagram_peer *p, struct datagram_peer *ret)
{
	*ret = *p;
	__builtin_memset(p, 0, sizeof(*p));
}

static __always_inline void peer__tell(struct datagrams *base, const struct datagram_peer *p)
{
	struct flow_facts f = { .op = EV_FLOW_DATAGRAMS, .family = base->family, .type = SOCK_DGRAM, .protocol = IPPROTO_UDP,
				.incoming = p->incoming, .bytes_out = p->bytes_out, .bytes_in = p->bytes_in,
				.packets_out = p->packets_out, .packets_in = p->packets_in, .began = p->began,
				.remote = p->remote, .local = p->local };

	flow__emit(&base->owner, &f);
}

static __always_inline __u32 address__set(const struct flow_address *a)
{
	__u32 h = a->w[0] ^ a->w[1] ^ a->w[2] ^ a->w[3] ^ (__u32)a->port << 7;

	h *= 0x9e3779b1; /* the golden ratio: spreads */
	return h >> 16 & (TABLE_SETS - 1);
}

/* Room for a destination of which there was none goes to who is told of first: RET, to be told. */
static __always_inline void table__add(struct datagram_table *t, const struct datagram *d, __u64 now, struct datagram_peer *ret)
{
	__u32 set = address__set(&d->remote) * TABLE_WAYS, at = TABLE_WAYS;

	bpf_spin_lock(&t->lock);
	for (__u32 i = 0; i < TABLE_WAYS; i++) {
		const struct flow_address *a = &t->peers[set + i].remote;

		if (address__same(a, &d->remote)) {
			at = i;
			break;
		}
		if (!a->family && at == TABLE_WAYS)
			at = i;
	}
	if (at == TABLE_WAYS) {
		at = t->hand;
		asm volatile("if %0 < %1 goto +1; %0 = 0" : "+r"(at) : "i"(TABLE_WAYS)); /* 6.1 sees no bound in a remainder */
		t->hand = at + 1;
		peer__take(&t->peers[set + at], ret);
	}
	peer__add(&t->peers[set + at], d, now);
	bpf_spin_unlock(&t->lock);
}

static __noinline int datagrams__add_other(struct datagrams *base, struct datagram_table *t, struct datagram *d)
{
	struct datagram_peer old = {};
	__u64 now = bpf_ktime_get_ns();

	if (!base || !d)
		return 0;
	if (t)
		table__add(t, d, now, &old);
	else /* no memory: told of by itself */
		peer__add(&old, d, now);
	if (old.remote.family)
		peer__tell(base, &old);
	return 0;
}

static __always_inline int datagrams__packet(struct __sk_buff *skb, bool incoming)
{
	struct datagram d = { .incoming = incoming };
	struct bpf_sock *sk = skb->sk;
	struct datagrams *base;
	bool first;
	__u64 now;

	if (!sk)
		return PASS;
	sk = bpf_sk_fullsock(sk);
	if (!sk || sk->protocol != IPPROTO_UDP)
		return PASS;
	base = bpf_sk_storage_get(&st_datagrams, sk, 0, 0);
	if (!base || !base->owned || flow__ending() || !datagram__parse(skb, &d))
		return PASS;
	now = bpf_ktime_get_ns();
	bpf_spin_lock(&base->lock);
	first = !base->first.remote.family || address__same(&base->first.remote, &d.remote);
	if (base->closed) /* nobody is left to read it */
		first = true;
	else if (first)
		peer__add(&base->first, &d, now);
	bpf_spin_unlock(&base->lock);
	if (!first)
		datagrams__add_other(base, bpf_sk_storage_get(&st_dgram_table, sk, 0, BPF_SK_STORAGE_GET_F_CREATE), &d);
	return PASS;
}

SEC("?cgroup_skb/egress")
int flow_egress(struct __sk_buff *skb)
{
	return datagrams__packet(skb, false);
}

SEC("?cgroup_skb/ingress")
int flow_ingress(struct __sk_buff *skb)
{
	return datagrams__packet(skb, true);
}

/* The socket is TASK's, if it is nobody's yet. */
static __always_inline void datagrams__own(struct sock *sk, struct datagrams *base, struct task_struct *task,
					   const struct st_task *st)
{
	__u16 family = 0;

	if (base->owned)
		return;
	flow__own(&base->owner, task, st, sk);
	KGET(family, sk, __sk_common.skc_family);
	base->family = family;
	__sync_lock_test_and_set(&base->owned, 1);
}

extern int LINUX_KERNEL_VERSION __kconfig;
#define KERNEL_VERSION_OF(a, b) ((a) << 16 | (b) << 8)

SEC("?cgroup/sock_create")
int flow_create(struct bpf_sock *ctx)
{
	struct datagrams *base;
	struct st_task *st;

	if (LINUX_KERNEL_VERSION < KERNEL_VERSION_OF(6, 16) || ctx->protocol != IPPROTO_UDP)
		return PASS;
	st = flow__current();
	if (!st || flow__ending())
		return PASS;
	base = bpf_sk_storage_get(&st_datagrams, ctx, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (base)
		datagrams__own((struct sock *)ctx, base, bpf_get_current_task_btf(), st); /* that is what it points to */
	else
		flow__missed();
	return PASS;
}

/* Those whose first datagram was before BEFORE. */
static __noinline int table__flush(struct datagrams *base, struct datagram_table *t, __u64 before)
{
	for (__u32 i = 0; i < TABLE_SETS * TABLE_WAYS; i++) {
		struct datagram_peer old = {};

		bpf_spin_lock(&t->lock);
		if (t->peers[i].remote.family && t->peers[i].began < before)
			peer__take(&t->peers[i], &old);
		bpf_spin_unlock(&t->lock);
		if (old.remote.family)
			peer__tell(base, &old);
	}
	return 0;
}

static __always_inline void first__flush(struct datagrams *base, __u64 before, bool close)
{
	struct datagram_peer old = {};

	bpf_spin_lock(&base->lock);
	if (base->first.remote.family && base->first.began < before)
		peer__take(&base->first, &old);
	base->closed |= close;
	bpf_spin_unlock(&base->lock);
	if (old.remote.family)
		peer__tell(base, &old);
}

SEC("?cgroup/sock_release")
int flow_release(struct bpf_sock *ctx)
{
	struct datagram_table *t;
	struct datagrams *base;

	if (ctx->protocol != IPPROTO_UDP)
		return PASS;
	base = bpf_sk_storage_get(&st_datagrams, ctx, 0, 0);
	if (!base)
		return PASS;
	first__flush(base, ~0ULL, true);
	t = bpf_sk_storage_get(&st_dgram_table, ctx, 0, 0);
	if (t)
		table__flush(base, t, ~0ULL);
	return PASS;
}

/* ---- sockets that somebody else made --------------------------------------------------------------------------- */

/*
 * Who began a connection that is there already? Of its own SYN the kernel counts the acknowledgement, as a byte that was never
 * sent. Read without the lock: true unless it is sending at this moment.
 */
static __always_inline bool flow__came_in(struct sock *sk, int state)
{
	struct tcp_sock *tp = (void *)sk;
	__u64 acked = 0, sent = 0, again = 0;
	__u32 una = 0, next = 0;

	KGET(acked, tp, bytes_acked);
	KGET(sent, tp, bytes_sent);
	KGET(again, tp, bytes_retrans);
	KGET(una, tp, snd_una);
	KGET(next, tp, snd_nxt);
	next -= IN_STATE(state, FIN_SENT) && !flow__fin_acked(tp, state);
	return acked - flow__fin_acked(tp, state) == sent - again - (next - una);
}

#define UNCONNECTED (1U << TCP_CLOSE | 1U << TCP_TIME_WAIT | 1U << TCP_NEW_SYN_RECV)

static __always_inline void flow__adopt(struct sock *sk, struct task_struct *task, const struct st_task *st)
{
	struct flow *flow;
	__u8 state = 0, now = 0;

	bpf_probe_read_kernel(&state, sizeof(state), (void *)&sk->__sk_common.skc_state); /* KGET without its volatile */
	if (IN_STATE(state, UNCONNECTED) || flow__ending() || bpf_sk_storage_get(&st_flows, sk, 0, 0))
		return;
	flow = bpf_sk_storage_get(&st_flows, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!flow) {
		flow__missed();
		return;
	}
	flow__own(&flow->owner, task, st, sk);
	flow->incoming = state == TCP_SYN_RECV || flow__came_in(sk, state);
	flow->began = bpf_ktime_get_ns();
	__sync_lock_test_and_set(&flow->phase, state == TCP_LISTEN ? FLOW_LISTENING : FLOW_OPENING);
	if (state != TCP_LISTEN && state != TCP_SYN_SENT && state != TCP_SYN_RECV)
		flow__open(flow, sk, state);
	bpf_probe_read_kernel(&now, sizeof(now), (void *)&sk->__sk_common.skc_state);
	if (now == TCP_CLOSE) /* just now, before there was anything to see */
		flow__over(flow, sk, state);
}

static __always_inline void sock__adopt(struct sock *sk, struct task_struct *task, const struct st_task *st)
{
	struct datagrams *base;
	__u16 protocol = 0, family = 0;

	KGET(protocol, sk, sk_protocol);
	KGET(family, sk, __sk_common.skc_family);
	if (family != AF_INET && family != AF_INET6)
		return;
	if (protocol == IPPROTO_TCP) {
		flow__adopt(sk, task, st);
	} else if (protocol == IPPROTO_UDP && !flow__ending()) {
		base = bpf_sk_storage_get(&st_datagrams, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
		if (base)
			datagrams__own(sk, base, task, st);
		else
			flow__missed();
	}
}

SEC("?lsm/socket_post_create")
int BPF_PROG(flow_socket, struct socket *sock, int family, int type, int protocol, int kern)
{
	struct sock *sk = sock->sk;
	struct st_task *st;
	__u16 of = 0;

	if (kern || !sk || (family != AF_INET && family != AF_INET6))
		return 0;
	KGET(of, sk, sk_protocol);
	if (of != IPPROTO_UDP)
		return 0;
	st = flow__current();
	if (st)
		sock__adopt(sk, bpf_get_current_task_btf(), st);
	return 0;
}

SEC("?lsm/file_receive")
int BPF_PROG(flow_receive, struct file *file)
{
	struct socket *sock = bpf_sock_from_file(file);
	struct st_task *st;
	struct sock *sk;

	if (!sock)
		return 0;
	sk = sock->sk;
	st = sk ? flow__current() : NULL;
	if (st)
		sock__adopt(sk, bpf_get_current_task_btf(), st);
	return 0;
}

SEC("?lsm/sock_graft")
int BPF_PROG(flow_accept, struct sock *sk, struct socket *parent)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct st_task *st;
	struct flow *flow;
	__u16 v = 0;

	KGET(v, sk, sk_protocol);
	if (v != IPPROTO_TCP)
		return 0;
	st = flow__current();
	if (!st)
		return 0;
	flow = bpf_sk_storage_get(&st_flows, sk, 0, 0);
	if (flow && flow->phase != FLOW_IDLE)
		flow__own(&flow->owner, task, st, sk);
	else if (!flow) /* who listens is out of scope */
		sock__adopt(sk, task, st);
	return 0;
}

/* Behind adopt_tasks: who is in scope is marked. */
SEC("?iter/task_file")
int adopt_sockets(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct socket *sock;
	struct st_task *st;
	struct sock *sk;

	if (!task || !file)
		return 0;
	sock = bpf_sock_from_file(file);
	if (!sock)
		return 0;
	sk = sock->sk;
	if (!sk)
		return 0;
	st = task__state(task);
	if (st && st->flags & ST_TASK_SCOPE)
		sock__adopt(sk, task, st);
	return 0;
}

/* ---- what has been added up ------------------------------------------------------------------------------------ */

#define TOLD_EVERY_NS 5000000000ULL

/* Called once a second, and at the end; then behind a grace period from when all others see that it is. */
SEC("?iter/bpf_sk_storage_map")
int flush_datagrams(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	__u64 before = flow__ending() ? ~0ULL : bpf_ktime_get_ns() - TOLD_EVERY_NS;
	struct sock *sk = ctx->sk;
	struct datagram_table *t;
	struct datagrams *base;

	if (!sk) /* the last call */
		return 0;
	base = bpf_sk_storage_get(&st_datagrams, sk, 0, 0);
	if (!base)
		return 0;
	first__flush(base, before, false);
	t = bpf_sk_storage_get(&st_dgram_table, sk, 0, 0);
	if (t)
		table__flush(base, t, before);
	return 0;
}

SEC("?iter/bpf_sk_storage_map")
int flush_flows(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct sock *sk = ctx->sk;
	struct flow *flow;
	__u8 state = 0;

	if (!sk || !flow__ending())
		return 0;
	flow = bpf_sk_storage_get(&st_flows, sk, 0, 0);
	if (!flow || __sync_lock_test_and_set(&flow->phase, FLOW_IDLE) != FLOW_OPEN)
		return 0;
	bpf_probe_read_kernel(&state, sizeof(state), (void *)&sk->__sk_common.skc_state);
	flow__tell(flow, sk, EV_FLOW_ONGOING, state);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
