/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/* 2,000 processes (or argv[1]), eight at a time; each makes one getppid call and exits with its
 * number modulo 100. */
#include "live.h"

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 2000, alive = 0, i, status;

	for (i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid == 0) {
			syscall(SYS_getppid);
			_exit(i % 100);
		}
		if (++alive == 8 && wait(&status) > 0)
			alive--;
	}
	while (wait(&status) > 0)
		;
	fact("processes=%d\n", n);
	return 0;
}
