/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much is recorded of what is seen: what --events leaves out is not seen at all, and of the rest each control group may make
 * so many records a second of a class, and as many again at once. Verdicts come before, and what is refused is recorded in
 * any case; so are processes, credentials and what changes the system, for which there is no limit.
 *
 * A limit is one number: the time until which the group has used up what it may. It is moved on by compare and swap; who finds it
 * moved by others four times in a row is let through. A group that the table has no room for is not limited.
 * seen == emitted + lost + suppressed.
 */
#ifndef SANDTRACE_RATE_BPF_H
#define SANDTRACE_RATE_BPF_H

#include "emit.bpf.h"
#include "task.bpf.h"

#define RATE_GROUPS 2048
#define RATE_BURST_NS 1000000000ULL
#define RATE_CALM_NS 1000000000ULL  /* without any held back: it is over */
#define RATE_IDLE_NS 10000000000ULL /* without a record: the row is taken out */

struct rate_key {
	__u64 cgroup_id;
	__u32 class;
	__u32 pad;
};

struct rate_row {
	__u64 until;
	__u64 suppressed;
	__u64 since, last; /* that one was held back */
	__u32 limited;	   /* EV_RATE_BEGIN is sent, EV_RATE_END is not */
	__u32 pad;
	/* whom both are about */
	__u64 exec_id, pid_tgid;
	struct ev_task task;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, RATE_GROUPS);
	__type(key, struct rate_key);
	__type(value, struct rate_row);
} st_rates __weak SEC(".maps");

struct rec_rate {
	struct ev_header h;
	struct ev_rate e;
};

/* -1: no room in the ring. */
static __always_inline int rate__emit(const struct rate_row *row, __u32 class, __u32 op, __u64 suppressed)
{
	__u64 ts = bpf_ktime_get_ns(), since = row->since; /* before reserving: what the reader's order rests on */
	struct st_task st = { .exec_id = row->exec_id };
	struct rec_rate *r = bpf_ringbuf_reserve(&st_urgent, sizeof(*r), 0);

	if (!r)
		return -1;
	header__fill(&r->h, ts, &st, row->pid_tgid, EV_RATE, 0);
	r->e.task = row->task;
	r->e.act = (struct ev_act){ .op = op };
	r->e.class = class;
	r->e.pad = 0;
	r->e.suppressed = suppressed;
	r->e.since_ago = since && since < ts ? ts - since : 0;
	counters__seen(EV_CLASS_KERNEL);
	emit__submit_act(&st_urgent, r, EV_CLASS_KERNEL, true);
	return 0;
}

/* Not limited before, since NOW. */
static __always_inline void rate__begin(struct rate_row *row, struct st_task *st, __u32 class, __u64 now)
{
	row->since = now;
	row->exec_id = st->exec_id;
	row->pid_tgid = bpf_get_current_pid_tgid();
	task__fill(&row->task, bpf_get_current_task_btf(), st);
	if (rate__emit(row, class, EV_RATE_BEGIN, 0)) {
		counters__seen(EV_CLASS_KERNEL);
		counters__lost(EV_CLASS_KERNEL);
	}
}

/* Is there room for one more in ROW? Then it is taken. */
static __always_inline bool rate__pass(struct rate_row *row, __u64 step, __u64 now)
{
	for (int i = 0; i < 4; i++) {
		__u64 until = *(volatile __u64 *)&row->until, from = until > now ? until : now;

		if (from - now > RATE_BURST_NS)
			return false;
		if (__sync_val_compare_and_swap(&row->until, until, from + step) == until)
			break;
	}
	return true;
}

/* For who can wait: 1, one more record of CLASS; 0: not now, and none is held back. */
__weak __noinline int rate__has_room(__u32 class)
{
	struct rate_key key = { .cgroup_id = bpf_get_current_cgroup_id(), .class = class };
	__u64 step = class < EV_CLASS_MAX ? st_cfg.rate_ns[class] : 0;
	struct rate_row *row = step ? bpf_map_lookup_elem(&st_rates, &key) : NULL;

	return !row || rate__pass(row, step, bpf_ktime_get_ns());
}

/* 1: one more record of CLASS. */
__weak __noinline int rate__admits(struct st_task *st, __u32 class)
{
	struct rate_key key = { .cgroup_id = bpf_get_current_cgroup_id(), .class = class };
	__u64 step = class < EV_CLASS_MAX ? st_cfg.rate_ns[class] : 0, now = bpf_ktime_get_ns();
	struct st_counters *c;
	struct rate_row *row;

	if (!st || !step)
		return 1;
	row = bpf_map_lookup_elem(&st_rates, &key);
	if (!row) {
		struct rate_row none = {};

		bpf_map_update_elem(&st_rates, &key, &none, BPF_NOEXIST);
		row = bpf_map_lookup_elem(&st_rates, &key);
	}
	if (!row || rate__pass(row, step, now))
		return 1;
	row->last = now;
	__sync_fetch_and_add(&row->suppressed, 1);
	c = counters__get(class);
	if (c)
		__sync_fetch_and_add(&c->suppressed, 1);
	if (!__sync_lock_test_and_set(&row->limited, 1))
		rate__begin(row, st, class, now);
	return 0;
}

/*
 * Is a record of CLASS to be made, of those that EVENTS (a bit ST_EVENTS_*) stands for? Counted as seen then; what comes of it is the
 * caller's to count. URGENT: in any case.
 */
static __always_inline bool volume__admits(struct st_task *st, __u32 class, __u32 events, bool urgent)
{
	if (!urgent && !(st_cfg.events & events))
		return false;
	counters__seen(class);
	return urgent || class > EV_CLASS_NETWORK || rate__admits(st, class);
}

#endif
