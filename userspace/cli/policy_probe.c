/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_probe.h"

#include <bpf/btf.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>

#include "base/util.h"
#include "doctor_probe.h"
#include "capture/cgroup.h"
#include "sandbox/sandbox.h"
#include "sandbox/sys.h"

/* In a child, which takes the namespaces with it. 0 or -errno. */
static int try_namespaces(void)
{
	struct st_mount_attr none = {};
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (!pid) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP))
			_exit(errno & 0xff);
		_exit(sys_mount_setattr(-1, 0, &none) && errno == ENOSYS ? ENOSYS : 0); /* before 5.12: no mount layer */
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

/* The cgroup of a run of this policy, with its limits and network filter, for a moment. */
static void try_cgroup(struct policy_probe *r, const struct policy *p, const struct net_plan *plan)
{
	const struct cgroup_want want = { p->memory.value, p->pids.value, p->cpus_milli.value };
	struct cgroup cg = { .dir_fd = -1, .events_fd = -1, .freeze_fd = -1 };
	struct net_filter *filter = NULL;

	r->cgroup = cgroup__create_for(&cg, &want, true);
	r->limits_err = limits__setup(&r->limits, p, r->cgroup ? NULL : &cg, !r->root);
	/* what runs already has no network namespace of its own: there, no network is a filter that lets nothing through */
	if (plan && !plan->all && (!plan->isolated || (p->net_src.name && r->root && !r->cgroup))) {
		int err = r->cgroup ? r->cgroup : net_filter__attach(plan, cg.dir_fd, &filter);

		r->live.cgroup_net = !err;
		if (!plan->isolated)
			r->net_filter = err;
		if (filter)
			net_filter__free(filter);
	}
	if (!r->limits_err)
		limits__remove(&r->limits);
	if (!r->cgroup)
		cgroup__remove(&cg);
}

/* An LSM program, loaded, attached and called once, as `doctor` does. */
static void try_live(struct policy_probe *r)
{
	struct doctor d = { .hits_fd = -1, .cg_fd = -1, .bpf_allowed = r->root };
	struct probe_result result = { 0 };

	if (!r->root)
		return;
	bpf__setup(&d);
	try_lsm(&d, NULL, &result);
	r->live.lsm = result.status == PROBE_OK;
	r->live.lsm_io_uring = r->live.lsm &&
			       btf__find_by_name_kind(d.btf, "bpf_lsm_inode_init_security_anon", BTF_KIND_FUNC) > 0;
	r->live.kill_after = !r->live.lsm && d.bpf_allowed;
	bpf__teardown(&d);
}

void policy_probe__run(struct policy_probe *r, const struct policy *p, const struct net_plan *plan)
{
	const struct seccomp_opts so = { .policy = p, .restrict_exec = p->exec != EXEC_ANY, .net = plan && !plan->isolated };
	struct seccomp_filter filter = { 0 };

	memset(r, 0, sizeof(*r));
	r->root = !geteuid();
	r->landlock_abi = landlock__abi();
	r->namespaces = try_namespaces();
	r->seccomp = seccomp__build(&so, &filter);
	r->seccomp_insns = filter.n;
	if (!r->seccomp)
		seccomp__done(&filter);
	r->net_filter = plan ? 1 : -EHOSTUNREACH;
	try_cgroup(r, p, plan);
	try_live(r);
}
