/* SPDX-License-Identifier: Apache-2.0 */
/* The page of `policy explain`: sections of rows in aligned columns, then notes; as text or as JSON. */
#ifndef SANDTRACE_POLICY_PAGE_H
#define SANDTRACE_POLICY_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "policy/live.h"
#include "policy/policy.h"

struct page_row {
	const char *section;	/* static */
	char *rule, *by;	/* a note has only a rule */
	const struct policy_source *src; /* NULL: part of every sandbox */
	char *here, *hint;	/* NULL: nothing to say */
	bool bad;		/* not enforced, or the run would stop */
	const char *live, *live_why; /* on what runs already: the layer, or why there is none; both NULL: not asked */
	bool dim;
};

struct page {
	struct page_row *v;
	size_t n;
	const char *section;
	struct { const char *name, *remark; } sections[16];
	size_t n_sections;
	bool no_memory;
};

void page__section(struct page *p, const char *name, const char *remark); /* static strings */
/* SRC is kept, and may be of no rule (name NULL). NULL: no memory; page__failed tells it in the end. */
struct page_row *page__row(struct page *p, const struct policy_source *src, const char *by, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void page__note(struct page *p, const char *text);
void page__set(char **field, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool page__failed(const struct page *p);
bool page__bad(const struct page *p);
/* COLOR: if the terminal wants it. */
void page__print(const struct page *p, const struct policy *policy, FILE *out, bool color);
void page__print_json(const struct page *p, const struct policy *policy, const struct live_policy *live, FILE *out);
void page__done(struct page *p);
/* "deny write": a rule of KIND in a sentence. */
const char *page__verb(enum rule_kind kind);

#endif
