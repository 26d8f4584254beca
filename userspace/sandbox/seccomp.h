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
	/*
	 * There is a network beyond the own loopback. Only the profile strict asks: without it it refuses internet
	 * sockets; the profile default leaves them to the network namespace, where they lead nowhere.
	 */
	bool net;
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

/* syscalls__init() must have been called before the pure functions are. */

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
/* The same for instructions of somebody else's. */
int seccomp__install_program(struct sock_filter *insns, unsigned short n);
/*
 * A second, tiny filter: execve and execveat ask the listener whose descriptor (close-on-exec) is returned
 * (SECCOMP_RET_USER_NOTIF); a refusal of the first filter comes before. Call it before seccomp__install, so that a
 * policy which denies the call seccomp is no obstacle; both need no_new_privs. While it is there the command cannot
 * install a listener of its own (EBUSY). Async-signal-safe. -errno.
 */
int seccomp__install_exec_listener(void);

/* The table, one line per call, for `policy syscalls`. JSON: one object per line. */
void seccomp__print(const struct seccomp_opts *o, FILE *out, bool json);

#endif
