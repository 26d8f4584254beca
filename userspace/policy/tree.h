/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration file as a tree, whatever it was written in: TOML (tomlplusplus, tree_toml.cc), YAML (libfyaml,
 * tree_yaml.c) or JSON (tree_json.c: libfyaml's JSON mode takes more than JSON). Every node knows its line and column.
 * Parsing is bounded in bytes, depth and nodes, and refuses duplicate keys, aliases, and more than one document. Pure.
 */
#ifndef SANDTRACE_TREE_H
#define SANDTRACE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TREE_MAX_BYTES (256u << 10)
#define TREE_MAX_DEPTH 16
#define TREE_MAX_NODES 65536

enum tree_format { TREE_TOML, TREE_YAML, TREE_JSON };
enum node_type { NODE_TABLE, NODE_LIST, NODE_STRING, NODE_INT, NODE_FLOAT, NODE_BOOL, NODE_OTHER };

struct node {
	enum node_type type;
	uint32_t line, column;	/* of the value; from 1, in characters */
	uint32_t key_line, key_column;
	char *key;		/* members of a table, else NULL; NUL-free UTF-8 */
	union {
		char *string;	/* NODE_STRING: NUL-free UTF-8 */
		int64_t integer;
		double number;
		bool boolean;
		struct node *child; /* TABLE, LIST: first, in file order */
	};
	struct node *next;
	const char *other;	/* NODE_OTHER: what it is, for messages: "date", "null" */
};

/* What is wrong with a file, and where. LINE 0: nowhere in particular. */
struct tree_error {
	uint32_t line, column;
	char text[256];
};

/* By the file name's end: .toml, .yaml and .yml, .json; TOML otherwise. */
enum tree_format tree__format(const char *file);
/* 0, or -EINVAL (*ret_error says why), -EFBIG, -ENOMEM. *RET_ROOT is a NODE_TABLE, to be freed with tree__free. */
int tree__parse(enum tree_format format, const char *text, size_t len, struct node **ret_root, struct tree_error *ret_error);
void tree__free(struct node *root);

#ifdef __cplusplus
}
#endif

#endif
