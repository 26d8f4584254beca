/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets. In a network namespace of its own the command gets the errors of a machine without a network; a filter on
 * its cgroup answers EPERM; Landlock EACCES. An address is the caller's claim, and cut addresses are not believed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "../base/util.h"
#include "../event/syscalls.h"
#include "denial_impl.h"

static bool near4(const uint8_t a[4])
{
	return a[0] == 127 || a[0] == 10 || a[0] == 0 || (a[0] == 172 && (a[1] & 0xf0) == 16) ||
	       (a[0] == 192 && a[1] == 168) || (a[0] == 169 && a[1] == 254) || (a[0] == 100 && (a[1] & 0xc0) == 64);
}

static bool near6(const uint8_t a[16])
{
	static const uint8_t zero[15];

	return (!memcmp(a, zero, 15) && a[15] <= 1) || (a[0] & 0xfe) == 0xfc || (a[0] == 0xfe && (a[1] & 0xc0) == 0x80);
}

bool denial_net__endpoint(const struct part *p, struct endpoint *e)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	char text[INET6_ADDRSTRLEN];
	uint16_t family;

	if (p->len < 8)
		return false;
	memcpy(&family, p->data, sizeof(family));
	e->port = (uint16_t)(p->data[2] << 8 | p->data[3]);
	if (family == AF_INET) {
		inet_ntop(AF_INET, p->data + 4, text, sizeof(text));
		e->inside = near4(p->data + 4);
	} else if (family == AF_INET6 && p->len >= 24 && !memcmp(p->data + 8, mapped, sizeof(mapped))) {
		inet_ntop(AF_INET, p->data + 20, text, sizeof(text));
		e->inside = near4(p->data + 20);
	} else if (family == AF_INET6 && p->len >= 24) {
		inet_ntop(AF_INET6, p->data + 8, text, sizeof(text));
		e->inside = near6(p->data + 8);
		snprintf(e->text, sizeof(e->text), "[%s]:%u", text, e->port);
		return true;
	} else {
		return false;
	}
	snprintf(e->text, sizeof(e->text), "%s:%u", text, e->port);
	return true;
}

static bool refuse(const struct denial_case *k, enum layer layer, const char *op, const char *object, const char *rule,
		   struct denial *d)
{
	char prefix[32];

	d->layer = layer;
	d->err = k->err;
	snprintf(prefix, sizeof(prefix), "%s ", op);
	denial__object(d, prefix, object);
	denial__rule(d, rule);
	return true;
}

void denial_net__suggest(struct denial *d, const struct endpoint *e, bool flag)
{
	char text[80] = "";

	if (!e->port) /* only asks which route would be taken */
		return;
	if (flag)
		snprintf(text, sizeof(text), "--net %s", e->text);
	denial__suggest(d, "network.allow", e->text, text);
	d->sensitive = e->inside;
}

int denial_net__port(const struct part *p)
{
	struct endpoint e;

	if (!p || p->type != EV_PT_SOCKADDR || p->len < 8)
		return -1;
	return denial_net__endpoint(p, &e) ? e.port : -1;
}

static bool is_bound(const struct denial_ctx *c, uint16_t port)
{
	return !c->local_ports || c->local_ports[port / 8] & 1 << port % 8;
}

static bool judge_inet(const struct denial_case *k, const char *op, const struct endpoint *e, struct denial *d)
{
	const struct denial_ctx *c = k->ctx;
	bool binds = !strcmp(op, "bind");

	switch (k->err) {
	case EINPROGRESS:
		/* what leads anywhere else is unreachable at once */
		if (!c->net_isolated || !e->inside || is_bound(c, e->port))
			return false;
		refuse(k, LAYER_NETWORK, op, e->text, "not in network.allow", d);
		d->err = ECONNREFUSED; /* seen once it asks how the connect ended */
		break;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ECONNREFUSED:
	case EADDRNOTAVAIL:
		if (!c->net_isolated)
			return false;
		refuse(k, LAYER_NETWORK, op, e->text, "not in network.allow", d);
		break;
	case EPERM:
		if (!c->net_filtered)
			return false;
		refuse(k, LAYER_NETWORK, op, e->text, "not in network.allow", d);
		break;
	case EACCES:
		if (c->grants->policy && c->grants->policy->net_all)
			return false;
		if (binds && e->port && e->port < 1024 && c->privileged)
			return refuse(k, LAYER_CAPABILITIES, op, e->text, "no CAP_NET_BIND_SERVICE", d);
		refuse(k, LAYER_LANDLOCK, op, e->text, "not in network.allow", d);
		break;
	default:
		return false;
	}
	if (!binds)
		denial_net__suggest(d, e, c->grants);
	return true;
}

bool denial_net__unix(const struct part *p, char path[DENIAL_UNIX_MAX])
{
	const char *name = (const char *)p->data + 2;
	size_t len = p->len < 2 ? 0 : p->len - 2;

	_Static_assert(DENIAL_UNIX_MAX > sizeof(((struct sockaddr_un *)0)->sun_path), "room for any name and its NUL");
	if (!len || len >= DENIAL_UNIX_MAX)
		return false;
	if (*name)
		len = strnlen(name, len);
	memcpy(path, name, len);
	if (!*name)
		path[0] = '@';
	path[len] = 0;
	return true;
}

/* A socket in the file system is found as a file is; an abstract one belongs to the network namespace. */
static bool judge_unix(const struct denial_case *k, const struct part *p, struct denial *d)
{
	char path[DENIAL_UNIX_MAX];
	struct verdict_path v;

	if (!denial_net__unix(p, path))
		return false;
	if (!p->data[2]) {
		if (k->err == EPERM)
			return refuse(k, LAYER_LANDLOCK, "connect", path, "abstract sockets of the host are out of scope", d);
		return k->err == ECONNREFUSED && k->ctx->net_isolated &&
		       refuse(k, LAYER_NETWORK, "connect", path, "own network namespace: no abstract sockets of the host", d);
	}
	if (*path != '/' || (k->err != ENOENT && k->err != EACCES))
		return false;
	v = grants__path(k->ctx->grants, path, ACCESS_READ);
	if (v.allowed && !(v.grant && v.grant->kind == GRANT_PRIVATE))
		return false;
	if (k->ctx->exists && !k->ctx->exists(k->ctx->ctx, path))
		return false;
	refuse(k, LAYER_MOUNT, "connect", path, "not in allow_read", d);
	if (denial__denied_by_rule(k, path, ACCESS_READ, d))
		return true;
	denial__suggest_path(d, "filesystem.allow_read", "--read", true, path);
	d->sensitive = true; /* whoever serves it is outside */
	return true;
}

bool denial_net__judge(const struct denial_case *k, struct denial *d)
{
	const char *name = k->ev->sig->name;
	const char *op = !strcmp(name, "connect")    ? "connect" :
			 !strcmp(name, "bind")	     ? "bind" :
			 !strncmp(name, "send", 4) ? "send to" :
						       NULL;
	const struct part *p = NULL;
	struct endpoint e;
	uint16_t family;

	if (!op)
		return false;
	for (unsigned int i = 0; i < k->ev->n_parts && !p; i++)
		if (k->ev->parts[i].type == EV_PT_SOCKADDR)
			p = &k->ev->parts[i];
	if (!p || p->len < 2 || (p->state != EV_PART_OK && p->state != EV_PART_TRUNCATED))
		return false;
	memcpy(&family, p->data, sizeof(family));
	if (family == AF_UNIX)
		return k->ctx->grants && strcmp(op, "bind") && judge_unix(k, p, d);
	return denial_net__endpoint(p, &e) && judge_inet(k, op, &e, d);
}
