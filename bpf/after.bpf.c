/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last resort where no LSM can refuse: who has done what the policy denies gets SIGKILL. attach --on-violation=kill only.
 *
 *   after_call   tp_btf/sys_exit	       opens, writes by a descriptor, executable mappings, calls such as bpf and mount
 *   after_exec   tp_btf/sched_process_exec    the program that was executed, and what the kernel mapped to start it
 *   after_unlink, ...  fentry/security_path_* what changes a name: unlink, rmdir, mkdir, mknod, symlink, link, rename, truncate,
 *		  chmod, chown; where the kernel lets functions be traced
 *
 * Why these: there the task stands in its own context, interrupts on, between what it did and its next instruction. A signal
 * sent to it is acted upon before it runs again, so it never has a descriptor, a mapping or a program to use. Why not
 * sys_enter: a pending signal does not keep a call from being made (only one that sleeps and can be interrupted ends early), and there no
 * path is resolved yet. Since 5.5, bpf_send_signal in them since 5.3, bpf_find_vma since 5.17. Context: the caller; not
 * sleeping.
 *
 * What is judged is the kernel's: the file behind the descriptor that the call returned or was given, the mapping that
 * it made. Not one string of the caller's. What has been done stays done: an open has created or truncated, a write has
 * written, a mount is mounted.
 *
 * Why functions for names: an unlink leaves nothing behind that could be looked at, and the string that it was given is a
 * claim of the caller's. The directory and the name in it are at hand where an LSM would be asked; its answer would be taken,
 * ours is a signal, and the call goes on.
 *
 * Missed: names where no function can be traced; opens and writes by io_uring and aio; a script, whose interpreter is what is
 * executed; other threads of the process, which can use a new descriptor until the signal reaches them, and can close it or put
 * another file under its number before this looks; /proc/PID/mem; what the kernel gives by other ways (a descriptor sent over a
 * socket) until it is written to. Of one mprotect over many mappings the first 8. The init of the machine gets no signal.
 *
 * Cost: one more program on every system call of the machine; a call that is in no row of st_after ends after the look.
 */
#include "guard.bpf.h"
#include "opens.bpf.h"

#define FMODE_READ 1
#define FMODE_WRITE 2
#define FMODE_CREATED 0x100000 /* since 4.19 */
#define O_TRUNC 01000
#define PROT_EXEC 4
#define VM_EXEC 4
#define VM_SHARED 8 /* and the file is open for writing */
#define S_IFCHR 0020000
#define S_IFREG 0100000
#define S_IFDIR 0040000
#define RENAME_EXCHANGE 2 /* uapi/linux/fs.h; the function is told since 3.15 */
#define FICLONE 0x40049409
#define FICLONERANGE 0x4020940d

/* Calls that are judged: made by userspace, capture/after.c. */
const volatile struct st_after st_after[ST_PLANS] __weak = {};

struct after_file {
	struct ev_act act;
	__u64 dentry, mnt;
	__u64 inode;
	__u64 f_mode;
	__u32 mode;
	__u32 too_deep;
};

#define AFTER_LAYOUT(name, pathtype)                                                               \
	struct name {                                                                              \
		struct ev_header h;                                                                \
		struct ev_file e;                                                                  \
		struct pathtype path;                                                              \
	}
AFTER_LAYOUT(rec_after_small, path_small);
AFTER_LAYOUT(rec_after_large, path_large);

struct rec_after_call {
	struct ev_header h;
	struct ev_kernel e;
};

static __always_inline void after__fill(struct ev_header *h, struct ev_file *e, __u64 ts, const struct st_task *st,
					const struct after_file *a)
{
	struct inode *inode = (void *)a->inode;
	struct dentry *dentry = (void *)a->dentry;
	struct super_block *sb = NULL;
	__u32 dev = 0, nlink = 0;
	__u16 mode = 0;

	e->inode = 0;
	if (inode) {
		KGET(mode, inode, i_mode);
		KGET(e->inode, inode, i_ino);
		KGET(nlink, inode, i_nlink);
	}
	KGET(sb, dentry, d_sb);
	KGET(dev, sb, s_dev);
	header__fill(h, ts, st, bpf_get_current_pid_tgid(), EV_FILE, 0);
	task__fill(&e->task, bpf_get_current_task_btf(), st);
	e->act = a->act;
	e->arg = 0;
	e->dev_major = dev >> 20;
	e->dev_minor = dev & 0xfffff;
	e->mode = mode;
	e->file_flags = a->too_deep ? EV_FILE_FLAG_TOO_DEEP : 0;
	if (inode && !nlink)
		e->file_flags |= EV_FILE_FLAG_DELETED;
	else if (nlink > 1 && (mode & S_IFMT) == S_IFREG)
		e->file_flags |= EV_FILE_FLAG_LINKS;
}

/* 0, -1: ring full, 1: the path did not fit. Time before reserving: what the reader's order rests on. */
#define AFTER_EMIT(name, rec, path_fn, retry)                                                      \
	__noinline int name(struct st_task *st, struct after_file *a)                              \
	{                                                                                          \
		__u64 ts = bpf_ktime_get_ns();                                                     \
		struct rec *r;                                                                     \
												   \
		if (!st || !a)                                                                     \
			return -1;                                                                 \
		r = bpf_ringbuf_reserve(&st_urgent, sizeof(*r), 0);                                \
		if (!r)                                                                            \
			return -1;                                                                 \
		after__fill(&r->h, &r->e, ts, st, a);                                              \
		path_fn(&r->path, EV_FILE_PATH, a->dentry, a->mnt);                                \
		r->h.parts = __builtin_offsetof(struct rec, path);                                 \
		if (retry && r->path.p.state == EV_PART_TRUNCATED) {                               \
			emit__discard(r);                                                          \
			return 1;                                                                  \
		}                                                                                  \
		emit__submit_act(&st_urgent, r, EV_CLASS_FILE, true);                              \
		return 0;                                                                          \
	}
AFTER_EMIT(after__emit_small, rec_after_small, path__name_small, true)
AFTER_EMIT(after__emit_large, rec_after_large, path__name_large, false)

/* It is done; what is left to do. Refused for the machine's init and for who is ending already. */
static __always_inline void after__kill(struct ev_act *act)
{
	if (act->verdict == EV_DENIED || act->verdict == EV_KILLED)
		act->verdict = bpf_send_signal(SIGKILL) ? EV_WOULD_DENY : EV_KILLED_AFTER;
}

#define SIGNAL_GROUP_EXIT 0x00000004 /* linux/sched/signal.h */

/* It was killed in this same call, or by what another of its threads did. */
static __always_inline bool after__is_over(void)
{
	struct signal_struct *signal = NULL;
	__u32 flags = 0;

	KGET(signal, bpf_get_current_task_btf(), signal);
	KGET(flags, signal, flags);
	return flags & SIGNAL_GROUP_EXIT;
}

/* Files only: as in file.bpf.c, no pipe, socket, terminal, or device that holds nothing. */
static __always_inline bool after__is_harmless(const struct after_file *a)
{
	struct inode *inode = (void *)a->inode;
	__u32 rdev = 0, major, minor;

	if ((a->mode & S_IFMT) != S_IFCHR)
		return (a->mode & S_IFMT) == S_IFIFO || (a->mode & S_IFMT) == S_IFSOCK;
	KGET(rdev, inode, i_rdev);
	major = rdev >> 20;
	minor = rdev & 0xfffff;
	if (major == 1)
		return minor == 3 || minor == 5 || (minor >= 7 && minor <= 9);
	return major == 4 || major == 5 || (major >= 136 && major <= 143);
}

static __always_inline void after__look(struct after_file *a, struct file *file)
{
	struct inode *inode = NULL;
	__u32 f_mode = 0;
	__u16 mode = 0;

	KGET(inode, file, f_inode);
	KGET(mode, inode, i_mode);
	KGET(f_mode, file, f_mode);
	KGET(a->dentry, file, f_path.dentry);
	KGET(a->mnt, file, f_path.mnt);
	a->inode = (__u64)inode;
	a->mode = mode;
	a->f_mode = f_mode;
}

/* What was done, if it was denied. */
static __always_inline int after__tell(struct st_task *st, struct after_file *a)
{
	int err;

	if (a->act.verdict == EV_ALLOWED)
		return 0;
	after__kill(&a->act);
	counters__seen(EV_CLASS_FILE);
	err = after__emit_small(st, a);
	if (err > 0)
		err = after__emit_large(st, a);
	if (err < 0)
		counters__lost(EV_CLASS_FILE);
	return 0;
}

/* Global: verified once. */
__noinline int after__judge(struct st_mark *mark, struct after_file *a, __u32 access)
{
	if (!mark || !a || !a->dentry || !access || after__is_harmless(a) || after__is_over())
		return 0;
	guard__file(mark, &a->act, a->dentry, a->mnt, access);
	a->too_deep = mark->walk.blind;
	return after__tell(&mark->task, a);
}

/* ---- calls --------------------------------------------------------------------------------------------------- */

/*
 * Each tells what is to be judged, and as what, for the program to go on with: a call deeper, and verifiers of 6.1 find the
 * stacks together too large.
 */
struct after_vma {
	struct after_file a;
	__u64 flags, end;
};

/* What the descriptor lets do; and what the open has done already: made the file, or emptied it. */
__noinline int after__open(struct after_vma *m, int fd, __u64 flags)
{
	struct file *file = fd__file(fd);
	bool write;

	if (!m || !file)
		return 0;
	after__look(&m->a, file);
	write = m->a.f_mode & (FMODE_WRITE | FMODE_CREATED) || flags & O_TRUNC;
	m->a.act.op = m->a.f_mode & FMODE_CREATED ? EV_FILE_CREATE : write ? EV_FILE_OPEN_WRITE : EV_FILE_OPEN_READ;
	return (write ? 1 << GUARD_WRITE : 0) | (m->a.f_mode & FMODE_READ ? 1 << GUARD_READ : 0);
}

/* What was open before is judged when it is used to change something. */
__noinline int after__change(struct after_vma *m, int fd, __u32 op)
{
	struct file *file = fd__file(fd);

	if (!m || !file)
		return 0;
	after__look(&m->a, file);
	m->a.act.op = op;
	return 1 << GUARD_WRITE;
}

static long after__vma(struct task_struct *task, struct vm_area_struct *vma, struct after_vma *m)
{
	struct file *file = NULL;

	KGET(file, vma, vm_file);
	KGET(m->flags, vma, vm_flags);
	KGET(m->end, vma, vm_end);
	if (file)
		after__look(&m->a, file);
	return 0;
}

/*
 * The mapping at ADDR, and whether it makes a file writable; whether it can be executed is asked apart. -1: there is none, or
 * the lock of the address space is taken: another thread maps something. Tried again, since it is held for microseconds.
 */
__noinline int after__mapping(struct after_vma *m, __u64 addr, __u32 op)
{
	struct after_vma found = {};

	if (!m)
		return -1;
	for (int i = 0; i < 4; i++)
		if (!bpf_find_vma(bpf_get_current_task_btf(), addr, after__vma, &found, 0)) {
			*m = found;
			m->a.act.op = op;
			return 0;
		}
	return -1;
}

#define AFTER_MAPPINGS 8

/* OP: EV_FILE_MMAP_EXEC or EV_FILE_MPROTECT_EXEC, of all between ADDR and END. */
static __always_inline void after__mapped(struct st_task *st, struct after_vma *m, __u64 addr, __u64 end, __u32 op)
{
	for (int i = 0; i < AFTER_MAPPINGS && addr < end; i++) {
		bool write;

		if (after__mapping(m, addr, op) < 0)
			return;
		write = op == EV_FILE_MMAP_EXEC && m->flags & VM_SHARED;
		if (write) {
			m->a.act.op = EV_FILE_WRITE;
			after__judge(MARK(st), &m->a, 1 << GUARD_WRITE);
		}
		if (m->a.act.verdict == EV_ALLOWED && m->flags & VM_EXEC) {
			m->a.act.op = op;
			after__judge(MARK(st), &m->a, 1 << GUARD_EXEC | GUARD_DENIES_ONLY);
		}
		addr = m->end;
	}
}

static __noinline void after__op(struct st_task *st, __u32 op, __u32 guard_op, __u64 arg)
{
	struct ev_act act = { .op = op };
	struct rec_after_call *r;
	__u64 ts;

	guard__op(MARK(st), &act, guard_op & (GUARD_OP_MAX - 1));
	if (act.verdict == EV_ALLOWED || after__is_over())
		return;
	after__kill(&act);
	counters__seen(EV_CLASS_KERNEL);
	ts = bpf_ktime_get_ns();
	r = bpf_ringbuf_reserve(&st_urgent, sizeof(*r), 0);
	if (!r) {
		counters__lost(EV_CLASS_KERNEL);
		return;
	}
	header__fill(&r->h, ts, st, bpf_get_current_pid_tgid(), EV_KERNEL, 0);
	task__fill(&r->e.task, bpf_get_current_task_btf(), st);
	r->e.act = act;
	r->e.arg = act.op == EV_KERNEL_BPF ? arg : 0;
	r->e.target_pid = 0;
	r->e.pad = 0;
	__builtin_memset(r->e.target_comm, 0, sizeof(r->e.target_comm));
	r->e.inode = r->e.dev_major = r->e.dev_minor = 0; /* it is known that the call succeeded, not with what */
	emit__submit_act(&st_urgent, r, EV_CLASS_KERNEL, true);
}

/* Argument I as the call was given it. Verifiers before 6.8 want to see the bound. */
static __noinline __u64 after__arg(struct pt_regs *regs, __u32 abi, __u64 i)
{
	__u64 args[6];

	syscall__args(regs, abi, args);
	asm volatile("if %0 < 6 goto +1; %0 = 5" : "+r"(i));
	return args[i];
}

static __always_inline void after__ioctl(struct after_vma *m, struct pt_regs *regs, __u32 abi, int *ret_access)
{
	__u32 cmd = after__arg(regs, abi, 1);

	if (cmd == FICLONE || cmd == FICLONERANGE)
		*ret_access = after__change(m, after__arg(regs, abi, 0), EV_FILE_WRITE);
}

SEC("?tp_btf/sys_exit")
int BPF_PROG(after_call, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	long nr = syscall__nr_at_exit(regs);
	__u32 abi = syscall__abi(task, &nr);
	__u64 addr, flags = 0, i = abi * ST_NR_SYSCALLS + nr;
	const volatile struct st_after *what;
	struct after_vma m = {};
	struct st_task *st;
	int access = 0;

	if (abi >= EV_ABI_MAX || (__u64)nr >= ST_NR_SYSCALLS)
		return 0;
	asm volatile("%0 &= %1" : "+r"(i) : "i"(ST_PLANS - 1));
	what = &st_after[i];
	/* an mprotect that fails has changed what came before the hole */
	if (!what->way || (ret < 0 && ret >= -4095 && what->way != ST_AFTER_MPROTECT))
		return 0;
	st = scope__current(task);
	/* seccomp refused it: syscall_exit, attached before this, has said so. The result may be the call's own number */
	if (!st || st->flags & ST_TASK_REFUSED)
		return 0;
	switch (what->way) {
	case ST_AFTER_OP:
		after__op(st, what->op, what->arg, after__arg(regs, abi, 0));
		break;
	case ST_AFTER_OPEN:
		flags = what->arg ? after__arg(regs, abi, what->arg) : 0;
		access = after__open(&m, ret, flags);
		break;
	case ST_AFTER_HOW: /* a claim; it can only make a reader of a writer */
		bpf_probe_read_user(&flags, sizeof(flags), (const void *)after__arg(regs, abi, 2));
		access = after__open(&m, ret, flags);
		break;
	case ST_AFTER_CHANGE:
		access = after__change(&m, after__arg(regs, abi, what->arg), what->op);
		break;
	case ST_AFTER_CLONE:
		after__ioctl(&m, regs, abi, &access);
		break;
	case ST_AFTER_MMAP:
		after__mapped(st, &m, ret, ret + 1, EV_FILE_MMAP_EXEC);
		break;
	case ST_AFTER_MPROTECT:
		addr = after__arg(regs, abi, 0);
		if (after__arg(regs, abi, 2) & PROT_EXEC)
			after__mapped(st, &m, addr, addr + after__arg(regs, abi, 1), EV_FILE_MPROTECT_EXEC);
		break;
	}
	if (access)
		after__judge(MARK(st), &m.a, access);
	/* what is let through is recorded as without a policy */
	if (!st_cfg.opens || m.a.act.verdict != EV_ALLOWED)
		return 0;
	if (what->way == ST_AFTER_OPEN || what->way == ST_AFTER_HOW)
		opens__record(MARK(st), ret, flags);
	else if (what->way == ST_AFTER_MMAP)
		opens__mapped(MARK(st), ret, EV_FILE_MMAP_EXEC);
	else if (what->way == ST_AFTER_MPROTECT && !ret && after__arg(regs, abi, 2) & PROT_EXEC)
		opens__mapped(MARK(st), after__arg(regs, abi, 0), EV_FILE_MPROTECT_EXEC);
	return 0;
}

/* ---- programs ------------------------------------------------------------------------------------------------ */

/* Its ELF interpreter is where it would begin to run. */
SEC("?tp_btf/sched_process_exec")
int BPF_PROG(after_exec, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	struct st_task *st = scope__current(task);
	struct after_vma m = { .a = { .act = { .op = EV_FILE_EXEC } } };
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	struct file *file = NULL;

	if (!st)
		return 0;
	KGET(file, bprm, file);
	if (file) {
		after__look(&m.a, file);
		after__judge(MARK(st), &m.a, 1 << GUARD_EXEC);
	}
	if (m.a.act.verdict == EV_ALLOWED)
		after__mapped(st, &m, PT_REGS_IP(regs), PT_REGS_IP(regs) + 1, EV_FILE_MMAP_EXEC);
	return 0;
}

/* ---- names --------------------------------------------------------------------------------------------------- */

static __always_inline int after__name(__u32 op, const struct path *dir, struct dentry *dentry)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct after_file a = { .act = { .op = op }, .dentry = number_of(dentry) };
	struct inode *inode = NULL;

	if (!st)
		return 0;
	KGET(a.mnt, dir, mnt);
	KGET(inode, dentry, d_inode);
	a.inode = (__u64)inode;
	return after__judge(MARK(st), &a, 1 << GUARD_WRITE);
}

static __always_inline int after__name_of(__u32 op, const struct path *path)
{
	struct dentry *dentry = NULL;

	KGET(dentry, path, dentry);
	return after__name(op, path, dentry);
}

SEC("?fentry/security_path_unlink")
int BPF_PROG(after_unlink, const struct path *dir, struct dentry *dentry)
{
	return after__name(EV_FILE_UNLINK, dir, dentry);
}

SEC("?fentry/security_path_rmdir")
int BPF_PROG(after_rmdir, const struct path *dir, struct dentry *dentry)
{
	return after__name(EV_FILE_RMDIR, dir, dentry);
}

SEC("?fentry/security_path_mkdir")
int BPF_PROG(after_mkdir, const struct path *dir, struct dentry *dentry)
{
	return after__name(EV_FILE_MKDIR, dir, dentry);
}

/* Also what open(O_CREAT) makes. */
SEC("?fentry/security_path_mknod")
int BPF_PROG(after_mknod, const struct path *dir, struct dentry *dentry, umode_t mode)
{
	bool regular = !(mode & S_IFMT) || (mode & S_IFMT) == S_IFREG;

	return after__name(regular ? EV_FILE_CREATE : EV_FILE_MKNOD, dir, dentry);
}

SEC("?fentry/security_path_symlink")
int BPF_PROG(after_symlink, const struct path *dir, struct dentry *dentry)
{
	return after__name(EV_FILE_SYMLINK, dir, dentry);
}

/* Of two names each: what is moved or linked away from below a rule leaves it. */
SEC("?fentry/security_path_link")
int BPF_PROG(after_link, struct dentry *old_dentry, const struct path *new_dir, struct dentry *new_dentry)
{
	after__name(EV_FILE_LINK, new_dir, old_dentry);
	return after__name(EV_FILE_LINK, new_dir, new_dentry);
}

/* A directory that takes others out of the reach of a rule. */
static __always_inline int after__moved(const struct path *dir, struct dentry *dentry, const struct path *new_dir,
					struct dentry *new_dentry)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct guard_place from = { .dentry = number_of(dentry) }, to = { .dentry = number_of(new_dentry) };
	struct after_file a = { .act = { .op = EV_FILE_RENAME }, .dentry = from.dentry };
	struct inode *inode = NULL;
	__u16 mode = 0;

	KGET(inode, dentry, d_inode);
	KGET(mode, inode, i_mode);
	if (!st || (mode & S_IFMT) != S_IFDIR || after__is_over())
		return 0;
	KGET(from.mnt, dir, mnt);
	KGET(to.mnt, new_dir, mnt);
	a.mnt = from.mnt;
	a.inode = (__u64)inode;
	guard__move(MARK(st), &a.act, &from, &to);
	return after__tell(st, &a);
}

SEC("?fentry/security_path_rename")
int BPF_PROG(after_rename, const struct path *old_dir, struct dentry *old_dentry, const struct path *new_dir,
	     struct dentry *new_dentry, unsigned int flags)
{
	after__name(EV_FILE_RENAME, old_dir, old_dentry);
	after__name(EV_FILE_RENAME, new_dir, new_dentry);
	after__moved(old_dir, old_dentry, new_dir, new_dentry);
	return flags & RENAME_EXCHANGE ? after__moved(new_dir, new_dentry, old_dir, old_dentry) : 0;
}

SEC("?fentry/security_path_truncate")
int BPF_PROG(after_truncate, const struct path *path)
{
	return after__name_of(EV_FILE_TRUNCATE, path);
}

SEC("?fentry/security_path_chmod")
int BPF_PROG(after_chmod, const struct path *path)
{
	return after__name_of(EV_FILE_CHMOD, path);
}

SEC("?fentry/security_path_chown")
int BPF_PROG(after_chown, const struct path *path)
{
	return after__name_of(EV_FILE_CHOWN, path);
}

char LICENSE[] SEC("license") = "GPL";
