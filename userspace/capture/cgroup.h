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
	bool made;     /* PATH is ours; before that it is only about to be */
	bool frozen;
};

/* What the tree is to be limited to: UINT64_MAX, not at all. It decides below which cgroup the run's own is made. */
struct cgroup_want {
	uint64_t memory;     /* bytes */
	uint64_t pids;
	uint64_t cpus_milli; /* thousandths of a CPU */
};

/* Makes "sandtrace-PID" below the caller's own cgroup. 0 or -errno, explained on stderr. */
int cgroup__create(struct cgroup *cg);
/*
 * The same where controllers are wanted: if the caller's own cgroup cannot pass them on, because it has processes of
 * its own, below the nearest cgroup above that can, unless that would lift a limit or filter that the caller is under.
 * QUIET: nothing is printed; an ordinary user without delegation goes on without (-ENOENT: no hierarchy, -EACCES,
 * -EROFS: not ours to write to).
 */
int cgroup__create_for(struct cgroup *cg, const struct cgroup_want *want, bool quiet);
/* Frozen is asked for, not waited for: it takes hold within milliseconds. */
int cgroup__set_frozen(struct cgroup *cg, bool frozen);
/* SIGKILL to every member, frozen or not. */
int cgroup__kill(struct cgroup *cg);
/* 1: has live members, 0: none, or -errno. */
int cgroup__populated(struct cgroup *cg);
/* Removes it; it must be empty. Idempotent. */
void cgroup__remove(struct cgroup *cg);

/* Where a hierarchy is mounted, and the caller's own cgroup in it: MNT + OWN is a directory. */
struct cgroup_place {
	char mnt[512];
	char own[2048]; /* "" for the root of what is mounted, else "/a/b" */
};
/* CONTROLLER NULL: the v2 hierarchy; else the v1 hierarchy that has it. 0, -ENOENT or another -errno; prints nothing. */
int cgroup__own(const char *controller, struct cgroup_place *ret);
/*
 * One line of /proc/self/mountinfo, cut up in place, octal escapes undone. False: of another hierarchy. Pure.
 */
bool cgroup__parse_mount(char *line, const char *controller, char **ret_root, char **ret_mnt);
/* The cgroup below which to make one for WANT; may enable controllers there. 0 or -errno, prints nothing. */
int cgroup__choose_parent(const struct cgroup_place *pl, const struct cgroup_want *want, char *ret_path, size_t size);

#endif
