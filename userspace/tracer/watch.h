/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls after which something that was looked at must be looked at again; and which seccomp filters the command installs.
 * The tracer stops a task before its filters are asked, so what they refuse looks like any failed call: running them again
 * tells. What a filter was is read from memory when it is installed: the caller's claim, as all such memory.
 */
#ifndef SANDTRACE_TRACER_WATCH_H
#define SANDTRACE_TRACER_WATCH_H

#include "tracer.h"

void watch__init(void);
void watch__enter(struct tracer *t, struct task *k);
void watch__exit(struct tracer *t, struct task *k, int64_t ret);

#endif
