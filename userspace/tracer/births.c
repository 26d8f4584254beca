/* SPDX-License-Identifier: Apache-2.0 */
#include "births.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/util.h"
#include "event/syscalls.h"
#include "regs.h"

static int nr_clone[EV_ABI_MAX], nr_clone3[EV_ABI_MAX];

void births__init(void)
{
	for (int abi = 0; abi < EV_ABI_MAX; abi++) {
		nr_clone[abi] = syscalls__number((enum ev_abi)abi, "clone");
		nr_clone3[abi] = syscalls__number((enum ev_abi)abi, "clone3");
	}
}

static bool is_clone(const struct task *k) { return k->nr == nr_clone[k->abi]; }
static bool is_clone3(const struct task *k) { return k->nr == nr_clone3[k->abi]; }

bool births__plain(const struct tracer *t, const struct task *parent)
{
	if (t->opts.by_filter || !parent->in_call || is_clone3(parent) || parent->proc->other_pid_ns)
		return false;
	return !is_clone(parent) || !(parent->args[0] & (CLONE_NEWPID | CLONE_PARENT));
}

/* ---- CLONE_UNTRACED ------------------------------------------------------------------------------------------------ */

/* The first member of struct clone_args. */
static bool read_flags(const struct task *k, uint64_t *flags)
{
	struct iovec local = { flags, sizeof(*flags) }, remote = { (void *)(uintptr_t)k->args[0], sizeof(*flags) };

	return process_vm_readv(k->tid, &local, 1, &remote, 1, 0) == sizeof(*flags);
}

static bool write_flags(const struct task *k, uint64_t flags)
{
	struct iovec local = { &flags, sizeof(flags) }, remote = { (void *)(uintptr_t)k->args[0], sizeof(flags) };

	return process_vm_writev(k->tid, &local, 1, &remote, 1, 0) == sizeof(flags);
}

void births__enter(struct tracer *t, struct task *k)
{
	uint64_t flags;

	(void)t;
	if (is_clone(k)) {
		if (k->args[0] & CLONE_UNTRACED)
			k->flag_cleared = !regs__set_first_arg(k->tid, k->abi == EV_ABI_COMPAT32, k->args[0] & ~(uint64_t)CLONE_UNTRACED);
	} else if (is_clone3(k) && read_flags(k, &flags) && flags & CLONE_UNTRACED) {
		k->flag_cleared = write_flags(k, flags & ~(uint64_t)CLONE_UNTRACED);
	}
}

void births__restore(struct task *k)
{
	uint64_t flags;

	if (!k->flag_cleared)
		return;
	k->flag_cleared = false;
	if (is_clone(k))
		regs__restore_first_arg(k->tid, k->abi == EV_ABI_COMPAT32, k->args[0]);
	else if (read_flags(k, &flags))
		write_flags(k, flags | CLONE_UNTRACED);
}

/* ---- who belongs to whom ---------------------------------------------------------------------------------------------- */

/*
 * The flags in a register are what the kernel read. Those of clone3 are in memory that somebody may change, and of a call
 * that was not stopped at nothing is known: there the kernel is asked.
 */
static bool is_thread_of(const struct tracer *t, const struct task *child, const struct task *parent)
{
	char path[64];

	if (parent->in_call && is_clone(parent))
		return parent->args[0] & CLONE_THREAD;
	if (parent->in_call && !is_clone3(parent) && !t->opts.by_filter)
		return false; /* fork, vfork */
	snprintf(path, sizeof(path), "/proc/%d/task/%d", parent->proc->tgid, child->tid);
	return !access(path, F_OK);
}

/* Processes of their own with the same table of handlers. */
static bool shares_handlers(const struct task *parent)
{
	return !is_clone(parent) || parent->args[0] & CLONE_SIGHAND;
}

static bool inherit(struct tracer *t, struct task *parent, struct task *child)
{
	struct process *p = parent->proc;

	if (!is_thread_of(t, child, parent)) {
		p = process__new(child->tid);
		if (!p)
			return false;
		p->exec_id = t->next_exec_id++;
		p->parent_exec_id = parent->proc->exec_id;
		p->cgroup_id = parent->proc->cgroup_id;
		p->ppid = (uint32_t)parent->proc->tgid;
		p->ppid_traced = true;
		p->other_pid_ns = parent->proc->other_pid_ns;
		if ((is_clone(parent) || is_clone3(parent)) && shares_handlers(parent)) {
			p->signals_shared = parent->proc->signals_shared = true;
			parent->proc->signals_known = false;
		}
	}
	process__join(p, child);
	child->state = TASK_RUNNING;
	child->scope = parent->scope;
	child->newborn = true;
	child->filters = filters__ref(parent->filters);
	/* its registers are a copy of its parent's, with the flag taken out */
	child->flag_cleared = parent->flag_cleared && is_clone(parent);
	child->abi = parent->abi;
	child->nr = parent->nr;
	child->args[0] = parent->args[0];
	return true;
}

static void let_run(struct tracer *t, struct task *k)
{
	if (!k->held)
		return;
	k->held = false;
	t->held--;
	births__restore(k);
	tracer__resume(t, k, 0);
}

static void born(struct tracer *t, struct task *parent, struct task *child, uint64_t ts)
{
	if (!t->opts.follow_forks && !is_thread_of(t, child, parent)) {
		child->let_go = true;
		child->state = TASK_RUNNING;
		if (child->held) {
			ptrace(PTRACE_DETACH, child->tid, 0, 0L);
			tasks__remove(t, child);
		}
		return;
	}
	if (!inherit(t, parent, child)) {
		t->shared->counters[EV_CLASS_PROCESS].lost++;
		kill(child->tid, SIGKILL); /* no memory to say who it is: nothing runs unseen */
		return;
	}
	if (parent->scope)
		process__spawned(t, parent, child, ts);
	let_run(t, child);
}

void births__event(struct tracer *t, struct task *k, uint64_t ts)
{
	unsigned long tid = 0;
	struct task *child;

	k->birth_seen = true;
	if (ptrace(PTRACE_GETEVENTMSG, k->tid, 0, &tid) || !tid)
		return;
	child = tasks__find(t, (pid_t)tid);
	if (!child)
		child = tasks__add(t, (pid_t)tid);
	if (child && child->state == TASK_UNBORN)
		born(t, k, child, ts);
	else if (!child)
		t->shared->counters[EV_CLASS_PROCESS].lost++;
}

/* ---- held children -------------------------------------------------------------------------------------------------- */

/* A number after NAME in /proc/TID/status; 0: not there. */
static pid_t status_number(const char *status, const char *name)
{
	const char *at = strstr(status, name);

	return at ? (pid_t)strtol(at + strlen(name), NULL, 10) : 0;
}

void births__hold(struct tracer *t, struct task *k)
{
	char path[64], status[1024];
	pid_t tgid;

	k->held = true;
	t->held++;
	snprintf(path, sizeof(path), "/proc/%d/status", k->tid);
	if (read_file_str(path, status, sizeof(status)) < 0)
		return;
	/* the name stands before them and cannot hold a newline that is not escaped */
	tgid = status_number(status, "\nTgid:");
	k->held_parent = tgid != k->tid ? tgid : status_number(status, "\nPPid:");
}

struct orphans {
	struct task *parent;
	uint64_t ts;
};

static void adopt(struct tracer *t, struct task *k, void *ctx)
{
	struct orphans *o = ctx;

	if (k->held && k->state == TASK_UNBORN && k->held_parent == o->parent->proc->tgid)
		born(t, o->parent, k, o->ts);
}

/* Killed between making a child and telling of it. The child says who its parent was. */
void births__parent_gone(struct tracer *t, struct task *k)
{
	struct orphans o = { k, tracer__now() };

	if (t->held && k->proc && !k->proc->live)
		tasks__each(t, adopt, &o);
}

/* ---- escapes ------------------------------------------------------------------------------------------------------------ */

void births__exit(struct tracer *t, struct task *k, int64_t ret)
{
	struct task *child;

	births__restore(k);
	/* who follows no forks is told of threads only */
	if (ret <= 0 || k->birth_seen || !t->opts.follow_forks || !(is_clone(k) || is_clone3(k)))
		return;
	/* the number is one of the caller's pid namespace: only in ours it is of use */
	__atomic_add_fetch(&t->shared->escaped, 1, __ATOMIC_RELAXED);
	if (k->ns_tid && k->ns_tid != (uint32_t)k->tid)
		return;
	if (ptrace(PTRACE_SEIZE, (pid_t)ret, 0, tracer__options(t)))
		return;
	child = tasks__add(t, (pid_t)ret);
	ptrace(PTRACE_INTERRUPT, (pid_t)ret, 0, 0L);
	if (child)
		born(t, k, child, tracer__now());
}
