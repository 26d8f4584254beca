/* SPDX-License-Identifier: Apache-2.0 */
/* The process tree of the terminal summary. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/util.h"
#include "summary_print.h"

#define PROCS_SHOWN 24

struct tree {
	struct print *p;
	uint32_t *first; /* first child of each process, then its brothers; SUM_NONE ends a list */
	uint32_t *next;
	uint32_t shown;
	uint32_t open; /* bit per depth: a brother follows, so its line goes on */
};

/* The command line as one would type it; arguments that are not plain words are quoted. */
static void command(struct text *t, const struct sum_proc *p)
{
	const char *arg = p->argv, *end = p->argv + p->argv_len;

	if (!p->argv_len) {
		text__escape(t, p->comm, strnlen(p->comm, EV_COMM_LEN), TEXT_NO_LIMIT);
		/* of one that ran before nobody knows */
		text__put(t, (p->flags & (PROC_EXECED | PROC_LINKED)) == PROC_LINKED ? " (fork)" : "");
		return;
	}
	while (arg < end) {
		size_t n = strnlen(arg, (size_t)(end - arg));

		if (t->len)
			text__char(t, ' ');
		print_word(t, arg, n);
		arg += n + 1;
	}
}

static void outcome(struct tree *tr, const struct sum_proc *p)
{
	const char *signal = signal__name((int)p->signal);
	enum style style = STYLE_DIM;
	struct text t;

	text__init(&t, false);
	if (!(p->flags & PROC_EXITED)) {
		text__put(&t, "no exit seen");
	} else if (p->signal) {
		style = STYLE_DENIED;
		if (signal)
			text__put(&t, signal);
		else
			text__put(&t, "signal");
	} else {
		style = p->exit_code ? STYLE_FAILED : STYLE_DIM;
		text__put(&t, "exit ");
		text__u64(&t, p->exit_code);
	}
	if (p->end > p->start && p->start) {
		struct text d;

		text__init(&d, false);
		text__duration(&d, p->end - p->start);
		text__pad_to(&t, MAX(t.col + 9 - d.col, 0));
		text__append(&t, &d);
		text__done(&d);
	} else {
		text__pad_to(&t, t.col + 9);
	}
	print_right(tr->p, &t, style);
	text__done(&t);
}

static void line(struct tree *tr, const struct sum_proc *p, unsigned int depth)
{
	struct text *t = tr->p->t, cmd;

	text__put(t, "  ");
	text__style(t, STYLE_DIM);
	for (unsigned int d = 1; d < depth; d++)
		text__put(t, tr->open & (1U << d) ? "│ " : "  ");
	if (depth)
		text__put(t, tr->open & (1U << depth) ? "├─" : "└─");
	text__u64(t, p->pid);
	text__style(t, STYLE_NONE);
	text__char(t, ' ');
	text__init(&cmd, false);
	command(&cmd, p);
	text__cut(&cmd, MAX(tr->p->width - t->col - 24, 12));
	text__append(t, &cmd);
	text__done(&cmd);
	if (p->threads) {
		text__style(t, STYLE_DIM);
		text__put(t, " +");
		text__u64(t, p->threads);
		text__put(t, p->threads == 1 ? " thread" : " threads");
		text__style(t, STYLE_NONE);
	}
	outcome(tr, p);
	text__char(t, '\n');
}

/* At most PROCS_SHOWN lines are written, so depth stays below the bits of .open. */
static void walk(struct tree *tr, uint32_t i, unsigned int depth)
{
	for (; i != SUM_NONE && tr->shown < PROCS_SHOWN; i = tr->next[i]) {
		if (tr->next[i] != SUM_NONE)
			tr->open |= 1U << depth;
		else
			tr->open &= ~(1U << depth);
		tr->shown++;
		line(tr, &tr->p->s->procs[i], depth);
		walk(tr, tr->first[i], depth + 1);
	}
}

void print_processes(struct print *p)
{
	const struct summary *s = p->s;
	struct tree tr = {.p = p};
	uint32_t roots = SUM_NONE;

	if (!s->n_procs)
		return;
	tr.first = malloc(SUM_PROCS * sizeof(*tr.first));
	tr.next = malloc(SUM_PROCS * sizeof(*tr.next));
	if (!tr.first || !tr.next)
		p->t->err = -ENOMEM;
	for (uint32_t i = 0; i < s->n_procs && !p->t->err; i++)
		tr.first[i] = SUM_NONE;
	/* backwards, because each is put at the head of its list */
	for (uint32_t i = s->n_procs; i-- > 0 && !p->t->err;) {
		uint32_t parent = sum_proc__parent(s, i);
		uint32_t *list = parent == SUM_NONE ? &roots : &tr.first[parent];

		tr.next[i] = *list;
		*list = i;
	}
	if (!p->t->err) {
		print_heading(p, "processes");
		text__char(p->t, '\n');
		walk(&tr, roots, 0);
		print_more(p, s->n_procs - tr.shown + s->procs_dropped, " processes");
	}
	free(tr.first);
	free(tr.next);
}
