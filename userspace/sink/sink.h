/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where records end up. A sink is a table of four functions; the pipeline calls every sink for every event in
 * order. Sinks are the only files that write output.
 */
#ifndef SANDTRACE_SINK_H
#define SANDTRACE_SINK_H

#include "../event/event.h"
#include "output.h"

struct summary;
struct denials;
struct limit_events;
struct net_filter_counts;
struct changes;
struct names_counts;

/* Facts of a run known before its first event. All strings outlive the run. */
struct run_info {
	const char *version;
	const char *backend;	/* "ebpf", "ptrace" or "none" */
	const char *backend_reason; /* why it is not the first choice, and how it works; NULL: nothing to say */
	const char *profile;	/* "syscalls" */
	const char *hostname, *kernel, *machine, *boot_id;
	char *const *argv;
	const char *cwd;
	uint32_t command_pid;	/* in sandtrace's pid namespace */
	uint64_t cgroup_id;
	int64_t clock_offset;	/* CLOCK_REALTIME - CLOCK_MONOTONIC at start, ns: add to a record's ts */
	uint64_t start_ts;	/* CLOCK_MONOTONIC ns */
	const char *trace_filter; /* the -e expression, or NULL */
	const char *on_overload; /* "freeze" or "drop" */
	uint64_t ring_bytes;	/* all rings */
	bool follow_forks;
	const char *const *degraded; /* NULL-terminated, what does not work here; NULL: nothing */
	/* the sandbox; all NULL with --trace-only */
	const char *const *layers; /* NULL-terminated, in force: "mount: 14 paths of the host, the rest hidden" */
	const char *policy;	/* its name */
	const char *policy_sha256; /* hexadecimal */
	char *const *env_stripped; /* NULL-terminated: names of sensitive variables that were kept from the command */
};

/* Totals per class, from the kernel's counters and from the reader. */
struct run_totals {
	uint64_t seen, emitted, lost, aggregated, recorded, suppressed;
};

enum exit_kind { EXIT_EXITED, EXIT_SIGNALED, EXIT_TIMEOUT, EXIT_INTERRUPTED, EXIT_NOT_STARTED,
		 EXIT_ATTACHED /* what ran already: its end is its own */ };

/* One rule of a policy for what runs already. */
struct rule_count {
	const char *text;
	const char *layer;
	uint64_t evaluated; /* an action came to what it names */
	uint64_t matched;   /* it decided */
};

struct run_result {
	struct run_totals totals[EV_CLASS_MAX];
	uint64_t end_ts;	/* CLOCK_MONOTONIC ns */
	enum exit_kind kind;
	int exit_code;		/* of the command, EXIT_EXITED only, else -1 */
	int signal;		/* that ended the command, else 0 */
	const char *killed_by;	/* "timeout", "interrupt", or NULL */
	uint64_t freezes;	/* how often the command was frozen to let the reader catch up */
	uint64_t frozen_ns;
	uint64_t undecoded;	/* records that decode refused: a bug, always reported */
	uint64_t skipped;	/* missing, and not in LOST: runs of a program that the kernel left out, in scope or not; or 1, the
				 * tracer had to be ended (capture__skipped) */
	/* -c: per call counts taken in the kernel; NULL otherwise. Index abi * ST_NR_SYSCALLS + nr. */
	const struct st_count *counts;
	const struct summary *summary; /* never NULL */
	uint64_t utime_ns, stime_ns; /* of the command and its waited-for children; nothing of sandtrace's */
	/* the sandbox; NULL without */
	const struct denials *denials;
	const struct limit_events *limits;
	const struct net_filter_counts *network; /* rules by cgroup-BPF */
	const struct answer_counts *answers;	 /* addresses that names of rules were given */
	const struct changes *changes; /* --overlay */
	const struct names_counts *names; /* filled in by the pipeline; NULL: no record was about names */
	const struct rule_count *rules; /* of `attach`; NULL: none */
	size_t n_rules;
};

/* The policy of what runs already has changed, or how it is meant. */
struct policy_change {
	const char *action; /* "mode", "load" */
	const char *mode;   /* "enforce", "audit" */
	const char *policy, *sha256; /* in force now */
};

struct sink {
	const char *name;
	const struct output_waiter *waiter; /* set by the pipeline; NULL: writing may block */
	int (*start)(struct sink *s, const struct run_info *info);
	int (*event)(struct sink *s, const struct event *ev);
	/* COUNT records of CLASS were lost between the monotonic times FROM and TO */
	int (*lost)(struct sink *s, enum event_class class, uint64_t count, uint64_t from, uint64_t to, uint64_t seq);
	/* from TS on */
	int (*policy)(struct sink *s, const struct policy_change *c, uint64_t ts, uint64_t seq);
	/* everything written so far becomes visible; called when the reader is idle and at the end */
	int (*flush)(struct sink *s);
	int (*finish)(struct sink *s, const struct run_result *res);
	void (*free)(struct sink *s);
};
/* All return 0 or a negative errno. The first error ends the run with exit status 125, except for a closed pipe. */

/*
 * Constructors. FD is borrowed and stays open until free. The text sink writes one line per call at VERBOSITY
 * (0: only refused calls; 1: files, network, processes; 2: everything; 3: everything with raw arguments and ids).
 */
struct sink *sink_jsonl__new(int fd);
struct sink *sink_text__new(int fd, int verbosity, bool color, int width);
struct sink *sink_summary__new(int fd, bool counts_only, bool color, int width); /* prints at finish only */

#endif
