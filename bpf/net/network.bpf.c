/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the network rules of `run` let through, for one cgroup. An object of its own, without CO-RE: it loads in
 * a few milliseconds with or without the recorder.
 *
 *   connect4, connect6	   TCP and UDP connect, TCP fast open, io_uring	     the address that the kernel copied
 *   sendmsg4, sendmsg6	   UDP with an address in the call, or with control data
 *   bind4, bind6	   a port that others know: only on loopback, only if listed
 *   sock_create	   anything but TCP and UDP: MPTCP, SCTP, ping, raw
 *   skb egress		   packets whose real destination is not the one checked: source routes, routing headers
 *   skb ingress	   connections and datagrams that nobody here asked for; listen() has no hook of its own
 *
 * Since 4.10 (skb) to 4.18 (sendmsg); bpf_loop since 5.17. Context: the caller, or softirq for packets.
 * Missed: sockets made elsewhere and passed in; AF_UNIX, AF_NETLINK and others, which are not the internet.
 * Each program returns 1 to go on, or 0, which the caller sees as EPERM.
 */
#define BPF_NO_PRESERVE_ACCESS_INDEX
#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "../answer.bpf.h"
#include "network_rules.h"

#define PASS 1
#define REFUSE 0

#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define TCP_FLAGS 13 /* offset in the header */
#define TCP_SYN 0x02
#define TCP_ACK 0x10

/* Filled and frozen before the programs are attached; as many as there are rules, at least one. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ST_NET_MAX_RULES);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__type(key, __u32);
	__type(value, struct st_net_rule);
} st_net_rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct st_net_counts);
} st_net_counts SEC(".maps");

/* As many as there are rules. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct st_net_hits);
} st_net_hits SEC(".maps");

const volatile __u32 st_net_n;
const volatile __u32 st_net_names; /* rules have names whose addresses may change */

struct address {
	union {
		__u64 q[2];
		__u32 w[4];
		__u8 b[16];
	};
};

struct question {
	struct address a;
	__u16 port;
	__u8 v4;
	__u8 unspecified;
	__u8 any_port;
	__u8 found;
};

enum count { ALLOWED, DENIED, DROPPED };

static __always_inline int count(enum count which, int verdict)
{
	__u32 zero = 0;
	struct st_net_counts *c = bpf_map_lookup_elem(&st_net_counts, &zero);

	/* atomic, though per CPU: a packet's program can interrupt one of a call */
	if (c)
		__sync_fetch_and_add(which == ALLOWED ? &c->allowed : which == DENIED ? &c->denied : &c->dropped, 1);
	return verdict;
}

static __always_inline int decide(bool ok)
{
	return ok ? count(ALLOWED, PASS) : count(DENIED, REFUSE);
}

static __always_inline void hit(__u32 rule, bool matched)
{
	struct st_net_hits *h = bpf_map_lookup_elem(&st_net_hits, &rule);

	if (h)
		__sync_fetch_and_add(matched ? &h->matched : &h->evaluated, 1);
}

static long match_one(__u32 i, struct question *q)
{
	struct st_net_rule *r = bpf_map_lookup_elem(&st_net_rules, &i);

	if (!r || r->v4 != q->v4 || (q->unspecified && !r->whole))
		return 0;
	if ((q->a.q[0] ^ r->addr[0]) & r->mask[0] || (q->a.q[1] ^ r->addr[1]) & r->mask[1])
		return 0;
	hit(i, false);
	if (!q->any_port && (q->port < r->first || q->port > r->last))
		return 0;
	hit(i, true);
	q->found = 1;
	return 1;
}

/*
 * Has a name been given this address since the rules were resolved? Their number is that of the name's first entry with the ports.
 * Global: verified once, and not for each who asks.
 */
__noinline int match_name(struct question *q)
{
	struct answer_key key = {};

	if (!q)
		return 0;
	__builtin_memcpy(key.addr, &q->a, sizeof(key.addr));
	for (__u32 slot = 0; slot < ANSWERS_SLOTS; slot++) {
		const struct guard_net_row *row = answer__row(&key, slot);

		for (__u32 i = 0; row && i < GUARD_NET_PORTS && i < row->n; i++) {
			hit(row->ports[i].rule, false);
			if (!q->any_port && (q->port < row->ports[i].first || q->port > row->ports[i].last))
				continue;
			hit(row->ports[i].rule, true);
			return 1;
		}
	}
	return 0;
}

/* The same decision as network__match() in userspace; tests hold the two together. */
static __always_inline bool match(struct question *q)
{
	__u32 host = q->a.w[3];

	q->v4 = !q->a.w[0] && !q->a.w[1] && q->a.w[2] == bpf_htonl(0xffff);
	q->unspecified = q->v4 ? !host : !q->a.q[0] && !q->a.q[1];
	bpf_loop(st_net_n, match_one, q, 0);
	return q->found || (st_net_names && match_name(q));
}

static __always_inline void from_v4(struct question *q, __u32 addr)
{
	q->a.q[0] = 0;
	q->a.w[2] = bpf_htonl(0xffff);
	q->a.w[3] = addr;
}

static __always_inline bool loopback(const struct question *q)
{
	if (!q->a.w[0] && !q->a.w[1] && q->a.w[2] == bpf_htonl(0xffff))
		return q->a.b[12] == 127;
	return !q->a.q[0] && !q->a.w[2] && q->a.w[3] == bpf_htonl(1);
}

static __always_inline int on_connect(struct bpf_sock_addr *ctx, struct question *q)
{
	q->port = bpf_ntohs((__u16)ctx->user_port);
	/*
	 * Resolvers connect a UDP socket to port 0 to learn which source address would be used. No packet leaves by that,
	 * and none can later: the egress program drops what goes to port 0.
	 */
	q->any_port = !q->port && ctx->type == SOCK_DGRAM;
	return decide(match(q));
}

static __always_inline int on_send(struct bpf_sock_addr *ctx, struct question *q)
{
	q->port = bpf_ntohs((__u16)ctx->user_port);
	/*
	 * No port: a connected socket, with control data in the call. Its address was checked when it was connected. With an
	 * address in the call, the kernel refuses port 0 by itself.
	 */
	if (!q->port)
		return count(ALLOWED, PASS);
	return decide(match(q));
}

/* A port of the kernel's choice is what every client has. Nothing can come in by it: see ingress. */
static __always_inline int on_bind(struct bpf_sock_addr *ctx, struct question *q)
{
	q->port = bpf_ntohs((__u16)ctx->user_port);
	if (!q->port)
		return count(ALLOWED, PASS);
	return decide(loopback(q) && match(q));
}

/* The kernel's own copy of the address; user_family may be AF_UNSPEC and is not what the hooks go by. */
#define V4(name, section, what)                                                                    \
	SEC(section)                                                                               \
	int name(struct bpf_sock_addr *ctx)                                                        \
	{                                                                                          \
		struct question q = {};                                                            \
												   \
		from_v4(&q, ctx->user_ip4);                                                        \
		return what(ctx, &q);                                                              \
	}
#define V6(name, section, what)                                                                    \
	SEC(section)                                                                               \
	int name(struct bpf_sock_addr *ctx)                                                        \
	{                                                                                          \
		struct question q = {};                                                            \
												   \
		q.a.w[0] = ctx->user_ip6[0];                                                       \
		q.a.w[1] = ctx->user_ip6[1];                                                       \
		q.a.w[2] = ctx->user_ip6[2];                                                       \
		q.a.w[3] = ctx->user_ip6[3];                                                       \
		return what(ctx, &q);                                                              \
	}
V4(net_connect4, "cgroup/connect4", on_connect)
V6(net_connect6, "cgroup/connect6", on_connect)
V4(net_sendmsg4, "cgroup/sendmsg4", on_send)
V6(net_sendmsg6, "cgroup/sendmsg6", on_send)
V4(net_bind4, "cgroup/bind4", on_bind)
V6(net_bind6, "cgroup/bind6", on_bind)

SEC("cgroup/sock_create")
int net_sock_create(struct bpf_sock *ctx)
{
	bool tcp = ctx->type == SOCK_STREAM && ctx->protocol == IPPROTO_TCP;
	bool udp = ctx->type == SOCK_DGRAM && ctx->protocol == IPPROTO_UDP;

	return tcp || udp ? PASS : count(DENIED, REFUSE);
}

struct packet {
	struct address src, dst;
	__u32 at;	/* of the transport header */
	__u8 protocol;
	__u8 plain;	/* no IP options, no extension headers */
};

static __always_inline void mapped(struct address *a, __u32 v4)
{
	a->q[0] = 0;
	a->w[2] = bpf_htonl(0xffff);
	a->w[3] = v4;
}

static __always_inline bool parse(struct __sk_buff *skb, struct packet *p)
{
	union {
		struct iphdr v4;
		struct ipv6hdr v6;
	} h;

	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		if (bpf_skb_load_bytes(skb, 0, &h.v4, sizeof(h.v4)))
			return false;
		mapped(&p->src, h.v4.saddr);
		mapped(&p->dst, h.v4.daddr);
		p->at = h.v4.ihl * 4;
		p->protocol = h.v4.protocol;
		p->plain = h.v4.ihl == 5;
		return true;
	}
	if (skb->protocol != bpf_htons(ETH_P_IPV6) || bpf_skb_load_bytes(skb, 0, &h.v6, sizeof(h.v6)))
		return false;
	__builtin_memcpy(&p->src, &h.v6.saddr, 16);
	__builtin_memcpy(&p->dst, &h.v6.daddr, 16);
	p->at = sizeof(h.v6);
	p->protocol = h.v6.nexthdr;
	p->plain = 1;
	return true;
}

/* 0, or -1 when the packet is cut. */
static __always_inline int ports(struct __sk_buff *skb, const struct packet *p, __u16 *src, __u16 *dst)
{
	__be16 v[2];

	if (bpf_skb_load_bytes(skb, p->at, v, sizeof(v)))
		return -1;
	*src = bpf_ntohs(v[0]);
	*dst = bpf_ntohs(v[1]);
	return 0;
}

/*
 * Addresses are not compared here: they were when the call was made, and by now the host's own rules may have translated
 * them. What the calls did not show is how the packet travels: with a source route (IP_OPTIONS, IP_RETOPTS, IPV6_RTHDR; no
 * privilege needed) it goes to another host first.
 */
SEC("cgroup_skb/egress")
int net_egress(struct __sk_buff *skb)
{
	struct packet p = {};
	__u16 src, dst;

	if (!parse(skb, &p) || !p.plain)
		return count(DROPPED, REFUSE);
	if (p.protocol == IPPROTO_TCP)
		return PASS;
	if (p.protocol != IPPROTO_UDP || ports(skb, &p, &src, &dst) || !dst)
		return count(DROPPED, REFUSE);
	return PASS;
}

/* May others send to this address of ours? */
static __always_inline bool served(const struct address *dst, __u16 port)
{
	struct question q = {};

	q.a = *dst;
	q.port = port;
	return loopback(&q) && match(&q);
}

/* Is this from one that we may talk to? */
static __always_inline bool answer(const struct address *src, __u16 port)
{
	struct question q = {};

	q.a = *src;
	q.port = port;
	return match(&q);
}

SEC("cgroup_skb/ingress")
int net_ingress(struct __sk_buff *skb)
{
	struct packet p = {};
	__u16 src, dst;
	__u8 flags;

	if (!parse(skb, &p) || ports(skb, &p, &src, &dst))
		return count(DROPPED, REFUSE);
	if (p.protocol == IPPROTO_TCP) {
		if (bpf_skb_load_bytes(skb, p.at + TCP_FLAGS, &flags, sizeof(flags)))
			return count(DROPPED, REFUSE);
		/* part of a connection that was allowed to begin */
		if ((flags & (TCP_SYN | TCP_ACK)) != TCP_SYN || served(&p.dst, dst))
			return PASS;
	} else if (p.protocol == IPPROTO_UDP && (answer(&p.src, src) || served(&p.dst, dst))) {
		return PASS;
	}
	return count(DROPPED, REFUSE);
}

char LICENSE[] SEC("license") = "GPL";
