/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building a syscall record: fixed part, then what the call's plan says to copy from the caller's memory.
 *
 * Memory is read when the call returns, not when it starts: by then the kernel itself has touched it, so it is
 * resident, where a read at entry fails on a page not yet faulted in. What is missed: a second thread can change
 * it in between, so these strings are the caller's claim.
 *
 * Ring space must be reserved by a size known to the verifier, before the length of a string is known: most fit
 * the small layouts; one that does not is discarded and built again in the large one.
 */
#ifndef SANDTRACE_SYSCALL_BPF_H
#define SANDTRACE_SYSCALL_BPF_H

#include "emit.bpf.h"
#include "path.bpf.h"
#include "task.bpf.h"

#define SMALL_MEM 256
#define LARGE_MEM (EV_PATH_MAX + 8) /* one more than the longest legal path: a cut is told from a fit */
#define SOCKADDR_MAX 128	    /* sizeof(struct sockaddr_storage) */

struct rec_plain {
	struct ev_header h;
	struct ev_syscall s;
};

struct mem_small {
	struct ev_part p;
	char data[SMALL_MEM];
};

struct mem_large {
	struct ev_part p;
	char data[LARGE_MEM];
};

struct rec_small1 {
	struct ev_header h;
	struct ev_syscall s;
	struct mem_small mem[1];
};

struct rec_small3 {
	struct ev_header h;
	struct ev_syscall s;
	struct mem_small mem[ST_MEM_SLOTS];
};

struct rec_large1 {
	struct ev_header h;
	struct ev_syscall s;
	struct mem_large mem[1];
};

struct rec_large3 {
	struct ev_header h;
	struct ev_syscall s;
	struct mem_large mem[ST_MEM_SLOTS];
};

/* -y: the same, and the paths behind descriptors. */
struct rec_small_fds {
	struct ev_header h;
	struct ev_syscall s;
	struct mem_small mem[ST_MEM_SLOTS];
	struct path_small fd[ST_FD_SLOTS];
};

struct rec_large_fds {
	struct ev_header h;
	struct ev_syscall s;
	struct mem_large mem[ST_MEM_SLOTS];
	struct path_small fd[ST_FD_SLOTS];
};

/* A failed call, with what its relative paths start from. */
struct rec_small1_base {
	struct ev_header h;
	struct ev_syscall s;
	struct mem_small mem[1];
	struct path_small base[1];
};

struct rec_small3_base {
	struct ev_header h;
	struct ev_syscall s;
	struct mem_small mem[ST_MEM_SLOTS];
	struct path_small base[ST_BASE_SLOTS];
};

struct rec_large3_base {
	struct ev_header h;
	struct ev_syscall s;
	struct mem_large mem[ST_MEM_SLOTS];
	struct path_small base[ST_BASE_SLOTS];
};

/* What a record is made from. */
struct call {
	__u64 ts, duration;
	__u64 pid_tgid;
	long ret;
	struct st_task *st;
	__u32 nr, abi;
	__u16 flags;
	__u16 bases;	/* of a failed call: slots of its plan's bases that are to be recorded */
};

static __always_inline void syscall__fill(struct ev_header *h, struct ev_syscall *s, const struct call *c)
{
	header__fill(h, c->ts, c->st, c->pid_tgid, EV_SYSCALL, c->flags);
	s->ret = c->ret;
	s->duration = c->duration;
	s->nr = (__s32)c->nr;
	s->abi = c->abi;
}

/* Copies N bytes of plain memory, N bounded by the caller to SMALL_MEM. */
static __always_inline void mem__bytes(struct ev_part *p, __u8 arg, __u32 type, __u32 n, __u32 true_len, const void *src)
{
	__u32 bound = n;
	long err;

	/* the compiler knows the bound and drops the mask; the verifier needs to see it */
	asm volatile("%0 &= 255" : "+r"(bound));
	err = bpf_probe_read_user(p + 1, bound, src);

	part__fill(p, arg, type, err ? -1 : (long)n, true_len, n < true_len ? EV_PART_TRUNCATED : EV_PART_OK);
}

static __always_inline void mem__sockaddr(struct ev_part *p, __u8 arg, __u32 len, const void *src)
{
	__u32 n = len > SOCKADDR_MAX ? SOCKADDR_MAX : len;

	mem__bytes(p, arg, EV_PT_SOCKADDR, n, len, src);
}

/* -c: count in the kernel and emit nothing. */
static __always_inline int count__add(const struct call *c)
{
	__u32 i = c->abi * ST_NR_SYSCALLS + (c->nr < ST_NR_SYSCALLS ? c->nr : ST_NR_SYSCALLS - 1);
	struct st_count *n = bpf_map_lookup_elem(&st_counts, &i);
	struct st_counters *totals = counters__get(EV_CLASS_SYSCALL);

	if (!n || !totals)
		return 0;
	__sync_fetch_and_add(&n->calls, 1);
	if (c->ret < 0 && c->ret >= -4095)
		__sync_fetch_and_add(&n->errors, 1);
	__sync_fetch_and_add(&n->ns, c->duration);
	__sync_fetch_and_add(&totals->aggregated, 1);
	return 0;
}

struct user_msghdr64 { /* the two members needed; a 32-bit caller's layout differs and is not planned */
	__u64 name;
	__u32 namelen;
	__u32 pad;
};

/*
 * One planned argument into P, which has room for ROOM bytes. Returns 1 when a string did not fit. What a failed call
 * would have written is marked like a null pointer: there is nothing to read.
 */
static __always_inline int mem__copy(struct ev_part *p, __u32 room, __u8 mem, const struct ev_syscall *s)
{
	__u8 arg = mem & 7;
	__u64 i = arg, j = arg + 1, addr, next;
	long ret = s->ret;
	__u32 type = EV_PT_STR;
	__u8 state = EV_PART_OK;

	/* compare and use the same register, or older verifiers lose the bound */
	asm volatile("if %0 < 6 goto +1; %0 = 5" : "+r"(i));
	asm volatile("if %0 < 6 goto +1; %0 = 5" : "+r"(j));
	addr = s->args[i];
	next = s->args[j];
	switch (mem >> 3) {
	case ST_MEM_STR: {
		long n;

		if (!addr)
			break;
		n = bpf_probe_read_user_str(p + 1, room, (const void *)addr);
		if (n == room)
			state = EV_PART_TRUNCATED;
		part__fill(p, arg, EV_PT_STR, n > 0 ? n - 1 : n, state == EV_PART_OK ? n - 1 : 0, state);
		return state == EV_PART_TRUNCATED;
	}
	case ST_MEM_SOCKADDR:
		if (!addr)
			break;
		mem__sockaddr(p, arg, next, (const void *)addr);
		return 0;
	case ST_MEM_SOCKADDR_LP: {
		__u32 len = 0;

		type = EV_PT_SOCKADDR;
		if (!addr || ret < 0)
			break;
		if (bpf_probe_read_user(&len, sizeof(len), (const void *)next))
			part__fill(p, arg, EV_PT_SOCKADDR, -1, 0, 0);
		else
			mem__sockaddr(p, arg, len, (const void *)addr);
		return 0;
	}
	case ST_MEM_MSGHDR: {
		struct user_msghdr64 m = {};

		type = EV_PT_SOCKADDR;
		if (!addr)
			break;
		if (bpf_probe_read_user(&m, sizeof(m), (const void *)addr)) {
			part__fill(p, arg, EV_PT_SOCKADDR, -1, 0, 0);
			return 0;
		}
		if (!m.name || !m.namelen)
			break;
		mem__sockaddr(p, arg, m.namelen, (const void *)m.name);
		return 0;
	}
	case ST_MEM_PAIR:
		type = EV_PT_BYTES;
		if (!addr || ret < 0)
			break;
		mem__bytes(p, arg, EV_PT_BYTES, 8, 8, (const void *)addr);
		return 0;
	case ST_MEM_HOW:
		type = EV_PT_BYTES;
		if (!addr)
			break;
		mem__bytes(p, arg, EV_PT_BYTES, next < 24 ? next & 31 : 24, next < 24 ? next : 24, (const void *)addr);
		return 0;
	}
	/* nothing to read: a null pointer, or the kernel wrote nothing */
	part__fill(p, arg, type, 0, 0, EV_PART_NULL);
	return 0;
}

#endif
