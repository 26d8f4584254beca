/* SPDX-License-Identifier: Apache-2.0 */
/* From failed calls to denials: events made by hand, a policy resolved by hand, a host that is a list of names. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/util.h"
#include "events.h"
#include "policy/denials.h"
#include "policy/verdict.h"

#define CWD ((uint64_t)-100)

static struct policy_rule deny_ssh = {
	.kind = RULE_DENY, .text = (char *)"~/.ssh", .value = (char *)"/root/.ssh", .src = { "strict.toml", 12, 3 }
};
static struct policy_rule log_read = { .kind = RULE_SYSCALL_LOG, .text = (char *)"getppid", .value = (char *)"getppid" };
static struct policy_rule rules[8];
static struct policy policy = { .name = (char *)"t", .rules = rules, .n_rules = 2, .exec = EXEC_ANY };

/* Sorted by path. */
static struct grant grants_v[] = {
	{ .path = (char *)"/data", .kind = GRANT_HOST, .access = ACCESS_READ, .dir = true, .dev = 1 },
	{ .path = (char *)"/dev", .kind = GRANT_PRIVATE, .access = ACCESS_READ | ACCESS_WRITE, .dir = true },
	{ .path = (char *)"/proc", .kind = GRANT_PRIVATE, .access = ACCESS_READ | ACCESS_WRITE, .dir = true },
	{ .path = (char *)"/root", .kind = GRANT_PRIVATE, .access = ACCESS_READ | ACCESS_WRITE, .dir = true },
	{ .path = (char *)"/root/.ssh", .kind = GRANT_MASK, .dir = true, .rule = &deny_ssh },
	{ .path = (char *)"/tmp", .kind = GRANT_PRIVATE, .access = ACCESS_READ | ACCESS_WRITE, .dir = true },
	{ .path = (char *)"/usr", .kind = GRANT_HOST, .access = ACCESS_READ | ACCESS_EXEC, .dir = true, .exec_mount = true,
	  .dev = 1 },
	{ .path = (char *)"/work", .kind = GRANT_HOST, .access = ACCESS_READ | ACCESS_WRITE, .dir = true, .dev = 1 },
};
static struct grant_link links[] = { { (char *)"/lib", (char *)"usr/lib" } };
static struct grants grants = {
	.policy = &policy,
	.v = grants_v,
	.n = ARRAY_SIZE(grants_v),
	.links = links,
	.n_links = 1,
	.exec = EXEC_ANY,
	.home = (char *)"/root",
};

static bool there(void *ctx, const char *path)
{
	static const char *const files[] = {
		"/etc",		"/etc/passwd",	 "/etc/shadow", "/root/.ssh/id_rsa", "/root/notes", "/opt",
		"/opt/tool",	"/usr/lib/x",	 "/usr/bin/id", "/work/a",	     "/data/a",	    "/proc/1",
		"/run/d.sock", "/root/.ssh", "/etc/a*b",	 "/etc/a b",	"/etc/a\nb",
		"/dev/sda1",	"/dev/kvm",
	};

	(void)ctx;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (!strcmp(files[i], path))
			return true;
	return false;
}

static struct denial_ctx ctx;
static struct test_event te;
static struct denial d;

static int reset(void **state)
{
	(void)state;
	rules[0] = deny_ssh;
	rules[1] = log_read;
	ctx = (struct denial_ctx){ .grants = &grants, .exists = there };
	grants.exec = policy.exec = EXEC_ANY;
	policy.max_file_size.value = policy.pids.value = policy.open_files.value = POLICY_UNLIMITED;
	return 0;
}

static bool judge(void)
{
	assert_true(test_event__done(&te));
	verdict(NULL, &te.ev);
	return denial__judge(&ctx, &te.ev, &d);
}

#define ARGS(...) ((const uint64_t[6]){ __VA_ARGS__ })
/* NAME(AT_FDCWD, PATH, ARG2) fails with ERR; the current directory is /work/sub. */
static bool at(const char *name, const char *path, uint64_t arg2, int err)
{
	test_call(&te, name, -err, 0, ARGS(CWD, 1, arg2));
	test_string(&te, 1, path);
	if (*path != '/')
		record__part(&te.rec, 0, EV_PT_PATH, EV_PART_OK, "sub\0work\0", 9, 9);
	return judge();
}

static void expect(enum layer layer, const char *object, const char *rule, const char *key, const char *value, const char *flag)
{
	assert_string_equal(layer__name(d.layer), layer__name(layer));
	assert_string_equal(d.object, object);
	assert_string_equal(d.rule, rule);
	assert_string_equal(d.suggest_key, key);
	assert_string_equal(d.suggest_value, value);
	assert_string_equal(d.suggest_flag, flag);
}

static void hidden(void **state)
{
	(void)state;
	assert_true(at("openat", "/etc/passwd", O_RDONLY, ENOENT));
	expect(LAYER_MOUNT, "/etc/passwd", "not in allow_read", "filesystem.allow_read", "/etc/passwd", "--read /etc/passwd");
	assert_string_equal(d.access, "read");
	assert_int_equal(d.err, ENOENT);
	assert_false(d.sensitive);
	assert_false(d.expected);
	assert_true(at("openat", "/etc/shadow", O_RDONLY, ENOENT));
	assert_true(d.sensitive);
	/* what is nowhere would not be found outside either */
	assert_false(at("openat", "/etc/nothing", O_RDONLY, ENOENT));
	assert_int_equal(d.layer, LAYER_NONE);
	/* what can be seen, and is not there */
	assert_false(at("openat", "/usr/nothing", O_RDONLY, ENOENT));
	assert_false(at("openat", "/usr/bin/id", O_RDONLY, ENOENT)); /* it came later */
	assert_true(at("newfstatat", "/opt/tool", 0, ENOENT));
	assert_string_equal(d.access, "read");
	/* other errors have other reasons */
	assert_false(at("openat", "/etc/passwd", O_RDONLY, EIO));
	/* and success has none */
	test_call(&te, "openat", 3, 0, ARGS(CWD, 1));
	test_string(&te, 1, "/etc/passwd");
	assert_false(judge());
}

static void relative(void **state)
{
	(void)state;
	assert_true(at("openat", "../../etc//./passwd", O_RDONLY, ENOENT));
	assert_string_equal(d.object, "/etc/passwd");
	assert_true(at("openat", "../../../../../etc/passwd", O_RDONLY, ENOENT));
	assert_string_equal(d.object, "/etc/passwd");
	/* a plain call is relative to the current directory */
	test_call(&te, "open", -ENOENT, 0, ARGS(1, O_RDONLY));
	test_string(&te, 0, "passwd");
	record__part(&te.rec, EV_PART_CWD, EV_PT_PATH, EV_PART_OK, "etc\0", 4, 4);
	assert_true(judge());
	assert_string_equal(d.object, "/etc/passwd");
	/* at the root there are no components */
	test_call(&te, "open", -ENOENT, 0, ARGS(1, O_RDONLY));
	test_string(&te, 0, "etc/passwd");
	record__part(&te.rec, EV_PART_CWD, EV_PT_PATH, EV_PART_OK, "", 0, 0);
	assert_true(judge());
	assert_string_equal(d.object, "/etc/passwd");
	/* what it is relative to was cut, is no path, or was not recorded: nothing is known */
	for (int i = 0; i < 4; i++) {
		test_call(&te, "open", -ENOENT, 0, ARGS(1, O_RDONLY));
		test_string(&te, 0, "passwd");
		if (i < 3)
			record__part(&te.rec, EV_PART_CWD, i == 1 ? EV_PT_STR : EV_PT_PATH,
				     i == 2 ? EV_PART_TRUNCATED : EV_PART_OK, i ? "etc\0" : "etc", i ? 4 : 3, 4);
		assert_false(judge());
	}
	/* the claim was cut */
	test_call(&te, "openat", -EROFS, 0, ARGS(CWD, 1, O_WRONLY));
	record__part(&te.rec, 1, EV_PT_STR, EV_PART_TRUNCATED, "/usr/x", 6, 0);
	assert_false(judge());
	/* links of the sandbox are followed */
	assert_true(at("openat", "/lib/x", O_WRONLY, EROFS));
	assert_string_equal(d.object, "/usr/lib/x");
}

static void creation(void **state)
{
	(void)state;
	assert_true(at("openat", "/etc/new", O_WRONLY | O_CREAT, ENOENT));
	expect(LAYER_MOUNT, "/etc/new", "not in allow_write", "filesystem.allow_write", "/etc", "--write /etc");
	assert_string_equal(d.access, "create");
	assert_true(d.sensitive);
	assert_true(at("mkdirat", "/opt/new", 0755, ENOENT));
	expect(LAYER_MOUNT, "/opt/new", "not in allow_write", "filesystem.allow_write", "/opt", "--write /opt");
	assert_false(at("mkdirat", "/nowhere/new", 0755, ENOENT));
	/* made anew where one is: that file is enough */
	assert_true(at("openat", "/etc/passwd", O_WRONLY | O_CREAT | O_TRUNC, ENOENT));
	assert_string_equal(d.suggest_flag, "--write /etc/passwd");
}

static void read_only(void **state)
{
	(void)state;
	assert_true(at("openat", "/usr/x", O_WRONLY | O_CREAT, EROFS));
	expect(LAYER_MOUNT, "/usr/x", "not in allow_write", "filesystem.allow_write", "/usr", "--write /usr");
	assert_true(at("unlinkat", "/data/a", 0, EROFS));
	expect(LAYER_MOUNT, "/data/a", "not in allow_write", "filesystem.allow_write", "/data", "--write /data");
	assert_string_equal(d.access, "delete");
	/* read-only outside too */
	assert_false(at("openat", "/work/a", O_WRONLY, EROFS));
	test_call(&te, "openat2", -EROFS, 0, ARGS(CWD, 1, 2, 24));
	test_string(&te, 1, "/data/a");
	record__part(&te.rec, 2, EV_PT_BYTES, EV_PART_OK, (const uint64_t[]){ O_RDWR, 0, 0 }, 24, 24);
	assert_true(judge());
	assert_string_equal(d.access, "write");
	assert_string_equal(d.suggest_flag, "--write /data/a");
}

static void no_access(void **state)
{
	(void)state;
	assert_true(at("openat", "/data/a", O_WRONLY, EACCES));
	assert_int_equal(d.layer, LAYER_MOUNT); /* what grants__path names */
	assert_true(at("mkdirat", "/new", 0, EACCES));
	assert_string_equal(d.object, "/new");
	assert_true(d.sensitive); /* --write / */
	/* allowed, so it is the file's own mode: for root outside there is none */
	assert_false(at("openat", "/work/a", O_RDONLY, EACCES));
	ctx.privileged = true;
	assert_true(at("openat", "/work/a", O_RDONLY, EACCES));
	expect(LAYER_CAPABILITIES, "/work/a", "no CAP_DAC_OVERRIDE: file permissions hold", "", "", "");
	test_call(&te, "execve", -EACCES, 0, ARGS(1));
	test_string(&te, 0, "/usr/lib/x");
	assert_false(judge()); /* no x bit */
	assert_false(at("openat", "/proc/1/mem", O_RDONLY, EACCES)); /* the sandbox's own */
}

static void masked(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_true(at("openat", "/root/.ssh/id_rsa", O_RDONLY, i ? ENOENT : EACCES));
		expect(LAYER_MOUNT, "/root/.ssh/id_rsa", "strict.toml:12 deny ~/.ssh", "", "", "");
	}
	/* whether a file is there is what the rule hides; below what is nowhere there is nothing to hide */
	assert_true(at("openat", "/root/.ssh/none", O_RDONLY, ENOENT));
	assert_false(at("openat", "/root/.ssh/none/none", O_RDONLY, ENOENT));
	rules[0].kind = RULE_DENY;
	rules[0].value = (char *)"/etc";
	assert_true(at("openat", "/etc/nothing", O_RDONLY, ENOENT));
	assert_string_equal(d.rule, "strict.toml:12 deny ~/.ssh");
	rules[0].value = (char *)"/etc/nothing";
	assert_false(at("openat", "/etc/nothing", O_RDONLY, ENOENT));
	rules[0].kind = RULE_KIND_MAX;
	/* hidden anyway, so there is no mask: the rule would still win over what could be suggested */
	for (int i = 0; i < 7; i++) {
		static const struct {
			const char *value;
			bool pattern, matches;
		} deny[] = {
			{ "/etc/passwd", false, true }, { "/etc/pass", false, false }, { "/etc", false, true },
			{ "/etc/p*d", true, true },	{ "/e*", true, true },	       { "/**/passwd", true, true },
			{ "/etc/*/passwd", true, false },
		};

		rules[1] = (struct policy_rule){ .kind = RULE_DENY, .text = (char *)"x", .value = (char *)deny[i].value,
						 .pattern = deny[i].pattern, .src = { "p.toml", 3, 1 } };
		assert_true(at("openat", "/etc/passwd", O_RDONLY, ENOENT));
		assert_string_equal(d.rule, deny[i].matches ? "p.toml:3 deny x" : "not in allow_read");
		assert_int_equal(!*d.suggest_flag, deny[i].matches);
	}
}

static void private_places(void **state)
{
	(void)state;
	assert_true(at("openat", "/root/notes", O_RDONLY, ENOENT));
	expect(LAYER_MOUNT, "/root/notes", "own /root inside", "filesystem.allow_read", "/root/notes",
	       "--read /root/notes");
	assert_false(at("openat", "/tmp/none", O_RDONLY, ENOENT));
	assert_true(at("openat", "/dev/sda1", O_RDONLY, ENOENT));
	assert_string_equal(d.suggest_flag, "");
	assert_true(at("openat", "/dev/kvm", O_RDONLY, ENOENT));
	assert_string_equal(d.suggest_flag, "--read /dev/kvm");
	assert_true(d.sensitive);
	assert_true(at("openat", "/proc/1", O_RDONLY, ENOENT));
	expect(LAYER_PID_NS, "/proc/1", "own /proc inside", "", "", "");
}

static void two_paths(const char *from, const char *to, int err)
{
	test_call(&te, "rename", -err, 0, ARGS(1, 2));
	test_string(&te, 0, from);
	test_string(&te, 1, to);
}

static void across(void **state)
{
	(void)state;
	two_paths("/work/a", "/data/b", EXDEV);
	assert_true(judge());
	expect(LAYER_MOUNT, "/data/b", "links and renames do not cross two grants", "", "", "");
	assert_false(d.expected);
	two_paths("/tmp/a", "/work/b", EXDEV);
	assert_true(judge());
	assert_true(d.expected);
	two_paths("/work/a", "/work/b", EXDEV);
	assert_false(judge());
	/* the second path is looked at too */
	two_paths("/work/a", "/data/b", EROFS);
	assert_true(judge());
	assert_string_equal(d.suggest_flag, "--write /data");
}

static void odd_names(void **state)
{
	(void)state;
	assert_true(at("openat", "/etc/a b", O_RDONLY, ENOENT));
	assert_string_equal(d.suggest_value, "/etc/a b");
	assert_string_equal(d.suggest_flag, "--read '/etc/a b'");
	/* would be a pattern, or reach the terminal: never suggested */
	assert_true(at("openat", "/etc/a*b", O_RDONLY, ENOENT));
	assert_string_equal(d.suggest_flag, "");
	assert_string_equal(d.suggest_value, "");
	assert_true(at("openat", "/etc/a\nb", O_RDONLY, ENOENT));
	assert_string_equal(d.suggest_flag, "");
	ctx.exists = NULL;
	assert_true(at("openat", "/etc/\xff", O_RDONLY, ENOENT));
	assert_string_equal(d.suggest_flag, "");
	assert_true(at("openat", "/etc/\xc3\xa9", O_RDONLY, ENOENT));
	assert_string_equal(d.suggest_flag, "--read '/etc/\xc3\xa9'");
	for (const char *bad = "'\"\\?[]{}\x7f\x1b"; *bad; bad++) {
		char path[] = "/etc/x_y";

		path[6] = *bad;
		assert_true(at("openat", path, O_RDONLY, ENOENT));
		assert_string_equal(d.suggest_flag, "");
	}
	/* longer than what is kept: its end is, and nothing is suggested */
	char *deep = malloc(3001);
	for (int i = 0; i < 3000; i++)
		deep[i] = i % 50 ? 'x' : '/';
	deep[3000] = 0;
	assert_true(at("openat", deep, O_RDONLY, ENOENT));
	assert_int_equal(strlen(d.object), sizeof(d.object) - 1);
	assert_memory_equal(d.object, "...", 3);
	assert_string_equal(d.object + 100, deep + 3000 - (sizeof(d.object) - 1 - 100));
	assert_string_equal(d.suggest_value, "");
	free(deep);
}

static bool refused(const char *name, int err, const uint64_t args[6])
{
	test_call(&te, name, -err, EV_F_NO_ENTER, args);
	return judge();
}

static void seccomp(void **state)
{
	(void)state;
	assert_true(refused("mount", EPERM, NULL));
	assert_int_equal(d.layer, LAYER_SECCOMP);
	assert_string_equal(d.object, "syscall mount");
	assert_string_not_equal(d.rule, "");
	assert_string_equal(d.suggest_flag, "");
	assert_false(d.expected);
	assert_true(refused("clone3", ENOSYS, NULL));
	assert_int_equal(d.layer, LAYER_SECCOMP);
	assert_true(d.expected);
	assert_string_equal(d.suggest_key, "");
	/* one of the ten: nothing lifts it */
	assert_true(refused("reboot", EPERM, NULL));
	assert_string_equal(d.suggest_key, "");
	/* a profile's: the policy can */
	assert_true(refused("io_uring_setup", EPERM, NULL));
	assert_string_equal(d.suggest_key, "syscalls.allow");
	assert_string_equal(d.suggest_value, "io_uring_setup");
	assert_true(d.sensitive);
	assert_true(refused("socket", EPERM, ARGS(17, 02000003)));
	assert_string_equal(d.object, "syscall socket(AF_PACKET, SOCK_RAW)");
	/* that has a switch of its own */
	assert_true(refused("socket", EPERM, ARGS(1, 1)));
	expect(LAYER_SECCOMP, "syscall socket(AF_UNIX, SOCK_STREAM)", "network.unix is off", "network.unix", "true",
	       "--allow-unix");
	assert_false(d.expected);
	assert_true(refused("socket", EPERM, ARGS(1, 02004001)));
	assert_true(d.expected);
	/* a network is what it lacks, not a system call */
	policy.seccomp = SECCOMP_PROFILE_STRICT;
	ctx.net_isolated = true;
	assert_true(refused("socket", EPERM, ARGS(2, 1)));
	assert_string_equal(d.suggest_key, "");
	assert_string_equal(d.suggest_flag, "--allow-net");
	assert_true(d.sensitive);
	ctx.net_isolated = false;
	policy.seccomp = SECCOMP_PROFILE_DEFAULT;
	/* a call that our filter lets through was refused by one of the command's own */
	assert_false(refused("getppid", EPERM, NULL));
	assert_int_equal(te.ev.action, ACTION_DENY);
	/* answered by a supervisor */
	test_call(&te, "mount", 17, EV_F_NO_ENTER, NULL);
	assert_false(judge());
}

static void other_abi(void **state)
{
	struct ev_syscall sc = { .ret = 0, .nr = 20, .abi = EV_ABI_COMPAT32 };

	(void)state;
	record__begin(&te.rec, EV_SYSCALL, EV_F_NO_ENTER | EV_F_NO_RETURN, &sc, sizeof(sc));
	assert_true(judge());
	expect(LAYER_SECCOMP, "syscall i386 getpid", "calls of another ABI", "", "", "");
	assert_int_equal(d.err, 0);
}

static bool exec_refused(const char *path)
{
	test_call(&te, "execve", -EACCES, EV_F_NO_ENTER, ARGS(1));
	test_string(&te, 0, path);
	return judge();
}

static void exec(void **state)
{
	(void)state;
	grants.exec = policy.exec = EXEC_COMMAND;
	assert_true(exec_refused("/usr/bin/id"));
	expect(LAYER_EXEC, "/usr/bin/id", "only the command itself may be executed", "filesystem.allow_exec", "/usr/bin/id",
	       "--allow-exec");
	assert_false(d.expected);
	/* a shell that looks for it in PATH */
	assert_true(exec_refused("/usr/local/bin/id"));
	assert_true(d.expected);
	/* relative to what is not known: the claim as it is */
	assert_true(exec_refused("./id"));
	expect(LAYER_EXEC, "./id", "only the command itself may be executed", "", "", "--allow-exec");
	grants.exec = policy.exec = EXEC_LISTED;
	assert_true(exec_refused("/usr/bin/id"));
	assert_string_equal(d.rule, "not in allow_exec");
	/* by Landlock: with an enter */
	test_call(&te, "execve", -EACCES, 0, ARGS(1));
	test_string(&te, 0, "/work/a");
	assert_true(judge());
	assert_string_equal(d.access, "execute");
	assert_string_equal(d.suggest_key, "filesystem.allow_exec");
	grants.exec = policy.exec = EXEC_ANY;
	assert_false(exec_refused("/usr/bin/id"));
}

static bool net(const char *name, const void *addr, uint32_t len, int err)
{
	unsigned int arg = !strcmp(name, "sendto") ? 4 : 1;

	test_call(&te, name, -err, 0, ARGS(3, 1, len));
	record__part(&te.rec, (uint8_t)arg, EV_PT_SOCKADDR, EV_PART_OK, addr, len, len);
	return judge();
}
#define V4 "\x02\0\x01\xbb\x5d\xb8\xd8\x22\0\0\0\0\0\0\0\0", 16
#define LO "\x02\0\x1f\x90\x7f\0\0\x01\0\0\0\0\0\0\0\0", 16
#define V6 "\x0a\0\0\x50\0\0\0\0\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0", 28
#define MAPPED "\x0a\0\0\x50\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\x5d\xb8\xd8\x22\0\0\0\0", 28

static bool mapped(const char *path, uint32_t len, uint64_t prot)
{
	test_call(&te, "mmap", -EPERM, 0, ARGS(0, 4096, prot, 2, 3));
	record__part(&te.rec, 4, EV_PT_PATH, EV_PART_OK, path, len, len);
	return judge();
}

static void libraries(void **state)
{
	(void)state;
	assert_true(mapped("a\0work\0", 7, 5));
	expect(LAYER_MOUNT, "/work/a", "not in allow_exec", "filesystem.allow_exec", "/work/a", "--allow-exec");
	assert_string_equal(d.access, "execute");
	assert_false(mapped("a\0work\0", 7, 3));
	assert_false(mapped("x\0lib\0usr\0", 10, 5)); /* may be mapped */
	assert_false(mapped("", 0, 5));
	assert_false(mapped("a\0nowhere\0", 10, 5));
}

static void network(void **state)
{
	static const int errors[] = { ENETUNREACH, ECONNREFUSED, EHOSTUNREACH, EADDRNOTAVAIL };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		ctx.net_isolated = false;
		assert_false(net("connect", V4, errors[i]));
		ctx.net_isolated = true;
		assert_true(net("connect", V4, errors[i]));
		expect(LAYER_NETWORK, "connect 93.184.216.34:443", "not in network.allow", "network.allow",
		       "93.184.216.34:443", "--net 93.184.216.34:443");
		assert_false(d.sensitive);
	}
	assert_false(net("connect", V4, ETIMEDOUT));
	assert_true(net("sendto", V6, ENETUNREACH));
	assert_string_equal(d.object, "send to [2001:db8::1]:80");
	assert_string_equal(d.suggest_flag, "--net [2001:db8::1]:80");
	assert_true(net("connect", MAPPED, ENETUNREACH));
	assert_string_equal(d.object, "connect 93.184.216.34:80");
	assert_true(net("connect", LO, ECONNREFUSED));
	assert_true(d.sensitive);
	/* cut short */
	assert_false(net("connect", "\x02\0\x01\xbb\x5d\xb8", 6, ENETUNREACH));
	assert_false(net("connect", "\x02", 1, ENETUNREACH));
	assert_false(net("connect", "\x0a\0\0\x50\0\0\0\0\x20", 9, ENETUNREACH));
	ctx.net_isolated = false;
	assert_false(net("connect", V4, EPERM));
	ctx.net_filtered = true;
	assert_true(net("connect", V4, EPERM));
	assert_string_equal(d.rule, "not in network.allow");
	assert_true(net("bind", LO, EPERM));
	assert_string_equal(d.suggest_flag, "");
	assert_true(net("connect", V4, EACCES));
	assert_int_equal(d.layer, LAYER_LANDLOCK);
}

/* curl and node connect without waiting: who listens inside is known from the trace. */
static void network_later(void **state)
{
	static struct verdicts v;

	(void)state;
	ctx.net_isolated = true;
	assert_false(net("connect", LO, EINPROGRESS)); /* who listens inside is not known */
	verdicts__init(&v, &ctx);
	net("connect", LO, EINPROGRESS);
	verdict(&v, &te.ev);
	assert_non_null(te.ev.denial);
	assert_string_equal(te.ev.denial->object, "connect 127.0.0.1:8080");
	assert_int_equal(te.ev.denial->err, ECONNREFUSED);
	/* a bind that failed binds nothing, and another port is another port */
	net("bind", LO, EADDRINUSE);
	verdict(&v, &te.ev);
	net("bind", "\x02\0\x1f\x91\x7f\0\0\x01\0\0\0\0\0\0\0\0", 16, 0);
	verdict(&v, &te.ev);
	net("connect", LO, EINPROGRESS);
	verdict(&v, &te.ev);
	assert_non_null(te.ev.denial);
	net("getsockname", LO, 0);
	verdict(&v, &te.ev);
	assert_null(te.ev.denial);
	net("connect", LO, EINPROGRESS);
	verdict(&v, &te.ev);
	assert_null(te.ev.denial);
}

static void unix_sockets(void **state)
{
	(void)state;
	assert_true(net("connect", "\x01\0/run/d.sock", 14, ENOENT));
	expect(LAYER_MOUNT, "connect /run/d.sock", "not in allow_read", "filesystem.allow_read", "/run/d.sock",
	       "--read /run/d.sock");
	assert_true(d.sensitive);
	assert_false(net("connect", "\x01\0/run/e.sock", 14, ENOENT));
	assert_true(net("connect", "\x01\0\0abc", 6, EPERM));
	expect(LAYER_LANDLOCK, "connect @abc", "abstract sockets of the host are out of scope", "", "", "");
	assert_false(net("connect", "\x01\0\0abc", 6, ECONNREFUSED));
	ctx.net_isolated = true;
	assert_true(net("connect", "\x01\0\0abc", 6, ECONNREFUSED));
	assert_int_equal(d.layer, LAYER_NETWORK);
	assert_false(net("connect", "\x01\0", 2, ECONNREFUSED));
}

static void privileges(void **state)
{
	(void)state;
	assert_false(at("fchownat", "/work/a", 0, EPERM));
	ctx.privileged = true;
	assert_true(at("fchownat", "/work/a", 0, EPERM));
	expect(LAYER_CAPABILITIES, "fchownat /work/a", "no CAP_CHOWN: all capabilities are dropped", "", "", "");
	test_call(&te, "setuid", -EINVAL, 0, ARGS(1000));
	assert_true(judge());
	assert_int_equal(d.layer, LAYER_USER_NS);
	test_call(&te, "kill", -EPERM, 0, ARGS(1, 9));
	assert_false(judge());
	test_call(&te, "kill", -ESRCH, 0, ARGS(1, 9));
	assert_false(judge());
}

static void limits(void **state)
{
	(void)state;
	test_call(&te, "write", -EFBIG, 0, ARGS(1));
	assert_false(judge());
	policy.max_file_size.value = 1 << 20;
	assert_true(judge());
	expect(LAYER_RLIMITS, "syscall write", "limits.max_file_size = 1048576", "limits.max_file_size", "2097152", "");
	test_call(&te, "clone", -EAGAIN, 0, NULL);
	assert_false(judge());
	policy.pids.value = 64;
	assert_true(judge());
	expect(LAYER_CGROUP, "syscall clone", "limits.pids = 64", "limits.pids", "128", "--pids 128");
	test_call(&te, "read", -EAGAIN, 0, NULL);
	assert_false(judge());
}

static void verdicts(void **state)
{
	static struct verdicts v;

	(void)state;
	verdicts__init(&v, &ctx);
	test_call(&te, "getppid", 1, 0, NULL);
	assert_true(test_event__done(&te));
	verdict(&v, &te.ev);
	assert_int_equal(te.ev.action, ACTION_LOG_ONLY);
	assert_null(te.ev.denial);
	test_call(&te, "getpid", 1, 0, NULL);
	assert_true(test_event__done(&te));
	verdict(&v, &te.ev);
	assert_int_equal(te.ev.action, ACTION_ALLOW);
	assert_true(at("openat", "/etc/passwd", O_RDONLY, ENOENT));
	verdict(&v, &te.ev);
	assert_int_equal(te.ev.action, ACTION_DENY);
	assert_ptr_equal(te.ev.denial, &v.denial);
	assert_false(at("openat", "/etc/none", O_RDONLY, ENOENT));
	verdict(&v, &te.ev);
	assert_int_equal(te.ev.action, ACTION_ALLOW);
	assert_null(te.ev.denial);
}

/* Exact whatever is denied, and bounded. */
static void table(void **state)
{
	struct denials *t = denials__new();
	const struct denial_entry **v = calloc(DENIALS_MAX, sizeof(*v));
	char path[64];
	uint64_t listed = 0;
	uint32_t n;

	(void)state;
	ctx.exists = NULL;
	for (int i = 0; i < 5000; i++) {
		snprintf(path, sizeof(path), "/etc/%d", i % 2 ? i : 0);
		assert_true(at("openat", path, O_RDONLY, ENOENT));
		denials__add(t, &te.ev, i ? "other" : "first-process-name", &d);
		assert_int_equal(d.nth, i % 2 ? d.nth : (uint64_t)i / 2 + 1);
	}
	two_paths("/tmp/a", "/work/b", EXDEV);
	assert_true(judge());
	denials__add(t, &te.ev, "", &d);
	assert_int_equal(t->total, 5001);
	assert_int_equal(t->expected, 1);
	assert_int_equal(t->by_layer[LAYER_MOUNT], 5001);
	assert_true(t->n <= DENIALS_MAX && t->n > DENIALS_MAX - 64);
	n = denials__sorted(t, v);
	for (uint32_t i = 0; i < n; i++)
		listed += v[i]->d.nth;
	assert_int_equal(listed + t->dropped[LAYER_MOUNT], 5001);
	assert_string_equal(v[0]->d.object, "/etc/0");
	assert_int_equal(v[0]->d.nth, 2500);
	assert_int_equal(strlen(v[0]->comm), EV_COMM_LEN);
	assert_int_equal(v[0]->pid, 4242);
	free(v);
	denials__free(t);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, reset)
	const struct CMUnitTest tests[] = {
		T(hidden), T(relative), T(creation), T(read_only), T(no_access), T(masked), T(private_places), T(across),
		T(odd_names), T(seccomp), T(other_abi), T(exec), T(libraries), T(network), T(network_later), T(unix_sockets), T(privileges), T(limits),
		T(verdicts), T(table),
	};

	if (syscalls__init())
		return 1;
	return cmocka_run_group_tests_name("denial", tests, NULL, NULL);
}
