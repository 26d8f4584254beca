/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every record goes through: which ring, counting, submitting or discarding, waking the reader, and what happens
 * when a ring is full. Space is reserved where a record's layout is known. A record is built in reserved ring space, never in per-CPU scratch: since PREEMPT_LAZY (6.13) programs
 * can be preempted and scratch would be shared with the task that preempts.
 */
#ifndef SANDTRACE_EMIT_BPF_H
#define SANDTRACE_EMIT_BPF_H

#include "maps.bpf.h"

/* Counters are per CPU, yet atomic, for the same reason. */
static __always_inline struct st_counters *counters__get(__u32 class)
{
	return bpf_map_lookup_elem(&st_counters, &class);
}

static __always_inline void counters__seen(__u32 class)
{
	struct st_counters *c = counters__get(class);

	if (c)
		__sync_fetch_and_add(&c->seen, 1);
}

static __always_inline void counters__lost(__u32 class)
{
	struct st_counters *c = counters__get(class);

	if (c)
		__sync_fetch_and_add(&c->lost, 1);
}

/* The bulk ring of a process: order holds within it, and many cores do not queue for one lock. */
static __always_inline void *emit__bulk_ring(__u32 tgid)
{
	__u32 i = (tgid ^ tgid >> 7) & st_cfg.shard_mask & (ST_MAX_SHARDS - 1);

	if (!st_cfg.shard_mask)
		return &st_bulk;
	return bpf_map_lookup_elem(&st_shards, &i);
}

/*
 * Waking the reader costs more than all the rest of a record (an irq_work and an IPI, 0.5 to 4 us), so it is done
 * only when the reader sleeps and the ring holds enough to be worth it; that is looked at once in 64 records. The
 * reader's own timer covers what stays below the mark.
 */
#define WAKE_CHECK_MASK 63
#define LARGE_RECORD 1024

/*
 * The brake of the lossless mode. The reader freezes the command at three quarters of a ring, but the freezer takes
 * 2 to 5 ms to take hold, and on a busy machine the reader has to get a CPU first. Until then whoever fills the ring
 * spins here, longer the fuller it is: the rate falls to what the rest of the ring can hold. It costs nothing below
 * the mark. Spinning is bounded, and the task can be preempted as soon as it leaves the program.
 */
#define BRAKE_TURN_NS 20000ULL	   /* at the mark; doubled for each further eighth of the rest: up to 1.3 ms */
#define BRAKE_MAX_TURNS (1 << 16)

static long brake__turn(__u32 i, __u64 *until)
{
	return bpf_ktime_get_ns() >= *until;
}

__weak __noinline int brake__spin(__u64 used, __u64 mark)
{
	__u64 step = mark / 3 / 8, over = used - mark, until;
	__u32 shift = step ? over / step : 0;

	until = bpf_ktime_get_ns() + (BRAKE_TURN_NS << (shift > 6 ? 6 : shift));
	bpf_loop(BRAKE_MAX_TURNS, brake__turn, &until, 0);
	return 0;
}

/* Moves a task's own counts to the CPU's. */
static __always_inline void counters__flush(struct st_task *st)
{
	struct st_counters *c = counters__get(EV_CLASS_SYSCALL);

	if (!c)
		return;
	__sync_fetch_and_add(&c->seen, st->seen);
	__sync_fetch_and_add(&c->emitted, st->emitted);
	st->seen = st->emitted = 0;
}

/* CHECK: look at the ring's fill, which costs a helper call. */
static __always_inline void emit__submit_checked(void *ring, void *rec, __u32 class, bool check)
{
	__u64 mark = class == EV_CLASS_SYSCALL ? st_cfg.brake_bulk : st_cfg.brake_urgent;
	__u64 wake = class == EV_CLASS_SYSCALL ? st_cfg.wake_bulk : st_cfg.wake_urgent;
	bool pressure = mark && *(volatile __u32 *)&st_shared.pressure, brake = false;
	__u64 used = 0, flags = BPF_RB_NO_WAKEUP;

	if (check || pressure) {
		used = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA);
		if (!*(volatile __u32 *)&st_shared.reader_awake && used > wake)
			flags = BPF_RB_FORCE_WAKEUP;
		brake = mark && used > mark;
		if (brake)
			st_shared.pressure = 1; /* the reader takes it back, when all rings are half empty */
	}
	bpf_ringbuf_submit(rec, flags);
	if (brake)
		brake__spin(used, mark);
}

/* A record of class process: few, so counted at once. */
static __always_inline void emit__submit_process(void *rec)
{
	struct st_counters *c = counters__get(EV_CLASS_PROCESS);

	if (c)
		__sync_fetch_and_add(&c->emitted, 1);
	emit__submit_checked(&st_urgent, rec, EV_CLASS_PROCESS, true);
}

/*
 * The ring of a record of the security profile: what was refused must not wait behind what was not. But anybody can be refused as much
 * as he likes, and must not take the room of processes: half of that ring is theirs, and what finds the other half full goes
 * with all the rest. Not where the brake holds up who fills a ring: it knows the urgent ones by their class.
 */
static __always_inline void *emit__ring_of(bool urgent, __u32 tgid)
{
	if (urgent && (st_cfg.brake_urgent || bpf_ringbuf_query(&st_urgent, BPF_RB_AVAIL_DATA) <
						      bpf_ringbuf_query(&st_urgent, BPF_RB_RING_SIZE) / 2))
		return &st_urgent;
	return emit__bulk_ring(tgid);
}

static __always_inline void emit__submit_act(void *ring, void *rec, __u32 class, bool urgent)
{
	struct st_counters *c = counters__get(class);

	if (c)
		__sync_fetch_and_add(&c->emitted, 1);
	emit__submit_checked(ring, rec, urgent ? EV_CLASS_PROCESS : EV_CLASS_SYSCALL, true);
}

/*
 * A bulk record from the way of a packet. It is never slowed down, since that would hold up whatever runs on this CPU: who
 * fills the ring by other records is, and who is frozen sends no more packets.
 */
static __always_inline void emit__submit_packet(void *ring, void *rec, __u32 class)
{
	__u64 used = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA), flags = BPF_RB_NO_WAKEUP;
	struct st_counters *c = counters__get(class);

	if (c)
		__sync_fetch_and_add(&c->emitted, 1);
	if (!*(volatile __u32 *)&st_shared.reader_awake && used > st_cfg.wake_bulk)
		flags = BPF_RB_FORCE_WAKEUP;
	if (st_cfg.brake_bulk && used > st_cfg.brake_bulk)
		st_shared.pressure = 1;
	bpf_ringbuf_submit(rec, flags);
}

/*
 * A record of a call. Counted in the task's storage, which is at hand, and to which only its own programs write: an
 * atomic add to a per-CPU counter would cost 6 ns each.
 */
static __always_inline void emit__submit_syscall(void *ring, void *rec, __u64 size, struct st_task *st)
{
	bool check = !(++st->emitted & WAKE_CHECK_MASK);

	if (check)
		counters__flush(st);
	/* 63 large records of a few tasks would fill a ring unseen */
	emit__submit_checked(ring, rec, EV_CLASS_SYSCALL, check || size > LARGE_RECORD);
}

static __always_inline void emit__discard(void *rec)
{
	bpf_ringbuf_discard(rec, BPF_RB_NO_WAKEUP);
}

static __always_inline __u64 exec_id__next(void)
{
	return __sync_fetch_and_add(&st_shared.next_exec_id, 1);
}

/* Header of a record about a task; tgid and tid in the initial pid namespace. */
static __always_inline void header__fill(struct ev_header *h, __u64 ts, const struct st_task *st, __u64 pid_tgid,
					 __u16 kind, __u16 flags)
{
	h->ts = ts;
	h->exec_id = st->exec_id;
	h->tgid = pid_tgid >> 32;
	h->tid = (__u32)pid_tgid;
	h->kind = kind;
	h->flags = flags;
	h->parts = 0;
	h->reserved = 0;
}

/* Completes a part whose bytes (N of them; negative: could not be read) were written behind it. */
static __always_inline void part__fill(struct ev_part *p, __u8 id, __u32 type, long n, __u32 true_len, __u8 state)
{
	p->next = 0;
	p->id = id;
	p->type = type;
	p->state = n < 0 ? EV_PART_FAULT : state;
	p->len = n < 0 ? 0 : n;
	p->true_len = n < 0 ? 0 : true_len;
}

#endif
