/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the summary when the run is over; sees no events of its own, the pipeline feeds the model.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../base/util.h"
#include "sink.h"
#include "summary.h"

struct sink_summary {
	struct sink sink;
	int fd;
	bool counts_only;
	struct text_style style;
	const struct run_info *info;
};

static int summary_start(struct sink *s, const struct run_info *info)
{
	((struct sink_summary *)s)->info = info;
	return 0;
}

static int summary_event(struct sink *s, const struct event *ev)
{
	(void)s;
	(void)ev;
	return 0;
}

static int summary_lost(struct sink *s, enum event_class class, uint64_t count, uint64_t from,
			uint64_t to, uint64_t seq)
{
	(void)s;
	(void)class;
	(void)count;
	(void)from;
	(void)to;
	(void)seq;
	return 0;
}

static int summary_policy(struct sink *s, const struct policy_change *c, uint64_t ts, uint64_t seq)
{
	(void)s;
	(void)c;
	(void)ts;
	(void)seq;
	return 0;
}

static int summary_flush(struct sink *s)
{
	(void)s;
	return 0;
}

static int summary_finish(struct sink *s, const struct run_result *res)
{
	struct sink_summary *ss = (struct sink_summary *)s;
	_cleanup_(fclose) FILE *out = NULL;
	int fd = dup(ss->fd), err;

	if (fd < 0)
		return -errno;
	out = fdopen(fd, "w");
	if (!out) {
		err = -errno;
		close(fd);
		return err;
	}
	err = summary__print(res->summary, ss->info, res, &ss->style, ss->counts_only, out);
	if (!err && fflush(out))
		err = -errno;
	return err;
}

static void summary_free(struct sink *s)
{
	free(s);
}

struct sink *sink_summary__new(int fd, bool counts_only, bool color, int width)
{
	struct sink_summary *ss = calloc(1, sizeof(*ss));

	if (!ss)
		return NULL;
	ss->sink = (struct sink){
		.name = "summary",
		.start = summary_start,
		.event = summary_event,
		.lost = summary_lost,
		.policy = summary_policy,
		.flush = summary_flush,
		.finish = summary_finish,
		.free = summary_free,
	};
	ss->fd = fd;
	ss->counts_only = counts_only;
	ss->style = (struct text_style){.color = color, .width = width};
	return &ss->sink;
}
