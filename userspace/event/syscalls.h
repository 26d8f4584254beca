/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of each system call: argument names and types, and its category. Names and numbers come from
 * libseccomp, those of the native ABI when this is built, so that a call newer than this table still has its name;
 * signatures are keyed by name.
 */
#ifndef SANDTRACE_SYSCALLS_H
#define SANDTRACE_SYSCALLS_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "events.h"

/* Order is that of the specification; syscalls__category_name() gives the wire names. */
enum category {
	CAT_FILE_READ, CAT_FILE_WRITE, CAT_FILE_METADATA, CAT_DIRECTORY, CAT_PROCESS, CAT_NETWORK,
	CAT_MEMORY, CAT_SIGNAL, CAT_IPC, CAT_SYSTEM, CAT_OTHER, CAT_MAX,
};

enum arg_type {
	ARG_NONE = 0,
	ARG_INT,	  /* signed 32 bit, decimal */
	ARG_UINT,	  /* unsigned 32 bit, decimal */
	ARG_LONG,	  /* signed 64 bit, decimal */
	ARG_SIZE,	  /* unsigned 64 bit, decimal */
	ARG_HEX,	  /* unsigned 64 bit, hexadecimal: opaque bits */
	ARG_PTR,	  /* address that is not followed: NULL or hexadecimal */
	ARG_FD,		  /* file descriptor */
	ARG_DIRFD,	  /* file descriptor or AT_FDCWD */
	ARG_PATH,	  /* NUL-terminated path, copied */
	ARG_STR,	  /* other NUL-terminated string, copied (xattr name, host name, memfd name) */
	ARG_ARGV,	  /* char *argv[], copied */
	ARG_SOCKADDR,	  /* struct sockaddr given by the caller, length in the next argument, copied */
	ARG_SOCKADDR_OUT, /* struct sockaddr filled by the kernel, int *length in the next argument, copied */
	ARG_MSGHDR,	  /* struct msghdr: its msg_name is copied */
	ARG_PAIR,	  /* int[2] filled by the kernel, copied */
	ARG_OPEN_HOW,	  /* struct open_how, copied */
	ARG_PID, ARG_UID, ARG_GID,
	ARG_SIGNAL,	  /* signal number -> SIGTERM */
	ARG_MODE,	  /* file mode, octal */
	/* flag and enumeration types, formatted symbolically by flags__format() */
	ARG_OPEN_FLAGS, ARG_AT_FLAGS, ARG_ACCESS_MODE, ARG_PROT, ARG_MMAP_FLAGS, ARG_MREMAP_FLAGS,
	ARG_MSYNC_FLAGS, ARG_MADVICE, ARG_CLONE_FLAGS, ARG_WAIT_OPTIONS, ARG_SOCK_DOMAIN, ARG_SOCK_TYPE,
	ARG_SOCK_PROTO, ARG_MSG_FLAGS, ARG_SOCKOPT_LEVEL, ARG_SHUT_HOW, ARG_WHENCE, ARG_FCNTL_CMD, ARG_IOCTL_CMD,
	ARG_FUTEX_OP, ARG_EPOLL_OP, ARG_EPOLL_FLAGS, ARG_PIPE_FLAGS, ARG_EVENTFD_FLAGS, ARG_MEMFD_FLAGS,
	ARG_GETRANDOM_FLAGS, ARG_PRCTL_OP, ARG_ARCH_PRCTL_OP, ARG_SIGPROCMASK_HOW, ARG_CLOCK_ID, ARG_RLIMIT_RES,
	ARG_MOUNT_FLAGS, ARG_UMOUNT_FLAGS, ARG_RENAME_FLAGS, ARG_STATX_MASK, ARG_XATTR_FLAGS, ARG_SECCOMP_OP,
	ARG_BPF_CMD, ARG_PTRACE_REQ, ARG_FALLOC_MODE, ARG_SPLICE_FLAGS, ARG_INOTIFY_FLAGS, ARG_INOTIFY_MASK,
	ARG_UNSHARE_FLAGS, ARG_FLOCK_OP, ARG_CLOSE_RANGE_FLAGS,
	ARG_UNLINKAT_FLAGS, ARG_SIGNALFD_FLAGS, ARG_TIMERFD_FLAGS, ARG_IDTYPE, ARG_FADVICE,
	ARG_RUSAGE_WHO, ARG_SCHED_POLICY, ARG_RESOLVE_FLAGS, ARG_STATX_FLAGS, ARG_FACCESSAT_FLAGS,
	ARG_ACCEPT_FLAGS,
	ARG_TYPE_MAX,
};

/* Names within, not pointers to them: a table of pointers must be relocated, page by page, at each start of the program. */
struct syscall_arg {
	char name[15];
	uint8_t type; /* enum arg_type */
};

struct syscall_sig {
	char name[32];
	uint8_t category; /* enum category */
	uint8_t n_args;
	struct syscall_arg args[6];
};

/*
 * Fills the native table; call once before the others. The tables of other ABIs are filled, from libseccomp, when they
 * are first asked for, as signatures are. Not thread-safe. Always 0.
 */
int syscalls__init(void);

/* Name of a call; NULL when libseccomp knows none (beyond the table). The string lives for ever. */
const char *syscalls__name(enum ev_abi abi, int nr);

/* Signature; a generic one with six ARG_HEX arguments named arg0..arg5 when the call is not known. Never NULL. */
const struct syscall_sig *syscalls__sig(enum ev_abi abi, int nr);

/* Number of NAME in ABI, or -1. */
int syscalls__number(enum ev_abi abi, const char *name);

/*
 * Category of one call: that of SIG, refined by its arguments. An open that may write or create is
 * file_write, unlinkat of a directory is directory. The flags of openat2 are in memory and not seen: it
 * stays file_read.
 */
enum category syscalls__categorize(const struct syscall_sig *sig, enum ev_abi abi,
				   const __u64 args[6]);

const char *syscalls__category_name(enum category c);

/* "x86_64", "i386", "x32", "aarch64": what the `abi` field says. */
const char *syscalls__abi_name(enum ev_abi abi);

/*
 * Members of a strace-like class (file, desc, network or net, process, memory, signal, ipc, creds,
 * clock, pure, stat, lstat, fstat, statfs, fstatfs, %stat, %statfs) or of a category: 1 member, 0 not,
 * -ENOENT no such class. CLASS is given without its (first) percent sign. Where both exist, as for
 * process, strace's meaning holds.
 */
int syscalls__in_class(const struct syscall_sig *sig, const char *class);

/* The kernel's plan for one call: what memory to copy, whether it is an exec. Interest is not set here. */
struct st_plan syscalls__plan(enum ev_abi abi, int nr);

/*
 * Writes the symbolic form of VALUE ("O_RDONLY|O_CLOEXEC", "SIGTERM", "0644") into BUF, always NUL-terminated;
 * unknown bits are appended in hexadecimal. ABI matters where numbers differ. Returns the length written, cut at
 * SIZE - 1. 0 when TYPE has no symbolic form.
 */
size_t flags__format(enum arg_type type, uint64_t value, enum ev_abi abi, char *buf, size_t size);

/*
 * Argument INDEX of a call in symbolic form. As flags__format(), but sees its neighbours: the protocol of a
 * socket depends on the domain. 0 when the argument has no symbolic form.
 */
size_t flags__format_arg(const struct syscall_sig *sig, unsigned int index, const uint64_t args[6],
			 enum ev_abi abi, char *buf, size_t size);

/* "ENOENT", "ERESTARTSYS" (512 to 516, which never reach userspace); NULL when not known. ERR is positive. */
const char *errno__name(int err);
/* "SIGTERM", "SIGRTMIN+3"; NULL when not known. */
const char *signal__name(int sig);

#endif
