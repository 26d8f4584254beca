/* SPDX-License-Identifier: Apache-2.0 */
/* Why a call was refused, on a line of its own below the call's; and which of a flood of them are shown. */
#include <string.h>

#include "../base/util.h"
#include "../policy/denial.h"
#include "text.h"

#define PER_OBJECT 5
#define PER_SECOND 20
#define MIN_OBJECT 14

bool text_denial__shows(struct text_denials *f, const struct event *ev)
{
	uint64_t second = ev->hdr->ts / NSEC_PER_SEC;

	if (second > f->second) {
		f->second = second;
		f->shown = 0;
	}
	if (ev->denial->nth <= PER_OBJECT && f->shown < PER_SECOND) {
		f->shown++;
		return true;
	}
	f->hidden++;
	return false;
}

static void separator(struct text *t)
{
	text__style(t, STYLE_DIM);
	text__put(t, " · ");
	text__style(t, STYLE_NONE);
}

static void bounded(struct text *t, const char *s, int room)
{
	text__escape(t, s, strlen(s), room < MIN_OBJECT ? MIN_OBJECT : room);
}

/* "--read /etc/passwd", or the line of a policy. */
static void suggestion(struct text *t, const struct denial *d)
{
	bool scalar = denial__is_scalar(d->suggest_key);

	if (d->suggest_remove) {
		text__put(t, "remove that rule");
		return;
	}
	if (*d->suggest_flag) {
		text__escape(t, d->suggest_flag, strlen(d->suggest_flag), TEXT_NO_LIMIT);
		return;
	}
	text__put(t, d->suggest_key);
	text__put(t, scalar ? " = " : " = [\"");
	text__escape(t, d->suggest_value, strlen(d->suggest_value), TEXT_NO_LIMIT);
	text__put(t, scalar ? "" : "\"]");
}

/* Appends S where it fits behind what is there, else below. */
static void place(struct text *t, const struct text *s, int indent, int width, enum style style)
{
	if (width > 0 && t->col + 3 + s->col > width) {
		text__char(t, '\n');
		text__pad_to(t, indent + 2);
	} else {
		separator(t);
	}
	text__style(t, style);
	text__append(t, s);
	text__style(t, STYLE_NONE);
}

void text_denial__line(struct text *t, const struct text_line *line, const struct denial *d)
{
	int indent = line->pid_width + 12, width = line->width;
	bool can_allow = *d->suggest_key || *d->suggest_flag || d->suggest_remove;
	/* a path that the suggestion repeats need not be said twice */
	bool say_object = d->access && (!*d->suggest_flag || !strstr(d->suggest_flag, d->object));
	struct text s;

	text__pad_to(t, indent);
	text__style(t, STYLE_DIM);
	text__put(t, "╰ ");
	text__style(t, d->expected ? STYLE_DIM : d->audit ? STYLE_WARN : STYLE_DENIED);
	text__put(t, layer__name(d->layer));
	text__style(t, STYLE_NONE);
	text__put(t, ": ");
	if (say_object) {
		text__put(t, d->access);
		text__char(t, ' ');
		bounded(t, d->object, width > 0 ? width - t->col - (int)strlen(d->rule) - 2 : TEXT_NO_LIMIT);
		text__put(t, ": ");
	}
	bounded(t, d->rule, width > 0 ? width - t->col : TEXT_NO_LIMIT);
	text__init(&s, false);
	if (d->expected) {
		text__put(&s, "expected, nothing to do");
		place(t, &s, indent, width, STYLE_DIM);
	} else if (can_allow) {
		suggestion(&s, d);
		if (width > 0)
			text__cut(&s, MAX(width - indent - 2, MIN_OBJECT));
		place(t, &s, indent, width, STYLE_GOOD);
		text__reset(&s);
		text__put(&s, "sensitive");
		if (d->sensitive)
			place(t, &s, indent, width, STYLE_WARN);
	}
	if (s.err)
		t->err = s.err;
	text__done(&s);
	text__char(t, '\n');
}
