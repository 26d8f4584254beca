/* SPDX-License-Identifier: Apache-2.0 */
/* From what is written to the normal form of a rule. The same for files and for options. */
#include "policy_internal.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <seccomp.h>

#include "base/nearest.h"
#include "base/util.h"
#include "policy_path.h"
#include "tree_build.h"

#define ENV_MAX_VALUE 32768

int value__fail(struct value_error *e, const char *hint, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	snprintf(e->hint, sizeof(e->hint), "%s", hint ? hint : "");
	return -EINVAL;
}

const char *value__quote(const char *s, char buf[72])
{
	return tree_build__quote(s, strlen(s), buf, 72);
}

static bool is_port(const char *s, size_t len, uint32_t *ret)
{
	uint32_t v = 0;

	if (!len || len > 5)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		v = v * 10 + (uint32_t)(s[i] - '0');
	}
	*ret = v;
	return v >= 1 && v <= 65535;
}

static int check_ports(const char *s, struct value_error *e)
{
	const char *dash = strchr(s, '-');
	uint32_t a, b;
	char q[72];

	if (!strcmp(s, "*"))
		return 0;
	if (!dash && is_port(s, strlen(s), &a))
		return 0;
	if (dash && is_port(s, (size_t)(dash - s), &a) && is_port(dash + 1, strlen(dash + 1), &b)) {
		if (a <= b)
			return 0;
		return value__fail(e, "the lower port comes first", "port range '%s' is empty", value__quote(s, q));
	}
	return value__fail(e, "a number from 1 to 65535, a range \"8000-8080\", or \"*\"", "'%s' is no port", value__quote(s, q));
}

/* ADDR with bits behind PREFIX cleared; true when there were any. */
static bool mask_address(uint8_t *addr, size_t bytes, uint32_t prefix)
{
	bool had = false;

	for (size_t i = 0; i < bytes; i++) {
		uint32_t from = (uint32_t)i * 8;
		uint8_t keep = prefix >= from + 8 ? 0xff : prefix <= from ? 0 : (uint8_t)(0xff << (8 - (prefix - from)));

		had |= addr[i] & ~keep;
		addr[i] &= keep;
	}
	return had;
}

/* An address of FAMILY with an optional "/PREFIX" behind; canonical form into OUT. */
static int check_address(int family, const char *addr, const char *prefix, char *out, size_t size, struct value_error *e)
{
	uint32_t bits = family == AF_INET ? 32 : 128, n = bits;
	char text[INET6_ADDRSTRLEN], q[72], hint[128];
	uint64_t v;
	uint8_t a[16];

	if (inet_pton(family, addr, a) != 1)
		return value__fail(e, NULL, "'%s' is no %s address", value__quote(addr, q), family == AF_INET ? "IPv4" : "IPv6");
	if (prefix) {
		if (parse_u64(prefix, 0, bits, &v))
			return value__fail(e, NULL, "'/%s' is no prefix length: 0 to %u", value__quote(prefix, q), bits);
		n = (uint32_t)v;
	}
	if (mask_address(a, bits / 8, n)) {
		inet_ntop(family, a, text, sizeof(text));
		snprintf(hint, sizeof(hint), family == AF_INET ? "did you mean %s/%u?" : "did you mean [%s]/%u?", text, n);
		return value__fail(e, hint, "'%s/%u' has bits set behind its prefix", value__quote(addr, q), n);
	}
	inet_ntop(family, a, text, sizeof(text));
	if (prefix)
		snprintf(out, size, family == AF_INET ? "%s/%u" : "[%s]/%u", text, n);
	else
		snprintf(out, size, family == AF_INET ? "%s" : "[%s]", text);
	return 0;
}

static int check_name(char *name, struct value_error *e)
{
	size_t len = strlen(name), label = 0;
	bool letter = false;
	char q[72];

	if (strchr(name, '*') || strchr(name, '?'))
		return value__fail(e, "list the names one by one, or allow an address range: \"192.0.2.0/24:443\"",
				   "'%s': no layer can enforce a wildcard in a name, names being resolved once before the start",
				   value__quote(name, q));
	if (len && name[len - 1] == '.')
		name[--len] = 0;
	if (!len || len > 253)
		return value__fail(e, NULL, "'%s' is no host name: %s", value__quote(name, q), len ? "too long" : "empty");
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c == '.' ? !label : !isalnum(c) && c != '-' && c != '_')
			return value__fail(e, "\"HOST:PORT\", \"ADDRESS/PREFIX:PORT\"; IPv6 in brackets: \"[::1]:80\"",
					   "'%s' is no host name", value__quote(name, q));
		label = c == '.' ? 0 : label + 1;
		if (label > 63)
			return value__fail(e, NULL, "'%s' is no host name: a part is longer than 63", value__quote(name, q));
		letter |= isalpha(c) != 0;
		name[i] = (char)tolower(c);
	}
	if (!letter)
		return value__fail(e, NULL, "'%s' is neither an IPv4 address nor a host name", value__quote(name, q));
	return 0;
}

/* "host:443", "10.0.0.0/8:*", "[::1]:80", "[fd00::]/8:1-9"; a prefix inside the brackets is taken too. */
static int check_net(const char *text, char **ret, struct value_error *e)
{
	char buf[300], host[300], *port, *slash, *end;
	const char *form = "\"HOST:PORT\", \"ADDRESS/PREFIX:PORT\"; IPv6 in brackets: \"[::1]:80\"; PORT a number, \"1-9\" or \"*\"";
	char q[72];
	int err;

	if (strlen(text) >= sizeof(buf))
		return value__fail(e, form, "'%s' is too long", value__quote(text, q));
	strcpy(buf, text);
	end = buf[0] == '[' ? strchr(buf, ']') : NULL;
	port = strrchr(end ? end : buf, ':');
	if (buf[0] == '[' && !end)
		return value__fail(e, form, "'%s' has a '[' without a ']'", value__quote(text, q));
	if (!port || (!end && strchr(buf, ':') != port && strchr(buf, ':')[1] == 0))
		return value__fail(e, form, "'%s' has no port", value__quote(text, q));
	if (!end && strchr(buf, ':') != port)
		return value__fail(e, form, "'%s': an IPv6 address stands in brackets", value__quote(text, q));
	*port++ = 0;
	if (!buf[0])
		return value__fail(e, form, "'%s' has no host", value__quote(text, q));
	err = check_ports(port, e);
	if (err)
		return err;
	slash = strchr(buf, '/');
	if (slash)
		*slash++ = 0;
	if (end) {
		/* behind the bracket: nothing, or the prefix; "[fd00::/8]" is taken too */
		if (end[1] && (!slash || slash - 1 != end + 1))
			return value__fail(e, form, "'%s' is malformed behind the ']'", value__quote(text, q));
		*end = 0;
		err = check_address(AF_INET6, buf + 1, slash, host, sizeof(host), e);
	} else if (slash || strspn(buf, "0123456789.") == strlen(buf)) {
		err = check_address(AF_INET, buf, slash, host, sizeof(host), e);
	} else {
		err = check_name(buf, e);
		strcpy(host, buf);
	}
	if (err)
		return err;
	return asprintf(ret, "%s:%s", host, port) < 0 ? -ENOMEM : 0;
}

static int check_syscall(enum rule_kind kind, const char *text, char **ret, struct value_error *e)
{
	char q[72], hint[128] = "";
	struct nearest near;
	char *best = NULL;

	if (seccomp_syscall_resolve_name(text) != __NR_SCMP_ERROR) {
		for (const char *const *b = policy_always_blocked; kind == RULE_SYSCALL_ALLOW && *b; b++)
			if (!strcmp(*b, text))
				return value__fail(e, "this call is blocked whatever a policy says", "'%s' cannot be allowed", text);
		*ret = strdup(text);
		return *ret ? 0 : -ENOMEM;
	}
	nearest__init(&near, text);
	for (int nr = 0; nr < 1024; nr++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
		const char *before = near.best;

		if (!name)
			continue;
		nearest__offer(&near, name);
		if (near.best != before) {
			free(best);
			best = name;
		} else {
			free(name);
		}
	}
	if (best)
		snprintf(hint, sizeof(hint), "did you mean '%s'?", best);
	free(best);
	return value__fail(e, hint[0] ? hint : "`sandtrace policy syscalls` lists all names", "'%s' is no system call",
			   value__quote(text, q));
}

static bool is_env_name(const char *s, size_t len)
{
	if (!len || (s[0] >= '0' && s[0] <= '9'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '_')
			return false;
	return true;
}

static int check_env(enum rule_kind kind, const char *text, char **ret, bool *ret_pattern, struct value_error *e)
{
	size_t len = strlen(text), name = strcspn(text, "=");
	char q[72], word[72];

	if (kind == RULE_ENV_SET) {
		snprintf(word, sizeof(word), "%.*s", (int)MIN(name, sizeof(word) - 1), text);
		if (name == len)
			return value__fail(e, NULL, "'%s' sets no value: NAME=VALUE", value__quote(word, q));
		if (len - name > ENV_MAX_VALUE)
			return value__fail(e, NULL, "the value of '%s' is longer than %d bytes", value__quote(word, q), ENV_MAX_VALUE);
	} else if (len && text[len - 1] == '*' && kind == RULE_ENV_ALLOW) {
		*ret_pattern = true;
		name = len - 1;
	} else {
		name = len;
	}
	snprintf(word, sizeof(word), "%.*s", (int)MIN(len, kind == RULE_ENV_SET ? MIN(name, sizeof(word) - 1) : sizeof(word) - 1), text);
	if (!len)
		return value__fail(e, NULL, "an empty name");
	if (kind == RULE_ENV_STRIP ? strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != len
				   : !(name == 0 && *ret_pattern) && !is_env_name(text, name))
		return value__fail(e, kind == RULE_ENV_ALLOW ? "letters, digits and '_', with '*' at the very end for any rest" :
							       "letters, digits and '_'",
				   "'%s' is no name of a variable", value__quote(word, q));
	*ret = strdup(text);
	if (!*ret)
		return -ENOMEM;
	for (char *c = *ret; kind == RULE_ENV_STRIP && *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return 0;
}

/* 1048576 bytes as "1M", 30000000000 ns as "30". */
static const char *show_bound(const struct limit_key *k, uint64_t v, char buf[32])
{
	static const char units[] = "KMGTP";
	int unit = -1;

	if (k->unit == LIMIT_BYTES) {
		for (; v && v % 1024 == 0 && units[unit + 1]; unit++)
			v /= 1024;
		snprintf(buf, 32, "%llu%.*s", (unsigned long long)v, unit >= 0, unit >= 0 ? &units[unit] : "");
	} else {
		snprintf(buf, 32, "%.12g", (double)v / (k->unit == LIMIT_TIME ? 1e9 : k->unit == LIMIT_CPUS ? 1e3 : 1));
	}
	return buf;
}

static int fail_range(const struct limit_key *k, struct value_error *e)
{
	char min[32], max[32];

	return value__fail(e, k->always ? NULL : "\"unlimited\" lifts the limit", "must be from %s to %s%s", show_bound(k, k->min, min),
			   show_bound(k, k->max, max),
			   k->unit == LIMIT_TIME ? " seconds" : k->unit == LIMIT_BYTES ? " bytes" : "");
}

int value__limit_range(const struct limit_key *k, uint64_t v, struct value_error *e)
{
	return (v == POLICY_UNLIMITED && !k->always) || (v >= k->min && v <= k->max) ? 0 : fail_range(k, e);
}

int value__limit(const struct limit_key *k, const char *text, uint64_t *ret, struct value_error *e)
{
	static const char *const nouns[] = {
		[LIMIT_BYTES] = "size", [LIMIT_COUNT] = "number", [LIMIT_TIME] = "duration", [LIMIT_CPUS] = "number",
	};
	static const char *const forms[] = {
		[LIMIT_BYTES] = "bytes, or \"64K\", \"512M\", \"4G\"; \"unlimited\" lifts the limit",
		[LIMIT_COUNT] = "a whole number; \"unlimited\" lifts the limit",
		[LIMIT_TIME] = "seconds, or \"500ms\", \"90s\", \"5m\", \"1h\"; a command always has a limit",
		[LIMIT_CPUS] = "a number: 1.5; \"unlimited\" lifts the limit",
	};
	char buf[32], q[72];
	size_t n = strlen(text);
	int err = -EINVAL;

	if (!strcmp(text, "unlimited") && !k->always) {
		*ret = POLICY_UNLIMITED;
		return 0;
	}
	if (k->unit == LIMIT_TIME) {
		err = parse_duration(text, k->max, ret);
	} else if (k->unit == LIMIT_BYTES && n < sizeof(buf)) {
		/* "1MB" and "1MiB" are the same as "1M": powers of 1024, like everything that is memory */
		strcpy(buf, text);
		if (n > 3 && !strcmp(buf + n - 2, "iB") && isalpha((unsigned char)buf[n - 3]))
			buf[n - 2] = 0;
		else if (n > 2 && buf[n - 1] == 'B' && isalpha((unsigned char)buf[n - 2]))
			buf[n - 1] = 0;
		err = parse_size(buf, k->min, k->max, ret);
	}
	if (err == -ERANGE || (!err && *ret < k->min))
		return fail_range(k, e);
	return err ? value__fail(e, forms[k->unit], "'%s' is no %s", value__quote(text, q), nouns[k->unit]) : 0;
}

int value__limit_number(const struct limit_key *k, const struct node *n, uint64_t *ret, struct value_error *e)
{
	double scale = k->unit == LIMIT_TIME ? (double)NSEC_PER_SEC : k->unit == LIMIT_CPUS ? 1000.0 : 1.0;
	double v = n->type == NODE_INT ? (double)n->integer : n->number;

	/* written so that a NaN fails it */
	if (!(v * scale >= (double)k->min && v * scale <= (double)k->max))
		return fail_range(k, e);
	*ret = k->unit == LIMIT_CPUS || n->type == NODE_FLOAT ? (uint64_t)(v * scale + 0.5) :
							       (uint64_t)n->integer * (uint64_t)scale;
	return 0;
}

static int check_kind(enum rule_kind kind, const char *text, const struct value_ctx *ctx, char **ret_value, bool *ret_pattern,
		      bool *ret_any, struct value_error *e)
{
	switch (kind) {
	case RULE_NET: return check_net(text, ret_value, e);
	case RULE_SYSCALL_DENY:
	case RULE_SYSCALL_LOG:
	case RULE_SYSCALL_ALLOW: return check_syscall(kind, text, ret_value, e);
	case RULE_ENV_ALLOW:
	case RULE_ENV_SET:
	case RULE_ENV_STRIP: return check_env(kind, text, ret_value, ret_pattern, e);
	default: return policy_path__check(kind, text, ctx, ret_value, ret_pattern, ret_any, e);
	}
}

int value__check(enum rule_kind kind, const char *text, const struct value_ctx *ctx, char **ret_value, bool *ret_pattern,
		 bool *ret_any, struct value_error *e)
{
	char q[72];
	int err;

	*ret_value = NULL;
	*ret_pattern = *ret_any = false;
	for (const unsigned char *s = (const unsigned char *)text; kind != RULE_ENV_SET && *s; s++)
		if (*s < 0x20 || *s == 0x7f)
			return value__fail(e, NULL, "'%s' contains control character 0x%02x", value__quote(text, q), *s);
	err = check_kind(kind, text, ctx, ret_value, ret_pattern, ret_any, e);
	/* options and the names of directories are bytes; a policy must be printable */
	if (!err && *ret_value && !tree_build__is_utf8(*ret_value)) {
		free(steal_ptr(ret_value));
		return value__fail(e, kind == RULE_ENV_SET ? NULL : "name the directory above it", "a value that is not UTF-8");
	}
	return err;
}
