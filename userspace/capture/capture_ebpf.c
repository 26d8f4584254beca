/* SPDX-License-Identifier: Apache-2.0 */
/* The eBPF backend: the only module that includes libbpf and the recorder's skeleton. */
#include "capture.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "libbpf_print.h"

#include "sandtrace.skel.h"

/* Process events: an exec takes 3 KiB, or 50 with a long argv. Grows with the CPUs that can exec at the same time. */
#define URGENT_BYTES_MIN (2U << 20)
#define URGENT_BYTES_PER_CPU (512U << 10)
#define URGENT_BYTES_MAX (64U << 20)

struct ebpf {
	struct capture base; /* first */
	struct sandtrace_bpf *skel;
	int ring_fds[ST_MAX_RINGS]; /* borrowed */
	int shard_fds[ST_MAX_SHARDS]; /* owned; 0: none */
	unsigned int n_rings;
	int n_cpus;
};

static struct ebpf *ebpf(const struct capture *c) { return (struct ebpf *)c; }

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
	err = bpf_map_update_elem(bpf_map__fd(c->skel->maps.st_shards), &slot, &fd, BPF_ANY);
	return err ? log_errno(err, "place ring buffer %u", slot) : add_ring(c, fd, size);
}

static int add_rings(struct ebpf *c, const struct capture_opts *opts)
{
	size_t size = opts->ring_bytes / opts->shards;
	int err = add_ring(c, bpf_map__fd(c->skel->maps.st_urgent), bpf_map__max_entries(c->skel->maps.st_urgent));

	if (opts->shards == 1)
		return err ? err : add_ring(c, bpf_map__fd(c->skel->maps.st_bulk), size);
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

static void configure(struct sandtrace_bpf *skel, const struct capture_opts *opts)
{
	struct st_config *cfg = (struct st_config *)&skel->rodata->st_cfg;

	cfg->shard_mask = opts->shards - 1;
	/* an eighth of a ring: early enough to be drained before three quarters, rare enough to cost nothing */
	cfg->wake_bulk = (__u32)(opts->ring_bytes / opts->shards / 8);
	cfg->wake_urgent = urgent_bytes() / 8;
	cfg->follow_forks = opts->follow_forks;
	cfg->aggregate = opts->aggregate;
	cfg->fd_paths = opts->fd_paths;
	cfg->deny_paths = opts->deny_paths;
	cfg->interest_beyond = opts->interest_beyond;
	cfg->page_kb = (__u32)sysconf(_SC_PAGESIZE) / 1024;
	if (opts->lossless) {
		cfg->brake_bulk = (__u32)(opts->ring_bytes / opts->shards / 4 * 3);
		cfg->brake_urgent = urgent_bytes() / 4 * 3;
	}
	memcpy((void *)skel->rodata->st_plans, opts->plans, EV_ABI_MAX * sizeof(opts->plans[0]));
	skel->bss->st_shared.next_exec_id = 2; /* 1 is the command */
	skel->bss->st_shared.reader_awake = 1;
	bpf_map__set_max_entries(skel->maps.st_urgent, urgent_bytes());
	if (opts->shards == 1)
		bpf_map__set_max_entries(skel->maps.st_bulk, (__u32)opts->ring_bytes);
	if (!opts->aggregate)
		bpf_map__set_max_entries(skel->maps.st_counts, 1);
}

static void ebpf_free(struct capture *capture)
{
	struct ebpf *c = ebpf(capture);

	ring_set__free(c->base.rings);
	for (unsigned int i = 0; i < ST_MAX_SHARDS; i++)
		if (c->shard_fds[i] > 0)
			close(c->shard_fds[i]);
	sandtrace_bpf__destroy(c->skel);
	free(c);
}

static void ebpf_detach(struct capture *c)
{
	sandtrace_bpf__detach(ebpf(c)->skel);
}

static int ebpf_attach(struct capture *c, const struct capture_target *target)
{
	struct st_task st = { .exec_id = 1, .flags = ST_TASK_ARMED };

	if (target->running) {
		log_err(0, "what runs already is recorded by ptrace only, so far");
		log_hint("--backend ptrace");
		return -ENOTSUP;
	}
	if (bpf_map_update_elem(bpf_map__fd(ebpf(c)->skel->maps.st_tasks), &target->pidfd, &st, BPF_ANY))
		return log_errno(-errno, "put the command in scope");
	return 0;
}

static int ebpf_wake_fd(const struct capture *c, unsigned int index)
{
	return index < ebpf(c)->n_rings ? ebpf(c)->ring_fds[index] : -1;
}

static void ebpf_set_awake(struct capture *c, bool awake)
{
	__atomic_store_n(&ebpf(c)->skel->bss->st_shared.reader_awake, awake, __ATOMIC_SEQ_CST);
}

static void ebpf_release_pressure(struct capture *c)
{
	uint32_t *pressure = &ebpf(c)->skel->bss->st_shared.pressure;

	if (__atomic_load_n(pressure, __ATOMIC_RELAXED))
		__atomic_store_n(pressure, 0, __ATOMIC_RELAXED);
}

static uint64_t ebpf_skipped(const struct capture *c)
{
	struct bpf_program *prog;
	uint64_t sum = 0;

	bpf_object__for_each_program(prog, ebpf(c)->skel->obj) {
		struct bpf_prog_info info = {};
		__u32 len = sizeof(info);

		if (!bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
			sum += info.recursion_misses;
	}
	return sum;
}

static int ebpf_counters(struct capture *capture, struct st_counters out[EV_CLASS_MAX])
{
	struct ebpf *c = ebpf(capture);
	_cleanup_(free) struct st_counters *per_cpu = calloc((size_t)c->n_cpus, sizeof(*per_cpu));

	if (!per_cpu)
		return -ENOMEM;
	memset(out, 0, EV_CLASS_MAX * sizeof(*out));
	for (__u32 class = 0; class < EV_CLASS_MAX; class++) {
		if (bpf_map_lookup_elem(bpf_map__fd(c->skel->maps.st_counters), &class, per_cpu))
			return -errno;
		for (int cpu = 0; cpu < c->n_cpus; cpu++) {
			out[class].seen += per_cpu[cpu].seen;
			out[class].emitted += per_cpu[cpu].emitted;
			out[class].lost += per_cpu[cpu].lost;
			out[class].aggregated += per_cpu[cpu].aggregated;
		}
	}
	return 0;
}

static int ebpf_counts(struct capture *capture, struct st_count *out)
{
	struct ebpf *c = ebpf(capture);
	_cleanup_(free) struct st_count *per_cpu = calloc((size_t)c->n_cpus, sizeof(*per_cpu));

	if (!per_cpu)
		return -ENOMEM;
	for (__u32 i = 0; i < EV_ABI_MAX * ST_NR_SYSCALLS; i++) {
		if (bpf_map_lookup_elem(bpf_map__fd(c->skel->maps.st_counts), &i, per_cpu))
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
	.skipped = ebpf_skipped,
	.counters = ebpf_counters,
	.counts = ebpf_counts,
	.free = ebpf_free,
};

/* Rings, maps, programs, links and their BTF: counted on 6.18, with some to spare. */
#define DESCRIPTORS_NEEDED 48

/* The kernel's own answer to a full table, deep inside libbpf, is EINVAL: ask beforehand. */
static int check_descriptors(void)
{
	int fds[DESCRIPTORS_NEEDED], n = 0;

	while (n < DESCRIPTORS_NEEDED && (fds[n] = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)) >= 0)
		n++;
	for (int i = 0; i < n; i++)
		close(fds[i]);
	if (n == DESCRIPTORS_NEEDED)
		return 0;
	log_err(-EMFILE, "only %d file descriptors are free here, and recording takes %d", n, DESCRIPTORS_NEEDED);
	log_hint("close what is inherited, or raise the limit: ulimit -n");
	return -EMFILE;
}

int capture_ebpf__start(const struct capture_opts *opts, struct capture **ret_capture)
{
	struct ebpf *c;
	int err = check_descriptors();

	if (err)
		return err;
	c = calloc(1, sizeof(*c));
	if (!c)
		return log_errno(-ENOMEM, "start the recorder");
	c->base.ops = &ebpf_ops;
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	libbpf_set_print(libbpf__print);
	c->n_cpus = libbpf_num_possible_cpus();
	c->base.rings = ring_set__new();
	c->skel = sandtrace_bpf__open();
	if (!c->skel || !c->base.rings || c->n_cpus < 1) {
		err = log_errno(c->skel ? -ENOMEM : -errno, "open the BPF programs");
		goto fail;
	}
	configure(c->skel, opts);
	err = sandtrace_bpf__load(c->skel);
	if (err) {
		log_errno(err, "the kernel does not accept the BPF programs");
		goto fail;
	}
	err = add_rings(c, opts);
	if (err)
		goto fail;
	err = sandtrace_bpf__attach(c->skel);
	if (err) {
		log_errno(err, "attach the BPF programs");
		goto fail;
	}
	*ret_capture = &c->base;
	return 0;
fail:
	ebpf_free(&c->base);
	return err;
}
