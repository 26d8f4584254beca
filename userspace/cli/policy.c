/* SPDX-License-Identifier: Apache-2.0 */
/* `sandtrace policy`: its options, and the commands that are short. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/nearest.h"
#include "base/util.h"
#include "event/syscalls.h"
#include "policy_cli.h"
#include "run_policy.h"
#include "sandbox/seccomp.h"

/* The questions are asked for the caller. */
static const struct run_user nobody_else;

/* ---- loading ----------------------------------------------------------------------------------------------- */

static int world_init(struct policy_world *w)
{
	memset(w, 0, sizeof(*w));
	if (!getcwd(w->cwd, sizeof(w->cwd)) || *w->cwd != '/') {
		log_errno(-errno, "find the current directory");
		return EXIT_SANDTRACE;
	}
	w->home_or_null = run_policy__home(&nobody_else, w->home, sizeof(w->home));
	w->env = run_policy__env(w->home_or_null, w->cwd);
	return 0;
}

int policy_world__load(struct policy_world *w, const struct policy_args *a)
{
	int status = world_init(w);

	if (status)
		return status;
	syscalls__init();
	return run_policy__build(&a->run, &nobody_else, &w->env, &w->policy) ? EXIT_REFUSED : 0;
}

void policy_world__done(struct policy_world *w)
{
	policy__free(w->policy);
	w->policy = NULL;
}

/* ---- check, show, syscalls ----------------------------------------------------------------------------------- */

static int check_one(struct policy_args *a, const char *file)
{
	struct policy_world w;
	int status;

	a->policies[0] = file;
	a->run.n_policies = 1;
	status = policy_world__load(&w, a);
	if (!status)
		printf("%s: ok, %zu rules\n", file, w.policy->n_rules);
	policy_world__done(&w);
	return status;
}

static int cmd_check(const struct policy_args *args)
{
	struct policy_args a = *args;
	int worst = 0;

	a.run.policies = a.policies;
	for (size_t i = 0; i < args->n_words; i++) {
		int status = check_one(&a, args->words[i]);

		worst = MAX(worst, status);
	}
	return help__flush(EXIT_FAILURE) ?: worst;
}

/* A built-in policy as it was written; any other merged with what it extends. */
static int cmd_show(const struct policy_args *a)
{
	_cleanup_(free) char *merged = NULL;
	struct policy_world w;
	const char *text;
	size_t len;
	int status;

	if (!a->n_words) {
		for (size_t i = 0; policy_builtin_names[i]; i++)
			puts(policy_builtin_names[i]);
		return help__flush(EXIT_FAILURE);
	}
	text = policy__builtin_text(a->words[0], &len);
	if (text && a->n_words == 1 && !a->run.n_rules) {
		fwrite(text, 1, len, stdout);
		return help__flush(EXIT_FAILURE);
	}
	status = policy_world__load(&w, a);
	if (!status) {
		merged = policy__print(w.policy);
		if (merged)
			fputs(merged, stdout);
		else
			status = (log_errno(-ENOMEM, "print the policy"), EXIT_SANDTRACE);
	}
	policy_world__done(&w);
	return status ?: help__flush(EXIT_FAILURE);
}

static int cmd_syscalls(const struct policy_args *a)
{
	struct policy_world w;
	int status = policy_world__load(&w, a);

	if (!status) {
		struct seccomp_opts so = { .policy = w.policy, .restrict_exec = w.policy->exec != EXEC_ANY,
					   .net = w.policy->net_all };

		for (size_t i = 0; i < w.policy->n_rules; i++)
			so.net |= w.policy->rules[i].kind == RULE_NET;
		seccomp__print(&so, stdout, a->json);
	}
	policy_world__done(&w);
	return status ?: help__flush(EXIT_FAILURE);
}

/* ---- arguments --------------------------------------------------------------------------------------------- */

enum takes { TAKES_POLICIES, TAKES_FILES, TAKES_ONE };

#define FOR_CHECK 1
#define FOR_EXPLAIN 2
#define FOR_WHY 4
#define FOR_SYSCALLS 8
#define FOR_SHOW 16
#define FOR_LEARN 32

static const struct {
	const char *name, *usage;
	unsigned int bit;
	enum takes takes;
	size_t least;
	int (*run)(const struct policy_args *a);
} commands[] = {
	{ "check", "check FILE...", FOR_CHECK, TAKES_FILES, 1, cmd_check },
	{ "explain", "explain [--json] [OPTION]... [FILE|NAME]...", FOR_EXPLAIN, TAKES_POLICIES, 0, policy_cmd__explain },
	{ "why", "why [--write] [--exec] [--policy FILE|NAME]... PATH|HOST:PORT|SYSCALL", FOR_WHY, TAKES_ONE, 1,
	  policy_cmd__why },
	{ "syscalls", "syscalls [--json] [FILE|NAME]...", FOR_SYSCALLS, TAKES_POLICIES, 0, cmd_syscalls },
	{ "show", "show [FILE|NAME]...", FOR_SHOW, TAKES_POLICIES, 0, cmd_show },
	{ "learn", "learn [-o FILE] TRACE.jsonl", FOR_LEARN, TAKES_ONE, 1, policy_cmd__learn },
};

/* Which of the commands take which option; the row's own table is policy_option_table. */
static const struct {
	const char *name;
	unsigned int commands;
	int kind; /* enum rule_kind of an option that makes a rule; -1: another */
} taken[] = {
	{ "policy", FOR_WHY | FOR_EXPLAIN | FOR_SYSCALLS | FOR_SHOW, -1 },
	{ "json", FOR_EXPLAIN | FOR_SYSCALLS, -1 },
	{ "no-color", FOR_EXPLAIN | FOR_WHY, -1 },
	{ "output", FOR_LEARN, -1 },
	{ "exec", FOR_WHY, -1 },
	{ "read", FOR_WHY | FOR_EXPLAIN | FOR_SHOW, RULE_READ },
	{ "write", FOR_WHY | FOR_EXPLAIN | FOR_SHOW, RULE_WRITE },
	{ "allow-path", FOR_WHY | FOR_EXPLAIN | FOR_SHOW, RULE_WRITE },
	{ "net", FOR_WHY | FOR_EXPLAIN | FOR_SHOW, RULE_NET },
	{ "allow-net", FOR_WHY | FOR_EXPLAIN | FOR_SHOW, -1 },
	{ "allow-exec", FOR_WHY | FOR_EXPLAIN | FOR_SHOW, -1 },
};

/* In the order of --help. `set` is not used: what an option means depends on the command. */
const struct option_desc policy_option_table[] = {
	{ .name = "policy", .arg = OPT_ARG, .metavar = "FILE|NAME", .group = OPT_GROUP_SANDBOX, .complete = OPT_COMPLETE_FILE,
	  .help = "the policy that is asked; repeatable, later ones add (default: default)" },
	{ .name = "allow-path", .arg = OPT_ARG, .metavar = "PATH", .group = OPT_GROUP_SANDBOX, .complete = OPT_COMPLETE_FILE,
	  .help = "explain, why: as if `run` were given this option too" },
	{ .name = "read", .arg = OPT_ARG, .metavar = "PATH", .group = OPT_GROUP_SANDBOX, .complete = OPT_COMPLETE_FILE,
	  .help = "the same" },
	{ .name = "net", .arg = OPT_ARG, .metavar = "HOST:PORT", .group = OPT_GROUP_SANDBOX, .help = "the same" },
	{ .name = "allow-net", .group = OPT_GROUP_SANDBOX, .help = "the same" },
	{ .name = "allow-exec", .group = OPT_GROUP_SANDBOX, .help = "the same" },
	{ .name = "write", .group = OPT_GROUP_SANDBOX,
	  .help = "why: may PATH be written? (explain --write=PATH: as `run --write`)" },
	{ .name = "exec", .group = OPT_GROUP_SANDBOX, .help = "why: may PATH be executed?" },
	{ .name = "json", .group = OPT_GROUP_OUTPUT, .help = "explain, syscalls: write JSON" },
	{ .name = "output", .letter = 'o', .arg = OPT_ARG, .metavar = "FILE", .group = OPT_GROUP_OUTPUT,
	  .complete = OPT_COMPLETE_FILE, .help = "learn: write the policy to FILE, which must not exist" },
	{ .name = "no-color", .group = OPT_GROUP_OUTPUT, .help = "write text without colours" },
	{ .name = "help", .letter = 'h', .group = OPT_GROUP_HELP, .help = "print this" },
	{ 0 },
};

static int usage(size_t command)
{
	log_hint("usage: sandtrace policy %s", commands[command].usage);
	return EXIT_USAGE;
}

static int unknown_option(size_t command, const char *name, size_t len)
{
	char word[NEAREST_MAX_LEN + 1];
	struct nearest near;

	log_err(0, "policy %s: there is no option '%.*s'", commands[command].name, (int)MIN(len + 2, (size_t)100), name - 2);
	snprintf(word, sizeof(word), "%.*s", (int)MIN(len, sizeof(word) - 1), name);
	nearest__init(&near, word);
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		if (taken[i].commands & commands[command].bit)
			nearest__offer(&near, taken[i].name);
	if (!near.best)
		return usage(command);
	log_hint("did you mean '--%s'?", near.best);
	return EXIT_USAGE;
}

static void set_flag(struct policy_args *a, const char *name)
{
	static const struct {
		const char *name;
		size_t offset;
	} flags[] = {
		{ "json", offsetof(struct policy_args, json) },
		{ "write", offsetof(struct policy_args, write) },
		{ "exec", offsetof(struct policy_args, exec) },
		{ "no-color", offsetof(struct policy_args, no_color) },
		{ "allow-net", offsetof(struct policy_args, run.allow_net) },
		{ "allow-exec", offsetof(struct policy_args, run.allow_exec) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (!strcmp(flags[i].name, name))
			*(bool *)((char *)a + flags[i].offset) = true;
}

/* Option row T with VALUE. 0 or EXIT_USAGE. */
static int set_value(struct policy_args *a, size_t t, const char *value)
{
	if (!strcmp(taken[t].name, "output")) {
		a->output = value;
		return 0;
	}
	if (a->run.n_rules == POLICY_RULES_MAX || a->run.n_policies == POLICY_RULES_MAX) {
		log_err(0, "policy: more than %d options", POLICY_RULES_MAX);
		log_hint("write them into a policy file");
		return EXIT_USAGE;
	}
	if (taken[t].kind < 0)
		a->policies[a->run.n_policies++] = value;
	else
		a->rules[a->run.n_rules++] = (struct policy_option){ .option = taken[t].name, .value = value, .kind = taken[t].kind };
	return 0;
}

/* The option ARGV[*I], which may take the next argument. 0 or an exit status. */
static int parse_option(struct policy_args *a, size_t command, int argc, char **argv, int *i)
{
	const char *name = argv[*i] + 2, *value = NULL;
	size_t len = strcspn(name, "="), t = 0;
	bool flag;

	if (!strncmp(argv[*i], "-o", 2)) {
		name = "output";
		len = 6;
		value = argv[*i][2] ? argv[*i] + 2 : NULL;
	} else if (name[len]) {
		value = name + len + 1;
	}
	while (t < ARRAY_SIZE(taken) && (strncmp(taken[t].name, name, len) || taken[t].name[len] ||
					 !(taken[t].commands & commands[command].bit)))
		t++;
	if (t == ARRAY_SIZE(taken))
		return unknown_option(command, name, len);
	/* why asks whether it may be written; elsewhere it is the option of `run` */
	flag = (taken[t].kind < 0 && strcmp(taken[t].name, "policy") && strcmp(taken[t].name, "output")) ||
	       (!strcmp(taken[t].name, "write") && commands[command].bit == FOR_WHY && !value);
	if (flag && value) {
		log_err(0, "policy %s: --%s takes no value", commands[command].name, taken[t].name);
		return usage(command);
	}
	if (flag) {
		set_flag(a, taken[t].name);
		return 0;
	}
	if (!value && *i + 1 < argc)
		value = argv[++*i];
	if (!value || !*value) {
		log_err(0, "policy %s: --%s needs a value", commands[command].name, taken[t].name);
		return usage(command);
	}
	return set_value(a, t, value);
}

/* Takes the options out of ARGV. 0 or an exit status. */
static int parse(struct policy_args *a, size_t command, int argc, char **argv)
{
	int n = 0;

	for (int i = 0; i < argc; i++) {
		int status;

		if (!strcmp(argv[i], "--")) {
			while (++i < argc)
				argv[n++] = argv[i];
			break;
		}
		if (strncmp(argv[i], "--", 2) && (strncmp(argv[i], "-o", 2) || commands[command].bit != FOR_LEARN)) {
			if (argv[i][0] == '-' && argv[i][1]) {
				log_err(0, "policy %s: there is no option '%.100s'", commands[command].name, argv[i]);
				return usage(command);
			}
			argv[n++] = argv[i];
			continue;
		}
		status = parse_option(a, command, argc, argv, &i);
		if (status)
			return status;
	}
	a->words = argv;
	a->n_words = (size_t)n;
	if (a->n_words < commands[command].least || (commands[command].takes == TAKES_ONE && a->n_words > 1)) {
		log_err(0, "policy %s: %s", commands[command].name, a->n_words ? "one at a time" : "nothing is named");
		return usage(command);
	}
	for (size_t i = 0; commands[command].takes == TAKES_POLICIES && i < a->n_words; i++) {
		if (a->run.n_policies == POLICY_RULES_MAX)
			return log_err(EXIT_USAGE, "policy: more than %d policies", POLICY_RULES_MAX);
		a->policies[a->run.n_policies++] = a->words[i];
	}
	return 0;
}

static int unknown_command(const char *name)
{
	struct nearest near;

	nearest__init(&near, name);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		nearest__offer(&near, commands[i].name);
	log_err(0, "policy: there is no command '%.100s'", name);
	if (near.best)
		log_hint("did you mean 'policy %s'?", near.best);
	else
		log_hint("there are: check, explain, why, syscalls, show, learn");
	return EXIT_USAGE;
}

int cmd_policy(int argc, char **argv)
{
	static struct policy_args a;
	int status;

	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return help__command("policy");
	if (argc < 2) {
		log_err(0, "policy: no command is given");
		log_hint("there are: check, explain, why, syscalls, show, learn; 'sandtrace policy --help' says more");
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, argv[1]))
			continue;
		a.run.policies = a.policies;
		a.run.rules = a.rules;
		status = parse(&a, i, argc - 2, argv + 2);
		a.run.no_color = a.no_color;
		return status ?: commands[i].run(&a);
	}
	return unknown_command(argv[1]);
}
