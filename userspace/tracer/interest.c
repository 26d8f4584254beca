/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter that stops a task only at what was asked for. The numbers of an architecture are cut into ranges of one
 * answer each, and a binary tree finds the range: nine comparisons for the longest selections by name.
 *
 * It reads arguments of clone and prctl only. For every other number the kernel (since 5.11) can see when the filter is
 * installed that it is always allowed, and does not run it at all.
 *
 * Made from its end to its beginning: jumps go forward, so what they lead to is there when they are written.
 */
#include <errno.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>

#include "base/util.h"
#include "event/syscalls.h"
#include "arch.h"
#include "tracer.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the low half of an argument is expected first"
#endif

/* Jumps of a comparison have 8 bits; one less is left for a stopover that its other jump may need. */
#define REACH 254

enum answer {
	ALLOW,
	TRACE,
	IF_UNTRACED,		/* clone: a child that would be born without its tracer */
	IF_SECCOMP,		/* prctl: it installs a filter */
	N_ANSWERS,
};

struct range {
	uint32_t from;		/* up to the next one's */
	enum answer answer;
};

/* Each table has at most one range per number, and one beyond. */
struct ranges {
	struct range v[2 * (ST_NR_SYSCALLS + 1)];
	unsigned int n;
};

struct code {
	struct sock_filter *v;	/* BPF_MAXINSNS, used from AT on */
	unsigned int at;
	bool full;
	unsigned int answers[N_ANSWERS]; /* where each is given */
};

/* ---- code ------------------------------------------------------------------------------------------------------ */

/* In front of everything there is. Returns its place. */
static unsigned int emit(struct code *c, uint16_t op, unsigned int jt, unsigned int jf, uint32_t k)
{
	if (!c->at) {
		c->full = true;
		return 0;
	}
	c->v[--c->at] = (struct sock_filter){ .code = op, .jt = (uint8_t)jt, .jf = (uint8_t)jf, .k = k };
	return c->at;
}

static unsigned int emit_ret(struct code *c, enum answer a)
{
	const uint32_t action = a == TRACE ? SECCOMP_RET_TRACE | INTEREST_DATA : SECCOMP_RET_ALLOW;

	c->answers[a] = emit(c, BPF_RET | BPF_K, 0, 0, action);
	return c->answers[a];
}

static unsigned int emit_load(struct code *c, size_t offset)
{
	return emit(c, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

/* TO, if a comparison written now reaches it, or a place closer by that comes to the same. */
static unsigned int reachable(struct code *c, unsigned int to)
{
	if (to - c->at <= REACH)
		return to;
	for (int a = ALLOW; a <= TRACE; a++) {
		if (c->v[to].code != (BPF_RET | BPF_K) || c->v[to].k != c->v[c->answers[a]].k)
			continue;
		return c->answers[a] - c->at <= REACH ? c->answers[a] : emit_ret(c, (enum answer)a);
	}
	return emit(c, BPF_JMP | BPF_JA, 0, 0, to - c->at);
}

static unsigned int emit_test(struct code *c, uint16_t op, uint32_t k, unsigned int yes, unsigned int no)
{
	yes = reachable(c, yes);
	no = reachable(c, no);
	return emit(c, BPF_JMP | op | BPF_K, yes - c->at, no - c->at, k);
}

/* The ends of every way. Only the low half counts: the kernel takes clone's flags and prctl's option from there. */
static void emit_answers(struct code *c)
{
	const size_t first = offsetof(struct seccomp_data, args[0]);

	emit_ret(c, ALLOW);
	emit_ret(c, TRACE);
	emit_test(c, BPF_JSET, CLONE_UNTRACED, c->answers[TRACE], c->answers[ALLOW]);
	c->answers[IF_UNTRACED] = emit_load(c, first);
	emit_test(c, BPF_JEQ, PR_SET_SECCOMP, c->answers[TRACE], c->answers[ALLOW]);
	c->answers[IF_SECCOMP] = emit_load(c, first);
}

static unsigned int emit_tree(struct code *c, const struct range *r, unsigned int n)
{
	const unsigned int half = n / 2;
	unsigned int above, below;

	if (n == 1)
		return c->answers[r->answer];
	above = emit_tree(c, r + half, n - half);
	below = emit_tree(c, r, half);
	return emit_test(c, BPF_JGE, r[half].from, above, below);
}

/* The calls of one architecture. Returns where it begins. */
static unsigned int emit_arch(struct code *c, const struct ranges *r)
{
	const unsigned int tree = emit_tree(c, r->v, r->n);

	return r->n == 1 ? tree : emit_load(c, offsetof(struct seccomp_data, nr));
}

/* ---- what is wanted -------------------------------------------------------------------------------------------- */

/* The numbers of the calls that matter to the tracer itself. */
struct own {
	int clone, clone3, prctl, seccomp;
};

/* -ENOMEM: the names could not be loaded. A task could leave unseen then. */
static int own__find(enum ev_abi abi, struct own *ret)
{
	ret->clone = syscalls__number(abi, "clone");
	ret->clone3 = syscalls__number(abi, "clone3");
	ret->prctl = syscalls__number(abi, "prctl");
	ret->seccomp = syscalls__number(abi, "seccomp");
	return ret->clone < 0 || ret->clone3 < 0 || ret->prctl < 0 || ret->seccomp < 0 ? -ENOMEM : 0;
}

static enum answer answer_for(const struct own *own, const struct st_plan *plan, int nr)
{
	if (plan->flags & ST_PLAN_INTEREST || nr == own->clone3 || nr == own->seccomp)
		return TRACE;
	if (nr == own->clone)
		return IF_UNTRACED;
	return nr == own->prctl ? IF_SECCOMP : ALLOW;
}

static void ranges__add(struct ranges *r, uint32_t from, enum answer answer)
{
	if (!r->n || r->v[r->n - 1].answer != answer)
		r->v[r->n++] = (struct range){ .from = from, .answer = answer };
}

/* The numbers of one ABI, which begin at BASE. */
static int ranges__add_abi(struct ranges *r, uint32_t base, enum ev_abi abi, const struct st_plan plans[ST_NR_SYSCALLS],
			   bool beyond)
{
	struct own own;
	const int err = own__find(abi, &own);

	if (err)
		return err;
	for (int nr = 0; nr < ST_NR_SYSCALLS; nr++)
		ranges__add(r, base + (uint32_t)nr, answer_for(&own, &plans[nr], nr));
	ranges__add(r, base + ST_NR_SYSCALLS, beyond ? TRACE : ALLOW);
	return 0;
}

int interest__build(const struct st_plan plans[EV_ABI_MAX][ST_NR_SYSCALLS], bool beyond, struct sock_filter *ret)
{
	struct code c = { .v = ret, .at = BPF_MAXINSNS };
	struct ranges native = { .n = 0 }, compat = { .n = 0 };
	unsigned int at_native, at_compat, n;
	int err;

	err = ranges__add_abi(&native, 0, EV_ABI_NATIVE, plans[EV_ABI_NATIVE], beyond);
	if (!err && X32_BIT != 0)
		err = ranges__add_abi(&native, X32_BIT, EV_ABI_X32, plans[EV_ABI_X32], beyond);
	if (!err)
		err = ranges__add_abi(&compat, 0, EV_ABI_COMPAT32, plans[EV_ABI_COMPAT32], beyond);
	if (err)
		return err;
	emit_answers(&c);
	at_compat = emit_arch(&c, &compat);
	at_native = emit_arch(&c, &native);
	at_compat = emit_test(&c, BPF_JEQ, ARCH_COMPAT, at_compat, c.answers[ALLOW]);
	emit_test(&c, BPF_JEQ, ARCH_NATIVE, at_native, at_compat);
	emit_load(&c, offsetof(struct seccomp_data, arch));
	if (c.full)
		return -E2BIG;
	n = BPF_MAXINSNS - c.at;
	memmove(ret, ret + c.at, n * sizeof(*ret));
	return (int)n;
}
