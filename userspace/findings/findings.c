/* SPDX-License-Identifier: Apache-2.0 */
/* From events to findings: facts, what they change in the state, and the rules that look at one fact. */
#include "findings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../base/util.h"
#include "../sink/text.h"
#include "findings_model.h"

struct findings *findings__new(void)
{
	return calloc(1, sizeof(struct findings));
}

void findings__free(struct findings *f)
{
	free(f);
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

/*
 * The row for a new finding, or NULL. A program could try to hide one finding behind many others, so each rule has a
 * share of its own, and in a full table the first of a rule takes the place of one that is not the first of its.
 */
static struct finding *row_for(struct findings *f, unsigned int of_this_rule)
{
	if (of_this_rule >= FINDINGS_OF_RULE)
		return NULL;
	if (f->n < FINDINGS_MAX)
		return &f->v[f->n++];
	if (of_this_rule)
		return NULL;
	for (uint32_t i = f->n; i-- > 0;)
		for (uint32_t k = 0; k < i; k++)
			if (f->v[k].rule == f->v[i].rule && f->v[k].expected == f->v[i].expected) {
				f->dropped += f->v[i].count;
				return &f->v[i];
			}
	return NULL;
}

static void rank(struct findings *f)
{
	uint32_t n = 0;

	for (int sev = SEV_MAX; sev-- > 0;)
		for (uint32_t i = 0; i < f->n; i++)
			if (f->v[i].severity == sev)
				f->order[n++] = (uint16_t)i;
}

static void set_who(struct finding_who *who, const struct st_proc *p)
{
	who->pid = p->pid;
	memcpy(who->comm, p->comm, sizeof(who->comm));
}

void finding__witness(const struct scene *c, struct witness *w, const void *object, size_t len)
{
	len = MIN(len, sizeof(w->object) - 1);
	w->seq = c->seq;
	w->pid = c->p->pid;
	memcpy(w->comm, c->p->comm, sizeof(w->comm));
	memcpy(w->object, object, len);
	w->object[len] = 0;
}

static void fill(struct finding *v, const struct scene *c, const struct witness *steps, unsigned int n_steps)
{
	struct st_proc *up = c->p;

	v->first_ts = c->ts;
	v->seq = c->seq;
	if (!up)
		return;
	set_who(&v->who, up);
	while ((up = state__parent(&c->f->st, up)) && v->n_ancestors < FINDING_ANCESTORS)
		set_who(&v->ancestors[v->n_ancestors++], up);
	for (unsigned int i = 0; i < n_steps && v->n_steps < FINDING_STEPS; i++) {
		struct finding_step *s = &v->steps[v->n_steps];

		if (!steps[i].seq)
			continue;
		v->n_steps++;
		s->seq = steps[i].seq;
		s->who.pid = steps[i].pid;
		memcpy(s->who.comm, steps[i].comm, sizeof(s->who.comm));
		memcpy(s->object, steps[i].object, sizeof(s->object));
	}
}

/* Rules of one id and text are one rule, of which a row more is another pattern. */
static bool same_rule(const struct finding *v, const struct rule *r)
{
	return v->rule == r || (v->rule->text == r->text && v->rule->id == r->id) ||
	       (!strcmp(v->rule->id, r->id) && !strcmp(v->rule->text, r->text));
}

void finding__add(const struct scene *c, const struct rule *rule, const void *object, size_t len, const struct witness *steps,
		  unsigned int n_steps)
{
	bool expected = c->p && state__is(c->p, rule->quiet);
	struct findings *f = c->f;
	unsigned int of_this_rule = 0;
	struct finding *v;

	len = MIN(len, FINDING_OBJECT_MAX);
	for (uint32_t i = 0; i < f->n; i++) {
		v = &f->v[i];
		if (v->expected != expected || !same_rule(v, rule))
			continue;
		of_this_rule++;
		if (v->len == len && !memcmp(v->object, object, len)) {
			v->count++;
			v->failures += c->err != 0;
			return;
		}
	}
	v = row_for(f, of_this_rule);
	if (!v) {
		f->dropped++;
		return;
	}
	memset(v, 0, sizeof(*v));
	v->rule = rule;
	v->expected = expected;
	v->severity = expected ? SEV_INFO : rule->severity;
	v->count = 1;
	v->failures = c->err != 0;
	v->len = (uint32_t)len;
	memcpy(v->object, object, len);
	fill(v, c, steps, n_steps);
	rank(f);
}

uint32_t findings__count(const struct findings *f)
{
	return f->n;
}

const struct finding *findings__at(const struct findings *f, uint32_t i)
{
	return i < f->n ? &f->v[f->order[i]] : NULL;
}

uint64_t findings__dropped(const struct findings *f)
{
	return f->dropped;
}

uint64_t findings__forgotten(const struct findings *f)
{
	return f->st.forgotten;
}

const char *findings__name_of(const struct findings *f, const struct part *addr)
{
	return state__name_of(&f->st, addr);
}

/* ---- paths ------------------------------------------------------------------------------------------------------- */

static void mark_secret(const struct scene *c, const char *path, size_t len)
{
	struct st_tree *t = state__tree(&c->f->st, c->p);

	if (!t->secret.seq)
		finding__witness(c, &t->secret, path, len);
}

/* Returns the uses for which no rule matched. */
static uint8_t path_rule(const struct scene *c, uint8_t use, const char *path, size_t len)
{
	uint8_t matched = 0;

	for (size_t i = 0; i < n_path_rules; i++) {
		const struct path_rule *r = &path_rules[i];

		if (!(r->uses & use & ~matched) || !rule__glob(r->pattern, path, len))
			continue;
		finding__add(c, &r->rule, path, len, NULL, 0);
		if (r->flags & RULE_SECRET && use & USE_READ && !c->err && !state__is(c->p, r->rule.quiet))
			mark_secret(c, path, len);
		matched |= r->uses & use;
	}
	return use & (uint8_t)~matched;
}

static void path_fact(const struct scene *c, const struct fact *fact)
{
	char path[EVENT_PATH_MAX + ST_DIR_MAX];
	size_t len = state__path(&c->f->st, c->p, fact, path, sizeof(path));
	uint64_t hash = state__hash(path, len);
	struct checked *k = &c->f->checked[hash & (CHECKED - 1)];

	/* of a program that was looked for and not found there is nothing to say */
	if (!fact->use || (fact->use == USE_EXEC && fact->err == ENOENT))
		return;
	if (k->path != hash)
		*k = (struct checked){.path = hash};
	if (fact->use & ~k->uses)
		k->uses |= path_rule(c, fact->use & (uint8_t)~k->uses, path, len);
	sequence__path(c, fact, path, len);
}

/* ---- addresses and names ----------------------------------------------------------------------------------------- */

static bool is_loopback(const struct part *addr)
{
	static const uint8_t one[16] = {[15] = 1}, none[16], mapped[12] = {[10] = 0xff, [11] = 0xff};
	const uint8_t *a = addr->data + 8;
	uint16_t family;

	memcpy(&family, addr->data, sizeof(family));
	if (family == AF_INET)
		return addr->data[4] == 127 || addr->data[4] == 0;
	if (!memcmp(a, mapped, sizeof(mapped)))
		return a[12] == 127 || a[12] == 0;
	return !memcmp(a, one, 16) || !memcmp(a, none, 16);
}

static bool is_any(const struct part *addr)
{
	uint16_t family;
	uint8_t or = 0;

	memcpy(&family, addr->data, sizeof(family));
	for (unsigned int i = 0; i < (family == AF_INET ? 4 : 16); i++)
		or |= addr->data[(family == AF_INET ? 4 : 8) + i];
	return !or;
}

static uint16_t port_of(const struct part *addr)
{
	return (uint16_t)(addr->data[2] << 8 | addr->data[3]);
}

static bool has_port(const struct addr_rule *r, uint16_t port)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(r->ports) && r->ports[i]; i++)
		if (r->ports[i] == port)
			return true;
	return !r->ports[0];
}

static void addr_rule(const struct scene *c, uint8_t op, bool outside, uint16_t port, const char *text, size_t len)
{
	for (size_t i = 0; i < n_addr_rules; i++) {
		const struct addr_rule *r = &addr_rules[i];

		if (!(r->ops & op) || (r->flags & RULE_OUTSIDE && !outside) || !has_port(r, port) ||
		    (r->prefix && (len < strlen(r->prefix) || memcmp(text, r->prefix, strlen(r->prefix)))))
			continue;
		finding__add(c, &r->rule, text, len, NULL, 0);
	}
}

/* A socket's address is kept until it listens, which names none, and for the shell that gets it as its terminal. */
static void remember(const struct scene *c, int fd, bool outside, const char *text, size_t len)
{
	struct st_fd *at = state__fd(c->p, fd);
	struct st_socket *k = at && at->kind == FACT_SOCKET ? state__socket(&c->f->st, at->object) : NULL;

	if (!k)
		return;
	len = MIN(len, sizeof(k->addr) - 1);
	memcpy(k->addr, text, len);
	k->addr[len] = 0;
	k->outside = outside;
}

static void listens(const struct scene *c, int fd)
{
	struct st_fd *at = state__fd(c->p, fd);
	struct st_socket *k = at && at->kind == FACT_SOCKET ? state__socket(&c->f->st, at->object) : NULL;

	if (k) /* one that was not bound waits at every address */
		addr_rule(c, NET_LISTEN, k->outside || !k->addr[0], 0, k->addr[0] ? k->addr : "any address", strlen(k->addr[0] ? k->addr : "any address"));
}

static void addr_fact(const struct scene *c, const struct fact *fact)
{
	bool ip = fact__is_ip(fact->addr), outside;
	struct text t;

	if (!fact->addr) {
		listens(c, fact->fd);
		return;
	}
	outside = ip && (fact->use & (NET_BIND | NET_LISTEN) ? !is_loopback(fact->addr) || is_any(fact->addr) : !is_loopback(fact->addr));
	text__init(&t, false);
	text__sockaddr(&t, fact->addr->data, fact->addr->len, false);
	if (!t.err) {
		addr_rule(c, fact->use, outside, ip ? port_of(fact->addr) : 0, t.buf, t.len);
		if (fact->use & (NET_CONNECT | NET_BIND))
			remember(c, fact->fd, outside, t.buf, t.len);
		/* a question to a name server is no contact with what it is about */
		if (outside && fact->use & NET_OUT && port_of(fact->addr) != 53)
			sequence__outbound(c, fact->addr, t.buf, t.len);
	}
	text__done(&t);
}

void finding__host(const struct scene *c, const char *name, size_t len, bool asked)
{
	for (size_t i = 0; i < n_name_rules; i++)
		if (rule__domain(name_rules[i].domain, name, len))
			finding__add(c, &name_rules[i].rule, name, len, NULL, 0);
	if (asked)
		sequence__asked(c, name, len);
}

static void name_fact(const struct scene *c, const struct fact *fact)
{
	c->f->names_seen = true;
	if (fact->addr)
		state__name_add(&c->f->st, fact->addr, fact->text, fact->len);
	else
		finding__host(c, fact->text, fact->len, true);
}

/* ---- the rest ---------------------------------------------------------------------------------------------------- */

static void action_fact(const struct scene *c, const struct fact *fact)
{
	char path[EVENT_PATH_MAX + ST_DIR_MAX];
	size_t len = fact->len;

	if (fact->action == DO_FOREIGN_ABI) { /* each call of such a program is one */
		if (c->p->told_abi)
			return;
		c->p->told_abi = true;
	}
	if (fact->action == DO_SETID || fact->action == DO_FILE_CAPS)
		len = len ? state__path(&c->f->st, c->p, fact, path, sizeof(path)) : 0;
	else
		memcpy(path, fact->text, len = MIN(len, sizeof(path)));
	for (size_t i = 0; i < n_action_rules; i++)
		if (action_rules[i].action == fact->action)
			finding__add(c, &action_rules[i].rule, path, len, NULL, 0);
}

static void set_cwd(const struct scene *c, const struct fact *fact)
{
	struct st_fd *fd = state__fd(c->p, fact->fd);
	struct st_dir *dir = fd && fd->kind == FACT_DIR ? state__dir(&c->f->st, fd->object) : NULL;
	char path[EVENT_PATH_MAX + ST_DIR_MAX];
	size_t len;

	if (fact->fd >= 0) {
		memcpy(c->p->cwd, dir ? dir->path : "", dir ? sizeof(dir->path) : 1);
		return;
	}
	len = state__path(&c->f->st, c->p, fact, path, sizeof(path));
	if (len >= sizeof(c->p->cwd) || path[0] != '/')
		len = 0;
	memcpy(c->p->cwd, path, len);
	c->p->cwd[len] = 0;
}

static void new_fd(const struct scene *c, const struct fact *fact)
{
	struct st_fd fd = {.fd = fact->fd, .kind = fact->kind, .cloexec = fact->cloexec};
	struct state *s = &c->f->st;
	char path[EVENT_PATH_MAX + ST_DIR_MAX];
	struct text t;

	switch (fact->kind) {
	case FACT_DIR:
		fd.object = state__dir_new(s, path, state__path(s, c->p, fact->from, path, sizeof(path)));
		break;
	case FACT_FILE: fd.object = state__hash(path, state__path(s, c->p, fact->from, path, sizeof(path))); break;
	case FACT_SOCKET: fd.object = state__socket_new(s); break;
	case FACT_PIPE:
		fd.object = state__pipe_new(s);
		state__fd_set(s, c->p, fd);
		fd.fd = fact->fd2;
		fd.writes = true;
		break;
	}
	state__fd_set(s, c->p, fd);
	if (fact->kind != FACT_SOCKET || !fact->addr)
		return;
	text__init(&t, false);
	text__sockaddr(&t, fact->addr->data, fact->addr->len, false);
	if (!t.err)
		remember(c, fact->fd, !is_loopback(fact->addr), t.buf, t.len);
	text__done(&t);
}

static void duplicate(const struct scene *c, const struct fact *fact)
{
	struct st_fd *old = state__fd(c->p, fact->fd), fd;

	if (fact->fd == fact->fd2)
		return;
	if (!old) {
		state__fd_close(c->p, fact->fd2, fact->fd2);
		return;
	}
	fd = *old;
	fd.fd = fact->fd2;
	fd.cloexec = fact->cloexec;
	state__fd_set(&c->f->st, c->p, fd);
}

static void one_fact(const struct scene *c, const struct event *ev, const struct fact *fact)
{
	switch (fact->kind) {
	case FACT_PATH: path_fact(c, fact); break;
	case FACT_EXEC: finding__exec(c, ev); break;
	case FACT_ADDR: addr_fact(c, fact); break;
	case FACT_NAME: name_fact(c, fact); break;
	case FACT_ACTION: action_fact(c, fact); break;
	case FACT_CWD: set_cwd(c, fact); break;
	case FACT_DIR:
	case FACT_FILE:
	case FACT_SOCKET:
	case FACT_PIPE: new_fd(c, fact); break;
	case FACT_DUP: duplicate(c, fact); break;
	case FACT_CLOSE: state__fd_close(c->p, fact->fd, fact->fd2); break;
	}
}

/* Of one that ran before it was watched, the first record tells who made it. */
static void adopt(struct state *s, struct st_proc *p, const struct ev_task *task)
{
	struct st_proc *parent;
	uint32_t pid = p->pid;

	if (p->parent != ST_NONE || !task->ppid || task->ppid == pid)
		return;
	parent = state__proc(s, task->ppid);
	p = state__proc(s, pid);
	p->parent = (uint16_t)(parent - s->procs);
	p->parent_serial = parent->serial;
	if (p->tree == ST_NONE) {
		p->tree_serial = state__tree(s, parent)->serial;
		p->tree = parent->tree;
	}
}

static struct st_proc *who(struct findings *f, const struct event *ev)
{
	struct st_proc *p = state__proc(&f->st, ev->hdr->tgid);
	const struct ev_task *task = event__task(ev);

	if (!task)
		return p;
	memcpy(p->comm, task->comm, EV_COMM_LEN);
	if (ev->hdr->kind >= EV_FILE)
		adopt(&f->st, p, task);
	return state__proc(&f->st, ev->hdr->tgid);
}

void findings__event(struct findings *f, const struct event *ev)
{
	struct scene c = {.f = f, .seq = ev->seq, .ts = ev->hdr->ts};

	if (!fact__wanted(&f->plan, ev))
		return;
	c.p = who(f, ev);
	switch (ev->hdr->kind) {
	case EV_PROC_SPAWN:
		if (ev->hdr->flags & EV_F_THREAD)
			return;
		sequence__spawn(&c);
		state__spawn(&f->st, c.p, ev->spawn->child_pid);
		return;
	case EV_PROC_EXIT: c.p->exited |= !(ev->hdr->flags & EV_F_THREAD); return;
	}
	fact__all(&f->plan, ev, &f->facts);
	for (unsigned int i = 0; i < f->facts.n; i++) {
		c.err = f->facts.v[i].err;
		one_fact(&c, ev, &f->facts.v[i]);
	}
}

static void at_end(const struct scene *c, enum sequence seq, uint64_t n)
{
	if (n)
		finding__add(c, &sequence_rules[seq], "", 0, NULL, 0);
}

void findings__finish(struct findings *f, const struct findings_end *end)
{
	const struct scene c = {.f = f};

	at_end(&c, SEQ_LIMIT_MEMORY, end->oom_kills);
	at_end(&c, SEQ_LIMIT_PIDS, end->pids_hits);
	at_end(&c, SEQ_LOST, end->lost);
	at_end(&c, SEQ_UNDECODED, end->undecoded);
	at_end(&c, SEQ_SKIPPED, end->skipped);
	at_end(&c, SEQ_FORGOTTEN, f->st.forgotten);
}
