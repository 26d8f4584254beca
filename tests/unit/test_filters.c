/* SPDX-License-Identifier: Apache-2.0 */
/* The tracer's model of seccomp, by programs with known results. test_filters_kernel.c asks the kernel. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>

#include "base/util.h"
#include "filters.h"

static const uint64_t some_args[6] = {
	0x1111222233334444, 0x5555666677778888, 0x9999aaaabbbbcccc, 0xddddeeeeffff0000, 0x0123456789abcdef, 0xfedcba9876543210,
};
#define SOME_IP 0xaabbccdd12345678

static struct filters *must_push(struct filters *older, const struct sock_filter *insns, size_t n)
{
	struct filters *f = filters__push(older, insns, (unsigned short)n);

	assert_non_null(f);
	return f;
}

/* ---- programs with known results -------------------------------------------------------------------------------- */

static void programs_with_known_results(void **state)
{
	(void)state;
	for (size_t i = 0; i < known.n; i++) {
		struct filters *f = must_push(NULL, known.v[i].v, known.v[i].n);
		uint32_t got = filters__run(f, EV_ABI_NATIVE, 39, some_args, SOME_IP);

		if (got != known.v[i].want)
			fail_msg("%s: %#x, want %#x", known.v[i].text, got, known.v[i].want);
		filters__unref(f);
	}
	assert_int_equal(filters__run(NULL, EV_ABI_NATIVE, 39, some_args, SOME_IP), SECCOMP_RET_ALLOW);
}

static uint32_t word_of(size_t offset, uint32_t abi, int nr)
{
	const struct sock_filter low[] = { LD_ABS((uint32_t)offset), SHOW };
	const struct sock_filter high[] = { LD_ABS((uint32_t)offset), ALU(RSH, 16), SHOW };
	struct filters *l = must_push(NULL, low, ARRAY_SIZE(low)), *h = must_push(NULL, high, ARRAY_SIZE(high));
	uint32_t ret = (filters__run(h, abi, nr, some_args, 0) & SECCOMP_RET_DATA) << 16 |
		       (filters__run(l, abi, nr, some_args, 0) & SECCOMP_RET_DATA);

	filters__unref(l);
	filters__unref(h);
	return ret;
}

static void abis(void **state)
{
	(void)state;
	assert_int_equal(word_of(0, EV_ABI_NATIVE, 300), 300);
	assert_int_equal(word_of(0, EV_ABI_NATIVE, -1), UINT32_MAX);
	assert_int_equal(word_of(4, EV_ABI_NATIVE, 300), ARCH_NATIVE);
	assert_int_equal(word_of(0, EV_ABI_COMPAT32, 0xf0005), 0xf0005);
	assert_int_equal(word_of(4, EV_ABI_COMPAT32, 300), ARCH_COMPAT);
	assert_int_equal(word_of(0, EV_ABI_X32, 520), 0x40000000 | 520);
	assert_int_equal(word_of(4, EV_ABI_X32, 520), ARCH_NATIVE);
}

/* ---- programs that are refused ---------------------------------------------------------------------------------- */

static void refused_programs(void **state)
{
	struct sock_filter longest[BPF_MAXINSNS + 1];

	(void)state;
	for (size_t i = 0; i < refused.n; i++) {
		errno = 0;
		if (filters__push(NULL, refused.v[i].v, (unsigned short)refused.v[i].n) || errno != EINVAL)
			fail_msg("taken, or errno %d: %s", errno, refused.v[i].text);
	}
	for (size_t i = 0; i < taken.n; i++) {
		struct filters *f = filters__push(NULL, taken.v[i].v, (unsigned short)taken.v[i].n);

		if (!f)
			fail_msg("refused: %s", taken.v[i].text);
		filters__unref(f);
	}
	errno = 0;
	assert_null(filters__push(NULL, longest, 0));
	assert_int_equal(errno, EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(longest); i++)
		longest[i] = (struct sock_filter)RET(SECCOMP_RET_ALLOW);
	errno = 0;
	assert_null(filters__push(NULL, longest, BPF_MAXINSNS + 1));
	assert_int_equal(errno, EINVAL);
	filters__unref(must_push(NULL, longest, BPF_MAXINSNS));
}

/* ---- chains ----------------------------------------------------------------------------------------------------- */

static struct filters *push_ret(struct filters *older, uint32_t action)
{
	const struct sock_filter insns[] = { RET(action) };
	struct filters *f = must_push(older, insns, 1);

	filters__unref(older);
	return f;
}

static uint32_t chain(uint32_t oldest, uint32_t middle, uint32_t newest)
{
	struct filters *f = push_ret(push_ret(push_ret(NULL, oldest), middle), newest);
	uint32_t ret = filters__run(f, EV_ABI_NATIVE, 1, some_args, 0);

	filters__unref(f);
	return ret;
}

static void strictest_wins(void **state)
{
	static const uint32_t order[] = {
		SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO,
		SECCOMP_RET_USER_NOTIF, SECCOMP_RET_TRACE, SECCOMP_RET_LOG, SECCOMP_RET_ALLOW,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		for (size_t j = i + 1; j < ARRAY_SIZE(order); j++) {
			assert_int_equal(chain(order[i] | 1, order[j] | 2, order[j] | 3), order[i] | 1);
			assert_int_equal(chain(order[j] | 1, order[i] | 2, order[j] | 3), order[i] | 2);
			assert_int_equal(chain(order[j] | 1, order[j] | 2, order[i] | 3), order[i] | 3);
		}
		/* of equals the newest; there is nothing to say of what is allowed */
		assert_int_equal(chain(order[i] | 1, order[i] | 2, order[i] | 3),
				 order[i] == SECCOMP_RET_ALLOW ? SECCOMP_RET_ALLOW : order[i] | 3);
	}
	/* an unknown one has its place in the order too, and kills only if it wins */
	assert_int_equal(chain(0x00040000, SECCOMP_RET_TRAP | 5, SECCOMP_RET_ALLOW), SECCOMP_RET_TRAP | 5);
	assert_int_equal(chain(0x00040001, SECCOMP_RET_ERRNO | 5, SECCOMP_RET_ALLOW), SECCOMP_RET_KILL_PROCESS | 1);
	assert_int_equal(chain(SECCOMP_RET_KILL_THREAD | 1, 0xf0000002, SECCOMP_RET_ALLOW), SECCOMP_RET_KILL_PROCESS | 2);
}

/* Under ASan this is the test that nothing is freed early or never. */
static void references(void **state)
{
	struct filters *base = push_ret(NULL, ERRNO(1)), *left, *right;
	const struct sock_filter lower[] = { RET(SECCOMP_RET_TRAP | 2) }, higher[] = { RET(SECCOMP_RET_LOG) };

	(void)state;
	assert_null(filters__ref(NULL));
	filters__unref(NULL);
	left = must_push(base, lower, 1);
	right = must_push(base, higher, 1);
	filters__unref(base);
	assert_int_equal(filters__run(left, EV_ABI_NATIVE, 1, some_args, 0), SECCOMP_RET_TRAP | 2);
	assert_ptr_equal(filters__ref(left), left);
	filters__unref(left);
	assert_int_equal(filters__run(left, EV_ABI_NATIVE, 1, some_args, 0), SECCOMP_RET_TRAP | 2);
	filters__unref(left);
	assert_int_equal(filters__run(right, EV_ABI_NATIVE, 1, some_args, 0), ERRNO(1));
	/* a refused push takes nothing */
	assert_null(filters__push(right, lower, 0));
	filters__unref(right);
}

static void bounds_of_a_chain(void **state)
{
	struct sock_filter big[BPF_MAXINSNS];
	struct filters *f = NULL;
	unsigned int n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(big); i++)
		big[i] = (struct sock_filter)RET(SECCOMP_RET_ALLOW);
	/* seven whole ones take 28700; 4068 are left */
	for (int i = 0; i < 7; i++) {
		struct filters *next = must_push(f, big, BPF_MAXINSNS);

		filters__unref(f);
		f = next;
	}
	errno = 0;
	assert_null(filters__push(f, big, 4069));
	assert_int_equal(errno, ENOMEM);
	filters__unref(must_push(f, big, 4068));
	filters__unref(f);
	/* many small ones: an end, and no recursion on the way back */
	for (f = NULL;; n++) {
		struct filters *next = filters__push(f, big, 1);

		if (!next)
			break;
		filters__unref(f);
		f = next;
	}
	assert_int_equal(errno, ENOMEM);
	assert_int_equal(n, (32768 - 1) / 5 + 1);
	assert_int_equal(filters__run(f, EV_ABI_NATIVE, 1, some_args, 0), SECCOMP_RET_ALLOW);
	filters__unref(f);
}

/* ---- the filter of what is wanted ------------------------------------------------------------------------------- */

static struct sock_filter built[BPF_MAXINSNS];

/* Numbers as the kernel's headers have them: native, compat, x32. */
#if defined(__x86_64__)
static const int clone_nr[] = { 56, 120, 56 }, clone3_nr[] = { 435, 435, 435 };
static const int prctl_nr[] = { 157, 172, 157 }, seccomp_nr[] = { 317, 354, 317 };
#define N_ABIS 3
#else
static const int clone_nr[] = { 220, 120 }, clone3_nr[] = { 435, 435 };
static const int prctl_nr[] = { 167, 172 }, seccomp_nr[] = { 277, 383 };
#define N_ABIS 2
#endif

static bool by_number(int abi, int nr) { return nr >= 0 && nr < 1024 ? plans[abi][nr].flags & ST_PLAN_INTEREST : beyond; }

static bool by_argument(int abi, int nr, uint32_t arg0)
{
	return (nr == clone_nr[abi] && (arg0 & 0x00800000)) || nr == clone3_nr[abi] || nr == seccomp_nr[abi] ||
	       (nr == prctl_nr[abi] && arg0 == 22);
}

/*
 * Does the kernel find out by itself that this number is always allowed? It follows loads of number and architecture,
 * jumps on constants, and nothing else. STEPS: instructions on the way.
 */
static bool seen_as_allowed(int n, uint32_t arch, uint32_t nr, int *steps)
{
	uint32_t a = 0;

	*steps = 0;
	for (int pc = 0; pc < n; pc++) {
		const struct sock_filter *i = &built[pc];

		++*steps;
		if (i->code == (BPF_LD | BPF_W | BPF_ABS) && i->k == offsetof(struct seccomp_data, nr))
			a = nr;
		else if (i->code == (BPF_LD | BPF_W | BPF_ABS) && i->k == offsetof(struct seccomp_data, arch))
			a = arch;
		else if (i->code == (BPF_RET | BPF_K))
			return i->k == SECCOMP_RET_ALLOW;
		else if (i->code == (BPF_JMP | BPF_JA))
			pc += (int)i->k;
		else if (i->code == (BPF_JMP | BPF_JEQ | BPF_K))
			pc += a == i->k ? i->jt : i->jf;
		else if (i->code == (BPF_JMP | BPF_JGE | BPF_K))
			pc += a >= i->k ? i->jt : i->jf;
		else
			return false;
	}
	return false;
}

static void check_constant(const char *what, int n, int abi, int nr, int most)
{
	const bool plain = !by_number(abi, nr) && nr != clone_nr[abi] && nr != prctl_nr[abi] && nr != clone3_nr[abi] &&
			   nr != seccomp_nr[abi];
	int steps;

	if (seen_as_allowed(n, abi == EV_ABI_COMPAT32 ? ARCH_COMPAT : ARCH_NATIVE,
			    abi == EV_ABI_X32 ? nr | 0x40000000 : nr, &steps) != plain)
		fail_msg("%s: abi %d call %d is %sseen to be always allowed", what, abi, nr, plain ? "not " : "");
	if (plain && steps > most)
		fail_msg("%s: abi %d call %d takes %d instructions to be allowed", what, abi, nr, steps);
}

static void check_number(const char *what, const struct filters *f, int abi, int nr)
{
	static const uint64_t firsts[] = {
		0, 22, 23, 0x16 | 1ULL << 32, 22ULL << 32, 0x00800000, 0x00800000ULL << 32, 0x01000000, 0xffffffff, UINT64_MAX,
		CLONE_UNTRACED | CLONE_VM | SIGCHLD | 0xff00000000000000,
	};

	for (size_t i = 0; i < ARRAY_SIZE(firsts); i++) {
		const uint64_t args[6] = { firsts[i], 0x00800000, 22, 0x00800000, 22, 22 };
		bool want = by_number(abi, nr) || by_argument(abi, nr, (uint32_t)firsts[i]);
		uint32_t got = filters__run(f, (uint32_t)abi, nr, args, SOME_IP);

		if (got != (want ? SECCOMP_RET_TRACE | INTEREST_DATA : SECCOMP_RET_ALLOW))
			fail_msg("%s: abi %d call %d(%#jx): %#x", what, abi, nr, (uintmax_t)firsts[i], got);
	}
}

/* Returns the program's length. */
static int check_built(const char *what, int most)
{
	static const int far[] = {
		-1, -2, INT_MIN, INT_MIN + 56, 2047, 2048, 65536, 0xf0000, 0xf0005, 0x3fffffff, 0x20000000 | 56,
	};
	const int n = interest__build((const struct st_plan (*)[ST_NR_SYSCALLS])plans, beyond, built);
	struct filters *f;
	int steps;

	if (n <= 0 || n > BPF_MAXINSNS)
		fail_msg("%s: %d", what, n);
	f = must_push(NULL, built, (size_t)n);
	for (int abi = 0; abi < N_ABIS; abi++) {
		for (int nr = 0; nr < 1100; nr++) {
			check_number(what, f, abi, nr);
			check_constant(what, n, abi, nr, most);
		}
		for (size_t i = 0; i < ARRAY_SIZE(far); i++)
			if (abi != EV_ABI_X32 || far[i] >= 0) {
				check_number(what, f, abi, far[i]);
				check_constant(what, n, abi, far[i], most);
			}
	}
	/* other architectures are nobody's business */
	assert_true(seen_as_allowed(n, AUDIT_ARCH_S390X, 56, &steps));
	filters__unref(f);
	return n;
}

static void selections(void **state)
{
	static const char *const exprs[] = {
		"all", "none", "openat", "%file", "!%file", "%file,%process,%network", "%desc", "!read,write,futex", "clone",
		"clone3", "!clone", "prctl,!seccomp", "%other", "!%other", "execve,exit_group", "all,!prctl,!clone,!clone3",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(exprs); i++) {
		select_calls(exprs[i]);
		check_built(exprs[i], 13);
	}
}

/* The longest there can be, on any machine: every number a range of its own. */
static void longest_program(void **state)
{
	(void)state;
	for (int odd = 0; odd < 2; odd++) {
		for (int abi = 0; abi < EV_ABI_MAX; abi++)
			for (int nr = 0; nr < ST_NR_SYSCALLS; nr++)
				plans[abi][nr] = (struct st_plan){ .flags = nr % 2 == odd ? ST_PLAN_INTEREST : 0 };
		for (int b = 0; b < 2; b++) {
			beyond = b;
			check_built("every other number", 20);
		}
	}
}

static int setup(void **state)
{
	(void)state;
	return syscalls__init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_with_known_results),
		cmocka_unit_test(abis),
		cmocka_unit_test(refused_programs),
		cmocka_unit_test(strictest_wins),
		cmocka_unit_test(references),
		cmocka_unit_test(bounds_of_a_chain),
		cmocka_unit_test(selections),
		cmocka_unit_test(longest_program),
	};

	return cmocka_run_group_tests_name("filters", tests, setup, NULL);
}
