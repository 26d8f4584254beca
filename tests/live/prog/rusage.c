/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/*
 * A child with a thread, which use CPU outside and inside of the kernel, memory, and wait for each other. Prints child=PID, and
 * what wait4 says that it used: times in us, memory in KiB, faults, context switches.
 */
#include "live.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#define USER_MS 400
#define KERNEL_MS 300
#define MEMORY (48UL << 20)
#define ROUNDS 200

static int ping[2], pong[2];

static long cpu_ms(int kernel)
{
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	return kernel ? u.ru_stime.tv_sec * 1000 + u.ru_stime.tv_usec / 1000 : u.ru_utime.tv_sec * 1000 + u.ru_utime.tv_usec / 1000;
}

static void burn_user(long ms)
{
	static atomic_ulong n;

	while (cpu_ms(0) < ms)
		for (int i = 0; i < 1000000; i++)
			atomic_fetch_add_explicit(&n, 1, memory_order_relaxed);
}

static void *other(void *arg)
{
	char c;

	for (int i = 0; i < ROUNDS; i++)
		if (read(ping[0], &c, 1) != 1 || write(pong[1], &c, 1) != 1)
			die("pipe");
	burn_user(USER_MS / 2);
	return arg;
}

static void use(void)
{
	int zero = open("/dev/zero", O_RDONLY);
	pthread_t t;
	char *mem, c = 'x';

	make_pipe(ping);
	make_pipe(pong);
	if (pthread_create(&t, NULL, other, NULL))
		die("pthread_create");
	for (int i = 0; i < ROUNDS; i++)
		if (write(ping[1], &c, 1) != 1 || read(pong[0], &c, 1) != 1)
			die("pipe");
	mem = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED || zero < 0)
		die("mmap");
	madvise(mem, MEMORY, MADV_NOHUGEPAGE); /* a fault for each page */
	for (size_t i = 0; i < MEMORY; i += 4096)
		mem[i] = 1;
	while (cpu_ms(1) < KERNEL_MS)
		if (read(zero, mem, MEMORY) < 0)
			die("read");
	burn_user(USER_MS / 2);
	pthread_join(t, NULL);
}

int main(void)
{
	struct rusage u;
	pid_t child = fork();
	int status;

	if (!child) {
		use();
		_exit(0);
	}
	if (wait4(child, &status, 0, &u) != child || status)
		die("wait4");
	fact("child=%d\nutime=%ld\nstime=%ld\n", child, u.ru_utime.tv_sec * 1000000 + u.ru_utime.tv_usec,
	     u.ru_stime.tv_sec * 1000000 + u.ru_stime.tv_usec);
	fact("maxrss=%ld\nminflt=%ld\nmajflt=%ld\nnvcsw=%ld\nnivcsw=%ld\n", u.ru_maxrss, u.ru_minflt, u.ru_majflt, u.ru_nvcsw,
	     u.ru_nivcsw);
	return 0;
}
