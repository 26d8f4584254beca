/* SPDX-License-Identifier: Apache-2.0 */
/* The result as text for a terminal. Pure. */
#ifndef SANDTRACE_BENCH_TABLE_H
#define SANDTRACE_BENCH_TABLE_H

#include <stdio.h>

#include "model.h"

void table__print(const struct bench_report *r, FILE *out, bool color);
#endif
