/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/* N threads, thread I (from 0) makes 100 * (I + 1) getppid calls and leaves by exit(2), not
 * exit_group. */
#include "live.h"
#include <pthread.h>

#define N 8
static int tids[N];
static pthread_barrier_t barrier;

static void *body(void *arg)
{
	long i = (long)arg;

	tids[i] = syscall(SYS_gettid);
	pthread_barrier_wait(&barrier);
	ppid_calls(100 * (i + 1));
	return NULL;
}

int main(void)
{
	pthread_t t[N];
	long i;

	pthread_barrier_init(&barrier, NULL, N);
	for (i = 0; i < N; i++)
		if (pthread_create(&t[i], NULL, body, (void *)i))
			die("pthread_create");
	for (i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	fact("pid=%d\n", getpid());
	for (i = 0; i < N; i++)
		fact("tid%ld=%d\n", i, tids[i]);
	return 0;
}
