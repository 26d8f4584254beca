/* SPDX-License-Identifier: Apache-2.0 */
/* `sandtrace run`: puts the parts together, runs the session, and turns its end into an exit status. */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#include "base/log.h"
#include "base/util.h"
#include "capture/session.h"
#include "cli.h"
#include "artifacts.h"
#include "color.h"
#include "contain.h"
#include "doctor_probe.h"
#include "event/interest.h"
#include "event/syscalls.h"
#include "sandbox/resolve_walk.h"
#include "sandtrace_version.h"

/* 4 MiB per CPU: a quarter of it is what one CPU can issue in the 5 ms that the freezer may take. */
#define RING_BYTES_PER_CPU (4ULL << 20)
#define RING_BYTES_MIN (8ULL << 20)
#define RING_BYTES_MAX (512ULL << 20)

/* Words of the command line of a process that runs already. */
#define RUNNING_WORDS 64

struct run {
	struct run_options opts;
	struct st_plan plans[EV_ABI_MAX][ST_NR_SYSCALLS];
	bool interest_beyond;
	struct run_info info;
	struct utsname uts;
	char boot_id[64], cwd[4096], path[4096];
	struct guarded *guarded; /* the cgroup and the limits */
	struct launch launch;
	struct capture *capture;
	bool everything;
	char why[512]; /* this backend */
	char cmdline[4096], *words[RUNNING_WORDS + 1]; /* --pid */
	struct pipeline pipeline;
	struct session session;
	struct st_count *counts;
	sigset_t old_mask;
	int out_fd;

	struct contain contain;
	struct artifacts artifacts;
};

static int build_plans(struct run *r)
{
	uint8_t interest[EV_ABI_MAX][ST_NR_SYSCALLS];
	char why[256];
	int err = syscalls__init();

	if (err)
		return log_errno(err, "load the system call tables");
	err = interest__parse(r->opts.trace_expr ? r->opts.trace_expr : "all", interest, &r->interest_beyond, why,
			      sizeof(why));
	if (err) {
		log_err(err, "-e: %s", why);
		return err;
	}
	r->everything = r->interest_beyond;
	for (int abi = 0; abi < EV_ABI_MAX; abi++)
		for (int nr = 0; nr < ST_NR_SYSCALLS; nr++) {
			r->plans[abi][nr] = syscalls__plan((enum ev_abi)abi, nr);
			if (interest[abi][nr])
				r->plans[abi][nr].flags |= ST_PLAN_INTEREST;
			else
				r->everything = false;
		}
	return 0;
}

static uint64_t ring_bytes(const struct run_options *o)
{
	uint64_t n = RING_BYTES_MIN, want = RING_BYTES_PER_CPU * (uint64_t)get_nprocs();

	if (o->ring_bytes)
		return o->ring_bytes;
	while (n < want && n < RING_BYTES_MAX)
		n <<= 1;
	return n;
}

/* Every CPU can issue this much in the 5 ms the freezer may take: 2 million records of 112 bytes a second. */
static int check_ring(const struct run_options *o)
{
	uint64_t slack = 1ULL << 20, need = (uint64_t)get_nprocs() * slack * 4, size = 65536;

	/* ptrace needs no slack: while its ring is full the tasks wait */
	if (o->on_overload_drop || o->backend == BACKEND_PTRACE || ring_bytes(o) >= MIN(need, RING_BYTES_MAX))
		return 0;
	while (size < need && size < RING_BYTES_MAX)
		size <<= 1;
	log_err(0, "--ring-size %llu is too small to lose nothing: freezing the command takes up to 5 ms, and %d CPUs can "
		"fill it in that time", (unsigned long long)o->ring_bytes, get_nprocs());
	log_hint("use --ring-size %lluM or more, or --on-overload drop", (unsigned long long)(size >> 20));
	return -EINVAL;
}

static int resolve(struct run *r, int *ret_exit)
{
	const char *cmd = r->opts.argv[0];
	int err = launch__resolve(cmd, r->path, sizeof(r->path));

	if (!err)
		return 0;
	*ret_exit = err == -ENOENT || err == -ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	if (!*cmd)
		log_err(err, "the command's name is empty");
	else if (*ret_exit == EXIT_NOT_FOUND && !strchr(cmd, '/'))
		log_err(err, "%s: command not found in PATH", cmd);
	else
		log_errno(err, "%s: cannot be executed", cmd);
	return err;
}

/*
 * A contained command may have been given the directory before, and have left a link in the way: only links of the system
 * are passed through. RET_PATH is without any.
 */
static int output_path(const char *name, const char *cwd, char *ret_path, size_t size)
{
	char absolute[PATH_MAX], *slash;
	struct found f;
	int err, n;

	n = snprintf(absolute, sizeof(absolute), "%s%s%s", *name == '/' ? "" : cwd, *name == '/' ? "" : "/", name);
	if (n >= (int)sizeof(absolute))
		return log_err(-ENAMETOOLONG, "output %.100s...: the name is too long", name);
	slash = strrchr(absolute, '/');
	*slash = 0;
	err = walk__path(slash == absolute ? "/" : absolute, FOLLOW_SYSTEM, NULL, &f);
	if (err == -ELOOP && f.link[0]) {
		log_err(err, "output %s leads through the link %s, which an earlier run may have left there", name, f.link);
		log_hint("name the directory that is meant: %s", f.target);
	} else if (err) {
		log_errno(err, "open output %s", name);
	} else if (snprintf(ret_path, size, "%s/%s", strcmp(f.path, "/") ? f.path : "", slash + 1) >= (int)size) {
		err = log_err(-ENAMETOOLONG, "output %.100s...: the name is too long", name);
	}
	walk__done(&f);
	return err;
}

static int open_output(struct run *r)
{
	const char *name = r->opts.output;
	char path[PATH_MAX];
	int err;

	r->out_fd = STDERR_FILENO;
	if (!name)
		return 0;
	if (!strcmp(name, "-")) {
		r->out_fd = STDOUT_FILENO;
		return 0;
	}
	if (r->contain.policy) {
		err = output_path(name, r->cwd, path, sizeof(path));
		if (err)
			return err;
	}
	/* not blocking: a FIFO that nobody reads must not hold us, with all signals blocked */
	r->out_fd = open(r->contain.policy ? path : name,
			 O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (r->out_fd >= 0) {
		fcntl(r->out_fd, F_SETFL, fcntl(r->out_fd, F_GETFL) & ~O_NONBLOCK);
		return 0;
	}
	err = -errno;
	if (err == -ELOOP) {
		log_err(err, "output %s is a symbolic link, and trace files are never written through one", name);
		log_hint("name the file itself, or use -o - for standard output");
		return err;
	}
	log_errno(err, "open output %s", name);
	if (err == -ENXIO)
		log_hint("it is a pipe that nobody reads: start its reader first");
	return err;
}

/* 0: no terminal, nothing is shortened to fit. */
static int terminal_width(int fd)
{
	struct winsize ws;

	return !ioctl(fd, TIOCGWINSZ, &ws) && ws.ws_col >= 20 ? ws.ws_col : 0;
}

/* Which view goes where: the trace to -o or stderr, the summary to stderr unless the trace there is JSONL. */
static int add_sinks(struct run *r)
{
	const struct run_options *o = &r->opts;
	bool to_file = o->output != NULL;
	bool jsonl = o->format == FORMAT_JSONL || (o->format == FORMAT_AUTO && to_file);
	int width = terminal_width(STDERR_FILENO);
	bool color = color__wanted(o, STDERR_FILENO);
	struct pipeline *p = &r->pipeline;
	int err = 0;

	if (o->count && to_file && !jsonl)
		return pipeline__add_sink(p, sink_summary__new(r->out_fd, true, color__wanted(o, r->out_fd),
							       terminal_width(r->out_fd)));
	if (jsonl)
		err = pipeline__add_sink(p, sink_jsonl__new(r->out_fd));
	else if (!o->count)
		err = pipeline__add_sink(p, sink_text__new(r->out_fd, o->verbosity, color__wanted(o, r->out_fd),
							   terminal_width(r->out_fd)));
	if (!err && jsonl && to_file && o->verbosity && !o->count)
		err = pipeline__add_sink(p, sink_text__new(STDERR_FILENO, o->verbosity, color, width));
	if (!err && !o->quiet && !(jsonl && !to_file))
		err = pipeline__add_sink(p, sink_summary__new(STDERR_FILENO, o->count, color, width));
	return err;
}

/* Where none is made for the command it is in ours. 0: there is no v2 hierarchy. */
static uint64_t own_cgroup(void)
{
	char path[sizeof(struct cgroup_place)];
	struct cgroup_place pl;
	struct stat st;

	if (cgroup__own(NULL, &pl))
		return 0;
	snprintf(path, sizeof(path), "%s%s", pl.mnt, pl.own);
	return stat(path, &st) ? 0 : st.st_ino;
}

static void fill_info(struct run *r)
{
	struct timespec real;
	uint64_t mono;

	uname(&r->uts);
	read_file_str("/proc/sys/kernel/random/boot_id", r->boot_id, sizeof(r->boot_id));
	clock_gettime(CLOCK_REALTIME, &real);
	mono = clock_ns();
	r->info = (struct run_info){
		.version = SANDTRACE_VERSION,
		.backend = r->capture ? r->capture->ops->name : "none",
		.backend_reason = r->why[0] ? r->why : NULL,
		.profile = "syscalls",
		.hostname = r->uts.nodename,
		.kernel = r->uts.release,
		.machine = r->uts.machine,
		.boot_id = r->boot_id,
		.argv = r->opts.argv,
		.cwd = r->cwd,
		.command_pid = (uint32_t)r->launch.command_pid,
		.cgroup_id = r->guarded->cgroup.id ?: own_cgroup(),
		.clock_offset = (int64_t)((uint64_t)real.tv_sec * NSEC_PER_SEC + (uint64_t)real.tv_nsec - mono),
		.start_ts = mono,
		.trace_filter = r->opts.trace_expr,
		.on_overload = r->opts.on_overload_drop ? "drop" : "freeze",
		.ring_bytes = r->capture ? r->capture->ring_bytes : 0,
		.follow_forks = r->opts.follow_forks,
	};
	contain__describe(&r->contain, &r->info);
}

static struct capture_opts capture_opts(struct run *r)
{
	struct capture_opts co = {
		.plans = r->plans,
		.interest_beyond = r->interest_beyond,
		.everything = r->everything,
		.follow_forks = r->opts.follow_forks,
		.aggregate = r->opts.count,
		.fd_paths = r->opts.fd_paths,
		.deny_paths = r->contain.policy != NULL,
		.lossless = !r->opts.on_overload_drop,
		.ring_bytes = ring_bytes(&r->opts),
		.shards = 1,
	};

	/* one ring per two CPUs: few enough to merge cheaply, enough that their locks do not collapse */
	while (co.shards * 2 <= (unsigned int)get_nprocs() / 2 && co.shards < ST_MAX_SHARDS && co.ring_bytes / co.shards > 65536)
		co.shards *= 2;
	return co;
}

static int start_ebpf(void *run)
{
	struct run *r = run;
	struct capture_opts co = capture_opts(r);

	return capture__start(CAPTURE_EBPF, &co, &r->capture);
}

static int explain_ebpf(int err)
{
	char reason[256], hint[256];

	if (doctor__ebpf_usable(reason, sizeof(reason), hint, sizeof(hint))) {
		log_err(err, "%s", reason);
		log_hint("%s", hint);
	}
	log_hint("`sandtrace doctor` tells what works here; --backend ptrace needs no BPF");
	return err;
}

/* 0: BPF records. Otherwise r->why says why it cannot. */
static int try_ebpf(struct run *r)
{
	char said[256] = "", reason[256] = "", hint[256];
	int err;

	if (r->guarded->cgroup.dir_fd < 0) /* asked first: an ordinary user has neither, and the other reason is the better one */
		err = r->contain.cgroup_err ?: -ENOENT;
	else
		err = r->opts.verbosity >= 3 ? start_ebpf(r) : doctor__quietly(start_ebpf, r, said, sizeof(said));
	if (!err)
		return 0;
	if (!doctor__ebpf_usable(reason, sizeof(reason), hint, sizeof(hint))) {
		if (said[0])
			snprintf(reason, sizeof(reason), "%s", said);
		else
			snprintf(reason, sizeof(reason), "no cgroup can be made for the command: %s", strerror(-err));
	}
	snprintf(r->why, sizeof(r->why), "eBPF is not possible: %s", reason);
	return err;
}

static int start_recording(struct run *r)
{
	struct capture_opts co = capture_opts(r);
	int err;

	switch (r->opts.backend) {
	case BACKEND_NONE:
		return 0;
	case BACKEND_EBPF:
		err = start_ebpf(r);
		return err ? explain_ebpf(err) : 0;
	case BACKEND_AUTO:
		if (!try_ebpf(r))
			return 0;
		break;
	case BACKEND_PTRACE:
		snprintf(r->why, sizeof(r->why), "asked for by --backend");
	}
	return capture__start(CAPTURE_PTRACE, &co, &r->capture);
}

/* The command stands at the barrier: from its execve on it is recorded. */
static int attach(struct run *r)
{
	struct capture_target target = {
		.pid = r->launch.command_pid,
		.pidfd = r->launch.pidfd,
		.report = r->launch.report,
		.seccomp = r->contain.policy ? &r->contain.sandbox.seccomp : NULL,
	};
	int err = r->capture ? capture__attach(r->capture, &target) : 0;
	size_t n = strlen(r->why);

	if (err && r->opts.backend == BACKEND_AUTO)
		log_hint("%s", r->why);
	if (err)
		log_hint("`sandtrace doctor` tells what works here%s", r->contain.policy ? "; --backend none contains without recording" : "");
	if (err || !r->why[0])
		return err;
	snprintf(r->why + n, sizeof(r->why) - n, "; %s", r->capture->how);
	if (r->opts.verbosity && !r->opts.quiet)
		log_err(0, "recording with %s: %s", r->capture->ops->name, r->why);
	return 0;
}

static void report_not_started(const struct run *r, int err)
{
	struct stat st;

	if (err == ENOENT && !stat(r->path, &st))
		log_err(0, "%s: its interpreter (the first line, or the ELF loader) does not exist", r->path);
	else if (err == ENOEXEC)
		log_err(0, "%s: not a program the kernel can execute, nor a script that begins with #!", r->path);
	else
		log_errno(-err, "%s: execve failed", r->path);
}

static uint64_t time_ns(const struct timeval *tv)
{
	return (uint64_t)tv->tv_sec * NSEC_PER_SEC + (uint64_t)tv->tv_usec * 1000;
}

static void fill_result(struct run *r, struct run_result *res, int exec_errno)
{
	struct session *s = &r->session;
	struct st_counters c[EV_CLASS_MAX];

	memset(res, 0, sizeof(*res));
	memset(c, 0, sizeof(c));
	if (r->capture) {
		capture__counters(r->capture, c);
		res->skipped = capture__skipped(r->capture);
	}
	for (int i = 0; i < EV_CLASS_MAX; i++)
		res->totals[i] = (struct run_totals){ c[i].seen, c[i].emitted, c[i].lost, c[i].aggregated,
						      r->pipeline.recorded[i] };
	if (r->opts.count && !capture__counts(r->capture, r->counts))
		res->counts = r->counts;
	res->utime_ns = time_ns(&s->usage.ru_utime);
	res->stime_ns = time_ns(&s->usage.ru_stime);
	res->end_ts = s->end_ts;
	res->killed_by = s->killed_by;
	res->freezes = s->freezes;
	res->frozen_ns = s->frozen_ns;
	res->undecoded = r->pipeline.undecoded;
	res->summary = r->pipeline.summary;
	res->exit_code = -1;
	if (!s->attached && WIFEXITED(s->wait_status))
		res->exit_code = WEXITSTATUS(s->wait_status);
	else if (WIFSIGNALED(s->wait_status))
		res->signal = WTERMSIG(s->wait_status);
	if (s->attached)
		res->kind = EXIT_ATTACHED;
	else if (exec_errno)
		res->kind = EXIT_NOT_STARTED;
	else if (s->killed_by)
		res->kind = !strcmp(s->killed_by, "timeout") ? EXIT_TIMEOUT
			    : !strcmp(s->killed_by, "output") ? EXIT_SIGNALED
							       : EXIT_INTERRUPTED;
	else
		res->kind = res->signal ? EXIT_SIGNALED : EXIT_EXITED;
}

static int exit_status(const struct run *r, const struct run_result *res, int exec_errno)
{
	if (exec_errno)
		return exec_errno == ENOENT || exec_errno == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	switch (res->kind) {
	case EXIT_TIMEOUT:
		if (!r->opts.quiet)
			log_err(0, "timeout after %.3g s: everything still running was killed",
				(double)r->session.timeout_ns / 1e9);
		return EXIT_TIMED_OUT;
	case EXIT_INTERRUPTED:
		return 128 + SIGINT;
	case EXIT_SIGNALED:
		if (res->killed_by && !r->opts.quiet)
			log_err(0, "killed: over its limit of %s", res->killed_by);
		/* over its output: what it died of first depends on who was faster */
		return 128 + (res->signal && !(res->killed_by && !strcmp(res->killed_by, "output")) ? res->signal : SIGKILL);
	case EXIT_ATTACHED:
		return 0;
	case EXIT_EXITED:
	case EXIT_NOT_STARTED:
		break;
	}
	return res->exit_code;
}

/* A sink that cannot write ends the run. A closed pipe is the reader's way to say "enough": quiet, as in a shell. */
static int report_failure(const struct run *r, int err)
{
	if (err == -EPIPE)
		return log_err(EXIT_SANDTRACE, "output %s: the reader closed it; the command was ended",
			       r->opts.output ? r->opts.output : "(stderr)");
	if (r->pipeline.failed)
		return log_errno(err, "write to output %s", r->opts.output ? r->opts.output : "(stderr)"), EXIT_SANDTRACE;
	return log_errno(err, "recording ended early"), EXIT_SANDTRACE;
}

static void warn_of_skipped(const struct run *r, uint64_t n)
{
	const char *text = capture__skipped_text(r->capture);

	if (text)
		log_warn("%s", text);
	else
		log_warn("the kernel skipped a program %llu times: as many calls may be missing from the trace",
			 (unsigned long long)n);
}

static int record(struct run *r)
{
	struct run_result res;
	int err, exec_errno, status;
	sigset_t stop;

	/* only now: a recorder that cannot start leaves no empty file, and truncates none */
	if (open_output(r))
		return EXIT_SANDTRACE;
	fill_info(r);
	err = add_sinks(r);
	if (!err)
		err = pipeline__start(&r->pipeline, &r->info);
	if (err)
		return report_failure(r, err);
	r->session = (struct session){
		.capture = r->capture,
		.cgroup = &r->guarded->cgroup,
		.launch = &r->launch,
		.pipeline = &r->pipeline,
		.timeout_ns = r->contain.policy ? r->contain.policy->timeout_ns.value :
			      r->opts.pid && !r->opts.timeout_set ? 0 : r->opts.timeout_ns,
		.freeze = r->capture && !r->opts.on_overload_drop && !r->capture->throttles,
		.relay = &r->contain.relay,
		.attached = r->opts.pid != 0,
	};
	err = session__run(&r->session);
	/* what is left is writing: from here Ctrl-C ends us in the ordinary way */
	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_UNBLOCK, &stop, NULL);
	exec_errno = r->launch.report ? r->launch.report->exec_errno : 0;
	if (err)
		return report_failure(r, err);
	if (launch__failed_late(&r->launch))
		return EXIT_SANDTRACE;
	fill_result(r, &res, exec_errno);
	err = contain__collect(&r->contain, &r->launch, &r->guarded->cgroup, &res);
	if (err)
		return EXIT_SANDTRACE;
	if (!res.killed_by && res.signal == SIGKILL && res.limits && res.limits->oom_kills)
		res.killed_by = "memory";
	err = pipeline__finish(&r->pipeline, &res);
	if (err)
		return report_failure(r, err);
	if (artifacts__write(&r->artifacts, &r->contain, &r->info, &res))
		return EXIT_SANDTRACE;
	if (exec_errno)
		report_not_started(r, exec_errno);
	if (res.skipped)
		warn_of_skipped(r, res.skipped);
	if (res.undecoded)
		log_err(0, "%llu records could not be decoded: please report this", (unsigned long long)res.undecoded);
	status = exit_status(r, &res, exec_errno);
	if (r->opts.commit && status)
		log_warn("nothing was committed: the command did not end with status 0");
	else if (r->opts.commit && contain__commit(&r->contain, &r->launch))
		return EXIT_SANDTRACE;
	return status;
}

static int start_and_record(struct run *r)
{
	struct contain *c = &r->contain;

	/* an ordinary user makes no cgroup, in general: everything ends with the sandbox's init, which ends with us */
	if ((!geteuid() || !c->policy) && launch__guard(&r->launch, r->guarded))
		return EXIT_SANDTRACE;
	if (contain__make_cgroup(c, &r->opts, &r->guarded->cgroup, &r->guarded->limits))
		return EXIT_SANDTRACE;
	if (r->launch.guard_fd < 0 && r->guarded->cgroup.made && launch__guard(&r->launch, r->guarded)) /* a delegated one */
		return EXIT_SANDTRACE;
	/* the command's process is made before the BPF programs are loaded: small, none of their descriptors, and its
	 * sandbox is built meanwhile */
	if (launch__start(&r->launch, &r->guarded->cgroup, c->policy ? &c->sandbox : NULL, r->path, r->opts.argv, &r->old_mask) ||
	    start_recording(r) || launch__wait_ready(&r->launch) || contain__ready(c, &r->launch) || attach(r))
		return EXIT_SANDTRACE;
	if (c->policy && pipeline__set_policy(&r->pipeline, &c->denial_ctx))
		return log_errno(-ENOMEM, "start"), EXIT_SANDTRACE;
	return record(r);
}

/* --pid: no command, no sandbox, no cgroup; what is recorded is there. */
static int attach_and_record(struct run *r)
{
	struct capture_opts co = capture_opts(r);
	struct capture_target target = { .pid = (pid_t)r->opts.pid, .pidfd = -1, .running = true };

	r->guarded->cgroup.dir_fd = r->guarded->cgroup.events_fd = -1;
	r->launch.command_pid = target.pid;
	snprintf(r->why, sizeof(r->why), "the process runs already");
	if (capture__start(CAPTURE_PTRACE, &co, &r->capture) || capture__attach(r->capture, &target))
		return EXIT_SANDTRACE;
	return record(r);
}

static int setup_and_record(struct run *r)
{
	sigset_t handled;
	int status;

	r->guarded = launch__guarded();
	if (!r->guarded)
		return log_errno(-ENOMEM, "start"), EXIT_SANDTRACE;
	launch__init(&r->launch);
	session__signals(&handled);
	sigprocmask(SIG_BLOCK, &handled, &r->old_mask);
	status = r->opts.pid ? attach_and_record(r) : start_and_record(r);
	launch__abandon(&r->launch);
	limits__remove(&r->guarded->limits);
	cgroup__remove(&r->guarded->cgroup);
	launch__done(&r->launch);
	capture__free(r->capture);
	return status;
}

/* Whatever can be wrong with options, policy and quotas is found here, before anything exists. */
static int prepare(struct run *r)
{
	struct workspace_quota quota;
	int err = artifacts__open(&r->artifacts, r->opts.artifacts);

	if (!err && r->opts.artifacts)
		r->opts.output = r->artifacts.trace;
	if (!err && r->opts.quota)
		err = artifacts__parse_quota(r->opts.quota, &quota);
	if (!err)
		err = contain__prepare(&r->contain, &r->opts, r->path, r->cwd);
	if (!err && r->contain.policy)
		err = artifacts__check(&r->artifacts, &r->contain, r->opts.argv, r->opts.quota ? &quota : NULL);
	return err;
}

/* What the trace says the command is: the arguments of the process, as it shows them. */
static void name_running(struct run *r)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%llu/cmdline", (unsigned long long)r->opts.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, r->cmdline, sizeof(r->cmdline) - 1) : 0;
	if (fd >= 0)
		close(fd);
	for (ssize_t at = 0, i = 0; at < n && i < RUNNING_WORDS; i++) {
		r->words[i] = r->cmdline + at;
		at += (ssize_t)strlen(r->cmdline + at) + 1;
	}
	r->opts.argv = r->words;
}

int cmd_run(int argc, char **argv)
{
	_cleanup_(free) struct run *r = calloc(1, sizeof(*r));
	_cleanup_(free) struct st_count *counts = NULL;
	int status;

	if (!r)
		return log_errno(-ENOMEM, "start"), EXIT_SANDTRACE;
	if (options__parse_run(argc, argv, &r->opts, &status))
		return status;
	if (r->opts.verbosity >= 3)
		log_level = LOG_LVL_DEBUG;
	r->counts = counts = r->opts.count ? calloc(EV_ABI_MAX * ST_NR_SYSCALLS, sizeof(*counts)) : NULL;
	if (r->opts.count && !counts)
		return log_errno(-ENOMEM, "start"), EXIT_SANDTRACE;
	if (r->opts.backend != BACKEND_NONE && (build_plans(r) || check_ring(&r->opts)))
		return EXIT_SANDTRACE;
	if (r->opts.pid)
		name_running(r);
	else if (resolve(r, &status))
		return status;
	if (pipeline__init(&r->pipeline))
		return log_errno(-ENOMEM, "start"), EXIT_SANDTRACE;
	if (!getcwd(r->cwd, sizeof(r->cwd)))
		snprintf(r->cwd, sizeof(r->cwd), "/");
	status = prepare(r) ? EXIT_SANDTRACE : setup_and_record(r);
	artifacts__close(&r->artifacts);
	pipeline__done(&r->pipeline);
	contain__done(&r->contain);
	free(r->opts.policies);
	free(r->opts.rules);
	if (r->out_fd > STDERR_FILENO)
		close(r->out_fd);
	return status;
}
