/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/*
 * A known mix for the filters: 3 openat that fail, 4 close that fail, 5 getppid, 1 socket, 1
 * connect that fails, then a child with 7 getppid and 2 openat.
 */
#include "live.h"
#include <sys/socket.h>
#include <sys/un.h>

int main(void)
{
	struct sockaddr_un a = { AF_UNIX, "/absent-socket" };
	pid_t pid;
	int i, s;

	for (i = 0; i < 3; i++)
		syscall(SYS_openat, AT_FDCWD, "/absent-mix", O_RDONLY);
	for (i = 0; i < 4; i++)
		syscall(SYS_close, -7);
	ppid_calls(5);
	s = syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	syscall(SYS_connect, s, &a, sizeof(a));
	pid = fork();
	if (pid == 0) {
		ppid_calls(7);
		for (i = 0; i < 2; i++)
			syscall(SYS_openat, AT_FDCWD, "/absent-child", O_RDONLY);
		_exit(0);
	}
	reap(pid);
	fact("pid=%d\nchild=%d\n", getpid(), pid);
	return 0;
}
