/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was measured, as the pure modules see it: a report has groups (the command, or each of the micro workloads), a group
 * has a row for each backend, a row a sample for each round.
 *
 *   stats.c     medians, intervals, what may be claimed     compare.c  rows against each other, round by round
 *   table.c     text for people     chart.c  one picture     export.c   JSON, with every sample
 *   measure.c   one child process   outcome.c  what a backend said of it   rounds.c  the rounds, in changing order
 *   workload.c  the micro workloads   floor.c  what is the least that any tracer of the kind can cost
 */
#ifndef SANDTRACE_BENCH_MODEL_H
#define SANDTRACE_BENCH_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats.h"

enum metric {
	METRIC_WALL,	   /* ns; of a micro workload: of one operation's calls, each */
	METRIC_CPU,	   /* ns that were charged to the command and its descendants; of a micro workload as above */
	METRIC_TRACER_CPU, /* ns of the tracer's own processes, start-up included */
	METRIC_TRACER_RSS, /* KiB: VmHWM when it was last looked at, so at least */
	METRIC_CALLS,	   /* system calls that it says there were */
	METRIC_LOST,	   /* of these and of its other records, those it could not deliver */
	METRICS,
};

struct bench_sample {
	bool done;
	bool differs;	  /* the command ended otherwise than without a tracer: not a figure */
	double v[METRICS]; /* NAN: not told */
};

enum backend_kind {
	KIND_NONE,
	KIND_RUN,	   /* sandtrace run */
	KIND_STRACE,
	KIND_FLOOR_BPF,	   /* empty programs */
	KIND_FLOOR_PTRACE, /* stops and counts */
};

struct bench_backend {
	const char *id, *label;
	enum backend_kind kind;
	const char *backend;	/* KIND_RUN: of --backend */
	const char *trace;	/* calls of interest; NULL: all */
	const char *floor;	/* id of its floor; NULL: none */
	bool stops;		/* it stops the task at every call of interest */
};

struct bench_row {
	const struct bench_backend *backend;
	struct bench_sample *samples; /* [rounds]; NULL while nothing was measured */
	char why[320];		      /* it is not available, or it failed: the reason; "": neither */
	unsigned int differing;	      /* runs that ended otherwise */
	int other_status;	      /* ... the first of them, as an exit status */
};

#define BENCH_ROWS 8
#define BENCH_GROUPS 5
#define BENCH_BASE 0 /* the untraced row is always the first */

struct bench_group {
	const char *id, *label;
	const char *unit; /* "call", "process"; NULL: the command as a whole */
	struct bench_row rows[BENCH_ROWS];
	size_t n_rows;
};

struct bench_report {
	bool micro;
	struct bench_group groups[BENCH_GROUPS];
	size_t n_groups;
	unsigned int wanted, rounds, warmup; /* rounds: those that are complete, or begun when it was interrupted */
	bool interrupted;
	int cpu_workload, cpu_agent; /* --micro: where they were pinned */
	uint64_t seed;		     /* of the orders */
	char *const *argv;	     /* the command; NULL for --micro */
	const char *trace;	     /* --trace, or NULL */
	char date[32], kernel[80], machine[16], cpu[128], scratch[192], strace[64], version[32];
	unsigned int cpus;
	double load;
};

const struct bench_row *group__row(const struct bench_group *g, const char *id); /* NULL: no such row */

/* ---- compare.c: each false when there is no round to compare ----------------------------------------------------- */

/* The values of M that the row has, in RET of STATS_MAX. */
size_t compare__values(const struct bench_row *row, enum metric m, double *ret);
bool compare__own(const struct bench_row *row, enum metric m, struct estimate *ret, double *ret_spread);
/* ROW / BASE of the same round, and whether it may be said to differ from 1. */
enum claim compare__ratio(const struct bench_row *row, const struct bench_row *base, enum metric m, struct estimate *ret);
/* ROW - BASE of the same round, and whether it may be said to differ from 0. */
enum claim compare__added(const struct bench_row *row, const struct bench_row *base, enum metric m, struct estimate *ret);
/*
 * What SLOW adds to BASE in units of what FAST adds, each of the same round. A round in which FAST adds nothing counts as
 * infinitely many; an interval of ranks can hold that.
 */
bool compare__ahead(const struct bench_row *slow, const struct bench_row *fast, const struct bench_row *base, enum metric m,
		    struct estimate *ret);
/* Over all rounds; NAN: not told. */
double compare__sum(const struct bench_row *row, enum metric m);

#endif
