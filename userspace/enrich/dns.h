/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes a DNS message (RFC 1035) apart: the question, and of the answers what leads to addresses. Pure, no allocation, any
 * bytes.
 * Our own and not libresolv's: ns_initparse refuses a message that is cut, of which the question and some answers can still be
 * told, it follows pointers forwards, and it is a shared library more in a privileged process. The tests hold the two together.
 */
#ifndef SANDTRACE_DNS_H
#define SANDTRACE_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_PORT 53
#define DNS_WIRE_NAME_MAX 255
/* Each byte as \DDD, and the NUL. */
#define DNS_NAME_TEXT (4 * DNS_WIRE_NAME_MAX + 1)
#define DNS_ANSWERS_KEPT 32

enum { DNS_A = 1, DNS_NS = 2, DNS_CNAME = 5, DNS_PTR = 12, DNS_AAAA = 28, DNS_DNAME = 39, DNS_OPT = 41 };
#define DNS_CLASS_IN 1

struct dns_answer {
	uint16_t type, class;
	uint32_t ttl;
	uint32_t rdata_len;
	uint8_t address[16];	    /* A: the first four; AAAA */
	char target[DNS_NAME_TEXT]; /* CNAME, DNAME, NS, PTR; else "" */
};

struct dns_message {
	uint16_t id;
	bool response, truncated;
	uint8_t opcode;
	uint16_t rcode; /* with the upper bits of EDNS */
	uint16_t n_questions, n_answers; /* as the header says */
	char name[DNS_NAME_TEXT]; /* of the first question; "": there is none. The root is "." */
	uint16_t type, class;
	unsigned int kept; /* of ANSWERS */
	struct dns_answer answers[DNS_ANSWERS_KEPT];
	const char *problem; /* where it stopped making sense, or NULL; what is before is there */
	uint32_t trailing;   /* bytes behind its end */
};

/* LEN bytes are there of the message; CUT: it had more. M->problem tells how it went; false: not even a header. */
bool dns__parse(const uint8_t *data, size_t len, bool cut, struct dns_message *m);

/*
 * The name at *AT as text, dots between labels, anything but printable ASCII as \DDD, '.' and '\' with a backslash before; *AT
 * goes behind it. Pointers lead to the front of where they are only, so that they end. NULL, or what is wrong.
 */
const char *dns__name(const uint8_t *data, size_t len, size_t *at, char text[DNS_NAME_TEXT]);

/* "A", "NXDOMAIN"; NULL: a number without a name here. */
const char *dns__type_name(unsigned int type);
const char *dns__rcode_name(unsigned int rcode);

#endif
