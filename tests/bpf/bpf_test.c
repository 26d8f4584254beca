/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the programs decide, asked on any machine that lets root load BPF: paths, rules and scope, without BPF as an LSM. A
 * policy goes all of its way, from its text to the rows in the kernel and the verdict there.
 */
#include "bpf_test.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "capture/cgroup.h"
#include "capture/iterate.h"
#include "capture/libbpf_print.h"
#include "cli/attach_target.h"
#include "sandbox/resolve.h"

struct world world;
char work[64];

/* ---- the programs ---------------------------------------------------------------------------------------------- */

bool world__open(struct world *w, uint64_t cgroup, unsigned int level, pid_t own)
{
	struct guard_test_bpf *s = guard_test_bpf__open();

	if (!s)
		return false;
	s->rodata->st_cfg.judge = s->rodata->st_cfg.follow_forks = 1;
	s->rodata->st_cfg.scope_cgroup = cgroup;
	s->rodata->st_cfg.scope_level = level;
	s->rodata->st_cfg.own_tgid = (__u32)own;
	bpf_map__set_max_entries(s->maps.st_counts, 1);
	bpf_program__set_autoload(s->progs.adopt_inodes, true);
	bpf_program__set_autoload(s->progs.adopt_tasks, true);
	if (guard_test_bpf__load(s)) {
		int err = errno;

		guard_test_bpf__destroy(s);
		errno = err;
		return false;
	}
	s->bss->st_shared.next_exec_id = 2;
	*w = (struct world){ .skel = s };
	w->target = (struct guard_target){
		.heads = bpf_map__fd(s->maps.st_guard),
		.inodes = bpf_map__fd(s->maps.st_guard_inodes),
		.names = bpf_map__fd(s->maps.st_guard_names),
		.affixes = bpf_map__fd(s->maps.st_guard_affix),
		.nets = bpf_map__fd(s->maps.st_guard_nets),
		.who = bpf_map__fd(s->maps.st_guard_who),
		.hits = bpf_map__fd(s->maps.st_guard_hits),
		.fds = bpf_map__fd(s->maps.st_guard_fds),
		.adopt_inodes = bpf_program__fd(s->progs.adopt_inodes),
		.shared = &s->bss->st_shared,
		.n_cpus = libbpf_num_possible_cpus(),
	};
	return true;
}

static void let_go(struct world *w)
{
	live_policy__done(&w->live);
	network__plan_done(&w->plan);
	policy__free(w->policy);
	w->live = (struct live_policy){};
	w->plan = (struct net_plan){};
	w->policy = NULL;
}

void world__close(struct world *w)
{
	guard__done(&w->guard);
	let_go(w);
	guard_test_bpf__destroy(w->skel);
	w->skel = NULL;
}

static char *with_work(const char *text)
{
	char *all = NULL;
	size_t size;
	FILE *f = open_memstream(&all, &size);

	for (; *text; text++)
		if (*text == '@')
			fputs(work, f);
		else
			fputc(*text, f);
	fclose(f);
	return all;
}

void world__make(struct world *w, const char *text)
{
	static const struct live_layers lsm = { .lsm = true, .lsm_io_uring = true };
	const struct policy_env env = { .home = "/nonexistent", .cwd = work };
	_cleanup_(free) char *all = with_work(text);
	struct resolve_live *resolver;
	struct live_world machine = { .expand = resolve__live_expand, .file = resolve__live_file,
				      .cgroup = attach_target__cgroup_id };
	struct policy_error e = {};
	bool net;

	let_go(w);
	w->policy = policy__new();
	if (policy__load_text(w->policy, "test.toml", all, strlen(all), &env, &e) || policy__finish(w->policy, &e))
		fail_msg("%s\n%s", e.text, all);
	net = !w->policy->net_all && w->policy->net_src.name;
	assert_false(net && network__plan(w->policy, &w->plan));
	resolver = machine.ctx = resolve__live_new(w->policy);
	if (live_policy__make(w->policy, net ? &w->plan : NULL, &lsm, &machine, &w->live, &e))
		fail_msg("%s\n%s", e.text, all);
	resolve__live_free(resolver);
}

int world__try(struct world *w, const char *text, enum guard_mode mode)
{
	world__make(w, text);
	return guard__load(&w->guard, &w->target, &w->live, mode);
}

void world__load(struct world *w, const char *text, enum guard_mode mode)
{
	if (world__try(w, text, mode))
		fail_msg("cannot be loaded: %s", text);
}

void enforce(const char *text) { world__load(&world, text, GUARD_ENFORCE); }

void world__adopt(struct world *w, pid_t pid)
{
	struct st_shared *shared = &w->skel->bss->st_shared;
	uint32_t before;

	shared->adopt_tgid = (uint32_t)pid;
	do {
		before = shared->adopted;
		assert_int_equal(iterate(bpf_program__fd(w->skel->progs.adopt_tasks), false), 0);
	} while (shared->adopted != before);
	shared->adopt_tgid = 0;
}

const struct ask *world__ask(struct world *w, const struct bpf_program *prog)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	if (bpf_prog_test_run_opts(bpf_program__fd(prog), &opts))
		fail_msg("ask %s: %s", bpf_program__name(prog), strerror(errno));
	return &w->skel->bss->ask;
}

/* ---- files ----------------------------------------------------------------------------------------------------- */

void make(const char *path)
{
	char part[4096];
	int fd;

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (mkdir(part, 0755) && errno != EEXIST)
			fail_msg("mkdir %s: %s", part, strerror(errno));
	}
	if (path[strlen(path) - 1] == '/')
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	if (fd < 0)
		fail_msg("make %s: %s", path, strerror(errno));
	close(fd);
}

int open_place(const char *path, struct ask_place *ret)
{
	const char *name = strstr(path, "//");
	char dir[4096];
	struct stat st;

	snprintf(dir, sizeof(dir), "%.*s", name ? (int)(name - path) : (int)strlen(path), path);
	*ret = (struct ask_place){ .fd = open(dir, O_PATH | O_CLOEXEC | O_NOFOLLOW) };
	if (ret->fd < 0)
		fail_msg("open %s: %s", dir, strerror(errno));
	if (!name)
		return ret->fd;
	assert_true(strlen(name + 2) < sizeof(ret->name));
	strcpy(ret->name, name + 2);
	assert_true(fstatat(ret->fd, ret->name, &st, AT_SYMLINK_NOFOLLOW) && errno == ENOENT); /* looked up, it is remembered */
	return ret->fd;
}

unsigned int judge_place(const struct ask_place *at, unsigned int access)
{
	struct ask *ask = &world.skel->bss->ask;

	ask->at = *at;
	ask->access = access;
	world__ask(&world, world.skel->progs.ask_file);
	assert_true(ask->found);
	assert_int_equal(ask->verdict, ask->act.verdict == EV_DENIED || ask->act.verdict == EV_KILLED ? -EPERM : 0);
	return ask->act.verdict;
}

unsigned int judge_fd(int fd, unsigned int access) { return judge_place(&(struct ask_place){ .fd = fd }, access); }

unsigned int judge(const char *path, unsigned int access)
{
	struct ask_place at;
	unsigned int verdict;

	open_place(path, &at);
	verdict = judge_place(&at, access);
	close(at.fd);
	return verdict;
}

/* ---- processes and chance ---------------------------------------------------------------------------------------- */

int in_child(int (*fn)(void *), void *arg)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		setenv("CMOCKA_TEST_ABORT", "1", 1); /* what fails here must not go on with the tests of its parent */
		_exit(fn(arg));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static char groups[8][8192];
static unsigned int n_groups;

static void directory_of(const char *group, char *ret, size_t size)
{
	struct cgroup_place pl;

	assert_int_equal(cgroup__own(NULL, &pl), 0);
	snprintf(ret, size, "%s%s", pl.mnt, group);
}

bool make_group(const char *name, struct group *ret)
{
	struct cgroup_place pl;
	struct stat st;

	if (cgroup__own(NULL, &pl))
		return false;
	snprintf(ret->path, sizeof(ret->path), "%s/sandtrace-bpf.%d%s", pl.own, getpid(), name);
	directory_of(ret->path, groups[n_groups], sizeof(groups[0]));
	if (mkdir(groups[n_groups], 0755) || stat(groups[n_groups], &st))
		return false;
	n_groups++;
	ret->id = st.st_ino;
	ret->level = 0;
	for (const char *s = ret->path; *s; s++)
		ret->level += *s == '/';
	return true;
}

void remove_groups(void)
{
	while (n_groups)
		rmdir(groups[--n_groups]);
}

void enter_group(const struct group *g)
{
	char dir[8192], procs[8300];
	int fd;

	directory_of(g->path, dir, sizeof(dir));
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", dir);
	fd = open(procs, O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fd, "0", 1), 1);
	close(fd);
}

static unsigned int from_environment(const char *name)
{
	const char *text = getenv(name);

	return text ? (unsigned int)strtoul(text, NULL, 10) : 1;
}

unsigned int any(unsigned int n)
{
	static uint64_t state;

	if (!state)
		state = from_environment("BPF_TEST_SEED") * 0x9e3779b97f4a7c15ULL | 1;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned int)(state >> 32) % n;
}

unsigned int rounds(unsigned int n) { return n * from_environment("BPF_TEST_ROUNDS"); }

/* ---- all of it ------------------------------------------------------------------------------------------------- */

/* Is what was looked up and is not there remembered, so that a question about it can be asked? Not by tmpfs. */
static bool remembers_names(void)
{
	struct ask *ask = &world.skel->bss->ask;

	close(open_place(".//no-such-name", &ask->at));
	ask->at.fd = open(".", O_PATH | O_CLOEXEC);
	world__ask(&world, world.skel->progs.ask_path);
	close(ask->at.fd);
	return ask->found;
}

/* Why the programs cannot be asked here; NULL: they can. "": they should be. */
static const char *prepare(void)
{
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	libbpf_set_print(libbpf__print);
	if (geteuid())
		return "must be root";
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return "no mount namespace of its own can be made";
	if (world__open(&world, 0, 0, 0))
		return remembers_names() ? NULL : "the file system of /var/tmp forgets names that are not there";
	if (errno == EPERM || errno == EACCES)
		return "bpf() is refused";
	return errno == ENOSYS ? "the kernel has no BPF" : "";
}

static int test(void)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} v[] = {
		{ "paths", run_path_tests },		      { "rules about files", run_file_tests },
		{ "any rules about files", run_any_rule_tests }, { "rules about addresses", run_net_tests },
		{ "who acts", run_who_tests },		      { "scope", run_scope_tests },
	};
	int failed = run_naive_tests();
	const char *why = prepare();

	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		if (!why)
			failed += v[i].run();
		else
			printf(*why ? "ok %zu - %s # SKIP %s\n" : "not ok %zu - %s: the programs do not load%s\n", i + 1,
			       v[i].name, why);
	if (!why)
		world__close(&world);
	return failed || (why && !*why);
}

static int discard(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path) && errno != ENOENT ? -1 : 0;
}

/* In a child, whose mounts are gone when what it made is removed. */
int main(void)
{
	int status;
	pid_t pid;

	strcpy(work, "/var/tmp/sandtrace-bpf.XXXXXX");
	if (!mkdtemp(work))
		return 1;
	pid = fork();
	if (!pid)
		return chdir(work) || test();
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		status = 1;
	nftw(work, discard, 64, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	return status != 0;
}
