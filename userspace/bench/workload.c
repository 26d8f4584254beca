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

const struct workload *workload__find(const char *id)
{
	for (size_t i = 0; i < workload_count; i++)
		if (!strcmp(workloads[i].id, id))
			return &workloads[i];
	return NULL;
}

static uint64_t clock_now(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		die("clock_gettime");
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

uint64_t workload__wall_ns(void)
{
	return clock_now(CLOCK_MONOTONIC);
}

uint64_t workload__children_ns(void)
{
	struct rusage ru;

	if (getrusage(RUSAGE_CHILDREN, &ru))
		die("getrusage");
	return (uint64_t)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * NSEC_PER_SEC +
	       (uint64_t)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) * 1000;
}

/* The process's own clock counts nanoseconds; getrusage would round that part to microseconds. */
uint64_t workload__cpu_ns(void)
{
	return clock_now(CLOCK_PROCESS_CPUTIME_ID) + workload__children_ns();
}

struct workload_cost workload__measure(const struct workload *w, uint64_t n)
{
	const uint64_t warm = n / 10 + 1;
	uint64_t wall, cpu;

	zero_fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (zero_fd < 0 || null_fd < 0)
		die("open /dev/zero, /dev/null");
	w->run(warm);
	cpu = workload__cpu_ns();
	wall = workload__wall_ns();
	w->run(n);
	wall = workload__wall_ns() - wall;
	cpu = workload__cpu_ns() - cpu;
	return (struct workload_cost){ .wall_ns = wall, .cpu_ns = cpu, .operations = warm + n };
}

static void pin(pid_t pid, int cpu, const char *what)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(pid, sizeof(set), &set))
		die(what);
}

void workload__pin(int cpu)
{
	pin(0, cpu, "sched_setaffinity");
}

/*
 * The tracer too: on another CPU every stop costs two wake-ups across CPUs, 5 to 8 times as much in a virtual machine.
 * Whether the scheduler brings the two together is its affair, and would be most of the spread.
 */
static void pin_tracer(int cpu)
{
	char status[4096], *at;
	int tracer;

	if (read_file_str("/proc/self/status", status, sizeof(status)) <= 0 || !(at = strstr(status, "\nTracerPid:")))
		return;
	tracer = atoi(at + 11);
	if (tracer > 0)
		pin(tracer, cpu, "pin the tracer");
}

int workload__main(int argc, char **argv)
{
	const struct workload *w = argc == 4 ? workload__find(argv[0]) : NULL;
	struct workload_cost cost;
	uint64_t n;
	FILE *f;

	if (!w || parse_u64(argv[1], 1, WORKLOAD_COUNT_MAX, &n))
		return log_err(2, "bench: workload: OP COUNT CPU FILE");
	if (atoi(argv[2]) >= 0) {
		workload__pin(atoi(argv[2]));
		pin_tracer(atoi(argv[2]));
	}
	cost = workload__measure(w, n);
	f = fopen(argv[3], "we");
	if (!f)
		die(argv[3]);
	fprintf(f, "{\"wall_ns\":%" PRIu64 ",\"cpu_ns\":%" PRIu64 "}\n", cost.wall_ns, cost.cpu_ns);
	if (fclose(f))
		die(argv[3]);
	return 0;
}
