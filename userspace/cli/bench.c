/* SPDX-License-Identifier: Apache-2.0 */
/* `sandtrace bench`: its options, and what becomes of the result. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/nearest.h"
#include "base/util.h"
#include "bench/chart.h"
#include "bench/export.h"
#include "bench/rounds.h"
#include "bench/table.h"
#include "bench/workload.h"
#include "bench_cli.h"
#include "color.h"
#include "event/interest.h"
#include "event/syscalls.h"

#define RUNS_DEFAULT 10 /* the interval of the median is then from the second to the ninth: 97.9 % */
#define WARMUP_MAX 100

struct bench_args {
	struct rounds_opts rounds;
	const char *json, *svg;
	bool no_color;
};

/* In the order of --help; `set` is not used, as these are no options of `run`. */
const struct option_desc bench_option_table[] = {
	{ .name = "backends", .arg = OPT_ARG, .metavar = "LIST", .group = OPT_GROUP_RECORD, .choices = choice_names,
	  .help = "what is compared, by comma: none, ebpf, ptrace, strace (default: all; none is always measured)" },
	{ .name = "trace", .arg = OPT_ARG, .metavar = "EXPR", .group = OPT_GROUP_RECORD, .complete = OPT_COMPLETE_CLASSES,
	  .help = "only these calls are of interest, as -e of `run`; strace gets them too, with --seccomp-bpf" },
	{ .name = "micro", .group = OPT_GROUP_RECORD,
	  .help = "instead of a command, measure what each system call costs, and how far that is from the least possible" },
	{ .name = "runs", .arg = OPT_ARG, .metavar = "N", .group = OPT_GROUP_RUN,
	  .help = "rounds, in each of which everything runs once (default: 10; below 6 nothing is claimed)" },
	{ .name = "warmup", .arg = OPT_ARG, .metavar = "N", .group = OPT_GROUP_RUN,
	  .help = "rounds before these, which do not count (default: 1)" },
	{ .name = "json", .arg = OPT_ARG, .metavar = "FILE", .group = OPT_GROUP_OUTPUT, .complete = OPT_COMPLETE_FILE,
	  .help = "write every sample and all estimates to FILE; - for standard output, instead of the table" },
	{ .name = "svg", .arg = OPT_ARG, .metavar = "FILE", .group = OPT_GROUP_OUTPUT, .complete = OPT_COMPLETE_FILE,
	  .help = "draw a chart into FILE" },
	{ .name = "no-color", .group = OPT_GROUP_OUTPUT, .help = "write text without colours" },
	{ .name = "verbose", .letter = 'v', .group = OPT_GROUP_OUTPUT,
	  .help = "a line for each round where standard error is not a terminal" },
	{ .name = "help", .letter = 'h', .group = OPT_GROUP_HELP, .help = "print this" },
	{ 0 },
};

/* ---- options: each setter returns 0 or EXIT_USAGE, explained ---------------------------------------------------- */

static int usage(const char *fmt, const char *a, const char *b)
{
	char text[256];

	snprintf(text, sizeof(text), fmt, a, b);
	log_err(0, "bench: %s", text);
	return EXIT_USAGE;
}

static int set_backends(struct bench_args *a, const char *value)
{
	memset(a->rounds.chosen, 0, sizeof(a->rounds.chosen));
	for (const char *s = value;; s++) {
		size_t len = strcspn(s, ","), i = 0;
		char word[32];

		snprintf(word, sizeof(word), "%.*s", (int)MIN(len, sizeof(word) - 1), s);
		while (choice_names[i] && strcmp(choice_names[i], word))
			i++;
		if (!choice_names[i] || a->rounds.chosen[i]) {
			usage(choice_names[i] ? "--backends: '%.100s' is named twice" : "--backends: there is no backend '%.100s'", word, "");
			log_hint("they are: none, ebpf, ptrace, strace");
			return EXIT_USAGE;
		}
		a->rounds.chosen[i] = true;
		s += len;
		if (!*s)
			break;
	}
	a->rounds.chosen[CHOICE_NONE] = true;
	return 0;
}

static int set_count(unsigned int *ret, const char *name, const char *value, uint64_t min, uint64_t max)
{
	uint64_t n;

	if (parse_u64(value, min, max, &n)) {
		usage("--%s '%.100s': not a number that it can be", name, value);
		log_hint("give a whole number from %llu to %llu", (unsigned long long)min, (unsigned long long)max);
		return EXIT_USAGE;
	}
	*ret = (unsigned int)n;
	return 0;
}

static int set_runs(struct bench_args *a, const char *value)
{
	return set_count(&a->rounds.runs, "runs", value, 1, STATS_MAX);
}

static int set_warmup(struct bench_args *a, const char *value)
{
	return set_count(&a->rounds.warmup, "warmup", value, 0, WARMUP_MAX);
}

/* It is an expression of `run`: what that would refuse is refused before anything runs. */
static int set_trace(struct bench_args *a, const char *value)
{
	static uint8_t interest[EV_ABI_MAX][ST_NR_SYSCALLS];
	char why[256];
	bool beyond;

	if (!strncmp(value, "trace=", 6))
		value += 6;
	if (syscalls__init() || interest__parse(value, interest, &beyond, why, sizeof(why)))
		return usage("--trace: %.200s", why, "");
	a->rounds.trace = value;
	return 0;
}

static int set_json(struct bench_args *a, const char *value)
{
	a->json = value;
	return 0;
}

static int set_svg(struct bench_args *a, const char *value)
{
	a->svg = value;
	return 0;
}

static int set_micro(struct bench_args *a, const char *value __attribute__((unused)))
{
	a->rounds.micro = true;
	return 0;
}

static int set_no_color(struct bench_args *a, const char *value __attribute__((unused)))
{
	a->no_color = true;
	return 0;
}

static int set_verbose(struct bench_args *a, const char *value __attribute__((unused)))
{
	a->rounds.verbose = true;
	return 0;
}

static const struct {
	const char *name;
	int (*set)(struct bench_args *a, const char *value);
} setters[] = {
	{ "backends", set_backends }, { "trace", set_trace },	{ "micro", set_micro },	      { "runs", set_runs },
	{ "warmup", set_warmup },     { "json", set_json },	{ "svg", set_svg },	      { "no-color", set_no_color },
	{ "verbose", set_verbose },
};

static int unknown_option(const char *arg)
{
	char word[NEAREST_MAX_LEN + 1];
	struct nearest near;

	usage("there is no option '%.100s'", arg, "");
	snprintf(word, sizeof(word), "%.*s", (int)MIN(strcspn(arg + strspn(arg, "-"), "="), sizeof(word) - 1), arg + strspn(arg, "-"));
	nearest__init(&near, word);
	for (const struct option_desc *o = bench_option_table; o->name; o++)
		nearest__offer(&near, o->name);
	if (near.best)
		log_hint("did you mean '--%s'?", near.best);
	else
		log_hint("sandtrace bench --help lists the options");
	return EXIT_USAGE;
}

static int set_option(struct bench_args *a, const struct option_desc *o, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(setters); i++)
		if (!strcmp(setters[i].name, o->name))
			return setters[i].set(a, value);
	return unknown_option(o->name);
}

/* The option ARGV[*I], which may take the next argument. */
static int parse_option(struct bench_args *a, char **argv, int *i)
{
	const char *arg = argv[*i], *value = NULL;
	const struct option_desc *o = bench_option_table;
	size_t len = strcspn(arg, "=");

	while (o->name && (strncmp(arg, "--", 2) || strlen(o->name) != len - 2 || strncmp(o->name, arg + 2, len - 2)) &&
	       !(o->letter && arg[0] == '-' && arg[1] == o->letter && !arg[2]))
		o++;
	if (!o->name)
		return unknown_option(arg);
	if (arg[len])
		value = arg + len + 1;
	if (value && o->arg == OPT_NO_ARG)
		return usage("--%.40s takes no value, but '%.100s' gives one", o->name, arg);
	if (o->arg == OPT_ARG && !value)
		value = argv[*i + 1] ? argv[++*i] : NULL;
	if (o->arg == OPT_ARG && (!value || !*value))
		return usage("--%.40s needs a value: --%.40s", o->name, o->metavar);
	return set_option(a, o, value);
}

static int check(const struct bench_args *a, char **command)
{
	if (a->rounds.micro && *command) {
		usage("--micro measures its own workloads, but a command is given: '%.100s'", *command, "");
		log_hint("drop --micro, or the command");
		return EXIT_USAGE;
	}
	if (a->rounds.micro && a->rounds.trace) {
		usage("--micro has rows with and without a limited interest: --trace %.100s has no place", a->rounds.trace, "");
		log_hint("drop --trace");
		return EXIT_USAGE;
	}
	if (!a->rounds.micro && (!*command || !**command)) {
		log_err(0, *command ? "bench: the command's name is empty" : "bench: no command is given");
		log_hint("usage: sandtrace bench [OPTION]... [--] COMMAND [ARGUMENT]..., or sandtrace bench --micro");
		return EXIT_USAGE;
	}
	if (a->json && a->svg && !strcmp(a->json, a->svg))
		return usage("--json and --svg both write to %.200s", a->json, "");
	return 0;
}

/* 0, or EXIT_USAGE, explained. */
static int parse(struct bench_args *a, int argc, char **argv)
{
	int i = 1, status;

	for (size_t k = 0; k < CHOICES; k++)
		a->rounds.chosen[k] = true;
	a->rounds.runs = RUNS_DEFAULT;
	a->rounds.warmup = 1;
	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		if (!strcmp(argv[i], "--")) {
			i++;
			break;
		}
		status = parse_option(a, argv, &i);
		if (status)
			return status;
	}
	a->rounds.argv = a->rounds.micro ? NULL : argv + i;
	return check(a, argv + i);
}

/* ---- output -------------------------------------------------------------------------------------------------------- */

/* Opened before anything is measured, so that minutes are not spent on a result that cannot be written. */
struct file {
	const char *name;
	FILE *f;
};

static int open_file(struct file *file, const char *name)
{
	int fd;

	file->name = name;
	file->f = NULL;
	if (!name)
		return 0;
	if (!strcmp(name, "-")) {
		file->f = stdout;
		return 0;
	}
	fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0644);
	if (fd >= 0) {
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
		file->f = fdopen(fd, "w");
	}
	return file->f ? 0 : log_errno(-errno, "bench: open %s", name);
}

/* What was in it before goes only now. */
static void begin(struct file *file)
{
	struct stat st;

	if (file->f && file->f != stdout && !fstat(fileno(file->f), &st) && S_ISREG(st.st_mode) && ftruncate(fileno(file->f), 0))
		log_errno(-errno, "bench: shorten %s", file->name);
}

static int end(struct file *file)
{
	int err = 0;

	if (!file->f)
		return 0;
	if (fflush(file->f) || ferror(file->f))
		err = log_errno(-errno, "bench: write to %s", file->f == stdout ? "standard output" : file->name);
	if (file->f != stdout && fclose(file->f) && !err)
		err = log_errno(-errno, "bench: write to %s", file->name);
	file->f = NULL;
	return err;
}

static int write_json(const struct bench_report *r, FILE *out)
{
	struct json j;
	int err;

	json__init(&j);
	export__json(r, &j);
	err = j.err;
	if (!err)
		fwrite(j.buf, 1, j.len, out);
	json__done(&j);
	return err ? log_errno(err, "bench: write the result") : 0;
}

static int write_all(const struct bench_report *r, const struct bench_args *a, struct file *json, struct file *svg)
{
	const struct run_options colors = { .no_color = a->no_color };
	int err = 0;

	if (json->f) {
		begin(json);
		err = write_json(r, json->f);
	}
	if (svg->f) {
		begin(svg);
		chart__svg(r, svg->f);
	}
	if (json->f != stdout && svg->f != stdout)
		table__print(r, stdout, color__wanted(&colors, STDOUT_FILENO));
	if (end(json) || end(svg))
		err = -EIO;
	return err || help__flush(EXIT_FAILURE) ? EXIT_FAILURE : 0;
}

static int nothing(const struct bench_report *r)
{
	const struct bench_group *g = &r->groups[0];

	log_err(0, "bench: no backend can be measured here");
	for (size_t i = 1; i < g->n_rows; i++)
		log_err(0, "bench: %s: %s", g->rows[i].backend->label, g->rows[i].why);
	return EXIT_UNSUPPORTED;
}

static int measure(const struct bench_args *a)
{
	static struct bench_report r;
	struct file json, svg;
	int status;

	if (open_file(&json, a->json) || open_file(&svg, a->svg))
		return EXIT_FAILURE;
	status = rounds__run(&a->rounds, &r);
	if (status == ROUNDS_NOTHING)
		status = nothing(&r);
	else if (!status)
		status = write_all(&r, a, &json, &svg) ?: r.interrupted ? 128 + SIGINT : 0;
	report__done(&r);
	return status;
}

/* What the measured processes run, of this same program; not for people. */
static int inside(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[0], "workload"))
		return workload__main(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[0], "floor-ptrace"))
		return floor__ptrace(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[0], "floor-bpf"))
		return floor__bpf(argc - 1, argv + 1);
	return unknown_option("--inside");
}

int cmd_bench(int argc, char **argv)
{
	struct bench_args a = { 0 };
	int status;

	if (argc > 1 && !strcmp(argv[1], "--inside"))
		return inside(argc - 2, argv + 2);
	for (int i = 1; i < argc && argv[i][0] == '-' && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return help__command("bench");
	status = parse(&a, argc, argv);
	return status ? status : measure(&a);
}
