/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict.h"

/*
 * A call refused by seccomp with an errno, or by a tracer, never passes sys_enter but does pass sys_exit: an exit
 * without an enter that failed is the exact mark of it.
 */
void verdict(struct event *ev)
{
	ev->action = ACTION_ALLOW;
	if (ev->hdr->kind == EV_SYSCALL && ev->hdr->flags & EV_F_NO_ENTER && ev->syscall->ret < 0)
		ev->action = ACTION_DENY;
}
