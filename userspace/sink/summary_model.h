/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables behind summary.h, for the summary*.c files only. Every table has a fixed capacity;
 * strings live in one arena of fixed size. calloc maps what is as large as all of them together,
 * and such pages cost nothing until they are used: a small run stays small.
 */
#ifndef SANDTRACE_SUMMARY_MODEL_H
#define SANDTRACE_SUMMARY_MODEL_H

#include "config.h"
#include "summary.h"
#include "../findings/findings.h"

#define SUM_PROCS 4096
#define SUM_IDS 16384 /* slots of the exec_id index, a power of two */
#define SUM_IDS_USED (SUM_IDS / 4 * 3)
#define SUM_FILES 4096
#define SUM_FILE_SLOTS 8192
#define SUM_ADDRS 512
#define SUM_DENIED 256
#define SUM_ARGV_MAX 240    /* bytes of a command line kept for the process tree */
#define SUM_ARENA (1 << 20)
/* Paths may not use the last part of the arena: no number of files can push addresses out. */
#define SUM_ARENA_RESERVED (SUM_ADDRS * 224 + SUM_DENIED * 32)
#define SUM_NONE UINT32_MAX

/* A string in the arena. Any bytes; offset 0 with length 0 is the empty string. */
struct sum_str {
	uint32_t off, len;
};

struct sum_call {
	uint64_t calls, errors, ns, max_ns;
};

#define PROC_EXITED (1 << 0)
#define PROC_EXECED (1 << 1)
#define PROC_LINKED (1 << 2) /* the record of its fork was seen */

struct sum_proc {
	uint64_t parent_id;  /* exec_id of the image that made it; 0: none of ours */
	uint64_t start, end; /* ns, 0: not seen */
	uint32_t pid;
	uint32_t flags;
	uint32_t exit_code, signal;
	uint32_t execs, threads;
	uint64_t exe_hash; /* of the path of the last exec */
	uint32_t exe_len, argv_len;
	char argv[SUM_ARGV_MAX]; /* of the last exec, NUL between strings */
	char comm[EV_COMM_LEN];
};

struct sum_id {
	uint64_t id; /* 0: free */
	uint32_t proc;
};

struct sum_file {
	struct sum_str path;
	uint32_t hash;
	uint8_t uses;	 /* USE_*, those that succeeded */
	uint8_t tried;	 /* USE_*, those attempted */
	int last_errno;
	uint64_t count, failures;
};

struct sum_addr {
	struct sum_str addr;
	struct sum_str name; /* of the host; empty: not known */
	uint8_t op;	  /* one NET_* */
	bool outbound_ip; /* AF_INET or AF_INET6, connect or send */
	int last_errno;
	uint64_t count, failures;
	uint32_t pid;
	struct sum_str comm;
};

struct sum_denied {
	uint32_t abi;
	int32_t nr;
	const char *name;
	int error;
	uint64_t count, first_ts;
	uint32_t pid;
	struct sum_str comm;
};

struct summary {
	uint64_t syscalls, errors, denied, processes, threads, execs, total_ns, first_ts, last_ts;
	/* the last slot of an ABI gathers numbers beyond the table */
	struct sum_call calls[EV_ABI_MAX][ST_NR_SYSCALLS + 1];
	struct fact_plan plan;
	struct facts facts;

	struct sum_proc *procs;
	uint32_t n_procs;
	struct sum_id *ids;
	uint32_t n_ids;

	struct sum_file *files;
	uint32_t n_files;
	uint16_t *file_slots; /* index + 1 into files; 0: free */

	struct sum_addr *addrs;
	uint32_t n_addrs;
	struct sum_denied *denials;
	uint32_t n_denials;
	struct findings *findings;

	char *arena;
	uint32_t arena_used;

	/* what did not fit */
	uint64_t procs_dropped, files_dropped, addrs_dropped, denials_dropped;
};

/* ---- summary.c ---- */
/* False when no more than RESERVE bytes of the arena would be left; *RET is then the empty string.
 */
bool sum_str__add(struct summary *s, const void *data, size_t len, size_t reserve,
		  struct sum_str *ret);
static inline const char *sum_str__get(const struct summary *s, struct sum_str str)
{
	return s->arena + str.off;
}

uint64_t sum_hash(const void *data, size_t len);

/* Where an event came from. */
struct sum_who {
	uint32_t pid;
	uint64_t ts;
	struct sum_proc *proc; /* or NULL */
	const char *comm;      /* "" when not known */
};

/* ---- summary_proc.c ---- */
struct sum_proc *sum_proc__find(const struct summary *s, uint64_t exec_id);
void sum_proc__spawn(struct summary *s, const struct event *ev);
void sum_proc__exec(struct summary *s, const struct event *ev);
void sum_proc__exit(struct summary *s, const struct event *ev);
/* A process that did something, and ran before it was watched: no record of its birth comes. Its row, or NULL. */
struct sum_proc *sum_proc__seen(struct summary *s, const struct event *ev);
/* Index of the process that made it, or SUM_NONE. */
uint32_t sum_proc__parent(const struct summary *s, uint32_t index);

/* ---- summary_access.c ---- */
/* Files and addresses that a record tells of. */
void sum_access__event(struct summary *s, const struct event *ev, const struct sum_who *who);

/* ---- summary_top.c ---- */
struct sum_top {
	const char *name;
	enum ev_abi abi;
	struct sum_call call;
	bool has_max;
	char fallback[24]; /* the name, when libseccomp has none */
};
/* All calls made, most time first (BY_COUNT: most calls first), into a heap array. From RES->counts
 * when set. */
size_t sum_top__collect(const struct summary *s, const struct run_result *res, bool by_count,
			struct sum_top **ret_top);

#endif
