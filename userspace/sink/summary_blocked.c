/* SPDX-License-Identifier: Apache-2.0 */
/* The "blocked" section of the terminal summary: a table of what the sandbox refused. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/util.h"
#include "summary_print.h"

#define SHOWN 20
#define LAYER_COLS 12  /* "capabilities" */
#define RULE_COLS 44
#define MIN_WHAT 20

struct columns {
	int count, layer, what, rule; /* widths */
};

static int digits(uint64_t v)
{
	int n = 1;

	for (uint64_t rest = v; rest /= 10;)
		n++;
	return n + (n - 1) / 3;
}

/* Columns that a string takes when it is escaped. */
static int wanted(const char *s)
{
	struct text t;
	int n;

	text__init(&t, false);
	n = text__escape(&t, s, strlen(s), TEXT_NO_LIMIT);
	text__done(&t);
	return n;
}

/* "syscall mount" -> "mount": here the layer says as much. */
static const char *short_object(const struct denial *d)
{
	return !d->access && !strncmp(d->object, "syscall ", 8) ? d->object + 8 : d->object;
}

static int what_wanted(const struct denial *d)
{
	return (d->access ? (int)strlen(d->access) + 1 : 0) + wanted(short_object(d));
}

/* The rule gives way first, down to a third; then what was denied. */
static struct columns layout(const struct print *p, const struct denial_entry *const *v, uint32_t n)
{
	struct columns c = { .count = 5, .layer = 5, .what = 4, .rule = 4 };
	int room;

	for (uint32_t i = 0; i < n; i++) {
		c.count = MAX(c.count, digits(v[i]->d.nth));
		c.layer = MAX(c.layer, (int)strlen(layer__name(v[i]->d.layer)));
		c.what = MAX(c.what, what_wanted(&v[i]->d));
		c.rule = MAX(c.rule, wanted(v[i]->d.rule));
	}
	c.layer = MIN(c.layer, LAYER_COLS);
	room = p->width - 2 - c.count - 2 - c.layer - 2 - 2;
	if (c.what + c.rule > room)
		c.rule = MIN(c.rule, MAX(room / 3, room - c.what));
	c.rule = MIN(c.rule, MAX(RULE_COLS, room - c.what));
	c.what = MAX(MIN(c.what, room - c.rule), MIN_WHAT);
	return c;
}

static void header(struct print *p, const struct columns *c)
{
	int col = 2 + c->count + 2;

	text__style(p->t, STYLE_DIM);
	text__pad_to(p->t, 2 + c->count - 5);
	text__put(p->t, "count");
	text__pad_to(p->t, col);
	text__put(p->t, "layer");
	text__pad_to(p->t, col += c->layer + 2);
	text__put(p->t, "what");
	text__pad_to(p->t, col + c->what + 2);
	text__put(p->t, "why");
	text__style(p->t, STYLE_NONE);
	text__char(p->t, '\n');
}

/* Those that were let through look less grave than those that were not. */
static void row(struct print *p, const struct columns *c, const struct denial_entry *e)
{
	const struct denial *d = &e->d;
	int col = 2 + c->count + 2, room = c->what;

	text__pad_to(p->t, 2 + c->count - digits(d->nth));
	text__grouped(p->t, d->nth);
	text__pad_to(p->t, col);
	text__styled(p->t, d->audit ? STYLE_WARN : STYLE_DENIED, layer__name(d->layer));
	text__pad_to(p->t, col += c->layer + 2);
	if (d->access) {
		text__style(p->t, STYLE_DIM);
		text__put(p->t, d->access);
		text__style(p->t, STYLE_NONE);
		text__char(p->t, ' ');
		room -= (int)strlen(d->access) + 1;
	}
	text__escape(p->t, short_object(d), strlen(short_object(d)), MAX(room, 8));
	text__pad_to(p->t, col + c->what + 2);
	text__escape(p->t, d->rule, strlen(d->rule), c->rule);
	text__char(p->t, '\n');
}

/* How many each layer refused, of too many kinds to list. */
static void by_layer(struct print *p, const struct denials *t)
{
	text__put(p->t, ", of too many kinds to list\n  in all:");
	for (int i = 0, first = 1; i < LAYER_MAX; i++) {
		if (!t->by_layer[i])
			continue;
		text__put(p->t, first ? " " : ", ");
		if (p->t->col + 28 > p->width) /* the longest name and number */
			text__put(p->t, "\n  ");
		text__put(p->t, layer__name((enum layer)i));
		text__char(p->t, ' ');
		text__grouped(p->t, t->by_layer[i]);
		first = 0;
	}
}

/* "… and 1,204 more of 12 other kinds": what the table leaves out, exactly. */
static void left_out(struct print *p, const struct denials *t, bool audit, uint64_t kinds, uint64_t count)
{
	uint64_t dropped = audit ? t->audit_dropped : 0;

	for (int i = 0; i < LAYER_MAX && !audit; i++)
		dropped += t->dropped[i];
	if (!kinds && !dropped)
		return;
	text__style(p->t, STYLE_DIM);
	text__put(p->t, "  … and ");
	text__grouped(p->t, count + dropped);
	text__put(p->t, " more");
	if (dropped && audit) {
		text__put(p->t, ", of too many kinds to list");
	} else if (dropped) {
		by_layer(p, t);
	} else {
		text__put(p->t, " of ");
		print_count(p, kinds, "other kind", "other kinds");
	}
	text__style(p->t, STYLE_NONE);
	text__char(p->t, '\n');
}

/* T, which goes with it, cut to the width. */
static void dim_line(struct print *p, struct text *t)
{
	text__cut(t, p->width);
	text__style(p->t, STYLE_DIM);
	text__append(p->t, t);
	text__style(p->t, STYLE_NONE);
	text__char(p->t, '\n');
	text__done(t);
}

/* Calls that are meant to look absent: named in one line, so that nothing is hidden. */
static void expected(struct print *p, const struct denial_entry *const *v, uint32_t n)
{
	struct text t;

	if (!n)
		return;
	text__init(&t, false);
	text__put(&t, "  expected, programs do without: ");
	for (uint32_t i = 0; i < n && t.col < p->width; i++) {
		const char *object = short_object(&v[i]->d);

		if (i)
			text__put(&t, ", ");
		if (v[i]->d.access) {
			text__put(&t, v[i]->d.access);
			text__char(&t, ' ');
		}
		text__escape(&t, object, strlen(object), 32);
		if (v[i]->d.nth > 1) {
			text__put(&t, " ×");
			text__grouped(&t, v[i]->d.nth);
		}
		/* a program that cannot do without after all */
		if (v[i]->d.layer == LAYER_SECCOMP && *v[i]->d.suggest_flag) {
			text__put(&t, " (");
			text__put(&t, v[i]->d.suggest_flag);
			text__char(&t, ')');
		}
	}
	dim_line(p, &t);
}

static void table(struct print *p, const struct denial_entry *const *v, uint32_t n, bool audit)
{
	const struct denials *t = p->res->denials;
	uint32_t shown = MIN(n, SHOWN);
	uint64_t more = 0;
	struct columns c;

	if (shown) {
		c = layout(p, v, shown);
		header(p, &c);
		for (uint32_t i = 0; i < shown; i++)
			row(p, &c, v[i]);
	}
	for (uint32_t i = shown; i < n; i++)
		more += v[i]->d.nth;
	left_out(p, t, audit, n - shown, more);
}

static void note(struct print *p, const char *text)
{
	struct text t;

	text__init(&t, false);
	text__put(&t, "  ");
	text__put(&t, text);
	dim_line(p, &t);
}

void print_blocked(struct print *p)
{
	const struct denials *t = p->res->denials;
	const struct denial_entry **v;
	uint32_t n, refused = 0, worth;

	if (!t || (!t->total && !t->audit))
		return;
	v = calloc(t->n + 1, sizeof(*v));
	if (!v) {
		p->t->err = -ENOMEM;
		return;
	}
	n = denials__sorted(t, v);
	while (refused < n && !v[refused]->d.expected && !v[refused]->d.audit)
		refused++;
	for (worth = refused; worth < n && !v[worth]->d.expected;)
		worth++;
	if (t->total) {
		print_heading(p, t->total == t->by_layer[LAYER_KILL] ? "done, then killed for" : "blocked");
		text__char(p->t, '\n');
		table(p, v, refused, false);
		if (t->by_layer[LAYER_KILL])
			note(p, "layer kill prevents nothing: this was done, and who had done it was killed");
		expected(p, v + worth, n - worth);
	}
	if (t->audit) {
		print_heading(p, "would be blocked");
		text__char(p->t, '\n');
		table(p, v + refused, worth - refused, true);
	}
	print_suggestions(p, v, worth);
	free(v);
}
