/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of flows. What moves a flow on runs in softirq too, in whatever task that interrupted, so who it belongs to is
 * written into the socket's own storage where the current task is known to be the one, and read from there.
 */
#ifndef SANDTRACE_FLOW_BPF_H
#define SANDTRACE_FLOW_BPF_H

#include "task.bpf.h"
#include <bpf/bpf_endian.h>

#define AF_INET 2
#define AF_INET6 10
#define PF_IO_WORKER 0x10 /* linux/sched.h */

/* As it is on the wire: IPv4 in an IPv6 socket is IPv4. */
struct flow_address {
	union {
		__u8 ip[16]; /* IPv4: the first four */
		__u32 w[4];
	};
	__be16 port;
	__u16 family; /* 0: none */
};

struct flow_owner {
	__u64 exec_id;
	__u64 pid_tgid;
	__u64 socket; /* inode; 0: not known yet */
	struct ev_task task;
};

/* What is told of it beside who and where. */
struct flow_facts {
	__u32 op; /* enum ev_flow_op */
	__u32 family, type, protocol;
	__u32 incoming;
	__u32 retransmits;
	__s32 error;
	__u32 pad;
	__u64 bytes_out, bytes_in;
	__u64 packets_out, packets_in;
	__u64 began;
	struct flow_address remote, local;
};

struct flow_part {
	struct ev_part p;
	union {
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		__u64 room[4];
	};
};

struct rec_flow {
	struct ev_header h;
	struct ev_flow e;
	struct flow_part remote, local;
};

static __always_inline void flow__fill_address(struct flow_part *part, __u8 id, const struct flow_address *a)
{
	__u32 n = a->family == AF_INET ? sizeof(part->v4) : sizeof(part->v6);

	__builtin_memset(part->room, 0, sizeof(part->room));
	part->v4.sin_family = a->family;
	part->v4.sin_port = a->port; /* at the same place in both */
	if (a->family == AF_INET)
		part->v4.sin_addr.s_addr = a->w[0];
	else
		__builtin_memcpy(&part->v6.sin6_addr, a->ip, sizeof(a->ip));
	part__fill(&part->p, id, EV_PT_SOCKADDR, n, n, EV_PART_OK);
}

static __always_inline void flow__fill(struct rec_flow *r, __u64 ts, const struct flow_owner *o, const struct flow_facts *f)
{
	struct st_task st = { .exec_id = o->exec_id };

	header__fill(&r->h, ts, &st, o->pid_tgid, EV_FLOW, 0);
	r->e.task = o->task;
	r->e.act = (struct ev_act){ .op = f->op };
	r->e.socket = o->socket;
	r->e.family = f->family;
	r->e.type = f->type;
	r->e.protocol = f->protocol;
	r->e.incoming = f->incoming;
	r->e.bytes_out = f->bytes_out;
	r->e.bytes_in = f->bytes_in;
	r->e.packets_out = f->packets_out;
	r->e.packets_in = f->packets_in;
	r->e.duration = ts - f->began;
	r->e.error = f->error;
	r->e.retransmits = f->retransmits;
	flow__fill_address(&r->remote, EV_FLOW_REMOTE, &f->remote);
	flow__fill_address(&r->local, EV_FLOW_LOCAL, &f->local);
	r->h.parts = __builtin_offsetof(struct rec_flow, remote);
	r->remote.p.next = __builtin_offsetof(struct rec_flow, local);
}

__weak __noinline int flow__emit(struct flow_owner *o, struct flow_facts *f)
{
	__u64 ts = bpf_ktime_get_ns(); /* before reserving: what the reader's order rests on */
	struct rec_flow *r;
	void *ring;

	if (!o || !f || !(st_cfg.events & ST_EVENTS_FLOW))
		return 0;
	counters__seen(EV_CLASS_NETWORK);
	ring = emit__bulk_ring(o->pid_tgid >> 32);
	r = ring ? bpf_ringbuf_reserve(ring, sizeof(*r), 0) : NULL;
	if (!r) {
		counters__lost(EV_CLASS_NETWORK);
		return 0;
	}
	flow__fill(r, ts, o, f);
	emit__submit_packet(ring, r, EV_CLASS_NETWORK);
	return 0;
}

/* No memory for the storage of a socket. */
static __always_inline void flow__missed(void)
{
	counters__seen(EV_CLASS_NETWORK);
	counters__lost(EV_CLASS_NETWORK);
}

static __always_inline bool flow__ending(void)
{
	return *(volatile __u32 *)&st_shared.flows_end;
}

/* The current task, if it is in scope. A thread of io_uring's, which no fork was seen of, stands for its process. */
static __always_inline struct st_task *flow__current(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct st_task *st = scope__current(task);
	__u32 flags = 0;

	if (st)
		return st;
	KGET(flags, task, flags);
	st = flags & PF_IO_WORKER ? bpf_task_storage_get(&st_tasks, task->group_leader, 0, 0) : NULL;
	return st && st->flags & ST_TASK_SCOPE ? st : NULL;
}

/* 0: it has none, or none any more. */
static __always_inline __u64 flow__inode(struct sock *sk)
{
	struct socket *sock = NULL;
	struct inode *inode;
	__u64 ino = 0;

	KGET(sock, sk, sk_socket);
	inode = (void *)sock + bpf_core_field_offset(struct socket_alloc, vfs_inode);
	if (sock)
		KGET(ino, inode, i_ino);
	return ino;
}

/* TASK need not be the current one. */
static __always_inline void flow__own(struct flow_owner *o, struct task_struct *task, const struct st_task *st, struct sock *sk)
{
	__u32 tgid = 0, tid = 0;

	KGET(tgid, task, tgid);
	KGET(tid, task, pid);
	task__read_other(&o->task, task, st);
	o->exec_id = st->exec_id;
	o->pid_tgid = (__u64)tgid << 32 | tid;
	o->socket = flow__inode(sk);
}

#endif
