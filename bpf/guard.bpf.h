/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scope and verdict of the security profile: the one place that decides. include/guard.h says what the maps hold. A verdict
 * never depends on a ring: it is taken first, and recorded as well as may be.
 */
#ifndef SANDTRACE_GUARD_BPF_H
#define SANDTRACE_GUARD_BPF_H

#include "emit.bpf.h"
#include "guard.h"
#include "path.bpf.h"
#include "task.bpf.h"

#define EPERM 1

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct guard_policy);
} st_guard __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, GUARD_MAX_INODES);
	__type(key, struct guard_inode_key);
	__type(value, struct guard_inode_row);
} st_guard_inodes __weak SEC(".maps");

/* Refused in sleepable programs by 6.1: none of those that look here may be. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, GUARD_MAX_NETS);
	__type(key, struct guard_net_key);
	__type(value, struct guard_net_row);
} st_guard_nets __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, GUARD_MAX_RULES);
	__type(key, __u32);
	__type(value, struct guard_hits);
} st_guard_hits __weak SEC(".maps");

/* What the loader has open for which row: adopt_inodes puts them into st_guard_inodes. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, GUARD_MAX_INODES);
	__type(key, __u32);
	__type(value, struct guard_inode_row);
} st_guard_fds __weak SEC(".maps");

/* The policy in force, read once for each action. NULL: none. */
static __always_inline const struct guard_policy *guard__policy(__u32 *gen)
{
	const struct guard_policy *p;

	if (!st_cfg.judge)
		return NULL;
	*gen = *(volatile __u32 *)&st_shared.guard_gen & 1;
	p = bpf_map_lookup_elem(&st_guard, gen);
	return p && p->mode != GUARD_OFF ? p : NULL;
}

/* A hook's result: since 6.8 the verifier wants to see that it is 0 or an errno, and a compiler would hide it. */
static __always_inline int guard__return(int verdict)
{
	long ret = 0;

	asm volatile("if %1 == 0 goto +1; %0 = -1" : "+r"(ret) : "r"(verdict)); /* -EPERM */
	return ret;
}

/* What is told of a verdict, and counted; returns what the hook returns. DENIED by RULE, or ALLOWED by it (0: no rule). */
static __always_inline int guard__say(const struct guard_policy *p, struct ev_act *act, bool denied, __u32 rule)
{
	__u32 mode = p->mode;
	struct guard_hits *h = bpf_map_lookup_elem(&st_guard_hits, &rule);

	act->rule = rule;
	act->policy = *(volatile __u32 *)&st_shared.guard_serial;
	if (h && (denied || rule))
		__sync_fetch_and_add(denied ? &h->denied : &h->allowed, 1);
	if (!denied)
		return 0;
	act->verdict = mode == GUARD_ENFORCE ? EV_DENIED : EV_WOULD_DENY;
	return mode == GUARD_ENFORCE ? -EPERM : 0;
}

struct guard_walk {
	struct dentry *dentry;
	struct vfsmount *mnt;	/* that DENTRY is looked at through; NULL: above what it shows */
	struct dentry *place;	/* where that mount hangs, and in which */
	struct vfsmount *place_mnt;
	struct guard_inode_key key;
	__u32 rooted;	/* got to the end */
	__u32 crossed;	/* is in another file system, or another part of it, than the file */
	__u32 foreign;	/* through a mount that is not of the loader's namespace */
	__u16 deny[GUARD_ACCESS_MAX], allow[GUARD_ACCESS_MAX]; /* the nearest rule that said so */
};

/* From the root of a mount on: what lies above it in its file system first, then what it hangs in. False: cannot be read. */
static __always_inline bool guard__leave_mount(struct guard_walk *w)
{
	struct mount *mnt = (void *)w->mnt - bpf_core_field_offset(struct mount, mnt), *up = NULL;
	struct mnt_namespace *ns = NULL;

	if (bpf_probe_read_kernel(&up, sizeof(up), &mnt->mnt_parent) || bpf_probe_read_kernel(&ns, sizeof(ns), &mnt->mnt_ns) ||
	    bpf_probe_read_kernel(&w->place, sizeof(w->place), &mnt->mnt_mountpoint))
		return false;
	if (up == mnt)
		w->place = NULL;
	w->place_mnt = (void *)up + bpf_core_field_offset(struct mount, mnt);
	w->foreign |= (__u64)ns != st_shared.guard_mnt_ns;
	w->mnt = NULL;
	return true;
}

#define SB_KERNMOUNT (1UL << 22) /* linux/fs.h */

/*
 * What is mounted shows a file in another place than its own; a deny of either holds. An allow of the other place counts only
 * if the loader sees that mount too: whoever has a namespace of his own can mount anything into what he may write to.
 */
static long guard__step(__u32 i, struct guard_walk *w)
{
	struct dentry *mnt_root = NULL, *parent = NULL;
	struct inode *inode = NULL;
	struct guard_inode_row *row;

	if (bpf_probe_read_kernel(&inode, sizeof(inode), &w->dentry->d_inode) ||
	    bpf_probe_read_kernel(&parent, sizeof(parent), &w->dentry->d_parent) ||
	    (w->mnt && bpf_probe_read_kernel(&mnt_root, sizeof(mnt_root), &w->mnt->mnt_root)))
		return 1;
	w->key.inode = (__u64)inode;
	row = inode ? bpf_map_lookup_elem(&st_guard_inodes, &w->key) : NULL;
	if (row) {
		for (int a = 0; a < GUARD_ACCESS_MAX; a++) {
			w->deny[a] = w->deny[a] ?: row->deny[a];
			if (!w->foreign || !w->crossed)
				w->allow[a] = w->allow[a] ?: row->allow[a];
		}
	}
	if (w->dentry == mnt_root && !guard__leave_mount(w))
		return 1;
	if (w->dentry != parent) {
		w->dentry = parent;
		return 0;
	}
	/*
	 * The root of a file system. Not come to by a mount: a memfd or a pipe, which are in no tree; or a file that
	 * open_by_handle_at found, with no directory: its way is not known.
	 */
	if (w->mnt || !w->place) {
		struct super_block *sb = NULL;
		struct dentry *root = NULL;
		unsigned long flags = 0;

		KGET(sb, w->dentry, d_sb);
		KGET(root, sb, s_root);
		KGET(flags, sb, s_flags);
		w->rooted = !w->mnt || w->dentry == root || flags & SB_KERNMOUNT;
		return 1;
	}
	w->crossed = 1;
	w->dentry = w->place;
	w->mnt = w->place_mnt;
	return 0;
}

/* The mounts of a file system: a list_head before 6.18. */
struct mount___list {
	struct list_head mnt_instance;
} __attribute__((preserve_access_index));
struct super_block___list {
	struct list_head s_mounts;
} __attribute__((preserve_access_index));
struct super_block___chain {
	struct mount *s_mounts;
} __attribute__((preserve_access_index));

/*
 * Some mount of the file system that DENTRY is in, where a hook does not say through which one it is used. Missed: one
 * that hangs elsewhere as well is judged by where it hangs first.
 */
static __always_inline struct vfsmount *guard__some_mount(struct dentry *dentry)
{
	struct super_block *sb = NULL;
	struct mount *mount = NULL;

	KGET(sb, dentry, d_sb);
	if (bpf_core_field_exists(struct mount___list, mnt_instance)) {
		struct super_block___list *old = (void *)sb;
		struct list_head *first = NULL;

		KGET(first, old, s_mounts.next);
		if (!first || first == &old->s_mounts)
			return NULL;
		mount = (void *)first - bpf_core_field_offset(struct mount___list, mnt_instance);
	} else {
		struct super_block___chain *now = (void *)sb;

		KGET(mount, now, s_mounts);
		if (!mount)
			return NULL;
	}
	return (void *)mount + bpf_core_field_offset(struct mount, mnt);
}

/* A hook's argument as a number: what verifiers take a pointer that they know for is not let into a global function. */
static __always_inline __u64 guard__number(const void *pointer)
{
	const void *at = pointer;
	__u64 v = 0;

	bpf_probe_read_kernel(&v, sizeof(v), &at);
	return v;
}

/* A memfd, a pipe, a socket: in no tree, so no rule about reading or writing paths can mean it. What it executes is another matter. */
static __always_inline __u32 guard__access_of(struct dentry *dentry, __u32 access)
{
	struct super_block *sb = NULL;
	unsigned long flags = 0;

	KGET(sb, dentry, d_sb);
	KGET(flags, sb, s_flags);
	return flags & SB_KERNMOUNT ? access & ~(1U << GUARD_READ | 1U << GUARD_WRITE) : access;
}

#define GUARD_DENIES_ONLY (1U << 31) /* in ACCESS: a closed kind does not matter */

/*
 * May the current task do what takes ACCESS (bits 1 << enum guard_access, one or more) to this file? ACT is filled but for
 * its op; *RET_TOO_DEEP when the way was too long, or could not be read. 0 or -EPERM.
 */
__weak __noinline int guard__file(struct ev_act *act, __u64 dentry, __u64 mnt, __u32 access, __u32 *ret_too_deep)
{
	struct guard_walk start = { .dentry = (void *)dentry, .mnt = (void *)mnt }, w;
	const struct guard_policy *p;
	__u32 gen = 0, allowed_by = 0;

	if (!act || !ret_too_deep)
		return 0;
	p = guard__policy(&gen);
	if (!p || !((p->denies | p->closed) & access))
		return 0;
	access = guard__access_of((void *)dentry, access);
	if (!((p->denies | p->closed) & access))
		return 0;
	/*
	 * Before 6.8 the verifier takes a callback for called once, and drops what no first turn does: it must not know what is in
	 * here at the start.
	 */
	bpf_probe_read_kernel(&w, sizeof(w), &start);
	w.key.gen = gen;
	bpf_loop(GUARD_MAX_STEPS, guard__step, &w, 0);
	*ret_too_deep = !w.rooted;
	for (int a = 0; a < GUARD_ACCESS_MAX; a++) {
		if (!(access & 1 << a))
			continue;
		if (w.deny[a] || (!w.rooted && p->denies & 1 << a))
			return guard__say(p, act, true, w.deny[a]);
		if (p->closed & 1 << a && !(access & GUARD_DENIES_ONLY)) {
			if (!w.allow[a] || !w.rooted)
				return guard__say(p, act, true, p->closed_rule[a]);
			allowed_by = w.allow[a];
		}
	}
	return guard__say(p, act, false, allowed_by);
}

/* Another kind of action. */
static __always_inline int guard__op(struct ev_act *act, enum guard_op op)
{
	const struct guard_policy *p;
	__u32 gen = 0;

	p = guard__policy(&gen);
	if (!p || !p->op_rule[op])
		return 0;
	return guard__say(p, act, true, p->op_rule[op]);
}

/* What nobody who is held to a policy may do to who enforces it: by no rule. */
static __always_inline int guard__self(struct ev_act *act)
{
	const struct guard_policy *p;
	__u32 gen = 0;

	p = guard__policy(&gen);
	return p ? guard__say(p, act, true, 0) : 0;
}

#define AF_INET 2
#define AF_INET6 10

/*
 * May the current task talk to ADDR (IPv4 as ::ffff:a.b.c.d, network order) and PORT (host order)? ANY_PORT: the question is
 * about the address alone.
 */
__weak __noinline int guard__address(struct ev_act *act, const struct in6_addr *addr, __u32 port, bool any_port)
{
	struct guard_net_key key = { .prefixlen = 160 };
	const struct guard_policy *p;
	const struct guard_net_row *row;
	__u32 gen = 0;

	if (!act || !addr)
		return 0;
	p = guard__policy(&gen);
	if (!p || !p->net_closed)
		return 0;
	key.gen = gen;
	__builtin_memcpy(key.addr, addr, sizeof(key.addr));
	row = bpf_map_lookup_elem(&st_guard_nets, &key);
	for (__u32 i = 0; row && i < GUARD_NET_PORTS; i++)
		if (i < row->n && (any_port || (port >= row->ports[i].first && port <= row->ports[i].last)))
			return guard__say(p, act, false, row->ports[i].rule);
	return guard__say(p, act, true, p->net_rule);
}

/* A socket that the rules about addresses cannot judge: where they are closed there is none. */
static __always_inline int guard__net_kind(struct ev_act *act)
{
	const struct guard_policy *p;
	__u32 gen = 0;

	p = guard__policy(&gen);
	return p && p->net_closed ? guard__say(p, act, true, p->net_rule) : 0;
}

#endif
