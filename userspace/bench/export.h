/* SPDX-License-Identifier: Apache-2.0 */
/* The result as one JSON object, docs/bench.schema.json: every sample, and the estimates made from them. Pure. */
#ifndef SANDTRACE_BENCH_EXPORT_H
#define SANDTRACE_BENCH_EXPORT_H

#include "model.h"
#include "sink/json.h"

void export__json(const struct bench_report *r, struct json *j);

#endif
