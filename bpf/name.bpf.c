/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names on the network: questions to and answers from port 53, and the first message of TLS clients, with any port. The packet
 * is sent on as it is; userspace/enrich/ takes it apart.
 *
 *   name_connect   inet_sock_set_state   a TCP connection begins: whose it is
 *   name_egress	  cgroup_skb/egress     DNS over UDP and TCP; what TCP connections send first, if it looks like a hello
 *   name_ingress   cgroup_skb/ingress    what comes from port 53 to a socket that is in scope
 *
 * Why the packets and not the calls: what went over the network is the same for send, sendmmsg, splice, io_uring and a
 * resolver of the program's own, and no other thread can change it meanwhile. Why cgroup_skb and not tc or a socket filter:
 * it is told the socket, it sees loopback and every interface, and it is out of the way of what is in other cgroups. Since
 * 4.10; the storage of sockets since 5.2, in tracepoints since 5.11. Context: egress the sender mostly, ingress softirq
 * (owner.bpf.h).
 *
 * A connection costs one look-up for each packet until its first message has been seen, and then as well; a socket out of scope
 * one.
 *
 * Missed: DNS over TLS, HTTPS and QUIC (of the first two the name of the server is seen); DNS to other ports, unless a
 * rule of the host translates it for a socket that is connected to port 53; multicast DNS and LLMNR; TLS that begins later
 * (STARTTLS, in a proxy's tunnel); connections that were there before; raw sockets; the second to last datagram of a
 * UDP_SEGMENT send. A packet that another program of the cgroup, or the firewall, drops afterwards is here all the same.
 */
#include "owner.bpf.h"
#include <bpf/bpf_endian.h>

#define PASS 1
#define AF_INET 2
#define AF_INET6 10
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define PORT_DNS 53
#define SOCKADDR_ROOM 32 /* sockaddr_in6 takes 28 */

/* What a hello is looked at up to: it has a name near its start, and takes 0.5 to 1.8 KiB with a post-quantum key share. */
#define HELLO_MAX 4096
/* Up to here it is told whether it is one, and how long: a record's header and a handshake message's. */
#define HELLO_HEAD 9
#define TLS_HANDSHAKE 22
#define TLS_CLIENT_HELLO 1

/* struct bpf_sock of the uapi. That of vmlinux.h is relocated, which compiles to arithmetic that verifiers refuse. */
struct name_sock {
	__u32 bound_dev_if, family, type, protocol, mark, priority, src_ip4, src_ip6[4];
	__u32 src_port; /* host order */
	__be16 dst_port;
	__u16 pad;
	__u32 dst_ip4, dst_ip6[4], state;
};

/* Of a TCP connection that began in scope. */
struct name_stream {
	__u32 out_base, out_next; /* sequence numbers: of the first byte, and of the next that was not seen */
	__u32 in_base;
	__u8 out_known, in_known;
	__u8 done; /* nothing more is looked for in what it sends */
	__u8 n_head;
	__u8 head[32]; /* the first bytes; more room than is used, so that verifiers see the bound */
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct name_stream);
} st_name_streams SEC(".maps");

struct name_packet {
	__u32 op;
	__u32 at, len;	/* payload: from the network header on */
	__u32 offset;	/* ev_name.offset */
	__u16 protocol, type, family;
	__u16 addr_len;
	__u32 dns_by_socket; /* the header says otherwise, and the socket is connected to port 53 */
	union {
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		__u8 b[SOCKADDR_ROOM];
	} remote, local;
};

#define REC_NAME(n)                                                                                \
	struct rec_name_##n {                                                                      \
		struct ev_header h;                                                                \
		struct ev_name e;                                                                  \
		struct { struct ev_part p; __u8 data[SOCKADDR_ROOM]; } remote, local;              \
		struct { struct ev_part p; __u8 data[n]; } packet;                                 \
	}
REC_NAME(256);
REC_NAME(1024);
REC_NAME(4096);

static __always_inline void name__fill(struct rec_name_256 *r, __u64 ts, const struct sock_owner *o,
				       const struct name_packet *p)
{
	owner__fill_header(&r->h, ts, o, EV_NAME);
	r->e.task = o->task;
	r->e.act = (struct ev_act){ .op = p->op };
	r->e.socket = o->inode;
	r->e.family = p->family;
	r->e.type = p->type;
	r->e.protocol = p->protocol;
	r->e.offset = p->offset;
	__builtin_memcpy(r->remote.data, &p->remote, SOCKADDR_ROOM);
	__builtin_memcpy(r->local.data, &p->local, SOCKADDR_ROOM);
	part__fill(&r->remote.p, EV_NAME_REMOTE, EV_PT_SOCKADDR, p->addr_len, p->addr_len, EV_PART_OK);
	part__fill(&r->local.p, EV_NAME_LOCAL, EV_PT_SOCKADDR, p->addr_len, p->addr_len, EV_PART_OK);
	r->h.parts = __builtin_offsetof(struct rec_name_256, remote);
	r->remote.p.next = __builtin_offsetof(struct rec_name_256, local);
	r->local.p.next = __builtin_offsetof(struct rec_name_256, packet);
}

/* Records of three sizes, as most questions are short and a ring is not for zeros. False: no room in the ring. */
#define EMIT_SIZED(n)                                                                              \
	static __always_inline bool name__emit_##n(struct __sk_buff *skb, const struct sock_owner *o,      \
						   const struct name_packet *p)                    \
	{                                                                                          \
		__u64 ts = bpf_ktime_get_ns(), len = p->len;                                       \
		void *ring = emit__bulk_ring(o->tgid);                                             \
		struct rec_name_##n *r = ring ? bpf_ringbuf_reserve(ring, sizeof(*r), 0) : NULL;   \
		long err;                                                                          \
												   \
		if (!r)                                                                            \
			return false;                                                              \
		name__fill((void *)r, ts, o, p);                                                   \
		asm volatile("if %0 < %1 goto +1; %0 = %1" : "+r"(len) : "i"(n));                  \
		asm volatile("if %0 > 0 goto +1; %0 = 1" : "+r"(len)); /* it is: for the verifier */ \
		err = bpf_skb_load_bytes(skb, p->at, r->packet.data, len);                         \
		part__fill(&r->packet.p, EV_NAME_PACKET, EV_PT_BYTES, err ? -1 : (long)len, p->len,\
			   len < p->len ? EV_PART_TRUNCATED : EV_PART_OK);                         \
		emit__submit_packet(ring, r, EV_CLASS_NETWORK);                                    \
		return true;                                                                       \
	}
EMIT_SIZED(256)
EMIT_SIZED(1024)
EMIT_SIZED(4096)

__noinline int name__emit(struct __sk_buff *skb, const struct sock_owner *o, const struct name_packet *p)
{
	bool ok;

	if (!o || !p)
		return 0;
	counters__seen(EV_CLASS_NETWORK);
	if (p->len <= 256)
		ok = name__emit_256(skb, o, p);
	else if (p->len <= 1024)
		ok = name__emit_1024(skb, o, p);
	else
		ok = name__emit_4096(skb, o, p);
	if (!ok)
		counters__lost(EV_CLASS_NETWORK);
	return 0;
}

/* Where the transport header begins; 0: not known. Extension headers are rare: then the kernel is asked where it put it. */
static __always_inline __u32 name__transport(struct __sk_buff *skb, __u8 protocol)
{
	struct sk_buff *kernel;
	__u16 transport = 0, network = 0;
	__u8 head[8];

	if (bpf_skb_load_bytes(skb, 0, head, sizeof(head)))
		return 0;
	if (skb->protocol == bpf_htons(ETH_P_IP))
		return (head[0] & 15) * 4;
	if (skb->protocol != bpf_htons(ETH_P_IPV6))
		return 0;
	if (head[6] == protocol)
		return sizeof(struct ipv6hdr);
	kernel = (void *)number_of(skb);
	KGET(transport, kernel, transport_header);
	KGET(network, kernel, network_header);
	return transport > network ? transport - network : 0;
}

/* Addresses of the packet: SRC is the local one when it leaves. */
static __always_inline bool name__addresses(struct __sk_buff *skb, struct name_packet *p, bool out, __be16 src, __be16 dst)
{
	bool v4 = skb->protocol == bpf_htons(ETH_P_IP);
	__u32 at = v4 ? __builtin_offsetof(struct iphdr, saddr) : __builtin_offsetof(struct ipv6hdr, saddr);
	__u32 n = v4 ? 4 : 16;

	/* family and port are at the same place in both */
	p->remote.v4.sin_family = p->local.v4.sin_family = v4 ? AF_INET : AF_INET6;
	p->remote.v4.sin_port = out ? dst : src;
	p->local.v4.sin_port = out ? src : dst;
	p->addr_len = v4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	if (v4)
		return !bpf_skb_load_bytes(skb, out ? at : at + 4, &p->local.v4.sin_addr, 4) &&
		       !bpf_skb_load_bytes(skb, out ? at + 4 : at, &p->remote.v4.sin_addr, 4);
	return !bpf_skb_load_bytes(skb, out ? at : at + n, &p->local.v6.sin6_addr, 16) &&
	       !bpf_skb_load_bytes(skb, out ? at + n : at, &p->remote.v6.sin6_addr, 16);
}

/* Addresses of the socket: what it was connected to, whatever a rule of the host made of that. */
static __always_inline void name__socket_addresses(struct name_sock *sk, struct name_packet *p)
{
	p->remote.v4.sin_family = p->local.v4.sin_family = sk->family;
	p->remote.v4.sin_port = sk->dst_port;
	p->local.v4.sin_port = bpf_htons(sk->src_port);
	if (sk->family == AF_INET) {
		p->remote.v4.sin_addr.s_addr = sk->dst_ip4;
		p->local.v4.sin_addr.s_addr = sk->src_ip4;
		p->addr_len = sizeof(struct sockaddr_in);
		return;
	}
	for (int i = 0; i < 4; i++) {
		p->remote.v6.sin6_addr.in6_u.u6_addr32[i] = sk->dst_ip6[i];
		p->local.v6.sin6_addr.in6_u.u6_addr32[i] = sk->src_ip6[i];
	}
	p->addr_len = sizeof(struct sockaddr_in6);
}

static __always_inline void name__describe(struct name_sock *sk, struct name_packet *p, __u32 op)
{
	p->op = op;
	p->family = sk->family;
	p->type = sk->type;
	p->protocol = sk->protocol;
}

/* Payload of a UDP packet whose port OUT ? to : from is 53; false: it is none. */
static __always_inline bool name__datagram(struct __sk_buff *skb, struct name_sock *sk, struct name_packet *p, bool out)
{
	__be16 dns = bpf_htons(PORT_DNS);
	struct udphdr h;
	__u32 at = name__transport(skb, IPPROTO_UDP);

	if (!at || bpf_skb_load_bytes(skb, at, &h, sizeof(h)))
		return false;
	p->at = at + sizeof(h);
	p->len = skb->len > p->at ? skb->len - p->at : 0;
	if ((out ? h.dest : h.source) == dns)
		return p->len && name__addresses(skb, p, out, h.source, h.dest);
	if (!out || sk->dst_port != dns || sk->state != TCP_ESTABLISHED)
		return false;
	name__socket_addresses(sk, p);
	return p->len;
}

static __always_inline void name__udp_out(struct __sk_buff *skb, struct name_sock *sk)
{
	struct sock_owner now = {}, *o;
	struct name_packet p = {};

	if (!name__datagram(skb, sk, &p, true))
		return;
	o = bpf_sk_storage_get(&st_owners, sk, 0, 0);
	if (owner__current(&now)) {
		o = o ?: bpf_sk_storage_get(&st_owners, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
		if (!o) {
			counters__seen(EV_CLASS_NETWORK);
			counters__lost(EV_CLASS_NETWORK);
			return;
		}
		now.inode = owner__inode((void *)number_of(sk));
		*o = now;
	}
	if (!o)
		return;
	name__describe(sk, &p, EV_NAME_DNS_QUERY);
	name__emit(skb, o, &p);
}

static __always_inline void name__udp_in(struct __sk_buff *skb, struct name_sock *sk)
{
	struct name_packet p = {};
	struct sock_owner *o;

	o = bpf_sk_storage_get(&st_owners, sk, 0, 0);
	if (!o || !name__datagram(skb, sk, &p, false))
		return;
	name__describe(sk, &p, EV_NAME_DNS_ANSWER);
	name__emit(skb, o, &p);
}

/* Payload of a TCP packet, and its sequence number; false: it has none. */
static __always_inline bool name__segment(struct __sk_buff *skb, struct name_packet *p, __u32 *ret_seq)
{
	__u32 at = name__transport(skb, IPPROTO_TCP);
	__u8 h[20];

	if (!at || bpf_skb_load_bytes(skb, at, h, sizeof(h)))
		return false;
	p->at = at + (h[12] >> 4) * 4;
	p->len = skb->len > p->at ? skb->len - p->at : 0;
	*ret_seq = (__u32)h[4] << 24 | (__u32)h[5] << 16 | (__u32)h[6] << 8 | h[7];
	*ret_seq += h[13] >> 1 & 1; /* SYN takes a number; with data: fast open */
	return p->len;
}

/* What is sent again was seen before. False: nothing in it is new. */
static __always_inline bool name__take_new(struct name_stream *s, struct name_packet *p, __u32 seq)
{
	__u32 old;

	if (!s->out_known) {
		s->out_base = s->out_next = seq;
		s->out_known = 1;
	}
	old = s->out_next - seq;
	if ((__s32)old < 0) { /* cannot be: a connection sends its bytes in order, the first time */
		s->done = 1;
		return false;
	}
	if (old >= p->len)
		return false;
	p->at += old;
	p->len -= old;
	p->offset = s->out_next - s->out_base;
	s->out_next += p->len;
	return true;
}

/* Keeps the first bytes. False: what the connection begins with is no hello. */
static __always_inline bool name__is_hello(struct __sk_buff *skb, struct name_stream *s, const struct name_packet *p)
{
	__u64 at = s->n_head, n = HELLO_HEAD;

	if (at >= HELLO_HEAD)
		return true;
	n -= at;
	if (n > p->len)
		n = p->len;
	asm volatile("%0 &= 15" : "+r"(at)); /* for the verifier */
	asm volatile("%0 &= 15; if %0 > 0 goto +1; %0 = 1" : "+r"(n));
	if (bpf_skb_load_bytes(skb, p->at, s->head + at, n))
		return false;
	s->n_head += n;
	if (s->head[0] != TLS_HANDSHAKE)
		return false;
	if (s->n_head > 1 && s->head[1] != 3)
		return false;
	return s->n_head <= 5 || s->head[5] == TLS_CLIENT_HELLO;
}

/* How much of the connection the hello takes. It may go on in further records, whose headers are not looked at. */
static __always_inline __u32 name__hello_length(const struct name_stream *s)
{
	__u32 record = 5 + (s->head[3] << 8 | s->head[4]);
	__u32 message = 9 + (s->head[6] << 16 | s->head[7] << 8 | s->head[8]);

	return s->n_head < HELLO_HEAD || message > record ? HELLO_MAX : message;
}

static __always_inline void name__tcp_out(struct __sk_buff *skb, struct name_sock *sk)
{
	struct name_stream *s = bpf_sk_storage_get(&st_name_streams, sk, 0, 0);
	bool dns = sk->dst_port == bpf_htons(PORT_DNS);
	struct name_packet p = {};
	struct sock_owner *o;
	__u32 seq, need;

	if (!s || s->done || !name__segment(skb, &p, &seq) || !name__take_new(s, &p, seq))
		return;
	o = bpf_sk_storage_get(&st_owners, sk, 0, 0);
	if (!dns) {
		if (!o || !name__is_hello(skb, s, &p)) {
			s->done = 1;
			return;
		}
		need = name__hello_length(s);
		if (need > HELLO_MAX)
			need = HELLO_MAX;
		s->done = p.offset + p.len >= need;
		if (p.offset >= need)
			return;
		if (p.len > need - p.offset)
			p.len = need - p.offset;
	}
	if (!o)
		return;
	name__describe(sk, &p, dns ? EV_NAME_DNS_QUERY : EV_NAME_TLS_HELLO);
	name__socket_addresses(sk, &p);
	name__emit(skb, o, &p);
}

/* In the order in which they arrive, those that arrive twice too: userspace knows by their offsets. */
static __always_inline void name__tcp_in(struct __sk_buff *skb, struct name_sock *sk)
{
	struct name_packet p = {};
	struct name_stream *s;
	struct bpf_tcp_sock *tp;
	struct sock_owner *o;
	__u32 seq;

	s = bpf_sk_storage_get(&st_name_streams, sk, 0, 0);
	if (!s || !name__segment(skb, &p, &seq))
		return;
	if (!s->in_known) {
		tp = bpf_tcp_sock((void *)sk);
		if (!tp)
			return;
		s->in_base = tp->rcv_nxt;
		s->in_known = 1;
	}
	o = bpf_sk_storage_get(&st_owners, sk, 0, 0);
	if (!o)
		return;
	p.offset = seq - s->in_base;
	name__describe(sk, &p, EV_NAME_DNS_ANSWER);
	name__socket_addresses(sk, &p);
	name__emit(skb, o, &p);
}

static __always_inline struct name_sock *name__sock(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	return sk ? (void *)bpf_sk_fullsock(sk) : NULL;
}

SEC("?cgroup_skb/egress")
int name_egress(struct __sk_buff *skb)
{
	struct name_sock *sk = name__sock(skb);

	if (!sk)
		return PASS;
	if (sk->protocol == IPPROTO_TCP)
		name__tcp_out(skb, sk);
	else if (sk->protocol == IPPROTO_UDP && sk->type == SOCK_DGRAM)
		name__udp_out(skb, sk);
	return PASS;
}

SEC("?cgroup_skb/ingress")
int name_ingress(struct __sk_buff *skb)
{
	struct name_sock *sk = name__sock(skb);

	if (!sk)
		return PASS;
	if (sk->protocol == IPPROTO_TCP && sk->dst_port == bpf_htons(PORT_DNS))
		name__tcp_in(skb, sk);
	else if (sk->protocol == IPPROTO_UDP && sk->type == SOCK_DGRAM)
		name__udp_in(skb, sk);
	return PASS;
}

SEC("?tp_btf/inet_sock_set_state")
int BPF_PROG(name_connect, struct sock *sk, int oldstate, int newstate)
{
	struct sock_owner now = {}, *o;
	struct name_stream *s;
	__u16 protocol = 0;

	if (newstate != TCP_SYN_SENT)
		return 0;
	KGET(protocol, sk, sk_protocol);
	if (protocol != IPPROTO_TCP || !owner__current(&now))
		return 0;
	o = bpf_sk_storage_get(&st_owners, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	s = bpf_sk_storage_get(&st_name_streams, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!o || !s) {
		counters__seen(EV_CLASS_NETWORK);
		counters__lost(EV_CLASS_NETWORK);
		return 0;
	}
	now.inode = owner__inode(sk);
	*o = now;
	__builtin_memset(s, 0, sizeof(*s));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
