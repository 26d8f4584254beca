/* SPDX-License-Identifier: Apache-2.0 */
/* Records of the security profile: their verdicts in words, how they are counted, and what the terminal shows of them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "acts.h"
#include "base/util.h"
#include "policy/denials.h"
#include "policy/verdict.h"
#include "sink/text.h"

static struct policy_rule deny_data = { .kind = RULE_DENY_WRITE, .text = (char *)"/srv/data", .value = (char *)"/srv/data",
					.src = { "/etc/live.toml", 7, 3 } };
static struct policy_rule deny_keys = { .kind = RULE_DENY, .text = (char *)"**/.ssh", .value = (char *)"/**/.ssh",
					.pattern = true, .src = { "live.toml", 8, 3 } };
static struct policy_rule deny_bpf = { .kind = RULE_SYSCALL_DENY, .text = (char *)"bpf", .value = (char *)"bpf",
				       .src = { "live.toml", 9, 3 } };
static struct policy_rule write_spool = { .kind = RULE_WRITE, .text = (char *)"/srv/spool", .value = (char *)"/srv/spool",
					  .src = { "live.toml", 3, 3 } };
static struct policy_rule read_lib = { .kind = RULE_READ, .text = (char *)"/usr/lib", .value = (char *)"/usr/lib",
				       .src = { "live.toml", 2, 3 } };
static struct policy_rule net_local = { .kind = RULE_NET, .text = (char *)"127.0.0.1:80", .value = (char *)"127.0.0.1:80",
					.src = { "live.toml", 4, 3 } };
/* 7: a single value */
static const struct policy_rule *rules[] = { NULL,	   &deny_data, &deny_keys, &deny_bpf,
					     &write_spool, &read_lib,  &net_local, NULL };

static struct verdicts v;
static struct test_event te;
static const struct denial *d;

static int reset(void **state)
{
	const struct denial_ctx ctx = { .live_rules = rules, .n_live_rules = ARRAY_SIZE(rules), .live_policy = 1 };

	(void)state;
	rules[4] = &write_spool;
	rules[5] = &read_lib;
	rules[6] = &net_local;
	verdicts__init(&v, &ctx);
	return 0;
}

/* The denial of TE, which has EXPECTED action. */
static void judge(enum action expected)
{
	assert_true(test_event__done(&te));
	verdict(&v, &te.ev);
	assert_int_equal(te.ev.action, expected);
	d = te.ev.denial;
}

static void expect(const char *access, const char *object, const char *rule, const char *key, const char *value)
{
	assert_non_null(d);
	assert_int_equal(d->layer, LAYER_LSM);
	assert_string_equal(d->access ? d->access : "", access);
	assert_string_equal(d->object, object);
	assert_string_equal(d->rule, rule);
	assert_string_equal(d->suggest_key, key);
	assert_string_equal(d->suggest_value, value);
	assert_string_equal(d->suggest_flag, ""); /* what runs already has no options */
	assert_false(d->expected);
}

static void by_a_rule_that_denies(void **state)
{
	(void)state;
	act_file(&te, EV_FILE_OPEN_WRITE, EV_DENIED, 1, "x\0data\0srv\0", 11);
	judge(ACTION_DENY);
	expect("write", "/srv/data/x", "live.toml:7 deny_write /srv/data", "", "");
	assert_true(d->suggest_remove);
	assert_int_equal(d->err, EPERM);
	assert_false(d->audit);
	assert_false(d->sensitive);
	act_file(&te, EV_FILE_OPEN_READ, EV_DENIED, 2, "id\0.ssh\0root\0", 13);
	judge(ACTION_DENY);
	expect("read", "/root/.ssh/id", "live.toml:8 deny **/.ssh", "", "");
	assert_true(d->sensitive);
	act_kernel(&te, EV_KERNEL_BPF, EV_DENIED, 3, 5, 0);
	judge(ACTION_DENY);
	expect("", "bpf", "live.toml:9 deny bpf", "", "");
	assert_true(d->suggest_remove);
	act_kernel(&te, EV_KERNEL_PTRACE, EV_DENIED, 3, 2, 5);
	judge(ACTION_DENY);
	assert_string_equal(d->object, "ptrace of ss\033hd");
	act_kernel(&te, EV_KERNEL_MOUNT, EV_DENIED, 3, 2, 0);
	record__part(&te.rec, EV_KERNEL_PATH, EV_PT_PATH, EV_PART_OK, "mnt\0", 4, 4);
	judge(ACTION_DENY);
	assert_string_equal(d->object, "mount /mnt");
	act_kernel(&te, EV_KERNEL_OWN_MAP, EV_DENIED, 0, 41, 0);
	record__part(&te.rec, EV_KERNEL_TEXT, EV_PT_STR, EV_PART_OK, "st_guard", 8, 8);
	judge(ACTION_DENY);
	expect("", "own_map st_guard", "who is held to a policy cannot end it", "", "");
}

static void by_a_closed_kind(void **state)
{
	(void)state;
	act_file(&te, EV_FILE_OPEN_WRITE, EV_DENIED, 0, "x\0tmp\0", 6);
	judge(ACTION_DENY);
	expect("write", "/tmp/x", "not in allow_write", "filesystem.allow_write", "/tmp/x");
	assert_false(d->suggest_remove);
	/* put down to a rule that allows something else */
	act_file(&te, EV_FILE_OPEN_WRITE, EV_DENIED, 4, "x\0tmp\0", 6);
	judge(ACTION_DENY);
	expect("write", "/tmp/x", "not in allow_write", "filesystem.allow_write", "/tmp/x");
	/* a name is made and removed in its directory */
	act_file(&te, EV_FILE_CREATE, EV_DENIED, 0, "x\0tmp\0", 6);
	judge(ACTION_DENY);
	expect("create", "/tmp/x", "not in allow_write", "filesystem.allow_write", "/tmp");
	act_file(&te, EV_FILE_RMDIR, EV_DENIED, 0, "etc\0", 4);
	judge(ACTION_DENY);
	expect("delete", "/etc", "not in allow_write", "filesystem.allow_write", "/");
	assert_true(d->sensitive);
	act_file(&te, EV_FILE_EXEC, EV_DENIED, 0, "x\0tmp\0", 6);
	judge(ACTION_DENY);
	expect("execute", "/tmp/x", "not in allow_exec", "filesystem.allow_exec", "/tmp/x");
	act_file(&te, EV_FILE_OPEN_READ, EV_DENIED, 0, "x\0tmp\0", 6);
	judge(ACTION_DENY);
	expect("read", "/tmp/x", "not in allow_read", "filesystem.allow_read", "/tmp/x");
	/* for both, and only reading is restricted */
	rules[4] = NULL;
	act_file(&te, EV_FILE_OPEN_WRITE, EV_DENIED, 0, "x\0tmp\0", 6);
	judge(ACTION_DENY);
	expect("write", "/tmp/x", "not in allow_read", "filesystem.allow_read", "/tmp/x");
}

static void of_two_names_the_one(void **state)
{
	(void)state;
	act_file(&te, EV_FILE_RENAME, EV_DENIED, 1, "a\0tmp\0", 6);
	act_second(&te, "b\0data\0srv\0", 11);
	judge(ACTION_DENY);
	expect("create", "/srv/data/b", "live.toml:7 deny_write /srv/data", "", "");
	act_file(&te, EV_FILE_RENAME, EV_DENIED, 1, "b\0data\0srv\0", 11);
	act_second(&te, "a\0tmp\0", 6);
	judge(ACTION_DENY);
	expect("delete", "/srv/data/b", "live.toml:7 deny_write /srv/data", "", "");
	act_file(&te, EV_FILE_LINK, EV_DENIED, 0, "b\0spool\0srv\0", 12);
	act_second(&te, "a\0tmp\0", 6);
	judge(ACTION_DENY);
	expect("create", "/tmp/a", "not in allow_write", "filesystem.allow_write", "/tmp");
	act_file(&te, EV_FILE_RENAME, EV_DENIED, 0, "b\0tmp\0", 6);
	act_second(&te, "a\0tmp\0", 6);
	judge(ACTION_DENY);
	expect("delete", "/tmp/b", "not in allow_write", "filesystem.allow_write", "/tmp");
}

/* What has no name, or not a whole one, is not put into a policy. */
static void odd_files(void **state)
{
	char longest[4400];

	(void)state;
	act_file(&te, EV_FILE_EXEC, EV_DENIED, 0, NULL, 0);
	act_file_of(&te)->file_flags = EV_FILE_FLAG_MEMFD | EV_FILE_FLAG_DELETED;
	record__part(&te.rec, EV_FILE_PATH, EV_PT_STR, EV_PART_OK, "memfd:x", 7, 7);
	judge(ACTION_DENY);
	expect("execute", "memfd:x", "not in allow_exec", "", "");
	act_file(&te, EV_FILE_OPEN_WRITE, EV_DENIED, 0, NULL, 0);
	record__part(&te.rec, EV_FILE_PATH, EV_PT_PATH, EV_PART_TRUNCATED, "x\0d\0", 4, 0);
	judge(ACTION_DENY);
	expect("write", "...d/x", "not in allow_write", "", "");
	act_file(&te, EV_FILE_OPEN_WRITE, EV_DENIED, 0, NULL, 0);
	record__part(&te.rec, EV_FILE_PATH, EV_PT_STR, EV_PART_TRUNCATED, "/tmp/l", 6, 9);
	judge(ACTION_DENY);
	expect("write", ".../tmp/l", "not in allow_write", "", "");
	act_file(&te, EV_FILE_OPEN_WRITE, EV_DENIED, 0, NULL, 0);
	judge(ACTION_DENY);
	expect("write", "inode 12 of device 8:1", "not in allow_write", "", "");
	act_file(&te, EV_FILE_OPEN_WRITE, EV_DENIED, 0, "x\0tmp\0", 6);
	act_file_of(&te)->file_flags = EV_FILE_FLAG_DELETED;
	judge(ACTION_DENY);
	expect("write", "/tmp/x", "not in allow_write", "", "");
	act_file(&te, EV_FILE_OPEN_WRITE, EV_DENIED, 0, "a\nb\0", 4);
	judge(ACTION_DENY);
	expect("write", "/a\nb", "not in allow_write", "", "");
	act_file(&te, EV_FILE_OPEN_WRITE, EV_DENIED, 0, "x\0", 2);
	act_file_of(&te)->file_flags = EV_FILE_FLAG_TOO_DEEP;
	judge(ACTION_DENY);
	expect("write", "/x", "path too deep: denied where any rule denies", "", "");
	memset(longest, 'x', sizeof(longest));
	act_file(&te, EV_FILE_OPEN_WRITE, EV_DENIED, 0, longest, sizeof(longest));
	judge(ACTION_DENY);
	assert_int_equal(strlen(d->object), sizeof(d->object) - 1);
	assert_string_equal(d->suggest_key, "");
	act_file(&te, 250, EV_DENIED, 0, "x\0", 2);
	judge(ACTION_DENY);
	assert_string_equal(d->object, "/x");
	assert_null(d->access);
}

static void connections(void **state)
{
	(void)state;
	act_net(&te, EV_NET_CONNECT, EV_DENIED, 6, ACT_V4);
	judge(ACTION_DENY);
	expect("", "connect 93.184.216.34:443", "not in network.allow", "network.allow", "93.184.216.34:443");
	act_net(&te, EV_NET_SEND, EV_DENIED, 0, ACT_LO);
	judge(ACTION_DENY);
	expect("", "send to 127.0.0.1:8080", "not in network.allow", "network.allow", "127.0.0.1:8080");
	assert_true(d->sensitive);
	act_net(&te, EV_NET_CONNECT, EV_DENIED, 7, ACT_V4);
	judge(ACTION_DENY);
	expect("", "connect 93.184.216.34:443", "not in network.allow", "network.allow", "93.184.216.34:443");
	/* no address would help */
	act_net_of(&te)->protocol = 262;
	judge(ACTION_DENY);
	expect("", "connect 93.184.216.34:443", "network.allow can only name TCP and UDP", "", "");
	act_net(&te, EV_NET_SOCKET, EV_DENIED, 7, NULL, 0);
	act_net_of(&te)->family = 17;
	judge(ACTION_DENY);
	expect("", "socket AF_PACKET", "network.allow can only name TCP and UDP", "", "");
	rules[6] = NULL;
	act_net(&te, EV_NET_CONNECT, EV_DENIED, 7, ACT_V4);
	judge(ACTION_DENY);
	expect("", "connect 93.184.216.34:443", "network.allow = false", "network.allow", "93.184.216.34:443");
	rules[6] = &net_local;
	/* there is no list of what may be listened on */
	act_net(&te, EV_NET_BIND, EV_DENIED, 0, ACT_LO);
	judge(ACTION_DENY);
	expect("", "bind 127.0.0.1:8080", "not in network.allow", "", "");
	act_net(&te, EV_NET_CONNECT, EV_DENIED, 0, "\x01\0/run/x", 8);
	judge(ACTION_DENY);
	expect("", "connect /run/x", "network.allow can only name TCP and UDP", "", "");
	act_net(&te, EV_NET_SEND, EV_DENIED, 0, "\x02\0\x01", 3);
	judge(ACTION_DENY);
	expect("", "send to AF_INET", "not in network.allow", "", "");
	act_net(&te, 77, EV_DENIED, 0, NULL, 0);
	judge(ACTION_DENY);
	expect("", "network AF_INET", "not in network.allow", "", "");
}

/* Audit mode lets through: nothing failed, and the record says what would have. */
static void audit(void **state)
{
	(void)state;
	act_file(&te, EV_FILE_UNLINK, EV_WOULD_DENY, 1, "x\0data\0srv\0", 11);
	judge(ACTION_ALLOW);
	expect("delete", "/srv/data/x", "live.toml:7 deny_write /srv/data", "", "");
	assert_true(d->audit);
	assert_int_equal(d->err, 0);
	act_file(&te, EV_FILE_UNLINK, EV_DENIED, 1, "x\0data\0srv\0", 11);
	judge(ACTION_DENY);
	assert_false(d->audit);
	act_file(&te, EV_FILE_UNLINK, EV_ALLOWED, 4, "x\0data\0srv\0", 11);
	judge(ACTION_ALLOW);
	assert_null(d);
	act_file(&te, EV_FILE_UNLINK, EV_KILLED_AFTER + 1, 4, "x\0data\0srv\0", 11);
	judge(ACTION_ALLOW);
	assert_null(d);
}

/* It got no error: refused and killed, or not refused at all, which is another layer's doing. */
static void killed(void **state)
{
	(void)state;
	act_file(&te, EV_FILE_OPEN_WRITE, EV_KILLED, 1, "x\0data\0srv\0", 11);
	judge(ACTION_KILL);
	expect("write", "/srv/data/x", "live.toml:7 deny_write /srv/data", "", "");
	assert_int_equal(d->layer, LAYER_LSM);
	assert_int_equal(d->err, 0);
	act_file(&te, EV_FILE_OPEN_WRITE, EV_KILLED_AFTER, 1, "x\0data\0srv\0", 11);
	judge(ACTION_KILL);
	assert_non_null(d);
	assert_string_equal(d->rule, "live.toml:7 deny_write /srv/data");
	assert_int_equal(d->layer, LAYER_KILL);
	assert_int_equal(d->err, 0);
	assert_false(d->audit);
}

static void rules_that_are_not_at_hand(void **state)
{
	static const struct policy_rule *const others[ARRAY_SIZE(rules)];
	struct denial_ctx ctx = { .live_rules = rules, .n_live_rules = ARRAY_SIZE(rules) };

	(void)state;
	/* of a policy that was replaced since */
	act_file(&te, EV_FILE_UNLINK, EV_DENIED, 1, "x\0", 2);
	act_file_of(&te)->act.policy = 2;
	judge(ACTION_DENY);
	expect("delete", "/x", "rule 1 of policy 2", "", "");
	ctx.live_policy = 2;
	verdicts__replace(&v, &ctx);
	judge(ACTION_DENY);
	assert_string_equal(d->rule, "live.toml:7 deny_write /srv/data");
	act_file(&te, EV_FILE_UNLINK, EV_DENIED, UINT32_MAX, "x\0", 2);
	judge(ACTION_DENY);
	assert_string_equal(d->rule, "rule 4294967295 of policy 1");
	/* what was under way belongs to the policy before, for as long as nobody replaces that one too */
	act_file(&te, EV_FILE_UNLINK, EV_DENIED, 1, "x\0", 2);
	act_file_of(&te)->act.policy = 2;
	ctx.live_rules = others;
	ctx.live_policy = 3;
	verdicts__replace(&v, &ctx);
	judge(ACTION_DENY);
	assert_string_equal(d->rule, "live.toml:7 deny_write /srv/data");
	ctx.live_policy = 4;
	verdicts__replace(&v, &ctx);
	judge(ACTION_DENY);
	assert_string_equal(d->rule, "rule 1 of policy 2");
	ctx.live_rules = NULL;
	verdicts__replace(&v, &ctx);
	verdicts__replace(&v, &ctx);
	judge(ACTION_DENY);
	expect("delete", "/x", "rule 1", "", "");
	/* with no policy at all it is refused all the same */
	verdict(NULL, &te.ev);
	assert_int_equal(te.ev.action, ACTION_DENY);
	assert_null(te.ev.denial);
}

/* Without a sandbox a failed call is the system's own refusal; but for the network rules of its cgroup. */
static void calls_without_a_sandbox(void **state)
{
	const struct denial_ctx ctx = { .net_filtered = true };

	(void)state;
	test_call(&te, "openat", -EACCES, 0, (const uint64_t[6]){ (uint64_t)-100, 1 });
	test_string(&te, 1, "/etc/shadow");
	judge(ACTION_ALLOW);
	assert_null(d);
	test_call(&te, "bpf", -EPERM, EV_F_NO_ENTER, NULL);
	judge(ACTION_DENY);
	assert_null(d);
	test_call(&te, "connect", -EPERM, 0, NULL);
	record__part(&te.rec, 1, EV_PT_SOCKADDR, EV_PART_OK, ACT_V4, 16);
	judge(ACTION_ALLOW);
	assert_null(d);
	verdicts__init(&v, &ctx);
	judge(ACTION_DENY);
	assert_int_equal(d->layer, LAYER_NETWORK);
	assert_string_equal(d->object, "connect 93.184.216.34:443");
	assert_string_equal(d->suggest_value, "93.184.216.34:443");
	assert_string_equal(d->suggest_flag, "");
	test_call(&te, "connect", -EACCES, 0, NULL);
	record__part(&te.rec, 1, EV_PT_SOCKADDR, EV_PART_OK, ACT_V4, 16);
	judge(ACTION_ALLOW);
	test_call(&te, "connect", -EPERM, 0, NULL);
	record__part(&te.rec, 1, EV_PT_SOCKADDR, EV_PART_OK, "\x01\0\0abc", 6, 6);
	judge(ACTION_ALLOW);
	assert_null(d);
}

static void counted_apart(void **state)
{
	struct denials *t = denials__new();
	const struct denial_entry *sorted[8];
	char names[16];

	(void)state;
	assert_non_null(t);
	for (int i = 0; i < 5; i++) {
		act_file(&te, EV_FILE_UNLINK, i < 3 ? EV_WOULD_DENY : EV_DENIED, 1, "x\0data\0srv\0", 11);
		judge(i < 3 ? ACTION_ALLOW : ACTION_DENY);
		denials__add(t, &te.ev, "", &v.denial);
		assert_int_equal(v.denial.nth, i < 3 ? i + 1 : i - 2);
	}
	assert_int_equal(t->n, 2);
	assert_int_equal(t->total, 2);
	assert_int_equal(t->by_layer[LAYER_LSM], 2);
	assert_int_equal(t->audit, 3);
	assert_int_equal(denials__sorted(t, sorted), 2);
	assert_false(sorted[0]->d.audit);
	assert_true(sorted[1]->d.audit);
	assert_string_equal(sorted[0]->comm, "worker"); /* the record tells */
	for (int i = 0; i < 2000; i++) {
		int n = snprintf(names, sizeof(names), "%d", i);

		act_file(&te, EV_FILE_UNLINK, EV_WOULD_DENY, 1, names, (uint32_t)n + 1);
		judge(ACTION_ALLOW);
		denials__add(t, &te.ev, "", &v.denial);
	}
	assert_int_equal(t->audit, 2003);
	assert_int_equal(t->total, 2);
	assert_int_equal(t->dropped[LAYER_LSM], 0);
	assert_int_equal(t->n - 2 + t->audit_dropped, 2000);
	denials__free(t);
}

/* ---- the terminal -------------------------------------------------------------------------------------------- */

static struct text t;
static struct text_line line;

static const char *line_of(int verbosity, int width)
{
	assert_true(test_event__done(&te));
	verdict(NULL, &te.ev);
	text__reset(&t);
	line.verbosity = verbosity;
	line.width = width;
	line.start_ts = te.ev.hdr->ts - 1000000;
	line.pid_width = 0;
	text_line__event(&t, &line, &te.ev);
	text__char(&t, 0);
	assert_int_equal(t.err, 0);
	assert_string_equal(t.buf + strlen(t.buf) - 1, "\n");
	assert_memory_equal(t.buf, "77  0.001000  ", 14);
	return t.buf + 14;
}

static void lines_of_files(void **state)
{
	(void)state;
	act_file(&te, EV_FILE_OPEN_WRITE, EV_ALLOWED, 0, "x\0data\0srv\0", 11);
	assert_string_equal(line_of(1, 80), "file open_write \"/srv/data/x\"\n");
	act_file(&te, EV_FILE_OPEN_WRITE, EV_DENIED, 4, "x\033\0", 3);
	assert_string_equal(line_of(1, 80), "file open_write \"/x\\x1b\"  -> DENIED by rule 4\n");
	act_file(&te, EV_FILE_OPEN_WRITE, EV_WOULD_DENY, 0, "x\0", 2);
	assert_string_equal(line_of(1, 80), "file open_write \"/x\"  -> would be denied\n");
	act_file(&te, EV_FILE_RENAME, EV_ALLOWED, 0, "a\0", 2);
	act_second(&te, "b\0tmp\0", 6);
	assert_string_equal(line_of(1, 80), "file rename \"/a\" as \"/tmp/b\"\n");
	act_file(&te, EV_FILE_SYMLINK, EV_ALLOWED, 0, "a\0", 2);
	record__part(&te.rec, EV_FILE_TEXT, EV_PT_STR, EV_PART_TRUNCATED, "../x", 4, 900);
	assert_string_equal(line_of(1, 80), "file symlink \"/a\" to \"../x\"...\n");
	act_file(&te, EV_FILE_CHMOD, EV_ALLOWED, 0, "a\0", 2);
	act_file_of(&te)->arg = 04755;
	assert_string_equal(line_of(1, 80), "file chmod \"/a\" 04755\n");
	act_file(&te, EV_FILE_CHOWN, EV_ALLOWED, 0, "a\0", 2);
	act_file_of(&te)->arg = 0xffffffff00000005;
	assert_string_equal(line_of(1, 80), "file chown \"/a\" -:5\n");
	act_file(&te, EV_FILE_EXEC, EV_ALLOWED, 0, NULL, 0);
	act_file_of(&te)->file_flags = 15;
	assert_string_equal(line_of(1, 80), "file execute (unreadable) [memfd] [deleted] [hard links] [too deep]\n");
	act_file(&te, EV_FILE_MPROTECT_EXEC, EV_ALLOWED, 0, NULL, 0);
	act_file_of(&te)->file_flags = EV_FILE_FLAG_ANONYMOUS | EV_FILE_FLAG_WRITTEN;
	assert_string_equal(line_of(1, 80), "file mprotect_exec [memory] [was writable]\n");
	act_file(&te, 90, 7, 1, NULL, 0);
	record__part(&te.rec, EV_FILE_PATH, EV_PT_PATH, EV_PART_TRUNCATED, "x\0d\0", 4, 0);
	assert_string_equal(line_of(1, 80), "file unknown ...\"d/x\"  -> verdict 7 by rule 1\n");
	act_file(&te, EV_FILE_OPEN_WRITE, EV_ALLOWED, 3, "x\0", 2);
	assert_string_equal(line_of(3, 80), "file open_write \"/x\"  {op=2 rule=3 policy=1 inode=12 dev=8:1 mode=0100644}"
					    "  {tid=77 exec=900}\n");
}

static void lines_of_the_others(void **state)
{
	struct ev_cred c = { .task = { .uid = 1000, .gid = 5, .egid = 5 }, .act = { .op = EV_CRED_SETUID }, .new_gid = 5,
			     .new_egid = 6, .old_caps = 0x10, .new_caps = 0x1ff };

	(void)state;
	act_net(&te, EV_NET_CONNECT, EV_DENIED, 0, ACT_V4);
	assert_string_equal(line_of(1, 80), "network connect 93.184.216.34:443  -> DENIED\n");
	act_net(&te, EV_NET_ACCEPT, EV_ALLOWED, 0, ACT_V4);
	record__part(&te.rec, EV_NET_LOCAL, EV_PT_SOCKADDR, EV_PART_OK, ACT_LO, 16);
	assert_string_equal(line_of(1, 80), "network accept 93.184.216.34:443 on 127.0.0.1:8080\n");
	/* whom it will return is not known yet */
	act_net(&te, EV_NET_ACCEPT, EV_ALLOWED, 0, NULL, 0);
	record__part(&te.rec, EV_NET_LOCAL, EV_PT_SOCKADDR, EV_PART_OK, ACT_LO, 16);
	assert_string_equal(line_of(1, 80), "network accept on 127.0.0.1:8080\n");
	act_net(&te, EV_NET_LISTEN, EV_ALLOWED, 0, "\x01\0/run/\033", 8);
	assert_string_equal(line_of(1, 80), "network listen unix:/run/\\x1b\n");
	act_net(&te, EV_NET_SOCKET, EV_ALLOWED, 0, NULL, 0);
	assert_string_equal(line_of(1, 80), "network socket AF_INET, SOCK_STREAM, IPPROTO_TCP\n");
	act_net(&te, EV_NET_SEND, EV_ALLOWED, 0, NULL, 0);
	assert_string_equal(line_of(1, 80), "network send (no address)\n");
	act_kernel(&te, EV_KERNEL_BPF, EV_DENIED, 1, 5, 0);
	assert_string_equal(line_of(1, 80), "kernel bpf BPF_PROG_LOAD  -> DENIED by rule 1\n");
	act_kernel(&te, EV_KERNEL_SIGNAL, EV_ALLOWED, 0, 9, 811);
	assert_string_equal(line_of(1, 80), "kernel signal SIGKILL to 811 (ss\\x1bhd)\n");
	act_kernel(&te, EV_KERNEL_PTRACE, EV_ALLOWED, 0, 2, 811);
	assert_string_equal(line_of(1, 80), "kernel ptrace 811 (ss\\x1bhd)\n");
	act_kernel(&te, EV_KERNEL_PERF, EV_ALLOWED, 0, 1, 0);
	assert_string_equal(line_of(1, 80), "kernel perf_event type 1\n");
	act_kernel(&te, EV_KERNEL_PERF, EV_DENIED, 0, UINT64_MAX, 0);
	assert_string_equal(line_of(1, 80), "kernel perf_event  -> DENIED\n");
	act_kernel(&te, EV_KERNEL_USERNS, EV_ALLOWED, 0, 0, 0);
	assert_string_equal(line_of(1, 80), "kernel user_namespace\n");
	act_kernel(&te, EV_KERNEL_MOUNT, EV_ALLOWED, 0, 4096, 0);
	record__part(&te.rec, EV_KERNEL_TEXT, EV_PT_STR, EV_PART_OK, "/dev/vda", 8, 8);
	record__part(&te.rec, EV_KERNEL_PATH, EV_PT_PATH, EV_PART_OK, "mnt\0", 4, 4);
	assert_string_equal(line_of(1, 80), "kernel mount \"/dev/vda\" on \"/mnt\" MS_BIND\n");
	act_kernel(&te, EV_KERNEL_SYSCTL, EV_ALLOWED, 0, 0, 0);
	test_string(&te, EV_KERNEL_TEXT, "kernel/core_pattern=|/x\n");
	assert_string_equal(line_of(1, 80), "kernel write_sysctl \"kernel/core_pattern=|/x\\n\"\n");
	act_kernel(&te, EV_KERNEL_KEY, EV_ALLOWED, 0, 0, 0);
	test_string(&te, EV_KERNEL_TEXT, "user x");
	assert_string_equal(line_of(1, 80), "kernel key made \"user x\"\n");
	act_kernel(&te, EV_KERNEL_KEY, EV_ALLOWED, 0, 2, 0);
	test_string(&te, EV_KERNEL_TEXT, "user x");
	assert_string_equal(line_of(1, 80), "kernel key READ \"user x\"\n");
	act_kernel(&te, EV_KERNEL_LOCKDOWN, EV_ALLOWED, 0, 23, 0);
	test_string(&te, EV_KERNEL_TEXT, "KPROBES");
	assert_string_equal(line_of(1, 80), "kernel lockdown \"KPROBES\"\n");
	act_kernel(&te, EV_KERNEL_OWN_MAP, EV_DENIED, 0, 41, 0);
	test_string(&te, EV_KERNEL_TEXT, "st_guard");
	assert_string_equal(line_of(1, 80), "kernel own_map id 41 \"st_guard\"  -> DENIED\n");
	act_kernel(&te, EV_KERNEL_NAMESPACE, EV_ALLOWED, 0, 0x20020000, 0);
	assert_string_equal(line_of(1, 80), "kernel namespace CLONE_NEWNS|CLONE_NEWPID\n");
	act_kernel(&te, EV_KERNEL_NAMESPACE, EV_ALLOWED, 0, 0x80, 811);
	assert_string_equal(line_of(1, 80), "kernel namespace CLONE_NEWTIME of 811 (ss\\x1bhd)\n");
	act_kernel(&te, EV_KERNEL_PRCTL, EV_ALLOWED, 0, 38, 0);
	test_string(&te, EV_KERNEL_TEXT, "1");
	assert_string_equal(line_of(1, 80), "kernel prctl PR_SET_NO_NEW_PRIVS \"1\"\n");
	act_kernel(&te, EV_KERNEL_PRCTL, EV_ALLOWED, 0, 0x59616d61, 0);
	assert_string_equal(line_of(1, 80), "kernel prctl PR_SET_PTRACER\n");
	act_kernel(&te, EV_KERNEL_CGROUP, EV_ALLOWED, 0, 0, 811);
	test_string(&te, EV_KERNEL_TEXT, "/away");
	assert_string_equal(line_of(1, 80), "kernel cgroup 811 (ss\\x1bhd) to \"/away\"\n");
	act_kernel(&te, EV_KERNEL_READ_FILE, EV_ALLOWED, 0, 3, 0);
	record__part(&te.rec, EV_KERNEL_PATH, EV_PT_PATH, EV_PART_OK, "x\0", 2, 2);
	assert_string_equal(line_of(1, 80), "kernel kernel_read id 3 \"/x\"\n");
	record__begin(&te.rec, EV_CRED, 0, &c, sizeof(c));
	test_who(&te, 900, 77);
	assert_string_equal(line_of(1, 80), "credentials setuid 1000 to 0, effective 0\n");
	c.act.op = EV_CRED_SETGID;
	record__begin(&te.rec, EV_CRED, 0, &c, sizeof(c));
	test_who(&te, 900, 77);
	assert_string_equal(line_of(1, 80), "credentials setgid 5, effective 5 to 6\n");
	c.act.op = EV_CRED_CAPSET;
	record__begin(&te.rec, EV_CRED, 0, &c, sizeof(c));
	test_who(&te, 900, 77);
	assert_string_equal(line_of(1, 80), "credentials capset 0x10 to 0x1ff\n");
	c.act.op = EV_CRED_SETGROUPS;
	record__begin(&te.rec, EV_CRED, 0, &c, sizeof(c));
	test_who(&te, 900, 77);
	assert_string_equal(line_of(1, 80), "credentials setgroups\n");
	c.act.op = EV_CRED_USERNS;
	record__begin(&te.rec, EV_CRED, 0, &c, sizeof(c));
	test_who(&te, 900, 77);
	assert_string_equal(line_of(1, 80), "credentials user_namespace 0x10 to 0x1ff\n");
}

static void lines_keep_to_the_width(void **state)
{
	char names[3000];

	(void)state;
	memset(names, 'x', sizeof(names));
	for (int width = 80; width < 160; width++) {
		act_file(&te, EV_FILE_RENAME, EV_DENIED, 123456, names, sizeof(names));
		act_second(&te, names, sizeof(names));
		act_file_of(&te)->file_flags = EV_FILE_FLAG_LINKS;
		line_of(1, width);
		assert_non_null(strstr(t.buf, width < 100 ? " [hard links]  -> DENIED" : "x\" [hard links]  -> DENIED"));
		/* up to three '…' of three bytes each, and the newline */
		assert_true(strlen(t.buf) <= (size_t)width + 1 + 6);
		act_kernel(&te, EV_KERNEL_MODULE, EV_DENIED, 1, 0, 0);
		record__part(&te.rec, EV_KERNEL_PATH, EV_PT_PATH, EV_PART_OK, names, sizeof(names), sizeof(names));
		line_of(2, width);
		assert_true(strlen(t.buf) <= (size_t)width + 1 + 2);
	}
	act_kernel(&te, EV_KERNEL_MODULE, EV_DENIED, 1, 0, 0);
	record__part(&te.rec, EV_KERNEL_PATH, EV_PT_PATH, EV_PART_OK, names, sizeof(names), sizeof(names));
	assert_true(strlen(line_of(3, 80)) > sizeof(names));
}

static void lines_by_verbosity(void **state)
{
	static const struct { uint32_t verdict; int from; } cases[] = { { EV_ALLOWED, 1 }, { EV_DENIED, 0 }, { EV_WOULD_DENY, 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		act_net(&te, EV_NET_CONNECT, cases[i].verdict, 0, ACT_V4);
		assert_true(test_event__done(&te));
		verdict(NULL, &te.ev);
		for (int verbosity = 0; verbosity < 4; verbosity++)
			assert_int_equal(text_line__wants(verbosity, &te.ev), verbosity >= cases[i].from);
	}
}

static const char *why(uint32_t verdict)
{
	act_file(&te, EV_FILE_OPEN_WRITE, verdict, verdict == EV_DENIED ? 1 : 0, "x\0data\0srv\0", 11);
	judge(verdict == EV_DENIED ? ACTION_DENY : ACTION_ALLOW);
	text__reset(&t);
	text_denial__line(&t, &line, d);
	text__char(&t, 0);
	return t.buf + strspn(t.buf, " ");
}

static void lines_say_why(void **state)
{
	(void)state;
	line.width = 120;
	assert_string_equal(why(EV_DENIED), "╰ lsm: write /srv/data/x: live.toml:7 deny_write /srv/data · remove that rule\n");
	assert_string_equal(why(EV_WOULD_DENY),
			    "╰ lsm: write /srv/data/x: not in allow_write · filesystem.allow_write = [\"/srv/data/x\"]\n");
	t.color = true;
	assert_non_null(strstr(why(EV_DENIED), "\033[1;31mlsm"));
	assert_non_null(strstr(why(EV_WOULD_DENY), "\033[1;33mlsm"));
	t.color = false;
}

static int set_up(void **state)
{
	(void)state;
	text__init(&t, false);
	text_line__init(&line, 1, 80);
	return syscalls__init();
}

static int tear_down(void **state)
{
	(void)state;
	text__done(&t);
	text_line__done(&line);
	return 0;
}

static void lines_of_sums(void **state)
{
	struct ev_file_io io = { .task = ACT_TASK, .reads = 120, .read_bytes = 1048576, .writes = 1, .write_bytes = 1 };
	struct ev_rate rate = { .task = ACT_TASK, .act = { .op = EV_RATE_BEGIN }, .class = EV_CLASS_FILE };

	(void)state;
	record__begin(&te.rec, EV_FILE_IO, 0, &io, sizeof(io));
	test_who(&te, 900, 77);
	record__part(&te.rec, EV_FILE_IO_PATH, EV_PT_PATH, EV_PART_OK, "db\033\0srv\0", 8, 8);
	assert_string_equal(line_of(1, 80), "file_io \"/srv/db\\x1b\" 120 reads, 1048576 bytes; 1 write, 1 byte\n");
	io = (struct ev_file_io){ .task = ACT_TASK, .read_bytes = 5, .file_flags = EV_FILE_FLAG_DELETED };
	record__begin(&te.rec, EV_FILE_IO, 0, &io, sizeof(io));
	test_who(&te, 900, 77);
	assert_string_equal(line_of(1, 80), "file_io (path not known) [deleted] 0 reads, 5 bytes\n");
	rate.task.cgroup_id = 42;
	record__begin(&te.rec, EV_RATE, 0, &rate, sizeof(rate));
	test_who(&te, 900, 77);
	assert_string_equal(line_of(1, 80), "rate limit reached: records are held back, class file, control group 42\n");
	rate.act.op = EV_RATE_END;
	rate.suppressed = 123456;
	rate.since_ago = 2500000000;
	record__begin(&te.rec, EV_RATE, 0, &rate, sizeof(rate));
	test_who(&te, 900, 77);
	assert_string_equal(line_of(1, 80), "rate 123456 records were held back in 2.50s, class file, control group 42\n");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, reset)
	const struct CMUnitTest tests[] = {
		T(by_a_rule_that_denies), T(by_a_closed_kind), T(of_two_names_the_one), T(odd_files), T(connections), T(audit), T(killed),
		T(rules_that_are_not_at_hand), T(calls_without_a_sandbox), T(counted_apart), T(lines_of_files),
		T(lines_of_the_others), T(lines_keep_to_the_width), T(lines_by_verbosity), T(lines_say_why), T(lines_of_sums),
	};

	return cmocka_run_group_tests_name("act", tests, set_up, tear_down);
}
