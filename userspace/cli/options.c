/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parses the arguments of `run` and `attach`: drives getopt_long() from the option table and explains whatever
 * it refuses. Parsing stops at the command, so that its options are its own. Abbreviated long
 * options are refused, because they would change their meaning when an option is added.
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "base/log.h"
#include "base/nearest.h"
#include "base/util.h"

#define DEFAULT_TIMEOUT_NS (30 * NSEC_PER_SEC)
#define MAX_OPTIONS 64
/* Long options return this plus their row, beyond every letter. */
#define LONG_BASE 256

/* What getopt_long() needs, made from the table. */
struct getopt_tables {
	const char *command; /* whose table it is */
	const struct option_desc *table;
	struct option longs[MAX_OPTIONS + 1];
	char shorts[2 * MAX_OPTIONS + 3];
	size_t n;
};

static void tables_init(struct getopt_tables *t, const char *command)
{
	static const int has_arg[] = {
		[OPT_NO_ARG] = no_argument,
		[OPT_ARG] = required_argument,
		[OPT_OPTIONAL_ARG] = optional_argument,
	};
	char *s = t->shorts;

	memset(t, 0, sizeof(*t));
	t->command = command;
	t->table = command__find(command)->options;
	*s++ = '+'; /* stop at the command */
	*s++ = ':'; /* tell a missing value from an unknown option */
	for (const struct option_desc *o = t->table; o->name && t->n < MAX_OPTIONS; o++, t->n++) {
		t->longs[t->n] =
			(struct option){ o->name, has_arg[o->arg], NULL, LONG_BASE + (int)t->n };
		if (!o->letter)
			continue;
		*s++ = o->letter;
		if (o->arg == OPT_ARG)
			*s++ = ':';
	}
}

static const struct option_desc *by_code(const struct getopt_tables *t, int code)
{
	if (code >= LONG_BASE)
		return (size_t)(code - LONG_BASE) < t->n ? &t->table[code - LONG_BASE] : NULL;
	for (const struct option_desc *o = t->table; o->name; o++)
		if (o->letter && o->letter == code)
			return o;
	return NULL;
}

static void hint_help(const struct getopt_tables *t)
{
	log_hint("'sandtrace %s --help' lists the options", t->command);
}

static void refuse_long(const struct getopt_tables *t, const char *arg)
{
	size_t len = strcspn(arg + 2, "=");
	char name[NEAREST_MAX_LEN + 1];
	struct nearest near;

	log_err(0, "%s: there is no option '--%.*s'", t->command, (int)MIN(len, (size_t)100), arg + 2);
	if (len < sizeof(name)) {
		memcpy(name, arg + 2, len);
		name[len] = 0;
		nearest__init(&near, name);
		for (const struct option_desc *o = t->table; o->name; o++)
			nearest__offer(&near, o->name);
		if (near.best) {
			log_hint("did you mean '--%s'? options are not abbreviated", near.best);
			return;
		}
	}
	hint_help(t);
}

static void refuse_short(const struct getopt_tables *t, char letter, const char *arg)
{
	/* Letters that fingers remember from strace. */
	static const struct {
		char letter;
		const char *hint;
	} strace[] = {
		{ 'f', "children are recorded by default; --no-follow-forks turns that off" },
		{ 's', "strings are recorded whole: paths to 4096 bytes, arguments to 32 KiB" },
		{ 't', "every record has its time: see the JSONL of -o" },
		{ 'r', "every record has its time: see the JSONL of -o" },
		{ 'T', "every record has its duration: see the JSONL of -o, or -vvv" },
		{ 'C', "-c prints only the table; without it every run ends with a summary" },
	};

	log_err(0, "%s: there is no option '-%c'%s%s%s", t->command, letter, arg[1] && arg[2] ? " (in '" : "",
		arg[1] && arg[2] ? arg : "", arg[1] && arg[2] ? "')" : "");
	for (const struct option_desc *o = t->table; o->name; o++)
		if (arg[1] && arg[2] && !strncmp(arg + 1, o->name, strcspn(arg + 1, "="))) {
			log_hint("long options take two dashes: --%s", o->name);
			return;
		}
	for (size_t i = 0; i < ARRAY_SIZE(strace); i++)
		if (strace[i].letter == letter) {
			log_hint("%s", strace[i].hint);
			return;
		}
	hint_help(t);
}

/* Explains what getopt_long() answered with ':' or '?'. ARG is the argument it was reading. */
static void refuse_option(const struct getopt_tables *t, int code, const char *arg)
{
	const struct option_desc *opt = optopt ? by_code(t, optopt) : NULL;

	if (code == ':' && opt) {
		log_err(0, "%s: --%s needs a value: %s", t->command, opt->name, opt->metavar);
		hint_help(t);
	} else if (opt && optopt >= LONG_BASE) {
		log_err(0, "%s: --%s takes no value, but one is given: '%.100s'", t->command, opt->name, arg);
		hint_help(t);
	} else if (!strncmp(arg, "--", 2)) {
		refuse_long(t, arg);
	} else {
		refuse_short(t, (char)optopt, arg);
	}
}

/*
 * `--follow-forks false` would run the command `false`, and surely is not meant to. Written with
 * `--` in between it does.
 */
static int check_detached_value(const struct option_desc *opt, const char *next)
{
	if (opt->arg != OPT_OPTIONAL_ARG || optarg || !next ||
	    (strcmp(next, "true") && strcmp(next, "false")))
		return 0;
	log_err(0, "run: --%s '%s': the value follows an equals sign", opt->name, next);
	log_hint("write --%s=%s; to run the command '%s', write -- before it", opt->name, next,
		 next);
	return -EINVAL;
}

static bool is_abbreviated(const struct option_desc *opt, const char *arg)
{
	size_t len = strlen(opt->name);

	return strncmp(arg + 2, opt->name, len) || (arg[2 + len] && arg[2 + len] != '=');
}

/* 0: all options read, optind is at the command. 1: --help. -EINVAL: refused and explained. */
static int parse_options(int argc, char **argv, struct run_options *opts)
{
	struct getopt_tables t;

	tables_init(&t, opts->command);
	opterr = 0;
	optind = 0; /* glibc: start afresh */
	for (;;) {
		int at = MAX(optind, 1);
		int row = -1;
		int code = getopt_long(argc, argv, t.shorts, t.longs, &row);
		const struct option_desc *opt;

		if (code == -1)
			return 0;
		if (code == ':' || code == '?') {
			refuse_option(&t, code, argv[at]);
			return -EINVAL;
		}
		opt = by_code(&t, code);
		if (row >= 0 && is_abbreviated(opt, argv[at])) {
			refuse_long(&t, argv[at]);
			return -EINVAL;
		}
		if (!opt->set)
			return 1;
		if (check_detached_value(opt, argv[optind]) || opt->set(opts, opt, optarg))
			return -EINVAL;
	}
}

/* What says which calls to record, or how, says nothing where no calls are. */
static int check_profile(const struct run_options *o)
{
	const char *calls = o->trace_expr ? "-e" : o->count ? "-c" : o->fd_paths ? "-y" : NULL;
	const char *hooks = o->watched ? "--watch" : o->events_given ? "--events" :
			    o->rates[EV_CLASS_FILE] || o->rates[EV_CLASS_NETWORK] ? "--rate-limit" : NULL;

	if (o->profile == PROFILE_SYSCALLS && hooks) {
		log_err(0, "%s: %s is about the security profile, and --profile is syscalls", o->command, hooks);
		log_hint("drop %s, or choose --profile security or both", hooks);
		return -EINVAL;
	}
	if (o->profile != PROFILE_SECURITY || !calls)
		return 0;
	log_err(0, "%s: %s is about system calls, and --profile security records none", o->command, calls);
	log_hint("drop %s, or choose --profile syscalls or both", calls);
	return -EINVAL;
}

/* Options that contradict each other; nothing is dropped in silence. */
static int check_sandbox(const struct run_options *o)
{
	bool policy = o->n_policies || o->n_rules || o->allow_net || o->allow_unix || o->allow_exec || o->memory || o->pids || o->cpus_milli ||
		      o->tmpfs_size || o->quota || o->artifacts || o->max_file_size || o->max_output || o->overlay || o->commit || o->tty || o->user || o->hostname ||
		      o->chdir || o->degraded;

	if (o->trace_only && policy) {
		log_err(0, "run: --trace-only contains nothing, but options of the sandbox are given");
		log_hint("drop --trace-only to contain the command, or the other options to record it as it is");
		return -EINVAL;
	}
	if (o->trace_only && o->backend == BACKEND_NONE)
		return log_err(-EINVAL, "run: --trace-only and --backend none together leave nothing to do");
	if (o->backend == BACKEND_NONE && (o->trace_expr || o->count || o->fd_paths || o->verbosity || !o->follow_forks)) {
		log_err(0, "run: --backend none records nothing, but options that say what to record are given");
		log_hint("drop -e, -c, -y, -v and --no-follow-forks, or --backend none");
		return -EINVAL;
	}
	if (check_profile(o))
		return -EINVAL;
	if (o->artifacts && (o->output || o->backend == BACKEND_NONE)) {
		log_err(0, "run: --artifacts writes the trace itself, but %s", o->output ? "-o is given too" : "nothing is recorded");
		log_hint("drop one of them");
		return -EINVAL;
	}
	if (o->commit && !o->overlay) {
		log_err(0, "run: --commit applies what an overlay holds, and there is none");
		log_hint("add --overlay");
		return -EINVAL;
	}
	return 0;
}

static int check_pid(const struct run_options *o)
{
	if (o->argv[0])
		return log_err(-EINVAL, "run: --pid records a process that runs already, but a command is given too");
	if (!o->trace_only) {
		log_err(0, "run: --pid: what runs already cannot be contained");
		log_hint("add --trace-only");
		return -EINVAL;
	}
	if (o->backend == BACKEND_EBPF) {
		log_err(0, "run: --pid: here only the ptrace backend records what runs already");
		log_hint("drop --backend ebpf, or use `sandtrace attach --pid %llu`", (unsigned long long)o->pid);
		return -EINVAL;
	}
	return 0;
}

/* 0, or the exit status after an explanation. */
static int check_command(const struct run_options *opts)
{
	if (opts->pid)
		return check_pid(opts) || check_sandbox(opts) ? EXIT_SANDTRACE : 0;
	if (!opts->argv[0]) {
		log_err(0, "run: no command is given");
		log_hint(
			"usage: sandtrace run [OPTION]... [--] COMMAND [ARGUMENT]...");
		return EXIT_SANDTRACE;
	}
	if (!*opts->argv[0]) {
		log_err(0, "run: '': the name of the command is empty");
		log_hint("the shell variable that should hold it may not be set");
		return EXIT_NOT_FOUND;
	}
	if (check_sandbox(opts))
		return EXIT_SANDTRACE;
	if (opts->count && opts->quiet && !opts->output) {
		log_err(0, "run: --summary-only and --quiet together leave nothing to print");
		log_hint("drop one of them, or add -o FILE");
		return EXIT_SANDTRACE;
	}
	return 0;
}

/* 0, or the exit status after an explanation. */
static int check_attach(const struct run_options *o)
{
	if (o->argv[0]) {
		log_err(0, "attach: '%.100s': no command is taken: what is attached to runs already", o->argv[0]);
		log_hint("to start a command: sandtrace run %.100s", o->argv[0]);
		return EXIT_USAGE;
	}
	if (!o->pid == !o->cgroup) {
		log_err(0, "attach: %s", o->pid ? "--pid and --cgroup are both given" : "neither --pid nor --cgroup is given");
		log_hint("usage: sandtrace attach (--pid PID | --cgroup PATH) [OPTION]...");
		return EXIT_USAGE;
	}
	if (o->backend == BACKEND_PTRACE && (o->cgroup || o->n_policies)) {
		log_err(0, "attach: --backend ptrace %s", o->cgroup ? "follows a process, not a cgroup" : "enforces no policy");
		log_hint("drop --backend ptrace, or %s", o->cgroup ? "name a process: --pid" : "--policy");
		return EXIT_USAGE;
	}
	if (!o->n_policies && (o->audit || o->without_lsm || o->kill_after)) {
		log_err(0, "attach: %s is about a policy, and none is given",
			o->audit ? "--mode" : o->kill_after ? "--on-violation" : "--allow-degraded");
		log_hint("add --policy FILE, or drop it");
		return EXIT_USAGE;
	}
	return check_profile(o) ? EXIT_USAGE : 0;
}

static int parse(int argc, char **argv, struct run_options *opts, int misuse, int (*check)(const struct run_options *),
		 int *ret_exit)
{
	int res = parse_options(argc, argv, opts), status;

	if (res) {
		status = res > 0 ? help__command(opts->command) : misuse;
	} else {
		opts->argv = argv + optind;
		status = check(opts);
	}
	if (!res && !status)
		return 0;
	free(opts->policies);
	free(opts->rules);
	*ret_exit = status;
	return 1;
}

int options__parse_run(int argc, char **argv, struct run_options *opts, int *ret_exit)
{
	*opts = (struct run_options){ .command = "run", .timeout_ns = DEFAULT_TIMEOUT_NS, .follow_forks = true };
	return parse(argc, argv, opts, EXIT_SANDTRACE, check_command, ret_exit);
}

int options__parse_attach(int argc, char **argv, struct run_options *opts, int *ret_exit)
{
	*opts = (struct run_options){ .command = "attach", .profile = PROFILE_SECURITY, .follow_forks = true,
				      .on_overload_drop = true };
	return parse(argc, argv, opts, EXIT_USAGE, check_attach, ret_exit);
}
