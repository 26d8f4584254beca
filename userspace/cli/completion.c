/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completion scripts for bash, zsh and fish, written from the tables of options.h. In each, what
 * follows `run` and its options is a command of its own, and is left to the shell's own completion
 * of commands.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench_cli.h"
#include "event/interest.h"
#include "options.h"
#include "policy/policy.h"

#define POLICY_COMMANDS "check explain why syscalls show learn"

static void print_classes(const char *separator, FILE *out)
{
	const char *class;

	for (size_t i = 0; (class = interest__class_at(i)); i++)
		fprintf(out, "%s%%%s", i ? separator : "", class);
}

static void print_choices(const struct option_desc *opt, const char *separator, FILE *out)
{
	for (int i = 0; opt->choices[i]; i++)
		fprintf(out, "%s%s", i ? separator : "", opt->choices[i]);
}

/* Help of the seed's sandbox options is not offered: they are refused. */
static bool is_offered(const struct option_desc *opt)
{
	(void)opt;
	return true;
}

static void bash_words(const struct option_desc *options, FILE *out)
{
	for (const struct option_desc *o = options; o && o->name; o++) {
		if (!is_offered(o))
			continue;
		fprintf(out, " --%s", o->name);
		if (o->letter)
			fprintf(out, " -%c", o->letter);
	}
}

static void bash_pattern(const struct option_desc *opt, FILE *out)
{
	fprintf(out, "\t--%s", opt->name);
	if (opt->letter)
		fprintf(out, "|-%c", opt->letter);
	fputs(")\n", out);
}

static void bash_values(const struct option_desc *options, FILE *out)
{
	for (const struct option_desc *o = options; o->name; o++) {
		if (o->arg != OPT_ARG)
			continue;
		bash_pattern(o, out);
		if (o->choices) {
			fputs("\t\tCOMPREPLY=($(compgen -W '", out);
			print_choices(o, " ", out);
			fputs("' -- \"$cur\"))\n", out);
		} else if (o->complete == OPT_COMPLETE_FILE) {
			fputs("\t\tcompopt -o filenames 2>/dev/null\n"
			      "\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n",
			      out);
		} else if (o->complete == OPT_COMPLETE_CLASSES) {
			fputs("\t\tlocal head=; [[ $cur == *,* ]] && head=${cur%,*},\n"
			      "\t\tcompopt -o nospace 2>/dev/null\n"
			      "\t\tCOMPREPLY=($(compgen -P \"$head\" -W '",
			      out);
			print_classes(" ", out);
			fputs(" all none' -- \"${cur##*,}\"))\n", out);
		}
		fputs("\t\treturn ;;\n", out);
	}
}

static void bash_takes_value(const struct option_desc *options, FILE *out)
{
	for (const struct option_desc *o = options; o->name; o++)
		if (o->arg == OPT_ARG) {
			fprintf(out, "--%s|", o->name);
			if (o->letter)
				fprintf(out, "-%c|", o->letter);
		}
}

static void print_bash(FILE *out)
{
	fputs("# bash completion for sandtrace\n"
	      "_sandtrace() {\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} i word\n"
	      "\tCOMPREPLY=()\n"
	      "\t# '=' is a word of its own to bash\n"
	      "\tif [[ $cur == = ]]; then cur=\n"
	      "\telif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
	      "\t[[ $prev == trace && ${COMP_WORDS[COMP_CWORD-3]} == -e ]] && prev=-e\n"
	      "\tif ((COMP_CWORD == 1)); then\n\t\tCOMPREPLY=($(compgen -W '",
	      out);
	for (const struct command_desc *c = command_table; c->name; c++)
		fprintf(out, "%s ", c->name);
	fputs("--help --version' -- \"$cur\"))\n\t\treturn\n\tfi\n\tcase ${COMP_WORDS[1]} in\n",
	      out);
	fputs("\tattach)\n\t\tcase $prev in\n", out);
	bash_values(attach_option_table, out);
	fputs("\tesac\n\t\tCOMPREPLY=($(compgen -W '", out);
	bash_words(attach_option_table, out);
	fputs("' -- \"$cur\")); return ;;\n", out);
	fputs("\tdoctor) COMPREPLY=($(compgen -W '", out);
	bash_words(doctor_option_table, out);
	fputs("' -- \"$cur\")); return ;;\n\tpolicy)\n\t\tcompopt -o filenames 2>/dev/null\n"
	      "\t\tif ((COMP_CWORD == 2)); then COMPREPLY=($(compgen -W '" POLICY_COMMANDS "' -- \"$cur\"))\n"
	      "\t\telif [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '",
	      out);
	bash_words(policy_option_table, out);
	fputs("' -- \"$cur\"))\n\t\telse\n\t\t\tCOMPREPLY=($(compgen -f -- \"$cur\") $(compgen -W '", out);
	for (size_t i = 0; policy_builtin_names[i]; i++)
		fprintf(out, "%s ", policy_builtin_names[i]);
	fputs("' -- \"$cur\"))\n\t\tfi\n\t\treturn ;;\n\thelp) COMPREPLY=($(compgen -W '", out);
	for (const struct command_desc *c = command_table; c->name; c++)
		fprintf(out, "%s ", c->name);
	fputs("' -- \"$cur\")); return ;;\n"
	      "\tcompletion) COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$cur\")); return ;;\n"
	      "\trun|bench) ;;\n\t*) return ;;\n\tesac\n"
	      "\t# the first word that is neither an option nor its value is the command\n"
	      "\tfor ((i = 2; i < COMP_CWORD; i++)); do\n"
	      "\t\tword=${COMP_WORDS[i]}\n\t\tcase $word in\n\t\t",
	      out);
	bash_takes_value(run_option_table, out);
	bash_takes_value(bench_option_table, out);
	fputs("=) ((i++)); [[ ${COMP_WORDS[i]} == = ]] && ((i++)) ;;\n"
	      "\t\t--) ((i++)); break ;;\n\t\t-*) ;;\n\t\t*) break ;;\n\t\tesac\n\tdone\n"
	      "\tif ((i < COMP_CWORD)) || [[ ${COMP_WORDS[i-1]} == -- ]]; then\n"
	      "\t\tif declare -F _command_offset >/dev/null; then _command_offset $i\n"
	      "\t\telif ((i == COMP_CWORD)); then COMPREPLY=($(compgen -c -- \"$cur\"))\n"
	      "\t\telse\n\t\t\tcompopt -o filenames 2>/dev/null\n"
	      "\t\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n\t\tfi\n"
	      "\t\treturn\n\tfi\n\tif [[ ${COMP_WORDS[1]} == bench ]]; then case $prev in\n",
	      out);
	bash_values(bench_option_table, out);
	fputs("\tesac; else case $prev in\n", out);
	bash_values(run_option_table, out);
	fputs("\tesac; fi\n\tif [[ $cur == -* && ${COMP_WORDS[1]} == bench ]]; then COMPREPLY=($(compgen -W '", out);
	bash_words(bench_option_table, out);
	fputs("' -- \"$cur\"))\n\telif [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '", out);
	bash_words(run_option_table, out);
	fputs("' -- \"$cur\"))\n\telse COMPREPLY=($(compgen -c -- \"$cur\")); fi\n}\n"
	      "complete -F _sandtrace sandtrace\n",
	      out);
}

/* Help inside a single-quoted _arguments spec: brackets and colons are its syntax. */
static void zsh_text(const char *s, FILE *out)
{
	for (; *s; s++) {
		if (*s == '\'') {
			fputs("'\\''", out);
			continue;
		}
		if (strchr("[]:\\", *s))
			fputc('\\', out);
		fputc(*s, out);
	}
}

static void zsh_value(const struct option_desc *opt, FILE *out)
{
	fputc(':', out);
	zsh_text(opt->metavar, out);
	fputc(':', out);
	if (opt->choices) {
		fputc('(', out);
		print_choices(opt, " ", out);
		fputc(')', out);
	} else if (opt->complete == OPT_COMPLETE_FILE) {
		fputs("_files", out);
	} else if (opt->complete == OPT_COMPLETE_CLASSES) {
		fputs("_values -s , item ", out);
		print_classes(" ", out);
		fputs(" all none", out);
	} else if (opt->arg == OPT_OPTIONAL_ARG) {
		fputs("(true false)", out);
	} else {
		fputc(' ', out);
	}
}

static void zsh_spec(const struct option_desc *opt, const char *prefix, const char *attach,
		     FILE *out)
{
	fprintf(out, "\t\t\t'%s%s[", prefix, attach);
	zsh_text(opt->help, out);
	fputc(']', out);
	if (opt->arg == OPT_OPTIONAL_ARG)
		fputc(':', out);
	if (opt->arg != OPT_NO_ARG)
		zsh_value(opt, out);
	fputs("' \\\n", out);
}

static void zsh_options(const struct option_desc *options, FILE *out)
{
	static const char *const attach[] = {
		[OPT_NO_ARG] = "", [OPT_ARG] = "=", [OPT_OPTIONAL_ARG] = "=-"
	};

	for (const struct option_desc *o = options; o->name; o++) {
		char name[32];

		if (!is_offered(o))
			continue;
		snprintf(name, sizeof(name), "*--%s", o->name);
		zsh_spec(o, name, attach[o->arg], out);
		if (!o->letter)
			continue;
		snprintf(name, sizeof(name), "*-%c", o->letter);
		zsh_spec(o, name, o->arg == OPT_ARG ? "+" : "", out);
	}
}

static void print_zsh(FILE *out)
{
	fputs("#compdef sandtrace\n"
	      "_sandtrace() {\n"
	      "\tlocal curcontext=\"$curcontext\" state line\n"
	      "\ttypeset -A opt_args\n"
	      "\t_arguments -C '(- *)'{-h,--help}'[print help]' \\\n"
	      "\t\t'(- *)'{-V,--version}'[print the version]' \\\n"
	      "\t\t'1:subcommand:->subcommand' '*::argument:->argument' && return\n"
	      "\tcase $state in\n\tsubcommand)\n\t\tlocal -a subcommands=(\n",
	      out);
	for (const struct command_desc *c = command_table; c->name; c++) {
		fprintf(out, "\t\t\t'%s:", c->name);
		zsh_text(c->summary, out);
		fputs("'\n", out);
	}
	fputs("\t\t)\n\t\t_describe subcommand subcommands ;;\n\targument)\n\t\tcase $words[1] in\n"
	      "\t\trun) _arguments -s -S \\\n",
	      out);
	zsh_options(run_option_table, out);
	fputs("\t\t\t'(-)1:command: _command_names -e' '*::arguments:_normal' ;;\n"
	      "\t\tbench) _arguments -S \\\n",
	      out);
	zsh_options(bench_option_table, out);
	fputs("\t\t\t'(-)1:command: _command_names -e' '*::arguments:_normal' ;;\n"
	      "\t\tattach) _arguments -s -S \\\n",
	      out);
	zsh_options(attach_option_table, out);
	fputs("\t\t\t;;\n\t\tdoctor) _arguments \\\n", out);
	zsh_options(doctor_option_table, out);
	fputs("\t\t\t;;\n\t\tpolicy) _arguments -S \\\n", out);
	zsh_options(policy_option_table, out);
	fputs("\t\t\t'1:command:(" POLICY_COMMANDS ")' '*:file:_files' ;;\n", out);
	fputs("\t\thelp) _values subcommand", out);
	for (const struct command_desc *c = command_table; c->name; c++)
		fprintf(out, " %s", c->name);
	fputs(" ;;\n\t\tcompletion) _values shell bash zsh fish ;;\n\t\tesac ;;\n\tesac\n}\n"
	      "if [[ $funcstack[1] == _sandtrace ]]; then _sandtrace \"$@\"\n"
	      "else compdef _sandtrace sandtrace; fi\n",
	      out);
}

/* Inside single quotes fish knows two escapes. */
static void fish_text(const char *s, FILE *out)
{
	for (; *s; s++) {
		if (*s == '\'' || *s == '\\')
			fputc('\\', out);
		fputc(*s, out);
	}
}

static void fish_options(const char *command, const struct option_desc *options, FILE *out)
{
	for (const struct option_desc *o = options; o->name; o++) {
		if (!is_offered(o))
			continue;
		fprintf(out, "complete -c sandtrace -n '__fish_seen_subcommand_from %s' -l %s",
			command, o->name);
		if (o->letter)
			fprintf(out, " -s %c", o->letter);
		if (o->arg == OPT_ARG && o->complete == OPT_COMPLETE_FILE)
			fputs(" -rF", out);
		else if (o->arg == OPT_ARG)
			fputs(" -x", out);
		if (o->choices || o->complete == OPT_COMPLETE_CLASSES) {
			fputs(" -a '", out);
			if (o->choices)
				print_choices(o, " ", out);
			else
				print_classes(" ", out);
			fputc('\'', out);
		}
		fputs(" -d '", out);
		fish_text(o->help, out);
		fputs("'\n", out);
	}
}

static void print_fish(FILE *out)
{
	fputs("# fish completion for sandtrace\ncomplete -c sandtrace -f\n", out);
	for (const struct command_desc *c = command_table; c->name; c++) {
		fprintf(out, "complete -c sandtrace -n __fish_use_subcommand -a %s -d '", c->name);
		fish_text(c->summary, out);
		fputs("'\n", out);
	}
	fish_options("run", run_option_table, out);
	fish_options("attach", attach_option_table, out);
	fish_options("doctor", doctor_option_table, out);
	fish_options("policy", policy_option_table, out);
	fish_options("bench", bench_option_table, out);
	fputs("complete -c sandtrace -n '__fish_seen_subcommand_from policy; and not __fish_seen_subcommand_from " POLICY_COMMANDS
	      "' -xa '" POLICY_COMMANDS "'\n"
	      "complete -c sandtrace -n '__fish_seen_subcommand_from " POLICY_COMMANDS "' -F\n",
	      out);
	fputs("complete -c sandtrace -n '__fish_seen_subcommand_from run bench' "
	      "-xa '(__fish_complete_subcommand --fcs-skip=2)'\n"
	      "complete -c sandtrace -n '__fish_seen_subcommand_from completion' "
	      "-xa 'bash zsh fish'\n"
	      "complete -c sandtrace -n '__fish_seen_subcommand_from help' -xa '",
	      out);
	for (const struct command_desc *c = command_table; c->name; c++)
		fprintf(out, "%s ", c->name);
	fputs("'\n", out);
}

int completion__print(const char *shell, FILE *out)
{
	if (!strcmp(shell, "bash"))
		print_bash(out);
	else if (!strcmp(shell, "zsh"))
		print_zsh(out);
	else if (!strcmp(shell, "fish"))
		print_fish(out);
	else
		return -EINVAL;
	return 0;
}
