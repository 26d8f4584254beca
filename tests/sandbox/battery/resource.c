/* SPDX-License-Identifier: Apache-2.0 */
/* 68-73: resources and lifetime. */
#include "attempt.h"

#include <limits.h>
#include <linux/ioprio.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

/* 68: children that stay; ARG at most. */
ATTEMPT(fork_bomb, "68-fork")
{
	long limit = strtol(arg(), NULL, 10), n;

	for (n = 0; n < limit; n++) {
		pid_t pid = fork();

		if (pid < 0)
			blocked(errno, "after %ld children", n);
		if (!pid)
			for (;;)
				pause();
	}
	allowed("%ld children", n);
}

/* 69: ARG is KIND-MEGABYTES */
static void *mapping(size_t size, int fd)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		blocked(errno, "mmap");
	return p;
}

/* Page by page in a child, so that who is killed is not the one who tells. */
static void touch(char *p, size_t size, const char *what)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		blocked(errno, "fork");
	if (!pid) {
		for (size_t i = 0; i < size; i += 4096)
			p[i] = 1;
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		blocked(-WTERMSIG(status), "%s", what);
	allowed("%zu MiB of %s", size >> 20, what);
}

ATTEMPT(memory, "69-memory")
{
	size_t size;
	const char *dash = strrchr(arg(), '-');
	int fd = -1;

	if (!dash)
		not_here("bad argument");
	size = strtoul(dash + 1, NULL, 10) << 20;
	if (!strncmp(arg(), "anon", 4))
		touch(mapping(size, -1), size, "anonymous memory");
	if (!strncmp(arg(), "mlock", 5)) {
		void *p = mapping(size, -1);

		by_result(mlock(p, size), "mlock");
	}
	if (!strncmp(arg(), "memfd", 5))
		fd = syscall(SYS_memfd_create, "big", 1);
	if (!strncmp(arg(), "tmpfs", 5))
		fd = open("/tmp/big", O_CREAT | O_RDWR, 0600);
	if (!strncmp(arg(), "shm", 3))
		fd = open("/dev/shm/big", O_CREAT | O_RDWR, 0600);
	if (fd < 0)
		blocked(errno, "%s", arg());
	if (ftruncate(fd, size))
		blocked(errno, "ftruncate");
	touch(mapping(size, fd), size, arg());
}

/* 70 */
ATTEMPT(spin, "70-spin")
{
	for (int i = 0; i < 4; i++)
		if (!fork())
			for (;;)
				;
	for (;;)
		;
}

ATTEMPT(stubborn, "70-stubborn")
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (int i = 1; i < 64; i++)
		signal(i, SIG_IGN);
	setsid();
	for (;;)
		pause();
}

ATTEMPT(stop_self, "70-stop")
{
	kill(getppid(), SIGSTOP);
	kill(getpid(), SIGSTOP);
	for (;;)
		pause();
}

/* 71: ARG is KIND-MEGABYTES: lines, one (a single line), nul */
ATTEMPT(output, "71-output")
{
	static char block[1 << 16];
	const char *dash = strrchr(arg(), '-');
	long long left = dash ? strtoll(dash + 1, NULL, 10) << 20 : 0;

	memset(block, *arg() == 'n' ? 0 : 'x', sizeof(block));
	if (*arg() == 'l')
		for (size_t i = 99; i < sizeof(block); i += 100)
			block[i] = '\n';
	signal(SIGPIPE, SIG_IGN);
	while (left > 0) {
		ssize_t n = write(1, block, sizeof(block));

		if (n < 0)
			blocked(errno, "%lld bytes were left", left);
		left -= n;
	}
	allowed("all was written");
}

/* 72 */
ATTEMPT(raise_limit, "72-rlimit")
{
	int which = atoi(arg());
	struct rlimit r;

	if (getrlimit(which, &r))
		not_here("getrlimit");
	if (r.rlim_max == RLIM_INFINITY) {
		if (which == RLIMIT_CORE)
			allowed("the core limit is infinite");
		not_here("no limit is set");
	}
	r.rlim_max++;
	r.rlim_cur = r.rlim_max;
	by_result(setrlimit(which, &r), "setrlimit above the hard limit");
}

ATTEMPT(nice_up, "72-nice")
{
	by_result(setpriority(PRIO_PROCESS, 0, -20), "nice -20");
}

ATTEMPT(fifo, "72-fifo")
{
	struct sched_param p = { .sched_priority = 99 };

	by_result(sched_setscheduler(0, SCHED_FIFO, &p), "SCHED_FIFO");
}

ATTEMPT(deadline, "72-deadline")
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} a = { sizeof(a), 6, 0, 0, 0, 1000000, 10000000, 10000000 };

	by_result(syscall(SYS_sched_setattr, 0, &a, 0), "SCHED_DEADLINE");
}

ATTEMPT(ioprio, "72-ioprio")
{
	by_result(syscall(SYS_ioprio_set, 1, 0, (1 << 13) | 0), "ioprio real time");
}

/* 73: a child keeps the caller's stdout open after the command has ended. */
ATTEMPT(orphan, "73-orphan")
{
	if (!fork()) {
		setsid();
		for (;;)
			pause();
	}
	allowed("a child keeps the pipe");
}

/* 23: what the sandbox says of its tmpfs. */
ATTEMPT(tmpfs_says, "23-statvfs")
{
	struct statvfs s;

	if (statvfs(arg(), &s))
		blocked(errno, "statvfs");
	if (s.f_blocks * s.f_frsize > strtoull(param("fill_limit"), NULL, 10) || !s.f_files)
		allowed("%llu bytes, %llu inodes", (unsigned long long)s.f_blocks * s.f_frsize,
			(unsigned long long)s.f_files);
	blocked(ENOSPC, "%llu bytes, %llu inodes at most", (unsigned long long)s.f_blocks * s.f_frsize,
		(unsigned long long)s.f_files);
}
