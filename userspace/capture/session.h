/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One recording from release to the end of the last process: moves records from the rings into the pipeline,
 * freezes the command when the rings fill, passes signals on, ends the tree on timeout or on a second Ctrl-C.
 */
#ifndef SANDTRACE_SESSION_H
#define SANDTRACE_SESSION_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "capture.h"
#include "cgroup.h"
#include "launch.h"
#include "pipeline.h"
#include "relay.h"

struct session {
	/* set by the caller */
	struct capture *capture; /* NULL: contained, not recorded */
	struct cgroup *cgroup;
	struct launch *launch;
	struct pipeline *pipeline;
	uint64_t timeout_ns;
	bool freeze;	    /* on overload; false: drop and count */
	bool attached;	     /* nothing was launched: what is recorded ran already, and is let go in the end */
	struct cgroup *watched; /* attached to this one, until it is empty again: never frozen, killed or removed; NULL: none */
	bool inhabited;	     /* it was seen with members: from then on to be empty is its end */
	int target_pidfd;    /* attached to this process: wakes us when it ends; 0: none */
	bool hangup_ends;    /* attached: SIGHUP is the end of a terminal; else it is one of ON_SIGNAL's */
	/* attached: SIGUSR1 or SIGUSR2 came; NULL: they mean nothing */
	void (*on_signal)(void *ctx, int sig);
	void *signal_ctx;
	struct relay *relay; /* NULL: the command's streams are the caller's own */

	/* results */
	int wait_status;    /* of the command, as waitpid gives it */
	struct rusage usage; /* of it and what it waited for */
	bool reaped;
	const char *killed_by; /* "timeout", "interrupt", "output" or NULL */
	uint64_t freezes, frozen_ns;
	uint64_t release_ts, end_ts;

	/* private */
	int epoll_fd, signal_fd, timer_fd;
	unsigned int interrupts;
	bool in_output;	    /* a sink waits for its reader */
	struct output_waiter waiter;
	uint64_t grace_until; /* the sandboxed command has ended, and what it left may go on until then; 0: not yet */
	uint64_t frozen_since, killed_at, kill_began, last_counters, idle_ns;
	struct st_counters known[EV_CLASS_MAX];
};

/* Signals that sandtrace handles through a descriptor; to be blocked before the command's process is made. */
void session__signals(sigset_t *set);

/* Runs to the end. 0 or -errno; a failed sink ends the command too (pipeline->failed says which). */
int session__run(struct session *s);

uint64_t clock_ns(void); /* CLOCK_MONOTONIC, the stamp of every record */

#endif
