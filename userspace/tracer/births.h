/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How tasks come into the table. The kernel attaches children by itself and stops both; which stop is seen first is
 * chance, so a child that comes first is held until its parent's stop tells who it is: its records never precede its
 * birth's. A parent that was killed meanwhile never tells: then the child is given to whom it names as its parent.
 */
#ifndef SANDTRACE_TRACER_BIRTHS_H
#define SANDTRACE_TRACER_BIRTHS_H

#include "tracer.h"

/* births_call.c: the calls, made such that no child is born unseen. syscalls__init() was called. */
void births__init(void);
void births__enter(struct tracer *t, struct task *k);
/* Registers as the caller had them; in a child too, which is a copy of its parent. */
void births__restore(struct task *k);

/* K's call returned RET; what the caller is to see instead. */
int64_t births__exit(struct task *k, int64_t ret);
/* K, stopped at PTRACE_EVENT_FORK, VFORK or CLONE, has a child. */
void births__event(struct tracer *t, struct task *k, uint64_t ts);
/* K, whose parent is not known yet, has stopped, or is gone: STATUS as wait told. */
void births__hold(struct tracer *t, struct task *k, int status);
/* Gives the children away that were held for too long. */
void births__adopt(struct tracer *t);
/* PARENT, in a call that makes a task: one in its own pid namespace, and its own child, as far as can be told. */
bool births__plain(const struct tracer *t, const struct task *parent);

#endif
