/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The straight line:  record -> decode -> enrich -> policy -> sinks (which encode). One function, called for every
 * record of every source; nothing else calls two stages.
 */
#ifndef SANDTRACE_PIPELINE_H
#define SANDTRACE_PIPELINE_H

#include "enrich/enrich.h"
#include "policy/denials.h"
#include "policy/verdict.h"
#include "sink/sink.h"
#include "sink/summary.h"

#define PIPELINE_MAX_SINKS 4

struct pipeline {
	struct enrich enrich;
	struct verdicts *verdicts;    /* owned; NULL: no policy */
	struct denials *denials;      /* owned; NULL: no policy */
	struct summary *summary;      /* owned */
	struct sink *sinks[PIPELINE_MAX_SINKS]; /* owned */
	size_t n_sinks;
	uint64_t seq;
	uint64_t recorded[EV_CLASS_MAX];
	uint64_t undecoded;
	const struct sink *failed;    /* the sink whose error ended the run */
};

int pipeline__init(struct pipeline *p);
void pipeline__done(struct pipeline *p);
/* Takes ownership of S. */
int pipeline__add_sink(struct pipeline *p, struct sink *s);

/*
 * From here on failed calls are judged by the policy that CTX (borrowed) holds, and counted in P->denials, which the
 * sinks get with the result. 0 or -ENOMEM.
 */
int pipeline__set_policy(struct pipeline *p, const struct denial_ctx *ctx);

/* WAITER is borrowed; NULL: none. */
void pipeline__set_waiter(struct pipeline *p, const struct output_waiter *waiter);

int pipeline__start(struct pipeline *p, const struct run_info *info);
/* A ring_record_fn. 0, or the first sink error. A record that cannot be decoded is counted, not fatal. */
int pipeline__record(void *pipeline, const void *rec, size_t len);
int pipeline__policy(struct pipeline *p, const struct policy_change *c, uint64_t ts);
/* Denials are explained by CTX from now on, those of the policy before still by its rules. Borrows what it points to. */
void pipeline__replace_policy(struct pipeline *p, const struct denial_ctx *ctx);
int pipeline__lost(struct pipeline *p, enum event_class class, uint64_t count, uint64_t from, uint64_t to);
int pipeline__flush(struct pipeline *p);
int pipeline__finish(struct pipeline *p, const struct run_result *res);

#endif
