/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the names of an architecture's system calls, as libseccomp has them, for userspace/event/syscalls.c. Built and run by
 * the Makefile: gen-syscalls x86_64|aarch64. The library looks through its whole table for each number: too long for something that is known when
 * sandtrace is built.
 */
#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NR_PLAIN 640 /* as in syscalls.c */

int main(int argc, char **argv)
{
	uint32_t arch = argc == 2 ? seccomp_arch_resolve_name(argv[1]) : 0;
	size_t at[NR_PLAIN] = { 0 }, n = 1; /* 0: no name */

	if (!arch) {
		fputs("gen-syscalls: libseccomp does not know that architecture\n", stderr);
		return 2;
	}
	puts("/* Made by scripts/gen-syscalls.c: do not edit. */");
	puts("static const char native_names[] = \"\\0\"");
	for (int nr = 0; nr < NR_PLAIN; nr++) {
		char *name = seccomp_syscall_resolve_num_arch(arch, nr);

		if (!name)
			continue;
		at[nr] = n;
		n += strlen(name) + 1;
		printf("\t\"%s\\0\"\n", name);
		free(name);
	}
	if (n > UINT16_MAX) {
		fputs("gen-syscalls: more text than 64 KiB\n", stderr);
		return 1;
	}
	puts("\t;\nstatic const uint16_t native_at[NR_PLAIN] = {");
	for (int nr = 0; nr < NR_PLAIN; nr++)
		printf("%s%zu,%s", nr % 16 ? " " : "\t", at[nr], nr % 16 == 15 ? "\n" : "");
	puts("};");
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
