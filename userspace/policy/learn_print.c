/* SPDX-License-Identifier: Apache-2.0 */
/* From what was used to rules: directories where several files of one were used, but never one that holds secrets. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/util.h"
#include "grants.h"
#include "learn_internal.h"

#define COLLAPSE 4	/* so many of a directory stand for all of it */
#define CANDIDATES_MAX 65536
#define SLOTS (4 * CANDIDATES_MAX)
#define NOTES_MAX 200

/* WANT_PARENT: no rule, but a directory that could become one. */
enum want { WANT_READ, WANT_WRITE, WANT_EXEC, WANT_PARENT };

struct candidate {
	char *path;
	enum want want;
	bool dir;
	bool gone;		/* part of another one */
	uint64_t count, denied;
	uint32_t children;	/* WANT_PARENT */
	const char *who;
};

struct plan {
	struct learn *l;
	struct candidate *v;
	size_t n, room;
	uint32_t *slots;	/* index + 1 into v */
	char **secrets, **notes;
	size_t n_secrets, n_notes;
	bool identity;		/* /etc/passwd or group was read */
	bool hosts;
	bool no_memory;
};

/* ---- secrets ----------------------------------------------------------------------------------------------- */

static bool is_component(const char *path, const char *name, bool prefix)
{
	size_t n = strlen(name);

	for (const char *p = strstr(path, name); p; p = strstr(p + 1, name))
		if (p > path && p[-1] == '/' && (prefix || !p[n] || p[n] == '/'))
			return true;
	return false;
}

static bool ends(const char *s, const char *end)
{
	size_t a = strlen(s), b = strlen(end);

	return a >= b && !strcmp(s + a - b, end);
}

static const char *const secret_names[] = {
	".ssh", ".gnupg", ".aws", ".azure", ".kube", ".netrc", ".npmrc", ".yarnrc", ".yarnrc.yml", ".pypirc", ".git-credentials",
	".password-store", ".env", ".docker", ".mozilla", ".thunderbird", ".vault-token", ".pgpass", ".my.cnf", ".boto",
	".s3cfg", ".bash_history", ".zsh_history", ".python_history", "gcloud", "credentials", "credentials.toml", "keyrings",
	"auth.json", "hosts.yml", "google-chrome", "chromium", "BraveSoftware", "discord", ".bitcoin", ".ethereum", ".electrum",
};

bool learn__is_secret(const char *path)
{
	static const char *const beginnings[] = { "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".env." };
	static const char *const system_paths[] = { "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/sudoers",
						    "/etc/sudoers.d", "/etc/ssl/private", "/etc/krb5.keytab", "/etc/wireguard",
						    "/run/secrets", "/var/run/secrets", "/run/docker.sock" };
	static const char *const endings[] = { ".pem", ".key", ".p12", ".pfx", ".jks", ".kdbx", ".keytab", ".ppk" };

	/* what packages install is no secret: certificates, test keys, templates */
	if (grants__covers("/usr", path) || grants__covers("/etc/ssl/certs", path) || grants__covers("/lib", path))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(system_paths); i++)
		if (grants__covers(system_paths[i], path))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(secret_names); i++)
		if (is_component(path, secret_names[i], false))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(beginnings); i++)
		if (is_component(path, beginnings[i], true) && !ends(path, ".pub"))
			return true;
	if (strstr(path, "/node_modules/") || strstr(path, "/site-packages/") || strstr(path, "/dist-packages/"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
		if (ends(path, endings[i]))
			return true;
	return false;
}

/* Names of secrets that lie in DIR now, whether the run looked at them or not. */
static bool holds_secret(struct plan *p, const char *dir, bool note)
{
	char path[LEARN_PATH_MAX + 64], name[LEARN_PATH_MAX], beside[LEARN_PATH_MAX];
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(secret_names); i++) {
		/* a plain word may be anything's name */
		if (*secret_names[i] != '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, secret_names[i]);
		if (strlen(path) >= LEARN_PATH_MAX || p->l->o.look(p->l->o.ctx, path, name, beside) == LEARN_NONE)
			continue;
		any = true;
		if (note) {
			char **v = reallocarray(p->secrets, p->n_secrets + 1, sizeof(*v));

			p->no_memory |= !v;
			if (v) {
				p->secrets = v;
				v[p->n_secrets++] = strdup(path);
			}
		}
	}
	return any;
}

/* ---- candidates -------------------------------------------------------------------------------------------- */

/* COUNT 0: not said. */
static void remark(struct plan *p, const char *path, const char *text, uint64_t count)
{
	char **v = p->n_notes < NOTES_MAX ? reallocarray(p->notes, p->n_notes + 1, sizeof(*v)) : NULL;
	char times[48] = "";

	if (!v) {
		p->no_memory |= p->n_notes < NOTES_MAX;
		p->l->dropped++;
		return;
	}
	p->notes = v;
	if (count)
		snprintf(times, sizeof(times), " (%llu time%s)", (unsigned long long)count, count == 1 ? "" : "s");
	if (asprintf(&v[p->n_notes], "%s: %s%s", path, text, times) < 0)
		p->no_memory = true;
	else
		p->n_notes++;
}

/* The slot of WANT for the first LEN bytes of PATH: its own, or the free one where it belongs. */
static uint32_t *slot(struct plan *p, enum want want, const char *path, size_t len)
{
	uint32_t h = 2166136261u ^ (uint32_t)want;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)path[i]) * 16777619u;
	for (h %= SLOTS; p->slots[h]; h = (h + 1) % SLOTS) {
		const struct candidate *c = &p->v[p->slots[h] - 1];

		if (c->want == want && !strncmp(c->path, path, len) && !c->path[len])
			break;
	}
	return &p->slots[h];
}

static struct candidate *find(struct plan *p, enum want want, const char *path, size_t len)
{
	uint32_t at = *slot(p, want, path, len);

	return at ? &p->v[at - 1] : NULL;
}

/* Never whole: the directories that hold everything. */
static bool too_wide(const struct plan *p, const char *dir)
{
	static const char *const dirs[] = { "/", "/etc", "/home", "/root", "/var", "/var/lib", "/var/cache", "/var/log", "/run",
					    "/opt", "/srv", "/mnt", "/media", "/boot", "/tmp", "/var/tmp", "/sys", "/proc", "/dev" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (!strcmp(dirs[i], dir))
			return true;
	/* a directory whose name is that of a credential: what lies in it may be none, but all of it is not learnt */
	if (learn__is_secret(dir))
		return true;
	/* home directories, and what is above ours */
	return (p->l->o.home && grants__covers(dir, p->l->o.home)) ||
	       (!strncmp(dir, "/home/", 6) && !strchr(dir + 6, '/'));
}

static struct candidate *candidate(struct plan *p, const char *path, enum want want, bool dir, const struct item *it)
{
	uint32_t *at = slot(p, want, path, strlen(path));
	struct candidate *c;

	if (want != WANT_PARENT && too_wide(p, path))
		return NULL;
	if (*at) {
		c = &p->v[*at - 1];
		c->count += it->count;
		c->denied += it->denied;
		return c;
	}
	if (p->n == CANDIDATES_MAX) {
		p->l->dropped++;
		return NULL;
	}
	if (p->n == p->room) {
		size_t room = p->room ? 2 * p->room : 64;

		c = reallocarray(p->v, room, sizeof(*c));
		if (!c) {
			p->no_memory = true;
			return NULL;
		}
		p->v = c;
		p->room = room;
	}
	c = &p->v[p->n];
	*c = (struct candidate){ .path = strdup(path), .want = want, .dir = dir, .count = it->count, .denied = it->denied,
				 .who = it->who };
	if (!c->path) {
		p->no_memory = true;
		return NULL;
	}
	*at = (uint32_t)++p->n;
	return c;
}

static const char *system_root(const char *path)
{
	static const char *const roots[] = { "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32" };

	for (size_t i = 0; i < ARRAY_SIZE(roots); i++)
		if (grants__covers(roots[i], path))
			return roots[i];
	return NULL;
}

static void up(char *path)
{
	char *slash = strrchr(path, '/');

	slash[slash == path] = 0;
}

/* Is it one of the sandbox's own, which no rule need grant? */
static bool own(const struct plan *p, const char *path, enum learn_type type)
{
	if (grants__covers("/proc", path) || grants__covers("/dev", path))
		return true;
	/* made by the run itself, and gone or only there because the run was not contained */
	return type == LEARN_NONE && (grants__covers("/tmp", path) || grants__covers("/var/tmp", path) ||
				      (p->l->o.home && grants__covers(p->l->o.home, path)));
}

static void write_candidate(struct plan *p, const struct item *it, enum learn_type type, const char *name)
{
	char dir[LEARN_PATH_MAX], other[LEARN_PATH_MAX], beside[LEARN_PATH_MAX];

	if (type != LEARN_NONE && type != LEARN_OTHER && !(it->used & USED_NAME)) {
		candidate(p, name, WANT_WRITE, type == LEARN_DIR, it);
		return;
	}
	/* the nearest directory that is there: what was below it, the run made itself */
	snprintf(dir, sizeof(dir), "%s", it->key);
	do
		up(dir);
	while (strcmp(dir, "/") && p->l->o.look(p->l->o.ctx, dir, other, beside) != LEARN_DIR);
	if (!strcmp(dir, "/tmp") || !strcmp(dir, "/var/tmp"))
		return; /* the sandbox's own */
	if (p->l->o.home && !strcmp(dir, p->l->o.home)) {
		remark(p, it->key, "written in the home directory, which is the sandbox's own and empty: it is not kept", 0);
		return;
	}
	if (!too_wide(p, dir))
		candidate(p, other, WANT_WRITE, true, it);
	else if (type == LEARN_FILE)
		candidate(p, name, WANT_WRITE, false, it);
	else
		remark(p, it->key, "made or removed, but its directory is too wide to be granted", it->count);
}

static void read_candidate(struct plan *p, const struct item *it, enum learn_type type, const char *name, const char *beside)
{
	const char *root = system_root(it->key);

	p->identity |= !strcmp(it->key, "/etc/passwd") || !strcmp(it->key, "/etc/group");
	p->hosts |= !strcmp(it->key, "/etc/hosts") || !strcmp(it->key, "/etc/hostname");
	if (!strcmp(it->key, "/etc/passwd") || !strcmp(it->key, "/etc/group") || !strcmp(it->key, "/etc/hosts") ||
	    !strcmp(it->key, "/etc/hostname") || type == LEARN_NONE)
		return;
	if (it->used & USED_EXEC && type == LEARN_FILE)
		candidate(p, name, WANT_EXEC, false, it);
	if (root) {
		candidate(p, root, WANT_READ, true, it);
		return;
	}
	/* a directory that was only looked at is there as soon as something below it is */
	if (type == LEARN_DIR && (!(it->used & USED_READ) || too_wide(p, name)))
		return;
	if (type == LEARN_OTHER) {
		remark(p, it->key, "a socket, FIFO or device, which cannot be granted", it->count);
		return;
	}
	candidate(p, name, WANT_READ, type == LEARN_DIR, it);
	/* a link that may not be followed must itself be visible */
	if (*beside && !too_wide(p, beside) && !holds_secret(p, beside, false))
		candidate(p, beside, WANT_READ, true, it);
}

static void consider(struct plan *p, const struct item *it)
{
	char name[LEARN_PATH_MAX] = "", beside[LEARN_PATH_MAX] = "";
	enum learn_type type = p->l->o.look(p->l->o.ctx, it->key, name, beside);

	if (own(p, it->key, type) && !(it->used & (USED_WRITE | USED_NAME)))
		return;
	if (learn__is_secret(it->key) || (*name && learn__is_secret(name))) {
		if (type != LEARN_NONE)
			remark(p, it->key, "looks like a credential: not learnt", it->count);
		return;
	}
	if (grants__covers("/proc", it->key) || grants__covers("/dev", it->key))
		return;
	if (it->used & (USED_WRITE | USED_NAME))
		write_candidate(p, it, type, name);
	if (it->used & (USED_READ | USED_LOOKED | USED_EXEC))
		read_candidate(p, it, type, name, beside);
}

/* ---- fewer rules ------------------------------------------------------------------------------------------- */

static int by_path(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int c = strcmp(x->path, y->path);

	return c ? c : (int)x->want - (int)y->want;
}

static size_t parent_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash > path ? (size_t)(slash - path) : 1;
}

/* How many different things are read directly in each directory. */
static void count_children(struct plan *p)
{
	size_t n = p->n;

	for (size_t i = 0; i < n; i++)
		p->v[i].children = 0;
	for (size_t i = 0; i < n; i++) {
		const struct item none = { 0 };
		char dir[LEARN_PATH_MAX];
		struct candidate *c;

		if (p->v[i].gone || p->v[i].want != WANT_READ || !strcmp(p->v[i].path, "/"))
			continue;
		snprintf(dir, sizeof(dir), "%.*s", (int)parent_len(p->v[i].path), p->v[i].path);
		c = candidate(p, dir, WANT_PARENT, true, &none);
		if (c) {
			c->gone = true;
			c->children++;
			c->who = p->v[i].who;
		}
	}
}

/* The nearest directory above PATH for which there is a rule of WANT; NULL: none. */
static struct candidate *above(struct plan *p, enum want want, const char *path)
{
	for (size_t len = strlen(path); len > 1;) {
		struct candidate *c;

		while (len > 1 && path[len - 1] != '/')
			len--;
		len = len > 1 ? len - 1 : len;
		c = find(p, want, path, len);
		if (c && !c->gone && c->dir)
			return c;
	}
	return NULL;
}

static void absorb(struct candidate *into, struct candidate *what)
{
	into->count += what->count;
	into->denied += what->denied;
	what->gone = true;
}

/* Directories of which COLLAPSE things are read become one rule; repeated, because they may lie in one themselves. */
static bool collapse_once(struct plan *p)
{
	bool changed = false;
	size_t n;

	count_children(p);
	n = p->n;
	for (size_t i = 0; i < n; i++) {
		const struct item none = { 0 };
		struct candidate *c;

		if (p->v[i].want != WANT_PARENT || p->v[i].children < COLLAPSE || too_wide(p, p->v[i].path) ||
		    holds_secret(p, p->v[i].path, false))
			continue;
		c = candidate(p, p->v[i].path, WANT_READ, true, &none);
		if (!c)
			continue;
		c->gone = false;
		if (!c->who || !*c->who)
			c->who = p->v[i].who;
		changed = true;
	}
	for (size_t i = 0; i < p->n && changed; i++) {
		struct candidate *c = p->v[i].gone || p->v[i].want != WANT_READ ? NULL : above(p, WANT_READ, p->v[i].path);

		if (c)
			absorb(c, &p->v[i]);
	}
	return changed;
}

/* What another rule grants already. */
static void drop_covered(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct candidate *a = &p->v[i], *c = NULL;

		if (a->gone || a->want == WANT_EXEC)
			continue;
		c = above(p, WANT_WRITE, a->path);
		if (!c && a->want == WANT_READ) {
			c = find(p, WANT_WRITE, a->path, strlen(a->path));
			c = c && !c->gone ? c : above(p, WANT_READ, a->path);
		}
		if (c)
			absorb(c, a);
	}
}

/* ---- writing ----------------------------------------------------------------------------------------------- */

/* As a TOML string and as a policy's path: wildcards are themselves. False: it cannot be written. */
static bool put_path(const char *path, FILE *out)
{
	for (const char *p = path; *p; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7f)
			return false;
	fputc('"', out);
	for (; *path; path++) {
		if (strchr("*?[", *path))
			fprintf(out, "[%c]", *path);
		else
			fprintf(out, "%s%c", strchr("\"\\", *path) ? "\\" : "", *path);
	}
	fputc('"', out);
	return true;
}

static void put_comment(const char *text, FILE *out)
{
	for (; *text; text++)
		fputc((unsigned char)*text < ' ' || (unsigned char)*text >= 0x7f ? '?' : *text, out);
}

static void put_list(struct plan *p, const char *key, enum want want, FILE *out)
{
	bool any = false;

	for (size_t i = 0; i < p->n; i++) {
		const struct candidate *c = &p->v[i];

		if (c->gone || c->want != want)
			continue;
		if (!any)
			fprintf(out, "%s = [\n", key);
		any = true;
		fputc('\t', out);
		if (!put_path(c->path, out)) {
			fputs("# left out, its name cannot be written: ", out);
			put_comment(c->path, out);
			fputc('\n', out);
			continue;
		}
		fprintf(out, ", # %llu time%s", (unsigned long long)c->count, c->count == 1 ? "" : "s");
		if (c->denied)
			fprintf(out, ", %llu refused", (unsigned long long)c->denied);
		if (c->who && *c->who) {
			fputs(", by ", out);
			put_comment(c->who, out);
		}
		fputc('\n', out);
	}
	if (any)
		fputs("]\n", out);
}

/* Names in a trace are whatever its author wrote. */
static bool plain(const char *s, const char *also)
{
	for (; *s; s++)
		if (!(*s >= 'a' && *s <= 'z') && !(*s >= '0' && *s <= '9') && !strchr(also, *s))
			return false;
	return true;
}

static void put_calls(const struct learn *l, FILE *out)
{
	bool any = false;

	for (uint32_t i = 0; i < l->n; i++) {
		if (l->v[i].kind != ITEM_CALL || !l->v[i].liftable || !plain(l->v[i].key, "_"))
			continue;
		fprintf(out, "%s\t\"%s\", # refused %llu time%s\n", any ? "" : "\n[syscalls]\nallow = [\n", l->v[i].key,
			(unsigned long long)l->v[i].count, l->v[i].count == 1 ? "" : "s");
		any = true;
	}
	if (any)
		fputs("]\n", out);
	for (uint32_t i = 0; i < l->n; i++)
		if (l->v[i].kind == ITEM_CALL && !l->v[i].liftable && plain(l->v[i].key, "_"))
			fprintf(out, "# %s was refused %llu times, and no policy can allow it\n", l->v[i].key,
				(unsigned long long)l->v[i].count);
}

/* IPv6 addresses hold '[': not wildcards there. */
static void put_net(const struct learn *l, FILE *out)
{
	bool any = false;

	for (uint32_t i = 0; i < l->n; i++) {
		if (l->v[i].kind != ITEM_NET || !plain(l->v[i].key, "abcdef.:[]"))
			continue;
		fprintf(out, "%s\t\"%s\", # %llu time%s\n", any ? "" : "\n[network]\nallow = [\n", l->v[i].key,
			(unsigned long long)l->v[i].count, l->v[i].count == 1 ? "" : "s");
		any = true;
	}
	fputs(any ? "]\n" : "\n[network]\nallow = false\n", out);
}

static void put_head(const struct plan *p, const char *trace, FILE *out)
{
	const struct learn *l = p->l;

	fputs("# Learnt from ", out);
	put_comment(trace, out);
	fputs(": ", out);
	put_comment(l->command, out);
	fputs("\n# Read it before you use it: what the run did is not what it should do.\n", out);
	if (!l->contained)
		fputs("# That run was not contained. Learn from one that is, and only what was refused is added.\n", out);
	if (l->unresolved)
		fprintf(out, "# %llu calls named a path relative to a directory that was not recorded; record with -y to have them.\n",
			(unsigned long long)l->unresolved);
	if (l->dropped)
		fprintf(out, "# The trace names more than can be kept: %llu more are left out.\n", (unsigned long long)l->dropped);
	for (size_t i = 0; i < p->n_notes; i++)
		fputs("# ", out), put_comment(p->notes[i], out), fputc('\n', out);
	fputs("\n[filesystem]\n", out);
}

static void put_all(struct plan *p, const char *trace, FILE *out)
{
	unsigned int execs = 0;

	put_head(p, trace, out);
	put_list(p, "allow_read", WANT_READ, out);
	put_list(p, "allow_write", WANT_WRITE, out);
	for (size_t i = 0; i < p->n; i++)
		execs += !p->v[i].gone && p->v[i].want == WANT_EXEC;
	if (execs > 1) /* the command itself needs no rule */
		put_list(p, "allow_exec", WANT_EXEC, out);
	if (p->n_secrets) {
		fputs("# in writable directories, and credentials by their names\ndeny = [\n", out);
		for (size_t i = 0; i < p->n_secrets; i++) {
			fputc('\t', out);
			if (p->secrets[i] && put_path(p->secrets[i], out))
				fputs(",\n", out);
		}
		fputs("]\n", out);
	}
	if (p->identity || p->hosts)
		fprintf(out, "synthetic = [%s%s%s]\n", p->identity ? "\"identity\"" : "", p->identity && p->hosts ? ", " : "",
			p->hosts ? "\"hosts\"" : "");
	put_net(p->l, out);
	put_calls(p->l, out);
	fputs("\n[env]\nallow = [\"PATH\", \"USER\", \"LOGNAME\", \"SHELL\", \"TERM\", \"TZ\", \"LANG\", \"LANGUAGE\", \"LC_*\"]\n", out);
	if (p->l->duration_ms > 10000)
		fprintf(out, "\n[limits]\ntimeout = %llu # it took %llu s\n", (unsigned long long)(p->l->duration_ms / 1000 * 3),
			(unsigned long long)(p->l->duration_ms / 1000));
}

int learn__print(struct learn *l, const char *trace, FILE *out)
{
	struct plan p = { .l = l, .slots = calloc(SLOTS, sizeof(*p.slots)) };

	if (!p.slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < l->n; i++)
		if (l->v[i].kind == ITEM_PATH)
			consider(&p, &l->v[i]);
	for (unsigned int i = 0; i < 16 && collapse_once(&p); i++)
		;
	drop_covered(&p);
	if (p.n)
		qsort(p.v, p.n, sizeof(*p.v), by_path);
	for (size_t i = 0; i < p.n; i++)
		if (!p.v[i].gone && p.v[i].want == WANT_WRITE && p.v[i].dir)
			holds_secret(&p, p.v[i].path, true);
	if (!p.no_memory)
		put_all(&p, trace, out);
	for (size_t i = 0; i < p.n; i++)
		free(p.v[i].path);
	for (size_t i = 0; i < p.n_notes; i++)
		free(p.notes[i]);
	for (size_t i = 0; i < p.n_secrets; i++)
		free(p.secrets[i]);
	free(p.v);
	free(p.slots);
	free(p.notes);
	free(p.secrets);
	return p.no_memory ? -ENOMEM : 0;
}
