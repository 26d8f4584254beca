/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich.h"

#include <stdio.h>

#include "event/syscalls.h"

void enrich(struct enrich *e, struct event *ev)
{
	const struct ev_syscall *s = ev->syscall;

	if (ev->hdr->kind != EV_SYSCALL)
		return;
	ev->sig = syscalls__sig(s->abi, s->nr);
	ev->category = (uint8_t)syscalls__categorize(ev->sig, s->abi, s->args);
	ev->name = syscalls__name(s->abi, s->nr);
	if (!ev->name) {
		snprintf(e->unnamed, sizeof(e->unnamed), "syscall_%d", s->nr);
		ev->name = e->unnamed;
	}
}
