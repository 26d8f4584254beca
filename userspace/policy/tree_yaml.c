/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML 1.2, core schema, from libfyaml's events. No document is built, so nothing is ever resolved: an alias is refused
 * where it stands, and with it every bomb made of them. What a plain reader of the file would not expect is refused
 * too: anchors, tags, directives, several documents, keys that are not words.
 */
#include "tree_build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libfyaml.h>

#include "base/util.h"

struct yaml_reader {
	struct tree_build *b;
	struct fy_parser *fyp;
	struct node *stack[TREE_MAX_DEPTH];
	struct node **tail[TREE_MAX_DEPTH];
	int depth;
	struct node *root;
	char *key; /* read, its value not yet */
	uint32_t key_line, key_column;
	bool seen;	/* a document */
};

/* Tokens begin behind their quote, '*', '&' or '!': those belong to what a reader sees. */
static void where_token(struct yaml_reader *y, struct fy_token *t, uint32_t *ret_line, uint32_t *ret_column)
{
	const struct fy_mark *m = t ? fy_token_start_mark(t) : NULL;
	size_t at = m ? m->input_pos : 0;

	while (at && at <= y->b->len && strchr("\"'*&!", y->b->text[at - 1]))
		at--;
	tree_build__locate(y->b, at, ret_line, ret_column);
}

static void where(struct yaml_reader *y, struct fy_event *e, uint32_t *ret_line, uint32_t *ret_column)
{
	const struct fy_mark *m = fy_event_start_mark(e);

	if (e->type == FYET_SCALAR && fy_token_scalar_style(e->scalar.value) != FYSS_PLAIN)
		where_token(y, e->scalar.value, ret_line, ret_column);
	else
		tree_build__locate(y->b, m ? m->input_pos : 0, ret_line, ret_column);
}

static int fail_token(struct yaml_reader *y, struct fy_token *t, const char *what)
{
	uint32_t line, column;

	where_token(y, t, &line, &column);
	return tree_build__fail(y->b, -EINVAL, line, column, "%s", what);
}

static int fail_event(struct yaml_reader *y, struct fy_event *e, const char *what)
{
	uint32_t line, column;

	where(y, e, &line, &column);
	return tree_build__fail(y->b, -EINVAL, line, column, "%s", what);
}

static bool any_of(const char *s, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(s, *words))
			return true;
	return false;
}

/* A number of the core schema: 12, -3, 0o17, 0xff, 1.5, 2e3, .inf. Fills N and returns true; -ERANGE is recorded. */
static bool plain_number(struct yaml_reader *y, const char *s, struct node *n)
{
	static const char *const infinite[] = { ".inf", ".Inf", ".INF", NULL }, *const nan[] = { ".nan", ".NaN", ".NAN", NULL };
	const char *digits = s + (*s == '-' || *s == '+');
	size_t whole = strspn(digits, "0123456789"), frac = 0;
	int base = !strncmp(s, "0x", 2) ? 16 : !strncmp(s, "0o", 2) ? 8 : 10;
	const char *p = digits + whole;

	if (any_of(digits, infinite) || any_of(s, nan)) {
		n->type = NODE_FLOAT;
		n->number = any_of(s, nan) ? __builtin_nan("") : *s == '-' ? -__builtin_inf() : __builtin_inf();
		return true;
	}
	if (base != 10 && s[2] && s[2 + strspn(s + 2, base == 16 ? "0123456789abcdefABCDEF" : "01234567")] == 0) {
		digits = s + 2;
	} else if (!whole || *p) {
		if (*p == '.') {
			p++;
			frac = strspn(p, "0123456789");
			p += frac;
		}
		if (!whole && !frac)
			return false;
		if (*p == 'e' || *p == 'E') {
			p++;
			p += *p == '-' || *p == '+';
			if (!strspn(p, "0123456789"))
				return false;
			p += strspn(p, "0123456789");
		}
		if (*p)
			return false;
		n->type = NODE_FLOAT;
		n->number = strtod(s, NULL);
		return true;
	} else {
		digits = s;
		base = 10;
	}
	n->type = NODE_INT;
	errno = 0;
	n->integer = strtoll(digits, NULL, base);
	if (errno == ERANGE)
		tree_build__fail(y->b, -EINVAL, n->line, n->column, "a number outside 64 bits");
	return true;
}

/* N is a string as yet; a plain one may be something else. */
static int resolve_plain(struct yaml_reader *y, struct node *n)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const trues[] = { "true", "True", "TRUE", NULL };
	static const char *const falses[] = { "false", "False", "FALSE", NULL };
	char *s = n->string;

	if (any_of(s, nulls)) {
		n->type = NODE_OTHER;
		n->other = "null";
	} else if (any_of(s, trues) || any_of(s, falses)) {
		n->type = NODE_BOOL;
		n->boolean = any_of(s, trues);
	} else if (!plain_number(y, s, n)) {
		return 0;
	}
	free(s);
	return y->b->err;
}

static int attach(struct yaml_reader *y, struct node *n)
{
	if (!y->depth) {
		y->root = n;
		return 0;
	}
	n->key = steal_ptr(&y->key);
	n->key_line = y->key_line;
	n->key_column = y->key_column;
	*y->tail[y->depth - 1] = n;
	y->tail[y->depth - 1] = &n->next;
	return 0;
}

static bool wants_key(const struct yaml_reader *y)
{
	return y->depth && y->stack[y->depth - 1]->type == NODE_TABLE && !y->key;
}

static int on_scalar(struct yaml_reader *y, struct fy_event *e)
{
	struct fy_token *t = e->scalar.value;
	bool plain = !t || fy_token_scalar_style(t) == FYSS_PLAIN;
	uint32_t line, column;
	size_t len = 0;
	const char *s = t ? fy_token_get_text(t, &len) : "";
	struct node *n;

	if (e->scalar.anchor)
		return fail_token(y, e->scalar.anchor, "an anchor: write the value out");
	if (e->scalar.tag)
		return fail_token(y, e->scalar.tag, "a tag: types are not to be stated");
	if (!s)
		return fail_event(y, e, "a scalar without text");
	where(y, e, &line, &column);
	/* a value that is not there has no place of its own */
	if (!t && y->key) {
		line = y->key_line;
		column = y->key_column;
	}
	if (wants_key(y)) {
		if (plain && !len)
			return tree_build__fail(y->b, -EINVAL, line, column, "a value without a key");
		y->key = tree_build__string(y->b, "key", s, len, line, column);
		y->key_line = line;
		y->key_column = column;
		return y->b->err;
	}
	n = tree_build__node(y->b, NODE_STRING, line, column);
	if (!n)
		return y->b->err;
	n->string = tree_build__string(y->b, "string", s, len, line, column);
	if (!n->string) {
		free(n);
		return y->b->err;
	}
	attach(y, n);
	return plain ? resolve_plain(y, n) : 0;
}

static int on_start(struct yaml_reader *y, struct fy_event *e, enum node_type type)
{
	bool table = type == NODE_TABLE;
	struct fy_token *anchor = table ? e->mapping_start.anchor : e->sequence_start.anchor;
	struct fy_token *tag = table ? e->mapping_start.tag : e->sequence_start.tag;
	uint32_t line, column;
	struct node *n;

	if (anchor)
		return fail_token(y, anchor, "an anchor: write the value out");
	if (tag)
		return fail_token(y, tag, "a tag: types are not to be stated");
	if (wants_key(y))
		return fail_event(y, e, "a key must be a word");
	where(y, e, &line, &column);
	if (y->depth == TREE_MAX_DEPTH)
		return tree_build__fail(y->b, -EINVAL, line, column, "nested more than %d deep", TREE_MAX_DEPTH);
	n = tree_build__node(y->b, type, line, column);
	if (!n)
		return y->b->err;
	attach(y, n);
	y->stack[y->depth] = n;
	y->tail[y->depth++] = &n->child;
	return 0;
}

static int on_end(struct yaml_reader *y)
{
	const struct node *n = y->stack[--y->depth];

	return n->type == NODE_TABLE ? tree_build__unique(y->b, n) : 0;
}

static int on_document(struct yaml_reader *y, struct fy_event *e)
{
	struct fy_document_state *s = e->document_start.document_state;

	if (y->seen)
		return fail_event(y, e, "a second document");
	y->seen = true;
	if (fy_document_state_version_explicit(s) || fy_document_state_tags_explicit(s))
		return fail_event(y, e, "a directive: YAML 1.2 without tags is understood, nothing else");
	return 0;
}

static int on_event(struct yaml_reader *y, struct fy_event *e)
{
	switch (e->type) {
	case FYET_DOCUMENT_START: return on_document(y, e);
	case FYET_MAPPING_START: return on_start(y, e, NODE_TABLE);
	case FYET_SEQUENCE_START: return on_start(y, e, NODE_LIST);
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END: return on_end(y);
	case FYET_SCALAR: return on_scalar(y, e);
	case FYET_ALIAS: return fail_token(y, e->alias.anchor, "an alias: write the value out");
	default: return 0;
	}
}

/* What libfyaml found. It reports where the trouble shows, lines and columns from 0 or 1 depending on the message. */
static int fail_syntax(struct yaml_reader *y, struct fy_diag *diag)
{
	void *it = NULL;
	struct fy_diag_error *e = fy_diag_errors_iterate(diag, &it);
	uint32_t line = 0, column = 0;
	char text[160];

	if (!e || !e->msg)
		return tree_build__fail(y->b, -EINVAL, 0, 0, "not YAML");
	if (e->line > 0) {
		line = (uint32_t)e->line;
		column = e->column > 0 ? (uint32_t)e->column : 1;
	}
	return tree_build__fail(y->b, -EINVAL, line, column, "%s", tree_build__quote(e->msg, strlen(e->msg), text, sizeof(text)));
}

static int read_events(struct yaml_reader *y, struct fy_diag *diag)
{
	struct fy_event *e;
	int err = 0;

	while (!err && (e = fy_parser_parse(y->fyp))) {
		err = on_event(y, e);
		fy_parser_event_free(y->fyp, e);
	}
	if (!err && fy_parser_get_stream_error(y->fyp))
		err = fail_syntax(y, diag);
	if (!err && y->depth)
		err = tree_build__fail(y->b, -EINVAL, 0, 0, "the text ends inside a value");
	return err;
}

int tree_yaml__parse(struct tree_build *b, struct node **ret_root)
{
	struct yaml_reader y = { .b = b };
	struct fy_diag_cfg diag_cfg;
	struct fy_parse_cfg cfg = { .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE };
	struct fy_diag *diag;
	int err = -ENOMEM;

	fy_diag_cfg_default(&diag_cfg);
	diag_cfg.fp = NULL;
	diag_cfg.output_fn = NULL;
	diag_cfg.level = FYET_ERROR;
	diag_cfg.colorize = false;
	diag = fy_diag_create(&diag_cfg);
	if (diag)
		fy_diag_set_collect_errors(diag, true);
	cfg.diag = diag;
	y.fyp = diag ? fy_parser_create(&cfg) : NULL;
	if (y.fyp && !fy_parser_set_string(y.fyp, b->text, b->len))
		err = read_events(&y, diag);
	else
		tree_build__fail(b, -ENOMEM, 0, 0, "out of memory");
	if (y.fyp)
		fy_parser_destroy(y.fyp);
	if (diag)
		fy_diag_destroy(diag);
	free(y.key);
	/* a file of nothing but comments is an empty table, as in TOML */
	if (!err && (!y.root || (y.root->type == NODE_OTHER && y.root->line))) {
		tree__free(y.root);
		y.root = tree_build__node(b, NODE_TABLE, 1, 1);
		err = b->err;
	}
	*ret_root = y.root;
	return err;
}
