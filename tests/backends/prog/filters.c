/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/* The program's own seccomp filters: what they refuse is in the trace, and refused in the same way. */
#include "adversary.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#define TEST_CALL SYS_getpriority

/* VERDICT for calls NR with first argument ARG (-1: any). */
static long filter_one(int nr, int arg, uint32_t verdict, unsigned int flags)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(arg < 0 ? BPF_JMP | BPF_JGE | BPF_K : BPF_JMP | BPF_JEQ | BPF_K, arg < 0 ? 0 : (uint32_t)arg, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, verdict),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(insns) / sizeof(insns[0]), insns };
	long ret;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		die("no_new_privs");
	ret = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
	if (ret < 0)
		die("seccomp");
	return ret;
}

static void call(long arg)
{
	syscall(TEST_CALL, arg, 0x11L, 0x22L, 0x33L, 0x44L, 0x55L);
}

/* RET_TRACE: ENOSYS, since none of the recorders asked for it. Below 0: cookies of all kinds. */
static void trace(void)
{
	call(3);
	filter_one(TEST_CALL, 3, SECCOMP_RET_TRACE | 7, 0);
	filter_one(TEST_CALL, 4, SECCOMP_RET_TRACE | 0x5ad, 0);
	filter_one(TEST_CALL, 5, SECCOMP_RET_TRACE | 0xffff, 0);
	for (long i = 2; i < 6; i++)
		call(i);
	syscall(SYS_getpid);
}

/* Older and newer filters: the strictest wins, and of equals the newest. */
static void stacked(void)
{
	filter_one(TEST_CALL, 1, SECCOMP_RET_ERRNO | ENOENT, 0);
	filter_one(TEST_CALL, 1, SECCOMP_RET_ERRNO | EXDEV, 0);
	call(1);
	filter_one(TEST_CALL, 2, SECCOMP_RET_ERRNO | 0, 0); /* succeeds without having been made */
	filter_one(TEST_CALL, 3, SECCOMP_RET_ERRNO | 4095, 0);
	filter_one(TEST_CALL, 4, SECCOMP_RET_ERRNO | 0xffff, 0); /* cut to 4095 */
	filter_one(TEST_CALL, 5, SECCOMP_RET_LOG, 0);
	filter_one(TEST_CALL, 5, SECCOMP_RET_ALLOW, 0);
	filter_one(TEST_CALL, 6, SECCOMP_RET_TRACE, 0);
	filter_one(TEST_CALL, 6, SECCOMP_RET_ERRNO | EBADF, 0);
	for (long i = 0; i < 7; i++)
		call(i);
	filter_one(SYS_openat, -1, SECCOMP_RET_ERRNO | EMFILE, 0);
	syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
	filter_one(SYS_execve, -1, SECCOMP_RET_ERRNO | ENOMEM, 0);
	syscall(SYS_execve, "/bin/true", NULL, NULL);
	/* no filter at all: bad programs */
	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL);
	syscall(SYS_seccomp, 77, 0, NULL);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (void *)0x10);
}

/* Over fork, vfork, thread and exec: who was born before is free, who comes after is not. */
static void *thread_call(void *arg)
{
	call((long)arg);
	return arg;
}

static void inherited(void)
{
	char *argv[] = { "filters", "after", NULL }, *none[] = { NULL };
	int gate[2];
	pid_t before;

	make_pipe(gate);
	before = fork();
	if (!before) {
		hear(gate[0]);
		call(8);
		_exit(0);
	}
	filter_one(TEST_CALL, 8, SECCOMP_RET_ERRNO | EDOM, 0);
	tell(gate[1]);
	reap(before);
	for (int i = 0; i < 2; i++) {
		pid_t pid = fork();

		if (!pid) {
			call(8);
			if (i)
				syscall(SYS_execve, "/proc/self/exe", argv, none);
			_exit(0);
		}
		reap(pid);
	}
	pthread_join(thread(thread_call, (void *)8L), NULL);
}

static void after(void)
{
	call(8);
	call(9);
}

/* TSYNC puts it on a thread that was there before; without, the thread stays free. */
static int go[2], done[2];
static void *waits_and_calls(void *arg)
{
	while (hear(go[0])) {
		call(1);
		call(2);
		tell(done[1]);
	}
	return arg;
}

static void tsync(void)
{
	pthread_t t;

	make_pipe(go);
	make_pipe(done);
	t = thread(waits_and_calls, NULL);
	filter_one(TEST_CALL, 1, SECCOMP_RET_ERRNO | ELOOP, SECCOMP_FILTER_FLAG_TSYNC);
	call(1);
	tell(go[1]);
	hear(done[0]);
	filter_one(TEST_CALL, 2, SECCOMP_RET_ERRNO | ENOTTY, 0);
	call(2);
	tell(go[1]);
	hear(done[0]);
	close(go[1]);
	pthread_join(t, NULL);
}

/* SIGSYS to a handler, which makes calls, one of them refused as well. */
static void on_sigsys(int sig)
{
	call(sig == SIGSYS ? 2 : 3);
	ppid_calls(1);
}

static void trapped(void)
{
	handle(SIGSYS, on_sigsys, 0);
	filter_one(TEST_CALL, 1, SECCOMP_RET_TRAP | 5, 0);
	filter_one(TEST_CALL, 2, SECCOMP_RET_ERRNO | EPIPE, 0);
	call(1);
	call(1);
}

/* Killed: the process, a thread, by a trap without a handler, in strict mode. */
static void killed_child(uint32_t verdict)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		filter_one(TEST_CALL, 1, verdict, 0);
		call(0);
		call(1);
		_exit(1);
	}
	reap(pid);
}

static void *kill_thread(void *arg)
{
	filter_one(TEST_CALL, 1, SECCOMP_RET_KILL_THREAD, 0);
	call(1);
	return arg;
}

static void killed(void)
{
	pid_t pid;

	killed_child(SECCOMP_RET_KILL_PROCESS);
	killed_child(SECCOMP_RET_KILL_THREAD);
	killed_child(SECCOMP_RET_TRAP);
	killed_child(0x12340000); /* no such action: kills */
	pthread_join(thread(kill_thread, NULL), NULL);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
		syscall(SYS_write, 2, "", 0);
		syscall(SYS_getpgrp);
		syscall(SYS_exit, 1);
	}
	reap(pid);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
		syscall(SYS_exit, 13);
	}
	reap(pid);
}

/* A supervisor answers: an errno, a value, and "go on". */
static void notified(void)
{
	struct seccomp_notif req;
	struct seccomp_notif_resp resp;
	int fd = filter_one(TEST_CALL, 1, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
	pid_t pid = fork();

	if (!pid) {
		for (int i = 0; i < 3; i++)
			call(1);
		_exit(0);
	}
	for (int i = 0; i < 3; i++) {
		memset(&req, 0, sizeof(req));
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &req))
			die("recv");
		resp = (struct seccomp_notif_resp){ .id = req.id };
		if (i == 0)
			resp.error = -EREMOTE;
		else if (i == 1)
			resp.val = 1234;
		else
			resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp))
			die("send");
	}
	reap(pid);
}

static const struct mode modes[] = {
	{ "trace", trace }, { "stacked", stacked }, { "inherited", inherited }, { "after", after }, { "tsync", tsync },
	{ "trapped", trapped }, { "killed", killed }, { "notified", notified }, { NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_mode(modes, argc, argv);
}
