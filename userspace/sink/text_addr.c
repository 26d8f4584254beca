/* SPDX-License-Identifier: Apache-2.0 */
/* Socket addresses as people write them. */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "text.h"

static uint32_t get32(const uint8_t *s)
{
	uint32_t v;

	memcpy(&v, s, sizeof(v));
	return v;
}

static void port(struct text *t, const uint8_t *s)
{
	text__char(t, ':');
	text__u64(t, (uint64_t)s[2] << 8 | s[3]);
}

static void inet4(struct text *t, const uint8_t *s)
{
	char buf[INET_ADDRSTRLEN];

	text__put(t, inet_ntop(AF_INET, s + 4, buf, sizeof(buf)));
	port(t, s);
}

static void inet6(struct text *t, const uint8_t *s, size_t len)
{
	char buf[INET6_ADDRSTRLEN];

	text__char(t, '[');
	text__put(t, inet_ntop(AF_INET6, s + 8, buf, sizeof(buf)));
	/* a scope is what tells two link-local addresses apart */
	if (len >= 28 && get32(s + 24)) {
		text__char(t, '%');
		text__u64(t, get32(s + 24));
	}
	text__char(t, ']');
	port(t, s);
}

static void unix_path(struct text *t, const uint8_t *s, size_t len, bool escape)
{
	if (!len) {
		text__put(t, "unix:(unnamed)");
		return;
	}
	text__put(t, "unix:");
	if (s[0] == 0) {
		text__char(t, '@');
		s++;
		len--;
	} else {
		len = strnlen((const char *)s, len);
	}
	if (escape)
		text__escape(t, s, len, TEXT_NO_LIMIT);
	else
		text__bytes(t, s, len);
}

void text__sockaddr(struct text *t, const void *data, size_t len, bool escape)
{
	const uint8_t *s = data;
	uint16_t family;

	if (len < sizeof(family)) {
		text__put(t, "(no address)");
		return;
	}
	memcpy(&family, s, sizeof(family));
	if (family == AF_INET && len >= 8) {
		inet4(t, s);
	} else if (family == AF_INET6 && len >= 24) {
		inet6(t, s, len);
	} else if (family == AF_UNIX) {
		unix_path(t, s + 2, len - 2, escape);
	} else if (family == AF_NETLINK && len >= 8) {
		text__put(t, "netlink:");
		text__u64(t, get32(s + 4));
	} else if (family == AF_VSOCK && len >= 12) {
		text__put(t, "vsock:");
		text__u64(t, get32(s + 8));
		text__char(t, ':');
		text__u64(t, get32(s + 4));
	} else if (family == AF_UNSPEC) {
		text__put(t, "unspec");
	} else {
		text__put(t, "family ");
		text__u64(t, family);
		text__put(t, " (");
		text__u64(t, len);
		text__put(t, " bytes)");
	}
}
