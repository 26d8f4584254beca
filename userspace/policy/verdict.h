/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened to an action: allowed or refused, told from the marks the kernel leaves; and with a policy, by whom and
 * why. Pure, but for the callbacks of the context.
 */
#ifndef SANDTRACE_VERDICT_H
#define SANDTRACE_VERDICT_H

#include "config.h"
#include "denial.h"
#include "event/event.h"

/* The policy of a run, ready for use. */
struct verdicts {
	struct denial_ctx ctx;	      /* a copy; what it points to is borrowed */
	uint8_t local_ports[65536 / 8];
	bool logs;		      /* some call is in syscalls.log_only */
	uint8_t log_only[EV_ABI_MAX][ST_NR_SYSCALLS];
	struct denial denial; /* of the event last looked at */
};

/* syscalls__init must have been called. */
void verdicts__init(struct verdicts *v, const struct denial_ctx *ctx);
/* Another policy is in force on what runs already. What CTX points to is borrowed, as are the rules of the one before. */
void verdicts__replace(struct verdicts *v, const struct denial_ctx *ctx);
/*
 * Fills EV->action and EV->denial, which is valid until the next call. V may be NULL: no policy. What audit mode let
 * through is allowed, and has a denial that says so (.audit).
 */
void verdict(struct verdicts *v, struct event *ev);

#endif
