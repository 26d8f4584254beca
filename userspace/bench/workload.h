/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `bench` runs inside the processes that it measures: the micro workloads, which measure themselves so that nobody's
 * start-up is in their figures, and the floors. tests/bench/wl runs the same operations under other tracers.
 */
#ifndef SANDTRACE_BENCH_WORKLOAD_H
#define SANDTRACE_BENCH_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct workload {
	const char *id, *label;
	const char *unit;	/* what a figure is for */
	void (*run)(uint64_t n);
	unsigned int calls;	/* in one operation; figures are divided by it */
	uint64_t count;		/* operations in a run: 0.1 to 0.2 s untraced */
	uint64_t slow_count;	/* ... under a tracer that stops it twice a call, so that a run stays short */
	bool stops_if_limited;	/* it has a call of WORKLOAD_LIMITED in it */
};

struct workload_cost {
	uint64_t wall_ns, cpu_ns;	/* of the operations that were asked for */
	uint64_t operations;		/* and of those before them, which warm up */
};

#define WORKLOAD_COUNT_MAX 100000000ULL
#define WORKLOAD_LIMITED "execve,openat" /* the limited interest of --micro */

extern const struct workload workloads[];
extern const size_t workload_count;

/* NULL: there is none. */
const struct workload *workload__find(const char *id);
/* What goes wrong in these ends the process, with a message: half a measurement is none. */
struct workload_cost workload__measure(const struct workload *w, uint64_t n);
void workload__pin(int cpu); /* this process alone */
uint64_t workload__wall_ns(void);
uint64_t workload__children_ns(void); /* CPU time of the children that were waited for */
uint64_t workload__cpu_ns(void);      /* that, and of this process */

/*
 * OP COUNT CPU FILE: pins itself and whoever traces it with ptrace to CPU (-1: nobody), warms up, runs, and writes
 * {"wall_ns":...,"cpu_ns":...} of all operations to FILE. Exit status.
 */
int workload__main(int argc, char **argv);

/* FILE COMMAND...: under PTRACE_SYSCALL, and nothing is done at a stop but counting. Writes {"calls":...}. Exit status. */
int floor__ptrace(int argc, char **argv);
/* COMMAND...: while two programs that do nothing are attached to sys_enter and sys_exit. Exit status. */
int floor__bpf(int argc, char **argv);

#endif
