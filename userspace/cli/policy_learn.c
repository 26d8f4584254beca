/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_cli.h"
#include "base/log.h"
int policy_cmd__learn(const struct policy_args *a) { (void)a; return log_err(EXIT_USAGE, "not yet"); }
