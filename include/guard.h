/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy in the kernel, as data: what the security programs look verdicts up in. Programs never change with a policy; it is
 * rows in maps, written into the generation that is not in force, which one store then puts in force.
 *
 * Files: a rule holds to a file or a directory that is there by its inode, whose address is the key; the loader keeps it open,
 * so that no other file can get the same one. A rule about a name holds to what has that name, directly in a directory that is
 * kept open in the same way, somewhere below it, or anywhere: what is not there yet, what is made anew, what a pattern means.
 * What the kernel is about to open is walked up to the root, across mounts and whatever the task's own root is, and each
 * inode on the way is looked up, and its name where a rule is about names: links, bind mounts and relative paths make no
 * difference. The strictest denial on the way wins; of a closed kind of access only what is allowed on the way is allowed.
 * A way that is too long to walk is denied where any rule denies, and allowed by none.
 */
#ifndef SANDTRACE_GUARD_H
#define SANDTRACE_GUARD_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define GUARD_MAX_RULES 1024 /* rules are numbered from 1; 0: none */
#define GUARD_MAX_INODES 4096 /* of both generations */
#define GUARD_MAX_NAMES 4096  /* the same */
#define GUARD_MAX_AFFIXES 2048 /* the same */
#define GUARD_MAX_NETS 2048   /* the same */
#define GUARD_MAX_WHO 1024    /* the same */
#define GUARD_CONDITIONS 64   /* of one policy; the first is always met */
#define GUARD_LEVELS 32	      /* of control groups, the deepest that conditions see */
#define GUARD_MAX_STEPS 2100 /* components of the longest path there is, and its mounts */

/* Kinds of access to a file; a bit is 1 << kind. */
enum guard_access {
	GUARD_READ,	/* open for reading: only with rules about it */
	GUARD_WRITE,	/* open for writing, create, delete, rename, link, attributes */
	GUARD_EXEC,	/* execve, and mapping executable */
	GUARD_ACCESS_MAX,
};
/* No access of a file's: the move of a directory out of the reach of a rule about names below another. */
#define GUARD_LEAVE 7

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
	GUARD_ENFORCE, /* as the rule says */
};

/* What a rule that denies does when the policy is enforced; of several the strictest. */
enum guard_action {
	GUARD_ALLOW, /* it is a rule that allows */
	GUARD_TELL,  /* let through: EV_WOULD_DENY */
	GUARD_DENY,  /* EPERM */
	GUARD_KILL,  /* EPERM, and SIGKILL to the process */
};

/* What one rule says of a file. */
struct guard_entry {
	__u16 rule; /* 0: none, and none behind it */
	__u8 deny;  /* bits of enum guard_access, and GUARD_LEAVE */
	__u8 allow;
	__u8 action;	/* enum guard_action, of what is denied */
	__u8 condition; /* the rule is one only where this is met; 0: always */
	__u8 depth;	/* of a name below a directory: how far, 1 being in it; 0: anywhere below */
	__u8 no_dot;	/* not of a name that begins with a dot */
};

/* Rules about one thing that differ in action or condition; of those that do not, the first. */
#define GUARD_ENTRIES 7
struct guard_row {
	struct guard_entry e[GUARD_ENTRIES];
	__u32 names; /* of a directory: GUARD_NAMES_*; there are rules about names in it or below */
	__u32 pad;
};

struct guard_inode_key {
	__u64 inode; /* address of struct inode */
	__u32 gen;
	__u32 pad;
};

/* How a rule about names finds them, and which lists there are of a directory; shifted by GUARD_NAMES_BELOW: below it. */
#define GUARD_NAMES_EXACT (1 << 0)
#define GUARD_NAMES_PREFIX (1 << 1)
#define GUARD_NAMES_SUFFIX (1 << 2)
#define GUARD_NAMES_ALL 7
#define GUARD_NAMES_BELOW 4 /* bits to shift */
#define GUARD_NAMES_FAR (1 << 8) /* some of those below tell how far */

#define GUARD_NAME_LEN 64 /* bytes compared; a rule's are fewer */
#define GUARD_BASES 8	  /* directories on one way that have rules about names below them */
/* BASE is in a hash for whole names, padded with zeros, and in a trie for beginnings and ends. */
struct guard_name_key {
	__u32 prefixlen; /* 96 for LIST and BASE, and 8 for each byte; in the hash 0 */
	__u32 list;	 /* GUARD_LIST() */
	__u64 base;	 /* address of the directory's inode; 0: anywhere */
	__u8 name[GUARD_NAME_LEN]; /* of ends: from the last byte on */
};
/* WAY: GUARD_NAMES_EXACT, ...; BELOW: 0 or 1. */
#define GUARD_LIST(gen, way, below) ((gen) | (below) << 1 | (way) << 4)
#define GUARD_NAME_PREFIX 96

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
	__u8 condition;
	__u8 pad;
};
struct guard_net_row {
	__u32 n;
	__u32 pad;
	struct guard_ports ports[GUARD_NET_PORTS];
};

/*
 * Who acts. A condition is a bit; what it asks of is listed in rows, so that however many there are, an action asks once for
 * its user and its program, and once for each control group that it is in.
 */
enum guard_who {
	GUARD_WHO_UID,	  /* effective user, as the initial namespace counts */
	GUARD_WHO_BINARY, /* address of the inode of the program that was executed last */
	GUARD_WHO_CGROUP, /* id of a control group on the way up */
	GUARD_WHO_MAX,
};
struct guard_who_key {
	__u64 value;
	__u32 gen;
	__u32 what;
};
struct guard_who_row {
	__u64 met;   /* conditions that name it, */
	__u64 unmet; /* and that name it as what must not be */
};

/* One per generation. */
struct guard_policy {
	__u32 mode;	  /* enum guard_mode; may be changed while in force */
	__u32 denies;	  /* bits of enum guard_access: some row denies it */
	__u32 closed;	  /* bits of enum guard_access: what no row allows is denied */
	__u32 net_closed; /* connect and send only to what st_guard_nets allows */
	__u32 net_hosts;  /* names, whose addresses may be in st_answers: include/answers.h */
	__u32 names;	  /* rules about names anywhere: GUARD_NAMES_EXACT, ... */
	__u16 closed_rule[GUARD_ACCESS_MAX]; /* what a closed kind's refusal is put down to: 0, or a rule */
	__u16 net_rule;
	__u32 pad;
	__u64 conditions; /* bits that are in use, but for the first; 0: nobody asks */
	__u64 asks[GUARD_WHO_MAX];	/* conditions with a word about it */
	__u64 needs[GUARD_WHO_MAX];	/* those that need a row's MET */
	__u64 mount_ns[2], user_ns[2];	/* conditions met in sandtrace's own namespace, and in others */
	__u8 blind[GUARD_ACCESS_MAX + 1]; /* enum guard_action, where the way to a file could not be walked */
	struct guard_row ops[GUARD_OP_MAX]; /* entries whose DENY is 1 */
};

/*
 * One look at the way to a file; kept with the task that is judged (include/config.h), for it is more than a program's stack
 * holds, and no task is judged twice at once.
 */
struct guard_found {
	__u64 met;	/* conditions, for what is denied */
	__u64 sure;	/* those that are known to be met: for what is allowed */
	__u32 access;	/* that is asked for: bits of enum guard_access */
	__u32 denied;	/* the strictest so far: enum guard_action << 16 | rule; of equals the nearest */
	__u32 allowed;	/* bits of ACCESS */
	__u32 allowed_by;
	__u32 mute;	/* what allows does not count here */
	__u32 depth;	/* of the name that is looked at, below what its rules are about */
	__u32 dot;	/* it begins with one */
	__u32 pad;
};
/* A directory on the way that has rules about names below it. */
struct guard_base {
	__u64 inode;
	__u32 names; /* struct guard_row */
	__u32 n;     /* as in struct guard_walk, when it was passed */
	__u32 at;
	__u32 hidden;
};
struct guard_walk {
	struct guard_found f; /* first */
	__u64 dentry;
	__u64 mnt;	/* that DENTRY is looked at through; 0: above what it shows */
	__u64 place;	/* dentry where that mount hangs, and in which */
	__u64 place_mnt;
	__u64 child;	/* of DENTRY, come from there; 0: come from a mount */
	__u64 inode;	/* of DENTRY */
	__u32 gen;
	__u32 rooted;	/* got to the end */
	__u32 crossed;	/* is in another file system, or another part of it, than the file */
	__u32 foreign;	/* through a mount that is not of the loader's namespace */
	__u32 n;	/* names passed, those not counted that a mount does not show */
	__u32 place_n;	/* N where the mount hangs */
	__u32 at;	/* steps taken */
	__u32 hidden;	/* above what the mount shows: which mount on the way it is; 0: not */
	__u32 n_mounts;
	__u32 n_bases;
	__u32 names;	/* second time: looks for names */
	__u32 blind;	/* result: the way was too long, or could not be read */
	__u64 reach;	/* stands for which bases there are, and where */
	struct guard_base bases[GUARD_BASES];
};

/* Per rule and CPU; of rule 0: what no rule's was. */
struct guard_hits {
	__u64 evaluated; /* an action came to what it names, and its condition was looked at */
	__u64 matched;	 /* it decided, in audit mode too */
};

#endif
