/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>

#include "base/log.h"
#include "base/util.h"
#include "color.h"
#include "doctor_probe.h"
#include "event/interest.h"
#include "event/syscalls.h"
#include "sandbox/resolve_walk.h"
#include "sandtrace_version.h"
#include "findings/watched.h"

/* 4 MiB per CPU: a quarter of it is what one CPU can issue in the 5 ms that the freezer may take. */
#define RING_BYTES_PER_CPU (4ULL << 20)
#define RING_BYTES_MIN (8ULL << 20)
#define RING_BYTES_MAX (512ULL << 20)

/* ---- what is recorded ------------------------------------------------------------------------------------------ */

/*
 * What stands in for the hooks of the security profile where there are none: the calls that change files, sockets,
 * credentials or the system. Not those that open files: they make records of files, by what they return (capture/opens.c). An open
 * by handle does both, since only the call tells how.
 */
#define SECURITY_CALLS                                                                                                        \
	"execve,execveat,truncate,ftruncate,mknod,mknodat,mkdir,mkdirat,rmdir,unlink,unlinkat,rename,renameat,renameat2,"     \
	"link,linkat,symlink,symlinkat,chmod,fchmod,fchmodat,chown,fchown,lchown,fchownat,setxattr,lsetxattr,fsetxattr,"      \
	"removexattr,lremovexattr,fremovexattr,open_by_handle_at,memfd_create,mount,umount,umount2,move_mount,open_tree,"     \
	"fsmount,mount_setattr,pivot_root,chroot,socket,socketcall,connect,bind,listen,accept,accept4,sendto,sendmsg,"        \
	"sendmmsg,setuid,setgid,setreuid,setregid,setresuid,setresgid,setfsuid,setfsgid,setgroups,capset,setns,unshare,"      \
	"kill,tkill,tgkill,pidfd_send_signal,pidfd_getfd,bpf,ptrace,process_vm_readv,process_vm_writev,init_module,"          \
	"finit_module,delete_module,kexec_load,kexec_file_load,perf_event_open,add_key,request_key,keyctl,io_uring_setup,"    \
	"userfaultfd,swapon,reboot"
static const char security_calls[] = SECURITY_CALLS;
/* Nobody looks behind a descriptor there, and any open may be one that matters. */
static const char security_calls_ptrace[] = SECURITY_CALLS ",open,openat,openat2,creat";

/* Do LSM programs work here? Tried: one is attached to opening files, and must see ours. */
static bool lsm_works(char *ret_why, size_t size)
{
	struct probe_result r = {};
	struct doctor d = {};

	system__setup(&d);
	bpf__setup(&d);
	try_lsm(&d, NULL, &r);
	bpf__teardown(&d);
	snprintf(ret_why, size, "%s", r.detail);
	return r.status == PROBE_OK;
}

int recording__degraded(struct recording *r, const char *fmt, ...)
{
	const char **v = reallocarray(r->degraded, r->n_degraded + 2, sizeof(*v));
	char *text = NULL;
	va_list ap;
	int n;

	if (!v)
		return log_errno(-ENOMEM, "start");
	r->degraded = v;
	v[r->n_degraded] = NULL;
	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return log_errno(-ENOMEM, "start");
	/* a policy that is read again has the gaps that it had */
	for (size_t i = 0; i < r->n_degraded; i++) {
		if (!strcmp(v[i], text)) {
			free(text);
			return 0;
		}
	}
	v[r->n_degraded++] = text;
	v[r->n_degraded] = NULL;
	return 0;
}

/* The security profile by system calls, and nobody is told that it is the real one. */
static int without_hooks(struct recording *r, const char *why)
{
	bool both = r->profile & CAPTURE_SYSCALLS, by_ptrace = r->opts.backend == BACKEND_PTRACE;

	r->profile = CAPTURE_SYSCALLS | CAPTURE_SECURITY;
	r->filter = both ? r->opts.trace_expr : by_ptrace ? security_calls_ptrace : security_calls;
	r->calls_stand_in = !both;
	snprintf(r->no_lsm, sizeof(r->no_lsm), "%s", why);
	return recording__degraded(r, "profile security: no LSM hooks (%s): system calls in their place%s", why,
				   r->running && !both ? ", without durations" : "");
}

static int choose_profile(struct recording *r)
{
	static const uint32_t bits[] = { [PROFILE_SYSCALLS] = CAPTURE_SYSCALLS,
					 [PROFILE_SECURITY] = CAPTURE_SECURITY | CAPTURE_LSM,
					 [PROFILE_BOTH] = CAPTURE_SYSCALLS | CAPTURE_SECURITY | CAPTURE_LSM };
	char why[256] = "ptrace sees system calls only";

	r->profile = bits[r->opts.profile];
	r->filter = r->opts.trace_expr;
	if (r->profile & CAPTURE_LSM && (r->opts.backend == BACKEND_PTRACE || !lsm_works(why, sizeof(why))))
		return without_hooks(r, why);
	return 0;
}

static int build_plans(struct recording *r)
{
	uint8_t interest[EV_ABI_MAX][ST_NR_SYSCALLS];
	char why[256];
	int err = syscalls__init();

	if (err)
		return log_errno(err, "load the system call tables");
	err = interest__parse(r->filter ? r->filter : "all", interest, &r->interest_beyond, why, sizeof(why));
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

/* ---- rings ----------------------------------------------------------------------------------------------------- */

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

/* What the summary calls sensitive, and what --watch names. */
static int choose_watched(struct recording *r)
{
	struct watched *w = r->opts.watched ?: calloc(1, sizeof(*w));

	r->opts.watched = w;
	if (!w || watched__add_rules(w))
		return log_errno(w ? -ENOSPC : -ENOMEM, "make the list of watched files");
	watched__finish(w);
	return 0;
}

int recording__prepare(struct recording *r)
{
	if (r->opts.verbosity >= 3)
		log_level = LOG_LVL_DEBUG;
	r->counts = r->opts.count ? calloc(EV_ABI_MAX * ST_NR_SYSCALLS, sizeof(*r->counts)) : NULL;
	if ((r->opts.count && !r->counts) || pipeline__init(&r->pipeline))
		return log_errno(-ENOMEM, "start"), EXIT_SANDTRACE;
	if (!getcwd(r->cwd, sizeof(r->cwd)))
		snprintf(r->cwd, sizeof(r->cwd), "/");
	if (r->opts.backend == BACKEND_NONE)
		return 0;
	if (r->opts.profile != PROFILE_SYSCALLS && choose_watched(r))
		return EXIT_SANDTRACE;
	return choose_profile(r) || build_plans(r) || check_ring(&r->opts) ? EXIT_SANDTRACE : 0;
}

void recording__done(struct recording *r)
{
	pipeline__done(&r->pipeline);
	free(r->opts.policies);
	free(r->opts.rules);
	free(r->opts.watched);
	free(r->counts);
	for (size_t i = 0; i < r->n_degraded; i++)
		free((char *)r->degraded[i]);
	free(r->degraded);
	if (r->out_fd > STDERR_FILENO)
		close(r->out_fd);
}

int recording__enter(struct recording *r)
{
	sigset_t handled;

	r->guarded = launch__guarded();
	if (!r->guarded)
		return log_errno(-ENOMEM, "start"), EXIT_SANDTRACE;
	launch__init(&r->launch);
	if (r->running)
		r->guarded->cgroup.dir_fd = r->guarded->cgroup.events_fd = -1;
	session__signals(&handled);
	sigprocmask(SIG_BLOCK, &handled, &r->old_mask);
	return 0;
}

void recording__leave(struct recording *r)
{
	launch__abandon(&r->launch);
	limits__remove(&r->guarded->limits);
	cgroup__remove(&r->guarded->cgroup);
	launch__done(&r->launch);
	capture__free(r->capture);
	r->capture = NULL;
}

/* ---- the recorder ---------------------------------------------------------------------------------------------- */

/*
 * Of a control group, where it is not the only thing that is recorded. tar unpacks 13,500 small files a second on one CPU, at three
 * or four records each: work of that kind is recorded whole. A reader writes down more than a million (docs/benchmarks.md), so
 * twenty such groups can go wrong at a time.
 */
#define RATE_DEFAULT 50000

static void set_rates(struct capture_opts *co, const struct run_options *o)
{
	static const enum event_class limited[] = { EV_CLASS_FILE, EV_CLASS_NETWORK };

	for (size_t i = 0; i < ARRAY_SIZE(limited); i++) {
		uint64_t n = o->rates[limited[i]];

		co->rates[limited[i]] = n == RATE_NONE ? 0 : n ?: co->running ? RATE_DEFAULT : 0;
	}
}

static struct capture_opts capture_opts(struct recording *r)
{
	struct capture_opts co = {
		.plans = r->plans,
		.interest_beyond = r->interest_beyond,
		.everything = r->everything,
		.opens = r->profile & CAPTURE_SECURITY && !(r->profile & CAPTURE_LSM) && !r->opts.count,
		/* who is killed for a call must have made it: seccomp's refusals are told by what they lack at the beginning */
		.exit_only = r->calls_stand_in && r->running && !r->opts.count && !r->kill_after,
		.follow_forks = r->opts.follow_forks,
		.aggregate = r->opts.count,
		.fd_paths = r->opts.fd_paths,
		.deny_paths = r->contained,
		.lossless = !r->opts.on_overload_drop,
		.ring_bytes = ring_bytes(&r->opts),
		.shards = 1,
		.profile = r->profile,
		.running = r->running,
		.judge = r->judge,
		.kill_after = r->kill_after,
		.events = r->opts.events_given ? r->opts.events : ST_EVENTS_DEFAULT,
		.watched = r->opts.watched,
		.scope_cgroup = r->scope_cgroup,
		.scope_top = r->scope_top,
		.scope_level = r->scope_level,
	};

	set_rates(&co, &r->opts);
	/* one ring per two CPUs: few enough to merge cheaply, enough that their locks do not collapse */
	while (co.shards * 2 <= (unsigned int)get_nprocs() / 2 && co.shards < ST_MAX_SHARDS && co.ring_bytes / co.shards > 65536)
		co.shards *= 2;
	return co;
}

/* Whose packets are looked at: of the cgroup that is in scope, else of all. -1: there is no v2 hierarchy. */
static int scope_directory(const struct recording *r)
{
	struct cgroup_place pl;

	if (r->guarded->cgroup.dir_fd > 0)
		return fcntl(r->guarded->cgroup.dir_fd, F_DUPFD_CLOEXEC, 3);
	if (r->scope_dir > 0)
		return fcntl(r->scope_dir, F_DUPFD_CLOEXEC, 3);
	return cgroup__own(NULL, &pl) ? -1 : open(pl.mnt, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int start_ebpf(void *recording)
{
	struct recording *r = recording;
	_cleanup_(close) int dir = r->profile & CAPTURE_SECURITY ? scope_directory(r) : -1;
	struct capture_opts co = capture_opts(r);

	co.cgroup_fd = dir;
	return capture__start(CAPTURE_EBPF, &co, &r->capture);
}

static int explain_ebpf(const struct recording *r, int err)
{
	char reason[256], hint[256];

	if (doctor__ebpf_usable(reason, sizeof(reason), hint, sizeof(hint))) {
		log_err(err, "%s", reason);
		log_hint("%s", hint);
	}
	log_hint("`sandtrace doctor` tells what works here%s",
		 r->running && (r->opts.cgroup || r->opts.n_policies) ? "" : "; --backend ptrace needs no BPF");
	return err;
}

/* 0: BPF records. Otherwise r->why says why it cannot. */
static int try_ebpf(struct recording *r)
{
	char said[256] = "", reason[256] = "", hint[256];
	int err;

	/* asked first: an ordinary user has neither, and the other reason is the better one */
	if (r->needs_cgroup && r->guarded->cgroup.dir_fd < 0)
		err = r->cgroup_err ?: -ENOENT;
	else
		err = r->opts.verbosity >= 3 ? start_ebpf(r) : doctor__quietly(start_ebpf, r, said, sizeof(said));
	if (!err)
		return 0;
	if (!doctor__ebpf_usable(reason, sizeof(reason), hint, sizeof(hint))) {
		if (said[0])
			snprintf(reason, sizeof(reason), "%s", said);
		else
			snprintf(reason, sizeof(reason), "%s: %s", r->needs_cgroup ? "no cgroup can be made for the command" :
									"the programs cannot be loaded", strerror(-err));
	}
	snprintf(r->why, sizeof(r->why), "eBPF is not possible: %s", reason);
	return err;
}

static int start_ptrace(struct recording *r)
{
	struct capture_opts co;
	int err = 0;

	if (r->profile & CAPTURE_LSM)
		err = without_hooks(r, "ptrace sees system calls only");
	if (r->calls_stand_in) {
		r->filter = security_calls_ptrace;
		err = err ?: build_plans(r);
	}
	r->profile &= ~(uint32_t)CAPTURE_SECURITY;
	co = capture_opts(r);
	return err ? err : capture__start(CAPTURE_PTRACE, &co, &r->capture);
}

int recording__start(struct recording *r)
{
	int err;

	switch (r->opts.backend) {
	case BACKEND_NONE:
		return 0;
	case BACKEND_EBPF:
		err = start_ebpf(r);
		return err ? explain_ebpf(r, err) : 0;
	case BACKEND_AUTO:
		if (!try_ebpf(r))
			return 0;
		break;
	case BACKEND_PTRACE:
		if (!r->why[0])
			snprintf(r->why, sizeof(r->why), "asked for by --backend");
	}
	return start_ptrace(r);
}

void recording__attached(struct recording *r)
{
	const char *const *missing = r->capture ? r->capture->missing : NULL;
	size_t n = strlen(r->why);

	for (; missing && *missing && !recording__degraded(r, "hook %s", *missing); missing++) {
		if (r->opts.verbosity && !r->opts.quiet)
			log_err(0, "hook %s", *missing);
	}
	if (!r->why[0])
		return;
	if (r->capture->how[0])
		snprintf(r->why + n, sizeof(r->why) - n, "; %s", r->capture->how);
	if (r->opts.verbosity && !r->opts.quiet)
		log_err(0, "recording with %s: %s", r->capture->ops->name, r->why);
}

void recording__name_running(struct recording *r, pid_t pid)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, r->cmdline, sizeof(r->cmdline) - 1) : 0;
	if (fd >= 0)
		close(fd);
	for (ssize_t at = 0, i = 0; at < n && i < RECORDING_WORDS; i++) {
		r->words[i] = r->cmdline + at;
		at += (ssize_t)strlen(r->cmdline + at) + 1;
	}
	r->opts.argv = r->words;
}

/* ---- outputs --------------------------------------------------------------------------------------------------- */

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

static int open_output(struct recording *r)
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
	if (r->contained) {
		err = output_path(name, r->cwd, path, sizeof(path));
		if (err)
			return err;
	}
	/* not blocking: a FIFO that nobody reads must not hold us, with all signals blocked */
	r->out_fd = open(r->contained ? path : name,
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
static int add_sinks(struct recording *r)
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

/* What is to be added to a record's time. Of several looks the one that was interrupted least. */
static int64_t clock_offset(void)
{
	uint64_t best = UINT64_MAX;
	int64_t offset = 0;

	for (int i = 0; i < 16; i++) {
		uint64_t before = clock_ns(), after;
		struct timespec real;

		clock_gettime(CLOCK_REALTIME, &real);
		after = clock_ns();
		if (after - before >= best)
			continue;
		best = after - before;
		offset = real.tv_sec * (int64_t)NSEC_PER_SEC + real.tv_nsec - (int64_t)(before + best / 2);
	}
	return offset;
}

void recording__describe(struct recording *r)
{
	static const char *const profiles[] = { [PROFILE_SYSCALLS] = "syscalls", [PROFILE_SECURITY] = "security",
						[PROFILE_BOTH] = "both" };

	uname(&r->uts);
	read_file_str("/proc/sys/kernel/random/boot_id", r->boot_id, sizeof(r->boot_id));
	r->info = (struct run_info){
		.version = SANDTRACE_VERSION,
		.backend = r->capture ? r->capture->ops->name : "none",
		.backend_reason = r->why[0] ? r->why : NULL,
		.profile = profiles[r->opts.profile],
		.hostname = r->uts.nodename,
		.kernel = r->uts.release,
		.machine = r->uts.machine,
		.boot_id = r->boot_id,
		.argv = r->opts.argv,
		.cwd = r->cwd,
		.command_pid = (uint32_t)r->launch.command_pid,
		.cgroup_id = r->scope_cgroup ?: r->guarded->cgroup.id ?: own_cgroup(),
		.clock_offset = clock_offset(),
		.start_ts = clock_ns(),
		.trace_filter = r->filter,
		.on_overload = r->opts.on_overload_drop ? "drop" : "freeze",
		.ring_bytes = r->capture ? r->capture->ring_bytes : 0,
		.follow_forks = r->opts.follow_forks,
		.degraded = r->degraded,
	};
}

int recording__open(struct recording *r)
{
	/* only now: a recorder that cannot start leaves no empty file, and truncates none */
	return open_output(r) ? EXIT_SANDTRACE : 0;
}

/* ---- the session, and what came of it -------------------------------------------------------------------------- */

static uint64_t time_ns(const struct timeval *tv)
{
	return (uint64_t)tv->tv_sec * NSEC_PER_SEC + (uint64_t)tv->tv_usec * 1000;
}

static enum exit_kind exit_kind(const struct session *s, int signal, int exec_errno)
{
	if (s->attached)
		return EXIT_ATTACHED;
	if (exec_errno)
		return EXIT_NOT_STARTED;
	if (!s->killed_by)
		return signal ? EXIT_SIGNALED : EXIT_EXITED;
	return !strcmp(s->killed_by, "timeout") ? EXIT_TIMEOUT : !strcmp(s->killed_by, "output") ? EXIT_SIGNALED : EXIT_INTERRUPTED;
}

static void fill_result(struct recording *r, struct run_result *res)
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
						      r->pipeline.recorded[i], c[i].suppressed };
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
	res->kind = exit_kind(s, res->signal, r->launch.report ? r->launch.report->exec_errno : 0);
}

/* A sink that cannot write ends the run. A closed pipe is the reader's way to say "enough": quiet, as in a shell. */
static int report_failure(const struct recording *r, int err)
{
	if (err == -EPIPE)
		return log_err(EXIT_SANDTRACE, "output %s: the reader closed it; %s", r->opts.output ? r->opts.output : "(stderr)",
			       r->running ? "nothing is recorded any more" : "the command was ended");
	if (r->pipeline.failed)
		return log_errno(err, "write to output %s", r->opts.output ? r->opts.output : "(stderr)"), EXIT_SANDTRACE;
	return log_errno(err, "recording ended early"), EXIT_SANDTRACE;
}

static void warn_of_skipped(const struct recording *r, uint64_t n)
{
	const char *text = capture__skipped_text(r->capture);

	if (text)
		log_warn("%s", text);
	else
		log_warn("the kernel skipped a program %llu times: as many calls may be missing from the trace",
			 (unsigned long long)n);
}

int recording__run(struct recording *r, struct run_result *ret)
{
	int err = add_sinks(r);
	sigset_t stop;

	if (!err)
		err = pipeline__start(&r->pipeline, &r->info);
	if (err)
		return report_failure(r, err);
	r->session.capture = r->capture;
	r->session.cgroup = &r->guarded->cgroup;
	r->session.launch = &r->launch;
	r->session.pipeline = &r->pipeline;
	r->session.freeze = r->capture && !r->opts.on_overload_drop && !r->capture->throttles;
	r->session.attached = r->running;
	err = session__run(&r->session);
	/* what is left is writing: from here Ctrl-C ends us in the ordinary way */
	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_UNBLOCK, &stop, NULL);
	if (err)
		return report_failure(r, err);
	if (launch__failed_late(&r->launch))
		return EXIT_SANDTRACE;
	fill_result(r, ret);
	return 0;
}

int recording__finish(struct recording *r, const struct run_result *res)
{
	int err = pipeline__finish(&r->pipeline, res);

	if (err)
		return report_failure(r, err);
	if (res->skipped)
		warn_of_skipped(r, res->skipped);
	if (res->undecoded)
		log_err(0, "%llu records could not be decoded: please report this", (unsigned long long)res->undecoded);
	return 0;
}
