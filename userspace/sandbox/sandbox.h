/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox of one run. sandbox__prepare computes in sandtrace's own process whatever can be computed beforehand: what
 * is visible, which rules, which filter. sandbox__main is what the child made by clone3 executes: it builds the new
 * root, becomes PID 1 there, forks the command and waits for it. What fails is told through shared memory, with the
 * layer's name; nothing of the command runs before every layer is in force and has checked itself.
 */
#ifndef SANDTRACE_SANDBOX_H
#define SANDTRACE_SANDBOX_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "environ.h"
#include "limits.h"
#include "network.h"
#include "policy/grants.h"
#include "resolve.h"
#include "seccomp.h"

#define SANDBOX_MAX_OVERLAYS 16
#define SANDBOX_NAMESPACES 7
#define SANDBOX_EXEC_SLOTS 1024

struct sandbox_opts {
	const char *command;	/* as launch__resolve found it */
	char *const *argv;
	const char *cwd;	/* absolute */
	const char *home;	/* of the user the command runs as, absolute; NULL: none */
	bool as_user;		/* --user: run as UID and GID, which only root can ask for */
	uid_t uid;
	gid_t gid;
	const char *hostname;	/* NULL: "sandbox" */
	const char *chdir;	/* --chdir; NULL: see sandbox.c, start_directory */
	uint32_t degraded;	/* layers that may be missing: bits of enum layer */
	bool tty;		/* a terminal of our own: /dev/pts/0 inside */
	int out_fd, err_fd;	/* become the command's standard output and error; -1: sandtrace's own */
};

/* Shared with the child; written by it, read when it has told that it is ready or has ended. */
struct sandbox_report {
	int exec_errno;		/* the command's execve failed */
	int wait_status;	/* of the command, as waitpid gives it; valid with ENDED */
	bool ended;
	int layer;		/* enum layer that could not be set up; LAYER_NONE: none */
	int err;		/* its errno */
	char what[384];		/* what was tried: "mount /usr" */
	uint32_t degraded;	/* layers that failed and were allowed to */
	/* the other way: the system call filter, made by sandtrace while the child builds the root */
	unsigned short n_insns;
	struct sock_filter insns[BPF_MAXINSNS];
	/* ptrace only: the filter that chooses the calls to stop at, installed before the other; 0: none */
	unsigned short n_interest;
	int interest_errno;	/* without a sandbox: it could not be installed */
	struct sock_filter interest[BPF_MAXINSNS];
	/* execs that the init refused, by what it calls the task: the tracer sees only a failed call */
	uint32_t exec_refused[SANDBOX_EXEC_SLOTS];
	bool overlay_partial;	/* tmpfs has no user.* attributes (before Linux 6.6): see overlay_tree */
};

struct sandbox {
	const struct policy *policy;
	struct sandbox_opts opts;
	struct grants grants;
	struct resolved_command chain;
	struct net_plan net;
	struct seccomp_opts seccomp;
	struct seccomp_filter filter;
	struct limits *limits;	/* shared with the guard, borrowed; NULL until they are set up */
	struct sandbox_env env;
	const char *exec_path;	/* as given, unless that means something else inside */
	char start_dir[4096];
	char hosts[8192], passwd[1024], group[512], hostname[65];
	bool privileged;	/* effective uid 0 */
	bool user_ns;		/* false: degraded */
	uid_t uid;
	gid_t gid;
	mode_t umask;
	int landlock_abi;	/* 0: none */
	uint64_t own_ns[SANDBOX_NAMESPACES]; /* inode numbers of sandtrace's namespaces, for the self-check */
	pid_t own_pid;
	char layer_text[LAYER_MAX][160];
	const char *layers[LAYER_MAX + 1]; /* NULL-terminated, for the trace's header */
};

/* 0 or -errno, explained on stderr. POLICY outlives S. */
int sandbox__prepare(struct sandbox *s, const struct policy *policy, const struct sandbox_opts *opts);
void sandbox__done(struct sandbox *s);

/* Flags for clone3, without CLONE_INTO_CGROUP and CLONE_PIDFD. The cgroup namespace is made later, by the child itself. */
uint64_t sandbox__clone_flags(const struct sandbox *s);

/* In sandtrace, once CHILD exists: maps its ids. 0 or -errno, explained. */
int sandbox__map_ids(const struct sandbox *s, pid_t child);
/* In sandtrace, while the child is busy: makes the system call filter. 0 or -errno, explained. */
int sandbox__make_filter(struct sandbox *s, struct sandbox_report *report);

/*
 * In the child. SOCK is its end of a SOCK_SEQPACKET pair: a byte comes when the ids are mapped, another when the filter is
 * made; the command, ready at the
 * barrier, sends one (so its pid is known from the credentials), with the overlay directories and the terminal as descriptors; the other
 * end's closing ends everything. BARRIER: the command executes when it reads a byte. MASK: the command's signal mask.
 */
void sandbox__main(const struct sandbox *s, struct sandbox_report *report, int sock, int barrier, const sigset_t *mask)
	__attribute__((noreturn));

/* Is this grant's tree mounted through an overlay? */
bool sandbox__wants_overlay(const struct sandbox *s, const struct grant *g);

/* Which layers are in force, from what was planned and what the child reported. Fills s->layers. */
void sandbox__describe(struct sandbox *s, const struct sandbox_report *report);

/* ---- steps of the child, each in its own file; all return 0 or report by fail() and do not return ---- */

struct setup {
	const struct sandbox *sb;
	struct sandbox_report *report;
	int root_fd;		/* of the new root, while it is being built */
	int room_fd;		/* the tmpfs of everything private */
	int overlay_fds[2 * SANDBOX_MAX_OVERLAYS]; /* upper, lower */
	unsigned int n_overlays;
	int tty_master;
	int ruleset;		/* Landlock's, filled while the root is built; -1: none */
	int parent_fd;		/* rootfs.c: of the mount point made last */
	char parent[4096];
	char **pinned;		/* rootfs.c: directories mounted onto themselves */
	size_t n_pinned;
};

/*
 * Reports that LAYER cannot be set up and ends the child; returns only when the layer may be missing. A step of the new
 * root never may, since what follows builds on it: setup__missing() is for the one that can be left out.
 */
void setup__missing(struct setup *u, enum layer layer, int err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void setup__fail(struct setup *u, enum layer layer, int err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

void rootfs__build(struct setup *u);   /* rootfs.c: mounts; afterwards "/" is the new root */
/* landlock.c: the rules are added while the root is built, when each file is at hand */
bool landlock__filters_ports(const struct sandbox *s);
void landlock__begin(struct setup *u);
void landlock__allow(struct setup *u, int fd, uint8_t access, bool dir, const char *path);
void landlock__allow_devices(struct setup *u, int fd);
void landlock__allow_listing(struct setup *u, int fd);
void landlock__restrict(struct setup *u);
int landlock__abi(void);	       /* 0: none */
void confine__drop_caps(struct setup *u);	/* confine.c */
void confine__command(struct setup *u, int sock, int listener_sock, int barrier, const sigset_t *mask)
	__attribute__((noreturn));	/* confine.c: the command's last steps, ending in execve */
void init__run(struct setup *u, pid_t command, int sock, int listener) __attribute__((noreturn)); /* init.c */

#endif
