/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/* Who ends first, and what the others were doing. */
#include "adversary.h"
#include <linux/futex.h>
#include <stdbool.h>
#include <time.h>

static int gate[2], told[2];
static pid_t tids[8];
static uint32_t word = 5;

static void *blocked(void *arg)
{
	long i = (long)arg;
	struct timespec hour = { 3600, 0 };
	char c;

	tids[i] = syscall(SYS_gettid);
	tell(told[1]);
	switch (i % 4) {
	case 0:
		read(gate[0], &c, 1);
		break;
	case 1:
		syscall(SYS_nanosleep, &hour, NULL);
		break;
	case 2:
		syscall(SYS_futex, &word, FUTEX_WAIT, 5, NULL, NULL, 0);
		break;
	default:
		syscall(SYS_poll, NULL, 0, -1);
	}
	return arg;
}

static void block(int n)
{
	static const long nr[] = { SYS_read, SYS_nanosleep, SYS_futex, SYS_poll };

	make_pipe(gate);
	make_pipe(told);
	for (long i = 0; i < n; i++) {
		thread(blocked, (void *)i);
		hear(told[0]);
		wait_asleep(tids[i], nr[i % 4]);
	}
}

/* exit_group while eight threads are in calls. */
static void group(void)
{
	block(8);
	syscall(SYS_exit_group, 17);
}

static void *group_of_other(void *arg)
{
	wait_asleep(getpid(), SYS_read);
	syscall(SYS_exit_group, 18);
	return arg;
}

/* The same, by a thread, while the leader is in a call too. */
static void group_by_thread(void)
{
	block(4);
	thread(group_of_other, NULL);
	hear(gate[0]);
}

static void killed_child(void)
{
	block(8);
	tell(1000);
	hear(gate[0]);
}

/* SIGKILL to a process with nine threads, all blocked. */
static void killed(void)
{
	int ready[2];
	pid_t pid;

	make_pipe(ready);
	if (dup2(ready[1], 1000) != 1000)
		die("dup2");
	pid = start(killed_child);
	hear(ready[0]);
	wait_asleep(pid, SYS_read);
	kill(pid, SIGKILL);
	reap(pid);
}

/* A deadly signal with a default action, aimed at one thread of a process, when all of them are blocked. */
static int facts[2];
static void terminated_child(void)
{
	block(3);
	if (write(facts[1], &tids[1], sizeof(tids[1])) != sizeof(tids[1]))
		die("write");
	hear(gate[0]);
}

static void terminated(void)
{
	pid_t pid, tid;

	make_pipe(facts);
	pid = start(terminated_child);
	if (read(facts[0], &tid, sizeof(tid)) != sizeof(tid))
		die("read");
	wait_asleep(pid, SYS_read);
	syscall(SYS_tgkill, pid, tid, SIGTERM);
	reap(pid);
}

/* The leader ends first; the last thread ends the process, by exit, exit_group or a signal. */
static void *last_thread(void *arg)
{
	wait_state(getpid(), "Z");
	ppid_calls(3);
	if (arg == (void *)1)
		syscall(SYS_exit_group, 6);
	if (arg == (void *)2)
		kill(getpid(), SIGTERM);
	syscall(SYS_exit, 4);
	return NULL;
}

static void leader_first(void)
{
	for (long how = 0; how < 3; how++) {
		pid_t pid = fork();

		if (!pid) {
			thread(last_thread, (void *)how);
			syscall(SYS_exit, 7);
		}
		reap(pid);
	}
	thread(last_thread, (void *)1);
	pthread_exit(NULL);
}

/* Tasks that make calls as fast as they can, when the end comes: SIGKILL, exit_group, or another image. */
static void *spins(void *arg)
{
	tell(told[1]);
	for (;;)
		syscall(SYS_getppid);
	return arg;
}

static void kill_race(void)
{
	make_pipe(told);
	for (int i = 0; i < 60; i++) {
		pid_t pid = fork();

		if (!pid)
			spins(NULL);
		hear(told[0]);
		kill(pid, SIGKILL);
		reap(pid);
	}
}

static void threads_race(bool exec)
{
	char *argv[] = { "true", NULL }, *none[] = { NULL };

	make_pipe(told);
	for (int i = 0; i < 15; i++) {
		pid_t pid = fork();

		if (!pid) {
			for (int k = 0; k < 4; k++)
				thread(spins, NULL);
			for (int k = 0; k < 4; k++)
				hear(told[0]);
			if (exec)
				syscall(SYS_execve, "/bin/true", argv, none);
			syscall(SYS_exit_group, i);
		}
		reap(pid);
	}
}

static void group_race(void)
{
	threads_race(false);
}

static void exec_race(void)
{
	threads_race(true);
}

/* A zombie nobody waits for before the command ends; children whose ends are ignored. */
static void unwaited(void)
{
	siginfo_t si;
	pid_t pid = fork();

	if (!pid)
		_exit(2);
	waitid(P_PID, pid, &si, WEXITED | WNOWAIT);
	signal(SIGCHLD, SIG_IGN);
	pid = fork();
	if (!pid)
		_exit(3);
	wait4(pid, NULL, 0, NULL); /* ECHILD when it is gone */
}

/*
 * What is left when the command has ended: it works on, makes a child, and dies of a signal. The kernel tells it by a signal
 * when it has its new parent; the end of a pipe would come before.
 */
static void orphan(void)
{
	sigset_t set;

	make_pipe(told);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0);
		tell(told[1]);
		sigwaitinfo(&set, NULL);
		setsid();
		reap(fork() ?: (_exit(31), 0));
		kill(getpid(), SIGTERM);
	}
	hear(told[0]);
	_exit(30);
}

static const struct mode modes[] = {
	{ "group", group }, { "groupbythread", group_by_thread }, { "killed", killed }, { "terminated", terminated },
	{ "leaderfirst", leader_first }, { "killrace", kill_race }, { "grouprace", group_race }, { "execrace", exec_race },
	{ "unwaited", unwaited }, { "orphan", orphan }, { NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_mode(modes, argc, argv);
}
