/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/* x32 numbers from 64-bit code. A kernel without x32 answers ENOSYS, and the calls are x32 calls
 * all the same. */
#include "live.h"

#define X32 0x40000000

int main(void)
{
	long got = syscall(X32 | SYS_getpid);

	fact("getpid=%ld\npid=%d\n", got, getpid());
	syscall(X32 | SYS_openat, AT_FDCWD, "/absent-x32", O_RDONLY, 0);
	syscall(X32 | 520, "/absent-x32-exec", NULL, NULL); /* execve has its own number in x32 */
	return 0;
}
