/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks an overlay's upper directory beside what lies below it. No recursion and no path that the kernel resolves in one
 * go: a stack of directories, each with its two descriptors and its sorted names. A directory that hides what is below
 * (opaque, or where no directory was) is walked together with the lower one, for what is gone.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <time.h>

#include "base/sha256.h"
#include "base/util.h"
#include "changes_internal.h"

/* Two descriptors a level: within the 1,024 that every process may have. */
#define MAX_DEPTH 400
/* Of names and paths in memory: a million files with long names in deep directories are gigabytes. */
#define MAX_TEXT (128ULL << 20)

struct item {
	char *name;
	bool upper, lower;
};

struct frame {
	int upper, lower;	/* -1: not there */
	bool fresh;		/* nothing of the lower directory shows through */
	mode_t restore;		/* mode of the upper one before it was made readable; 0: it was */
	struct item *items;
	size_t n, next, path_len;
};

struct walk {
	struct changes *c;
	const struct changes_limits *limits;
	uint32_t prefix_len;
	uint64_t deadline, entries, hash_left, text;
	char *path;		/* of what is looked at */
	size_t path_len, path_size;
	struct frame *stack;
	size_t depth, max_depth;
	struct sha256 *md;
	unsigned char *buf[2];
	bool stop;
};

/* What is at one name, above and below. */
struct pair {
	const char *name;
	bool have_upper, have_lower;
	struct stat upper, lower;
};


static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* The first reason is the one that is told. */
static void left_out(struct walk *w, const char *what)
{
	char path[80];

	if (!w->c->truncated)
		snprintf(w->c->why, sizeof(w->c->why), "%s: %s", what, printable(w->path, strlen(w->path), path, sizeof(path)));
	w->c->truncated = true;
}

static void halt(struct walk *w, const char *what, uint64_t n, const char *unit)
{
	if (!w->c->truncated)
		snprintf(w->c->why, sizeof(w->c->why), "%s %llu%s", what, (unsigned long long)n, unit);
	w->c->truncated = true;
	w->stop = true;
}

static bool out_of_time(struct walk *w)
{
	if (now_ns() < w->deadline)
		return false;
	halt(w, "reading the changes took longer than", w->limits->time_ns / 1000000, " ms");
	return true;
}

static bool take_text(struct walk *w, size_t n)
{
	if (w->text + n <= MAX_TEXT) {
		w->text += n;
		return true;
	}
	halt(w, "the names take more than", MAX_TEXT >> 20, " MiB");
	return false;
}

/* ---- the path of what is looked at ---- */

static int path_set(struct walk *w, size_t base, const char *name)
{
	size_t len = strlen(name), need = base + len + 2;

	if (need > w->path_size) {
		char *p = realloc(w->path, need * 2);

		if (!p)
			return -ENOMEM;
		w->path = p;
		w->path_size = need * 2;
	}
	w->path[base] = '/';
	memcpy(w->path + base + 1, name, len + 1);
	w->path_len = base + 1 + len;
	return 0;
}

/* ---- the list ---- */

static void count(struct changes *c, const struct change *ch)
{
	if (ch->kind == CHANGE_DELETED) {
		c->deleted++;
		return;
	}
	if (ch->kind == CHANGE_CREATED)
		c->created++;
	else
		c->modified++;
	if (ch->kind != CHANGE_METADATA && S_ISREG(ch->mode))
		c->bytes += MIN(ch->size, ch->blocks);
}

/* Grows at powers of two, so that the list needs no word for its room. CH->link is taken over. */
static int emit(struct walk *w, struct change *ch, const struct pair *p)
{
	struct changes *c = w->c;

	ch->prefix_len = w->prefix_len;
	if (p->have_upper) {
		ch->mode = p->upper.st_mode;
		ch->size = (uint64_t)p->upper.st_size;
		ch->blocks = (uint64_t)p->upper.st_blocks * 512;
	}
	if (p->have_lower) {
		ch->was_mode = p->lower.st_mode;
		ch->was_size = (uint64_t)p->lower.st_size;
		ch->was_ctime_ns = stat_ctime_ns(&p->lower);
	}
	if (!take_text(w, w->path_len + sizeof(*ch))) {
		free(ch->link);
		return 0;
	}
	if (!(c->n & (c->n - 1))) {
		struct change *v = reallocarray(c->v, c->n ? c->n * 2 : 1, sizeof(*v));

		if (!v)
			goto no_memory;
		c->v = v;
	}
	ch->path = strdup(w->path);
	if (!ch->path)
		goto no_memory;
	c->v[c->n++] = *ch;
	count(c, ch);
	return 0;
no_memory:
	free(ch->link);
	return -ENOMEM;
}

/* ---- directories ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct item *)a)->name, ((const struct item *)b)->name);
}

/* Adds the names of FD, as far as the limits go. -EACCES and the like: the caller says that it was left out. */
static int list(struct walk *w, int fd, bool lower, struct frame *f)
{
	int copy = beneath__open(fd, ".", O_RDONLY | O_DIRECTORY);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;
	int err = 0;

	if (!d) {
		err = copy < 0 ? copy : -errno;
		if (copy >= 0)
			close(copy);
		return err;
	}
	while (!w->stop && !err && (errno = 0, e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (w->entries++ >= w->limits->entries) {
			halt(w, "more entries than", w->limits->entries, "");
			break;
		}
		if (!take_text(w, strlen(e->d_name) + sizeof(struct item)) || (!(w->entries % 1024) && out_of_time(w)))
			break;
		if (f->n >= 16 ? !(f->n & (f->n - 1)) : !f->n) {
			struct item *v = reallocarray(f->items, f->n ? f->n * 2 : 16, sizeof(*v));

			if (!v) {
				err = -ENOMEM;
				break;
			}
			f->items = v;
		}
		f->items[f->n] = (struct item){ .name = strdup(e->d_name), .upper = !lower, .lower = lower };
		if (!f->items[f->n].name)
			err = -ENOMEM;
		else
			f->n++;
	}
	if (!err && errno)
		err = -errno;
	closedir(d);
	return w->stop ? 0 : err;
}

/* Sorts, and makes one of two of the same name. */
static void sort_items(struct frame *f)
{
	size_t out = 0;

	if (f->n)
		qsort(f->items, f->n, sizeof(*f->items), by_name);
	for (size_t i = 0; i < f->n; i++) {
		if (out && !strcmp(f->items[out - 1].name, f->items[i].name)) {
			f->items[out - 1].upper |= f->items[i].upper;
			f->items[out - 1].lower |= f->items[i].lower;
			free(f->items[i].name);
		} else {
			f->items[out++] = f->items[i];
		}
	}
	f->n = out;
}

static void pop(struct walk *w)
{
	struct frame *f = &w->stack[--w->depth];

	if (f->restore)
		beneath__chmod(f->upper, f->restore);
	if (f->upper >= 0)
		close(f->upper);
	if (f->lower >= 0)
		close(f->lower);
	for (size_t i = 0; i < f->n; i++) {
		w->text -= strlen(f->items[i].name) + sizeof(struct item);
		free(f->items[i].name);
	}
	free(f->items);
}

/* Takes over both descriptors, whatever happens. */
static int push(struct walk *w, int upper, int lower, bool fresh, mode_t restore)
{
	struct frame *f;
	int err = 0;

	if (w->depth == w->max_depth) {
		left_out(w, "deeper than the limit");
		if (restore)
			beneath__chmod(upper, restore);
		if (upper >= 0)
			close(upper);
		if (lower >= 0)
			close(lower);
		return 0;
	}
	f = &w->stack[w->depth++];
	*f = (struct frame){ .upper = upper, .lower = lower, .fresh = fresh, .restore = restore, .path_len = w->path_len };
	if (upper >= 0)
		err = list(w, upper, false, f);
	if (!err && lower >= 0 && fresh)
		err = list(w, lower, true, f);
	if (err && err != -ENOMEM) {
		left_out(w, "a directory that could not be read");
		err = 0;
	}
	sort_items(f);
	return err;
}

/* Readable if possible; to look names up in it, a directory need not be. */
static int open_lower_dir(struct walk *w, int dir, const char *name)
{
	int fd = beneath__open(dir, name, O_RDONLY | O_DIRECTORY);

	if (fd == -EACCES)
		fd = beneath__open(dir, name, O_PATH | O_DIRECTORY);
	if (fd < 0)
		left_out(w, fd == -EXDEV ? "another file system is mounted at" : "a directory could not be opened");
	return fd;
}

/* Everything below a directory that is gone. */
static int push_deleted(struct walk *w, const struct frame *f, const char *name)
{
	int fd = open_lower_dir(w, f->lower, name);

	return fd < 0 ? 0 : push(w, -1, fd, true, 0);
}

static bool is_opaque(int fd)
{
	char v = 0;

	return fgetxattr(fd, "user.overlay.opaque", &v, 1) == 1 && v == 'y';
}

/* ---- files ---- */

static bool same_owner(const struct pair *p)
{
	return p->upper.st_uid == p->lower.st_uid && p->upper.st_gid == p->lower.st_gid;
}

static bool same_metadata(const struct pair *p)
{
	if (!same_owner(p) || p->upper.st_mode != p->lower.st_mode)
		return false;
	return S_ISDIR(p->upper.st_mode) || (p->upper.st_mtim.tv_sec == p->lower.st_mtim.tv_sec &&
					      p->upper.st_mtim.tv_nsec == p->lower.st_mtim.tv_nsec);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && S_ISREG(b->st_mode) && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static ssize_t read_full(int fd, void *buf, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = read(fd, (char *)buf + got, n - got);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (!r)
			break;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

/* Hashes FD, of SIZE bytes, and compares it with LOWER, if that is not -1. False: not as it was said to be. */
static bool digest(struct walk *w, int fd, uint64_t size, int lower, uint8_t *ret_hash, bool *ret_same)
{
	uint64_t done = 0;

	*ret_same = lower >= 0;
	if (!sha256__begin(w->md))
		return false;
	for (;;) {
		ssize_t n = read_full(fd, w->buf[0], COPY_CHUNK);

		if (n < 0 || (uint64_t)n > size - done || !sha256__update(w->md, w->buf[0], (size_t)n))
			return false;
		if (*ret_same && (read_full(lower, w->buf[1], COPY_CHUNK) != n || memcmp(w->buf[0], w->buf[1], (size_t)n)))
			*ret_same = false;
		done += (uint64_t)n;
		if (n < (ssize_t)COPY_CHUNK)
			return done == size && sha256__end(w->md, ret_hash);
		if (out_of_time(w))
			return false;
	}
}

/*
 * Reads a regular file of the upper tree. True: it has the content of the lower one. A file over the limits is not
 * read, and so counts as changed: its times prove nothing, they can be set.
 */
static bool read_file(struct walk *w, const struct frame *f, const struct pair *p, struct change *ch)
{
	_cleanup_(close) int fd = -1, lower = -1;
	uint64_t size = (uint64_t)p->upper.st_size;
	struct stat st;
	bool same = false;
	mode_t restore;

	if (size > w->limits->hash_file || size > w->hash_left)
		return false;
	w->hash_left -= size;
	fd = beneath__open_own(f->upper, p->name, O_RDONLY, 0400, &restore);
	if (fd < 0)
		return false;
	if (restore)
		beneath__chmod(fd, restore);
	if (fstat(fd, &st) || !same_file(&p->upper, &st))
		return false;
	if (p->have_lower && S_ISREG(p->lower.st_mode) && p->lower.st_size == p->upper.st_size)
		lower = beneath__open(f->lower, p->name, O_RDONLY);
	ch->hashed = digest(w, fd, size, lower, ch->sha256, &same) && !fstat(fd, &st) && same_file(&p->upper, &st);
	if (!ch->hashed)
		memset(ch->sha256, 0, sizeof(ch->sha256));
	return same && ch->hashed;
}

/* 0, -ENOMEM. *RET: NULL where the link is gone or over-long, which no file system has. */
static int read_link(int dir, const char *name, char **ret)
{
	char buf[PATH_MAX];
	ssize_t n = readlinkat(dir, name, buf, sizeof(buf));

	*ret = NULL;
	if (n < 0 || n == (ssize_t)sizeof(buf))
		return 0;
	*ret = strndup(buf, (size_t)n);
	return *ret ? 0 : -ENOMEM;
}

/* ---- one name ---- */

static int visit_dir(struct walk *w, const struct frame *f, const struct pair *p)
{
	bool was_dir = p->have_lower && S_ISDIR(p->lower.st_mode), opaque, fresh;
	struct change ch = { 0 };
	int upper, lower = -1, err = 0;
	mode_t restore;

	upper = beneath__open_own(f->upper, p->name, O_RDONLY | O_DIRECTORY, 0500, &restore);
	if (upper >= 0 && !(p->upper.st_mode & 0100) && !restore && !beneath__chmod(upper, p->upper.st_mode | 0500))
		restore = p->upper.st_mode; /* may be listed, but not entered */
	opaque = upper >= 0 && is_opaque(upper);
	fresh = f->fresh || opaque || !was_dir;
	if (!p->have_lower)
		ch.kind = CHANGE_CREATED;
	else if (fresh)
		ch.kind = CHANGE_REPLACED;
	else
		ch.kind = CHANGE_METADATA;
	if (ch.kind != CHANGE_METADATA || !same_metadata(p))
		err = emit(w, &ch, p);
	if (!err && was_dir && !w->stop)
		lower = open_lower_dir(w, f->lower, p->name);
	if (upper < 0) {
		left_out(w, "a directory could not be opened");
		if (lower >= 0)
			close(lower);
		return err;
	}
	if (!err)
		return push(w, upper, lower, fresh, restore);
	close(upper);
	return err;
}

static int visit_other(struct walk *w, const struct frame *f, const struct pair *p)
{
	struct change ch = { .kind = p->have_lower ? CHANGE_MODIFIED : CHANGE_CREATED };
	mode_t type = p->upper.st_mode & S_IFMT;
	bool same = false;
	int err = 0;

	if (p->have_lower && type != (p->lower.st_mode & S_IFMT))
		ch.kind = CHANGE_REPLACED;
	if (type == S_IFREG) {
		same = read_file(w, f, p, &ch);
	} else if (type == S_IFLNK) {
		_cleanup_(free) char *was = NULL;

		err = read_link(f->upper, p->name, &ch.link);
		if (!err && ch.kind == CHANGE_MODIFIED)
			err = read_link(f->lower, p->name, &was);
		same = ch.link && was && !strcmp(ch.link, was);
	} else {
		same = p->have_lower && p->upper.st_rdev == p->lower.st_rdev;
	}
	if (!err && ch.kind == CHANGE_MODIFIED && same) {
		if (same_metadata(p)) {
			free(ch.link);
			return 0;
		}
		ch.kind = CHANGE_METADATA;
	}
	if (err) {
		free(ch.link);
		return err;
	}
	err = emit(w, &ch, p);
	if (!err && !w->stop && p->have_lower && S_ISDIR(p->lower.st_mode))
		err = push_deleted(w, f, p->name);
	return err;
}

static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

static int visit(struct walk *w, struct frame *f, const struct item *it)
{
	struct pair p = { .name = it->name };
	int err = path_set(w, f->path_len, it->name);

	if (err)
		return err;
	if (out_of_time(w))
		return 0;
	p.have_upper = it->upper && !fstatat(f->upper, it->name, &p.upper, AT_SYMLINK_NOFOLLOW) && !is_whiteout(&p.upper);
	if (f->lower >= 0) {
		p.have_lower = !fstatat(f->lower, it->name, &p.lower, AT_SYMLINK_NOFOLLOW);
		if (!p.have_lower && errno != ENOENT)
			left_out(w, "what was there before could not be looked at");
	}
	if (p.have_upper)
		return S_ISDIR(p.upper.st_mode) ? visit_dir(w, f, &p) : visit_other(w, f, &p);
	if (p.have_lower) {
		struct change ch = { .kind = CHANGE_DELETED };

		err = emit(w, &ch, &p);
		if (!err && !w->stop && S_ISDIR(p.lower.st_mode))
			err = push_deleted(w, f, it->name);
	}
	return err;
}

static int walk(struct walk *w, int upper_fd, int lower_fd)
{
	int upper = beneath__open(upper_fd, ".", O_RDONLY | O_DIRECTORY), lower, err;

	if (upper < 0)
		return upper;
	lower = beneath__open(lower_fd, ".", O_PATH | O_DIRECTORY);
	if (lower < 0) {
		close(upper);
		return lower;
	}
	err = push(w, upper, lower, false, 0);
	while (w->depth && !err && !w->stop) {
		struct frame *f = &w->stack[w->depth - 1];

		if (f->next == f->n)
			pop(w);
		else
			err = visit(w, f, &f->items[f->next++]);
	}
	while (w->depth)
		pop(w);
	return err;
}

int changes__read(struct changes *c, int upper_fd, int lower_fd, const char *prefix, const struct changes_limits *limits)
{
	size_t prefix_len = strlen(prefix);
	struct walk w = { .c = c, .limits = limits, .deadline = now_ns() + limits->time_ns, .hash_left = limits->hash_total };
	int err = -ENOMEM;

	while (prefix_len && prefix[prefix_len - 1] == '/')
		prefix_len--;
	w.prefix_len = (uint32_t)prefix_len;
	w.max_depth = MIN(limits->depth, MAX_DEPTH);
	w.stack = calloc(w.max_depth + 1, sizeof(*w.stack));
	w.md = sha256__new();
	w.buf[0] = malloc(COPY_CHUNK);
	w.buf[1] = malloc(COPY_CHUNK);
	w.path_size = prefix_len + PATH_MAX;
	w.path = malloc(w.path_size);
	if (w.stack && w.md && w.buf[0] && w.buf[1] && w.path) {
		memcpy(w.path, prefix, prefix_len);
		w.path[prefix_len] = 0;
		w.path_len = prefix_len;
		err = walk(&w, upper_fd, lower_fd);
	}
	free(w.path);
	free(w.buf[0]);
	free(w.buf[1]);
	sha256__free(w.md);
	free(w.stack);
	return err;
}
