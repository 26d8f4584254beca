/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command's environment: nothing of the caller's but what the policy allows by name, and never a name that contains
 * one of its strip patterns. Names of what was left out for that are recorded, values never.
 */
#ifndef SANDTRACE_ENVIRON_H
#define SANDTRACE_ENVIRON_H

#include <stddef.h>

#include "policy/policy.h"

struct sandbox_env {
	char **envp;		/* NULL-terminated, for execve */
	char **passed;		/* names passed on from the caller */
	char **set;		/* names set by the policy or by sandtrace (HOME, TMPDIR) */
	char **stripped;	/* names of the caller's that match a strip pattern; sorted */
	size_t n_passed, n_set, n_stripped, n_dropped; /* dropped: not allowed, not sensitive; only counted */
};

/* HOST is the caller's environment; HOME and TMPDIR inside. 0 or -ENOMEM. Pure. */
int environ__build(const struct policy *p, char *const host[], const char *home, struct sandbox_env *ret);
void environ__done(struct sandbox_env *e);

#endif
