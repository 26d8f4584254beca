/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Symbolic forms of arguments, errors and signals. What flags_match_strace expects is what strace
 * 6.1 prints for the same registers, but for spaces after commas.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "event/syscalls.h"

struct flag_case {
	enum arg_type type;
	uint64_t value;
	const char *want;
};

static void check(enum arg_type type, uint64_t value, enum ev_abi abi, const char *want)
{
	char buf[1024];
	size_t len;

	memset(buf, 'x', sizeof(buf));
	len = flags__format(type, value, abi, buf, sizeof(buf));
	if (strcmp(buf, want) || len != strlen(want))
		fail_msg("type %d, %#llx: \"%s\", not \"%s\"", type, (unsigned long long)value, buf,
			 want);
}

static void check_all(const struct flag_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(cases[i].type, cases[i].value, EV_ABI_NATIVE, cases[i].want);
}

/* What strace prints. Flags whose numbers differ between machines are in machine_flags_use_their_names. */
static const struct flag_case of_strace[] = {
	{ ARG_DIRFD, (uint64_t)-100, "AT_FDCWD" },
	{ ARG_DIRFD, 0xffffff9c, "AT_FDCWD" },
	{ ARG_OPEN_FLAGS, 0, "O_RDONLY" },
	{ ARG_OPEN_FLAGS, 0x80000, "O_RDONLY|O_CLOEXEC" },
	{ ARG_OPEN_FLAGS, 0x241, "O_WRONLY|O_CREAT|O_TRUNC" },
	{ ARG_OPEN_FLAGS, 0xc2, "O_RDWR|O_CREAT|O_EXCL" },
	{ ARG_OPEN_FLAGS, 0x101002, "O_RDWR|O_SYNC" },
	{ ARG_OPEN_FLAGS, 0x1001, "O_WRONLY|O_DSYNC" },
	{ ARG_OPEN_FLAGS, 0x40000003, "O_ACCMODE|0x40000000" },
	{ ARG_ACCESS_MODE, 0, "F_OK" },
	{ ARG_ACCESS_MODE, 5, "R_OK|X_OK" },
	{ ARG_ACCESS_MODE, 0x14, "R_OK|0x10" },
	{ ARG_FACCESSAT_FLAGS, 0x200, "AT_EACCESS" },
	{ ARG_UNLINKAT_FLAGS, 0x200, "AT_REMOVEDIR" },
	{ ARG_AT_FLAGS, 0, "0" },
	{ ARG_AT_FLAGS, 0x100, "AT_SYMLINK_NOFOLLOW" },
	{ ARG_AT_FLAGS, 0x1400, "AT_SYMLINK_FOLLOW|AT_EMPTY_PATH" },
	{ ARG_STATX_FLAGS, 0, "AT_STATX_SYNC_AS_STAT" },
	{ ARG_STATX_FLAGS, 0x2100, "AT_STATX_FORCE_SYNC|AT_SYMLINK_NOFOLLOW" },
	{ ARG_STATX_MASK, 0xfff, "STATX_ALL" },
	{ ARG_STATX_MASK, 0x7ff, "STATX_BASIC_STATS" },
	{ ARG_STATX_MASK, 0x3, "STATX_TYPE|STATX_MODE" },
	{ ARG_PROT, 0, "PROT_NONE" },
	{ ARG_PROT, 3, "PROT_READ|PROT_WRITE" },
	{ ARG_PROT, 0x1000007, "PROT_READ|PROT_WRITE|PROT_EXEC|PROT_GROWSDOWN" },
	{ ARG_MMAP_FLAGS, 0x22, "MAP_PRIVATE|MAP_ANONYMOUS" },
	{ ARG_MMAP_FLAGS, 0x812, "MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE" },
	{ ARG_MMAP_FLAGS, 0x20022, "MAP_PRIVATE|MAP_ANONYMOUS|MAP_STACK" },
	{ ARG_MMAP_FLAGS, 0x54040021,
	  "MAP_SHARED|MAP_ANONYMOUS|MAP_HUGETLB|21<<MAP_HUGE_SHIFT" },
	{ ARG_MMAP_FLAGS, 0x80003, "MAP_SHARED_VALIDATE|MAP_SYNC" },
	{ ARG_MREMAP_FLAGS, 3, "MREMAP_MAYMOVE|MREMAP_FIXED" },
	{ ARG_MSYNC_FLAGS, 4, "MS_SYNC" },
	{ ARG_MADVICE, 4, "MADV_DONTNEED" },
	{ ARG_MADVICE, 14, "MADV_HUGEPAGE" },
	{ ARG_MADVICE, 0x58, "0x58" },
	{ ARG_CLONE_FLAGS, 0x4111, "CLONE_VM|CLONE_VFORK|SIGCHLD" },
	{ ARG_CLONE_FLAGS, 0x3d0f00,
	  "CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM|"
	  "CLONE_SETTLS|CLONE_PARENT_SETTID|CLONE_CHILD_CLEARTID" },
	{ ARG_CLONE_FLAGS, 0x1200011, "CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD" },
	{ ARG_CLONE_FLAGS, 17, "SIGCHLD" },
	{ ARG_CLONE_FLAGS, 0, "0" },
	{ ARG_UNSHARE_FLAGS, 0x10020000, "CLONE_NEWNS|CLONE_NEWUSER" },
	{ ARG_WAIT_OPTIONS, 1, "WNOHANG" },
	{ ARG_WAIT_OPTIONS, 0x40000001, "WNOHANG|__WALL" },
	{ ARG_SOCK_DOMAIN, 1, "AF_UNIX" },
	{ ARG_SOCK_DOMAIN, 10, "AF_INET6" },
	{ ARG_SOCK_DOMAIN, 0x4d, "0x4d" },
	{ ARG_SOCK_TYPE, 0x80801, "SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK" },
	{ ARG_SOCK_TYPE, 0x17, "0x17" },
	{ ARG_ACCEPT_FLAGS, 0, "0" },
	{ ARG_ACCEPT_FLAGS, 0x80000, "SOCK_CLOEXEC" },
	{ ARG_SOCK_PROTO, 0, "IPPROTO_IP" },
	{ ARG_SOCK_PROTO, 6, "IPPROTO_TCP" },
	{ ARG_MSG_FLAGS, 0x4040, "MSG_DONTWAIT|MSG_NOSIGNAL" },
	{ ARG_SOCKOPT_LEVEL, 1, "SOL_SOCKET" },
	{ ARG_SOCKOPT_LEVEL, 6, "SOL_TCP" },
	{ ARG_SHUT_HOW, 2, "SHUT_RDWR" },
	{ ARG_WHENCE, 2, "SEEK_END" },
	{ ARG_FCNTL_CMD, 3, "F_GETFL" },
	{ ARG_FCNTL_CMD, 1030, "F_DUPFD_CLOEXEC" },
	{ ARG_IOCTL_CMD, 0x5401, "TCGETS" },
	{ ARG_IOCTL_CMD, 0x5413, "TIOCGWINSZ" },
	{ ARG_IOCTL_CMD, 0x8912, "SIOCGIFCONF" },
	{ ARG_IOCTL_CMD, 0x7203, "_IOC(_IOC_NONE,0x72,0x3,0)" },
	{ ARG_IOCTL_CMD, 0xc0105acb, "_IOC(_IOC_READ|_IOC_WRITE,0x5a,0xcb,0x10)" },
	{ ARG_FUTEX_OP, 0x80, "FUTEX_WAIT_PRIVATE" },
	{ ARG_FUTEX_OP, 0x189, "FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME" },
	{ ARG_FUTEX_OP, 1, "FUTEX_WAKE" },
	{ ARG_FUTEX_OP, 0xd0, "0xd0" },
	{ ARG_EPOLL_OP, 1, "EPOLL_CTL_ADD" },
	{ ARG_EPOLL_FLAGS, 0x80000, "EPOLL_CLOEXEC" },
	{ ARG_PIPE_FLAGS, 0x80800, "O_NONBLOCK|O_CLOEXEC" },
	{ ARG_EVENTFD_FLAGS, 0x80001, "EFD_SEMAPHORE|EFD_CLOEXEC" },
	{ ARG_SIGNALFD_FLAGS, 0x80000, "SFD_CLOEXEC" },
	{ ARG_TIMERFD_FLAGS, 0x800, "TFD_NONBLOCK" },
	{ ARG_MEMFD_FLAGS, 3, "MFD_CLOEXEC|MFD_ALLOW_SEALING" },
	{ ARG_GETRANDOM_FLAGS, 1, "GRND_NONBLOCK" },
	{ ARG_PRCTL_OP, 15, "PR_SET_NAME" },
	{ ARG_PRCTL_OP, 0x59616d61, "PR_SET_PTRACER" },
	{ ARG_ARCH_PRCTL_OP, 0x1002, "ARCH_SET_FS" },
	{ ARG_SIGPROCMASK_HOW, 2, "SIG_SETMASK" },
	{ ARG_CLOCK_ID, 1, "CLOCK_MONOTONIC" },
	{ ARG_RLIMIT_RES, 7, "RLIMIT_NOFILE" },
	{ ARG_MOUNT_FLAGS, 0x44000, "MS_REC|MS_PRIVATE" },
	{ ARG_MOUNT_FLAGS, 0xc0ed0001, "MS_MGC_VAL|MS_RDONLY" },
	{ ARG_UMOUNT_FLAGS, 2, "MNT_DETACH" },
	{ ARG_RENAME_FLAGS, 1, "RENAME_NOREPLACE" },
	{ ARG_XATTR_FLAGS, 2, "XATTR_REPLACE" },
	{ ARG_SECCOMP_OP, 1, "SECCOMP_SET_MODE_FILTER" },
	{ ARG_BPF_CMD, 5, "BPF_PROG_LOAD" },
	{ ARG_PTRACE_REQ, 0x4206, "PTRACE_SEIZE" },
	{ ARG_FALLOC_MODE, 3, "FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE" },
	{ ARG_SPLICE_FLAGS, 5, "SPLICE_F_MOVE|SPLICE_F_MORE" },
	{ ARG_INOTIFY_FLAGS, 0x80000, "IN_CLOEXEC" },
	{ ARG_INOTIFY_MASK, 0x302, "IN_MODIFY|IN_CREATE|IN_DELETE" },
	{ ARG_FLOCK_OP, 6, "LOCK_EX|LOCK_NB" },
	{ ARG_CLOSE_RANGE_FLAGS, 4, "CLOSE_RANGE_CLOEXEC" },
	{ ARG_IDTYPE, 1, "P_PID" },
	{ ARG_FADVICE, 2, "POSIX_FADV_SEQUENTIAL" },
	{ ARG_RUSAGE_WHO, 0xffffffff, "RUSAGE_CHILDREN" },
	{ ARG_SCHED_POLICY, 0, "SCHED_OTHER" },
	{ ARG_RESOLVE_FLAGS, 0x18, "RESOLVE_BENEATH|RESOLVE_IN_ROOT" },
	{ ARG_SIGNAL, 15, "SIGTERM" },
	{ ARG_SIGNAL, 0, "0" },
	{ ARG_SIGNAL, 99, "99" },
	{ ARG_SIGNAL, 0xffffffff, "-1" },
};

static void flags_match_strace(void **state)
{
	(void)state;
	check_all(of_strace, ARRAY_SIZE(of_strace));
}

static void machine_flags_use_their_names(void **state)
{
	static const struct flag_case cases[] = {
		{ ARG_OPEN_FLAGS, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_DIRECTORY,
		  "O_RDONLY|O_NONBLOCK|O_CLOEXEC|O_DIRECTORY" },
		{ ARG_OPEN_FLAGS, O_RDWR | O_TMPFILE, "O_RDWR|O_TMPFILE" },
		{ ARG_OPEN_FLAGS, O_TMPFILE & ~O_DIRECTORY, "O_RDONLY|__O_TMPFILE" },
		{ ARG_OPEN_FLAGS, O_PATH | O_NOFOLLOW, "O_RDONLY|O_NOFOLLOW|O_PATH" },
		{ ARG_OPEN_FLAGS, O_RDWR | O_DIRECT, "O_RDWR|O_DIRECT" },
		{ ARG_PIPE_FLAGS, O_DIRECT, "O_DIRECT" },
#ifdef __x86_64__
		{ ARG_OPEN_FLAGS, 0x8000, "O_RDONLY|O_LARGEFILE" },
		{ ARG_MMAP_FLAGS, 0x62, "MAP_PRIVATE|MAP_ANONYMOUS|MAP_32BIT" },
#endif
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

static void modes_are_octal(void **state)
{
	static const struct flag_case cases[] = {
		{ ARG_MODE, 0, "0000" },
		{ ARG_MODE, 7, "0007" },
		{ ARG_MODE, 022, "0022" },
		{ ARG_MODE, 0644, "0644" },
		{ ARG_MODE, 04755, "04755" },
		{ ARG_MODE, 0100644, "S_IFREG|0644" },
		{ ARG_MODE, 0040000, "S_IFDIR|0000" },
		{ ARG_MODE, 0010600, "S_IFIFO|0600" },
		{ ARG_MODE, 0170644, "0170644" },
		{ ARG_MODE, 0xffffffff00000000ULL | 0600, "0600" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

static void clocks_of_others_are_taken_apart(void **state)
{
	static const struct flag_case cases[] = {
		/* what clock_getcpuclockid(1) and pthread_getcpuclockid() of thread 4711 give */
		{ ARG_CLOCK_ID, ~1U << 3 | 2, "MAKE_PROCESS_CPUCLOCK(1,CPUCLOCK_SCHED)" },
		{ ARG_CLOCK_ID, ~4711U << 3 | 6, "MAKE_THREAD_CPUCLOCK(4711,CPUCLOCK_SCHED)" },
		{ ARG_CLOCK_ID, ~5U << 3 | 3, "FD_TO_CLOCKID(5)" },
		{ ARG_CLOCK_ID, 0xffffffff, "0xffffffff" },
		{ ARG_CLOCK_ID, 77, "0x4d" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

static void upper_half_counts_only_for_longs(void **state)
{
	const uint64_t high = 0x100000000ULL;

	(void)state;
	check(ARG_OPEN_FLAGS, high | 1, EV_ABI_NATIVE, "O_WRONLY");
	check(ARG_PRCTL_OP, high | 15, EV_ABI_NATIVE, "PR_SET_NAME");
	check(ARG_IOCTL_CMD, high | 0x5401, EV_ABI_NATIVE, "TCGETS");
	check(ARG_PROT, high | 1, EV_ABI_NATIVE, "PROT_READ|0x100000000");
	check(ARG_PTRACE_REQ, high, EV_ABI_NATIVE, "0x100000000");
	check(ARG_CLONE_FLAGS, high | 17, EV_ABI_NATIVE, "CLONE_CLEAR_SIGHAND|SIGCHLD");
}

static void abi_matters_for_fcntl(void **state)
{
	(void)state;
	check(ARG_FCNTL_CMD, 12, EV_ABI_COMPAT32, "F_GETLK64");
	check(ARG_FCNTL_CMD, 14, EV_ABI_COMPAT32, "F_SETLKW64");
	check(ARG_FCNTL_CMD, 5, EV_ABI_COMPAT32, "F_GETLK");
	check(ARG_FCNTL_CMD, 12, EV_ABI_NATIVE, "0xc");
}

static void check_arg(const char *call, unsigned int index, uint64_t domain, uint64_t proto,
		      const char *want)
{
	const uint64_t args[6] = { domain, 1, proto };
	int nr = syscalls__number(EV_ABI_NATIVE, call);
	char buf[64];
	size_t len;

	len = flags__format_arg(syscalls__sig(EV_ABI_NATIVE, nr), index, args, EV_ABI_NATIVE, buf,
				sizeof(buf));
	assert_string_equal(buf, want);
	assert_int_equal(len, strlen(want));
}

static void protocol_depends_on_domain(void **state)
{
	(void)state;
	assert_int_equal(syscalls__init(), 0);
	check_arg("socket", 2, 2, 6, "IPPROTO_TCP");
	check_arg("socket", 2, 10, 58, "IPPROTO_ICMPV6");
	check_arg("socket", 2, 16, 6, "NETLINK_XFRM");
	check_arg("socket", 2, 16, 0, "NETLINK_ROUTE");
	check_arg("socket", 2, 1, 0, "");
	check_arg("socket", 2, 17, 0x300, "");
	check_arg("socketpair", 2, 1, 6, "");
	check_arg("socket", 0, 16, 6, "AF_NETLINK");
	check_arg("socket", 3, 16, 6, "");
	check_arg("socket", 99, 16, 6, "");
}

/* The table of flags.c once more: its ioctl rows are searched, so they must be in order. */
struct name {
	uint64_t value;
	const char *text;
};
#define N(x) { (uint32_t)(x), #x }
#define V(v, x) { v, #x }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-const-variable"
#pragma GCC diagnostic ignored "-Wunused-variable"
#include "event/flags_table.inc.h"
#pragma GCC diagnostic pop

static void check_table(enum arg_type type, const struct name *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(type, names[i].value, EV_ABI_NATIVE, names[i].text);
}

static void every_row_is_found(void **state)
{
	(void)state;
	check_table(ARG_IOCTL_CMD, ioctl_names, ARRAY_SIZE(ioctl_names));
	check_table(ARG_PRCTL_OP, prctl_names, ARRAY_SIZE(prctl_names));
	check_table(ARG_PTRACE_REQ, ptrace_names, ARRAY_SIZE(ptrace_names));
	check_table(ARG_FCNTL_CMD, fcntl_names, ARRAY_SIZE(fcntl_names));
	check_table(ARG_BPF_CMD, bpf_names, ARRAY_SIZE(bpf_names));
	check_table(ARG_SOCK_DOMAIN, sock_domain_names, ARRAY_SIZE(sock_domain_names));
	check_table(ARG_SOCKOPT_LEVEL, sockopt_level_names, ARRAY_SIZE(sockopt_level_names));
	check_table(ARG_SOCK_PROTO, inet_proto_names, ARRAY_SIZE(inet_proto_names));
	check_table(ARG_MADVICE, madvise_names, ARRAY_SIZE(madvise_names));
	check_table(ARG_CLONE_FLAGS, clone_names, ARRAY_SIZE(clone_names));
	check_table(ARG_MSG_FLAGS, msg_names, ARRAY_SIZE(msg_names));
	check_table(ARG_MOUNT_FLAGS, mount_names, ARRAY_SIZE(mount_names));
	check_table(ARG_STATX_MASK, statx_names, ARRAY_SIZE(statx_names));
	check_table(ARG_INOTIFY_MASK, inotify_mask_names, ARRAY_SIZE(inotify_mask_names));
}

/* Whatever the value, the text fits, ends, and has the length that is returned. */
static void output_is_bounded(void **state)
{
	uint64_t seed = 88172645463325252ULL;

	(void)state;
	for (int type = -1; type <= ARG_TYPE_MAX; type++)
		for (int round = 0; round < 400; round++) {
			uint64_t value = round < 64 ? 1ULL << round : seed;
			size_t size = seed % 40, len, full;
			char all[2048], *buf = malloc(size + 1);

			assert_non_null(buf);
			if (round == 64)
				value = UINT64_MAX;
			buf[size] = 'Z';
			full = flags__format((enum arg_type)type, value, EV_ABI_COMPAT32, all,
					     sizeof(all));
			assert_true(full < sizeof(all) - 1 && strlen(all) == full);
			len = flags__format((enum arg_type)type, value, EV_ABI_COMPAT32, buf, size);
			assert_int_equal(len, size ? MIN(full, size - 1) : 0);
			assert_int_equal(buf[size], 'Z');
			if (size) {
				assert_int_equal(buf[len], 0);
				assert_memory_equal(buf, all, len);
			}
			free(buf);
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
		}
}

static void types_without_names_give_nothing(void **state)
{
	static const enum arg_type types[] = {
		ARG_NONE, ARG_INT, ARG_UINT, ARG_LONG, ARG_SIZE, ARG_HEX, ARG_PTR, ARG_FD, ARG_PATH,
		ARG_STR, ARG_ARGV, ARG_SOCKADDR, ARG_SOCKADDR_OUT, ARG_MSGHDR, ARG_PAIR,
		ARG_OPEN_HOW, ARG_PID, ARG_UID, ARG_GID, ARG_TYPE_MAX,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		check(types[i], 3, EV_ABI_NATIVE, "");
	check(ARG_DIRFD, 3, EV_ABI_NATIVE, "");
	for (int type = ARG_SIGNAL; type < ARG_TYPE_MAX; type++) {
		char buf[1024];

		if (!flags__format((enum arg_type)type, 1, EV_ABI_NATIVE, buf, sizeof(buf)))
			fail_msg("type %d has no symbolic form", type);
	}
}

static void errors_have_names(void **state)
{
	(void)state;
	assert_string_equal(errno__name(EPERM), "EPERM");
	assert_string_equal(errno__name(ENOENT), "ENOENT");
	assert_string_equal(errno__name(EAGAIN), "EAGAIN");
	assert_string_equal(errno__name(EHWPOISON), "EHWPOISON");
	assert_string_equal(errno__name(512), "ERESTARTSYS");
	assert_string_equal(errno__name(513), "ERESTARTNOINTR");
	assert_string_equal(errno__name(514), "ERESTARTNOHAND");
	assert_string_equal(errno__name(515), "ENOIOCTLCMD");
	assert_string_equal(errno__name(516), "ERESTART_RESTARTBLOCK");
	assert_null(errno__name(0));
	assert_null(errno__name(-2));
	assert_null(errno__name(517));
	assert_null(errno__name(4095));
}

static void signals_have_names(void **state)
{
	(void)state;
	for (int sig = 1; sig < 32; sig++) {
		const char *abbrev = sigabbrev_np(sig);

		assert_non_null(abbrev);
		assert_non_null(signal__name(sig));
		assert_memory_equal(signal__name(sig), "SIG", 3);
		/* libc calls 29 POLL, its other name. */
		if (sig != SIGIO)
			assert_string_equal(signal__name(sig) + 3, abbrev);
	}
	assert_string_equal(signal__name(SIGIO), "SIGIO");
	assert_string_equal(signal__name(32), "SIGRTMIN");
	assert_string_equal(signal__name(34), "SIGRTMIN+2");
	assert_string_equal(signal__name(64), "SIGRTMIN+32");
	assert_null(signal__name(0));
	assert_null(signal__name(65));
	assert_null(signal__name(-1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_match_strace),
		cmocka_unit_test(machine_flags_use_their_names),
		cmocka_unit_test(modes_are_octal),
		cmocka_unit_test(clocks_of_others_are_taken_apart),
		cmocka_unit_test(upper_half_counts_only_for_longs),
		cmocka_unit_test(abi_matters_for_fcntl),
		cmocka_unit_test(protocol_depends_on_domain),
		cmocka_unit_test(every_row_is_found),
		cmocka_unit_test(output_is_bounded),
		cmocka_unit_test(types_without_names_give_nothing),
		cmocka_unit_test(errors_have_names),
		cmocka_unit_test(signals_have_names),
	};

	return cmocka_run_group_tests_name("flags", tests, NULL, NULL);
}
