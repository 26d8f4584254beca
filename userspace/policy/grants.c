/* SPDX-License-Identifier: Apache-2.0 */
#include "grants.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINKS_MAX 40 /* as the kernel */

static const char *const layer_names[LAYER_MAX] = {
	[LAYER_NONE] = "none",
	[LAYER_USER_NS] = "user_ns",
	[LAYER_MOUNT] = "mount",
	[LAYER_PID_NS] = "pid_ns",
	[LAYER_NETWORK] = "network",
	[LAYER_IPC_NS] = "ipc_ns",
	[LAYER_UTS_NS] = "uts_ns",
	[LAYER_CGROUP_NS] = "cgroup_ns",
	[LAYER_CAPABILITIES] = "capabilities",
	[LAYER_NO_NEW_PRIVS] = "no_new_privs",
	[LAYER_RLIMITS] = "rlimits",
	[LAYER_LANDLOCK] = "landlock",
	[LAYER_SECCOMP] = "seccomp",
	[LAYER_CGROUP] = "cgroup",
	[LAYER_EXEC] = "exec",
	[LAYER_LSM] = "lsm",
	[LAYER_KILL] = "kill",
};

const char *layer__name(enum layer l)
{
	return (unsigned int)l < LAYER_MAX ? layer_names[l] : "?";
}

bool grants__covers(const char *a, const char *b)
{
	size_t n = strlen(a);

	if (n == 1 && *a == '/')
		return *b == '/';
	return !strncmp(a, b, n) && (!b[n] || b[n] == '/');
}

/* Compares the grant's path with the first LEN bytes of PATH. */
static int compare(const char *have, const char *path, size_t len)
{
	int c = strncmp(have, path, len);

	return c ? c : (unsigned char)have[len];
}

static const struct grant *exact(const struct grants *g, const char *path, size_t len)
{
	size_t low = 0, high = g->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int c = compare(g->v[mid].path, path, len);

		if (!c)
			return &g->v[mid];
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

const struct grant *grants__nearest(const struct grants *g, const char *path, bool self)
{
	size_t len = strlen(path);

	if (self && len) {
		const struct grant *found = exact(g, path, len);

		if (found)
			return found;
	}
	while (len > 1) {
		const struct grant *found;

		while (len > 1 && path[len - 1] != '/')
			len--;
		if (len > 1)
			len--;
		found = exact(g, path, len);
		if (found)
			return found;
	}
	return NULL;
}

bool grants__skeleton(const struct grants *g, const char *path)
{
	if (!strcmp(path, "/"))
		return true;
	for (size_t i = 0; i < g->n; i++)
		if (strcmp(g->v[i].path, path) && grants__covers(path, g->v[i].path))
			return true;
	for (size_t i = 0; i < g->n_links; i++)
		if (strcmp(g->links[i].path, path) && grants__covers(path, g->links[i].path))
			return true;
	return false;
}

/* Which layer is the first to refuse MISSING of a grant that is there. */
static enum layer refusing(const struct grants *g, const struct grant *grant, uint8_t missing)
{
	if (missing & (ACCESS_READ | ACCESS_WRITE))
		return missing & ACCESS_WRITE ? LAYER_MOUNT : LAYER_LANDLOCK;
	if (g->exec == EXEC_COMMAND)
		return LAYER_EXEC;
	return grant->exec_mount ? LAYER_LANDLOCK : LAYER_MOUNT;
}

struct verdict_path grants__path(const struct grants *g, const char *path, uint8_t access)
{
	struct verdict_path v = { .grant = grants__nearest(g, path, true) };
	uint8_t missing;

	if (!v.grant) {
		bool skeleton = grants__skeleton(g, path);

		v.allowed = skeleton && !(access & ~ACCESS_READ);
		v.hidden = !skeleton;
		v.layer = v.allowed ? LAYER_NONE : LAYER_MOUNT;
		return v;
	}
	if (v.grant->kind == GRANT_MASK) {
		v.layer = LAYER_MOUNT;
		return v;
	}
	/* below a file there is nothing, with or without a sandbox: ENOTDIR */
	if (!v.grant->dir && strcmp(v.grant->path, path)) {
		v.allowed = true;
		return v;
	}
	missing = access & (uint8_t)~v.grant->access;
	v.allowed = !missing;
	v.layer = missing ? refusing(g, v.grant, missing) : LAYER_NONE;
	return v;
}

static const struct grant_link *link_at(const struct grants *g, const char *path)
{
	for (size_t i = 0; i < g->n_links; i++)
		if (!strcmp(g->links[i].path, path))
			return &g->links[i];
	return NULL;
}

/* Cuts the last component off. */
static void up(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = 0;
}

/* Puts TARGET before REST, which has PATH_MAX bytes. */
static int prepend(char *rest, const char *target)
{
	char joined[PATH_MAX];

	if (snprintf(joined, sizeof(joined), "%s/%s", target, rest) >= (int)sizeof(joined))
		return -ENAMETOOLONG;
	strcpy(rest, joined);
	return 0;
}

int grants__canonical(const struct grants *g, const char *path, char *ret_path, size_t size)
{
	char rest[PATH_MAX], out[PATH_MAX] = "";
	unsigned int followed = 0;

	if (snprintf(rest, sizeof(rest), "%s", path) >= (int)sizeof(rest))
		return -ENAMETOOLONG;
	while (*rest) {
		const struct grant_link *link;
		size_t skip = strspn(rest, "/"), len = strcspn(rest + skip, "/"), have = strlen(out);
		char name[PATH_MAX];

		memcpy(name, rest + skip, len);
		name[len] = 0;
		memmove(rest, rest + skip + len, strlen(rest + skip + len) + 1);
		if (!len || !strcmp(name, "."))
			continue;
		if (!strcmp(name, "..")) {
			up(out);
			continue;
		}
		if (have + 1 + len >= sizeof(out))
			return -ENAMETOOLONG;
		out[have] = '/';
		memcpy(out + have + 1, name, len + 1);
		link = link_at(g, out);
		if (!link)
			continue;
		if (++followed > LINKS_MAX || prepend(rest, link->target))
			return -ENAMETOOLONG;
		if (*link->target == '/')
			*out = 0;
		else
			up(out);
	}
	if (snprintf(ret_path, size, "%s", *out ? out : "/") >= (int)size)
		return -ENAMETOOLONG;
	return 0;
}

/* ---- patterns ---------------------------------------------------------------------------------------------- */

/* One bracket expression at P (after '['): does C match it? *RET_END is after the ']'; NULL: there is none. */
static bool bracket(const char *p, unsigned char c, const char **ret_end)
{
	bool negated = *p == '!' || *p == '^', hit = false;
	const char *start = p += negated;

	for (; *p && (*p != ']' || p == start); p++) {
		unsigned char low = (unsigned char)*p, high = low;

		if (p[1] == '-' && p[2] && p[2] != ']') {
			high = (unsigned char)p[2];
			p += 2;
		}
		hit |= c >= low && c <= high;
	}
	*ret_end = *p ? p + 1 : NULL;
	return hit != negated;
}

/* Does the single character C match the head of PATTERN? *RET_NEXT: what follows that head. */
static bool one(const char *pattern, char c, const char **ret_next)
{
	if (*pattern == '[') {
		bool hit = bracket(pattern + 1, (unsigned char)c, ret_next);

		if (*ret_next)
			return hit;
	}
	*ret_next = pattern + 1;
	return *pattern == '?' || *pattern == c;
}

/* The bytes of the character at S. What is no UTF-8 has one for each byte. */
static size_t character(const char *s)
{
	static const unsigned char above[] = { 0xc2, 0xe0, 0xf0 }; /* what begins one of two, three, four bytes, from here on */
	size_t len = 1;

	for (size_t i = 0; i < 3; i++)
		len += (unsigned char)*s >= above[i] && (unsigned char)*s < 0xf5;
	for (size_t i = 1; i < len; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 1;
	return len;
}

bool grants__glob(const char *pattern, const char *name, bool hidden)
{
	const char *star = NULL, *retry = NULL, *next;

	if (!hidden && *name == '.' && *pattern != '.')
		return false;
	while (*name) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = name;
		} else if (*pattern && one(pattern, *name, &next)) {
			name += *pattern == '?' ? character(name) : 1;
			pattern = next;
		} else if (star) {
			/* the last star takes one more; earlier ones need not be tried again */
			pattern = star;
			name = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

const struct policy_rule *grants__deny_rule(const struct grants *g, const char *path)
{
	const struct grant *nearest = grants__nearest(g, path, true);

	/* what a link led to is denied too, and only the masks know it */
	if (nearest && nearest->kind == GRANT_MASK)
		return nearest->rule;
	for (size_t i = 0; g->policy && i < g->policy->n_rules; i++) {
		const struct policy_rule *rule = &g->policy->rules[i];

		if (rule->kind == RULE_DENY && policy_rule__covers(rule, path))
			return rule;
	}
	return NULL;
}

void grants__done(struct grants *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->v[i].path);
	for (size_t i = 0; i < g->n_links; i++) {
		free(g->links[i].path);
		free(g->links[i].target);
	}
	free(g->v);
	free(g->links);
	free(g->missing);
	free(g->home);
	memset(g, 0, sizeof(*g));
}

int grants__mask_file(struct grants *g, const char *path)
{
	struct grant *v;
	size_t at = 0;
	char *copy;

	if (exact(g, path, strlen(path)))
		return -EEXIST;
	copy = strdup(path);
	v = copy ? realloc(g->v, (g->n + 1) * sizeof(*v)) : NULL;
	if (!v) {
		free(copy);
		return -ENOMEM;
	}
	while (at < g->n && strcmp(v[at].path, path) < 0)
		at++;
	memmove(v + at + 1, v + at, (g->n - at) * sizeof(*v));
	v[at] = (struct grant){ .path = copy, .kind = GRANT_MASK };
	g->v = v;
	g->n++;
	return 0;
}
