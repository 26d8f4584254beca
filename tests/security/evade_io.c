/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways to read what is watched without a record of it, to read and write more than is counted, and to make more records than
 * are taken.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <time.h>

#include "evade.h"

#define HOME "/srv/home"
#define KEYS HOME "/.ssh"
#define PLAIN HOME "/plain"
#define IO "/srv/io"
#define FLIPS 4000
#define WARM 50

static int open_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? errno : (close(fd), 0);
}

static void make(const char *path, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, (off_t)size))
		exit(3);
	close(fd);
}

/* Before anything is watched: made by the first attempt that needs it, and only once. */
static void home(void)
{
	static bool made;

	if (made)
		return;
	made = true;
	mkdir(HOME, 0755);
	mkdir(KEYS, 0700);
	mkdir(PLAIN, 0700);
	mkdir(HOME "/mounted", 0700);
	mkdir(HOME "/.aws", 0700);
	mkdir(IO, 0755);
	make(KEYS "/id_rsa", 100);
	make(PLAIN "/id_plain", 100);
}

/* ---- what is watched -------------------------------------------------------------------------------------------- */

static int w_open(void) { return home(), open_read(KEYS "/id_rsa"); }
static int w_directory(void) { return home(), open_read(KEYS); }
static int w_symlink(void)
{
	home();
	symlink(KEYS, HOME "/innocent");
	return open_read(HOME "/innocent/id_rsa");
}
static int w_relative(void)
{
	int dir, fd;

	home();
	dir = open(KEYS, O_PATH | O_CLOEXEC);
	fd = openat(dir, "./../.ssh/id_rsa", O_RDONLY | O_CLOEXEC);
	close(dir);
	return fd < 0 ? errno : (close(fd), 0);
}
/* Under another name by a mount: its own still counts. */
static int w_bind(void)
{
	int err;

	home();
	if (mount(KEYS, HOME "/mounted", NULL, MS_BIND, NULL))
		return CANNOT;
	err = open_read(HOME "/mounted/id_rsa");
	umount2(HOME "/mounted", MNT_DETACH);
	return err;
}
/* Something else, mounted where such files are. */
static int w_mounted_as(void)
{
	int err;

	home();
	if (mount(PLAIN, HOME "/.aws", NULL, MS_BIND, NULL))
		return CANNOT;
	make(PLAIN "/credentials", 1);
	err = open_read(HOME "/.aws/credentials");
	umount2(HOME "/.aws", MNT_DETACH);
	return err;
}
static int w_uring(void)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = ADDR(KEYS "/id_rsa"), .open_flags = O_RDONLY };

	home();
	return uring(&sqe);
}
static int w_disk(void)
{
	home();
	mknod(HOME "/innocent-name", S_IFBLK | 0600, makedev(7, 99));
	open_read(HOME "/innocent-name"); /* there is none: it is seen before */
	return 0;
}
/* Looked at often under a name that nobody watches, then renamed: the directory above it, too. */
static int w_renamed(void)
{
	int err;

	home();
	for (int i = 0; i < WARM; i++)
		open_read(PLAIN "/id_plain");
	if (rename(PLAIN "/id_plain", PLAIN "/.npmrc"))
		return CANNOT;
	err = open_read(PLAIN "/.npmrc");
	rename(PLAIN "/.npmrc", PLAIN "/id_plain");
	return err;
}
static int w_directory_renamed(void)
{
	int err;

	home();
	for (int i = 0; i < WARM; i++)
		open_read(PLAIN "/id_plain");
	if (rename(PLAIN, HOME "/.gnupg"))
		return CANNOT;
	err = open_read(HOME "/.gnupg/id_plain");
	rename(HOME "/.gnupg", PLAIN);
	return err;
}
/* A mount that moves to where it is watched; the file and its names stay the same. */
static int w_mount_moved(void)
{
	int err;

	home();
	mkdir(HOME "/.azure", 0700);
	if (mount("tmpfs", HOME "/mounted", "tmpfs", 0, NULL))
		return CANNOT;
	make(HOME "/mounted/token", 1);
	for (int i = 0; i < WARM; i++)
		open_read(HOME "/mounted/token");
	if (mount(HOME "/mounted", HOME "/.azure", NULL, MS_MOVE, NULL))
		return CANNOT;
	err = open_read(HOME "/.azure/token");
	umount2(HOME "/.azure", MNT_DETACH);
	return err;
}

/* What was looked at is gone; another takes its place in memory, and has a name that is watched. */
#define ANEW 40
static int w_anew(void)
{
	int got = 0;

	home();
	for (int i = 0; i < ANEW; i++) {
		mkdir(HOME "/dropped", 0700);
		make(HOME "/dropped/config.json", 1);
		open_read(HOME "/dropped/config.json");
		open_read(HOME "/dropped/config.json");
		if (unlink(HOME "/dropped/config.json") || rmdir(HOME "/dropped"))
			return CANNOT;
		syscall(SYS_membarrier, 1 /* global */, 0, 0); /* what was freed is free */
		mkdir(HOME "/.docker", 0700);
		make(HOME "/.docker/config.json", 1);
		got += !open_read(HOME "/.docker/config.json");
		unlink(HOME "/.docker/config.json");
		rmdir(HOME "/.docker");
	}
	return got == ANEW ? 0 : CANNOT;
}

static volatile int flipping;
static void *flip(void *arg)
{
	(void)arg;
	while (flipping) {
		rename(HOME "/kube", HOME "/.kube");
		rename(HOME "/.kube", HOME "/kube");
	}
	return NULL;
}
/* Another thread renames while it is looked at: what is remembered may be of neither moment. */
static int w_race(void)
{
	pthread_t thread;
	int got = 0;

	home();
	mkdir(HOME "/kube", 0700);
	make(HOME "/kube/config", 1);
	flipping = 1;
	if (pthread_create(&thread, NULL, flip, NULL))
		return CANNOT;
	for (int i = 0; i < FLIPS; i++) {
		got += !open_read(HOME "/.kube/config");
		open_read(HOME "/kube/config");
	}
	flipping = 0;
	pthread_join(thread, NULL);
	rename(HOME "/.kube", HOME "/kube");
	snprintf(detail, sizeof(detail), "opened=%d", got);
	return 0;
}
/* After it: this one must be seen, whatever was remembered. */
static int w_after_race(void)
{
	int err;

	rename(HOME "/kube", HOME "/.kube");
	err = open_read(HOME "/.kube/config");
	rename(HOME "/.kube", HOME "/kube");
	return err;
}

/* ---- what is counted -------------------------------------------------------------------------------------------- */

#define FILE_OF(what) IO "/" what
static char buf[65536];

/* Ten reads of 1,000 bytes, one at the end, and two by one call each of 3 times 100. */
static int c_read(void)
{
	struct iovec v[3] = { { buf, 100 }, { buf, 100 }, { buf, 100 } };
	int fd;

	home();
	make(FILE_OF("read"), 10000);
	fd = open(FILE_OF("read"), O_RDONLY | O_CLOEXEC);
	while (read(fd, buf, 1000) > 0)
		;
	if (preadv(fd, v, 3, 0) != 300 || pread(fd, buf, 50, 0) != 50)
		return CANNOT;
	return result(close(fd));
}
static int c_write(void)
{
	struct iovec v[2] = { { buf, 100 }, { buf, 23 } };
	int fd;

	home();
	fd = open(FILE_OF("write"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	for (int i = 0; i < 7; i++)
		if (write(fd, buf, 500) != 500)
			return CANNOT;
	if (writev(fd, v, 2) != 123)
		return CANNOT;
	return result(close(fd));
}
/* By the kernel itself, from one file to another. */
static int c_sendfile(void)
{
	int in, out;

	home();
	make(FILE_OF("sendfile-in"), 30000);
	in = open(FILE_OF("sendfile-in"), O_RDONLY | O_CLOEXEC);
	out = open(FILE_OF("sendfile-out"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (sendfile(out, in, NULL, 30000) != 30000)
		return CANNOT;
	close(in);
	return result(close(out));
}
/* The bytes are not known, the calls are. */
static int c_uring(void)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_READ, .addr = ADDR(buf), .len = 4000 };
	int fd, err;

	home();
	make(FILE_OF("uring"), 4000);
	fd = open(FILE_OF("uring"), O_RDONLY | O_CLOEXEC);
	sqe.fd = fd;
	err = uring(&sqe);
	return err ?: result(close(fd));
}
static int c_splice(void)
{
	int fd, p[2];

	home();
	make(FILE_OF("splice"), 4000);
	fd = open(FILE_OF("splice"), O_RDONLY | O_CLOEXEC);
	if (pipe(p) || splice(fd, NULL, p[1], NULL, 4000, 0) != 4000)
		return CANNOT;
	close(p[0]);
	close(p[1]);
	return result(close(fd));
}
/* Ended without a close of its own, by a child that shares the open file: its last write counts as well. */
static int share_fd;
static int c_write_and_die(void) { return write(share_fd, buf, 777) == 777 ? 0 : 1; }
static int c_shared(void)
{
	int err;

	home();
	share_fd = open(FILE_OF("shared"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	err = in_child(c_write_and_die);
	return err ?: result(close(share_fd));
}
/* Threads of one process on one file, which each opens and closes: no byte twice, and none left out. */
#define THREADS 4
#define EACH 500
static void *hammer(void *arg)
{
	(void)arg;
	for (int i = 0; i < EACH; i++) {
		int fd = open(FILE_OF("threads"), O_RDONLY | O_CLOEXEC);

		if (read(fd, buf, 10) != 10)
			exit(4);
		close(fd);
	}
	return NULL;
}
static int c_threads(void)
{
	pthread_t t[THREADS];

	home();
	make(FILE_OF("threads"), 10);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&t[i], NULL, hammer, NULL))
			return CANNOT;
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	return 0;
}
/* More files at a time than there is room for: each call is told all the same. */
#define FILES 6000
static int c_files(void)
{
	char name[64];

	home();
	mkdir(IO "/many", 0755);
	for (int i = 0; i < FILES; i++) {
		int fd;

		snprintf(name, sizeof(name), IO "/many/%d", i);
		fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		/* kept open by a mapping: no close sends it off */
		if (fd < 0 || write(fd, buf, 8) != 8 || mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
			return CANNOT;
		close(fd);
	}
	return 0;
}

/* ---- how much is made of it --------------------------------------------------------------------------------------- */

#define STORM 3000
static int r_storm(void)
{
	home();
	for (int i = 0; i < STORM; i++) {
		make(HOME "/storm", 0);
		unlink(HOME "/storm");
	}
	return 0;
}

/* The same from another control group, which has a limit of its own. */
static int storm_elsewhere(void)
{
	int fd;

	mkdir("/sys/fs/cgroup/storm", 0755);
	fd = open("/sys/fs/cgroup/storm/cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		return CANNOT;
	close(fd);
	return r_storm();
}
static int r_elsewhere(void) { return in_child(storm_elsewhere); }
static int r_network(void)
{
	struct sockaddr_in a = v4("127.0.0.1", 80);

	for (int i = 0; i < STORM / 3; i++) {
		int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		if (connect(s, (void *)&a, sizeof(a)))
			return CANNOT;
		close(s);
	}
	return 0;
}

/* Refused as fast as can be, and then processes: what is refused must not take their room in the trace. */
#define REFUSED 15000
#define BORN 100
static int r_refused(void)
{
	int err = 0;

	for (int i = 0; i < REFUSED; i++)
		err = unlink(DATA "/g") ? errno : 0;
	for (int i = 0; i < BORN; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			return CANNOT;
	}
	return err;
}

/* Calls that no hook is about. */
static int r_untouched(void)
{
	for (int i = 0; i < 20000; i++)
		syscall(SYS_getppid);
	return 0;
}

/* What one turn costs, told as ns=N; not a test. */
static int cost(int (*fn)(int), int turns)
{
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	for (int i = 0; i < turns; i++)
		if (fn(i))
			return CANNOT;
	clock_gettime(CLOCK_MONOTONIC, &b);
	snprintf(detail, sizeof(detail), "ns=%lld", ((long long)(b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec) / turns);
	return 0;
}
static int open_same(int i)
{
	(void)i;
	return open_read("/payload/evade");
}
static int open_other(int i)
{
	char name[64];

	snprintf(name, sizeof(name), IO "/cost/%d", i);
	return open_read(name);
}
static int cost_fd;
static int read_small(int i)
{
	(void)i;
	return pread(cost_fd, buf, 1, 0) != 1;
}
static int read_large(int i)
{
	(void)i;
	return pread(cost_fd, buf, sizeof(buf), 0) != sizeof(buf);
}
#define COST_TURNS 4000
static int k_open_same(void) { return cost(open_same, COST_TURNS); }
static int k_open_other(void)
{
	char name[64];

	home();
	mkdir(IO "/cost", 0755);
	for (int i = 0; i < COST_TURNS; i++) {
		snprintf(name, sizeof(name), IO "/cost/%d", i);
		make(name, 0);
	}
	return cost(open_other, COST_TURNS);
}
static int k_read(int (*fn)(int))
{
	int err;

	home();
	make(FILE_OF("cost-read"), sizeof(buf));
	cost_fd = open(FILE_OF("cost-read"), O_RDONLY | O_CLOEXEC);
	err = cost(fn, COST_TURNS * 2);
	close(cost_fd);
	return err;
}
static int k_read_small(void) { return k_read(read_small); }
static int k_read_large(void) { return k_read(read_large); }

static const struct attempt attempts[] = {
	{ "watch-open", w_open, "file", "open_read", "allowed" },
	{ "watch-directory", w_directory, "file", "open_read", "allowed" },
	{ "watch-symlink", w_symlink, "file", "open_read", "allowed" },
	{ "watch-relative", w_relative, "file", "open_read", "allowed" },
	{ "watch-bind", w_bind, "file", "open_read", "allowed" },
	{ "watch-mounted-as", w_mounted_as, "file", "open_read", "allowed" },
	{ "watch-uring", w_uring, "file", "open_read", "allowed" },
	{ "watch-disk", w_disk, "file", "open_read", "allowed" },
	{ "watch-renamed", w_renamed, "file", "open_read", "allowed" },
	{ "watch-directory-renamed", w_directory_renamed, "file", "open_read", "allowed" },
	{ "watch-mount-moved", w_mount_moved, "file", "open_read", "allowed" },
	{ "watch-anew", w_anew, "file", "open_read:" HOME "/.docker/config.json", "allowed" },
	{ "watch-race", w_race, "file", "rename", "allowed" },
	{ "watch-after-race", w_after_race, "file", "open_read", "allowed" },
	{ "count-read", c_read, "file_io", "io", "allowed" },
	{ "count-write", c_write, "file_io", "io", "allowed" },
	{ "count-sendfile", c_sendfile, "file_io", "io", "allowed" },
	{ "count-uring", c_uring, "file_io", "io", "allowed" },
	{ "count-splice", c_splice, "file_io", "io", "allowed" },
	{ "count-shared", c_shared, "process", "exited", "allowed" }, /* told by the next round */
	{ "count-threads", c_threads, "file_io", "io", "allowed" },
	{ "count-files", c_files, "file_io", "io", "allowed" },
	{ "rate-storm", r_storm, "file", "create", "allowed" },
	{ "rate-storm-elsewhere", r_elsewhere, "file", "create", "allowed" },
	{ "rate-storm-network", r_network, "network", "connect", "allowed" },
	{ "rate-refused", r_refused, "file", "unlink", "denied" },
	{ "untouched", r_untouched, "-", "-", "-" },
	{ "cost-open-same", k_open_same, "-", "-", "cost" },
	{ "cost-open-other", k_open_other, "-", "-", "cost" },
	{ "cost-read-small", k_read_small, "-", "-", "cost" },
	{ "cost-read-large", k_read_large, "-", "-", "cost" },
};
DOMAIN(io, attempts);
