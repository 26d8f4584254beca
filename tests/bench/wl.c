/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workloads of the benchmark. A micro workload runs one operation N times on one CPU and measures itself, so that
 * the start-up of whatever traces it is not part of the figure; `wl run` measures any command the same way. The
 * result is one JSON line: wall time, and user + system CPU charged to the workload and its waited-for children.
 *
 *   wl [--cpu N] [--out FILE] OP COUNT     OP: getppid openclose rdwr stat forkexec
 *   wl run [--out FILE] -- COMMAND...
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NSEC_PER_SEC 1000000000ULL
#define FILE_OF_INTEREST "/etc/passwd"
#define CHILD "/bin/true"
#define MAX_COUNT 100000000ULL

struct clocks {
	uint64_t wall, cpu;
};

static int zero_fd, null_fd;

static void die(const char *what)
{
	fprintf(stderr, "wl: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		die("clock_gettime");
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static uint64_t children_ns(void)
{
	struct rusage ru;

	if (getrusage(RUSAGE_CHILDREN, &ru))
		die("getrusage");
	return (ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * NSEC_PER_SEC +
	       (ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) * 1000ULL;
}

/* The process CPU clock counts nanoseconds; getrusage would round this process's own part to microseconds. */
static struct clocks now(void)
{
	return (struct clocks){
		.wall = clock_ns(CLOCK_MONOTONIC),
		.cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID) + children_ns(),
	};
}

static void op_getppid(uint64_t n)
{
	while (n--)
		syscall(SYS_getppid);
}

static void op_openclose(uint64_t n)
{
	while (n--) {
		int fd = open(FILE_OF_INTEREST, O_RDONLY);

		if (fd < 0)
			die("open " FILE_OF_INTEREST);
		close(fd);
	}
}

static void op_rdwr(uint64_t n)
{
	char c;

	while (n--) {
		if (read(zero_fd, &c, 1) != 1 || write(null_fd, &c, 1) != 1)
			die("read /dev/zero, write /dev/null");
	}
}

static void op_stat(uint64_t n)
{
	struct stat st;

	while (n--) {
		if (stat(FILE_OF_INTEREST, &st))
			die("stat " FILE_OF_INTEREST);
	}
}

static void op_forkexec(uint64_t n)
{
	char *argv[] = { (char *)CHILD, NULL };
	char *envp[] = { NULL };
	int status;
	pid_t pid;

	while (n--) {
		pid = fork();
		if (pid < 0)
			die("fork");
		if (pid == 0) {
			execve(CHILD, argv, envp);
			_exit(127);
		}
		if (waitpid(pid, &status, 0) != pid || status)
			die("run " CHILD);
	}
}

static const struct op {
	const char *name;
	void (*run)(uint64_t n);
	int calls; /* syscalls per operation; 0: not fixed */
} ops[] = {
	{ "getppid", op_getppid, 1 },
	{ "openclose", op_openclose, 2 },
	{ "rdwr", op_rdwr, 2 },
	{ "stat", op_stat, 1 },
	{ "forkexec", op_forkexec, 0 },
};

static const struct op *find_op(const char *name)
{
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (!strcmp(ops[i].name, name))
			return &ops[i];
	}
	return NULL;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
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

static int run_micro(const struct op *op, uint64_t n, int cpu, const char *out)
{
	uint64_t warm = n / 10 + 1;
	struct clocks from, to;
	FILE *f;

	if (cpu >= 0)
		pin(cpu);
	zero_fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (zero_fd < 0 || null_fd < 0)
		die("open /dev/zero, /dev/null");
	op->run(warm);

	from = now();
	op->run(n);
	to = now();

	f = open_out(out);
	fprintf(f,
		"{\"op\":\"%s\",\"n\":%" PRIu64 ",\"calls\":%" PRIu64 ",\"wall_ns\":%" PRIu64
		",\"cpu_ns\":%" PRIu64 ",\"wall_per_op\":%.2f,\"cpu_per_op\":%.2f,\"total_cpu_ns\":%" PRIu64
		"}\n",
		op->name, n, (n + warm) * op->calls, to.wall - from.wall, to.cpu - from.cpu,
		(double)(to.wall - from.wall) / n, (double)(to.cpu - from.cpu) / n, now().cpu);
	close_out(f);
	return 0;
}

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run_command(char **argv, const char *out)
{
	struct clocks from, to;
	uint64_t cpu;
	int status;
	pid_t pid;
	FILE *f;

	from = now();
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
	cpu = children_ns();
	to = now();

	f = open_out(out);
	fprintf(f,
		"{\"op\":\"run\",\"n\":1,\"wall_ns\":%" PRIu64 ",\"cpu_ns\":%" PRIu64 ",\"exit\":%d"
		",\"total_cpu_ns\":%" PRIu64 "}\n",
		to.wall - from.wall, cpu, exit_status(status), now().cpu);
	close_out(f);
	return exit_status(status);
}

static uint64_t number(const char *s, uint64_t max)
{
	char *end;
	uint64_t v;

	errno = 0;
	v = strtoull(s, &end, 10);
	if (errno || *end || end == s || *s == '-' || v > max) {
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
	const struct op *op;
	int i, cpu = -1;
	uint64_t n;

	for (i = command ? 2 : 1; i + 1 < argc && !strncmp(argv[i], "--", 2) && argv[i][2]; i += 2) {
		if (!strcmp(argv[i], "--out"))
			out = argv[i + 1];
		else if (!strcmp(argv[i], "--cpu"))
			cpu = number(argv[i + 1], CPU_SETSIZE - 1);
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
	op = find_op(argv[i]);
	n = number(argv[i + 1], MAX_COUNT);
	if (!op || !n)
		return usage();
	return run_micro(op, n, cpu, out);
}
