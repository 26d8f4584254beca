/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every map, and the configuration. All __weak: each domain object carries a copy and bpftool's linker merges
 * them. Names are at most 15 characters (BPF_OBJ_NAME_LEN).
 */
#ifndef SANDTRACE_MAPS_BPF_H
#define SANDTRACE_MAPS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "config.h"
#include "events.h"

/* Set once before load; the verifier removes the branches that a run does not use. */
const volatile struct st_config st_cfg __weak = {};
/* Padded to four ABIs: an index of 12 bits is always inside, which old verifiers can see. */
#define ST_PLANS (4 * ST_NR_SYSCALLS)
const volatile struct st_plan st_plans[ST_PLANS] __weak = {};

/* NULL: beyond the table. */
static __always_inline const volatile struct st_plan *plan__get(__u32 abi, __u64 nr)
{
	__u64 i = abi * ST_NR_SYSCALLS + nr;

	if (abi >= EV_ABI_MAX || nr >= ST_NR_SYSCALLS)
		return NULL;
	asm volatile("%0 &= %1" : "+r"(i) : "i"(ST_PLANS - 1));
	return &st_plans[i];
}

/* Shared with the reader, which maps it. */
struct st_shared st_shared __weak = {};

/*
 * Two rings, so that bulk can never push out urgent. Sizes are set before load; the placeholder is a multiple of
 * 64 KiB, so that it is valid on machines with 64K pages.
 */
struct st_ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
};
struct st_ring st_bulk __weak SEC(".maps");
struct st_ring st_urgent __weak SEC(".maps");

/*
 * Further bulk rings on machines with many CPUs, by tgid. Not used with one: filling a map of maps waits for an RCU
 * grace period per slot, 6 ms each.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, ST_MAX_SHARDS);
	__type(key, __u32);
	__array(values, struct st_ring);
} st_shards __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct st_mark);
} st_tasks __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, EV_CLASS_MAX);
	__type(key, __u32);
	__type(value, struct st_counters);
} st_counters __weak SEC(".maps");

/* -c only: otherwise the loader shrinks it to one entry. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, EV_ABI_MAX *ST_NR_SYSCALLS);
	__type(key, __u32);
	__type(value, struct st_count);
} st_counts __weak SEC(".maps");

/* -y: the path behind the descriptor of a close in progress, which is gone when the call returns. */
#define PATH_SMALL 512
#define PATH_LARGE EV_PATH_MAX
#define NAME_BUF 256 /* NAME_MAX and the NUL */

struct path_small {
	struct ev_part p;
	char data[PATH_SMALL + NAME_BUF];
};

struct path_large {
	struct ev_part p;
	char data[PATH_LARGE + NAME_BUF];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct path_small);
} st_closing __weak SEC(".maps");

#endif
