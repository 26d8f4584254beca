/* SPDX-License-Identifier: Apache-2.0 */
#include "stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static size_t sorted(const double *v, size_t n, double *ret)
{
	n = MIN(n, (size_t)STATS_MAX);
	if (n)
		memcpy(ret, v, n * sizeof(*v));
	qsort(ret, n, sizeof(*ret), compare);
	return n;
}

static double middle(const double *ordered, size_t n)
{
	if (!n)
		return NAN;
	return n % 2 ? ordered[n / 2] : (ordered[n / 2 - 1] + ordered[n / 2]) / 2;
}

double stats__median(const double *v, size_t n)
{
	double ordered[STATS_MAX];

	n = sorted(v, n, ordered);
	return middle(ordered, n);
}

double stats__spread(const double *v, size_t n)
{
	double away[STATS_MAX], m = stats__median(v, n);

	n = MIN(n, (size_t)STATS_MAX);
	for (size_t i = 0; i < n; i++)
		away[i] = fabs(v[i] - m);
	return 1.4826 * stats__median(away, n);
}

bool stats__estimate(const double *v, size_t n, struct estimate *ret)
{
	double ordered[STATS_MAX], chance, outside;
	size_t rank = 0;

	n = sorted(v, n, ordered);
	if (!n)
		return false;
	/* CHANCE: that exactly RANK values are below the true median; OUTSIDE: that it is beyond the RANKth from either end */
	chance = ldexp(1, -(int)n);
	outside = 2 * chance;
	for (;;) {
		double next = chance * (double)(n - rank) / (double)(rank + 1);

		if (2 * (rank + 1) >= n || outside + 2 * next > 1 - STATS_LEVEL)
			break;
		chance = next;
		outside += 2 * next;
		rank++;
	}
	*ret = (struct estimate){ .value = middle(ordered, n), .low = ordered[rank], .high = ordered[n - 1 - rank],
				  .coverage = 1 - MIN(outside, 1.0), .n = n };
	return true;
}

enum claim stats__claim(const struct estimate *e, double neutral, double noise)
{
	if (!e->n)
		return CLAIM_NOT_MEASURED;
	if (e->coverage < STATS_LEVEL)
		return CLAIM_TOO_FEW;
	/* written so that a NAN shows nothing */
	if (!(e->low > neutral || e->high < neutral) || !(fabs(e->value - neutral) > noise))
		return CLAIM_NOT_SHOWN;
	return CLAIM_SHOWN;
}

/* xorshift64 (Marsaglia, 2003): good enough to visit a handful of things in turn. */
static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

void stats__shuffle(uint64_t *seed, unsigned int *v, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = (size_t)(next(seed) % i);
		unsigned int t = v[i - 1];

		v[i - 1] = v[k];
		v[k] = t;
	}
}
