/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and patterns of rules: what they are relative to, lexical cleaning, and which patterns a layer can enforce. */
#include "policy_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "policy_path.h"

/* "[*]", "[?]" and "[[]": how the character itself is written. */
static bool is_escape(const char *s)
{
	return s[0] == '[' && (s[1] == '*' || s[1] == '?' || s[1] == '[') && s[2] == ']';
}

char *value__escape(const char *path)
{
	char *out = malloc(3 * strlen(path) + 1), *p = out;

	for (; out && *path; path++) {
		if (strchr("*?[", *path))
			p += sprintf(p, "[%c]", *path);
		else
			*p++ = *path;
	}
	if (out)
		*p = 0;
	return out;
}

static void unescape(char *s)
{
	char *out = s;

	while (*s) {
		if (is_escape(s)) {
			*out++ = s[1];
			s += 3;
		} else {
			*out++ = *s++;
		}
	}
	*out = 0;
}

/* At a '['. The character behind the ']' that closes it; NULL with E filled. */
static const char *skip_class(const char *s, const char *end, const char *text, struct value_error *e)
{
	const char *p = s + 1;
	char q[72];

	if (p < end && (*p == '!' || *p == '^'))
		p++;
	if (p < end && *p == ']')
		p++;
	while (p < end && *p != ']') {
		if (*p == '[' && p + 1 < end && strchr(":.=", p[1])) {
			value__fail(e, "list the characters: [a-z0-9]", "'%s': named character classes are not understood",
				    value__quote(text, q));
			return NULL;
		}
		p++;
	}
	if (p < end)
		return p + 1;
	value__fail(e, "write [[] for the character itself", "'%s' has a '[' without a ']'", value__quote(text, q));
	return NULL;
}

/* Checks the wildcards of one component. *RET_WILD: there are some, "**" included. */
static int check_component(const char *s, const char *end, const char *text, bool *ret_wild, struct value_error *e)
{
	char q[72];

	if (end - s == 2 && !memcmp(s, "**", 2)) {
		*ret_wild = true;
		return 0;
	}
	while (s < end) {
		if (s[0] == '*' && s + 1 < end && s[1] == '*')
			return value__fail(e, "\"**\" stands for whole directories: /a/**/b", "'%s': \"**\" is no part of a name",
					   value__quote(text, q));
		if (end - s >= 3 && is_escape(s)) {
			s += 3;
		} else if (*s == '[') {
			*ret_wild = true;
			s = skip_class(s, end, text, e);
			if (!s)
				return -EINVAL;
		} else {
			*ret_wild |= *s == '*' || *s == '?';
			s++;
		}
	}
	return 0;
}

/* One component onto the cleaned path in OUT. 0, -EINVAL. */
static int append(char *out, const char *s, size_t len, const char *text, struct value_error *e)
{
	size_t n = strlen(out);
	char q[72], *slash;
	bool wild = false;

	if (!len || (len == 1 && s[0] == '.'))
		return 0;
	if (len == 2 && !memcmp(s, "..", 2)) {
		slash = strrchr(out, '/');
		if (!slash)
			return value__fail(e, NULL, "'%s' leaves the root directory by \"..\"", value__quote(text, q));
		if (check_component(slash + 1, slash + strlen(slash), text, &wild, e))
			return -EINVAL;
		if (wild)
			return value__fail(e, NULL, "'%s': \"..\" behind a wildcard", value__quote(text, q));
		*slash = 0;
		return 0;
	}
	if (n + 1 + len >= POLICY_MAX_PATH)
		return value__fail(e, NULL, "'%s' is longer than %d bytes", value__quote(text, q), POLICY_MAX_PATH - 1);
	out[n] = '/';
	memcpy(out + n + 1, s, len);
	out[n + 1 + len] = 0;
	return 0;
}

/* Where TEXT begins: "/", the home directory, or the base. *RET_PREFIX is escaped, malloc'ed. */
static int find_prefix(const char **text, const struct value_ctx *ctx, char **ret_prefix, struct value_error *e)
{
	const char *t = *text, *from = NULL;
	char q[72];

	if (*t == '~') {
		if (t[1] && t[1] != '/')
			return value__fail(e, "write the directory out", "'%s': only the own home directory is known, \"~\"",
					   value__quote(t, q));
		if (!ctx->home)
			return value__fail(e, "set HOME, or write the directory out", "'%s': there is no home directory",
					   value__quote(t, q));
		from = ctx->home;
		*text = t + 1;
	} else if (*t != '/') {
		if (!ctx->base)
			return value__fail(e, "add relative_to = \"cwd\", \"policy\" or a directory to [filesystem]",
					   "'%s': a relative path without a stated base", value__quote(t, q));
		from = ctx->base;
	}
	*ret_prefix = from ? value__escape(from) : strdup("");
	return *ret_prefix ? 0 : -ENOMEM;
}

/*
 * TEXT absolute and clean into OUT (POLICY_MAX_PATH), "" being the root directory. *RET_WILD: with wildcards; without,
 * OUT is literal. *RET_TREE: a "**" at the end was cut off.
 */
static int clean(const char *text, const struct value_ctx *ctx, char *out, bool *ret_wild, bool *ret_tree,
		 struct value_error *e)
{
	_cleanup_(free) char *prefix = NULL;
	const char *parts[2] = { NULL, text }, *written = text;
	char q[72];
	int err;

	*ret_wild = *ret_tree = false;
	out[0] = 0;
	if (!*text)
		return value__fail(e, NULL, "an empty path");
	err = find_prefix(&parts[1], ctx, &prefix, e);
	if (err)
		return err;
	parts[0] = prefix;
	for (int i = 0; i < 2; i++) {
		const char *s = parts[i];

		while (*s) {
			size_t len = strcspn(s, "/");

			if (i == 1 && check_component(s, s + len, written, ret_wild, e))
				return -EINVAL;
			err = append(out, s, len, written, e);
			if (err)
				return err;
			s += len + (s[len] == '/');
		}
	}
	for (size_t n = strlen(out); n >= 3 && !strcmp(out + n - 3, "/**"); n -= 3) {
		out[n - 3] = 0;
		*ret_tree = true;
	}
	if (*ret_tree) {
		*ret_wild = false;
		for (const char *s = out; *s;) {
			size_t len = strcspn(++s, "/");

			if (check_component(s, s + len, written, ret_wild, e))
				return -EINVAL;
			s += len;
		}
	}
	if (!*ret_wild)
		unescape(out);
	for (const unsigned char *s = (const unsigned char *)out; *s; s++)
		if (*s < 0x20 || *s == 0x7f)
			return value__fail(e, NULL, "'%s' contains control character 0x%02x", value__quote(out, q), *s);
	return 0;
}

/* The kinds differ in which patterns can be enforced. */
static int check_pattern(enum rule_kind kind, const char *text, const char *value, struct value_error *e)
{
	char q[72];

	if (kind == RULE_WRITE)
		return value__fail(e, "allow the directory itself, and `deny` what must stay as it is",
				   "'%s': no layer can enforce a pattern in allow_write: files made later would not be covered",
				   value__quote(text, q));
	if (!rule_kind__denies_path(kind) && !strncmp(value, "/**", 3))
		return value__fail(e, "begin with a directory: /usr/**/x",
				   "'%s': a pattern that searches every file system", value__quote(text, q));
	return 0;
}

int policy_path__check(enum rule_kind kind, const char *text, const struct value_ctx *ctx, char **ret_value, bool *ret_pattern,
		       bool *ret_any, struct value_error *e)
{
	char out[POLICY_MAX_PATH], rooted[POLICY_MAX_PATH], q[72];
	bool wild, tree;
	int err;

	if (kind == RULE_EXEC && (!strcmp(text, "**") || !strcmp(text, "/**"))) {
		*ret_any = true;
		return 0;
	}
	if (!strcmp(text, "**"))
		return value__fail(e, "write \"/\" for everything, \"./**\" for everything below the base", "'**' alone is ambiguous");
	/* in everything that is allowed, wherever that is */
	if (rule_kind__denies_path(kind) && !strncmp(text, "**/", 3)) {
		if (strlen(text) + 2 > sizeof(rooted))
			return value__fail(e, NULL, "'%s' is longer than %d bytes", value__quote(text, q), POLICY_MAX_PATH - 1);
		snprintf(rooted, sizeof(rooted), "/%s", text);
		text = rooted;
	}
	err = clean(text, ctx, out, &wild, &tree, e);
	if (err)
		return err;
	if (wild && check_pattern(kind, text, out, e))
		return -EINVAL;
	if (kind == RULE_DENY && !out[0])
		return value__fail(e, NULL, "'%s' denies everything", value__quote(text, q));
	*ret_pattern = wild;
	*ret_value = strdup(out[0] ? out : "/");
	return *ret_value ? 0 : -ENOMEM;
}

int value__path(const char *text, const struct value_ctx *ctx, char **ret_value, struct value_error *e)
{
	char out[POLICY_MAX_PATH], q[72];
	bool wild, tree;
	int err = clean(text, ctx, out, &wild, &tree, e);

	if (err)
		return err;
	if (wild || tree)
		return value__fail(e, NULL, "'%s': a pattern where one path is wanted", value__quote(text, q));
	*ret_value = strdup(out[0] ? out : "/");
	return *ret_value ? 0 : -ENOMEM;
}
