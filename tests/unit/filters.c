/* SPDX-License-Identifier: Apache-2.0 */
#include "filters.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "base/util.h"

#define INSNS(...) ((const struct sock_filter[]){ __VA_ARGS__ })
#define PROGRAM(r, ...) { INSNS(__VA_ARGS__), ARRAY_SIZE(INSNS(__VA_ARGS__)), r, #__VA_ARGS__ }

static const struct program known_v[] = {
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
const struct programs known = { known_v, ARRAY_SIZE(known_v) };

#define REFUSED(...) PROGRAM(0, __VA_ARGS__)
static const struct program refused_v[] = {
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
const struct programs refused = { refused_v, ARRAY_SIZE(refused_v) };

static const struct program taken_v[] = {
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
const struct programs taken = { taken_v, ARRAY_SIZE(taken_v) };

struct st_plan plans[EV_ABI_MAX][ST_NR_SYSCALLS];
bool beyond;

void select_calls(const char *expr)
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
