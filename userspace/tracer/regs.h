/* SPDX-License-Identifier: Apache-2.0 */
/* The few registers of a stopped task that are written. The only place of the tracer that knows an architecture. */
#ifndef SANDTRACE_TRACER_REGS_H
#define SANDTRACE_TRACER_REGS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* At a call's entry: its first argument. 0 or -errno. */
int regs__set_first_arg(pid_t tid, bool compat, uint64_t value);
/* At its exit: the register as the caller had it, where a call leaves it alone. 0 or -errno. */
int regs__restore_first_arg(pid_t tid, bool compat, uint64_t value);
/* At PTRACE_EVENT_EXIT: what the task's last call returned. False: it did not, or that cannot be told. */
bool regs__result(pid_t tid, bool compat, int64_t *ret);
/* At a call's entry: it is not made, and returns -ERR. */
int regs__refuse(pid_t tid, int err);

#endif
