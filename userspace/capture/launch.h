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
#include "sandbox/sandbox.h"

struct launch {
	pid_t pid;	    /* our child: the command, or the sandbox's init */
	int child_pidfd;
	pid_t command_pid;  /* in our pid namespace; 0 until launch__wait_ready in a sandbox */
	int pidfd;	    /* the command */
	int barrier_fd;	    /* our end; closing it without a byte makes the child exit */
	struct sandbox_report *report; /* shared with the child: why it could not begin, how the command ended */
	struct sandbox *sandbox; /* borrowed; NULL: none */
	int sock;	    /* to the sandbox's init, which ends with everything when this is closed; -1: none */
	int tty_fd;	    /* the command's terminal (--tty), else -1 */
	int overlay_fds[2 * SANDBOX_MAX_OVERLAYS]; /* upper and lower directory of each overlay */
	unsigned int n_overlays;
	pid_t guard_pid;
	int guard_fd;
};

/* What the guard cleans up, in memory that it shares with sandtrace. */
struct guarded {
	struct cgroup cgroup;
	struct limits limits;
};
/* Nothing in it yet; NULL: no memory. It lives until the process ends. */
struct guarded *launch__guarded(void);

void launch__init(struct launch *l);
/*
 * Starts the guard. To be called before anything in G exists: then SIGKILL leaves nothing behind, whenever it comes. 0 or
 * -errno, explained on stderr.
 */
int launch__guard(struct launch *l, struct guarded *g);

/*
 * Looks COMMAND up as execvp would. RET_PATH gets the file to execute. 0, or -errno as execve would give: ENOENT
 * and ENOTDIR mean not found, anything else not executable.
 */
int launch__resolve(const char *command, char *ret_path, size_t size);

/*
 * MASK is the signal mask the command starts with. CG without a directory: no cgroup. SB: NULL, or the prepared sandbox, whose
 * set-up begins. 0 or -errno, explained on stderr.
 */
int launch__start(struct launch *l, struct cgroup *cg, struct sandbox *sb, const char *path, char *const argv[],
		  const sigset_t *mask);
/* Waits until the sandbox, if any, is complete and the command stands at the barrier. 0 or -errno, explained on stderr. */
int launch__wait_ready(struct launch *l);
/* Did a layer fail in the last moment, after the release? Then 1, explained on stderr, and the command never ran. */
int launch__failed_late(const struct launch *l);
/* The wait status of the command, once PID was reaped with STATUS. */
int launch__command_status(const struct launch *l, int status);
/* Sends SIG to the process group of a sandboxed command, by its init, which knows whether there still is one. */
void launch__signal_group(struct launch *l, int sig);
/* Lets the command go. */
int launch__release(struct launch *l);
/* Ends a command that was never released; nothing when it was. */
void launch__abandon(struct launch *l);
/* Sends the guard home and frees descriptors; a command that was not released ends. Call it with the cgroup removed. */
void launch__done(struct launch *l);

#endif
