/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of a policy, one by one: what each grants or denies on this machine. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "resolve_internal.h"

static int add_missing(struct resolver *r)
{
	const struct policy_rule **v = reallocarray(r->g->missing, r->g->n_missing + 1, sizeof(*v));
	struct resolve_report *report = resolver__report(r);

	if (!v)
		return resolver__no_memory(r);
	r->g->missing = v;
	v[r->g->n_missing++] = r->rule;
	if (report)
		report->missing = true;
	return 0;
}

static uint8_t access_of(enum rule_kind kind)
{
	return kind == RULE_WRITE ? ACCESS_READ | ACCESS_WRITE : kind == RULE_EXEC ? ACCESS_READ | ACCESS_EXEC : ACCESS_READ;
}

/* Has every sandbox one of its own there? Then a rule for it needs nothing of the host's. */
static bool own(const char *path)
{
	static const char *const paths[] = {
		"/tmp", "/var/tmp", "/dev", "/dev/shm", "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
		"/dev/tty", "/dev/ptmx", "/dev/pts", "/dev/fd", "/dev/stdin", "/dev/stdout", "/dev/stderr",
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (!strcmp(paths[i], path))
			return true;
	return grants__covers("/proc", path);
}

static const char *type_name(mode_t mode)
{
	if (S_ISSOCK(mode))
		return "a socket";
	return S_ISFIFO(mode) ? "a FIFO" : S_ISCHR(mode) || S_ISBLK(mode) ? "a device" : "no file";
}

/* The path PATH, found as F, under the rule at work. */
static int grant_found(struct resolver *r, const struct found *f)
{
	struct resolve_report *report = resolver__report(r);
	int err;

	if (!S_ISREG(f->mode) && !S_ISDIR(f->mode))
		return resolver__problem(r, -EINVAL, "sockets, FIFOs and devices lead out of the sandbox and cannot be granted",
			       "%s is %s", f->path, type_name(f->mode));
	if (r->rule->kind == RULE_WRITE && !strcmp(f->path, "/"))
		return resolver__problem(r, -EINVAL, "name the directories that the command is to change",
			       "the whole system cannot be made writable");
	if (grants__covers("/dev", f->path) || grants__covers("/proc", f->path))
		return resolver__problem(r, -EINVAL, "every sandbox has /dev/null, zero, full, random, urandom, tty, pts and shm",
			       "%s: the sandbox has a /dev and a /proc of its own, nothing else of them can be granted", f->path);
	err = resolver__add(r, r->g, f->path, GRANT_HOST, access_of(r->rule->kind), S_ISDIR(f->mode), f);
	if (!err && report)
		report->paths++;
	return err;
}

static int grant_path(struct resolver *r, const char *path)
{
	struct resolve_report *report = resolver__report(r);
	struct found f;
	int err;

	if (own(path)) {
		if (report)
			report->own = true;
		if (r->rule->kind == RULE_WRITE && (grants__covers("/proc", path) || !strcmp(path, "/dev")))
			return resolver__problem(r, -EINVAL, "leave it out", "%s is never writable", path);
		/* access of our own places beyond what they have anyway: only the temporary directories can be asked for */
		return r->rule->kind == RULE_EXEC && !grants__covers("/dev", path) && !grants__covers("/proc", path) ?
		       resolver__add(r, r->g, path, GRANT_PRIVATE, ACCESS_READ | ACCESS_WRITE | ACCESS_EXEC, true, NULL) : 0;
	}
	err = walk__path(path, FOLLOW_SYSTEM, &r->writable, &f);
	if (!err)
		err = grant_found(r, &f);
	else if (err == -ELOOP)
		err = resolver__bad_link(r, &f);
	else if (err == -ENOENT && r->rule->kind == RULE_WRITE) {
		char hint[400];

		snprintf(hint, sizeof(hint), "make it first: mkdir -p %.300s", path);
		if (report)
			report->missing = true;
		err = resolver__problem(r, -ENOENT, hint, "%s does not exist, so it cannot be made writable", path);
	} else if (err == -ENOENT)
		err = add_missing(r);
	else
		err = resolver__problem(r, err, "", "%s: %s", path, strerror(-err));
	if (!err)
		err = resolver__add_links(r, &f);
	walk__done(&f);
	return err;
}

static int match_grant(void *ctx, const char *path)
{
	return grant_path(ctx, path);
}

/* ---- patterns ---------------------------------------------------------------------------------------------- */

bool resolver__kernel_tree(const char *path)
{
	return grants__covers("/proc", path) || grants__covers("/sys", path) || grants__covers("/dev", path);
}

static bool enter_grant(void *ctx, const char *dir)
{
	(void)ctx;
	return !resolver__kernel_tree(dir);
}

/*
 * The part of VALUE before its first component with a wildcard, as canonical path, with the rest behind it, in PATTERN.
 * -ENOENT: there is no such directory.
 */
static int anchor(struct resolver *r, enum follow follow, char *pattern, size_t size)
{
	const char *value = r->rule->value;
	size_t cut = strcspn(value, "*?["), len;
	char dir[PATH_MAX];
	struct found f;
	int err;

	while (cut && value[cut - 1] != '/')
		cut--;
	len = cut > 1 ? cut - 1 : cut;
	if (len >= sizeof(dir))
		return -ENAMETOOLONG;
	memcpy(dir, value, len);
	dir[len] = 0;
	err = walk__path(dir, follow, &r->writable, &f);
	if (err == -ELOOP) {
		err = resolver__bad_link(r, &f);
		err = err ? err : -ENOENT;
	}
	if (!err && follow == FOLLOW_SYSTEM)
		err = resolver__add_links(r, &f);
	if (!err && snprintf(pattern, size, "%s/%s", strcmp(f.path, "/") ? f.path : "", value + cut) >= (int)size)
		err = -ENAMETOOLONG;
	walk__done(&f);
	return err;
}

static int walk_failed(struct resolver *r, const struct walk *w, int err)
{
	if (err == -E2BIG)
		return resolver__problem(r, err, "name a directory more exactly, or fewer of them",
			       "no layer can enforce it: the pattern meets more than %d paths or %d directory entries",
			       WALK_MATCHES, WALK_ENTRIES);
	if (err == -ELOOP)
		return resolver__problem(r, err, "name what it points to",
					 "no layer can enforce it: below %s, a link is in the way", w->where);
	return resolver__problem(r, err, "", "no layer can enforce it: %s cannot be read: %s", w->where, strerror(-err));
}

int resolver__expand(struct resolver *r, struct walk *w)
{
	char pattern[PATH_MAX];
	int err = anchor(r, w->hidden ? FOLLOW_ALL : FOLLOW_SYSTEM, pattern, sizeof(pattern));
	uint32_t matches = r->matches;

	if (err == -ENOENT)
		return w->hidden || (resolver__report(r) && *resolver__report(r)->problem) ? 0 : add_missing(r);
	if (err == -EACCES && w->hidden)
		return 0; /* what we cannot reach, the command cannot */
	if (err)
		return r->explained ? err : resolver__problem(r, err, "", "%s: %s", r->rule->value, strerror(-err));
	w->ctx = r;
	w->matches = r->matches;
	w->entries = r->entries;
	*w->where = 0;
	err = walk__pattern(pattern, w);
	r->matches = w->matches;
	r->entries = w->entries;
	if (err)
		return r->explained ? err : walk_failed(r, w, err);
	return r->matches == matches && !w->hidden ? add_missing(r) : 0;
}

/* ---- deny -------------------------------------------------------------------------------------------------- */

/* Is DIR within something granted, or on the way to it? */
static bool enter_deny(void *ctx, const char *dir)
{
	const struct resolver *r = ctx;
	const struct grant *nearest;

	if (resolver__kernel_tree(dir))
		return false;
	/*
	 * "anywhere" is where people keep files. What packages install is readable by everyone on every machine, and reading
	 * through all of it would cost each run a tenth of a second; `explain` says so.
	 */
	if (!strncmp(r->rule->value, "/**/", 4) && grants__covers("/usr", dir) && strcmp(dir, "/usr") &&
	    !grants__covers("/usr/local", dir))
		return false;
	nearest = grants__nearest(r->g, dir, true);
	return (nearest && nearest->kind == GRANT_HOST) || grants__skeleton(r->g, dir);
}

static bool host_below(const struct grants *g, const char *path)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->v[i].kind == GRANT_HOST && grants__covers(path, g->v[i].path))
			return true;
	return false;
}

static int deny_found(struct resolver *r, const struct found *f)
{
	struct resolve_report *report = resolver__report(r);
	const struct grant *nearest = grants__nearest(r->g, f->path, true);
	int err;

	if (!nearest || nearest->kind != GRANT_HOST) {
		/* not there inside; our own directories show nothing of the host, our own files are what is meant */
		bool ours = nearest && nearest->kind == GRANT_PRIVATE && !nearest->dir && !strcmp(nearest->path, f->path);

		if (!ours && !host_below(r->g, f->path))
			return 0;
	}
	if (!strcmp(f->path, "/"))
		return resolver__problem(r, -EINVAL, "deny what is to be hidden", "\"/\" would deny everything");
	err = resolver__add(r, &r->masks, f->path, GRANT_MASK, 0, S_ISDIR(f->mode), f);
	if (!err && report)
		report->paths++;
	return err;
}

/* Is PATH one of the sandbox's own places, or above one? */
static bool own_below(const struct grants *g, const char *path)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->v[i].kind == GRANT_PRIVATE && grants__covers(path, g->v[i].path))
			return true;
	return false;
}

/* deny_write, deny_exec of PATH. HOST: it gets a mount of its own; else what is granted there or below loses the access. */
static int take(struct resolver *r, const char *path, enum grant_kind kind, const struct found *f)
{
	struct grants *from = r->rule->kind == RULE_DENY_WRITE ? &r->no_write : &r->no_exec;

	return resolver__add(r, from, path, kind, 0, f && S_ISDIR(f->mode), f);
}

/* /proc is never written to, and neither it nor /dev executed from: the sandbox has its own. */
static int take_own(struct resolver *r, const char *path)
{
	struct resolve_report *report = resolver__report(r);

	if (r->rule->kind == RULE_DENY_WRITE && !grants__covers("/proc", path))
		return resolver__problem(r, -EINVAL, "leave it out: of the host it has null, zero, full, random and tty",
					 "no layer can enforce it: the sandbox has a /dev of its own, and a device is written "
					 "to on a read-only mount too");
	if (report)
		report->own = true;
	return take(r, path, GRANT_PRIVATE, NULL);
}

static bool own_tree(const char *path)
{
	return grants__covers("/proc", path) || grants__covers("/dev", path);
}

static int take_found(struct resolver *r, const struct found *f)
{
	struct resolve_report *report = resolver__report(r);
	const struct grant *nearest = grants__nearest(r->g, f->path, true);
	bool write = r->rule->kind == RULE_DENY_WRITE, within = nearest && nearest->kind == GRANT_HOST;
	bool host = within || host_below(r->g, f->path), regular = S_ISREG(f->mode) || S_ISDIR(f->mode);

	if (own_tree(f->path))
		return take_own(r, f->path);
	if (!strcmp(f->path, "/"))
		return resolver__problem(r, -EINVAL, write ? "leave allow_write out" : "name what is not to be executed",
			write ? "\"/\" holds the sandbox's own /dev, which is written to" : "\"/\" holds every program");
	if (!host && !own_below(r->g, f->path))
		return 0;
	/* what is no file cannot be executed anyway, and on a read-only mount a FIFO is written to as on any other */
	if (write && within && !regular)
		return resolver__problem(r, -EINVAL, "deny it: a deny covers it", "no layer can enforce it: %s is %s", f->path,
					 type_name(f->mode));
	if (report) {
		report->paths += host;
		report->own |= !host;
	}
	return take(r, f->path, within && regular ? GRANT_HOST : GRANT_PRIVATE, f);
}

static int deny_path(struct resolver *r, const char *path)
{
	bool mask = r->rule->kind == RULE_DENY;
	struct found f;
	int err;

	if (own_tree(path) && !mask)
		return take_own(r, path);
	if (own_tree(path))
		return resolver__problem(r, -EINVAL, "leave it out: they show nothing of the host but its kernel",
			       "no layer can enforce it: the sandbox has a /dev and a /proc of its own");
	err = walk__path(path, FOLLOW_ALL, NULL, &f);
	if (!err)
		err = mask ? deny_found(r, &f) : take_found(r, &f);
	else if (err == -ENOENT || err == -EACCES || err == -ELOOP)
		err = 0; /* what we cannot reach, the command cannot */
	else
		err = resolver__problem(r, err, "", "no layer can enforce it: %s: %s", path, strerror(-err));
	/* the host may have a link, or nothing, where the sandbox has a place of its own */
	if (!err && !mask && strcmp(f.path, path) && own_below(r->g, path)) {
		err = take(r, path, GRANT_PRIVATE, NULL);
		if (resolver__report(r))
			resolver__report(r)->own = true;
	}
	walk__done(&f);
	return err;
}

static int match_deny(void *ctx, const char *path)
{
	return resolver__kernel_tree(path) ? 0 : deny_path(ctx, path);
}

/* allow_exec = ["**"] is EXEC_ANY, which grants nothing to read. */
static bool everything(const struct policy_rule *rule)
{
	return rule->kind == RULE_EXEC && (!strcmp(rule->text, "**") || !strcmp(rule->text, "/**"));
}

/* Every rule of KIND. */
int resolver__rules(struct resolver *r, enum rule_kind kind)
{
	for (size_t i = 0; i < r->p->n_rules; i++) {
		bool denies = rule_kind__denies_path(kind);
		struct walk w = { .hidden = denies, .enter = denies ? enter_deny : enter_grant,
				  .match = denies ? match_deny : match_grant };
		int err;

		r->rule = &r->p->rules[i];
		if (r->rule->kind != kind || everything(r->rule))
			continue;
		if (r->rule->pattern)
			err = resolver__expand(r, &w);
		else
			err = denies ? deny_path(r, r->rule->value) : grant_path(r, r->rule->value);
		if (err)
			return err;
	}
	return 0;
}
