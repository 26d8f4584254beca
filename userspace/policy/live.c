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
	const struct live_world *world;
	struct policy_error *error;
	size_t room_paths, room_things;
	const struct policy_rule *rule; /* at work, */
	struct guard_entry now;		/* what it says, */
	struct live_name name;		/* of a pattern that the kernel can look for: WAY is not 0 */
	const char *unheld;		/* what of it cannot be held; NULL: nothing */
	size_t found;			/* things that it is about */
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

static int add_string(struct maker *m, const char *path)
{
	struct live_policy *l = m->l;

	if (l->n_paths == m->room_paths) {
		size_t room = m->room_paths ? 2 * m->room_paths : 64;
		char **v = reallocarray(l->paths, room, sizeof(*v));

		if (!v)
			return -ENOMEM;
		l->paths = v;
		m->room_paths = room;
	}
	l->paths[l->n_paths] = strdup(path);
	if (!l->paths[l->n_paths])
		return -ENOMEM;
	l->n_paths++;
	return 0;
}

/* Those that conditions name are opened as well. */
static int add_programs(struct maker *m)
{
	int err = 0;

	for (size_t i = 0; i < m->l->n_who && !err; i++)
		err = m->l->who[i].path ? add_string(m, m->l->who[i].path) : 0;
	return err;
}

/* Paths are put in order in the end: till then each thing has one of its own. */
static int add_thing(struct maker *m, const char *path, const struct live_name *name, const struct guard_entry *e)
{
	struct live_policy *l = m->l;
	struct live_thing *t;

	if (l->n_things == m->room_things) {
		size_t room = m->room_things ? 2 * m->room_things : 64;
		struct live_thing *v = reallocarray(l->things, room, sizeof(*v));

		if (!v)
			return -ENOMEM;
		l->things = v;
		m->room_things = room;
	}
	t = &l->things[l->n_things];
	*t = (struct live_thing){ .path = LIVE_ANYWHERE, .e = *e };
	if (name)
		t->name = *name;
	if (path) {
		int err = add_string(m, path);

		if (err)
			return err;
		t->path = (uint32_t)l->n_paths - 1;
	}
	l->n_things++;
	m->found++;
	return 0;
}

/* A name in DIR, or below. What nobody may write to is not moved out of the reach of its name either. */
static int add_name(struct maker *m, const char *dir, const struct live_name *name)
{
	struct guard_entry e = m->now, none = { 0 };

	e.depth = name->depth;
	e.no_dot = name->way != GUARD_NAMES_EXACT && e.allow && (name->way == GUARD_NAMES_SUFFIX || !name->len);
	if (name->anywhere)
		return add_thing(m, NULL, name, &e);
	if (name->below && e.deny & 1 << GUARD_WRITE) {
		none = m->now;
		none.deny = 1 << GUARD_LEAVE;
	}
	return add_thing(m, dir, NULL, &none) ?: add_thing(m, dir, name, &e);
}

static int add_named(struct maker *m, const char *path)
{
	struct live_name name = { 0 };
	const char *slash = strrchr(path, '/'), *why;
	char dir[POLICY_MAX_PATH];

	/* who may move files could put another one under a name that may be read or executed; not under one of those to be written */
	if (m->now.allow && m->found && m->rule->kind != RULE_WRITE)
		return 0;
	why = live_name__set(&name, GUARD_NAMES_EXACT, slash + 1, strlen(slash + 1));
	if (why) {
		m->unheld = why;
		return 0;
	}
	snprintf(dir, sizeof(dir), "%.*s", (int)MAX(slash - path, 1), path);
	return add_name(m, dir, &name);
}

static int add_path(void *to, enum live_what what, const char *path)
{
	struct maker *m = to;

	switch (what) {
	case LIVE_IS:
		return add_thing(m, path, NULL, &m->now);
	case LIVE_NAMED:
		return strcmp(path, "/") ? add_named(m, path) : 0;
	case LIVE_BASE:
		return m->name.way ? add_name(m, path, &m->name) : 0;
	}
	return 0;
}

/* By name, where that is more than what is there now. */
static void read_pattern(struct maker *m, const struct policy_rule *rule)
{
	bool denies = rule_kind__denies_path(rule->kind);
	char dir[POLICY_MAX_PATH];
	const char *why;

	m->name = (struct live_name){ 0 };
	m->unheld = NULL;
	if (!rule->pattern)
		return;
	why = live_pattern__split(rule->value, dir, sizeof(dir), &m->name);
	/* what is allowed is less then, and nothing is open */
	if (why || (m->name.below && !denies)) {
		m->name = (struct live_name){ 0 };
		m->unheld = denies ? why : NULL;
	}
}

static uint8_t live_action(const struct policy_rule *rule)
{
	static const uint8_t actions[] = {
		[RULE_ACTION_DENY] = GUARD_DENY, [RULE_ACTION_AUDIT] = GUARD_TELL, [RULE_ACTION_KILL] = GUARD_KILL,
	};

	return actions[rule->action];
}

/* What a condition names and is not there leaves the rule as it is without that, and is told. */
static int set_condition(struct maker *m, const struct policy_rule *rule, uint8_t *ret)
{
	const char *why = NULL;
	int err = live_when__number(m->l, m->world, rule, ret, &why, m->error);

	return err == -ENOENT ? rule_gap(m->l, rule, LIVE_GAP_ABSENT, why) : err;
}

static int path_rule(struct maker *m, const struct policy_rule *rule)
{
	uint8_t allow = effects[rule->kind].allow & (uint8_t)m->l->head.closed, deny = effects[rule->kind].deny;
	char why[160] = "";
	uint8_t condition;
	uint16_t n;
	int err;

	if (!m->layers->lsm && !m->layers->kill_after)
		return rule_gap(m->l, rule, LIVE_GAP_LAYER, NEEDS_LSM);
	m->rule = rule;
	read_pattern(m, rule);
	/* it names some that are made later and, now, what no walk would end with */
	if (rule->pattern && !strncmp(rule->value, "/**", 3) && !m->name.anywhere)
		return rule_gap(m->l, rule, LIVE_GAP_PATH, m->unheld ?: "it would be looked for in every file system");
	if (!allow && !deny) /* allow_exec beside "**": everything may be executed */
		return 0;
	n = number(m, rule);
	if (!n)
		return -ENOSPC;
	err = set_condition(m, rule, &condition);
	if (err)
		return err;
	m->now = (struct guard_entry){ .rule = n, .deny = deny, .allow = allow, .action = deny ? live_action(rule) : GUARD_ALLOW,
				       .condition = condition };
	m->found = 0;
	if (m->name.anywhere)
		return add_name(m, NULL, &m->name);
	err = m->world->expand(m->world->ctx, rule, add_path, m, why, sizeof(why));
	if (err && err != -ENOMEM)
		return rule_gap(m->l, rule, LIVE_GAP_PATH, *why ? why : strerror(-err));
	if (!err && !m->found)
		return rule_gap(m->l, rule, LIVE_GAP_ABSENT, "not there now, nor the directory that it would be in");
	return err || !m->unheld ? err : rule_gap(m->l, rule, LIVE_GAP_PATH, m->unheld);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each path once, in order; things keep theirs. */
static int merge_paths(struct maker *m)
{
	struct live_policy *l = m->l;
	_cleanup_(free) char **of = calloc(l->n_paths + 1, sizeof(char *));
	size_t n = 0;

	if (!of)
		return -ENOMEM;
	if (l->n_paths) {
		memcpy(of, l->paths, l->n_paths * sizeof(*of));
		qsort(l->paths, l->n_paths, sizeof(*l->paths), by_path);
	}
	/* doubles go behind, till nobody asks for their text any more */
	for (size_t i = 0; i < l->n_paths; i++) {
		char *path = l->paths[i];

		if (n && !strcmp(l->paths[n - 1], path))
			continue;
		l->paths[i] = l->paths[n];
		l->paths[n++] = path;
	}
	for (size_t i = 0; i < l->n_things; i++) {
		struct live_thing *t = &l->things[i];
		char *const *at = t->path == LIVE_ANYWHERE ? NULL : bsearch(&of[t->path], l->paths, n, sizeof(*l->paths), by_path);

		if (at)
			t->path = (uint32_t)(at - l->paths);
	}
	for (size_t i = 0; i < l->n_who; i++) {
		char *const *at = l->who[i].path ? bsearch(&l->who[i].path, l->paths, n, sizeof(*l->paths), by_path) : NULL;

		if (at)
			l->who[i].path_index = (uint32_t)(at - l->paths);
	}
	for (size_t i = n; i < l->n_paths; i++)
		free(l->paths[i]);
	l->n_paths = n;
	return 0;
}

static bool is_base(const struct live_thing *t)
{
	return t->name.way && t->name.below && t->path != LIVE_ANYWHERE;
}

static bool path_covers(const char *dir, const char *path)
{
	size_t len = strlen(dir);

	return !strcmp(dir, "/") || (!strncmp(dir, path, len) && (!path[len] || path[len] == '/'));
}

/* Directories with rules about names below them, one within another: the kernel goes through all of a way. */
static int check_nesting(struct maker *m)
{
	const struct live_policy *l = m->l;
	_cleanup_(free) bool *base = calloc(l->n_paths + 1, sizeof(*base));

	if (!base)
		return -ENOMEM;
	for (size_t i = 0; i < l->n_things; i++)
		if (is_base(&l->things[i]))
			base[l->things[i].path] = true;
	for (size_t i = 0; i < l->n_paths; i++) {
		unsigned int above = 0;

		for (size_t k = 0; base[i] && k <= i; k++)
			above += base[k] && path_covers(l->paths[k], l->paths[i]);
		if (above > GUARD_BASES)
			return live_policy__full(m->error, NULL, "begin patterns with the same directory",
						 "%s: more than %d directories within each other that patterns begin with",
						 l->paths[i], GUARD_BASES);
	}
	return 0;
}

static int check_room(struct maker *m)
{
	struct live_policy *l = m->l;
	size_t names = 0, affixes = 0;

	for (size_t i = 0; i < l->n_things; i++) {
		const struct live_thing *t = &l->things[i];

		names += t->name.way == GUARD_NAMES_EXACT;
		affixes += t->name.way && t->name.way != GUARD_NAMES_EXACT;
		l->head.names |= t->name.anywhere ? t->name.way : 0;
		l->head.denies |= t->e.deny;
		for (int a = 0; a <= GUARD_ACCESS_MAX; a++) {
			int bit = a == GUARD_ACCESS_MAX ? GUARD_LEAVE : a;

			if (t->e.deny & 1 << bit)
				l->head.blind[a] = (uint8_t)MAX(l->head.blind[a], MIN(t->e.action, GUARD_DENY));
		}
	}
	if (l->n_paths > GUARD_MAX_INODES / 2)
		return live_policy__full(m->error, NULL, "name directories instead of what is in them",
					 "what runs already can be held to rules of %d paths, and these are %zu",
					 GUARD_MAX_INODES / 2, l->n_paths);
	if (l->n_who > GUARD_MAX_WHO / 2)
		return live_policy__full(m->error, NULL, "name directories of control groups, and fewer programs",
					 "conditions can name %d users, programs and control groups, and these are %zu",
					 GUARD_MAX_WHO / 2, l->n_who);
	if (names > GUARD_MAX_NAMES / 2 || affixes > GUARD_MAX_AFFIXES / 2)
		return live_policy__full(m->error, NULL, "name directories instead of what is in them",
					 "what runs already can be held to %d names and %d beginnings and ends of names, and these "
					 "are %zu and %zu", GUARD_MAX_NAMES / 2, GUARD_MAX_AFFIXES / 2, names, affixes);
	return check_nesting(m);
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
	uint8_t condition;
	uint16_t n;
	int err;

	if (op == GUARD_OP_NONE)
		return rule_gap(m->l, rule, LIVE_GAP_HOOK, "no hook sees it");
	if (!m->layers->lsm && !m->layers->kill_after)
		return rule_gap(m->l, rule, LIVE_GAP_LAYER, NEEDS_LSM);
	if (op == GUARD_OP_IO_URING && m->layers->lsm && !m->layers->lsm_io_uring)
		return rule_gap(m->l, rule, LIVE_GAP_LAYER, "needs a hook that this kernel has not");
	n = number(m, rule);
	if (!n)
		return -ENOSPC;
	err = set_condition(m, rule, &condition);
	if (err)
		return err;
	return live_row__add(&m->l->head.ops[op], &(struct guard_entry){ .rule = n, .deny = 1, .action = live_action(rule),
									 .condition = condition }) ?
	       0 : live_row__full(m->l, n, m->error);
}

/* ---- network ----------------------------------------------------------------------------------------------- */

static int net_rule(struct maker *m, const struct policy_rule *rule, const struct net_plan *plan)
{
	uint8_t condition;

	if (m->l->policy->net_all) /* said later, and it is what holds */
		return 0;
	if (!m->layers->lsm && !m->layers->cgroup_net)
		return rule_gap(m->l, rule, LIVE_GAP_LAYER, NEEDS_CGROUP);
	if (!plan)
		return rule_gap(m->l, rule, LIVE_GAP_PATH, "its name cannot be resolved");
	if (rule->when && !m->layers->lsm) /* it allows less then: nobody */
		return rule_gap(m->l, rule, LIVE_GAP_LAYER, "`when` needs BPF LSM");
	if (!number(m, rule))
		return -ENOSPC;
	return set_condition(m, rule, &condition);
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
	if (!any || !plan)
		return 0;
	return live_net__flatten(m->l, plan, m->error) ?: live_net__hosts(m->l, plan, m->error);
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
		      const struct live_world *world, struct live_policy *ret, struct policy_error *ret_error)
{
	struct maker m = { .l = ret, .layers = layers, .world = world, .error = ret_error };
	int err = 0;

	memset(ret, 0, sizeof(*ret));
	memset(ret_error, 0, sizeof(*ret_error));
	ret->policy = p;
	ret->layers = *layers;
	ret->n_rules = 1;
	ret->n_whens = 1;
	ret->head.mount_ns[0] = ret->head.mount_ns[1] = ret->head.user_ns[0] = ret->head.user_ns[1] = 1;
	ret->head.closed = layers->lsm || layers->kill_after ? closed(p) : 0;
	for (size_t i = 0; i < p->n_rules && !err; i++)
		err = one_rule(&m, &p->rules[i], plan);
	err = err ?: number_closed(&m);
	err = err ?: close_net(&m, plan);
	err = err ?: add_programs(&m);
	err = err ?: merge_paths(&m);
	err = err ?: check_room(&m);
	err = err ?: key_gaps(&m);
	if (err == -ENOMEM)
		snprintf(ret_error->text, sizeof(ret_error->text), "out of memory");
	return err;
}

void live_policy__done(struct live_policy *l)
{
	for (size_t i = 0; i < l->n_paths; i++)
		free(l->paths[i]);
	free(l->paths);
	free(l->things);
	for (size_t i = 0; i < l->n_who; i++)
		free(l->who[i].path);
	free(l->who);
	free(l->nets);
	free(l->hosts);
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
