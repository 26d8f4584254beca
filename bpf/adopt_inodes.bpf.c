/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the loader has open, as the security programs see it.
 *
 *   adopt_inodes   iter/task_file   puts the address of its inode beside each descriptor in st_guard_fds
 *
 * Why an iterator: no call tells userspace the address of an inode, and here it comes from the file that the loader has
 * resolved and opened, not from a name. Since 5.8; only over the loader's own descriptors since 6.1, before over
 * everybody's, so it looks whose they are. Context: the reader; it does not sleep.
 */
#include "guard.bpf.h"

SEC("?iter/task_file")
int adopt_inodes(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	__u32 fd = ctx->fd;
	const struct cred *cred = NULL;
	struct nsproxy *nsproxy = NULL;
	__u64 *inode;

	if (!task || !file || (__u32)task->tgid != bpf_get_current_pid_tgid() >> 32)
		return 0;
	KGET(nsproxy, task, nsproxy);
	KGET(st_shared.guard_mnt_ns, nsproxy, mnt_ns);
	KGET(cred, task, cred);
	KGET(st_shared.guard_user_ns, cred, user_ns);
	inode = bpf_map_lookup_elem(&st_guard_fds, &fd);
	if (!inode)
		return 0;
	*inode = (__u64)file->f_inode;
	st_shared.guard_rows++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
