/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens and executable mappings, where no LSM hook sees them: told by what there is when the call returns. file.bpf.c has the
 * functions; these stand in for them in the object that has no files.
 */
#ifndef SANDTRACE_OPENS_BPF_H
#define SANDTRACE_OPENS_BPF_H

#include "task.bpf.h"

/* FD: what the call returned; FLAGS: what it was given, for O_TRUNC, which the file does not remember. */
__weak __noinline int opens__record(struct st_mark *mark, int fd, __u64 flags)
{
	return 0;
}

/* ADDR: of what was mapped, or made executable; OP: enum ev_file_op. */
__weak __noinline int opens__mapped(struct st_mark *mark, __u64 addr, __u32 op)
{
	return 0;
}

#endif
