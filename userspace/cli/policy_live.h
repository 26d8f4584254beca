/* SPDX-License-Identifier: Apache-2.0 */
/* The part of `policy explain` that tells what `sandtrace attach` would enforce. */
#ifndef SANDTRACE_CLI_POLICY_LIVE_H
#define SANDTRACE_CLI_POLICY_LIVE_H

#include "policy_page.h"

/* ERROR: why nothing of it can be; NULL: L is complete. ROOT: is that who asks? */
void policy_live__section(struct page *page, const struct live_policy *l, const struct policy_error *error, bool root);

#endif
