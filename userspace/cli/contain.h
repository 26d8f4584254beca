/* SPDX-License-Identifier: Apache-2.0 */
/* The sandboxed side of `run`: from options to a contained command, and what is done with its changes afterwards. */
#ifndef SANDTRACE_CONTAIN_H
#define SANDTRACE_CONTAIN_H

#include "capture/launch.h"
#include "capture/relay.h"
#include "cli.h"
#include "policy/denial.h"
#include "sandbox/changes.h"
#include "sandbox/sandbox.h"
#include "sink/sink.h"

struct contain {
	struct policy *policy;	/* NULL: --trace-only */
	struct sandbox sandbox;
	struct net_filter *net_filter;
	struct denial_ctx denial_ctx;
	struct limit_events limit_events;
	struct net_filter_counts net_counts;
	struct changes changes;
	struct relay relay;
	int pipes[4];		/* the command's output: read and write end, then of its errors; -1: none */
	char home[4096], sha256[65];
	char made[4096];	/* the output file, if it was made early; "": not */
	bool recorded;		/* the recording began */
	bool without_cgroup;	/* ... and --allow-degraded allowed for it */
	int cgroup_err;		/* -errno: the run has no cgroup, since none could be made */
	const char *degraded[LAYER_MAX + 1]; /* layers that are missing, by name; NULL-terminated */
};

/* Policy and everything computed beforehand; nothing of the sandbox exists yet. 0 or -errno, explained. */
int contain__prepare(struct contain *c, const struct run_options *o, const char *command, const char *cwd);
/* The cgroup with its limits and its network filter; without a policy, the plain cgroup. 0 or -errno, explained. */
int contain__make_cgroup(struct contain *c, const struct run_options *o, struct cgroup *cg, struct limits *limits);
/* The command stands at the barrier: what carries its output, and what is written about it. 0 or -errno, explained. */
int contain__ready(struct contain *c, struct launch *l);
void contain__describe(struct contain *c, struct run_info *info);
/* After the run: events of limits, and what the overlays hold. 0 or -errno, explained. */
int contain__collect(struct contain *c, struct launch *l, struct cgroup *cg, struct run_result *res);
/* --commit. 0 or -errno, explained. */
int contain__commit(struct contain *c, struct launch *l);
void contain__done(struct contain *c);

#endif
