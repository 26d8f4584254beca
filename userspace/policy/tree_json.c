/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as RFC 8259 has it and nothing more: no comments, no trailing commas, no second value, no lone surrogates. */
#include "tree_build.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct json_reader {
	struct tree_build *b;
	size_t pos;
};

static int peek(const struct json_reader *r)
{
	return r->pos < r->b->len ? (unsigned char)r->b->text[r->pos] : -1;
}

static void skip_space(struct json_reader *r)
{
	while (r->pos < r->b->len && strchr(" \t\r\n", r->b->text[r->pos]))
		r->pos++;
}

static int fail_at(struct json_reader *r, size_t pos, const char *what)
{
	uint32_t line, column;

	tree_build__locate(r->b, pos, &line, &column);
	return tree_build__fail(r->b, -EINVAL, line, column, "%s", what);
}

static int fail_expected(struct json_reader *r, const char *what)
{
	char word[48], text[96];
	size_t n = 0;

	if (peek(r) < 0) {
		snprintf(text, sizeof(text), "the text ends where %s should be", what);
		return fail_at(r, r->pos, text);
	}
	while (r->pos + n < r->b->len && n < 16 && !strchr(" \t\r\n,:[]{}", r->b->text[r->pos + n]))
		n++;
	tree_build__quote(r->b->text + r->pos, n ? n : 1, word, sizeof(word));
	snprintf(text, sizeof(text), "'%s' where %s should be", word, what);
	return fail_at(r, r->pos, text);
}

static int hex4(struct json_reader *r, uint32_t *ret)
{
	*ret = 0;
	for (int i = 0; i < 4; i++, r->pos++) {
		int c = peek(r);
		int v = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;

		if (v < 0)
			return fail_at(r, r->pos, "four hexadecimal digits must follow \\u");
		*ret = *ret << 4 | (uint32_t)v;
	}
	return 0;
}

/* Behind "\u". Writes UTF-8 to OUT, which has room for what stood in the text. */
static int read_unicode(struct json_reader *r, char **out)
{
	size_t start = r->pos - 2;
	uint32_t cp, low;

	if (hex4(r, &cp))
		return r->b->err;
	if (cp >= 0xdc00 && cp <= 0xdfff)
		return fail_at(r, start, "half of a surrogate pair");
	if (cp >= 0xd800 && cp <= 0xdbff) {
		if (r->pos + 1 >= r->b->len || r->b->text[r->pos] != '\\' || r->b->text[r->pos + 1] != 'u')
			return fail_at(r, start, "half of a surrogate pair");
		r->pos += 2;
		if (hex4(r, &low))
			return r->b->err;
		if (low < 0xdc00 || low > 0xdfff)
			return fail_at(r, start, "half of a surrogate pair");
		cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
	}
	if (cp < 0x80) {
		*(*out)++ = (char)cp;
	} else if (cp < 0x800) {
		*(*out)++ = (char)(0xc0 | cp >> 6);
		*(*out)++ = (char)(0x80 | (cp & 0x3f));
	} else if (cp < 0x10000) {
		*(*out)++ = (char)(0xe0 | cp >> 12);
		*(*out)++ = (char)(0x80 | (cp >> 6 & 0x3f));
		*(*out)++ = (char)(0x80 | (cp & 0x3f));
	} else {
		*(*out)++ = (char)(0xf0 | cp >> 18);
		*(*out)++ = (char)(0x80 | (cp >> 12 & 0x3f));
		*(*out)++ = (char)(0x80 | (cp >> 6 & 0x3f));
		*(*out)++ = (char)(0x80 | (cp & 0x3f));
	}
	return 0;
}

/* At the opening quote. *RET is malloc'ed, NUL-free. */
static int read_string(struct json_reader *r, const char *what, char **ret)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	size_t start = r->pos++;
	uint32_t line, column;
	char *buf, *out;

	tree_build__locate(r->b, start, &line, &column);
	buf = out = malloc(r->b->len - start + 1);
	if (!buf)
		return tree_build__fail(r->b, -ENOMEM, line, column, "out of memory");
	for (;;) {
		int c = peek(r);
		const char *e;

		if (c < 0 || c == '\n') {
			fail_at(r, start, "a string that is not closed");
			break;
		}
		r->pos++;
		if (c == '"') {
			*ret = tree_build__string(r->b, what, buf, (size_t)(out - buf), line, column);
			break;
		}
		if (c < 0x20) {
			fail_at(r, r->pos - 1, "a tab inside a string must be written as \\t");
			break;
		}
		if (c != '\\') {
			*out++ = (char)c;
			continue;
		}
		c = peek(r);
		r->pos++;
		if (c == 'u') {
			if (read_unicode(r, &out))
				break;
			continue;
		}
		e = c > 0 ? strchr(from, c) : NULL;
		if (!e) {
			fail_at(r, r->pos - 2, "an escape that JSON does not have");
			break;
		}
		*out++ = to[e - from];
	}
	free(buf);
	return r->b->err;
}

static struct node *read_number(struct json_reader *r, uint32_t line, uint32_t column)
{
	size_t start = r->pos;
	bool integer = true;
	char buf[64];
	struct node *n;

	if (peek(r) == '-')
		r->pos++;
	if (peek(r) == '0')
		r->pos++;
	else
		while (peek(r) >= '0' && peek(r) <= '9')
			r->pos++;
	if (r->pos == start || r->b->text[r->pos - 1] == '-')
		return fail_expected(r, "a number"), NULL;
	for (int part = 0; part < 2; part++) {
		int c = peek(r);

		if (part == 0 ? c != '.' : c != 'e' && c != 'E')
			continue;
		integer = false;
		r->pos++;
		if (part == 1 && (peek(r) == '+' || peek(r) == '-'))
			r->pos++;
		if (peek(r) < '0' || peek(r) > '9')
			return fail_expected(r, "a digit"), NULL;
		while (peek(r) >= '0' && peek(r) <= '9')
			r->pos++;
	}
	if (r->pos - start >= sizeof(buf))
		return fail_at(r, start, "a number that is too long"), NULL;
	memcpy(buf, r->b->text + start, r->pos - start);
	buf[r->pos - start] = 0;
	n = tree_build__node(r->b, integer ? NODE_INT : NODE_FLOAT, line, column);
	if (!n)
		return NULL;
	errno = 0;
	if (integer)
		n->integer = strtoll(buf, NULL, 10);
	else
		n->number = strtod(buf, NULL);
	if (errno == ERANGE && integer) {
		free(n);
		return fail_at(r, start, "a number outside 64 bits"), NULL;
	}
	return n;
}

static struct node *read_word(struct json_reader *r, uint32_t line, uint32_t column)
{
	static const char *const words[] = { "true", "false", "null" };

	for (int i = 0; i < 3; i++) {
		size_t len = strlen(words[i]);
		struct node *n;

		if (r->b->len - r->pos < len || memcmp(r->b->text + r->pos, words[i], len))
			continue;
		r->pos += len;
		n = tree_build__node(r->b, i < 2 ? NODE_BOOL : NODE_OTHER, line, column);
		if (n && i < 2)
			n->boolean = i == 0;
		else if (n)
			n->other = "null";
		return n;
	}
	return fail_expected(r, "a value"), NULL;
}

static struct node *read_value(struct json_reader *r, int depth);

/* At the bracket. Members of tables and lists differ only in the key. */
static int read_members(struct json_reader *r, struct node *to, int depth)
{
	bool table = to->type == NODE_TABLE;
	int end = table ? '}' : ']';
	struct node **tail = &to->child;

	r->pos++;
	skip_space(r);
	if (peek(r) == end) {
		r->pos++;
		return 0;
	}
	for (;;) {
		char *key = NULL;
		uint32_t line = 0, column = 0;
		struct node *n;

		skip_space(r);
		if (table) {
			if (peek(r) != '"')
				return fail_expected(r, "a key in double quotes");
			tree_build__locate(r->b, r->pos, &line, &column);
			if (read_string(r, "key", &key))
				return r->b->err;
			skip_space(r);
			if (peek(r) != ':') {
				free(key);
				return fail_expected(r, "':'");
			}
			r->pos++;
		}
		n = read_value(r, depth + 1);
		if (!n) {
			free(key);
			return r->b->err;
		}
		n->key = key;
		n->key_line = line;
		n->key_column = column;
		*tail = n;
		tail = &n->next;
		skip_space(r);
		if (peek(r) == end) {
			r->pos++;
			return table ? tree_build__unique(r->b, to) : 0;
		}
		if (peek(r) != ',')
			return fail_expected(r, table ? "',' or '}'" : "',' or ']'");
		r->pos++;
	}
}

static struct node *read_value(struct json_reader *r, int depth)
{
	uint32_t line, column;
	struct node *n;
	int c;

	skip_space(r);
	c = peek(r);
	tree_build__locate(r->b, r->pos, &line, &column);
	if (c == '-' || (c >= '0' && c <= '9'))
		return read_number(r, line, column);
	if (c != '{' && c != '[' && c != '"')
		return read_word(r, line, column);
	if (c != '"' && depth > TREE_MAX_DEPTH) {
		tree_build__fail(r->b, -EINVAL, line, column, "nested more than %d deep", TREE_MAX_DEPTH);
		return NULL;
	}
	n = tree_build__node(r->b, c == '{' ? NODE_TABLE : c == '[' ? NODE_LIST : NODE_STRING, line, column);
	if (!n)
		return NULL;
	if (c == '"' ? read_string(r, "string", &n->string) : read_members(r, n, depth)) {
		tree__free(n);
		return NULL;
	}
	return n;
}

int tree_json__parse(struct tree_build *b, struct node **ret_root)
{
	struct json_reader r = { .b = b };

	*ret_root = read_value(&r, 1);
	if (!*ret_root)
		return b->err;
	skip_space(&r);
	if (r.pos < b->len)
		return fail_expected(&r, "the end");
	return 0;
}
