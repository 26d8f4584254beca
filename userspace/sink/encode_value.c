/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the caller's memory and registers hold, as JSON: strings, argv, paths, socket addresses,
 * flags. The bytes are the traced program's: each is length-checked, and none is believed to end
 * where it should.
 */
#include "encode_value.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "../base/util.h"
#include "../event/syscalls.h"
#include "fmt.h"

#define AT_CWD (-100) /* AT_FDCWD, as the low 32 bits of the register */

static const char *const state_names[] = { "ok", "truncated", "fault", "null", "gone" };

/* Strings each ended by NUL; the last may have lost its own. */
static bool encode_argv(struct json *j, const uint8_t *data, size_t len)
{
	const uint8_t *end = data + len;
	bool valid = true;

	json__array_begin(j);
	while (data < end) {
		const uint8_t *nul = memchr(data, 0, (size_t)(end - data));
		size_t n = (size_t)((nul ? nul : end) - data);

		valid &= json__strn(j, data, n);
		data += n + 1;
	}
	json__array_end(j);
	return valid;
}

static void encode_in(struct json *j, const struct part *part, uint16_t family)
{
	const uint8_t *d = part->data;
	char text[INET6_ADDRSTRLEN], *p = text;
	uint32_t scope;

	json__key(j, "address");
	if (family == AF_INET) {
		for (size_t i = 4; i < 8; i++) {
			p = fmt_short(p, d[i]);
			*p++ = '.';
		}
		json__strn(j, text, (size_t)(p - 1 - text));
	} else {
		inet_ntop(AF_INET6, d + 8, text, sizeof(text));
		json__str(j, text);
	}
	json__member_u64(j, "port", (uint64_t)(d[2] << 8 | d[3]));
	if (family == AF_INET6 && part->len >= 28) {
		memcpy(&scope, d + 24, sizeof(scope));
		if (scope) {
			json__member_u64(j, "scope_id", scope);
		}
	}
}

/* An abstract name may hold any byte; an unnamed socket has neither key. */
static void encode_un(struct json *j, const struct part *part)
{
	const char *name = (const char *)part->data + 2;
	size_t len = part->len - 2;
	bool abstract = len && !*name;

	if (!len)
		return;
	if (abstract) {
		name++;
		len--;
	} else {
		len = strnlen(name, len);
	}
	json__key(j, abstract ? "abstract" : "path");
	if (!json__strn(j, name, len)) {
		json__key(j, abstract ? "abstract_hex" : "path_hex");
		json__hex(j, name, len);
	}
}

static void encode_sockaddr(struct json *j, const struct part *part)
{
	const uint8_t *d = part->data;
	uint16_t family = 0;
	char text[64];
	uint32_t v[2];
	size_t n;

	if (part->len < sizeof(family)) {
		json__null(j);
		return;
	}
	memcpy(&family, d, sizeof(family));
	json__object_begin(j);
	json__key(j, "family");
	n = flags__format(ARG_SOCK_DOMAIN, family, EV_ABI_NATIVE, text, sizeof(text));
	if (n > 3 && !memcmp(text, "AF_", 3))
		json__strn(j, text, n);
	else
		json__u64(j, family);
	if ((family == AF_INET && part->len >= 8) || (family == AF_INET6 && part->len >= 24)) {
		encode_in(j, part, family);
	} else if (family == AF_UNIX) {
		encode_un(j, part);
	} else if (family == AF_NETLINK && part->len >= sizeof(struct sockaddr_nl)) {
		memcpy(v, d + 4, sizeof(v));
		json__member_u64(j, "pid", v[0]);
		json__member_u64(j, "groups", v[1]);
	} else {
		json__key(j, "raw");
		json__hex(j, d + 2, part->len - 2);
	}
	json__object_end(j);
}

static void encode_resolve(struct json *j, uint64_t v)
{
	static const char *const names[] = { "RESOLVE_NO_XDEV",     "RESOLVE_NO_MAGICLINKS",
					     "RESOLVE_NO_SYMLINKS", "RESOLVE_BENEATH",
					     "RESOLVE_IN_ROOT",     "RESOLVE_CACHED" };
	char text[160], *p = text;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!(v & 1ULL << i))
			continue;
		p = put(p, names[i], strlen(names[i]));
		*p++ = '|';
		v &= ~(1ULL << i);
	}
	if (v || p == text)
		p = v ? fmt_hex(p, v) : PUT(p, "0");
	else
		p--;
	json__strn(j, text, (size_t)(p - text));
}

static void encode_symbol(struct value_memory *m, struct json *j, unsigned int type, uint64_t value,
			  unsigned int abi)
{
	uint64_t hash =
	    (value ^ (uint64_t)type << 32 ^ (uint64_t)abi << 40) * 0x9e3779b97f4a7c15ULL;
	struct symbol *s = &m->symbols[hash >> 56 & (SYMBOLS - 1)];
	char text[512];
	size_t n;

	if (s->used && s->value == value && s->type == type && s->abi == abi) {
		json__strn(j, s->text, s->len);
		return;
	}
	n = flags__format((enum arg_type)type, value, (enum ev_abi)abi, text, sizeof(text));
	if (!n) {
		json__ptr(j, value);
		return;
	}
	json__strn(j, text, n);
	if (n > sizeof(s->text))
		return;
	*s = (struct symbol){ .value = value,
			      .type = (uint8_t)type,
			      .abi = (uint8_t)abi,
			      .len = (uint8_t)n,
			      .used = true };
	memcpy(s->text, text, n);
}

static void encode_bytes(struct value_memory *m, struct json *j, const struct part *part,
			 unsigned int arg_type)
{
	int32_t pair[2];
	uint64_t how[3]; /* flags, mode, resolve */

	if (arg_type == ARG_PAIR && part->len == sizeof(pair)) {
		memcpy(pair, part->data, sizeof(pair));
		json__array_begin(j);
		json__i64(j, pair[0]);
		json__i64(j, pair[1]);
		json__array_end(j);
	} else if (arg_type == ARG_OPEN_HOW && part->len >= sizeof(how)) {
		memcpy(how, part->data, sizeof(how));
		json__object_begin(j);
		json__key(j, "flags");
		encode_symbol(m, j, ARG_OPEN_FLAGS, how[0], EV_ABI_NATIVE);
		json__key(j, "mode");
		encode_symbol(m, j, ARG_MODE, how[1], EV_ABI_NATIVE);
		json__key(j, "resolve");
		encode_resolve(j, how[2]);
		json__object_end(j);
	} else {
		json__hex(j, part->data, part->len);
	}
}

void value__part(struct value_memory *m, struct json *j, const char *name, const struct part *part,
		 unsigned int arg_type)
{
	const void *data = part->data;
	size_t len = part->len;
	bool valid = true;

	if (part->state == EV_PART_NULL) {
		json__null(j);
		return;
	}
	if (!len && (part->state == EV_PART_FAULT || part->state == EV_PART_GONE)) {
		json__null(j);
	} else if (part->type == EV_PT_STR) {
		valid = json__strn(j, data, len);
	} else if (part->type == EV_PT_ARGV) {
		valid = encode_argv(j, data, len);
	} else if (part->type == EV_PT_PATH) {
		len = event__path(part, m->path, sizeof(m->path));
		data = m->path;
		valid = json__strn(j, data, len);
	} else if (part->type == EV_PT_SOCKADDR) {
		encode_sockaddr(j, part);
	} else {
		encode_bytes(m, j, part, arg_type);
	}
	if (part->state != EV_PART_OK) {
		json__key2(j, name, "_state");
		json__str(j, state_names[part->state]);
		if (part->true_len) {
			json__key2(j, name, "_len");
			json__u64(j, part->true_len);
		}
	}
	if (!valid) {
		json__key2(j, name, "_hex");
		json__hex(j, data, len);
	}
}

/* What a descriptor stands for: NAME_path, which has its own NAME_path_state and so on. */
static void fd_path(struct value_memory *m, struct json *j, const char *name,
		    const struct part *part)
{
	char key[64];
	size_t len = strnlen(name, sizeof(key) - sizeof("_path"));

	memcpy(put(key, name, len), "_path", sizeof("_path"));
	json__key(j, key);
	value__part(m, j, key, part, ARG_NONE);
}

void value__arg(struct value_memory *m, struct json *j, const struct event *ev, unsigned int i)
{
	const struct syscall_arg *arg = &ev->sig->args[i];
	const struct ev_syscall *sc = ev->syscall;
	uint64_t v = sc->args[i];
	const struct part *part = ev->n_parts ? event__part(ev, i) : NULL;

	if (part && arg->type != ARG_FD && arg->type != ARG_DIRFD) {
		value__part(m, j, arg->name, part, arg->type);
		return;
	}
	switch (arg->type) {
	case ARG_INT:
	case ARG_FD:
	case ARG_PID:
		json__i64(j, (int32_t)v);
		break;
	case ARG_DIRFD:
		if ((int32_t)v == AT_CWD)
			json__strn(j, "AT_FDCWD", 8);
		else
			json__i64(j, (int32_t)v);
		break;
	case ARG_UINT:
	case ARG_UID:
	case ARG_GID:
		json__u64(j, (uint32_t)v);
		break;
	case ARG_LONG:
		/* a long of a 32-bit caller has 32 bits */
		json__i64(j, sc->abi == EV_ABI_COMPAT32 ? (int32_t)v : (int64_t)v);
		break;
	case ARG_SIZE:
		json__u64(j, v);
		break;
	case ARG_NONE:
	case ARG_HEX:
		json__ptr(j, v);
		break;
	case ARG_PTR:
	case ARG_PATH:
	case ARG_STR:
	case ARG_ARGV:
	case ARG_SOCKADDR:
	case ARG_SOCKADDR_OUT:
	case ARG_MSGHDR:
	case ARG_PAIR:
	case ARG_OPEN_HOW:
		if (v)
			json__ptr(j, v);
		else
			json__null(j);
		break;
	default:
		encode_symbol(m, j, arg->type, v, sc->abi);
	}
	if (part)
		fd_path(m, j, arg->name, part);
}
