/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a task is confined by, and changes: namespaces, its control group, and the properties that prctl sets.
 *
 *   switch_task_namespaces	fentry	 unshare and setns, when nothing can fail any more; an exec that enters a time namespace
 *   sched_process_fork		tp_btf	 clone: the child's namespaces are compared with its parent's
 *   cgroup_attach_task		tp_btf	 moved, whoever wrote the number into whichever file
 *   task_prctl			lsm	 about to be set; what the capability module refuses before is not seen
 *
 * Why these: setns and clone have no LSM hook, and the calls' own arguments say what was asked for, not what changed. User
 * namespaces are credentials (bpf/cred.bpf.c) except those that clone makes, which are told here. Since 5.5, arm64 6.0 for
 * fentry; cgroup_attach_task since 4.17 with its path, for hierarchies of v1 too. Context: the caller; for
 * cgroup_attach_task with a spin lock held. None sleeps. Recorded, not judged: a verdict would come too late, and prctl's
 * may only say whether the option is known.
 *
 * Missed: a task that is born in another control group (CLONE_INTO_CGROUP), which its records say themselves. prctl: PR_SET_NAME,
 * PR_SET_PDEATHSIG and PR_SET_VMA, which libraries call all the time and which confine nothing; what only asks; times and
 * scheduling.
 */
#include "kernel.bpf.h"

#define CLONE_NEWTIME 0x00000080
#define CLONE_NEWNS 0x00020000
#define CLONE_NEWCGROUP 0x02000000
#define CLONE_NEWUTS 0x04000000
#define CLONE_NEWIPC 0x08000000
#define CLONE_NEWUSER 0x10000000
#define CLONE_NEWPID 0x20000000
#define CLONE_NEWNET 0x40000000

/* By itself, or each would take its own part of the stack. */
static __noinline bool namespace__differ(__u64 at, __u64 other)
{
	__u64 a = 0, b = 0;

	bpf_probe_read_kernel(&a, sizeof(a), (void *)at);
	bpf_probe_read_kernel(&b, sizeof(b), (void *)other);
	return a != b;
}

/* FLAG if the two have another MEMBER. */
#define DIFFERS(a, b, member, flag) (namespace__differ((__u64)&(a)->member, (__u64)&(b)->member) ? (flag) : 0)

static __always_inline __u64 namespace__changes(const struct nsproxy *a, const struct nsproxy *b)
{
	return DIFFERS(a, b, uts_ns, CLONE_NEWUTS) | DIFFERS(a, b, ipc_ns, CLONE_NEWIPC) | DIFFERS(a, b, mnt_ns, CLONE_NEWNS) |
	       DIFFERS(a, b, pid_ns_for_children, CLONE_NEWPID) | DIFFERS(a, b, net_ns, CLONE_NEWNET) |
	       DIFFERS(a, b, time_ns, CLONE_NEWTIME) | DIFFERS(a, b, time_ns_for_children, CLONE_NEWTIME) |
	       DIFFERS(a, b, cgroup_ns, CLONE_NEWCGROUP);
}

/* NEW is NULL when the task ends. Of itself: there is no way to switch another's. */
SEC("?fentry/switch_task_namespaces")
int BPF_PROG(namespace_switch, struct task_struct *task, struct nsproxy *new)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct kernel_act a = { .act = { .op = EV_KERNEL_NAMESPACE } };
	struct nsproxy *old = NULL;

	if (!st || !new)
		return 0;
	KGET(old, task, nsproxy);
	a.arg = old ? namespace__changes(old, new) : 0;
	if (a.arg)
		kernel__emit(st, &a);
	return 0;
}

/* target: the child, which is in them; the parent is not. */
SEC("?tp_btf/sched_process_fork")
int BPF_PROG(namespace_clone, struct task_struct *parent, struct task_struct *child)
{
	struct st_task *st = scope__current(parent);
	struct kernel_act a = { .act = { .op = EV_KERNEL_NAMESPACE }, .target = (__u64)child };
	const struct cred *of_parent = NULL, *of_child = NULL;
	struct nsproxy *old = NULL, *new = NULL;

	if (!st || !st_cfg.follow_forks)
		return 0;
	KGET(old, parent, nsproxy);
	KGET(new, child, nsproxy);
	KGET(of_parent, parent, cred);
	KGET(of_child, child, cred);
	if (old != new)
		a.arg = namespace__changes(old, new);
	if (of_parent != of_child)
		a.arg |= DIFFERS(of_parent, of_child, user_ns, CLONE_NEWUSER);
	if (a.arg)
		kernel__emit(st, &a);
	return 0;
}

/*
 * By a task in scope, or of one: what is moved by others is recorded too, as done to it. PATH is as of the root of the
 * hierarchy. Of a process its leader is the one that is told.
 */
SEC("?tp_btf/cgroup_attach_task")
int BPF_PROG(cgroup_moved, struct cgroup *to, const char *path, struct task_struct *task)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct kernel_act a = { .act = { .op = EV_KERNEL_CGROUP }, .target = (__u64)task, .text = (__u64)path };

	if (!st) {
		st = task__state(task);
		if (!st || !(st->flags & ST_TASK_SCOPE))
			return 0;
		a.who = (__u64)task;
	}
	kernel__emit(st, &a);
	return 0;
}

#define PR_SET_DUMPABLE 4
#define PR_SET_KEEPCAPS 8
#define PR_SET_SECCOMP 22
#define PR_CAPBSET_DROP 24
#define PR_SET_SECUREBITS 28
#define PR_SET_MM 35
#define PR_SET_CHILD_SUBREAPER 36
#define PR_SET_NO_NEW_PRIVS 38
#define PR_CAP_AMBIENT 47
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SET_PTRACER 0x59616d61

/* Who may look into it or trace it, what it may and may not be made to do any more, and what it pretends to be. */
static __always_inline bool prctl__matters(int option)
{
	switch (option) {
	case PR_SET_DUMPABLE:
	case PR_SET_KEEPCAPS:
	case PR_SET_SECCOMP:
	case PR_CAPBSET_DROP:
	case PR_SET_SECUREBITS:
	case PR_SET_MM:
	case PR_SET_CHILD_SUBREAPER:
	case PR_SET_NO_NEW_PRIVS:
	case PR_CAP_AMBIENT:
	case PR_SET_SYSCALL_USER_DISPATCH:
	case PR_SET_PTRACER:
		return true;
	}
	return false;
}

/* Those whose first argument says what the second is about. */
static __always_inline bool prctl__has_two(int option)
{
	return option == PR_SET_MM || option == PR_CAP_AMBIENT;
}

/* 0 leaves it to the kernel, whose own answer of this hook is "not mine". */
SEC("?lsm/task_prctl")
int BPF_PROG(kernel_prctl, int option, unsigned long arg2, unsigned long arg3)
{
	struct kernel_act a = { .act = { .op = EV_KERNEL_PRCTL }, .arg = (__u32)option };
	char text[48] = {};
	struct st_task *st;

	if (!prctl__matters(option))
		return 0;
	st = scope__current(bpf_get_current_task_btf());
	if (!st)
		return 0;
	if (prctl__has_two(option))
		BPF_SNPRINTF(text, sizeof(text), "%llu %llu", (__u64)arg2, (__u64)arg3);
	else
		BPF_SNPRINTF(text, sizeof(text), "%llu", (__u64)arg2);
	a.text = (__u64)text;
	kernel__emit(st, &a);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
