/* SPDX-License-Identifier: Apache-2.0 */
#include "regs.h"

#include <elf.h>
#include <errno.h>
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

int regs__set_first_arg(pid_t tid, bool compat, uint64_t value)
{
	struct user_regs_struct regs;
	int err = get(tid, &regs);

	if (err)
		return err;
	if (compat)
		regs.rbx = value;
	else
		regs.rdi = value;
	return set(tid, &regs);
}

int regs__restore_first_arg(pid_t tid, bool compat, uint64_t value)
{
	return regs__set_first_arg(tid, compat, value);
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

/* x0 is the first argument up to the call, and its result from then on. */
static int set_x0(pid_t tid, uint64_t value)
{
	struct user_regs_struct regs;
	struct iovec iov = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov))
		return -errno;
	regs.regs[0] = value;
	return ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &iov) ? -errno : 0;
}

int regs__set_first_arg(pid_t tid, bool compat, uint64_t value)
{
	(void)compat;
	return set_x0(tid, value);
}

int regs__restore_first_arg(pid_t tid, bool compat, uint64_t value)
{
	(void)tid;
	(void)compat;
	(void)value;
	return 0;
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
	int none = -1;
	struct iovec iov = { &none, sizeof(none) };

	if (ptrace(PTRACE_SETREGSET, tid, NT_ARM_SYSTEM_CALL, &iov))
		return -errno;
	return set_x0(tid, (uint64_t)-(int64_t)err);
}

#else
#error "which registers hold a call's first argument, number and result here?"
#endif
