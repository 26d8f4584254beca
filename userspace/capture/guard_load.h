/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts a policy in force, in the programs of the security profile: opens what its rules are about, makes rows of it in the
 * generation that is not in force, and switches with one store. Whatever goes wrong before that leaves what was in force as
 * it was. What is open stays open: the address of an inode names it only as long as somebody holds it.
 */
#ifndef SANDTRACE_GUARD_LOAD_H
#define SANDTRACE_GUARD_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "guard.h"
#include "policy/live.h"

/* Of a recorder: descriptors are borrowed. */
struct guard_target {
	int heads, inodes, names, affixes, nets, who, hits, fds; /* maps: st_guard, ... */
	int answers, answer_hosts, own_maps;
	int adopt_inodes;		    /* program */
	struct st_shared *shared;
	int n_cpus;
};

struct guard {
	const struct guard_target *target; /* NULL: nothing is in force */
	struct guard_policy head;	   /* in force */
	int *held;
	size_t n_held;
};

/* 0 or -errno, explained on stderr. */
int guard__load(struct guard *g, const struct guard_target *t, const struct live_policy *l, enum guard_mode mode);
/* The generation that the next policy will be. */
uint32_t guard__next_generation(const struct guard_target *t);
/* From the next action on. 0 or -errno, explained on stderr. */
int guard__set_mode(struct guard *g, enum guard_mode mode);
/* OUT[i]: of rule i, since the policy was loaded. 0 or -errno. */
int guard__hits(const struct guard *g, struct guard_hits *out, unsigned int n);
/* Lets go of what is held. The recorder is gone by then, or nothing is in scope any more. */
void guard__done(struct guard *g);

#endif
