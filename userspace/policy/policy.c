/* SPDX-License-Identifier: Apache-2.0 */
/* The policy itself: its rules, their sources, and what is done to it after the last of them. */
#include "policy_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The one-shot calls of OpenSSL 3 read its configuration and look for providers first: a third of the start-up budget. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/util.h"
#include "policy_when.h"

const char *const policy_always_blocked[] = {
	"kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "init_module", "finit_module", "delete_module",
	"acct", "pivot_root", NULL,
};

#define LIMIT(name, field, unit_, min_, max_, standard_, ...)                                                                 \
	{ .key = (name), .offset = offsetof(struct policy, field), .unit = (unit_), .min = (min_), .max = (max_),             \
	  .standard = (standard_), ##__VA_ARGS__ }
const struct limit_key policy_limits[] = {
	LIMIT("timeout", timeout_ns, LIMIT_TIME, 1000000, 7ULL * 86400 * NSEC_PER_SEC, 30 * NSEC_PER_SEC,
	      .always = true),
	LIMIT("memory", memory, LIMIT_BYTES, 1ULL << 20, 1ULL << 50, 4ULL << 30),
	LIMIT("pids", pids, LIMIT_COUNT, 1, 4194304, 1024),
	LIMIT("max_processes", pids, LIMIT_COUNT, 1, 4194304, 1024),
	LIMIT("cpus", cpus_milli, LIMIT_CPUS, 10, 8192000, POLICY_UNLIMITED),
	LIMIT("max_file_size", max_file_size, LIMIT_BYTES, 0, 1ULL << 60, POLICY_UNLIMITED),
	LIMIT("output", output, LIMIT_BYTES, 0, 1ULL << 60, POLICY_UNLIMITED),
	LIMIT("tmpfs_size", tmpfs_size, LIMIT_BYTES, 64ULL << 10, 1ULL << 50, 512ULL << 20),
	LIMIT("open_files", open_files, LIMIT_COUNT, 8, 1048576, 16384),
};
const size_t policy_n_limits = ARRAY_SIZE(policy_limits);

const char *rule_kind__key(enum rule_kind kind)
{
	static const char *const keys[RULE_KIND_MAX] = {
		[RULE_READ] = "filesystem.allow_read",
		[RULE_WRITE] = "filesystem.allow_write",
		[RULE_EXEC] = "filesystem.allow_exec",
		[RULE_DENY] = "filesystem.deny",
		[RULE_DENY_WRITE] = "filesystem.deny_write",
		[RULE_DENY_EXEC] = "filesystem.deny_exec",
		[RULE_NET] = "network.allow",
		[RULE_SYSCALL_DENY] = "syscalls.deny",
		[RULE_SYSCALL_LOG] = "syscalls.log_only",
		[RULE_SYSCALL_ALLOW] = "syscalls.allow",
		[RULE_ENV_ALLOW] = "env.allow",
		[RULE_ENV_SET] = "env.set",
		[RULE_ENV_STRIP] = "env.strip",
	};

	return keys[kind];
}

const char *rule_action__name(enum rule_action action)
{
	static const char *const names[] = {
		[RULE_ACTION_DENY] = "deny", [RULE_ACTION_AUDIT] = "audit", [RULE_ACTION_KILL] = "kill",
	};

	return names[action];
}

struct policy *policy__new(void)
{
	return calloc(1, sizeof(struct policy));
}

static void free_rule(struct policy_rule *r)
{
	free(r->text);
	free(r->value);
}

void policy__free(struct policy *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_rules; i++)
		free_rule(&p->rules[i]);
	for (size_t i = 0; i < p->n_names; i++)
		free(p->names[i]);
	for (size_t i = 0; i < p->n_whens; i++)
		policy_when__free(p->whens[i]);
	free(p->rules);
	free(p->names);
	free(p->whens);
	free(p->name);
	free(p);
}

const char *policy__intern(struct policy *p, const char *name)
{
	char **names, *copy;

	for (size_t i = p->n_names; i-- > 0;)
		if (!strcmp(p->names[i], name))
			return p->names[i];
	names = reallocarray(p->names, p->n_names + 1, sizeof(*names));
	if (!names)
		return NULL;
	p->names = names;
	copy = strdup(name);
	if (!copy)
		return NULL;
	p->names[p->n_names++] = copy;
	return copy;
}

void policy__drop(struct policy *p, enum rule_kind kind, size_t before)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_rules; i++) {
		if (i < before && p->rules[i].kind == kind)
			free_rule(&p->rules[i]);
		else
			p->rules[n++] = p->rules[i];
	}
	p->n_rules = n;
}

void policy__truncate(struct policy *p, size_t n)
{
	while (p->n_rules > n)
		free_rule(&p->rules[--p->n_rules]);
}

/*
 * Room for one more. There is always room up to the next power of two, also after rules were dropped; so long lists stay
 * linear without a field for it.
 */
static int grow(struct policy *p, struct value_error *e)
{
	struct policy_rule *rules;

	if (p->n_rules >= POLICY_MAX_RULES)
		return value__fail(e, NULL, "more than %d rules", POLICY_MAX_RULES);
	if (p->n_rules & (p->n_rules - 1))
		return 0;
	rules = reallocarray(p->rules, p->n_rules ? 2 * p->n_rules : 1, sizeof(*rules));
	if (!rules)
		return -ENOMEM;
	p->rules = rules;
	return 0;
}

int policy__add_text(struct policy *p, enum rule_kind kind, const char *text, const struct value_ctx *ctx,
		     struct policy_source src, struct value_error *e)
{
	_cleanup_(free) char *value = NULL, *shown = NULL;
	bool pattern, any;
	int err;

	err = value__check(kind, text, ctx, &value, &pattern, &any, e);
	if (err)
		return err;
	if (kind == RULE_EXEC && (any || p->exec == EXEC_COMMAND)) {
		p->exec = any ? EXEC_ANY : EXEC_LISTED;
		p->exec_src = src;
	}
	if (any)
		return 0;
	err = grow(p, e);
	if (err)
		return err;
	shown = kind == RULE_ENV_SET ? strndup(text, strcspn(text, "=")) : strdup(text);
	if (!shown)
		return -ENOMEM;
	if (kind == RULE_NET) {
		p->net_all = false;
		p->net_src = src;
	}
	p->rules[p->n_rules++] = (struct policy_rule){
		.kind = kind, .text = steal_ptr(&shown), .value = steal_ptr(&value), .pattern = pattern, .src = src,
	};
	return 0;
}

static int no_memory(struct policy_error *e)
{
	snprintf(e->text, sizeof(e->text), "out of memory");
	e->hint[0] = 0;
	return -ENOMEM;
}

/* "--read /x"; of a variable that is set the name alone. */
static const char *intern_option(struct policy *p, enum rule_kind kind, const char *option, const char *value)
{
	_cleanup_(free) char *name = NULL;
	int len = kind == RULE_ENV_SET ? (int)strcspn(value, "=") : (int)strlen(value);

	if (asprintf(&name, "%s %.*s", option, len, value) < 0) {
		name = NULL;
		return NULL;
	}
	return policy__intern(p, name);
}

int policy__add(struct policy *p, enum rule_kind kind, const char *option, const char *value, const struct policy_env *env,
		struct policy_error *ret_error)
{
	struct value_ctx ctx = { .home = env->home, .base = env->cwd };
	struct policy_source src = { 0 };
	struct value_error e = { 0 };
	int err;

	memset(ret_error, 0, sizeof(*ret_error));
	src.name = value ? intern_option(p, kind, option, value) : policy__intern(p, option);
	if (!src.name)
		return no_memory(ret_error);
	if (!value && kind == RULE_EXEC) {
		p->exec = EXEC_ANY;
		p->exec_src = src;
		return 0;
	}
	if (!value && kind == RULE_NET) {
		policy__drop(p, RULE_NET, p->n_rules);
		p->net_all = true;
		p->net_src = src;
		return 0;
	}
	if (!value) {
		snprintf(ret_error->text, sizeof(ret_error->text), "%s: a value is missing", option);
		return -EINVAL;
	}
	err = policy__add_text(p, kind, value, &ctx, src, &e);
	if (err == -ENOMEM)
		return no_memory(ret_error);
	if (err) {
		snprintf(ret_error->text, sizeof(ret_error->text), "%s: %s", option, e.text);
		snprintf(ret_error->hint, sizeof(ret_error->hint), "%s", e.hint);
	}
	return err;
}

void policy__set_u64(struct policy *p, struct policy_u64 *v, uint64_t value, const char *option)
{
	v->value = value;
	v->src = (struct policy_source){ .name = policy__intern(p, option) };
}

/* By kind and value; equal ones in their order. */
static int by_value(const void *a, const void *b)
{
	const struct policy_rule *x = *(const struct policy_rule *const *)a, *y = *(const struct policy_rule *const *)b;
	int c;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->kind == RULE_ENV_SET) {
		size_t n = strcspn(x->value, "="), m = strcspn(y->value, "=");

		c = strncmp(x->value, y->value, n < m ? n : m);
		c = c ? c : n < m ? -1 : n > m;
	} else {
		c = strcmp(x->value, y->value);
		if (!c && x->pattern != y->pattern)
			return x->pattern ? 1 : -1;
		if (!c && x->action != y->action)
			return x->action < y->action ? -1 : 1;
		if (!c && x->when != y->when)
			return !x->when ? -1 : !y->when ? 1 : strcmp(x->when->text, y->when->text);
	}
	return c ? c : x < y ? -1 : x > y;
}

static bool same(const struct policy_rule *x, const struct policy_rule *y)
{
	if (x->kind != y->kind || x->pattern != y->pattern || x->action != y->action || x->when != y->when)
		return false;
	if (x->kind == RULE_ENV_SET) {
		size_t n = strcspn(x->value, "=");

		return !strncmp(x->value, y->value, n + 1);
	}
	return !strcmp(x->value, y->value);
}

/* Of rules that say the same the first stays; of variables that are set, the last. */
static int drop_doubles(struct policy *p)
{
	_cleanup_(free) struct policy_rule **v = calloc(p->n_rules + 1, sizeof(*v));
	size_t n = 0;

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < p->n_rules; i++)
		v[i] = &p->rules[i];
	qsort(v, p->n_rules, sizeof(*v), by_value);
	for (size_t i = 1; i < p->n_rules; i++) {
		struct policy_rule *drop = v[i]->kind == RULE_ENV_SET ? v[i - 1] : v[i];

		if (!same(v[i - 1], v[i]))
			continue;
		free_rule(drop);
		drop->value = drop->text = NULL;
		/* the one that stays is compared with the next */
		if (drop == v[i])
			v[i] = v[i - 1];
	}
	for (size_t i = 0; i < p->n_rules; i++)
		if (p->rules[i].value)
			p->rules[n++] = p->rules[i];
	p->n_rules = n;
	return 0;
}

int policy__finish(struct policy *p, struct policy_error *ret_error)
{
	struct value_error e;
	char where[200];

	memset(ret_error, 0, sizeof(*ret_error));
	for (size_t i = 0; i < policy_n_limits; i++) {
		struct policy_u64 *v = policy_limit(p, &policy_limits[i]);

		if (!v->src.name)
			v->value = policy_limits[i].standard;
		/* options set values directly; what is printed must load */
		if (v->src.name && value__limit_range(&policy_limits[i], v->value, &e)) {
			snprintf(ret_error->text, sizeof(ret_error->text), "%s: %s",
				 policy__where(&v->src, where, sizeof(where)), e.text);
			return -EINVAL;
		}
	}
	if (drop_doubles(p))
		return no_memory(ret_error);
	return 0;
}

/* Of a name that is too long the end is kept: it tells more, and the position stands behind it. */
const char *policy__where(const struct policy_source *src, char *buf, size_t size)
{
	const char *name = src->name ? src->name : "default";
	char at[32] = "";
	size_t room, len = strlen(name);

	if (src->name && src->line)
		snprintf(at, sizeof(at), ":%u:%u", src->line, src->column);
	room = size > strlen(at) + 4 ? size - strlen(at) - 4 : 0;
	if (len + strlen(at) < size)
		snprintf(buf, size, "%s%s", name, at);
	else
		snprintf(buf, size, "...%s%s", name + len - MIN(room, len), at);
	return buf;
}
