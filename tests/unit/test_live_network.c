/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the network rules, held against network__match(), and looked up as the kernel's trie does it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "policy/live.h"
#include "sandbox/network_rule.h"

#define ENTRIES_MAX 40
static struct policy_rule net_rules[ENTRIES_MAX];

/* There is no rule about a path, so nothing is asked of the world. */
static int rows_of(const struct policy *p, const struct net_plan *plan, struct live_policy *ret, struct policy_error *e)
{
	return live_policy__make(p, plan, &(struct live_layers){ .lsm = true, .cgroup_net = true }, &(struct live_world){ 0 }, ret, e);
}

/* The row that the kernel's trie finds, by looking at all. */
static const struct live_net *longest(const struct live_policy *l, const struct in6_addr *addr)
{
	const struct live_net *best = NULL;

	for (size_t i = 0; i < l->n_nets; i++) {
		const struct live_net *n = &l->nets[i];
		unsigned int bits = n->key.prefixlen - 32, same = 0;

		while (same < bits && !((n->key.addr[same / 8] ^ addr->s6_addr[same / 8]) & 0x80 >> same % 8))
			same++;
		if (same == bits && (!best || best->key.prefixlen < n->key.prefixlen))
			best = n;
	}
	return best;
}

static unsigned int looked_up(const struct live_policy *l, const struct in6_addr *addr, uint16_t port)
{
	const struct live_net *n = longest(l, addr);

	for (unsigned int i = 0; n && i < n->row.n; i++)
		if (port >= n->row.ports[i].first && port <= n->row.ports[i].last)
			return n->row.ports[i].rule;
	return 0;
}

/* How many ranges of ports hold for addresses at PREFIX bits of ADDR: as add_range() leaves them, found by asking all. */
static unsigned int ranges_at(const struct net_plan *plan, const struct net_entry *at)
{
	const struct net_entry *in[ENTRIES_MAX];
	unsigned int n = 0, kept = 0;
	bool v4 = at->prefix >= 96 && net_addr__is_v4(&at->addr);

	for (size_t i = 0; i < plan->n; i++) {
		const struct net_entry *e = &plan->v[i];
		unsigned int same = 0;

		if (e->prefix > at->prefix || v4 != (e->prefix >= 96 && net_addr__is_v4(&e->addr)))
			continue;
		while (same < e->prefix && !((e->addr.s6_addr[same / 8] ^ at->addr.s6_addr[same / 8]) & 0x80 >> same % 8))
			same++;
		if (same == e->prefix)
			in[n++] = e;
	}
	for (unsigned int i = 0; i < n; i++) {
		bool hidden = false;

		for (unsigned int k = 0; k < i; k++)
			hidden |= in[k]->port_first <= in[i]->port_first && in[k]->port_last >= in[i]->port_last;
		kept += !hidden;
	}
	return kept;
}

static uint32_t seed = 1;

static uint32_t any(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static void clear_behind(struct in6_addr *addr, unsigned int bits)
{
	for (unsigned int i = bits; i < 128; i++)
		addr->s6_addr[i / 8] &= (uint8_t)~(0x80 >> i % 8);
}

/* Few different ones, so that they contain each other. */
static struct net_entry any_entry(const struct policy_rule *rule)
{
	static const uint8_t v4_bits[] = { 96, 97, 100, 104, 104, 112, 120, 127, 128, 128 };
	static const uint8_t v6_bits[] = { 0, 1, 8, 32, 64, 79, 80, 81, 88, 95, 96, 120, 127, 128 };
	static const uint8_t bytes[] = { 0, 0, 10, 127, 255 };
	static const uint16_t ports[] = { 1, 22, 80, 81, 443, 8080, 65535 };
	struct net_entry e = { .rule = rule };
	bool v4 = any(2);

	if (v4)
		e.addr.s6_addr[10] = e.addr.s6_addr[11] = 0xff;
	for (unsigned int i = v4 ? 12 : any(3) ? 8 : 0; i < 16; i++)
		e.addr.s6_addr[i] = bytes[any(ARRAY_SIZE(bytes))];
	e.prefix = v4 ? v4_bits[any(ARRAY_SIZE(v4_bits))] : v6_bits[any(ARRAY_SIZE(v6_bits))];
	clear_behind(&e.addr, e.prefix);
	e.port_first = ports[any(ARRAY_SIZE(ports))];
	e.port_last = any(3) ? e.port_first : ports[any(ARRAY_SIZE(ports))];
	if (e.port_last < e.port_first) {
		uint16_t swap = e.port_first;

		e.port_first = e.port_last;
		e.port_last = swap;
	}
	return e;
}

static void compare(const struct net_plan *plan, const struct live_policy *l, const struct in6_addr *addr)
{
	static const uint16_t ports[] = { 1, 2, 21, 22, 79, 80, 81, 82, 443, 8080, 40000, 65534, 65535 };

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
		const struct net_entry *want = network__match(plan, addr, ports[i]);
		unsigned int have = looked_up(l, addr, ports[i]);
		char text[INET6_ADDRSTRLEN];

		if (have == (want ? (unsigned int)(want->rule - net_rules) + 1 : 0))
			continue;
		for (size_t k = 0; k < plan->n; k++)
			print_error("%s/%u %u-%u\n", net_addr__print(&plan->v[k].addr, text), plan->v[k].prefix,
				    plan->v[k].port_first, plan->v[k].port_last);
		fail_msg("%s port %u: rule %u, not %d", net_addr__print(addr, text), ports[i], have,
			 want ? (int)(want->rule - net_rules) + 1 : 0);
	}
}

/* Addresses at both ends of each rule, one beyond, and those that are special. */
static void compare_all(const struct net_plan *plan, const struct live_policy *l)
{
	static const struct in6_addr zero4 = { .s6_addr = { [10] = 0xff, [11] = 0xff } }, zero6 = { 0 };

	compare(plan, l, &zero4);
	compare(plan, l, &zero6);
	for (size_t i = 0; i < plan->n; i++) {
		struct in6_addr addr = plan->v[i].addr;
		unsigned int bits = plan->v[i].prefix;

		compare(plan, l, &addr);
		for (unsigned int b = bits; b < 128; b++)
			addr.s6_addr[b / 8] |= (uint8_t)(0x80 >> b % 8);
		compare(plan, l, &addr);
		if (bits) {
			addr.s6_addr[(bits - 1) / 8] ^= (uint8_t)(0x80 >> (bits - 1) % 8);
			compare(plan, l, &addr);
		}
		for (unsigned int k = 0; k < 4; k++)
			addr.s6_addr[12 + k] = (uint8_t)any(256);
		compare(plan, l, &addr);
	}
}

static void flat_rows_say_what_the_rules_say(void **state)
{
	struct net_entry entries[ENTRIES_MAX];
	struct policy p = { .rules = net_rules, .net_src = { "t.toml", 1, 1 } };
	unsigned int full = 0;

	(void)state;
	for (unsigned int round = 0; round < 4000; round++) {
		struct net_plan plan = { .v = entries, .n = any(round % 50 ? 12 : ENTRIES_MAX) + 1 };
		struct policy_error e;
		struct live_policy l;
		bool too_many = false;
		int err;

		p.n_rules = plan.n;
		for (size_t i = 0; i < plan.n; i++) {
			net_rules[i] = (struct policy_rule){ .kind = RULE_NET, .text = (char *)"x", .src = { "t.toml", 1, 1 } };
			/* a name is one rule and several addresses */
			entries[i] = any_entry(&net_rules[i && !any(4) ? i - 1 : i]);
		}
		for (size_t i = 0; i < plan.n; i++)
			too_many |= ranges_at(&plan, &entries[i]) > GUARD_NET_PORTS;
		err = rows_of(&p, &plan, &l, &e);
		if (err != -ENOSPC) {
			assert_int_equal(err, 0);
			compare_all(&plan, &l);
		}
		/* what an earlier range hides need not be kept, but it is only seen when one range does */
		if (too_many != (err == -ENOSPC))
			fail_msg("round %u: %s", round, err ? e.text : "more ranges than a row has");
		full += err == -ENOSPC;
		live_policy__done(&l);
	}
	assert_true(full < 400);
}

static void a_row_has_room_for_so_many_ports(void **state)
{
	struct net_entry entries[GUARD_NET_PORTS + 1];
	struct policy p = { .rules = net_rules, .n_rules = ARRAY_SIZE(entries), .net_src = { "t.toml", 1, 1 } };
	struct net_plan plan = { .v = entries, .n = GUARD_NET_PORTS };
	struct live_policy l;
	struct policy_error e;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(entries); i++) {
		net_rules[i] = (struct policy_rule){ .kind = RULE_NET, .text = (char *)"10.0.0.0/8:7",
						     .src = { "t.toml", 7, i + 1 } };
		entries[i] = (struct net_entry){ .prefix = (uint8_t)(104 + i), .port_first = (uint16_t)(i + 1),
						 .port_last = (uint16_t)(i + 1), .rule = &net_rules[i] };
		entries[i].addr.s6_addr[10] = entries[i].addr.s6_addr[11] = 0xff;
		entries[i].addr.s6_addr[12] = 10;
	}
	assert_int_equal(rows_of(&p, &plan, &l, &e), 0);
	assert_int_equal(l.n_nets, GUARD_NET_PORTS); /* the empty ones that would stand above are left out */
	compare_all(&plan, &l);
	live_policy__done(&l);
	plan.n++;
	assert_int_equal(rows_of(&p, &plan, &l, &e), -ENOSPC);
	assert_string_equal(e.text, "t.toml:7:17: network.allow \"10.0.0.0/8:7\": more than 16 ranges of ports for 10.0.0.0");
	live_policy__done(&l);
	/* one that holds them all is one */
	entries[0].port_last = 65535;
	assert_int_equal(rows_of(&p, &plan, &l, &e), 0);
	assert_int_equal(l.n_nets, 1);
	assert_int_equal(l.nets[0].row.n, 1);
	live_policy__done(&l);
	/* also where the others are of what is around it, and come later */
	for (unsigned int i = 1; i < ARRAY_SIZE(entries); i++)
		entries[i].prefix = 104;
	entries[0].prefix = 120;
	assert_int_equal(rows_of(&p, &plan, &l, &e), 0);
	assert_int_equal(l.n_nets, 2);
	assert_int_equal(l.nets[1].row.n, 1);
	compare_all(&plan, &l);
	live_policy__done(&l);
}

static void so_many_networks_fit(void **state)
{
	static struct net_entry entries[1025];
	struct policy p = { .rules = net_rules, .n_rules = 1, .net_src = { "t.toml", 1, 1 } };
	struct net_plan plan = { .v = entries, .n = 1024 };
	struct live_policy l;
	struct policy_error e;

	(void)state;
	net_rules[0] = (struct policy_rule){ .kind = RULE_NET, .text = (char *)"many:7", .src = { "t.toml", 1, 1 } };
	for (unsigned int i = 0; i < ARRAY_SIZE(entries); i++) {
		entries[i] = (struct net_entry){ .prefix = 128, .port_first = 7, .port_last = 7, .rule = &net_rules[0] };
		entries[i].addr.s6_addr[10] = entries[i].addr.s6_addr[11] = 0xff;
		entries[i].addr.s6_addr[12] = 10;
		entries[i].addr.s6_addr[14] = (uint8_t)(i >> 8);
		entries[i].addr.s6_addr[15] = (uint8_t)i;
	}
	assert_int_equal(rows_of(&p, &plan, &l, &e), 0);
	assert_int_equal(l.n_nets, 1024);
	compare_all(&plan, &l);
	live_policy__done(&l);
	plan.n++;
	assert_int_equal(rows_of(&p, &plan, &l, &e), -ENOSPC);
	assert_non_null(strstr(e.text, "1024 different"));
	live_policy__done(&l);
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flat_rows_say_what_the_rules_say),
		cmocka_unit_test(a_row_has_room_for_so_many_ports),
		cmocka_unit_test(so_many_networks_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
