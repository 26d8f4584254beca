/* SPDX-License-Identifier: Apache-2.0 */
#include "tls.h"

#include <string.h>

#include "../base/util.h"

#define RECORD_HEADER 5
#define RECORD_HANDSHAKE 22
#define MESSAGE_HEADER 4
#define CLIENT_HELLO 1
#define EXT_SERVER_NAME 0
#define EXT_ALPN 16
#define EXT_VERSIONS 43
#define EXT_ECH 0xfe0d
#define HELLO_KEPT 4096

/* Bytes that are taken from the front; LEFT never wraps. */
struct bytes {
	const uint8_t *p;
	size_t left;
};

static bool take(struct bytes *b, size_t n, const uint8_t **ret)
{
	if (b->left < n)
		return false;
	*ret = b->p;
	b->p += n;
	b->left -= n;
	return true;
}

static bool take_number(struct bytes *b, size_t width, size_t *ret)
{
	const uint8_t *p;

	if (!take(b, width, &p))
		return false;
	*ret = 0;
	for (size_t i = 0; i < width; i++)
		*ret = *ret << 8 | p[i];
	return true;
}

/* What a length of WIDTH bytes is before. */
static bool take_vector(struct bytes *b, size_t width, struct bytes *ret)
{
	struct bytes at = *b;
	size_t n;

	if (!take_number(&at, width, &n) || !take(&at, n, &ret->p))
		return false;
	ret->left = n;
	*b = at;
	return true;
}

/* Any bytes as text that a terminal and a list can hold; what does not fit is left out. */
static void escape(char *text, size_t size, const uint8_t *p, size_t n, const char *also)
{
	size_t at = 0;

	for (size_t i = 0; i < n && at + 4 < size; i++) {
		if (p[i] > ' ' && p[i] < 0x7f && p[i] != '\\' && !strchr(also, p[i])) {
			text[at++] = (char)p[i];
			continue;
		}
		text[at++] = '\\';
		text[at++] = (char)('0' + p[i] / 100);
		text[at++] = (char)('0' + p[i] / 10 % 10);
		text[at++] = (char)('0' + p[i] % 10);
	}
	text[at] = 0;
}

static const char *server_name(struct bytes ext, struct tls_hello *h)
{
	struct bytes list, name;
	size_t type;

	if (!take_vector(&ext, 2, &list) || !take_number(&list, 1, &type) || !take_vector(&list, 2, &name))
		return "its server name is cut";
	if (type || !name.left || name.left > DNS_WIRE_NAME_MAX)
		return "its server name is no host name";
	escape(h->name, sizeof(h->name), name.p, name.left, "");
	return NULL;
}

static void alpn(struct bytes ext, struct tls_hello *h)
{
	struct bytes list, one;
	size_t at = 0;

	if (!take_vector(&ext, 2, &list))
		return;
	while (at + 8 < sizeof(h->alpn) && take_vector(&list, 1, &one)) {
		if (at)
			h->alpn[at++] = ',';
		escape(h->alpn + at, sizeof(h->alpn) - at, one.p, one.left, ",");
		at += strlen(h->alpn + at);
	}
}

/* Those that are there to be ignored (RFC 8701) are 0x0a0a, 0x1a1a, ... */
static void versions(struct bytes ext, struct tls_hello *h)
{
	struct bytes list;
	size_t v;

	if (!take_vector(&ext, 1, &list))
		return;
	while (take_number(&list, 2, &v))
		if ((v & 0x0f0f) != 0x0a0a && v > h->version && v >> 8 == 3)
			h->version = (uint16_t)v;
}

static const char *extension(size_t type, struct bytes ext, struct tls_hello *h)
{
	switch (type) {
	case EXT_SERVER_NAME: return *h->name ? "it has two server names" : server_name(ext, h);
	case EXT_ALPN: alpn(ext, h); break;
	case EXT_VERSIONS: versions(ext, h); break;
	case EXT_ECH: h->encrypted = true; break;
	}
	return NULL;
}

/* B is the body of the message, CUT: without its end. */
static const char *read_hello(struct bytes b, bool cut, struct tls_hello *h)
{
	struct bytes session, ciphers, compression, ext, one;
	const uint8_t *random;
	size_t version, all, type;
	const char *problem;

	if (!take_number(&b, 2, &version) || !take(&b, 32, &random) || !take_vector(&b, 1, &session) ||
	    !take_vector(&b, 2, &ciphers) || !take_vector(&b, 1, &compression))
		return "it is too short";
	h->version = (uint16_t)version;
	if (!b.left) /* before extensions were invented */
		return NULL;
	if (!take_number(&b, 2, &all))
		return "it is too short";
	if (all > b.left && !cut)
		return "its extensions are cut";
	ext = (struct bytes){ b.p, MIN(all, b.left) };
	while (ext.left) {
		if (!take_number(&ext, 2, &type) || !take_vector(&ext, 2, &one))
			return cut ? NULL : "an extension is cut";
		problem = extension(type, one, h);
		if (problem)
			return problem;
	}
	return NULL;
}

static bool is_whole(const uint8_t *message, size_t n)
{
	return n >= MESSAGE_HEADER && n - MESSAGE_HEADER >= (size_t)(message[1] << 16 | message[2] << 8 | message[3]);
}

/*
 * Joins what records hold to at most SIZE bytes, up to the end of the first message: what follows may be early data. -1:
 * something that is no handshake record is among them.
 */
static long join(const uint8_t *data, size_t len, uint8_t *out, size_t size)
{
	struct bytes b = { data, len };
	const uint8_t *p;
	size_t n = 0, type, version, length;

	while (b.left && n < size && !is_whole(out, n)) {
		size_t part;

		if (!take_number(&b, 1, &type))
			break;
		if (type != RECORD_HANDSHAKE)
			return -1;
		if (!take_number(&b, 2, &version))
			break;
		if (version >> 8 != 3)
			return -1;
		if (!take_number(&b, 2, &length))
			break;
		if (!length)
			return -1;
		part = MIN(MIN(length, b.left), size - n);
		if (!take(&b, part, &p))
			break;
		memcpy(out + n, p, part);
		n += part;
	}
	return (long)n;
}

enum tls_state tls__parse(const uint8_t *data, size_t len, bool all, struct tls_hello *h)
{
	uint8_t message[HELLO_KEPT];
	struct bytes b = { message, 0 };
	size_t type, length;
	long n;

	memset(h, 0, sizeof(*h));
	n = join(data, len, message, sizeof(message));
	if (n < 0) {
		h->problem = "it is no TLS handshake";
		return TLS_BAD;
	}
	b.left = (size_t)n;
	if (!take_number(&b, 1, &type))
		goto short_of;
	if (type != CLIENT_HELLO) {
		h->problem = "it is no ClientHello";
		return TLS_BAD;
	}
	if (!take_number(&b, 3, &length))
		goto short_of;
	if (b.left < length && !all)
		return TLS_MORE;
	h->cut = b.left < length;
	b.left = MIN(b.left, length);
	h->problem = read_hello(b, h->cut, h);
	return h->problem ? TLS_BAD : TLS_DONE;
short_of:
	h->problem = all ? "it is too short" : NULL;
	return all ? TLS_BAD : TLS_MORE;
}
