/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Births that a tracer is not meant to hear of. Each child says who traces it, as the kernel's status tells, and makes
 * getppid calls by which the trace can be asked for it. Modes: see main().
 */
#include "escape.h"

static char stack[65536] __attribute__((aligned(16)));

/* Where nobody, a tracer's pokes aside, can change them. */
static struct clone_args *read_only(struct clone_args args)
{
	struct clone_args *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	*p = args;
	if (mprotect(p, 4096, PROT_READ))
		die("mprotect");
	return p;
}

/* With VFORK the caller's call ends no sooner than the child does; one that is killed in it never tells of its child. */
static void orphan_by_vfork(void)
{
	struct clone_args *args = read_only((struct clone_args){
		.flags = CLONE_UNTRACED | CLONE_VFORK,
		.exit_signal = SIGCHLD,
	});
	pid_t parent;
	int fds[2];

	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		die("prctl");
	make_pipe(fds);
	parent = fork();
	if (!parent) {
		pid_t self = getpid();
		long pid = syscall(SYS_clone3, args, sizeof(*args));

		if (pid)
			_exit(pid < 0 ? 97 : 0);
		kill(self, SIGKILL);
		hear(fds[0]);
		say_traced("child");
		ppid_calls(4);
		_exit(0);
	}
	reap(parent);
	tell(fds[1]);
	fact("reaped=%d\n", waitpid(-1, NULL, __WALL));
}

static void take_over(void)
{
	static char *argv[] = { "escape_births", "image", NULL };

	syscall(SYS_execve, "/proc/self/exe", argv, environ);
	syscall(SYS_exit_group, 9);
}

/* A thread whose exec takes the whole process over. */
static void thread_by_vfork(void)
{
	struct clone_args *args = read_only((struct clone_args){
		.flags = CLONE_UNTRACED | CLONE_VFORK | CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			 CLONE_SYSVSEM,
		.stack = (uintptr_t)stack,
		.stack_size = sizeof(stack),
	});

	if (clone3_running(args, take_over) < 0)
		die("clone3");
	syscall(SYS_exit, 8);
}

static void image(void)
{
	say_traced("child");
	ppid_calls(4);
}

#define ROUNDS 400
static struct clone_args moving = { .exit_signal = SIGCHLD };
static volatile int stop;

static void *flip(void *arg)
{
	while (!stop) {
		__atomic_store_n(&moving.flags, CLONE_UNTRACED, __ATOMIC_RELAXED);
		__atomic_store_n(&moving.flags, 0, __ATOMIC_RELAXED);
	}
	return arg;
}

/* What the tracer reads is not what the kernel reads a moment later. */
static void flipped(void)
{
	pthread_t t = thread(flip, NULL);
	int unseen = 0;

	for (int i = 0; i < ROUNDS; i++) {
		pid_t pid = syscall(SYS_clone3, &moving, sizeof(moving));

		if (pid < 0)
			die("clone3");
		if (!pid) {
			ppid_calls(1);
			_exit(!tracer_pid());
		}
		unseen += reap(pid) != 0;
	}
	stop = 1;
	pthread_join(t, NULL);
	fact("born=%d\nunseen=%d\n", ROUNDS, unseen);
}

/* By clone, whose flags are in a register. */
static void by_register(unsigned long flags)
{
	long pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
	int status;

	if (pid < 0)
		die("clone");
	if (!pid) {
		say_traced("child");
		ppid_calls(4);
		_exit(3);
	}
	while (waitpid(pid, &status, __WALL) != pid)
		;
	fact("status=%x\n", status);
}

static void untraced(void)
{
	by_register(CLONE_UNTRACED);
}

static void ptraced(void)
{
	by_register(CLONE_PTRACE);
}

static void both(void)
{
	by_register(CLONE_UNTRACED | CLONE_PTRACE);
}

/* Births without end, of children that leave their session and ignore what can be ignored; some make a thread. */
static void *nothing(void *arg)
{
	return arg;
}

static void __attribute__((noreturn)) storm_from(int level)
{
	for (;;) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (!pid) {
			setsid();
			if (level--)
				continue;
			thread(nothing, NULL);
			_exit(0);
		}
		if (level)
			pause();
		reap(pid);
	}
}

static void storm(void)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM };

	for (unsigned int i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	storm_from(2);
}

/* In a vfork whose child holds it until its input ends. */
static void held(void)
{
	volatile pid_t pid = vfork();
	char c;

	if (!pid) {
		pid = getpid();
		fact("child=%d\n", pid);
		read(0, &c, 1);
		_exit(0);
	}
	reap(pid);
	fact("on\n");
	_exit(5);
}

static const struct mode modes[] = {
	{ "orphan", orphan_by_vfork }, { "thread", thread_by_vfork }, { "image", image }, { "flipped", flipped },
	{ "untraced", untraced }, { "ptraced", ptraced }, { "both", both }, { "storm", storm }, { "held", held },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_mode(modes, argc, argv);
}
