// SPDX-License-Identifier: Apache-2.0
/*
 * Which mechanism would hold a tree to its limits of memory, processes and CPU, and whether network rules can be
 * attached: asked of the code that `run` uses, on our temporary cgroup. What `run` would switch on in a cgroup above is
 * only looked for here, because it would stay on.
 */
#include "doctor_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "../base/util.h"
#include "../capture/cgroup.h"
#include "../sandbox/limits.h"
#include "../sandbox/network.h"
#include "../sandbox/sandbox.h"

/* check_landlock() of sandbox.c: it scopes abstract sockets. */
#define NET_LANDLOCK_ABI 6

struct want {
	struct doctor *d;
	enum limit_kind kind;
	struct limits limits;
};

static const char *const controllers[LIMIT_KIND_MAX] = { "memory", "pids", "cpu" };

static int set_limit(void *arg)
{
	struct want *w = arg;
	struct cgroup cg = { .dir_fd = w->d->cg_fd, .events_fd = -1, .freeze_fd = -1 };
	/* as `run` has them by default; one CPU, for there is no default */
	struct policy p = {
		.memory.value = w->kind == LIMIT_MEMORY ? 4ull << 30 : POLICY_UNLIMITED,
		.pids.value = w->kind == LIMIT_PIDS ? 1024 : POLICY_UNLIMITED,
		.cpus_milli.value = w->kind == LIMIT_CPU ? 1000 : POLICY_UNLIMITED,
		.max_file_size.value = POLICY_UNLIMITED,
		.open_files.value = POLICY_UNLIMITED,
	};
	int err;

	snprintf(cg.path, sizeof(cg.path), "%s", w->d->cg_path);
	err = limits__setup(&w->limits, &p, w->d->cg_fd >= 0 ? &cg : NULL, geteuid() != 0);
	if (!err)
		limits__remove(&w->limits);
	return err;
}

static bool has_word(const char *dir, const char *file, const char *word)
{
	char path[PATH_MAX + 32], buf[512];
	size_t len = strlen(word);

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	if (read_file_str(path, buf, sizeof(buf)) < 0)
		return false;
	for (const char *s = buf; (s = strstr(s, word)); s += len)
		if ((s == buf || s[-1] == ' ') && (!s[len] || s[len] == ' ' || s[len] == '\n'))
			return true;
	return false;
}

static bool exists_in(const char *dir, const char *file, int mode)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return !faccessat(AT_FDCWD, path, mode, AT_EACCESS);
}

/* A cgroup with processes passes no controllers on, the system's root excepted, which has no type. */
static bool can_pass_on(const char *dir, const char *controller)
{
	char path[PATH_MAX + 32], procs[64];

	if (!has_word(dir, "cgroup.controllers", controller))
		return false;
	if (has_word(dir, "cgroup.subtree_control", controller) || !exists_in(dir, "cgroup.type", F_OK))
		return true;
	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	return read_file_str(path, procs, sizeof(procs)) == 0 && exists_in(dir, "cgroup.subtree_control", W_OK);
}

/* Where above our own cgroup `run` would make its cgroup to have CONTROLLER: cgroup__choose_parent. */
static bool find_parent(const struct doctor *d, const char *controller, char *dir, size_t size)
{
	if (!d->cg_mount[0] || snprintf(dir, size, "%s", d->cg_parent) >= (int)size)
		return false;
	while (exists_in(dir, ".", W_OK | X_OK) && exists_in(dir, "cgroup.procs", W_OK)) {
		if (can_pass_on(dir, controller))
			return true;
		if (strlen(dir) <= strlen(d->cg_mount))
			break;
		*strrchr(dir, '/') = 0;
	}
	return false;
}

/* ARG: the controller. */
void try_limit(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	struct want w = { .d = d };
	char why[sizeof(r->detail)], dir[PATH_MAX];
	int err;

	while (strcmp(controllers[w.kind], p->arg))
		w.kind++;
	err = doctor__quietly(set_limit, &w, why, sizeof(why));
	d->limit_by[w.kind] = err ? LIMIT_BY_NOTHING : w.limits.by[w.kind];
	if (d->limit_by[w.kind] != LIMIT_BY_CGROUP2 && d->limit_by[w.kind] != LIMIT_BY_CGROUP1 &&
	    find_parent(d, p->arg, dir, sizeof(dir))) {
		d->limit_by[w.kind] = LIMIT_BY_CGROUP2;
		probe__ok(r, "cgroup v2 %s, by way of %.120s", p->arg, dir);
	} else if (d->limit_by[w.kind] != LIMIT_BY_NOTHING) {
		probe__ok(r, "%s", w.limits.text[w.kind]);
	} else if (err && err != -ENOTSUP) {
		probe__no(r, 0, "%s", why);
	} else {
		probe__no(r, 0, "no cgroup with the %s controller can be made here%s", p->arg,
			  geteuid() ? ", and no rlimit can stand in" : "");
	}
}

static int attach_rules(void *arg)
{
	struct doctor *d = arg;
	struct net_entry loopback = { .addr = { .s6_addr = { [15] = 1 } }, .prefix = 128, .port_first = 1, .port_last = 1 };
	const struct net_plan plan = { .v = &loopback, .n = 1 };
	struct net_filter *f = NULL;
	int err = net_filter__attach(&plan, d->cg_fd, &f);

	net_filter__free(f);
	return err;
}

/* They go with the temporary cgroup. */
void try_net_rules(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	char why[sizeof(r->detail)];
	int err;

	(void)p;
	if (d->cg_fd < 0) {
		probe__unknown(r, "cannot be tried without a cgroup of our own");
		return;
	}
	if (!d->bpf_allowed) {
		probe__unknown(r, "cannot be tried without CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN");
		return;
	}
	err = doctor__quietly(attach_rules, d, why, sizeof(why));
	if (err) {
		probe__no(r, 0, "%s", why);
	} else if (landlock__abi() < NET_LANDLOCK_ABI) {
		probe__no(r, 0, "the host's abstract sockets come with its network, and Landlock ABI %d does not keep them away",
			  landlock__abi());
		probe__fix(r, "boot Linux 6.12 or newer, or run with --allow-degraded=landlock");
	} else {
		probe__ok(r, "attached to a cgroup");
	}
	r->err = err;
}
