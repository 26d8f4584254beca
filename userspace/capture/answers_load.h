/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The addresses that names in network rules are given while the rules are in force: the loader of bpf/net/answer.bpf.c, whose
 * head says what is believed. What a name allows is written by who enforces it: capture/guard_load.c, capture/net_filter.c.
 */
#ifndef SANDTRACE_ANSWERS_LOAD_H
#define SANDTRACE_ANSWERS_LOAD_H

#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>

#include "answers.h"

struct answers;

/* Of who judges: descriptors are borrowed. */
struct answers_target {
	int map;      /* st_answers */
	int own_maps; /* where the maps of ours are listed that nobody may touch; -1: nowhere */
	uint32_t gen; /* the generation whose names they are */
};

/* NAMES, in the order of their rows. 0 or -errno, explained on stderr; *RET NULL with 0: this host names no resolver to believe. */
int answers__start(const char *const *names, size_t n, const struct answers_target *t, struct answers **ret);
/* The I-th resolver that is believed; NULL: there are no more. */
const struct in6_addr *answers__resolver(const struct answers *a, size_t i);
void answers__add(struct answer_counts *to, const struct answer_counts *more);
int answers__counts(const struct answers *a, struct answer_counts *ret);
void answers__free(struct answers *a);

#endif
