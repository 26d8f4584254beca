/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process table of the summary. A process has one exec_id per image; all of them lead to its
 * one row. Rings are per process group of CPUs, so the records of two processes may arrive in
 * either order: a row is made by whichever comes first.
 */
#include <string.h>

#include "../base/util.h"
#include "summary_model.h"

static uint32_t slot_of(const struct summary *s, uint64_t id)
{
	uint32_t i = (uint32_t)(id * 0x9e3779b97f4a7c15ULL >> 40) & (SUM_IDS - 1);

	while (s->ids[i].id && s->ids[i].id != id)
		i = (i + 1) & (SUM_IDS - 1);
	return i;
}

struct sum_proc *sum_proc__find(const struct summary *s, uint64_t exec_id)
{
	const struct sum_id *e;

	if (!exec_id)
		return NULL;
	e = &s->ids[slot_of(s, exec_id)];
	return e->id ? &s->procs[e->proc] : NULL;
}

/* Makes EXEC_ID lead to P. The index always keeps free slots, which end the search. */
static void bind_id(struct summary *s, uint64_t exec_id, const struct sum_proc *p)
{
	struct sum_id *e;

	if (!exec_id || !p)
		return;
	e = &s->ids[slot_of(s, exec_id)];
	if (e->id || s->n_ids >= SUM_IDS_USED)
		return;
	e->id = exec_id;
	e->proc = (uint32_t)(p - s->procs);
	s->n_ids++;
}

static struct sum_proc *add(struct summary *s, uint32_t pid)
{
	struct sum_proc *p;

	s->processes++;
	if (s->n_procs == SUM_PROCS) {
		s->procs_dropped++;
		return NULL;
	}
	p = &s->procs[s->n_procs++];
	p->pid = pid;
	return p;
}

/*
 * The row of an image whose id leads nowhere: a new one while there is room. When a table is full
 * the latest process of that pid is the best guess; none is counted, because its fork was.
 */
static struct sum_proc *find_or_add(struct summary *s, uint32_t pid)
{
	if (s->n_procs < SUM_PROCS && s->n_ids < SUM_IDS_USED)
		return add(s, pid);
	for (uint32_t i = s->n_procs; i-- > 0;)
		if (s->procs[i].pid == pid)
			return &s->procs[i];
	return NULL;
}

void sum_proc__spawn(struct summary *s, const struct event *ev)
{
	const struct ev_proc_spawn *e = ev->spawn;
	struct sum_proc *p;

	if (ev->hdr->flags & EV_F_THREAD) {
		s->threads++;
		p = sum_proc__find(s, ev->hdr->exec_id);
		if (p)
			p->threads++;
		return;
	}
	p = sum_proc__find(s, e->child_exec_id);
	if (!p) {
		p = add(s, e->child_pid);
		bind_id(s, e->child_exec_id, p);
	}
	if (!p)
		return;
	p->flags |= PROC_LINKED;
	p->parent_id = ev->hdr->exec_id;
	p->start = ev->hdr->ts;
	if (!p->comm[0])
		memcpy(p->comm, e->task.comm, EV_COMM_LEN);
}

static void set_argv(struct sum_proc *p, const struct part *argv)
{
	p->argv_len = 0;
	if (!argv || (argv->state != EV_PART_OK && argv->state != EV_PART_TRUNCATED))
		return;
	p->argv_len = MIN(argv->len, SUM_ARGV_MAX);
	memcpy(p->argv, argv->data, p->argv_len);
}

void sum_proc__exec(struct summary *s, const struct event *ev)
{
	const struct ev_proc_exec *e = ev->exec;
	const struct part *path = event__part(ev, EV_EXEC_PATH);
	struct sum_proc *p = sum_proc__find(s, ev->hdr->exec_id);

	s->execs++;
	if (!p)
		p = sum_proc__find(s, e->task.parent_exec_id);
	if (!p)
		p = find_or_add(s, ev->hdr->tgid);
	if (!p)
		return;
	/* until its fork is seen the older id leads here too, so that the fork finds this row */
	bind_id(s, e->task.parent_exec_id, p);
	bind_id(s, ev->hdr->exec_id, p);
	p->flags |= PROC_EXECED;
	p->execs++;
	if (!p->start)
		p->start = ev->hdr->ts;
	memcpy(p->comm, e->task.comm, EV_COMM_LEN);
	p->exe_len = path && path->state == EV_PART_OK ? path->len : 0;
	p->exe_hash = p->exe_len ? sum_hash(path->data, path->len) : 0;
	set_argv(p, event__part(ev, EV_EXEC_ARGV));
}

void sum_proc__exit(struct summary *s, const struct event *ev)
{
	struct sum_proc *p = sum_proc__find(s, ev->hdr->exec_id);

	if (ev->hdr->flags & EV_F_THREAD)
		return;
	if (!p) {
		p = find_or_add(s, ev->hdr->tgid);
		bind_id(s, ev->hdr->exec_id, p);
	}
	if (!p)
		return;
	p->flags |= PROC_EXITED;
	p->end = ev->hdr->ts;
	p->exit_code = ev->exit->exit_code;
	p->signal = ev->exit->signal;
	memcpy(p->comm, ev->exit->task.comm, EV_COMM_LEN);
}

struct sum_proc *sum_proc__seen(struct summary *s, const struct event *ev)
{
	const struct ev_task *task = event__task(ev);
	struct sum_proc *p = sum_proc__find(s, ev->hdr->exec_id);

	if (p || !ev->hdr->exec_id)
		return p;
	/* its exec was not seen */
	p = sum_proc__find(s, task->parent_exec_id);
	if (!p || p->pid != ev->hdr->tgid)
		p = find_or_add(s, ev->hdr->tgid);
	bind_id(s, ev->hdr->exec_id, p);
	if (!p) /* more than there is room for; how many is not known, since none of them can be told from another */
		s->procs_dropped += !s->procs_dropped;
	if (p && !p->comm[0]) {
		p->parent_id = task->parent_exec_id;
		memcpy(p->comm, task->comm, EV_COMM_LEN);
	}
	return p;
}

uint32_t sum_proc__parent(const struct summary *s, uint32_t index)
{
	const struct sum_proc *parent = sum_proc__find(s, s->procs[index].parent_id);

	return parent && parent != &s->procs[index] ? (uint32_t)(parent - s->procs) : SUM_NONE;
}
