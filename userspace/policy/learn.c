/* SPDX-License-Identifier: Apache-2.0 */
#include "learn_internal.h"
#include "policy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <seccomp.h>
#include <string.h>

#include "../base/util.h"

#define SLOTS (4 * LEARN_ITEMS_MAX)
#define PARENTS_MAX 16 /* processes up, for what was inherited */

/* ---- what is noted ----------------------------------------------------------------------------------------- */

static uint32_t hash(enum item_kind kind, const char *key)
{
	uint32_t h = 2166136261u ^ (uint32_t)kind;

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * 16777619u;
	return h;
}

struct item *learn__item(struct learn *l, enum item_kind kind, const char *key, bool make)
{
	uint32_t at = hash(kind, key) % SLOTS;

	for (; l->slots[at]; at = (at + 1) % SLOTS) {
		struct item *have = &l->v[l->slots[at] - 1];

		if (have->kind == kind && !strcmp(have->key, key))
			return have;
	}
	if (!make)
		return NULL;
	/* descriptors and processes come on top of paths; all of it fits into half the slots */
	if (l->n >= 2 * LEARN_ITEMS_MAX || (kind == ITEM_PATH && l->n >= LEARN_ITEMS_MAX)) {
		l->dropped++;
		return NULL;
	}
	if (l->n == l->room) {
		uint32_t room = l->room ? 2 * l->room : 256;
		struct item *v = reallocarray(l->v, room, sizeof(*v));

		if (!v)
			return NULL;
		l->v = v;
		l->room = room;
	}
	l->v[l->n] = (struct item){ .kind = kind, .key = strdup(key) };
	if (!l->v[l->n].key)
		return NULL;
	l->slots[at] = ++l->n;
	return &l->v[l->n - 1];
}

static void set_value(struct learn *l, enum item_kind kind, const char *key, const char *value)
{
	struct item *it = learn__item(l, kind, key, true);

	if (!it)
		return;
	free(it->value);
	it->value = strdup(value);
}

struct learn *learn__new(const struct learn_opts *o)
{
	struct learn *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->o = *o;
	l->slots = calloc(SLOTS, sizeof(*l->slots));
	if (!l->slots) {
		free(l);
		return NULL;
	}
	return l;
}

void learn__free(struct learn *l)
{
	if (!l)
		return;
	for (uint32_t i = 0; i < l->n; i++) {
		free(l->v[i].key);
		free(l->v[i].value);
	}
	free(l->v);
	free(l->slots);
	free(l);
}

bool learn__complete(const struct learn *l)
{
	return l->header && l->summary;
}

bool learn__join(const char *base, const char *path, char *ret)
{
	char whole[2 * LEARN_PATH_MAX + 2];
	size_t n = 0;

	if (strlen(path) >= LEARN_PATH_MAX || strlen(base) >= LEARN_PATH_MAX)
		return false;
	snprintf(whole, sizeof(whole), "%s/%s", *path == '/' ? "" : base, path);
	for (char *p = whole; *p;) {
		size_t len;

		p += strspn(p, "/");
		len = strcspn(p, "/");
		if (!len)
			break;
		if (len == 2 && !memcmp(p, "..", 2)) {
			while (n && ret[--n] != '/')
				;
		} else if (len != 1 || *p != '.') {
			if (n + 1 + len >= LEARN_PATH_MAX)
				return false;
			ret[n++] = '/';
			memcpy(ret + n, p, len);
			n += len;
		}
		p += len;
	}
	if (!n)
		ret[n++] = '/';
	ret[n] = 0;
	return true;
}

/* ---- reading records --------------------------------------------------------------------------------------- */

static const char *str(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) && json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

static int64_t num(struct json_object *o, const char *key, int64_t otherwise)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) && json_object_is_type(v, json_type_int) ? json_object_get_int64(v) : otherwise;
}

static struct json_object *sub(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) && json_object_is_type(v, json_type_object) ? v : NULL;
}

/* What is known of PID, or of the process it came from. */
static const char *inherited(struct learn *l, enum item_kind kind, int64_t pid, int64_t fd)
{
	for (unsigned int i = 0; i < PARENTS_MAX; i++) {
		const struct item *it;
		char key[64];

		if (kind == ITEM_FD)
			snprintf(key, sizeof(key), "%lld:%lld", (long long)pid, (long long)fd);
		else
			snprintf(key, sizeof(key), "%lld", (long long)pid);
		it = learn__item(l, kind, key, false);
		if (it && it->value)
			return *it->value ? it->value : NULL;
		snprintf(key, sizeof(key), "%lld", (long long)pid);
		it = learn__item(l, ITEM_PARENT, key, false);
		if (!it || !it->value)
			return NULL;
		pid = strtoll(it->value, NULL, 10);
	}
	return NULL;
}

static void set_cwd(struct learn *l, int64_t pid, const char *cwd)
{
	char key[32];

	snprintf(key, sizeof(key), "%lld", (long long)pid);
	set_value(l, ITEM_CWD, key, cwd);
}

static void set_fd(struct learn *l, int64_t pid, int64_t fd, const char *path)
{
	char key[64];

	snprintf(key, sizeof(key), "%lld:%lld", (long long)pid, (long long)fd);
	set_value(l, ITEM_FD, key, path);
}

/* The path under KEY of a call, absolute. False: not known. */
static bool absolute(struct learn *l, struct json_object *rec, struct json_object *args, const char *key, const char *dirfd_key,
		     char *ret)
{
	const char *path = str(args, key), *base = NULL;
	int64_t pid = num(rec, "pid", 0), dirfd = num(args, dirfd_key, -100);
	char named[64];

	if (!path || !*path)
		return false;
	if (*path == '/')
		return learn__join("", path, ret);
	snprintf(named, sizeof(named), "%s_path", dirfd_key);
	base = str(args, named);
	if (!base && dirfd == -100)
		base = str(rec, "cwd") ?: inherited(l, ITEM_CWD, pid, 0);
	else if (!base)
		base = inherited(l, ITEM_FD, pid, dirfd);
	if (!base || *base != '/') {
		l->unresolved++;
		return false;
	}
	return learn__join(base, path, ret);
}

static void note(struct learn *l, struct json_object *rec, const char *path, uint32_t used, bool denied)
{
	struct item *it = learn__item(l, ITEM_PATH, path, true);
	const char *who = inherited(l, ITEM_CWD, -num(rec, "pid", 0) - 2, 0); /* names share the table, under negative ids */

	if (!it)
		return;
	it->used |= used;
	it->count++;
	it->denied += denied;
	if (!*it->who)
		snprintf(it->who, sizeof(it->who), "%s", who ? who : "");
}

static bool named(const char *name, const char *list)
{
	size_t n = strlen(name);

	for (const char *p = strstr(list, name); p; p = strstr(p + 1, name))
		if ((p == list || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
			return true;
	return false;
}

/* What a successful call does to its path. */
static uint32_t use_of(const char *call, struct json_object *args)
{
	const char *flags = str(args, "flags");

	if (named(call, "open openat openat2")) {
		if (!flags && sub(args, "how"))
			flags = str(sub(args, "how"), "flags");
		if (!flags)
			return USED_READ;
		if (strstr(flags, "O_CREAT") || strstr(flags, "O_TMPFILE"))
			return USED_NAME | USED_WRITE;
		if (strstr(flags, "O_PATH"))
			return USED_LOOKED;
		return strstr(flags, "O_WRONLY") || strstr(flags, "O_RDWR") || strstr(flags, "O_TRUNC") ? USED_WRITE : USED_READ;
	}
	if (named(call, "creat mkdir mkdirat rmdir unlink unlinkat mknod mknodat"))
		return USED_NAME;
	if (named(call, "truncate chmod fchmodat fchmodat2 chown lchown fchownat utime utimes utimensat futimesat setxattr "
			"lsetxattr removexattr lremovexattr"))
		return USED_WRITE;
	return USED_LOOKED;
}

/* Paths of a call that worked. */
static void used_paths(struct learn *l, struct json_object *rec, const char *call, struct json_object *args)
{
	char path[LEARN_PATH_MAX];
	int64_t pid = num(rec, "pid", 0), ret = num(rec, "return_value", -1);

	if (!strncmp(call, "execve", 6))
		return; /* the process record tells */
	if (absolute(l, rec, args, "path", "dirfd", path)) {
		uint32_t used = use_of(call, args);

		note(l, rec, path, used, false);
		if (!strncmp(call, "open", 4))
			set_fd(l, pid, ret, path);
		if (!strcmp(call, "chdir"))
			set_cwd(l, pid, path);
	}
	if (absolute(l, rec, args, "oldpath", "olddirfd", path))
		note(l, rec, path, strncmp(call, "rename", 6) ? USED_READ : USED_NAME, false);
	if (absolute(l, rec, args, "newpath", "newdirfd", path) || absolute(l, rec, args, "linkpath", "newdirfd", path))
		note(l, rec, path, USED_NAME, false);
	if (!strcmp(call, "fchdir")) {
		const char *dir = str(args, "fd_path") ?: inherited(l, ITEM_FD, pid, num(args, "fd", -1));

		set_cwd(l, pid, dir ? dir : "");
	}
}

static void used_net(struct learn *l, const char *call, struct json_object *args)
{
	struct json_object *addr = sub(args, "addr");
	const char *family = addr ? str(addr, "family") : NULL, *address = addr ? str(addr, "address") : NULL;
	int64_t port = addr ? num(addr, "port", 0) : 0;
	unsigned char binary[16];
	struct item *it;
	char key[128];

	if (!family || !address || port <= 0 || port > 65535 || !named(call, "connect sendto sendmsg"))
		return;
	/* what is no address would not be one in a policy either */
	if (inet_pton(strcmp(family, "AF_INET6") ? AF_INET : AF_INET6, address, binary) != 1)
		return;
	snprintf(key, sizeof(key), strchr(address, ':') ? "[%.64s]:%d" : "%.64s:%d", address, (int)port);
	it = learn__item(l, ITEM_NET, key, true);
	if (it)
		it->count++;
}

static bool always_blocked(const char *call)
{
	for (size_t i = 0; policy_always_blocked[i]; i++)
		if (!strcmp(policy_always_blocked[i], call))
			return true;
	return false;
}

/* What was refused although it is there. */
static void refused(struct learn *l, struct json_object *rec, struct json_object *args, const char *call)
{
	struct json_object *d = sub(rec, "denial"), *s = d ? sub(d, "suggest") : NULL, *expected;
	const char *layer = d ? str(d, "layer") : NULL, *object = d ? str(d, "object") : NULL, *access = d ? str(d, "access") : NULL;
	struct item *it;

	if (!layer || (json_object_object_get_ex(d, "expected", &expected) && json_object_get_boolean(expected)))
		return;
	if (!strcmp(layer, "network")) {
		used_net(l, call, args);
	} else if (!strcmp(layer, "seccomp")) {
		it = learn__item(l, ITEM_CALL, call, true);
		if (it) {
			it->count++;
			/* a trace may say anything: only what a policy would take is written into one */
			it->liftable = s && str(s, "key") && !strcmp(str(s, "key"), "syscalls.allow") &&
				       seccomp_syscall_resolve_name(call) != __NR_SCMP_ERROR && !always_blocked(call);
		}
	} else if (access && object && *object == '/') {
		char path[LEARN_PATH_MAX];

		if (learn__join("", object, path))
			note(l, rec, path,
			     !strcmp(access, "execute") ? USED_EXEC :
			     !strcmp(access, "create") || !strcmp(access, "delete") ? USED_NAME :
			     !strcmp(access, "write") ? USED_WRITE : strncmp(call, "open", 4) ? USED_LOOKED : USED_READ, true);
	}
}

static void syscall_record(struct learn *l, struct json_object *rec)
{
	struct json_object *args = sub(rec, "args"), *decoded = args ? sub(args, "decoded") : NULL;
	const char *call = str(rec, "syscall"), *action = str(rec, "action");
	int64_t ret = num(rec, "return_value", -1);

	if (!call || !decoded)
		return;
	if (action && !strcmp(action, "deny"))
		refused(l, rec, decoded, call);
	else if (ret >= 0)
		used_paths(l, rec, call, decoded);
	/* refused by the other side, or under way: it was reached */
	if ((!action || strcmp(action, "deny")) && (ret >= 0 || ret == -EINPROGRESS || ret == -ECONNREFUSED || ret == -EALREADY))
		used_net(l, call, decoded);
}

static void process_record(struct learn *l, struct json_object *rec)
{
	const char *action = str(rec, "action"), *cwd = str(rec, "cwd"), *path = str(rec, "path"), *comm = str(rec, "comm");
	int64_t pid = num(rec, "pid", 0);
	char whole[LEARN_PATH_MAX], key[32], parent[32];

	if (action && !strcmp(action, "exec")) {
		if (cwd)
			set_cwd(l, pid, cwd);
		if (comm)
			set_cwd(l, -pid - 2, comm);
		if (path && learn__join(cwd ? cwd : "", path, whole))
			note(l, rec, whole, USED_EXEC, false);
	} else if (action && !strcmp(action, "spawned") && num(rec, "child_pid", pid) != pid) {
		snprintf(key, sizeof(key), "%lld", (long long)num(rec, "child_pid", 0));
		snprintf(parent, sizeof(parent), "%lld", (long long)pid);
		set_value(l, ITEM_PARENT, key, parent);
		set_cwd(l, -num(rec, "child_pid", 0) - 2, comm ? comm : "");
		/* a number is used again: what its last owner left is nobody's */
		if (inherited(l, ITEM_CWD, pid, 0))
			set_cwd(l, num(rec, "child_pid", 0), inherited(l, ITEM_CWD, pid, 0));
	}
}

static void header_record(struct learn *l, struct json_object *rec)
{
	struct json_object *command;
	size_t n = 0;

	l->header = true;
	l->contained = sub(rec, "policy");
	if (str(rec, "cwd"))
		set_cwd(l, num(rec, "pid", 0), str(rec, "cwd"));
	if (!json_object_object_get_ex(rec, "command", &command) || !json_object_is_type(command, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(command) && n < sizeof(l->command); i++)
		n += (size_t)snprintf(l->command + n, sizeof(l->command) - n, "%s%s", i ? " " : "",
				      json_object_get_string(json_object_array_get_idx(command, i)) ?: "");
}

int learn__line(struct learn *l, const char *line, size_t len)
{
	struct json_tokener *tok;
	struct json_object *rec;
	const char *type;

	if (!len)
		return 0;
	if (len > LEARN_LINE_MAX)
		return -EINVAL;
	tok = json_tokener_new_ex(32);
	if (!tok)
		return -ENOMEM;
	rec = json_tokener_parse_ex(tok, line, (int)len);
	if (!rec && json_tokener_get_error(tok) == json_tokener_continue) /* a number or word at the end of the input */
		rec = json_tokener_parse_ex(tok, "", 1);
	json_tokener_free(tok);
	type = rec && json_object_is_type(rec, json_type_object) ? str(rec, "event_type") : NULL;
	if (!type) {
		json_object_put(rec);
		return -EINVAL;
	}
	l->records++;
	if (!strcmp(type, "syscall"))
		syscall_record(l, rec);
	else if (!strcmp(type, "process"))
		process_record(l, rec);
	else if (!strcmp(type, "header"))
		header_record(l, rec);
	else if (!strcmp(type, "summary")) {
		l->summary = true;
		l->duration_ms = (uint64_t)num(rec, "duration_ms", 0);
	}
	json_object_put(rec);
	return 0;
}
