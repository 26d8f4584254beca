/* SPDX-License-Identifier: Apache-2.0 */
#include "watch.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "base/util.h"
#include "event/syscalls.h"

static int nr_seccomp[EV_ABI_MAX], nr_prctl[EV_ABI_MAX];

/* What has to be looked at again after a call. */
enum { LOOK_SIGNALS = 1, LOOK_IDENTITY = 2, LOOK_PID_NS = 4 };
static uint8_t changes[EV_ABI_MAX][ST_NR_SYSCALLS];

static const struct {
	const char *name;
	uint8_t what;
} changing[] = {
	{ "rt_sigaction", LOOK_SIGNALS }, { "sigaction", LOOK_SIGNALS }, { "signal", LOOK_SIGNALS },
	{ "prctl", LOOK_IDENTITY },	  { "setuid", LOOK_IDENTITY },	 { "setgid", LOOK_IDENTITY },
	{ "setreuid", LOOK_IDENTITY },	  { "setregid", LOOK_IDENTITY }, { "setresuid", LOOK_IDENTITY },
	{ "setresgid", LOOK_IDENTITY },	  { "setuid32", LOOK_IDENTITY }, { "setgid32", LOOK_IDENTITY },
	{ "setreuid32", LOOK_IDENTITY },  { "setregid32", LOOK_IDENTITY }, { "setresuid32", LOOK_IDENTITY },
	{ "setresgid32", LOOK_IDENTITY }, { "unshare", LOOK_PID_NS },	 { "setns", LOOK_PID_NS },
};

void watch__init(void)
{
	for (int abi = 0; abi < EV_ABI_MAX; abi++) {
		nr_seccomp[abi] = syscalls__number((enum ev_abi)abi, "seccomp");
		nr_prctl[abi] = syscalls__number((enum ev_abi)abi, "prctl");
		for (size_t i = 0; i < ARRAY_SIZE(changing); i++) {
			int nr = syscalls__number((enum ev_abi)abi, changing[i].name);

			if (nr >= 0 && nr < ST_NR_SYSCALLS)
				changes[abi][nr] |= changing[i].what;
		}
	}
}

static bool read_memory(pid_t tid, uint64_t addr, void *to, size_t size)
{
	struct iovec local = { to, size }, remote = { (void *)(uintptr_t)addr, size };

	return process_vm_readv(tid, &local, 1, &remote, 1, 0) == (ssize_t)size;
}

/* struct sock_fprog, as either kind of caller lays it out. */
static struct filters *read_filter(const struct task *k, uint64_t addr)
{
	struct { uint16_t len; uint16_t pad[3]; uint64_t insns; } wide;
	struct { uint16_t len; uint16_t pad; uint32_t insns; } narrow;
	static struct sock_filter insns[BPF_MAXINSNS];

	if (k->abi == EV_ABI_NATIVE) {
		if (!read_memory(k->tid, addr, &wide, sizeof(wide)))
			return NULL;
	} else {
		if (!read_memory(k->tid, addr, &narrow, sizeof(narrow)))
			return NULL;
		wide.len = narrow.len;
		wide.insns = narrow.insns;
	}
	if (!wide.len || wide.len > BPF_MAXINSNS || !read_memory(k->tid, wide.insns, insns, wide.len * sizeof(insns[0])))
		return NULL;
	return filters__push(k->filters, insns, wide.len);
}

void watch__enter(struct tracer *t, struct task *k)
{
	bool by_seccomp = k->nr == nr_seccomp[k->abi] && (uint32_t)k->args[0] == SECCOMP_SET_MODE_FILTER;
	bool by_prctl = k->nr == nr_prctl[k->abi] && (int)k->args[0] == PR_SET_SECCOMP && k->args[1] == SECCOMP_MODE_FILTER;

	/* before the scope: the launcher's own, which are known. Strict mode is a filter too, without a program */
	(void)t;
	k->installing = k->scope && (k->nr == nr_seccomp[k->abi] ? k->args[0] <= SECCOMP_SET_MODE_FILTER :
				     k->nr == nr_prctl[k->abi] && (int)k->args[0] == PR_SET_SECCOMP);
	k->wanted_tsync = false;
	if (!k->scope || (!by_seccomp && !by_prctl))
		return;
	filters__unref(k->wanted_filters);
	k->wanted_filters = read_filter(k, k->args[2]);
	k->wanted_tsync = by_seccomp && k->args[1] & SECCOMP_FILTER_FLAG_TSYNC;
}

static void synchronise(struct tracer *t, struct task *k, void *ctx)
{
	const struct task *caller = ctx;

	if (k->proc != caller->proc || k == caller)
		return;
	if (t->opts.by_filter)
		ptrace(PTRACE_INTERRUPT, k->tid, 0, 0L);
	k->own_filter = true;
	filters__unref(k->filters);
	k->filters = filters__ref(caller->filters);
}

void watch__exit(struct tracer *t, struct task *k, int64_t ret)
{
	struct filters *installed = steal_ptr(&k->wanted_filters);
	uint8_t change = k->nr >= 0 && k->nr < ST_NR_SYSCALLS ? changes[k->abi][k->nr] : 0;

	if (change & LOOK_SIGNALS)
		k->proc->signals_known = false;
	if (change & LOOK_IDENTITY)
		k->known = false;
	if (k->nr == nr_prctl[k->abi] && (int)k->args[0] == PR_SET_CHILD_SUBREAPER)
		k->proc->waits = true;
	if (change & LOOK_PID_NS)
		k->proc->other_pid_ns = true;
	if (!k->installing)
		return;
	k->installing = false;
	/* with TSYNC a thread that could not follow is told by its id; a listener's descriptor excludes that */
	if (ret < 0 || (ret > 0 && k->wanted_tsync && !(k->args[1] & SECCOMP_FILTER_FLAG_NEW_LISTENER))) {
		filters__unref(installed);
		return;
	}
	/* whatever it is, and even if we could not read it: a call that it decides about may pass by our own filter unseen */
	k->own_filter = true;
	if (installed) {
		filters__unref(k->filters);
		k->filters = installed;
	}
	if (k->wanted_tsync)
		tasks__each(t, synchronise, k);
}
