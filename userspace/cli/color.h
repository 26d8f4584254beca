/* SPDX-License-Identifier: Apache-2.0 */
/* Whether to colour what is written to a descriptor. */
#ifndef SANDTRACE_COLOR_H
#define SANDTRACE_COLOR_H

#include <stdbool.h>

struct run_options;

/*
 * In order: --no-color and a non-empty NO_COLOR say no; CLICOLOR_FORCE (non-empty, not "0") says
 * yes; else FD must be a terminal, TERM set and not "dumb", and CLICOLOR not "0".
 */
bool color__wanted(const struct run_options *opts, int fd);

#endif
