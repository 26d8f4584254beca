/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files: what is opened for writing, made, removed, renamed, changed or executed, as the kernel is about to do it.
 *
 *   file_open		 open, openat2, io_uring, open_by_handle_at; not O_PATH, which gives no access. For reading only what a
 *			 rule is about, what is watched (watch.bpf.h), and whole disks
 *   path_*		 the directory and the name in it, both resolved: unlink, rmdir, mkdir, mknod (and create), symlink,
 *			 link, rename, truncate, chmod, chown
 *   file_truncate	 ftruncate; since 6.2, path_truncate before
 *   inode_*xattr	 set and remove; the hook does not say through which mount
 *   bprm_check_security  the file to be executed, then its interpreter, ...
 *   mmap_file, file_mprotect  a file to be mapped executable: ld.so PROG, dlopen; and memory
 *   file_permission	 writes by a descriptor that was open before the policy was: refused, and recorded only then
 *   opens__record, opens__mapped  where there is no LSM: what a call has returned, for records of the first kind and the last
 *
 * Why LSM hooks and not the calls: the kernel has copied and resolved the path, nobody can flip it any more; they are passed
 * by every way in, io_uring and 32-bit calls too; and their result is the verdict. Since 5.7; path_* need
 * CONFIG_SECURITY_PATH. Context: the caller, who may hold locks of the file system; they do not sleep.
 *
 * Missed: what the hook allows can still fail, so a record says what was attempted and let through. Writes through a
 * mapping made before; utimes; ioctls. An open of a character device that is no storage is neither judged nor recorded.
 */
#include "guard.bpf.h"
#include "rate.bpf.h"
#include "watch.bpf.h"

#define FMODE_READ 1
#define FMODE_WRITE 2
#define FMODE_EXEC 0x20
#define FMODE_PATH 0x4000
#define FMODE_CREATED 0x100000 /* since 4.19 */
#define O_TRUNC 01000
#define MAY_EXEC 1
#define MAY_WRITE 2
#define MAY_APPEND 8
#define PROT_WRITE 2
#define PROT_EXEC 4
#define MAP_SHARED 1 /* and MAP_SHARED_VALIDATE, which is 3 */
#define VM_WRITE 2
#define VM_EXEC 4
#define S_IFCHR 0020000
#define S_IFBLK 0060000
#define S_IFREG 0100000
#define S_IFDIR 0040000
#define RENAME_EXCHANGE 2 /* uapi/linux/fs.h */
#define TMPFS_MAGIC 0x01021994

/* A file, or a name where none is yet, and what is about to be done to it. */
struct file_act {
	struct ev_act act;
	__u64 dentry, mnt; /* struct guard_place, both */
	__u64 new_dentry, new_mnt; /* rename, link */
	__u64 text;		   /* in the kernel; 0: none */
	__u64 inode;
	__u64 arg;
	__u32 too_deep;
	__u32 flags; /* EV_FILE_FLAG_*, of those that the file itself does not tell */
};

#define FILE_TEXT 256

#define FILE_LAYOUT(name, pathtype)                                                                \
	struct name {                                                                              \
		struct ev_header h;                                                                \
		struct ev_file e;                                                                  \
		struct pathtype path;                                                              \
	}
#define FILE_LAYOUT_FULL(name, pathtype)                                                           \
	struct name {                                                                              \
		struct ev_header h;                                                                \
		struct ev_file e;                                                                  \
		struct pathtype path;                                                              \
		struct pathtype new_path;                                                          \
		struct { struct ev_part p; char data[FILE_TEXT]; } text;                           \
	}
FILE_LAYOUT(rec_file_small, path_small);
FILE_LAYOUT_FULL(rec_file_full_small, path_small);
FILE_LAYOUT_FULL(rec_file_full_large, path_large);

static __always_inline __u32 file__flags(const struct file_act *a, struct inode *inode, unsigned long magic, __u32 nlink,
					 __u32 mode)
{
	struct dentry *dentry = (void *)a->dentry;
	const unsigned char *name = NULL;
	union {
		char text[8];
		__u64 word;
	} start = {}, memfd = { .text = "memfd:" };
	__u32 flags = a->flags | (a->too_deep ? EV_FILE_FLAG_TOO_DEEP : 0);

	if (!inode)
		return flags;
	if (nlink > 1 && (mode & S_IFMT) == S_IFREG)
		flags |= EV_FILE_FLAG_LINKS;
	if (nlink)
		return flags;
	flags |= EV_FILE_FLAG_DELETED;
	KGET(name, dentry, d_name.name);
	if (magic == TMPFS_MAGIC && bpf_probe_read_kernel_str(start.text, 7, name) == 7 && start.word == memfd.word)
		flags |= EV_FILE_FLAG_MEMFD;
	return flags;
}

/* A function: what it needs of the stack is not there while the path is walked. */
static __noinline void file__fill_task(struct ev_task *t, const struct st_task *st)
{
	task__fill(t, bpf_get_current_task_btf(), st);
}

static __always_inline void file__fill(struct ev_header *h, struct ev_file *e, __u64 ts, const struct st_task *st,
				       const struct file_act *a)
{
	struct inode *inode = (void *)a->inode;
	struct dentry *dentry = (void *)a->dentry;
	struct super_block *sb = NULL;
	unsigned long magic = 0;
	__u32 dev = 0, nlink = 0;
	__u16 mode = 0;

	e->inode = 0;
	if (inode) {
		KGET(e->inode, inode, i_ino);
		KGET(mode, inode, i_mode);
		KGET(nlink, inode, i_nlink);
	}
	KGET(sb, dentry, d_sb);
	KGET(dev, sb, s_dev);
	KGET(magic, sb, s_magic);
	header__fill(h, ts, st, bpf_get_current_pid_tgid(), EV_FILE, 0);
	file__fill_task(&e->task, st);
	e->act = a->act;
	e->arg = a->arg;
	e->dev_major = dev >> 20;
	e->dev_minor = dev & 0xfffff;
	e->mode = mode;
	e->file_flags = file__flags(a, inode, magic, nlink, mode);
}

#define FILE_URGENT(a) ((a)->act.verdict != EV_ALLOWED)

/* Of memory there is no path. */
#define FILE_FILL_PATH(r, a, path_fn)                                                              \
	do {                                                                                       \
		(r)->path.p.state = EV_PART_OK;                                                    \
		if ((a)->dentry) {                                                                 \
			path_fn(&(r)->path, EV_FILE_PATH, (a)->dentry, (a)->mnt);                  \
			(r)->h.parts = __builtin_offsetof(__typeof__(*(r)), path);                 \
		}                                                                                  \
	} while (0)

/* The parts behind the first: of a second name, and of a text, those that there are. */
#define FILE_FILL_FULL(r, a, path_fn)                                                              \
	do {                                                                                       \
		__u16 *_link = &(r)->path.p.next;                                                  \
		path_fn(&(r)->path, EV_FILE_PATH, (a)->dentry, (a)->mnt);                          \
		(r)->h.parts = __builtin_offsetof(__typeof__(*(r)), path);                         \
		(r)->new_path.p.state = EV_PART_OK;                                                \
		if ((a)->new_dentry) {                                                             \
			path_fn(&(r)->new_path, EV_FILE_NEW_PATH, (a)->new_dentry, (a)->new_mnt);  \
			*_link = __builtin_offsetof(__typeof__(*(r)), new_path);                   \
			_link = &(r)->new_path.p.next;                                             \
		}                                                                                  \
		if ((a)->text) {                                                                   \
			long _n = bpf_probe_read_kernel_str((r)->text.data, FILE_TEXT, (void *)(a)->text); \
			part__fill(&(r)->text.p, EV_FILE_TEXT, EV_PT_STR, _n > 0 ? _n - 1 : _n,    \
				   _n == FILE_TEXT ? 0 : _n - 1, _n == FILE_TEXT ? EV_PART_TRUNCATED : EV_PART_OK); \
			*_link = __builtin_offsetof(__typeof__(*(r)), text);                       \
		}                                                                                  \
	} while (0)

/* 0, -1: ring full, 1: a path did not fit. Time before reserving: what the reader's order rests on. */
#define FILE_EMIT(name, rec, fill, path_fn, retry)                                                 \
	__noinline int name(struct st_task *st, struct file_act *a)                                \
	{                                                                                          \
		__u64 ts = bpf_ktime_get_ns();                                                     \
		struct rec *r;                                                                     \
		void *ring;                                                                        \
											   \
		if (!st || !a)                                                                     \
			return -1;                                                                 \
		ring = emit__ring_of(FILE_URGENT(a), bpf_get_current_pid_tgid() >> 32);            \
		r = ring ? bpf_ringbuf_reserve(ring, sizeof(*r), 0) : NULL;                        \
		if (!r)                                                                            \
			return -1;                                                                 \
		file__fill(&r->h, &r->e, ts, st, a);                                               \
		fill(r, a, path_fn);                                                               \
		if (retry) {                                                                       \
			emit__discard(r);                                                          \
			return 1;                                                                  \
		}                                                                                  \
		emit__submit_act(ring, r, EV_CLASS_FILE, FILE_URGENT(a));                          \
		return 0;                                                                          \
	}
#define FILE_CUT(part) (r->part.p.state == EV_PART_TRUNCATED)
FILE_EMIT(file__emit_small, rec_file_small, FILE_FILL_PATH, path__name_small, FILE_CUT(path))
FILE_EMIT(file__emit_full_small, rec_file_full_small, FILE_FILL_FULL, path__name_small, FILE_CUT(path) || FILE_CUT(new_path))
FILE_EMIT(file__emit_full_large, rec_file_full_large, FILE_FILL_FULL, path__name_large, false)

static __always_inline void file__emit(struct st_task *st, struct file_act *a)
{
	int err = 1;

	if (!volume__admits(st, EV_CLASS_FILE, ST_EVENTS_FILE, FILE_URGENT(a)))
		return;
	if (!a->new_dentry && !a->text)
		err = file__emit_small(st, a);
	else
		err = file__emit_full_small(st, a);
	if (err > 0)
		err = file__emit_full_large(st, a);
	if (err < 0)
		counters__lost(EV_CLASS_FILE);
}

/* Judges writing to one name, and records it whatever came of it. */
static __always_inline int file__change(__u32 op, const struct path *dir, struct dentry *dentry, __u64 arg, const char *text)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct file_act a = { .act = { .op = op }, .dentry = number_of(dentry), .arg = arg,
			      .text = number_of(text) };
	struct inode *inode = NULL;
	int verdict;

	if (!st)
		return 0;
	KGET(a.mnt, dir, mnt);
	KGET(inode, dentry, d_inode);
	a.inode = (__u64)inode;
	verdict = guard__file(MARK(st), &a.act, a.dentry, a.mnt, 1 << GUARD_WRITE);
	a.too_deep = MARK(st)->walk.blind;
	file__emit(st, &a);
	return guard__return(verdict);
}

/* The same of the file that PATH is. */
static __always_inline int file__change_path(__u32 op, const struct path *path, __u64 arg)
{
	struct dentry *dentry = NULL;

	KGET(dentry, path, dentry);
	return file__change(op, path, dentry, arg, NULL);
}

SEC("?lsm/path_unlink")
int BPF_PROG(file_unlink, const struct path *dir, struct dentry *dentry)
{
	return file__change(EV_FILE_UNLINK, dir, dentry, 0, NULL);
}

SEC("?lsm/path_rmdir")
int BPF_PROG(file_rmdir, const struct path *dir, struct dentry *dentry)
{
	return file__change(EV_FILE_RMDIR, dir, dentry, 0, NULL);
}

SEC("?lsm/path_mkdir")
int BPF_PROG(file_mkdir, const struct path *dir, struct dentry *dentry, umode_t mode)
{
	return file__change(EV_FILE_MKDIR, dir, dentry, mode, NULL);
}

/* Also what open(O_CREAT) makes, before it is opened. */
SEC("?lsm/path_mknod")
int BPF_PROG(file_mknod, const struct path *dir, struct dentry *dentry, umode_t mode, unsigned int dev)
{
	bool regular = !(mode & S_IFMT) || (mode & S_IFMT) == S_IFREG;

	return file__change(regular ? EV_FILE_CREATE : EV_FILE_MKNOD, dir, dentry, mode, NULL);
}

SEC("?lsm/path_symlink")
int BPF_PROG(file_symlink, const struct path *dir, struct dentry *dentry, const char *old_name)
{
	return file__change(EV_FILE_SYMLINK, dir, dentry, 0, old_name);
}

SEC("?lsm/path_truncate")
int BPF_PROG(file_truncate_path, const struct path *path)
{
	return file__change_path(EV_FILE_TRUNCATE, path, 0);
}

SEC("?lsm/path_chmod")
int BPF_PROG(file_chmod, const struct path *path, umode_t mode)
{
	return file__change_path(EV_FILE_CHMOD, path, mode & 07777);
}

/* kuid_t and kgid_t are structs of one number; struct arguments: since 6.1. */
SEC("?lsm/path_chown")
int BPF_PROG(file_chown, const struct path *path, __u64 uid, __u64 gid)
{
	return file__change_path(EV_FILE_CHOWN, path, uid << 32 | (__u32)gid);
}

SEC("?lsm/file_truncate")
int BPF_PROG(file_truncate_open, struct file *file)
{
	return file__change_path(EV_FILE_TRUNCATE, &file->f_path, 0);
}

/* Is PLACE, or shall it be, a directory that takes others out of the reach of a rule? */
static __always_inline int file__move(struct st_task *st, struct file_act *a, __u64 *from, __u64 *to)
{
	struct dentry *dentry = (void *)*from;
	struct inode *inode = NULL;
	__u16 mode = 0;

	KGET(inode, dentry, d_inode);
	KGET(mode, inode, i_mode);
	return (mode & S_IFMT) == S_IFDIR ? guard__move(MARK(st), &a->act, (void *)from, (void *)to) : 0;
}

/* Both names are judged: what is moved or linked away from below a rule leaves it. */
static __always_inline int file__change_two(__u32 op, const struct path *dir, struct dentry *dentry,
					    const struct path *new_dir, struct dentry *new_dentry, unsigned int flags)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct file_act a = { .act = { .op = op }, .dentry = number_of(dentry),
			      .new_dentry = number_of(new_dentry) };
	struct inode *inode = NULL;
	int verdict;

	if (!st)
		return 0;
	KGET(a.mnt, dir, mnt);
	KGET(a.new_mnt, new_dir, mnt);
	KGET(inode, dentry, d_inode);
	a.inode = (__u64)inode;
	verdict = guard__file(MARK(st), &a.act, a.dentry, a.mnt, 1 << GUARD_WRITE);
	a.too_deep = MARK(st)->walk.blind;
	if (!verdict) {
		verdict = guard__file(MARK(st), &a.act, a.new_dentry, a.new_mnt, 1 << GUARD_WRITE);
		a.too_deep |= MARK(st)->walk.blind;
	}
	if (op == EV_FILE_RENAME && !verdict)
		verdict = file__move(st, &a, &a.dentry, &a.new_dentry);
	if (flags & RENAME_EXCHANGE && !verdict)
		verdict = file__move(st, &a, &a.new_dentry, &a.dentry);
	file__emit(st, &a);
	return guard__return(verdict);
}

/* Of an exchange it is called once, with the flags, since 5.19. */
SEC("?lsm/path_rename")
int BPF_PROG(file_rename, const struct path *old_dir, struct dentry *old_dentry, const struct path *new_dir,
	     struct dentry *new_dentry, unsigned int flags)
{
	return file__change_two(EV_FILE_RENAME, old_dir, old_dentry, new_dir, new_dentry, flags);
}

/* A link does not leave its mount. */
SEC("?lsm/path_link")
int BPF_PROG(file_link, struct dentry *old_dentry, const struct path *new_dir, struct dentry *new_dentry)
{
	return file__change_two(EV_FILE_LINK, new_dir, old_dentry, new_dir, new_dentry, 0);
}

static __always_inline int file__change_attribute(__u32 op, struct dentry *dentry, const char *name)
{
	struct path path = { .mnt = guard__some_mount(dentry), .dentry = dentry };

	if (!scope__current(bpf_get_current_task_btf()))
		return 0;
	return file__change(op, &path, dentry, 0, name);
}

/* The first argument is the user namespace, since 6.3 the mount's idmap. */
SEC("?lsm/inode_setxattr")
int BPF_PROG(file_setxattr, void *idmap, struct dentry *dentry, const char *name)
{
	return file__change_attribute(EV_FILE_SETXATTR, dentry, name);
}

SEC("?lsm/inode_removexattr")
int BPF_PROG(file_removexattr, void *idmap, struct dentry *dentry, const char *name)
{
	return file__change_attribute(EV_FILE_REMOVEXATTR, dentry, name);
}

/* POSIX ACLs, which change the mode; they passed inode_setxattr before 6.2. */
SEC("?lsm/inode_set_acl")
int BPF_PROG(file_set_acl, void *idmap, struct dentry *dentry, const char *name)
{
	return file__change_attribute(EV_FILE_SETXATTR, dentry, name);
}

SEC("?lsm/inode_remove_acl")
int BPF_PROG(file_remove_acl, void *idmap, struct dentry *dentry, const char *name)
{
	return file__change_attribute(EV_FILE_REMOVEXATTR, dentry, name);
}

/* ---- open files ---------------------------------------------------------------------------------------------- */

/* Character devices that hold nothing: null, zero, full, random, urandom, terminals. */
static __always_inline bool file__harmless_device(struct inode *inode, __u16 mode)
{
	__u32 rdev = 0, major, minor;

	if ((mode & S_IFMT) != S_IFCHR)
		return (mode & S_IFMT) == S_IFIFO || (mode & S_IFMT) == S_IFSOCK;
	KGET(rdev, inode, i_rdev);
	major = rdev >> 20;
	minor = rdev & 0xfffff;
	if (major == 1)
		return minor == 3 || minor == 5 || (minor >= 7 && minor <= 9);
	return major == 4 || major == 5 || (major >= 136 && major <= 143);
}

/* FLAGS: as in struct file_act. */
static __always_inline int file__use(__u32 op, struct file *file, __u32 access, bool always, __u32 flags)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct file_act a = { .act = { .op = op }, .flags = flags };
	struct inode *inode = NULL;
	__u16 mode = 0;
	int verdict;

	if (!st)
		return 0;
	KGET(inode, file, f_inode);
	KGET(mode, inode, i_mode);
	if (file__harmless_device(inode, mode))
		return 0;
	a.inode = (__u64)inode;
	KGET(a.dentry, file, f_path.dentry);
	KGET(a.mnt, file, f_path.mnt);
	verdict = guard__file(MARK(st), &a.act, a.dentry, a.mnt, access);
	a.too_deep = MARK(st)->walk.blind;
	if (!always && op == EV_FILE_OPEN_READ && st_cfg.watch_secret)
		always = (mode & S_IFMT) == S_IFBLK || watch__wants(a.dentry, a.mnt);
	if (always || a.act.rule || a.act.verdict != EV_ALLOWED)
		file__emit(st, &a);
	return guard__return(verdict);
}

SEC("?lsm/file_open")
int BPF_PROG(file_open, struct file *file)
{
	__u32 mode = file->f_mode, flags = file->f_flags;
	bool write = mode & FMODE_WRITE || flags & O_TRUNC;

	/* of an execve: judged as one, by bprm_check_security. XFS takes that bit from its callers too */
	if (flags & FMODE_EXEC && !write)
		return 0;
	return file__use(write ? EV_FILE_OPEN_WRITE : EV_FILE_OPEN_READ, file,
			 (write ? 1 << GUARD_WRITE : 0) | (mode & FMODE_READ ? 1 << GUARD_READ : 0), write, 0);
}

/* On the stack it would be too much for verifiers before 6.13, where that of callers counts, or of other such. */
static __always_inline struct file_act *file__scratch(struct st_mark *mark, __u32 op, struct file *file)
{
	struct file_act *a = (void *)mark->scratch;
	struct inode *inode = NULL;

	_Static_assert(sizeof(*a) <= sizeof(mark->scratch), "scratch holds what is told");
	__builtin_memset(a, 0, sizeof(*a));
	a->act.op = op;
	KGET(inode, file, f_inode);
	a->inode = (__u64)inode;
	KGET(a->dentry, file, f_path.dentry);
	KGET(a->mnt, file, f_path.mnt);
	return a;
}

/*
 * The same where there is no LSM, of an open that has returned FD (syscall.bpf.c, after.bpf.c): the file behind it, so the caller's
 * string is never looked at. Missed: opens that failed; by io_uring, which are no calls; a descriptor that another
 * thread has closed meanwhile, or put another file in the place of.
 */
int opens__record(struct st_mark *mark, int fd, __u64 flags)
{
	struct file *file = fd__file(fd);
	struct inode *inode = NULL;
	struct file_act *a;
	__u32 f_mode = 0;
	__u16 mode = 0;
	bool write;

	if (!mark || !file)
		return 0;
	KGET(f_mode, file, f_mode);
	KGET(inode, file, f_inode);
	KGET(mode, inode, i_mode);
	if (f_mode & FMODE_PATH || file__harmless_device(inode, mode))
		return 0;
	write = f_mode & FMODE_WRITE || flags & O_TRUNC;
	a = file__scratch(mark, write ? EV_FILE_OPEN_WRITE : EV_FILE_OPEN_READ, file);
	if (f_mode & FMODE_CREATED) {
		a->act.op = EV_FILE_CREATE;
		a->arg = mode & 07777;
		file__emit(&mark->task, a);
		a->act.op = write ? EV_FILE_OPEN_WRITE : EV_FILE_OPEN_READ;
		a->arg = 0;
	}
	if (write || (st_cfg.watch_secret && ((mode & S_IFMT) == S_IFBLK || watch__wants(a->dentry, a->mnt))))
		file__emit(&mark->task, a);
	return 0;
}

/* Only with a policy that restricts writing, and only what it refuses is recorded: this is every read and write. */
SEC("?lsm/file_permission")
int BPF_PROG(file_permission, struct file *file, int mask)
{
	struct st_task *st = bpf_task_storage_get(&st_tasks, bpf_get_current_task_btf(), 0, 0);
	const struct guard_policy *p;
	__u32 gen = 0;

	if (!(mask & (MAY_WRITE | MAY_APPEND)) || (!st && !st_cfg.scope_cgroup))
		return 0;
	p = guard__policy(&gen);
	if (!p || !((p->denies | p->closed) & 1 << GUARD_WRITE))
		return 0;
	return file__use(EV_FILE_WRITE, file, 1 << GUARD_WRITE, false, 0);
}

/* ---- programs ------------------------------------------------------------------------------------------------ */

/*
 * Each file on the way to the program: the script, its interpreter, ... Before the point of no return: the caller sees
 * EPERM. A command that the launcher armed comes into scope here.
 */
SEC("?lsm/bprm_check_security")
int BPF_PROG(file_exec, struct linux_binprm *bprm)
{
	struct st_task *st = bpf_task_storage_get(&st_tasks, bpf_get_current_task_btf(), 0, 0);
	struct file *file = NULL;

	if (st && st->flags & ST_TASK_ARMED)
		st->flags = (st->flags & ~ST_TASK_ARMED) | ST_TASK_SCOPE;
	KGET(file, bprm, file);
	return file ? file__use(EV_FILE_EXEC, file, 1 << GUARD_EXEC, false, 0) : 0;
}

/* ---- code ---------------------------------------------------------------------------------------------------- */

/*
 * What is made executable is recorded, though no rule is about it, where it is no file that somebody could look at: a memfd,
 * another file without a name, memory; and where it can be written to, or could. Of memory each thread of a program is told of
 * once, and once more where both holds at the same time: those that compile while they run do it thousands of times.
 * Missed: what was written by other ways than through the mapping, such as /proc/self/mem.
 */
#define FILE_CODE_FLAGS(writable, written) ((writable) ? EV_FILE_FLAG_WRITABLE : (written) ? EV_FILE_FLAG_WRITTEN : 0)

static __always_inline int file__memory(struct st_task *st, struct file_act *a)
{
	__u16 told = a->flags & EV_FILE_FLAG_WRITABLE ? ST_TASK_MADE_WX : ST_TASK_MADE_CODE;

	if (!a->flags || st->flags & told)
		return 0;
	st->flags |= told;
	a->flags |= EV_FILE_FLAG_ANONYMOUS;
	a->dentry = a->mnt = a->inode = 0;
	file__emit(st, a);
	return 0;
}

/* Memory: no file, or one that is a name for it (/dev/zero). */
static __always_inline bool file__is_memory(struct file *file)
{
	struct inode *inode = NULL;
	__u16 mode = 0;

	if (!file)
		return true;
	KGET(inode, file, f_inode);
	KGET(mode, inode, i_mode);
	return file__harmless_device(inode, mode);
}

static __always_inline bool file__is_nameless(struct file *file)
{
	struct inode *inode = NULL;
	__u32 nlink = 0;

	KGET(inode, file, f_inode);
	KGET(nlink, inode, i_nlink);
	return !nlink;
}

/*
 * A closed kind is about what is executed, not about libraries: those are mapped from wherever they are. A deny holds for
 * them too.
 */
static __always_inline int file__map(__u32 op, struct file *file, __u32 flags)
{
	struct st_task *st;
	struct file_act *a;

	if (file__is_memory(file)) {
		st = scope__current(bpf_get_current_task_btf());
		if (!st)
			return 0;
		a = file__scratch(MARK(st), op, NULL);
		a->flags = flags;
		return file__memory(st, a);
	}
	return file__use(op, file, 1 << GUARD_EXEC | GUARD_DENIES_ONLY, flags || file__is_nameless(file), flags);
}

SEC("?lsm/mmap_file")
int BPF_PROG(file_mmap, struct file *given, unsigned long reqprot, unsigned long prot, unsigned long flags)
{
	/* none for memory; but verifiers (seen on 6.12) take an argument for one that is always there, and drop what asks */
	struct file *file = (void *)number_of(given);
	__u32 mode = 0;
	int verdict = 0;

	/* of a descriptor that was open before; what it is mapped for can be changed later */
	KGET(mode, file, f_mode);
	if (file && flags & MAP_SHARED && mode & FMODE_WRITE)
		verdict = file__use(EV_FILE_WRITE, file, 1 << GUARD_WRITE, false, 0);
	if (!verdict && prot & PROT_EXEC)
		verdict = file__map(EV_FILE_MMAP_EXEC, file, FILE_CODE_FLAGS(prot & PROT_WRITE, false));
	return guard__return(verdict);
}

SEC("?lsm/file_mprotect")
int BPF_PROG(file_mprotect, struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot)
{
	struct file *file = NULL;
	unsigned long flags = 0;
	__u32 code;

	if (!(prot & PROT_EXEC))
		return 0;
	KGET(flags, vma, vm_flags);
	KGET(file, vma, vm_file);
	code = FILE_CODE_FLAGS(prot & PROT_WRITE, flags & VM_WRITE);
	if (flags & VM_EXEC && !code)
		return 0;
	return file__map(EV_FILE_MPROTECT_EXEC, file, code);
}

struct file_vma {
	struct file *file;
	__u64 flags;
	__u64 written; /* a private page of it was */
};

static long file__vma(struct task_struct *task, struct vm_area_struct *vma, struct file_vma *v)
{
	KGET(v->file, vma, vm_file);
	KGET(v->flags, vma, vm_flags);
	KGET(v->written, vma, anon_vma);
	return 0;
}

/*
 * The same where there is no LSM, of the first mapping that a call has made executable. Missed: what it finds locked four times,
 * as another thread maps something; that private memory which nobody wrote to could be written to.
 */
int opens__mapped(struct st_mark *mark, __u64 addr, __u32 op)
{
	struct file_vma v = {};
	struct file_act *a;

	if (!mark)
		return 0;
	for (int i = 0; i < 4; i++)
		if (!bpf_find_vma(bpf_get_current_task_btf(), addr, file__vma, &v, 0))
			break;
	if (!(v.flags & VM_EXEC))
		return 0;
	a = file__scratch(mark, op, v.file);
	a->flags = FILE_CODE_FLAGS(v.flags & VM_WRITE, v.written);
	if (file__is_memory(v.file))
		return file__memory(&mark->task, a);
	if (a->flags || file__is_nameless(v.file))
		file__emit(&mark->task, a);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
