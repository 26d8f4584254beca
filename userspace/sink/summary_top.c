/* SPDX-License-Identifier: Apache-2.0 */
/* The calls made in a run, in one list and in order, from the model or from the kernel's own counts
 * (-c). */
#include <stdlib.h>
#include <string.h>

#include "../base/util.h"
#include "../event/syscalls.h"
#include "summary_model.h"

static int cmp_u64(uint64_t a, uint64_t b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

static const char *name_of(const struct sum_top *top)
{
	return top->name ? top->name : top->fallback;
}

static int by_time(const void *a, const void *b)
{
	const struct sum_top *x = a, *y = b;
	int c = cmp_u64(x->call.ns, y->call.ns);

	c = c ? c : cmp_u64(x->call.calls, y->call.calls);
	return c ? c : strcmp(name_of(x), name_of(y));
}

static int by_calls(const void *a, const void *b)
{
	const struct sum_top *x = a, *y = b;
	int c = cmp_u64(x->call.calls, y->call.calls);

	c = c ? c : cmp_u64(x->call.ns, y->call.ns);
	return c ? c : strcmp(name_of(x), name_of(y));
}

static struct sum_call call_at(const struct summary *s, const struct run_result *res, int abi,
			       int nr)
{
	if (res->counts) {
		const struct st_count *k = &res->counts[abi * ST_NR_SYSCALLS + nr];

		return (struct sum_call){.calls = k->calls, .errors = k->errors, .ns = k->ns};
	}
	return s->calls[abi][nr];
}

size_t sum_top__collect(const struct summary *s, const struct run_result *res, bool by_count,
			struct sum_top **ret_top)
{
	int slots = ST_NR_SYSCALLS + (res->counts ? 0 : 1);
	struct sum_top *top = calloc((size_t)EV_ABI_MAX * (ST_NR_SYSCALLS + 1), sizeof(*top));
	size_t n = 0;

	*ret_top = top;
	if (!top)
		return 0;
	for (int abi = 0; abi < EV_ABI_MAX; abi++) {
		for (int nr = 0; nr < slots; nr++) {
			struct sum_call c = call_at(s, res, abi, nr);
			const char *name = nr < ST_NR_SYSCALLS
						   ? syscalls__name((enum ev_abi)abi, nr)
						   : NULL;

			if (!c.calls)
				continue;
			top[n].abi = (enum ev_abi)abi;
			top[n].call = c;
			top[n].has_max = !res->counts;
			top[n].name = nr == ST_NR_SYSCALLS ? "(beyond the table)" : name;
			if (!top[n].name)
				snprintf(top[n].fallback, sizeof(top[n].fallback), "syscall_%d",
					 nr);
			n++;
		}
	}
	qsort(top, n, sizeof(*top), by_count ? by_calls : by_time);
	/* only now, because sorting moves rows */
	for (size_t i = 0; i < n; i++)
		top[i].name = name_of(&top[i]);
	return n;
}
