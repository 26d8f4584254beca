/* SPDX-License-Identifier: Apache-2.0 */
/* Files and built-ins, what they extend, and all or nothing. */
#include "policy_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/util.h"
#include "policy_when.h"

/* One call of policy__load: what it has read, and what it is still reading. */
struct load {
	struct policy *p;
	const struct policy_env *env;
	struct policy_error *error;
	char *seen[POLICY_MAX_FILES]; /* "built-in x" or an absolute path */
	bool open[POLICY_MAX_FILES];
	size_t n_seen;
	size_t net_from;
	int depth;
};

/* What is to be read: filled by find_file or find_builtin. */
struct input {
	char *name; /* for messages */
	char *id;   /* the same however it was written */
	char *dir;  /* absolute; NULL: built-in */
	const char *builtin; /* its name, and then there is no text */
	const char *text;
	char *owned;
	size_t len;
	enum tree_format format;
};

static void input_done(struct input *in)
{
	free(in->name);
	free(in->id);
	free(in->dir);
	free(in->owned);
}

static int no_memory(struct load *l)
{
	snprintf(l->error->text, sizeof(l->error->text), "out of memory");
	return -ENOMEM;
}

static bool is_builtin_name(const char *file)
{
	return !strchr(file, '/') && !strchr(file, '.');
}

static int find_builtin(struct load *l, const char *file, struct input *in)
{
	char q[72], list[200] = "";
	struct nearest near;

	if (policy__builtin_text(file, &in->len)) {
		in->builtin = file;
		if (asprintf(&in->name, "built-in %s", file) < 0)
			in->name = NULL;
		in->id = in->name ? strdup(in->name) : NULL;
		return in->id ? 0 : no_memory(l);
	}
	nearest__init(&near, file);
	for (const char *const *n = policy_builtin_names; *n; n++) {
		nearest__offer(&near, *n);
		snprintf(list + strlen(list), sizeof(list) - strlen(list), " %s", *n);
	}
	snprintf(l->error->text, sizeof(l->error->text), "'%s' is no built-in policy", value__quote(file, q));
	if (near.best)
		snprintf(l->error->hint, sizeof(l->error->hint), "did you mean '%s'? for a file: ./%.72s", near.best, q);
	else
		snprintf(l->error->hint, sizeof(l->error->hint), "built in:%s; for a file: ./%.72s", list, q);
	return -ENOENT;
}

/* FILE relative to DIR, absolute and clean; the directory of it into *RET_DIR. */
static int locate(struct load *l, const char *file, const char *dir, char **ret_path, char **ret_dir)
{
	_cleanup_(free) char *literal = value__escape(file);
	struct value_ctx ctx = { .home = l->env->home, .base = dir };
	struct value_error e = { 0 };
	char *slash;
	int err;

	if (!literal)
		return no_memory(l);
	/* "~" is for the shell to expand where a file is named */
	if (literal[0] == '~') {
		char *dotted;

		if (asprintf(&dotted, "./%s", literal) < 0)
			return no_memory(l);
		free(literal);
		literal = dotted;
	}
	err = value__path(literal, &ctx, ret_path, &e);
	if (err == -ENOMEM)
		return no_memory(l);
	if (err) {
		snprintf(l->error->text, sizeof(l->error->text), "%s", e.text);
		return err;
	}
	slash = strrchr(*ret_path, '/');
	*ret_dir = slash == *ret_path ? strdup("/") : strndup(*ret_path, (size_t)(slash - *ret_path));
	return *ret_dir ? 0 : no_memory(l);
}

/* FILE as the user or a file in DIR named it. */
static int find_file(struct load *l, const char *file, const char *dir, struct input *in)
{
	char q[72], base[64];
	const char *slash;
	int err;

	err = locate(l, file, dir, &in->id, &in->dir);
	if (err)
		return err;
	/* what the user typed, or, named by a file, where it is */
	in->name = strdup(l->depth ? in->id : file);
	if (!in->name)
		return no_memory(l);
	in->format = tree__format(file);
	err = l->env->read_file ? l->env->read_file(l->env->ctx, in->id, TREE_MAX_BYTES + 1, &in->owned, &in->len) : -ENOENT;
	in->text = in->owned;
	if (!err)
		return 0;
	snprintf(l->error->text, sizeof(l->error->text), "%s: %s", value__quote(in->name, q),
		 err == -EFBIG ? "larger than 256 KiB" : strerror(-err));
	slash = strrchr(in->name, '/');
	snprintf(base, sizeof(base), "%.*s", (int)strcspn(slash ? slash + 1 : in->name, "."), slash ? slash + 1 : in->name);
	if (err == -ENOENT && policy__builtin_text(base, &in->len))
		snprintf(l->error->hint, sizeof(l->error->hint), "'%s' is also built in, without directory and \".toml\"", base);
	return err;
}

static int load_input(struct load *l, struct input *in);

/* AT is the entry of `extends` in the file F. */
static int load_extended(struct load *l, struct policy_file *f, const struct node *at)
{
	struct input in = { 0 };
	char text[sizeof(l->error->text)];
	int err;

	if (!f->dir && !is_builtin_name(at->string))
		return policy_file__fail(f, at->line, at->column, NULL, "extends: a built-in policy extends built-in ones only");
	if (!at->string[0])
		return policy_file__fail(f, at->line, at->column, NULL, "extends: an empty name");
	if (l->depth > POLICY_MAX_EXTENDS)
		return policy_file__fail(f, at->line, at->column, NULL, "extends: more than %d policies deep", POLICY_MAX_EXTENDS);
	err = is_builtin_name(at->string) ? find_builtin(l, at->string, &in) : find_file(l, at->string, f->dir, &in);
	if (err) {
		/* not to be had: this is where it was asked for */
		memcpy(text, l->error->text, sizeof(text));
		snprintf(l->error->text, sizeof(l->error->text), "%s:%u:%u: extends: %.300s", f->name, at->line, at->column, text);
		input_done(&in);
		return err;
	}
	for (size_t i = 0; i < l->n_seen; i++) {
		if (strcmp(l->seen[i], in.id))
			continue;
		input_done(&in);
		/* read by another way before: it is in already */
		return l->open[i] ? policy_file__fail(f, at->line, at->column, NULL, "extends: '%.200s' extends itself", l->seen[i])
				  : 0;
	}
	if (l->n_seen == POLICY_MAX_FILES) {
		input_done(&in);
		return policy_file__fail(f, at->line, at->column, NULL, "extends: more than %d files", POLICY_MAX_FILES);
	}
	err = load_input(l, &in);
	input_done(&in);
	return err;
}

static int load_all_extended(struct load *l, struct policy_file *f, const struct node *root)
{
	const struct node *n = root->child;
	int err;

	while (n && strcmp(n->key, "extends"))
		n = n->next;
	if (!n)
		return 0;
	if (n->type == NODE_STRING)
		return load_extended(l, f, n);
	if (n->type != NODE_LIST)
		return policy_file__fail(f, n->line, n->column, NULL, "extends must be a string or a list of strings, not %s",
					 node__type_name(n));
	for (const struct node *item = n->child; item; item = item->next) {
		if (item->type != NODE_STRING)
			return policy_file__fail(f, item->line, item->column, NULL, "extends holds %s where a string must be",
						 node__type_name(item));
		err = load_extended(l, f, item);
		if (err)
			return err;
	}
	return 0;
}

static int load_input(struct load *l, struct input *in)
{
	struct policy_file f = {
		.p = l->p, .env = l->env, .error = l->error, .dir = in->dir, .net_from = &l->net_from,
		.name = policy__intern(l->p, in->name),
	};
	size_t at = l->n_seen;
	struct tree_error te;
	struct node *root;
	int err;

	if (!f.name)
		return no_memory(l);
	err = in->builtin ? policy__builtin_tree(in->builtin, &root, &te)
			  : tree__parse(in->format, in->text ? in->text : "", in->len, &root, &te);
	if (err) {
		policy_file__fail(&f, te.line, te.column, NULL, "%s", te.text);
		return err;
	}
	l->seen[at] = in->id;
	l->open[at] = true;
	l->n_seen++;
	in->id = NULL;
	l->depth++;
	err = load_all_extended(l, &f, root);
	l->depth--;
	l->open[at] = false;
	if (!err)
		err = policy_file__apply(&f, root);
	tree__free(root);
	return err;
}

/* All of IN, or the policy stays as it was. */
static int load_top(struct load *l, struct input *in, const char *name)
{
	struct policy saved = *l->p;
	char *copy = strdup(name);
	int err = copy ? load_input(l, in) : no_memory(l);

	for (size_t i = 0; i < l->n_seen; i++)
		free(l->seen[i]);
	if (!err) {
		policy__drop(l->p, RULE_NET, l->net_from);
		free(l->p->name);
		l->p->name = copy;
		return 0;
	}
	free(copy);
	policy__truncate(l->p, saved.n_rules);
	while (l->p->n_names > saved.n_names)
		free(l->p->names[--l->p->n_names]);
	while (l->p->n_whens > saved.n_whens)
		policy_when__free(l->p->whens[--l->p->n_whens]);
	saved.whens = l->p->whens;
	saved.rules = l->p->rules;
	saved.names = l->p->names;
	*l->p = saved;
	return err;
}

int policy__load(struct policy *p, const char *file, const struct policy_env *env, struct policy_error *ret_error)
{
	struct load l = { .p = p, .env = env, .error = ret_error };
	struct input in = { 0 };
	int err;

	memset(ret_error, 0, sizeof(*ret_error));
	err = is_builtin_name(file) ? find_builtin(&l, file, &in) : find_file(&l, file, env->cwd, &in);
	if (!err)
		err = load_top(&l, &in, file);
	input_done(&in);
	return err;
}

int policy__load_text(struct policy *p, const char *name, const char *text, size_t len, const struct policy_env *env,
		      struct policy_error *ret_error)
{
	struct load l = { .p = p, .env = env, .error = ret_error };
	struct input in = { .text = text, .len = len, .format = tree__format(name) };
	int err;

	memset(ret_error, 0, sizeof(*ret_error));
	err = locate(&l, name[0] ? name : "policy", env->cwd, &in.id, &in.dir);
	if (!err) {
		in.name = strdup(name);
		err = in.name ? load_top(&l, &in, name) : no_memory(&l);
	}
	input_done(&in);
	return err;
}
