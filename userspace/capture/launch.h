/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command's process: created early, in its cgroup, waiting at a barrier; it executes the command when
 * released. And the guard: a tiny process that ends the command and removes the cgroup should sandtrace die.
 */
#ifndef SANDTRACE_LAUNCH_H
#define SANDTRACE_LAUNCH_H

#include <signal.h>
#include <sys/types.h>

#include "cgroup.h"

struct launch {
	pid_t pid;
	int pidfd;
	int barrier_fd;	    /* write end; closing it without a byte makes the child exit */
	int *exec_errno;    /* shared with the child: set when its execve failed */
	pid_t guard_pid;
	int guard_fd;
};

/*
 * Looks COMMAND up as execvp would. RET_PATH gets the file to execute. 0, or -errno as execve would give: ENOENT
 * and ENOTDIR mean not found, anything else not executable.
 */
int launch__resolve(const char *command, char *ret_path, size_t size);

/* MASK is the signal mask the command starts with. 0 or -errno, explained on stderr. */
int launch__start(struct launch *l, struct cgroup *cg, const char *path, char *const argv[], const sigset_t *mask);
/* Lets the command go. */
int launch__release(struct launch *l);
/* Ends a command that was never released; nothing when it was. */
void launch__abandon(struct launch *l);
/* Sends the guard home and frees descriptors; a command that was not released ends. Call it with the cgroup removed. */
void launch__done(struct launch *l);

#endif
