/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a call that failed to the reason: which layer refused it, by which rule, and what would allow it. Decided from
 * the mark that the layer leaves (an exit without an enter is seccomp's) and from the resolved policy, never from a
 * guess: a failure that the same command would see without a sandbox is no denial. Pure but for the callbacks.
 */
#ifndef SANDTRACE_DENIAL_H
#define SANDTRACE_DENIAL_H

#include "event/event.h"
#include "grants.h"

struct denial_ctx {
	const struct grants *grants;
	bool net_isolated;	/* own network namespace */
	bool net_filtered;	/* cgroup-BPF: only what RULE_NET lists */
	/* is there such a file outside? lstat on the host; a hidden path that exists nowhere is no denial */
	bool (*exists)(void *ctx, const char *path);
	void *ctx;
};

struct denial {
	enum layer layer;	/* LAYER_NONE: not a denial */
	char object[512];	/* path, "connect 127.0.0.1:80", "syscall io_uring_setup"; printable as it is encoded */
	char rule[160];		/* "strict.toml:12 deny \"~/.ssh\"", "not in allow_read", "always blocked" */
	char suggest_key[64];	/* "filesystem.allow_read"; empty: nothing can allow it */
	char suggest_value[512];
	char suggest_flag[600];	/* "--read /etc/passwd"; empty: only a policy can */
	int err;		/* positive errno that the command saw */
};

#endif
