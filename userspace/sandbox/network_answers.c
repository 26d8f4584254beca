/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs that take DNS answers apart are told: the names of rules as questions have them, and whose answers count. Pure. */
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "network_rule.h"

bool net_name__wire(const char *name, uint8_t ret[NET_WIRE_NAME])
{
	size_t at = 0;

	memset(ret, 0, NET_WIRE_NAME);
	while (*name) {
		size_t n = strcspn(name, ".");

		if (!n || n > 63 || at + 1 + n + 1 > 255)
			return false;
		ret[at++] = (uint8_t)n;
		for (size_t i = 0; i < n; i++)
			ret[at++] = (uint8_t)tolower((unsigned char)name[i]);
		name += n + (name[n] == '.');
	}
	return at > 0;
}

static bool has(const struct in6_addr *v, size_t n, const struct in6_addr *addr)
{
	for (size_t i = 0; i < n; i++)
		if (!memcmp(&v[i], addr, sizeof(*addr)))
			return true;
	return false;
}

static bool parse_address(const char *word, size_t len, struct in6_addr *ret)
{
	char text[INET6_ADDRSTRLEN];
	struct in_addr v4;

	len = strnlen(word, len);
	if (memchr(word, '%', len))
		len = (size_t)((const char *)memchr(word, '%', len) - word);
	if (len >= sizeof(text))
		return false;
	memcpy(text, word, len);
	text[len] = 0;
	if (inet_pton(AF_INET, text, &v4) == 1) {
		net_addr__from_v4(ret, &v4);
		return true;
	}
	return inet_pton(AF_INET6, text, ret) == 1;
}

size_t net_resolvers__read(const char *text, struct in6_addr *ret, size_t n, size_t room)
{
	static const char key[] = "nameserver";

	for (; *text; text += *text == '\n') {
		size_t line = strcspn(text, "\n");
		const char *word = text + sizeof(key) - 1;
		struct in6_addr addr;

		if (line > sizeof(key) && !strncmp(text, key, sizeof(key) - 1) && (*word == ' ' || *word == '\t')) {
			word += strspn(word, " \t");
			if (n < room && parse_address(word, strcspn(word, " \t\r\n"), &addr) && !has(ret, n, &addr))
				ret[n++] = addr;
		}
		text += line;
	}
	return n;
}
