/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/*
 * i386 calls made by int 0x80 from 64-bit code. The program is not position independent, so its
 * strings lie below 4 GiB. Numbers are i386's: getpid 20, openat 295.
 */
#include "live.h"

static const char path[] = "/absent-i386";

static long int80(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(nr), "b"(a), "c"(b), "d"(c)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

static void no_compat(int sig)
{
	(void)sig;
	skip("no 32-bit calls on this kernel");
}

int main(void)
{
	signal(SIGSEGV, no_compat);
	signal(SIGILL, no_compat);
	fact("getpid=%ld\npid=%d\n", int80(20, 0, 0, 0), getpid());
	if ((uintptr_t)path >> 32)
		skip("not linked below 4 GiB");
	fact("openat=%ld\n", int80(295, AT_FDCWD, (long)path, O_RDONLY));
	fact("beyond=%ld\n", int80(9999, 1, 2, 3));
	return 0;
}
