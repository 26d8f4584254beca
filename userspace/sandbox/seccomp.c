/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the filter from the table and installs it. Two parts in one program:
 *
 *	head:	other architectures, numbers that nothing stands for, calls that depend on arguments
 *	body:	calls that are refused whatever the arguments, a binary tree made by libseccomp
 *
 * libseccomp cannot say "every number above N" nor "none of these values", and 350 rules of what is allowed cost it
 * 2 ms a run where some 100 of what is refused cost 0.2 ms. Jumps in BPF are relative, so a head can stand before its body.
 *
 * Calls that are allowed whatever their arguments cost nothing: the kernel (since 5.11) runs the filter once for each
 * number when it is installed and keeps a bitmap.
 */
#include "seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "event/syscalls.h"
#include "seccomp_table.h"

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#else
#error "which architecture is native here?"
#endif
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the low half of an argument is expected first"
#endif

#define ENOSYS_RET (SECCOMP_RET_ERRNO | ENOSYS)
#define EPERM_RET (SECCOMP_RET_ERRNO | EPERM)
#define NR_SKIPPED 0xffffffffu /* a tracer's "do not run this call": the kernel runs nothing and keeps the tracer's result */

/* ---- the head ------------------------------------------------------------------------------------------- */

struct code {
	struct sock_filter v[BPF_MAXINSNS];
	unsigned short n;
	bool overflow;
	uint8_t verdicts[SECCOMP_NEWEST + 1]; /* enum seccomp_verdict of each number; one without a name has SECCOMP_ALLOW */
};

static void emit(struct code *c, uint16_t op, uint8_t jt, uint8_t jf, uint32_t k)
{
	if (c->n == ARRAY_SIZE(c->v)) {
		c->overflow = true;
		return;
	}
	c->v[c->n++] = (struct sock_filter){ .code = op, .jt = jt, .jf = jf, .k = k };
}

static void emit_load(struct code *c, size_t offset) { emit(c, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset); }
static void emit_ret(struct code *c, uint32_t action) { emit(c, BPF_RET | BPF_K, 0, 0, action); }

static uint32_t action_of(enum seccomp_verdict v)
{
	switch (v) {
	case SECCOMP_ALLOW:
		return SECCOMP_RET_ALLOW;
	case SECCOMP_ENOSYS:
		return ENOSYS_RET;
	case SECCOMP_KILL:
		return SECCOMP_RET_KILL_PROCESS;
	default:
		return EPERM_RET;
	}
}

/* Instructions of one test: load, mask where it is not all ones, compare. */
static uint8_t test_size(const struct seccomp_test *t) { return t->mask == UINT32_MAX ? 2 : 3; }

static unsigned int clause_size(const struct seccomp_clause *clause)
{
	unsigned int n = 1; /* the return at the end */

	for (uint8_t i = 0; i < clause->n; i++)
		n += test_size(&clause->tests[i]);
	return n;
}

static void emit_clause(struct code *c, const struct seccomp_clause *clause)
{
	uint8_t left = (uint8_t)clause_size(clause);

	for (uint8_t i = 0; i < clause->n; i++) {
		const struct seccomp_test *t = &clause->tests[i];

		left -= test_size(t);
		emit_load(c, offsetof(struct seccomp_data, args) + t->arg * sizeof(uint64_t) + (t->high ? 4 : 0));
		if (t->mask != UINT32_MAX)
			emit(c, BPF_ALU | BPF_AND | BPF_K, 0, 0, t->mask);
		/* past what is LEFT of this clause when the test does not hold */
		emit(c, BPF_JMP | BPF_JEQ | BPF_K, t->negate ? left : 0, t->negate ? 0 : left, t->value);
	}
	emit_ret(c, action_of(clause->verdict));
}

/* One call that depends on arguments: a block that always returns, jumped over by every other number. */
static void emit_cond(struct code *c, uint32_t nr, const struct seccomp_cond *cond)
{
	unsigned int size = 1;

	for (uint8_t i = 0; i < cond->n; i++)
		size += clause_size(&cond->clauses[i]);
	/* a conditional jump reaches 255 instructions; every call that is allowed passes by all of these, so one, not two */
	if (size <= UINT8_MAX) {
		emit(c, BPF_JMP | BPF_JEQ | BPF_K, 0, (uint8_t)size, nr);
	} else {
		emit(c, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, nr);
		emit(c, BPF_JMP | BPF_JA, 0, 0, size);
	}
	for (uint8_t i = 0; i < cond->n; i++)
		emit_clause(c, &cond->clauses[i]);
	emit_ret(c, action_of(cond->otherwise));
}

/* Expects the number in the accumulator, as everything up to the body does. */
static void emit_numbers(struct code *c)
{
	/* -1 must stay allowed, or a tracer of the command's own could not answer a call in the kernel's place. */
	emit(c, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, NR_SKIPPED);
	emit_ret(c, SECCOMP_RET_ALLOW);
	/* newer than judged; x32, whose numbers have bit 30; nonsense */
	emit(c, BPF_JMP | BPF_JGT | BPF_K, 0, 1, SECCOMP_NEWEST);
	emit_ret(c, ENOSYS_RET);
	for (int first = 0; first <= SECCOMP_NEWEST; first++) {
		int last = first;

		if (seccomp_table__name(first))
			continue;
		while (last < SECCOMP_NEWEST && !seccomp_table__name(last + 1))
			last++;
		emit(c, BPF_JMP | BPF_JGE | BPF_K, 0, 2, (uint32_t)first);
		emit(c, BPF_JMP | BPF_JGT | BPF_K, 1, 0, (uint32_t)last);
		emit_ret(c, ENOSYS_RET);
		first = last;
	}
}

static void emit_head(struct code *c, const struct seccomp_opts *o)
{
	emit_load(c, offsetof(struct seccomp_data, arch));
	emit(c, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, NATIVE);
	emit_ret(c, SECCOMP_RET_KILL_PROCESS);
	emit_load(c, offsetof(struct seccomp_data, nr));
	emit_numbers(c);
	for (int nr = 0; nr <= SECCOMP_NEWEST; nr++) {
		const char *name = seccomp_table__name(nr);
		struct seccomp_answer a;

		if (!name)
			continue;
		a = seccomp_table__answer(o, name);
		c->verdicts[nr] = (uint8_t)a.decision.verdict;
		if (a.decision.verdict == SECCOMP_CONDITIONAL)
			emit_cond(c, (uint32_t)nr, a.cond);
	}
}

/* ---- the body ------------------------------------------------------------------------------------------- */

static int add_rules(scmp_filter_ctx ctx, const struct code *c)
{
	for (int nr = 0; nr <= SECCOMP_NEWEST; nr++) {
		uint8_t v = c->verdicts[nr];
		int err;

		if (v != SECCOMP_EPERM && v != SECCOMP_ENOSYS)
			continue;
		err = seccomp_rule_add_exact(ctx, SCMP_ACT_ERRNO(v == SECCOMP_EPERM ? EPERM : ENOSYS), nr, 0);
		if (err)
			return log_errno(err, "libseccomp: a rule for %s", seccomp_table__name(nr));
	}
	return 0;
}

/* Appends what libseccomp made; it writes to a descriptor only. */
static int append_program(scmp_filter_ctx ctx, struct code *c)
{
	_cleanup_(close) int fd = memfd_create("seccomp", MFD_CLOEXEC);
	const size_t room = (ARRAY_SIZE(c->v) - c->n) * sizeof(c->v[0]);
	ssize_t len;
	int err;

	if (fd < 0)
		return log_errno(-errno, "memfd_create for the system call filter");
	err = seccomp_export_bpf(ctx, fd);
	if (err)
		return log_errno(err, "libseccomp: export of the filter");
	/* one byte more than fits would be there when it does not fit */
	len = lseek(fd, 0, SEEK_END);
	if (len <= 0 || (size_t)len > room || len % (ssize_t)sizeof(c->v[0]))
		return log_errno(-E2BIG, "the system call filter has %zd bytes, %zu are left", len, room);
	if (pread(fd, c->v + c->n, (size_t)len, 0) != len)
		return log_errno(-EIO, "read the system call filter back");
	c->n += (unsigned short)((size_t)len / sizeof(c->v[0]));
	return 0;
}

static int emit_body(struct code *c)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int err;

	if (!ctx)
		return log_errno(-ENOMEM, "libseccomp: a new filter");
	err = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (!err)
		err = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (err)
		log_errno(err, "libseccomp: set up a filter");
	else
		err = add_rules(ctx, c);
	if (!err)
		err = append_program(ctx, c);
	seccomp_release(ctx);
	return err;
}

/* What no run can do without: a policy that denies it would only fail later, with less of a reason. */
static int check_needed(const struct seccomp_opts *o)
{
	static const char *const needed[] = { "execve", "exit_group", "read", "rt_sigreturn" };

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (seccomp_table__answer(o, needed[i]).decision.verdict != SECCOMP_ALLOW) {
			log_err(-EINVAL, "syscalls.deny lists %s, without which no command can start or end", needed[i]);
			log_hint("leave it out; what may be executed is said by filesystem.allow_exec and --allow-exec");
			return -EINVAL;
		}
	return 0;
}

int seccomp__build(const struct seccomp_opts *o, struct seccomp_filter *ret)
{
	_cleanup_(free) struct code *c = NULL;
	int err = syscalls__init();

	if (err)
		return log_errno(err, "names of system calls");
	err = check_needed(o);
	if (err)
		return err;
	c = malloc(sizeof(*c));
	if (!c)
		return log_errno(-ENOMEM, "memory for the system call filter");
	c->n = 0;
	c->overflow = false;
	memset(c->verdicts, SECCOMP_ALLOW, sizeof(c->verdicts));
	emit_head(c, o);
	if (c->overflow)
		return log_errno(-E2BIG, "the system call filter");
	err = emit_body(c);
	if (err)
		return err;
	ret->insns = malloc(c->n * sizeof(c->v[0]));
	if (!ret->insns)
		return log_errno(-ENOMEM, "memory for the system call filter");
	memcpy(ret->insns, c->v, c->n * sizeof(c->v[0]));
	ret->n = c->n;
	return 0;
}

void seccomp__done(struct seccomp_filter *f)
{
	free(f->insns);
	*f = (struct seccomp_filter){ 0 };
}

/* ---- in the child --------------------------------------------------------------------------------------- */

static int install(struct sock_filter *insns, unsigned short n, unsigned long flags)
{
	struct sock_fprog prog = { .len = n, .filter = insns };
	long r = syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);

	return r < 0 ? -errno : (int)r;
}

/*
 * No flags: the caller has one thread, so TSYNC has nothing to do. Without SPEC_ALLOW, kernels before 5.16 also
 * switch off speculative store bypass for the command, which is what one wants for code that is not trusted.
 */
int seccomp__install(const struct seccomp_filter *f)
{
	return install(f->insns, f->n, 0);
}

int seccomp__install_program(struct sock_filter *insns, unsigned short n)
{
	return install(insns, n, 0);
}

int seccomp__install_exec_listener(void)
{
	/* Other architectures are left to the filter of seccomp__install, which kills. */
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_execve, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_execveat, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	};
	/*
	 * Once the listener has taken an exec up, only a fatal signal may interrupt the wait (5.19): a handler that
	 * runs in between would make the caller repeat an exec that was already decided.
	 */
	int fd = install(insns, ARRAY_SIZE(insns), SECCOMP_FILTER_FLAG_NEW_LISTENER |
			 SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);

	if (fd == -EINVAL)
		fd = install(insns, ARRAY_SIZE(insns), SECCOMP_FILTER_FLAG_NEW_LISTENER);
	return fd;
}
