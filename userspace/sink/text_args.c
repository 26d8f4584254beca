/* SPDX-License-Identifier: Apache-2.0 */
/* The argument list of a call, decoded by the types of its signature. */
#include <fcntl.h>
#include <string.h>

#include "../base/util.h"
#include "text.h"

#ifndef O_TMPFILE
#define O_TMPFILE (020000000 | O_DIRECTORY)
#endif

/* No string of a list is cut below this many columns: it is left out instead. */
#define MIN_ITEM 10

/* Why a part is not what one hoped for; "" when it is. */
static const char *part_note(const struct part *p)
{
	switch (p->state) {
	case EV_PART_FAULT: return " (unreadable)";
	case EV_PART_GONE: return " (gone)";
	default: return "";
	}
}

static void pointer(struct text *t, uint64_t v)
{
	if (v)
		text__hex(t, v);
	else
		text__put(t, "NULL");
}

/* The limit for the next string; notes what it would like to have. */
static void string(struct text *t, struct text_args *how, const struct part *p)
{
	bool cut = p->state == EV_PART_TRUNCATED;
	int n = text__quote(t, p->data, p->len, how->max_string);

	if (cut)
		text__put(t, "...");
	if (how->n_wanted < ARRAY_SIZE(how->wanted))
		how->wanted[how->n_wanted++] = n;
}

static const uint8_t *argv_end(const struct part *p, const uint8_t *s)
{
	const uint8_t *end = p->data + p->len;
	const uint8_t *nul = memchr(s, 0, (size_t)(end - s));

	return nul ? nul : end;
}

/*
 * One string of a list that began at column START and may take MAX_COLS; TOTAL grows by what it
 * needs. The first string is the program's name and gets half the room; what does not fit is cut,
 * or left out when little remains.
 */
static bool list_item(struct text *t, const void *s, size_t len, int start, int max_cols,
		      bool first, int *total)
{
	/* 8: ", …+123" and the bracket */
	int room = max_cols - 8 - (t->col - start) - 2;
	size_t mark = t->len;
	int col = t->col;

	if (max_cols == TEXT_NO_LIMIT)
		room = TEXT_NO_LIMIT;
	else if (first)
		room = MAX(max_cols / 2, 10);
	if (!first)
		text__put(t, ", ");
	*total += text__quote(t, s, len, room < MIN_ITEM ? MIN_ITEM : room) + (first ? 0 : 2);
	if (first || t->col - col - 2 <= room)
		return true;
	t->len = mark;
	t->col = col;
	return false;
}

int text__argv(struct text *t, const struct part *p, int max_cols)
{
	const uint8_t *s = p->data, *end = p->data + p->len, *e;
	int total = 2, start = t->col, skipped = 0;

	text__char(t, '[');
	for (bool first = true; p->len && s <= end; s = e + 1, first = false) {
		e = argv_end(p, s);
		/* a NUL that ends the last string begins no other */
		if (s == end && !first)
			break;
		if (skipped)
			total += (int)(e - s) + 4;
		if (skipped || !list_item(t, s, (size_t)(e - s), start, max_cols, first, &total))
			skipped++;
	}
	if (skipped) {
		text__put(t, ", …+");
		text__u64(t, (uint64_t)skipped);
	}
	if (p->state == EV_PART_TRUNCATED)
		text__put(t, ", ...");
	text__char(t, ']');
	return total;
}

static void argv(struct text *t, struct text_args *how, const struct part *p)
{
	int n = text__argv(t, p, how->max_string);

	if (how->n_wanted < ARRAY_SIZE(how->wanted))
		how->wanted[how->n_wanted++] = n;
}

static void open_how(struct text *t, const struct part *p, enum ev_abi abi)
{
	uint64_t v[3] = {0};
	char buf[256];

	memcpy(v, p->data, MIN(p->len, sizeof(v)));
	text__put(t, "{flags=");
	if (flags__format(ARG_OPEN_FLAGS, v[0], abi, buf, sizeof(buf)))
		text__put(t, buf);
	else
		text__hex(t, v[0]);
	if (v[1]) {
		text__put(t, ", mode=");
		text__octal(t, v[1]);
	}
	if (v[2]) {
		text__put(t, ", resolve=");
		text__hex(t, v[2]);
	}
	text__char(t, '}');
}

static void pair(struct text *t, const struct part *p)
{
	int32_t v[2];

	memcpy(v, p->data, sizeof(v));
	text__char(t, '[');
	text__i64(t, v[0]);
	text__put(t, ", ");
	text__i64(t, v[1]);
	text__char(t, ']');
}

/* An argument whose memory was copied. False: show the register instead. */
static bool copied(struct text *t, struct text_args *how, const struct event *ev,
		   const struct part *p)
{
	if (p->state == EV_PART_NULL) {
		text__put(t, "NULL");
		return true;
	}
	if (p->state != EV_PART_OK && p->state != EV_PART_TRUNCATED) {
		pointer(t, ev->syscall->args[p->id]);
		text__put(t, part_note(p));
		return true;
	}
	switch (p->type) {
	case EV_PT_STR: string(t, how, p); return true;
	case EV_PT_ARGV: argv(t, how, p); return true;
	case EV_PT_SOCKADDR:
		text__char(t, '{');
		text__sockaddr(t, p->data, p->len, true);
		text__char(t, '}');
		return true;
	default: break;
	}
	switch (ev->sig->args[p->id].type) {
	case ARG_OPEN_HOW: open_how(t, p, (enum ev_abi)ev->syscall->abi); return true;
	case ARG_PAIR:
		if (p->len < 8)
			return false;
		pair(t, p);
		return true;
	default: return false;
	}
}

int text__fd_path(struct text *t, const struct part *p, int max_cols)
{
	char path[EV_PATH_MAX];
	size_t out = 0, end = p ? p->len : 0;
	int n;

	if (!p || (!end && p->type != EV_PT_PATH) ||
	    (p->state != EV_PART_OK && p->state != EV_PART_TRUNCATED) ||
	    (p->type != EV_PT_STR && p->type != EV_PT_PATH))
		return 0;
	if (max_cols != TEXT_NO_LIMIT)
		max_cols = MAX(max_cols - 2, 1);
	text__char(t, '<');
	if (p->type == EV_PT_STR) {
		n = text__escape(t, p->data, p->len, max_cols);
		text__char(t, '>');
		return n + 2;
	}
	/* components come leaf first, each with its NUL */
	while (end) {
		size_t last = end - !p->data[end - 1], from = last;

		while (from && p->data[from - 1])
			from--;
		if (out + 1 + last - from > sizeof(path))
			break;
		path[out++] = '/';
		memcpy(path + out, p->data + from, last - from);
		out += last - from;
		end = from;
	}
	if (!out && p->state == EV_PART_OK)
		path[out++] = '/';
	/* a walk that was given up lacks the components next to the root */
	text__put(t, p->state == EV_PART_TRUNCATED ? "..." : "");
	n = text__escape(t, path, out, max_cols);
	text__char(t, '>');
	return n + 2;
}

/* A file descriptor, with the path it stands for where a part says so. */
static void descriptor(struct text *t, struct text_args *how, const struct event *ev,
		       unsigned int arg, bool dir)
{
	const struct part *name = dir ? event__part(ev, arg + 1) : NULL;
	int32_t fd = (int32_t)ev->syscall->args[arg];
	int n;

	if (dir && fd == AT_FDCWD)
		text__put(t, "AT_FDCWD");
	else
		text__i64(t, fd);
	/* an absolute path does not start from this directory */
	if (name && name->type == EV_PT_STR && name->len && name->data[0] == '/')
		return;
	n = text__fd_path(t, event__part(ev, arg), how->max_string);
	if (n && how->n_wanted < ARRAY_SIZE(how->wanted))
		how->wanted[how->n_wanted++] = n;
}

static void number(struct text *t, const struct event *ev, unsigned int arg, enum arg_type type)
{
	uint64_t v = ev->syscall->args[arg];
	const char *name;
	char buf[512];

	switch (type) {
	case ARG_INT:
	case ARG_PID:
	case ARG_UID:
	case ARG_GID: text__i64(t, (int32_t)v); break;
	case ARG_UINT: text__u64(t, (uint32_t)v); break;
	case ARG_LONG:
		text__i64(t, ev->syscall->abi == EV_ABI_COMPAT32 ? (int32_t)v : (int64_t)v);
		break;
	case ARG_SIZE: text__u64(t, v); break;
	case ARG_SIGNAL:
		name = signal__name((int)v);
		if (name)
			text__put(t, name);
		else
			text__i64(t, (int32_t)v);
		break;
	case ARG_MODE: text__octal(t, v & 0xffffffff); break;
	default:
		if (type >= ARG_OPEN_FLAGS && type < ARG_TYPE_MAX &&
		    flags__format(type, v, (enum ev_abi)ev->syscall->abi, buf, sizeof(buf)))
			text__put(t, buf);
		else if (type == ARG_HEX || type >= ARG_OPEN_FLAGS)
			text__hex(t, v);
		else
			pointer(t, v);
	}
}

/* open() reads its mode only when it may create: what is in the register otherwise means nothing.
 */
static bool mode_unused(const struct event *ev, unsigned int arg)
{
	if (!arg || ev->sig->args[arg].type != ARG_MODE ||
	    ev->sig->args[arg - 1].type != ARG_OPEN_FLAGS)
		return false;
	return !(ev->syscall->args[arg - 1] & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)));
}

void text__args(struct text *t, struct text_args *how, const struct event *ev)
{
	how->n_wanted = 0;
	for (unsigned int i = 0; i < ev->sig->n_args && i < 6; i++) {
		enum arg_type type = (enum arg_type)ev->sig->args[i].type;
		const struct part *p = event__part(ev, i);

		if (mode_unused(ev, i))
			break;
		if (i)
			text__put(t, ", ");
		if (type == ARG_FD || type == ARG_DIRFD)
			descriptor(t, how, ev, i, type == ARG_DIRFD);
		else if (!p || !copied(t, how, ev, p))
			number(t, ev, i, type);
	}
}
