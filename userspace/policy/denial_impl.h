/* SPDX-License-Identifier: Apache-2.0 */
/* Between the denial*.c files. */
#ifndef SANDTRACE_DENIAL_IMPL_H
#define SANDTRACE_DENIAL_IMPL_H

#include "denial.h"

#define DENIAL_PATH_MAX 4096

/* What is being decided. */
struct denial_case {
	const struct denial_ctx *ctx;
	const struct event *ev;
	int err; /* positive errno, 0: none */
};

/* ---- denial_path.c: calls that name files ---- */
bool denial_path__judge(const struct denial_case *k, struct denial *d);
/*
 * The path in argument ARG as the sandbox sees it: absolute, lexically clean, the sandbox's own links followed. False
 * when it was not recorded whole, or what it is relative to was not. PATH has DENIAL_PATH_MAX bytes.
 */
bool denial_path__absolute(const struct denial_case *k, unsigned int arg, char *path);

/* ---- denial_net.c: sockets ---- */
bool denial_net__judge(const struct denial_case *k, struct denial *d);

/* Port of an internet address, or -1. */
int denial_net__port(const struct part *p);

/* ---- denial_suggest.c ---- */
void denial__object(struct denial *d, const char *prefix, const char *object);
void denial__rule(struct denial *d, const char *text);
/* "strict.toml:12 deny ~/.ssh": a rule as it was written. */
void denial__rule_of(struct denial *d, const char *verb, const struct policy_rule *rule);
/* KEY in [filesystem]; FLAG "--read" takes the path, FLAG "--allow-exec" stands alone. Nothing for odd paths. */
void denial__suggest_path(struct denial *d, const char *key, const char *flag, bool flag_takes_path, const char *path);
void denial__suggest(struct denial *d, const char *key, const char *value, const char *flag);
/* True: a deny rule covers PATH, and allowing it would change nothing; D says so. */
bool denial__denied_by_rule(const struct denial_case *k, const char *path, struct denial *d);
bool denial__sensitive_path(const char *path, const char *home, bool write);

#endif
