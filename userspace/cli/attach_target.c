/* SPDX-License-Identifier: Apache-2.0 */
#include "attach_target.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "base/log.h"
#include "base/util.h"

/* More than any machine nests; of /proc, where parents change while we read, a loop must end. */
#define MAX_ANCESTORS 4096

/* ---- a cgroup -------------------------------------------------------------------------------------------------- */

/* An open directory of a v2 hierarchy, or -errno: -ENOTTY, it is one of something else. */
static int open_group(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;
	struct statfs fs;

	if (fd < 0)
		return -errno;
	err = fstatfs(fd, &fs) ? -errno : fs.f_type != CGROUP2_SUPER_MAGIC ? -ENOTTY : 0;
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* Up to where the file system ends, or to what a cgroup namespace shows as the root. */
static int find_level(struct attach_target *t)
{
	_cleanup_(close) int fd = fcntl(t->group.dir_fd, F_DUPFD_CLOEXEC, 3);
	struct stat st, up;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	for (t->level = 0;; t->level++) {
		int parent = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (parent < 0)
			return -errno;
		close(fd);
		fd = parent;
		if (fstat(fd, &up))
			return -errno;
		if (up.st_dev != st.st_dev || up.st_ino == st.st_ino)
			break;
		st = up;
	}
	t->top = st.st_ino;
	return 0;
}

static int adopt_group(struct attach_target *t, int fd, const char *path)
{
	struct stat st;

	t->group.dir_fd = fd;
	snprintf(t->group.path, sizeof(t->group.path), "%s", path);
	/* the root has none, and is never empty */
	t->group.events_fd = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	if (fstat(fd, &st))
		return -errno;
	t->group.id = st.st_ino;
	return find_level(t);
}

/* PATH is a directory, or what /proc/PID/cgroup shows. */
static int find_group(struct attach_target *t, const char *path)
{
	struct cgroup_place pl;
	char below[4096];
	int fd = open_group(path), err = fd;

	if (fd >= 0)
		return adopt_group(t, fd, path);
	if (!cgroup__own(NULL, &pl) &&
	    snprintf(below, sizeof(below), "%s%s%s", pl.mnt, *path == '/' ? "" : "/", path) < (int)sizeof(below)) {
		fd = open_group(below);
		if (fd >= 0)
			return adopt_group(t, fd, below);
	}
	return err;
}

int attach_target__cgroup_id(void *unused, const char *path, uint64_t *ret_id)
{
	struct attach_target t = { .group = { .dir_fd = -1, .events_fd = -1 } };
	int err = find_group(&t, path);

	(void)unused;
	if (t.group.dir_fd >= 0)
		close(t.group.dir_fd);
	if (t.group.events_fd >= 0)
		close(t.group.events_fd);
	*ret_id = t.group.id;
	return err ? -ENOENT : 0;
}

static int open_cgroup(struct attach_target *t, const char *path)
{
	int err = find_group(t, path);

	if (err == -ENOTTY)
		log_err(err, "attach: --cgroup %s is a directory, but not a control group of version 2", path);
	else if (err)
		log_errno(err, "attach: --cgroup %s", path);
	if (err)
		log_hint("name its directory, or its path as `cat /proc/PID/cgroup` shows it behind 0::");
	return err;
}

/* ---- a process ------------------------------------------------------------------------------------------------- */

static int read_proc(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return (int)read_file_str(path, buf, size);
}

/* Of the v2 hierarchy. */
static void find_own_group(struct attach_target *t)
{
	char text[4600], *line, *save = NULL;

	if (read_proc(t->pid, "cgroup", text, sizeof(text)) < 0)
		return;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct cgroup_place pl;
		char path[sizeof(pl) + sizeof(text)];
		int fd;

		if (strncmp(line, "0::/", 4) || cgroup__own(NULL, &pl))
			continue;
		snprintf(path, sizeof(path), "%s%s", pl.mnt, line + 3);
		fd = open_group(path);
		if (fd >= 0 && adopt_group(t, fd, path))
			log_debug("the level of %s cannot be told", path);
	}
}

static int open_process(struct attach_target *t, pid_t pid)
{
	int err;

	if (pid == getpid()) {
		log_err(0, "attach: process %d is this sandtrace itself", pid);
		return -EINVAL;
	}
	t->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	err = -errno;
	if (t->pidfd < 0 && (err == -EINVAL || err == -ENOENT)) { /* as the kernel has it */
		log_err(err, "attach: %d is a thread, not a process", pid);
		log_hint("`ps -o tgid= -q %d` tells whose; all its threads are attached to", pid);
		return err;
	}
	if (t->pidfd < 0)
		return log_errno(err, "attach: process %d", pid);
	t->pid = pid;
	if (read_proc(pid, "comm", t->comm, sizeof(t->comm)) < 0)
		t->comm[0] = 0;
	t->comm[strcspn(t->comm, "\n")] = 0;
	for (char *p = t->comm; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			*p = '?';
	find_own_group(t);
	return 0;
}

int attach_target__open(const struct run_options *o, struct attach_target *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->pidfd = ret->group.dir_fd = ret->group.events_fd = ret->group.freeze_fd = -1;
	return o->cgroup ? open_cgroup(ret, o->cgroup) : open_process(ret, (pid_t)o->pid);
}

void attach_target__close(struct attach_target *t)
{
	const int fds[] = { t->pidfd, t->group.dir_fd, t->group.events_fd };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* ---- who else is there ----------------------------------------------------------------------------------------- */

/* 0: it is gone. */
static pid_t parent_of(pid_t pid)
{
	char text[512], *end;
	int ppid;

	if (read_proc(pid, "stat", text, sizeof(text)) < 0)
		return 0;
	end = strrchr(text, ')'); /* its name may have anything in it */
	return end && sscanf(end + 1, " %*c %d", &ppid) == 1 ? ppid : 0;
}

static bool descends(pid_t pid, pid_t from)
{
	for (int i = 0; pid > 0 && i < MAX_ANCESTORS; i++) {
		if (pid == from)
			return true;
		pid = parent_of(pid);
	}
	return false;
}

/* For nftw(), which passes nothing on. */
static struct {
	pid_t pid;
	pid_t stranger; /* 0: none */
} search;

static int look_into(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	_cleanup_(fclose) FILE *f = NULL;
	char procs[4200];
	int pid;

	(void)st;
	(void)ftw;
	if (type != FTW_D)
		return 0;
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
	f = fopen(procs, "re");
	while (f && fscanf(f, "%d", &pid) == 1)
		/* 0: of another pid namespace; one that has ended meanwhile is nobody */
		if (!pid || (!descends(pid, search.pid) && (!kill(pid, 0) || errno != ESRCH)))
			search.stranger = pid ?: -1;
	return search.stranger != 0;
}

bool attach_target__owns_cgroup(const struct attach_target *t, char *ret_why, size_t size)
{
	snprintf(ret_why, size, "its cgroup is not known");
	if (t->group.dir_fd < 0)
		return false;
	snprintf(ret_why, size, "it is in the root of all cgroups");
	if (t->group.events_fd < 0)
		return false;
	search.pid = t->pid;
	search.stranger = 0;
	nftw(t->group.path, look_into, 16, FTW_PHYS | FTW_MOUNT);
	if (search.stranger > 0)
		snprintf(ret_why, size, "process %d is in its cgroup %s too", search.stranger, t->group.path);
	else
		snprintf(ret_why, size, "others are in its cgroup %s too", t->group.path);
	return !search.stranger;
}
