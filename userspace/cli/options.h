/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of subcommands and options. Parsing, --help, shell completion and the OPTIONS section
 * of the man page are all made from them, so that none of these can say what another does not.
 */
#ifndef SANDTRACE_OPTIONS_H
#define SANDTRACE_OPTIONS_H

#include <stdint.h>
#include <stdio.h>

#include "cli.h"

enum option_arg { OPT_NO_ARG, OPT_ARG, OPT_OPTIONAL_ARG };

/* What a shell offers for an option's value, when it has no fixed choices. */
enum option_completion { OPT_COMPLETE_NOTHING, OPT_COMPLETE_FILE, OPT_COMPLETE_CLASSES };

enum option_group {
	OPT_GROUP_RECORD,
	OPT_GROUP_OUTPUT,
	OPT_GROUP_SANDBOX,
	OPT_GROUP_LIVE,
	OPT_GROUP_RUN,
	OPT_GROUP_HELP
};

struct option_desc {
	const char *name; /* long form without the dashes; NULL ends a table */
	char letter;	  /* short form, 0: none */
	uint8_t arg;	  /* enum option_arg */
	uint8_t group;	  /* enum option_group: its place in --help */
	uint8_t complete; /* enum option_completion */
	uint16_t offset;  /* member of struct run_options that a plain setter writes; set_rule: enum rule_kind */
	const char *metavar;
	const char *const *choices; /* NULL-terminated, or NULL */
	const char *help;	    /* one sentence for --help */
	const char *man; /* more sentences for the man page, in scdoc; NULL: help says it all */
	/* 0, or -EINVAL after it has explained itself; VALUE is NULL where none was given */
	int (*set)(struct run_options *opts, const struct option_desc *opt, const char *value);
};

struct command_desc {
	const char *name; /* NULL ends the table */
	const char *args;
	const char *summary;
	const char *help;		   /* one paragraph for its --help */
	const struct option_desc *options; /* NULL: it takes none */
	int (*run)(int argc, char **argv); /* argv[0] is the subcommand's name */
};

extern const struct option_desc run_option_table[];
extern const struct option_desc attach_option_table[];
extern const struct option_desc doctor_option_table[];
extern const struct option_desc policy_option_table[]; /* policy.c */
extern const struct command_desc command_table[]; /* main.c */

/* NULL: no such command. */
const struct command_desc *command__find(const char *name);
/* The nearest name there is, or NULL. */
const char *command__nearest(const char *name);

/*
 * help.c. Each returns 0, or the exit status to use when standard output could not be written.
 * A command's --help also works for doctor: `return help__command("doctor");`
 */
int help__command(const char *name);
void help__overview(FILE *out);
int help__flush(int failure_status);

/* completion.c: writes the script for SHELL; -EINVAL: no such shell. */
int completion__print(const char *shell, FILE *out);

#endif
