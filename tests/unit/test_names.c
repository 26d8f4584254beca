/* SPDX-License-Identifier: Apache-2.0 */
/* Names on the network: DNS messages, TLS hellos, which answers are believed, and which name an address gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <arpa/nameser.h>
#include <cmocka.h>

/* those of sys/param.h */
#undef MIN
#undef MAX

#include "base/util.h"
#include "names.h"
#include "sink/encode.h"
#include "sink/text.h"

static struct names_test t;
static struct dns_message m;
static uint8_t packet[65536];

static int fresh(void **state)
{
	(void)state;
	names__free(t.names);
	memset(&t, 0, sizeof(t));
	t.names = names__new();
	return t.names ? 0 : -1;
}

static int over(void **state)
{
	(void)state;
	names__free(t.names);
	t.names = NULL;
	return 0;
}

/* ---- making messages ---- */

static size_t put16(size_t at, unsigned int v)
{
	packet[at] = (uint8_t)(v >> 8);
	packet[at + 1] = (uint8_t)v;
	return at + 2;
}

static size_t put_name(size_t at, const char *name)
{
	while (*name) {
		size_t n = strcspn(name, ".");

		packet[at++] = (uint8_t)n;
		memcpy(packet + at, name, n);
		at += n;
		name += n + (name[n] == '.');
	}
	packet[at] = 0;
	return at + 1;
}

/* A header and a question; FLAGS 0x0100 of a query, 0x8180 of an answer. Its length. */
static size_t begin(unsigned int id, unsigned int flags, unsigned int answers, const char *name, unsigned int type)
{
	size_t at = put16(0, id);

	at = put16(at, flags);
	at = put16(at, 1);
	at = put16(at, answers);
	at = put16(put16(at, 0), 0);
	return put16(put16(put_name(at, name), type), 1);
}

/* A record about the question's name, with RDATA of LEN bytes. */
static size_t put_record(size_t at, unsigned int type, const void *rdata, size_t len)
{
	at = put16(put16(put16(at, 0xc00c), type), 1);
	at = put16(put16(at, 0), 300);
	at = put16(at, (unsigned int)len);
	memcpy(packet + at, rdata, len);
	return at + len;
}

static size_t question(unsigned int id, const char *name) { return begin(id, 0x0100, 0, name, DNS_A); }

static size_t answer(unsigned int id, const char *name, const uint8_t ip[4])
{
	return put_record(begin(id, 0x8180, 1, name, DNS_A), DNS_A, ip, 4);
}

/* ---- messages ---- */

static void whole_answer(void **state)
{
	static const uint8_t v6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
	size_t n = begin(7, 0x8180, 3, "www.example.com", DNS_A);

	(void)state;
	n = put_record(n, DNS_CNAME, "\3cdn\xc0\x0c", 6);
	n = put_record(n, DNS_A, "\x5d\xb8\xd8\x22", 4);
	n = put_record(n, DNS_AAAA, v6, 16);
	assert_true(dns__parse(packet, n, false, &m));
	assert_null(m.problem);
	assert_int_equal(m.id, 7);
	assert_true(m.response);
	assert_string_equal(m.name, "www.example.com");
	assert_int_equal(m.type, DNS_A);
	assert_int_equal(m.kept, 3);
	assert_string_equal(m.answers[0].target, "cdn.www.example.com");
	assert_int_equal(m.answers[1].ttl, 300);
	assert_memory_equal(m.answers[1].address, "\x5d\xb8\xd8\x22", 4);
	assert_memory_equal(m.answers[2].address, v6, 16);
	assert_int_equal(m.trailing, 0);
	packet[n] = 1;
	assert_true(dns__parse(packet, n + 1, false, &m));
	assert_int_equal(m.trailing, 1);
}

/* The upper bits of the response code are in EDNS. */
static void edns(void **state)
{
	size_t n = begin(7, 0x8180, 0, "a.example", DNS_A);

	(void)state;
	packet[11] = 1; /* additional */
	memcpy(packet + n, "\0\0\x29\4\xd0\1\0\0\0\0\0", 11);
	assert_true(dns__parse(packet, n + 11, false, &m));
	assert_null(m.problem);
	assert_int_equal(m.rcode, 16);
	assert_string_equal(dns__rcode_name(m.rcode), "BADVERS");
}

static void names_as_text(void **state)
{
	static const struct {
		const char *wire;
		size_t len;
		const char *text;
	} good[] = {
		{ "\3www\7example\0", 13, "www.example" },
		{ "\0", 1, "." },
		{ "\3a.b\2\\c\0", 8, "a\\.b.\\\\c" },
		{ "\4\x1b[2J\2\xc3\xa9\0", 9, "\\027[2J.\\195\\169" },
		{ "\1\0\1 \0", 5, "\\000.\\032" },
	};
	char text[DNS_NAME_TEXT];
	size_t at;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		at = 0;
		assert_null(dns__name((const uint8_t *)good[i].wire, good[i].len, &at, text));
		assert_string_equal(text, good[i].text);
		assert_int_equal(at, good[i].len);
	}
	/* 255 bytes of the worst, and one more */
	memset(packet, 0, 300);
	for (int i = 0; i < 4; i++)
		packet[i * 64] = 63;
	packet[192] = 61;
	at = 0;
	assert_null(dns__name(packet, 300, &at, text));
	assert_int_equal(at, 255);
	assert_int_equal(strlen(text), 4 * (3 * 63 + 61) + 3);
	packet[192] = 62;
	at = 0;
	assert_string_equal(dns__name(packet, 300, &at, text), "a name is too long");
}

static void malformed(void **state)
{
	static const struct {
		const char *name;
		size_t len;
		const char *problem;
	} bad[] = {
		{ "\xc0\x0c", 2, "a name points forwards or to itself" },     /* itself */
		{ "\xc0\x20", 2, "a name points forwards or to itself" },     /* forwards, and out of the message */
		{ "\1a\xc0\x0c", 4, "a name points forwards or to itself" },  /* a loop */
		{ "\1a\xc0\x0e", 4, "a name points forwards or to itself" },  /* the pointer to itself */
		{ "\x40", 1, "a name has a label of an unknown kind" },
		{ "\x80\0", 2, "a name has a label of an unknown kind" },
		{ "\x3f" "abc", 4, "a name is cut" },
		{ "\3abc", 4, "a name is cut" },
		{ "\xc0", 1, "a name is cut" },
		{ "", 0, "a name is cut" },
		{ "\1a\0\0\1\0", 6, "a question is cut" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		begin(1, 0x0100, 0, "", DNS_A);
		memcpy(packet + 12, bad[i].name, bad[i].len);
		assert_true(dns__parse(packet, 12 + bad[i].len, false, &m));
		assert_string_equal(m.problem, bad[i].problem);
		assert_true(dns__parse(packet, 12 + bad[i].len, true, &m));
		assert_string_equal(m.problem, "only its beginning was kept");
	}
	assert_false(dns__parse(packet, 11, false, &m));
	/* two pointers at each other, one in front */
	begin(1, 0x8180, 1, "a", DNS_A);
	packet[12] = 0xc0;
	packet[13] = 14;
	packet[14] = 0xc0;
	packet[15] = 12;
	assert_true(dns__parse(packet, 30, false, &m));
	assert_non_null(m.problem);
}

static void malformed_records(void **state)
{
	size_t n = begin(1, 0x8180, 1, "a.example", DNS_A);

	(void)state;
	assert_true(dns__parse(packet, n, false, &m)); /* less than the header says */
	assert_string_equal(m.problem, "a name is cut");
	put_record(n, DNS_A, "\1\2\3", 3);
	assert_true(dns__parse(packet, n + 15, false, &m));
	assert_string_equal(m.problem, "an address has a wrong length");
	put_record(n, DNS_A, "\1\2\3\4", 4);
	put16(n + 10, 0xffff); /* a length of 64 KiB */
	assert_true(dns__parse(packet, n + 16, false, &m));
	assert_string_equal(m.problem, "a record is cut");
	assert_int_equal(m.kept, 0);
	put_record(n, DNS_CNAME, "\1a\0xx", 5);
	assert_true(dns__parse(packet, n + 17, false, &m));
	assert_string_equal(m.problem, "a record is longer than its name");
	/* 65,535 answers that are not there */
	n = answer(1, "a.example", (const uint8_t *)"\1\2\3\4");
	put16(6, 0xffff);
	assert_true(dns__parse(packet, n, false, &m));
	assert_int_equal(m.kept, 1);
	assert_non_null(m.problem);
}

static void many_answers(void **state)
{
	size_t n = begin(1, 0x8180, 100, "a.example", DNS_A);

	(void)state;
	for (int i = 0; i < 100; i++)
		n = put_record(n, DNS_A, "\1\2\3\4", 4);
	assert_true(dns__parse(packet, n, false, &m));
	assert_null(m.problem);
	assert_int_equal(m.kept, DNS_ANSWERS_KEPT);
	assert_int_equal(m.n_answers, 100);
}

/* What every resolver on this machine uses says the same. */
static void as_the_c_library(void **state)
{
	size_t n = begin(0xabcd, 0x8583, 2, "Some.Name.example", DNS_AAAA);
	char text[NS_MAXDNAME];
	ns_msg h;
	ns_rr rr;

	(void)state;
	n = put_record(n, DNS_CNAME, "\5other\xc0\x11", 8);
	n = put_record(n, DNS_A, "\1\2\3\4", 4);
	assert_true(dns__parse(packet, n, false, &m));
	assert_int_equal(ns_initparse(packet, (int)n, &h), 0);
	assert_int_equal(ns_msg_id(h), m.id);
	assert_int_equal(ns_msg_getflag(h, ns_f_rcode), m.rcode);
	assert_int_equal(ns_parserr(&h, ns_s_qd, 0, &rr), 0);
	assert_string_equal(ns_rr_name(rr), m.name);
	assert_int_equal(ns_rr_type(rr), m.type);
	assert_int_equal(ns_parserr(&h, ns_s_an, 0, &rr), 0);
	assert_true(ns_name_uncompress(ns_msg_base(h), ns_msg_end(h), ns_rr_rdata(rr), text, sizeof(text)) > 0);
	assert_string_equal(text, m.answers[0].target);
}

/* ---- which answers are believed ---- */

static const uint8_t one[4] = { 93, 184, 216, 34 }, two[4] = { 1, 2, 3, 4 };

static void ask(unsigned int id, const char *name)
{
	assert_true(names_test__udp(&t, packet, question(id, name), false));
	assert_int_equal(t.seen->n, 1);
}

static bool hear(unsigned int id, const char *name, const uint8_t ip[4])
{
	assert_true(names_test__udp(&t, packet, answer(id, name, ip), true));
	return t.seen->messages[0].believed;
}

static void believed(void **state)
{
	const char *source = NULL;

	(void)state;
	ask(7, "WWW.example.com");
	assert_true(hear(7, "www.Example.com", one));
	assert_string_equal(names_test__of(&t, one, &source), "www.example.com");
	assert_string_equal(source, "dns");
	assert_null(names_test__of(&t, two, &source));
	/* once */
	assert_false(hear(7, "www.example.com", two));
	assert_null(names_test__of(&t, two, &source));
}

static void not_believed(void **state)
{
	(void)state;
	assert_false(hear(7, "a.example", one));
	ask(7, "a.example");
	assert_false(hear(8, "a.example", one));
	assert_false(hear(7, "b.example", one));
	t.local_port = 40001;
	assert_false(hear(7, "a.example", one));
	t.local_port = 0;
	t.server = 54;
	assert_false(hear(7, "a.example", one));
	t.server = 0;
	t.socket = 6;
	assert_false(hear(7, "a.example", one));
	t.socket = 0;
	assert_true(names_test__udp(&t, packet, put_record(begin(7, 0x8180, 1, "a.example", DNS_AAAA), DNS_A, one, 4), true));
	assert_false(t.seen->messages[0].believed);
	/* a query that comes in is no answer, and an answer that goes out is no question */
	assert_true(names_test__udp(&t, packet, question(7, "a.example"), true));
	assert_false(t.seen->messages[0].believed);
	assert_int_equal(names__counts(t.names)->unbelieved, 7);
	assert_null(names_test__of(&t, one, NULL));
	assert_true(hear(7, "a.example", one));
}

/* A truncated answer says to ask again over TCP; the same question may be answered once more. */
static void truncated(void **state)
{
	(void)state;
	ask(7, "a.example");
	assert_true(names_test__udp(&t, packet, begin(7, 0x8380, 0, "a.example", DNS_A), true));
	assert_true(t.seen->messages[0].believed);
	assert_true(hear(7, "a.example", one));
}

static void nothing_from_failures(void **state)
{
	size_t n;

	(void)state;
	ask(7, "a.example");
	n = answer(7, "a.example", one);
	packet[3] |= 3;
	assert_true(names_test__udp(&t, packet, n, true));
	assert_null(names_test__of(&t, one, NULL));
}

/* ---- which name ---- */

static void as_process(uint64_t exec_id, uint64_t parent, uint32_t tgid)
{
	t.exec_id = exec_id;
	t.parent_exec_id = parent;
	t.tgid = tgid;
}

static void nearest_asker(void **state)
{
	(void)state;
	as_process(10, 2, 100);
	ask(1, "a.example");
	assert_true(hear(1, "a.example", one));
	as_process(11, 3, 101);
	ask(2, "b.example");
	assert_true(hear(2, "b.example", one));
	assert_string_equal(names_test__of(&t, one, NULL), "b.example");
	as_process(10, 2, 100);
	assert_string_equal(names_test__of(&t, one, NULL), "a.example");
	as_process(12, 10, 102); /* its child */
	assert_string_equal(names_test__of(&t, one, NULL), "a.example");
	as_process(2, 1, 99); /* its parent */
	assert_string_equal(names_test__of(&t, one, NULL), "a.example");
	as_process(13, 2, 103); /* of the same parent */
	assert_string_equal(names_test__of(&t, one, NULL), "a.example");
	as_process(20, 19, 120); /* nobody's: the last */
	assert_string_equal(names_test__of(&t, one, NULL), "b.example");
	as_process(10, 2, 100);
	ask(3, "c.example");
	assert_true(hear(3, "c.example", one));
	assert_string_equal(names_test__of(&t, one, NULL), "c.example");
}

static void bounded(void **state)
{
	const struct names_counts *c = names__counts(t.names);

	(void)state;
	for (unsigned int i = 0; i < 10000; i++) {
		uint8_t ip[4] = { 10, 1, (uint8_t)(i >> 8), (uint8_t)i };
		char name[32];

		snprintf(name, sizeof(name), "n%u.example", i);
		ask(i, name);
		assert_true(hear(i, name, ip));
		assert_string_equal(names_test__of(&t, ip, NULL), name);
	}
	assert_int_equal(c->questions, 10000);
	assert_int_equal(c->kept, 10000);
	assert_int_equal(c->evicted, 10000 - 4096);
	assert_int_equal(c->unanswered, 0);
	assert_null(names_test__of(&t, (const uint8_t[]){ 10, 1, 0, 0 }, NULL));
	assert_non_null(names_test__of(&t, (const uint8_t[]){ 10, 1, 9999 >> 8, 9999 & 255 }, NULL));
	for (unsigned int i = 0; i < 10000; i++)
		ask(i, "unanswered.example");
	assert_in_range(c->unanswered, 10000 - 1024, 10000 - 1);
}

/* ---- over TCP ---- */

static uint8_t stream[65536];
static size_t n_stream;

static void add_message(size_t n)
{
	stream[n_stream++] = (uint8_t)(n >> 8);
	stream[n_stream++] = (uint8_t)n;
	memcpy(stream + n_stream, packet, n);
	n_stream += n;
}

static void send_part(uint32_t op, size_t at, size_t n)
{
	assert_true(names_test__tcp(&t, op, stream + at, n, (uint32_t)at));
}

static void segments(void **state)
{
	size_t two_at;

	(void)state;
	n_stream = 0;
	add_message(question(1, "a.example"));
	two_at = n_stream;
	add_message(question(2, "b.example"));
	/* both at once */
	send_part(EV_NAME_DNS_QUERY, 0, n_stream);
	assert_int_equal(t.seen->n, 2);
	assert_false(t.seen->partial);
	/* byte by byte; what comes twice counts once */
	for (size_t i = 0; i < n_stream; i++) {
		send_part(EV_NAME_DNS_QUERY, i, 1);
		assert_int_equal(t.seen->n, i == two_at - 1 || i == n_stream - 1);
		if (!i)
			continue;
		send_part(EV_NAME_DNS_QUERY, i, 1);
		assert_int_equal(t.seen->n, 0);
		assert_string_equal(t.seen->problem, "its bytes were seen before");
	}
	/* across the middle, with an overlap */
	send_part(EV_NAME_DNS_QUERY, 0, two_at + 5);
	assert_int_equal(t.seen->n, 1);
	assert_true(t.seen->partial);
	send_part(EV_NAME_DNS_QUERY, two_at, n_stream - two_at);
	assert_int_equal(t.seen->n, 1);
	n_stream = 0;
	add_message(answer(2, "b.example", one));
	send_part(EV_NAME_DNS_ANSWER, 0, n_stream);
	assert_true(t.seen->messages[0].believed);
	assert_string_equal(names_test__of(&t, one, NULL), "b.example");
}

static void gaps(void **state)
{
	(void)state;
	n_stream = 0;
	add_message(question(1, "a.example"));
	add_message(question(2, "b.example"));
	send_part(EV_NAME_DNS_QUERY, 0, 5);
	send_part(EV_NAME_DNS_QUERY, 10, 5);
	assert_string_equal(t.seen->problem, "bytes before it were not seen");
	send_part(EV_NAME_DNS_QUERY, 5, n_stream - 5);
	assert_string_equal(t.seen->problem, "bytes before it were not seen");
	/* another connection of the same ends */
	send_part(EV_NAME_DNS_QUERY, 0, n_stream);
	assert_int_equal(t.seen->n, 2);
}

/* A message that is longer than what is kept: its beginning is told, and the next one is found. */
static void long_message(void **state)
{
	size_t n, at;

	(void)state;
	n_stream = 0;
	add_message(question(1, "long.example"));
	send_part(EV_NAME_DNS_QUERY, 0, n_stream);
	n = begin(1, 0x8180, 1000, "long.example", DNS_A);
	for (int i = 0; i < 1000; i++)
		n = put_record(n, DNS_A, one, 4);
	n_stream = 0;
	add_message(n);
	add_message(answer(9, "next.example", two));
	for (at = 0; at + 1400 < n_stream; at += 1400)
		send_part(EV_NAME_DNS_ANSWER, at, 1400);
	send_part(EV_NAME_DNS_ANSWER, at, n_stream - at);
	assert_int_equal(t.seen->n, 1);
	assert_int_equal(t.seen->messages[0].data[1], 9);
	assert_string_equal(names_test__of(&t, one, NULL), "long.example");
}

/* ---- TLS ---- */

static size_t read_sample(const char *name, uint8_t *into, size_t size)
{
	_cleanup_(fclose) FILE *f = NULL;
	char path[128];
	size_t n;

	snprintf(path, sizeof(path), "tests/fuzz/corpus/fuzz_tls/%s", name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s is missing (tests run from the top of the tree)", path);
	n = fread(into, 1, size, f);
	assert_true(n > 0);
	return n;
}

static void hellos(void **state)
{
	static const struct {
		const char *file, *name, *alpn;
		unsigned int version;
		bool encrypted;
	} good[] = {
		{ "hello", "www.example.com", "h2,http/1.1", 0x0304, false },
		{ "records", "www.example.com", "h2,http/1.1", 0x0304, false },
		{ "tls12", "old.example.com", "", 0x0303, false },
		{ "no_name", "", "", 0x0304, false },
		{ "ech", "www.example.com", "h2,http/1.1", 0x0304, true },
	};
	struct tls_hello h;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		size_t n = read_sample(good[i].file, stream, sizeof(stream));

		assert_int_equal(tls__parse(stream, n, false, &h), TLS_DONE);
		assert_string_equal(h.name, good[i].name);
		assert_string_equal(h.alpn, good[i].alpn);
		assert_int_equal(h.version, good[i].version);
		assert_int_equal(h.encrypted, good[i].encrypted);
		for (size_t k = 0; k < n; k++)
			assert_int_equal(tls__parse(stream, k, false, &h), TLS_MORE);
		/* early data behind it does not matter */
		stream[n] = 23;
		assert_int_equal(tls__parse(stream, n + 1, false, &h), TLS_DONE);
	}
	assert_int_equal(tls__parse((const uint8_t *)"GET / HTTP/1.1\r\n", 16, false, &h), TLS_BAD);
	assert_int_equal(tls__parse((const uint8_t *)"\x16\3\3\0\4\2\0\0\0", 9, false, &h), TLS_BAD);
}

static void hello_in_segments(void **state)
{
	const uint8_t server[4] = { 10, 0, 0, 53 };
	const char *source;
	size_t n = read_sample("hello", stream, sizeof(stream));

	(void)state;
	send_part(EV_NAME_TLS_HELLO, 0, 3);
	assert_true(t.seen->partial);
	send_part(EV_NAME_TLS_HELLO, 3, 100);
	assert_true(t.seen->partial);
	assert_false(t.seen->hello_ends);
	send_part(EV_NAME_TLS_HELLO, 103, n - 103);
	assert_true(t.seen->hello_ends);
	assert_string_equal(t.seen->hello.name, "www.example.com");
	assert_string_equal(names_test__of(&t, server, &source), "www.example.com");
	assert_string_equal(source, "tls");
	/* what an answer said goes before what a client says */
	ask(1, "front.example");
	assert_true(hear(1, "front.example", server));
	assert_string_equal(names_test__of(&t, server, &source), "front.example");
	assert_string_equal(source, "dns");
}

/* Names are what somebody wrote: none of their bytes may drive a terminal. */
static void hostile_server_name(void **state)
{
	struct tls_hello h;
	size_t n = read_sample("hello", stream, sizeof(stream));
	uint8_t *at = memmem(stream, n, "www.example.com", 15);

	(void)state;
	assert_non_null(at);
	memcpy(at, "\x1b[2J\0\xff \\.\n\rabcd", 15);
	assert_int_equal(tls__parse(stream, n, false, &h), TLS_DONE);
	assert_string_equal(h.name, "\\027[2J\\000\\255\\032\\092.\\010\\013abcd");
}

/* ---- what is shown ---- */

static void line(const char *expected)
{
	struct text_line tl;
	struct text text;

	text_line__init(&tl, 2, 0);
	text__init(&text, false);
	text_act__line(&text, &tl, &t.ev);
	text__char(&text, '\0');
	assert_string_equal(text.buf, expected);
	text__done(&text);
	text_line__done(&tl);
}

static void lines(void **state)
{
	size_t n;

	(void)state;
	ask(7, "www.example.com");
	line("name dns_query www.example.com A to 10.0.0.53:53");
	n = begin(7, 0x8180, 2, "www.example.com", DNS_A);
	n = put_record(n, DNS_CNAME, "\3cdn\xc0\x0c", 6);
	n = put_record(n, DNS_A, one, 4);
	assert_true(names_test__udp(&t, packet, n, true));
	line("name dns_answer www.example.com A -> CNAME cdn.www.example.com, 93.184.216.34 from 10.0.0.53:53");
	assert_true(names_test__udp(&t, packet, begin(8, 0x8183, 0, "no.example", 65), true));
	line("name dns_answer no.example HTTPS -> NXDOMAIN [not asked for] from 10.0.0.53:53");
	assert_true(names_test__udp(&t, "\1\2\3", 3, false));
	line("name dns_query (not DNS) to 10.0.0.53:53");
	n = read_sample("hello", stream, sizeof(stream));
	send_part(EV_NAME_TLS_HELLO, 0, 7);
	line("name tls_hello (to be continued) to 10.0.0.53:443");
	send_part(EV_NAME_TLS_HELLO, 0, n);
	line("name tls_hello www.example.com (h2,http/1.1) to 10.0.0.53:443");
	names_test__of(&t, one, NULL);
	t.ev.host = names__of(t.names, &t.ev, event__part(&t.ev, EV_NET_REMOTE), &t.ev.host_source);
	line("network connect 93.184.216.34:443 (www.example.com)");
}

static void json_has(const char *expected)
{
	struct encoder *e = encoder__new();
	struct json j;

	json__init(&j);
	assert_int_equal(encode__event(e, &t.ev, &j), 0);
	json__reserve(&j, 1)[0] = 0;
	if (!strstr(j.buf, expected))
		fail_msg("no %s in %s", expected, j.buf);
	json__done(&j);
	encoder__free(e);
}

static void records(void **state)
{
	size_t n;

	(void)state;
	ask(7, "www.example.com");
	json_has("\"packet_length\":33,\"messages\":[{\"id\":7,\"question\":\"www.example.com\",\"type\":\"A\"}]}");
	assert_true(hear(7, "www.example.com", one));
	json_has("\"rcode\":\"NOERROR\",\"truncated\":false,\"believed\":true,\"answers\":[{\"type\":\"A\",\"ttl\":300,"
		 "\"address\":\"93.184.216.34\"}]}]");
	assert_true(names_test__udp(&t, "\1\2\3", 3, false));
	json_has("\"messages\":[{\"problem\":\"it is shorter than a header\",\"message_hex\":\"010203\"}]");
	n = read_sample("ech", stream, sizeof(stream));
	send_part(EV_NAME_TLS_HELLO, 0, n);
	json_has("\"server_name\":\"www.example.com\",\"alpn\":\"h2,http/1.1\",\"version\":\"TLS 1.3\","
		 "\"encrypted_hello\":true}");
	send_part(EV_NAME_TLS_HELLO, 5, 3);
	json_has("\"problem\":\"bytes before it were not seen\",\"packet_hex\":\"");
	names_test__of(&t, one, NULL);
	t.ev.host = names__of(t.names, &t.ev, event__part(&t.ev, EV_NET_REMOTE), &t.ev.host_source);
	json_has("\"name\":\"www.example.com\",\"name_source\":\"dns\"");
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, fresh, over)
	const struct CMUnitTest tests[] = {
		T(whole_answer), T(edns), T(names_as_text), T(malformed), T(malformed_records), T(many_answers),
		T(as_the_c_library), T(believed), T(not_believed), T(truncated), T(nothing_from_failures), T(nearest_asker),
		T(bounded), T(segments), T(gaps), T(long_message), T(hellos), T(hello_in_segments), T(hostile_server_name),
		T(lines), T(records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
