// SPDX-License-Identifier: Apache-2.0
/*
 * The limits, tried from inside:  limits_test [--user] [--rlimits] DISK
 *
 * Each case makes a cgroup and limits as a run does, starts a child in them, and lets it go too far; the child says
 * over a pipe how far it came, the limits' own counters must agree, and nothing may be left. TAP.
 * --user: as an ordinary user. --rlimits: without a cgroup to be had. DISK: a directory, or a block device that may be
 * overwritten. BREAK=join|rlimits|remove leaves a guard out, to see the
 * cases fail.
 */
#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>

#include "base/util.h"
#include "capture/cgroup.h"
#include "sandbox/limits.h"

#define MIB (1ull << 20)
#define MEMORY_CAP (48 * MIB)
#define PIDS_CAP 24

bool check(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void skip(const char *what, const char *why);
void places(void); /* limits_places.c */
int attach_filter(const char *dir);

static int n_tests, n_failed, n_skipped;
static bool rlimits_only;
static const char *disk, *broken = "";

bool check(bool good, const char *fmt, ...)
{
	va_list ap;

	n_tests++;
	n_failed += !good;
	printf("%s %d - ", good ? "ok" : "not ok", n_tests);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	puts("");
	fflush(stdout);
	return good;
}

void skip(const char *what, const char *why)
{
	n_tests++;
	n_skipped++;
	printf("ok %d - %s # SKIP %s\n", n_tests, what, why);
}

/* What one case gets: set up, child run to its end, counters read, everything removed. */
struct result {
	int setup;
	struct limits limits;
	struct limit_events ev;
	int status;	   /* as of waitpid */
	uint64_t said;	   /* what the child wrote last */
	uint64_t wall_ns;
	bool left;	   /* a directory outlived limits__remove and cgroup__remove */
	char dirs[4][4200];
};

static uint64_t now_ns(clockid_t c)
{
	struct timespec t;

	clock_gettime(c, &t);
	return (uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_nsec;
}

static void say(int fd, uint64_t v)
{
	if (write(fd, &v, sizeof(v)) != sizeof(v))
		_exit(99);
}

static struct policy policy(uint64_t memory, uint64_t pids, uint64_t cpus_milli)
{
	return (struct policy){
		.memory.value = memory, .pids.value = pids, .cpus_milli.value = cpus_milli,
		.max_file_size.value = POLICY_UNLIMITED, .open_files.value = POLICY_UNLIMITED,
		.output.value = POLICY_UNLIMITED, .tmpfs_size.value = POLICY_UNLIMITED,
	};
}

static pid_t start(struct cgroup *cg)
{
	struct clone_args args = { .flags = cg ? CLONE_INTO_CGROUP : 0, .exit_signal = SIGCHLD,
				   .cgroup = cg ? (uint64_t)cg->dir_fd : 0 };

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

static void child(const struct limits *l, int fd, void (*body)(int fd))
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(60); /* a case that hangs fails */
	if (strcmp(broken, "join") && limits__join(l))
		_exit(98);
	if (strcmp(broken, "rlimits") && limits__apply_rlimits(l))
		_exit(97);
	body(fd);
	_exit(0);
}

static struct result attempt(const struct policy *p, void (*body)(int fd))
{
	struct cgroup_want want = { p->memory.value, p->pids.value, p->cpus_milli.value };
	struct cgroup own, *cg = cgroup__create_for(&own, &want, true) ? NULL : &own;
	struct result r = { 0 };
	uint64_t v, begin = now_ns(CLOCK_MONOTONIC);
	int fds[2];
	pid_t pid;

	r.setup = limits__setup(&r.limits, p, cg, rlimits_only);
	if (!r.setup && !pipe2(fds, O_CLOEXEC)) {
		pid = start(cg);
		if (!pid)
			child(&r.limits, fds[1], body);
		close(fds[1]);
		while (read(fds[0], &v, sizeof(v)) == sizeof(v))
			r.said = v;
		close(fds[0]);
		r.status = -1;
		if (pid > 0)
			waitpid(pid, &r.status, 0);
	}
	r.wall_ns = now_ns(CLOCK_MONOTONIC) - begin;
	if (cg) {
		cgroup__kill(cg);
		for (struct pollfd e = { .fd = cg->events_fd, .events = POLLPRI }; cgroup__populated(cg) > 0;)
			poll(&e, 1, 1000);
	}
	if (!r.setup)
		limits__events(&r.limits, cg, &r.ev);
	for (int i = 0; i < 3; i++)
		snprintf(r.dirs[i], sizeof(r.dirs[i]), "%s", r.limits.v1_dirs[i]);
	snprintf(r.dirs[3], sizeof(r.dirs[3]), "%s", cg ? cg->path : "");
	if (strcmp(broken, "remove"))
		limits__remove(&r.limits);
	if (cg)
		cgroup__remove(cg);
	for (int i = 0; i < 4; i++)
		r.left |= r.dirs[i][0] && !access(r.dirs[i], F_OK);
	return r;
}

static bool killed(const struct result *r, int sig)
{
	return WIFSIGNALED(r->status) && WTERMSIG(r->status) == sig;
}

/* A whole number of MiB each time, told after it was touched. */
static void take_anonymous(int fd)
{
	for (uint64_t i = 1; i <= 3 * MEMORY_CAP / MIB; i++) {
		void *m = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (m == MAP_FAILED)
			_exit(errno == ENOMEM ? 12 : 1);
		memset(m, 1, MIB);
		say(fd, i);
	}
}

static void fill(int fd, int file)
{
	static char block[MIB];

	memset(block, 1, sizeof(block));
	for (uint64_t i = 1; i <= 3 * MEMORY_CAP / MIB; i++) {
		if (write(file, block, sizeof(block)) != sizeof(block))
			_exit(errno == ENOMEM ? 12 : 1);
		say(fd, i);
	}
}

static void take_memfd(int fd)
{
	fill(fd, memfd_create("limits", 0));
}

static bool disk_is_device(void)
{
	struct stat st;

	return !stat(disk, &st) && S_ISBLK(st.st_mode);
}

static void take_page_cache(int fd)
{
	int file = disk_is_device() ? open(disk, O_RDWR) : open(disk, O_TMPFILE | O_RDWR, 0600);
	static char block[MIB];

	if (file < 0)
		_exit(96);
	fill(fd, file);
	if (lseek(file, 0, SEEK_SET))
		_exit(95);
	while (read(file, block, sizeof(block)) > 0)
		;
}

/* Forked children hold half each: none goes too far alone. */
static void take_shared_out(int fd)
{
	for (uint64_t i = 1; i <= 6; i++) {
		int ready[2];
		char c;

		if (pipe(ready))
			_exit(1);
		if (!fork()) {
			void *m;

			prctl(PR_SET_PDEATHSIG, SIGKILL);
			m = mmap(NULL, MEMORY_CAP / 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			if (m == MAP_FAILED)
				_exit(12);
			memset(m, 1, MEMORY_CAP / 2);
			(void)!write(ready[1], "r", 1);
			pause();
		}
		close(ready[1]);
		(void)!read(ready[0], &c, 1); /* it has its memory, or is dead */
		close(ready[0]);
		say(fd, i);
	}
}

static void memory_cases(void)
{
	struct policy p = policy(MEMORY_CAP, POLICY_UNLIMITED, POLICY_UNLIMITED);
	static const struct {
		const char *name;
		void (*body)(int fd);
	} cases[] = { { "anonymous memory", take_anonymous }, { "a memfd", take_memfd } };
	struct result r;
	struct statfs fs;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		r = attempt(&p, cases[i].body);
		printf("# %s: setup %d, %s; status %x, %llu MiB, %llu oom kills, %llu hits, peak %llu KiB\n", cases[i].name, r.setup,
		       r.limits.text[LIMIT_MEMORY], (unsigned int)r.status, (unsigned long long)r.said,
		       (unsigned long long)r.ev.oom_kills, (unsigned long long)r.ev.memory_hits,
		       (unsigned long long)r.ev.memory_peak >> 10);
		check(!r.setup && killed(&r, SIGKILL) && r.said * MIB < MEMORY_CAP, "%s: killed below the cap", cases[i].name);
		check(r.ev.oom_kills >= 1 && r.ev.memory_hits >= 1, "%s: the kill is counted", cases[i].name);
		check(!r.left, "%s: nothing is left", cases[i].name);
	}
	r = attempt(&p, take_shared_out);
	/* of six halves the cap holds less than two; the rest die, whichever they are, and the parent perhaps */
	check(!r.setup && r.ev.oom_kills >= 4 && r.ev.memory_peak <= MEMORY_CAP, "memory of several processes is one sum (%llu killed)",
	      (unsigned long long)r.ev.oom_kills);
	check(!r.left, "several processes: nothing is left");
	if (!disk_is_device() && !statfs(disk, &fs) && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC)) {
		skip("page cache is reclaimed within the cap", "no disk: files are memory here");
		return;
	}
	r = attempt(&p, take_page_cache);
	printf("# page cache: status %x, %llu MiB, %llu hits, peak %llu KiB\n", (unsigned int)r.status, (unsigned long long)r.said,
	       (unsigned long long)r.ev.memory_hits, (unsigned long long)r.ev.memory_peak >> 10);
	check(!r.setup && r.status == 0 && r.said == 3 * MEMORY_CAP / MIB && r.ev.memory_hits && !r.ev.oom_kills &&
	      r.ev.memory_peak <= MEMORY_CAP + MIB, "page cache is reclaimed within the cap, and nobody is killed");
	check(!r.left, "page cache: nothing is left");
}

/* Every process forks on until the kernel says no; then they all wait to be killed. */
static void bomb(int fd)
{
	pid_t pids[4 * PIDS_CAP];
	uint64_t n = 0;
	int err = 0;

	while (n < ARRAY_SIZE(pids)) {
		pids[n] = fork();
		if (pids[n] < 0) {
			err = errno;
			break;
		}
		if (!pids[n++]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
	}
	say(fd, n);
	for (uint64_t i = 0; i < n; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	_exit(err == EAGAIN ? 11 : 1);
}

static void pids_case(void)
{
	struct policy p = policy(POLICY_UNLIMITED, PIDS_CAP, POLICY_UNLIMITED);
	struct result r = attempt(&p, bomb);

	printf("# fork bomb: setup %d, %s; status %x, %llu forks, %llu refused, peak %llu\n", r.setup, r.limits.text[LIMIT_PIDS],
	       (unsigned int)r.status, (unsigned long long)r.said, (unsigned long long)r.ev.pids_hits,
	       (unsigned long long)r.ev.pids_peak);
	check(!r.setup && WIFEXITED(r.status) && WEXITSTATUS(r.status) == 11 && r.said == PIDS_CAP - 1,
	      "a fork bomb gets EAGAIN at the cap");
	check(r.ev.pids_hits >= 1, "the refused fork is counted");
	check(!r.left, "fork bomb: nothing is left");
}

/* 200 ms of CPU time, on two threads' worth of processes: at 0.2 CPUs they take a second. */
static void spin(int fd)
{
	pid_t other = fork();
	uint64_t used;

	do
		used = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	while (used < 200000000);
	if (!other)
		_exit(0);
	waitpid(other, NULL, 0);
	say(fd, used);
}

static void cpu_case(void)
{
	struct policy p = policy(POLICY_UNLIMITED, POLICY_UNLIMITED, 200);
	struct result r = attempt(&p, spin);
	double ratio = r.wall_ns ? (double)r.ev.cpu_ns / (double)r.wall_ns : 9;

	printf("# cpu: setup %d, %s; status %x, %.3f s of CPU in %.3f s, throttled %.3f s\n", r.setup, r.limits.text[LIMIT_CPU],
	       (unsigned int)r.status, (double)r.ev.cpu_ns / 1e9, (double)r.wall_ns / 1e9, (double)r.ev.throttled_ns / 1e9);
	/* a slow machine only makes the ratio smaller; without the limit 400 ms take 200 to 400 ms: 1 or more */
	check(!r.setup && !r.status && r.ev.cpu_ns >= 390000000 && ratio < 0.35, "CPU time stays near 0.2 CPUs");
	check(r.ev.throttled_ns > 0, "the time held back is counted");
	check(!r.left, "CPU: nothing is left");
}

/* --- an ordinary user: rlimits, each named --- */

static void check_every(int fd)
{
	static const struct {
		int resource;
		uint64_t at_most;
	} want[] = { { RLIMIT_CORE, 1 }, { RLIMIT_MEMLOCK, 64 << 10 }, { RLIMIT_RTPRIO, 0 }, { RLIMIT_NICE, 0 },
		     { RLIMIT_FSIZE, 1 << 20 }, { RLIMIT_NOFILE, 100 }, { RLIMIT_MSGQUEUE, 819200 } };
	struct rlimit r;

	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		if (getrlimit((__rlimit_resource_t)want[i].resource, &r) || r.rlim_max > want[i].at_most || r.rlim_cur > r.rlim_max) {
			say(fd, (uint64_t)want[i].resource + 1000);
			return;
		}
	say(fd, 1);
}

static void big_file(int fd)
{
	static char block[MIB];
	int file = memfd_create("limits", 0);

	signal(SIGXFSZ, SIG_DFL); /* a caller written in Python leaves it ignored: EFBIG, and no signal */
	say(fd, (uint64_t)write(file, block, sizeof(block)));
	(void)!write(file, block, sizeof(block));
}

static void rlimit_cases(void)
{
	struct policy p = policy(POLICY_UNLIMITED, POLICY_UNLIMITED, POLICY_UNLIMITED);
	struct result r;

	p.max_file_size.value = MIB;
	p.open_files.value = 100;
	r = attempt(&p, check_every);
	check(!r.setup && r.said == 1, "the rlimits of every sandbox hold (%llu)", (unsigned long long)r.said);
	r = attempt(&p, big_file);
	check(killed(&r, SIGXFSZ) && r.said == MIB, "a file beyond max_file_size: SIGXFSZ");
}

static void user_cases(void)
{
	struct policy p = policy(MEMORY_CAP, PIDS_CAP, 500);
	struct result r = attempt(&p, take_anonymous);
	struct limits strict;

	for (int i = 0; i < 3; i++)
		printf("# %s\n", r.limits.text[i]);
	check(!r.setup && r.limits.by[LIMIT_MEMORY] == LIMIT_BY_RLIMIT && strstr(r.limits.text[LIMIT_MEMORY], "RLIMIT_DATA"),
	      "memory: RLIMIT_DATA stands in and is named");
	check(WIFEXITED(r.status) && WEXITSTATUS(r.status) == 12 && r.said * MIB < MEMORY_CAP, "memory: ENOMEM below the cap");
	check(r.limits.by[LIMIT_CPU] == LIMIT_BY_NOTHING && strstr(r.limits.text[LIMIT_CPU], "not limited"),
	      "CPU: nothing holds it, and that is said");
	r = attempt(&p, bomb);
	printf("# fork bomb: status %x, %llu forks\n", (unsigned int)r.status, (unsigned long long)r.said);
	check(r.limits.by[LIMIT_PIDS] == LIMIT_BY_RLIMIT && WIFEXITED(r.status) && WEXITSTATUS(r.status) == 11 &&
	      r.said < PIDS_CAP, "processes: EAGAIN at the cap or before");
	check(limits__setup(&strict, &p, NULL, false) == -ENOTSUP, "where no rlimit may stand in: ENOTSUP");
}

/* --- whoever is killed: a guard cleans up, with the whole tree still alive --- */

static void hold_on(int fd)
{
	if (!fork())
		for (;;)
			pause();
	say(fd, 1);
	for (;;)
		pause();
}

static void guard(struct limits *l, struct cgroup *cg, int fd)
{
	struct pollfd e = { .fd = cg->events_fd, .events = POLLPRI };
	char c;

	setsid();
	(void)!read(fd, &c, 1);
	cgroup__kill(cg);
	while (cgroup__populated(cg) > 0)
		poll(&e, 1, 1000);
	cgroup__remove(cg);
	if (strcmp(broken, "remove"))
		limits__remove(l);
	_exit(0);
}

/* The supervisor: tells where its directories are when the tree stands, then waits to be killed. */
static void supervise(int out)
{
	struct policy p = policy(MEMORY_CAP, PIDS_CAP, 200);
	struct cgroup_want want = { MEMORY_CAP, PIDS_CAP, 200 };
	int alive[2], up[2];
	struct cgroup cg;
	struct limits l;
	uint64_t v;

	if (cgroup__create_for(&cg, &want, false) || limits__setup(&l, &p, &cg, false) || pipe(alive) || pipe(up))
		_exit(1);
	if (!fork()) {
		close(alive[1]);
		close(up[0]);
		close(up[1]);
		guard(&l, &cg, alive[0]);
	}
	if (!start(&cg)) {
		close(alive[1]);
		close(out);
		if (limits__join(&l))
			_exit(1);
		hold_on(up[1]);
	}
	if (read(up[0], &v, sizeof(v)) != sizeof(v))
		_exit(1);
	for (int i = 0; i < 3; i++)
		dprintf(out, "%s\n", l.v1_dirs[i]);
	dprintf(out, "%s\n.\n", cg.path);
	for (;;)
		pause();
}

static void guard_case(void)
{
	_cleanup_(fclose) FILE *in = NULL;
	char dirs[4][4200] = { "" }, line[4200];
	int fds[2], n = 0, left = 0;
	pid_t pid;

	if (pipe(fds))
		exit(1);
	pid = fork();
	if (!pid) {
		close(fds[0]);
		supervise(fds[1]);
	}
	close(fds[1]);
	in = fdopen(fds[0], "r");
	while (fgets(line, sizeof(line), in) && strcmp(line, ".\n")) {
		line[strcspn(line, "\n")] = 0;
		if (n < 4 && line[0] && !access(line, F_OK))
			snprintf(dirs[n++], sizeof(dirs[0]), "%s", line);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	while (fgets(line, sizeof(line), in)) /* until the guard, the last holder, is gone */
		;
	for (int i = 0; i < n; i++)
		left += !access(dirs[i], F_OK);
	check(n >= 1 && !left, "killed in the midst: its guard ends the tree and leaves no cgroup (%d of %d left)", left, n);
}

static void hold_memory(int fd)
{
	void *m = mmap(NULL, MEMORY_CAP / 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(m, 1, MEMORY_CAP / 2);
	say(fd, 1);
	for (;;)
		pause();
}

/*
 * Removal begins while the tree lives, and the tree dies a moment later: nothing depends on how long that is, as long as
 * it is shorter than removal keeps trying.
 */
static void dying_case(void)
{
	struct policy p = policy(MEMORY_CAP, PIDS_CAP, POLICY_UNLIMITED);
	struct cgroup_want want = { MEMORY_CAP, PIDS_CAP, POLICY_UNLIMITED };
	char dirs[3][4200];
	struct cgroup cg;
	struct limits l;
	int up[2];
	uint64_t v;
	pid_t pid;

	if (cgroup__create_for(&cg, &want, false) || limits__setup(&l, &p, &cg, false) || pipe(up)) {
		check(false, "set up limits");
		return;
	}
	pid = start(&cg);
	if (!pid)
		child(&l, up[1], hold_memory);
	close(up[1]);
	if (read(up[0], &v, sizeof(v)) != sizeof(v))
		check(false, "start a child");
	close(up[0]);
	snprintf(dirs[0], sizeof(dirs[0]), "%s", l.v1_dirs[LIMIT_MEMORY]);
	snprintf(dirs[1], sizeof(dirs[1]), "%s", l.v1_dirs[LIMIT_PIDS]);
	snprintf(dirs[2], sizeof(dirs[2]), "%s", cg.path);
	if (!fork()) {
		poll(NULL, 0, 50);
		kill(pid, SIGKILL);
		_exit(0);
	}
	limits__remove(&l);
	cgroup__remove(&cg);
	check((!dirs[0][0] || access(dirs[0], F_OK)) && (!dirs[1][0] || access(dirs[1], F_OK)) && access(dirs[2], F_OK),
	      "removed while the tree is still dying");
	waitpid(pid, NULL, 0);
	wait(NULL);
}

/* --place DIR: a cgroup for limits is made below DIR, and all three controllers are in it or it is not to be. */
static int place(const char *dir)
{
	struct cgroup_want want = { MEMORY_CAP, PIDS_CAP, 200 };
	struct cgroup cg;
	int err = cgroup__create_for(&cg, &want, false);
	char parent[4200];

	if (err)
		return 1;
	snprintf(parent, sizeof(parent), "%.*s", (int)(strrchr(cg.path, '/') - cg.path), cg.path);
	printf("%s\n", cg.path);
	cgroup__remove(&cg);
	return strcmp(parent, dir) != 0;
}

static void crash(int fd)
{
	(void)fd;
	prctl(PR_SET_NAME, "sandboxed");
	raise(SIGSEGV);
}

/* What the limits alone do not hold: 0 is lower than 1, so a command may ask for it. */
static void crash_lowered(int fd)
{
	(void)fd;
	prctl(PR_SET_NAME, "lowered");
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	raise(SIGSEGV);
}

/* --crash PREFIX: the handler writes PREFIX + name. It is called for a process without limits, which shows that it works. */
static int crash_case(const char *prefix)
{
	struct policy p = policy(POLICY_UNLIMITED, POLICY_UNLIMITED, POLICY_UNLIMITED);
	char with[512], without[512], lowered[512];
	struct result r;
	int status;
	pid_t pid;

	snprintf(with, sizeof(with), "%ssandboxed", prefix);
	snprintf(without, sizeof(without), "%splain", prefix);
	snprintf(lowered, sizeof(lowered), "%slowered", prefix);
	attempt(&p, crash_lowered);
	printf("with limits, then RLIMIT_CORE set to 0: handler %s\n", access(lowered, F_OK) ? "not called" : "called");
	r = attempt(&p, crash);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_NAME, "plain");
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
		raise(SIGSEGV);
	}
	waitpid(pid, &status, 0); /* the kernel waits for the handler to have read the core before the parent hears */
	printf("with limits: status %x, handler %s; plain, RLIMIT_CORE 0: status %x, handler %s\n", (unsigned int)r.status,
	       access(with, F_OK) ? "not called" : "called", (unsigned int)status, access(without, F_OK) ? "not called" : "called");
	return !(killed(&r, SIGSEGV) && access(with, F_OK) && !access(without, F_OK));
}

int main(int argc, char *argv[])
{
	if (argc > 2 && !strcmp(argv[1], "--user")) {
		if (setgroups(0, NULL) || setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
			return 99;
		argv++;
		argc--;
	}
	if (argc == 3 && !strcmp(argv[1], "--place"))
		return place(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "--filter"))
		return attach_filter(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "--crash"))
		return crash_case(argv[2]);
	rlimits_only = argc > 1 && !strcmp(argv[1], "--rlimits");
	disk = argc > 1 ? argv[argc - 1] : "/var/tmp";
	if (getenv("BREAK"))
		broken = getenv("BREAK");
	rlimit_cases();
	if (rlimits_only) {
		user_cases();
	} else {
		memory_cases();
		pids_case();
		cpu_case();
		guard_case();
		dying_case();
		places();
	}
	printf("1..%d\n", n_tests);
	return n_failed != 0;
}
