/* SPDX-License-Identifier: Apache-2.0 */
#include "workload.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"

#define FILE_OF_INTEREST "/etc/passwd"
#define CHILD "/bin/true"
#define COUNT_MAX 100000000ULL

static int zero_fd, null_fd;

static void __attribute__((noreturn)) die(const char *what)
{
	log_errno(-errno, "bench: %s", what);
	_exit(EXIT_FAILURE);
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

	while (n--)
		if (read(zero_fd, &c, 1) != 1 || write(null_fd, &c, 1) != 1)
			die("read /dev/zero, write /dev/null");
}

static void op_stat(uint64_t n)
{
	struct stat st;

	while (n--)
		if (stat(FILE_OF_INTEREST, &st))
			die("stat " FILE_OF_INTEREST);
}

static void op_forkexec(uint64_t n)
{
	char *argv[] = { (char *)CHILD, NULL }, *envp[] = { NULL };
	int status;
	pid_t pid;

	while (n--) {
		pid = fork();
		if (pid < 0)
			die("fork");
		if (!pid) {
			execve(CHILD, argv, envp);
			_exit(127);
		}
		if (waitpid(pid, &status, 0) != pid || status)
			die("run " CHILD);
	}
}

const struct workload workloads[] = {
	{ "getppid", "getppid", "call", op_getppid, 1, 500000, 20000, false },
	{ "rdwr", "read and write", "call", op_rdwr, 2, 250000, 10000, false },
	{ "openclose", "open and close", "call", op_openclose, 2, 60000, 8000, true },
	{ "stat", "stat", "call", op_stat, 1, 120000, 15000, false },
	{ "forkexec", "fork, exec and wait", "process", op_forkexec, 1, 250, 150, true },
};
const size_t workload_count = ARRAY_SIZE(workloads);

static uint64_t clock_now(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		die("clock_gettime");
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* The process's own clock counts nanoseconds; getrusage would round that part to microseconds. */
static uint64_t cpu_now(void)
{
	struct rusage ru;

	if (getrusage(RUSAGE_CHILDREN, &ru))
		die("getrusage");
	return clock_now(CLOCK_PROCESS_CPUTIME_ID) +
	       (uint64_t)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * NSEC_PER_SEC +
	       (uint64_t)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) * 1000;
}

/*
 * The tracer too: on another CPU every stop costs two wake-ups across CPUs, 5 to 8 times as much in a virtual machine.
 * Whether the scheduler brings the two together is its affair, and would be most of the spread.
 */
static void pin(int cpu)
{
	char status[4096], *at;
	cpu_set_t set;
	int tracer;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
	if (read_file_str("/proc/self/status", status, sizeof(status)) <= 0 || !(at = strstr(status, "\nTracerPid:")))
		return;
	tracer = atoi(at + 11);
	if (tracer > 0 && sched_setaffinity(tracer, sizeof(set), &set))
		die("pin the tracer");
}

int workload__main(int argc, char **argv)
{
	const struct workload *w = NULL;
	uint64_t n, wall, cpu;
	FILE *f;

	for (size_t i = 0; argc == 4 && i < workload_count; i++)
		if (!strcmp(workloads[i].id, argv[0]))
			w = &workloads[i];
	if (!w || parse_u64(argv[1], 1, COUNT_MAX, &n))
		return log_err(2, "bench: workload: OP COUNT CPU FILE");
	if (atoi(argv[2]) >= 0)
		pin(atoi(argv[2]));
	zero_fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (zero_fd < 0 || null_fd < 0)
		die("open /dev/zero, /dev/null");
	w->run(n / 10 + 1);
	cpu = cpu_now();
	wall = clock_now(CLOCK_MONOTONIC);
	w->run(n);
	wall = clock_now(CLOCK_MONOTONIC) - wall;
	cpu = cpu_now() - cpu;
	f = fopen(argv[3], "we");
	if (!f)
		die(argv[3]);
	fprintf(f, "{\"wall_ns\":%" PRIu64 ",\"cpu_ns\":%" PRIu64 "}\n", wall, cpu);
	if (fclose(f))
		die(argv[3]);
	return 0;
}
