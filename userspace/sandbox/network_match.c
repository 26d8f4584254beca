/* SPDX-License-Identifier: Apache-2.0 */
#include "network_rule.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

#define MAX_RULE 512

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

bool net_addr__is_v4(const struct in6_addr *addr)
{
	return !memcmp(addr, mapped, sizeof(mapped));
}

void net_addr__from_v4(struct in6_addr *ret, const void *v4)
{
	memcpy(ret, mapped, sizeof(mapped));
	memcpy(&ret->s6_addr[12], v4, 4);
}

const char *net_addr__print(const struct in6_addr *addr, char *buf)
{
	if (net_addr__is_v4(addr))
		inet_ntop(AF_INET, &addr->s6_addr[12], buf, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, addr, buf, INET6_ADDRSTRLEN);
	return buf;
}

static bool prefix_equal(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int rest = bits % 8;

	if (memcmp(a, b, bits / 8))
		return false;
	return !rest || !((a[bits / 8] ^ b[bits / 8]) >> (8 - rest));
}

static bool unspecified(const struct in6_addr *addr)
{
	static const uint8_t zero[16];

	return !memcmp(addr, zero, 16) || (net_addr__is_v4(addr) && !memcmp(&addr->s6_addr[12], zero, 4));
}

bool net_entry__covers(const struct net_entry *entry, const struct in6_addr *addr)
{
	bool v4 = net_addr__is_v4(addr);

	if (v4 != (entry->prefix >= 96 && net_addr__is_v4(&entry->addr)))
		return false;
	/*
	 * The kernel makes of 0.0.0.0 and :: the loopback address, or the one that the socket is bound to: unless every
	 * address is allowed, nobody can say which one this would be.
	 */
	if (unspecified(addr) && entry->prefix != (v4 ? 96 : 0))
		return false;
	return prefix_equal(entry->addr.s6_addr, addr->s6_addr, entry->prefix);
}

const struct net_entry *network__match(const struct net_plan *n, const struct in6_addr *addr, uint16_t port)
{
	for (size_t i = 0; i < n->n; i++)
		if (port >= n->v[i].port_first && port <= n->v[i].port_last && net_entry__covers(&n->v[i], addr))
			return &n->v[i];
	return NULL;
}

/* ---- addresses that a name must not stand for ---------------------------------------------------------------- */

struct reserved {
	uint8_t addr[16];
	uint8_t prefix;
	const char *what;
};

static const struct reserved reserved_v4[] = {
	{ { 168, 63, 129, 16 }, 32, "a cloud's metadata service" },
	{ { 169, 254, 169, 254 }, 32, "a cloud's metadata service" },
	{ { 100, 100, 100, 200 }, 32, "a cloud's metadata service" },
	{ { 192, 0, 0, 192 }, 32, "a cloud's metadata service" },
	{ { 0 }, 8, "unspecified" },
	{ { 10 }, 8, "private" },
	{ { 100, 64 }, 10, "private (shared by carriers)" },
	{ { 127 }, 8, "loopback" },
	{ { 169, 254 }, 16, "link-local" },
	{ { 172, 16 }, 12, "private" },
	{ { 192, 0, 0 }, 24, "reserved" },
	{ { 192, 168 }, 16, "private" },
	{ { 198, 18 }, 15, "reserved for benchmarks" },
	{ { 224 }, 4, "multicast" },
	{ { 240 }, 4, "reserved or broadcast" },
};

static const struct reserved reserved_v6[] = {
	{ { 0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54 }, 128, "a cloud's metadata service" },
	{ { 0 }, 128, "unspecified" },
	{ { [15] = 1 }, 128, "loopback" },
	{ { 0x01 }, 64, "discarded" },
	{ { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48, "a local NAT64" },
	{ { 0xfe, 0x80 }, 10, "link-local" },
	{ { 0xfe, 0xc0 }, 10, "private (site-local)" },
	{ { 0xfc }, 7, "private (unique local)" },
	{ { 0xff }, 8, "multicast" },
};

static const char *look_up(const struct reserved *t, size_t n, const uint8_t *addr)
{
	for (size_t i = 0; i < n; i++)
		if (prefix_equal(t[i].addr, addr, t[i].prefix))
			return t[i].what;
	return NULL;
}

bool net_addr__reserved_network(size_t i, struct in6_addr *ret, uint8_t *ret_prefix)
{
	/* forms with an IPv4 address inside; NAT64 is not among them: its network is how IPv6 hosts reach IPv4 */
	static const struct reserved hidden[] = {
		{ { 0 }, 96, "compatible" },
		{ { [8] = 0xff, 0xff }, 96, "translated" },
		{ { 0x20, 0x02 }, 16, "6to4" },
		{ { 0x20, 0x01 }, 32, "Teredo" },
	};

	if (i < ARRAY_SIZE(reserved_v4)) {
		net_addr__from_v4(ret, reserved_v4[i].addr);
		*ret_prefix = (uint8_t)(96 + reserved_v4[i].prefix);
		return true;
	}
	i -= ARRAY_SIZE(reserved_v4);
	if (i >= ARRAY_SIZE(reserved_v6) + ARRAY_SIZE(hidden))
		return false;
	const struct reserved *r = i < ARRAY_SIZE(reserved_v6) ? &reserved_v6[i] : &hidden[i - ARRAY_SIZE(reserved_v6)];

	memcpy(ret, r->addr, sizeof(*ret));
	*ret_prefix = r->prefix;
	return true;
}

const char *net_addr__embedded(const struct in6_addr *addr, struct in_addr *ret_v4)
{
	static const struct { uint8_t at, len, bytes[12], v4_at; const char *how; } forms[] = {
		{ 0, 12, { [10] = 0xff, 0xff }, 12, "mapped" },
		{ 0, 12, { [8] = 0xff, 0xff }, 12, "translated" },
		{ 0, 12, { 0 }, 12, "compatible" },
		{ 0, 2, { 0x20, 0x02 }, 2, "6to4" },
		{ 0, 12, { 0x00, 0x64, 0xff, 0x9b }, 12, "NAT64" },
		{ 8, 4, { 0x00, 0x00, 0x5e, 0xfe }, 12, "ISATAP" },
		{ 8, 4, { 0x02, 0x00, 0x5e, 0xfe }, 12, "ISATAP" },
		{ 0, 4, { 0x20, 0x01 }, 12, "Teredo" },
	};
	const uint8_t *a = addr->s6_addr;
	uint8_t v4[4];

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (memcmp(a + forms[i].at, forms[i].bytes, forms[i].len))
			continue;
		memcpy(v4, a + forms[i].v4_at, 4);
		if (!strcmp(forms[i].how, "Teredo")) /* the client's address, each bit flipped */
			for (int j = 0; j < 4; j++)
				v4[j] = (uint8_t)~v4[j];
		memcpy(ret_v4, v4, 4);
		return forms[i].how;
	}
	return NULL;
}

const char *net_addr__reserved(const struct in6_addr *addr)
{
	const char *what = NULL;
	struct in_addr v4;

	if (!net_addr__is_v4(addr))
		what = look_up(reserved_v6, ARRAY_SIZE(reserved_v6), addr->s6_addr);
	if (!what && net_addr__embedded(addr, &v4))
		what = look_up(reserved_v4, ARRAY_SIZE(reserved_v4), (const uint8_t *)&v4);
	return what;
}

/* ---- what is written ----------------------------------------------------------------------------------------- */

struct parser {
	char host[MAX_RULE];
	const char *port;
	bool brackets;
	long prefix;		/* -1: none */
	struct net_rule *rule;
	struct net_rule_error *error;
};

static int __attribute__((format(printf, 3, 4))) refuse(struct parser *p, const char *hint, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->error->text, sizeof(p->error->text), fmt, ap);
	va_end(ap);
	for (char *c = p->error->text; *c; c++)
		if (*c < ' ' || *c >= 0x7f)
			*c = '?';
	snprintf(p->error->hint, sizeof(p->error->hint), "%s", hint);
	return -EINVAL;
}

static bool is_number(const char *s)
{
	return *s && !s[strspn(s, "0123456789")];
}

static int parse_port(struct parser *p, const char *s)
{
	static const char hint[] = "a port is a number from 1 to 65535, a range 8000-8080, or * for every port";
	char first[8];
	const char *dash = strchr(s, '-');
	uint64_t a, b;

	if (!strcmp(s, "*")) {
		p->rule->port_first = 1;
		p->rule->port_last = UINT16_MAX;
		return 0;
	}
	if (dash && (size_t)(dash - s) < sizeof(first)) {
		memcpy(first, s, (size_t)(dash - s));
		first[dash - s] = 0;
		if (parse_u64(first, 1, UINT16_MAX, &a) || parse_u64(dash + 1, 1, UINT16_MAX, &b))
			return refuse(p, hint, "'%.32s' is no range of ports", s);
		if (a > b)
			return refuse(p, "", "the range of ports %s ends before it begins", s);
	} else {
		if (parse_u64(s, 1, UINT16_MAX, &a))
			return refuse(p, hint, *s ? "'%.32s' is no port" : "it has no port", s);
		b = a;
	}
	p->rule->port_first = (uint16_t)a;
	p->rule->port_last = (uint16_t)b;
	return 0;
}

/* "/64" as digits; a leading zero could be meant as octal. */
static int parse_prefix(struct parser *p, const char *s)
{
	uint64_t v;

	if (parse_u64(s, 0, 128, &v) || (s[0] == '0' && s[1]))
		return refuse(p, "the prefix of a network is 0 to 32, for IPv6 0 to 128", "'/%.32s' is no prefix", s);
	p->prefix = (long)v;
	return 0;
}

/* Splits TEXT into host, prefix and port. */
static int split(struct parser *p, const char *text)
{
	char *slash, *colon;

	if (strstr(text, "://"))
		return refuse(p, "write the host and the port alone: example.org:443", "it is a URL");
	if (strchr(text, '@'))
		return refuse(p, "write the host and the port alone", "it has a user name");
	snprintf(p->host, sizeof(p->host), "%s", text);
	if (p->host[0] == '[') {
		char *end = strchr(p->host, ']');

		if (!end)
			return refuse(p, "write [2001:db8::1]:443", "its '[' has no ']'");
		*end++ = 0;
		memmove(p->host, p->host + 1, strlen(p->host + 1) + 1);
		p->brackets = true;
		slash = strchr(p->host, '/');
		colon = strchr(end, ':');
		if (colon)
			*colon++ = 0;
		if (*end == '/' && !slash)
			slash = end;
		else if (*end)
			return refuse(p, "write [2001:db8::1]:443", "after ']' stands something else than a port");
	} else {
		colon = strrchr(p->host, ':');
		if (colon && strchr(p->host, ':') != colon)
			return refuse(p, "write [2001:db8::1]:443", "an IPv6 address stands in brackets");
		if (colon)
			*colon++ = 0;
		slash = strchr(p->host, '/');
	}
	if (slash)
		*slash++ = 0;
	p->port = colon ? colon : "";
	if (!colon)
		return refuse(p, "add a port, a range 1-9, or * for every port: example.org:443", "it has no port");
	return slash ? parse_prefix(p, slash) : 0;
}

/* An IPv4 address in another dress: what inet_aton takes and a resolver would make one of. */
static bool ends_in_number(const char *host)
{
	const char *last = strrchr(host, '.');

	last = last ? last + 1 : host;
	return is_number(last) || (last[0] == '0' && last[1] == 'x' && !last[2 + strspn(last + 2, "0123456789abcdef")]);
}

static int check_name(struct parser *p)
{
	char *host = p->host;
	size_t len = strlen(host), label = 0;

	if (len && host[len - 1] == '.')
		host[--len] = 0;
	for (char *c = host; *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
	if (!len)
		return refuse(p, "write example.org:443, 192.0.2.1:443 or *:443", "it has no host");
	if (len > NET_MAX_NAME)
		return refuse(p, "", "its host name is longer than %d bytes", NET_MAX_NAME);
	if (p->prefix >= 0)
		return refuse(p, "only an address has a prefix: 192.0.2.0/24:443", "a name with a prefix");
	if (p->brackets)
		return refuse(p, "", "what stands in brackets is no IPv6 address");
	if (strchr(host, '*'))
		return refuse(p, "list each name: names are resolved before the start, and a pattern has no address",
			      "a pattern of names cannot be enforced");
	if (ends_in_number(host))
		return refuse(p, "write an IPv4 address as four decimal numbers without leading zeros: 192.0.2.1",
			      "its host is a number, but no IPv4 address");
	for (const char *c = host; ; c++) {
		if (*c == '.' || !*c) {
			if (!label || label > 63 || c[-1] == '-')
				return refuse(p, "", "its host name has an empty or overlong label, or one that ends in '-'");
			label = 0;
			if (!*c)
				break;
			continue;
		}
		if (*c & 0x80)
			return refuse(p, "write it as it stands in DNS: xn--...", "its host name is not ASCII");
		if (!isalnum((unsigned char)*c) && *c != '_' && (*c != '-' || !label))
			return refuse(p, "", "its host name has a character that names do not have");
		label++;
	}
	p->rule->host = NET_HOST_NAME;
	memcpy(p->rule->name, host, len + 1);
	return 0;
}

static int check_address(struct parser *p, bool v4)
{
	struct net_rule *r = p->rule;
	unsigned int first = v4 ? 96 : 0, bits;
	struct in6_addr clean = { 0 };
	char buf[INET6_ADDRSTRLEN];

	if (v4 && p->prefix > 32)
		return refuse(p, "", "an IPv4 prefix is at most 32");
	bits = p->prefix < 0 ? 128 : (unsigned int)p->prefix + first;
	if (!v4 && net_addr__is_v4(&r->addr) && bits < 96)
		return refuse(p, "write the IPv4 network as such: 192.0.2.0/24:443", "a mapped IPv4 address has at least /96");
	for (unsigned int i = 0; i < bits; i++)
		clean.s6_addr[i / 8] |= (uint8_t)(r->addr.s6_addr[i / 8] & 0x80 >> i % 8);
	if (memcmp(&clean, &r->addr, 16)) {
		char hint[96];

		snprintf(hint, sizeof(hint), "write %s/%ld, or leave the prefix out", net_addr__print(&clean, buf), p->prefix);
		return refuse(p, hint, "the address has bits beyond its prefix");
	}
	r->host = NET_HOST_ADDRESS;
	r->prefix = (uint8_t)bits;
	if (unspecified(&r->addr) && bits == 128)
		return refuse(p, "write 127.0.0.1 or [::1] for this host, 0.0.0.0/0 or [::]/0 for every address",
			      "the unspecified address is no destination");
	return 0;
}

static int parse_host(struct parser *p)
{
	struct in_addr v4;

	if (!p->brackets && !strcmp(p->host, "*") && p->prefix < 0) {
		p->rule->host = NET_HOST_ANY;
		return 0;
	}
	if (!p->brackets && inet_pton(AF_INET, p->host, &v4) == 1) {
		net_addr__from_v4(&p->rule->addr, &v4);
		return check_address(p, true);
	}
	if (p->brackets && strchr(p->host, '%'))
		return refuse(p, "leave out what begins with '%'", "an address with a zone");
	if (p->brackets && inet_pton(AF_INET6, p->host, &p->rule->addr) == 1)
		return check_address(p, false);
	return check_name(p);
}

int net_rule__parse(const char *text, struct net_rule *ret, struct net_rule_error *ret_error)
{
	struct parser p = { .prefix = -1, .rule = ret, .error = ret_error };
	int err;

	memset(ret, 0, sizeof(*ret));
	memset(ret_error, 0, sizeof(*ret_error));
	/* a name's check finds bytes above 0x7f */
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if (*c <= ' ' || *c == 0x7f)
			return refuse(&p, "write HOST:PORT, without spaces", "it has a space or a control character");
	if (strlen(text) >= MAX_RULE)
		return refuse(&p, "", "it is longer than %d bytes", MAX_RULE - 1);
	err = split(&p, text);
	if (!err)
		err = parse_port(&p, p.port);
	return err ? err : parse_host(&p);
}

/* ---- /etc/hosts ---------------------------------------------------------------------------------------------- */

char *net_hosts__text(const struct net_plan *n)
{
	static const char own[] = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
	char addr[INET6_ADDRSTRLEN], *text = NULL;
	size_t size;
	FILE *f;
	bool bad;

	if (!n->n)
		return strdup(own);
	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	fputs(own, f);
	for (size_t i = 0; i < n->n; i++) {
		bool again = false;

		/* a name with two rules has each of its addresses twice */
		for (size_t j = 0; j < i && n->v[i].name && !again; j++)
			again = n->v[j].name && !memcmp(&n->v[j].addr, &n->v[i].addr, 16) && !strcmp(n->v[j].name, n->v[i].name);
		if (n->v[i].name && !again)
			fprintf(f, "%s\t%s\n", net_addr__print(&n->v[i].addr, addr), n->v[i].name);
	}
	bad = ferror(f);
	if (fclose(f) || bad) {
		free(text);
		return NULL;
	}
	return text;
}
