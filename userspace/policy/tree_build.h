/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the three readers share: making nodes within the bounds of tree.h, and saying what is wrong. Readers hand in
 * text that tree__parse has already found to be bounded, UTF-8 and free of control characters.
 */
#ifndef SANDTRACE_TREE_BUILD_H
#define SANDTRACE_TREE_BUILD_H

#include "tree.h"

#ifdef __cplusplus
extern "C" {
#endif

struct tree_build {
	const char *text;
	size_t len;
	struct tree_error *error;
	int err;	  /* the first error, 0: none yet */
	uint32_t n_nodes;
	/* where tree_build__locate was last: offsets mostly come in rising order */
	size_t at;
	uint32_t line, column;
};

/* Records the first error only; returns b->err. */
int tree_build__fail(struct tree_build *b, int err, uint32_t line, uint32_t column, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* A node without key, or NULL when there are too many (b->err is set). */
struct node *tree_build__node(struct tree_build *b, enum node_type type, uint32_t line, uint32_t column);
/* A copy of LEN bytes; NULL with b->err set when there is a NUL among them. WHAT is "key" or "string". */
char *tree_build__string(struct tree_build *b, const char *what, const char *s, size_t len, uint32_t line, uint32_t column);
/* Line and column of the byte at OFFSET. */
void tree_build__locate(struct tree_build *b, size_t offset, uint32_t *ret_line, uint32_t *ret_column);
/* Fails when two members of TABLE have the same key. */
int tree_build__unique(struct tree_build *b, const struct node *table);
/* S cut to a length that fits a message, unprintable bytes replaced. */
const char *tree_build__quote(const char *s, size_t len, char *buf, size_t size);

bool tree_build__is_utf8(const char *s);

/* Each returns 0 with *RET_ROOT, or b->err. */
int tree_toml__parse(struct tree_build *b, struct node **ret_root);
int tree_yaml__parse(struct tree_build *b, struct node **ret_root);
int tree_json__parse(struct tree_build *b, struct node **ret_root);

#ifdef __cplusplus
}
#endif

#endif
