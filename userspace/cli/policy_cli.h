/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the commands of `sandtrace policy`. */
#ifndef SANDTRACE_POLICY_CLI_H
#define SANDTRACE_POLICY_CLI_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "options.h"
#include "policy/policy.h"

#define EXIT_REFUSED 1 /* check: a policy is wrong; why: it is refused */

#define POLICY_RULES_MAX 256

struct policy_args {
	struct run_options run;	   /* policies and rules, as `run` takes them */
	struct policy_option rules[POLICY_RULES_MAX];
	const char *policies[POLICY_RULES_MAX];
	bool json, write, exec, no_color;
	const char *output;
	char *const *words;
	size_t n_words;
};

/* The evaluated policy and what it was evaluated with. */
struct policy_world {
	char home[PATH_MAX], cwd[PATH_MAX];
	const char *home_or_null;
	struct policy_env env;
	struct policy *policy;
};

/* 0 or an exit status, explained. */
int policy_world__load(struct policy_world *w, const struct policy_args *a);
void policy_world__done(struct policy_world *w);

int policy_cmd__explain(const struct policy_args *a);
int policy_cmd__why(const struct policy_args *a);
int policy_cmd__learn(const struct policy_args *a);

#endif
