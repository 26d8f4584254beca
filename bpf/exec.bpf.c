/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that could not be executed. What could is told by sched_process_exec (bpf/process.bpf.c).
 *
 *   execve, execveat   the calls of their own names, when they return; on x86 those of 32-bit programs too
 *
 * Why fexit on the calls: no tracepoint tells of a failure, LSM hooks do not see what is not there or is no program, and
 * the generic way out of the kernel, which does, is passed by every call. Since 5.5, arm64 6.0; io_uring has no exec.
 * Context: the caller, on its way back: its memory is as it was, unless the kernel had begun to replace it, when it is
 * killed. It does not sleep.
 *
 * Missed: calls through the x32 ABI, and what seccomp refused, which never gets here. The path is what the caller's memory holds
 * now (a claim; another thread may have changed it since), relative to a descriptor that is not told; memory that is not
 * resident is not read (EV_PART_FAULT).
 */
#include "task.bpf.h"

#define EXEC_FAIL_LAYOUT(name, size)                                                               \
	struct name {                                                                              \
		struct ev_header h;                                                                \
		struct ev_proc_exec_fail e;                                                        \
		struct { struct ev_part p; char data[size]; } path;                                \
	}
EXEC_FAIL_LAYOUT(rec_exec_fail_small, 256);
EXEC_FAIL_LAYOUT(rec_exec_fail_large, EV_PATH_MAX);

#define EXEC_FAIL_FILL(r, ts, st, path_at, err)                                                    \
	({                                                                                         \
		long _n = bpf_probe_read_user_str((r)->path.data, sizeof((r)->path.data), (const void *)(path_at)); \
		bool _cut = _n == sizeof((r)->path.data);                                          \
		header__fill(&(r)->h, ts, st, bpf_get_current_pid_tgid(), EV_PROC_EXEC_FAIL, 0);   \
		task__fill(&(r)->e.task, bpf_get_current_task_btf(), st);                          \
		(r)->e.error = err;                                                                \
		(r)->e.pad = 0;                                                                    \
		part__fill(&(r)->path.p, EV_EXEC_FAIL_PATH, EV_PT_STR, _n > 0 ? _n - 1 : _n, _cut ? 0 : _n - 1, \
			   _cut ? EV_PART_TRUNCATED : EV_PART_OK);                                 \
		if (!(path_at))                                                                    \
			(r)->path.p.state = EV_PART_NULL;                                          \
		(r)->h.parts = __builtin_offsetof(__typeof__(*(r)), path);                         \
		_cut;                                                                              \
	})

/* 1: the path did not fit; -1: no room in the ring. */
__noinline int exec__fail_small(struct st_task *st, __u64 path, int err)
{
	__u64 ts = bpf_ktime_get_ns(); /* before reserving: what the reader's order rests on */
	struct rec_exec_fail_small *r;

	if (!st)
		return -1;
	r = bpf_ringbuf_reserve(&st_urgent, sizeof(*r), 0);
	if (!r)
		return -1;
	if (EXEC_FAIL_FILL(r, ts, st, path, err)) {
		emit__discard(r);
		return 1;
	}
	emit__submit_process(r);
	return 0;
}

__noinline int exec__fail_large(struct st_task *st, __u64 path, int err)
{
	__u64 ts = bpf_ktime_get_ns();
	struct rec_exec_fail_large *r;

	if (!st)
		return -1;
	r = bpf_ringbuf_reserve(&st_urgent, sizeof(*r), 0);
	if (!r)
		return -1;
	EXEC_FAIL_FILL(r, ts, st, path, err);
	emit__submit_process(r);
	return 0;
}

static __always_inline int exec__failed(__u64 path, int err)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	int emitted;

	if (!st)
		return 0;
	counters__seen(EV_CLASS_PROCESS);
	emitted = exec__fail_small(st, path, err);
	if (emitted > 0)
		emitted = exec__fail_large(st, path, err);
	if (emitted < 0)
		counters__lost(EV_CLASS_PROCESS);
	return 0;
}

/* The register of the caller that holds the path, and how much of it. */
#define EXEC_FAILED(name, function, reg, type)                                                     \
	SEC("?fexit/" function)                                                                    \
	int BPF_PROG(name, const struct pt_regs *regs, long ret)                                   \
	{                                                                                          \
		__u64 path = 0;                                                                    \
		if (ret >= 0)                                                                      \
			return 0;                                                                  \
		KGET(path, regs, reg);                                                             \
		return exec__failed((type)path, ret);                                              \
	}

#if defined(__TARGET_ARCH_x86)
EXEC_FAILED(exec_fail, "__x64_sys_execve", di, __u64)
EXEC_FAILED(exec_fail_at, "__x64_sys_execveat", si, __u64)
EXEC_FAILED(exec_fail_32, "__ia32_compat_sys_execve", bx, __u32)
EXEC_FAILED(exec_fail_at_32, "__ia32_compat_sys_execveat", cx, __u32)
#elif defined(__TARGET_ARCH_arm64)
EXEC_FAILED(exec_fail, "__arm64_sys_execve", orig_x0, __u64)
EXEC_FAILED(exec_fail_at, "__arm64_sys_execveat", regs[1], __u64)
EXEC_FAILED(exec_fail_32, "__arm64_compat_sys_execve", orig_x0, __u32)
EXEC_FAILED(exec_fail_at_32, "__arm64_compat_sys_execveat", regs[1], __u32)
#endif

char LICENSE[] SEC("license") = "GPL";
