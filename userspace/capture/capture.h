/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one interface of the recorders: start, attach, next record, stop. Which one runs is decided when it is started and
 * asked for nowhere else; what they can do is told in terms of what follows from it.
 *
 *   ebpf     bpf.c              programs in the kernel, bpf/
 *   ptrace   capture_ptrace.c   a process of its own, userspace/tracer/
 */
#ifndef SANDTRACE_CAPTURE_H
#define SANDTRACE_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config.h"
#include "ring.h"

struct guard_target;
struct watched;
struct sandbox_report;
struct seccomp_opts;

enum capture_kind { CAPTURE_EBPF, CAPTURE_PTRACE };

/* What is recorded besides processes and signals. */
#define CAPTURE_SYSCALLS (1 << 0) /* system calls */
#define CAPTURE_SECURITY (1 << 1) /* the security profile: ebpf; by itself, what can be had of it without LSM hooks */
#define CAPTURE_LSM (1 << 2)	  /* its LSM hooks too: where the kernel lets BPF be one */

struct capture_opts {
	struct st_plan (*plans)[ST_NR_SYSCALLS]; /* [EV_ABI_MAX][ST_NR_SYSCALLS], interest included; outlives the capture */
	bool interest_beyond;
	bool everything;      /* the interest is every call */
	bool opens;	      /* CAPTURE_SECURITY without hooks: records of files by what opens return */
	bool exit_only;	      /* and a few calls, without durations, are enough: attach */
	bool follow_forks;
	bool aggregate;
	bool fd_paths;
	bool deny_paths;      /* of a failed call with a relative path: what it is relative to */
	bool lossless;	      /* slow callers down rather than lose a record */
	size_t ring_bytes;    /* of all bulk rings together; a power of two */
	unsigned int shards;  /* bulk rings; a power of two, at most ST_MAX_SHARDS; ptrace has one in any case */
	uint32_t profile;     /* CAPTURE_* bits; 0: system calls */
	bool running;	      /* what it will be attached to runs already */
	int cgroup_fd;	      /* CAPTURE_SECURITY: whose packets and sysctls are looked at, with those below; -1: none */
	bool judge;	      /* with CAPTURE_SECURITY: there will be a policy, see capture.guard */
	bool kill_after;      /* it kills who does what it denies, for want of LSM hooks that could refuse */
	uint32_t events;      /* CAPTURE_SECURITY: ST_EVENTS_* bits */
	const struct watched *watched; /* the same: files whose reading is recorded; NULL: none */
	uint64_t rates[EV_CLASS_MAX]; /* the same: records a second of each control group; 0: no limit */
	uint64_t scope_cgroup; /* whatever runs in this cgroup (v2) or below is recorded; 0: only what is attached */
	uint64_t scope_top;   /* the topmost cgroup of its hierarchy that can be seen: in a container not the root */
	uint32_t scope_level; /* its depth below that */
};

/* A process that waits to be released and is recorded from its next execve on, as exec_id 1. */
struct capture_target {
	pid_t pid;
	int pidfd;	      /* -1: not open, nobody will ask whether it is alive */
	struct sandbox_report *report;	/* shared with it: what it installs before that execve */
	const struct seccomp_opts *seccomp; /* the sandbox's filter; NULL: no sandbox */
	bool running;	      /* it does not wait: recorded from now on, and left alone in the end */
};

struct capture;

struct capture_ops {
	const char *name;
	int (*attach)(struct capture *c, const struct capture_target *target);
	void (*detach)(struct capture *c);
	int (*wake_fd)(const struct capture *c, unsigned int index);
	void (*set_awake)(struct capture *c, bool awake);
	void (*release_pressure)(struct capture *c); /* NULL: none is kept */
	void (*tick)(struct capture *c, uint64_t now); /* NULL: nothing is added up */
	uint64_t (*skipped)(const struct capture *c);
	const char *skipped_text;		     /* what to say of it; NULL: it is a number of calls */
	uint32_t (*live)(struct capture *c);	     /* NULL: not known */
	void (*kill)(struct capture *c);	     /* NULL: not its business */
	int (*counters)(struct capture *c, struct st_counters out[EV_CLASS_MAX]);
	int (*counts)(struct capture *c, struct st_count *out);
	int (*stop)(struct capture *c, bool now);
	void (*free)(struct capture *c);
};

/* Head of what a backend keeps. */
struct capture {
	const struct capture_ops *ops;
	struct ring_set *rings;
	uint64_t ring_bytes;
	bool throttles; /* its tasks wait by themselves while a ring is full: nobody need be frozen */
	char how[160];	/* what is worth telling of the way it works: "stops only at the calls of -e"; "": nothing */
	/* CAPTURE_SECURITY */
	unsigned int n_hooks;	    /* that are in force; of them on LSM hooks: */
	unsigned int n_lsm;
	const char *const *missing; /* those that are not: "file_truncate: the kernel has no such hook"; NULL-terminated, or NULL */
	bool whole;		    /* all are in force that a policy needs; and, apart, the one for rings of io_uring */
	bool sees_io_uring;
	bool kills, kills_names;    /* kill_after is in force; and for what is done to names */
	const struct guard_target *guard; /* where a policy goes: guard_load.h; NULL: it cannot judge */
};

/*
 * From here on what is attached is recorded. Everything is held by descriptors and processes that end with this one, so
 * nothing outlives it. 0 or -errno, explained on stderr.
 */
int capture__start(enum capture_kind kind, const struct capture_opts *opts, struct capture **ret_capture);
void capture__free(struct capture *c);

/* 0 or -errno, explained on stderr. */
static inline int capture__attach(struct capture *c, const struct capture_target *target) { return c->ops->attach(c, target); }

/* Stops recording: no further records; what is in the rings stays readable. */
static inline void capture__detach(struct capture *c) { c->ops->detach(c); }
/*
 * Ends the recorder, once nothing it records is alive, or, with NOW, with all that is. 0, or -errno, explained on stderr:
 * it had ended before, and what happened since is missing.
 */
static inline int capture__stop(struct capture *c, bool now) { return c->ops->stop ? c->ops->stop(c, now) : 0; }

/* The next records: as ring_set__drain. */
static inline long capture__drain(struct capture *c, uint64_t now, long budget, ring_record_fn fn, void *ctx)
{
	return ring_set__drain(c->rings, now, budget, fn, ctx);
}

/* Becomes readable when a sleeping reader should look; for epoll's edges. -1 beyond the last. */
static inline int capture__wake_fd(const struct capture *c, unsigned int index) { return c->ops->wake_fd(c, index); }
/* Tells the recorder whether a wake-up is needed. */
static inline void capture__set_awake(struct capture *c, bool awake) { c->ops->set_awake(c, awake); }
/* Lets the recorder stop looking at each record: the rings are half empty again. */
static inline void capture__release_pressure(struct capture *c)
{
	if (c->ops->release_pressure)
		c->ops->release_pressure(c);
}

/* To be called every now and then: records that sum up, such as of a flow, are sent off when their time has come. */
static inline void capture__tick(struct capture *c, uint64_t now)
{
	if (c->ops->tick)
		c->ops->tick(c, now);
}

/*
 * What may be missing although nobody counted it as lost. ebpf: how often the kernel skipped a program because another one
 * of the same was under way on that CPU: a call or an event, perhaps not one in scope. ptrace: 1 once the tracer was ended
 * because it did not answer; how much it would have told nobody knows. Final after capture__stop.
 */
static inline uint64_t capture__skipped(const struct capture *c) { return c->ops->skipped(c); }
/* The same in words, where the number alone says nothing; else NULL. */
static inline const char *capture__skipped_text(const struct capture *c) { return c->ops->skipped_text; }
/* Recorded tasks that are alive, as far as the recorder knows: 0 when it does not. */
static inline uint32_t capture__live(struct capture *c) { return c->ops->live ? c->ops->live(c) : 0; }
/* SIGKILL to all of them, if the recorder can; but what it was attached to while it ran is let go. */
static inline void capture__kill(struct capture *c)
{
	if (c->ops->kill)
		c->ops->kill(c);
}

/* Sums over all CPUs. */
static inline int capture__counters(struct capture *c, struct st_counters out[EV_CLASS_MAX]) { return c->ops->counters(c, out); }
/* -c: OUT has EV_ABI_MAX * ST_NR_SYSCALLS elements. */
static inline int capture__counts(struct capture *c, struct st_count *out) { return c->ops->counts(c, out); }

/* The backends: 0 or -errno, explained on stderr. */
int capture_ebpf__start(const struct capture_opts *opts, struct capture **ret_capture);
int capture_ptrace__start(const struct capture_opts *opts, struct capture **ret_capture);

#endif
