/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What /proc tells of a traced task, for call.c and process.c: at each birth, exec and end, so one open, one read and one
 * close per file, and no memory but its own. Not reentrant.
 */
#ifndef SANDTRACE_TRACER_PROC_H
#define SANDTRACE_TRACER_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tracer.h"

/* /proc/TID/status. */
struct proc_status {
	char comm[EV_COMM_LEN];
	uint32_t tgid, tid, ppid;
	uint32_t ns_pid, ns_tid;	/* innermost pid namespace */
	uint32_t uid, euid, gid, egid;
	uint64_t hwm_kb;		/* resident memory at its highest, of this program image */
	uint64_t nvcsw, nivcsw;		/* of this thread */
	uint64_t ignored, caught;	/* signals: bit N - 1 */
	uint64_t permitted, ambient;	/* capabilities */
};
/* False: it cannot be read; *RET is zero then. */
bool proc__status(pid_t tid, struct proc_status *ret);

/* Its name alone. */
void proc__comm(pid_t tid, char ret[EV_COMM_LEN]);

/* /proc/TGID/stat, or that of one thread. */
struct proc_stat {
	uint64_t minflt, majflt, utime, stime; /* times in ns, with the precision of clock ticks */
};
bool proc__stat(pid_t tgid, struct proc_stat *ret);
bool proc__thread_stat(pid_t tgid, pid_t tid, struct proc_stat *ret);
/* Exact ns that all threads of TGID, gone ones included, have used. */
bool proc__times(pid_t tgid, uint64_t *ret_utime, uint64_t *ret_stime);

/* One file below /proc/TID whole, at most SIZE bytes: bytes read, or -errno. */
ssize_t proc__read(pid_t tid, const char *name, void *buf, size_t size);

/* Bytes of components after which a path is cut; one component more may follow, as in bpf/path.bpf.h. */
#define PROC_PATH_SMALL 512
#define PROC_PATH_LARGE EV_PATH_MAX
#define PROC_PATH_ROOM (PROC_PATH_LARGE + 256)

/* What a descriptor, or another link below /proc/TID, stands for: a part as the BPF programs make it of a struct path. */
struct proc_link {
	uint32_t type;		/* EV_PT_PATH, or EV_PT_STR for what is in no tree */
	uint8_t state;		/* EV_PART_NULL: not open */
	uint32_t len;
	char data[PROC_PATH_ROOM];
	char text[PROC_PATH_ROOM]; /* "/usr/bin/env": as the task's root has it; "" when there is none */
};
/* NAME: "cwd", "exe". */
void proc__link(pid_t tid, const char *name, size_t cap, struct proc_link *ret);
/* FD may be AT_FDCWD. */
void proc__fd(pid_t tid, int fd, size_t cap, struct proc_link *ret);
void proc__part(struct rec *r, uint8_t id, const struct proc_link *l);

/* The file that is mapped as the program. */
struct proc_exe {
	uint64_t inode;
	uint32_t dev_major, dev_minor, nlink;
	uint32_t mode, uid, gid;
};
bool proc__exe(pid_t tid, struct proc_exe *ret);
/* Whether PATH, seen from the task's root, is that file: 1 or 0, or -errno when that could not be told without waiting. */
int proc__is_exe(pid_t tid, const char *path, const struct proc_exe *exe);

/* Inode number of the task's directory in the v2 hierarchy; 0: it has none, or that is not mounted here. */
uint64_t proc__cgroup(pid_t tid);

/* -c: a call of K that is counted instead of recorded (call.c). */
void call__count(struct tracer *t, const struct task *k, uint64_t duration, int64_t ret);

#endif
