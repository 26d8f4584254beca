/* SPDX-License-Identifier: Apache-2.0 */
/* The result as one picture: SVG without scripts, fonts or links, readable on light and dark. Pure. */
#ifndef SANDTRACE_BENCH_CHART_H
#define SANDTRACE_BENCH_CHART_H

#include <stdio.h>

#include "model.h"

void chart__svg(const struct bench_report *r, FILE *out);

#endif
