/* SPDX-License-Identifier: Apache-2.0 */
/* Policies for what runs already, made in an invented world, for the tests of the rows that they come to. */
#ifndef SANDTRACE_TEST_LIVE_MADE_H
#define SANDTRACE_TEST_LIVE_MADE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "policy/live.h"
#include "sandbox/network_rule.h"

static const struct live_layers everything = { .lsm = true, .lsm_io_uring = true, .cgroup_net = true };
static const struct policy_env env = { .home = "/home/u", .cwd = "/srv" };

static inline struct policy *load(const char *text)
{
	struct policy *p = policy__new();
	struct policy_error e;

	assert_non_null(p);
	if (policy__load_text(p, "t.toml", text, strlen(text), &env, &e) || policy__finish(p, &e))
		fail_msg("%s", e.text);
	return p;
}

/*
 * What there is: a path is itself, but for what begins with /gone, of which the directory is not there either, and /new, which
 * is not there yet; a pattern is two; /bad and /huge cannot be held.
 */
static inline int expand(void *ctx, const struct policy_rule *rule, live_add_fn add, void *to, char *why, size_t size)
{
	struct live_name name;
	char path[4200];
	int err;

	(*(unsigned int *)ctx)++;
	if (!strncmp(rule->value, "/gone", 5))
		return 0;
	if (!strncmp(rule->value, "/bad", 4)) {
		snprintf(why, size, "a link that was planted");
		return -ELOOP;
	}
	if (!strncmp(rule->value, "/huge", 5)) {
		for (unsigned int i = 0; i < 2049; i++) {
			snprintf(path, sizeof(path), "/huge/%u", i);
			err = add(to, LIVE_IS, path);
			if (err)
				return err;
		}
		return 0;
	}
	if (!rule->pattern) {
		err = strncmp(rule->value, "/new", 4) ? add(to, LIVE_IS, rule->value) : 0;
		return err ? err : add(to, LIVE_NAMED, rule->value);
	}
	if (!live_pattern__split(rule->value, path, sizeof(path), &name)) {
		err = add(to, LIVE_BASE, path);
		if (err)
			return err;
	}
	for (const char *c = "ab"; *c; c++) {
		snprintf(path, sizeof(path), "/pattern/%c", *c);
		err = add(to, LIVE_IS, path);
		if (err)
			return err;
	}
	return 0;
}

/* Programs but /gone... are there, those that end with "same" one; of control groups those with a number. */
static inline int program(void *ctx, const char *path, char ret[4096])
{
	(void)ctx;
	snprintf(ret, 4096, "%s", path);
	return strncmp(path, "/gone", 5) ? 0 : -ENOENT;
}

static inline int group(void *ctx, const char *path, uint64_t *ret_id)
{
	(void)ctx;
	*ret_id = strtoull(path + 1, NULL, 10);
	return *ret_id ? 0 : -ENOENT;
}

struct made {
	struct policy *p;
	struct live_policy l;
	struct policy_error e;
	unsigned int expanded;
	int err;
};

static inline struct made make_with(const char *text, const struct live_layers *layers, const struct net_plan *plan)
{
	struct made m = { .p = load(text) };

	struct live_world world = { .expand = expand, .file = program, .cgroup = group, .ctx = &m.expanded };

	m.err = live_policy__make(m.p, plan, layers, &world, &m.l, &m.e);
	return m;
}

static inline struct made make(const char *text)
{
	static const struct net_plan none = { .isolated = true };

	return make_with(text, &everything, &none);
}

static inline void done(struct made *m)
{
	live_policy__done(&m->l);
	policy__free(m->p);
}

/* Each path an inode of its own: 101, 102, ...; but what ends with "same" is 100. */
static inline struct live_rows rows_of(const struct live_policy *l)
{
	uint64_t inodes[4200];
	struct live_rows r;
	struct policy_error e;

	assert_true(l->n_paths < ARRAY_SIZE(inodes));
	for (size_t i = 0; i < l->n_paths; i++) {
		size_t len = strlen(l->paths[i]);

		inodes[i] = len >= 4 && !strcmp(l->paths[i] + len - 4, "same") ? 100 : 101 + i;
	}
	if (live_rows__make(l, inodes, &r, &e))
		fail_msg("%s", e.text);
	return r;
}

static inline uint64_t inode_of(const struct live_policy *l, const char *path)
{
	for (size_t i = 0; i < l->n_paths; i++)
		if (!strcmp(l->paths[i], path))
			return strlen(path) >= 4 && !strcmp(path + strlen(path) - 4, "same") ? 100 : 101 + i;
	return 0;
}

/* "d:--1 a:2--" : the rules of a row, for reading, writing, executing. */
static inline const char *row_text(const struct guard_row *r)
{
	static char text[64];
	char *s = text;

	for (int which = 0; which < 2; which++) {
		s += sprintf(s, which ? " a:" : "d:");
		for (int a = 0; a < GUARD_ACCESS_MAX; a++) {
			uint16_t rule = 0;

			for (int i = GUARD_ENTRIES - 1; i >= 0; i--)
				if ((which ? r->e[i].allow : r->e[i].deny) & 1 << a)
					rule = r->e[i].rule;
			s += rule ? sprintf(s, "%u", rule) : sprintf(s, "-");
		}
	}
	return text;
}

/* NULL: PATH has none. */
static inline const struct guard_row *row_in(const struct live_rows *r, const struct live_policy *l, const char *path)
{
	for (size_t i = 0; i < r->n_inodes; i++)
		if (r->inodes[i].key.inode == inode_of(l, path))
			return &r->inodes[i].row;
	return NULL;
}

static inline const char *row(const struct live_policy *l, const char *path)
{
	struct live_rows r = rows_of(l);
	const struct guard_row *found = row_in(&r, l, path);
	const char *text = found && found->e[0].rule ? row_text(found) : "none";

	live_rows__done(&r);
	return text;
}

static inline const char *gap_text(const struct live_policy *l, const char *begin)
{
	for (size_t i = 0; i < l->n_gaps; i++)
		if (!strncmp(l->gaps[i].text, begin, strlen(begin)))
			return l->gaps[i].text + l->gaps[i].why;
	return "none";
}

static inline enum live_gap_kind gap_kind(const struct live_policy *l, const char *begin)
{
	for (size_t i = 0; i < l->n_gaps; i++)
		if (!strncmp(l->gaps[i].text, begin, strlen(begin)))
			return l->gaps[i].kind;
	fail_msg("no gap: %s", begin);
	return 0;
}

#endif
