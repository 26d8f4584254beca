/* SPDX-License-Identifier: Apache-2.0 */
/* Granted without a rule: the sandbox's own places, the command's files. And what stays read-only in a project. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "resolve_internal.h"

/* What a project's owner, an editor or a service runs later, without being asked again. */
static const char *const project_traps[] = { ".git/hooks", ".git/config", ".gitmodules", ".github/workflows",
					     ".vscode", ".envrc", ".npmrc", ".husky" };

/* ---- what every sandbox has -------------------------------------------------------------------------------- */

int resolver__private(struct resolver *r)
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
	static const char *const identity[] = { "/etc/passwd", "/etc/group" };
	static const char *const hosts[] = { "/etc/hosts", "/etc/hostname" };
	int err = 0;

	r->rule = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(places) && !err; i++)
		err = resolver__add(r, r->g, places[i].path, GRANT_PRIVATE, places[i].access, places[i].dir, NULL);
	for (size_t i = 0; i < 2 && !err && r->p->synth_identity; i++)
		err = resolver__add(r, r->g, identity[i], GRANT_PRIVATE, ACCESS_READ, false, NULL);
	for (size_t i = 0; i < 2 && !err && r->p->synth_hosts; i++)
		err = resolver__add(r, r->g, hosts[i], GRANT_PRIVATE, ACCESS_READ, false, NULL);
	return err;
}

/* The home directory is one of our own unless it is granted, or lies within what is. */
int resolver__home(struct resolver *r)
{
	struct found f;
	int err;

	if (!r->o->home || *r->o->home != '/' || !strcmp(r->o->home, "/"))
		return 0;
	r->rule = NULL;
	err = walk__path(r->o->home, FOLLOW_SYSTEM, &r->writable, &f);
	if (!err)
		err = resolver__add_links(r, &f);
	else
		snprintf(f.path, sizeof(f.path), "%s", r->o->home);
	walk__done(&f);
	if (err == -ENOMEM)
		return resolver__no_memory(r);
	for (size_t i = 0; i < r->g->n; i++)
		if (r->g->v[i].kind == GRANT_HOST && grants__covers(r->g->v[i].path, f.path))
			return 0;
	r->g->home = strdup(f.path);
	if (!r->g->home)
		return resolver__no_memory(r);
	return resolver__add(r, r->g, f.path, GRANT_PRIVATE, ACCESS_READ | ACCESS_WRITE, true, NULL);
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

int resolver__command(struct resolver *r)
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
			err = resolver__add(r, r->g, file->path, GRANT_HOST, ACCESS_READ | ACCESS_EXEC, false, &f);
	}
	for (unsigned int i = 0; c && i < c->n_links && !err; i++)
		err = resolver__add_link(r, c->links[i].path, c->links[i].target);
	return err;
}

#define LISTED_SCAN 8 /* files of a listed directory whose loader is looked for: most have one and the same */

/* A file that is needed to run what RULE lists. */
static int add_needed(struct resolver *r, const char *path)
{
	struct found f;
	int err = walk__path(path, FOLLOW_SYSTEM, &r->writable, &f);

	if (!err && S_ISREG(f.mode)) {
		err = resolver__add(r, r->g, f.path, GRANT_HOST, ACCESS_READ | ACCESS_EXEC, false, &f);
		err = err ? err : resolver__add_links(r, &f);
	} else if (err != -ENOMEM) {
		err = 0; /* then it cannot be run, and that is reported when it is tried */
	}
	walk__done(&f);
	return err;
}

/* Interpreters of a listed script, loader of a listed program. */
static int listed_file(struct resolver *r, const char *path)
{
	struct resolved_command c;
	char what[PATH_MAX];
	int err = 0;

	if (!resolver__chain(path, NULL, &c, what, sizeof(what)))
		for (unsigned int i = 0; i < c.n && !err; i++)
			err = add_needed(r, c.v[i].path);
	resolve__command_done(&c);
	return err;
}

/* KNOWN: a loader that has been added already. */
static int listed_dir(struct resolver *r, const char *path, const char *known)
{
	char loader[PATH_MAX], last[PATH_MAX];
	DIR *dir = opendir(path);
	struct dirent *d;
	int err = 0;

	if (!dir)
		return 0;
	snprintf(last, sizeof(last), "%s", known);
	for (unsigned int n = 0; !err && n < LISTED_SCAN && (d = readdir(dir)); n++) {
		if (d->d_type != DT_REG)
			continue;
		resolver__loader(dirfd(dir), d->d_name, loader, sizeof(loader));
		if (!*loader || !strcmp(loader, last))
			continue;
		err = add_needed(r, loader);
		strcpy(last, loader);
	}
	closedir(dir);
	return err;
}

/*
 * To execute a program is to execute its loader, which lies elsewhere. Not for what an earlier run can have written:
 * that would let it choose what may be executed.
 */
int resolver__listed(struct resolver *r)
{
	size_t n = r->g->n;
	char loader[PATH_MAX];
	int err;

	r->rule = NULL;
	resolver__loader(AT_FDCWD, "/proc/self/exe", loader, sizeof(loader));
	err = *loader ? add_needed(r, loader) : 0;
	for (size_t i = 0; i < n && !err; i++) {
		const struct grant *g = &r->g->v[i];
		char path[PATH_MAX];
		bool written = false, seen = false;

		if (g->kind != GRANT_HOST || !g->rule || g->rule->kind != RULE_EXEC)
			continue;
		for (size_t k = 0; k < r->writable.n; k++)
			written |= grants__covers(r->writable.v[k], g->path);
		for (size_t k = 0; k < i && !seen; k++) /* /bin and /usr/bin are often one */
			seen = r->g->v[k].rule && r->g->v[k].rule->kind == RULE_EXEC && !strcmp(r->g->v[k].path, g->path);
		snprintf(path, sizeof(path), "%s", g->path); /* g->v moves when it grows */
		if (!written && !seen)
			err = g->dir ? listed_dir(r, path, loader) : listed_file(r, path);
	}
	return err;
}

/* Is TRAP below DIR asked for by its own name? Then it is what the command is for. */
bool resolver__asked_for(const struct resolver *r, const char *dir, const char *trap)
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

		if (snprintf(path, sizeof(path), "%s/%s", dir, project_traps[i]) >= (int)sizeof(path) ||
		    resolver__asked_for(r, dir, path))
			continue;
		err = walk__path(path, FOLLOW_SYSTEM, &r->writable, &f);
		if (err == -ELOOP)
			err = resolver__problem(r, err, "remove the link, or set filesystem.protect_project = false",
				      "%s cannot be protected: %s is a link", path, *f.link ? f.link : path);
		else if (err == -ENOENT || err == -EACCES)
			err = 0;
		else if (!err && (S_ISDIR(f.mode) || S_ISREG(f.mode))) {
			err = resolver__add(r, r->g, f.path, GRANT_HOST, ACCESS_READ, S_ISDIR(f.mode), &f);
			err = err ? err : resolver__add_string(r, &r->traps, f.path);
		}
		walk__done(&f);
		if (err)
			return err;
	}
	return 0;
}

int resolver__protect(struct resolver *r)
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

