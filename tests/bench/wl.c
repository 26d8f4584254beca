/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workloads of the benchmark: those of `sandtrace bench` (userspace/bench/workload.c), for tracers that it does not know. A
 * micro workload runs one operation N times on one CPU and measures itself, so that the start-up of whatever traces it is not
 * part of the figure; `wl run` measures any command the same way. The result is one JSON line: wall time, and user + system
 * CPU charged to the workload and its waited-for children.
 *
 *   wl [--cpu N] [--out FILE] OP COUNT     OP: getppid openclose rdwr stat forkexec
 *   wl run [--out FILE] -- COMMAND...
 */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "bench/workload.h"

static void die(const char *what)
{
	fprintf(stderr, "wl: %s: %s\n", what, strerror(errno));
	exit(1);
}

static FILE *open_out(const char *path)
{
	FILE *f = path ? fopen(path, "we") : stdout;

	if (!f)
		die(path);
	return f;
}

static void close_out(FILE *f)
{
	if (fflush(f) || ferror(f))
		die("write the result");
	if (f != stdout)
		fclose(f);
}

/* How many calls a process takes is up to the loader and the C library: 0 says that it is not fixed. */
static uint64_t calls_of(const struct workload *w)
{
	return strcmp(w->unit, "call") ? 0 : w->calls;
}

static int run_micro(const struct workload *w, uint64_t n, int cpu, const char *out)
{
	struct workload_cost cost;
	FILE *f;

	if (cpu >= 0)
		workload__pin(cpu);
	cost = workload__measure(w, n);

	f = open_out(out);
	fprintf(f,
		"{\"op\":\"%s\",\"n\":%" PRIu64 ",\"calls\":%" PRIu64 ",\"wall_ns\":%" PRIu64
		",\"cpu_ns\":%" PRIu64 ",\"wall_per_op\":%.2f,\"cpu_per_op\":%.2f,\"total_cpu_ns\":%" PRIu64
		"}\n",
		w->id, n, cost.operations * calls_of(w), cost.wall_ns, cost.cpu_ns,
		(double)cost.wall_ns / (double)n, (double)cost.cpu_ns / (double)n, workload__cpu_ns());
	close_out(f);
	return 0;
}

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run_command(char **argv, const char *out)
{
	uint64_t wall, cpu;
	int status;
	pid_t pid;
	FILE *f;

	wall = workload__wall_ns();
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		execvp(argv[0], argv);
		die(argv[0]);
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			die("waitpid");
	}
	wall = workload__wall_ns() - wall;
	cpu = workload__children_ns();

	f = open_out(out);
	fprintf(f,
		"{\"op\":\"run\",\"n\":1,\"wall_ns\":%" PRIu64 ",\"cpu_ns\":%" PRIu64 ",\"exit\":%d"
		",\"total_cpu_ns\":%" PRIu64 "}\n",
		wall, cpu, exit_status(status), workload__cpu_ns());
	close_out(f);
	return exit_status(status);
}

static uint64_t number(const char *s, uint64_t max)
{
	uint64_t v;

	if (parse_u64(s, 0, max, &v)) {
		fprintf(stderr, "wl: \"%s\" is not a number from 0 to %" PRIu64 "\n", s, max);
		exit(2);
	}
	return v;
}

static int usage(void)
{
	fprintf(stderr, "usage: wl [--cpu N] [--out FILE] getppid|openclose|rdwr|stat|forkexec COUNT\n"
			"       wl run [--out FILE] -- COMMAND...\n");
	return 2;
}

int main(int argc, char **argv)
{
	bool command = argc > 1 && !strcmp(argv[1], "run");
	const char *out = NULL;
	const struct workload *w;
	int i, cpu = -1;
	uint64_t n;

	for (i = command ? 2 : 1; i + 1 < argc && !strncmp(argv[i], "--", 2) && argv[i][2]; i += 2) {
		if (!strcmp(argv[i], "--out"))
			out = argv[i + 1];
		else if (!strcmp(argv[i], "--cpu"))
			cpu = (int)number(argv[i + 1], CPU_SETSIZE - 1);
		else
			return usage();
	}
	if (command) {
		if (i + 1 >= argc || strcmp(argv[i], "--"))
			return usage();
		return run_command(argv + i + 1, out);
	}
	if (i + 2 != argc)
		return usage();
	w = workload__find(argv[i]);
	n = number(argv[i + 1], WORKLOAD_COUNT_MAX);
	if (!w || !n)
		return usage();
	return run_micro(w, n, cpu, out);
}
