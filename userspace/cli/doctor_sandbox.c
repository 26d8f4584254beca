// SPDX-License-Identifier: Apache-2.0
/*
 * What the sandbox confines with, beside limits (doctor_limits.c): namespaces and mounts as doctor_ns.c tried them,
 * Landlock, seccomp, the newer system calls, keyrings. Whatever cannot be undone is done by a child that ends at once.
 */
#include "doctor_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../base/util.h"

void doctor_sandbox__setup(struct doctor *d)
{
	ns__try(&d->ns);
}

void probe__because(struct probe_result *r, int err, const struct ns_cause *why)
{
	probe__no(r, 0, "%s", why->what);
	r->err = err;
	probe__fix(r, "%s", why->fix);
}

/* A call was refused with ERR: by a filter, or as FMT says. */
static void refused(struct probe_result *r, const char *call, int err)
{
	struct ns_cause why;

	if (ns__why_filtered(call, err, &why))
		probe__because(r, err, &why);
	else
		probe__no(r, err, "%s", call);
}

/* ---- namespaces and mounts -------------------------------------------------------------------------------------- */

void try_fork(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	struct ns_cause why;

	(void)p;
	if (!d->ns.err[NS_FORK]) {
		probe__ok(r, "a child was made");
		return;
	}
	ns__why(&d->ns, NS_FORK, &why);
	probe__because(r, d->ns.err[NS_FORK], &why);
}

static const struct group {
	const char *name;
	enum ns_step steps[4]; /* ends with NS_FORK, or when full */
	const char *ok;
} groups[] = {
	{ "user", { NS_USER }, "clone3 made one" },
	{ "others", { NS_OTHERS, NS_CGROUP, NS_HOSTNAME, NS_LOOPBACK }, "mnt pid net ipc uts cgroup" },
	{ "ids", { NS_MAP }, "the caller's own, to itself" },
	{ "mounts", { NS_PRIVATE, NS_TREE, NS_TMPFS, NS_ATTACH }, "open_tree, mount_setattr, fsmount, move_mount" },
	{ "root", { NS_DEVPTS, NS_PIVOT }, "tmpfs, devpts, pivot_root" },
	{ "forbid", { NS_FORBID }, "user.max_user_namespaces = 0 inside is obeyed" },
	{ "overlay", { NS_OVERLAY }, "mounted on a tmpfs, userxattr" },
	{ "proc", { NS_PROC }, "" },
};

/* ARG: the group. The first of its steps that failed is explained; one that was not tried has a row of its own above. */
void try_ns(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	const struct group *g = groups;
	bool untried = false;

	while (strcmp(g->name, p->arg))
		g++;
	for (size_t i = 0; i < ARRAY_SIZE(g->steps) && g->steps[i] != NS_FORK; i++) {
		int err = d->ns.err[g->steps[i]];
		struct ns_cause why;

		untried |= err == NS_UNTRIED;
		if (!err || err == NS_UNTRIED)
			continue;
		ns__why(&d->ns, g->steps[i], &why);
		probe__because(r, err, &why);
		return;
	}
	if (untried && d->ns.slow)
		probe__no(r, -ETIMEDOUT, "the kernel took more than two seconds");
	else if (untried)
		probe__unknown(r, "cannot be tried without what failed above");
	else if (!strcmp(p->arg, "proc"))
		probe__ok(r, d->ns.hidepid ? "hidepid=ptraceable" : "without hidepid=ptraceable (5.8): init is visible");
	else
		probe__ok(r, "%s", g->ok);
}

/* ---- children ---------------------------------------------------------------------------------------------------- */

/* FN in a child. Its result: 0 or a negative errno. False: no child could be made, and R says so. */
static bool in_child(struct probe_result *r, int (*fn)(void), int *ret_err)
{
	pid_t pid = fork();
	int status;

	if (pid < 0) {
		probe__unknown(r, "cannot be tried without new processes");
		return false;
	}
	if (!pid)
		_exit(-fn() & 0xff);
	*ret_err = -ECHILD;
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status))
		*ret_err = -WEXITSTATUS(status);
	return true;
}

/* ---- Landlock ----------------------------------------------------------------------------------------------------- */

static const struct {
	int abi;
	const char *what;
} landlock_levels[] = {
	{ 2, "moves between directories" }, { 3, "truncate" }, { 4, "TCP ports" }, { 5, "device ioctls" },
	{ 6, "signals, abstract sockets" },
};

static int child_landlock(void)
{
	/* struct landlock_ruleset_attr of ABI 1: executing is what is handled */
	uint64_t handled = LANDLOCK_ACCESS_FS_EXECUTE;
	int fd = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);

	if (fd < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return syscall(SYS_landlock_restrict_self, fd, 0) ? -errno : 0;
}

static void no_landlock(struct probe_result *r, int err)
{
	char lsms[160];

	if (err != -EOPNOTSUPP) {
		refused(r, "landlock_create_ruleset", err);
		return;
	}
	probe__no(r, err, "it is built in, but not enabled at boot");
	if (read_file_str("/sys/kernel/security/lsm", lsms, sizeof(lsms)) > 0)
		probe__fix(r, "add lsm=landlock,%s to the kernel's command line and boot", lsms);
}

void try_landlock(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	char lack[160] = "";
	size_t len = 0;
	int err;

	(void)d;
	(void)p;
	if (abi < 0) {
		no_landlock(r, -errno);
		return;
	}
	if (!in_child(r, child_landlock, &err))
		return;
	if (err) {
		probe__no(r, err, "ABI %ld, but a child could not restrict itself", abi);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(landlock_levels); i++)
		if (abi < landlock_levels[i].abi && len < sizeof(lack))
			len += (size_t)snprintf(lack + len, sizeof(lack) - len, "%s%s (ABI %d)", len ? ", " : "",
						landlock_levels[i].what, landlock_levels[i].abi);
	if (abi < 6) /* sandbox.c: shared networks bring the host's abstract sockets */
		probe__ok(r, "ABI %ld lacks %s; --net and --allow-net need ABI 6", abi, lack);
	else
		probe__ok(r, "ABI %ld: files, TCP ports, ioctls, signals, sockets", abi);
}

/* ---- seccomp ------------------------------------------------------------------------------------------------------ */

static int install_filter(unsigned int flags)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog prog = { .len = 1, .filter = &allow };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog) < 0 ? -errno : 0;
}

static int child_filter(void)
{
	return install_filter(0);
}

static int child_notify(void)
{
	return install_filter(SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

/* ARG: "filter" or "notify". */
void try_seccomp_filter(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	bool notify = !strcmp(p->arg, "notify");
	int err;

	(void)d;
	if (!in_child(r, notify ? child_notify : child_filter, &err))
		return;
	if (!err) {
		probe__ok(r, notify ? "a child got a listener" : "a child installed a filter");
	} else if (err == -EBUSY) {
		probe__no(r, err, "a supervisor listens to this process already, and there can be one");
		probe__fix(r, "run outside of that sandbox, or with --allow-exec, which does without");
	} else {
		probe__no(r, err, "install a filter");
		if (ns__seccomp_active())
			probe__fix(r, "start the container with --security-opt seccomp=unconfined, or a profile that allows seccomp()");
	}
}

void try_seccomp_actions(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	static const struct {
		uint32_t action;
		const char *name;
	} actions[] = {
		{ SECCOMP_RET_KILL_PROCESS, "kill_process" },
		{ SECCOMP_RET_TRAP, "trap" },
		{ SECCOMP_RET_ERRNO, "errno" },
		{ SECCOMP_RET_USER_NOTIF, "user_notif" },
		{ SECCOMP_RET_TRACE, "trace" },
		{ SECCOMP_RET_LOG, "log" },
	};
	char have[128] = "", lack[128] = "";

	(void)d;
	(void)p;
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		uint32_t action = actions[i].action;
		char *list =
			syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) ? lack : have;
		size_t len = strlen(list);

		snprintf(list + len, sizeof(have) - len, "%s%s", len ? " " : "", actions[i].name);
	}
	if (lack[0])
		probe__no(r, 0, "without %s", lack);
	else
		probe__ok(r, "%s", have);
}

/* ---- system calls ------------------------------------------------------------------------------------------------- */

/* clone3 has its own rows. */
void try_syscalls(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };
	_cleanup_(close) int fd = -1, pidfd = -1;

	(void)d;
	(void)p;
	fd = (int)syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how));
	if (fd < 0) {
		refused(r, "openat2", -errno);
		return;
	}
	pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (pidfd < 0)
		refused(r, "pidfd_open", -errno);
	else if (syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0))
		refused(r, "pidfd_send_signal", -errno);
	else if (syscall(SYS_close_range, ~0U, ~0U, 0))
		refused(r, "close_range", -errno);
	else
		probe__ok(r, "openat2, pidfd_open, pidfd_send_signal, close_range");
}

static int child_keyring(void)
{
	return syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, NULL) < 0 ? -errno : 0;
}

void try_keyring(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	int err;

	(void)d;
	(void)p;
	if (!in_child(r, child_keyring, &err))
		return;
	if (err == -ENOSYS && !ns__seccomp_active())
		probe__ok(r, "the kernel has no keys that could be reached");
	else if (err)
		refused(r, "keyctl", err);
	else
		probe__ok(r, "a child joined a new one");
}
