/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The namespaces and mounts of the sandbox, tried in the order in which `run` makes them (doctor_ns.c), and why one is
 * refused (doctor_why.c): most distributions and containers block one of them, each in a way of its own. Depends on
 * nothing but base/, so that `run` can ask too when it has failed.
 */
#ifndef SANDTRACE_DOCTOR_NS_H
#define SANDTRACE_DOCTOR_NS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ns_step {
	NS_FORK,     /* any new process */
	NS_USER,     /* clone3 with a user namespace */
	NS_OTHERS,   /* with the other namespaces too */
	NS_MAP,	     /* the caller's ids in it */
	NS_CGROUP,   /* a cgroup namespace */
	NS_HOSTNAME,
	NS_LOOPBACK,
	NS_PRIVATE,  /* mounts no longer reach the host */
	NS_TREE,     /* a restricted copy of a mount */
	NS_TMPFS,
	NS_ATTACH,   /* and mounted */
	NS_DEVPTS,
	NS_PROC,
	NS_OVERLAY,
	NS_FORBID,   /* no user namespace below this one */
	NS_PIVOT,    /* a new root */
	NS_STEPS
};
#define NS_UNTRIED 1 /* in place of an error: what it builds on failed */
#define NS_OTHER_KINDS 6

struct ns_report {
	int err[NS_STEPS];		/* 0, a negative errno, or NS_UNTRIED */
	const char *call[NS_STEPS];	/* which of a step's calls failed; static */
	int other_err[NS_OTHER_KINDS];	/* of each kind alone, when all together failed */
	bool hidepid;			/* processes can be hidden in /proc */
	bool slow;			/* it was killed, for it took too long */
};

struct ns_cause {
	char what[224];	/* one line, without a full stop */
	char fix[512];	/* the way out: a command where there is one */
};

/* "mnt", "pid", "net", "ipc", "uts", "cgroup". */
extern const char *const ns_other_names[NS_OTHER_KINDS];

/* Tries all of it in children that end with it, in a few milliseconds; at most two seconds. Needs no privilege. */
void ns__try(struct ns_report *r);
/* The first step that failed and without which there is no sandbox, or NS_STEPS. */
enum ns_step ns__failed(const struct ns_report *r);
/* Why STEP failed in R. Looks at the system again, changes nothing. */
void ns__why(const struct ns_report *r, enum ns_step step, struct ns_cause *ret);
/* Both at once, for `run`: true when something is refused here, and RET says what. */
bool ns__explain(struct ns_cause *ret);

/* What doctor_sandbox.c asks too. */
bool ns__seccomp_active(void);
uint64_t ns__effective_caps(void);
/* A call failed with ERR (negative): would a seccomp filter explain it? Names it in RET then. */
bool ns__why_filtered(const char *call, int err, struct ns_cause *ret);
/* fork() or clone() failed with EAGAIN. */
void ns__why_no_process(struct ns_cause *ret);

#endif
