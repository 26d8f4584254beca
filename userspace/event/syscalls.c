/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of each system call. libseccomp says which number has which name in which ABI;
 * the signatures here are keyed by name. Both are joined in an array per ABI, because name and
 * signature are looked up for every event: the names at once, a signature when it is first needed.
 */
#include "syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/util.h"

#define SIG(n, cat, ...)                                                                           \
	{                                                                                          \
		.name = #n,                                                                        \
		.category = CAT_##cat,                                                             \
		.n_args = ARRAY_SIZE(((struct syscall_arg[]){ __VA_ARGS__ })),                     \
		.args = { __VA_ARGS__ },                                                           \
	}
#define A(t, n) { .name = #n, .type = ARG_##t }

#define S(...) SIG(__VA_ARGS__),
static const struct syscall_sig table[] = {
#include "syscall_table.inc.h"
};
#undef S

static const struct abi_sig {
	enum ev_abi abi;
	struct syscall_sig sig;
} abi_table[] = {
#define S(...) { EV_ABI_COMPAT32, SIG(__VA_ARGS__) },
#define NATIVE(...) { EV_ABI_NATIVE, SIG(__VA_ARGS__) },
#include "syscall_abi.inc.h"
#undef NATIVE
#undef S
};

static const struct syscall_sig unknown = {
	.name = "unknown", .category = CAT_OTHER, .n_args = 6,
	.args = { A(HEX, arg0), A(HEX, arg1), A(HEX, arg2), A(HEX, arg3), A(HEX, arg4), A(HEX, arg5) },
};

static const struct abi_desc {
	const char *name;
	uint32_t arch; /* of libseccomp */
	int base;      /* added to a number before libseccomp is asked */
} abis[EV_ABI_MAX] = {
#if defined(__x86_64__)
	[EV_ABI_NATIVE] = { "x86_64", SCMP_ARCH_X86_64, 0 },
	[EV_ABI_COMPAT32] = { "i386", SCMP_ARCH_X86, 0 },
	[EV_ABI_X32] = { "x32", SCMP_ARCH_X32, 0x40000000 },
#elif defined(__aarch64__)
	[EV_ABI_NATIVE] = { "aarch64", SCMP_ARCH_AARCH64, 0 },
	[EV_ABI_COMPAT32] = { "arm", SCMP_ARCH_ARM, 0 },
#else
#error "no ABI table for this architecture"
#endif
};

/* Past the highest number of any ABI (x32 ends at 547) with room for what comes. */
#define NR_PLAIN 640
#include "syscall_names.inc.h"
/* arm has a few private calls far above the others; they follow the plain ones in the array. */
#define ARM_PRIVATE 0xf0000
#define NR_ARM_PRIVATE 8

static struct entry {
	const char *name;
	const struct syscall_sig *sig;
} entries[EV_ABI_MAX][NR_PLAIN + NR_ARM_PRIVATE];
static bool ready[EV_ABI_MAX];

static void load(enum ev_abi abi);

static struct entry *entry_get(enum ev_abi abi, int nr)
{
	if ((unsigned int)abi >= EV_ABI_MAX)
		return NULL;
	if (!ready[abi])
		load(abi);
	if ((unsigned int)nr < NR_PLAIN)
		return &entries[abi][nr];
#if defined(__aarch64__)
	if (abi == EV_ABI_COMPAT32 && nr >= ARM_PRIVATE && nr < ARM_PRIVATE + NR_ARM_PRIVATE)
		return &entries[abi][NR_PLAIN + nr - ARM_PRIVATE];
#endif
	return NULL;
}

static int index_to_nr(size_t index)
{
	return (int)(index < NR_PLAIN ? index : ARM_PRIVATE + index - NR_PLAIN);
}

static int cmp_name(const void *name, const void *sig)
{
	return strcmp(name, ((const struct syscall_sig *)sig)->name);
}

/* NULL: neither table has a row for NAME. */
static const struct syscall_sig *find_sig(enum ev_abi abi, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(abi_table); i++)
		if (abi_table[i].abi == abi && !strcmp(abi_table[i].sig.name, name))
			return &abi_table[i].sig;
	return bsearch(name, table, ARRAY_SIZE(table), sizeof(table[0]), cmp_name);
}

/* A call that libseccomp knows and the table does not: its own name, so that it can be selected. */
static const struct syscall_sig *unknown_sig(const char *name)
{
	struct syscall_sig *sig = malloc(sizeof(*sig));

	if (sig) {
		*sig = unknown;
		snprintf(sig->name, sizeof(sig->name), "%s", name);
	}
	return sig;
}

/* Never below zero: there libseccomp has pseudo numbers that no kernel knows. What it returns lives until the process ends. */
static const char *name_of(enum ev_abi abi, size_t index)
{
	if (abi == EV_ABI_NATIVE)
		return index < NR_PLAIN && native_at[index] ? native_names + native_at[index] : NULL;
	return seccomp_syscall_resolve_num_arch(abis[abi].arch, abis[abi].base + index_to_nr(index));
}

/* Asking libseccomp for two thousand names takes 0.3 ms: each ABI is loaded when it is first asked for. */
static void load(enum ev_abi abi)
{
	for (size_t i = 0; abis[abi].name && i < ARRAY_SIZE(entries[abi]); i++)
		entries[abi][i].name = name_of(abi, i);
	ready[abi] = true;
}

int syscalls__init(void)
{
	if (!ready[EV_ABI_NATIVE])
		load(EV_ABI_NATIVE);
	return 0;
}

const char *syscalls__name(enum ev_abi abi, int nr)
{
	const struct entry *e = entry_get(abi, nr);

	return e ? e->name : NULL;
}

const struct syscall_sig *syscalls__sig(enum ev_abi abi, int nr)
{
	struct entry *e = entry_get(abi, nr);

	if (!e || !e->name)
		return &unknown;
	if (!e->sig)
		e->sig = find_sig(abi, e->name);
	if (!e->sig)
		e->sig = unknown_sig(e->name);
	return e->sig ? e->sig : &unknown;
}

int syscalls__number(enum ev_abi abi, const char *name)
{
	if ((unsigned int)abi >= EV_ABI_MAX)
		return -1;
	if (!ready[abi])
		load(abi);
	for (size_t i = 0; i < ARRAY_SIZE(entries[abi]); i++)
		if (entries[abi][i].name && !strcmp(entries[abi][i].name, name))
			return index_to_nr(i);
	return -1;
}

const char *syscalls__abi_name(enum ev_abi abi)
{
	if ((unsigned int)abi >= EV_ABI_MAX || !abis[abi].name)
		return "unknown";
	return abis[abi].name;
}

static enum category categorize_open(uint64_t flags)
{
	/* O_PATH gives a name without the file; the kernel ignores the rest then. */
	if (flags & O_PATH)
		return CAT_FILE_READ;
	if (flags & (O_ACCMODE | O_CREAT | O_TRUNC))
		return CAT_FILE_WRITE;
	return CAT_FILE_READ;
}

enum category syscalls__categorize(const struct syscall_sig *sig, enum ev_abi abi,
				   const __u64 args[6])
{
	(void)abi; /* the flags that matter are the same in every ABI of one machine */
	if (sig->category != CAT_FILE_READ && sig->category != CAT_FILE_WRITE)
		return (enum category)sig->category;
	for (unsigned int i = 0; i < sig->n_args; i++) {
		if (sig->args[i].type == ARG_OPEN_FLAGS)
			return categorize_open(args[i]);
		if (sig->args[i].type == ARG_UNLINKAT_FLAGS)
			return args[i] & AT_REMOVEDIR ? CAT_DIRECTORY : CAT_FILE_WRITE;
	}
	return (enum category)sig->category;
}

/* What to copy for an argument of this type; ST_MEM_NONE: nothing. */
static enum st_mem mem_of(enum arg_type type, enum ev_abi abi)
{
	switch (type) {
	case ARG_PATH:
	case ARG_STR:
		return ST_MEM_STR;
	case ARG_ARGV:
		return ST_MEM_ARGV;
	case ARG_SOCKADDR:
		return ST_MEM_SOCKADDR;
	case ARG_SOCKADDR_OUT:
		return ST_MEM_SOCKADDR_LP;
	case ARG_MSGHDR:
		/* x32 and 32-bit callers lay out struct msghdr with 4-byte pointers. */
		return abi == EV_ABI_NATIVE ? ST_MEM_MSGHDR : ST_MEM_NONE;
	case ARG_PAIR:
		return ST_MEM_PAIR;
	case ARG_OPEN_HOW:
		return ST_MEM_HOW;
	default:
		return ST_MEM_NONE;
	}
}

/* Calls whose result is a new descriptor. fcntl(F_DUPFD) is left out: most of its commands return no descriptor. */
static bool returns_fd(const char *name)
{
	static const char *const names[] = {
		"accept", "accept4", "bpf", "creat", "dup", "dup2", "dup3", "epoll_create", "epoll_create1", "eventfd",
		"eventfd2", "fanotify_init", "fsmount", "fsopen", "fspick", "inotify_init", "inotify_init1",
		"io_uring_setup", "landlock_create_ruleset", "memfd_create", "memfd_secret", "mq_open", "open",
		"open_by_handle_at", "open_tree", "openat", "openat2", "perf_event_open", "pidfd_getfd", "pidfd_open",
		"signalfd", "signalfd4", "socket", "timerfd_create", "userfaultfd",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* What the paths of a call are relative to; a third one, which no call has, would go without. */
static __u8 plan_bases(const struct syscall_sig *sig)
{
	unsigned int base = 0, used = 0;

	if (sig->n_args > 4 && sig->args[2].type == ARG_PROT && sig->args[4].type == ARG_FD)
		return ST_BASE_MAPPED;
	for (unsigned int i = 0; i < sig->n_args && used < ST_BASE_SLOTS; i++) {
		if (sig->args[i].type != ARG_PATH)
			continue;
		base |= (i && sig->args[i - 1].type == ARG_DIRFD ? ST_BASE_DIRFD(i) : ST_BASE_CWD(i)) << 4 * used++;
	}
	return (__u8)base;
}

struct st_plan syscalls__plan(enum ev_abi abi, int nr)
{
	const struct syscall_sig *sig = syscalls__sig(abi, nr);
	struct st_plan plan = { .base = plan_bases(sig) };
	unsigned int used = 0, fds = 0;

	for (unsigned int i = 0; i < sig->n_args; i++)
		if ((sig->args[i].type == ARG_FD || sig->args[i].type == ARG_DIRFD) && fds < ST_FD_SLOTS - 1)
			plan.fd[fds++] = (__u8)(i + 1);
	if (returns_fd(sig->name))
		plan.fd[fds] = ST_FD_RESULT;
	if (!strcmp(sig->name, "close"))
		plan.flags |= ST_PLAN_CLOSES;
	for (unsigned int i = 0; i < sig->n_args && used < ST_MEM_SLOTS; i++) {
		enum st_mem kind = mem_of((enum arg_type)sig->args[i].type, abi);

		if (kind != ST_MEM_NONE)
			plan.mem[used++] = (__u8)ST_MEM(kind, i);
		if (kind == ST_MEM_ARGV)
			plan.flags |= ST_PLAN_EXEC;
	}
	return plan;
}
