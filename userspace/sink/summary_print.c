/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal summary: its head, and the order of its sections. */
#include <errno.h>
#include <string.h>

#include "../base/util.h"
#include "summary_print.h"

void print_heading(struct print *p, const char *title)
{
	text__char(p->t, '\n');
	text__styled(p->t, STYLE_BOLD, title);
}

void print_count(struct print *p, uint64_t v, const char *one, const char *many)
{
	text__grouped(p->t, v);
	text__char(p->t, ' ');
	text__put(p->t, v == 1 ? one : many);
}

void print_more(struct print *p, uint64_t n, const char *what)
{
	if (!n)
		return;
	text__style(p->t, STYLE_DIM);
	text__put(p->t, "  … and ");
	text__grouped(p->t, n);
	text__put(p->t, " more");
	text__put(p->t, what);
	text__style(p->t, STYLE_NONE);
	text__char(p->t, '\n');
}

void print_right(struct print *p, const struct text *src, enum style style)
{
	text__put(p->t, "  ");
	text__pad_to(p->t, p->width - src->col);
	text__style(p->t, style);
	text__append(p->t, src);
	text__style(p->t, STYLE_NONE);
}

static bool is_word(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') ||
		      (s[i] >= '0' && s[i] <= '9') || memchr("_./=:,@%+-", s[i], 10)))
			return false;
	return len != 0;
}

void print_word(struct text *t, const char *s, size_t len)
{
	if (is_word(s, len))
		text__bytes(t, s, len);
	else
		text__quote(t, s, len, TEXT_NO_LIMIT);
}

/* Facts of the head line are separated by dots and wrapped between facts. */
struct headline {
	struct print *p;
	struct text item;
	bool first;
};

static void fact(struct headline *f, enum style style)
{
	struct text *t = f->p->t;

	if (!f->first && t->col + 3 + f->item.col > f->p->width) {
		text__put(t, "\n  ");
	} else if (!f->first) {
		text__style(t, STYLE_DIM);
		text__put(t, " · ");
		text__style(t, STYLE_NONE);
	}
	text__style(t, style);
	text__append(t, &f->item);
	text__style(t, STYLE_NONE);
	text__reset(&f->item);
	f->first = false;
}

static void counted(struct headline *f, uint64_t v, const char *one, const char *many)
{
	text__grouped(&f->item, v);
	text__char(&f->item, ' ');
	text__put(&f->item, v == 1 ? one : many);
}

static void fact_outcome(struct headline *f)
{
	const struct run_result *res = f->p->res;
	const char *signal = signal__name(res->signal);
	bool good = (res->kind == EXIT_EXITED && res->exit_code == 0) || res->kind == EXIT_ATTACHED;

	switch (res->kind) {
	case EXIT_EXITED:
		text__put(&f->item, "exited with ");
		text__i64(&f->item, res->exit_code);
		break;
	case EXIT_SIGNALED:
		text__put(&f->item, "killed by ");
		if (signal)
			text__put(&f->item, signal);
		else
			text__i64(&f->item, res->signal);
		break;
	case EXIT_TIMEOUT: text__put(&f->item, "killed: timed out"); break;
	case EXIT_INTERRUPTED: text__put(&f->item, "interrupted"); break;
	case EXIT_ATTACHED: text__put(&f->item, "recorded while it ran"); break;
	default: text__put(&f->item, "not started");
	}
	fact(f, good ? STYLE_GOOD : STYLE_DENIED);
}

static void fact_losses(struct headline *f)
{
	const struct run_result *res = f->p->res;
	uint64_t lost = 0, suppressed = 0;

	if (res->freezes) {
		text__put(&f->item, "frozen ");
		counted(f, res->freezes, "time", "times");
		text__put(&f->item, " (");
		text__duration(&f->item, res->frozen_ns);
		text__put(&f->item, ") to keep up");
		fact(f, STYLE_DIM);
	}
	for (int i = 0; i < EV_CLASS_MAX; i++) {
		lost += res->totals[i].lost;
		suppressed += res->totals[i].suppressed;
	}
	if (suppressed) {
		counted(f, suppressed, "record", "records");
		text__put(&f->item, " held back by --rate-limit");
		fact(f, STYLE_WARN);
	}
	if (lost) {
		text__put(&f->item, "!!! ");
		counted(f, lost, "record", "records");
		text__put(&f->item, " LOST");
		fact(f, STYLE_DENIED);
	} else {
		text__put(&f->item, "nothing lost");
		fact(f, STYLE_DIM);
	}
	if (res->undecoded) {
		text__put(&f->item, "!!! ");
		counted(f, res->undecoded, "record", "records");
		text__put(&f->item, " could not be decoded: please report this");
		fact(f, STYLE_DENIED);
	}
}

static void fact_denials(struct headline *f)
{
	const struct print *p = f->p;

	if (p->res->denials) {
		uint64_t late = p->res->denials->by_layer[LAYER_KILL];
		uint64_t n = p->res->denials->total - p->res->denials->expected - late;

		if (late) {
			text__grouped(&f->item, late);
			text__put(&f->item, " not prevented, killed for");
			fact(f, STYLE_DENIED);
		}
		text__grouped(&f->item, n);
		text__put(&f->item, p->info->trace_filter ? " of them blocked" : " blocked"); /* of others nothing is known */
		fact(f, n ? STYLE_DENIED : STYLE_GOOD);
	} else if (p->s->denied) {
		text__grouped(&f->item, p->s->denied);
		text__put(&f->item, " refused");
		fact(f, STYLE_DENIED);
	}
	if (p->res->denials && p->res->denials->audit) {
		text__grouped(&f->item, p->res->denials->audit);
		text__put(&f->item, " would be blocked");
		fact(f, STYLE_WARN);
	}
}

static void fact_calls(struct headline *f)
{
	const struct print *p = f->p;
	const struct run_totals *totals = &p->res->totals[EV_CLASS_SYSCALL];
	uint64_t errors = p->s->errors, calls = totals->seen ? totals->seen : p->s->syscalls;

	if (p->res->counts) {
		errors = 0;
		for (size_t i = 0; i < (size_t)EV_ABI_MAX * ST_NR_SYSCALLS; i++)
			errors += p->res->counts[i].errors;
	}
	counted(f, calls, "call", "calls");
	fact(f, STYLE_NONE);
	if (errors) {
		text__grouped(&f->item, errors);
		text__put(&f->item, " failed");
		fact(f, STYLE_NONE);
	}
}

/* Of each class that the run was asked for; without its profile, no calls are no news. */
static void fact_seen(struct headline *f)
{
	static const struct {
		uint8_t class;
		const char *one, *many;
	} acts[] = {
		{ EV_CLASS_FILE, "file action", "file actions" },
		{ EV_CLASS_NETWORK, "network action", "network actions" },
		{ EV_CLASS_KERNEL, "kernel action", "kernel actions" },
	};
	const struct run_totals *t = f->p->res->totals;

	if (t[EV_CLASS_SYSCALL].seen || f->p->s->syscalls ||
	    !(t[EV_CLASS_FILE].seen || t[EV_CLASS_NETWORK].seen || t[EV_CLASS_KERNEL].seen))
		fact_calls(f);
	for (size_t i = 0; i < ARRAY_SIZE(acts); i++) {
		if (!t[acts[i].class].seen)
			continue;
		counted(f, t[acts[i].class].seen, acts[i].one, acts[i].many);
		fact(f, STYLE_NONE);
	}
}

static bool recorded(const struct print *p)
{
	return !p->info->backend || strcmp(p->info->backend, "none");
}

static void head(struct print *p)
{
	const struct run_result *res = p->res;
	struct headline f = {.p = p, .first = true};
	struct text cmd;

	text__init(&f.item, false);
	text__init(&cmd, false);
	for (char *const *a = p->info->argv; a && *a && cmd.col < p->width; a++) {
		if (a != p->info->argv)
			text__char(&cmd, ' ');
		print_word(&cmd, *a, strlen(*a));
	}
	text__cut(&cmd, p->width - 11);
	text__put(p->t, "\n");
	text__styled(p->t, STYLE_DIM, "sandtrace");
	text__put(p->t, "  ");
	text__style(p->t, STYLE_BOLD);
	text__append(p->t, &cmd);
	text__style(p->t, STYLE_NONE);
	text__put(p->t, "\n  ");
	fact_outcome(&f);
	text__duration(&f.item,
		       res->end_ts > p->info->start_ts ? res->end_ts - p->info->start_ts : 0);
	fact(&f, STYLE_NONE);
	if (recorded(p)) {
		fact_seen(&f);
		fact_denials(&f);
	}
	if (p->info->policy) {
		text__put(&f.item, "policy ");
		text__escape(&f.item, p->info->policy, strlen(p->info->policy), 24);
		fact(&f, STYLE_NONE);
	}
	if (p->s->processes) {
		counted(&f, p->s->processes, "process", "processes");
		fact(&f, STYLE_NONE);
	}
	if (p->s->threads) {
		counted(&f, p->s->threads, "more thread", "more threads");
		fact(&f, STYLE_NONE);
	}
	if (recorded(p)) {
		if (p->info->backend && !strcmp(p->info->backend, "ptrace")) { /* why it was slow */
			text__put(&f.item, "recorded by ptrace");
			fact(&f, STYLE_DIM);
		}
		fact_losses(&f);
	} else { /* nothing is known of what it did: no zero may look like a finding */
		text__put(&f.item, "contained, not recorded");
		fact(&f, STYLE_NONE);
	}
	text__char(p->t, '\n');
	text__done(&f.item);
	text__done(&cmd);
}

int summary__print(const struct summary *s, const struct run_info *info,
		   const struct run_result *res, const struct text_style *style, bool counts_only,
		   FILE *out)
{
	struct text t;
	struct print p = {
		.s = s,
		.info = info,
		.res = res,
		.t = &t,
		.width = style->width > 0 ? MAX(MIN(style->width, PRINT_WIDTH_MAX), 40) : 80,
	};
	int err = 0;

	text__init(&t, style->color);
	if (counts_only) {
		print_count_table(&p);
	} else {
		head(&p);
		print_calls(&p);
		print_processes(&p);
		print_files(&p);
		print_network(&p);
		print_changes(&p);
		print_limits(&p);
		print_denied(&p);
		print_findings(&p);
		print_blocked(&p); /* last: it is what one acts upon */
	}
	if (t.err)
		err = t.err;
	else if (t.len && fwrite(t.buf, 1, t.len, out) != t.len)
		err = errno ? -errno : -EIO;
	text__done(&t);
	return err;
}
