/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a command under the system call filter and nothing else, or measures the filter:
 *
 *	launch [-s] [-n] [-x] [-D CALL] [-A CALL] -- COMMAND [ARG...]
 *	launch [-s] [-n] [-x] -b
 *
 * -s profile strict; -n with network; -x execution restricted; -D syscalls.deny, -A syscalls.allow; -b measure: one line
 * "insns=N build_us=N install_us=N getppid_bare_ns=N getppid_ns=N socket_bare_ns=N socket_ns=N", the least of several.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "sandbox/seccomp.h"

#define LOOPS 100000

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* Nanoseconds of one call, the least of five rounds. ioctl runs through a conditional block, with an fd that is none. */
static double cost(long nr)
{
	double best = 1e9;

	for (int round = 0; round < 5; round++) {
		uint64_t t = now_ns();

		for (int i = 0; i < LOOPS; i++)
			syscall(nr, -1, 0, 0);
		best = MIN(best, (double)(now_ns() - t) / LOOPS);
	}
	return best;
}

static int measure(const struct seccomp_opts *o)
{
	double getppid_bare = cost(SYS_getppid), ioctl_bare = cost(SYS_ioctl), build = 1e9, install;
	struct seccomp_filter f = { 0 };
	uint64_t t;

	for (int i = 0; i < 20; i++) {
		seccomp__done(&f);
		t = now_ns();
		if (seccomp__build(o, &f))
			return 1;
		build = MIN(build, (double)(now_ns() - t) / 1000);
	}
	t = now_ns();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || seccomp__install(&f))
		return 1;
	install = (double)(now_ns() - t) / 1000;
	printf("insns=%u build_us=%.0f install_us=%.0f getppid_bare_ns=%.0f getppid_ns=%.0f ioctl_bare_ns=%.0f ioctl_ns=%.0f\n",
	       f.n, build, install, getppid_bare, cost(SYS_getppid), ioctl_bare, cost(SYS_ioctl));
	return 0;
}

int main(int argc, char **argv)
{
	struct policy_rule rules[64] = { 0 };
	struct policy p = { .rules = rules };
	struct seccomp_opts o = { .policy = &p };
	struct seccomp_filter f;
	bool bench = false;
	int opt, err;

	while ((opt = getopt(argc, argv, "+snxbD:A:")) != -1) {
		switch (opt) {
		case 's':
			p.seccomp = SECCOMP_PROFILE_STRICT;
			break;
		case 'n':
			o.net = true;
			break;
		case 'x':
			o.restrict_exec = true;
			break;
		case 'b':
			bench = true;
			break;
		case 'D':
		case 'A':
			if (p.n_rules == ARRAY_SIZE(rules))
				return 125;
			rules[p.n_rules++] = (struct policy_rule){
				.kind = opt == 'D' ? RULE_SYSCALL_DENY : RULE_SYSCALL_ALLOW, .text = optarg, .value = optarg,
			};
			break;
		default:
			return 125;
		}
	}
	if (bench)
		return measure(&o);
	if (optind == argc || seccomp__build(&o, &f))
		return 125;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return 125;
	err = seccomp__install(&f);
	if (err) {
		fprintf(stderr, "install: %s\n", strerror(-err));
		return 125;
	}
	execvp(argv[optind], argv + optind);
	perror(argv[optind]);
	return 127;
}
