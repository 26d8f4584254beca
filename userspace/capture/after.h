/* SPDX-License-Identifier: Apache-2.0 */
/* Which calls bpf/after.bpf.c judges when they have returned, and by what. */
#ifndef SANDTRACE_AFTER_H
#define SANDTRACE_AFTER_H

#include "config.h"

/* Fills ROWS, [EV_ABI_MAX][ST_NR_SYSCALLS] of zeros. syscalls__init must have been called. */
void after__rows(struct st_after (*rows)[ST_NR_SYSCALLS]);

#endif
