/* SPDX-License-Identifier: Apache-2.0 */
/* The rounds: everything once in each, in changing order, from finding out what is available to the last sample. */
#ifndef SANDTRACE_BENCH_ROUNDS_H
#define SANDTRACE_BENCH_ROUNDS_H

#include "model.h"

/* What --backends chooses from; each stands for its floor and its limited form too. */
enum choice { CHOICE_NONE, CHOICE_EBPF, CHOICE_PTRACE, CHOICE_STRACE, CHOICES };
extern const char *const choice_names[CHOICES + 1]; /* NULL-terminated */

struct rounds_opts {
	bool micro, verbose;
	bool chosen[CHOICES];
	unsigned int runs, warmup; /* runs: 1 to STATS_MAX */
	const char *trace;	   /* NULL: all calls */
	char *const *argv;	   /* NULL for micro */
};

#define ROUNDS_NOTHING (-1) /* no backend is available: the reasons are in the report's rows */

/*
 * Fills the report, whose memory report__done() frees. 0: there is something to show, possibly after an interrupt;
 * ROUNDS_NOTHING; otherwise the exit status to end with, explained on stderr.
 */
int rounds__run(const struct rounds_opts *o, struct bench_report *r);
void report__done(struct bench_report *r);

#endif
