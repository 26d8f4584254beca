/* SPDX-License-Identifier: Apache-2.0 */
/* `sandtrace run`: puts the parts together, runs the session, and turns its end into an exit status. */
#include <string.h>
#include <sys/stat.h>

#include "artifacts.h"
#include "base/log.h"
#include "base/util.h"
#include "contain.h"
#include "record.h"

struct run {
	struct recording rec;
	char path[4096];
	struct contain contain;
	struct artifacts artifacts;
};

static int resolve(struct run *r, int *ret_exit)
{
	const char *cmd = r->rec.opts.argv[0];
	int err = launch__resolve(cmd, r->path, sizeof(r->path));

	if (!err)
		return 0;
	*ret_exit = err == -ENOENT || err == -ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	if (!*cmd)
		log_err(err, "the command's name is empty");
	else if (*ret_exit == EXIT_NOT_FOUND && !strchr(cmd, '/'))
		log_err(err, "%s: command not found in PATH", cmd);
	else
		log_errno(err, "%s: cannot be executed", cmd);
	return err;
}

/* The command stands at the barrier: from its execve on it is recorded. */
static int attach(struct run *r)
{
	struct recording *rec = &r->rec;
	struct capture_target target = {
		.pid = rec->launch.command_pid,
		.pidfd = rec->launch.pidfd,
		.report = rec->launch.report,
		.seccomp = r->contain.policy ? &r->contain.sandbox.seccomp : NULL,
	};
	int err = rec->capture ? capture__attach(rec->capture, &target) : 0;

	if (err && rec->opts.backend == BACKEND_AUTO && rec->why[0])
		log_hint("%s", rec->why);
	if (err)
		log_hint("`sandtrace doctor` tells what works here%s", r->contain.policy ? "; --backend none contains without recording" : "");
	else
		recording__attached(rec);
	return err;
}

static void report_not_started(const struct run *r, int err)
{
	struct stat st;

	if (err == ENOENT && !stat(r->path, &st))
		log_err(0, "%s: its interpreter (the first line, or the ELF loader) does not exist", r->path);
	else if (err == ENOEXEC)
		log_err(0, "%s: not a program the kernel can execute, nor a script that begins with #!", r->path);
	else
		log_errno(-err, "%s: execve failed", r->path);
}

static int exit_status(const struct run *r, const struct run_result *res, int exec_errno)
{
	if (exec_errno)
		return exec_errno == ENOENT || exec_errno == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	switch (res->kind) {
	case EXIT_TIMEOUT:
		if (!r->rec.opts.quiet)
			log_err(0, "timeout after %.3g s: everything still running was killed",
				(double)r->rec.session.timeout_ns / 1e9);
		return EXIT_TIMED_OUT;
	case EXIT_INTERRUPTED:
		return 128 + SIGINT;
	case EXIT_SIGNALED:
		if (res->killed_by && !r->rec.opts.quiet)
			log_err(0, "killed: over its limit of %s", res->killed_by);
		/* over its output: what it died of first depends on who was faster */
		return 128 + (res->signal && !(res->killed_by && !strcmp(res->killed_by, "output")) ? res->signal : SIGKILL);
	case EXIT_ATTACHED:
		return 0;
	case EXIT_EXITED:
	case EXIT_NOT_STARTED:
		break;
	}
	return res->exit_code;
}

/* What the header says of the sandbox, beside what does not work of the recording. */
static int describe(struct run *r)
{
	struct recording *rec = &r->rec;
	int err = 0;

	recording__describe(rec);
	contain__describe(&r->contain, &rec->info);
	if (!rec->degraded)
		return 0;
	for (const char *const *d = r->contain.degraded; *d && !err; d++)
		err = recording__degraded(rec, "%s", *d);
	rec->info.degraded = rec->degraded;
	return err;
}

static int record(struct run *r)
{
	struct recording *rec = &r->rec;
	const struct run_options *o = &rec->opts;
	struct run_result res;
	int exec_errno, status;

	if (recording__open(rec) || describe(r))
		return EXIT_SANDTRACE;
	rec->session.timeout_ns = r->contain.policy ? r->contain.policy->timeout_ns.value : o->pid && !o->timeout_set ? 0 : o->timeout_ns;
	rec->session.relay = &r->contain.relay;
	status = recording__run(rec, &res);
	if (status)
		return status;
	if (contain__collect(&r->contain, &rec->launch, &rec->guarded->cgroup, &res))
		return EXIT_SANDTRACE;
	if (!res.killed_by && res.signal == SIGKILL && res.limits && res.limits->oom_kills)
		res.killed_by = "memory";
	status = recording__finish(rec, &res);
	if (status || artifacts__write(&r->artifacts, &r->contain, &rec->info, &res))
		return EXIT_SANDTRACE;
	exec_errno = rec->launch.report ? rec->launch.report->exec_errno : 0;
	if (exec_errno)
		report_not_started(r, exec_errno);
	status = exit_status(r, &res, exec_errno);
	if (o->commit && status)
		log_warn("nothing was committed: the command did not end with status 0");
	else if (o->commit && contain__commit(&r->contain, &rec->launch))
		return EXIT_SANDTRACE;
	return status;
}

static int start_and_record(struct run *r)
{
	struct recording *rec = &r->rec;
	struct contain *c = &r->contain;
	struct launch *l = &rec->launch;

	/* an ordinary user makes no cgroup, in general: everything ends with the sandbox's init, which ends with us */
	if ((!geteuid() || !c->policy) && launch__guard(l, rec->guarded))
		return EXIT_SANDTRACE;
	if (contain__make_cgroup(c, &rec->opts, &rec->guarded->cgroup, &rec->guarded->limits))
		return EXIT_SANDTRACE;
	rec->cgroup_err = c->cgroup_err;
	if (l->guard_fd < 0 && rec->guarded->cgroup.made && launch__guard(l, rec->guarded)) /* a delegated one */
		return EXIT_SANDTRACE;
	/* the command's process is made before the BPF programs are loaded: small, none of their descriptors, and its
	 * sandbox is built meanwhile */
	if (launch__start(l, &rec->guarded->cgroup, c->policy ? &c->sandbox : NULL, r->path, rec->opts.argv, &rec->old_mask) ||
	    recording__start(rec) || launch__wait_ready(l) || contain__ready(c, l) || attach(r))
		return EXIT_SANDTRACE;
	if (c->policy && pipeline__set_policy(&rec->pipeline, &c->denial_ctx))
		return log_errno(-ENOMEM, "start"), EXIT_SANDTRACE;
	return record(r);
}

/* --pid: no command, no sandbox, no cgroup; what is recorded is there. */
static int attach_and_record(struct run *r)
{
	struct recording *rec = &r->rec;
	struct capture_target target = { .pid = (pid_t)rec->opts.pid, .pidfd = -1, .running = true };

	rec->launch.command_pid = target.pid;
	snprintf(rec->why, sizeof(rec->why), "the process runs already");
	if (recording__start(rec) || capture__attach(rec->capture, &target))
		return EXIT_SANDTRACE;
	recording__attached(rec);
	return record(r);
}

/* Whatever can be wrong with options, policy and quotas is found here, before anything exists. */
static int prepare(struct run *r)
{
	struct workspace_quota quota;
	int err = artifacts__open(&r->artifacts, r->rec.opts.artifacts);

	if (!err && r->rec.opts.artifacts)
		r->rec.opts.output = r->artifacts.trace;
	if (!err && r->rec.opts.quota)
		err = artifacts__parse_quota(r->rec.opts.quota, &quota);
	if (!err)
		err = contain__prepare(&r->contain, &r->rec.opts, r->path, r->rec.cwd);
	if (!err && r->contain.policy)
		err = artifacts__check(&r->artifacts, &r->contain, r->rec.opts.argv, r->rec.opts.quota ? &quota : NULL);
	r->rec.contained = r->contain.policy != NULL;
	return err;
}

static int setup_and_record(struct run *r)
{
	int status = recording__enter(&r->rec);

	if (status)
		return status;
	status = r->rec.running ? attach_and_record(r) : start_and_record(r);
	recording__leave(&r->rec);
	return status;
}

int cmd_run(int argc, char **argv)
{
	_cleanup_(free) struct run *r = calloc(1, sizeof(*r));
	struct run_options *o;
	int status;

	if (!r)
		return log_errno(-ENOMEM, "start"), EXIT_SANDTRACE;
	o = &r->rec.opts;
	if (options__parse_run(argc, argv, o, &status))
		return status;
	r->rec.running = o->pid != 0;
	r->rec.needs_cgroup = true;
	if (o->pid)
		o->backend = BACKEND_PTRACE; /* where it runs already, `attach` is for the others */
	status = recording__prepare(&r->rec);
	if (!status && o->pid)
		recording__name_running(&r->rec, (pid_t)o->pid);
	else if (!status)
		resolve(r, &status);
	if (!status) {
		status = prepare(r) ? EXIT_SANDTRACE : setup_and_record(r);
		artifacts__close(&r->artifacts);
		contain__done(&r->contain);
	}
	recording__done(&r->rec);
	return status;
}
