/* SPDX-License-Identifier: Apache-2.0 */
#include "regs.h"

#include <elf.h>
#include <errno.h>
#include <linux/sched.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#if defined(__x86_64__)

static int get(pid_t tid, struct user_regs_struct *regs)
{
	return ptrace(PTRACE_GETREGS, tid, 0, regs) ? -errno : 0;
}

static int set(pid_t tid, struct user_regs_struct *regs)
{
	return ptrace(PTRACE_SETREGS, tid, 0, regs) ? -errno : 0;
}

int regs__set_call(pid_t tid, bool compat, int nr, const uint64_t args[6], bool at_exit)
{
	struct user_regs_struct r;
	int err = get(tid, &r);

	(void)at_exit; /* a call leaves these alone, and its result is in none of them */
	if (err)
		return err;
	r.orig_rax = (unsigned long long)(long long)nr;
	if (compat) {
		r.rbx = args[0];
		r.rcx = args[1];
		r.rdx = args[2];
		r.rsi = args[3];
		r.rdi = args[4];
		r.rbp = args[5];
	} else {
		r.rdi = args[0];
		r.rsi = args[1];
		r.rdx = args[2];
		r.r10 = args[3];
		r.r8 = args[4];
		r.r9 = args[5];
	}
	return set(tid, &r);
}

void regs__clone_args(const struct clone_args *a, uint64_t args[6])
{
	args[1] = a->stack ? a->stack + a->stack_size : 0;
	args[2] = a->flags & CLONE_PIDFD ? a->pidfd : a->parent_tid;
	args[3] = a->child_tid;
	args[4] = a->tls;
}

int regs__set_result(pid_t tid, int64_t ret)
{
	struct user_regs_struct r;
	int err = get(tid, &r);

	r.rax = (unsigned long long)ret;
	return err ? err : set(tid, &r);
}

/* The kernel puts -ENOSYS there at entry, and something else once the call has a result. */
bool regs__result(pid_t tid, bool compat, int64_t *ret)
{
	struct user_regs_struct regs;

	if (get(tid, &regs))
		return false;
	*ret = compat ? (int32_t)regs.rax : (int64_t)regs.rax;
	return *ret != -ENOSYS;
}

int regs__refuse(pid_t tid, int err)
{
	struct user_regs_struct regs;
	int failed = get(tid, &regs);

	if (failed)
		return failed;
	regs.orig_rax = (unsigned long long)-1;
	regs.rax = (unsigned long long)-err;
	return set(tid, &regs);
}

#elif defined(__aarch64__)

#ifndef NT_ARM_SYSTEM_CALL
#define NT_ARM_SYSTEM_CALL 0x404
#endif

static int set_number(pid_t tid, int nr)
{
	struct iovec iov = { &nr, sizeof(nr) };

	return ptrace(PTRACE_SETREGSET, tid, NT_ARM_SYSTEM_CALL, &iov) ? -errno : 0;
}

/* x0 is the first argument up to the call, and its result from then on. */
int regs__set_call(pid_t tid, bool compat, int nr, const uint64_t args[6], bool at_exit)
{
	struct user_regs_struct r;
	struct iovec iov = { &r, sizeof(r) };

	(void)compat;
	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov))
		return -errno;
	for (int i = at_exit ? 1 : 0; i < 6; i++)
		r.regs[i] = args[i];
	if (ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &iov))
		return -errno;
	return at_exit ? 0 : set_number(tid, nr);
}

void regs__clone_args(const struct clone_args *a, uint64_t args[6])
{
	args[1] = a->stack ? a->stack + a->stack_size : 0;
	args[2] = a->flags & CLONE_PIDFD ? a->pidfd : a->parent_tid;
	args[3] = a->tls;
	args[4] = a->child_tid;
}

int regs__set_result(pid_t tid, int64_t ret)
{
	struct user_regs_struct r;
	struct iovec iov = { &r, sizeof(r) };

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov))
		return -errno;
	r.regs[0] = (uint64_t)ret;
	return ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &iov) ? -errno : 0;
}

/* x0 still is the first argument while there is no result; only a restart that never came cannot be one. */
bool regs__result(pid_t tid, bool compat, int64_t *ret)
{
	struct user_regs_struct regs;
	struct iovec iov = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov))
		return false;
	*ret = compat ? (int32_t)regs.regs[0] : (int64_t)regs.regs[0];
	return *ret >= -516 && *ret <= -512;
}

int regs__refuse(pid_t tid, int err)
{
	struct user_regs_struct r;
	struct iovec iov = { &r, sizeof(r) };
	int failed = set_number(tid, -1);

	if (failed)
		return failed;
	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov))
		return -errno;
	r.regs[0] = (uint64_t)-(int64_t)err;
	return ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &iov) ? -errno : 0;
}

#else
#error "which registers hold a call's first argument, number and result here?"
#endif
