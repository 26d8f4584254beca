/* SPDX-License-Identifier: Apache-2.0 */
/* Files: by path, by descriptor, by io_uring; and the same by a process that would pass for another. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "evade.h"

#define FLIPS 300 /* races won by each side, */
#define FLIPS_MAX 50000 /* or tried at all */

static int f_open(void) { return open_write(DATA "/f"); }
static int f_append(void)
{
	int fd = open(DATA "/f", O_RDWR | O_APPEND | O_CLOEXEC);

	return fd < 0 ? errno : (close(fd), 0);
}
static int f_open_trunc(void)
{
	int fd = open(DATA "/f", O_RDONLY | O_TRUNC | O_CLOEXEC);

	return fd < 0 ? errno : (close(fd), 0);
}
static int f_create(void)
{
	int fd = open(DATA "/new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 ? errno : (close(fd), 0);
}
static int f_tmpfile(void)
{
	int fd = open(DATA, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);

	return fd < 0 ? errno : (close(fd), 0);
}
static int f_mknod(void) { return result(mknod(DATA "/fifo", S_IFIFO | 0600, 0)); }
static int f_unlink(void) { return result(unlink(DATA "/g")); }
static int f_mkdir(void) { return result(mkdir(DATA "/made", 0700)); }
static int f_rmdir(void) { return result(rmdir(DATA "/empty")); }
static int f_symlink(void) { return result(symlink("/etc/passwd", DATA "/sl")); }
static int f_link_in(void) { return result(link(OK "/f", DATA "/linked")); }
static int f_link_out(void) { return result(link(DATA "/f", OK "/linked")); }
static int f_rename_in(void) { return result(rename(OK "/moved", DATA "/moved")); }
static int f_rename_out(void) { return result(rename(DATA "/g", OK "/g")); }
static int f_exchange(void) { return result(syscall(SYS_renameat2, AT_FDCWD, OK "/f", AT_FDCWD, DATA "/f", 2)); }
static int f_rename_dir(void) { return result(rename(DATA, "/srv/elsewhere")); }
static int f_truncate(void) { return result(truncate(DATA "/f", 1)); }
static int f_ftruncate(void) { return result(ftruncate(old_fd, 1)); }
static int f_chmod(void) { return result(chmod(DATA "/f", 0777)); }
static int f_fchmod(void) { return result(fchmod(old_fd, 0777)); }
static int f_chown(void) { return result(chown(DATA "/f", 1, 2)); }
static int f_setxattr(void) { return result(setxattr(DATA "/f", "trusted.x", "1", 1, 0)); }
static int f_removexattr(void) { return result(removexattr(DATA "/f", "trusted.there")); }
static int f_old_fd(void) { return result(write(old_fd, "x", 1)); }
static int f_relative(void)
{
	int ret;

	if (fchdir(old_dir))
		return CANNOT;
	ret = open_write("f");
	return chdir("/") ? CANNOT : ret;
}
static int f_dot_dot(void) { return open_write(OK "/../data/./f"); }
static int f_at(void)
{
	int fd = openat(old_dir, "f", O_WRONLY | O_CLOEXEC);

	return fd < 0 ? errno : (close(fd), 0);
}
static int f_proc_root(void) { return open_write("/proc/self/root" DATA "/f"); }
static int f_proc_fd(void)
{
	char path[64];
	int fd = open(DATA "/f", O_RDONLY | O_CLOEXEC), ret;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ret = fd < 0 ? errno : open_write(path);
	close(fd);
	return ret;
}
static int f_symlinked(void) { return open_write(OK "/link"); }
static int f_symlinked_dir(void) { return open_write(OK "/dirlink/f"); }
static int f_bind(void) { return open_write("/mnt/alias/f"); }
static int f_bind_below(void) { return open_write("/mnt/below/f"); } /* what is denied lies above what is mounted */
/* A file system that is mounted below what is denied, and elsewhere; and one of whose mounts only a descriptor is left. */
static int f_mount_below(void) { return open_write("/mnt/again/f"); }
static int detached_and_open(void)
{
	int dir = open(DATA "/mounted", O_PATH | O_DIRECTORY | O_CLOEXEC), fd;

	if (dir < 0 || unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    umount2(DATA "/mounted", MNT_DETACH))
		return CANNOT;
	fd = openat(dir, "f", O_WRONLY | O_CLOEXEC);
	return fd < 0 ? errno : 0;
}
static int f_detached(void) { return in_child(detached_and_open); }
static int clone_and_open(void)
{
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, DATA "/dir", 1 /* clone */), fd;

	if (tree < 0)
		return CANNOT;
	fd = openat(tree, "f", O_WRONLY | O_CLOEXEC);
	return fd < 0 ? errno : 0;
}
static int f_clone(void) { return in_child(clone_and_open); }
static int bind_into_allowed(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount(DATA, OK "/place", NULL, MS_BIND, NULL))
		return CANNOT;
	return open_write(OK "/place/f");
}
static int f_bind_allowed(void) { return in_child(bind_into_allowed); }
static int tmpfs_in_allowed(void)
{
	int fd;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("none", OK "/place", "tmpfs", 0, NULL))
		return CANNOT;
	fd = open(OK "/place/new", O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	return fd < 0 ? errno : 0;
}
static int f_tmpfs_allowed(void) { return in_child(tmpfs_in_allowed); }
static int f_ok(void) { return open_write(OK "/f"); }
static int f_hard(void) { return open_write(OK "/hard"); } /* made before: a rule about a directory does not know of it */
static int f_handle(void)
{
	struct { struct file_handle h; char room[128]; } u = { .h.handle_bytes = 128 };
	int mount_id, dir, fd;

	if (name_to_handle_at(AT_FDCWD, DATA "/f", &u.h, &mount_id, 0))
		return CANNOT;
	dir = open("/srv", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = open_by_handle_at(dir, &u.h, O_WRONLY | O_CLOEXEC);
	close(dir);
	return fd < 0 ? errno : (close(fd), 0);
}
static int chroot_and_open(void)
{
	if (chroot("/srv") || chdir("/"))
		return CANNOT;
	return open_write("/data/f");
}
static int f_chroot(void) { return in_child(chroot_and_open); }
static int mount_ns_and_open(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(DATA, "/mnt/other", NULL, MS_BIND, NULL))
		return CANNOT;
	return open_write("/mnt/other/f");
}
static int f_mount_ns(void) { return in_child(mount_ns_and_open); }
static int f_deep(void)
{
	char path[4200] = DATA "/deep";

	for (int i = 0; i < DEPTH; i++) {
		char name[LONG_NAME + 2];

		memset(name, 'd', sizeof(name));
		name[0] = '/';
		name[LONG_NAME + 1] = 0;
		strcat(path, name);
	}
	strcat(path, "/f");
	snprintf(detail, sizeof(detail), "%zu", strlen(path));
	return open_write(path);
}
/* Beyond what one path can name: 60 levels more, from a directory that is deep itself. */
static int deeper(void)
{
	char path[4200] = DATA "/deep";
	int fd, dir;

	for (int i = 0; i < DEPTH; i++) {
		char name[LONG_NAME + 2];

		memset(name, 'd', sizeof(name));
		name[0] = '/';
		name[LONG_NAME + 1] = 0;
		strcat(path, name);
	}
	dir = open(path, O_PATH | O_CLOEXEC);
	fd = dir < 0 ? -1 : openat(dir, "down/down/down/f", O_WRONLY | O_CLOEXEC);
	return fd < 0 ? errno : 0;
}
static int f_deeper(void) { return in_child(deeper); }

/* More levels than are walked, and no rule is about any of them: what cannot be known is denied. */
static int abyss(void)
{
	int dir = open(OK, O_PATH | O_CLOEXEC), next;
	char half[ABYSS + 1];

	for (int i = 0; i < ABYSS; i += 2)
		memcpy(half + i, "a/", 2);
	half[ABYSS] = 0;
	for (int i = 0; i < 2; i++) {
		next = openat(dir, half, O_PATH | O_CLOEXEC);
		close(dir);
		dir = next;
	}
	return dir;
}
static int in_abyss(const char *name, int flags)
{
	int dir = abyss(), fd = openat(dir, name, flags | O_WRONLY | O_CLOEXEC, 0600), ret = dir < 0 ? CANNOT : result(fd);

	close(fd);
	close(dir);
	return ret;
}
static int f_abyss(void) { return in_abyss("f", 0); }
static int f_abyss_create(void) { return in_abyss("new", O_CREAT); }
static int f_bottom(void) { return open_write("/mnt/bottom/f"); } /* a short name does not make the way shorter */
static int open_in_neighbour(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", neighbour);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNS))
		return CANNOT;
	return open_write("/mnt/other/f");
}
static int f_setns(void) { return in_child(open_in_neighbour); } /* of somebody who is out of scope */

static char flip_path[64];
static volatile int flip_stop;
static void *flipper(void *arg)
{
	(void)arg;
	while (!flip_stop) {
		memcpy(flip_path, "/srv/data/f", 12);
		__asm__ volatile("" ::: "memory");
		memcpy(flip_path, "/srv/ok/xxf", 12);
		__asm__ volatile("" ::: "memory");
	}
	return NULL;
}
static void *renamer(void *arg)
{
	(void)arg;
	while (!flip_stop)
		syscall(SYS_renameat2, AT_FDCWD, OK "/race", AT_FDCWD, OK "/race2", 2 /* exchange */);
	return NULL;
}
/* What PATH leads to is changed by another thread while the kernel opens it: whatever was opened must not be the file. */
static int raced(const char *path, void *(*racer)(void *))
{
	struct stat target, st;
	pthread_t t;
	int got = 0, opened = 0, refused = 0;

	flip_stop = 0;
	if (stat(DATA "/f", &target) || pthread_create(&t, NULL, racer, NULL))
		return CANNOT;
	for (int i = 0; i < FLIPS_MAX && (opened < FLIPS || refused < FLIPS); i++) {
		int fd = open(path, O_WRONLY | O_CLOEXEC);

		if (fd < 0) {
			refused += errno == EPERM;
			continue;
		}
		opened++;
		got += !fstat(fd, &st) && st.st_ino == target.st_ino && st.st_dev == target.st_dev;
		close(fd);
	}
	flip_stop = 1;
	pthread_join(t, NULL);
	snprintf(detail, sizeof(detail), "opened=%d,refused=%d", opened, refused);
	return got ? 0 : EPERM;
}
static int f_flip(void) { return raced(flip_path, flipper); } /* the string itself */
static int f_race_link(void) { return raced(OK "/race", renamer); }

static int f_map_old(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, old_fd, 0);

	return p == MAP_FAILED ? errno : (munmap(p, 4096), 0);
}
static int f_acl(void)
{
	static const struct { uint32_t version; struct { uint16_t tag, perm; uint32_t id; } e[3]; } acl = {
		2, { { 1, 7, ~0U }, { 4, 7, ~0U }, { 0x20, 7, ~0U } } };
	int ret = result(setxattr(DATA "/f", "system.posix_acl_access", &acl, sizeof(acl), 0));

	return ret == EOPNOTSUPP ? CANNOT : ret;
}
static int f_acl_remove(void)
{
	int ret = result(removexattr(DATA "/f", "system.posix_acl_access"));

	return ret == EOPNOTSUPP ? CANNOT : ret;
}

/* ---- io_uring ---- */

int uring(const struct io_uring_sqe *request)
{
	struct io_uring_params p = { 0 };
	struct io_uring_cqe *cqe;
	char *sq, *cq, *sqes;
	int ring = (int)syscall(SYS_io_uring_setup, 4, &p), ret;

	if (ring < 0)
		return CANNOT;
	sq = mmap(NULL, p.sq_off.array + p.sq_entries * 4, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	cq = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(*cqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
	sqes = mmap(NULL, p.sq_entries * sizeof(*request), PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || sqes == MAP_FAILED)
		return CANNOT;
	memcpy(sqes, request, sizeof(*request));
	*(uint32_t *)(void *)(sq + p.sq_off.array) = 0;
	__atomic_store_n((uint32_t *)(void *)(sq + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return CANNOT;
	cqe = (struct io_uring_cqe *)(void *)(cq + p.cq_off.cqes);
	ret = cqe->res;
	munmap(sq, p.sq_off.array + p.sq_entries * 4);
	munmap(cq, p.cq_off.cqes + p.cq_entries * sizeof(*cqe));
	munmap(sqes, p.sq_entries * sizeof(*request));
	close(ring);
	return ret < 0 ? -ret : 0;
}
static int u_open(void)
{
	return uring(&(struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = ADDR(DATA "/f"),
					     .open_flags = O_WRONLY });
}
static int u_open_async(void)
{
	return uring(&(struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .flags = IOSQE_ASYNC, .fd = AT_FDCWD, .addr = ADDR(DATA "/f"),
					     .open_flags = O_WRONLY });
}
static int u_poll(void) /* a kernel thread that looks for requests by itself */
{
	struct io_uring_params p = { .flags = 2 /* IORING_SETUP_SQPOLL */, .sq_thread_idle = 1 };
	int ring = (int)syscall(SYS_io_uring_setup, 4, &p);

	return ring < 0 ? errno : (close(ring), 0);
}
static int memfd_write(void)
{
	int fd = memfd_create("scratch", 0);

	return ftruncate(fd, 4096) || write(fd, "x", 1) != 1 ? errno : 0;
}
static int f_memfd(void) { return in_child(memfd_write); }
static int u_unlink(void)
{
	return uring(&(struct io_uring_sqe){ .opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = ADDR(DATA "/g") });
}
static int u_rename(void)
{
	return uring(&(struct io_uring_sqe){ .opcode = IORING_OP_RENAMEAT, .fd = AT_FDCWD, .len = (uint32_t)AT_FDCWD,
					     .addr = ADDR(DATA "/g"), .addr2 = ADDR(OK "/g") });
}
#ifdef __x86_64__
static int m32_open(void)
{
	static char path[] = DATA "/f"; /* static: below 4 GiB, as the program is not position independent */
	long ret;

	if ((uintptr_t)path >> 32)
		return CANNOT;
	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(5L), "b"((long)(uintptr_t)path), "c"(1L), "d"(0L)
			 : "memory", "r8", "r9", "r10", "r11");
	ret = (int)ret;
	return ret == -ENOSYS ? CANNOT : ret < 0 ? (int)-ret : 0;
}
#else
static int m32_open(void) { return CANNOT; }
#endif

static const struct attempt attempts[] = {
	{ "open", f_open, "file", "open_write", "denied" },
	{ "append", f_append, "file", "open_write", "denied" },
	{ "open-truncate", f_open_trunc, "file", "open_write", "denied" },
	{ "create", f_create, "file", "create", "denied" },
	{ "tmpfile", f_tmpfile, "file", "open_write", "denied" },
	{ "mknod", f_mknod, "file", "mknod", "denied" },
	{ "unlink", f_unlink, "file", "unlink", "denied" },
	{ "mkdir", f_mkdir, "file", "mkdir", "denied" },
	{ "rmdir", f_rmdir, "file", "rmdir", "denied" },
	{ "symlink", f_symlink, "file", "symlink", "denied" },
	{ "link-in", f_link_in, "file", "link", "denied" },
	{ "link-out", f_link_out, "file", "link", "denied" },
	{ "rename-in", f_rename_in, "file", "rename", "denied" },
	{ "rename-out", f_rename_out, "file", "rename", "denied" },
	{ "exchange", f_exchange, "file", "rename", "denied" },
	{ "rename-the-directory", f_rename_dir, "file", "rename", "denied" },
	{ "truncate", f_truncate, "file", "truncate", "denied" },
	{ "ftruncate-old-fd", f_ftruncate, "file", "truncate", "denied" },
	{ "chmod", f_chmod, "file", "chmod", "denied" },
	{ "fchmod-old-fd", f_fchmod, "file", "chmod", "denied" },
	{ "chown", f_chown, "file", "chown", "denied" },
	{ "setxattr", f_setxattr, "file", "setxattr", "denied" },
	{ "removexattr", f_removexattr, "file", "removexattr", "denied" },
	{ "write-old-fd", f_old_fd, "file", "write", "denied" },
	{ "relative", f_relative, "file", "open_write", "denied" },
	{ "dot-dot", f_dot_dot, "file", "open_write", "denied" },
	{ "openat", f_at, "file", "open_write", "denied" },
	{ "proc-root", f_proc_root, "file", "open_write", "denied" },
	{ "proc-fd", f_proc_fd, "file", "open_write", "denied" },
	{ "through-symlink", f_symlinked, "file", "open_write", "denied" },
	{ "through-symlinked-directory", f_symlinked_dir, "file", "open_write", "denied" },
	{ "bind-mount", f_bind, "file", "open_write", "denied" },
	{ "bind-mount-of-what-is-below", f_bind_below, "file", "open_write", "denied" },
	{ "mounted-below-and-elsewhere", f_mount_below, "file", "open_write", "denied" },
	{ "detached-mount", f_detached, "file", "open_write", "denied" },
	{ "mount-clone", f_clone, "file", "open_write", "denied" },
	{ "elsewhere", f_ok, "file", "open_write", "allowed" },
	{ "hard-link-made-before", f_hard, "file", "open_write", "allowed" },
	{ "handle", f_handle, "file", "open_write", "denied" },
	{ "chroot", f_chroot, "file", "open_write", "denied" },
	{ "mount-namespace", f_mount_ns, "file", "open_write", "denied" },
	{ "deep-path", f_deep, "file", "open_write", "denied" },
	{ "deeper-than-a-path", f_deeper, "file", "open_write", "denied" },
	{ "abyss", f_abyss, "file", "open_write@file_flags=too_deep", "denied" },
	{ "abyss-create", f_abyss_create, "file", "create@file_flags=too_deep", "denied" },
	{ "abyss-mounted", f_bottom, "file", "open_write@file_flags=too_deep", "denied" },
	{ "namespace-of-another", f_setns, "file", "open_write", "denied" },
	{ "flipped-pointer", f_flip, "file", "open_write", "race" },
	{ "symlink-race", f_race_link, "file", "open_write", "race" },
	{ "uring-open", u_open, "file", "open_write", "denied" },
	{ "uring-open-async", u_open_async, "file", "open_write", "denied" },
	{ "uring-poll", u_poll, "kernel", "io_uring", "allowed" },
	{ "memfd", f_memfd, "file", "truncate", "allowed" },
	{ "uring-unlink", u_unlink, "file", "unlink", "denied" },
	{ "uring-rename", u_rename, "file", "rename", "denied" },
	{ "call-of-32-bit", m32_open, "file", "open_write", "denied" },
	{ "bind-into-allowed", f_bind_allowed, "file", "open_write", "denied" },
	{ "tmpfs-in-allowed", f_tmpfs_allowed, "file", "create", "allowed" },
	{ "map-old-fd", f_map_old, "file", "write", "denied" },
	{ "acl", f_acl, "file", "setxattr", "denied" },
	{ "acl-removed", f_acl_remove, "file", "removexattr", "denied" },
};
DOMAIN(file, attempts);

/* ---- identity ---- */

static int forge_child(void)
{
	prctl(PR_SET_NAME, "kworker/0:0");
	return open_write(DATA "/f");
}
static int i_comm(void) { return in_child(forge_child); }
/* Begun under a name that is not its, it changes that once more, and what ps shows of its arguments. */
#define GUISE "kworker/9:9"
int disguise_and_open(char *argv0, const char *path)
{
	char shown[64] = "";
	int fd;

	prctl(PR_SET_NAME, GUISE);
	memcpy(argv0, GUISE, sizeof(GUISE));
	fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	if (read(fd, shown, sizeof(shown) - 1) < 0 || strcmp(shown, GUISE))
		return CANNOT;
	return open_write(path);
}
static int exec_disguised(void)
{
	char *const argv[] = { "/usr/lib/systemd/systemd", "disguise", DATA "/f", NULL }, *const env[] = { NULL };

	return execve(OK "/prog", argv, env), errno;
}
static int i_disguise(void) { return in_child(exec_disguised); }
/* Out of the control group that is watched, if one is; then the same as ever. */
static int move_child(void)
{
	char pid[16];
	int fd = open("/sys/fs/cgroup/cgroup.procs", O_WRONLY | O_CLOEXEC), n = snprintf(pid, sizeof(pid), "%d", getpid());

	if (fd < 0 || write(fd, pid, (size_t)n) != n)
		return CANNOT;
	close(fd);
	return open_write(DATA "/f");
}
static int i_cgroup(void) { return in_child(move_child); }
static int i_storm(void)
{
	int refused = 0;

	for (int i = 0; i < 500; i++) {
		int status;
		pid_t pid = fork();

		if (!pid)
			_exit(open_write(DATA "/f") == EPERM);
		if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status))
			refused += WEXITSTATUS(status);
	}
	snprintf(detail, sizeof(detail), "refused=%d", refused);
	return refused == 500 ? EPERM : 0;
}
static int i_fork_chain(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) { /* an orphan, in a session of its own */
		setsid();
		pid = fork();
		_exit(pid ? in_child(f_open) : 0);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : CANNOT;
}

static const struct attempt identity_attempts[] = {
	{ "forged-name", i_comm, "file", "open_write", "denied" },
	{ "disguised", i_disguise, "file", "open_write", "denied" },
	{ "other-cgroup", i_cgroup, "file", "open_write", "denied" },
	{ "orphan", i_fork_chain, "file", "open_write", "denied" },
	{ "fork-storm", i_storm, "file", "open_write", "denied" },
};
DOMAIN(identity, identity_attempts);
