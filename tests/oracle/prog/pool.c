/* SPDX-License-Identifier: Apache-2.0 */
/* A thread pool: 6 threads, each with its own queue of 40 jobs (open, read, stat, close), fed
 * before they start. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define THREADS 6
#define JOBS 40

static void *worker(void *arg)
{
	long id = (long)arg, i;
	char buf[512];
	struct stat st;

	for (i = 0; i < JOBS; i++) {
		int fd = open(i % 3 ? "/etc/passwd" : "/absent", O_RDONLY | O_CLOEXEC);

		/* descriptors are shared between the threads, so which number a thread gets is a
		 * race: read by none */
		if (fd >= 0) {
			(void)!read(fd, buf, 64 + id);
			close(fd);
		}
		stat("/etc", &st);
	}
	return NULL;
}

int main(void)
{
	pthread_t t[THREADS];
	long i;

	for (i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, worker, (void *)i);
	for (i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	return 0;
}
