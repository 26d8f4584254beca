/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict.h"

#include <string.h>

#include "../event/syscalls.h"
#include "denial_impl.h"

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

void verdicts__init(struct verdicts *v, const struct denial_ctx *ctx)
{
	const struct policy *p = ctx->grants ? ctx->grants->policy : NULL;

	memset(v, 0, sizeof(*v));
	v->ctx = *ctx;
	v->ctx.local_ports = v->local_ports;
	for (size_t i = 0; p && i < p->n_rules; i++) {
		if (p->rules[i].kind != RULE_SYSCALL_LOG)
			continue;
		for (int abi = 0; abi < EV_ABI_MAX; abi++) {
			int nr = syscalls__number((enum ev_abi)abi, p->rules[i].value);

			if (nr < 0 || nr >= ST_NR_SYSCALLS)
				continue;
			v->log_only[abi][nr] = 1;
			v->logs = true;
		}
	}
}

void verdicts__replace(struct verdicts *v, const struct denial_ctx *ctx)
{
	struct denial_ctx before = v->ctx;

	v->ctx = *ctx;
	v->ctx.local_ports = v->local_ports;
	v->ctx.old_rules = before.live_rules;
	v->ctx.n_old_rules = before.n_live_rules;
	v->ctx.old_policy = before.live_policy;
}

static bool is_logged(const struct verdicts *v, const struct ev_syscall *s)
{
	return s->abi < EV_ABI_MAX && s->nr >= 0 && s->nr < ST_NR_SYSCALLS && v->log_only[s->abi][s->nr];
}

/* Notes the port of a socket inside: bind says which was asked for, getsockname which one it became. */
static void note_port(struct verdicts *v, const struct event *ev)
{
	int port;

	if (ev->category != CAT_NETWORK || !v->ctx.net_isolated || ev->syscall->ret)
		return;
	if (strcmp(ev->sig->name, "bind") && strcmp(ev->sig->name, "getsockname"))
		return;
	port = denial_net__port(event__part(ev, 1));
	if (port > 0)
		v->local_ports[port / 8] |= (uint8_t)(1 << port % 8);
}

/* The kernel has judged; a number that is no verdict is one of a newer trace, and means nothing here. */
static void verdict_of_act(struct verdicts *v, struct event *ev)
{
	const struct ev_act *act = event__act(ev);

	if (!act)
		return;
	if (act->verdict == EV_DENIED)
		ev->action = ACTION_DENY;
	else if (act->verdict == EV_KILLED || act->verdict == EV_KILLED_AFTER)
		ev->action = ACTION_KILL;
	if (v && denial__of_act(&v->ctx, ev, &v->denial))
		ev->denial = &v->denial;
}

void verdict(struct verdicts *v, struct event *ev)
{
	ev->denial = NULL;
	ev->action = ACTION_ALLOW;
	if (ev->hdr->kind != EV_SYSCALL) {
		verdict_of_act(v, ev);
		return;
	}
	if (refused(ev->hdr, ev->syscall))
		ev->action = ACTION_DENY;
	if (!v)
		return;
	if (ev->n_parts)
		note_port(v, ev);
	if (denial__candidate(ev) && denial__judge(&v->ctx, ev, &v->denial)) {
		ev->action = ACTION_DENY;
		ev->denial = &v->denial;
	} else if (v->logs && ev->action == ACTION_ALLOW && is_logged(v, ev->syscall)) {
		ev->action = ACTION_LOG_ONLY;
	}
}
