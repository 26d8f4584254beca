/* SPDX-License-Identifier: Apache-2.0 */
/* Per-task state and the facts about a task that process records carry. */
#ifndef SANDTRACE_TASK_BPF_H
#define SANDTRACE_TASK_BPF_H

#include "compat.bpf.h"
#include "emit.bpf.h"

/* What a task's storage holds, from its first member. */
#define MARK(st) ((struct st_mark *)(st))

/* NULL: nobody ever marked it. */
static __always_inline struct st_task *task__state(struct task_struct *task)
{
	return bpf_task_storage_get(&st_tasks, task, 0, 0);
}

/* A child of one in scope: a thread runs its process's image; a process is a new one. */
static __always_inline void task__mark(struct st_task *st, const struct st_task *parent, bool thread, __u16 flags)
{
	st->exec_id = thread ? parent->exec_id : exec_id__next();
	st->parent_exec_id = thread ? parent->parent_exec_id : parent->exec_id;
	st->exe = parent->exe;
	st->flags = ST_TASK_SCOPE | flags;
}

/*
 * The program of a task that was there before; it may have been changed since it was executed. A function: its variables would
 * be on the stack of each program.
 */
static __noinline __u64 task__exe(struct task_struct *task)
{
	struct mm_struct *mm = NULL;
	struct file *file = NULL;
	struct inode *inode = NULL;

	KGET(mm, task, mm);
	KGET(file, mm, exe_file);
	KGET(inode, file, f_inode);
	return (__u64)inode;
}

/* A task in the cgroup that nobody marked: it was there before, or has just been moved in. A process has one exec_id. */
static __always_inline struct st_task *scope__adopt(struct task_struct *task, struct st_task *st)
{
	struct st_task *leader;

	if ((st && st->flags & ST_TASK_GONE) || (__u32)task->tgid == st_cfg.own_tgid ||
	    bpf_get_current_ancestor_cgroup_id(st_cfg.scope_level) != st_cfg.scope_cgroup)
		return NULL;
	st = bpf_task_storage_get(&st_tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	leader = bpf_task_storage_get(&st_tasks, task->group_leader, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!st || !leader) {
		counters__seen(EV_CLASS_PROCESS);
		counters__lost(EV_CLASS_PROCESS);
		return NULL;
	}
	if (!leader->exec_id)
		__sync_val_compare_and_swap(&leader->exec_id, 0, exec_id__next());
	st->exec_id = leader->exec_id;
	if (!st->exe)
		st->exe = task__exe(task);
	st->flags |= ST_TASK_SCOPE | ST_TASK_NEWBORN; /* in the middle of a call, perhaps: its end is not one without an enter */
	return st;
}

/* First branch of every program. Once in scope a task stays so, wherever it moves. NULL: not in scope. */
static __always_inline struct st_task *scope__current(struct task_struct *task)
{
	struct st_task *st = task__state(task);

	if (st && st->flags & ST_TASK_SCOPE)
		return st;
	return st_cfg.scope_cgroup ? scope__adopt(task, st) : NULL;
}

/* What the task calls itself: its number in its innermost pid namespace. 0: could not be read. */
static __always_inline __u32 pid__innermost(struct pid *pid)
{
	struct upid upid = {};
	__u32 level = 0;

	if (!pid || bpf_probe_read_kernel(&level, sizeof(level), &pid->level) || level > 32)
		return 0;
	if (bpf_probe_read_kernel(&upid, sizeof(upid), (void *)pid + bpf_core_field_offset(struct pid, numbers) + level * sizeof(upid)))
		return 0;
	return upid.nr;
}

static __always_inline void task__ns_pids(struct task_struct *task, __u32 *ns_pid, __u32 *ns_tid)
{
	struct pid *pid = NULL, *tgid = NULL;
	struct signal_struct *signal = NULL;

	*ns_pid = *ns_tid = 0;
	bpf_probe_read_kernel(&pid, sizeof(pid), &task->thread_pid);
	*ns_tid = pid__innermost(pid);
	bpf_probe_read_kernel(&signal, sizeof(signal), &task->signal);
	if (signal)
		bpf_probe_read_kernel(&tgid, sizeof(tgid), &signal->pids[PIDTYPE_TGID]);
	*ns_pid = pid__innermost(tgid);
}

/* What is read from TASK itself; comm and cgroup_id are the caller's. */
static __always_inline void task__read(struct ev_task *t, struct task_struct *task, const struct st_task *st)
{
	struct task_struct *parent = NULL;
	const struct cred *cred = NULL;

	KGET(parent, task, real_parent);
	KGET(cred, task, cred);
	KGET(t->ppid, parent, tgid);
	KGET(t->uid, cred, uid.val);
	KGET(t->euid, cred, euid.val);
	KGET(t->gid, cred, gid.val);
	KGET(t->egid, cred, egid.val);
	t->parent_exec_id = st->parent_exec_id;
	task__ns_pids(task, &t->ns_pid, &t->ns_tid);
	t->pad = 0;
}

/* TASK is current, or the child in sched_process_fork (then cgroup and comm are those it inherits). */
static __always_inline void task__fill(struct ev_task *t, struct task_struct *task, const struct st_task *st)
{
	task__read(t, task, st);
	t->cgroup_id = bpf_get_current_cgroup_id();
	bpf_get_current_comm(t->comm, sizeof(t->comm));
}

/* Of any task, and without the helpers that say "current", which not every kind of program has. */
static __always_inline void task__read_other(struct ev_task *t, struct task_struct *task, const struct st_task *st)
{
	struct css_set *css = NULL;
	struct cgroup *cgroup = NULL;
	struct kernfs_node *kn = NULL;

	task__read(t, task, st);
	KGET(css, task, cgroups);
	KGET(cgroup, css, dfl_cgrp);
	KGET(kn, cgroup, kn);
	KGET(t->cgroup_id, kn, id);
	KGET(t->comm, task, comm);
}

/* The same, and the header's numbers. */
static __always_inline void task__fill_other(struct ev_header *h, struct ev_task *t, struct task_struct *task,
					     const struct st_task *st)
{
	__u32 tgid = 0, tid = 0;

	KGET(tgid, task, tgid);
	KGET(tid, task, pid);
	header__fill(h, 0, st, (__u64)tgid << 32 | tid, 0, 0);
	task__read_other(t, task, st);
}

#endif
