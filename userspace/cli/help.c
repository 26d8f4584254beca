/* SPDX-License-Identifier: Apache-2.0 */
/* Prints help from the tables of options.h at 80 columns, and the man page's OPTIONS section. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "event/interest.h"
#include "options.h"

#define WIDTH 79
#define TEXT_COLUMN 26

static const char *const group_titles[] = {
	[OPT_GROUP_RECORD] = "What is recorded",
	[OPT_GROUP_OUTPUT] = "Where it goes and how it looks",
	[OPT_GROUP_RUN] = "Limits",
	[OPT_GROUP_SANDBOX] = "What the command may do",
	[OPT_GROUP_LIVE] = "What it may do from now on",
	[OPT_GROUP_HELP] = "Help",
};

/* Writes TEXT wrapped to WIDTH, from column AT on, its further lines starting at column INDENT. */
static void print_wrapped(const char *text, size_t at, size_t indent, FILE *out)
{
	while (*text) {
		size_t word = strcspn(text, " ");

		if (at > indent && at + 1 + word > WIDTH) {
			fprintf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (at > indent) {
			fputc(' ', out);
			at++;
		}
		fwrite(text, 1, word, out);
		at += word;
		text += word + strspn(text + word, " ");
	}
	fputc('\n', out);
}

static void print_option(const struct option_desc *opt, FILE *out)
{
	static const char *const value_format[] = {
		[OPT_NO_ARG] = "%s",
		[OPT_ARG] = "=%s",
		[OPT_OPTIONAL_ARG] = "[=%s]",
	};
	char letter[] = { '-', opt->letter, ',', 0 };
	char value[32];
	size_t at;

	snprintf(value, sizeof(value), value_format[opt->arg], opt->metavar ? opt->metavar : "");
	at = (size_t)fprintf(out, "  %-3s --%s%s", opt->letter ? letter : "", opt->name, value);
	if (at + 2 > TEXT_COLUMN)
		fprintf(out, "\n%*s", TEXT_COLUMN, "");
	else
		fprintf(out, "%*s", (int)(TEXT_COLUMN - at), "");
	print_wrapped(opt->help, TEXT_COLUMN, TEXT_COLUMN, out);
}

static void print_run_notes(FILE *out)
{
	const char *class;
	char list[512] = "";
	size_t n = 0;

	for (size_t i = 0; (class = interest__class_at(i)) && n < sizeof(list); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%%%s", i ? " " : "", class);
	fputs("\nClasses for -e:\n  ", out);
	print_wrapped(list, 2, 2, out);
	fputs("\nExit status:\n"
	      "  that of COMMAND; 128+N when signal N ended it; 124 timeout; 125 sandtrace\n"
	      "  failed or was misused; 126 COMMAND cannot be executed; 127 not found\n"
	      "\nExamples:\n"
	      "  sandtrace run --allow-path ./project -o trace.jsonl npm install\n"
	      "  sandtrace run --policy strict ./untrusted\n"
	      "  sandtrace run --policy npm_audit --net registry.npmjs.org:443 npm ci\n"
	      "  sandtrace run --allow-exec --allow-path . --overlay -- make\n"
	      "  sandtrace run --trace-only -vv ls /tmp\n"
	      "  sandtrace run --trace-only -o t.jsonl --timeout 5m -- npm ci\n"
	      "  sandtrace run --trace-only -e '%file,%network,!close' -v curl example.org\n"
	      "  sandtrace run --trace-only -c -- make -j2\n",
	      out);
}

static void print_attach_notes(FILE *out)
{
	fputs("\nExit status:\n"
	      "  0 it ended, or was let go: Ctrl-C, TERM, --timeout; 2 bad usage;\n"
	      "  125 sandtrace failed, or the policy cannot be enforced here\n"
	      "\nSignals: USR1 switches to --mode audit, USR2 to enforce; HUP reads the policy\n"
	      "  again, where there is no terminal.\n"
	      "\nExamples:\n"
	      "  sandtrace attach --pid 1234 -o t.jsonl\n"
	      "  sandtrace attach --cgroup /system.slice/nginx.service --policy web.toml\n"
	      "  sandtrace attach --pid 1234 --profile syscalls -e '%network' -v\n",
	      out);
}

void help__overview(FILE *out)
{
	fputs("Usage: sandtrace SUBCOMMAND [ARGUMENT]...\n"
	      "Runs a command that you do not trust in a sandbox, records every system call of\n"
	      "it and its descendants, and explains whatever it was refused.\n\n",
	      out);
	for (const struct command_desc *c = command_table; c->name; c++)
		fprintf(out, "  %-12s%s\n", c->name, c->summary);
	fputs("\nTry:  sandtrace run --allow-exec --allow-path . -- make\n"
	      "      sandtrace run --trace-only -vv ls\n"
	      "'sandtrace help SUBCOMMAND' says more.\n",
	      out);
}

static void print_command(const struct command_desc *command, FILE *out)
{
	int group = -1;

	fprintf(out, "Usage: sandtrace %s%s%s\n", command->name, *command->args ? " " : "",
		command->args);
	print_wrapped(command->help, 0, 0, out);
	for (const struct option_desc *o = command->options; o && o->name; o++) {
		if (o->group != group)
			fprintf(out, "\n%s:\n", group_titles[o->group]);
		group = o->group;
		print_option(o, out);
	}
	if (command->options == run_option_table)
		print_run_notes(out);
	if (command->options == attach_option_table)
		print_attach_notes(out);
}

int help__flush(int failure_status)
{
	if (fflush(stdout) || ferror(stdout)) {
		log_errno(-errno, "write to standard output");
		return failure_status;
	}
	return 0;
}

int help__command(const char *name)
{
	print_command(command__find(name), stdout);
	return help__flush(strcmp(name, "run") ? EXIT_FAILURE : EXIT_SANDTRACE);
}

/* The OPTIONS section of sandtrace-COMMAND(1) in scdoc; scripts/gen-man puts it in its place. */
static void print_man_options(const struct option_desc *options, FILE *out)
{
	int group = -1;

	for (const struct option_desc *o = options; o && o->name; o++) {
		if (o->group != group)
			fprintf(out, "## %s\n\n", group_titles[o->group]);
		group = o->group;
		if (o->letter)
			fprintf(out, "*-%c*%s%s%s, ", o->letter, o->arg == OPT_ARG ? " _" : "",
				o->arg == OPT_ARG ? o->metavar : "", o->arg == OPT_ARG ? "_" : "");
		fprintf(out, "*--%s*", o->name);
		if (o->arg != OPT_NO_ARG)
			fprintf(out, o->arg == OPT_ARG ? " _%s_" : "[=_%s_]", o->metavar);
		if (o->man)
			fprintf(out, "\n\t%s\n\n", o->man);
		else
			fprintf(out, "\n\t%c%s.\n\n", toupper((unsigned char)*o->help),
				o->help + 1);
	}
}

static int complain(const char *command, const char *value, const char *reason, const char *hint)
{
	log_err(0, "%s: '%.100s': %s", command, value, reason);
	log_hint("%s", hint);
	return EXIT_USAGE;
}

static int cmd_completion(int argc, char **argv)
{
	const char *shell = argc > 1 ? argv[1] : "";

	if (!strcmp(shell, "--help") || !strcmp(shell, "-h"))
		return help__command("completion");
	if (argc > 2)
		return complain(argv[0], argv[2], "one shell at a time",
				"usage: sandtrace completion bash|zsh|fish");
	if (completion__print(shell, stdout))
		return complain(argv[0], shell, "not a shell there is a completion for",
				"usage: sandtrace completion bash|zsh|fish");
	return help__flush(EXIT_FAILURE);
}

int cmd_help(int argc, char **argv)
{
	const struct command_desc *command;
	const char *nearest;
	char hint[64] = "'sandtrace help' lists the subcommands";

	if (!strcmp(argv[0], "completion"))
		return cmd_completion(argc, argv);
	if (argc > 1 && !strcmp(argv[1], "--man-options")) {
		command = argc > 2 ? command__find(argv[2]) : NULL;
		if (command)
			print_man_options(command->options, stdout);
		return help__flush(EXIT_FAILURE);
	}
	if (argc > 2)
		return complain("help", argv[2], "one subcommand at a time",
				"usage: sandtrace help [SUBCOMMAND]");
	if (argc < 2) {
		help__overview(stdout);
		return help__flush(EXIT_FAILURE);
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return help__command("help");
	command = command__find(argv[1]);
	if (command)
		return help__command(command->name);
	nearest = command__nearest(argv[1]);
	if (nearest)
		snprintf(hint, sizeof(hint), "did you mean '%s'?", nearest);
	return complain("help", argv[1], "no such subcommand", hint);
}
