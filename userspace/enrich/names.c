/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../base/util.h"

/* A name that DNS can hold, as text: only one with many escapes is longer. */
#define NAME_KEPT 256
#define ADDRESSES 4096 /* powers of two */
#define BUCKETS 4096
#define QUESTION_SETS 256
#define QUESTION_WAYS 4
#define STREAMS 64
/* A hello, or the start of a DNS message: what is longer is not kept by the programs either. */
#define STREAM_KEPT 4096

enum source { SOURCE_DNS, SOURCE_TLS };

struct address {
	uint8_t ip[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint64_t exec_id, parent_exec_id;
	uint32_t tgid;
	uint16_t next;	/* in the bucket, index + 1; 0: the last */
	uint8_t source;
	bool again;	/* was asked for again since the hand passed */
	uint64_t at;	/* when, by our count */
	char name[NAME_KEPT];
};

struct end {
	uint8_t ip[16];
	uint16_t port;
};

struct question {
	uint64_t at; /* 0: free */
	uint64_t socket;
	struct end remote;
	uint16_t local_port;
	uint16_t id, type;
	char name[NAME_KEPT];
};

struct stream {
	uint64_t at; /* 0: free */
	uint64_t socket;
	struct end remote;
	uint16_t local_port;
	uint16_t op;
	bool broken;	  /* bytes are missing: nothing more can be told of it */
	uint32_t offset;  /* of the next byte */
	uint32_t skip;	  /* of a message that was too long: bytes that are still to come */
	uint32_t used;	  /* bytes that the last record has taken, and that go when the next comes */
	uint32_t len;
	uint8_t data[STREAM_KEPT];
};

struct names {
	uint64_t clock;
	uint32_t seed, n_addresses, hand;
	uint16_t buckets[BUCKETS]; /* index + 1 */
	struct address addresses[ADDRESSES];
	struct question questions[QUESTION_SETS][QUESTION_WAYS];
	struct stream streams[STREAMS];
	struct stream key; /* of the record at hand */
	struct names_seen seen;
	struct dns_message message;
	struct names_counts counts;
};

struct names *names__new(void)
{
	struct names *n = calloc(1, sizeof(*n));

	if (n) {
		n->clock = 1;
		n->seed = (uint32_t)((uintptr_t)n >> 12); /* so that nobody outside knows which addresses share a bucket */
	}
	return n;
}

void names__free(struct names *n) { free(n); }
const struct names_counts *names__counts(const struct names *n) { return &n->counts; }

static uint32_t hash(const void *data, size_t len, uint32_t h)
{
	const uint8_t *p = data;

	h ^= 2166136261U;
	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 16777619U;
	return h ^ h >> 15;
}

/* False: not of the internet, or cut. */
static bool read_address(const struct part *p, struct end *ret)
{
	uint16_t family = 0;

	memset(ret, 0, sizeof(*ret));
	if (!p || p->type != EV_PT_SOCKADDR || p->len < 8)
		return false;
	memcpy(&family, p->data, sizeof(family));
	ret->port = (uint16_t)(p->data[2] << 8 | p->data[3]);
	if (family == AF_INET) {
		ret->ip[10] = ret->ip[11] = 0xff;
		memcpy(ret->ip + 12, p->data + 4, 4);
		return true;
	}
	if (family != AF_INET6 || p->len < 24)
		return false;
	memcpy(ret->ip, p->data + 8, 16);
	return true;
}

/* Names are the same in either case; resolvers mix them on purpose. False: too long to be kept. */
static bool lower(char dst[NAME_KEPT], const char *src)
{
	size_t len = strlen(src);

	if (len >= NAME_KEPT)
		return false;
	for (size_t i = 0; i <= len; i++)
		dst[i] = src[i] >= 'A' && src[i] <= 'Z' ? (char)(src[i] | 32) : src[i];
	return true;
}

/* ---- addresses ------------------------------------------------------------------------------------------------- */

static uint16_t *bucket(struct names *n, const uint8_t ip[16]) { return &n->buckets[hash(ip, 16, n->seed) % BUCKETS]; }

static void take_out(struct names *n, struct address *a)
{
	uint16_t *link = bucket(n, a->ip), self = (uint16_t)(a - n->addresses + 1);

	while (*link && *link != self)
		link = &n->addresses[*link - 1].next;
	if (*link)
		*link = a->next;
}

static struct address *find(struct names *n, const uint8_t ip[16], const struct event *ev, enum source source)
{
	for (uint16_t i = *bucket(n, ip); i; i = n->addresses[i - 1].next) {
		struct address *a = &n->addresses[i - 1];

		if (!memcmp(a->ip, ip, 16) && a->exec_id == ev->hdr->exec_id && a->tgid == ev->hdr->tgid && a->source == source)
			return a;
	}
	return NULL;
}

static struct address *make_room(struct names *n)
{
	struct address *a;

	if (n->n_addresses < ADDRESSES)
		return &n->addresses[n->n_addresses++];
	/* in the order in which they were made, sparing once what was asked for again */
	for (;;) {
		a = &n->addresses[n->hand];
		n->hand = (n->hand + 1) % ADDRESSES;
		if (!a->again)
			break;
		a->again = false;
	}
	n->counts.evicted++;
	take_out(n, a);
	return a;
}

static void keep(struct names *n, const uint8_t ip[16], const char *name, const struct event *ev, enum source source)
{
	const struct ev_task *task = event__task(ev);
	struct address *a = find(n, ip, ev, source);
	uint16_t *first;

	if (!a) {
		a = make_room(n);
		first = bucket(n, ip);
		*a = (struct address){ .exec_id = ev->hdr->exec_id, .tgid = ev->hdr->tgid, .source = (uint8_t)source,
				       .next = *first };
		memcpy(a->ip, ip, 16);
		*first = (uint16_t)(a - n->addresses + 1);
		n->counts.kept++;
	} else {
		a->again = true;
	}
	a->parent_exec_id = task ? task->parent_exec_id : 0;
	a->at = ++n->clock;
	memcpy(a->name, name, NAME_KEPT);
}

/* How near is who asked to who uses the address? */
static unsigned int kinship(const struct address *a, const struct event *ev)
{
	const struct ev_task *task = event__task(ev);
	uint64_t parent = task ? task->parent_exec_id : 0;

	if (a->tgid == ev->hdr->tgid)
		return 2;
	if (a->parent_exec_id == ev->hdr->exec_id || a->exec_id == parent || (parent && a->parent_exec_id == parent))
		return 1;
	return 0;
}

static bool better(const struct address *a, const struct address *than, const struct event *ev)
{
	unsigned int near, other;

	if (!than)
		return true;
	near = kinship(a, ev);
	other = kinship(than, ev);
	if (near != other)
		return near > other;
	if (a->source != than->source)
		return a->source == SOURCE_DNS;
	return a->at > than->at;
}

const char *names__of(const struct names *n, const struct event *ev, const struct part *addr, const char **ret_source)
{
	static const char *const sources[] = { [SOURCE_DNS] = "dns", [SOURCE_TLS] = "tls" };
	const struct address *best = NULL;
	struct end e;

	if (!n->n_addresses || !read_address(addr, &e))
		return NULL;
	for (uint16_t i = n->buckets[hash(e.ip, 16, n->seed) % BUCKETS]; i; i = n->addresses[i - 1].next) {
		const struct address *a = &n->addresses[i - 1];

		if (!memcmp(a->ip, e.ip, 16) && better(a, best, ev))
			best = a;
	}
	if (!best)
		return NULL;
	*ret_source = sources[best->source];
	return best->name;
}

/* ---- questions ------------------------------------------------------------------------------------------------- */

static struct question *set_of(struct names *n, uint64_t socket, uint16_t local_port, uint16_t id)
{
	uint64_t key[2] = { socket, (uint64_t)local_port << 16 | id };

	return n->questions[hash(key, sizeof(key), n->seed) % QUESTION_SETS];
}

/* QUESTION: who and where, from EV and M. False: it cannot be kept. */
static bool describe(const struct event *ev, const struct dns_message *m, struct question *q)
{
	struct end local;

	memset(q, 0, sizeof(*q));
	if (!*m->name || !lower(q->name, m->name) || !read_address(event__part(ev, EV_NAME_REMOTE), &q->remote) ||
	    !read_address(event__part(ev, EV_NAME_LOCAL), &local))
		return false;
	q->socket = ev->name_seen->socket;
	q->local_port = local.port;
	q->id = m->id;
	q->type = m->type;
	return true;
}

static bool same_question(const struct question *a, const struct question *b)
{
	return a->at && a->socket == b->socket && a->local_port == b->local_port && a->id == b->id && a->type == b->type &&
	       a->remote.port == b->remote.port && !memcmp(a->remote.ip, b->remote.ip, 16) && !strcmp(a->name, b->name);
}

static void ask(struct names *n, const struct event *ev, const struct dns_message *m)
{
	struct question q, *set, *slot;

	n->counts.questions++;
	if (!describe(ev, m, &q)) {
		n->counts.unfit += *m->name != 0;
		return;
	}
	set = slot = set_of(n, q.socket, q.local_port, q.id);
	for (int i = 0; i < QUESTION_WAYS; i++) {
		if (same_question(&set[i], &q)) {
			slot = &set[i];
			break;
		}
		if (set[i].at < slot->at)
			slot = &set[i];
	}
	n->counts.unanswered += slot->at && !same_question(slot, &q);
	q.at = ++n->clock;
	*slot = q;
}

/* Was it asked? It is not believed twice, unless the first answer was only to ask again elsewhere. */
static bool answered(struct names *n, const struct event *ev, const struct dns_message *m)
{
	struct question q, *set;

	if (!describe(ev, m, &q))
		return false;
	set = set_of(n, q.socket, q.local_port, q.id);
	for (int i = 0; i < QUESTION_WAYS; i++) {
		if (!same_question(&set[i], &q))
			continue;
		if (!m->truncated)
			set[i].at = 0;
		return true;
	}
	return false;
}

static void learn(struct names *n, const struct event *ev, const struct dns_message *m)
{
	char name[NAME_KEPT];

	if (m->rcode || !lower(name, m->name))
		return;
	for (unsigned int i = 0; i < m->kept; i++) {
		const struct dns_answer *a = &m->answers[i];
		uint8_t ip[16] = { [10] = 0xff, [11] = 0xff };

		if (a->class != DNS_CLASS_IN || (a->type != DNS_A && a->type != DNS_AAAA))
			continue;
		if (a->type == DNS_A)
			memcpy(ip + 12, a->address, 4);
		else
			memcpy(ip, a->address, 16);
		keep(n, ip, name, ev, SOURCE_DNS);
	}
}

static void message(struct names *n, const struct event *ev, const uint8_t *data, size_t len, bool cut)
{
	struct dns_message *m = &n->message;
	struct names_message *out;

	if (n->seen.n == NAMES_MESSAGES) {
		n->seen.more++;
		out = NULL;
	} else {
		out = &n->seen.messages[n->seen.n++];
		*out = (struct names_message){ .data = data, .len = (uint32_t)len, .cut = cut };
	}
	if (!dns__parse(data, len, cut, m) || !*m->name)
		return;
	if (!m->response && ev->name_seen->act.op == EV_NAME_DNS_QUERY) {
		ask(n, ev, m);
	} else if (m->response && ev->name_seen->act.op == EV_NAME_DNS_ANSWER) {
		bool believed = answered(n, ev, m);

		if (out)
			out->believed = believed;
		if (believed)
			learn(n, ev, m);
		else
			n->counts.unbelieved++;
	}
}

/* ---- connections ----------------------------------------------------------------------------------------------- */

static bool is_stream(const struct stream *s, const struct stream *of)
{
	return s->at && s->socket == of->socket && s->op == of->op && s->local_port == of->local_port &&
	       s->remote.port == of->remote.port && !memcmp(s->remote.ip, of->remote.ip, 16);
}

static void restart(struct stream *s)
{
	s->broken = false;
	s->offset = s->skip = s->used = s->len = 0;
}

/* What the other side sends on the connection. */
static void restart_answers(struct names *n)
{
	n->key.op = EV_NAME_DNS_ANSWER;
	for (int i = 0; i < STREAMS; i++)
		if (is_stream(&n->streams[i], &n->key))
			restart(&n->streams[i]);
}

/* One for each direction. NULL: it is not known whose. What is sent has its offsets once: 0 is another connection's begin. */
static struct stream *stream_of(struct names *n, const struct event *ev)
{
	const struct ev_name *e = ev->name_seen;
	struct stream *key = &n->key, *found = n->streams;
	struct end local;

	if (!read_address(event__part(ev, EV_NAME_REMOTE), &key->remote) ||
	    !read_address(event__part(ev, EV_NAME_LOCAL), &local))
		return NULL;
	key->socket = e->socket;
	key->local_port = local.port;
	key->op = (uint16_t)e->act.op;
	for (int i = 0; i < STREAMS; i++) {
		if (is_stream(&n->streams[i], key)) {
			found = &n->streams[i];
			break;
		}
		if (n->streams[i].at < found->at)
			found = &n->streams[i];
	}
	if (!is_stream(found, key)) {
		n->counts.streams_evicted += found->at && found->len > found->used;
		memcpy(found, key, offsetof(struct stream, data));
		restart(found);
	}
	if (!e->offset && key->op != EV_NAME_DNS_ANSWER) {
		restart(found);
		restart_answers(n);
	}
	found->at = ++n->clock;
	return found;
}

static void drop(struct stream *s, uint32_t count)
{
	memmove(s->data, s->data + count, s->len - count);
	s->len -= count;
}

/* Adds what is new of the record. False: nothing, or what was before is missing. */
static bool append(struct stream *s, const struct event *ev, const struct part *p, const char **ret_problem)
{
	uint32_t offset = ev->name_seen->offset, whole = p->state == EV_PART_TRUNCATED ? p->true_len : p->len, old, n;

	drop(s, s->used);
	s->used = 0;
	old = s->offset - offset;
	if (s->broken || (int32_t)old < 0) {
		s->broken = true;
		*ret_problem = "bytes before it were not seen";
		return false;
	}
	if (old >= whole) {
		*ret_problem = "its bytes were seen before";
		return false;
	}
	s->offset += whole - old;
	n = old < p->len ? p->len - old : 0;
	if (s->skip) {
		uint32_t passed = MIN(s->skip, n);

		/* what was not kept of this segment is of the long message, or lost */
		s->skip -= MIN(s->skip, whole - old);
		old += passed;
		n -= passed;
		if (!n)
			return false;
	}
	if (n > STREAM_KEPT - s->len)
		n = STREAM_KEPT - s->len;
	memcpy(s->data + s->len, p->data + old, n);
	s->len += n;
	if (p->state == EV_PART_TRUNCATED)
		s->broken = true; /* from here on */
	return true;
}

static void dns_segment(struct names *n, const struct event *ev, const struct part *p)
{
	struct stream *s = stream_of(n, ev);
	uint32_t at = 0;

	if (!s || !append(s, ev, p, &n->seen.problem))
		return;
	while (s->len - at >= 2) {
		uint32_t size = (uint32_t)(s->data[at] << 8 | s->data[at + 1]), there = s->len - at - 2;

		if (there < size && at + 2 + size <= STREAM_KEPT && !s->broken)
			break; /* the rest is to come, and has room */
		if (there < size && at && !s->broken)
			break; /* has room when what is before it is gone */
		message(n, ev, s->data + at + 2, MIN(there, size), there < size);
		if (there < size)
			s->skip = size - there;
		at += 2 + MIN(there, size);
	}
	s->used = at;
	n->seen.partial = s->len > at;
}

static void hello(struct names *n, const struct event *ev, const struct part *p)
{
	struct stream *s = stream_of(n, ev);
	struct tls_hello *h = &n->seen.hello;
	char name[NAME_KEPT];
	enum tls_state state;
	struct end remote;

	if (!s || !append(s, ev, p, &n->seen.problem))
		return;
	state = tls__parse(s->data, s->len, s->len == STREAM_KEPT || s->broken, h);
	n->seen.partial = state == TLS_MORE;
	n->seen.problem = h->problem;
	if (state == TLS_MORE)
		return;
	n->seen.hello_ends = true;
	s->at = 0; /* what follows is encrypted */
	if (state == TLS_DONE && *h->name && lower(name, h->name) && read_address(event__part(ev, EV_NAME_REMOTE), &remote))
		keep(n, remote.ip, name, ev, SOURCE_TLS);
}

const struct names_seen *names__record(struct names *n, const struct event *ev)
{
	const struct ev_name *e = ev->name_seen;
	const struct part *p = event__part(ev, EV_NAME_PACKET);

	memset(&n->seen, 0, sizeof(n->seen));
	if (!p || !p->len)
		n->seen.problem = "its bytes could not be read";
	else if (e->act.op == EV_NAME_TLS_HELLO)
		hello(n, ev, p);
	else if (e->protocol == IPPROTO_TCP)
		dns_segment(n, ev, p);
	else
		message(n, ev, p->data, p->len, p->state == EV_PART_TRUNCATED);
	return &n->seen;
}
