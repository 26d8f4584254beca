/* SPDX-License-Identifier: Apache-2.0 */
/* The pure half of network rules: what is written, and which addresses a name must not stand for. */
#ifndef SANDTRACE_NETWORK_RULE_H
#define SANDTRACE_NETWORK_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>

#include "network.h"

#define NET_MAX_NAME 253
#define NET_WIRE_NAME 256
#define NET_MAX_NAMES 256	/* distinct names in one policy */
#define NET_MAX_ADDRS 64	/* of one name */

enum net_host {
	NET_HOST_NAME,
	NET_HOST_ADDRESS,	/* or a network */
	NET_HOST_ANY,		/* "*": every address, IPv4 and IPv6 */
};

struct net_rule {
	enum net_host host;
	char name[NET_MAX_NAME + 1]; /* NET_HOST_NAME: lower case, no dot at the end */
	struct in6_addr addr;	/* NET_HOST_ADDRESS; IPv4 as ::ffff:a.b.c.d */
	uint8_t prefix;		/* of addr: 96 to 128 for IPv4 */
	uint16_t port_first, port_last; /* from 1 */
};

/* What is wrong with a rule, and a way out (may be empty). Both printable whatever the rule was. */
struct net_rule_error {
	char text[160];
	char hint[160];
};

/* "HOST:PORT", "1.2.3.0/24:PORT", "[v6]:PORT", "[v6/64]:PORT", "[v6]/64:PORT"; PORT "443", "1-9" or "*". 0 or -EINVAL. */
int net_rule__parse(const char *text, struct net_rule *ret, struct net_rule_error *ret_error);
/*
 * Why a name must not stand for ADDR: "loopback", "private", ...; NULL: it may. Also looks at the IPv4 address within a mapped,
 * compatible, 6to4, NAT64, Teredo or ISATAP one. This host's own addresses are the caller's to check.
 */
const char *net_addr__reserved(const struct in6_addr *addr);
/*
 * The I-th of the networks that net_addr__reserved() knows, IPv4 as ::ffff:a.b.c.d, and whole those that hide an IPv4 address,
 * NAT64 aside; false: there are no more.
 */
bool net_addr__reserved_network(size_t i, struct in6_addr *ret, uint8_t *ret_prefix);
/* The IPv4 address inside ADDR, and how it got there ("6to4"); NULL: none. */
const char *net_addr__embedded(const struct in6_addr *addr, struct in_addr *ret_v4);
bool net_addr__is_v4(const struct in6_addr *addr);
void net_addr__from_v4(struct in6_addr *ret, const void *v4);
/* "1.2.3.4" or "2001:db8::1" into BUF of INET6_ADDRSTRLEN; returns BUF. */
const char *net_addr__print(const struct in6_addr *addr, char *buf);
/* NAME (NET_HOST_NAME) as a question has it: labels with their lengths, padded with zeros. False: it cannot be in one. */
bool net_name__wire(const char *name, uint8_t ret[NET_WIRE_NAME]);
/* Addresses of `nameserver` lines in TEXT, a resolv.conf(5); no zones. How many, at most ROOM; those in RET already are not added again. */
size_t net_resolvers__read(const char *text, struct in6_addr *ret, size_t n, size_t room);
/* Covers ENTRY this address, whatever the port? */
bool net_entry__covers(const struct net_entry *entry, const struct in6_addr *addr);
/* /etc/hosts for inside: localhost, and each name of N with its addresses. malloc'ed; NULL: no memory. */
char *net_hosts__text(const struct net_plan *n);

/* Of network.c: how long all names together may take. Tests shorten it. */
extern unsigned int network_resolve_ms;

#endif
