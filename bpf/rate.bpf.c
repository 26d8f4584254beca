/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of what rate.bpf.h began: tells of groups whose records are no longer held back, and forgets those that are silent.
 *
 *   flush_rates   called once a second, and at the end, by the reader; not attached to anything. Programs of this type: since
 *		   5.14, and bpf_for_each_map_elem since 5.13
 *
 * Why not from the hooks: who has stopped passes none of them any more.
 */
#include "rate.bpf.h"

struct rate_flush {
	__u64 now;
	__u32 final;
	__u32 pad;
};

static long rate__look(struct bpf_map *map, struct rate_key *key, struct rate_row *row, struct rate_flush *f)
{
	__u64 n;

	if (!row->limited) {
		if (row->until + RATE_IDLE_NS < f->now && !row->suppressed)
			bpf_map_delete_elem(map, key);
		return 0;
	}
	if (!f->final && f->now - row->last < RATE_CALM_NS)
		return 0;
	/* from here on the next one that is held back begins anew; what it counts before we look is in this end */
	__sync_lock_test_and_set(&row->limited, 0);
	n = __sync_lock_test_and_set(&row->suppressed, 0);
	if (!rate__emit(row, key->class, EV_RATE_END, n))
		return 0;
	/* no room: the next round will do, if there is one */
	__sync_fetch_and_add(&row->suppressed, n);
	row->limited = 1;
	if (f->final) {
		counters__seen(EV_CLASS_KERNEL);
		counters__lost(EV_CLASS_KERNEL);
	}
	return 0;
}

SEC("?syscall")
int flush_rates(struct st_flush *ctx)
{
	struct rate_flush f = { .now = bpf_ktime_get_ns(), .final = ctx->final };

	bpf_for_each_map_elem(&st_rates, rate__look, &f, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
