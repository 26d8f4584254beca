/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floors of the benchmark: what any tracer on the generic syscall path must pay, so that a figure of ours can be
 * read against what is possible here. Loaded by floor.c; no part of sandtrace.
 *
 *   empty_enter, empty_exit   two programs that return at once: the price of being called
 *   record_exit               one 64-byte ring record per call, at exit only, without a wake-up
 *   scope_fork                descendants of the command are in scope
 *
 * Raw tracepoints, no vmlinux.h: raw arguments only, and the two members of task_struct that are needed.
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "floor.h"

#define __core __attribute__((preserve_access_index))

struct task_struct {
	int tgid;
} __core;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20); /* 1 ms of the fastest caller fills 0.3 MiB */
} floor_ring SEC(".maps");

/*
 * One byte per tgid: the cheapest exact scope test there is, no lookup and no helper. Not a way to write an agent:
 * a byte is never cleared, so a reused number would be in scope too.
 */
__u8 scope[FLOOR_PID_MAX];
__u64 lost;

char LICENSE[] SEC("license") = "GPL";

SEC("raw_tp/sys_enter")
int empty_enter(void *ctx)
{
	return 0;
}

SEC("raw_tp/sys_exit")
int empty_exit(void *ctx)
{
	return 0;
}

SEC("raw_tp/sched_process_fork")
int scope_fork(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *parent = (void *)ctx->args[0], *child = (void *)ctx->args[1];
	__u32 from = BPF_CORE_READ(parent, tgid), to = BPF_CORE_READ(child, tgid);

	if (scope[from & (FLOOR_PID_MAX - 1)])
		scope[to & (FLOOR_PID_MAX - 1)] = 1;
	return 0;
}

SEC("raw_tp/sys_exit")
int record_exit(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct floor_record *r;

	if (!scope[(id >> 32) & (FLOOR_PID_MAX - 1)])
		return 0;
	r = bpf_ringbuf_reserve(&floor_ring, sizeof(*r), 0);
	if (!r) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	r->ts = bpf_ktime_get_ns();
	r->pid_tgid = id;
	r->ret = ctx->args[1];
	r->regs = ctx->args[0];
	r->fill[0] = 0;
	r->fill[1] = 0;
	r->fill[2] = 0;
	r->fill[3] = 0;
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}
