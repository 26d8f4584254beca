/* SPDX-License-Identifier: Apache-2.0 */
/* Where it is measured: this machine, and the directory for what tracers write. */
#ifndef SANDTRACE_BENCH_PLACE_H
#define SANDTRACE_BENCH_PLACE_H

#include <limits.h>

#include "model.h"

#define PARENT_ROOM 192

struct place {
	char program[PATH_MAX];	   /* this one */
	char parent[PARENT_ROOM];  /* $TMPDIR, or tmpfs where there is one with room */
	char dir[PARENT_ROOM + 32]; /* made for this run */
	char trace[PARENT_ROOM + 48], result[PARENT_ROOM + 48], messages[PARENT_ROOM + 48];
	bool terminal;		   /* standard error is one */
};

uint64_t place__now(void); /* CLOCK_MONOTONIC, ns */
/* 0 or -errno, explained on stderr. */
int place__make(struct place *p);
void place__remove(struct place *p);
/* What the last run wrote: to shorten a file costs time, and is not to be part of the next one. */
void place__clear(const struct place *p);
/* Date, kernel, processor, load, versions. */
void place__describe(struct bench_report *r);
/* Two CPUs that this process may use, or the same one twice; the process itself goes where the agent does. */
void place__pin(int *ret_workload, int *ret_agent);

#endif
