/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what the loader has open to what the security programs look up.
 *
 *   adopt_inodes   iter/task_file   makes a row of st_guard_inodes from each descriptor in st_guard_fds
 *
 * Why an iterator: no call tells userspace the address of an inode, and here it comes from the file that the loader has
 * resolved and opened, not from a name. Since 5.8; only over the loader's own descriptors since 6.1, before over
 * everybody's, so it looks whose they are. Context: the reader; it does not sleep.
 */
#include "guard.bpf.h"

/* Of two that hold the same inode: the rule that was written first, for each kind of access. */
static __always_inline void merge(__u16 *into, const __u16 *from)
{
	for (int a = 0; a < GUARD_ACCESS_MAX; a++)
		if (from[a] && (!into[a] || from[a] < into[a]))
			into[a] = from[a];
}

SEC("?iter/task_file")
int adopt_inodes(struct bpf_iter__task_file *ctx)
{
	struct guard_inode_key key = { .gen = (st_shared.guard_gen & 1) ^ 1 };
	struct guard_inode_row row = {}, *known;
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	__u32 fd = ctx->fd;
	struct nsproxy *nsproxy = NULL;

	if (!task || !file || (__u32)task->tgid != bpf_get_current_pid_tgid() >> 32)
		return 0;
	KGET(nsproxy, task, nsproxy);
	KGET(st_shared.guard_mnt_ns, nsproxy, mnt_ns);
	known = bpf_map_lookup_elem(&st_guard_fds, &fd);
	if (!known)
		return 0;
	row = *known;
	key.inode = (__u64)file->f_inode;
	known = bpf_map_lookup_elem(&st_guard_inodes, &key);
	if (known) {
		merge(row.deny, known->deny);
		merge(row.allow, known->allow);
	}
	if (!bpf_map_update_elem(&st_guard_inodes, &key, &row, BPF_ANY))
		st_shared.guard_rows++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
