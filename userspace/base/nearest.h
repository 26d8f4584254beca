/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Did you mean": the nearest of a set of names. Offer every candidate, then ask for the best one.
 * Pure, and small enough to live in a header: it is used by the pure modules and by the command
 * line alike.
 */
#ifndef SANDTRACE_NEAREST_H
#define SANDTRACE_NEAREST_H

#include <stddef.h>
#include <string.h>

#include "util.h"

#define NEAREST_MAX_LEN                                                                            \
	40 /* longer than any option or system call; longer words get no suggestion */

struct nearest {
	const char *want;
	const char *best; /* NULL: nothing near enough was offered */
	size_t distance;
};

/* Edits from A to B where swapping two neighbours counts as one: the commonest typing mistake. */
static inline size_t nearest__distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	size_t rows[3][NEAREST_MAX_LEN + 1];
	size_t *before = rows[0], *prev = rows[1], *cur = rows[2], *swap;

	if (n > NEAREST_MAX_LEN || m > NEAREST_MAX_LEN)
		return NEAREST_MAX_LEN;
	for (size_t j = 0; j <= m; j++)
		prev[j] = before[j] = j;
	for (size_t i = 1; i <= n; i++) {
		cur[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t d = prev[j - 1] + (a[i - 1] != b[j - 1]);

			d = MIN(d, MIN(prev[j], cur[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d = MIN(d, before[j - 2] + 1);
			cur[j] = d;
		}
		swap = before;
		before = prev;
		prev = cur;
		cur = swap;
	}
	return prev[m];
}

static inline void nearest__init(struct nearest *n, const char *want)
{
	n->want = want;
	n->best = NULL;
	n->distance = (strlen(want) + 2) / 3 + 1;
}

/* A word cut short is near to what it starts. CANDIDATE is kept, not copied. */
static inline void nearest__offer(struct nearest *n, const char *candidate)
{
	size_t len = strlen(n->want);
	size_t d = nearest__distance(n->want, candidate);

	if (len >= 2 && d > 1 && !strncmp(n->want, candidate, len))
		d = 1;
	if (d < n->distance) {
		n->distance = d;
		n->best = candidate;
	}
}

#endif
