/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a denial: its object, its rule, and a suggestion that is safe to paste. */
#include <stdio.h>
#include <string.h>

#include "../base/util.h"
#include "denial_impl.h"

void denial__object(struct denial *d, const char *prefix, const char *object)
{
	size_t n = MIN(strlen(prefix), sizeof(d->object) / 2), len = strlen(object), room = sizeof(d->object) - 1 - n;
	char *p = d->object + n;

	memcpy(d->object, prefix, n);
	if (len > room) { /* the end of a path says more than its beginning */
		memcpy(p, "...", 3);
		memcpy(p + 3, object + len - (room - 3), room - 3);
		len = room;
	} else {
		memcpy(p, object, len);
	}
	p[len] = 0;
}

void denial__rule(struct denial *d, const char *text)
{
	snprintf(d->rule, sizeof(d->rule), "%s", text);
}

void denial__rule_of(struct denial *d, const char *verb, const struct policy_rule *rule)
{
	const char *slash = rule && rule->src.name ? strrchr(rule->src.name, '/') : NULL;
	char where[96];

	if (!rule)
		denial__rule(d, verb);
	else if (!rule->src.line) /* an option names its value itself */
		snprintf(d->rule, sizeof(d->rule), "%.150s", policy__where(&rule->src, where, sizeof(where)));
	else
		snprintf(d->rule, sizeof(d->rule), "%.90s:%u %s %.40s", slash ? slash + 1 : rule->src.name,
			 rule->src.line, verb, rule->text ? rule->text : "");
}

void denial__suggest(struct denial *d, const char *key, const char *value, const char *flag)
{
	snprintf(d->suggest_key, sizeof(d->suggest_key), "%s", key);
	snprintf(d->suggest_value, sizeof(d->suggest_value), "%s", value);
	snprintf(d->suggest_flag, sizeof(d->suggest_flag), "%s", flag);
}

static bool plain_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("_./=:,@%+-", c));
}

void denial__shell_word(const char *s, char *buf, size_t size)
{
	size_t n = 0;
	const char *p = s;

	while (*p && plain_byte(*p))
		p++;
	if (!*p && p != s) {
		snprintf(buf, size, "%s", strlen(s) < size ? s : "");
		return;
	}
	if (size < 3) {
		*buf = 0;
		return;
	}
	buf[n++] = '\'';
	for (p = s; *p; p++) {
		if (n + 6 > size) {
			*buf = 0;
			return;
		}
		if (*p == '\'')
			n += (size_t)sprintf(buf + n, "'\\''");
		else
			buf[n++] = *p;
	}
	buf[n++] = '\'';
	buf[n] = 0;
}

/* One UTF-8 sequence of two to four bytes at S that is not overlong and no surrogate; its length, or 0. */
static size_t utf8_unit(const unsigned char *s)
{
	size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/*
 * The name of a file is the traced program's choice. A suggestion is made to be pasted, so none is made of a name that
 * would mean more than itself there: a wildcard would be a pattern in a policy, control bytes would reach a terminal.
 */
static bool can_be_pasted(const char *path)
{
	const unsigned char *s = (const unsigned char *)path;

	while (*s) {
		size_t n = 1;

		if (*s < ' ' || *s == 0x7f || strchr("*?[]{}\\'\"", *s))
			return false;
		if (*s >= 0x80)
			n = utf8_unit(s);
		if (!n)
			return false;
		s += n;
	}
	return true;
}

void denial__deny_rule(struct denial *d, const struct policy_rule *rule)
{
	denial__rule_of(d, strchr(rule_kind__key(rule->kind), '.') + 1, rule);
}

static bool denies(enum rule_kind kind, uint8_t access)
{
	return kind == RULE_DENY || (kind == RULE_DENY_WRITE && access & ACCESS_WRITE) ||
	       (kind == RULE_DENY_EXEC && access & ACCESS_EXEC);
}

bool denial__denied_by_rule(const struct denial_case *k, const char *path, uint8_t access, struct denial *d)
{
	const struct policy *p = k->ctx->grants->policy;

	for (size_t i = 0; p && i < p->n_rules; i++) {
		const struct policy_rule *r = &p->rules[i];

		if (!denies(r->kind, access) || !policy_rule__covers(r, path))
			continue;
		denial__deny_rule(d, r);
		return true;
	}
	return false;
}

/* A disk or the machine's memory: whoever has it has everything. Not even suggested. */
static bool is_raw_device(const char *path)
{
	static const char *const names[] = { "sd",  "hd", "vd",	  "xvd",  "nvme", "dm-",  "md",	     "loop",
					     "mmcblk", "mapper", "disk", "mem", "kmem", "port", "nbd", "kcore" };

	if (strncmp(path, "/dev/", 5))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strncmp(path + 5, names[i], strlen(names[i])))
			return true;
	return false;
}

void denial__suggest_path(struct denial *d, const char *key, const char *flag, bool flag_takes_path, const char *path)
{
	char word[560];

	if (strlen(path) >= sizeof(d->suggest_value) || !can_be_pasted(path) || is_raw_device(path))
		return;
	denial__shell_word(path, word, sizeof(word));
	denial__suggest(d, key, path, "");
	if (!flag_takes_path)
		snprintf(d->suggest_flag, sizeof(d->suggest_flag), "%s", flag);
	else if (*word)
		snprintf(d->suggest_flag, sizeof(d->suggest_flag), "%s %s", flag, word);
}

/* PATH is NAME or below it. */
static bool below(const char *path, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(path, name, n) && (!path[n] || path[n] == '/');
}

/* One of PATH's components is NAME. */
static bool has_component(const char *path, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = strstr(path, name); p; p = strstr(p + 1, name))
		if (p > path && p[-1] == '/' && (!p[n] || p[n] == '/'))
			return true;
	return false;
}

static bool is_home(const char *path, const char *home)
{
	const char *p;

	if (!strcmp(path, "/root") || !strcmp(path, "/home") || (home && !strcmp(path, home)))
		return true;
	p = strncmp(path, "/home/", 6) ? NULL : path + 6;
	return p && !strchr(p, '/');
}

bool denial__sensitive_path(const char *path, const char *home, bool write)
{
	/* credentials, wherever they lie; and what decides what runs later */
	static const char *const names[] = {
		".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".netrc", ".npmrc", ".pypirc", ".git-credentials",
		".password-store", ".mozilla", ".bash_history", ".zsh_history", "keyrings", ".env", ".config",
		"id_rsa", "id_ed25519", "docker.sock", "containerd.sock", "credentials",
	};
	static const char *const reads[] = {
		"/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/sudoers.d", "/etc/ssh", "/etc/ssl/private", "/proc",
		"/sys/kernel", "/sys/firmware", "/sys/module", "/dev", "/run", "/var/run", "/boot", "/var/lib/docker",
	};
	static const char *const writes[] = {
		"/etc", "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt", "/var", "/root", "/sys", ".git", ".bashrc",
		".profile", ".zshrc",
	};

	if (!strcmp(path, "/") || is_home(path, home))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (has_component(path, names[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(reads); i++)
		if (below(path, reads[i]))
			return true;
	for (size_t i = 0; write && i < ARRAY_SIZE(writes); i++)
		if (*writes[i] == '/' ? below(path, writes[i]) : has_component(path, writes[i]))
			return true;
	return false;
}
