/* SPDX-License-Identifier: Apache-2.0 */
/* 36: executing what nobody allowed. The file executed is this program, which then says "ran". */
#include "attempt.h"

#include <elf.h>
#include <limits.h>
#include <pthread.h>
#include <sys/user.h>

static char *const ran_argv[] = { (char *)"attempt", (char *)"--ran", NULL };
static char *const no_env[] = { NULL };

/* What was executed must not speak into the list of results. */
static void quiet(void)
{
	int fd = open("/dev/null", O_WRONLY);

	if (fd >= 0)
		dup2(fd, 1);
}

static int plain(void *path)
{
	quiet();
	return execve(path, ran_argv, no_env);
}

/* Copies FROM to TO; -1 with errno. */
static int copy(const char *from, int to)
{
	static char buf[1 << 16];
	int fd = open(from, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (write(to, buf, n) != n)
			return -1;
	close(fd);
	return n ? -1 : 0;
}

static void copy_to(const char *path)
{
	int fd;

	unlink(path);
	fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0755);
	if (fd < 0 || copy(self(), fd))
		not_here("cannot make %s: %s", path, strerror(errno));
	fchmod(fd, 0755);
	close(fd);
}

/* A program of the system, or any other by its path. */
ATTEMPT(exec_other, "36-exec")
{
	exec_ends(plain, (void *)arg(), arg());
}

/* The command itself, again. */
ATTEMPT(exec_again, "36-self-again")
{
	exec_ends(plain, (void *)self(), "the command once more");
}

ATTEMPT(exec_proc_self, "36-proc-self-exe")
{
	exec_ends(plain, (void *)"/proc/self/exe", "/proc/self/exe");
}

ATTEMPT(exec_copy, "36-copy")
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/copy-of-attempt", arg());
	copy_to(path);
	exec_ends(plain, path, path);
}

struct by_fd {
	int fd;
	int flags;
};

static int at_fd(void *data)
{
	struct by_fd *b = data;

	quiet();
	return syscall(SYS_execveat, b->fd, "", ran_argv, no_env, AT_EMPTY_PATH);
}

static int proc_fd(void *data)
{
	struct by_fd *b = data;
	char path[64];

	quiet();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", b->fd);
	return execve(path, ran_argv, no_env);
}

static int memfd(unsigned int flags)
{
	int fd = syscall(SYS_memfd_create, "job", flags);

	if (fd < 0)
		blocked(errno, "memfd_create(%#x)", flags);
	fchmod(fd, 0755);
	if (copy(self(), fd))
		not_here("cannot fill the memfd: %s", strerror(errno));
	return fd;
}

ATTEMPT(exec_memfd, "36-memfd")
{
	struct by_fd b = { memfd(0), 0 };

	exec_ends(at_fd, &b, "execveat of a memfd");
}

ATTEMPT(exec_memfd_exec, "36-memfd-exec")
{
	struct by_fd b = { memfd(0x10 /* MFD_EXEC */), 0 };

	exec_ends(at_fd, &b, "execveat of a memfd made with MFD_EXEC");
}

ATTEMPT(exec_memfd_proc, "36-memfd-proc")
{
	struct by_fd b = { memfd(1), 0 };

	exec_ends(proc_fd, &b, "execve of a memfd by /proc");
}

/* Sealed against execution, then made executable. */
ATTEMPT(exec_memfd_chmod, "36-memfd-chmod")
{
	struct by_fd b;

	b.fd = syscall(SYS_memfd_create, "job", 8 /* MFD_NOEXEC_SEAL */ | 2);
	if (b.fd < 0)
		blocked(errno, "memfd_create");
	if (copy(self(), b.fd))
		not_here("cannot fill the memfd");
	fchmod(b.fd, 0755);
	exec_ends(proc_fd, &b, "a memfd sealed against execution");
}

ATTEMPT(exec_at_path, "36-execveat")
{
	struct by_fd b = { open(arg(), O_PATH), 0 };

	if (b.fd < 0)
		blocked(errno, "O_PATH %s", arg());
	exec_ends(at_fd, &b, "execveat by O_PATH");
}

static int ld_so(void *data)
{
	char *argv[] = { (char *)"ld.so", data, NULL };

	quiet();
	return execve("/lib64/ld-linux-x86-64.so.2", argv, no_env);
}

ATTEMPT(exec_ldso, "36-ldso")
{
	exec_ends(ld_so, (void *)arg(), "ld.so with a program");
}

/* A script of ours, whose interpreter is the command itself. */
ATTEMPT(exec_script, "36-script")
{
	char path[PATH_MAX], line[PATH_MAX + 16];
	int fd;

	snprintf(path, sizeof(path), "%s/script", arg());
	unlink(path);
	fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0755);
	if (fd < 0)
		not_here("%s: %s", path, strerror(errno));
	snprintf(line, sizeof(line), "#!%s --ran\n", self());
	(void)!write(fd, line, strlen(line));
	close(fd);
	exec_ends(plain, path, "a script");
}

static int vforked(void *path)
{
	pid_t pid = vfork();
	static volatile int err;

	if (!pid) {
		execve(path, ran_argv, no_env);
		err = errno;
		_exit(0);
	}
	errno = err;
	return err ? -1 : 0;
}

ATTEMPT(exec_vfork, "36-vfork")
{
	int err;

	quiet();
	if (in_child(vforked, (void *)arg(), &err) < 0)
		blocked(err, "%s from a vfork child", arg());
	allowed("%s was executed", arg());
}

/* 51: eight threads try to execute at once; the filter must hold in each. */
static void *racer(void *path)
{
	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (!pid) {
			plain(path);
			_exit(99);
		}
		if (pid > 0) {
			int status;

			waitpid(pid, &status, 0);
			if (!WIFEXITED(status) || WEXITSTATUS(status) != 99)
				return (void *)1;
		}
	}
	return NULL;
}

ATTEMPT(exec_threads, "51-exec-threads")
{
	pthread_t t[8];
	void *ret;
	int ran = 0;

	for (int i = 0; i < 8; i++)
		if (pthread_create(&t[i], NULL, racer, (void *)arg()))
			not_here("no thread");
	for (int i = 0; i < 8; i++) {
		pthread_join(t[i], &ret);
		ran += ret != NULL;
	}
	if (ran)
		allowed("%d threads executed %s", ran, arg());
	blocked(EACCES, "160 tries from eight threads");
}

/* A second thread swaps the path while the call is looked at: from the allowed to the forbidden. */
static char swapped[PATH_MAX];
static volatile bool stop_swapping;

static void *swapper(void *other)
{
	while (!stop_swapping) {
		strcpy(swapped, self());
		strcpy(swapped, other);
	}
	return NULL;
}

ATTEMPT(exec_swap, "36-swap-path")
{
	pthread_t t;
	volatile int ran = 0;

	strcpy(swapped, self());
	if (pthread_create(&t, NULL, swapper, (void *)arg()))
		not_here("no thread");
	for (int i = 0; i < 300; i++) {
		pid_t pid = vfork();
		int status;

		if (!pid) {
			/* shares memory with the swapper */
			execve(swapped, (char *const[]){ (char *)"x", (char *)"--version", NULL }, no_env);
			_exit(99);
		}
		if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) != 99)
			ran++;
	}
	stop_swapping = true;
	pthread_join(t, NULL);
	if (ran)
		allowed("%d of 300 were executed", ran);
	blocked(EACCES, "none of 300");
}

/* A loader of our own: code of a file that may be written, mapped executable. */
static void mapped(const char *dir, bool later)
{
	static const unsigned char code[] = { 0xb8, 42, 0, 0, 0, 0xc3 }; /* return 42 */
	char path[PATH_MAX];
	int (*fn)(void);
	int fd;

	snprintf(path, sizeof(path), "%s/code", dir);
	fd = open(path, O_CREAT | O_RDWR | O_TRUNC, 0755);
	if (fd < 0 || write(fd, code, sizeof(code)) != sizeof(code))
		not_here("%s: %s", path, strerror(errno));
	fn = mmap(NULL, 4096, later ? PROT_READ : PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (fn == MAP_FAILED)
		blocked(errno, "mmap executable");
	if (later && mprotect(fn, 4096, PROT_READ | PROT_EXEC))
		blocked(errno, "mprotect executable");
#ifdef __x86_64__
	allowed("code of a file that was just written returned %d", fn());
#else
	allowed("mapped");
#endif
}

ATTEMPT(map_exec, "36-mmap")
{
	mapped(arg(), false);
}

ATTEMPT(map_exec_later, "36-mprotect")
{
	mapped(arg(), true);
}

/* 38: a program with the set-id bit or file capabilities gets nothing from them. */
static int ids(void *path)
{
	int fds[2], status;
	char text[128] = "";
	pid_t pid;

	if (pipe(fds))
		return -1;
	pid = fork();
	if (!pid) {
		dup2(fds[1], 1);
		execve(path, (char *const[]){ (char *)"attempt", (char *)"--ids", NULL }, no_env);
		dprintf(1, "errno=%d", errno);
		_exit(1);
	}
	close(fds[1]);
	(void)!read(fds[0], text, sizeof(text) - 1);
	waitpid(pid, &status, 0);
	if (sscanf(text, "errno=%d", &status) == 1)
		blocked(status, "execve of a set-id program");
	text[strcspn(text, "\n")] = '\0';
	{
		int uid = -1, euid = -1, gid = -1, egid = -1;

		sscanf(text, "uid=%d euid=%d gid=%d egid=%d", &uid, &euid, &gid, &egid);
		if (uid != euid || gid != egid)
			allowed("the set-id bit worked: %s", text);
		blocked(EPERM, "executed without effect: %s", text);
	}
}

ATTEMPT(set_id, "38-set-id")
{
	ids((void *)arg());
}
