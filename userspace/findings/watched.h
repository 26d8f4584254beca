/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of bpf/watch.bpf.h: which files are worth a record when they are only read. Made of the patterns of rules.h that
 * are about reading, and of --watch. A row tells of one name, or of all that begin so, in which patterns it may stand where.
 * The kernel's answer is wider than the pattern: four names are compared, and what follows a '*' is not. It is narrower where a
 * name begins with a '*' and nothing else tells it: for those there is a list of names. Pure.
 */
#ifndef SANDTRACE_WATCHED_H
#define SANDTRACE_WATCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"

struct watched {
	struct st_watch_key keys[ST_WATCH_ROWS];
	struct st_watch_row rows[ST_WATCH_ROWS];
	unsigned int n, n_patterns;
	uint64_t any[ST_WATCH_LEVELS][ST_WATCH_WORDS];
};

/*
 * PATTERN as in rules.h, or a name, or a path: for these two, what lies below too. 0; -ENOSPC: no room for more; -EINVAL: it
 * has no name of three characters or more to find it by; -ENAMETOOLONG.
 */
int watched__add(struct watched *w, const char *pattern);
/* Those of rules.h. */
int watched__add_rules(struct watched *w);
/* After the last: each name gets what holds of all that begin as it does. */
void watched__finish(struct watched *w);
/* Does the kernel's look-up say yes? PATH: absolute. For the tests. */
bool watched__match(const struct watched *w, const char *path);

#endif
