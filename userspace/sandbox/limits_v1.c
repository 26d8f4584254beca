/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup v1, as hybrid hosts have it: a hierarchy for each controller, where a process is put after it was made. The
 * child does that itself, before it runs anything foreign, through a descriptor that the parent opened: the kernel asks
 * whether the opener was allowed to, so the child may have given up its rights already.
 */
#include "limits_internal.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/util.h"
#include "capture/cgroup.h"

static const char *const controller[] = { "memory", "pids", "cpu" };

/* Which files matter differs with the kernel's build: no swap accounting, no memsw; what is there must accept. */
static int set_memory(struct limits *l, const char *dir, uint64_t value)
{
	unsigned long long v = value;
	const char *swap = ", swap 0";
	char size[32];
	int err;

	limits__write(dir, "memory.use_hierarchy", "1"); /* before 5.11 it was a choice; gone on some, on already on others */
	err = limits__write(dir, "memory.limit_in_bytes", "%llu", v);
	if (err)
		return log_errno(err, "limit memory in %s to %llu bytes", dir, v);
	/*
	 * Memory and swap together leave no swap beyond memory. One page more: were they equal, this one would be
	 * reached first, and newer kernels count only how often the other was.
	 */
	err = limits__write(dir, "memory.memsw.limit_in_bytes", "%llu", v + (unsigned long long)sysconf(_SC_PAGESIZE));
	if (err && err != -ENOENT && err != -EOPNOTSUPP)
		return log_errno(err, "limit memory and swap in %s to %llu bytes", dir, v);
	if (err)
		swap = ", swap not counted by this kernel";
	limits__write(dir, "memory.swappiness", "0");
	snprintf(l->text[LIMIT_MEMORY], sizeof(l->text[0]), "cgroup v1 memory: %s%s", limits__size(v, size, sizeof(size)), swap);
	return 0;
}

static int set_pids(struct limits *l, const char *dir, uint64_t value)
{
	int err = limits__write(dir, "pids.max", "%llu", (unsigned long long)value);

	if (err)
		return log_errno(err, "limit processes in %s to %llu", dir, (unsigned long long)value);
	snprintf(l->text[LIMIT_PIDS], sizeof(l->text[0]), "cgroup v1 pids: %llu", (unsigned long long)value);
	return 0;
}

static int set_cpu(struct limits *l, const char *dir, uint64_t milli)
{
	/* the kernel takes no quota below 1 ms and no period above 1 s */
	unsigned long long period = milli < 10 ? 1000000 : 100000, quota = milli * (period / 1000);
	const char *less = "";
	int err = limits__write(dir, "cpu.cfs_period_us", "%llu", period);

	if (!err)
		err = limits__write(dir, "cpu.cfs_quota_us", "%llu", quota);
	if (err == -EINVAL && milli >= 1) /* a group may not have more than the one above: then that one's limit holds */
		less = " at most: the caller's own group has less";
	else if (err)
		return log_errno(err, "limit CPU time in %s", dir);
	snprintf(l->text[LIMIT_CPU], sizeof(l->text[0]), "cgroup v1 cpu: %g CPUs%s", (double)milli / 1000, less);
	return 0;
}

static int make_dir(char *dir, size_t size, const struct cgroup_place *pl)
{
	for (int i = 0; i < 100; i++) {
		char again[16] = "";

		if (i)
			snprintf(again, sizeof(again), ".%d", i);
		if (snprintf(dir, size, "%s%s/sandtrace-%d%s", pl->mnt, pl->own, getpid(), again) >= (int)size)
			return log_errno(-ENAMETOOLONG, "make a cgroup below %s%s", pl->mnt, pl->own);
		if (!mkdir(dir, 0755))
			return 0;
		if (errno != EEXIST)
			return -errno;
	}
	return log_errno(-EEXIST, "make cgroup %s", dir);
}

/* Two controllers of one hierarchy share their directory; the first has it, and the descriptor to join it. */
static bool shared_dir(struct limits *l, enum limit_kind k, const struct cgroup_place *pl)
{
	char dir[512];
	int n = snprintf(dir, sizeof(dir), "%s%s/sandtrace-%d", pl->mnt, pl->own, getpid());

	for (enum limit_kind o = 0; n < (int)sizeof(dir) && o < k; o++) {
		if (!l->v1_dirs[o][0] || strncmp(l->v1_dirs[o], dir, (size_t)n) ||
		    (l->v1_dirs[o][n] && l->v1_dirs[o][n] != '.'))
			continue;
		memcpy(l->v1_dirs[k], l->v1_dirs[o], sizeof(l->v1_dirs[k]));
		return true;
	}
	return false;
}

int limits_v1__setup(struct limits *l, enum limit_kind k, uint64_t value)
{
	static int (*const set[])(struct limits *, const char *, uint64_t) = { set_memory, set_pids, set_cpu };
	char procs[600];
	struct cgroup_place pl;
	int err = cgroup__own(controller[k], &pl);

	if (err)
		return err;
	if (!shared_dir(l, k, &pl)) {
		err = make_dir(l->v1_dirs[k], sizeof(l->v1_dirs[k]), &pl);
		if (err) {
			l->v1_dirs[k][0] = 0;
			return err;
		}
		/*
		 * Not cgroup.procs: moving a whole process waits for an RCU grace period, 10 ms. The only thread of a process
		 * that writes "0" here moves at once on current kernels, and is all there is to move.
		 */
		snprintf(procs, sizeof(procs), "%s/tasks", l->v1_dirs[k]);
		l->v1_procs_fds[k] = open(procs, O_WRONLY | O_CLOEXEC);
		if (l->v1_procs_fds[k] < 0)
			return log_errno(-errno, "open %s", procs);
	}
	err = set[k](l, l->v1_dirs[k], value);
	if (!err)
		l->by[k] = LIMIT_BY_CGROUP1;
	return err;
}

void limits_v1__events(const struct limits *l, enum limit_kind k, struct limit_events *e)
{
	const char *dir = l->v1_dirs[k];

	switch (k) {
	case LIMIT_MEMORY:
		limits__read(dir, "memory.oom_control", "oom_kill", &e->oom_kills);
		limits__read(dir, "memory.failcnt", NULL, &e->memory_hits);
		limits__read(dir, "memory.max_usage_in_bytes", NULL, &e->memory_peak);
		break;
	case LIMIT_PIDS:
		limits__read(dir, "pids.events", "max", &e->pids_hits);
		limits__read(dir, "pids.peak", NULL, &e->pids_peak);
		break;
	case LIMIT_CPU:
		limits__read(dir, "cpu.stat", "throttled_time", &e->throttled_ns);
		if (!e->cpu_ns) /* only where cpuacct is mounted together with cpu */
			limits__read(dir, "cpuacct.usage", NULL, &e->cpu_ns);
		break;
	case LIMIT_KIND_MAX:
		break;
	}
}

/*
 * v1 tells nobody when a group becomes empty, and a dead process leaves its group a moment after it was waited for:
 * tried again for two seconds. The tree saw no cgroup file system, so there is nothing below.
 */
void limits_v1__remove(struct limits *l, enum limit_kind k)
{
	for (int i = 0; l->v1_dirs[k][0] && i < 400; i++) {
		if (!rmdir(l->v1_dirs[k]) || errno != EBUSY)
			break;
		poll(NULL, 0, 5);
	}
	l->v1_dirs[k][0] = 0;
}
