/* SPDX-License-Identifier: Apache-2.0 */
/* The call tables of the terminal summary: the short one of every run, and the whole one of -c. */
#include <errno.h>
#include <stdlib.h>

#include "../base/util.h"
#include "../event/syscalls.h"
#include "summary_print.h"

#define CALLS_SHOWN 10

/* A right-aligned cell that ends at column END. */
static void cell(struct text *t, const struct text *src, int end, enum style style)
{
	text__pad_to(t, end - src->col);
	text__style(t, style);
	text__append(t, src);
	text__style(t, STYLE_NONE);
}

static void cell_u64(struct text *t, uint64_t v, int end, enum style style)
{
	struct text c;

	text__init(&c, false);
	text__grouped(&c, v);
	cell(t, &c, end, style);
	text__done(&c);
}

static void cell_duration(struct text *t, uint64_t ns, int end)
{
	struct text c;

	text__init(&c, false);
	if (ns)
		text__duration(&c, ns);
	else
		text__put(&c, "-"); /* not measured */
	cell(t, &c, end, STYLE_NONE);
	text__done(&c);
}

static void cell_text(struct text *t, const char *s, int end)
{
	struct text c;

	text__init(&c, false);
	text__put(&c, s);
	cell(t, &c, end, STYLE_DIM);
	text__done(&c);
}

static void call_name(struct text *t, const struct sum_top *top)
{
	text__put(t, top->name);
	if (top->abi == EV_ABI_NATIVE)
		return;
	text__style(t, STYLE_WARN);
	text__put(t, " [");
	text__put(t, syscalls__abi_name(top->abi));
	text__char(t, ']');
	text__style(t, STYLE_NONE);
}

void print_calls(struct print *p)
{
	struct sum_top *top = NULL;
	size_t n = sum_top__collect(p->s, p->res, false, &top);
	struct text *t = p->t;

	if (!top)
		t->err = -ENOMEM;
	if (!n) {
		free(top);
		return;
	}
	print_heading(p, "calls");
	cell_text(t, "count", 16);
	cell_text(t, "failed", 25);
	cell_text(t, "time", 34);
	cell_text(t, "average", 43);
	if (top[0].has_max)
		cell_text(t, "longest", 52);
	text__char(t, '\n');
	for (size_t i = 0; i < MIN(n, CALLS_SHOWN); i++) {
		const struct sum_call *c = &top[i].call;

		cell_u64(t, c->calls, 16, STYLE_NONE);
		if (c->errors)
			cell_u64(t, c->errors, 25, STYLE_FAILED);
		cell_duration(t, c->ns, 34);
		cell_duration(t, c->ns / c->calls, 43);
		if (top[i].has_max)
			cell_duration(t, c->max_ns, 52);
		text__put(t, "  ");
		call_name(t, &top[i]);
		text__char(t, '\n');
	}
	print_more(p, n > CALLS_SHOWN ? n - CALLS_SHOWN : 0, " kinds of call");
	free(top);
}

/* V / 10^DIGITS with all its decimals, ending at column END. */
static void cell_decimal(struct text *t, uint64_t v, int digits, int end)
{
	uint64_t unit = 1;
	struct text c;

	for (int i = 0; i < digits; i++)
		unit *= 10;
	text__init(&c, false);
	text__u64(&c, v / unit);
	text__char(&c, '.');
	for (unit /= 10; unit; unit /= 10)
		text__char(&c, (char)('0' + v / unit % 10));
	cell(t, &c, end, STYLE_NONE);
	text__done(&c);
}

static void plain_u64(struct text *t, uint64_t v, int end)
{
	struct text c;

	text__init(&c, false);
	text__u64(&c, v);
	cell(t, &c, end, STYLE_NONE);
	text__done(&c);
}

static void table_row(struct text *t, const struct sum_call *c, uint64_t total_ns)
{
	/* 128 bits: the product overflows 64 after half an hour of waiting */
	uint64_t share = total_ns ? (uint64_t)((__uint128_t)c->ns * 10000 / total_ns) : 0;

	cell_decimal(t, share, 2, 6);
	cell_decimal(t, c->ns / 1000, 6, 18);
	cell_decimal(t, c->calls ? c->ns / c->calls / 10 : 0, 2, 30);
	text__char(t, ' ');
	plain_u64(t, c->calls, 40);
	text__char(t, ' ');
	if (c->errors)
		plain_u64(t, c->errors, 50);
	text__pad_to(t, 50);
	text__char(t, ' ');
}

void print_count_table(struct print *p)
{
	static const char rule[] =
		"------ ----------- ----------- --------- --------- ----------------\n";
	struct sum_top *top = NULL;
	size_t n = sum_top__collect(p->s, p->res, false, &top);
	struct sum_call total = {0};
	struct text *t = p->t;

	if (!top)
		t->err = -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		total.calls += top[i].call.calls;
		total.errors += top[i].call.errors;
		total.ns += top[i].call.ns;
	}
	text__styled(t, STYLE_BOLD, "% time     seconds  usecs/call     calls    errors syscall\n");
	text__styled(t, STYLE_DIM, rule);
	for (size_t i = 0; i < n; i++) {
		table_row(t, &top[i].call, total.ns);
		call_name(t, &top[i]);
		text__char(t, '\n');
	}
	text__styled(t, STYLE_DIM, rule);
	table_row(t, &total, total.ns);
	text__put(t, "total\n");
	free(top);
}
