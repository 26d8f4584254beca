/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/*
 * Does not want to die: loop (burns CPU without a call), or tree (itself, two children and a
 * grandchild in sessions of their own, all ignoring SIGTERM, SIGINT and SIGHUP, all burning CPU).
 * Writes the pids to the file argv[2].
 */
#include "live.h"

static volatile unsigned long work;

static void note(int fd)
{
	char line[32];
	int n = snprintf(line, sizeof(line), "%d\n", (int)getpid());

	if (write(fd, line, n) != n)
		_exit(98);
}

int main(int argc, char **argv)
{
	int fd = argc > 2 ? open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : 2, i;

	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (argc > 1 && !strcmp(argv[1], "tree")) {
		for (i = 0; i < 2; i++) {
			if (fork() == 0) {
				setsid();
				if (i == 1)
					fork();
				break;
			}
		}
	}
	note(fd);
	for (;;)
		work++;
}
