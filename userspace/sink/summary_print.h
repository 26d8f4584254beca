/* SPDX-License-Identifier: Apache-2.0 */
/* Between the summary_*.c files that make up the terminal summary: one function per section. */
#ifndef SANDTRACE_SUMMARY_PRINT_H
#define SANDTRACE_SUMMARY_PRINT_H

#include "../policy/denials.h"
#include "summary_model.h"
#include "text.h"

/* Wider than this, columns drift too far apart to be read together. */
#define PRINT_WIDTH_MAX 110

struct print {
	const struct summary *s;
	const struct run_info *info;
	const struct run_result *res;
	struct text *t;
	int width;
};

/* "files", with what a reader should know beside it, dimmed. */
void print_heading(struct print *p, const char *title);
/* "… and 12 more files"; nothing when N is 0. */
void print_more(struct print *p, uint64_t n, const char *what);
/* V with "s" after NOUN unless it is one: "1 process" needs its own plural. */
void print_count(struct print *p, uint64_t v, const char *one, const char *many);
/* SRC at the right edge, cutting what is before it never. */
void print_right(struct print *p, const struct text *src, enum style style);

/* One word of a command line, quoted unless it is a plain one. */
void print_word(struct text *t, const char *s, size_t len);

void print_calls(struct print *p);
void print_count_table(struct print *p);
void print_processes(struct print *p);
void print_files(struct print *p);
void print_network(struct print *p);
void print_denied(struct print *p);
/* What the sandbox refused, and what would allow it. */
void print_blocked(struct print *p);
void print_suggestions(struct print *p, const struct denial_entry *const *v, uint32_t n);
/* What the limits did, and what --overlay kept. */
void print_limits(struct print *p);
void print_changes(struct print *p);
void print_findings(struct print *p);

#endif
