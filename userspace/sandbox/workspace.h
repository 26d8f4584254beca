/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks before anything is started, for `run` and later for the service: quotas of what is to be staged, rules for
 * paths that come from elsewhere, the length of a command, and shell patterns that deserve a refusal with a reason. The
 * patterns are advice, never the defence: that is the sandbox.
 */
#ifndef SANDTRACE_WORKSPACE_H
#define SANDTRACE_WORKSPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct workspace_quota {
	uint64_t files, file_bytes, total_bytes, command_bytes; /* 0: no limit */
};
extern const struct workspace_quota workspace_default_quota; /* 2,000 files, 2 MiB, 50 MiB, 4,096 */

struct workspace_report {
	uint64_t files, dirs, links, others, total_bytes, largest;
	const char *code;	/* NULL: fine; "file_count", "file_size", "total_bytes", "command_length", "path", ... */
	char text[512];		/* why, with the path or number */
};

/* Counts DIR without following links; stops at the first excess. 0, -EDQUOT with *RET filled, or -errno. */
int workspace__check_tree(const char *dir, const struct workspace_quota *q, struct workspace_report *ret);
/* Empty, absolute, NUL inside (LEN), "..", control characters. 0 or -EINVAL with *RET filled. */
int workspace__check_path(const char *path, size_t len, struct workspace_report *ret);
/* 0, -EINVAL (no command), -EDQUOT (over-long), with *RET filled. */
int workspace__check_command(char *const argv[], const struct workspace_quota *q, struct workspace_report *ret);

struct command_advice {
	const char *code;	/* "tunnel", "remote_shell", "nested", "destructive"; NULL: nothing found */
	const char *reason;
	char match[128];	/* the part that matched */
};
/* Looks at argv, and into the script of `sh -c`. Pure. */
struct command_advice workspace__advise(char *const argv[]);

#endif
