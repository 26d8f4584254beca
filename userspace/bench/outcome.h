/* SPDX-License-Identifier: Apache-2.0 */
/* What a tracer wrote about a run. Every file is believed to be anybody's. */
#ifndef SANDTRACE_BENCH_OUTCOME_H
#define SANDTRACE_BENCH_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>

struct outcome {
	double calls, lost;   /* NAN: not told */
	double cpu_ns;	      /* of the command and its descendants; NAN: not told */
	int status;	      /* the command's exit status, 128 + N by signal N; -1: not told */
	bool killed;	      /* sandtrace ended it: a limit, an interrupt */
};

/* The summary at the end of a trace. 0, -ENODATA: there is none, or -errno. */
int outcome__sandtrace(const char *path, struct outcome *ret);
/* strace -f -o: as many calls as there are lines that begin one. */
int outcome__strace(const char *path, struct outcome *ret);
/* {"name":number,...}, one line: what the micro workloads and the floors write. NAN where NAME is missing. */
double outcome__number(const char *path, const char *name);
/* The first lines of what a tracer had to say on standard error, as one: "reason: hint". False: nothing. */
bool outcome__messages(const char *path, char *ret, size_t size);

#endif
