/* SPDX-License-Identifier: Apache-2.0 */
/* Between live.c and live_net.c. */
#ifndef SANDTRACE_POLICY_LIVE_INTERNAL_H
#define SANDTRACE_POLICY_LIVE_INTERNAL_H

#include "live.h"

/*
 * live_when.c: the condition of RULE as a bit; 0: none. 0; -ENOENT: *RET_WHY says what it names that is not there, and the condition
 * holds without that; -ENOSPC with E filled; -ENOMEM.
 */
int live_when__number(struct live_policy *l, const struct live_world *world, const struct policy_rule *rule, uint8_t *ret,
		      const char **ret_why, struct policy_error *e);
int live_when__rows(const struct live_policy *l, const uint64_t *inodes, struct live_rows *r);
/* live_rows.c: of what ROW says already, nothing twice. False: no room. */
bool live_row__add(struct guard_row *row, const struct guard_entry *e);
/* -ENOSPC: there is no room for that rule. */
int live_row__full(const struct live_policy *l, unsigned int rule, struct policy_error *e);
/* live_names.c: NULL, or why it cannot be. */
const char *live_name__set(struct live_name *n, uint8_t way, const char *text, size_t len);

/* The rules of PLAN, of which none is without a number in L, as l->nets. 0, -ENOMEM or -ENOSPC with RET_ERROR filled. */
int live_net__flatten(struct live_policy *l, const struct net_plan *plan, struct policy_error *ret_error);
/* The names of PLAN as l->hosts. The same. */
int live_net__hosts(struct live_policy *l, const struct net_plan *plan, struct policy_error *ret_error);
/* The number of RULE in L; 0: it has none. */
uint16_t live_policy__number(const struct live_policy *l, const struct policy_rule *rule);
/* -ENOSPC: "PLACE: KEY "TEXT": " and the rest into E. */
int live_policy__full(struct policy_error *e, const struct policy_rule *rule, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
