/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup.h"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/util.h"

static int explain(int err, bool quiet)
{
	if (quiet)
		return err;
	if (err != -ENOENT)
		return log_errno(err, "find this process's cgroup");
	log_err(0, "no cgroup v2 hierarchy is mounted here; it is needed to stop and to wait for the whole tree");
	log_hint("mount -t cgroup2 none /sys/fs/cgroup/unified   (or run on a host with cgroup v2)");
	return err;
}

/*
 * The name is taken when a run in another pid namespace that shares the hierarchy has the same pid, or when one was
 * killed together with its guard.
 */
static int make_dir(struct cgroup *cg, const char *parent)
{
	for (int i = 0; i < 100; i++) {
		char again[16] = "";

		if (i)
			snprintf(again, sizeof(again), ".%d", i);
		if (snprintf(cg->path, sizeof(cg->path), "%s/sandtrace-%d%s", parent, getpid(), again) >= (int)sizeof(cg->path))
			return -ENAMETOOLONG;
		if (!mkdir(cg->path, 0755)) {
			cg->made = true;
			return 0;
		}
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

int cgroup__create_for(struct cgroup *cg, const struct cgroup_want *want, bool quiet)
{
	struct cgroup_place pl;
	char parent[4096];
	struct stat st;
	int err;

	memset(cg, 0, sizeof(*cg));
	cg->dir_fd = cg->events_fd = cg->freeze_fd = -1;
	err = cgroup__own(NULL, &pl);
	if (!err)
		err = cgroup__choose_parent(&pl, want, parent, sizeof(parent));
	if (err)
		return explain(err, quiet);
	err = make_dir(cg, parent);
	if (err) {
		if (!quiet) {
			log_errno(err, "make cgroup %s", cg->path);
			log_hint("the command's processes are kept in a cgroup of their own: run as root, with %s writable",
				 pl.mnt);
		}
		cg->path[0] = 0;
		return err;
	}
	cg->dir_fd = open(cg->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cg->events_fd = openat(cg->dir_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	cg->freeze_fd = openat(cg->dir_fd, "cgroup.freeze", O_WRONLY | O_CLOEXEC);
	if (cg->dir_fd < 0 || cg->events_fd < 0 || cg->freeze_fd < 0 || fstat(cg->dir_fd, &st)) {
		err = -errno;
		if (!quiet)
			log_errno(err, "open the control files of cgroup %s", cg->path);
		cgroup__remove(cg);
		return err;
	}
	cg->id = st.st_ino;
	return 0;
}

int cgroup__create(struct cgroup *cg)
{
	return cgroup__create_for(cg, NULL, false);
}

int cgroup__set_frozen(struct cgroup *cg, bool frozen)
{
	if (pwrite(cg->freeze_fd, frozen ? "1" : "0", 1, 0) != 1)
		return log_errno(-errno, "%s cgroup %s", frozen ? "freeze" : "thaw", cg->path);
	cg->frozen = frozen;
	return 0;
}

/* Before 5.14 there is no cgroup.kill: freeze so that nothing can fork away, then kill one by one. */
static int kill_each(struct cgroup *cg)
{
	char buf[65536];
	ssize_t n;

	cgroup__set_frozen(cg, true);
	for (int round = 0; round < 100 && cgroup__populated(cg) > 0; round++) {
		int procs = openat(cg->dir_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);

		if (procs < 0)
			return -errno;
		n = read(procs, buf, sizeof(buf) - 1);
		close(procs);
		buf[n > 0 ? n : 0] = 0;
		for (char *p = buf, *end; *p; p = end + 1) {
			pid_t pid = (pid_t)strtol(p, &end, 10);

			if (pid > 0)
				kill(pid, SIGKILL);
			if (!*end)
				break;
		}
		cgroup__set_frozen(cg, false);
	}
	return 0;
}

int cgroup__kill(struct cgroup *cg)
{
	_cleanup_(close) int fd = openat(cg->dir_fd, "cgroup.kill", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return kill_each(cg);
	if (write(fd, "1", 1) != 1)
		return log_errno(-errno, "kill cgroup %s", cg->path);
	return 0;
}

int cgroup__populated(struct cgroup *cg)
{
	char buf[256];
	ssize_t n = pread(cg->events_fd, buf, sizeof(buf) - 1, 0);

	if (n < 0)
		return -errno;
	buf[n] = 0;
	return strstr(buf, "populated 1") ? 1 : 0;
}

static int remove_dir(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_DP)
		rmdir(path);
	return 0;
}

void cgroup__remove(struct cgroup *cg)
{
	struct pollfd p = { .fd = cg->events_fd, .events = POLLPRI };
	int err = 0;

	if (!cg->path[0])
		return;
	/*
	 * EBUSY has two causes: members that are dead but not yet off the cgroup (the event tells when they are), and
	 * cgroups that the command made below, which can only be removed from the leaves up.
	 */
	for (int i = 0; i < 200; i++) {
		err = rmdir(cg->path) ? errno : 0;
		if (err != EBUSY)
			break;
		nftw(cg->path, remove_dir, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
		cgroup__populated(cg); /* reading re-arms the event */
		poll(&p, 1, 10);
	}
	if (err && err != ENOENT)
		log_warn("cgroup %s could not be removed: %s", cg->path, strerror(err));
	cg->path[0] = 0;
	if (cg->dir_fd >= 0)
		close(cg->dir_fd);
	if (cg->events_fd >= 0)
		close(cg->events_fd);
	if (cg->freeze_fd >= 0)
		close(cg->freeze_fd);
	cg->dir_fd = cg->events_fd = cg->freeze_fd = -1;
}
