/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scope and verdict of the security profile: the one place that decides. include/guard.h says what the maps hold. A verdict
 * never depends on a ring: it is taken first, and recorded as well as may be.
 */
#ifndef SANDTRACE_GUARD_BPF_H
#define SANDTRACE_GUARD_BPF_H

#include "emit.bpf.h"
#include "answer.bpf.h"
#include "guard.h"
#include "path.bpf.h"
#include "task.bpf.h"

#define EPERM 1
#define SIGKILL 9

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
	__type(value, struct guard_row);
} st_guard_inodes __weak SEC(".maps");

/* Whole names. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, GUARD_MAX_NAMES);
	__type(key, struct guard_name_key);
	__type(value, struct guard_row);
} st_guard_names __weak SEC(".maps");

/* How names begin and end. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, GUARD_MAX_AFFIXES);
	__type(key, struct guard_name_key);
	__type(value, struct guard_row);
} st_guard_affix __weak SEC(".maps");

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

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, GUARD_MAX_WHO);
	__type(key, struct guard_who_key);
	__type(value, struct guard_who_row);
} st_guard_who __weak SEC(".maps");

/* What the loader has open for rules: adopt_inodes puts the address of its inode beside each descriptor. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, GUARD_MAX_INODES);
	__type(key, __u32);
	__type(value, __u64);
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

static __always_inline void guard__count(__u32 rule, bool matched)
{
	struct guard_hits *h = bpf_map_lookup_elem(&st_guard_hits, &rule);

	if (h)
		__sync_fetch_and_add(matched ? &h->matched : &h->evaluated, 1);
}

/* What the rows say of one thing about who acts: to be taken from what is met, and is sure. */
static __always_inline __u64 guard__unmet(const struct guard_policy *p, __u32 gen, __u32 what, __u64 value)
{
	struct guard_who_key key = { .value = value, .gen = gen, .what = what };
	const struct guard_who_row *row;

	if (!p->asks[what])
		return 0;
	row = bpf_map_lookup_elem(&st_guard_who, &key);
	return row ? (p->needs[what] & ~row->met) | row->unmet : p->needs[what];
}

/* In which control groups: any on the way up. What lies deeper than GUARD_LEVELS is not seen. */
static __always_inline __u64 guard__unmet_groups(const struct guard_policy *p, __u32 gen)
{
	struct guard_who_key key = { .gen = gen, .what = GUARD_WHO_CGROUP };
	__u64 met = 0, unmet = 0;

	for (int level = 0; p->asks[GUARD_WHO_CGROUP] && level < GUARD_LEVELS; level++) {
		const struct guard_who_row *row;

		key.value = bpf_get_current_ancestor_cgroup_id(level);
		if (!key.value)
			break;
		row = bpf_map_lookup_elem(&st_guard_who, &key);
		met |= row ? row->met : 0;
		unmet |= row ? row->unmet : 0;
	}
	return (p->needs[GUARD_WHO_CGROUP] & ~met) | unmet;
}

/*
 * Which conditions the current task meets. Its program is the one that was executed, as the task keeps it: what
 * /proc/PID/exe shows can be changed (prctl(PR_SET_MM_EXE_FILE)). Where it is not known, what is asked of it is met for what
 * denies and not for what allows.
 */
__weak __noinline int guard__met(struct st_mark *st, const struct guard_policy *p, __u32 gen)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct cred *cred = NULL;
	struct nsproxy *nsproxy = NULL;
	__u64 mnt_ns = 0, user_ns = 0, unmet;
	__u32 euid = 0;

	if (!st || !p)
		return 0;
	st->walk.f.met = st->walk.f.sure = ~0ULL;
	if (!p->conditions)
		return 0;
	KGET(cred, task, cred);
	KGET(euid, cred, euid.val);
	KGET(user_ns, cred, user_ns);
	KGET(nsproxy, task, nsproxy);
	KGET(mnt_ns, nsproxy, mnt_ns);
	unmet = guard__unmet(p, gen, GUARD_WHO_UID, euid) | guard__unmet_groups(p, gen);
	unmet |= ~p->mount_ns[mnt_ns != st_shared.guard_mnt_ns] | ~p->user_ns[user_ns != st_shared.guard_user_ns];
	if (st->task.exe)
		unmet |= guard__unmet(p, gen, GUARD_WHO_BINARY, st->task.exe);
	st->walk.f.met = ~unmet | 1;
	st->walk.f.sure = ~(st->task.exe ? unmet : unmet | p->asks[GUARD_WHO_BINARY]) | 1;
	return 0;
}

/* Global, as all below that look rows up: verified once, and not at each step of a walk. */
__weak __noinline int guard__take(struct guard_found *f, const struct guard_row *row)
{
	if (!f || !row)
		return 0;
	for (int i = 0; i < GUARD_ENTRIES; i++) {
		const struct guard_entry *e = &row->e[i];
		__u32 now;

		if (!e->rule)
			break;
		guard__count(e->rule, false);
		if (!(f->met >> (e->condition & 63) & 1) || (e->depth && e->depth != f->depth) ||
		    (e->no_dot && f->dot))
			continue;
		now = e->deny & f->access ? (__u32)e->action << 16 | e->rule : 0;
		if (now >> 16 > f->denied >> 16)
			f->denied = now;
		if (f->mute || !(e->allow & f->access) || !(f->sure >> (e->condition & 63) & 1))
			continue;
		f->allowed |= e->allow & f->access;
		f->allowed_by = f->allowed_by ?: e->rule;
	}
	return 0;
}

/*
 * What is told of a verdict, and counted; returns what the hook returns. RULE: 0, or one that says ACTION. Of an action that is
 * judged twice, what would be denied stays told, whatever is allowed after it.
 */
static __always_inline int guard__say(const struct guard_policy *p, struct ev_act *act, __u32 action, __u32 rule)
{
	if (action || rule)
		guard__count(rule, true);
	if (action == GUARD_ALLOW && act->verdict != EV_ALLOWED)
		return 0;
	act->rule = rule;
	act->policy = *(volatile __u32 *)&st_shared.guard_serial;
	if (action == GUARD_ALLOW)
		return 0;
	if (p->mode != GUARD_ENFORCE || action == GUARD_TELL) {
		act->verdict = EV_WOULD_DENY;
		return 0;
	}
	/* queued where interrupts are off; refused for init and who is ending already */
	act->verdict = action == GUARD_KILL && !bpf_send_signal(SIGKILL) ? EV_KILLED : EV_DENIED;
	return -EPERM;
}

/* From the root of a mount on: what lies above it in its file system first, then what it hangs in. False: cannot be read. */
static __always_inline bool guard__leave_mount(struct guard_walk *w)
{
	struct mount *mnt = (void *)w->mnt - bpf_core_field_offset(struct mount, mnt), *up = NULL;
	struct mnt_namespace *ns = NULL;
	struct dentry *place = NULL;

	if (bpf_probe_read_kernel(&up, sizeof(up), &mnt->mnt_parent) || bpf_probe_read_kernel(&ns, sizeof(ns), &mnt->mnt_ns) ||
	    bpf_probe_read_kernel(&place, sizeof(place), &mnt->mnt_mountpoint))
		return false;
	w->place = up == mnt ? 0 : (__u64)place;
	w->place_mnt = (__u64)up + bpf_core_field_offset(struct mount, mnt);
	w->foreign |= (__u64)ns != st_shared.guard_mnt_ns;
	w->mnt = 0;
	w->place_n = w->n;
	w->hidden = ++w->n_mounts;
	return true;
}

#define SB_KERNMOUNT (1UL << 22) /* linux/fs.h */

/* What guard__name asks for, of the name as it is found: a rename meanwhile may show a part of each. */
__weak __noinline int guard__name_now(struct st_mark *st, __u64 at, __u64 base, __u32 names, __u32 list)
{
	struct dentry *dentry = (void *)at;
	const unsigned char *name = NULL;
	struct guard_name_key key = { .base = base };
	struct guard_row *row;
	__u64 *word = (__u64 *)key.name, other;
	__u32 len = 0;

	if (!st)
		return 0;
	if (bpf_probe_read_kernel(&len, sizeof(len), &dentry->d_name.len) ||
	    bpf_probe_read_kernel(&name, sizeof(name), &dentry->d_name.name))
		return -1;
	if (bpf_probe_read_kernel_str(key.name, GUARD_NAME_LEN, name) < 0)
		return -1;
	st->walk.f.dot = key.name[0] == '.';
	if (names & GUARD_NAMES_EXACT && len < GUARD_NAME_LEN) {
		key.list = list | GUARD_LIST(0, GUARD_NAMES_EXACT, 0);
		row = bpf_map_lookup_elem(&st_guard_names, &key);
		if (row)
			guard__take(&st->walk.f, row);
	}
	key.prefixlen = GUARD_NAME_PREFIX + 8 * (len < GUARD_NAME_LEN ? len : GUARD_NAME_LEN);
	if (names & GUARD_NAMES_PREFIX) {
		key.list = list | GUARD_LIST(0, GUARD_NAMES_PREFIX, 0);
		row = bpf_map_lookup_elem(&st_guard_affix, &key);
		if (row)
			guard__take(&st->walk.f, row);
	}
	if (!(names & GUARD_NAMES_SUFFIX))
		return 0;
	/* of a short name with what lies before it, which is not looked at. Cannot be read: nobody knows how it ends */
	if (bpf_probe_read_kernel(key.name, sizeof(key.name), name + len - GUARD_NAME_LEN))
		return -1;
	for (int i = 0; i < GUARD_NAME_LEN / 16; i++) {
		other = word[i];
		word[i] = __builtin_bswap64(word[GUARD_NAME_LEN / 8 - 1 - i]);
		word[GUARD_NAME_LEN / 8 - 1 - i] = __builtin_bswap64(other);
	}
	key.list = list | GUARD_LIST(0, GUARD_NAMES_SUFFIX, 0);
	row = bpf_map_lookup_elem(&st_guard_affix, &key);
	if (row)
		guard__take(&st->walk.f, row);
	return 0;
}

#define GUARD_NAME_TRIES 8

/*
 * What rules about names in directory BASE, or below it, say of DENTRY. NAMES: which lists there are, GUARD_NAMES_EXACT, ...
 * No lock is taken: what is found counts if no rename came in between, which changes d_seq, odd while it is made; else it is
 * forgotten, but for the counts of rules, and the name read again. One that does not stand still cannot be read: -1.
 * Missed: file systems that take names for equal that are not.
 */
__weak __noinline int guard__name(struct st_mark *st, __u64 at, __u64 base, __u32 names, __u32 list)
{
	struct dentry *dentry = (void *)at;
	__u32 denied, allowed, allowed_by;

	if (!st)
		return 0;
	denied = st->walk.f.denied;
	allowed = st->walk.f.allowed;
	allowed_by = st->walk.f.allowed_by;
	for (int i = 0; i < GUARD_NAME_TRIES; i++) {
		__u32 seq = 1, again = 0;
		int err;

		KGET(seq, dentry, d_seq.seqcount.sequence);
		err = guard__name_now(st, at, base, names, list);
		KGET(again, dentry, d_seq.seqcount.sequence);
		if (seq == again && !(seq & 1))
			return err;
		st->walk.f.denied = denied;
		st->walk.f.allowed = allowed;
		st->walk.f.allowed_by = allowed_by;
	}
	return -1;
}

/* A directory that has rules about names: those in it are judged at once, those below when all of the way is known. */
static __always_inline bool guard__enter_base(struct st_mark *st, __u32 names)
{
	struct guard_walk *w = &st->walk;
	__u32 i = w->n_bases;

	if (names & GUARD_NAMES_ALL && w->child &&
	    guard__name(st, w->child, w->inode, names, GUARD_LIST(w->gen, 0, 0)))
		return false;
	if (!(names >> GUARD_NAMES_BELOW & GUARD_NAMES_ALL))
		return true;
	if (i >= GUARD_BASES)
		return false;
	w->bases[i].inode = w->inode;
	w->bases[i].names = names;
	w->bases[i].n = w->n;
	w->bases[i].at = w->at;
	w->bases[i].hidden = w->hidden;
	w->n_bases = i + 1;
	w->reach += w->inode * 0x9e3779b97f4a7c15ULL + (names & GUARD_NAMES_FAR ? w->n * 0xc2b2ae3d27d4eb4fULL : 0);
	return true;
}

/* A name on the way, and the rules of all that it lies below, and of everywhere. False: cannot be read. */
static __always_inline bool guard__judge_name(struct st_mark *st)
{
	struct guard_walk *w = &st->walk;

	if (w->names & GUARD_NAMES_ALL && guard__name(st, w->dentry, 0, w->names, GUARD_LIST(w->gen, 0, 1)))
		return false;
	for (__u32 i = 0; i < GUARD_BASES && i < w->n_bases; i++) {
		const struct guard_base *b = &w->bases[i];

		/* it does not lie above what only another mount hides */
		if (b->at <= w->at || (w->hidden && w->hidden != b->hidden))
			continue;
		w->f.depth = b->n - w->n;
		if (guard__name(st, w->dentry, b->inode, b->names >> GUARD_NAMES_BELOW, GUARD_LIST(w->gen, 0, 1)))
			return false;
	}
	return true;
}

/*
 * What is mounted shows a file in another place than its own; a deny of either holds. An allow of the other place counts only
 * if the loader sees that mount too: whoever has a namespace of his own can mount anything into what he may write to.
 */
static __always_inline bool guard__judge(struct st_mark *st, struct inode *inode)
{
	struct guard_walk *w = &st->walk;
	struct guard_inode_key key = { .inode = (__u64)inode, .gen = w->gen };
	struct guard_row *row;

	w->inode = key.inode;
	row = inode ? bpf_map_lookup_elem(&st_guard_inodes, &key) : NULL;
	if (!row)
		return true;
	guard__take(&w->f, row);
	return !row->names || guard__enter_base(st, row->names);
}

static __always_inline long guard__step(struct st_mark *st, bool names)
{
	struct guard_walk *w = &st->walk;
	struct dentry *dentry = (void *)w->dentry, *mnt_root = NULL, *parent = NULL;
	struct vfsmount *mnt = (void *)w->mnt;
	struct inode *inode = NULL;

	w->at++;
	if (bpf_probe_read_kernel(&inode, sizeof(inode), &dentry->d_inode) ||
	    bpf_probe_read_kernel(&parent, sizeof(parent), &dentry->d_parent) ||
	    (mnt && bpf_probe_read_kernel(&mnt_root, sizeof(mnt_root), &mnt->mnt_root)))
		return 1;
	w->f.mute = w->foreign && w->crossed;
	if (!names && !guard__judge(st, inode))
		return 1;
	if (dentry == mnt_root && !guard__leave_mount(w))
		return 1;
	/* what is mounted is there by the name of where it hangs: its own is hidden already */
	if (names && dentry != parent && !guard__judge_name(st))
		return 1;
	if (dentry != parent) {
		w->child = w->dentry;
		w->dentry = (__u64)parent;
		w->n++;
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

		KGET(sb, dentry, d_sb);
		KGET(root, sb, s_root);
		KGET(flags, sb, s_flags);
		w->rooted = !w->mnt || dentry == root || flags & SB_KERNMOUNT;
		return 1;
	}
	w->crossed = 1;
	w->child = 0;
	w->hidden = 0;
	w->n = w->place_n;
	w->dentry = w->place;
	w->mnt = w->place_mnt;
	return 0;
}

struct guard_turn {
	struct st_mark *st;
};

static long guard__step_inode(__u32 i, struct guard_turn *t)
{
	return guard__step(t->st, false);
}

static long guard__step_name(__u32 i, struct guard_turn *t)
{
	return guard__step(t->st, true);
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

/* To the root, once for inodes and, where rules are about names further up, once more for the names. */
static __always_inline void guard__walk(struct st_mark *st, const struct guard_policy *p, __u32 gen, __u64 dentry, __u64 mnt,
					__u32 access)
{
	struct guard_turn turn = { .st = st };
	struct guard_walk *w = &st->walk;

	__builtin_memset(w, 0, sizeof(*w));
	guard__met(st, p, gen);
	w->f.access = access;
	w->gen = gen;
	w->dentry = dentry;
	w->mnt = mnt;
	bpf_loop(GUARD_MAX_STEPS, guard__step_inode, &turn, 0);
	w->names = p->names;
	if (!w->rooted || access == 1 << GUARD_LEAVE || !(w->names | w->n_bases))
		return;
	w->dentry = dentry;
	w->mnt = mnt;
	w->rooted = w->crossed = w->foreign = w->n = w->at = w->hidden = w->n_mounts = 0;
	bpf_loop(GUARD_MAX_STEPS, guard__step_name, &turn, 0);
}

/*
 * May the current task do what takes ACCESS (bits 1 << enum guard_access, one or more) to this file? ACT is filled but for
 * its op. 0 or -EPERM; st->walk.blind when the way was too long, or could not be read.
 */
__weak __noinline int guard__file(struct st_mark *st, struct ev_act *act, __u64 dentry, __u64 mnt, __u32 access)
{
	const struct guard_policy *p;
	__u32 gen = 0, closed;
	struct guard_walk *w;

	if (!act || !st)
		return 0;
	w = &st->walk;
	w->blind = 0;
	p = guard__policy(&gen);
	if (!p || !((p->denies | p->closed) & access))
		return 0;
	access = guard__access_of((void *)dentry, access);
	if (!((p->denies | p->closed) & access))
		return 0;
	guard__walk(st, p, gen, dentry, mnt, access);
	w->blind = !w->rooted;
	closed = access & GUARD_DENIES_ONLY ? 0 : access & p->closed & ~(w->blind ? 0 : w->f.allowed);
	for (int a = 0; a < GUARD_ACCESS_MAX; a++) {
		__u32 blind = (__u32)p->blind[a] << 16;

		if (w->blind && access & 1 << a && blind > w->f.denied)
			w->f.denied = blind;
		if (!(closed & 1 << a) || w->f.denied >> 16 >= GUARD_DENY)
			continue;
		guard__count(p->closed_rule[a], false);
		w->f.denied = GUARD_DENY << 16 | p->closed_rule[a];
	}
	if (w->f.denied)
		return guard__say(p, act, w->f.denied >> 16, w->f.denied & 0xffff);
	return guard__say(p, act, GUARD_ALLOW, access & GUARD_DENIES_ONLY || !(p->closed & access) ? 0 : w->f.allowed_by);
}

struct guard_place {
	__u64 dentry, mnt;
};

/*
 * A directory that is moved takes what is below it out of the reach of rules about names: not if there were such, and the
 * new place is below the same directories, and as far, where that matters. OLD and NEW: what it is and shall be called.
 */
__weak __noinline int guard__move(struct st_mark *st, struct ev_act *act, struct guard_place *old, struct guard_place *new)
{
	struct dentry *dentry, *parent = NULL;
	const struct guard_policy *p;
	__u32 gen = 0, denied;
	__u64 reach;

	if (!st || !act || !old || !new)
		return 0;
	p = guard__policy(&gen);
	if (!p || !(p->denies & 1 << GUARD_LEAVE))
		return 0;
	dentry = (void *)old->dentry;
	KGET(parent, dentry, d_parent);
	guard__walk(st, p, gen, (__u64)parent, old->mnt, 1 << GUARD_LEAVE);
	denied = st->walk.rooted ? st->walk.f.denied : (__u32)p->blind[GUARD_ACCESS_MAX] << 16;
	if (!denied)
		return 0;
	reach = st->walk.reach;
	dentry = (void *)new->dentry;
	KGET(parent, dentry, d_parent);
	guard__walk(st, p, gen, (__u64)parent, new->mnt, 1 << GUARD_LEAVE);
	return st->walk.rooted && st->walk.reach == reach ? 0 : guard__say(p, act, denied >> 16, denied & 0xffff);
}

/* Another kind of action. */
__weak __noinline int guard__op(struct st_mark *st, struct ev_act *act, __u32 op)
{
	const struct guard_policy *p;
	struct guard_found *f;
	__u32 gen = 0;

	if (!act || !st)
		return 0;
	p = guard__policy(&gen);
	if (!p || op >= GUARD_OP_MAX || !p->ops[op].e[0].rule)
		return 0;
	f = &st->walk.f;
	__builtin_memset(f, 0, sizeof(*f));
	guard__met(st, p, gen);
	f->access = 1;
	guard__take(f, &p->ops[op]);
	return f->denied ? guard__say(p, act, f->denied >> 16, f->denied & 0xffff) : 0;
}

/* What nobody who is held to a policy may do to who enforces it: by no rule. */
static __always_inline int guard__self(struct ev_act *act)
{
	const struct guard_policy *p;
	__u32 gen = 0;

	p = guard__policy(&gen);
	return p ? guard__say(p, act, GUARD_DENY, 0) : 0;
}

#define AF_INET 2
#define AF_INET6 10

/* The rule of ROW that allows PORT where the conditions SURE are met; 0: none. ANY_PORT: the question is about the address alone. */
static __always_inline __u32 guard__ports(const struct guard_net_row *row, __u32 port, bool any_port, __u64 sure)
{
	for (__u32 i = 0; row && i < GUARD_NET_PORTS; i++) {
		const struct guard_ports *r = &row->ports[i];

		if (i >= row->n || !(any_port || (port >= r->first && port <= r->last)))
			continue;
		guard__count(r->rule, false);
		if (sure >> (r->condition & 63) & 1)
			return r->rule;
	}
	return 0;
}

/*
 * The rule of a name that ADDR was given to; 0: none. A function: what it needs of the stack is not there while the verdict is said
 * and recorded, which takes verifiers before 6.13 to their limit.
 */
__weak __noinline int guard__given(const struct in6_addr *addr, __u32 gen, __u32 port, bool any_port, __u64 sure)
{
	struct answer_key key = { .gen = gen };
	__u32 rule = 0;

	if (!addr)
		return 0;
	__builtin_memcpy(key.addr, addr, sizeof(key.addr));
	for (__u32 slot = 0; slot < ANSWERS_SLOTS && !rule; slot++)
		rule = guard__ports(answer__row(&key, slot), port, any_port, sure);
	return rule;
}

/* May the current task talk to ADDR (IPv4 as ::ffff:a.b.c.d, network order) and PORT (host order)? */
__weak __noinline int guard__address(struct ev_act *act, const struct in6_addr *addr, __u32 port, bool any_port)
{
	struct guard_net_key key = { .prefixlen = 160 };
	const struct guard_policy *p;
	struct st_mark *st;
	__u64 sure = 1;
	__u32 gen = 0, rule;

	if (!act || !addr)
		return 0;
	p = guard__policy(&gen);
	if (!p || !p->net_closed)
		return 0;
	key.gen = gen;
	__builtin_memcpy(key.addr, addr, sizeof(key.addr));
	if (p->conditions) {
		st = (struct st_mark *)task__state(bpf_get_current_task_btf());
		if (st)
			guard__met(st, p, gen);
		sure = st ? st->walk.f.sure : 1;
	}
	rule = guard__ports(bpf_map_lookup_elem(&st_guard_nets, &key), port, any_port, sure);
	if (!rule && p->net_hosts)
		rule = guard__given(addr, gen, port, any_port, sure);
	if (rule)
		return guard__say(p, act, GUARD_ALLOW, rule);
	guard__count(p->net_rule, false);
	return guard__say(p, act, GUARD_DENY, p->net_rule);
}

/* A socket that the rules about addresses cannot judge: where they are closed there is none. */
static __always_inline int guard__net_kind(struct ev_act *act)
{
	const struct guard_policy *p;
	__u32 gen = 0;

	p = guard__policy(&gen);
	return p && p->net_closed ? guard__say(p, act, GUARD_DENY, p->net_rule) : 0;
}

#endif
