/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that are worth a record when they are only read: keys, passwords, wallets, ... and what --watch names. Patterns of up to
 * four names, from the file upwards, compared with the kernel's own (userspace/findings/watched.c makes the rows). Of what is
 * mounted both its place in its own file system and the place where it is mounted count, as for a policy.
 *
 * Only for records: no verdict rests on anything in here. Missed: another hard link, whose names are others; a name longer than
 * 62 bytes; what lies more than three directories below a watched one.
 */
#ifndef SANDTRACE_WATCH_BPF_H
#define SANDTRACE_WATCH_BPF_H

#include "compat.bpf.h"
#include "maps.bpf.h"

/* The longest prefix decides: the loader puts into each what its own prefixes have. Refused in sleepable programs by 6.1. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, ST_WATCH_ROWS);
	__type(key, struct st_watch_key);
	__type(value, struct st_watch_row);
} st_watch __weak SEC(".maps");

/*
 * Ways that were looked at and are not watched, each as one number made of all that the answer rests on: of every dentry that was
 * compared its address, the hash of its name, and how often it was renamed; mounts show in which dentry comes next. So there
 * is nothing to invalidate: whatever renames or mounts, another machine too, the number is another one afterwards. An epoch
 * that hooks advance would leave a window, as they come before the change; and would empty the cache for everybody's renames.
 * What is left are numbers that collide, 1 in 2^64 behind a secret, and a dentry that is freed and made again in the same place
 * for another name with the same 32 bits of hash.
 */
#define WATCH_CACHE 8192
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WATCH_CACHE);
	__type(key, __u32);
	__type(value, __u64);
} st_watch_cache __weak SEC(".maps");

#define DCACHE_OP_HASH 0x1 /* linux/dcache.h: names that differ can hash alike: without regard to case */
#define WATCH_MOUNTS 2	   /* that hang in each other's root; more: not looked for */

/* From the root of a mount to where it hangs, if it does. False: it is a part of its file system only. */
static __always_inline bool watch__climb(struct dentry **dentry, struct vfsmount **vfsmnt)
{
	struct dentry *root = NULL, *above = NULL;
	bool whole = true;

	for (int i = 0; i < WATCH_MOUNTS; i++) {
		struct mount *mnt = (void *)*vfsmnt - bpf_core_field_offset(struct mount, mnt), *up = NULL;

		KGET(root, *vfsmnt, mnt_root);
		if (*dentry != root)
			break;
		KGET(above, root, d_parent);
		whole &= above == root;
		KGET(up, mnt, mnt_parent);
		if (up == mnt || !up)
			break;
		KGET(*dentry, mnt, mnt_mountpoint);
		*vfsmnt = (void *)up + bpf_core_field_offset(struct mount, mnt);
	}
	return whole;
}

static __always_inline __u64 watch__mix(__u64 tag, __u64 v)
{
	tag = (tag ^ v) * 0x9e3779b97f4a7c15ULL;
	return tag ^ tag >> 29;
}

struct watch_walk {
	__u64 tag;   /* of what was walked; 0: not to be remembered */
	bool whole;  /* nothing was mounted on the way that is only a part of a file system */
	bool watched; /* with COMPARE */
};

/*
 * Up from DENTRY, as mounted in MNT, or in its own file system alone. COMPARE: the names too. The number is made of what was read
 * here, so what is remembered is what was compared, whatever moves meanwhile.
 */
static __always_inline void watch__walk(struct watch_walk *k, struct dentry *dentry, struct vfsmount *mnt, const bool compare)
{
	__u64 left[ST_WATCH_WORDS] = { ~0ULL, ~0ULL, ~0ULL, ~0ULL };
	struct st_watch_key key = { .prefixlen = 8 * ST_WATCH_NAME };
	bool above = false; /* the root: no more names */

	k->tag = st_cfg.watch_secret;
	k->whole = true;
	for (int i = 0; i < ST_WATCH_LEVELS; i++) {
		const struct st_watch_row *row = NULL;
		const unsigned char *name = NULL;
		struct dentry *parent = NULL;
		__u32 seq = 0, again = 0, flags = 0;
		__u64 hash_len = 0;

		if (!above) {
			if (mnt)
				k->whole &= watch__climb(&dentry, &mnt);
			KGET(seq, dentry, d_seq.seqcount.sequence);
			KGET(parent, dentry, d_parent);
			KGET(hash_len, dentry, d_name.hash_len);
			k->tag = watch__mix(watch__mix(watch__mix(k->tag, (__u64)dentry), hash_len), seq);
			above = !parent || parent == dentry;
		}
		if (compare && !above) {
			KGET(name, dentry, d_name.name);
			if (bpf_probe_read_kernel_str(key.name, sizeof(key.name), name) > 0)
				row = bpf_map_lookup_elem(&st_watch, &key);
			KGET(flags, dentry, d_flags);
			KGET(again, dentry, d_seq.seqcount.sequence);
			if (flags & DCACHE_OP_HASH || seq & 1 || again != seq)
				k->whole = false;
		}
		for (int w = 0; compare && w < ST_WATCH_WORDS; w++)
			left[w] &= (row ? row->at[i][w] : 0) | st_cfg.watch_any[i][w];
		dentry = parent;
	}
	k->watched = left[0] | left[1] | left[2] | left[3];
}

/* 1: this file is watched. */
__weak __noinline int watch__wants(__u64 kdentry, __u64 kmnt)
{
	struct dentry *dentry = (void *)kdentry;
	struct vfsmount *mnt = (void *)kmnt;
	struct watch_walk k;
	__u64 *slot;
	__u32 i;

	watch__walk(&k, dentry, mnt, false);
	i = k.tag >> 32 & (WATCH_CACHE - 1);
	slot = bpf_map_lookup_elem(&st_watch_cache, &i);
	if (k.whole && slot && *(volatile __u64 *)slot == k.tag)
		return 0;
	watch__walk(&k, dentry, mnt, true);
	if (k.watched)
		return 1;
	if (k.whole) {
		i = k.tag >> 32 & (WATCH_CACHE - 1);
		slot = bpf_map_lookup_elem(&st_watch_cache, &i);
		if (slot)
			*(volatile __u64 *)slot = k.tag;
		return 0;
	}
	watch__walk(&k, dentry, NULL, true);
	return k.watched;
}

#endif
