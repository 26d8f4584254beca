/* SPDX-License-Identifier: Apache-2.0 */
/* The loader of bpf/net/network.bpf.c: the only file that includes its skeleton. */
#include "sandbox/network.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <string.h>

#include "answers.h"
#include "base/log.h"
#include "base/util.h"
#include "libbpf_print.h"
#include "network_rules.h"

#include "network.skel.h"

/* As many as bpf/net/network.bpf.c has, and some to spare. */
#define MAX_LINKS 16

struct net_filter {
	struct network_bpf *skel;
	struct bpf_link *links[MAX_LINKS];
	unsigned int n_links;
};

static void to_rule(const struct net_entry *e, struct st_net_rule *r)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint8_t mask[16];

	memset(r, 0, sizeof(*r));
	for (unsigned int i = 0; i < 16; i++) {
		unsigned int left = e->prefix > i * 8 ? e->prefix - i * 8 : 0;

		mask[i] = (uint8_t)(left >= 8 ? 0xff : 0xff00 >> left);
	}
	memcpy(r->addr, &e->addr, sizeof(r->addr));
	memcpy(r->mask, mask, sizeof(r->mask));
	r->v4 = e->prefix >= 96 && !memcmp(&e->addr, mapped, sizeof(mapped));
	r->whole = e->prefix == (r->v4 ? 96 : 0);
	r->first = e->port_first;
	r->last = e->port_last;
}

/* What name I allows to the addresses that it is given later: the ranges of its entries, each by the first that has it. */
static int host_row(const struct net_plan *n, size_t i, struct guard_net_row *row)
{
	for (size_t k = 0; k < n->n; k++) {
		const struct net_entry *e = &n->v[k];
		uint32_t at = 0;

		if (e->name != n->names[i])
			continue;
		while (at < row->n && (row->ports[at].first != e->port_first || row->ports[at].last != e->port_last))
			at++;
		if (at == GUARD_NET_PORTS)
			return log_err(-E2BIG, "network.allow: more than %d ranges of ports for %s", GUARD_NET_PORTS, e->name);
		if (at == row->n)
			row->ports[row->n++] = (struct guard_ports){ e->port_first, e->port_last, (uint16_t)k, 0, 0 };
	}
	return 0;
}

static int fill_hosts(struct network_bpf *skel, const struct net_plan *n)
{
	for (uint32_t i = 0; i < skel->rodata->st_net_names; i++) {
		struct guard_net_row row = {};
		int err = host_row(n, i, &row);

		if (!err && bpf_map_update_elem(bpf_map__fd(skel->maps.st_answer_hosts), &i, &row, BPF_ANY))
			err = log_errno(-errno, "write the rules about %s", n->names[i]);
		if (err)
			return err;
	}
	return 0;
}

/* Before anything is attached; afterwards nobody can change them. */
static int fill(struct network_bpf *skel, const struct net_plan *n)
{
	int fd = bpf_map__fd(skel->maps.st_net_rules);
	struct st_net_rule r;

	for (__u32 i = 0; i < n->n; i++) {
		to_rule(&n->v[i], &r);
		if (bpf_map_update_elem(fd, &i, &r, BPF_ANY))
			return log_errno(-errno, "write network rule %u", i);
	}
	if (bpf_map_freeze(fd))
		return log_errno(-errno, "freeze the network rules");
	return fill_hosts(skel, n);
}

static int way_out(int err)
{
	if (err == -EPERM || err == -EACCES)
		log_hint("network rules need root (CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON): run as root, or without --net and "
			 "network.allow for no network at all, or with --allow-net for all of it");
	else
		log_hint("network rules need Linux 5.17 with CONFIG_CGROUP_BPF and a cgroup v2: see `sandtrace doctor`; without --net and "
			 "network.allow there is no network at all, with --allow-net all of it");
	return err;
}

static int attach_all(struct network_bpf *skel, int cgroup_fd)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, skel->obj)
		/*
		 * No link: that would be detached with its last descriptor, and a command whose sandtrace is killed would have the
		 * network for as long as it takes to kill it.
		 */
		if (bpf_prog_attach(bpf_program__fd(prog), cgroup_fd, bpf_program__expected_attach_type(prog), BPF_F_ALLOW_MULTI))
			return way_out(log_errno(-errno, "attach the network rules (%s) to the command's cgroup",
						 bpf_program__section_name(prog)));
	return 0;
}

/* What is attached to runs on without us, and without the rules. */
static int link_all(struct net_filter *f, int cgroup_fd)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, f->skel->obj) {
		struct bpf_link *link = f->n_links < MAX_LINKS ? bpf_program__attach_cgroup(prog, cgroup_fd) : NULL;

		if (!link) {
			int err = f->n_links < MAX_LINKS && errno ? -errno : -E2BIG;

			log_errno(err, "attach the network rules (%s) to the cgroup", bpf_program__section_name(prog));
			log_hint("they need Linux 5.17 with CONFIG_CGROUP_BPF; a program there that allows no others is in the way as well");
			return err;
		}
		f->links[f->n_links++] = link;
	}
	return 0;
}

/* LIVE: names may be given other addresses later. */
static void size_maps(struct network_bpf *skel, const struct net_plan *n, bool live)
{
	int cpus = libbpf_num_possible_cpus();

	skel->rodata->st_net_n = (__u32)n->n;
	skel->rodata->st_net_names = live ? (__u32)n->n_names : 0;
	bpf_map__set_max_entries(skel->maps.st_net_rules, (__u32)MAX(n->n, 1U));
	bpf_map__set_max_entries(skel->maps.st_net_hits, (__u32)MAX(n->n, 1U));
	bpf_map__set_max_entries(skel->maps.st_answers, skel->rodata->st_net_names ? ANSWERS_ROOM(MAX(cpus, 1)) : 1);
	bpf_map__set_max_entries(skel->maps.st_answer_hosts, MAX(skel->rodata->st_net_names, 1U));
}

static int load_filter(const struct net_plan *n, bool live, struct net_filter **ret)
{
	struct net_filter *f;
	int err;

	if (n->n > ST_NET_MAX_RULES)
		return log_err(-E2BIG, "%zu network rules are more than %d", n->n, ST_NET_MAX_RULES);
	f = calloc(1, sizeof(*f));
	if (!f)
		return log_errno(-ENOMEM, "load the network rules");
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	libbpf_set_print(libbpf__print);
	f->skel = network_bpf__open();
	if (!f->skel) {
		err = log_errno(-errno, "open the programs of the network rules");
		goto fail;
	}
	size_maps(f->skel, n, live);
	err = network_bpf__load(f->skel);
	if (err) {
		way_out(log_errno(err, "the kernel does not accept the programs of the network rules"));
		goto fail;
	}
	err = fill(f->skel, n);
	if (err)
		goto fail;
	*ret = f;
	return 0;
fail:
	net_filter__free(f);
	return err;
}

static int load_and(const struct net_plan *n, int cgroup_fd, bool live, struct net_filter **ret)
{
	struct net_filter *f = NULL;
	int err = load_filter(n, live, &f);

	if (err)
		return err;
	err = live ? link_all(f, cgroup_fd) : attach_all(f->skel, cgroup_fd);
	if (err)
		net_filter__free(f);
	else
		*ret = f;
	return err;
}

int net_filter__attach(const struct net_plan *n, int cgroup_fd, struct net_filter **ret)
{
	if (cgroup_fd < 0)
		return way_out(log_err(geteuid() ? -EPERM : -ENOENT, "network rules are kept by the command's cgroup, and it has none"));
	return load_and(n, cgroup_fd, false, ret);
}

int net_filter__attach_live(const struct net_plan *n, int cgroup_fd, struct net_filter **ret)
{
	return load_and(n, cgroup_fd, true, ret);
}

int net_filter__answers(const struct net_filter *f)
{
	return bpf_map__fd(f->skel->maps.st_answers);
}

int net_filter__counts(const struct net_filter *f, struct net_filter_counts *ret)
{
	int cpus = libbpf_num_possible_cpus();
	_cleanup_(free) struct st_net_counts *per_cpu = NULL;
	__u32 zero = 0;

	memset(ret, 0, sizeof(*ret));
	if (cpus < 1)
		return cpus;
	per_cpu = calloc((size_t)cpus, sizeof(*per_cpu));
	if (!per_cpu)
		return -ENOMEM;
	if (bpf_map_lookup_elem(bpf_map__fd(f->skel->maps.st_net_counts), &zero, per_cpu))
		return -errno;
	for (int i = 0; i < cpus; i++) {
		ret->allowed += per_cpu[i].allowed;
		ret->denied += per_cpu[i].denied;
		ret->dropped += per_cpu[i].dropped;
	}
	return 0;
}

int net_filter__rule_counts(const struct net_filter *f, uint32_t i, uint64_t *ret_evaluated, uint64_t *ret_matched)
{
	int cpus = libbpf_num_possible_cpus();
	_cleanup_(free) struct st_net_hits *per_cpu = NULL;

	*ret_evaluated = *ret_matched = 0;
	if (cpus < 1)
		return cpus;
	per_cpu = calloc((size_t)cpus, sizeof(*per_cpu));
	if (!per_cpu)
		return -ENOMEM;
	if (bpf_map_lookup_elem(bpf_map__fd(f->skel->maps.st_net_hits), &i, per_cpu))
		return -errno;
	for (int c = 0; c < cpus; c++) {
		*ret_evaluated += per_cpu[c].evaluated;
		*ret_matched += per_cpu[c].matched;
	}
	return 0;
}

void net_filter__free(struct net_filter *f)
{
	if (!f)
		return;
	for (unsigned int i = 0; i < f->n_links; i++)
		bpf_link__destroy(f->links[i]);
	network_bpf__destroy(f->skel);
	free(f);
}
