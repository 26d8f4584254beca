/* SPDX-License-Identifier: Apache-2.0 */
#include "ring.h"

#include <string.h>
#include <sys/mman.h>

#include "base/util.h"
#include "config.h"

/* struct bpf_ringbuf_hdr (kernel/bpf/ringbuf.c): u32 len with two flag bits, u32 page offset. */
#define HDR_SIZE 8
#define BUSY_BIT (1U << 31)
#define DISCARD_BIT (1U << 30)

/* Space is given back to the producers after this much, not after each record. */
#define RELEASE_BYTES 65536

struct ring {
	uint8_t *data;		   /* mapped once, so half the resident size of libbpf's double mapping */
	unsigned long *cons_page;
	const unsigned long *prod_page;
	size_t size, mask;
	unsigned long cons;	   /* next record to look at */
	unsigned long released;	   /* what the kernel was told */
	unsigned long prod;	   /* producer position when the drain began */
	uint64_t head_ts;	   /* stamp of the record at cons; 0: must be looked at again */
	const void *head;
	size_t head_len;
	uint8_t *bounce;	   /* a record that wraps round the end is put together here */
	bool borrowed;		   /* the mapping is somebody else's */
};

struct ring_set {
	struct ring rings[ST_MAX_RINGS];
	size_t n;
	size_t page;
};

struct ring_set *ring_set__new(void)
{
	struct ring_set *rs = calloc(1, sizeof(*rs));

	if (rs)
		rs->page = (size_t)sysconf(_SC_PAGESIZE);
	return rs;
}

void ring_set__free(struct ring_set *rs)
{
	if (!rs)
		return;
	for (size_t i = 0; i < rs->n; i++) {
		struct ring *r = &rs->rings[i];

		free(r->bounce);
		if (r->borrowed)
			continue;
		munmap(r->cons_page, rs->page);
		munmap((void *)(uintptr_t)r->prod_page, rs->page + r->size);
	}
	free(rs);
}

int ring_set__add(struct ring_set *rs, int map_fd, size_t size)
{
	struct ring *r = &rs->rings[rs->n];
	void *cons, *prod;

	if (rs->n == ST_MAX_RINGS)
		return -ENOSPC;
	r->bounce = malloc(EV_RECORD_MAX + HDR_SIZE);
	if (!r->bounce)
		return -ENOMEM;
	cons = mmap(NULL, rs->page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (cons == MAP_FAILED) {
		free(r->bounce);
		return -errno;
	}
	prod = mmap(NULL, rs->page + size, PROT_READ, MAP_SHARED, map_fd, (off_t)rs->page);
	if (prod == MAP_FAILED) {
		int err = -errno;

		munmap(cons, rs->page);
		free(r->bounce);
		return err;
	}
	r->cons_page = cons;
	r->prod_page = prod;
	r->data = (uint8_t *)prod + rs->page;
	r->size = size;
	r->mask = size - 1;
	rs->n++;
	return 0;
}

int ring_set__add_mapped(struct ring_set *rs, unsigned long *cons, const unsigned long *prod, uint8_t *data, size_t size)
{
	struct ring *r = &rs->rings[rs->n];

	if (rs->n == ST_MAX_RINGS)
		return -ENOSPC;
	r->bounce = malloc(EV_RECORD_MAX + HDR_SIZE);
	if (!r->bounce)
		return -ENOMEM;
	r->cons_page = cons;
	r->prod_page = prod;
	r->data = data;
	r->size = size;
	r->mask = size - 1;
	r->borrowed = true;
	rs->n++;
	return 0;
}

static void release(struct ring *r)
{
	__atomic_store_n(r->cons_page, r->cons, __ATOMIC_RELEASE);
	r->released = r->cons;
}

static unsigned long record_step(uint32_t len)
{
	return ((unsigned long)len + HDR_SIZE + 7) & ~7UL;
}

/* Finds the record at the head. 1: there is one; 0: none in this drain; -EAGAIN: still being written. */
static int peek(struct ring *r)
{
	while (r->cons < r->prod) {
		size_t off = r->cons & r->mask;
		uint32_t len = __atomic_load_n((uint32_t *)(r->data + off), __ATOMIC_ACQUIRE);

		if (len & BUSY_BIT)
			return -EAGAIN;
		if (len & DISCARD_BIT) {
			r->cons += record_step(len & ~DISCARD_BIT);
			continue;
		}
		if (len < sizeof(struct ev_header) || len > EV_RECORD_MAX)
			return -EBADMSG;
		off += HDR_SIZE;
		if (off >= r->size)
			off -= r->size;
		if (off + len <= r->size) {
			r->head = r->data + off;
		} else {
			size_t first = r->size - off;

			memcpy(r->bounce, r->data + off, first);
			memcpy(r->bounce + first, r->data, len - first);
			r->head = r->bounce;
		}
		r->head_len = len;
		r->head_ts = *(const uint64_t *)r->head;
		return 1;
	}
	return 0;
}

long ring_set__drain(struct ring_set *rs, uint64_t now, long budget, ring_record_fn fn, void *ctx)
{
	long done = 0;
	int err = 0;

	for (size_t i = 0; i < rs->n; i++) {
		rs->rings[i].prod = __atomic_load_n(rs->rings[i].prod_page, __ATOMIC_ACQUIRE);
		rs->rings[i].head_ts = 0;
	}
	while (done < budget) {
		struct ring *oldest = NULL;

		for (size_t i = 0; i < rs->n; i++) {
			struct ring *r = &rs->rings[i];

			if (!r->head_ts) {
				err = peek(r);
				if (err < 0)
					goto out;
				if (!err)
					continue;
			}
			if (r->head_ts <= now && (!oldest || r->head_ts < oldest->head_ts))
				oldest = r;
		}
		err = 0;
		if (!oldest)
			break;
		err = fn(ctx, oldest->head, oldest->head_len);
		oldest->cons += record_step((uint32_t)oldest->head_len);
		oldest->head_ts = 0;
		if (oldest->cons - oldest->released >= RELEASE_BYTES)
			release(oldest);
		done++;
		if (err)
			break;
	}
out:
	for (size_t i = 0; i < rs->n; i++)
		if (rs->rings[i].cons != rs->rings[i].released)
			release(&rs->rings[i]);
	return err && err != -EAGAIN ? err : done;
}

unsigned int ring_set__fill(const struct ring_set *rs)
{
	unsigned int most = 0;

	for (size_t i = 0; i < rs->n; i++) {
		const struct ring *r = &rs->rings[i];
		unsigned long used = __atomic_load_n(r->prod_page, __ATOMIC_ACQUIRE) - r->cons;

		most = MAX(most, (unsigned int)(used * 1000 / r->size));
	}
	return most;
}

uint64_t ring_set__pending(const struct ring_set *rs)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < rs->n; i++)
		sum += __atomic_load_n(rs->rings[i].prod_page, __ATOMIC_ACQUIRE) - rs->rings[i].cons;
	return sum;
}
