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

/* What is compared with a name in a directory, or below it. */
struct live_name {
	uint8_t way;   /* GUARD_NAMES_EXACT, ...; 0: none, it is about the file or directory itself */
	bool below;    /* else in the directory */
	bool anywhere; /* of no directory */
	uint8_t depth; /* struct guard_entry */
	uint8_t len;
	char text[GUARD_NAME_LEN]; /* of what a name ends with: reversed */
};

#define LIVE_ANYWHERE UINT32_MAX
/* One thing that a rule is about. */
struct live_thing {
	uint32_t path; /* index in paths; or LIVE_ANYWHERE */
	struct live_name name;
	struct guard_entry e;
};

/* One value of a condition. */
struct live_who {
	enum guard_who what;
	uint8_t condition;
	bool not;
	uint64_t value; /* a uid, the id of a control group */
	char *path;	/* of a program, instead; index in paths */
	uint32_t path_index;
};

struct live_net {
	struct guard_net_key key; /* gen 0 */
	struct guard_net_row row;
};

/* A name in network rules, and what they allow to the addresses that it is given later. */
struct live_host {
	const char *name; /* the plan's */
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
	char **paths;			/* free of links, each once, sorted; two may still be one inode. The loader opens them */
	size_t n_paths;
	struct live_thing *things;
	size_t n_things;
	const struct policy_when *whens[GUARD_CONDITIONS]; /* by their bit; [0] is none */
	const char *when_gaps[GUARD_CONDITIONS]; /* what a condition names that is not there; NULL: nothing */
	unsigned int n_whens;
	struct live_who *who;
	size_t n_who;
	struct live_net *nets;		/* longest prefixes hold the ports of those around them */
	size_t n_nets;
	struct live_host *hosts;	/* as many as the plan has names, in its order */
	size_t n_hosts;
	struct live_gap *gaps;		/* of rules, in the order of the policy's; then of keys */
	size_t n_gaps;
};

struct net_plan;
/* What a path is that a rule names. */
enum live_what {
	LIVE_IS,    /* the file or directory itself */
	LIVE_NAMED, /* its last name, in the directory before it, which is there: whoever has it, now or later */
	LIVE_BASE,  /* the directory that a pattern begins with */
};
typedef int (*live_add_fn)(void *to, enum live_what what, const char *path);
/*
 * Calls ADD for each path, free of links, that RULE (of a path) names; none: it is not there. What ADD returns ends it.
 * 0; -ENOMEM; or another -errno with RET_WHY saying why this rule, or the rest of it, cannot be held. resolve__live_expand();
 * a fake in tests.
 */
typedef int (*live_expand_fn)(void *ctx, const struct policy_rule *rule, live_add_fn add, void *to, char *ret_why, size_t size);

/*
 * A pattern as the directory that it begins with, into RET_DIR, and what a name in or below it must be. NULL; or why the kernel
 * cannot look for it: then the rule is about what is there when it is loaded.
 */
const char *live_pattern__split(const char *value, char *ret_dir, size_t size, struct live_name *ret);

/* What is asked of the machine. */
struct live_world {
	live_expand_fn expand;
	int (*file)(void *ctx, const char *path, char ret[4096]);   /* a regular file, free of links. 0, -ENOENT, -ENOMEM */
	int (*cgroup)(void *ctx, const char *path, uint64_t *ret_id); /* 0, -ENOENT. NULL: none is known */
	void *ctx;
};

/*
 * P is finished. PLAN has its resolved RULE_NETs; NULL: they could not be resolved. 0, -ENOMEM, or -ENOSPC: more than the maps
 * hold; RET_ERROR says what. What LAYERS cannot do becomes a gap. *RET is to be freed with live_policy__done in any case.
 */
int live_policy__make(const struct policy *p, const struct net_plan *plan, const struct live_layers *layers,
		      const struct live_world *world, struct live_policy *ret, struct policy_error *ret_error);
void live_policy__done(struct live_policy *l);

/* Rows for the maps; generation 0. */
struct live_rows {
	struct live_inode_row {
		struct guard_inode_key key;
		struct guard_row row;
	} *inodes;
	struct live_name_row {
		struct guard_name_key key;
		struct guard_row row;
	} *names, *affixes;
	struct live_who_row {
		struct guard_who_key key;
		struct guard_who_row row;
	} *who;
	size_t n_inodes, n_names, n_affixes, n_who;
};
/* INODES[i]: address of what L->paths[i] is, never 0. 0, -ENOMEM or -ENOSPC. *RET is to be freed in any case. */
int live_rows__make(const struct live_policy *l, const uint64_t *inodes, struct live_rows *ret, struct policy_error *ret_error);
void live_rows__done(struct live_rows *r);

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
