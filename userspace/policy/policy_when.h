/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Under which condition a rule is one: when = { uid = [0], not_binary = ["/usr/bin/git"] }. Of one key's values any, of not_KEY
 * none; of several keys all. Judged in the kernel for each action (include/guard.h), of whoever acts. Pure.
 */
#ifndef SANDTRACE_POLICY_WHEN_H
#define SANDTRACE_POLICY_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum when_key {
	WHEN_UID,    /* effective user, a number, as the host counts */
	WHEN_BINARY, /* the program that was executed last: its file */
	WHEN_CGROUP, /* in that control group or below: "/system.slice/x", as in /proc/PID/cgroup */
	WHEN_MOUNT_NS, /* "host": the mount namespace that sandtrace is in; "other" */
	WHEN_USER_NS,  /* the same of the user namespace */
	WHEN_KEY_MAX,
};

struct when_test {
	enum when_key key;
	bool not;
	char *value; /* a number; an absolute, clean path; "host", "other" */
};

struct policy_when {
	struct when_test *v; /* sorted, each once */
	size_t n;
	char *text; /* as a TOML table that is read the same; equal conditions have equal text */
};

struct policy;
struct policy_file;
struct value_ctx;
struct node;

/* The policy's own copy of what TABLE says. 0, or -errno with F's error filled. */
int policy_when__parse(struct policy_file *f, const struct node *table, const struct value_ctx *ctx, const struct policy_when **ret);
void policy_when__free(struct policy_when *w);

#endif
