/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exec listener together with the filter, in the order that the sandbox uses: who asks, who is refused before that,
 * and what a command can do to it. TAP.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "sandbox/seccomp.h"

#define SIGNALLED 2000

static int test_no, failures;

static void tap(bool ok, const char *what)
{
	failures += !ok;
	printf("%sok %d - listener: %s\n", ok ? "" : "not ", ++test_no, what);
	fflush(stdout);
}

/* What a subject does once everything is installed; its exit status is the result. */
typedef int subject_fn(void);

struct outcome {
	int status;	/* of the subject */
	int asked;	/* how often the listener was asked */
	int last_nr;
};

/*
 * Runs FN in a child that shares our descriptors, so that its listener is ours. The answers to its questions: ALLOWED times
 * "continue", then EACCES. A child of its own answers, since FN may wait.
 */
static struct outcome run(subject_fn *fn, const struct seccomp_opts *o, int allowed)
{
	struct outcome out = { .status = -1 };
	struct seccomp_filter f;
	int fds[2], listener, pidfd;
	struct pollfd p[2];
	pid_t pid;

	if (seccomp__build(o, &f) || pipe(fds))
		return out;
	pid = (pid_t)syscall(__NR_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, 0);
	if (!pid) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
			_exit(99);
		listener = seccomp__install_exec_listener();
		if (listener < 0 || seccomp__install(&f))
			_exit(98);
		if (write(fds[1], &listener, sizeof(listener)) != sizeof(listener))
			_exit(97);
		_exit(fn());
	}
	seccomp__done(&f);
	if (read(fds[0], &listener, sizeof(listener)) != sizeof(listener))
		return out;
	/* The subject's end comes from its pidfd: before 6.11 the listener hangs up only when the subject is reaped. */
	pidfd = (int)syscall(__NR_pidfd_open, pid, 0);
	p[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = pidfd, .events = POLLIN };
	while (poll(p, 2, 10000) > 0 && (p[0].revents & POLLIN || !p[1].revents)) {
		struct seccomp_notif req = { 0 };
		struct seccomp_notif_resp resp = { 0 };

		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &req))
			continue;
		out.last_nr = req.data.nr;
		resp.id = req.id;
		if (out.asked++ < allowed)
			resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		else
			resp.error = -EACCES;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &resp);
	}
	kill(pid, SIGKILL); /* a zombie by now, unless something is wrong */
	waitpid(pid, &out.status, 0);
	close(listener), close(pidfd), close(fds[0]), close(fds[1]);
	return out;
}

static char *const true_argv[] = { "true", NULL };
static char *const sh_argv[] = { "sh", "-c", "/bin/true", NULL };

static int exec_true(void) { return execv("/bin/true", true_argv), errno; }
static int exec_shell(void) { return execv("/bin/sh", sh_argv), errno; }
static int exec_at(void) { return syscall(__NR_execveat, -100, "/bin/true", true_argv, environ, 0) ? errno : 0; }

static int own_listener(void)
{
	struct sock_filter insns[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	struct sock_fprog prog = { .len = 1, .filter = insns };

	return syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog) < 0 ? errno : 0;
}

/* A filter of its own may take away, never give: neither "allow everything" nor a faked success lifts a refusal. */
static int own_filter(void)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_reboot, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = ARRAY_SIZE(insns), .filter = insns };

	if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog))
		return 90;
	if (syscall(__NR_mount, 0, 0, 0, 0, 0) != -1 || errno != EPERM)
		return 91;
	/* magic numbers left out: even unfiltered the kernel would refuse this */
	return syscall(__NR_reboot, 0, 0, 0, 0) == -1 ? errno : 92;
}

/* A signal that arrives while the listener thinks must not make the exec ask a second time. */
static void on_alarm(int sig) { (void)sig; }
static int exec_under_signals(void)
{
	struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	struct itimerval often = { { 0, 200 }, { 0, 200 } }, never = { { 0, 0 }, { 0, 0 } };
	int bad = 0;

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < SIGNALLED; i++)
		if (execv("/bin/true", true_argv) != -1 || errno != EACCES)
			bad++;
	setitimer(ITIMER_REAL, &never, NULL);
	return bad ? 1 : 0;
}

/* A flag that the kernel knows gets as far as the filter, which is not there. */
static bool can_wait_killable(void)
{
	return syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER |
		       SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, NULL) < 0 && errno == EFAULT;
}

static bool exited(const struct outcome *o, int status) { return WIFEXITED(o->status) && WEXITSTATUS(o->status) == status; }

int main(void)
{
	struct policy p = { 0 };
	struct policy_rule deny = { .kind = RULE_SYSCALL_DENY, .value = "seccomp" };
	struct policy denies_seccomp = { .rules = &deny, .n_rules = 1 };
	const struct seccomp_opts open = { .policy = &p }, restricted = { .policy = &p, .restrict_exec = true };
	struct outcome r;

	r = run(exec_true, &restricted, 1);
	tap(exited(&r, 0) && r.asked == 1 && r.last_nr == __NR_execve, "an exec asks, and runs when it may");
	r = run(exec_true, &restricted, 0);
	tap(exited(&r, EACCES) && r.asked == 1, "an exec is refused with the listener's error");
	r = run(exec_shell, &restricted, 1);
	tap(exited(&r, 126) && r.asked == 2, "what the command executes asks again");
	r = run(exec_at, &restricted, 9);
	tap(exited(&r, EPERM) && r.asked == 0, "execveat is refused before anybody is asked when execution is restricted");
	r = run(exec_at, &open, 9);
	tap(exited(&r, 0) && r.asked == 1 && r.last_nr == __NR_execveat, "execveat asks otherwise");
	r = run(own_listener, &restricted, 0);
	tap(exited(&r, EBUSY), "the command cannot install a listener of its own");
	r = run(own_filter, &restricted, 0);
	tap(exited(&r, EPERM), "a filter of the command's own lifts nothing");
	r = run(exec_true, &(struct seccomp_opts){ .policy = &denies_seccomp, .restrict_exec = true }, 1);
	tap(exited(&r, 0) && r.asked == 1, "a policy that denies the call seccomp is no obstacle");
	r = run(exec_under_signals, &restricted, 0);
	if (can_wait_killable())
		tap(exited(&r, 0) && r.asked == SIGNALLED, "signals do not interrupt a question that was taken up");
	else
		printf("ok %d - listener: signals # SKIP this kernel has no WAIT_KILLABLE_RECV (5.19)\n", ++test_no);
	printf("1..%d\n", test_no);
	return failures != 0;
}
