/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a command under network rules and nothing else of the sandbox:
 *
 *   net_run [--resolve-ms N] [--plan] [--uid N] [--not-v2] [--counts FILE] [RULE...] -- COMMAND [ARG...]
 *
 * --plan prints the plan instead. --uid N: attach as that user; --not-v2: to a directory that is no cgroup. FILE gets "allowed denied dropped" at the end. Exit status: the command's; 124 the
 * plan was refused, 125 the filter could not be attached.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "sandbox/network.h"
#include "sandbox/network_rule.h"

static char cgroup[512];
static uid_t uid;
static bool not_v2;

/* The real one belongs to the policy; here every rule was typed. */
const char *policy__where(const struct policy_source *src, char *buf, size_t size)
{
	snprintf(buf, size, "%s", src->name);
	return buf;
}

/* Below this process's own cgroup in the v2 hierarchy. */
static int make_cgroup(void)
{
	static const char *const mounts[] = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };
	_cleanup_(fclose) FILE *f = fopen("/proc/self/cgroup", "re");
	char line[256], file[600];

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "0::/", 4))
			continue;
		line[strcspn(line, "\n")] = 0;
		for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
			snprintf(file, sizeof(file), "%s%s/cgroup.procs", mounts[i], line + 3);
			if (access(file, W_OK))
				continue;
			snprintf(cgroup, sizeof(cgroup), "%s%s/net_run-%d", mounts[i], line + 3, getpid());
			if (mkdir(cgroup, 0755))
				break;
			return open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		}
	}
	perror("net_run: make a cgroup");
	return -1;
}

static int print_plan(const struct net_plan *n)
{
	char addr[INET6_ADDRSTRLEN];

	printf("%s\n", n->all ? "all" : n->isolated ? "isolated" : "filtered");
	for (size_t i = 0; i < n->n; i++)
		printf("%s/%u %u-%u %s %s\n", net_addr__print(&n->v[i].addr, addr), n->v[i].prefix, n->v[i].port_first,
		       n->v[i].port_last, n->v[i].rule->text, n->v[i].name ? n->v[i].name : "-");
	printf("--\n%s", n->hosts);
	return 0;
}

static int run(char **argv)
{
	char file[600];
	int status;
	pid_t pid = fork();

	if (!pid) {
		snprintf(file, sizeof(file), "%s/cgroup.procs", cgroup);
		if (write_file_str(file, "0")) {
			perror("net_run: join the cgroup");
			_exit(125);
		}
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run_filtered(const struct net_plan *n, const char *counts, char **argv)
{
	struct net_filter_counts c = { 0 };
	struct net_filter *f = NULL;
	char file[600];
	int fd = make_cgroup(), rc = 125;

	if (fd < 0)
		return rc;
	if (uid && setresuid(-1, uid, -1))
		return 125;
	if (not_v2)
		dup3(open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd, O_CLOEXEC);
	if (n->all || !net_filter__attach(n, fd, &f)) {
		rc = run(argv);
		if (f && net_filter__counts(f, &c))
			rc = 125;
		if (counts) {
			FILE *o = fopen(counts, "we");

			if (o) {
				fprintf(o, "%llu %llu %llu\n", (unsigned long long)c.allowed, (unsigned long long)c.denied,
					(unsigned long long)c.dropped);
				fclose(o);
			}
		}
	}
	net_filter__free(f);
	close(fd);
	if (uid && setresuid(-1, 0, -1))
		return 125;
	snprintf(file, sizeof(file), "%s/cgroup.kill", cgroup);
	write_file_str(file, "1");
	for (int i = 0; i < 1000 && rmdir(cgroup) && errno == EBUSY; i++)
		usleep(1000);
	return rc;
}

int main(int argc, char **argv)
{
	struct policy_rule *rules = calloc((size_t)argc, sizeof(*rules));
	struct policy p = { .rules = rules };
	const char *counts = NULL;
	struct net_plan plan;
	bool only_plan = false;
	int i = 1, rc;

	for (; i < argc && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], "--resolve-ms") && i + 1 < argc)
			network_resolve_ms = (unsigned int)atoi(argv[++i]);
		else if (!strcmp(argv[i], "--uid") && i + 1 < argc)
			uid = (uid_t)atoi(argv[++i]);
		else if (!strcmp(argv[i], "--not-v2"))
			not_v2 = true;
		else if (!strcmp(argv[i], "--counts") && i + 1 < argc)
			counts = argv[++i];
		else if (!strcmp(argv[i], "--plan"))
			only_plan = true;
		else if (!strcmp(argv[i], "--all"))
			p.net_all = true;
		else
			rules[p.n_rules++] = (struct policy_rule){ .kind = RULE_NET, .text = argv[i], .value = argv[i],
								   .src = { .name = "--net" } };
	}
	if (network__plan(&p, &plan)) {
		free(rules);
		return 124;
	}
	rc = only_plan ? print_plan(&plan) : i + 1 < argc ? run_filtered(&plan, counts, argv + i + 1) : 125;
	network__plan_done(&plan);
	free(rules);
	return rc;
}
