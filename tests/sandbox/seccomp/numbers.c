/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tries every number of every ABI against the filter and compares with seccomp__decide() and seccomp__decide_args(). TAP.
 * Argument: how many random combinations for each call that depends on arguments (3000); less for emulated machines.
 *
 * Nothing is executed: over the filter lies a second one that asks a supervisor (us) about every call, and the answer is
 * always MARKER. A refusal of the filter comes before it, so a call returns EPERM or ENOSYS when the filter refuses it and
 * MARKER when it lets it through. The subject shares our descriptors, writes to REPORT_FD and exits with EXIT_DONE: the
 * only calls that are really made.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "event/syscalls.h"
#include "sandbox/seccomp_table.h"

#define MARKER 2000
#define REPORT_FD 777
#define EXIT_DONE 77
#define NR_END 1024
#define X32 0x40000000u
#define MAX_CALLS 400000

struct call {
	uint64_t nr;		/* the whole register: bits above 32 are noise for the kernel */
	uint64_t args[6];
	long result;		/* 1: the subject did not come to it */
};

static struct call *calls;	/* shared with the subject */
static size_t n_calls;
static int test_no, failures, combinations = 3000;

static void tap(bool ok, const char *config, const char *what)
{
	failures += !ok;
	printf("%sok %d - %s: %s\n", ok ? "" : "not ", ++test_no, config, what);
	fflush(stdout);
}

static long raw_call(const struct call *c)
{
#ifdef __x86_64__
	register uint64_t r10 __asm__("r10") = c->args[3], r8 __asm__("r8") = c->args[4], r9 __asm__("r9") = c->args[5];
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "0"(c->nr), "D"(c->args[0]), "S"(c->args[1]), "d"(c->args[2]), "r"(r10),
			 "r"(r8), "r"(r9) : "rcx", "r11", "memory");
	return ret;
#else
	register uint64_t x8 __asm__("x8") = c->nr, x0 __asm__("x0") = c->args[0], x1 __asm__("x1") = c->args[1];
	register uint64_t x2 __asm__("x2") = c->args[2], x3 __asm__("x3") = c->args[3], x4 __asm__("x4") = c->args[4];
	register uint64_t x5 __asm__("x5") = c->args[5];

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return (long)x0;
#endif
}

/* ---- the subject and its supervisor --------------------------------------------------------------------- */

static int install_supervised(void)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_write, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, REPORT_FD, 0, 4),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_exit_group, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, EXIT_DONE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = ARRAY_SIZE(insns), .filter = insns };

	return (int)syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
}

static void subject(const struct seccomp_filter *f)
{
	int listener;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || seccomp__install(f))
		_exit(1);
	listener = install_supervised();
	if (listener < 0 || write(REPORT_FD, &listener, sizeof(listener)) != sizeof(listener))
		_exit(2);
	for (size_t i = 0; i < n_calls; i++)
		calls[i].result = raw_call(&calls[i]);
	_exit(EXIT_DONE);
}

/* Answers until the subject is gone. */
static void supervise(int listener)
{
	for (;;) {
		struct seccomp_notif req = { 0 };
		struct seccomp_notif_resp resp = { 0 };

		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &req)) {
			if (errno == EINTR)
				continue;
			return; /* ENOENT: it was killed */
		}
		resp.id = req.id;
		resp.error = -MARKER;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &resp);
	}
}

/* A second process answers; this one waits for the subject and then ends the other. The wait status, or -1. */
static int run_calls(const struct seccomp_filter *f)
{
	int fds[2], listener = -1, status = -1;
	pid_t child, answerer;

	for (size_t i = 0; i < n_calls; i++)
		calls[i].result = 1;
	if (pipe(fds) || dup2(fds[1], REPORT_FD) != REPORT_FD)
		return -1;
	child = (pid_t)syscall(__NR_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, 0);
	if (!child)
		subject(f);
	close(fds[1]);
	if (child > 0 && read(fds[0], &listener, sizeof(listener)) == sizeof(listener)) {
		answerer = fork();
		if (!answerer) {
			supervise(listener);
			_exit(0);
		}
		waitpid(child, &status, 0);
		kill(answerer, SIGKILL);
		waitpid(answerer, NULL, 0);
		close(listener);
	} else if (child > 0) {
		waitpid(child, &status, 0);
	}
	close(REPORT_FD);
	close(fds[0]);
	return status;
}

/* ---- what is tried -------------------------------------------------------------------------------------- */

static void add_call(uint64_t nr, const uint64_t args[6])
{
	static const uint64_t none[6];

	if (n_calls == MAX_CALLS) {
		fprintf(stderr, "more than %d calls to try\n", MAX_CALLS);
		exit(1);
	}
	calls[n_calls].nr = nr;
	memcpy(calls[n_calls++].args, args ? args : none, sizeof(none));
}

/* These two never reach a filter on x86_64 since 6.14: the kernel makes them itself out of its own trampoline. */
static bool kernels_own(uint32_t nr)
{
#ifdef __x86_64__
	return nr == 335 || nr == 336;
#else
	(void)nr;
	return false;
#endif
}

static void add_numbers(void)
{
	static const uint32_t odd[] = { UINT32_MAX - 1, 1000000, INT32_MAX, 0x80000000u, 0xc0000000u, 4096, 65536 };

	for (uint32_t nr = 0; nr < NR_END; nr++) {
		if (kernels_own(nr))
			continue;
		add_call(nr, NULL);
		add_call(nr | 1ULL << 32, NULL);
		add_call(nr | 0xffffffffULL << 32, NULL);
		add_call(nr | X32, NULL);
		add_call(nr | 0x80000000u, NULL);
	}
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
		add_call(odd[i], NULL);
	add_call(UINT32_MAX, NULL);
}

static uint64_t rnd(void)
{
	static uint64_t x = 88172645463325252ULL;

	x ^= x << 13, x ^= x >> 7, x ^= x << 17;
	return x;
}

/* Any interesting value, with or without noise above the 32 bits that count. */
static uint64_t rnd_arg(void)
{
	static const uint32_t values[] = {
		0, 1, 2, 3, 5, 6, 8, 9, 10, 16, 17, 18, 35, 36, 58, 132, 136, 255, 262, 0x5401, 0x5412, 0x541c, 0x5423,
		0x5413, 0x18, 0x10, 0x80001, 0x80802, 0x801, 0x1000000a, 0020644, 0060600, 0010600, 0040755, 0100644, 0140000,
		0x20000, 0x10000000, 0x01200011, 0x003d0f00, 0x40000, 0x400000, 0x7e020000, 0xffffffff, 0x7fffffff, 0x80,
	};
	uint64_t v = rnd() % 4 ? values[rnd() % ARRAY_SIZE(values)] : 1u << rnd() % 32;

	if (rnd() % 3 == 0)
		v |= rnd() % 2 ? 1ULL << (32 + rnd() % 32) : 0xffffffff00000000ULL;
	return v;
}

static void add_arguments(uint32_t nr)
{
	uint64_t args[6] = { 0 };

	for (int i = 0; i < combinations; i++) {
		for (int a = 0; a < 6; a++)
			args[a] = rnd_arg();
		add_call(nr, args);
	}
	for (int a = 0; a < 3; a++)
		for (unsigned int bit = 0; bit < 64; bit++) {
			memset(args, 0, sizeof(args));
			args[a] = 1ULL << bit;
			add_call(nr, args);
		}
}

/* Every family with every type, and the protocols that exist: a 262 or a 132 must not slip through anywhere. */
static void add_sockets(uint32_t nr)
{
	static const uint32_t protocols[] = { 0, 1, 2, 6, 15, 16, 17, 33, 58, 132, 136, 255, 256, 262 };
	static const uint32_t flags[] = { 0, 0x80000, 0x800 };

	for (uint64_t family = 0; family < 64; family++)
		for (uint64_t type = 0; type < 16; type++)
			for (size_t p = 0; p < ARRAY_SIZE(protocols); p++) {
				uint64_t args[6] = { family, type | flags[p % 3], protocols[p] };

				add_call(nr, args);
			}
}

static long expected(const struct seccomp_opts *o, const struct call *c)
{
	const char *name = seccomp_table__name((uint32_t)c->nr <= SECCOMP_NEWEST ? (int)(uint32_t)c->nr : -1);

	if ((uint32_t)c->nr == UINT32_MAX)
		return -MARKER;
	if (!name)
		return -ENOSYS;
	switch (seccomp__decide_args(o, name, c->args).verdict) {
	case SECCOMP_ALLOW:
		return -MARKER;
	case SECCOMP_ENOSYS:
		return -ENOSYS;
	case SECCOMP_EPERM:
		return -EPERM;
	default:
		return 0;
	}
}

static bool compare(const struct seccomp_opts *o)
{
	size_t bad = 0;

	for (size_t i = 0; i < n_calls; i++) {
		const struct call *c = &calls[i];
		const char *name = seccomp_table__name((uint32_t)c->nr <= SECCOMP_NEWEST ? (int)(uint32_t)c->nr : -1);

		if (c->result == expected(o, c) || bad++ >= 10)
			continue;
		printf("# number %#jx (%s) args %#jx %#jx %#jx: %ld, want %ld\n", (uintmax_t)c->nr, name ? name : "?",
		       (uintmax_t)c->args[0], (uintmax_t)c->args[1], (uintmax_t)c->args[2], c->result, expected(o, c));
	}
	if (bad)
		printf("# %zu of %zu calls differ\n", bad, n_calls);
	return !bad;
}

static void check_calls(const struct seccomp_opts *o, const struct seccomp_filter *f, const char *config, const char *what)
{
	int status = run_calls(f);
	bool done = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_DONE;
	char line[128];

	if (!done)
		printf("# the subject ended with wait status %#x\n", status);
	snprintf(line, sizeof(line), "%s (%zu calls)", what, n_calls);
	tap(compare(o) && done, config, line);
	n_calls = 0;
}

/*
 * The filter read in userspace, for what the kernel keeps from every filter (see kernels_own) and for architectures
 * that it does not have. Only what seccomp.c and libseccomp emit.
 */
static uint32_t interpret(const struct seccomp_filter *f, const struct seccomp_data *d)
{
	uint32_t acc = 0;

	for (size_t pc = 0; pc < f->n; pc++) {
		const struct sock_filter *i = &f->insns[pc];
		bool taken;

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&acc, (const char *)d + i->k, sizeof(acc));
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			acc &= i->k;
			continue;
		case BPF_RET | BPF_K:
			return i->k;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			taken = acc == i->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			taken = acc > i->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			taken = acc >= i->k;
			break;
		default:
			return UINT32_MAX;
		}
		pc += taken ? i->jt : i->jf;
	}
	return UINT32_MAX;
}

static void check_interpreted(const struct seccomp_opts *o, const struct seccomp_filter *f, const char *config)
{
	struct seccomp_data d = { .arch = seccomp_arch_native() };
	size_t bad = 0;

	for (uint32_t nr = 0; nr < 70000; nr++) {
		struct call c = { .nr = nr };
		long want = expected(o, &c);
		uint32_t action;

		d.nr = (int)nr;
		action = interpret(f, &d);
		if (action != (want == -MARKER ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | (uint32_t)-want) && bad++ < 10)
			printf("# number %u: action %#x, want errno %ld\n", nr, action, -want);
		d.nr = (int)(nr % 500);
		d.arch = (uint32_t)rnd();
		if (d.arch != seccomp_arch_native() && interpret(f, &d) != SECCOMP_RET_KILL_PROCESS && bad++ < 10)
			printf("# arch %#x is not killed\n", d.arch);
		d.arch = seccomp_arch_native();
	}
	tap(!bad, config, "the filter as it is read: numbers the kernel keeps to itself, other architectures");
}

/* ---- i386 ----------------------------------------------------------------------------------------------- */

#ifdef __x86_64__
/* One process each, since each is killed. The wait status. */
static int int80(const struct seccomp_filter *f, uint32_t nr)
{
	pid_t pid = fork();
	int status = 0;

	if (!pid) {
		uint32_t ret;

		if (f && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || seccomp__install(f)))
			_exit(1);
		__asm__ volatile("int $0x80" : "=a"(ret) : "0"(nr), "b"(0), "c"(0), "d"(0) : "memory");
		_exit(EXIT_DONE);
	}
	waitpid(pid, &status, 0);
	return status;
}

static void check_i386(const struct seccomp_filter *f, const char *config)
{
	int status = int80(NULL, 20), bad = 0;	/* getpid */

	if (WIFSIGNALED(status)) {
		printf("ok %d - %s: i386 # SKIP this kernel has no 32-bit calls (CONFIG_IA32_EMULATION)\n", ++test_no, config);
		return;
	}
	for (uint32_t nr = 0; nr < NR_END; nr++) {
		status = int80(f, nr);
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
			continue;
		if (bad++ < 10)
			printf("# int 0x80 with %u: wait status %#x\n", nr, status);
	}
	tap(!bad, config, "every i386 number is killed with SIGSYS");
}
#else
static void check_i386(const struct seccomp_filter *f, const char *config) { (void)f, (void)config; }
#endif

static void check_config(const struct seccomp_opts *o, const char *config, bool i386)
{
	struct seccomp_filter f;

	if (seccomp__build(o, &f)) {
		tap(false, config, "the filter is built");
		return;
	}
	add_numbers();
	check_calls(o, &f, config, "every native and x32 number");
	for (int nr = 0; nr <= SECCOMP_NEWEST; nr++) {
		const char *name = seccomp_table__name(nr);

		if (!name || seccomp__decide(o, name).verdict != SECCOMP_CONDITIONAL)
			continue;
		add_arguments((uint32_t)nr);
		if (!strncmp(name, "socket", 6) && combinations >= 1000)
			add_sockets((uint32_t)nr);
	}
	check_calls(o, &f, config, "calls that depend on arguments");
	check_interpreted(o, &f, config);
	if (i386)
		check_i386(&f, config);
	seccomp__done(&f);
}

int main(int argc, char **argv)
{
	struct policy_rule rules[] = {
		{ .kind = RULE_SYSCALL_DENY, .value = "getdents64" }, { .kind = RULE_SYSCALL_DENY, .value = "socket" },
		{ .kind = RULE_SYSCALL_DENY, .value = "clone3" }, { .kind = RULE_SYSCALL_ALLOW, .value = "ptrace" },
		{ .kind = RULE_SYSCALL_ALLOW, .value = "clone" }, { .kind = RULE_SYSCALL_ALLOW, .value = "reboot" },
		{ .kind = RULE_SYSCALL_ALLOW, .value = "getdents64" }, { .kind = RULE_SYSCALL_ALLOW, .value = "execveat" },
		{ .kind = RULE_SYSCALL_ALLOW, .value = "memfd_create" }, { .kind = RULE_SYSCALL_LOG, .value = "openat" },
	};
	struct policy standard = { 0 }, strict = { .seccomp = SECCOMP_PROFILE_STRICT, .unix_sockets = true };
	struct policy ruled = { .rules = rules, .n_rules = ARRAY_SIZE(rules) };
	struct policy ruled_strict = { .seccomp = SECCOMP_PROFILE_STRICT, .rules = rules, .n_rules = ARRAY_SIZE(rules) };
	struct rlimit no_core = { 0, 0 };
	uint64_t n;

	if (argc > 1 && !parse_u64(argv[1], 1, 3000, &n))
		combinations = (int)n;
	calls = mmap(NULL, MAX_CALLS * sizeof(*calls), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (calls == MAP_FAILED || syscalls__init() || setrlimit(RLIMIT_CORE, &no_core))
		return 1;
	check_config(&(struct seccomp_opts){ .policy = &standard }, "default", true);
	check_config(&(struct seccomp_opts){ .policy = &strict }, "strict", true);
	check_config(&(struct seccomp_opts){ .policy = &strict, .net = true }, "strict with network", false);
	check_config(&(struct seccomp_opts){ .policy = &standard, .restrict_exec = true }, "default, exec restricted", false);
	check_config(&(struct seccomp_opts){ .policy = &strict, .restrict_exec = true }, "strict, exec restricted", false);
	check_config(&(struct seccomp_opts){ .policy = &ruled }, "default with rules", false);
	check_config(&(struct seccomp_opts){ .policy = &ruled_strict, .restrict_exec = true }, "strict with rules", false);
	printf("1..%d\n", test_no);
	return failures != 0;
}
