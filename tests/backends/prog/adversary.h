/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the programs that are hard on a recorder. Each mode of each program has one outcome, whatever the timing: threads
 * and processes wait for each other by pipes and waits, in a fixed order, never by sleeping. Where a task has to be asleep in
 * a call before the next step, wait_asleep() looks at it with preadv2 and sched_yield; no program uses these two for anything
 * else, so that the comparison can leave them out.
 */
#ifndef SANDTRACE_TESTS_ADVERSARY_H
#define SANDTRACE_TESTS_ADVERSARY_H

#include "../../live/prog/live.h"
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>

struct mode {
	const char *name;
	void (*run)(void);
};

static UNUSED int run_mode(const struct mode *modes, int argc, char **argv)
{
	for (; modes->name; modes++)
		if (argc > 1 && !strcmp(argv[1], modes->name)) {
			modes->run();
			return 0;
		}
	fprintf(stderr, "no such mode\n");
	return 98;
}

static UNUSED void tell(int fd)
{
	if (write(fd, "x", 1) != 1)
		die("tell");
}

/* Waits for tell(); 0: the other side is gone. */
static UNUSED int hear(int fd)
{
	char c;

	return read(fd, &c, 1) == 1;
}

static UNUSED void proc_read(int fd, char *buf, size_t size)
{
	struct iovec iov = { buf, size - 1 };
	ssize_t n = preadv2(fd, &iov, 1, 0, 0);

	buf[n > 0 ? n : 0] = 0;
}

static UNUSED int proc_open(pid_t tid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(path);
	return fd;
}

/* Returns when task TID has one of STATES, as in /proc/TID/stat. */
static UNUSED void wait_state(pid_t tid, const char *states)
{
	int fd = proc_open(tid, "stat");
	char buf[256], *p;

	for (;;) {
		proc_read(fd, buf, sizeof(buf));
		p = strrchr(buf, ')');
		if (p && p[1] && p[2] && strchr(states, p[2]))
			break;
		sched_yield();
	}
	close(fd);
}

/* Returns when task TID sleeps in call NR. A recorder that holds it there shows the number too, but another state. */
static UNUSED void wait_asleep(pid_t tid, long nr)
{
	int call = proc_open(tid, "syscall"), stat = proc_open(tid, "stat");
	char buf[256], *p;

	for (;;) {
		proc_read(call, buf, sizeof(buf));
		if (buf[0] >= '0' && buf[0] <= '9' && strtol(buf, NULL, 10) == nr) {
			proc_read(stat, buf, sizeof(buf));
			p = strrchr(buf, ')');
			if (p && p[1] == ' ' && p[2] == 'S')
				break;
		} else if (buf[0] == '-' || !buf[0]) {
			proc_read(stat, buf, sizeof(buf));
			p = strrchr(buf, ')');
			if (!p || strchr("ZX", p[2]))
				die("it ended"); /* a test that went wrong must end */
		}
		sched_yield();
	}
	close(call);
	close(stat);
}

static UNUSED void handle(int sig, void (*handler)(int), int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };

	if (sigaction(sig, &sa, NULL))
		die("sigaction");
}

static UNUSED pid_t start(void (*child)(void))
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		child();
		_exit(0);
	}
	return pid;
}

static UNUSED pthread_t thread(void *(*body)(void *), void *arg)
{
	pthread_t t;

	if (pthread_create(&t, NULL, body, arg))
		die("pthread_create");
	return t;
}

#endif
