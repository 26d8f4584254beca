/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracer's model of seccomp: programs with known results, and the kernel itself as the judge of random ones. What the
 * kernel says is skipped, with the reason, where filters may not be installed.
 *
 *   SANDTRACE_SEED=N	other random programs
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
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
#include "event/interest.h"
#include "event/syscalls.h"
#include "tracer/tracer.h"

#define LD_ABS(off) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, off)
#define LD_NR LD_ABS(0)
#define LD_ARG(i) LD_ABS(16 + 8 * (i))
#define LDI(k) BPF_STMT(BPF_LD | BPF_IMM, k)
#define LDXI(k) BPF_STMT(BPF_LDX | BPF_IMM, k)
#define LDM(k) BPF_STMT(BPF_LD | BPF_MEM, k)
#define LDXM(k) BPF_STMT(BPF_LDX | BPF_MEM, k)
#define ST(k) BPF_STMT(BPF_ST, k)
#define STX(k) BPF_STMT(BPF_STX, k)
#define ALU(op, k) BPF_STMT(BPF_ALU | BPF_##op | BPF_K, k)
#define ALUX(op) BPF_STMT(BPF_ALU | BPF_##op | BPF_X, 0)
#define NEG BPF_STMT(BPF_ALU | BPF_NEG, 0)
#define TAX BPF_STMT(BPF_MISC | BPF_TAX, 0)
#define TXA BPF_STMT(BPF_MISC | BPF_TXA, 0)
#define JA(k) BPF_STMT(BPF_JMP | BPF_JA, k)
#define JK(op, k, t, f) BPF_JUMP(BPF_JMP | BPF_##op | BPF_K, k, t, f)
#define JX(op, t, f) BPF_JUMP(BPF_JMP | BPF_##op | BPF_X, 0, t, f)
#define RET(k) BPF_STMT(BPF_RET | BPF_K, k)
#define RETA BPF_STMT(BPF_RET | BPF_A, 0)
#define ERRNO(n) (SECCOMP_RET_ERRNO | (n))
/* A value as a result that nothing changes. */
#define SHOW ALU(AND, 0xffff), ALU(OR, SECCOMP_RET_ERRNO), RETA

#if defined(__x86_64__)
#define ARCH_NATIVE AUDIT_ARCH_X86_64
#define ARCH_COMPAT AUDIT_ARCH_I386
#else
#define ARCH_NATIVE AUDIT_ARCH_AARCH64
#define ARCH_COMPAT AUDIT_ARCH_ARM
#endif

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

#define INSNS(...) ((const struct sock_filter[]){ __VA_ARGS__ })
#define PROGRAM(r, ...) { INSNS(__VA_ARGS__), ARRAY_SIZE(INSNS(__VA_ARGS__)), r, #__VA_ARGS__ }
struct program {
	const struct sock_filter *v;
	size_t n;
	uint32_t want;
	const char *text;
};

static const struct program known[] = {
	PROGRAM(SECCOMP_RET_ALLOW, RET(SECCOMP_RET_ALLOW)),
	PROGRAM(ERRNO(7), RET(ERRNO(7))),
	PROGRAM(ERRNO(0xffff), RET(ERRNO(0xffff))),
	/* what is loaded */
	PROGRAM(ERRNO(39), LD_ABS(0), SHOW),
	PROGRAM(ERRNO(1), LD_ABS(4), JK(JEQ, ARCH_NATIVE, 1, 0), RET(ERRNO(2)), RET(ERRNO(1))),
	PROGRAM(ERRNO(0x5678), LD_ABS(8), SHOW),
	PROGRAM(ERRNO(0xccdd), LD_ABS(12), SHOW),
	PROGRAM(ERRNO(0x4444), LD_ARG(0), SHOW),
	PROGRAM(ERRNO(0x2222), LD_ABS(20), SHOW),
	PROGRAM(ERRNO(0x1111), LD_ABS(20), ALU(RSH, 16), SHOW),
	PROGRAM(ERRNO(0x8888), LD_ARG(1), SHOW),
	PROGRAM(ERRNO(0xcccc), LD_ARG(2), SHOW),
	PROGRAM(ERRNO(0), LD_ARG(3), SHOW),
	PROGRAM(ERRNO(0xcdef), LD_ARG(4), SHOW),
	PROGRAM(ERRNO(0x3210), LD_ARG(5), SHOW),
	PROGRAM(ERRNO(0xba98), LD_ABS(60), SHOW),
	PROGRAM(ERRNO(64), BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), SHOW),
	PROGRAM(ERRNO(64), BPF_STMT(BPF_LDX | BPF_W | BPF_LEN, 9), TXA, SHOW),
	/* registers begin at zero */
	PROGRAM(ERRNO(0), SHOW),
	PROGRAM(ERRNO(0), LDI(9), TXA, SHOW),
	PROGRAM(ERRNO(3), LDXI(3), TXA, SHOW),
	PROGRAM(ERRNO(4), LDI(4), TAX, LDI(0), TXA, SHOW),
	/* memory */
	PROGRAM(ERRNO(5), LDI(5), ST(15), LDI(6), LDM(15), SHOW),
	PROGRAM(ERRNO(5), LDXI(5), STX(0), LDXI(6), LDM(0), SHOW),
	PROGRAM(ERRNO(5), LDI(5), ST(1), LDI(6), ST(2), LDXM(1), TXA, SHOW),
	/* arithmetic */
	PROGRAM(ERRNO(12), LDI(7), ALU(ADD, 5), SHOW),
	PROGRAM(ERRNO(1), LDI(0xffffffff), ALU(ADD, 2), SHOW),
	PROGRAM(ERRNO(2), LDI(7), ALU(SUB, 5), SHOW),
	PROGRAM(ERRNO(0xfffe), LDI(5), ALU(SUB, 7), SHOW),
	PROGRAM(ERRNO(35), LDI(7), ALU(MUL, 5), SHOW),
	PROGRAM(ERRNO(3), LDI(17), ALU(DIV, 5), SHOW),
	PROGRAM(ERRNO(0x7fff), LDI(0xfffffffe), ALU(DIV, 0x20000), SHOW),
	PROGRAM(ERRNO(4), LDI(6), ALU(AND, 12), SHOW),
	PROGRAM(ERRNO(14), LDI(6), ALU(OR, 12), SHOW),
	PROGRAM(ERRNO(10), LDI(6), ALU(XOR, 12), SHOW),
	PROGRAM(ERRNO(0x8000), LDI(1), ALU(LSH, 15), SHOW),
	PROGRAM(ERRNO(1), LDI(0x80000000), ALU(RSH, 31), SHOW),
	PROGRAM(ERRNO(0xfff9), LDI(7), NEG, SHOW),
	PROGRAM(ERRNO(12), LDI(7), LDXI(5), ALUX(ADD), SHOW),
	PROGRAM(ERRNO(2), LDI(7), LDXI(5), ALUX(SUB), SHOW),
	PROGRAM(ERRNO(35), LDI(7), LDXI(5), ALUX(MUL), SHOW),
	PROGRAM(ERRNO(3), LDI(17), LDXI(5), ALUX(DIV), SHOW),
	PROGRAM(ERRNO(4), LDI(6), LDXI(12), ALUX(AND), SHOW),
	PROGRAM(ERRNO(14), LDI(6), LDXI(12), ALUX(OR), SHOW),
	PROGRAM(ERRNO(10), LDI(6), LDXI(12), ALUX(XOR), SHOW),
	PROGRAM(ERRNO(0x8000), LDI(1), LDXI(15), ALUX(LSH), SHOW),
	PROGRAM(ERRNO(1), LDI(0x80000000), LDXI(31), ALUX(RSH), SHOW),
	PROGRAM(ERRNO(2), LDI(1), LDXI(33), ALUX(LSH), SHOW),
	PROGRAM(ERRNO(2), LDI(4), LDXI(0xffffffe1), ALUX(RSH), SHOW),
	PROGRAM(SECCOMP_RET_KILL_THREAD, LDI(17), ALUX(DIV), RET(SECCOMP_RET_ALLOW)),
	/* jumps */
	PROGRAM(ERRNO(1), JA(1), RET(ERRNO(0)), RET(ERRNO(1))),
	PROGRAM(ERRNO(1), LDI(5), JK(JEQ, 5, 0, 1), RET(ERRNO(1)), RET(ERRNO(2))),
	PROGRAM(ERRNO(2), LDI(5), JK(JEQ, 4, 0, 1), RET(ERRNO(1)), RET(ERRNO(2))),
	PROGRAM(ERRNO(2), LDI(5), JK(JGT, 5, 0, 1), RET(ERRNO(1)), RET(ERRNO(2))),
	PROGRAM(ERRNO(1), LDI(0xffffffff), JK(JGT, 5, 0, 1), RET(ERRNO(1)), RET(ERRNO(2))),
	PROGRAM(ERRNO(1), LDI(5), JK(JGE, 5, 0, 1), RET(ERRNO(1)), RET(ERRNO(2))),
	PROGRAM(ERRNO(2), LDI(5), JK(JGE, 0xfffffff0, 0, 1), RET(ERRNO(1)), RET(ERRNO(2))),
	PROGRAM(ERRNO(1), LDI(6), JK(JSET, 12, 0, 1), RET(ERRNO(1)), RET(ERRNO(2))),
	PROGRAM(ERRNO(2), LDI(6), JK(JSET, 9, 0, 1), RET(ERRNO(1)), RET(ERRNO(2))),
	PROGRAM(ERRNO(1), LDI(5), LDXI(5), JX(JEQ, 0, 1), RET(ERRNO(1)), RET(ERRNO(2))),
	PROGRAM(ERRNO(2), LDI(5), LDXI(6), JX(JEQ, 0, 1), RET(ERRNO(1)), RET(ERRNO(2))),
	PROGRAM(ERRNO(2), LDI(5), LDXI(5), JX(JGT, 0, 1), RET(ERRNO(1)), RET(ERRNO(2))),
	PROGRAM(ERRNO(1), LDI(5), LDXI(5), JX(JGE, 0, 1), RET(ERRNO(1)), RET(ERRNO(2))),
	PROGRAM(ERRNO(1), LDI(6), LDXI(12), JX(JSET, 0, 1), RET(ERRNO(1)), RET(ERRNO(2))),
	PROGRAM(ERRNO(2), LDI(6), LDXI(9), JX(JSET, 0, 1), RET(ERRNO(1)), RET(ERRNO(2))),
	/* what the kernel does not know kills */
	PROGRAM(SECCOMP_RET_KILL_PROCESS | 3, RET(0x00040003)),
	PROGRAM(SECCOMP_RET_KILL_PROCESS, RET(0x90000000)),
	PROGRAM(SECCOMP_RET_KILL_PROCESS | 0xffff, RET(0x7ffbffff)),
	PROGRAM(SECCOMP_RET_KILL_PROCESS | 8, LDI(0x7ffe0008), RETA),
};

static void programs_with_known_results(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		struct filters *f = must_push(NULL, known[i].v, known[i].n);
		uint32_t got = filters__run(f, EV_ABI_NATIVE, 39, some_args, SOME_IP);

		if (got != known[i].want)
			fail_msg("%s: %#x, want %#x", known[i].text, got, known[i].want);
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

#define REFUSED(...) PROGRAM(0, __VA_ARGS__)
static const struct program refused[] = {
	REFUSED(LDI(0)),
	REFUSED(RET(0), LDI(0)),
	REFUSED(RET(0), JA(0)),
	/* jumps */
	REFUSED(JA(1), RET(0)),
	REFUSED(JA(0xffffffff), RET(0)),
	REFUSED(LDI(0), JA(0xfffffffe), RET(0)),
	REFUSED(JK(JEQ, 0, 1, 0), RET(0)),
	REFUSED(JK(JEQ, 0, 0, 1), RET(0)),
	REFUSED(JX(JGT, 1, 0), RET(0)),
	REFUSED(JX(JGE, 0, 255), RET(0)),
	REFUSED(JK(JSET, 0, 0, 1), RET(0)),
	/* loads */
	REFUSED(LD_ABS(64), RET(0)),
	REFUSED(LD_ABS(1), RET(0)),
	REFUSED(LD_ABS(62), RET(0)),
	REFUSED(LD_ABS((uint32_t)SKF_AD_OFF), RET(0)),
	REFUSED(BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0), RET(0)),
	REFUSED(BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), RET(0)),
	REFUSED(BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0), RET(0)),
	REFUSED(BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), RET(0)),
	REFUSED(BPF_STMT(BPF_LDX | BPF_W | BPF_ABS, 0), RET(0)),
	/* memory */
	REFUSED(ST(16), RET(0)),
	REFUSED(STX(16), RET(0)),
	REFUSED(ST(0xffffffff), RET(0)),
	REFUSED(ST(0), LDM(16), RET(0)),
	REFUSED(ST(0), LDXM(16), RET(0)),
	REFUSED(LDM(0), RET(0)),
	REFUSED(LDXM(0), RET(0)),
	REFUSED(ST(1), LDM(0), RET(0)),
	REFUSED(JK(JEQ, 0, 0, 1), ST(0), LDM(0), RET(0)),
	REFUSED(JK(JEQ, 0, 1, 0), ST(0), LDM(0), RET(0)),
	REFUSED(JA(1), ST(0), LDM(0), RET(0)),
	/* arithmetic */
	REFUSED(ALU(DIV, 0), RET(0)),
	REFUSED(ALU(LSH, 32), RET(0)),
	REFUSED(ALU(RSH, 32), RET(0)),
	REFUSED(ALU(MOD, 2), RET(0)),
	REFUSED(ALUX(MOD), RET(0)),
	/* no such thing */
	REFUSED(BPF_STMT(BPF_ALU | BPF_NEG | BPF_X, 0), RET(0)),
	REFUSED(BPF_STMT(BPF_JMP | BPF_JA | BPF_X, 0), RET(0)),
	REFUSED(BPF_STMT(BPF_RET | BPF_X, 0)),
	REFUSED(BPF_STMT(BPF_MISC | 0x40, 0), RET(0)),
	REFUSED(BPF_STMT(0x100 | BPF_LD | BPF_IMM, 0), RET(0)),
	REFUSED(BPF_STMT(0xffff, 0), RET(0)),
};

static const struct program taken[] = {
	REFUSED(ALU(LSH, 31), ALU(RSH, 31), RET(0)),
	REFUSED(ST(15), LDM(15), RET(0)),
	REFUSED(JK(JEQ, 0, 1, 0), ST(0), ST(0), LDM(0), RET(0)),
	REFUSED(JK(JEQ, 0, 0, 2), ST(0), JA(1), ST(0), LDM(0), RET(0)),
	REFUSED(ST(0), RET(0), LDM(0), RET(0)),		/* never reached, but behind a store */
	REFUSED(JA(1), LDM(0), RET(0)),			/* never reached, and behind a jump */
	REFUSED(JA(0), RETA),
	REFUSED(BPF_JUMP(BPF_LD | BPF_IMM, 0, 200, 200), RET(0)),
	REFUSED(RET(0x12345678)),
};

static void refused_programs(void **state)
{
	struct sock_filter longest[BPF_MAXINSNS + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		errno = 0;
		if (filters__push(NULL, refused[i].v, (unsigned short)refused[i].n) || errno != EINVAL)
			fail_msg("taken, or errno %d: %s", errno, refused[i].text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		struct filters *f = filters__push(NULL, taken[i].v, (unsigned short)taken[i].n);

		if (!f)
			fail_msg("refused: %s", taken[i].text);
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

static struct st_plan plans[EV_ABI_MAX][ST_NR_SYSCALLS];
static bool beyond;
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

static void select_calls(const char *expr)
{
	static uint8_t on[EV_ABI_MAX][ST_NR_SYSCALLS];
	char why[200];

	if (interest__parse(expr, on, &beyond, why, sizeof(why)))
		fail_msg("%s: %s", expr, why);
	for (int abi = 0; abi < EV_ABI_MAX; abi++)
		for (int nr = 0; nr < ST_NR_SYSCALLS; nr++) {
			plans[abi][nr] = syscalls__plan((enum ev_abi)abi, nr);
			plans[abi][nr].flags |= on[abi][nr] ? ST_PLAN_INTEREST : 0;
		}
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
		const uint32_t which = rnd(4);

		c->abi = EV_ABI_NATIVE;
#if defined(__x86_64__)
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
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		struct random_program p;

		guarded(&p, &known[i]);
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
	for (size_t from = 0; from < ARRAY_SIZE(refused) + ARRAY_SIZE(taken); from += N_BATCH) {
		for (size_t i = 0; i < N_BATCH; i++) {
			const size_t at = (from + i) % (ARRAY_SIZE(refused) + ARRAY_SIZE(taken));
			const struct program *p = at < ARRAY_SIZE(refused) ? &refused[at] : &taken[at - ARRAY_SIZE(refused)];

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
		cmocka_unit_test(programs_with_known_results),
		cmocka_unit_test(abis),
		cmocka_unit_test(refused_programs),
		cmocka_unit_test(strictest_wins),
		cmocka_unit_test(references),
		cmocka_unit_test(bounds_of_a_chain),
		cmocka_unit_test(selections),
		cmocka_unit_test(longest_program),
		cmocka_unit_test(same_results_as_the_kernel),
		cmocka_unit_test(refused_as_by_the_kernel),
		cmocka_unit_test(no_shorter_than_in_the_kernel),
		cmocka_unit_test(wanted_in_the_kernel),
	};

	return cmocka_run_group_tests_name("filters", tests, setup, NULL);
}
