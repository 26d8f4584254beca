/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system call filter: one table (seccomp_table.c) from which the filter, `sandtrace policy syscalls`, explanations
 * and the test of every number are made. Built with libseccomp into BPF once, in the parent; the child only installs.
 */
#ifndef SANDTRACE_SECCOMP_H
#define SANDTRACE_SECCOMP_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "policy/policy.h"

struct seccomp_filter {
	struct sock_filter *insns; /* malloc'ed */
	unsigned short n;
};

struct seccomp_opts {
	const struct policy *policy; /* profile, syscalls.deny and .allow */
	bool restrict_exec;	/* EXEC_COMMAND, EXEC_LISTED: execveat and executable memfds refused */
	bool net;		/* sockets of the internet families lead somewhere */
};

enum seccomp_verdict {
	SECCOMP_ALLOW,
	SECCOMP_EPERM,
	SECCOMP_ENOSYS,		/* newer than we know, or must look absent: libc falls back */
	SECCOMP_CONDITIONAL,	/* depends on arguments; the rule's text says how */
	SECCOMP_KILL,		/* calls of another ABI */
};

struct seccomp_decision {
	enum seccomp_verdict verdict;
	const char *reason;	/* "creates namespaces", "always blocked", "syscalls.deny"; static or owned by the policy */
	const struct policy_rule *rule; /* of the policy, or NULL: the profile */
	bool liftable;		/* syscalls.allow can allow it */
};

/* What the filter does with a call whose arguments are not known. Pure. NAME as libseccomp spells it. */
struct seccomp_decision seccomp__decide(const struct seccomp_opts *o, const char *name);
/* The same with arguments: never SECCOMP_CONDITIONAL. */
struct seccomp_decision seccomp__decide_args(const struct seccomp_opts *o, const char *name, const uint64_t args[6]);

/* 0 or -errno, explained on stderr. */
int seccomp__build(const struct seccomp_opts *o, struct seccomp_filter *ret);
void seccomp__done(struct seccomp_filter *f);
/*
 * Installs it for this process: no_new_privs must be set. Async-signal-safe, no allocation. -errno, told by return only.
 */
int seccomp__install(const struct seccomp_filter *f);
/*
 * A second, tiny filter: execve asks the listener whose descriptor is returned (SECCOMP_RET_USER_NOTIF). -errno.
 */
int seccomp__install_exec_listener(void);

/* The table, one line per call, for `policy syscalls`. JSON: one object per line. */
void seccomp__print(const struct seccomp_opts *o, FILE *out, bool json);

#endif
