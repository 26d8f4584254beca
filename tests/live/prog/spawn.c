/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/* One child made by fork, vfork, clone or clone3 (argv[1]); it makes 37 getppid calls and exits
 * with 11. */
#include "live.h"
#include <linux/sched.h>

static pid_t make_child(const char *how)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	if (!strcmp(how, "fork"))
		return syscall(SYS_fork);
	if (!strcmp(how, "clone"))
		return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (!strcmp(how, "clone3"))
		return syscall(SYS_clone3, &args, sizeof(args));
	errno = EINVAL;
	die(how);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "fork";
	volatile pid_t pid;

	/* vfork's child runs on this very stack frame: it must be left by the child through _exit
	 * only */
	if (!strcmp(how, "vfork"))
		pid = vfork();
	else
		pid = make_child(how);
	if (pid == 0) {
		ppid_calls(37);
		_exit(11);
	}
	if (pid < 0)
		die(how);
	if (WEXITSTATUS(reap(pid)) != 11)
		die("child");
	fact("pid=%d\nchild=%d\n", getpid(), pid);
	return 0;
}
