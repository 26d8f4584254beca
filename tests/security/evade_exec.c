/* SPDX-License-Identifier: Apache-2.0 */
/* Programs: executed, or mapped to be. */
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "evade.h"

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
static int exec_chains(void) { return execve(OK "/chains", true_argv, no_env), errno; }
static int x_chain(void) { return run(exec_chains); } /* a script, of a script, of what is in /tmp */
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
/* ld.so PROG itself, which says why it could not, and ends with 127. */
static int load(const char *prog)
{
	static const char *const loaders[] = { "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1" };
	int status, null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid = fork();

	if (!pid) {
		dup2(null, 1);
		dup2(null, 2);
		for (size_t i = 0; i < sizeof(loaders) / sizeof(loaders[0]); i++)
			execl(loaders[i], loaders[i], prog, "--version", NULL);
		_exit(126);
	}
	close(null);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return CANNOT;
	return WEXITSTATUS(status) == 127 ? EPERM : WEXITSTATUS(status) ? CANNOT : 0;
}
static int x_loader(void) { return load("/tmp/dynamic"); }
static int x_loader_ok(void) { return load(OK "/dynamic"); }
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

static int exec_absent(void) { return execve(OK "/absent", true_argv, no_env), errno; }
static int x_absent(void) { return run(exec_absent) == ENOENT ? 0 : CANNOT; }
static int exec_absent_at(void)
{
	return syscall(SYS_execveat, AT_FDCWD, OK "/absent", true_argv, no_env, 0), errno;
}
static int x_absent_at(void) { return run(exec_absent_at) == ENOENT ? 0 : CANNOT; }
#ifdef __x86_64__
/* The call of a 32-bit program: what it names lies in memory that such a program can reach. */
static int call_32(int nr, const char *path, int first, int at)
{
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long ret;

	if (low == MAP_FAILED)
		return CANNOT;
	strcpy(low, path);
	if (at)
		__asm__ volatile("int $0x80" : "=a"(ret) : "0"(nr), "b"(first), "c"(low), "d"(0), "S"(0), "D"(0) : "memory");
	else
		__asm__ volatile("int $0x80" : "=a"(ret) : "0"(nr), "b"(low), "c"(0), "d"(0) : "memory");
	return (int)ret == -ENOENT ? 0 : CANNOT;
}
static int exec_absent_32(void) { return call_32(11, OK "/absent", 0, 0); }
static int exec_absent_at_32(void) { return call_32(358, OK "/absent", AT_FDCWD, 1); }
#else
static int exec_absent_32(void) { return CANNOT; }
static int exec_absent_at_32(void) { return CANNOT; }
#endif
static int x_absent_32(void) { return run(exec_absent_32); }
static int x_absent_at_32(void) { return run(exec_absent_at_32); }

static const struct attempt attempts[] = {
	{ "exec", x_tmp, "file", "execute", "denied" },
	{ "exec-script", x_script, "file", "execute", "denied" },
	{ "exec-interpreter", x_interp, "file", "execute", "denied" },
	{ "execveat", x_execveat, "file", "execute", "denied" },
	{ "exec-deleted", x_deleted, "file", "execute", "denied" },
	{ "exec-elsewhere", x_ok, "process", "exec", "allowed" },
	{ "exec-memfd", x_memfd, "process", "exec", "allowed" },
	{ "map-executable", x_map, "file", "mmap_exec", "denied" },
	{ "loader", x_loader, "file", "mmap_exec:/tmp/dynamic", "denied" },
	{ "loader-elsewhere", x_loader_ok, "process", "exec", "allowed" },
	{ "exec-chain", x_chain, "file", "execute:/tmp/interp", "denied" },
	{ "mprotect-executable", x_mprotect, "file", "mprotect_exec", "denied" },
	{ "exec-absent", x_absent, "process", "exec_failed:" OK "/absent", "allowed" },
	{ "execveat-absent", x_absent_at, "process", "exec_failed:" OK "/absent", "allowed" },
	{ "exec-absent-32-bit", x_absent_32, "process", "exec_failed:" OK "/absent", "allowed" },
	{ "execveat-absent-32-bit", x_absent_at_32, "process", "exec_failed:" OK "/absent", "allowed" },
};
DOMAIN(exec, attempts);
