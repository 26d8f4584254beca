// SPDX-License-Identifier: Apache-2.0
/*
 * What recording with ptrace needs, tried as the tracer does it: a process of its own seizes a task, stops it at a call
 * and asks the kernel which call that is and what came of it. Tried twice, for the answers differ where yama restricts
 * ptrace: with a task like ourselves (--trace-only), and with one in a user namespace that we made (the sandbox), over
 * which we hold every capability.
 */
#include "doctor_probe.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* not sys/ptrace.h, which names the same things in another way */
#include "../base/util.h"

#define PATIENCE_MS 2000
/* Calls that the task may make before and between those that are looked for. */
#define STOPS 16
#define OPTIONS                                                                                                            \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |    \
	 PTRACE_O_TRACEEXIT | PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL)

static long trace(long request, pid_t pid, unsigned long addr, unsigned long data)
{
	return syscall(SYS_ptrace, request, pid, addr, data);
}

static int failed(struct ptrace_report *r, const char *call, int err)
{
	r->call = call;
	return r->err = err;
}

/* ---- in the tracer ------------------------------------------------------------------------------------------------ */

/* A task that makes one call again and again, to be found at it. Made as `run` makes the command's. */
static pid_t make_task(struct ptrace_report *r, bool boxed)
{
	struct clone_args args = { .flags = boxed ? CLONE_NEWUSER : 0, .exit_signal = SIGCHLD };
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (pid < 0 && errno == ENOSYS && !boxed) /* as run does: a container may hide it */
		pid = fork();
	if (pid < 0)
		failed(r, "clone3", -errno);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		syscall(SYS_getppid);
}

static int wait_for_stop(struct ptrace_report *r, pid_t pid, int *ret_status)
{
	if (waitpid(pid, ret_status, __WALL) != pid)
		return failed(r, "waitpid", -errno);
	return WIFSTOPPED(*ret_status) ? 0 : failed(r, "waitpid", -ESRCH);
}

/* From stop to stop until the call's entry was seen, and its return after that. */
static int watch_call(struct ptrace_report *r, pid_t pid)
{
	struct ptrace_syscall_info info;
	bool entered = false;
	int status, err;

	for (int i = 0; i < STOPS; i++) {
		if (trace(PTRACE_SYSCALL, pid, 0, 0))
			return failed(r, "PTRACE_SYSCALL", -errno);
		err = wait_for_stop(r, pid, &status);
		if (err)
			return err;
		if (status >> 8 != (SIGTRAP | 0x80))
			continue;
		memset(&info, 0, sizeof(info));
		if (trace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), (unsigned long)&info) <= 0)
			return failed(r, "PTRACE_GET_SYSCALL_INFO", -errno);
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
			entered = info.entry.nr == SYS_getppid;
		else if (info.op == PTRACE_SYSCALL_INFO_EXIT && entered)
			return info.exit.is_error ? failed(r, "PTRACE_GET_SYSCALL_INFO", -EBADMSG) : 0;
	}
	return failed(r, "the task was not seen at its call", -ENOMSG);
}

static void trace_task(struct ptrace_report *r, bool boxed)
{
	pid_t pid;
	int status;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pid = make_task(r, boxed);
	if (pid < 0)
		return;
	if (trace(PTRACE_SEIZE, pid, 0, OPTIONS))
		failed(r, "PTRACE_SEIZE", -errno);
	else if (trace(PTRACE_INTERRUPT, pid, 0, 0))
		failed(r, "PTRACE_INTERRUPT", -errno);
	else if (!wait_for_stop(r, pid, &status) && !watch_call(r, pid))
		r->err = 0;
	kill(pid, SIGKILL);
}

/* ---- in the parent ------------------------------------------------------------------------------------------------ */

void ptrace__try(struct ptrace_report *r, bool boxed)
{
	struct ptrace_report *shared;
	_cleanup_(close) int fd = -1;
	struct pollfd p;
	pid_t pid;

	*r = (struct ptrace_report){ .err = -ETIMEDOUT, .call = "the tracer" };
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		failed(r, "mmap", -errno);
		return;
	}
	*shared = *r;
	pid = fork();
	if (!pid) {
		trace_task(shared, boxed);
		_exit(0);
	}
	if (pid < 0) {
		failed(shared, "fork", -errno);
	} else {
		/* killed after that time, it takes the task with it */
		fd = (int)syscall(SYS_pidfd_open, pid, 0);
		p = (struct pollfd){ .fd = fd, .events = POLLIN };
		if (fd >= 0)
			poll(&p, 1, PATIENCE_MS);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	*r = *shared;
	munmap(shared, sizeof(*shared));
}

/* -1: no yama. */
static int yama_scope(void)
{
	char buf[32];

	return read_file_str("/proc/sys/kernel/yama/ptrace_scope", buf, sizeof(buf)) < 0 ? -1 : atoi(buf);
}

static const char *yama_fix(int scope)
{
	if (scope < 3)
		return "sudo sysctl kernel.yama.ptrace_scope=1";
	return "boot again without kernel.yama.ptrace_scope=3, which holds until then (/etc/sysctl.d)";
}

void try_yama(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	int scope = yama_scope();

	(void)p;
	switch (scope) {
	case -1:
		probe__ok(r, "no yama: as in scope 0");
		return;
	case 0:
		probe__ok(r, "0: any process of the same user");
		return;
	case 1:
		probe__ok(r, "1: one's own children");
		return;
	case 2:
		if (d->caps >> CAP_SYS_PTRACE & 1) {
			probe__ok(r, "2: whoever has CAP_SYS_PTRACE, as we have");
			return;
		}
		probe__no(r, 0, "2: only with CAP_SYS_PTRACE, which we have in a sandbox of our own, and not outside");
		break;
	default:
		probe__no(r, 0, "%d: nobody traces anybody", scope);
	}
	probe__fix(r, "%s", yama_fix(scope));
}

/* Why the task could not be traced: a filter, yama, another LSM. */
static void why(struct probe_result *r, const struct ptrace_report *t, bool boxed)
{
	int scope = yama_scope();
	struct ns_cause cause;

	if (t->err == -EPERM && scope >= (boxed ? 3 : 2)) {
		probe__no(r, t->err, "%s: kernel.yama.ptrace_scope = %d", t->call, scope);
		probe__fix(r, "%s%s", yama_fix(scope), scope < 3 && !boxed ? "; or give CAP_SYS_PTRACE" : "");
	} else if (ns__why_filtered(strcmp(t->call, "clone3") ? "ptrace" : t->call, t->err, &cause)) {
		probe__because(r, t->err, &cause);
	} else if (t->err == -EIO) {
		probe__no(r, t->err, "the kernel has no %s", t->call);
		probe__fix(r, "boot a newer kernel: Linux 5.3 and later have it");
	} else if (t->err == -ETIMEDOUT) {
		probe__no(r, t->err, "%s took more than two seconds", t->call);
		probe__fix(r, "try again when the machine is less busy");
	} else {
		probe__no(r, t->err, "%s", t->call);
	}
}

/* ARG: "plain" or "boxed". */
void try_tracing(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	bool boxed = !strcmp(p->arg, "boxed");
	const struct ptrace_report *t = &d->ptrace[boxed];

	if (!t->err)
		probe__ok(r, "seized%s, seen at its call", boxed ? " in a user namespace" : " a child");
	else if (!strcmp(t->call, "fork") || (boxed && !strcmp(t->call, "clone3")))
		probe__unknown(r, "cannot be tried without %s", boxed ? "user namespaces" : "new processes");
	else
		why(r, t, boxed);
}
