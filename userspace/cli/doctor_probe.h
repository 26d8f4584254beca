/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this machine lets sandtrace do, found out by doing it: each row of the table is one
 * capability, tried for real and undone at once. doctor_probe.c holds the table and the verdict,
 * doctor_bpf.c tries what goes through bpf(2), doctor_cgroup.c cgroup v2, doctor_recorder.c the
 * recorder itself, doctor_ptrace.c what stands in for it, doctor_sandbox.c what contains (with
 * doctor_ns.c and doctor_why.c for namespaces and mounts), doctor_limits.c limits and network rules,
 * doctor_system.c everything else; doctor.c prints. Versions are never asked for.
 */
#ifndef SANDTRACE_DOCTOR_PROBE_H
#define SANDTRACE_DOCTOR_PROBE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../sandbox/limits.h"
#include "doctor_ns.h"

enum probe_status { PROBE_OK, PROBE_NO, PROBE_UNKNOWN };

/* UNKNOWN means that it could not be tried: for want of a privilege, or of what it builds on. */
struct probe_result {
	enum probe_status status;
	int err;	  /* negative errno behind a NO, 0 when there is none */
	char detail[256]; /* evidence, printable ASCII, one line */
	const char *fix;  /* the row's own, or FIX_TEXT */
	char fix_text[512];
};

#define PROBE_REQUIRED (1 << 0) /* the eBPF recorder does not work without it */
#define PROBE_CAUSE (1 << 1)	/* explains why a required one failed; harmless by itself */
#define PROBE_RECORDER (1 << 2) /* loads the recorder: pointless where that has just failed */
#define PROBE_SANDBOX (1 << 3)	/* nothing is contained without it */
#define PROBE_LIMIT (1 << 4)	/* the same for root; anybody else does with something lesser */
#define PROBE_PTRACE (1 << 5)	/* nothing is recorded with ptrace without it, under --trace-only */
#define PROBE_PTRACE_BOX (1 << 6) /* the same in the sandbox */

struct doctor;
struct probe {
	const char *id, *section, *what;
	unsigned int flags;
	void (*run)(struct doctor *d, const struct probe *p, struct probe_result *r);
	const char *arg;   /* for run: what distinguishes rows that share a function */
	const char *gives; /* what it is good for here */
	const char *fix;   /* how to get it */
};

extern const struct probe doctor_probes[];
extern const size_t doctor_nr_probes;

/* One row of the "what would be used here" table. */
struct doctor_class {
	const char *class, *hook, *backend;
};
#define DOCTOR_CLASSES 11

/* How far tracing a task came. */
struct ptrace_report {
	int err;	  /* 0, or a negative errno */
	const char *call; /* what failed; static */
};

/* What rows share. Everything in here is released by doctor__run() before it returns. */
struct doctor {
	uint64_t caps;	       /* effective */
	bool in_userns;	       /* not in the initial user namespace, the only one that bpf() accepts */
	bool bpf_allowed;      /* holds what bpf() asks for, so that EPERM means something else */
	bool seccomp_filtered; /* the usual reason for an odd EPERM */
	const char *blocked;   /* the first required row so far that is not ok, or NULL */
	struct btf *btf;       /* the kernel's types, or NULL */
	int btf_err;
	int hits_fd; /* array map of one counter, bumped by programs that are attached; or -1 */
	char cg_mount[PATH_MAX];
	char cg_parent[PATH_MAX]; /* our own cgroup, where the temporary one goes */
	char cg_path[PATH_MAX];	  /* our temporary cgroup, "" without */
	int cg_err;		  /* why there is none */
	int cg_fd;
	pid_t cg_child; /* waits in it to be frozen and killed, or 0 */
	struct ns_report ns;
	struct ptrace_report ptrace[2]; /* of a task like ourselves; of one in a user namespace */
	enum limit_by limit_by[LIMIT_KIND_MAX];
};

struct doctor_report {
	struct probe_result *results; /* one per row of doctor_probes */
	struct doctor_class classes[DOCTOR_CLASSES];
	enum limit_by limit_by[LIMIT_KIND_MAX];
	bool ebpf;	/* `run --backend ebpf --trace-only` works here */
	bool ptrace;	/* `run --backend ptrace --trace-only` does */
	bool ptrace_box; /* a task in a sandbox can be traced */
	bool contain;	/* `run --backend none` works here */
	/* What `run` records with, and `run --trace-only`: "ebpf", "ptrace" or "none". Where nothing can be contained,
	 * the first is the second. */
	const char *backend, *trace_only;
	bool record;	/* BACKEND is not "none" */
	bool ok;	/* `run` works here, contained and recorded */
};

/*
 * Tries every row. AFTER_FAILURE: the recorder has just failed, so only what can explain that is
 * tried, and causes count as much as what is required. 0 or -ENOMEM; doctor_report__done() in any
 * case.
 */
int doctor__run(struct doctor_report *rep, bool after_failure);
void doctor_report__done(struct doctor_report *rep);
/* True when row I has to be mended before `run` works. */
bool doctor_report__is_missing(const struct doctor_report *rep, size_t i);
/* True when row I is why it is recorded with ptrace and not with eBPF. */
bool doctor_report__is_noted(const struct doctor_report *rep, size_t i);
/* The row whose mending matters most for what FLAG names (PROBE_REQUIRED, PROBE_SANDBOX or one of PROBE_PTRACE*), or
 * doctor_nr_probes. */
size_t doctor_report__first_missing(const struct doctor_report *rep, unsigned int flag);
/* Is ROW needed for containing by whoever asks? */
bool probe__contains(const struct probe *row);

/*
 * 0 when the eBPF recorder can work here; otherwise a negative errno, a one-line reason and a way
 * out. Loads and attaches programs, so it is meant to be asked after a failure, not before every
 * run.
 */
int doctor__ebpf_usable(char *reason, size_t reason_size, char *hint, size_t hint_size);

/* For the files of probes. ERR: negative errno; the text, if any, follows its name. */
void probe__no(struct probe_result *r, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void probe__ok(struct probe_result *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void probe__unknown(struct probe_result *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* After one of these: another way out than the row's. */
void probe__fix(struct probe_result *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* doctor_system.c */
void system__setup(struct doctor *d);
void try_root(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_cap(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_init_userns(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_lockdown(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_unprivileged_bpf(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_perf_type(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_descriptors(struct doctor *d, const struct probe *p, struct probe_result *r);

/* doctor_sandbox.c */
void doctor_sandbox__setup(struct doctor *d);
void probe__because(struct probe_result *r, int err, const struct ns_cause *why);
void try_fork(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_ns(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_landlock(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_seccomp_filter(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_seccomp_actions(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_syscalls(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_keyring(struct doctor *d, const struct probe *p, struct probe_result *r);

/* doctor_ptrace.c */
#define PTRACE_FIX \
	"allow ptrace() in the container's seccomp profile; elsewhere look into the kernel's log: dmesg, journalctl -k"
void ptrace__try(struct ptrace_report *r, bool boxed);
void try_yama(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_tracing(struct doctor *d, const struct probe *p, struct probe_result *r);

/* doctor_limits.c */
void try_limit(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_net_rules(struct doctor *d, const struct probe *p, struct probe_result *r);

/* doctor_cgroup.c */
void doctor_cgroup__setup(struct doctor *d);
void doctor_cgroup__teardown(struct doctor *d);
void try_cgroup2(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_cgroup_child(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_clone_into(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_cgroup_freeze(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_cgroup_kill(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_controllers(struct doctor *d, const struct probe *p, struct probe_result *r);

/* doctor_recorder.c */
void try_recorder(struct doctor *d, const struct probe *p, struct probe_result *r);
/* FN(ARG), and the first line that it wrote to standard error instead of that line. What FN returns. */
int doctor__quietly(int (*fn)(void *), void *arg, char *ret_why, size_t size);

/* doctor_bpf.c */
void bpf__setup(struct doctor *d);
void bpf__teardown(struct doctor *d);
void try_btf(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_bpf_syscall(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_ringbuf(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_task_storage(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_task_storage_tracing(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_atomic_fetch(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_probe_read_kernel(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_bpf_loop(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_raw_tracepoint(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_tp_btf(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_fentry(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_lsm(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_iter_task(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_cgroup_connect(struct doctor *d, const struct probe *p, struct probe_result *r);
void try_bpf_stats(struct doctor *d, const struct probe *p, struct probe_result *r);

#endif
