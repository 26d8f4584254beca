/* SPDX-License-Identifier: Apache-2.0 */
/* Rows against each other. Only what ran in the same round is compared, so that what drifts slowly cancels. */
#include <math.h>
#include <string.h>

#include "model.h"

const struct bench_row *group__row(const struct bench_group *g, const char *id)
{
	for (size_t i = 0; i < g->n_rows; i++)
		if (!strcmp(g->rows[i].backend->id, id))
			return &g->rows[i];
	return NULL;
}

/* NAN: there is none. */
static double value(const struct bench_row *row, size_t round, enum metric m)
{
	if (!row->samples || !row->samples[round].done || row->samples[round].differs)
		return NAN;
	return row->samples[round].v[m];
}

size_t compare__values(const struct bench_row *row, enum metric m, double *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < STATS_MAX && row->samples; i++) {
		double x = value(row, i, m);

		if (!isnan(x))
			ret[n++] = x;
	}
	return n;
}

bool compare__own(const struct bench_row *row, enum metric m, struct estimate *ret, double *ret_spread)
{
	double v[STATS_MAX];
	size_t n = compare__values(row, m, v);

	if (ret_spread)
		*ret_spread = stats__spread(v, n);
	return stats__estimate(v, n, ret);
}

enum pairing { PAIR_RATIO, PAIR_DIFFERENCE };

static bool paired(const struct bench_row *row, const struct bench_row *base, enum metric m, enum pairing how,
		   struct estimate *ret)
{
	double v[STATS_MAX];
	size_t n = 0;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < STATS_MAX; i++) {
		double x = value(row, i, m), b = value(base, i, m);

		if (isnan(x) || isnan(b) || (how == PAIR_RATIO && !(b > 0)))
			continue;
		v[n++] = how == PAIR_RATIO ? x / b : x - b;
	}
	return stats__estimate(v, n, ret);
}

enum claim compare__ratio(const struct bench_row *row, const struct bench_row *base, enum metric m, struct estimate *ret)
{
	struct estimate own;
	double spread;

	if (!paired(row, base, m, PAIR_RATIO, ret) || !compare__own(base, m, &own, &spread))
		return CLAIM_NOT_MEASURED;
	return stats__claim(ret, 1, spread / own.value);
}

enum claim compare__added(const struct bench_row *row, const struct bench_row *base, enum metric m, struct estimate *ret)
{
	struct estimate own;
	double spread;

	if (!paired(row, base, m, PAIR_DIFFERENCE, ret) || !compare__own(base, m, &own, &spread))
		return CLAIM_NOT_MEASURED;
	return stats__claim(ret, 0, spread);
}

bool compare__ahead(const struct bench_row *slow, const struct bench_row *fast, const struct bench_row *base, enum metric m,
		    struct estimate *ret)
{
	double v[STATS_MAX];
	size_t n = 0;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < STATS_MAX; i++) {
		double b = value(base, i, m), s = value(slow, i, m) - b, f = value(fast, i, m) - b;

		/* neither adds anything: there is no ratio */
		if (isnan(s) || isnan(f) || (f <= 0 && s <= 0))
			continue;
		v[n++] = f <= 0 ? INFINITY : s / f;
	}
	return stats__estimate(v, n, ret);
}

double compare__sum(const struct bench_row *row, enum metric m)
{
	double v[STATS_MAX], sum = 0;
	size_t n = compare__values(row, m, v);

	for (size_t i = 0; i < n; i++)
		sum += v[i];
	return n ? sum : NAN;
}
