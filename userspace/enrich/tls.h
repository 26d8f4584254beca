/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a TLS client says in the clear before anything else (RFC 8446, ClientHello): whom it wants to talk to. Its own claim:
 * the server need not care. With Encrypted Client Hello the name is that of the outer message, which many servers share.
 * Pure, no allocation, any bytes.
 */
#ifndef SANDTRACE_TLS_H
#define SANDTRACE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns.h"

#define TLS_ALPN_TEXT 128

enum tls_state {
	TLS_MORE, /* it goes on */
	TLS_DONE, /* all of it is there, or all that will ever be */
	TLS_BAD,  /* this is none, see problem */
};

struct tls_hello {
	char name[DNS_NAME_TEXT]; /* server_name, escaped as dns__name() does; "": there is none */
	char alpn[TLS_ALPN_TEXT]; /* "h2,http/1.1", escaped too; "": none */
	uint16_t version;	  /* the best that it offers: 0x0304 is 1.3 */
	bool encrypted;		  /* it holds another one, encrypted */
	bool cut;		  /* DONE, and its end was not kept: what is not here may be in that */
	const char *problem;
};

/* DATA is what the client has sent so far. ALL: there will be no more of it. */
enum tls_state tls__parse(const uint8_t *data, size_t len, bool all, struct tls_hello *h);

#endif
