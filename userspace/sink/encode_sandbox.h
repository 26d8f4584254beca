/* SPDX-License-Identifier: Apache-2.0 */
/* What the sandbox adds to JSONL records: members of an open object, and nothing without one. For encode.c. Pure. */
#ifndef SANDTRACE_ENCODE_SANDBOX_H
#define SANDTRACE_ENCODE_SANDBOX_H

#include "json.h"
#include "sink.h"

struct denial;

/* "denial": {...} */
void encode_sandbox__denial(struct json *j, const struct denial *d);
void encode_sandbox__header(struct json *j, const struct run_info *info);
void encode_sandbox__summary(struct json *j, const struct run_result *res);

#endif
