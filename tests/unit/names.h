/* SPDX-License-Identifier: Apache-2.0 */
/* Records of names, made by hand, for the tests and fuzzers of what is made of them. */
#ifndef SANDTRACE_TEST_NAMES_H
#define SANDTRACE_TEST_NAMES_H

#include "enrich/names.h"
#include "event/event.h"
#include "record.h"

struct names_test {
	struct record rec;
	struct event ev;
	struct names *names;
	/* who and where; 0: a usual one */
	uint64_t exec_id, parent_exec_id, socket;
	uint32_t tgid;
	uint16_t local_port;
	uint8_t server; /* last byte of its address */
	const struct names_seen *seen;
};

static inline void names_test__address(struct record *r, uint8_t id, uint8_t host, uint16_t port)
{
	uint8_t a[16] = { 2, 0, (uint8_t)(port >> 8), (uint8_t)port, 10, 0, 0, host };

	record__part(r, id, EV_PT_SOCKADDR, EV_PART_OK, a, sizeof(a), sizeof(a));
}

static inline bool names_test__record(struct names_test *t, uint32_t op, uint32_t protocol, const void *data, size_t len,
				      uint32_t offset)
{
	struct ev_name e = { .task = { .parent_exec_id = t->parent_exec_id, .comm = "worker" }, .act = { .op = op },
			     .socket = t->socket ? t->socket : 5, .family = 2, .type = protocol == 6 ? 1 : 2,
			     .protocol = protocol, .offset = offset };
	uint32_t kept = len > 4096 ? 4096 : (uint32_t)len;

	record__begin(&t->rec, EV_NAME, 0, &e, sizeof(e));
	record__header(&t->rec)->exec_id = t->exec_id ? t->exec_id : 900;
	record__header(&t->rec)->tgid = t->tgid ? t->tgid : 77;
	names_test__address(&t->rec, EV_NAME_REMOTE, t->server ? t->server : 53, op == EV_NAME_TLS_HELLO ? 443 : 53);
	names_test__address(&t->rec, EV_NAME_LOCAL, 1, t->local_port ? t->local_port : 40000);
	record__part(&t->rec, EV_NAME_PACKET, EV_PT_BYTES, kept < len ? EV_PART_TRUNCATED : EV_PART_OK, data, kept, (uint32_t)len);
	if (decode(t->rec.bytes, t->rec.len, &t->ev))
		return false;
	t->seen = t->names ? names__record(t->names, &t->ev) : NULL;
	t->ev.seen = t->seen;
	return true;
}

static inline bool names_test__udp(struct names_test *t, const void *data, size_t len, bool answer)
{
	return names_test__record(t, answer ? EV_NAME_DNS_ANSWER : EV_NAME_DNS_QUERY, 17, data, len, 0);
}

static inline bool names_test__tcp(struct names_test *t, uint32_t op, const void *data, size_t len, uint32_t offset)
{
	return names_test__record(t, op, 6, data, len, offset);
}

/* The name that a later connection of the same process to IP would get, or NULL. */
static inline const char *names_test__of(struct names_test *t, const uint8_t ip[4], const char **ret_source)
{
	struct ev_net n = { .task = { .parent_exec_id = t->parent_exec_id }, .act = { .op = EV_NET_CONNECT } };
	uint8_t a[16] = { 2, 0, 1, 0xbb, ip[0], ip[1], ip[2], ip[3] };
	const char *source;

	record__begin(&t->rec, EV_NET, 0, &n, sizeof(n));
	record__header(&t->rec)->exec_id = t->exec_id ? t->exec_id : 900;
	record__header(&t->rec)->tgid = t->tgid ? t->tgid : 77;
	record__part(&t->rec, EV_NET_REMOTE, EV_PT_SOCKADDR, EV_PART_OK, a, sizeof(a), sizeof(a));
	if (decode(t->rec.bytes, t->rec.len, &t->ev))
		return NULL;
	return names__of(t->names, &t->ev, event__part(&t->ev, EV_NET_REMOTE), ret_source ? ret_source : &source);
}

#endif
