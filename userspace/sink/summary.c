/* SPDX-License-Identifier: Apache-2.0 */
/* The summary's model: what each event adds to it. Printing and JSON are in files of their own. */
#include "summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/util.h"
#include "../event/syscalls.h"
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
	struct sum_finding findings[SUM_FINDINGS];
	char arena[SUM_ARENA];
};

struct summary *summary__new(void)
{
	struct whole *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->s.procs = w->procs;
	w->s.ids = w->ids;
	w->s.files = w->files;
	w->s.file_slots = w->file_slots;
	w->s.addrs = w->addrs;
	w->s.denials = w->denials;
	w->s.findings = w->findings;
	w->s.arena = w->arena;
	w->s.arena_used = 1;
	return &w->s;
}

void summary__free(struct summary *s)
{
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

static bool same_object(const struct summary *s, struct sum_str str, const void *data, size_t len)
{
	return str.len == len && !memcmp(sum_str__get(s, str), data, len);
}

/* Rules are literals of ours; the text tells rows of one id apart. */
static bool same_rule(const struct sum_finding *f, const char *rule, const char *text)
{
	return f->rule == rule && f->text == text;
}

/*
 * The row for a new finding, or NULL. A program could try to hide one finding behind many others,
 * so each rule has a share of its own, and in a full table the first of a rule takes the place of
 * one that is not the first of its.
 */
static struct sum_finding *finding_slot(struct summary *s, unsigned int of_this_rule)
{
	if (of_this_rule >= SUM_RULE_OBJECTS)
		return NULL;
	if (s->n_findings < SUM_FINDINGS)
		return &s->findings[s->n_findings++];
	if (of_this_rule)
		return NULL;
	for (uint32_t i = s->n_findings; i-- > 0;)
		for (uint32_t k = 0; k < i; k++)
			if (same_rule(&s->findings[k], s->findings[i].rule, s->findings[i].text)) {
				s->findings_dropped++;
				return &s->findings[i];
			}
	return NULL;
}

void sum_finding__add(struct summary *s, const struct sum_who *who, const char *rule,
		      const char *text, enum severity sev, const void *object, size_t len,
		      bool failed)
{
	unsigned int of_this_rule = 0;
	struct sum_finding *f;

	len = MIN(len, SUM_OBJECT_MAX);
	for (uint32_t i = 0; i < s->n_findings; i++) {
		f = &s->findings[i];
		if (!same_rule(f, rule, text))
			continue;
		of_this_rule++;
		if (same_object(s, f->object, object, len)) {
			f->count++;
			f->failures += failed;
			return;
		}
	}
	f = finding_slot(s, of_this_rule);
	if (!f) {
		s->findings_dropped++;
		return;
	}
	sum_str__add(s, object, len, 0, &f->object);
	sum_str__add(s, who->comm, strnlen(who->comm, EV_COMM_LEN), 0, &f->comm);
	f->rule = rule;
	f->text = text;
	f->severity = (uint8_t)sev;
	f->count = 1;
	f->failures = failed;
	f->first_ts = who->ts;
	f->pid = who->pid;
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

static void check_call(struct summary *s, const struct event *ev, const struct sum_who *who)
{
	const struct ev_syscall *c = ev->syscall;

	for (size_t i = 0; i < n_call_rules; i++) {
		const struct call_rule *r = &call_rules[i];

		if (strcmp(r->syscall, ev->name) || (c->args[r->arg] & r->mask) != r->value)
			continue;
		sum_finding__add(s, who, r->id, r->text, (enum severity)r->severity, "", 0,
				 is_error(ev));
	}
}

/* Whether any row of call_rules names this call; asked once per number and remembered. */
enum {
	CALL_UNKNOWN,
	CALL_PLAIN,
	CALL_RULED
};

static bool call_ruled(struct summary *s, const struct event *ev)
{
	const struct ev_syscall *c = ev->syscall;
	uint8_t *known;

	if (c->nr < 0 || c->nr >= ST_NR_SYSCALLS)
		return false;
	known = &s->ruled[c->abi][c->nr];
	if (*known == CALL_UNKNOWN) {
		*known = CALL_PLAIN;
		for (size_t i = 0; i < n_call_rules; i++)
			if (!strcmp(call_rules[i].syscall, ev->name))
				*known = CALL_RULED;
	}
	return *known == CALL_RULED;
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
	/* the hot path ends here for calls that touch no file, no address and match no rule */
	if (!ev->n_parts && c->abi < EV_ABI_MAX && !call_ruled(s, ev) &&
	    !(ev->hdr->flags & EV_F_NO_ENTER) && ev->action == ACTION_ALLOW)
		return;
	who.proc = sum_proc__find(s, ev->hdr->exec_id);
	if (who.proc)
		who.comm = who.proc->comm;
	if (ev->denial) /* its table is that of policy/denials.h */
		s->denied++;
	else if (ev->action == ACTION_DENY || ev->action == ACTION_KILL ||
		 ((ev->hdr->flags & EV_F_NO_ENTER) && failed))
		count_denied(s, ev, &who);
	if (c->abi < EV_ABI_MAX && call_ruled(s, ev))
		check_call(s, ev, &who);
	sum_access__syscall(s, ev, &who, failed);
}

static void exec_event(struct summary *s, const struct event *ev)
{
	const struct part *exe = event__part(ev, EV_EXEC_EXE),
			  *path = event__part(ev, EV_EXEC_PATH);
	struct sum_who who = {.pid = ev->hdr->tgid, .ts = ev->hdr->ts};
	char comm[EV_COMM_LEN + 1] = "";

	sum_proc__exec(s, ev);
	memcpy(comm, ev->exec->task.comm, EV_COMM_LEN);
	who.comm = comm;
	who.proc = sum_proc__find(s, ev->hdr->exec_id);
	if (path && path->state == EV_PART_OK)
		sum_access__path(s, &who, path, USE_EXEC, 0);
	if (!path || path->state != EV_PART_OK)
		path = exe && exe->type == EV_PT_STR ? exe : NULL;
	for (size_t i = 0; i < n_image_rules; i++) {
		const struct image_rule *r = &image_rules[i];

		if (ev->exec->image_flags & r->flag)
			sum_finding__add(s, &who, r->id, r->text, (enum severity)r->severity,
					 path ? (const char *)path->data : "", path ? path->len : 0,
					 false);
	}
}

/* The rows of op_rules that speak of what was done to the system itself. */
static void check_op(struct summary *s, const struct event *ev, const struct sum_who *who)
{
	for (size_t i = 0; i < n_op_rules; i++)
		if (op_rules[i].kind == ev->hdr->kind && op_rules[i].op == event__act(ev)->op)
			sum_finding__add(s, who, op_rules[i].id, op_rules[i].text, (enum severity)op_rules[i].severity, "", 0,
					 ev->action == ACTION_DENY);
	if (ev->hdr->kind == EV_FILE && ev->file->act.op == EV_FILE_CHMOD && ev->file->arg & 04000) {
		const struct part *p = event__part(ev, EV_FILE_PATH);
		char path[EVENT_PATH_MAX];

		sum_finding__add(s, who, "set-id-mode", "made a file set-user-id", SEV_HIGH, path,
				 p ? event__path(p, path, sizeof(path)) : 0, ev->action == ACTION_DENY);
	}
}

static void act_event(struct summary *s, const struct event *ev)
{
	struct sum_who who = {.pid = ev->hdr->tgid, .ts = ev->hdr->ts};
	char comm[EV_COMM_LEN + 1] = "";

	memcpy(comm, event__task(ev)->comm, EV_COMM_LEN);
	who.comm = comm;
	who.proc = sum_proc__seen(s, ev);
	s->denied += ev->action == ACTION_DENY;
	check_op(s, ev, &who);
	sum_access__act(s, ev, &who);
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
