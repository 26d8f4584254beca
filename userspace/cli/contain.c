/* SPDX-License-Identifier: Apache-2.0 */
#include "contain.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/util.h"
#include "run_policy.h"

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

int contain__prepare(struct contain *c, const struct run_options *o, const char *command, const char *cwd)
{
	const char *home = run_policy__home(c->home, sizeof(c->home));
	struct policy_env env = run_policy__env(home, cwd);
	struct sandbox_opts so;
	int err;

	memset(c->pipes, -1, sizeof(c->pipes));
	if (o->trace_only)
		return 0;
	err = run_policy__build(o, &env, &c->policy);
	if (!err)
		err = make_pipes(c);
	if (err)
		return err;
	so = (struct sandbox_opts){
		.command = command,
		.argv = o->argv,
		.cwd = cwd,
		.home = home,
		.hostname = o->hostname,
		.chdir = o->chdir,
		.degraded = o->degraded,
		.tty = o->tty,
		.out_fd = o->tty ? -1 : c->pipes[1],
		.err_fd = o->tty ? -1 : c->pipes[3],
	};
	return sandbox__prepare(&c->sandbox, c->policy, &so);
}

/* With a sandbox an ordinary user does without a cgroup: rlimits stand in, and everything ends with the init. */
int contain__make_cgroup(struct contain *c, const struct run_options *o, struct cgroup *cg)
{
	struct cgroup_want want;
	bool substitute;
	int err;

	cg->dir_fd = cg->events_fd = cg->freeze_fd = -1;
	if (!c->policy)
		return cgroup__create(cg);
	want = (struct cgroup_want){ c->policy->memory.value, c->policy->pids.value, c->policy->cpus_milli.value };
	substitute = !c->sandbox.privileged || o->degraded & 1U << LAYER_CGROUP;
	err = cgroup__create_for(cg, &want, substitute);
	if (err && (!substitute || o->backend != BACKEND_NONE))
		return err;
	err = limits__setup(&c->sandbox.limits, c->policy, cg->dir_fd >= 0 ? cg : NULL, substitute);
	if (!err && !c->sandbox.net.all && !c->sandbox.net.isolated)
		err = net_filter__attach(&c->sandbox.net, cg->dir_fd, &c->net_filter);
	return err;
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

	if (!c->policy)
		return 0;
	sandbox__describe(&c->sandbox, l->report);
	c->denial_ctx = (struct denial_ctx){
		.grants = &c->sandbox.grants,
		.net_isolated = c->sandbox.net.isolated,
		.net_filtered = !c->sandbox.net.isolated && !c->sandbox.net.all,
		.exists = on_host,
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

void contain__describe(const struct contain *c, struct run_info *info)
{
	char *hex = (char *)c->sha256;

	if (!c->policy)
		return;
	for (size_t i = 0; i < sizeof(c->policy->sha256); i++)
		snprintf(hex + 2 * i, 3, "%02x", c->policy->sha256[i]);
	info->layers = c->sandbox.layers;
	info->policy = c->policy->name;
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
	limits__events(&c->sandbox.limits, cg->dir_fd >= 0 ? cg : NULL, &c->limit_events);
	res->limits = &c->limit_events;
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
	net_filter__free(c->net_filter);
	if (c->policy)
		sandbox__done(&c->sandbox);
	policy__free(c->policy);
	changes__done(&c->changes);
}
