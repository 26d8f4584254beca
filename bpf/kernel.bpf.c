/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changes the system or reaches into another process, as the kernel is about to do it.
 *
 *   bpf			  every command is judged; reading and writing elements of maps is not recorded
 *   ptrace_access_check	  to attach: ptrace, process_vm_*, pidfd_getfd, /proc/PID/mem when it is opened
 *   ptrace_traceme		  the other way round: the caller asks to be traced by its parent
 *   kernel_read_file		  finit_module, kexec_file_load, firmware: with the file
 *   kernel_load_data		  the same from memory: init_module, kexec_load
 *   kernel_module_request	  a module that a call needs, which the kernel has loaded for it; recorded, not judged
 *   perf_event_open, perf_event_alloc  the call is judged before it does anything; what is measured is known later
 *   sb_mount, sb_umount, sb_pivotroot, move_mount  the mount calls, with the place
 *   sb_set_mnt_opts, sb_remount  what fsconfig makes and changes, which passes none of those
 *   userns_create		  unshare, clone, clone3; since 6.1
 *   inode_init_security_anon	  io_uring_setup, for a ring is such a file: since 5.16, where uring_allowed is since 6.15
 *   uring_sqpoll		  a kernel thread is to watch the ring, no calls from then on: since 5.16, recorded only
 *   task_setrlimit		  of sandtrace itself, to end it by
 *   task_kill			  a signal to a process that the caller did not start; recorded, not judged
 *
 * Why LSM hooks and not the calls: one hook stands for all the ways there, io_uring and 32-bit calls among them, and its result
 * is the verdict. BPF comes late: what the kernel itself or an LSM before it refuses is not seen. Since 5.7 where nothing
 * else is said; bpf_loop and bpf_get_func_arg since 5.17. Context: the caller, who may hold locks (task_lock, tasklist_lock);
 * none sleeps. Arguments have moved: perf_event_open lost its first between 6.1 and 6.12.117, bpf got a fourth with 6.15.
 *
 * Missed: mount_setattr and open_tree, which have no hook. A descriptor of /proc/PID/mem, of a map or of a perf event
 * that was open before.
 */
#include "kernel.bpf.h"

#define PTRACE_MODE_ATTACH 2
#define PERF_SECURITY_OPEN 0
#define SB_SUBMOUNT (1UL << 26)
#define MODULE_COMPRESSED 7 /* READING_MODULE_COMPRESSED, not in 6.18 yet: one above the last of those before */

/* ---- the kernel ----------------------------------------------------------------------------------------------- */

/* Elements of maps: the data path of a program that uses BPF, not what it sets up. */
static __always_inline bool bpf__is_data(int cmd)
{
	return (cmd >= BPF_MAP_LOOKUP_ELEM && cmd <= BPF_MAP_GET_NEXT_KEY) || cmd == BPF_MAP_LOOKUP_AND_DELETE_ELEM ||
	       (cmd >= BPF_MAP_LOOKUP_BATCH && cmd <= BPF_MAP_DELETE_BATCH);
}

SEC("?lsm/bpf")
int BPF_PROG(kernel_bpf, int cmd)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct kernel_act a = { .act = { .op = EV_KERNEL_BPF }, .arg = (__u32)cmd };
	int verdict;

	if (!st)
		return 0;
	verdict = guard__op(MARK(st), &a.act, GUARD_OP_BPF);
	if (a.act.verdict != EV_ALLOWED || !bpf__is_data(cmd))
		kernel__emit(st, &a);
	return guard__return(verdict);
}

static __always_inline int kernel__read(struct file *file, int id)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct kernel_act a = { .act = { .op = EV_KERNEL_READ_FILE }, .arg = id };
	enum guard_op op = GUARD_OP_NONE;

	if (!st)
		return 0;
	if (id == READING_MODULE || id == MODULE_COMPRESSED) {
		a.act.op = EV_KERNEL_MODULE;
		op = GUARD_OP_MODULE;
	} else if (id == READING_KEXEC_IMAGE || id == READING_KEXEC_INITRAMFS) {
		a.act.op = EV_KERNEL_KEXEC;
		op = GUARD_OP_KEXEC;
	} else if (id == READING_FIRMWARE) {
		a.act.op = EV_KERNEL_FIRMWARE;
	}
	if (file)
		kernel__set_path(&a, &file->f_path);
	return kernel__act(st, &a, op);
}

SEC("?lsm/kernel_read_file")
int BPF_PROG(kernel_read_file, struct file *file, enum kernel_read_file_id id)
{
	return kernel__read(file, id);
}

/* The numbers are those of kernel_read_file_id. */
SEC("?lsm/kernel_load_data")
int BPF_PROG(kernel_load_data, enum kernel_load_data_id id)
{
	return kernel__read(NULL, (int)id);
}

/* text: its name, or an alias such as "net-pf-40". */
SEC("?lsm/kernel_module_request")
int BPF_PROG(kernel_module_ask, char *kmod_name)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct kernel_act a = { .act = { .op = EV_KERNEL_MODULE }, .text = (__u64)kmod_name };

	return st ? kernel__act(st, &a, GUARD_OP_NONE) : 0;
}

#define PERF_NOT_READ (~0ULL)

/* (attr, type), later (type) alone: the last. ATTR was not filled yet. The call passes several times, first as OPEN. */
SEC("?lsm/perf_event_open")
int kernel_perf(unsigned long long *ctx)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct kernel_act a = { .act = { .op = EV_KERNEL_PERF }, .arg = PERF_NOT_READ };
	__u64 type = 0;
	int verdict;

	if (!st || bpf_get_func_arg(ctx, bpf_get_func_arg_cnt(ctx) - 1, &type) || (__u32)type != PERF_SECURITY_OPEN)
		return 0;
	verdict = guard__op(MARK(st), &a.act, GUARD_OP_PERF);
	st->flags &= ~ST_TASK_PERF_TOLD;
	if (a.act.verdict != EV_ALLOWED)
		kernel__emit(st, &a);
	if (a.act.verdict == EV_WOULD_DENY)
		st->flags |= ST_TASK_PERF_TOLD;
	return guard__return(verdict);
}

/* What it measures, if the call was not recorded; and the kernel's own of the kind too: a watchpoint by ptrace. Not the copy that a child gets. */
SEC("?lsm/perf_event_alloc")
int BPF_PROG(kernel_perf_new, struct perf_event *event)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct kernel_act a = { .act = { .op = EV_KERNEL_PERF } };
	struct perf_event *parent = NULL;
	__u32 type = 0;

	if (!st)
		return 0;
	KGET(parent, event, parent);
	if (parent)
		return 0;
	if (st->flags & ST_TASK_PERF_TOLD) {
		st->flags &= ~ST_TASK_PERF_TOLD;
		return 0;
	}
	KGET(type, event, attr.type);
	a.arg = type;
	return kernel__act(st, &a, GUARD_OP_NONE);
}

/* ---- mounts ---------------------------------------------------------------------------------------------------- */

SEC("?lsm/sb_mount")
int BPF_PROG(kernel_mount, const char *dev_name, const struct path *path, const char *type, unsigned long flags)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct kernel_act a = { .act = { .op = EV_KERNEL_MOUNT }, .arg = flags, .type = (__u64)type, .text = (__u64)dev_name };

	if (!st)
		return 0;
	kernel__set_path(&a, path);
	return kernel__act(st, &a, GUARD_OP_MOUNT);
}

SEC("?lsm/sb_umount")
int BPF_PROG(kernel_umount, struct vfsmount *mnt, int flags)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct kernel_act a = { .act = { .op = EV_KERNEL_UMOUNT }, .arg = (__u32)flags, .mnt = (__u64)mnt };

	if (!st)
		return 0;
	KGET(a.dentry, mnt, mnt_root);
	return kernel__act(st, &a, GUARD_OP_MOUNT);
}

/* A mount that has a place, or one that fsmount or open_tree has made and that is to get its first. */
SEC("?lsm/move_mount")
int BPF_PROG(kernel_move, const struct path *from, const struct path *to)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct kernel_act a = { .act = { .op = EV_KERNEL_MOVE_MOUNT } };
	struct file_system_type *fs = NULL;
	struct super_block *sb = NULL;
	struct dentry *dentry = NULL;

	if (!st)
		return 0;
	KGET(dentry, from, dentry);
	KGET(sb, dentry, d_sb);
	KGET(fs, sb, s_type);
	KGET(a.type, fs, name);
	kernel__set_path(&a, to);
	return kernel__act(st, &a, GUARD_OP_MOUNT);
}

SEC("?lsm/sb_pivotroot")
int BPF_PROG(kernel_pivot, const struct path *old_path, const struct path *new_path)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct kernel_act a = { .act = { .op = EV_KERNEL_PIVOT_ROOT } };

	if (!st)
		return 0;
	kernel__set_path(&a, new_path);
	return kernel__act(st, &a, GUARD_OP_MOUNT);
}

#define NR_FSCONFIG 431 /* of every architecture and ABI */
#define NR_X32 0x40000000

/*
 * What mount(2) does, sb_mount has told with the place. fsconfig(2) is told here: a file system that it makes can be used without a
 * place, by the descriptor of fsmount(2), and what it changes of one that is mounted (fspick(2)) passes no other hook.
 */
static __always_inline bool kernel__by_fsconfig(void)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());

	return (syscall__nr_at_exit(regs) & ~NR_X32) == NR_FSCONFIG;
}

static __always_inline int kernel__change_super(struct super_block *sb)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct kernel_act a = { .act = { .op = EV_KERNEL_MOUNT } };
	struct file_system_type *fs = NULL;
	unsigned long flags = 0;
	int verdict;

	if (!st)
		return 0;
	KGET(flags, sb, s_flags);
	/* the kernel's own: of a new namespace, or found on the way by a path */
	if (flags & (SB_KERNMOUNT | SB_SUBMOUNT))
		return 0;
	verdict = guard__op(MARK(st), &a.act, GUARD_OP_MOUNT);
	if (a.act.verdict == EV_ALLOWED && !kernel__by_fsconfig())
		return 0;
	KGET(fs, sb, s_type);
	KGET(a.type, fs, name);
	kernel__emit(st, &a);
	return guard__return(verdict);
}

SEC("?lsm/sb_set_mnt_opts")
int BPF_PROG(kernel_new_super, struct super_block *sb)
{
	return kernel__change_super(sb);
}

SEC("?lsm/sb_remount")
int BPF_PROG(kernel_remount, struct super_block *sb)
{
	return kernel__change_super(sb);
}

/* ---- other processes, namespaces, rings ----------------------------------------------------------------------- */

/* READ is what ps and /proc need. Threads of one process do not get here. */
SEC("?lsm/ptrace_access_check")
int BPF_PROG(kernel_ptrace, struct task_struct *child, unsigned int mode)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct kernel_act a = { .act = { .op = EV_KERNEL_PTRACE }, .arg = mode, .target = (__u64)child };

	if (!st || !(mode & PTRACE_MODE_ATTACH) || child->tgid == bpf_get_current_pid_tgid() >> 32)
		return 0;
	return kernel__act(st, &a, GUARD_OP_PTRACE);
}

SEC("?lsm/ptrace_traceme")
int BPF_PROG(kernel_traceme, struct task_struct *parent)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct kernel_act a = { .act = { .op = EV_KERNEL_PTRACE }, .target = (__u64)parent };

	return st ? kernel__act(st, &a, GUARD_OP_PTRACE) : 0;
}

SEC("?lsm/userns_create")
int BPF_PROG(kernel_userns)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct kernel_act a = { .act = { .op = EV_KERNEL_USERNS } };

	return st ? kernel__act(st, &a, GUARD_OP_USERNS) : 0;
}

static __always_inline bool uring__is(const struct qstr *name)
{
	union {
		char text[16];
		__u64 word[2];
	} is = {}, ring = { .text = "[io_uring]" };
	const unsigned char *text = NULL;

	KGET(text, name, name);
	bpf_probe_read_kernel_str(is.text, sizeof(is.text), text);
	return is.word[0] == ring.word[0] && is.word[1] == ring.word[1];
}

/* The ring is made by then, but nobody has a descriptor of it. */
SEC("?lsm/inode_init_security_anon")
int BPF_PROG(kernel_uring, struct inode *inode, const struct qstr *name)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct kernel_act a = { .act = { .op = EV_KERNEL_IO_URING } };

	return st && uring__is(name) ? kernel__act(st, &a, GUARD_OP_IO_URING) : 0;
}

SEC("?lsm/uring_sqpoll")
int BPF_PROG(kernel_uring_poll)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct kernel_act a = { .act = { .op = EV_KERNEL_IO_URING }, .arg = 1 };

	return st ? kernel__act(st, &a, GUARD_OP_NONE) : 0;
}

/* A limit on file size or CPU time would end the recorder. */
SEC("?lsm/task_setrlimit")
int BPF_PROG(kernel_limit, struct task_struct *p, unsigned int resource)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct kernel_act a = { .act = { .op = EV_KERNEL_LIMIT }, .arg = resource, .target = (__u64)p };

	return st && kernel__is_recorder(p) ? kernel__act(st, &a, GUARD_OP_NONE) : 0;
}

#define DESCENT_MAX 64 /* generations */

struct descent {
	struct task_struct *task;
	__u32 from; /* tgid */
	__u32 found;
};

static long descent__step(__u32 i, struct descent *d)
{
	struct task_struct *parent = NULL;
	__u32 tgid = 0;

	KGET(parent, d->task, real_parent);
	KGET(tgid, parent, tgid);
	d->found = tgid == d->from;
	d->task = parent;
	return d->found || tgid <= 1;
}

/* Of what the caller started it may end what it likes. A process whose parents are gone is not known to be its. */
SEC("?lsm/task_kill")
int BPF_PROG(kernel_signal, struct task_struct *p, void *info, int sig)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct kernel_act a = { .act = { .op = EV_KERNEL_SIGNAL }, .arg = (__u32)sig, .target = (__u64)p };
	struct descent d = { .task = p, .from = bpf_get_current_pid_tgid() >> 32 };

	/* 0: whether it is there */
	if (!st || !sig || (__u32)p->tgid == d.from)
		return 0;
	bpf_loop(DESCENT_MAX, descent__step, &d, 0);
	if (d.found)
		return 0;
	return kernel__act(st, &a, GUARD_OP_NONE);
}

char LICENSE[] SEC("license") = "GPL";
