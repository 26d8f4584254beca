/* SPDX-License-Identifier: Apache-2.0 */
/* Between learn.c, which reads a trace, and learn_print.c, which makes a policy of it. */
#ifndef SANDTRACE_LEARN_INTERNAL_H
#define SANDTRACE_LEARN_INTERNAL_H

#include "learn.h"

#define LEARN_PATH_MAX 4096

#define USED_READ 1	 /* opened, or looked at and no directory */
#define USED_LOOKED 2	 /* only looked at */
#define USED_WRITE 4	 /* changed */
#define USED_NAME 8	 /* made, removed or renamed: its directory must be writable */
#define USED_EXEC 16

enum item_kind { ITEM_PATH, ITEM_NET, ITEM_CALL, ITEM_CWD, ITEM_FD, ITEM_PARENT };

struct item {
	enum item_kind kind;
	char *key;
	char *value;		/* ITEM_CWD, ITEM_FD, ITEM_PARENT */
	uint32_t used;		/* USED_* */
	uint64_t count, denied;
	bool liftable;		/* ITEM_CALL */
	char who[17];		/* first */
};

struct learn {
	struct learn_opts o;
	struct item *v;
	uint32_t n, room;
	uint32_t *slots;	/* index + 1 */
	uint64_t dropped, unresolved, records;
	uint64_t duration_ms;
	bool header, summary, contained;
	char command[512];
};

/* NULL: no memory, or too many (counted). */
struct item *learn__item(struct learn *l, enum item_kind kind, const char *key, bool make);
/* Lexically clean, absolute: BASE/PATH. False: too long. */
bool learn__join(const char *base, const char *path, char *ret);

#endif
