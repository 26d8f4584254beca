/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the programs that try to get away from their tracer: who traces us, and calls without the C library's stubs. */
#ifndef SANDTRACE_TESTS_ESCAPE_H
#define SANDTRACE_TESTS_ESCAPE_H

#include "adversary.h"
#include <linux/sched.h>

/* Of the calling thread; 0: nobody. */
static UNUSED pid_t tracer_pid(void)
{
	char text[2048], *at;
	int fd = open("/proc/thread-self/status", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n < 0)
		return -1;
	close(fd);
	text[n] = 0;
	at = strstr(text, "\nTracerPid:");
	return at ? atoi(at + 11) : -1;
}

/* clone3 for a child with a stack of its own: it runs FN there, which must not return. -1 and errno as of syscall(). */
static UNUSED long clone3_running(struct clone_args *args, void (*fn)(void))
{
#ifdef __x86_64__
	long ret;

	asm volatile("syscall\n\t"
		     "test %%rax, %%rax\n\t"
		     "jnz 1f\n\t"
		     "xor %%ebp, %%ebp\n\t"
		     "call *%[fn]\n\t"
		     "hlt\n"
		     "1:"
		     : "=a"(ret)
		     : "0"((long)SYS_clone3), "D"(args), "S"(sizeof(*args)), [fn] "r"(fn)
		     : "rcx", "r11", "memory");
	if (ret < 0 && ret > -4096) {
		errno = (int)-ret;
		return -1;
	}
	return ret;
#else
	(void)args;
	(void)fn;
	skip("a stack of its own takes assembly, which is there for x86_64 only");
#endif
}

static UNUSED void say_traced(const char *who)
{
	fact("%s=%ld tracer=%d\n", who, syscall(SYS_gettid), tracer_pid());
}

#endif
