/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy for what runs already: which rows it comes to, what is left over and why, what the maps cannot hold. By subject beside
 * this: test_live_names.c, test_live_when.c, test_live_network.c.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "live_made.h"

/* ---- files --------------------------------------------------------------------------------------------------- */

static void a_kind_is_closed_by_rules_of_that_kind(void **state)
{
	static const struct {
		const char *text;
		uint32_t closed, denies;
	} cases[] = {
		{ "", 0, 0 },
		{ "[filesystem]\ndeny = ['/a']\n", 0, 7 },
		{ "[filesystem]\ndeny_write = ['/a']\n", 0, 1 << GUARD_WRITE },
		{ "[filesystem]\ndeny_exec = ['/a']\n", 0, 1 << GUARD_EXEC },
		{ "[filesystem]\nallow_read = ['/a']\n", 1 << GUARD_READ, 0 },
		{ "[filesystem]\nallow_write = ['/a']\n", 1 << GUARD_WRITE, 0 },
		{ "[filesystem]\nallow_exec = ['/a']\n", 1 << GUARD_EXEC, 0 },
		{ "[filesystem]\nallow_exec = []\n", 0, 0 },
		{ "[filesystem]\nallow_exec = ['**']\n", 0, 0 },
		{ "[filesystem]\nallow_exec = ['/a', '**']\n", 0, 0 },
		{ "[filesystem]\nallow_write = []\n", 0, 0 },
		{ "[filesystem]\nallow_write = ['/gone']\n", 1 << GUARD_WRITE, 0 },
		{ "[filesystem]\ndeny = ['/gone']\n", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct made m = make(cases[i].text);

		assert_int_equal(m.err, 0);
		if (m.l.head.closed != cases[i].closed || m.l.head.denies != cases[i].denies)
			fail_msg("%s: closed %u, denies %u", cases[i].text, m.l.head.closed, m.l.head.denies);
		for (int a = 0; a < GUARD_ACCESS_MAX; a++)
			assert_int_equal(!!m.l.head.closed_rule[a], cases[i].closed >> a & 1);
		done(&m);
	}
}

static void what_may_be_written_or_executed_may_be_read(void **state)
{
	struct made m = make("[filesystem]\nallow_read = ['/r']\nallow_write = ['/w']\nallow_exec = ['/x']\n");

	(void)state;
	assert_string_equal(row(&m.l, "/r"), "d:--- a:1--");
	assert_string_equal(row(&m.l, "/w"), "d:--- a:22-");
	assert_string_equal(row(&m.l, "/x"), "d:--- a:3-3");
	done(&m);
	/* where reading is not closed nobody asks */
	m = make("[filesystem]\nallow_write = ['/w']\nallow_exec = ['/x', '**']\n");
	assert_string_equal(row(&m.l, "/w"), "d:--- a:-1-");
	assert_string_equal(row(&m.l, "/x"), "none");
	assert_int_equal(m.l.n_gaps, 0);
	done(&m);
}

static void denials_are_of_their_accesses(void **state)
{
	struct made m = make("[filesystem]\ndeny = ['/d', '/both']\ndeny_write = ['/w', '/both', '/p/*']\n"
			     "deny_exec = ['/x', '/w', '/']\n");

	(void)state;
	assert_string_equal(row(&m.l, "/d"), "d:111 a:---");
	assert_string_equal(row(&m.l, "/both"), "d:222 a:---"); /* the first for each */
	assert_string_equal(row(&m.l, "/w"), "d:-37 a:---");
	assert_string_equal(row(&m.l, "/x"), "d:--6 a:---");
	assert_string_equal(row(&m.l, "/pattern/a"), "d:-5- a:---");
	assert_string_equal(row(&m.l, "/pattern/b"), "d:-5- a:---");
	assert_string_equal(row(&m.l, "/"), "d:--8 a:---");
	assert_int_equal(m.l.n_paths, 8); /* and /p, which the pattern begins with */
	assert_int_equal(m.l.n_rules, 9);
	for (unsigned int n = 1; n < 9; n++)
		assert_ptr_equal(m.l.rules[n], &m.p->rules[n - 1]);
	for (size_t i = 1; i < m.l.n_paths; i++)
		assert_true(strcmp(m.l.paths[i - 1], m.l.paths[i]) < 0);
	done(&m);
}

static void what_is_not_there_is_a_gap(void **state)
{
	struct made m = make("[filesystem]\nallow_write = ['/w', '/gone/x']\ndeny = ['**/.e?v', '/bad']\n"
			     "deny_exec = ['/gone']\n");
	const char *why = NULL;

	(void)state;
	assert_int_equal(m.err, 0);
	assert_int_equal(m.l.n_gaps, 4);
	assert_string_equal(gap_text(&m.l, "filesystem.allow_write /gone/x"),
			    "not there now, nor the directory that it would be in");
	assert_int_equal(gap_kind(&m.l, "filesystem.allow_write /gone/x"), LIVE_GAP_ABSENT);
	assert_int_equal(gap_kind(&m.l, "filesystem.deny_exec /gone"), LIVE_GAP_ABSENT);
	assert_int_equal(gap_kind(&m.l, "filesystem.deny **/.e?v"), LIVE_GAP_PATH);
	assert_string_equal(gap_text(&m.l, "filesystem.deny /bad"), "a link that was planted");
	assert_int_equal(m.expanded, 4); /* nobody looks for what is everywhere */
	assert_string_equal(live_policy__layer(&m.l, &m.p->rules[0], &why), "lsm");
	assert_null(live_policy__layer(&m.l, &m.p->rules[1], &why));
	assert_non_null(strstr(why, "not there now"));
	assert_null(live_policy__layer(&m.l, &m.p->rules[2], &why));
	assert_non_null(strstr(why, "how a name begins or ends"));
	for (size_t i = 0; i < m.l.n_gaps; i++)
		assert_ptr_equal(m.l.gaps[i].src, &m.l.gaps[i].rule->src);
	done(&m);
}

static void a_long_path_leaves_room_for_the_reason(void **state)
{
	char text[600], path[300];
	struct made m;

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	snprintf(text, sizeof(text), "[filesystem]\ndeny = ['/gone%s']\n", path);
	m = make(text);
	assert_int_equal(m.l.n_gaps, 1);
	assert_non_null(strstr(gap_text(&m.l, "filesystem.deny /gonexxx"), "not there now"));
	assert_non_null(strstr(m.l.gaps[0].text, "xx...: not"));
	done(&m);
}

static void two_paths_of_one_file_share_a_row(void **state)
{
	struct made m = make("[filesystem]\ndeny_write = ['/a/same']\ndeny = ['/b/same', '/a/same']\n");

	(void)state;
	assert_string_equal(row(&m.l, "/a/same"), "d:212 a:---");
	assert_string_equal(row(&m.l, "/b/same"), "d:212 a:---");
	done(&m);
}

/* ---- layers -------------------------------------------------------------------------------------------------- */

static void what_cannot_be_refused_can_be_killed_for(void **state)
{
	const struct live_layers layers = { .kill_after = true };
	struct net_plan plan = { 0 };
	const char *why = NULL;
	struct made m = make_with("[filesystem]\nallow_exec = ['/w']\ndeny = ['/d']\n[network]\nallow = ['192.0.2.1:80']\n"
				  "[syscalls]\ndeny = ['bpf', 'io_uring_setup', 'reboot']\n", &layers, &plan);

	(void)state;
	assert_int_equal(m.err, 0);
	assert_int_equal(m.l.head.closed, 1 << GUARD_EXEC);
	assert_int_equal(m.l.head.net_closed, 0);
	assert_string_equal(row(&m.l, "/w"), "d:--- a:--1");
	assert_string_equal(row(&m.l, "/d"), "d:222 a:---");
	for (size_t i = 0; i < m.p->n_rules; i++) {
		const char *layer = live_policy__layer(&m.l, &m.p->rules[i], &why);

		if (m.p->rules[i].kind == RULE_NET || !strcmp(m.p->rules[i].value, "reboot"))
			assert_null(layer);
		else
			assert_string_equal(layer, "kill");
	}
	assert_int_equal(gap_kind(&m.l, "network.allow 192.0.2.1:80"), LIVE_GAP_LAYER);
	assert_int_equal(gap_kind(&m.l, "syscalls.deny reboot"), LIVE_GAP_HOOK);
	assert_int_equal(m.l.n_gaps, 2);
	done(&m);
}

static void without_lsm_only_the_network_is_left(void **state)
{
	static const char text[] = "[filesystem]\nallow_write = ['/w']\ndeny = ['/d']\n[network]\nallow = ['192.0.2.1:80']\n"
				   "[syscalls]\ndeny = ['bpf', 'reboot']\n";
	struct live_layers layers = { .cgroup_net = true };
	struct net_plan plan = { 0 };
	const char *why = NULL;
	struct made m = make_with(text, &layers, &plan);

	(void)state;
	assert_int_equal(m.err, 0);
	assert_int_equal(m.expanded, 0);
	assert_true(!m.l.n_paths && !m.l.n_nets && !m.l.head.closed && !m.l.head.denies && !m.l.head.net_closed);
	assert_string_equal(gap_text(&m.l, "filesystem.allow_write /w"), "needs BPF LSM");
	assert_int_equal(gap_kind(&m.l, "filesystem.deny /d"), LIVE_GAP_LAYER);
	assert_int_equal(gap_kind(&m.l, "syscalls.deny bpf"), LIVE_GAP_LAYER);
	assert_int_equal(gap_kind(&m.l, "syscalls.deny reboot"), LIVE_GAP_HOOK);
	assert_int_equal(m.l.n_gaps, 4);
	for (size_t i = 0; i < m.p->n_rules; i++) {
		const char *layer = live_policy__layer(&m.l, &m.p->rules[i], &why);

		if (m.p->rules[i].kind == RULE_NET)
			assert_string_equal(layer, "cgroup-bpf");
		else
			assert_null(layer);
	}
	done(&m);
	layers.cgroup_net = false;
	m = make_with(text, &layers, &plan);
	assert_int_equal(gap_kind(&m.l, "network.allow 192.0.2.1:80"), LIVE_GAP_LAYER);
	done(&m);
	m = make_with("[network]\nallow = false\n", &layers, &plan);
	assert_int_equal(gap_kind(&m.l, "network.allow = false"), LIVE_GAP_LAYER);
	assert_string_equal(m.l.gaps[0].src->name, "t.toml");
	assert_int_equal(m.l.gaps[0].src->line, 2);
	done(&m);
	m = make_with(text, &everything, NULL);
	assert_int_equal(gap_kind(&m.l, "network.allow 192.0.2.1:80"), LIVE_GAP_PATH);
	assert_true(m.l.head.net_closed && !m.l.n_nets); /* what is not known is not allowed */
	done(&m);
}

static void calls_stand_for_hooks(void **state)
{
	static const struct {
		const char *name;
		enum guard_op op;
	} cases[] = {
		{ "bpf", GUARD_OP_BPF }, { "ptrace", GUARD_OP_PTRACE }, { "process_vm_writev", GUARD_OP_PTRACE },
		{ "mount", GUARD_OP_MOUNT }, { "umount2", GUARD_OP_MOUNT }, { "pivot_root", GUARD_OP_MOUNT },
		{ "move_mount", GUARD_OP_MOUNT }, { "finit_module", GUARD_OP_MODULE }, { "kexec_file_load", GUARD_OP_KEXEC },
		{ "perf_event_open", GUARD_OP_PERF }, { "io_uring_setup", GUARD_OP_IO_URING },
		{ "mount_setattr", GUARD_OP_NONE }, { "fsmount", GUARD_OP_NONE }, { "open_tree", GUARD_OP_NONE }, { "delete_module", GUARD_OP_NONE },
		{ "reboot", GUARD_OP_NONE },
	};
	struct live_layers layers = everything;
	struct made m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[100];
		int n = 0;

		snprintf(text, sizeof(text), "[syscalls]\ndeny = ['%s']\n", cases[i].name);
		m = make(text);
		assert_int_equal(live_policy__op(cases[i].name), cases[i].op);
		for (int op = 0; op < GUARD_OP_MAX; op++)
			n += m.l.head.ops[op].e[0].rule != 0;
		assert_int_equal(n, cases[i].op != GUARD_OP_NONE);
		assert_int_equal(m.l.n_gaps, cases[i].op == GUARD_OP_NONE);
		if (cases[i].op)
			assert_non_null(strstr(live_policy__op_calls(cases[i].op), cases[i].name));
		done(&m);
	}
	m = make("[syscalls]\ndeny = ['mount', 'umount2']\nallow = ['mount']\n");
	assert_int_equal(m.l.head.ops[GUARD_OP_MOUNT].e[0].rule, 1);
	assert_int_equal(m.l.head.ops[GUARD_OP_MOUNT].e[1].rule, 0); /* it says the same */
	assert_int_equal(m.l.n_rules, 3);
	done(&m);
	layers.lsm_io_uring = false;
	m = make_with("[syscalls]\ndeny = ['io_uring_setup']\n", &layers, &(struct net_plan){ .isolated = true });
	assert_int_equal(gap_kind(&m.l, "syscalls.deny io_uring_setup"), LIVE_GAP_LAYER);
	done(&m);
}

static void what_only_a_launch_gives_is_a_gap_if_it_is_asked_for(void **state)
{
	struct made m = make("");

	(void)state;
	assert_true(!m.l.n_gaps && m.l.n_rules == 1 && !m.l.n_paths && !m.l.head.net_closed);
	done(&m);
	m = make("[filesystem]\nsynthetic = ['hosts']\noverlay = true\nprotect_project = true\n[network]\nunix = false\n"
		 "[seccomp]\nprofile = 'strict'\n[limits]\npids = 5\noutput = 'unlimited'\n[syscalls]\nlog_only = ['read']\n"
		 "[env]\nallow = ['A', 'B']\nset = { C = '' }\nstrip = ['D']\n");
	for (size_t i = 0; i < m.l.n_gaps; i++) {
		assert_int_equal(m.l.gaps[i].kind, LIVE_GAP_LAUNCH);
		assert_true(m.l.gaps[i].src->line > 0);
		assert_null(m.l.gaps[i].rule);
	}
	assert_int_equal(m.l.n_gaps, 10);
	assert_string_equal(gap_text(&m.l, "limits.pids"), "only at a launch");
	assert_string_equal(gap_text(&m.l, "limits.output"), "none");
	done(&m);
	m = make("[filesystem]\nsynthetic = []\noverlay = false\nprotect_project = false\n[network]\nunix = true\n");
	assert_int_equal(m.l.n_gaps, 0);
	done(&m);
}

static void numbers_have_words(void **state)
{
	struct made m = make("[filesystem]\ndeny_write = ['/w']\nallow_exec = ['/x']\n[network]\nallow = false\n");
	char buf[200];

	(void)state;
	assert_string_equal(live_policy__describe(&m.l, 1, buf, sizeof(buf)), "t.toml:2:15: filesystem.deny_write \"/w\"");
	assert_string_equal(live_policy__describe(&m.l, m.l.head.closed_rule[GUARD_EXEC], buf, sizeof(buf)),
			    "not in filesystem.allow_exec");
	assert_string_equal(live_policy__describe(&m.l, m.l.head.net_rule, buf, sizeof(buf)),
			    "t.toml:5:9: network.allow = false");
	assert_string_equal(live_policy__describe(&m.l, 0, buf, sizeof(buf)), "not in the policy");
	assert_string_equal(live_policy__describe(&m.l, 900, buf, sizeof(buf)), "not in the policy");
	assert_int_equal(m.l.n_rules, 5);
	done(&m);
	m = make_with("[network]\nallow = ['192.0.2.1:80']\n", &everything, &(struct net_plan){ 0 });
	assert_string_equal(live_policy__describe(&m.l, m.l.head.net_rule, buf, sizeof(buf)), "not in network.allow");
	done(&m);
	m = make("[network]\nallow = true\n");
	assert_true(!m.l.head.net_closed && m.l.n_rules == 1 && !m.l.n_gaps);
	done(&m);
}

/* ---- bounds -------------------------------------------------------------------------------------------------- */

static void what_the_maps_cannot_hold_is_an_error(void **state)
{
	struct policy *p = load("");
	struct policy_error e;
	struct live_policy l;
	unsigned int expanded = 0;
	struct made m;

	(void)state;
	for (unsigned int i = 0; i < 1023; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/f%u", i);
		assert_int_equal(policy__add(p, RULE_DENY, "--deny", path, &env, &e), 0);
	}
	assert_int_equal(live_policy__make(p, NULL, &everything, &(struct live_world){ .expand = expand, .ctx = &expanded }, &l, &e), 0);
	assert_true(l.n_rules == 1024 && l.n_paths == 1024); /* with / */
	assert_ptr_equal(l.rules[1023], &p->rules[1022]);
	live_policy__done(&l);
	assert_int_equal(policy__add(p, RULE_DENY, "--deny", "/one", &env, &e), 0);
	assert_int_equal(live_policy__make(p, NULL, &everything, &(struct live_world){ .expand = expand, .ctx = &expanded }, &l, &e), -ENOSPC);
	assert_non_null(strstr(e.text, "1023 rules"));
	assert_true(e.hint[0]);
	live_policy__done(&l);
	policy__free(p);
	m = make("[filesystem]\ndeny = ['/huge']\n");
	assert_int_equal(m.err, -ENOSPC);
	assert_non_null(strstr(m.e.text, "2048 paths"));
	done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kind_is_closed_by_rules_of_that_kind),
		cmocka_unit_test(what_may_be_written_or_executed_may_be_read),
		cmocka_unit_test(denials_are_of_their_accesses),
		cmocka_unit_test(what_is_not_there_is_a_gap),
		cmocka_unit_test(a_long_path_leaves_room_for_the_reason),
		cmocka_unit_test(two_paths_of_one_file_share_a_row),
		cmocka_unit_test(what_cannot_be_refused_can_be_killed_for),
		cmocka_unit_test(without_lsm_only_the_network_is_left),
		cmocka_unit_test(calls_stand_for_hooks),
		cmocka_unit_test(what_only_a_launch_gives_is_a_gap_if_it_is_asked_for),
		cmocka_unit_test(numbers_have_words),
		cmocka_unit_test(what_the_maps_cannot_hold_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
