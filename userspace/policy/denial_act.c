/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts of the security profile in words. The kernel has decided, from its own objects, and says by which rule; 0 is
 * a kind of access that is closed but for what is listed (include/guard.h).
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "../base/util.h"
#include "../event/syscalls.h"
#include "denial_impl.h"
#include "guard.h"

struct act_case {
	const struct denial_ctx *ctx;
	const struct event *ev;
	const struct ev_act *act;
	const struct policy_rule *const *rules; /* NULL: not known */
	unsigned int n_rules;
	const struct policy_rule *rule; /* NULL: none, not known, or a single value of the policy */
};

static bool is_deny(const struct act_case *k)
{
	return k->rule && (rule_kind__denies_path(k->rule->kind) || k->rule->kind == RULE_SYSCALL_DENY);
}

/* Fills the rule, unless it is of those that only say what is open: then D is for the caller to go on with. */
static bool by_rule(const struct act_case *k, struct denial *d)
{
	if (is_deny(k)) {
		denial__deny_rule(d, k->rule);
		d->suggest_remove = true;
		return true;
	}
	if (!k->act->rule || k->rules)
		return false;
	if (k->ctx->live_rules)
		snprintf(d->rule, sizeof(d->rule), "rule %u of policy %u", k->act->rule, k->act->policy);
	else
		snprintf(d->rule, sizeof(d->rule), "rule %u", k->act->rule);
	return true;
}

static bool has_rules(const struct act_case *k, enum rule_kind kind)
{
	for (unsigned int i = 0; i < k->n_rules; i++)
		if (k->rules[i] && k->rules[i]->kind == kind)
			return true;
	return false;
}

static bool is_covered(const struct act_case *k, enum rule_kind kind, const char *path)
{
	for (unsigned int i = 0; i < k->n_rules; i++)
		if (k->rules[i] && k->rules[i]->kind == kind && policy_rule__covers(k->rules[i], path))
			return true;
	return false;
}

/* ---- files --------------------------------------------------------------------------------------------------- */

struct file_use {
	char access[8];
	uint8_t kind; /* enum guard_access; 0 with an empty .access: not known */
	bool name;    /* is about the name in its directory: that is what must be writable */
};

static const struct file_use file_uses[] = {
	[EV_FILE_OPEN_READ] = { "read", GUARD_READ, false },
	[EV_FILE_OPEN_WRITE] = { "write", GUARD_WRITE, false },
	[EV_FILE_CREATE] = { "create", GUARD_WRITE, true },
	[EV_FILE_MKNOD] = { "create", GUARD_WRITE, true },
	[EV_FILE_UNLINK] = { "delete", GUARD_WRITE, true },
	[EV_FILE_RMDIR] = { "delete", GUARD_WRITE, true },
	[EV_FILE_MKDIR] = { "create", GUARD_WRITE, true },
	[EV_FILE_SYMLINK] = { "create", GUARD_WRITE, true },
	[EV_FILE_LINK] = { "write", GUARD_WRITE, false },
	[EV_FILE_RENAME] = { "delete", GUARD_WRITE, true },
	[EV_FILE_TRUNCATE] = { "write", GUARD_WRITE, false },
	[EV_FILE_CHMOD] = { "write", GUARD_WRITE, false },
	[EV_FILE_CHOWN] = { "write", GUARD_WRITE, false },
	[EV_FILE_SETXATTR] = { "write", GUARD_WRITE, false },
	[EV_FILE_REMOVEXATTR] = { "write", GUARD_WRITE, false },
	[EV_FILE_MMAP_EXEC] = { "execute", GUARD_EXEC, false },
	[EV_FILE_MPROTECT_EXEC] = { "execute", GUARD_EXEC, false },
	[EV_FILE_EXEC] = { "execute", GUARD_EXEC, false },
	[EV_FILE_WRITE] = { "write", GUARD_WRITE, false },
};
static const struct file_use second_name = { "create", GUARD_WRITE, true };

/* A path of the record into TEXT; false: it has none, or not a whole one. */
static bool path_of(const struct event *ev, unsigned int id, char text[EVENT_PATH_MAX])
{
	const struct part *p = event__part(ev, id);

	text[0] = 0;
	if (!p || p->len >= EVENT_PATH_MAX - 1)
		return false;
	text[event__path(p, text, EVENT_PATH_MAX)] = 0;
	return p->state == EV_PART_OK && *text;
}

/* Rename and link are about two names, and the record does not say which of them was refused. Is it not the first? */
static bool is_second(const struct act_case *k, const char *path, const char *other)
{
	if (is_deny(k))
		return !policy_rule__covers(k->rule, path) && policy_rule__covers(k->rule, other);
	return is_covered(k, RULE_WRITE, path) && !is_covered(k, RULE_WRITE, other);
}

static const char *list_of(const struct act_case *k, const struct file_use *use)
{
	if (use->kind == GUARD_EXEC)
		return "allow_exec";
	/* an open for both: refused for the one that is closed */
	if (use->kind == GUARD_READ || (k->act->op == EV_FILE_OPEN_WRITE && !has_rules(k, RULE_WRITE) &&
					has_rules(k, RULE_READ)))
		return "allow_read";
	return "allow_write";
}

static void suggest_file(const struct act_case *k, const struct file_use *use, const char *path, struct denial *d)
{
	const struct ev_file *f = k->ev->file;
	const char *list = list_of(k, use), *home = k->ctx->grants ? k->ctx->grants->home : NULL;
	char key[32], dir[EVENT_PATH_MAX];
	char *slash;

	snprintf(d->rule, sizeof(d->rule), "not in %s", list);
	snprintf(key, sizeof(key), "filesystem.%s", list);
	/* what has no name, or not all of it is known, cannot be put into a list */
	if (*path != '/' || f->file_flags & (EV_FILE_FLAG_DELETED | EV_FILE_FLAG_MEMFD))
		return;
	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (use->name)
		slash[slash == dir] = 0;
	denial__suggest_path(d, key, "", false, dir);
	d->sensitive = denial__sensitive_path(dir, home, use->kind == GUARD_WRITE);
}

static void file_denial(const struct act_case *k, struct denial *d)
{
	const struct ev_file *f = k->ev->file;
	const struct file_use *use = k->act->op < ARRAY_SIZE(file_uses) ? &file_uses[k->act->op] : &file_uses[0];
	char text[2][EVENT_PATH_MAX], *path = text[0], inode[64];
	bool whole = path_of(k->ev, EV_FILE_PATH, text[0]);

	if (path_of(k->ev, EV_FILE_NEW_PATH, text[1]) && is_second(k, text[0], text[1])) {
		path = text[1];
		use = &second_name;
		whole = true;
	}
	if (*use->access)
		d->access = use->access;
	if (*path) {
		denial__object(d, whole ? "" : "...", path);
	} else {
		snprintf(inode, sizeof(inode), "inode %llu of device %u:%u", (unsigned long long)f->inode, f->dev_major,
			 f->dev_minor);
		denial__object(d, "", inode);
	}
	if (by_rule(k, d))
		d->sensitive = d->suggest_remove && denial__sensitive_path(path, NULL, use->kind == GUARD_WRITE);
	else if (f->file_flags & EV_FILE_FLAG_TOO_DEEP)
		denial__rule(d, "path too deep: denied where any rule denies");
	else
		suggest_file(k, use, whole ? path : "", d);
}

/* ---- sockets ------------------------------------------------------------------------------------------------- */

static const char *const net_words[] = {
	[EV_NET_SOCKET] = "socket ", [EV_NET_CONNECT] = "connect ", [EV_NET_BIND] = "bind ",
	[EV_NET_LISTEN] = "listen ", [EV_NET_ACCEPT] = "accept ",   [EV_NET_SEND] = "send to ",
	[EV_NET_OPTION] = "source route on ",
};

/* TCP and UDP are judged by their address; whatever else leaves the machine is refused as a whole (bpf/socket.bpf.c). */
static bool by_address(const struct ev_net *n)
{
	return (n->family == AF_INET || n->family == AF_INET6) &&
	       ((n->type == SOCK_STREAM && n->protocol == IPPROTO_TCP) || (n->type == SOCK_DGRAM && n->protocol == IPPROTO_UDP));
}

static void net_denial(const struct act_case *k, struct denial *d)
{
	const struct ev_net *n = k->ev->net;
	uint32_t op = k->act->op;
	bool outward = op == EV_NET_CONNECT || op == EV_NET_SEND;
	const struct part *p = event__part(k->ev, outward || op == EV_NET_ACCEPT ? EV_NET_REMOTE : EV_NET_LOCAL);
	char text[DENIAL_UNIX_MAX + 32];
	struct endpoint e;
	bool inet = p && denial_net__endpoint(p, &e);

	if (inet)
		snprintf(text, sizeof(text), "%s", e.text);
	else if (!p || n->family != AF_UNIX || !denial_net__unix(p, text))
		flags__format(ARG_SOCK_DOMAIN, n->family, EV_ABI_NATIVE, text, sizeof(text));
	denial__object(d, op < ARRAY_SIZE(net_words) && net_words[op] ? net_words[op] : "network ", text);
	if (by_rule(k, d))
		return;
	if (k->rules && k->act->rule && !k->rule && !has_rules(k, RULE_NET))
		denial__rule(d, "network.allow = false");
	else if (by_address(n))
		denial__rule(d, "not in network.allow");
	else
		denial__rule(d, "network.allow can only name TCP and UDP");
	if (outward && inet && by_address(n))
		denial_net__suggest(d, &e, false);
}

/* ---- the rest ------------------------------------------------------------------------------------------------ */

static void op_denial(const struct act_case *k, struct denial *d)
{
	const struct event *ev = k->ev;
	const struct part *name = ev->hdr->kind == EV_KERNEL && k->act->op == EV_KERNEL_OWN_MAP ? event__part(ev, EV_KERNEL_TEXT) : NULL;
	char path[EVENT_PATH_MAX], text[64];

	snprintf(text, sizeof(text), "%s", event__action(ev));
	if (ev->hdr->kind == EV_KERNEL && ev->kernel->target_pid)
		snprintf(text, sizeof(text), "%s of %.16s", event__action(ev), ev->kernel->target_comm);
	if (name)
		snprintf(text, sizeof(text), "%s %.*s", event__action(ev), (int)MIN(name->len, 32U), (const char *)name->data);
	if (ev->hdr->kind == EV_KERNEL && path_of(ev, EV_KERNEL_PATH, path)) {
		snprintf(text, sizeof(text), "%s ", event__action(ev));
		denial__object(d, text, path);
	} else {
		denial__object(d, "", text);
	}
	if (!by_rule(k, d))
		denial__rule(d, k->act->rule ? "denied by the policy" : "who is held to a policy cannot end it");
}

/* Those of the policy that judged. */
static void find_rules(struct act_case *k)
{
	const struct denial_ctx *c = k->ctx;
	bool old = c->old_rules && c->old_policy == k->act->policy;

	if (!old && (!c->live_rules || (c->live_policy && c->live_policy != k->act->policy)))
		return;
	k->rules = old ? c->old_rules : c->live_rules;
	k->n_rules = old ? c->n_old_rules : c->n_live_rules;
	if (k->act->rule < k->n_rules)
		return;
	k->rules = NULL;
	k->n_rules = 0;
}

bool denial__of_act(const struct denial_ctx *c, const struct event *ev, struct denial *ret)
{
	struct act_case k = { .ctx = c, .ev = ev, .act = event__act(ev) };

	denial__clear(ret);
	if (!k.act || k.act->verdict == EV_ALLOWED || k.act->verdict > EV_KILLED_AFTER)
		return false;
	find_rules(&k);
	k.rule = k.rules && k.act->rule ? k.rules[k.act->rule] : NULL;
	ret->layer = k.act->verdict == EV_KILLED_AFTER ? LAYER_KILL : LAYER_LSM;
	ret->audit = k.act->verdict == EV_WOULD_DENY;
	ret->err = k.act->verdict == EV_DENIED ? EPERM : 0;
	if (ev->hdr->kind == EV_FILE)
		file_denial(&k, ret);
	else if (ev->hdr->kind == EV_NET)
		net_denial(&k, ret);
	else
		op_denial(&k, ret);
	return true;
}
