/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the workloads of the live tests. Calls that a test counts are made through syscall(),
 * so that the C library cannot cache, batch or replace them; facts that a test needs (ids,
 * addresses) go to stdout as key=value lines. A workload that cannot run here exits with SKIP after
 * a line skip=REASON. Nothing waits by sleeping.
 */
#ifndef SANDTRACE_TESTS_LIVE_H
#define SANDTRACE_TESTS_LIVE_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIP 77
#define UNUSED __attribute__((unused))

static UNUSED __attribute__((format(printf, 1, 2))) void fact(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vdprintf(1, fmt, ap);
	va_end(ap);
}

static UNUSED __attribute__((noreturn)) void die(const char *what)
{
	dprintf(2, "%s: %s\n", what, strerror(errno));
	_exit(99);
}

static UNUSED __attribute__((noreturn)) void skip(const char *why)
{
	dprintf(1, "skip=%s\n", why);
	_exit(SKIP);
}

/* The marker call: cheap, never blocked, never issued by the C library on its own. */
static UNUSED void ppid_calls(long n)
{
	while (n-- > 0)
		syscall(SYS_getppid);
}

static UNUSED void make_pipe(int fds[2])
{
	if (pipe(fds))
		die("pipe");
}

static UNUSED int reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR)
			die("waitpid");
	return status;
}

/* Returns when task TID is blocked inside call NR: the kernel says so in /proc, so no time is
 * guessed. */
static UNUSED void wait_blocked(pid_t tid, long nr)
{
	char path[64], buf[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
	for (;;) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			die(path);
		n = read(fd, buf, sizeof(buf) - 1);
		close(fd);
		if (n > 0) {
			buf[n] = 0;
			if (buf[0] >= '0' && buf[0] <= '9' && strtol(buf, NULL, 10) == nr)
				return;
		}
		sched_yield();
	}
}

/* Copies this program to PATH with MODE, for tests that execute it under another name or state. */
static UNUSED void copy_self(int out)
{
	static char buf[65536];
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (in < 0)
		die("/proc/self/exe");
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, n) != n)
			die("copy_self");
	close(in);
}

#endif
