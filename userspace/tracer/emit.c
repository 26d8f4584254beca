/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One record at a time: it is put together in memory of the tracer's own, since its length is known only at the end, and
 * copied into the ring. One writer and one reader need no lock: the position is published after the bytes.
 */
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "tracer.h"

/* struct bpf_ringbuf_hdr: u32 length, u32 page offset, which nobody here needs. */
#define RING_HDR 8
/* The reader is slower than we are: look again after this long. What waits with us is the stopped task. */
#define FULL_WAIT_NS 200000
#define KILLED_WAIT_NS 500000000ULL

uint64_t tracer__now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

void *rec__begin(struct tracer *t, const struct task *k, uint64_t ts, uint16_t kind, uint16_t flags, size_t size)
{
	struct ev_header *h = (struct ev_header *)t->rec->buf;

	*h = (struct ev_header){
		.ts = ts,
		.exec_id = k->proc->exec_id,
		.tgid = (uint32_t)k->proc->tgid,
		.tid = (uint32_t)k->tid,
		.kind = kind,
		.flags = flags,
	};
	memset(h + 1, 0, size);
	t->rec->len = sizeof(*h) + size;
	t->rec->link = &h->parts;
	return h + 1;
}

size_t rec__room(const struct rec *r)
{
	size_t used = r->len + sizeof(struct ev_part) + 8;

	return used < EV_RECORD_MAX ? (EV_RECORD_MAX - used) & ~7UL : 0;
}

void *rec__part(struct rec *r, uint8_t id, uint32_t type, uint8_t state, const void *data, uint32_t len, uint32_t true_len)
{
	size_t at = (r->len + 7) & ~7UL, room = rec__room(r);
	struct ev_part *p = (struct ev_part *)(r->buf + at);

	if (len > room) {
		len = (uint32_t)room;
		state = EV_PART_TRUNCATED;
	}
	*p = (struct ev_part){ .id = id, .state = state, .len = len, .true_len = true_len, .type = type };
	if (data)
		memcpy(p + 1, data, len);
	*r->link = (uint16_t)at;
	r->link = &p->next;
	r->len = at + sizeof(*p) + len;
	return p + 1;
}

void emit__wake(struct tracer *t)
{
	uint64_t one = 1;

	if (write(t->wake_fd, &one, sizeof(one)) < 0)
		return; /* it is full of wake-ups already */
}

/* False: there is no room, and nobody is to be waited for. Once everything is to be killed that is not put off for long. */
static bool wait_for_room(struct tracer *t, size_t need)
{
	const struct timespec pause = { .tv_nsec = FULL_WAIT_NS };
	struct tracer_ring *r = &t->ring;
	uint64_t killed = 0;

	while (*r->prod_page - __atomic_load_n(r->cons_page, __ATOMIC_ACQUIRE) + need > r->size) {
		if (!t->opts.lossless || __atomic_load_n(&t->shared->closed, __ATOMIC_RELAXED))
			return false;
		if (__atomic_load_n(&t->shared->kill, __ATOMIC_RELAXED)) {
			killed = killed ? killed : tracer__now();
			if (tracer__now() - killed > KILLED_WAIT_NS)
				return false;
		}
		emit__wake(t);
		nanosleep(&pause, NULL);
	}
	return true;
}

void rec__commit(struct tracer *t, enum event_class class)
{
	struct st_counters *c = &t->shared->counters[class];
	struct tracer_ring *r = &t->ring;
	size_t need = (t->rec->len + RING_HDR + 7) & ~7UL;
	unsigned long prod = *r->prod_page;
	uint8_t *at = r->data + (prod & (r->size - 1));
	const uint32_t hdr[2] = { (uint32_t)t->rec->len, 0 };

	c->seen++;
	if (!wait_for_room(t, need)) {
		c->lost++;
		return;
	}
	memcpy(at, hdr, sizeof(hdr));
	memcpy(at + RING_HDR, t->rec->buf, t->rec->len);
	__atomic_store_n(r->prod_page, prod + need, __ATOMIC_RELEASE);
	c->emitted++;
	/* an eighth of the ring, as with BPF: below that the reader's own timer is soon enough */
	if (prod + need - *r->cons_page > r->size / 8 && !__atomic_load_n(&t->shared->reader_awake, __ATOMIC_RELAXED))
		emit__wake(t);
}
