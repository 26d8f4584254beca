/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules, paths and scope, asked by a test: the functions that the hooks call, of the files that they are in, with what the
 * asking process has open. So they can be tried where BPF is no LSM.
 *
 * Raw tracepoints, run by BPF_PROG_TEST_RUN in the process that asks: like the hooks they do not sleep, which system call
 * programs do, and those may not look into a trie.
 */
#include "../../bpf/socket.bpf.c"
#include "ask.h"

struct ask ask;
_Static_assert(sizeof(ask.small) == sizeof(struct path_small) && sizeof(ask.large) == sizeof(struct path_large), "the same");

/* What is in a directory: a list with a head before 6.8. */
struct dentry___list {
	struct list_head d_subdirs;
	struct list_head d_child;
} __attribute__((preserve_access_index));
struct dentry___chain {
	struct hlist_head d_children;
	struct hlist_node d_sib;
} __attribute__((preserve_access_index));

struct ask_search {
	__u64 next, end;
	__u32 link; /* where in a dentry */
	__u32 pad;
	__u64 wanted[ASK_NAME / 8];
	__u64 dentry;
};

static long ask__look(__u32 i, struct ask_search *s)
{
	struct dentry *dentry = (void *)(s->next - s->link);
	__u64 have[ASK_NAME / 8] = {};
	const unsigned char *name = NULL;

	if (!s->next || s->next == s->end)
		return 1;
	KGET(name, dentry, d_name.name);
	bpf_probe_read_kernel(&s->next, sizeof(s->next), (void *)s->next); /* the first member of either kind of link */
	bpf_probe_read_kernel_str(have, sizeof(have), name);
	if (have[0] != s->wanted[0] || have[1] != s->wanted[1] || have[2] != s->wanted[2] || have[3] != s->wanted[3])
		return 0;
	s->dentry = (__u64)dentry;
	return 1;
}

/* What the kernel remembers of a name that was looked up and is not there. */
static __always_inline __u64 ask__child(__u64 parent, const char *name)
{
	struct ask_search s = {};
	struct dentry___list *old = (void *)parent;
	struct dentry___chain *now = (void *)parent;

	__builtin_memcpy(s.wanted, name, sizeof(s.wanted));
	if (bpf_core_field_exists(old->d_subdirs)) {
		s.link = bpf_core_field_offset(struct dentry___list, d_child);
		s.end = parent + bpf_core_field_offset(struct dentry___list, d_subdirs);
		KGET(s.next, old, d_subdirs.next);
	} else {
		s.link = bpf_core_field_offset(struct dentry___chain, d_sib);
		KGET(s.next, now, d_children.first);
	}
	bpf_loop(1 << 16, ask__look, &s, 0);
	return s.dentry;
}

static __always_inline struct file *ask__file(int fd)
{
	struct files_struct *files = NULL;
	struct fdtable *fdt = NULL;
	struct file **fds = NULL, *file = NULL;
	__u32 max = 0;

	KGET(files, bpf_get_current_task_btf(), files);
	KGET(fdt, files, fdt);
	KGET(max, fdt, max_fds);
	KGET(fds, fdt, fd);
	if (fd >= 0 && (__u32)fd < max)
		bpf_probe_read_kernel(&file, sizeof(file), fds + fd);
	return file;
}

static __always_inline bool ask__place(const struct ask_place *p, struct guard_place *ret)
{
	struct file *file = ask__file(p->fd);

	KGET(ret->dentry, file, f_path.dentry);
	KGET(ret->mnt, file, f_path.mnt);
	if (file && p->name[0])
		ret->dentry = ask__child(ret->dentry, p->name);
	ask.found = file && ret->dentry;
	return ask.found;
}

/* Of who asks, in scope or not. */
static __always_inline struct st_mark *ask__mark(void)
{
	__builtin_memset(&ask.act, 0, sizeof(ask.act));
	ask.verdict = 0;
	return bpf_task_storage_get(&st_tasks, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

SEC("raw_tp")
int ask_file(void *ctx)
{
	struct st_mark *st = ask__mark();
	struct guard_place at = {};

	if (!st || !ask__place(&ask.at, &at))
		return 0;
	ask.verdict = guard__return(guard__file(st, &ask.act, at.dentry, at.mnt, ask.access));
	ask.blind = st->walk.blind;
	return 0;
}

SEC("raw_tp")
int ask_move(void *ctx)
{
	struct guard_place at = {}, to = {};
	struct st_mark *st = ask__mark();

	if (!st || !ask__place(&ask.at, &at) || !ask__place(&ask.to, &to))
		return 0;
	ask.verdict = guard__return(guard__move(st, &ask.act, &at, &to));
	return 0;
}

SEC("raw_tp")
int ask_op(void *ctx)
{
	struct st_mark *st = ask__mark();

	ask.verdict = st ? guard__return(guard__op(st, &ask.act, ask.op)) : 0;
	return 0;
}

/* As socket_connect does it. */
SEC("raw_tp")
int ask_connect(void *ctx)
{
	struct socket_act a = { .addr = number_of(&ask.addr), .addr_len = ask.addr_len };
	struct file *file = ask__file(ask.at.fd);
	enum socket_kind kind;
	__u64 sock = 0;

	ask.found = file && ask__mark();
	KGET(sock, file, private_data);
	if (!ask.found)
		return 0;
	socket__identify(&a, (void *)sock);
	kind = socket__kind(&a);
	if (kind == SOCKET_OTHER)
		ask.verdict = guard__net_kind(&a.act);
	else if (kind == SOCKET_RULES)
		ask.verdict = socket__judge_address(&a, a.type == SOCK_DGRAM ? ADDR_PORT_ZERO : 0);
	ask.act = a.act;
	return 0;
}

SEC("raw_tp")
int ask_path(void *ctx)
{
	struct guard_place at = {};

	if (!ask__place(&ask.at, &at))
		return 0;
	path__name_small((void *)&ask.small, 0, at.dentry, at.mnt);
	path__name_large((void *)&ask.large, 0, at.dentry, at.mnt);
	return 0;
}

/* As tracing a call with a descriptor does it. */
SEC("raw_tp")
int ask_descriptor(void *ctx)
{
	return fd__small((void *)&ask.small, 0, ask.at.fd);
}

SEC("raw_tp")
int ask_scope(void *ctx)
{
	struct st_task *st = scope__current(bpf_get_current_task_btf());

	ask.found = st != NULL;
	ask.exec_id = st ? st->exec_id : 0;
	ask.parent_exec_id = st ? st->parent_exec_id : 0;
	return 0;
}
