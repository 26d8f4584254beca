/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/*
 * N getppid calls (argv[1]) on every CPU at full speed, one pinned process each, released together.
 * Prints issued=N * CPUs.
 */
#include "live.h"

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 100000;
	int gate[2], cpus = 0, cpu;
	cpu_set_t all, one;
	char c;

	if (sched_getaffinity(0, sizeof(all), &all))
		die("sched_getaffinity");
	make_pipe(gate);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		cpus++;
		if (fork() == 0) {
			CPU_ZERO(&one);
			CPU_SET(cpu, &one);
			sched_setaffinity(0, sizeof(one), &one);
			close(gate[1]);
			if (read(gate[0], &c, 1) != 0)
				_exit(98);
			ppid_calls(n);
			_exit(0);
		}
	}
	close(gate[0]);
	close(gate[1]);
	for (cpu = 0; cpu < cpus; cpu++)
		if (wait(NULL) < 0)
			die("wait");
	fact("issued=%ld\ncpus=%d\n", n * cpus, cpus);
	return 0;
}
