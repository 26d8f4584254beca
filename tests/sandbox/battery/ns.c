/* SPDX-License-Identifier: Apache-2.0 */
/* 32, 33, 37-43: mounts, namespaces, ids, capabilities, other processes. */
#include "attempt.h"

#include <limits.h>
#include <linux/capability.h>
#include <linux/kcmp.h>
#include <linux/sched.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>

/* 32: in bare mode from a private mount namespace. Needs the filter to refuse before arguments matter. */
ATTEMPT(call_chroot, "32-chroot")
{
	by_result(syscall(SYS_chroot, "/tmp"), "chroot");
}

ATTEMPT(call_pivot, "32-pivot_root")
{
	shield();
	by_reach(syscall(SYS_pivot_root, "/tmp", "/tmp"), "pivot_root");
}

ATTEMPT(call_mount, "32-mount")
{
	shield();
	by_result(syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL), "mount");
}

/* Makes what is read-only writable again. */
ATTEMPT(call_remount, "32-remount")
{
	shield();
	by_reach(syscall(SYS_mount, NULL, "/", NULL, 0x1020 /* MS_REMOUNT | MS_BIND */, NULL), "remount");
}

ATTEMPT(call_umount, "32-umount2")
{
	shield();
	by_result(syscall(SYS_umount2, "/proc", 2 /* MNT_DETACH */), "umount2 /proc");
}

ATTEMPT(call_fsopen, "32-fsopen")
{
	by_result(syscall(SYS_fsopen, "tmpfs", 0), "fsopen");
}

ATTEMPT(call_fsmount, "32-fsmount")
{
	by_reach(syscall(SYS_fsmount, -1, 0, 0), "fsmount");
}

ATTEMPT(call_fsconfig, "32-fsconfig")
{
	by_reach(syscall(SYS_fsconfig, -1, 6, NULL, NULL, 0), "fsconfig");
}

ATTEMPT(call_fspick, "32-fspick")
{
	shield();
	by_result(syscall(SYS_fspick, AT_FDCWD, "/", 0), "fspick");
}

ATTEMPT(call_move_mount, "32-move_mount")
{
	by_reach(syscall(SYS_move_mount, -1, "", -1, "", 4), "move_mount");
}

ATTEMPT(call_open_tree, "32-open_tree")
{
	by_result(syscall(SYS_open_tree, AT_FDCWD, "/", 0), "open_tree");
}

ATTEMPT(call_open_tree_clone, "32-open_tree-clone")
{
	shield();
	by_result(syscall(SYS_open_tree, AT_FDCWD, "/", 1 /* OPEN_TREE_CLONE */ | 0x8000), "open_tree clone");
}

ATTEMPT(call_mount_setattr, "32-mount_setattr")
{
	uint64_t attr[4] = { 0, 1 /* MOUNT_ATTR_RDONLY */, 0, 0 };

	shield();
	by_result(syscall(SYS_mount_setattr, AT_FDCWD, "/tmp", 0x8000 * 0, attr, sizeof(attr)) == -1 && errno != EINVAL ? -1 : 0,
		  "mount_setattr");
}

/* 33 */
static int new_user_mount(void *type)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return -1;
	return syscall(SYS_mount, "none", "/tmp", type, 0, "");
}

ATTEMPT(nested_mount, "33-nested")
{
	int err;

	if (in_child(new_user_mount, (void *)arg(), &err) < 0)
		blocked(err, "%s in a namespace of our own", arg());
	allowed("%s was mounted in a namespace of our own", arg());
}

/* 37 */
static int do_unshare(void *flags)
{
	return syscall(SYS_unshare, (long)flags);
}

ATTEMPT(ns_unshare, "37-unshare")
{
	int err;
	long flags = strtol(arg(), NULL, 16);

	if (in_child(do_unshare, (void *)flags, &err) < 0)
		blocked(err, "unshare(%#lx)", flags);
	allowed("unshare(%#lx)", flags);
}

ATTEMPT(ns_clone, "37-clone")
{
	long flags = strtol(arg(), NULL, 16), pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

	if (!pid)
		_exit(0);
	by_result(pid, "clone");
}

ATTEMPT(ns_clone3, "37-clone3")
{
	struct clone_args a = { .flags = strtoull(arg(), NULL, 16), .exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &a, sizeof(a));

	if (!pid)
		_exit(0);
	by_result(pid, "clone3");
}

ATTEMPT(ns_setns, "37-setns")
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s", arg());
	fd = open(path, O_RDONLY);
	if (fd < 0)
		blocked(errno, "open %s", path);
	by_reach(syscall(SYS_setns, fd, 0), "setns");
}

ATTEMPT(ns_setns_pidfd, "37-setns-pidfd")
{
	int fd = syscall(SYS_pidfd_open, getppid(), 0);

	if (fd < 0)
		blocked(errno, "pidfd_open of the parent");
	by_reach(syscall(SYS_setns, fd, CLONE_NEWNET), "setns by pidfd");
}

/* 38 */
ATTEMPT(id_setuid, "38-setuid")
{
	if (getuid() == 0)
		by_result(syscall(SYS_setresuid, 1, 1, 1), "setresuid(1)");
	by_result(syscall(SYS_setuid, 0), "setuid(0)");
}

ATTEMPT(id_setgroups, "40-setgroups")
{
	gid_t g = getgid() + 1;

	by_result(syscall(SYS_setgroups, 1, &g), "setgroups");
}

ATTEMPT(id_setgid, "38-setgid")
{
	by_result(syscall(SYS_setresgid, 5, 5, 5), "setresgid(5)");
}

/* A file of this user's that only its group or a capability could open: DAC_OVERRIDE must be gone. */
ATTEMPT(dac_override, "38-dac")
{
	by_result(open(param("other_users"), O_RDONLY), "a file that belongs to somebody else, mode 0600");
}

ATTEMPT(id_fsuid, "38-setfsuid")
{
	syscall(SYS_setfsuid, 12345);
	if (syscall(SYS_setfsuid, -1) == 12345)
		allowed("setfsuid");
	blocked(EPERM, "setfsuid");
}

/* 39 */
ATTEMPT(cap_sets, "39-cap-sets")
{
	static const char *const names[] = { "CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:" };
	char text[8192];

	if (slurp("/proc/self/status", text, sizeof(text)) < 0)
		not_here("/proc/self/status: %s", strerror(errno));
	for (int i = 0; i < 5; i++) {
		char *at = strstr(text, names[i]);

		if (!at || strtoull(at + 7, NULL, 16))
			allowed("%.24s", at ? at : names[i]);
	}
	for (int c = 0; c < 64; c++)
		if (prctl(PR_CAPBSET_READ, c) == 1)
			allowed("capability %d is in the bounding set", c);
	blocked(EPERM, "all five sets are empty");
}

ATTEMPT(cap_raise, "39-capset")
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = { { ~0U, ~0U, ~0U }, { 0x1ff, 0x1ff, 0x1ff } };
	int err = 0;

	for (int c = 0; c < 41; c++) {
		memset(d, 0, sizeof(d));
		d[c / 32].effective = d[c / 32].permitted = d[c / 32].inheritable = 1U << (c % 32);
		if (syscall(SYS_capset, &h, d) == 0)
			allowed("capability %d was raised", c);
		err = errno;
	}
	blocked(err, "capset");
}

ATTEMPT(cap_ambient, "39-ambient")
{
	by_result(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0), "PR_CAP_AMBIENT_RAISE");
}

ATTEMPT(cap_securebits, "39-securebits")
{
	by_result(prctl(PR_SET_SECUREBITS, 0), "PR_SET_SECUREBITS");
}

ATTEMPT(no_new_privs, "39-no-new-privs")
{
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		blocked(EPERM, "no_new_privs is set");
	allowed("no_new_privs is not set");
}

/* 40 */
ATTEMPT(uid_map, "40-uid-map")
{
	int fd = open("/proc/self/uid_map", O_WRONLY);

	if (fd < 0)
		blocked(errno, "open uid_map");
	by_reach(write(fd, "0 0 1", 5), "uid_map");
}

/* 41: the host's process "host_pid" belongs to the same user. */
ATTEMPT(sig_kill, "41-kill")
{
	by_result(kill(number(arg()), 0), "kill(0)");
}

ATTEMPT(sig_pidfd, "41-pidfd")
{
	by_result(syscall(SYS_pidfd_open, number("host_pid"), 0), "pidfd_open");
}

ATTEMPT(sig_queue, "41-sigqueue")
{
	siginfo_t si = { .si_code = SI_QUEUE };

	by_result(syscall(SYS_rt_sigqueueinfo, number("host_pid"), 0, &si), "rt_sigqueueinfo");
}

ATTEMPT(sig_tgkill, "41-tgkill")
{
	by_result(syscall(SYS_tgkill, number("host_pid"), number("host_pid"), 0), "tgkill");
}

ATTEMPT(pid_kcmp, "41-kcmp")
{
	by_result(syscall(SYS_kcmp, getpid(), number("host_pid"), KCMP_VM, 0, 0), "kcmp");
}

ATTEMPT(pid_vm_read, "41-vm-readv")
{
	char buf[8];
	struct iovec local = { buf, 8 }, remote = { (void *)0x400000, 8 };

	by_reach(syscall(SYS_process_vm_readv, number("host_pid"), &local, 1, &remote, 1, 0), "process_vm_readv");
}

ATTEMPT(pid_ptrace, "41-ptrace")
{
	long pid = number("host_pid"), ret = ptrace(PTRACE_SEIZE, pid, 0, 0);

	by_result(ret, "PTRACE_SEIZE");
}

ATTEMPT(pid_ptrace_traceme, "41-ptrace-child")
{
	pid_t pid = fork();

	if (!pid)
		for (;;)
			pause();
	by_result(ptrace(PTRACE_SEIZE, pid, 0, 0), "PTRACE_SEIZE of our own child");
}

ATTEMPT(pid_prlimit, "41-prlimit")
{
	struct rlimit r;

	by_result(syscall(SYS_prlimit64, number("host_pid"), RLIMIT_NOFILE, NULL, &r), "prlimit64");
}

ATTEMPT(pid_priority, "41-setpriority")
{
	by_result(syscall(SYS_setpriority, PRIO_PROCESS, number("host_pid"), 10), "setpriority of a process of the host");
}

ATTEMPT(pid_affinity, "41-setaffinity")
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	CPU_SET(1, &set);
	by_result(syscall(SYS_sched_setaffinity, number("host_pid"), sizeof(set), &set), "sched_setaffinity");
}

/* All processes of this user: those of the host must not be among them. */
ATTEMPT(prio_user, "41-setpriority-user")
{
	int before = getpriority(PRIO_PROCESS, 0);

	if (bare)
		by_result(kill(number("host_pid"), 0), "would reach");
	syscall(SYS_setpriority, PRIO_USER, getuid(), before + 5);
	blocked(0, "the runner looks at the host's process");
}

ATTEMPT(pid_madvise, "41-process-madvise")
{
	int fd = syscall(SYS_pidfd_open, number("host_pid"), 0);

	if (fd < 0)
		blocked(errno, "pidfd_open");
	allowed("a pidfd of the host");
}

ATTEMPT(proc_visible, "41-proc")
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%ld", number("host_pid"));
	by_result(stat(path, &st), "the host's process in /proc");
}

/* 42: kills, each in a run of its own. */
ATTEMPT(kill_init, "42-kill-1")
{
	if (bare)
		by_result(kill(1, 0), "would reach PID 1");
	if (kill(1, SIGKILL) || kill(1, SIGSEGV) || kill(1, SIGTERM) || kill(1, SIGINT))
		blocked(errno, "kill PID 1");
	/* when it had died, so had we */
	for (int i = 0; i < 2000; i++)
		sched_yield();
	blocked(0, "PID 1 did not mind");
}

ATTEMPT(kill_all, "42-kill-all")
{
	if (bare)
		not_here("would end the session");
	by_result(kill(-1, SIGKILL), "kill(-1)");
}

ATTEMPT(stop_init, "42-stop-1")
{
	if (bare)
		not_here("would stop the machine");
	kill(1, SIGSTOP);
	blocked(0, "the runner looks whether the run still ends");
}

ATTEMPT(ptrace_init, "42-ptrace-1")
{
	by_result(ptrace(PTRACE_SEIZE, 1, 0, 0), "PTRACE_SEIZE of PID 1");
}

/* 43: PID 1 of the sandbox holds what the command must not see. ARG: environ, mem, maps, fd/0, ... */
ATTEMPT(init_file, "43-pid1")
{
	char path[PATH_MAX], text[256];
	int fd;

	snprintf(path, sizeof(path), "/proc/1/%s", arg());
	fd = open(path, O_RDONLY);
	if (fd < 0)
		blocked(errno, "open %s", path);
	if (!strcmp(arg(), "mem"))
		allowed("opened");
	if (read(fd, text, sizeof(text)) < 0 && errno != EISDIR)
		blocked(errno, "read %s", path);
	allowed("%s is readable", path);
}

ATTEMPT(supervisor_file, "43-supervisor")
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%ld/%s", number("supervisor"), arg());
	by_result(open(path, O_RDONLY), path);
}

ATTEMPT(init_getfd, "43-pidfd-getfd")
{
	int fd = syscall(SYS_pidfd_open, 1, 0);

	if (fd < 0)
		blocked(errno, "pidfd_open(1)");
	for (int i = 0; i < 64; i++)
		if (syscall(SYS_pidfd_getfd, fd, i, 0) >= 0)
			allowed("took descriptor %d of PID 1", i);
		else if (errno != EBADF)
			blocked(errno, "pidfd_getfd");
	blocked(EBADF, "no descriptor");
}

ATTEMPT(init_vm, "43-pid1-vm")
{
	char buf[8];
	struct iovec local = { buf, 8 }, remote = { (void *)0x400000, 8 };

	by_reach(syscall(SYS_process_vm_readv, 1, &local, 1, &remote, 1, 0), "process_vm_readv of PID 1");
}

/* 30: cgroups: a process that leaves its cgroup leaves its limits. */
ATTEMPT(cgroup_leave, "30-cgroup-leave")
{
	static const char *const places[] = { "/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/unified/cgroup.procs",
					      "/sys/fs/cgroup/pids/cgroup.procs", "/sys/fs/cgroup/memory/cgroup.procs" };
	int err = ENOENT;

	for (int i = 0; i < 4; i++) {
		if (access(places[i], W_OK) == 0)
			allowed("%s can be written", places[i]);
		if (errno != ENOENT)
			err = errno;
	}
	blocked(err, "cgroup.procs");
}

/* The paths in /proc/self/cgroup must not tell of the host. */
ATTEMPT(cgroup_view, "37-cgroup-view")
{
	char text[4096];

	if (slurp("/proc/self/cgroup", text, sizeof(text)) < 0)
		blocked(errno, "/proc/self/cgroup");
	for (char *l = strtok(text, "\n"); l; l = strtok(NULL, "\n")) {
		char *path = strrchr(l, ':');

		if (path && strcmp(path, ":/") && strstr(path, "sandtrace"))
			allowed("%s", l);
	}
	blocked(0, "no path of the host");
}
