/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What userspace tells the BPF programs once, before load (read-only data: the verifier removes what a run
 * does not use), and the counters the programs keep for it.
 */
#ifndef SANDTRACE_CONFIG_H
#define SANDTRACE_CONFIG_H

#include "events.h"
#include "guard.h"

#define ST_MAX_SHARDS 8	     /* bulk rings; a power of two */
#define ST_MAX_RINGS (ST_MAX_SHARDS + 1)
#define ST_OWN_MAPS 128	     /* the recorder's own maps, and room for more */
#define ST_NR_SYSCALLS 1024  /* x32 ends at 547; numbers from here up share one plan: no decoding */

/* What to copy from the caller's memory when a syscall returns: one byte each, kind << 3 | argument index. */
enum st_mem {
	ST_MEM_NONE = 0,
	ST_MEM_STR = 1,		/* NUL-terminated string */
	ST_MEM_SOCKADDR = 2,	/* struct sockaddr, its length by value in the next argument */
	ST_MEM_SOCKADDR_LP = 3, /* struct sockaddr written by the kernel, int *length in the next argument */
	ST_MEM_MSGHDR = 4,	/* struct msghdr: its msg_name */
	ST_MEM_ARGV = 5,	/* char *argv[] */
	ST_MEM_PAIR = 6,	/* int[2] written by the kernel (pipe, socketpair) */
	ST_MEM_HOW = 7,		/* struct open_how, size in the next argument */
};
#define ST_MEM(kind, arg) ((kind) << 3 | (arg))
#define ST_MEM_SLOTS 3

#define ST_PLAN_INTEREST (1 << 0) /* record this call */
#define ST_PLAN_EXEC (1 << 1)	  /* execve, execveat: success wipes registers and memory */
#define ST_PLAN_CLOSES (1 << 2)	  /* its descriptor is gone when it returns: -y looks it up at entry */
/* It returns a descriptor that opens.bpf.h looks at; and where the flags are that it was given. */
#define ST_PLAN_OPENS (3 << 3)
#define ST_PLAN_OPENS_AT1 (1 << 3)
#define ST_PLAN_OPENS_AT2 (2 << 3)
#define ST_PLAN_OPENS_HOW (3 << 3) /* in the struct open_how that argument 2 points to */
#define ST_PLAN_MAPS (1 << 5)	   /* the same of memory that it makes executable: argument 2 tells */
#define ST_FD_SLOTS 3
struct st_plan {
	__u8 flags;
	__u8 mem[ST_MEM_SLOTS];
	__u8 fd[ST_FD_SLOTS]; /* -y: argument index + 1 of each descriptor; ST_FD_RESULT: the call returns one */
	__u8 base; /* deny_paths: up to two ST_BASE_*, four bits each; 0: none */
};
/* What a path, the argument with this index, is relative to: the descriptor in the argument before it, or the cwd. */
#define ST_BASE_DIRFD(path_arg) (path_arg)
#define ST_BASE_CWD(path_arg) (8 + (path_arg))
/* No path: the file, descriptor in argument 4, that was to be mapped with the protection in argument 2, executable. */
#define ST_BASE_MAPPED 7
#define ST_BASE_SLOTS 2
#define ST_FD_RESULT (EV_PART_RESULT + 1)

/* attach --on-violation=kill: how a call that has returned is judged, bpf/after.bpf.c. */
enum st_after_way {
	ST_AFTER_NONE,
	ST_AFTER_OP,	   /* that it succeeded: ARG is the enum guard_op, OP the enum ev_kernel_op */
	ST_AFTER_OPEN,	   /* by the descriptor that it returned; ARG: where its flags are, 0: nowhere */
	ST_AFTER_HOW,	   /* the same, its flags in a struct open_how */
	ST_AFTER_CHANGE,   /* as writing by the descriptor in ARG; OP: enum ev_file_op */
	ST_AFTER_CLONE,	   /* ioctl: those that write to the descriptor's file */
	ST_AFTER_MMAP,	   /* by the mapping that it made */
	ST_AFTER_MPROTECT, /* by those that it made executable */
};
struct st_after {
	__u8 way;
	__u8 op;
	__u8 arg;
	__u8 pad;
};

/* What the security profile records (--events), besides processes: st_config.events. */
#define ST_EVENTS_FILE (1 << 0)
#define ST_EVENTS_IO (1 << 1)
#define ST_EVENTS_NETWORK (1 << 2)
#define ST_EVENTS_FLOW (1 << 3)
#define ST_EVENTS_NAMES (1 << 4)
#define ST_EVENTS_KERNEL (1 << 5)
#define ST_EVENTS_CREDENTIALS (1 << 6)
#define ST_EVENTS_ALL ((1 << 7) - 1)
/* Reads and writes are the one thing that some programs do a million times a second: only when they are asked for. */
#define ST_EVENTS_DEFAULT (ST_EVENTS_ALL & ~ST_EVENTS_IO)

/*
 * Opens for reading that are recorded though no rule is about them: bpf/watch.bpf.h. A pattern is a bit. A name on the way to
 * the file, at a level from the file (0) up, keeps the patterns that have this name there, or none.
 */
#define ST_WATCH_LEVELS 4
#define ST_WATCH_WORDS 4  /* of 64 patterns */
#define ST_WATCH_NAME 64  /* with its NUL */
#define ST_WATCH_ROWS 512
struct st_watch_key {
	__u32 prefixlen; /* in bits; of a whole name with its NUL */
	char name[ST_WATCH_NAME];
};
struct st_watch_row {
	__u64 at[ST_WATCH_LEVELS][ST_WATCH_WORDS];
};

struct st_config {
	__u32 shard_mask;	   /* number of bulk rings - 1 */
	__u32 wake_bulk;	   /* wake the reader when a ring holds more bytes than this */
	__u32 wake_urgent;
	__u8 follow_forks;
	__u8 aggregate;		   /* count in the kernel (st_counts), emit no syscall records */
	__u8 interest_beyond;	   /* record numbers outside the plan table */
	__u8 opens;		   /* no hook sees opens: look behind the descriptors that they return */
	__u32 page_kb;		   /* kernel pages to KiB */
	__u32 brake_bulk;	   /* lossless mode: slow a caller down above this many bytes in its ring; 0: never */
	__u32 brake_urgent;
	__u8 fd_paths;		   /* -y */
	__u8 deny_paths;	   /* of a failed call with a relative path: record what it is relative to */
	__u8 judge;		   /* security profile: there is a policy */
	__u8 exit_only;		   /* no program looks at a call when it begins: some calls only, without durations */
	__u32 own_tgid;		   /* sandtrace itself: never in scope, wherever it is */
	__u32 scope_level;	   /* of scope_cgroup in the v2 tree, the root being 0 */
	__u64 scope_cgroup;	   /* what runs in it or below is in scope, without being marked; 0: none */
	__u32 events;		   /* ST_EVENTS_*: what is not among these is judged, and recorded when refused */
	__u32 pad3;
	__u64 rate_ns[EV_CLASS_MAX]; /* between two records of a control group, on average; 0: no limit */
	__u64 watch_any[ST_WATCH_LEVELS][ST_WATCH_WORDS]; /* patterns that take any name at this level */
	__u64 watch_secret;	   /* random; 0: nothing is watched */
};

/* Kept per task in task storage: no table to grow, no pid to be reused, freed with the task. */
#define ST_TASK_ARMED (1 << 0)	   /* in scope from its next execve on: set by the launcher */
#define ST_TASK_SCOPE (1 << 1)	   /* recorded */
#define ST_TASK_NEWBORN (1 << 2)   /* its first sys_exit is the tail of its parent's fork */
#define ST_TASK_EXEC_DONE (1 << 3) /* the execve was recorded at sched_process_exec: skip its sys_exit */
#define ST_TASK_IN_CALL (1 << 4)   /* between sys_enter and sys_exit */
#define ST_TASK_REFUSED (1 << 5)   /* its last sys_exit had no enter */
#define ST_TASK_GONE (1 << 6)	   /* its exit was recorded: not to be adopted again */
/* Of its program: that it has made memory executable was told, of both ways. */
#define ST_TASK_MADE_CODE (1 << 7)
#define ST_TASK_MADE_WX (1 << 8)
#define ST_TASK_PERF_TOLD (1 << 9) /* its perf_event_open was recorded, and goes on */
struct st_task {
	__u64 enter_ts;	      /* 0: the current call is not of interest */
	__u64 exec_id;
	__u64 parent_exec_id;
	__u64 exec_args[5];   /* of the current execve: registers do not survive it */
	__s32 nr;
	__u16 abi;
	__u16 flags;
	__u32 group_exited;   /* on the leader: the process's exit was recorded */
	__u32 leader_exited;  /* on the leader: its own exit was, or is about to be */
	/* not yet in st_counters: added there once in 64 calls and when the task exits */
	__u32 seen;
	__u32 emitted;
	__u64 exe; /* security profile: address of the inode of its program, as it was executed; 0: not known */
};

/* What the storage of a task holds: more than a program's stack could. */
struct st_mark {
	struct st_task task;	/* first */
	struct guard_walk walk; /* security profile: of the action that is judged */
	__u64 scratch[12];	/* what file.bpf.c is about to tell, where its stack is too small for that */
};

/*
 * Per CPU and class; updated with atomic adds because programs may be preempted (kernels with PREEMPT_LAZY). Exact
 * once every task has exited; until then up to 63 calls of each task are still in its own storage.
 */
struct st_counters {
	__u64 seen;	/* calls or events in scope and of interest */
	__u64 emitted;	/* handed to a ring */
	__u64 lost;	/* ring full, or state could not be allocated */
	__u64 aggregated; /* counted in the kernel only */
	__u64 suppressed; /* held back by a limit: bpf/rate.bpf.h */
};

/* -c: per CPU, indexed by abi * ST_NR_SYSCALLS + nr. */
struct st_count {
	__u64 calls;
	__u64 errors;
	__u64 ns;
};

struct st_shared {
	__u32 reader_awake; /* written by the reader: it looks at the rings by itself and needs no wake-up */
	__u32 pressure;	    /* set by the programs, cleared by the reader: look at each record, not at one in 64 */
	__u64 next_exec_id; /* minted by atomic add */
	__u32 guard_gen;    /* generation of the policy in force: 0 or 1 */
	__u32 guard_serial; /* counts policies: ev_act.policy */
	__u32 adopted;	    /* tasks that adopt_tasks has put in scope */
	__u32 adopt_tgid;   /* whose tasks, and whose descendants, it puts in scope, as the reader counts; 0: only counts */
	__u32 adopt_group;  /* 1: adopt_tasks puts in scope what is in scope_cgroup */
	__u32 in_scope;	    /* tasks that adopt_tasks found to be in scope and alive */
	__u64 guard_mnt_ns; /* address of the loader's mount namespace */
	__u64 guard_user_ns;
	__u32 guard_rows;   /* descriptors that adopt_inodes made rows of */
	__u32 flows_end;    /* the recording is about to end: no flow begins any more, and flush_flows tells of all */
};

/* Context of a program that is called to send off what others have added up: SEC("?syscall") flush_*. */
struct st_flush {
	__u32 final; /* 1: nothing more comes, everything goes; 0: once a second, what has waited long enough */
	__u32 pad;
};

#endif
