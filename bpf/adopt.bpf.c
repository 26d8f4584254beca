/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs already: put in scope by whoever reads this iterator.
 *
 *   adopt_tasks   iter/task   a process, its threads and what it started; or a control group; and counts who is in scope
 *   flush_tasks   iter/task   when no program is attached any more: what tasks that live on have counted for themselves
 *
 * Why an iterator: a pidfd names a process, but task storage is one thread's (PIDFD_THREAD came with 6.9), and /proc is not
 * read and written in one step. Since 5.8, task storage in it since 5.13. Context: the reader; it does not sleep.
 *
 * Missed: a descendant whose parent ended before it was found, for it is another's child by then.
 */
#include "emit.bpf.h"
#include "task.bpf.h"

#define PF_EXITING 0x4 /* linux/sched.h */

/* Too much for a program's stack; one reader at a time goes through the tasks. */
static struct st_mark adopt_new;

/* NULL: it is about to end. A process has one exec_id, its leader's, which may have ended before its threads. */
static __always_inline struct st_task *adopt__put(struct task_struct *task, const struct st_task *leader, __u64 parent)
{
	adopt_new.task.exec_id = leader ? leader->exec_id : exec_id__next();
	adopt_new.task.parent_exec_id = leader ? leader->parent_exec_id : parent;
	adopt_new.task.flags = task->flags & PF_EXITING ? ST_TASK_GONE : ST_TASK_SCOPE | ST_TASK_NEWBORN;
	adopt_new.task.exe = task__exe(task);
	/* whole from the first look that its own programs have at it */
	return bpf_task_storage_get(&st_tasks, task, &adopt_new, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

/* The number of TASK's process in the pid namespace of whoever reads the iterator. */
static __always_inline __u32 adopt__pid(struct task_struct *task)
{
	struct pid *reader = NULL, *pid = NULL;
	struct signal_struct *signal = NULL;
	struct upid upid = {};
	__u32 level = 0;

	KGET(reader, bpf_get_current_task_btf(), thread_pid);
	KGET(level, reader, level);
	KGET(signal, task, signal);
	KGET(pid, signal, pids[PIDTYPE_TGID]);
	if (!pid || level > 32)
		return 0;
	bpf_probe_read_kernel(&upid, sizeof(upid), (void *)pid + bpf_core_field_offset(struct pid, numbers) + level * sizeof(upid));
	return upid.nr;
}

/* Of every cgroup the ids of those above it: their addresses since 6.1. */
struct cgroup___ids {
	__u64 ancestor_ids[1];
} __attribute__((preserve_access_index));
struct cgroup___pointers {
	struct cgroup *ancestors[1];
} __attribute__((preserve_access_index));

#define CGROUP_DEPTH_MAX 64

/* Is it in the cgroup, or below? What bpf_get_current_ancestor_cgroup_id says, of another than the current task. */
static __always_inline bool adopt__is_member(struct task_struct *task)
{
	__u32 at = st_cfg.scope_level;
	struct css_set *set = NULL;
	struct cgroup *cgroup = NULL, *ancestor = NULL;
	struct kernfs_node *node = NULL;
	__u64 id = 0;
	int level = 0;

	KGET(set, task, cgroups);
	KGET(cgroup, set, dfl_cgrp);
	KGET(level, cgroup, level);
	if (!cgroup || at >= CGROUP_DEPTH_MAX || level < (int)at)
		return false;
	if (bpf_core_field_exists(struct cgroup___pointers, ancestors)) {
		bpf_probe_read_kernel(&ancestor, sizeof(ancestor),
				      (void *)cgroup + bpf_core_field_offset(struct cgroup___pointers, ancestors) + at * sizeof(ancestor));
		KGET(node, ancestor, kn);
		KGET(id, node, id);
	} else {
		bpf_probe_read_kernel(&id, sizeof(id),
				      (void *)cgroup + bpf_core_field_offset(struct cgroup___ids, ancestor_ids) + at * sizeof(id));
	}
	return id == st_cfg.scope_cgroup;
}

static __always_inline bool in_scope(const struct st_task *st)
{
	return st && st->flags & ST_TASK_SCOPE;
}

SEC("?iter/task")
int adopt_tasks(struct bpf_iter__task *ctx)
{
	struct st_task *st, *leader, *parent;
	struct task_struct *task = ctx->task;

	if (!task || task->flags & PF_EXITING)
		return 0;
	st = task__state(task);
	if (in_scope(st)) {
		st_shared.in_scope++;
		return 0;
	}
	if ((!st_shared.adopt_tgid && !st_shared.adopt_group) || st || (__u32)task->tgid == st_cfg.own_tgid)
		return 0;
	leader = bpf_task_storage_get(&st_tasks, task->group_leader, 0, 0);
	parent = bpf_task_storage_get(&st_tasks, task->real_parent, 0, 0);
	if (st_shared.adopt_group ? !adopt__is_member(task) :
				    !in_scope(leader) && !(st_cfg.follow_forks && in_scope(parent)) && adopt__pid(task) != st_shared.adopt_tgid)
		return 0;
	if (!leader)
		leader = adopt__put(task->group_leader, NULL, in_scope(parent) ? parent->exec_id : 0);
	st = leader && task->pid != task->tgid ? adopt__put(task, leader, 0) : leader;
	if (!st) {
		counters__seen(EV_CLASS_PROCESS);
		counters__lost(EV_CLASS_PROCESS);
	} else {
		st_shared.adopted++;
	}
	return 0;
}

SEC("?iter/task")
int flush_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct st_task *st;

	if (!task) /* the last call, after all tasks */
		return 0;
	st = task__state(task);
	if (st)
		counters__flush(st);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
