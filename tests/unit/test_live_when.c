/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions and actions of a policy for what runs already, as the rows that the kernel judges by. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "live_made.h"

/* As the kernel does: which conditions are met by this user, program (inode) and control groups. */
static uint64_t met(const struct live_policy *l, const struct live_rows *r, uint64_t uid, uint64_t exe, uint64_t cgroup, bool other_ns)
{
	const uint64_t values[GUARD_WHO_MAX] = { uid, exe, cgroup };
	uint64_t unmet = ~(uint64_t)l->head.mount_ns[other_ns] | ~(uint64_t)l->head.user_ns[other_ns];

	for (size_t what = 0; what < GUARD_WHO_MAX; what++) {
		uint64_t yes = 0, no = 0;

		for (size_t i = 0; i < r->n_who; i++) {
			if (r->who[i].key.what != what || r->who[i].key.value != values[what])
				continue;
			yes |= r->who[i].row.met;
			no |= r->who[i].row.unmet;
		}
		unmet |= (l->head.needs[what] & ~yes) | no;
	}
	return ~unmet | 1;
}

static void a_condition_is_a_bit(void **state)
{
	struct made m = make("[filesystem]\ndeny = [{ path = '/a', when = { uid = [1, 2] } }, { path = '/b', when = { not_uid = 0 } },\n"
			     " { path = '/c', when = { uid = [1, 2] } }, { path = '/d', when = { binary = '/x/same', not_binary = '/y' } },\n"
			     " { path = '/e', when = { cgroup = '/7', uid = 1 } }, { path = '/f', when = { mount_namespace = 'other' } },\n"
			     " { path = '/g', when = { not_binary = '/z/same' } }]\n");
	struct live_rows r = rows_of(&m.l);
	static const struct {
		uint64_t uid, exe, cgroup;
		bool other;
		const char *met;
	} cases[] = {
		{ 0, 5, 0, false, "g" }, { 1, 5, 0, false, "abcg" }, { 3, 5, 7, false, "bg" }, { 1, 5, 7, true, "abcefg" },
		{ 0, 100, 0, false, "d" },
	};

	(void)state;
	assert_int_equal(m.err, 0);
	assert_int_equal(m.l.n_gaps, 0);
	assert_int_equal(m.l.n_whens, 7); /* with the one that is always met; /a and /c have one */
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t bits = met(&m.l, &r, cases[i].uid, cases[i].exe, cases[i].cgroup, cases[i].other);

		for (char c = 'a'; c <= 'g'; c++) {
			char path[3] = { '/', c };
			const struct guard_row *row = row_in(&r, &m.l, path);

			assert_non_null(row);
			if (!!strchr(cases[i].met, c) != (bits >> row->e[0].condition & 1))
				fail_msg("case %zu: %c", i, c);
		}
	}
	live_rows__done(&r);
	done(&m);
}

static void rules_on_one_file_keep_their_conditions(void **state)
{
	struct made m = make("[filesystem]\ndeny = [{ path = '/a', when = { uid = 1 } }, { path = '/a', when = { uid = 2 }, action = 'kill' },\n"
			     "{ path = '/a', action = 'audit' }]\n[syscalls]\ndeny = [{ call = 'mount', action = 'kill', when = { not_uid = 0 } }, "
			     "'umount2']\n");
	struct live_rows r = rows_of(&m.l);
	const struct guard_row *row = row_in(&r, &m.l, "/a");

	(void)state;
	assert_non_null(row);
	for (int i = 0; i < 3; i++)
		assert_int_equal(row->e[i].rule, i + 1);
	assert_true(row->e[0].action == GUARD_DENY && row->e[1].action == GUARD_KILL && row->e[2].action == GUARD_TELL);
	assert_true(row->e[0].condition && row->e[1].condition && row->e[0].condition != row->e[1].condition && !row->e[2].condition);
	assert_int_equal(m.l.head.blind[GUARD_READ], GUARD_DENY);
	assert_int_equal(m.l.head.ops[GUARD_OP_MOUNT].e[0].action, GUARD_KILL);
	assert_int_equal(m.l.head.ops[GUARD_OP_MOUNT].e[1].action, GUARD_DENY);
	live_rows__done(&r);
	done(&m);
	m = make("[filesystem]\ndeny = [{ path = '/a', action = 'audit' }]\n");
	assert_int_equal(m.l.head.blind[GUARD_READ], GUARD_TELL);
	done(&m);
}

static void what_a_row_cannot_hold_is_an_error(void **state)
{
	char text[2000] = "[filesystem]\ndeny = [";
	struct policy_error e;
	uint64_t inodes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct live_rows r;
	struct made m;

	(void)state;
	for (int i = 0; i < 8; i++)
		sprintf(text + strlen(text), "{ path = '/a', when = { uid = %d } },", i);
	strcat(text, "]\n");
	m = make(text);
	assert_int_equal(m.err, 0);
	assert_int_equal(live_rows__make(&m.l, inodes, &r, &e), -ENOSPC);
	assert_non_null(strstr(e.text, "t.toml:2:"));
	assert_non_null(strstr(e.text, "7 rules that differ"));
	live_rows__done(&r);
	done(&m);
	strcpy(text, "[filesystem]\ndeny = [");
	for (int i = 0; i < 64; i++)
		sprintf(text + strlen(text), "{path='/%d',when={uid=%d}},", i, i);
	strcat(text, "]\n");
	m = make(text);
	assert_int_equal(m.err, -ENOSPC);
	assert_non_null(strstr(m.e.text, "63 different conditions"));
	done(&m);
}

static void what_a_condition_names_must_be_there(void **state)
{
	struct made m = make("[filesystem]\ndeny = [{ path = '/a', when = { binary = '/gone' } }, { path = '/b', when = { binary = '/gone' } },\n"
			     "{ path = '/c', when = { cgroup = '/none' } }]\n");

	(void)state;
	assert_int_equal(m.err, 0);
	assert_int_equal(m.l.n_gaps, 3);
	assert_string_equal(gap_text(&m.l, "filesystem.deny /b"), "when: its program is not there");
	assert_string_equal(gap_text(&m.l, "filesystem.deny /c"), "when: its control group is not there");
	done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_condition_is_a_bit),
		cmocka_unit_test(rules_on_one_file_keep_their_conditions),
		cmocka_unit_test(what_a_row_cannot_hold_is_an_error),
		cmocka_unit_test(what_a_condition_names_must_be_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
