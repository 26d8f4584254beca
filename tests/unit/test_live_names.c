/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy for what runs already holds by a name: patterns, and what is not there yet. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "live_made.h"

/* As the kernel looks for NAME in DIR (NULL: anywhere), or below it. */
static const struct guard_row *named(const struct live_policy *l, const struct live_rows *r, const char *dir, uint32_t way,
				     bool below, const char *name)
{
	struct guard_name_key key = { .list = GUARD_LIST(0, way, (uint32_t)below), .base = dir ? inode_of(l, dir) : 0 };
	const struct live_name_row *v = way == GUARD_NAMES_EXACT ? r->names : r->affixes, *best = NULL;
	size_t n = way == GUARD_NAMES_EXACT ? r->n_names : r->n_affixes, len = strlen(name);

	for (size_t i = 0; i < len && i < GUARD_NAME_LEN; i++)
		key.name[i] = (uint8_t)(way == GUARD_NAMES_SUFFIX ? name[len - 1 - i] : name[i]);
	for (size_t i = 0; i < n; i++) {
		size_t bytes = way == GUARD_NAMES_EXACT ? GUARD_NAME_LEN : (v[i].key.prefixlen - GUARD_NAME_PREFIX) / 8;

		if (v[i].key.list == key.list && v[i].key.base == key.base && !memcmp(v[i].key.name, key.name, bytes) &&
		    (way == GUARD_NAMES_EXACT || bytes <= len) && (!best || best->key.prefixlen < v[i].key.prefixlen))
			best = &v[i];
	}
	return best ? &best->row : NULL;
}

static const char *name_text(const struct live_policy *l, const char *dir, uint32_t way, bool below, const char *name)
{
	struct live_rows r = rows_of(l);
	const struct guard_row *found = named(l, &r, dir, way, below, name);
	const char *text = found ? row_text(found) : "none";

	live_rows__done(&r);
	return text;
}

static uint32_t lists(const struct live_policy *l, const char *dir)
{
	struct live_rows r = rows_of(l);
	const struct guard_row *found = row_in(&r, l, dir);
	uint32_t names = found ? found->names : 0;

	live_rows__done(&r);
	return names;
}

static void patterns_are_taken_apart(void **state)
{
	static const struct {
		const char *value, *dir, *text; /* NULL: it cannot be */
		uint8_t way, depth;
		bool below, anywhere;
	} cases[] = {
		{ "/**/.env", "/", ".env", GUARD_NAMES_EXACT, 0, true, true },
		{ "/srv/**/.env", "/srv", ".env", GUARD_NAMES_EXACT, 0, true, false },
		{ "/srv/**/**/*.pem", "/srv", "mep.", GUARD_NAMES_SUFFIX, 0, true, false },
		{ "/srv/*.key", "/srv", "yek.", GUARD_NAMES_SUFFIX, 0, false, false },
		{ "/srv/id_*", "/srv", "id_", GUARD_NAMES_PREFIX, 0, false, false },
		{ "/srv/*", "/srv", "", GUARD_NAMES_PREFIX, 0, false, false },
		{ "/*", "/", "", GUARD_NAMES_PREFIX, 0, false, false },
		{ "/home/*/.ssh", "/home", ".ssh", GUARD_NAMES_EXACT, 2, true, false },
		{ "/home/*/*/x*", "/home", "x", GUARD_NAMES_PREFIX, 3, true, false },
		{ "/*/x", "/", "x", GUARD_NAMES_EXACT, 2, true, false },
		{ "/a[*]b/*[?]", "/a*b", "?", GUARD_NAMES_SUFFIX, 0, false, false },
		{ "/a/[[]*", "/a", "[", GUARD_NAMES_PREFIX, 0, false, false },
		{ "/a/*b*", NULL, NULL, 0, 0, false, false },
		{ "/a/b*c", NULL, NULL, 0, 0, false, false },
		{ "/a/b?", NULL, NULL, 0, 0, false, false },
		{ "/a/[ab]", NULL, NULL, 0, 0, false, false },
		{ "/a/**/*/b", NULL, NULL, 0, 0, false, false },
		{ "/a/*/b/c", NULL, NULL, 0, 0, false, false },
		{ "/a/b*/c", NULL, NULL, 0, 0, false, false },
		{ "/a/*0123456789012345678901234567890123456789012345678901234567890123", NULL, NULL, 0, 0, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct live_name n;
		char dir[64];
		const char *why = live_pattern__split(cases[i].value, dir, sizeof(dir), &n);

		if (!why != !!cases[i].dir)
			fail_msg("%s: %s", cases[i].value, why ? why : "taken");
		if (why)
			continue;
		if (strcmp(dir, cases[i].dir) || n.way != cases[i].way || n.below != cases[i].below || n.depth != cases[i].depth ||
		    n.anywhere != cases[i].anywhere || n.len != strlen(cases[i].text) || strcmp(n.text, cases[i].text))
			fail_msg("%s: %s %u %.64s", cases[i].value, dir, n.way, n.text);
	}
}

static void what_is_not_there_yet_is_held_by_its_name(void **state)
{
	struct made m = make("[filesystem]\ndeny = ['/new/secret']\nallow_read = ['/new/read', '/x/read']\nallow_write = ['/x/written']\n");

	(void)state;
	assert_int_equal(m.l.n_gaps, 0);
	assert_string_equal(row(&m.l, "/new/secret"), "none");
	assert_string_equal(name_text(&m.l, "/new", GUARD_NAMES_EXACT, false, "secret"), "d:111 a:---");
	assert_string_equal(name_text(&m.l, "/new", GUARD_NAMES_EXACT, false, "secret2"), "none");
	assert_string_equal(name_text(&m.l, "/new", GUARD_NAMES_EXACT, true, "secret"), "none");
	assert_string_equal(name_text(&m.l, "/new", GUARD_NAMES_EXACT, false, "read"), "d:--- a:2--");
	/* who may move files could put another one there */
	assert_string_equal(name_text(&m.l, "/x", GUARD_NAMES_EXACT, false, "read"), "none");
	assert_string_equal(name_text(&m.l, "/x", GUARD_NAMES_EXACT, false, "written"), "d:--- a:44-");
	assert_int_equal(lists(&m.l, "/new"), GUARD_NAMES_EXACT);
	done(&m);
}

static void names_below_a_directory_keep_it_in_reach(void **state)
{
	struct made m = make("[filesystem]\ndeny = ['/srv/**/.env', '**/*.pem', '/home/*/.ssh']\ndeny_exec = ['/srv/**/*.so']\n");

	(void)state;
	assert_int_equal(m.l.n_gaps, 0);
	assert_string_equal(name_text(&m.l, "/srv", GUARD_NAMES_EXACT, true, ".env"), "d:111 a:---");
	assert_string_equal(name_text(&m.l, "/srv", GUARD_NAMES_SUFFIX, true, "x.so"), "d:--4 a:---");
	assert_string_equal(name_text(&m.l, NULL, GUARD_NAMES_SUFFIX, true, "a.pem"), "d:222 a:---");
	assert_string_equal(name_text(&m.l, NULL, GUARD_NAMES_SUFFIX, true, ".pem"), "d:222 a:---");
	assert_string_equal(name_text(&m.l, NULL, GUARD_NAMES_SUFFIX, true, "pem"), "none");
	assert_int_equal(m.l.head.names, GUARD_NAMES_SUFFIX);
	assert_int_equal(m.l.head.denies, 7 | 1 << GUARD_LEAVE);
	assert_int_equal(lists(&m.l, "/srv"), (GUARD_NAMES_EXACT | GUARD_NAMES_SUFFIX) << GUARD_NAMES_BELOW);
	assert_int_equal(lists(&m.l, "/home"), GUARD_NAMES_EXACT << GUARD_NAMES_BELOW | GUARD_NAMES_FAR);
	done(&m);
	m = make("[filesystem]\ndeny_exec = ['/srv/**/*.so']\n");
	assert_int_equal(m.l.head.denies, 1 << GUARD_EXEC); /* what may be written may be moved */
	done(&m);
}

static void a_longer_text_has_the_rules_of_a_shorter(void **state)
{
	struct made m = make("[filesystem]\ndeny_exec = ['/p/a*', '/p/abc*', '/p/abx*', '/p/*z', '/p/*yz', '/p/*']\ndeny_write = ['/p/ab*']\n");

	(void)state;
	assert_string_equal(name_text(&m.l, "/p", GUARD_NAMES_PREFIX, false, "abcd"), "d:-71 a:---");
	assert_string_equal(name_text(&m.l, "/p", GUARD_NAMES_PREFIX, false, "abd"), "d:-71 a:---");
	assert_string_equal(name_text(&m.l, "/p", GUARD_NAMES_PREFIX, false, "ac"), "d:--1 a:---");
	assert_string_equal(name_text(&m.l, "/p", GUARD_NAMES_PREFIX, false, "q"), "d:--6 a:---");
	assert_string_equal(name_text(&m.l, "/p", GUARD_NAMES_SUFFIX, false, "xyz"), "d:--4 a:---");
	done(&m);
}

static void what_names_cannot_hold_is_a_gap(void **state)
{
	struct made m = make("[filesystem]\ndeny = ['/p/a?', '/p/0123456789012345678901234567890123456789012345678901234567890123']\n"
			     "allow_read = ['/p/a?', '/p/**/b']\n");
	const char *why;

	(void)state;
	assert_int_equal(m.l.n_gaps, 2);
	assert_int_equal(gap_kind(&m.l, "filesystem.deny /p/a?"), LIVE_GAP_PATH);
	assert_non_null(strstr(gap_text(&m.l, "filesystem.deny /p/0123"), "63 bytes"));
	assert_string_equal(row(&m.l, "/pattern/a"), "d:111 a:3--"); /* what is there is held */
	assert_string_equal(live_policy__layer(&m.l, &m.p->rules[2], &why), "lsm"); /* it is less that is allowed */
	done(&m);
}

static void nested_bases_are_bounded(void **state)
{
	struct made m = make("[filesystem]\ndeny = ['/1/**/x', '/1/2/**/x', '/1/2/3/**/x', '/1/2/3/4/**/x', '/1/2/3/4/5/**/x', "
			     "'/1/2/3/4/5/6/**/x', '/1/2/3/4/5/6/7/**/x', '/1/2/3/4/5/6/7/8/**/x', '/2/**/x']\n");

	(void)state;
	assert_int_equal(m.err, 0);
	done(&m);
	m = make("[filesystem]\ndeny = ['/1/**/x', '/1/2/**/x', '/1/2/3/**/x', '/1/2/3/4/**/x', '/1/2/3/4/5/**/x', "
		 "'/1/2/3/4/5/6/**/x', '/1/2/3/4/5/6/7/**/x', '/1/2/3/4/5/6/7/8/**/x', '/1/2/3/4/5/6/7/8/9/**/x']\n");
	assert_int_equal(m.err, -ENOSPC);
	assert_non_null(strstr(m.e.text, "8 directories within each other"));
	done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_are_taken_apart),
		cmocka_unit_test(what_is_not_there_yet_is_held_by_its_name),
		cmocka_unit_test(names_below_a_directory_keep_it_in_reach),
		cmocka_unit_test(a_longer_text_has_the_rules_of_a_shorter),
		cmocka_unit_test(what_names_cannot_hold_is_a_gap),
		cmocka_unit_test(nested_bases_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
