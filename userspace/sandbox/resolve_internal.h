/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the parts of resolve: one policy at work. */
#ifndef SANDTRACE_RESOLVE_INTERNAL_H
#define SANDTRACE_RESOLVE_INTERNAL_H

#include "resolve.h"
#include "resolve_walk.h"

struct resolver {
	const struct policy *p;
	const struct resolve_opts *o;
	struct grants *g;
	const struct policy_rule *rule; /* at work */
	uint32_t matches, entries; /* over all patterns */
	struct writable writable;
	struct writable traps;	/* paths of project_traps: stay read-only */
	/* what is denied: apart, because g->v must stay sorted while it is looked for; the last two only say where */
	struct grants masks, no_write, no_exec;
	bool explained;		/* a problem has been logged */
};


extern const char *const resolver_rule_keys[RULE_DENY_EXEC + 1]; /* as in a policy: "allow_read" */

/* resolve.c. Each returns 0 or -errno, explained. */
/* Notes it, and returns 0, where problems are collected; else logs it, with the rule at work, and returns ERR. */
int resolver__problem(struct resolver *r, int err, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int resolver__bad_link(struct resolver *r, const struct found *f);
int resolver__no_memory(struct resolver *r);
int resolver__add(struct resolver *r, struct grants *g, const char *path, enum grant_kind kind, uint8_t access,
		  bool dir, const struct found *f);
int resolver__add_string(struct resolver *r, struct writable *w, const char *path);
int resolver__add_link(struct resolver *r, const char *path, const char *target);
int resolver__add_links(struct resolver *r, const struct found *f);
struct resolve_report *resolver__report(struct resolver *r); /* of the rule at work; NULL: none is wanted */

/* resolve_rules.c: every rule of that kind; those that deny fill r->masks, no_write, no_exec */
int resolver__rules(struct resolver *r, enum rule_kind kind);
/* Whatever matches the pattern of the rule at work, to w->match with R as its context. */
int resolver__expand(struct resolver *r, struct walk *w);
/* In /proc, /sys or /dev, through which no pattern leads? */
bool resolver__kernel_tree(const char *path);

/* resolve_own.c: what every sandbox has, and what the command needs to start */
int resolver__private(struct resolver *r);
int resolver__home(struct resolver *r);
int resolver__command(struct resolver *r);
int resolver__listed(struct resolver *r); /* interpreters and loaders of what allow_exec lists */
int resolver__protect(struct resolver *r);
/* Is TRAP, below DIR, asked for by its own name? Then it is what the command is for. */
bool resolver__asked_for(const struct resolver *r, const char *dir, const char *trap);

/* resolve_command.c: resolve__command without a word. *RET_WHAT: the file that is missing. */
int resolver__chain(const char *path, const char *search, struct resolved_command *ret, char *ret_what, size_t size);
/* The dynamic loader of the program NAME; empty: it has none, or is no program. */
void resolver__loader(int dir_fd, const char *name, char *ret, size_t size);

#endif
