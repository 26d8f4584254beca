/* SPDX-License-Identifier: Apache-2.0 */
/* The eBPF backend: the only module that includes libbpf and the skeleton. */
#ifndef SANDTRACE_CAPTURE_BPF_H
#define SANDTRACE_CAPTURE_BPF_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "ring.h"

struct bpf_capture;

struct bpf_capture_opts {
	struct st_plan (*plans)[ST_NR_SYSCALLS]; /* [EV_ABI_MAX][ST_NR_SYSCALLS], interest included */
	bool interest_beyond;
	bool follow_forks;
	bool aggregate;
	bool fd_paths;
	bool deny_paths;      /* of a failed call with a relative path: what it is relative to */
	bool lossless;	      /* slow callers down when a ring is three quarters full */
	size_t ring_bytes;    /* of all bulk rings together; a power of two */
	unsigned int shards;  /* bulk rings; a power of two, at most ST_MAX_SHARDS */
};

/*
 * Loads and attaches; from here on tasks armed with bpf_capture__arm are recorded. Everything is held by
 * descriptors (close-on-exec), so nothing outlives the process. 0 or -errno, explained on stderr.
 */
int bpf_capture__new(const struct bpf_capture_opts *opts, struct bpf_capture **ret_capture);
void bpf_capture__free(struct bpf_capture *c);

/* Detaches: no further records; what is in the rings stays readable. */
void bpf_capture__detach(struct bpf_capture *c);

/* The task behind PIDFD is in scope from its next execve on, as exec_id 1. */
int bpf_capture__arm(struct bpf_capture *c, int pidfd);

struct ring_set *bpf_capture__rings(struct bpf_capture *c);
/* Becomes readable when a sleeping reader should look. -1 beyond the last. */
int bpf_capture__ring_fd(const struct bpf_capture *c, unsigned int index);
uint64_t bpf_capture__ring_bytes(const struct bpf_capture *c);
/* Tells the programs whether a wake-up is needed. */
void bpf_capture__set_awake(struct bpf_capture *c, bool awake);
/* Lets the programs stop looking at each record: the rings are half empty again. */
void bpf_capture__release_pressure(struct bpf_capture *c);
/*
 * How often the kernel skipped a program because another one of the same was under way on that CPU: a call or an event,
 * perhaps not one in scope, that nobody counted.
 */
uint64_t bpf_capture__skipped(const struct bpf_capture *c);

/* Sums over all CPUs. */
int bpf_capture__counters(struct bpf_capture *c, struct st_counters out[EV_CLASS_MAX]);
/* -c: OUT has EV_ABI_MAX * ST_NR_SYSCALLS elements. */
int bpf_capture__counts(struct bpf_capture *c, struct st_count *out);

#endif
