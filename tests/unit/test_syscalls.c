/* SPDX-License-Identifier: Apache-2.0 */
/* Names, numbers, signatures, categories, classes and copy plans of system calls. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/util.h"
#include "event/syscalls.h"

#define NR_END 1024

static int setup(void **state)
{
	(void)state;
	return syscalls__init();
}

static const struct syscall_sig *sig_of(enum ev_abi abi, const char *name)
{
	int nr = syscalls__number(abi, name);

	if (nr < 0)
		fail_msg("no number for %s in %s", name, syscalls__abi_name(abi));
	return syscalls__sig(abi, nr);
}

/* The numbers the C library was built with are a second source beside libseccomp. */
#define NR(x) { #x, __NR_##x }
static void numbers_match_libc(void **state)
{
	static const struct {
		const char *name;
		int nr;
	} known[] = {
		NR(read), NR(write), NR(openat), NR(close), NR(fstat), NR(lseek), NR(mmap),
		NR(mprotect), NR(munmap), NR(brk), NR(rt_sigaction), NR(rt_sigprocmask),
		NR(rt_sigreturn), NR(ioctl), NR(pread64), NR(pwrite64), NR(readv), NR(writev),
		NR(sched_yield), NR(mremap), NR(msync), NR(madvise), NR(shmget), NR(shmat),
		NR(dup), NR(dup3), NR(nanosleep), NR(getpid), NR(sendfile), NR(socket),
		NR(connect), NR(accept), NR(sendto), NR(recvfrom), NR(sendmsg), NR(recvmsg),
		NR(shutdown), NR(bind), NR(listen), NR(getsockname), NR(clone), NR(execve),
		NR(exit), NR(wait4), NR(kill), NR(uname), NR(fcntl), NR(flock), NR(fsync),
		NR(truncate), NR(ftruncate), NR(getcwd), NR(chdir), NR(fchmod), NR(umask),
		NR(ptrace), NR(getuid), NR(setuid), NR(prctl), NR(mount), NR(umount2), NR(gettid),
		NR(setxattr), NR(futex), NR(getdents64), NR(exit_group), NR(epoll_ctl),
		NR(tgkill), NR(unlinkat), NR(renameat), NR(pipe2), NR(accept4), NR(prlimit64),
		NR(setns), NR(renameat2), NR(seccomp), NR(getrandom), NR(memfd_create), NR(bpf),
		NR(execveat), NR(statx), NR(io_uring_setup), NR(pidfd_open), NR(clone3),
		NR(close_range), NR(openat2), NR(faccessat2), NR(landlock_restrict_self),
		NR(futex_waitv),
#ifdef __x86_64__
		NR(open), NR(stat), NR(fork), NR(vfork), NR(unlink), NR(arch_prctl), NR(newfstatat),
#endif
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		const char *name = syscalls__name(EV_ABI_NATIVE, known[i].nr);

		assert_non_null(name);
		assert_string_equal(name, known[i].name);
		assert_int_equal(syscalls__number(EV_ABI_NATIVE, known[i].name), known[i].nr);
		assert_string_equal(syscalls__sig(EV_ABI_NATIVE, known[i].nr)->name, known[i].name);
	}
}

static void numbers_have_edges(void **state)
{
	static const int bad[] = { -1, -101, INT32_MIN, INT32_MAX, 0x40000000, 640, 4096 };
	const struct syscall_sig *sig;

	(void)state;
	for (int abi = 0; abi <= EV_ABI_MAX; abi++)
		for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
			assert_null(syscalls__name((enum ev_abi)abi, bad[i]));
			sig = syscalls__sig((enum ev_abi)abi, bad[i]);
			assert_non_null(sig);
			assert_int_equal(sig->n_args, 6);
			assert_string_equal(sig->args[5].name, "arg5");
			assert_int_equal(sig->args[5].type, ARG_HEX);
			assert_int_equal(sig->category, CAT_OTHER);
		}
	assert_int_equal(syscalls__number(EV_ABI_NATIVE, "no_such_call"), -1);
	assert_int_equal(syscalls__number(EV_ABI_NATIVE, ""), -1);
	assert_int_equal(syscalls__number(EV_ABI_MAX, "read"), -1);
	assert_int_equal(syscalls__init(), 0);
}

#ifdef __x86_64__
static void other_abis_have_their_own_numbers(void **state)
{
	(void)state;
	assert_string_equal(syscalls__abi_name(EV_ABI_NATIVE), "x86_64");
	assert_string_equal(syscalls__abi_name(EV_ABI_COMPAT32), "i386");
	assert_string_equal(syscalls__abi_name(EV_ABI_X32), "x32");
	assert_string_equal(syscalls__name(EV_ABI_COMPAT32, 4), "write");
	assert_string_equal(syscalls__name(EV_ABI_COMPAT32, 20), "getpid");
	assert_string_equal(syscalls__name(EV_ABI_COMPAT32, 102), "socketcall");
	assert_string_equal(syscalls__name(EV_ABI_COMPAT32, 117), "ipc");
	assert_string_equal(syscalls__name(EV_ABI_COMPAT32, 192), "mmap2");
	/* Linux 4.3 gave the calls behind socketcall numbers of their own. */
	assert_string_equal(syscalls__name(EV_ABI_COMPAT32, 359), "socket");
	assert_string_equal(syscalls__name(EV_ABI_COMPAT32, 362), "connect");
	assert_string_equal(syscalls__name(EV_ABI_COMPAT32, 364), "accept4");
	assert_string_equal(syscalls__name(EV_ABI_COMPAT32, 373), "shutdown");
	assert_string_equal(syscalls__name(EV_ABI_COMPAT32, 395), "shmget");
	assert_int_equal(syscalls__number(EV_ABI_COMPAT32, "socket"), 359);
	/* libseccomp numbers these two below zero: no kernel has them. */
	assert_int_equal(syscalls__number(EV_ABI_COMPAT32, "recv"), -1);
	assert_int_equal(syscalls__number(EV_ABI_COMPAT32, "accept"), -1);
	assert_string_equal(syscalls__name(EV_ABI_X32, 0), "read");
	assert_string_equal(syscalls__name(EV_ABI_X32, 520), "execve");
	assert_string_equal(syscalls__name(EV_ABI_X32, 547), "pwritev2");
	assert_int_equal(syscalls__number(EV_ABI_X32, "ioctl"), 514);
	assert_null(syscalls__name(EV_ABI_NATIVE, 520));
}

static void arguments_differ_between_abis(void **state)
{
	(void)state;
	assert_string_equal(sig_of(EV_ABI_NATIVE, "clone")->args[3].name, "child_tid");
	assert_string_equal(sig_of(EV_ABI_X32, "clone")->args[3].name, "child_tid");
	assert_string_equal(sig_of(EV_ABI_COMPAT32, "clone")->args[3].name, "tls");
	assert_int_equal(sig_of(EV_ABI_NATIVE, "mmap")->n_args, 6);
	assert_int_equal(sig_of(EV_ABI_COMPAT32, "mmap")->n_args, 1);
	assert_int_equal(sig_of(EV_ABI_COMPAT32, "mmap2")->n_args, 6);
	assert_int_equal(sig_of(EV_ABI_COMPAT32, "select")->n_args, 1);
	assert_int_equal(sig_of(EV_ABI_COMPAT32, "_newselect")->n_args, 5);
	assert_int_equal(sig_of(EV_ABI_COMPAT32, "pread64")->n_args, 5);
	assert_int_equal(sig_of(EV_ABI_COMPAT32, "truncate64")->n_args, 3);
	assert_int_equal(sig_of(EV_ABI_NATIVE, "fanotify_mark")->args[4].type, ARG_PATH);
	assert_int_equal(sig_of(EV_ABI_COMPAT32, "fanotify_mark")->args[5].type, ARG_PATH);
}
#endif

/* Every name libseccomp has for ARCH and an ABI of this machine reaches has its own signature. */
static unsigned int check_arch(uint32_t arch, int base)
{
	unsigned int n = 0;

	for (int nr = 0; nr < NR_END; nr++) {
		char *name = seccomp_syscall_resolve_num_arch(arch, base + nr);
		bool found = false;

		if (!name)
			continue;
		n++;
		for (int abi = 0; abi < EV_ABI_MAX && !found; abi++) {
			int own = syscalls__number((enum ev_abi)abi, name);
			const struct syscall_sig *sig = syscalls__sig((enum ev_abi)abi, own);

			if (own < 0)
				continue;
			found = true;
			assert_string_equal(sig->name, name);
			if (sig->n_args == 6 && !strcmp(sig->args[0].name, "arg0"))
				fail_msg("no signature for %s", name);
		}
		free(name);
	}
	return n;
}

static void every_name_has_a_signature(void **state)
{
	(void)state;
	assert_true(check_arch(SCMP_ARCH_X86_64, 0) > 350);
	assert_true(check_arch(SCMP_ARCH_X86, 0) > 400);
	assert_true(check_arch(SCMP_ARCH_AARCH64, 0) > 290);
	assert_true(check_arch(SCMP_ARCH_X32, 0x40000000) > 340);
}

/* The rows themselves: also those that only other architectures reach. */
#define A(t, n) #n
#define S(n, cat, ...) #n,
static const char *const rows[] = {
#include "event/syscall_table.inc.h"
};
#undef S
#undef A

static void signatures_are_sorted_and_complete(void **state)
{
	static const struct {
		uint32_t arch;
		int base;
	} archs[] = {
		{ SCMP_ARCH_X86_64, 0 }, { SCMP_ARCH_X86, 0 }, { SCMP_ARCH_X32, 0x40000000 },
		{ SCMP_ARCH_AARCH64, 0 }, { SCMP_ARCH_ARM, 0 }, { SCMP_ARCH_ARM, 0xf0000 },
	};

	(void)state;
	for (size_t i = 1; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i - 1], rows[i]) >= 0)
			fail_msg("%s stands before %s", rows[i - 1], rows[i]);
	for (size_t a = 0; a < ARRAY_SIZE(archs); a++)
		for (int nr = 0; nr < NR_END; nr++) {
			char *name = seccomp_syscall_resolve_num_arch(archs[a].arch,
								      archs[a].base + nr);
			bool found = !name;

			for (size_t i = 0; i < ARRAY_SIZE(rows) && !found; i++)
				found = !strcmp(rows[i], name);
			if (!found)
				fail_msg("no row for %s", name);
			free(name);
		}
}

/* What was written down when this was built is what libseccomp says. */
static void names_are_those_of_libseccomp(void **state)
{
	(void)state;
	for (int nr = 0; nr < NR_END; nr++) {
		char *name = seccomp_syscall_resolve_num_arch(seccomp_arch_native(), nr);
		const char *ours = syscalls__name(EV_ABI_NATIVE, nr);

		if (!name != !ours || (name && strcmp(name, ours)))
			fail_msg("%d is %s, not %s", nr, name ? name : "nothing", ours ? ours : "nothing");
		free(name);
	}
}

/* Types that need a neighbour have it, and keys are unique within a call. */
static void check_sig(const struct syscall_sig *sig)
{
	bool gap = false;

	assert_in_range(sig->n_args, 0, 6);
	assert_true(sig->category < CAT_MAX);
	for (unsigned int i = 0; i < 6; i++) {
		const struct syscall_arg *arg = &sig->args[i];

		if (i >= sig->n_args) {
			assert_int_equal(*arg->name, 0);
			continue;
		}
		gap = gap || !*arg->name;
		assert_false(gap);
		assert_true(arg->type > ARG_NONE && arg->type < ARG_TYPE_MAX);
		if (arg->type == ARG_SOCKADDR || arg->type == ARG_OPEN_HOW)
			assert_true(i + 1 < sig->n_args && (sig->args[i + 1].type == ARG_UINT ||
							    sig->args[i + 1].type == ARG_SIZE));
		if (arg->type == ARG_SOCKADDR_OUT)
			assert_true(i + 1 < sig->n_args && sig->args[i + 1].type == ARG_PTR);
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(arg->name, sig->args[j].name);
	}
}

static void signatures_are_sound(void **state)
{
	(void)state;
	for (int abi = 0; abi < EV_ABI_MAX; abi++)
		for (int nr = 0; nr < NR_END; nr++)
			check_sig(syscalls__sig((enum ev_abi)abi, nr));
}

static void arguments_have_names(void **state)
{
	const struct syscall_sig *sig = sig_of(EV_ABI_NATIVE, "openat");

	(void)state;
	assert_int_equal(sig->n_args, 4);
	assert_string_equal(sig->args[0].name, "dirfd");
	assert_int_equal(sig->args[0].type, ARG_DIRFD);
	assert_string_equal(sig->args[1].name, "path");
	assert_int_equal(sig->args[1].type, ARG_PATH);
	assert_string_equal(sig->args[2].name, "flags");
	assert_int_equal(sig->args[2].type, ARG_OPEN_FLAGS);
	assert_string_equal(sig->args[3].name, "mode");
	assert_int_equal(sig->args[3].type, ARG_MODE);
	sig = sig_of(EV_ABI_NATIVE, "connect");
	assert_string_equal(sig->args[0].name, "fd");
	assert_string_equal(sig->args[1].name, "addr");
	sig = sig_of(EV_ABI_NATIVE, "renameat2");
	assert_string_equal(sig->args[1].name, "oldpath");
	assert_string_equal(sig->args[3].name, "newpath");
	sig = sig_of(EV_ABI_NATIVE, "symlinkat");
	assert_string_equal(sig->args[0].name, "target");
	assert_string_equal(sig->args[2].name, "linkpath");
	assert_int_equal(sig_of(EV_ABI_NATIVE, "getpid")->n_args, 0);
}

#define U UINT64_MAX /* unused argument: must not matter */
static void categories_are_refined(void **state)
{
	static const struct {
		const char *name;
		enum category want;
		__u64 args[6];
	} cases[] = {
		{ "openat", CAT_FILE_READ, { U, U, O_RDONLY | O_CLOEXEC, U } },
		{ "openat", CAT_FILE_READ, { U, U, O_RDONLY | O_DIRECTORY, U } },
		{ "openat", CAT_FILE_READ, { U, U, O_PATH | O_RDWR, U } },
		{ "openat", CAT_FILE_WRITE, { U, U, O_WRONLY, U } },
		{ "openat", CAT_FILE_WRITE, { U, U, O_RDWR, U } },
		{ "openat", CAT_FILE_WRITE, { U, U, O_RDONLY | O_CREAT, U } },
		{ "openat", CAT_FILE_WRITE, { U, U, O_RDONLY | O_TRUNC, U } },
		{ "openat", CAT_FILE_WRITE, { U, U, O_TMPFILE | O_RDWR, U } },
		{ "openat2", CAT_FILE_READ, { U, U, U, U } },
		{ "open_by_handle_at", CAT_FILE_WRITE, { U, U, O_WRONLY } },
		{ "mq_open", CAT_IPC, { U, O_RDWR | O_CREAT } },
		{ "unlinkat", CAT_FILE_WRITE, { U, U, 0 } },
		{ "unlinkat", CAT_DIRECTORY, { U, U, AT_REMOVEDIR } },
		{ "mkdirat", CAT_DIRECTORY, { U } },
		{ "getdents64", CAT_DIRECTORY, { U } },
		{ "renameat2", CAT_FILE_WRITE, { U } },
		{ "read", CAT_FILE_READ, { U } },
		{ "write", CAT_FILE_WRITE, { U } },
		{ "statx", CAT_FILE_READ, { U } },
		{ "fchmodat", CAT_FILE_METADATA, { U } },
		{ "fsetxattr", CAT_FILE_METADATA, { U } },
		{ "utimensat", CAT_FILE_METADATA, { U } },
		{ "sendto", CAT_NETWORK, { U } },
		{ "recvmsg", CAT_NETWORK, { U } },
		{ "execve", CAT_PROCESS, { U } },
		{ "setresuid", CAT_PROCESS, { U } },
		{ "mmap", CAT_MEMORY, { U } },
		{ "pkey_mprotect", CAT_MEMORY, { U } },
		{ "kill", CAT_SIGNAL, { U } },
		{ "pipe2", CAT_IPC, { U } },
		{ "futex", CAT_IPC, { U } },
		{ "mount", CAT_SYSTEM, { U } },
		{ "bpf", CAT_SYSTEM, { U } },
		{ "close", CAT_OTHER, { U } },
		{ "ioctl", CAT_OTHER, { U } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct syscall_sig *sig = sig_of(EV_ABI_NATIVE, cases[i].name);
		enum category got = syscalls__categorize(sig, EV_ABI_NATIVE, cases[i].args);

		if (got != cases[i].want)
			fail_msg("case %zu, %s: %s", i, cases[i].name,
				 syscalls__category_name(got));
	}
}

static void categories_have_names(void **state)
{
	static const char *const want[] = {
		"file_read", "file_write", "file_metadata", "directory", "process", "network",
		"memory", "signal", "ipc", "system", "other",
	};

	(void)state;
	assert_int_equal(ARRAY_SIZE(want), CAT_MAX);
	for (int c = 0; c < CAT_MAX; c++)
		assert_string_equal(syscalls__category_name((enum category)c), want[c]);
	assert_string_equal(syscalls__category_name(CAT_MAX), "other");
}

static void classes_have_members(void **state)
{
	static const struct {
		const char *name, *class;
		int want;
	} cases[] = {
		{ "openat", "file", 1 }, { "getcwd", "file", 1 }, { "execve", "file", 1 },
		{ "symlinkat", "file", 1 }, { "mount", "file", 1 }, { "read", "file", 0 },
		{ "mq_open", "file", 0 }, { "connect", "file", 0 }, { "read", "desc", 1 },
		{ "openat", "desc", 1 }, { "mmap", "desc", 1 }, { "epoll_create1", "desc", 1 },
		{ "ppoll", "desc", 1 }, { "connect", "desc", 0 }, { "getpid", "desc", 0 },
		{ "connect", "network", 1 }, { "connect", "net", 1 }, { "sendfile", "net", 1 },
		{ "read", "net", 0 }, { "clone3", "process", 1 }, { "exit_group", "process", 1 },
		{ "getpid", "process", 0 }, { "brk", "memory", 1 }, { "shmat", "memory", 1 },
		{ "read", "memory", 0 }, { "kill", "signal", 1 }, { "rt_sigreturn", "signal", 1 },
		{ "alarm", "signal", 0 }, { "shmat", "ipc", 1 }, { "pipe2", "ipc", 0 },
		{ "setuid", "creds", 1 }, { "prctl", "creds", 1 }, { "setpgid", "creds", 0 },
		{ "clock_gettime", "clock", 1 }, { "clock_nanosleep", "clock", 0 },
		{ "getpid", "pure", 1 }, { "getpgid", "pure", 0 }, { "fstat", "fstat", 1 },
		{ "fstat", "%stat", 1 }, { "statx", "%stat", 1 }, { "statfs", "statfs", 1 },
		{ "fstatfs", "statfs", 0 }, { "fstatfs", "%statfs", 1 },
		{ "fstatfs", "fstatfs", 1 }, { "openat", "file_read", 1 },
		{ "close", "other", 1 }, { "mkdirat", "directory", 1 },
		{ "read", "nonsense", -ENOENT }, { "read", "", -ENOENT },
		{ "read", "%file", -ENOENT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int got = syscalls__in_class(sig_of(EV_ABI_NATIVE, cases[i].name), cases[i].class);

		if (got != cases[i].want)
			fail_msg("%s in %s: %d", cases[i].name, cases[i].class, got);
	}
	/* An unknown call is in no class but its category. */
	assert_int_equal(syscalls__in_class(syscalls__sig(EV_ABI_NATIVE, -1), "file"), 0);
	assert_int_equal(syscalls__in_class(syscalls__sig(EV_ABI_NATIVE, -1), "other"), 1);
}

static void check_plan(enum ev_abi abi, const char *name, uint8_t flags, uint8_t a, uint8_t b,
		       uint8_t c)
{
	struct st_plan plan = syscalls__plan(abi, syscalls__number(abi, name));

	if (plan.flags != flags || plan.mem[0] != a || plan.mem[1] != b || plan.mem[2] != c)
		fail_msg("%s: %#x %#x %#x %#x", name, plan.flags, plan.mem[0], plan.mem[1],
			 plan.mem[2]);
}

static void plans_say_what_to_copy(void **state)
{
	const enum ev_abi n = EV_ABI_NATIVE;

	(void)state;
	check_plan(n, "getpid", 0, 0, 0, 0);
	check_plan(n, "read", 0, 0, 0, 0);
	check_plan(n, "openat", 0, ST_MEM(ST_MEM_STR, 1), 0, 0);
	check_plan(n, "openat2", 0, ST_MEM(ST_MEM_STR, 1), ST_MEM(ST_MEM_HOW, 2), 0);
	check_plan(n, "renameat2", 0, ST_MEM(ST_MEM_STR, 1), ST_MEM(ST_MEM_STR, 3), 0);
	check_plan(n, "mount", 0, ST_MEM(ST_MEM_STR, 0), ST_MEM(ST_MEM_STR, 1),
		   ST_MEM(ST_MEM_STR, 2));
	check_plan(n, "execve", ST_PLAN_EXEC, ST_MEM(ST_MEM_STR, 0), ST_MEM(ST_MEM_ARGV, 1), 0);
	check_plan(n, "execveat", ST_PLAN_EXEC, ST_MEM(ST_MEM_STR, 1), ST_MEM(ST_MEM_ARGV, 2), 0);
	check_plan(n, "connect", 0, ST_MEM(ST_MEM_SOCKADDR, 1), 0, 0);
	check_plan(n, "sendto", 0, ST_MEM(ST_MEM_SOCKADDR, 4), 0, 0);
	check_plan(n, "recvfrom", 0, ST_MEM(ST_MEM_SOCKADDR_LP, 4), 0, 0);
	check_plan(n, "accept4", 0, ST_MEM(ST_MEM_SOCKADDR_LP, 1), 0, 0);
	check_plan(n, "sendmsg", 0, ST_MEM(ST_MEM_MSGHDR, 1), 0, 0);
	check_plan(n, "recvmmsg", 0, ST_MEM(ST_MEM_MSGHDR, 1), 0, 0);
	check_plan(n, "pipe2", 0, ST_MEM(ST_MEM_PAIR, 0), 0, 0);
	check_plan(n, "socketpair", 0, ST_MEM(ST_MEM_PAIR, 3), 0, 0);
	check_plan(EV_ABI_COMPAT32, "execve", ST_PLAN_EXEC, ST_MEM(ST_MEM_STR, 0),
		   ST_MEM(ST_MEM_ARGV, 1), 0);
	check_plan(EV_ABI_COMPAT32, "sendmsg", 0, 0, 0, 0);
	check_plan(EV_ABI_COMPAT32, "connect", 0, ST_MEM(ST_MEM_SOCKADDR, 1), 0, 0);
#ifdef __x86_64__
	check_plan(EV_ABI_X32, "recvmsg", 0, 0, 0, 0);
#endif
	for (int nr = -2; nr < NR_END; nr++)
		assert_int_equal(syscalls__plan(n, nr).flags & ST_PLAN_INTEREST, 0);
	assert_int_equal(syscalls__plan(n, -1).mem[0], ST_MEM_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_match_libc),
		cmocka_unit_test(names_are_those_of_libseccomp),
		cmocka_unit_test(numbers_have_edges),
#ifdef __x86_64__
		cmocka_unit_test(other_abis_have_their_own_numbers),
		cmocka_unit_test(arguments_differ_between_abis),
#endif
		cmocka_unit_test(every_name_has_a_signature),
		cmocka_unit_test(signatures_are_sorted_and_complete),
		cmocka_unit_test(signatures_are_sound),
		cmocka_unit_test(arguments_have_names),
		cmocka_unit_test(categories_are_refined),
		cmocka_unit_test(categories_have_names),
		cmocka_unit_test(classes_have_members),
		cmocka_unit_test(plans_say_what_to_copy),
	};

	return cmocka_run_group_tests_name("syscalls", tests, setup, NULL);
}
