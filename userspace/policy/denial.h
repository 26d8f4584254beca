/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a call that failed to the reason: which layer refused it, by which rule, and what would allow it. Decided from
 * the mark that the layer leaves (an exit without an enter is seccomp's) and from the resolved policy, never from a
 * guess: a failure that the same command would see without a sandbox is no denial. Records of the security profile bring
 * their verdict with them; here it is put into words. Pure but for the callbacks.
 */
#ifndef SANDTRACE_DENIAL_H
#define SANDTRACE_DENIAL_H

#include <string.h>

#include "event/event.h"
#include "grants.h"

struct denial_ctx {
	/* NULL: no sandbox. Of failed calls only what the network rules of a cgroup refuse is then a denial. */
	const struct grants *grants;
	bool net_isolated;	/* own network namespace */
	bool net_filtered;	/* cgroup-BPF: only what RULE_NET lists */
	bool privileged;	/* the caller is root: without the sandbox it would have had all capabilities */
	/* is there such a file outside? lstat on the host; a hidden path that exists nowhere is no denial */
	bool (*exists)(void *ctx, const char *path);
	void *ctx;
	/*
	 * With net_isolated: a bit for each port that was bound inside so far; NULL: not known. A connect that has not
	 * ended yet (EINPROGRESS) to any other port of this machine is certain to be refused. Kept by policy/verdict.c.
	 */
	const uint8_t *local_ports;
	/*
	 * The policy that the security profile judges by (policy/live.h): its rules by number; NULL among them is a single
	 * value, "network.allow = false". NULL: not known, a denial then says "rule 3". LIVE_POLICY is its ev_act.policy; a
	 * record of another policy has rules that are not these. 0: any.
	 */
	const struct policy_rule *const *live_rules;
	unsigned int n_live_rules;
	uint32_t live_policy;
	/* The same of the policy before: of records that were under way when it was replaced. Kept by policy/verdict.c. */
	const struct policy_rule *const *old_rules;
	unsigned int n_old_rules;
	uint32_t old_policy;
};

struct denial {
	enum layer layer;	/* LAYER_NONE: not a denial */
	const char *access;	/* of a path: "read", "write", "create", "delete", "execute"; else NULL. Static. */
	char object[512];	/* path, "connect 127.0.0.1:80", "syscall io_uring_setup"; raw bytes: escape them */
	char rule[160];		/* "strict.toml:12 deny ~/.ssh", "not in allow_read", "always blocked" */
	char suggest_key[64];	/* "filesystem.allow_read"; empty: nothing can allow it */
	char suggest_value[512];
	char suggest_flag[600];	/* "--read /etc/passwd", quoted for a shell; empty: only a policy can */
	bool suggest_remove;	/* taking RULE out of its policy would allow it, and nothing else */
	bool audit;		/* let through: the policy is only tried out. The command saw nothing of it. */
	int err;		/* positive errno that the command saw; 0: none, it was killed, or let through */
	/* what it would open should not be opened without a thought: keys, sockets, whole system directories */
	bool sensitive;
	/*
	 * Nobody's attention is needed: the call is meant to look absent and libraries fall back (clone3, rseq), or a
	 * search found nothing here that was there outside. Counted and recorded all the same.
	 */
	bool expected;
	uint64_t nth;		/* how often the same was denied so far, this one included: set by denials__add */
};

/* Does this key of a policy hold one value, and not a list of strings? */
static inline bool denial__is_scalar(const char *key)
{
	return !strncmp(key, "limits.", 7) || !strcmp(key, "network.unix");
}

/* A failed call only: what every denial has, and what lets a caller skip all others cheaply. */
static inline bool denial__candidate(const struct event *ev)
{
	return ev->hdr->kind == EV_SYSCALL &&
	       ((ev->syscall->ret < 0 && ev->syscall->ret >= -4095) || ev->hdr->flags & EV_F_NO_ENTER);
}

/* True: the sandbox refused EV (a call, decoded and enriched), and *RET says how. */
bool denial__judge(const struct denial_ctx *c, const struct event *ev, struct denial *ret);
/* True: EV is a record of the security profile that was refused, or would have been, and *RET says why. */
bool denial__of_act(const struct denial_ctx *c, const struct event *ev, struct denial *ret);

/* "/a b" -> "'/a b'", for suggestions. BUF is "" when it does not fit. */
void denial__shell_word(const char *s, char *buf, size_t size);

#endif
