/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/* getppid refused by a filter: errno (EPERM, 3 calls), trap (SIGSYS handler, 1 call), kill (the
 * process), thread (one of two threads; the process goes on). */
#include "live.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>

static volatile sig_atomic_t trapped;

static void on_sigsys(int sig)
{
	(void)sig;
	trapped++;
}

static void filter(uint32_t verdict)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, verdict),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(insns) / sizeof(insns[0]), insns };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		die("seccomp");
}

static void *refused_thread(void *arg)
{
	filter(SECCOMP_RET_KILL_THREAD);
	ppid_calls(1);
	return arg;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "errno";
	pid_t pid;

	signal(SIGSYS, on_sigsys);
	ppid_calls(2);
	if (!strcmp(mode, "errno")) {
		filter(SECCOMP_RET_ERRNO | EPERM);
		ppid_calls(3);
	} else if (!strcmp(mode, "trap")) {
		filter(SECCOMP_RET_TRAP);
		ppid_calls(1);
		fact("trapped=%d\n", trapped);
	} else if (!strcmp(mode, "thread")) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, refused_thread, NULL) || pthread_join(thread, NULL))
			die("thread");
		ppid_calls(1);
	} else {
		pid = fork();
		if (pid == 0) {
			filter(SECCOMP_RET_KILL_PROCESS);
			ppid_calls(1);
			_exit(98);
		}
		fact("child=%d\nsignal=%d\n", pid, WTERMSIG(reap(pid)));
	}
	return 0;
}
