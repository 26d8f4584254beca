/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records to facts. What a call does is data: access_rows for what it does to paths and addresses, call_rows for what its
 * arguments say alone, op_rows for the actions that the security profile names. Calls that only look (stat, access,
 * readlink) are left out, or the list of files would be theirs alone.
 */
#include "fact.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "../base/util.h"
#include "../enrich/names.h"
#include "../event/syscalls.h"

enum access_kind { ACCESS_PATHS, ACCESS_OPEN, ACCESS_EXEC, ACCESS_NET, ACCESS_CHMOD, ACCESS_XATTR, ACCESS_FD, ACCESS_CWD };

struct access_row {
	const char *syscall;
	uint8_t kind;
	uint8_t use[2]; /* of the first and the second path; ACCESS_NET: NET_*; ACCESS_FD: a fact */
};

static const struct access_row access_rows[] = {
	{"open", ACCESS_OPEN, {0}},
	{"openat", ACCESS_OPEN, {0}},
	{"openat2", ACCESS_OPEN, {0}},
	{"creat", ACCESS_PATHS, {USE_WRITE | USE_CREATE}},
	{"truncate", ACCESS_PATHS, {USE_WRITE}},
	{"truncate64", ACCESS_PATHS, {USE_WRITE}},
	{"unlink", ACCESS_PATHS, {USE_DELETE}},
	{"unlinkat", ACCESS_PATHS, {USE_DELETE}},
	{"rmdir", ACCESS_PATHS, {USE_DELETE}},
	{"mkdir", ACCESS_PATHS, {USE_CREATE}},
	{"mkdirat", ACCESS_PATHS, {USE_CREATE}},
	{"mknod", ACCESS_PATHS, {USE_CREATE}},
	{"mknodat", ACCESS_PATHS, {USE_CREATE}},
	{"rename", ACCESS_PATHS, {USE_DELETE, USE_WRITE | USE_CREATE}},
	{"renameat", ACCESS_PATHS, {USE_DELETE, USE_WRITE | USE_CREATE}},
	{"renameat2", ACCESS_PATHS, {USE_DELETE, USE_WRITE | USE_CREATE}},
	{"link", ACCESS_PATHS, {USE_READ, USE_CREATE}},
	{"linkat", ACCESS_PATHS, {USE_READ, USE_CREATE}},
	{"symlink", ACCESS_PATHS, {USE_CREATE}},
	{"symlinkat", ACCESS_PATHS, {USE_CREATE}},
	{"chmod", ACCESS_CHMOD, {USE_ATTR}},
	{"fchmod", ACCESS_CHMOD, {USE_ATTR}},
	{"fchmodat", ACCESS_CHMOD, {USE_ATTR}},
	{"fchmodat2", ACCESS_CHMOD, {USE_ATTR}},
	{"chown", ACCESS_PATHS, {USE_ATTR}},
	{"chown32", ACCESS_PATHS, {USE_ATTR}},
	{"lchown", ACCESS_PATHS, {USE_ATTR}},
	{"lchown32", ACCESS_PATHS, {USE_ATTR}},
	{"fchownat", ACCESS_PATHS, {USE_ATTR}},
	{"utime", ACCESS_PATHS, {USE_ATTR}},
	{"utimes", ACCESS_PATHS, {USE_ATTR}},
	{"futimesat", ACCESS_PATHS, {USE_ATTR}},
	{"utimensat", ACCESS_PATHS, {USE_ATTR}},
	{"utimensat_time64", ACCESS_PATHS, {USE_ATTR}},
	{"setxattr", ACCESS_XATTR, {USE_ATTR}},
	{"lsetxattr", ACCESS_XATTR, {USE_ATTR}},
	{"fsetxattr", ACCESS_XATTR, {USE_ATTR}},
	{"removexattr", ACCESS_PATHS, {USE_ATTR}},
	{"lremovexattr", ACCESS_PATHS, {USE_ATTR}},
	{"execve", ACCESS_EXEC, {USE_EXEC}},
	{"execveat", ACCESS_EXEC, {USE_EXEC}},
	{"uselib", ACCESS_PATHS, {USE_EXEC}},
	{"connect", ACCESS_NET, {NET_CONNECT}},
	{"bind", ACCESS_NET, {NET_BIND}},
	{"listen", ACCESS_NET, {NET_LISTEN}},
	{"sendto", ACCESS_NET, {NET_SEND}},
	{"sendmsg", ACCESS_NET, {NET_SEND}},
	{"sendmmsg", ACCESS_NET, {NET_SEND}},
	{"accept", ACCESS_NET, {NET_ACCEPT}},
	{"accept4", ACCESS_NET, {NET_ACCEPT}},
	{"chdir", ACCESS_CWD, {0}},
	{"fchdir", ACCESS_CWD, {0}},
	{"socket", ACCESS_FD, {FACT_SOCKET}},
	{"pipe", ACCESS_FD, {FACT_PIPE}},
	{"pipe2", ACCESS_FD, {FACT_PIPE}},
	{"dup", ACCESS_FD, {FACT_DUP}},
	{"dup2", ACCESS_FD, {FACT_DUP}},
	{"dup3", ACCESS_FD, {FACT_DUP}},
	{"fcntl", ACCESS_FD, {FACT_DUP}},
	{"fcntl64", ACCESS_FD, {FACT_DUP}},
	{"close", ACCESS_FD, {FACT_CLOSE}},
	{"close_range", ACCESS_FD, {FACT_CLOSE}},
};

/* What a call's arguments say without any memory. Several rows may speak of one call. */
struct call_row {
	const char *syscall;
	uint8_t action; /* enum fact_action */
	uint8_t arg;	/* index of the argument that is tested */
	uint64_t mask;	/* 0: every call counts */
	uint64_t value; /* matches when (argument & mask) == value */
};

#define ALL64 UINT64_MAX
#define PROT_WX 6 /* PROT_WRITE | PROT_EXEC */
static const struct call_row call_rows[] = {
	{"ptrace", DO_PTRACE_ATTACH, 0, ALL64, 16},
	{"ptrace", DO_PTRACE_ATTACH, 0, ALL64, 0x4206},
	{"ptrace", DO_PTRACE_POKE, 0, ALL64, 4},
	{"ptrace", DO_PTRACE_POKE, 0, ALL64, 5},
	{"ptrace", DO_PTRACE_REGS, 0, ALL64, 13},
	{"ptrace", DO_PTRACE_REGS, 0, ALL64, 0x4205},
	{"ptrace", DO_PTRACE_ME, 0, ALL64, 0},
	{"process_vm_writev", DO_MEMORY_WRITE, 0, 0, 0},
	{"process_vm_readv", DO_MEMORY_READ, 0, 0, 0},
	{"pidfd_getfd", DO_FD_STEAL, 0, 0, 0},
	{"mmap", DO_WX, 2, PROT_WX, PROT_WX},
	{"mmap2", DO_WX, 2, PROT_WX, PROT_WX},
	{"mprotect", DO_WX, 2, PROT_WX, PROT_WX},
	{"pkey_mprotect", DO_WX, 2, PROT_WX, PROT_WX},
	{"bpf", DO_BPF, 0, 0, 0},
	{"perf_event_open", DO_PERF, 0, 0, 0},
	{"init_module", DO_MODULE_LOAD, 0, 0, 0},
	{"finit_module", DO_MODULE_LOAD, 0, 0, 0},
	{"delete_module", DO_MODULE_UNLOAD, 0, 0, 0},
	{"kexec_load", DO_KEXEC, 0, 0, 0},
	{"kexec_file_load", DO_KEXEC, 0, 0, 0},
	{"reboot", DO_REBOOT, 0, 0, 0},
	{"iopl", DO_IO_PORTS, 0, 0, 0},
	{"ioperm", DO_IO_PORTS, 0, 0, 0},
	{"mount", DO_MOUNT, 0, 0, 0},
	{"fsmount", DO_MOUNT, 0, 0, 0},
	{"umount2", DO_UMOUNT, 0, 0, 0},
	{"move_mount", DO_MOUNT_MOVE, 0, 0, 0},
	{"mount_setattr", DO_MOUNT_ATTR, 0, 0, 0},
	{"pivot_root", DO_ROOT, 0, 0, 0},
	{"chroot", DO_ROOT, 0, 0, 0},
	{"setns", DO_SETNS, 0, 0, 0},
	{"unshare", DO_USERNS, 0, 0x10000000, 0x10000000},
	{"clone", DO_USERNS, 0, 0x10000000, 0x10000000},
	{"open_by_handle_at", DO_FILE_HANDLE, 0, 0, 0},
	{"io_uring_setup", DO_IO_URING, 0, 0, 0},
	{"userfaultfd", DO_USERFAULTFD, 0, 0, 0},
	{"ioctl", DO_TTY_PUSH, 1, 0xffffffff, 0x5412},
	{"ioctl", DO_TTY_PASTE, 1, 0xffffffff, 0x541c},
	{"settimeofday", DO_CLOCK, 0, 0, 0},
	{"clock_settime", DO_CLOCK, 0, 0, 0},
	{"swapon", DO_SWAP_ON, 0, 0, 0},
	{"swapoff", DO_SWAP_OFF, 0, 0, 0},
	{"personality", DO_NO_ASLR, 0, 0x80040000, 0x00040000},
};

/* EV_KERNEL_NAMESPACE tells of user namespaces too; making one has an action of its own. */
static const uint8_t kernel_actions[] = {
	[EV_KERNEL_BPF] = DO_BPF,
	[EV_KERNEL_PTRACE] = DO_PTRACE_ATTACH,
	[EV_KERNEL_MODULE] = DO_MODULE_LOAD,
	[EV_KERNEL_KEXEC] = DO_KEXEC,
	[EV_KERNEL_PERF] = DO_PERF,
	[EV_KERNEL_MOUNT] = DO_MOUNT,
	[EV_KERNEL_UMOUNT] = DO_UMOUNT,
	[EV_KERNEL_MOVE_MOUNT] = DO_MOUNT_MOVE,
	[EV_KERNEL_PIVOT_ROOT] = DO_ROOT,
	[EV_KERNEL_USERNS] = DO_USERNS,
	[EV_KERNEL_IO_URING] = DO_IO_URING,
	[EV_KERNEL_SYSCTL] = DO_SYSCTL,
	[EV_KERNEL_KEY] = DO_KEY,
	[EV_KERNEL_OWN_MAP] = DO_OWN_MAP,
	[EV_KERNEL_NAMESPACE] = DO_NAMESPACE,
	[EV_KERNEL_CGROUP] = DO_CGROUP,
};

#define KERNEL_PTRACE_ATTACH 2 /* PTRACE_MODE_ATTACH: the other modes only look */

const char *fact__call_at(size_t i)
{
	if (i < ARRAY_SIZE(access_rows))
		return access_rows[i].syscall;
	i -= ARRAY_SIZE(access_rows);
	return i < ARRAY_SIZE(call_rows) ? call_rows[i].syscall : NULL;
}

/* Of a call's byte in the plan: the low bits are a row of access_rows, from 1. */
#define PLAN_NONE 0x7f
#define PLAN_CALL 0x80
_Static_assert(ARRAY_SIZE(access_rows) < PLAN_NONE, "a row's number and PLAN_NONE share seven bits");

static uint8_t plan_of(struct fact_plan *plan, const struct event *ev)
{
	const struct ev_syscall *c = ev->syscall;
	uint8_t *known;

	if (c->abi >= EV_ABI_MAX || c->nr < 0 || c->nr >= ST_NR_SYSCALLS)
		return PLAN_NONE;
	known = &plan->known[c->abi][c->nr];
	if (!*known) {
		*known = PLAN_NONE;
		for (size_t i = 0; i < ARRAY_SIZE(access_rows); i++)
			if (!strcmp(access_rows[i].syscall, ev->name))
				*known = (uint8_t)(i + 1);
		for (size_t i = 0; i < ARRAY_SIZE(call_rows); i++)
			if (!strcmp(call_rows[i].syscall, ev->name))
				*known |= PLAN_CALL;
	}
	return *known;
}

bool fact__wanted(struct fact_plan *plan, const struct event *ev)
{
	return ev->hdr->kind != EV_SYSCALL || ev->syscall->abi != EV_ABI_NATIVE || plan_of(plan, ev) != PLAN_NONE;
}

int fact__error(const struct event *ev)
{
	const struct ev_act *act = event__act(ev);

	if (ev->hdr->kind == EV_SYSCALL)
		return ev->syscall->ret < 0 && ev->syscall->ret >= -4095 && !(ev->hdr->flags & EV_F_NO_RETURN)
			       ? (int)-ev->syscall->ret
			       : 0;
	return act && (act->verdict == EV_DENIED || act->verdict == EV_KILLED) ? EPERM : 0;
}

bool fact__is_ip(const struct part *addr)
{
	uint16_t family;

	if (!addr || addr->state != EV_PART_OK || addr->len < 8)
		return false;
	memcpy(&family, addr->data, sizeof(family));
	return family == AF_INET || (family == AF_INET6 && addr->len >= 24);
}

/* Room is made for as many as any record gives; the last one is overwritten rather than memory behind it. */
static struct fact *add(struct facts *f, enum fact_kind kind, int err)
{
	struct fact *v = &f->v[f->n < FACTS_MAX ? f->n++ : FACTS_MAX - 1];

	*v = (struct fact){.kind = (uint8_t)kind, .err = err, .dirfd = AT_FDCWD, .fd = -1, .fd2 = -1, .text = ""};
	return v;
}

static void add_action(struct facts *f, uint8_t action, int err, const char *text, size_t len)
{
	struct fact *v = add(f, FACT_ACTION, err);

	v->action = action;
	v->text = text;
	v->len = len;
}

/* ---- system calls ----------------------------------------------------------------------------------------------- */

static uint64_t open_flags(const struct event *ev)
{
	uint64_t flags = 0;

	for (unsigned int i = 0; i < ev->sig->n_args; i++) {
		const struct part *p = event__part(ev, i);

		if (ev->sig->args[i].type == ARG_OPEN_FLAGS)
			flags = ev->syscall->args[i];
		else if (ev->sig->args[i].type == ARG_OPEN_HOW && p && p->len >= sizeof(flags))
			memcpy(&flags, p->data, sizeof(flags));
	}
	return flags;
}

static uint8_t open_use(uint64_t flags)
{
	uint64_t mode = flags & O_ACCMODE;

	/* a path descriptor gives no access to what is in the file */
	if (flags & O_PATH)
		return 0;
	return (uint8_t)((mode == O_RDONLY || mode == O_RDWR ? USE_READ : 0) | (mode == O_WRONLY || mode == O_RDWR ? USE_WRITE : 0) |
			 (flags & O_TRUNC ? USE_WRITE : 0) | (flags & O_CREAT ? USE_CREATE : 0));
}

static void paths(struct facts *f, const struct event *ev, const struct access_row *row, uint64_t flags, int err)
{
	struct fact *first = NULL;
	unsigned int n = 0;

	for (unsigned int i = 0; i < ev->sig->n_args && n < ARRAY_SIZE(row->use); i++) {
		const struct part *p = event__part(ev, i);
		uint8_t use = row->kind == ACCESS_OPEN ? open_use(flags) : row->use[n];
		struct fact *v;

		if (ev->sig->args[i].type != ARG_PATH)
			continue;
		n++;
		if (!p || (p->state != EV_PART_OK && p->state != EV_PART_TRUNCATED) || !p->len)
			continue;
		if (!use && !(flags & O_DIRECTORY))
			continue;
		v = add(f, FACT_PATH, err);
		v->use = use;
		v->text = (const char *)p->data;
		v->len = p->len;
		if (i && ev->sig->args[i - 1].type == ARG_DIRFD)
			v->dirfd = (int)ev->syscall->args[i - 1];
		v->from = first;
		first = v;
	}
}

static void opened(struct facts *f, const struct event *ev, const struct access_row *row, int err)
{
	uint64_t flags = open_flags(ev);

	paths(f, ev, row, flags, err);
	if (f->n && !err && ((flags & O_DIRECTORY) || f->v[0].use & USE_WRITE)) {
		struct fact *v = add(f, flags & O_DIRECTORY ? FACT_DIR : FACT_FILE, 0);

		v->fd = (int)ev->syscall->ret;
		v->cloexec = flags & O_CLOEXEC;
		v->from = &f->v[0];
	}
}

static const struct part *address_of(const struct event *ev)
{
	for (unsigned int i = 0; i < ev->n_parts; i++)
		if (ev->parts[i].type == EV_PT_SOCKADDR && ev->parts[i].state == EV_PART_OK)
			return &ev->parts[i];
	return NULL;
}

static void add_address(struct facts *f, const struct part *p, uint8_t op, int fd, int err)
{
	struct fact *v;
	uint16_t family;

	if (!p || p->len < sizeof(family))
		return;
	memcpy(&family, p->data, sizeof(family));
	/* connecting to AF_UNSPEC undoes a connect */
	if (family == AF_UNSPEC)
		return;
	/* a connect in progress is one that was made */
	v = add(f, FACT_ADDR, err == EINPROGRESS ? 0 : err);
	v->use = op;
	v->addr = p;
	v->fd = fd;
}

static void address(struct facts *f, const struct event *ev, uint8_t op, int err)
{
	const struct part *p = address_of(ev);
	struct fact *v;

	if (op == NET_LISTEN) {
		v = add(f, FACT_ADDR, err);
		v->use = op;
		v->fd = (int)ev->syscall->args[0];
		return;
	}
	if (p)
		add_address(f, p, op, (int)ev->syscall->args[0], err);
	if (op == NET_ACCEPT && !err && fact__is_ip(p)) {
		v = add(f, FACT_SOCKET, 0);
		v->fd = (int)ev->syscall->ret;
		v->addr = p;
	}
}

static void mode(struct facts *f, const struct event *ev, const struct access_row *row, int err)
{
	paths(f, ev, row, 0, err);
	for (unsigned int i = 0; i < ev->sig->n_args; i++)
		if (ev->sig->args[i].type == ARG_MODE && (ev->syscall->args[i] & 06000))
			add_action(f, DO_SETID, err, f->n ? f->v[0].text : "", f->n ? f->v[0].len : 0);
}

#define CAPS_XATTR "security.capability"
static bool is_caps(const struct part *p)
{
	return p && p->state == EV_PART_OK && p->len == sizeof(CAPS_XATTR) - 1 && !memcmp(p->data, CAPS_XATTR, p->len);
}

static void xattr(struct facts *f, const struct event *ev, const struct access_row *row, int err)
{
	paths(f, ev, row, 0, err);
	for (unsigned int i = 0; i < ev->sig->n_args; i++)
		if (ev->sig->args[i].type == ARG_STR && is_caps(event__part(ev, i)))
			add_action(f, DO_FILE_CAPS, err, f->n ? f->v[0].text : "", f->n ? f->v[0].len : 0);
}

static void cwd(struct facts *f, const struct event *ev)
{
	const struct part *p = event__part(ev, 0);
	struct fact *v = add(f, FACT_CWD, 0);

	if (ev->sig->args[0].type == ARG_FD) {
		v->fd = (int)ev->syscall->args[0];
	} else if (p && p->state == EV_PART_OK) {
		v->text = (const char *)p->data;
		v->len = p->len;
	}
}

static void duplicate(struct facts *f, const struct event *ev)
{
	const __u64 *args = ev->syscall->args;
	bool fcntl = ev->name[0] == 'f';
	struct fact *v;

	if (fcntl && (int)args[1] != F_DUPFD && (int)args[1] != F_DUPFD_CLOEXEC)
		return;
	v = add(f, FACT_DUP, 0);
	v->fd = (int)args[0];
	v->fd2 = (int)ev->syscall->ret;
	v->cloexec = fcntl ? (int)args[1] == F_DUPFD_CLOEXEC : !strcmp(ev->name, "dup3") && (args[2] & O_CLOEXEC);
}

static void descriptor(struct facts *f, const struct event *ev, uint8_t kind)
{
	const struct part *p = event__part(ev, 0);
	const __u64 *args = ev->syscall->args;
	struct fact *v;
	int pair[2];

	if (kind == FACT_DUP) {
		duplicate(f, ev);
	} else if (kind == FACT_CLOSE) {
		if (ev->name[5] && (args[2] & 4)) /* CLOSE_RANGE_CLOEXEC closes nothing yet */
			return;
		v = add(f, FACT_CLOSE, 0);
		v->fd = (int)args[0];
		v->fd2 = ev->name[5] ? (int)MIN(args[1], (uint64_t)INT32_MAX) : v->fd;
	} else if (kind == FACT_SOCKET && (args[0] == AF_INET || args[0] == AF_INET6)) {
		v = add(f, FACT_SOCKET, 0);
		v->fd = (int)ev->syscall->ret;
		v->cloexec = args[1] & SOCK_CLOEXEC;
	} else if (kind == FACT_PIPE && p && p->state == EV_PART_OK && p->len >= sizeof(pair)) {
		memcpy(pair, p->data, sizeof(pair));
		v = add(f, FACT_PIPE, 0);
		v->fd = pair[0];
		v->fd2 = pair[1];
		v->cloexec = ev->name[4] && (args[1] & O_CLOEXEC);
	}
}

static void call_facts(struct facts *f, const struct event *ev, uint8_t plan, int err)
{
	const struct access_row *row = (plan & PLAN_NONE) == PLAN_NONE ? NULL : &access_rows[(plan & PLAN_NONE) - 1];
	const struct ev_syscall *c = ev->syscall;

	if (c->abi != EV_ABI_NATIVE)
		add_action(f, DO_FOREIGN_ABI, err, "", 0);
	for (size_t i = 0; plan & PLAN_CALL && i < ARRAY_SIZE(call_rows); i++)
		if (!strcmp(call_rows[i].syscall, ev->name) &&
		    (c->args[call_rows[i].arg] & call_rows[i].mask) == call_rows[i].value)
			add_action(f, call_rows[i].action, err, "", 0);
	if (!row)
		return;
	switch (row->kind) {
	case ACCESS_PATHS: paths(f, ev, row, 0, err); break;
	case ACCESS_OPEN: opened(f, ev, row, err); break;
	case ACCESS_EXEC:
		/* one that works has a record of its own, with the file that was really run */
		if (err)
			paths(f, ev, row, 0, err);
		break;
	case ACCESS_NET: address(f, ev, row->use[0], err); break;
	case ACCESS_CHMOD: mode(f, ev, row, err); break;
	case ACCESS_XATTR: xattr(f, ev, row, err); break;
	case ACCESS_CWD:
		if (!err)
			cwd(f, ev);
		break;
	case ACCESS_FD:
		if (!err)
			descriptor(f, ev, row->use[0]);
		break;
	}
}

/* ---- what the security profile saw ------------------------------------------------------------------------------ */

/* Of the path and of the second one. What is mapped has been opened, and what is executed has a record of its own. */
static const uint8_t act_uses[][2] = {
	[EV_FILE_OPEN_READ] = {USE_READ},
	[EV_FILE_OPEN_WRITE] = {USE_WRITE},
	[EV_FILE_CREATE] = {USE_CREATE},
	[EV_FILE_MKNOD] = {USE_CREATE},
	[EV_FILE_UNLINK] = {USE_DELETE},
	[EV_FILE_RMDIR] = {USE_DELETE},
	[EV_FILE_MKDIR] = {USE_CREATE},
	[EV_FILE_SYMLINK] = {USE_CREATE},
	[EV_FILE_LINK] = {USE_READ, USE_CREATE},
	[EV_FILE_RENAME] = {USE_DELETE, USE_WRITE | USE_CREATE},
	[EV_FILE_TRUNCATE] = {USE_WRITE},
	[EV_FILE_CHMOD] = {USE_ATTR},
	[EV_FILE_CHOWN] = {USE_ATTR},
	[EV_FILE_SETXATTR] = {USE_ATTR},
	[EV_FILE_REMOVEXATTR] = {USE_ATTR},
	[EV_FILE_WRITE] = {USE_WRITE},
};

/* PART as one of the record's paths; NULL: it has none that is whole, and what is cut is no name of a file. */
static struct fact *act_path(struct facts *f, const struct event *ev, unsigned int part, unsigned int nth, uint8_t use, int err)
{
	const struct part *p = event__part(ev, part);
	struct fact *v;

	if (!p || p->state != EV_PART_OK || !p->len || p->len >= sizeof(f->paths[0]) - 1 || !use)
		return NULL;
	v = add(f, FACT_PATH, err);
	v->use = use;
	v->text = f->paths[nth];
	v->len = event__path(p, f->paths[nth], sizeof(f->paths[nth]));
	return v;
}

static void file_facts(struct facts *f, const struct event *ev, int err)
{
	uint32_t op = ev->file->act.op;
	struct fact *first, *second;

	if (op == EV_FILE_EXEC) {
		if (err)
			act_path(f, ev, EV_FILE_PATH, 0, USE_EXEC, err);
		return;
	}
	if ((op == EV_FILE_MMAP_EXEC || op == EV_FILE_MPROTECT_EXEC) && ev->file->file_flags & EV_FILE_FLAG_WRITABLE)
		add_action(f, DO_WX, err, "", 0);
	if (op >= ARRAY_SIZE(act_uses))
		return;
	first = act_path(f, ev, EV_FILE_PATH, 0, act_uses[op][0], err);
	second = act_path(f, ev, EV_FILE_NEW_PATH, 1, act_uses[op][1], err);
	if (second)
		second->from = first;
	if (op == EV_FILE_CHMOD && ev->file->arg & 06000)
		add_action(f, DO_SETID, err, first ? first->text : "", first ? first->len : 0);
	if (op == EV_FILE_SETXATTR && is_caps(event__part(ev, EV_FILE_TEXT)))
		add_action(f, DO_FILE_CAPS, err, first ? first->text : "", first ? first->len : 0);
}

static void net_facts(struct facts *f, const struct event *ev, int err)
{
	const struct part *remote = event__part(ev, EV_NET_REMOTE), *local = event__part(ev, EV_NET_LOCAL);

	switch (ev->net->act.op) {
	case EV_NET_CONNECT: add_address(f, remote, NET_CONNECT, -1, err); break;
	case EV_NET_SEND: add_address(f, remote, NET_SEND, -1, err); break;
	case EV_NET_ACCEPT: add_address(f, remote, NET_ACCEPT, -1, err); break;
	case EV_NET_BIND: add_address(f, local, NET_BIND, -1, err); break;
	case EV_NET_LISTEN: add_address(f, local, NET_LISTEN, -1, err); break;
	}
}

static void kernel_facts(struct facts *f, const struct event *ev, int err)
{
	const struct part *text = event__part(ev, EV_KERNEL_TEXT);
	uint32_t op = ev->kernel->act.op;
	const char *s = "";
	size_t len = 0;

	if (op >= ARRAY_SIZE(kernel_actions) || !kernel_actions[op])
		return;
	if (op == EV_KERNEL_PTRACE && ev->kernel->arg && !(ev->kernel->arg & KERNEL_PTRACE_ATTACH))
		return;
	if ((op == EV_KERNEL_SYSCTL || op == EV_KERNEL_KEY || op == EV_KERNEL_OWN_MAP) && text && text->state == EV_PART_OK) {
		s = (const char *)text->data;
		len = text->len;
	}
	add_action(f, kernel_actions[op], err, s, len);
}

static void failed_exec(struct facts *f, const struct event *ev)
{
	const struct part *p = event__part(ev, EV_EXEC_FAIL_PATH);
	struct fact *v;

	if (!p || p->state != EV_PART_OK || !p->len || ev->exec_fail->error >= 0 || ev->exec_fail->error <= -4096)
		return;
	v = add(f, FACT_PATH, -ev->exec_fail->error);
	v->use = USE_EXEC;
	v->text = (const char *)p->data;
	v->len = p->len;
}

static size_t name_fact(struct facts *f, const char *name, size_t used)
{
	size_t len = strlen(name);
	struct fact *v;

	if (!len || len > sizeof(f->paths[0]) - used)
		return used;
	v = add(f, FACT_NAME, 0);
	v->text = memcpy(f->paths[0] + used, name, len);
	v->len = len;
	return used + len;
}

/* What was asked for; of a segment with many questions the first FACTS_MAX. Answers are told by who connects: host_fact. */
static void name_facts(struct facts *f, const struct event *ev)
{
	const struct names_seen *seen = ev->seen;
	struct dns_message m;
	size_t used = 0;

	if (!seen)
		return;
	if (seen->hello_ends)
		used = name_fact(f, seen->hello.name, used);
	if (ev->name_seen->act.op != EV_NAME_DNS_QUERY)
		return;
	for (unsigned int i = 0; i < seen->n && f->n < FACTS_MAX; i++)
		if (dns__parse(seen->messages[i].data, seen->messages[i].len, seen->messages[i].cut, &m) && !m.response)
			used = name_fact(f, m.name, used);
}

/* The name of the one address that a record is about, before the address. */
static void host_fact(struct facts *f, const struct event *ev)
{
	struct fact *name = &f->v[0];

	if (!ev->host || f->n != 1 || name->kind != FACT_ADDR || !name->addr)
		return;
	f->v[f->n++] = *name;
	name->kind = FACT_NAME;
	name->text = ev->host;
	name->len = strlen(ev->host);
}

void fact__all(struct fact_plan *plan, const struct event *ev, struct facts *ret)
{
	int err = fact__error(ev);

	ret->n = 0;
	switch (ev->hdr->kind) {
	case EV_SYSCALL: call_facts(ret, ev, plan_of(plan, ev), err); break;
	case EV_PROC_EXEC: add(ret, FACT_EXEC, 0); break;
	case EV_FILE: file_facts(ret, ev, err); break;
	case EV_NET: net_facts(ret, ev, err); break;
	case EV_KERNEL: kernel_facts(ret, ev, err); break;
	case EV_PROC_EXEC_FAIL: failed_exec(ret, ev); break;
	case EV_FILE_IO:
		if (ev->file_io->reads) /* of a write the open told */
			act_path(ret, ev, EV_FILE_IO_PATH, 0, USE_READ, 0);
		break;
	case EV_FLOW:
		if (ev->flow->act.op == EV_FLOW_DATAGRAMS && !ev->flow->incoming && ev->flow->packets_out)
			add_address(ret, event__part(ev, EV_FLOW_REMOTE), NET_SEND, -1, err);
		break;
	case EV_NAME: name_facts(ret, ev); break;
	}
	host_fact(ret, ev);
}
