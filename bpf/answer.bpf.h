/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the resolvers said of names that rules allow (include/answers.h), for who judges an address. Written by
 * bpf/net/answer.bpf.c, which is loaded only for a policy with names.
 */
#ifndef SANDTRACE_ANSWER_BPF_H
#define SANDTRACE_ANSWER_BPF_H

#include "answers.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ANSWERS_MIN);
	__type(key, struct answer_key);
	__type(value, struct answer_row);
} st_answers __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 * ANSWERS_MAX_NAMES);
	__type(key, __u32);
	__type(value, struct guard_net_row);
} st_answer_hosts __weak SEC(".maps");

/* What the name in SLOT allows to the address of KEY; NULL: there is none, or its answer is too old. */
static __always_inline const struct guard_net_row *answer__row(struct answer_key *key, __u32 slot)
{
	struct answer_row *row;

	key->slot = slot;
	row = bpf_map_lookup_elem(&st_answers, key);
	return row && row->until > bpf_ktime_get_boot_ns() ? bpf_map_lookup_elem(&st_answer_hosts, &row->host) : NULL;
}

#endif
