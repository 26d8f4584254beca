/* SPDX-License-Identifier: Apache-2.0 */
/* `sandtrace attach`: records what runs already, enforces a policy on it for as long, and lets it go again. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "attach_policy.h"
#include "attach_target.h"
#include "base/log.h"
#include "base/util.h"
#include "record.h"

struct attach {
	struct recording rec;
	struct attach_target target;
	struct attach_policy policy;
};

static void on_signal(void *ctx, int sig)
{
	struct attach *a = ctx;

	/* a sink that cannot write any more says so at its next record, too */
	if (sig == SIGHUP)
		attach_policy__reload(&a->policy, &a->rec, &a->target);
	else
		attach_policy__switch(&a->policy, &a->rec, sig == SIGUSR1);
}

/* What it is called: of a process the words that it shows, of a cgroup its path. */
static void name_target(struct attach *a)
{
	struct recording *r = &a->rec;

	if (a->target.pid) {
		recording__name_running(r, a->target.pid);
		r->launch.command_pid = a->target.pid;
		return;
	}
	snprintf(r->cmdline, sizeof(r->cmdline), "%s", a->target.group.path);
	r->words[0] = r->cmdline;
	r->opts.argv = r->words;
}

/* From now on it is recorded, and held to the policy. */
static void say_ready(const struct attach *a)
{
	const struct recording *r = &a->rec;
	char who[4200], how[64], state[600] = "";

	if (a->target.pid)
		snprintf(who, sizeof(who), "process %d (%s)", a->target.pid, a->target.comm);
	else
		snprintf(who, sizeof(who), "cgroup %s", a->target.group.path);
	if (r->capture->n_lsm)
		snprintf(how, sizeof(how), "%u hooks%s", r->capture->n_hooks, r->profile & CAPTURE_SYSCALLS ? " and system calls" : "");
	else
		snprintf(how, sizeof(how), "system calls by %s%s", r->capture->ops->name, r->capture->n_hooks ? " and hooks" : "");
	if (r->no_lsm[0])
		log_warn("%s", r->degraded[0]);
	log_err(0, "ready: %s: %s%s", who, how, attach_policy__state(&a->policy, &r->opts, state, sizeof(state)));
}

/* Whose end SIGHUP would tell of. */
static bool has_terminal(void)
{
	_cleanup_(close) int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);

	return fd >= 0;
}

static int enforce_and_adopt(struct attach *a)
{
	struct recording *r = &a->rec;
	struct capture_target target = { .pid = a->target.pid, .pidfd = a->target.pidfd, .running = true };
	int err = attach_policy__enforce(&a->policy, r, &a->target);

	/* only now, so that a policy that cannot be enforced leaves no empty file */
	if (!err && recording__open(r))
		return -EIO;
	return err ? err : capture__attach(r->capture, &target);
}

static int record(struct attach *a)
{
	struct recording *r = &a->rec;
	struct run_result res;
	int status;

	if (recording__start(r) || enforce_and_adopt(a))
		return EXIT_SANDTRACE;
	recording__attached(r);
	recording__describe(r);
	if (attach_policy__describe(&a->policy, r))
		return EXIT_SANDTRACE;
	r->session.timeout_ns = r->opts.timeout_set ? r->opts.timeout_ns : 0;
	r->session.watched = a->target.pid ? NULL : &a->target.group;
	/* before anybody is told: they may end what is in there at once */
	r->session.inhabited = !a->target.pid && a->target.group.events_fd >= 0 && cgroup__populated(&a->target.group) > 0;
	r->session.target_pidfd = a->target.pid ? a->target.pidfd : 0;
	r->session.on_signal = on_signal;
	r->session.signal_ctx = a;
	r->session.hangup_ends = !a->policy.policy || has_terminal();
	say_ready(a);
	status = recording__run(r, &res);
	if (status)
		return status;
	attach_policy__collect(&a->policy, &res);
	status = recording__finish(r, &res);
	if (!status && !r->opts.quiet)
		attach_policy__print_hits(&a->policy);
	return status;
}

/* The hooks enforce, so a policy needs them; only BPF is in the kernel, and sees cgroups. */
static void choose(struct run_options *o)
{
	if (o->n_policies && o->profile == PROFILE_SYSCALLS)
		o->profile = PROFILE_BOTH;
	if (o->backend == BACKEND_AUTO && (o->n_policies || o->cgroup))
		o->backend = BACKEND_EBPF;
}

static int attach(struct attach *a)
{
	struct recording *r = &a->rec;
	int status = recording__prepare(r);

	if (status)
		return status;
	if (attach_target__open(&r->opts, &a->target) || attach_policy__read(&a->policy, &r->opts, r->cwd))
		return EXIT_SANDTRACE;
	if (!a->target.pid) {
		r->scope_cgroup = a->target.group.id;
		r->scope_top = a->target.top;
		r->scope_level = a->target.level;
		r->scope_dir = a->target.group.dir_fd;
	}
	r->kill_after = a->policy.policy && r->opts.kill_after && !(r->profile & CAPTURE_LSM);
	r->judge = a->policy.policy && (r->profile & CAPTURE_LSM || r->kill_after);
	status = recording__enter(r);
	if (status)
		return status;
	name_target(a);
	r->guarded->cgroup.id = a->target.group.id;
	status = record(a);
	recording__leave(r);
	return status;
}

int cmd_attach(int argc, char **argv)
{
	_cleanup_(free) struct attach *a = calloc(1, sizeof(*a));
	int status;

	if (!a)
		return log_errno(-ENOMEM, "start"), EXIT_SANDTRACE;
	if (options__parse_attach(argc, argv, &a->rec.opts, &status))
		return status;
	choose(&a->rec.opts);
	a->rec.running = true;
	a->target.pidfd = a->target.group.dir_fd = a->target.group.events_fd = -1;
	status = attach(a);
	attach_policy__done(&a->policy);
	attach_target__close(&a->target);
	recording__done(&a->rec);
	return status;
}
