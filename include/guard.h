/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy in the kernel, as data: what the security programs look verdicts up in. Programs never change with a policy; it is
 * rows in maps, written into the generation that is not in force, which one store then puts in force.
 *
 * Files: a rule names a file or a directory that exists. Its inode's address is the key, and the loader keeps it open, so
 * that no other file can get the same one. What the kernel is about to open is walked up to the root, across mounts and
 * whatever the task's own root is, and each inode on the way is looked up: names, links, bind mounts and relative paths
 * make no difference. A deny anywhere on the way wins; of a closed kind of access only what is allowed on the way is allowed.
 * A way that is too long to walk is denied where any rule denies, and allowed by none.
 */
#ifndef SANDTRACE_GUARD_H
#define SANDTRACE_GUARD_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define GUARD_MAX_RULES 1024 /* rules are numbered from 1; 0: none */
#define GUARD_MAX_INODES 4096 /* of both generations */
#define GUARD_MAX_NETS 2048   /* of both generations */
#define GUARD_MAX_STEPS 2100 /* components of the longest path there is, and its mounts */

/* Kinds of access to a file; a bit is 1 << kind. */
enum guard_access {
	GUARD_READ,	/* open for reading: only with rules about it */
	GUARD_WRITE,	/* open for writing, create, delete, rename, link, attributes */
	GUARD_EXEC,	/* execve, and mapping executable */
	GUARD_ACCESS_MAX,
};

/* Kinds of action that are neither a file's nor a connection's; a policy can deny each as a whole. */
enum guard_op {
	GUARD_OP_NONE,
	GUARD_OP_BPF,	   /* bpf(2), every command */
	GUARD_OP_PTRACE,   /* ptrace, process_vm_*, /proc/PID/mem: of another process */
	GUARD_OP_MOUNT,	   /* mount, umount, remount, move_mount, pivot_root */
	GUARD_OP_MODULE,   /* init_module, finit_module */
	GUARD_OP_KEXEC,	   /* kexec_load, kexec_file_load */
	GUARD_OP_PERF,	   /* perf_event_open */
	GUARD_OP_USERNS,   /* a new user namespace; a hook since 6.1 */
	GUARD_OP_IO_URING, /* io_uring_setup; a hook since 5.16 */
	GUARD_OP_MAX = 16,
};

enum guard_mode {
	GUARD_OFF,     /* every action is recorded, none judged */
	GUARD_AUDIT,   /* judged, and let through: EV_WOULD_DENY */
	GUARD_ENFORCE, /* EPERM */
};

struct guard_inode_key {
	__u64 inode; /* address of struct inode */
	__u32 gen;
	__u32 pad;
};

struct guard_inode_row {
	__u16 deny[GUARD_ACCESS_MAX];  /* rule that denies this access here and below; 0: none */
	__u16 allow[GUARD_ACCESS_MAX]; /* rule that allows it */
	__u32 pad;
};

/* The longest prefix decides: the loader puts into each the ports of all that contain it. */
#define GUARD_NET_PORTS 16
struct guard_net_key {
	__u32 prefixlen; /* 32 for GEN, and up to 128 of ADDR */
	__u32 gen;
	__u8 addr[16];	 /* network order; IPv4 as ::ffff:a.b.c.d */
};
struct guard_ports {
	__u16 first, last; /* host order, inclusive */
	__u16 rule;
	__u16 pad;
};
struct guard_net_row {
	__u32 n;
	__u32 pad;
	struct guard_ports ports[GUARD_NET_PORTS];
};

/* One per generation. */
struct guard_policy {
	__u32 mode;	  /* enum guard_mode; may be changed while in force */
	__u32 denies;	  /* bits of enum guard_access: some row denies it */
	__u32 closed;	  /* bits of enum guard_access: what no row allows is denied */
	__u32 net_closed; /* connect and send only to what st_guard_nets allows */
	__u16 closed_rule[GUARD_ACCESS_MAX]; /* what a closed kind's refusal is put down to: 0, or a rule */
	__u16 net_rule;
	__u16 op_rule[GUARD_OP_MAX]; /* rule that denies; 0: allowed */
};

/* Per rule and CPU; of rule 0: what a closed kind refused. */
struct guard_hits {
	__u64 allowed;
	__u64 denied; /* in audit mode too */
};

#endif
