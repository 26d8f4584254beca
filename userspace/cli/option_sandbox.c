/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Setters of the options that make a policy. What a value means is checked where a policy file's is (policy__add), so that
 * both agree; here only numbers and names are read.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/log.h"
#include "base/nearest.h"
#include "base/util.h"
#include "option_set.h"
#include "policy/grants.h"

/* More rules than anybody types; a policy file holds the rest. */
#define MAX_RULES 4096
#define MAX_POLICIES 32

int set_policy(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	const char **grown;

	if (!*value)
		return option__refuse(opts, opt, value, "the file name is empty");
	if (opts->n_policies == MAX_POLICIES)
		return option__refuse(opts, opt, value, "more than 32 policies");
	grown = realloc(opts->policies, (opts->n_policies + 1) * sizeof(*grown));
	if (!grown)
		return log_errno(-ENOMEM, "run: --policy");
	opts->policies = grown;
	grown[opts->n_policies++] = value;
	return 0;
}

/* The kind of rule is the row's offset: the same setter serves all of them. */
int set_rule(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	struct policy_option *grown;

	if (opts->n_rules == MAX_RULES) {
		option__refuse(opts, opt, value, "more than 4096 rules on the command line");
		log_hint("write them into a file: --policy FILE");
		return -E2BIG;
	}
	grown = realloc(opts->rules, (opts->n_rules + 1) * sizeof(*grown));
	if (!grown)
		return log_errno(-ENOMEM, "run: --%s", opt->name);
	opts->rules = grown;
	grown[opts->n_rules++] = (struct policy_option){ .option = opt->name, .value = value, .kind = opt->offset };
	return 0;
}

int set_env(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	int err = set_rule(opts, opt, value);

	if (!err)
		opts->rules[opts->n_rules - 1].kind = strchr(value, '=') ? RULE_ENV_SET : RULE_ENV_ALLOW;
	return err;
}

int set_bytes(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	uint64_t *member = (uint64_t *)((char *)opts + opt->offset);
	int err;

	if (!strcmp(value, "max")) {
		*member = UINT64_MAX;
		return 0;
	}
	err = parse_size(value, 4096, 1ULL << 50, member);
	if (!err)
		return 0;
	option__refuse(opts, opt, value, err == -EINVAL ? "not a size" : "outside 4K to 1024T");
	log_hint("give a number with K, M, G or T, or 'max' for no limit: --%s 512M", opt->name);
	return -EINVAL;
}

int set_pids(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	if (!strcmp(value, "max")) {
		opts->pids = UINT64_MAX;
		return 0;
	}
	if (!parse_u64(value, 2, 1 << 22, &opts->pids))
		return 0;
	option__refuse(opts, opt, value, "not a number from 2 to 4194304, nor 'max'");
	log_hint("processes and threads of the whole command count: --pids 256");
	return -EINVAL;
}

int set_cpus(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	uint64_t ns;

	if (!strcmp(value, "max")) {
		opts->cpus_milli = UINT64_MAX;
		return 0;
	}
	/* a decimal number, as a duration in seconds is */
	if (!value[strspn(value, "0123456789.")] && !parse_duration(value, 4096 * NSEC_PER_SEC, &ns) && ns >= NSEC_PER_SEC / 100) {
		opts->cpus_milli = ns / (NSEC_PER_SEC / 1000);
		return 0;
	}
	option__refuse(opts, opt, value, "not a number of processors from 0.01 to 4096, nor 'max'");
	log_hint("half a processor: --cpus 0.5");
	return -EINVAL;
}

int set_hostname(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	size_t len = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");

	if (!len || value[len] || len > 63)
		return option__refuse(opts, opt, value, "a host name has 1 to 63 letters, digits, dots and hyphens");
	opts->hostname = value;
	return 0;
}

int set_chdir(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	if (!*value)
		return option__refuse(opts, opt, value, "the directory's name is empty");
	opts->chdir = value;
	return 0;
}

int set_degraded(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	struct nearest near;
	char name[32];

	snprintf(name, sizeof(name), "%s", value);
	for (char *p = name; *p; p++)
		if (*p == '-')
			*p = '_';
	nearest__init(&near, value);
	for (int l = LAYER_NONE + 1; l < LAYER_MAX; l++) {
		if (!strcmp(name, layer__name((enum layer)l))) {
			opts->degraded |= 1U << l;
			return 0;
		}
		nearest__offer(&near, layer__name((enum layer)l));
	}
	option__refuse(opts, opt, value, "there is no such layer");
	if (near.best)
		log_hint("did you mean '%s'? `sandtrace help run` lists the layers", near.best);
	return -EINVAL;
}

const char *const mode_choices[] = { "enforce", "audit", NULL };

int set_mode(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	int i = option__choose(opts, opt, value);

	if (i < 0)
		return i;
	opts->audit = i == 1;
	return 0;
}

const char *const violation_choices[] = { "refuse", "kill", NULL };

int set_violation(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	int i = option__choose(opts, opt, value);

	if (i < 0)
		return i;
	opts->kill_after = i == 1;
	return 0;
}

int set_without_lsm(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	if (strcmp(value, "lsm"))
		return option__refuse(opts, opt, value, "the only layer that can be missing here is lsm");
	opts->without_lsm = true;
	return 0;
}
