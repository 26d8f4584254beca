/* SPDX-License-Identifier: Apache-2.0 */
/* The eBPF backend: the only module that includes the recorder's skeletons. */
#include "capture.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/membarrier.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>

#include "answers.h"
#include "base/log.h"
#include "base/util.h"
#include "after.h"
#include "flows.h"
#include "guard_hooks.h"
#include "guard_load.h"
#include "iterate.h"
#include "libbpf_print.h"
#include "opens.h"
#include "own_maps.h"
#include "findings/watched.h"

#include "calls.skel.h"
#include "sandtrace.skel.h"

/* Process events: an exec takes 3 KiB, or 50 with a long argv. Grows with the CPUs that can exec at the same time. */
#define URGENT_BYTES_MIN (2U << 20)
#define URGENT_BYTES_PER_CPU (512U << 10)
#define URGENT_BYTES_MAX (64U << 20)

#define FLUSHERS_MAX 8

struct ebpf {
	struct capture base; /* first */
	/* of calls.bpf.o, or of sandtrace.bpf.o, which has it all and takes longer to open */
	void *skel; /* generated */
	struct bpf_object_skeleton *skeleton;
	struct bpf_object *obj;
	struct st_config *cfg;
	struct st_plan *plans;
	struct st_shared *shared;
	int ring_fds[ST_MAX_RINGS]; /* borrowed */
	int shard_fds[ST_MAX_SHARDS]; /* owned; 0: none */
	unsigned int n_rings;
	int n_cpus;
	struct hooks hooks;
	struct guard_target guard;
	uint32_t own_tgid, scope_level; /* as the kernel counts */
	/* of what ran before */
	bool attached;
	bool running;	    /* and has not been let go */
	int target_pidfd;   /* owned; -1: none */
	uint64_t looked_at;
	uint32_t live;
	/* programs that send off what others add up: descriptors, borrowed */
	int flushers[FLUSHERS_MAX];
	unsigned int n_flushers;
	uint64_t flushed_at;
	bool flows;	    /* bpf/flow.bpf.c is loaded */
};

static struct ebpf *ebpf(const struct capture *c) { return (struct ebpf *)c; }
static struct bpf_map *map(const struct ebpf *c, const char *name) { return bpf_object__find_map_by_name(c->obj, name); }
static int map_fd(const struct ebpf *c, const char *name) { return bpf_map__fd(map(c, name)); }
static struct bpf_program *program(const struct ebpf *c, const char *name)
{
	return bpf_object__find_program_by_name(c->obj, name);
}

#define OPEN(c, name)                                                                              \
	do {                                                                                       \
		struct name *_s = name##__open();                                                  \
		if (!_s)                                                                           \
			break;                                                                     \
		(c)->skel = _s;                                                                    \
		(c)->skeleton = _s->skeleton;                                                      \
		(c)->obj = _s->obj;                                                                \
		(c)->cfg = (struct st_config *)&_s->rodata->st_cfg;                                \
		(c)->plans = (struct st_plan *)_s->rodata->st_plans;                               \
		(c)->shared = &_s->bss->st_shared;                                                 \
	} while (0)

static void close_object(struct ebpf *c)
{
	if (c->skel)
		bpf_object__destroy_skeleton(c->skeleton);
	free(c->skel);
	c->skel = NULL;
}

/* FD is borrowed from the skeleton, or owned when it is a shard's. */
static int add_ring(struct ebpf *c, int fd, size_t size)
{
	int err = ring_set__add(c->base.rings, fd, size);

	if (err)
		return log_errno(err, "map a ring buffer of %zu bytes", size);
	c->ring_fds[c->n_rings++] = fd;
	c->base.ring_bytes += size;
	return 0;
}

static int add_shard(struct ebpf *c, __u32 slot, size_t size)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "st_bulk", 0, 0, (__u32)size, NULL), err;

	if (fd < 0)
		return log_errno(fd, "create a ring buffer of %zu bytes", size);
	c->shard_fds[slot] = fd;
	err = bpf_map_update_elem(map_fd(c, "st_shards"), &slot, &fd, BPF_ANY);
	return err ? log_errno(err, "place ring buffer %u", slot) : add_ring(c, fd, size);
}

static int add_rings(struct ebpf *c, const struct capture_opts *opts)
{
	size_t size = opts->ring_bytes / opts->shards;
	int err = add_ring(c, map_fd(c, "st_urgent"), bpf_map__max_entries(map(c, "st_urgent")));

	if (opts->shards == 1)
		return err ? err : add_ring(c, map_fd(c, "st_bulk"), size);
	for (__u32 i = 0; i < opts->shards && !err; i++)
		err = add_shard(c, i, size);
	return err;
}

static __u32 urgent_bytes(void)
{
	__u32 n = URGENT_BYTES_MIN, want = (__u32)MIN(libbpf_num_possible_cpus(), 1024) * URGENT_BYTES_PER_CPU;

	while (n < want && n < URGENT_BYTES_MAX)
		n <<= 1;
	return n;
}

/* Runs a few instructions in our own context, with ARG as their only argument: what they return, or 0. */
static __u32 run_here(const struct bpf_insn *insns, size_t n, __u64 arg)
{
	_cleanup_(close) int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "st_self", "GPL", insns, n, NULL);
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &arg, .ctx_size_in = sizeof(arg));

	return fd < 0 || bpf_prog_test_run_opts(fd, &run) ? 0 : run.retval;
}

/* Our number as the kernel's programs see it: in a pid namespace getpid() says another. */
static __u32 own_tgid(void)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_current_pid_tgid },
		{ .code = BPF_ALU64 | BPF_RSH | BPF_K, .dst_reg = BPF_REG_0, .imm = 32 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return run_here(insns, ARRAY_SIZE(insns), 0);
}

#define ROOT_CGROUP 1
#define CGROUP_DEPTH_MAX 64

/* The depth of the cgroup ID, which is one of those above ours. -ENOENT: it is not. */
static int level_of(uint64_t id)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_1 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_current_ancestor_cgroup_id },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	for (__u32 level = 0; id != ROOT_CGROUP && level < CGROUP_DEPTH_MAX; level++)
		if (run_here(insns, ARRAY_SIZE(insns), level) == (__u32)id)
			return (int)level;
	return id == ROOT_CGROUP ? 0 : -ENOENT;
}

/* Where the cgroup is from the kernel's point of view. 0 or -errno, explained. */
static int find_scope(struct ebpf *c, const struct capture_opts *opts)
{
	int top = opts->scope_cgroup ? level_of(opts->scope_top) : 0;

	if (top < 0) {
		log_err(top, "the cgroup is in a part of the hierarchy that this process is not in, so its depth cannot be told");
		log_hint("mount the hierarchy of this cgroup namespace (mount -t cgroup2 none DIR), or attach from outside of the container");
		return top;
	}
	c->scope_level = (uint32_t)top + opts->scope_level;
	/* before a command starts, nobody of us can be in scope; but our maps are ours from the start */
	c->own_tgid = opts->running || opts->profile & CAPTURE_LSM ? own_tgid() : 0;
	return 0;
}

static void enable(const struct ebpf *c, const char *name, bool load)
{
	struct bpf_program *prog = program(c, name);

	bpf_program__set_autoload(prog, load);
	bpf_program__set_autoattach(prog, false);
}

static bool is_flusher(const struct bpf_program *prog)
{
	return !strcmp(bpf_program__section_name(prog), "syscall") && !strncmp(bpf_program__name(prog), "flush_", 6);
}

/* What a profile does not use is not loaded. */
static void choose(struct ebpf *c, const struct capture_opts *opts)
{
	bool calls = opts->profile & CAPTURE_SYSCALLS || !opts->profile;
	struct bpf_program *prog;

	c->hooks.cgroup_fd = opts->cgroup_fd;
	if (opts->profile & CAPTURE_SECURITY) /* first: those are optional that are off when the object is opened */
		hooks__choose(&c->hooks, c->obj, &(struct hooks_want){ .lsm = opts->profile & CAPTURE_LSM, .judge = opts->judge,
								       .kill = opts->kill_after, .events = opts->events });
	bpf_program__set_autoload(program(c, "syscall_enter"), calls && !opts->exit_only);
	bpf_program__set_autoload(program(c, "syscall_exit"), calls);
	enable(c, "adopt_tasks", opts->running);
	enable(c, "flush_tasks", opts->running);
	if (!(opts->profile & CAPTURE_SECURITY))
		return;
	enable(c, "adopt_inodes", opts->judge);
	if (opts->kill_after)
		after__rows((void *)((struct sandtrace_bpf *)c->skel)->rodata->st_after);
	bpf_object__for_each_program(prog, c->obj)
		if (is_flusher(prog))
			bpf_program__set_autoload(prog, true);
	flows__choose(c->obj);
	c->flows = true;
}

/* How much is recorded of what the hooks see. */
static void configure_volume(struct st_config *cfg, const struct capture_opts *opts)
{
	cfg->events = opts->events;
	for (int class = 0; class < EV_CLASS_MAX; class++)
		cfg->rate_ns[class] = opts->rates[class] ? NSEC_PER_SEC / opts->rates[class] : 0;
	if (!opts->watched || !(opts->events & ST_EVENTS_FILE))
		return;
	memcpy(cfg->watch_any, opts->watched->any, sizeof(cfg->watch_any));
	/* nobody can guess which numbers collide; without entropy they are at least not the same in two runs */
	if (getrandom(&cfg->watch_secret, sizeof(cfg->watch_secret), GRND_NONBLOCK) != sizeof(cfg->watch_secret))
		cfg->watch_secret = (uint64_t)time(NULL) << 32 ^ (uint64_t)getpid();
	cfg->watch_secret |= 1;
}

static int load_watched(const struct ebpf *c, const struct watched *w)
{
	int fd = map_fd(c, "st_watch");

	for (unsigned int i = 0; w && i < w->n; i++)
		if (bpf_map_update_elem(fd, &w->keys[i], &w->rows[i], BPF_ANY))
			return log_errno(-errno, "tell the kernel which files are watched");
	return 0;
}

static void configure(struct ebpf *c, const struct capture_opts *opts)
{
	struct st_config *cfg = c->cfg;

	cfg->shard_mask = opts->shards - 1;
	/* an eighth of a ring: early enough to be drained before three quarters, rare enough to cost nothing */
	cfg->wake_bulk = (__u32)(opts->ring_bytes / opts->shards / 8);
	cfg->wake_urgent = urgent_bytes() / 8;
	cfg->follow_forks = opts->follow_forks;
	cfg->aggregate = opts->aggregate;
	cfg->fd_paths = opts->fd_paths;
	cfg->deny_paths = opts->deny_paths;
	cfg->interest_beyond = opts->interest_beyond;
	cfg->exit_only = opts->exit_only;
	cfg->page_kb = (__u32)sysconf(_SC_PAGESIZE) / 1024;
	cfg->judge = opts->judge;
	cfg->own_tgid = c->own_tgid;
	cfg->scope_cgroup = opts->scope_cgroup;
	cfg->scope_level = c->scope_level;
	cfg->opens = opts->opens;
	configure_volume(cfg, opts);
	if (opts->lossless) {
		cfg->brake_bulk = (__u32)(opts->ring_bytes / opts->shards / 4 * 3);
		cfg->brake_urgent = urgent_bytes() / 4 * 3;
	}
	memcpy(c->plans, opts->plans, EV_ABI_MAX * sizeof(opts->plans[0]));
	if (opts->opens && !opts->kill_after) /* after_call comes by there too, and tells what it has made of them */
		opens__mark((void *)c->plans);
	c->shared->next_exec_id = 2; /* 1 is the command */
	c->shared->reader_awake = 1;
	bpf_map__set_max_entries(map(c, "st_urgent"), urgent_bytes());
	if (opts->shards == 1)
		bpf_map__set_max_entries(map(c, "st_bulk"), (__u32)opts->ring_bytes);
	if (!opts->aggregate)
		bpf_map__set_max_entries(map(c, "st_counts"), 1);
	if (opts->profile & CAPTURE_SECURITY)
		bpf_map__set_max_entries(map(c, "st_answers"), opts->judge ? ANSWERS_ROOM(c->n_cpus) : 1);
}

static void ebpf_free(struct capture *capture)
{
	struct ebpf *c = ebpf(capture);

	ring_set__free(c->base.rings);
	for (unsigned int i = 0; i < ST_MAX_SHARDS; i++)
		if (c->shard_fds[i] > 0)
			close(c->shard_fds[i]);
	hooks__detach(&c->hooks);
	close_object(c);
	if (c->target_pidfd >= 0)
		close(c->target_pidfd);
	free(c);
}

static void told(int err)
{
	if (err)
		log_errno(err, "collect what was added up");
}

static void flush(struct ebpf *c, bool final)
{
	struct st_flush how = { .final = final };

	for (unsigned int i = 0; i < c->n_flushers; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &how, .ctx_size_in = sizeof(how));

		told(bpf_prog_test_run_opts(c->flushers[i], &run));
	}
}

/* How often records are sent of what goes on. */
#define FLUSH_NS 1000000000ULL

static void ebpf_tick(struct capture *capture, uint64_t now)
{
	struct ebpf *c = ebpf(capture);

	if ((!c->n_flushers && !c->flows) || now - c->flushed_at < FLUSH_NS)
		return;
	c->flushed_at = now;
	flush(c, false);
	told(c->flows ? flows__flush(c->obj) : 0);
}

static void ebpf_detach(struct capture *c)
{
	int err;

	told(ebpf(c)->flows ? flows__end(ebpf(c)->obj, ebpf(c)->shared) : 0);
	hooks__detach(&ebpf(c)->hooks);
	bpf_object__detach_skeleton(ebpf(c)->skeleton);
	/* a program may be under way on another CPU */
	if (ebpf(c)->attached || ebpf(c)->n_flushers)
		syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
	flush(ebpf(c), true);
	if (!ebpf(c)->attached)
		return;
	/* what was attached to goes on, and calls are counted in its tasks */
	err = iterate(bpf_program__fd(program(ebpf(c), "flush_tasks")), false);
	if (err)
		log_errno(err, "collect the counts of what runs on");
}

/* Deep trees take some rounds, as children can have smaller numbers; one that grows faster than we look never ends. */
#define ADOPT_ROUNDS 64

static bool ended(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/* Until there is nobody new: from when one is in scope its children are from birth. Rounds, or -errno. */
static int adopt_all(struct ebpf *c)
{
	uint32_t before;
	int err, round = 0;

	do {
		before = c->shared->adopted;
		err = iterate(bpf_program__fd(program(c, "adopt_tasks")), false);
	} while (!err && c->shared->adopted != before && ++round < ADOPT_ROUNDS);
	return err ? err : round;
}

/* Who is in the cgroup. Those who come later are marked when a hook sees them. */
static int adopt_group(struct ebpf *c)
{
	int round;

	c->shared->adopt_group = 1;
	round = adopt_all(c);
	c->shared->adopt_group = 0;
	return round < 0 ? log_errno(round, "put what is in the cgroup in scope") : 0;
}

/* A process that runs, with what descends from it. */
static int adopt(struct ebpf *c, const struct capture_target *target)
{
	struct st_shared *shared = c->shared;
	int round;

	shared->adopt_tgid = (uint32_t)target->pid;
	round = adopt_all(c);
	shared->adopt_tgid = 0;
	if (round < 0)
		return log_errno(round, "put process %d in scope", target->pid);
	/* alive in the end, so the number was its own all the time */
	if (!shared->adopted || ended(target->pidfd))
		return log_err(-ESRCH, "process %d has just ended", target->pid);
	if (round == ADOPT_ROUNDS)
		log_warn("process %d starts others as fast as they are found: some of them may not be recorded", target->pid);
	c->target_pidfd = fcntl(target->pidfd, F_DUPFD_CLOEXEC, 3);
	return c->target_pidfd < 0 ? log_errno(-errno, "watch process %d", target->pid) : 0;
}

/* How often to look whether anything is left in scope: it takes a walk over all tasks of the machine. */
#define LOOK_NS 200000000ULL

static uint32_t count_in_scope(struct ebpf *c)
{
	struct st_shared *shared = c->shared;

	shared->in_scope = 0;
	return iterate(bpf_program__fd(program(c, "adopt_tasks")), false) ? 1 : shared->in_scope;
}

/* Of what ran before. Once only: a child may be born behind the walker's back, with a smaller number than its parent's. */
static uint32_t ebpf_live(struct capture *capture)
{
	struct ebpf *c = ebpf(capture);
	struct timespec ts;
	uint64_t now, born;

	if (!c->running)
		return 0;
	if (c->target_pidfd >= 0 && !ended(c->target_pidfd))
		return 1;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
	if (c->live && now - c->looked_at < LOOK_NS)
		return c->live;
	c->looked_at = now;
	born = c->shared->next_exec_id;
	c->live = count_in_scope(c) ?: count_in_scope(c);
	if (!c->live && c->shared->next_exec_id != born) /* it hops from one number to the next */
		c->live = 1;
	return c->live;
}

/* What ran before is let go, not killed. */
static void ebpf_kill(struct capture *c)
{
	ebpf(c)->running = false;
}

static int adopt_running(struct ebpf *c, const struct capture_target *target)
{
	int err = target->pid ? adopt(c, target) : adopt_group(c);

	if (err || !c->flows)
		return err;
	err = flows__adopt(c->obj);
	return err ? log_errno(err, "find the sockets of what is in scope") : 0;
}

static int ebpf_attach(struct capture *c, const struct capture_target *target)
{
	struct st_mark st = { .task = { .exec_id = 1, .flags = ST_TASK_ARMED } };

	ebpf(c)->running = ebpf(c)->attached = target->running;
	if (target->running)
		return adopt_running(ebpf(c), target);
	if (bpf_map_update_elem(map_fd(ebpf(c), "st_tasks"), &target->pidfd, &st, BPF_ANY))
		return log_errno(-errno, "put the command in scope");
	return 0;
}

static int ebpf_wake_fd(const struct capture *c, unsigned int index)
{
	return index < ebpf(c)->n_rings ? ebpf(c)->ring_fds[index] : -1;
}

static void ebpf_set_awake(struct capture *c, bool awake)
{
	__atomic_store_n(&ebpf(c)->shared->reader_awake, awake, __ATOMIC_SEQ_CST);
}

static void ebpf_release_pressure(struct capture *c)
{
	uint32_t *pressure = &ebpf(c)->shared->pressure;

	if (__atomic_load_n(pressure, __ATOMIC_RELAXED))
		__atomic_store_n(pressure, 0, __ATOMIC_RELAXED);
}

static uint64_t ebpf_skipped(const struct capture *c)
{
	struct bpf_program *prog;
	uint64_t sum = 0;

	bpf_object__for_each_program(prog, ebpf(c)->obj) {
		struct bpf_prog_info info = {};
		__u32 len = sizeof(info);
		int fd = bpf_program__fd(prog);

		if (flows__is_twin(bpf_program__name(prog)))
			continue;
		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len))
			sum += info.recursion_misses;
	}
	return sum;
}

static int ebpf_counters(struct capture *capture, struct st_counters out[EV_CLASS_MAX])
{
	struct ebpf *c = ebpf(capture);
	_cleanup_(free) struct st_counters *per_cpu = calloc((size_t)c->n_cpus, sizeof(*per_cpu));
	int fd = map_fd(c, "st_counters");

	if (!per_cpu)
		return -ENOMEM;
	memset(out, 0, EV_CLASS_MAX * sizeof(*out));
	for (__u32 class = 0; class < EV_CLASS_MAX; class++) {
		if (bpf_map_lookup_elem(fd, &class, per_cpu))
			return -errno;
		for (int cpu = 0; cpu < c->n_cpus; cpu++) {
			out[class].seen += per_cpu[cpu].seen;
			out[class].emitted += per_cpu[cpu].emitted;
			out[class].lost += per_cpu[cpu].lost;
			out[class].aggregated += per_cpu[cpu].aggregated;
			out[class].suppressed += per_cpu[cpu].suppressed;
		}
	}
	return 0;
}

static int ebpf_counts(struct capture *capture, struct st_count *out)
{
	struct ebpf *c = ebpf(capture);
	_cleanup_(free) struct st_count *per_cpu = calloc((size_t)c->n_cpus, sizeof(*per_cpu));
	int fd = map_fd(c, "st_counts");

	if (!per_cpu)
		return -ENOMEM;
	for (__u32 i = 0; i < EV_ABI_MAX * ST_NR_SYSCALLS; i++) {
		if (bpf_map_lookup_elem(fd, &i, per_cpu))
			return -errno;
		memset(&out[i], 0, sizeof(out[i]));
		for (int cpu = 0; cpu < c->n_cpus; cpu++) {
			out[i].calls += per_cpu[cpu].calls;
			out[i].errors += per_cpu[cpu].errors;
			out[i].ns += per_cpu[cpu].ns;
		}
	}
	return 0;
}

static const struct capture_ops ebpf_ops = {
	.name = "ebpf",
	.attach = ebpf_attach,
	.detach = ebpf_detach,
	.wake_fd = ebpf_wake_fd,
	.set_awake = ebpf_set_awake,
	.release_pressure = ebpf_release_pressure,
	.tick = ebpf_tick,
	.skipped = ebpf_skipped,
	.live = ebpf_live,
	.kill = ebpf_kill,
	.counters = ebpf_counters,
	.counts = ebpf_counts,
	.free = ebpf_free,
};

/* Rings, maps, programs, links and their BTF: counted on 6.18, with some to spare. */
#define DESCRIPTORS_NEEDED 48
/* A program and a link each. */
#define DESCRIPTORS_HOOKS (2 * HOOKS_MAX)

/* The kernel's own answer to a full table, deep inside libbpf, is EINVAL: ask beforehand. */
static int check_descriptors(const struct capture_opts *opts)
{
	int fds[DESCRIPTORS_NEEDED + DESCRIPTORS_HOOKS], n = 0;
	int need = opts->profile & CAPTURE_SECURITY ? DESCRIPTORS_NEEDED + DESCRIPTORS_HOOKS : DESCRIPTORS_NEEDED;

	while (n < need && (fds[n] = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)) >= 0)
		n++;
	for (int i = 0; i < n; i++)
		close(fds[i]);
	if (n == need)
		return 0;
	log_err(-EMFILE, "only %d file descriptors are free here, and recording takes %d", n, need);
	log_hint("close what is inherited, or raise the limit: ulimit -n");
	return -EMFILE;
}

/* Again without a program of the security profile that the kernel has refused, until it takes what is left. */
static int open_and_load(struct ebpf *c, const struct capture_opts *opts)
{
	int err;

	for (;;) {
		if (opts->profile & CAPTURE_SECURITY)
			OPEN(c, sandtrace_bpf);
		else
			OPEN(c, calls_bpf);
		if (!c->skel)
			return log_errno(-errno, "open the BPF programs");
		configure(c, opts);
		choose(c, opts);
		err = bpf_object__load_skeleton(c->skeleton);
		if (!err || !(opts->profile & CAPTURE_SECURITY) || !hooks__drop_refused(&c->hooks))
			break;
		close_object(c);
	}
	return err ? log_errno(err, "the kernel does not accept the BPF programs") : 0;
}

static void offer_guard(struct ebpf *c)
{
	c->guard = (struct guard_target){
		.heads = map_fd(c, "st_guard"),
		.inodes = map_fd(c, "st_guard_inodes"),
		.names = map_fd(c, "st_guard_names"),
		.affixes = map_fd(c, "st_guard_affix"),
		.who = map_fd(c, "st_guard_who"),
		.nets = map_fd(c, "st_guard_nets"),
		.hits = map_fd(c, "st_guard_hits"),
		.answers = map_fd(c, "st_answers"),
		.answer_hosts = map_fd(c, "st_answer_hosts"),
		.own_maps = map_fd(c, "st_own_maps"),
		.fds = map_fd(c, "st_guard_fds"),
		.adopt_inodes = bpf_program__fd(program(c, "adopt_inodes")),
		.shared = c->shared,
		.n_cpus = c->n_cpus,
	};
	c->base.guard = &c->guard;
}

static bool kills_names(const struct ebpf *c)
{
	static const char *const names[] = { "unlink", "rmdir", "mkdir", "mknod", "symlink", "link", "rename", "truncate", "chmod",
					     "chown" };
	char program[48];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(program, sizeof(program), "after_%s", names[i]);
		if (!hooks__runs(&c->hooks, program))
			return false;
	}
	return true;
}

/* The hooks last: by then a child of what they see is in scope from birth. */
static int attach_programs(struct ebpf *c, const struct capture_opts *opts)
{
	int err = bpf_object__attach_skeleton(c->skeleton);
	struct bpf_program *prog;

	if (err)
		return log_errno(err, "attach the BPF programs");
	if (!(opts->profile & CAPTURE_SECURITY))
		return 0;
	err = own_maps__tell(map_fd(c, "st_own_maps"), c->obj, c->shard_fds, ST_MAX_SHARDS);
	if (err)
		return err;
	bpf_object__for_each_program(prog, c->obj)
		if (is_flusher(prog) && c->n_flushers < FLUSHERS_MAX)
			c->flushers[c->n_flushers++] = bpf_program__fd(prog);
	err = load_watched(c, opts->watched);
	if (err)
		return err;
	hooks__attach(&c->hooks, c->obj);
	c->base.n_hooks = c->hooks.n_on;
	c->base.n_lsm = c->hooks.n_lsm;
	c->base.missing = c->hooks.missing;
	c->base.whole = hooks__whole(&c->hooks);
	c->base.kills = hooks__runs(&c->hooks, "after_call") && hooks__runs(&c->hooks, "after_exec");
	c->base.kills_names = kills_names(c);
	c->base.sees_io_uring = hooks__has(&c->hooks, "inode_init_security_anon");
	if (opts->profile & CAPTURE_LSM && !c->hooks.n_lsm)
		return log_err(-ENOTSUP, "no hook of the security profile can be had here: %s", c->hooks.missing[0] ?: "there are none");
	if (opts->judge)
		offer_guard(c);
	return 0;
}

int capture_ebpf__start(const struct capture_opts *opts, struct capture **ret_capture)
{
	struct ebpf *c;
	int err = check_descriptors(opts);

	if (err)
		return err;
	c = calloc(1, sizeof(*c));
	if (!c)
		return log_errno(-ENOMEM, "start the recorder");
	c->base.ops = &ebpf_ops;
	c->target_pidfd = -1;
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	libbpf_set_print(opts->profile & CAPTURE_SECURITY ? hooks__print : libbpf__print);
	c->n_cpus = libbpf_num_possible_cpus();
	c->base.rings = ring_set__new();
	err = c->base.rings && c->n_cpus > 0 ? find_scope(c, opts) : log_errno(-ENOMEM, "start the recorder");
	if (!err)
		err = open_and_load(c, opts);
	if (!err)
		err = add_rings(c, opts);
	if (!err)
		err = attach_programs(c, opts);
	if (err) {
		ebpf_free(&c->base);
		return err;
	}
	*ret_capture = &c->base;
	return 0;
}
