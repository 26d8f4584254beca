/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Birth, image and death of the tasks in scope. Scope itself is inherited here, before a child can run; where there are LSM
 * hooks, earlier (bpf/birth.bpf.c).
 *
 *   process_fork   tp_btf/sched_process_fork   parent's context, before the child is woken: no call is missed
 *   process_exec   tp_btf/sched_process_exec   the new image is in place, the call can no longer fail
 *   process_exit   tp_btf/sched_process_exit   late in do_exit: exit code final, memory on its way out
 *
 * Why tracepoints and not the calls' own records: a fork is seen by its return in two tasks in either order, a
 * successful execve leaves no arguments behind, and death by signal has no call at all.
 * Missed: a child whose state cannot be allocated (memory pressure) is counted as lost, class process. Of a script the flags
 * are those of its interpreter, for that is the program. A set-id bit or capabilities of a file that binfmt_misc is told to
 * take them from (its flag C).
 */
#include "path.bpf.h"
#include "syscall.bpf.h"

struct rec_spawn {
	struct ev_header h;
	struct ev_proc_spawn e;
};

struct rec_exit {
	struct ev_header h;
	struct ev_proc_exit e;
};

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	struct st_task *pst = scope__current(parent), *st;
	bool thread = parent->tgid == child->tgid;
	struct rec_spawn *r;
	__u64 ts;

	if (!pst || (!st_cfg.follow_forks && !thread))
		return 0;
	counters__seen(EV_CLASS_PROCESS);
	st = bpf_task_storage_get(&st_tasks, child, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!st) {
		counters__lost(EV_CLASS_PROCESS);
		return 0;
	}
	/* with LSM hooks it was marked before (bpf/birth.bpf.c) */
	if (!(st->flags & ST_TASK_SCOPE))
		task__mark(st, pst, thread, NEWBORN_FLAG);

	ts = bpf_ktime_get_ns();
	r = bpf_ringbuf_reserve(&st_urgent, sizeof(*r), 0);
	if (!r) {
		counters__lost(EV_CLASS_PROCESS);
		return 0;
	}
	header__fill(&r->h, ts, pst, bpf_get_current_pid_tgid(), EV_PROC_SPAWN, thread ? EV_F_THREAD : 0);
	task__fill(&r->e.task, parent, pst);
	task__ns_pids(child, &r->e.task.ns_pid, &r->e.task.ns_tid);
	r->e.child_exec_id = st->exec_id;
	r->e.child_pid = child->tgid;
	r->e.child_tid = child->pid;
	emit__submit_process(r);
	return 0;
}

/* Sizes of an exec record's parts: the small layout holds nearly all; the large one every legal value. */
#define EXEC_STR_SMALL 256
#define EXEC_STR_LARGE LARGE_MEM
#define EXEC_ARGV_SMALL 1024
#define EXEC_ARGV_LARGE EV_ARGV_MAX

#define EXEC_LAYOUT(name, str, pathtype, arg)                                                           \
	struct name {                                                                              \
		struct ev_header h;                                                                \
		struct ev_proc_exec e;                                                             \
		struct { struct ev_part p; char data[str]; } path;                                 \
		struct { struct ev_part p; char data[str]; } interp;                               \
		struct pathtype exe;                                                               \
		struct pathtype cwd;                                                               \
		struct { struct ev_part p; char data[arg]; } argv;                                 \
	}
EXEC_LAYOUT(rec_exec_small, EXEC_STR_SMALL, path_small, EXEC_ARGV_SMALL);
EXEC_LAYOUT(rec_exec_large, EXEC_STR_LARGE, path_large, EXEC_ARGV_LARGE);

/* The execve's own syscall record, with the kernel's copy of the path and the argv the new image will see. */
#define EXEC_CALL_LAYOUT(name, str, arg)                                                           \
	struct name {                                                                              \
		struct ev_header h;                                                                \
		struct ev_syscall s;                                                               \
		struct { struct ev_part p; char data[str]; } path;                                 \
		struct { struct ev_part p; char data[arg]; } argv;                                 \
	}
EXEC_CALL_LAYOUT(rec_call_small, EXEC_STR_SMALL, EXEC_ARGV_SMALL);
EXEC_CALL_LAYOUT(rec_call_large, EXEC_STR_LARGE, EXEC_ARGV_LARGE);

struct exec_facts {
	const char *filename, *interp;
	struct file *file;
	struct fs_struct *fs;
	__u64 arg_start, arg_len;
	__u64 ts;
	__u32 old_pid;
	__u32 per_clear;
	__u16 secure;
};

#define OVERLAYFS_SUPER_MAGIC 0x794c7630

/*
 * In the upper layer of an overlay: what the kernel keeps beside such an inode is a pointer to the file there, NULL while there is
 * none. That structure is a module's and private, but the pointer has stood right behind the inode since 4.13; it is
 * believed when it leads to a dentry with an inode of the dentry's own file system. Missed: nothing that was written; with metacopy=on
 * a file counts of which only mode or owner were changed.
 */
static __always_inline bool image__is_upper(struct inode *inode)
{
	struct dentry *upper = NULL;
	struct super_block *sb = NULL, *of_inode = NULL;
	struct inode *real = NULL;

	bpf_probe_read_kernel(&upper, sizeof(upper), (void *)inode + bpf_core_type_size(struct inode));
	if (!upper)
		return false;
	KGET(real, upper, d_inode);
	KGET(sb, upper, d_sb);
	KGET(of_inode, real, i_sb);
	return real && sb && sb == of_inode;
}

#define S_ISUID 04000
#define S_ISGID 02000
#define S_IXGRP 00010
#define PFA_NO_NEW_PRIVS (1UL << 0)

/* The user namespace's own root, as all others count; its map of at most five ranges stands in place, and a longer one is not read. */
static __always_inline __u32 cred__root(const struct cred *cred)
{
	struct uid_gid_extent ranges[5] = {};
	struct user_namespace *ns = NULL;

	KGET(ns, cred, user_ns);
	bpf_probe_read_kernel(ranges, sizeof(ranges), &ns->uid_map.extent);
	for (int i = 0; i < 5; i++)
		if (!ranges[i].first && ranges[i].count)
			return ranges[i].lower_first;
	return ~0U;
}

/*
 * What the file added to who runs it. A set-id bit was heeded if the kernel noted that (per_clear) and the id is the file's, or
 * at least no more the real one: a mount without set-id, no_new_privs and a tracer undo it. Whoever is not root has no
 * capabilities after an exec but the ambient ones, unless from the file; to root, who has them all, files add none.
 */
static __always_inline __u32 image__privileges(const struct exec_facts *x, struct inode *inode)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct cred *cred = NULL;
	__u64 permitted = 0, ambient = 0;
	unsigned long no_new_privs = 0;
	__u32 uid = 0, euid = 0, gid = 0, egid = 0, of_file = 0, root, flags = 0;
	__u16 mode = 0;

	KGET(cred, task, cred);
	KGET(uid, cred, uid.val);
	KGET(euid, cred, euid.val);
	KGET(gid, cred, gid.val);
	KGET(egid, cred, egid.val);
	KGET(mode, inode, i_mode);
	KGET(no_new_privs, task, atomic_flags);
	if (x->per_clear && !(no_new_privs & PFA_NO_NEW_PRIVS)) {
		KGET(of_file, inode, i_uid.val);
		if (mode & S_ISUID && (euid == of_file || euid != uid))
			flags |= EV_IMG_SETUID;
		KGET(of_file, inode, i_gid.val);
		if ((mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && (egid == of_file || egid != gid))
			flags |= EV_IMG_SETGID;
	}
	bpf_probe_read_kernel(&permitted, sizeof(permitted), &cred->cap_permitted);
	bpf_probe_read_kernel(&ambient, sizeof(ambient), &cred->cap_ambient);
	if (!(permitted & ~ambient))
		return flags;
	root = cred__root(cred);
	if (uid != root && euid != root)
		flags |= EV_IMG_FILE_CAPS;
	return flags;
}

#define TMPFS_MAGIC 0x01021994

static __always_inline __u32 image__flags(const struct exec_facts *x, struct inode *inode)
{
	struct super_block *sb = NULL;
	struct dentry *dentry = NULL;
	const unsigned char *name = NULL;
	unsigned long magic = 0;
	__u32 nlink = 1;
	union {
		char text[8];
		__u64 word;
	} start = {}, memfd = { .text = "memfd:" };
	__u32 flags = 0;

	flags = image__privileges(x, inode);
	if (x->secure)
		flags |= EV_IMG_SECURE;
	if (x->interp != x->filename)
		flags |= EV_IMG_SCRIPT;
	KGET(nlink, inode, i_nlink);
	KGET(sb, inode, i_sb);
	KGET(magic, sb, s_magic);
	if (nlink == 0)
		flags |= EV_IMG_DELETED;
	if (magic == OVERLAYFS_SUPER_MAGIC && image__is_upper(inode))
		flags |= EV_IMG_UPPER;
	/* a memfd is a nameless tmpfs file whose dentry is called memfd:NAME; tmpfs files of that name have links */
	if (nlink == 0 && magic == TMPFS_MAGIC &&
	    !bpf_probe_read_kernel(&dentry, sizeof(dentry), &x->file->f_path.dentry) &&
	    !bpf_probe_read_kernel(&name, sizeof(name), &dentry->d_name.name) && bpf_probe_read_kernel_str(start.text, 7, name) == 7 &&
	    start.word == memfd.word)
		flags |= EV_IMG_MEMFD;
	return flags;
}

static __always_inline long part__kstr(struct ev_part *p, __u32 room, __u8 id, const char *src)
{
	long n = bpf_probe_read_kernel_str(p + 1, room, src);

	part__fill(p, id, EV_PT_STR, n > 0 ? n - 1 : n, n == room ? 0 : n - 1, n == room ? EV_PART_TRUNCATED : EV_PART_OK);
	return n;
}

/* The whole block of strings in one copy: it is contiguous, as the kernel just laid it. */
static __always_inline void part__argv(struct ev_part *p, const __u64 room, __u8 id, const struct exec_facts *x)
{
	__u64 n = x->arg_len;
	long err;

	/* in one register, or older verifiers lose the bound */
	asm volatile("if %0 < %1 goto +1; %0 = %1" : "+r"(n) : "r"(room));
	err = bpf_probe_read_user(p + 1, n, (const void *)x->arg_start);
	part__fill(p, id, EV_PT_ARGV, err ? -1 : (long)n, x->arg_len, n < x->arg_len ? EV_PART_TRUNCATED : EV_PART_OK);
}

#define EXEC_FILL(r, path_fn)                                                                          \
	do {                                                                                       \
		part__kstr(&(r)->path.p, sizeof((r)->path.data), EV_EXEC_PATH, x->filename);       \
		part__argv(&(r)->argv.p, sizeof((r)->argv.data), EV_EXEC_ARGV, x);                 \
		path_fn(&(r)->exe, EV_EXEC_EXE, (__u64)&x->file->f_path, (__u64)&x->fs->root);     \
		path_fn(&(r)->cwd, EV_EXEC_CWD, (__u64)&x->fs->pwd, (__u64)&x->fs->root);          \
		part__kstr(&(r)->interp.p, sizeof((r)->interp.data), EV_EXEC_INTERP, x->interp);   \
		(r)->h.parts = __builtin_offsetof(__typeof__(*(r)), path);                         \
		(r)->path.p.next = __builtin_offsetof(__typeof__(*(r)), interp);                   \
		(r)->interp.p.next = __builtin_offsetof(__typeof__(*(r)), exe);                    \
		(r)->exe.p.next = __builtin_offsetof(__typeof__(*(r)), cwd);                       \
		(r)->cwd.p.next = __builtin_offsetof(__typeof__(*(r)), argv);                      \
	} while (0)

static __always_inline void exec__fill(struct ev_header *h, struct ev_proc_exec *e, __u64 ts,
				       const struct st_task *st, const struct exec_facts *x)
{
	struct inode *inode = NULL;
	struct super_block *sb = NULL;
	__u32 dev = 0;

	KGET(inode, x->file, f_inode);
	KGET(sb, inode, i_sb);
	KGET(dev, sb, s_dev);
	KGET(e->inode, inode, i_ino);
	header__fill(h, ts, st, bpf_get_current_pid_tgid(), EV_PROC_EXEC, 0);
	task__fill(&e->task, bpf_get_current_task_btf(), st);
	e->dev_major = dev >> 20;
	e->dev_minor = dev & 0xfffff;
	e->old_tid = x->old_pid;
	e->image_flags = image__flags(x, inode);
}

#define PART_CUT(part) (r->part.p.state == EV_PART_TRUNCATED)

/* 0, -1: ring full, 1: a string did not fit. Time before reserving: what the reader's order rests on. */
#define EXEC_EMIT(name, rec, path_fn, retry)                                                       \
	__noinline int name(struct st_task *st, struct exec_facts *x)                              \
	{                                                                                          \
		__u64 ts = bpf_ktime_get_ns();                                                     \
		struct rec *r;                                                                     \
											   \
		if (!st || !x)                                                                     \
			return -1;                                                                 \
		r = bpf_ringbuf_reserve(&st_urgent, sizeof(*r), 0);                                \
		if (!r)                                                                            \
			return -1;                                                                 \
		exec__fill(&r->h, &r->e, ts, st, x);                                               \
		EXEC_FILL(r, path_fn);                                                             \
		if (retry && (PART_CUT(path) || PART_CUT(interp) || PART_CUT(exe) || PART_CUT(cwd))) { \
			emit__discard(r);                                                          \
			return 1;                                                                  \
		}                                                                                  \
		emit__submit_process(r);                                                           \
		return 0;                                                                          \
	}
EXEC_EMIT(exec__emit_small, rec_exec_small, path__small, true)
EXEC_EMIT(exec__emit_large, rec_exec_large, path__large, false)

/* execve(path, argv, envp), execveat(dirfd, path, argv, envp, flags): the first planned argument is the path. */
#define CALL_FILL(r, c)                                                                            \
	do {                                                                                       \
		const volatile struct st_plan *_plan = plan__get((c)->abi, (c)->nr);               \
		__u8 _path = _plan ? _plan->mem[0] & 7 : 0;                                        \
		syscall__fill(&(r)->h, &(r)->s, c);                                                \
		for (int _i = 0; _i < 5; _i++)                                                     \
			(r)->s.args[_i] = (c)->st->exec_args[_i];                                    \
		(r)->s.args[5] = 0;                                                                \
		part__kstr(&(r)->path.p, sizeof((r)->path.data), _path, x->filename);              \
		part__argv(&(r)->argv.p, sizeof((r)->argv.data), _path + 1, x);                    \
		(r)->h.parts = __builtin_offsetof(__typeof__(*(r)), path);                         \
		(r)->path.p.next = __builtin_offsetof(__typeof__(*(r)), argv);                     \
	} while (0)

static __always_inline void call__of_exec(struct call *c, struct st_task *st, const struct exec_facts *x)
{
	*c = (struct call){ .st = st, .nr = st->nr, .abi = st->abi, .ts = x->ts, .duration = x->ts - st->enter_ts,
			    .pid_tgid = bpf_get_current_pid_tgid() };
}

/* 0, -1: ring full, 1: the path did not fit. */
#define CALL_EMIT(name, rec, retry)                                                                \
	__noinline int name(struct st_task *st, struct exec_facts *x)                              \
	{                                                                                          \
		struct rec *r;                                                                     \
		struct call c;                                                                     \
		void *ring;                                                                        \
											   \
		if (!st || !x)                                                                     \
			return -1;                                                                 \
		call__of_exec(&c, st, x);                                                          \
		ring = emit__bulk_ring(c.pid_tgid >> 32);                                          \
		r = ring ? bpf_ringbuf_reserve(ring, sizeof(*r), 0) : NULL;                        \
		if (!r)                                                                            \
			return -1;                                                                 \
		CALL_FILL(r, &c);                                                                  \
		if (retry && PART_CUT(path)) {                                                     \
			emit__discard(r);                                                          \
			return 1;                                                                  \
		}                                                                                  \
		emit__submit_syscall(ring, r, sizeof(*r), st);                                     \
		return 0;                                                                          \
	}
CALL_EMIT(call__emit_small, rec_call_small, true)
CALL_EMIT(call__emit_large, rec_call_large, false)

/* The execve call: recorded here, where path and argv of the new image can be read, and not at its sys_exit. */
static __always_inline void exec__call(struct st_task *st, struct exec_facts *x)
{
	int err = 1;

	if (!(st->flags & ST_TASK_IN_CALL) || !st->enter_ts)
		return;
	st->flags |= ST_TASK_EXEC_DONE;
	st->seen++;
	if (st_cfg.aggregate) {
		struct call c;

		call__of_exec(&c, st, x);
		count__add(&c);
		return;
	}
	if (x->arg_len <= EXEC_ARGV_SMALL)
		err = call__emit_small(st, x);
	if (err > 0)
		err = call__emit_large(st, x);
	if (err < 0)
		counters__lost(EV_CLASS_SYSCALL);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	struct st_task *st = task__state(task);
	struct exec_facts x = { .ts = bpf_ktime_get_ns() };
	struct mm_struct *mm = NULL;
	int err = 1;

	/* without the programs of the calls, and without an LSM, this is the first that is seen of the command */
	if (st && st->flags & ST_TASK_ARMED)
		st->flags = (st->flags & ~ST_TASK_ARMED) | ST_TASK_SCOPE;
	st = scope__current(task);
	if (!st)
		return 0;
	st->flags &= ~(ST_TASK_MADE_CODE | ST_TASK_MADE_WX);
	KGET(x.filename, bprm, filename);
	KGET(x.interp, bprm, interp);
	KGET(x.per_clear, bprm, per_clear);
	KGET(x.file, bprm, file);
	KGET(x.fs, task, fs);
	KGET(mm, task, mm);
	KGET(x.arg_start, mm, arg_start);
	KGET(x.arg_len, mm, arg_end);
	x.arg_len -= x.arg_start;
	KGET(st->exe, x.file, f_inode);
	x.old_pid = old_pid;
	x.secure = BPF_CORE_READ_BITFIELD(bprm, secureexec);

	/* the call belongs to the image that made it */
	exec__call(st, &x);
	st->parent_exec_id = st->exec_id;
	st->exec_id = exec_id__next();

	counters__seen(EV_CLASS_PROCESS);
	if (x.arg_len <= EXEC_ARGV_SMALL)
		err = exec__emit_small(st, &x);
	if (err > 0)
		err = exec__emit_large(st, &x);
	if (err < 0)
		counters__lost(EV_CLASS_PROCESS);
	return 0;
}

#define SIGSYS 31

struct rec_gone {
	struct ev_header h;
	struct ev_syscall s;
	struct ev_part mem[ST_MEM_SLOTS];
};

/* The call that this task will never return from: exit itself, or the one it was killed in. */
static __always_inline void exit__open_call(struct task_struct *task, struct st_task *st)
{
	struct call c = { .st = st, .nr = st->nr, .abi = st->abi, .flags = EV_F_NO_RETURN };
	const volatile struct st_plan *plan;
	struct pt_regs *regs;
	struct rec_gone *r;
	__u16 *link;
	void *ring;

	if (st->flags & ST_TASK_EXEC_DONE)
		return;
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	if (!(st->flags & ST_TASK_IN_CALL)) {
		long nr = syscall__nr_at_exit(regs);

		/* seccomp killed this thread in a call: neither its enter nor its exit was seen */
		if ((task->exit_code & 0x7f) != SIGSYS || st->flags & ST_TASK_REFUSED || nr < 0)
			return;
#ifdef __TARGET_ARCH_x86
		/* a SIGSYS that somebody sent: the last call had returned. A filter's leaves the number or ENOSYS there */
		if ((int)PT_REGS_RC(regs) != (int)nr && (int)PT_REGS_RC(regs) != -38)
			return;
#endif
		c.abi = syscall__abi(task, &nr);
		c.nr = nr;
		c.flags |= EV_F_NO_ENTER;
		plan = plan__get(c.abi, c.nr);
		if (plan ? !(plan->flags & ST_PLAN_INTEREST) : !st_cfg.interest_beyond)
			return;
		st->enter_ts = bpf_ktime_get_ns();
	} else if (!st->enter_ts) {
		return;
	}
	st->seen++;
	c.ts = bpf_ktime_get_ns();
	c.duration = c.ts - st->enter_ts;
	if (st_cfg.aggregate) {
		count__add(&c);
		return;
	}
	c.pid_tgid = bpf_get_current_pid_tgid();
	ring = emit__bulk_ring(c.pid_tgid >> 32);
	r = ring ? bpf_ringbuf_reserve(ring, sizeof(*r), 0) : NULL;
	if (!r) {
		counters__lost(EV_CLASS_SYSCALL);
		return;
	}
	syscall__fill(&r->h, &r->s, &c);
	syscall__args(regs, c.abi, r->s.args);
	link = &r->h.parts;
	plan = plan__get(c.abi, c.nr);
	if (plan) {
		for (int i = 0; i < ST_MEM_SLOTS; i++) {
			__u8 mem = plan->mem[i];

			if (!mem)
				break;
			part__fill(&r->mem[i], mem & 7, EV_PT_STR, 0, 0, EV_PART_GONE);
			*link = (char *)&r->mem[i] - (char *)r;
			link = &r->mem[i].next;
		}
	}
	emit__submit_syscall(ring, r, sizeof(*r), st);
}

#define SIGNAL_GROUP_EXIT 0x00000004 /* linux/sched/signal.h */

/* SRC->MEMBER added to DST. */
#define KADD(dst, src, member)                                                                     \
	({                                                                                         \
		__typeof__((src)->member) _v = 0;                                                  \
		KGET(_v, src, member);                                                             \
		(dst) += _v;                                                                       \
	})

/*
 * The task's own times are sums of ticks, and ticks get lost where others have the CPU: a busy virtual machine loses half of
 * them. As wait4 does it, they are how RAN, the scheduler's time, is split. In parts of 2^20; good for a hundred days of CPU.
 */
static __always_inline void exit__scale_times(struct ev_proc_exit *e, __u64 ran)
{
	__u64 user_us = e->utime / 1000, all_us = (e->utime + e->stime) / 1000;

	e->utime = !all_us ? ran : (ran >> 10) * ((user_us << 20) / all_us) >> 10;
	if (e->utime > ran)
		e->utime = ran;
	e->stime = ran - e->utime;
}

static __always_inline void exit__fill(struct ev_proc_exit *e, struct task_struct *task, struct signal_struct *signal,
				       bool last)
{
	struct task_struct *leader = NULL;
	__u32 code = task->exit_code, flags = 0;
	__u64 ran = task->se.sum_exec_runtime;

	e->utime = task->utime;
	e->stime = task->stime;
	e->minflt = task->min_flt;
	e->majflt = task->maj_flt;
	e->nvcsw = task->nvcsw;
	e->nivcsw = task->nivcsw;
	e->maxrss_kb = 0;
	if (last) {
		KGET(leader, task, group_leader);
		/* threads that ended before are summed in signal, a leader that ended first is not */
		KADD(e->utime, signal, utime);
		KADD(e->stime, signal, stime);
		KADD(ran, signal, sum_sched_runtime);
		KADD(e->minflt, signal, min_flt);
		KADD(e->majflt, signal, maj_flt);
		KADD(e->nvcsw, signal, nvcsw);
		KADD(e->nivcsw, signal, nivcsw);
		KADD(e->maxrss_kb, signal, maxrss);
		e->maxrss_kb *= st_cfg.page_kb;
		if (task->pid != task->tgid) {
			KADD(e->utime, leader, utime);
			KADD(e->stime, leader, stime);
			KADD(ran, leader, se.sum_exec_runtime);
		}
		KGET(flags, signal, flags);
		if (flags & SIGNAL_GROUP_EXIT)
			KGET(code, signal, group_exit_code);
		else
			KGET(code, leader, exit_code);
	}
	exit__scale_times(e, ran);
	e->exit_code = code >> 8 & 0xff;
	e->signal = code & 0x7f;
	e->core = code >> 7 & 1;
	e->pad = 0;
}

/*
 * Whether this exit is the process's. Each task is counted off before it gets here, so several last tasks can all see
 * that none is left: a joined thread and its leader do, as the leader is woken first. Then it is the leader's, if that
 * is still on its way here; among the others, it is the first one's. The marks are full barriers: a leader that a
 * thread did not find marked will itself find that none is left.
 */
static __always_inline bool exit__is_last(struct task_struct *task, struct st_task *st, struct signal_struct *signal)
{
	struct st_task *leader;
	int live = 1;

	if (task->pid == task->tgid)
		__sync_lock_test_and_set(&st->leader_exited, 1);
	KGET(live, signal, live.counter);
	if (live)
		return false;
	leader = bpf_task_storage_get(&st_tasks, task->group_leader, 0, 0);
	if (!leader)
		return true;
	if (leader->flags & ST_TASK_SCOPE && !leader->leader_exited)
		return false;
	return !__sync_lock_test_and_set(&leader->group_exited, 1);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	struct st_task *st = scope__current(task);
	struct signal_struct *signal = NULL;
	struct rec_exit *r;
	bool last;
	__u64 ts;

	if (!st)
		return 0;
	exit__open_call(task, st);
	counters__flush(st);
	KGET(signal, task, signal);
	last = exit__is_last(task, st, signal);
	st->flags = ST_TASK_GONE;
	counters__seen(EV_CLASS_PROCESS);
	ts = bpf_ktime_get_ns();
	r = bpf_ringbuf_reserve(&st_urgent, sizeof(*r), 0);
	if (!r) {
		counters__lost(EV_CLASS_PROCESS);
		return 0;
	}
	header__fill(&r->h, ts, st, bpf_get_current_pid_tgid(), EV_PROC_EXIT, last ? 0 : EV_F_THREAD);
	task__fill(&r->e.task, task, st);
	exit__fill(&r->e, task, signal, last);
	emit__submit_process(r);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
