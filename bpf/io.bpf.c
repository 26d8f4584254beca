/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is read from and written to regular files, added up for each process and file.
 *
 *   io_permission  lsm/file_permission: each read and write, by whichever call: read, readv, pread, sendfile, splice,
 *		    copy_file_range, io_uring, aio. Counts the call
 *   io_close	    fentry/locks_remove_file, which the last close of an open file passes, and nothing after it lets go of the
 *		    path: sends what this process did with the file
 *   io_exit	    tp_btf/sched_process_exit: what the task's last calls moved
 *   flush_io	    called by the reader once a second: sends what has waited IO_WAIT_NS, and at the end all of it
 *
 * The hook comes before the bytes move, and does not say how many. The kernel adds them up for each task (ioac.rchar, wchar):
 * what they have grown by at the task's next hook is what its last call on that side moved. Exact for read, write, their
 * vectors and offsets, sendfile and copy_file_range, without a program at the end of each of them. Since 5.7, fentry since 5.5;
 * the sums need CONFIG_TASK_XACCT. Context: the caller; none of these sleeps.
 *
 * A row is taken out when its process closes the file, if nobody else can be adding to it: the memory of a row is used again at
 * once. Those of processes with threads are taken out by flush_io when nothing was added for IO_WAIT_NS, and marked before: who
 * adds all the same finds the mark, takes back what was not sent, and adds it to a new row. With no room for a row, the call
 * is a record of its own.
 *
 * Missed: the bytes, but not the calls, of splice, io_uring and aio, which the kernel does not add up; all that goes through a
 * mapping; the bytes of a thread's last call, until it makes another, ends, or closes a file. At the end of recording those of
 * a call under way in what runs on. Counted as calls: those that were refused later, fallocate, and each part that sendfile moves
 * by itself. A file below an overlay is counted once, as the overlay's.
 */
#include "guard.bpf.h"
#include "rate.bpf.h"

#define IO_ROWS 4096
#define IO_WAIT_NS 5000000000ULL
#define MAY_WRITE 2 /* linux/fs.h */
#define MAY_READ 4
#define S_IFREG 0100000
#define FMODE_NOACCOUNT (1U << 29) /* opened by the kernel for itself: an overlay's own file */

enum { IO_READ, IO_WRITE, IO_SIDES };

struct io_key {
	__u64 exec_id;
	__u64 inode;
	__u32 dev;
	__u32 pad;
};

struct io_row {
	__u64 calls[IO_SIDES], bytes[IO_SIDES];
	__u64 first, last;
	__u32 gone;  /* it is being taken out */
	__u32 mode;
	__u32 file_flags;
	__u32 named; /* what follows is filled */
	__u64 pid_tgid;
	struct ev_task task;
	struct path_small path;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, IO_ROWS);
	__type(key, struct io_key);
	__type(value, struct io_row);
} st_io __weak SEC(".maps");

/* What a new row is made of: too large for a stack. Never written to. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct io_row);
} st_io_none __weak SEC(".maps");

/* Of each side the file of the last call, and the task's sum before it. FILE may be closed by now: io__same_file. */
struct io_task {
	struct io_key key[IO_SIDES];
	__u64 file[IO_SIDES];
	__u64 sum[IO_SIDES];
	__u32 pending[IO_SIDES];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct io_task);
} st_io_tasks __weak SEC(".maps");

struct rec_io {
	struct ev_header h;
	struct ev_file_io e;
	struct path_small path;
};

struct io_sum {
	__u64 calls[IO_SIDES], bytes[IO_SIDES];
	__u64 first, last;
};

static __always_inline void io__fill(struct ev_file_io *e, const struct io_key *key, const struct io_sum *s, __u64 ts)
{
	e->inode = key->inode;
	e->reads = s->calls[IO_READ];
	e->read_bytes = s->bytes[IO_READ];
	e->writes = s->calls[IO_WRITE];
	e->write_bytes = s->bytes[IO_WRITE];
	e->first_ago = s->first && s->first < ts ? ts - s->first : 0;
	e->last_ago = s->last && s->last < ts ? ts - s->last : 0;
	e->dev_major = key->dev >> 20;
	e->dev_minor = key->dev & 0xfffff;
}

static __always_inline void io__take(struct io_row *row, struct io_sum *s)
{
	for (int i = 0; i < IO_SIDES; i++) {
		s->calls[i] = __sync_lock_test_and_set(&row->calls[i], 0);
		s->bytes[i] = __sync_lock_test_and_set(&row->bytes[i], 0);
	}
	s->first = __sync_lock_test_and_set(&row->first, 0);
	s->last = row->last;
}

static __always_inline bool io__is_empty(const struct io_row *row)
{
	return !(row->calls[IO_READ] | row->calls[IO_WRITE] | row->bytes[IO_READ] | row->bytes[IO_WRITE]);
}

/* Sends what ROW holds. -1: no room in the ring, and it still holds it. */
__noinline int io__send(const struct io_key *key, struct io_row *row)
{
	__u64 ts = bpf_ktime_get_ns(); /* before reserving: what the reader's order rests on */
	struct st_task st = {};
	struct io_sum s = {};
	struct rec_io *r;
	void *ring;

	if (!key || !row)
		return -1;
	if (io__is_empty(row))
		return 0;
	st.exec_id = key->exec_id;
	ring = emit__bulk_ring(row->pid_tgid >> 32);
	r = ring ? bpf_ringbuf_reserve(ring, sizeof(*r), 0) : NULL;
	if (!r)
		return -1;
	io__take(row, &s);
	header__fill(&r->h, ts, &st, row->pid_tgid, EV_FILE_IO, 0);
	r->e.task = row->task;
	io__fill(&r->e, key, &s, ts);
	r->e.mode = row->mode;
	r->e.file_flags = row->file_flags;
	bpf_probe_read_kernel(&r->path, sizeof(r->path), &row->path);
	if (row->named)
		r->h.parts = __builtin_offsetof(struct rec_io, path);
	counters__seen(EV_CLASS_FILE);
	emit__submit_act(ring, r, EV_CLASS_FILE, false);
	return 0;
}

/* Is what is at FILE now, if it is one, open on the file of KEY? Then its path is that file's, whoever has opened it. */
static __always_inline bool io__same_file(const struct io_key *key, struct file *file)
{
	struct super_block *sb = NULL;
	struct inode *inode = NULL;
	__u64 number = 0;
	__u32 dev = 0;

	KGET(inode, file, f_inode);
	KGET(number, inode, i_ino);
	KGET(sb, inode, i_sb);
	KGET(dev, sb, s_dev);
	return inode && number == key->inode && dev == key->dev;
}

/* One side of one file by itself: there is no row for it. */
__noinline int io__send_alone(const struct io_key *key, __u64 kfile, __u32 side, __u64 calls, __u64 bytes)
{
	struct st_task *st = task__state(bpf_get_current_task_btf());
	struct file *file = (void *)kfile;
	__u64 ts = bpf_ktime_get_ns();
	struct io_sum s = {};
	struct rec_io *r;
	void *ring;

	if (!key || !st)
		return 0;
	counters__seen(EV_CLASS_FILE);
	s.first = s.last = ts;
	s.calls[side & 1] = calls;
	s.bytes[side & 1] = bytes;
	ring = emit__bulk_ring(bpf_get_current_pid_tgid() >> 32);
	r = ring ? bpf_ringbuf_reserve(ring, sizeof(*r), 0) : NULL;
	if (!r) {
		counters__lost(EV_CLASS_FILE);
		return 0;
	}
	header__fill(&r->h, ts, st, bpf_get_current_pid_tgid(), EV_FILE_IO, 0);
	r->h.exec_id = key->exec_id;
	task__fill(&r->e.task, bpf_get_current_task_btf(), st);
	io__fill(&r->e, key, &s, ts);
	r->e.mode = S_IFREG;
	r->e.file_flags = 0;
	if (io__same_file(key, file)) {
		__u64 dentry = 0, mnt = 0;

		KGET(dentry, file, f_path.dentry);
		KGET(mnt, file, f_path.mnt);
		path__name_small(&r->path, EV_FILE_IO_PATH, dentry, mnt);
		r->h.parts = __builtin_offsetof(struct rec_io, path);
	}
	emit__submit_act(ring, r, EV_CLASS_FILE, false);
	return 0;
}

/* Functions of their own from here on, where the stack of a chain would be too deep otherwise. */
__noinline int io__name(struct io_row *row, struct st_task *st, __u64 kfile)
{
	struct file *file = (void *)kfile;
	struct inode *inode = NULL;
	__u64 dentry = 0, mnt = 0;
	__u32 nlink = 0;
	__u16 mode = 0;

	if (!row || !st)
		return 0;
	KGET(inode, file, f_inode);
	KGET(mode, inode, i_mode);
	KGET(nlink, inode, i_nlink);
	KGET(dentry, file, f_path.dentry);
	KGET(mnt, file, f_path.mnt);
	row->mode = mode;
	row->file_flags = nlink > 1 ? EV_FILE_FLAG_LINKS : nlink ? 0 : EV_FILE_FLAG_DELETED;
	row->pid_tgid = bpf_get_current_pid_tgid();
	task__fill(&row->task, bpf_get_current_task_btf(), st);
	path__name_small(&row->path, EV_FILE_IO_PATH, dentry, mnt);
	*(volatile __u32 *)&row->named = 1;
	return 0;
}

/* The row of KEY, made if need be. */
static __always_inline struct io_row *io__row(const struct io_key *key, struct st_task *st, __u64 kfile)
{
	struct io_row *row = bpf_map_lookup_elem(&st_io, key), *none;
	__u32 zero = 0;
	int err;

	if (row)
		return row;
	none = bpf_map_lookup_elem(&st_io_none, &zero);
	if (!none)
		return NULL;
	err = bpf_map_update_elem(&st_io, key, none, BPF_NOEXIST);
	row = bpf_map_lookup_elem(&st_io, key);
	if (row && !err) /* otherwise another thread has made it, and names it */
		io__name(row, st, kfile);
	return row;
}

/* False: ROW is being taken out, and CALLS and BYTES are what it was not sent with. */
static __always_inline bool io__add(struct io_row *row, __u32 side, __u64 *calls, __u64 *bytes)
{
	__u64 now = bpf_ktime_get_ns();

	if (!row->first)
		row->first = now;
	row->last = now;
	__sync_fetch_and_add(&row->calls[side], *calls);
	__sync_fetch_and_add(&row->bytes[side], *bytes);
	if (!*(volatile __u32 *)&row->gone)
		return true;
	*calls = __sync_lock_test_and_set(&row->calls[side], 0);
	*bytes = __sync_lock_test_and_set(&row->bytes[side], 0);
	return !(*calls | *bytes);
}

/* Two results of the kernel's own accounting: what this task has read and written. */
static __always_inline __u64 io__sum(struct task_struct *task, int side)
{
	if (!bpf_core_field_exists(task->ioac.rchar))
		return 0;
	return side == IO_READ ? task->ioac.rchar : task->ioac.wchar;
}

static __always_inline void io__settle_side(struct task_struct *task, struct io_task *t, const int side)
{
	__u64 sum = io__sum(task, side), bytes = sum - t->sum[side], calls = 0;
	struct io_key key; /* 6.1 takes none from other memory */
	struct io_row *row;

	if (!t->pending[side] || !bytes)
		return;
	t->sum[side] = sum;
	key = t->key[side];
	row = bpf_map_lookup_elem(&st_io, &key);
	if (!row || !io__add(row, side, &calls, &bytes))
		io__send_alone(&key, t->file[side], side, calls, bytes);
}

/* What the last calls moved. */
__noinline int io__settle(struct io_task *t)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!t)
		return 0;
	io__settle_side(task, t, IO_READ);
	io__settle_side(task, t, IO_WRITE);
	return 0;
}

/* False: not a file that is counted. */
static __always_inline bool io__key(struct io_key *key, const struct st_task *st, struct file *file)
{
	struct super_block *sb = NULL;
	struct inode *inode = NULL;
	__u16 mode = 0;

	KGET(inode, file, f_inode);
	KGET(mode, inode, i_mode);
	if ((mode & S_IFMT) != S_IFREG)
		return false;
	key->exec_id = st->exec_id;
	KGET(key->inode, inode, i_ino);
	KGET(sb, inode, i_sb);
	KGET(key->dev, sb, s_dev);
	return true;
}

__noinline int io__count(struct st_task *st, struct io_task *t, __u64 kfile, __u32 side)
{
	__u64 calls = 1, bytes = 0;
	struct io_key key;
	struct io_row *row;

	if (!st || !t)
		return 0;
	side &= 1;
	key = t->key[side];
	for (int i = 0; i < 2; i++) {
		row = io__row(&key, st, kfile);
		if (row && io__add(row, side, &calls, &bytes))
			return 0;
	}
	io__send_alone(&key, kfile, side, calls, bytes);
	return 0;
}

/* One side of what is about to happen. */
static __always_inline void io__begin(struct task_struct *task, struct st_task *st, struct io_task *t, struct file *file, const int side)
{
	t->sum[side] = io__sum(task, side);
	t->pending[side] = io__key(&t->key[side], st, file);
	if (!t->pending[side])
		return;
	t->file[side] = number_of(file);
	io__count(st, t, t->file[side], side);
}

SEC("?lsm/file_permission")
int BPF_PROG(io_permission, struct file *file, int mask)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct st_task *st = scope__current(task);
	struct io_task *t;

	if (!st || !(mask & (MAY_READ | MAY_WRITE)) || file->f_mode & FMODE_NOACCOUNT)
		return 0;
	t = bpf_task_storage_get(&st_io_tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!t) {
		counters__seen(EV_CLASS_FILE);
		counters__lost(EV_CLASS_FILE);
		return 0;
	}
	io__settle(t);
	if (mask & MAY_WRITE)
		io__begin(task, st, t, file, IO_WRITE);
	else
		io__begin(task, st, t, file, IO_READ);
	return 0;
}

/* Takes ROW out, if what it holds can be sent. */
static __always_inline void io__let_go(struct io_key *key, struct io_row *row)
{
	if (io__send(key, row))
		return; /* no room: it waits for the next round */
	__sync_lock_test_and_set(&row->gone, 1);
	if (io__send(key, row)) {
		row->gone = 0;
		return;
	}
	bpf_map_delete_elem(&st_io, key);
}

/* Of a process whose exit was told already, too: that is where most files are closed. */
SEC("?fentry/locks_remove_file")
int BPF_PROG(io_close, struct file *file)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct st_task *st = task__state(task);
	struct io_task *t = bpf_task_storage_get(&st_io_tasks, task, 0, 0);
	struct signal_struct *signal = NULL;
	struct io_key key = {};
	struct io_row *row;
	int threads = 2;

	if (!st || !st->exec_id)
		return 0;
	if (t)
		io__settle(t);
	if (file->f_mode & FMODE_NOACCOUNT || !io__key(&key, st, file))
		return 0;
	row = bpf_map_lookup_elem(&st_io, &key);
	/* held back, it is not lost: the row goes with the next round */
	if (!row || !rate__has_room(EV_CLASS_FILE))
		return 0;
	KGET(signal, task, signal);
	KGET(threads, signal, nr_threads);
	if (threads > 1)
		io__send(&key, row);
	else
		io__let_go(&key, row);
	return 0;
}

SEC("?tp_btf/sched_process_exit")
int BPF_PROG(io_exit, struct task_struct *task)
{
	struct io_task *t = bpf_task_storage_get(&st_io_tasks, task, 0, 0);

	if (t)
		io__settle(t);
	return 0;
}

struct io_flush {
	__u64 now;
	__u32 final;
	__u32 pad;
};

static long io__look(struct bpf_map *map, struct io_key *key, struct io_row *row, struct io_flush *f)
{
	struct io_key copy = *key;

	if (!row->named && !f->final)
		return 0; /* it is being made */
	if (io__is_empty(row)) {
		if (f->now - row->last > IO_WAIT_NS)
			io__let_go(&copy, row);
		return 0;
	}
	if (f->final) {
		if (io__send(&copy, row)) {
			counters__seen(EV_CLASS_FILE);
			counters__lost(EV_CLASS_FILE);
		}
		return 0;
	}
	if (f->now - row->first > IO_WAIT_NS)
		io__send(&copy, row);
	return 0;
}

SEC("?syscall")
int flush_io(struct st_flush *ctx)
{
	struct io_flush f = { .now = bpf_ktime_get_ns(), .final = ctx->final };

	bpf_for_each_map_elem(&st_io, io__look, &f, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
