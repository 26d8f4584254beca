/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel path by walking dentries and mounts, because bpf_d_path is not allowed in these hooks. Components are
 * written leaf first, each with its NUL, as they come; userspace turns them round (EV_PT_PATH). The walk stops at
 * the task's root. It takes no lock: a rename or an unmount in the middle can yield a mixed path.
 */
#ifndef SANDTRACE_PATH_BPF_H
#define SANDTRACE_PATH_BPF_H

#include "compat.bpf.h"
#include "emit.bpf.h"

#define PATH_COMPONENTS 128 /* deeper paths are marked truncated; a 4,096 byte path may have 2,048 */

struct path_walk {
	struct ev_part *p;
	__u64 state;	/* enum ev_part_state */
	struct dentry *dentry, *root_dentry;
	struct vfsmount *vfsmnt, *root_mnt;
	__u64 pseudo;	/* in no tree: one name, not a path */
};

/*
 * One component, or one step up to the mount that this one hangs in. 1 ends the walk. The offset is kept in ring
 * memory, not in a register: the verifier then takes it for unknown and finds every turn alike.
 */
static __always_inline long path__step(struct path_walk *w, const __u32 cap)
{
	struct dentry *mnt_root = NULL, *parent = NULL;
	const unsigned char *name = NULL;
	struct ev_part *p = w->p;
	__u32 off = *(volatile __u32 *)&p->len;
	long n;

	w->state = EV_PART_OK;
	if (w->dentry == w->root_dentry && w->vfsmnt == w->root_mnt)
		return 1;
	w->state = EV_PART_FAULT;
	if (bpf_probe_read_kernel(&mnt_root, sizeof(mnt_root), &w->vfsmnt->mnt_root) ||
	    bpf_probe_read_kernel(&parent, sizeof(parent), &w->dentry->d_parent) ||
	    bpf_probe_read_kernel(&name, sizeof(name), &w->dentry->d_name.name))
		return 1;
	if (w->dentry == mnt_root) {
		struct mount *mnt = (void *)w->vfsmnt - bpf_core_field_offset(struct mount, mnt), *up = NULL;

		if (bpf_probe_read_kernel(&up, sizeof(up), &mnt->mnt_parent) ||
		    bpf_probe_read_kernel(&w->dentry, sizeof(w->dentry), &mnt->mnt_mountpoint))
			return 1;
		w->state = up == mnt || !up ? EV_PART_OK : EV_PART_TRUNCATED; /* the global root: done */
		w->vfsmnt = (void *)up + bpf_core_field_offset(struct mount, mnt);
		return w->state == EV_PART_OK;
	}
	w->state = EV_PART_TRUNCATED;
	if (off >= cap)
		return 1;
	/* the compiler knows the bound and would drop a mask; verifiers before 6.12 need to see it */
	asm volatile("%0 &= %1" : "+r"(off) : "r"(cap - 1));
	n = bpf_probe_read_kernel_str((char *)(p + 1) + off, NAME_BUF, name);
	if (n < 0) {
		w->state = EV_PART_FAULT;
		return 1;
	}
	p->len = off + n;
	if (w->dentry == parent) { /* memfd:name, [eventfd] */
		w->state = EV_PART_OK;
		w->pseudo = !off;
		return 1;
	}
	w->dentry = parent;
	return 0;
}

/* The bound must be a constant in each callback: the verifier forgets what a context says. */
static long path__step_small(__u32 i, struct path_walk *w)
{
	return path__step(w, PATH_SMALL);
}

static long path__step_large(__u32 i, struct path_walk *w)
{
	return path__step(w, PATH_LARGE);
}

/* As far as ROOT. bpf_loop: since 5.17. */
static __always_inline int path__walk(struct ev_part *p, bool large, __u32 id, const struct path *path, __u64 kroot)
{
	struct path_walk w = { .p = p, .state = EV_PART_FAULT };
	struct path root = {};

	p->len = 0;
	if (!bpf_probe_read_kernel(&root, sizeof(root), (void *)kroot) && path->dentry && path->mnt) {
		w.dentry = path->dentry;
		w.vfsmnt = path->mnt;
		w.root_dentry = root.dentry;
		w.root_mnt = root.mnt;
		if (large)
			bpf_loop(PATH_COMPONENTS, path__step_large, &w, 0);
		else
			bpf_loop(PATH_COMPONENTS, path__step_small, &w, 0);
	}
	p->next = 0;
	p->id = id;
	p->state = w.state;
	p->type = w.pseudo ? EV_PT_STR : EV_PT_PATH;
	if (w.pseudo && p->len)
		p->len--;
	p->true_len = w.state == EV_PART_OK ? p->len : 0;
	return 0;
}

/* KPATH and KROOT: addresses of struct path in the kernel. */
static __always_inline int path__part(struct ev_part *p, bool large, __u32 id, __u64 kpath, __u64 kroot)
{
	struct path path = {};

	bpf_probe_read_kernel(&path, sizeof(path), (void *)kpath);
	return path__walk(p, large, id, &path, kroot);
}

/* A name in a directory, as the current task would write it; MNT: of the directory. */
static __always_inline int path__name(struct ev_part *p, bool large, __u32 id, __u64 dentry, __u64 mnt)
{
	struct path path = { .dentry = (void *)dentry, .mnt = (void *)mnt };
	struct fs_struct *fs = NULL;

	KGET(fs, bpf_get_current_task_btf(), fs);
	return path__walk(p, large, id, &path, (__u64)&fs->root);
}

/* Global and weak: verified once each, however often they are called and in however many objects they stand. */
__weak __noinline int path__small(struct path_small *m, __u32 id, __u64 kpath, __u64 kroot)
{
	return m ? path__part(&m->p, false, id, kpath, kroot) : 0;
}

__weak __noinline int path__large(struct path_large *m, __u32 id, __u64 kpath, __u64 kroot)
{
	return m ? path__part(&m->p, true, id, kpath, kroot) : 0;
}

__weak __noinline int path__name_small(struct path_small *m, __u32 id, __u64 dentry, __u64 mnt)
{
	return m ? path__name(&m->p, false, id, dentry, mnt) : 0;
}

__weak __noinline int path__name_large(struct path_large *m, __u32 id, __u64 dentry, __u64 mnt)
{
	return m ? path__name(&m->p, true, id, dentry, mnt) : 0;
}

#define S_IFMT 00170000 /* uapi/linux/stat.h */
#define S_IFSOCK 0140000
#define S_IFIFO 0010000
#define PIPEFS_MAGIC 0x50495045
#define AT_FDCWD -100

/* The file behind descriptor FD of the current task, by the kernel's table, which is read without its lock. NULL: none. */
static __always_inline struct file *fd__file(int fd)
{
	struct files_struct *files = NULL;
	struct fdtable *fdt = NULL;
	struct file **fds = NULL, *file = NULL;
	__u32 max = 0;

	KGET(files, bpf_get_current_task_btf(), files);
	KGET(fdt, files, fdt);
	KGET(max, fdt, max_fds);
	KGET(fds, fdt, fd);
	if (fd < 0 || (__u32)fd >= max)
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), fds + fd);
	return file;
}

/*
 * What descriptor FD of the current task stands for: a path, or the name that /proc/PID/fd shows for what has none.
 * Read from the kernel's table, so it is not the caller's claim. Missed: the table is read without its lock.
 */
__weak __noinline int fd__small(struct path_small *m, __u32 id, int fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct files_struct *files = NULL;
	struct fdtable *fdt = NULL;
	struct file **fds = NULL, *file = NULL;
	struct fs_struct *fs = NULL;
	struct inode *inode = NULL;
	struct super_block *sb = NULL;
	unsigned long magic = 0;
	__u64 ino = 0;
	__u32 max = 0;
	__u16 mode = 0;

	if (!m)
		return 0;
	part__fill(&m->p, id, EV_PT_STR, -1, 0, EV_PART_FAULT);
	KGET(fs, task, fs);
	if (fd == AT_FDCWD)
		return path__small(m, id, (__u64)&fs->pwd, (__u64)&fs->root);
	KGET(files, task, files);
	KGET(fdt, files, fdt);
	KGET(max, fdt, max_fds);
	KGET(fds, fdt, fd);
	if (fd < 0 || (__u32)fd >= max || bpf_probe_read_kernel(&file, sizeof(file), fds + fd) || !file) {
		part__fill(&m->p, id, EV_PT_STR, 0, 0, EV_PART_NULL); /* not open */
		return 0;
	}
	KGET(inode, file, f_inode);
	KGET(mode, inode, i_mode);
	KGET(sb, inode, i_sb);
	KGET(magic, sb, s_magic);
	KGET(ino, inode, i_ino);
	if ((mode & S_IFMT) == S_IFSOCK || ((mode & S_IFMT) == S_IFIFO && magic == PIPEFS_MAGIC)) {
		long n = (mode & S_IFMT) == S_IFSOCK ? BPF_SNPRINTF(m->data, 64, "socket:[%llu]", ino) :
						       BPF_SNPRINTF(m->data, 64, "pipe:[%llu]", ino);

		part__fill(&m->p, id, EV_PT_STR, n > 0 ? n - 1 : -1, n - 1, EV_PART_OK);
		return 0;
	}
	return path__small(m, id, (__u64)&file->f_path, (__u64)&fs->root);
}

#endif
