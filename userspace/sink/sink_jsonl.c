/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSONL sink: encodes into one buffer and writes whole lines. After an error it is dead: it
 * keeps returning that error, so that a gap can never be followed by more records.
 */
#include "sink.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/util.h"
#include "encode.h"

/* Written when it holds this much: large enough to make write(2) cheap per record, small enough for
 * the L2 cache. */
#define FLUSH_BYTES (256 * 1024)

struct jsonl {
	struct sink sink;
	struct encoder *encoder;
	struct json out;
	int fd;
	int err;
};

/*
 * The last write stopped in the middle of a line: a full disk. Takes the piece of that line back
 * when the file is one that can be cut and nobody has appended since. TAIL is the length of the
 * piece.
 */
static void drop_partial_line(int fd, size_t tail)
{
	struct stat st;
	off_t at;

	if (!tail || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return;
	at = lseek(fd, 0, SEEK_CUR);
	if (at != st.st_size || at < (off_t)tail)
		return;
	if (!ftruncate(fd, at - (off_t)tail))
		lseek(fd, at - (off_t)tail, SEEK_SET);
}

static int write_lines(int fd, const char *buf, size_t len, const struct output_waiter *waiter)
{
	size_t done, tail = 0;
	int err = output__write(fd, buf, len, waiter, &done);

	while (tail < done && buf[done - tail - 1] != '\n')
		tail++;
	if (err)
		drop_partial_line(fd, tail);
	return err;
}

static int flush(struct sink *sink)
{
	struct jsonl *s = (struct jsonl *)sink;

	if (!s->err && s->out.len)
		s->err = write_lines(s->fd, s->out.buf, s->out.len, sink->waiter);
	json__reset(&s->out);
	return s->err;
}

/* A record was appended, or ERR says why not. */
static int appended(struct jsonl *s, int err)
{
	if (err) {
		flush(&s->sink);
		if (!s->err)
			s->err = err;
		return s->err;
	}
	return s->out.len >= FLUSH_BYTES ? flush(&s->sink) : 0;
}

/* Written at once: a file that takes nothing (/dev/full) is noticed before the command runs. */
static int start(struct sink *sink, const struct run_info *info)
{
	struct jsonl *s = (struct jsonl *)sink;
	int err = s->err ? s->err : appended(s, encode__header(s->encoder, info, &s->out));

	return err ? err : flush(sink);
}

static int event(struct sink *sink, const struct event *ev)
{
	struct jsonl *s = (struct jsonl *)sink;

	return s->err ? s->err : appended(s, encode__event(s->encoder, ev, &s->out));
}

static int lost(struct sink *sink, enum event_class class, uint64_t count, uint64_t from,
		uint64_t to, uint64_t seq)
{
	struct jsonl *s = (struct jsonl *)sink;

	return s->err ? s->err
		      : appended(s, encode__lost(s->encoder, class, count, from, to, seq, &s->out));
}

static int policy(struct sink *sink, const struct policy_change *c, uint64_t ts, uint64_t seq)
{
	struct jsonl *s = (struct jsonl *)sink;

	return s->err ? s->err : appended(s, encode__policy(s->encoder, c, ts, seq, &s->out));
}

static int finish(struct sink *sink, const struct run_result *res)
{
	struct jsonl *s = (struct jsonl *)sink;
	int err = s->err ? s->err : appended(s, encode__summary(s->encoder, res, &s->out));

	return err ? err : flush(sink);
}

static void free_sink(struct sink *sink)
{
	struct jsonl *s = (struct jsonl *)sink;

	if (!s)
		return;
	encoder__free(s->encoder);
	json__done(&s->out);
	free(s);
}

struct sink *sink_jsonl__new(int fd)
{
	struct jsonl *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->sink = (struct sink){
		.name = "jsonl",
		.start = start,
		.event = event,
		.lost = lost,
		.policy = policy,
		.flush = flush,
		.finish = finish,
		.free = free_sink,
	};
	s->fd = fd;
	json__init(&s->out);
	s->encoder = encoder__new();
	if (!s->encoder || !json__reserve(&s->out, FLUSH_BYTES + EV_RECORD_MAX)) {
		free_sink(&s->sink);
		return NULL;
	}
	return &s->sink;
}
