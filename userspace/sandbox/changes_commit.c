/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Applies a list of changes to the tree below an overlay. First everything is compared with what the reader saw there;
 * then, so that a full disk costs as little as possible: what is new or changed, what is deleted (children first), what
 * takes the place of a directory, and last the modes of directories. Only listed names are ever removed.
 */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/sha256.h"
#include "base/util.h"
#include "changes_internal.h"

#define SET_ID (S_ISUID | S_ISGID)
#define MAX_REFUSED_SAID 10

/* The directory last looked into: the list is in path order, so most entries share it with the one before. */
struct place {
	int root;
	bool writable;		/* a directory of ours without the write bit gets it while it is looked into */
	int fd;
	const char *dir;
	size_t len;
	mode_t restore;
};

enum step { STEP_APPLY, STEP_SKIP };

struct commit {
	const struct changes *c;
	struct place upper, lower;
	const char *prefix;
	size_t prefix_len;
	uint8_t *step;		/* of each change */
	uint64_t done, total, refused;
	struct sha256 *md;
	char *buf;
};

static int failed(const char *what, const struct change *ch, int err)
{
	char path[512];

	return log_errno(err, "commit: %s %s", what, printable(ch->path, strlen(ch->path), path, sizeof(path)));
}

/* ---- where a change is ---- */

static void place__close(struct place *p)
{
	if (p->restore)
		beneath__chmod(p->fd, p->restore);
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	p->restore = 0;
}

/* The directory that holds CH, and its name in it. Descriptor, owned by P, or -errno. */
static int place__of(struct place *p, const struct commit *m, const struct change *ch, const char **ret_name)
{
	const char *rel = ch->path + m->prefix_len + 1, *slash = strrchr(rel, '/');
	size_t len = slash ? (size_t)(slash - rel) : 0;
	struct stat st;

	*ret_name = slash ? slash + 1 : rel;
	if (p->fd >= 0 && p->len == len && !memcmp(p->dir, rel, len))
		return p->fd;
	place__close(p);
	p->fd = beneath__dir(p->root, rel, len);
	p->dir = rel;
	p->len = len;
	if (p->fd >= 0 && p->writable && geteuid() && !fstat(p->fd, &st) && st.st_uid == geteuid() &&
	    (st.st_mode & 0300) != 0300 && !beneath__chmod(p->fd, st.st_mode | 0700))
		p->restore = st.st_mode;
	return p->fd;
}

static bool is_ours(const struct commit *m, const struct change *ch)
{
	return ch->prefix_len == m->prefix_len && !memcmp(ch->path, m->prefix, m->prefix_len);
}

/* ---- before anything is touched ---- */

/* Is there below what the reader saw there? 0, -ESTALE, or -errno; said on stderr. */
static int check(struct commit *m, const struct change *ch)
{
	const char *name;
	struct stat st;
	int dir = place__of(&m->lower, m, ch, &name);

	if (dir == -ENOENT || dir == -ENOTDIR || dir == -ELOOP)
		return failed("meanwhile somebody else replaced the directory of", ch, -ESTALE);
	if (dir < 0)
		return failed("the directory of", ch, dir);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW)) {
		if (errno != ENOENT)
			return failed("look at", ch, -errno);
		return ch->was_mode ? failed("meanwhile somebody else removed", ch, -ESTALE) : 0;
	}
	if (!ch->was_mode)
		return failed("meanwhile somebody else created", ch, -ESTALE);
	if ((st.st_mode & S_IFMT) != (ch->was_mode & S_IFMT))
		return failed("meanwhile somebody else replaced", ch, -ESTALE);
	if (!S_ISDIR(st.st_mode) && (stat_ctime_ns(&st) != ch->was_ctime_ns || (uint64_t)st.st_size != ch->was_size))
		return failed("meanwhile somebody else changed", ch, -ESTALE);
	return 0;
}

static bool is_below(const struct change *ch, const struct change *dir)
{
	size_t len = strlen(dir->path);

	return !strncmp(ch->path, dir->path, len) && ch->path[len] == '/';
}

static void refuse(struct commit *m, const struct change *ch)
{
	const char *what = S_ISFIFO(ch->mode) ? "FIFO" : S_ISSOCK(ch->mode) ? "socket" : "device";
	char path[512];

	if (m->refused++ < MAX_REFUSED_SAID)
		log_warn("commit: the %s %s is not carried over", what, printable(ch->path, strlen(ch->path), path, sizeof(path)));
	else if (m->refused == MAX_REFUSED_SAID + 1)
		log_warn("commit: further FIFOs, sockets and devices are only counted");
}

/*
 * What a FIFO or the like would have replaced stays, with all that is in it. Below a directory that is to be made there
 * is nothing to compare.
 */
static int plan(struct commit *m)
{
	const struct change *stays = NULL, *made = NULL;

	for (size_t i = 0; i < m->c->n; i++) {
		const struct change *ch = &m->c->v[i];
		int err;

		m->step[i] = STEP_SKIP;
		if (!is_ours(m, ch) || (stays && is_below(ch, stays)))
			continue;
		if (ch->kind != CHANGE_DELETED && ch->kind != CHANGE_METADATA && !S_ISREG(ch->mode) && !S_ISDIR(ch->mode) &&
		    !S_ISLNK(ch->mode)) {
			refuse(m, ch);
			stays = ch;
			continue;
		}
		err = made && is_below(ch, made) ? 0 : check(m, ch);
		if (err)
			return err;
		if (S_ISDIR(ch->mode) && !S_ISDIR(ch->was_mode) && !(made && is_below(ch, made)))
			made = ch;
		m->step[i] = STEP_APPLY;
		m->total++;
	}
	place__close(&m->lower);
	return 0;
}

/* As an ordinary user: what the command made unsearchable for its owner must be walked again. */
static void open_up(struct commit *m)
{
	for (size_t i = 0; geteuid() && i < m->c->n; i++) {
		const struct change *ch = &m->c->v[i];
		const char *name;
		int dir;

		if (m->step[i] != STEP_APPLY || !S_ISDIR(ch->mode) || (ch->mode & 0700) == 0700)
			continue;
		dir = place__of(&m->upper, m, ch, &name);
		if (dir >= 0) {
			_cleanup_(close) int fd = beneath__open(dir, name, O_PATH | O_DIRECTORY);

			if (fd >= 0)
				beneath__chmod(fd, ch->mode | 0700);
		}
	}
}

/* ---- one file ---- */

static bool all_zero(const char *buf, size_t n)
{
	return !n || (!buf[0] && !memcmp(buf, buf + 1, n - 1));
}

/* The whole file, holes kept, against the hash that was shown. */
static int copy_hashed(struct commit *m, int from, int to, const struct change *ch)
{
	unsigned char hash[SHA256_BYTES];
	uint64_t done = 0;

	if (!sha256__begin(m->md))
		return -ENOMEM;
	for (;;) {
		ssize_t n = read(from, m->buf, COPY_CHUNK);
		int err;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += (uint64_t)n;
		if (done > ch->size)
			return -ESTALE;
		sha256__update(m->md, m->buf, (size_t)n);
		if (all_zero(m->buf, (size_t)n))
			err = lseek(to, n, SEEK_CUR) < 0 ? -errno : 0;
		else
			err = write_full(to, m->buf, (size_t)n);
		if (err)
			return err;
	}
	if (done != ch->size || !sha256__end(m->md, hash) || memcmp(hash, ch->sha256, sizeof(ch->sha256)))
		return -ESTALE;
	return ftruncate(to, (off_t)ch->size) ? -errno : 0;
}

/* Only what is allocated: the size may be an invention. */
static int copy_data(struct commit *m, int from, int to, const struct change *ch)
{
	off_t pos = 0, size = (off_t)ch->size;

	if (ftruncate(to, size))
		return -errno;
	while ((pos = lseek(from, pos, SEEK_DATA)) >= 0 && pos < size) {
		off_t end = lseek(from, pos, SEEK_HOLE);

		if (end < 0)
			return -errno;
		for (end = MIN(end, size); pos < end;) {
			ssize_t n = pread(from, m->buf, MIN((size_t)(end - pos), (size_t)COPY_CHUNK), pos);
			int err;

			if (n < 0 && errno == EINTR)
				continue;
			if (n <= 0)
				return n ? -errno : -ESTALE;
			err = lseek(to, pos, SEEK_SET) < 0 ? -errno : write_full(to, m->buf, (size_t)n);
			if (err)
				return err;
			pos += n;
		}
	}
	return pos < 0 && errno != ENXIO ? -errno : 0;
}

static void temp_name(char *buf, size_t size)
{
	uint64_t r[2] = { 0, 0 };

	if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
		r[0] = (uint64_t)getpid(); /* O_EXCL decides anyway */
	snprintf(buf, size, ".sandtrace-%016llx%016llx", (unsigned long long)r[0], (unsigned long long)r[1]);
}

/* An ordinary user owns all that the command made; a group that is not theirs to give stays their own. */
static int set_owner(int fd, const struct stat *st)
{
	struct stat now;

	if (fstat(fd, &now))
		return -errno;
	if (now.st_uid == st->st_uid && now.st_gid == st->st_gid)
		return 0;
	if (fchownat(fd, "", st->st_uid, st->st_gid, AT_EMPTY_PATH) && (errno != EPERM || !geteuid()))
		return -errno;
	return 0;
}

static int set_times(int fd, const struct stat *st)
{
	struct timespec ts[2] = { { .tv_nsec = UTIME_OMIT }, st->st_mtim };

	return utimensat(fd, "", ts, AT_EMPTY_PATH) ? -errno : 0;
}

/* TEMP becomes NAME. What is not expected to be there is not replaced. */
static int move_in(int dir, const char *temp, const char *name, bool expected)
{
	struct stat st;

	if (!expected) {
		if (!renameat2(dir, temp, dir, name, RENAME_NOREPLACE))
			return 0;
		if (errno != EINVAL && errno != ENOSYS)
			return errno == EEXIST ? -ESTALE : -errno;
		/* The file system has no such flag. */
		if (!fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
			return -ESTALE;
	}
	return renameat(dir, temp, dir, name) ? -errno : 0;
}

static int fill_temp(struct commit *m, int from_dir, const char *from, int dir, const char *temp, const struct change *ch)
{
	_cleanup_(close) int in = -1, out = -1;
	struct stat st;
	mode_t restore;
	int err;

	in = beneath__open_own(from_dir, from, O_RDONLY, 0400, &restore);
	if (in < 0)
		return in;
	if (restore)
		beneath__chmod(in, restore);
	if (fstat(in, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != ch->size)
		return -ESTALE;
	out = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	err = ch->hashed ? copy_hashed(m, in, out, ch) : copy_data(m, in, out, ch);
	if (!err)
		err = set_owner(out, &st);
	if (!err && fchmod(out, ch->mode & 07777 & ~SET_ID))
		err = -errno;
	return err ? err : set_times(out, &st);
}

static int make_link(int from_dir, const char *from, int dir, const char *temp, const struct change *ch)
{
	_cleanup_(close) int fd = -1;
	struct stat st;

	if (!ch->link || fstatat(from_dir, from, &st, AT_SYMLINK_NOFOLLOW) || !S_ISLNK(st.st_mode))
		return -ESTALE;
	if (symlinkat(ch->link, dir, temp))
		return -errno;
	fd = beneath__open(dir, temp, O_PATH);
	if (fd < 0)
		return fd;
	return set_owner(fd, &st) ?: set_times(fd, &st);
}

static int put(struct commit *m, const struct change *ch)
{
	const char *name, *from;
	char temp[64];
	int dir = place__of(&m->lower, m, ch, &name), from_dir = place__of(&m->upper, m, ch, &from), err;

	if (dir < 0 || from_dir < 0)
		return failed("the directory of", ch, dir < 0 ? dir : from_dir);
	temp_name(temp, sizeof(temp));
	if (S_ISLNK(ch->mode))
		err = make_link(from_dir, from, dir, temp, ch);
	else
		err = fill_temp(m, from_dir, from, dir, temp, ch);
	if (!err && S_ISDIR(ch->was_mode) && unlinkat(dir, name, AT_REMOVEDIR))
		err = -errno;
	if (!err)
		err = move_in(dir, temp, name, ch->was_mode && !S_ISDIR(ch->was_mode));
	if (err) {
		unlinkat(dir, temp, 0);
		return failed("write", ch, err);
	}
	m->done++;
	return 0;
}

/* Searchable for us until what is in it has been written. */
static int make_dir(struct commit *m, const struct change *ch)
{
	const char *name;
	int dir = place__of(&m->lower, m, ch, &name);

	if (dir < 0)
		return failed("the directory of", ch, dir);
	if (S_ISDIR(ch->was_mode))
		return 0;
	if (ch->was_mode && unlinkat(dir, name, 0))
		return failed("remove the former", ch, -errno);
	return mkdirat(dir, name, 0700) ? failed("make the directory", ch, -errno) : 0;
}

/* Mode, owner and times as left, of what is there already. */
static int set_metadata(struct commit *m, const struct change *ch)
{
	_cleanup_(close) int fd = -1;
	const char *name, *from;
	struct stat st, now;
	int dir = place__of(&m->lower, m, ch, &name), from_dir = place__of(&m->upper, m, ch, &from), err;

	if (dir < 0 || from_dir < 0)
		return failed("the directory of", ch, dir < 0 ? dir : from_dir);
	fd = beneath__open(dir, name, O_PATH);
	if (fd < 0)
		return failed("open", ch, fd);
	if (fstatat(from_dir, from, &st, AT_SYMLINK_NOFOLLOW) || fstat(fd, &now) ||
	    (now.st_mode & S_IFMT) != (ch->mode & S_IFMT) || (st.st_mode & S_IFMT) != (ch->mode & S_IFMT))
		return failed("set the mode of", ch, -ESTALE);
	err = set_owner(fd, &st);
	if (!err && !S_ISLNK(ch->mode) && now.st_mode != ch->mode)
		err = beneath__chmod(fd, ch->mode & ~SET_ID);
	if (!err)
		err = set_times(fd, &st);
	if (err)
		return failed("set the mode of", ch, err);
	m->done++;
	return 0;
}

static int delete(struct commit *m, const struct change *ch)
{
	const char *name;
	int dir = place__of(&m->lower, m, ch, &name);

	if (dir < 0)
		return failed("the directory of", ch, dir);
	if (unlinkat(dir, name, S_ISDIR(ch->was_mode) ? AT_REMOVEDIR : 0))
		return failed("delete", ch, -errno);
	m->done++;
	return 0;
}

/* ---- the order ---- */

enum pass { PASS_WRITE, PASS_DELETE, PASS_REPLACE_DIRS, PASS_DIR_MODES, N_PASSES };

static enum pass pass_of(const struct change *ch)
{
	if (ch->kind == CHANGE_DELETED)
		return PASS_DELETE;
	if (S_ISDIR(ch->mode))
		return PASS_DIR_MODES; /* made in PASS_WRITE */
	return S_ISDIR(ch->was_mode) ? PASS_REPLACE_DIRS : PASS_WRITE;
}

static int apply_one(struct commit *m, enum pass pass, const struct change *ch)
{
	if (pass == PASS_WRITE && S_ISDIR(ch->mode) && ch->kind != CHANGE_METADATA && ch->kind != CHANGE_DELETED)
		return make_dir(m, ch);
	if (pass_of(ch) != pass)
		return 0;
	switch (pass) {
	case PASS_DELETE:
		return delete(m, ch);
	case PASS_DIR_MODES:
		return set_metadata(m, ch);
	default:
		return ch->kind == CHANGE_METADATA ? set_metadata(m, ch) : put(m, ch);
	}
}

static int apply(struct commit *m)
{
	size_t n = m->c->n;

	for (enum pass pass = 0; pass < N_PASSES; pass++) {
		bool backwards = pass == PASS_DELETE || pass == PASS_DIR_MODES;

		for (size_t i = 0; i < n; i++) {
			size_t at = backwards ? n - 1 - i : i;
			int err = m->step[at] == STEP_APPLY ? apply_one(m, pass, &m->c->v[at]) : 0;

			if (err)
				return err;
		}
		/* Names that were directories may be none now, and the other way round. */
		place__close(&m->lower);
		place__close(&m->upper);
	}
	return 0;
}

int changes__commit(const struct changes *c, int upper_fd, int lower_fd, const char *prefix, uint64_t *ret_refused)
{
	struct commit m = { .c = c, .prefix = prefix, .prefix_len = strlen(prefix), .upper = { .root = upper_fd, .fd = -1 },
			    .lower = { .root = lower_fd, .fd = -1, .writable = true } };
	int err;

	*ret_refused = 0;
	if (c->truncated) {
		err = log_err(-EFBIG, "commit: nothing was changed, as the list of changes is not complete: %s", c->why);
		log_hint("take what is wanted from a run without --overlay, or in smaller runs");
		return err;
	}
	while (m.prefix_len && prefix[m.prefix_len - 1] == '/')
		m.prefix_len--;
	m.step = malloc(c->n + 1);
	m.buf = malloc(COPY_CHUNK);
	m.md = sha256__new();
	err = m.step && m.buf && m.md ? plan(&m) : log_errno(-ENOMEM, "commit");
	*ret_refused = m.refused;
	if (!err) {
		open_up(&m);
		err = apply(&m);
		if (err)
			log_hint("%llu of %llu changes had been applied and stay", (unsigned long long)m.done,
				 (unsigned long long)m.total);
	} else {
		log_hint("nothing was changed");
	}
	place__close(&m.lower);
	place__close(&m.upper);
	sha256__free(m.md);
	free(m.buf);
	free(m.step);
	return err;
}
