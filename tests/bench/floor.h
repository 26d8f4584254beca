/* SPDX-License-Identifier: Apache-2.0 */
/* What floor.bpf.c and floor.c share. */
#ifndef SANDTRACE_BENCH_FLOOR_H
#define SANDTRACE_BENCH_FLOOR_H

#include <linux/types.h>

#define FLOOR_PID_MAX 4194304 /* PID_MAX_LIMIT of 64-bit kernels */

struct floor_record {
	__u64 ts, pid_tgid;
	__s64 ret;
	__u64 regs, fill[4];
};
_Static_assert(sizeof(struct floor_record) == 64, "the floor is a record of 64 bytes");

#endif
