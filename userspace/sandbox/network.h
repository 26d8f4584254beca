/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --net and network.allow = [...]: the command keeps the host's network namespace, and cgroup-BPF programs on its cgroup
 * (connect, sendmsg, bind, socket, and packets) let through only what is listed. Names are resolved once, before the start, on the
 * host; the command sees the same addresses in its own /etc/hosts, and no resolver is reachable unless it is listed.
 * An address that a name resolves to must not be loopback, link-local, private or this host's own: whoever wants such
 * an address writes it down as one.
 */
#ifndef SANDTRACE_NETWORK_H
#define SANDTRACE_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <netinet/in.h>

#include "policy/policy.h"

/* One resolved rule; IPv4 is kept as ::ffff:a.b.c.d. */
struct net_entry {
	struct in6_addr addr;
	uint8_t prefix;		/* 0 to 128 */
	uint16_t port_first, port_last;
	const struct policy_rule *rule;
	const char *name;	/* the host name it came from, or NULL */
};

struct net_plan {
	bool all;		/* host network, unfiltered */
	bool isolated;		/* own network namespace, loopback only */
	struct net_entry *v;	/* neither: only these */
	size_t n;
	char *hosts;		/* text for /etc/hosts inside, malloc'ed */
	char **names;		/* that entries point to */
	size_t n_names;
};

/*
 * Reads RULE_NET of P and resolves names, which takes at most ten seconds. 0 or -errno, explained on stderr. With neither
 * a rule nor net_all the plan is "isolated".
 */
int network__plan(const struct policy *p, struct net_plan *ret);
void network__plan_done(struct net_plan *n);
/* The entry that allows it, or NULL. Pure. */
const struct net_entry *network__match(const struct net_plan *n, const struct in6_addr *addr, uint16_t port);

struct net_filter;
/*
 * Loads and attaches the programs to the cgroup (v2), before anything runs in it. 0 or -errno, explained on stderr. They
 * stay until the cgroup is removed, whatever becomes of this process: killing it opens nothing.
 */
int net_filter__attach(const struct net_plan *n, int cgroup_fd, struct net_filter **ret);
/* The same on a cgroup where others run already: they go with RET, or with this process, however it ends. */
int net_filter__attach_live(const struct net_plan *n, int cgroup_fd, struct net_filter **ret);
/* Of one that is live: the map of addresses that its names are given later, for capture/answers_load.h. Borrowed. */
int net_filter__answers(const struct net_filter *f);
struct net_filter_counts {
	uint64_t allowed, denied; /* calls: connect, send, bind; denied ones, socket too, saw EPERM */
	uint64_t dropped;	  /* packets: unasked ones that came in, source-routed ones that went out */
};
/* Of entry I of the plan that it was made of. */
int net_filter__rule_counts(const struct net_filter *f, uint32_t i, uint64_t *ret_evaluated, uint64_t *ret_matched);
int net_filter__counts(const struct net_filter *f, struct net_filter_counts *ret);
void net_filter__free(struct net_filter *f);

#endif
