/* SPDX-License-Identifier: Apache-2.0 */
/* The system: bpf(2), other processes, mounts, credentials, and whoever enforces the policy. */
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

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
/* Through a pin that somebody else has made: of a map that is not there, or the recorder's. */
static int b_pinned(void)
{
	union bpf_attr attr = { .pathname = (uint64_t)(uintptr_t)"/sys/fs/bpf/guard" };

	return result(syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr)));
}
static int p_attach(void) { return result(ptrace(PTRACE_SEIZE, outsider, NULL, NULL)); }
static int p_mem(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", outsider);
	return open_write(path) ? EPERM : 0; /* refused as EACCES there */
}
static int p_write(void) /* into another process, where this one has the same: the last byte of its word */
{
	struct iovec from = { detail + sizeof(detail) - 1, 1 }, to = from;

	return process_vm_writev(outsider, &from, 1, &to, 1, 0) == 1 ? 0 : errno;
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
/* CAP_LAST_CAP is 40 since 5.9. */
#define ALL_CAPS "2199023255551"
#define NO_CHOWN "2199023255550"
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

	if (unshare(CLONE_NEWNS))
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

/* ---- what a task is confined by ------------------------------------------------------------------------------------ */

static int unshare_child(void) { return result(unshare(CLONE_NEWUTS | CLONE_NEWIPC)); }
static int k_unshare(void) { return in_child(unshare_child); }
static int setns_child(void) /* into a namespace of a child's, and back out of its own */
{
	char path[64];
	int go[2], fd, ret;
	pid_t pid;
	char c;

	if (pipe(go) || (pid = fork()) < 0)
		return CANNOT;
	if (!pid) {
		ret = unshare(CLONE_NEWUTS | CLONE_NEWIPC); /* not just what is entered, so that the two are told apart */
		_exit(write(go[1], ret ? "n" : "y", 1) == 1 && !ret ? pause() : 0);
	}
	if (read(go[0], &c, 1) != 1 || c != 'y')
		return CANNOT;
	snprintf(path, sizeof(path), "/proc/%d/ns/uts", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ret = result(setns(fd, CLONE_NEWUTS));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return ret;
}
static int k_setns(void) { return in_child(setns_child); }
static int k_clone(void)
{
	int status;
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (!pid)
		_exit(0);
	return pid < 0 ? errno : waitpid(pid, &status, 0) == pid ? 0 : CANNOT;
}
static int groups_child(void)
{
	static const gid_t groups[] = { 5, 6 };

	return result(syscall(SYS_setgroups, 2, groups));
}
static int k_groups(void) { return in_child(groups_child); }
static int prctl_child(void) { return result(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)); }
static int k_prctl(void) { return in_child(prctl_child); }
static int ambient_child(void) { return result(prctl(PR_CAP_AMBIENT, 4 /* clear all */, 0, 0, 0)); }
static int k_prctl_ambient(void) { return in_child(ambient_child); }
static int leave_child(void)
{
	int fd;
	ssize_t n;

	mkdir("/sys/fs/cgroup/elsewhere", 0755);
	fd = open("/sys/fs/cgroup/elsewhere/cgroup.procs", O_WRONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : write(fd, "0", 1);
	return n == 1 ? 0 : errno;
}
static int k_cgroup(void) { return in_child(leave_child); }

/* ---- the system ------------------------------------------------------------------------------------------------ */

static int k_sysctl(void)
{
	int fd = open("/proc/sys/kernel/core_pattern", O_WRONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return errno;
	ret = write(fd, "core.%p\n", 8) == 8 ? 0 : errno;
	close(fd);
	return ret;
}
static int k_lockdown(void)
{
	int fd;

	mkdir("/mnt/trace", 0755);
	mount("none", "/mnt/trace", "tracefs", 0, NULL);
	fd = open("/mnt/trace/trace", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? errno : (close(fd), 0);
}
#define KEYCTL_JOIN_SESSION_KEYRING 1
#define KEYCTL_SETPERM 5
#define KEYCTL_READ 11
#define SESSION_KEYRING (-3)
static long add_key(const char *name)
{
	return syscall(SYS_add_key, "user", name, "secret", 6, SESSION_KEYRING);
}
static int key_child(void)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		return CANNOT;
	return add_key("made") < 0 ? errno : 0;
}
static int k_key(void) { return in_child(key_child); }
static int key_of_other_child(void) /* found by its number, on nobody's keyring of its own */
{
	char text[16];
	long key;

	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 || (key = add_key("found")) < 0 ||
	    syscall(SYS_keyctl, KEYCTL_SETPERM, key, 0x3f3f0000))
		return CANNOT;
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		return CANNOT;
	return result(syscall(SYS_keyctl, KEYCTL_READ, key, text, sizeof(text)));
}
static int k_key_of_other(void) { return in_child(key_of_other_child); }
/* Root takes a handle of a map of the recorder's by its number, and deletes what it can. */
static int k_own_map(void)
{
	union bpf_attr attr = { .start_id = 0 };
	char info[256];
	int last = CANNOT, deleted = 0;

	while (!syscall(SYS_bpf, BPF_MAP_GET_NEXT_ID, &attr, sizeof(attr))) {
		uint32_t id = attr.next_id;
		struct bpf_map_info *map = (void *)info;
		char key[64] = { 0 };
		int fd;

		attr = (union bpf_attr){ .map_id = id };
		fd = (int)syscall(SYS_bpf, BPF_MAP_GET_FD_BY_ID, &attr, sizeof(attr));
		if (fd < 0)
			last = errno;
		memset(info, 0, sizeof(info));
		attr = (union bpf_attr){ .info = { .bpf_fd = (uint32_t)fd, .info_len = sizeof(info), .info = (uint64_t)(uintptr_t)info } };
		if (fd >= 0 && !syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) && !strncmp(map->name, "st_guard", 8)) {
			attr = (union bpf_attr){ .map_fd = (uint32_t)fd, .next_key = (uint64_t)(uintptr_t)key };
			last = 0;
			while (!syscall(SYS_bpf, BPF_MAP_GET_NEXT_KEY, &attr, sizeof(attr))) {
				attr = (union bpf_attr){ .map_fd = (uint32_t)fd, .key = (uint64_t)(uintptr_t)key };
				if (syscall(SYS_bpf, BPF_MAP_DELETE_ELEM, &attr, sizeof(attr)))
					break;
				deleted++;
				attr = (union bpf_attr){ .map_fd = (uint32_t)fd, .next_key = (uint64_t)(uintptr_t)key };
			}
		}
		if (fd >= 0)
			close(fd);
		attr = (union bpf_attr){ .start_id = id };
	}
	if (last == CANNOT && errno != ENOENT) /* not even a look at the numbers */
		last = errno;
	snprintf(detail, sizeof(detail), "deleted=%d", deleted);
	return last;
}

static const struct attempt attempts[] = {
	{ "bpf-map", b_map, "kernel", "bpf", "denied" },
	{ "bpf-other-map", b_steal, "kernel", "bpf", "denied" },
	{ "bpf-pinned", b_pinned, "kernel", "bpf", "denied" },
	{ "ptrace", p_attach, "kernel", "ptrace", "allowed" },
	{ "proc-mem", p_mem, "kernel", "ptrace", "allowed" },
	{ "process-vm-write", p_write, "kernel", "ptrace", "allowed" },
	{ "signal", p_signal, "kernel", "signal", "allowed" },
	{ "mount", s_mount, "kernel", "mount", "allowed" },
	{ "user-namespace", s_userns, "kernel", "user_namespace", "allowed" },
	{ "perf-event", s_perf, "kernel", "perf_event", "allowed" },
	{ "setuid", c_setuid, "credentials",
	  "setuid@uid=0@euid=0@new_uid=1000@new_euid=1000@new_gid=0@old_caps=" ALL_CAPS "@new_caps=0", "allowed" },
	{ "setgid", c_setgid, "credentials", "setgid@gid=0@egid=0@new_gid=1000@new_egid=1000@new_uid=0", "allowed" },
	{ "capset", c_capset, "credentials",
	  "capset@old_caps=" ALL_CAPS "@new_caps=" NO_CHOWN "@new_permitted=" ALL_CAPS "@new_uid=0", "allowed" },
	{ "traceme", p_traceme, "kernel", "ptrace", "allowed" },
	{ "remount", s_remount, "kernel", "mount", "allowed" },
	{ "move-mount", s_move_mount, "kernel", "move_mount", "allowed" },
	{ "unshare", k_unshare, "kernel", "namespace:CLONE_NEWUTS|CLONE_NEWIPC", "allowed" },
	{ "setns", k_setns, "kernel", "namespace:CLONE_NEWUTS", "allowed" },
	{ "clone-namespaces", k_clone, "kernel", "namespace:CLONE_NEWUSER|CLONE_NEWPID", "allowed" },
	{ "user-namespace-entered", s_userns, "credentials", "user_namespace", "allowed" },
	{ "setgroups", k_groups, "credentials", "setgroups", "allowed" },
	{ "no-new-privileges", k_prctl, "kernel", "prctl:PR_SET_NO_NEW_PRIVS", "allowed" },
	{ "ambient-capabilities", k_prctl_ambient, "kernel", "prctl:PR_CAP_AMBIENT", "allowed" },
	{ "leave-control-group", k_cgroup, "kernel", "cgroup:/elsewhere", "allowed" },
	{ "sysctl", k_sysctl, "kernel", "write_sysctl:kernel/core_pattern=core.%p", "allowed" },
	{ "lockdown", k_lockdown, "kernel", "lockdown:TRACEFS", "allowed" },
	{ "key-made", k_key, "kernel", "key", "allowed" },
	{ "key-of-another", k_key_of_other, "kernel", "key:READ", "allowed" },
	{ "recorder-map", k_own_map, "kernel", "bpf", "denied" },
	{ "recorder-to-audit", r_audit, "kernel", "signal", "denied" },
	{ "recorder-killed", r_kill, "kernel", "signal", "denied" },
	{ "recorder-limited", r_limit, "kernel", "set_limit", "denied" },
	{ "recorder-descriptor", r_take, "kernel", "ptrace", "denied" },
	{ "recorder-memory", r_memory, "kernel", "ptrace", "denied" },
};
DOMAIN(system, attempts);
