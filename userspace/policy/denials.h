/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was denied in a run, each thing once: layer, object, how often, who was first. Bounded: what does not fit is
 * counted by layer, so that the totals are exact whatever a hostile command makes up. Pure.
 */
#ifndef SANDTRACE_DENIALS_H
#define SANDTRACE_DENIALS_H

#include "denial.h"

#define DENIALS_MAX 1024

struct denial_entry {
	struct denial d;	/* of the first; .nth counts all */
	uint64_t first_ts;
	uint32_t pid;		/* of the first process */
	char comm[EV_COMM_LEN + 1];
};

struct denials {
	struct denial_entry *v;	/* in the order of their first */
	uint32_t n;
	uint16_t *slots;	/* index + 1 into v; 0: free */
	uint64_t total;		/* all, expected ones included; but not AUDIT */
	uint64_t expected;
	uint64_t by_layer[LAYER_MAX]; /* exact */
	uint64_t dropped[LAYER_MAX];  /* of by_layer: objects that did not fit */
	uint64_t audit, audit_dropped; /* let through in audit mode; entries of their own */
};

/* NULL: no memory. */
struct denials *denials__new(void);
void denials__free(struct denials *t);
/* Counts D and sets D->nth. COMM is the process's name, "" when not known: then what the record says. */
void denials__add(struct denials *t, const struct event *ev, const char *comm, struct denial *d);
/*
 * Most in need of attention first: expected ones last, before them those of audit mode, otherwise the most frequent
 * first. RET has room for T->n pointers. Returns how many.
 */
uint32_t denials__sorted(const struct denials *t, const struct denial_entry **ret);

#endif
