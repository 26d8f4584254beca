/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that name files. The string is the caller's claim, what it is relative to is the kernel's; both together are
 * looked up in the resolved policy, and the error must be the one that the policy's answer leads to. A link that only
 * exists inside the sandbox's own files is not followed here: then the answer is that nothing is known.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "../base/util.h"
#include "../event/syscalls.h"
#include "denial_impl.h"

#define CREATES 8 /* beside ACCESS_* */
#define DELETES 16
#define ACCESS_BITS (ACCESS_READ | ACCESS_WRITE | ACCESS_EXEC)

/* What a call does to its paths, in the order of its arguments. Calls without a row read. */
static const struct use_row {
	const char *name;
	uint8_t use[2];
} rows[] = {
	{ "mkdir", { ACCESS_WRITE | CREATES } },
	{ "mkdirat", { ACCESS_WRITE | CREATES } },
	{ "mknod", { ACCESS_WRITE | CREATES } },
	{ "mknodat", { ACCESS_WRITE | CREATES } },
	{ "symlink", { ACCESS_WRITE | CREATES } },
	{ "symlinkat", { ACCESS_WRITE | CREATES } },
	{ "creat", { ACCESS_WRITE | CREATES } },
	{ "unlink", { ACCESS_WRITE | DELETES } },
	{ "unlinkat", { ACCESS_WRITE | DELETES } },
	{ "rmdir", { ACCESS_WRITE | DELETES } },
	{ "rename", { ACCESS_WRITE | DELETES, ACCESS_WRITE | CREATES } },
	{ "renameat", { ACCESS_WRITE | DELETES, ACCESS_WRITE | CREATES } },
	{ "renameat2", { ACCESS_WRITE | DELETES, ACCESS_WRITE | CREATES } },
	{ "link", { ACCESS_READ, ACCESS_WRITE | CREATES } },
	{ "linkat", { ACCESS_READ, ACCESS_WRITE | CREATES } },
	{ "truncate", { ACCESS_WRITE } },
	{ "truncate64", { ACCESS_WRITE } },
	{ "chmod", { ACCESS_WRITE } },
	{ "fchmodat", { ACCESS_WRITE } },
	{ "fchmodat2", { ACCESS_WRITE } },
	{ "chown", { ACCESS_WRITE } },
	{ "chown32", { ACCESS_WRITE } },
	{ "lchown", { ACCESS_WRITE } },
	{ "lchown32", { ACCESS_WRITE } },
	{ "fchownat", { ACCESS_WRITE } },
	{ "utime", { ACCESS_WRITE } },
	{ "utimes", { ACCESS_WRITE } },
	{ "futimesat", { ACCESS_WRITE } },
	{ "utimensat", { ACCESS_WRITE } },
	{ "utimensat_time64", { ACCESS_WRITE } },
	{ "setxattr", { ACCESS_WRITE } },
	{ "lsetxattr", { ACCESS_WRITE } },
	{ "removexattr", { ACCESS_WRITE } },
	{ "lremovexattr", { ACCESS_WRITE } },
	{ "execve", { ACCESS_EXEC } },
	{ "execveat", { ACCESS_EXEC } },
};

static uint8_t open_use(uint64_t flags)
{
	uint8_t use = ACCESS_READ;

	if (flags & O_PATH)
		return use;
	if (flags & (O_ACCMODE | O_TRUNC | O_CREAT))
		use = ACCESS_WRITE;
	if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE)
		use = ACCESS_WRITE | CREATES;
	return use;
}

/* What the call does with its NTH path. */
static uint8_t path_use(const struct event *ev, unsigned int nth)
{
	const struct syscall_sig *sig = ev->sig;
	uint64_t how;

	for (unsigned int i = 0; i < sig->n_args; i++) {
		const struct part *p = sig->args[i].type == ARG_OPEN_HOW ? event__part(ev, i) : NULL;

		if (sig->args[i].type == ARG_OPEN_FLAGS)
			return open_use(ev->syscall->args[i]);
		if (sig->args[i].type == ARG_ACCESS_MODE)
			return ev->syscall->args[i] & 2 ? ACCESS_WRITE : ACCESS_READ;
		if (p && p->len >= sizeof(how)) {
			memcpy(&how, p->data, sizeof(how));
			return open_use(how);
		}
	}
	for (size_t i = 0; nth < 2 && i < ARRAY_SIZE(rows); i++)
		if (!strcmp(rows[i].name, sig->name))
			return rows[i].use[nth] ? rows[i].use[nth] : ACCESS_READ;
	return ACCESS_READ;
}

/* Appends component S of LEN bytes to the clean path OUT of length *AT: "." and "" do nothing, ".." goes up. */
static bool append(char *out, size_t *at, const char *s, size_t len)
{
	if (!len || (len == 1 && *s == '.'))
		return true;
	if (len == 2 && s[0] == '.' && s[1] == '.') {
		while (*at && out[--*at] != '/')
			;
		out[*at] = 0;
		return true;
	}
	if (*at + 1 + len >= DENIAL_PATH_MAX)
		return false;
	out[(*at)++] = '/';
	memcpy(out + *at, s, len);
	*at += len;
	out[*at] = 0;
	return true;
}

static bool append_all(char *out, size_t *at, const char *s, size_t len)
{
	const char *end = s + len;

	while (s < end) {
		const char *slash = memchr(s, '/', (size_t)(end - s));
		const char *stop = slash ? slash : end;

		if (!append(out, at, s, (size_t)(stop - s)))
			return false;
		s = stop + 1;
	}
	return true;
}

/* A kernel path, its components leaf first; what follows " (deleted)" and the like has none. */
static bool append_base(char *out, size_t *at, const struct part *p)
{
	size_t end = p ? p->len : 0;

	if (!p || p->type != EV_PT_PATH || p->state != EV_PART_OK)
		return false;
	while (end) {
		size_t from = --end;

		if (p->data[end])
			return false;
		while (from && p->data[from - 1])
			from--;
		/* as they come: a directory may be called anything but "." and ".." */
		if (!append(out, at, (const char *)p->data + from, end - from))
			return false;
		end = from;
	}
	return true;
}

/* Follows the sandbox's own links, if one is on the way: most paths have none, and this runs for each failed call. */
static bool follow(const struct grants *g, const char *clean, char *path)
{
	for (size_t i = 0; i < g->n_links; i++)
		if (grants__covers(g->links[i].path, clean))
			return !grants__canonical(g, clean, path, DENIAL_PATH_MAX);
	strcpy(path, clean); /* both have room for the longest */
	return true;
}

bool denial_path__absolute(const struct denial_case *k, unsigned int arg, char *path)
{
	const struct part *p = event__part(k->ev, arg);
	bool at_dirfd = arg && k->ev->sig->args[arg - 1].type == ARG_DIRFD;
	char clean[DENIAL_PATH_MAX];
	size_t at = 0;

	if (!p || p->type != EV_PT_STR || p->state != EV_PART_OK || memchr(p->data, 0, p->len))
		return false;
	clean[0] = 0;
	if ((!p->len || p->data[0] != '/') &&
	    !append_base(clean, &at, event__part(k->ev, at_dirfd ? arg - 1 : EV_PART_CWD)))
		return false;
	if (!append_all(clean, &at, (const char *)p->data, p->len))
		return false;
	if (!at)
		strcpy(clean, "/");
	return follow(k->ctx->grants, clean, path);
}

static bool exists(const struct denial_ctx *c, const char *path)
{
	return !c->exists || c->exists(c->ctx, path);
}

static void parent_of(const char *path, char *ret)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash && slash != path ? (size_t)(slash - path) : 1;

	memcpy(ret, path, n);
	ret[n] = 0;
}

static const char *access_name(uint8_t use)
{
	if (use & CREATES)
		return "create";
	if (use & DELETES)
		return "delete";
	return use & ACCESS_EXEC ? "execute" : use & ACCESS_WRITE ? "write" : "read";
}

/* What would allow it. A name is made and removed in its directory: that is what must be writable. */
static void suggest(const struct denial_case *k, const char *path, uint8_t use, struct denial *d)
{
	char dir[DENIAL_PATH_MAX];

	if (denial__denied_by_rule(k, path, use, d))
		return;
	if (use & ACCESS_WRITE) {
		parent_of(path, dir);
		if (use & (CREATES | DELETES) && !(use & CREATES && exists(k->ctx, path)))
			path = dir;
		denial__suggest_path(d, "filesystem.allow_write", "--write", true, path);
	} else if (use & ACCESS_EXEC && k->ctx->grants->exec != EXEC_ANY) {
		denial__suggest_path(d, "filesystem.allow_exec", "--allow-exec --read", true, path);
	} else {
		denial__suggest_path(d, "filesystem.allow_read", "--read", true, path);
	}
	d->sensitive = denial__sensitive_path(path, k->ctx->grants->home, use & ACCESS_WRITE);
}

static bool refuse(const struct denial_case *k, enum layer layer, const char *path, uint8_t use, const char *rule,
		   struct denial *d)
{
	d->layer = layer;
	d->access = access_name(use);
	denial__object(d, "", path);
	if (rule)
		denial__rule(d, rule);
	else
		denial__rule(d, use & ACCESS_WRITE  ? "not in allow_write" :
				use & ACCESS_EXEC ? "not in allow_exec" :
						    "not in allow_read");
	d->err = k->err;
	return true;
}

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(path, dir, n) && (!path[n] || path[n] == '/');
}

/* Not there inside: a denial only if it is there outside. */
static bool judge_absent(const struct denial_case *k, const char *path, uint8_t use, const struct verdict_path *v,
			 struct denial *d)
{
	bool own = v->grant && v->grant->kind == GRANT_PRIVATE;
	char dir[DENIAL_PATH_MAX], rule[sizeof(d->rule)];
	struct verdict_path above;

	if (!v->hidden && !own)
		return false;
	if (exists(k->ctx, path)) {
		if (own && is_below(path, "/proc"))
			return refuse(k, LAYER_PID_NS, path, use, "own /proc inside", d);
		if (own) {
			snprintf(rule, sizeof(rule), "own %.100s inside", v->grant->path);
			refuse(k, LAYER_MOUNT, path, use, rule, d);
		} else {
			refuse(k, LAYER_MOUNT, path, use, NULL, d);
		}
		suggest(k, path, use, d);
		return true;
	}
	/* in a directory that a rule denies: whether it is there is what the rule hides */
	parent_of(path, dir);
	if (exists(k->ctx, dir) && denial__denied_by_rule(k, dir, ACCESS_READ, d)) {
		strcpy(rule, d->rule);
		return refuse(k, LAYER_MOUNT, path, use, rule, d);
	}
	if (!(use & CREATES) || own)
		return false;
	above = grants__path(k->ctx->grants, dir, ACCESS_READ);
	if (!above.hidden || !exists(k->ctx, dir))
		return false;
	refuse(k, LAYER_MOUNT, path, use, NULL, d);
	suggest(k, path, use, d);
	return true;
}

static bool judge_masked(const struct denial_case *k, const char *path, uint8_t use, const struct verdict_path *v,
			 struct denial *d)
{
	char dir[DENIAL_PATH_MAX];

	parent_of(path, dir);
	if (k->err == ENOENT && !exists(k->ctx, path) && !(grants__covers(v->grant->path, dir) && exists(k->ctx, dir)))
		return false;
	refuse(k, LAYER_MOUNT, path, use, NULL, d);
	if (v->grant->rule)
		denial__rule_of(d, "deny", v->grant->rule);
	else
		denial__rule(d, "always kept from the command");
	return true;
}

static bool judge_one(const struct denial_case *k, const char *path, uint8_t use, struct denial *d)
{
	struct verdict_path v = grants__path(k->ctx->grants, path, use & ACCESS_BITS);

	if (v.grant && v.grant->kind == GRANT_MASK)
		return judge_masked(k, path, use, &v, d);
	switch (k->err) {
	case ENOENT:
	case ENOTDIR:
		return judge_absent(k, path, use, &v, d);
	case EROFS:
		if (v.allowed)
			return false;
		refuse(k, LAYER_MOUNT, path, use | ACCESS_WRITE, NULL, d);
		suggest(k, path, use | ACCESS_WRITE, d);
		return true;
	case EACCES:
		if (!v.allowed) {
			refuse(k, v.layer != LAYER_NONE ? v.layer : LAYER_LANDLOCK, path, use, NULL, d);
			suggest(k, path, use, d);
			return true;
		}
		/* root outside is never stopped by a mode; a file without any x bit stops root too */
		if (!k->ctx->privileged || use & ACCESS_EXEC || !v.grant || v.grant->kind != GRANT_HOST)
			return false;
		return refuse(k, LAYER_CAPABILITIES, path, use, "no CAP_DAC_OVERRIDE: file permissions hold", d);
	default:
		return false;
	}
}

/* A hard link or a rename from one mount of the sandbox to another, of which there were none outside. */
static bool judge_across(const struct denial_case *k, const char *from, const char *to, struct denial *d)
{
	struct verdict_path a = grants__path(k->ctx->grants, from, ACCESS_READ);
	struct verdict_path b = grants__path(k->ctx->grants, to, ACCESS_READ);

	if (!a.grant || !b.grant || a.grant == b.grant)
		return false;
	refuse(k, LAYER_MOUNT, to, ACCESS_WRITE | CREATES, "links and renames do not cross two grants", d);
	/* mv copies then; and of the sandbox's own /tmp nobody knows what it would have been outside */
	d->expected = a.grant->kind != GRANT_HOST || b.grant->kind != GRANT_HOST || a.grant->dev != b.grant->dev;
	return true;
}

static bool handled(int err)
{
	return err == ENOENT || err == ENOTDIR || err == EROFS || err == EACCES || err == EXDEV || err == EPERM;
}

/* A library from a place where nothing may be executed: the loader maps it, and EPERM is what the mount says. */
static bool judge_mapped(const struct denial_case *k, struct denial *d)
{
	char path[DENIAL_PATH_MAX] = "";
	const struct grant *g;
	size_t at = 0;

	if (k->err != EPERM || !(k->ev->syscall->args[2] & PROT_EXEC) || !append_base(path, &at, event__part(k->ev, 4)) || !at)
		return false;
	g = grants__nearest(k->ctx->grants, path, true);
	if (!g || g->exec_mount || g->kind == GRANT_MASK)
		return false;
	refuse(k, LAYER_MOUNT, path, ACCESS_EXEC, NULL, d);
	if (!denial__denied_by_rule(k, path, ACCESS_EXEC, d))
		denial__suggest_path(d, "filesystem.allow_exec", "--allow-exec", false, path);
	return true;
}

bool denial_path__judge(const struct denial_case *k, struct denial *d)
{
	char path[2][DENIAL_PATH_MAX];
	const struct syscall_sig *sig = k->ev->sig;
	unsigned int n = 0;

	if (!handled(k->err))
		return false;
	if (!strcmp(sig->name, "mmap") || !strcmp(sig->name, "mmap2"))
		return judge_mapped(k, d);
	for (unsigned int i = 0; i < sig->n_args && n < 2; i++) {
		if (sig->args[i].type != ARG_PATH)
			continue;
		if (!denial_path__absolute(k, i, path[n])) {
			path[n++][0] = 0;
			continue;
		}
		if (k->err != EXDEV && judge_one(k, path[n], path_use(k->ev, n), d))
			return true;
		n++;
	}
	return k->err == EXDEV && n == 2 && path[0][0] && path[1][0] && judge_across(k, path[0], path[1], d);
}
