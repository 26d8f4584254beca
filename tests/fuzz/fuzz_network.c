/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as a network rule: what is taken is well-formed, says the same when it is written out again, and what is refused
 * has a reason that can be shown on a terminal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/network_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void printable(const char *s, size_t size)
{
	check(strnlen(s, size) < size);
	for (; *s; s++)
		check(*s >= ' ' && *s < 0x7f);
}

static void write_again(const struct net_rule *r, char *buf, size_t size)
{
	char addr[INET6_ADDRSTRLEN], host[300];

	net_addr__print(&r->addr, addr);
	if (r->host == NET_HOST_ANY)
		strcpy(host, "*");
	else if (r->host == NET_HOST_NAME)
		snprintf(host, sizeof(host), "%s", r->name);
	else if (net_addr__is_v4(&r->addr))
		snprintf(host, sizeof(host), "%s/%u", addr, r->prefix - 96);
	else
		snprintf(host, sizeof(host), "[%s]/%u", addr, r->prefix);
	snprintf(buf, size, "%s:%u-%u", host, r->port_first, r->port_last);
}

static void taken(const struct net_rule *r)
{
	struct net_rule_error e;
	struct net_rule again;
	char text[400];

	check(r->port_first >= 1 && r->port_first <= r->port_last && r->prefix <= 128);
	if (r->host == NET_HOST_NAME) {
		size_t len = strnlen(r->name, sizeof(r->name));

		check(len && len <= NET_MAX_NAME && r->name[len - 1] != '.');
		for (size_t i = 0; i < len; i++)
			check(strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.", r->name[i]));
	}
	write_again(r, text, sizeof(text));
	check(!net_rule__parse(text, &again, &e));
	check(again.host == r->host && again.prefix == r->prefix && again.port_first == r->port_first && again.port_last == r->port_last);
	check(!memcmp(&again.addr, &r->addr, sizeof(again.addr)) && !strcmp(again.name, r->name));
	if (r->host != NET_HOST_ADDRESS)
		return;

	struct net_entry entry = { .addr = r->addr, .prefix = r->prefix, .port_first = r->port_first, .port_last = r->port_last };
	struct net_plan plan = { .v = &entry, .n = 1 };

	/* the first address of a network is in it, but 0.0.0.0 and :: only when everything is */
	if (!net_addr__reserved(&r->addr) || strcmp(net_addr__reserved(&r->addr), "unspecified"))
		check(network__match(&plan, &r->addr, r->port_last) == &entry);
	check(!network__match(&plan, &r->addr, 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct net_rule_error e;
	struct net_rule r;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = 0;
	memset(&e, 'x', sizeof(e));
	if (!net_rule__parse(text, &r, &e)) {
		taken(&r);
	} else {
		check(*e.text);
		printable(e.text, sizeof(e.text));
		printable(e.hint, sizeof(e.hint));
	}
	if (size >= sizeof(struct in6_addr)) {
		char addr[INET6_ADDRSTRLEN];
		struct in6_addr a;
		struct in_addr v4;

		memcpy(&a, data, sizeof(a));
		net_addr__print(&a, addr);
		net_addr__reserved(&a);
		net_addr__embedded(&a, &v4);
	}
	free(text);
	return 0;
}
