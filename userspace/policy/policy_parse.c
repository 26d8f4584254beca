/* SPDX-License-Identifier: Apache-2.0 */
/* One file's tree into the policy. Every key stands in one table; what is not there is an error. */
#include "policy_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/util.h"
#include "policy_when.h"

struct key {
	const char *section; /* NULL: top level */
	const char *name;
	int (*set)(struct policy_file *f, const struct key *k, const struct node *n, const struct value_ctx *ctx);
	enum rule_kind kind; /* of a list */
	size_t flag, src;    /* offsets in struct policy: of a bool, and of the place that set it */
};

const char *node__type_name(const struct node *n)
{
	static const char *const names[] = {
		[NODE_TABLE] = "a table", [NODE_LIST] = "a list", [NODE_STRING] = "a string", [NODE_INT] = "a number",
		[NODE_FLOAT] = "a fraction", [NODE_BOOL] = "a boolean", [NODE_OTHER] = "something else",
	};

	return n->type == NODE_OTHER && n->other ? n->other : names[n->type];
}

int policy_file__fail(struct policy_file *f, uint32_t line, uint32_t column, const char *hint, const char *fmt, ...)
{
	struct policy_source at = { .name = f->name, .line = line, .column = column };
	char where[200], text[320];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(f->error->text, sizeof(f->error->text), "%s: %s", policy__where(&at, where, sizeof(where)), text);
	snprintf(f->error->hint, sizeof(f->error->hint), "%s", hint ? hint : "");
	return -EINVAL;
}

static const char *full_name(const struct key *k, char buf[64])
{
	snprintf(buf, 64, "%s%s%s", k->section ? k->section : "", k->section ? "." : "", k->name);
	return buf;
}

static int fail_type(struct policy_file *f, const struct key *k, const struct node *n, const char *want)
{
	char name[64];

	return policy_file__fail(f, n->line, n->column, NULL, "%s must be %s, not %s", full_name(k, name), want,
				 node__type_name(n));
}

/* What value__check found, at N. */
static int fail_value(struct policy_file *f, const struct key *k, const struct node *n, int err, const struct value_error *e)
{
	char name[64];

	if (err == -ENOMEM) {
		snprintf(f->error->text, sizeof(f->error->text), "out of memory");
		return err;
	}
	return policy_file__fail(f, n->line, n->column, e->hint, "%s: %s", full_name(k, name), e->text);
}

static struct policy_source source(const struct policy_file *f, const struct node *n)
{
	return (struct policy_source){ .name = f->name, .line = n->line, .column = n->column };
}

/* The key of the string in an element that is a table; NULL: this list has strings alone. */
static const char *element_key(enum rule_kind kind)
{
	if (rule_kind__is_path(kind))
		return "path";
	return kind == RULE_NET ? "host" : kind == RULE_SYSCALL_DENY ? "call" : NULL;
}

static int set_action(struct policy_file *f, const struct key *k, const struct node *n, enum rule_action *ret)
{
	bool denies = rule_kind__denies_path(k->kind) || k->kind == RULE_SYSCALL_DENY;
	char name[64], q[72];

	if (n->type != NODE_STRING)
		return policy_file__fail(f, n->line, n->column, NULL, "action must be a string, not %s", node__type_name(n));
	if (!denies && !strcmp(n->string, "allow"))
		return 0;
	if (!denies)
		return policy_file__fail(f, n->line, n->column, "only what denies has an action: put it in a list that does",
					 "%s: action '%s'", full_name(k, name), value__quote(n->string, q));
	for (enum rule_action a = RULE_ACTION_DENY; a <= RULE_ACTION_KILL; a++) {
		*ret = a;
		if (!strcmp(n->string, rule_action__name(a)))
			return 0;
	}
	return policy_file__fail(f, n->line, n->column, "one of: \"deny\", \"audit\", \"kill\"", "%s: action '%s' is not known",
				 full_name(k, name), value__quote(n->string, q));
}

/* { path = "/etc/shadow", action = "kill", when = { not_uid = [0] } } */
static int set_element(struct policy_file *f, const struct key *k, const struct node *item, const struct value_ctx *ctx)
{
	const char *what = element_key(k->kind);
	const struct policy_when *when = NULL;
	enum rule_action action = RULE_ACTION_DENY;
	const struct node *value = NULL;
	struct value_error e = { 0 };
	size_t n = f->p->n_rules;
	char name[64], q[72], hint[80];
	int err = 0;

	for (const struct node *m = item->child; m && !err; m = m->next) {
		if (!strcmp(m->key, what))
			value = m;
		else if (!strcmp(m->key, "action"))
			err = set_action(f, k, m, &action);
		else if (!strcmp(m->key, "when"))
			err = policy_when__parse(f, m, ctx, &when);
		else
			err = policy_file__fail(f, m->key_line, m->key_column,
						(snprintf(hint, sizeof(hint), "known here: %s action when", what), hint),
						"%s: unknown key '%s'", full_name(k, name), value__quote(m->key, q));
	}
	if (err)
		return err;
	if (!value || value->type != NODE_STRING)
		return policy_file__fail(f, value ? value->line : item->line, value ? value->column : item->column, NULL,
					 "%s: %s must be a string", full_name(k, name), what);
	err = policy__add_text(f->p, k->kind, value->string, ctx, source(f, value), &e);
	if (err)
		return fail_value(f, k, value, err, &e);
	if (f->p->n_rules == n) /* "**": all programs */
		return action || when ? policy_file__fail(f, item->line, item->column, "name directories",
							  "%s: \"**\" takes no condition", full_name(k, name)) : 0;
	f->p->rules[n].action = action;
	f->p->rules[n].when = when;
	return 0;
}

static int set_list(struct policy_file *f, const struct key *k, const struct node *n, const struct value_ctx *ctx)
{
	char name[64];

	if (n->type != NODE_LIST)
		return fail_type(f, k, n, "a list of strings");
	/* an empty list lists nothing: to say so must not open the way through the loaders that a list needs */
	if (k->kind == RULE_EXEC && n->child && f->p->exec == EXEC_COMMAND) {
		f->p->exec = EXEC_LISTED;
		f->p->exec_src = source(f, n);
	}
	for (const struct node *item = n->child; item; item = item->next) {
		struct value_error e = { 0 };
		int err;

		if (item->type == NODE_TABLE && element_key(k->kind)) {
			err = set_element(f, k, item, ctx);
			if (err)
				return err;
			continue;
		}
		if (item->type != NODE_STRING)
			return policy_file__fail(f, item->line, item->column, NULL, "%s holds %s where a string must be",
						 full_name(k, name), node__type_name(item));
		err = policy__add_text(f->p, k->kind, item->string, ctx, source(f, item), &e);
		if (err)
			return fail_value(f, k, item, err, &e);
	}
	return 0;
}

static int set_flag(struct policy_file *f, const struct key *k, const struct node *n, const struct value_ctx *ctx)
{
	(void)ctx;
	if (n->type != NODE_BOOL)
		return fail_type(f, k, n, "true or false");
	*((bool *)((char *)f->p + k->flag)) = n->boolean;
	*((struct policy_source *)(void *)((char *)f->p + k->src)) = source(f, n);
	return 0;
}

/* read before everything else, see find_base() */
static int set_nothing(struct policy_file *f, const struct key *k, const struct node *n, const struct value_ctx *ctx)
{
	(void)f, (void)k, (void)n, (void)ctx;
	return 0;
}

static int set_description(struct policy_file *f, const struct key *k, const struct node *n, const struct value_ctx *ctx)
{
	(void)ctx;
	return n->type == NODE_STRING ? 0 : fail_type(f, k, n, "a string");
}

static int fail_word(struct policy_file *f, const struct key *k, const struct node *n, const char *const *words)
{
	char name[64], hint[200] = "one of:", q[72];
	struct nearest near;

	nearest__init(&near, n->string);
	for (; *words; words++) {
		size_t len = strlen(hint);

		nearest__offer(&near, *words);
		snprintf(hint + len, sizeof(hint) - len, " \"%s\"", *words);
	}
	if (near.best)
		snprintf(hint, sizeof(hint), "did you mean \"%s\"?", near.best);
	return policy_file__fail(f, n->line, n->column, hint, "%s: '%s' is not known", full_name(k, name),
				 value__quote(n->string, q));
}

static int set_synthetic(struct policy_file *f, const struct key *k, const struct node *n, const struct value_ctx *ctx)
{
	static const char *const words[] = { "identity", "hosts", NULL };

	(void)ctx;
	if (n->type != NODE_LIST)
		return fail_type(f, k, n, "a list of strings");
	/* one value: an empty list takes back what an extended policy made */
	f->p->synth_identity = f->p->synth_hosts = false;
	f->p->synth_src = source(f, n);
	for (const struct node *item = n->child; item; item = item->next) {
		char name[64];

		if (item->type != NODE_STRING)
			return policy_file__fail(f, item->line, item->column, NULL, "%s holds %s where a string must be",
						 full_name(k, name), node__type_name(item));
		if (!strcmp(item->string, words[0]))
			f->p->synth_identity = true;
		else if (!strcmp(item->string, words[1]))
			f->p->synth_hosts = true;
		else
			return fail_word(f, k, item, words);
	}
	return 0;
}

static int set_network(struct policy_file *f, const struct key *k, const struct node *n, const struct value_ctx *ctx)
{
	if (n->type != NODE_BOOL && n->type != NODE_LIST)
		return fail_type(f, k, n, "true, false or a list of \"HOST:PORT\"");
	f->p->net_src = source(f, n);
	f->p->net_all = n->type == NODE_BOOL && n->boolean;
	if (n->type == NODE_LIST)
		return set_list(f, k, n, ctx);
	/* a word for everything or nothing replaces the lists before it */
	*f->net_from = f->p->n_rules;
	return 0;
}

static int set_profile(struct policy_file *f, const struct key *k, const struct node *n, const struct value_ctx *ctx)
{
	static const char *const words[] = { "default", "strict", NULL };

	(void)ctx;
	if (n->type != NODE_STRING)
		return fail_type(f, k, n, "\"default\" or \"strict\"");
	if (strcmp(n->string, words[0]) && strcmp(n->string, words[1]))
		return fail_word(f, k, n, words);
	f->p->seccomp = strcmp(n->string, "strict") ? SECCOMP_PROFILE_DEFAULT : SECCOMP_PROFILE_STRICT;
	f->p->seccomp_src = source(f, n);
	return 0;
}

static int set_limit(struct policy_file *f, const struct key *k, const struct node *n, const struct value_ctx *ctx)
{
	const struct limit_key *l = policy_limits;
	struct value_error e = { 0 };
	struct policy_u64 *v;
	uint64_t value;
	int err;

	(void)ctx;
	while (strcmp(l->key, k->name))
		l++;
	if (n->type == NODE_STRING)
		err = value__limit(l, n->string, &value, &e);
	else if (n->type == NODE_INT || (n->type == NODE_FLOAT && (l->unit == LIMIT_TIME || l->unit == LIMIT_CPUS)))
		err = value__limit_number(l, n, &value, &e);
	else
		return fail_type(f, k, n, l->unit == LIMIT_BYTES ? "a size: bytes or \"512M\"" :
					  l->unit == LIMIT_TIME	 ? "seconds or a duration: \"90s\"" :
					  l->unit == LIMIT_COUNT ? "a whole number" : "a number");
	if (err)
		return fail_value(f, k, n, err, &e);
	v = policy_limit(f->p, l);
	v->value = value;
	v->src = source(f, n);
	return 0;
}

static int set_env(struct policy_file *f, const struct key *k, const struct node *n, const struct value_ctx *ctx)
{
	if (n->type != NODE_TABLE)
		return fail_type(f, k, n, "a table of NAME = \"value\"");
	for (const struct node *m = n->child; m; m = m->next) {
		_cleanup_(free) char *text = NULL;
		struct value_error e = { 0 };
		char q[72];
		int err;

		if (m->type != NODE_STRING)
			return policy_file__fail(f, m->line, m->column, NULL, "env.set.%s must be a string, not %s",
						 value__quote(m->key, q), node__type_name(m));
		if (strchr(m->key, '='))
			return policy_file__fail(f, m->key_line, m->key_column, NULL, "env.set: '%s' is no name of a variable",
						 value__quote(m->key, q));
		if (asprintf(&text, "%s=%s", m->key, m->string) < 0) {
			text = NULL;
			return fail_value(f, k, m, -ENOMEM, &e);
		}
		err = policy__add_text(f->p, RULE_ENV_SET, text, ctx,
				       (struct policy_source){ f->name, m->key_line, m->key_column }, &e);
		/* what can be wrong is the name */
		if (err == -EINVAL)
			return policy_file__fail(f, m->key_line, m->key_column, e.hint, "env.set: %s", e.text);
		if (err)
			return fail_value(f, k, m, err, &e);
	}
	return 0;
}

#define FLAG(field, place) .set = set_flag, .flag = offsetof(struct policy, field), .src = offsetof(struct policy, place)

static const struct key keys[] = {
	{ NULL, "description", .set = set_description },
	{ NULL, "extends", .set = set_nothing },
	{ "filesystem", "allow_read", .set = set_list, .kind = RULE_READ },
	{ "filesystem", "allow_write", .set = set_list, .kind = RULE_WRITE },
	{ "filesystem", "allow_exec", .set = set_list, .kind = RULE_EXEC },
	{ "filesystem", "deny", .set = set_list, .kind = RULE_DENY },
	{ "filesystem", "deny_write", .set = set_list, .kind = RULE_DENY_WRITE },
	{ "filesystem", "deny_exec", .set = set_list, .kind = RULE_DENY_EXEC },
	{ "filesystem", "relative_to", .set = set_nothing },
	{ "filesystem", "synthetic", .set = set_synthetic },
	{ "filesystem", "overlay", FLAG(overlay, overlay_src) },
	{ "filesystem", "protect_project", FLAG(protect_project, protect_src) },
	{ "network", "allow", .set = set_network, .kind = RULE_NET },
	{ "network", "unix", FLAG(unix_sockets, unix_src) },
	{ "syscalls", "deny", .set = set_list, .kind = RULE_SYSCALL_DENY },
	{ "syscalls", "log_only", .set = set_list, .kind = RULE_SYSCALL_LOG },
	{ "syscalls", "allow", .set = set_list, .kind = RULE_SYSCALL_ALLOW },
	{ "seccomp", "profile", .set = set_profile },
	{ "limits", "timeout", .set = set_limit },
	{ "limits", "memory", .set = set_limit },
	{ "limits", "pids", .set = set_limit },
	{ "limits", "max_processes", .set = set_limit },
	{ "limits", "cpus", .set = set_limit },
	{ "limits", "max_file_size", .set = set_limit },
	{ "limits", "output", .set = set_limit },
	{ "limits", "tmpfs_size", .set = set_limit },
	{ "limits", "open_files", .set = set_limit },
	{ "env", "allow", .set = set_list, .kind = RULE_ENV_ALLOW },
	{ "env", "set", .set = set_env },
	{ "env", "strip", .set = set_list, .kind = RULE_ENV_STRIP },
};

static bool in_section(const struct key *k, const char *section)
{
	return section ? k->section && !strcmp(k->section, section) : !k->section;
}

static int fail_unknown(struct policy_file *f, const char *section, const struct node *m)
{
	char q[72], hint[200] = "", in[64];
	struct nearest near;

	nearest__init(&near, m->key);
	for (const struct key *k = keys; k < keys + ARRAY_SIZE(keys); k++) {
		if (in_section(k, section))
			nearest__offer(&near, k->name);
		else if (!section && k->section)
			nearest__offer(&near, k->section);
		if (!strcmp(k->name, m->key) && !in_section(k, section) && k->section)
			snprintf(hint, sizeof(hint), "'%s' belongs into [%s]", k->name, k->section);
	}
	if (near.best)
		snprintf(hint, sizeof(hint), "did you mean '%s'?", near.best);
	if (!hint[0]) {
		const char *last = "";

		snprintf(hint, sizeof(hint), "known here:");
		for (const struct key *k = keys; k < keys + ARRAY_SIZE(keys); k++) {
			const char *word = in_section(k, section) ? k->name : !section && k->section ? k->section : last;

			if (strcmp(word, last))
				snprintf(hint + strlen(hint), sizeof(hint) - strlen(hint), " %s", word);
			last = word;
		}
	}
	snprintf(in, sizeof(in), "%s%s%s", section ? " in [" : "", section ? section : "", section ? "]" : "");
	return policy_file__fail(f, m->key_line, m->key_column, hint, "unknown key '%s'%s", value__quote(m->key, q), in);
}

static const struct node *member(const struct node *table, const char *key)
{
	for (const struct node *m = table ? table->child : NULL; m; m = m->next)
		if (!strcmp(m->key, key))
			return m;
	return NULL;
}

/* filesystem.relative_to, wherever it stands among the lists that need it. */
static int find_base(struct policy_file *f, const struct node *root, char **ret_base)
{
	static const char *const words[] = { "cwd", "policy", NULL };
	static const struct key k = { .section = "filesystem", .name = "relative_to" };
	struct value_ctx ctx = { .home = f->env->home };
	const struct node *section = member(root, "filesystem"), *n;
	struct value_error e = { 0 };
	int err;

	if (!section || section->type != NODE_TABLE)
		return 0;
	n = member(section, "relative_to");
	if (!n)
		return 0;
	if (n->type != NODE_STRING)
		return fail_type(f, &k, n, "\"cwd\", \"policy\" or a directory");
	if (!strcmp(n->string, "policy") && !f->dir)
		return policy_file__fail(f, n->line, n->column, "\"cwd\", or an absolute path",
					 "filesystem.relative_to: a built-in policy is in no directory");
	if (!strcmp(n->string, "cwd") || !strcmp(n->string, "policy")) {
		*ret_base = strdup(n->string[0] == 'c' ? f->env->cwd : f->dir);
		return *ret_base ? 0 : fail_value(f, &k, n, -ENOMEM, &e);
	}
	if (n->string[0] != '/' && n->string[0] != '~')
		return fail_word(f, &k, n, words);
	err = value__path(n->string, &ctx, ret_base, &e);
	return err ? fail_value(f, &k, n, err, &e) : 0;
}

static int apply_section(struct policy_file *f, const char *section, const struct node *table, const struct value_ctx *ctx)
{
	for (const struct node *m = table->child; m; m = m->next) {
		const struct key *k = keys, *end = keys + ARRAY_SIZE(keys);
		int err;

		if (!section && (m->type == NODE_TABLE || strcmp(m->key, "extends"))) {
			const struct key *s = keys;

			while (s < end && !(s->section && !strcmp(s->section, m->key)))
				s++;
			if (s < end) {
				if (m->type != NODE_TABLE)
					return policy_file__fail(f, m->line, m->column, NULL, "[%s] must be a table, not %s",
								 m->key, node__type_name(m));
				err = apply_section(f, s->section, m, ctx);
				if (err)
					return err;
				continue;
			}
		}
		while (k < end && !(in_section(k, section) && !strcmp(k->name, m->key)))
			k++;
		if (k == end)
			return fail_unknown(f, section, m);
		err = k->set(f, k, m, ctx);
		if (err)
			return err;
	}
	return 0;
}

/* pids and max_processes are one limit under two names. */
static int check_aliases(struct policy_file *f, const struct node *root)
{
	const struct node *limits = member(root, "limits"), *a, *b;

	if (!limits || limits->type != NODE_TABLE)
		return 0;
	a = member(limits, "pids");
	b = member(limits, "max_processes");
	if (!a || !b)
		return 0;
	if (a->key_line > b->key_line || (a->key_line == b->key_line && a->key_column > b->key_column))
		b = a;
	return policy_file__fail(f, b->key_line, b->key_column, "keep one of them",
				 "limits.pids and limits.max_processes are the same limit");
}

int policy_file__apply(struct policy_file *f, const struct node *root)
{
	_cleanup_(free) char *base = NULL;
	struct value_ctx ctx = { .home = f->env->home };
	int err;

	err = find_base(f, root, &base);
	if (err)
		return err;
	ctx.base = base;
	err = check_aliases(f, root);
	return err ? err : apply_section(f, NULL, root, &ctx);
}
