/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader of several ring buffers, BPF's or one laid out like them, as one ordered stream. libbpf's own reader takes one
 * ring after the other; here records of all rings are merged by time, so that an exec (urgent ring) and the calls around
 * it (bulk ring) come out in the order they happened. Layout of the mapped pages: Documentation/bpf/ringbuf.rst.
 *
 * Order is exact for each task and for anything one task's record causes: a drain looks only at records stamped
 * before it began, and every record that precedes one of those was already in its ring by then.
 */
#ifndef SANDTRACE_RING_H
#define SANDTRACE_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring_set;

/* REC is 8-byte aligned, its first 8 bytes are its CLOCK_MONOTONIC stamp. Non-zero ends the drain. */
typedef int (*ring_record_fn)(void *ctx, const void *rec, size_t len);

struct ring_set *ring_set__new(void);
void ring_set__free(struct ring_set *rs);

/* Maps the ring behind MAP_FD (borrowed, must stay open). SIZE is its max_entries. 0 or -errno. */
int ring_set__add(struct ring_set *rs, int map_fd, size_t size);
/* The same for a ring in memory that is mapped already, and stays so: its two positions and its data. 0 or -errno. */
int ring_set__add_mapped(struct ring_set *rs, unsigned long *cons, const unsigned long *prod, uint8_t *data, size_t size);

/*
 * Delivers at most BUDGET records stamped at or before NOW, oldest first. Returns how many, or the first
 * non-zero value of FN, or -EBADMSG when a ring is corrupt.
 */
long ring_set__drain(struct ring_set *rs, uint64_t now, long budget, ring_record_fn fn, void *ctx);

/* How full the fullest ring is, in 1/1000. */
unsigned int ring_set__fill(const struct ring_set *rs);
/* Bytes waiting in all rings. */
uint64_t ring_set__pending(const struct ring_set *rs);

#endif
