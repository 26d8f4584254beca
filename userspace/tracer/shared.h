/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tracer process and sandtrace share: one mapping, made before the tracer is forked. The tracer is the only
 * writer of the ring, sandtrace the only reader (capture/ring.h reads it as it reads those of BPF).
 */
#ifndef SANDTRACE_TRACER_SHARED_H
#define SANDTRACE_TRACER_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"

struct tracer_shared {
	/* written by the tracer */
	struct st_counters counters[EV_CLASS_MAX];
	uint32_t live;		/* tasks that it traces and that are not gone */
	int32_t err;		/* errno: the command could not be seized */
	/* written by sandtrace */
	uint32_t reader_awake;	/* it looks at the ring by itself: no wake-up is needed */
	uint32_t kill;		/* SIGKILL to every task; the tracer looks at it when a signal interrupts its wait */
	uint32_t release;	/* let every task go on by itself; looked at like KILL */
	uint32_t closed;	/* nobody reads the ring any more */
	/* -c: EV_ABI_MAX * ST_NR_SYSCALLS, else none */
	struct st_count counts[];
};

/* The ring: as BPF ring buffers are laid out (a page with the reader's position, one with the writer's, the data). */
struct tracer_ring {
	unsigned long *cons_page, *prod_page;
	uint8_t *data;		/* mapped twice, one behind the other: a record never wraps */
	size_t size;		/* a power of two */
};

#endif
