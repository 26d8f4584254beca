/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "base/util.h"
#include "proc.h"

/* The longest request, EV_ARGV_MAX, covers nine pages of 4 KiB. */
#define MAX_PIECES 16
/* The smallest page there is. A border that is none in a task with larger pages costs an element, nothing else. */
#define PAGE 4096

/*
 * One call's worth. The kernel moves an element of REMOTE whole or not at all, so each ends where a page does: then
 * everything in front of the unreadable page arrives.
 */
struct batch {
	struct iovec local[MAX_PIECES], remote[MAX_PIECES];
	size_t planned[MAX_PIECES]; /* bytes of each request */
	size_t n_local, n_remote;
};

static void batch__add(struct batch *b, const struct mem *m)
{
	uint64_t at = m->addr + m->got;
	size_t left = m->len - m->got, planned = 0;

	while (left && b->n_remote < MAX_PIECES) {
		size_t n = MIN(left, PAGE - (size_t)(at & (PAGE - 1)));

		b->remote[b->n_remote++] = (struct iovec){ (void *)(uintptr_t)at, n };
		planned += n;
		left -= n;
		at += n;
	}
	b->local[b->n_local] = (struct iovec){ m->to + m->got, planned };
	b->planned[b->n_local++] = planned;
}

void memory__read(pid_t tid, struct mem *m, size_t n)
{
	for (size_t i = 0; i < n; i++)
		m[i].got = 0;
	for (size_t i = 0; i < n;) {
		struct batch b = { .n_local = 0 };
		ssize_t r;
		size_t left;

		for (size_t j = i; j < n && b.n_remote < MAX_PIECES && b.n_local < MAX_PIECES; j++)
			batch__add(&b, &m[j]);
		r = process_vm_readv(tid, b.local, b.n_local, b.remote, b.n_remote, 0);
		if (r < 0 && errno != EFAULT)
			return; /* the task is gone, or not to be read at all */
		left = r < 0 ? 0 : (size_t)r;
		for (size_t j = 0; j < b.n_local; j++) {
			size_t got = MIN(left, b.planned[j]);

			m[i].got += got;
			left -= got;
			if (got == b.planned[j] && m[i].got < m[i].len)
				break; /* the elements did not suffice: go on with it */
			i++;
			if (got < b.planned[j])
				break; /* unreadable from here: go on with the next */
		}
	}
}

enum ev_part_state memory__string(pid_t tid, struct mem *m, uint32_t *ret_len)
{
	const uint8_t *end = memchr(m->to, 0, m->got);

	if (!end && m->got == MEMORY_STR_FIRST && m->len == MEMORY_STR_FIRST) {
		struct mem rest = { .addr = m->addr + m->got, .to = m->to + m->got, .len = MEMORY_STR_ROOM - m->got };

		memory__read(tid, &rest, 1);
		end = memchr(rest.to, 0, rest.got);
		m->len = MEMORY_STR_ROOM;
		m->got += rest.got;
	}
	if (end && end < m->to + MEMORY_STR_ROOM - 1) {
		*ret_len = (uint32_t)(end - m->to);
		return EV_PART_OK;
	}
	/* as in bpf/: what fills the room is cut, whether its last byte is a NUL or not */
	*ret_len = m->got == MEMORY_STR_ROOM ? MEMORY_STR_ROOM - 1 : 0;
	return m->got == MEMORY_STR_ROOM ? EV_PART_TRUNCATED : EV_PART_FAULT;
}

/* ---- a new program's stack --------------------------------------------------------------------------------------- */

/*
 * From the stack pointer upwards: argc, argv[], NULL, envp[], NULL, the auxiliary vector, and above them the strings, those
 * of argv and those of envp without a gap, at the top the file name. With an environment of ordinary size everything is
 * within the first 16 KiB.
 */
#define STACK_FIRST 16384
#define MAX_ARG_BYTES (1U << 30) /* the kernel allows a quarter of the stack's limit */

struct stack {
	pid_t tid;
	uint64_t base;
	size_t len;
	unsigned int word; /* 4 or 8 bytes */
	uint8_t data[STACK_FIRST];
};

struct aux {
	uint64_t execfn, secure;
	bool complete;
};

/* 0: not known. */
static uint64_t stack_pointer(pid_t tid)
{
#if defined(__x86_64__)
	struct user_regs_struct regs;

	return ptrace(PTRACE_GETREGS, tid, 0, &regs) ? 0 : regs.rsp; /* wide for a 32-bit image too */
#elif defined(__aarch64__)
	union {
		struct user_regs_struct wide;
		uint32_t narrow[18];
	} regs;
	struct iovec iov = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov))
		return 0;
	return iov.iov_len == sizeof(regs.narrow) ? regs.narrow[13] : regs.wide.sp;
#else
#error "which register is the stack pointer here?"
#endif
}

static uint64_t word(const void *data, unsigned int size)
{
	uint64_t wide;
	uint32_t narrow;

	if (size == sizeof(wide)) {
		memcpy(&wide, data, sizeof(wide));
		return wide;
	}
	memcpy(&narrow, data, sizeof(narrow));
	return narrow;
}

/* Word I of the stack, as good as zero when it cannot be read. */
static uint64_t stack__word(const struct stack *s, uint64_t i)
{
	uint8_t buf[8] = { 0 };
	struct mem m = { .addr = s->base + i * s->word, .to = buf, .len = s->word };

	if (i * s->word + s->word <= s->len)
		return word(s->data + i * s->word, s->word);
	memory__read(s->tid, &m, 1);
	return word(buf, s->word);
}

static bool stack__read(struct stack *s, pid_t tid)
{
	struct mem m = { .addr = stack_pointer(tid), .to = s->data, .len = STACK_FIRST };

	s->tid = tid;
	s->base = m.addr;
	s->len = 0;
	if (!m.addr)
		return false;
	memory__read(tid, &m, 1);
	s->len = m.got;
	if (s->len < 64)
		return false;
	/* argc is far below 2^32: bits above it are those of argv[0], in an image with words of 4 bytes */
	s->word = word(s->data, 8) >> 32 ? 4 : 8;
	return true;
}

static void aux__parse(struct aux *a, const uint8_t *data, size_t len, unsigned int size)
{
	for (size_t at = 0; at + 2 * size <= len; at += 2 * size) {
		uint64_t type = word(data + at, size), value = word(data + at + size, size);

		if (type == AT_EXECFN)
			a->execfn = value;
		else if (type == AT_SECURE)
			a->secure = value;
		else if (type == AT_NULL)
			a->complete = true;
		if (a->complete)
			return;
	}
}

/* The auxiliary vector stands behind the environment's pointers, which may be many: then the kernel's copy is read. */
static struct aux stack__aux(const struct stack *s, uint64_t argc)
{
	struct aux a = { 0 };
	uint64_t at = (argc + 2) * s->word;
	uint8_t copy[1024];
	ssize_t n;

	while (at + s->word <= s->len && word(s->data + at, s->word))
		at += s->word;
	at += s->word;
	if (at < s->len)
		aux__parse(&a, s->data + at, s->len - at, s->word);
	if (a.complete)
		return a;
	n = proc__read(s->tid, "auxv", copy, sizeof(copy));
	if (n > 0)
		aux__parse(&a, copy, (size_t)n, s->word);
	return a;
}

/* Up to LEN bytes at ADDR: where the stack was read, or into M, which is to be read. */
static const uint8_t *stack__bytes(const struct stack *s, uint64_t addr, size_t len, struct mem *m, uint8_t *spare)
{
	*m = (struct mem){ .addr = addr, .to = spare };
	if (addr >= s->base && addr - s->base < s->len && s->len - (addr - s->base) >= len)
		return s->data + (addr - s->base);
	m->len = len;
	return spare;
}

static void image__path(struct image *img, const struct stack *s, uint64_t addr)
{
	static uint8_t spare[MEMORY_STR_ROOM];
	const uint8_t *end;
	struct mem m = { .addr = addr, .to = spare, .len = MEMORY_STR_FIRST };

	if (!addr)
		return;
	if (addr >= s->base && addr - s->base < s->len) {
		img->path = (const char *)s->data + (addr - s->base);
		end = memchr(img->path, 0, MIN(s->len - (addr - s->base), (size_t)MEMORY_STR_ROOM - 1));
		if (end) {
			img->path_len = (uint32_t)(end - (const uint8_t *)img->path);
			img->path_state = EV_PART_OK;
			return;
		}
	}
	/* an end of the stack that comes before is no reason to give up: the name stands at its very top */
	memory__read(s->tid, &m, 1);
	img->path = (const char *)spare;
	img->path_state = memory__string(s->tid, &m, &img->path_len);
}

static void image__argv(struct image *img, const struct stack *s, uint64_t start, uint64_t end)
{
	static uint8_t spare[EV_ARGV_MAX];
	struct mem m;

	if (!start || end < start || end - start > MAX_ARG_BYTES)
		return;
	img->argv_true = (uint32_t)(end - start);
	img->argv_len = MIN(img->argv_true, (uint32_t)EV_ARGV_MAX);
	img->argv = (const char *)stack__bytes(s, start, img->argv_len, &m, spare);
	memory__read(s->tid, &m, m.len ? 1 : 0);
	if (m.got < m.len) {
		img->argv_len = img->argv_true = 0;
		return;
	}
	img->argv_state = img->argv_len < img->argv_true ? EV_PART_TRUNCATED : EV_PART_OK;
}

void memory__image(pid_t tid, struct image *ret)
{
	static struct stack s;
	uint64_t argc, env;
	struct aux a;

	*ret = (struct image){ .path = "", .argv = "", .path_state = EV_PART_FAULT, .argv_state = EV_PART_FAULT };
	if (!stack__read(&s, tid))
		return;
	argc = (uint32_t)word(s.data, s.word);
	a = stack__aux(&s, argc);
	ret->secure = a.secure;
	image__path(ret, &s, a.execfn);
	if (!argc) { /* since 5.18 there is always one */
		ret->argv_state = EV_PART_OK;
		return;
	}
	/* without an environment the file name follows the arguments */
	env = stack__word(&s, argc + 2);
	image__argv(ret, &s, stack__word(&s, 1), env ? env : a.execfn);
}
