/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network rules with a name, on what runs already: the addresses that the host's resolvers give for it while the rules are in
 * force are allowed as well, from before the one who asked reads the answer. bpf/net/answer.bpf.c takes answers
 * apart and writes st_answers; who judges an address that no rule names looks there (bpf/answer.bpf.h). Messages: RFC 1035,
 * section 4; AAAA: RFC 3596.
 */
#ifndef SANDTRACE_ANSWERS_H
#define SANDTRACE_ANSWERS_H

#include "guard.h"

#define ANSWERS_MAX_NAMES 256 /* of one policy; sandbox/network_rule.h has the same */
#define ANSWERS_PER_CPU 256   /* addresses; of an LRU map, which sets entries aside for each CPU, and had too few before 6.17 */
#define ANSWERS_MIN 2048
#define ANSWERS_SLOTS 4	      /* names that one address can stand for at a time */
#define ANSWERS_RESOLVERS 16
#define ANSWERS_RESERVED 512  /* networks, and this host's own addresses */

/* How many the map holds, for CPUS that are possible. */
#define ANSWERS_ROOM(cpus) ((__u32)(cpus) * ANSWERS_PER_CPU > ANSWERS_MIN ? (__u32)(cpus) * ANSWERS_PER_CPU : ANSWERS_MIN)

/* Seconds. Not shorter: who asked may keep the address a while. Not longer: it may be somebody else's by then. */
#define ANSWERS_TTL_MIN 600
#define ANSWERS_TTL_MAX 86400

/* The name of a question as it is sent, in lower case, padded with zeros. */
#define ANSWERS_NAME 256
struct answer_name_key {
	__u32 gen;
	__u8 name[ANSWERS_NAME];
};

/* What a name allows: a row of st_answer_hosts, ANSWERS_MAX_NAMES for each generation. */
struct answer_key {
	__u8 addr[16]; /* network order; IPv4 as ::ffff:a.b.c.d */
	__u32 gen;
	__u32 slot;
};
struct answer_row {
	__u64 until; /* CLOCK_BOOTTIME, ns */
	__u32 host;
	__u32 pad;
};

/* Addresses that no name may be given. */
struct answer_net_key {
	__u32 prefixlen;
	__u8 addr[16];
};

/* Per CPU. */
struct answer_counts {
	__u64 taken;	/* answers about a listed name */
	__u64 added;	/* addresses, those that were known included */
	__u64 reserved; /* addresses left out: private, loopback, this host's, ... */
	__u64 unasked;	/* from a resolver, to a socket that has not asked: not taken */
	__u64 cut;	/* answers that were not read to their end: malformed, or of too many parts */
	__u64 full;	/* addresses left out: they stand for ANSWERS_SLOTS other names, or there was no memory */
};

#endif
