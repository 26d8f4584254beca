/* SPDX-License-Identifier: Apache-2.0 */
/* What limits did and what an overlay kept, in the terminal summary. */
#include <string.h>

#include "answers.h"
#include "../base/util.h"
#include "../sandbox/changes.h"
#include "../sandbox/limits.h"
#include "../sandbox/network.h"
#include "summary_print.h"

#define SHOWN 20

static void bytes(struct text *t, uint64_t v)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	size_t unit = 0;
	uint64_t rest = 0;

	while (v >= 1024 && unit + 1 < ARRAY_SIZE(units)) {
		rest = v % 1024;
		v /= 1024;
		unit++;
	}
	text__u64(t, v);
	if (unit && v < 10) {
		text__char(t, '.');
		text__u64(t, rest * 10 / 1024);
	}
	text__char(t, ' ');
	text__put(t, units[unit]);
}

static void limit_line(struct print *p, const char *name)
{
	text__put(p->t, "  ");
	text__styled(p->t, STYLE_DENIED, name);
	text__pad_to(p->t, 13);
}

/* Only what was felt: a limit that nobody reached is no news. */
static void print_net_filter(struct print *p)
{
	const struct net_filter_counts *n = p->res->network;

	if (!n || !(n->allowed | n->denied | n->dropped))
		return;
	print_heading(p, "network rules");
	text__put(p->t, "\n  ");
	print_count(p, n->allowed, "call allowed", "calls allowed");
	text__put(p->t, ", ");
	print_count(p, n->denied, "refused", "refused");
	if (n->dropped) {
		text__put(p->t, ", ");
		print_count(p, n->dropped, "packet dropped", "packets dropped");
	}
	text__char(p->t, '\n');
}

static void left_out(struct print *p, uint64_t n, const char *why)
{
	if (!n)
		return;
	text__put(p->t, "\n  ");
	text__styled(p->t, STYLE_DENIED, "left out");
	text__char(p->t, ' ');
	text__u64(p->t, n);
	text__put(p->t, why);
}

/* Names of rules, which were given addresses. */
static void print_answers(struct print *p)
{
	const struct answer_counts *a = p->res->answers;

	if (!a || !(a->taken | a->unasked))
		return;
	print_heading(p, "names in network rules");
	text__put(p->t, "\n  ");
	print_count(p, a->taken, "DNS answer", "DNS answers");
	text__put(p->t, " with ");
	print_count(p, a->added, "address, allowed from then on", "addresses, allowed from then on");
	left_out(p, a->reserved, ": private, loopback or this host's own");
	left_out(p, a->full, ": they stand for other names, or there was no room");
	left_out(p, a->cut, ": answers that could not be read to their end");
	left_out(p, a->unasked, ": answers that nobody had asked for");
	text__char(p->t, '\n');
}

void print_limits(struct print *p)
{
	const struct limit_events *l = p->res->limits;

	print_net_filter(p);
	print_answers(p);
	if (!l || !(l->oom_kills || l->memory_hits || l->pids_hits || l->throttled_ns))
		return;
	print_heading(p, "limits");
	text__char(p->t, '\n');
	if (l->oom_kills || l->memory_hits) {
		limit_line(p, "memory");
		text__put(p->t, "reached ");
		print_count(p, l->memory_hits, "time", "times");
		if (l->oom_kills) {
			text__put(p->t, ", ");
			print_count(p, l->oom_kills, "process killed for it", "processes killed for it");
		}
		if (l->memory_peak) {
			text__put(p->t, "; peak ");
			bytes(p->t, l->memory_peak);
		}
		text__char(p->t, '\n');
	}
	if (l->pids_hits) {
		limit_line(p, "processes");
		print_count(p, l->pids_hits, "fork refused", "forks refused");
		if (l->pids_peak) {
			text__put(p->t, "; peak ");
			text__grouped(p->t, l->pids_peak);
		}
		text__char(p->t, '\n');
	}
	if (l->throttled_ns) {
		limit_line(p, "cpu");
		text__put(p->t, "held back for ");
		text__duration(p->t, l->throttled_ns);
		text__char(p->t, '\n');
	}
}

static void change_line(struct print *p, const struct change *c)
{
	static const char *const verbs[] = {
		[CHANGE_CREATED] = "created",	[CHANGE_MODIFIED] = "modified", [CHANGE_METADATA] = "attributes",
		[CHANGE_DELETED] = "deleted",	[CHANGE_REPLACED] = "replaced",
	};
	struct text size;

	text__init(&size, false);
	if (c->kind != CHANGE_DELETED && c->hashed)
		bytes(&size, c->size);
	text__put(p->t, "  ");
	text__styled(p->t, c->kind == CHANGE_DELETED ? STYLE_WARN : STYLE_DIM,
		     (size_t)c->kind < ARRAY_SIZE(verbs) ? verbs[c->kind] : "changed");
	text__pad_to(p->t, 13);
	text__escape(p->t, c->path, strlen(c->path), MAX(p->width - 13 - size.col - 2, 16));
	if (size.col)
		print_right(p, &size, STYLE_DIM);
	text__char(p->t, '\n');
	text__done(&size);
}

void print_changes(struct print *p)
{
	const struct changes *c = p->res->changes;
	size_t shown;

	if (!c)
		return;
	print_heading(p, "overlay");
	text__style(p->t, STYLE_DIM);
	text__put(p->t, "  ");
	print_count(p, c->created, "created", "created");
	text__put(p->t, ", ");
	print_count(p, c->modified, "modified", "modified");
	text__put(p->t, ", ");
	print_count(p, c->deleted, "deleted", "deleted");
	text__put(p->t, ", ");
	bytes(p->t, c->bytes);
	text__style(p->t, STYLE_NONE);
	text__char(p->t, '\n');
	shown = MIN(c->n, (size_t)SHOWN);
	for (size_t i = 0; i < shown; i++)
		change_line(p, &c->v[i]);
	print_more(p, c->n - shown, " changes");
	if (c->truncated) {
		text__put(p->t, "  ");
		text__style(p->t, STYLE_DENIED);
		text__put(p->t, "not complete: ");
		text__escape(p->t, c->why, strlen(c->why), TEXT_NO_LIMIT);
		text__style(p->t, STYLE_NONE);
		text__char(p->t, '\n');
	}
}
