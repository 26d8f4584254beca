/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/*
 * Prints everything a process inherits, to compare a run under sandtrace with one without: signal
 * mask and dispositions, descriptors and what they are, limits, umask, nice, directory, arguments,
 * environment, groups. With an argument, prints only the number of open descriptors.
 */
#include "live.h"
#include <dirent.h>
#include <sys/prctl.h>
#include <sys/resource.h>

extern char **environ;

static void status_lines(void)
{
	static const char *const keep[] = {
		"SigBlk:", "SigIgn:", "SigCgt:",      "CapInh:",   "CapPrm:", "CapEff:",
		"CapBnd:", "CapAmb:", "NoNewPrivs:",  "Seccomp:",  "Groups:", "Uid:",
		"Gid:",	   "Umask:",  "THP_enabled:", "TracerPid:"
	};
	FILE *f = fopen("/proc/self/status", "re");
	char line[4096];
	size_t i;

	while (f && fgets(line, sizeof(line), f))
		for (i = 0; i < sizeof(keep) / sizeof(keep[0]); i++)
			if (!strncmp(line, keep[i], strlen(keep[i])))
				printf("%s", line);
	if (f)
		fclose(f);
}

static int descriptors(int print)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d))) {
		char path[300], target[4096];
		int fd = atoi(e->d_name);
		ssize_t len;

		if (e->d_name[0] == '.' || fd == dirfd(d))
			continue;
		n++;
		if (!print)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		len = readlink(path, target, sizeof(target) - 1);
		target[len > 0 ? len : 0] = 0;
		printf("fd %d %s flags %x %x\n", fd, target, fcntl(fd, F_GETFL),
		       fcntl(fd, F_GETFD));
	}
	if (d)
		closedir(d);
	return n;
}

int main(int argc, char **argv)
{
	char cwd[4096];
	struct rlimit r;
	int i;

	if (argc > 1) {
		fact("descriptors=%d\n", descriptors(0));
		return 0;
	}
	status_lines();
	printf("descriptors %d\n", descriptors(1));
	for (i = 0; i < RLIM_NLIMITS; i++)
		if (!getrlimit(i, &r))
			printf("rlimit %d %llu %llu\n", i, (unsigned long long)r.rlim_cur,
			       (unsigned long long)r.rlim_max);
	printf("cwd %s\n", getcwd(cwd, sizeof(cwd)));
	printf("nice %d sched %d\n", getpriority(PRIO_PROCESS, 0), sched_getscheduler(0));
	printf("leader %d session %d dumpable %d pdeathsig-free\n", getpgrp() == getpid(),
	       getsid(0) == getpid(), prctl(PR_GET_DUMPABLE));
	printf("keepcaps %d subreaper-free name %s\n", prctl(PR_GET_KEEPCAPS), argv[0]);
	for (i = 0; environ[i]; i++)
		printf("env %s\n", environ[i]);
	return 0;
}
