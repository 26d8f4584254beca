/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/* Stopping, continuing, process groups, waiting, and tracing one's own children. */
#include "adversary.h"
#include <sys/ptrace.h>

static int gate[2], told[2];

/* Stops itself, and not again before somebody has seen that it went on. */
static void stopped_child(void)
{
	kill(getpid(), SIGSTOP);
	hear(gate[0]);
	kill(getpid(), SIGTSTP);
	hear(gate[0]);
	kill(getpid(), SIGTTIN);
	hear(gate[0]);
	_exit(4);
}

static void on_cont(int sig)
{
	(void)sig;
	syscall(SYS_getppid);
}

/* A child stops itself three times, the last time with a handler for SIGCONT. */
static void stops(void)
{
	int status;
	pid_t pid;

	make_pipe(gate);
	setsid(); /* not orphaned: SIGTSTP stops; the child is in a group of its own */
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		handle(SIGCONT, on_cont, 0);
		stopped_child();
	}
	for (int i = 0; i < 3; i++) {
		waitpid(pid, &status, WUNTRACED);
		kill(pid, SIGCONT);
		waitpid(pid, &status, WCONTINUED);
		tell(gate[1]);
	}
	reap(pid);
}

/* A stopped process is killed; and a stopped one with threads in calls goes on. */
static void *reads(void *arg)
{
	pid_t tid = syscall(SYS_gettid);

	if (write(told[1], &tid, sizeof(tid)) != sizeof(tid))
		die("write");
	hear(gate[0]);
	ppid_calls(1);
	return arg;
}

static void stopped_threads_child(void)
{
	pthread_t t = thread(reads, NULL);

	pthread_join(t, NULL);
}

static void stopped_killed(void)
{
	int status;
	pid_t pid, tid;

	make_pipe(gate);
	make_pipe(told);
	pid = start(stopped_child);
	waitpid(pid, &status, WUNTRACED);
	kill(pid, SIGKILL);
	reap(pid);
	pid = start(stopped_child);
	waitpid(pid, &status, WUNTRACED);
	kill(pid, SIGTERM); /* stays pending until it goes on */
	kill(pid, SIGCONT);
	reap(pid);
	pid = start(stopped_threads_child);
	if (read(told[0], &tid, sizeof(tid)) != sizeof(tid))
		die("read");
	wait_asleep(tid, SYS_read);
	wait_asleep(pid, SYS_futex);
	kill(pid, SIGSTOP);
	waitpid(pid, &status, WUNTRACED);
	kill(pid, SIGCONT);
	waitpid(pid, &status, WCONTINUED);
	tell(gate[1]);
	reap(pid);
}

/* A group of three gets one signal; two handle it, one dies. */
static void on_usr1(int sig)
{
	(void)sig;
	tell(told[1]);
}

static void member(int i, int own)
{
	if (i < 2)
		handle(SIGUSR1, on_usr1, 0);
	tell(told[1]);
	hear(own); /* EINTR, or death */
	hear(own);
	_exit(i);
}

static void groups(void)
{
	pid_t kids[3];
	int own[3][2];

	make_pipe(told);
	for (int i = 0; i < 3; i++) {
		make_pipe(own[i]);
		kids[i] = fork();
		if (!kids[i]) {
			setpgid(0, i ? kids[0] : 0);
			member(i, own[i][0]);
		}
		setpgid(kids[i], kids[0]);
		hear(told[0]);
		wait_asleep(kids[i], SYS_read);
	}
	killpg(kids[0], SIGUSR1);
	hear(told[0]);
	hear(told[0]);
	reap(kids[2]);
	for (int i = 0; i < 2; i++) {
		wait_asleep(kids[i], SYS_read);
		tell(own[i][1]);
	}
	syscall(SYS_getpgid, kids[1]);
	syscall(SYS_getsid, kids[1]);
	reap(kids[0]);
	reap(kids[1]);
	killpg(kids[0], 0);
}

/* A group with a stopped member loses its last tie to the session: SIGHUP and SIGCONT. */
static void on_hup(int sig)
{
	(void)sig;
	ppid_calls(1);
}

static void orphaned(void)
{
	int status, alive[2];
	pid_t leader;

	make_pipe(alive);
	leader = fork();
	if (!leader) {
		pid_t pid;

		setsid();
		pid = fork();
		if (!pid) {
			setpgid(0, 0);
			handle(SIGHUP, on_hup, 0);
			kill(getpid(), SIGSTOP);
			ppid_calls(2);
			_exit(5);
		}
		close(alive[1]);
		waitpid(pid, &status, WUNTRACED);
		_exit(6);
	}
	close(alive[1]);
	reap(leader);
	hear(alive[0]); /* the end of the orphan */
}

/* wait4 and waitid in all their moods. */
static void *waits_for_nothing(void *arg)
{
	int status;

	syscall(SYS_wait4, -1, &status, __WNOTHREAD, NULL); /* this thread has no child */
	syscall(SYS_wait4, -1, &status, __WALL | __WNOTHREAD, NULL);
	return arg;
}

static void waits(void)
{
	siginfo_t si;
	int status;
	pid_t a = fork(), b;

	if (!a)
		_exit(1);
	syscall(SYS_waitid, P_PID, a, &si, WEXITED | WNOWAIT, NULL);
	pthread_join(thread(waits_for_nothing, NULL), NULL);
	syscall(SYS_wait4, a, &status, __WNOTHREAD, NULL);
	b = fork();
	if (!b) {
		setpgid(0, 0);
		_exit(2);
	}
	setpgid(b, b);
	syscall(SYS_waitid, P_PGID, b, &si, WEXITED | WNOWAIT | __WALL, NULL);
	syscall(SYS_waitid, P_ALL, 0, &si, WEXITED, NULL);
	syscall(SYS_waitid, P_ALL, 0, &si, WEXITED, NULL);
	syscall(SYS_waitid, P_PID, a, &si, WEXITED, NULL);
	syscall(SYS_waitid, 9, a, &si, WEXITED, NULL);
	syscall(SYS_waitid, P_PID, a, &si, 0, NULL);
	syscall(SYS_wait4, -1, &status, 0x1234, NULL);
	syscall(SYS_wait4, 1, &status, 0, NULL);
	syscall(SYS_wait4, 0x80000000L, &status, 0, NULL);
}

/* Tracing its own children, which only one tracer can: EPERM under one, success otherwise; it goes on either way. */
static void traces(void)
{
	pid_t pid;
	char c;

	make_pipe(gate);
	make_pipe(told);
	pid = fork();
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		tell(told[1]);
		hear(gate[0]);
		_exit(14);
	}
	hear(told[0]);
	tell(gate[1]);
	reap(pid);
	pid = fork();
	if (!pid) {
		hear(gate[0]);
		_exit(15);
	}
	ptrace(PTRACE_SEIZE, pid, NULL, NULL);
	ptrace(PTRACE_PEEKDATA, pid, &c, NULL); /* ESRCH: not stopped, or not its own */
	ptrace(PTRACE_SEIZE, 1 << 30, NULL, NULL);
	ptrace((enum __ptrace_request)0x7777, pid, NULL, NULL);
	tell(gate[1]);
	reap(pid);
}

static const struct mode modes[] = {
	{ "stops", stops }, { "stoppedkilled", stopped_killed }, { "groups", groups }, { "orphaned", orphaned },
	{ "waits", waits }, { "traces", traces }, { NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_mode(modes, argc, argv);
}
