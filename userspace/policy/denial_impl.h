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

/* Inline: it is what most failed calls come to. */
static inline void denial__clear(struct denial *d)
{
	d->layer = LAYER_NONE;
	d->access = NULL;
	d->object[0] = d->rule[0] = d->suggest_key[0] = d->suggest_value[0] = d->suggest_flag[0] = 0;
	d->err = 0;
	d->suggest_remove = d->audit = d->sensitive = d->expected = false;
	d->nth = 0;
}

/* ---- denial_path.c: calls that name files ---- */
bool denial_path__judge(const struct denial_case *k, struct denial *d);
/*
 * The path in argument ARG as the sandbox sees it: absolute, lexically clean, the sandbox's own links followed. False
 * when it was not recorded whole, or what it is relative to was not. PATH has DENIAL_PATH_MAX bytes.
 */
bool denial_path__absolute(const struct denial_case *k, unsigned int arg, char *path);

/* ---- denial_net.c: sockets ---- */
bool denial_net__judge(const struct denial_case *k, struct denial *d);

struct endpoint {
	char text[64]; /* "1.2.3.4:80", "[::1]:80" */
	uint16_t port;
	bool inside; /* loopback, private, link-local, unspecified: what is near this machine */
};
/* False: no internet address, or cut. */
bool denial_net__endpoint(const struct part *p, struct endpoint *e);
/* "/run/x", "@abstract" of an AF_UNIX address into PATH; false: it is unnamed, or too long. */
#define DENIAL_UNIX_MAX 109
bool denial_net__unix(const struct part *p, char path[DENIAL_UNIX_MAX]);
/* What would let this connection through. FLAG: an option can, too. */
void denial_net__suggest(struct denial *d, const struct endpoint *e, bool flag);

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
/* "strict.toml:12 deny_write ./src" */
void denial__deny_rule(struct denial *d, const struct policy_rule *rule);
/* True: a rule denies this ACCESS (ACCESS_*) to PATH, and allowing it would change nothing; D says so. */
bool denial__denied_by_rule(const struct denial_case *k, const char *path, uint8_t access, struct denial *d);
bool denial__sensitive_path(const char *path, const char *home, bool write);

#endif
