/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"

#include "sandtrace.skel.h"

/* Process events: an exec takes 3 KiB, or 50 with a long argv. Grows with the CPUs that can exec at the same time. */
#define URGENT_BYTES_MIN (2U << 20)
#define URGENT_BYTES_PER_CPU (512U << 10)
#define URGENT_BYTES_MAX (64U << 20)

struct bpf_capture {
	struct sandtrace_bpf *skel;
	struct ring_set *rings;
	int ring_fds[ST_MAX_RINGS]; /* borrowed */
	int shard_fds[ST_MAX_SHARDS]; /* owned; 0: none */
	unsigned int n_rings;
	int n_cpus;
	size_t ring_bytes;
};

/* The verifier's log and libbpf's own words, shown only with -vvv or kept for the failure message. */
static int libbpf_print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	_cleanup_(free) char *text = NULL;
	char *save = NULL;

	if (log_level < LOG_LVL_DEBUG || level == LIBBPF_DEBUG || vasprintf(&text, fmt, ap) < 0)
		return 0;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		log_debug("libbpf: %s", line);
	return 0;
}

/* FD is borrowed from the skeleton, or owned when it is a shard's. */
static int add_ring(struct bpf_capture *c, int fd, size_t size)
{
	int err = ring_set__add(c->rings, fd, size);

	if (err)
		return log_errno(err, "map a ring buffer of %zu bytes", size);
	c->ring_fds[c->n_rings++] = fd;
	c->ring_bytes += size;
	return 0;
}

static int add_shard(struct bpf_capture *c, __u32 slot, size_t size)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "st_bulk", 0, 0, (__u32)size, NULL), err;

	if (fd < 0)
		return log_errno(fd, "create a ring buffer of %zu bytes", size);
	c->shard_fds[slot] = fd;
	err = bpf_map_update_elem(bpf_map__fd(c->skel->maps.st_shards), &slot, &fd, BPF_ANY);
	return err ? log_errno(err, "place ring buffer %u", slot) : add_ring(c, fd, size);
}

static int add_rings(struct bpf_capture *c, const struct bpf_capture_opts *opts)
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

static void configure(struct sandtrace_bpf *skel, const struct bpf_capture_opts *opts)
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

int bpf_capture__new(const struct bpf_capture_opts *opts, struct bpf_capture **ret_capture)
{
	struct bpf_capture *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return log_errno(-ENOMEM, "start the recorder");
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	libbpf_set_print(libbpf_print);
	c->n_cpus = libbpf_num_possible_cpus();
	c->rings = ring_set__new();
	c->skel = sandtrace_bpf__open();
	if (!c->skel || !c->rings || c->n_cpus < 1) {
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
	*ret_capture = c;
	return 0;
fail:
	bpf_capture__free(c);
	return err;
}

void bpf_capture__free(struct bpf_capture *c)
{
	if (!c)
		return;
	ring_set__free(c->rings);
	for (unsigned int i = 0; i < ST_MAX_SHARDS; i++)
		if (c->shard_fds[i] > 0)
			close(c->shard_fds[i]);
	sandtrace_bpf__destroy(c->skel);
	free(c);
}

void bpf_capture__detach(struct bpf_capture *c)
{
	sandtrace_bpf__detach(c->skel);
}

int bpf_capture__arm(struct bpf_capture *c, int pidfd)
{
	struct st_task st = { .exec_id = 1, .flags = ST_TASK_ARMED };

	if (bpf_map_update_elem(bpf_map__fd(c->skel->maps.st_tasks), &pidfd, &st, BPF_ANY))
		return log_errno(-errno, "put the command in scope");
	return 0;
}

struct ring_set *bpf_capture__rings(struct bpf_capture *c)
{
	return c->rings;
}

int bpf_capture__ring_fd(const struct bpf_capture *c, unsigned int index)
{
	return index < c->n_rings ? c->ring_fds[index] : -1;
}

uint64_t bpf_capture__ring_bytes(const struct bpf_capture *c)
{
	return c->ring_bytes;
}

void bpf_capture__set_awake(struct bpf_capture *c, bool awake)
{
	__atomic_store_n(&c->skel->bss->st_shared.reader_awake, awake, __ATOMIC_SEQ_CST);
}

void bpf_capture__release_pressure(struct bpf_capture *c)
{
	if (__atomic_load_n(&c->skel->bss->st_shared.pressure, __ATOMIC_RELAXED))
		__atomic_store_n(&c->skel->bss->st_shared.pressure, 0, __ATOMIC_RELAXED);
}

uint64_t bpf_capture__skipped(const struct bpf_capture *c)
{
	struct bpf_program *prog;
	uint64_t sum = 0;

	bpf_object__for_each_program(prog, c->skel->obj) {
		struct bpf_prog_info info = {};
		__u32 len = sizeof(info);

		if (!bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
			sum += info.recursion_misses;
	}
	return sum;
}

int bpf_capture__counters(struct bpf_capture *c, struct st_counters out[EV_CLASS_MAX])
{
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

int bpf_capture__counts(struct bpf_capture *c, struct st_count *out)
{
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
