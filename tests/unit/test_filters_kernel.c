/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracer's model of seccomp, with the kernel itself as the judge of programs, most of them random. What it says is skipped,
 * with the reason, where filters may not be installed.
 *
 *   SANDTRACE_SEED=N	other random programs
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <linux/prctl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/util.h"
#include "filters.h"

/* ---- random programs, and what the kernel makes of them --------------------------------------------------------- */

static uint64_t seed;

static uint32_t rnd(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 20) % below;
}

static uint32_t rnd_value(void)
{
	static const uint32_t edges[] = {
		0, 1, 2, 31, 32, 39, 64, 110, 186, 255, 0x7fffffff, 0x80000000, UINT32_MAX, 0x40000000,
		ARCH_NATIVE, ARCH_COMPAT,
	};

	return rnd(2) ? edges[rnd(ARRAY_SIZE(edges))] : rnd(2) ? rnd(256) : rnd(0xffffffff);
}

#define BODY 48 /* at most */
/* Calls that are judged, in every ABI: getpid, getppid, gettid, and nothing that a C library uses on the way. */
#if defined(__x86_64__)
static const uint32_t judged[] = { 39, 110, 186, 20, 64, 224 };
#define N_JUDGED_NATIVE 3
#else
static const uint32_t judged[] = { 172, 173, 178 };
#define N_JUDGED_NATIVE 3
#endif
#define GUARD (ARRAY_SIZE(judged) + 3)

struct random_program {
	struct sock_filter v[GUARD + BODY];
	unsigned short n;
};

static struct sock_filter rnd_action(void)
{
	static const uint32_t actions[] = {
		SECCOMP_RET_ERRNO, SECCOMP_RET_ERRNO, SECCOMP_RET_ERRNO, SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW,
		SECCOMP_RET_TRAP, SECCOMP_RET_TRACE, SECCOMP_RET_USER_NOTIF,
	};

	return (struct sock_filter)RET(actions[rnd(ARRAY_SIZE(actions))] | (rnd(8) ? rnd(200) : rnd(0x10000)));
}

static struct sock_filter rnd_store(unsigned int word)
{
	return (struct sock_filter)BPF_STMT(rnd(2) ? BPF_ST : BPF_STX, word);
}

/* What the kernel takes, but for memory that was not written: that is for both sides to find out. */
static struct sock_filter rnd_insn(unsigned int left)
{
	static const uint16_t alu[] = {
		BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_AND, BPF_OR, BPF_XOR, BPF_LSH, BPF_RSH, BPF_NEG,
	};
	static const uint16_t jumps[] = { BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET };
	const uint16_t op = alu[rnd(ARRAY_SIZE(alu))], src = rnd(2) ? BPF_X : BPF_K;

	switch (rnd(14)) {
	case 0: case 1: case 2:
		return (struct sock_filter)LD_ABS(4 * rnd(16));
	case 3:
		return (struct sock_filter)BPF_STMT((rnd(2) ? BPF_LD : BPF_LDX) | (rnd(8) ? BPF_IMM : BPF_LEN), rnd_value());
	case 4: case 5:
		return rnd_store(rnd(4));
	case 6:
		return (struct sock_filter)BPF_STMT(BPF_MEM | (rnd(2) ? BPF_LD : BPF_LDX), rnd(4));
	case 7: case 8: case 9:
		if (op == BPF_NEG)
			return (struct sock_filter)NEG;
		return (struct sock_filter)BPF_STMT(BPF_ALU | op | src,
						    op == BPF_LSH || op == BPF_RSH ? rnd(32) : rnd_value() | 1);
	case 10:
		return rnd(2) ? (struct sock_filter)TAX : (struct sock_filter)TXA;
	case 11:
		return rnd(8) ? rnd_action() : (struct sock_filter)RETA;
	case 12:
		return (struct sock_filter)JA(rnd(MIN(left, 4u)));
	default:
		return (struct sock_filter)BPF_JUMP(BPF_JMP | jumps[rnd(ARRAY_SIZE(jumps))] | src, rnd_value(),
						    (uint8_t)rnd(left), (uint8_t)rnd(left));
	}
}

/* In front of every body: only the calls that are judged get to it, all others are allowed. */
static void guard(struct random_program *p)
{
	p->n = 0;
	p->v[p->n++] = (struct sock_filter)LD_NR;
	p->v[p->n++] = (struct sock_filter)ALU(AND, ~0x40000000u);
	for (size_t i = 0; i < ARRAY_SIZE(judged); i++)
		p->v[p->n++] = (struct sock_filter)JK(JEQ, judged[i], (uint8_t)(ARRAY_SIZE(judged) - i), 0);
	p->v[p->n++] = (struct sock_filter)RET(SECCOMP_RET_ALLOW);
}

static void guarded(struct random_program *p, const struct program *body)
{
	guard(p);
	memcpy(p->v + p->n, body->v, body->n * sizeof(*body->v));
	p->n = (unsigned short)(p->n + body->n);
}

/* Half of them show the accumulator at the end. */
static void rnd_program(struct random_program *p)
{
	static const struct sock_filter show[] = { SHOW };
	const unsigned int n = 2 + rnd(BODY - 2);

	guard(p);
	for (unsigned int i = 0; i + 1 < n; i++)
		p->v[p->n++] = i < 4 && rnd(16) ? rnd_store(i) : rnd_insn(n - i - 1);
	if (n > 8 && rnd(2))
		memcpy(&p->v[p->n++ - 2], show, sizeof(show));
	else
		p->v[p->n++] = rnd_action();
}

/* Something small that may make it invalid; the guard stays as it is. */
static void rnd_mutation(struct random_program *p)
{
	struct sock_filter *i = &p->v[GUARD + rnd((uint32_t)(p->n - GUARD))];

	switch (rnd(6)) {
	case 0:
		i->code = (uint16_t)rnd(256);
		break;
	case 1:
		i->code ^= (uint16_t)(1u << rnd(16));
		break;
	case 2:
		i->k = rnd_value();
		break;
	case 3:
		i->k = rnd(70);
		break;
	case 4:
		i->jt = (uint8_t)rnd(256);
		break;
	default:
		i->jf = (uint8_t)rnd(256);
	}
}

static void print_program(const struct sock_filter *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		print_error("  %3zu  { %#06x, %3u, %3u, %#010x }\n", i, v[i].code, v[i].jt, v[i].jf, v[i].k);
}

/* ---- the child that asks the kernel ----------------------------------------------------------------------------- */

#define N_CALLS 24
#define N_PROGRAMS 3
struct call {
	uint32_t abi;
	int nr;
	uint64_t args[6];
	int64_t before, after;	/* what it returned, without and with filters */
	bool trapped;
	int trap_data;
};
struct shared {
	int installed[N_PROGRAMS]; /* 0 or errno */
	struct call calls[N_CALLS];
	unsigned int done;
};
static struct shared *shared;
static bool have_compat;

int64_t raw_call(long nr, const uint64_t args[6]);
int64_t raw_call_compat(long nr, const uint64_t args[6]);
extern const char raw_call_next[], raw_call_compat_next[]; /* where the call returns to: what a filter sees */

#if defined(__x86_64__)
__asm__(".text\n"
	"raw_call:\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %r11\n"
	"	mov 0(%r11), %rdi\n"
	"	mov 8(%r11), %rsi\n"
	"	mov 16(%r11), %rdx\n"
	"	mov 24(%r11), %r10\n"
	"	mov 32(%r11), %r8\n"
	"	mov 40(%r11), %r9\n"
	"	syscall\n"
	"raw_call_next:\n"
	"	ret\n"
	"raw_call_compat:\n"
	"	push %rbx\n"
	"	push %rbp\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %r11\n"
	"	mov 0(%r11), %rbx\n"
	"	mov 8(%r11), %rcx\n"
	"	mov 16(%r11), %rdx\n"
	"	mov 24(%r11), %rsi\n"
	"	mov 32(%r11), %rdi\n"
	"	mov 40(%r11), %rbp\n"
	"	int $0x80\n"
	"raw_call_compat_next:\n"
	"	pop %rbp\n"
	"	pop %rbx\n"
	"	ret\n");
#else
__asm__(".text\n"
	"raw_call:\n"
	"	mov x8, x0\n"
	"	mov x9, x1\n"
	"	ldp x0, x1, [x9]\n"
	"	ldp x2, x3, [x9, #16]\n"
	"	ldp x4, x5, [x9, #32]\n"
	"	svc #0\n"
	"raw_call_next:\n"
	"	ret\n"
	"raw_call_compat:\n"
	"raw_call_compat_next:\n"
	"	ret\n");
#endif

static uint64_t ip_of(const struct call *c)
{
	return (uint64_t)(uintptr_t)(c->abi == EV_ABI_COMPAT32 ? raw_call_compat_next : raw_call_next);
}

static int64_t do_call(const struct call *c)
{
	if (c->abi == EV_ABI_COMPAT32)
		return raw_call_compat(c->nr, c->args);
	return raw_call(c->abi == EV_ABI_X32 ? c->nr | 0x40000000L : c->nr, c->args);
}

static void on_sigsys(int sig, siginfo_t *si, void *context)
{
	struct call *c = &shared->calls[shared->done];

	(void)sig, (void)context;
	c->trapped = true;
	c->trap_data = si->si_errno;
}

static int install(const struct random_program *p)
{
	const struct sock_fprog prog = { .len = p->n, .filter = (struct sock_filter *)p->v };

	return syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) ? errno : 0;
}

/* A filter may have killed it: no core file, and no report of one. */
static void child_setup(void)
{
	const struct rlimit none = { 0, 0 };

	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	setrlimit(RLIMIT_CORE, &none);
}

static void child_calls(const struct random_program *programs, size_t n)
{
	struct sigaction act = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO | SA_RESTART };

	child_setup();
	sigaction(SIGSYS, &act, NULL);
	for (size_t i = 0; i < N_CALLS; i++)
		shared->calls[i].before = do_call(&shared->calls[i]);
	for (size_t i = 0; i < n; i++)
		shared->installed[i] = install(&programs[i]);
	for (; shared->done < N_CALLS; shared->done++)
		shared->calls[shared->done].after = do_call(&shared->calls[shared->done]);
	_exit(0);
}

/* Its wait status. */
static int run_child(const struct random_program *programs, size_t n)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid)
		child_calls(programs, n);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static bool may_filter(void)
{
	static const struct sock_filter harmless[] = { RET(SECCOMP_RET_ALLOW) };
	struct random_program p = { .n = 1 };
	pid_t pid;
	int status;

	memcpy(p.v, harmless, sizeof(harmless));
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		child_setup();
		_exit(install(&p));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	print_message("# SKIP the kernel as judge: seccomp(SECCOMP_SET_MODE_FILTER) fails here: %s\n",
		      WIFEXITED(status) ? strerror(WEXITSTATUS(status)) : strsignal(WTERMSIG(status)));
	return false;
}

/* Is int 0x80 there? Without it the process gets a signal. */
static bool try_compat(void)
{
#if defined(__x86_64__)
	static const uint64_t args[6];
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		child_setup();
		signal(SIGSEGV, SIG_DFL);
		_exit(raw_call_compat(20, args) == getpid() ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!status)
		return true;
	print_message("# SKIP 32-bit calls with the kernel as judge: int 0x80 does not work here\n");
#endif
	return false;
}

static void rnd_calls(void)
{
	memset(shared, 0, sizeof(*shared));
	for (size_t i = 0; i < N_CALLS; i++) {
		struct call *c = &shared->calls[i];

		c->abi = EV_ABI_NATIVE;
#if defined(__x86_64__)
		const uint32_t which = rnd(4);

		if (which == 0)
			c->abi = EV_ABI_X32;
		else if (which == 1 && have_compat)
			c->abi = EV_ABI_COMPAT32;
#endif
		c->nr = (int)judged[(c->abi == EV_ABI_COMPAT32 ? N_JUDGED_NATIVE : 0) + rnd(3)];
		for (int a = 0; a < 6; a++)
			c->args[a] = (uint64_t)rnd_value() << 32 | rnd_value();
	}
}

/* ---- the comparison --------------------------------------------------------------------------------------------- */

static bool is_deadly(uint32_t action)
{
	return action == SECCOMP_RET_KILL_PROCESS || action == SECCOMP_RET_KILL_THREAD;
}

/* NULL: as predicted. */
static const char *compare_call(const struct call *c, uint32_t verdict)
{
	const uint32_t action = verdict & SECCOMP_RET_ACTION_FULL, data = verdict & SECCOMP_RET_DATA;

	if (c->trapped != (action == SECCOMP_RET_TRAP))
		return c->trapped ? "it was trapped" : "it was not trapped";
	switch (action) {
	case SECCOMP_RET_TRAP:
		return c->trap_data == (int)data ? NULL : "the signal had other data";
	case SECCOMP_RET_ERRNO:
		return c->after == -(int64_t)MIN(data, 4095u) ? NULL : "another errno";
	case SECCOMP_RET_TRACE: /* nobody traces or listens */
	case SECCOMP_RET_USER_NOTIF:
		return c->after == -ENOSYS ? NULL : "not ENOSYS";
	default:
		return c->after == c->before ? NULL : "not what it returned without filters";
	}
}

static uint32_t predict(const struct filters *f, const struct call *c)
{
	uint64_t args[6];

	for (int i = 0; i < 6; i++)
		args[i] = c->args[i];
	return filters__run(f, c->abi, c->nr, args, ip_of(c));
}

/* NULL: as predicted. ret_call: the one it is about. */
static const char *compare_calls(const struct filters *f, int status, const struct call **ret_call, uint32_t *ret_verdict)
{
	for (unsigned int i = 0; i < N_CALLS; i++) {
		const struct call *c = &shared->calls[i];
		const uint32_t verdict = predict(f, c);
		const bool died = i == shared->done;
		const char *why = NULL;

		*ret_call = c;
		*ret_verdict = verdict;
		if (died != is_deadly(verdict & SECCOMP_RET_ACTION_FULL))
			return died ? "it died" : "it lived";
		if (died)
			return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS ? NULL : "it died of something else";
		why = compare_call(c, verdict);
		if (why)
			return why;
	}
	return WIFEXITED(status) && !WEXITSTATUS(status) ? NULL : "it did not end well";
}

/* Counts what was compared, so that a test which compares nothing is seen. */
static unsigned int n_taken, n_refused, n_died, n_results;

/* What the kernel and we know of it, before the test fails. */
static void print_difference(const struct random_program *programs, const int *predicted, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		print_error("program %zu: kernel %d, predicted %d\n", i, shared->installed[i], predicted[i]);
		print_program(programs[i].v, programs[i].n);
	}
}

static void print_call(const struct call *c, uint32_t verdict)
{
	print_error("abi %u call %d at %#jx returned %jd, without filters %jd; verdict %#x; arguments", c->abi, c->nr,
		    (uintmax_t)ip_of(c), (intmax_t)c->after, (intmax_t)c->before, verdict);
	for (int i = 0; i < 6; i++)
		print_error(" %#jx", (uintmax_t)c->args[i]);
	print_error("\n");
}

static void compare_programs(const struct random_program *programs, size_t n)
{
	struct filters *f = NULL;
	int predicted[N_PROGRAMS] = { 0 }, status;
	const struct call *c = NULL;
	const char *why = NULL;
	uint32_t verdict = 0;

	for (size_t i = 0; i < n; i++) {
		struct filters *next = filters__push(f, programs[i].v, programs[i].n);

		predicted[i] = next ? 0 : errno;
		if (next) {
			filters__unref(f);
			f = next;
		}
	}
	rnd_calls();
	status = run_child(programs, n);
	for (size_t i = 0; i < n && !why; i++)
		if (shared->installed[i] != predicted[i])
			why = "only one of us takes this program";
	if (!why)
		why = compare_calls(f, status, &c, &verdict);
	if (why) {
		print_difference(programs, predicted, n);
		if (c)
			print_call(c, verdict);
		fail_msg("%s; status %#x", why, status);
	}
	for (size_t i = 0; i < n; i++)
		predicted[i] ? n_refused++ : n_taken++;
	n_died += shared->done < N_CALLS;
	n_results += shared->done;
	filters__unref(f);
}

static void same_results_as_the_kernel(void **state)
{
	(void)state;
	if (!may_filter())
		skip();
	have_compat = try_compat();
	for (size_t i = 0; i < known.n; i++) {
		struct random_program p;

		guarded(&p, &known.v[i]);
		compare_programs(&p, 1);
	}
	n_taken = n_refused = n_died = n_results = 0;
	print_message("# seed %#jx\n", (uintmax_t)seed);
	for (int round = 0; round < 300; round++) {
		struct random_program programs[N_PROGRAMS];
		const size_t n = round % 3 ? 1 : 1 + rnd(N_PROGRAMS);

		for (size_t i = 0; i < n; i++)
			rnd_program(&programs[i]);
		compare_programs(programs, n);
	}
	print_message("# %u programs taken, %u refused; %u calls compared, %u killed\n", n_taken, n_refused, n_results, n_died);
	assert_true(n_taken > 200 && n_results > 2000 && n_died > 0 && n_died < 150);
}

/* Many in one process: what is refused leaves nothing behind, and the guards keep what is taken away from other calls. */
#define N_BATCH 60
struct batch {
	struct random_program programs[N_BATCH];
	int installed[N_BATCH];
};

static void run_batch(struct batch *b)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		child_setup();
		for (size_t i = 0; i < N_BATCH; i++)
			b->installed[i] = install(&b->programs[i]);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void compare_batch(const struct batch *b)
{
	for (size_t i = 0; i < N_BATCH; i++) {
		struct filters *f = filters__push(NULL, b->programs[i].v, b->programs[i].n);
		const int predicted = f ? 0 : errno;

		if (predicted != b->installed[i]) {
			print_program(b->programs[i].v, b->programs[i].n);
			fail_msg("kernel: %d, predicted: %d", b->installed[i], predicted);
		}
		f ? n_taken++ : n_refused++;
		filters__unref(f);
	}
}

static struct batch *batch_new(void)
{
	struct batch *b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(b != MAP_FAILED);
	return b;
}

static void refused_as_by_the_kernel(void **state)
{
	struct batch *b = batch_new();

	(void)state;
	if (!may_filter())
		skip();
	n_taken = n_refused = 0;
	print_message("# seed %#jx\n", (uintmax_t)seed);
	for (int round = 0; round < 25; round++) {
		for (size_t i = 0; i < N_BATCH; i++) {
			rnd_program(&b->programs[i]);
			for (uint32_t m = rnd(3); m; m--)
				rnd_mutation(&b->programs[i]);
		}
		run_batch(b);
		compare_batch(b);
	}
	print_message("# %u programs taken, %u refused\n", n_taken, n_refused);
	assert_true(n_taken > 200 && n_refused > 200);
	/* and those above that are there for one reason each */
	for (size_t from = 0; from < refused.n + taken.n; from += N_BATCH) {
		for (size_t i = 0; i < N_BATCH; i++) {
			const size_t at = (from + i) % (refused.n + taken.n);
			const struct program *p = at < refused.n ? &refused.v[at] : &taken.v[at - refused.n];

			guarded(&b->programs[i], p);
		}
		run_batch(b);
		compare_batch(b);
	}
	munmap(b, sizeof(*b));
}

/* Of the kernel's bound of a chain only this much is promised: what it takes, we take. */
static void no_shorter_than_in_the_kernel(void **state)
{
	static struct sock_filter big[BPF_MAXINSNS];
	const struct sock_fprog prog = { .len = BPF_MAXINSNS, .filter = big };
	struct filters *f = NULL;
	int ours = 0, kernel, status;
	pid_t pid;

	(void)state;
	if (!may_filter())
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(big); i++)
		big[i] = (struct sock_filter)LDI(0);
	big[BPF_MAXINSNS - 1] = (struct sock_filter)RET(SECCOMP_RET_ALLOW);
	for (struct filters *next; (next = filters__push(f, big, BPF_MAXINSNS)); ours++) {
		filters__unref(f);
		f = next;
	}
	filters__unref(f);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		child_setup();
		for (kernel = 0; kernel < 100; kernel++)
			if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog))
				break;
		_exit(errno == ENOMEM ? kernel : 200);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	print_message("# whole programs in a chain: kernel %d, predicted %d\n", WEXITSTATUS(status), ours);
	assert_in_range(WEXITSTATUS(status), 1, ours);
}

/* The real thing: a call that is wanted needs a tracer, and is ENOSYS without; others do not notice. */
static void wanted_in_the_kernel(void **state)
{
	static struct sock_filter built[BPF_MAXINSNS];
	static const uint64_t args[6];
	int n, status;
	pid_t pid;

	(void)state;
	if (!may_filter())
		skip();
	select_calls("getppid");
	n = interest__build((const struct st_plan (*)[ST_NR_SYSCALLS])plans, beyond, built);
	assert_true(n > 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		const struct sock_fprog prog = { .len = (unsigned short)n, .filter = built };

		child_setup();
		if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog))
			_exit(1);
		if (raw_call(__NR_getppid, args) != -ENOSYS || raw_call(__NR_getpid, args) <= 0)
			_exit(2);
		if (syscall(__NR_clone3, NULL, 0) != -1 || errno != ENOSYS)
			_exit(3);
		if (syscall(__NR_clone, CLONE_UNTRACED, 0, 0, 0, 0) != -1 || errno != ENOSYS)
			_exit(4);
		if (prctl(PR_SET_SECCOMP, 1) != -1 || errno != ENOSYS || prctl(PR_GET_DUMPABLE))
			_exit(5);
		if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) != -1 || errno != ENOSYS)
			_exit(6);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int setup(void **state)
{
	const char *text = getenv("SANDTRACE_SEED");

	(void)state;
	seed = text ? strtoull(text, NULL, 0) : 0x5eccde5eed;
	if (!seed)
		seed = 1;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return -1;
	return syscalls__init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_results_as_the_kernel),
		cmocka_unit_test(refused_as_by_the_kernel),
		cmocka_unit_test(no_shorter_than_in_the_kernel),
		cmocka_unit_test(wanted_in_the_kernel),
	};

	return cmocka_run_group_tests_name("filters_kernel", tests, setup, NULL);
}
