/* SPDX-License-Identifier: Apache-2.0 */
#include "attach_policy.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/util.h"
#include "run_policy.h"
#include "sandbox/resolve.h"

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* Does it say anything of the network? */
static bool restricts_network(const struct policy *p)
{
	return !p->net_all && p->net_src.name;
}

int attach_policy__read(struct attach_policy *p, const struct run_options *o, const char *cwd)
{
	struct run_options only = { .policies = o->policies, .n_policies = o->n_policies };
	struct run_user user;
	struct policy_env env;
	const char *home;
	int err;

	if (!o->n_policies)
		return 0;
	err = run_policy__user(NULL, &user);
	if (err)
		return err;
	home = run_policy__home(&user, p->home, sizeof(p->home));
	env = run_policy__env(home, cwd);
	err = run_policy__build(&only, &user, &env, &p->policy);
	if (!err && restricts_network(p->policy))
		err = network__plan(p->policy, &p->plan);
	return err;
}

/* ---- layers, and what none of them does --------------------------------------------------------------------------- */

/* "web.toml:3:9: filesystem.deny /etc/shadow: needs BPF LSM" */
static const char *gap_text(const struct live_gap *g, char *buf, size_t size)
{
	char where[320] = "";

	if (g->src)
		policy__where(g->src, where, sizeof(where));
	snprintf(buf, size, "%s%s%s", where, *where ? ": " : "", g->text);
	return buf;
}

static bool has_kind(const struct live_policy *l, enum live_gap_kind kind)
{
	for (size_t i = 0; i < l->n_gaps; i++)
		if (l->gaps[i].kind == kind)
			return true;
	return false;
}

/* "NAME: WHY", of an LSM hook; those of functions and tracepoints say what they are on: "fentry/NAME: WHY". */
static bool is_lsm_hook(const char *missing)
{
	return strcspn(missing, ":") < strcspn(missing, "/");
}

static int refuse_gaps(const struct attach_policy *p, const struct recording *r, const char *no_cgroup)
{
	const struct live_policy *l = &p->live;
	char text[600];

	log_err(0, "attach: %zu rule%s of the policy cannot be enforced here on what runs already:", l->n_gaps,
		l->n_gaps == 1 ? "" : "s");
	for (size_t i = 0; i < l->n_gaps; i++)
		log_err(0, "%s", gap_text(&l->gaps[i], text, sizeof(text)));
	if (has_kind(l, LIVE_GAP_LAYER) && r->no_lsm[0])
		log_hint("BPF cannot be an LSM here: %s", r->no_lsm);
	for (const char *const *m = r->capture->whole ? NULL : r->capture->missing; m && *m; m++)
		if (is_lsm_hook(*m))
			log_hint("hook %s", *m);
	if (*no_cgroup && restricts_network(p->policy) && !l->layers.lsm)
		log_hint("network rules could be kept by a cgroup, but %s: use --cgroup PATH, or start it with systemd-run --scope",
			 no_cgroup);
	if (has_kind(l, LIVE_GAP_LAYER) && !r->opts.kill_after && !r->capture->n_lsm)
		log_hint("--on-violation=kill prevents nothing either, but kills who breaks them");
	log_hint("--allow-degraded=lsm goes on without them");
	return -ENOTSUP;
}

static int report_gaps(struct attach_policy *p, struct recording *r, const char *no_cgroup)
{
	const struct live_policy *l = &p->live;
	char text[600];
	int err = 0;

	for (const char *const *m = r->capture->whole ? NULL : r->capture->missing; l->layers.lsm && m && *m; m++)
		if (is_lsm_hook(*m))
			log_warn("the policy is enforced without the hook %s", *m);
	if (!l->n_gaps)
		return 0;
	if (!r->opts.without_lsm)
		return refuse_gaps(p, r, no_cgroup);
	for (size_t i = 0; i < l->n_gaps && !err; i++) {
		log_warn("not enforced: %s", gap_text(&l->gaps[i], text, sizeof(text)));
		err = recording__degraded(r, "not enforced: %s", text);
	}
	return err;
}

/* Without hooks, the programs that judge connections can be put on a cgroup, if nobody else is in it. They know no audit. */
static bool cgroup_net(const struct recording *r, const struct attach_target *t, char *ret_why, size_t size)
{
	if (r->opts.audit) {
		snprintf(ret_why, size, "its programs can only enforce, not --mode audit");
		return false;
	}
	return !t->pid || attach_target__owns_cgroup(t, ret_why, size);
}

static int make_live(struct attach_policy *p, struct recording *r, const struct attach_target *t)
{
	const struct capture *c = r->capture;
	struct live_layers layers = { .lsm = c->n_lsm && c->guard && (c->whole || r->opts.without_lsm),
				      .lsm_io_uring = c->sees_io_uring, .kill_after = c->kills };
	struct resolve_live *resolver = resolve__live_new(p->policy);
	struct live_world world = { .expand = resolve__live_expand, .file = resolve__live_file, .cgroup = attach_target__cgroup_id };
	struct policy_error e = {};
	char no_cgroup[400] = "";
	int err;

	if (!resolver)
		return -ENOMEM;
	if (!layers.lsm && restricts_network(p->policy))
		layers.cgroup_net = cgroup_net(r, t, no_cgroup, sizeof(no_cgroup));
	world.ctx = resolver;
	err = live_policy__make(p->policy, restricts_network(p->policy) ? &p->plan : NULL, &layers, &world, &p->live, &e);
	resolve__live_free(resolver);
	if (err) {
		log_err(err, "%s", e.text);
		if (e.hint[0])
			log_hint("%s", e.hint);
		return err;
	}
	return report_gaps(p, r, layers.cgroup_net ? "" : no_cgroup);
}

/* What can be had in place of a denial is less, and said. */
#define KILL_NOTE "kill: nothing is prevented: who has broken a rule is killed after it was done"

#define KILL_NAMES "kill: not seen: what is removed, renamed, linked, made as a directory, or changed by its name: " \
		   "no functions can be traced here"

#define PORT_DNS 53

/* ---- in force ---------------------------------------------------------------------------------------------------- */

/* Rules that are enforced by LAYER. */
static unsigned int count_rules(const struct attach_policy *p, const char *layer)
{
	unsigned int n = 0;

	for (size_t i = 0; i < p->policy->n_rules; i++) {
		const char *why, *by = live_policy__layer(&p->live, &p->policy->rules[i], &why);

		n += by && !strcmp(by, layer);
	}
	return n;
}

static void add_layer(struct attach_policy *p, const char *name, unsigned int hooks)
{
	unsigned int rules = count_rules(p, name), i = p->layers[0] ? 1 : 0;
	const char *s = rules == 1 ? "" : "s";

	if (!strcmp(name, "kill"))
		snprintf(p->layer_text[i], sizeof(p->layer_text[i]), "kill: %u rule%s, after the fact", rules, s);
	else if (hooks)
		snprintf(p->layer_text[i], sizeof(p->layer_text[i]), "%s: %u hooks, %u rule%s", name, hooks, rules, s);
	else
		snprintf(p->layer_text[i], sizeof(p->layer_text[i]), "%s: %u rule%s", name, rules, s);
	p->layers[i] = p->layer_text[i];
}

/* Who is held to the policy asks for himself, unless a cache of the host's does. */
static bool may_ask(const struct attach_policy *p)
{
	const struct in6_addr *addr;

	for (size_t i = 0; (addr = answers__resolver(p->answers, i)); i++)
		if (network__match(&p->plan, addr, PORT_DNS))
			return true;
	return false;
}

/* Names: those who allow them learn of their later addresses. */
static int follow_names(struct attach_policy *p, const struct recording *r)
{
	struct answers_target t = { .own_maps = -1 };
	int err;

	if (!p->plan.n_names || r->opts.fixed_names || !(p->live.head.net_hosts || p->filter))
		return 0;
	if (p->filter) {
		t.map = net_filter__answers(p->filter);
	} else {
		t.map = r->capture->guard->answers;
		t.own_maps = r->capture->guard->own_maps;
		t.gen = guard__next_generation(r->capture->guard);
	}
	err = answers__start((const char *const *)p->plan.names, p->plan.n_names, &t, &p->answers);
	if (err) {
		log_hint("--fixed-names goes on with the addresses that the policy's names have now");
		return err;
	}
	if (!p->answers || !may_ask(p))
		log_warn("the policy's names may keep the addresses that they have now: %s", p->answers ?
			 "it allows no resolver of this host to be asked" : "/etc/resolv.conf names no resolver");
	return 0;
}

static int filter_network(struct attach_policy *p, struct recording *r, const struct attach_target *t)
{
	int err = net_filter__attach_live(&p->plan, t->group.dir_fd, &p->filter);

	if (!err)
		p->cgroup_note = "cgroup-bpf: connections made before, and sockets brought from another cgroup, go on";
	return err ?: recording__degraded(r, "%s", p->cgroup_note);
}

/*
 * The hooks last, with one store: what can fail has not failed by then, and who judges by the rows of before is not stricter for
 * what is there already.
 */
static int put_in_force(struct attach_policy *p, struct recording *r, const struct attach_target *t, struct guard *g,
			enum guard_mode mode)
{
	int err = p->live.layers.cgroup_net ? filter_network(p, r, t) : 0;

	err = err ?: follow_names(p, r);
	if (!err && (p->live.layers.lsm || p->live.layers.kill_after))
		err = guard__load(g, r->capture->guard, &p->live, mode);
	if (err)
		return err;
	if (p->live.layers.lsm)
		add_layer(p, "lsm", r->capture->n_lsm);
	if (p->live.layers.kill_after)
		add_layer(p, "kill", 0);
	if (p->filter)
		add_layer(p, "cgroup-bpf", 0);
	return 0;
}

static int note_kills(const struct attach_policy *p, struct recording *r)
{
	int err = recording__degraded(r, KILL_NOTE);

	log_warn(KILL_NOTE);
	if (err || r->capture->kills_names || !((p->live.head.denies | p->live.head.closed) & 1 << GUARD_WRITE))
		return err;
	log_warn(KILL_NAMES);
	return recording__degraded(r, KILL_NAMES);
}

int attach_policy__enforce(struct attach_policy *p, struct recording *r, const struct attach_target *t)
{
	int err;

	if (!p->policy)
		return 0;
	err = make_live(p, r, t);
	err = err ?: put_in_force(p, r, t, &p->guard, r->opts.audit ? GUARD_AUDIT : GUARD_ENFORCE);
	return err || !p->live.layers.kill_after ? err : note_kills(p, r);
}

static bool on_host(void *ctx, const char *path)
{
	struct stat st;

	(void)ctx;
	return !lstat(path, &st);
}

static void explain_by(struct attach_policy *p, const struct recording *r)
{
	if (run_policy__hash(p->policy, p->sha256))
		p->sha256[0] = 0;
	p->denial_ctx = (struct denial_ctx){
		.net_filtered = p->filter != NULL,
		.exists = on_host,
		.privileged = !geteuid(),
		.live_rules = p->live.rules,
		.n_live_rules = p->live.n_rules,
		.live_policy = r->capture->guard ? r->capture->guard->shared->guard_serial : 0,
	};
}

int attach_policy__describe(struct attach_policy *p, struct recording *r)
{
	if (!p->policy)
		return 0;
	r->info.layers = p->layers;
	r->info.policy = p->policy->name;
	explain_by(p, r);
	r->info.policy_sha256 = *p->sha256 ? p->sha256 : NULL;
	return pipeline__set_policy(&r->pipeline, &p->denial_ctx) ? log_errno(-ENOMEM, "start") : 0;
}

const char *attach_policy__state(const struct attach_policy *p, const struct run_options *o, char *buf, size_t size)
{
	size_t n;

	if (!p->policy)
		return "";
	n = (size_t)snprintf(buf, size, "; policy %.100s %s", p->policy->name, !p->layers[0] ? "not enforced" :
			     p->live.layers.kill_after && !p->live.layers.cgroup_net ? o->audit ? "audited" : "not enforced, but killed for" :
			     o->audit ? "audited" : "enforced");
	for (const char *const *l = p->layers; *l && n < size; l++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s", l == p->layers ? ": " : ", ", *l);
	if (p->live.n_gaps && n < size)
		n += (size_t)snprintf(buf + n, size - n, "; open: %zu of its rules", p->live.n_gaps);
	if (p->cgroup_note && n < size)
		snprintf(buf + n, size - n, "; open: connections made before");
	return buf;
}

static int tell(const struct attach_policy *p, struct recording *r, const char *action, enum guard_mode mode)
{
	struct policy_change c = { action, mode == GUARD_AUDIT ? "audit" : "enforce", p->policy->name, *p->sha256 ? p->sha256 : NULL };

	return pipeline__policy(&r->pipeline, &c, clock_ns());
}

int attach_policy__switch(struct attach_policy *p, struct recording *r, bool audit)
{
	enum guard_mode mode = audit ? GUARD_AUDIT : GUARD_ENFORCE;

	if (!p->policy)
		return 0;
	if (p->filter && audit) {
		log_warn("the network rules of the cgroup can only enforce: no switch to audit");
		return 0;
	}
	if (!p->guard.target || guard__set_mode(&p->guard, mode))
		return 0;
	log_err(0, "the policy is now %s", audit ? "audited: what it denies is let through" : "enforced");
	return tell(p, r, "mode", mode);
}

/* ---- what came of it ------------------------------------------------------------------------------------------------ */

static int add_count(struct attach_policy *p, const char *text, const char *layer, uint64_t evaluated, uint64_t matched)
{
	struct rule_count *v;
	char *copy;

	/* it is of a policy that was read again */
	for (size_t i = 0; i < p->n_counts; i++) {
		if (strcmp(p->counts[i].text, text) || strcmp(p->counts[i].layer, layer))
			continue;
		p->counts[i].evaluated += evaluated;
		p->counts[i].matched += matched;
		return 0;
	}
	v = reallocarray(p->counts, p->n_counts + 1, sizeof(*v));
	copy = strdup(text);
	if (v)
		p->counts = v;
	if (!v || !copy) {
		free(copy);
		return -ENOMEM;
	}
	v[p->n_counts++] = (struct rule_count){ .text = copy, .layer = layer, .evaluated = evaluated, .matched = matched };
	return 0;
}

/* By the number of the rule; 0 is what was put down to none, and stands only if there is any. */
static int count_hooks(struct attach_policy *p)
{
	_cleanup_(free) struct guard_hits *hits = calloc(GUARD_MAX_RULES, sizeof(*hits));
	int err = hits ? guard__hits(&p->guard, hits, p->live.n_rules) : -ENOMEM;

	for (unsigned int i = 0; i < p->live.n_rules && !err; i++) {
		const struct policy_rule *rule = p->live.rules[i];
		char text[600];

		if ((p->filter && rule && rule->kind == RULE_NET) || (!i && !hits[i].matched))
			continue;
		err = add_count(p, i ? live_policy__describe(&p->live, i, text, sizeof(text)) : "by no rule",
				p->live.layers.lsm ? "lsm" : "kill", hits[i].evaluated, hits[i].matched);
	}
	return err;
}

/* A name stands for several addresses. */
static int count_filter(struct attach_policy *p)
{
	int err = 0;

	for (unsigned int i = 1; i < p->live.n_rules && !err; i++) {
		const struct policy_rule *rule = p->live.rules[i];
		uint64_t evaluated = 0, matched = 0;
		char text[600];

		if (!rule || rule->kind != RULE_NET)
			continue;
		for (size_t k = 0; k < p->plan.n && !err; k++) {
			uint64_t e, m;

			if (p->plan.v[k].rule != rule)
				continue;
			err = net_filter__rule_counts(p->filter, (uint32_t)k, &e, &m);
			evaluated += e;
			matched += m;
		}
		err = err ?: add_count(p, live_policy__describe(&p->live, i, text, sizeof(text)), "cgroup-bpf", evaluated, matched);
	}
	return err;
}

/* What the policy has counted so far; of a rule that decides at this moment it may be one too few. */
static int count(struct attach_policy *p)
{
	struct net_filter_counts net = {};
	struct answer_counts answers = {};
	int err = p->guard.target ? count_hooks(p) : 0;

	if (!err && p->filter)
		err = count_filter(p) ?: net_filter__counts(p->filter, &net);
	if (!err && p->answers)
		err = answers__counts(p->answers, &answers);
	p->net_counts.allowed += net.allowed;
	p->net_counts.denied += net.denied;
	p->net_counts.dropped += net.dropped;
	answers__add(&p->answer_counts, &answers);
	return err ? log_errno(err, "read the counters of the rules") : 0;
}

void attach_policy__collect(struct attach_policy *p, struct run_result *res)
{
	if (!count(p)) {
		res->network = p->filter ? &p->net_counts : NULL;
		res->answers = p->answers ? &p->answer_counts : NULL;
	}
	res->rules = p->counts;
	res->n_rules = p->n_counts;
}

/* ---- another policy ------------------------------------------------------------------------------------------------ */

/* N takes the place of P, which keeps what was counted; the rules of P stay at hand in P->before. */
static void exchange(struct attach_policy *p, struct attach_policy *n)
{
	struct attach_policy old = *p;

	n->guard = (struct guard){};
	*p = *n;
	p->guard = old.guard;
	p->counts = old.counts;
	p->n_counts = old.n_counts;
	p->net_counts = old.net_counts;
	p->answer_counts = old.answer_counts;
	p->before = n;
	*n = old;
	n->guard = (struct guard){};
	n->counts = NULL;
	n->n_counts = 0;
	answers__free(n->answers);
	net_filter__free(n->filter);
	n->answers = NULL;
	n->filter = NULL;
	if (n->before)
		attach_policy__done(n->before);
	free(n->before);
	n->before = NULL;
}

int attach_policy__reload(struct attach_policy *p, struct recording *r, const struct attach_target *t)
{
	enum guard_mode mode = p->guard.target ? (enum guard_mode)p->guard.head.mode : GUARD_ENFORCE;
	struct attach_policy *n = calloc(1, sizeof(*n));
	char state[600];
	int err = n ? 0 : log_errno(-ENOMEM, "read the policy again");

	err = err ?: attach_policy__read(n, &r->opts, r->cwd);
	err = err ?: make_live(n, r, t);
	err = err ?: count(p);
	err = err ?: put_in_force(n, r, t, &p->guard, mode);
	if (err) {
		log_err(0, "the policy that is in force stays as it is");
		if (n)
			attach_policy__done(n);
		free(n);
		return 0;
	}
	explain_by(n, r);
	pipeline__replace_policy(&r->pipeline, &n->denial_ctx);
	exchange(p, n);
	for (unsigned int i = 0; p->layers[i]; i++)
		p->layers[i] = p->layer_text[i];
	r->info.policy = p->policy->name;
	r->info.policy_sha256 = *p->sha256 ? p->sha256 : NULL;
	log_err(0, "another policy: %s", attach_policy__state(p, &r->opts, state, sizeof(state)) + 2);
	return tell(p, r, "load", mode);
}

static void print_text(const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text < ' ' || *text == 127 ? '?' : *text, stderr);
}

void attach_policy__print_hits(const struct attach_policy *p)
{
	unsigned int idle = 0;

	if (!p->n_counts)
		return;
	fprintf(stderr, "\npolicy %s\n    matched  evaluated\n", p->policy->name);
	for (size_t i = 0; i < p->n_counts; i++) {
		const struct rule_count *c = &p->counts[i];

		if (!c->matched && !c->evaluated) {
			idle++;
			continue;
		}
		fprintf(stderr, " %10llu %10llu  ", (unsigned long long)c->matched, (unsigned long long)c->evaluated);
		print_text(c->text);
		fputc('\n', stderr);
	}
	if (idle)
		fprintf(stderr, "  %u rule%s met nothing\n", idle, idle == 1 ? "" : "s");
}

void attach_policy__done(struct attach_policy *p)
{
	answers__free(p->answers);
	net_filter__free(p->filter);
	guard__done(&p->guard);
	live_policy__done(&p->live);
	for (size_t i = 0; i < p->n_counts; i++)
		free((char *)p->counts[i].text);
	free(p->counts);
	network__plan_done(&p->plan);
	policy__free(p->policy);
	if (p->before)
		attach_policy__done(p->before);
	free(p->before);
}
