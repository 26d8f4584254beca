/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is put into the kernel's maps, when it is known which inode each path is. Two paths may be one; then their rules are of
 * one row. A trie answers with the longest text alone, so each has the rules of all that it begins with.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "live_internal.h"

/* A thing of the policy with the address of what it is about; 0: anywhere. */
struct placed {
	const struct live_thing *t;
	uint64_t inode;
};

static int by_list(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	int c;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	if (x->t->name.way != y->t->name.way)
		return x->t->name.way < y->t->name.way ? -1 : 1;
	if (x->t->name.below != y->t->name.below)
		return x->t->name.below ? 1 : -1;
	c = memcmp(x->t->name.text, y->t->name.text, MIN(x->t->name.len, y->t->name.len));
	if (!c && x->t->name.len != y->t->name.len)
		c = x->t->name.len < y->t->name.len ? -1 : 1;
	return c ? c : (x->t->e.rule > y->t->e.rule) - (x->t->e.rule < y->t->e.rule);
}

static bool same_list(const struct placed *x, const struct placed *y)
{
	return x->inode == y->inode && x->t->name.way == y->t->name.way && x->t->name.below == y->t->name.below;
}

static bool begins_with(const struct live_name *n, const struct live_name *with)
{
	return with->len <= n->len && !memcmp(n->text, with->text, with->len);
}

bool live_row__add(struct guard_row *row, const struct guard_entry *e)
{
	struct guard_entry left = *e;
	unsigned int i = 0;

	for (; i < GUARD_ENTRIES && row->e[i].rule; i++) {
		const struct guard_entry *o = &row->e[i];

		if (o->condition != e->condition || o->depth != e->depth || o->no_dot != e->no_dot)
			continue;
		left.allow &= (uint8_t)~o->allow;
		if (o->action == e->action)
			left.deny &= (uint8_t)~o->deny;
	}
	if (!left.deny && !left.allow)
		return true;
	if (i == GUARD_ENTRIES)
		return false;
	row->e[i] = left;
	return true;
}

int live_row__full(const struct live_policy *l, unsigned int rule, struct policy_error *e)
{
	return live_policy__full(e, l->rules[rule], "give some of them the same `when` and action",
				 "more than %d rules that differ in action and `when` are about this", GUARD_ENTRIES);
}

static int by_rule(const void *a, const void *b)
{
	const struct live_thing *x = *(const struct live_thing *const *)a, *y = *(const struct live_thing *const *)b;

	return (x->e.rule > y->e.rule) - (x->e.rule < y->e.rule);
}

/* The row of V[AT]: of its like and, in a trie, of what is shorter; V[FROM] begins its list. ROOM for as many. */
static int make_row(const struct live_policy *l, const struct placed *v, size_t from, size_t at, size_t n,
		    const struct live_thing **room, struct guard_row *row, struct policy_error *e)
{
	bool whole = v[at].t->name.way == GUARD_NAMES_EXACT || !v[at].t->name.way;
	size_t n_room = 0;

	for (size_t i = whole ? at : from; i < n && i <= at; i++)
		if (begins_with(&v[at].t->name, &v[i].t->name))
			room[n_room++] = v[i].t;
	for (size_t i = at + 1; i < n && same_list(&v[at], &v[i]) && v[i].t->name.len == v[at].t->name.len &&
				begins_with(&v[i].t->name, &v[at].t->name); i++)
		room[n_room++] = v[i].t;
	qsort(room, n_room, sizeof(const struct live_thing *), by_rule);
	for (size_t i = 0; i < n_room; i++)
		if (!live_row__add(row, &room[i]->e))
			return live_row__full(l, room[i]->e.rule, e);
	return 0;
}

/* Which lists of names there are of each directory. */
static void mark_bases(const struct placed *v, size_t n, struct live_rows *r)
{
	for (size_t i = 0; i < n; i++) {
		const struct live_name *name = &v[i].t->name;
		size_t low = 0, high = r->n_inodes;

		if (!name->way || !v[i].inode)
			continue;
		while (low < high) {
			size_t mid = low + (high - low) / 2;

			if (r->inodes[mid].key.inode < v[i].inode)
				low = mid + 1;
			else
				high = mid;
		}
		/* each has a row: of a thing that says nothing, add_name() */
		r->inodes[low].row.names |= (uint32_t)name->way << (name->below ? GUARD_NAMES_BELOW : 0);
		r->inodes[low].row.names |= v[i].t->e.depth ? GUARD_NAMES_FAR : 0;
	}
}

static struct guard_name_key name_key(const struct placed *p)
{
	const struct live_name *name = &p->t->name;
	struct guard_name_key key = { .list = GUARD_LIST(0, (uint32_t)name->way, (uint32_t)name->below), .base = p->inode };

	if (name->way != GUARD_NAMES_EXACT)
		key.prefixlen = GUARD_NAME_PREFIX + 8U * name->len;
	memcpy(key.name, name->text, name->len);
	return key;
}

int live_rows__make(const struct live_policy *l, const uint64_t *inodes, struct live_rows *ret, struct policy_error *ret_error)
{
	_cleanup_(free) struct placed *v = calloc(l->n_things + 1, sizeof(*v));
	_cleanup_(free) const struct live_thing **room = calloc(l->n_things + 1, sizeof(const struct live_thing *));
	size_t n = l->n_things, from = 0;
	int err = 0;

	memset(ret, 0, sizeof(*ret));
	ret->inodes = calloc(n + 1, sizeof(*ret->inodes));
	ret->names = calloc(n + 1, sizeof(*ret->names));
	ret->affixes = calloc(n + 1, sizeof(*ret->affixes));
	if (!v || !room || !ret->inodes || !ret->names || !ret->affixes)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		v[i] = (struct placed){ &l->things[i], l->things[i].path == LIVE_ANYWHERE ? 0 : inodes[l->things[i].path] };
	qsort(v, n, sizeof(*v), by_list);
	for (size_t i = 0, next; i < n && !err; i = next) {
		struct guard_row row = { 0 };

		if (!same_list(&v[from], &v[i]))
			from = i;
		err = make_row(l, v, from, i, n, room, &row, ret_error);
		for (next = i + 1; next < n && same_list(&v[i], &v[next]) && v[next].t->name.len == v[i].t->name.len &&
				   begins_with(&v[next].t->name, &v[i].t->name);)
			next++;
		if (!v[i].t->name.way)
			ret->inodes[ret->n_inodes++] = (struct live_inode_row){ { .inode = v[i].inode }, row };
		else if (v[i].t->name.way == GUARD_NAMES_EXACT)
			ret->names[ret->n_names++] = (struct live_name_row){ name_key(&v[i]), row };
		else
			ret->affixes[ret->n_affixes++] = (struct live_name_row){ name_key(&v[i]), row };
	}
	mark_bases(v, n, ret);
	return err ?: live_when__rows(l, inodes, ret);
}

void live_rows__done(struct live_rows *r)
{
	free(r->inodes);
	free(r->names);
	free(r->affixes);
	free(r->who);
	memset(r, 0, sizeof(*r));
}
