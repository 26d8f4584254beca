/* SPDX-License-Identifier: Apache-2.0 */
/* The tree itself: the same from all three formats, places, and every bound at its edge. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "policy/tree.h"

static struct tree_error error;

static struct node *parse(enum tree_format format, const char *text)
{
	struct node *root;

	if (tree__parse(format, text, strlen(text), &root, &error))
		fail_msg("%u:%u: %s", error.line, error.column, error.text);
	return root;
}

static int refuse(enum tree_format format, const char *text, size_t len)
{
	struct node *root;
	int err = tree__parse(format, text, len, &root, &error);

	assert_int_not_equal(err, 0);
	assert_string_not_equal(error.text, "");
	return err;
}

/* Everything about a tree in one line: key@place=type:value@place. */
static void show(FILE *out, const struct node *n, bool places)
{
	static const char types[] = "TLSIFBO";

	for (; n; n = n->next) {
		if (n->key)
			fprintf(out, "%s", n->key);
		if (n->key && places)
			fprintf(out, "@%u:%u", n->key_line, n->key_column);
		fprintf(out, "=%c", types[n->type]);
		if (places)
			fprintf(out, "@%u:%u", n->line, n->column);
		if (n->type == NODE_STRING)
			fprintf(out, ":%s", n->string);
		else if (n->type == NODE_INT)
			fprintf(out, ":%lld", (long long)n->integer);
		else if (n->type == NODE_FLOAT)
			fprintf(out, ":%g", n->number);
		else if (n->type == NODE_BOOL)
			fprintf(out, ":%d", n->boolean);
		else if (n->type == NODE_OTHER)
			fprintf(out, ":%s", n->other);
		if (n->type == NODE_TABLE || n->type == NODE_LIST) {
			fputc('(', out);
			show(out, n->child, places);
			fputc(')', out);
		}
		if (n->next)
			fputc(' ', out);
	}
}

static void expect(enum tree_format format, const char *text, bool places, const char *want)
{
	struct node *root = parse(format, text);
	char *found = NULL;
	size_t len;
	FILE *out = open_memstream(&found, &len);

	assert_non_null(out);
	show(out, root->child, places);
	fclose(out);
	assert_string_equal(found, want);
	free(found);
	tree__free(root);
}

static void the_formats_make_the_same_tree(void **state)
{
	const char *want = "z=S:a \"b\" a=I:-3 t=T(x=F:1.5 y=B:1 l=L(=S:p =I:255 =L()))";

	(void)state;
	expect(TREE_TOML, "z = 'a \"b\"'\na = -3\n[t]\nx = 1.5\ny = true\nl = ['p', 0xff, []]\n", false, want);
	expect(TREE_YAML, "z: 'a \"b\"'\na: -3\nt:\n  x: 1.5\n  y: true\n  l: [p, 0xff, []]\n", false, want);
	expect(TREE_YAML, "z: a \"b\"\na: -3\nt: {x: 15e-1, y: TRUE, l: [\"p\", 0o377, []]}\n", false, want);
	expect(TREE_TOML, "z = 'a \"b\"'\r\na = -3\r\n[t]\r\nx = 1.5\r\ny = true\r\nl = ['p', 0xff, []]\r\n", false, want);
	expect(TREE_JSON, "{\"z\":\"a \\\"b\\\"\",\"a\":-3,\"t\":{\"x\":1.5,\"y\":true,\"l\":[\"p\",255,[]]}}", false, want);
}

static void every_node_knows_its_place(void **state)
{
	(void)state;
	expect(TREE_TOML, "b = 1\n\"\xc3\xa9\" = \"\xc3\xbc\" # c\n  [s . t]\na.c = ['x',\n\t2]\n", true,
	       "b@1:1=I@1:5:1 \xc3\xa9@2:1=S@2:7:\xc3\xbc s@3:4=T@3:3(t@3:8=T@3:3(a@4:1=T@4:1(c@4:3=L@4:7(=S@4:8:x =I@5:2:2))))");
	expect(TREE_YAML, "b: 1\n\xc3\xa9: \"\xc3\xbc\" # c\ns:\n  t: ['x',\n   2]\n  \"u\": |\n    m\nn:\n", true,
	       "b@1:1=I@1:4:1 \xc3\xa9@2:1=S@2:4:\xc3\xbc s@3:1=T@4:3(t@4:3=L@4:6(=S@4:7:x =I@5:4:2) u@6:3=S@7:1:m\n) n@8:1=O@8:1:null");
	expect(TREE_JSON, "{\"b\":1,\n\"\xc3\xa9\":\"\xc3\xbc\", \"s\" : [\ttrue,\r\n null]}", true,
	       "b@1:2=I@1:6:1 \xc3\xa9@2:1=S@2:5:\xc3\xbc s@2:10=L@2:16(=B@2:18:1 =O@3:2:null)");
}

static void plain_words_of_yaml_are_what_the_core_schema_says(void **state)
{
	(void)state;
	expect(TREE_YAML, "a: yes\nb: ~\nc: 012\nd: 1.2.3\ne: +5\nf: .5\ng: 0x\nh: 1e\ni: -\"q\"\nj: '1'\nk: False\nl: 1_000\nm: 5.\n",
	       false, "a=S:yes b=O:null c=I:12 d=S:1.2.3 e=I:5 f=F:0.5 g=S:0x h=S:1e i=S:-\"q\" j=S:1 k=B:0 l=S:1_000 m=F:5");
	expect(TREE_YAML, "a: .inf\nb: -.INF\n", false, "a=F:inf b=F:-inf");
	expect(TREE_TOML, "a = inf\nb = -inf\nd = 1979-05-27\ne = 07:32:00\n", false,
	       "a=F:inf b=F:-inf d=O:date or time e=O:date or time");
}

/* BEFORE, N times OPEN, MIDDLE, N times CLOSE, AFTER. */
static char *nested(const char *before, const char *open, size_t n, const char *middle, const char *close,
		    const char *after)
{
	char *text = malloc(strlen(before) + strlen(middle) + strlen(after) + n * (strlen(open) + strlen(close)) + 1), *p;

	assert_non_null(text);
	p = stpcpy(text, before);
	for (size_t i = 0; i < n; i++)
		p = stpcpy(p, open);
	p = stpcpy(p, middle);
	for (size_t i = 0; i < n; i++)
		p = stpcpy(p, close);
	stpcpy(p, after);
	return text;
}

static void expect_depth(enum tree_format format, const char *before, const char *open, size_t most, const char *middle,
			 const char *close, const char *after)
{
	char *text = nested(before, open, most, middle, close, after);
	size_t far[] = { most + 1, most + 2, 300, 20000 };

	tree__free(parse(format, text));
	free(text);
	for (size_t i = 0; i < ARRAY_SIZE(far); i++) {
		text = nested(before, open, far[i], middle, close, after);
		assert_int_equal(refuse(format, text, strlen(text)), -EINVAL);
		assert_non_null(strstr(error.text, "nested more than 16 deep"));
		assert_int_equal(error.line, 1);
		free(text);
	}
}

/* The table of the whole is the first level. */
static void depth_is_bounded(void **state)
{
	(void)state;
	expect_depth(TREE_TOML, "a = ", "[", TREE_MAX_DEPTH - 1, "1", "]", "\n");
	expect_depth(TREE_TOML, "a", ".a", TREE_MAX_DEPTH - 1, "", "", " = 1\n");
	expect_depth(TREE_TOML, "[a", ".a", TREE_MAX_DEPTH - 2, "", "", "]\n");
	expect_depth(TREE_TOML, "[[a", ".a", TREE_MAX_DEPTH - 3, "", "", "]]\n");
	expect_depth(TREE_TOML, "a = ", "{a=", TREE_MAX_DEPTH - 1, "1", "}", "\n");
	expect_depth(TREE_YAML, "a: ", "[", TREE_MAX_DEPTH - 1, "1", "]", "\n");
	expect_depth(TREE_JSON, "{\"a\":", "[", TREE_MAX_DEPTH - 1, "1", "]", "}");
}

/* What looks like nesting in strings and comments is none; what follows them is. */
static void strings_hide_no_nesting(void **state)
{
	static const char *const harmless[] = {
		"a = '[[[[[[[[[[[[[[[[[[[[[[[['\n", "a = \"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[\"\n", "# [[[[[[[[[[[[[[[[[[[[[[[[[\na = 1\n",
		"a = '''\n'[[[[[[[[[[[[[[[[[[[[[[['''''\n", "a = \"\"\"\\\"\"\"[[[[[[[[[[[[[[[[[[[[[[\"\"\"\n",
		"\"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t\" = 1\n",
	};
	static const char *const hiding[] = {
		"a = \"\\\\\"\nb = ", "a = ''\nb = ", "a = '\\'\nb = ", "a = \"\"\"\"\"\"\nb = ", "a = \"\"\"x\"\"\"\"\"\nb = ",
		"a = '''x'''''\nb = ", "a = \"#\"\nb = ", "'a\"' = ",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
		tree__free(parse(TREE_TOML, harmless[i]));
	for (size_t i = 0; i < ARRAY_SIZE(hiding); i++) {
		char *text = nested(hiding[i], "[", 15, "1", "]", "\n");

		tree__free(parse(TREE_TOML, text));
		free(text);
		text = nested(hiding[i], "[", 30000, "", "]", "\n");
		refuse(TREE_TOML, text, strlen(text));
		assert_non_null(strstr(error.text, "nested more than"));
		free(text);
	}
}

static void size_and_number_are_bounded(void **state)
{
	static const struct { enum tree_format format; const char *before, *item, *after; } f[] = {
		{ TREE_TOML, "a = [", "1,", "]\n" }, { TREE_YAML, "a: [", "1,", "]\n" }, { TREE_JSON, "{\"a\":[1", ",1", "]}\n" },
	};
	char *text = calloc(1, TREE_MAX_BYTES + 2);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < ARRAY_SIZE(f); i++) {
		/* two nodes are the whole and the list */
		size_t most = TREE_MAX_NODES - 2 - (f[i].format == TREE_JSON);
		char *t = nested(f[i].before, f[i].item, most, "", "", f[i].after);

		tree__free(parse(f[i].format, t));
		free(t);
		t = nested(f[i].before, f[i].item, most + 1, "", "", f[i].after);
		assert_int_equal(refuse(f[i].format, t, strlen(t)), -EFBIG);
		assert_string_equal(error.text, "more than 65536 values");
		assert_int_equal(error.line, 1);
		free(t);
		memset(text, ' ', TREE_MAX_BYTES + 1);
		memcpy(text, i == 2 ? "{}" : "", i == 2 ? 2 : 0);
		text[TREE_MAX_BYTES - 1] = '\n';
		{
			struct node *root;

			assert_int_equal(tree__parse(f[i].format, text, TREE_MAX_BYTES, &root, &error), 0);
			tree__free(root);
		}
		assert_int_equal(refuse(f[i].format, text, TREE_MAX_BYTES + 1), -EFBIG);
		assert_string_equal(error.text, "larger than 256 KiB");
	}
	free(text);
}

static void the_first_double_of_many_keys_is_named(void **state)
{
	char text[40000], *p = text;

	(void)state;
	for (int i = 0; i < 2000; i++)
		p += sprintf(p, "k%d: 1\n", (i * 7919) % 2000);
	tree__free(parse(TREE_YAML, text));
	p += sprintf(p, "k77: 1\nk78: 1\nk77: 1\n");
	refuse(TREE_YAML, text, strlen(text));
	assert_non_null(strstr(error.text, "duplicate key 'k77'"));
	assert_int_equal(error.line, 2001);
	assert_int_equal(error.column, 1);
}

static void messages_hold_nothing_a_terminal_obeys(void **state)
{
	const char text[] = "{\"\\u001b]0;x\\u0007\":1,\"\\u001b]0;x\\u0007\":1}";

	(void)state;
	refuse(TREE_JSON, text, strlen(text));
	assert_null(strchr(error.text, 0x1b));
	assert_non_null(strstr(error.text, "'?]0;x?'"));
}

static void the_end_of_the_name_tells_the_format(void **state)
{
	(void)state;
	assert_int_equal(tree__format("a.toml"), TREE_TOML);
	assert_int_equal(tree__format("a.yaml"), TREE_YAML);
	assert_int_equal(tree__format("a.YML"), TREE_YAML);
	assert_int_equal(tree__format("a.json"), TREE_JSON);
	assert_int_equal(tree__format("json"), TREE_TOML);
	assert_int_equal(tree__format("a.json/b"), TREE_TOML);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_formats_make_the_same_tree),
		cmocka_unit_test(every_node_knows_its_place),
		cmocka_unit_test(plain_words_of_yaml_are_what_the_core_schema_says),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(strings_hide_no_nesting),
		cmocka_unit_test(size_and_number_are_bounded),
		cmocka_unit_test(the_first_double_of_many_keys_is_named),
		cmocka_unit_test(messages_hold_nothing_a_terminal_obeys),
		cmocka_unit_test(the_end_of_the_name_tells_the_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
