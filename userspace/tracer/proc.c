/* SPDX-License-Identifier: Apache-2.0 */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"

/* ---- files below /proc ------------------------------------------------------------------------------------------- */

#define PROC_NAME_MAX 64

static char *put_str(char *p, const char *s)
{
	while (*s)
		*p++ = *s++;
	*p = 0;
	return p;
}

static char *put_u32(char *p, uint32_t v)
{
	char digits[10];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	while (n)
		*p++ = digits[--n];
	*p = 0;
	return p;
}

/* "/proc/TID/NAME"; NAME is one of ours, and short. */
static const char *proc_path(char path[PROC_NAME_MAX], pid_t tid, const char *name)
{
	char *p = put_u32(put_str(path, "/proc/"), (uint32_t)tid);

	*p++ = '/';
	put_str(p, name);
	return path;
}

static ssize_t read_path(const char *path, void *buf, size_t size)
{
	_cleanup_(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size);

	return n < 0 ? -errno : n;
}

ssize_t proc__read(pid_t tid, const char *name, void *buf, size_t size)
{
	char path[PROC_NAME_MAX];

	return read_path(proc_path(path, tid, name), buf, size);
}

/* Line after line of a file, which may be of any length; so may a line (65,536 groups): what does not fit is left out. */
struct lines {
	int fd;
	size_t have, at;
	bool skip;	/* the rest of a line that was too long */
	char buf[8192]; /* an ordinary status is read at once */
};

static bool lines__fill(struct lines *l)
{
	ssize_t n;

	l->have -= l->at;
	memmove(l->buf, l->buf + l->at, l->have);
	l->at = 0;
	if (l->have == sizeof(l->buf)) {
		l->skip = true;
		l->have = 0;
	}
	n = read(l->fd, l->buf + l->have, sizeof(l->buf) - l->have);
	if (n <= 0)
		return false;
	l->have += (size_t)n;
	return true;
}

/* NULL: no more. The newline is replaced by a NUL. */
static char *lines__next(struct lines *l)
{
	for (;;) {
		char *line = l->buf + l->at, *end = memchr(line, '\n', l->have - l->at);
		bool skip = l->skip;

		if (!end) {
			if (!lines__fill(l))
				return NULL;
			continue;
		}
		*end = 0;
		l->at = (size_t)(end + 1 - l->buf);
		l->skip = false;
		if (!skip)
			return line;
	}
}

static struct lines *lines__open(const char *path)
{
	static struct lines l;

	l.fd = open(path, O_RDONLY | O_CLOEXEC);
	l.have = l.at = 0;
	l.skip = false;
	return l.fd < 0 ? NULL : &l;
}

static void lines__close(struct lines *l)
{
	close(l->fd);
}

/* ---- status, stat, times ----------------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static uint64_t number(const char **s)
{
	uint64_t v = 0;

	while (**s == ' ' || **s == '\t')
		++*s;
	for (; is_digit(**s); ++*s)
		v = v * 10 + (uint64_t)(**s - '0');
	return v;
}

static uint32_t last_number(const char *s)
{
	uint64_t v = 0;

	for (;;) {
		while (*s == ' ' || *s == '\t')
			s++;
		if (!is_digit(*s))
			return (uint32_t)v;
		v = number(&s);
	}
}

static uint64_t hex(const char *s)
{
	uint64_t v = 0;

	for (; is_digit(*s) || (*s >= 'a' && *s <= 'f'); s++)
		v = v << 4 | (uint64_t)(is_digit(*s) ? *s - '0' : *s - 'a' + 10);
	return v;
}

/* The kernel writes a newline as \n and a backslash as \\ there. */
static void unescape(char comm[EV_COMM_LEN], const char *s)
{
	for (size_t i = 0; i < EV_COMM_LEN - 1 && *s; i++) {
		if (*s == '\\' && s[1])
			s++;
		else {
			comm[i] = *s++;
			continue;
		}
		comm[i] = *s == 'n' ? '\n' : *s;
		s++;
	}
}

/* What follows KEY, which ends with a colon and a tab, or NULL. */
static const char *after(const char *line, const char *key)
{
	size_t n = strlen(key);

	return strncmp(line, key, n) ? NULL : line + n;
}

static void two_ids(const char *s, uint32_t *real, uint32_t *effective)
{
	*real = (uint32_t)number(&s);
	*effective = (uint32_t)number(&s);
}

static void status_signals(struct proc_status *st, const char *line)
{
	const char *v;

	if ((v = after(line, "SigIgn:\t")))
		st->ignored = hex(v);
	else if ((v = after(line, "SigCgt:\t")))
		st->caught = hex(v);
}

static void status_ids(struct proc_status *st, const char *line)
{
	const char *v;

	if ((v = after(line, "Name:\t")))
		unescape(st->comm, v);
	else if ((v = after(line, "Tgid:\t")))
		st->tgid = st->ns_pid = last_number(v);
	else if ((v = after(line, "Pid:\t")))
		st->tid = st->ns_tid = last_number(v);
	else if ((v = after(line, "PPid:\t")))
		st->ppid = last_number(v);
	else if ((v = after(line, "Uid:\t")))
		two_ids(v, &st->uid, &st->euid);
	else if ((v = after(line, "Gid:\t")))
		two_ids(v, &st->gid, &st->egid);
	else if ((v = after(line, "NStgid:\t")))
		st->ns_pid = last_number(v);
	else if ((v = after(line, "NSpid:\t")))
		st->ns_tid = last_number(v);
}

/* True: nothing that is wanted follows. */
static bool status_line(struct proc_status *st, const char *line)
{
	const char *v;

	switch (line[0]) {
	case 'N': case 'T': case 'P': case 'U': case 'G':
		status_ids(st, line);
		break;
	case 'S':
		status_signals(st, line);
		break;
	case 'C':
		if ((v = after(line, "CapPrm:\t")))
			st->permitted = hex(v);
		else if ((v = after(line, "CapAmb:\t")))
			st->ambient = hex(v);
		break;
	case 'V':
		if ((v = after(line, "VmHWM:\t")))
			st->hwm_kb = number(&v);
		break;
	case 'v':
		if ((v = after(line, "voluntary_ctxt_switches:\t")))
			st->nvcsw = number(&v);
		break;
	case 'n':
		if (!(v = after(line, "nonvoluntary_ctxt_switches:\t")))
			break;
		st->nivcsw = number(&v);
		return true;
	}
	return false;
}

bool proc__status(pid_t tid, struct proc_status *ret)
{
	char path[PROC_NAME_MAX];
	struct lines *l = lines__open(proc_path(path, tid, "status"));
	char *line;

	*ret = (struct proc_status){ .tgid = 0 };
	if (!l)
		return false;
	while ((line = lines__next(l)))
		if (status_line(ret, line))
			break;
	lines__close(l);
	return ret->tid;
}

void proc__comm(pid_t tid, char ret[EV_COMM_LEN])
{
	char text[EV_COMM_LEN + 1];
	ssize_t n = proc__read(tid, "comm", text, sizeof(text));

	memset(ret, 0, EV_COMM_LEN);
	/* the newline behind it is not its own */
	if (n > 1)
		memcpy(ret, text, MIN((size_t)n - 1, (size_t)EV_COMM_LEN - 1));
}

/* Fields as proc(5) numbers them; the second, the name, may hold anything, so what counts is its last parenthesis. */
static bool parse_stat(const char *text, size_t len, struct proc_stat *ret)
{
	const char *s = memrchr(text, ')', len);
	static uint64_t tick_ns;
	uint64_t field[16];

	if (!s || s[1] != ' ' || !s[2])
		return false;
	if (!tick_ns)
		tick_ns = NSEC_PER_SEC / (uint64_t)MAX(sysconf(_SC_CLK_TCK), 1L);
	s += 3;
	for (size_t i = 4; i < ARRAY_SIZE(field); i++) {
		while (*s == ' ' || *s == '-')
			s++;
		if (!is_digit(*s))
			return false;
		field[i] = number(&s);
	}
	*ret = (struct proc_stat){ field[10], field[12], field[14] * tick_ns, field[15] * tick_ns };
	return true;
}

static bool read_stat(pid_t tgid, const char *name, struct proc_stat *ret)
{
	char text[1024];
	ssize_t n = proc__read(tgid, name, text, sizeof(text) - 1);

	*ret = (struct proc_stat){ 0 };
	if (n <= 0)
		return false;
	text[n] = 0;
	return parse_stat(text, (size_t)n, ret);
}

bool proc__stat(pid_t tgid, struct proc_stat *ret)
{
	return read_stat(tgid, "stat", ret);
}

bool proc__thread_stat(pid_t tgid, pid_t tid, struct proc_stat *ret)
{
	char name[PROC_NAME_MAX / 2];

	put_str(put_u32(put_str(name, "task/"), (uint32_t)tid), "/stat");
	return read_stat(tgid, name, ret);
}

/*
 * The clocks of a process, as clock_getcpuclockid(3) makes their ids: 0 counts ticks, 1 those in user mode, 2 what it really
 * ran, of which ticks get lost where others have the CPU.
 */
static bool cpu_clock(pid_t tgid, unsigned int which, uint64_t *ret_ns)
{
	struct timespec ts;

	if (clock_gettime((clockid_t)(~(unsigned int)tgid << 3 | which), &ts))
		return false;
	*ret_ns = (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
	return true;
}

bool proc__times(pid_t tgid, uint64_t *ret_utime, uint64_t *ret_stime)
{
	uint64_t both, user, ran;

	if (!cpu_clock(tgid, 0, &both) || !cpu_clock(tgid, 1, &user) || !cpu_clock(tgid, 2, &ran))
		return false;
	*ret_utime = both ? (uint64_t)((double)ran * (double)MIN(user, both) / (double)both) : ran;
	*ret_stime = ran - MIN(*ret_utime, ran);
	return true;
}

/* ---- what links stand for ---------------------------------------------------------------------------------------- */

#define DELETED " (deleted)"
#define MAX_COMPONENTS 127 /* as in bpf/path.bpf.h, where mounts on the way count too */

static bool same_file(const struct statx *a, const struct statx *b)
{
	return a->stx_ino == b->stx_ino && a->stx_dev_major == b->stx_dev_major && a->stx_dev_minor == b->stx_dev_minor;
}

/* Never asks a server (FUSE, NFS): it may be one of the tasks that wait for us. */
static bool stat_cached(int dirfd, const char *path, int flags, struct statx *ret)
{
	return !statx(dirfd, path, flags | AT_STATX_DONT_SYNC, STATX_INO | STATX_NLINK | STATX_MODE | STATX_UID | STATX_GID, ret);
}

/*
 * The file that an absolute PATH means in the task's root, as far as it can be told from what the kernel has in memory
 * (RESOLVE_CACHED, since 5.12). 0 or -errno.
 */
static int stat_in_root(pid_t tid, const char *path, struct statx *ret)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_CACHED };
	char root[PROC_NAME_MAX];
	_cleanup_(close) int root_fd = open(proc_path(root, tid, "root"), O_PATH | O_CLOEXEC);
	_cleanup_(close) int fd = root_fd < 0 ? -1 : (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));

	if (fd < 0 || !stat_cached(fd, "", AT_EMPTY_PATH, ret))
		return -errno;
	return 0;
}

/* TEXT ends with the mark of a file without a name; a file may also be called so. */
static bool is_deleted(pid_t tid, const char *link, const char *text)
{
	struct statx file, named;

	if (!stat_cached(AT_FDCWD, link, 0, &file) || !file.stx_nlink)
		return true;
	return stat_in_root(tid, text, &named) || !same_file(&file, &named);
}

static void link__string(struct proc_link *l, const char *s, size_t n)
{
	l->type = EV_PT_STR;
	l->state = EV_PART_OK;
	l->len = (uint32_t)n;
	memcpy(l->data, s, n);
}

/* Components leaf first, each with its NUL. PATH begins with a slash, or is empty: the root. */
static void link__path(struct proc_link *l, const char *path, size_t end, size_t cap)
{
	l->type = EV_PT_PATH;
	l->state = EV_PART_OK;
	for (size_t n = 0; end; n++) {
		size_t from = end;

		while (from && path[from - 1] != '/')
			from--;
		if (from == end) { /* "/" */
			end--;
			continue;
		}
		if (l->len >= cap || n == MAX_COMPONENTS || l->len + (end - from) + 1 > sizeof(l->data)) {
			l->state = EV_PART_TRUNCATED;
			return;
		}
		memcpy(l->data + l->len, path + from, end - from);
		l->len += (uint32_t)(end - from);
		l->data[l->len++] = 0;
		end = from ? from - 1 : 0;
	}
}

/*
 * What is in no tree. The kernel shows it as KIND:[NAME] or as /NAME (deleted); the BPF programs record the name of its
 * dentry, which is that without the ornaments. Namespaces and pidfds since 6.9 have no such name: they are recorded there
 * as "/", and here as they are shown.
 */
static bool link__pseudo(struct proc_link *l, const char *text, size_t n, bool deleted)
{
	static const char anon[] = "anon_inode:", dmabuf[] = "/dmabuf:";

	if (text[0] != '/') {
		size_t skip = n > sizeof(anon) - 1 && !memcmp(text, anon, sizeof(anon) - 1) ? sizeof(anon) - 1 : 0;

		link__string(l, text + skip, n - skip);
		return true;
	}
	if (!strncmp(text, dmabuf, sizeof(dmabuf) - 1)) {
		link__string(l, "dmabuf", strlen("dmabuf"));
		return true;
	}
	if (deleted && (!strncmp(text, "/memfd:", 7) || (n == 10 && !memcmp(text, "/secretmem", 10)))) {
		link__string(l, text + 1, n - 1);
		return true;
	}
	return false;
}

/* The path of the task's root, as seen from ours; a task that changed its root has another than "/". */
static size_t skip_root(pid_t tid, const char *text, size_t n)
{
	char path[PROC_NAME_MAX];
	static char root[EV_PATH_MAX + 1];
	ssize_t len = readlink(proc_path(path, tid, "root"), root, sizeof(root));

	if (len <= 1 || (size_t)len > n || memcmp(text, root, (size_t)len) || ((size_t)len < n && text[len] != '/'))
		return 0;
	return (size_t)len;
}

void proc__link(pid_t tid, const char *name, size_t cap, struct proc_link *ret)
{
	char path[PROC_NAME_MAX];
	static char text[EV_PATH_MAX + sizeof(DELETED)];
	const size_t mark = sizeof(DELETED) - 1;
	ssize_t got = readlink(proc_path(path, tid, name), text, sizeof(text) - 1);
	size_t n = got < 0 ? 0 : (size_t)got, skip;
	bool deleted;

	ret->type = EV_PT_STR;
	ret->len = 0;
	ret->text[0] = 0;
	if (got <= 0) {
		ret->state = errno == ENOENT ? EV_PART_NULL : errno == ENAMETOOLONG ? EV_PART_TRUNCATED : EV_PART_FAULT;
		return;
	}
	text[n] = 0;
	skip = text[0] == '/' ? skip_root(tid, text, n) : 0;
	deleted = text[0] == '/' && n > mark && !memcmp(text + n - mark, DELETED, mark) && is_deleted(tid, path, text + skip);
	if (deleted)
		text[n -= mark] = 0;
	if (link__pseudo(ret, text, n, deleted))
		return;
	link__path(ret, text + skip, n - skip, cap);
	memcpy(ret->text, text + skip, n - skip + 1);
	if (!ret->text[0])
		put_str(ret->text, "/");
}

void proc__fd(pid_t tid, int fd, size_t cap, struct proc_link *ret)
{
	char name[PROC_NAME_MAX / 2];

	if (fd < 0 && fd != AT_FDCWD) {
		ret->type = EV_PT_STR;
		ret->state = EV_PART_NULL;
		ret->len = 0;
		return;
	}
	put_u32(put_str(name, "fd/"), (uint32_t)fd);
	proc__link(tid, fd == AT_FDCWD ? "cwd" : name, cap, ret);
}

void proc__part(struct rec *r, uint8_t id, const struct proc_link *l)
{
	rec__part(r, id, l->type, l->state, l->data, l->len, l->state == EV_PART_OK ? l->len : 0);
}

/* ---- the program's file ------------------------------------------------------------------------------------------ */

bool proc__exe(pid_t tid, struct proc_exe *ret)
{
	char path[PROC_NAME_MAX];
	struct statx st;

	*ret = (struct proc_exe){ .nlink = 1 };
	if (!stat_cached(AT_FDCWD, proc_path(path, tid, "exe"), 0, &st))
		return false;
	*ret = (struct proc_exe){ .inode = st.stx_ino, .dev_major = st.stx_dev_major, .dev_minor = st.stx_dev_minor,
				  .nlink = st.stx_nlink, .mode = st.stx_mode, .uid = st.stx_uid, .gid = st.stx_gid };
	return true;
}

int proc__is_exe(pid_t tid, const char *path, const struct proc_exe *exe)
{
	struct statx st;
	int err = stat_in_root(tid, path, &st);

	if (err)
		return err;
	return st.stx_ino == exe->inode && st.stx_dev_major == exe->dev_major && st.stx_dev_minor == exe->dev_minor;
}

/* ---- cgroup ------------------------------------------------------------------------------------------------------ */

/* Where the v2 hierarchy is mounted, and from which of its directories on. */
struct cgroup_mount {
	bool looked_for;
	char point[EV_PATH_MAX], root[EV_PATH_MAX];
};

/* One field of mountinfo into TO: a space in it is written as \040, other bytes alike. Returns what follows it. */
static const char *field(const char *s, char *to, size_t size)
{
	size_t n = 0;

	while (*s == ' ')
		s++;
	while (*s && *s != ' ') {
		char c = *s++;

		if (c == '\\' && is_digit(s[0]) && is_digit(s[1]) && is_digit(s[2])) {
			c = (char)((s[0] - '0') << 6 | (s[1] - '0') << 3 | (s[2] - '0'));
			s += 3;
		}
		if (to && n + 1 < size)
			to[n++] = c;
	}
	if (to)
		to[n] = 0;
	return s;
}

/* "41 31 0:38 /root /point options - cgroup2 ...": the first that shows the whole hierarchy, else the first. */
static void find_mount(struct cgroup_mount *m)
{
	struct lines *l = lines__open("/proc/self/mountinfo");
	char root[EV_PATH_MAX];
	const char *line;

	m->looked_for = true;
	while (l && (line = lines__next(l))) {
		if (!strstr(line, " - cgroup2 "))
			continue;
		for (int i = 0; i < 3; i++)
			line = field(line, NULL, 0);
		line = field(line, root, sizeof(root));
		if (m->point[0] && root[1])
			continue;
		put_str(m->root, root);
		field(line, m->point, sizeof(m->point));
		if (!root[1])
			break;
	}
	if (l)
		lines__close(l);
}

static uint64_t cgroup_inode(const struct cgroup_mount *m, const char *path)
{
	size_t skip = m->root[1] ? strlen(m->root) : 0, n = strlen(m->point);
	static char dir[2 * EV_PATH_MAX];
	struct stat st;

	/* outside of what is mounted here */
	if (!n || strlen(path) >= EV_PATH_MAX || (skip && (strncmp(path, m->root, skip) || (path[skip] && path[skip] != '/'))))
		return 0;
	put_str(put_str(dir, m->point), path + skip);
	return stat(dir, &st) ? 0 : st.st_ino;
}

uint64_t proc__cgroup(pid_t tid)
{
	static struct cgroup_mount mount;
	char path[PROC_NAME_MAX];
	const char *line, *dir = NULL;
	struct lines *l;
	uint64_t id = 0;

	if (!mount.looked_for)
		find_mount(&mount);
	l = mount.point[0] ? lines__open(proc_path(path, tid, "cgroup")) : NULL;
	while (l && !dir && (line = lines__next(l)))
		dir = after(line, "0::");
	if (dir)
		id = cgroup_inode(&mount, dir);
	if (l)
		lines__close(l);
	return id;
}
