/* SPDX-License-Identifier: Apache-2.0 */
/* What would allow the denials of a run: once as flags, once as lines of a policy, both ready to be pasted. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/util.h"
#include "summary_print.h"

#define SUGGESTED 64 /* more lines than anybody reads */

struct suggestions {
	const struct denial *v[SUGGESTED];
	uint32_t n, more, never;
};

static bool same(const struct denial *a, const struct denial *b)
{
	return a->suggest_remove == b->suggest_remove && (!a->suggest_remove || !strcmp(a->rule, b->rule)) &&
	       !strcmp(a->suggest_key, b->suggest_key) && !strcmp(a->suggest_value, b->suggest_value) &&
	       !strcmp(a->suggest_flag, b->suggest_flag);
}

static bool is_scalar(const struct denial *d)
{
	return denial__is_scalar(d->suggest_key);
}

static void collect(struct suggestions *s, const struct denial_entry *const *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct denial *d = &v[i]->d;
		uint32_t k = 0;

		if (!*d->suggest_key && !*d->suggest_flag && !d->suggest_remove) {
			s->never++;
			continue;
		}
		/* a single value can be set once only */
		while (k < s->n && !same(s->v[k], d) && !(is_scalar(d) && !strcmp(s->v[k]->suggest_key, d->suggest_key)))
			k++;
		if (k < s->n)
			continue;
		if (s->n < SUGGESTED)
			s->v[s->n++] = d;
		else
			s->more++;
	}
}

static void heading(struct print *p, const char *text)
{
	text__put(p->t, "\n  ");
	text__style(p->t, STYLE_DIM);
	text__put(p->t, text);
	text__style(p->t, STYLE_NONE);
	text__char(p->t, '\n');
}

static void escaped(struct text *t, const char *s)
{
	text__escape(t, s, strlen(s), TEXT_NO_LIMIT);
}

static bool flag_seen(const struct suggestions *s, uint32_t i)
{
	for (uint32_t k = 0; k < i; k++)
		if (!strcmp(s->v[k]->suggest_flag, s->v[i]->suggest_flag) && s->v[k]->sensitive == s->v[i]->sensitive)
			return true;
	return false;
}

/* Flags behind each other, wrapped as a shell wants it. Never shortened: they would not work. */
static bool flags(struct print *p, const struct suggestions *s, bool sensitive, const char *title)
{
	bool first = true;

	for (uint32_t i = 0; i < s->n; i++) {
		const struct denial *d = s->v[i];

		if (d->sensitive != sensitive || !*d->suggest_flag || flag_seen(s, i))
			continue;
		if (first)
			heading(p, title);
		if (!first && p->t->col + 1 + (int)strlen(d->suggest_flag) + 2 > p->width)
			text__put(p->t, " \\\n    ");
		else
			text__put(p->t, first ? "    " : " ");
		text__style(p->t, sensitive ? STYLE_WARN : STYLE_GOOD);
		escaped(p->t, d->suggest_flag);
		text__style(p->t, STYLE_NONE);
		first = false;
	}
	if (!first)
		text__char(p->t, '\n');
	return !first;
}

/* One element of a list, or a comment where it should not be allowed without a thought. */
static void element(struct print *p, const struct denial *d)
{
	text__put(p->t, d->sensitive ? "      # " : "      ");
	text__style(p->t, d->sensitive ? STYLE_WARN : STYLE_GOOD);
	text__char(p->t, '"');
	escaped(p->t, d->suggest_value);
	text__put(p->t, "\",");
	text__style(p->t, STYLE_NONE);
	if (d->sensitive)
		text__styled(p->t, STYLE_DIM, "  sensitive");
	text__char(p->t, '\n');
}

static void scalar(struct print *p, const struct denial *d, const char *name)
{
	text__put(p->t, d->sensitive ? "    # " : "    ");
	text__style(p->t, d->sensitive ? STYLE_WARN : STYLE_GOOD);
	text__put(p->t, name);
	text__put(p->t, " = ");
	escaped(p->t, d->suggest_value);
	text__style(p->t, STYLE_NONE);
	if (d->sensitive)
		text__styled(p->t, STYLE_DIM, "  sensitive");
	text__char(p->t, '\n');
}

static bool has_key(const struct denial *d, const char *section, const char *name)
{
	size_t n = strlen(section);

	return !strncmp(d->suggest_key, section, n) && d->suggest_key[n] == '.' && !strcmp(d->suggest_key + n + 1, name);
}

/* The names that suggestions have, in the order of docs/policy.md. */
static const struct {
	const char *section, *name;
} keys[] = {
	{ "filesystem", "allow_read" }, { "filesystem", "allow_write" }, { "filesystem", "allow_exec" },
	{ "network", "allow" },		{ "network", "unix" },		 { "syscalls", "allow" },
	{ "limits", "pids" },		{ "limits", "max_file_size" },	 { "limits", "open_files" },
};

/* True: a list was begun, and wants its end. */
static bool key_lines(struct print *p, const struct suggestions *s, size_t key, bool *section_open)
{
	bool any = false;

	for (uint32_t i = 0; i < s->n; i++) {
		const struct denial *d = s->v[i];

		if (!has_key(d, keys[key].section, keys[key].name))
			continue;
		if (!*section_open) {
			text__put(p->t, "    [");
			text__put(p->t, keys[key].section);
			text__put(p->t, "]\n");
			*section_open = true;
		}
		if (is_scalar(d)) {
			scalar(p, d, keys[key].name);
			continue;
		}
		if (!any) {
			text__put(p->t, "    ");
			text__put(p->t, keys[key].name);
			text__put(p->t, " = [\n");
		}
		any = true;
		element(p, d);
	}
	return any;
}

static void policy_lines(struct print *p, const struct suggestions *s, const char *title)
{
	bool any = false, section_open = false;

	for (uint32_t i = 0; i < s->n; i++)
		any |= *s->v[i]->suggest_key;
	if (!any)
		return;
	heading(p, title);
	for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
		if (k && strcmp(keys[k].section, keys[k - 1].section))
			section_open = false;
		if (key_lines(p, s, k, &section_open))
			text__put(p->t, "    ]\n");
	}
}

/* A rule that denies has nothing that could be added to it. */
static void removals(struct print *p, const struct suggestions *s, const char *title)
{
	bool first = true;

	for (uint32_t i = 0; i < s->n; i++) {
		const struct denial *d = s->v[i];

		if (!d->suggest_remove)
			continue;
		if (first)
			heading(p, title);
		first = false;
		text__put(p->t, "    ");
		text__style(p->t, d->sensitive ? STYLE_WARN : STYLE_GOOD);
		escaped(p->t, d->rule);
		text__style(p->t, STYLE_NONE);
		if (d->sensitive)
			text__styled(p->t, STYLE_DIM, "  sensitive");
		text__char(p->t, '\n');
	}
}

void print_suggestions(struct print *p, const struct denial_entry *const *v, uint32_t n)
{
	struct suggestions *s = calloc(1, sizeof(*s));
	bool any;

	if (!s) {
		p->t->err = -ENOMEM;
		return;
	}
	collect(s, v, n);
	any = flags(p, s, false, "to allow it:");
	any |= flags(p, s, true, "sensitive, think twice:");
	policy_lines(p, s, any ? "or in a policy file:" : "to allow it, in a policy file:");
	removals(p, s, "to allow it, remove from the policy:");
	print_more(p, s->more, " suggestions");
	if (s->never) {
		text__style(p->t, STYLE_DIM);
		text__put(p->t, "\n  nothing can allow ");
		text__grouped(p->t, s->never);
		text__put(p->t, n == s->never ? " of them" : " of the above");
		text__style(p->t, STYLE_NONE);
		text__char(p->t, '\n');
	}
	free(s);
}
