/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Golden records: each case builds a ring record, which must equal tests/fixtures/records/NAME.bin,
 * and encodes it, which must equal NAME.json, both byte for byte. After a change that is meant, run
 * with UPDATE_FIXTURES=1 from the top of the tree and read the difference. The records that do not
 * come from the ring are checked below them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/util.h"
#include "event/event.h"
#include "event/syscalls.h"
#include "record.h"
#include "enrich/enrich.h"
#include "policy/verdict.h"
#include "sink/encode.h"

#define FIXTURES "tests/fixtures/records"
#define LITERAL(s) s, sizeof(s) - 1

static const struct run_info info = { .clock_offset = 1735732800000000000,
				      .start_ts = 99 * NSEC_PER_SEC };

/* A call by its number on x86_64. */
static void call(struct record *r, int nr, int64_t ret, const uint64_t args[6])
{
	struct ev_syscall sc = { .ret = ret, .duration = 42999, .nr = nr };

	memcpy(sc.args, args, sizeof(sc.args));
	record__begin(r, EV_SYSCALL, 0, &sc, sizeof(sc));
}
#define ARGS(...) ((const uint64_t[6]){ __VA_ARGS__ })
#define AT_CWD32 0xffffff9c

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

static const struct ev_task task = {
	.parent_exec_id = 6,
	.cgroup_id = 12345,
	.ppid = 4241,
	.ns_pid = 2,
	.ns_tid = 3,
	.uid = 1000,
	.euid = 0,
	.gid = 1000,
	.egid = 1000,
	.comm = "bash",
};

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

/* ---- the security profile; golden_records judges them by live_rules ---- */

static struct policy_rule deny_data = { .kind = RULE_DENY_WRITE, .text = (char *)"/srv/data", .value = (char *)"/srv/data",
					.src = { "live.toml", 7, 3 } };
static struct policy_rule deny_bpf = { .kind = RULE_SYSCALL_DENY, .text = (char *)"bpf", .value = (char *)"bpf",
				       .src = { "live.toml", 12, 9 } };
/* 3: "network.allow = false" */
static const struct policy_rule *const live_rules[] = { NULL, &deny_data, &deny_bpf, NULL };

static void file_begin(struct record *r, enum ev_file_op op, enum ev_verdict verdict, uint32_t rule, uint64_t arg,
		       uint32_t flags)
{
	struct ev_file p = { .task = task, .act = { .op = op, .verdict = verdict, .rule = rule, .policy = verdict || rule },
			     .inode = 131074, .arg = arg, .dev_major = 8, .dev_minor = 1, .mode = 0100644, .file_flags = flags };

	record__begin(r, EV_FILE, 0, &p, sizeof(p));
}

static void file_open_write(struct record *r)
{
	file_begin(r, EV_FILE_OPEN_WRITE, EV_ALLOWED, 0, 0, 0);
	record__part(r, EV_FILE_PATH, EV_PT_PATH, EV_PART_OK, LITERAL("x\xff\0data\0srv\0"), 12);
}

static void file_denied(struct record *r)
{
	file_begin(r, EV_FILE_OPEN_WRITE, EV_DENIED, 1, 0, EV_FILE_FLAG_LINKS);
	record__part(r, EV_FILE_PATH, EV_PT_PATH, EV_PART_OK, LITERAL("x\0data\0srv\0"), 11);
}

/* Of a closed kind. */
static void file_would_deny(struct record *r)
{
	file_begin(r, EV_FILE_CREATE, EV_WOULD_DENY, 0, 0600, 0);
	record__part(r, EV_FILE_PATH, EV_PT_PATH, EV_PART_OK, LITERAL("new\0spool\0srv\0"), 14);
}

static void file_rename(struct record *r)
{
	file_begin(r, EV_FILE_RENAME, EV_ALLOWED, 0, 0, 0);
	record__part(r, EV_FILE_PATH, EV_PT_PATH, EV_PART_OK, LITERAL("a\0tmp\0"), 6);
	record__part(r, EV_FILE_NEW_PATH, EV_PT_PATH, EV_PART_TRUNCATED, LITERAL("b\0deep\0"), 0);
}

static void file_symlink(struct record *r)
{
	file_begin(r, EV_FILE_SYMLINK, EV_ALLOWED, 0, 0, 0);
	record__part(r, EV_FILE_PATH, EV_PT_PATH, EV_PART_OK, LITERAL("l\0"), 2);
	record__part(r, EV_FILE_TEXT, EV_PT_STR, EV_PART_TRUNCATED, LITERAL("../../etc/sha"), 300);
}

static void file_chown(struct record *r)
{
	file_begin(r, EV_FILE_CHOWN, EV_ALLOWED, 0, 0xffffffff000003e9, EV_FILE_FLAG_DELETED | EV_FILE_FLAG_MEMFD | 0x100);
	record__part(r, EV_FILE_PATH, EV_PT_STR, EV_PART_OK, LITERAL("memfd:payload"), 13);
}

/* Too deep for the walk, and its path cannot be read. */
static void file_execute_fault(struct record *r)
{
	file_begin(r, EV_FILE_EXEC, EV_DENIED, 0, 0, EV_FILE_FLAG_TOO_DEEP);
	record__part(r, EV_FILE_PATH, EV_PT_PATH, EV_PART_FAULT, NULL, 0, 0);
}

/* Numbers of a trace that is newer than this. */
static void file_unknown(struct record *r)
{
	file_begin(r, (enum ev_file_op)77, (enum ev_verdict)9, 4000000000, UINT64_MAX, 0);
}

static void file_io(struct record *r)
{
	struct ev_file_io p = { .task = task, .inode = 131074, .reads = 120, .read_bytes = 1048576, .writes = 1, .write_bytes = 1,
				.first_ago = 5000000000, .last_ago = 7, .dev_major = 8, .dev_minor = 1, .mode = 0100644,
				.file_flags = EV_FILE_FLAG_DELETED };

	record__begin(r, EV_FILE_IO, 0, &p, sizeof(p));
	record__part(r, EV_FILE_IO_PATH, EV_PT_PATH, EV_PART_OK, LITERAL("db\0srv\0"), 7);
}

static void rate_end(struct record *r)
{
	struct ev_rate p = { .task = task, .act = { .op = EV_RATE_END }, .class = EV_CLASS_FILE, .suppressed = 123456,
			     .since_ago = 2500000000 };

	record__begin(r, EV_RATE, 0, &p, sizeof(p));
}

static void net_begin(struct record *r, enum ev_net_op op, enum ev_verdict verdict, uint32_t rule, uint32_t family,
		      uint32_t type, uint32_t protocol)
{
	struct ev_net p = { .task = task, .act = { .op = op, .verdict = verdict, .rule = rule, .policy = verdict || rule },
			    .socket = 40001, .family = family, .type = type, .protocol = protocol };

	record__begin(r, EV_NET, 0, &p, sizeof(p));
}

static void net_socket(struct record *r)
{
	net_begin(r, EV_NET_SOCKET, EV_ALLOWED, 0, 10, 1, 262);
}

static void net_socket_unknown(struct record *r)
{
	net_begin(r, EV_NET_SOCKET, EV_ALLOWED, 0, 99, 12, 77);
}

static void net_connect_denied(struct record *r)
{
	net_begin(r, EV_NET_CONNECT, EV_DENIED, 3, 2, 1, 6);
	record__part(r, EV_NET_REMOTE, EV_PT_SOCKADDR, EV_PART_OK, LITERAL("\x02\0\x01\xbb\x5d\xb8\xd8\x22\0\0\0\0\0\0\0\0"), 16);
}

static void net_accept(struct record *r)
{
	net_begin(r, EV_NET_ACCEPT, EV_ALLOWED, 0, 10, 1, 6);
	record__part(r, EV_NET_REMOTE, EV_PT_SOCKADDR, EV_PART_OK,
		     LITERAL("\x0a\0\x1f\x90\0\0\0\0\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x03\0\0\0"), 28);
	record__part(r, EV_NET_LOCAL, EV_PT_SOCKADDR, EV_PART_TRUNCATED, LITERAL("\x0a\0\x1f"), 28);
}

static void net_bind_unix(struct record *r)
{
	net_begin(r, EV_NET_BIND, EV_ALLOWED, 0, 1, 5, 0);
	record__part(r, EV_NET_LOCAL, EV_PT_SOCKADDR, EV_PART_OK, LITERAL("\x01\0\0abstract\xff"), 12);
}

static void kernel_begin(struct record *r, enum ev_kernel_op op, enum ev_verdict verdict, uint32_t rule, uint64_t arg,
			 uint32_t pid)
{
	struct ev_kernel p = { .task = task, .act = { .op = op, .verdict = verdict, .rule = rule, .policy = verdict || rule },
			       .arg = arg, .target_pid = pid, .target_comm = "sshd" };

	if (!pid)
		memset(p.target_comm, 0, sizeof(p.target_comm));
	if (op == EV_KERNEL_MOUNT || op == EV_KERNEL_MODULE) {
		p.inode = 131074;
		p.dev_major = 8;
		p.dev_minor = 1;
	}
	record__begin(r, EV_KERNEL, 0, &p, sizeof(p));
}

static void kernel_bpf(struct record *r)
{
	kernel_begin(r, EV_KERNEL_BPF, EV_WOULD_DENY, 2, 5, 0);
}

static void kernel_bpf_unknown(struct record *r)
{
	kernel_begin(r, EV_KERNEL_BPF, EV_DENIED, 200, 5000, 0);
}

static void kernel_mount(struct record *r)
{
	kernel_begin(r, EV_KERNEL_MOUNT, EV_ALLOWED, 0, 4097, 0);
	record__part(r, EV_KERNEL_PATH, EV_PT_PATH, EV_PART_OK, LITERAL("mnt\0"), 4);
	record__part(r, EV_KERNEL_TEXT, EV_PT_STR, EV_PART_OK, LITERAL("/dev/vda1"), 9);
}

static void kernel_signal(struct record *r)
{
	kernel_begin(r, EV_KERNEL_SIGNAL, EV_ALLOWED, 0, 9, 811);
}

static void kernel_ptrace(struct record *r)
{
	kernel_begin(r, EV_KERNEL_PTRACE, EV_DENIED, 0, 0x12, 811);
}

static void kernel_perf_denied(struct record *r)
{
	kernel_begin(r, EV_KERNEL_PERF, EV_DENIED, 2, UINT64_MAX, 0);
}

static void kernel_module(struct record *r)
{
	kernel_begin(r, EV_KERNEL_MODULE, EV_ALLOWED, 0, 0, 0);
	record__part(r, EV_KERNEL_PATH, EV_PT_PATH, EV_PART_OK, LITERAL("evil.ko\0tmp\0"), 12);
}

static void exec_failed(struct record *r)
{
	struct ev_proc_exec_fail p = { .task = task, .error = -2 };

	record__begin(r, EV_PROC_EXEC_FAIL, 0, &p, sizeof(p));
	record__part(r, EV_EXEC_FAIL_PATH, EV_PT_STR, EV_PART_OK, LITERAL("./absent"), 8);
}

static void kernel_text(struct record *r, enum ev_kernel_op op, uint64_t arg, uint32_t pid, const char *text)
{
	kernel_begin(r, op, EV_ALLOWED, 0, arg, pid);
	record__part(r, EV_KERNEL_TEXT, EV_PT_STR, EV_PART_OK, text, (uint32_t)strlen(text), (uint32_t)strlen(text));
}

static void kernel_sysctl(struct record *r) { kernel_text(r, EV_KERNEL_SYSCTL, 0, 0, "kernel/core_pattern=|/tmp/x\n"); }
static void kernel_key(struct record *r) { kernel_text(r, EV_KERNEL_KEY, 0, 0, "user ssh"); }
static void kernel_key_use(struct record *r) { kernel_text(r, EV_KERNEL_KEY, 3, 0, "keyring _ses"); }
static void kernel_lockdown(struct record *r) { kernel_text(r, EV_KERNEL_LOCKDOWN, 23, 0, "KPROBES"); }
static void kernel_own_map(struct record *r) { kernel_text(r, EV_KERNEL_OWN_MAP, 41, 0, "st_guard"); }
static void kernel_namespace(struct record *r) { kernel_begin(r, EV_KERNEL_NAMESPACE, EV_ALLOWED, 0, 0x60000080, 811); }
static void kernel_prctl(struct record *r) { kernel_text(r, EV_KERNEL_PRCTL, 47, 0, "2 13"); }
static void kernel_cgroup(struct record *r) { kernel_text(r, EV_KERNEL_CGROUP, 0, 811, "/user.slice"); }

static void cred_begin(struct record *r, enum ev_cred_op op)
{
	struct ev_cred p = { .task = task, .act = { .op = op }, .new_uid = 0, .new_euid = 0, .new_gid = 1000, .new_egid = 1000,
			     .old_caps = 0, .new_caps = 0x1ffffffffff, .new_permitted = 0x1ffffffffff };

	record__begin(r, EV_CRED, 0, &p, sizeof(p));
}

static void cred_setuid(struct record *r)
{
	cred_begin(r, EV_CRED_SETUID);
}

static void cred_setgroups(struct record *r) { cred_begin(r, EV_CRED_SETGROUPS); }
static void cred_userns(struct record *r) { cred_begin(r, EV_CRED_USERNS); }

static void cred_unknown(struct record *r)
{
	cred_begin(r, (enum ev_cred_op)200);
	record__header(r)->flags = EV_F_THREAD;
}

#define CASE(fn)        \
	{               \
#fn, fn \
	}
static const struct golden {
	const char *name;
	void (*build)(struct record *r);
} cases[] = {
	CASE(getppid_plain),
	CASE(openat_plain),
	CASE(openat_enoent),
	CASE(openat_truncated),
	CASE(openat_truncated_unknown),
	CASE(openat_fault),
	CASE(openat_null),
	CASE(openat_empty),
	CASE(openat_no_part),
	CASE(openat2_how),
	CASE(connect_inet),
	CASE(connect_inet_long),
	CASE(connect_inet_short),
	CASE(connect_inet6),
	CASE(connect_unix),
	CASE(connect_abstract),
	CASE(connect_unnamed),
	CASE(connect_netlink),
	CASE(connect_packet),
	CASE(connect_unknown_family),
	CASE(connect_one_byte),
	CASE(pipe2_pair),
	CASE(mmap_anonymous),
	CASE(kill_signal),
	CASE(execve_argv),
	CASE(read_fd_path),
	CASE(openat_return_path),
	CASE(getppid_return_path),
	CASE(execve_argv_truncated),
	CASE(exit_group),
	CASE(open_cwd),
	CASE(openat_base),
	CASE(denied),
	CASE(restarted),
	CASE(error_without_name),
	CASE(large_result),
	CASE(abi_compat),
	CASE(abi_x32),
	CASE(unknown_call),
	CASE(negative_call),
	CASE(spawned),
	CASE(spawned_thread),
	CASE(exec_script),
	CASE(exec_memfd),
	CASE(exited),
	CASE(exited_by_signal),
	CASE(file_open_write),
	CASE(file_denied),
	CASE(file_would_deny),
	CASE(file_rename),
	CASE(file_symlink),
	CASE(file_chown),
	CASE(file_execute_fault),
	CASE(file_unknown),
	CASE(file_io),
	CASE(rate_end),
	CASE(net_socket),
	CASE(net_socket_unknown),
	CASE(net_connect_denied),
	CASE(net_accept),
	CASE(net_bind_unix),
	CASE(kernel_bpf),
	CASE(kernel_bpf_unknown),
	CASE(kernel_mount),
	CASE(kernel_signal),
	CASE(kernel_ptrace),
	CASE(kernel_perf_denied),
	CASE(kernel_module),
	CASE(exec_failed),
	CASE(kernel_sysctl),
	CASE(kernel_key),
	CASE(kernel_key_use),
	CASE(kernel_lockdown),
	CASE(kernel_own_map),
	CASE(kernel_namespace),
	CASE(kernel_prctl),
	CASE(kernel_cgroup),
	CASE(cred_setuid),
	CASE(cred_setgroups),
	CASE(cred_userns),
	CASE(cred_unknown),
};

static void check_file(const char *name, const char *suffix, const void *data, size_t len)
{
	_cleanup_(fclose) FILE *f = NULL;
	static char have[EV_RECORD_MAX];
	char path[256];
	size_t n;

	snprintf(path, sizeof(path), FIXTURES "/%s.%s", name, suffix);
	if (getenv("UPDATE_FIXTURES")) {
		f = fopen(path, "w");
		assert_non_null(f);
		assert_int_equal(fwrite(data, 1, len, f), len);
		return;
	}
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s: %s (tests run from the top of the tree)", path, strerror(errno));
	n = fread(have, 1, sizeof(have), f);
	if (n != len || memcmp(have, data, n))
		fail_msg("%s differs; have\n%.*s", path, (int)(strcmp(suffix, "bin") ? len : 0),
			 (const char *)data);
}

static void look_up(struct event *ev)
{
	static struct enrich e;

	enrich(&e, ev);
}

static void golden_records(void **state)
{
	const struct denial_ctx ctx = { .live_rules = live_rules, .n_live_rules = ARRAY_SIZE(live_rules), .live_policy = 1 };
	static struct verdicts verdicts;
	struct encoder *e = encoder__new();
	static struct record rec;
	struct event ev;
	struct json j;

	(void)state;
#ifndef __x86_64__
	skip(); /* they hold the call numbers of x86_64 */
#endif
	json__init(&j);
	assert_non_null(e);
	assert_int_equal(encode__header(e, &info, &j), 0);
	verdicts__init(&verdicts, &ctx);
	/* twice: the second time from the texts that the first has prepared */
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		const struct golden *g = &cases[i % ARRAY_SIZE(cases)];

		g->build(&rec);
		assert_int_equal(decode(rec.bytes, rec.len, &ev), 0);
		look_up(&ev);
		if (event__act(&ev))
			verdict(&verdicts, &ev);
		ev.seq = 1;
		json__reset(&j);
		assert_int_equal(encode__event(e, &ev, &j), 0);
		check_file(g->name, "bin", rec.bytes, rec.len);
		check_file(g->name, "json", j.buf, j.len);
	}
	json__done(&j);
	encoder__free(e);
}

static struct encoder *encoder;
static struct json out;

static int begin(void **state)
{
	(void)state;
	json__init(&out);
	encoder = encoder__new();
	return encoder ? encode__header(encoder, &info, &out) : -ENOMEM;
}

static int end(void **state)
{
	(void)state;
	json__done(&out);
	encoder__free(encoder);
	return 0;
}

static void expect(const char *text)
{
	assert_int_equal(out.len, strlen(text));
	assert_memory_equal(out.buf, text, out.len);
}

static void header_full(void **state)
{
	char *const argv[] = { "sh", "-c", "echo \xff", NULL };
	const char *const degraded[] = { "no lsm", NULL };
	const struct run_info full = {
		.version = "1.0",
		.backend = "ebpf",
		.profile = "syscalls",
		.hostname = "h",
		.kernel = "6.1",
		.machine = "x86_64",
		.boot_id = "b",
		.argv = argv,
		.cwd = "/tmp",
		.command_pid = 42,
		.cgroup_id = 77,
		.clock_offset = -5,
		.start_ts = 1000000005,
		.trace_filter = "%file",
		.on_overload = "freeze",
		.ring_bytes = 8388608,
		.follow_forks = true,
		.degraded = degraded,
	};

	(void)state;
	json__reset(&out);
	assert_int_equal(encode__header(encoder, &full, &out), 0);
	expect(
	    "{\"event_type\":\"header\",\"schema\":1,\"timestamp\":\"1970-01-01T00:00:01."
	    "000000000Z\","
	    "\"version\":\"1.0\",\"backend\":\"ebpf\",\"backend_reason\":null,\"profile\":\"syscalls\",\"host\":\"h\","
	    "\"kernel\":\"6.1\","
	    "\"machine\":\"x86_64\",\"boot_id\":\"b\",\"command\":[\"sh\",\"-c\",\"echo "
	    "\xef\xbf\xbd\"],"
	    "\"cwd\":\"/"
	    "tmp\",\"pid\":42,\"cgroup_id\":77,\"clock_offset_ns\":-5,\"trace_filter\":\"%file\","
	    "\"follow_forks\":true,\"on_overload\":\"freeze\",\"ring_bytes\":8388608,\"layers\":[],"
	    "\"degraded\":[\"no lsm\"]}\n");
}

static void header_bare(void **state)
{
	const struct run_info bare = { .clock_offset = -5 };

	(void)state;
	json__reset(&out);
	assert_int_equal(encode__header(encoder, &bare, &out), 0);
	expect("{\"event_type\":\"header\",\"schema\":1,\"timestamp\":\"1970-01-01T00:00:00."
	       "000000000Z\","
	       "\"version\":null,\"backend\":null,\"backend_reason\":null,\"profile\":null,\"host\":null,\"kernel\":null,"
	       "\"machine\":null,\"boot_id\":null,\"command\":[],\"cwd\":null,\"pid\":0,\"cgroup_"
	       "id\":0,"
	       "\"clock_offset_ns\":-5,\"trace_filter\":null,\"follow_forks\":false,\"on_"
	       "overload\":null,"
	       "\"ring_bytes\":0,\"layers\":[],\"degraded\":[]}\n");
}

static void mode(void **state)
{
	(void)state;
	json__reset(&out);
	assert_int_equal(encode__mode(encoder, "audit", 100500000000, 7, &out), 0);
	expect("{\"event_type\":\"policy\",\"action\":\"mode\",\"timestamp\":\"2025-01-01T12:01:40.500000000Z\",\"seq\":7,"
	       "\"mode\":\"audit\"}\n");
}

static void lost(void **state)
{
	(void)state;
	json__reset(&out);
	assert_int_equal(
	    encode__lost(encoder, EV_CLASS_PROCESS, 12, 100000000000, 100500000000, 9, &out), 0);
	expect(
	    "{\"event_type\":\"lost\",\"timestamp\":\"2025-01-01T12:01:40.500000000Z\",\"seq\":9,"
	    "\"class\":\"process\",\"count\":12,\"from\":\"2025-01-01T12:01:40.000000000Z\","
	    "\"to\":\"2025-01-01T12:01:40.500000000Z\"}\n");
}

static void summary_of(const struct run_result *res, const char *ending)
{
	char text[1024];

	json__reset(&out);
	assert_int_equal(encode__summary(encoder, res, &out), 0);
	snprintf(text, sizeof(text),
		 "{\"event_type\":\"summary\",\"timestamp\":\"2025-01-01T12:01:40.500000000Z\","
		 "\"total_syscalls\":10,\"duration_ms\":1500,%s,\"recorded\":11,\"lost\":3,"
		 "\"aggregated\":1,\"suppressed\":0,\"undecoded\":5,\"skipped\":0,\"freezes\":6,\"frozen_ms\":7,\"utime\":0,\"stime\":0,\"classes\":{"
		 "\"syscall\":{\"seen\":10,"
		 "\"emitted\":8,\"recorded\":7,\"aggregated\":1,\"suppressed\":0,\"lost\":1},\"process\":{\"seen\":"
		 "6,\"emitted\":4,"
		 "\"recorded\":4,\"aggregated\":0,\"suppressed\":0,\"lost\":2}}}\n",
		 ending);
	expect(text);
}

static void summary(void **state)
{
	struct run_result res = {
		.totals = { { 10, 8, 1, 1, 7 }, { 6, 4, 2, 0, 4 } },
		.end_ts = 100500000000,
		.kind = EXIT_EXITED,
		.exit_code = 3,
		.freezes = 6,
		.frozen_ns = 7999999,
		.undecoded = 5,
	};

	(void)state;
	summary_of(&res,
		   "\"exit_code\":3,\"exit_kind\":\"exited\",\"signal\":null,\"killed_by\":null");
	res.kind = EXIT_TIMEOUT;
	res.exit_code = -1;
	res.signal = 9;
	res.killed_by = "timeout";
	summary_of(&res, "\"exit_code\":null,\"exit_kind\":\"timeout\",\"signal\":\"SIGKILL\","
			 "\"killed_by\":\"timeout\"");
	res.kind = EXIT_SIGNALED;
	res.signal = 99;
	res.killed_by = NULL;
	summary_of(&res, "\"exit_code\":null,\"exit_kind\":\"signaled\",\"signal\":\"SIG99\","
			 "\"killed_by\":null");
}

/* A record that does not fit leaves nothing behind, whatever was before it. */
static void no_half_record(void **state)
{
	static struct record rec;
	struct event ev;
	size_t before;

	(void)state;
	json__reset(&out);
	assert_int_equal(encode__lost(encoder, EV_CLASS_SYSCALL, 1, 0, 1, 1, &out), 0);
	before = out.len;
	exec_script(&rec);
	assert_int_equal(decode(rec.bytes, rec.len, &ev), 0);
	out.err = -ENOMEM;
	assert_int_equal(encode__event(encoder, &ev, &out), -ENOMEM);
	assert_int_equal(out.len, before);
	assert_int_equal(out.buf[before - 1], '\n');
}

/* The longest record: everything escaped to six bytes. */
static void longest_record(void **state)
{
	static struct record rec;
	static uint8_t ones[EV_RECORD_MAX];
	const size_t len = EV_RECORD_MAX - sizeof(struct ev_header) - sizeof(struct ev_syscall) -
			   sizeof(struct ev_part);
	struct event ev;

	(void)state;
	memset(ones, 1, sizeof(ones));
	call(&rec, 257, 0, ARGS(AT_CWD32, 1));
	record__part(&rec, 1, EV_PT_STR, EV_PART_OK, ones, (uint32_t)len, 0);
	assert_int_equal(rec.len, EV_RECORD_MAX);
	assert_int_equal(decode(rec.bytes, rec.len, &ev), 0);
	look_up(&ev);
	json__reset(&out);
	assert_int_equal(encode__event(encoder, &ev, &out), 0);
	assert_true(out.len > 6 * len);
	for (int type = EV_PT_STR; type <= EV_PT_BYTES; type++) {
		call(&rec, 257, 0, ARGS(AT_CWD32, 1));
		memset(ones, type == EV_PT_PATH ? 0 : 0xff, sizeof(ones));
		record__part(&rec, 1, (enum ev_part_type)type, EV_PART_OK, ones, (uint32_t)len, 0);
		assert_int_equal(decode(rec.bytes, rec.len, &ev), 0);
		look_up(&ev);
		json__reset(&out);
		assert_int_equal(encode__event(encoder, &ev, &out), 0);
	}
}

static int prepare(void **state)
{
	(void)state;
	return syscalls__init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_records),
		cmocka_unit_test_setup_teardown(header_full, begin, end),
		cmocka_unit_test_setup_teardown(header_bare, begin, end),
		cmocka_unit_test_setup_teardown(lost, begin, end),
		cmocka_unit_test_setup_teardown(mode, begin, end),
		cmocka_unit_test_setup_teardown(summary, begin, end),
		cmocka_unit_test_setup_teardown(no_half_record, begin, end),
		cmocka_unit_test_setup_teardown(longest_record, begin, end),
	};

	return cmocka_run_group_tests_name("encode", tests, prepare, NULL);
}
