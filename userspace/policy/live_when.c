/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions as the kernel judges them: each different one is a bit, and each user, program and control group that any of them
 * names a row of bits (include/guard.h).
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "live_internal.h"
#include "policy_when.h"

static const enum guard_who whats[WHEN_KEY_MAX] = {
	[WHEN_UID] = GUARD_WHO_UID, [WHEN_BINARY] = GUARD_WHO_BINARY, [WHEN_CGROUP] = GUARD_WHO_CGROUP,
};

static bool is_listed(enum when_key key)
{
	return key == WHEN_UID || key == WHEN_BINARY || key == WHEN_CGROUP;
}

static int add_who(struct live_policy *l, const struct live_who *who)
{
	if (!(l->n_who & (l->n_who + 1))) { /* 0, 1, 3, 7, ...: full */
		struct live_who *v = reallocarray(l->who, 2 * l->n_who + 1, sizeof(*v));

		if (!v)
			return -ENOMEM;
		l->who = v;
	}
	l->who[l->n_who++] = *who;
	return 0;
}

/* One value of condition N. -ENOENT: *RET_WHY says what is not there. */
static int add_test(struct live_policy *l, const struct live_world *world, const struct when_test *t, unsigned int n,
		    const char **ret_why)
{
	struct live_who who = { .what = whats[t->key], .condition = (uint8_t)n, .not = t->not };
	char path[PATH_MAX];
	int err = 0;

	if (t->key == WHEN_UID) {
		who.value = strtoull(t->value, NULL, 10);
	} else if (t->key == WHEN_CGROUP) {
		err = world->cgroup ? world->cgroup(world->ctx, t->value, &who.value) : -ENOENT;
		*ret_why = "when: its control group is not there";
	} else {
		err = world->file ? world->file(world->ctx, t->value, path) : -ENOENT;
		*ret_why = "when: its program is not there";
		if (!err) {
			who.path = strdup(path);
			err = who.path ? 0 : -ENOMEM;
		}
	}
	if (err)
		return err == -ENOMEM ? err : -ENOENT;
	err = add_who(l, &who);
	if (err)
		free(who.path);
	return err;
}

static void add_masks(struct guard_policy *head, const struct policy_when *w, uint64_t bit)
{
	bool asked[2] = { false }, own[2] = { false }, other[2] = { false }; /* mount, user namespace */

	head->conditions |= bit;
	for (size_t i = 0; i < w->n; i++) {
		const struct when_test *t = &w->v[i];
		bool user = t->key == WHEN_USER_NS;

		if (is_listed(t->key)) {
			head->asks[whats[t->key]] |= bit;
			head->needs[whats[t->key]] |= t->not ? 0 : bit;
			continue;
		}
		asked[user] = true;
		own[user] |= !strcmp(t->value, "host");
		other[user] |= !strcmp(t->value, "other");
	}
	head->mount_ns[0] |= !asked[0] || own[0] ? bit : 0;
	head->mount_ns[1] |= !asked[0] || other[0] ? bit : 0;
	head->user_ns[0] |= !asked[1] || own[1] ? bit : 0;
	head->user_ns[1] |= !asked[1] || other[1] ? bit : 0;
}

int live_when__number(struct live_policy *l, const struct live_world *world, const struct policy_rule *rule, uint8_t *ret,
		      const char **ret_why, struct policy_error *e)
{
	const struct policy_when *w = rule->when;
	unsigned int n = 1;
	int err = 0;

	*ret = 0;
	if (!w)
		return 0;
	while (n < l->n_whens && l->whens[n] != w)
		n++;
	if (n == GUARD_CONDITIONS)
		return live_policy__full(e, rule, "give rules the same `when`", "more than %d different conditions",
					 GUARD_CONDITIONS - 1);
	*ret = (uint8_t)n;
	if (n < l->n_whens) {
		*ret_why = l->when_gaps[n];
		return *ret_why ? -ENOENT : 0;
	}
	l->n_whens = n + 1;
	l->whens[n] = w;
	for (size_t i = 0; i < w->n && !err; i++)
		if (is_listed(w->v[i].key))
			err = add_test(l, world, &w->v[i], n, ret_why);
	l->when_gaps[n] = err == -ENOENT ? *ret_why : NULL;
	add_masks(&l->head, w, 1ULL << n);
	return err;
}

static int by_value(const void *a, const void *b)
{
	const struct guard_who_key *x = &((const struct live_who_row *)a)->key, *y = &((const struct live_who_row *)b)->key;

	if (x->what != y->what)
		return x->what < y->what ? -1 : 1;
	return x->value < y->value ? -1 : x->value > y->value;
}

/* Two programs may be one file. */
int live_when__rows(const struct live_policy *l, const uint64_t *inodes, struct live_rows *r)
{
	size_t n = 0;

	r->who = calloc(l->n_who + 1, sizeof(*r->who));
	if (!r->who)
		return -ENOMEM;
	for (size_t i = 0; i < l->n_who; i++) {
		const struct live_who *w = &l->who[i];
		uint64_t bit = 1ULL << w->condition;

		r->who[i].key.what = w->what;
		r->who[i].key.value = w->path ? inodes[w->path_index] : w->value;
		*(w->not ? &r->who[i].row.unmet : &r->who[i].row.met) = bit;
	}
	if (l->n_who)
		qsort(r->who, l->n_who, sizeof(*r->who), by_value);
	for (size_t i = 0; i < l->n_who; i++) {
		if (n && !by_value(&r->who[n - 1], &r->who[i])) {
			r->who[n - 1].row.met |= r->who[i].row.met;
			r->who[n - 1].row.unmet |= r->who[i].row.unmet;
		} else {
			r->who[n++] = r->who[i];
		}
	}
	r->n_who = n;
	return 0;
}
