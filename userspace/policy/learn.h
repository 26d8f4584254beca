/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least policy under which a recorded run works. Reads the records of `run -o`, notes what was used and what was
 * refused although it is there, and writes a policy. Credentials are never learnt: they are listed as comments. Bounded,
 * whatever the trace holds. Pure but for the callback.
 */
#ifndef SANDTRACE_LEARN_H
#define SANDTRACE_LEARN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define LEARN_LINE_MAX (4u << 20) /* bytes of one record */
#define LEARN_ITEMS_MAX 65536	  /* distinct paths */

enum learn_type { LEARN_NONE, LEARN_FILE, LEARN_DIR, LEARN_OTHER };

struct learn_opts {
	const char *home;	/* NULL: none */
	/*
	 * What PATH is now. RET_NAME (4096 bytes): the name to grant it by, another one where links must not be followed. RET_BESIDE
	 * (4096 bytes): the directory of the first such link, else "".
	 */
	enum learn_type (*look)(void *ctx, const char *path, char *ret_name, char *ret_beside);
	void *ctx;
};

struct learn;
struct learn *learn__new(const struct learn_opts *o); /* NULL: no memory. O is copied. */
void learn__free(struct learn *l);
/* One line of the trace, without its newline. 0, -EINVAL: no record; -ENOMEM. */
int learn__line(struct learn *l, const char *line, size_t len);
/* Has the trace been seen to begin and to end? */
bool learn__complete(const struct learn *l);
/* Writes the policy. 0 or -ENOMEM. */
int learn__print(struct learn *l, const char *trace, FILE *out);
bool learn__is_secret(const char *path);

#endif
