/* SPDX-License-Identifier: Apache-2.0 */
/* The policy of one run: --policy files or the built-in default, then the options, in the order given. */
#ifndef SANDTRACE_RUN_POLICY_H
#define SANDTRACE_RUN_POLICY_H

#include "cli.h"
#include <sys/types.h>

#include "policy/policy.h"

/* What policies may ask of this machine: the home directory, the current one, files. HOME and CWD are borrowed. */
struct policy_env run_policy__env(const char *home, const char *cwd);
/* Who the command is to be: --user, or the caller. */
struct run_user {
	bool other;		/* --user */
	uid_t uid;
	gid_t gid;
	char name[64];		/* "" : not known */
	char home[4096];	/* of the password database; "": none */
};
/* 0 or -errno, explained on stderr. SPEC: NULL, or the value of --user. */
int run_policy__user(const char *spec, struct run_user *ret);
/* That user's home directory; of the caller: HOME if it is absolute. NULL: none. */
const char *run_policy__home(const struct run_user *user, char *buf, size_t size);
/* 0 or -errno, explained on stderr. *RET is to be freed with policy__free. */
int run_policy__build(const struct run_options *o, const struct run_user *user, const struct policy_env *env, struct policy **ret);

/* SHA-256 of the policy's canonical text (policy__print), as 64 hexadecimal digits. 0 or -errno, explained. */
int run_policy__hash(const struct policy *p, char ret[65]);

#endif
