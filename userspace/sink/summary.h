/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run amounts to: totals, per-call statistics, process tree, files and addresses touched, and what looked
 * suspicious. Fed by the pipeline with every event; read by the sinks when the run ends. Pure, and bounded: each
 * table has a fixed capacity, and what did not fit is counted, never silently dropped.
 */
#ifndef SANDTRACE_SUMMARY_H
#define SANDTRACE_SUMMARY_H

#include "../event/event.h"
#include "json.h"
#include <stdio.h>

#include "sink.h"

struct summary;

struct summary *summary__new(void);
void summary__free(struct summary *s);
int summary__event(struct summary *s, const struct event *ev);
/* Adds what only the end of the run tells; before it is printed. */
void summary__finish(struct summary *s, const struct run_result *res);
/* Name of the process that runs this program image; "" when it is not known. Valid until the next event. */
const char *summary__comm(const struct summary *s, uint64_t exec_id);

/* Members of the JSONL summary record beyond the fixed ones, written into an open object. */
void summary__write_json(const struct summary *s, const struct run_result *res, struct json *j);

/* The terminal summary. WIDTH in columns; COLOR as decided by the caller. -c prints only the call table. */
struct text_style {
	bool color;
	int width;
};
int summary__print(const struct summary *s, const struct run_info *info, const struct run_result *res,
		   const struct text_style *style, bool counts_only, FILE *out);

#endif
