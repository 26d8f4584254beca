/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines for people: a growing buffer that knows its column, and escapes what came from a traced
 * program, so that none of its bytes can drive the terminal. Pure. Out of memory sets .err and
 * later calls do nothing.
 */
#ifndef SANDTRACE_TEXT_H
#define SANDTRACE_TEXT_H

#include <limits.h>

#include "../event/event.h"
#include "../event/syscalls.h"

struct text {
	char *buf;
	size_t len, cap;
	int col;    /* columns since the last newline; colours and combining marks take none */
	int err;    /* 0 or -ENOMEM */
	bool color; /* false: text__style() writes nothing */
};

enum style {
	STYLE_NONE,
	STYLE_DIM,
	STYLE_BOLD,
	STYLE_FILE,
	STYLE_DIRECTORY,
	STYLE_NETWORK,
	STYLE_PROCESS,
	STYLE_MEMORY,
	STYLE_SYSTEM,
	STYLE_IPC,
	STYLE_FAILED,
	STYLE_DENIED,
	STYLE_GOOD,
	STYLE_WARN,
	STYLE_MAX,
};

#define TEXT_NO_LIMIT INT_MAX

void text__init(struct text *t, bool color);
void text__done(struct text *t);
void text__reset(struct text *t);

/* S is ours: printable, in UTF-8, without control characters other than newline. */
void text__put(struct text *t, const char *s);
void text__char(struct text *t, char c);
void text__repeat(struct text *t, const char *s, int times);
void text__u64(struct text *t, uint64_t v);
void text__i64(struct text *t, int64_t v);
void text__hex(struct text *t, uint64_t v);	/* 0x1f */
void text__octal(struct text *t, uint64_t v);	/* 0644 */
void text__grouped(struct text *t, uint64_t v); /* 1,234,567 */
void text__pad_to(struct text *t, int col);
void text__style(struct text *t, enum style style);
void text__styled(struct text *t, enum style style, const char *s);
/* Appends all of SRC, whose bytes are already fit for a terminal. */
void text__append(struct text *t, const struct text *src);
/* Shortens a buffer of one uncoloured line to COL columns, the last of them "…". */
void text__cut(struct text *t, int col);
/* Bytes as they are, one column each: for text that is escaped later. */
void text__bytes(struct text *t, const void *data, size_t len);

/*
 * Any bytes. Printable UTF-8 passes; control characters, invalid bytes, bidirectional and invisible
 * characters are written as escapes, and so are '"' and '\'. When the result is wider than MAX_COLS
 * its middle is replaced by one "…". Returns the columns the whole string needs.
 */
int text__escape(struct text *t, const void *data, size_t len, int max_cols);
/* The same between double quotes, which count. */
int text__quote(struct text *t, const void *data, size_t len, int max_cols);

/* "850ns", "12us", "1.2ms", "3.45s", "2m05s": at most six columns below 100 minutes. */
void text__duration(struct text *t, uint64_t ns);

/* ---- text_addr.c ---- */

/*
 * "1.2.3.4:80", "[::1]:80", "unix:/path", "unix:@abstract", "netlink:3", "vsock:2:80", or "family 9
 * (20 bytes)". Bytes are those of a struct sockaddr and may be cut anywhere. ESCAPE is false for
 * text that is stored and escaped later, by whoever shows it.
 */
void text__sockaddr(struct text *t, const void *data, size_t len, bool escape);

/* ---- text_args.c ---- */

/* How argument lists are written. */
struct text_args {
	int max_string; /* columns for one string or argv; TEXT_NO_LIMIT: all */
	/* out: how wide each string would like to be, so that a caller can find a limit that fits
	 */
	int wanted[6];
	unsigned int n_wanted;
};

/* "AT_FDCWD, \"/etc/passwd\", O_RDONLY" of a syscall event, without the parentheses. */
void text__args(struct text *t, struct text_args *how, const struct event *ev);
/* "</path>" of the part that says what a descriptor stands for (-y); nothing without one. */
int text__fd_path(struct text *t, const struct part *part, int max_cols);
/* ["ls", "/tmp"] of an EV_PT_ARGV part. Returns the columns the whole list needs. */
int text__argv(struct text *t, const struct part *part, int max_cols);

/* ---- text_line.c ---- */

struct text_line {
	int verbosity; /* 0-3, see sink.h */
	int width;     /* columns; 0 or less: as wide as it gets */
	uint64_t start_ts;
	int pid_width;	  /* grows with the pids seen */
	struct text args, scratch; /* reused from line to line; never coloured */
};

void text_line__init(struct text_line *line, int verbosity, int width);
void text_line__done(struct text_line *line);
/* Whether VERBOSITY shows this event. */
bool text_line__wants(int verbosity, const struct event *ev);
/* The same, as if it had not been refused. */
bool text_line__wants_call(int verbosity, const struct event *ev);
/* Refused by a seccomp filter or by policy; not what audit mode let through. */
bool text_line__denied(const struct event *ev);
/* Appends the line of EV with its newline. */
void text_line__event(struct text *t, struct text_line *line, const struct event *ev);

/* ---- text_act.c ---- */

/* A record of the security profile, behind the time and without its newline. */
void text_act__line(struct text *t, struct text_line *line, const struct event *ev);

/* ---- text_name.c ---- */

/* What stands behind the action of a record EV_NAME; no name takes more than MAX_COLS. */
void text_name__body(struct text *t, const struct event *ev, int max_cols);
/* " (example.com)" behind the address that EV is about; nothing if no name is known. */
void text_name__host(struct text *t, const struct event *ev, int max_cols);
/* ---- text_io.c ---- */

/* Of EV_FILE_IO and of EV_RATE, likewise. */
void text_io__line(struct text *t, struct text_line *line, const struct event *ev);
void text_rate__line(struct text *t, const struct event *ev);

/* ---- text_denial.c ---- */

/* A flood of denials is shown in part: the first of each object, and a few each second; HIDDEN counts the others. */
struct text_denials {
	uint64_t second, hidden;
	unsigned int shown; /* in that second */
};
/* Whether the denial of EV gets a line. */
bool text_denial__shows(struct text_denials *f, const struct event *ev);
/* By whom and why, and what would allow it, below the line of its call. */
void text_denial__line(struct text *t, const struct text_line *line, const struct denial *d);

#endif
