/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/*
 * The command is a subreaper. Its child makes a grandchild and dies; the grandchild sees the end of
 * the pipe when its parent is gone, makes 19 calls and exits with 8; a second child stays a zombie
 * until the end.
 */
#include "live.h"
#include <sys/prctl.h>

int main(void)
{
	int gate[2], status;
	pid_t child, grandchild, zombie;
	siginfo_t info;
	char c;

	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		die("prctl");
	make_pipe(gate);
	zombie = fork();
	if (zombie == 0)
		_exit(2);
	child = fork();
	if (child == 0) {
		if (fork() == 0) {
			close(gate[1]);
			while (read(gate[0], &c, 1) > 0)
				;
			ppid_calls(19);
			_exit(8);
		}
		_exit(1);
	}
	if (waitid(P_PID, zombie, &info, WEXITED | WNOWAIT))
		die("waitid");
	reap(child);
	/* the child is gone; the gate opens when the last write end, ours, closes */
	close(gate[1]);
	do {
		grandchild = waitpid(-1, &status, 0);
	} while (grandchild == zombie);
	fact("pid=%d\nzombie=%d\nchild=%d\ngrandchild=%d\nstatus=%d\n", getpid(), zombie, child,
	     grandchild, WEXITSTATUS(status));
	return 0;
}
