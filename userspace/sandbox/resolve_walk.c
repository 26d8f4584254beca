/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/util.h"

#define LINKS_MAX 40 /* as the kernel */

/* ---- one path ---------------------------------------------------------------------------------------------- */

static const char *const system_dirs[] = { "/etc", "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
					   "/opt", "/nix", "/snap" };

/* May the link NAME in DIR (without links) be followed unasked? */
static bool of_the_system(const char *dir, const char *name, const struct stat *st, const struct writable *w)
{
	bool system = !*dir || (!strcmp(dir, "/var") && (!strcmp(name, "run") || !strcmp(name, "lock")));

	/* whoever owns it can have made it; 65534: root of a user namespace around ours */
	if (st->st_uid && st->st_uid != 65534)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(system_dirs) && !system; i++)
		system = grants__covers(system_dirs[i], dir);
	for (size_t i = 0; w && system && i < w->n; i++)
		system = !grants__covers(w->v[i], *dir ? dir : "/");
	return system;
}

static int note_link(struct found *f, const char *path, const char *target)
{
	struct grant_link *v = reallocarray(f->links, f->n_links + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	f->links = v;
	v[f->n_links] = (struct grant_link){ .path = strdup(path), .target = strdup(target) };
	f->n_links++;
	return v[f->n_links - 1].path && v[f->n_links - 1].target ? 0 : -ENOMEM;
}

static void up(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = 0;
}

/* Takes the first component off REST into NAME. False: there is none. */
static bool take(char *rest, char *name)
{
	size_t skip = strspn(rest, "/"), len = strcspn(rest + skip, "/");

	memcpy(name, rest + skip, len);
	name[len] = 0;
	memmove(rest, rest + skip + len, strlen(rest + skip + len) + 1);
	return len;
}

/* The link FD, called NAME in f->path: puts its target before REST. 0 or -errno. */
static int follow_link(int fd, const char *name, const struct stat *st, enum follow follow, const struct writable *w,
		       struct found *f, char *rest)
{
	char path[PATH_MAX], target[PATH_MAX], joined[PATH_MAX];
	ssize_t n = readlinkat(fd, "", target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = 0;
	if (snprintf(path, sizeof(path), "%s/%s", f->path, name) >= (int)sizeof(path) ||
	    snprintf(joined, sizeof(joined), "%s/%s", target, rest) >= (int)sizeof(joined))
		return -ENAMETOOLONG;
	if (of_the_system(f->path, name, st, w)) {
		int err = note_link(f, path, target);

		if (err)
			return err;
	} else {
		if (!*f->link) {
			strcpy(f->link, path);
			strcpy(f->target, target);
		}
		if (follow == FOLLOW_SYSTEM)
			return -ELOOP;
	}
	strcpy(rest, joined);
	if (*target == '/')
		*f->path = 0;
	return 0;
}

/* Opens NAME in *FD and goes there, or follows it. */
static int step(int *fd, const char *name, enum follow follow, const struct writable *w, struct found *f, char *rest)
{
	_cleanup_(close) int next = openat(*fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	size_t have = strlen(f->path), len = strlen(name);
	struct stat st;

	if (next < 0)
		return errno == ENOTDIR ? -ENOENT : -errno;
	if (fstat(next, &st))
		return -errno;
	if (S_ISLNK(st.st_mode)) {
		bool absolute;
		int err = follow_link(next, name, &st, follow, w, f, rest), root;

		absolute = !err && !*f->path;
		if (!absolute)
			return err;
		root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (root < 0)
			return -errno;
		close(*fd);
		*fd = root;
		return 0;
	}
	if (!strcmp(name, "..")) {
		up(f->path);
	} else if (have + 1 + len < sizeof(f->path)) {
		f->path[have] = '/';
		memcpy(f->path + have + 1, name, len + 1);
	} else {
		return -ENAMETOOLONG;
	}
	close(*fd);
	*fd = steal_fd(&next);
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->mode = st.st_mode;
	return 0;
}

/* Nothing in it but names: then it is canonical if there is no link in it. */
static bool is_clean(const char *path)
{
	size_t len = strlen(path);

	if (*path != '/' || len < 2 || len >= PATH_MAX || path[len - 1] == '/')
		return false;
	for (const char *p = path; (p = strchr(p, '/')); p++) {
		size_t n = strcspn(p + 1, "/");

		if (!n || (n == 1 && p[1] == '.') || (n == 2 && p[1] == '.' && p[2] == '.'))
			return false;
	}
	return true;
}

/* The usual path has no link: two calls instead of two for each of its components. 1: it must be walked after all. */
static int at_once(const char *path, struct found *f)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };
	_cleanup_(close) int fd = -1;
	struct stat st;

	if (!is_clean(path))
		return 1;
	fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? -ENOENT : errno == EACCES ? -EACCES : 1;
	if (fstat(fd, &st))
		return -errno;
	strcpy(f->path, path);
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->mode = st.st_mode;
	return 0;
}

/* ---- many paths -------------------------------------------------------------------------------------------- */

/*
 * A policy names many paths in few directories. Between walk__begin and walk__end these stay open, and a path costs one call
 * instead of three, or of three for each of its components where a link leads to it.
 */
#define KEPT_MAX 8
static struct {
	unsigned int users, n, next;
	struct {
		char path[128]; /* without links; "" is the root */
		int fd;
	} v[KEPT_MAX];
} kept;

void walk__begin(void)
{
	kept.users++;
}

void walk__end(void)
{
	if (--kept.users)
		return;
	while (kept.n)
		close(kept.v[--kept.n].fd);
	kept.next = 0;
}

/* The directory PATH[0..LEN). -ELOOP: there is a link in it; 1: not to be had in this way. */
static int kept_dir(const char *path, size_t len)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };
	char dir[sizeof(kept.v[0].path)];
	int fd;

	if (len >= sizeof(dir))
		return 1;
	memcpy(dir, path, len);
	dir[len] = 0;
	for (unsigned int i = 0; i < kept.n; i++)
		if (!strcmp(kept.v[i].path, dir))
			return kept.v[i].fd;
	fd = (int)syscall(SYS_openat2, AT_FDCWD, len ? dir : "/", &how, sizeof(how));
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? -ENOENT : errno == EACCES || errno == ELOOP ? -errno : 1;
	if (kept.n < KEPT_MAX)
		kept.next = kept.n++;
	else
		close(kept.v[kept.next].fd);
	memcpy(kept.v[kept.next].path, dir, len + 1);
	kept.v[kept.next].fd = fd;
	kept.next = (kept.next + 1) % KEPT_MAX;
	return fd;
}

/*
 * Finds the first component of PATH, which is clean, that is a link; else its last one. *RET_CUT: the length up to it;
 * *RET_DIR: the directory it is in. 0, -ENOENT, -EACCES; 1: as above.
 */
static int first_link(const char *path, size_t *ret_cut, int *ret_dir, struct stat *ret_st)
{
	char part[PATH_MAX];

	memcpy(part, path, strlen(path) + 1);
	for (char *slash; (slash = strrchr(part, '/')); *slash = 0) {
		int dir = kept_dir(part, (size_t)(slash - part));

		if (dir == -ELOOP)
			continue;
		if (dir < 0 || dir == 1)
			return dir;
		*ret_cut = strlen(part);
		*ret_dir = dir;
		if (!fstatat(dir, slash + 1, ret_st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT))
			return 0;
		return errno == ENOENT || errno == EACCES ? -errno : 1;
	}
	return 1;
}

/* f->path and then REST into PATH, clean. A ".." is understood at the beginning of REST only. */
static bool join(struct found *f, char *rest, char *path)
{
	char name[PATH_MAX];
	size_t len = 0;

	for (bool first = true; take(rest, name); ) {
		size_t n = strlen(name);

		if (!strcmp(name, "."))
			continue;
		if (!strcmp(name, "..")) {
			if (!first)
				return false;
			up(f->path);
			continue;
		}
		if (first)
			len = (size_t)(stpcpy(path, f->path) - path);
		first = false;
		if (len + 1 + n >= PATH_MAX)
			return false;
		path[len++] = '/';
		memcpy(path + len, name, n + 1);
		len += n;
	}
	return len;
}

/* As walk__path, by way of the directories that are kept. 1: it must be walked. */
static int by_kept(const char *path, enum follow follow, const struct writable *w, struct found *f)
{
	char now[PATH_MAX], rest[PATH_MAX];

	if (!kept.users || !is_clean(path))
		return 1;
	strcpy(now, path);
	for (unsigned int links = 0; links <= LINKS_MAX; links++) {
		_cleanup_(close) int fd = -1;
		struct stat st;
		size_t cut, name;
		int dir, err = first_link(now, &cut, &dir, &st);

		if (err)
			return err;
		if (!S_ISLNK(st.st_mode)) {
			strcpy(f->path, now);
			f->dev = st.st_dev;
			f->ino = st.st_ino;
			f->mode = st.st_mode;
			return now[cut] ? 1 : 0; /* a link a moment ago, and no longer */
		}
		strcpy(rest, now + cut);
		now[cut] = 0;
		name = (size_t)(strrchr(now, '/') - now);
		memcpy(f->path, now, name);
		f->path[name] = 0;
		/* whose it is and where it leads must be of one and the same */
		fd = openat(dir, now + name + 1, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &st) || !S_ISLNK(st.st_mode))
			return 1;
		err = follow_link(fd, now + name + 1, &st, follow, w, f, rest);
		if (err)
			return err;
		if (!join(f, rest, now))
			return 1;
	}
	return -ELOOP;
}

static void nothing_found(struct found *f)
{
	*f->path = *f->link = *f->target = 0;
	f->links = NULL;
	f->n_links = 0;
}

int walk__path(const char *path, enum follow follow, const struct writable *w, struct found *f)
{
	char rest[PATH_MAX], name[PATH_MAX];
	_cleanup_(close) int fd = -1;
	unsigned int links = 0;
	struct stat st;
	int once;

	nothing_found(f);
	once = by_kept(path, follow, w, f);
	if (once <= 0)
		return once;
	walk__done(f);
	nothing_found(f);
	once = at_once(path, f);
	if (once <= 0)
		return once;
	fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (snprintf(rest, sizeof(rest), "%s", path) >= (int)sizeof(rest))
		return -ENAMETOOLONG;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->mode = st.st_mode;
	while (take(rest, name)) {
		size_t before = strlen(rest);
		int err;

		if (!strcmp(name, ".") || (!strcmp(name, "..") && !*f->path))
			continue;
		err = step(&fd, name, follow, w, f, rest);
		if (err)
			return err;
		/* a link makes the rest longer; nothing else does */
		if (strlen(rest) > before && ++links > LINKS_MAX)
			return -ELOOP;
	}
	/* a link to "/" or a way up to it leaves the inode of another directory behind */
	if (fstat(fd, &st))
		return -errno;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->mode = st.st_mode;
	if (!*f->path)
		strcpy(f->path, "/");
	return 0;
}

void walk__done(struct found *f)
{
	for (size_t i = 0; i < f->n_links; i++) {
		free(f->links[i].path);
		free(f->links[i].target);
	}
	free(f->links);
	f->links = NULL;
	f->n_links = 0;
}

/* ---- patterns ---------------------------------------------------------------------------------------------- */

static bool is_wild(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] == '*' || s[i] == '?' || s[i] == '[')
			return true;
	return false;
}

/* A directory still to be read, and what of the pattern its entries must match. */
struct todo {
	struct todo *next;
	const char *pattern;	/* without a leading slash */
	char path[];		/* "" is the root */
};

static int push(struct todo **list, const char *dir, const char *name, const char *pattern)
{
	size_t a = strlen(dir), b = strlen(name);
	struct todo *t;

	if (a + 1 + b >= PATH_MAX)
		return -ENAMETOOLONG;
	t = malloc(sizeof(*t) + a + 1 + b + 1);
	if (!t)
		return -ENOMEM;
	t->pattern = pattern;
	memcpy(t->path, dir, a);
	if (b)
		t->path[a++] = '/';
	memcpy(t->path + a, name, b + 1);
	t->next = *list;
	*list = t;
	return 0;
}

static const char *after_slash(const char *p)
{
	return p + strspn(p, "/");
}

static bool deep(const char *pattern)
{
	return pattern[0] == '*' && pattern[1] == '*' && (!pattern[2] || pattern[2] == '/');
}

static int hit(struct walk *w, const char *dir, const char *name)
{
	char path[PATH_MAX];

	if (++w->matches > WALK_MATCHES)
		return -E2BIG;
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return w->match(w->ctx, path);
}

/* One entry of T's directory against the head of its pattern. */
static int entry(struct walk *w, struct todo **list, const struct todo *t, const char *name, bool is_dir)
{
	const char *head = t->pattern;
	bool any = deep(head), last;
	char component[NAME_MAX + 1];
	size_t len;
	int err;

	if (any) {
		/* stays the head for what is below */
		if (is_dir && (w->hidden || *name != '.')) {
			err = push(list, t->path, name, head);
			if (err)
				return err;
		}
		while (deep(head))
			head = after_slash(head + 2);
		if (!*head)
			return w->hidden || *name != '.' ? hit(w, t->path, name) : 0;
	}
	len = strcspn(head, "/");
	if (len > NAME_MAX)
		return 0;
	memcpy(component, head, len);
	component[len] = 0;
	if (!grants__glob(component, name, w->hidden))
		return 0;
	last = !*after_slash(head + len);
	if (last)
		return hit(w, t->path, name);
	return is_dir ? push(list, t->path, name, after_slash(head + len)) : 0;
}

static int open_dir(const char *path, DIR **ret)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK,
				.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, *path ? path : "/", &how, sizeof(how));

	if (fd < 0)
		return errno == ELOOP ? -ESTALE : -errno;
	*ret = fdopendir(fd);
	if (!*ret) {
		int err = -errno;

		close(fd);
		return err;
	}
	return 0;
}

static int read_dir(struct walk *w, struct todo **list, const struct todo *t)
{
	struct dirent *d;
	DIR *dir;
	int err = open_dir(t->path, &dir);

	/* gone, or no directory after all: nothing there can match */
	if (err == -ENOENT || err == -ENOTDIR)
		return 0;
	/* whoever can neither read nor enter it cannot reach what is in it */
	if (err == -EACCES && faccessat(AT_FDCWD, t->path, X_OK, AT_EACCESS))
		return 0;
	if (err)
		return err;
	while (!err && (errno = 0, d = readdir(dir))) {
		bool is_dir = d->d_type == DT_DIR;

		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		if (++w->entries > WALK_ENTRIES) {
			err = -E2BIG;
			break;
		}
		if (d->d_type == DT_UNKNOWN) {
			struct stat st;

			is_dir = !fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode);
		}
		err = entry(w, list, t, d->d_name, is_dir);
	}
	if (!err && errno)
		err = -errno;
	closedir(dir);
	return err;
}

/* Takes the components without wildcards off T's pattern; these need no reading. */
static int literal(struct walk *w, struct todo **list, const struct todo *t, bool *ret_done)
{
	const char *p = t->pattern;
	char path[PATH_MAX];
	size_t len = strcspn(p, "/"), have = strlen(t->path);
	struct stat st;

	*ret_done = !is_wild(p, len);
	if (!*ret_done)
		return 0;
	if (have + 1 + len >= sizeof(path))
		return -ENAMETOOLONG;
	memcpy(path, t->path, have);
	path[have] = '/';
	memcpy(path + have + 1, p, len);
	path[have + 1 + len] = 0;
	if (++w->entries > WALK_ENTRIES)
		return -E2BIG;
	if (fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
	if (!*after_slash(p + len)) {
		path[have] = 0;
		return hit(w, path, path + have + 1);
	}
	if (S_ISLNK(st.st_mode)) {
		struct found f;
		int err = w->hidden ? walk__path(path, FOLLOW_ALL, NULL, &f) : -ELOOP;

		if (w->hidden)
			walk__done(&f);
		if (!err)
			return push(list, strcmp(f.path, "/") ? f.path : "", "", after_slash(p + len));
		return err == -ENOENT || err == -EACCES ? 0 : err;
	}
	return push(list, path, "", after_slash(p + len));
}

int walk__pattern(const char *pattern, struct walk *w)
{
	struct todo *list = NULL;
	int err = push(&list, "", "", after_slash(pattern));

	while (list && !err) {
		struct todo *t = list;
		bool done;

		list = t->next;
		if (!w->enter || w->enter(w->ctx, *t->path ? t->path : "/")) {
			err = literal(w, &list, t, &done);
			if (!err && !done)
				err = read_dir(w, &list, t);
		}
		if (err)
			snprintf(w->where, sizeof(w->where), "%s", *t->path ? t->path : "/");
		free(t);
	}
	while (list) {
		struct todo *t = list;

		list = t->next;
		free(t);
	}
	return err;
}
