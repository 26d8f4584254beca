/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of what is not one action: reads and writes that were added up, and limits that begin or end. */
#include <string.h>

#include "text.h"

/* "120 reads, 1048576 bytes"; nothing without a call or a byte. */
static void put_side(struct text *t, uint64_t calls, uint64_t bytes, const char *one, const char *many)
{
	if (!calls && !bytes)
		return;
	text__put(t, t->col ? "; " : "");
	text__u64(t, calls);
	text__char(t, ' ');
	text__put(t, calls == 1 ? one : many);
	text__put(t, ", ");
	text__u64(t, bytes);
	text__put(t, bytes == 1 ? " byte" : " bytes");
}

void text_io__line(struct text *t, struct text_line *line, const struct event *ev)
{
	const struct part *p = event__part(ev, EV_FILE_IO_PATH);
	const struct ev_file_io *io = ev->file_io;
	char path[EVENT_PATH_MAX];
	size_t len = p ? event__path(p, path, sizeof(path)) : 0;
	int room = TEXT_NO_LIMIT;

	text__reset(&line->args);
	put_side(&line->args, io->reads, io->read_bytes, "read", "reads");
	put_side(&line->args, io->writes, io->write_bytes, "write", "writes");
	text__styled(t, STYLE_DIM, ev->desc->event_type);
	text__char(t, ' ');
	if (line->width > 0 && line->verbosity < 3)
		room = line->width - t->col - line->args.col - 1;
	if (len)
		text__quote(t, path, len, room > 14 ? room : 14);
	else
		text__put(t, "(path not known)");
	text__put(t, io->file_flags & EV_FILE_FLAG_DELETED ? " [deleted] " : " ");
	text__append(t, &line->args);
}

void text_rate__line(struct text *t, const struct event *ev)
{
	const struct ev_rate *r = ev->rate;
	const char *class = event__class_name(r->class);

	text__styled(t, STYLE_DIM, ev->desc->event_type);
	text__char(t, ' ');
	text__style(t, STYLE_WARN);
	if (r->act.op == EV_RATE_BEGIN) {
		text__put(t, "limit reached: records are held back, class ");
		text__put(t, class ? class : "?");
	} else {
		text__u64(t, r->suppressed);
		text__put(t, r->suppressed == 1 ? " record was held back in " : " records were held back in ");
		text__duration(t, r->since_ago);
		text__put(t, ", class ");
		text__put(t, class ? class : "?");
	}
	text__put(t, ", control group ");
	text__u64(t, r->task.cgroup_id);
	text__style(t, STYLE_NONE);
}
