/* SPDX-License-Identifier: Apache-2.0 */
/* Records of what changes the system: EV_KERNEL. Who is recorded is the caller, or, where a hook knows better, A->who. */
#ifndef SANDTRACE_KERNEL_BPF_H
#define SANDTRACE_KERNEL_BPF_H

#include "guard.bpf.h"
#include "rate.bpf.h"

/* What is about to be done, and to whom. */
struct kernel_act {
	struct ev_act act;
	__u64 arg;
	__u64 target;	   /* struct task_struct; 0: none */
	__u64 dentry, mnt; /* 0: no path */
	__u64 type, text;  /* strings in the kernel, told in one: "TYPE TEXT"; 0: none */
	__u64 who;	   /* struct task_struct that it happens to; 0: the caller */
};

#define KERNEL_TYPE 64
#define KERNEL_TEXT 256

struct kernel_text {
	struct ev_part p;
	char data[KERNEL_TYPE + KERNEL_TEXT];
};
#define KERNEL_LAYOUT(name, pathtype)                                                              \
	struct name {                                                                              \
		struct ev_header h;                                                                \
		struct ev_kernel e;                                                                \
		struct pathtype path;                                                              \
		struct kernel_text text;                                                           \
	}
KERNEL_LAYOUT(rec_kernel_small, path_small);
KERNEL_LAYOUT(rec_kernel_large, path_large);

struct rec_kernel {
	struct ev_header h;
	struct ev_kernel e;
};

/* All but signals, of which anybody can send many. */
#define KERNEL_URGENT(a) ((a)->act.verdict != EV_ALLOWED || (a)->act.op != EV_KERNEL_SIGNAL)

/* What stands at the path, so that it can be told from what is there later. */
static __always_inline void kernel__fill_file(struct ev_kernel *e, const struct kernel_act *a)
{
	struct dentry *dentry = (void *)a->dentry;
	struct super_block *sb = NULL;
	struct inode *inode = NULL;
	__u32 dev = 0;

	e->inode = 0;
	if (dentry) {
		KGET(inode, dentry, d_inode);
		KGET(e->inode, inode, i_ino);
		KGET(sb, dentry, d_sb);
		KGET(dev, sb, s_dev);
	}
	e->dev_major = dev >> 20;
	e->dev_minor = dev & 0xfffff;
}

static __always_inline void kernel__fill(struct ev_header *h, struct ev_kernel *e, __u64 ts, const struct st_task *st,
					 const struct kernel_act *a)
{
	struct task_struct *target = (void *)a->target, *who = (void *)a->who;

	if (who) {
		task__fill_other(h, &e->task, who, st);
		h->ts = ts;
		h->kind = EV_KERNEL;
	} else {
		header__fill(h, ts, st, bpf_get_current_pid_tgid(), EV_KERNEL, 0);
		task__fill(&e->task, bpf_get_current_task_btf(), st);
	}
	e->act = a->act;
	e->arg = a->arg;
	e->target_pid = 0;
	e->pad = 0;
	__builtin_memset(e->target_comm, 0, sizeof(e->target_comm));
	kernel__fill_file(e, a);
	if (!target)
		return;
	KGET(e->target_pid, target, tgid);
	KGET(e->target_comm, target, comm);
}

static __always_inline void kernel__fill_text(struct kernel_text *t, const struct kernel_act *a)
{
	__u32 off = 0;
	long n = 0;

	if (a->type) {
		n = bpf_probe_read_kernel_str(t->data, KERNEL_TYPE, (void *)a->type);
		off = n > 0 ? n - 1 : 0;
	}
	if (a->text) {
		off &= KERNEL_TYPE - 1;
		if (off)
			t->data[off++] = ' ';
		n = bpf_probe_read_kernel_str(t->data + off, KERNEL_TEXT, (void *)a->text);
		if (n > 0)
			off += n - 1;
	}
	part__fill(&t->p, EV_KERNEL_TEXT, EV_PT_STR, n < 0 ? n : off, n == KERNEL_TEXT ? 0 : off,
		   n == KERNEL_TEXT ? EV_PART_TRUNCATED : EV_PART_OK);
}

/* The parts that there are. */
#define KERNEL_FILL_PARTS(r, a, path_fn)                                                           \
	do {                                                                                       \
		__u16 *_link = &(r)->h.parts;                                                      \
		(r)->path.p.state = EV_PART_OK;                                                    \
		if ((a)->dentry) {                                                                 \
			path_fn(&(r)->path, EV_KERNEL_PATH, (a)->dentry, (a)->mnt);                \
			*_link = __builtin_offsetof(__typeof__(*(r)), path);                       \
			_link = &(r)->path.p.next;                                                 \
		}                                                                                  \
		if ((a)->type || (a)->text) {                                                      \
			kernel__fill_text(&(r)->text, a);                                          \
			*_link = __builtin_offsetof(__typeof__(*(r)), text);                       \
		}                                                                                  \
	} while (0)

/* -1: no room in the ring. */
__weak __noinline int kernel__emit_plain(struct st_task *st, struct kernel_act *a)
{
	__u64 ts = bpf_ktime_get_ns(); /* before reserving: what the reader's order rests on */
	struct rec_kernel *r;
	void *ring;

	if (!st || !a)
		return -1;
	ring = emit__ring_of(KERNEL_URGENT(a), bpf_get_current_pid_tgid() >> 32);
	r = ring ? bpf_ringbuf_reserve(ring, sizeof(*r), 0) : NULL;
	if (!r)
		return -1;
	kernel__fill(&r->h, &r->e, ts, st, a);
	emit__submit_act(ring, r, EV_CLASS_KERNEL, KERNEL_URGENT(a));
	return 0;
}

/* 1: the path did not fit. */
#define KERNEL_EMIT(name, rec, path_fn, retry)                                                     \
	__weak __noinline int name(struct st_task *st, struct kernel_act *a)                       \
	{                                                                                          \
		__u64 ts = bpf_ktime_get_ns();                                                     \
		struct rec *r;                                                                     \
											   \
		if (!st || !a)                                                                     \
			return -1;                                                                 \
		r = bpf_ringbuf_reserve(&st_urgent, sizeof(*r), 0);                                \
		if (!r)                                                                            \
			return -1;                                                                 \
		kernel__fill(&r->h, &r->e, ts, st, a);                                             \
		KERNEL_FILL_PARTS(r, a, path_fn);                                                  \
		if (retry && r->path.p.state == EV_PART_TRUNCATED) {                               \
			emit__discard(r);                                                          \
			return 1;                                                                  \
		}                                                                                  \
		emit__submit_act(&st_urgent, r, EV_CLASS_KERNEL, true);                            \
		return 0;                                                                          \
	}
KERNEL_EMIT(kernel__emit_small, rec_kernel_small, path__name_small, true)
KERNEL_EMIT(kernel__emit_large, rec_kernel_large, path__name_large, false)

static __always_inline void kernel__emit(struct st_task *st, struct kernel_act *a)
{
	int err;

	if (!volume__admits(st, EV_CLASS_KERNEL, ST_EVENTS_KERNEL, a->act.verdict != EV_ALLOWED))
		return;
	if (!a->dentry && !a->type && !a->text) {
		err = kernel__emit_plain(st, a);
	} else {
		err = kernel__emit_small(st, a);
		if (err > 0)
			err = kernel__emit_large(st, a);
	}
	if (err < 0)
		counters__lost(EV_CLASS_KERNEL);
}

static __always_inline void kernel__set_path(struct kernel_act *a, const struct path *path)
{
	KGET(a->dentry, path, dentry);
	KGET(a->mnt, path, mnt);
}

/* Who enforces the policy: who is held to it must not end it, switch it or reach into it. */
static __always_inline bool kernel__is_recorder(struct task_struct *target)
{
	__u32 tgid = 0;

	if (!target || !st_cfg.own_tgid)
		return false;
	KGET(tgid, target, tgid);
	return tgid == st_cfg.own_tgid;
}

/* Judges, and records whatever came of it. ST: the current task, in scope. */
static __always_inline int kernel__act(struct st_task *st, struct kernel_act *a, enum guard_op op)
{
	int verdict = op == GUARD_OP_NONE ? 0 : guard__op(MARK(st), &a->act, op);

	if (!verdict && kernel__is_recorder((void *)a->target))
		verdict = guard__self(&a->act);

	kernel__emit(st, a);
	return guard__return(verdict);
}

#endif
