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

/* A child whose parent cannot tell of it any more is given to somebody after this long. */
#define HELD_MAX_NS 200000000ULL

bool births__plain(const struct tracer *t, const struct task *parent)
{
	return !t->opts.by_filter && parent->in_call && parent->birth_known && !parent->proc->other_pid_ns &&
	       !(parent->birth_flags & (CLONE_NEWPID | CLONE_PARENT));
}

/* ---- who belongs to whom ---------------------------------------------------------------------------------------------- */

/* Of a call that was not stopped at nothing is known: then the kernel is asked. */
static bool is_thread_of(const struct task *child, const struct task *parent)
{
	char path[64];

	if (parent->in_call && parent->birth_known)
		return parent->birth_flags & CLONE_THREAD;
	snprintf(path, sizeof(path), "/proc/%d/task/%d", parent->proc->tgid, child->tid);
	return !access(path, F_OK);
}

static bool inherit(struct tracer *t, struct task *parent, struct task *child)
{
	struct process *p = parent->proc;

	if (is_thread_of(child, parent)) {
		p->threaded = true;
	} else {
		p->waits = true;
		p = process__new(child->tid);
		if (!p)
			return false;
		p->exec_id = t->next_exec_id++;
		p->parent_exec_id = parent->proc->exec_id;
		p->cgroup_id = parent->proc->cgroup_id;
		p->ppid = (uint32_t)parent->proc->tgid;
		p->ppid_traced = true;
		p->other_pid_ns = parent->proc->other_pid_ns;
		/* processes of their own with the same table of handlers */
		if (!parent->in_call || !parent->birth_known || parent->birth_flags & CLONE_SIGHAND) {
			p->signals_shared = parent->proc->signals_shared = true;
			parent->proc->signals_known = false;
		}
	}
	process__join(p, child);
	child->state = TASK_RUNNING;
	child->scope = parent->scope;
	child->newborn = true;
	child->filters = filters__ref(parent->filters);
	child->own_filter = parent->own_filter;
	/* its registers are a copy of its parent's, who may have been made to call something else */
	child->call_changed = parent->in_call && parent->call_changed;
	child->abi = parent->abi;
	child->nr = parent->nr;
	child->raw_nr = parent->raw_nr;
	memcpy(child->filter_args, parent->filter_args, sizeof(child->filter_args));
	return true;
}

/* It has a process now: whatever it stopped for is dealt with. */
static void let_run(struct tracer *t, struct task *k)
{
	if (!k->held)
		return;
	k->held = false;
	t->held--;
	tracer__waited(t, k, tracer__now(), k->held_status);
}

static void born(struct tracer *t, struct task *parent, struct task *child, uint64_t ts)
{
	if (!t->opts.follow_forks && !is_thread_of(child, parent)) {
		child->let_go = true;
		child->state = TASK_RUNNING;
		parent->proc->waits = true;
		let_run(t, child);
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

void births__hold(struct tracer *t, struct task *k, int status)
{
	char path[64], text[1024];
	pid_t tgid;

	k->held_status = status;
	if (k->held)
		return;
	k->held = true;
	k->held_since = tracer__now();
	t->held++;
	snprintf(path, sizeof(path), "/proc/%d/status", k->tid);
	if (read_file_str(path, text, sizeof(text)) < 0)
		return;
	/* the name stands before them and cannot hold a newline that is not escaped */
	tgid = status_number(text, "\nTgid:");
	k->held_parent = tgid != k->tid ? tgid : status_number(text, "\nPPid:");
}

/* Who may be its parent: of the process that it names, or else anybody who is there. */
struct search {
	pid_t tgid;
	struct task *named, *any;
};

static void search_one(struct tracer *t, struct task *k, void *ctx)
{
	struct search *s = ctx;

	(void)t;
	if (k->state != TASK_RUNNING || k->let_go || !k->proc)
		return;
	s->any = k;
	if (k->proc->tgid == s->tgid)
		s->named = k;
}

/* Nobody is left whose child it could be: it is recorded all the same, without a record of its birth. */
static void alone(struct tracer *t, struct task *k)
{
	struct process *p = process__new(k->tid);

	if (!p) {
		kill(k->tid, SIGKILL);
		return;
	}
	p->exec_id = t->next_exec_id++;
	p->ppid_stale = p->waits = true;
	process__join(p, k);
	k->state = TASK_RUNNING;
	k->scope = k->newborn = k->own_filter = true;
	k->filters = filters__ref(t->sandbox_filters);
	let_run(t, k);
}

static void adopt_one(struct tracer *t, struct task *k, void *ctx)
{
	const uint64_t *now = ctx;
	struct search s = { .tgid = k->held_parent };

	if (!k->held || k->state != TASK_UNBORN || *now - k->held_since < HELD_MAX_NS)
		return;
	tasks__each(t, search_one, &s);
	if (s.named || s.any)
		born(t, s.named ? s.named : s.any, k, *now);
	else
		alone(t, k);
}

void births__adopt(struct tracer *t)
{
	uint64_t now = tracer__now();

	if (t->held)
		tasks__each(t, adopt_one, &now);
}
