/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens, where no LSM hook sees them: judged by what they returned when they return. file.bpf.c has the function; this one stands
 * in for it in the object that has no files.
 */
#ifndef SANDTRACE_OPENS_BPF_H
#define SANDTRACE_OPENS_BPF_H

#include "maps.bpf.h"

/* FD: what the call returned; FLAGS: what it was given, for O_TRUNC, which the file does not remember. */
__weak __noinline int opens__record(struct st_task *st, int fd, __u64 flags)
{
	return 0;
}

#endif
