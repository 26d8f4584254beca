/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every system call of the tasks in scope: profile "syscalls".
 *
 *   syscall_enter   tp_btf/sys_enter   stamps time, number and abi in task storage
 *   syscall_exit    tp_btf/sys_exit    builds and emits the record
 *
 * Why these: one pair of hooks sees every call of every ABI; task storage, looked up twice, is cheaper than any
 * map keyed by pid and cannot be confused by pid reuse. tp_btf since 5.5, task storage in it by 6.1 (not in
 * 5.10). Context: the calling task, may not sleep.
 *
 * What is missed: calls that never return have no exit; they are recorded when their task dies
 * (process.bpf.c) and, for a successful execve, at sched_process_exec. A call that seccomp refuses has no enter:
 * it is recorded at its exit, marked EV_F_NO_ENTER.
 *
 * Where calls only stand in for the hooks of the security profile, syscall_exit does without syscall_enter, which is half of what
 * an untouched call costs: the registers still hold number and arguments when it returns. Missed then: durations, whether
 * seccomp refused it, and calls that do not return; a successful execve is told as a process record alone.
 *
 * There opens are told by what they returned, as records of files: opens__record in file.bpf.c. One that seccomp answers in the
 * kernel's place with the call's own number (SECCOMP_RET_TRAP) looks, without syscall_enter, like one that returned that descriptor.
 */
#include "syscall.bpf.h"
#include "opens.bpf.h"

/* Tasks armed by the launcher, and newborn ones: off the fast path. True: the call is to be recorded. */
static __noinline bool enter__first(struct st_task *st, __u32 abi, __u32 nr)
{
	const volatile struct st_plan *plan;

	st->flags &= ~ST_TASK_NEWBORN;
	if (!(st->flags & ST_TASK_ARMED))
		return true;
	/* armed: the launcher's own calls up to its execve are not the command's */
	plan = plan__get(abi, nr);
	if (!plan || !(plan->flags & ST_PLAN_EXEC))
		return false;
	st->flags = (st->flags & ~ST_TASK_ARMED) | ST_TASK_SCOPE;
	return true;
}

static __always_inline void enter__closing(struct task_struct *task, struct pt_regs *regs, __u32 abi)
{
	struct path_small *closing = bpf_task_storage_get(&st_closing, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	__u64 args[6];

	syscall__args(regs, abi, args);
	if (closing)
		fd__small(closing, 0, args[0]);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(syscall_enter, struct pt_regs *regs, long id)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct st_task *st = task__state(task);
	const volatile struct st_plan *known;
	__u8 plan;
	__u32 abi;

	if (st_cfg.scope_cgroup && !(st && st->flags & ST_TASK_SCOPE))
		st = scope__adopt(task, st);
	if (!st)
		return 0;
	abi = syscall__abi(task, &id);
	if (st->flags & (ST_TASK_ARMED | ST_TASK_NEWBORN) && !enter__first(st, abi, id))
		return 0;
	st->nr = id;
	st->abi = abi;
	st->flags = (st->flags & ~ST_TASK_REFUSED) | ST_TASK_IN_CALL;
	known = plan__get(abi, id);
	plan = known ? known->flags : st_cfg.interest_beyond ? ST_PLAN_INTEREST : 0;
	if (!(plan & ST_PLAN_INTEREST)) {
		st->enter_ts = 0;
		return 0;
	}
	if (plan & ST_PLAN_EXEC) {
		__u64 args[6];

		syscall__args(regs, abi, args);
		for (int i = 0; i < 5; i++)
			st->exec_args[i] = args[i];
	}
	if (st_cfg.fd_paths && plan & ST_PLAN_CLOSES)
		enter__closing(task, regs, abi);
	st->enter_ts = bpf_ktime_get_ns();
	return 0;
}

/* Global functions: the verifier checks each once, not at each of its calls. */
__noinline int mem__small(struct mem_small *m, __u32 mem, struct ev_syscall *s)
{
	return m && s ? mem__copy(&m->p, SMALL_MEM, mem, s) : 0;
}

__noinline int mem__large(struct mem_large *m, __u32 mem, struct ev_syscall *s)
{
	return m && s ? mem__copy(&m->p, LARGE_MEM, mem, s) : 0;
}

/* Fills the slots of any layout; offsets are constants, so this costs the verifier nothing. */
#define MEM_FILL(rec, n_slots, plan, copy)                                                         \
	({                                                                                         \
		int _cut = 0;                                                                      \
		__u16 *_link = &(rec)->h.parts;                                                    \
		_Pragma("unroll") for (int _i = 0; _i < (n_slots); _i++)                           \
		{                                                                                  \
			if (!(plan)->mem[_i])                                                      \
				break;                                                             \
			_cut |= copy(&(rec)->mem[_i], (plan)->mem[_i], &(rec)->s);                 \
			*_link = (char *)&(rec)->mem[_i] - (char *)(rec);                          \
			_link = &(rec)->mem[_i].p.next;                                            \
		}                                                                                  \
		_cut;                                                                              \
	})

/* -y: looks up each planned descriptor, behind what MEM_FILL wrote. */
static __always_inline int fds__one(struct path_small *m, __u8 slot, const struct call *c, const __u64 *args, bool closes)
{
	struct path_small *closing;
	__u8 arg = slot - 1;

	if (slot == ST_FD_RESULT) {
		if (c->ret < 0)
			return 0;
		fd__small(m, EV_PART_RESULT, c->ret);
	} else if (closes) {
		if (c->flags & EV_F_NO_ENTER) /* what was looked up belongs to an earlier close */
			return 0;
		closing = bpf_task_storage_get(&st_closing, bpf_get_current_task_btf(), 0, 0);
		if (!closing || bpf_probe_read_kernel(m, sizeof(*m), closing))
			return 0;
	} else {
		fd__small(m, arg, args[arg < 6 ? arg : 0]);
	}
	return m->p.state != EV_PART_NULL;
}

#define FDS_FILL(rec, plan, c)                                                                     \
	({                                                                                         \
		__u16 *_link = &(rec)->h.parts;                                                    \
		_Pragma("unroll") for (int _i = 0; _i < ST_MEM_SLOTS; _i++) if ((plan)->mem[_i])   \
			_link = &(rec)->mem[_i].p.next;                                            \
		_Pragma("unroll") for (int _i = 0; _i < ST_FD_SLOTS; _i++)                         \
		{                                                                                  \
			if (!(plan)->fd[_i])                                                       \
				break;                                                             \
			if (!fds__one(&(rec)->fd[_i], (plan)->fd[_i], c, (rec)->s.args,            \
				      (plan)->flags & ST_PLAN_CLOSES))                             \
				continue;                                                          \
			*_link = (char *)&(rec)->fd[_i] - (char *)(rec);                           \
			_link = &(rec)->fd[_i].p.next;                                             \
		}                                                                                  \
	})

/* Errors that a sandbox can be the reason of: EPERM, ENOENT, EACCES, EXDEV, ENOTDIR, EROFS, ELOOP. */
#define DENIAL_ERRORS (1ULL << 1 | 1ULL << 2 | 1ULL << 13 | 1ULL << 18 | 1ULL << 20 | 1ULL << 30 | 1ULL << 40)

#define PROT_EXEC 4 /* uapi asm-generic/mman-common.h */

/* Whether the path in argument I, as the caller's memory has it, does not begin at the root. */
static __always_inline bool base__needed(struct pt_regs *regs, __u32 abi, __u64 i)
{
	__u64 args[6];
	char first = '/';

	syscall__args(regs, abi, args);
	if (i == ST_BASE_MAPPED)
		return args[2] & PROT_EXEC && (int)args[4] >= 0;
	asm volatile("if %0 < 6 goto +1; %0 = 5" : "+r"(i));
	return args[i] && !bpf_probe_read_user(&first, 1, (const void *)args[i]) && first != '/';
}

/* The slots of PLAN's bases that this failed call has a use for: bit 0 and bit 1. Kept off the path of what succeeds. */
static __noinline int bases__needed(struct pt_regs *regs, long ret, __u32 abi, __u32 base)
{
	int need = 0;

	if (ret > -1 || ret < -63 || !(DENIAL_ERRORS >> -ret & 1))
		return 0;
	if (base__needed(regs, abi, base & 7))
		need |= 1;
	if (base >> 4 && base__needed(regs, abi, base >> 4 & 7))
		need |= 2;
	return need;
}

#define BASES_FILL(rec, n_slots, n_bases, plan, c)                                                 \
	({                                                                                         \
		__u16 *_link = &(rec)->h.parts;                                                    \
		_Pragma("unroll") for (int _i = 0; _i < (n_slots); _i++) if ((plan)->mem[_i])      \
			_link = &(rec)->mem[_i].p.next;                                            \
		_Pragma("unroll") for (int _i = 0; _i < (n_bases); _i++)                           \
		{                                                                                  \
			__u8 _b = (plan)->base >> 4 * _i & 15;                                     \
			if (!((c)->bases & 1 << _i))                                               \
				continue;                                                          \
			if (_b >= ST_BASE_CWD(0))                                                  \
				fd__small(&(rec)->base[_i], EV_PART_CWD, AT_FDCWD);                \
			else                                                                       \
				base__fd(&(rec)->base[_i], _b, (rec)->s.args);                     \
			*_link = (char *)&(rec)->base[_i] - (char *)(rec);                         \
			_link = &(rec)->base[_i].p.next;                                           \
		}                                                                                  \
	})
#define BASES_FILL_1(rec, plan, c) BASES_FILL(rec, 1, 1, plan, c)
#define BASES_FILL_3(rec, plan, c) BASES_FILL(rec, ST_MEM_SLOTS, ST_BASE_SLOTS, plan, c)

/* PATH_ARG is the path's index; its directory's descriptor stands before it. */
static __always_inline void base__fd(struct path_small *m, __u64 path_arg, const __u64 *args)
{
	__u64 i = path_arg == ST_BASE_MAPPED ? 4 : path_arg - 1;

	asm volatile("if %0 < 6 goto +1; %0 = 5" : "+r"(i));
	fd__small(m, i, args[i]);
}

static __always_inline int emit__plain(const struct call *c, struct pt_regs *regs, void *ring)
{
	struct rec_plain *r = bpf_ringbuf_reserve(ring, sizeof(*r), 0);

	if (!r)
		return -1;
	syscall__fill(&r->h, &r->s, c);
	syscall__args(regs, c->abi, r->s.args);
	emit__submit_syscall(ring, r, sizeof(*r), c->st);
	return 0;
}

/* One function per layout. 0, -1: ring full, 1: a string did not fit and the layout is not the last. */
#define EMIT_LAYOUT(name, rec, slots, copy, retry, fill_fds)                                       \
	static __noinline int name(const struct call *c, struct pt_regs *regs, void *ring,         \
				   const struct st_plan *plan)                                     \
	{                                                                                          \
		struct rec *r = bpf_ringbuf_reserve(ring, sizeof(*r), 0);                          \
		int cut;                                                                           \
												   \
		if (!r)                                                                            \
			return -1;                                                                 \
		syscall__fill(&r->h, &r->s, c);                                                    \
		syscall__args(regs, c->abi, r->s.args);                                            \
		cut = MEM_FILL(r, slots, plan, copy);                                              \
		if (cut && retry) {                                                                \
			emit__discard(r);                                                          \
			return 1;                                                                  \
		}                                                                                  \
		fill_fds(r, plan, c);                                                              \
		emit__submit_syscall(ring, r, sizeof(*r), c->st);                                           \
		return 0;                                                                          \
	}
#define NO_FDS(rec, plan, c)
EMIT_LAYOUT(emit__small1, rec_small1, 1, mem__small, true, NO_FDS)
EMIT_LAYOUT(emit__small3, rec_small3, ST_MEM_SLOTS, mem__small, true, NO_FDS)
EMIT_LAYOUT(emit__large1, rec_large1, 1, mem__large, false, NO_FDS)
EMIT_LAYOUT(emit__large3, rec_large3, ST_MEM_SLOTS, mem__large, false, NO_FDS)
EMIT_LAYOUT(emit__small_fds, rec_small_fds, ST_MEM_SLOTS, mem__small, true, FDS_FILL)
EMIT_LAYOUT(emit__large_fds, rec_large_fds, ST_MEM_SLOTS, mem__large, false, FDS_FILL)
EMIT_LAYOUT(emit__small1_base, rec_small1_base, 1, mem__small, true, BASES_FILL_1)
EMIT_LAYOUT(emit__small3_base, rec_small3_base, ST_MEM_SLOTS, mem__small, true, BASES_FILL_3)
EMIT_LAYOUT(emit__large3_base, rec_large3_base, ST_MEM_SLOTS, mem__large, false, BASES_FILL_3)

/* In place of the layouts below, -y's included: the descriptors of such a call are these, or of no interest. */
static __noinline int emit__base(const struct call *c, struct pt_regs *regs, void *ring, const struct st_plan *plan)
{
	int err = 1;

	if (!plan->mem[1])
		err = emit__small1_base(c, regs, ring, plan);
	else
		err = emit__small3_base(c, regs, ring, plan);
	return err > 0 ? emit__large3_base(c, regs, ring, plan) : err;
}

/* A call that maps has returned; one on i386 that takes a pointer to its arguments is looked at whatever they are. */
static __noinline void opens__map_returned(struct st_task *st, struct pt_regs *regs, long ret, __u32 abi)
{
	__u64 args[6];

	syscall__args(regs, abi, args);
	if (ret >= -4095 && ret < 0)
		return;
	if (args[2] & PROT_EXEC || (abi == EV_ABI_COMPAT32 && ret))
		opens__mapped(MARK(st), ret ?: args[0], ret ? EV_FILE_MMAP_EXEC : EV_FILE_MPROTECT_EXEC);
}

/* An open that has returned. Not a function of its own: verifiers of 6.1 find the stacks together too large. */
static __always_inline void opens__returned(struct st_task *st, struct pt_regs *regs, long fd, __u32 abi, __u32 plan)
{
	__u64 args[6], flags;

	if (fd < 0)
		return;
	syscall__args(regs, abi, args);
	flags = (plan & ST_PLAN_OPENS) == ST_PLAN_OPENS_AT1 ? args[1] : args[2];
	/* a claim, read when it was used: it can only make a reader of who emptied a file without being able to write to it */
	if ((plan & ST_PLAN_OPENS) == ST_PLAN_OPENS_HOW && bpf_probe_read_user(&flags, sizeof(flags), (void *)args[2]))
		flags = 0;
	opens__record(MARK(st), fd, flags);
}

/* The number first: most calls, of most tasks, are none of these. NULL: not to be recorded. */
static __always_inline struct st_task *exit__only(struct task_struct *task, struct pt_regs *regs, long ret)
{
	const volatile struct st_plan *known;
	long nr = syscall__nr_at_exit(regs);
	__u32 abi = syscall__abi(task, &nr);
	__u8 plan;

	known = plan__get(abi, nr);
	plan = known ? known->flags : 0;
	if (!(plan & (ST_PLAN_INTEREST | ST_PLAN_OPENS | ST_PLAN_MAPS)) || (plan & ST_PLAN_EXEC && !ret))
		return NULL;
	return scope__current(task);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(syscall_exit, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct st_task *st = st_cfg.exit_only ? exit__only(task, regs, ret) : task__state(task);
	struct st_plan plan = { .flags = st_cfg.interest_beyond ? ST_PLAN_INTEREST : 0 };
	const volatile struct st_plan *known;
	struct call c = {};
	void *ring;
	long nr;
	int err;

	if (!st || !(st->flags & ST_TASK_SCOPE))
		return 0;
	if (!st_cfg.exit_only && st->flags & (ST_TASK_NEWBORN | ST_TASK_EXEC_DONE)) {
		st->flags &= ~(ST_TASK_NEWBORN | ST_TASK_EXEC_DONE | ST_TASK_IN_CALL);
		return 0;
	}
	/* the number and abi seen at entry are the truth: execve changes both, sigreturn wipes one */
	if (st->flags & ST_TASK_IN_CALL) {
		st->flags &= ~ST_TASK_IN_CALL;
		if (!st->enter_ts && !st_cfg.opens)
			return 0;
		nr = st->nr;
		c.abi = st->abi;
	} else {
		nr = syscall__nr_at_exit(regs);
		c.abi = syscall__abi(task, &nr);
		if (!st_cfg.exit_only) {
			c.flags = EV_F_NO_ENTER;
			st->flags |= ST_TASK_REFUSED;
		}
	}
	c.nr = nr;
	known = plan__get(c.abi, c.nr);
	if (known)
		plan = *(const struct st_plan *)known;
	if (st_cfg.opens && plan.flags & ST_PLAN_OPENS && !(c.flags & EV_F_NO_ENTER))
		opens__returned(st, regs, ret, c.abi, plan.flags);
	else if (st_cfg.opens && plan.flags & ST_PLAN_MAPS && !(c.flags & EV_F_NO_ENTER))
		opens__map_returned(st, regs, ret, c.abi);
	if (!(plan.flags & ST_PLAN_INTEREST))
		return 0;
	if (!(++st->seen & WAKE_CHECK_MASK) && st_cfg.aggregate)
		counters__flush(st);
	c.ts = bpf_ktime_get_ns();
	c.duration = c.flags & EV_F_NO_ENTER || st_cfg.exit_only ? 0 : c.ts - st->enter_ts;
	c.ret = ret;
	c.st = st;
	if (st_cfg.aggregate)
		return count__add(&c);
	c.pid_tgid = (__u64)task->tgid << 32 | (__u32)task->pid;
	ring = emit__bulk_ring(c.pid_tgid >> 32);
	if (!ring)
		return 0;
	if (st_cfg.deny_paths && ret < 0 && plan.base)
		c.bases = bases__needed(regs, ret, c.abi, plan.base);
	if (st_cfg.deny_paths && c.bases) {
		err = emit__base(&c, regs, ring, &plan);
	} else if (st_cfg.fd_paths && plan.fd[0]) {
		err = emit__small_fds(&c, regs, ring, &plan);
		if (err > 0)
			err = emit__large_fds(&c, regs, ring, &plan);
	} else if (!plan.mem[0]) {
		err = emit__plain(&c, regs, ring);
	} else if (!plan.mem[1]) {
		err = emit__small1(&c, regs, ring, &plan);
		if (err > 0)
			err = emit__large1(&c, regs, ring, &plan);
	} else {
		err = emit__small3(&c, regs, ring, &plan);
		if (err > 0)
			err = emit__large3(&c, regs, ring, &plan);
	}
	if (err < 0)
		counters__lost(EV_CLASS_SYSCALL);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
