/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes policies/<name>.toml, as text and as trees, for userspace/policy/policy_builtin.c:   gen-builtins FILE.toml...
 * Built and run by the Makefile. The trees are made by the reader that the program itself has, so that a run need not read
 * what was known when it was built.
 */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/tree.h"

static char strings[1 << 16];
static size_t n_strings = 1; /* 0: none */

static void die(const char *file, const char *what)
{
	fprintf(stderr, "gen-builtins: %s: %s\n", file, what);
	exit(1);
}

/* Where S stands in the strings; each is there once. */
static size_t string(const char *file, const char *s)
{
	size_t len, at = 1;

	if (!s)
		return 0;
	len = strlen(s) + 1;
	while (at < n_strings && strcmp(strings + at, s))
		at += strlen(strings + at) + 1;
	if (at < n_strings)
		return at;
	if (n_strings + len > sizeof(strings))
		die(file, "more text than 64 KiB");
	memcpy(strings + n_strings, s, len);
	n_strings += len;
	return at;
}

static void quoted(const char *s, size_t len)
{
	putchar('"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c > 0x7e || c == '?')
			printf("\\%03o", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void nodes(const char *file, const struct node *n, unsigned int depth)
{
	for (; n; n = n->next) {
		bool inner = n->type == NODE_TABLE || n->type == NODE_LIST;
		long long number = n->type == NODE_INT ? n->integer : n->type == NODE_BOOL ? n->boolean : 0;

		if (n->type == NODE_FLOAT || n->type == NODE_OTHER)
			die(file, "holds a value of a type that no key of a policy has");
		if (n->line > UINT16_MAX || n->column > UINT16_MAX || n->key_column > UINT16_MAX)
			die(file, "too long");
		printf("\t{ %u, %u, %u, %u, %u, %u, %zu, %zu, %lld },\n", (unsigned int)n->type, depth, n->line, n->column,
		       n->key_line, n->key_column, string(file, n->key),
		       string(file, n->type == NODE_STRING ? n->string : NULL), number);
		if (inner)
			nodes(file, n->child, depth + 1);
	}
}

static size_t read_all(const char *file, char *buf, size_t size)
{
	FILE *f = fopen(file, "r");
	size_t len = f ? fread(buf, 1, size, f) : 0;

	if (!f || ferror(f) || len == size)
		die(file, "cannot be read");
	fclose(f);
	return len;
}

/* "dir/ai-agent.toml": the policy's name, and the same as a C identifier. */
static void name_of(const char *file, char *name, char *id, size_t size)
{
	char copy[4096];

	snprintf(copy, sizeof(copy), "%s", file);
	snprintf(name, size, "%s", basename(copy));
	name[strcspn(name, ".")] = 0;
	snprintf(id, size, "%s", name);
	for (char *p = id; (p = strchr(p, '-')); )
		*p = '_';
}

static void one(const char *file)
{
	static char text[TREE_MAX_BYTES];
	size_t len = read_all(file, text, sizeof(text));
	char name[256], id[256];
	struct tree_error e;
	struct node *root;

	name_of(file, name, id, sizeof(name));
	if (tree__parse(TREE_TOML, text, len, &root, &e)) {
		fprintf(stderr, "gen-builtins: %s:%u:%u: %s\n", file, e.line, e.column, e.text);
		exit(1);
	}
	printf("static const char text_%s[] =\n", id);
	for (const char *p = text, *end; p < text + len; p = end) {
		const char *nl = memchr(p, '\n', (size_t)(text + len - p));

		end = nl ? nl + 1 : text + len;
		putchar('\t');
		quoted(p, (size_t)(end - p));
		putchar('\n');
	}
	printf("\t;\nstatic const struct packed tree_%s[] = {\n", id);
	nodes(file, root, 0);
	printf("};\n");
	tree__free(root);
}

int main(int argc, char **argv)
{
	puts("/* Made by scripts/gen-builtins.c: do not edit. */");
	for (int i = 1; i < argc; i++)
		one(argv[i]);
	puts("static const char strings[] = \"\\0\"");
	for (size_t at = 1; at < n_strings; at += strlen(strings + at) + 1) {
		putchar('\t');
		quoted(strings + at, strlen(strings + at));
		puts("\"\\0\"");
	}
	printf("\t;\n#define POLICY_BUILTINS(X)");
	for (int i = 1; i < argc; i++) {
		char name[256], id[256];

		name_of(argv[i], name, id, sizeof(name));
		printf(" \\\n\tX(\"%s\", text_%s, tree_%s)", name, id, id);
	}
	putchar('\n');
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
