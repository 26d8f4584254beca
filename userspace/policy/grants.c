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
