/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/log.h"
#include "base/util.h"
#include "resolve_internal.h"

const char *const resolver_rule_keys[RULE_DENY_EXEC + 1] = {
	[RULE_READ] = "allow_read", [RULE_WRITE] = "allow_write", [RULE_EXEC] = "allow_exec", [RULE_DENY] = "deny",
	[RULE_DENY_WRITE] = "deny_write", [RULE_DENY_EXEC] = "deny_exec",
};

/* ---- messages ---------------------------------------------------------------------------------------------- */

struct resolve_report *resolver__report(struct resolver *r)
{
	return r->o->reports && r->rule ? &r->o->reports[r->rule - r->p->rules] : NULL;
}

static const char *describe(const struct policy_rule *rule, char *buf, size_t size)
{
	char where[320];

	policy__where(&rule->src, where, sizeof(where));
	if (rule->src.line)
		snprintf(buf, size, "%s: %s \"%s\"", where, resolver_rule_keys[rule->kind], rule->text);
	else
		snprintf(buf, size, "%s", where);
	return buf;
}

/* Notes it, and returns 0, where problems are collected; else logs it and returns ERR. */
int resolver__problem(struct resolver *r, int err, const char *hint, const char *fmt, ...)
{
	struct resolve_report *report = resolver__report(r);
	char text[1024], rule[768];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (report) {
		if (!*report->problem) {
			snprintf(report->problem, sizeof(report->problem), "%.447s", text);
			snprintf(report->hint, sizeof(report->hint), "%.255s", hint);
		}
		return 0;
	}
	r->explained = true;
	if (r->rule)
		log_err(err, "%s: %s", describe(r->rule, rule, sizeof(rule)), text);
	else
		log_err(err, "%s", text);
	if (*hint)
		log_hint("%s", hint);
	return err;
}

int resolver__bad_link(struct resolver *r, const struct found *f)
{
	char hint[400];

	if (!*f->link)
		return resolver__problem(r, -ELOOP, "", "too many symbolic links");
	snprintf(hint, sizeof(hint), "name %.300s itself, if that is what is meant", f->target);
	return resolver__problem(r, -ELOOP, hint,
		       "%s is a link to %s, and following links that someone may have planted is how sandboxes are escaped",
		       f->link, f->target);
}

/* ---- collecting -------------------------------------------------------------------------------------------- */

int resolver__no_memory(struct resolver *r)
{
	r->explained = true;
	return log_errno(-ENOMEM, "resolve the policy");
}

int resolver__add(struct resolver *r, struct grants *g, const char *path, enum grant_kind kind, uint8_t access,
		  bool dir, const struct found *f)
{
	if (!(g->n & (g->n + 1))) { /* 0, 1, 3, 7, ...: full */
		struct grant *v = reallocarray(g->v, 2 * g->n + 1, sizeof(*v));

		if (!v)
			return resolver__no_memory(r);
		g->v = v;
	}
	g->v[g->n] = (struct grant){ .path = strdup(path), .kind = kind, .access = access, .dir = dir, .rule = r->rule,
				     .dev = f ? f->dev : 0, .ino = f ? f->ino : 0 };
	if (!g->v[g->n].path)
		return resolver__no_memory(r);
	g->n++;
	return 0;
}

int resolver__add_string(struct resolver *r, struct writable *w, const char *path)
{
	char **v = reallocarray(w->v, w->n + 1, sizeof(*v));

	if (!v)
		return resolver__no_memory(r);
	w->v = v;
	v[w->n] = strdup(path);
	return v[w->n++] ? 0 : resolver__no_memory(r);
}

static bool has_string(const struct writable *w, const char *path)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i] && !strcmp(w->v[i], path))
			return true;
	return false;
}

int resolver__add_link(struct resolver *r, const char *path, const char *target)
{
	struct grants *g = r->g;
	struct grant_link *v;

	for (size_t i = 0; i < g->n_links; i++)
		if (!strcmp(g->links[i].path, path))
			return 0;
	v = reallocarray(g->links, g->n_links + 1, sizeof(*v));
	if (!v)
		return resolver__no_memory(r);
	g->links = v;
	v[g->n_links] = (struct grant_link){ strdup(path), strdup(target) };
	g->n_links++;
	return v[g->n_links - 1].path && v[g->n_links - 1].target ? 0 : resolver__no_memory(r);
}

int resolver__add_links(struct resolver *r, const struct found *f)
{
	int err = 0;

	for (size_t i = 0; i < f->n_links && !err; i++)
		err = resolver__add_link(r, f->links[i].path, f->links[i].target);
	return err;
}

/* ---- putting it together ------------------------------------------------------------------------------------- */

static int by_path(const void *a, const void *b)
{
	const struct grant *x = a, *y = b;
	int c = strcmp(x->path, y->path);

	if (c)
		return c;
	/* of the same path: what wins comes first, then the rule that was written first */
	if (x->kind != y->kind)
		return (int)y->kind - (int)x->kind;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static void merge(struct grant *into, const struct grant *from)
{
	if (into->kind == GRANT_MASK || (into->kind == GRANT_PRIVATE && from->kind == GRANT_HOST))
		return;
	/* the rule to name is the one that gives most */
	if (!into->rule || (from->rule && from->access & ~into->access & ACCESS_WRITE))
		into->rule = from->rule;
	into->access |= from->access;
}

/* Sorted, each path once. */
static void assemble(struct grants *g)
{
	size_t n = 0;

	if (g->n)
		qsort(g->v, g->n, sizeof(*g->v), by_path);
	for (size_t i = 0; i < g->n; i++) {
		if (n && !strcmp(g->v[n - 1].path, g->v[i].path)) {
			merge(&g->v[n - 1], &g->v[i]);
			free(g->v[i].path);
		} else {
			g->v[n++] = g->v[i];
		}
	}
	g->n = n;
}

/*
 * What deny_write and deny_exec leave of G, which has all that is allowed. Whatever they took, the rule is the one to name.
 * Landlock's rights add up from directory to directory, so it is G's mount that refuses.
 */
static void take_away(const struct resolver *r, struct grant *g)
{
	const struct grant *exec = grants__nearest(&r->no_exec, g->path, true);
	const struct grant *write = grants__nearest(&r->no_write, g->path, true);

	if (exec) {
		g->rule = g->exec_mount ? exec->rule : g->rule;
		g->access &= (uint8_t)~ACCESS_EXEC;
		g->exec_mount = false;
	}
	if (write) {
		g->rule = g->access & ACCESS_WRITE ? write->rule : g->rule;
		g->access &= (uint8_t)~ACCESS_WRITE;
		/* as everything that cannot be written */
		g->exec_mount = !exec && (g->exec_mount || g->kind == GRANT_HOST);
	}
}

/* The whole access of G under PARENT, and whether files there may be mapped executable. */
static void settle_one(const struct resolver *r, const struct grant *parent, struct grant *g)
{
	bool trap = has_string(&r->traps, g->path);

	if (g->kind == GRANT_MASK) {
		g->access = 0;
		return;
	}
	/* allow lists are a union: what holds above holds here too */
	if (parent && parent->kind == GRANT_HOST && g->kind == GRANT_HOST)
		g->access |= parent->access;
	if (trap || (parent && has_string(&r->traps, parent->path) && !resolver__asked_for(r, parent->path, g->path)))
		g->access &= (uint8_t)~ACCESS_WRITE;
	if (r->p->exec == EXEC_ANY && g->access & ACCESS_READ && !grants__covers("/proc", g->path) &&
	    (!grants__covers("/dev", g->path) || !strcmp(g->path, "/dev/shm")))
		g->access |= ACCESS_EXEC;
	/* what cannot be written may be mapped: libraries; running it is another matter, of the exec layer and Landlock */
	g->exec_mount = g->access & ACCESS_EXEC || (g->kind == GRANT_HOST && !(g->access & ACCESS_WRITE));
	take_away(r, g);
}

static void settle(struct resolver *r)
{
	struct grants *g = r->g;
	size_t all = g->n;

	g->n = 0; /* of those that stay; parents come first, so each one's is there already */
	for (size_t i = 0; i < all; i++) {
		struct grant *now = &g->v[i];
		const struct grant *parent = grants__nearest(g, now->path, false);
		bool both = parent && parent->kind == GRANT_HOST && now->kind == GRANT_HOST;

		settle_one(r, parent, now);
		if ((parent && parent->kind == GRANT_MASK) ||
		    (both && now->access == parent->access && now->exec_mount == parent->exec_mount))
			free(now->path);
		else
			g->v[g->n++] = *now;
	}
	if (g->home) {
		const struct grant *home = grants__nearest(g, g->home, true);

		if (!home || home->kind != GRANT_PRIVATE) {
			free(g->home);
			g->home = NULL;
		}
	}
}

/* A link within a mounted tree is there already. */
static void drop_links(struct grants *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n_links; i++) {
		const struct grant *nearest = grants__nearest(g, g->links[i].path, false);

		if (nearest && nearest->kind != GRANT_PRIVATE) {
			free(g->links[i].path);
			free(g->links[i].target);
		} else {
			g->links[n++] = g->links[i];
		}
	}
	g->n_links = n;
}

/* The command's own files must be left, or it could not start, and nobody would see why. */
static int check_command(struct resolver *r)
{
	const struct resolved_command *c = r->o->command;

	r->rule = NULL;
	for (unsigned int i = 0; c && i < c->n; i++) {
		struct verdict_path v = grants__path(r->g, c->v[i].path, ACCESS_READ | ACCESS_EXEC);

		if (v.allowed)
			continue;
		r->rule = v.grant ? v.grant->rule : NULL;
		return resolver__problem(r, -EACCES, "take the rule out, or run something else",
					 "this denies %s, which the command needs to start", c->v[i].path);
	}
	return 0;
}

static void resolver_done(struct resolver *r)
{
	for (size_t i = 0; i < r->writable.n; i++)
		free(r->writable.v[i]);
	for (size_t i = 0; i < r->traps.n; i++)
		free(r->traps.v[i]);
	free(r->writable.v);
	free(r->traps.v);
	grants__done(&r->masks);
	grants__done(&r->no_write);
	grants__done(&r->no_exec);
}

/* What FROM names within something granted becomes a grant of its own: settle() takes its access away. */
static int add_denied(struct resolver *r, const struct grants *from)
{
	int err = 0;

	for (size_t i = 0; i < from->n && !err; i++) {
		const struct grant *d = &from->v[i];
		struct found f = { .dev = d->dev, .ino = d->ino };

		r->rule = d->rule;
		if (d->kind != GRANT_PRIVATE)
			err = resolver__add(r, r->g, d->path, d->kind, d->kind == GRANT_MASK ? 0 : ACCESS_READ, d->dir, &f);
	}
	return err;
}

static int deny(struct resolver *r)
{
	int err = resolver__rules(r, RULE_DENY);

	if (!err)
		err = resolver__rules(r, RULE_DENY_WRITE);
	if (!err)
		err = resolver__rules(r, RULE_DENY_EXEC);
	assemble(&r->no_write);
	assemble(&r->no_exec);
	if (!err)
		err = add_denied(r, &r->masks);
	if (!err)
		err = add_denied(r, &r->no_write);
	return err ? err : add_denied(r, &r->no_exec);
}

/* An overlay is of a directory, so what is written to a file with a mount of its own would be written to the host's. */
static int check_overlay(struct resolver *r)
{
	int err = 0;

	for (size_t i = 0; r->p->overlay && i < r->no_exec.n && !err; i++) {
		const struct grant *d = &r->no_exec.v[i], *g = grants__nearest(r->g, d->path, true);

		r->rule = d->rule;
		if (g && !strcmp(g->path, d->path) && g->kind == GRANT_HOST && !g->dir && g->access & ACCESS_WRITE)
			err = resolver__problem(r, -ENOTDIR, "deny writing it too, or executing its whole directory",
						"no layer can enforce it: %s may be written and is a file: an overlay can only "
						"hold the changes of a directory", d->path);
	}
	return err;
}

/* What only hooks in the kernel can do: a launch would make something else of it. */
static int refuse_live(struct resolver *r)
{
	int err = 0;

	for (size_t i = 0; i < r->p->n_rules && !err; i++) {
		const struct policy_rule *rule = &r->p->rules[i];

		r->rule = rule;
		if (rule->when)
			err = resolver__problem(r, -ENOTSUP, "put it into a policy for `attach`",
						"no layer of a run can enforce it under a condition (`when`)");
		else if (rule->action)
			err = resolver__problem(r, -ENOTSUP, "leave the action out, or put it into a policy for `attach`",
						"no layer of a run can do \"%s\": it denies", rule_action__name(rule->action));
	}
	r->rule = NULL;
	return err;
}

static int resolve(struct resolver *r)
{
	int err = refuse_live(r);

	if (!err)
		err = resolver__rules(r, RULE_WRITE);
	for (size_t i = 0; i < r->g->n && !err; i++)
		if (r->g->v[i].kind == GRANT_HOST)
			err = resolver__add_string(r, &r->writable, r->g->v[i].path);
	if (!err)
		err = resolver__rules(r, RULE_READ);
	if (!err)
		err = resolver__rules(r, RULE_EXEC);
	if (!err)
		err = resolver__private(r);
	if (!err)
		err = resolver__home(r);
	if (!err)
		err = resolver__command(r);
	if (!err && r->p->exec == EXEC_LISTED)
		err = resolver__listed(r);
	if (!err)
		err = resolver__protect(r);
	if (err)
		return err;
	assemble(r->g);
	err = deny(r);
	if (err)
		return err;
	assemble(r->g);
	settle(r);
	drop_links(r->g);
	err = check_overlay(r);
	return err ? err : check_command(r);
}

int resolve__policy(const struct policy *p, const struct resolve_opts *o, struct grants *ret)
{
	struct resolver r = { .p = p, .o = o, .g = ret };
	int err;

	memset(ret, 0, sizeof(*ret));
	ret->policy = p;
	ret->exec = p->exec;
	walk__begin();
	err = resolve(&r);
	walk__end();
	if (err == -ENOMEM && !r.explained)
		log_errno(err, "resolve the policy");
	resolver_done(&r);
	return err;
}

int resolve__reopen(const struct grant *g, int *ret_fd)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC | O_NOFOLLOW,
				.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, g->path, &how, sizeof(how));
	struct stat st;

	/* a link in the way, or nothing: it was there when the policy was resolved */
	if (fd < 0)
		return errno == ELOOP || errno == ENOENT || errno == ENOTDIR ? -ESTALE : -errno;
	/* O_NOFOLLOW opens a link itself, which may have been given the inode number of what it replaced: its type tells */
	if (fstat(fd, &st) || st.st_dev != g->dev || st.st_ino != g->ino || !(g->dir ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode))) {
		close(fd);
		return -ESTALE;
	}
	*ret_fd = fd;
	return 0;
}
