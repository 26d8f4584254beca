/* SPDX-License-Identifier: Apache-2.0 */
#include "opens.h"

#include "base/util.h"
#include "event/syscalls.h"

static const struct {
	const char *name;
	uint8_t flags;
} calls[] = {
	{ "open", ST_PLAN_OPENS_AT1 },
	{ "creat", ST_PLAN_OPENS_AT1 }, /* a mode; what it returns can be written to in any case */
	{ "openat", ST_PLAN_OPENS_AT2 },
	{ "openat2", ST_PLAN_OPENS_HOW },
	{ "open_by_handle_at", ST_PLAN_OPENS_AT2 },
	{ "mmap", ST_PLAN_MAPS },
	{ "mmap2", ST_PLAN_MAPS },
	{ "mprotect", ST_PLAN_MAPS },
	{ "pkey_mprotect", ST_PLAN_MAPS },
};

void opens__mark(struct st_plan (*plans)[ST_NR_SYSCALLS])
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		for (int abi = 0; abi < EV_ABI_MAX; abi++) {
			int nr = syscalls__number((enum ev_abi)abi, calls[i].name);

			if (nr >= 0 && nr < ST_NR_SYSCALLS)
				plans[abi][nr].flags |= calls[i].flags;
		}
}
