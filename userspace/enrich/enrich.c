/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich.h"

#include <stdio.h>
#include <string.h>

#include "event/syscalls.h"
#include "names.h"

static void name_address(const struct enrich *e, struct event *ev, const struct part *addr)
{
	ev->host = addr ? names__of(e->names, ev, addr, &ev->host_source) : NULL;
}

/* Whom a call is about: the address in it, unless it is one of the caller's own. */
static void name_call(const struct enrich *e, struct event *ev)
{
	for (unsigned int i = 0; i < ev->n_parts; i++) {
		const struct part *p = &ev->parts[i];

		if (p->type != EV_PT_SOCKADDR || p->id >= ev->sig->n_args)
			continue;
		if (ev->sig->args[p->id].type != ARG_SOCKADDR && ev->sig->args[p->id].type != ARG_MSGHDR)
			continue;
		if (strcmp(ev->name, "bind"))
			name_address(e, ev, p);
	}
}

static void enrich_call(struct enrich *e, struct event *ev)
{
	const struct ev_syscall *s = ev->syscall;

	ev->sig = syscalls__sig(s->abi, s->nr);
	ev->category = (uint8_t)syscalls__categorize(ev->sig, s->abi, s->args);
	ev->name = syscalls__name(s->abi, s->nr);
	if (!ev->name) {
		snprintf(e->unnamed, sizeof(e->unnamed), "syscall_%d", s->nr);
		ev->name = e->unnamed;
	}
	if (e->names && ev->n_parts)
		name_call(e, ev);
}

void enrich(struct enrich *e, struct event *ev)
{
	switch (ev->hdr->kind) {
	case EV_SYSCALL:
		enrich_call(e, ev);
		break;
	case EV_NET:
		if (e->names)
			name_address(e, ev, event__part(ev, EV_NET_REMOTE));
		break;
	case EV_FLOW:
		if (e->names)
			name_address(e, ev, event__part(ev, EV_FLOW_REMOTE));
		break;
	case EV_NAME:
		if (!e->names)
			e->names = names__new();
		ev->seen = e->names ? names__record(e->names, ev) : NULL;
		break;
	}
}

void enrich__done(struct enrich *e)
{
	names__free(e->names);
	e->names = NULL;
}
