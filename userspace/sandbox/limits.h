/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits on the whole tree: cgroup v2 controllers, v1 controllers on a hybrid host, and rlimits per process as a lesser
 * substitute where no cgroup can be made (an ordinary user without delegation), each named for what it is.
 */
#ifndef SANDTRACE_LIMITS_H
#define SANDTRACE_LIMITS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "policy/policy.h"

struct cgroup;

enum limit_kind { LIMIT_MEMORY, LIMIT_PIDS, LIMIT_CPU, LIMIT_KIND_MAX };
enum limit_by { LIMIT_BY_NOTHING, LIMIT_BY_CGROUP2, LIMIT_BY_CGROUP1, LIMIT_BY_RLIMIT };

struct limits {
	enum limit_by by[LIMIT_KIND_MAX];
	char text[LIMIT_KIND_MAX][96]; /* "cgroup v1 memory: 4 GiB, swap 0", "RLIMIT_DATA: 4 GiB per process (no cgroup)" */
	char v1_dirs[3][512];	/* made by us, removed by limits__remove; "" : none */
	int v1_procs_fds[3];	/* tasks of each v1 directory: the child, which has one thread, writes "0" and is in; -1: none */
	struct rlimit rlimits[16]; /* by RLIMIT_*; applied by limits__apply_rlimits when set_rlimit has the bit */
	uint32_t set_rlimit;
};

/* What a limit did, read at the end. */
struct limit_events {
	uint64_t oom_kills;	/* processes the kernel killed for memory */
	uint64_t memory_hits;	/* times the limit was reached */
	uint64_t pids_hits;	/* forks refused */
	uint64_t throttled_ns;	/* time for which the tree was held by the CPU limit */
	uint64_t memory_peak;	/* bytes, 0: not known */
	uint64_t pids_peak;
	uint64_t cpu_ns;	/* 0: not known */
};

/*
 * Sets limits for the tree of CG (its v2 directory; NULL: no cgroup can be made). Where a v2 controller is not in the
 * cgroup's cgroup.controllers, the v1 hierarchy is used, and failing that an rlimit. ALLOW_RLIMIT: the lesser substitute
 * may stand in (an ordinary user); else -ENOTSUP. 0 or -errno, explained on stderr.
 */
int limits__setup(struct limits *l, const struct policy *p, struct cgroup *cg, bool allow_rlimit);
/* In the child, before it runs anything: joins the v1 cgroups. Async-signal-safe. 0 or -errno. */
int limits__join(const struct limits *l);
/* In the child: rlimits, those of every sandbox (core 0) included. Async-signal-safe. 0 or -errno. */
int limits__apply_rlimits(const struct limits *l);
int limits__events(const struct limits *l, struct cgroup *cg, struct limit_events *ret);
/* Frees what setup made; the tree must be gone. Also called by the guard process: no allocation, no logging. */
void limits__remove(struct limits *l);

#endif
