/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `sandtrace bench`, for help and completion. */
#ifndef SANDTRACE_BENCH_CLI_H
#define SANDTRACE_BENCH_CLI_H

#include "options.h"

extern const struct option_desc bench_option_table[]; /* bench.c */

#endif
