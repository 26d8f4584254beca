/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy resolved against this machine: every pattern expanded, every link followed, every path an existing inode.
 * The sandbox mounts and Landlock rules are made from exactly this, and so is every answer of `why`, `explain` and
 * of a denial: grants__path() is the one place that decides. Filled by sandbox/resolve.c; the rest is pure.
 */
#ifndef SANDTRACE_GRANTS_H
#define SANDTRACE_GRANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "policy.h"

#define ACCESS_READ 1
#define ACCESS_WRITE 2
#define ACCESS_EXEC 4

enum grant_kind {
	GRANT_HOST,	/* a host file or tree, mounted at its own path */
	GRANT_PRIVATE,	/* the sandbox's own: /tmp, /dev, /proc, the home directory, synthetic files */
	GRANT_MASK,	/* deny: covered by an empty file or directory of mode 0: EACCES for it and for what is below */
};

struct grant {
	char *path;	  /* absolute, no links, no trailing slash; the same inside and outside */
	enum grant_kind kind;
	uint8_t access;	  /* ACCESS_*; of a mask: 0 */
	bool dir;
	bool exec_mount;  /* files below may be mapped executable: false makes the mount noexec */
	uint64_t dev, ino; /* of GRANT_HOST and GRANT_MASK, to find the same file again */
	const struct policy_rule *rule; /* that caused it; NULL: part of every sandbox */
};

/* A symbolic link of the host that is made again inside, so that paths written through it work: /lib -> usr/lib. */
struct grant_link {
	char *path;
	char *target;
};

struct grants {
	const struct policy *policy;
	struct grant *v;	/* sorted by path, so that a parent stands before what is below it */
	size_t n;
	struct grant_link *links;
	size_t n_links;
	const struct policy_rule **missing; /* rules of files whose path does not exist here: they grant nothing */
	size_t n_missing;
	enum exec_mode exec;
	char *home;		/* where the private home is; NULL: none */
};

enum layer {
	LAYER_NONE,		/* allowed; or refused by the system as it would be without a sandbox */
	LAYER_USER_NS, LAYER_MOUNT, LAYER_PID_NS, LAYER_NETWORK, LAYER_IPC_NS, LAYER_UTS_NS, LAYER_CGROUP_NS,
	LAYER_CAPABILITIES, LAYER_NO_NEW_PRIVS, LAYER_RLIMITS, LAYER_LANDLOCK, LAYER_SECCOMP, LAYER_CGROUP, LAYER_EXEC,
	LAYER_LSM,		/* the security profile's verdicts: part of no sandbox, but of what runs already */
	LAYER_KILL,		/* it happened, and who did it was killed: where there is no such layer */
	LAYER_MAX
};
/* "mount", "landlock", ...: wire names and what --allow-degraded takes. */
const char *layer__name(enum layer l);

struct verdict_path {
	bool allowed;
	bool hidden;		/* not there at all inside: ENOENT instead of EACCES */
	enum layer layer;	/* that refuses, or that would be the first to */
	const struct grant *grant; /* the nearest that covers the path; NULL: nothing does */
};

/* The grant of PATH itself, or (SELF false: only) of the nearest directory above it; NULL: nothing covers it. */
const struct grant *grants__nearest(const struct grants *g, const char *path, bool self);
/* Is PATH A the path B, or above it? "/" is above everything. */
bool grants__covers(const char *a, const char *b);
/* Is PATH a directory that exists inside only because something below it is granted? It can be listed, not written. */
bool grants__skeleton(const struct grants *g, const char *path);

/*
 * The rule that denies PATH, which needs not be granted at all: allowing it as well would change nothing. NULL: none.
 */
const struct policy_rule *grants__deny_rule(const struct grants *g, const char *path);
/* Does NAME match? '*', '?' and '[...]', no '/'. HIDDEN: wildcards match a dot at the beginning too. */
bool grants__glob(const char *pattern, const char *name, bool hidden);

/*
 * May PATH (absolute, lexically clean, links already followed as far as known) be used for ACCESS (ACCESS_* bits)?
 * For creation and deletion ask ACCESS_WRITE of the path itself.
 */
struct verdict_path grants__path(const struct grants *g, const char *path, uint8_t access);
/* Follows the links that the sandbox itself has (g->links) in PATH; "." and ".." taken lexically. 0 or -ENAMETOOLONG (links in a ring too). */
int grants__canonical(const struct grants *g, const char *path, char *ret_path, size_t size);

/* Adds a mask over the file PATH, which no rule asked for. 0, -EEXIST: a grant names that very file, or -ENOMEM. */
int grants__mask_file(struct grants *g, const char *path);

void grants__done(struct grants *g);

#endif
