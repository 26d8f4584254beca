/* SPDX-License-Identifier: Apache-2.0 */
/* How resolve.c reads the file system: one path to its inode, one pattern to the paths that match. Bounded. */
#ifndef SANDTRACE_RESOLVE_WALK_H
#define SANDTRACE_RESOLVE_WALK_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "policy/grants.h"

#define WALK_MATCHES 4096
#define WALK_ENTRIES 300000

enum follow {
	FOLLOW_SYSTEM,	/* only links that nobody who ran in a sandbox can have planted */
	FOLLOW_ALL,
};

/* Paths below which a sandbox may write: a link there may have been planted by an earlier run. */
struct writable {
	char **v;
	size_t n;
};

struct found {
	char path[PATH_MAX];	/* absolute, no links; after -ENOENT: as far as it is known */
	uint64_t dev, ino;
	mode_t mode;
	char link[PATH_MAX];	/* the first link that may have been planted; "": none was met */
	char target[PATH_MAX];	/* what it says */
	struct grant_link *links; /* that were followed and are the system's */
	size_t n_links;
};

/*
 * 0; -ENOENT (ENOTDIR too); -ELOOP: with FOLLOW_SYSTEM, f->link must not be followed, or there are too many; or another
 * -errno. f->links is filled even then. W may be NULL.
 */
int walk__path(const char *path, enum follow follow, const struct writable *w, struct found *f);
void walk__done(struct found *f);

/* Around many walk__path: directories met stay open in between. May be nested. Not for several threads. */
void walk__begin(void);
void walk__end(void);

struct walk {
	/* to deny: wildcards match names that begin with a dot too, and links between them are followed */
	bool hidden;
	/* is anything at or below this directory of interest? */
	bool (*enter)(void *ctx, const char *dir);
	int (*match)(void *ctx, const char *path);
	void *ctx;
	uint32_t matches, entries; /* so far: may be kept over several patterns */
	char where[PATH_MAX];	/* of an error */
};

/*
 * Calls w->match for whatever matches PATTERN, following no link but those in its part without wildcards. 0; -E2BIG: a
 * bound was reached; -ESTALE: changes under our hands; -ELOOP: a link; or -errno of w->where or of w->match.
 */
int walk__pattern(const char *pattern, struct walk *w);

#endif
