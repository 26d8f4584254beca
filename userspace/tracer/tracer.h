/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ptrace backend's own process: it stops the command's tasks at each call, copies what the BPF programs would copy,
 * and writes the same records (include/events.h) into a ring that sandtrace reads. Why a process of its own: waiting for
 * tasks is its only work, its memory holds what a hostile task gave it, and if it dies every task dies with it
 * (PTRACE_O_EXITKILL), so nothing ever runs unseen.
 *
 *   tracer.c    the wait loop: what stopped, what it means, how it goes on
 *   tasks.c     the table of tasks and processes
 *   emit.c      one record at a time: build, count, put into the ring
 *   call.c      records of system calls       \  the same values in the same
 *   process.c   records of processes, signals  } parts as bpf/ writes
 *   memory.c    reading a task's memory       /
 *   filters.c   what the task's own seccomp filters say of a call
 *   interest.c  the seccomp filter that lets calls nobody asked for run at full speed
 *
 * Numbers of processes are those that sandtrace sees, in its own pid namespace (the BPF programs: in the initial one).
 */
#ifndef SANDTRACE_TRACER_H
#define SANDTRACE_TRACER_H

#include <linux/filter.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "config.h"
#include "events.h"
#include "shared.h"

/* Bits that tell our own SECCOMP_RET_TRACE from one of a filter of the command's. */
#define INTEREST_DATA 0x5ad

struct tracer_opts {
	const struct st_plan (*plans)[ST_NR_SYSCALLS]; /* [EV_ABI_MAX], interest included */
	bool interest_beyond;	/* numbers from ST_NR_SYSCALLS up */
	bool follow_forks;
	bool aggregate;		/* -c */
	bool fd_paths;		/* -y */
	bool deny_paths;	/* of a failed call with a relative path: what it is relative to */
	bool lossless;		/* wait while the ring is full; else count what is lost */
	bool by_filter;		/* the command installs the filter of interest__build: stop only at what it names */
	pid_t command;		/* waits at the barrier; in scope from its next execve on */
	pid_t parent;		/* sandtrace: without it we end */
	bool running;		/* it does not wait: all its threads are in scope at once, and go on without us */
	const struct sock_filter *filter; /* the sandbox's, which the command will install; NULL: none */
	unsigned short n_filter;
	/* execs that the sandbox's init refused, by what it calls the task, modulo N_SLOTS; NULL: no init */
	uint32_t *exec_refused;
	uint32_t n_slots;
};

/* ---- the filters that a task carries (filters.c) -------------------------------------------------------------- */

/* One installed program; a task's chain is its newest filter, whose older ones follow. Shared by counting. */
struct filters;
struct filters *filters__push(struct filters *older, const struct sock_filter *insns, unsigned short n); /* NULL: no memory */
struct filters *filters__ref(struct filters *f);   /* of NULL: NULL */
void filters__unref(struct filters *f);
/*
 * What the kernel will do with this call, as it decides: the newest of the strictest results. SECCOMP_RET_ALLOW for no
 * filters. Whole value, data included. ABI and NR as in records: x32 without its bit.
 */
uint32_t filters__run(const struct filters *f, uint32_t abi, int nr, const uint64_t args[6], uint64_t ip);

/*
 * The other filter: SECCOMP_RET_TRACE | INTEREST_DATA for what PLANS asks for, for clone3 and for a clone with
 * CLONE_UNTRACED; everything else is allowed. RET has room for BPF_MAXINSNS. Number of instructions, or -E2BIG.
 */
int interest__build(const struct st_plan plans[EV_ABI_MAX][ST_NR_SYSCALLS], bool beyond, struct sock_filter *ret);

/* ---- tasks (tasks.c) ------------------------------------------------------------------------------------------- */

/* One program image and its threads. */
struct process {
	pid_t tgid;
	uint64_t exec_id, parent_exec_id;
	unsigned int tasks;	/* in the table, ended ones included */
	unsigned int live;	/* threads that have not reached their end */
	unsigned int execs;	/* of them, in an execve */
	uint64_t nvcsw, nivcsw;	/* of threads that are gone */
	uint64_t cgroup_id;
	uint32_t ppid;
	bool ppid_traced;	/* its parent is one of ours, as far as we know */
	bool ppid_stale;	/* its parent is gone: look again */
	bool threaded;		/* has had more than one thread */
	bool waits;		/* may have waited for others, whose usage the kernel adds to its own */
	bool other_pid_ns;	/* its children may be in another pid namespace than it */
	bool signals_known;	/* what it ignores and catches has not changed since it was looked at: bit N - 1 each */
	bool signals_shared;	/* with another process, which can change it unseen */
	uint64_t ignored, caught;
	struct task *last;	/* a copy: the thread whose end was the process's; its record waits for the exit status */
};

enum task_state {
	TASK_UNBORN,		/* it stopped before its parent's stop told us who it is: held until then */
	TASK_RUNNING,
};

struct task {
	pid_t tid;
	struct process *proc;
	enum task_state state;
	uint32_t ns_pid, ns_tid; /* what it calls itself */
	bool scope;		/* recorded: from the command's first execve on */
	bool newborn;		/* a first exit without an enter is the tail of its birth */
	bool held;		/* unborn, and stopped */
	int held_status;	/* ... as wait told */
	uint64_t held_since;
	pid_t held_parent;	/* the process that it says it comes from */
	bool let_go;		/* a process that is not followed: to be detached at its first stop */
	bool in_call;		/* between enter and exit */
	bool wanted;		/* ... and the call is of interest */
	bool exec_done;		/* the call was recorded at the exec: skip its exit */
	bool ending;		/* reached PTRACE_EVENT_EXIT */
	bool birth_known;	/* in a call that makes a task, with these flags */
	uint64_t birth_flags;
	int forced_errno;	/* with which it is to return */
	bool call_changed;	/* registers of its call were changed, and are to be put back */
	bool in_exec;		/* in an execve; counted in proc->execs */
	bool own_filter;	/* it carries a filter beside the sandbox's */
	bool installing;	/* in a call that may add one */
	uint16_t abi;
	int nr, raw_nr;		/* as in records, and as in the register */
	uint64_t args[6], ip;
	uint64_t filter_args[6]; /* as filters see them: int 0x80 from 64-bit code has high halves too */
	uint64_t enter_ts;
	int fatal_signal;	/* delivered with its default, deadly action */
	struct filters *filters;
	struct filters *wanted_filters; /* to be installed if the current seccomp or prctl call succeeds */
	bool wanted_tsync;
	struct ev_part *closing; /* -y: malloc'ed; what the current close is about to close, with its bytes; NULL: none */
	struct ev_proc_exit end; /* its task: who K is, as last looked at; all of it at PTRACE_EVENT_EXIT */
	bool known;		 /* no call has changed name or ids since */
	bool end_known;
	bool end_by_usage;	/* what the process used comes with its status: t->usage */
};

struct tracer {
	struct tracer_opts opts;
	struct tracer_shared *shared;
	struct tracer_ring ring;
	int wake_fd;		/* eventfd: wakes the reader */
	struct rec *rec;	/* the record being built */
	uint64_t next_exec_id;
	struct task_table *tasks;
	struct filters *sandbox_filters; /* what the command began with */
	unsigned int held;	/* tasks that are */
	uint64_t held_looked;	/* when it was last seen to them */
	unsigned int awaited;	/* processes whose usage is to come with their status */
	struct rusage usage;	/* as wait gave it last, if any is awaited */
	bool releasing;		/* every task is let go at its next stop */
};

struct task_table *tasks__new(void);
struct task *tasks__find(struct tracer *t, pid_t tid);	/* NULL: not ours */
struct task *tasks__add(struct tracer *t, pid_t tid);	/* unborn, without a process; NULL: no memory */
void tasks__remove(struct tracer *t, struct task *k);	/* frees it, and its process with its last task */
struct process *process__new(pid_t tgid);
/* K becomes one of P's tasks. */
void process__join(struct process *p, struct task *k);
/* K, whose process made an exec, is TID from now on. */
void tasks__rename(struct tracer *t, struct task *k, pid_t tid);
/* Calls FN for every task, which may remove the one it is given. */
void tasks__each(struct tracer *t, void (*fn)(struct tracer *t, struct task *k, void *ctx), void *ctx);

/* ---- records (emit.c) ------------------------------------------------------------------------------------------ */

struct rec {
	uint8_t *buf;		/* EV_RECORD_MAX bytes, 8-byte aligned */
	size_t len;
	uint16_t *link;		/* where the offset of the next part goes */
};

/* Begins the record; returns its payload of SIZE bytes, zeroed. */
void *rec__begin(struct tracer *t, const struct task *k, uint64_t ts, uint16_t kind, uint16_t flags, size_t size);
/* Room that a part may still have. */
size_t rec__room(const struct rec *r);
/*
 * Appends a part and returns where its LEN bytes go (8-byte aligned), so that memory can be read into it. DATA is copied
 * there unless it is NULL. LEN is cut to the room there is, and STATE becomes TRUNCATED then.
 */
void *rec__part(struct rec *r, uint8_t id, uint32_t type, uint8_t state, const void *data, uint32_t len, uint32_t true_len);
/* Counts it and puts it into the ring, waking the reader when that is due. The record is gone afterwards, lost or not. */
void rec__commit(struct tracer *t, enum event_class class);
void emit__wake(struct tracer *t); /* wakes the reader */
uint64_t tracer__now(void); /* CLOCK_MONOTONIC, ns */

/* ---- calls (call.c) -------------------------------------------------------------------------------------------- */

/* At entry, before the task goes on: what is gone when the call returns (-y of a close). */
void call__enter(struct tracer *t, struct task *k);
/* The call that K is in returned RET at TS. FLAGS: EV_F_NO_ENTER when a filter refused it. Counts instead, with -c. */
void call__exit(struct tracer *t, struct task *k, uint64_t ts, int64_t ret, uint16_t flags);
/* K died in its call, or the call never returns. Memory cannot be read. FLAGS as above, EV_F_NO_RETURN is added. */
void call__gone(struct tracer *t, struct task *k, uint64_t ts, uint16_t flags);

/* ---- processes (process.c) -------------------------------------------------------------------------------------- */

/* PARENT has made CHILD, whose process and exec_id are set. Fills the child's ns_pid and ns_tid. */
void process__spawned(struct tracer *t, struct task *parent, struct task *child, uint64_t ts);
/*
 * K, stopped at PTRACE_EVENT_EXEC, has a new image: the record of its execve call, if that is wanted (then exec_done is
 * set), under the old exec_id; then a new exec_id is minted, and the record of the exec. OLD_TID: before the exec.
 */
void process__execed(struct tracer *t, struct task *k, uint64_t ts, pid_t old_tid);
/* K, stopped on its way to a signal it will get. Nothing for one that is ignored. Sets fatal_signal. */
void process__signaled(struct tracer *t, struct task *k, uint64_t ts, const siginfo_t *si);
/*
 * K's end. READABLE: it is stopped at PTRACE_EVENT_EXIT and can still be looked at; otherwise it is gone and the
 * record has what was known. STATUS as wait gives it: of K itself; of the whole process when LAST. A deadly signal that
 * was not seen as delivered to K gets its record first.
 */
void process__exited(struct tracer *t, struct task *k, uint64_t ts, int status, bool last);
/* The same, when all of it came with the status. */
void process__used(struct tracer *t, struct task *k);
/* At PTRACE_EVENT_EXIT: remembers what process__exited will need, since only now it can be read. */
void process__ending(struct tracer *t, struct task *k);

/* ---- the loop (tracer.c; births.h and watch.h are parts of it) ---------------------------------------------------- */

long tracer__options(const struct tracer *t); /* PTRACE_O_* */
/* attach.c: the first tasks. 0 or an errno. */
int attach__waiting(struct tracer *t);
int attach__running(struct tracer *t);
/* Every task, wherever it is, will stop to be let go. */
void attach__release(struct tracer *t);
/* What the task's current call is to be recorded with; NULL: beyond the table. */
const struct st_plan *tracer__plan(const struct tracer *t, const struct task *k);
void tracer__resume(struct tracer *t, struct task *k, int sig);
/* What wait told of K: it is recorded, and K goes on, or is forgotten. */
void tracer__waited(struct tracer *t, struct task *k, uint64_t ts, int status);

/*
 * Seizes the command, tells so through READY_FD (a byte; shared->err has the errno of a refusal), and traces until the last
 * task is gone. What the process should exit with: 0, or an errno.
 */
int tracer__run(struct tracer *t, int ready_fd);

#endif
