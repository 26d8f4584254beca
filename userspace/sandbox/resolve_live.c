/* SPDX-License-Identifier: Apache-2.0 */
/* Rules for what runs already: the same patterns, the same links, but no sandbox around them. */
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "resolve_internal.h"

struct resolve_live {
	struct resolver r; /* first: what patterns are expanded with */
	struct resolve_opts o;
	struct grants noted; /* what expanding notes of links: not wanted here */
	live_add_fn add;
	void *to;
	bool by_name;	   /* the pattern at work is held by name, too */
	unsigned int held; /* of what it matches */
};

/* What a pattern that is held by name matches now is held as files too, for their other names. No more than these. */
#define HELD_MAX 512
#define HELD_ENTRIES 20000

void resolve__live_free(struct resolve_live *l)
{
	if (!l)
		return;
	walk__end();
	for (size_t i = 0; i < l->r.writable.n; i++)
		free(l->r.writable.v[i]);
	free(l->r.writable.v);
	free(l->o.reports);
	grants__done(&l->noted);
	free(l);
}

struct resolve_live *resolve__live_new(const struct policy *p)
{
	struct resolve_live *l = calloc(1, sizeof(*l));
	int err = 0;

	if (!l) {
		log_errno(-ENOMEM, "resolve the policy");
		return NULL;
	}
	walk__begin();
	l->r = (struct resolver){ .p = p, .o = &l->o, .g = &l->noted };
	l->o.reports = calloc(p->n_rules + 1, sizeof(*l->o.reports));
	/* a link below these may be of what runs */
	for (size_t i = 0; i < p->n_rules && !err; i++)
		if (p->rules[i].kind == RULE_WRITE)
			err = resolver__add_string(&l->r, &l->r.writable, p->rules[i].value);
	if (err || !l->o.reports) {
		if (!err)
			resolver__no_memory(&l->r);
		resolve__live_free(l);
		return NULL;
	}
	return l;
}

/*
 * /proc has links that are none: what their text says is not where they lead, and to each process they lead elsewhere.
 * Found by going there at once, as the kernel does.
 */
static bool misled(const char *path, const struct found *f)
{
	struct stat st;

	return stat(path, &st) || st.st_dev != f->dev || st.st_ino != f->ino;
}

/* Is file I of C the loader of another? It is not asked about when that one is executed. */
static bool is_loader(const struct resolved_command *c, unsigned int i)
{
	bool is = false;

	for (unsigned int k = 0; k < c->n && !is; k++) {
		char loader[PATH_MAX];
		struct found f;

		resolver__loader(AT_FDCWD, c->v[k].path, loader, sizeof(loader));
		if (!*loader)
			continue;
		is = !walk__path(loader, FOLLOW_ALL, NULL, &f) && !strcmp(f.path, c->v[i].path);
		walk__done(&f);
	}
	return is;
}

/* The kernel asks about each. Not for what the policy lets be written, which could then choose. */
static int add_interpreters(struct resolve_live *l, const char *path)
{
	struct resolved_command c;
	char what[PATH_MAX];
	int err = 0;

	for (size_t i = 0; i < l->r.writable.n; i++)
		if (grants__covers(l->r.writable.v[i], path))
			return 0;
	if (!resolver__chain(path, NULL, &c, what, sizeof(what)))
		for (unsigned int i = 1; i < c.n && !err; i++)
			err = is_loader(&c, i) ? 0 : l->add(l->to, LIVE_IS, c.v[i].path);
	resolve__command_done(&c);
	return err;
}

/*
 * What is mounted below lies there only as long as it is used through that mount: mounted or moved elsewhere too, a file
 * system has no way up to the rule's directory. So the rule is about its root as well.
 */
static int add_mounts_below(struct resolve_live *l, enum live_what what, const char *dir)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	char text[2 * PATH_MAX];
	struct mntent m;
	int err = 0;

	if (!f)
		return log_errno(-errno, "read /proc/self/mounts");
	while (!err && getmntent_r(f, &m, text, sizeof(text)))
		if (strcmp(m.mnt_dir, dir) && grants__covers(dir, m.mnt_dir))
			err = l->add(l->to, what, m.mnt_dir);
	endmntent(f);
	return err;
}

static int found(struct resolve_live *l, const char *path, const struct found *f)
{
	int err;

	if (misled(path, f))
		return resolver__problem(&l->r, -EXDEV, "name where it leads", "%s is another file for each process", path);
	if (l->by_name && ++l->held > HELD_MAX)
		return -E2BIG;
	err = l->add(l->to, LIVE_IS, f->path);
	if (!err && !l->by_name)
		err = l->add(l->to, LIVE_NAMED, f->path);
	if (!err && S_ISDIR(f->mode) && rule_kind__denies_path(l->r.rule->kind))
		err = add_mounts_below(l, LIVE_IS, f->path);
	return err || l->r.rule->kind != RULE_EXEC || !S_ISREG(f->mode) ? err : add_interpreters(l, f->path);
}

/*
 * The name itself, where nothing has it yet, or a link: whoever takes its place is what the rule is about. EXISTS: it leads
 * to what was found at THERE.
 */
static int add_name(struct resolve_live *l, const char *path, bool exists, const char *there)
{
	struct resolver *r = &l->r;
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX], name[2 * PATH_MAX];
	struct found f;
	struct stat st;
	int err;

	if (!slash[1])
		return 0;
	snprintf(dir, sizeof(dir), "%.*s", (int)MAX(slash - path, 1), path);
	err = walk__path(dir, rule_kind__denies_path(r->rule->kind) ? FOLLOW_ALL : FOLLOW_SYSTEM, &r->writable, &f);
	if (!err && S_ISDIR(f.mode)) {
		snprintf(name, sizeof(name), "%s%s", strcmp(f.path, "/") ? f.path : "", slash);
		if (!exists && !lstat(name, &st) && S_ISLNK(st.st_mode))
			err = resolver__problem(r, -ENOENT, "", "%s is a link to what is not there", path);
		else if (!exists || strcmp(name, there))
			err = l->add(l->to, LIVE_NAMED, name);
	} else if (err != -ENOMEM) {
		err = 0;
	}
	walk__done(&f);
	return err;
}

static int live_path(void *ctx, const char *path)
{
	struct resolve_live *l = ctx;
	struct resolver *r = &l->r;
	bool denies = rule_kind__denies_path(r->rule->kind);
	struct found f;
	int err = walk__path(path, denies ? FOLLOW_ALL : FOLLOW_SYSTEM, &r->writable, &f);

	if (err == -ELOOP)
		err = resolver__bad_link(r, &f);
	else if (err == -ENOENT)
		err = add_name(l, path, false, "");
	else if (err == -ENOMEM)
		err = resolver__no_memory(r);
	else if (err)
		err = resolver__problem(r, err, "", "%s: %s", path, strerror(-err));
	else
		err = found(l, path, &f) ?: (l->by_name ? 0 : add_name(l, path, true, f.path));
	walk__done(&f);
	return err;
}

static bool enter(void *ctx, const char *dir)
{
	(void)ctx;
	return !resolver__kernel_tree(dir);
}

/* The directory that a pattern begins with, and what is mounted below where the pattern goes on. */
static int add_base(struct resolve_live *l, const char *dir, const struct live_name *name)
{
	bool denies = rule_kind__denies_path(l->r.rule->kind);
	struct found f;
	int err = walk__path(dir, denies ? FOLLOW_ALL : FOLLOW_SYSTEM, &l->r.writable, &f);

	if (err == -ENOMEM)
		err = resolver__no_memory(&l->r);
	else if (err || !S_ISDIR(f.mode))
		err = 0;
	else
		err = l->add(l->to, LIVE_BASE, f.path);
	if (!err && name->below && !name->depth && *f.path)
		err = add_mounts_below(l, LIVE_BASE, f.path);
	walk__done(&f);
	return err;
}

static int live_pattern(struct resolve_live *l, struct walk *w)
{
	char *problem = l->o.reports[l->r.rule - l->r.p->rules].problem, dir[PATH_MAX];
	uint32_t matches = l->r.matches, entries = l->r.entries;
	bool denies = rule_kind__denies_path(l->r.rule->kind);
	struct live_name name;
	int err;

	l->by_name = !live_pattern__split(l->r.rule->value, dir, sizeof(dir), &name) && (denies || !name.below);
	if (!l->by_name)
		return resolver__expand(&l->r, w);
	err = add_base(l, dir, &name);
	if (err || *problem)
		return err;
	l->held = 0;
	l->r.matches = 0;
	l->r.entries = WALK_ENTRIES - HELD_ENTRIES;
	err = resolver__expand(&l->r, w);
	l->r.matches = matches;
	l->r.entries = entries;
	/* the names hold whatever was not found */
	*problem = 0;
	l->r.explained = false;
	l->by_name = false;
	return err == -ENOMEM ? err : 0;
}

int resolve__live_file(void *resolve_live, const char *path, char ret[4096])
{
	struct resolve_live *l = resolve_live;
	struct found f;
	int err = walk__path(path, FOLLOW_ALL, &l->r.writable, &f);

	if (!err && (!S_ISREG(f.mode) || misled(path, &f)))
		err = -ENOENT;
	if (!err)
		snprintf(ret, PATH_MAX, "%s", f.path);
	walk__done(&f);
	return err == -ENOMEM ? err : err ? -ENOENT : 0;
}

int resolve__live_expand(void *resolve_live, const struct policy_rule *rule, live_add_fn add, void *to, char *ret_why, size_t size)
{
	struct resolve_live *l = resolve_live;
	struct walk w = { .hidden = rule_kind__denies_path(rule->kind), .enter = enter, .match = live_path };
	const struct resolve_report *report = &l->o.reports[rule - l->r.p->rules];
	int err;

	l->r.rule = rule;
	l->add = add;
	l->to = to;
	err = rule->pattern ? live_pattern(l, &w) : live_path(l, rule->value);
	if (err || !*report->problem)
		return err;
	snprintf(ret_why, size, "%s", report->problem);
	return -EINVAL;
}
