/* SPDX-License-Identifier: Apache-2.0 */
/* Rules to rows: numbers, paths and their accesses, calls; and what is left over. */
#include "live.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "live_internal.h"
#include "policy_internal.h"
#include "sandbox/network.h"

/* What needs a layer that is not there. */
#define NEEDS_LSM "needs BPF LSM"
#define NEEDS_CGROUP "needs BPF LSM or cgroup-BPF"
#define AT_START "only at a launch"

struct maker {
	struct live_policy *l;
	const struct live_layers *layers;
	live_expand_fn expand;
	void *ctx;
	struct policy_error *error;
	size_t room;	     /* of l->paths */
	struct live_path now; /* what each path of the rule at work gets; its path NULL */
	size_t found;	     /* paths of the rule at work */
};

/* ---- gaps -------------------------------------------------------------------------------------------------- */

/* WHAT: "syscalls.deny reboot". */
static int __attribute__((format(printf, 6, 7)))
gap(struct live_policy *l, const struct policy_rule *rule, const struct policy_source *src, enum live_gap_kind kind,
    const char *why, const char *what, ...)
{
	struct live_gap *g;
	va_list ap;
	int n;

	if (!(l->n_gaps & (l->n_gaps + 1))) { /* 0, 1, 3, 7, ...: full */
		struct live_gap *v = reallocarray(l->gaps, 2 * l->n_gaps + 1, sizeof(*v));

		if (!v)
			return -ENOMEM;
		l->gaps = v;
	}
	g = &l->gaps[l->n_gaps++];
	*g = (struct live_gap){ .rule = rule, .src = rule ? &rule->src : src, .kind = kind };
	va_start(ap, what);
	n = vsnprintf(g->text, 100, what, ap);
	va_end(ap);
	if (n >= 100) { /* a long path: its end is left out, the reason is not */
		strcpy(g->text + 96, "...");
		n = 99;
	}
	g->why = (uint16_t)(n + 2);
	snprintf(g->text + n, sizeof(g->text) - (size_t)n, ": %s", why);
	return 0;
}

static int rule_gap(struct live_policy *l, const struct policy_rule *rule, enum live_gap_kind kind, const char *why)
{
	return gap(l, rule, NULL, kind, why, "%s %s", rule_kind__key(rule->kind), rule->text);
}

int live_policy__full(struct policy_error *e, const struct policy_rule *rule, const char *hint, const char *fmt, ...)
{
	char text[300], where[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (rule)
		snprintf(e->text, sizeof(e->text), "%s: %s \"%.60s\": %.200s", policy__where(&rule->src, where, sizeof(where)),
			 rule_kind__key(rule->kind), rule->text, text);
	else
		snprintf(e->text, sizeof(e->text), "%s", text);
	snprintf(e->hint, sizeof(e->hint), "%s", hint);
	return -ENOSPC;
}

/* ---- numbers ----------------------------------------------------------------------------------------------- */

/* The next one; RULE may be NULL. 0: there is none, said. */
static uint16_t number(struct maker *m, const struct policy_rule *rule)
{
	struct live_policy *l = m->l;

	if (l->n_rules == GUARD_MAX_RULES) {
		live_policy__full(m->error, NULL, "name directories instead of what is in them, or load a part of it",
				  "what runs already can be held to %d rules, and this policy has more", GUARD_MAX_RULES - 1);
		return 0;
	}
	l->rules[l->n_rules] = rule;
	return (uint16_t)l->n_rules++;
}

/* By address: rules were numbered in their order. */
uint16_t live_policy__number(const struct live_policy *l, const struct policy_rule *rule)
{
	unsigned int low = 1, high = l->n_rules;

	while (low < high && !l->rules[high - 1])
		high--;
	while (low < high) {
		unsigned int mid = low + (high - low) / 2;

		if (l->rules[mid] == rule)
			return (uint16_t)mid;
		if (l->rules[mid] < rule)
			low = mid + 1;
		else
			high = mid;
	}
	return 0;
}

/* ---- paths ------------------------------------------------------------------------------------------------- */

/* What a rule of KIND says: accesses that it denies, and allows where they are closed. Bits of enum guard_access. */
static const struct {
	uint8_t deny, allow, closes;
} effects[RULE_KIND_MAX] = {
	[RULE_READ] = { .allow = 1 << GUARD_READ, .closes = 1 << GUARD_READ },
	[RULE_WRITE] = { .allow = 1 << GUARD_READ | 1 << GUARD_WRITE, .closes = 1 << GUARD_WRITE },
	[RULE_EXEC] = { .allow = 1 << GUARD_READ | 1 << GUARD_EXEC, .closes = 1 << GUARD_EXEC },
	[RULE_DENY] = { .deny = 1 << GUARD_READ | 1 << GUARD_WRITE | 1 << GUARD_EXEC },
	[RULE_DENY_WRITE] = { .deny = 1 << GUARD_WRITE },
	[RULE_DENY_EXEC] = { .deny = 1 << GUARD_EXEC },
};

static int add_path(void *to, const char *path)
{
	struct maker *m = to;
	struct live_policy *l = m->l;

	if (l->n_paths == m->room) {
		size_t room = m->room ? 2 * m->room : 64;
		struct live_path *v = reallocarray(l->paths, room, sizeof(*v));

		if (!v)
			return -ENOMEM;
		l->paths = v;
		m->room = room;
	}
	l->paths[l->n_paths] = m->now;
	l->paths[l->n_paths].path = strdup(path);
	if (!l->paths[l->n_paths].path)
		return -ENOMEM;
	l->n_paths++;
	m->found++;
	return 0;
}

static int path_rule(struct maker *m, const struct policy_rule *rule)
{
	uint8_t allow = effects[rule->kind].allow & (uint8_t)m->l->head.closed, deny = effects[rule->kind].deny;
	char why[160] = "";
	uint16_t n;
	int err;

	if (!m->layers->lsm && !m->layers->kill_after)
		return rule_gap(m->l, rule, LIVE_GAP_LAYER, NEEDS_LSM);
	/* it names some that are made later and, now, what no walk would end with */
	if (rule->pattern && !strncmp(rule->value, "/**", 3))
		return rule_gap(m->l, rule, LIVE_GAP_PATH, "it would be looked for in every file system: name directories");
	if (!allow && !deny) /* allow_exec beside "**": everything may be executed */
		return 0;
	n = number(m, rule);
	if (!n)
		return -ENOSPC;
	m->now = (struct live_path){ 0 };
	m->found = 0;
	for (int a = 0; a < GUARD_ACCESS_MAX; a++) {
		m->now.deny[a] = deny & 1 << a ? n : 0;
		m->now.allow[a] = allow & 1 << a ? n : 0;
	}
	err = m->expand(m->ctx, rule, add_path, m, why, sizeof(why));
	if (err && err != -ENOMEM)
		return rule_gap(m->l, rule, LIVE_GAP_PATH, *why ? why : strerror(-err));
	if (!err && !m->found)
		return rule_gap(m->l, rule, LIVE_GAP_ABSENT, "not there now");
	return err;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct live_path *)a)->path, ((const struct live_path *)b)->path);
}

static void keep_first(uint16_t *into, const uint16_t *from)
{
	for (int a = 0; a < GUARD_ACCESS_MAX; a++)
		if (from[a] && (!into[a] || from[a] < into[a]))
			into[a] = from[a];
}

/* Each path once, with the first rule for each access. */
static int merge_paths(struct maker *m)
{
	struct live_policy *l = m->l;
	size_t n = 0;

	if (l->n_paths)
		qsort(l->paths, l->n_paths, sizeof(*l->paths), by_path);
	for (size_t i = 0; i < l->n_paths; i++) {
		struct live_path *p = &l->paths[i];

		if (n && !strcmp(l->paths[n - 1].path, p->path)) {
			keep_first(l->paths[n - 1].deny, p->deny);
			keep_first(l->paths[n - 1].allow, p->allow);
			free(p->path);
		} else {
			l->paths[n++] = *p;
		}
	}
	l->n_paths = n;
	for (size_t i = 0; i < n; i++)
		for (int a = 0; a < GUARD_ACCESS_MAX; a++)
			l->head.denies |= l->paths[i].deny[a] ? 1U << a : 0;
	if (n <= GUARD_MAX_INODES / 2)
		return 0;
	return live_policy__full(m->error, NULL, "name directories instead of what is in them",
				 "what runs already can be held to rules of %d paths, and these are %zu",
				 GUARD_MAX_INODES / 2, n);
}

/* ---- calls ------------------------------------------------------------------------------------------------- */

/* Which hooks there are is in bpf/kernel.bpf.c. Not fsmount, open_tree, mount_setattr: they have none. */
static const struct {
	const char *name;
	enum guard_op op;
} calls[] = {
	{ "bpf", GUARD_OP_BPF },
	{ "ptrace", GUARD_OP_PTRACE },
	{ "process_vm_readv", GUARD_OP_PTRACE },
	{ "process_vm_writev", GUARD_OP_PTRACE },
	{ "mount", GUARD_OP_MOUNT },
	{ "umount", GUARD_OP_MOUNT },
	{ "umount2", GUARD_OP_MOUNT },
	{ "move_mount", GUARD_OP_MOUNT },
	{ "pivot_root", GUARD_OP_MOUNT },
	{ "init_module", GUARD_OP_MODULE },
	{ "finit_module", GUARD_OP_MODULE },
	{ "kexec_load", GUARD_OP_KEXEC },
	{ "kexec_file_load", GUARD_OP_KEXEC },
	{ "perf_event_open", GUARD_OP_PERF },
	{ "io_uring_setup", GUARD_OP_IO_URING },
};

enum guard_op live_policy__op(const char *syscall)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (!strcmp(calls[i].name, syscall))
			return calls[i].op;
	return GUARD_OP_NONE;
}

const char *live_policy__op_calls(enum guard_op op)
{
	static const char *const texts[GUARD_OP_MAX] = {
		[GUARD_OP_BPF] = "bpf",
		[GUARD_OP_PTRACE] = "ptrace, process_vm_readv, process_vm_writev, pidfd_getfd, /proc/PID/mem",
		[GUARD_OP_MOUNT] = "mount, umount2, move_mount, pivot_root, new file systems of fsconfig",
		[GUARD_OP_MODULE] = "init_module, finit_module",
		[GUARD_OP_KEXEC] = "kexec_load, kexec_file_load",
		[GUARD_OP_PERF] = "perf_event_open",
		[GUARD_OP_USERNS] = "new user namespaces",
		[GUARD_OP_IO_URING] = "io_uring_setup",
	};

	return op < GUARD_OP_MAX && texts[op] ? texts[op] : "";
}

static int call_rule(struct maker *m, const struct policy_rule *rule)
{
	enum guard_op op = live_policy__op(rule->value);
	uint16_t n;

	if (op == GUARD_OP_NONE)
		return rule_gap(m->l, rule, LIVE_GAP_HOOK, "no hook sees it");
	if (!m->layers->lsm && !m->layers->kill_after)
		return rule_gap(m->l, rule, LIVE_GAP_LAYER, NEEDS_LSM);
	if (op == GUARD_OP_IO_URING && m->layers->lsm && !m->layers->lsm_io_uring)
		return rule_gap(m->l, rule, LIVE_GAP_LAYER, "needs a hook that this kernel has not");
	n = number(m, rule);
	if (n && !m->l->head.op_rule[op])
		m->l->head.op_rule[op] = n;
	return n ? 0 : -ENOSPC;
}

/* ---- network ----------------------------------------------------------------------------------------------- */

static int net_rule(struct maker *m, const struct policy_rule *rule, const struct net_plan *plan)
{
	if (m->l->policy->net_all) /* said later, and it is what holds */
		return 0;
	if (!m->layers->lsm && !m->layers->cgroup_net)
		return rule_gap(m->l, rule, LIVE_GAP_LAYER, NEEDS_CGROUP);
	if (!plan)
		return rule_gap(m->l, rule, LIVE_GAP_PATH, "its name cannot be resolved");
	return number(m, rule) ? 0 : -ENOSPC;
}

static bool lists_hosts(const struct policy *p)
{
	for (size_t i = 0; i < p->n_rules; i++)
		if (p->rules[i].kind == RULE_NET)
			return true;
	return false;
}

static int close_net(struct maker *m, const struct net_plan *plan)
{
	const struct policy *p = m->l->policy;
	bool any = lists_hosts(p);

	if (p->net_all || !p->net_src.name)
		return 0;
	if (!any && !m->layers->lsm && !m->layers->cgroup_net)
		return gap(m->l, NULL, &p->net_src, LIVE_GAP_LAYER, NEEDS_CGROUP, "network.allow = false");
	if (!m->layers->lsm)
		return 0;
	m->l->head.net_closed = 1;
	m->l->head.net_rule = number(m, NULL);
	if (!m->l->head.net_rule)
		return -ENOSPC;
	return any && plan ? live_net__flatten(m->l, plan, m->error) : 0;
}

/* ---- what only a launch gives ------------------------------------------------------------------------------ */

static int launch_gap(struct maker *m, bool set, const struct policy_source *src, const char *key, const char *why)
{
	return set && src->name ? gap(m->l, NULL, src, LIVE_GAP_LAUNCH, why, "%s", key) : 0;
}

static int limit_gaps(struct maker *m)
{
	const struct policy *p = m->l->policy;
	int err = 0;

	for (size_t i = 0; i < policy_n_limits && !err; i++) {
		const struct limit_key *k = &policy_limits[i];
		const struct policy_u64 *v = (const void *)((const char *)p + k->offset);
		char key[40];

		if (!v->src.name || v->value == POLICY_UNLIMITED || !strcmp(k->key, "max_processes"))
			continue; /* the second name of a limit */
		snprintf(key, sizeof(key), "limits.%s", k->key);
		err = launch_gap(m, true, &v->src, key, AT_START);
	}
	return err;
}

/* One for each list, at its first: the environment of what runs is what it is. */
static int list_gaps(struct maker *m)
{
	static const enum rule_kind kinds[] = { RULE_SYSCALL_LOG, RULE_ENV_ALLOW, RULE_ENV_SET, RULE_ENV_STRIP };
	const struct policy *p = m->l->policy;
	int err = 0;

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		for (size_t i = 0; i < p->n_rules; i++) {
			if (p->rules[i].kind != kinds[k])
				continue;
			err = launch_gap(m, true, &p->rules[i].src, rule_kind__key(kinds[k]), AT_START);
			break;
		}
		if (err)
			return err;
	}
	return 0;
}

static int key_gaps(struct maker *m)
{
	const struct policy *p = m->l->policy;
	int err = launch_gap(m, p->synth_identity || p->synth_hosts, &p->synth_src, "filesystem.synthetic", AT_START);

	err = err ?: launch_gap(m, p->overlay, &p->overlay_src, "filesystem.overlay", AT_START);
	err = err ?: launch_gap(m, p->protect_project, &p->protect_src, "filesystem.protect_project", AT_START);
	/* `true` takes nothing away */
	err = err ?: launch_gap(m, !p->unix_sockets, &p->unix_src, "network.unix = false", AT_START);
	err = err ?: launch_gap(m, true, &p->seccomp_src, "seccomp.profile", AT_START);
	err = err ?: limit_gaps(m);
	return err ?: list_gaps(m);
}

/* ---- together ---------------------------------------------------------------------------------------------- */

static int one_rule(struct maker *m, const struct policy_rule *rule, const struct net_plan *plan)
{
	switch (rule->kind) {
	case RULE_READ:
	case RULE_WRITE:
	case RULE_EXEC:
	case RULE_DENY:
	case RULE_DENY_WRITE:
	case RULE_DENY_EXEC:
		return path_rule(m, rule);
	case RULE_NET:
		return net_rule(m, rule, plan);
	case RULE_SYSCALL_DENY:
		return call_rule(m, rule);
	case RULE_SYSCALL_ALLOW: /* nothing refuses it */
	case RULE_SYSCALL_LOG:	 /* list_gaps() */
	case RULE_ENV_ALLOW:
	case RULE_ENV_SET:
	case RULE_ENV_STRIP:
	case RULE_KIND_MAX:
		break;
	}
	return 0;
}

/* Kinds of access of which the policy says what is allowed. Not execution, where it says "everything" too. */
static uint32_t closed(const struct policy *p)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < p->n_rules; i++)
		if (p->rules[i].kind != RULE_EXEC || p->exec == EXEC_LISTED)
			bits |= effects[p->rules[i].kind].closes;
	return bits;
}

static int number_closed(struct maker *m)
{
	for (int a = 0; a < GUARD_ACCESS_MAX; a++) {
		if (!(m->l->head.closed & 1U << a))
			continue;
		m->l->head.closed_rule[a] = number(m, NULL);
		if (!m->l->head.closed_rule[a])
			return -ENOSPC;
	}
	return 0;
}

int live_policy__make(const struct policy *p, const struct net_plan *plan, const struct live_layers *layers,
		      live_expand_fn expand, void *ctx, struct live_policy *ret, struct policy_error *ret_error)
{
	struct maker m = { .l = ret, .layers = layers, .expand = expand, .ctx = ctx, .error = ret_error };
	int err = 0;

	memset(ret, 0, sizeof(*ret));
	memset(ret_error, 0, sizeof(*ret_error));
	ret->policy = p;
	ret->layers = *layers;
	ret->n_rules = 1;
	ret->head.closed = layers->lsm || layers->kill_after ? closed(p) : 0;
	for (size_t i = 0; i < p->n_rules && !err; i++)
		err = one_rule(&m, &p->rules[i], plan);
	err = err ?: number_closed(&m);
	err = err ?: close_net(&m, plan);
	err = err ?: merge_paths(&m);
	err = err ?: key_gaps(&m);
	if (err == -ENOMEM)
		snprintf(ret_error->text, sizeof(ret_error->text), "out of memory");
	return err;
}

void live_policy__done(struct live_policy *l)
{
	for (size_t i = 0; i < l->n_paths; i++)
		free(l->paths[i].path);
	free(l->paths);
	free(l->nets);
	free(l->gaps);
	memset(l, 0, sizeof(*l));
}

/* ---- asked afterwards -------------------------------------------------------------------------------------- */

/* Gaps of rules stand first, in the order of the rules. */
static const struct live_gap *gap_of(const struct live_policy *l, const struct policy_rule *rule)
{
	size_t low = 0, high = l->n_gaps;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct policy_rule *at = l->gaps[mid].rule;

		if (at == rule)
			return &l->gaps[mid];
		if (at && at < rule)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

const char *live_policy__layer(const struct live_policy *l, const struct policy_rule *rule, const char **ret_why)
{
	const struct live_gap *g = gap_of(l, rule);

	if (g) {
		*ret_why = g->text + g->why;
		return NULL;
	}
	if (live_policy__number(l, rule))
		return l->layers.lsm ? "lsm" : rule->kind == RULE_NET ? "cgroup-bpf" : "kill";
	*ret_why = rule->kind == RULE_SYSCALL_ALLOW || rule->kind == RULE_EXEC || rule->kind == RULE_NET ? "nothing refuses it"
													 : AT_START;
	return NULL;
}

const char *live_policy__describe(const struct live_policy *l, unsigned int n, char *buf, size_t size)
{
	static const enum rule_kind closing[] = {
		[GUARD_READ] = RULE_READ, [GUARD_WRITE] = RULE_WRITE, [GUARD_EXEC] = RULE_EXEC,
	};
	const struct policy_rule *rule = n < l->n_rules ? l->rules[n] : NULL;
	char where[160];

	snprintf(buf, size, "not in the policy");
	if (rule) {
		policy__where(&rule->src, where, sizeof(where));
		if (rule->src.line)
			snprintf(buf, size, "%s: %s \"%s\"", where, rule_kind__key(rule->kind), rule->text);
		else /* an option names its value itself */
			snprintf(buf, size, "%s", where);
	} else if (n && n == l->head.net_rule) {
		policy__where(&l->policy->net_src, where, sizeof(where));
		if (lists_hosts(l->policy))
			snprintf(buf, size, "not in network.allow");
		else
			snprintf(buf, size, "%s: network.allow = false", where);
	}
	for (int a = 0; n && a < GUARD_ACCESS_MAX; a++)
		if (n == l->head.closed_rule[a])
			snprintf(buf, size, "not in %s", rule_kind__key(closing[a]));
	return buf;
}
