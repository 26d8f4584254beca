/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TOML 1.0 through tomlplusplus. Built without exceptions, without assertions (they abort on bad input; see the
 * Makefile) and linked into the binary. The library recurses with the nesting of the text, and again when it frees: so
 * nesting is bounded by a scan of the text before the library sees it.
 */
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#define TOML_MAX_NESTED_VALUES 32

#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "tree_build.h"

#ifndef NDEBUG
#error "tomlplusplus must be built with NDEBUG: its assertions abort on some invalid input"
#endif

namespace {

/* The end of the string that starts at I; for one that is not closed, where its line or the text ends. */
size_t skip_string(const char *s, size_t len, size_t i)
{
	char q = s[i];
	bool multi = i + 2 < len && s[i + 1] == q && s[i + 2] == q;

	i += multi ? 3 : 1;
	while (i < len) {
		if (s[i] == '\\' && q == '"') {
			i += 2;
		} else if (s[i] == q && !multi) {
			return i + 1;
		} else if (s[i] == q && i + 2 < len && s[i + 1] == q && s[i + 2] == q) {
			i += 3;
			/* up to two quotes may stand before the three that close */
			for (int n = 0; n < 2 && i < len && s[i] == q; n++)
				i++;
			return i;
		} else if (s[i] == '\n' && !multi) {
			return i;
		} else {
			i++;
		}
	}
	return len;
}

/*
 * Brackets that are open at once, and dots of one key. Where the text is not TOML this scan may see something else than
 * the library does, but only behind the place where the library gives up.
 */
int check_depth(struct tree_build *b)
{
	size_t depth = 0, dots = 0;

	for (size_t i = 0; i < b->len;) {
		char c = b->text[i];

		if (c == '"' || c == '\'') {
			i = skip_string(b->text, b->len, i);
			continue;
		}
		if (c == '#') {
			while (i < b->len && b->text[i] != '\n')
				i++;
			continue;
		}
		if (c == '[' || c == '{')
			depth++;
		else if ((c == ']' || c == '}') && depth)
			depth--;
		dots = c == '.' ? dots + 1 : c == '\n' || c == '=' || c == ',' || c == '{' ? 0 : dots;
		/* the brackets of a [[header]] are two more than its depth */
		if (depth > TREE_MAX_DEPTH + 2 || dots > TREE_MAX_DEPTH) {
			uint32_t line, column;

			tree_build__locate(b, i, &line, &column);
			return tree_build__fail(b, -EINVAL, line, column, "nested more than %d deep", TREE_MAX_DEPTH);
		}
		i++;
	}
	return 0;
}

struct member {
	const toml::key *key;
	const toml::node *value;
};

bool in_file_order(const member &a, const member &b)
{
	const auto &x = a.key->source().begin, &y = b.key->source().begin;

	return x.line != y.line ? x.line < y.line : x.column < y.column;
}

struct node *convert(struct tree_build *b, const toml::node &from, int depth);

int convert_table(struct tree_build *b, const toml::table &from, struct node *to, int depth)
{
	std::vector<member> members;
	struct node **tail = &to->child;

	for (auto &&[key, value] : from)
		members.push_back({ &key, &value });
	std::sort(members.begin(), members.end(), in_file_order);
	for (const member &m : members) {
		const auto &at = m.key->source().begin;
		struct node *n = convert(b, *m.value, depth + 1);

		if (!n)
			return b->err;
		*tail = n;
		tail = &n->next;
		n->key_line = at.line;
		n->key_column = at.column;
		n->key = tree_build__string(b, "key", m.key->data(), m.key->length(), at.line, at.column);
		if (!n->key)
			return b->err;
	}
	return 0;
}

int convert_list(struct tree_build *b, const toml::array &from, struct node *to, int depth)
{
	struct node **tail = &to->child;

	for (const toml::node &item : from) {
		struct node *n = convert(b, item, depth + 1);

		if (!n)
			return b->err;
		*tail = n;
		tail = &n->next;
	}
	return 0;
}

enum node_type type_of(const toml::node &n)
{
	switch (n.type()) {
	case toml::node_type::table: return NODE_TABLE;
	case toml::node_type::array: return NODE_LIST;
	case toml::node_type::string: return NODE_STRING;
	case toml::node_type::integer: return NODE_INT;
	case toml::node_type::floating_point: return NODE_FLOAT;
	case toml::node_type::boolean: return NODE_BOOL;
	default: return NODE_OTHER;
	}
}

struct node *convert(struct tree_build *b, const toml::node &from, int depth)
{
	const auto &at = from.source().begin;
	struct node *n;

	if (depth > TREE_MAX_DEPTH && (from.is_table() || from.is_array())) {
		tree_build__fail(b, -EINVAL, at.line, at.column, "nested more than %d deep", TREE_MAX_DEPTH);
		return nullptr;
	}
	n = tree_build__node(b, type_of(from), at.line, at.column);
	if (!n)
		return nullptr;
	switch (n->type) {
	case NODE_TABLE:
		convert_table(b, *from.as_table(), n, depth);
		break;
	case NODE_LIST:
		convert_list(b, *from.as_array(), n, depth);
		break;
	case NODE_STRING: {
		const std::string &s = from.as_string()->get();

		n->string = tree_build__string(b, "string", s.data(), s.size(), at.line, at.column);
		break;
	}
	case NODE_INT:
		n->integer = from.as_integer()->get();
		break;
	case NODE_FLOAT:
		n->number = from.as_floating_point()->get();
		break;
	case NODE_BOOL:
		n->boolean = from.as_boolean()->get();
		break;
	default:
		n->other = "date or time";
	}
	if (b->err) {
		tree__free(n);
		return nullptr;
	}
	return n;
}

/*
 * The library's message without its common beginning. A word without quotes is the commonest mistake of all, and the
 * library takes it for a number.
 */
int fail_syntax(struct tree_build *b, const toml::parse_error &e)
{
	static const std::string_view unquoted[] = { "floating-point: expected", "boolean: expected", "determine value type" };
	static const std::string_view begin = "Error while parsing ", redefine = "cannot redefine existing ";
	std::string_view d = e.description();
	const auto &at = e.source().begin;
	bool duplicate = d.find(redefine) != d.npos, word = false;
	char text[180];

	if (duplicate) {
		d.remove_prefix(d.find(redefine) + redefine.size());
		d = d.substr(0, d.find(" as "));
	} else if (d.substr(0, begin.size()) == begin) {
		d.remove_prefix(begin.size());
	}
	for (auto u : unquoted)
		word |= d.find(u) != d.npos;
	tree_build__quote(d.data(), d.size(), text, sizeof(text));
	return tree_build__fail(b, -EINVAL, at.line, at.column, "%s%s%s", duplicate ? "duplicate key: there is already " : "", text,
				word ? " (a string stands in quotes)" : "");
}

} // namespace

extern "C" int tree_toml__parse(struct tree_build *b, struct node **ret_root)
{
	if (check_depth(b))
		return b->err;
	toml::parse_result result = toml::parse(std::string_view(b->text, b->len));
	if (result.failed())
		return fail_syntax(b, result.error());
	*ret_root = convert(b, result.table(), 1);
	if (*ret_root && !(*ret_root)->line)
		(*ret_root)->line = (*ret_root)->column = 1;
	return b->err;
}
