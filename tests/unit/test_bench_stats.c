/* SPDX-License-Identifier: Apache-2.0 */
/* `bench`: medians, intervals and claims against values computed elsewhere; what table, chart and JSON make of them. */
#include <json-c/json.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "bench/chart.h"
#include "bench/export.h"
#include "bench/format.h"
#include "bench/table.h"

static void close_to(double a, double b)
{
	if (fabs(a - b) > 1e-6 * MAX(1, fabs(b)))
		fail_msg("%.9g is not %.9g", a, b);
}

/* ---- numbers: expected values by Python's statistics.median and math.comb ---------------------------------------- */

static void medians(void **state)
{
	static const double v[] = { 12.5, 11.0, 14.25, 9.75, 30.0, 12.0, 13.5 };

	(void)state;
	close_to(stats__median(v, 7), 12.5);
	close_to(stats__spread(v, 7), 2.2239);
	close_to(stats__median(v, 6), 12.25);
	close_to(stats__spread(v, 6), 2.409225);
	close_to(stats__median(v, 1), 12.5);
	close_to(stats__spread(v, 1), 0);
	assert_true(isnan(stats__median(v, 0)));
}

static void intervals(void **state)
{
	static const struct {
		size_t n, low, high;
		double coverage;
	} known[] = {
		{ 1, 1, 1, 0 },		  { 2, 1, 2, 0.5 },	   { 5, 1, 5, 0.9375 },	     { 6, 1, 6, 0.96875 },
		{ 8, 1, 8, 0.992188 },	  { 9, 2, 8, 0.960938 },   { 10, 2, 9, 0.978516 },   { 11, 2, 10, 0.988281 },
		{ 12, 3, 10, 0.961426 },  { 20, 6, 15, 0.958611 }, { 50, 18, 33, 0.967161 }, { 100, 40, 61, 0.9648 },
		{ 1000, 469, 532, 0.953709 },
	};
	double v[STATS_MAX] = { 0 };
	struct estimate e;

	(void)state;
	assert_false(stats__estimate(v, 0, &e));
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		/* the values are their ranks, from the last to the first */
		for (size_t k = 0; k < known[i].n; k++)
			v[k] = (double)(known[i].n - k);
		assert_true(stats__estimate(v, known[i].n, &e));
		assert_int_equal(e.n, known[i].n);
		close_to(e.value, ((double)known[i].n + 1) / 2);
		close_to(e.low, (double)known[i].low);
		close_to(e.high, (double)known[i].high);
		if (fabs(e.coverage - known[i].coverage) > 1e-6)
			fail_msg("%zu: coverage %g", known[i].n, e.coverage);
	}
}

static void infinite(void **state)
{
	const double v[] = { INFINITY, 3, 2, INFINITY, 5, 4, 1, 6, 7 };
	struct estimate e;

	(void)state;
	assert_true(stats__estimate(v, ARRAY_SIZE(v), &e));
	close_to(e.value, 5);
	close_to(e.low, 2);
	assert_true(isinf(e.high));
}

static enum claim claim(size_t n, double value, double low, double high, double noise)
{
	const struct estimate e = { .value = value, .low = low, .high = high, .n = n, .coverage = 1 - ldexp(1, 1 - (int)n) };

	return stats__claim(&e, 1, noise);
}

static void claims(void **state)
{
	(void)state;
	assert_int_equal(claim(10, 1.5, 1.4, 1.6, 0.1), CLAIM_SHOWN);
	assert_int_equal(claim(10, 0.5, 0.4, 0.6, 0.1), CLAIM_SHOWN);
	/* the interval holds 1 */
	assert_int_equal(claim(10, 1.5, 0.99, 1.6, 0.1), CLAIM_NOT_SHOWN);
	assert_int_equal(claim(10, 1.5, 1, 1.6, 0.1), CLAIM_NOT_SHOWN);
	assert_int_equal(claim(10, 0.9, 0.8, 1.01, 0), CLAIM_NOT_SHOWN);
	/* within the noise */
	assert_int_equal(claim(10, 1.5, 1.4, 1.6, 0.5), CLAIM_NOT_SHOWN);
	assert_int_equal(claim(10, 1.5, 1.4, 1.6, 0.49), CLAIM_SHOWN);
	assert_int_equal(claim(10, 1.5, 1.4, 1.6, NAN), CLAIM_NOT_SHOWN);
	/* with five, the range is no 95 % interval */
	assert_int_equal(claim(5, 9, 8, 10, 0.1), CLAIM_TOO_FEW);
	assert_int_equal(claim(6, 9, 8, 10, 0.1), CLAIM_SHOWN);
	assert_int_equal(claim(0, 9, 8, 10, 0.1), CLAIM_NOT_MEASURED);
}

static void shuffles(void **state)
{
	uint64_t seed = 7, same = 7;
	unsigned int first[4] = { 0 };

	(void)state;
	for (int round = 0; round < 400; round++) {
		unsigned int v[4] = { 0, 1, 2, 3 }, w[4] = { 0, 1, 2, 3 }, seen = 0;

		stats__shuffle(&seed, v, 4);
		stats__shuffle(&same, w, 4);
		assert_memory_equal(v, w, sizeof(v));
		for (int i = 0; i < 4; i++)
			seen |= 1U << v[i];
		assert_int_equal(seen, 15);
		first[v[0]]++;
	}
	for (int i = 0; i < 4; i++)
		assert_in_range(first[i], 60, 140);
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

static const struct bench_backend backends[] = {
	{ .id = "none", .label = "none", .kind = KIND_NONE },
	{ .id = "ebpf", .label = "ebpf", .kind = KIND_RUN, .backend = "ebpf" },
	{ .id = "ptrace", .label = "ptrace", .kind = KIND_RUN, .backend = "ptrace", .stops = true },
	{ .id = "strace", .label = "strace -f", .kind = KIND_STRACE, .stops = true },
};
static char *argv[] = { "make", "<&\"\033[31m>", NULL };
static struct bench_report report;

static void put(size_t row, size_t round, double wall)
{
	struct bench_sample *s = &report.groups[0].rows[row].samples[round];

	*s = (struct bench_sample){ .done = true };
	for (int m = 0; m < METRICS; m++)
		s->v[m] = NAN;
	s->v[METRIC_WALL] = wall;
	s->v[METRIC_CPU] = wall / 2;
}

/* WALL: of none, ebpf, ptrace in ms, a round each. */
static void fill(const double wall[][3], size_t rounds)
{
	struct bench_group *g = &report.groups[0];

	for (size_t i = 0; i < g->n_rows; i++)
		memset(g->rows[i].samples, 0, STATS_MAX * sizeof(*g->rows[i].samples));
	for (size_t r = 0; r < rounds; r++)
		for (size_t i = 0; i < 3; i++)
			put(i, r, wall[r][i] * 1e6);
	report.rounds = report.wanted = (unsigned int)rounds;
}

static const double apart[8][3] = { { 100, 101, 200 }, { 110, 112, 215 }, { 90, 92, 185 },  { 105, 106, 212 },
				    { 98, 99, 190 },   { 102, 105, 210 }, { 95, 94, 180 }, { 101, 103, 205 } };

static int set_up(void **state)
{
	struct bench_group *g = &report.groups[0];

	(void)state;
	report = (struct bench_report){ .n_groups = 1, .argv = argv, .kernel = "6.1", .machine = "x86_64", .cpu = "a CPU",
					.scratch = "/tmp", .date = "today", .version = "0", .cpus = 2, .seed = 1 };
	*g = (struct bench_group){ .id = "command", .label = "the command", .n_rows = ARRAY_SIZE(backends) };
	for (size_t i = 0; i < g->n_rows; i++) {
		g->rows[i].backend = &backends[i];
		g->rows[i].samples = calloc(STATS_MAX, sizeof(*g->rows[i].samples));
		assert_non_null(g->rows[i].samples);
	}
	snprintf(g->rows[3].why, sizeof(g->rows[3].why), "strace is not installed");
	fill(apart, ARRAY_SIZE(apart));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < report.groups[0].n_rows; i++)
		free(report.groups[0].rows[i].samples);
	return 0;
}

static void pairs(void **state)
{
	const struct bench_group *g = &report.groups[0];
	struct estimate e;

	(void)state;
	assert_int_equal(compare__ratio(&g->rows[2], &g->rows[0], METRIC_WALL, &e), CLAIM_SHOWN);
	assert_int_equal(e.n, 8);
	/* 1.8947 .. 2.0588, and the mean of the two in the middle */
	close_to(e.low, 180.0 / 95);
	close_to(e.high, 210.0 / 102);
	close_to(e.value, (2.0 + 212.0 / 105) / 2);
	assert_int_equal(compare__added(&g->rows[2], &g->rows[0], METRIC_WALL, &e), CLAIM_SHOWN);
	close_to(e.low, 85e6);
	close_to(e.high, 108e6);
	/* what ran in one round only is compared with nothing; nor is a run that ended otherwise */
	report.groups[0].rows[0].samples[2].done = false;
	report.groups[0].rows[2].samples[3].differs = true;
	assert_int_equal(compare__ratio(&g->rows[2], &g->rows[0], METRIC_WALL, &e), CLAIM_SHOWN);
	assert_int_equal(e.n, 6);
	assert_int_equal(compare__ratio(&g->rows[3], &g->rows[0], METRIC_WALL, &e), CLAIM_NOT_MEASURED);
	assert_int_equal(compare__ratio(&g->rows[2], &g->rows[0], METRIC_LOST, &e), CLAIM_NOT_MEASURED);
}

static void noise(void **state)
{
	const struct bench_group *g = &report.groups[0];
	struct estimate e;

	(void)state;
	/* + 1 % or so, where the untraced runs themselves differ by more */
	assert_int_equal(compare__ratio(&g->rows[1], &g->rows[0], METRIC_WALL, &e), CLAIM_NOT_SHOWN);
	fill(apart, 5);
	assert_int_equal(compare__ratio(&g->rows[2], &g->rows[0], METRIC_WALL, &e), CLAIM_TOO_FEW);
}

static void ahead(void **state)
{
	static const double known[6][3] = { { 100, 110, 400 }, { 100, 120, 500 }, { 100, 110, 500 },
					    { 100, 105, 300 }, { 100, 110, 450 }, { 100, 110, 380 } };
	static const double faster[6][3] = { { 100, 110, 400 }, { 100, 99, 500 }, { 100, 110, 500 },
					     { 100, 95, 300 },	{ 100, 90, 90 },  { 100, 110, 380 } };
	static const double never[6][3] = { { 100, 99, 400 }, { 110, 99, 500 }, { 100, 99, 500 },
					    { 120, 95, 300 }, { 100, 90, 390 }, { 100, 98, 380 } };
	const struct bench_group *g = &report.groups[0];
	char text[FORMAT_SENTENCE];
	struct estimate e;

	(void)state;
	fill(known, 6);
	assert_true(compare__ahead(&g->rows[2], &g->rows[1], &g->rows[0], METRIC_WALL, &e));
	close_to(e.low, 20);
	close_to(e.high, 40);
	close_to(e.value, 32.5);
	assert_int_equal(format__ahead(text, g), CLAIM_SHOWN);
	assert_string_equal(text, "ebpf is ahead of ptrace by 32.5 x (20.0 to 40.0) in added time");
	/* nothing added counts as infinitely far ahead; where neither adds anything there is no ratio */
	fill(faster, 6);
	assert_true(compare__ahead(&g->rows[2], &g->rows[1], &g->rows[0], METRIC_WALL, &e));
	assert_int_equal(e.n, 5);
	close_to(e.value, 40);
	assert_true(isinf(e.high));
	fill(apart, 8);
	assert_int_equal(format__ahead(text, g), CLAIM_SHOWN);
	assert_string_equal(text, "ebpf adds no time that shows, ptrace does: ahead by at least 36.0 x");
	/* never slower than none: infinitely far ahead is no figure */
	fill(never, 6);
	assert_int_equal(format__ahead(text, g), CLAIM_SHOWN);
	assert_string_equal(text, "ebpf adds no time that shows, ptrace does");
	fill(apart, 3);
	assert_int_equal(format__ahead(text, g), CLAIM_TOO_FEW);
	report.groups[0].n_rows = 2;
	assert_int_equal(format__ahead(text, g), CLAIM_NOT_MEASURED);
	report.groups[0].n_rows = ARRAY_SIZE(backends);
}

/* ---- what people read ------------------------------------------------------------------------------------------- */

static void times(void **state)
{
	static const struct {
		double ns;
		const char *text;
	} known[] = { { 0, "0.00 ns" },	       { 206.4, "206 ns" },   { 999.4, "999 ns" },  { 999.6, "1.00 us" }, { 18877, "18.9 us" },
		      { 1477872, "1.48 ms" },  { 1.235e9, "1.24 s" }, { 6.6e10, "66.0 s" }, { -2500, "-2.50 us" }, { NAN, "-" },
		      { 999499999, "999 ms" }, { 12e12, "12000 s" } };
	char text[FORMAT_ROOM];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		assert_string_equal(format__ns(text, known[i].ns), known[i].text);
	assert_string_equal(format__count(text, 127778), "127,778");
	assert_string_equal(format__count(text, 999), "999");
	assert_string_equal(format__count(text, -1234567), "-1,234,567");
	assert_string_equal(format__number(text, 1234.4), "1,234");
	assert_string_equal(format__number(text, 26.14), "26.1");
	assert_string_equal(format__number(text, INFINITY), "more");
	assert_string_equal(format__kib(text, 14600), "15.0 MB");
}

static void added(void **state)
{
	const struct estimate e = { .value = 18877, .low = 985, .high = 19200 }, less = { .value = -3, .low = -9, .high = 4 };
	char text[FORMAT_ROOM];

	(void)state;
	assert_string_equal(format__added(text, &e, true), "+18.9 us (0.98 to 19.2)");
	assert_string_equal(format__added(text, &e, false), "~ (0.98 to 19.2 us)");
	assert_string_equal(format__added(text, &less, true), "-3.00 ns (-9.00 to 4.00)");
}

/* Everything that PRINT writes. */
static char *written(void (*print)(FILE *out))
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	print(f);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void print_table(FILE *out)
{
	table__print(&report, out, false);
}

static void print_chart(FILE *out)
{
	chart__svg(&report, out);
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no '%s' in: %s", part, text);
}

static void has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("'%s' in: %s", part, text);
}

static void tables(void **state)
{
	_cleanup_(free) char *many = NULL, *few = NULL, *colored = NULL;

	(void)state;
	report.groups[0].rows[2].differing = 2;
	report.groups[0].rows[2].other_status = 9;
	many = written(print_table);
	has(many, "ptrace     202 ms     16.3 ms    2.01 x (1.89 to 2.06)");
	has(many, "ebpf       102 ms     ");
	/* 1.01 is a number that is not to be had from this */
	has(many, "~ no difference shown (0.99 to 1.03)");
	has_not(many, "1.01 x");
	has(many, "~  no difference shown: ");
	has(many, "strace -f  not measured: strace is not installed\n");
	has(many, "ended with status 9 under ptrace in 2 of 8 runs");
	has_not(many, "\033");
	has_not(many, " \n");
	has_not(many, "?  ");
	fill(apart, 4);
	few = written(print_table);
	has(few, "? 2.01 x");
	has(few, "?  4 rounds: the interval is their whole range, which holds the median in 87.5 % of cases");
	has_not(few, "  2.01 x");
}

static void charts(void **state)
{
	static const double wide[6][3] = { { 1, 40, 90 }, { 1, 41, 80 }, { 1, 42, 95 }, { 1, 43, 91 }, { 1, 44, 90 }, { 1, 45, 90 } };
	_cleanup_(free) char *linear = written(print_chart), *logarithmic = NULL, *empty = NULL;

	(void)state;
	has(linear, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
	has(linear, "</svg>\n");
	has(linear, "make &lt;&amp;\\&quot;\\");
	has_not(linear, "\033");
	has_not(linear, "http://www.w3.org/1999");
	has_not(linear, "logarithmic");
	has_not(linear, "nan");
	has(linear, "not measured: strace is not installed");
	fill(wide, 6);
	logarithmic = written(print_chart);
	has(logarithmic, "logarithmic scale");
	fill(wide, 0);
	empty = written(print_chart);
	has(empty, "</svg>\n");
	has_not(empty, "nan");
	has_not(empty, "inf\"");
}

static struct json_object *member(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	assert_true(json_object_object_get_ex(o, key, &v));
	return v;
}

static void exports(void **state)
{
	struct json_object *o, *rows, *row;
	struct json j;

	(void)state;
	json__init(&j);
	export__json(&report, &j);
	assert_int_equal(j.err, 0);
	j.buf[j.len - 1] = 0; /* the newline */
	o = json_tokener_parse(j.buf);
	assert_non_null(o);
	assert_string_equal(json_object_get_string(member(o, "kind")), "command");
	rows = member(json_object_array_get_idx(member(o, "groups"), 0), "rows");
	assert_int_equal(json_object_array_length(rows), 4);
	row = json_object_array_get_idx(rows, 2);
	assert_int_equal(json_object_array_length(member(row, "samples")), 8);
	assert_null(member(json_object_array_get_idx(member(row, "samples"), 0), "lost"));
	close_to(json_object_get_double(member(member(row, "wall_ns"), "median")), 202.5e6);
	assert_string_equal(json_object_get_string(member(member(row, "wall_ratio"), "claim")), "shown");
	assert_string_equal(json_object_get_string(member(member(json_object_array_get_idx(rows, 1), "wall_ratio"), "claim")),
			    "not_shown");
	assert_string_equal(json_object_get_string(member(json_object_array_get_idx(rows, 3), "not_measured")), "strace is not installed");
	json_object_put(o);
	json__done(&j);
}

#define WITH_ROWS(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(medians), cmocka_unit_test(intervals), cmocka_unit_test(infinite), cmocka_unit_test(claims),
		cmocka_unit_test(shuffles), WITH_ROWS(pairs), WITH_ROWS(noise), WITH_ROWS(ahead), cmocka_unit_test(times),
		cmocka_unit_test(added), WITH_ROWS(tables), WITH_ROWS(charts), WITH_ROWS(exports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
