/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -m32 -static */
/* A real 32-bit program: 21 getppid (i386 64), an openat that fails, socketcall(socket),
 * exit_group(6). */
#include "live.h"
#include <linux/net.h>
#include <sys/socket.h>

int main(void)
{
	unsigned long args[3] = { AF_UNIX, SOCK_STREAM, 0 };

	ppid_calls(21);
	syscall(SYS_openat, AT_FDCWD, "/absent-m32", O_RDONLY, 0);
	fact("pid=%d\nsocket=%ld\n", getpid(), syscall(SYS_socketcall, SYS_SOCKET, args));
	syscall(SYS_exit_group, 6);
}
