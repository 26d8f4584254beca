/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How tasks come into the table. The kernel attaches children by itself and stops both; which stop is seen first is
 * chance, so a child that comes first is held until its parent's stop tells who it is: its records never precede its
 * birth's. Two ways to be born unseen are closed: see births__enter.
 */
#ifndef SANDTRACE_TRACER_BIRTHS_H
#define SANDTRACE_TRACER_BIRTHS_H

#include "tracer.h"

/* Looks the calls up that births are. syscalls__init() was called. */
void births__init(void);
/*
 * A clone with CLONE_UNTRACED makes a task that no tracer is told of. The flag is taken out of the call's register, or
 * out of the memory that clone3 reads, and put back afterwards. Memory can be changed behind our back: births__exit sees it.
 */
void births__enter(struct tracer *t, struct task *k);
/* A call that made a task which was not reported: seized now, and counted as escaped. */
void births__exit(struct tracer *t, struct task *k, int64_t ret);
/* K, stopped at PTRACE_EVENT_FORK, VFORK or CLONE, has a child. */
void births__event(struct tracer *t, struct task *k, uint64_t ts);
/* K, whose parent is not known yet, has stopped for the first time. */
void births__hold(struct tracer *t, struct task *k);
/* The flag back into the register of a child, which is a copy of its parent's. */
void births__restore(struct task *k);
/* PARENT, in a call that makes a task: one in its own pid namespace, and its own child, as far as can be told. */
bool births__plain(const struct tracer *t, const struct task *parent);
/* K is gone, and cannot tell of a child any more that is held for it. */
void births__parent_gone(struct tracer *t, struct task *k);

#endif
