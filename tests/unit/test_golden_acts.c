/* SPDX-License-Identifier: Apache-2.0 */
/* Golden records of the security profile, judged by live_rules. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "golden.h"

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

static const struct golden cases[] = {
	GOLDEN(file_open_write),
	GOLDEN(file_denied),
	GOLDEN(file_would_deny),
	GOLDEN(file_rename),
	GOLDEN(file_symlink),
	GOLDEN(file_chown),
	GOLDEN(file_execute_fault),
	GOLDEN(file_unknown),
	GOLDEN(file_io),
	GOLDEN(rate_end),
	GOLDEN(net_socket),
	GOLDEN(net_socket_unknown),
	GOLDEN(net_connect_denied),
	GOLDEN(net_accept),
	GOLDEN(net_bind_unix),
	GOLDEN(kernel_bpf),
	GOLDEN(kernel_bpf_unknown),
	GOLDEN(kernel_mount),
	GOLDEN(kernel_signal),
	GOLDEN(kernel_ptrace),
	GOLDEN(kernel_perf_denied),
	GOLDEN(kernel_module),
	GOLDEN(kernel_sysctl),
	GOLDEN(kernel_key),
	GOLDEN(kernel_key_use),
	GOLDEN(kernel_lockdown),
	GOLDEN(kernel_own_map),
	GOLDEN(kernel_namespace),
	GOLDEN(kernel_prctl),
	GOLDEN(kernel_cgroup),
	GOLDEN(cred_setuid),
	GOLDEN(cred_setgroups),
	GOLDEN(cred_userns),
	GOLDEN(cred_unknown),
};

static void records_of_the_security_profile(void **state)
{
	const struct denial_ctx ctx = { .live_rules = live_rules, .n_live_rules = ARRAY_SIZE(live_rules), .live_policy = 1 };

	(void)state;
	golden__check(cases, ARRAY_SIZE(cases), &ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_of_the_security_profile),
	};

	return cmocka_run_group_tests_name("golden_acts", tests, golden__prepare, NULL);
}
