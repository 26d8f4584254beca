/* SPDX-License-Identifier: Apache-2.0 */
/* `sandtrace policy explain`: each rule, what enforces it here, what it comes to, and what stays open. */
#include <string.h>

#include "attach_target.h"
#include "base/log.h"
#include "base/util.h"
#include "policy_cli.h"
#include "policy_live.h"
#include "policy_page.h"
#include "policy_probe.h"
#include "sandbox/resolve.h"
#include "sandbox/seccomp.h"

struct explain {
	const struct policy_args *args;
	struct policy_world world;
	const struct policy *p;
	struct net_plan plan;
	bool planned;
	struct policy_probe probe;
	struct resolve_report *reports;
	struct grants grants;
	struct live_policy live;
	struct policy_error live_error;
	struct page page;
};

/* ROW is of RULE: what of it `attach` would enforce. */
static void set_live(const struct explain *e, struct page_row *row, const struct policy_rule *rule)
{
	if (row && !*e->live_error.text)
		row->live = live_policy__layer(&e->live, rule, &row->live_why);
}

/* What the run would stop at. */
static bool set_problem(const struct explain *e, struct page_row *row, const struct policy_rule *rule)
{
	const struct resolve_report *rep = &e->reports[rule - e->p->rules];

	if (!row || !*rep->problem)
		return false;
	page__set(&row->here, "%s", rep->problem);
	page__set(&row->hint, "%s", rep->hint);
	row->bad = true;
	return true;
}

/* ---- files ------------------------------------------------------------------------------------------------- */

static void file_result(const struct explain *e, const struct policy_rule *rule, const struct resolve_report *rep,
			struct page_row *row)
{
	if (rep->paths > 1 || (rep->paths && rule->pattern)) {
		page__set(&row->here, "%u path%s", rep->paths, rep->paths == 1 ? "" : "s");
	} else if (rep->paths) {
		page__set(&row->here, "there");
	} else if (rep->own) {
		page__set(&row->here, "the sandbox's own");
	} else {
		page__set(&row->here, rule_kind__denies_path(rule->kind) ? "not granted" : "not there");
		row->dim = true;
	}
	if (e->probe.namespaces)
		row->bad = true;
}

static const char *file_layer(const struct explain *e, enum rule_kind kind)
{
	if (e->probe.namespaces)
		return "nothing: no namespaces";
	if (rule_kind__denies_path(kind))
		return "mount";
	if (kind == RULE_EXEC)
		return e->probe.landlock_abi ? "landlock, mount" : "mount";
	return e->probe.landlock_abi ? "mount, landlock" : "mount";
}

static void files(struct explain *e)
{
	page__section(&e->page, "Files", "all others are not there; a deny wins");
	for (enum rule_kind kind = RULE_READ; rule_kind__is_path(kind); kind++) {
		for (size_t i = 0; i < e->p->n_rules; i++) {
			const struct policy_rule *rule = &e->p->rules[i];
			struct page_row *row;

			if (rule->kind != kind)
				continue;
			row = page__row(&e->page, &rule->src, file_layer(e, kind), "%s %s", page__verb(kind), rule->text);
			if (row && !set_problem(e, row, rule))
				file_result(e, rule, &e->reports[i], row);
			set_live(e, row, rule);
		}
	}
	if (e->p->protect_project)
		page__row(&e->page, &e->p->protect_src, file_layer(e, RULE_DENY),
			  "hooks and editor settings of writable projects stay read-only");
	if (e->p->overlay)
		page__row(&e->page, &e->p->overlay_src, "overlay",
			  "writes go to an overlay and are thrown away unless committed");
	if (e->p->synth_identity)
		page__row(&e->page, NULL, "mount", "own /etc/passwd and /etc/group");
	if (e->p->synth_hosts)
		page__row(&e->page, NULL, "mount", "own /etc/hosts and /etc/hostname");
	page__row(&e->page, NULL, "mount", "own /tmp, /var/tmp, /dev, /dev/shm, /proc%s%s", e->grants.home ? " and an empty " : "",
		  e->grants.home ? e->grants.home : "");
}

static void execution(struct explain *e)
{
	static const char *const modes[] = {
		[EXEC_COMMAND] = "only the command, its script's interpreters and their loaders",
		[EXEC_LISTED] = "the command, and what the execute rules list",
		[EXEC_ANY] = "whatever can be read",
	};
	static const char *const by[] = { [EXEC_COMMAND] = "exec, landlock", [EXEC_LISTED] = "landlock, mount",
					  [EXEC_ANY] = "not limited" };
	struct page_row *row;
	page__section(&e->page, "Programs", NULL);
	row = page__row(&e->page, &e->p->exec_src, by[e->p->exec], "%s", modes[e->p->exec]);
	if (row && e->p->exec == EXEC_LISTED && !e->probe.landlock_abi) {
		row->bad = true;
		page__set(&row->here, "this kernel has no Landlock");
	}
}

/* ---- network, calls ------------------------------------------------------------------------------------------ */

static void net_rule(struct explain *e, const struct policy_rule *rule)
{
	unsigned int n = 0;
	struct page_row *row;

	row = page__row(&e->page, &rule->src, "cgroup-BPF", "%s %s", page__verb(rule->kind), rule->text);
	set_live(e, row, rule);
	if (!row || set_problem(e, row, rule))
		return;
	for (size_t i = 0; i < e->plan.n; i++)
		n += e->plan.v[i].rule == rule;
	row->bad = !e->planned || e->probe.net_filter < 0;
	if (!e->planned)
		page__set(&row->here, "not resolved");
	else if (e->probe.net_filter < 0)
		page__set(&row->here, "%s", e->probe.root ? strerror(-e->probe.net_filter) : "needs root");
	else
		page__set(&row->here, "%u address%s", n, n == 1 ? "" : "es");
}

static void network(struct explain *e)
{
	bool any = false;
	page__section(&e->page, "Network", NULL);
	for (size_t i = 0; i < e->p->n_rules && !e->p->net_all; i++) {
		if (e->p->rules[i].kind != RULE_NET)
			continue;
		net_rule(e, &e->p->rules[i]);
		any = true;
	}
	if (e->p->net_all)
		page__row(&e->page, &e->p->net_src, "not limited", "the whole network of this machine");
	else if (!any) {
		struct page_row *row = page__row(&e->page, &e->p->net_src,
						 e->probe.namespaces ? "nothing: no namespaces" : "network namespace",
						 "none but its own loopback");

		if (row)
			row->bad = e->probe.namespaces;
	}
}

static void calls(struct explain *e)
{
	const struct seccomp_opts so = { .policy = e->p, .restrict_exec = e->p->exec != EXEC_ANY, .net = !e->plan.isolated };
	struct page_row *row;

	page__section(&e->page, "System calls", "`sandtrace policy syscalls` prints the whole table");
	row = page__row(&e->page, &e->p->seccomp_src, e->probe.seccomp ? "nothing" : "seccomp",
			"profile %s", e->p->seccomp == SECCOMP_PROFILE_STRICT ? "strict" : "default");
	if (row) {
		row->bad = e->probe.seccomp;
		page__set(&row->here, "%u instructions", e->probe.seccomp_insns);
	}
	page__row(&e->page, NULL, "seccomp", "ten calls are refused whatever a policy says");
	for (size_t i = 0; i < e->p->n_rules; i++) {
		const struct policy_rule *rule = &e->p->rules[i];

		if (rule->kind < RULE_SYSCALL_DENY || rule->kind > RULE_SYSCALL_ALLOW)
			continue;
		row = page__row(&e->page, &rule->src,
				rule->kind == RULE_SYSCALL_LOG ? "recorder" : "seccomp", "%s %s", page__verb(rule->kind),
				rule->text);
		set_live(e, row, rule);
		if (!row || set_problem(e, row, rule))
			continue;
		if (rule->kind == RULE_SYSCALL_ALLOW && seccomp__decide(&so, rule->value).verdict == SECCOMP_EPERM)
			page__set(&row->here, "still refused");
		else if (rule->kind == RULE_SYSCALL_LOG && !e->probe.root)
			page__set(&row->here, "only when root records");
	}
}

/* ---- limits, environment ------------------------------------------------------------------------------------- */

static const char *amount(uint64_t v, char *buf, size_t size)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	unsigned int u = 0;

	if (v == POLICY_UNLIMITED)
		return "unlimited";
	for (; u + 1 < ARRAY_SIZE(units) && v >= 1024 && !(v % 1024); u++)
		v /= 1024;
	snprintf(buf, size, "%llu %s", (unsigned long long)v, units[u]);
	return buf;
}

static void tree_limit(struct explain *e, const char *name, const struct policy_u64 *v, enum limit_kind k, const char *value)
{
	static const char *const by[] = {
		[LIMIT_BY_NOTHING] = "-", [LIMIT_BY_CGROUP2] = "cgroup v2", [LIMIT_BY_CGROUP1] = "cgroup v1",
		[LIMIT_BY_RLIMIT] = "rlimit",
	};
	bool none = v->value == POLICY_UNLIMITED, failed = !none && e->probe.limits_err;
	struct page_row *row;

	row = page__row(&e->page, &v->src,
			none ? "not limited" : failed ? "nothing" : by[e->probe.limits.by[k]], "%s %s", name, value);
	if (!row)
		return;
	row->bad = failed;
	if (failed)
		page__set(&row->here, "%s", strerror(-e->probe.limits_err));
	else if (!none && e->probe.limits.by[k] == LIMIT_BY_RLIMIT)
		page__set(&row->here, "per process only");
	else if (!none)
		page__set(&row->here, "the whole tree");
}

static void other_limit(struct explain *e, const char *name, const struct policy_u64 *v, const char *by, const char *value)
{
	page__row(&e->page, &v->src, v->value == POLICY_UNLIMITED ? "not limited" : by, "%s %s", name,
		  value);
}

static const char *number(uint64_t v, double unit, const char *suffix, char *buf, size_t size)
{
	if (v == POLICY_UNLIMITED)
		return "unlimited";
	snprintf(buf, size, "%.6g%s", (double)v / unit, suffix);
	return buf;
}

static void limits(struct explain *e)
{
	const struct policy *p = e->p;
	char b[64];

	page__section(&e->page, "Limits", NULL);
	other_limit(e, "timeout", &p->timeout_ns, "timer", number(p->timeout_ns.value, 1e9, " s", b, sizeof(b)));
	tree_limit(e, "memory", &p->memory, LIMIT_MEMORY, amount(p->memory.value, b, sizeof(b)));
	tree_limit(e, "processes", &p->pids, LIMIT_PIDS, number(p->pids.value, 1, "", b, sizeof(b)));
	tree_limit(e, "cpus", &p->cpus_milli, LIMIT_CPU, number(p->cpus_milli.value, 1000, "", b, sizeof(b)));
	other_limit(e, "temporary files", &p->tmpfs_size, "tmpfs", amount(p->tmpfs_size.value, b, sizeof(b)));
	other_limit(e, "size of a file", &p->max_file_size, "rlimit", amount(p->max_file_size.value, b, sizeof(b)));
	other_limit(e, "open files", &p->open_files, "rlimit", number(p->open_files.value, 1, "", b, sizeof(b)));
	other_limit(e, "output", &p->output, "pipes", amount(p->output.value, b, sizeof(b)));
}

/* A list in a file is many rules: those of one kind and file share a row. */
static void environment(struct explain *e)
{
	const struct policy_rule *first = NULL;
	char list[400] = "";

	page__section(&e->page, "Environment", "built anew: nothing else is passed on");
	for (size_t i = 0; i < e->p->n_rules; i++) {
		const struct policy_rule *rule = &e->p->rules[i];

		if (rule->kind < RULE_ENV_ALLOW)
			continue;
		if (first && (rule->kind != first->kind || rule->src.name != first->src.name || !rule->src.line ||
			      strlen(list) + strlen(rule->text) > 300)) {
			page__row(&e->page, &first->src, "", "%s %s", page__verb(first->kind), list);
			first = NULL;
			*list = 0;
		}
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%.300s", first ? " " : "", rule->text);
		first = first ? first : rule;
	}
	if (first)
		page__row(&e->page, &first->src, "", "%s %s", page__verb(first->kind), list);
}

/* ---- what stays open ----------------------------------------------------------------------------------------- */

static bool has(const struct policy *p, enum rule_kind kind, bool patterns_only)
{
	for (size_t i = 0; i < p->n_rules; i++)
		if (p->rules[i].kind == kind && (p->rules[i].pattern || !patterns_only))
			return true;
	return false;
}

static void open_ends(struct explain *e)
{
	const struct policy *p = e->p;
	struct page *g = &e->page;
	bool anywhere = false;

	for (size_t i = 0; i < p->n_rules; i++)
		anywhere |= rule_kind__denies_path(p->rules[i].kind) && !strncmp(p->rules[i].value, "/**/", 4);
	page__section(g, "What stays open", NULL);
	if (p->net_all)
		page__note(g, "The network is the machine's own: every host, every local service, abstract sockets of other programs.");
	if (has(p, RULE_NET, false) && !p->net_all)
		page__note(g, "Whatever is allowed can be sent to the listed hosts; what they do with it is not seen. Local "
			      "services that listen on a listed address are among them.");
	if (p->exec == EXEC_ANY)
		page__note(g, "Every program that can be read can be executed, and so can files the command writes itself.");
	if (p->exec == EXEC_LISTED)
		page__note(g, "The dynamic loader must be executable, and it can start any program it can read on a mount that is "
			      "not noexec. An interpreter that is listed runs any script.");
	if (p->exec == EXEC_COMMAND)
		page__note(g, "If the command is an interpreter it runs any script it can read or write.");
	if (has(p, RULE_DENY, false) || has(p, RULE_DENY_WRITE, false) || has(p, RULE_DENY_EXEC, false))
		page__note(g, "A deny covers what exists when the run starts: a name that the command itself creates later, and a "
			      "hard link to the same file elsewhere, are not covered.");
	if (has(p, RULE_DENY_WRITE, false))
		page__note(g, "What a deny_write keeps can be copied, and the copy changed; a FIFO or a socket below it is "
			      "written to as before.");
	if (has(p, RULE_DENY_EXEC, false))
		page__note(g, "What a deny_exec keeps from being executed can be read: copied to where executing is allowed it "
			      "runs, and an interpreter runs a script of it.");
	if (anywhere)
		page__note(g, "A deny that begins with ** is not looked for below /usr (but is in /usr/local), which holds what "
			      "packages install, nor in /proc, /sys and /dev.");
	if (has(p, RULE_WRITE, false) && !p->overlay)
		page__note(g, "What is written below writable paths stays after the run, and runs later if something there is "
			      "executed; --overlay keeps it apart.");
	if (has(p, RULE_WRITE, false) && !p->protect_project)
		page__note(g, "Git hooks, editor tasks and the like below writable paths can be changed "
			      "(filesystem.protect_project).");
	if (has(p, RULE_WRITE, false) && p->protect_project)
		page__note(g, "Of a project only the hooks and settings that exist directly in a writable directory are "
			      "protected; missing ones can be created, and package.json or a Makefile can be changed.");
	if (e->probe.limits.by[LIMIT_MEMORY] == LIMIT_BY_RLIMIT || e->probe.limits.by[LIMIT_PIDS] == LIMIT_BY_RLIMIT)
		page__note(g, "No cgroup can be made here: memory is limited for each process, not for all together.");
	page__note(g, "The kernel is shared: a flaw in it is a way out. The processor's side channels are open.");
}

/* ---- the command --------------------------------------------------------------------------------------------- */

static int evaluate_live(struct explain *e)
{
	struct resolve_live *paths = resolve__live_new(e->p);
	const struct live_world world = { .expand = resolve__live_expand, .file = resolve__live_file,
					  .cgroup = attach_target__cgroup_id, .ctx = paths };
	int err = paths ? live_policy__make(e->p, e->planned ? &e->plan : NULL, &e->probe.live, &world, &e->live,
					    &e->live_error) : -ENOMEM;

	resolve__live_free(paths);
	/* too large a policy is no reason to be silent about the rest */
	return err == -ENOSPC ? 0 : err;
}

static int evaluate(struct explain *e)
{
	struct resolve_opts ro = { .home = e->world.home_or_null };

	e->p = e->world.policy;
	e->reports = calloc(e->p->n_rules + 1, sizeof(*e->reports));
	if (!e->reports)
		return log_errno(-ENOMEM, "explain the policy");
	ro.reports = e->reports;
	e->planned = !network__plan(e->p, &e->plan);
	policy_probe__run(&e->probe, e->p, e->planned ? &e->plan : NULL);
	return resolve__policy(e->p, &ro, &e->grants) ?: evaluate_live(e);
}

static void fill(struct explain *e)
{
	files(e);
	execution(e);
	network(e);
	calls(e);
	limits(e);
	environment(e);
	if (!e->args->json)
		policy_live__section(&e->page, &e->live, *e->live_error.text ? &e->live_error : NULL, e->probe.root);
	open_ends(e);
}

int policy_cmd__explain(const struct policy_args *a)
{
	struct explain e = { .args = a };
	int status = policy_world__load(&e.world, a);

	if (!status && evaluate(&e))
		status = EXIT_SANDTRACE;
	if (!status) {
		fill(&e);
		status = page__failed(&e.page) ? EXIT_SANDTRACE : page__bad(&e.page) ? EXIT_UNSUPPORTED : 0;
		if (page__failed(&e.page))
			log_errno(-ENOMEM, "explain the policy");
		else if (a->json)
			page__print_json(&e.page, e.p, &e.live, stdout);
		else
			page__print(&e.page, e.p, stdout, !a->no_color);
	}
	page__done(&e.page);
	live_policy__done(&e.live);
	grants__done(&e.grants);
	network__plan_done(&e.plan);
	free(e.reports);
	policy_world__done(&e.world);
	return help__flush(EXIT_FAILURE) ?: status;
}
