/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a policy in each format: what loads must print, and the print must load to the same rules and print the
 * same again. JSON is held against a second strict parser: what it refuses, we refuse. The first byte picks format.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/util.h"
#include "policy/policy.h"
#include "policy/tree.h"

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
		if (r->kind <= RULE_DENY && (r->value[0] != '/' || strstr(r->value, "//") || strstr(r->value, "/../") ||
					     strlen(r->value) >= 4096 || (r->kind == RULE_WRITE && r->pattern)))
			broken("a path that is not clean", r->value, r->text);
	}
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
