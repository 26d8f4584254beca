/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/*
 * Double fork and setsid. The daemon starts working when both of its ancestors are gone: it holds
 * the read end of a pipe whose write ends die with them. It makes 53 getppid calls and exits with
 * 9; the command exits with 4.
 */
#include "live.h"

int main(void)
{
	int gate[2], facts[2];
	char c;
	pid_t pid;

	make_pipe(gate);
	make_pipe(facts);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		setsid();
		pid = fork();
		if (pid)
			_exit(0);
		pid = getpid();
		if (write(facts[1], &pid, sizeof(pid)) != sizeof(pid))
			_exit(98);
		close(gate[1]);
		while (read(gate[0], &c, 1) > 0)
			;
		ppid_calls(53);
		_exit(9);
	}
	reap(pid);
	if (read(facts[0], &pid, sizeof(pid)) != sizeof(pid))
		die("read");
	fact("pid=%d\ndaemon=%d\n", getpid(), pid);
	_exit(4);
}
