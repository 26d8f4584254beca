/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/*
 * exit: a raw thread-exit by the second thread, then exit_group(42) by the first.
 * code N: exit_group(N). signal N: dies of that signal, without a core file. core: aborts with a
 * core allowed.
 * joined N: N children whose leader leaves while the thread it joined is still on its way out.
 */
#include "live.h"
#include <pthread.h>
#include <sys/resource.h>

static int tid;

static void *leave(void *arg)
{
	(void)arg;
	tid = syscall(SYS_gettid);
	syscall(SYS_exit, 7);
	return NULL;
}

static void join_and_leave(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, leave, NULL))
		die("pthread_create");
	pthread_join(t, NULL);
	syscall(SYS_exit_group, 5);
}

static void die_of(int sig, rlim_t core)
{
	struct rlimit lim = { core, core };

	setrlimit(RLIMIT_CORE, &lim);
	signal(sig, SIG_DFL);
	syscall(SYS_kill, getpid(), sig);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "exit";
	int n = argc > 2 ? atoi(argv[2]) : 0;
	pthread_t t;
	pid_t pid;

	if (!strcmp(mode, "code"))
		syscall(SYS_exit_group, n);
	if (!strcmp(mode, "signal"))
		die_of(n, 0);
	if (!strcmp(mode, "core")) {
		pid = fork();
		if (pid == 0) {
			die_of(SIGSEGV, 1 << 20);
			_exit(98);
		}
		fact("child=%d\ncore=%d\n", pid, !!WCOREDUMP(reap(pid)));
		return 0;
	}
	if (!strcmp(mode, "joined")) {
		while (n-- > 0) {
			pid = fork();
			if (pid == 0)
				join_and_leave();
			reap(pid);
		}
		return 0;
	}
	if (pthread_create(&t, NULL, leave, NULL))
		die("pthread_create");
	pthread_join(t, NULL);
	fact("pid=%d\ntid=%d\n", getpid(), tid);
	syscall(SYS_exit_group, 42);
}
