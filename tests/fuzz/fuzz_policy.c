/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a policy in each format: what loads must print, and the print must load to the same rules and print the
 * same again. JSON is held against a second strict parser: what it refuses, we refuse. What loads is also made into rows for
 * what runs already, whose addresses must be found as the rules say. The first byte picks the format.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/util.h"
#include "policy/live.h"
#include "policy/policy.h"
#include "policy/tree.h"
#include "sandbox/network_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int no_files(void *ctx, const char *file, size_t max, char **ret_text, size_t *ret_len)
{
	(void)ctx, (void)file, (void)max, (void)ret_text, (void)ret_len;
	return -ENOENT;
}

static const struct policy_env env = { .home = "/home/u[x", .cwd = "/work/d*r", .read_file = no_files };

static void broken(const char *what, const char *a, const char *b)
{
	fprintf(stderr, "%s\n--- first\n%s\n--- second\n%s\n", what, a, b);
	abort();
}

static bool same_rules(const struct policy *a, const struct policy *b)
{
	if (a->n_rules != b->n_rules)
		return false;
	for (size_t i = 0; i < a->n_rules; i++) {
		bool found = false;

		for (size_t j = 0; j < b->n_rules && !found; j++)
			found = a->rules[i].kind == b->rules[j].kind && a->rules[i].pattern == b->rules[j].pattern &&
				!strcmp(a->rules[i].kind == RULE_ENV_SET ? a->rules[i].text : a->rules[i].value,
					b->rules[j].kind == RULE_ENV_SET ? b->rules[j].text : b->rules[j].value);
		if (!found)
			return false;
	}
	return a->exec == b->exec && a->net_all == b->net_all && a->seccomp == b->seccomp && a->overlay == b->overlay &&
	       a->timeout_ns.value == b->timeout_ns.value && a->memory.value == b->memory.value && a->pids.value == b->pids.value &&
	       a->cpus_milli.value == b->cpus_milli.value && a->output.value == b->output.value;
}

static void check_rules(const struct policy *p)
{
	for (size_t i = 0; i < p->n_rules; i++) {
		const struct policy_rule *r = &p->rules[i];

		if (!r->value || !r->text || !r->src.name || !r->src.line || !r->src.column)
			broken("a rule without value or place", r->value, r->text);
		if (rule_kind__is_path(r->kind) && (r->value[0] != '/' || strstr(r->value, "//") || strstr(r->value, "/../") ||
						    strlen(r->value) >= 4096 || (r->kind == RULE_WRITE && r->pattern)))
			broken("a path that is not clean", r->value, r->text);
	}
}

/* Every path is there; a pattern names two, and begins with a directory. */
static int expand(void *ctx, const struct policy_rule *rule, live_add_fn add, void *to, char *why, size_t size)
{
	struct live_name name;
	char dir[4096];
	int err;

	(void)ctx, (void)why, (void)size;
	err = add(to, LIVE_IS, rule->value);
	if (!err && !rule->pattern)
		err = add(to, LIVE_NAMED, rule->value);
	if (err || !rule->pattern)
		return err;
	if (!live_pattern__split(rule->value, dir, sizeof(dir), &name)) {
		if (dir[0] != '/' || !name.way || name.len >= GUARD_NAME_LEN)
			broken("a pattern that is taken apart wrongly", rule->value, dir);
		err = add(to, LIVE_BASE, dir);
	}
	return err ? err : add(to, LIVE_IS, "/another");
}

/* Rows with rules that have no number, or without a row for the directory of a name, the kernel would take as they are. */
static void make_rows(const struct live_policy *l)
{
	uint64_t *inodes = calloc(l->n_paths + 1, sizeof(*inodes));
	struct policy_error e = { 0 };
	struct live_rows r;
	int err;

	for (size_t i = 0; inodes && i < l->n_paths; i++)
		inodes[i] = 1 + i / 2; /* some are one file */
	err = inodes ? live_rows__make(l, inodes, &r, &e) : 0;
	if (err && !e.text[0])
		broken("no words for what does not fit", "", "");
	for (size_t i = 0; inodes && i < r.n_inodes; i++)
		for (int k = 0; k < GUARD_ENTRIES; k++)
			if (r.inodes[i].row.e[k].rule >= l->n_rules || (i && r.inodes[i - 1].key.inode >= r.inodes[i].key.inode))
				broken("a row that is none", "", "");
	if (inodes)
		live_rows__done(&r);
	free(inodes);
}

/* The rules that are addresses; a name stands for one. */
static void make_plan(const struct policy *p, struct net_plan *plan)
{
	plan->v = calloc(p->n_rules + 1, sizeof(*plan->v));
	for (size_t i = 0; i < p->n_rules && plan->v; i++) {
		struct net_entry e = { .rule = &p->rules[i], .prefix = 128, .addr = { .s6_addr = { 0x20, 1, [15] = 7 } } };
		struct net_rule_error error;
		struct net_rule r;

		if (p->rules[i].kind != RULE_NET || net_rule__parse(p->rules[i].value, &r, &error))
			continue;
		if (r.host == NET_HOST_ADDRESS) {
			e.addr = r.addr;
			e.prefix = r.prefix;
		}
		e.port_first = r.port_first;
		e.port_last = r.port_last;
		plan->v[plan->n++] = e;
	}
}

/* The rule that the kernel's trie finds. */
static const struct policy_rule *looked_up(const struct live_policy *l, const struct in6_addr *addr, uint16_t port)
{
	const struct live_net *best = NULL;

	for (size_t i = 0; i < l->n_nets; i++) {
		const struct live_net *n = &l->nets[i];
		unsigned int same = 0;

		while (same < n->key.prefixlen - 32 && !((n->key.addr[same / 8] ^ addr->s6_addr[same / 8]) & 0x80 >> same % 8))
			same++;
		if (same == n->key.prefixlen - 32 && (!best || best->key.prefixlen < n->key.prefixlen))
			best = n;
	}
	for (unsigned int i = 0; best && i < best->row.n; i++)
		if (port >= best->row.ports[i].first && port <= best->row.ports[i].last)
			return l->rules[best->row.ports[i].rule];
	return NULL;
}

static int program(void *ctx, const char *path, char ret[4096])
{
	(void)ctx;
	snprintf(ret, 4096, "%s", path);
	return 0;
}

static void make_live(const struct policy *p)
{
	static const struct live_world world = { .expand = expand, .file = program };
	static const struct live_layers layers = { .lsm = true };
	struct net_plan plan = { 0 };
	struct policy_error e;
	struct live_policy l;
	int err;

	make_plan(p, &plan);
	err = live_policy__make(p, &plan, &layers, &world, &l, &e);
	if (err && !e.text[0])
		broken("no words for what does not fit", "", "");
	for (size_t i = 0; i < l.n_things && !err; i++)
		if (l.things[i].e.rule >= l.n_rules || (l.things[i].path != LIVE_ANYWHERE && l.things[i].path >= l.n_paths))
			broken("a rule without a number", "", "");
	if (!err)
		make_rows(&l);
	for (size_t i = 0; i < plan.n && i < 64 && !err; i++) {
		const struct net_entry *want = network__match(&plan, &plan.v[i].addr, plan.v[i].port_last);

		if (l.head.net_closed && looked_up(&l, &plan.v[i].addr, plan.v[i].port_last) != (want ? want->rule : NULL))
			broken("an address is found elsewhere", plan.v[i].rule->value, "");
	}
	live_policy__done(&l);
	free(plan.v);
}

static void load(const char *name, const char *text, size_t len)
{
	struct policy *p = policy__new(), *q = policy__new();
	struct policy_error e;
	char *first, *second;

	if (policy__load_text(p, name, text, len, &env, &e)) {
		if (!e.text[0] || p->n_rules || p->n_names || p->name)
			broken("an error without words, or half a policy", e.text, "");
	} else {
		check_rules(p);
		if (policy__finish(p, &e))
			broken("does not finish", e.text, "");
		make_live(p);
		first = policy__print(p);
		if (policy__load_text(q, "printed.toml", first, strlen(first), &env, &e) || policy__finish(q, &e))
			broken("the print does not load", first, e.text);
		second = policy__print(q);
		if (strcmp(first, second) || !same_rules(p, q))
			broken("the print is another policy", first, second);
		free(first);
		free(second);
	}
	policy__free(p);
	policy__free(q);
}

/* What json-c takes may be too deep, too many or with a NUL or a double key for us; never the other way around. */
static void compare_json(const char *text, size_t len)
{
	struct json_tokener *tok = json_tokener_new_ex(TREE_MAX_DEPTH + 1);
	struct tree_error e;
	struct node *root;

	if (!tok)
		abort();
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	if (!tree__parse(TREE_JSON, text, len, &root, &e)) {
		struct json_object *o = json_tokener_parse_ex(tok, text, (int)len);

		if (!o || json_tokener_get_error(tok) != json_tokener_success)
			broken("not JSON", json_tokener_error_desc(json_tokener_get_error(tok)), "");
		json_object_put(o);
		tree__free(root);
	}
	json_tokener_free(tok);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "f.toml", "f.yaml", "f.json" };
	int which;
	char *text;

	if (!size)
		return 0;
	which = data[0] % 3;
	/* exactly as long as it is, so that a byte too many is seen */
	text = malloc(size);
	if (!text)
		abort();
	memcpy(text, data + 1, size - 1);
	text = realloc(text, size > 1 ? size - 1 : 1);
	load(names[which], text, size - 1);
	if (which == 2)
		compare_json(text, size - 1);
	free(text);
	return 0;
}
