/* SPDX-License-Identifier: Apache-2.0 */
/* The line of a record of the security profile: what was done to what, and the verdict where it is not just "allowed". */
#include <string.h>
#include <sys/socket.h>

#include "../base/util.h"
#include "text.h"
#include "text_flow.h"

/* No string is shortened below this. */
#define MIN_STRING 14

/* What stands behind the action's name. */
struct act_line {
	struct text *t;
	const struct event *ev;
	int max_string;	    /* columns for one string; TEXT_NO_LIMIT: all */
	int n_strings, wanted; /* out: how many there are, and the columns that they would like */
};

static void put_space(const struct act_line *l)
{
	if (l->t->col)
		text__char(l->t, ' ');
}

static void put_string(struct act_line *l, const void *data, size_t len)
{
	l->wanted += text__quote(l->t, data, len, l->max_string);
	l->n_strings++;
}

/* A path or another text, between quotes. */
static void put_part(struct act_line *l, unsigned int id)
{
	const struct part *p = event__part(l->ev, id);
	char text[EVENT_PATH_MAX];
	size_t len = p ? event__path(p, text, sizeof(text)) : 0;

	if (!p || (!len && p->state != EV_PART_OK)) {
		text__put(l->t, "(unreadable)");
		return;
	}
	/* what a path lacks is next to the root, what a text lacks is its end */
	if (p->state != EV_PART_OK && p->type == EV_PT_PATH)
		text__put(l->t, "...");
	put_string(l, text, len);
	if (p->state != EV_PART_OK && p->type != EV_PT_PATH)
		text__put(l->t, "...");
}

static void put_symbol(struct text *t, enum arg_type type, uint64_t v)
{
	char text[256];

	if (flags__format(type, v, EV_ABI_NATIVE, text, sizeof(text)))
		text__put(t, text);
	else
		text__u64(t, v);
}

static void put_id(struct text *t, uint32_t id)
{
	if (id == UINT32_MAX)
		text__char(t, '-');
	else
		text__u64(t, id);
}

static void put_change(struct text *t, uint32_t from, uint32_t to)
{
	text__u64(t, from);
	if (from == to)
		return;
	text__put(t, " to ");
	text__u64(t, to);
}

static void file_line(struct act_line *l)
{
	const struct ev_file *f = l->ev->file;

	if (!(f->file_flags & EV_FILE_FLAG_ANONYMOUS)) /* of which the end of the line says so */
		put_part(l, EV_FILE_PATH);
	switch (f->act.op) {
	case EV_FILE_RENAME:
	case EV_FILE_LINK:
		text__put(l->t, " as ");
		put_part(l, EV_FILE_NEW_PATH);
		break;
	case EV_FILE_SYMLINK:
		text__put(l->t, " to ");
		put_part(l, EV_FILE_TEXT);
		break;
	case EV_FILE_CHMOD:
		text__char(l->t, ' ');
		text__octal(l->t, f->arg & 07777);
		break;
	case EV_FILE_CHOWN:
		text__char(l->t, ' ');
		put_id(l->t, (uint32_t)(f->arg >> 32));
		text__char(l->t, ':');
		put_id(l->t, (uint32_t)f->arg);
		break;
	case EV_FILE_SETXATTR:
	case EV_FILE_REMOVEXATTR:
		text__char(l->t, ' ');
		put_part(l, EV_FILE_TEXT);
		break;
	}
}

static void put_address(struct act_line *l, const struct part *p)
{
	struct text whole;

	if (!p || !p->len) {
		text__put(l->t, "(no address)");
		return;
	}
	text__init(&whole, false);
	text__sockaddr(&whole, p->data, p->len, false);
	if (whole.err)
		l->t->err = whole.err;
	else
		l->wanted += text__escape(l->t, whole.buf, whole.len, l->max_string);
	l->n_strings++;
	text__done(&whole);
}

static void net_line(struct act_line *l)
{
	const struct part *remote = event__part(l->ev, EV_NET_REMOTE), *local = event__part(l->ev, EV_NET_LOCAL);
	const struct ev_net *n = l->ev->net;

	if (n->act.op == EV_NET_SOCKET) {
		put_symbol(l->t, ARG_SOCK_DOMAIN, n->family);
		text__put(l->t, ", ");
		put_symbol(l->t, ARG_SOCK_TYPE, n->type);
		if (n->protocol && (n->family == AF_INET || n->family == AF_INET6)) {
			text__put(l->t, ", ");
			put_symbol(l->t, ARG_SOCK_PROTO, n->protocol);
		} else if (n->protocol) {
			text__put(l->t, ", ");
			text__u64(l->t, n->protocol);
		}
		return;
	}
	if (n->act.op != EV_NET_ACCEPT) {
		put_address(l, remote ? remote : local);
		text_name__host(l->t, l->ev, l->max_string);
		return;
	}
	if (remote)
		put_address(l, remote);
	if (local) {
		put_space(l);
		text__put(l->t, "on ");
		put_address(l, local);
	}
}

static void put_target(const struct act_line *l)
{
	const struct ev_kernel *k = l->ev->kernel;

	if (k->act.op == EV_KERNEL_SIGNAL)
		text__put(l->t, " to ");
	if (k->act.op == EV_KERNEL_NAMESPACE) /* its child */
		text__put(l->t, " of ");
	text__u64(l->t, k->target_pid);
	text__put(l->t, " (");
	text__escape(l->t, k->target_comm, strnlen(k->target_comm, EV_COMM_LEN), TEXT_NO_LIMIT);
	text__char(l->t, ')');
}

/* What the number is called, of those that say more than the action does. */
static void kernel_number(const struct act_line *l)
{
	const struct ev_kernel *k = l->ev->kernel;

	switch (k->act.op) {
	case EV_KERNEL_BPF: put_symbol(l->t, ARG_BPF_CMD, k->arg); break;
	case EV_KERNEL_SIGNAL: put_symbol(l->t, ARG_SIGNAL, k->arg); break;
	case EV_KERNEL_PERF:
		if (k->arg == UINT64_MAX) /* refused before it was read */
			break;
		text__put(l->t, "type ");
		text__u64(l->t, k->arg);
		break;
	case EV_KERNEL_READ_FILE:
	case EV_KERNEL_OWN_MAP:
		text__put(l->t, "id ");
		text__u64(l->t, k->arg);
		break;
	case EV_KERNEL_NAMESPACE: put_symbol(l->t, ARG_UNSHARE_FLAGS, k->arg); break;
	case EV_KERNEL_PRCTL: put_symbol(l->t, ARG_PRCTL_OP, k->arg); break;
	case EV_KERNEL_KEY:
		text__put(l->t, event__key_use(k->arg) ?: "made");
		break;
	}
}

static void kernel_line(struct act_line *l)
{
	const struct ev_kernel *k = l->ev->kernel;
	bool text = event__part(l->ev, EV_KERNEL_TEXT), path = event__part(l->ev, EV_KERNEL_PATH);

	kernel_number(l);
	if (k->target_pid)
		put_target(l);
	if (text) {
		if (k->act.op == EV_KERNEL_CGROUP)
			text__put(l->t, " to");
		put_space(l);
		put_part(l, EV_KERNEL_TEXT);
	}
	if (path) {
		text__put(l->t, text ? " on" : "");
		put_space(l);
		put_part(l, EV_KERNEL_PATH);
	}
	if (k->act.op == EV_KERNEL_MOUNT && k->arg) {
		put_space(l);
		put_symbol(l->t, ARG_MOUNT_FLAGS, k->arg);
	}
}

static void cred_line(struct act_line *l)
{
	const struct ev_cred *c = l->ev->cred;

	switch (c->act.op) {
	case EV_CRED_SETUID:
		put_change(l->t, c->task.uid, c->new_uid);
		text__put(l->t, ", effective ");
		put_change(l->t, c->task.euid, c->new_euid);
		break;
	case EV_CRED_SETGID:
		put_change(l->t, c->task.gid, c->new_gid);
		text__put(l->t, ", effective ");
		put_change(l->t, c->task.egid, c->new_egid);
		break;
	case EV_CRED_SETGROUPS: /* which ones is not told */
		break;
	default:
		text__hex(l->t, c->old_caps);
		if (c->old_caps != c->new_caps) {
			text__put(l->t, " to ");
			text__hex(l->t, c->new_caps);
		}
	}
}

static const char *const verdicts[] = {
	[EV_ALLOWED] = "",
	[EV_DENIED] = "  -> DENIED",
	[EV_WOULD_DENY] = "  -> would be denied",
	[EV_KILLED] = "  -> DENIED and KILLED",
	[EV_KILLED_AFTER] = "  -> DONE, then KILLED",
};

/* What is unusual about the file, and the verdict. */
static void tail(struct text *t, const struct event *ev)
{
	const struct ev_act *act = event__act(ev);
	uint32_t flags = ev->hdr->kind == EV_FILE ? ev->file->file_flags : 0;

	if (flags) {
		text__style(t, STYLE_WARN);
		text__put(t, flags & EV_FILE_FLAG_MEMFD ? " [memfd]" : "");
		text__put(t, flags & EV_FILE_FLAG_DELETED ? " [deleted]" : "");
		text__put(t, flags & EV_FILE_FLAG_LINKS ? " [hard links]" : "");
		text__put(t, flags & EV_FILE_FLAG_TOO_DEEP ? " [too deep]" : "");
		text__put(t, flags & EV_FILE_FLAG_ANONYMOUS ? " [memory]" : "");
		text__put(t, flags & EV_FILE_FLAG_WRITABLE ? " [writable]" : "");
		text__put(t, flags & EV_FILE_FLAG_WRITTEN ? " [was writable]" : "");
		text__style(t, STYLE_NONE);
	}
	if (act->verdict == EV_ALLOWED)
		return;
	text__style(t, act->verdict != EV_WOULD_DENY ? STYLE_DENIED : STYLE_WARN);
	if (act->verdict < ARRAY_SIZE(verdicts)) {
		text__put(t, verdicts[act->verdict]);
	} else {
		text__put(t, "  -> verdict ");
		text__u64(t, act->verdict);
	}
	/* otherwise the line below says more */
	if (!ev->denial && act->rule) {
		text__put(t, " by rule ");
		text__u64(t, act->rule);
	}
	text__style(t, STYLE_NONE);
}

static enum style kind_style(unsigned int kind)
{
	if (kind == EV_NET || kind == EV_FLOW || kind == EV_NAME)
		return STYLE_NETWORK;
	return kind == EV_FILE ? STYLE_FILE : kind == EV_KERNEL ? STYLE_SYSTEM : STYLE_PROCESS;
}

/* Members that the line leaves out. */
static void details(struct text *t, const struct event *ev)
{
	const struct ev_act *act = event__act(ev);

	text__style(t, STYLE_DIM);
	text__put(t, "  {op=");
	text__u64(t, act->op);
	text__put(t, " rule=");
	text__u64(t, act->rule);
	text__put(t, " policy=");
	text__u64(t, act->policy);
	if (ev->hdr->kind == EV_FILE) {
		text__put(t, " inode=");
		text__u64(t, ev->file->inode);
		text__put(t, " dev=");
		text__u64(t, ev->file->dev_major);
		text__char(t, ':');
		text__u64(t, ev->file->dev_minor);
		text__put(t, " mode=");
		text__octal(t, ev->file->mode);
	} else if (ev->hdr->kind == EV_NET || ev->hdr->kind == EV_FLOW || ev->hdr->kind == EV_NAME) {
		text__put(t, " socket=");
		text__u64(t, ev->net->socket);
	} else if (ev->hdr->kind == EV_KERNEL) {
		text__put(t, " arg=");
		text__hex(t, ev->kernel->arg);
	}
	text__char(t, '}');
	text__style(t, STYLE_NONE);
}

static void body(struct act_line *l)
{
	text__reset(l->t);
	l->n_strings = l->wanted = 0;
	switch (l->ev->hdr->kind) {
	case EV_FILE: file_line(l); break;
	case EV_NET: net_line(l); break;
	case EV_NAME: text_name__body(l->t, l->ev, l->max_string); break;
	case EV_KERNEL: kernel_line(l); break;
	case EV_CRED: cred_line(l); break;
	case EV_FLOW: text_flow__put(l->t, l->ev); break;
	default: break; /* of these all is in the head */
	}
}

/* The body in at most ROOM columns: its strings share what the rest leaves. */
static void fit(struct act_line *l, int room)
{
	body(l);
	if (l->t->col <= room)
		return;
	if (l->n_strings) {
		l->max_string = MAX((room - (l->t->col - l->wanted)) / l->n_strings, MIN_STRING);
		body(l);
	}
	text__cut(l->t, room);
}

void text_act__line(struct text *t, struct text_line *line, const struct event *ev)
{
	struct act_line l = { .t = &line->args, .ev = ev, .max_string = TEXT_NO_LIMIT };
	int room = TEXT_NO_LIMIT;

	text__styled(t, STYLE_DIM, ev->desc->event_type);
	text__char(t, ' ');
	text__styled(t, kind_style(ev->hdr->kind), event__action(ev));
	text__reset(&line->scratch);
	tail(&line->scratch, ev);
	if (line->width > 0 && line->verbosity < 3)
		room = MAX(line->width - t->col - 1 - line->scratch.col, MIN_STRING);
	fit(&l, room);
	if (l.t->col)
		text__char(t, ' ');
	text__append(t, l.t);
	tail(t, ev);
	if (line->verbosity >= 3)
		details(t, ev);
}
