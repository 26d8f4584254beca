/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What counts as a finding, as data: one row per thing worth a second look. A row says nothing about guilt; the summary
 * shows it with who did it, how it came to run, and the record that shows it. To add one: a row in rules_table.c, its id
 * in docs/findings.md, and a trigger and a benign script in tests/findings. Pure.
 */
#ifndef SANDTRACE_RULES_H
#define SANDTRACE_RULES_H

#include "fact.h"

/* info: what is expected of who did it; in the record, not on the terminal. */
enum severity { SEV_INFO, SEV_LOW, SEV_MEDIUM, SEV_HIGH, SEV_CRITICAL, SEV_MAX };

/* Every row begins so. Ids and texts are literals; rows of one id are told apart by their text. */
struct rule {
	const char *id;
	const char *text; /* completed by the object: "read credentials: /root/.ssh/id_rsa" */
	uint8_t severity;
	/*
	 * Programs whose business it is, between blanks: then it is info. A program is what was executed from a place for
	 * programs and was not written in this run, and for an interpreter its script; see state.h.
	 */
	const char *quiet;
};

#define RULE_SECRET (1 << 0)  /* what is read so may not leave: exfil.after_read */
#define RULE_INSTALL (1 << 1) /* only below a package manager */
#define RULE_ALONE (1 << 2)   /* only a command without arguments */
#define RULE_OUTSIDE (1 << 3) /* only to an address that is not this machine's loopback */

/* Of a path, resolved as far as the records tell. Of the rows that match one use the first is told. */
struct path_rule {
	struct rule rule;
	const char *pattern; /* rule__glob() */
	uint8_t uses;
	uint8_t flags;
};

/* Of a command that was started: claims of its caller, but for the program. */
struct exec_rule {
	struct rule rule;
	const char *programs; /* between blanks; NULL: any */
	const char *words[3]; /* rule__word(); for each there must be an argument, from the first after the program's name on */
	uint8_t flags;
};

/* Of what kind of file was executed. */
struct image_rule {
	struct rule rule;
	uint32_t flag; /* EV_IMG_* */
};

/* Of an address. All members that are set must match. */
struct addr_rule {
	struct rule rule;
	uint8_t ops; /* NET_* */
	uint8_t flags;
	const char *prefix;  /* of "1.2.3.4:80", "[::1]:80", "unix:/path" */
	uint16_t ports[16];  /* 0 ends the list */
};

/* Of the name of a host: asked for, stood for by an address, or in a URL of a command line. */
struct name_rule {
	struct rule rule;
	const char *domain; /* itself, and all below */
};

struct action_rule {
	struct rule rule;
	uint8_t action; /* enum fact_action */
};

/* What no single fact tells. findings/sequence.c and findings/findings.c say when; the row says what it is worth. */
enum sequence {
	SEQ_EXFIL,
	SEQ_DROPPED,
	SEQ_DROPPED_SCRIPT,
	SEQ_DOWNLOAD,
	SEQ_RUNTIME,
	SEQ_PIPE_SHELL,
	SEQ_RECON,
	SEQ_SOCKET_SHELL,
	SEQ_ENCODED,
	SEQ_WIPE,
	SEQ_TAMPER,
	SEQ_SELF_DELETE,
	SEQ_RAW_IP,
	SEQ_DNS_LABEL,
	SEQ_DNS_MANY,
	SEQ_LIMIT_MEMORY,
	SEQ_LIMIT_PIDS,
	SEQ_LOST,
	SEQ_UNDECODED,
	SEQ_SKIPPED,
	SEQ_FORGOTTEN,
	SEQ_MAX
};

extern const struct path_rule path_rules[];
extern const size_t n_path_rules;
extern const struct exec_rule exec_rules[];
extern const size_t n_exec_rules;
extern const struct image_rule image_rules[];
extern const size_t n_image_rules;
extern const struct addr_rule addr_rules[];
extern const size_t n_addr_rules;
extern const struct name_rule name_rules[];
extern const size_t n_name_rules;
extern const struct action_rule action_rules[];
extern const size_t n_action_rules;
extern const struct rule sequence_rules[SEQ_MAX];

/* What a program is known for. */
#define ROLE_SHELL (1 << 0)
#define ROLE_INTERPRETER (1 << 1)
#define ROLE_DOWNLOADER (1 << 2)
#define ROLE_PACKAGES (1 << 3) /* a package manager: what it starts is a tree of its own */
#define ROLE_BUILDER (1 << 4)  /* what it writes is meant to be run: linkers, compilers, unpackers of system packages */
#define ROLE_RUNTIME (1 << 5)
#define ROLE_RECON (1 << 6)
#define ROLE_NETWORK (1 << 7) /* by what it did: it has connected to another machine */

/* Of a program's name, which may end in a version ("python3.11"). */
uint8_t rule__roles(const char *name);
/* Number of a program with ROLE_RECON, below 32. */
unsigned int rule__recon_bit(const char *name);
/* A program lies where this run did not put it: /usr, /opt, ~/.nvm, ... */
bool rule__trusted_place(const char *path, size_t len);

/* '*' stands for any characters but '/', '?' for one, a leading "**" with '/' for any directories, a trailing one for anything below. */
bool rule__glob(const char *pattern, const char *s, size_t len);
/* '*' stands for any characters. */
bool rule__word(const char *pattern, const char *s, size_t len);
/* NAME is one of LIST, which has blanks between its names. */
bool rule__listed(const char *list, const char *name);
/* HOST is DOMAIN or below it, whatever the case. */
bool rule__domain(const char *domain, const char *host, size_t len);
const char *rule__severity_name(enum severity sev);

#endif
