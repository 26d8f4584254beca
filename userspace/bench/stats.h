/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Medians, their spread, and what may be claimed from them. Pure: numbers in, numbers out. Nothing here assumes a normal
 * distribution: times on a shared machine have none.
 */
#ifndef SANDTRACE_BENCH_STATS_H
#define SANDTRACE_BENCH_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATS_MAX 1000	/* values; 2^-STATS_MAX is still a double */
#define STATS_FEWEST 6	/* with five, even their whole range misses the median in 1 case of 16: more than 1 in 20 */
#define STATS_LEVEL 0.95

/*
 * A median and the interval of two order statistics that holds the true one with at least STATS_LEVEL, whatever the
 * distribution (David and Nagaraja, Order Statistics, section 7.1): the number of values below the median is binomial.
 * COVERAGE is what the interval really has, less than STATS_LEVEL for fewer than STATS_FEWEST values.
 */
struct estimate {
	double value, low, high, coverage;
	size_t n;
};

double stats__median(const double *v, size_t n);
/* Median absolute deviation, scaled so that it equals the standard deviation where noise is normal. */
double stats__spread(const double *v, size_t n);
/* False for no values. V may hold +INFINITY, not NAN. */
bool stats__estimate(const double *v, size_t n, struct estimate *ret);

enum claim {
	CLAIM_NOT_MEASURED,
	CLAIM_TOO_FEW,	/* fewer than STATS_FEWEST rounds: nothing may be concluded */
	CLAIM_NOT_SHOWN, /* the interval holds NEUTRAL, or the difference is not larger than the noise */
	CLAIM_SHOWN,
};

/* May E be said to differ from NEUTRAL? NOISE: the spread of what it was compared with, in the same unit. */
enum claim stats__claim(const struct estimate *e, double neutral, double noise);

/* Another order each time, the same ones for the same *SEED, which must not be 0. */
void stats__shuffle(uint64_t *seed, unsigned int *v, size_t n);

#endif
