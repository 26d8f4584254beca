/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict.h"

#define X32_SYSCALL_BIT 0x40000000

/*
 * A call refused by seccomp or skipped by a tracer never passes sys_enter but does pass sys_exit: an exit without an
 * enter is the exact mark of it. RET_ERRNO leaves its errno as the result; RET_TRAP and RET_KILL put the registers
 * back, so that the result is the call's own number; a killed thread has no result at all. Any other result was
 * supplied by a supervisor (RET_USER_NOTIF, RET_TRACE) in the call's place, which is no refusal.
 */
static bool refused(const struct ev_header *hdr, const struct ev_syscall *s)
{
	if (!(hdr->flags & EV_F_NO_ENTER))
		return false;
	if (hdr->flags & EV_F_NO_RETURN || s->ret < 0)
		return true;
	return s->ret == (s->abi == EV_ABI_X32 ? s->nr | X32_SYSCALL_BIT : s->nr);
}

void verdict(struct event *ev)
{
	ev->action = ev->hdr->kind == EV_SYSCALL && refused(ev->hdr, ev->syscall) ? ACTION_DENY : ACTION_ALLOW;
}
