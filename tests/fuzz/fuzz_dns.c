/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a DNS message, and as what a TCP connection to port 53 carries, cut into segments. What we make sense of to the
 * end the C library's parser, which is not ours, must see the same in.
 */
#include <arpa/nameser.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void printable(const char *s)
{
	check(strlen(s) < DNS_NAME_TEXT);
	for (; *s; s++)
		check(*s > ' ' && *s < 0x7f);
}

/* Without the backslashes before what is special in a zone file only. */
static void plain(char *dst, const char *src)
{
	for (; *src; src++) {
		if (src[0] == '\\' && src[1] == '\\') {
			*dst++ = *src++;
		} else if (src[0] == '\\' && src[1] && strchr("\";()@$", src[1])) {
			continue;
		}
		*dst++ = *src;
	}
	*dst = 0;
}

static void same_name(const char *ours, const char *theirs)
{
	char text[DNS_NAME_TEXT * 2];

	plain(text, theirs);
	check(!strcmp(ours, *text ? text : "."));
}

static void same_target(const struct dns_answer *a, ns_msg *h, const ns_rr *rr)
{
	char text[NS_MAXDNAME];

	if (!*a->target)
		return;
	check(ns_name_uncompress(ns_msg_base(*h), ns_msg_end(*h), ns_rr_rdata(*rr), text, sizeof(text)) >= 0);
	same_name(a->target, text);
}

static void compare(const uint8_t *data, size_t size, const struct dns_message *m)
{
	ns_msg h;
	ns_rr rr;

	check(!ns_initparse(data, (int)size, &h));
	check(ns_msg_id(h) == m->id && ns_msg_count(h, ns_s_qd) == m->n_questions && ns_msg_count(h, ns_s_an) == m->n_answers);
	if (m->n_questions) {
		check(!ns_parserr(&h, ns_s_qd, 0, &rr));
		same_name(m->name, ns_rr_name(rr));
		check(ns_rr_type(rr) == m->type && ns_rr_class(rr) == m->class);
	}
	for (unsigned int i = 0; i < m->kept; i++) {
		check(!ns_parserr(&h, ns_s_an, (int)i, &rr));
		check(ns_rr_type(rr) == m->answers[i].type && ns_rr_class(rr) == m->answers[i].class);
		check(ns_rr_ttl(rr) == m->answers[i].ttl && ns_rr_rdlen(rr) == m->answers[i].rdata_len);
		same_target(&m->answers[i], &h, &rr);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dns_message m;
	static struct names_test t;
	static uint32_t offset;

	if (size > 4096)
		return 0;
	if (dns__parse(data, size, false, &m)) {
		printable(m.name);
		check(m.kept <= DNS_ANSWERS_KEPT);
		for (unsigned int i = 0; i < m.kept; i++)
			printable(m.answers[i].target);
		if (!m.problem && !m.trailing)
			compare(data, size, &m);
	}
	dns__parse(data, size, true, &m);
	if (!t.names)
		t.names = names__new();
	/* the same names over and over, so that questions are answered and tables are full in the end */
	names_test__udp(&t, data, size, size & 1);
	if (offset > 1U << 30)
		offset = 0;
	for (size_t at = 0, n; at < size; at += n) {
		n = 1 + data[at] % 64;
		if (n > size - at)
			n = size - at;
		names_test__tcp(&t, EV_NAME_DNS_QUERY, data + at, n, offset);
		offset = data[at] == 0xff ? 0 : offset + (uint32_t)n;
	}
	return 0;
}
