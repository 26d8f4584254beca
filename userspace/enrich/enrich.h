/* SPDX-License-Identifier: Apache-2.0 */
/* Adds to an event what userspace knows: the call's name and signature. Pure and stateless, so far. */
#ifndef SANDTRACE_ENRICH_H
#define SANDTRACE_ENRICH_H

#include "event/event.h"

/* Room for the name of a call that has none: "syscall_4294967295". */
struct enrich {
	char unnamed[32];
};

/* EV->name may point into E and is valid until the next call. */
void enrich(struct enrich *e, struct event *ev);

#endif
