/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streaming JSON writer into a reused buffer (RFC 8259). Commas are its business, keys are literals
 * of ours and are not escaped, values may be any bytes: control characters, '"' and '\' are
 * escaped, invalid UTF-8 becomes U+FFFD. Pure. Out of memory sets .err and later calls do nothing;
 * the caller checks once, per record.
 */
#ifndef SANDTRACE_JSON_H
#define SANDTRACE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
	char *buf;
	size_t len, cap;
	int err;    /* 0 or -ENOMEM */
	bool comma; /* the next value or key needs a comma before it */
};

void json__init(struct json *j);
void json__done(struct json *j);  /* frees the buffer */
void json__reset(struct json *j); /* keeps the buffer */

void json__object_begin(struct json *j);
void json__object_end(struct json *j);
void json__array_begin(struct json *j);
void json__array_end(struct json *j);
void json__key(struct json *j, const char *key);
void json__str(struct json *j, const char *s); /* NULL: null */
/* Any bytes. Returns false when the bytes were not valid UTF-8, so that the caller can add them in
 * another form. */
bool json__strn(struct json *j, const void *s, size_t len);
void json__u64(struct json *j, uint64_t v);
/* "key": value */
void json__member_str(struct json *j, const char *key, const char *s);
void json__member_u64(struct json *j, const char *key, uint64_t v);
void json__i64(struct json *j, int64_t v);
void json__bool(struct json *j, bool v);
void json__null(struct json *j);
void json__hex(struct json *j, const void *data, size_t len); /* "deadbeef" */
/* RFC 3339 UTC with nanoseconds, from ns since the epoch: "2025-01-01T12:00:00.123456789Z" */
void json__time(struct json *j, uint64_t realtime_ns);
/* Ends one JSONL record: appends '\n' and forgets the comma state. */
void json__newline(struct json *j);

/* For code that writes text of its own: room for N bytes at the end, or NULL (see .err). Advance
 * .len when done. */
bool json__grow(struct json *j, size_t n);
static inline char *json__reserve(struct json *j, size_t n)
{
	if ((j->err || j->cap - j->len < n) && !json__grow(j, n))
		return NULL;
	return j->buf + j->len;
}
/* A key in two pieces: "path" and "_state". */
void json__key2(struct json *j, const char *key, const char *suffix);
/* "0x7f001234" */
void json__ptr(struct json *j, uint64_t v);

#endif
