/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the evaluated policy says, in one go, from the same objects that `run` and `policy why` are made of:
 *
 *   answers POLICY COMMAND   stdin: questions, each ended by NUL: a path, "call NAME" or "net ADDRESS PORT"
 *
 * "ok", or "error -N" when the policy cannot be enforced. Then a line for each question, at once. A path: may it be read,
 * written, executed (0, 1), is it hidden (from reading it), of the nearest grant the kind (h, p, m, - for none), access,
 * exec_mount, is the path that grant's own, and is it a directory of the skeleton. A call: the verdict's number. An
 * address: 0 or 1.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "event/syscalls.h"
#include "sandbox/network.h"
#include "sandbox/resolve.h"
#include "sandbox/seccomp.h"

static int read_file(void *ctx, const char *file, size_t max, char **ret_text, size_t *ret_len)
{
	FILE *f = fopen(file, "re");

	(void)ctx;
	*ret_text = f ? calloc(1, max + 1) : NULL;
	if (!*ret_text)
		return f ? -ENOMEM : -errno;
	*ret_len = fread(*ret_text, 1, max, f);
	fclose(f);
	return 0;
}

static void answer_path(const struct grants *g, const char *path)
{
	struct verdict_path r = grants__path(g, path, ACCESS_READ), w = grants__path(g, path, ACCESS_READ | ACCESS_WRITE),
			    x = grants__path(g, path, ACCESS_READ | ACCESS_EXEC);
	const struct grant *near = r.grant;

	printf("%d %d %d %d %c %d %d %d %d\n", r.allowed, w.allowed, x.allowed, r.hidden, near ? "hpm"[near->kind] : '-',
	       near ? near->access : 0, near ? near->exec_mount : 0, near && !strcmp(near->path, path), grants__skeleton(g, path));
}

static void answer_net(const struct net_plan *plan, char *what)
{
	char *space = strchr(what, ' ');
	struct in6_addr addr = {};
	struct in_addr v4;

	if (!space)
		exit(96);
	*space = 0;
	if (inet_pton(AF_INET, what, &v4) == 1) {
		addr.s6_addr[10] = addr.s6_addr[11] = 0xff;
		memcpy(&addr.s6_addr[12], &v4, 4);
	} else if (inet_pton(AF_INET6, what, &addr) != 1) {
		exit(96);
	}
	printf("%d\n", plan->all || (!plan->isolated && network__match(plan, &addr, (uint16_t)atoi(space + 1))));
}

int main(int argc, char **argv)
{
	struct resolve_opts ro = { .home = getenv("HOME") };
	struct policy_env env = { .home = ro.home, .cwd = "/", .read_file = read_file };
	struct resolved_command command;
	struct policy_error error = {};
	char *line = NULL;
	struct policy *p = policy__new();
	struct grants g;
	struct net_plan plan;
	struct seccomp_opts so = {};
	size_t size = 0;
	int err;

	if (argc != 3 || !p)
		return 95;
	if (!ro.home || !ro.home[1] || access(ro.home, F_OK)) /* as run: no place for an own one */
		env.home = ro.home = NULL;
	syscalls__init();
	ro.command = &command;
	err = policy__load(p, argv[1], &env, &error) ?: policy__finish(p, &error);
	if (*error.text)
		fprintf(stderr, "%s\n", error.text);
	if (!err)
		err = resolve__command(argv[2], NULL, &command);
	if (!err)
		err = resolve__policy(p, &ro, &g);
	if (!err)
		err = network__plan(p, &plan);
	if (err) {
		printf("error %d\n", err);
		return 0;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ok");
	so = (struct seccomp_opts){ .policy = p, .restrict_exec = p->exec != EXEC_ANY, .net = !plan.isolated };
	while (getdelim(&line, &size, 0, stdin) > 0) {
		if (*line == '/')
			answer_path(&g, line);
		else if (!strncmp(line, "call ", 5))
			printf("%d\n", seccomp__decide(&so, line + 5).verdict);
		else if (!strncmp(line, "net ", 4))
			answer_net(&plan, line + 4);
	}
	free(line);
	network__plan_done(&plan);
	resolve__command_done(&command);
	grants__done(&g);
	policy__free(p);
	return fflush(stdout) ? 94 : 0;
}
