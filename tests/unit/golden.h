/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Golden records: each case builds a ring record, which must equal tests/fixtures/records/NAME.bin,
 * and encodes it, which must equal NAME.json, both byte for byte. After a change that is meant, run
 * with UPDATE_FIXTURES=1 from the top of the tree and read the difference.
 */
#ifndef SANDTRACE_TEST_GOLDEN_H
#define SANDTRACE_TEST_GOLDEN_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "enrich/enrich.h"
#include "event/event.h"
#include "event/syscalls.h"
#include "policy/verdict.h"
#include "record.h"
#include "sink/encode.h"

#define FIXTURES "tests/fixtures/records"
#define LITERAL(s) s, sizeof(s) - 1

static const struct run_info info = { .clock_offset = 1735732800000000000,
				      .start_ts = 99 * NSEC_PER_SEC };

static const struct ev_task task = {
	.parent_exec_id = 6,
	.cgroup_id = 12345,
	.ppid = 4241,
	.ns_pid = 2,
	.ns_tid = 3,
	.uid = 1000,
	.euid = 0,
	.gid = 1000,
	.egid = 1000,
	.comm = "bash",
};

/* A call by its number on x86_64. */
static inline void call(struct record *r, int nr, int64_t ret, const uint64_t args[6])
{
	struct ev_syscall sc = { .ret = ret, .duration = 42999, .nr = nr };

	memcpy(sc.args, args, sizeof(sc.args));
	record__begin(r, EV_SYSCALL, 0, &sc, sizeof(sc));
}
#define ARGS(...) ((const uint64_t[6]){ __VA_ARGS__ })
#define AT_CWD32 0xffffff9c

struct golden {
	const char *name;
	void (*build)(struct record *r);
};
#define GOLDEN(fn) { #fn, fn }

static inline void golden__file(const char *name, const char *suffix, const void *data, size_t len)
{
	_cleanup_(fclose) FILE *f = NULL;
	static char have[EV_RECORD_MAX];
	char path[256];
	size_t n;

	snprintf(path, sizeof(path), FIXTURES "/%s.%s", name, suffix);
	if (getenv("UPDATE_FIXTURES")) {
		f = fopen(path, "w");
		assert_non_null(f);
		assert_int_equal(fwrite(data, 1, len, f), len);
		return;
	}
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s: %s (tests run from the top of the tree)", path, strerror(errno));
	n = fread(have, 1, sizeof(have), f);
	if (n != len || memcmp(have, data, n))
		fail_msg("%s differs; have\n%.*s", path, (int)(strcmp(suffix, "bin") ? len : 0),
			 (const char *)data);
}

static inline void golden__look_up(struct event *ev)
{
	static struct enrich e;

	enrich(&e, ev);
}

/* Each of the N cases; their verdicts are by the rules of CTX, if it has any. */
static inline void golden__check(const struct golden *cases, size_t n, const struct denial_ctx *ctx)
{
	static struct verdicts verdicts;
	struct encoder *e = encoder__new();
	static struct record rec;
	struct event ev;
	struct json j;

#ifndef __x86_64__
	skip(); /* they hold the call numbers of x86_64 */
#endif
	json__init(&j);
	assert_non_null(e);
	assert_int_equal(encode__header(e, &info, &j), 0);
	verdicts__init(&verdicts, ctx);
	/* twice: the second time from the texts that the first has prepared */
	for (size_t i = 0; i < 2 * n; i++) {
		const struct golden *g = &cases[i % n];

		g->build(&rec);
		assert_int_equal(decode(rec.bytes, rec.len, &ev), 0);
		golden__look_up(&ev);
		if (event__act(&ev))
			verdict(&verdicts, &ev);
		ev.seq = 1;
		json__reset(&j);
		assert_int_equal(encode__event(e, &ev, &j), 0);
		golden__file(g->name, "bin", rec.bytes, rec.len);
		golden__file(g->name, "json", j.buf, j.len);
	}
	json__done(&j);
	encoder__free(e);
}

static inline int golden__prepare(void **state)
{
	(void)state;
	return syscalls__init();
}

#endif
