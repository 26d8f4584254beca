/* SPDX-License-Identifier: Apache-2.0 */
#include "denials.h"

#include <stdlib.h>
#include <string.h>

#include "../base/util.h"

#define SLOTS (DENIALS_MAX * 2) /* a power of two */

struct denials *denials__new(void)
{
	struct denials *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->v = calloc(DENIALS_MAX, sizeof(*t->v)); /* pages that cost nothing until they are used */
	t->slots = calloc(SLOTS, sizeof(*t->slots));
	if (t->v && t->slots)
		return t;
	denials__free(t);
	return NULL;
}

void denials__free(struct denials *t)
{
	if (!t)
		return;
	free(t->v);
	free(t->slots);
	free(t);
}

static uint32_t mix(uint32_t h, const char *s)
{
	while (*s)
		h = (h ^ (uint8_t)*s++) * 16777619U;
	return (h ^ 0xff) * 16777619U;
}

static uint32_t hash(const struct denial *d)
{
	uint32_t h = mix(2166136261U ^ (uint32_t)d->layer, d->object);

	return mix(h, d->access ? d->access : "");
}

static bool same(const struct denial *a, const struct denial *b)
{
	/* access is static text of few words, but of more than one file */
	return a->layer == b->layer && a->expected == b->expected && a->audit == b->audit && !strcmp(a->object, b->object) &&
	       !strcmp(a->access ? a->access : "", b->access ? b->access : "") && !strcmp(a->rule, b->rule);
}

/* Names are chosen by the command, so the chain is bounded: it cannot make a search long. */
#define PROBES 64

static void count(struct denials *t, const struct denial *d)
{
	if (d->audit) {
		t->audit++;
		return;
	}
	t->total++;
	t->expected += d->expected;
	t->by_layer[d->layer]++;
}

void denials__add(struct denials *t, const struct event *ev, const char *comm, struct denial *d)
{
	const struct ev_task *task = event__task(ev);
	uint32_t h = hash(d), i, probe;
	struct denial_entry *e = NULL;

	count(t, d);
	for (probe = 0; probe < PROBES; probe++) {
		i = (h + probe) & (SLOTS - 1);
		if (!t->slots[i])
			break;
		e = &t->v[t->slots[i] - 1];
		if (same(&e->d, d)) {
			d->nth = ++e->d.nth;
			return;
		}
	}
	if (probe == PROBES || t->n == DENIALS_MAX) {
		d->nth = d->audit ? ++t->audit_dropped : ++t->dropped[d->layer];
		return;
	}
	e = &t->v[t->n++];
	t->slots[i] = (uint16_t)t->n;
	d->nth = 1;
	e->d = *d;
	e->first_ts = ev->hdr->ts;
	e->pid = ev->hdr->tgid;
	strncpy(e->comm, *comm || !task ? comm : task->comm, EV_COMM_LEN);
}

static int by_need(const void *pa, const void *pb)
{
	const struct denial_entry *a = *(const struct denial_entry *const *)pa;
	const struct denial_entry *b = *(const struct denial_entry *const *)pb;

	if (a->d.expected != b->d.expected)
		return a->d.expected ? 1 : -1;
	if (a->d.audit != b->d.audit)
		return a->d.audit ? 1 : -1;
	if (a->d.nth != b->d.nth)
		return a->d.nth < b->d.nth ? 1 : -1;
	return a < b ? -1 : a > b;
}

uint32_t denials__sorted(const struct denials *t, const struct denial_entry **ret)
{
	for (uint32_t i = 0; i < t->n; i++)
		ret[i] = &t->v[i];
	qsort(ret, t->n, sizeof(*ret), by_need);
	return t->n;
}
