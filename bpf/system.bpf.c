/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system's own settings and secrets, and the recorder's maps.
 *
 *   cgroup/sysctl    written: name and value as the kernel has them, before they are in force
 *   locked_down      lsm: something that lets user space reach into the kernel: kprobes, tracefs, /dev/mem, MSRs, BPF's reads, ...
 *   key_alloc	      lsm: a key or a keyring is made
 *   key_permission   lsm: somebody else's key, or one that was found by its number only, is used
 *   bpf_map	      lsm: somebody gets a descriptor of a map, by its number, by a pin or by making it
 *
 * Why these: a write to a sysctl is an ordinary write, whose text is the caller's; the group's program gets the kernel's copy of it,
 * and the whole name (since 5.2; attached to the group in scope, else to the root of all). Lockdown asks at each door into the
 * kernel, whether or not it is shut. Keys and maps have numbers that anybody can guess, so the calls' arguments mean
 * nothing. LSM since 5.7, key_permission with its present arguments since 5.8. Context: the caller, who may hold locks; none
 * sleeps.
 *
 * Lockdown: each reason once for a program image, since the verifier alone asks some of them for each call of a helper. Not told:
 * LOCKDOWN_NONE. Missed: what lockdown itself refuses, which comes before BPF.
 *
 * Keys: left out is the use of a key that is the caller's own and in its possession; a look at its attributes and a search through it
 * (VIEW, SEARCH), which happen to all keyrings at each request and each look into /proc/keys. Missed: what the key's own
 * permissions refuse, which comes before.
 *
 * Maps: recorded whoever it is, in scope or not, but sandtrace itself; refused to whoever is held to a policy. Missed: a descriptor
 * that was open before, or is taken out of sandtrace (ptrace_access_check, bpf/kernel.bpf.c).
 */
#include "kernel.bpf.h"

/* ---- sysctl --------------------------------------------------------------------------------------------------- */

#define SYSCTL_NAME 128
#define SYSCTL_VALUE 256

struct rec_sysctl {
	struct ev_header h;
	struct ev_kernel e;
	struct {
		struct ev_part p;
		char data[SYSCTL_NAME + SYSCTL_VALUE];
	} text;
};

#define STORAGES_MAX 32 /* of one task: one for each map, of whichever program */

/*
 * The mark of TASK, copied. Programs of cgroups have no helper for the storage of tasks, so it is looked for as the helper does it:
 * by the address of its map. False: it has none.
 */
static __always_inline bool sysctl__mark(struct task_struct *task, struct st_task *ret)
{
	__u64 map = number_of(&st_tasks), of = 0;
	struct bpf_local_storage *storage = NULL;
	struct bpf_local_storage_elem *e;
	struct hlist_node *node = NULL;

	KGET(storage, task, bpf_storage);
	if (storage)
		KGET(node, storage, list.first);
	for (int i = 0; i < STORAGES_MAX && node; i++) {
		e = (void *)node - bpf_core_field_offset(struct bpf_local_storage_elem, snode);
		KGET(of, e, sdata.smap);
		if (of == map)
			return !bpf_probe_read_kernel(ret, sizeof(*ret), (void *)e + bpf_core_field_offset(struct bpf_local_storage_elem, sdata.data));
		KGET(node, node, next);
	}
	return false;
}

/* Unmarked, in a group that is in scope: its first action that anybody sees; it has no number yet. */
static __always_inline bool sysctl__in_scope(struct task_struct *task, struct st_task *ret)
{
	if (sysctl__mark(task, ret))
		return ret->flags & ST_TASK_SCOPE;
	return st_cfg.scope_cgroup && (__u32)task->tgid != st_cfg.own_tgid;
}

static __always_inline void sysctl__fill_text(struct bpf_sysctl *ctx, struct rec_sysctl *r)
{
	long n = bpf_sysctl_get_name(ctx, r->text.data, SYSCTL_NAME, 0), m;
	bool cut = n == -7 /* E2BIG */;
	__u32 off = 0;

	if (cut)
		n = SYSCTL_NAME - 1;
	if (n >= 0) {
		off = n & (SYSCTL_NAME - 1);
		r->text.data[off++] = '=';
		m = bpf_sysctl_get_new_value(ctx, r->text.data + off, SYSCTL_VALUE);
		cut |= m == -7;
		off += m == -7 ? SYSCTL_VALUE - 1 : m > 0 ? m & (SYSCTL_VALUE - 1) : 0;
	}
	part__fill(&r->text.p, EV_KERNEL_TEXT, EV_PT_STR, n < 0 ? n : off, cut ? 0 : off, cut ? EV_PART_TRUNCATED : EV_PART_OK);
}

/* 1: let it. */
SEC("?cgroup/sysctl")
int kernel_sysctl(struct bpf_sysctl *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct st_task st = {};
	struct rec_sysctl *r;
	__u64 ts;

	if (!ctx->write || !sysctl__in_scope(task, &st))
		return 1;
	if (!volume__admits(&st, EV_CLASS_KERNEL, ST_EVENTS_KERNEL, false))
		return 1;
	ts = bpf_ktime_get_ns();
	r = bpf_ringbuf_reserve(&st_urgent, sizeof(*r), 0);
	if (!r) {
		counters__lost(EV_CLASS_KERNEL);
		return 1;
	}
	task__fill_other(&r->h, &r->e.task, task, &st);
	r->h.ts = ts;
	r->h.kind = EV_KERNEL;
	r->h.parts = __builtin_offsetof(struct rec_sysctl, text);
	r->e.act = (struct ev_act){ .op = EV_KERNEL_SYSCTL };
	r->e.arg = 0;
	r->e.target_pid = r->e.pad = r->e.dev_major = r->e.dev_minor = 0;
	r->e.inode = 0;
	__builtin_memset(r->e.target_comm, 0, sizeof(r->e.target_comm));
	sysctl__fill_text(ctx, r);
	emit__submit_act(&st_urgent, r, EV_CLASS_KERNEL, true);
	return 1;
}

/* ---- lockdown -------------------------------------------------------------------------------------------------- */

/* Which reasons were told of this program image: with the process's leader. */
struct lockdown_told {
	__u64 exec_id;
	__u64 reasons; /* bits */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct lockdown_told);
} st_lockdown __weak SEC(".maps");

/* Two threads at once may both tell. */
static __always_inline bool lockdown__is_new(struct task_struct *task, const struct st_task *st, __u32 what)
{
	__u64 bit = 1ULL << (what & 63);
	struct lockdown_told *told = bpf_task_storage_get(&st_lockdown, task->group_leader, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!told)
		return true;
	if (told->exec_id != st->exec_id) {
		told->exec_id = st->exec_id;
		told->reasons = 0;
	}
	if (told->reasons & bit)
		return false;
	told->reasons |= bit;
	return true;
}

/* Numbers differ between kernels: the name of the one that this kernel means. */
#define REASON(name)                                                                               \
	if (bpf_core_enum_value_exists(enum lockdown_reason, LOCKDOWN_##name) &&                   \
	    what == bpf_core_enum_value(enum lockdown_reason, LOCKDOWN_##name))                    \
		return (__u64) #name;

static __always_inline __u64 lockdown__name(__u32 what)
{
	REASON(MODULE_SIGNATURE)
	REASON(DEV_MEM)
	REASON(EFI_TEST)
	REASON(KEXEC)
	REASON(HIBERNATION)
	REASON(PCI_ACCESS)
	REASON(IOPORT)
	REASON(MSR)
	REASON(ACPI_TABLES)
	REASON(DEVICE_TREE)
	REASON(PCMCIA_CIS)
	REASON(TIOCSSERIAL)
	REASON(MODULE_PARAMETERS)
	REASON(MMIOTRACE)
	REASON(DEBUGFS)
	REASON(XMON_WR)
	REASON(BPF_WRITE_USER)
	REASON(DBG_WRITE_KERNEL)
	REASON(RTAS_ERROR_INJECTION)
	REASON(KCORE)
	REASON(KPROBES)
	REASON(BPF_READ_KERNEL)
	REASON(DBG_READ_KERNEL)
	REASON(PERF)
	REASON(TRACEFS)
	REASON(XMON_RW)
	REASON(XFRM_SECRET)
	return 0;
}

SEC("?lsm/locked_down")
int BPF_PROG(kernel_lockdown, enum lockdown_reason what)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct st_task *st = scope__current(task);
	struct kernel_act a = { .act = { .op = EV_KERNEL_LOCKDOWN }, .arg = (__u32)what };

	if (!st || !what || !lockdown__is_new(task, st, what))
		return 0;
	a.text = lockdown__name(what);
	kernel__emit(st, &a);
	return 0;
}

/* ---- keys ------------------------------------------------------------------------------------------------------ */

static __always_inline void key__name(struct kernel_act *a, const struct key *key)
{
	const struct key_type *type = NULL;

	KGET(type, key, type);
	KGET(a->type, type, name);
	KGET(a->text, key, description);
}

SEC("?lsm/key_alloc")
int BPF_PROG(kernel_key, struct key *key)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct kernel_act a = { .act = { .op = EV_KERNEL_KEY } };

	if (!st)
		return 0;
	key__name(&a, key);
	kernel__emit(st, &a);
	return 0;
}

/*
 * (key_ref, cred, need). The lowest bit of a reference says whether the caller possesses the key: it is on a keyring of its own.
 * A reference is of a type that nobody has defined, which the verifier lets no program load by itself.
 */
SEC("?lsm/key_permission")
int kernel_key_use(unsigned long long *ctx)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());
	struct kernel_act a = { .act = { .op = EV_KERNEL_KEY } };
	__u64 key_ref = 0, cred_at = 0, need = 0;
	const struct cred *cred;
	const struct key *key;
	__u32 uid = 0, own = 0;

	if (!st || bpf_get_func_arg(ctx, 0, &key_ref) || bpf_get_func_arg(ctx, 1, &cred_at) || bpf_get_func_arg(ctx, 2, &need))
		return 0;
	need = (__u32)need;
	if (need == KEY_NEED_UNSPECIFIED || need == KEY_NEED_VIEW || need == KEY_NEED_SEARCH || need == KEY_DEFER_PERM_CHECK)
		return 0;
	a.arg = need;
	key = (void *)(key_ref & ~1ULL);
	cred = (void *)cred_at;
	KGET(uid, key, uid.val);
	KGET(own, cred, fsuid.val);
	if (key_ref & 1 && uid == own)
		return 0;
	key__name(&a, key);
	kernel__emit(st, &a);
	return 0;
}

/* ---- the recorder's maps ---------------------------------------------------------------------------------------- */

/* Their numbers, from the loader. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ST_OWN_MAPS);
	__type(key, __u32);
	__type(value, __u32);
} st_own_maps __weak SEC(".maps");

SEC("?lsm/bpf_map")
int BPF_PROG(kernel_own_map, struct bpf_map *map)
{
	struct kernel_act a = { .act = { .op = EV_KERNEL_OWN_MAP }, .text = (__u64)map->name };
	struct st_task nobody = {}, *st;
	__u32 id = map->id;
	int verdict = 0;

	if (!bpf_map_lookup_elem(&st_own_maps, &id) || bpf_get_current_pid_tgid() >> 32 == st_cfg.own_tgid)
		return 0;
	a.arg = id;
	st = scope__current(bpf_get_current_task_btf());
	if (st)
		verdict = guard__self(&a.act);
	kernel__emit(st ?: &nobody, &a);
	return guard__return(verdict);
}

char LICENSE[] SEC("license") = "GPL";
