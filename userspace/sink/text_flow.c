/* SPDX-License-Identifier: Apache-2.0 */
/* What a record of a flow says behind its action: with whom, how much, for how long, and how it ended. */
#include "text_flow.h"

static void put_address(struct text *t, const struct part *p)
{
	if (p && p->len)
		text__sockaddr(t, p->data, p->len, true);
	else
		text__put(t, "(no address)");
}

static void put_amount(struct text *t, const char *way, uint64_t bytes, uint64_t packets, const char *unit)
{
	text__grouped(t, bytes);
	text__put(t, " bytes ");
	text__put(t, way);
	text__put(t, " (");
	text__grouped(t, packets);
	text__put(t, unit);
	text__put(t, packets == 1 ? ")" : "s)");
}

static void put_error(struct text *t, int32_t error)
{
	const char *name = error < 0 && error > -4096 ? errno__name(-error) : NULL;

	text__put(t, ", ");
	if (name)
		text__put(t, name);
	else
		text__i64(t, error);
}

void text_flow__put(struct text *t, const struct event *ev)
{
	const struct ev_flow *f = ev->flow;
	const char *unit = f->act.op == EV_FLOW_DATAGRAMS ? " datagram" : " segment";

	put_address(t, event__part(ev, EV_FLOW_LOCAL));
	text__put(t, f->incoming ? " from " : " to ");
	put_address(t, event__part(ev, EV_FLOW_REMOTE));
	text_name__host(t, ev, TEXT_NO_LIMIT);
	if (f->act.op != EV_FLOW_OPEN) {
		text__put(t, ": ");
		if (f->act.op != EV_FLOW_FAILED || f->bytes_out || f->bytes_in) {
			put_amount(t, "out", f->bytes_out, f->packets_out, unit);
			text__put(t, ", ");
			put_amount(t, "in", f->bytes_in, f->packets_in, unit);
			text__put(t, ", ");
		}
		text__put(t, "after ");
		text__duration(t, f->duration);
	}
	if (f->error)
		put_error(t, f->error);
	if (f->retransmits) {
		text__put(t, ", ");
		text__u64(t, f->retransmits);
		text__put(t, " sent again");
	}
}
