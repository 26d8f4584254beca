/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of system calls: what bpf/syscall.bpf.c and syscall.bpf.h write, from outside. Memory is read when the call
 * returns, as there; all of a call's arguments in one call of ours, but for long strings and what a msghdr points at.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "memory.h"
#include "proc.h"

#define SOCKADDR_MAX 128 /* sizeof(struct sockaddr_storage) */
#define PROT_EXEC 4	 /* asm-generic/mman-common.h */

/* Errors that a sandbox can be the reason of: EPERM, ENOENT, EACCES, EXDEV, ENOTDIR, EROFS, ELOOP. */
#define DENIAL_ERRORS (1ULL << 1 | 1ULL << 2 | 1ULL << 13 | 1ULL << 18 | 1ULL << 20 | 1ULL << 30 | 1ULL << 40)

struct user_msghdr64 { /* the two members needed; a 32-bit caller's layout differs and is not planned */
	uint64_t name;
	uint32_t namelen;
	uint32_t pad;
};

/* One planned argument: what is to be read for it, and the part it becomes. */
struct value {
	uint8_t arg, kind; /* enum st_mem */
	uint8_t state;	   /* EV_PART_NULL: there is nothing to read */
	uint32_t type;
	uint32_t len, true_len;
	union {
		uint32_t len;
		struct user_msghdr64 msg;
	} head;		   /* says how long, or where, the value is */
	struct mem *head_mem, *mem; /* NULL: none */
	uint8_t buf[MEMORY_STR_ROOM];
};

/* All that one call needs. */
struct reading {
	struct value values[ST_MEM_SLOTS];
	struct mem mems[2 * ST_MEM_SLOTS];
	size_t n_values, n_mems;
};

static struct mem *reading__add(struct reading *r, uint64_t addr, void *to, size_t len)
{
	struct mem *m = &r->mems[r->n_mems++];

	*m = (struct mem){ .addr = addr, .to = to, .len = len };
	return m;
}

static uint32_t part_type(uint8_t kind)
{
	switch (kind) {
	case ST_MEM_SOCKADDR:
	case ST_MEM_SOCKADDR_LP:
	case ST_MEM_MSGHDR:
		return EV_PT_SOCKADDR;
	case ST_MEM_PAIR:
	case ST_MEM_HOW:
		return EV_PT_BYTES;
	default:
		return EV_PT_STR;
	}
}

static void value__want(struct value *v, struct reading *r, uint64_t addr, uint32_t len, uint32_t max)
{
	v->true_len = len;
	v->mem = reading__add(r, addr, v->buf, MIN(len, max));
}

/* What a failed call would have written is like a null pointer: there is nothing to read. */
static void value__plan(struct value *v, struct reading *r, const uint64_t args[6], int64_t ret, uint8_t mem)
{
	unsigned int arg = MIN(mem & 7, 5), after = MIN(arg + 1, 5U);
	uint64_t addr = args[arg], next = args[after];

	v->arg = mem & 7;
	v->kind = mem >> 3;
	v->type = part_type(v->kind);
	v->state = EV_PART_NULL;
	v->len = v->true_len = 0;
	v->head_mem = v->mem = NULL;
	if (!addr || (ret < 0 && (v->kind == ST_MEM_SOCKADDR_LP || v->kind == ST_MEM_PAIR)))
		return;
	switch (v->kind) {
	case ST_MEM_STR:
		v->mem = reading__add(r, addr, v->buf, MEMORY_STR_FIRST);
		break;
	case ST_MEM_SOCKADDR:
		value__want(v, r, addr, (uint32_t)next, SOCKADDR_MAX);
		break;
	case ST_MEM_SOCKADDR_LP:
		/* as long as it could be: what is missing behind its end does not matter */
		v->head_mem = reading__add(r, next, &v->head.len, sizeof(v->head.len));
		value__want(v, r, addr, SOCKADDR_MAX, SOCKADDR_MAX);
		break;
	case ST_MEM_MSGHDR:
		v->head_mem = reading__add(r, addr, &v->head.msg, sizeof(v->head.msg));
		break;
	case ST_MEM_PAIR:
		value__want(v, r, addr, 2 * sizeof(int), 2 * sizeof(int));
		break;
	case ST_MEM_HOW: /* struct open_how is 24 bytes: a longer one has members that are not known here */
		value__want(v, r, addr, (uint32_t)MIN(next, 24ULL), 24);
		break;
	}
}

static void value__fault(struct value *v)
{
	v->state = EV_PART_FAULT;
	v->len = v->true_len = 0;
}

/* N bytes of it are kept, and M was to have at least these. */
static void value__bytes(struct value *v, const struct mem *m, uint32_t n, uint32_t true_len)
{
	if (m->got < n) {
		value__fault(v);
		return;
	}
	v->len = n;
	v->true_len = true_len;
	v->state = n < true_len ? EV_PART_TRUNCATED : EV_PART_OK;
}

/* The address that the header points at: a second step. */
static void value__message(struct value *v, pid_t tid)
{
	struct mem m = { .addr = v->head.msg.name, .to = v->buf, .len = MIN(v->head.msg.namelen, SOCKADDR_MAX) };

	if (v->head_mem->got < v->head_mem->len) {
		value__fault(v);
	} else if (v->head.msg.name && v->head.msg.namelen) {
		memory__read(tid, &m, 1);
		value__bytes(v, &m, (uint32_t)m.len, v->head.msg.namelen);
	}
}

static void value__finish(struct value *v, pid_t tid)
{
	if (v->kind == ST_MEM_MSGHDR && v->head_mem) {
		value__message(v, tid);
	} else if (!v->mem) {
		return;
	} else if (v->kind == ST_MEM_STR) {
		v->state = (uint8_t)memory__string(tid, v->mem, &v->len);
		v->true_len = v->state == EV_PART_OK ? v->len : 0;
	} else if (!v->head_mem) {
		value__bytes(v, v->mem, (uint32_t)v->mem->len, v->true_len);
	} else if (v->head_mem->got < v->head_mem->len) {
		value__fault(v);
	} else {
		value__bytes(v, v->mem, MIN(v->head.len, SOCKADDR_MAX), v->head.len);
	}
}

static void put_values(struct tracer *t, struct reading *r, const struct task *k, const struct st_plan *plan, int64_t ret)
{
	r->n_values = r->n_mems = 0;
	for (int i = 0; i < ST_MEM_SLOTS && plan->mem[i]; i++)
		value__plan(&r->values[r->n_values++], r, k->args, ret, plan->mem[i]);
	memory__read(k->tid, r->mems, r->n_mems);
	for (size_t i = 0; i < r->n_values; i++) {
		struct value *v = &r->values[i];

		value__finish(v, k->tid);
		rec__part(t->rec, v->arg, v->type, v->state, v->buf, v->len, v->true_len);
	}
}

/* ---- descriptors ------------------------------------------------------------------------------------------------- */

static struct proc_link link_of_fd;

static void put_fd(struct tracer *t, const struct task *k, uint8_t id, int fd, bool even_closed)
{
	proc__fd(k->tid, fd, PROC_PATH_SMALL, &link_of_fd);
	if (even_closed || link_of_fd.state != EV_PART_NULL)
		proc__part(t->rec, id, &link_of_fd);
}

/* -y */
static void put_fds(struct tracer *t, const struct task *k, const struct st_plan *plan, int64_t ret, uint16_t flags)
{
	const struct ev_part *c = k->closing;

	for (int i = 0; i < ST_FD_SLOTS && plan->fd[i]; i++) {
		uint8_t arg = plan->fd[i] - 1;

		if (plan->fd[i] == ST_FD_RESULT) {
			if (ret >= 0)
				put_fd(t, k, EV_PART_RESULT, (int)ret, false);
		} else if (!(plan->flags & ST_PLAN_CLOSES)) {
			put_fd(t, k, arg, (int)k->args[MIN(arg, 5)], false);
		} else if (c && !(flags & EV_F_NO_ENTER) && c->state != EV_PART_NULL) {
			rec__part(t->rec, c->id, c->type, c->state, c + 1, c->len, c->true_len);
		}
	}
}

void call__enter(struct tracer *t, struct task *k)
{
	const struct st_plan *plan = tracer__plan(t, k);

	if (!t->opts.fd_paths || !plan || !(plan->flags & ST_PLAN_CLOSES))
		return;
	/* kept for the next close: a task closes one at a time */
	if (!k->closing)
		k->closing = malloc(sizeof(*k->closing) + PROC_PATH_SMALL + 256);
	if (!k->closing)
		return;
	proc__fd(k->tid, (int)k->args[0], PROC_PATH_SMALL, &link_of_fd);
	*k->closing = (struct ev_part){
		.state = link_of_fd.state,
		.len = MIN(link_of_fd.len, PROC_PATH_SMALL + 256U),
		.true_len = link_of_fd.state == EV_PART_OK ? link_of_fd.len : 0,
		.type = link_of_fd.type,
	};
	memcpy(k->closing + 1, link_of_fd.data, k->closing->len);
}

/* Whether the path in argument I, as the caller's memory has it, does not begin at the root. */
static bool base_needed(const struct reading *r, const struct task *k, unsigned int i)
{
	uint8_t first = '/';
	struct mem m = { .to = &first, .len = 1 };

	if (i == ST_BASE_MAPPED)
		return k->args[2] & PROT_EXEC && (int)k->args[4] >= 0;
	i = MIN(i, 5U);
	if (!k->args[i])
		return false;
	for (size_t j = 0; j < r->n_values; j++) {
		const struct value *v = &r->values[j];

		if (v->arg == i && v->kind == ST_MEM_STR && v->state != EV_PART_FAULT)
			return !v->len || v->buf[0] != '/';
	}
	m.addr = k->args[i];
	memory__read(k->tid, &m, 1);
	return m.got && first != '/';
}

/* What the relative paths of a failed call start from. False: it has no use for that. */
static bool put_bases(struct tracer *t, const struct reading *r, const struct task *k, const struct st_plan *plan, int64_t ret)
{
	bool any = false;

	if (ret > -1 || ret < -63 || !(DENIAL_ERRORS >> -ret & 1))
		return false;
	for (int i = 0; i < ST_BASE_SLOTS; i++) {
		unsigned int base = plan->base >> 4 * i & 15, arg = base == ST_BASE_MAPPED ? 4 : MIN(base - 1, 5U);

		if (!base || !base_needed(r, k, base & 7))
			continue;
		any = true;
		if (base >= ST_BASE_CWD(0))
			put_fd(t, k, EV_PART_CWD, AT_FDCWD, true);
		else
			put_fd(t, k, (uint8_t)arg, (int)k->args[arg], true);
	}
	return any;
}

/* ---- the record -------------------------------------------------------------------------------------------------- */

void call__count(struct tracer *t, const struct task *k, uint64_t duration, int64_t ret)
{
	size_t nr = k->nr >= 0 && k->nr < ST_NR_SYSCALLS ? (size_t)k->nr : ST_NR_SYSCALLS - 1;
	struct st_count *n = &t->shared->counts[k->abi * ST_NR_SYSCALLS + nr];
	struct st_counters *c = &t->shared->counters[EV_CLASS_SYSCALL];

	n->calls++;
	if (ret < 0 && ret >= -4095)
		n->errors++;
	n->ns += duration;
	c->seen++;
	c->aggregated++;
}

static void call__begin(struct tracer *t, const struct task *k, uint64_t ts, uint64_t duration, int64_t ret, uint16_t flags)
{
	struct ev_syscall *s = rec__begin(t, k, ts, EV_SYSCALL, flags, sizeof(*s));

	s->ret = ret;
	s->duration = duration;
	s->nr = k->nr;
	s->abi = k->abi;
	memcpy(s->args, k->args, sizeof(s->args));
}

/* A clock read before the call's and one after it: never less than nothing. */
static uint64_t duration_of(const struct task *k, uint64_t ts, uint16_t flags)
{
	return flags & EV_F_NO_ENTER || ts < k->enter_ts ? 0 : ts - k->enter_ts;
}

void call__exit(struct tracer *t, struct task *k, uint64_t ts, int64_t ret, uint16_t flags)
{
	static struct reading r;
	const struct st_plan *plan = tracer__plan(t, k);
	uint64_t duration = duration_of(k, ts, flags);

	if (t->opts.aggregate) {
		call__count(t, k, duration, ret);
		return;
	}
	call__begin(t, k, ts, duration, ret, flags);
	if (plan) {
		put_values(t, &r, k, plan, ret);
		/* either: the descriptors of such a call are these, or of no interest */
		if (!(t->opts.deny_paths && plan->base && put_bases(t, &r, k, plan, ret)) && t->opts.fd_paths)
			put_fds(t, k, plan, ret, flags);
	}
	rec__commit(t, EV_CLASS_SYSCALL);
}

void call__gone(struct tracer *t, struct task *k, uint64_t ts, uint16_t flags)
{
	const struct st_plan *plan = tracer__plan(t, k);
	uint64_t duration = duration_of(k, ts, flags);

	if (t->opts.aggregate) {
		call__count(t, k, duration, 0);
		return;
	}
	call__begin(t, k, ts, duration, 0, flags | EV_F_NO_RETURN);
	for (int i = 0; plan && i < ST_MEM_SLOTS && plan->mem[i]; i++)
		rec__part(t->rec, plan->mem[i] & 7, EV_PT_STR, EV_PART_GONE, NULL, 0, 0);
	rec__commit(t, EV_CLASS_SYSCALL);
}
