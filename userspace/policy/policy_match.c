/* SPDX-License-Identifier: Apache-2.0 */
/* Which rules name a path. By their text alone: what a link leads to is known to sandbox/resolve.c. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "grants.h"

/* The component at P without its slashes, into BUF; returns what follows it, NULL at the end. */
static const char *component(const char *p, char *buf, size_t size)
{
	size_t len;

	p += strspn(p, "/");
	if (!*p)
		return NULL;
	len = strcspn(p, "/");
	snprintf(buf, size, "%.*s", (int)len, p);
	return p + len;
}

/*
 * Does PATTERN match PATH or a directory above it? As in grants__glob, only the last "**" need be tried again: what it
 * skipped can be skipped by it alone.
 */
static bool matches(const char *pattern, const char *path)
{
	const char *retry_pattern = NULL, *retry_path = NULL;
	char want[NAME_MAX + 1], have[NAME_MAX + 1];

	for (;;) {
		const char *next_pattern = component(pattern, want, sizeof(want));
		const char *next_path = component(path, have, sizeof(have));

		if (!next_pattern)
			return true;
		if (!strcmp(want, "**")) {
			retry_pattern = pattern = next_pattern;
			retry_path = path;
			continue;
		}
		if (!next_path)
			return false;
		if (grants__glob(want, have, true)) {
			pattern = next_pattern;
			path = next_path;
			continue;
		}
		if (!retry_pattern)
			return false;
		retry_path = component(retry_path, have, sizeof(have));
		pattern = retry_pattern;
		path = retry_path;
	}
}

bool policy_rule__covers(const struct policy_rule *r, const char *path)
{
	return rule_kind__is_path(r->kind) && (r->pattern ? matches(r->value, path) : grants__covers(r->value, path));
}
