/* SPDX-License-Identifier: Apache-2.0 */
/* Differences between architectures and kernels, one accessor each. */
#ifndef SANDTRACE_COMPAT_BPF_H
#define SANDTRACE_COMPAT_BPF_H

#include "maps.bpf.h"
#include "number.bpf.h"

/*
 * Loads SRC->MEMBER. Why not through the BTF pointer: each pointer loaded that way costs the verifier up to 4 ms on
 * kernels that look type names up one by one (seen on 6.18), which was most of the start-up time. The price: refused
 * under lockdown=confidentiality, where libbpf 1.1 would also rewrite bpf_probe_read_user to a helper that is refused,
 * so nothing is lost by it; `run` says so there.
 */
#define KGET(dst, src, member) bpf_probe_read_kernel(&(dst), sizeof(dst), &(src)->member)

#if defined(__TARGET_ARCH_x86)

#define TS_COMPAT 0x0002	   /* asm/thread_info.h: the current call came by int 0x80 or a 32-bit entry */
#define X32_SYSCALL_BIT 0x40000000 /* uapi asm/unistd.h */

/* On x86 a new task leaves fork through the syscall exit path: sys_exit fires without an enter. */
#define NEWBORN_FLAG ST_TASK_NEWBORN

static __always_inline __u32 syscall__abi(struct task_struct *task, long *nr)
{
	if (task->thread_info.status & TS_COMPAT)
		return EV_ABI_COMPAT32;
	/* a negative number has bit 30 set too */
	if (*nr >= 0 && (*nr & X32_SYSCALL_BIT)) {
		*nr &= ~X32_SYSCALL_BIT;
		return EV_ABI_X32;
	}
	return EV_ABI_NATIVE;
}

static __always_inline void syscall__args(struct pt_regs *regs, __u32 abi, __u64 args[6])
{
	if (abi == EV_ABI_COMPAT32) {
		args[0] = (__u32)regs->bx;
		args[1] = (__u32)regs->cx;
		args[2] = (__u32)regs->dx;
		args[3] = (__u32)regs->si;
		args[4] = (__u32)regs->di;
		args[5] = (__u32)regs->bp;
		return;
	}
	args[0] = regs->di;
	args[1] = regs->si;
	args[2] = regs->dx;
	args[3] = regs->r10;
	args[4] = regs->r8;
	args[5] = regs->r9;
}

static __always_inline long syscall__nr_at_exit(struct pt_regs *regs)
{
	return (int)regs->orig_ax;
}

#elif defined(__TARGET_ARCH_arm64)

#define NEWBORN_FLAG 0	    /* ret_from_fork does not pass the syscall exit trace */
#define TIF_32BIT 22	    /* asm/thread_info.h */

static __always_inline __u32 syscall__abi(struct task_struct *task, long *nr)
{
	return task->thread_info.flags & (1UL << TIF_32BIT) ? EV_ABI_COMPAT32 : EV_ABI_NATIVE;
}

static __always_inline void syscall__args(struct pt_regs *regs, __u32 abi, __u64 args[6])
{
	args[0] = regs->orig_x0; /* x0 holds the result by the time of sys_exit */
	args[1] = regs->regs[1];
	args[2] = regs->regs[2];
	args[3] = regs->regs[3];
	args[4] = regs->regs[4];
	args[5] = regs->regs[5];
	if (abi == EV_ABI_COMPAT32)
		for (int i = 0; i < 6; i++)
			args[i] = (__u32)args[i];
}

static __always_inline long syscall__nr_at_exit(struct pt_regs *regs)
{
	return regs->syscallno;
}
#endif

#endif
