/* SPDX-License-Identifier: Apache-2.0 */
#include "measure.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"

#define NSEC_PER_MSEC 1000000ULL
/* Memory is looked at after 5 ms, 10 ms, ... and then ten times a second: 50 us each, on whatever CPU is free. */
#define LOOK_FIRST_NS (5 * NSEC_PER_MSEC)
#define LOOK_LAST_NS (100 * NSEC_PER_MSEC)
/* A tracer that was asked to stop kills its command and writes its summary. */
#define PATIENCE_NS (3 * NSEC_PER_SEC)
#define MAX_OWN 8 /* processes of sandtrace's own in one run: itself, the guard, the tracer, a relay */

static sigset_t waited, before;
static int stopped;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static uint64_t rusage_ns(const struct rusage *ru)
{
	return (uint64_t)(ru->ru_utime.tv_sec + ru->ru_stime.tv_sec) * NSEC_PER_SEC +
	       (uint64_t)(ru->ru_utime.tv_usec + ru->ru_stime.tv_usec) * 1000;
}

int measure__begin(void)
{
	static const int stop[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD };

	sigemptyset(&waited);
	for (size_t i = 0; i < ARRAY_SIZE(stop); i++) {
		sigaddset(&waited, stop[i]);
		signal(stop[i], SIG_DFL); /* whoever ignores SIGCHLD never learns of an end */
	}
	if (sigprocmask(SIG_BLOCK, &waited, &before))
		return log_errno(-errno, "block signals");
	return prctl(PR_SET_CHILD_SUBREAPER, 1) ? log_errno(-errno, "adopt the descendants of what is measured") : 0;
}

void measure__end(void)
{
	struct timespec at_once = { 0 };

	/* whoever asked twice has been heard */
	while (stopped && sigtimedwait(&waited, NULL, &at_once) > 0)
		;
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

int measure__stopped(void)
{
	return stopped;
}

/* ---- the child ------------------------------------------------------------------------------------------------------ */

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Past the C library, which keeps two for itself: under some versions of make both are ignored, and stay so. */
static void default_signals(void)
{
	static const unsigned long zero[4]; /* the kernel's struct sigaction: SIG_DFL, no flags, no mask */

	for (int sig = 1; sig <= 64; sig++)
		syscall(SYS_rt_sigaction, sig, zero, NULL, 8);
}

/* Default signals, nothing open but the three streams. Its session is its own, so that it can be ended whole. */
static void __attribute__((noreturn)) child(const struct measure_opts *o, int report)
{
	sigset_t none;
	int null = open("/dev/null", O_RDWR), err, messages = null;

	if (o->messages)
		messages = open(o->messages, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	default_signals();
	if (o->cpu >= 0)
		pin(o->cpu);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(messages, STDERR_FILENO);
	report = dup3(report, 3, O_CLOEXEC) == 3 ? 3 : report;
	close_range(4, ~0U, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(o->argv[0], o->argv);
	err = errno;
	if (write(report, &err, sizeof(err)) != sizeof(err))
		_exit(126);
	_exit(127);
}

/* Returns when it has been executed, or with *RET_ERRNO. A pid, or -errno. */
static pid_t start(const struct measure_opts *o, int *ret_errno)
{
	int fds[2], err = 0;
	ssize_t n;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid)
		child(o, fds[1]);
	if (pid < 0)
		pid = -errno;
	close(fds[1]);
	do
		n = read(fds[0], &err, sizeof(err));
	while (n < 0 && errno == EINTR);
	close(fds[0]);
	*ret_errno = n == sizeof(err) ? err : 0;
	return pid;
}

/* ---- what it uses ---------------------------------------------------------------------------------------------------- */

struct own {
	dev_t dev;
	ino_t ino; /* the program: what a process of its own executes */
	pid_t pids[MAX_OWN];
	uint64_t peak_kib[MAX_OWN];
	size_t n;
};

static bool program_of(pid_t pid, struct stat *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return !stat(path, ret);
}

static uint64_t peak_of(pid_t pid)
{
	char path[64], text[4096], *at;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (read_file_str(path, text, sizeof(text)) < 0)
		return 0;
	at = strstr(text, "\nVmHWM:");
	return at ? strtoull(at + 7, NULL, 10) : 0;
}

/* Not the program (any more): what it used until then was the command's. */
static void look_at(struct own *own, pid_t pid)
{
	struct stat st;
	bool mine;
	size_t i = 0;

	if (!program_of(pid, &st))
		return;
	mine = st.st_dev == own->dev && st.st_ino == own->ino;
	while (i < own->n && own->pids[i] != pid)
		i++;
	if (i == own->n) {
		if (!mine || own->n == MAX_OWN)
			return;
		own->pids[own->n] = pid;
		own->peak_kib[own->n++] = 0;
	}
	own->peak_kib[i] = mine ? MAX(own->peak_kib[i], peak_of(pid)) : 0;
}

static void look(struct own *own, pid_t pid)
{
	char path[64], text[4096], *save = NULL;
	struct stat st;

	if (!own->n && program_of(pid, &st)) {
		own->dev = st.st_dev;
		own->ino = st.st_ino;
	}
	look_at(own, pid);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	if (read_file_str(path, text, sizeof(text)) <= 0)
		return;
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		look_at(own, atoi(word));
}

/*
 * Of a process that has ended and is not yet waited for. The scheduler's count is of the first thread only, but in
 * nanoseconds; the other is of all threads, in ticks: where they disagree by more than rounding, there were threads.
 */
static uint64_t own_cpu(pid_t pid)
{
	unsigned long long exact = 0, user = 0, system = 0, ticks;
	long per_second = sysconf(_SC_CLK_TCK);
	char path[64], text[1024], *at;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	if (read_file_str(path, text, sizeof(text)) > 0)
		exact = strtoull(text, NULL, 10);
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_file_str(path, text, sizeof(text)) <= 0 || !(at = strrchr(text, ')')) ||
	    sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system) != 2)
		return exact;
	ticks = (user + system) * (NSEC_PER_SEC / (unsigned long long)per_second);
	return exact + 3 * NSEC_PER_SEC / (unsigned long long)per_second > ticks && exact ? exact : ticks;
}

/* ---- waiting ---------------------------------------------------------------------------------------------------------- */

struct wait {
	pid_t pid;
	uint64_t begin, deadline, look_at, pause;
	bool ended, impatient;
	struct own own;
	struct measured *ret;
};

/* Whoever is still there is ours by now, or becomes ours when its parent goes. */
static void kill_children(int sig)
{
	char path[64], text[4096], *save = NULL;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	if (read_file_str(path, text, sizeof(text)) <= 0)
		return;
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (atoi(word) > 1)
			kill(atoi(word), sig);
}

static void end_all(struct wait *w, bool now)
{
	if (!w->ended)
		kill(-w->pid, now ? SIGKILL : SIGTERM);
	if (now || w->ended)
		kill_children(now ? SIGKILL : SIGTERM);
	w->impatient |= now;
	w->deadline = now_ns() + (now ? NSEC_PER_SEC / 10 : PATIENCE_NS);
}

/* False: nobody is left. */
static bool reap(struct wait *w)
{
	siginfo_t si;
	struct rusage ru;
	pid_t pid;

	for (;;) {
		si.si_pid = 0;
		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT))
			return errno != ECHILD;
		pid = si.si_pid;
		if (!pid)
			return true;
		if (pid == w->pid) {
			w->ret->ended_ns = now_ns() - w->begin;
			w->ret->own_cpu_ns = own_cpu(pid);
			w->ended = true;
		}
		if (wait4(pid, pid == w->pid ? &w->ret->status : NULL, 0, &ru) != pid)
			return true;
		if (pid == w->pid)
			w->ret->cpu_ns = rusage_ns(&ru);
		else
			w->ret->strays_cpu_ns += rusage_ns(&ru);
		w->ret->all_ns = now_ns() - w->begin;
	}
}

static void wait_all(struct wait *w)
{
	while (reap(w)) {
		uint64_t now = now_ns(), until = MIN(w->look_at, w->deadline);
		struct timespec pause = { 0 };
		int sig;

		if (until > now)
			pause = (struct timespec){ .tv_sec = (time_t)((until - now) / NSEC_PER_SEC),
						   .tv_nsec = (long)((until - now) % NSEC_PER_SEC) };
		sig = sigtimedwait(&waited, NULL, &pause);
		if (sig > 0 && sig != SIGCHLD) {
			end_all(w, stopped || w->impatient);
			stopped = sig;
		} else if (sig < 0 && errno == EAGAIN) {
			now = now_ns();
			if (now >= w->deadline)
				end_all(w, true);
			if (now >= w->look_at) {
				if (!w->ended)
					look(&w->own, w->pid);
				w->pause = MIN(w->pause * 2, LOOK_LAST_NS);
				w->look_at = now + w->pause;
			}
		}
	}
}

int measure__run(const struct measure_opts *o, struct measured *ret)
{
	struct wait w = { .ret = ret, .deadline = UINT64_MAX, .pause = LOOK_FIRST_NS };
	struct timespec at_once = { 0 };
	int sig;

	memset(ret, 0, sizeof(*ret));
	/* one that came between two runs */
	while (!stopped && (sig = sigtimedwait(&waited, NULL, &at_once)) > 0)
		if (sig != SIGCHLD)
			stopped = sig;
	if (stopped)
		return -EINTR;
	w.begin = now_ns();
	w.pid = start(o, &ret->exec_errno);
	if (w.pid < 0)
		return log_errno(w.pid, "start a process");
	w.look_at = now_ns() + LOOK_FIRST_NS;
	wait_all(&w);
	for (size_t i = 0; i < w.own.n; i++)
		ret->rss_kib += w.own.peak_kib[i];
	return stopped ? -EINTR : 0;
}
