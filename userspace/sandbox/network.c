/* SPDX-License-Identifier: Apache-2.0 */
#include "network.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "base/log.h"
#include "base/util.h"
#include "network_rule.h"
#include "network_rules.h"

#define WORKERS 8 /* names that are resolved at the same time */

unsigned int network_resolve_ms = 10000;

/* What a worker says about one name; not more than PIPE_BUF, so that it is written at once. */
struct answer {
	uint32_t index;
	int32_t gai;		/* EAI_*, 0: resolved */
	int32_t err;		/* errno of EAI_SYSTEM */
	uint32_t n;
	struct in6_addr addr[NET_MAX_ADDRS];
};
_Static_assert(sizeof(struct answer) <= 4096, "an answer is written at once");

struct wanted {
	char *name;		/* of plan->names */
	const struct policy_rule *rule; /* the first that names it, for messages */
	bool answered;
	struct answer a;
};

struct builder {
	struct net_plan *plan;
	size_t room;
	struct wanted *names;	/* as many as plan->names, in the same order */
	struct ifaddrs *own;
};

/* A rule as it may be shown on a terminal. */
static const char *shown(const struct policy_rule *r, char buf[256])
{
	char where[128];

	policy__where(&r->src, where, sizeof(where));
	if (r->src.line)
		snprintf(buf, 256, "%s: network rule \"%s\"", where, r->text ? r->text : r->value);
	else
		snprintf(buf, 256, "%s", where); /* an option as it was typed */
	for (char *c = buf; *c; c++)
		if (*c < ' ' || *c >= 0x7f)
			*c = '?';
	return buf;
}

static int add_entry(struct builder *b, const struct policy_rule *rule, const struct net_rule *r, const struct in6_addr *addr,
		     uint8_t prefix, const char *name)
{
	struct net_plan *n = b->plan;
	struct net_entry e = { .addr = *addr, .prefix = prefix, .port_first = r->port_first, .port_last = r->port_last,
			       .rule = rule, .name = name };

	for (size_t i = 0; i < n->n; i++)
		if (!memcmp(&n->v[i].addr, addr, sizeof(*addr)) && n->v[i].prefix == prefix && n->v[i].name == name &&
		    n->v[i].port_first == r->port_first && n->v[i].port_last == r->port_last)
			return 0;
	if (n->n == ST_NET_MAX_RULES) {
		log_err(0, "the network rules stand for more than %d addresses", ST_NET_MAX_RULES);
		log_hint("put neighbours together into networks: 192.0.2.0/24:443");
		return -E2BIG;
	}
	if (n->n == b->room) {
		size_t room = b->room ? b->room * 2 : 16;
		struct net_entry *v = reallocarray(n->v, room, sizeof(*v));

		if (!v)
			return log_errno(-ENOMEM, "keep the network rules");
		n->v = v;
		b->room = room;
	}
	n->v[n->n++] = e;
	return 0;
}

/* ---- names --------------------------------------------------------------------------------------------------- */

static int add_name(struct builder *b, const struct policy_rule *rule, const char *name)
{
	struct net_plan *n = b->plan;
	struct wanted *w;
	char **names;

	for (size_t i = 0; i < n->n_names; i++)
		if (!strcmp(n->names[i], name))
			return 0;
	if (n->n_names == NET_MAX_NAMES)
		return log_err(-E2BIG, "the network rules have more than %d names", NET_MAX_NAMES);
	names = reallocarray(n->names, n->n_names + 1, sizeof(*names));
	if (!names)
		return log_errno(-ENOMEM, "keep the network rules");
	n->names = names;
	w = reallocarray(b->names, n->n_names + 1, sizeof(*w));
	if (!w)
		return log_errno(-ENOMEM, "keep the network rules");
	b->names = w;
	w += n->n_names;
	memset(w, 0, sizeof(*w));
	w->name = strdup(name);
	if (!w->name)
		return log_errno(-ENOMEM, "keep the network rules");
	w->rule = rule;
	names[n->n_names++] = w->name;
	return 0;
}

static void look_up(const char *name, struct answer *a)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM }, *list = NULL;

	a->gai = getaddrinfo(name, NULL, &hints, &list);
	a->err = a->gai == EAI_SYSTEM ? errno : 0;
	for (struct addrinfo *i = list; i && !a->gai; i = i->ai_next) {
		struct in6_addr addr;

		if (i->ai_family == AF_INET)
			net_addr__from_v4(&addr, &((struct sockaddr_in *)(void *)i->ai_addr)->sin_addr);
		else if (i->ai_family == AF_INET6)
			addr = ((struct sockaddr_in6 *)(void *)i->ai_addr)->sin6_addr;
		else
			continue;
		if (a->n == NET_MAX_ADDRS) {
			a->err = E2BIG;
			break;
		}
		a->addr[a->n++] = addr;
	}
	if (list)
		freeaddrinfo(list);
}

/*
 * A process, not a thread: getaddrinfo cannot be interrupted, loads modules that belong to others, and some of them hang. This
 * one can be killed, and takes all of that with it.
 */
static pid_t start_worker(const struct builder *b, size_t first, int fd)
{
	pid_t parent = getpid(), pid = fork();
	struct answer a;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	for (size_t i = first; i < b->plan->n_names; i += WORKERS) {
		memset(&a, 0, sizeof(a));
		a.index = (uint32_t)i;
		look_up(b->names[i].name, &a);
		if (write(fd, &a, sizeof(a)) != (ssize_t)sizeof(a))
			_exit(1);
	}
	_exit(0);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Until all workers are gone, or time is up. Answers missing then are left so. */
static int collect(struct builder *b, int fd)
{
	int64_t end = now_ms() + network_resolve_ms;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct answer a;

	for (;;) {
		int64_t left = end - now_ms();
		int r = left > 0 ? poll(&p, 1, (int)left) : 0;
		ssize_t n;

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r < 0 ? log_errno(-errno, "wait for the resolver") : 0;
		n = read(fd, &a, sizeof(a));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? log_errno(-errno, "read what the resolver says") : 0;
		/* pipes keep each write of up to PIPE_BUF in one piece, so a short one is a broken worker */
		if (n != (ssize_t)sizeof(a) || a.index >= b->plan->n_names || a.n > NET_MAX_ADDRS)
			return log_err(-EPROTO, "the resolver process says something else than addresses");
		b->names[a.index].answered = true;
		b->names[a.index].a = a;
	}
}

static int ask_all(struct builder *b)
{
	pid_t pids[WORKERS];
	int fds[2], n = 0, err = 0;

	if (pipe2(fds, O_CLOEXEC))
		return log_errno(-errno, "make a pipe for the resolver");
	for (; n < WORKERS && (size_t)n < b->plan->n_names; n++) {
		pids[n] = start_worker(b, (size_t)n, fds[1]);
		if (pids[n] < 0) {
			err = log_errno(-errno, "start the resolver");
			break;
		}
	}
	close(fds[1]);
	if (!err)
		err = collect(b, fds[0]);
	close(fds[0]);
	for (int i = 0; i < n; i++) {
		kill(pids[i], SIGKILL);
		while (waitpid(pids[i], NULL, 0) < 0 && errno == EINTR)
			;
	}
	return err;
}

static const char *own_address(const struct builder *b, const struct in6_addr *addr)
{
	struct in6_addr own;

	for (const struct ifaddrs *i = b->own; i; i = i->ifa_next) {
		if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET)
			net_addr__from_v4(&own, &((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr);
		else if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET6)
			own = ((struct sockaddr_in6 *)(void *)i->ifa_addr)->sin6_addr;
		else
			continue;
		if (!memcmp(&own, addr, sizeof(own)))
			return "an address of this host";
	}
	return NULL;
}

static const char *unfit(const struct builder *b, const struct in6_addr *addr)
{
	const char *what = net_addr__reserved(addr);
	struct in6_addr v4;
	struct in_addr in;

	if (!what)
		what = own_address(b, addr);
	if (!what && net_addr__embedded(addr, &in)) {
		net_addr__from_v4(&v4, &in);
		what = own_address(b, &v4);
	}
	return what;
}

static int check_answer(const struct builder *b, const struct wanted *w)
{
	char rule[256], addr[INET6_ADDRSTRLEN];

	if (!w->answered) {
		log_err(0, "%s: no answer about %s within %g s", shown(w->rule, rule), w->name, network_resolve_ms / 1000.0);
		log_hint("check this host's resolver (getent ahosts %s), or write the address instead of the name", w->name);
		return -ETIMEDOUT;
	}
	if (w->a.gai) {
		log_err(0, "%s: cannot resolve %s: %s", shown(w->rule, rule), w->name,
			w->a.gai == EAI_SYSTEM ? strerror(w->a.err) : gai_strerror(w->a.gai));
		log_hint("names are resolved on this host before the start; check the name and the resolver, or write the address instead");
		return -EADDRNOTAVAIL;
	}
	if (w->a.err || !w->a.n) {
		log_err(0, "%s: %s has %s", shown(w->rule, rule), w->name, w->a.n ? "more than 64 addresses" : "no address");
		log_hint("write the addresses that are needed instead of the name");
		return -E2BIG;
	}
	for (uint32_t i = 0; i < w->a.n; i++) {
		const char *what = unfit(b, &w->a.addr[i]);

		if (!what)
			continue;
		net_addr__print(&w->a.addr[i], addr);
		log_err(0, "%s: %s resolves to %s, which is %s", shown(w->rule, rule), w->name, addr, what);
		log_hint("whoever runs a name's DNS decides where it points; when this address is meant, write it: %s%s%s:PORT",
			 strchr(addr, ':') ? "[" : "", addr, strchr(addr, ':') ? "]" : "");
		return -EADDRNOTAVAIL;
	}
	return 0;
}

static int resolve(struct builder *b)
{
	int err;

	if (!b->plan->n_names)
		return 0;
	if (getifaddrs(&b->own))
		return log_errno(-errno, "list this host's addresses");
	err = ask_all(b);
	for (size_t i = 0; i < b->plan->n_names && !err; i++)
		err = check_answer(b, &b->names[i]);
	return err;
}

/* ---- the plan ------------------------------------------------------------------------------------------------ */

static int parse(const struct policy_rule *rule, struct net_rule *r)
{
	struct net_rule_error error;
	char text[256];
	int err = net_rule__parse(rule->value, r, &error);

	if (!err)
		return 0;
	log_err(0, "%s: %s", shown(rule, text), error.text);
	if (*error.hint)
		log_hint("%s", error.hint);
	return err;
}

static int add_rule(struct builder *b, const struct policy_rule *rule)
{
	static const struct in6_addr none;
	struct in6_addr v4;
	struct net_rule r;
	int err = parse(rule, &r);

	if (err)
		return err;
	switch (r.host) {
	case NET_HOST_ADDRESS:
		return add_entry(b, rule, &r, &r.addr, r.prefix, NULL);
	case NET_HOST_ANY:
		net_addr__from_v4(&v4, &none);
		err = add_entry(b, rule, &r, &v4, 96, NULL);
		return err ? err : add_entry(b, rule, &r, &none, 0, NULL);
	case NET_HOST_NAME:
		break;
	}
	for (size_t i = 0; i < b->plan->n_names; i++) {
		const struct wanted *w = &b->names[i];

		for (uint32_t j = 0; j < w->a.n && !err && !strcmp(w->name, r.name); j++)
			err = add_entry(b, rule, &r, &w->a.addr[j], 128, w->name);
	}
	return err;
}

/* First everything is read, then names are asked for, all at once, then entries are made in the order of the rules. */
static int build(struct builder *b, const struct policy *p)
{
	struct net_rule r;
	int err = 0;

	for (size_t i = 0; i < p->n_rules && !err; i++) {
		if (p->rules[i].kind != RULE_NET)
			continue;
		err = parse(&p->rules[i], &r);
		if (!err && r.host == NET_HOST_NAME)
			err = add_name(b, &p->rules[i], r.name);
	}
	if (!err)
		err = resolve(b);
	for (size_t i = 0; i < p->n_rules && !err; i++)
		if (p->rules[i].kind == RULE_NET)
			err = add_rule(b, &p->rules[i]);
	return err;
}

int network__plan(const struct policy *p, struct net_plan *ret)
{
	struct builder b = { .plan = ret };
	int err = 0;

	memset(ret, 0, sizeof(*ret));
	if (p->net_all)
		ret->all = true;
	else
		err = build(&b, p);
	ret->isolated = !ret->all && !ret->n;
	if (b.own)
		freeifaddrs(b.own);
	free(b.names);
	if (!err) {
		ret->hosts = net_hosts__text(ret);
		if (!ret->hosts)
			err = log_errno(-ENOMEM, "write the command's /etc/hosts");
	}
	if (err)
		network__plan_done(ret);
	return err;
}

void network__plan_done(struct net_plan *n)
{
	for (size_t i = 0; i < n->n_names; i++)
		free(n->names[i]);
	free(n->names);
	free(n->v);
	free(n->hosts);
	memset(n, 0, sizeof(*n));
}
