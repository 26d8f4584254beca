/* SPDX-License-Identifier: Apache-2.0 */
/* What can enforce a policy on this machine, found out by setting it up and taking it down again. */
#ifndef SANDTRACE_POLICY_PROBE_H
#define SANDTRACE_POLICY_PROBE_H

#include <stdbool.h>

#include "policy/live.h"
#include "policy/policy.h"
#include "sandbox/limits.h"
#include "sandbox/network.h"

struct policy_probe {
	int landlock_abi;	/* 0: none */
	int namespaces;		/* 0, or why they cannot be made: -errno */
	int seccomp;		/* the filter of this policy: 0 or -errno */
	unsigned int seccomp_insns;
	int cgroup;		/* 0 or -errno: none can be made */
	int net_filter;		/* of network.allow: 0 or -errno; 1: not needed */
	int limits_err;
	struct limits limits;	/* taken down again: only its texts are of use */
	struct live_layers live; /* what runs already could be held with */
	bool root;
};

/* PLAN may be NULL: its names could not be resolved. */
void policy_probe__run(struct policy_probe *r, const struct policy *p, const struct net_plan *plan);

#endif
