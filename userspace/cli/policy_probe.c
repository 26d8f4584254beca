/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_probe.h"

#include <sched.h>
#include <string.h>
#include <sys/wait.h>

#include "base/util.h"
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
	if (plan && !plan->all && !plan->isolated) {
		r->net_filter = r->cgroup ? r->cgroup : net_filter__attach(plan, cg.dir_fd, &filter);
		if (filter)
			net_filter__free(filter);
	}
	if (!r->limits_err)
		limits__remove(&r->limits);
	if (!r->cgroup)
		cgroup__remove(&cg);
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
}
