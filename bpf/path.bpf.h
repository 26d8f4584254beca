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
#define NAME_BUF 256	    /* NAME_MAX and the NUL */

/*
 * Fills P, which has room for CAP + NAME_BUF bytes; CAP is a power of two. The offset is kept in ring memory, not
 * in a register: the verifier then takes it for unknown, finds every turn of the loop alike and prunes.
 */
static __noinline int path__part(struct ev_part *p, const __u32 cap, __u8 id, const struct path *kpath,
				 const struct path *kroot)
{
	struct path path = {}, root = {};
	struct dentry *dentry;
	struct vfsmount *vfsmnt;
	__u8 state = EV_PART_FAULT;
	char *buf = (char *)(p + 1);

	p->len = 0;
	if (kread(&path, sizeof(path), kpath) || kread(&root, sizeof(root), kroot))
		goto out;
	dentry = path.dentry;
	vfsmnt = path.mnt;
	if (!dentry || !vfsmnt)
		goto out;
	state = EV_PART_TRUNCATED;
	for (int i = 0; i < PATH_COMPONENTS; i++) {
		struct dentry *mnt_root = NULL, *parent = NULL;
		const unsigned char *name = NULL;
		__u32 off = *(volatile __u32 *)&p->len;
		long n;

		if (dentry == root.dentry && vfsmnt == root.mnt) {
			state = EV_PART_OK;
			break;
		}
		if (kread(&mnt_root, sizeof(mnt_root), &vfsmnt->mnt_root) ||
		    kread(&parent, sizeof(parent), &dentry->d_parent) ||
		    kread(&name, sizeof(name), &dentry->d_name.name)) {
			state = EV_PART_FAULT;
			break;
		}
		if (dentry == mnt_root) {
			struct mount *mnt = (void *)vfsmnt - bpf_core_field_offset(struct mount, mnt), *up = NULL;

			kread(&up, sizeof(up), &mnt->mnt_parent);
			if (up == mnt || !up) { /* the global root, or a mount in no tree */
				state = EV_PART_OK;
				break;
			}
			kread(&dentry, sizeof(dentry), &mnt->mnt_mountpoint);
			vfsmnt = (void *)up + bpf_core_field_offset(struct mount, mnt);
			continue;
		}
		if (off >= cap)
			break;
		n = kread_str(buf + (off & (cap - 1)), NAME_BUF, name);
		if (n < 0) {
			state = EV_PART_FAULT;
			break;
		}
		p->len = off + n;
		if (dentry == parent) { /* a file in no tree: memfd, anonymous, unlinked parent */
			state = EV_PART_OK;
			break;
		}
		dentry = parent;
	}
out:
	p->next = 0;
	p->id = id;
	p->state = state;
	p->type = EV_PT_PATH;
	p->true_len = state == EV_PART_OK ? p->len : 0;
	return 0;
}

#endif
