/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/* A child blocked in read (or futex) is killed by SIGKILL there: its call is entered and never
 * returns. */
#include "live.h"
#include <linux/futex.h>

int main(int argc, char **argv)
{
	int use_futex = argc > 1 && !strcmp(argv[1], "futex");
	static uint32_t word = 5;
	int fds[2], status;
	char c;
	pid_t pid;

	make_pipe(fds);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		if (use_futex)
			syscall(SYS_futex, &word, FUTEX_WAIT, 5, NULL, NULL, 0);
		else
			syscall(SYS_read, fds[0], &c, 1);
		_exit(98);
	}
	wait_blocked(pid, use_futex ? SYS_futex : SYS_read);
	kill(pid, SIGKILL);
	status = reap(pid);
	fact("pid=%d\nchild=%d\nfd=%d\nsignal=%d\n", getpid(), pid, fds[0], WTERMSIG(status));
	return 0;
}
