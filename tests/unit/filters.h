/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the tracer's model of seccomp share: a notation for its programs, tables of them that are judged both by
 * what is known of them and by the kernel, and the selections that filters are made from.
 */
#ifndef SANDTRACE_TEST_FILTERS_H
#define SANDTRACE_TEST_FILTERS_H

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

struct program {
	const struct sock_filter *v;
	size_t n;
	uint32_t want;
	const char *text;
};

struct programs {
	const struct program *v;
	size_t n;
};
/* `known` have a result; the others are there for whether they are taken at all. */
extern const struct programs known, refused, taken;

/* The plans that select_calls() makes of an expression, and whether calls beyond the tables are wanted. */
extern struct st_plan plans[EV_ABI_MAX][ST_NR_SYSCALLS];
extern bool beyond;
void select_calls(const char *expr);

#endif
