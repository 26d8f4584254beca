/* SPDX-License-Identifier: Apache-2.0 */
/* Decoded and enriched events for tests of the sinks: a record, and what decode and enrich make of
 * it. */
#ifndef SANDTRACE_TEST_EVENTS_H
#define SANDTRACE_TEST_EVENTS_H

#include <stdbool.h>

#include "enrich/enrich.h"
#include "event/event.h"
#include "event/syscalls.h"
#include "record.h"

struct test_event {
	struct record rec;
	struct event ev;
	struct enrich enrich;
};

/* A call by NAME; add parts with record__part(), then test_event__done(). */
static inline void test_call(struct test_event *t, const char *name, int64_t ret, uint16_t flags,
			     const uint64_t args[6])
{
	struct ev_syscall sc = {
		.ret = ret, .duration = 12000, .nr = syscalls__number(EV_ABI_NATIVE, name)};

	if (args)
		memcpy(sc.args, args, sizeof(sc.args));
	record__begin(&t->rec, EV_SYSCALL, flags, &sc, sizeof(sc));
}

static inline void test_string(struct test_event *t, uint8_t arg, const char *s)
{
	record__part(&t->rec, arg, EV_PT_STR, EV_PART_OK, s, (uint32_t)strlen(s),
		     (uint32_t)strlen(s));
}

static inline void test_who(struct test_event *t, uint64_t exec_id, uint32_t pid)
{
	record__header(&t->rec)->exec_id = exec_id;
	record__header(&t->rec)->tgid = pid;
	record__header(&t->rec)->tid = pid;
}

/* False when the record does not decode. */
static inline bool test_event__done(struct test_event *t)
{
	if (decode(t->rec.bytes, t->rec.len, &t->ev))
		return false;
	enrich(&t->enrich, &t->ev);
	return true;
}

#endif
