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
static int nr_sigaction[EV_ABI_MAX][3];

void watch__init(void)
{
	for (int abi = 0; abi < EV_ABI_MAX; abi++) {
		nr_seccomp[abi] = syscalls__number((enum ev_abi)abi, "seccomp");
		nr_prctl[abi] = syscalls__number((enum ev_abi)abi, "prctl");
		nr_sigaction[abi][0] = syscalls__number((enum ev_abi)abi, "rt_sigaction");
		nr_sigaction[abi][1] = syscalls__number((enum ev_abi)abi, "sigaction");
		nr_sigaction[abi][2] = syscalls__number((enum ev_abi)abi, "signal");
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

	/* before the scope: the launcher's own, which are known */
	if (!k->scope || (!by_seccomp && !by_prctl))
		return;
	(void)t;
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
	filters__unref(k->filters);
	k->filters = filters__ref(caller->filters);
}

void watch__exit(struct tracer *t, struct task *k, int64_t ret)
{
	struct filters *installed = steal_ptr(&k->wanted_filters);
	const int *sigaction = nr_sigaction[k->abi];

	if (k->nr == sigaction[0] || k->nr == sigaction[1] || k->nr == sigaction[2])
		k->proc->signals_known = false;
	if (!installed)
		return;
	/* with TSYNC a thread that could not follow is told by its id; a listener's descriptor excludes that */
	if (ret < 0 || (ret > 0 && k->wanted_tsync && !(k->args[1] & SECCOMP_FILTER_FLAG_NEW_LISTENER))) {
		filters__unref(installed);
		return;
	}
	filters__unref(k->filters);
	k->filters = installed;
	if (k->wanted_tsync)
		tasks__each(t, synchronise, k);
}
