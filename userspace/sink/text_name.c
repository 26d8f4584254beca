/* SPDX-License-Identifier: Apache-2.0 */
/* The line of a record about a name: what was asked, what was answered, whom a TLS client wants. */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "../enrich/names.h"
#include "text.h"

/* Addresses that a line shows; a trace has them all. */
#define SHOWN 4

static void number(struct text *t, const char *name, const char *before, unsigned int v)
{
	if (name) {
		text__put(t, name);
		return;
	}
	text__put(t, before);
	text__u64(t, v);
}

static void put_name(struct text *t, const char *name, int max)
{
	text__escape(t, name, strlen(name), max);
}

static void put_answers(struct text *t, const struct dns_message *m, int max)
{
	unsigned int n = 0;
	char text[INET6_ADDRSTRLEN];

	text__put(t, " -> ");
	if (m->rcode)
		number(t, dns__rcode_name(m->rcode), "rcode ", m->rcode);
	for (unsigned int i = 0; i < m->kept; i++) {
		const struct dns_answer *a = &m->answers[i];

		if (n++ >= SHOWN)
			continue;
		text__put(t, n > 1 ? ", " : "");
		if (a->type == DNS_A || a->type == DNS_AAAA) {
			text__put(t, inet_ntop(a->type == DNS_A ? AF_INET : AF_INET6, a->address, text, sizeof(text)));
			continue;
		}
		number(t, dns__type_name(a->type), "type ", a->type);
		if (*a->target) {
			text__char(t, ' ');
			put_name(t, a->target, max);
		}
	}
	if (m->n_answers > SHOWN) {
		text__put(t, ", ... ");
		text__u64(t, m->n_answers);
		text__put(t, " records");
	}
	if (!m->rcode && !m->n_answers)
		text__put(t, m->truncated ? "(truncated)" : "nothing");
}

static void put_message(struct text *t, const struct names_message *from, int max)
{
	struct dns_message m;

	if (!dns__parse(from->data, from->len, from->cut, &m)) {
		text__put(t, "(not DNS)");
		return;
	}
	if (*m.name) {
		put_name(t, m.name, max);
		text__char(t, ' ');
		number(t, dns__type_name(m.type), "type ", m.type);
	} else {
		text__put(t, "(no question)");
	}
	if (m.response) {
		put_answers(t, &m, max);
		if (!from->believed)
			text__put(t, " [not asked for]");
	}
	if (m.problem && !from->cut)
		text__put(t, " [malformed]");
}

static void put_hello(struct text *t, const struct names_seen *seen, int max)
{
	if (*seen->hello.name)
		put_name(t, seen->hello.name, max);
	else
		text__put(t, seen->partial ? "(to be continued)" : "(no server name)");
	if (*seen->hello.alpn) {
		text__put(t, " (");
		text__put(t, seen->hello.alpn);
		text__char(t, ')');
	}
	if (seen->hello.encrypted)
		text__put(t, " [encrypted hello]");
}

void text_name__body(struct text *t, const struct event *ev, int max)
{
	const struct part *remote = event__part(ev, EV_NAME_REMOTE);
	const struct names_seen *seen = ev->seen;
	bool is_hello = ev->name_seen->act.op == EV_NAME_TLS_HELLO;

	if (seen && is_hello)
		put_hello(t, seen, max);
	for (unsigned int i = 0; seen && !is_hello && i < seen->n; i++) {
		text__put(t, i ? "; " : "");
		put_message(t, &seen->messages[i], max);
	}
	if (seen && !is_hello && !seen->n)
		text__put(t, seen->partial ? "(to be continued)" : "(nothing whole)");
	if (seen && seen->problem)
		text__put(t, " [malformed]");
	if (!remote)
		return;
	text__put(t, ev->name_seen->act.op == EV_NAME_DNS_ANSWER ? " from " : " to ");
	text__sockaddr(t, remote->data, remote->len, true);
}

void text_name__host(struct text *t, const struct event *ev, int max)
{
	if (!ev->host)
		return;
	text__put(t, " (");
	put_name(t, ev->host, max);
	text__char(t, ')');
}
