/* SPDX-License-Identifier: Apache-2.0 */
/* What a record says was done: the "action" of its JSON and of the terminal view. */
#include "event.h"

#include "../base/util.h"

static const char *const file_ops[] = {
	[EV_FILE_OPEN_READ] = "open_read",	 [EV_FILE_OPEN_WRITE] = "open_write",
	[EV_FILE_CREATE] = "create",		 [EV_FILE_MKNOD] = "mknod",
	[EV_FILE_UNLINK] = "unlink",		 [EV_FILE_RMDIR] = "rmdir",
	[EV_FILE_MKDIR] = "mkdir",		 [EV_FILE_SYMLINK] = "symlink",
	[EV_FILE_LINK] = "link",		 [EV_FILE_RENAME] = "rename",
	[EV_FILE_TRUNCATE] = "truncate",	 [EV_FILE_CHMOD] = "chmod",
	[EV_FILE_CHOWN] = "chown",		 [EV_FILE_SETXATTR] = "setxattr",
	[EV_FILE_REMOVEXATTR] = "removexattr",	 [EV_FILE_MMAP_EXEC] = "mmap_exec",
	[EV_FILE_MPROTECT_EXEC] = "mprotect_exec", [EV_FILE_EXEC] = "execute",
	[EV_FILE_WRITE] = "write",
};
static const char *const net_ops[] = {
	[EV_NET_SOCKET] = "socket", [EV_NET_CONNECT] = "connect", [EV_NET_BIND] = "bind",
	[EV_NET_LISTEN] = "listen", [EV_NET_ACCEPT] = "accept",	  [EV_NET_SEND] = "send",
	[EV_NET_OPTION] = "option",
};
static const char *const kernel_ops[] = {
	[EV_KERNEL_BPF] = "bpf",
	[EV_KERNEL_PTRACE] = "ptrace",
	[EV_KERNEL_MODULE] = "load_module",
	[EV_KERNEL_FIRMWARE] = "load_firmware",
	[EV_KERNEL_KEXEC] = "load_kexec",
	[EV_KERNEL_PERF] = "perf_event",
	[EV_KERNEL_MOUNT] = "mount",
	[EV_KERNEL_UMOUNT] = "umount",
	[EV_KERNEL_MOVE_MOUNT] = "move_mount",
	[EV_KERNEL_PIVOT_ROOT] = "pivot_root",
	[EV_KERNEL_USERNS] = "user_namespace",
	[EV_KERNEL_IO_URING] = "io_uring",
	[EV_KERNEL_SIGNAL] = "signal",
	[EV_KERNEL_READ_FILE] = "kernel_read",
	[EV_KERNEL_LIMIT] = "set_limit",
	[EV_KERNEL_SYSCTL] = "write_sysctl",
	[EV_KERNEL_KEY] = "key",
	[EV_KERNEL_LOCKDOWN] = "lockdown",
	[EV_KERNEL_OWN_MAP] = "own_map",
	[EV_KERNEL_NAMESPACE] = "namespace",
	[EV_KERNEL_PRCTL] = "prctl",
	[EV_KERNEL_CGROUP] = "cgroup",
};
static const char *const cred_ops[] = {
	[EV_CRED_SETUID] = "setuid",
	[EV_CRED_SETGID] = "setgid",
	[EV_CRED_CAPSET] = "capset",
	[EV_CRED_SETGROUPS] = "setgroups",
	[EV_CRED_USERNS] = "user_namespace",
};
static const char *const flow_ops[] = {
	[EV_FLOW_OPEN] = "open",
	[EV_FLOW_CLOSE] = "close",
	[EV_FLOW_FAILED] = "failed",
	[EV_FLOW_DATAGRAMS] = "datagrams",
	[EV_FLOW_ONGOING] = "ongoing",
};
static const char *const name_ops[] = {
	[EV_NAME_DNS_QUERY] = "dns_query",
	[EV_NAME_DNS_ANSWER] = "dns_answer",
	[EV_NAME_TLS_HELLO] = "tls_hello",
};
static const char *const rate_ops[] = {
	[EV_RATE_BEGIN] = "begin",
	[EV_RATE_END] = "end",
};

static const char *name(const char *const *names, size_t n, uint32_t op)
{
	return op < n && names[op] ? names[op] : "unknown";
}

const char *event__verdict_name(uint32_t verdict)
{
	static const char *const names[] = {
		[EV_ALLOWED] = "allowed", [EV_DENIED] = "denied", [EV_WOULD_DENY] = "would_deny",
		[EV_KILLED] = "killed", [EV_KILLED_AFTER] = "killed_after",
	};

	return verdict < ARRAY_SIZE(names) ? names[verdict] : NULL;
}

const char *event__class_name(uint32_t class)
{
	static const char *const names[EV_CLASS_MAX] = { "syscall", "process", "file", "network", "kernel" };

	return class < EV_CLASS_MAX ? names[class] : NULL;
}

const char *event__key_use(uint64_t need)
{
	/* enum key_need_perm, of linux/key.h; 0: it is made, 1 and 4 are not recorded */
	static const char *const names[] = { NULL, NULL, "READ", "WRITE", NULL, "LINK", "SETATTR", "UNLINK" };

	return need < ARRAY_SIZE(names) ? names[need] : NULL;
}

const struct ev_act *event__act(const struct event *ev)
{
	switch (ev->hdr->kind) {
	case EV_FILE:
		return &ev->file->act;
	case EV_NET:
		return &ev->net->act;
	case EV_KERNEL:
		return &ev->kernel->act;
	case EV_CRED:
		return &ev->cred->act;
	case EV_FLOW:
		return &ev->flow->act;
	case EV_NAME:
		return &ev->name_seen->act;
	case EV_RATE:
		return &ev->rate->act;
	default:
		return NULL;
	}
}

const char *event__action(const struct event *ev)
{
	const struct ev_act *act = event__act(ev);

	if (!act)
		return ev->desc->action;
	switch (ev->hdr->kind) {
	case EV_FILE:
		return name(file_ops, ARRAY_SIZE(file_ops), act->op);
	case EV_NET:
		return name(net_ops, ARRAY_SIZE(net_ops), act->op);
	case EV_KERNEL:
		return name(kernel_ops, ARRAY_SIZE(kernel_ops), act->op);
	case EV_FLOW:
		return name(flow_ops, ARRAY_SIZE(flow_ops), act->op);
	case EV_NAME:
		return name(name_ops, ARRAY_SIZE(name_ops), act->op);
	case EV_RATE:
		return name(rate_ops, ARRAY_SIZE(rate_ops), act->op);
	default:
		return name(cred_ops, ARRAY_SIZE(cred_ops), act->op);
	}
}
