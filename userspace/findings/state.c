/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of state.h. */
#include "state.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "../base/util.h"

uint64_t state__hash(const char *s, size_t len)
{
	uint64_t h = 14695981039346656037ULL;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)s[i]) * 1099511628211ULL;
	return h ? h : 1;
}

/* ---- processes --------------------------------------------------------------------------------------------------- */

static uint16_t *slot_of(struct state *s, uint32_t pid)
{
	return &s->slots[(pid * 2654435761U >> 8) & (ST_PROC_SLOTS - 1)];
}

static void unlink_proc(struct state *s, struct st_proc *p)
{
	uint16_t *at = slot_of(s, p->pid), index = (uint16_t)(p - s->procs + 1);

	while (*at && *at != index)
		at = &s->procs[*at - 1].next;
	if (*at)
		*at = p->next;
}

static struct st_proc *find(struct state *s, uint32_t pid)
{
	for (uint16_t i = *slot_of(s, pid); i; i = s->procs[i - 1].next)
		if (s->procs[i - 1].pid == pid)
			return &s->procs[i - 1];
	return NULL;
}

/* A place for another process: a free one, that of one which has ended, and only then that of one which has not. */
static struct st_proc *place(struct state *s)
{
	struct st_proc *p;

	if (s->n_procs < ST_PROCS)
		return &s->procs[s->n_procs++];
	for (unsigned int i = 0; i < ST_PROCS; i++) {
		p = &s->procs[s->hand++ % ST_PROCS];
		if (p->exited)
			return p;
	}
	s->forgotten++;
	return &s->procs[s->hand++ % ST_PROCS];
}

static struct st_proc *new_proc(struct state *s, uint32_t pid)
{
	struct st_proc *p = find(s, pid);
	uint16_t *slot;

	if (!p)
		p = place(s);
	if (p->serial)
		unlink_proc(s, p);
	memset(p, 0, sizeof(*p));
	slot = slot_of(s, pid);
	p->pid = pid;
	p->serial = ++s->serial;
	p->parent = p->tree = ST_NONE;
	p->next = *slot;
	*slot = (uint16_t)(p - s->procs + 1);
	return p;
}

struct st_proc *state__proc(struct state *s, uint32_t pid)
{
	struct st_proc *p = find(s, pid);

	return p ? p : new_proc(s, pid);
}

struct st_proc *state__parent(struct state *s, const struct st_proc *p)
{
	struct st_proc *parent = p->parent == ST_NONE ? NULL : &s->procs[p->parent];

	return parent && parent->serial == p->parent_serial ? parent : NULL;
}

static struct st_tree *new_tree(struct state *s, struct st_proc *p, const struct st_tree *outer)
{
	uint16_t index = (uint16_t)(s->tree_hand++ % ST_TREES);
	uint32_t outer_serial = outer ? outer->serial : 0; /* its place may be the one that is taken now */
	struct st_tree *t = &s->trees[index];

	s->forgotten += t->serial != 0;
	memset(t, 0, sizeof(*t));
	t->serial = ++s->serial;
	t->outer = outer ? (uint16_t)(outer - s->trees) : ST_NONE;
	t->outer_serial = outer_serial;
	memcpy(t->cwd, p->cwd, sizeof(t->cwd));
	p->tree = index;
	p->tree_serial = t->serial;
	return t;
}

struct st_tree *state__tree(struct state *s, struct st_proc *p)
{
	if (p->tree != ST_NONE && s->trees[p->tree].serial == p->tree_serial)
		return &s->trees[p->tree];
	return new_tree(s, p, NULL);
}

struct st_tree *state__outer(struct state *s, const struct st_tree *t)
{
	struct st_tree *outer = t->outer == ST_NONE ? NULL : &s->trees[t->outer];

	return outer && outer->serial == t->outer_serial ? outer : NULL;
}

void state__spawn(struct state *s, struct st_proc *parent, uint32_t child_pid)
{
	uint16_t parent_index = (uint16_t)(parent - s->procs);
	uint32_t parent_serial = parent->serial;
	struct st_tree *tree = state__tree(s, parent);
	struct st_proc *child = new_proc(s, child_pid);

	parent = &s->procs[parent_index];
	if (parent->serial != parent_serial) /* a full table: the child has its place */
		return;
	child->parent = parent_index;
	child->parent_serial = parent_serial;
	child->roles = child->roles_ever = parent->roles;
	memcpy(child->comm, parent->comm, sizeof(child->comm));
	memcpy(child->program, parent->program, sizeof(child->program));
	memcpy(child->image, parent->image, sizeof(child->image));
	memcpy(child->cwd, parent->cwd, sizeof(child->cwd));
	memcpy(child->fds, parent->fds, sizeof(child->fds));
	child->exe = parent->exe;
	child->script = parent->script;
	child->tree = parent->tree;
	child->tree_serial = parent->tree_serial;
	if (parent->roles & ROLE_PACKAGES && parent->program[0]) {
		struct st_tree *inner = new_tree(s, child, tree);

		inner->install = true;
		inner->cwd[0] = 0; /* that of the program which it will be */
	}
}

bool state__is(const struct st_proc *p, const char *list)
{
	return list && p->program[0] && rule__listed(list, p->program);
}

/* ---- paths ------------------------------------------------------------------------------------------------------- */

/* Appends the components of S to the absolute path in BUF. */
static size_t append(char *buf, size_t len, size_t size, const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t at = i, l;

		while (at < n && s[at] == '/')
			at++;
		for (i = at; i < n && s[i] != '/';)
			i++;
		l = i - at;
		if (!l || (l == 1 && s[at] == '.'))
			continue;
		if (l == 2 && s[at] == '.' && s[at + 1] == '.') {
			while (len && buf[--len] != '/')
				;
			continue;
		}
		if (len + l + 1 > size)
			return len;
		buf[len++] = '/';
		memcpy(buf + len, s + at, l);
		len += l;
	}
	return len;
}

size_t state__path(struct state *s, const struct st_proc *p, const struct fact *f, char *buf, size_t size)
{
	const char *base = NULL;
	size_t len = 0;

	if (!f->len || f->text[0] != '/') {
		struct st_fd *fd = f->dirfd == AT_FDCWD ? NULL : state__fd((struct st_proc *)p, f->dirfd);
		struct st_dir *dir = fd && fd->kind == FACT_DIR ? state__dir(s, fd->object) : NULL;

		base = f->dirfd == AT_FDCWD ? p->cwd : dir ? dir->path : "";
		if (!base[0]) { /* it stays relative */
			len = MIN(f->len, size);
			memcpy(buf, f->text, len);
			return len;
		}
		len = append(buf, 0, size, base, strlen(base));
	}
	len = append(buf, len, size, f->text, f->len);
	if (!len)
		buf[len++] = '/';
	return len;
}

/* ---- descriptors ------------------------------------------------------------------------------------------------- */

struct st_fd *state__fd(struct st_proc *p, int fd)
{
	for (unsigned int i = 0; fd >= 0 && i < ST_FDS; i++)
		if (p->fds[i].kind && p->fds[i].fd == fd)
			return &p->fds[i];
	return NULL;
}

void state__fd_close(struct st_proc *p, int first, int last)
{
	for (unsigned int i = 0; i < ST_FDS; i++)
		if (p->fds[i].fd >= first && p->fds[i].fd <= last)
			p->fds[i].kind = 0;
}

void state__fd_set(struct state *s, struct st_proc *p, struct st_fd fd)
{
	struct st_fd *at = state__fd(p, fd.fd), *lesser = NULL;
	bool less = fd.kind == FACT_DIR || fd.kind == FACT_FILE;

	for (unsigned int i = 0; !at && i < ST_FDS; i++)
		if (!p->fds[i].kind)
			at = &p->fds[i];
	/* of files and directories there are many, and they matter least: they give way first */
	for (unsigned int i = 0; !at && !lesser && i < ST_FDS; i++)
		if ((p->fds[i].kind == FACT_DIR || p->fds[i].kind == FACT_FILE) && p->fds[i].fd > 2)
			lesser = &p->fds[i];
	if (!at && (!less || lesser)) {
		s->forgotten += !lesser;
		at = lesser ? lesser : &p->fds[ST_FDS - 1];
	}
	if (at)
		*at = fd;
}

void state__fd_exec(struct st_proc *p)
{
	for (unsigned int i = 0; i < ST_FDS; i++)
		if (p->fds[i].cloexec)
			p->fds[i].kind = 0;
}

uint32_t state__dir_new(struct state *s, const char *path, size_t len)
{
	struct st_dir *d = &s->dirs[++s->n_dirs % ST_OBJECTS];

	d->serial = s->n_dirs;
	len = len < sizeof(d->path) ? len : 0; /* what is cut leads nowhere */
	memcpy(d->path, path, len);
	d->path[len] = 0;
	return d->serial;
}

uint32_t state__socket_new(struct state *s)
{
	struct st_socket *k = &s->sockets[++s->n_sockets % ST_OBJECTS];

	*k = (struct st_socket){.serial = s->n_sockets};
	return k->serial;
}

uint32_t state__pipe_new(struct state *s)
{
	struct st_pipe *k = &s->pipes[++s->n_pipes % ST_OBJECTS];

	*k = (struct st_pipe){.serial = s->n_pipes};
	return k->serial;
}

#define LOOK_UP(type, field)                                                                                           \
	struct type *state__##field(struct state *s, uint64_t serial)                                                  \
	{                                                                                                              \
		struct type *k = &s->field##s[serial % ST_OBJECTS];                                                    \
                                                                                                                       \
		if (serial && k->serial == serial)                                                                     \
			return k;                                                                                      \
		s->forgotten += serial != 0;                                                                           \
		return NULL;                                                                                           \
	}
LOOK_UP(st_dir, dir)
LOOK_UP(st_socket, socket)
LOOK_UP(st_pipe, pipe)

/* ---- files that this run made ------------------------------------------------------------------------------------ */

static struct st_made *set_of(struct state *s, uint64_t path)
{
	return &s->made[path % (ST_MADE / ST_MADE_WAYS) * ST_MADE_WAYS];
}

struct st_made *state__made(struct state *s, uint64_t path)
{
	struct st_made *set = set_of(s, path);

	for (unsigned int i = 0; i < ST_MADE_WAYS; i++)
		if (set[i].path == path)
			return &set[i];
	return NULL;
}

struct st_made *state__make(struct state *s, uint64_t path)
{
	struct st_made *m = state__made(s, path), *set = set_of(s, path);

	if (m)
		return m;
	m = &set[0];
	for (unsigned int i = 0; i < ST_MADE_WAYS && m->path; i++)
		if (!set[i].path || set[i].seq < m->seq)
			m = &set[i];
	s->forgotten += m->path != 0;
	*m = (struct st_made){.path = path};
	return m;
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

static bool address_bytes(const struct part *addr, uint8_t *ret)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	uint16_t family;

	if (!fact__is_ip(addr))
		return false;
	memcpy(&family, addr->data, sizeof(family));
	if (family == AF_INET6) {
		memcpy(ret, addr->data + 8, 16);
	} else {
		memcpy(ret, mapped, 12);
		memcpy(ret + 12, addr->data + 4, 4);
	}
	return true;
}

const char *state__name_of(const struct state *s, const struct part *addr)
{
	uint8_t bytes[16];

	if (!address_bytes(addr, bytes))
		return NULL;
	/* the latest first: an address can change hands */
	for (uint64_t i = s->n_names; i > 0 && s->n_names - i < ST_NAMES; i--)
		if (!memcmp(s->names[(i - 1) % ST_NAMES].addr, bytes, sizeof(bytes)))
			return s->names[(i - 1) % ST_NAMES].name;
	return NULL;
}

void state__name_add(struct state *s, const struct part *addr, const char *name, size_t len)
{
	struct st_name *n = &s->names[s->n_names % ST_NAMES];
	const char *old = state__name_of(s, addr);

	if (old && strlen(old) == MIN(len, sizeof(n->name) - 1) && !memcmp(old, name, strlen(old)))
		return;
	if (!address_bytes(addr, n->addr))
		return;
	len = MIN(len, sizeof(n->name) - 1);
	memcpy(n->name, name, len);
	n->name[len] = 0;
	s->n_names++;
}
