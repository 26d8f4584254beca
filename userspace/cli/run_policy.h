/* SPDX-License-Identifier: Apache-2.0 */
/* The policy of one run: --policy files or the built-in default, then the options, in the order given. */
#ifndef SANDTRACE_RUN_POLICY_H
#define SANDTRACE_RUN_POLICY_H

#include "cli.h"
#include "policy/policy.h"

/* What policies may ask of this machine: the home directory, the current one, files. HOME and CWD are borrowed. */
struct policy_env run_policy__env(const char *home, const char *cwd);
/* The caller's home directory: HOME if it is absolute, else the password database; NULL: none. */
const char *run_policy__home(char *buf, size_t size);
/* 0 or -errno, explained on stderr. *RET is to be freed with policy__free. */
int run_policy__build(const struct run_options *o, const struct policy_env *env, struct policy **ret);

/* SHA-256 of the policy's canonical text (policy__print), as 64 hexadecimal digits. 0 or -errno, explained. */
int run_policy__hash(const struct policy *p, char ret[65]);

#endif
