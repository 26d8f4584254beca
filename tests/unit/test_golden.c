/* SPDX-License-Identifier: Apache-2.0 */
/* Golden records of calls and of processes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "golden.h"

static void openat_path(struct record *r, enum ev_part_state state, const char *path, uint32_t len,
			uint32_t true_len)
{
	call(r, 257, state == EV_PART_OK ? 3 : -14, ARGS(AT_CWD32, 0x7ffe01020304, 02000000));
	record__part(r, 1, EV_PT_STR, state, path, len, true_len);
}

static void getppid_plain(struct record *r)
{
	call(r, 110, 4241, ARGS(0));
}

static void openat_plain(struct record *r)
{
	openat_path(r, EV_PART_OK, LITERAL("/etc/hostname"), 13);
}

static void openat_enoent(struct record *r)
{
	call(r, 257, -2, ARGS((uint64_t)-100, 0x7ffe01020304, 0102, 0644));
	record__part(r, 1, EV_PT_STR, EV_PART_OK, LITERAL("a\"b\\c\n\x01\xff\xc3\xa9.txt"), 14);
}

static void openat_truncated(struct record *r)
{
	openat_path(r, EV_PART_TRUNCATED, LITERAL("/a/very/long"), 5000);
}

static void openat_truncated_unknown(struct record *r)
{
	openat_path(r, EV_PART_TRUNCATED, LITERAL("/a/very/long"), 0);
}

static void openat_fault(struct record *r)
{
	openat_path(r, EV_PART_FAULT, NULL, 0, 0);
}

static void openat_null(struct record *r)
{
	call(r, 257, -14, ARGS(AT_CWD32));
	record__part(r, 1, EV_PT_STR, EV_PART_NULL, NULL, 0, 0);
}

static void openat_empty(struct record *r)
{
	openat_path(r, EV_PART_OK, NULL, 0, 0);
}

static void openat_no_part(struct record *r)
{
	call(r, 257, 3, ARGS(5, 0x7ffe01020304));
}

static void openat2_how(struct record *r)
{
	static const uint64_t how[3] = { 02000000 | 0101, 0600, 0x1a };

	call(r, 437, 4, ARGS(3, 0x7ffe01020304, 0x7ffe01020400, 24));
	record__part(r, 1, EV_PT_STR, EV_PART_OK, LITERAL("out"), 3);
	record__part(r, 2, EV_PT_BYTES, EV_PART_OK, how, sizeof(how), sizeof(how));
}

static void address(struct record *r, const void *bytes, uint32_t len)
{
	call(r, 42, 0, ARGS(3, 0x7ffe01020304, len));
	record__part(r, 1, EV_PT_SOCKADDR, EV_PART_OK, bytes, len, len);
}

static void connect_inet(struct record *r)
{
	address(r, LITERAL("\x02\0\x01\xbb\x5d\xb8\xd8\x22\0\0\0\0\0\0\0\0"));
}

/* A caller may pass the size of sockaddr_storage. */
static void connect_inet_long(struct record *r)
{
	static const uint8_t storage[128] = { 2, 0, 0, 53, 127, 0, 0, 1 };

	address(r, storage, sizeof(storage));
}

static void connect_inet_short(struct record *r)
{
	address(r, LITERAL("\x02\0\x01\xbb\x5d"));
}

static void connect_inet6(struct record *r)
{
	address(r,
		LITERAL("\x0a\0\x1f\x90\0\0\0\0\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x03\0\0\0"));
}

static void connect_unix(struct record *r)
{
	address(r, LITERAL("\x01\0/run/\xff.sock\0junk"));
}

static void connect_abstract(struct record *r)
{
	address(r, LITERAL("\x01\0\0a\0b"));
}

static void connect_unnamed(struct record *r)
{
	address(r, LITERAL("\x01\0"));
}

static void connect_netlink(struct record *r)
{
	address(r, LITERAL("\x10\0\0\0\x92\x10\0\0\x01\0\0\0"));
}

static void connect_packet(struct record *r)
{
	address(r, LITERAL("\x11\0\x08\x06\x02\0\0\0"));
}

static void connect_unknown_family(struct record *r)
{
	address(r, LITERAL("\xff\x7f\x01"));
}

static void connect_one_byte(struct record *r)
{
	address(r, LITERAL("\x02"));
}

static void pipe2_pair(struct record *r)
{
	static const int32_t pair[2] = { 3, -4 };

	call(r, 293, 0, ARGS(0x7ffe01020304, 02000000));
	record__part(r, 0, EV_PT_BYTES, EV_PART_OK, pair, sizeof(pair), sizeof(pair));
}

static void mmap_anonymous(struct record *r)
{
	call(r, 9, 0x7f0012340000, ARGS(0, 8192, 3, 0x22, 0xffffffff, 0));
}

static void kill_signal(struct record *r)
{
	call(r, 62, 0, ARGS(0xfffffffe, 15));
}

/* -y */
static void read_fd_path(struct record *r)
{
	call(r, 0, 5, ARGS(3, 0x7ffe01020304, 4096));
	record__part(r, 0, EV_PT_PATH, EV_PART_OK, LITERAL("log\xff\0var\0"), 9);
}

static void openat_return_path(struct record *r)
{
	openat_path(r, EV_PART_OK, LITERAL("log"), 3);
	record__part(r, 0, EV_PT_PATH, EV_PART_TRUNCATED, LITERAL("d\0c\0"), 0);
	record__part(r, EV_PART_RESULT, EV_PT_PATH, EV_PART_TRUNCATED, LITERAL("log\0d\0"), 6000);
}

static void getppid_return_path(struct record *r)
{
	getppid_plain(r);
	record__part(r, EV_PART_RESULT, EV_PT_PATH, EV_PART_FAULT, NULL, 0, 0);
}

static void execve_argv(struct record *r)
{
	call(r, 59, 0, ARGS(0x7ffe01020304, 0x7ffe01020400, 0x7ffe01020500));
	record__part(r, 0, EV_PT_STR, EV_PART_OK, LITERAL("/bin/echo"), 9);
	record__part(r, 1, EV_PT_ARGV, EV_PART_OK, LITERAL("echo\0\0-n\0caf\xe9\0"), 13);
}

static void execve_argv_truncated(struct record *r)
{
	call(r, 59, -7, ARGS(0x7ffe01020304, 0x7ffe01020400, 0));
	record__part(r, 0, EV_PT_STR, EV_PART_GONE, NULL, 0, 0);
	record__part(r, 1, EV_PT_ARGV, EV_PART_TRUNCATED, LITERAL("cc\0-c\0very-lo"), 70000);
}

static void exit_group(struct record *r)
{
	call(r, 231, 0, ARGS(0));
	record__header(r)->flags = EV_F_NO_RETURN;
}

/* What a failed call's path starts from: a descriptor's path, or the current directory. */
static void open_cwd(struct record *r)
{
	call(r, 2, -2, ARGS(0x7ffe01020304, 02000000));
	record__part(r, 0, EV_PT_STR, EV_PART_OK, LITERAL("../shadow"), 9);
	record__part(r, EV_PART_CWD, EV_PT_PATH, EV_PART_OK, LITERAL("b\0\xff\0work\0"), 9);
}

static void openat_base(struct record *r)
{
	call(r, 257, -30, ARGS(5, 0x7ffe01020304, 0101, 0644));
	record__part(r, 1, EV_PT_STR, EV_PART_OK, LITERAL("x"), 1);
	record__part(r, 0, EV_PT_PATH, EV_PART_OK, LITERAL("share\0usr\0"), 10);
}

static void denied(struct record *r)
{
	call(r, 165, -1, ARGS(0));
	record__header(r)->flags = EV_F_NO_ENTER;
	((struct ev_syscall *)(r->bytes + sizeof(struct ev_header)))->duration = 0;
}

static void restarted(struct record *r)
{
	call(r, 34, -512, ARGS(0));
}

static void error_without_name(struct record *r)
{
	call(r, 110, -4095, ARGS(0));
}

static void large_result(struct record *r)
{
	call(r, 9, -4096, ARGS(0));
}

static void abi(struct record *r, int nr, enum ev_abi which)
{
	struct ev_syscall sc = {
		.ret = 0, .duration = 100000002001, .nr = nr, .abi = which, .args = { 0xffffffff }
	};

	/* begun before the clock: a duration that cannot be */
	record__begin(r, EV_SYSCALL, 0, &sc, sizeof(sc));
}

static void abi_compat(struct record *r)
{
	abi(r, 6, EV_ABI_COMPAT32);
}

static void abi_x32(struct record *r)
{
	abi(r, 3, EV_ABI_X32);
}

static void unknown_call(struct record *r)
{
	abi(r, 100000, EV_ABI_NATIVE);
}

static void negative_call(struct record *r)
{
	abi(r, -1, EV_ABI_NATIVE);
}

static void spawned(struct record *r)
{
	struct ev_proc_spawn p = {
		.task = task, .child_exec_id = 8, .child_pid = 4250, .child_tid = 4250
	};

	record__begin(r, EV_PROC_SPAWN, 0, &p, sizeof(p));
}

static void spawned_thread(struct record *r)
{
	struct ev_proc_spawn p = {
		.task = task, .child_exec_id = 7, .child_pid = 4242, .child_tid = 4251
	};

	memcpy(p.task.comm, "sixteen bytes \xff\n", sizeof(p.task.comm)); /* no NUL */
	record__begin(r, EV_PROC_SPAWN, EV_F_THREAD, &p, sizeof(p));
}

static void exec_script(struct record *r)
{
	struct ev_proc_exec p = { .task = task,
				  .inode = 9007199254740993,
				  .dev_major = 8,
				  .dev_minor = 1,
				  .old_tid = 4243,
				  .image_flags = EV_IMG_SCRIPT };

	record__begin(r, EV_PROC_EXEC, 0, &p, sizeof(p));
	record__part(r, EV_EXEC_PATH, EV_PT_STR, EV_PART_OK, LITERAL("./configure"), 11);
	record__part(r, EV_EXEC_ARGV, EV_PT_ARGV, EV_PART_OK, LITERAL("/bin/sh\0./configure\0"),
		     20);
	record__part(r, EV_EXEC_INTERP, EV_PT_STR, EV_PART_OK, LITERAL("/bin/sh"), 7);
	record__part(r, EV_EXEC_EXE, EV_PT_PATH, EV_PART_OK, LITERAL("dash\0bin\0usr\0"), 13);
	record__part(r, EV_EXEC_CWD, EV_PT_PATH, EV_PART_OK, NULL, 0, 0);
}

static void exec_memfd(struct record *r)
{
	struct ev_proc_exec p = { .task = task,
				  .image_flags =
				      EV_IMG_MEMFD | EV_IMG_DELETED | EV_IMG_SECURE | 0x300 };

	record__begin(r, EV_PROC_EXEC, 0, &p, sizeof(p));
	record__part(r, EV_EXEC_PATH, EV_PT_STR, EV_PART_NULL, NULL, 0, 0);
	record__part(r, EV_EXEC_ARGV, EV_PT_ARGV, EV_PART_FAULT, NULL, 0, 0);
	record__part(r, EV_EXEC_EXE, EV_PT_PATH, EV_PART_TRUNCATED, LITERAL("memfd:\xfe\0tmp\0"),
		     0);
	record__part(r, EV_EXEC_CWD, EV_PT_PATH, EV_PART_OK, LITERAL("\0"), 1);
}

static void exited(struct record *r)
{
	struct ev_proc_exit p = { .task = task,
				  .utime = 1000001,
				  .stime = 2,
				  .maxrss_kb = 3456,
				  .minflt = 10,
				  .majflt = 1,
				  .nvcsw = 5,
				  .nivcsw = 6,
				  .exit_code = 3 };

	record__begin(r, EV_PROC_EXIT, 0, &p, sizeof(p));
}

static void exited_by_signal(struct record *r)
{
	struct ev_proc_exit p = { .task = task, .signal = 11, .core = 1 };

	record__begin(r, EV_PROC_EXIT, EV_F_THREAD, &p, sizeof(p));
}

static void exec_failed(struct record *r)
{
	struct ev_proc_exec_fail p = { .task = task, .error = -2 };

	record__begin(r, EV_PROC_EXEC_FAIL, 0, &p, sizeof(p));
	record__part(r, EV_EXEC_FAIL_PATH, EV_PT_STR, EV_PART_OK, LITERAL("./absent"), 8);
}

static const struct golden cases[] = {
	GOLDEN(getppid_plain),
	GOLDEN(openat_plain),
	GOLDEN(openat_enoent),
	GOLDEN(openat_truncated),
	GOLDEN(openat_truncated_unknown),
	GOLDEN(openat_fault),
	GOLDEN(openat_null),
	GOLDEN(openat_empty),
	GOLDEN(openat_no_part),
	GOLDEN(openat2_how),
	GOLDEN(connect_inet),
	GOLDEN(connect_inet_long),
	GOLDEN(connect_inet_short),
	GOLDEN(connect_inet6),
	GOLDEN(connect_unix),
	GOLDEN(connect_abstract),
	GOLDEN(connect_unnamed),
	GOLDEN(connect_netlink),
	GOLDEN(connect_packet),
	GOLDEN(connect_unknown_family),
	GOLDEN(connect_one_byte),
	GOLDEN(pipe2_pair),
	GOLDEN(mmap_anonymous),
	GOLDEN(kill_signal),
	GOLDEN(execve_argv),
	GOLDEN(read_fd_path),
	GOLDEN(openat_return_path),
	GOLDEN(getppid_return_path),
	GOLDEN(execve_argv_truncated),
	GOLDEN(exit_group),
	GOLDEN(open_cwd),
	GOLDEN(openat_base),
	GOLDEN(denied),
	GOLDEN(restarted),
	GOLDEN(error_without_name),
	GOLDEN(large_result),
	GOLDEN(abi_compat),
	GOLDEN(abi_x32),
	GOLDEN(unknown_call),
	GOLDEN(negative_call),
	GOLDEN(spawned),
	GOLDEN(spawned_thread),
	GOLDEN(exec_script),
	GOLDEN(exec_memfd),
	GOLDEN(exited),
	GOLDEN(exited_by_signal),
	GOLDEN(exec_failed),
};

static void records_of_calls_and_processes(void **state)
{
	(void)state;
	golden__check(cases, ARRAY_SIZE(cases), &(struct denial_ctx){ 0 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_of_calls_and_processes),
	};

	return cmocka_run_group_tests_name("golden", tests, golden__prepare, NULL);
}
