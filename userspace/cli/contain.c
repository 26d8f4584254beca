/* SPDX-License-Identifier: Apache-2.0 */
#include "contain.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/util.h"
#include "doctor_probe.h"
#include "run_policy.h"
#include "sandbox/workspace.h"

/* A pipe for each stream, so that what goes through can be counted. */
static int make_pipes(struct contain *c)
{
	for (int i = 0; i < 4; i++)
		c->pipes[i] = -1;
	if (c->policy->output.value == POLICY_UNLIMITED)
		return 0;
	if (pipe2(c->pipes, O_CLOEXEC) || pipe2(c->pipes + 2, O_CLOEXEC))
		return log_errno(-errno, "make a pipe for the command's output");
	return 0;
}

static void close_pipes(struct contain *c)
{
	for (int i = 0; i < 4; i++)
		if (c->pipes[i] >= 0) {
			close(c->pipes[i]);
			c->pipes[i] = -1;
		}
}

/*
 * A trace that lies where the command can see it is covered inside: the command could read it, and rewrite its own
 * history. The file must exist for that.
 */
static int hide_output(struct contain *c, const char *output)
{
	_cleanup_(free) char *copy = NULL, *dir = NULL;
	char path[PATH_MAX], *slash;
	const struct grant *g;
	int fd, err;

	if (!output || !strcmp(output, "-"))
		return 0;
	copy = strdup(output);
	slash = copy ? strrchr(copy, '/') : NULL;
	if (slash)
		*slash = 0;
	dir = copy ? realpath(slash ? (slash == copy ? "/" : copy) : ".", NULL) : NULL;
	if (!dir || snprintf(path, sizeof(path), "%s/%s", strcmp(dir, "/") ? dir : "", slash ? slash + 1 : output) >= (int)sizeof(path))
		return 0; /* opening it will say what is wrong */
	g = grants__nearest(&c->sandbox.grants, path, true);
	if (!g || g->kind != GRANT_HOST)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0) {
		snprintf(c->made, sizeof(c->made), "%s", path);
		close(fd);
	} else if (errno != EEXIST) {
		return 0;
	}
	err = grants__mask_file(&c->sandbox.grants, path);
	if (err != -EEXIST)
		return err ? log_errno(err, "hide output %s from the command", output) : 0;
	log_err(err, "output %s is a file that the policy lets the command use: it could rewrite its own trace", output);
	log_hint("write the trace elsewhere, or do not grant that file");
	return err;
}

/* A directory of evidence must be out of the command's sight altogether. */
static int check_artifacts(const struct contain *c, const char *dir)
{
	_cleanup_(free) char *path = dir ? realpath(dir, NULL) : NULL;
	const struct grant *g = path ? grants__nearest(&c->sandbox.grants, path, true) : NULL;

	if (!g || g->kind != GRANT_HOST)
		return 0;
	log_err(0, "--artifacts %s lies in %s, which the command can see", dir, g->path);
	log_hint("choose a directory elsewhere");
	return -EINVAL;
}

int contain__prepare(struct contain *c, const struct run_options *o, const char *command, const char *cwd)
{
	struct run_user user;
	struct policy_env env;
	const char *home;
	struct command_advice advice;
	struct sandbox_opts so;
	int err;

	memset(c->pipes, -1, sizeof(c->pipes));
	if (o->trace_only)
		return 0;
	err = run_policy__user(o->user, &user);
	if (err)
		return err;
	home = run_policy__home(&user, c->home, sizeof(c->home));
	env = run_policy__env(home, cwd);
	err = run_policy__build(o, &user, &env, &c->policy);
	if (!err)
		err = make_pipes(c);
	if (err)
		return err;
	/* advice only: what holds is the sandbox */
	advice = workspace__advise(o->argv);
	if (advice.code && !o->quiet)
		log_warn("'%s': %s (%s)", advice.match, advice.reason, advice.code);
	so = (struct sandbox_opts){
		.command = command,
		.argv = o->argv,
		.cwd = cwd,
		.home = home,
		.as_user = user.other,
		.uid = user.uid,
		.gid = user.gid,
		.hostname = o->hostname,
		.chdir = o->chdir,
		.degraded = o->degraded,
		.tty = o->tty,
		.out_fd = o->tty ? -1 : c->pipes[1],
		.err_fd = o->tty ? -1 : c->pipes[3],
	};
	err = sandbox__prepare(&c->sandbox, c->policy, &so);
	if (!err)
		err = check_artifacts(c, o->artifacts);
	return err ? err : hide_output(c, o->output);
}

/* BPF needs a cgroup too: what is to be frozen when its rings fill. */
static int explain_no_recording(int err)
{
	char reason[256] = "", hint[256];

	if (doctor__ebpf_usable(reason, sizeof(reason), hint, sizeof(hint)))
		log_err(err, "BPF cannot record the command here: %s", reason);
	else
		log_errno(err, "BPF cannot record the command here: no cgroup can be made for it");
	log_hint("run as root, or let ptrace do it: sandtrace run --backend ptrace ...");
	return err;
}

/* A limit that nothing enforces here is an error, unless it is only the default and --allow-degraded says so. */
static int check_limits(const struct contain *c, const struct run_options *o)
{
	const struct policy_u64 *wanted[LIMIT_KIND_MAX] = { [LIMIT_MEMORY] = &c->policy->memory, [LIMIT_PIDS] = &c->policy->pids,
							    [LIMIT_CPU] = &c->policy->cpus_milli };
	static const char *const options[LIMIT_KIND_MAX] = { "--memory", "--pids", "--cpus" };

	for (int i = 0; i < LIMIT_KIND_MAX; i++) {
		if (c->sandbox.limits->by[i] != LIMIT_BY_NOTHING || wanted[i]->value == POLICY_UNLIMITED ||
		    o->degraded & 1U << LAYER_CGROUP)
			continue;
		log_err(0, "the limit of %s cannot be enforced here: %s", options[i], c->sandbox.limits->text[i]);
		log_hint("run where a cgroup can be made (as root, or delegated), or without it: %s max", options[i]);
		return -ENOTSUP;
	}
	return 0;
}

/* With a sandbox an ordinary user does without a cgroup: rlimits stand in, and everything ends with the init. */
int contain__make_cgroup(struct contain *c, const struct run_options *o, struct cgroup *cg, struct limits *limits)
{
	struct cgroup_want want;
	bool substitute;
	int err;

	cg->dir_fd = cg->events_fd = cg->freeze_fd = -1;
	if (!c->policy && o->backend == BACKEND_EBPF)
		return cgroup__create(cg);
	if (!c->policy) {
		c->cgroup_err = cgroup__create_for(cg, NULL, true);
		return 0;
	}
	c->sandbox.limits = limits;
	want = (struct cgroup_want){ c->policy->memory.value, c->policy->pids.value, c->policy->cpus_milli.value };
	substitute = !c->sandbox.privileged || o->degraded & 1U << LAYER_CGROUP;
	err = cgroup__create_for(cg, &want, substitute);
	if (err && o->backend == BACKEND_EBPF && substitute)
		return explain_no_recording(err);
	c->cgroup_err = err;
	c->without_cgroup = err && o->degraded & 1U << LAYER_CGROUP;
	if (err && !substitute)
		return err;
	err = limits__setup(limits, c->policy, cg->dir_fd >= 0 ? cg : NULL, substitute);
	if (!err && !c->sandbox.net.all && !c->sandbox.net.isolated)
		err = net_filter__attach(&c->sandbox.net, cg->dir_fd, &c->net_filter);
	return err ? err : check_limits(c, o);
}

static bool on_host(void *ctx, const char *path)
{
	struct stat st;

	(void)ctx;
	return !lstat(path, &st);
}

int contain__ready(struct contain *c, struct launch *l)
{
	struct relay_opts ro = { .tty = l->tty_fd, .out = c->pipes[0], .err = c->pipes[2] };
	int err = 0;

	c->recorded = true;
	if (!c->policy)
		return 0;
	sandbox__describe(&c->sandbox, l->report);
	for (int layer = LAYER_NONE + 1, n = 0; layer < LAYER_MAX; layer++)
		if (l->report->degraded & 1U << layer || (layer == LAYER_CGROUP && c->without_cgroup))
			c->degraded[n++] = layer__name((enum layer)layer);
	c->denial_ctx = (struct denial_ctx){
		.grants = &c->sandbox.grants,
		.net_isolated = c->sandbox.net.isolated,
		.net_filtered = !c->sandbox.net.isolated && !c->sandbox.net.all,
		.exists = on_host,
		.privileged = c->sandbox.privileged,
	};
	ro.limit = c->policy->output.value;
	if (l->tty_fd >= 0 || c->pipes[0] >= 0)
		err = relay__start(&c->relay, &ro);
	/* what the relay and the command hold is enough: an end of file must be seen */
	close_pipes(c);
	if (l->tty_fd >= 0) {
		close(l->tty_fd);
		l->tty_fd = -1;
	}
	return err;
}

void contain__describe(struct contain *c, struct run_info *info)
{
	if (!c->policy)
		return;
	info->layers = c->sandbox.layers;
	info->degraded = c->degraded;
	info->policy = c->policy->name;
	/* a run that writes no trace has nobody to show it to */
	if (info->backend && strcmp(info->backend, "none") && !run_policy__hash(c->policy, c->sha256))
		info->policy_sha256 = c->sha256;
	info->env_stripped = c->sandbox.env.stripped;
}

/* The path whose overlay is number INDEX: they were made in the order of the grants. */
static const char *overlay_path(const struct contain *c, unsigned int index)
{
	for (size_t i = 0; i < c->sandbox.grants.n; i++) {
		const struct grant *g = &c->sandbox.grants.v[i];

		if (sandbox__wants_overlay(&c->sandbox, g) && !index--)
			return g->path;
	}
	return "/";
}

int contain__collect(struct contain *c, struct launch *l, struct cgroup *cg, struct run_result *res)
{
	int err = 0;

	relay__finish(&c->relay);
	if (!c->policy)
		return 0;
	limits__events(c->sandbox.limits, cg->dir_fd >= 0 ? cg : NULL, &c->limit_events);
	res->limits = &c->limit_events;
	if (c->net_filter && !net_filter__counts(c->net_filter, &c->net_counts))
		res->network = &c->net_counts;
	if (!c->policy->overlay)
		return 0;
	for (unsigned int i = 0; i < l->n_overlays && !err; i++)
		err = changes__read(&c->changes, l->overlay_fds[2 * i], l->overlay_fds[2 * i + 1], overlay_path(c, i),
				    &changes_default_limits);
	res->changes = &c->changes;
	return err ? log_errno(err, "read what the command changed") : 0;
}

int contain__commit(struct contain *c, struct launch *l)
{
	uint64_t refused = 0, total = 0;
	int err = 0;

	for (unsigned int i = 0; i < l->n_overlays && !err; i++) {
		err = changes__commit(&c->changes, l->overlay_fds[2 * i], l->overlay_fds[2 * i + 1], overlay_path(c, i), &refused);
		total += refused;
	}
	if (total)
		log_warn("%llu changes were not applied: devices, pipes and sockets never are", (unsigned long long)total);
	return err;
}

void contain__done(struct contain *c)
{
	relay__finish(&c->relay);
	close_pipes(c);
	if (!c->recorded && c->made[0]) /* nothing was started: no empty trace is left */
		unlink(c->made);
	net_filter__free(c->net_filter);
	if (c->policy)
		sandbox__done(&c->sandbox);
	policy__free(c->policy);
	changes__done(&c->changes);
}
