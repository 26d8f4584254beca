/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of births, images, ends and signals: what bpf/process.bpf.c and signal.bpf.c write, from outside. What the kernel
 * knows of a task comes from its status file, read once per record; the arguments of a new program from its stack.
 *
 * What differs from the BPF programs: the times of a thread that is not its process's last are those of /proc, in ticks and
 * scaled. A process that never makes an exec is looked for in the cgroup of its birth only. The high-water mark of memory
 * before an exec is that at the birth. Whether a program is in the upper layer of an overlay is not known. A deadly signal's sender is known here, since it is seen before it acts. An ignored
 * signal that was blocked when it came is delivered without us, to no effect; here it cannot be told from any other.
 */
#include <linux/seccomp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/util.h"
#include "births.h"
#include "memory.h"
#include "proc.h"

/* ---- who --------------------------------------------------------------------------------------------------------- */

static void fill_task(struct ev_task *e, const struct task *k, const struct proc_status *st)
{
	*e = (struct ev_task){
		.parent_exec_id = k->proc->parent_exec_id,
		.cgroup_id = k->proc->cgroup_id,
		.ppid = k->proc->ppid,
		.ns_pid = k->ns_pid,
		.ns_tid = k->ns_tid,
		.uid = st->uid,
		.euid = st->euid,
		.gid = st->gid,
		.egid = st->egid,
	};
	memcpy(e->comm, st->comm, sizeof(e->comm));
}

static void set_parent(struct tracer *t, struct process *p, uint32_t ppid)
{
	p->ppid = ppid;
	p->ppid_traced = tasks__find(t, (pid_t)ppid) != NULL;
	p->ppid_stale = false;
}

/* Looks at K itself, and keeps what later records need. False: it is gone. */
static bool look(struct tracer *t, struct task *k, struct proc_status *st)
{
	if (!proc__status(k->tid, st))
		return false;
	set_parent(t, k->proc, st->ppid);
	k->ns_pid = st->ns_pid;
	k->ns_tid = st->ns_tid;
	return true;
}

/* What LOOK found is good until a call changes it; with a filter that chooses the calls, those are not seen. */
static void remember(const struct tracer *t, struct task *k, const struct proc_status *st)
{
	fill_task(&k->end.task, k, st);
	k->known = !t->opts.by_filter;
}

/* ---- births ------------------------------------------------------------------------------------------------------ */

/* In sandtrace's own pid namespace a task's numbers are what it calls itself. */
static bool same_numbers(const struct task *k)
{
	return k->ns_tid == (uint32_t)k->tid && k->ns_pid == (uint32_t)k->proc->tgid;
}

static struct proc_status known_status(const struct task *k)
{
	const struct ev_task *e = &k->end.task;
	struct proc_status st = { .uid = e->uid, .euid = e->euid, .gid = e->gid, .egid = e->egid };

	memcpy(st.comm, e->comm, sizeof(st.comm));
	return st;
}

void process__spawned(struct tracer *t, struct task *parent, struct task *child, uint64_t ts)
{
	bool thread = parent->proc == child->proc;
	struct proc_status st, of_parent;
	struct ev_proc_spawn *e;

	/* the child is a copy of its parent: one look at it tells of both, and none is needed where nothing can be new */
	if (parent->known && births__plain(t, parent) && same_numbers(parent)) {
		st = known_status(parent);
		child->ns_pid = (uint32_t)child->proc->tgid;
		child->ns_tid = (uint32_t)child->tid;
	} else if (proc__status(child->tid, &st)) {
		child->ns_pid = st.ns_pid;
		child->ns_tid = st.ns_tid;
		/* with CLONE_PARENT another one */
		if (!thread && st.ppid != (uint32_t)parent->proc->tgid)
			set_parent(t, child->proc, st.ppid);
	} else {
		proc__status(parent->tid, &st);
	}
	remember(t, child, &st);
	child->end.maxrss_kb = thread ? parent->end.maxrss_kb : st.hwm_kb;
	if ((parent->proc->ppid_stale || (parent->proc->ppid_traced && !tasks__find(t, (pid_t)parent->proc->ppid))) &&
	    proc__status(parent->tid, &of_parent))
		set_parent(t, parent->proc, of_parent.ppid);
	e = rec__begin(t, parent, ts, EV_PROC_SPAWN, thread ? EV_F_THREAD : 0, sizeof(*e));
	fill_task(&e->task, parent, &st);
	e->task.ns_pid = child->ns_pid;
	e->task.ns_tid = child->ns_tid;
	e->child_exec_id = child->proc->exec_id;
	e->child_pid = (uint32_t)child->proc->tgid;
	e->child_tid = (uint32_t)child->tid;
	rec__commit(t, EV_CLASS_PROCESS);
}

/* ---- images ------------------------------------------------------------------------------------------------------ */

/* A script's interpreter gets its own name, its options and the script's name; that may be a script too, up to five deep. */
#define SCRIPT_ARGS 11

static uint32_t argv_true(const struct image *img)
{
	return img->argv_state == EV_PART_FAULT ? 0 : img->argv_true;
}

static void put_string(struct tracer *t, uint8_t id, const char *s, uint32_t len, uint8_t state)
{
	rec__part(t->rec, id, EV_PT_STR, state, s, len, state == EV_PART_OK ? len : 0);
}

static void put_argv(struct tracer *t, uint8_t id, const struct image *img)
{
	rec__part(t->rec, id, EV_PT_ARGV, (uint8_t)img->argv_state, img->argv, img->argv_len, argv_true(img));
}

/* The execve call itself. The first planned argument is the path, and argv follows it. */
static void exec_call(struct tracer *t, struct task *k, uint64_t ts, const struct image *img)
{
	uint64_t duration = ts > k->enter_ts ? ts - k->enter_ts : 0;
	const struct st_plan *plan = tracer__plan(t, k);
	uint8_t path = plan ? plan->mem[0] & 7 : 0;
	struct ev_syscall *s;

	if (!k->in_call || !k->wanted)
		return;
	k->exec_done = true;
	if (t->opts.aggregate) {
		call__count(t, k, duration, 0);
		return;
	}
	s = rec__begin(t, k, ts, EV_SYSCALL, 0, sizeof(*s));
	s->duration = duration;
	s->nr = k->nr;
	s->abi = k->abi;
	memcpy(s->args, k->args, 5 * sizeof(s->args[0]));
	put_string(t, path, img->path, img->path_len, (uint8_t)img->path_state);
	put_argv(t, path + 1, img);
	rec__commit(t, EV_CLASS_SYSCALL);
}

/* Whether the file name is among the first arguments, behind the zeroth: where the kernel puts a script's. */
static bool among_args(const struct image *img)
{
	const char *s = img->argv, *end = img->argv + img->argv_len;

	for (int i = 0; i < SCRIPT_ARGS && s < end; i++) {
		size_t n = strnlen(s, (size_t)(end - s));

		if (i && n == img->path_len && !memcmp(s, img->path, n))
			return true;
		s += n + 1;
	}
	return false;
}

/*
 * #! or binfmt_misc: the file that was asked for is not the one that runs. The kernel does not say so; but it has written
 * the file's name among the arguments then. Others write it there too (cat /bin/cat): so the files are compared.
 */
static bool is_script(pid_t tid, const struct image *img, const struct proc_exe *exe, const struct proc_link *exe_link,
		      const struct proc_link *cwd)
{
	char path[2 * EV_PATH_MAX + 2];
	size_t n = 0;
	int same;

	if (img->path_state != EV_PART_OK || img->path_len >= EV_PATH_MAX || !among_args(img) ||
	    !strcmp(img->path, exe_link->text))
		return false;
	if (img->path[0] != '/') {
		n = strnlen(cwd->text, EV_PATH_MAX);
		memcpy(path, cwd->text, n);
		path[n++] = '/';
	}
	memcpy(path + n, img->path, img->path_len + 1);
	same = proc__is_exe(tid, path, exe);
	/* where that cannot be told, the arguments decide */
	return same <= 0;
}

/* What the file added to who runs it; the kernel says only that something did, so what changed nothing is not told here. */
static uint32_t privileges(const struct proc_exe *exe, const struct proc_status *st)
{
	uint32_t flags = 0;

	if (exe->mode & S_ISUID && st->euid == exe->uid && st->euid != st->uid)
		flags |= EV_IMG_SETUID;
	if ((exe->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && st->egid == exe->gid && st->egid != st->gid)
		flags |= EV_IMG_SETGID;
	if (st->uid && st->euid && st->permitted & ~st->ambient)
		flags |= EV_IMG_FILE_CAPS;
	return flags;
}

static uint32_t image_flags(const struct image *img, const struct proc_exe *exe, const struct proc_link *exe_link, bool script)
{
	uint32_t flags = (img->secure ? EV_IMG_SECURE : 0) | (script ? EV_IMG_SCRIPT : 0);

	if (!exe->nlink)
		flags |= EV_IMG_DELETED;
	if (!exe->nlink && exe_link->type == EV_PT_STR && exe_link->len >= 6 && !memcmp(exe_link->data, "memfd:", 6))
		flags |= EV_IMG_MEMFD;
	return flags;
}

static void exec_image(struct tracer *t, struct task *k, uint64_t ts, pid_t old_tid, const struct image *img)
{
	static struct proc_link exe_link, cwd;
	struct proc_status st;
	struct proc_exe exe;
	struct ev_proc_exec *e;
	bool script;

	/* only the name is new, unless the file changed who runs it */
	if (k->known && !img->secure) {
		st = known_status(k);
		proc__comm(k->tid, st.comm);
	} else {
		look(t, k, &st);
	}
	proc__exe(k->tid, &exe);
	proc__link(k->tid, "exe", PROC_PATH_LARGE, &exe_link);
	proc__link(k->tid, "cwd", PROC_PATH_LARGE, &cwd);
	script = is_script(k->tid, img, &exe, &exe_link, &cwd);
	e = rec__begin(t, k, ts, EV_PROC_EXEC, 0, sizeof(*e));
	remember(t, k, &st);
	e->task = k->end.task;
	e->inode = exe.inode;
	e->dev_major = exe.dev_major;
	e->dev_minor = exe.dev_minor;
	e->old_tid = (uint32_t)old_tid;
	e->image_flags = image_flags(img, &exe, &exe_link, script) | (img->secure ? privileges(&exe, &st) : 0);
	put_string(t, EV_EXEC_PATH, img->path, img->path_len, (uint8_t)img->path_state);
	if (script)
		put_string(t, EV_EXEC_INTERP, img->argv, (uint32_t)strnlen(img->argv, img->argv_len), EV_PART_OK);
	else
		put_string(t, EV_EXEC_INTERP, img->path, img->path_len, (uint8_t)img->path_state);
	proc__part(t->rec, EV_EXEC_EXE, &exe_link);
	proc__part(t->rec, EV_EXEC_CWD, &cwd);
	put_argv(t, EV_EXEC_ARGV, img);
	rec__commit(t, EV_CLASS_PROCESS);
}

void process__execed(struct tracer *t, struct task *k, uint64_t ts, pid_t old_tid)
{
	struct process *p = k->proc;
	struct image img;
	uint64_t cgroup;

	memory__image(k->tid, &img);
	/* the call belongs to the image that made it */
	exec_call(t, k, ts, &img);
	p->parent_exec_id = p->exec_id;
	p->exec_id = t->next_exec_id++;
	p->signals_known = p->signals_shared = false; /* handlers are gone */
	cgroup = proc__cgroup(k->tid);
	if (cgroup)
		p->cgroup_id = cgroup;
	exec_image(t, k, ts, old_tid, &img);
}

/* ---- signals ----------------------------------------------------------------------------------------------------- */

#define SIG_BIT(sig) (1ULL << ((sig) - 1))
#define DEFAULT_IGNORE (SIG_BIT(SIGCHLD) | SIG_BIT(SIGCONT) | SIG_BIT(SIGURG) | SIG_BIT(SIGWINCH))
#define DEFAULT_STOP (SIG_BIT(SIGSTOP) | SIG_BIT(SIGTSTP) | SIG_BIT(SIGTTIN) | SIG_BIT(SIGTTOU))
#define FAULTS (SIG_BIT(SIGSEGV) | SIG_BIT(SIGBUS) | SIG_BIT(SIGILL) | SIG_BIT(SIGFPE) | SIG_BIT(SIGTRAP) | SIG_BIT(SIGSYS))

/* What only a tracer gets to see: a task without one is never handed a signal that it ignores. */
static bool is_ignored(const struct task *k, const siginfo_t *si, uint64_t bit)
{
	if (k->proc->ignored & bit)
		return true;
	if (k->proc->caught & bit)
		return false;
	/* the init of a pid namespace has no default actions, unless it is at fault itself */
	return bit & DEFAULT_IGNORE || (k->ns_pid == 1 && (si->si_code <= 0 || !(bit & FAULTS)));
}

static void put_signal(struct tracer *t, struct task *k, uint64_t ts, const struct ev_proc_signal *sig)
{
	struct ev_proc_signal *e = rec__begin(t, k, ts, EV_PROC_SIGNAL, 0, sizeof(*e));

	*e = *sig;
	rec__commit(t, EV_CLASS_PROCESS);
}

void process__signaled(struct tracer *t, struct task *k, uint64_t ts, const siginfo_t *si)
{
	uint64_t bit = si->si_signo > 0 && si->si_signo <= 64 ? SIG_BIT(si->si_signo) : 0;
	struct ev_proc_signal e = { .signal = (uint32_t)si->si_signo, .code = si->si_code };
	struct proc_status st;

	/* most are a child's end that nobody waits for by a handler: not worth a look each */
	if (k->proc->signals_known && is_ignored(k, si, bit))
		return;
	if (!look(t, k, &st))
		return;
	k->proc->ignored = st.ignored;
	k->proc->caught = st.caught;
	/* with a filter that chooses the calls, those that change it are not seen */
	k->proc->signals_known = !t->opts.by_filter && !k->proc->signals_shared;
	if (is_ignored(k, si, bit))
		return;
	fill_task(&e.task, k, &st);
	if (si->si_code <= SI_USER && si->si_code != SI_TIMER)
		e.sender_pid = (uint32_t)si->si_pid;
	e.handled = (st.caught & bit) != 0;
	if (!e.handled && !(bit & DEFAULT_STOP))
		k->fatal_signal = si->si_signo;
	put_signal(t, k, ts, &e);
}

/* ---- ends -------------------------------------------------------------------------------------------------------- */

/* What a filter says of K's last call: kept in the unused word of its exit record until that is written. */
static uint32_t last_verdict(const struct task *k)
{
	return filters__run(k->filters, k->abi, k->nr, k->filter_args, k->ip) & SECCOMP_RET_ACTION_FULL;
}

/*
 * A process that never had a child: the usage that the kernel gives with its status is its own alone, and tells all that
 * three looks at /proc would. With one thread and no call that changed it, its name is known too.
 */
static bool comes_with_status(const struct task *k)
{
	const struct process *p = k->proc;

	return k->known && !p->threaded && !p->waits && !p->ppid_stale && k->ns_pid != 1 && k->tid == p->tgid;
}

static uint64_t time_ns(const struct timeval *tv)
{
	return (uint64_t)tv->tv_sec * NSEC_PER_SEC + (uint64_t)tv->tv_usec * 1000;
}

void process__used(struct tracer *t, struct task *k)
{
	const struct rusage *u = &t->usage;

	if (!k->end_by_usage)
		return;
	t->awaited--;
	k->end.utime = time_ns(&u->ru_utime);
	k->end.stime = time_ns(&u->ru_stime);
	k->end.maxrss_kb = (uint64_t)u->ru_maxrss;
	k->end.minflt = (uint64_t)u->ru_minflt;
	k->end.majflt = (uint64_t)u->ru_majflt;
	k->end.nvcsw = (uint64_t)u->ru_nvcsw;
	k->end.nivcsw = (uint64_t)u->ru_nivcsw;
}

void process__ending(struct tracer *t, struct task *k)
{
	uint64_t before_exec = k->end.maxrss_kb;
	struct process *p = k->proc;
	bool last = p->live <= 1;
	struct proc_status st;
	struct proc_stat stat;
	uint64_t utime, stime;

	if (comes_with_status(k)) {
		struct ev_task who = k->end.task;

		who.parent_exec_id = p->parent_exec_id;
		who.cgroup_id = p->cgroup_id;
		who.ppid = p->ppid;
		k->end = (struct ev_proc_exit){ .task = who, .pad = last_verdict(k) };
		k->end_known = k->end_by_usage = true;
		t->awaited++;
		return;
	}
	k->end_known = look(t, k, &st);
	if (!k->end_known)
		return;
	if (last)
		proc__stat(p->tgid, &stat);
	else
		proc__thread_stat(p->tgid, k->tid, &stat);
	p->nvcsw += st.nvcsw;
	p->nivcsw += st.nivcsw;
	k->end = (struct ev_proc_exit){
		.utime = stat.utime,
		.stime = stat.stime,
		.maxrss_kb = last ? MAX(st.hwm_kb, before_exec) : 0,
		.minflt = stat.minflt,
		.majflt = stat.majflt,
		.nvcsw = last ? p->nvcsw : st.nvcsw,
		.nivcsw = last ? p->nivcsw : st.nivcsw,
		.pad = last_verdict(k),
	};
	fill_task(&k->end.task, k, &st);
	if (last && proc__times(p->tgid, &utime, &stime)) {
		k->end.utime = utime;
		k->end.stime = stime;
	}
}

#define NR_EXIT_COMPAT 1 /* i386 and arm */

/*
 * An exec kills the other threads of its process with a SIGKILL that their status does not show. Known only where the
 * execve call itself is seen.
 */
static bool killed_by_exec(const struct task *k)
{
	int nr_exit = k->abi == EV_ABI_COMPAT32 ? NR_EXIT_COMPAT : SYS_exit;

	return k->proc->live && k->proc->execs && k->nr != nr_exit;
}

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1 /* asm-generic/siginfo.h */
#endif

/* The deadly signal that K was not seen to get: what ends a process reaches each of its threads as a SIGKILL. */
static void exit_signal(struct tracer *t, struct task *k, uint64_t ts, int status, bool last)
{
	struct ev_proc_signal e = { .task = k->end.task, .signal = (uint32_t)status & 0x7f };

	if (!e.signal && !status && !last && killed_by_exec(k))
		e.signal = SIGKILL;
	if (!e.signal || k->fatal_signal == (int)e.signal)
		return;
	/* a filter killed K in its call: that SIGSYS acts before a tracer sees it, and has a code */
	if (e.signal == SIGSYS && (k->end.pad == SECCOMP_RET_KILL_THREAD || k->end.pad == SECCOMP_RET_KILL_PROCESS)) {
		/* but a thread that is killed alone ends as if it had called exit */
		if (k->end.pad == SECCOMP_RET_KILL_THREAD && !last)
			return;
		e.code = SYS_SECCOMP;
	}
	put_signal(t, k, ts, &e);
}

void process__exited(struct tracer *t, struct task *k, uint64_t ts, int status, bool last)
{
	struct ev_proc_exit *e;

	/* killed before it could be looked at: who it was at its birth or last exec, and what its threads left */
	if (!k->end_known) {
		k->end = (struct ev_proc_exit){
			.task = k->end.task,
			.nvcsw = last ? k->proc->nvcsw : 0,
			.nivcsw = last ? k->proc->nivcsw : 0,
		};
		k->end.task.parent_exec_id = k->proc->parent_exec_id;
	}
	exit_signal(t, k, ts, status, last);
	e = rec__begin(t, k, ts, EV_PROC_EXIT, last ? 0 : EV_F_THREAD, sizeof(*e));
	*e = k->end;
	e->exit_code = (uint32_t)status >> 8 & 0xff;
	e->signal = (uint32_t)status & 0x7f;
	e->core = (uint32_t)status >> 7 & 1;
	e->pad = 0;
	rec__commit(t, EV_CLASS_PROCESS);
}
