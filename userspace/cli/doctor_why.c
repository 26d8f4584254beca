/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a namespace or a mount of the sandbox is refused. The kernel says EPERM for a dozen reasons; each is told here by
 * what else is true when it is the one: a sysctl, a filter that answers where the kernel would have found the arguments
 * wrong, a chroot, a label. What comes first explains most.
 */
#include "doctor_ns.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/util.h"
#include "capture/cgroup.h"

#define CONTAINER "start the container with --security-opt seccomp=unconfined (docker, podman), or with a profile that allows "
#define SYSCTL(name) "/proc/sys/" name

static void say(struct ns_cause *c, const char *fix, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void say(struct ns_cause *c, const char *fix, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->what, sizeof(c->what), fmt, ap);
	va_end(ap);
	snprintf(c->fix, sizeof(c->fix), "%s", fix);
}

static const char *err_name(int err)
{
	return strerrorname_np(-err) ?: "an unknown error";
}

/* ---- what is true here ----------------------------------------------------------------------------------------- */

/* The value of a line "KEY:\tVALUE" of /proc/self/status. */
static bool status_line(const char *key, char *ret, size_t size)
{
	char buf[8192], *line;
	size_t len = strlen(key);

	if (read_file_str("/proc/self/status", buf, sizeof(buf)) < 0)
		return false;
	for (line = buf; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		if (!strncmp(line, key, len) && line[len] == ':') {
			line += len + 1;
			line += strspn(line, " \t");
			snprintf(ret, size, "%.*s", (int)strcspn(line, "\n"), line);
			return true;
		}
	return false;
}

bool ns__seccomp_active(void)
{
	char mode[8];

	if (status_line("Seccomp", mode, sizeof(mode)))
		return !strcmp(mode, "2");
	return prctl(PR_GET_SECCOMP) == 2; /* no /proc: asked in the way that a filter may refuse */
}

uint64_t ns__effective_caps(void)
{
	struct __user_cap_header_struct hdr = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};

	if (syscall(SYS_capget, &hdr, data))
		return 0;
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

static bool has_cap(int cap)
{
	return ns__effective_caps() >> cap & 1;
}

static bool sysctl_is(const char *path, const char *value)
{
	char buf[32];

	return read_file_str(path, buf, sizeof(buf)) >= 0 && !strcmp(buf, value);
}

/* Is ID mapped by FILE (uid_map, gid_map), as far as one can see? Sets *RET_INITIAL when all ids are, one to one. */
static bool mapped(const char *file, unsigned int id, bool *ret_initial)
{
	_cleanup_(fclose) FILE *f = fopen(file, "re");
	unsigned int inner, outer, len;
	bool found = false;

	*ret_initial = false;
	if (!f)
		return true;
	while (fscanf(f, "%u %u %u", &inner, &outer, &len) == 3) {
		found |= id >= inner && id - inner < len;
		*ret_initial |= !inner && !outer && len == UINT32_MAX;
	}
	return found;
}

static bool in_initial_userns(void)
{
	bool initial;

	mapped("/proc/self/uid_map", 0, &initial);
	return initial;
}

/* Entering one's own mount namespace leads to its root, out of any chroot. Needs root. */
static bool root_is_elsewhere(void)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return false;
	if (!pid) {
		struct statx own, top;
		int fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);

		_exit(fd >= 0 && !statx(AT_FDCWD, "/", 0, STATX_INO | STATX_MNT_ID, &own) && !setns(fd, CLONE_NEWNS) &&
		      !statx(AT_FDCWD, "/", 0, STATX_INO | STATX_MNT_ID, &top) &&
		      (own.stx_mnt_id != top.stx_mnt_id || own.stx_ino != top.stx_ino));
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status);
}

/* A chroot is not its mount namespace's root: mostly, nothing is mounted at its "/". */
static bool chrooted(void)
{
	_cleanup_(fclose) FILE *f = fopen("/proc/self/mountinfo", "re");
	_cleanup_(free) char *line = NULL;
	bool root = false, any = false;
	char at[4096];
	size_t cap = 0;

	while (f && getline(&line, &cap, f) > 0)
		if (sscanf(line, "%*u %*u %*s %*s %4095s", at) == 1) {
			any = true;
			root |= !strcmp(at, "/");
		}
	return (any && !root) || root_is_elsewhere();
}

/* The label that LSM gave us, without its mode; "" when it gave none, or none that holds anything. */
static const char *label(const char *lsm, char *buf, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/attr/%s/current", lsm);
	if (read_file_str(path, buf, size) < 0)
		buf[0] = 0;
	for (char *c = buf; *c; c++)
		if (!isgraph((unsigned char)*c))
			*c = 0;
	return strcmp(buf, "unconfined") ? buf : "";
}

/* Enforcing, and what we run as: the file system is there only where SELinux is active. */
static bool selinux_enforces(char *ret_context, size_t size)
{
	if (!sysctl_is("/sys/fs/selinux/enforce", "1"))
		return false;
	if (read_file_str("/proc/self/attr/current", ret_context, size) < 0)
		snprintf(ret_context, size, "?");
	return true;
}

/* ---- filters ---------------------------------------------------------------------------------------------------- */

/*
 * Calls that the kernel refuses with ERR for their arguments before it asks who calls: another answer is a filter's,
 * which comes first.
 */
static const struct {
	const char *name;
	long nr, a, b, c;
	int err;
} harmless[] = {
	{ "clone3", SYS_clone3, 0, 0, 0, EINVAL },
	/* with a flag that it never takes */
	{ "unshare", SYS_unshare, CLONE_NEWUSER | CLONE_PARENT, 0, 0, EINVAL },
	{ "mount", SYS_mount, 0, 0, 0, EFAULT },
	{ "open_tree", SYS_open_tree, -1, 0, -1, EINVAL },
	{ "mount_setattr", SYS_mount_setattr, -1, 0, -1, EINVAL },
	{ "fsconfig", SYS_fsconfig, -1, 0, 0, EINVAL },
	{ "close_range", SYS_close_range, 2, 1, 0, EINVAL },
	{ "openat2", SYS_openat2, -1, 0, 0, EINVAL },
	{ "pidfd_open", SYS_pidfd_open, -1, 0, 0, EINVAL },
	{ "pidfd_send_signal", SYS_pidfd_send_signal, -1, 0, 0, EBADF },
	{ "landlock_create_ruleset", SYS_landlock_create_ruleset, 0, 0, -1, EINVAL },
	{ "keyctl", SYS_keyctl, -1, 0, 0, EOPNOTSUPP },
	{ "ptrace", SYS_ptrace, PTRACE_SEIZE, -1, 0, ESRCH },
};

bool ns__why_filtered(const char *call, int err, struct ns_cause *ret)
{
	char fix[256];

	/* a filter's errno can be any, but these are what they answer */
	if (!ns__seccomp_active() || (err != -EPERM && err != -EACCES && err != -ENOSYS))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++) {
		if (strcmp(harmless[i].name, call))
			continue;
		if (syscall(harmless[i].nr, harmless[i].a, harmless[i].b, harmless[i].c, 0, 0) < 0 && errno == harmless[i].err)
			return false;
		snprintf(fix, sizeof(fix), CONTAINER "%s()", call);
		say(ret, fix, "a seccomp filter refuses %s() with %s", call, err_name(err));
		return true;
	}
	return false;
}

/* ---- causes ----------------------------------------------------------------------------------------------------- */

static void pids_limit(char *ret, size_t size)
{
	static const char *const hierarchies[] = { NULL, "pids" };

	snprintf(ret, size, "%s", "a limit of its cgroup (pids.max) or of the system (kernel.pid_max, kernel.threads-max)");
	for (size_t i = 0; i < ARRAY_SIZE(hierarchies); i++) {
		struct cgroup_place pl;
		char path[4096], max[32];

		if (cgroup__own(hierarchies[i], &pl))
			continue;
		snprintf(path, sizeof(path), "%s%s/pids.max", pl.mnt, pl.own);
		if (read_file_str(path, max, sizeof(max)) > 0 && strcmp(max, "max"))
			snprintf(ret, size, "pids.max = %s of cgroup %.100s", max, *pl.own ? pl.own : "/");
	}
}

void ns__why_no_process(struct ns_cause *ret)
{
	struct rlimit lim;
	char what[160];

	/* the kernel does not count these */
	bool exempt = has_cap(CAP_SYS_ADMIN) || has_cap(CAP_SYS_RESOURCE) || (!geteuid() && in_initial_userns());

	if (!exempt && !getrlimit(RLIMIT_NPROC, &lim) && lim.rlim_cur != RLIM_INFINITY) {
		say(ret, lim.rlim_cur == lim.rlim_max ? "raise nproc in /etc/security/limits.conf and log in anew" : "ulimit -u hard",
		    "no new process: RLIMIT_NPROC = %llu (ulimit -u) is used up by this user", (unsigned long long)lim.rlim_cur);
		return;
	}
	pids_limit(what, sizeof(what));
	say(ret, "raise that limit (docker, podman: --pids-limit), or end other processes", "no new process: %s is reached", what);
}

/* What AppArmor, in Ubuntu's form, and SELinux refuse. */
static bool why_lsm(int err, const char *call, struct ns_cause *ret)
{
	static const char userns[] = SYSCTL("kernel/apparmor_restrict_unprivileged_userns");
	char name[256], exe[256], fix[512];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	exe[MAX(n, 0)] = 0;
	if (n <= 0 || strspn(exe, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+") != (size_t)n || n > 100)
		snprintf(exe, sizeof(exe), "/path/to/sandtrace");
	if (sysctl_is(userns, "1") && !has_cap(CAP_SYS_ADMIN)) {
		snprintf(fix, sizeof(fix),
			 "printf 'abi <abi/4.0>,\\nprofile sandtrace %s flags=(unconfined) {\\n userns,\\n}\\n' | sudo tee "
			 "/etc/apparmor.d/sandtrace && sudo apparmor_parser -r /etc/apparmor.d/sandtrace  (or, for every program: sudo "
			 "sysctl kernel.apparmor_restrict_unprivileged_userns=0)", exe);
		say(ret, fix, "Ubuntu's kernel.apparmor_restrict_unprivileged_userns = 1: %s: %s", call, err_name(err));
		return true;
	}
	if (*label("apparmor", name, sizeof(name))) {
		say(ret, "start it unconfined: --security-opt apparmor=unconfined (docker, podman), or add userns, mount and pivot_root "
			 "to the profile", "the AppArmor profile %.80s refuses it: %s: %s", name, call, err_name(err));
		return true;
	}
	if (selinux_enforces(name, sizeof(name))) {
		say(ret, "sudo ausearch -m avc -ts recent | audit2allow -M sandtrace && sudo semodule -i sandtrace.pp  (in a container: "
			 "--security-opt label=disable)", "SELinux refuses it to %.100s: %s: %s", name, call, err_name(err));
		return true;
	}
	return false;
}

/* EPERM or EACCES from a call that makes a user namespace, or that the owner of one may make. */
static void why_refused(int err, const char *call, bool making, struct ns_cause *ret)
{
	bool initial;
	char lsms[128];

	if (making && sysctl_is(SYSCTL("kernel/unprivileged_userns_clone"), "0") &&
	    !(has_cap(CAP_SYS_ADMIN) && in_initial_userns()))
		say(ret, "sudo sysctl kernel.unprivileged_userns_clone=1", "Debian's kernel.unprivileged_userns_clone = 0");
	else if (making && (!mapped("/proc/self/uid_map", geteuid(), &initial) || !mapped("/proc/self/gid_map", getegid(), &initial)))
		say(ret, "map them: unshare --map-current-user, or run outside of that namespace",
		    "the caller's ids are not mapped in the user namespace that it is in");
	else if (making && chrooted())
		say(ret, "enter it with another root instead of a chroot: systemd-nspawn -D DIR, or bwrap --bind DIR /",
		    "this is a chroot, where the kernel permits no user namespace");
	else if (access("/proc/self/status", F_OK))
		say(ret, "mount -t proc proc /proc, and ask again", "%s: %s, and without /proc nobody can tell why%s", call, err_name(err),
		    making ? " (a chroot?)" : "");
	else if (why_lsm(err, call, ret) || ns__why_filtered(call, err, ret))
		return;
	else if (ns__seccomp_active())
		say(ret, CONTAINER "namespaces and mounts", "%s: %s, and a seccomp filter is active here", call, err_name(err));
	else if (read_file_str("/sys/kernel/security/lsm", lsms, sizeof(lsms)) > 0)
		say(ret, "look into the kernel's log: dmesg, journalctl -k", "%s: %s; it may be one of the active LSMs: %s", call,
		    err_name(err), lsms);
	else
		say(ret, "look into the kernel's log: dmesg, journalctl -k", "%s: %s, and nothing here says why", call, err_name(err));
}

/* Namespaces of KIND ("user", "mnt") are counted for each user, in this user namespace and in all above it. */
static void why_no_more(const char *kind, int err, struct ns_cause *ret)
{
	char path[64], value[32], fix[128];
	bool initial = in_initial_userns();

	snprintf(path, sizeof(path), SYSCTL("user/max_%s_namespaces"), kind);
	if (read_file_str(path, value, sizeof(value)) < 0)
		snprintf(value, sizeof(value), "?");
	snprintf(fix, sizeof(fix), "%ssysctl user.max_%s_namespaces=15000", geteuid() ? "sudo " : "", kind);
	if (!initial && strcmp(value, "0"))
		say(ret, "run outside of this container or sandbox, which forbids it or is nested too deep (32)",
		    "a user namespace above this one permits no more %s namespaces (%s; here user.max_%s_namespaces = %s)", kind,
		    err_name(err), kind, value);
	else if (!strcmp(value, "0"))
		say(ret, initial || has_cap(CAP_SYS_RESOURCE) ? fix : "run outside of this container or sandbox, which has set it",
		    "user.max_%s_namespaces = 0%s", kind, initial ? "" : " in this user namespace");
	else
		say(ret, fix, "all of this user's %s namespaces are in use: user.max_%s_namespaces = %s", kind, kind, value);
}

static void why_clone(int err, const char *kind, struct ns_cause *ret)
{
	char name[8], config[96];
	size_t i = 0;

	if (ns__why_filtered("clone3", err, ret))
		return;
	for (; kind[i] && i + 1 < sizeof(name); i++)
		name[i] = (char)toupper((unsigned char)kind[i]);
	name[i] = 0;
	switch (-err) {
	case ENOSYS:
		say(ret, "boot a newer kernel: Debian 12 has 6.1, which has all that is needed",
		    "the kernel has no clone3() (5.3), or something hides it");
		break;
	case EAGAIN:
		ns__why_no_process(ret);
		break;
	case ENOSPC:
	case EUSERS:
		why_no_more(kind, err, ret);
		break;
	case EINVAL:
		snprintf(config, sizeof(config), "a kernel built with CONFIG_%s_NS=y", strcmp(kind, "mnt") ? name : "NAMESPACES, CONFIG_USER");
		say(ret, config, "the kernel has no %s namespaces", kind);
		break;
	case EPERM:
	case EACCES:
		why_refused(err, "clone3", true, ret);
		break;
	default:
		say(ret, "free some memory or wait, and try again", "clone3: %s (%s)", err_name(err), strerror(-err));
	}
}

static void why_others(const struct ns_report *r, struct ns_cause *ret)
{
	for (int i = 0; i < NS_OTHER_KINDS; i++)
		if (r->other_err[i]) {
			why_clone(r->other_err[i], ns_other_names[i], ret);
			return;
		}
	why_clone(r->err[NS_OTHERS], "user", ret);
}

static void why_map(const struct ns_report *r, struct ns_cause *ret)
{
	int err = r->err[NS_MAP];
	char fix[128], self[32];
	ssize_t n = readlink("/proc/self", self, sizeof(self) - 1);
	const char *cap = !has_cap(CAP_SETFCAP) && !strcmp(r->call[NS_MAP], "uid_map") ? "SETFCAP"
			  : !has_cap(CAP_SETGID) && !strcmp(r->call[NS_MAP], "gid_map") ? "SETGID" : NULL;

	self[MAX(n, 0)] = 0;
	if (n > 0 && atoi(self) != getpid()) {
		say(ret, "mount -t proc proc /proc", "/proc is another PID namespace's: processes have other numbers there");
	} else if (err == -EPERM && !geteuid() && !strcmp(r->call[NS_MAP], "setgroups")) {
		say(ret, "run as an ordinary user, or outside of that user namespace",
		    "setgroups() is denied in this user namespace, and root must drop its groups");
	} else if (err == -EPERM && !geteuid() && cap) {
		snprintf(fix, sizeof(fix), "give it that capability (docker, podman: --cap-add %s), or run as an ordinary user", cap);
		say(ret, fix, "root needs CAP_%s to map itself into a user namespace", cap);
	} else if (err == -EPERM || err == -EACCES) {
		why_refused(err, "write uid_map", false, ret);
	} else if (err == -EROFS) {
		say(ret, "mount -o remount,rw /proc", "/proc is read-only, so the ids cannot be mapped (%s)", r->call[NS_MAP]);
	} else {
		say(ret, "mount -t proc proc /proc", "write /proc/PID/%s: %s%s", r->call[NS_MAP], err_name(err),
		    access("/proc/self/status", F_OK) ? ": /proc is not mounted" : "");
	}
}

/* What covers a part of /proc: the kernel then refuses a new one, where it would be uncovered. */
static unsigned int covered_proc(char *ret_first, size_t size, bool *ret_whole, bool *ret_readonly)
{
	_cleanup_(fclose) FILE *f = fopen("/proc/self/mountinfo", "re");
	_cleanup_(free) char *line = NULL;
	unsigned int n = 0;
	size_t cap = 0;

	*ret_whole = *ret_readonly = false;
	while (f && getline(&line, &cap, f) > 0) {
		char root[256], at[256], opts[256];

		if (sscanf(line, "%*u %*u %*s %255s %255s %255s", root, at, opts) != 3)
			continue;
		if (!strcmp(at, "/proc") && strstr(line, " - proc ") && !strcmp(root, "/")) {
			*ret_whole = true;
			*ret_readonly = !strncmp(opts, "ro", 2);
		}
		/* these two are always empty directories, which cover nothing */
		if (strncmp(at, "/proc/", 6) || !strcmp(at, "/proc/sys/fs/binfmt_misc") || !strcmp(at, "/proc/fs/nfsd"))
			continue;
		if (!n++)
			snprintf(ret_first, size, "%.*s", (int)size - 1, at);
	}
	return n;
}

static void why_proc(int err, struct ns_cause *ret)
{
	static const char unmask[] = "start the container with --security-opt systempaths=unconfined (docker) or "
				     "--security-opt unmask=ALL (podman), procMount: Unmasked (kubernetes); elsewhere: sudo umount ";
	char first[128] = "", fix[512];
	bool whole, readonly;
	unsigned int n = covered_proc(first, sizeof(first), &whole, &readonly);

	if (err != -EPERM) {
		why_refused(err, "mount proc", false, ret);
	} else if (n) {
		snprintf(fix, sizeof(fix), "%s%s", unmask, first);
		say(ret, fix, "/proc is masked: %s%s covered, so the kernel refuses a new one", first, n > 1 ? " and others are" : " is");
	} else if (!whole) {
		say(ret, "sudo mount -t proc proc /proc", "no whole /proc is mounted here, so the kernel refuses a new one");
	} else if (readonly) {
		say(ret, "sudo mount -o remount,rw /proc", "/proc is mounted read-only, so the kernel refuses a new one");
	} else {
		why_refused(err, "mount proc", false, ret);
	}
}

static void why_overlay(int err, struct ns_cause *ret)
{
	switch (-err) {
	case ENODEV:
		say(ret, "sudo modprobe overlay", "overlayfs is not in the kernel, or not loaded");
		break;
	case EINVAL:
	case EPERM:
		say(ret, "boot a newer kernel: overlays in a user namespace came with 5.11, Debian 12 has 6.1",
		    "the kernel permits no overlay in a user namespace: %s", err_name(err));
		break;
	default:
		why_refused(err, "mount overlay", false, ret);
	}
}

/* Root can decide to do without a layer. */
static void or_without(struct ns_cause *c, const char *layer)
{
	size_t len = strlen(c->fix);

	if (!geteuid() && has_cap(CAP_SYS_ADMIN))
		snprintf(c->fix + len, sizeof(c->fix) - len, "; or run without that layer, which protects less: --allow-degraded=%s", layer);
}

void ns__why(const struct ns_report *r, enum ns_step step, struct ns_cause *ret)
{
	int err = r->err[step];
	const char *call = r->call[step] ?: "?";

	switch (step) {
	case NS_FORK:
		if (err == -EAGAIN)
			ns__why_no_process(ret);
		else
			say(ret, err == -EMFILE ? "ulimit -n 1024" : "free some memory and try again", "%s: %s (%s)", call, err_name(err),
			    strerror(-err));
		return;
	case NS_USER:
		why_clone(err, "user", ret);
		if (err == -ENOSPC || err == -EUSERS || err == -EINVAL)
			or_without(ret, "user_ns");
		return;
	case NS_OTHERS:
		why_others(r, ret);
		return;
	case NS_MAP:
		why_map(r, ret);
		return;
	case NS_CGROUP:
		if (err == -ENOSPC)
			why_no_more("cgroup", err, ret);
		else if (err == -EINVAL)
			say(ret, "a kernel built with CONFIG_CGROUPS=y", "the kernel has no cgroup namespaces");
		else
			why_refused(err, call, false, ret);
		return;
	case NS_PROC:
		why_proc(err, ret);
		return;
	case NS_OVERLAY:
		why_overlay(err, ret);
		return;
	default:
		break;
	}
	if (ns__why_filtered(call, err, ret))
		return;
	if (err == -EPERM || err == -EACCES)
		why_refused(err, call, false, ret);
	else if (step == NS_PIVOT && err == -EINVAL)
		say(ret, "boot with a root file system of its own, or: unshare -m, mount --bind, switch_root",
		    "the root is the initial RAM disk's, which cannot be exchanged");
	else if (err == -ENOSYS)
		say(ret, "boot a newer kernel: Debian 12 has 6.1, which has all that is needed", "the kernel has no %s()", call);
	else
		say(ret, "look into the kernel's log: dmesg, journalctl -k", "%s: %s (%s)", call, err_name(err), strerror(-err));
}
