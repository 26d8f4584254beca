/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as people read them: three digits and a unit. Pure. Each returns BUF. */
#ifndef SANDTRACE_BENCH_FORMAT_H
#define SANDTRACE_BENCH_FORMAT_H

#include "model.h"

#define FORMAT_ROOM 64

/* "206 ns", "18.9 us", "1.24 s" */
char *format__ns(char buf[FORMAT_ROOM], double ns);
/* "+18.9 us (18.5 to 19.2)"; for what is not shown "~ (-0.12 to 0.34 us)" */
char *format__added(char buf[FORMAT_ROOM], const struct estimate *e, bool shown);
/* "1.02", "26.1", "1,234"; "more" for infinity */
char *format__number(char buf[FORMAT_ROOM], double v);
/* "127,778" */
char *format__count(char buf[FORMAT_ROOM], double v);
/* "14.6 MB" */
char *format__kib(char buf[FORMAT_ROOM], double kib);
/* "2.61 x (2.50 to 2.70)" */
char *format__ratio(char buf[FORMAT_ROOM], const struct estimate *e);
/* "2.50 to 2.70" */
char *format__interval(char buf[FORMAT_ROOM], const struct estimate *e);

#define FORMAT_SENTENCE 160
/*
 * "ebpf is ahead of ptrace by 45.2 x (41.0 to 50.1) in added time", or why that cannot be said. NOT_MEASURED: the group
 * does not have both; NOT_SHOWN, TOO_FEW: as for any figure.
 */
enum claim format__ahead(char buf[FORMAT_SENTENCE], const struct bench_group *g);

#define FORMAT_COMMAND 512
/* The command and its arguments, fit for a terminal and cut to one line; or what else is measured. */
char *format__title(char buf[FORMAT_COMMAND], const struct bench_report *r);

#endif
