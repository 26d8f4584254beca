/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of the host's resolvers about names that network rules allow: each address is allowed before the packet reaches the
 * one who asked. An object of its own, loaded for a policy with names, on the root of the control groups: a cache
 * of the host's asks for others.
 *
 *   answer_egress    cgroup_skb/egress	  a question leaves: its number is kept with the socket
 *   answer_ingress   cgroup_skb/ingress  its answer comes
 *
 * Believed is a datagram from port 53 of an address that the host's resolv.conf has, in the network namespace where that holds,
 * to a socket that has asked with that number. Whoever can make packets there with a resolver's address as their source, and
 * works together with the traced code, is believed too: CAP_NET_RAW and CAP_NET_ADMIN on this host can, and a network
 * between resolver and host that lets such packets pass. No name is given an address that is private, loopback or this host's own.
 *
 * Why the packets: see bpf/name.bpf.c. Since 4.10 (cgroup_skb), 5.17 (bpf_loop). Context: egress the sender or softirq, ingress softirq.
 * Missed: answers over TCP; DNS inside TLS, HTTPS or QUIC; resolvers that a rule of the host puts in another's place; other sources
 * of names (hosts files, multicast DNS).
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "../answer.bpf.h"
#include "../number.bpf.h"

#define PASS 1
#define EEXIST 17
#define SOCK_DGRAM 2
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define PORT_DNS 53
#define DNS_HEADER 12
#define DNS_IS_ANSWER 0x8000
#define DNS_FAILED 0x000f /* response code */
#define CLASS_IN 1
#define TYPE_A 1
#define TYPE_AAAA 28
#define STEPS_MAX 512 /* labels and records of one answer */
#define ASKED 8	      /* questions of one socket that wait for an answer */
#define IS_NUMBER 0x10000

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2 * ANSWERS_MAX_NAMES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct answer_name_key);
	__type(value, __u32);
} st_answer_names SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ANSWERS_RESOLVERS);
	__type(key, __u8[16]);
	__type(value, __u8);
} st_answer_resolvers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, ANSWERS_RESERVED);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct answer_net_key);
	__type(value, __u8);
} st_answer_reserved SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct answer_counts);
} st_answer_counts SEC(".maps");

/* Numbers of what the socket has asked; of more than ASKED the last. */
struct asked {
	__u32 n;
	__u32 number[ASKED];
};
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct asked);
} st_answer_asked SEC(".maps");

/*
 * An answer while it is read. On no stack: it is too large, and of what is there verifiers before 6.8 know the values with which a
 * loop begins, and take it that they stay. Softirqs do not nest, but with PREEMPT_RT they give way to each other: who finds it
 * taken does not wait.
 */
struct reading {
	__u64 taken;
	struct answer_name_key name;
	__u32 at, left;
	__u32 host[2]; /* of each generation, from 1; 0: no rule of it has the name */
	__u32 label;   /* bytes of it that follow */
	__u32 ended;
	__u32 name_len;
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct reading);
} st_answer_reading SEC(".maps");

const volatile __u32 st_netns; /* inode */

struct turn {
	struct __sk_buff *skb;
	struct reading *r;
};

struct packet {
	__u8 src[16], dst[16];
	__be16 src_port, dst_port;
	__u32 at; /* of the payload */
};

#define COUNT(what)                                                                                \
	do {                                                                                       \
		__u32 zero = 0;                                                                    \
		struct answer_counts *counts = bpf_map_lookup_elem(&st_answer_counts, &zero);      \
		if (counts)                                                                        \
			__sync_fetch_and_add(&counts->what, 1);                                    \
	} while (0)

/* ---- packets ----------------------------------------------------------------------------------------------------- */

/* A UDP datagram without extension headers: false else. */
static __always_inline bool parse(struct __sk_buff *skb, struct packet *p)
{
	__be16 ports[2];
	union {
		struct iphdr v4;
		struct ipv6hdr v6;
	} h;

	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		if (bpf_skb_load_bytes(skb, 0, &h.v4, sizeof(h.v4)) || h.v4.protocol != IPPROTO_UDP)
			return false;
		p->src[10] = p->src[11] = p->dst[10] = p->dst[11] = 0xff;
		__builtin_memcpy(p->src + 12, &h.v4.saddr, 4);
		__builtin_memcpy(p->dst + 12, &h.v4.daddr, 4);
		p->at = h.v4.ihl * 4;
	} else {
		if (skb->protocol != bpf_htons(ETH_P_IPV6) || bpf_skb_load_bytes(skb, 0, &h.v6, sizeof(h.v6)) ||
		    h.v6.nexthdr != IPPROTO_UDP)
			return false;
		__builtin_memcpy(p->src, &h.v6.saddr, 16);
		__builtin_memcpy(p->dst, &h.v6.daddr, 16);
		p->at = sizeof(h.v6);
	}
	if (bpf_skb_load_bytes(skb, p->at, ports, sizeof(ports)))
		return false;
	p->src_port = ports[0];
	p->dst_port = ports[1];
	p->at += sizeof(struct udphdr);
	return true;
}

static __always_inline struct bpf_sock *datagram_socket(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	sk = sk ? bpf_sk_fullsock(sk) : NULL;
	return sk && sk->type == SOCK_DGRAM && sk->protocol == IPPROTO_UDP ? sk : NULL;
}

/* What is called 192.0.2.1 in a container's namespace can be anything. */
static __always_inline bool in_our_namespace(const struct bpf_sock *sk)
{
	struct sock *kernel = (void *)number_of(sk);
	struct net *net = NULL;
	__u32 inum = 0;

	bpf_probe_read_kernel(&net, sizeof(net), &kernel->__sk_common.skc_net.net);
	bpf_probe_read_kernel(&inum, sizeof(inum), &net->ns.inum);
	return inum == st_netns;
}

static __always_inline bool is_resolver(const __u8 *addr)
{
	return bpf_map_lookup_elem(&st_answer_resolvers, addr);
}

SEC("cgroup_skb/egress")
int answer_egress(struct __sk_buff *skb)
{
	struct bpf_sock *sk = datagram_socket(skb);
	struct packet p = {};
	struct asked *asked;
	__be16 number;
	__u32 i;

	if (!sk || !parse(skb, &p) || p.dst_port != bpf_htons(PORT_DNS) || !is_resolver(p.dst) ||
	    bpf_skb_load_bytes(skb, p.at, &number, sizeof(number)))
		return PASS;
	asked = bpf_sk_storage_get(&st_answer_asked, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!asked)
		return PASS;
	i = __sync_fetch_and_add(&asked->n, 1) & (ASKED - 1);
	asked->number[i] = number | IS_NUMBER;
	return PASS;
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

static __always_inline bool has_asked(struct bpf_sock *sk, __be16 number)
{
	struct asked *asked = bpf_sk_storage_get(&st_answer_asked, sk, 0, 0);

	for (int i = 0; asked && i < ASKED; i++)
		if (asked->number[i] == (number | IS_NUMBER))
			return true;
	return false;
}

/* Byte I of the name, its first label's length being byte 0. */
static long lower_byte(__u32 i, struct turn *t)
{
	struct reading *r = t->r;
	__u8 *at;

	if (i >= ANSWERS_NAME)
		return 1;
	at = &r->name.name[i];
	if (r->ended) {
		*at = 0;
		return 0;
	}
	if (r->label) {
		r->label--;
		if (*at >= 'A' && *at <= 'Z')
			*at += 'a' - 'A';
		return 0;
	}
	r->name_len = i + 1;
	if (*at >= 64)
		return 1;
	r->label = *at;
	r->ended = !*at;
	return 0;
}

/* The name of the one question, and the rules' names that it is. False: it is malformed, or none of them. */
static __always_inline bool read_question(struct turn *t, __u32 len)
{
	struct reading *r = t->r;
	struct answer_name_key *key = &r->name;
	__u64 n = len > r->at ? len - r->at : 0;

	if (!n)
		return false;
	asm volatile("if %0 < %1 goto +1; %0 = %1" : "+r"(n) : "i"(ANSWERS_NAME));
	asm volatile("if %0 > 0 goto +1; %0 = 1" : "+r"(n)); /* it is: for the verifier */
	if (bpf_skb_load_bytes(t->skb, r->at, key->name, n))
		return false;
	r->label = r->ended = r->name_len = 0;
	bpf_loop(ANSWERS_NAME, lower_byte, t, 0);
	if (!r->ended || r->name_len > n)
		return false;
	r->at += r->name_len + 4;
	for (__u32 gen = 0; gen < 2; gen++) {
		__u32 *host;

		key->gen = gen;
		host = bpf_map_lookup_elem(&st_answer_names, key);
		r->host[gen] = host ? *host + 1 : 0;
	}
	return r->host[0] || r->host[1];
}

/* NAT64 has an IPv4 address inside, which is what is reached. ISATAP hides one in a host's number. */
static __always_inline bool is_reserved(const struct answer_key *a)
{
	struct answer_net_key key = { .prefixlen = 128 };
	const __u32 *w = (const void *)a->addr;

	__builtin_memcpy(key.addr, a->addr, 16);
	if (w[0] == bpf_htonl(0x64ff9b) && !w[1] && !w[2]) {
		key.addr[1] = key.addr[2] = key.addr[3] = 0;
		key.addr[10] = key.addr[11] = 0xff;
	}
	if ((w[2] & ~bpf_htonl(0x02000000)) == bpf_htonl(0x00005efe))
		return true;
	return bpf_map_lookup_elem(&st_answer_reserved, &key);
}

/* One address may stand for several names. True: it stands for this one now. */
static __always_inline bool put(struct answer_key *key, const struct answer_row *row, __u64 now)
{
	for (__u32 slot = 0; slot < ANSWERS_SLOTS; slot++) {
		struct answer_row *old;

		key->slot = slot;
		old = bpf_map_lookup_elem(&st_answers, key);
		if (old && old->until > now && old->host != row->host)
			continue;
		if (!bpf_map_update_elem(&st_answers, key, row, old ? BPF_ANY : BPF_NOEXIST))
			return true;
	}
	return false;
}

/* Not 0: the packet ends before it does. */
static __noinline int add_address(struct turn *t, __u32 len, __u32 ttl)
{
	struct __sk_buff *skb = t->skb;
	struct reading *r = t->r;
	struct answer_key key = {};
	struct answer_row row = {};
	__u64 now = bpf_ktime_get_boot_ns();

	if (len == 4)
		key.addr[10] = key.addr[11] = 0xff;
	if (len == 4 ? bpf_skb_load_bytes(skb, r->at, key.addr + 12, 4) : bpf_skb_load_bytes(skb, r->at, key.addr, 16))
		return 1;
	if (is_reserved(&key)) {
		COUNT(reserved);
		return 0;
	}
	if (ttl < ANSWERS_TTL_MIN)
		ttl = ANSWERS_TTL_MIN;
	if (ttl > ANSWERS_TTL_MAX)
		ttl = ANSWERS_TTL_MAX;
	row.until = now + ttl * 1000000000ULL;
	for (__u32 gen = 0; gen < 2; gen++) {
		if (!r->host[gen])
			continue;
		key.gen = gen;
		row.host = gen * ANSWERS_MAX_NAMES + r->host[gen] - 1;
		if (put(&key, &row, now))
			COUNT(added);
		else
			COUNT(full);
	}
	return 0;
}

/* A label of a record's name; or its end, and the record: type, class, ttl, length, data. */
static long next_part(__u32 i, struct turn *t)
{
	struct reading *r = t->r;
	__u16 type, class, len;
	__u32 ttl, fixed[3] = {};
	__u8 b;

	if (!r->left || bpf_skb_load_bytes(t->skb, r->at, &b, 1))
		return 1;
	if (b && b < 64) {
		r->at += 1 + b;
		return 0;
	}
	if (b && b < 0xc0)
		return 1;
	r->at += b ? 2 : 1;
	if (bpf_skb_load_bytes(t->skb, r->at, fixed, 10))
		return 1;
	type = bpf_ntohl(fixed[0]) >> 16;
	class = bpf_ntohl(fixed[0]);
	ttl = bpf_ntohl(fixed[1]);
	len = bpf_ntohl(fixed[2]) >> 16;
	r->at += 10;
	if (class == CLASS_IN && ((type == TYPE_A && len == 4) || (type == TYPE_AAAA && len == 16)) &&
	    add_address(t, len, ttl))
		return 1;
	r->at += len;
	r->left--;
	return 0;
}

static __always_inline void read_answer(struct __sk_buff *skb, struct packet *p, struct reading *r)
{
	struct turn t = { .skb = skb, .r = r };
	__be16 head[4]; /* number, flags, questions, answers */

	if (bpf_skb_load_bytes(skb, p->at, head, sizeof(head)))
		return;
	if ((bpf_ntohs(head[1]) & (DNS_IS_ANSWER | DNS_FAILED)) != DNS_IS_ANSWER || head[2] != bpf_htons(1))
		return;
	r->at = p->at + DNS_HEADER;
	if (!read_question(&t, skb->len))
		return;
	COUNT(taken);
	r->left = bpf_ntohs(head[3]);
	bpf_loop(STEPS_MAX, next_part, &t, 0);
	if (r->left)
		COUNT(cut);
}

SEC("cgroup_skb/ingress")
int answer_ingress(struct __sk_buff *skb)
{
	struct bpf_sock *sk = datagram_socket(skb);
	struct packet p = {};
	struct reading *r;
	__u32 zero = 0;
	__be16 number;

	if (!sk || !parse(skb, &p) || p.src_port != bpf_htons(PORT_DNS) || !is_resolver(p.src) || !in_our_namespace(sk) ||
	    bpf_skb_load_bytes(skb, p.at, &number, sizeof(number)))
		return PASS;
	r = bpf_map_lookup_elem(&st_answer_reading, &zero);
	if (!r)
		return PASS;
	if (!has_asked(sk, number)) {
		COUNT(unasked);
		return PASS;
	}
	if (__sync_lock_test_and_set(&r->taken, 1)) {
		COUNT(cut);
		return PASS;
	}
	read_answer(skb, &p, r);
	__sync_lock_test_and_set(&r->taken, 0);
	return PASS;
}

char LICENSE[] SEC("license") = "GPL";
