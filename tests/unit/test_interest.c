/* SPDX-License-Identifier: Apache-2.0 */
/* interest__parse(): what each form of a -e expression selects, and what each mistake is answered
 * with. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "event/interest.h"
#include "event/syscalls.h"

static uint8_t on[EV_ABI_MAX][ST_NR_SYSCALLS];
static bool beyond;
static char message[256];

static void parse(const char *expr)
{
	memset(on, 0xff, sizeof(on));
	message[0] = 0;
	if (interest__parse(expr, on, &beyond, message, sizeof(message)))
		fail_msg("'%s' refused: %s", expr, message);
	for (int abi = 0; abi < EV_ABI_MAX; abi++)
		for (int nr = 0; nr < ST_NR_SYSCALLS; nr++)
			assert_true(on[abi][nr] <= 1);
}

/* Is NAME recorded in ABI? The call must exist there, below the table's end. */
static bool has(enum ev_abi abi, const char *name)
{
	int nr = syscalls__number(abi, name);

	if (nr < 0 || nr >= ST_NR_SYSCALLS)
		fail_msg("%s has number %d in %s", name, nr, syscalls__abi_name(abi));
	return on[abi][nr];
}

static bool native(const char *name)
{
	return has(EV_ABI_NATIVE, name);
}

static size_t count(void)
{
	size_t n = 0;

	for (int abi = 0; abi < EV_ABI_MAX; abi++)
		for (int nr = 0; nr < ST_NR_SYSCALLS; nr++)
			n += on[abi][nr];
	return n;
}

/* Refused with a message that contains WANT, and with nothing written. */
static void refused(const char *expr, const char *want)
{
	bool b = beyond;

	memset(on, 0x55, sizeof(on));
	message[0] = 0;
	assert_int_equal(interest__parse(expr, on, &b, message, sizeof(message)), -EINVAL);
	if (!strstr(message, want))
		fail_msg("'%s': '%s' does not contain '%s'", expr, message, want);
	assert_int_equal(b, beyond);
	for (size_t i = 0; i < sizeof(on); i++)
		assert_int_equal((&on[0][0])[i], 0x55);
}

static void test_names(void **state)
{
	(void)state;
	parse("close");
	assert_true(native("close"));
	assert_false(native("read"));
	assert_int_equal(count(), 1 + (syscalls__number(EV_ABI_COMPAT32, "close") >= 0) +
					  (syscalls__number(EV_ABI_X32, "close") >= 0));
	assert_false(beyond);
	parse("read,close,read");
	assert_true(native("close") && native("read"));
	assert_false(native("write"));
}

static void test_every_abi(void **state)
{
	int nr = syscalls__number(EV_ABI_COMPAT32, "waitpid");

	(void)state;
	parse("close");
	if (syscalls__number(EV_ABI_COMPAT32, "close") >= 0)
		assert_true(has(EV_ABI_COMPAT32, "close"));
	/* i386 has waitpid, x86_64 has not */
	if (nr >= 0) {
		parse("waitpid");
		assert_int_equal(count(), 1);
		assert_true(on[EV_ABI_COMPAT32][nr]);
	}
}

static void test_classes(void **state)
{
	(void)state;
	parse("%file");
	assert_true(native("openat") && native("execve"));
	assert_false(native("close") || native("socket"));
	parse("%network");
	assert_true(native("connect") && native("sendto"));
	assert_false(native("openat"));
	parse("%file,%network,!connect");
	assert_true(native("openat") && native("sendto"));
	assert_false(native("connect") || native("getpid"));
	parse("%file,!%file,getpid");
	assert_int_equal(native("getpid"), 1);
	assert_false(native("openat"));
	for (size_t i = 0; interest__class_at(i); i++) {
		char expr[64];

		snprintf(expr, sizeof(expr), "%%%s", interest__class_at(i));
		parse(expr);
		assert_true(count() > 0);
		assert_true(i < 64);
	}
}

static void test_order(void **state)
{
	(void)state;
	parse("%desc,!close,close");
	assert_true(native("close"));
	parse("all,!close");
	assert_false(native("close"));
	assert_true(native("read") && beyond);
}

static void test_inverted(void **state)
{
	(void)state;
	parse("!close");
	assert_false(native("close"));
	assert_true(native("read") && native("openat") && beyond);
	parse("!close,read");
	assert_false(native("close") || native("read"));
	assert_true(native("openat"));
	parse("!close,!read");
	assert_false(native("close") || native("read"));
	parse("!%file");
	assert_false(native("openat"));
	assert_true(native("close") && beyond);
}

static void test_all_none(void **state)
{
	(void)state;
	parse("all");
	assert_int_equal(count(), sizeof(on));
	assert_true(beyond);
	parse("none");
	assert_int_equal(count(), 0);
	assert_false(beyond);
	parse("!all");
	assert_int_equal(count(), 0);
	parse("!none");
	assert_int_equal(count(), sizeof(on));
	parse("none,close");
	assert_true(native("close"));
}

static void test_beyond(void **state)
{
	(void)state;
	parse("%other");
	assert_true(beyond);
	/* x32 has its own execve above the table */
	if (syscalls__number(EV_ABI_X32, "execve") >= ST_NR_SYSCALLS) {
		parse("execve");
		assert_true(native("execve") && beyond);
		parse("execve,!execve,close");
		assert_true(beyond);
	}
}

static void test_refused(void **state)
{
	char longest[200];

	(void)state;
	refused("opne", "did you mean 'open'");
	refused("close,opennat", "'opennat'");
	refused("file", "did you mean the class '%file'");
	refused("%flie", "did you mean '%file'");
	refused("%xyzzyplugh", "the classes are %file");
	refused("xyzzyplugh", "'xyzzyplugh'; 'man 2 syscalls'");
	refused("/^open", "regular expressions");
	refused("", "an item is empty");
	refused("!", "an item is empty");
	refused("close,", "an item is empty");
	refused("close,,read", "an item is empty");
	refused(",", "an item is empty");
	refused("%", "class");
	refused("!!close", "'!close'");
	refused(" close", "' close'");
	refused("Close", "'Close'");
	refused("close,!close", "selects no call");
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = 0;
	refused(longest, "as long as");
	longest[64] = 0; /* the item's buffer has 64 bytes */
	refused(longest, "as long as");
	longest[63] = 0;
	refused(longest, "no system call is called 'aaa");
}

/* A message that does not fit is cut, never written past its buffer. */
static void test_small_buffer(void **state)
{
	static const char *const exprs[] = { "opne", "file", "%flie",	    "%xyzzyplugh",
					     "/x",   ",",    "close,!close" };
	char buf[17];

	(void)state;
	for (size_t i = 0; i < sizeof(exprs) / sizeof(exprs[0]); i++)
		for (size_t size = 1; size < sizeof(buf); size++) {
			memset(buf, 0x7e, sizeof(buf));
			assert_int_equal(interest__parse(exprs[i], on, &beyond, buf, size),
					 -EINVAL);
			assert_true(strlen(buf) < size);
			assert_int_equal(buf[size], 0x7e);
		}
}

static int setup(void **state)
{
	(void)state;
	return syscalls__init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),	     cmocka_unit_test(test_every_abi),
		cmocka_unit_test(test_classes),	     cmocka_unit_test(test_order),
		cmocka_unit_test(test_inverted),     cmocka_unit_test(test_all_none),
		cmocka_unit_test(test_beyond),	     cmocka_unit_test(test_refused),
		cmocka_unit_test(test_small_buffer),
	};

	return cmocka_run_group_tests_name("interest", tests, setup, NULL);
}
