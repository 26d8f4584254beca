/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a record says about the world, whichever profile it is of: a path was used, an address was connected to, a program
 * was started. The summary's lists and the rules of findings.h look at facts only, so that each reads the same in both
 * profiles. Stateless and pure: what a descriptor or a relative path stands for is state.c's to know.
 */
#ifndef SANDTRACE_FACT_H
#define SANDTRACE_FACT_H

#include "../event/event.h"
#include "config.h"

/* How a path was used, as bits. */
#define USE_READ (1 << 0)
#define USE_WRITE (1 << 1) /* opened for writing, truncated, renamed onto */
#define USE_CREATE (1 << 2)
#define USE_DELETE (1 << 3) /* unlinked, or renamed away */
#define USE_EXEC (1 << 4)
#define USE_ATTR (1 << 5) /* mode, owner, times, extended attributes */
#define USE_CHANGE (USE_WRITE | USE_CREATE | USE_DELETE | USE_ATTR)
#define USE_ANY (USE_READ | USE_CHANGE | USE_EXEC)

#define NET_CONNECT (1 << 0)
#define NET_BIND (1 << 1)
#define NET_SEND (1 << 2)
#define NET_ACCEPT (1 << 3)
#define NET_LISTEN (1 << 4)
#define NET_OUT (NET_CONNECT | NET_SEND)

enum fact_kind {
	FACT_PATH = 1, /* use; text; of the target of a rename or link also from */
	FACT_EXEC,     /* the record itself: parts by EV_EXEC_* */
	FACT_ADDR,     /* use: one NET_*; addr, or none: what fd is bound to */
	FACT_NAME,     /* text: a name that was asked for; with addr: what that was asked for as */
	FACT_ACTION,   /* action; text: on what, may be empty */
	FACT_CWD,      /* text: the new directory, "" when only fd is known */
	FACT_DIR,      /* fd is the directory that from names */
	FACT_FILE,     /* fd writes to the file that from names */
	FACT_SOCKET,   /* fd is a new IP socket; with addr, one that came in */
	FACT_PIPE,     /* fd reads what is written to fd2 */
	FACT_DUP,      /* fd2 is fd once more */
	FACT_CLOSE,    /* fd; fd2: the last of them */
};

/* What is done to the system or to another process. */
enum fact_action {
	DO_NOTHING,
	DO_PTRACE_ATTACH,
	DO_PTRACE_POKE,
	DO_PTRACE_REGS,
	DO_PTRACE_ME,
	DO_MEMORY_WRITE,
	DO_MEMORY_READ,
	DO_FD_STEAL,
	DO_WX,
	DO_BPF,
	DO_PERF,
	DO_MODULE_LOAD,
	DO_MODULE_UNLOAD,
	DO_KEXEC,
	DO_REBOOT,
	DO_IO_PORTS,
	DO_MOUNT,
	DO_UMOUNT,
	DO_MOUNT_MOVE,
	DO_MOUNT_ATTR,
	DO_ROOT,
	DO_SETNS,
	DO_USERNS,
	DO_NAMESPACE,
	DO_FILE_HANDLE,
	DO_IO_URING,
	DO_USERFAULTFD,
	DO_TTY_PUSH,
	DO_TTY_PASTE,
	DO_SETID,
	DO_FILE_CAPS,
	DO_CLOCK,
	DO_SWAP_ON,
	DO_SWAP_OFF,
	DO_NO_ASLR,
	DO_FOREIGN_ABI,
	DO_SYSCTL,
	DO_KEY,
	DO_OWN_MAP,
	DO_CGROUP,
	DO_MAX,
};

struct fact {
	uint8_t kind; /* enum fact_kind */
	uint8_t use;
	uint8_t action;
	bool cloexec; /* DIR, FILE, SOCKET, PIPE, DUP: gone at the next exec */
	int err;      /* 0, or why it did not happen */
	int dirfd;    /* PATH: where a relative text begins; AT_FDCWD */
	int fd, fd2;  /* ADDR: of the socket, -1: not known */
	const char *text;
	size_t len;
	const struct part *addr;
	const struct fact *from; /* PATH: the other name of the same file */
};

#define FACTS_MAX 6
struct facts {
	struct fact v[FACTS_MAX];
	unsigned int n;
	char paths[2][EVENT_PATH_MAX];
};

/* Which of the tables in fact.c speak of a call: looked up once per number. Starts as zeros. */
struct fact_plan {
	uint8_t known[EV_ABI_MAX][ST_NR_SYSCALLS];
};

/* False: EV says nothing that fact__all() would give. For the many calls on the hot path. */
bool fact__wanted(struct fact_plan *plan, const struct event *ev);
/* 0 or the errno that it came to: a call's, or EPERM for what a policy refused. */
int fact__error(const struct event *ev);
void fact__all(struct fact_plan *plan, const struct event *ev, struct facts *ret);
/* Of an IP address of either family. */
bool fact__is_ip(const struct part *addr);
/* Every name of a call that fact.c knows, until NULL: a call that does not exist would never be seen. */
const char *fact__call_at(size_t i);

#endif
