/* SPDX-License-Identifier: Apache-2.0 */
#include "format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "sink/text.h"

/* Three digits, never fewer before the point. */
static void digits(char *buf, size_t size, double v)
{
	double a = fabs(v);

	snprintf(buf, size, "%.*f", a < 9.995 ? 2 : a < 99.95 ? 1 : 0, v);
}

static const struct unit {
	double size;
	const char *name;
} units[] = { { 1e9, "s" }, { 1e6, "ms" }, { 1e3, "us" }, { 1, "ns" } };

static const struct unit *unit_of(double ns)
{
	const struct unit *u = units;

	/* 999.6 us would be printed as 1000 us */
	while (u->size > 1 && fabs(ns) < u->size * 0.9995)
		u++;
	return u;
}

char *format__ns(char buf[FORMAT_ROOM], double ns)
{
	const struct unit *u = unit_of(ns);
	char number[32];

	if (isnan(ns))
		return strcpy(buf, "-");
	digits(number, sizeof(number), ns / u->size);
	snprintf(buf, FORMAT_ROOM, "%s %s", number, u->name);
	return buf;
}

/* One unit for all three, so that they can be compared at a glance. */
char *format__added(char buf[FORMAT_ROOM], const struct estimate *e, bool shown)
{
	const struct unit *u = unit_of(MAX(fabs(e->low), fabs(e->high)));
	char value[16], low[16], high[16];

	digits(value, sizeof(value), fabs(e->value) / u->size);
	digits(low, sizeof(low), e->low / u->size);
	digits(high, sizeof(high), e->high / u->size);
	if (shown)
		snprintf(buf, FORMAT_ROOM, "%s%s %s (%s to %s)", e->value < 0 ? "-" : "+", value, u->name, low, high);
	else
		snprintf(buf, FORMAT_ROOM, "~ (%s to %s %s)", low, high, u->name);
	return buf;
}

char *format__count(char buf[FORMAT_ROOM], double v)
{
	char plain[32];
	size_t len, at = 0;

	if (isnan(v))
		return strcpy(buf, "-");
	len = (size_t)snprintf(plain, sizeof(plain), "%.0f", v);
	for (size_t i = 0; i < MIN(len, (size_t)20); i++) {
		if (i && (len - i) % 3 == 0 && plain[i - 1] != '-')
			buf[at++] = ',';
		buf[at++] = plain[i];
	}
	buf[at] = 0;
	return buf;
}

char *format__number(char buf[FORMAT_ROOM], double v)
{
	if (isnan(v))
		return strcpy(buf, "-");
	if (isinf(v))
		return strcpy(buf, "more");
	if (fabs(v) >= 999.5)
		return format__count(buf, v);
	digits(buf, FORMAT_ROOM, v);
	return buf;
}

char *format__kib(char buf[FORMAT_ROOM], double kib)
{
	char number[FORMAT_ROOM];

	if (isnan(kib))
		return strcpy(buf, "-");
	snprintf(buf, FORMAT_ROOM, "%.40s MB", format__number(number, kib * 1024 / 1e6));
	return buf;
}

char *format__interval(char buf[FORMAT_ROOM], const struct estimate *e)
{
	char low[FORMAT_ROOM], high[FORMAT_ROOM];

	snprintf(buf, FORMAT_ROOM, "%.28s to %.28s", format__number(low, e->low), format__number(high, e->high));
	return buf;
}

char *format__ratio(char buf[FORMAT_ROOM], const struct estimate *e)
{
	char value[FORMAT_ROOM], interval[FORMAT_ROOM];

	snprintf(buf, FORMAT_ROOM, "%.16s x (%.40s)", format__number(value, e->value), format__interval(interval, e));
	return buf;
}

enum claim format__ahead(char buf[FORMAT_SENTENCE], const struct bench_group *g)
{
	const struct bench_row *fast = group__row(g, "ebpf"), *slow = group__row(g, "ptrace"), *base = &g->rows[BENCH_BASE];
	struct estimate e = { 0 }, f, s;
	char text[FORMAT_ROOM];
	enum claim fast_claim = fast ? compare__added(fast, base, METRIC_WALL, &f) : CLAIM_NOT_MEASURED;
	enum claim slow_claim = slow ? compare__added(slow, base, METRIC_WALL, &s) : CLAIM_NOT_MEASURED;

	if (fast_claim == CLAIM_NOT_MEASURED || slow_claim == CLAIM_NOT_MEASURED)
		return CLAIM_NOT_MEASURED;
	compare__ahead(slow, fast, base, METRIC_WALL, &e);
	if (fast_claim == CLAIM_TOO_FEW || slow_claim == CLAIM_TOO_FEW) {
		snprintf(buf, FORMAT_SENTENCE, "? too few rounds to say by how much ebpf is ahead of ptrace");
		return CLAIM_TOO_FEW;
	}
	if (slow_claim == CLAIM_NOT_SHOWN || s.value <= 0) {
		snprintf(buf, FORMAT_SENTENCE, "~ ptrace adds no time that shows: nothing to be ahead of");
		return CLAIM_NOT_SHOWN;
	}
	if (fast_claim == CLAIM_NOT_SHOWN || f.value <= 0) {
		snprintf(buf, FORMAT_SENTENCE, "ebpf adds no time that shows, ptrace does");
		if (e.n && e.low > 1 && isfinite(e.low))
			snprintf(buf, FORMAT_SENTENCE, "ebpf adds no time that shows, ptrace does: ahead by at least %s x",
				 format__number(text, e.low));
		return CLAIM_SHOWN;
	}
	if (e.low > 1) {
		snprintf(buf, FORMAT_SENTENCE, "ebpf is ahead of ptrace by %s in added time", format__ratio(text, &e));
		return CLAIM_SHOWN;
	}
	snprintf(buf, FORMAT_SENTENCE, "~ ebpf against ptrace: no difference shown (%s x in added time)", format__interval(text, &e));
	return CLAIM_NOT_SHOWN;
}

#define TITLE_COLUMNS 100

char *format__title(char buf[FORMAT_COMMAND], const struct bench_report *r)
{
	struct text t;

	if (r->micro)
		return strcpy(buf, "what a system call costs");
	text__init(&t, false);
	for (size_t i = 0; r->argv[i] && t.len < TITLE_COLUMNS; i++) {
		if (i)
			text__char(&t, ' ');
		text__escape(&t, r->argv[i], strlen(r->argv[i]), TITLE_COLUMNS);
	}
	text__cut(&t, TITLE_COLUMNS);
	snprintf(buf, FORMAT_COMMAND, "%.*s", t.err ? 0 : (int)t.len, t.err ? "" : t.buf);
	text__done(&t);
	return buf;
}
