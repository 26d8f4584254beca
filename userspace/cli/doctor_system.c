// SPDX-License-Identifier: Apache-2.0
/*
 * Privileges, settings of the kernel, Landlock, seccomp, namespaces, ptrace. Whatever cannot be
 * undone is done by a forked child that ends at once.
 */
#include "doctor_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../base/util.h"

static bool has_cap(const struct doctor *d, int cap)
{
	return d->caps >> cap & 1;
}

void system__setup(struct doctor *d)
{
	struct __user_cap_header_struct hdr = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};
	char buf[4096], *line;
	unsigned int inner, outer, len;

	if (!syscall(SYS_capget, &hdr, data))
		d->caps = (uint64_t)data[1].effective << 32 | data[0].effective;
	if (read_file_str("/proc/self/uid_map", buf, sizeof(buf)) >=
	    0) /* empty: no uid is mapped yet */
		d->in_userns = sscanf(buf, "%u %u %u", &inner, &outer, &len) != 3 || inner ||
			       outer || len != UINT32_MAX;
	if (read_file_str("/proc/self/status", buf, sizeof(buf)) > 0) {
		line = strstr(buf, "\nSeccomp:\t");
		d->seccomp_filtered = line && line[10] == '2';
	}
	d->bpf_allowed = !d->in_userns && (has_cap(d, CAP_SYS_ADMIN) ||
					   (has_cap(d, CAP_BPF) && has_cap(d, CAP_PERFMON)));
}

void try_root(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	(void)p;
	(void)d;
	if (geteuid())
		probe__no(r, 0, "effective uid %u", geteuid());
	else
		probe__ok(r, "effective uid 0");
}

/* ARG: the number. CAP_SYS_ADMIN includes CAP_BPF and CAP_PERFMON, for the kernels that do not know
 * these. */
void try_cap(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	int cap = atoi(p->arg);

	if (d->in_userns && has_cap(d, cap))
		probe__no(r, 0,
			  "held in a user namespace, where the kernel does not accept it for this");
	else if (has_cap(d, cap))
		probe__ok(r, "effective");
	else if ((cap == CAP_BPF || cap == CAP_PERFMON) && has_cap(d, CAP_SYS_ADMIN) &&
		 !d->in_userns)
		probe__ok(r, "covered by CAP_SYS_ADMIN");
	else
		probe__no(r, 0, "not in the effective set");
}

void try_init_userns(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	(void)p;
	if (d->in_userns)
		probe__no(r, 0,
			  "this is a user namespace of its own (rootless container, unshare -U)");
	else
		probe__ok(r, "uids are mapped one to one");
}

void try_lockdown(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	char buf[128], *mode;
	int err = read_file_str("/sys/kernel/security/lockdown", buf, sizeof(buf));

	(void)d;
	(void)p;
	if (err == -ENOENT) {
		probe__ok(r, "not locked down: no /sys/kernel/security/lockdown");
		return;
	}
	if (err < 0 || !(mode = strchr(buf, '['))) {
		probe__unknown(r, "/sys/kernel/security/lockdown is not readable");
		return;
	}
	mode++;
	mode[strcspn(mode, "]")] = 0;
	if (!strcmp(mode, "confidentiality"))
		probe__no(r, 0, "mode: %s", mode);
	else
		probe__ok(r, "mode: %s", mode);
}

void try_unprivileged_bpf(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	char buf[32];
	int err = read_file_str("/proc/sys/kernel/unprivileged_bpf_disabled", buf, sizeof(buf));

	(void)p;
	if (err < 0)
		probe__unknown(r, "kernel.unprivileged_bpf_disabled is not readable");
	else if (!strcmp(buf, "0") || d->bpf_allowed)
		probe__ok(r, "kernel.unprivileged_bpf_disabled = %s", buf);
	else
		probe__no(r, 0, "kernel.unprivileged_bpf_disabled = %s", buf);
}

/* ARG: the file that holds the number of the perf event type. */
void try_perf_type(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	char buf[32];
	int err = read_file_str(p->arg, buf, sizeof(buf));

	(void)d;
	if (err < 0)
		probe__no(r, err, "%s", p->arg);
	else
		probe__ok(r, "perf event type %s", buf);
}

void try_landlock(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	(void)d;
	(void)p;
	if (abi < 0)
		probe__no(r, -errno, "landlock_create_ruleset");
	else
		probe__ok(r, "ABI %ld", abi);
}

/* FN in a child. Its result: 0 or a negative errno. */
static int in_child(int (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(-fn() & 0xff);
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	if (!WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

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
	int err = in_child(notify ? child_notify : child_filter);

	(void)d;
	if (err)
		probe__no(r, err, "install a filter");
	else
		probe__ok(r, notify ? "a child got a listener" : "a child installed a filter");
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

/* The second step is there for systems that hand out the namespace but no rights within it. */
static int child_userns(void)
{
	if (unshare(CLONE_NEWUSER))
		return -errno;
	return unshare(CLONE_NEWNS) ? -errno : 0;
}

void try_userns(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	int err = in_child(child_userns);

	(void)d;
	(void)p;
	if (err)
		probe__no(r, err, "unshare(CLONE_NEWUSER), then a mount namespace in it");
	else
		probe__ok(r, "a child made one");
}

void try_ptrace(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	char scope[32] = "";
	pid_t pid = fork();
	int err;

	(void)d;
	(void)p;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	err = pid < 0 || ptrace(PTRACE_SEIZE, pid, 0, 0) ? -errno : 0;
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	if (read_file_str("/proc/sys/kernel/yama/ptrace_scope", scope, sizeof(scope)) < 0)
		snprintf(scope, sizeof(scope), "not there");
	if (err)
		probe__no(r, err, "PTRACE_SEIZE of a child, yama ptrace_scope %s", scope);
	else
		probe__ok(r, "seized a child; yama ptrace_scope %s", scope);
}
