/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/* Signals in the middle of calls, and what becomes of the calls. */
#include "adversary.h"
#include <poll.h>
#include <setjmp.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>

static int in[2], ack[2];
static volatile sig_atomic_t seen;

static void count(int sig)
{
	(void)sig;
	seen++;
}

static void count_and_tell(int sig)
{
	(void)sig;
	tell(ack[1]);
}

static void pipes(void)
{
	make_pipe(in);
	make_pipe(ack);
}

/* A handler without SA_RESTART: read fails with EINTR; five times. */
static void interrupted_child(void)
{
	char c;

	handle(SIGUSR1, count, 0);
	for (int i = 0; i < 5; i++) {
		if (read(in[0], &c, 1) != -1 || errno != EINTR)
			_exit(1);
		tell(ack[1]);
	}
	read(in[0], &c, 1);
}

static void interrupted(void)
{
	pid_t pid;

	pipes();
	pid = start(interrupted_child);
	for (int i = 0; i < 5; i++) {
		wait_asleep(pid, SYS_read);
		kill(pid, SIGUSR1);
		hear(ack[0]);
	}
	tell(in[1]);
	reap(pid);
}

/* A handler with SA_RESTART that makes a call itself: read ends with ERESTARTSYS and is made again. */
static void restarted_child(void)
{
	handle(SIGUSR1, count_and_tell, SA_RESTART);
	hear(in[0]);
	ppid_calls(1);
}

static void restarted(void)
{
	pid_t pid;

	pipes();
	pid = start(restarted_child);
	for (int i = 0; i < 3; i++) {
		wait_asleep(pid, SYS_read);
		kill(pid, SIGUSR1);
		hear(ack[0]);
	}
	wait_asleep(pid, SYS_read);
	tell(in[1]);
	reap(pid);
}

/* nanosleep, stopped and continued: goes on through restart_syscall, which a handler then ends. */
static void slept_child(void)
{
	struct timespec hour = { 3600, 0 };

	handle(SIGUSR1, count, 0);
	syscall(SYS_nanosleep, &hour, &hour);
	ppid_calls(1);
}

static void slept(void)
{
	pid_t pid = start(slept_child);
	long nr = SYS_nanosleep;
	int status;

	for (int i = 0; i < 2; i++, nr = SYS_restart_syscall) {
		wait_asleep(pid, nr);
		kill(pid, SIGSTOP);
		waitpid(pid, &status, WUNTRACED);
		kill(pid, SIGCONT);
		waitpid(pid, &status, WCONTINUED);
	}
	wait_asleep(pid, SYS_restart_syscall);
	kill(pid, SIGUSR1);
	reap(pid);
}

/* Calls that let a blocked, pending signal in by their mask. */
static void masked(void)
{
	sigset_t block, none;
	struct timespec zero = { 0, 0 };
	struct signalfd_siginfo si;
	struct epoll_event ev;
	int fd;

	handle(SIGUSR1, count, 0);
	sigemptyset(&none);
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, NULL);
	raise(SIGUSR1);
	sigsuspend(&none);
	raise(SIGUSR1);
	ppoll(NULL, 0, NULL, &none);
	raise(SIGUSR1);
	pselect(0, NULL, NULL, NULL, NULL, &none);
	raise(SIGUSR1);
	fd = epoll_create1(EPOLL_CLOEXEC);
	epoll_pwait(fd, &ev, 1, -1, &none);
	raise(SIGUSR1);
	sigtimedwait(&block, NULL, &zero);
	sigtimedwait(&block, NULL, &zero);
	raise(SIGUSR1);
	fd = signalfd(-1, &block, SFD_CLOEXEC);
	if (read(fd, &si, sizeof(si)) != sizeof(si))
		die("signalfd");
	raise(SIGUSR1);
	sigprocmask(SIG_UNBLOCK, &block, NULL);
	if (seen != 5)
		die("seen");
	signal(SIGUSR1, SIG_IGN);
	raise(SIGUSR1);
	raise(SIGCHLD);
	raise(SIGWINCH);
	raise(SIGCONT);
}

/* Two threads at once, each with signals to itself whose handlers send themselves another. */
static void nested(int sig)
{
	if (sig != SIGUSR2)
		syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), SIGUSR2);
	syscall(SYS_getppid);
}

static void *storm_thread(void *arg)
{
	for (int i = 0; i < 60; i++)
		syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), SIGUSR1);
	return arg;
}

static void storm(void)
{
	pthread_t a, b;

	handle(SIGUSR1, nested, SA_RESTART);
	handle(SIGUSR2, nested, 0);
	a = thread(storm_thread, NULL);
	b = thread(storm_thread, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
}

/* Real-time signals queue up, with values, and come one after the other; one-shot handlers. */
static void got(int sig, siginfo_t *si, void *ctx)
{
	(void)sig;
	(void)ctx;
	syscall(SYS_getpriority, 0, si->si_value.sival_int);
}

static void queued(void)
{
	struct sigaction sa = { .sa_sigaction = got, .sa_flags = SA_SIGINFO };
	sigset_t block;

	sigaction(SIGRTMIN, &sa, NULL);
	sigemptyset(&block);
	sigaddset(&block, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &block, NULL);
	for (int i = 0; i < 20; i++)
		sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = i });
	sigprocmask(SIG_UNBLOCK, &block, NULL);
	handle(SIGUSR1, count, SA_RESETHAND | SA_NODEFER);
	raise(SIGUSR1);
	raise(SIGUSR1); /* the default now: dies of it */
}

/* Faults: handled on another stack, or deadly. */
static sigjmp_buf back;
static void leap(int sig)
{
	ppid_calls(1);
	siglongjmp(back, sig);
}

static void faults(void)
{
	static char other[65536];
	stack_t ss = { .ss_sp = other, .ss_size = sizeof(other) };
	static const int sigs[] = { SIGSEGV, SIGILL, SIGFPE, SIGTRAP, SIGBUS, SIGABRT, SIGUSR1 };
	char *none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	sigaltstack(&ss, NULL);
	for (size_t i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		handle(sigs[i], leap, SA_ONSTACK);
	if (!sigsetjmp(back, 1))
		*(volatile char *)none = 1;
	if (!sigsetjmp(back, 1))
		*(volatile char *)0xffff800000000000UL = 1; /* of the kernel's half */
	if (!sigsetjmp(back, 1))
		abort();
#ifdef __x86_64__
	if (!sigsetjmp(back, 1))
		__asm__ volatile("ud2");
	handle(SIGTRAP, count, SA_ONSTACK); /* the traps' handler returns */
	__asm__ volatile("int3");
	raise(SIGTRAP);
#endif
}

static void deadly(void)
{
	const int sigs[] = { SIGSEGV, SIGABRT, SIGTRAP, SIGTERM, SIGSYS, SIGKILL, SIGALRM, SIGRTMIN + 3 };

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* no core */
	for (size_t i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++) {
		pid_t pid = fork();

		if (!pid) {
			kill(getpid(), sigs[i]);
			_exit(1);
		}
		if (WTERMSIG(reap(pid)) != sigs[i])
			die("deadly");
	}
}

static const struct mode modes[] = {
	{ "interrupted", interrupted }, { "restarted", restarted }, { "slept", slept }, { "masked", masked },
	{ "storm", storm }, { "queued", queued }, { "faults", faults }, { "deadly", deadly }, { NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_mode(modes, argc, argv);
}
