/* SPDX-License-Identifier: Apache-2.0 */
/* The ptrace backend as sandtrace sees it: a process (userspace/tracer/) that fills a ring, and what is shared with it. */
#include "capture.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/util.h"
#include "event/syscalls.h"
#include "sandbox/sandbox.h"
#include "sandbox/seccomp.h"
#include "tracer/tracer.h"

struct by_ptrace {
	struct capture base; /* first */
	struct capture_opts opts;
	struct tracer_shared *shared;
	size_t shared_size;
	struct tracer_ring ring;
	size_t ring_mapping;
	int wake_fd;
	bool running; /* attached to what ran already */
	pid_t pid; /* of the tracer; 0: not started */
	bool ended;
	bool cut_short; /* by us: what it had not written by then is missing */
	int status; /* as wait gave it, once it has ended */
};

static struct by_ptrace *by_ptrace(const struct capture *c) { return (struct by_ptrace *)c; }

/* ---- memory ---------------------------------------------------------------------------------------------------------- */

/* Two pages of positions, and the data twice in a row, so that the writer need not care for the end. */
static int map_ring(struct by_ptrace *c, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), once = 2 * page + size;
	_cleanup_(close) int fd = memfd_create("sandtrace-ring", MFD_CLOEXEC);
	uint8_t *at;

	if (fd < 0 || ftruncate(fd, (off_t)once))
		return -errno;
	at = mmap(NULL, once + size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return -errno;
	c->ring_mapping = once + size;
	c->ring = (struct tracer_ring){ (unsigned long *)at, (unsigned long *)(at + page), at + 2 * page, size };
	if (mmap(at, once, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED ||
	    mmap(at + once, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, (off_t)(2 * page)) == MAP_FAILED)
		return -errno;
	return ring_set__add_mapped(c->base.rings, c->ring.cons_page, c->ring.prod_page, c->ring.data, size);
}

static int allocate(struct by_ptrace *c, const struct capture_opts *opts)
{
	c->shared_size = sizeof(*c->shared) + (opts->aggregate ? EV_ABI_MAX * ST_NR_SYSCALLS * sizeof(struct st_count) : 0);
	c->shared = mmap(NULL, c->shared_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->shared == MAP_FAILED) {
		c->shared = NULL;
		return -errno;
	}
	c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	c->base.rings = ring_set__new();
	if (c->wake_fd < 0 || !c->base.rings)
		return c->wake_fd < 0 ? -errno : -ENOMEM;
	return map_ring(c, opts->ring_bytes);
}

/* ---- the tracer -------------------------------------------------------------------------------------------------------- */

/*
 * May a filter of ours choose the calls to stop at? What the sandbox's filter refuses never reaches it (the stricter answer
 * wins), so all that is asked for must be allowed there; and a child that is not followed would have nobody to ask.
 */
static bool chosen_by_filter(const struct capture_opts *o, const struct seccomp_opts *seccomp)
{
	if (o->everything || !o->follow_forks)
		return false;
	for (int nr = 0; seccomp && nr < ST_NR_SYSCALLS; nr++) {
		const char *name;

		if (!(o->plans[EV_ABI_NATIVE][nr].flags & ST_PLAN_INTEREST))
			continue;
		name = syscalls__name(EV_ABI_NATIVE, nr);
		if (name && seccomp__decide(seccomp, name).verdict != SECCOMP_ALLOW)
			return false;
	}
	return true;
}

/* In the tracer's process: nothing that sandtrace holds open may be held by it. */
static void __attribute__((noreturn)) tracer_main(struct by_ptrace *c, const struct tracer_opts *opts, int ready_fd)
{
	struct tracer t = { .opts = *opts, .shared = c->shared, .ring = c->ring };
	int wake = fcntl(c->wake_fd, F_DUPFD_CLOEXEC, 16), ready = fcntl(ready_fd, F_DUPFD_CLOEXEC, 16);

	for (int fd = 0; fd < 3; fd++) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		dup2(null, fd);
	}
	t.wake_fd = dup3(wake, 3, O_CLOEXEC);
	ready = dup3(ready, 4, O_CLOEXEC);
	close_range(5, ~0U, 0);
	_exit(tracer__run(&t, ready));
}

static int explain_refusal(const struct by_ptrace *c)
{
	char scope[16] = "";
	int err = -c->shared->err;

	log_errno(err, "trace the command with ptrace");
	if (read_file_str("/proc/sys/kernel/yama/ptrace_scope", scope, sizeof(scope)) > 0 && atoi(scope) > 1)
		log_hint("kernel.yama.ptrace_scope is %s, which allows it %s", scope,
			 atoi(scope) == 2 ? "with CAP_SYS_PTRACE only: run as root, or contained" : "to nobody: set it to 1, which takes a reboot");
	else if (c->running && err == -EPERM)
		log_hint("it may belong to somebody else, be under another tracer, or be a thread of the kernel");
	else if (!c->running)
		log_hint("the command may be under another tracer already, or in a container that forbids ptrace");
	return err;
}

static int start_tracer(struct by_ptrace *c, const struct tracer_opts *opts)
{
	int fds[2], err = 0;
	ssize_t n;
	char byte;

	if (pipe2(fds, O_CLOEXEC))
		return log_errno(-errno, "make a pipe");
	c->pid = fork();
	if (c->pid < 0)
		err = log_errno(-errno, "start the tracer's process");
	if (!c->pid)
		tracer_main(c, opts, fds[1]);
	close(fds[1]);
	do
		n = err ? 0 : read(fds[0], &byte, 1);
	while (n < 0 && errno == EINTR);
	close(fds[0]);
	if (err)
		return err;
	if (c->shared->err)
		return explain_refusal(c);
	return n == 1 ? 0 : log_err(-ECHILD, "the tracer's process ended before it could begin");
}

static int ptrace_attach(struct capture *capture, const struct capture_target *target)
{
	struct by_ptrace *c = by_ptrace(capture);
	struct sandbox_report *r = target->report;
	struct tracer_opts opts = {
		.plans = (const struct st_plan (*)[ST_NR_SYSCALLS])c->opts.plans,
		.interest_beyond = c->opts.interest_beyond,
		.follow_forks = c->opts.follow_forks,
		.aggregate = c->opts.aggregate,
		.fd_paths = c->opts.fd_paths,
		.deny_paths = c->opts.deny_paths,
		.lossless = c->opts.lossless,
		.command = target->pid,
		.parent = getpid(),
	};

	opts.running = c->running = target->running;
	opts.by_filter = !target->running && chosen_by_filter(&c->opts, target->seccomp);
	if (opts.by_filter) {
		int n = interest__build(opts.plans, opts.interest_beyond, r->interest);

		if (n < 0)
			opts.by_filter = false; /* slower, and the same records */
		else
			r->n_interest = (unsigned short)n;
	}
	if (target->seccomp) {
		opts.filter = r->insns;
		opts.n_filter = r->n_insns;
		opts.exec_refused = r->exec_refused;
		opts.n_slots = ARRAY_SIZE(r->exec_refused);
	}
	snprintf(c->base.how, sizeof(c->base.how), opts.by_filter ? "a filter stops only the calls that are asked for" :
								    "every call is stopped twice");
	return start_tracer(c, &opts);
}

static void note_end(struct by_ptrace *c, int options)
{
	int status;

	if (!c->ended && c->pid > 0 && waitpid(c->pid, &status, options) == c->pid) {
		c->ended = true;
		c->status = status;
	}
}

static uint32_t ptrace_live(struct capture *capture)
{
	struct by_ptrace *c = by_ptrace(capture);
	uint32_t n = __atomic_load_n(&c->shared->live, __ATOMIC_ACQUIRE);

	/* with it ends all that it traces */
	if (n)
		note_end(c, WNOHANG);
	return c->ended ? 0 : n;
}

static const char *what_then(const struct by_ptrace *c)
{
	return c->running ? "; what it recorded goes on without it" : ", and the command with it";
}

static int ptrace_stop(struct capture *capture, bool now)
{
	struct by_ptrace *c = by_ptrace(capture);

	if (c->pid <= 0)
		return 0;
	if (now) /* one that has ended by itself is not cut short */
		note_end(c, WNOHANG);
	if (now && !c->ended) {
		c->cut_short = true;
		__atomic_store_n(&c->shared->closed, 1, __ATOMIC_RELAXED);
		kill(c->pid, SIGKILL); /* what it traces dies with it; what ran before goes on */
	}
	note_end(c, 0);
	if (c->cut_short || !c->status)
		return 0;
	if (WIFEXITED(c->status))
		return log_errno(-WEXITSTATUS(c->status), "the tracer ended early%s", what_then(c));
	return log_err(-ECHILD, "the tracer was killed (%s)%s", strsignal(WTERMSIG(c->status)), what_then(c));
}

static void ptrace_kill(struct capture *capture)
{
	struct by_ptrace *c = by_ptrace(capture);

	if (c->pid <= 0 || c->ended)
		return;
	__atomic_store_n(c->running ? &c->shared->release : &c->shared->kill, 1, __ATOMIC_RELAXED);
	kill(c->pid, SIGUSR1);
}

/* ---- what it shows -------------------------------------------------------------------------------------------------------- */

static void ptrace_detach(struct capture *c)
{
	(void)c; /* nothing is left that it could record */
}

static int ptrace_wake_fd(const struct capture *c, unsigned int index)
{
	return index ? -1 : by_ptrace(c)->wake_fd;
}

static void ptrace_set_awake(struct capture *c, bool awake)
{
	__atomic_store_n(&by_ptrace(c)->shared->reader_awake, awake, __ATOMIC_SEQ_CST);
}

static uint64_t ptrace_skipped(const struct capture *c)
{
	return by_ptrace(c)->cut_short; /* before that nothing is left out, and nobody is born unseen */
}

static int ptrace_counters(struct capture *c, struct st_counters out[EV_CLASS_MAX])
{
	memcpy(out, by_ptrace(c)->shared->counters, EV_CLASS_MAX * sizeof(out[0]));
	return 0;
}

static int ptrace_counts(struct capture *c, struct st_count *out)
{
	memcpy(out, by_ptrace(c)->shared->counts, EV_ABI_MAX * ST_NR_SYSCALLS * sizeof(*out));
	return 0;
}

static void ptrace_free(struct capture *capture)
{
	struct by_ptrace *c = by_ptrace(capture);

	ptrace_stop(capture, true);
	ring_set__free(c->base.rings);
	if (c->ring_mapping)
		munmap(c->ring.cons_page, c->ring_mapping);
	if (c->shared)
		munmap(c->shared, c->shared_size);
	if (c->wake_fd >= 0)
		close(c->wake_fd);
	free(c);
}

static const struct capture_ops ptrace_ops = {
	.name = "ptrace",
	.attach = ptrace_attach,
	.detach = ptrace_detach,
	.wake_fd = ptrace_wake_fd,
	.set_awake = ptrace_set_awake,
	.skipped = ptrace_skipped,
	.skipped_text = "the tracer did not answer and was ended: the end of the trace may be missing",
	.live = ptrace_live,
	.kill = ptrace_kill,
	.counters = ptrace_counters,
	.counts = ptrace_counts,
	.stop = ptrace_stop,
	.free = ptrace_free,
};

int capture_ptrace__start(const struct capture_opts *opts, struct capture **ret_capture)
{
	struct by_ptrace *c = calloc(1, sizeof(*c));
	int err = -ENOMEM;

	if (c) {
		c->base.ops = &ptrace_ops;
		c->base.throttles = true;
		c->base.ring_bytes = opts->ring_bytes;
		c->opts = *opts;
		c->wake_fd = -1;
		err = allocate(c, opts);
	}
	if (!err) {
		*ret_capture = &c->base;
		return 0;
	}
	log_errno(err, "allocate the recorder's memory");
	if (c)
		ptrace_free(&c->base);
	return err;
}
