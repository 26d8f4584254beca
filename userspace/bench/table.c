/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <math.h>
#include <string.h>

#include "base/util.h"
#include "format.h"

#define LABEL_WIDTH 27
#define CELL_WIDTH 11

struct page {
	FILE *out;
	bool color;
	const struct bench_report *report;
	int label_width;
	bool said_not_shown, said_too_few; /* the legend explains what was used */
};

static const char *on(const struct page *pg, const char *escape)
{
	return pg->color ? escape : "";
}

#define BOLD(pg) on(pg, "\033[1m")
#define DIM(pg) on(pg, "\033[2m")
#define PLAIN(pg) on(pg, "\033[0m")

static void heading(const struct page *pg, const char *text)
{
	fprintf(pg->out, "\n%s%s%s\n", BOLD(pg), text, PLAIN(pg));
}

static void columns(const struct page *pg, const char *const *names, size_t n)
{
	fprintf(pg->out, "%s  %-*s", DIM(pg), pg->label_width, "");
	for (size_t i = 0; i < n; i++)
		fprintf(pg->out, i + 1 < n ? "%-*s" : "%.*s", i + 1 < n ? CELL_WIDTH : 80, names[i]);
	fprintf(pg->out, "%s\n", PLAIN(pg));
}

static void label(const struct page *pg, const struct bench_row *row)
{
	fprintf(pg->out, "  %-*s", pg->label_width, row->backend->label);
}

static bool measured(const struct bench_row *row)
{
	double v[STATS_MAX];

	return compare__values(row, METRIC_WALL, v) > 0;
}

/* Median and spread, and no blanks if the line ends there. */
static void own(const struct page *pg, const struct bench_row *row, enum metric m, bool last)
{
	char value[FORMAT_ROOM], noise[FORMAT_ROOM];
	struct estimate e = { .value = NAN };
	double spread = NAN;

	compare__own(row, m, &e, &spread);
	if (e.n < 2)
		spread = NAN;
	fprintf(pg->out, "%-*s%-*s", CELL_WIDTH, format__ns(value, e.value), last ? 0 : CELL_WIDTH, format__ns(noise, spread));
}

static void ratio(struct page *pg, const struct bench_row *row, const struct bench_row *base, enum metric m)
{
	char text[FORMAT_ROOM];
	struct estimate e;

	switch (compare__ratio(row, base, m, &e)) {
	case CLAIM_SHOWN:
		fprintf(pg->out, "%s", format__ratio(text, &e));
		break;
	case CLAIM_NOT_SHOWN:
		fprintf(pg->out, "%s~ no difference shown (%s)%s", DIM(pg), format__interval(text, &e), PLAIN(pg));
		pg->said_not_shown = true;
		break;
	case CLAIM_TOO_FEW:
		fprintf(pg->out, "? %s", format__ratio(text, &e));
		pg->said_too_few = true;
		break;
	case CLAIM_NOT_MEASURED:
		fputs("-", pg->out);
		break;
	}
}

static void ahead(struct page *pg, const struct bench_group *g)
{
	char text[FORMAT_SENTENCE];
	enum claim claim = format__ahead(text, g);

	if (claim == CLAIM_NOT_MEASURED)
		return;
	fprintf(pg->out, "  %s%s%s\n", BOLD(pg), text, PLAIN(pg));
	pg->said_too_few |= claim == CLAIM_TOO_FEW;
	pg->said_not_shown |= claim == CLAIM_NOT_SHOWN;
}

/* What there is to say of a row that has no figures. */
static bool absent(const struct page *pg, const struct bench_row *row)
{
	if (measured(row))
		return false;
	label(pg, row);
	fprintf(pg->out, "not measured: %s\n", row->why[0] ? row->why
					       : row->differing ? "the command never ended as it does without" : "interrupted");
	return true;
}

static void differing(const struct page *pg, const struct bench_group *g)
{
	for (size_t i = 0; i < g->n_rows; i++) {
		const struct bench_row *row = &g->rows[i];

		if (row->differing)
			fprintf(pg->out, "%s%s: the command ended with status %d under %s in %u of %u runs: these are in no figure\n",
				pg->report->micro ? g->label : "", pg->report->micro ? "" : "Note", row->other_status,
				row->backend->label, row->differing, pg->report->rounds);
		if (row->why[0] && measured(row))
			fprintf(pg->out, "Note: %s: a run failed, and no more were made: %s\n", row->backend->label, row->why);
	}
}

/* ---- the command -------------------------------------------------------------------------------------------- */

static void section(struct page *pg, const struct bench_group *g, enum metric m, const char *title)
{
	static const char *const names[] = { "median", "spread", "against none, in the same round (95 % interval)" };

	if (m != METRIC_WALL && !measured(&g->rows[BENCH_BASE]))
		return;
	heading(pg, title);
	columns(pg, names, ARRAY_SIZE(names));
	for (size_t i = 0; i < g->n_rows; i++) {
		if (m == METRIC_WALL ? absent(pg, &g->rows[i]) : !measured(&g->rows[i]))
			continue;
		label(pg, &g->rows[i]);
		own(pg, &g->rows[i], m, false);
		if (i == BENCH_BASE)
			fputs("1", pg->out);
		else
			ratio(pg, &g->rows[i], &g->rows[BENCH_BASE], m);
		fputc('\n', pg->out);
	}
}

static void tracers(const struct page *pg, const struct bench_group *g)
{
	static const char *const names[] = { "CPU", "spread", "memory", "calls", "lost, in all runs" };
	char text[FORMAT_ROOM];
	bool any = false;

	for (size_t i = 1; i < g->n_rows; i++)
		any |= measured(&g->rows[i]);
	if (!any)
		return;
	heading(pg, "The tracer itself, start-up included");
	columns(pg, names, ARRAY_SIZE(names));
	for (size_t i = 1; i < g->n_rows; i++) {
		const struct bench_row *row = &g->rows[i];
		struct estimate e = { .value = NAN };

		if (!measured(row))
			continue;
		label(pg, row);
		own(pg, row, METRIC_TRACER_CPU, false);
		compare__own(row, METRIC_TRACER_RSS, &e, NULL);
		fprintf(pg->out, "%-*s", CELL_WIDTH, format__kib(text, e.value));
		e.value = NAN;
		compare__own(row, METRIC_CALLS, &e, NULL);
		fprintf(pg->out, "%-*s", CELL_WIDTH, format__count(text, e.value));
		fprintf(pg->out, "%s\n", format__count(text, compare__sum(row, METRIC_LOST)));
	}
}

static void command(struct page *pg, const struct bench_group *g)
{
	section(pg, g, METRIC_WALL, "Wall time, from the start of the tracer to the end of the last process");
	ahead(pg, g);
	section(pg, g, METRIC_CPU, "CPU charged to the command and its descendants");
	tracers(pg, g);
}

/* ---- micro ---------------------------------------------------------------------------------------------------- */

static void added(struct page *pg, const struct bench_group *g, const struct bench_row *row)
{
	const struct bench_row *base = &g->rows[BENCH_BASE];
	const struct bench_row *floor = row->backend->floor ? group__row(g, row->backend->floor) : NULL;
	char text[FORMAT_ROOM];
	struct estimate e, f;
	enum claim claim = compare__added(row, base, METRIC_WALL, &e);
	bool with_floor;

	format__added(text, &e, claim != CLAIM_NOT_SHOWN);
	pg->said_not_shown |= claim == CLAIM_NOT_SHOWN;
	pg->said_too_few |= claim == CLAIM_TOO_FEW;
	with_floor = floor && claim != CLAIM_NOT_SHOWN && compare__added(floor, base, METRIC_WALL, &f) == claim && f.value > 0 &&
		     compare__ahead(row, floor, base, METRIC_WALL, &e);
	fprintf(pg->out, "%s%-*s", claim == CLAIM_TOO_FEW ? "? " : "", !with_floor ? 0 : claim == CLAIM_TOO_FEW ? 28 : 30, text);
	if (with_floor)
		fprintf(pg->out, "%s%s", claim == CLAIM_TOO_FEW ? "? " : "", format__ratio(text, &e));
}

static void micro(struct page *pg, const struct bench_group *g)
{
	static const char *const names[] = { "median", "spread", "added (95 % interval)         of its floor" };
	char title[128];

	snprintf(title, sizeof(title), "%s: wall time of each %s", g->label, g->unit);
	heading(pg, title);
	columns(pg, names, ARRAY_SIZE(names));
	for (size_t i = 0; i < g->n_rows; i++) {
		if (absent(pg, &g->rows[i]))
			continue;
		label(pg, &g->rows[i]);
		own(pg, &g->rows[i], METRIC_WALL, i == BENCH_BASE);
		if (i != BENCH_BASE)
			added(pg, g, &g->rows[i]);
		fputc('\n', pg->out);
	}
	ahead(pg, g);
}

static void losses(const struct page *pg)
{
	double lost[BENCH_ROWS] = { 0 };
	const struct bench_group *first = &pg->report->groups[0];
	char text[FORMAT_ROOM];
	bool any = false;

	for (size_t i = 0; i < first->n_rows; i++) {
		for (size_t k = 0; k < pg->report->n_groups; k++) {
			double sum = compare__sum(&pg->report->groups[k].rows[i], METRIC_LOST);

			lost[i] += isnan(sum) ? 0 : sum;
		}
		if (lost[i] > 0)
			fprintf(pg->out, "%s lost %s records: its figures are those of an incomplete trace\n",
				first->rows[i].backend->label, format__count(text, lost[i]));
		any |= lost[i] > 0;
	}
	if (!any)
		fputs("Nothing was lost in any run.\n", pg->out);
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

static void top(const struct page *pg)
{
	const struct bench_report *r = pg->report;
	char line[FORMAT_COMMAND];

	fprintf(pg->out, "%ssandtrace bench: %s%s\n", BOLD(pg), format__title(line, r), PLAIN(pg));
	fprintf(pg->out, "Linux %s %s, %u CPU%s, load %.2f; %s. Traces go to %s.\n", r->kernel, r->machine, r->cpus,
		r->cpus == 1 ? "" : "s", r->load, r->cpu, r->scratch);
	fprintf(pg->out, "%u round%s after %u to warm up, each with everything once, in another order.\n", r->rounds,
		r->rounds == 1 ? "" : "s", r->warmup);
	if (r->micro)
		fprintf(pg->out, "The workload is on CPU %d; whatever traces it with ptrace is there too, everything else on CPU %d.\n",
			r->cpu_workload, r->cpu_agent);
	else
		fprintf(pg->out, "Input and output of the command are /dev/null.%s%s%s\n",
			r->trace ? " Of interest: -e trace=" : "", r->trace ? r->trace : "", r->trace ? "." : "");
	if (r->interrupted)
		fprintf(pg->out, "%sInterrupted in round %u of %u: this is what there is.%s\n", BOLD(pg), r->rounds, r->wanted, PLAIN(pg));
}

static void legend(const struct page *pg)
{
	const struct bench_report *r = pg->report;
	struct estimate e;

	fputc('\n', pg->out);
	differing(pg, &r->groups[0]);
	for (size_t i = 1; i < r->n_groups; i++)
		differing(pg, &r->groups[i]);
	if (r->micro)
		losses(pg);
	if (pg->said_too_few && compare__own(&r->groups[0].rows[BENCH_BASE], METRIC_WALL, &e, NULL))
		fprintf(pg->out, "?  %zu round%s: the interval is their whole range, which holds the median in %.1f %% of cases;\n"
				 "   nothing can be claimed from fewer than %d\n", e.n, e.n == 1 ? "" : "s", e.coverage * 100, STATS_FEWEST);
	if (pg->said_not_shown)
		fputs("~  no difference shown: the interval has none in it too, or it is within the spread of the untraced runs\n", pg->out);
	fputs("Intervals are of the median, from order statistics; spread is the scaled median absolute deviation.\n", pg->out);
}

void table__print(const struct bench_report *r, FILE *out, bool color)
{
	struct page pg = { .out = out, .color = color, .report = r, .label_width = r->micro ? LABEL_WIDTH : 11 };

	top(&pg);
	for (size_t i = 0; i < r->n_groups; i++)
		if (r->micro)
			micro(&pg, &r->groups[i]);
		else
			command(&pg, &r->groups[i]);
	legend(&pg);
}
