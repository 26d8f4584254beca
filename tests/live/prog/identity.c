/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/*
 * Who a process record says it is: a child changes directory to /, becomes user and group 65534
 * (only as root), and executes this program again from an open descriptor as "identity final",
 * which exits with 5.
 */
#include "live.h"

int main(int argc, char **argv)
{
	char *final_argv[] = { "identity", "final", NULL }, *no_env[] = { NULL };
	char cwd[4096];
	pid_t pid;
	int fd, st;

	if (argc > 1 && !strcmp(argv[1], "final"))
		_exit(5);
	if (!getcwd(cwd, sizeof(cwd)))
		die("getcwd");
	fact("pid=%d\nppid=%d\nuid=%d\ngid=%d\ncwd=%s\n", getpid(), getppid(), getuid(), getgid(),
	     cwd);
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	pid = fork();
	if (pid == 0) {
		if (chdir("/"))
			die("chdir");
		if (getuid() == 0 && (syscall(SYS_setresgid, 65534, 65534, 65534) ||
				      syscall(SYS_setresuid, 65534, 65534, 65534)))
			die("setresuid");
		syscall(SYS_execveat, fd, "", final_argv, no_env, AT_EMPTY_PATH);
		die("execveat");
	}
	st = reap(pid);
	fact("child=%d\nstatus=%d\n", pid, st);
	return 0;
}
