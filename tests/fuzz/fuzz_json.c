/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a JSON string: a strict parser must give them back, with U+FFFD for what is not
 * UTF-8. The reference below follows the definition of well-formed UTF-8 by decoding code points,
 * unlike the writer, which uses ranges.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "sink/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Can the first N of WANT bytes at S begin a code point that WANT bytes are right for? */
static bool may_begin(const uint8_t *s, size_t n, size_t want)
{
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t cp = s[0] & (0x7fU >> want), high;

	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return false;
		cp = cp << 6 | (s[i] & 0x3f);
	}
	/* from the least to the greatest that the missing bytes allow */
	high = ((cp + 1) << (6 * (want - n))) - 1;
	cp <<= 6 * (want - n);
	if (high < lowest[want] || cp > 0x10ffff)
		return false;
	return !(cp >= 0xd800 && high <= 0xdfff);
}

/* Length of the sequence at S when it is well-formed; else 0 and *ret_bad, the bytes that one
 * U+FFFD replaces. */
static size_t sequence(const uint8_t *s, size_t len, size_t *ret_bad)
{
	size_t want = s[0] < 0x80       ? 1
		      : s[0] >> 5 == 6  ? 2
		      : s[0] >> 4 == 14 ? 3
		      : s[0] >> 3 == 30 ? 4
					: 0;
	size_t n = 1;

	*ret_bad = 1;
	if (want == 1)
		return 1;
	if (!want || !may_begin(s, 1, want))
		return 0;
	while (n < want && n < len && may_begin(s, n + 1, want))
		n++;
	*ret_bad = n;
	return n == want ? n : 0;
}

static size_t replace(const uint8_t *s, size_t len, char *out, bool *ret_valid)
{
	char *p = out;

	*ret_valid = true;
	while (len) {
		size_t bad, n = sequence(s, len, &bad);

		if (n) {
			memcpy(p, s, n);
			p += n;
		} else {
			memcpy(p, "\xef\xbf\xbd", 3);
			p += 3;
			n = bad;
			*ret_valid = false;
		}
		s += n;
		len -= n;
	}
	return (size_t)(p - out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_tokener *tok = json_tokener_new();
	char *want = malloc(3 * size + 1);
	struct json_object *o;
	bool valid, said;
	struct json j;
	size_t len;

	if (!tok || !want)
		abort();
	len = replace(data, size, want, &valid);
	json__init(&j);
	said = json__strn(&j, data, size);
	json__newline(&j);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(tok, j.buf, (int)j.len);
	if (j.err || said != valid || !o || (size_t)json_object_get_string_len(o) != len ||
	    memcmp(json_object_get_string(o), want, len)) {
		fprintf(stderr, "valid %d said %d: %.*s", valid, said, (int)j.len, j.buf);
		abort();
	}
	json_object_put(o);
	json_tokener_free(tok);
	json__done(&j);
	free(want);
	return 0;
}
