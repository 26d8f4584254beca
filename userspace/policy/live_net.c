/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network rules for a map that answers with the longest prefix alone: each prefix gets the ports of all that contain it, in the
 * order of the plan, so that the first that matches is the one that network__match() finds. Three addresses need a row
 * even where no rule names them, because rules around them do not mean them (net_entry__covers): ::ffff:0:0/96, which
 * is IPv4 and no part of ::/0, and the two unspecified addresses, which only a rule for every address covers.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "live_internal.h"
#include "sandbox/network_rule.h"

#define PREFIX_MAX 128
#define V4_PREFIX 96

/* One range of ports and the place of its rule in the plan. */
struct range {
	uint32_t at;
	uint16_t first, last, rule;
	uint8_t condition;
};

/* A prefix while its neighbours are gone through. */
struct prefix {
	struct in6_addr addr;
	uint8_t bits;
	unsigned int n;
	struct range v[GUARD_NET_PORTS];
};

struct flatten {
	struct live_policy *l;
	const struct net_plan *plan;
	const struct net_entry **v; /* by prefix, then in the plan's order */
	size_t n, room;
	struct prefix stack[PREFIX_MAX + 2]; /* that contain what comes next, the longest last */
	unsigned int depth;
	struct policy_error *error;
};

static const struct net_entry special[] = {
	{ .addr = { .s6_addr = { [10] = 0xff, [11] = 0xff } }, .prefix = V4_PREFIX },
	{ .addr = { .s6_addr = { [10] = 0xff, [11] = 0xff } }, .prefix = PREFIX_MAX },
	{ .prefix = PREFIX_MAX },
};

static bool is_special(const struct net_entry *e)
{
	return e >= special && e < special + ARRAY_SIZE(special);
}

/* As the kernel compares: bits beyond the prefix do not count. */
static bool contains(const struct in6_addr *a, unsigned int bits, const struct in6_addr *b)
{
	unsigned int rest = bits % 8;

	return !memcmp(a, b, bits / 8) && (!rest || !((a->s6_addr[bits / 8] ^ b->s6_addr[bits / 8]) >> (8 - rest)));
}

static int by_prefix(const void *a, const void *b)
{
	const struct net_entry *x = *(const struct net_entry *const *)a, *y = *(const struct net_entry *const *)b;
	int c = memcmp(&x->addr, &y->addr, sizeof(x->addr));

	if (c)
		return c;
	if (x->prefix != y->prefix)
		return x->prefix < y->prefix ? -1 : 1;
	return x < y ? -1 : x > y;
}

static bool same_prefix(const struct net_entry *a, const struct net_entry *b)
{
	return a->prefix == b->prefix && !memcmp(&a->addr, &b->addr, sizeof(a->addr));
}

static bool is(const struct prefix *p, const struct net_entry *e)
{
	return p->bits == e->prefix && !memcmp(&p->addr, &e->addr, sizeof(p->addr));
}

/* The prefix whose rules are rules for P as well: that around it, but for the three. */
static const struct prefix *above(const struct flatten *f, const struct prefix *p)
{
	static const struct prefix nothing;
	unsigned int bits = is(p, &special[1]) ? V4_PREFIX : 0;

	if (!f->depth || is(p, &special[0]))
		return &nothing;
	if (!is(p, &special[1]) && !is(p, &special[2]))
		return &f->stack[f->depth - 1];
	for (unsigned int i = 0; i < f->depth; i++)
		if (f->stack[i].bits == bits)
			return &f->stack[i];
	return &nothing;
}

/* Is A met whenever B is? */
static bool as_often(const struct range *a, const struct range *b)
{
	return !a->condition || a->condition == b->condition;
}

/* R into P, in the plan's order. What an earlier range holds whole is never found. False: no room. */
static bool add_range(struct prefix *p, const struct range *r)
{
	unsigned int at = 0, n;

	for (; at < p->n && p->v[at].at < r->at; at++)
		if (p->v[at].first <= r->first && p->v[at].last >= r->last && as_often(&p->v[at], r))
			return true;
	for (n = at; n < p->n;) {
		if (r->first <= p->v[n].first && r->last >= p->v[n].last && as_often(r, &p->v[n]))
			memmove(&p->v[n], &p->v[n + 1], (--p->n - n) * sizeof(*p->v));
		else
			n++;
	}
	if (p->n == GUARD_NET_PORTS)
		return false;
	memmove(&p->v[at + 1], &p->v[at], (p->n - at) * sizeof(*p->v));
	p->v[at] = *r;
	p->n++;
	return true;
}

static bool same_ranges(const struct prefix *a, const struct prefix *b)
{
	for (unsigned int i = 0; i < a->n && a->n == b->n; i++)
		if (a->v[i].first != b->v[i].first || a->v[i].last != b->v[i].last || a->v[i].rule != b->v[i].rule)
			return false;
	return a->n == b->n;
}

static int add_row(struct flatten *f, const struct prefix *p)
{
	struct live_net *net;

	if (f->l->n_nets == GUARD_MAX_NETS / 2)
		return live_policy__full(f->error, NULL, "allow whole networks: \"192.0.2.0/24:443\"",
					 "network.allow: more than %d different addresses and networks", GUARD_MAX_NETS / 2);
	if (f->l->n_nets == f->room) {
		size_t room = f->room ? 2 * f->room : 16;
		struct live_net *v = reallocarray(f->l->nets, room, sizeof(*v));

		if (!v)
			return -ENOMEM;
		f->l->nets = v;
		f->room = room;
	}
	net = &f->l->nets[f->l->n_nets++];
	*net = (struct live_net){ .key.prefixlen = 32U + p->bits, .row.n = p->n };
	memcpy(net->key.addr, &p->addr, sizeof(net->key.addr));
	for (unsigned int i = 0; i < p->n; i++)
		net->row.ports[i] = (struct guard_ports){ .first = p->v[i].first, .last = p->v[i].last, .rule = p->v[i].rule,
							   .condition = p->v[i].condition };
	return 0;
}

/* The bit of its condition, which has one. */
static uint8_t condition_of(const struct live_policy *l, const struct policy_rule *rule)
{
	uint8_t n = 0;

	while (rule && rule->when && n < l->n_whens && l->whens[n] != rule->when)
		n++;
	return n;
}

/* The entries V[0..N), all of one prefix. */
static int add_prefix(struct flatten *f, const struct net_entry *const *v, size_t n)
{
	struct prefix *p = &f->stack[f->depth];
	const struct prefix *from;

	while (f->depth && !contains(&f->stack[f->depth - 1].addr, f->stack[f->depth - 1].bits, &v[0]->addr))
		p = &f->stack[--f->depth];
	*p = (struct prefix){ .addr = v[0]->addr, .bits = v[0]->prefix };
	from = above(f, p);
	p->n = from->n;
	memcpy(p->v, from->v, sizeof(p->v));
	for (size_t i = 0; i < n; i++) {
		struct range r = { (uint32_t)(v[i] - f->plan->v), v[i]->port_first, v[i]->port_last,
				   live_policy__number(f->l, v[i]->rule), condition_of(f->l, v[i]->rule) };
		char addr[INET6_ADDRSTRLEN];

		/* a rule for an unspecified address alone covers nothing */
		if (is_special(v[i]) || (p->bits == PREFIX_MAX && !net_entry__covers(v[i], &p->addr)))
			continue;
		if (!add_range(p, &r))
			return live_policy__full(f->error, v[i]->rule, "make one range of some, or allow every port: \"*\"",
						 "more than %d ranges of ports for %s", GUARD_NET_PORTS,
						 net_addr__print(&p->addr, addr));
	}
	/* what the map answers without it; but IPv4 as such is needed above */
	if (f->depth ? same_ranges(p, &f->stack[f->depth - 1]) && !is(p, &special[0]) : !p->n)
		return 0;
	f->depth++;
	return add_row(f, p);
}

int live_net__flatten(struct live_policy *l, const struct net_plan *plan, struct policy_error *ret_error)
{
	_cleanup_(free) const struct net_entry **v = calloc(plan->n + ARRAY_SIZE(special), sizeof(const struct net_entry *));
	_cleanup_(free) struct flatten *f = calloc(1, sizeof(*f));
	int err = v && f ? 0 : -ENOMEM;

	if (err)
		return err;
	f->l = l;
	f->plan = plan;
	f->v = v;
	f->error = ret_error;
	for (size_t i = 0; i < plan->n; i++)
		v[f->n++] = &plan->v[i];
	for (size_t i = 0; i < ARRAY_SIZE(special); i++)
		v[f->n++] = &special[i];
	qsort(v, f->n, sizeof(*v), by_prefix);
	for (size_t i = 0, n; i < f->n && !err; i += n) {
		for (n = 1; i + n < f->n && same_prefix(v[i], v[i + n]);)
			n++;
		err = add_prefix(f, v + i, n);
	}
	return err;
}

/* Once for each range, of which there are as many as the name had addresses. False: no room. */
static bool add_ports(struct guard_net_row *row, const struct guard_ports *ports)
{
	for (uint32_t i = 0; i < row->n; i++)
		if (row->ports[i].first == ports->first && row->ports[i].last == ports->last && row->ports[i].rule == ports->rule)
			return true;
	if (row->n == GUARD_NET_PORTS)
		return false;
	row->ports[row->n++] = *ports;
	return true;
}

int live_net__hosts(struct live_policy *l, const struct net_plan *plan, struct policy_error *ret_error)
{
	l->hosts = calloc(plan->n_names + 1, sizeof(*l->hosts));
	if (!l->hosts)
		return -ENOMEM;
	for (; l->n_hosts < plan->n_names; l->n_hosts++) {
		struct live_host *h = &l->hosts[l->n_hosts];

		h->name = plan->names[l->n_hosts];
		for (size_t i = 0; i < plan->n; i++) {
			const struct net_entry *e = &plan->v[i];
			struct guard_ports ports = { e->port_first, e->port_last, live_policy__number(l, e->rule),
						     condition_of(l, e->rule), 0 };

			if (e->name == h->name && !add_ports(&h->row, &ports))
				return live_policy__full(ret_error, e->rule, "make one range of some, or allow every port: \"*\"",
							 "more than %d ranges of ports for %s", GUARD_NET_PORTS, h->name);
		}
	}
	l->head.net_hosts = (uint32_t)l->n_hosts;
	return 0;
}
