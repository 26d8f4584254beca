/* SPDX-License-Identifier: Apache-2.0 */
#include "export.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

static const char *const metric_names[METRICS] = {
	[METRIC_WALL] = "wall_ns",	 [METRIC_CPU] = "cpu_ns",   [METRIC_TRACER_CPU] = "tracer_cpu_ns",
	[METRIC_TRACER_RSS] = "tracer_rss_kib", [METRIC_CALLS] = "calls", [METRIC_LOST] = "lost",
};

/* What is no number, or infinite, is null. */
static void put_number(struct json *j, const char *key, double v)
{
	char *p;

	json__key(j, key);
	if (!isfinite(v)) {
		json__null(j);
		return;
	}
	p = json__reserve(j, 40);
	if (!p)
		return;
	j->len += (size_t)snprintf(p, 40, fabs(v) < 1e15 && v == floor(v) ? "%.0f" : "%.9g", v);
	j->comma = true;
}

static void put_estimate(struct json *j, const struct estimate *e)
{
	put_number(j, "median", e->value);
	put_number(j, "low", e->low);
	put_number(j, "high", e->high);
	put_number(j, "coverage", e->coverage);
	json__member_u64(j, "n", e->n);
}

static void own(struct json *j, const struct bench_row *row, enum metric m)
{
	struct estimate e;
	double spread;

	json__key(j, metric_names[m]);
	if (!compare__own(row, m, &e, &spread)) {
		json__null(j);
		return;
	}
	json__object_begin(j);
	put_estimate(j, &e);
	put_number(j, "spread", spread);
	json__object_end(j);
}

/* CLAIM_NOT_MEASURED: without a claim. */
static void compared(struct json *j, const char *key, const struct estimate *e, enum claim claim)
{
	static const char *const claims[] = { [CLAIM_TOO_FEW] = "too_few", [CLAIM_NOT_SHOWN] = "not_shown", [CLAIM_SHOWN] = "shown" };

	json__key(j, key);
	if (!e->n) {
		json__null(j);
		return;
	}
	json__object_begin(j);
	put_estimate(j, e);
	if (claims[claim])
		json__member_str(j, "claim", claims[claim]);
	json__object_end(j);
}

static void against(struct json *j, const struct bench_group *g, const struct bench_row *row)
{
	const struct bench_row *base = &g->rows[BENCH_BASE];
	const struct bench_row *floor = row->backend->floor ? group__row(g, row->backend->floor) : NULL;
	struct estimate e;
	enum claim claim;

	claim = compare__ratio(row, base, METRIC_WALL, &e);
	compared(j, "wall_ratio", &e, claim);
	claim = compare__ratio(row, base, METRIC_CPU, &e);
	compared(j, "cpu_ratio", &e, claim);
	claim = compare__added(row, base, METRIC_WALL, &e);
	compared(j, "wall_added_ns", &e, claim);
	claim = compare__added(row, base, METRIC_CPU, &e);
	compared(j, "cpu_added_ns", &e, claim);
	memset(&e, 0, sizeof(e));
	if (floor)
		compare__ahead(row, floor, base, METRIC_WALL, &e);
	compared(j, "wall_added_of_floor", &e, CLAIM_NOT_MEASURED);
}

static void samples(struct json *j, const struct bench_row *row)
{
	json__key(j, "samples");
	json__array_begin(j);
	for (size_t i = 0; i < STATS_MAX && row->samples; i++) {
		const struct bench_sample *s = &row->samples[i];

		if (!s->done)
			continue;
		json__object_begin(j);
		json__member_u64(j, "round", i + 1);
		for (int m = 0; m < METRICS; m++)
			put_number(j, metric_names[m], s->v[m]);
		json__key(j, "differs");
		json__bool(j, s->differs);
		json__object_end(j);
	}
	json__array_end(j);
}

static void put_row(struct json *j, const struct bench_group *g, const struct bench_row *row)
{
	json__object_begin(j);
	json__member_str(j, "backend", row->backend->id);
	json__member_str(j, "label", row->backend->label);
	json__member_str(j, "not_measured", row->why[0] ? row->why : NULL);
	json__member_u64(j, "differing", row->differing);
	json__key(j, "other_status");
	if (row->differing)
		json__i64(j, row->other_status);
	else
		json__null(j);
	for (int m = 0; m < METRICS; m++)
		own(j, row, (enum metric)m);
	if (row != &g->rows[BENCH_BASE])
		against(j, g, row);
	samples(j, row);
	json__object_end(j);
}

static void put_group(struct json *j, const struct bench_group *g)
{
	const struct bench_row *fast = group__row(g, "ebpf"), *slow = group__row(g, "ptrace");
	struct estimate e = { 0 };

	json__object_begin(j);
	json__member_str(j, "id", g->id);
	json__member_str(j, "label", g->label);
	json__member_str(j, "unit", g->unit);
	json__key(j, "rows");
	json__array_begin(j);
	for (size_t i = 0; i < g->n_rows; i++)
		put_row(j, g, &g->rows[i]);
	json__array_end(j);
	if (fast && slow)
		compare__ahead(slow, fast, &g->rows[BENCH_BASE], METRIC_WALL, &e);
	compared(j, "ebpf_ahead_of_ptrace", &e, CLAIM_NOT_MEASURED);
	json__object_end(j);
}

static void machine(struct json *j, const struct bench_report *r)
{
	json__key(j, "machine");
	json__object_begin(j);
	json__member_str(j, "kernel", r->kernel);
	json__member_str(j, "machine", r->machine);
	json__member_str(j, "cpu", r->cpu);
	json__member_u64(j, "cpus", r->cpus);
	put_number(j, "load", r->load);
	json__member_str(j, "scratch", r->scratch);
	json__member_str(j, "strace", r->strace[0] ? r->strace : NULL);
	json__object_end(j);
}

static void statistics(struct json *j)
{
	json__key(j, "statistics");
	json__object_begin(j);
	json__member_str(j, "interval", "of the median, from order statistics");
	put_number(j, "level", STATS_LEVEL);
	json__member_u64(j, "fewest_rounds", STATS_FEWEST);
	json__member_str(j, "spread", "1.4826 * median absolute deviation");
	json__object_end(j);
}

static void command(struct json *j, const struct bench_report *r)
{
	json__key(j, "command");
	if (!r->argv) {
		json__null(j);
	} else {
		json__array_begin(j);
		for (size_t i = 0; r->argv[i]; i++)
			json__str(j, r->argv[i]);
		json__array_end(j);
	}
	json__member_str(j, "trace", r->trace);
}

static void pinned(struct json *j, const struct bench_report *r)
{
	json__key(j, "pinned");
	if (!r->micro) {
		json__null(j);
		return;
	}
	json__object_begin(j);
	json__key(j, "workload");
	json__i64(j, r->cpu_workload);
	json__key(j, "agent");
	json__i64(j, r->cpu_agent);
	json__object_end(j);
}

void export__json(const struct bench_report *r, struct json *j)
{
	json__object_begin(j);
	json__member_u64(j, "schema", 1);
	json__member_str(j, "kind", r->micro ? "micro" : "command");
	json__member_str(j, "version", r->version);
	json__member_str(j, "date", r->date);
	machine(j, r);
	command(j, r);
	json__member_u64(j, "rounds_wanted", r->wanted);
	json__member_u64(j, "rounds", r->rounds);
	json__member_u64(j, "warmup", r->warmup);
	json__member_u64(j, "seed", r->seed);
	json__key(j, "interrupted");
	json__bool(j, r->interrupted);
	pinned(j, r);
	statistics(j);
	json__key(j, "groups");
	json__array_begin(j);
	for (size_t i = 0; i < r->n_groups; i++)
		put_group(j, &r->groups[i]);
	json__array_end(j);
	json__object_end(j);
	json__newline(j);
}
