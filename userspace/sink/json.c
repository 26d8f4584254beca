/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON writer. Every function makes room for the worst case of what it writes and then writes
 * without further checks; strings are looked at eight bytes at a time, because almost all of them
 * are plain ASCII.
 */
#include "json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/util.h"
#include "fmt.h"

const char fmt_pairs[200] = { /* no room for a NUL, and none needed */
			      "00010203040506070809101112131415161718192021222324252627282930313233"
			      "343536373839404142434445464748"
			      "49505152535455565758596061626364656667686970717273747576777879808182"
			      "838485868788899091929394959697"
			      "9899"
};

/* Days since the epoch to a date: years begin on 1 March, so that the leap day is the last of its
 * year. */
char *fmt_second(char *p, uint64_t second)
{
	uint32_t days = (uint32_t)(second / 86400) + 719468; /* since 0000-03-01 */
	uint32_t rest = (uint32_t)(second % 86400);
	uint32_t era = days / 146097, doe = days % 146097;
	uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	uint32_t mp = (5 * doy + 2) / 153;
	uint32_t day = doy - (153 * mp + 2) / 5 + 1;
	uint32_t month = mp < 10 ? mp + 3 : mp - 9;
	uint32_t year = era * 400 + yoe + (month <= 2);

	p = fmt_4(p, year % 10000);
	*p++ = '-';
	p = fmt_2(p, month);
	*p++ = '-';
	p = fmt_2(p, day);
	*p++ = 'T';
	p = fmt_2(p, rest / 3600);
	*p++ = ':';
	p = fmt_2(p, rest / 60 % 60);
	*p++ = ':';
	return fmt_2(p, rest % 60);
}

void json__init(struct json *j)
{
	memset(j, 0, sizeof(*j));
}

void json__done(struct json *j)
{
	free(j->buf);
	json__init(j);
}

void json__reset(struct json *j)
{
	j->len = 0;
	j->err = 0;
	j->comma = false;
}

bool json__grow(struct json *j, size_t n)
{
	size_t cap = MAX(j->cap * 2, j->len + n);
	char *buf;

	if (j->err)
		return false;
	cap = MAX(cap, (size_t)512);
	buf = realloc(j->buf, cap);
	if (!buf) {
		j->err = -ENOMEM;
		return false;
	}
	j->buf = buf;
	j->cap = cap;
	return true;
}

/* As json__reserve(), with the comma that is due. */
static inline char *begin_value(struct json *j, size_t n)
{
	char *p = json__reserve(j, n + 1);

	if (p && j->comma)
		*p++ = ',';
	return p;
}

static inline void end_value(struct json *j, const char *p)
{
	j->len = (size_t)(p - j->buf);
	j->comma = true;
}

static void put_value(struct json *j, const char *s, size_t len)
{
	char *p = begin_value(j, len);

	if (!p)
		return;
	memcpy(p, s, len);
	end_value(j, p + len);
}

static void open_with(struct json *j, char c)
{
	char *p = begin_value(j, 1);

	if (!p)
		return;
	*p = c;
	end_value(j, p + 1);
	j->comma = false;
}

static void close_with(struct json *j, char c)
{
	j->comma = false;
	put_value(j, &c, 1);
}

void json__object_begin(struct json *j)
{
	open_with(j, '{');
}

void json__object_end(struct json *j)
{
	close_with(j, '}');
}

void json__array_begin(struct json *j)
{
	open_with(j, '[');
}

void json__array_end(struct json *j)
{
	close_with(j, ']');
}

void json__key2(struct json *j, const char *key, const char *suffix)
{
	size_t len = strlen(key), suffix_len = strlen(suffix);
	char *p = begin_value(j, len + suffix_len + 3);

	if (!p)
		return;
	*p++ = '"';
	p = (char *)memcpy(p, key, len) + len;
	p = (char *)memcpy(p, suffix, suffix_len) + suffix_len;
	*p++ = '"';
	*p++ = ':';
	end_value(j, p);
	j->comma = false;
}

void json__key(struct json *j, const char *key)
{
	json__key2(j, key, "");
}

/*
 * Length of the well-formed UTF-8 sequence at S, or 0; then *ret_bad is how many bytes one U+FFFD
 * stands for: the longest start of a sequence, as Unicode recommends and other decoders do.
 */
static size_t utf8_sequence(const uint8_t *s, size_t len, size_t *ret_bad)
{
	uint8_t low = 0x80,
		high =
		    0xbf; /* of the second byte: no overlong form, surrogate, or above U+10FFFF */
	size_t want, n;

	*ret_bad = 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	want = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	for (n = 1; n < want && n < len; n++) {
		if (s[n] < low || s[n] > high)
			break;
		low = 0x80;
		high = 0xbf;
	}
	if (n == want)
		return want;
	*ret_bad = n;
	return 0;
}

static char *put_escape(char *p, uint8_t c)
{
	static const char letters[32] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'
	};

	*p++ = '\\';
	if (c >= 0x20) {
		*p++ = (char)c;
		return p;
	}
	if (letters[c]) {
		*p++ = letters[c];
		return p;
	}
	memcpy(p, "u00", 3);
	p[3] = (char)('0' + (c >> 4));
	p[4] = "0123456789abcdef"[c & 15];
	return p + 5;
}

/* Marks, in the top bit of each byte, those that cannot be copied as they are. The lowest mark is
 * exact. */
static inline uint64_t special_bytes(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101ULL, tops = 0x8080808080808080ULL;
	uint64_t quote = w ^ ones * '"', backslash = w ^ ones * '\\';

	return (((w - ones * 0x20) & ~w) | ((quote - ones) & ~quote) |
		((backslash - ones) & ~backslash) | w) &
	       tops;
}

/* Copies plain bytes until one that is not, or the end. Both pointers advance. */
static inline void copy_plain(char **p, const uint8_t **s, const uint8_t *end)
{
	while (end - *s >= 8) {
		uint64_t w, marks;
		unsigned int n;

		memcpy(&w, *s, 8);
		memcpy(*p, &w, 8);
		marks = special_bytes(w);
		n = marks ? (unsigned int)__builtin_ctzll(marks) / 8 : 8;
		*p += n;
		*s += n;
		if (marks)
			return;
	}
	while (*s < end && **s >= 0x20 && **s < 0x80 && **s != '"' && **s != '\\')
		*(*p)++ = (char)*(*s)++;
}

bool json__strn(struct json *j, const void *data, size_t len)
{
	const uint8_t *s = data, *end = s + len;
	/* no byte becomes more than six, and a whole word may be written at the end */
	char *p = begin_value(j, 6 * len + 2 + 8);
	bool valid = true;

	if (!p)
		return true;
	*p++ = '"';
	while (s < end) {
		size_t n, bad;

		copy_plain(&p, &s, end);
		if (s == end)
			break;
		if (*s < 0x80) {
			p = put_escape(p, *s++);
			continue;
		}
		n = utf8_sequence(s, (size_t)(end - s), &bad);
		if (n) {
			memcpy(p, s, n);
			p += n;
			s += n;
			continue;
		}
		memcpy(p, "\xef\xbf\xbd", 3);
		p += 3;
		s += bad;
		valid = false;
	}
	*p++ = '"';
	end_value(j, p);
	return valid;
}

void json__str(struct json *j, const char *s)
{
	if (s)
		json__strn(j, s, strlen(s));
	else
		json__null(j);
}

void json__u64(struct json *j, uint64_t v)
{
	char *p = begin_value(j, FMT_U64_MAX);

	if (p)
		end_value(j, fmt_u64(p, v));
}

void json__i64(struct json *j, int64_t v)
{
	char *p = begin_value(j, FMT_U64_MAX + 1);

	if (p)
		end_value(j, fmt_i64(p, v));
}

void json__bool(struct json *j, bool v)
{
	put_value(j, v ? "true" : "false", v ? 4 : 5);
}

void json__null(struct json *j)
{
	put_value(j, "null", 4);
}

void json__hex(struct json *j, const void *data, size_t len)
{
	const uint8_t *s = data;
	char *p = begin_value(j, 2 * len + 2);

	if (!p)
		return;
	*p++ = '"';
	for (size_t i = 0; i < len; i++) {
		*p++ = "0123456789abcdef"[s[i] >> 4];
		*p++ = "0123456789abcdef"[s[i] & 15];
	}
	*p++ = '"';
	end_value(j, p);
}

void json__ptr(struct json *j, uint64_t v)
{
	char *p = begin_value(j, FMT_HEX_MAX + 2);

	if (!p)
		return;
	*p++ = '"';
	p = fmt_hex(p, v);
	*p++ = '"';
	end_value(j, p);
}

void json__time(struct json *j, uint64_t realtime_ns)
{
	char *p = begin_value(j, FMT_SECOND_LEN + 13);

	if (!p)
		return;
	*p++ = '"';
	p = fmt_second(p, realtime_ns / NSEC_PER_SEC);
	*p++ = '.';
	p = fmt_9(p, (uint32_t)(realtime_ns % NSEC_PER_SEC));
	*p++ = 'Z';
	*p++ = '"';
	end_value(j, p);
}

void json__newline(struct json *j)
{
	j->comma = false;
	put_value(j, "\n", 1);
	j->comma = false;
}

void json__member_str(struct json *j, const char *key, const char *s)
{
	json__key(j, key);
	json__str(j, s);
}

void json__member_u64(struct json *j, const char *key, uint64_t v)
{
	json__key(j, key);
	json__u64(j, v);
}
