/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files and addresses in the summary, from the facts that a record tells (findings/fact.h). Paths are kept as the caller
 * gave them: a relative one stays relative.
 */
#include <string.h>

#include "../base/util.h"
#include "summary_model.h"
#include "text.h"

static struct sum_file *file_get(struct summary *s, const char *path, size_t len)
{
	uint32_t h = (uint32_t)sum_hash(path, len), i = h & (SUM_FILE_SLOTS - 1);
	struct sum_file *f;

	for (; s->file_slots[i]; i = (i + 1) & (SUM_FILE_SLOTS - 1)) {
		f = &s->files[s->file_slots[i] - 1];
		if (f->hash == h && f->path.len == len &&
		    !memcmp(sum_str__get(s, f->path), path, len))
			return f;
	}
	if (s->n_files == SUM_FILES)
		return NULL;
	f = &s->files[s->n_files];
	if (!sum_str__add(s, path, len, SUM_ARENA_RESERVED, &f->path))
		return NULL;
	f->hash = h;
	s->file_slots[i] = (uint16_t)++s->n_files;
	return f;
}

static void path(struct summary *s, const struct fact *fact)
{
	struct sum_file *f;

	if (!fact->len || !fact->use)
		return;
	f = file_get(s, fact->text, fact->len);
	if (!f) {
		s->files_dropped++;
		return;
	}
	f->count++;
	f->tried |= fact->use;
	if (fact->err) {
		f->failures++;
		f->last_errno = fact->err;
	} else {
		f->uses |= fact->use;
	}
}

static struct sum_addr *addr_get(struct summary *s, const struct text *t, uint8_t op)
{
	struct sum_addr *a;

	for (uint32_t i = 0; i < s->n_addrs; i++) {
		a = &s->addrs[i];
		if (a->op == op && a->addr.len == t->len &&
		    !memcmp(sum_str__get(s, a->addr), t->buf, t->len))
			return a;
	}
	a = &s->addrs[s->n_addrs];
	if (s->n_addrs == SUM_ADDRS || !sum_str__add(s, t->buf, t->len, 0, &a->addr)) {
		s->addrs_dropped++;
		return NULL;
	}
	s->n_addrs++;
	a->op = op;
	return a;
}

/* What it was looked up as, before or since. */
static void name(struct summary *s, struct sum_addr *a, const struct part *addr)
{
	const char *known = findings__name_of(s->findings, addr);

	if (known)
		sum_str__add(s, known, strlen(known), 0, &a->name);
}

static void address(struct summary *s, const struct sum_who *who, const struct fact *fact)
{
	struct sum_addr *a;
	struct text t;

	if (!fact->addr || fact->use == NET_LISTEN)
		return;
	text__init(&t, false);
	text__sockaddr(&t, fact->addr->data, fact->addr->len, false);
	if (t.err) {
		s->addrs_dropped++;
		return;
	}
	a = addr_get(s, &t, fact->use);
	if (a) {
		if (!a->count++) {
			a->pid = who->pid;
			sum_str__add(s, who->comm, strnlen(who->comm, EV_COMM_LEN), 0, &a->comm);
		}
		a->outbound_ip = fact__is_ip(fact->addr) && fact->use & NET_OUT;
		a->failures += fact->err != 0;
		a->last_errno = fact->err ? fact->err : a->last_errno;
		if (a->outbound_ip && !a->name.len)
			name(s, a, fact->addr);
	}
	text__done(&t);
}

static void executed(struct summary *s, const struct event *ev)
{
	const struct part *p = event__part(ev, EV_EXEC_PATH);

	if (p && p->state == EV_PART_OK)
		path(s, &(struct fact){.kind = FACT_PATH, .use = USE_EXEC, .text = (const char *)p->data, .len = p->len});
}

void sum_access__event(struct summary *s, const struct event *ev, const struct sum_who *who)
{
	fact__all(&s->plan, ev, &s->facts);
	for (unsigned int i = 0; i < s->facts.n; i++) {
		const struct fact *fact = &s->facts.v[i];

		if (fact->kind == FACT_PATH)
			path(s, fact);
		else if (fact->kind == FACT_ADDR)
			address(s, who, fact);
		else if (fact->kind == FACT_EXEC)
			executed(s, ev);
	}
}
