/* SPDX-License-Identifier: Apache-2.0 */
/* The rules about more than one fact: what was written and is run, what was read and who is contacted, what reads what. */
#include <errno.h>
#include <string.h>

#include "../base/util.h"
#include "findings_model.h"

static void add(const struct scene *c, enum sequence seq, const void *object, size_t len, const struct witness *w)
{
	finding__add(c, &sequence_rules[seq], object, len, w, w ? 1 : 0);
}

static bool below(const char *path, size_t len, const char *dir)
{
	size_t n = strlen(dir);

	return n && len > n && !memcmp(path, dir, n) && (path[n] == '/' || dir[n - 1] == '/');
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static void wrote(const struct scene *c, const struct fact *fact, uint64_t path)
{
	struct state *s = &c->f->st;
	char from_path[EVENT_PATH_MAX + ST_DIR_MAX];
	struct st_made *m, *from = NULL, old;

	/* what is renamed or linked was written by who wrote it */
	if (fact->from) {
		from = state__made(s, state__hash(from_path, state__path(s, c->p, fact->from, from_path, sizeof(from_path))));
		if (!from)
			return;
		old = *from;
	}
	m = state__make(s, path);
	if (from) {
		old.path = path;
		*m = old;
		return;
	}
	m->written |= (fact->use & USE_WRITE) != 0;
	m->pid = c->p->pid;
	m->serial = c->p->serial;
	m->seq = c->seq;
	m->roles = c->p->roles;
}

static void removed(const struct scene *c, uint64_t hash, const char *path, size_t len)
{
	struct st_tree *t = state__tree(&c->f->st, c->p);
	const struct st_proc *up = c->p;

	for (unsigned int i = 0; up && i < 4; i++, up = state__parent(&c->f->st, up))
		if (up->exe == hash || up->script == hash) {
			add(c, SEQ_SELF_DELETE, path, len, NULL);
			break;
		}
	if (path[0] != '/' || state__made(&c->f->st, hash) || below(path, len, t->cwd) || below(path, len, "/tmp") ||
	    below(path, len, "/var/tmp") || below(path, len, "/proc"))
		return;
	if (++t->deletes >= WIPE_FILES && !t->told_wipe) {
		t->told_wipe = true;
		add(c, SEQ_WIPE, path, len, NULL);
	}
}

/* Index of the "node_modules" component that ends last, as the length up to and with it; 0: none. */
static size_t modules(const char *path, size_t len)
{
	static const char dir[] = "/node_modules/";
	size_t n = sizeof(dir) - 1;

	for (size_t i = len >= n ? len - n + 1 : 0; i-- > 0;)
		if (!memcmp(path + i, dir, n))
			return i + n;
	return 0;
}

/* Another package's file, by a script of an install. Links to programs and caches are everybody's. */
static void tampered(const struct scene *c, const char *path, size_t len)
{
	struct st_tree *t = state__tree(&c->f->st, c->p);
	size_t at = modules(path, len);

	if (!t->install || !at || at >= len || path[at] == '.' || below(path, len, t->cwd) || state__is(c->p, "npm npm-cli.js yarn pnpm"))
		return;
	add(c, SEQ_TAMPER, path, len, NULL);
}

void sequence__path(const struct scene *c, const struct fact *fact, const char *path, size_t len)
{
	uint64_t hash = state__hash(path, len);

	if (!(fact->use & USE_CHANGE))
		return;
	tampered(c, path, len);
	if (c->err)
		return;
	if (fact->use & USE_DELETE)
		removed(c, hash, path, len);
	if (fact->use & (USE_WRITE | USE_CREATE))
		wrote(c, fact, hash);
}

/* ---- programs ---------------------------------------------------------------------------------------------------- */

void sequence__dropped(const struct scene *c, uint64_t path, const char *text, size_t len, bool script, bool runtime)
{
	struct state *s = &c->f->st;
	struct st_made *m = state__made(s, path);
	struct witness w = {0};
	struct st_proc *writer;
	uint8_t roles;

	if (!m || !m->written)
		return;
	writer = state__proc(s, m->pid);
	roles = m->roles;
	w.seq = m->seq;
	w.pid = m->pid;
	/* a shell opens the file and then becomes the program that writes it */
	if (writer->serial == m->serial) {
		roles |= writer->roles_ever;
		memcpy(w.comm, writer->comm, sizeof(w.comm));
	}
	memcpy(w.object, text, MIN(len, sizeof(w.object) - 1));
	/* what a linker or a package manager writes is there to be run */
	if (m->roles & (ROLE_PACKAGES | ROLE_BUILDER))
		return;
	if (roles & (ROLE_DOWNLOADER | ROLE_NETWORK))
		add(c, SEQ_DOWNLOAD, text, len, &w);
	else
		add(c, script ? SEQ_DROPPED_SCRIPT : SEQ_DROPPED, text, len, &w);
	if (runtime && !script)
		add(c, SEQ_RUNTIME, text, len, &w);
}

void sequence__recon(const struct scene *c)
{
	struct st_tree *t = state__tree(&c->f->st, c->p);
	struct st_proc *parent = state__parent(&c->f->st, c->p);
	uint32_t bit = 1U << rule__recon_bit(c->p->image);
	int n = __builtin_popcount(t->recon);

	/* what a build asks before it builds */
	if (t->recon & bit || (parent && rule__listed("configure config.guess config.sub config.status cmake meson", parent->image)))
		return;
	t->recon |= bit;
	if (n < 2)
		finding__witness(c, &t->asked[n], c->p->image, strlen(c->p->image));
	if (n != 2 || t->told_recon)
		return;
	t->told_recon = true;
	finding__add(c, &sequence_rules[SEQ_RECON], c->p->image, strlen(c->p->image), t->asked, 2);
}

/* ---- pipes and sockets ------------------------------------------------------------------------------------------- */

/* Follows what came from the network through the pipes that are known by now. */
static void flow(const struct scene *c, struct st_pipe *k)
{
	for (unsigned int i = 0; k && i < 8; i++) {
		struct st_pipe *next = k->next ? state__pipe(&c->f->st, k->next) : NULL;

		if (!k->download.seq)
			return;
		if (k->runs.seq && !k->told) {
			struct scene reader = *c;
			struct st_proc *p = state__proc(&c->f->st, k->runs.pid);

			k->told = true;
			reader.p = p;
			reader.seq = k->runs.seq;
			finding__add(&reader, &sequence_rules[SEQ_PIPE_SHELL], k->download.object, strlen(k->download.object), &k->download, 1);
		}
		if (next && !next->download.seq)
			next->download = k->download;
		k = next;
	}
}

static struct st_pipe *pipe_at(const struct scene *c, int fd, bool writes)
{
	struct st_fd *at = state__fd(c->p, fd);

	return at && at->kind == FACT_PIPE && at->writes == writes ? state__pipe(&c->f->st, at->object) : NULL;
}

void sequence__spawn(const struct scene *c)
{
	struct st_fd *in = state__fd(c->p, 0), *out = state__fd(c->p, 1);
	struct st_socket *k;

	/* one that only lends its connection to another program has no child of its own */
	if (!(c->p->roles & ROLE_SHELL) || c->p->told_shell || !in || !out || in->kind != FACT_SOCKET || out->kind != FACT_SOCKET)
		return;
	k = state__socket(&c->f->st, in->object);
	c->p->told_shell = true;
	add(c, SEQ_SOCKET_SHELL, k ? k->addr : "", k ? strlen(k->addr) : 0, NULL);
}

/* What goes to its standard output is written by it, whoever has opened the file. */
static void downloads_to(const struct scene *c)
{
	struct st_fd *out = state__fd(c->p, 1);
	struct st_made *m = out && out->kind == FACT_FILE ? state__made(&c->f->st, out->object) : NULL;

	if (!m)
		return;
	m->roles = c->p->roles;
	m->pid = c->p->pid;
	m->serial = c->p->serial;
	m->seq = c->seq;
}

void sequence__exec(const struct scene *c, int code_fd)
{
	struct st_pipe *in = pipe_at(c, 0, false), *out = pipe_at(c, 1, true), *code = pipe_at(c, code_fd, false);
	struct st_fd *stdin_fd = state__fd(c->p, 0);
	struct st_socket *k = stdin_fd && stdin_fd->kind == FACT_SOCKET ? state__socket(&c->f->st, stdin_fd->object) : NULL;

	if (c->p->roles & ROLE_SHELL && k && !c->p->told_shell) {
		c->p->told_shell = true;
		add(c, SEQ_SOCKET_SHELL, k->addr, strlen(k->addr), NULL);
	}
	if (c->p->roles & ROLE_DOWNLOADER)
		downloads_to(c);
	if (out && c->p->roles & ROLE_DOWNLOADER && !out->download.seq) {
		finding__witness(c, &out->download, c->p->image, strlen(c->p->image));
		flow(c, out);
	}
	if (code && c->p->roles & ROLE_INTERPRETER && !code->runs.seq) {
		finding__witness(c, &code->runs, c->p->image, strlen(c->p->image));
		flow(c, code);
	}
	if (in && out && in != out && !in->next) {
		in->next = out->serial;
		flow(c, in);
	}
}

void sequence__outbound(const struct scene *c, const struct part *addr, const char *text, size_t len)
{
	struct state *s = &c->f->st;
	const char *name = state__name_of(s, addr);
	struct st_pipe *out = pipe_at(c, 1, true);

	for (struct st_tree *t = state__tree(s, c->p); t; t = state__outer(s, t)) {
		if (!t->secret.seq)
			continue;
		add(c, SEQ_EXFIL, text, len, &t->secret);
		break;
	}
	/* what runs already has asked for names that nobody saw */
	if (c->f->names_seen && !name && c->p->image[0])
		add(c, SEQ_RAW_IP, text, len, NULL);
	if (c->err || c->p->roles & ROLE_PACKAGES)
		return;
	c->p->roles |= ROLE_NETWORK;
	c->p->roles_ever |= ROLE_NETWORK;
	if (out && !out->download.seq) {
		finding__witness(c, &out->download, text, len);
		flow(c, out);
	}
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

void sequence__asked(const struct scene *c, const char *name, size_t len)
{
	struct st_tree *t = state__tree(&c->f->st, c->p);
	size_t label = 0, dots = 0, zone = len;
	uint64_t domain;
	unsigned int i;

	for (size_t k = 0; k < len; k++) {
		label = name[k] == '.' ? 0 : label + 1;
		if (label == DNS_LABEL + 1)
			add(c, SEQ_DNS_LABEL, name, len, NULL);
	}
	/* what is registered is taken to be the last two labels: under co.uk this counts too much together */
	while (zone && (name[zone - 1] != '.' || dots++ < 1))
		zone--;
	if (!zone)
		return;
	domain = state__hash(name + zone, len - zone);
	for (i = 0; i < ARRAY_SIZE(t->dns) && t->dns[i].domain != domain; i++)
		;
	if (i == ARRAY_SIZE(t->dns)) {
		i = t->dns_hand++ % ARRAY_SIZE(t->dns);
		t->dns[i].domain = domain;
		t->dns[i].names = 0;
	}
	t->dns[i].names |= 1ULL << (state__hash(name, zone) % 61);
	if (__builtin_popcountll(t->dns[i].names) == DNS_NAMES + 1)
		add(c, SEQ_DNS_MANY, name + zone, len - zone, NULL);
}
