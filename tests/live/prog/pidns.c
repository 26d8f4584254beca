/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/* A child in a new pid namespace, where it is 1 and its own child is 2. */
#include "live.h"

int main(void)
{
	pid_t pid, inner;

	if (unshare(CLONE_NEWPID))
		skip("no right to make a pid namespace");
	pid = fork();
	if (pid == 0) {
		inner = fork();
		if (inner == 0) {
			syscall(SYS_getpid);
			_exit(6);
		}
		reap(inner);
		fact("inner_pid=%d\ninner_child=%d\n", getpid(), inner);
		_exit(5);
	}
	fact("pid=%d\nchild=%d\nstatus=%d\n", getpid(), pid, reap(pid));
	return 0;
}
