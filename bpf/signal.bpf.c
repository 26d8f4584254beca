/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals as they take effect on the tasks in scope.
 *
 *   signal_deliver   tp_btf/signal_deliver   the receiver, about to run the handler or the default action
 *
 * Why this and not signal_generate: a generated signal may be blocked, ignored or merged; this one acts. Since 2.6
 * as a tracepoint; tp_btf since 5.5. Context: the receiving task on its way back to user mode. Missed: ignored
 * signals. A signal that ends a process reaches each thread as a SIGKILL without a sender: the real one stands in the
 * exit code of the group; where none does, it was an exit_group and no signal at all.
 */
#include "emit.bpf.h"
#include "task.bpf.h"

#define SIGKILL 9
#define SIGNAL_GROUP_EXIT 0x00000004 /* linux/sched/signal.h */
#define SI_USER 0
#define SI_TIMER -2 /* from here down to SI_TKILL there is a sender, but for timers */

struct rec_signal {
	struct ev_header h;
	struct ev_proc_signal e;
};

static __always_inline int signal__real(struct task_struct *task, int sig)
{
	struct signal_struct *signal = NULL;
	int flags = 0, code = 0;

	if (sig != SIGKILL)
		return sig;
	KGET(signal, task, signal);
	KGET(flags, signal, flags);
	KGET(code, signal, group_exit_code);
	return flags & SIGNAL_GROUP_EXIT ? code & 0x7f : sig;
}

SEC("tp_btf/signal_deliver")
int BPF_PROG(process_signal, int sig, struct kernel_siginfo *info, struct k_sigaction *ka)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct st_task *st = scope__current(task);
	struct rec_signal *r;
	unsigned long handler = 0;
	int code = 0, sender = 0;
	__u64 ts;

	if (!st)
		return 0;
	sig = signal__real(task, sig);
	if (!sig)
		return 0;
	counters__seen(EV_CLASS_PROCESS);
	ts = bpf_ktime_get_ns();
	r = bpf_ringbuf_reserve(&st_urgent, sizeof(*r), 0);
	if (!r) {
		counters__lost(EV_CLASS_PROCESS);
		return 0;
	}
	header__fill(&r->h, ts, st, bpf_get_current_pid_tgid(), EV_PROC_SIGNAL, 0);
	task__fill(&r->e.task, task, st);
	KGET(code, info, si_code);
	if (code <= SI_USER && code != SI_TIMER)
		KGET(sender, info, _sifields._kill._pid);
	KGET(handler, ka, sa.sa_handler);
	r->e.signal = sig;
	r->e.code = code;
	r->e.sender_pid = sender;
	r->e.handled = handler > 1; /* SIG_DFL 0, SIG_IGN 1 */
	emit__submit_process(r);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
