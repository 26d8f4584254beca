/* SPDX-License-Identifier: Apache-2.0 */
/* Rules with one answer share a row: a list in a file is many rules, and mostly they stand or fall together. */
#include "policy_live.h"

#include <string.h>

#include "base/util.h"

#define WITH_CGROUP "attach --cgroup"
#define WITH_KILL "needs BPF LSM; attach --on-violation=kill kills for it, after the fact"
#define LIST_MAX 300 /* characters of what shares a row */

struct group {
	struct page *page;
	const struct policy_source *src; /* of the first; NULL: nothing is gathered */
	const char *layer, *why, *verb;
	bool together; /* WHY lists what is refused with it */
	char list[LIST_MAX + 200];
};

static void flush(struct group *g)
{
	struct page_row *row;

	if (!g->src)
		return;
	row = page__row(g->page, g->src, g->layer ? g->layer : "not live", "%s%s%s", g->verb, *g->verb ? " " : "", g->list);
	if (row && g->why)
		page__set(&row->here, "%s%s", g->together ? "together: " : "", g->why);
	if (row)
		row->dim = !g->layer;
	g->src = NULL;
	*g->list = 0;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static void gather(struct group *g, const struct policy_source *src, const char *verb, const char *text, const char *layer,
		   const char *why)
{
	if (g->src && (!same(g->layer, layer) || !same(g->why, why) || strcmp(g->verb, verb) || g->src->name != src->name ||
		       strlen(g->list) + strlen(text) > LIST_MAX))
		flush(g);
	if (!g->src) {
		g->src = src;
		g->layer = layer;
		g->why = why;
		g->verb = verb;
		g->together = layer && !strcmp(layer, "lsm") && why;
	}
	snprintf(g->list + strlen(g->list), sizeof(g->list) - strlen(g->list), "%s%.*s", *g->list ? " " : "", LIST_MAX, text);
}

/* One hook stands for several calls: more is refused than was written. And what cgroup-BPF takes. */
static const char *more(const struct policy_rule *rule, const char *layer)
{
	enum guard_op op = rule->kind == RULE_SYSCALL_DENY ? live_policy__op(rule->value) : GUARD_OP_NONE;
	const char *calls = live_policy__op_calls(op);

	if (!strcmp(layer, "kill"))
		return WITH_KILL;
	if (strcmp(layer, "lsm"))
		return WITH_CGROUP;
	return strchr(calls, ' ') ? calls : NULL;
}

static void rules(struct group *g, const struct live_policy *l, enum rule_kind kind)
{
	for (size_t i = 0; i < l->policy->n_rules; i++) {
		const struct policy_rule *rule = &l->policy->rules[i];
		const char *why = NULL, *layer;

		if (rule->kind != kind)
			continue;
		layer = live_policy__layer(l, rule, &why);
		gather(g, &rule->src, page__verb(kind), rule->text, layer, layer ? more(rule, layer) : why);
	}
	flush(g);
}

static void closed(struct page *page, const struct live_policy *l)
{
	static const struct {
		enum guard_access access;
		const char *text;
	} kinds[] = { { GUARD_READ, "read nothing else" }, { GUARD_WRITE, "write nothing else" },
		      { GUARD_EXEC, "execute nothing else" } };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (l->head.closed & 1U << kinds[i].access)
			page__row(page, NULL, l->layers.lsm ? "lsm" : "kill", "%s", kinds[i].text);
}

/* network.allow = false, which is no rule; what only a launch gives. */
static void keys(struct group *g, const struct live_policy *l)
{
	bool none = l->policy->net_src.name && !l->policy->net_all;

	for (size_t i = 0; i < l->policy->n_rules; i++)
		none &= l->policy->rules[i].kind != RULE_NET;
	if (none && (l->layers.lsm || l->layers.cgroup_net))
		gather(g, &l->policy->net_src, "", "no network", l->layers.lsm ? "lsm" : "cgroup-bpf",
		       l->layers.lsm ? NULL : WITH_CGROUP);
	for (size_t i = 0; i < l->n_gaps; i++) {
		const struct live_gap *gap = &l->gaps[i];
		char key[LIST_MAX];

		if (gap->rule)
			continue;
		snprintf(key, sizeof(key), "%.*s", (int)gap->why - 2, gap->text);
		gather(g, gap->src, "", key, NULL, gap->text + gap->why);
	}
	flush(g);
}

void policy_live__section(struct page *page, const struct live_policy *l, const struct policy_error *error, bool root)
{
	static const enum rule_kind kinds[] = { RULE_READ, RULE_WRITE, RULE_EXEC, RULE_DENY, RULE_DENY_WRITE, RULE_DENY_EXEC,
						RULE_NET, RULE_SYSCALL_DENY };
	struct group g = { .page = page };

	page__section(page, "What runs already", root ? "`attach` enforces this, on files that come later too" :
						       "`attach` needs root, and so does trying what it can enforce");
	if (error) {
		struct page_row *row = page__row(page, NULL, "not live", "all of it");

		if (row)
			page__set(&row->here, "%s", error->text);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		rules(&g, l, kinds[i]);
	closed(page, l);
	keys(&g, l);
}
