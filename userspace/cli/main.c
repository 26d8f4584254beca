/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the subcommand and runs it. Everything else is in the file of that subcommand. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/nearest.h"
#include "bench_cli.h"
#include "options.h"
#include "sandtrace_version.h"

static int cmd_version(int argc, char **argv)
{
	if (argc > 1) {
		log_err(0, "%s: takes no arguments, but '%.100s' is given", argv[0], argv[1]);
		return EXIT_USAGE;
	}
	printf("sandtrace %s\n", SANDTRACE_VERSION);
	return help__flush(EXIT_FAILURE);
}

const struct command_desc command_table[] = {
	{ .name = "run",
	  .args = "[OPTION]... [--] COMMAND [ARGUMENT]...",
	  .run = cmd_run,
	  .options = run_option_table,
	  .summary = "run a command contained, and record every system call it makes",
	  .help = "Runs COMMAND in a sandbox made from a policy and the options below, records every system call that it "
		  "and its descendants make, names what was refused, by which rule, and how to allow it, and exits with "
		  "the status of COMMAND. The trace is written as text to standard error, or as JSONL to a file. With "
		  "--trace-only the command is recorded and not contained." },
	{ .name = "attach",
	  .args = "(--pid PID | --cgroup PATH) [OPTION]...",
	  .run = cmd_attach,
	  .options = attach_option_table,
	  .summary = "record what runs already, and enforce a policy on it",
	  .help = "Records what a process or a cgroup does from now on, and enforces a policy on it in the kernel, until it ends, "
		  "Ctrl-C, or --timeout; then it is let go, runs on as before, and nothing stays behind. Needs root, but for "
		  "--backend ptrace." },
	{ .name = "doctor",
	  .args = "[--json] [--no-color]",
	  .run = cmd_doctor,
	  .options = doctor_option_table,
	  .summary = "say what works on this machine, and how to get what does not",
	  .help = "Tries each kernel feature that sandtrace can use, and says what works here, "
		  "what that gives, and "
		  "how to get what is missing. Exits with 0 when commands can be recorded, with 4 "
		  "when not." },
	{ .name = "policy",
	  .args = "COMMAND [OPTION]... [ARGUMENT]...",
	  .run = cmd_policy,
	  .options = policy_option_table,
	  .summary = "check, explain, ask, print or learn a policy",
	  .help = "check FILE...: is it a policy? explain [FILE|NAME]...: each rule, what enforces it "
		  "here, and what stays open. why PATH|HOST:PORT|SYSCALL: is it allowed, by which rule, "
		  "and what would allow it? syscalls: what the filter does with each call. show "
		  "[FILE|NAME]...: the text. learn TRACE.jsonl: the least policy under which that run "
		  "works." },
	{ .name = "bench",
	  .args = "[OPTION]... [--] COMMAND [ARGUMENT]... | --micro",
	  .run = cmd_bench,
	  .options = bench_option_table,
	  .summary = "measure what recording costs, with your own command",
	  .help = "Runs COMMAND without a tracer and under each backend, over and over in changing order, and says what "
		  "each of them costs: time, CPU and memory as medians with their spread, and ratios with an interval. "
		  "A difference that is within the noise is not presented as one. The input and output of COMMAND are "
		  "/dev/null, and it is run many times: it must be a command that can be. With --micro it measures what "
		  "single system calls cost." },
	{ .name = "help",
	  .args = "[SUBCOMMAND]",
	  .run = cmd_help,
	  .summary = "print this, or the help of a subcommand",
	  .help = "Prints the list of subcommands, or the help of SUBCOMMAND." },
	{ .name = "completion",
	  .args = "bash|zsh|fish",
	  .run = cmd_help,
	  .summary = "print a completion script for a shell",
	  .help = "Prints a completion script. In bash: source <(sandtrace completion bash)" },
	{ .name = "version",
	  .args = "",
	  .run = cmd_version,
	  .summary = "print the version",
	  .help = "Prints the version." },
	{ 0 },
};

const struct command_desc *command__find(const char *name)
{
	for (const struct command_desc *c = command_table; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

const char *command__nearest(const char *name)
{
	struct nearest near;

	nearest__init(&near, name);
	for (const struct command_desc *c = command_table; c->name; c++)
		nearest__offer(&near, c->name);
	return near.best;
}

/*
 * A descriptor that sandtrace opens must never become the command's standard input, output or error
 * because one of them was closed. Reading or writing a stand-in fails as it would have, but for
 * standard error, which swallows what nobody can see, so that messages do not fail a run. All
 * are closed on exec, so the command finds what it would have found.
 */
static void hold_standard_fds(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", (fd == 1 ? O_RDONLY : O_WRONLY) | O_CLOEXEC) < 0)
			_exit(EXIT_SANDTRACE);
}

static int unknown_command(const char *name)
{
	const char *nearest = command__nearest(name);
	const char *what = *name == '-' ? "option" : "subcommand";

	log_err(0, "there is no %s '%.100s'", what, name);
	if (nearest && *name != '-')
		log_hint("did you mean '%s'?", nearest);
	else if (*name == '-')
		log_hint("options follow the subcommand: sandtrace run --trace-only COMMAND");
	else
		log_hint("to run a command: sandtrace run %.100s", name);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *option, *command;
	} aliases[] = {
		{ "--help", "help" },
		{ "-h", "help" },
		{ "--version", "version" },
		{ "-V", "version" },
	};
	const struct command_desc *command;
	const char *name;

	hold_standard_fds();
	if (argc < 2) {
		help__overview(stderr);
		return EXIT_USAGE;
	}
	name = argv[1];
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
		if (!strcmp(name, aliases[i].option))
			name = aliases[i].command;
	command = command__find(name);
	if (!command)
		return unknown_command(name);
	return command->run(argc - 1, argv + 1);
}
