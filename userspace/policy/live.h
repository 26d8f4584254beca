/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy as it is enforced on what runs already: the rows of include/guard.h before they meet the machine. There is no
 * launch to build a world for the command, so a kind of access is restricted only where the policy says something of it:
 *
 *   deny, deny_write, deny_exec	never, at and below these
 *   allow_read, allow_write, allow_exec   if there is any such rule: only at and below these; the kind is closed.
 *				allow_write and allow_exec let read too, where reading is closed
 *   network.allow = [...]	connect and send only there; `false`: nowhere; `true` or nothing: not restricted
 *   syscalls.deny		those that have a hook: bpf, ptrace, mount, ...
 *
 * What cannot be enforced so is listed with its reason: limits, seccomp, env, synthetic files, calls without a hook. Pure.
 */
#ifndef SANDTRACE_POLICY_LIVE_H
#define SANDTRACE_POLICY_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guard.h"
#include "policy.h"

/* One path of one or more rules; the loader opens it. Without links, each once; two may still be one inode. */
struct live_path {
	char *path;
	uint16_t deny[GUARD_ACCESS_MAX], allow[GUARD_ACCESS_MAX]; /* rule numbers; 0: none */
};

struct live_net {
	struct guard_net_key key; /* gen 0 */
	struct guard_net_row row;
};

/* Why a rule, or a part of it, is not enforced on what runs already. */
enum live_gap_kind {
	LIVE_GAP_LAYER,	 /* the layer that would is missing: BPF LSM, one of its hooks, a cgroup for network rules */
	LIVE_GAP_HOOK,	 /* no kernel has a hook that sees it */
	LIVE_GAP_ABSENT, /* nothing of it is there now */
	LIVE_GAP_PATH,	 /* it leads to more, or to another place, than can be held */
	LIVE_GAP_LAUNCH, /* only what is started under the policy gets it */
};

struct live_gap {
	const struct policy_rule *rule;	 /* NULL: not a rule of a list, but the key that TEXT begins with */
	const struct policy_source *src; /* where it stands */
	enum live_gap_kind kind;
	uint16_t why;			 /* where in TEXT the reason begins */
	char text[240];			 /* "syscalls.deny reboot: no hook sees it" */
};

/* Which layers there are: what the loader found by trying. */
struct live_layers {
	bool lsm;	   /* BPF LSM programs load and attach */
	bool lsm_io_uring; /* a hook that only newer kernels have */
	bool kill_after;   /* what no LSM refuses is judged afterwards, and who did it is killed */
	bool cgroup_net;   /* cgroup-BPF on a cgroup that holds nothing but what is in scope */
};

struct live_policy {
	const struct policy *policy;	/* borrowed */
	struct live_layers layers;
	/*
	 * By number, in the order of the policy's: those that a layer enforces. [0] is NULL, and so are those at the end that
	 * stand for what a closed kind refuses: head.closed_rule, head.net_rule.
	 */
	const struct policy_rule *rules[GUARD_MAX_RULES];
	unsigned int n_rules;		/* highest number + 1 */
	struct guard_policy head;	/* mode not set */
	struct live_path *paths;
	size_t n_paths;
	struct live_net *nets;		/* longest prefixes hold the ports of those around them */
	size_t n_nets;
	struct live_gap *gaps;		/* of rules, in the order of the policy's; then of keys */
	size_t n_gaps;
};

struct net_plan;
/*
 * Calls ADD for each path, free of links, that RULE (of a path) names now; none: it is not there. What ADD returns ends it.
 * 0; -ENOMEM; or another -errno with RET_WHY saying why this rule, or the rest of it, cannot be held. resolve__live_expand();
 * a fake in tests.
 */
typedef int (*live_expand_fn)(void *ctx, const struct policy_rule *rule, int (*add)(void *to, const char *path), void *to,
			      char *ret_why, size_t size);

/*
 * P is finished. PLAN has its resolved RULE_NETs; NULL: they could not be resolved. 0, -ENOMEM, or -ENOSPC: more than the maps
 * hold; RET_ERROR says what. What LAYERS cannot do becomes a gap. *RET is to be freed with live_policy__done in any case.
 */
int live_policy__make(const struct policy *p, const struct net_plan *plan, const struct live_layers *layers,
		      live_expand_fn expand, void *ctx, struct live_policy *ret, struct policy_error *ret_error);
void live_policy__done(struct live_policy *l);

/* Which layer enforces RULE on what runs already: "lsm", "cgroup-bpf", "kill"; NULL: none, *RET_WHY says why. For `explain`. */
const char *live_policy__layer(const struct live_policy *l, const struct policy_rule *rule, const char **ret_why);

/*
 * What a verdict with rule NUMBER is put down to: "x.toml:5:9: filesystem.deny_write "/srv"", "not in filesystem.allow_exec",
 * "x.toml:7:9: network.allow = false". Into BUF, which is returned. Control characters of a policy are in it as they are.
 */
const char *live_policy__describe(const struct live_policy *l, unsigned int number, char *buf, size_t size);

/* The guard_op that a call of syscalls.deny stands for; GUARD_OP_NONE: there is no hook. */
enum guard_op live_policy__op(const char *syscall);
/* What is refused together as OP, as words: "mount, umount2, move_mount, pivot_root". */
const char *live_policy__op_calls(enum guard_op op);

#endif
