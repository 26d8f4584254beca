/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/*
 * A process that runs before anybody looks: a thread, a child and a grandchild of its own, all of them waiting. Before it says
 * "ready" each has made 500 getppid calls; then it obeys bytes of its standard input:
 *
 *   c   CALLS more of them by each: main, thread, child, grandchild, a new thread, a new child. Then "done"
 *   o   opens /dev/null; then "errno=N"
 *
 * and ends when there are no more, with status 7.
 */
#include "live.h"
#include <pthread.h>

#define BEFORE 500

static long calls;

struct waiter {
	int go[2], done[2];
};

static void wait_and_call(const struct waiter *w)
{
	char byte;

	ppid_calls(BEFORE);
	if (write(w->done[1], "r", 1) != 1)
		die("write");
	while (read(w->go[0], &byte, 1) == 1) {
		ppid_calls(calls);
		if (write(w->done[1], "d", 1) != 1)
			die("write");
	}
}

static void *thread_main(void *arg)
{
	wait_and_call(arg);
	return NULL;
}

static void *new_thread(void *arg)
{
	ppid_calls(calls);
	return arg;
}

static void make_waiter(struct waiter *w)
{
	make_pipe(w->go);
	make_pipe(w->done);
}

static void answer(struct waiter *w)
{
	char byte;

	if (read(w->done[0], &byte, 1) != 1)
		die("read");
}

static void tell(struct waiter *w)
{
	if (write(w->go[1], "g", 1) != 1)
		die("write");
	answer(w);
}

static pid_t start_child(struct waiter *child, struct waiter *grandchild)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	close(child->go[1]);
	close(grandchild->go[1]);
	pid = fork();
	if (pid < 0)
		die("fork");
	wait_and_call(pid ? child : grandchild);
	if (pid)
		reap(pid);
	_exit(0);
}

static void call_all(struct waiter *w, size_t n)
{
	pthread_t thread;
	pid_t pid;

	ppid_calls(calls);
	for (size_t i = 0; i < n; i++)
		tell(&w[i]);
	if (pthread_create(&thread, NULL, new_thread, NULL))
		die("pthread_create");
	pthread_join(thread, NULL);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		ppid_calls(calls);
		_exit(0);
	}
	reap(pid);
	fact("done\n");
}

static void open_null(void)
{
	int fd = open("/dev/null", O_RDONLY);

	fact("errno=%d\n", fd < 0 ? errno : 0);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct waiter w[3];
	pthread_t thread;
	pid_t child;
	char byte;

	calls = argc > 1 ? atol(argv[1]) : 100;
	for (size_t i = 0; i < 3; i++)
		make_waiter(&w[i]);
	child = start_child(&w[1], &w[2]);
	if (pthread_create(&thread, NULL, thread_main, &w[0]))
		die("pthread_create");
	ppid_calls(BEFORE);
	for (size_t i = 0; i < 3; i++)
		answer(&w[i]);
	fact("pid=%d child=%d\nready\n", getpid(), child);
	while (read(0, &byte, 1) == 1) {
		if (byte == 'c')
			call_all(w, 3);
		else
			open_null();
	}
	for (size_t i = 0; i < 3; i++)
		close(w[i].go[1]);
	pthread_join(thread, NULL);
	reap(child);
	return 7;
}
