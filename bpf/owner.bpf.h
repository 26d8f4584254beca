/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose a socket is, for programs that see packets: those run in softirq too, in whatever task that interrupted. So who uses a
 * socket is kept in its own storage, written where the current task is known to be the one that uses it:
 *
 *   TCP   inet_sock_set_state to SYN_SENT: in connect(2), or the send that connects (fast open)
 *   UDP   egress: udp_sendmsg passes the hook before it returns. Not so for what nfqueue hands back, which is put down to its
 *	   daemon if that is in scope, else to who sent last
 *
 * A socket without an owner is out of scope, and has cost one look-up. Missed: TCP that was connected before.
 */
#ifndef SANDTRACE_OWNER_BPF_H
#define SANDTRACE_OWNER_BPF_H

#include "task.bpf.h"

struct sock_owner {
	__u64 exec_id;
	__u64 inode;	/* of the socket, as in /proc/PID/fd; 0: it has none */
	__u32 tgid, tid;
	struct ev_task task;
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct sock_owner);
} st_owners __weak SEC(".maps");

extern int LINUX_KERNEL_VERSION __kconfig;
#define KERNEL_VERSION_OF(a, b) ((a) << 16 | (b) << 8)

#define STORAGES_MAX 16 /* of one task: more than any machine has maps of this type in use */

/*
 * The task's storage, read without the helper, which programs of sockets and packets may call since 6.16 (ee971630f20f). It is
 * not freed under us: they run under RCU. FIXME: drop when baseline is 6.16.
 */
static __always_inline bool owner__read_storage(struct task_struct *task, struct st_task *ret)
{
	__u64 wanted = number_of(&st_tasks);
	struct bpf_local_storage *storage = NULL;
	struct hlist_node *node = NULL;

	KGET(storage, task, bpf_storage);
	if (!storage)
		return false;
	KGET(node, storage, list.first);
	for (int i = 0; i < STORAGES_MAX && node; i++) {
		struct bpf_local_storage_elem *elem =
			(void *)node - bpf_core_field_offset(struct bpf_local_storage_elem, snode);
		struct bpf_local_storage_map *of = NULL;

		KGET(of, elem, sdata.smap);
		if ((__u64)of == wanted)
			return !bpf_probe_read_kernel(ret, sizeof(*ret), (void *)elem +
				bpf_core_field_offset(struct bpf_local_storage_elem, sdata) +
				bpf_core_field_offset(struct bpf_local_storage_data, data));
		KGET(node, node, next);
	}
	return false;
}

#define PF_IO_WORKER 0x10 /* linux/sched.h */

/* Of the current task. A thread of io_uring's, which no fork was seen of, stands for its process. */
static __always_inline void owner__storage(struct task_struct *task, struct st_task *ret)
{
	struct task_struct *leader = NULL;
	struct st_task *st;
	__u32 flags = 0;

	KGET(flags, task, flags);
	if (LINUX_KERNEL_VERSION < KERNEL_VERSION_OF(6, 16)) {
		KGET(leader, task, group_leader);
		if (!owner__read_storage(task, ret) && flags & PF_IO_WORKER)
			owner__read_storage(leader, ret);
		return;
	}
	st = task__state(task);
	if (!st && flags & PF_IO_WORKER)
		st = task__state(task->group_leader);
	if (st)
		*ret = *st;
}

/* 0: cannot be told. */
static __always_inline __u64 owner__cgroup(struct task_struct *task, struct cgroup **ret)
{
	struct css_set *set = NULL;
	struct kernfs_node *kn = NULL;
	__u64 id = 0;

	*ret = NULL;
	KGET(set, task, cgroups);
	KGET(*ret, set, dfl_cgrp);
	KGET(kn, *ret, kn);
	KGET(id, kn, id);
	return id;
}

/* The scope is a cgroup, and the task is in it; it was not marked yet, as it has done nothing that a hook sees. */
static __always_inline bool owner__in_scope_cgroup(struct cgroup *cgroup)
{
	struct cgroup *above = NULL;
	struct kernfs_node *kn = NULL;
	int level = 0;
	__u64 id = 0;

	if (!st_cfg.scope_cgroup || !bpf_core_field_exists(cgroup->ancestors)) /* 6.1 */
		return false;
	KGET(level, cgroup, level);
	if (level < (int)st_cfg.scope_level)
		return false;
	bpf_probe_read_kernel(&above, sizeof(above), &cgroup->ancestors[st_cfg.scope_level]);
	KGET(kn, above, kn);
	KGET(id, kn, id);
	return id == st_cfg.scope_cgroup;
}

static __always_inline void owner__fill(struct sock_owner *o, struct task_struct *task, const struct st_task *st, __u64 cgroup)
{
	KGET(o->tgid, task, tgid);
	KGET(o->tid, task, pid);
	task__read(&o->task, task, st);
	KGET(o->task.comm, task, comm);
	o->task.cgroup_id = cgroup;
	o->exec_id = st->exec_id;
}

/* Is the current task in scope, and who is it? Its exec_id is 0 if nobody has marked it yet. */
static __always_inline bool owner__current(struct sock_owner *ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct cgroup *cgroup = NULL;
	struct st_task st = {};
	__u64 id;
	__u32 tgid = 0;

	owner__storage(task, &st);
	id = owner__cgroup(task, &cgroup);
	KGET(tgid, task, tgid);
	if (tgid == st_cfg.own_tgid || st.flags & ST_TASK_GONE)
		return false;
	if (!(st.flags & ST_TASK_SCOPE) && !owner__in_scope_cgroup(cgroup))
		return false;
	owner__fill(ret, task, &st, id);
	return true;
}

static __always_inline __u64 owner__inode(struct sock *sk)
{
	struct socket *sock = NULL;
	__u64 inode = 0;

	KGET(sock, sk, sk_socket);
	if (sock)
		bpf_probe_read_kernel(&inode, sizeof(inode), &((struct socket_alloc *)sock)->vfs_inode.i_ino);
	return inode;
}

static __always_inline void owner__fill_header(struct ev_header *h, __u64 ts, const struct sock_owner *o, __u16 kind)
{
	h->ts = ts;
	h->exec_id = o->exec_id;
	h->tgid = o->tgid;
	h->tid = o->tid;
	h->kind = kind;
	h->flags = h->parts = h->reserved = 0;
}

#endif
