/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clone3 gives and refuses, a line each. A tracer that makes the call in another way must not show: the lines are the same
 * with one and without. Mode "same" has those; "refused" what no clone can say; "registers" what is left of the caller's.
 */
#include "escape.h"
#include <linux/futex.h>
#include <poll.h>

#define PIDFD_FLAG 0x1000
#define THE_KERNELS 0xffff800000000000ULL
static char stack[65536] __attribute__((aligned(16)));

static const char *outcome(long ret)
{
	static char text[64];

	snprintf(text, sizeof(text), ret < 0 ? "errno %d" : "made", errno);
	return text;
}

/* A child, if there is one, ends at once; no memory is shared. */
static long try_args(void *args, size_t size)
{
	long pid = syscall(SYS_clone3, args, size);
	int saved = errno;

	if (!pid)
		_exit(0);
	if (pid > 0)
		while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
			;
	errno = saved;
	return pid;
}

static void attempt(const char *name, struct clone_args args)
{
	fact("%s: %s\n", name, outcome(try_args(&args, sizeof(args))));
}

/* ---- what is refused ------------------------------------------------------------------------------------------------ */

static void sizes(void)
{
	static const size_t all[] = { 0, 8, 63, 64, 65, 72, 80, 88, 96, 128, 200, 4097, 1 << 20, -1UL };
	static union {
		struct clone_args args;
		char room[8192];
	} zeros;

	zeros.args.exit_signal = SIGCHLD;
	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		fact("size %zu: %s\n", all[i], outcome(try_args(&zeros, all[i])));
	zeros.room[100] = 1;
	fact("more than is known: %s\n", outcome(try_args(&zeros, 104)));
}

static void addresses(void)
{
	const size_t page = 4096, size = CLONE_ARGS_SIZE_VER0;
	char *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (two == MAP_FAILED || munmap(two + page, page))
		die("mmap");
	fact("NULL: %s\n", outcome(try_args(NULL, size)));
	fact("not there: %s\n", outcome(try_args(two + page, size)));
	fact("half there: %s\n", outcome(try_args(two + page - 32, size)));
	fact("just there: %s\n", outcome(try_args(two + page - size, size)));
	fact("the kernel's: %s\n", outcome(try_args((void *)-8192L, size)));
}

static void exit_signals(void)
{
	static const uint64_t all[] = { 0, 1, 17, 64, 65, 100, 127, 255, 256, 500, 1ULL << 32, (1ULL << 32) + 17 };
	char name[64];

	signal(SIGHUP, SIG_IGN);
	signal(64, SIG_IGN);
	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		snprintf(name, sizeof(name), "exit signal %llu", (unsigned long long)all[i]);
		attempt(name, (struct clone_args){ .exit_signal = all[i] });
	}
}

static void flags(void)
{
	static const struct {
		const char *name;
		uint64_t flags, exit_signal;
	} all[] = {
		{ "detached", CLONE_DETACHED, SIGCHLD },
		{ "a signal in the flags", SIGCHLD, 0 },
		{ "unknown flag 34", 1ULL << 34, SIGCHLD },
		{ "unknown flag 63", 1ULL << 63, SIGCHLD },
		{ "handlers without memory", CLONE_SIGHAND, SIGCHLD },
		{ "a thread without handlers", CLONE_THREAD, 0 },
		{ "a thread with an exit signal", CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, SIGCHLD },
		{ "a sibling with an exit signal", CLONE_PARENT, SIGCHLD },
		{ "one file system, own mounts", CLONE_FS | CLONE_NEWNS, SIGCHLD },
		{ "one file system, own users", CLONE_FS | CLONE_NEWUSER, SIGCHLD },
		{ "detached with a pidfd", PIDFD_FLAG | CLONE_DETACHED, SIGCHLD },
	};

	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		attempt(all[i].name, (struct clone_args){ .flags = all[i].flags, .exit_signal = all[i].exit_signal });
}

static void pointers(void)
{
	static int place;

	attempt("a stack without size", (struct clone_args){ .exit_signal = SIGCHLD, .stack = (uintptr_t)stack });
	attempt("a size without stack", (struct clone_args){ .exit_signal = SIGCHLD, .stack_size = 4096 });
	attempt("the kernel's stack", (struct clone_args){ .exit_signal = SIGCHLD, .stack = THE_KERNELS, .stack_size = 4096 });
	attempt("a stack that wraps", (struct clone_args){ .exit_signal = SIGCHLD, .stack = 4096, .stack_size = -4096ULL });
	attempt("a huge stack", (struct clone_args){ .exit_signal = SIGCHLD, .stack = 4096, .stack_size = 1ULL << 62 });
	attempt("no place for the pidfd", (struct clone_args){ .flags = PIDFD_FLAG, .exit_signal = SIGCHLD });
	attempt("pidfd and id in one place", (struct clone_args){ .flags = PIDFD_FLAG | CLONE_PARENT_SETTID,
		.exit_signal = SIGCHLD, .pidfd = (uintptr_t)&place, .parent_tid = (uintptr_t)&place });
	attempt("no place for the id", (struct clone_args){ .flags = CLONE_PARENT_SETTID, .exit_signal = SIGCHLD });
	attempt("no place in the child", (struct clone_args){ .flags = CLONE_CHILD_SETTID, .exit_signal = SIGCHLD });
	attempt("the kernel's tls", (struct clone_args){ .flags = CLONE_SETTLS, .exit_signal = SIGCHLD, .tls = THE_KERNELS });
}

/* ---- what is given ---------------------------------------------------------------------------------------------------- */

static long made(struct clone_args *args)
{
	long pid = syscall(SYS_clone3, args, sizeof(*args));

	if (pid < 0)
		die("clone3");
	return pid;
}

static void pidfd(void)
{
	int fd = -1, gate[2];
	struct clone_args args = { .flags = PIDFD_FLAG, .pidfd = (uintptr_t)&fd, .exit_signal = SIGCHLD };
	struct pollfd p = { .events = POLLIN };
	char text[1024], *at;
	long pid;

	make_pipe(gate);
	pid = made(&args);
	if (!pid)
		_exit(hear(gate[0]) ? 12 : 13);
	p.fd = fd;
	snprintf(text, sizeof(text), "/proc/self/fdinfo/%d", fd);
	int info = open(text, O_RDONLY);
	ssize_t n = read(info, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = 0;
	at = strstr(text, "Pid:");
	fact("pidfd: is the child's %d, close-on-exec %d, ready %d\n", at && atol(at + 4) == pid, fcntl(fd, F_GETFD),
	     poll(&p, 1, 0));
	tell(gate[1]);
	fact("pidfd: ready %d, status %x\n", poll(&p, 1, -1), reap(pid));
	close(info);
	close(fd);
}

static void ids(void)
{
	static int parents, childs = -1;
	struct clone_args args = { .flags = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID, .parent_tid = (uintptr_t)&parents,
				   .child_tid = (uintptr_t)&childs, .exit_signal = SIGCHLD };
	long pid = made(&args);

	if (!pid)
		_exit(childs == getpid() ? 21 : 22);
	fact("ids: parent's %d, own copy untouched %d, child's %x\n", parents == pid, childs == -1, reap(pid));
}

/* Shared memory, so that the kernel's clearing can be seen; its stack is its own, and it is left by a call only. */
static volatile int id = -1, seen;

static void look_at_id(void)
{
	char here;

	seen = id == syscall(SYS_gettid) && &here > stack && &here < stack + sizeof(stack);
	syscall(SYS_exit, 23);
}

static void cleared(void)
{
	struct clone_args args = { .flags = CLONE_VM | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID, .child_tid = (uintptr_t)&id,
				   .exit_signal = SIGCHLD, .stack = (uintptr_t)stack, .stack_size = sizeof(stack) };
	long pid = clone3_running(&args, look_at_id);

	if (pid < 0)
		die("clone3");
	while (__atomic_load_n(&id, __ATOMIC_ACQUIRE))
		syscall(SYS_futex, &id, FUTEX_WAIT, pid, NULL, NULL, 0);
	fact("cleared: seen %d, status %x\n", seen, reap(pid));
}

static __thread int own = 1;
static void *has_own(void *arg)
{
	own++;
	return arg == &own ? NULL : (void *)(long)own;
}

static void tls(void)
{
	void *ret;

	for (int i = 0; i < 3; i++) {
		own = 5;
		pthread_join(thread(has_own, &own), &ret);
		fact("tls: the thread's %ld, ours %d\n", (long)ret, own);
	}
}

static volatile int got;
static void on_signal(int sig)
{
	got = sig;
}

static void endings(void)
{
	static const int all[] = { 0, SIGUSR1, SIGCHLD };
	int status, r;

	for (int i = 0; i < 3; i++) {
		struct clone_args args = { .exit_signal = all[i] };
		long pid;

		got = 0;
		handle(SIGUSR1, on_signal, SA_RESTART);
		pid = made(&args);
		if (!pid)
			_exit(30 + i);
		r = waitpid(pid, &status, all[i] == SIGCHLD ? __WCLONE : 0);
		fact("exit signal %d: not waited for by the wrong kind: %d\n", all[i], r < 0 && errno == ECHILD);
		while (waitpid(pid, &status, __WALL) < 0)
			;
		fact("exit signal %d: status %x, handled %d\n", all[i], status, got);
	}
	handle(SIGUSR1, SIG_DFL, 0);
}

static void kinship(void)
{
	struct clone_args sibling = { .flags = CLONE_PARENT };
	int fds[2];
	pid_t pid, other;

	make_pipe(fds);
	pid = fork();
	if (!pid) {
		other = made(&sibling);
		if (!other)
			_exit(8);
		if (write(fds[1], &other, sizeof(other)) != sizeof(other))
			_exit(1);
		_exit(9);
	}
	if (read(fds[0], &other, sizeof(other)) != sizeof(other))
		die("read");
	fact("sibling: %x", reap(pid));
	fact(" and %x\n", reap(other));
	close(fds[0]);
	close(fds[1]);
}

static volatile int steps;

static void make_steps(void)
{
	for (int i = 0; i < 200; i++) {
		sched_yield();
		steps = steps + 1;
	}
	syscall(SYS_exit, 24);
}

/* The parent must not run before its child is done. */
static void order(void)
{
	struct clone_args args = { .flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD, .stack = (uintptr_t)stack,
				   .stack_size = sizeof(stack) };
	long pid = clone3_running(&args, make_steps);

	if (pid < 0)
		die("clone3");
	fact("vfork: steps before us %d, status %x\n", steps, reap(pid));
}

static void shared_files(void)
{
	struct clone_args args = { .flags = CLONE_FILES, .exit_signal = SIGCHLD };
	int fd = dup(1);
	long pid = made(&args);

	if (!pid)
		_exit(close(fd) ? 1 : 0);
	fact("one table of files: status %x", reap(pid));
	fact(", closed here too %d\n", fcntl(fd, F_GETFD) < 0);
}

static void namespaces(void)
{
	struct clone_args args = { .flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWUTS, .exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (!pid)
		_exit(syscall(SYS_getpid) == 1 ? 25 : 26);
	fact("namespaces: %s, status %x\n", outcome(pid), pid > 0 ? reap(pid) : 0);
}

static void same(void)
{
	sizes();
	addresses();
	exit_signals();
	flags();
	pointers();
	pidfd();
	ids();
	cleared();
	tls();
	endings();
	kinship();
	order();
	shared_files();
	namespaces();
}

/* ---- what has no equivalent ------------------------------------------------------------------------------------------- */

static void refused(void)
{
	static int fd, tid;
	pid_t id = 1;
	int cgroup = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	attempt("into a cgroup", (struct clone_args){ .flags = 0x200000000ULL, .exit_signal = SIGCHLD, .cgroup = cgroup });
	attempt("handlers cleared", (struct clone_args){ .flags = 0x100000000ULL, .exit_signal = SIGCHLD });
	attempt("a chosen id", (struct clone_args){ .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&id, .set_tid_size = 1 });
	attempt("own time", (struct clone_args){ .flags = 0x80, .exit_signal = SIGCHLD });
	attempt("a pidfd and an id", (struct clone_args){ .flags = PIDFD_FLAG | CLONE_PARENT_SETTID, .exit_signal = SIGCHLD,
		.pidfd = (uintptr_t)&fd, .parent_tid = (uintptr_t)&tid });
}

/* ---- registers ------------------------------------------------------------------------------------------------------- */

#ifdef __x86_64__
enum { N_KEPT = 6 };
struct kept {
	uint64_t in[N_KEPT];
	uint64_t parent[N_KEPT], child[N_KEPT];
};

/*
 * Makes the call with these registers and writes what they are afterwards, the child to its own place; it ends there and
 * then, so it needs no stack that returns.
 */
static long call_keeping(long nr, struct kept *k)
{
	register struct kept *place asm("r12") = k;
	long ret;

	asm volatile("mov 0(%%r12), %%rdi\n\tmov 8(%%r12), %%rsi\n\tmov 16(%%r12), %%rdx\n\t"
		     "mov 24(%%r12), %%r10\n\tmov 32(%%r12), %%r8\n\tmov 40(%%r12), %%r9\n\t"
		     "syscall\n\t"
		     "lea 48(%%r12), %%rbx\n\t"
		     "test %%rax, %%rax\n\t"
		     "jnz 1f\n\t"
		     "add $48, %%rbx\n"
		     "1:\n\t"
		     "mov %%rdi, 0(%%rbx)\n\tmov %%rsi, 8(%%rbx)\n\tmov %%rdx, 16(%%rbx)\n\t"
		     "mov %%r10, 24(%%rbx)\n\tmov %%r8, 32(%%rbx)\n\tmov %%r9, 40(%%rbx)\n\t"
		     "test %%rax, %%rax\n\t"
		     "jnz 2f\n\t"
		     "mov $60, %%eax\n\txor %%edi, %%edi\n\tsyscall\n"
		     "2:"
		     : "=a"(ret)
		     : "0"(nr), "r"(place)
		     : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory");
	return ret;
}

static void keeps(const char *name, long nr, uint64_t first, uint64_t second, uint64_t third, volatile int *cleared_at)
{
	struct kept *k = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t in[N_KEPT] = { first, second, third, 0x1010, 0x8888, 0x9999 };
	long pid;

	if (cleared_at && nr == SYS_clone)
		in[3] = (uintptr_t)cleared_at;
	memcpy(k->in, in, sizeof(in));
	pid = call_keeping(nr, k);
	if (pid > 0 && cleared_at)
		while (__atomic_load_n(cleared_at, __ATOMIC_ACQUIRE))
			syscall(SYS_futex, cleared_at, FUTEX_WAIT, pid, NULL, NULL, 0);
	else if (pid > 0)
		while (waitpid(pid, NULL, __WALL) < 0)
			;
	fact("%s: %s, kept here %d, there %d\n", name, pid < 0 ? "refused" : "made", !memcmp(in, k->parent, sizeof(in)),
	     pid < 0 || !memcmp(in, k->child, sizeof(in)));
	munmap(k, 4096);
}

#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID)
static void registers(void)
{
	static volatile int thread_id = -1;
	struct clone_args plain = { .exit_signal = SIGCHLD }, hidden = { .flags = CLONE_UNTRACED, .exit_signal = SIGCHLD };
	struct clone_args wrong = { .exit_signal = 500 }, vforked = { .flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD };
	struct clone_args lonely = { .flags = THREAD_FLAGS | CLONE_UNTRACED, .child_tid = (uintptr_t)&thread_id,
				     .stack = (uintptr_t)stack, .stack_size = sizeof(stack) };

	keeps("clone3", SYS_clone3, (uintptr_t)&plain, sizeof(plain), 0x3333, NULL);
	keeps("clone3 untraced", SYS_clone3, (uintptr_t)&hidden, sizeof(hidden), 0x3333, NULL);
	keeps("clone3 vfork", SYS_clone3, (uintptr_t)&vforked, sizeof(vforked), 0x3333, NULL);
	keeps("clone3 thread", SYS_clone3, (uintptr_t)&lonely, sizeof(lonely), 0x3333, &thread_id);
	keeps("clone3 wrong", SYS_clone3, (uintptr_t)&wrong, sizeof(wrong), 0x3333, NULL);
	keeps("clone3 nowhere", SYS_clone3, 0, sizeof(wrong), 0x3333, NULL);
	keeps("clone", SYS_clone, SIGCHLD, 0, 0, NULL);
	keeps("clone untraced", SYS_clone, SIGCHLD | CLONE_UNTRACED, 0, 0, NULL);
	keeps("clone both", SYS_clone, SIGCHLD | CLONE_UNTRACED | CLONE_PTRACE, 0, 0, NULL);
	keeps("clone vfork", SYS_clone, SIGCHLD | CLONE_UNTRACED | CLONE_VM | CLONE_VFORK, 0, 0, NULL);
	thread_id = -1;
	keeps("clone thread", SYS_clone, THREAD_FLAGS | CLONE_UNTRACED, (uintptr_t)stack + sizeof(stack), 0, &thread_id);
	keeps("clone wrong", SYS_clone, CLONE_THREAD | CLONE_UNTRACED, 0, 0, NULL);
}
#else
static void registers(void)
{
	skip("the registers are looked at on x86_64 only");
}
#endif

static const struct mode modes[] = {
	{ "same", same }, { "refused", refused }, { "registers", registers }, { NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_mode(modes, argc, argv);
}
