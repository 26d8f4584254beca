/* SPDX-License-Identifier: Apache-2.0 */
#include "limits_internal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "capture/cgroup.h"

static const char *const controller[] = { "memory", "pids", "cpu" };

int limits__write(const char *dir, const char *name, const char *fmt, ...)
{
	char path[4200], text[64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return write_file_str(path, text);
}

bool limits__read(const char *dir, const char *name, const char *key, uint64_t *ret)
{
	char path[4200], buf[4096];
	const char *p = buf;
	size_t len = key ? strlen(key) : 0;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (read_file_str(path, buf, sizeof(buf)) < 0)
		return false;
	while (key && (strncmp(p, key, len) || p[len] != ' ')) {
		p = strchr(p, '\n');
		if (!p++)
			return false;
	}
	return sscanf(p + len, "%" SCNu64, ret) == 1;
}

const char *limits__size(uint64_t bytes, char *buf, size_t size)
{
	static const char *const unit[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	size_t u = 0;

	for (; u + 1 < ARRAY_SIZE(unit) && bytes && !(bytes % 1024); u++)
		bytes /= 1024;
	snprintf(buf, size, "%" PRIu64 " %s", bytes, unit[u]);
	return buf;
}

/*
 * Only the process that went too far is killed, not the whole group (memory.oom.group): a build goes on and reports the
 * failed step, v1 can do no more, and what was killed is counted either way.
 */
static int set_v2(struct limits *l, enum limit_kind k, uint64_t value, const char *dir)
{
	unsigned long long v = value, period = value < 10 ? 1000000 : 100000;
	const char *swap = ", swap 0";
	char size[32];
	int err;

	switch (k) {
	case LIMIT_MEMORY:
		err = limits__write(dir, "memory.max", "%llu", v);
		if (!err) {
			err = limits__write(dir, "memory.swap.max", "0");
			if (err == -ENOENT) { /* no swap in this kernel, or swapaccount=0 */
				swap = ", swap not counted by this kernel";
				err = 0;
			}
		}
		snprintf(l->text[k], sizeof(l->text[k]), "cgroup v2 memory: %s%s", limits__size(v, size, sizeof(size)), swap);
		break;
	case LIMIT_PIDS:
		err = limits__write(dir, "pids.max", "%llu", v);
		snprintf(l->text[k], sizeof(l->text[k]), "cgroup v2 pids: %llu", v);
		break;
	default:
		/* the kernel takes no quota below 1 ms and no period above 1 s */
		err = limits__write(dir, "cpu.max", "%llu %llu", v * (period / 1000), period);
		snprintf(l->text[k], sizeof(l->text[k]), "cgroup v2 cpu: %g CPUs", (double)v / 1000);
		break;
	}
	if (err)
		return log_errno(err, "set the %s limit of cgroup %s", controller[k], dir);
	l->by[k] = LIMIT_BY_CGROUP2;
	return 0;
}

static void set_rlimit(struct limits *l, unsigned int resource, uint64_t soft, uint64_t hard)
{
	struct rlimit now;

	/* never up: raising takes a right that sandtrace may not have, and a limit that the caller has set holds */
	if (getrlimit((__rlimit_resource_t)resource, &now))
		return;
	hard = MIN(hard, now.rlim_max);
	l->rlimits[resource] = (struct rlimit){ .rlim_cur = MIN(soft, hard), .rlim_max = hard };
	l->set_rlimit |= 1u << resource;
}

/* Where a kind of limit has no cgroup. What the substitute does not hold is said in its text. */
static int substitute(struct limits *l, enum limit_kind k, uint64_t value, bool allow)
{
	char size[32];

	/* the kernel does not count processes of user 0 */
	if (allow && k == LIMIT_PIDS && geteuid()) {
		set_rlimit(l, RLIMIT_NPROC, value, value);
		snprintf(l->text[k], sizeof(l->text[k]), "RLIMIT_NPROC: %" PRIu64 " processes of this user in the sandbox (no cgroup)",
			 value);
		l->by[k] = LIMIT_BY_RLIMIT;
	} else if (allow && k == LIMIT_MEMORY) {
		set_rlimit(l, RLIMIT_DATA, value, value);
		snprintf(l->text[k], sizeof(l->text[k]), "RLIMIT_DATA: %s per process, shared memory apart (no cgroup)",
			 limits__size(value, size, sizeof(size)));
		l->by[k] = LIMIT_BY_RLIMIT;
	} else if (allow) {
		snprintf(l->text[k], sizeof(l->text[k]), "%s: not limited (no cgroup, and no rlimit can stand in)", controller[k]);
		log_warn("%s is not limited: no cgroup with that controller can be made here", controller[k]);
	} else {
		log_err(0, "the %s limit needs a cgroup with the %s controller, and none can be made here", controller[k],
			controller[k]);
		log_hint("systemd-run --scope sandtrace run ...   (a cgroup that passes controllers on), or lift the limit");
		return -ENOTSUP;
	}
	return 0;
}

/*
 * Of every sandbox. Core: 1, not 0. The kernel writes no file below a page either way, but hands a core to a handler
 * (a core_pattern with "|") even at 0; 1 is its mark for never. Whoever lowers it to 0 gets the handler back, so the
 * system call filter must refuse that. A handler behind a socket ("@", since 6.16) is called whatever the limit.
 */
static void every_sandbox(struct limits *l, const struct policy *p)
{
	struct rlimit now;
	char pattern[160];

	if (read_file_str("/proc/sys/kernel/core_pattern", pattern, sizeof(pattern)) > 0 && pattern[0] == '@')
		log_warn("should the command crash, its memory goes to the host's handler at %s: no limit prevents that", pattern + 1);

	set_rlimit(l, RLIMIT_CORE, 1, 1);
	set_rlimit(l, RLIMIT_MEMLOCK, 64 << 10, 64 << 10);
	set_rlimit(l, RLIMIT_MSGQUEUE, 819200, 819200);
	set_rlimit(l, RLIMIT_RTPRIO, 0, 0);
	set_rlimit(l, RLIMIT_NICE, 0, 0);
	if (p->max_file_size.value != POLICY_UNLIMITED)
		set_rlimit(l, RLIMIT_FSIZE, p->max_file_size.value, p->max_file_size.value);
	/* select() and programs that close every possible descriptor suffer from many: the soft limit is kept */
	if (p->open_files.value != POLICY_UNLIMITED)
		set_rlimit(l, RLIMIT_NOFILE, p->open_files.value, p->open_files.value);
	else if (!getrlimit(RLIMIT_NOFILE, &now))
		set_rlimit(l, RLIMIT_NOFILE, now.rlim_cur, 65536);
}

static bool has_controller(struct cgroup *cg, enum limit_kind k)
{
	static const char *const file[] = { "memory.max", "pids.max", "cpu.max" };

	return cg && cg->dir_fd >= 0 && !faccessat(cg->dir_fd, file[k], W_OK, AT_EACCESS);
}

int limits__setup(struct limits *l, const struct policy *p, struct cgroup *cg, bool allow_rlimit)
{
	const uint64_t value[] = { p->memory.value, p->pids.value, p->cpus_milli.value };
	/* what the kernel takes at most, or more than there can be: pids.max refuses more than PID_MAX_LIMIT */
	static const uint64_t most[] = { 1ull << 62, 4194304, 1000000000 };
	int err = 0;

	memset(l, 0, sizeof(*l));
	for (enum limit_kind k = 0; k < LIMIT_KIND_MAX; k++)
		l->v1_procs_fds[k] = -1;
	every_sandbox(l, p);
	for (enum limit_kind k = 0; !err && k < LIMIT_KIND_MAX; k++) {
		if (value[k] == POLICY_UNLIMITED) {
			snprintf(l->text[k], sizeof(l->text[k]), "%s: unlimited", controller[k]);
			continue;
		}
		if (has_controller(cg, k)) {
			err = set_v2(l, k, MIN(value[k], most[k]), cg->path);
			continue;
		}
		err = limits_v1__setup(l, k, MIN(value[k], most[k]));
		if (err == -ENOENT || err == -EACCES || err == -EPERM || err == -EROFS)
			err = substitute(l, k, MIN(value[k], most[k]), allow_rlimit);
	}
	if (err)
		limits__remove(l);
	return err;
}

int limits__join(const struct limits *l)
{
	for (size_t k = 0; k < ARRAY_SIZE(l->v1_procs_fds); k++)
		if (l->v1_procs_fds[k] >= 0 && write(l->v1_procs_fds[k], "0", 1) != 1)
			return -errno;
	return 0;
}

int limits__apply_rlimits(const struct limits *l)
{
	for (unsigned int r = 0; r < ARRAY_SIZE(l->rlimits); r++)
		if (l->set_rlimit & 1u << r && setrlimit((__rlimit_resource_t)r, &l->rlimits[r]))
			return -errno;
	return 0;
}

static void events_v2(const struct limits *l, const char *dir, struct limit_events *e)
{
	uint64_t usec;

	if (limits__read(dir, "cpu.stat", "usage_usec", &usec)) /* every v2 cgroup has it, with or without a controller */
		e->cpu_ns = usec * 1000;
	if (l->by[LIMIT_CPU] == LIMIT_BY_CGROUP2 && limits__read(dir, "cpu.stat", "throttled_usec", &usec))
		e->throttled_ns = usec * 1000;
	if (l->by[LIMIT_MEMORY] == LIMIT_BY_CGROUP2) {
		limits__read(dir, "memory.events", "oom_kill", &e->oom_kills);
		limits__read(dir, "memory.events", "max", &e->memory_hits);
		limits__read(dir, "memory.peak", NULL, &e->memory_peak);
	}
	if (l->by[LIMIT_PIDS] == LIMIT_BY_CGROUP2) {
		limits__read(dir, "pids.events", "max", &e->pids_hits);
		limits__read(dir, "pids.peak", NULL, &e->pids_peak);
	}
}

int limits__events(const struct limits *l, struct cgroup *cg, struct limit_events *ret)
{
	int err = 0;

	memset(ret, 0, sizeof(*ret));
	if (cg && cg->path[0])
		events_v2(l, cg->path, ret);
	for (enum limit_kind k = 0; k < LIMIT_KIND_MAX; k++) {
		if (l->by[k] == LIMIT_BY_CGROUP1)
			limits_v1__events(l, k, ret);
		/* whoever manages the host's cgroups can take a controller away, and the limit goes with it */
		else if (l->by[k] == LIMIT_BY_CGROUP2 && !has_controller(cg, k))
			err = log_err(-ENODEV, "the %s controller was taken from cgroup %s during the run", controller[k],
				      cg ? cg->path : "");
	}
	return err;
}

void limits__remove(struct limits *l)
{
	for (enum limit_kind k = 0; k < LIMIT_KIND_MAX; k++) {
		if (l->v1_procs_fds[k] >= 0)
			close(l->v1_procs_fds[k]);
		l->v1_procs_fds[k] = -1;
		limits_v1__remove(l, k);
	}
}
