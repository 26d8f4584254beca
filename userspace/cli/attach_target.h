/* SPDX-License-Identifier: Apache-2.0 */
/* What `attach` is attached to: a process that runs, or a cgroup. Held by descriptors: numbers and names can be reused. */
#ifndef SANDTRACE_ATTACH_TARGET_H
#define SANDTRACE_ATTACH_TARGET_H

#include <stdbool.h>

#include "capture/cgroup.h"
#include "cli.h"

struct attach_target {
	pid_t pid;	     /* 0: a cgroup */
	int pidfd;	     /* -1: none */
	char comm[32];	     /* of the process, printable */
	struct cgroup group; /* --cgroup, or the one of the process; dir_fd -1: not known. Never killed or removed. */
	uint64_t top;	     /* as in struct capture_opts */
	uint32_t level;
};

/* 0 or -errno, explained. */
int attach_target__open(const struct run_options *o, struct attach_target *ret);
void attach_target__close(struct attach_target *t);

/*
 * Does the cgroup hold nothing but the process and what descends from it? What is put on the cgroup is then put on it alone.
 * False: RET_WHY says who else is there.
 */
bool attach_target__owns_cgroup(const struct attach_target *t, char *ret_why, size_t size);

/* The id of the control group of version 2 at PATH: a directory, or as /proc/PID/cgroup shows it. 0 or -ENOENT; says nothing. */
int attach_target__cgroup_id(void *unused, const char *path, uint64_t *ret_id);

#endif
