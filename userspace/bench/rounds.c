/* SPDX-License-Identifier: Apache-2.0 */
#include "rounds.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/log.h"
#include "base/util.h"
#include "format.h"
#include "measure.h"
#include "outcome.h"
#include "place.h"
#include "workload.h"

const char *const choice_names[CHOICES + 1] = { "none", "ebpf", "ptrace", "strace", NULL };

static const struct {
	enum choice choice;
	bool micro_only;
	struct bench_backend backend;
} backends[] = {
	{ CHOICE_NONE, false, { .id = "none", .label = "none", .kind = KIND_NONE } },
	{ CHOICE_EBPF, true, { .id = "floor-bpf", .label = "floor: empty BPF programs", .kind = KIND_FLOOR_BPF } },
	{ CHOICE_EBPF, false, { .id = "ebpf", .label = "ebpf", .kind = KIND_RUN, .backend = "ebpf", .floor = "floor-bpf" } },
	{ CHOICE_PTRACE, true,
	  { .id = "floor-ptrace", .label = "floor: bare ptrace", .kind = KIND_FLOOR_PTRACE, .stops = true } },
	{ CHOICE_PTRACE, false,
	  { .id = "ptrace", .label = "ptrace", .kind = KIND_RUN, .backend = "ptrace", .floor = "floor-ptrace", .stops = true } },
	{ CHOICE_PTRACE, true,
	  { .id = "ptrace-limited", .label = "ptrace -e execve,openat", .kind = KIND_RUN, .backend = "ptrace",
	    .trace = WORKLOAD_LIMITED, .stops = true } },
	{ CHOICE_STRACE, false, { .id = "strace", .label = "strace -f", .kind = KIND_STRACE, .stops = true } },
	{ CHOICE_STRACE, true,
	  { .id = "strace-limited", .label = "strace -e execve,openat", .kind = KIND_STRACE, .trace = WORKLOAD_LIMITED,
	    .stops = true } },
};

#define PREFIX_MAX 20 /* words in front of a command */
/* The same orders each time: whoever repeats a measurement repeats all of it. */
#define SEED 0x5eed5a4d7ace0001ULL

struct bench {
	const struct rounds_opts *o;
	struct bench_report *r;
	struct place place;
	const char *argv[PREFIX_MAX + 8]; /* of a micro workload, or of a probe */
	const char **command;		   /* room for the prefix and the command */
	uint64_t seed;
	uint64_t began;
	unsigned int round; /* from 0, warm-up included */
	bool told;	    /* a progress line stands on the terminal */
};

/* ---- command lines ---------------------------------------------------------------------------------------------- */

static size_t run_prefix(const struct bench *b, const struct bench_backend *k, const char *expr, const char **v)
{
	size_t n = 0;

	v[n++] = b->place.program;
	v[n++] = "run";
	v[n++] = "--trace-only";
	v[n++] = "--backend";
	v[n++] = k->backend;
	v[n++] = "--quiet";
	v[n++] = "--timeout";
	v[n++] = "168h"; /* the longest there is: the other rows have none */
	if (expr) {
		v[n++] = "--trace";
		v[n++] = expr;
	}
	v[n++] = "-o";
	v[n++] = b->place.trace;
	v[n++] = "--";
	return n;
}

static size_t strace_prefix(const struct bench *b, const char *expr, const char **v)
{
	size_t n = 0;

	v[n++] = "strace";
	v[n++] = "-f";
	if (expr) {
		v[n++] = "--seccomp-bpf"; /* its fastest way */
		v[n++] = "-e";
		v[n++] = expr;
	}
	v[n++] = "-o";
	v[n++] = b->place.trace;
	v[n++] = "--";
	return n;
}

static size_t floor_prefix(const struct bench *b, const char *which, const char **v)
{
	size_t n = 0;

	v[n++] = b->place.program;
	v[n++] = "bench";
	v[n++] = "--inside";
	v[n++] = which;
	if (strcmp(which, "floor-bpf"))
		v[n++] = b->place.trace;
	return n;
}

/* What K puts in front of a command; at most PREFIX_MAX words. */
static size_t prefix(const struct bench *b, const struct bench_backend *k, const char **v)
{
	const char *expr = k->trace ? k->trace : b->o->trace;

	switch (k->kind) {
	case KIND_NONE:
		break;
	case KIND_RUN:
		return run_prefix(b, k, expr, v);
	case KIND_STRACE:
		return strace_prefix(b, expr, v);
	case KIND_FLOOR_BPF:
		return floor_prefix(b, "floor-bpf", v);
	case KIND_FLOOR_PTRACE:
		return floor_prefix(b, "floor-ptrace", v);
	}
	return 0;
}

/* ---- progress ----------------------------------------------------------------------------------------------------- */

static void erase(struct bench *b)
{
	if (b->told)
		fputs("\r\033[K", stderr);
	b->told = false;
}

static void tell(struct bench *b, const struct bench_group *g, const struct bench_row *row)
{
	unsigned int all = b->o->runs + b->o->warmup;
	char left[FORMAT_ROOM], where[64];

	if (b->round < b->o->warmup)
		snprintf(where, sizeof(where), "warm-up %u of %u", b->round + 1, b->o->warmup);
	else
		snprintf(where, sizeof(where), "round %u of %u", b->round - b->o->warmup + 1, b->o->runs);
	if (!b->place.terminal) {
		if (b->o->verbose && row == &g->rows[BENCH_BASE] && g == b->r->groups)
			fprintf(stderr, "sandtrace: bench: %s\n", where);
		return;
	}
	erase(b);
	fprintf(stderr, "%s: %s%s%s", where, b->o->micro ? g->label : "", b->o->micro ? ", " : "", row->backend->label);
	if (b->round)
		fprintf(stderr, " (about %s to go)",
			format__ns(left, (double)(place__now() - b->began) / b->round * (all - b->round)));
	fflush(stderr);
	b->told = true;
}

/* ---- one sample --------------------------------------------------------------------------------------------------- */

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int failed(struct bench_row *row, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int failed(struct bench_row *row, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(row->why, sizeof(row->why), fmt, ap);
	va_end(ap);
	return 0;
}

/* The reason that a tracer gave, or its exit status. */
static int explain(const struct bench *b, struct bench_row *row, const struct measured *m)
{
	const struct bench_backend *k = row->backend;

	if (m->exec_errno == ENOENT && k->kind == KIND_STRACE)
		return failed(row, "strace is not installed: apt install strace");
	if (m->exec_errno)
		return failed(row, "it could not be executed: %s", strerror(m->exec_errno));
	if (outcome__messages(b->place.messages, row->why, sizeof(row->why)))
		return 0;
	return failed(row, "it ended with status %d%s", exit_status(m->status),
		      k->kind == KIND_RUN ? " and wrote no summary" : "");
}

/* What it says itself. *RET_STATUS: how the command ended. False: it failed, and the row says why. */
static bool read_outcome(const struct bench *b, struct bench_row *row, const struct measured *m, struct outcome *ret,
			 int *ret_status)
{
	*ret = (struct outcome){ .calls = NAN, .lost = NAN, .cpu_ns = NAN, .status = -1 };
	*ret_status = exit_status(m->status);
	if (m->exec_errno)
		return explain(b, row, m), false;
	switch (row->backend->kind) {
	case KIND_RUN:
		if (outcome__sandtrace(b->place.trace, ret))
			return explain(b, row, m), false;
		*ret_status = ret->status;
		if (ret->killed)
			return failed(row, "sandtrace had to end the command"), false;
		break;
	case KIND_STRACE:
		if (outcome__strace(b->place.trace, ret))
			return explain(b, row, m), false;
		break;
	case KIND_FLOOR_PTRACE:
		ret->calls = outcome__number(b->place.trace, "calls");
		break;
	case KIND_NONE:
	case KIND_FLOOR_BPF:
		break;
	}
	return true;
}

/*
 * Whose CPU it was. sandtrace's summary tells the command's; strace is one process, whose own time is known. Without that
 * member of the summary the ptrace backend's second process cannot be told from the command.
 */
static void share_cpu(const struct bench_row *row, const struct measured *m, const struct outcome *out, double v[METRICS])
{
	double cpu = out->cpu_ns;

	v[METRIC_CPU] = (double)(m->cpu_ns + m->strays_cpu_ns);
	if (row->backend->kind == KIND_NONE)
		return;
	if (isnan(cpu) && !(row->backend->kind == KIND_RUN && row->backend->stops))
		cpu = m->cpu_ns > m->own_cpu_ns ? (double)(m->cpu_ns - m->own_cpu_ns) : 0;
	v[METRIC_CPU] = cpu + (double)m->strays_cpu_ns;
	v[METRIC_TRACER_CPU] = MAX((double)m->cpu_ns - cpu, 0.0);
	if (isnan(cpu))
		v[METRIC_TRACER_CPU] = NAN;
	v[METRIC_TRACER_RSS] = m->rss_kib ? (double)m->rss_kib : NAN;
}

/* A workload measures itself. */
static bool read_workload(const struct bench *b, const struct workload *w, uint64_t count, double v[METRICS])
{
	double per = (double)count * w->calls;

	v[METRIC_WALL] = outcome__number(b->place.result, "wall_ns") / per;
	v[METRIC_CPU] = outcome__number(b->place.result, "cpu_ns") / per;
	return !isnan(v[METRIC_WALL]);
}

static uint64_t count_of(const struct workload *w, const struct bench_backend *k)
{
	return k->stops && (!k->trace || w->stops_if_limited) ? w->slow_count : w->count;
}

/* The command, or workload W, behind what the backend puts in front of it. */
static const char **command_line(struct bench *b, const struct bench_backend *k, const struct workload *w, char number[2][24])
{
	const char **v = w ? b->argv : b->command;
	size_t n = prefix(b, k, v);

	if (w) {
		snprintf(number[0], sizeof(number[0]), "%" PRIu64, count_of(w, k));
		snprintf(number[1], sizeof(number[1]), "%d", b->r->cpu_workload);
		v[n++] = b->place.program;
		v[n++] = "bench";
		v[n++] = "--inside";
		v[n++] = "workload";
		v[n++] = w->id;
		v[n++] = number[0];
		v[n++] = number[1];
		v[n++] = b->place.result;
		v[n] = NULL;
	} else {
		for (size_t i = 0; (v[n + i] = b->o->argv[i]); i++)
			;
	}
	return v;
}

/* The command ended with STATUS without a tracer, or could not be started: there is nothing to compare. */
static int command_failed(struct bench *b, const struct measured *m, int status)
{
	const char *what = b->o->micro ? "the workload" : b->o->argv[0];

	erase(b);
	if (m->exec_errno) {
		log_errno(-m->exec_errno, "bench: %s: cannot be executed", what);
		return m->exec_errno == ENOENT || m->exec_errno == ENOTDIR ? 127 : 126;
	}
	log_err(0, "bench: %s ended with status %d without a tracer: nothing was measured", what, status);
	log_hint("its output went to /dev/null: run it by itself to see it");
	return b->o->micro ? EXIT_FAILURE : status;
}

/* One run of ROW. 0, or -EINTR, or the exit status to end with. */
static int take(struct bench *b, const struct bench_group *g, struct bench_row *row)
{
	const struct workload *w = b->o->micro ? &workloads[g - b->r->groups] : NULL;
	struct measure_opts mo = { .cpu = w ? b->r->cpu_agent : -1, .messages = w ? b->place.messages : NULL };
	struct bench_sample s = { .done = true };
	char number[2][24];
	struct measured m;
	struct outcome out;
	int err, status;

	mo.argv = (char *const *)command_line(b, row->backend, w, number);
	place__clear(&b->place);
	tell(b, g, row);
	err = measure__run(&mo, &m);
	if (err)
		return err == -EINTR ? err : EXIT_FAILURE;
	for (int i = 0; i < METRICS; i++)
		s.v[i] = NAN;
	if (!read_outcome(b, row, &m, &out, &status)) {
		if (row->backend->kind != KIND_NONE)
			return 0;
		status = 1;
	}
	if (status && row->backend->kind == KIND_NONE)
		return command_failed(b, &m, status);
	s.v[METRIC_WALL] = (double)(row->backend->kind == KIND_NONE ? m.all_ns : m.ended_ns);
	share_cpu(row, &m, &out, s.v);
	s.v[METRIC_CALLS] = out.calls;
	s.v[METRIC_LOST] = out.lost;
	if (w && (status || !read_workload(b, w, count_of(w, row->backend), s.v)))
		return explain(b, row, &m);
	s.differs = status != 0;
	if (b->round < b->o->warmup)
		return 0;
	if (s.differs && !row->differing++)
		row->other_status = status;
	row->samples[b->round - b->o->warmup] = s;
	return 0;
}

/* ---- what is available ---------------------------------------------------------------------------------------------- */

/* Runs something that cannot fail under the backend of ROW. 0, or -EINTR, or an exit status. */
static int probe(struct bench *b, struct bench_row *row)
{
	struct measure_opts mo = { .argv = (char *const *)b->argv, .cpu = -1, .messages = b->place.messages };
	size_t n = prefix(b, row->backend, b->argv);
	struct measured m;
	struct outcome out;
	int err, status;

	b->argv[n++] = b->place.program;
	b->argv[n++] = "version";
	b->argv[n] = NULL;
	place__clear(&b->place);
	err = measure__run(&mo, &m);
	if (err)
		return err == -EINTR ? err : EXIT_FAILURE;
	if (read_outcome(b, row, &m, &out, &status) && status)
		explain(b, row, &m);
	return 0;
}

static int probe_all(struct bench *b, size_t *ret_available)
{
	struct bench_group *first = &b->r->groups[0];

	*ret_available = 0;
	for (size_t i = 0; i < first->n_rows; i++) {
		int err = first->rows[i].backend->kind == KIND_NONE ? 0 : probe(b, &first->rows[i]);

		if (err)
			return err;
		*ret_available += !first->rows[i].why[0];
		for (size_t g = 1; g < b->r->n_groups; g++)
			memcpy(b->r->groups[g].rows[i].why, first->rows[i].why, sizeof(first->rows[i].why));
	}
	return 0;
}

/* ---- the rounds --------------------------------------------------------------------------------------------------- */

static int one_group(struct bench *b, struct bench_group *g)
{
	unsigned int order[BENCH_ROWS];

	for (unsigned int i = 0; i < g->n_rows; i++)
		order[i] = i;
	/* the very first run is the command as it is: if that fails, nothing else is begun */
	if (b->round || b->o->micro)
		stats__shuffle(&b->seed, order, g->n_rows);
	for (size_t i = 0; i < g->n_rows; i++) {
		struct bench_row *row = &g->rows[order[i]];
		int err = row->why[0] ? 0 : take(b, g, row);

		if (err)
			return err;
	}
	return 0;
}

static int one_round(struct bench *b)
{
	unsigned int order[BENCH_GROUPS];

	for (unsigned int i = 0; i < b->r->n_groups; i++)
		order[i] = i;
	stats__shuffle(&b->seed, order, b->r->n_groups);
	for (size_t i = 0; i < b->r->n_groups; i++) {
		int err = one_group(b, &b->r->groups[order[i]]);

		if (err)
			return err;
	}
	return 0;
}

static int all_rounds(struct bench *b)
{
	size_t available;
	int err = probe_all(b, &available);

	if (!err && available <= 1 && b->r->groups[0].n_rows > 1)
		return ROUNDS_NOTHING;
	b->began = place__now();
	for (b->round = 0; !err && b->round < b->o->warmup + b->o->runs; b->round++) {
		if (b->round >= b->o->warmup)
			b->r->rounds = b->round - b->o->warmup + 1;
		err = one_round(b);
	}
	erase(b);
	if (err != -EINTR)
		return err;
	b->r->interrupted = true;
	return 0;
}

/* ---- the report --------------------------------------------------------------------------------------------------- */

static int add_rows(const struct rounds_opts *o, struct bench_group *g)
{
	for (size_t i = 0; i < ARRAY_SIZE(backends); i++) {
		struct bench_row *row = &g->rows[g->n_rows];

		if ((backends[i].micro_only && !o->micro) || !o->chosen[backends[i].choice])
			continue;
		row->backend = &backends[i].backend;
		row->samples = calloc(STATS_MAX, sizeof(*row->samples));
		if (!row->samples)
			return log_errno(-ENOMEM, "bench");
		g->n_rows++;
	}
	return 0;
}

static int make_report(const struct rounds_opts *o, struct bench_report *r)
{
	memset(r, 0, sizeof(*r));
	r->micro = o->micro;
	r->wanted = o->runs;
	r->warmup = o->warmup;
	r->argv = o->argv;
	r->trace = o->trace;
	r->seed = SEED;
	r->n_groups = o->micro ? workload_count : 1;
	for (size_t i = 0; i < r->n_groups; i++) {
		struct bench_group *g = &r->groups[i];

		g->id = o->micro ? workloads[i].id : "command";
		g->label = o->micro ? workloads[i].label : "the command";
		g->unit = o->micro ? workloads[i].unit : NULL;
		if (add_rows(o, g))
			return -ENOMEM;
	}
	return 0;
}

void report__done(struct bench_report *r)
{
	for (size_t i = 0; i < r->n_groups; i++)
		for (size_t k = 0; k < r->groups[i].n_rows; k++)
			free(r->groups[i].rows[k].samples);
}

static int measure(struct bench *b)
{
	int err = measure__begin();

	if (!err)
		err = all_rounds(b);
	else
		err = EXIT_FAILURE;
	place__remove(&b->place); /* signals are still blocked */
	measure__end();
	return err;
}

int rounds__run(const struct rounds_opts *o, struct bench_report *r)
{
	struct bench b = { .o = o, .r = r, .seed = SEED };
	_cleanup_(free) const char **command = NULL;
	size_t words = 0;

	_Static_assert(BENCH_ROWS >= ARRAY_SIZE(backends), "a group has room for every backend");
	while (o->argv && o->argv[words])
		words++;
	b.command = command = calloc(words + PREFIX_MAX + 1, sizeof(*command));
	if (!command || make_report(o, r))
		return log_errno(-ENOMEM, "bench"), EXIT_FAILURE;
	if (o->micro)
		place__pin(&r->cpu_workload, &r->cpu_agent);
	place__describe(r);
	if (place__make(&b.place))
		return EXIT_FAILURE;
	snprintf(r->scratch, sizeof(r->scratch), "%s", b.place.parent);
	return measure(&b);
}
