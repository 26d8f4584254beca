/* SPDX-License-Identifier: Apache-2.0 */
#include "answers_load.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "cgroup.h"
#include "libbpf_print.h"
#include "own_maps.h"
#include "sandbox/network_rule.h"

#include "answer.skel.h"

_Static_assert(ANSWERS_NAME == NET_WIRE_NAME && ANSWERS_MAX_NAMES == NET_MAX_NAMES, "one limit");

#define MAX_LINKS 2
#define CONF_MAX 65536

struct answers {
	struct answer_bpf *skel;
	struct bpf_link *links[MAX_LINKS];
	unsigned int n_links;
	struct in6_addr resolvers[ANSWERS_RESOLVERS];
	size_t n_resolvers;
};

/* That which the host's programs read, and, where that names a cache of systemd's, whom the cache asks. */
static void read_resolvers(struct answers *a)
{
	static const char *const files[] = { "/etc/resolv.conf", "/run/systemd/resolve/resolv.conf" };
	_cleanup_(free) char *text = malloc(CONF_MAX);

	for (size_t i = 0; text && i < ARRAY_SIZE(files); i++) {
		_cleanup_(close) int fd = open(files[i], O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, text, CONF_MAX - 1);

		if (n <= 0)
			continue;
		text[n] = 0;
		a->n_resolvers = net_resolvers__read(text, a->resolvers, a->n_resolvers, ARRAY_SIZE(a->resolvers));
	}
}

static int fill_resolvers(struct answers *a)
{
	uint8_t one = 1;

	for (size_t i = 0; i < a->n_resolvers; i++)
		if (bpf_map_update_elem(bpf_map__fd(a->skel->maps.st_answer_resolvers), &a->resolvers[i], &one, BPF_ANY))
			return log_errno(-errno, "write the resolvers that are believed");
	return 0;
}

static int fill_names(struct answers *a, const char *const *names, size_t n, uint32_t gen)
{
	struct answer_name_key key = { .gen = gen };

	for (uint32_t i = 0; i < n; i++)
		if (net_name__wire(names[i], key.name) &&
		    bpf_map_update_elem(bpf_map__fd(a->skel->maps.st_answer_names), &key, &i, BPF_ANY))
			return log_errno(-errno, "write the name %s", names[i]);
	return 0;
}

static int add_reserved(struct answers *a, const struct in6_addr *addr, uint32_t prefix)
{
	struct answer_net_key key = { .prefixlen = prefix };
	uint8_t one = 1;

	memcpy(key.addr, addr, sizeof(key.addr));
	return bpf_map_update_elem(bpf_map__fd(a->skel->maps.st_answer_reserved), &key, &one, BPF_ANY) ?
	       log_errno(-errno, "write the addresses that no name is given") : 0;
}

/* An address that this host gets later is not among them. */
static int fill_reserved(struct answers *a)
{
	struct ifaddrs *own = NULL;
	struct in6_addr addr;
	uint8_t prefix;
	int err = 0;

	for (size_t i = 0; !err && net_addr__reserved_network(i, &addr, &prefix); i++)
		err = add_reserved(a, &addr, prefix);
	if (!err && getifaddrs(&own))
		return log_errno(-errno, "list this host's addresses");
	for (const struct ifaddrs *i = own; i && !err; i = i->ifa_next) {
		if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET)
			net_addr__from_v4(&addr, &((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr);
		else if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET6)
			addr = ((struct sockaddr_in6 *)(void *)i->ifa_addr)->sin6_addr;
		else
			continue;
		err = add_reserved(a, &addr, 128);
	}
	if (own)
		freeifaddrs(own);
	return err;
}

/* On everything: what asks for the one who is traced, a cache of the host's, is in no cgroup of his. */
static int attach(struct answers *a)
{
	struct cgroup_place pl;
	struct bpf_program *prog;
	_cleanup_(close) int root = cgroup__own(NULL, &pl) ? -1 : open(pl.mnt, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return log_err(-ENOENT, "addresses of later DNS answers need a cgroup v2");
	bpf_object__for_each_program(prog, a->skel->obj) {
		struct bpf_link *link = bpf_program__attach_cgroup(prog, root);

		if (!link)
			return log_errno(-errno, "attach the programs that read DNS answers to %s", pl.mnt);
		a->links[a->n_links++] = link;
	}
	return 0;
}

static int load(struct answers *a, const struct answers_target *t)
{
	struct stat netns;
	int err;

	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	libbpf_set_print(libbpf__print);
	a->skel = answer_bpf__open();
	if (!a->skel || stat("/proc/self/ns/net", &netns))
		return log_errno(-errno, "open the programs that read DNS answers");
	a->skel->rodata->st_netns = (uint32_t)netns.st_ino;
	/* who judges has rows to it of its own; here it is not looked at */
	err = bpf_map__reuse_fd(a->skel->maps.st_answers, t->map);
	err = err ?: bpf_map__set_max_entries(a->skel->maps.st_answer_hosts, 1);
	err = err ?: answer_bpf__load(a->skel);
	if (err)
		return log_errno(err, "the kernel does not accept the programs that read DNS answers");
	return t->own_maps < 0 ? 0 : own_maps__tell(t->own_maps, a->skel->obj, NULL, 0);
}

int answers__start(const char *const *names, size_t n, const struct answers_target *t, struct answers **ret)
{
	struct answers *a = calloc(1, sizeof(*a));
	int err;

	*ret = NULL;
	if (!a)
		return log_errno(-ENOMEM, "read DNS answers");
	read_resolvers(a);
	if (!a->n_resolvers) {
		answers__free(a);
		return 0;
	}
	err = load(a, t);
	err = err ?: fill_resolvers(a);
	err = err ?: fill_reserved(a);
	err = err ?: fill_names(a, names, n, t->gen);
	err = err ?: attach(a);
	if (err)
		answers__free(a);
	else
		*ret = a;
	return err;
}

const struct in6_addr *answers__resolver(const struct answers *a, size_t i)
{
	return i < a->n_resolvers ? &a->resolvers[i] : NULL;
}

void answers__add(struct answer_counts *to, const struct answer_counts *more)
{
	to->taken += more->taken;
	to->added += more->added;
	to->reserved += more->reserved;
	to->unasked += more->unasked;
	to->cut += more->cut;
	to->full += more->full;
}

int answers__counts(const struct answers *a, struct answer_counts *ret)
{
	int cpus = libbpf_num_possible_cpus();
	_cleanup_(free) struct answer_counts *v = cpus > 0 ? calloc((size_t)cpus, sizeof(*v)) : NULL;
	uint32_t zero = 0;

	*ret = (struct answer_counts){};
	if (!v)
		return cpus < 0 ? cpus : -ENOMEM;
	if (bpf_map_lookup_elem(bpf_map__fd(a->skel->maps.st_answer_counts), &zero, v))
		return -errno;
	for (int i = 0; i < cpus; i++)
		answers__add(ret, &v[i]);
	return 0;
}

void answers__free(struct answers *a)
{
	if (!a)
		return;
	for (unsigned int i = 0; i < a->n_links; i++)
		bpf_link__destroy(a->links[i]);
	answer_bpf__destroy(a->skel);
	free(a);
}
