/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `sandtrace policy why`: may this path be used, this address reached, this call made? Asked of the same evaluated policy
 * that a run enforces.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <seccomp.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/util.h"
#include "policy/denial.h"
#include "policy_cli.h"
#include "sandbox/network.h"
#include "sandbox/resolve.h"
#include "sandbox/seccomp.h"

#define LINKS_MAX 40 /* as the kernel */

struct answer {
	bool allowed, conditional, from_grant; /* from_grant: RULE gives something, but not what is asked */
	enum layer layer;
	char text[512];	  /* why, without the rule */
	const struct policy_rule *rule;
	char key[64], value[PATH_MAX + 16], flag[PATH_MAX + 32]; /* what would allow it; "": nothing */
};

/* Names of files are anybody's choice: no control bytes on a terminal. */
static void put(const char *s)
{
	for (; *s; s++)
		putchar((unsigned char)*s < ' ' || *s == 0x7f ? '?' : *s);
}

static int show(const char *what, const char *verb, const struct answer *a)
{
	char where[320];

	put(what);
	printf(": %s%s%s\n", verb, *verb ? " " : "", a->conditional ? "depends on its arguments" : a->allowed ? "allowed" : "refused");
	printf("  why    ");
	put(a->text);
	putchar('\n');
	if (!a->allowed && a->layer)
		printf("  layer  %s\n", layer__name(a->layer));
	if (a->rule) {
		printf("  %s   ", a->from_grant ? "from" : "rule");
		put(policy__where(&a->rule->src, where, sizeof(where)));
		if (a->rule->src.line) {
			printf(": %s \"", rule_kind__key(a->rule->kind));
			put(a->rule->text);
			putchar('"');
		}
		putchar('\n');
	}
	if (*a->flag) {
		printf("  allow  ");
		put(a->flag);
		putchar('\n');
	}
	if (*a->key) {
		printf("  %s  %s = [\"", *a->flag ? "   or" : "allow", a->key);
		put(a->value);
		puts("\"]");
	}
	if (!a->allowed && !a->conditional && !*a->key && !*a->flag)
		puts("  allow  no policy can");
	return a->allowed || a->conditional ? 0 : EXIT_REFUSED;
}

/* ---- paths ------------------------------------------------------------------------------------------------- */

/* What the link AT says inside: one of our own, or, in what is the host's, the host's. False: it is none, or not there. */
static bool link_inside(const struct grants *g, const char *at, char *ret, size_t size)
{
	const struct grant *nearest;
	ssize_t n;

	if (!grants__canonical(g, at, ret, size) && strcmp(ret, at))
		return true;
	nearest = grants__nearest(g, at, true);
	n = nearest && nearest->kind == GRANT_HOST ? readlink(at, ret, size - 1) : -1;
	if (n <= 0)
		return false;
	ret[n] = 0;
	return true;
}

/* PATH as the kernel would see it inside, step by step: a link that is not there leads nowhere. RET has PATH_MAX bytes. */
static int inside(const struct grants *g, const char *path, char *ret)
{
	char rest[PATH_MAX], target[PATH_MAX], joined[PATH_MAX];
	unsigned int followed = 0;
	size_t have = 0;

	if (snprintf(rest, sizeof(rest), "%s", path) >= (int)sizeof(rest))
		return -ENAMETOOLONG;
	for (char *p = rest; *(p += strspn(p, "/"));) {
		size_t len = strcspn(p, "/"), before = have;
		bool up = len == 2 && !strncmp(p, "..", 2);

		if (have + 1 + len >= PATH_MAX)
			return -ENAMETOOLONG;
		if (up)
			while (have && ret[--have] != '/')
				;
		else if (len != 1 || *p != '.')
			have += (size_t)sprintf(ret + have, "/%.*s", (int)len, p);
		ret[have] = 0;
		p += len;
		if (have <= before || !link_inside(g, ret, target, sizeof(target)))
			continue;
		if (++followed > LINKS_MAX)
			return -ELOOP;
		if (snprintf(joined, sizeof(joined), "%s%s", target, p) >= (int)sizeof(joined))
			return -ENAMETOOLONG;
		p = strcpy(rest, joined);
		have = *target == '/' ? 0 : before;
	}
	strcpy(ret + have, have ? "" : "/");
	return 0;
}

/* The deny_write or deny_exec that keeps PATH from ACCESS, were it allowed ten times. NULL: none. */
static const struct policy_rule *taken_by(const struct grants *g, const struct grant *grant, const char *path, uint8_t access)
{
	enum rule_kind kind = access & ACCESS_WRITE ? RULE_DENY_WRITE : access & ACCESS_EXEC ? RULE_DENY_EXEC : RULE_KIND_MAX;

	/* what a link led to, only the grants know */
	if (grant && grant->rule && grant->rule->kind == kind)
		return grant->rule;
	for (size_t i = 0; i < g->policy->n_rules; i++)
		if (g->policy->rules[i].kind == kind && policy_rule__covers(&g->policy->rules[i], path))
			return &g->policy->rules[i];
	return NULL;
}

/* The rule that gives what is left of GRANT: not one that took something. */
static const struct policy_rule *giver(const struct grants *g, const struct grant *grant, const char *path)
{
	if (!grant || !grant->rule || grant->kind == GRANT_MASK || !rule_kind__denies_path(grant->rule->kind))
		return grant ? grant->rule : NULL;
	for (size_t i = 0; i < g->policy->n_rules; i++)
		if (!rule_kind__denies_path(g->policy->rules[i].kind) && policy_rule__covers(&g->policy->rules[i], path))
			return &g->policy->rules[i];
	return NULL;
}

/* DENY: NULL, or the rule that wins over what allows. */
static const char *reason(const struct grants *g, const struct verdict_path *v, const struct policy_rule *deny, uint8_t access,
			  bool exists)
{
	if (v->allowed && !v->grant)
		return "a directory that leads to what is granted: it can be listed";
	if (v->allowed)
		return v->grant->kind == GRANT_PRIVATE ? "the sandbox's own, nothing of this machine's" : "granted";
	if (!v->grant)
		return v->hidden ? exists ? "nothing grants it: it is not there inside (ENOENT)"
					  : "nothing grants it; there is no such file on this machine either"
				 : "a directory of the sandbox's own that cannot be changed (EROFS)";
	if (v->grant->kind == GRANT_MASK)
		return "denied: covered by something empty (EACCES)";
	if (deny && deny->kind == RULE_DENY_WRITE)
		return "kept as it is: its mount is read-only (EROFS)";
	if (deny && deny->kind == RULE_DENY_EXEC)
		return "kept from being executed: its mount is noexec (EACCES)";
	if (v->layer == LAYER_EXEC)
		return "only the command itself may be executed";
	if (access & ACCESS_WRITE & ~v->grant->access)
		return grants__nearest(g, v->grant->path, false) && !v->grant->rule && v->grant->kind == GRANT_HOST ?
		       "of a writable project, but what runs later is protected" : "read-only";
	return v->layer == LAYER_MOUNT ? "on a mount of which nothing is executed" : "may be read, not executed";
}

static void suggest_path(struct answer *a, const char *path, uint8_t access)
{
	const char *option = access & ACCESS_WRITE ? "--write" : "--read";
	char word[PATH_MAX + 8];

	/* the first would be patterns; of the others the sandbox has its own, and no more can be had */
	if (strpbrk(path, "*?[\"\\") || grants__covers("/dev", path) || grants__covers("/proc", path))
		return;
	denial__shell_word(path, word, sizeof(word));
	snprintf(a->key, sizeof(a->key), "filesystem.%s",
		 access & ACCESS_WRITE ? "allow_write" : access & ACCESS_EXEC ? "allow_exec" : "allow_read");
	snprintf(a->value, sizeof(a->value), "%s", path);
	if (access & ACCESS_EXEC)
		snprintf(a->flag, sizeof(a->flag), "--allow-exec (everything that can be read)");
	else if (*word)
		snprintf(a->flag, sizeof(a->flag), "%s %s", option, word);
}

/* Of a file that is to be created, the directory must be writable. */
static void writable_parent(char *path)
{
	struct stat st;
	char *slash;

	while (lstat(path, &st) && (slash = strrchr(path, '/')) && slash > path)
		*slash = 0;
}

/*
 * A file of the host's where the sandbox has a directory of its own is not there inside, nor is anything that would be
 * made in such a directory. What leads to something granted is.
 */
static bool replaced(const struct grants *g, const struct verdict_path *v, const char *path)
{
	char at[PATH_MAX];
	struct stat st;
	char *slash;

	if (!v->grant || v->grant->kind != GRANT_PRIVATE || !v->grant->dir || grants__covers("/proc", path))
		return false;
	snprintf(at, sizeof(at), "%s", path);
	while (lstat(at, &st) && (slash = strrchr(at, '/')) && slash > at)
		*slash = 0;
	return strlen(at) > strlen(v->grant->path) && !grants__skeleton(g, at);
}

static void judge_path(const struct grants *g, const struct verdict_path *v, char *path, uint8_t access, bool exists,
		       struct answer *a)
{
	const struct policy_rule *deny = grants__deny_rule(g, path);
	bool gone = replaced(g, v, path);

	a->allowed = v->allowed && !gone;
	a->layer = gone ? LAYER_MOUNT : v->layer;
	a->rule = giver(g, v->grant, path);
	a->from_grant = !a->allowed;
	if (!deny && !a->allowed && !gone)
		deny = taken_by(g, v->grant, path, access);
	if (gone)
		snprintf(a->text, sizeof(a->text), "%.200s is the sandbox's own: what this machine has there is not there inside",
			 v->grant->path);
	else
		snprintf(a->text, sizeof(a->text), "%s", reason(g, v, deny, access, exists));
	if (a->allowed)
		return;
	if (deny) {
		a->rule = deny;
		a->from_grant = false;
		snprintf(a->flag, sizeof(a->flag), "take the rule out: a deny wins over all that allows");
		return;
	}
	if (access & ACCESS_WRITE)
		writable_parent(path);
	suggest_path(a, path, access);
}

static int why_path(const struct policy_args *args, const struct policy_world *w, const char *what)
{
	const struct resolve_opts ro = { .home = w->home_or_null };
	uint8_t access = args->write ? ACCESS_READ | ACCESS_WRITE : args->exec ? ACCESS_READ | ACCESS_EXEC : ACCESS_READ;
	char path[PATH_MAX], at[PATH_MAX];
	struct answer a = { 0 };
	struct verdict_path v;
	struct grants g;
	struct stat st;
	int err, status;

	if (*what == '~' && (!what[1] || what[1] == '/') && w->home_or_null)
		err = snprintf(at, sizeof(at), "%s%s", w->home, what + 1) >= (int)sizeof(at);
	else
		err = snprintf(at, sizeof(at), "%s%s%s", *what == '/' ? "" : w->cwd, *what == '/' ? "" : "/", what) >= (int)sizeof(at);
	if (err)
		return log_errno(-ENAMETOOLONG, "%.60s...", what), EXIT_USAGE;
	err = resolve__policy(w->policy, &ro, &g);
	if (!err && (err = inside(&g, at, path)))
		log_errno(err, "%.60s...", at);
	if (err) {
		grants__done(&g);
		return EXIT_SANDTRACE;
	}
	v = grants__path(&g, path, access);
	judge_path(&g, &v, path, access, !lstat(at, &st), &a);
	if (strcmp(at, path))
		snprintf(a.text + strlen(a.text), sizeof(a.text) - strlen(a.text), "; it is %.300s", path);
	status = show(at, args->write ? "writing is" : args->exec ? "executing is" : "reading is", &a);
	grants__done(&g);
	return status;
}

/* ---- network ----------------------------------------------------------------------------------------------- */

/* Splits HOST:PORT. False: it is no such thing. */
static bool split(const char *what, char *host, size_t size, uint16_t *ret_port)
{
	const char *colon = strrchr(what, ':');
	size_t len = colon ? (size_t)(colon - what) : 0;
	uint64_t port;

	if (!len || len >= size || parse_u64(colon + 1, 1, 65535, &port))
		return false;
	if (*what == '[' && what[len - 1] == ']') {
		what++;
		len -= 2;
	} else if (memchr(what, ':', len) || memchr(what, '/', len)) {
		return false;
	}
	memcpy(host, what, len);
	host[len] = 0;
	if (len > 1 && host[len - 1] == '.')
		host[len - 1] = 0;
	*ret_port = (uint16_t)port;
	return *host;
}

static bool to_address(const char *host, struct in6_addr *ret)
{
	struct in_addr v4;

	if (inet_pton(AF_INET6, host, ret) == 1)
		return true;
	if (inet_pton(AF_INET, host, &v4) != 1)
		return false;
	memset(ret, 0, sizeof(*ret));
	ret->s6_addr[10] = ret->s6_addr[11] = 0xff;
	memcpy(&ret->s6_addr[12], &v4, 4);
	return true;
}

static const struct net_entry *by_name(const struct net_plan *plan, const char *host, uint16_t port)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->v[i].name && !strcasecmp(plan->v[i].name, host) && port >= plan->v[i].port_first &&
		    port <= plan->v[i].port_last)
			return &plan->v[i];
	return NULL;
}

static int why_net(const struct policy_world *w, const char *what, const char *host, uint16_t port)
{
	const struct net_entry *entry = NULL;
	struct answer a = { .layer = LAYER_NETWORK };
	struct in6_addr addr;
	bool address = to_address(host, &addr);
	struct net_plan plan;
	char shown[INET6_ADDRSTRLEN];
	int status;

	if (network__plan(w->policy, &plan))
		return EXIT_SANDTRACE;
	if (!plan.all && !plan.isolated)
		entry = address ? network__match(&plan, &addr, port) : by_name(&plan, host, port);
	a.allowed = plan.all || entry;
	if (plan.all) {
		snprintf(a.text, sizeof(a.text), "the whole network is allowed");
	} else if (entry) {
		a.rule = entry->rule;
		snprintf(a.text, sizeof(a.text), "listed%s%s", entry->name ? "; it is " : "",
			 entry->name ? inet_ntop(AF_INET6, &entry->addr, shown, sizeof(shown)) : "");
	} else {
		snprintf(a.text, sizeof(a.text), "%s", plan.isolated ? "there is no network but an own loopback (ENETUNREACH)" :
			 address ? "the address is not listed (EPERM)" : "the name is not listed, and none but listed ones can be resolved");
		snprintf(a.key, sizeof(a.key), "network.allow");
		snprintf(a.value, sizeof(a.value), "%.500s", what);
		snprintf(a.flag, sizeof(a.flag), "--net %.500s", what);
	}
	status = show(what, "connecting is", &a);
	network__plan_done(&plan);
	return status;
}

/* ---- calls ------------------------------------------------------------------------------------------------- */

static int why_call(const struct policy_world *w, const char *name)
{
	struct seccomp_opts so = { .policy = w->policy, .restrict_exec = w->policy->exec != EXEC_ANY, .net = w->policy->net_all };
	struct seccomp_decision d;
	struct answer a = { .layer = LAYER_SECCOMP };

	for (size_t i = 0; i < w->policy->n_rules; i++)
		so.net |= w->policy->rules[i].kind == RULE_NET;
	d = seccomp__decide(&so, name);
	a.allowed = d.verdict == SECCOMP_ALLOW;
	a.conditional = d.verdict == SECCOMP_CONDITIONAL;
	a.rule = d.rule;
	snprintf(a.text, sizeof(a.text), "%s%s", d.reason ? d.reason : a.allowed ? "nothing speaks against it" : "refused",
		 d.verdict == SECCOMP_EPERM ? " (EPERM)" : d.verdict == SECCOMP_ENOSYS ? " (ENOSYS)" : "");
	if (d.verdict == SECCOMP_EPERM && d.rule && d.rule->kind == RULE_SYSCALL_DENY && !d.liftable)
		snprintf(a.flag, sizeof(a.flag), "take the rule out");
	if (!a.allowed && d.liftable) {
		snprintf(a.key, sizeof(a.key), "syscalls.allow");
		snprintf(a.value, sizeof(a.value), "%.100s", name);
	}
	return show(name, "", &a);
}

static bool is_call(const char *name)
{
	for (const char *p = name; *p; p++)
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '_')
			return false;
	return *name && seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR;
}

int policy_cmd__why(const struct policy_args *args)
{
	const char *what = args->words[0];
	struct policy_world w;
	char host[256];
	struct stat st;
	uint16_t port;
	int status = policy_world__load(&w, args);

	if (status) {
		policy_world__done(&w);
		return status;
	}
	if (*what == '/' || *what == '~' || *what == '.' || (strchr(what, '/') && !strchr(what, ':')))
		status = why_path(args, &w, what);
	else if (split(what, host, sizeof(host), &port))
		status = why_net(&w, what, host, port);
	else if (is_call(what) && !args->write && !args->exec)
		status = why_call(&w, what);
	else if (args->write || args->exec || !lstat(what, &st))
		status = why_path(args, &w, what);
	else {
		log_err(0, "policy why: '%.100s' is no path, no HOST:PORT, and no system call", what);
		log_hint("a file of this directory is written ./%.100s; a host needs a port: %.100s:443", what, what);
		status = EXIT_USAGE;
	}
	policy_world__done(&w);
	return help__flush(EXIT_FAILURE) ?: status;
}
