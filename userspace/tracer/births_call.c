/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls that make tasks. A clone with CLONE_UNTRACED makes one that no tracer is told of; CLONE_PTRACE attaches one
 * without telling. Both flags are taken out of the call, in the registers, where nobody but us can put them back.
 *
 * The flags of clone3 are in memory, which another thread or process may change after we read it and before the kernel
 * does. So it is made as the clone that means the same, from what we read; glibc's use of it can all be said that way. What
 * cannot be (CLONE_INTO_CGROUP, CLONE_CLEAR_SIGHAND, CLONE_NEWTIME, set_tid) gets ENOSYS, as from a kernel before 5.3: callers
 * have another way for that. Registers are put back when the call returns, in the child too: glibc's stub uses them there.
 */
#include <errno.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/uio.h>

#include "base/util.h"
#include "births.h"
#include "event/syscalls.h"
#include "regs.h"

#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ULL
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#define SIGNAL_BITS 0xff /* CSIGNAL */
#define SIGNAL_LAST 64 /* clone takes what no signal is; clone3 does not */
#define ADDRESS_BITS 56 /* of user space, the widest: x86-64 with five levels */
#define UNSEEN ((uint64_t)(CLONE_UNTRACED | CLONE_PTRACE))
/* A caller may be newer than we are; what it adds must be zero to mean what we know. */
#define CLONE_ARGS_MAX 256

static int nr_clone[EV_ABI_MAX], nr_clone3[EV_ABI_MAX], nr_fork[EV_ABI_MAX], nr_vfork[EV_ABI_MAX];

void births__init(void)
{
	for (int abi = 0; abi < EV_ABI_MAX; abi++) {
		nr_clone[abi] = syscalls__number((enum ev_abi)abi, "clone");
		nr_clone3[abi] = syscalls__number((enum ev_abi)abi, "clone3");
		nr_fork[abi] = syscalls__number((enum ev_abi)abi, "fork");
		nr_vfork[abi] = syscalls__number((enum ev_abi)abi, "vfork");
	}
}

static void change(struct task *k, int nr, const uint64_t args[6])
{
	k->call_changed = !regs__set_call(k->tid, k->abi == EV_ABI_COMPAT32, nr, args, false);
	/* it goes on as it is: that must not be */
	if (!k->call_changed)
		regs__refuse(k->tid, ENOSYS);
}

static void clone_enter(struct task *k)
{
	uint64_t args[6];

	k->birth_known = true;
	k->birth_flags = k->args[0];
	if (!(k->args[0] & UNSEEN))
		return;
	memcpy(args, k->filter_args, sizeof(args));
	args[0] &= ~UNSEEN;
	change(k, k->raw_nr, args);
}

/* Reads struct clone_args as the kernel would. 0, or the errno that it would give. */
static int read_args(const struct task *k, struct clone_args *ret)
{
	uint8_t raw[CLONE_ARGS_MAX];
	size_t size = k->args[1];
	struct iovec local = { raw, size }, remote = { (void *)(uintptr_t)k->args[0], size };

	memset(ret, 0, sizeof(*ret));
	if (size < CLONE_ARGS_SIZE_VER0)
		return EINVAL;
	if (size > sizeof(raw))
		return size > 4096 ? E2BIG : ENOSYS;
	if (process_vm_readv(k->tid, &local, 1, &remote, 1, 0) != (ssize_t)size)
		return errno == EFAULT ? EFAULT : ENOSYS;
	for (size_t i = sizeof(*ret); i < size; i++)
		if (raw[i])
			return E2BIG;
	memcpy(ret, raw, MIN(size, sizeof(*ret)));
	return 0;
}

/* 0, or the errno with which clone3 refuses these, or ENOSYS: there is no clone that means the same. */
static int check_args(const struct clone_args *a)
{
	if (a->flags & ~(0xffffffffULL | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP) || a->exit_signal > SIGNAL_LAST)
		return EINVAL;
	if (a->flags & (CLONE_DETACHED | (SIGNAL_BITS & ~CLONE_NEWTIME)))
		return EINVAL;
	if (a->flags & (CLONE_THREAD | CLONE_PARENT) && a->exit_signal)
		return EINVAL;
	/* clone takes any stack; a range that wraps or is not user space clone3 refuses */
	if (!a->stack != !a->stack_size || a->stack + a->stack_size < a->stack || (a->stack + a->stack_size) >> ADDRESS_BITS)
		return EINVAL;
	if (a->flags & (CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP | CLONE_NEWTIME) || a->set_tid || a->set_tid_size)
		return ENOSYS;
	/* clone has one place for both */
	if (a->flags & CLONE_PIDFD && a->flags & CLONE_PARENT_SETTID)
		return a->pidfd == a->parent_tid ? EINVAL : ENOSYS;
	return 0;
}

/* What the filters that the task carries say of it; a filter of its own may be another than we read, so we see to it. */
static int ask_filters(const struct task *k, int nr, const uint64_t args[6])
{
	uint32_t verdict = filters__run(k->filters, k->abi, nr, args, k->ip);

	switch (verdict & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
		return 0;
	case SECCOMP_RET_ERRNO:
		return (int)MIN(verdict & SECCOMP_RET_DATA, 4095U);
	default:
		return ENOSYS;
	}
}

/* With a size of 0, which is in a register, the kernel reads nothing and no filter finds anything new; births__exit does the rest. */
static void refuse(struct task *k, int err)
{
	uint64_t args[6];

	memcpy(args, k->filter_args, sizeof(args));
	args[1] = 0;
	change(k, k->raw_nr, args);
	k->forced_errno = err;
}

static void clone3_enter(struct tracer *t, struct task *k)
{
	uint64_t args[6] = { 0 };
	struct clone_args a;
	int err = k->abi == EV_ABI_NATIVE && nr_clone[k->abi] >= 0 ? 0 : ENOSYS;

	/* the sandbox's filter, which is known, refuses it by itself */
	if (k->filters && k->filters == t->sandbox_filters && ask_filters(k, k->nr, k->filter_args))
		return;
	if (!err)
		err = ask_filters(k, k->nr, k->filter_args);
	if (!err)
		err = read_args(k, &a);
	if (!err)
		err = check_args(&a);
	if (!err) {
		regs__clone_args(&a, args);
		err = ask_filters(k, nr_clone[k->abi], args) ? ENOSYS : 0;
	}
	if (err) {
		refuse(k, err);
		return;
	}
	k->birth_known = true;
	k->birth_flags = a.flags;
	args[0] = (a.flags & ~UNSEEN) | a.exit_signal;
	change(k, nr_clone[k->abi], args);
}

void births__enter(struct tracer *t, struct task *k)
{
	k->birth_known = false;
	k->forced_errno = 0;
	if (k->nr == nr_clone[k->abi]) {
		clone_enter(k);
	} else if (k->nr == nr_clone3[k->abi]) {
		clone3_enter(t, k);
	} else if (k->nr == nr_fork[k->abi] || k->nr == nr_vfork[k->abi]) {
		k->birth_known = true;
		k->birth_flags = 0;
	}
}

int64_t births__exit(struct task *k, int64_t ret)
{
	births__restore(k);
	k->birth_known = false;
	if (!k->forced_errno || ret != -EINVAL)
		return ret;
	regs__set_result(k->tid, -k->forced_errno);
	return -k->forced_errno;
}

void births__restore(struct task *k)
{
	if (!k->call_changed)
		return;
	k->call_changed = false;
	regs__set_call(k->tid, k->abi == EV_ABI_COMPAT32, k->raw_nr, k->filter_args, true);
}
