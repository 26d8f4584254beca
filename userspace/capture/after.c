/* SPDX-License-Identifier: Apache-2.0 */
#include "after.h"

#include "base/util.h"
#include "event/syscalls.h"
#include "guard.h"

#define OP(name, kernel_op, guard_op) { name, { .way = ST_AFTER_OP, .op = kernel_op, .arg = guard_op } }
#define OPEN(name, flags) { name, { .way = ST_AFTER_OPEN, .arg = flags } }
#define CHANGE(name, fd, file_op) { name, { .way = ST_AFTER_CHANGE, .op = file_op, .arg = fd } }

static const struct {
	const char *name;
	struct st_after row;
} calls[] = {
	OPEN("open", 1),
	OPEN("openat", 2),
	OPEN("creat", 0),
	OPEN("open_by_handle_at", 2),
	{ "openat2", { .way = ST_AFTER_HOW } },

	CHANGE("write", 0, EV_FILE_WRITE),
	CHANGE("writev", 0, EV_FILE_WRITE),
	CHANGE("pwrite64", 0, EV_FILE_WRITE),
	CHANGE("pwritev", 0, EV_FILE_WRITE),
	CHANGE("pwritev2", 0, EV_FILE_WRITE),
	CHANGE("sendfile", 0, EV_FILE_WRITE),
	CHANGE("sendfile64", 0, EV_FILE_WRITE),
	CHANGE("splice", 2, EV_FILE_WRITE),
	CHANGE("copy_file_range", 2, EV_FILE_WRITE),
	CHANGE("fallocate", 0, EV_FILE_WRITE),
	CHANGE("ftruncate", 0, EV_FILE_TRUNCATE),
	CHANGE("ftruncate64", 0, EV_FILE_TRUNCATE),
	CHANGE("fchmod", 0, EV_FILE_CHMOD),
	CHANGE("fchown", 0, EV_FILE_CHOWN),
	CHANGE("fchown32", 0, EV_FILE_CHOWN),
	CHANGE("fsetxattr", 0, EV_FILE_SETXATTR),
	CHANGE("fremovexattr", 0, EV_FILE_REMOVEXATTR),
	{ "ioctl", { .way = ST_AFTER_CLONE } },

	{ "mmap", { .way = ST_AFTER_MMAP } },
	{ "mmap2", { .way = ST_AFTER_MMAP } },
	{ "mprotect", { .way = ST_AFTER_MPROTECT } },
	{ "pkey_mprotect", { .way = ST_AFTER_MPROTECT } },

	OP("bpf", EV_KERNEL_BPF, GUARD_OP_BPF),
	OP("ptrace", EV_KERNEL_PTRACE, GUARD_OP_PTRACE),
	OP("process_vm_readv", EV_KERNEL_PTRACE, GUARD_OP_PTRACE),
	OP("process_vm_writev", EV_KERNEL_PTRACE, GUARD_OP_PTRACE),
	OP("pidfd_getfd", EV_KERNEL_PTRACE, GUARD_OP_PTRACE),
	OP("mount", EV_KERNEL_MOUNT, GUARD_OP_MOUNT),
	OP("fsmount", EV_KERNEL_MOUNT, GUARD_OP_MOUNT),
	OP("umount", EV_KERNEL_UMOUNT, GUARD_OP_MOUNT),
	OP("umount2", EV_KERNEL_UMOUNT, GUARD_OP_MOUNT),
	OP("move_mount", EV_KERNEL_MOVE_MOUNT, GUARD_OP_MOUNT),
	OP("pivot_root", EV_KERNEL_PIVOT_ROOT, GUARD_OP_MOUNT),
	OP("init_module", EV_KERNEL_MODULE, GUARD_OP_MODULE),
	OP("finit_module", EV_KERNEL_MODULE, GUARD_OP_MODULE),
	OP("kexec_load", EV_KERNEL_KEXEC, GUARD_OP_KEXEC),
	OP("kexec_file_load", EV_KERNEL_KEXEC, GUARD_OP_KEXEC),
	OP("perf_event_open", EV_KERNEL_PERF, GUARD_OP_PERF),
	OP("io_uring_setup", EV_KERNEL_IO_URING, GUARD_OP_IO_URING),
};

void after__rows(struct st_after (*rows)[ST_NR_SYSCALLS])
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		for (int abi = 0; abi < EV_ABI_MAX; abi++) {
			int nr = syscalls__number((enum ev_abi)abi, calls[i].name);

			if (nr >= 0 && nr < ST_NR_SYSCALLS)
				rows[abi][nr] = calls[i].row;
		}
}
