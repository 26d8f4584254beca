/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wait loop. Each stop is one step of one task: what it means, what is recorded, how the task goes on.
 *
 *   syscall stop, enter     remembered; nothing of it is written before the call returns
 *   PTRACE_EVENT_SECCOMP    the same, where a filter of ours chooses the calls (interest.c)
 *   syscall stop, exit      the record of the call
 *   fork, vfork, clone      the child, which is traced already, gets its parent and its record
 *   exec                    the record of the call and of the image
 *   signal delivery         the record of the signal, which then goes on to the task
 *   group stop              the task stays stopped, as its parent wants it (PTRACE_LISTEN)
 *   exit, and the status    facts while they can be read; the record once the status is known
 *
 * A task can be killed in any of its stops: then each request fails with ESRCH and its status comes from wait. That is
 * never an error. ptrace(2) and the kernel's Documentation say what may be asked of a task when.
 */
#include "tracer.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "base/util.h"
#include "arch.h"
#include "births.h"
#include "regs.h"
#include "watch.h"

/* ---- how a task goes on ------------------------------------------------------------------------------------------ */

/* With a filter that chooses, a task only stops at the end of a call that it stopped at the beginning of. */
void tracer__resume(struct tracer *t, struct task *k, int sig)
{
	bool chosen = t->opts.by_filter && !k->own_filter;

	ptrace(chosen && !k->in_call ? PTRACE_CONT : PTRACE_SYSCALL, k->tid, 0, (long)sig);
}

/* ---- calls --------------------------------------------------------------------------------------------------------- */

static uint16_t abi_of(uint32_t arch, uint64_t *nr)
{
	switch (arch) {
	case AUDIT_ARCH_I386:
	case AUDIT_ARCH_ARM:
		return EV_ABI_COMPAT32;
	case AUDIT_ARCH_X86_64:
		/* a negative number has the bit set too */
		if ((int64_t)*nr >= 0 && (int32_t)*nr >= 0 && *nr & X32_BIT) {
			*nr &= ~(uint64_t)X32_BIT;
			return EV_ABI_X32;
		}
	}
	return EV_ABI_NATIVE;
}

const struct st_plan *tracer__plan(const struct tracer *t, const struct task *k)
{
	return k->nr >= 0 && k->nr < ST_NR_SYSCALLS ? &t->opts.plans[k->abi][k->nr] : NULL;
}

static void enter(struct tracer *t, struct task *k, uint64_t ts, uint32_t arch, uint64_t ip, uint64_t nr, const uint64_t *args)
{
	const struct st_plan *plan;

	k->raw_nr = (int)nr;
	k->abi = abi_of(arch, &nr);
	k->nr = (int)nr;
	k->ip = ip;
	memcpy(k->filter_args, args, sizeof(k->filter_args));
	for (int i = 0; i < 6; i++)
		k->args[i] = k->abi == EV_ABI_COMPAT32 ? (uint32_t)args[i] : args[i];
	k->newborn = k->exec_done = false;
	k->in_call = true;
	k->enter_ts = ts;
	plan = tracer__plan(t, k);
	/* the launcher's own calls up to its execve are not the command's */
	if (plan && plan->flags & ST_PLAN_EXEC) {
		k->scope = k->in_exec = true;
		k->proc->execs++;
	}
	k->wanted = k->scope && (plan ? plan->flags & ST_PLAN_INTEREST : t->opts.interest_beyond);
	if (k->wanted)
		call__enter(t, k);
	births__enter(t, k);
	watch__enter(t, k);
}

/* Did the sandbox's init refuse this exec? It notes whom it refused, since a filter that asks leaves no other mark. */
static bool refused_by_init(struct tracer *t, const struct task *k, int64_t ret)
{
	const struct st_plan *plan = tracer__plan(t, k);
	uint32_t *slot, who = k->ns_tid;

	if (ret != -EACCES || !t->opts.exec_refused || !plan || !(plan->flags & ST_PLAN_EXEC))
		return false;
	slot = &t->opts.exec_refused[who % t->opts.n_slots];
	return __atomic_compare_exchange_n(slot, &who, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* What a filter refused was not entered, as the BPF programs see it; ptrace stops before the filters are asked. */
static bool refused(struct tracer *t, const struct task *k, int64_t ret)
{
	uint32_t verdict;

	if (refused_by_init(t, k, ret))
		return true;
	/* a filter of the sandbox's refuses with an error; one of the command's own may do anything */
	if (!k->filters || (ret >= 0 && k->filters == t->sandbox_filters))
		return false;
	verdict = filters__run(k->filters, k->abi, k->nr, k->filter_args, k->ip);
	switch (verdict & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ERRNO:
		return -ret == (int64_t)MIN(verdict & SECCOMP_RET_DATA, 4095U);
	case SECCOMP_RET_TRACE: /* nobody it could ask: we do not answer for it */
		return ret == -ENOSYS;
	case SECCOMP_RET_USER_NOTIF: /* whoever was asked may have let it go on */
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_ALLOW:
		return false;
	default: /* a trap, or deadly, as any action is that the kernel does not know: it puts the number back where results are */
		return ret == k->raw_nr;
	}
}

static void leave_exec(struct task *k)
{
	if (!k->in_exec)
		return;
	k->in_exec = false;
	k->proc->execs--;
}

static void leave(struct tracer *t, struct task *k, uint64_t ts, int64_t ret)
{
	if (!k->in_call) { /* the tail of a birth, or of a call that was under way when we came */
		k->newborn = false;
		return;
	}
	k->in_call = false;
	leave_exec(k);
	ret = births__exit(k, ret);
	if (k->exec_done)
		k->exec_done = false;
	else if (k->wanted)
		call__exit(t, k, ts, ret, refused(t, k, ret) ? EV_F_NO_ENTER : 0);
	/* afterwards: the call that installs a filter is not judged by it */
	watch__exit(t, k, ret);
}

static void on_call(struct tracer *t, struct task *k, uint64_t ts)
{
	struct __ptrace_syscall_info si;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, k->tid, sizeof(si), &si) <= 0) {
		if (errno == EIO) /* before 5.3: nothing can be recorded, so nothing may run */
			_exit(EIO);
		return;
	}
	switch (si.op) {
	case PTRACE_SYSCALL_INFO_ENTRY:
		enter(t, k, ts, si.arch, si.instruction_pointer, si.entry.nr, si.entry.args);
		break;
	case PTRACE_SYSCALL_INFO_SECCOMP:
		/* somebody else's filter asks its tracer, and there is none: as without us */
		if ((si.seccomp.ret_data & SECCOMP_RET_DATA) != INTEREST_DATA)
			regs__refuse(k->tid, ENOSYS);
		else if (!k->in_call)
			enter(t, k, ts, si.arch, si.instruction_pointer, si.seccomp.nr, si.seccomp.args);
		break;
	case PTRACE_SYSCALL_INFO_EXIT:
		leave(t, k, ts, si.exit.rval);
		break;
	}
}

/* ---- processes ------------------------------------------------------------------------------------------------------ */

/* Whoever was our parent may be gone: then somebody else is. */
static void look_for_parent(struct tracer *t, struct process *p)
{
	if (p->ppid_traced && !tasks__find(t, (pid_t)p->ppid)) {
		p->ppid_traced = false;
		p->ppid_stale = true;
	}
}

/* The thread that led the process was ended by another's exec, which took over its id. Nothing else tells of its end. */
static void leader_replaced(struct tracer *t, struct task *leader, uint64_t ts)
{
	if (!leader->ending) {
		leader->proc->live--;
		process__exited(t, leader, ts, 0, false);
	}
	tasks__remove(t, leader);
}

static void on_exec(struct tracer *t, struct task **k, uint64_t ts)
{
	unsigned long old_tid = 0;
	struct task *caller;

	if (ptrace(PTRACE_GETEVENTMSG, (*k)->tid, 0, &old_tid))
		return;
	caller = (pid_t)old_tid != (*k)->tid ? tasks__find(t, (pid_t)old_tid) : NULL;
	if (caller && caller->proc == (*k)->proc) {
		pid_t tid = (*k)->tid;

		leader_replaced(t, *k, ts);
		tasks__rename(t, caller, tid);
		caller->ns_tid = caller->ns_pid;
		*k = caller;
	}
	(*k)->scope = true;
	look_for_parent(t, (*k)->proc);
	process__execed(t, *k, ts, (pid_t)old_tid);
}

static void on_signal(struct tracer *t, struct task *k, uint64_t ts, int sig)
{
	siginfo_t si;

	memset(&si, 0, sizeof(si));
	if (k->scope && !ptrace(PTRACE_GETSIGINFO, k->tid, 0, &si)) {
		look_for_parent(t, k->proc);
		si.si_signo = sig;
		process__signaled(t, k, ts, &si);
	}
}

/* The call it will never return from. A filter that kills leaves no entry, as the BPF programs see it. */
static void open_call(struct tracer *t, struct task *k, uint64_t ts, int status, bool readable)
{
	uint32_t verdict;
	uint16_t flags = 0;

	int64_t ret;

	if (!k->in_call || !k->wanted || k->exec_done)
		return;
	k->in_call = false;
	/* with a deadly signal on its way the stop at the call's exit is left out, but it did return */
	if (readable && regs__result(k->tid, k->abi == EV_ABI_COMPAT32, &ret)) {
		call__exit(t, k, ts, ret, refused(t, k, ret) ? EV_F_NO_ENTER : 0);
		return;
	}
	if ((status & 0x7f) == SIGSYS && k->filters) {
		verdict = filters__run(k->filters, k->abi, k->nr, k->filter_args, k->ip) & SECCOMP_RET_ACTION_FULL;
		if (verdict != SECCOMP_RET_ERRNO && verdict != SECCOMP_RET_ALLOW && verdict != SECCOMP_RET_TRACE &&
		    verdict != SECCOMP_RET_LOG && verdict != SECCOMP_RET_USER_NOTIF && verdict != SECCOMP_RET_TRAP) {
			flags = EV_F_NO_ENTER;
			k->enter_ts = ts;
		}
	}
	call__gone(t, k, ts, flags);
}

/* K will run no more code. The last of its process: its record waits for the status of the whole. */
static void ending(struct tracer *t, struct task *k, uint64_t ts, int status, bool readable)
{
	struct process *p = k->proc;

	k->ending = true;
	p->live--;
	leave_exec(k);
	if (!k->scope)
		return;
	open_call(t, k, ts, status, readable);
	if (p->live) {
		process__exited(t, k, ts, status, false);
		return;
	}
	free(p->last);
	p->last = malloc(sizeof(*p->last));
	if (p->last) {
		*p->last = *k;
		p->last->filters = p->last->wanted_filters = NULL;
		p->last->closing = NULL;
	}
}

static void on_exit_stop(struct tracer *t, struct task *k, uint64_t ts)
{
	unsigned long status = 0;

	if (k->ending || ptrace(PTRACE_GETEVENTMSG, k->tid, 0, &status))
		return;
	look_for_parent(t, k->proc);
	if (k->scope)
		process__ending(t, k);
	ending(t, k, ts, (int)status, true);
}

/* What wait told is final: the task is gone, and its id may be used again. */
static void gone(struct tracer *t, struct task *k, uint64_t ts, int status)
{
	struct process *p = k->proc;

	if (p && !k->ending)
		ending(t, k, ts, status, false);
	/* the leader's status comes when all threads are gone, and is that of the process */
	if (p && k->tid == p->tgid && p->last) {
		process__used(t, p->last);
		process__exited(t, p->last, ts, status, true);
	}
	tasks__remove(t, k);
}

/* ---- stops ------------------------------------------------------------------------------------------------------------ */

static bool is_stop_signal(int sig)
{
	return sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

/* It goes on, untraced, with the signal that it was about to get. */
static void let_go(struct tracer *t, struct task *k, int sig)
{
	births__restore(k);
	ptrace(PTRACE_DETACH, k->tid, 0, (long)sig);
	tasks__remove(t, k);
}

/* True: the task goes on by itself, or later. */
static bool on_event_stop(struct task *k, int sig)
{
	if (k->newborn)
		births__restore(k);
	if (!is_stop_signal(sig))
		return false;
	ptrace(PTRACE_LISTEN, k->tid, 0, 0L);
	return true;
}

static void stopped(struct tracer *t, struct task *k, uint64_t ts, int status)
{
	int sig = WSTOPSIG(status), deliver = 0;

	if (t->releasing || k->let_go) {
		let_go(t, k, status >> 16 || sig == (SIGTRAP | 0x80) ? 0 : sig);
		return;
	}
	switch (status >> 16) {
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		births__event(t, k, ts);
		break;
	case PTRACE_EVENT_EXEC:
		on_exec(t, &k, ts);
		break;
	case PTRACE_EVENT_EXIT:
		on_exit_stop(t, k, ts);
		break;
	case PTRACE_EVENT_SECCOMP:
		on_call(t, k, ts);
		break;
	case PTRACE_EVENT_STOP:
		if (on_event_stop(k, sig))
			return;
		break;
	case 0:
		if (sig == (SIGTRAP | 0x80)) {
			on_call(t, k, ts);
		} else {
			deliver = sig;
			on_signal(t, k, ts, sig);
		}
		break;
	}
	tracer__resume(t, k, deliver);
}

/* ---- begin and end ---------------------------------------------------------------------------------------------------- */

static void kill_one(struct tracer *t, struct task *k, void *ctx)
{
	(void)t;
	(void)ctx;
	/* it was not waited for, so the id is still its own */
	kill(k->proc ? k->proc->tgid : k->tid, SIGKILL);
}

void tracer__waited(struct tracer *t, struct task *k, uint64_t ts, int status)
{
	if (k->state == TASK_UNBORN && !t->releasing)
		births__hold(t, k, status);
	else if (WIFSTOPPED(status))
		stopped(t, k, ts, status);
	else
		gone(t, k, ts, status);
}

static void on_wake_up(int sig)
{
	(void)sig; /* interrupts the wait */
}

static void become_tracer(const struct tracer *t)
{
	struct sigaction wake_up = { .sa_handler = on_wake_up };
	sigset_t all;

	/* with us ends every task; with sandtrace end we */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != t->opts.parent) /* it went before we asked for that */
		_exit(ECHILD);
	/* a command of the same user is not to look into us, let alone write */
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NAME, "sandtrace-trace");
	setsid();
	sigaction(SIGUSR1, &wake_up, NULL);
	sigaction(SIGALRM, &wake_up, NULL);
	sigfillset(&all);
	sigdelset(&all, SIGUSR1);
	sigdelset(&all, SIGALRM);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

/* What sandtrace asks for between two stops. */
static void on_requests(struct tracer *t)
{
	if (__atomic_load_n(&t->shared->kill, __ATOMIC_RELAXED) == 1) {
		__atomic_store_n(&t->shared->kill, 2, __ATOMIC_RELAXED);
		tasks__each(t, kill_one, NULL);
	}
	if (__atomic_load_n(&t->shared->release, __ATOMIC_RELAXED) && !t->releasing)
		attach__release(t);
}

#define HELD_LOOK_NS 50000000ULL

/* A timer interrupts the wait as long as somebody is held: nothing else may happen that would. */
static void look_after_held(struct tracer *t)
{
	struct itimerval once = { .it_value.tv_usec = HELD_LOOK_NS / 1000 };
	uint64_t now;

	if (!t->held)
		return;
	now = tracer__now();
	if (now - t->held_looked < HELD_LOOK_NS)
		return;
	t->held_looked = now;
	births__adopt(t);
	setitimer(ITIMER_REAL, &once, NULL);
}

/* The next task that has something to tell; negative: none, or interrupted. */
static pid_t wait_for_any(struct tracer *t, int *ret_status)
{
	look_after_held(t);
	/* usage takes the kernel a while to add up, so it is asked for only when somebody's is due */
	return wait4(-1, ret_status, __WALL, t->awaited ? &t->usage : NULL);
}

static int trace(struct tracer *t)
{
	int status;

	for (;;) {
		pid_t tid = wait_for_any(t, &status);
		uint64_t ts = tracer__now();
		struct task *k;

		if (tid < 0 && errno == ECHILD) {
			emit__wake(t); /* the last record is there */
			return 0;
		}
		on_requests(t);
		if (tid < 0)
			continue;
		k = tasks__find(t, tid);
		if (!k)
			k = tasks__add(t, tid);
		if (!k)
			return ENOMEM; /* ends us, and so everything that we trace */
		tracer__waited(t, k, ts, status);
	}
}

int tracer__run(struct tracer *t, int ready_fd)
{
	char byte = 's';
	int err;

	become_tracer(t);
	t->tasks = tasks__new();
	t->rec = calloc(1, sizeof(*t->rec));
	if (t->rec)
		t->rec->buf = malloc(EV_RECORD_MAX + 64);
	births__init();
	watch__init();
	err = t->tasks && t->rec && t->rec->buf ? (t->opts.running ? attach__running(t) : attach__waiting(t)) : ENOMEM;
	t->shared->err = err;
	if (write(ready_fd, &byte, 1) != 1 || err)
		return err ? err : EPIPE;
	close(ready_fd);
	return trace(t);
}
