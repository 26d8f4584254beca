/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about addresses: of a socket and the address that it is to be connected to, as the socket hooks judge them. */
#include "bpf_test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/util.h"

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un un;
};

static unsigned int judge_socket(int family, int type, int protocol, const void *addr, size_t len)
{
	struct ask *ask = &world.skel->bss->ask;
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	assert_true(fd >= 0);
	ask->at = (struct ask_place){ .fd = fd };
	memcpy(ask->addr, addr, len);
	ask->addr_len = (__u32)len;
	world__ask(&world, world.skel->progs.ask_connect);
	close(fd);
	assert_true(ask->found);
	assert_int_equal(ask->verdict, ask->act.verdict == EV_DENIED ? -EPERM : 0);
	return ask->act.verdict;
}

/* "1.2.3.4" to an IPv4 socket, "::1" to an IPv6 one. */
static unsigned int judge_text(const char *text, uint16_t port, int type)
{
	union address a = {};

	if (strchr(text, ':')) {
		a.v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(port) };
		assert_int_equal(inet_pton(AF_INET6, text, &a.v6.sin6_addr), 1);
		return judge_socket(AF_INET6, type, 0, &a, sizeof(a.v6));
	}
	a.v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
	assert_int_equal(inet_pton(AF_INET, text, &a.v4.sin_addr), 1);
	return judge_socket(AF_INET, type, 0, &a, sizeof(a.v4));
}

#define NET(list) "[network]\nallow = [" list "]\n"

static void test_addresses(void **state)
{
	static const struct {
		const char *addr;
		uint16_t port;
		int type;
		bool allowed;
	} v[] = {
		{ "127.0.0.1", 80, SOCK_STREAM, true },	       { "127.0.0.1", 80, SOCK_DGRAM, true },
		{ "127.0.0.1", 81, SOCK_STREAM, false },       { "127.0.0.2", 80, SOCK_STREAM, false },
		{ "::ffff:127.0.0.1", 80, SOCK_STREAM, true }, { "::ffff:127.0.0.1", 81, SOCK_STREAM, false },
		{ "::ffff:127.0.0.2", 80, SOCK_STREAM, false }, { "::127.0.0.1", 80, SOCK_STREAM, false },
		{ "::1", 80, SOCK_STREAM, false },	       { "10.1.2.3", 1, SOCK_STREAM, false },
		{ "10.1.2.3", 8000, SOCK_STREAM, true },       { "10.1.2.3", 8080, SOCK_STREAM, true },
		{ "10.1.2.3", 8081, SOCK_STREAM, false },      { "10.1.2.3", 7999, SOCK_STREAM, false },
		{ "10.9.0.1", 53, SOCK_DGRAM, true },	       { "10.9.0.1", 8001, SOCK_DGRAM, true },
		{ "10.10.0.1", 53, SOCK_DGRAM, false },	       { "11.0.0.1", 8000, SOCK_STREAM, false },
		{ "2001:db8::5", 443, SOCK_STREAM, true },     { "2001:db8:0:1::5", 443, SOCK_STREAM, false },
		/* a datagram socket to port 0 asks which way a packet would take: to be known of what may be sent to at all */
		{ "10.1.2.3", 0, SOCK_DGRAM, true },	       { "10.1.2.3", 0, SOCK_STREAM, false },
		{ "11.1.2.3", 0, SOCK_DGRAM, false },
	};

	(void)state;
	enforce(NET("\"127.0.0.1:80\", \"10.0.0.0/8:8000-8080\", \"10.9.0.0/16:53\", \"[2001:db8::]/64:443\""));
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		if ((judge_text(v[i].addr, v[i].port, v[i].type) == EV_ALLOWED) != v[i].allowed)
			fail_msg("%s port %u is %s", v[i].addr, v[i].port, v[i].allowed ? "denied" : "allowed");
	enforce("[network]\nallow = false\n");
	assert_int_equal(judge_text("127.0.0.1", 80, SOCK_STREAM), EV_DENIED);
	enforce("[network]\nallow = true\n");
	assert_int_equal(judge_text("127.0.0.1", 81, SOCK_STREAM), EV_ALLOWED);
}

/* Sockets that no rule about addresses can judge, and addresses that the kernel would not take. */
static void test_sockets(void **state)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(80), .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(80), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "x" };

	(void)state;
	enforce(NET("\"127.0.0.1:80\""));
	assert_int_equal(judge_socket(AF_UNIX, SOCK_STREAM, 0, &un, sizeof(un)), EV_ALLOWED);
	assert_int_equal(judge_socket(AF_NETLINK, SOCK_RAW, 0, &un, 12), EV_ALLOWED);
	assert_int_equal(judge_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP, &v4, sizeof(v4)), EV_DENIED);
	assert_int_equal(judge_socket(AF_PACKET, SOCK_RAW, 0, &v4, sizeof(v4)), EV_DENIED);
	/* an IPv4 address on an IPv6 socket is what it says; without a scope an IPv6 one is taken */
	assert_int_equal(judge_socket(AF_INET6, SOCK_STREAM, 0, &v4, sizeof(v4)), EV_ALLOWED);
	assert_int_equal(judge_socket(AF_INET6, SOCK_STREAM, 0, &v6, 24), EV_DENIED);
	assert_int_equal(judge_socket(AF_INET6, SOCK_STREAM, 0, &v6, 20), EV_ALLOWED);
	/* AF_UNSPEC: an end of the connection */
	v4.sin_family = AF_UNSPEC;
	v4.sin_port = htons(81);
	assert_int_equal(judge_socket(AF_INET, SOCK_STREAM, 0, &v4, sizeof(v4)), EV_ALLOWED);
}

/* ---- any rules, any addresses ---------------------------------------------------------------------------------- */

enum { N_RULES = 8, N_ADDRESSES = 150 };
struct net {
	bool v6;
	uint8_t addr[16]; /* of IPv4 four */
	unsigned int bits, first, last;
};

/* Out of few, so that one lies in another. */
static void any_address(struct net *n)
{
	*n = (struct net){ .v6 = any(2) };
	n->addr[0] = n->v6 ? 0x20 : 10;
	for (unsigned int i = 1; i < (n->v6 ? 16 : 4); i++)
		n->addr[i] = any(3) ? 0 : (uint8_t)(1U << any(8));
}

static void any_net(struct net *n)
{
	unsigned int size;

	any_address(n);
	size = n->v6 ? 128 : 32;
	n->bits = any(3) ? any(size + 1) : size;
	for (unsigned int bit = n->bits; bit < size; bit++)
		n->addr[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
	n->first = any(3) ? 1 + any(20) : 1;
	n->last = n->first == 1 && any(2) ? 65535 : n->first + any(3) * any(10);
}

static void add_text(char *to, const struct net *n)
{
	char addr[INET6_ADDRSTRLEN];

	inet_ntop(n->v6 ? AF_INET6 : AF_INET, n->addr, addr, sizeof(addr));
	sprintf(to + strlen(to), n->v6 ? "\"[%s]/%u:%u-%u\", " : "\"%s/%u:%u-%u\", ", addr, n->bits, n->first, n->last);
}

/* An unspecified address is this host, which only a rule for every address means. */
static bool covers(const struct net *n, const struct net *a, unsigned int port)
{
	static const uint8_t unspecified[16];

	if (n->bits && !memcmp(a->addr, unspecified, sizeof(unspecified)))
		return false;
	if (n->v6 != a->v6 || port < n->first || port > n->last)
		return false;
	for (unsigned int bit = 0; bit < n->bits; bit++)
		if ((n->addr[bit / 8] ^ a->addr[bit / 8]) & 0x80 >> bit % 8)
			return false;
	return true;
}

/* An IPv4 one written in either way. */
static unsigned int judge_address(const struct net *a, uint16_t port)
{
	char text[INET6_ADDRSTRLEN + 8], addr[INET6_ADDRSTRLEN];

	inet_ntop(a->v6 ? AF_INET6 : AF_INET, a->addr, addr, sizeof(addr));
	snprintf(text, sizeof(text), "%s%s", !a->v6 && any(2) ? "::ffff:" : "", addr);
	return judge_text(text, port, any(2) ? SOCK_STREAM : SOCK_DGRAM);
}

static void test_any_addresses(void **state)
{
	struct net rules[N_RULES], a;
	unsigned int seen[2] = { 0 };
	char policy[2048];

	(void)state;
	for (unsigned int round = 0; round < rounds(60); round++) {
		strcpy(policy, "[network]\nallow = [");
		for (unsigned int i = 0; i < N_RULES; i++) {
			any_net(&rules[i]);
			add_text(policy, &rules[i]);
		}
		strcat(policy, "]\n");
		enforce(policy);
		for (unsigned int i = 0; i < N_ADDRESSES; i++) {
			unsigned int port = 1 + any(30), allowed = 0;

			any_address(&a);
			if (any(2)) /* as near to a rule as can be */
				a = rules[any(N_RULES)];
			for (unsigned int k = 0; k < N_RULES; k++)
				allowed |= covers(&rules[k], &a, port);
			if ((judge_address(&a, (uint16_t)port) == EV_ALLOWED) != allowed)
				fail_msg("%s\n%02x%02x%02x%02x (IPv%d) port %u should be %s", policy, a.addr[0], a.addr[1],
					 a.addr[2], a.addr[3], a.v6 ? 6 : 4, port, allowed ? "allowed" : "denied");
			seen[allowed]++;
		}
	}
	assert_true(seen[0] > 1000 && seen[1] > 1000);
}

int run_net_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses), cmocka_unit_test(test_sockets), cmocka_unit_test(test_any_addresses),
	};

	return cmocka_run_group_tests_name("rules about addresses", tests, NULL, NULL);
}
