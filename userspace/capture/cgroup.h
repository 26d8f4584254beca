/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command's own cgroup (v2): what makes "the whole tree" a thing that can be frozen, killed and waited for,
 * whatever its members fork. No controller is needed for that, so it works on hybrid hosts too.
 */
#ifndef SANDTRACE_CGROUP_H
#define SANDTRACE_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct cgroup {
	char path[4096];
	int dir_fd;
	int events_fd; /* cgroup.events: poll for EPOLLPRI, then cgroup__populated */
	int freeze_fd;
	uint64_t id;
	bool frozen;
};

/* Makes "sandtrace-PID" below the caller's own cgroup. 0 or -errno, explained on stderr. */
int cgroup__create(struct cgroup *cg);
/* Frozen is asked for, not waited for: it takes hold within milliseconds. */
int cgroup__set_frozen(struct cgroup *cg, bool frozen);
/* SIGKILL to every member, frozen or not. */
int cgroup__kill(struct cgroup *cg);
/* 1: has live members, 0: none, or -errno. */
int cgroup__populated(struct cgroup *cg);
/* Removes it; it must be empty. Idempotent. */
void cgroup__remove(struct cgroup *cg);

#endif
