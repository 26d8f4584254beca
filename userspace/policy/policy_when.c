/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_when.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/util.h"
#include "policy_internal.h"
#include "tree_build.h"

#define TESTS_MAX 256 /* values of one condition */
#define WHENS_MAX 1024

static const struct {
	const char *name;
	enum when_key key;
	bool not;
} words[] = {
	{ "uid", WHEN_UID, false },
	{ "not_uid", WHEN_UID, true },
	{ "binary", WHEN_BINARY, false },
	{ "not_binary", WHEN_BINARY, true },
	{ "cgroup", WHEN_CGROUP, false },
	{ "not_cgroup", WHEN_CGROUP, true },
	{ "mount_namespace", WHEN_MOUNT_NS, false },
	{ "user_namespace", WHEN_USER_NS, false },
};

static const char *word_of(const struct when_test *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i].key == t->key && words[i].not == t->not)
			return words[i].name;
	return "";
}

void policy_when__free(struct policy_when *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->n; i++)
		free(w->v[i].value);
	free(w->v);
	free(w->text);
	free(w);
}

static int no_memory(struct policy_file *f)
{
	snprintf(f->error->text, sizeof(f->error->text), "out of memory");
	return -ENOMEM;
}

static int unknown_key(struct policy_file *f, const struct node *m)
{
	char q[72], hint[200] = "known here:";
	struct nearest near;

	nearest__init(&near, m->key);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		nearest__offer(&near, words[i].name);
		snprintf(hint + strlen(hint), sizeof(hint) - strlen(hint), " %s", words[i].name);
	}
	if (near.best)
		snprintf(hint, sizeof(hint), "did you mean '%s'?", near.best);
	return policy_file__fail(f, m->key_line, m->key_column, hint, "unknown key '%s' in when", value__quote(m->key, q));
}

/* The number or string at N as a value of KEY; malloc'ed. */
static int read_value(struct policy_file *f, const char *word, enum when_key key, const struct node *n, const struct value_ctx *ctx,
		      char **ret)
{
	struct value_error e = { 0 };
	char q[72];
	int err;

	if (key == WHEN_UID) {
		if (n->type != NODE_INT || n->integer < 0 || n->integer >= UINT32_MAX)
			return policy_file__fail(f, n->line, n->column, "`id -u NAME` says it", "when.%s is not a user's number", word);
		return asprintf(ret, "%lld", (long long)n->integer) < 0 ? no_memory(f) : 0;
	}
	if (n->type != NODE_STRING)
		return policy_file__fail(f, n->line, n->column, NULL, "when.%s must be a string, not %s", word, node__type_name(n));
	if (key == WHEN_MOUNT_NS || key == WHEN_USER_NS) {
		if (strcmp(n->string, "host") && strcmp(n->string, "other"))
			return policy_file__fail(f, n->line, n->column, "\"host\": the one that sandtrace is in; \"other\": any other",
						 "when.%s: '%s' is not known", word, value__quote(n->string, q));
		*ret = strdup(n->string);
		return *ret ? 0 : no_memory(f);
	}
	if (key == WHEN_CGROUP && n->string[0] != '/')
		return policy_file__fail(f, n->line, n->column, "as in /proc/PID/cgroup: \"/system.slice/web.service\"",
					 "when.%s: '%s' does not begin with a slash", word, value__quote(n->string, q));
	err = value__path(n->string, ctx, ret, &e);
	if (err == -ENOMEM)
		return no_memory(f);
	if (!err && !tree_build__is_utf8(*ret))
		err = value__fail(&e, NULL, "a value that is not UTF-8");
	return err ? policy_file__fail(f, n->line, n->column, e.hint, "when.%s: %s", word, e.text) : 0;
}

static int by_test(const void *a, const void *b)
{
	const struct when_test *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->not != y->not)
		return x->not ? 1 : -1;
	return strcmp(x->value, y->value);
}

static int read_key(struct policy_file *f, const struct node *m, const struct value_ctx *ctx, struct policy_when *w)
{
	bool list = m->type == NODE_LIST;
	size_t i = 0;

	while (i < ARRAY_SIZE(words) && strcmp(words[i].name, m->key))
		i++;
	if (i == ARRAY_SIZE(words))
		return unknown_key(f, m);
	if (list && !m->child)
		return policy_file__fail(f, m->line, m->column, "leave it out", "when.%s is an empty list", words[i].name);
	for (const struct node *n = list ? m->child : m; n; n = list ? n->next : NULL) {
		struct when_test *v = reallocarray(w->v, w->n + 1, sizeof(*v));
		int err;

		if (!v)
			return no_memory(f);
		w->v = v;
		if (w->n == TESTS_MAX)
			return policy_file__fail(f, n->line, n->column, NULL, "more than %d values in when", TESTS_MAX);
		v[w->n] = (struct when_test){ .key = words[i].key, .not = words[i].not };
		err = read_value(f, words[i].name, words[i].key, n, ctx, &v[w->n].value);
		if (err)
			return err;
		w->n++;
	}
	return 0;
}

static void print_value(FILE *out, const struct when_test *t)
{
	if (t->key == WHEN_UID)
		fputs(t->value, out);
	else
		policy_print__string(out, t->value);
}

/* Sorted, each once, and as text. */
static int finish(struct policy_when *w)
{
	size_t n = 0, len;
	FILE *out;

	qsort(w->v, w->n, sizeof(*w->v), by_test);
	for (size_t i = 0; i < w->n; i++) {
		if (n && !by_test(&w->v[n - 1], &w->v[i]))
			free(w->v[i].value);
		else
			w->v[n++] = w->v[i];
	}
	w->n = n;
	out = open_memstream(&w->text, &len);
	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		bool first = !i || w->v[i - 1].key != w->v[i].key || w->v[i - 1].not != w->v[i].not;
		bool last = i + 1 == n || w->v[i + 1].key != w->v[i].key || w->v[i + 1].not != w->v[i].not;

		if (first)
			fprintf(out, "%s%s = [", i ? ", " : "{ ", word_of(&w->v[i]));
		else
			fputs(", ", out);
		print_value(out, &w->v[i]);
		fputs(last ? "]" : "", out);
	}
	fputs(" }", out);
	return fclose(out) ? -ENOMEM : 0;
}

static int intern(struct policy_file *f, struct policy_when *w, const struct node *table, const struct policy_when **ret)
{
	struct policy *p = f->p;
	struct policy_when **v;

	for (size_t i = 0; i < p->n_whens; i++) {
		if (strcmp(p->whens[i]->text, w->text))
			continue;
		*ret = p->whens[i];
		policy_when__free(w);
		return 0;
	}
	if (p->n_whens == WHENS_MAX) {
		policy_when__free(w);
		return policy_file__fail(f, table->line, table->column, NULL, "more than %d different conditions", WHENS_MAX);
	}
	v = reallocarray(p->whens, p->n_whens + 1, sizeof(*v));
	if (!v) {
		policy_when__free(w);
		return no_memory(f);
	}
	p->whens = v;
	p->whens[p->n_whens++] = w;
	*ret = w;
	return 0;
}

int policy_when__parse(struct policy_file *f, const struct node *table, const struct value_ctx *ctx, const struct policy_when **ret)
{
	struct policy_when *w;
	int err = 0;

	if (table->type != NODE_TABLE)
		return policy_file__fail(f, table->line, table->column, "when = { uid = [1000] }", "when must be a table, not %s",
					 node__type_name(table));
	if (!table->child)
		return policy_file__fail(f, table->line, table->column, "leave it out", "when is an empty table");
	w = calloc(1, sizeof(*w));
	if (!w)
		return no_memory(f);
	for (const struct node *m = table->child; m && !err; m = m->next)
		err = read_key(f, m, ctx, w);
	if (!err && finish(w))
		err = no_memory(f);
	if (err) {
		policy_when__free(w);
		return err;
	}
	return intern(f, w, table, ret);
}
