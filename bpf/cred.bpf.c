/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials that a task changes, before and after.
 *
 *   task_fix_setuid   setuid, setreuid, setresuid, setfsuid
 *   task_fix_setgid   the same of groups
 *   capset
 *   commit_creds      fentry: supplementary groups, and the user namespace that unshare or setns puts a task into
 *
 * Why LSM hooks: the new credentials are complete and not yet in force, whichever call made them. Since 5.7, setgid since 5.9.
 * Of groups there is a hook since 6.0 only, of an entered user namespace none: but all of them pass commit_creds, which
 * cannot fail (fentry: since 5.5, arm64 6.0). Context: the caller; they do not sleep. Recorded, not judged; and only what
 * changes something, except groups, which are told when they are set, to the same ones too.
 *
 * Missed: exec changes credentials too, and is told there (EV_PROC_EXEC, EV_IMG_*). The user namespace of a clone, told by
 * bpf/namespace.bpf.c. What a request of io_uring is done with, if its ring was given other credentials before.
 */
#include "guard.bpf.h"
#include "rate.bpf.h"

struct rec_cred {
	struct ev_header h;
	struct ev_cred e;
};

/* kernel_cap_t: two words of 32 bits before 6.3, one of 64 since, with the same bits in the same places. */
#define CAPS_GET(dst, cred, member) bpf_probe_read_kernel(&(dst), sizeof(__u64), &(cred)->member)

/* What a call may leave as it was: the eight ids are one block, and so are the five sets of capabilities. */
struct cred_values {
	__u64 ids[4], caps[5];
};

static __always_inline bool cred__same(const struct cred *new, const struct cred *old)
{
	struct cred_values a = {}, b = {};
	__u64 differ = 0;

	bpf_probe_read_kernel(a.ids, sizeof(a.ids), &new->uid);
	bpf_probe_read_kernel(b.ids, sizeof(b.ids), &old->uid);
	bpf_probe_read_kernel(a.caps, sizeof(a.caps), &new->cap_inheritable);
	bpf_probe_read_kernel(b.caps, sizeof(b.caps), &old->cap_inheritable);
	for (int i = 0; i < 4; i++)
		differ |= a.ids[i] ^ b.ids[i];
	for (int i = 0; i < 5; i++)
		differ |= a.caps[i] ^ b.caps[i];
	return !differ;
}

static __always_inline void cred__record(struct st_task *st, __u32 op, const struct cred *new, const struct cred *old)
{
	__u64 ts = bpf_ktime_get_ns();
	struct rec_cred *r;

	if (!volume__admits(st, EV_CLASS_KERNEL, ST_EVENTS_CREDENTIALS, false))
		return;
	r = bpf_ringbuf_reserve(&st_urgent, sizeof(*r), 0);
	if (!r) {
		counters__lost(EV_CLASS_KERNEL);
		return;
	}
	header__fill(&r->h, ts, st, bpf_get_current_pid_tgid(), EV_CRED, 0);
	task__fill(&r->e.task, bpf_get_current_task_btf(), st);
	r->e.act = (struct ev_act){ .op = op };
	KGET(r->e.new_uid, new, uid.val);
	KGET(r->e.new_euid, new, euid.val);
	KGET(r->e.new_gid, new, gid.val);
	KGET(r->e.new_egid, new, egid.val);
	CAPS_GET(r->e.old_caps, old, cap_effective);
	CAPS_GET(r->e.new_caps, new, cap_effective);
	CAPS_GET(r->e.new_permitted, new, cap_permitted);
	emit__submit_act(&st_urgent, r, EV_CLASS_KERNEL, true);
}

static __always_inline int cred__emit(__u32 op, const struct cred *new, const struct cred *old)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());

	if (st && !cred__same(new, old))
		cred__record(st, op, new, old);
	return 0;
}

/* After the capabilities that a change of uid takes along were worked out: that module comes first. */
SEC("?lsm/task_fix_setuid")
int BPF_PROG(cred_setuid, struct cred *new, const struct cred *old)
{
	return cred__emit(EV_CRED_SETUID, new, old);
}

SEC("?lsm/task_fix_setgid")
int BPF_PROG(cred_setgid, struct cred *new, const struct cred *old)
{
	return cred__emit(EV_CRED_SETGID, new, old);
}

SEC("?lsm/capset")
int BPF_PROG(cred_capset, struct cred *new, const struct cred *old)
{
	return cred__emit(EV_CRED_CAPSET, new, old);
}

SEC("?fentry/commit_creds")
int BPF_PROG(cred_commit, struct cred *new)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct st_task *st = scope__current(task);
	struct user_namespace *from = NULL, *to = NULL;
	struct group_info *had = NULL, *gets = NULL;
	const struct cred *old = NULL;

	if (!st)
		return 0;
	KGET(old, task, real_cred);
	KGET(from, old, user_ns);
	KGET(to, new, user_ns);
	if (from != to)
		cred__record(st, EV_CRED_USERNS, new, old);
	KGET(had, old, group_info);
	KGET(gets, new, group_info);
	if (had != gets)
		cred__record(st, EV_CRED_SETGROUPS, new, old);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
