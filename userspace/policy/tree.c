/* SPDX-License-Identifier: Apache-2.0 */
#include "tree_build.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"

enum tree_format tree__format(const char *file)
{
	const char *dot = strrchr(file, '.');

	if (dot && (!strcasecmp(dot, ".yaml") || !strcasecmp(dot, ".yml")))
		return TREE_YAML;
	if (dot && !strcasecmp(dot, ".json"))
		return TREE_JSON;
	return TREE_TOML;
}

int tree_build__fail(struct tree_build *b, int err, uint32_t line, uint32_t column, const char *fmt, ...)
{
	va_list ap;

	if (b->err)
		return b->err;
	b->err = err;
	b->error->line = line;
	b->error->column = column;
	va_start(ap, fmt);
	vsnprintf(b->error->text, sizeof(b->error->text), fmt, ap);
	va_end(ap);
	return err;
}

struct node *tree_build__node(struct tree_build *b, enum node_type type, uint32_t line, uint32_t column)
{
	struct node *n;

	if (++b->n_nodes > TREE_MAX_NODES) {
		tree_build__fail(b, -EFBIG, line, column, "more than %u values", TREE_MAX_NODES);
		return NULL;
	}
	n = calloc(1, sizeof(*n));
	if (!n) {
		tree_build__fail(b, -ENOMEM, line, column, "out of memory");
		return NULL;
	}
	n->type = type;
	n->line = line;
	n->column = column;
	return n;
}

char *tree_build__string(struct tree_build *b, const char *what, const char *s, size_t len, uint32_t line, uint32_t column)
{
	char *copy;

	if (len && memchr(s, 0, len)) {
		tree_build__fail(b, -EINVAL, line, column, "a %s that contains a NUL character", what);
		return NULL;
	}
	copy = malloc(len + 1);
	if (!copy) {
		tree_build__fail(b, -ENOMEM, line, column, "out of memory");
		return NULL;
	}
	if (len)
		memcpy(copy, s, len);
	copy[len] = 0;
	return copy;
}

void tree_build__locate(struct tree_build *b, size_t offset, uint32_t *ret_line, uint32_t *ret_column)
{
	if (offset > b->len)
		offset = b->len;
	if (!b->line || offset < b->at) {
		b->at = 0;
		b->line = b->column = 1;
	}
	for (; b->at < offset; b->at++) {
		unsigned char c = (unsigned char)b->text[b->at];

		if (c == '\n') {
			b->line++;
			b->column = 1;
		} else if ((c & 0xc0) != 0x80) {
			b->column++;
		}
	}
	*ret_line = b->line;
	*ret_column = b->column;
}

static int by_key(const void *a, const void *b)
{
	const struct node *x = *(const struct node *const *)a, *y = *(const struct node *const *)b;
	int c = strcmp(x->key, y->key);

	if (c)
		return c;
	if (x->key_line != y->key_line)
		return x->key_line < y->key_line ? -1 : 1;
	return x->key_column < y->key_column ? -1 : x->key_column > y->key_column;
}

int tree_build__unique(struct tree_build *b, const struct node *table)
{
	_cleanup_(free) const struct node **v = NULL;
	const struct node *second = NULL, *first = NULL;
	size_t n = 0;
	char word[64];

	for (const struct node *m = table->child; m; m = m->next)
		n++;
	if (n < 2)
		return 0;
	v = calloc(n, sizeof(*v));
	if (!v)
		return tree_build__fail(b, -ENOMEM, table->line, table->column, "out of memory");
	n = 0;
	for (const struct node *m = table->child; m; m = m->next)
		v[n++] = m;
	qsort(v, n, sizeof(*v), by_key);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(v[i - 1]->key, v[i]->key))
			continue;
		/* of several, the one that a reader of the file meets first */
		if (!second || v[i]->key_line < second->key_line ||
		    (v[i]->key_line == second->key_line && v[i]->key_column < second->key_column)) {
			first = v[i - 1];
			second = v[i];
		}
	}
	if (!second)
		return 0;
	return tree_build__fail(b, -EINVAL, second->key_line, second->key_column, "duplicate key '%s', first in line %u",
				tree_build__quote(second->key, strlen(second->key), word, sizeof(word)), first->key_line);
}

const char *tree_build__quote(const char *s, size_t len, char *buf, size_t size)
{
	bool cut = len >= size;
	size_t n = cut ? size - 4 : len;

	while (cut && n && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		buf[i] = c < 0x20 || c == 0x7f || (c == 0xc2 && i + 1 < n && (unsigned char)s[i + 1] < 0xa0) ? '?' : s[i];
	}
	memcpy(buf + n, cut ? "..." : "", cut ? 4 : 1);
	return buf;
}

/* Length of the well-formed UTF-8 sequence at S, 0: none. */
static size_t utf8_len(const unsigned char *s, size_t len)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;
	uint32_t cp = n == 1 ? s[0] : s[0] & (0x7fu >> n);
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };

	if (!n || n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (s[i] & 0x3f);
	}
	return cp < lowest[n] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff) ? 0 : n;
}

bool tree_build__is_utf8(const char *s)
{
	size_t len = strlen(s);

	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_len((const unsigned char *)s + i, len - i);
		if (!n)
			return false;
	}
	return true;
}

/*
 * The same for every format, before any library sees the text: the libraries differ in what they take, and what no
 * editor shows has no place in a policy.
 */
static int check_text(struct tree_build *b)
{
	const unsigned char *s = (const unsigned char *)b->text;
	uint32_t line, column;

	if (b->len > TREE_MAX_BYTES)
		return tree_build__fail(b, -EFBIG, 0, 0, "larger than %u KiB", TREE_MAX_BYTES >> 10);
	for (size_t i = 0, n; i < b->len; i += n) {
		n = utf8_len(s + i, b->len - i);
		if (n && s[i] >= 0x20 && s[i] != 0x7f)
			continue;
		if (s[i] == '\t' || s[i] == '\n' || (s[i] == '\r' && i + 1 < b->len && s[i + 1] == '\n'))
			continue;
		tree_build__locate(b, i, &line, &column);
		if (!n)
			return tree_build__fail(b, -EINVAL, line, column, "not UTF-8: byte 0x%02x", s[i]);
		if (s[i] == '\r')
			return tree_build__fail(b, -EINVAL, line, column, "a carriage return that ends no line");
		return tree_build__fail(b, -EINVAL, line, column, "control character 0x%02x", s[i]);
	}
	return 0;
}

int tree__parse(enum tree_format format, const char *text, size_t len, struct node **ret_root, struct tree_error *ret_error)
{
	struct tree_build b = { .text = text, .len = len, .error = ret_error };
	struct node *root = NULL;
	int err;

	memset(ret_error, 0, sizeof(*ret_error));
	err = check_text(&b);
	if (err)
		return err;
	if (format == TREE_YAML)
		err = tree_yaml__parse(&b, &root);
	else if (format == TREE_JSON)
		err = tree_json__parse(&b, &root);
	else
		err = tree_toml__parse(&b, &root);
	if (!err && root->type != NODE_TABLE)
		err = tree_build__fail(&b, -EINVAL, root->line, root->column, "the whole must be a table of keys and values");
	if (err) {
		tree__free(root);
		return err;
	}
	*ret_root = root;
	return 0;
}

/* Recursion is bounded: no reader makes a tree deeper than TREE_MAX_DEPTH. */
void tree__free(struct node *n)
{
	while (n) {
		struct node *next = n->next;

		if (n->type == NODE_TABLE || n->type == NODE_LIST)
			tree__free(n->child);
		else if (n->type == NODE_STRING)
			free(n->string);
		free(n->key);
		free(n);
		n = next;
	}
}
