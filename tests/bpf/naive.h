/* SPDX-License-Identifier: Apache-2.0 */
/* What rules mean, written down as plainly as can be: on the text of a path, one rule after the other. */
#ifndef SANDTRACE_TESTS_BPF_NAIVE_H
#define SANDTRACE_TESTS_BPF_NAIVE_H

#include <stdbool.h>

/* Is PATH, or a directory above it, what PATTERN names? DOTS: its stars match a dot at the beginning of a name. */
bool naive__matches(const char *pattern, const char *path, bool dots);

#endif
