/* SPDX-License-Identifier: Apache-2.0 */
/* The summary: what it counts, what it finds suspicious, that it stays bounded, and both of its
 * outputs. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "acts.h"
#include "base/util.h"
#include "events.h"
#include "policy/denials.h"
#include "policy/verdict.h"
#include "sink/json.h"
#include "sink/summary.h"
#include "findings/findings.h"

static struct test_event te;
static struct summary *sum;
static struct run_result res;
static char *const command[] = {"sh", "-c", "a \033[31m b", NULL};
static const struct run_info info = {.argv = command, .start_ts = 1000};

static void feed(void)
{
	assert_true(test_event__done(&te));
	assert_int_equal(summary__event(sum, &te.ev), 0);
}

static void open_as(const char *path, int flags, int64_t ret)
{
	uint64_t args[6] = {(uint32_t)AT_FDCWD, 1, (uint64_t)flags};

	test_call(&te, "openat", ret, 0, args);
	test_string(&te, 1, path);
	feed();
}

static void exec_as(uint64_t id, uint64_t parent, uint32_t pid, const char *path, uint32_t flags)
{
	struct ev_proc_exec e = {.task = {.parent_exec_id = parent}, .image_flags = flags};

	snprintf(e.task.comm, sizeof(e.task.comm), "%s", "prog");
	record__begin(&te.rec, EV_PROC_EXEC, 0, &e, sizeof(e));
	test_who(&te, id, pid);
	test_string(&te, EV_EXEC_PATH, path);
	record__part(&te.rec, EV_EXEC_ARGV, EV_PT_ARGV, EV_PART_OK, "prog\0a b", 8, 8);
	feed();
}

static void spawn_as(uint64_t parent, uint64_t child, uint32_t pid, uint16_t flags)
{
	struct ev_proc_spawn e = {.child_exec_id = child, .child_pid = pid, .child_tid = pid};

	record__begin(&te.rec, EV_PROC_SPAWN, flags, &e, sizeof(e));
	test_who(&te, parent, 100);
	feed();
}

static void exit_as(uint64_t id, uint32_t pid, uint32_t code)
{
	struct ev_proc_exit e = {.exit_code = code};

	record__begin(&te.rec, EV_PROC_EXIT, 0, &e, sizeof(e));
	test_who(&te, id, pid);
	feed();
}

static void connect_to(uint32_t addr, uint16_t port, int64_t ret)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(addr)};

	test_call(&te, "connect", ret, 0, NULL);
	record__part(&te.rec, 1, EV_PT_SOCKADDR, EV_PART_OK, &in, sizeof(in), sizeof(in));
	feed();
}

/* The JSON of the model, parsed by another's parser. */
static json_object *as_json(void)
{
	enum json_tokener_error err;
	struct json_object *o;
	struct json j;

	json__init(&j);
	json__object_begin(&j);
	summary__write_json(sum, &res, &j);
	json__object_end(&j);
	json__newline(&j);
	assert_int_equal(j.err, 0);
	j.buf[j.len - 1] = 0;
	o = json_tokener_parse_verbose(j.buf, &err);
	assert_int_equal(err, json_tokener_success);
	json__done(&j);
	return o;
}

static int64_t number(json_object *o, const char *key)
{
	json_object *v;

	assert_true(json_object_object_get_ex(o, key, &v));
	return json_object_get_int64(v);
}

static bool lists(json_object *o, const char *key, const char *s)
{
	json_object *a;

	assert_true(json_object_object_get_ex(o, key, &a));
	for (size_t i = 0; i < json_object_array_length(a); i++)
		if (!strcmp(json_object_get_string(json_object_array_get_idx(a, i)), s))
			return true;
	return false;
}

static size_t length(json_object *o, const char *key)
{
	json_object *a;

	assert_true(json_object_object_get_ex(o, key, &a));
	return json_object_array_length(a);
}

static char *printed(bool counts_only, bool color, int width)
{
	struct text_style style = {.color = color, .width = width};
	char *buf = NULL;
	size_t len;
	FILE *f = open_memstream(&buf, &len);

	assert_non_null(f);
	assert_int_equal(summary__print(sum, &info, &res, &style, counts_only, f), 0);
	fclose(f);
	return buf;
}

static void counts_calls(void **state)
{
	json_object *o, *a, *first;

	(void)state;
	for (int i = 0; i < 5; i++)
		open_as("/etc/hosts", O_RDONLY, i ? 3 : -ENOENT);
	test_call(&te, "getpid", 1, 0, NULL);
	feed();
	o = as_json();
	assert_int_equal(number(o, "unique_syscalls"), 2);
	json_object_object_get_ex(o, "top_calls", &a);
	first = json_object_array_get_idx(a, 0);
	assert_int_equal(number(first, "calls"), 5);
	assert_int_equal(number(first, "errors"), 1);
	assert_int_equal(number(first, "total_us"), 60);
	assert_int_equal(number(first, "max_us"), 12);
	assert_true(lists(o, "files_accessed", "/etc/hosts"));
	assert_int_equal(length(o, "files_accessed"), 1);
	assert_int_equal(length(o, "suspicious_activity"), 0);
	json_object_put(o);
}

static void takes_counts_of_the_kernel(void **state)
{
	struct st_count *counts = calloc(EV_ABI_MAX * ST_NR_SYSCALLS, sizeof(*counts));
	int nr = syscalls__number(EV_ABI_NATIVE, "getppid");
	json_object *o;
	char *s, last[96];

	(void)state;
	assert_non_null(counts);
	counts[nr] = (struct st_count){.calls = 3, .errors = 1, .ns = 1500000};
	counts[ST_NR_SYSCALLS - 1] = (struct st_count){.calls = 1, .ns = 500000};
	res.counts = counts;
	o = as_json();
	assert_int_equal(number(o, "unique_syscalls"), 2);
	json_object_put(o);
	s = printed(true, false, 80);
	snprintf(last, sizeof(last),
		 " 25.00    0.000500      500.00         1           syscall_%d\n",
		 ST_NR_SYSCALLS - 1);
	assert_non_null(strstr(s, "% time     seconds  usecs/call     calls    errors syscall\n"));
	assert_non_null(
		strstr(s, "\n 75.00    0.001500      500.00         3         1 getppid\n"));
	assert_non_null(strstr(s, last));
	assert_non_null(strstr(s, "\n100.00    0.002000      500.00         4         1 total\n"));
	free(s);
	free(counts);
}

static void follows_processes_in_any_order(void **state)
{
	json_object *o;
	char *s;

	(void)state;
	exec_as(2, 1, 100, "/bin/sh", 0);
	/* the child's exec comes before the record of its fork */
	exec_as(4, 3, 101, "/bin/child", 0);
	spawn_as(2, 3, 101, 0);
	spawn_as(4, 5, 102, 0);
	spawn_as(4, 4, 777, EV_F_THREAD);
	exit_as(5, 102, 7);
	exit_as(4, 101, 0);
	exit_as(2, 100, 0);
	o = as_json();
	assert_int_equal(number(o, "process_count"), 3);
	assert_int_equal(number(o, "thread_count"), 1);
	json_object_put(o);
	s = printed(false, false, 80);
	assert_non_null(strstr(s, "\n  100 prog \"a b\" "));
	assert_non_null(strstr(s, "\n  └─101 prog \"a b\" +1 thread "));
	assert_non_null(strstr(s, "\n    └─102 "));
	assert_non_null(strstr(s, " exit 7"));
	free(s);
}

static void finds_what_is_suspicious(void **state)
{
	uint64_t wx[6] = {0, 4096, 6}, attach[6] = {16, 1};
	json_object *o;

	(void)state;
	exec_as(7, 1, 4242, "/tmp/evil", EV_IMG_MEMFD | EV_IMG_SECURE);
	open_as("/root/.ssh/id_rsa", O_RDONLY, -EACCES);
	open_as("/root/.ssh/id_rsa", O_RDONLY, -EACCES);
	open_as("/etc/passwd", O_RDONLY, 3);
	open_as("/etc/passwd", O_WRONLY, -EACCES);
	open_as("/home/u/.env", O_RDONLY, -ENOENT);
	open_as("/home/u/.bashrc", O_WRONLY | O_APPEND, 3);
	open_as("/home/u/environment", O_RDONLY, 3);
	open_as("/proc/12/environ", O_RDONLY, 3);
	open_as("/etc/ld.so.preload", O_WRONLY | O_CREAT, 3);
	test_call(&te, "mprotect", 0, 0, wx);
	feed();
	test_call(&te, "ptrace", 0, 0, attach);
	feed();
	test_call(&te, "unlink", 0, 0, NULL);
	test_string(&te, 0, "/tmp/evil");
	feed();
	connect_to(0xa9fea9fe, 80, -EINPROGRESS);
	o = as_json();
	assert_true(lists(o, "suspicious_activity",
			  "attempted to access credentials: /root/.ssh/id_rsa"));
	assert_true(
		lists(o, "suspicious_activity", "attempted to access sensitive file: /etc/passwd"));
	assert_true(lists(o, "suspicious_activity", "changed the list of users: /etc/passwd"));
	assert_true(lists(o, "suspicious_activity",
			  "attempted to access sensitive file: /home/u/.env"));
	assert_true(lists(o, "suspicious_activity",
			  "changed a file that is run at login or boot: /home/u/.bashrc"));
	assert_true(lists(o, "suspicious_activity",
			  "read the environment of a process: /proc/12/environ"));
	assert_true(lists(o, "suspicious_activity",
			  "changed what every program loads: /etc/ld.so.preload"));
	assert_true(lists(o, "suspicious_activity", "made memory both writable and executable"));
	assert_true(lists(o, "suspicious_activity", "attached to another process"));
	assert_true(lists(o, "suspicious_activity", "removed its own program file: /tmp/evil"));
	assert_true(lists(o, "suspicious_activity",
			  "ran a program that exists only in memory: /tmp/evil"));
	assert_true(
		lists(o, "suspicious_activity", "ran a program with raised privileges: /tmp/evil"));
	assert_true(lists(o, "suspicious_activity",
			  "ran a program from a world-writable place: /tmp/evil"));
	assert_true(lists(o, "suspicious_activity",
			  "contacted a cloud metadata service: 169.254.169.254:80"));
	assert_int_equal(length(o, "suspicious_activity"), 14);
	assert_true(lists(o, "network_attempts", "169.254.169.254:80"));
	json_object_put(o);
}

/* Neither many findings nor long names push out a finding of another kind. */
static void cannot_hide_one_finding_behind_many(void **state)
{
	char path[4000];
	json_object *o;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		int n = snprintf(path, sizeof(path), "/%d/", i);

		memset(path + n, 'x', sizeof(path) - (size_t)n - 20);
		snprintf(path + sizeof(path) - 20, 20, "%s", i % 2 ? "/.env" : "/.ssh/id_rsa");
		open_as(path, O_RDWR | O_CREAT, 3);
	}
	open_as("/etc/shadow", O_RDONLY, 3);
	connect_to(0xa9fea9fe, 80, 0);
	o = as_json();
	assert_true(
		lists(o, "suspicious_activity", "attempted to access sensitive file: /etc/shadow"));
	assert_true(lists(o, "suspicious_activity",
			  "contacted a cloud metadata service: 169.254.169.254:80"));
	assert_int_equal(length(o, "suspicious_activity") + (size_t)number(o, "findings_dropped"),
			 3002);
	json_object_put(o);
}

static void lists_addresses_once(void **state)
{
	json_object *o;

	(void)state;
	connect_to(0x01020304, 80, 0);
	connect_to(0x01020304, 80, -ECONNREFUSED);
	connect_to(0x01020305, 81, 0);
	o = as_json();
	assert_int_equal(length(o, "network_attempts"), 2);
	assert_int_equal(number(o, "network_attempts_dropped"), 0);
	json_object_put(o);
}

static void counts_refusals(void **state)
{
	json_object *o;
	char *s;

	(void)state;
	test_call(&te, "mkdir", -EPERM, EV_F_NO_ENTER, NULL);
	test_string(&te, 0, "/x");
	feed();
	test_call(&te, "getpid", 4, 0, NULL);
	assert_true(test_event__done(&te));
	te.ev.action = ACTION_KILL;
	summary__event(sum, &te.ev);
	o = as_json();
	assert_int_equal(number(o, "denied_count"), 2);
	json_object_put(o);
	s = printed(false, false, 80);
	assert_non_null(strstr(s, "\nrefused\n  mkdir"));
	assert_non_null(strstr(s, "2 refused"));
	free(s);
}

/* More of everything than there is room for: counted, not crashed, and still told. */
static void stays_bounded(void **state)
{
	char path[64];
	json_object *o;
	char *s;

	(void)state;
	for (uint32_t i = 0; i < 6000; i++) {
		snprintf(path, sizeof(path), "/d/%u/.env", i);
		open_as(path, O_WRONLY | O_CREAT, 3);
		connect_to(i, 80, 0);
		spawn_as(2, 1000 + i, 1000 + i, 0);
		exec_as(100000 + i, 1000 + i, 1000 + i, path, 0);
	}
	o = as_json();
	assert_int_equal(number(o, "process_count"), 6000);
	assert_true(number(o, "processes_dropped") >= 6000 - 4096);
	assert_true(number(o, "files_accessed_dropped") >= 6000 - 4096);
	assert_int_equal(number(o, "network_attempts_dropped"), 6000 - 512);
	assert_true(number(o, "findings_dropped") > 0);
	json_object_put(o);
	s = printed(false, true, 80);
	assert_non_null(strstr(s, "more processes"));
	assert_non_null(strstr(s, "not listed (table full)"));
	assert_true(strlen(s) < 32768);
	free(s);
}

/* One process that replaces itself more often than ids can be remembered is still one process. */
static void knows_a_process_after_many_execs(void **state)
{
	json_object *o;

	(void)state;
	for (uint32_t i = 0; i < 20000; i++)
		exec_as(2 + i, 1 + i, 100, "/bin/again", 0);
	exit_as(20001, 100, 0);
	o = as_json();
	assert_int_equal(number(o, "process_count"), 1);
	assert_int_equal(number(o, "processes_dropped"), 0);
	json_object_put(o);
}

static void keeps_a_chain_of_forks_printable(void **state)
{
	char *s;

	(void)state;
	for (uint32_t i = 0; i < 4096; i++)
		spawn_as(10 + i, 11 + i, 1000 + i, 0);
	s = printed(false, false, 80);
	assert_non_null(strstr(s, "more processes"));
	free(s);
}

static void survives_bytes_and_numbers_it_cannot_know(void **state)
{
	struct ev_syscall sc = {.nr = INT32_MAX, .ret = -1};
	json_object *o;
	char *s;

	(void)state;
	open_as("/x\033]0;title\007\n\xff", O_WRONLY | O_CREAT, 3);
	open_as("", O_RDONLY, -ENOENT);
	record__begin(&te.rec, EV_SYSCALL, 0, &sc, sizeof(sc));
	assert_int_equal(decode(te.rec.bytes, te.rec.len, &te.ev), 0);
	te.ev.sig = syscalls__sig(EV_ABI_NATIVE, 0);
	te.ev.name = "syscall_2147483647";
	assert_int_equal(summary__event(sum, &te.ev), 0);
	sc.abi = EV_ABI_X32;
	sc.nr = -5;
	record__begin(&te.rec, EV_SYSCALL, EV_F_NO_ENTER, &sc, sizeof(sc));
	assert_int_equal(decode(te.rec.bytes, te.rec.len, &te.ev), 0);
	te.ev.sig = syscalls__sig(EV_ABI_NATIVE, 0);
	te.ev.name = "syscall_-5";
	assert_int_equal(summary__event(sum, &te.ev), 0);
	o = as_json();
	assert_int_equal(number(o, "denied_count"), 1);
	json_object_put(o);
	s = printed(false, false, 80);
	assert_non_null(strstr(s, "/x\\x1b]0;title\\a\\n\\xff"));
	for (const char *p = s; *p; p++)
		assert_true(*p == '\n' || (unsigned char)*p >= 0x20);
	free(s);
}

static void is_loud_about_loss(void **state)
{
	char *s;

	(void)state;
	open_as("/x", O_RDONLY, 3);
	s = printed(false, false, 80);
	assert_non_null(strstr(s, "nothing lost"));
	assert_null(strstr(s, "held back"));
	free(s);
	res.totals[EV_CLASS_FILE].suppressed = 7;
	res.totals[EV_CLASS_SYSCALL].lost = 1234;
	res.undecoded = 1;
	s = printed(false, false, 80);
	assert_null(strstr(s, "nothing lost"));
	assert_non_null(strstr(s, "!!! 1,234 records LOST"));
	assert_non_null(strstr(s, "7 records held back by --rate-limit"));
	assert_non_null(strstr(s, "!!! 1 record could not be decoded"));
	free(s);
}

/* ---- the security profile ---- */

static struct policy_rule deny_data = {.kind = RULE_DENY_WRITE, .text = (char *)"/srv", .value = (char *)"/srv",
				       .src = {"live.toml", 7, 3}};
static const struct policy_rule *const live_rules[] = {NULL, &deny_data};
static struct denials *table;

/* As the pipeline does it. */
static void feed_act(void)
{
	const struct denial_ctx ctx = {.live_rules = live_rules, .n_live_rules = 2};
	static struct verdicts v;

	verdicts__init(&v, &ctx);
	assert_true(test_event__done(&te));
	verdict(&v, &te.ev);
	if (te.ev.denial && table)
		denials__add(table, &te.ev, "", &v.denial);
	assert_int_equal(summary__event(sum, &te.ev), 0);
}

static void act_on(uint32_t op, uint32_t verdict, const char *names, uint32_t len)
{
	act_file(&te, op, verdict, verdict ? 1 : 0, names, len);
	feed_act();
}

static void lists_what_the_security_profile_saw(void **state)
{
	json_object *o;
	char *s;

	(void)state;
	act_on(EV_FILE_OPEN_WRITE, EV_ALLOWED, "log\0var\0", 8);
	act_on(EV_FILE_OPEN_WRITE, EV_ALLOWED, "log\0var\0", 8);
	act_on(EV_FILE_UNLINK, EV_DENIED, "x\0srv\0", 6);
	act_on(EV_FILE_OPEN_READ, EV_ALLOWED, "shadow\0etc\0", 11);
	act_on(EV_FILE_EXEC, EV_DENIED, "run\0tmp\0", 8);
	act_on(EV_FILE_MMAP_EXEC, EV_ALLOWED, "lib\0tmp\0", 8);
	act_on(200, EV_ALLOWED, "odd\0tmp\0", 8);
	act_file(&te, EV_FILE_RENAME, EV_ALLOWED, 0, "a\0tmp\0", 6);
	act_second(&te, "b\0tmp\0", 6);
	feed_act();
	/* what is not whole is no name */
	act_file(&te, EV_FILE_OPEN_WRITE, EV_ALLOWED, 0, NULL, 0);
	record__part(&te.rec, EV_FILE_PATH, EV_PT_PATH, EV_PART_TRUNCATED, "deep\0", 5, 0);
	feed_act();
	act_net(&te, EV_NET_CONNECT, EV_ALLOWED, 0, ACT_V4);
	feed_act();
	act_net(&te, EV_NET_BIND, EV_ALLOWED, 0, ACT_LO);
	feed_act();
	act_net(&te, EV_NET_SOCKET, EV_ALLOWED, 0, NULL, 0);
	feed_act();
	act_kernel(&te, EV_KERNEL_MODULE, EV_DENIED, 0, 0, 0);
	feed_act();
	act_kernel(&te, EV_KERNEL_SIGNAL, EV_ALLOWED, 0, 9, 1);
	feed_act();
	o = as_json();
	assert_int_equal(number(o, "denied_count"), 3);
	assert_int_equal(number(o, "process_count"), 1); /* it ran before */
	assert_true(lists(o, "files_accessed", "/var/log"));
	assert_true(lists(o, "files_accessed", "/tmp/a"));
	assert_true(lists(o, "files_accessed", "/tmp/b"));
	assert_true(lists(o, "files_accessed", "/etc/shadow"));
	assert_int_equal(length(o, "files_accessed"), 4);
	assert_true(lists(o, "network_attempts", "93.184.216.34:443"));
	assert_int_equal(length(o, "network_attempts"), 1);
	assert_true(lists(o, "suspicious_activity", "attempted to access sensitive file: /etc/shadow"));
	assert_true(lists(o, "suspicious_activity", "ran a program from a world-writable place: /tmp/run"));
	assert_true(lists(o, "suspicious_activity", "loaded a kernel module"));
	assert_int_equal(length(o, "suspicious_activity"), 3);
	json_object_put(o);

	res.totals[EV_CLASS_FILE].seen = 9;
	res.totals[EV_CLASS_NETWORK].seen = 1;
	s = printed(false, false, 100);
	assert_non_null(strstr(s, "9 file actions · 1 network action · "));
	assert_null(strstr(s, "kernel action"));
	assert_null(strstr(s, "0 calls"));
	assert_non_null(strstr(s, "\n  77 worker "));
	assert_non_null(strstr(s, "\n  written    /var/log ×2\n"));
	assert_non_null(strstr(s, "\n  connect    93.184.216.34:443 "));
	assert_non_null(strstr(s, "\n  bind       127.0.0.1:8080 "));
	free(s);
}

static void tells_blocked_from_would_be_blocked(void **state)
{
	const char *blocked, *would;
	char *s;

	(void)state;
	table = denials__new();
	assert_non_null(table);
	res.denials = table;
	act_on(EV_FILE_OPEN_WRITE, EV_DENIED, "x\0srv\0", 6);
	act_on(EV_FILE_OPEN_WRITE, EV_WOULD_DENY, "y\0srv\0", 6);
	act_file(&te, EV_FILE_CREATE, EV_WOULD_DENY, 0, "z\0data\0", 7);
	feed_act();
	feed_act();
	s = printed(false, false, 100);
	assert_non_null(strstr(s, " 1 blocked · 3 would be blocked"));
	blocked = strstr(s, "\nblocked\n");
	would = strstr(s, "\nwould be blocked\n");
	assert_true(blocked && would && blocked < would);
	assert_true(strstr(blocked, "lsm    write /srv/x          live.toml:7 deny_write /srv\n") < would);
	assert_non_null(strstr(would, "    2  lsm    create /data/z        not in allow_write\n"));
	assert_non_null(strstr(would, "    1  lsm    write /srv/y          live.toml:7 deny_write /srv\n"));
	/* the same rule is told of once */
	assert_non_null(strstr(would, "\n  to allow it, in a policy file:\n    [filesystem]\n    allow_write = [\n"
				      "      \"/data\",\n    ]\n"));
	assert_non_null(strstr(would, "\n  to allow it, remove from the policy:\n    live.toml:7 deny_write /srv\n"));
	assert_null(strstr(strstr(would, "remove from"), "deny_write /srv\n    live"));
	assert_null(strstr(s, "nothing can allow"));
	free(s);
	/* tried out only */
	denials__free(table);
	res.denials = table = denials__new();
	act_on(EV_FILE_OPEN_WRITE, EV_WOULD_DENY, "y\0srv\0", 6);
	s = printed(false, false, 100);
	assert_null(strstr(s, "\nblocked\n"));
	assert_non_null(strstr(s, "\nwould be blocked\n"));
	assert_non_null(strstr(s, " 0 blocked · 1 would be blocked"));
	free(s);
	denials__free(table);
	table = NULL;
}

/* A flood of names of either kind. */
static void stays_bounded_by_acts(void **state)
{
	char names[64];
	json_object *o;
	char *s;

	(void)state;
	res.denials = table = denials__new();
	for (uint32_t i = 0; i < 6000; i++) {
		act_file(&te, EV_FILE_CREATE, i % 2 ? EV_WOULD_DENY : EV_DENIED, 0, names,
			 (uint32_t)snprintf(names, sizeof(names), "%u", i) + 1);
		test_who(&te, 5000 + i, 5000 + i);
		feed_act();
		act_net(&te, EV_NET_CONNECT, EV_ALLOWED, 0, (char[16]){2, 0, 1, 1, 1, 1, (char)(i >> 8), (char)i}, 16);
		feed_act();
	}
	o = as_json();
	assert_true(number(o, "processes_dropped") > 0);
	assert_true(number(o, "files_accessed_dropped") >= 6000 - 4096);
	assert_int_equal(number(o, "network_attempts_dropped"), 6000 - 512);
	json_object_put(o);
	s = printed(false, true, 80);
	assert_true(strlen(s) < 65536);
	assert_non_null(strstr(s, " more, of too many kinds to list\n  in all: lsm 3,000"));
	free(s);
	denials__free(table);
	table = NULL;
}

static int new_summary(void **state)
{
	(void)state;
	memset(&res, 0, sizeof(res));
	sum = summary__new();
	table = NULL;
	return sum ? 0 : -1;
}

static int free_summary(void **state)
{
	(void)state;
	summary__free(sum);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	return syscalls__init();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, new_summary, free_summary)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(counts_calls),
		TEST(takes_counts_of_the_kernel),
		TEST(follows_processes_in_any_order),
		TEST(finds_what_is_suspicious),
		TEST(cannot_hide_one_finding_behind_many),
		TEST(lists_addresses_once),
		TEST(counts_refusals),
		TEST(stays_bounded),
		TEST(knows_a_process_after_many_execs),
		TEST(keeps_a_chain_of_forks_printable),
		TEST(survives_bytes_and_numbers_it_cannot_know),
		TEST(is_loud_about_loss),
		TEST(lists_what_the_security_profile_saw),
		TEST(tells_blocked_from_would_be_blocked),
		TEST(stays_bounded_by_acts),
	};

	summary__free(NULL);
	return cmocka_run_group_tests_name("summary", tests, set_up, NULL);
}
