/* SPDX-License-Identifier: Apache-2.0 */
#include "encode_name.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "../enrich/names.h"

static void name_or_number(struct json *j, const char *key, const char *name, unsigned int number)
{
	json__key(j, key);
	if (name)
		json__str(j, name);
	else
		json__u64(j, number);
}

static void member_bool(struct json *j, const char *key, bool v)
{
	json__key(j, key);
	json__bool(j, v);
}

static void answer(struct json *j, const struct dns_answer *a)
{
	char text[INET6_ADDRSTRLEN];

	json__object_begin(j);
	name_or_number(j, "type", dns__type_name(a->type), a->type);
	json__member_u64(j, "ttl", a->ttl);
	if (a->class == DNS_CLASS_IN && (a->type == DNS_A || a->type == DNS_AAAA))
		json__member_str(j, "address",
				 inet_ntop(a->type == DNS_A ? AF_INET : AF_INET6, a->address, text, sizeof(text)));
	else if (*a->target)
		json__member_str(j, "target", a->target);
	else
		json__member_u64(j, "length", a->rdata_len);
	json__object_end(j);
}

static void answers(struct json *j, const struct dns_message *m, bool believed)
{
	name_or_number(j, "rcode", dns__rcode_name(m->rcode), m->rcode);
	member_bool(j, "truncated", m->truncated);
	member_bool(j, "believed", believed);
	json__key(j, "answers");
	json__array_begin(j);
	for (unsigned int i = 0; i < m->kept; i++)
		answer(j, &m->answers[i]);
	json__array_end(j);
	if (m->n_answers > m->kept)
		json__member_u64(j, "more_answers", m->n_answers - m->kept);
}

static void message(struct json *j, const struct names_message *from)
{
	struct dns_message m;
	bool header = dns__parse(from->data, from->len, from->cut, &m);

	json__object_begin(j);
	if (header) {
		json__member_u64(j, "id", m.id);
		json__member_str(j, "question", *m.name ? m.name : NULL);
		name_or_number(j, "type", *m.name ? dns__type_name(m.type) : NULL, m.type);
		if (m.class != DNS_CLASS_IN && *m.name)
			json__member_u64(j, "class", m.class);
		if (m.opcode)
			json__member_u64(j, "opcode", m.opcode);
		if (m.n_questions > 1)
			json__member_u64(j, "questions", m.n_questions);
		if (m.response)
			answers(j, &m, from->believed);
		if (m.trailing)
			json__member_u64(j, "trailing", m.trailing);
	}
	if (m.problem)
		json__member_str(j, "problem", m.problem);
	if (m.problem || m.trailing) {
		json__key(j, "message_hex");
		json__hex(j, from->data, from->len);
	}
	json__object_end(j);
}

static void version(struct json *j, unsigned int v)
{
	static const char *const names[] = { "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3" };

	name_or_number(j, "version", v >= 0x0300 && v <= 0x0304 ? names[v - 0x0300] : NULL, v);
}

static void hello(struct json *j, const struct tls_hello *h)
{
	json__member_str(j, "server_name", *h->name ? h->name : NULL);
	json__member_str(j, "alpn", *h->alpn ? h->alpn : NULL);
	version(j, h->version);
	member_bool(j, "encrypted_hello", h->encrypted);
	if (h->cut)
		member_bool(j, "cut", true);
}

void encode_name__members(struct json *j, const struct event *ev)
{
	const struct names_seen *seen = ev->seen;
	const struct part *p = event__part(ev, EV_NAME_PACKET);

	json__member_u64(j, "packet_length", !p ? 0 : p->true_len ? p->true_len : p->len);
	if (!seen)
		return;
	if (ev->name_seen->act.op == EV_NAME_TLS_HELLO) {
		if (seen->hello_ends)
			hello(j, &seen->hello);
	} else {
		json__key(j, "messages");
		json__array_begin(j);
		for (unsigned int i = 0; i < seen->n; i++)
			message(j, &seen->messages[i]);
		json__array_end(j);
		if (seen->more)
			json__member_u64(j, "more_messages", seen->more);
	}
	if (seen->partial)
		member_bool(j, "partial", true);
	if (!seen->problem)
		return;
	json__member_str(j, "problem", seen->problem);
	if (p && p->len) {
		json__key(j, "packet_hex");
		json__hex(j, p->data, p->len);
	}
}

void encode_name__summary(struct json *j, const struct names_counts *c)
{
	json__key(j, "names");
	json__object_begin(j);
	json__member_u64(j, "questions", c->questions);
	json__member_u64(j, "questions_forgotten", c->unanswered);
	json__member_u64(j, "answers_not_believed", c->unbelieved);
	json__member_u64(j, "addresses", c->kept);
	json__member_u64(j, "addresses_forgotten", c->evicted);
	json__member_u64(j, "names_too_long", c->unfit);
	json__member_u64(j, "connections_forgotten", c->streams_evicted);
	json__object_end(j);
}

void encode_name__host(struct json *j, const struct event *ev)
{
	if (!ev->host)
		return;
	json__member_str(j, "name", ev->host);
	json__member_str(j, "name_source", ev->host_source);
}
