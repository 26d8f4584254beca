/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/log.h"
#include "base/util.h"
#include "resolve_walk.h"

static const char *const rule_keys[] = {
	[RULE_READ] = "allow_read", [RULE_WRITE] = "allow_write", [RULE_EXEC] = "allow_exec", [RULE_DENY] = "deny",
};

/* What a project's owner, an editor or a service runs later, without being asked again. */
static const char *const project_traps[] = { ".git/hooks", ".git/config", ".gitmodules", ".github/workflows",
					     ".vscode", ".envrc", ".npmrc", ".husky" };

struct resolver {
	const struct policy *p;
	const struct resolve_opts *o;
	struct grants *g;
	const struct policy_rule *rule; /* at work */
	uint32_t matches, entries; /* over all patterns */
	struct writable writable;
	struct writable traps;	/* paths of project_traps: stay read-only */
	struct grants masks;	/* what is denied: apart, because g->v must stay sorted while it is looked for */
	bool explained;		/* a problem has been logged */
};

/* ---- messages ---------------------------------------------------------------------------------------------- */

static struct resolve_report *report_of(struct resolver *r)
{
	return r->o->reports && r->rule ? &r->o->reports[r->rule - r->p->rules] : NULL;
}

static const char *describe(const struct policy_rule *rule, char *buf, size_t size)
{
	char where[320];

	policy__where(&rule->src, where, sizeof(where));
	if (rule->src.line)
		snprintf(buf, size, "%s: %s \"%s\"", where, rule_keys[rule->kind], rule->text);
	else
		snprintf(buf, size, "%s", where);
	return buf;
}

/* Notes it, and returns 0, where problems are collected; else logs it and returns ERR. */
static int __attribute__((format(printf, 4, 5))) problem(struct resolver *r, int err, const char *hint, const char *fmt, ...)
{
	struct resolve_report *report = report_of(r);
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

static int bad_link(struct resolver *r, const struct found *f)
{
	char hint[400];

	if (!*f->link)
		return problem(r, -ELOOP, "", "too many symbolic links");
	snprintf(hint, sizeof(hint), "name %.300s itself, if that is what is meant", f->target);
	return problem(r, -ELOOP, hint,
		       "%s is a link to %s, and following links that someone may have planted is how sandboxes are escaped",
		       f->link, f->target);
}

/* ---- collecting -------------------------------------------------------------------------------------------- */

static int out_of_memory(struct resolver *r)
{
	r->explained = true;
	return log_errno(-ENOMEM, "resolve the policy");
}

static int add(struct resolver *r, struct grants *g, const char *path, enum grant_kind kind, uint8_t access, bool dir,
	       const struct found *f)
{
	if (!(g->n & (g->n + 1))) { /* 0, 1, 3, 7, ...: full */
		struct grant *v = reallocarray(g->v, 2 * g->n + 1, sizeof(*v));

		if (!v)
			return out_of_memory(r);
		g->v = v;
	}
	g->v[g->n] = (struct grant){ .path = strdup(path), .kind = kind, .access = access, .dir = dir, .rule = r->rule,
				     .dev = f ? f->dev : 0, .ino = f ? f->ino : 0 };
	if (!g->v[g->n].path)
		return out_of_memory(r);
	g->n++;
	return 0;
}

static int add_string(struct resolver *r, struct writable *w, const char *path)
{
	char **v = reallocarray(w->v, w->n + 1, sizeof(*v));

	if (!v)
		return out_of_memory(r);
	w->v = v;
	v[w->n] = strdup(path);
	return v[w->n++] ? 0 : out_of_memory(r);
}

static bool has_string(const struct writable *w, const char *path)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i] && !strcmp(w->v[i], path))
			return true;
	return false;
}

static int add_link(struct resolver *r, const char *path, const char *target)
{
	struct grants *g = r->g;
	struct grant_link *v;

	for (size_t i = 0; i < g->n_links; i++)
		if (!strcmp(g->links[i].path, path))
			return 0;
	v = reallocarray(g->links, g->n_links + 1, sizeof(*v));
	if (!v)
		return out_of_memory(r);
	g->links = v;
	v[g->n_links] = (struct grant_link){ strdup(path), strdup(target) };
	g->n_links++;
	return v[g->n_links - 1].path && v[g->n_links - 1].target ? 0 : out_of_memory(r);
}

static int add_links(struct resolver *r, const struct found *f)
{
	int err = 0;

	for (size_t i = 0; i < f->n_links && !err; i++)
		err = add_link(r, f->links[i].path, f->links[i].target);
	return err;
}

static int add_missing(struct resolver *r)
{
	const struct policy_rule **v = reallocarray(r->g->missing, r->g->n_missing + 1, sizeof(*v));
	struct resolve_report *report = report_of(r);

	if (!v)
		return out_of_memory(r);
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
	return S_ISSOCK(mode) ? "a socket" : S_ISFIFO(mode) ? "a FIFO" : S_ISCHR(mode) || S_ISBLK(mode) ? "a device" : "no file";
}

/* The path PATH, found as F, under the rule at work. */
static int grant_found(struct resolver *r, const struct found *f)
{
	struct resolve_report *report = report_of(r);
	int err;

	if (!S_ISREG(f->mode) && !S_ISDIR(f->mode))
		return problem(r, -EINVAL, "sockets, FIFOs and devices lead out of the sandbox and cannot be granted",
			       "%s is %s", f->path, type_name(f->mode));
	if (r->rule->kind == RULE_WRITE && !strcmp(f->path, "/"))
		return problem(r, -EINVAL, "name the directories that the command is to change",
			       "the whole system cannot be made writable");
	if (grants__covers("/dev", f->path) || grants__covers("/proc", f->path))
		return problem(r, -EINVAL, "every sandbox has /dev/null, zero, full, random, urandom, tty, pts and shm",
			       "%s: the sandbox has a /dev and a /proc of its own, nothing else of them can be granted", f->path);
	err = add(r, r->g, f->path, GRANT_HOST, access_of(r->rule->kind), S_ISDIR(f->mode), f);
	if (!err && report)
		report->paths++;
	return err;
}

static int grant_path(struct resolver *r, const char *path)
{
	struct resolve_report *report = report_of(r);
	struct found f;
	int err;

	if (own(path)) {
		if (report)
			report->own = true;
		if (r->rule->kind == RULE_WRITE && (grants__covers("/proc", path) || !strcmp(path, "/dev")))
			return problem(r, -EINVAL, "leave it out", "%s is never writable", path);
		/* access of our own places beyond what they have anyway: only the temporary directories can be asked for */
		return r->rule->kind == RULE_EXEC && !grants__covers("/dev", path) && !grants__covers("/proc", path) ?
		       add(r, r->g, path, GRANT_PRIVATE, ACCESS_READ | ACCESS_WRITE | ACCESS_EXEC, true, NULL) : 0;
	}
	err = walk__path(path, FOLLOW_SYSTEM, &r->writable, &f);
	if (!err)
		err = grant_found(r, &f);
	else if (err == -ELOOP)
		err = bad_link(r, &f);
	else if (err == -ENOENT && r->rule->kind == RULE_WRITE) {
		char hint[400];

		snprintf(hint, sizeof(hint), "make it first: mkdir -p %.300s", path);
		if (report)
			report->missing = true;
		err = problem(r, -ENOENT, hint, "%s does not exist, so it cannot be made writable", path);
	} else if (err == -ENOENT)
		err = add_missing(r);
	else
		err = problem(r, err, "", "%s: %s", path, strerror(-err));
	if (!err)
		err = add_links(r, &f);
	walk__done(&f);
	return err;
}

static int match_grant(void *ctx, const char *path)
{
	return grant_path(ctx, path);
}

/* ---- patterns ---------------------------------------------------------------------------------------------- */

static bool kernel_tree(const char *path)
{
	return grants__covers("/proc", path) || grants__covers("/sys", path) || grants__covers("/dev", path);
}

static bool enter_grant(void *ctx, const char *dir)
{
	(void)ctx;
	return !kernel_tree(dir);
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
		err = bad_link(r, &f);
		err = err ? err : -ENOENT;
	}
	if (!err && follow == FOLLOW_SYSTEM)
		err = add_links(r, &f);
	if (!err && snprintf(pattern, size, "%s/%s", strcmp(f.path, "/") ? f.path : "", value + cut) >= (int)size)
		err = -ENAMETOOLONG;
	walk__done(&f);
	return err;
}

static int walk_failed(struct resolver *r, const struct walk *w, int err)
{
	if (err == -E2BIG)
		return problem(r, err, "name a directory more exactly, or fewer of them",
			       "no layer can enforce it: the pattern meets more than %d paths or %d directory entries",
			       WALK_MATCHES, WALK_ENTRIES);
	if (err == -ELOOP)
		return problem(r, err, "name what it points to", "no layer can enforce it: below %s, a link is in the way", w->where);
	return problem(r, err, "", "no layer can enforce it: %s cannot be read: %s", w->where, strerror(-err));
}

static int expand(struct resolver *r, struct walk *w)
{
	char pattern[PATH_MAX];
	int err = anchor(r, w->hidden ? FOLLOW_ALL : FOLLOW_SYSTEM, pattern, sizeof(pattern));
	uint32_t matches = r->matches;

	if (err == -ENOENT)
		return w->hidden || (report_of(r) && *report_of(r)->problem) ? 0 : add_missing(r);
	if (err)
		return err;
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

	if (kernel_tree(dir))
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
	struct resolve_report *report = report_of(r);
	const struct grant *nearest = grants__nearest(r->g, f->path, true);
	int err;

	if (!nearest || nearest->kind != GRANT_HOST) {
		/* not there inside; our own directories show nothing of the host, our own files are what is meant */
		bool ours = nearest && nearest->kind == GRANT_PRIVATE && !nearest->dir && !strcmp(nearest->path, f->path);

		if (!ours && !host_below(r->g, f->path))
			return 0;
	}
	if (!strcmp(f->path, "/"))
		return problem(r, -EINVAL, "deny what is to be hidden", "\"/\" would deny everything");
	err = add(r, &r->masks, f->path, GRANT_MASK, 0, S_ISDIR(f->mode), f);
	if (!err && report)
		report->paths++;
	return err;
}

static int deny_path(struct resolver *r, const char *path)
{
	struct found f;
	int err;

	if (grants__covers("/proc", path) || grants__covers("/dev", path))
		return problem(r, -EINVAL, "leave it out: they show nothing of the host but its kernel",
			       "no layer can enforce it: the sandbox has a /dev and a /proc of its own");
	err = walk__path(path, FOLLOW_ALL, NULL, &f);
	if (!err)
		err = deny_found(r, &f);
	else if (err == -ENOENT || err == -EACCES || err == -ELOOP)
		err = 0; /* what we cannot reach, the command cannot */
	else
		err = problem(r, err, "", "no layer can enforce it: %s: %s", path, strerror(-err));
	walk__done(&f);
	return err;
}

static int match_deny(void *ctx, const char *path)
{
	return kernel_tree(path) ? 0 : deny_path(ctx, path);
}

/* ---- what every sandbox has -------------------------------------------------------------------------------- */

static int add_private(struct resolver *r)
{
	static const struct {
		const char *path;
		uint8_t access;
		bool dir;
	} places[] = {
		{ "/tmp", ACCESS_READ | ACCESS_WRITE, true },	      { "/var/tmp", ACCESS_READ | ACCESS_WRITE, true },
		{ "/dev/shm", ACCESS_READ | ACCESS_WRITE, true },     { "/dev/pts", ACCESS_READ | ACCESS_WRITE, true },
		{ "/proc", ACCESS_READ, true },			      { "/dev", ACCESS_READ, true },
		{ "/dev/null", ACCESS_READ | ACCESS_WRITE, false },   { "/dev/zero", ACCESS_READ | ACCESS_WRITE, false },
		{ "/dev/full", ACCESS_READ | ACCESS_WRITE, false },   { "/dev/random", ACCESS_READ | ACCESS_WRITE, false },
		{ "/dev/urandom", ACCESS_READ | ACCESS_WRITE, false }, { "/dev/tty", ACCESS_READ | ACCESS_WRITE, false },
		{ "/dev/ptmx", ACCESS_READ | ACCESS_WRITE, false },
	};
	static const char *const identity[] = { "/etc/passwd", "/etc/group" }, *const hosts[] = { "/etc/hosts", "/etc/hostname" };
	int err = 0;

	r->rule = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(places) && !err; i++)
		err = add(r, r->g, places[i].path, GRANT_PRIVATE, places[i].access, places[i].dir, NULL);
	for (size_t i = 0; i < 2 && !err && r->p->synth_identity; i++)
		err = add(r, r->g, identity[i], GRANT_PRIVATE, ACCESS_READ, false, NULL);
	for (size_t i = 0; i < 2 && !err && r->p->synth_hosts; i++)
		err = add(r, r->g, hosts[i], GRANT_PRIVATE, ACCESS_READ, false, NULL);
	return err;
}

/* The home directory is one of our own unless it is granted, or lies within what is. */
static int add_home(struct resolver *r)
{
	struct found f;
	int err;

	if (!r->o->home || *r->o->home != '/' || !strcmp(r->o->home, "/"))
		return 0;
	r->rule = NULL;
	err = walk__path(r->o->home, FOLLOW_SYSTEM, &r->writable, &f);
	if (!err)
		err = add_links(r, &f);
	else
		snprintf(f.path, sizeof(f.path), "%s", r->o->home);
	walk__done(&f);
	if (err == -ENOMEM)
		return out_of_memory(r);
	for (size_t i = 0; i < r->g->n; i++)
		if (r->g->v[i].kind == GRANT_HOST && grants__covers(r->g->v[i].path, f.path))
			return 0;
	r->g->home = strdup(f.path);
	if (!r->g->home)
		return out_of_memory(r);
	return add(r, r->g, f.path, GRANT_PRIVATE, ACCESS_READ | ACCESS_WRITE, true, NULL);
}

/* May the command run a file that a link led to? Only where it could have read it anyway. */
static int check_linked(struct resolver *r, const struct command_file *file)
{
	for (size_t i = 0; i < r->g->n; i++)
		if (r->g->v[i].kind == GRANT_HOST && grants__covers(r->g->v[i].path, file->path))
			return 0;
	log_err(0, "%s is a link to %s, and following links that someone may have planted is how sandboxes are escaped",
		file->link, file->path);
	log_hint("run %s itself, or allow it: --read %s", file->path, file->path);
	r->explained = true;
	return -ELOOP;
}

static int add_command(struct resolver *r)
{
	const struct resolved_command *c = r->o->command;
	int err = 0;

	r->rule = NULL;
	for (unsigned int i = 0; c && i < c->n && !err; i++) {
		const struct command_file *file = &c->v[i];
		struct found f = { .dev = file->dev, .ino = file->ino };

		if (file->link)
			err = check_linked(r, file);
		if (!err)
			err = add(r, r->g, file->path, GRANT_HOST, ACCESS_READ | ACCESS_EXEC, false, &f);
	}
	for (unsigned int i = 0; c && i < c->n_links && !err; i++)
		err = add_link(r, c->links[i].path, c->links[i].target);
	return err;
}

/* Is TRAP below DIR asked for by its own name? Then it is what the command is for. */
static bool asked_for(const struct resolver *r, const char *dir, const char *trap)
{
	for (size_t i = 0; i < r->writable.n; i++)
		if (strlen(r->writable.v[i]) > strlen(dir) && grants__covers(dir, r->writable.v[i]) &&
		    grants__covers(r->writable.v[i], trap))
			return true;
	return false;
}

static int protect_dir(struct resolver *r, const char *dir)
{
	for (size_t i = 0; i < ARRAY_SIZE(project_traps); i++) {
		char path[PATH_MAX];
		struct found f;
		int err;

		if (snprintf(path, sizeof(path), "%s/%s", dir, project_traps[i]) >= (int)sizeof(path) || asked_for(r, dir, path))
			continue;
		err = walk__path(path, FOLLOW_SYSTEM, &r->writable, &f);
		if (err == -ELOOP)
			err = problem(r, err, "remove the link, or set filesystem.protect_project = false",
				      "%s cannot be protected: %s is a link", path, *f.link ? f.link : path);
		else if (err == -ENOENT || err == -EACCES)
			err = 0;
		else if (!err && (S_ISDIR(f.mode) || S_ISREG(f.mode))) {
			err = add(r, r->g, f.path, GRANT_HOST, ACCESS_READ, S_ISDIR(f.mode), &f);
			err = err ? err : add_string(r, &r->traps, f.path);
		}
		walk__done(&f);
		if (err)
			return err;
	}
	return 0;
}

static int protect_projects(struct resolver *r)
{
	size_t n = r->g->n;

	r->rule = NULL;
	for (size_t i = 0; i < n && r->p->protect_project; i++) {
		const struct grant *g = &r->g->v[i];
		char dir[PATH_MAX];
		int err;

		if (g->kind != GRANT_HOST || !g->dir || !(g->access & ACCESS_WRITE))
			continue;
		snprintf(dir, sizeof(dir), "%s", g->path); /* g->v moves when it grows */
		err = protect_dir(r, dir);
		if (err)
			return err;
	}
	return 0;
}

/* ---- putting it together ------------------------------------------------------------------------------------- */

static int by_path(const void *a, const void *b)
{
	const struct grant *x = a, *y = b;
	int c = strcmp(x->path, y->path);

	/* of the same path: what wins comes first */
	return c ? c : (int)y->kind - (int)x->kind;
}

static void merge(struct grant *into, const struct grant *from)
{
	if (into->kind == GRANT_MASK || (into->kind == GRANT_PRIVATE && from->kind == GRANT_HOST))
		return;
	into->access |= from->access;
	if (!into->rule)
		into->rule = from->rule;
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
	if (trap || (parent && has_string(&r->traps, parent->path) && !asked_for(r, parent->path, g->path)))
		g->access &= (uint8_t)~ACCESS_WRITE;
	if (r->p->exec == EXEC_ANY && g->access & ACCESS_READ && !grants__covers("/proc", g->path) &&
	    (!grants__covers("/dev", g->path) || !strcmp(g->path, "/dev/shm")))
		g->access |= ACCESS_EXEC;
	/* what cannot be written may be mapped: libraries; running it is another matter, of the exec layer and Landlock */
	g->exec_mount = g->access & ACCESS_EXEC || (g->kind == GRANT_HOST && !(g->access & ACCESS_WRITE));
}

static void settle(struct resolver *r)
{
	struct grants *g = r->g;
	size_t all = g->n;

	g->n = 0; /* of those that stay; parents come first, so each one's is there already */
	for (size_t i = 0; i < all; i++) {
		struct grant *now = &g->v[i];
		const struct grant *parent = grants__nearest(g, now->path, false);
		bool drop = parent && parent->kind == GRANT_MASK;

		settle_one(r, parent, now);
		if (parent && parent->kind == GRANT_HOST && now->kind == GRANT_HOST)
			drop |= now->access == parent->access && now->exec_mount == parent->exec_mount;
		/* our devices are part of /dev, whatever they allow */
		if (drop) {
			free(now->path);
			continue;
		}
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

/* allow_exec = ["**"] is EXEC_ANY, which grants nothing to read. */
static bool everything(const struct policy_rule *rule)
{
	return rule->kind == RULE_EXEC && (!strcmp(rule->text, "**") || !strcmp(rule->text, "/**"));
}

/* Every rule of KIND. */
static int rules(struct resolver *r, enum rule_kind kind)
{
	for (size_t i = 0; i < r->p->n_rules; i++) {
		struct walk w = { .hidden = kind == RULE_DENY, .enter = kind == RULE_DENY ? enter_deny : enter_grant,
				  .match = kind == RULE_DENY ? match_deny : match_grant };
		int err;

		r->rule = &r->p->rules[i];
		if (r->rule->kind != kind || everything(r->rule))
			continue;
		if (r->rule->pattern)
			err = expand(r, &w);
		else
			err = kind == RULE_DENY ? deny_path(r, r->rule->value) : grant_path(r, r->rule->value);
		if (err)
			return err;
	}
	return 0;
}

static int deny_rules(struct resolver *r)
{
	int err = rules(r, RULE_DENY);

	for (size_t i = 0; i < r->masks.n && !err; i++) {
		const struct grant *m = &r->masks.v[i];
		struct found f = { .dev = m->dev, .ino = m->ino };

		r->rule = m->rule;
		err = add(r, r->g, m->path, GRANT_MASK, 0, m->dir, &f);
	}
	return err;
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
		return problem(r, -EACCES, "take the rule out, or run something else", "this denies %s, which the command needs to start",
			       c->v[i].path);
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
}

static int resolve(struct resolver *r)
{
	int err = rules(r, RULE_WRITE);

	for (size_t i = 0; i < r->g->n && !err; i++)
		if (r->g->v[i].kind == GRANT_HOST)
			err = add_string(r, &r->writable, r->g->v[i].path);
	if (!err)
		err = rules(r, RULE_READ);
	if (!err)
		err = rules(r, RULE_EXEC);
	if (!err)
		err = add_private(r);
	if (!err)
		err = add_home(r);
	if (!err)
		err = add_command(r);
	if (!err)
		err = protect_projects(r);
	if (err)
		return err;
	assemble(r->g);
	err = deny_rules(r);
	if (err)
		return err;
	assemble(r->g);
	settle(r);
	drop_links(r->g);
	return check_command(r);
}

int resolve__policy(const struct policy *p, const struct resolve_opts *o, struct grants *ret)
{
	struct resolver r = { .p = p, .o = o, .g = ret };
	int err;

	memset(ret, 0, sizeof(*ret));
	ret->policy = p;
	ret->exec = p->exec;
	err = resolve(&r);
	if (err == -ENOMEM && !r.explained)
		log_errno(err, "resolve the policy");
	resolver_done(&r);
	return err;
}

int resolve__reopen(const struct grant *g, int *ret_fd)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC | O_NOFOLLOW, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, g->path, &how, sizeof(how));
	struct stat st;

	/* a link in the way, or nothing: it was there when the policy was resolved */
	if (fd < 0)
		return errno == ELOOP || errno == ENOENT || errno == ENOTDIR ? -ESTALE : -errno;
	if (fstat(fd, &st) || st.st_dev != g->dev || st.st_ino != g->ino) {
		close(fd);
		return -ESTALE;
	}
	*ret_fd = fd;
	return 0;
}
