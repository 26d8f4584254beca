/* SPDX-License-Identifier: Apache-2.0 */
/* The summary's model: what each event adds to it. Printing and JSON are in files of their own. */
#include "summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/util.h"
#include "../event/syscalls.h"
#include "../sandbox/limits.h"
#include "summary_model.h"

/* One allocation: tables of a few pages each would lie on the heap, where calloc writes every byte. */
struct whole {
	struct summary s;
	struct sum_proc procs[SUM_PROCS];
	struct sum_id ids[SUM_IDS];
	struct sum_file files[SUM_FILES];
	uint16_t file_slots[SUM_FILE_SLOTS];
	struct sum_addr addrs[SUM_ADDRS];
	struct sum_denied denials[SUM_DENIED];
	char arena[SUM_ARENA];
};

struct summary *summary__new(void)
{
	struct whole *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->s.findings = findings__new();
	if (!w->s.findings) {
		free(w);
		return NULL;
	}
	w->s.procs = w->procs;
	w->s.ids = w->ids;
	w->s.files = w->files;
	w->s.file_slots = w->file_slots;
	w->s.addrs = w->addrs;
	w->s.denials = w->denials;
	w->s.arena = w->arena;
	w->s.arena_used = 1;
	return &w->s;
}

void summary__free(struct summary *s)
{
	if (s)
		findings__free(s->findings);
	free(s); /* the first member of its allocation */
}

bool sum_str__add(struct summary *s, const void *data, size_t len, size_t reserve,
		  struct sum_str *ret)
{
	ret->off = ret->len = 0;
	if (len + reserve >= SUM_ARENA - s->arena_used)
		return false;
	memcpy(s->arena + s->arena_used, data, len);
	s->arena[s->arena_used + len] = 0;
	ret->off = s->arena_used;
	ret->len = (uint32_t)len;
	s->arena_used += (uint32_t)len + 1;
	return true;
}

uint64_t sum_hash(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t h = 14695981039346656037ULL;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 1099511628211ULL;
	return h;
}

static bool is_error(const struct event *ev)
{
	return ev->syscall->ret < 0 && ev->syscall->ret >= -4095 &&
	       !(ev->hdr->flags & EV_F_NO_RETURN);
}

static void count_denied(struct summary *s, const struct event *ev, const struct sum_who *who)
{
	const struct ev_syscall *c = ev->syscall;
	struct sum_denied *d;

	s->denied++;
	for (uint32_t i = 0; i < s->n_denials; i++) {
		d = &s->denials[i];
		if (d->abi == c->abi && d->nr == c->nr) {
			d->count++;
			return;
		}
	}
	if (s->n_denials == SUM_DENIED) {
		s->denials_dropped++;
		return;
	}
	d = &s->denials[s->n_denials++];
	d->abi = c->abi;
	d->nr = c->nr;
	d->name = syscalls__name((enum ev_abi)c->abi, c->nr);
	d->error = is_error(ev) ? (int)-c->ret : 0;
	d->count = 1;
	d->first_ts = who->ts;
	d->pid = who->pid;
	sum_str__add(s, who->comm, strnlen(who->comm, EV_COMM_LEN), 0, &d->comm);
}

static void syscall_event(struct summary *s, const struct event *ev)
{
	const struct ev_syscall *c = ev->syscall;
	enum ev_abi abi = c->abi < EV_ABI_MAX ? (enum ev_abi)c->abi : EV_ABI_NATIVE;
	uint32_t slot = c->nr >= 0 && c->nr < ST_NR_SYSCALLS ? (uint32_t)c->nr : ST_NR_SYSCALLS;
	struct sum_call *call = &s->calls[abi][slot];
	struct sum_who who = {.pid = ev->hdr->tgid, .ts = ev->hdr->ts, .comm = ""};
	bool failed = is_error(ev);

	s->syscalls++;
	s->errors += failed;
	s->total_ns += c->duration;
	call->calls++;
	call->errors += failed;
	call->ns += c->duration;
	call->max_ns = MAX(call->max_ns, c->duration);
	/* the hot path ends here for calls that tell no fact */
	if (!fact__wanted(&s->plan, ev) && !(ev->hdr->flags & EV_F_NO_ENTER) && ev->action == ACTION_ALLOW)
		return;
	who.proc = sum_proc__find(s, ev->hdr->exec_id);
	if (who.proc)
		who.comm = who.proc->comm;
	if (ev->denial) /* its table is that of policy/denials.h */
		s->denied++;
	else if (ev->action == ACTION_DENY || ev->action == ACTION_KILL ||
		 ((ev->hdr->flags & EV_F_NO_ENTER) && failed))
		count_denied(s, ev, &who);
	sum_access__event(s, ev, &who);
}

static void exec_event(struct summary *s, const struct event *ev)
{
	struct sum_who who = {.pid = ev->hdr->tgid, .ts = ev->hdr->ts, .comm = ""};

	sum_proc__exec(s, ev);
	sum_access__event(s, ev, &who);
}

static void act_event(struct summary *s, const struct event *ev)
{
	struct sum_who who = {.pid = ev->hdr->tgid, .ts = ev->hdr->ts};
	char comm[EV_COMM_LEN + 1] = "";

	memcpy(comm, event__task(ev)->comm, EV_COMM_LEN);
	who.comm = comm;
	who.proc = sum_proc__seen(s, ev);
	s->denied += ev->action == ACTION_DENY || ev->action == ACTION_KILL;
	sum_access__event(s, ev, &who);
}

const char *summary__comm(const struct summary *s, uint64_t exec_id)
{
	const struct sum_proc *p = sum_proc__find(s, exec_id);

	/* the array may be full: nothing ends it but the fields behind it */
	return p && memchr(p->comm, 0, sizeof(p->comm)) ? p->comm : "";
}

int summary__event(struct summary *s, const struct event *ev)
{
	if (!s->first_ts)
		s->first_ts = ev->hdr->ts;
	s->last_ts = MAX(s->last_ts, ev->hdr->ts);
	findings__event(s->findings, ev);
	switch (ev->hdr->kind) {
	case EV_SYSCALL: syscall_event(s, ev); break;
	case EV_PROC_SPAWN: sum_proc__spawn(s, ev); break;
	case EV_PROC_EXEC: exec_event(s, ev); break;
	case EV_PROC_EXIT: sum_proc__exit(s, ev); break;
	default:
		if (event__act(ev))
			act_event(s, ev);
	}
	return 0;
}

void summary__finish(struct summary *s, const struct run_result *res)
{
	struct findings_end end = {.undecoded = res->undecoded, .skipped = res->skipped};

	for (int i = 0; i < EV_CLASS_MAX; i++)
		end.lost += res->totals[i].lost;
	if (res->limits) {
		end.oom_kills = res->limits->oom_kills;
		end.pids_hits = res->limits->pids_hits;
	}
	findings__finish(s->findings, &end);
}
