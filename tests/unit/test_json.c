/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON writer: exact text for each kind of value, and for every byte string a value that a
 * parser takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "base/util.h"
#include "sink/fmt.h"
#include "sink/json.h"

static struct json j;

static int begin(void **state)
{
	(void)state;
	json__init(&j);
	return 0;
}

static int end(void **state)
{
	(void)state;
	json__done(&j);
	return 0;
}

static void expect(const char *text)
{
	assert_int_equal(j.err, 0);
	assert_int_equal(j.len, strlen(text));
	assert_memory_equal(j.buf, text, j.len);
	json__reset(&j);
}

static void commas_come_by_themselves(void **state)
{
	(void)state;
	json__object_begin(&j);
	json__key(&j, "a");
	json__array_begin(&j);
	json__array_end(&j);
	json__key(&j, "b");
	json__object_begin(&j);
	json__key(&j, "c");
	json__null(&j);
	json__key2(&j, "c", "_len");
	json__u64(&j, 1);
	json__object_end(&j);
	json__key(&j, "d");
	json__array_begin(&j);
	json__bool(&j, true);
	json__bool(&j, false);
	json__array_begin(&j);
	json__str(&j, "x");
	json__array_end(&j);
	json__hex(&j, "\x00\xff", 2);
	json__ptr(&j, 0x7f00deadbeef);
	json__str(&j, NULL);
	json__array_end(&j);
	json__object_end(&j);
	json__newline(&j);
	json__object_begin(&j);
	json__object_end(&j);
	json__newline(&j);
	expect("{\"a\":[],\"b\":{\"c\":null,\"c_len\":1},\"d\":[true,false,[\"x\"],\"00ff\","
	       "\"0x7f00deadbeef\",null]}\n"
	       "{}\n");
}

static void numbers_are_exact(void **state)
{
	char want[64];
	uint64_t v = 1;

	(void)state;
	for (int i = 0; i < 4000; i++) {
		/* every power of ten and of two, and their neighbours, among others */
		v = i < 64   ? 1ULL << i
		    : i < 84 ? (i == 64 ? 1 : v * 10)
			     : v * 6364136223846793005ULL + 1442695040888963407ULL;
		for (int d = -1; d <= 1; d++) {
			uint64_t n = (v >> (i > 84 ? i % 64 : 0)) + (uint64_t)(int64_t)d;

			json__u64(&j, n);
			snprintf(want, sizeof(want), "%llu", (unsigned long long)n);
			expect(want);
			json__i64(&j, (int64_t)n);
			snprintf(want, sizeof(want), "%lld", (long long)n);
			expect(want);
			json__ptr(&j, n);
			snprintf(want, sizeof(want), "\"0x%llx\"", (unsigned long long)n);
			expect(want);
		}
	}
	json__i64(&j, INT64_MIN);
	expect("-9223372036854775808");
}

static void times_are_exact(void **state)
{
	char day[32], want[64];

	(void)state;
	json__time(&j, 0);
	expect("\"1970-01-01T00:00:00.000000000Z\"");
	json__time(&j, 1735732800123456789ULL);
	expect("\"2025-01-01T12:00:00.123456789Z\"");
	json__time(&j, UINT64_MAX);
	expect("\"2554-07-21T23:34:33.709551615Z\"");
	/* a prime number of seconds below a day visits every day and all hours */
	for (uint64_t s = 0; s < 18446744073ULL; s += 86389 * 7) {
		time_t t = (time_t)s;
		struct tm tm;

		gmtime_r(&t, &tm);
		strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
		snprintf(want, sizeof(want), "\"%s.%09uZ\"", day, (unsigned int)(s % 1000000000));
		json__time(&j, s * 1000000000ULL + s % 1000000000);
		expect(want);
	}
}

static void strings_are_escaped(void **state)
{
	static const char all[] = "a\"b\\c/\b\f\n\r\t\x01\x1f\x7f\0z";

	(void)state;
	assert_true(json__strn(&j, "", 0));
	expect("\"\"");
	assert_true(json__strn(&j, all, sizeof(all) - 1));
	expect("\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\\u0000z\"");
	assert_true(json__strn(&j, "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x90\xa7", 15));
	expect("\"na\xc3\xafve \xe2\x82\xac \xf0\x9f\x90\xa7\"");
}

#define BAD "\xef\xbf\xbd"

/* One U+FFFD for each longest start of a sequence: the practice that Unicode recommends. */
static void invalid_utf8_is_replaced(void **state)
{
	static const struct {
		const char *bytes, *want;
	} cases[] = {
		{ "\x80", BAD },
		{ "\xff\xfe", BAD BAD },
		{ "a\xe2\x82", "a" BAD },
		{ "\xe2\x82x", BAD "x" },
		{ "\xc3\xc3\xa9", BAD "\xc3\xa9" },
		{ "\xc0\xaf", BAD BAD }, /* overlong slash */
		{ "\xe0\x80\xaf", BAD BAD BAD },
		{ "\xf0\x80\x80\xaf", BAD BAD BAD BAD },
		{ "\xed\xa0\x80", BAD BAD BAD },         /* a surrogate */
		{ "\xf4\x90\x80\x80", BAD BAD BAD BAD }, /* above U+10FFFF */
		{ "\xf5\x80\x80\x80", BAD BAD BAD BAD },
		{ "\xf1\x80\x80\xe1\x80\xc2",
		  BAD BAD BAD }, /* the example of the Unicode standard */
		{ "12345678\xf0\x9f\x90", "12345678" BAD },
		{ "\xf0\x9f\x90\"", BAD "\\\"" },
	};
	char want[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_false(json__strn(&j, cases[i].bytes, strlen(cases[i].bytes)));
		snprintf(want, sizeof(want), "\"%s\"", cases[i].want);
		expect(want);
	}
}

/* Each byte value at each position of the eight-byte window and beyond. */
static void every_byte_at_every_position(void **state)
{
	uint8_t text[21];

	(void)state;
	for (size_t len = 1; len <= sizeof(text); len++) {
		for (size_t at = 0; at < len; at++) {
			for (unsigned int c = 0; c < 256; c++) {
				struct json_tokener *tok = json_tokener_new();
				struct json_object *o;

				memset(text, 'a' + (int)len, len);
				text[at] = (uint8_t)c;
				assert_int_equal(json__strn(&j, text, len), c < 0x80);
				json_tokener_set_flags(tok, JSON_TOKENER_STRICT |
								JSON_TOKENER_VALIDATE_UTF8);
				json__newline(&j);
				o = json_tokener_parse_ex(tok, j.buf, (int)j.len);
				assert_non_null(o);
				if (c < 0x80) {
					assert_int_equal(json_object_get_string_len(o), len);
					assert_memory_equal(json_object_get_string(o), text, len);
				} else {
					assert_int_equal(json_object_get_string_len(o), len + 2);
					assert_memory_equal(json_object_get_string(o) + at, BAD, 3);
				}
				json_object_put(o);
				json_tokener_free(tok);
				json__reset(&j);
			}
		}
	}
}

static void errors_stick(void **state)
{
	(void)state;
	json__str(&j, "before");
	j.err = -ENOMEM;
	json__u64(&j, 1);
	json__key(&j, "k");
	json__object_end(&j);
	json__newline(&j);
	assert_int_equal(j.len, 8);
	assert_null(json__reserve(&j, 1));
	json__reset(&j);
	assert_int_equal(j.err, 0);
	json__str(&j, "after");
	expect("\"after\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(commas_come_by_themselves, begin, end),
		cmocka_unit_test_setup_teardown(numbers_are_exact, begin, end),
		cmocka_unit_test_setup_teardown(times_are_exact, begin, end),
		cmocka_unit_test_setup_teardown(strings_are_escaped, begin, end),
		cmocka_unit_test_setup_teardown(invalid_utf8_is_replaced, begin, end),
		cmocka_unit_test_setup_teardown(every_byte_at_every_position, begin, end),
		cmocka_unit_test_setup_teardown(errors_stick, begin, end),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
