/* SPDX-License-Identifier: Apache-2.0 */
/* Builds ring records for tests, laid out as the BPF programs do it. */
#ifndef SANDTRACE_TEST_RECORD_H
#define SANDTRACE_TEST_RECORD_H

#include <stdint.h>
#include <string.h>

#include "../../include/events.h"

struct record {
	_Alignas(8) uint8_t bytes[EV_RECORD_MAX];
	size_t len;
	size_t last; /* offset of the last part; 0: none */
};

static inline struct ev_header *record__header(struct record *r)
{
	return (struct ev_header *)r->bytes;
}

/* A record of pid 4242, tid 4243, program image 7, at 100.000002000 s. */
static inline void record__begin(struct record *r, uint16_t kind, uint16_t flags,
				 const void *payload, size_t size)
{
	memset(r, 0, sizeof(*r));
	*record__header(r) = (struct ev_header){
		.ts = 100000002000ULL,
		.exec_id = 7,
		.tgid = 4242,
		.tid = 4243,
		.kind = kind,
		.flags = flags,
	};
	memcpy(r->bytes + sizeof(struct ev_header), payload, size);
	r->len = sizeof(struct ev_header) + size;
}

static inline struct ev_part *record__part(struct record *r, uint8_t id, enum ev_part_type type,
					   enum ev_part_state state, const void *data, uint32_t len,
					   uint32_t true_len)
{
	size_t at = (r->len + 7) & ~(size_t)7;
	struct ev_part *part = (struct ev_part *)(r->bytes + at);

	if (r->last)
		((struct ev_part *)(r->bytes + r->last))->next = (uint16_t)at;
	else
		record__header(r)->parts = (uint16_t)at;
	*part = (struct ev_part){
		.id = id, .state = state, .len = len, .true_len = true_len, .type = type
	};
	if (len)
		memcpy(part + 1, data, len);
	r->last = at;
	r->len = at + sizeof(*part) + len;
	return part;
}

#endif
