/* SPDX-License-Identifier: Apache-2.0 */
/* The system: bpf(2), other processes, mounts, credentials, and whoever enforces the policy. */
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "evade.h"

static int b_map(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1 };

	return result(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
}
/* Root takes a handle of somebody else's map by its number, to delete its keys. */
static int b_steal(void)
{
	union bpf_attr attr = { .start_id = 0 };

	if (syscall(SYS_bpf, BPF_MAP_GET_NEXT_ID, &attr, sizeof(attr)))
		return errno;
	attr = (union bpf_attr){ .map_id = attr.next_id };
	return result(syscall(SYS_bpf, BPF_MAP_GET_FD_BY_ID, &attr, sizeof(attr)));
}
static int p_attach(void) { return result(ptrace(PTRACE_SEIZE, outsider, NULL, NULL)); }
static int p_mem(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", outsider);
	return open_write(path);
}
static int p_signal(void) { return result(kill(outsider, SIGCONT)); }
static int s_mount(void)
{
	int ret = result(mount("none", "/mnt/other", "tmpfs", 0, NULL));

	if (!ret)
		umount("/mnt/other");
	return ret;
}
static int s_userns_child(void) { return result(unshare(CLONE_NEWUSER)); }
static int s_userns(void) { return in_child(s_userns_child); }
static int s_perf(void)
{
	struct { uint32_t type, size; uint64_t config, rest[14]; } attr = { .type = 1, .size = sizeof(attr) };

	return result(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0));
}
static int setuid_child(void) { return result(setresuid(1000, 1000, 1000)); }
static int c_setuid(void) { return in_child(setuid_child); }
static int setgid_child(void) { return result(setresgid(1000, 1000, 1000)); }
static int c_setgid(void) { return in_child(setgid_child); }
static int capset_child(void)
{
	struct { uint32_t version; int pid; } head = { 0x20080522, 0 };
	struct { uint32_t effective, permitted, inheritable; } data[2] = { { 0, ~0U, 0 }, { 0, 0, 0 } };

	if (syscall(SYS_capget, &head, data))
		return CANNOT;
	data[0].effective &= ~1U;
	return result(syscall(SYS_capset, &head, data));
}
static int c_capset(void) { return in_child(capset_child); }
static int traceme_child(void) { return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL)); }
static int p_traceme(void) { return in_child(traceme_child); }
static int s_remount(void) { return result(mount(NULL, "/srv", NULL, MS_REMOUNT, NULL)); }
static int move_mount_child(void)
{
	int tree;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return CANNOT;
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, OK, 1 /* clone */);
	return tree < 0 ? CANNOT : result(syscall(SYS_move_mount, tree, "", AT_FDCWD, "/mnt/other", 4 /* empty path */));
}
static int s_move_mount(void) { return in_child(move_mount_child); }
/* Whoever enforces the policy, found by its name. */
static pid_t recorder(void)
{
	char path[64], comm[32];

	for (pid_t pid = 2; pid < 32768; pid++) {
		ssize_t n;
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		n = read(fd, comm, sizeof(comm) - 1);
		close(fd);
		comm[n > 0 ? n : 0] = 0;
		if (!strcmp(comm, "sandtrace\n"))
			return pid;
	}
	return 0;
}
static int r_audit(void) { pid_t pid = recorder(); return pid ? result(kill(pid, SIGUSR1)) : CANNOT; }
static int r_kill(void) { pid_t pid = recorder(); return pid ? result(kill(pid, SIGKILL)) : CANNOT; }
static int r_limit(void)
{
	struct { uint64_t soft, hard; } none = { 0, 0 };
	pid_t pid = recorder();

	return pid ? result(syscall(SYS_prlimit64, pid, 1 /* RLIMIT_FSIZE */, &none, NULL)) : CANNOT;
}
static int r_take(void) /* a map of its, through its descriptor */
{
	pid_t pid = recorder();
	int pidfd = pid ? (int)syscall(SYS_pidfd_open, pid, 0) : -1, fd;

	if (pidfd < 0)
		return CANNOT;
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, 4, 0);
	close(pidfd);
	return fd < 0 ? errno : (close(fd), 0);
}
static int r_memory(void)
{
	char path[64];
	pid_t pid = recorder();

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	return pid ? (open_write(path) ? EPERM : 0) : CANNOT; /* refused as EACCES there */
}

static const struct attempt attempts[] = {
	{ "bpf-map", b_map, "kernel", "bpf", "denied" },
	{ "bpf-other-map", b_steal, "kernel", "bpf", "denied" },
	{ "ptrace", p_attach, "kernel", "ptrace", "allowed" },
	{ "proc-mem", p_mem, "kernel", "ptrace", "allowed" },
	{ "signal", p_signal, "kernel", "signal", "allowed" },
	{ "mount", s_mount, "kernel", "mount", "allowed" },
	{ "user-namespace", s_userns, "kernel", "user_namespace", "allowed" },
	{ "perf-event", s_perf, "kernel", "perf_event", "allowed" },
	{ "setuid", c_setuid, "credentials", "setuid", "allowed" },
	{ "setgid", c_setgid, "credentials", "setgid", "allowed" },
	{ "capset", c_capset, "credentials", "capset", "allowed" },
	{ "traceme", p_traceme, "kernel", "ptrace", "allowed" },
	{ "remount", s_remount, "kernel", "mount", "allowed" },
	{ "move-mount", s_move_mount, "kernel", "move_mount", "allowed" },
	{ "recorder-to-audit", r_audit, "kernel", "signal", "denied" },
	{ "recorder-killed", r_kill, "kernel", "signal", "denied" },
	{ "recorder-limited", r_limit, "kernel", "set_limit", "denied" },
	{ "recorder-descriptor", r_take, "kernel", "ptrace", "denied" },
	{ "recorder-memory", r_memory, "kernel", "ptrace", "denied" },
};
DOMAIN(system, attempts);
