/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which name an address was asked for by: from the questions, answers and TLS hellos that the records carry, to the
 * connections that follow. Everything is bounded, oldest out first, and what went out is counted. Pure.
 *
 * An answer is a claim of whoever answered. It is believed, and kept, if its question was seen: from that socket, to that
 * address and port, with that number, for that name and type; once for each question. How long it says that it holds does not
 * matter: programs keep addresses for longer, and a run ends.
 */
#ifndef SANDTRACE_NAMES_H
#define SANDTRACE_NAMES_H

#include "dns.h"
#include "event/event.h"
#include "tls.h"

/* Of one record; a TCP segment can hold many. */
#define NAMES_MESSAGES 16

struct names_message {
	const uint8_t *data;
	uint32_t len;
	bool cut;      /* its end was not kept */
	bool believed; /* an answer to a question that was seen */
};

/* What a record EV_NAME says, struct event .seen. */
struct names_seen {
	struct names_message messages[NAMES_MESSAGES];
	unsigned int n;
	unsigned int more; /* messages beyond those */
	bool partial;	   /* what it holds goes on in the next record of the connection */
	bool hello_ends;   /* HELLO is there */
	struct tls_hello hello;
	const char *problem; /* with the connection's bytes, or with the hello; NULL: none */
};

struct names_counts {
	uint64_t kept;	     /* addresses with a name, all in all */
	uint64_t evicted;    /* of them, to make room */
	uint64_t questions;
	uint64_t unanswered; /* questions forgotten to make room */
	uint64_t unbelieved; /* answers to no question that was seen */
	uint64_t unfit;	     /* names too long to be kept */
	uint64_t streams_evicted; /* connections of which parts were waiting for more */
};

struct names;

struct names *names__new(void); /* NULL: out of memory; 2 MiB, most of them never touched */
void names__free(struct names *n);

/* Takes a record EV_NAME in. The result is valid until the next call. */
const struct names_seen *names__record(struct names *n, const struct event *ev);

/*
 * The name of a socket address: the one that this process asked for last, else one of its family (a parent, a child, one with
 * the same parent), else anybody. DNS before TLS. NULL: none. *RET_SOURCE: "dns" or "tls".
 */
const char *names__of(const struct names *n, const struct event *ev, const struct part *addr, const char **ret_source);

const struct names_counts *names__counts(const struct names *n);

#endif
