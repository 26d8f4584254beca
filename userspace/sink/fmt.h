/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers to text without printf, which costs more than the rest of a record. Each function writes
 * at P, which must have room, and returns the end. No NUL is written.
 */
#ifndef SANDTRACE_FMT_H
#define SANDTRACE_FMT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FMT_U64_MAX 20
#define FMT_HEX_MAX 18 /* with 0x */

/* Appends a string literal. */
#define PUT(p, literal) ((char *)memcpy(p, literal, sizeof(literal) - 1) + sizeof(literal) - 1)

static inline char *put(char *p, const void *s, size_t len)
{
	return (char *)memcpy(p, s, len) + len;
}

extern const char fmt_pairs[200]; /* "00" to "99" */

static inline char *fmt_2(char *p, unsigned int v)
{
	memcpy(p, &fmt_pairs[2 * v], 2);
	return p + 2;
}

static inline char *fmt_4(char *p, unsigned int v)
{
	return fmt_2(fmt_2(p, v / 100), v % 100);
}

static inline char *fmt_8(char *p, uint32_t v)
{
	return fmt_4(fmt_4(p, v / 10000), v % 10000);
}

/* Nine digits, as in a fraction of a second. */
static inline char *fmt_9(char *p, uint32_t v)
{
	*p = (char)('0' + v / 100000000);
	return fmt_8(p + 1, v % 100000000);
}

/* V below 10^8, without leading zeros. */
static inline char *fmt_short(char *p, uint32_t v)
{
	char digits[8];
	unsigned int skip;
	uint64_t word;

	if (v < 10) {
		*p = (char)('0' + v);
		return p + 1;
	}
	if (v < 100)
		return fmt_2(p, v);
	fmt_8(digits, v);
	memcpy(&word, digits, sizeof(word));
	/* '0' is 0x30: the first byte with a low nibble that is not zero ends the zeros */
	skip = (unsigned int)__builtin_ctzll(word & 0x0f0f0f0f0f0f0f0fULL) / 8;
	word >>= 8 * skip;
	memcpy(p, &word, 8 - skip);
	return p + 8 - skip;
}

static inline char *fmt_u64(char *p, uint64_t v)
{
	const uint64_t e8 = 100000000;

	if (v < e8)
		return fmt_short(p, (uint32_t)v);
	if (v < e8 * e8)
		return fmt_8(fmt_short(p, (uint32_t)(v / e8)), (uint32_t)(v % e8));
	p = fmt_short(p, (uint32_t)(v / (e8 * e8)));
	v %= e8 * e8;
	return fmt_8(fmt_8(p, (uint32_t)(v / e8)), (uint32_t)(v % e8));
}

static inline char *fmt_i64(char *p, int64_t v)
{
	if (v >= 0)
		return fmt_u64(p, (uint64_t)v);
	*p = '-';
	return fmt_u64(p + 1, 0 - (uint64_t)v);
}

/* 0x and no leading zeros. */
static inline char *fmt_hex(char *p, uint64_t v)
{
	unsigned int digits = v ? (67 - (unsigned int)__builtin_clzll(v)) / 4 : 1;

	*p++ = '0';
	*p++ = 'x';
	for (unsigned int i = digits; i--; v >>= 4)
		p[i] = "0123456789abcdef"[v & 15];
	return p + digits;
}

/* "2025-01-01T12:00:00" of a second since the epoch. */
#define FMT_SECOND_LEN 19
char *fmt_second(char *p, uint64_t second);

#endif
