/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Marks from birth: who is in scope before it exists.
 *
 *   task_alloc   a fork, a thread, a worker of io_uring or of vhost is about to be made by a task in scope
 *
 * Why this hook and not sched_process_fork: it can still refuse. With a policy in force nobody runs without its mark: where
 * the kernel has no memory for that, it has none for the child (ENOMEM). And kernel threads that work in a task's name, such
 * as io_uring's, do not pass sched_process_fork at all; they would be in nobody's scope. Since 5.7, storage of the new task
 * in it since 5.11. Context: the parent, in the middle of copying itself: the child has its flags, but still the parent's
 * numbers and leader, so whether it is a thread is said by the flags of the call. It may sleep, the program does not.
 *
 * The fork may fail later: the mark goes with the task, and the number that it was given is never seen. The birth is recorded
 * by sched_process_fork as ever, which marks as well where there are no LSM hooks. Missed: the birth of a worker.
 */
#include "guard.bpf.h"

#define CLONE_THREAD 0x00010000
/* What has no way back to user space: io_uring's, since 6.4 vhost's too. */
#define PF_IO_WORKER 0x10
#define PF_USER_WORKER 0x4000
#define ENOMEM 12

/* -ENOMEM in 64 bits, as the verifier wants to see it since 6.8. */
static __always_inline int birth__refuse(void)
{
	long ret;

	asm volatile("%0 = %1" : "=r"(ret) : "i"(-ENOMEM));
	return ret;
}

SEC("?lsm/task_alloc")
int BPF_PROG(birth_mark, struct task_struct *task, __u64 clone_flags)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf()), *child;
	bool thread = clone_flags & CLONE_THREAD, worker = task->flags & (PF_IO_WORKER | PF_USER_WORKER);
	const struct guard_policy *p;
	bool enforced;
	__u32 gen = 0;

	if (!st || (!st_cfg.follow_forks && !thread))
		return 0;
	child = bpf_task_storage_get(&st_tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (child) {
		task__mark(child, st, thread, worker ? 0 : NEWBORN_FLAG);
		return 0;
	}
	p = guard__policy(&gen);
	enforced = p && p->mode == GUARD_ENFORCE;
	/* else it is tried, and counted, once more when it is born */
	if (enforced || worker) {
		counters__seen(EV_CLASS_PROCESS);
		counters__lost(EV_CLASS_PROCESS);
	}
	return enforced ? birth__refuse() : 0;
}

char LICENSE[] SEC("license") = "GPL";
