/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parents that are killed between making a child and telling of it. Each round a process whose three threads make children
 * (fork, vfork or thread: the first argument) ends in the midst, by exit_group, SIGKILL or an exec (the second: exit, kill
 * or image). Every child makes a call and notes its id where the rounds' parent can print it, which is here until all of
 * them are gone.
 */
#include "escape.h"

#define ROUNDS 25
#define MAKERS 3
#define NOTES 65536

static struct {
	unsigned int n;
	pid_t ids[NOTES];
} *notes;
static char what;

static void live(void)
{
	unsigned int at;

	ppid_calls(1);
	at = __atomic_fetch_add(&notes->n, 1, __ATOMIC_RELAXED);
	if (at < NOTES)
		notes->ids[at] = syscall(SYS_gettid);
}

static void *lives(void *arg)
{
	live();
	return arg;
}

static void *makes(void *arg)
{
	for (;;) {
		volatile pid_t pid;
		pthread_t t;

		if (what == 't') {
			if (!pthread_create(&t, NULL, lives, NULL))
				pthread_join(t, NULL);
			continue;
		}
		pid = what == 'v' ? vfork() : fork();
		if (!pid) {
			live();
			_exit(0);
		}
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
	return arg;
}

/* When so many children were noted the makers are in the midst of the next. */
static void wait_for_notes(unsigned int n)
{
	while (__atomic_load_n(&notes->n, __ATOMIC_RELAXED) < n)
		sched_yield();
}

static void victim(char end, unsigned int n)
{
	static char *argv[] = { "escape_ends", NULL };

	for (int i = 0; i < MAKERS; i++)
		thread(makes, NULL);
	if (end == 'k')
		for (;;)
			pause();
	wait_for_notes(n);
	if (end == 'i')
		execve("/proc/self/exe", argv, environ);
	_exit(3);
}

int main(int argc, char **argv)
{
	int status, odd = 0;
	char end;

	if (argc < 3)
		return 0;
	what = argv[1][0];
	end = argv[2][0];
	notes = mmap(NULL, sizeof(*notes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (notes == MAP_FAILED || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		die("set up");
	for (int i = 0; i < ROUNDS; i++) {
		unsigned int n = notes->n + 1 + i % 7;
		pid_t pid = fork();

		if (!pid)
			victim(end, n);
		if (end == 'k') {
			wait_for_notes(n);
			kill(pid, SIGKILL);
		}
		status = reap(pid);
		odd += status != (end == 'k' ? SIGKILL : end == 'i' ? 0 : 3 << 8);
	}
	while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
		;
	for (unsigned int i = 0; i < notes->n && i < NOTES; i++)
		if (notes->ids[i]) /* 0: it took its place, and was killed before it could write */
			fact("made=%d\n", notes->ids[i]);
	fact("odd=%d\n", odd);
	return 7;
}
