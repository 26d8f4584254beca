// SPDX-License-Identifier: Apache-2.0
/*
 * Privileges, limits of our own, settings of the kernel.
 */
#include "doctor_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "../base/util.h"
#include "doctor_ns.h"

static bool has_cap(const struct doctor *d, int cap)
{
	return d->caps >> cap & 1;
}

void system__setup(struct doctor *d)
{
	char buf[4096];
	unsigned int inner, outer, len;

	d->caps = ns__effective_caps();
	if (read_file_str("/proc/self/uid_map", buf, sizeof(buf)) >=
	    0) /* empty: no uid is mapped yet */
		d->in_userns = sscanf(buf, "%u %u %u", &inner, &outer, &len) != 3 || inner ||
			       outer || len != UINT32_MAX;
	d->seccomp_filtered = ns__seccomp_active();
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
	char buf[32];

	if (d->in_userns && has_cap(d, cap))
		probe__no(r, 0,
			  "held in a user namespace, where the kernel does not accept it for this");
	else if (has_cap(d, cap))
		probe__ok(r, "effective");
	else if ((cap == CAP_BPF || cap == CAP_PERFMON) && has_cap(d, CAP_SYS_ADMIN) &&
		 !d->in_userns)
		probe__ok(r, "covered by CAP_SYS_ADMIN");
	else if (cap == CAP_BPF && read_file_str("/proc/sys/kernel/unprivileged_bpf_disabled", buf, sizeof(buf)) >= 0)
		probe__no(r, 0, "not in the effective set; kernel.unprivileged_bpf_disabled = %s", buf);
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
		probe__no(r, 0, "the kernel is locked down, mode: %s", mode);
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

/* Rings, maps, programs, links and their BTF, as run.c counts them. */
#define DESCRIPTORS_NEEDED 48

void try_descriptors(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	int fds[DESCRIPTORS_NEEDED], n = 0, err;
	struct rlimit lim = {};

	(void)d;
	(void)p;
	getrlimit(RLIMIT_NOFILE, &lim);
	while (n < DESCRIPTORS_NEEDED && (fds[n] = open("/", O_PATH | O_CLOEXEC)) >= 0)
		n++;
	err = n < DESCRIPTORS_NEEDED ? -errno : 0;
	for (int i = 0; i < n; i++)
		close(fds[i]);
	if (err)
		probe__no(r, err, "only %d are free, recording takes %d; RLIMIT_NOFILE = %llu (ulimit -n)", n,
			  DESCRIPTORS_NEEDED, (unsigned long long)lim.rlim_cur);
	else
		probe__ok(r, "ulimit -n is %llu", (unsigned long long)lim.rlim_cur);
}
