/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events to JSONL records, the format of docs/trace.schema.json. Each function appends one whole
 * line to J, or nothing: 0, or -ENOMEM. An encoder keeps text that many records share; it is not
 * thread-safe. Pure.
 */
#ifndef SANDTRACE_ENCODE_H
#define SANDTRACE_ENCODE_H

#include "json.h"
#include "sink.h"

#define TRACE_SCHEMA_VERSION 1

struct encoder;

struct encoder *encoder__new(void);
void encoder__free(struct encoder *e);

/* The first record. Keeps the clock offset and the start time of INFO for all others. */
int encode__header(struct encoder *e, const struct run_info *info, struct json *j);
int encode__event(struct encoder *e, const struct event *ev, struct json *j);
/* From the monotonic time TS on. */
int encode__policy(struct encoder *e, const struct policy_change *c, uint64_t ts, uint64_t seq, struct json *j);
/* COUNT records of CLASS lost between the monotonic times FROM and TO. */
int encode__lost(struct encoder *e, enum event_class class, uint64_t count, uint64_t from,
		 uint64_t to, uint64_t seq, struct json *j);
/* The last record. */
int encode__summary(struct encoder *e, const struct run_result *res, struct json *j);

#endif
