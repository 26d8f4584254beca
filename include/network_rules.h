/* SPDX-License-Identifier: Apache-2.0 */
/* What userspace tells the programs of bpf/net/network.bpf.c: the resolved rules, and the counters they keep. */
#ifndef SANDTRACE_NETWORK_RULES_H
#define SANDTRACE_NETWORK_RULES_H

#define ST_NET_MAX_RULES 4096

/* One rule. An IPv4 address is ::ffff:a.b.c.d; addresses as they are in memory, in network byte order. */
struct st_net_rule {
	__u64 addr[2];
	__u64 mask[2];
	__u16 first, last;	/* ports, in host byte order */
	__u8 v4;		/* matches only IPv4; otherwise only IPv6 */
	__u8 whole;		/* every address of its family, and so 0.0.0.0 or :: too, whatever they turn out to be */
	__u8 pad[2];
};

struct st_net_counts {
	__u64 allowed;	/* connect, send or bind */
	__u64 denied;	/* connect, send, bind or socket, with EPERM */
	__u64 dropped;	/* packets, in or out */
};

/* Of one rule, per CPU. */
struct st_net_hits {
	__u64 evaluated; /* somebody meant an address that it names */
	__u64 matched;	 /* and it let that through */
};

#endif
