/* SPDX-License-Identifier: Apache-2.0 */
/* Network rules: what is read as what, what is refused and why, and the decision against one made bit by bit. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "sandbox/network_rule.h"

static struct in6_addr address(const char *s)
{
	struct in6_addr a;
	struct in_addr v4;

	if (inet_pton(AF_INET, s, &v4) == 1)
		net_addr__from_v4(&a, &v4);
	else
		assert_int_equal(inet_pton(AF_INET6, s, &a), 1);
	return a;
}

static void reads(void **state)
{
	static const struct { const char *text; enum net_host host; const char *what; uint8_t prefix; uint16_t first, last; } good[] = {
		{ "192.0.2.1:443", NET_HOST_ADDRESS, "192.0.2.1", 128, 443, 443 },
		{ "192.0.2.0/24:1-9", NET_HOST_ADDRESS, "192.0.2.0", 120, 1, 9 },
		{ "10.0.0.0/8:*", NET_HOST_ADDRESS, "10.0.0.0", 104, 1, 65535 },
		{ "0.0.0.0/0:80", NET_HOST_ADDRESS, "0.0.0.0", 96, 80, 80 },
		{ "127.0.0.1/32:80", NET_HOST_ADDRESS, "127.0.0.1", 128, 80, 80 },
		{ "[2001:db8::1]:65535", NET_HOST_ADDRESS, "2001:db8::1", 128, 65535, 65535 },
		{ "[2001:db8::]/32:1-65535", NET_HOST_ADDRESS, "2001:db8::", 32, 1, 65535 },
		{ "[2001:db8::/32]:80", NET_HOST_ADDRESS, "2001:db8::", 32, 80, 80 },
		{ "[::]/0:80", NET_HOST_ADDRESS, "::", 0, 80, 80 },
		{ "[::ffff:192.0.2.1]:80", NET_HOST_ADDRESS, "192.0.2.1", 128, 80, 80 },
		{ "[::ffff:192.0.2.0/120]:80", NET_HOST_ADDRESS, "192.0.2.0", 120, 80, 80 },
		{ "*:443", NET_HOST_ANY, "", 0, 443, 443 },
		{ "*:*", NET_HOST_ANY, "", 0, 1, 65535 },
		{ "example.org:443", NET_HOST_NAME, "example.org", 0, 443, 443 },
		{ "Registry.NPMJS.org.:443", NET_HOST_NAME, "registry.npmjs.org", 0, 443, 443 },
		{ "localhost:80", NET_HOST_NAME, "localhost", 0, 80, 80 },
		{ "xn--bcher-kva.example:8000-8080", NET_HOST_NAME, "xn--bcher-kva.example", 0, 8000, 8080 },
		{ "_srv.a-b.example:1", NET_HOST_NAME, "_srv.a-b.example", 0, 1, 1 },
		{ "3com.example1.4you:1", NET_HOST_NAME, "3com.example1.4you", 0, 1, 1 },
	};
	struct net_rule_error e;
	struct net_rule r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		if (net_rule__parse(good[i].text, &r, &e))
			fail_msg("%s: %s", good[i].text, e.text);
		assert_int_equal(r.host, good[i].host);
		assert_int_equal(r.port_first, good[i].first);
		assert_int_equal(r.port_last, good[i].last);
		if (r.host == NET_HOST_NAME)
			assert_string_equal(r.name, good[i].what);
		if (r.host != NET_HOST_ADDRESS)
			continue;
		struct in6_addr want = address(good[i].what);

		assert_memory_equal(&r.addr, &want, sizeof(want));
		assert_int_equal(r.prefix, good[i].prefix);
	}
}

static void refuses(void **state)
{
	static const struct { const char *text, *why; } bad[] = {
		{ "", "no port" }, { ":", "no port" }, { ":443", "no host" }, { ".:443", "no host" }, { "example.org", "no port" },
		{ "example.org:", "no port" }, { "192.0.2.1", "no port" }, { "[::1]", "no port" },
		{ "example.org:0", "no port" }, { "example.org:65536", "no port" }, { "example.org:http", "no port" },
		{ "example.org:-1", "no range" }, { "example.org:1-", "no range" }, { "example.org:9-1", "ends before it begins" },
		{ "example.org:1-65536", "no range" }, { "example.org:+1", "no port" }, { "example.org:1-2-3", "no range" },
		{ "example.org:99999999999999999999", "no port" }, { "example.org:0x50", "no port" }, { "example.org:00000001-2", "no port" },
		{ "https://example.org:443", "URL" }, { "user@example.org:443", "user name" }, { "example.org:443/path", "no port" },
		{ "2001:db8::1:443", "in brackets" }, { "[2001:db8::1:443", "no ']'" }, { "[2001:db8::1]443", "after ']'" },
		{ "[2001:db8::1]x:443", "after ']'" }, { "[example.org]:443", "no IPv6 address" }, { "[192.0.2.1]:443", "no IPv6 address" },
		{ "[fe80::1%eth0]:80", "zone" }, { "[::1/64]/64:80", "after ']'" },
		{ "192.0.2.1/24:80", "beyond its prefix" }, { "[2001:db8::1]/64:80", "beyond its prefix" }, { "192.0.2.0/33:80", "at most 32" },
		{ "192.0.2.0/:80", "no prefix" }, { "192.0.2.0/024:80", "no prefix" }, { "[::]/129:80", "no prefix" },
		{ "192.0.2.0/255.255.255.0:80", "no prefix" }, { "[::ffff:0:0/90]:80", "at least /96" }, { "*/0:80", "a name with a prefix" },
		{ "0.0.0.0:80", "no destination" }, { "[::]:80", "no destination" }, { "[::ffff:0.0.0.0]:80", "no destination" },
		{ "example.org/24:80", "a name with a prefix" }, { "*.example.org:443", "pattern" }, { "exa*:443", "pattern" },
		/* numbers that a resolver would take for an address */
		{ "2130706433:80", "a number" }, { "0x7f000001:80", "a number" }, { "0x7f.1:80", "a number" }, { "127.1:80", "a number" },
		{ "0177.0.0.1:80", "a number" }, { "127.0.0.01:80", "a number" }, { "256.0.0.1:80", "a number" }, { "1.2.3.4.5:80", "a number" },
		{ "127.0.0.1.:80", "a number" }, { "a.0x:80", "a number" },
		{ "a..b:80", "empty or overlong" }, { "-a.b:80", "a character" }, { "a-.b:80", "ends in '-'" }, { "a b:80", "a space" },
		{ "a\tb:80", "control" }, { "a\033[1m:80", "control" }, { "b\xc3\xbc" "cher.example:80", "not ASCII" }, { "a;b:80", "a character" },
		{ "a:\xc2\x9b", "'?\?'" },
		{ "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg.org:80", "overlong" },
	};
	char *big = malloc(1 << 20);
	struct net_rule_error e;
	struct net_rule r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (!net_rule__parse(bad[i].text, &r, &e))
			fail_msg("'%s' is taken", bad[i].text);
		if (!strstr(e.text, bad[i].why))
			fail_msg("'%s': '%s', not '%s'", bad[i].text, e.text, bad[i].why);
		for (const char *c = e.text; *c; c++)
			assert_in_range(*c, ' ', '~');
	}
	memset(big, 'a', (1 << 20) - 1);
	big[(1 << 20) - 1] = 0;
	assert_int_equal(net_rule__parse(big, &r, &e), -EINVAL);
	strcpy(big + 300, ":80"); /* shorter than the bound on rules, longer than a name */
	for (int i = 50; i < 300; i += 50)
		big[i] = '.';
	assert_int_equal(net_rule__parse(big, &r, &e), -EINVAL);
	assert_non_null(strstr(e.text, "longer than 253"));
	free(big);
}

static void suggests(void **state)
{
	struct net_rule_error e;
	struct net_rule r;

	(void)state;
	assert_int_equal(net_rule__parse("192.0.2.77/24:80", &r, &e), -EINVAL);
	assert_string_equal(e.hint, "write 192.0.2.0/24, or leave the prefix out");
}

static void guards(void **state)
{
	static const struct { const char *addr, *why; } t[] = {
		{ "127.0.0.1", "loopback" }, { "127.255.255.255", "loopback" }, { "128.0.0.0", NULL }, { "126.255.255.255", NULL },
		{ "9.255.255.255", NULL }, { "10.0.0.0", "private" }, { "10.255.255.255", "private" }, { "11.0.0.0", NULL },
		{ "172.15.255.255", NULL }, { "172.16.0.0", "private" }, { "172.31.255.255", "private" }, { "172.32.0.0", NULL },
		{ "192.167.255.255", NULL }, { "192.168.0.0", "private" }, { "192.169.0.0", NULL },
		{ "169.253.255.255", NULL }, { "169.254.0.1", "link-local" }, { "169.254.169.254", "metadata" }, { "169.255.0.0", NULL },
		{ "100.63.255.255", NULL }, { "100.64.0.0", "carriers" }, { "100.100.100.200", "metadata" }, { "100.128.0.0", NULL },
		{ "168.63.129.16", "metadata" }, { "168.63.129.17", NULL }, { "192.0.0.8", "reserved" }, { "192.0.1.0", NULL },
		{ "198.17.255.255", NULL }, { "198.18.0.1", "benchmarks" }, { "198.20.0.0", NULL }, { "0.0.0.0", "unspecified" },
		{ "0.1.2.3", "unspecified" }, { "1.0.0.0", NULL }, { "223.255.255.255", NULL }, { "224.0.0.1", "multicast" },
		{ "240.0.0.1", "broadcast" }, { "255.255.255.255", "broadcast" }, { "1.1.1.1", NULL },
		{ "::", "unspecified" }, { "::1", "loopback" }, { "::2", "unspecified" }, { "fe80::1", "link-local" }, { "febf::1", "link-local" },
		{ "fec0::1", "site-local" }, { "fc00::1", "unique local" }, { "fd00:ec2::254", "metadata" }, { "fd00:ec2::255", "unique local" },
		{ "fe00::1", NULL }, { "ff02::1", "multicast" }, { "100::1", "discarded" }, { "100:0:0:1::1", NULL }, { "2606:4700::1", NULL },
		{ "::ffff:127.0.0.1", "loopback" }, { "::ffff:1.1.1.1", NULL }, { "::ffff:0:10.0.0.1", "private" }, { "::10.0.0.1", "private" },
		{ "::1.1.1.1", NULL }, { "2002:c0a8:101::", "private" }, { "2002:101:101::", NULL }, { "64:ff9b::192.168.0.1", "private" },
		{ "64:ff9b::1.1.1.1", NULL }, { "64:ff9b:1::1.1.1.1", "local NAT64" }, { "2001:db8::5efe:10.0.0.1", "private" },
		{ "2001:db8::200:5efe:1.1.1.1", NULL }, { "2001:db8::200:5efe:127.0.0.1", "loopback" },
		{ "2001:0:1:2:3:4:f5ff:fffe", "private" }, { "2001:0:1:2:3:4:fefe:fefe", NULL }, { "2001:1::a00:1", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct in6_addr a = address(t[i].addr);
		const char *why = net_addr__reserved(&a);

		if (!t[i].why != !why || (why && !strstr(why, t[i].why)))
			fail_msg("%s: %s", t[i].addr, why ? why : "nothing");
	}
}

/* What a trie of the networks says: of what hides an IPv4 address, NAT64 and ISATAP aside, no more than net_addr__reserved(). */
static void reserved_networks(void **state)
{
	static const char *const names[] = { "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "168.63.129.16",
		"169.254.0.1", "172.16.0.1", "192.0.0.8", "192.168.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::",
		"::1", "100::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "64:ff9b:1::1.1.1.1", "1.1.1.1", "9.9.9.9",
		"203.0.113.7", "2606:4700::1", "2001:db9::1", "172.32.0.0", "2001:1::1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct in6_addr a = address(names[i]), network;
		bool covered = false;
		uint8_t prefix;

		for (size_t n = 0; net_addr__reserved_network(n, &network, &prefix); n++) {
			bool in = true;

			for (int bit = 0; bit < prefix; bit++)
				in = in && !((a.s6_addr[bit / 8] ^ network.s6_addr[bit / 8]) >> (7 - bit % 8) & 1);
			covered = covered || in;
		}
		if (covered != (net_addr__reserved(&a) != NULL))
			fail_msg("%s: %s", names[i], covered ? "covered" : "not covered");
	}
}

static void names_as_sent(void **state)
{
	uint8_t wire[NET_WIRE_NAME];
	char longest[260] = "";

	(void)state;
	assert_true(net_name__wire("Pkg.Example", wire));
	assert_memory_equal(wire, "\3pkg\7example\0\0", 14);
	assert_true(net_name__wire("a", wire));
	assert_memory_equal(wire, "\1a\0", 3);
	assert_true(net_name__wire("b.", wire));
	assert_memory_equal(wire, "\1b\0", 3);
	assert_false(net_name__wire("", wire));
	assert_false(net_name__wire("a..b", wire));
	assert_false(net_name__wire(".a", wire));
	memset(longest, 'x', 63);
	assert_true(net_name__wire(longest, wire));
	longest[63] = 'x';
	assert_false(net_name__wire(longest, wire));
	/* 255 bytes with all lengths is the limit */
	for (int i = 0; i < 126; i++)
		memcpy(longest + 2 * i, "y.", 3);
	strcpy(longest + 252, "y");
	assert_int_equal(strlen(longest), 253);
	assert_true(net_name__wire(longest, wire));
	assert_int_equal(wire[254], 0);
	strcpy(longest + 252, "yy");
	assert_false(net_name__wire(longest, wire));
}

static void resolvers(void **state)
{
	struct in6_addr v[3], want;
	char buf[INET6_ADDRSTRLEN];

	(void)state;
	assert_int_equal(net_resolvers__read("", v, 0, 3), 0);
	assert_int_equal(net_resolvers__read("# nameserver 192.0.2.1\n;nameserver 192.0.2.2\nnameservers 192.0.2.3\nnameserver\nnameserver \n"
					     " nameserver 192.0.2.4\nnameserver 192.0.2\nnameserver x\nnameserver 1::2::3\n"
					     "nameserver 1111:1111:1111:1111:1111:1111:1111:1111:1111:1111\n", v, 0, 3), 0);
	assert_int_equal(net_resolvers__read("search a b\nnameserver 127.0.0.53 # stub\r\nnameserver\t fe80::1%eth0\nnameserver 127.0.0.53",
					     v, 0, 3), 2);
	assert_string_equal(net_addr__print(&v[0], buf), "127.0.0.53");
	assert_string_equal(net_addr__print(&v[1], buf), "fe80::1");
	/* a second file's come after, each once, as far as there is room */
	assert_int_equal(net_resolvers__read("nameserver fe80::1\nnameserver 192.0.2.1\nnameserver 192.0.2.2\n", v, 2, 3), 3);
	want = address("192.0.2.1");
	assert_memory_equal(&v[2], &want, sizeof(want));
}

/* The decision bit by bit, from the text of the rule on: shares no code with the real one but the reading. */
static bool oracle(const struct net_entry *e, const struct in6_addr *a, uint16_t port)
{
	static const uint8_t head[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255 };
	bool entry_v4 = true, addr_v4 = true, zero = true;
	int from;

	for (int i = 0; i < 12; i++) {
		entry_v4 = entry_v4 && e->addr.s6_addr[i] == head[i];
		addr_v4 = addr_v4 && a->s6_addr[i] == head[i];
	}
	entry_v4 = entry_v4 && e->prefix >= 96;
	from = addr_v4 ? 96 : 0;
	for (int i = from; i < 128; i++)
		zero = zero && !(a->s6_addr[i / 8] >> (7 - i % 8) & 1);
	if (entry_v4 != addr_v4 || (zero && e->prefix > from) || port < e->port_first || port > e->port_last)
		return false;
	for (int i = 0; i < e->prefix; i++)
		if ((a->s6_addr[i / 8] >> (7 - i % 8) & 1) != (e->addr.s6_addr[i / 8] >> (7 - i % 8) & 1))
			return false;
	return true;
}

/* Few distinct bytes, so that rules and addresses meet. */
static struct in6_addr random_address(void)
{
	static const char *const some[] = { "::", "0.0.0.0", "::1", "127.0.0.1", "10.0.0.1", "::ffff:ffff", "2001:db8::1" };
	struct in6_addr a = address(some[rand() % (int)ARRAY_SIZE(some)]);

	for (int n = rand() % 4; n; n--)
		a.s6_addr[8 + rand() % 8] ^= (uint8_t)(1 << rand() % 8);
	return a;
}

static void decides(void **state)
{
	struct net_entry v[8];
	struct net_plan n = { .v = v };
	unsigned int hits = 0;

	(void)state;
	srand(1);
	for (int round = 0; round < 200000; round++) {
		struct in6_addr a = random_address();
		const struct net_entry *got, *want = NULL;
		uint16_t port = (uint16_t)(rand() % 6);

		n.n = (size_t)(rand() % 8);
		for (size_t i = 0; i < n.n; i++) {
			v[i].addr = rand() % 3 ? random_address() : a;
			v[i].port_first = (uint16_t)(1 + rand() % 4);
			v[i].port_last = (uint16_t)(v[i].port_first + rand() % 3);
			v[i].prefix = (uint8_t)(rand() % 2 ? rand() % 129 : 96 * (rand() % 2));
			if (net_addr__is_v4(&v[i].addr) && v[i].prefix < 96)
				v[i].prefix = 128; /* the reader refuses such */
			for (int bit = v[i].prefix; bit < 128; bit++)
				v[i].addr.s6_addr[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
			if (!want && oracle(&v[i], &a, port))
				want = &v[i];
		}
		got = network__match(&n, &a, port);
		if (got != want) {
			char buf[INET6_ADDRSTRLEN];

			fail_msg("%s port %u: %zd, wanted %zd", net_addr__print(&a, buf), port, got ? got - v : -1, want ? want - v : -1);
		}
		hits += !!want;
	}
	/* neither always nor never */
	assert_in_range(hits, 20000, 180000);
}

static void hosts(void **state)
{
	static const char good[] = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
				   "192.0.2.1\ta.test\n2001:db8::1\ta.test\n192.0.2.1\tb.test\n";
	struct net_entry v[] = {
		{ .addr = address("192.0.2.1"), .name = "a.test" }, { .addr = address("2001:db8::1"), .name = "a.test" },
		{ .addr = address("192.0.2.9") }, { .addr = address("192.0.2.1"), .name = "b.test" },
		{ .addr = address("192.0.2.1"), .name = "a.test", .port_first = 9 },
	};
	struct net_plan n = { .v = v, .n = ARRAY_SIZE(v) };
	_cleanup_(free) char *text = net_hosts__text(&n);

	(void)state;
	assert_string_equal(text, good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads), cmocka_unit_test(refuses), cmocka_unit_test(suggests), cmocka_unit_test(guards),
		cmocka_unit_test(reserved_networks), cmocka_unit_test(names_as_sent), cmocka_unit_test(resolvers),
		cmocka_unit_test(decides), cmocka_unit_test(hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
