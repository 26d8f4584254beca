/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of the system call filter, against lists written down here a second time: what tests/sandbox/seccomp/numbers
 * cannot see, since it compares the filter with the same table.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <json-c/json.h>
#include <linux/prctl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <netinet/in.h>

#include "base/util.h"
#include "event/syscalls.h"
#include "sandbox/seccomp_table.h"

#define HIGH (0xdeadbeefULL << 32)

static struct policy standard, strict = { .seccomp = SECCOMP_PROFILE_STRICT };
static struct policy unix_standard = { .unix_sockets = true };
static struct policy unix_strict = { .seccomp = SECCOMP_PROFILE_STRICT, .unix_sockets = true };
static const struct seccomp_opts by_default = { .policy = &standard, .net = true };
static const struct seccomp_opts by_strict = { .policy = &strict };
static const struct seccomp_opts restricted = { .policy = &standard, .restrict_exec = true };

static int setup(void **state)
{
	(void)state;
	return syscalls__init();
}

static bool here(const char *name) { return syscalls__number(EV_ABI_NATIVE, name) >= 0; }

/* A call that this architecture lacks is ENOSYS to everybody. */
static void expect(const struct seccomp_opts *o, const char *name, enum seccomp_verdict want)
{
	enum seccomp_verdict got = seccomp__decide(o, name).verdict;

	if (!here(name))
		want = SECCOMP_ENOSYS;
	if (got != want)
		fail_msg("%s: verdict %d, want %d", name, got, want);
}

static void expect_args(const struct seccomp_opts *o, const char *name, uint64_t a0, uint64_t a1, uint64_t a2,
			enum seccomp_verdict want)
{
	static const uint64_t noise[] = { 0, 1ULL << 32, HIGH, 0xffffffffULL << 32 };

	if (!here(name))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(noise); i++) {
		const uint64_t args[6] = { a0 | noise[i], a1 | noise[i], a2 | noise[i], noise[i], noise[i], noise[i] };
		enum seccomp_verdict got = seccomp__decide_args(o, name, args).verdict;

		if (got != want)
			fail_msg("%s(%#jx, %#jx, %#jx) above 32 bits %#jx: verdict %d, want %d", name, (uintmax_t)a0,
				 (uintmax_t)a1, (uintmax_t)a2, (uintmax_t)noise[i], got, want);
	}
}

static const char *const ten[] = {
	"kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "init_module", "finit_module", "delete_module",
	"acct", "pivot_root",
};
static const char *const denied[] = {
	"mount", "umount2", "fsopen", "fsconfig", "fsmount", "fspick", "move_mount", "open_tree", "mount_setattr", "chroot",
	"setns", "io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "perf_event_open", "userfaultfd", "ptrace",
	"process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd", "add_key", "request_key", "keyctl",
	"name_to_handle_at", "open_by_handle_at", "fanotify_init", "quotactl", "quotactl_fd", "lookup_dcookie", "syslog",
	"clock_settime", "settimeofday", "adjtimex", "clock_adjtime", "iopl", "ioperm", "vhangup", "nfsservctl",
	"sethostname", "setdomainname", "move_pages", "migrate_pages", "memfd_secret", "modify_ldt", "uselib",
};
static const char *const plain[] = {
	"read", "write", "close", "fstat", "mmap", "mprotect", "execve", "execveat", "exit_group", "fork", "vfork",
	"wait4", "kill", "fcntl", "flock", "connect", "bind", "listen", "accept4", "sendmsg", "recvmsg", "futex", "seccomp",
	"landlock_restrict_self", "setuid", "getrandom", "memfd_create", "mbind", "shmget", "mq_open",
	"inotify_init1", "pidfd_open", "rseq", "rt_sigreturn", "restart_syscall", "mlock", "sched_setscheduler",
};

static void ten_are_always_blocked(void **state)
{
	struct policy_rule rules[ARRAY_SIZE(ten)];
	struct policy p = { .rules = rules, .n_rules = ARRAY_SIZE(ten) };
	const struct seccomp_opts lifted = { .policy = &p };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ten); i++)
		rules[i] = (struct policy_rule){ .kind = RULE_SYSCALL_ALLOW, .value = (char *)ten[i] };
	for (size_t i = 0; i < ARRAY_SIZE(ten); i++) {
		const struct seccomp_opts *const all[] = { &by_default, &by_strict, &restricted, &lifted };

		for (size_t k = 0; k < ARRAY_SIZE(all); k++) {
			expect(all[k], ten[i], SECCOMP_EPERM);
			assert_false(seccomp__decide(all[k], ten[i]).liftable);
			assert_string_equal(seccomp__decide(all[k], ten[i]).reason, "always blocked");
		}
		assert_true(seccomp_table__always_blocked(ten[i]));
		assert_string_equal(policy_always_blocked[i], ten[i]);
	}
	assert_null(policy_always_blocked[ARRAY_SIZE(ten)]);
	assert_false(seccomp_table__always_blocked("mount"));
}

static void default_denies(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(denied); i++) {
		expect(&by_default, denied[i], SECCOMP_EPERM);
		expect(&by_strict, denied[i], SECCOMP_EPERM);
		assert_true(!here(denied[i]) || seccomp__decide(&by_default, denied[i]).liftable);
	}
	expect(&by_default, "clone3", SECCOMP_ENOSYS);
	expect(&by_strict, "clone3", SECCOMP_ENOSYS);
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		expect(&by_default, plain[i], SECCOMP_ALLOW);
	/* no policy at all is the profile default */
	expect(&(struct seccomp_opts){ 0 }, "mount", SECCOMP_EPERM);
}

static void strict_allows_what_it_lists(void **state)
{
	static const char *const out[] = {
		"shmget", "msgget", "semget", "mq_open", "io_setup", "mbind", "set_mempolicy", "unshare", "vmsplice", "mlock",
		"sched_setscheduler", "sync", "cachestat", "execveat", "setgroups", "remap_file_pages", "sysfs", "ustat",
	};
	static const char *const in[] = {
		"read", "write", "execve", "fork", "wait4", "futex", "epoll_wait", "statx", "copy_file_range", "bind",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(out); i++)
		expect(&by_strict, out[i], SECCOMP_EPERM);
	for (size_t i = 0; i < ARRAY_SIZE(in); i++)
		expect(&by_strict, in[i], SECCOMP_ALLOW);
	expect(&by_strict, "flock", SECCOMP_ENOSYS);
}

/* Whoever could leave a set-id file behind would act with the caller's rights outside. */
static void set_id_bits(void **state)
{
	static const struct {
		const char *name;
		unsigned int mode;
		int flags; /* index of the flags, -1: none */
	} calls[] = { { "chmod", 1, -1 }, { "fchmod", 1, -1 }, { "fchmodat", 2, -1 }, { "fchmodat2", 2, -1 }, { "creat", 1, -1 },
		      { "mknod", 1, -1 }, { "mknodat", 2, -1 }, { "open", 2, 1 }, { "openat", 3, 2 } };
	const struct seccomp_opts *const all[] = { &by_default, &by_strict };

	(void)state;
	for (size_t k = 0; k < 2 * ARRAY_SIZE(calls); k++) {
		const struct seccomp_opts *o = all[k % 2];
		size_t i = k / 2;

		for (uint64_t mode = 0; mode < 010000 && here(calls[i].name); mode++)
			for (uint64_t creates = 0; creates < 2; creates++) {
				uint64_t args[6] = { HIGH, HIGH, HIGH, HIGH, HIGH, HIGH };
				bool bad = mode & 06000 && (creates || calls[i].flags < 0);

				args[calls[i].mode] |= mode;
				if (calls[i].flags >= 0)
					args[calls[i].flags] |= creates ? 0101 : 01;
				if ((seccomp__decide_args(o, calls[i].name, args).verdict == SECCOMP_EPERM) != bad)
					fail_msg("%s with mode %jo, creates %ju", calls[i].name, (uintmax_t)mode,
						 (uintmax_t)creates);
			}
	}
	expect(&by_default, "openat2", SECCOMP_ENOSYS);
	expect(&by_strict, "openat2", SECCOMP_ENOSYS);
}

/* RLIMIT_CORE may be read, not set: the new limit is a pointer, of which both halves count. */
static void core_limit(void **state)
{
	static const uint64_t pointers[] = { 1, 0x100000000ULL, 0x7fff00000000ULL, 0x7fff12345678ULL };
	uint64_t args[6] = { HIGH, 4 | HIGH, 0 };

	(void)state;
	assert_int_equal(seccomp__decide_args(&by_default, "prlimit64", args).verdict, SECCOMP_ALLOW);
	for (size_t i = 0; i < ARRAY_SIZE(pointers); i++) {
		args[2] = pointers[i];
		args[1] = 4 | HIGH;
		assert_int_equal(seccomp__decide_args(&by_default, "prlimit64", args).verdict, SECCOMP_EPERM);
		args[1] = 7 | HIGH;
		assert_int_equal(seccomp__decide_args(&by_default, "prlimit64", args).verdict, SECCOMP_ALLOW);
	}
	expect_args(&by_default, "setrlimit", 4, 1, 1, SECCOMP_EPERM);
	expect_args(&by_default, "setrlimit", 7, 1, 1, SECCOMP_ALLOW);
}

static void sockets(void **state)
{
	const struct seccomp_opts strict_net = { .policy = &strict, .net = true };
	const struct seccomp_opts unix_default = { .policy = &unix_standard, .net = true };
	const struct seccomp_opts unix_strict_net = { .policy = &unix_strict, .net = true };
	const struct seccomp_opts unix_only = { .policy = &unix_strict };
	const struct seccomp_opts *const all[] = { &by_default, &strict_net, &unix_default, &unix_strict_net };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		for (uint64_t family = 0; family < 64; family++)
			for (uint64_t type = 0; type < 16; type++)
				for (uint64_t proto = 0; proto < 300; proto++) {
					const uint64_t args[6] = { family | HIGH, type | SOCK_CLOEXEC | SOCK_NONBLOCK, proto };
					bool inet = family == AF_INET || family == AF_INET6;
					bool ok = (family == AF_UNIX && all[i]->policy->unix_sockets) || (family == AF_NETLINK && proto == 0) ||
						  (inet && type == SOCK_STREAM && (proto == 0 || proto == IPPROTO_TCP)) ||
						  (inet && type == SOCK_DGRAM && (proto == 0 || proto == IPPROTO_UDP));

					if ((seccomp__decide_args(all[i], "socket", args).verdict == SECCOMP_ALLOW) != ok)
						fail_msg("socket(%ju, %ju, %ju)", (uintmax_t)family, (uintmax_t)type,
							 (uintmax_t)proto);
				}
		expect_args(all[i], "socket", AF_INET, SOCK_STREAM, 262, SECCOMP_EPERM);
		expect_args(all[i], "socketpair", AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, SECCOMP_ALLOW);
		expect_args(all[i], "socketpair", AF_UNIX, SOCK_SEQPACKET, 0, SECCOMP_ALLOW);
		/* SOCK_RAW is another name for datagrams; both can send to any address */
		for (uint64_t type = SOCK_DGRAM; type <= SOCK_RAW; type++)
			expect_args(all[i], "socketpair", AF_UNIX, type, 0,
				    all[i]->policy->unix_sockets ? SECCOMP_ALLOW : SECCOMP_EPERM);
		expect_args(all[i], "socketpair", 30, SOCK_STREAM, 0, SECCOMP_EPERM); /* AF_TIPC */
	}
	expect_args(&unix_only, "socket", AF_UNIX, SOCK_STREAM, 0, SECCOMP_ALLOW);
	expect_args(&unix_only, "socket", AF_INET, SOCK_STREAM, 0, SECCOMP_EPERM);
	expect_args(&by_strict, "socket", AF_UNIX, SOCK_STREAM, 0, SECCOMP_EPERM);
	expect_args(&by_strict, "socket", AF_INET, SOCK_STREAM, 0, SECCOMP_EPERM);
	expect_args(&by_strict, "socket", AF_NETLINK, SOCK_RAW, 0, SECCOMP_EPERM);
}

static void namespaces(void **state)
{
	static const uint64_t flags[] = {
		CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET,
	};
	const uint64_t thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
				CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		expect_args(&by_default, "clone", flags[i] | 17, 0, 0, SECCOMP_EPERM);
		expect_args(&by_strict, "clone", flags[i] | thread, 0, 0, SECCOMP_EPERM);
		expect_args(&by_default, "unshare", flags[i], 0, 0, SECCOMP_EPERM);
		expect_args(&by_default, "unshare", flags[i] | CLONE_FILES, 0, 0, SECCOMP_EPERM);
	}
	expect_args(&by_default, "clone", CLONE_UNTRACED | 17, 0, 0, SECCOMP_EPERM);
	expect_args(&by_default, "clone", thread, 0, 0, SECCOMP_ALLOW);
	expect_args(&by_strict, "clone", CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | 17, 0, 0, SECCOMP_ALLOW);
	expect_args(&by_strict, "clone", CLONE_VM | CLONE_VFORK | 17, 0, 0, SECCOMP_ALLOW);
	expect_args(&by_default, "unshare", 0x80, 0, 0, SECCOMP_EPERM); /* CLONE_NEWTIME */
	expect_args(&by_default, "unshare", CLONE_FILES | CLONE_FS | CLONE_SYSVSEM, 0, 0, SECCOMP_ALLOW);
}

static void other_arguments(void **state)
{
	(void)state;
	expect_args(&by_default, "ioctl", 0, TIOCSTI, 0, SECCOMP_EPERM);
	expect_args(&by_strict, "ioctl", 0, TIOCSTI, 0, SECCOMP_EPERM);
	expect_args(&by_default, "ioctl", 0, TIOCLINUX, 0, SECCOMP_EPERM);
	expect_args(&by_default, "ioctl", 0, TIOCSETD, 0, SECCOMP_EPERM);
	expect_args(&by_default, "ioctl", TIOCSTI, TIOCGWINSZ, TIOCSTI, SECCOMP_ALLOW);
	expect_args(&by_default, "prctl", PR_SET_MM, 0, 0, SECCOMP_EPERM);
	expect_args(&by_default, "prctl", PR_SET_NAME, PR_SET_MM, 0, SECCOMP_ALLOW);
	expect_args(&by_strict, "prctl", PR_SET_NO_NEW_PRIVS, 1, 0, SECCOMP_ALLOW);
	expect_args(&by_default, "personality", 0, 0, 0, SECCOMP_ALLOW);
	expect_args(&by_default, "personality", 8, 0, 0, SECCOMP_ALLOW);
	expect_args(&by_default, "personality", 0xffffffff, 0, 0, SECCOMP_ALLOW);
	expect_args(&by_default, "personality", 0x40000, 0, 0, SECCOMP_EPERM);   /* ADDR_NO_RANDOMIZE */
	expect_args(&by_default, "personality", 0x400000, 0, 0, SECCOMP_EPERM);  /* READ_IMPLIES_EXEC */
	expect_args(&by_default, "personality", 0x400008, 0, 0, SECCOMP_EPERM);
	expect_args(&by_default, "mknod", 0, S_IFCHR | 0644, 0, SECCOMP_EPERM);
	expect_args(&by_default, "mknod", 0, S_IFBLK | 0644, 0, SECCOMP_EPERM);
	expect_args(&by_default, "mknod", 0, S_IFIFO | 0644, 0, SECCOMP_ALLOW);
	expect_args(&by_default, "mknodat", 0, S_IFCHR | 0644, S_IFIFO, SECCOMP_ALLOW);
	expect_args(&by_default, "mknodat", 0, 0, S_IFCHR | 07777, SECCOMP_EPERM);
	expect_args(&by_default, "mknodat", 0, 0, S_IFBLK, SECCOMP_EPERM);
	expect_args(&by_strict, "mknodat", 0, 0, S_IFSOCK, SECCOMP_ALLOW);
}

static void restricted_execution(void **state)
{
	struct policy_rule rules[] = {
		{ .kind = RULE_SYSCALL_ALLOW, .value = "execveat" }, { .kind = RULE_SYSCALL_ALLOW, .value = "memfd_create" },
		{ .kind = RULE_SYSCALL_ALLOW, .value = "personality" },
	};
	struct policy p = { .rules = rules, .n_rules = ARRAY_SIZE(rules) };
	struct policy ps = { .rules = rules, .n_rules = ARRAY_SIZE(rules), .seccomp = SECCOMP_PROFILE_STRICT };
	const struct seccomp_opts lifted = { .policy = &p, .restrict_exec = true };
	const struct seccomp_opts lifted_strict = { .policy = &ps, .restrict_exec = true };
	const struct seccomp_opts *const all[] = { &restricted, &lifted, &lifted_strict };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		expect(all[i], "execve", SECCOMP_ALLOW);
		expect(all[i], "execveat", SECCOMP_EPERM);
		expect_args(all[i], "memfd_create", 0, 0, 0, SECCOMP_EPERM);
		expect_args(all[i], "memfd_create", 0, 1, 0, SECCOMP_EPERM);
		expect_args(all[i], "memfd_create", 0, 8, 0, SECCOMP_ALLOW);
		expect_args(all[i], "memfd_create", 0, 8 | 3, 0, SECCOMP_ALLOW);
		expect_args(all[i], "memfd_create", 0, 8 | 16, 0, SECCOMP_EPERM); /* and MFD_EXEC */
		expect_args(all[i], "memfd_create", 8, 16, 8, SECCOMP_EPERM);
		expect_args(all[i], "personality", 0x400000, 0, 0, SECCOMP_EPERM);
		assert_false(seccomp__decide(all[i], "execveat").liftable);
	}
	/* unrestricted, the same rules do lift */
	expect(&(struct seccomp_opts){ .policy = &ps }, "execveat", SECCOMP_ALLOW);
	expect(&(struct seccomp_opts){ .policy = &p }, "personality", SECCOMP_ALLOW);
}

static void rules_of_a_policy(void **state)
{
	struct policy_rule rules[] = {
		{ .kind = RULE_SYSCALL_LOG, .value = "openat" }, { .kind = RULE_READ, .value = "read" },
		{ .kind = RULE_SYSCALL_ALLOW, .value = "ptrace" }, { .kind = RULE_SYSCALL_ALLOW, .value = "getdents64" },
		{ .kind = RULE_SYSCALL_DENY, .value = "getdents64" }, { .kind = RULE_SYSCALL_DENY, .value = "clone3" },
		{ .kind = RULE_SYSCALL_DENY, .value = "reboot" }, { .kind = RULE_SYSCALL_ALLOW, .value = "unshare" },
	};
	struct policy p = { .rules = rules, .n_rules = ARRAY_SIZE(rules), .seccomp = SECCOMP_PROFILE_STRICT };
	const struct seccomp_opts o = { .policy = &p };

	(void)state;
	expect(&o, "read", SECCOMP_ALLOW);
	expect(&o, "ptrace", SECCOMP_ALLOW);
	assert_ptr_equal(seccomp__decide(&o, "ptrace").rule, &rules[2]);
	expect(&o, "unshare", SECCOMP_ALLOW);
	expect_args(&o, "unshare", CLONE_NEWUSER, 0, 0, SECCOMP_ALLOW);
	/* a denial wins over an allowance, and is EPERM whatever the profile says */
	expect(&o, "getdents64", SECCOMP_EPERM);
	assert_ptr_equal(seccomp__decide(&o, "getdents64").rule, &rules[4]);
	assert_string_equal(seccomp__decide(&o, "getdents64").reason, "syscalls.deny");
	expect(&o, "clone3", SECCOMP_EPERM);
	/* what is blocked anyway is not the policy's doing */
	assert_null(seccomp__decide(&o, "reboot").rule);
}

static void unknown_calls(void **state)
{
	(void)state;
	assert_int_equal(seccomp__decide(&by_default, "no_such_call").verdict, SECCOMP_ENOSYS);
	assert_int_equal(seccomp__decide(&by_default, "").verdict, SECCOMP_ENOSYS);
	assert_int_equal(seccomp__decide(&by_default, "socketcall").verdict, SECCOMP_ENOSYS); /* i386 only */
	assert_null(seccomp_table__name(-1));
	assert_null(seccomp_table__name(SECCOMP_NEWEST + 1));
	assert_string_equal(seccomp_table__name(syscalls__number(EV_ABI_NATIVE, "read")), "read");
}

/* A misspelt row would be a hole that no other test sees. */
static void rows_are_sorted_and_known(void **state)
{
	const char *before = "", *name;
	bool is_strict, was_strict = false;
	size_t n = 0;

	(void)state;
	for (; (name = seccomp_table__row(n, &is_strict)); n++) {
		if (is_strict == was_strict && strcmp(before, name) >= 0)
			fail_msg("%s stands after %s", name, before);
		if (seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR)
			fail_msg("libseccomp does not know %s", name);
		before = name;
		was_strict = is_strict;
	}
	assert_true(n > 250 && was_strict);
}

static char *printed(const struct seccomp_opts *o, bool json)
{
	size_t len;
	char *text = NULL;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	seccomp__print(o, f, json);
	fclose(f);
	return text;
}

static void print_covers_every_number(void **state)
{
	_cleanup_(free) char *text = printed(&by_strict, true);
	char *save, *line;
	long next = 0;

	(void)state;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct json_object *o = json_tokener_parse(line), *v;
		const char *nr, *name;
		char *end;

		assert_non_null(o);
		assert_true(json_object_object_get_ex(o, "nr", &v));
		nr = json_object_get_string(v);
		assert_true(json_object_object_get_ex(o, "name", &v));
		name = json_object_get_string(v);
		if (!strcmp(nr, "any")) {
			next = -1;
		} else {
			assert_int_equal(strtol(nr, &end, 10), next);
			next = (*end && end[1] ? strtol(end + 1, NULL, 10) : strtol(nr, NULL, 10)) + 1;
		}
		assert_true(json_object_object_get_ex(o, "verdict", &v));
		if (strcmp(name, "-"))
			assert_string_equal(json_object_get_string(v),
					    ((const char *[]){ "allow", "EPERM", "ENOSYS", "conditional", "SIGSYS" })
						    [seccomp__decide(&by_strict, name).verdict]);
		json_object_put(o);
	}
	assert_int_equal(next, -1);
}

static void print_names_the_rule(void **state)
{
	struct policy_rule rules[] = {
		{ .kind = RULE_SYSCALL_DENY, .value = "getdents64", .src = { "a\nb.toml", 12, 3 } },
		{ .kind = RULE_SYSCALL_ALLOW, .value = "ptrace", .src = { "built-in", 0, 0 } },
	};
	struct policy p = { .rules = rules, .n_rules = ARRAY_SIZE(rules) };
	_cleanup_(free) char *text = printed(&(struct seccomp_opts){ .policy = &p }, false);

	(void)state;
	assert_non_null(strstr(text, "syscalls.deny (a?b.toml:12:3)\n"));
	assert_non_null(strstr(text, "syscalls.allow (built-in)\n"));
	assert_non_null(strstr(text, "always blocked\n"));
	assert_non_null(strstr(text, "EPERM for TIOCSTI"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_are_always_blocked), cmocka_unit_test(default_denies),
		cmocka_unit_test(strict_allows_what_it_lists), cmocka_unit_test(sockets),
		cmocka_unit_test(set_id_bits), cmocka_unit_test(core_limit), cmocka_unit_test(namespaces),
		cmocka_unit_test(other_arguments), cmocka_unit_test(restricted_execution),
		cmocka_unit_test(rules_of_a_policy), cmocka_unit_test(unknown_calls),
		cmocka_unit_test(rows_are_sorted_and_known), cmocka_unit_test(print_covers_every_number),
		cmocka_unit_test(print_names_the_rule),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
