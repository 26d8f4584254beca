/* SPDX-License-Identifier: Apache-2.0 */
/* Adds to an event what userspace knows: a call's name and signature, what a packet says, the name behind an address. Pure. */
#ifndef SANDTRACE_ENRICH_H
#define SANDTRACE_ENRICH_H

#include "event/event.h"

/* Starts out as zeros. Room for the name of a call that has none: "syscall_4294967295". */
struct enrich {
	char unnamed[32];
	struct names *names; /* owned; NULL: no record was about names yet */
};

/* EV->name may point into E and is valid until the next call. */
void enrich(struct enrich *e, struct event *ev);
void enrich__done(struct enrich *e);

#endif
