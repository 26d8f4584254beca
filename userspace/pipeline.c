/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "enrich/names.h"

int pipeline__init(struct pipeline *p)
{
	memset(p, 0, sizeof(*p));
	p->summary = summary__new();
	return p->summary ? 0 : -ENOMEM;
}

void pipeline__done(struct pipeline *p)
{
	for (size_t i = 0; i < p->n_sinks; i++)
		p->sinks[i]->free(p->sinks[i]);
	summary__free(p->summary);
	enrich__done(&p->enrich);
	denials__free(p->denials);
	free(p->verdicts);
	memset(p, 0, sizeof(*p));
}

int pipeline__add_sink(struct pipeline *p, struct sink *s)
{
	if (!s)
		return -ENOMEM;
	if (p->n_sinks == PIPELINE_MAX_SINKS) {
		s->free(s);
		return -ENOSPC;
	}
	p->sinks[p->n_sinks++] = s;
	return 0;
}

int pipeline__set_policy(struct pipeline *p, const struct denial_ctx *ctx)
{
	p->verdicts = calloc(1, sizeof(*p->verdicts));
	p->denials = denials__new();
	if (!p->verdicts || !p->denials)
		return -ENOMEM;
	verdicts__init(p->verdicts, ctx);
	return 0;
}

void pipeline__set_waiter(struct pipeline *p, const struct output_waiter *waiter)
{
	for (size_t i = 0; i < p->n_sinks; i++)
		p->sinks[i]->waiter = waiter;
}

/* Calls OP of every sink that has it; remembers who failed first. */
#define EACH_SINK(p, op, ...)                                                                      \
	({                                                                                         \
		int _err = 0;                                                                      \
		for (size_t _i = 0; _i < (p)->n_sinks; _i++) {                                     \
			struct sink *_s = (p)->sinks[_i];                                          \
			int _e = _s->op ? _s->op(_s, ##__VA_ARGS__) : 0;                           \
			if (_e && !_err) {                                                         \
				_err = _e;                                                         \
				(p)->failed = _s;                                                  \
			}                                                                          \
		}                                                                                  \
		_err;                                                                              \
	})

int pipeline__start(struct pipeline *p, const struct run_info *info)
{
	return EACH_SINK(p, start, info);
}

int pipeline__record(void *pipeline, const void *rec, size_t len)
{
	struct pipeline *p = pipeline;
	struct event ev;

	if (decode(rec, len, &ev)) {
		p->undecoded++;
		return 0;
	}
	enrich(&p->enrich, &ev);
	verdict(p->verdicts, &ev);
	if (ev.denial)
		denials__add(p->denials, &ev, summary__comm(p->summary, ev.hdr->exec_id), &p->verdicts->denial);
	ev.seq = ++p->seq;
	p->recorded[ev.desc->class]++;
	summary__event(p->summary, &ev);
	return EACH_SINK(p, event, &ev);
}

void pipeline__replace_policy(struct pipeline *p, const struct denial_ctx *ctx)
{
	verdicts__replace(p->verdicts, ctx);
}

int pipeline__policy(struct pipeline *p, const struct policy_change *c, uint64_t ts)
{
	uint64_t seq = ++p->seq;

	return EACH_SINK(p, policy, c, ts, seq);
}

int pipeline__lost(struct pipeline *p, enum event_class class, uint64_t count, uint64_t from, uint64_t to)
{
	uint64_t seq = ++p->seq;

	return EACH_SINK(p, lost, class, count, from, to, seq);
}

int pipeline__flush(struct pipeline *p)
{
	return EACH_SINK(p, flush);
}

int pipeline__finish(struct pipeline *p, const struct run_result *res)
{
	struct run_result whole = *res;

	if (!whole.denials)
		whole.denials = p->denials;
	if (p->enrich.names)
		whole.names = names__counts(p->enrich.names);
	summary__finish(p->summary, &whole);
	return EACH_SINK(p, finish, &whole);
}
