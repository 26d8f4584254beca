/* SPDX-License-Identifier: Apache-2.0 */
/* Which calls open files or map them: looked at when they return where no LSM hook sees that, opens__* in bpf/file.bpf.c. */
#ifndef SANDTRACE_OPENS_H
#define SANDTRACE_OPENS_H

#include "config.h"

/* Marks them in PLANS, [EV_ABI_MAX][ST_NR_SYSCALLS]. syscalls__init must have been called. */
void opens__mark(struct st_plan (*plans)[ST_NR_SYSCALLS]);

#endif
