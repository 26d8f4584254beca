/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attempts of the battery. Each runs in a child of its own and ends by saying what came of it: blocked (with the
 * errno), allowed, or not testable here. What they need to know of the host comes as KEY=VALUE arguments. Outside a
 * sandbox (bare=1) every attempt is harmless: what would hurt only asks whether it could.
 */
#ifndef SANDTRACE_TESTS_ATTEMPT_H
#define SANDTRACE_TESTS_ATTEMPT_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

struct attempt {
	const char *name; /* "36-memfd"; an argument follows after a colon: "11-read:/etc/shadow" */
	void (*run)(void);
	struct attempt *next;
};

void attempt__add(struct attempt *a);

#define ATTEMPT(id, title)                                                                                             \
	static void id(void);                                                                                          \
	static struct attempt id##_attempt = { .name = title, .run = id };                                             \
	__attribute__((constructor)) static void id##_add(void)                                                        \
	{                                                                                                              \
		attempt__add(&id##_attempt);                                                                           \
	}                                                                                                              \
	static void id(void)

/* How an attempt ends. */
__attribute__((noreturn, format(printf, 2, 3))) void blocked(int err, const char *fmt, ...);
__attribute__((noreturn, format(printf, 1, 2))) void allowed(const char *fmt, ...);
__attribute__((noreturn, format(printf, 1, 2))) void not_here(const char *fmt, ...);
/* By the result of a call: -1 is blocked with errno. */
__attribute__((noreturn)) void by_result(long ret, const char *what);
/* For calls made with arguments that cannot work: any other errno than a refusal means that the kernel got to them. */
__attribute__((noreturn)) void by_reach(long ret, const char *what);

extern bool bare;
const char *arg(void);			/* what follows the colon; not_here() without */
const char *param(const char *key);	/* not_here() when the runner did not give it */
const char *param_or(const char *key, const char *otherwise);
long number(const char *key);

const char *errno_name(int err);
/* Runs FN in a child; -1 with its errno in *ERR, or 0 when it returned 0. A signal is *ERR = -signal. */
int in_child(int (*fn)(void *), void *data, int *err);
/* Does an exec by FN, which returns only when it was refused, and says how it ended: never returns. */
__attribute__((noreturn)) void exec_ends(int (*fn)(void *), void *data, const char *what);
/* Reads up to SIZE - 1 bytes of FILE and ends it with NUL; -1 with errno. */
ssize_t slurp(const char *file, char *buf, size_t size);
/* In bare mode: a private mount namespace, so that nothing reaches the host. */
void shield(void);
/* The file that is to be executed again: this program. */
const char *self(void);

#endif
