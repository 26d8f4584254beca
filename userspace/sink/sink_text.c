/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal view: one line per event, gathered into 64 KiB and written when full, idle or at the
 * end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/util.h"
#include "../policy/denial.h"
#include "sink.h"
#include "text.h"

#define TEXT_BUFFER (64 << 10)

struct sink_text {
	struct sink sink;
	int fd;
	struct text out;
	struct text_line line;
	struct text_denials denials;
};

static struct sink_text *self(struct sink *s)
{
	return (struct sink_text *)s;
}

static int text_flush(struct sink *s)
{
	struct sink_text *st = self(s);
	int err = st->out.err ? st->out.err : output__write(st->fd, st->out.buf, st->out.len, s->waiter, NULL);

	text__reset(&st->out);
	return err;
}

static int text_start(struct sink *s, const struct run_info *info)
{
	struct sink_text *st = self(s);

	st->line.start_ts = info->start_ts;
	return 0;
}

static int text_event(struct sink *s, const struct event *ev)
{
	struct sink_text *st = self(s);
	bool denial = ev->denial && !(ev->denial->expected && st->line.verbosity < 2);

	if (denial)
		denial = text_denial__shows(&st->denials, ev);
	/* without its line a denied call is one like any other, and at verbosity 0 those are not shown */
	if (ev->denial && !denial ? !text_line__wants_call(st->line.verbosity, ev) :
				    !text_line__wants(st->line.verbosity, ev))
		return 0;
	text_line__event(&st->out, &st->line, ev);
	if (denial)
		text_denial__line(&st->out, &st->line, ev->denial);
	if (st->line.args.err || st->line.scratch.err)
		return -ENOMEM;
	if (st->out.err)
		return st->out.err;
	return st->out.len >= TEXT_BUFFER ? text_flush(s) : 0;
}

static int text_lost(struct sink *s, enum event_class class, uint64_t count, uint64_t from,
		     uint64_t to, uint64_t seq)
{
	static const char *const names[EV_CLASS_MAX] = {
		" syscall record", " process record", " file record", " network record", " kernel record",
	};
	struct sink_text *st = self(s);

	(void)from;
	(void)to;
	(void)seq;
	text__style(&st->out, STYLE_DENIED);
	text__put(&st->out, "!!! ");
	text__grouped(&st->out, count);
	text__put(&st->out, names[class]);
	text__put(&st->out, count == 1 ? " lost" : "s lost");
	text__style(&st->out, STYLE_NONE);
	text__char(&st->out, '\n');
	return st->out.err;
}

static int text_policy(struct sink *s, const struct policy_change *c, uint64_t ts, uint64_t seq)
{
	struct sink_text *st = self(s);

	(void)ts;
	(void)seq;
	text__style(&st->out, STYLE_WARN);
	text__put(&st->out, "--- ");
	if (!strcmp(c->action, "load")) {
		text__put(&st->out, "policy ");
		text__bytes(&st->out, c->policy, strlen(c->policy));
		text__put(&st->out, " has taken the place of the one before; it");
	} else {
		text__put(&st->out, "the policy");
	}
	text__put(&st->out, " is now in mode ");
	text__put(&st->out, c->mode);
	text__style(&st->out, STYLE_NONE);
	text__char(&st->out, '\n');
	return st->out.err;
}

static int text_finish(struct sink *s, const struct run_result *res)
{
	struct sink_text *st = self(s);

	(void)res;
	if (st->denials.hidden) {
		text__style(&st->out, STYLE_DENIED);
		text__put(&st->out, "… and ");
		text__grouped(&st->out, st->denials.hidden);
		text__put(&st->out, st->denials.hidden == 1 ? " more denial" : " more denials");
		text__style(&st->out, STYLE_NONE);
		text__put(&st->out, ": the same again, or too many at once\n");
	}
	return text_flush(s);
}

static void text_free(struct sink *s)
{
	struct sink_text *st = self(s);

	if (!st)
		return;
	text__done(&st->out);
	text_line__done(&st->line);
	free(st);
}

struct sink *sink_text__new(int fd, int verbosity, bool color, int width)
{
	struct sink_text *st = calloc(1, sizeof(*st));

	if (!st)
		return NULL;
	st->sink = (struct sink){
		.name = "text",
		.start = text_start,
		.event = text_event,
		.lost = text_lost,
		.policy = text_policy,
		.flush = text_flush,
		.finish = text_finish,
		.free = text_free,
	};
	st->fd = fd;
	text_line__init(&st->line, verbosity, width);
	text__init(&st->out, color);
	return &st->sink;
}
