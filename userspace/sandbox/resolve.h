/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy against this machine. Runs on the host, before the sandbox exists: every pattern is expanded over what there
 * is, every path opened component by component, and the inode that was found is written down, to be found again by
 * resolve__reopen when it is mounted. Links are followed only where no run of an earlier sandbox can have planted them.
 */
#ifndef SANDTRACE_RESOLVE_H
#define SANDTRACE_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/grants.h"
#include "policy/live.h"

#define COMMAND_FILES_MAX 16

/* A file that the kernel or `env` opens on the way from the command's name to the program that runs. */
struct command_file {
	char *path;		/* absolute, no links */
	uint64_t dev, ino;
	char *link;		/* a link that was passed and that may have been planted; NULL: none */
};

struct resolved_command {
	struct command_file v[COMMAND_FILES_MAX];
	unsigned int n;
	unsigned int final;	/* index of the program that runs in the end: not the script, not `env`, not ld.so */
	struct grant_link *links; /* of the system, that were passed */
	unsigned int n_links;
};

/*
 * The files of PATH (as launch__resolve found it): scripts and their interpreters, what `env` finds in SEARCH (the
 * command's PATH; NULL: the default) included, and the dynamic loaders. 0 or -errno, explained on stderr.
 */
int resolve__command(const char *path, const char *search, struct resolved_command *ret);
void resolve__command_done(struct resolved_command *c);

/* What became of one rule, for `explain`. */
struct resolve_report {
	uint32_t paths;		/* that it grants or denies here */
	bool missing;		/* nothing of it exists here */
	bool own;		/* is served by the sandbox's own: /tmp, /dev/null, /proc */
	char problem[448];	/* not empty: the run would stop here */
	char hint[256];
};

struct resolve_opts {
	const char *home;	/* where the private home is made; NULL: none */
	const struct resolved_command *command; /* NULL: not known yet (`explain`) */
	struct resolve_report *reports; /* NULL, or one for each rule: problems are then noted there, and it goes on */
};

/* 0 or -errno, explained on stderr with the rule. *RET is to be freed with grants__done, even after an error. */
int resolve__policy(const struct policy *p, const struct resolve_opts *o, struct grants *ret);

/*
 * The paths that a rule names now, for what runs already (policy/live.h): not only those within something granted, for there
 * nothing is granted. To what allow_exec lists come a script's interpreters. RESOLVE_LIVE is the CTX of a live_expand_fn.
 */
struct resolve_live;
struct resolve_live *resolve__live_new(const struct policy *p); /* NULL: no memory, said. P is borrowed */
void resolve__live_free(struct resolve_live *l);
/* The FILE of a live_world. */
int resolve__live_file(void *resolve_live, const char *path, char ret[4096]);
int resolve__live_expand(void *resolve_live, const struct policy_rule *rule, live_add_fn add, void *to, char *ret_why, size_t size);

/*
 * Opens (O_PATH) what the grant was made of, by its path and through no link at all. -ESTALE: something else is
 * there now. Async-signal-safe: called by the child that builds the sandbox.
 */
int resolve__reopen(const struct grant *g, int *ret_fd);

#endif
