/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static -pthread */
/*
 * Ways round a policy that denies writing below /srv/data, executing from /tmp, talking to anything but 127.0.0.1:80, and
 * bpf(2).
 *
 *   evade world   makes the files and mounts that the attempts need (root, a machine of its own)
 *   evade serve   opens what was open before, says "ready PID", then reads names of attempts, one a line, and answers
 *		   "NAME RESULT DETAIL": RESULT is 0, what it was after happened; an errno; or -1, it cannot be tried here
 *   evade list    the names, with what must be seen of each: NAME KIND ACTION EXPECTED
 *   evade true    ends with 0: what is executed
 *
 * The attempts are made by the process itself, which ran before the policy was there; those that execute something, by
 * its children.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#define CANNOT (-1)
#define DATA "/srv/data"
#define OK "/srv/ok"
#define FLIPS 300 /* races won by each side, */
#define FLIPS_MAX 50000 /* or tried at all */
#define DEPTH 60
#define LONG_NAME 60 /* DEPTH * (LONG_NAME + 1) and the rest: near 4,000 bytes */

/* What was there before the policy. */
static int old_fd, old_dir, old_tcp, old_udp, unix_pair[2];
static pid_t outsider; /* a child that stays: not below the attempts' own children */
static char detail[128];

static int result(long ret)
{
	return ret < 0 ? errno : 0;
}

static int open_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(fn() & 0xff);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return CANNOT;
	return WEXITSTATUS(status) == 0xff ? CANNOT : WEXITSTATUS(status);
}

/* ---- files -------------------------------------------------------------------------------------------------- */

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
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount(DATA, "/mnt/other", NULL, MS_BIND, NULL))
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
/* The pointer's string is changed by another thread while the kernel reads it: whatever it opened must not be the file. */
static int f_flip(void)
{
	struct stat target, st;
	pthread_t t;
	int got = 0, opened = 0, refused = 0;

	if (stat(DATA "/f", &target) || pthread_create(&t, NULL, flipper, NULL))
		return CANNOT;
	for (int i = 0; i < FLIPS_MAX && (opened < FLIPS || refused < FLIPS); i++) {
		int fd = open(flip_path, O_WRONLY | O_CLOEXEC);

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
static void *renamer(void *arg)
{
	(void)arg;
	while (!flip_stop)
		syscall(SYS_renameat2, AT_FDCWD, OK "/race", AT_FDCWD, OK "/race2", 2 /* exchange */);
	return NULL;
}
static int f_race_link(void)
{
	struct stat target, st;
	pthread_t t;
	int got = 0, opened = 0, refused = 0;

	flip_stop = 0;
	if (stat(DATA "/f", &target) || pthread_create(&t, NULL, renamer, NULL))
		return CANNOT;
	for (int i = 0; i < FLIPS_MAX && (opened < FLIPS || refused < FLIPS); i++) {
		int fd = open(OK "/race", O_WRONLY | O_CLOEXEC);

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

/* ---- io_uring ------------------------------------------------------------------------------------------------ */

/* One request, by a kernel thread where FLAGS say so. Its result, as a call would give it. */
static int uring(struct io_uring_sqe *request)
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
#define ADDR(p) ((uint64_t)(uintptr_t)(p))
static int u_open(void)
{
	return uring(&(struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = ADDR(DATA "/f"), .open_flags = O_WRONLY });
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
static int u_unlink(void) { return uring(&(struct io_uring_sqe){ .opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = ADDR(DATA "/g") }); }
static int u_rename(void)
{
	return uring(&(struct io_uring_sqe){ .opcode = IORING_OP_RENAMEAT, .fd = AT_FDCWD, .len = (uint32_t)AT_FDCWD,
					     .addr = ADDR(DATA "/g"), .addr2 = ADDR(OK "/g") });
}

/* ---- programs ------------------------------------------------------------------------------------------------ */

static int run(int (*exec)(void))
{
	return in_child(exec);
}
static char *const true_argv[] = { "prog", "true", NULL };
static char *const no_env[] = { NULL };
static int exec_tmp(void) { return execve("/tmp/prog", true_argv, no_env), errno; }
static int x_tmp(void) { return run(exec_tmp); }
static int exec_ok(void) { return execve(OK "/prog", true_argv, no_env), errno; }
static int x_ok(void) { return run(exec_ok); }
static int exec_script(void) { return execve("/tmp/script", true_argv, no_env), errno; }
static int x_script(void) { return run(exec_script); }
static int exec_chain(void) { return execve(OK "/chain", true_argv, no_env), errno; }
static int x_interp(void) { return run(exec_chain); } /* outside, but its interpreter is in /tmp */
static int exec_at(void)
{
	int fd = open("/tmp/prog", O_PATH | O_CLOEXEC);

	return syscall(SYS_execveat, fd, "", true_argv, no_env, AT_EMPTY_PATH), errno;
}
static int x_execveat(void) { return run(exec_at); }
static int exec_deleted(void)
{
	int fd;

	if (link("/tmp/prog", "/tmp/gone"))
		return CANNOT;
	fd = open("/tmp/gone", O_PATH | O_CLOEXEC);
	if (fd < 0 || unlink("/tmp/gone"))
		return CANNOT;
	return syscall(SYS_execveat, fd, "", true_argv, no_env, AT_EMPTY_PATH), errno;
}
static int x_deleted(void) { return run(exec_deleted); }
static int map_exec(void)
{
	int fd = open("/tmp/prog", O_RDONLY | O_CLOEXEC);

	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ? errno : 0;
}
static int x_map(void) { return in_child(map_exec); } /* what `ld.so /tmp/prog` does */
static int map_then_exec(void)
{
	int fd = open("/tmp/prog", O_RDONLY | O_CLOEXEC);
	void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	return p == MAP_FAILED ? CANNOT : result(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}
static int x_mprotect(void) { return in_child(map_then_exec); }
static int exec_memfd(void)
{
	int fd = memfd_create("payload", 0), from = open("/proc/self/exe", O_RDONLY);
	char buf[65536];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(fd, buf, (size_t)n) != n)
			return CANNOT;
	return syscall(SYS_execveat, fd, "", true_argv, no_env, AT_EMPTY_PATH), errno;
}
static int x_memfd(void) { return run(exec_memfd); }

/* ---- network --------------------------------------------------------------------------------------------------- */

static struct sockaddr_in v4(const char *addr, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, addr, &a.sin_addr);
	return a;
}
static int connect_to(int type, int protocol, const char *addr, uint16_t port)
{
	struct sockaddr_in a = v4(addr, port);
	int s = socket(AF_INET, type | SOCK_CLOEXEC, protocol), ret;

	if (s < 0)
		return errno;
	ret = result(connect(s, (void *)&a, sizeof(a)));
	close(s);
	return ret;
}
static int n_allowed(void) { return connect_to(SOCK_STREAM, 0, "127.0.0.1", 80); }
static int n_port(void) { return connect_to(SOCK_STREAM, 0, "127.0.0.1", 81); }
static int n_addr(void) { return connect_to(SOCK_STREAM, 0, "127.0.0.2", 80); }
static int n_udp(void) { return connect_to(SOCK_DGRAM, 0, "127.0.0.1", 81); }
static int n_mptcp(void)
{
	int ret = connect_to(SOCK_STREAM, IPPROTO_MPTCP, "127.0.0.1", 81);

	return ret == EPROTONOSUPPORT || ret == ENOPROTOOPT ? CANNOT : ret;
}
static int n_raw(void) { return result(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)); }
static int n_packet(void) { int ret = result(socket(AF_PACKET, SOCK_RAW, 0)); return ret == EAFNOSUPPORT ? CANNOT : ret; }
static int n_v6(void)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons(81) };
	int s = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), ret;

	inet_pton(AF_INET6, "::1", &a.sin6_addr);
	ret = s < 0 ? CANNOT : result(connect(s, (void *)&a, sizeof(a)));
	close(s);
	return ret;
}
static int n_mapped(void)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons(81) };
	int s = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), ret;

	inet_pton(AF_INET6, "::ffff:127.0.0.1", &a.sin6_addr);
	ret = s < 0 ? CANNOT : result(connect(s, (void *)&a, sizeof(a)));
	close(s);
	return ret;
}
static int n_sendto(void)
{
	struct sockaddr_in a = v4("127.0.0.1", 81);
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret = result(sendto(s, "x", 1, 0, (void *)&a, sizeof(a)));

	close(s);
	return ret;
}
static int n_unspec(void) /* UDP takes an address without a family for IPv4 */
{
	struct sockaddr_in a = v4("127.0.0.1", 81);
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;

	a.sin_family = AF_UNSPEC;
	ret = result(sendto(s, "x", 1, 0, (void *)&a, sizeof(a)));
	close(s);
	return ret;
}
static int n_sendmmsg(void)
{
	struct sockaddr_in ok = v4("127.0.0.1", 80), bad = v4("127.0.0.1", 81);
	struct iovec iov = { "x", 1 };
	struct mmsghdr m[2] = { { .msg_hdr = { &ok, sizeof(ok), &iov, 1, NULL, 0, 0 } }, { .msg_hdr = { &bad, sizeof(bad), &iov, 1, NULL, 0, 0 } } };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), n = sendmmsg(s, m, 2, 0);

	close(s);
	return n == 2 ? 0 : EPERM; /* the first went, the second did not */
}
static int n_fastopen(void)
{
	struct sockaddr_in a = v4("127.0.0.1", 81);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), ret = result(sendto(s, "x", 1, MSG_FASTOPEN, (void *)&a, sizeof(a)));

	close(s);
	return ret == EOPNOTSUPP ? CANNOT : ret;
}
static int n_old_tcp(void) { return result(send(old_tcp, "x", 1, MSG_NOSIGNAL)); }
static int n_old_udp(void) { return result(send(old_udp, "x", 1, 0)); }
static int n_write_old(void) { return result(write(old_tcp, "x", 1)); }
static int n_uring(void)
{
	struct sockaddr_in a = v4("127.0.0.1", 81);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), ret;

	ret = uring(&(struct io_uring_sqe){ .opcode = IORING_OP_CONNECT, .flags = IOSQE_ASYNC, .fd = s, .addr = ADDR(&a), .off = sizeof(a) });
	close(s);
	return ret;
}
/* A connected socket of somebody outside, passed in: the outsider writes it to unix_pair on request. */
static int n_passed(void)
{
	char data, room[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &data, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	struct cmsghdr *c;
	int s, ret;

	if (recvmsg(unix_pair[0], &m, 0) != 1 || !(c = CMSG_FIRSTHDR(&m)))
		return CANNOT;
	memcpy(&s, CMSG_DATA(c), sizeof(s));
	ret = result(send(s, "x", 1, MSG_NOSIGNAL));
	close(s);
	return ret;
}

/* ---- the system ------------------------------------------------------------------------------------------------ */

static int b_map(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1 };

	return result(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
}
/* Root takes a handle of somebody else's map by its number, to delete its keys. */
static int b_steal(void)
{
	union bpf_attr attr = { .start_id = 0 };

	if (syscall(SYS_bpf, BPF_MAP_GET_NEXT_ID, &attr, sizeof(attr)))
		return errno;
	attr = (union bpf_attr){ .map_id = attr.next_id };
	return result(syscall(SYS_bpf, BPF_MAP_GET_FD_BY_ID, &attr, sizeof(attr)));
}
static int p_attach(void) { return result(ptrace(PTRACE_SEIZE, outsider, NULL, NULL)); }
static int p_mem(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", outsider);
	return open_write(path);
}
static int p_signal(void) { return result(kill(outsider, SIGCONT)); }
static int s_mount(void)
{
	int ret = result(mount("none", "/mnt/other", "tmpfs", 0, NULL));

	if (!ret)
		umount("/mnt/other");
	return ret;
}
static int s_userns_child(void) { return result(unshare(CLONE_NEWUSER)); }
static int s_userns(void) { return in_child(s_userns_child); }
static int s_perf(void)
{
	struct { uint32_t type, size; uint64_t config, rest[14]; } attr = { .type = 1, .size = sizeof(attr) };

	return result(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0));
}
static int setuid_child(void) { return result(setresuid(1000, 1000, 1000)); }
static int c_setuid(void) { return in_child(setuid_child); }
static int setgid_child(void) { return result(setresgid(1000, 1000, 1000)); }
static int c_setgid(void) { return in_child(setgid_child); }
static int capset_child(void)
{
	struct { uint32_t version; int pid; } head = { 0x20080522, 0 };
	struct { uint32_t effective, permitted, inheritable; } data[2] = { { 0, ~0U, 0 }, { 0, 0, 0 } };

	if (syscall(SYS_capget, &head, data))
		return CANNOT;
	data[0].effective &= ~1U;
	return result(syscall(SYS_capset, &head, data));
}
static int c_capset(void) { return in_child(capset_child); }
static int traceme_child(void) { return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL)); }
static int p_traceme(void) { return in_child(traceme_child); }
static int s_remount(void) { return result(mount(NULL, "/srv", NULL, MS_REMOUNT, NULL)); }
static int move_mount_child(void)
{
	int tree;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return CANNOT;
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, OK, 1 /* clone */);
	return tree < 0 ? CANNOT : result(syscall(SYS_move_mount, tree, "", AT_FDCWD, "/mnt/other", 4 /* empty path */));
}
static int s_move_mount(void) { return in_child(move_mount_child); }
static int serving(int until)
{
	struct sockaddr_in a = v4("127.0.0.1", 0);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), ret = result(bind(s, (void *)&a, sizeof(a)));

	if (!ret && until > 0)
		ret = result(listen(s, 1));
	if (!ret && until > 1)
		ret = result(accept4(s, NULL, NULL, 0));
	close(s);
	return ret == EAGAIN ? 0 : ret;
}
static int n_bind(void) { return serving(0); }
static int n_listen(void) { return serving(1); }
static int n_accept(void) { return serving(2); }
static int n_route(void) /* a loose source route: the packet would go to 10.0.0.1 first */
{
	unsigned char opt[8] = { 131, 7, 4, 10, 0, 0, 1, 0 };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret = result(setsockopt(s, IPPROTO_IP, 4 /* IP_OPTIONS */, opt, sizeof(opt)));

	close(s);
	return ret;
}
/* Whoever enforces the policy, found by its name. */
static pid_t recorder(void)
{
	char path[64], comm[32];

	for (pid_t pid = 2; pid < 32768; pid++) {
		ssize_t n;
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		n = read(fd, comm, sizeof(comm) - 1);
		close(fd);
		comm[n > 0 ? n : 0] = 0;
		if (!strcmp(comm, "sandtrace\n"))
			return pid;
	}
	return 0;
}
static int r_audit(void) { pid_t pid = recorder(); return pid ? result(kill(pid, SIGUSR1)) : CANNOT; }
static int r_kill(void) { pid_t pid = recorder(); return pid ? result(kill(pid, SIGKILL)) : CANNOT; }
static int r_limit(void)
{
	struct { uint64_t soft, hard; } none = { 0, 0 };
	pid_t pid = recorder();

	return pid ? result(syscall(SYS_prlimit64, pid, 1 /* RLIMIT_FSIZE */, &none, NULL)) : CANNOT;
}
static int r_take(void) /* a map of its, through its descriptor */
{
	pid_t pid = recorder();
	int pidfd = pid ? (int)syscall(SYS_pidfd_open, pid, 0) : -1, fd;

	if (pidfd < 0)
		return CANNOT;
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, 4, 0);
	close(pidfd);
	return fd < 0 ? errno : (close(fd), 0);
}
static int r_memory(void)
{
	char path[64];
	pid_t pid = recorder();

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	return pid ? (open_write(path) ? EPERM : 0) : CANNOT; /* refused as EACCES there */
}
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
static int n_label(void) /* a flow label can carry a route */
{
	char request[64] = { 0 };
	int s = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;

	ret = s < 0 ? CANNOT : result(setsockopt(s, IPPROTO_IPV6, 32 /* IPV6_FLOWLABEL_MGR */, request, sizeof(request)));
	close(s);
	return ret;
}
static int forge_child(void)
{
	prctl(PR_SET_NAME, "kworker/0:0");
	return open_write(DATA "/f");
}
static int i_comm(void) { return in_child(forge_child); }
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
#ifdef __x86_64__
static int m32_open(void)
{
	static char path[] = DATA "/f"; /* static: below 4 GiB, as the program is not position independent */
	long ret;

	if ((uintptr_t)path >> 32)
		return CANNOT;
	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(5L), "b"((long)(uintptr_t)path), "c"(1L), "d"(0L) : "memory", "r8", "r9", "r10", "r11");
	ret = (int)ret;
	return ret == -ENOSYS ? CANNOT : ret < 0 ? (int)-ret : 0;
}
#else
static int m32_open(void) { return CANNOT; }
#endif

static const struct attempt {
	const char *name;
	int (*fn)(void);
	const char *kind, *action; /* what must be seen of it */
	const char *expected;	   /* "denied": EPERM; "allowed"; "race": nothing got, however often it was seen */
} attempts[] = {
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
	{ "flipped-pointer", f_flip, "file", "open_write", "race" },
	{ "symlink-race", f_race_link, "file", "open_write", "race" },
	{ "uring-open", u_open, "file", "open_write", "denied" },
	{ "uring-open-async", u_open_async, "file", "open_write", "denied" },
	{ "uring-poll", u_poll, "kernel", "io_uring", "allowed" },
	{ "memfd", f_memfd, "file", "truncate", "allowed" },
	{ "uring-unlink", u_unlink, "file", "unlink", "denied" },
	{ "uring-rename", u_rename, "file", "rename", "denied" },
	{ "call-of-32-bit", m32_open, "file", "open_write", "denied" },
	{ "exec", x_tmp, "file", "execute", "denied" },
	{ "exec-script", x_script, "file", "execute", "denied" },
	{ "exec-interpreter", x_interp, "file", "execute", "denied" },
	{ "execveat", x_execveat, "file", "execute", "denied" },
	{ "exec-deleted", x_deleted, "file", "execute", "denied" },
	{ "exec-elsewhere", x_ok, "process", "exec", "allowed" },
	{ "exec-memfd", x_memfd, "process", "exec", "allowed" },
	{ "map-executable", x_map, "file", "mmap_exec", "denied" },
	{ "mprotect-executable", x_mprotect, "file", "mprotect_exec", "denied" },
	{ "connect-allowed", n_allowed, "network", "connect", "allowed" },
	{ "connect-port", n_port, "network", "connect", "denied" },
	{ "connect-address", n_addr, "network", "connect", "denied" },
	{ "connect-udp", n_udp, "network", "connect", "denied" },
	{ "connect-v6", n_v6, "network", "connect", "denied" },
	{ "connect-mapped", n_mapped, "network", "connect", "denied" },
	{ "mptcp", n_mptcp, "network", "socket", "denied" },
	{ "raw-socket", n_raw, "network", "socket", "denied" },
	{ "packet-socket", n_packet, "network", "socket", "denied" },
	{ "sendto", n_sendto, "network", "send", "denied" },
	{ "sendto-without-family", n_unspec, "network", "send", "denied" },
	{ "sendmmsg", n_sendmmsg, "network", "send", "denied" },
	{ "fast-open", n_fastopen, "network", "send", "denied" },
	{ "send-old-tcp", n_old_tcp, "network", "send", "denied" },
	{ "write-old-tcp", n_write_old, "network", "send", "denied" },
	{ "send-old-udp", n_old_udp, "network", "send", "denied" },
	{ "send-passed-socket", n_passed, "network", "send", "denied" },
	{ "uring-connect", n_uring, "network", "connect", "denied" },
	{ "bpf-map", b_map, "kernel", "bpf", "denied" },
	{ "bpf-other-map", b_steal, "kernel", "bpf", "denied" },
	{ "ptrace", p_attach, "kernel", "ptrace", "allowed" },
	{ "proc-mem", p_mem, "kernel", "ptrace", "allowed" },
	{ "signal", p_signal, "kernel", "signal", "allowed" },
	{ "mount", s_mount, "kernel", "mount", "allowed" },
	{ "user-namespace", s_userns, "kernel", "user_namespace", "allowed" },
	{ "perf-event", s_perf, "kernel", "perf_event", "allowed" },
	{ "setuid", c_setuid, "credentials", "setuid", "allowed" },
	{ "setgid", c_setgid, "credentials", "setgid", "allowed" },
	{ "capset", c_capset, "credentials", "capset", "allowed" },
	{ "traceme", p_traceme, "kernel", "ptrace", "allowed" },
	{ "remount", s_remount, "kernel", "mount", "allowed" },
	{ "move-mount", s_move_mount, "kernel", "move_mount", "allowed" },
	{ "bind", n_bind, "network", "bind", "allowed" },
	{ "listen", n_listen, "network", "listen", "allowed" },
	{ "accept", n_accept, "network", "accept", "allowed" },
	{ "source-route", n_route, "network", "option", "denied" },
	{ "bind-into-allowed", f_bind_allowed, "file", "open_write", "denied" },
	{ "tmpfs-in-allowed", f_tmpfs_allowed, "file", "create", "allowed" },
	{ "recorder-to-audit", r_audit, "kernel", "signal", "denied" },
	{ "recorder-killed", r_kill, "kernel", "signal", "denied" },
	{ "recorder-limited", r_limit, "kernel", "set_limit", "denied" },
	{ "recorder-descriptor", r_take, "kernel", "ptrace", "denied" },
	{ "recorder-memory", r_memory, "kernel", "ptrace", "denied" },
	{ "map-old-fd", f_map_old, "file", "write", "denied" },
	{ "acl", f_acl, "file", "setxattr", "denied" },
	{ "acl-removed", f_acl_remove, "file", "removexattr", "denied" },
	{ "flow-label", n_label, "network", "option", "denied" },
	{ "forged-name", i_comm, "file", "open_write", "denied" },
	{ "other-cgroup", i_cgroup, "file", "open_write", "denied" },
	{ "orphan", i_fork_chain, "file", "open_write", "denied" },
	{ "fork-storm", i_storm, "file", "open_write", "denied" },
};
#define N_ATTEMPTS (sizeof(attempts) / sizeof(attempts[0]))

/* ---- the world -------------------------------------------------------------------------------------------------- */

static void need(int ret, const char *what)
{
	if (ret < 0) {
		fprintf(stderr, "evade: %s: %s\n", what, strerror(errno));
		exit(3);
	}
}
static void make_file(const char *path, mode_t mode, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	need(fd, path);
	need(write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1, path);
	need(fchmod(fd, mode), path);
	close(fd);
}
static void copy_self(const char *to)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	char buf[65536];
	ssize_t n;

	need(from, "/proc/self/exe");
	need(fd, to);
	while ((n = read(from, buf, sizeof(buf))) > 0)
		need(write(fd, buf, (size_t)n) == n ? 0 : -1, to);
	close(from);
	close(fd);
}
static void make_deep(void)
{
	char name[LONG_NAME + 1];
	int dir;

	memset(name, 'd', LONG_NAME);
	name[LONG_NAME] = 0;
	need(mkdir(DATA "/deep", 0755), "deep");
	dir = open(DATA "/deep", O_PATH | O_CLOEXEC);
	for (int i = 0; i <= DEPTH + 3; i++) {
		int f = openat(dir, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600), next;

		need(f, "deep file");
		close(f);
		need(mkdirat(dir, i < DEPTH ? name : "down", 0755), "deep");
		next = openat(dir, i < DEPTH ? name : "down", O_PATH | O_CLOEXEC);
		need(next, "deep");
		close(dir);
		dir = next;
	}
	close(dir);
}
static int world(void)
{
	mkdir("/srv", 0755);
	mkdir("/mnt", 0755);
	need(mount("tmpfs", "/srv", "tmpfs", 0, NULL), "mount /srv");
	need(mkdir(DATA, 0755), DATA);
	need(mkdir(OK, 0755), OK);
	need(mkdir(DATA "/dir", 0755), "dir");
	make_file(DATA "/f", 0644, "protected");
	make_file(DATA "/g", 0644, "protected");
	make_file(DATA "/h", 0644, "protected");
	make_file(OK "/f", 0644, "open");
	make_file(OK "/xxf", 0644, "open");
	make_file(OK "/moved", 0644, "open");
	need(setxattr(DATA "/f", "trusted.there", "1", 1, 0), "xattr");
	need(link(DATA "/h", OK "/hard"), "hard");
	need(symlink(DATA "/f", OK "/link"), "link");
	need(symlink(DATA, OK "/dirlink"), "dirlink");
	need(symlink(DATA "/f", OK "/race"), "race");
	need(symlink(OK "/f", OK "/race2"), "race2");
	mkdir("/mnt/alias", 0755);
	mkdir("/mnt/other", 0755);
	mkdir("/mnt/below", 0755);
	make_file(DATA "/dir/f", 0644, "protected");
	need(mkdir(DATA "/empty", 0755), "empty");
	need(mkdir(DATA "/mounted", 0755), "mounted");
	need(mount("tmpfs", DATA "/mounted", "tmpfs", 0, NULL), "mount");
	make_file(DATA "/mounted/f", 0644, "protected");
	mkdir("/mnt/again", 0755);
	need(mount(DATA "/mounted", "/mnt/again", NULL, MS_BIND, NULL), "bind");
	need(mkdir(OK "/place", 0755), "place");
	need(mount(DATA "/dir", "/mnt/below", NULL, MS_BIND, NULL), "bind");
	need(mount(DATA, "/mnt/alias", NULL, MS_BIND, NULL), "bind");
	copy_self("/tmp/prog");
	copy_self("/tmp/interp");
	make_file("/tmp/script", 0755, "#!" OK "/prog true\n");
	copy_self(OK "/prog");
	make_file(OK "/chain", 0755, "#!/tmp/interp true\n");
	make_deep();
	return 0;
}

static int listen_on(uint16_t port)
{
	struct sockaddr_in a = v4("127.0.0.1", port);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	need(bind(s, (void *)&a, sizeof(a)), "bind");
	need(listen(s, 64), "listen");
	return s;
}

/* Somebody else: listens, and passes on a socket of its own. Not in scope: it is the server's parent. */
static void be_outsider(int sock)
{
	struct sockaddr_in a = v4("127.0.0.1", 81);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char data = 'x', room[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { &data, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	need(connect(s, (void *)&a, sizeof(a)), "outsider's connect");
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &s, sizeof(s));
	need((int)sendmsg(sock, &m, 0), "outsider's send");
}

static int serve(void)
{
	struct sockaddr_in peer = v4("127.0.0.1", 81);
	char line[128];
	pid_t server;
	int status;

	listen_on(80);
	listen_on(81);
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, unix_pair), "socketpair");
	outsider = getpid();
	server = fork();
	if (server) {
		be_outsider(unix_pair[1]);
		waitpid(server, &status, 0);
		return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	}
	old_fd = open(DATA "/f", O_RDWR | O_CLOEXEC);
	old_dir = open(DATA, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	old_tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	old_udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	need(connect(old_tcp, (void *)&peer, sizeof(peer)), "connect");
	need(connect(old_udp, (void *)&peer, sizeof(peer)), "connect");
	need(old_fd, DATA "/f");
	printf("ready %d\n", getpid());
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		for (size_t i = 0; i < N_ATTEMPTS; i++) {
			if (strcmp(line, attempts[i].name))
				continue;
			strcpy(detail, "-");
			printf("%s %d", line, attempts[i].fn());
			printf(" %s\n", detail);
			fflush(stdout);
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	signal(SIGPIPE, SIG_IGN);
	if (!strcmp(mode, "true"))
		return 0;
	if (!strcmp(mode, "world"))
		return world();
	if (!strcmp(mode, "serve"))
		return serve();
	if (!strcmp(mode, "list")) {
		for (size_t i = 0; i < N_ATTEMPTS; i++)
			printf("%s %s %s %s\n", attempts[i].name, attempts[i].kind, attempts[i].action, attempts[i].expected);
		return 0;
	}
	fprintf(stderr, "usage: evade world|serve|list|true\n");
	return 2;
}
