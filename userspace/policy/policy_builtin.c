/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policies/<name>.toml as they were when this was built, as text and as trees; the Makefile makes the included file from
 * them. Trees are packed without a pointer, so that they cost a start nothing but the pages that are read.
 */
#include "policy_internal.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "tree_build.h"

struct packed {
	uint8_t type, depth;
	uint16_t line, column, key_line, key_column;
	uint16_t key, string; /* where in the strings; 0: none */
	int64_t number;
};

#include "policy_builtin.inc.h"

#define NAME(name, text, tree) name,
const char *const policy_builtin_names[] = { POLICY_BUILTINS(NAME) NULL };
#undef NAME

#define BUILTIN(name, text, tree) { name, text, sizeof(text) - 1, tree, ARRAY_SIZE(tree) },
static const struct builtin {
	const char *name, *text;
	size_t len;
	const struct packed *tree;
	size_t n;
} builtins[] = { POLICY_BUILTINS(BUILTIN) };
#undef BUILTIN

static const struct builtin *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(builtins); i++)
		if (!strcmp(builtins[i].name, name))
			return &builtins[i];
	return NULL;
}

const char *policy__builtin_text(const char *name, size_t *ret_len)
{
	const struct builtin *b = find(name);

	if (b)
		*ret_len = b->len;
	return b ? b->text : NULL;
}

static char *unpack_string(struct tree_build *b, uint16_t at)
{
	return at ? tree_build__string(b, "string", strings + at, strlen(strings + at), 0, 0) : NULL;
}

static struct node *unpack(struct tree_build *b, const struct packed *p)
{
	struct node *n = tree_build__node(b, (enum node_type)p->type, p->line, p->column);

	if (!n)
		return NULL;
	n->key_line = p->key_line;
	n->key_column = p->key_column;
	n->key = unpack_string(b, p->key);
	if (n->type == NODE_STRING)
		n->string = unpack_string(b, p->string);
	else if (n->type == NODE_INT)
		n->integer = p->number;
	else if (n->type == NODE_BOOL)
		n->boolean = p->number;
	return n;
}

/* Parents stand before their children, in the order of the file; the first is the root. */
int policy__builtin_tree(const char *name, struct node **ret_root, struct tree_error *ret_error)
{
	const struct builtin *from = find(name);
	struct node *root = NULL, **tail[TREE_MAX_DEPTH + 2] = { &root };
	struct tree_build b = { .error = ret_error };

	memset(ret_error, 0, sizeof(*ret_error));
	if (!from)
		return tree_build__fail(&b, -ENOENT, 0, 0, "not built in");
	for (size_t i = 0; i < from->n && !b.err; i++) {
		unsigned int depth = from->tree[i].depth;
		struct node *n = unpack(&b, &from->tree[i]);

		if (!n)
			break;
		*tail[depth] = n;
		tail[depth] = &n->next;
		if (n->type == NODE_TABLE || n->type == NODE_LIST)
			tail[depth + 1] = &n->child;
	}
	if (b.err)
		tree__free(root);
	else
		*ret_root = root;
	return b.err;
}
