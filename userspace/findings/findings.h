/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings: what in a run is worth a second look, by the rules of rules.h, with who did it and the records that show it.
 * Fed with every event, in order; asked when the run ends. Pure, and bounded: what did not fit is counted.
 */
#ifndef SANDTRACE_FINDINGS_H
#define SANDTRACE_FINDINGS_H

#include "rules.h"

#define FINDINGS_MAX 512
#define FINDINGS_OF_RULE 24 /* objects of one rule */
#define FINDING_OBJECT_MAX 512
#define FINDING_STEPS 2
#define FINDING_ANCESTORS 6

struct finding_who {
	uint32_t pid;
	char comm[EV_COMM_LEN + 1]; /* "": not known */
};

/* What came before it. */
struct finding_step {
	struct finding_who who;
	uint64_t seq; /* of the record */
	char object[128];
};

struct finding {
	const struct rule *rule;
	uint8_t severity; /* enum severity: the rule's, or info when it is expected of that program */
	bool expected;
	struct finding_who who;
	struct finding_who ancestors[FINDING_ANCESTORS]; /* the one that started it first */
	uint8_t n_ancestors, n_steps;
	struct finding_step steps[FINDING_STEPS];
	uint64_t seq;	  /* of the first record that shows it; 0: none does */
	uint64_t first_ts;
	uint64_t count, failures;
	uint32_t len;
	char object[FINDING_OBJECT_MAX]; /* any bytes; empty: the text says it all */
};

/* What is known when the run has ended. */
struct findings_end {
	uint64_t lost, undecoded, skipped;
	uint64_t oom_kills, pids_hits;
};

struct findings;
struct findings *findings__new(void);
void findings__free(struct findings *f);
void findings__event(struct findings *f, const struct event *ev);
/* Adds what only the end tells. Once; findings__at() works before too. */
void findings__finish(struct findings *f, const struct findings_end *end);

uint32_t findings__count(const struct findings *f);
/* Worst first, and of one severity in order of time; NULL: no more. */
const struct finding *findings__at(const struct findings *f, uint32_t i);
/* Those that did not fit. */
uint64_t findings__dropped(const struct findings *f);
/* What the rules about sequences had to forget: one may have been missed. */
uint64_t findings__forgotten(const struct findings *f);
/* The name that an address was the answer for; NULL: none was seen. Valid until the next event. */
const char *findings__name_of(const struct findings *f, const struct part *addr);

#endif
