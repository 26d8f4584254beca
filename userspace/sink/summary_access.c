/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files and addresses in the summary. What a call does to the path it names is data (access_rows);
 * calls that only look (stat, access, readlink) are left out, or the list would be theirs alone.
 * Paths are kept as the caller gave them: a relative one stays relative.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "../base/util.h"
#include "../event/syscalls.h"
#include "summary_model.h"
#include "text.h"

/* How the use of a path follows from the call. */
enum access_kind {
	ACCESS_PATHS,
	ACCESS_OPEN,
	ACCESS_EXEC,
	ACCESS_NET
};

struct access_row {
	const char *syscall;
	uint8_t kind;
	uint8_t use[2]; /* of the first and the second path; ACCESS_NET: NET_* */
};

static const struct access_row access_rows[] = {
	{"open", ACCESS_OPEN, {0}},
	{"openat", ACCESS_OPEN, {0}},
	{"openat2", ACCESS_OPEN, {0}},
	{"creat", ACCESS_PATHS, {USE_WRITE | USE_CREATE}},
	{"truncate", ACCESS_PATHS, {USE_WRITE}},
	{"truncate64", ACCESS_PATHS, {USE_WRITE}},
	{"unlink", ACCESS_PATHS, {USE_DELETE}},
	{"unlinkat", ACCESS_PATHS, {USE_DELETE}},
	{"rmdir", ACCESS_PATHS, {USE_DELETE}},
	{"mkdir", ACCESS_PATHS, {USE_CREATE}},
	{"mkdirat", ACCESS_PATHS, {USE_CREATE}},
	{"mknod", ACCESS_PATHS, {USE_CREATE}},
	{"mknodat", ACCESS_PATHS, {USE_CREATE}},
	{"rename", ACCESS_PATHS, {USE_DELETE, USE_WRITE | USE_CREATE}},
	{"renameat", ACCESS_PATHS, {USE_DELETE, USE_WRITE | USE_CREATE}},
	{"renameat2", ACCESS_PATHS, {USE_DELETE, USE_WRITE | USE_CREATE}},
	{"link", ACCESS_PATHS, {USE_READ, USE_CREATE}},
	{"linkat", ACCESS_PATHS, {USE_READ, USE_CREATE}},
	{"symlink", ACCESS_PATHS, {USE_CREATE}},
	{"symlinkat", ACCESS_PATHS, {USE_CREATE}},
	{"chmod", ACCESS_PATHS, {USE_ATTR}},
	{"fchmodat", ACCESS_PATHS, {USE_ATTR}},
	{"fchmodat2", ACCESS_PATHS, {USE_ATTR}},
	{"chown", ACCESS_PATHS, {USE_ATTR}},
	{"chown32", ACCESS_PATHS, {USE_ATTR}},
	{"lchown", ACCESS_PATHS, {USE_ATTR}},
	{"lchown32", ACCESS_PATHS, {USE_ATTR}},
	{"fchownat", ACCESS_PATHS, {USE_ATTR}},
	{"utime", ACCESS_PATHS, {USE_ATTR}},
	{"utimes", ACCESS_PATHS, {USE_ATTR}},
	{"futimesat", ACCESS_PATHS, {USE_ATTR}},
	{"utimensat", ACCESS_PATHS, {USE_ATTR}},
	{"utimensat_time64", ACCESS_PATHS, {USE_ATTR}},
	{"setxattr", ACCESS_PATHS, {USE_ATTR}},
	{"lsetxattr", ACCESS_PATHS, {USE_ATTR}},
	{"removexattr", ACCESS_PATHS, {USE_ATTR}},
	{"lremovexattr", ACCESS_PATHS, {USE_ATTR}},
	{"execve", ACCESS_EXEC, {USE_EXEC}},
	{"execveat", ACCESS_EXEC, {USE_EXEC}},
	{"uselib", ACCESS_PATHS, {USE_EXEC}},
	{"connect", ACCESS_NET, {NET_CONNECT}},
	{"bind", ACCESS_NET, {NET_BIND}},
	{"sendto", ACCESS_NET, {NET_SEND}},
	{"sendmsg", ACCESS_NET, {NET_SEND}},
	{"sendmmsg", ACCESS_NET, {NET_SEND}},
	{"accept", ACCESS_NET, {NET_ACCEPT}},
	{"accept4", ACCESS_NET, {NET_ACCEPT}},
};

#define NOT_LISTED UINT8_MAX
_Static_assert(ARRAY_SIZE(access_rows) < NOT_LISTED, "a row's number and NOT_LISTED share a byte");

/* The row of a call, looked up once per number. */
static const struct access_row *row_of(struct summary *s, const struct event *ev)
{
	const struct ev_syscall *c = ev->syscall;
	uint8_t *row;

	if (c->abi >= EV_ABI_MAX || c->nr < 0 || c->nr >= ST_NR_SYSCALLS)
		return NULL;
	row = &s->access[c->abi][c->nr];
	if (!*row) {
		*row = NOT_LISTED;
		for (size_t i = 0; i < ARRAY_SIZE(access_rows); i++)
			if (!strcmp(access_rows[i].syscall, ev->name))
				*row = (uint8_t)(i + 1);
	}
	return *row == NOT_LISTED ? NULL : &access_rows[*row - 1];
}

static struct sum_file *file_get(struct summary *s, const struct part *p)
{
	uint32_t h = (uint32_t)sum_hash(p->data, p->len), i = h & (SUM_FILE_SLOTS - 1);
	struct sum_file *f;

	for (; s->file_slots[i]; i = (i + 1) & (SUM_FILE_SLOTS - 1)) {
		f = &s->files[s->file_slots[i] - 1];
		if (f->hash == h && f->path.len == p->len &&
		    !memcmp(sum_str__get(s, f->path), p->data, p->len))
			return f;
	}
	if (s->n_files == SUM_FILES)
		return NULL;
	f = &s->files[s->n_files];
	if (!sum_str__add(s, p->data, p->len, SUM_ARENA_RESERVED, &f->path))
		return NULL;
	f->hash = h;
	s->file_slots[i] = (uint16_t)++s->n_files;
	return f;
}

/* Returns the uses for which no rule matched. */
static uint8_t check_path(struct summary *s, const struct sum_who *who, const struct part *p,
			  uint8_t use, bool failed)
{
	uint8_t matched = 0;

	for (size_t i = 0; i < n_path_rules; i++) {
		const struct path_rule *r = &path_rules[i];

		if (!(r->uses & use & ~matched) ||
		    !suspicious__glob(r->pattern, (const char *)p->data, p->len))
			continue;
		sum_finding__add(s, who, r->id, r->text, (enum severity)r->severity, p->data,
				 p->len, failed);
		/* rows are in order of weight: the first that speaks of a use is the one that is
		 * told */
		matched |= r->uses & use;
	}
	return use & (uint8_t)~matched;
}

void sum_access__path(struct summary *s, const struct sum_who *who, const struct part *p,
		      uint8_t use, int err)
{
	struct sum_file *f;

	if (!p->len || !use)
		return;
	f = file_get(s, p);
	if (!f) {
		s->files_dropped++;
		check_path(s, who, p, use, err != 0);
		return;
	}
	f->count++;
	f->tried |= use;
	if (err) {
		f->failures++;
		f->last_errno = err;
	} else {
		f->uses |= use;
	}
	if (use & ~f->checked)
		f->checked |= check_path(s, who, p, use, err != 0);
	if ((use & USE_DELETE) && !err && who->proc && who->proc->exe_len == p->len &&
	    who->proc->exe_hash == sum_hash(p->data, p->len))
		sum_finding__add(s, who, "delete-self", "removed its own program file", SEV_HIGH,
				 p->data, p->len, false);
}

static uint8_t open_use(const struct event *ev)
{
	uint64_t flags = 0;

	for (unsigned int i = 0; i < ev->sig->n_args; i++) {
		const struct part *p = event__part(ev, i);

		if (ev->sig->args[i].type == ARG_OPEN_FLAGS)
			flags = ev->syscall->args[i];
		else if (ev->sig->args[i].type == ARG_OPEN_HOW && p && p->len >= sizeof(flags))
			memcpy(&flags, p->data, sizeof(flags));
	}
	/* a path descriptor gives no access to what is in the file */
	if (flags & O_PATH)
		return 0;
	return (uint8_t)(((flags & O_ACCMODE) == O_RDONLY || (flags & O_ACCMODE) == O_RDWR
				  ? USE_READ
				  : 0) |
			 ((flags & O_ACCMODE) == O_WRONLY || (flags & O_ACCMODE) == O_RDWR
				  ? USE_WRITE
				  : 0) |
			 (flags & O_TRUNC ? USE_WRITE : 0) | (flags & O_CREAT ? USE_CREATE : 0));
}

static void paths(struct summary *s, const struct event *ev, const struct sum_who *who,
		  const struct access_row *row, int err)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < ev->sig->n_args && n < ARRAY_SIZE(row->use); i++) {
		const struct part *p = event__part(ev, i);
		uint8_t use = row->use[n];

		if (ev->sig->args[i].type != ARG_PATH)
			continue;
		n++;
		if (!p || (p->state != EV_PART_OK && p->state != EV_PART_TRUNCATED))
			continue;
		sum_access__path(s, who, p, row->kind == ACCESS_OPEN ? open_use(ev) : use, err);
	}
}

static bool is_ip(const struct part *p)
{
	uint16_t family;

	if (p->len < sizeof(family))
		return false;
	memcpy(&family, p->data, sizeof(family));
	return family == AF_INET || family == AF_INET6;
}

static void check_address(struct summary *s, const struct sum_who *who, const struct text *t,
			  bool failed)
{
	for (size_t i = 0; i < n_address_rules; i++) {
		const struct address_rule *r = &address_rules[i];
		size_t n = strlen(r->prefix);

		if (t->len >= n && !memcmp(t->buf, r->prefix, n))
			sum_finding__add(s, who, r->id, r->text, (enum severity)r->severity, t->buf,
					 t->len, failed);
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

static void address(struct summary *s, const struct part *p, const struct sum_who *who, uint8_t op, int err)
{
	struct sum_addr *a;
	uint16_t family;
	struct text t;

	if (!p || p->state != EV_PART_OK || p->len < sizeof(family))
		return;
	/* connecting to AF_UNSPEC undoes a connect */
	memcpy(&family, p->data, sizeof(family));
	if (family == AF_UNSPEC)
		return;
	text__init(&t, false);
	text__sockaddr(&t, p->data, p->len, false);
	if (t.err) {
		s->addrs_dropped++;
		return;
	}
	a = addr_get(s, &t, op);
	/* a connect in progress is one that was made */
	if (err == EINPROGRESS)
		err = 0;
	if (a) {
		if (!a->count++) {
			a->pid = who->pid;
			sum_str__add(s, who->comm, strnlen(who->comm, EV_COMM_LEN), 0, &a->comm);
		}
		a->outbound_ip = is_ip(p) && (op == NET_CONNECT || op == NET_SEND);
		a->failures += err != 0;
		a->last_errno = err ? err : a->last_errno;
	}
	if (op == NET_CONNECT || op == NET_SEND)
		check_address(s, who, &t, err != 0);
	text__done(&t);
}

static const struct part *address_of(const struct event *ev)
{
	for (unsigned int i = 0; i < ev->n_parts; i++)
		if (ev->parts[i].type == EV_PT_SOCKADDR && ev->parts[i].state == EV_PART_OK)
			return &ev->parts[i];
	return NULL;
}

void sum_access__syscall(struct summary *s, const struct event *ev, const struct sum_who *who,
			 bool failed)
{
	const struct access_row *row = row_of(s, ev);
	int err = failed ? (int)-ev->syscall->ret : 0;

	if (!row)
		return;
	if (row->kind == ACCESS_NET)
		address(s, address_of(ev), who, row->use[0], err);
	/* an exec that works has a record of its own, with the file that was really run */
	else if (row->kind != ACCESS_EXEC || failed)
		paths(s, ev, who, row, err);
}

/* ---- what the security profile saw ------------------------------------------------------------------------------ */

/* Of the path and of the second one. What is mapped has been opened, and what is executed has a record of its own. */
static const uint8_t act_uses[][2] = {
	[EV_FILE_OPEN_READ] = {USE_READ},
	[EV_FILE_OPEN_WRITE] = {USE_WRITE},
	[EV_FILE_CREATE] = {USE_CREATE},
	[EV_FILE_MKNOD] = {USE_CREATE},
	[EV_FILE_UNLINK] = {USE_DELETE},
	[EV_FILE_RMDIR] = {USE_DELETE},
	[EV_FILE_MKDIR] = {USE_CREATE},
	[EV_FILE_SYMLINK] = {USE_CREATE},
	[EV_FILE_LINK] = {USE_READ, USE_CREATE},
	[EV_FILE_RENAME] = {USE_DELETE, USE_WRITE | USE_CREATE},
	[EV_FILE_TRUNCATE] = {USE_WRITE},
	[EV_FILE_CHMOD] = {USE_ATTR},
	[EV_FILE_CHOWN] = {USE_ATTR},
	[EV_FILE_SETXATTR] = {USE_ATTR},
	[EV_FILE_REMOVEXATTR] = {USE_ATTR},
	[EV_FILE_WRITE] = {USE_WRITE},
};

static void act_path(struct summary *s, const struct event *ev, unsigned int id, const struct sum_who *who, uint8_t use,
		     int err)
{
	const struct part *p = event__part(ev, id);
	char text[EVENT_PATH_MAX];
	struct part path;

	/* what is not whole is no name of a file */
	if (!p || p->state != EV_PART_OK || p->len >= sizeof(text) - 1 || !use)
		return;
	path = *p;
	path.len = (uint32_t)event__path(p, text, sizeof(text));
	path.data = (const uint8_t *)text;
	sum_access__path(s, who, &path, use, err);
}

static void act_address(struct summary *s, const struct event *ev, const struct sum_who *who, int err)
{
	const struct part *remote = event__part(ev, EV_NET_REMOTE);

	switch (ev->net->act.op) {
	case EV_NET_CONNECT: address(s, remote, who, NET_CONNECT, err); break;
	case EV_NET_SEND: address(s, remote, who, NET_SEND, err); break;
	case EV_NET_ACCEPT: address(s, remote, who, NET_ACCEPT, err); break;
	case EV_NET_BIND: address(s, event__part(ev, EV_NET_LOCAL), who, NET_BIND, err); break;
	}
}

void sum_access__act(struct summary *s, const struct event *ev, const struct sum_who *who)
{
	const struct ev_act *act = event__act(ev);
	int err = act->verdict == EV_DENIED ? EPERM : 0;

	if (ev->hdr->kind == EV_NET) {
		act_address(s, ev, who, err);
	} else if (ev->hdr->kind == EV_FILE && act->op == EV_FILE_EXEC && err) {
		act_path(s, ev, EV_FILE_PATH, who, USE_EXEC, err);
	} else if (ev->hdr->kind == EV_FILE && act->op < ARRAY_SIZE(act_uses)) {
		act_path(s, ev, EV_FILE_PATH, who, act_uses[act->op][0], err);
		act_path(s, ev, EV_FILE_NEW_PATH, who, act_uses[act->op][1], err);
	}
}
