// SPDX-License-Identifier: Apache-2.0
/* Where cgroups are found: lines of mountinfo, mounts with odd names, a container's view, a parent with less CPU. */
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/util.h"
#include "capture/cgroup.h"
#include "sandbox/limits.h"

bool check(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void skip(const char *what, const char *why);
void places(void);
int attach_filter(const char *dir);

static void lines(void)
{
	static const struct {
		const char *line, *controller, *root, *mnt; /* mnt NULL: not this one */
	} cases[] = {
		{ "41 31 0:38 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n", NULL, "/", "/sys/fs/cgroup" },
		{ "41 31 0:38 / /sys/fs/cgroup rw shared:9 master:1 - cgroup2 none rw,nsdelegate\n", NULL, "/", "/sys/fs/cgroup" },
		{ "41 31 0:38 /../x /a\\040b\\134\\011\\012c rw - cgroup2 none rw\n", NULL, "/../x", "/a b\\\t\nc" },
		{ "41 31 0:38 / /a\\04 rw - cgroup2 none rw\n", NULL, "/", "/a\\04" },
		{ "41 31 0:38 / /a\\999\\ rw - cgroup2 none rw\n", NULL, "/", "/a\\999\\" },
		{ "32 31 0:29 / /cg/cpu rw - cgroup cgroup rw,cpu,cpuacct\n", "cpu", "/", "/cg/cpu" },
		{ "32 31 0:29 / /cg/cpu rw - cgroup cgroup rw,cpuacct,cpuset\n", "cpu", NULL, NULL },
		{ "32 31 0:29 / /cg/cpu rw - cgroup cgroup rw,cpu\n", NULL, NULL, NULL },
		{ "41 31 0:38 / /cg rw - cgroup2 cgroup rw,memory\n", "memory", NULL, NULL },
		{ "41 31 0:38 / /cg\\040-\\040cgroup2 rw - tmpfs t rw\n", NULL, NULL, NULL },
		{ "41 31 0:38 / - cgroup2 none rw\n", NULL, NULL, NULL },
		{ "41 31 0:38 / /x rw - cgroup2", NULL, "/", "/x" },
		{ "41 31 0:38 / /x rw - cgroup", "cpu", NULL, NULL },
		{ " - ", NULL, NULL, NULL },
		{ "", NULL, NULL, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char line[256], *root = NULL, *mnt = NULL;
		bool found;

		snprintf(line, sizeof(line), "%s", cases[i].line);
		found = cgroup__parse_mount(line, cases[i].controller, &root, &mnt);
		check(found == !!cases[i].mnt && (!found || (!strcmp(root, cases[i].root) && !strcmp(mnt, cases[i].mnt))),
		      "mountinfo line %zu", i + 1);
	}
}

static int join(const char *dir)
{
	char path[4400];

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	return write_file_str(path, "0");
}

/* DIR, somewhere in the v2 hierarchy, is all of it that is mounted here, at a path with a space. */
static int mount_view(const char *mnt, const char *dir, const char *at)
{
	return unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount(dir, at, NULL, MS_BIND, NULL) ||
	       umount2(mnt, MNT_DETACH);
}

/* In a child of its own: 0 when a cgroup is made at AT below BELOW, and removed. INSIDE: the caller lives in DIR first. */
static int view(const char *mnt, const char *dir, const char *at, const char *below, bool inside)
{
	char want[4300];
	struct cgroup cg;
	int status;
	pid_t pid = fork();

	if (!pid) {
		if ((inside && join(dir)) || mount_view(mnt, dir, at))
			_exit(1);
		if (cgroup__create_for(&cg, NULL, true))
			_exit(2);
		snprintf(want, sizeof(want), "%s%s/sandtrace-%d", at, below, getpid());
		status = strcmp(cg.path, want) ? 3 : 0;
		cgroup__remove(&cg);
		_exit(status ? status : !access(want, F_OK));
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

static void views(void)
{
	struct cgroup_place pl;
	char dir[4200], sub[4300], at[] = "/tmp/sandtrace cgroup XXXXXX";
	int err = cgroup__own(NULL, &pl);

	if (geteuid() || err) {
		skip("odd mounts and a container's view", geteuid() ? "not root" : "no cgroup v2");
		return;
	}
	snprintf(dir, sizeof(dir), "%s%s/limits-test-%d", pl.mnt, pl.own, getpid());
	snprintf(sub, sizeof(sub), "%s/inner", dir);
	if (!mkdtemp(at) || mkdir(dir, 0755) || mkdir(sub, 0755)) {
		check(false, "prepare a view");
		return;
	}
	err = view(pl.mnt, pl.mnt, at, pl.own, false);
	check(!err, "a hierarchy mounted at a path with spaces (%d)", err);
	err = view(pl.mnt, dir, at, "", true);
	check(!err, "only the caller's own cgroup is mounted (%d)", err);
	err = view(pl.mnt, sub, at, "", false);
	check(err == 2, "only another's cgroup is mounted: none can be made (%d)", err);
	rmdir(sub);
	rmdir(dir);
	rmdir(at);
}

/* v1 refuses a group more CPU than the one above has. */
static void less_cpu(void)
{
	struct policy p = { .memory.value = POLICY_UNLIMITED, .pids.value = POLICY_UNLIMITED, .cpus_milli.value = 2000,
			    .max_file_size.value = POLICY_UNLIMITED, .open_files.value = POLICY_UNLIMITED };
	struct cgroup_place pl;
	char dir[4200], quota[4300];
	struct limits l;
	int status, err = cgroup__own("cpu", &pl);

	if (geteuid() || err) {
		skip("a v1 parent with less CPU", geteuid() ? "not root" : "no v1 cpu hierarchy");
		return;
	}
	snprintf(dir, sizeof(dir), "%s%s/limits-test-%d", pl.mnt, pl.own, getpid());
	snprintf(quota, sizeof(quota), "%s/cpu.cfs_quota_us", dir);
	if (mkdir(dir, 0755) || write_file_str(quota, "50000")) {
		check(false, "make %s", dir);
		return;
	}
	if (!fork()) {
		err = join(dir) || limits__setup(&l, &p, NULL, false) || l.by[LIMIT_CPU] != LIMIT_BY_CGROUP1 ||
		      !strstr(l.text[LIMIT_CPU], "has less") || strncmp(l.v1_dirs[LIMIT_CPU], dir, strlen(dir));
		limits__remove(&l);
		_exit(err);
	}
	wait(&status);
	check(!status, "a v1 parent with less CPU: its limit holds, and that is said");
	while (rmdir(dir) && errno == EBUSY)
		sched_yield();
}

/* What no limit may refuse: the greatest values that a policy can hold. */
static void greatest(void)
{
	struct policy p = { .memory.value = UINT64_MAX - 1, .pids.value = UINT64_MAX - 1, .cpus_milli.value = UINT64_MAX - 1,
			    .max_file_size.value = UINT64_MAX - 1, .open_files.value = UINT64_MAX - 1 };
	struct cgroup_want want = { UINT64_MAX - 1, UINT64_MAX - 1, UINT64_MAX - 1 };
	struct cgroup cg;
	struct limits l;
	int err;

	if (cgroup__create_for(&cg, &want, false)) {
		check(false, "make a cgroup");
		return;
	}
	err = limits__setup(&l, &p, &cg, false);
	check(!err, "the greatest values: %s; %s; %s", l.text[0], l.text[1], l.text[2]);
	limits__remove(&l);
	cgroup__remove(&cg);
}

/* --filter DIR: a program that lets everything through is put on the cgroup, as a service manager's filter would be. */
int attach_filter(const char *dir)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_CGROUP_SKB, .insn_cnt = ARRAY_SIZE(insns),
				.insns = (uint64_t)(uintptr_t)insns, .license = (uint64_t)(uintptr_t)"GPL" };
	union bpf_attr attach = { .attach_type = BPF_CGROUP_INET_EGRESS };

	attach.attach_bpf_fd = (uint32_t)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));
	attach.target_fd = (uint32_t)open(dir, O_RDONLY | O_DIRECTORY);
	return syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof(attach)) ? errno : 0;
}

void places(void)
{
	lines();
	views();
	less_cpu();
	greatest();
}
