/* SPDX-License-Identifier: Apache-2.0 */
/* The first tasks: a command that waits to be let go, or a process that runs already; and letting all of them go again. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>

#include "base/util.h"
#include "births.h"
#include "proc.h"

/* A process that makes threads faster than we find them is given up after so many looks at the list. */
#define LOOKS_MAX 1000

long tracer__options(const struct tracer *t)
{
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_TRACECLONE;

	if (t->opts.follow_forks)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;
	if (t->opts.by_filter)
		options |= PTRACE_O_TRACESECCOMP;
	/* what was not started by us is not ended by us */
	return t->opts.running ? options : options | PTRACE_O_EXITKILL;
}

static struct task *first_task(struct tracer *t)
{
	struct task *k = tasks__add(t, t->opts.command);
	struct process *p = process__new(t->opts.command);

	if (!k || !p)
		return NULL;
	process__join(p, k);
	k->state = TASK_RUNNING;
	p->exec_id = 1;
	p->ppid_stale = true;
	p->waits = t->opts.running; /* nobody knows what it did before */
	t->next_exec_id = 2;
	return k;
}

int attach__waiting(struct tracer *t)
{
	struct task *k = first_task(t);

	if (!k)
		return ENOMEM;
	if (t->opts.n_filter) {
		t->sandbox_filters = filters__push(NULL, t->opts.filter, t->opts.n_filter);
		if (!t->sandbox_filters) /* its refusals would not be known for what they are */
			return errno;
	}
	k->filters = filters__ref(t->sandbox_filters);
	if (ptrace(PTRACE_SEIZE, k->tid, 0, tracer__options(t)))
		return errno;
	/* it waits at the barrier and must stop once, to be told to stop at each call from now on */
	if (!t->opts.by_filter && ptrace(PTRACE_INTERRUPT, k->tid, 0, 0L))
		return errno;
	return 0;
}

/* ---- a process that runs ------------------------------------------------------------------------------------------- */

static int seize_thread(struct tracer *t, struct task *k)
{
	struct proc_status st;

	if (ptrace(PTRACE_SEIZE, k->tid, 0, tracer__options(t)) || ptrace(PTRACE_INTERRUPT, k->tid, 0, 0L))
		return errno;
	k->scope = true;
	if (proc__status(k->tid, &st)) {
		k->ns_pid = st.ns_pid;
		k->ns_tid = st.ns_tid;
	}
	return 0;
}

/* One look at the list of threads: how many new ones were seized, or -errno. */
static int seize_new_threads(struct tracer *t, struct process *p)
{
	char path[64];
	struct dirent *e;
	DIR *dir;
	int n = 0, err = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", p->tgid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (!err && (e = readdir(dir))) {
		pid_t tid = (pid_t)atoi(e->d_name);
		struct task *k;

		if (tid <= 0 || tasks__find(t, tid))
			continue;
		k = tasks__add(t, tid);
		if (!k) {
			err = ENOMEM;
			break;
		}
		process__join(p, k);
		k->state = TASK_RUNNING;
		err = seize_thread(t, k);
		if (!err) {
			n++;
			continue;
		}
		tasks__remove(t, k);
		p->live--;
		/* gone meanwhile; or a child of one that is ours by now, which the kernel has attached already */
		if (err == ESRCH || err == EPERM)
			err = 0;
	}
	closedir(dir);
	return err ? -err : n;
}

int attach__running(struct tracer *t)
{
	struct task *k = first_task(t);
	int n, err = k ? seize_thread(t, k) : ENOMEM;

	if (err)
		return err;
	k->proc->cgroup_id = proc__cgroup(k->tid);
	for (int look = 0; look < LOOKS_MAX; look++) {
		n = seize_new_threads(t, k->proc);
		if (n <= 0)
			return -n;
	}
	return EAGAIN;
}

static void release_one(struct tracer *t, struct task *k, void *ctx)
{
	(void)ctx;
	if (k->held) { /* it is stopped, and nobody will tell us so again */
		ptrace(PTRACE_DETACH, k->tid, 0, 0L);
		tasks__remove(t, k);
		return;
	}
	ptrace(PTRACE_INTERRUPT, k->tid, 0, 0L);
}

void attach__release(struct tracer *t)
{
	t->releasing = true;
	tasks__each(t, release_one, NULL);
}
