/* SPDX-License-Identifier: Apache-2.0 */
/* The table of tasks, by thread id. A task stays in it until it was waited for, so an id in it is never a reused one. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "tracer.h"

#define FIRST_BUCKETS 256

struct slot {
	struct task task; /* first: a task is its slot */
	struct slot *next;
};

struct task_table {
	struct slot **buckets;
	size_t n_buckets, n; /* a power of two */
};

struct task_table *tasks__new(void)
{
	struct task_table *tb = calloc(1, sizeof(*tb));

	if (!tb)
		return NULL;
	tb->n_buckets = FIRST_BUCKETS;
	tb->buckets = calloc(tb->n_buckets, sizeof(*tb->buckets));
	if (tb->buckets)
		return tb;
	free(tb);
	return NULL;
}

static struct slot **bucket(struct task_table *tb, pid_t tid)
{
	return &tb->buckets[(uint32_t)tid * 2654435769U >> 7 & (tb->n_buckets - 1)];
}

/* Without memory for it the chains only get longer. */
static void grow(struct task_table *tb)
{
	struct task_table bigger = { .n_buckets = tb->n_buckets * 2, .n = tb->n };

	bigger.buckets = calloc(bigger.n_buckets, sizeof(*bigger.buckets));
	if (!bigger.buckets)
		return;
	for (size_t i = 0; i < tb->n_buckets; i++)
		for (struct slot *s = tb->buckets[i], *next; s; s = next) {
			struct slot **b = bucket(&bigger, s->task.tid);

			next = s->next;
			s->next = *b;
			*b = s;
		}
	free(tb->buckets);
	*tb = bigger;
}

static void link_slot(struct task_table *tb, struct slot *s)
{
	struct slot **b = bucket(tb, s->task.tid);

	s->next = *b;
	*b = s;
}

static void unlink_slot(struct task_table *tb, struct slot *s)
{
	struct slot **b = bucket(tb, s->task.tid);

	while (*b && *b != s)
		b = &(*b)->next;
	if (*b)
		*b = s->next;
}

struct task *tasks__find(struct tracer *t, pid_t tid)
{
	for (struct slot *s = *bucket(t->tasks, tid); s; s = s->next)
		if (s->task.tid == tid)
			return &s->task;
	return NULL;
}

struct task *tasks__add(struct tracer *t, pid_t tid)
{
	struct slot *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	if (t->tasks->n >= t->tasks->n_buckets)
		grow(t->tasks);
	s->task.tid = tid;
	link_slot(t->tasks, s);
	t->tasks->n++;
	__atomic_add_fetch(&t->shared->live, 1, __ATOMIC_RELEASE);
	return &s->task;
}

static void process_leave(struct process *p)
{
	if (!p || --p->tasks)
		return;
	free(p->last);
	free(p);
}

void tasks__remove(struct tracer *t, struct task *k)
{
	struct slot *s = (struct slot *)k;

	unlink_slot(t->tasks, s);
	t->tasks->n--;
	if (k->held)
		t->held--;
	process_leave(k->proc);
	filters__unref(k->filters);
	filters__unref(k->wanted_filters);
	free(k->closing);
	free(s);
	__atomic_sub_fetch(&t->shared->live, 1, __ATOMIC_RELEASE);
}

void tasks__rename(struct tracer *t, struct task *k, pid_t tid)
{
	unlink_slot(t->tasks, (struct slot *)k);
	k->tid = tid;
	link_slot(t->tasks, (struct slot *)k);
}

void tasks__each(struct tracer *t, void (*fn)(struct tracer *t, struct task *k, void *ctx), void *ctx)
{
	for (size_t i = 0; i < t->tasks->n_buckets; i++)
		for (struct slot *s = t->tasks->buckets[i], *next; s; s = next) {
			next = s->next;
			fn(t, &s->task, ctx);
		}
}

struct process *process__new(pid_t tgid)
{
	struct process *p = calloc(1, sizeof(*p));

	if (p)
		p->tgid = tgid;
	return p;
}

void process__join(struct process *p, struct task *k)
{
	k->proc = p;
	p->tasks++;
	p->live++;
}
