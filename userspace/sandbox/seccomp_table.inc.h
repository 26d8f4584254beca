/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of the system call filter. Data only, included once by seccomp_table.c. docs/seccomp.md gives the reasons.
 *
 * refused[]: what the profile `default` refuses or allows on conditions; everything else it allows. Sorted by name.
 * strict[]:  what the profile `strict` allows, on the same conditions; everything else it refuses. Sorted by name.
 */

#define CLONE_NEW_ANY 0x7e020000u /* all CLONE_NEW* but CLONE_NEWTIME, whose bit is clone's exit signal */
#define CLONE_NEWTIME_BIT 0x80u
#define CLONE_UNTRACED_BIT 0x00800000u
#define SOCK_TYPE_BITS 0xfu	/* the rest is SOCK_NONBLOCK and SOCK_CLOEXEC */
#define ALL 0xffffffffu

#define IS(a, v) { .arg = a, .mask = ALL, .value = v }
#define BITS(a, m, v) { .arg = a, .mask = m, .value = v }
#define HAS_ANY(a, m) { .arg = a, .mask = m, .value = 0, .negate = true }
#define HIGH_ANY(a) { .arg = a, .mask = ALL, .value = 0, .negate = true, .high = true }
#define ALLOW_IF(...) { .tests = { __VA_ARGS__ }, .n = N_TESTS(__VA_ARGS__), .verdict = SECCOMP_ALLOW }
#define EPERM_IF(...) { .tests = { __VA_ARGS__ }, .n = N_TESTS(__VA_ARGS__), .verdict = SECCOMP_EPERM }
#define N_TESTS(...) (sizeof((struct seccomp_test[]){ __VA_ARGS__ }) / sizeof(struct seccomp_test))

static const struct seccomp_clause clone_clauses[] = { EPERM_IF(HAS_ANY(0, CLONE_NEW_ANY | CLONE_UNTRACED_BIT)) };
static const struct seccomp_clause unshare_clauses[] = { EPERM_IF(HAS_ANY(0, CLONE_NEW_ANY | CLONE_NEWTIME_BIT)) };
static const struct seccomp_clause ioctl_clauses[] = {
	EPERM_IF(IS(1, 0x5412)), /* TIOCSTI */
	EPERM_IF(IS(1, 0x541c)), /* TIOCLINUX */
	EPERM_IF(IS(1, 0x5423)), /* TIOCSETD */
	/* btrfs lets an owner make snapshots of whole subvolumes; the type's calls that copy between files work anywhere */
	ALLOW_IF(IS(1, 0x40049409)), ALLOW_IF(IS(1, 0x4020940d)), ALLOW_IF(IS(1, 0xc0189436)), /* FICLONE, -RANGE, FIDEDUPERANGE */
	EPERM_IF(BITS(1, 0xff00, 0x9400)),
};
#define SET_ID 06000u
static const struct seccomp_clause mknod_clauses[] = {
	EPERM_IF(BITS(1, 0170000, 0020000)), EPERM_IF(BITS(1, 0170000, 0060000)), EPERM_IF(HAS_ANY(1, SET_ID)),
};
static const struct seccomp_clause mknodat_clauses[] = {
	EPERM_IF(BITS(2, 0170000, 0020000)), EPERM_IF(BITS(2, 0170000, 0060000)), EPERM_IF(HAS_ANY(2, SET_ID)),
};
/* chmod, fchmod, creat; fchmodat and fchmodat2; open and openat look at the mode only when they create (O_CREAT, O_TMPFILE) */
static const struct seccomp_clause mode1_clauses[] = { EPERM_IF(HAS_ANY(1, SET_ID)) };
static const struct seccomp_clause mode2_clauses[] = { EPERM_IF(HAS_ANY(2, SET_ID)) };
static const struct seccomp_clause open_clauses[] = { EPERM_IF(HAS_ANY(1, 020000100u), HAS_ANY(2, SET_ID)) };
static const struct seccomp_clause openat_clauses[] = { EPERM_IF(HAS_ANY(2, 020000100u), HAS_ANY(3, SET_ID)) };
/* RLIMIT_CORE: see limits.c, which sets it so that no core handler of the host is called */
static const struct seccomp_clause setrlimit_clauses[] = { EPERM_IF(IS(0, 4)) };
static const struct seccomp_clause prlimit_clauses[] = {
	EPERM_IF(IS(1, 4), HAS_ANY(2, ALL)), EPERM_IF(IS(1, 4), HIGH_ANY(2)), /* a pointer: both halves */
};
static const struct seccomp_clause memfd_clauses[] = { ALLOW_IF(BITS(1, 0x18, 0x8)) };
static const struct seccomp_clause personality_clauses[] = {
	ALLOW_IF(IS(0, 0)), ALLOW_IF(IS(0, ALL)), ALLOW_IF(IS(0, 8)),
};
static const struct seccomp_clause prctl_clauses[] = { EPERM_IF(IS(0, 35)) }; /* PR_SET_MM */
/* Types and protocols are listed, not excluded: a new protocol is refused until it was judged. The first row is AF_UNIX. */
static const struct seccomp_clause socket_clauses[] = {
	ALLOW_IF(IS(0, 1)),
	ALLOW_IF(IS(0, 2), BITS(1, SOCK_TYPE_BITS, 1), IS(2, 0)), ALLOW_IF(IS(0, 2), BITS(1, SOCK_TYPE_BITS, 1), IS(2, 6)),
	ALLOW_IF(IS(0, 2), BITS(1, SOCK_TYPE_BITS, 2), IS(2, 0)), ALLOW_IF(IS(0, 2), BITS(1, SOCK_TYPE_BITS, 2), IS(2, 17)),
	ALLOW_IF(IS(0, 10), BITS(1, SOCK_TYPE_BITS, 1), IS(2, 0)), ALLOW_IF(IS(0, 10), BITS(1, SOCK_TYPE_BITS, 1), IS(2, 6)),
	ALLOW_IF(IS(0, 10), BITS(1, SOCK_TYPE_BITS, 2), IS(2, 0)), ALLOW_IF(IS(0, 10), BITS(1, SOCK_TYPE_BITS, 2), IS(2, 17)),
	ALLOW_IF(IS(0, 16), IS(2, 0)),
};
static const struct seccomp_clause unix_clauses[] = { ALLOW_IF(IS(0, 1)) };
/* a pair of datagram sockets can send to any address */
static const struct seccomp_clause pair_clauses[] = {
	ALLOW_IF(IS(0, 1), BITS(1, SOCK_TYPE_BITS, 1)), ALLOW_IF(IS(0, 1), BITS(1, SOCK_TYPE_BITS, 5)),
};

#define COND_FROM(c, from, rest, why) { .clauses = (c) + (from), .n = ARRAY_SIZE(c) - (from), .otherwise = rest, .text = why }
#define COND(c, rest, why) { .clauses = c, .n = ARRAY_SIZE(c), .otherwise = rest, .text = why }
static const struct seccomp_cond conds[] = {
	[COND_CLONE] = COND(clone_clauses, SECCOMP_ALLOW, "EPERM with CLONE_NEW* or CLONE_UNTRACED in flags"),
	[COND_UNSHARE] = COND(unshare_clauses, SECCOMP_ALLOW, "EPERM with CLONE_NEW* in flags"),
	[COND_IOCTL] = COND(ioctl_clauses, SECCOMP_ALLOW, "EPERM for TIOCSTI, TIOCLINUX, TIOCSETD and those of btrfs"),
	[COND_MKNOD] = COND(mknod_clauses, SECCOMP_ALLOW, "EPERM for character and block devices, and set-id bits"),
	[COND_MKNODAT] = COND(mknodat_clauses, SECCOMP_ALLOW, "EPERM for character and block devices, and set-id bits"),
	[COND_MODE1] = COND(mode1_clauses, SECCOMP_ALLOW, "EPERM with set-id bits"),
	[COND_MODE2] = COND(mode2_clauses, SECCOMP_ALLOW, "EPERM with set-id bits"),
	[COND_OPEN] = COND(open_clauses, SECCOMP_ALLOW, "EPERM when it creates with set-id bits"),
	[COND_OPENAT] = COND(openat_clauses, SECCOMP_ALLOW, "EPERM when it creates with set-id bits"),
	[COND_SETRLIMIT] = COND(setrlimit_clauses, SECCOMP_ALLOW, "EPERM for RLIMIT_CORE"),
	[COND_PRLIMIT] = COND(prlimit_clauses, SECCOMP_ALLOW, "EPERM when it sets RLIMIT_CORE"),
	[COND_MEMFD] = COND(memfd_clauses, SECCOMP_EPERM, "only with MFD_NOEXEC_SEAL"),
	[COND_PERSONALITY] = COND(personality_clauses, SECCOMP_EPERM, "only PER_LINUX, PER_LINUX32 and asking"),
	[COND_PRCTL] = COND(prctl_clauses, SECCOMP_ALLOW, "EPERM for PR_SET_MM"),
	[COND_SOCKET] = COND(socket_clauses, SECCOMP_EPERM,
			     "only AF_UNIX, AF_INET and AF_INET6 with TCP or UDP, NETLINK_ROUTE"),
	[COND_SOCKET_NO_UNIX] = COND_FROM(socket_clauses, 1, SECCOMP_EPERM,
					  "only AF_INET and AF_INET6 with TCP or UDP, NETLINK_ROUTE; AF_UNIX with network.unix"),
	[COND_SOCKET_UNIX] = COND(unix_clauses, SECCOMP_EPERM, "only AF_UNIX"),
	[COND_SOCKETPAIR] = COND(pair_clauses, SECCOMP_EPERM, "only AF_UNIX, connected; datagrams with network.unix"),
	[COND_SOCKETPAIR_UNIX] = COND(unix_clauses, SECCOMP_EPERM, "only AF_UNIX"),
};

#define GROUP(why) { .reason = why, .verdict = SECCOMP_EPERM }
static const struct group groups[] = {
	[G_ALWAYS] = GROUP("always blocked"),
	[G_MOUNT] = GROUP("changes mounts"),
	[G_NAMESPACE] = GROUP("creates or enters namespaces"),
	[G_CLONE3] = { .reason = "its flags cannot be checked; libc falls back to clone", .verdict = SECCOMP_ENOSYS },
	[G_KERNEL] = GROUP("large kernel interface with a history of holes"),
	[G_PROCESS] = GROUP("reaches into other processes"),
	[G_KEYS] = GROUP("keyrings are shared beyond the sandbox"),
	[G_HANDLE] = GROUP("file handles go around paths"),
	[G_NUMA] = GROUP("moves memory of processes between nodes"),
	[G_SYSTEM] = GROUP("changes or reads the whole system"),
	[G_HARDWARE] = GROUP("access to hardware or segment tables"),
	[G_HIDE] = GROUP("hides memory from every observer"),
	[G_OBSOLETE] = { .reason = "obsolete", .verdict = SECCOMP_ENOSYS },
	[G_TERMINAL] = GROUP("terminal injection and line disciplines"),
	[G_DEVICE] = GROUP("creates devices"),
	[G_PERSONALITY] = GROUP("weakens address space protection"),
	[G_FORGE] = GROUP("rewrites what the kernel says of the process"),
	[G_SOCKET] = GROUP("socket families and protocols"),
	[G_SET_ID] = GROUP("a set-id file would act with the caller's rights outside"),
	[G_OPENAT2] = { .reason = "its mode cannot be checked; callers fall back to openat", .verdict = SECCOMP_ENOSYS },
	[G_CORE] = GROUP("would call the host's core handler again"),
	[G_LOCK] = { .reason = "locks are seen by other sandboxes", .verdict = SECCOMP_ENOSYS },
};

#define NO(n, g) { .name = #n, .group = G_##g }
#define IF(n, g, c) { .name = #n, .group = G_##g, .cond = COND_##c }
static const struct row refused[] = {
	NO(_sysctl, OBSOLETE), NO(acct, ALWAYS), NO(add_key, KEYS), NO(adjtimex, SYSTEM), NO(afs_syscall, OBSOLETE),
	NO(bpf, KERNEL), IF(chmod, SET_ID, MODE1), NO(chroot, MOUNT), NO(clock_adjtime, SYSTEM),
	NO(clock_settime, SYSTEM), IF(clone, NAMESPACE, CLONE), NO(clone3, CLONE3), IF(creat, SET_ID, MODE1),
	NO(create_module, OBSOLETE), NO(delete_module, ALWAYS), NO(epoll_ctl_old, OBSOLETE),
	NO(epoll_wait_old, OBSOLETE), NO(fanotify_init, HANDLE), NO(fanotify_mark, HANDLE), IF(fchmod, SET_ID, MODE1),
	IF(fchmodat, SET_ID, MODE2), IF(fchmodat2, SET_ID, MODE2), NO(finit_module, ALWAYS), NO(fsconfig, MOUNT),
	NO(fsmount, MOUNT), NO(fsopen, MOUNT), NO(fspick, MOUNT), NO(get_kernel_syms, OBSOLETE),
	NO(getpmsg, OBSOLETE), NO(init_module, ALWAYS), NO(io_uring_enter, KERNEL), NO(io_uring_register, KERNEL),
	NO(io_uring_setup, KERNEL), IF(ioctl, TERMINAL, IOCTL), NO(ioperm, HARDWARE), NO(iopl, HARDWARE),
	NO(kcmp, PROCESS), NO(kexec_file_load, ALWAYS), NO(kexec_load, ALWAYS), NO(keyctl, KEYS),
	NO(lookup_dcookie, HANDLE), NO(memfd_secret, HIDE), NO(migrate_pages, NUMA), IF(mknod, DEVICE, MKNOD),
	IF(mknodat, DEVICE, MKNODAT), NO(modify_ldt, HARDWARE), NO(mount, MOUNT), NO(mount_setattr, MOUNT),
	NO(move_mount, MOUNT), NO(move_pages, NUMA), NO(name_to_handle_at, HANDLE), NO(nfsservctl, SYSTEM),
	IF(open, SET_ID, OPEN), NO(open_by_handle_at, HANDLE), NO(open_tree, MOUNT), IF(openat, SET_ID, OPENAT),
	NO(openat2, OPENAT2), NO(perf_event_open, KERNEL), IF(personality, PERSONALITY, PERSONALITY),
	NO(pidfd_getfd, PROCESS), NO(pivot_root, ALWAYS), IF(prctl, FORGE, PRCTL), IF(prlimit64, CORE, PRLIMIT),
	NO(process_madvise, PROCESS), NO(process_vm_readv, PROCESS), NO(process_vm_writev, PROCESS),
	NO(ptrace, PROCESS), NO(putpmsg, OBSOLETE), NO(query_module, OBSOLETE), NO(quotactl, SYSTEM),
	NO(quotactl_fd, SYSTEM), NO(reboot, ALWAYS), NO(request_key, KEYS), NO(security, OBSOLETE),
	NO(set_mempolicy_home_node, NUMA), NO(setdomainname, SYSTEM), NO(sethostname, SYSTEM), NO(setns, NAMESPACE),
	IF(setrlimit, CORE, SETRLIMIT), NO(settimeofday, SYSTEM), IF(socket, SOCKET, SOCKET),
	IF(socketpair, SOCKET, SOCKETPAIR), NO(swapoff, ALWAYS), NO(swapon, ALWAYS), NO(syslog, SYSTEM),
	NO(tuxcall, OBSOLETE), NO(umount2, MOUNT), IF(unshare, NAMESPACE, UNSHARE), NO(uselib, KERNEL),
	NO(userfaultfd, KERNEL), NO(vhangup, SYSTEM), NO(vserver, OBSOLETE),
};

static const char *const strict[] = {
	"accept", "accept4", "access", "alarm", "arch_prctl", "bind", "brk", "capget", "chdir", "chmod", "chown",
	"clock_getres", "clock_gettime", "clock_nanosleep", "clone", "close", "close_range", "connect",
	"copy_file_range", "creat", "dup", "dup2", "dup3", "epoll_create", "epoll_create1", "epoll_ctl",
	"epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd", "eventfd2", "execve", "exit", "exit_group", "faccessat",
	"faccessat2", "fadvise64", "fallocate", "fchdir", "fchmod", "fchmodat", "fchmodat2", "fchown", "fchownat",
	"fcntl", "fdatasync", "fgetxattr", "flistxattr", "fork", "fremovexattr", "fsetxattr", "fstat", "fstatfs",
	"fsync", "ftruncate", "futex", "futex_waitv", "futimesat", "get_robust_list", "getcpu", "getcwd", "getdents",
	"getdents64", "getegid", "geteuid", "getgid", "getgroups", "getitimer", "getpeername", "getpgid", "getpgrp",
	"getpid", "getppid", "getpriority", "getrandom", "getresgid", "getresuid", "getrlimit", "getrusage", "getsid",
	"getsockname", "getsockopt", "gettid", "gettimeofday", "getuid", "getxattr", "inotify_add_watch",
	"inotify_init", "inotify_init1", "inotify_rm_watch", "ioctl", "kill", "landlock_add_rule",
	"landlock_create_ruleset", "landlock_restrict_self", "lchown", "lgetxattr", "link", "linkat", "listen",
	"listxattr", "llistxattr", "lremovexattr", "lseek", "lsetxattr", "lstat", "madvise", "map_shadow_stack",
	"membarrier", "memfd_create", "mincore", "mkdir", "mkdirat", "mknod", "mknodat", "mmap", "mprotect", "mremap",
	"msync", "munmap", "nanosleep", "newfstatat", "open", "openat", "openat2", "pause", "personality", "pidfd_open",
	"pidfd_send_signal", "pipe", "pipe2", "pkey_alloc", "pkey_free", "pkey_mprotect", "poll", "ppoll", "prctl",
	"pread64", "preadv", "preadv2", "prlimit64", "pselect6", "pwrite64", "pwritev", "pwritev2", "read", "readahead",
	"readlink", "readlinkat", "readv", "recvfrom", "recvmmsg", "recvmsg", "removexattr", "rename", "renameat",
	"renameat2", "restart_syscall", "rmdir", "rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask",
	"rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "sched_get_priority_max",
	"sched_get_priority_min", "sched_getaffinity", "sched_getparam", "sched_getscheduler", "sched_setaffinity",
	"sched_yield", "seccomp", "select", "sendfile", "sendmmsg", "sendmsg", "sendto", "set_robust_list",
	"set_tid_address", "setgid", "setitimer", "setpgid", "setpriority", "setregid", "setresgid", "setresuid",
	"setreuid", "setrlimit", "setsid", "setsockopt", "setuid", "setxattr", "shutdown", "sigaltstack", "signalfd",
	"signalfd4", "socket", "socketpair", "splice", "stat", "statfs", "statx", "symlink", "symlinkat", "sysinfo",
	"tee", "tgkill", "time", "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime", "timer_settime",
	"timerfd_create", "timerfd_gettime", "timerfd_settime", "times", "tkill", "truncate", "umask", "uname",
	"unlink", "unlinkat", "utime", "utimensat", "utimes", "vfork", "wait4", "waitid", "write", "writev",
};
