/* SPDX-License-Identifier: Apache-2.0 */
/* One run of one child process: how long it took, what CPU and memory it and its descendants used. */
#ifndef SANDTRACE_BENCH_MEASURE_H
#define SANDTRACE_BENCH_MEASURE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct measure_opts {
	char *const *argv;
	const char *messages; /* where its standard error goes; NULL: /dev/null, as input and output do */
	int cpu;	      /* it starts there; -1: anywhere */
};

struct measured {
	int exec_errno;	     /* it could not be executed; nothing else is filled in */
	int status;	     /* as wait gives it */
	uint64_t ended_ns;   /* from before its fork to its own end */
	uint64_t all_ns;     /* ... to the end of the last of its descendants */
	uint64_t own_cpu_ns; /* of the process itself, its threads included, without children */
	uint64_t cpu_ns;     /* of it and of the children it has waited for */
	uint64_t strays_cpu_ns; /* of descendants that outlived their parent */
	uint64_t rss_kib;    /* of its own program's processes, itself and direct children: VmHWM when last looked at; 0: never */
};

/* Once per process: signals are blocked from here on, and descendants whose parent is gone become ours. 0 or -errno. */
int measure__begin(void);
void measure__end(void);
/* The signal that asked to stop, or 0. measure__run returns at once when there was one. */
int measure__stopped(void);

/*
 * 0, also when the child failed; -EINTR: asked to stop, and everything that was running is gone; other -errno: it could not
 * be started, explained on stderr.
 */
int measure__run(const struct measure_opts *o, struct measured *ret);

#endif
