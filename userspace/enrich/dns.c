/* SPDX-License-Identifier: Apache-2.0 */
#include "dns.h"

#include <string.h>

#include "../base/util.h"

#define HEADER 12
#define POINTER 0xc0

static uint16_t get16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }
static uint32_t get32(const uint8_t *p) { return (uint32_t)get16(p) << 16 | get16(p + 2); }

static char *put_byte(char *p, uint8_t c)
{
	if (c > ' ' && c < 0x7f) {
		if (c == '.' || c == '\\')
			*p++ = '\\';
		*p++ = (char)c;
		return p;
	}
	*p++ = '\\';
	*p++ = (char)('0' + c / 100);
	*p++ = (char)('0' + c / 10 % 10);
	*p++ = (char)('0' + c % 10);
	return p;
}

const char *dns__name(const uint8_t *data, size_t len, size_t *at, char text[DNS_NAME_TEXT])
{
	size_t pos = *at, lowest = *at, wire = 1;
	bool jumped = false;
	char *p = text;

	*text = 0;
	for (;;) {
		uint8_t n;

		if (pos >= len)
			return "a name is cut";
		n = data[pos];
		if ((n & POINTER) == POINTER) {
			size_t to;

			if (len - pos < 2)
				return "a name is cut";
			to = get16(data + pos) & 0x3fffU;
			if (!jumped)
				*at = pos + 2;
			jumped = true;
			/* only to before all that was read of this name: no loops, and never more than a name's length */
			if (to >= lowest)
				return "a name points forwards or to itself";
			pos = lowest = to;
			continue;
		}
		if (n & POINTER)
			return "a name has a label of an unknown kind";
		if (!n)
			break;
		wire += n + 1U;
		if (wire > DNS_WIRE_NAME_MAX)
			return "a name is too long";
		if (len - pos <= n)
			return "a name is cut";
		if (p != text)
			*p++ = '.';
		for (size_t i = 1; i <= n; i++)
			p = put_byte(p, data[pos + i]);
		pos += n + 1U;
	}
	if (!jumped)
		*at = pos + 1;
	if (p == text)
		*p++ = '.';
	*p = 0;
	return NULL;
}

static const char *skip_question(const uint8_t *data, size_t len, size_t *at, char name[DNS_NAME_TEXT])
{
	const char *problem = dns__name(data, len, at, name);

	if (problem)
		return problem;
	if (len - *at < 4)
		return "a question is cut";
	*at += 4;
	return NULL;
}

static bool leads_to_name(unsigned int type)
{
	return type == DNS_CNAME || type == DNS_DNAME || type == DNS_NS || type == DNS_PTR;
}

/* What a record of the answer section says. */
static const char *read_answer(const uint8_t *data, size_t end, size_t at, struct dns_answer *a)
{
	const char *problem;

	if (a->class != DNS_CLASS_IN)
		return NULL;
	if (a->type == DNS_A || a->type == DNS_AAAA) {
		if (a->rdata_len != (a->type == DNS_A ? 4 : 16))
			return "an address has a wrong length";
		memcpy(a->address, data + at, a->rdata_len);
	} else if (leads_to_name(a->type)) {
		problem = dns__name(data, end, &at, a->target);
		if (problem || at != end) {
			*a->target = 0;
			return problem ? problem : "a record is longer than its name";
		}
	}
	return NULL;
}

/* A record of any section; with KEEP it is one of the answers. */
static const char *read_record(const uint8_t *data, size_t len, size_t *at, struct dns_message *m, bool keep)
{
	char owner[DNS_NAME_TEXT];
	struct dns_answer other = { 0 }, *a = keep && m->kept < DNS_ANSWERS_KEPT ? &m->answers[m->kept] : &other;
	const char *problem = dns__name(data, len, at, owner);

	if (problem)
		return problem;
	if (len - *at < 10)
		return "a record is cut";
	a->type = get16(data + *at);
	a->class = get16(data + *at + 2);
	a->ttl = get32(data + *at + 4);
	a->rdata_len = get16(data + *at + 8);
	*at += 10;
	if (len - *at < a->rdata_len)
		return "a record is cut";
	memset(a->address, 0, sizeof(a->address));
	*a->target = 0;
	problem = keep ? read_answer(data, *at + a->rdata_len, *at, a) : NULL;
	if (a->type == DNS_OPT && !keep)
		m->rcode = (uint16_t)((m->rcode & 15) | a->ttl >> 24 << 4);
	*at += a->rdata_len;
	if (!problem && a != &other)
		m->kept++;
	return problem;
}

static const char *read_sections(const uint8_t *data, size_t len, size_t *at, struct dns_message *m)
{
	uint32_t rest = (uint32_t)get16(data + 8) + get16(data + 10);
	const char *problem = NULL;
	char other[DNS_NAME_TEXT];

	for (unsigned int i = 0; i < m->n_questions && !problem; i++) {
		problem = skip_question(data, len, at, i ? other : m->name);
		if (!problem && !i) {
			m->type = get16(data + *at - 4);
			m->class = get16(data + *at - 2);
		}
	}
	for (unsigned int i = 0; i < m->n_answers && !problem; i++)
		problem = read_record(data, len, at, m, true);
	for (uint32_t i = 0; i < rest && !problem; i++)
		problem = read_record(data, len, at, m, false);
	return problem;
}

bool dns__parse(const uint8_t *data, size_t len, bool cut, struct dns_message *m)
{
	size_t at = HEADER;

	m->kept = 0;
	m->trailing = 0;
	m->type = m->class = 0;
	*m->name = 0;
	m->problem = "it is shorter than a header";
	if (len < HEADER)
		return false;
	m->id = get16(data);
	m->response = data[2] >> 7;
	m->opcode = data[2] >> 3 & 15;
	m->truncated = data[2] >> 1 & 1;
	m->rcode = data[3] & 15;
	m->n_questions = get16(data + 4);
	m->n_answers = get16(data + 6);
	m->problem = read_sections(data, len, &at, m);
	/* what was not kept cannot be told from what is not there */
	if (m->problem && cut)
		m->problem = "only its beginning was kept";
	else if (!m->problem && !cut)
		m->trailing = (uint32_t)(len - at);
	return true;
}

const char *dns__type_name(unsigned int type)
{
	static const char *const names[] = {
		[1] = "A", [2] = "NS", [5] = "CNAME", [6] = "SOA", [10] = "NULL", [12] = "PTR", [13] = "HINFO",
		[15] = "MX", [16] = "TXT", [24] = "SIG", [25] = "KEY", [28] = "AAAA", [29] = "LOC", [33] = "SRV",
		[35] = "NAPTR", [39] = "DNAME", [41] = "OPT", [43] = "DS", [44] = "SSHFP", [46] = "RRSIG",
		[47] = "NSEC", [48] = "DNSKEY", [50] = "NSEC3", [52] = "TLSA", [64] = "SVCB", [65] = "HTTPS",
		[99] = "SPF", [249] = "TKEY", [250] = "TSIG", [251] = "IXFR", [252] = "AXFR", [255] = "ANY",
		[256] = "URI", [257] = "CAA",
	};

	return type < ARRAY_SIZE(names) ? names[type] : NULL;
}

const char *dns__rcode_name(unsigned int rcode)
{
	static const char *const names[] = { "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
					     "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE" };

	return rcode < ARRAY_SIZE(names) ? names[rcode] : rcode == 16 ? "BADVERS" : rcode == 23 ? "BADCOOKIE" : NULL;
}
