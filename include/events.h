/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire ABI between the BPF programs and userspace: what one ring record looks like.
 *
 * A record is   struct ev_header | payload struct of its kind | parts...
 *
 * The payload holds scalars. Everything of variable length (a path, an argv, a socket address) is a
 * "part": struct ev_part followed by its bytes. Parts form a chain through ev_part.next, so a program may
 * lay them at fixed offsets and leave gaps, which keeps the verifier's work small.
 *
 * Adding a kind (docs/adding-an-event.md): its enumerator, its struct, its field list and one row in
 * EVENTS below. Decoding, bounds checks, JSON, the terminal view and docs/events.md follow from that row.
 *
 * Rules: no holes (-Wpadded would show them), sizes are multiples of 8, fixed-width types only,
 * numbers are never reused. The JSON key of a field is its member name.
 */
#ifndef SANDTRACE_EVENTS_H
#define SANDTRACE_EVENTS_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/* Limits of what is copied from a traced task. PATH_MAX and the kernel's own comm length; 32 KiB of argv
 * holds all but 0.1 % of the command lines of a large C++ build. */
#define EV_PATH_MAX 4096
#define EV_ARGV_MAX 32768
#define EV_COMM_LEN 16
#define EV_MAX_PARTS 8
/* No record is longer than this; the reader treats a longer one as corrupt. */
#define EV_RECORD_MAX 65528

enum event_kind {
	EV_SYSCALL = 1,	      /* raw_syscalls:sys_enter + sys_exit, bpf/syscall.bpf.c */
	EV_PROC_SPAWN = 2,    /* sched_process_fork, bpf/process.bpf.c */
	EV_PROC_EXEC = 3,     /* sched_process_exec, bpf/process.bpf.c */
	EV_PROC_EXIT = 4,     /* sched_process_exit, bpf/process.bpf.c */
	EV_PROC_SIGNAL = 5,   /* signal_deliver, bpf/signal.bpf.c */
	EV_PROC_EXEC_FAIL = 6, /* the execve calls' return, bpf/exec.bpf.c */
	EV_FILE = 16,	      /* LSM hooks of files, or what calls returned, bpf/file.bpf.c */
	EV_NET = 17,	      /* LSM hooks of sockets, bpf/socket.bpf.c */
	EV_KERNEL = 18,	      /* LSM hooks and others of what changes the system, bpf/kernel.bpf.c, system, namespace */
	EV_CRED = 19,	      /* LSM hooks of credentials, bpf/cred.bpf.c */
	EV_FILE_IO = 20,      /* reads and writes, added up, bpf/io.bpf.c */
	EV_FLOW = 21,	      /* connections, and datagrams added up, bpf/flow.bpf.c */
	EV_NAME = 22,	      /* names on the network: DNS, TLS, bpf/name.bpf.c */
	EV_RATE = 23,	      /* a class of records is held back, bpf/rate.bpf.h */
};

/* Loss and totals are accounted by class (per-CPU counters, include/config.h). */
enum event_class {
	EV_CLASS_SYSCALL = 0,
	EV_CLASS_PROCESS = 1,
	EV_CLASS_FILE = 2,
	EV_CLASS_NETWORK = 3,
	EV_CLASS_KERNEL = 4, /* and credentials */
	EV_CLASS_MAX = 5,
};

/* ev_header.flags. */
#define EV_F_NO_ENTER (1 << 0)	 /* exit seen without an enter: what a seccomp denial looks like */
#define EV_F_NO_RETURN (1 << 1)	 /* the task died in the call, or the call never returns (exit) */
#define EV_F_THREAD (1 << 2)	 /* spawn, exit: a thread, not a whole process */

struct ev_header {
	__u64 ts;	/* CLOCK_MONOTONIC ns at the hook; for a syscall: when it returned */
	__u64 exec_id;	/* program image: minted at each fork and each exec, never reused in a run */
	__u32 tgid;	/* process id in the initial pid namespace */
	__u32 tid;	/* thread id in the initial pid namespace */
	__u16 kind;	/* enum event_kind */
	__u16 flags;	/* EV_F_* */
	__u16 parts;	/* offset of the first struct ev_part from the record's start; 0: none */
	__u16 reserved;
};

/* How complete a part is. Never silently empty: an unreadable string has a state that says so. */
enum ev_part_state {
	EV_PART_OK = 0,
	EV_PART_TRUNCATED = 1, /* longer than what is kept; true_len tells by how much where it is known */
	EV_PART_FAULT = 2,     /* the memory could not be read (not mapped, or not resident) */
	EV_PART_NULL = 3,      /* the caller passed a null pointer */
	EV_PART_GONE = 4,      /* the task died before its memory could be read */
};

struct ev_part {
	__u16 next;	/* offset of the next part from the record's start; 0: this is the last */
	__u8 id;	/* for a syscall: argument index or EV_PART_RESULT; else the number in the kind's list */
	__u8 state;	/* enum ev_part_state */
	__u32 len;	/* bytes that follow this struct; strings are stored without their NUL */
	__u32 true_len; /* length in the task's memory, same unit; 0: not known (state TRUNCATED) */
	__u32 type;	/* enum ev_part_type */
};

/* Part id: the path behind the descriptor that a call returned (-y). For an argument, the path stands for its fd. */
#define EV_PART_RESULT 6
/* Part id: the current directory, of a failed call with a path relative to it (st_config.deny_paths). */
#define EV_PART_CWD 7

/* What the bytes of a part are. */
enum ev_part_type {
	EV_PT_STR = 1,	    /* one string as the caller gave it: a claim, another thread may change it */
	EV_PT_ARGV = 2,	    /* strings, each ended by NUL */
	EV_PT_SOCKADDR = 3, /* struct sockaddr as in memory */
	EV_PT_PATH = 4,	    /* kernel path: components leaf first, each ended by NUL; userspace reverses it */
	EV_PT_BYTES = 5,    /* plain memory: struct open_how, an int pair */
};

/* The ABI through which a syscall was made: numbers mean different calls in each. */
enum ev_abi {
	EV_ABI_NATIVE = 0,   /* x86_64, aarch64 */
	EV_ABI_COMPAT32 = 1, /* i386 by int 0x80 or sysenter; arm EABI */
	EV_ABI_X32 = 2,	     /* x86_64 only; nr is stored without bit 30 */
	EV_ABI_MAX = 3,
};

struct ev_syscall {
	__s64 ret;	     /* as the kernel returned it, -errno included; 0 with EV_F_NO_RETURN */
	__u64 duration;	     /* ns from enter to exit (to death with NO_RETURN); 0 with EV_F_NO_ENTER */
	__s32 nr;	     /* number within abi */
	__u32 abi;	     /* enum ev_abi */
	__u64 args[6];	     /* registers at entry, zero-extended for 32-bit callers */
};

/* Who: shared head of every process record. */
struct ev_task {
	__u64 parent_exec_id; /* exec_id of the image that forked or exec'ed this one */
	__u64 cgroup_id;      /* v2 cgroup: inode number of its directory */
	__u32 ppid;	      /* initial pid namespace */
	__u32 ns_pid;	      /* innermost pid namespace of the task, i.e. what it calls itself; 0: not readable */
	__u32 ns_tid;
	__u32 uid;	      /* real and effective, initial user namespace */
	__u32 euid;
	__u32 gid;
	__u32 egid;
	__u32 pad;
	char comm[EV_COMM_LEN];
};

struct ev_proc_spawn {
	struct ev_task task;  /* of the parent, but ns_pid and ns_tid are the child's */
	__u64 child_exec_id;
	__u32 child_pid;      /* tgid of the new task, initial pid namespace */
	__u32 child_tid;
};

/* ev_proc_exec.image_flags */
#define EV_IMG_MEMFD (1 << 0)	   /* anonymous memory file: no path on any disk */
#define EV_IMG_DELETED (1 << 1)	   /* the file has no name any more */
#define EV_IMG_SCRIPT (1 << 2)	   /* #! or binfmt_misc: interp runs, path is what was asked for */
#define EV_IMG_SECURE (1 << 3)	   /* AT_SECURE: set-id or file capabilities took effect */
#define EV_IMG_UPPER (1 << 4)	   /* in the upper layer of an overlay: not of the image, written since */
#define EV_IMG_FILE_CAPS (1 << 5)  /* the file has capabilities, and they took effect */
#define EV_IMG_SETUID (1 << 6)	   /* its set-user-id bit took effect */
#define EV_IMG_SETGID (1 << 7)

/* Parts of EV_PROC_EXEC. */
#define EV_EXEC_PATH 0
#define EV_EXEC_ARGV 1
#define EV_EXEC_INTERP 2
#define EV_EXEC_EXE 3
#define EV_EXEC_CWD 4

struct ev_proc_exec {
	struct ev_task task;
	__u64 inode;	     /* of the file that was mapped as the program */
	__u32 dev_major;
	__u32 dev_minor;
	__u32 old_tid;	     /* tid before the exec: differs when a non-leader thread called it */
	__u32 image_flags;   /* EV_IMG_* */
};

/* Parts of EV_PROC_EXEC_FAIL. */
#define EV_EXEC_FAIL_PATH 0

/* The image that called goes on. PATH is a claim: what the call was given, read when it had failed. */
struct ev_proc_exec_fail {
	struct ev_task task;
	__s32 error; /* -errno */
	__u32 pad;
};

struct ev_proc_exit {
	struct ev_task task;
	__u64 utime;	     /* ns; of the process for its last thread, else of the thread */
	__u64 stime;
	__u64 maxrss_kb;     /* high-water mark, only with the last thread */
	__u64 minflt;
	__u64 majflt;
	__u64 nvcsw;
	__u64 nivcsw;
	__u32 exit_code;     /* exit status 0-255 */
	__u32 signal;	     /* signal that killed it, 0: none */
	__u32 core;	     /* 1: core dumped */
	__u32 pad;
};

struct ev_proc_signal {
	struct ev_task task;  /* who receives it */
	__u32 signal;
	__s32 code;	      /* siginfo si_code: SI_USER 0, SI_TKILL -6, SI_KERNEL 128, ... */
	__u32 sender_pid;     /* of kill, tgkill, sigqueue, in the receiver's pid namespace; 0: none, or not known */
	__u32 handled;	      /* 1: goes to a handler, 0: the default action */
};

/* What came of an action that the security profile saw. */
enum ev_verdict {
	EV_ALLOWED = 0,	   /* by no rule, or by the one that is named */
	EV_DENIED = 1,	   /* the caller gets EPERM */
	EV_WOULD_DENY = 2, /* audit mode, or a rule that only tells: let through */
	EV_KILLED = 3,	   /* refused, and the process gets SIGKILL */
	EV_KILLED_AFTER = 4, /* nothing here could refuse it: it happened, and then the process got SIGKILL */
};

/* Head of every record of the security profile, behind its task. */
struct ev_act {
	__u32 op;      /* of its kind: enum ev_file_op, ev_net_op, ... */
	__u32 verdict; /* enum ev_verdict */
	__u32 rule;    /* number in the policy that is in force; 0: none */
	__u32 policy;  /* which policy, counted from 1; 0: none */
};

enum ev_file_op {
	EV_FILE_OPEN_READ = 1, /* only what a rule is about, and what is watched */
	EV_FILE_OPEN_WRITE = 2,
	EV_FILE_CREATE = 3,
	EV_FILE_MKNOD = 4,     /* a device, FIFO or socket */
	EV_FILE_UNLINK = 5,
	EV_FILE_RMDIR = 6,
	EV_FILE_MKDIR = 7,
	EV_FILE_SYMLINK = 8,   /* text: where to, as written */
	EV_FILE_LINK = 9,      /* path: the file, new_path: its second name */
	EV_FILE_RENAME = 10,
	EV_FILE_TRUNCATE = 11,
	EV_FILE_CHMOD = 12,    /* arg: the new mode */
	EV_FILE_CHOWN = 13,    /* arg: the new uid << 32 | gid; all ones: unchanged */
	EV_FILE_SETXATTR = 14, /* text: its name */
	EV_FILE_REMOVEXATTR = 15,
	EV_FILE_MMAP_EXEC = 16,
	EV_FILE_MPROTECT_EXEC = 17,
	EV_FILE_EXEC = 18,     /* about to be executed, a script's interpreter too; only what a rule is about */
	EV_FILE_WRITE = 19,    /* by a descriptor that was open before; only when refused */
};

#define EV_FILE_FLAG_DELETED (1 << 0)
#define EV_FILE_FLAG_MEMFD (1 << 1)
#define EV_FILE_FLAG_LINKS (1 << 2)  /* a file with more than one name */
#define EV_FILE_FLAG_TOO_DEEP (1 << 3) /* its path is too long to walk: judged as denied by any rule */
/* Of what is made executable. */
#define EV_FILE_FLAG_ANONYMOUS (1 << 4) /* memory without a file: no path, no inode */
#define EV_FILE_FLAG_WRITABLE (1 << 5)	/* and can be written to at the same time */
#define EV_FILE_FLAG_WRITTEN (1 << 6)	/* it could be written to before, or was */

/* Parts of EV_FILE. */
#define EV_FILE_PATH 0
#define EV_FILE_NEW_PATH 1
#define EV_FILE_TEXT 2

struct ev_file {
	struct ev_task task;
	struct ev_act act;
	__u64 inode;	 /* 0: there is none yet */
	__u64 arg;
	__u32 dev_major;
	__u32 dev_minor;
	__u32 mode;	 /* st_mode: type and permissions */
	__u32 file_flags; /* EV_FILE_FLAG_* */
};

/* Parts of EV_FILE_IO. */
#define EV_FILE_IO_PATH 0

/* What one process has read from and written to one file since the last such record of the two. */
struct ev_file_io {
	struct ev_task task;
	__u64 inode;
	__u64 reads; /* calls */
	__u64 read_bytes;
	__u64 writes;
	__u64 write_bytes;
	__u64 first_ago; /* ns between the first of them and this record's time */
	__u64 last_ago;
	__u32 dev_major;
	__u32 dev_minor;
	__u32 mode;
	__u32 file_flags; /* EV_FILE_FLAG_* */
};

enum ev_net_op {
	EV_NET_SOCKET = 1,
	EV_NET_CONNECT = 2,
	EV_NET_BIND = 3,
	EV_NET_LISTEN = 4,
	EV_NET_ACCEPT = 5,
	EV_NET_SEND = 6, /* with an address in the call; or, without, refused */
	EV_NET_OPTION = 7, /* a route for all that will be sent; only when refused */
};

/* Parts of EV_NET. */
#define EV_NET_REMOTE 0
#define EV_NET_LOCAL 1

struct ev_net {
	struct ev_task task;
	struct ev_act act;
	__u64 socket;	/* inode number, as in /proc/PID/fd; 0: not made yet */
	__u32 family;	/* AF_* */
	__u32 type;	/* SOCK_*, without flags */
	__u32 protocol; /* IPPROTO_* */
	__u32 pad;
};

enum ev_flow_op {
	EV_FLOW_OPEN = 1,   /* TCP: established */
	EV_FLOW_CLOSE = 2,  /* TCP: over */
	EV_FLOW_FAILED = 3, /* TCP: a connect that came to nothing */
	EV_FLOW_DATAGRAMS = 4, /* UDP: to and from one address, since the last such record */
	EV_FLOW_ONGOING = 5,   /* TCP: open, and still there when the recording ends; instead of CLOSE */
};

/* Parts of EV_FLOW. */
#define EV_FLOW_REMOTE 0
#define EV_FLOW_LOCAL 1

/*
 * TASK and the header's ids are whose it is, as of then: who connected; who listened, until somebody accepted it (LSM); of
 * UDP, who made the socket, or had it when recording began. Addresses are as on the wire. Begins as ev_net does.
 */
struct ev_flow {
	struct ev_task task;
	struct ev_act act;
	__u64 socket;
	__u32 family;
	__u32 type;
	__u32 protocol;
	__u32 incoming;	   /* 1: the other side began */
	__u64 bytes_out;   /* payload; TCP: what the other side has acknowledged */
	__u64 bytes_in;
	__u64 packets_out; /* TCP: segments with payload, those sent again too; UDP: datagrams */
	__u64 packets_in;
	__u64 duration;	   /* ns since it began, or was first seen: of TCP from established on */
	__s32 error;	   /* -errno of how it ended; 0: in order, or given up on this side */
	__u32 retransmits;
};

enum ev_name_op {
	EV_NAME_DNS_QUERY = 1,
	EV_NAME_DNS_ANSWER = 2,
	EV_NAME_TLS_HELLO = 3, /* the first message of a TLS client */
};

/* Parts of EV_NAME. */
#define EV_NAME_REMOTE 0
#define EV_NAME_LOCAL 1
#define EV_NAME_PACKET 2

/* PACKET is what went over the network, as it was there: userspace/enrich/ takes it apart. Begins as ev_net does. */
struct ev_name {
	struct ev_task task;
	struct ev_act act;
	__u64 socket;
	__u32 family;
	__u32 type;
	__u32 protocol;
	__u32 offset; /* TCP: of PACKET in what the connection carries in this direction */
};

enum ev_kernel_op {
	EV_KERNEL_BPF = 1,	  /* arg: the command */
	EV_KERNEL_PTRACE = 2,	  /* arg: PTRACE_MODE_*; target */
	EV_KERNEL_MODULE = 3,	  /* path: the file, where there is one */
	EV_KERNEL_FIRMWARE = 4,
	EV_KERNEL_KEXEC = 5,
	EV_KERNEL_PERF = 6,	  /* arg: type of the event */
	EV_KERNEL_MOUNT = 7,	  /* path: where; by fsconfig none: made or changed; text: what; arg: flags */
	EV_KERNEL_UMOUNT = 8,
	EV_KERNEL_MOVE_MOUNT = 9,
	EV_KERNEL_PIVOT_ROOT = 10,
	EV_KERNEL_USERNS = 11,
	EV_KERNEL_IO_URING = 12,  /* a ring is made */
	EV_KERNEL_SIGNAL = 13,	  /* to a process that is not below the sender; arg: the signal; target */
	EV_KERNEL_LIMIT = 15,	  /* of the recorder itself, so refused; arg: RLIMIT_* */
	EV_KERNEL_READ_FILE = 14, /* the kernel reads another kind of file; arg: enum kernel_read_file_id */
	EV_KERNEL_SYSCTL = 16,	  /* written; text: NAME=VALUE */
	EV_KERNEL_KEY = 17,	  /* a key is made, or another's is used; arg: KEY_NEED_* or 0; text: type and description */
	EV_KERNEL_LOCKDOWN = 18,  /* what kernel lockdown would refuse; arg: enum lockdown_reason; text: what it is */
	EV_KERNEL_OWN_MAP = 19,	  /* somebody gets a descriptor of a map of the recorder's; arg: its id; text: its name */
	EV_KERNEL_NAMESPACE = 20, /* entered or made; arg: CLONE_NEW* of those that changed */
	EV_KERNEL_PRCTL = 21,	  /* arg: the option; text: its argument, as a number */
	EV_KERNEL_CGROUP = 22,	  /* moved to another; target, path of the group as text */
};

/* Parts of EV_KERNEL. */
#define EV_KERNEL_PATH 0
#define EV_KERNEL_TEXT 1

struct ev_kernel {
	struct ev_task task;
	struct ev_act act;
	__u64 arg;
	__u32 target_pid; /* of another process that it is about; 0: none */
	__u32 pad;
	char target_comm[EV_COMM_LEN];
	__u64 inode;	 /* of the file or directory that PATH names; 0: there is none */
	__u32 dev_major; /* device of its file system */
	__u32 dev_minor;
};

enum ev_cred_op {
	EV_CRED_SETUID = 1, /* any of the set*uid calls, or the kernel on their behalf */
	EV_CRED_SETGID = 2,
	EV_CRED_CAPSET = 3,
	EV_CRED_SETGROUPS = 4, /* supplementary groups */
	EV_CRED_USERNS = 5,    /* entered or made a user namespace: capabilities are of that from now on */
};

struct ev_cred {
	struct ev_task task; /* before */
	struct ev_act act;
	__u32 new_uid;
	__u32 new_euid;
	__u32 new_gid;
	__u32 new_egid;
	__u64 old_caps; /* effective */
	__u64 new_caps;
	__u64 new_permitted;
};

enum ev_rate_op {
	EV_RATE_BEGIN = 1, /* from here on records are held back */
	EV_RATE_END = 2,   /* no more are; suppressed: how many were */
};

/* TASK is who was about to be recorded; the limit is its control group's. */
struct ev_rate {
	struct ev_task task;
	struct ev_act act;
	__u32 class; /* enum event_class */
	__u32 pad;
	__u64 suppressed;
	__u64 since_ago; /* ns between the first that was held back and this record's time */
};

/*
 * Field lists. F(struct, member, TYPE) is a scalar of the payload, P(id, name, TYPE) a part.
 * TYPE of scalars: U32, S32, U64, S64, BOOL32 (u32 0/1), COMM (char[16]), IMG (EV_IMG_* as a list of names),
 * OP (the record's action, by its kind), CLASS (enum event_class by name), VERDICT (enum ev_verdict by name), FFLAGS (EV_FILE_FLAG_* as a list of names),
 * PAD (filler: listed so that a member left out by mistake is an error of decode.c, and not shown).
 * TYPE of parts: STR, ARGV, PATH, SOCKADDR, BYTES.
 */
#define EV_TASK_FIELDS(F, S)                                                                       \
	F(S, task.parent_exec_id, U64)                                                             \
	F(S, task.cgroup_id, U64)                                                                  \
	F(S, task.ppid, U32)                                                                       \
	F(S, task.ns_pid, U32)                                                                     \
	F(S, task.ns_tid, U32)                                                                     \
	F(S, task.uid, U32)                                                                        \
	F(S, task.euid, U32)                                                                       \
	F(S, task.gid, U32)                                                                        \
	F(S, task.egid, U32)                                                                       \
	F(S, task.pad, PAD)                                                                        \
	F(S, task.comm, COMM)

#define EV_PROC_SPAWN_FIELDS(F, P)                                                                 \
	EV_TASK_FIELDS(F, ev_proc_spawn)                                                           \
	F(ev_proc_spawn, child_exec_id, U64)                                                       \
	F(ev_proc_spawn, child_pid, U32)                                                           \
	F(ev_proc_spawn, child_tid, U32)

#define EV_PROC_EXEC_FIELDS(F, P)                                                                  \
	EV_TASK_FIELDS(F, ev_proc_exec)                                                            \
	F(ev_proc_exec, inode, U64)                                                                \
	F(ev_proc_exec, dev_major, U32)                                                            \
	F(ev_proc_exec, dev_minor, U32)                                                            \
	F(ev_proc_exec, old_tid, U32)                                                              \
	F(ev_proc_exec, image_flags, IMG)                                                          \
	P(EV_EXEC_PATH, path, STR)                                                                 \
	P(EV_EXEC_ARGV, argv, ARGV)                                                                \
	P(EV_EXEC_INTERP, interp, STR)                                                             \
	P(EV_EXEC_EXE, exe, PATH)                                                                  \
	P(EV_EXEC_CWD, cwd, PATH)

#define EV_PROC_EXEC_FAIL_FIELDS(F, P)                                                             \
	EV_TASK_FIELDS(F, ev_proc_exec_fail)                                                       \
	F(ev_proc_exec_fail, error, S32)                                                           \
	F(ev_proc_exec_fail, pad, PAD)                                                             \
	P(EV_EXEC_FAIL_PATH, path, STR)

#define EV_PROC_EXIT_FIELDS(F, P)                                                                  \
	EV_TASK_FIELDS(F, ev_proc_exit)                                                            \
	F(ev_proc_exit, utime, U64)                                                                \
	F(ev_proc_exit, stime, U64)                                                                \
	F(ev_proc_exit, maxrss_kb, U64)                                                            \
	F(ev_proc_exit, minflt, U64)                                                               \
	F(ev_proc_exit, majflt, U64)                                                               \
	F(ev_proc_exit, nvcsw, U64)                                                                \
	F(ev_proc_exit, nivcsw, U64)                                                               \
	F(ev_proc_exit, exit_code, U32)                                                            \
	F(ev_proc_exit, signal, U32)                                                               \
	F(ev_proc_exit, core, BOOL32)                                                              \
	F(ev_proc_exit, pad, PAD)

#define EV_PROC_SIGNAL_FIELDS(F, P)                                                                \
	EV_TASK_FIELDS(F, ev_proc_signal)                                                          \
	F(ev_proc_signal, signal, U32)                                                             \
	F(ev_proc_signal, code, S32)                                                               \
	F(ev_proc_signal, sender_pid, U32)                                                         \
	F(ev_proc_signal, handled, BOOL32)

#define EV_ACT_FIELDS(F, S)                                                                        \
	F(S, act.op, OP)                                                                           \
	F(S, act.verdict, VERDICT)                                                                 \
	F(S, act.rule, U32)                                                                        \
	F(S, act.policy, U32)

#define EV_FILE_FIELDS(F, P)                                                                       \
	EV_TASK_FIELDS(F, ev_file)                                                                 \
	EV_ACT_FIELDS(F, ev_file)                                                                  \
	F(ev_file, inode, U64)                                                                     \
	F(ev_file, arg, U64)                                                                       \
	F(ev_file, dev_major, U32)                                                                 \
	F(ev_file, dev_minor, U32)                                                                 \
	F(ev_file, mode, U32)                                                                      \
	F(ev_file, file_flags, FFLAGS)                                                             \
	P(EV_FILE_PATH, path, PATH)                                                                \
	P(EV_FILE_NEW_PATH, new_path, PATH)                                                        \
	P(EV_FILE_TEXT, text, STR)

#define EV_NET_FIELDS(F, P)                                                                        \
	EV_SOCKET_FIELDS(F, ev_net)                                                                \
	F(ev_net, pad, PAD)                                                                        \
	P(EV_NET_REMOTE, remote, SOCKADDR)                                                         \
	P(EV_NET_LOCAL, local, SOCKADDR)

#define EV_KERNEL_FIELDS(F, P)                                                                     \
	EV_TASK_FIELDS(F, ev_kernel)                                                               \
	EV_ACT_FIELDS(F, ev_kernel)                                                                \
	F(ev_kernel, arg, U64)                                                                     \
	F(ev_kernel, target_pid, U32)                                                              \
	F(ev_kernel, pad, PAD)                                                                     \
	F(ev_kernel, target_comm, COMM)                                                            \
	F(ev_kernel, inode, U64)                                                                   \
	F(ev_kernel, dev_major, U32)                                                               \
	F(ev_kernel, dev_minor, U32)                                                               \
	P(EV_KERNEL_PATH, path, PATH)                                                              \
	P(EV_KERNEL_TEXT, text, STR)

#define EV_CRED_FIELDS(F, P)                                                                       \
	EV_TASK_FIELDS(F, ev_cred)                                                                 \
	EV_ACT_FIELDS(F, ev_cred)                                                                  \
	F(ev_cred, new_uid, U32)                                                                   \
	F(ev_cred, new_euid, U32)                                                                  \
	F(ev_cred, new_gid, U32)                                                                   \
	F(ev_cred, new_egid, U32)                                                                  \
	F(ev_cred, old_caps, U64)                                                                  \
	F(ev_cred, new_caps, U64)                                                                  \
	F(ev_cred, new_permitted, U64)

#define EV_FILE_IO_FIELDS(F, P)                                                                    \
	EV_TASK_FIELDS(F, ev_file_io)                                                              \
	F(ev_file_io, inode, U64)                                                                  \
	F(ev_file_io, reads, U64)                                                                  \
	F(ev_file_io, read_bytes, U64)                                                             \
	F(ev_file_io, writes, U64)                                                                 \
	F(ev_file_io, write_bytes, U64)                                                            \
	F(ev_file_io, first_ago, U64)                                                              \
	F(ev_file_io, last_ago, U64)                                                               \
	F(ev_file_io, dev_major, U32)                                                              \
	F(ev_file_io, dev_minor, U32)                                                              \
	F(ev_file_io, mode, U32)                                                                   \
	F(ev_file_io, file_flags, FFLAGS)                                                          \
	P(EV_FILE_IO_PATH, path, PATH)

#define EV_SOCKET_FIELDS(F, S)                                                                     \
	EV_TASK_FIELDS(F, S)                                                                       \
	EV_ACT_FIELDS(F, S)                                                                        \
	F(S, socket, U64)                                                                          \
	F(S, family, U32)                                                                          \
	F(S, type, U32)                                                                            \
	F(S, protocol, U32)

#define EV_FLOW_FIELDS(F, P)                                                                       \
	EV_SOCKET_FIELDS(F, ev_flow)                                                               \
	F(ev_flow, incoming, BOOL32)                                                               \
	F(ev_flow, bytes_out, U64)                                                                 \
	F(ev_flow, bytes_in, U64)                                                                  \
	F(ev_flow, packets_out, U64)                                                               \
	F(ev_flow, packets_in, U64)                                                                \
	F(ev_flow, duration, U64)                                                                  \
	F(ev_flow, error, S32)                                                                     \
	F(ev_flow, retransmits, U32)                                                               \
	P(EV_FLOW_REMOTE, remote, SOCKADDR)                                                        \
	P(EV_FLOW_LOCAL, local, SOCKADDR)

#define EV_NAME_FIELDS(F, P)                                                                       \
	EV_SOCKET_FIELDS(F, ev_name)                                                               \
	F(ev_name, offset, U32)                                                                     \
	P(EV_NAME_REMOTE, remote, SOCKADDR)                                                        \
	P(EV_NAME_LOCAL, local, SOCKADDR)                                                          \
	P(EV_NAME_PACKET, packet, BYTES)

#define EV_RATE_FIELDS(F, P)                                                                       \
	EV_TASK_FIELDS(F, ev_rate)                                                                 \
	EV_ACT_FIELDS(F, ev_rate)                                                                  \
	F(ev_rate, class, CLASS)                                                                   \
	F(ev_rate, pad, PAD)                                                                       \
	F(ev_rate, suppressed, U64)                                                                \
	F(ev_rate, since_ago, U64)

/*
 * Fields that hold the word of whoever called, to be taken for no more than that: an argv is what a program wants to show, a path of an
 * exec may lead elsewhere by now (`exe` is where it led). A record lists them under "claimed". The name that a process gives itself
 * stands in every record (comm, target_comm), and is listed where it says what is executed.
 */
#define EV_CLAIMED(X)                                                                              \
	X(EV_PROC_EXEC, "comm", "path", "argv")                                                    \
	X(EV_PROC_EXEC_FAIL, "comm", "path")

/* A syscall has an encoder of its own (its arguments mean something different in each call). */
#define EV_SYSCALL_FIELDS(F, P)

/*      X(enumerator,   struct,        event_type, action,    class,            field list) */
#define EVENTS(X)                                                                                  \
	X(EV_SYSCALL, ev_syscall, "syscall", "", EV_CLASS_SYSCALL, EV_SYSCALL_FIELDS)              \
	X(EV_PROC_SPAWN, ev_proc_spawn, "process", "spawned", EV_CLASS_PROCESS, EV_PROC_SPAWN_FIELDS) \
	X(EV_PROC_EXEC, ev_proc_exec, "process", "exec", EV_CLASS_PROCESS, EV_PROC_EXEC_FIELDS)    \
	X(EV_PROC_EXIT, ev_proc_exit, "process", "exited", EV_CLASS_PROCESS, EV_PROC_EXIT_FIELDS)     \
	X(EV_PROC_SIGNAL, ev_proc_signal, "process", "signaled", EV_CLASS_PROCESS, EV_PROC_SIGNAL_FIELDS) \
	X(EV_PROC_EXEC_FAIL, ev_proc_exec_fail, "process", "exec_failed", EV_CLASS_PROCESS, EV_PROC_EXEC_FAIL_FIELDS) \
	X(EV_FILE, ev_file, "file", "", EV_CLASS_FILE, EV_FILE_FIELDS)                             \
	X(EV_NET, ev_net, "network", "", EV_CLASS_NETWORK, EV_NET_FIELDS)                          \
	X(EV_KERNEL, ev_kernel, "kernel", "", EV_CLASS_KERNEL, EV_KERNEL_FIELDS)                   \
	X(EV_CRED, ev_cred, "credentials", "", EV_CLASS_KERNEL, EV_CRED_FIELDS)                    \
	X(EV_FILE_IO, ev_file_io, "file_io", "io", EV_CLASS_FILE, EV_FILE_IO_FIELDS)                  \
	X(EV_FLOW, ev_flow, "flow", "", EV_CLASS_NETWORK, EV_FLOW_FIELDS)                       \
	X(EV_NAME, ev_name, "name", "", EV_CLASS_NETWORK, EV_NAME_FIELDS)                       \
	X(EV_RATE, ev_rate, "rate", "", EV_CLASS_KERNEL, EV_RATE_FIELDS)

#define EV_ASSERT_SIZE(s, n) _Static_assert(sizeof(struct s) == (n), "size of struct " #s)
EV_ASSERT_SIZE(ev_header, 32);
EV_ASSERT_SIZE(ev_part, 16);
EV_ASSERT_SIZE(ev_syscall, 72);
EV_ASSERT_SIZE(ev_task, 64);
EV_ASSERT_SIZE(ev_proc_spawn, 80);
EV_ASSERT_SIZE(ev_proc_exec, 88);
EV_ASSERT_SIZE(ev_proc_exit, 136);
EV_ASSERT_SIZE(ev_proc_signal, 80);
EV_ASSERT_SIZE(ev_act, 16);
EV_ASSERT_SIZE(ev_file, 112);
EV_ASSERT_SIZE(ev_net, 104);
EV_ASSERT_SIZE(ev_kernel, 128);
EV_ASSERT_SIZE(ev_cred, 120);
EV_ASSERT_SIZE(ev_proc_exec_fail, 72);
EV_ASSERT_SIZE(ev_file_io, 136);
EV_ASSERT_SIZE(ev_flow, 152);
EV_ASSERT_SIZE(ev_name, 104);
EV_ASSERT_SIZE(ev_rate, 104);

#endif
