/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of policy_*.c share. */
#ifndef SANDTRACE_POLICY_INTERNAL_H
#define SANDTRACE_POLICY_INTERNAL_H

#include <stdio.h>

#include "policy.h"
#include "tree.h"

#define POLICY_MAX_RULES 16384
#define POLICY_MAX_EXTENDS 8   /* deep */
#define POLICY_MAX_FILES 64    /* of one policy__load */
#define POLICY_MAX_PATH 4096   /* with the NUL, as the kernel has it */

/* Why a value is refused: no position, which the caller knows. */
struct value_error {
	char text[300];
	char hint[256];
};
int value__fail(struct value_error *e, const char *hint, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* S for a message: cut, and nothing in it that a terminal would obey. */
const char *value__quote(const char *s, char buf[72]);

struct value_ctx {
	const char *home; /* NULL: not known */
	const char *base; /* absolute, what a relative path is relative to; NULL: not stated */
};

/*
 * The normal form of TEXT as a rule of KIND, see struct policy_rule. 0 and *RET_VALUE malloc'ed, -EINVAL with E filled,
 * -ENOMEM. *RET_ANY: an allow_exec that means everything; then there is no value.
 */
int value__check(enum rule_kind kind, const char *text, const struct value_ctx *ctx, char **ret_value, bool *ret_pattern,
		 bool *ret_any, struct value_error *e);
/* A path alone, as relative_to and extends have it: no patterns. */
int value__path(const char *text, const struct value_ctx *ctx, char **ret_value, struct value_error *e);
/* PATH made from literal bytes, written so that it is read as literal again. malloc'ed. */
char *value__escape(const char *path);

enum limit_unit { LIMIT_BYTES, LIMIT_COUNT, LIMIT_TIME, LIMIT_CPUS };
struct limit_key {
	const char *key;
	size_t offset; /* of the struct policy_u64 in struct policy */
	enum limit_unit unit;
	uint64_t min, max;
	uint64_t standard; /* when nobody sets it */
	bool always; /* there is no "unlimited" */
};
extern const struct limit_key policy_limits[];
extern const size_t policy_n_limits;

static inline struct policy_u64 *policy_limit(struct policy *p, const struct limit_key *k)
{
	return (struct policy_u64 *)(void *)((char *)p + k->offset);
}
/* TEXT is "512M", "90s" or "unlimited". 0 or -EINVAL with E filled. */
int value__limit(const struct limit_key *k, const char *text, uint64_t *ret, struct value_error *e);
int value__limit_range(const struct limit_key *k, uint64_t v, struct value_error *e);
int value__limit_number(const struct limit_key *k, const struct node *n, uint64_t *ret, struct value_error *e);

/* The policy's own copy of NAME; NULL: no memory. */
const char *policy__intern(struct policy *p, const char *name);
/* Checks TEXT and adds the rule; exec and network modes follow. */
int policy__add_text(struct policy *p, enum rule_kind kind, const char *text, const struct value_ctx *ctx,
		     struct policy_source src, struct value_error *e);
/* "TEXT" as TOML has it. */
void policy_print__string(FILE *out, const char *s);
/* Removes rules of KIND with an index below BEFORE. */
void policy__drop(struct policy *p, enum rule_kind kind, size_t before);
/* Removes the rules from N on. */
void policy__truncate(struct policy *p, size_t n);

/* One file while it is read. */
struct policy_file {
	struct policy *p;
	const struct policy_env *env;
	struct policy_error *error;
	const char *name; /* owned by P */
	const char *dir;  /* absolute, where the file is; NULL: built-in */
	size_t *net_from; /* NET rules before this index are replaced by this file */
};
/* "NAME:LINE:COL: text" into the error. LINE 0: no position. Returns -EINVAL. */
int policy_file__fail(struct policy_file *f, uint32_t line, uint32_t column, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* Everything but extends. */
int policy_file__apply(struct policy_file *f, const struct node *root);

/* policy_builtin.c: what reading the text of NAME gives. 0, -ENOENT, -ENOMEM. */
int policy__builtin_tree(const char *name, struct node **ret_root, struct tree_error *ret_error);
/* "a string", for messages. */
const char *node__type_name(const struct node *n);

#endif
