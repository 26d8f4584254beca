/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/* Every way to make a task. */
#include "adversary.h"
#include <linux/futex.h>
#include <linux/sched.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static char stacks[4][65536] __attribute__((aligned(16)));

static void bomb_level(int level)
{
	pid_t kids[6];

	for (int i = 0; i < 6 && level; i++) {
		kids[i] = fork();
		if (kids[i] < 0)
			die("fork");
		if (!kids[i]) {
			bomb_level(level - 1);
			_exit(level * 10 + i);
		}
	}
	for (int i = 0; i < 6 && level; i++)
		reap(kids[i]);
}

static void bomb(void)
{
	bomb_level(3);
}

/* Each child makes the next before it ends; all on one stack, so each leaves by _exit only. */
static void vfork_level(int level)
{
	volatile pid_t pid = vfork();

	if (!pid) {
		ppid_calls(1);
		if (level)
			vfork_level(level - 1);
		_exit(level);
	}
	reap(pid);
}

static void vforks(void)
{
	vfork_level(8);
}

static void vfork_exec(void)
{
	static char *argv[] = { "true", NULL }, *none[] = { NULL };
	volatile pid_t pid;
	volatile int i;

	for (i = 0; i < 3; i++) {
		pid = vfork();
		if (!pid) {
			syscall(SYS_execve, "/absent/true", argv, none);
			if (i)
				syscall(SYS_execve, "/bin/true", argv, none);
			_exit(127);
		}
		reap(pid);
	}
}

static int child_body(void *arg)
{
	ppid_calls((long)arg);
	return (int)(long)arg;
}

static void clone_vfork(void)
{
	for (long i = 1; i < 5; i++)
		reap(clone(child_body, stacks[0] + sizeof(stacks[0]), CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)i));
}

/* The child's child is its sibling. */
static void siblings(void)
{
	int fds[2];
	pid_t pid, other;

	make_pipe(fds);
	pid = fork();
	if (!pid) {
		other = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
		if (!other) {
			ppid_calls(2);
			_exit(8);
		}
		if (write(fds[1], &other, sizeof(other)) != sizeof(other))
			_exit(1);
		_exit(9);
	}
	if (read(fds[0], &other, sizeof(other)) != sizeof(other))
		die("read");
	reap(pid);
	reap(other);
}

static void by_pidfd(void)
{
	int fd = -1;
	struct clone_args args = { .flags = CLONE_PIDFD, .pidfd = (uintptr_t)&fd, .exit_signal = SIGCHLD };
	siginfo_t si;
	pid_t pid = syscall(SYS_clone3, &args, sizeof(args));

	if (!pid) {
		ppid_calls(1);
		_exit(12);
	}
	waitid(P_PIDFD, fd, &si, WEXITED | WNOWAIT);
	syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0);
	waitid(P_PIDFD, fd, &si, WEXITED);
	syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0);
	close(fd);
	/* refused ones leave no child behind */
	syscall(SYS_clone3, &args, 8);
	args.exit_signal = 500;
	syscall(SYS_clone3, &args, sizeof(args));
	syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0);
	syscall(SYS_clone3, NULL, sizeof(args));
}

/* A child that asks not to be traced, and its child. */
static void untraced_child(long pid)
{
	if (pid < 0)
		die("clone");
	if (!pid) {
		pid_t own = fork();

		ppid_calls(4);
		if (!own)
			_exit(5);
		reap(own);
		_exit(6);
	}
	reap(pid);
}

static void untraced(void)
{
	untraced_child(syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0));
	ppid_calls(1);
}

static void untraced3(void)
{
	static struct clone_args args = { .flags = CLONE_UNTRACED, .exit_signal = SIGCHLD };

	untraced_child(syscall(SYS_clone3, &args, sizeof(args)));
	ppid_calls(1);
	if (args.flags != CLONE_UNTRACED)
		die("clone_args were changed");
}

static int raw_thread(void *arg)
{
	ppid_calls(5);
	syscall(SYS_exit, 0);
	return *(int *)arg;
}

/* A thread that asks not to be traced; it leaves without the C library. */
static void untraced_thread(void)
{
	static pid_t tid = -1;

	if (clone(raw_thread, stacks[1] + sizeof(stacks[1]) - 64,
		  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID | CLONE_UNTRACED,
		  &tid, NULL, NULL, &tid) < 0)
		die("clone");
	while (__atomic_load_n(&tid, __ATOMIC_ACQUIRE))
		syscall(SYS_futex, &tid, FUTEX_WAIT, -1, NULL, NULL, 0);
	ppid_calls(1);
}

/* 2,000 short lives, eight at a time. */
static void brief(void)
{
	pid_t kids[8];

	for (int i = 0; i < 2000; i += 8) {
		for (int k = 0; k < 8; k++) {
			kids[k] = fork();
			if (!kids[k]) {
				syscall(SYS_getppid);
				_exit((i + k) % 100);
			}
		}
		for (int k = 0; k < 8; k++)
			reap(kids[k]);
	}
}

static void *thread_body(void *arg)
{
	syscall(SYS_getppid);
	return arg;
}

static void threads500(void)
{
	for (int i = 0; i < 500; i++)
		pthread_join(thread(thread_body, NULL), NULL);
}

/* Four threads that fork at the same time, 25 children each; every second one makes a thread, and either ends first. */
static void *exits(void *arg)
{
	syscall(SYS_exit, (long)arg);
	return arg;
}

static void *forks(void *arg)
{
	for (long i = 0; i < 25; i++) {
		pid_t pid = fork();

		if (!pid) {
			syscall(SYS_getppid);
			if (i % 2)
				thread(exits, (void *)i);
			syscall(SYS_exit, i); /* the process's status is that of its last thread */
		}
		if (reap(pid) != i << 8)
			die("status");
	}
	return arg;
}

static void concurrent(void)
{
	pthread_t t[4];

	for (int i = 0; i < 4; i++)
		t[i] = thread(forks, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
}

/* 40 alive at a time: each waits for its own byte. */
static int gates[40][2];
static void *gated(void *arg)
{
	hear(gates[(long)arg][0]);
	ppid_calls(2);
	return arg;
}

static void many_threads(void)
{
	pthread_t t[40];

	for (long i = 0; i < 40; i++) {
		make_pipe(gates[i]);
		t[i] = thread(gated, (void *)i);
	}
	for (long i = 39; i >= 0; i--) {
		tell(gates[i][1]);
		pthread_join(t[i], NULL);
	}
}

/* Children whose end is told by another signal, or none: only __WCLONE and __WALL see them. */
static void quiet(void)
{
	static const int sigs[] = { 0, SIGUSR1, SIGCHLD };
	int status;

	signal(SIGUSR1, SIG_IGN);
	for (int i = 0; i < 3; i++) {
		pid_t pid = syscall(SYS_clone, sigs[i], 0, 0, 0, 0);

		if (!pid)
			_exit(20 + i);
		syscall(SYS_wait4, pid, &status, sigs[i] == SIGCHLD ? __WCLONE : 0, NULL);
		syscall(SYS_wait4, pid, &status, __WALL, NULL);
	}
}

static const struct mode modes[] = {
	{ "bomb", bomb }, { "vforks", vforks }, { "vforkexec", vfork_exec }, { "clonevfork", clone_vfork },
	{ "siblings", siblings }, { "pidfd", by_pidfd }, { "untraced", untraced }, { "untraced3", untraced3 },
	{ "untracedthread", untraced_thread }, { "brief", brief }, { "threads500", threads500 },
	{ "manythreads", many_threads }, { "concurrent", concurrent }, { "quiet", quiet }, { NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_mode(modes, argc, argv);
}
