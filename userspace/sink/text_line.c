/* SPDX-License-Identifier: Apache-2.0 */
/* One event, one line: which events are shown, and how a line is laid out in a given width. */
#include <string.h>

#include "../base/util.h"
#include "text.h"

/* A string is not shortened below these columns: one alone, or each of several. What comes after it
 * gives way. */
#define MIN_STRING 14
#define MIN_ONE_STRING 28
/* Columns to the right of the result: "= -1 ECONNREFUSED" and "= 0x7f0123456000" fit, and a
 * duration. */
#define RESULT_COLS 18
#define DURATION_COLS 8
/* Beyond this width calls are not spread further apart: the eye would lose the line. */
#define LAYOUT_MAX 132

static bool failed(const struct event *ev)
{
	return ev->syscall->ret < 0 && ev->syscall->ret >= -4095 &&
	       !(ev->hdr->flags & EV_F_NO_RETURN);
}

bool text_line__denied(const struct event *ev)
{
	if (ev->action == ACTION_DENY || ev->action == ACTION_KILL)
		return true;
	return ev->hdr->kind == EV_SYSCALL && (ev->hdr->flags & EV_F_NO_ENTER) && failed(ev);
}

bool text_line__wants(int verbosity, const struct event *ev)
{
	const struct ev_act *act = event__act(ev);

	/* who tries a policy out wants to see what it would refuse */
	return text_line__denied(ev) || (act && act->verdict == EV_WOULD_DENY) || text_line__wants_call(verbosity, ev);
}

bool text_line__wants_call(int verbosity, const struct event *ev)
{
	if (verbosity >= 2)
		return true;
	if (verbosity <= 0)
		return false;
	if (ev->hdr->kind != EV_SYSCALL)
		return !(ev->hdr->flags & EV_F_THREAD);
	switch (ev->category) {
	case CAT_FILE_READ:
	case CAT_FILE_WRITE:
	case CAT_FILE_METADATA:
	case CAT_DIRECTORY:
	case CAT_NETWORK:
	case CAT_PROCESS: return true;
	default: return false;
	}
}

static enum style category_style(unsigned int category)
{
	static const uint8_t styles[CAT_MAX] = {
		[CAT_FILE_READ] = STYLE_FILE,
		[CAT_FILE_WRITE] = STYLE_FILE,
		[CAT_FILE_METADATA] = STYLE_FILE,
		[CAT_DIRECTORY] = STYLE_DIRECTORY,
		[CAT_PROCESS] = STYLE_PROCESS,
		[CAT_NETWORK] = STYLE_NETWORK,
		[CAT_MEMORY] = STYLE_MEMORY,
		[CAT_SIGNAL] = STYLE_IPC,
		[CAT_IPC] = STYLE_IPC,
		[CAT_SYSTEM] = STYLE_SYSTEM,
	};

	return category < CAT_MAX ? (enum style)styles[category] : STYLE_NONE;
}

static int digits(uint64_t v)
{
	int n = 1;

	while (v /= 10)
		n++;
	return n;
}

static void seconds(struct text *t, uint64_t ns)
{
	uint64_t us = ns / 1000 % 1000000;

	/* nine columns to 99 s, so that a column of them lines up */
	text__pad_to(t, t->col + 2 - digits(ns / NSEC_PER_SEC));
	text__u64(t, ns / NSEC_PER_SEC);
	text__char(t, '.');
	for (uint64_t unit = 100000; unit; unit /= 10)
		text__char(t, (char)('0' + us / unit % 10));
}

static void prefix(struct text *t, struct text_line *line, const struct event *ev, uint64_t ts)
{
	uint64_t since = ts > line->start_ts ? ts - line->start_ts : 0;
	int n = digits(ev->hdr->tgid);

	line->pid_width = MAX(line->pid_width, n);
	text__style(t, STYLE_DIM);
	text__pad_to(t, line->pid_width - n);
	text__u64(t, ev->hdr->tgid);
	text__char(t, ' ');
	seconds(t, since);
	text__style(t, STYLE_NONE);
	text__put(t, "  ");
}

/* What a call that gives an address returns. */
static bool returns_address(const char *name)
{
	return !strncmp(name, "mmap", 4) || !strcmp(name, "brk") || !strcmp(name, "mremap") ||
	       !strcmp(name, "shmat");
}

static void result(struct text *t, const struct text_line *line, const struct event *ev,
		   bool long_form)
{
	int64_t ret = ev->syscall->ret;
	const char *name;

	if (ev->hdr->flags & EV_F_NO_RETURN) {
		text__put(t, "= ?");
		return;
	}
	if (!failed(ev)) {
		text__put(t, "= ");
		if (returns_address(ev->name))
			text__hex(t, ev->syscall->abi == EV_ABI_COMPAT32 ? (uint32_t)ret
									 : (uint64_t)ret);
		else
			text__i64(t, ret);
		text__fd_path(t, event__part(ev, EV_PART_RESULT),
			      line->width > 0 && line->verbosity < 3
				      ? MAX(line->width / 4, MIN_STRING)
				      : TEXT_NO_LIMIT);
		return;
	}
	name = errno__name((int)-ret);
	/* restart codes are between the kernel and itself: the caller sees EINTR or the call again
	 */
	text__put(t, ret <= -512 && ret >= -516 ? "= ? " : "= -1 ");
	if (name)
		text__put(t, name);
	else
		text__i64(t, -ret);
	if (long_form && strerrordesc_np((int)-ret)) {
		text__put(t, " (");
		text__put(t, strerrordesc_np((int)-ret));
		text__char(t, ')');
	}
}

static int columns(struct text_line *line, const struct event *ev, bool long_form)
{
	text__reset(&line->scratch);
	result(&line->scratch, line, ev, long_form);
	return line->scratch.col;
}

/* The largest limit per string with which all of them together fit into ROOM beside FIXED other
 * columns. */
static int fit_strings(const struct text_args *how, int room, int fixed)
{
	int share = how->n_wanted ? (room - 12) / (int)how->n_wanted : 0;
	int limit = MAX(MIN(share, MIN_ONE_STRING), MIN_STRING), sum;

	for (int bit = 4096; bit; bit /= 2) {
		sum = 0;
		for (unsigned int i = 0; i < how->n_wanted; i++)
			sum += MIN(how->wanted[i], limit + bit);
		if (sum <= room - fixed)
			limit += bit;
	}
	return limit;
}

/* Arguments into line->args, in at most ROOM columns. */
static void arguments(struct text_line *line, const struct event *ev, int room)
{
	struct text_args how = {.max_string = TEXT_NO_LIMIT};
	int strings = 0;

	text__reset(&line->args);
	text__args(&line->args, &how, ev);
	if (line->verbosity >= 3 || line->args.col <= room)
		return;
	for (unsigned int i = 0; i < how.n_wanted; i++)
		strings += how.wanted[i];
	if (strings) {
		how.max_string = fit_strings(&how, room, line->args.col - strings);
		text__reset(&line->args);
		text__args(&line->args, &how, ev);
	}
	text__cut(&line->args, room);
}

static void details(struct text *t, const struct event *ev)
{
	text__style(t, STYLE_DIM);
	text__put(t, "  {");
	text__put(t, syscalls__abi_name((enum ev_abi)ev->syscall->abi));
	text__put(t, " nr=");
	text__i64(t, ev->syscall->nr);
	text__put(t, " tid=");
	text__u64(t, ev->hdr->tid);
	text__put(t, " exec=");
	text__u64(t, ev->hdr->exec_id);
	text__put(t, " raw=");
	for (int i = 0; i < 6; i++) {
		if (i)
			text__char(t, ',');
		text__hex(t, ev->syscall->args[i]);
	}
	text__char(t, '}');
	text__style(t, STYLE_NONE);
}

/* "<12us>" into line->scratch; empty when the beginning of the call was not seen. */
static const struct text *duration(struct text_line *line, const struct event *ev)
{
	struct text *d = &line->scratch;

	text__reset(d);
	if (ev->hdr->flags & EV_F_NO_ENTER)
		return d;
	text__put(d, "  <");
	text__duration(d, ev->syscall->duration);
	text__char(d, '>');
	return d;
}

static void duration_at(struct text *t, struct text_line *line, const struct event *ev, int end)
{
	const struct text *d = duration(line, ev);

	if (!d->col)
		return;
	text__pad_to(t, end - d->col);
	text__style(t, STYLE_DIM);
	text__append(t, d);
	text__style(t, STYLE_NONE);
}

static void abi_mark(struct text *t, const struct event *ev)
{
	if (ev->syscall->abi == EV_ABI_NATIVE)
		return;
	text__style(t, STYLE_WARN);
	text__char(t, '[');
	text__put(t, syscalls__abi_name((enum ev_abi)ev->syscall->abi));
	text__put(t, "] ");
	text__style(t, STYLE_NONE);
}

/* Of a name behind an address. */
#define HOST_COLS 40

static void syscall_line(struct text *t, struct text_line *line, const struct event *ev)
{
	int width = line->width > 0 ? line->width : LAYOUT_MAX;
	int layout = MIN(width, LAYOUT_MAX), room, tail, result_col, host_cols;
	uint64_t start = ev->hdr->ts - MIN(ev->syscall->duration, ev->hdr->ts);
	bool is_failed = failed(ev), denied = text_line__denied(ev), long_form = is_failed;

	prefix(t, line, ev, start);
	abi_mark(t, ev);
	text__styled(t, category_style(ev->category), ev->name);
	text__char(t, '(');
	tail = columns(line, ev, false) + (denied ? 9 : 0);
	tail += duration(line, ev)->col;
	host_cols = ev->host ? MIN((int)strlen(ev->host), HOST_COLS) + 3 : 0;
	/* 2: the parenthesis and the space before the result */
	room = line->width > 0 ? MAX(width - t->col - tail - 2 - host_cols, MIN_STRING) : TEXT_NO_LIMIT;
	arguments(line, ev, room);
	text__append(t, &line->args);
	text__char(t, ')');
	text_name__host(t, ev, HOST_COLS);

	/* A third of a wide screen is for results: there errors can be spelled out. */
	result_col = layout - RESULT_COLS - DURATION_COLS - (layout > 100 ? 26 : 0);
	text__char(t, ' ');
	/* a long result starts further left, so that the line still fits */
	text__pad_to(t, MIN(result_col, layout - tail));
	if (long_form && line->width > 0 && line->verbosity < 3 &&
	    t->col + columns(line, ev, true) + 9 > width)
		long_form = false;
	text__style(t, denied ? STYLE_DENIED : is_failed ? STYLE_FAILED : STYLE_NONE);
	result(t, line, ev, long_form);
	if (denied)
		text__put(t, "  REFUSED");
	text__style(t, STYLE_NONE);
	duration_at(t, line, ev, layout);
	if (line->verbosity >= 3)
		details(t, ev);
	text__char(t, '\n');
}

static void part_string(struct text *t, const struct event *ev, unsigned int id, int max)
{
	const struct part *p = event__part(ev, id);

	if (!p || (p->state != EV_PART_OK && p->state != EV_PART_TRUNCATED)) {
		text__put(t, "(unreadable)");
		return;
	}
	text__escape(t, p->data, p->len, max);
	if (p->state == EV_PART_TRUNCATED)
		text__put(t, "...");
}

static void exec_line(struct text *t, const struct text_line *line, const struct event *ev)
{
	const struct part *p = event__part(ev, EV_EXEC_ARGV),
			  *interp = event__part(ev, EV_EXEC_INTERP);
	bool limited = line->width > 0 && line->verbosity < 3;
	uint32_t flags = ev->exec->image_flags;

	text__styled(t, STYLE_PROCESS, "┌─ exec ");
	part_string(t, ev, EV_EXEC_PATH,
		    limited ? MAX(line->width / 2 - 10, MIN_STRING) : TEXT_NO_LIMIT);
	text__char(t, ' ');
	if (p && (p->state == EV_PART_OK || p->state == EV_PART_TRUNCATED))
		text__argv(t, p, limited ? MAX(line->width - t->col, MIN_STRING) : TEXT_NO_LIMIT);
	else
		text__put(t, "[?]");
	if ((flags & EV_IMG_SCRIPT) && interp && interp->len && line->verbosity >= 2) {
		text__put(t, " by ");
		part_string(t, ev, EV_EXEC_INTERP, limited ? MIN_STRING * 2 : TEXT_NO_LIMIT);
	}
	if (flags & ~(uint32_t)EV_IMG_SCRIPT) {
		text__style(t, STYLE_WARN);
		text__put(t, flags & EV_IMG_MEMFD ? " [memfd]" : "");
		text__put(t, flags & EV_IMG_DELETED ? " [deleted]" : "");
		text__put(t, flags & EV_IMG_UPPER ? " [not of the image]" : "");
		text__put(t, flags & EV_IMG_SETUID ? " [set-uid]" : "");
		text__put(t, flags & EV_IMG_SETGID ? " [set-gid]" : "");
		text__put(t, flags & EV_IMG_FILE_CAPS ? " [file capabilities]" : "");
		if (!(flags & (EV_IMG_SETUID | EV_IMG_SETGID | EV_IMG_FILE_CAPS)))
			text__put(t, flags & EV_IMG_SECURE ? " [secure]" : "");
		text__style(t, STYLE_NONE);
	}
}

static void exec_fail_line(struct text *t, const struct text_line *line, const struct event *ev)
{
	const struct ev_proc_exec_fail *e = ev->payload;
	const char *name = e->error < 0 && e->error > -4096 ? errno__name(-e->error) : NULL;

	text__styled(t, STYLE_PROCESS, "─ exec ");
	part_string(t, ev, EV_EXEC_FAIL_PATH,
		    line->width > 0 && line->verbosity < 3 ? MAX(line->width / 2 - 10, MIN_STRING) : TEXT_NO_LIMIT);
	text__style(t, STYLE_FAILED);
	text__put(t, " failed: ");
	if (name)
		text__put(t, name);
	else
		text__i64(t, e->error);
	text__style(t, STYLE_NONE);
}

static void exit_line(struct text *t, const struct event *ev)
{
	const struct ev_proc_exit *e = ev->exit;
	const char *thread = ev->hdr->flags & EV_F_THREAD ? "thread " : "",
		   *name = signal__name((int)e->signal);

	text__styled(t, STYLE_PROCESS, "└─ ");
	text__style(t, e->signal ? STYLE_DENIED : e->exit_code ? STYLE_FAILED : STYLE_DIM);
	text__put(t, "+++ ");
	text__put(t, thread);
	if (*thread) {
		text__u64(t, ev->hdr->tid);
		text__char(t, ' ');
	}
	if (e->signal) {
		text__put(t, "killed by ");
		if (name)
			text__put(t, name);
		else
			text__u64(t, e->signal);
		text__put(t, e->core ? " (core dumped)" : "");
	} else {
		text__put(t, "exited with ");
		text__u64(t, e->exit_code);
	}
	text__put(t, " +++");
	text__style(t, STYLE_NONE);
}

static void spawn_line(struct text *t, const struct event *ev)
{
	bool thread = ev->hdr->flags & EV_F_THREAD;

	text__styled(t, STYLE_PROCESS, thread ? "├─ thread " : "├─ spawned ");
	text__u64(t, thread ? ev->spawn->child_tid : ev->spawn->child_pid);
}

static void signal_line(struct text *t, const struct event *ev)
{
	const struct ev_proc_signal *e = ev->payload;
	const char *name = signal__name((int)e->signal);

	text__style(t, e->handled ? STYLE_PROCESS : STYLE_FAILED);
	text__put(t, "--- ");
	if (name)
		text__put(t, name);
	else
		text__u64(t, e->signal);
	if (e->sender_pid) {
		text__put(t, " from ");
		text__u64(t, e->sender_pid);
	}
	text__put(t, e->handled ? ", handled ---" : " ---");
	text__style(t, STYLE_NONE);
}

/* A kind without a line of its own: its numbers by name, so that it is readable from the day it is added. */
static void generic_line(struct text *t, const struct event *ev)
{
	const uint8_t *payload = ev->payload;

	text__styled(t, STYLE_PROCESS, ev->desc->action);
	for (size_t i = 0; i < ev->desc->n_fields; i++) {
		const struct field *f = &ev->desc->fields[i];
		uint64_t v = 0;

		if (f->offset < sizeof(struct ev_task) || f->type == FT_PART || f->type == FT_COMM)
			continue;
		memcpy(&v, payload + f->offset, f->type == FT_U64 || f->type == FT_S64 ? 8 : 4);
		text__char(t, ' ');
		text__put(t, f->name);
		text__char(t, '=');
		if (f->type == FT_S32)
			text__i64(t, (int32_t)v);
		else if (f->type == FT_S64)
			text__i64(t, (int64_t)v);
		else
			text__u64(t, v);
	}
}

void text_line__event(struct text *t, struct text_line *line, const struct event *ev)
{
	if (ev->hdr->kind == EV_SYSCALL) {
		syscall_line(t, line, ev);
		return;
	}
	prefix(t, line, ev, ev->hdr->ts);
	switch (ev->hdr->kind) {
	case EV_PROC_EXEC: exec_line(t, line, ev); break;
	case EV_PROC_EXEC_FAIL: exec_fail_line(t, line, ev); break;
	case EV_PROC_EXIT: exit_line(t, ev); break;
	case EV_PROC_SPAWN: spawn_line(t, ev); break;
	case EV_PROC_SIGNAL: signal_line(t, ev); break;
	case EV_FILE_IO: text_io__line(t, line, ev); break;
	case EV_RATE: text_rate__line(t, ev); break;
	default:
		if (event__act(ev))
			text_act__line(t, line, ev);
		else
			generic_line(t, ev);
	}
	if (line->verbosity >= 3) {
		text__style(t, STYLE_DIM);
		text__put(t, "  {tid=");
		text__u64(t, ev->hdr->tid);
		text__put(t, " exec=");
		text__u64(t, ev->hdr->exec_id);
		text__char(t, '}');
		text__style(t, STYLE_NONE);
	}
	text__char(t, '\n');
}

void text_line__init(struct text_line *line, int verbosity, int width)
{
	memset(line, 0, sizeof(*line));
	line->verbosity = verbosity;
	line->width = width;
}

void text_line__done(struct text_line *line)
{
	text__done(&line->args);
	text__done(&line->scratch);
}
