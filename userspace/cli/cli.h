/* SPDX-License-Identifier: Apache-2.0 */
/* What main.c dispatches to, and the options of `run`, filled by options.c from one table. */
#ifndef SANDTRACE_CLI_H
#define SANDTRACE_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "events.h"

/* Exit statuses of sandtrace itself (docs/exit-codes in README): the rest is the command's own. */
#define EXIT_UNSUPPORTED 4 /* doctor: `run` does not work here */
#define EXIT_USAGE 2	   /* every subcommand but run: bad usage */
#define EXIT_TIMED_OUT 124
#define EXIT_SANDTRACE 125 /* run, attach: sandtrace failed; run: or bad usage */
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND 127

struct watched;
#define RATE_NONE UINT64_MAX

enum output_format { FORMAT_AUTO, FORMAT_TEXT, FORMAT_JSONL };
enum backend { BACKEND_AUTO, BACKEND_EBPF, BACKEND_PTRACE, BACKEND_NONE };
/* Every system call; what LSM hooks see; both. */
enum profile { PROFILE_SYSCALLS, PROFILE_SECURITY, PROFILE_BOTH };

/* One option that becomes a rule of the policy, in the order given: --read PATH. */
struct policy_option {
	const char *option; /* as typed, for messages: "--read" */
	const char *value;
	int kind;	    /* enum rule_kind */
};

struct run_options {
	const char *command;	  /* whose options these are: "run" or "attach" */
	bool trace_only;
	enum profile profile;
	const char *output;	  /* -o, NULL: stderr; "-" stands for stdout */
	enum output_format format;
	uint64_t timeout_ns;	  /* default 30 s */
	bool follow_forks;	  /* default true */
	bool no_color;
	bool quiet;		  /* -q: no summary on stderr */
	int verbosity;		  /* number of -v, at most 3 */
	const char *trace_expr;	  /* -e, without "trace=": "%file,%network,!close"; NULL: everything */
	bool count;		  /* -c */
	bool fd_paths;		  /* -y */
	bool on_overload_drop;	  /* --on-overload=drop */
	uint64_t ring_bytes;	  /* --ring-size, 0: default */
	uint64_t pid;		  /* --pid: a process that runs already; 0: none */
	char **argv;		  /* the command, NULL-terminated */

	/* volume of the security profile: option_volume.c */
	struct watched *watched;  /* --watch; malloc'ed; NULL: none given */
	uint32_t events;	  /* --events: ST_EVENTS_* bits */
	bool events_given;
	uint64_t rates[EV_CLASS_MAX]; /* --rate-limit: records a second; 0: not given, RATE_NONE: no limit */

	/* attach */
	const char *cgroup;	  /* --cgroup: its directory, or its path in the hierarchy; NULL: none */
	bool audit;		  /* --mode audit */
	bool fixed_names;	  /* --fixed-names: network rules keep to the addresses of the start */
	bool without_lsm;	  /* --allow-degraded=lsm */
	bool kill_after;	  /* --on-violation=kill */

	/* the sandbox */
	enum backend backend;
	const char **policies;	  /* --policy, in order; malloc'ed array */
	size_t n_policies;
	struct policy_option *rules; /* malloc'ed array */
	size_t n_rules;
	bool allow_net, allow_unix, allow_exec, timeout_set;
	uint64_t memory, pids, cpus_milli, tmpfs_size, max_file_size, max_output; /* 0: not given; UINT64_MAX: "max" */
	bool overlay, commit, tty;
	const char *hostname, *chdir, *user;
	uint32_t degraded;	  /* bits of enum layer: --allow-degraded */
	const char *quota;	  /* --quota, NULL: none */
	const char *artifacts;	  /* --artifacts DIR: manifest, trace and logs of this run; NULL: none */
};

/*
 * Parses the arguments after `run`. 0: go on; otherwise *ret_exit is the process's exit status (--help printed,
 * or an error already explained on stderr) and the function returns 1.
 */
int options__parse_run(int argc, char **argv, struct run_options *opts, int *ret_exit);

/* The same for the arguments after `attach`. */
int options__parse_attach(int argc, char **argv, struct run_options *opts, int *ret_exit);

int cmd_run(int argc, char **argv);    /* run.c */
int cmd_attach(int argc, char **argv); /* attach.c: 0, 2 on bad usage, or 125 */
int cmd_doctor(int argc, char **argv); /* doctor.c: 0, 4, or 2 on bad usage */
int cmd_policy(int argc, char **argv); /* policy.c: see its --help */
int cmd_bench(int argc, char **argv);  /* bench.c: 0, 2 on bad usage, 4 if nothing can be measured, or the command's own */
int cmd_help(int argc, char **argv);   /* help.c: also `sandtrace help SUBCOMMAND` and `sandtrace completion bash|zsh|fish` */

#endif
