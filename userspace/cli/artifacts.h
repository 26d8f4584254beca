/* SPDX-License-Identifier: Apache-2.0 */
/* --artifacts DIR and --quota: what is checked before a run is staged, and what it leaves behind for inspection. */
#ifndef SANDTRACE_ARTIFACTS_H
#define SANDTRACE_ARTIFACTS_H

#include "contain.h"
#include "sandbox/workspace.h"

struct artifacts {
	int dir_fd;		/* -1: none are wanted */
	char trace[4096];	/* DIR/trace.jsonl */
	struct workspace_report workspace;
	bool counted;
};

/* Opens or makes DIR (0700), which the command must not see. 0 or -errno, explained. */
int artifacts__open(struct artifacts *a, const char *dir);
/* "files=2000,file=2M,total=50M,command=4096", "default". 0 or -EINVAL, explained. */
int artifacts__parse_quota(const char *spec, struct workspace_quota *ret);
/*
 * Holds the command and every directory that it may change against QUOTA, before anything is made of them. 0, or -EDQUOT
 * with the code and the reason on stderr.
 */
int artifacts__check(struct artifacts *a, const struct contain *c, char *const argv[], const struct workspace_quota *quota);
/* Writes DIR/manifest.json. 0 or -errno, explained. */
int artifacts__write(struct artifacts *a, const struct contain *c, const struct run_info *info, const struct run_result *res);
void artifacts__close(struct artifacts *a);

#endif
