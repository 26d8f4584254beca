/* SPDX-License-Identifier: Apache-2.0 */
#include "guard_load.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "answers.h"
#include "base/log.h"
#include "base/util.h"
#include "iterate.h"

/* Generation and number change together. */
_Static_assert(offsetof(struct st_shared, guard_gen) % sizeof(uint64_t) == 0 &&
		       offsetof(struct st_shared, guard_serial) == offsetof(struct st_shared, guard_gen) + sizeof(uint32_t),
	       "one store switches");

/* Beside what is held for the rows: the recorder's maps, programs and links. */
#define DESCRIPTORS_ELSE 256

/* The limit that a program may set itself is low on most machines, the one it must not exceed is not. */
static int make_room(size_t n)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim))
		return 0;
	n += DESCRIPTORS_ELSE;
	if (lim.rlim_cur >= n)
		return 0;
	lim.rlim_cur = MIN(lim.rlim_max, n);
	if (lim.rlim_cur == n && !setrlimit(RLIMIT_NOFILE, &lim))
		return 0;
	log_err(-EMFILE, "a policy of so many paths takes %zu file descriptors, and %llu are allowed", n,
		(unsigned long long)lim.rlim_max);
	log_hint("raise the limit: ulimit -Hn %zu; or name fewer paths", n);
	return -EMFILE;
}

/* The rules were resolved: a link in the way, or nothing, was put there since. */
static int open_path(const char *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC | O_NOFOLLOW, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	int err = -errno;

	if (fd >= 0)
		return fd;
	log_errno(err, "open %s, which a rule is about", path);
	log_hint("somebody may be changing it right now: try again");
	return err;
}

static void let_go(int *held, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close(held[i]);
	free(held);
}

/* Every row of generation GEN out of a map whose keys have it as the lowest bit of the number at AT. */
static int clear(int map, size_t key_size, size_t at, uint32_t gen)
{
	unsigned char key[sizeof(struct guard_name_key)], next[sizeof(key)];
	bool any = !bpf_map_get_next_key(map, NULL, next);

	while (any) {
		uint32_t of;

		memcpy(key, next, key_size);
		memcpy(&of, key + at, sizeof(of));
		any = !bpf_map_get_next_key(map, key, next);
		if ((of & 1) == gen && bpf_map_delete_elem(map, key) && errno != ENOENT)
			return log_errno(-errno, "take out the rows of an earlier policy");
	}
	return 0;
}

static int add_nets(const struct guard_target *t, const struct live_policy *l, uint32_t gen)
{
	for (size_t i = 0; i < l->n_nets; i++) {
		struct guard_net_key key = l->nets[i].key;

		key.gen = gen;
		if (bpf_map_update_elem(t->nets, &key, &l->nets[i].row, BPF_ANY))
			return log_errno(-errno, "write network rule %zu", i);
	}
	return 0;
}

static int add_hosts(const struct guard_target *t, const struct live_policy *l, uint32_t gen)
{
	for (uint32_t i = 0; i < l->n_hosts; i++) {
		uint32_t key = gen * ANSWERS_MAX_NAMES + i;

		if (bpf_map_update_elem(t->answer_hosts, &key, &l->hosts[i].row, BPF_ANY))
			return log_errno(-errno, "write the rules about %s", l->hosts[i].name);
	}
	return 0;
}

/* Opens each path and asks the kernel which inode it is. */
static int name_paths(const struct guard_target *t, const struct live_policy *l, int *held, size_t *n)
{
	for (*n = 0; *n < l->n_paths; ++*n) {
		uint64_t unknown = 0;
		int fd = open_path(l->paths[*n]);

		if (fd < 0)
			return fd;
		held[*n] = fd;
		if (bpf_map_update_elem(t->fds, &fd, &unknown, BPF_ANY)) {
			++*n;
			return log_errno(-errno, "write the rule about %s", l->paths[*n - 1]);
		}
	}
	return 0;
}

/* From descriptors to inodes. Without any, too: it also tells which namespaces are the loader's, and conditions ask that. */
static int adopt(const struct guard_target *t, const int *held, size_t n, uint64_t *inodes)
{
	int err;

	t->shared->guard_rows = 0;
	err = iterate(t->adopt_inodes, true);
	for (size_t i = 0; i < n; i++) {
		if (!err && (bpf_map_lookup_elem(t->fds, &held[i], &inodes[i]) || !inodes[i]))
			err = -EIO;
		bpf_map_delete_elem(t->fds, &held[i]);
	}
	return err ? log_errno(err, "look up the inodes of the policy's %zu paths", n) : 0;
}

static int add_names(int map, const struct live_name_row *v, size_t n, uint32_t gen)
{
	for (size_t i = 0; i < n; i++) {
		struct guard_name_key key = v[i].key;

		key.list |= gen;
		if (bpf_map_update_elem(map, &key, &v[i].row, BPF_ANY))
			return log_errno(-errno, "write rule %u, about a name", v[i].row.e[0].rule);
	}
	return 0;
}

static int add_paths(const struct guard_target *t, const struct live_policy *l, const uint64_t *inodes, uint32_t gen)
{
	struct policy_error e = {};
	struct live_rows rows;
	int err = live_rows__make(l, inodes, &rows, &e);

	if (err) {
		log_err(err, "%s", *e.text ? e.text : "load the policy: out of memory");
		if (*e.hint)
			log_hint("%s", e.hint);
	}
	for (size_t i = 0; i < rows.n_inodes && !err; i++) {
		struct guard_inode_key key = rows.inodes[i].key;

		key.gen = gen;
		if (bpf_map_update_elem(t->inodes, &key, &rows.inodes[i].row, BPF_ANY))
			err = log_errno(-errno, "write the rules about a file");
	}
	err = err ?: add_names(t->names, rows.names, rows.n_names, gen);
	err = err ?: add_names(t->affixes, rows.affixes, rows.n_affixes, gen);
	for (size_t i = 0; i < rows.n_who && !err; i++) {
		struct guard_who_key key = rows.who[i].key;

		key.gen = gen;
		if (bpf_map_update_elem(t->who, &key, &rows.who[i].row, BPF_ANY))
			err = log_errno(-errno, "write what a condition names");
	}
	live_rows__done(&rows);
	return err;
}

static int clear_all(const struct guard_target *t, uint32_t gen)
{
	int err = clear(t->inodes, sizeof(struct guard_inode_key), offsetof(struct guard_inode_key, gen), gen);

	err = err ?: clear(t->names, sizeof(struct guard_name_key), offsetof(struct guard_name_key, list), gen);
	err = err ?: clear(t->affixes, sizeof(struct guard_name_key), offsetof(struct guard_name_key, list), gen);
	err = err ?: clear(t->who, sizeof(struct guard_who_key), offsetof(struct guard_who_key, gen), gen);
	err = err ?: clear(t->answers, sizeof(struct answer_key), offsetof(struct answer_key, gen), gen);
	return err ?: clear(t->nets, sizeof(struct guard_net_key), offsetof(struct guard_net_key, gen), gen);
}

static int add_rows(const struct guard_target *t, const struct live_policy *l, uint32_t gen, int *held, size_t *n)
{
	_cleanup_(free) uint64_t *inodes = calloc(l->n_paths + 1, sizeof(*inodes));
	int err = inodes ? clear_all(t, gen) : log_errno(-ENOMEM, "load the policy");

	err = err ?: add_nets(t, l, gen);
	err = err ?: add_hosts(t, l, gen);
	err = err ?: name_paths(t, l, held, n);
	err = err ?: adopt(t, held, *n, inodes);
	return err ?: add_paths(t, l, inodes, gen);
}

/* Counts of an earlier policy are of other rules. */
static int clear_hits(const struct guard_target *t)
{
	_cleanup_(free) struct guard_hits *none = calloc((size_t)t->n_cpus, sizeof(*none));

	if (!none)
		return log_errno(-ENOMEM, "load the policy");
	for (uint32_t i = 0; i < GUARD_MAX_RULES; i++)
		if (bpf_map_update_elem(t->hits, &i, none, BPF_ANY))
			return log_errno(-errno, "clear the counters of the rules");
	return 0;
}

static void put_in_force(const struct guard_target *t, uint32_t gen)
{
	union {
		struct {
			uint32_t gen, serial;
		};
		uint64_t both;
	} now = { .gen = gen, .serial = t->shared->guard_serial + 1 };

	__atomic_store_n((uint64_t *)(void *)&t->shared->guard_gen, now.both, __ATOMIC_SEQ_CST);
}

uint32_t guard__next_generation(const struct guard_target *t)
{
	return (t->shared->guard_gen & 1) ^ 1;
}

int guard__load(struct guard *g, const struct guard_target *t, const struct live_policy *l, enum guard_mode mode)
{
	uint32_t gen = guard__next_generation(t);
	struct guard_policy head = l->head;
	int *held = calloc(l->n_paths + 1, sizeof(*held)), err;
	size_t n = 0;

	head.mode = mode;
	err = held ? make_room(l->n_paths + g->n_held) : log_errno(-ENOMEM, "load the policy");
	if (!err)
		err = add_rows(t, l, gen, held, &n);
	if (!err && bpf_map_update_elem(t->heads, &gen, &head, BPF_ANY))
		err = log_errno(-errno, "write the policy");
	if (!err && t->shared->guard_serial)
		err = clear_hits(t);
	if (err) {
		let_go(held, n);
		return err;
	}
	put_in_force(t, gen);
	let_go(g->held, g->n_held);
	*g = (struct guard){ .target = t, .head = head, .held = held, .n_held = n };
	return 0;
}

int guard__set_mode(struct guard *g, enum guard_mode mode)
{
	uint32_t gen = g->target->shared->guard_gen & 1;

	g->head.mode = mode;
	return bpf_map_update_elem(g->target->heads, &gen, &g->head, BPF_EXIST) ? log_errno(-errno, "change the mode") : 0;
}

int guard__hits(const struct guard *g, struct guard_hits *out, unsigned int n)
{
	_cleanup_(free) struct guard_hits *per_cpu = calloc((size_t)g->target->n_cpus, sizeof(*per_cpu));

	if (!per_cpu)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		out[i] = (struct guard_hits){};
		if (bpf_map_lookup_elem(g->target->hits, &i, per_cpu))
			return -errno;
		for (int cpu = 0; cpu < g->target->n_cpus; cpu++) {
			out[i].evaluated += per_cpu[cpu].evaluated;
			out[i].matched += per_cpu[cpu].matched;
		}
	}
	return 0;
}

void guard__done(struct guard *g)
{
	let_go(g->held, g->n_held);
	*g = (struct guard){};
}
