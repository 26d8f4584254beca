/* SPDX-License-Identifier: Apache-2.0 */
/* The policy of `attach`: from files to what is in force, in the hooks or on a cgroup, and what came of it. */
#ifndef SANDTRACE_ATTACH_POLICY_H
#define SANDTRACE_ATTACH_POLICY_H

#include "attach_target.h"
#include "capture/answers_load.h"
#include "capture/guard_load.h"
#include "policy/denial.h"
#include "record.h"
#include "sandbox/network.h"

struct attach_policy {
	struct policy *policy;	   /* NULL: none was given */
	struct net_plan plan;
	struct live_policy live;
	struct guard guard;	   /* what the hooks judge by */
	struct net_filter *filter; /* what the cgroup's programs do */
	struct net_filter_counts net_counts;
	struct answers *answers;   /* addresses that names are given later; NULL: there are no names, or --fixed-names */
	struct answer_counts answer_counts;
	struct rule_count *counts; /* after the end */
	size_t n_counts;
	struct denial_ctx denial_ctx;
	struct attach_policy *before; /* what this one has taken the place of: its rules, for records that were under way */
	char home[4096], sha256[65];
	char layer_text[2][64];
	const char *layers[3];	   /* in force; NULL-terminated */
	const char *cgroup_note;   /* what the cgroup's programs leave open; NULL: nothing */
};

/* Reads it, and resolves its names. 0 or -errno, explained. */
int attach_policy__read(struct attach_policy *p, const struct run_options *o, const char *cwd);
/*
 * The recorder runs: finds out which layers there are, and puts the policy in force. What nobody can enforce ends it, unless
 * --allow-degraded says otherwise; then it is one of R's "degraded". 0 or -errno, explained.
 */
int attach_policy__enforce(struct attach_policy *p, struct recording *r, const struct attach_target *t);
/* For the header; and so that denials are explained. 0 or -errno, explained. */
int attach_policy__describe(struct attach_policy *p, struct recording *r);
/* "policy x.toml enforced: 12 rules by lsm; 3 of its rules are open" */
const char *attach_policy__state(const struct attach_policy *p, const struct run_options *o, char *buf, size_t size);
/* SIGUSR1: audit, SIGUSR2: enforce. It is told in the trace. 0; or -errno, the trace cannot be written. */
int attach_policy__switch(struct attach_policy *p, struct recording *r, bool audit);
/*
 * SIGHUP: reads the files again and puts what they say now in force, as a whole; it is told in the trace. If that cannot be,
 * what is in force stays, and stderr says why. 0; or -errno, the trace cannot be written. Names are resolved meanwhile,
 * and nothing is recorded until that is done: what finds no room in the rings is counted as lost.
 */
int attach_policy__reload(struct attach_policy *p, struct recording *r, const struct attach_target *t);
/* After the end: adds what was counted to RES, and prints it rule by rule. */
void attach_policy__collect(struct attach_policy *p, struct run_result *res);
void attach_policy__print_hits(const struct attach_policy *p);
void attach_policy__done(struct attach_policy *p);

#endif
