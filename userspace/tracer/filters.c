/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seccomp filters of the traced tasks, run here: what the kernel says of a call it does not tell a tracer before it
 * has happened. Programs are read from the memory of hostile tasks; they are taken only if the kernel takes them, and so
 * they end: every jump goes forward, and the last instruction returns.
 *
 * What is missed: x86_64 since 6.14 (and its stable trees) lets uretprobe, since 6.18 uprobe, pass whatever the filters
 * say. Only code that the kernel itself put there makes these calls.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "arch.h"
#include "tracer.h"

/*
 * The kernel's bound of a chain: 256 KiB of instructions, and each older filter costs four more. It counts its own
 * translation, which is never shorter than the program: what it takes, this takes.
 */
#define PATH_MAX_INSNS 32768
#define PATH_PENALTY 4

struct filters {
	struct filters *older;
	size_t refs;
	uint32_t path;		/* of the whole chain from here on, with penalties */
	unsigned short n;
	struct sock_filter insns[];
};

/* ---- what the kernel takes ------------------------------------------------------------------------------------- */

/* LEFT: instructions behind this one. */
static bool check_insn(const struct sock_filter *i, unsigned int left)
{
	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return i->k < sizeof(struct seccomp_data) && !(i->k % sizeof(uint32_t));
	case BPF_LD | BPF_MEM: case BPF_LDX | BPF_MEM:
	case BPF_ST: case BPF_STX:
		return i->k < BPF_MEMWORDS;
	case BPF_ALU | BPF_DIV | BPF_K:
		return i->k != 0;
	case BPF_ALU | BPF_LSH | BPF_K: case BPF_ALU | BPF_RSH | BPF_K:
		return i->k < 32;
	case BPF_JMP | BPF_JA:
		return i->k < left;
	case BPF_JMP | BPF_JEQ | BPF_K: case BPF_JMP | BPF_JEQ | BPF_X:
	case BPF_JMP | BPF_JGE | BPF_K: case BPF_JMP | BPF_JGE | BPF_X:
	case BPF_JMP | BPF_JGT | BPF_K: case BPF_JMP | BPF_JGT | BPF_X:
	case BPF_JMP | BPF_JSET | BPF_K: case BPF_JMP | BPF_JSET | BPF_X:
		return i->jt < left && i->jf < left;
	case BPF_LD | BPF_W | BPF_LEN: case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LD | BPF_IMM: case BPF_LDX | BPF_IMM:
	case BPF_ALU | BPF_ADD | BPF_K: case BPF_ALU | BPF_ADD | BPF_X:
	case BPF_ALU | BPF_SUB | BPF_K: case BPF_ALU | BPF_SUB | BPF_X:
	case BPF_ALU | BPF_MUL | BPF_K: case BPF_ALU | BPF_MUL | BPF_X:
	case BPF_ALU | BPF_AND | BPF_K: case BPF_ALU | BPF_AND | BPF_X:
	case BPF_ALU | BPF_OR | BPF_K: case BPF_ALU | BPF_OR | BPF_X:
	case BPF_ALU | BPF_XOR | BPF_K: case BPF_ALU | BPF_XOR | BPF_X:
	case BPF_ALU | BPF_DIV | BPF_X: case BPF_ALU | BPF_LSH | BPF_X: case BPF_ALU | BPF_RSH | BPF_X:
	case BPF_ALU | BPF_NEG:
	case BPF_MISC | BPF_TAX: case BPF_MISC | BPF_TXA:
	case BPF_RET | BPF_K: case BPF_RET | BPF_A:
		return true;
	default:
		return false;
	}
}

/*
 * No word of M[] may be read before it was written on every way there. Not quite what is true of a program, but what
 * the kernel computes: behind a RET it goes on with what was written before it.
 */
static bool check_memory(const struct sock_filter *insns, unsigned int n)
{
	uint16_t reached[BPF_MAXINSNS], written = 0;

	memset(reached, 0xff, sizeof(reached));
	for (unsigned int pc = 0; pc < n; pc++) {
		const struct sock_filter *i = &insns[pc];

		written &= reached[pc];
		if (i->code == BPF_ST || i->code == BPF_STX) {
			written |= (uint16_t)(1u << i->k);
		} else if (i->code == (BPF_LD | BPF_MEM) || i->code == (BPF_LDX | BPF_MEM)) {
			if (!(written & 1u << i->k))
				return false;
		} else if (i->code == (BPF_JMP | BPF_JA)) {
			reached[pc + 1 + i->k] &= written;
			written = 0xffff;
		} else if (BPF_CLASS(i->code) == BPF_JMP) {
			reached[pc + 1 + i->jt] &= written;
			reached[pc + 1 + i->jf] &= written;
			written = 0xffff;
		}
	}
	return true;
}

static bool check(const struct sock_filter *insns, unsigned int n)
{
	if (!n || n > BPF_MAXINSNS)
		return false;
	for (unsigned int pc = 0; pc < n; pc++)
		if (!check_insn(&insns[pc], n - pc - 1))
			return false;
	return BPF_CLASS(insns[n - 1].code) == BPF_RET && check_memory(insns, n);
}

/* ---- chains ---------------------------------------------------------------------------------------------------- */

/* Takes a reference of its own to OLDER. NULL with errno: EINVAL for what the kernel refuses, ENOMEM. */
struct filters *filters__push(struct filters *older, const struct sock_filter *insns, unsigned short n)
{
	const uint32_t before = older ? older->path : 0;
	struct filters *f;

	if (!check(insns, n)) {
		errno = EINVAL;
		return NULL;
	}
	if (before + n > PATH_MAX_INSNS) {
		errno = ENOMEM;
		return NULL;
	}
	f = malloc(sizeof(*f) + n * sizeof(f->insns[0]));
	if (!f)
		return NULL;
	*f = (struct filters){ .older = filters__ref(older), .refs = 1, .path = before + n + PATH_PENALTY, .n = n };
	memcpy(f->insns, insns, n * sizeof(f->insns[0]));
	return f;
}

struct filters *filters__ref(struct filters *f)
{
	if (f)
		f->refs++;
	return f;
}

/* Not recursive: a chain may have thousands of filters. */
void filters__unref(struct filters *f)
{
	while (f && !--f->refs) {
		struct filters *older = f->older;

		free(f);
		f = older;
	}
}

/* ---- running --------------------------------------------------------------------------------------------------- */

struct machine {
	uint32_t a, x;
	uint32_t m[BPF_MEMWORDS];
	const struct seccomp_data *data;
};

/* For LD and LDX alike. */
static uint32_t load(const struct machine *vm, const struct sock_filter *i)
{
	uint32_t word;

	switch (BPF_MODE(i->code)) {
	case BPF_ABS:
		memcpy(&word, (const char *)vm->data + i->k, sizeof(word));
		return word;
	case BPF_LEN:
		return sizeof(struct seccomp_data);
	case BPF_MEM:
		return vm->m[i->k];
	default:
		return i->k;
	}
}

/* Shifts by X: the kernel's machine uses the low five bits. Division by zero ended the program before. */
static uint32_t compute(uint16_t op, uint32_t a, uint32_t by)
{
	switch (op) {
	case BPF_ADD:
		return a + by;
	case BPF_SUB:
		return a - by;
	case BPF_MUL:
		return a * by;
	case BPF_DIV:
		return a / by;
	case BPF_AND:
		return a & by;
	case BPF_OR:
		return a | by;
	case BPF_XOR:
		return a ^ by;
	case BPF_LSH:
		return a << (by & 31);
	case BPF_RSH:
		return a >> (by & 31);
	default:
		return -a; /* BPF_NEG */
	}
}

/* How many instructions to skip. */
static uint32_t jump(const struct sock_filter *i, uint32_t a, uint32_t with)
{
	switch (BPF_OP(i->code)) {
	case BPF_JA:
		return i->k;
	case BPF_JEQ:
		return a == with ? i->jt : i->jf;
	case BPF_JGT:
		return a > with ? i->jt : i->jf;
	case BPF_JGE:
		return a >= with ? i->jt : i->jf;
	default:
		return a & with ? i->jt : i->jf; /* BPF_JSET */
	}
}

static uint32_t run_program(const struct filters *f, const struct seccomp_data *data)
{
	struct machine vm = { .data = data };

	for (uint32_t pc = 0; pc < f->n; pc++) {
		const struct sock_filter *i = &f->insns[pc];
		const uint32_t operand = BPF_SRC(i->code) == BPF_X ? vm.x : i->k;

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			vm.a = load(&vm, i);
			break;
		case BPF_LDX:
			vm.x = load(&vm, i);
			break;
		case BPF_ST:
			vm.m[i->k] = vm.a;
			break;
		case BPF_STX:
			vm.m[i->k] = vm.x;
			break;
		case BPF_ALU:
			/* a division by zero returns 0, which kills the thread */
			if (BPF_OP(i->code) == BPF_DIV && !operand)
				return SECCOMP_RET_KILL_THREAD;
			vm.a = compute(BPF_OP(i->code), vm.a, operand);
			break;
		case BPF_JMP:
			pc += jump(i, vm.a, operand);
			break;
		case BPF_RET:
			return BPF_RVAL(i->code) == BPF_A ? vm.a : i->k;
		default: /* BPF_MISC */
			if (BPF_MISCOP(i->code) == BPF_TAX)
				vm.x = vm.a;
			else
				vm.a = vm.x;
		}
	}
	return SECCOMP_RET_KILL_PROCESS; /* not reached: a program that was taken ends in RET */
}

/* What the kernel does about an action that it does not know. */
static uint32_t known_action(uint32_t ret)
{
	switch (ret & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_TRAP:
	case SECCOMP_RET_ERRNO:
	case SECCOMP_RET_USER_NOTIF:
	case SECCOMP_RET_TRACE:
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_ALLOW:
		return ret;
	default:
		return SECCOMP_RET_KILL_PROCESS | (ret & SECCOMP_RET_DATA);
	}
}

uint32_t filters__run(const struct filters *f, uint32_t abi, int nr, const uint64_t args[6], uint64_t ip)
{
	struct seccomp_data data = { .nr = nr, .arch = ARCH_NATIVE, .instruction_pointer = ip };
	uint32_t ret = SECCOMP_RET_ALLOW;

	if (abi == EV_ABI_COMPAT32)
		data.arch = ARCH_COMPAT;
	else if (abi == EV_ABI_X32)
		data.nr |= X32_BIT;
	memcpy(data.args, args, sizeof(data.args));
	/* All of them run. Strictness is the order of the values, signed, known or not; ties are the newest's. */
	for (; f; f = f->older) {
		const uint32_t one = run_program(f, &data);

		if ((int32_t)(one & SECCOMP_RET_ACTION_FULL) < (int32_t)(ret & SECCOMP_RET_ACTION_FULL))
			ret = one;
	}
	return known_action(ret);
}
