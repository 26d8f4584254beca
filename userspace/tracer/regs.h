/* SPDX-License-Identifier: Apache-2.0 */
/* The few registers of a stopped task that are written. The only place of the tracer that knows an architecture. */
#ifndef SANDTRACE_TRACER_REGS_H
#define SANDTRACE_TRACER_REGS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The number and arguments of a call: at its entry, what the kernel will make. AT_EXIT: as the caller had them, as far as a
 * call leaves them alone; the result stays. 0 or -errno.
 */
int regs__set_call(pid_t tid, bool compat, int nr, const uint64_t args[6], bool at_exit);
/* The arguments of the clone that means the same as a clone3 with these, but for the first, the flags. */
struct clone_args;
void regs__clone_args(const struct clone_args *a, uint64_t args[6]);
/* At a call's exit: what it returns. */
int regs__set_result(pid_t tid, int64_t ret);
/* At PTRACE_EVENT_EXIT: what the task's last call returned. False: it did not, or that cannot be told. */
bool regs__result(pid_t tid, bool compat, int64_t *ret);
/* At a call's entry: it is not made, and returns -ERR. */
int regs__refuse(pid_t tid, int err);

#endif
