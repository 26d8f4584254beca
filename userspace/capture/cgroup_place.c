/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the run's cgroup can be made so that controllers reach it. A cgroup passes controllers on to its children only
 * when it has no process of its own, the root excepted, and the caller's shell is usually there. No process but the
 * run's own is ever moved; the run's cgroup goes up instead, as far as that frees it from nothing.
 */
#include "cgroup.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/util.h"

enum { MEMORY = 1, PIDS = 2, CPU = 4 };
static const struct {
	const char *name;
	int bit;
} controllers[] = { { "memory", MEMORY }, { "pids", PIDS }, { "cpu", CPU } };

/* Space, tab, newline and backslash stand in mountinfo as three octal digits. In place. */
static void unescape(char *s)
{
	char *out = s;

#define OCTAL(c, max) ((c) >= '0' && (c) <= (max))
	for (; *s; s++, out++) {
		if (s[0] == '\\' && OCTAL(s[1], '3') && OCTAL(s[2], '7') && OCTAL(s[3], '7')) {
			*out = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*out = *s;
		}
	}
	*out = 0;
}

/* Is WORD one of the words of TEXT, which are separated by any of SEP? */
static bool has_word(const char *text, const char *word, const char *sep)
{
	size_t len = strlen(word);

	while (*text) {
		size_t n = strcspn(text, sep);

		if (n == len && !memcmp(text, word, n))
			return true;
		text += n;
		text += strspn(text, sep);
	}
	return false;
}

/* "36 35 98:0 /root /mnt rw,relatime shared:1 - cgroup source rw,memory": fields before the dash vary in number. */
bool cgroup__parse_mount(char *line, const char *controller, char **ret_root, char **ret_mnt)
{
	char *sep = strstr(line, " - "), *save, *field[5], *type, *opts;

	if (!sep)
		return false;
	*sep = 0;
	type = strtok_r(sep + 3, " ", &save);
	if (!type || strcmp(type, controller ? "cgroup" : "cgroup2"))
		return false;
	strtok_r(NULL, " ", &save); /* the source */
	opts = strtok_r(NULL, " \n", &save);
	if (controller && (!opts || !has_word(opts, controller, ",")))
		return false;
	field[0] = strtok_r(line, " ", &save);
	for (size_t i = 1; i < ARRAY_SIZE(field); i++)
		if (!field[i - 1] || !(field[i] = strtok_r(NULL, " ", &save)))
			return false;
	unescape(field[3]);
	unescape(field[4]);
	*ret_root = field[3];
	*ret_mnt = field[4];
	return true;
}

/* From /proc/self/cgroup: "0::/path" for v2, "4:memory,pids:/path" for v1. */
static int read_own(const char *controller, char *ret_own, size_t size)
{
	_cleanup_(fclose) FILE *f = fopen("/proc/self/cgroup", "re");
	_cleanup_(free) char *line = NULL;
	size_t cap = 0;

	if (!f)
		return -errno;
	while (getline(&line, &cap, f) > 0) {
		char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;

		if (!path)
			continue;
		*path++ = 0;
		path[strcspn(path, "\n")] = 0;
		if (controller ? !has_word(names + 1, controller, ",") : strcmp(line, "0:"))
			continue;
		return snprintf(ret_own, size, "%s", path) < (int)size ? 0 : -ENAMETOOLONG;
	}
	return -ENOENT;
}

/* OWN relative to what is mounted: a container sees a part of the hierarchy. False: it lies outside of that part. */
static bool below_root(char *own, const char *root)
{
	size_t skip = strcmp(root, "/") ? strlen(root) : 0;

	if (strncmp(own, root, skip) || (own[skip] && own[skip] != '/'))
		return false;
	memmove(own, own + skip, strlen(own + skip) + 1);
	if (!strcmp(own, "/"))
		own[0] = 0;
	return !has_word(own, "..", "/");
}

int cgroup__own(const char *controller, struct cgroup_place *ret)
{
	_cleanup_(fclose) FILE *f = fopen("/proc/self/mountinfo", "re");
	_cleanup_(free) char *line = NULL;
	size_t cap = 0;
	char *root, *mnt;

	if (!f)
		return -errno;
	while (getline(&line, &cap, f) > 0) {
		int err;

		if (!cgroup__parse_mount(line, controller, &root, &mnt))
			continue;
		err = read_own(controller, ret->own, sizeof(ret->own));
		if (err)
			return err;
		if (below_root(ret->own, root) && snprintf(ret->mnt, sizeof(ret->mnt), "%s", mnt) < (int)sizeof(ret->mnt))
			return 0;
	}
	return -ENOENT;
}

/* The content of DIR/NAME, "" when there is no such file. */
static const char *read_at(const char *dir, const char *name, char *buf, size_t size)
{
	char path[4200];

	buf[0] = 0;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (read_file_str(path, buf, size) < 0)
		buf[0] = 0;
	return buf;
}

static int controllers_in(const char *dir, const char *file)
{
	char buf[512];
	int set = 0;

	read_at(dir, file, buf, sizeof(buf));
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++)
		if (has_word(buf, controllers[i].name, " \n"))
			set |= controllers[i].bit;
	return set;
}

/* To make a child and to start a process in it takes both; processes of a threaded subtree cannot start there. */
static bool may_use(const char *dir)
{
	char path[4200], type[64];

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	return !faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) && !faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) &&
	       (!*read_at(dir, "cgroup.type", type, sizeof(type)) || !strcmp(type, "domain"));
}

/* Programs on a cgroup filter network and devices for all below it. One that cannot be asked about is taken as filtered. */
static bool has_bpf(const char *dir)
{
	static const enum bpf_attach_type types[] = {
		BPF_CGROUP_INET_INGRESS, BPF_CGROUP_INET_EGRESS, BPF_CGROUP_INET_SOCK_CREATE, BPF_CGROUP_DEVICE,
		BPF_CGROUP_INET4_BIND, BPF_CGROUP_INET6_BIND, BPF_CGROUP_INET4_CONNECT, BPF_CGROUP_INET6_CONNECT,
		BPF_CGROUP_UDP4_SENDMSG, BPF_CGROUP_UDP6_SENDMSG, BPF_CGROUP_SYSCTL, BPF_CGROUP_SETSOCKOPT,
	};
	_cleanup_(close) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		union bpf_attr attr = { .query = { .target_fd = (uint32_t)fd, .attach_type = types[i] } };

		if (!syscall(SYS_bpf, BPF_PROG_QUERY, &attr, sizeof(attr)) ? attr.query.prog_cnt :
									      errno != ENOSYS && errno != EINVAL)
			return true;
	}
	return false;
}

/* Does DIR hold its members to less than WANT? "max" and no file at all mean no limit. */
static bool less_than(const char *dir, const char *file, uint64_t want)
{
	char buf[128];
	uint64_t v;

	return *read_at(dir, file, buf, sizeof(buf)) && !parse_u64(buf, 0, UINT64_MAX, &v) && v < want;
}

static bool fewer_cpus(const char *dir, uint64_t want_milli)
{
	unsigned long long quota, period;
	char buf[128];

	return sscanf(read_at(dir, "cpu.max", buf, sizeof(buf)), "%llu %llu", &quota, &period) == 2 && period &&
	       quota < UINT64_MAX / 1000 && quota * 1000 / period < want_milli;
}

/*
 * Would a tree that is limited to WANT be freer above DIR than below it? An ordinary user may only go where what is
 * above is its own too, and a manager of its own attaches no programs: those need root.
 */
static bool holds_more(const char *dir, const struct cgroup_want *want)
{
	char buf[128];

	return less_than(dir, "memory.max", want->memory) || less_than(dir, "memory.high", want->memory) ||
	       less_than(dir, "pids.max", want->pids) || fewer_cpus(dir, want->cpus_milli) ||
	       *read_at(dir, "io.max", buf, sizeof(buf)) || *read_at(dir, "cpuset.cpus", buf, sizeof(buf)) ||
	       (!geteuid() && has_bpf(dir));
}

/* One by one: a write of several is refused whole when one is. EBUSY says that DIR has processes. */
static int enable(const char *dir, int set)
{
	char path[4200];

	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", dir);
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		char word[16];

		if (!(set & controllers[i].bit))
			continue;
		snprintf(word, sizeof(word), "+%s", controllers[i].name);
		if (write_file_str(path, word))
			break;
	}
	return controllers_in(dir, "cgroup.subtree_control");
}

int cgroup__choose_parent(const struct cgroup_place *pl, const struct cgroup_want *want, char *ret_path, size_t size)
{
	char dir[4096];
	size_t top = strlen(pl->mnt);
	int need = 0, best = 0;

	if (snprintf(ret_path, size, "%s%s", pl->mnt, pl->own) >= (int)size)
		return -ENAMETOOLONG;
	if (want)
		need = (want->memory != UINT64_MAX ? MEMORY : 0) | (want->pids != UINT64_MAX ? PIDS : 0) |
		       (want->cpus_milli != UINT64_MAX ? CPU : 0);
	need &= controllers_in(pl->mnt, "cgroup.controllers"); /* the others are on v1 or absent */
	if (!need)
		return 0;
	/* First without a change to anything: what is enabled already; then what can be enabled. */
	for (int change = 0; change < 2; change++) {
		snprintf(dir, sizeof(dir), "%s%s", pl->mnt, pl->own);
		while (may_use(dir)) {
			int has = controllers_in(dir, "cgroup.subtree_control") & need;
			int can = controllers_in(dir, "cgroup.controllers") & need;

			if (change && __builtin_popcount(has | can) > __builtin_popcount(best))
				has = enable(dir, can & ~has) & need;
			if (__builtin_popcount(has) > __builtin_popcount(best)) {
				best = has;
				snprintf(ret_path, size, "%s", dir);
			}
			if (best == need)
				return 0;
			if (strlen(dir) <= top || holds_more(dir, want))
				break;
			*strrchr(dir, '/') = 0;
		}
	}
	return 0;
}
