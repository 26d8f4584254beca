/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `run` and `attach` share: from options to a recorder that is at work, and from its records to the outputs and to a
 * result. What is recorded, and what becomes of it in the end, is theirs.
 */
#ifndef SANDTRACE_RECORD_H
#define SANDTRACE_RECORD_H

#include <sys/utsname.h>

#include "capture/session.h"
#include "cli.h"

/* Words of the command line of a process that runs already. */
#define RECORDING_WORDS 64

struct recording {
	struct run_options opts;
	bool contained;	     /* the command can have planted a link where the output goes */
	bool needs_cgroup;   /* of the command's own: eBPF freezes it while a ring is full */
	bool running;	     /* what is recorded runs already */
	int cgroup_err;	     /* why there is none */
	uint64_t scope_cgroup, scope_top; /* --cgroup: as in struct capture_opts */
	uint32_t scope_level;
	int scope_dir;	     /* its directory, borrowed; 0: none */
	bool judge;	     /* there is a policy for the hooks of the security profile */
	bool kill_after;     /* for want of them: what it denies is judged when it has happened */

	uint32_t profile;    /* CAPTURE_*: what is used of it here */
	const char *filter;  /* which system calls: an expression; NULL: all */
	struct st_plan plans[EV_ABI_MAX][ST_NR_SYSCALLS];
	bool interest_beyond, everything;
	bool calls_stand_in; /* of the security profile, for its hooks: nobody asked for system calls */

	struct guarded *guarded; /* the cgroup and the limits */
	struct launch launch;
	struct capture *capture;
	char why[512];	     /* this backend */
	struct run_info info;
	struct utsname uts;
	char boot_id[64], cwd[4096];
	char cmdline[4096], *words[RECORDING_WORDS + 1]; /* of what runs already */
	const char **degraded; /* what does not work here; NULL-terminated, or NULL */
	size_t n_degraded;
	char no_lsm[256];    /* why there are no hooks; "": there are, or none are asked for */
	struct pipeline pipeline;
	struct session session;
	struct st_count *counts;
	sigset_t old_mask;
	int out_fd;	     /* 0 until it is opened */
};

/* After the options were read: the profile, the plans, memory. 0 or an exit status, explained. */
int recording__prepare(struct recording *r);
void recording__done(struct recording *r);

/* Blocks the signals that the session will handle, and makes room for the cgroup. 0 or an exit status, explained. */
int recording__enter(struct recording *r);
/* What was made since goes away again, the recorder first. */
void recording__leave(struct recording *r);

/* The recorder that --backend asks for. 0 or -errno, explained. */
int recording__start(struct recording *r);
/* It is attached: completes what is said of it. */
void recording__attached(struct recording *r);
/* One more of the header's "degraded". 0 or -ENOMEM, said. */
int recording__degraded(struct recording *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The words of the process PID, as it shows them, are those of the header. */
void recording__name_running(struct recording *r, pid_t pid);

/* Opens the output. 0 or an exit status, explained. */
int recording__open(struct recording *r);
/* Fills r->info, to which the caller may add. */
void recording__describe(struct recording *r);
/* From the header to the last record: runs r->session, as far as the caller has filled it. 0 or an exit status, explained. */
int recording__run(struct recording *r, struct run_result *ret);
/* The summary. 0 or an exit status, explained. */
int recording__finish(struct recording *r, const struct run_result *res);

#endif
