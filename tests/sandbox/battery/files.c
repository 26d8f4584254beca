/* SPDX-License-Identifier: Apache-2.0 */
/* 11-31: the file system, /proc, /dev. */
#include "attempt.h"

#include <limits.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <time.h>

/* 11, 12, 13: reads a file whose bytes must stay unseen. */
static __attribute__((noreturn)) void read_arg(void)
{
	char text[128];

	if (slurp(arg(), text, sizeof(text)) < 0)
		blocked(errno, "read");
	allowed("read \"%.24s\"", text);
}

ATTEMPT(read_file, "11-read")
{
	read_arg();
}

ATTEMPT(read_odd_path, "13-read")
{
	read_arg();
}

ATTEMPT(read_proc, "30-read")
{
	read_arg();
}

ATTEMPT(list_dir, "11-list")
{
	char buf[4096];
	int fd = open(arg(), O_RDONLY | O_DIRECTORY);
	long n;

	if (fd < 0)
		blocked(errno, "open directory");
	n = syscall(SYS_getdents64, fd, buf, sizeof(buf));
	if (n < 0)
		blocked(errno, "getdents64");
	if (!memmem(buf, n, "secret", 6))
		blocked(ENOENT, "nothing of the host's is in it");
	allowed("listed");
}

ATTEMPT(stat_file, "11-stat")
{
	struct stat st;

	by_result(lstat(arg(), &st), "lstat");
}

/* 12: through the root or working directory of another process. */
ATTEMPT(proc_root, "12-proc")
{
	char path[PATH_MAX], text[64];

	snprintf(path, sizeof(path), "%s%s", arg(), param("secret"));
	if (slurp(path, text, sizeof(text)) < 0)
		blocked(errno, "read");
	allowed("read \"%.24s\"", text);
}

ATTEMPT(proc_cwd, "12-proc-host-cwd")
{
	char path[PATH_MAX], text[64];

	snprintf(path, sizeof(path), "/proc/%ld/cwd/secret", number("host_pid"));
	if (slurp(path, text, sizeof(text)) < 0)
		blocked(errno, "read");
	allowed("read \"%.24s\"", text);
}

/* 13: a path of ARG bytes that ends at the secret. */
ATTEMPT(long_path, "13-long-path")
{
	size_t want = strtoul(arg(), NULL, 10), len = 0, tail = strlen(param("secret"));
	char *path = calloc(1, want + 8), text[64];

	if (want < tail + 2)
		not_here("too short");
	while (len + 2 + tail <= want) {
		memcpy(path + len, "/.", 2);
		len += 2;
	}
	strcpy(path + len, param("secret"));
	if (slurp(path, text, sizeof(text)) < 0)
		blocked(errno, "a path of %zu bytes", strlen(path));
	allowed("read \"%.24s\"", text);
}

ATTEMPT(chroot_dots, "13-dots")
{
	char path[PATH_MAX] = "", text[64];

	for (int i = 0; i < 64; i++)
		strcat(path, "../");
	strcat(path, param("secret") + 1);
	if (slurp(path, text, sizeof(text)) < 0)
		blocked(errno, "read");
	allowed("read \"%.24s\"", text);
}

static void in_project(char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s/%s", param("project"), name);
}

/* 14: the host left a link in the project that leads out. */
ATTEMPT(link_read, "14-link-read")
{
	char path[PATH_MAX], text[64];

	in_project(path, sizeof(path), "link-to-secret");
	if (slurp(path, text, sizeof(text)) < 0)
		blocked(errno, "read through a link");
	allowed("read \"%.24s\"", text);
}

ATTEMPT(link_write, "14-link-write")
{
	char path[PATH_MAX];
	int fd;

	in_project(path, sizeof(path), "link-to-writable");
	fd = open(path, O_WRONLY | O_APPEND);
	if (fd < 0)
		blocked(errno, "write through a link");
	by_result(write(fd, "owned", 5), "write through a link");
}

ATTEMPT(link_dir, "14-link-dir")
{
	char path[PATH_MAX], text[64];

	in_project(path, sizeof(path), "link-to-dir/secret");
	if (slurp(path, text, sizeof(text)) < 0)
		blocked(errno, "read through a link to a directory");
	allowed("read \"%.24s\"", text);
}

ATTEMPT(link_made, "14-link-made")
{
	char path[PATH_MAX], text[64];

	in_project(path, sizeof(path), "made-link");
	unlink(path);
	if (symlink(param("secret"), path))
		not_here("symlink: %s", strerror(errno));
	if (slurp(path, text, sizeof(text)) < 0)
		blocked(errno, "read through a link of our own");
	allowed("read \"%.24s\"", text);
}

/* 15: the directory DIR was a link at some moment of the set-up. What is in it now? */
ATTEMPT(race_list, "15-race")
{
	char path[PATH_MAX], text[64];

	snprintf(path, sizeof(path), "%s/secret", arg());
	if (slurp(path, text, sizeof(text)) >= 0)
		allowed("read \"%.24s\"", text);
	if (errno != ENOENT)
		blocked(errno, "read");
	snprintf(path, sizeof(path), "%s/mine", arg());
	if (slurp(path, text, sizeof(text)) >= 0)
		blocked(ENOENT, "original");
	blocked(errno, "neither");
}

/* 16 */
ATTEMPT(hardlink, "16-hardlink")
{
	char path[PATH_MAX];

	in_project(path, sizeof(path), "hard");
	unlink(path);
	by_result(linkat(AT_FDCWD, arg(), AT_FDCWD, path, 0), "link from outside into the project");
}

ATTEMPT(hardlink_fd, "16-hardlink-fd")
{
	char path[PATH_MAX], from[64];
	int fd = open(arg(), O_PATH);

	if (fd < 0)
		blocked(errno, "O_PATH");
	in_project(path, sizeof(path), "hard-fd");
	unlink(path);
	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	by_result(linkat(AT_FDCWD, from, AT_FDCWD, path, AT_SYMLINK_FOLLOW), "link from a descriptor");
}

/* 17: must work: the runner expects "allowed". */
ATTEMPT(refer, "17-refer")
{
	char a[PATH_MAX], b[PATH_MAX], c[PATH_MAX];

	in_project(a, sizeof(a), "dir-a/file");
	in_project(b, sizeof(b), "dir-b/renamed");
	in_project(c, sizeof(c), "dir-a/linked");
	if (rename(a, b))
		blocked(errno, "rename between two directories of the project");
	by_result(link(b, c), "link between two directories of the project");
}

/* 18: HANDLE is "TYPE:HEX", made by the host for the secret. */
ATTEMPT(handle, "18-handle")
{
	struct {
		unsigned int bytes;
		int type;
		unsigned char data[128];
	} h = { 0 };
	const char *s = param("handle");
	char *hex, text[64] = "";
	int mount_fd, fd;

	h.type = strtol(s, &hex, 10);
	for (hex++; hex[0] && hex[1] && h.bytes < sizeof(h.data); hex += 2) {
		char two[3] = { hex[0], hex[1], 0 };

		h.data[h.bytes++] = strtol(two, NULL, 16);
	}
	mount_fd = open(param("project"), O_RDONLY);
	fd = syscall(SYS_open_by_handle_at, mount_fd, &h, O_RDONLY);
	if (fd < 0)
		blocked(errno, "open_by_handle_at");
	if (read(fd, text, sizeof(text) - 1) < 0)
		blocked(errno, "read");
	allowed("read \"%.24s\" by a forged handle", text);
}

/* 19: other ways to the same file. */
ATTEMPT(via_openat2, "19-openat2")
{
	struct open_how how = { .flags = O_RDONLY };
	long flags = strtol(arg(), NULL, 0);

	how.resolve = flags;
	by_result(syscall(SYS_openat2, AT_FDCWD, param("secret"), &how, sizeof(how)), "openat2");
}

ATTEMPT(via_path_fd, "19-o-path")
{
	char text[64] = "", path[64];
	int dir = open(param("secret_dir"), O_PATH | O_DIRECTORY), fd;

	if (dir < 0)
		blocked(errno, "O_PATH of the directory");
	if (fchdir(dir))
		blocked(errno, "fchdir");
	fd = open("secret", O_PATH);
	if (fd < 0)
		blocked(errno, "O_PATH of the file");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (slurp(path, text, sizeof(text)) < 0)
		blocked(errno, "open again");
	allowed("read \"%.24s\"", text);
}

/* 20: each way to change what may only be read. The runner compares the file before and after. */
ATTEMPT(ro_truncate, "20-truncate")
{
	by_result(truncate(param("readonly"), 1), "truncate");
}

ATTEMPT(ro_open, "20-open-write")
{
	by_result(open(param("readonly"), O_WRONLY), "open for writing");
}

ATTEMPT(ro_open_trunc, "20-open-trunc")
{
	by_result(open(param("readonly"), O_RDONLY | O_TRUNC), "O_RDONLY | O_TRUNC");
}

ATTEMPT(ro_unlink, "20-unlink")
{
	by_result(unlinkat(AT_FDCWD, param("readonly"), 0), "unlinkat");
}

static void beside(char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s/%s", param("readonly_dir"), name);
}

ATTEMPT(ro_exchange, "20-exchange")
{
	char other[PATH_MAX];

	beside(other, sizeof(other), "second");
	by_result(syscall(SYS_renameat2, AT_FDCWD, param("readonly"), AT_FDCWD, other, 2 /* RENAME_EXCHANGE */),
		  "RENAME_EXCHANGE");
}

ATTEMPT(ro_rename, "20-rename")
{
	char other[PATH_MAX];

	beside(other, sizeof(other), "renamed");
	by_result(rename(param("readonly"), other), "rename");
}

ATTEMPT(ro_rename_out, "20-rename-out")
{
	char path[PATH_MAX];

	in_project(path, sizeof(path), "taken");
	by_result(rename(param("readonly"), path), "rename into the project");
}

ATTEMPT(ro_rename_in, "20-rename-in")
{
	char path[PATH_MAX], to[PATH_MAX];

	in_project(path, sizeof(path), "evil");
	close(open(path, O_CREAT | O_WRONLY, 0600));
	beside(to, sizeof(to), "second");
	by_result(rename(path, to), "rename over a file");
}

ATTEMPT(ro_link, "20-link")
{
	char other[PATH_MAX];

	beside(other, sizeof(other), "linked");
	by_result(link(param("readonly"), other), "link");
}

ATTEMPT(ro_symlink, "20-symlink")
{
	char other[PATH_MAX];

	beside(other, sizeof(other), "symlinked");
	by_result(symlink("/etc/passwd", other), "symlink");
}

ATTEMPT(ro_mkdir, "20-mkdir")
{
	char other[PATH_MAX];

	beside(other, sizeof(other), "made");
	by_result(mkdir(other, 0700), "mkdir");
}

ATTEMPT(ro_create, "20-create")
{
	char other[PATH_MAX];

	beside(other, sizeof(other), "created");
	by_result(open(other, O_CREAT | O_WRONLY, 0600), "O_CREAT");
}

ATTEMPT(ro_tmpfile, "20-tmpfile")
{
	by_result(open(param("readonly_dir"), O_TMPFILE | O_RDWR, 0600), "O_TMPFILE");
}

ATTEMPT(ro_xattr, "20-setxattr")
{
	by_result(setxattr(param("readonly"), "user.owned", "1", 1, 0), "setxattr");
}

ATTEMPT(ro_utimens, "20-utimensat")
{
	struct timespec ts[2] = { { 1, 0 }, { 1, 0 } };

	by_result(utimensat(AT_FDCWD, param("readonly"), ts, 0), "utimensat");
}

ATTEMPT(ro_chmod, "20-chmod")
{
	by_result(chmod(param("readonly"), 0777), "chmod");
}

ATTEMPT(ro_chown, "20-chown")
{
	by_result(chown(param("readonly"), getuid(), getgid()), "chown");
}

ATTEMPT(ro_punch, "20-punch")
{
	int fd = open(param("readonly"), O_RDWR);

	if (fd < 0)
		blocked(errno, "open for fallocate");
	by_result(fallocate(fd, 3 /* KEEP_SIZE | PUNCH_HOLE */, 0, 4), "fallocate");
}

/* By a descriptor for reading and a mapping. */
ATTEMPT(ro_mmap, "20-mmap-shared")
{
	int fd = open(param("readonly"), O_RDONLY);
	char *p;

	if (fd < 0)
		not_here("not even readable: %s", strerror(errno));
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		blocked(errno, "writable shared mapping");
	memcpy(p, "owned", 5);
	allowed("wrote through a mapping");
}

/* Opens a read-only descriptor again for writing. */
ATTEMPT(ro_reopen, "20-reopen")
{
	int fd = open(param("readonly"), O_RDONLY);
	char path[64];

	if (fd < 0)
		not_here("not even readable: %s", strerror(errno));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	by_result(open(path, O_WRONLY), "open again for writing");
}

/* The descriptors 0-2 must not lead further than they were opened for. */
ATTEMPT(stdio_reopen, "20-stdin-reopen")
{
	struct stat st;

	if (fstat(0, &st) || !S_ISREG(st.st_mode))
		not_here("stdin is no file");
	by_result(open("/proc/self/fd/0", O_WRONLY), "stdin for writing");
}

/* 21, 22: writes a file where it would be run later. In bare mode only asks. */
ATTEMPT(persist, "22-write")
{
	int fd;

	if (bare)
		by_result(access(arg(), F_OK) ? faccessat(AT_FDCWD, "/etc", W_OK, 0) : access(arg(), W_OK), "writable");
	fd = open(arg(), O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (fd < 0)
		blocked(errno, "open for writing");
	by_result(write(fd, "owned\n", 6), "write");
}

ATTEMPT(persist_project, "21-write")
{
	char path[PATH_MAX];
	int fd;

	in_project(path, sizeof(path), arg());
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0)
		blocked(errno, "open for writing");
	by_result(write(fd, "owned\n", 6), "write");
}

/* ... by moving the directory away that holds it. */
ATTEMPT(persist_swap, "21-swap")
{
	char path[PATH_MAX], moved[PATH_MAX + 8];

	in_project(path, sizeof(path), arg());
	snprintf(moved, sizeof(moved), "%s.moved", path);
	by_result(rename(path, moved), "rename");
}

/* 23: ARG is the directory. LIMIT: stop there, and say that no end was found. */
ATTEMPT(fill, "23-fill")
{
	unsigned long long limit = strtoull(param("fill_limit"), NULL, 10), n = 0;
	static char block[1 << 16];
	char path[PATH_MAX];
	ssize_t w;
	int fd;

	snprintf(path, sizeof(path), "%s/fill", arg());
	fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
	if (fd < 0)
		not_here("%s: %s", path, strerror(errno));
	memset(block, 1, sizeof(block));
	while ((w = write(fd, block, sizeof(block))) > 0 && n < limit)
		n += w;
	w = w < 0 ? errno : 0;
	ftruncate(fd, 0);
	unlink(path);
	if (!w)
		allowed("%llu bytes and no end", n);
	blocked(w, "after %llu bytes", n);
}

ATTEMPT(inodes, "24-inodes")
{
	unsigned long limit = strtoul(param("inode_limit"), NULL, 10), n;
	char path[PATH_MAX];
	int fd = -1, err = 0;

	snprintf(path, sizeof(path), "%s/many", arg());
	mkdir(path, 0700);
	if (chdir(path))
		not_here("%s: %s", path, strerror(errno));
	for (n = 0; n < limit; n++) {
		snprintf(path, sizeof(path), "%lu", n);
		fd = open(path, O_CREAT | O_WRONLY, 0600);
		if (fd < 0)
			break;
		close(fd);
	}
	err = errno;
	for (unsigned long i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%lu", i);
		unlink(path);
	}
	if (n == limit)
		allowed("%lu files and no end", n);
	blocked(err, "after %lu files", n);
}

/* 25-27: what the reader of changes finds. Expected to be allowed: the runner looks at the reader. */
ATTEMPT(sparse, "25-sparse")
{
	char path[PATH_MAX];
	int fd;

	in_project(path, sizeof(path), "sparse");
	fd = open(path, O_CREAT | O_RDWR, 0600);
	for (off_t size = 1LL << 50; size > 1 << 20; size >>= 1)
		if (!ftruncate(fd, size)) {
			(void)!pwrite(fd, "x", 1, size - 1);
			allowed("a file of %lld bytes", (long long)size);
		}
	blocked(errno, "ftruncate");
}

ATTEMPT(odd_files, "26-odd-files")
{
	char path[PATH_MAX];
	int n = 0;

	in_project(path, sizeof(path), "out-link");
	n += !symlink(param("secret"), path);
	in_project(path, sizeof(path), "out-fifo");
	n += !mkfifo(path, 0600);
	in_project(path, sizeof(path), "out-link-dir");
	n += !symlink(param("secret_dir"), path);
	in_project(path, sizeof(path), "out-..%2f..%2fname");
	n += !close(open(path, O_CREAT | O_WRONLY, 0600));
	in_project(path, sizeof(path), "out-\033[31m\n\xff");
	n += !close(open(path, O_CREAT | O_WRONLY, 0600));
	in_project(path, sizeof(path), "out-suid");
	n += !close(open(path, O_CREAT | O_WRONLY, 06755));
	chmod(path, 06755);
	allowed("%d of 6 made", n);
}

ATTEMPT(depth_bomb, "27-depth")
{
	long want = number("depth"), n;
	char path[PATH_MAX];

	in_project(path, sizeof(path), "deep");
	mkdir(path, 0700);
	if (chdir(path))
		not_here("%s", path);
	for (n = 0; n < want; n++)
		if (mkdir("d", 0700) || chdir("d"))
			break;
	if (n < want)
		blocked(errno, "after %ld directories", n);
	allowed("%ld directories deep", n);
}

ATTEMPT(wide_dir, "27-wide")
{
	long want = number("wide"), n;
	char path[PATH_MAX];
	int fd;

	in_project(path, sizeof(path), "wide");
	mkdir(path, 0700);
	if (chdir(path))
		not_here("%s", path);
	for (n = 0; n < want; n++) {
		snprintf(path, sizeof(path), "f%ld", n);
		fd = open(path, O_CREAT | O_WRONLY, 0600);
		if (fd < 0)
			break;
		close(fd);
	}
	if (n < want)
		blocked(errno, "after %ld files", n);
	allowed("%ld files", n);
}

/* 28: "c 1 3 /tmp" */
ATTEMPT(mknod_dev, "28-mknod")
{
	char type, dir[PATH_MAX - 8], path[PATH_MAX];
	unsigned int maj, min;
	long ret;
	int err;

	if (sscanf(arg(), "%c-%u-%u-%4000s", &type, &maj, &min, dir) != 4)
		not_here("bad argument");
	snprintf(path, sizeof(path), "%s/device", dir);
	ret = syscall(SYS_mknodat, AT_FDCWD, path, (type == 'c' ? S_IFCHR : S_IFBLK) | 0666, makedev(maj, min));
	err = errno;
	if (ret == 0)
		unlink(path);
	errno = err;
	by_result(ret, "mknodat");
}

/* 29: ARG must be hidden (bare: that it is there is enough, opening some devices has effects). */
ATTEMPT(dev_hidden, "29-device")
{
	struct stat st;

	by_result(lstat(arg(), &st), "device");
}

ATTEMPT(dev_works, "29-works")
{
	char byte;
	int fd = open(arg(), O_RDWR);

	if (fd < 0)
		blocked(errno, "open");
	if (!strcmp(arg(), "/dev/full"))
		by_result(write(fd, "x", 1) == -1 && errno == ENOSPC ? 0 : -1, "/dev/full");
	if (!strcmp(arg(), "/dev/null") || !strcmp(arg(), "/dev/ptmx"))
		by_result(write(fd, "x", 1), arg());
	by_result(read(fd, &byte, 1), arg());
}

/* 30: opens for writing; writing itself is not needed to know. */
ATTEMPT(proc_write, "30-open-write")
{
	by_result(open(arg(), O_WRONLY), "open for writing");
}

ATTEMPT(oom_score, "30-oom-score")
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	if (fd < 0)
		blocked(errno, "open");
	by_result(write(fd, "-1000", 5), "oom_score_adj -1000");
}

static int crash(void *unused)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY }, now;
	char *p = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)unused;
	memset(p, 1, 64 << 20);
	getrlimit(RLIMIT_CORE, &now);
	now.rlim_cur = now.rlim_max;
	if (setrlimit(RLIMIT_CORE, &all))
		setrlimit(RLIMIT_CORE, &now);
	abort();
}

/* 31: crashes with all the core limit that it can get. */
ATTEMPT(core_dump, "31-core")
{
	int err, status;
	pid_t pid;

	(void)err;
	if (chdir(param("project")))
		not_here("chdir");
	unlink("core");
	pid = fork();
	if (!pid)
		crash(NULL);
	waitpid(pid, &status, 0);
	if (WCOREDUMP(status) || !access("core", F_OK)) {
		unlink("core");
		allowed("a core was written");
	}
	blocked(EFBIG, "signal %d and no core", WTERMSIG(status));
}

/* 54: one thread opens PATH while another changes what stands there between a file of ours and the secret. */
static char flipping[PATH_MAX];
static volatile bool stop_flipping;

static void *flipper(void *unused)
{
	char mine[PATH_MAX];

	(void)unused;
	in_project(mine, sizeof(mine), "mine");
	while (!stop_flipping) {
		memcpy(flipping, param("secret"), strlen(param("secret")) + 1);
		memcpy(flipping, mine, strlen(mine) + 1);
	}
	return NULL;
}

ATTEMPT(double_fetch, "54-double-fetch")
{
	pthread_t t;
	char mine[PATH_MAX], text[64];
	int n, own = 0;

	in_project(mine, sizeof(mine), "mine");
	strcpy(flipping, mine);
	if (pthread_create(&t, NULL, flipper, NULL))
		not_here("no thread");
	for (n = 0; n < (bare ? 2000000 : 20000); n++) {
		int fd = open(flipping, O_RDONLY);

		if (fd < 0)
			continue;
		memset(text, 0, sizeof(text));
		(void)!read(fd, text, sizeof(text) - 1);
		close(fd);
		if (strstr(text, "SECRET"))
			allowed("read \"%.20s\" after %d attempts", text, n);
		own++;
	}
	stop_flipping = true;
	pthread_join(t, NULL);
	blocked(ENOENT, "never in 20,000; %d times our own", own);
}

/* 44: writes to what is being run by others. */
ATTEMPT(write_exe, "44-self-exe")
{
	by_result(open("/proc/self/exe", O_WRONLY), "/proc/self/exe for writing");
}

ATTEMPT(write_launcher, "44-launcher")
{
	by_result(open(param("launcher"), O_WRONLY), "the launcher for writing");
}

ATTEMPT(write_pid1_exe, "44-pid1-exe")
{
	by_result(open("/proc/1/exe", O_RDONLY), "/proc/1/exe");
}

/* 34: a lock on a shared inode. "hold" takes it, "see" asks whether somebody holds it. */
ATTEMPT(flock_see, "34-flock")
{
	int fd = open(arg(), O_RDONLY);

	if (fd < 0)
		not_here("%s: %s", arg(), strerror(errno));
	if (syscall(SYS_flock, fd, 5 /* LOCK_SH | LOCK_NB */) == 0)
		blocked(0, "the lock of another is not seen");
	if (errno == EWOULDBLOCK)
		allowed("the lock of another job is seen");
	blocked(errno, "flock");
}

ATTEMPT(fcntl_see, "34-fcntl")
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(arg(), O_RDONLY);

	if (fd < 0)
		not_here("%s: %s", arg(), strerror(errno));
	if (fcntl(fd, F_GETLK, &l))
		blocked(errno, "F_GETLK");
	if (l.l_type == F_UNLCK)
		blocked(0, "the lock of another is not seen");
	allowed("a lock of pid %d is seen", l.l_pid);
}
