/* SPDX-License-Identifier: Apache-2.0 */
/* The part of value__check that deals with paths: those of files. */
#ifndef SANDTRACE_POLICY_PATH_H
#define SANDTRACE_POLICY_PATH_H

#include "policy_internal.h"

int policy_path__check(enum rule_kind kind, const char *text, const struct value_ctx *ctx, char **ret_value, bool *ret_pattern,
		       bool *ret_any, struct value_error *e);

#endif
