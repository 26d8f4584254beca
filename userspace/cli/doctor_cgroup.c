// SPDX-License-Identifier: Apache-2.0
/*
 * cgroup v2, tried on a temporary cgroup with one sleeping child. Both go in
 * doctor_cgroup__teardown(), which runs with signals blocked since doctor_cgroup__setup().
 */
#include "doctor_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "../base/util.h"

/* How long the kernel may take to freeze or empty a cgroup of one sleeping task: 2-5 ms are usual.
 */
#define CGROUP_WAIT_MS 200

/* In place: mountinfo writes space, tab, newline and backslash as three octal digits. */
static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++, out++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3]) {
			*out = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*out = *s;
		}
	}
	*out = 0;
}

/* The first cgroup2 mount: its mount point, and the cgroup that is its root. */
static int find_cgroup2(char *mount, size_t size, char *root, size_t root_size)
{
	_cleanup_(fclose) FILE *f = fopen("/proc/self/mountinfo", "re");
	_cleanup_(free) char *line = NULL;
	size_t cap = 0;

	if (!f)
		return -errno;
	while (getline(&line, &cap, f) > 0) {
		char *save = NULL, *tok, *field[5];
		size_t n = 0;

		if (!strstr(line, " - cgroup2 "))
			continue;
		for (tok = strtok_r(line, " ", &save); tok && n < 5;
		     tok = strtok_r(NULL, " ", &save))
			field[n++] = tok;
		if (n < 5)
			continue;
		unescape(field[3]);
		unescape(field[4]);
		snprintf(root, root_size, "%s", field[3]);
		snprintf(mount, size, "%s", field[4]);
		return 0;
	}
	return -ENOENT;
}

/* Our own cgroup below the mount's root, "" when it is the root or not visible. */
static void own_cgroup(const char *root, char *path, size_t size)
{
	_cleanup_(fclose) FILE *f = fopen("/proc/self/cgroup", "re");
	_cleanup_(free) char *line = NULL;
	size_t cap = 0, skip = strcmp(root, "/") ? strlen(root) : 0;

	path[0] = 0;
	while (f && getline(&line, &cap, f) > 0) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, "0::/", 4) && line[4] && !strncmp(line + 3, root, skip))
			snprintf(path, size, "%s", line + 3 + skip);
	}
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/*
 * Below our own cgroup, as `run` does it: a delegated one is writable without root. The name is
 * unique even where pids are not: several pid namespaces may share one cgroup hierarchy.
 */
static int make_cgroup(struct doctor *d)
{
	int n = snprintf(d->cg_path, sizeof(d->cg_path), "%s/sandtrace-doctor.%d.%06x",
			 d->cg_parent, (int)getpid(), (unsigned int)(now_us() & 0xffffff));

	if (n >= (int)sizeof(d->cg_path) || mkdir(d->cg_path, 0700)) {
		int err = n >= (int)sizeof(d->cg_path) ? -ENAMETOOLONG : -errno;

		d->cg_path[0] = 0;
		return err;
	}
	d->cg_fd = open(d->cg_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return d->cg_fd < 0 ? -errno : 0;
}

void doctor_cgroup__setup(struct doctor *d)
{
	char root[PATH_MAX], own[PATH_MAX];

	d->cg_fd = -1;
	d->cg_err = find_cgroup2(d->cg_mount, sizeof(d->cg_mount), root, sizeof(root));
	if (d->cg_err)
		return;
	own_cgroup(root, own, sizeof(own));
	snprintf(d->cg_parent, sizeof(d->cg_parent), "%s%s", d->cg_mount, own);
	d->cg_err = make_cgroup(d);
}

static int cg_open(const struct doctor *d, const char *name, int flags)
{
	int fd = openat(d->cg_fd, name, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int cg_write(const struct doctor *d, const char *name, const char *text)
{
	_cleanup_(close) int fd = cg_open(d, name, O_WRONLY);

	if (fd < 0)
		return fd;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* Until cgroup.events has LINE: the kernel wakes us on each change. 0, -ETIMEDOUT or another error.
 */
static int cg_wait(const struct doctor *d, const char *line)
{
	_cleanup_(close) int fd = cg_open(d, "cgroup.events", O_RDONLY);
	uint64_t deadline = now_us() + CGROUP_WAIT_MS * 1000, now;
	struct pollfd p = { .fd = fd, .events = POLLPRI };
	char buf[256];
	ssize_t n;

	if (fd < 0)
		return fd;
	while ((now = now_us()) < deadline) {
		n = pread(fd, buf, sizeof(buf) - 1, 0);
		if (n < 0)
			return -errno;
		buf[n] = 0;
		if (strstr(buf, line))
			return 0;
		poll(&p, 1, (int)((deadline - now) / 1000) + 1);
	}
	return -ETIMEDOUT;
}

static void reap_cg_child(struct doctor *d)
{
	if (d->cg_child <= 0)
		return;
	kill(d->cg_child, SIGKILL);
	waitpid(d->cg_child, NULL, 0);
	d->cg_child = 0;
}

void doctor_cgroup__teardown(struct doctor *d)
{
	reap_cg_child(d);
	if (d->cg_fd >= 0) {
		cg_wait(d, "populated 0");
		close(d->cg_fd);
	}
	if (d->cg_path[0])
		rmdir(d->cg_path);
}

void try_cgroup2(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	(void)p;
	if (d->cg_mount[0])
		probe__ok(r, "mounted at %s", d->cg_mount);
	else
		probe__no(r, d->cg_err, "no cgroup2 in /proc/self/mountinfo");
}

static bool no_cgroup(const struct doctor *d, struct probe_result *r)
{
	if (d->cg_fd >= 0)
		return false;
	probe__unknown(r, "cannot be tried without a cgroup of our own");
	return true;
}

void try_cgroup_child(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	(void)p;
	if (d->cg_fd >= 0)
		probe__ok(r, "made and removed in %s", d->cg_parent);
	else if (!d->cg_mount[0])
		probe__unknown(r, "cannot be tried without cgroup v2");
	else
		probe__no(r, d->cg_err, "mkdir in %s", d->cg_parent);
}

/* The child stays for the next two probes; it cannot outlive us. */
void try_clone_into(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD };
	bool moved = false;
	char text[32];
	long pid;

	(void)p;
	if (no_cgroup(d, r))
		return;
	args.cgroup = (__u64)d->cg_fd;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0 && errno == ENOSYS) { /* as run does where that is hidden */
		pid = fork();
		moved = pid > 0;
	}
	if (pid < 0) {
		int err = -errno;
		struct ns_cause why;

		if (ns__why_filtered("clone3", err, &why))
			probe__because(r, err, &why);
		else
			probe__no(r, err, "clone3");
		return;
	}
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	d->cg_child = (pid_t)pid;
	snprintf(text, sizeof(text), "%ld", pid);
	if (moved && cg_write(d, "cgroup.procs", text))
		probe__no(r, 0, "clone3 is hidden, and a child cannot be moved there");
	else if (cg_wait(d, "populated 1"))
		probe__no(r, 0, "%s, but the child is elsewhere", moved ? "moving worked" : "clone3 worked");
	else
		probe__ok(r, moved ? "moved a child there: clone3 is hidden" : "started a child in it");
}

void try_cgroup_freeze(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	uint64_t start = now_us();
	int err;

	(void)p;
	if (no_cgroup(d, r))
		return;
	err = cg_write(d, "cgroup.freeze", "1");
	if (err) {
		probe__no(r, err, "write cgroup.freeze");
		return;
	}
	err = cg_wait(d, "frozen 1");
	if (err)
		probe__no(r, err, "cgroup.events does not become frozen");
	else
		probe__ok(r, "froze %s in %.1f ms", d->cg_child ? "a task" : "the empty cgroup",
			  (double)(now_us() - start) / 1000);
	/* It stays frozen if it can be killed so: that is what `run` may have to do. */
	if (faccessat(d->cg_fd, "cgroup.kill", W_OK, AT_EACCESS) || !d->cg_child)
		cg_write(d, "cgroup.freeze", "0");
}

void try_cgroup_kill(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	int err;

	(void)p;
	if (no_cgroup(d, r))
		return;
	err = cg_write(d, "cgroup.kill", "1");
	if (err)
		probe__no(r, err, "write cgroup.kill");
	else if (!d->cg_child)
		probe__ok(r, "accepted");
	else if ((err = cg_wait(d, "populated 0")))
		probe__no(r, err, "the task did not die");
	else
		probe__ok(r, "killed a frozen task");
	cg_write(d, "cgroup.freeze", "0");
	reap_cg_child(d);
}

void try_controllers(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	char path[PATH_MAX + 32], buf[128];
	int err;

	(void)p;
	if (!d->cg_mount[0]) {
		probe__unknown(r, "cannot be tried without cgroup v2");
		return;
	}
	snprintf(path, sizeof(path), "%s/cgroup.controllers", d->cg_mount);
	err = read_file_str(path, buf, sizeof(buf));
	if (err < 0)
		probe__no(r, err, "cgroup.controllers");
	else if (strstr(buf, "memory") && strstr(buf, "pids") && strstr(buf, "cpu"))
		probe__ok(r, "%s", buf);
	else
		probe__no(r, 0, "cgroup v2 has only: %s", buf[0] ? buf : "none");
}
