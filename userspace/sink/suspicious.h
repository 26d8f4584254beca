/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What counts as suspicious, as data: one row per thing worth a second look. A row says nothing
 * about guilt; the summary shows it with who did it and how often. Pure.
 */
#ifndef SANDTRACE_SUSPICIOUS_H
#define SANDTRACE_SUSPICIOUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum severity {
	SEV_LOW,
	SEV_MEDIUM,
	SEV_HIGH
};

/* How a path was used, as bits. */
#define USE_READ (1 << 0)
#define USE_WRITE (1 << 1) /* opened for writing, truncated, renamed onto */
#define USE_CREATE (1 << 2)
#define USE_DELETE (1 << 3) /* unlinked, or renamed away */
#define USE_EXEC (1 << 4)
#define USE_ATTR (1 << 5) /* mode, owner, times, extended attributes */
#define USE_CHANGE (USE_WRITE | USE_CREATE | USE_DELETE | USE_ATTR)
#define USE_ANY (USE_READ | USE_CHANGE | USE_EXEC)

/*
 * Patterns: '*' stands for any characters but '/', a leading "**" followed by '/' for any
 * directories, a trailing one for anything below. Matching is on the path as the caller gave it.
 */
struct path_rule {
	const char *id;
	const char *pattern;
	const char *text; /* completed by the path: "attempted to access sensitive file" */
	uint8_t severity;
	uint8_t uses;
};

struct call_rule {
	const char *id;
	const char *syscall;
	const char *text;
	uint8_t severity;
	uint8_t arg;	/* index of the argument that is tested */
	uint64_t mask;	/* 0: every call counts */
	uint64_t value; /* matches when (argument & mask) == value */
};

struct address_rule {
	const char *id;
	const char *prefix; /* of "1.2.3.4:80", "unix:/path" */
	const char *text;
	uint8_t severity;
};

/* Bit of ev_proc_exec.image_flags. */
struct image_rule {
	const char *id;
	const char *text;
	uint8_t severity;
	uint32_t flag;
};

/* An action that the security profile saw, and for which its number says enough. */
struct op_rule {
	const char *id;
	const char *text;
	uint8_t severity;
	uint8_t kind; /* enum event_kind */
	uint8_t op;
};

extern const struct path_rule path_rules[];
extern const size_t n_path_rules;
extern const struct call_rule call_rules[];
extern const size_t n_call_rules;
extern const struct address_rule address_rules[];
extern const size_t n_address_rules;
extern const struct image_rule image_rules[];
extern const size_t n_image_rules;
extern const struct op_rule op_rules[];
extern const size_t n_op_rules;

bool suspicious__glob(const char *pattern, const char *s, size_t len);
const char *suspicious__severity_name(enum severity sev);

#endif
