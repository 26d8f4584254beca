/* SPDX-License-Identifier: Apache-2.0 */
#include "run_policy.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/sha256.h"
#include "base/util.h"

/* A policy is a regular file, or a pipe of the shell's: <(...). */
static int read_policy(void *ctx, const char *file, size_t max, char **ret_text, size_t *ret_len)
{
	_cleanup_(close) int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	_cleanup_(free) char *text = NULL;
	size_t len = 0;
	struct stat st;
	ssize_t n = 1;

	(void)ctx;
	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		return -EINVAL;
	fcntl(fd, F_SETFL, 0);
	text = malloc(max + 2);
	if (!text)
		return -ENOMEM;
	while (len <= max && (n = read(fd, text + len, max + 1 - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		return -errno;
	if (len > max)
		return -EFBIG;
	if (!len && S_ISFIFO(st.st_mode)) /* nobody writes into it: an empty policy was surely not meant */
		return -ENODATA;
	text[len] = 0;
	*ret_text = steal_ptr(&text);
	*ret_len = len;
	return 0;
}

struct policy_env run_policy__env(const char *home, const char *cwd)
{
	return (struct policy_env){ .home = home, .cwd = cwd, .read_file = read_policy };
}

static int bad_user(const char *spec, const char *why, const char *hint)
{
	log_err(-EINVAL, "run: --user '%.100s': %s", spec, why);
	log_hint("%s", hint);
	return -EINVAL;
}

/* "1000", "1000:100": whoever that is. */
static int numeric_user(const char *spec, struct run_user *u)
{
	char copy[64], *colon;
	uint64_t uid, gid;

	snprintf(copy, sizeof(copy), "%s", spec);
	colon = strchr(copy, ':');
	if (colon)
		*colon++ = 0;
	if (parse_u64(copy, 0, UINT32_MAX - 1, &uid))
		return -EINVAL;
	u->uid = (uid_t)uid;
	u->gid = (gid_t)uid;
	if (colon && parse_u64(colon, 0, UINT32_MAX - 1, &gid))
		return -EINVAL;
	if (colon)
		u->gid = (gid_t)gid;
	return 0;
}

int run_policy__user(const char *spec, struct run_user *ret)
{
	const struct passwd *pw = NULL;

	memset(ret, 0, sizeof(*ret));
	if (!spec)
		return 0;
	if (geteuid())
		return bad_user(spec, "only root can run a command as somebody else", "leave it out, or use sudo");
	if (*spec >= '0' && *spec <= '9') {
		if (numeric_user(spec, ret))
			return bad_user(spec, "not a user's number", "write --user 1000 or --user 1000:100");
		pw = getpwuid(ret->uid);
		if (pw && !strchr(spec, ':'))
			ret->gid = pw->pw_gid;
	} else {
		pw = getpwnam(spec);
		if (!pw)
			return bad_user(spec, "there is no such user", "`getent passwd` lists them; a number is accepted too");
		ret->uid = pw->pw_uid;
		ret->gid = pw->pw_gid;
	}
	ret->other = true;
	if (pw) {
		snprintf(ret->name, sizeof(ret->name), "%s", pw->pw_name);
		snprintf(ret->home, sizeof(ret->home), "%s", pw->pw_dir);
	}
	return 0;
}

const char *run_policy__home(const struct run_user *user, char *buf, size_t size)
{
	const char *home = user->other ? user->home : getenv("HOME");
	const struct passwd *pw;
	size_t len;

	if (!user->other && (!home || *home != '/')) {
		pw = getpwuid(geteuid());
		home = pw ? pw->pw_dir : NULL;
	}
	if (!home || *home != '/' || snprintf(buf, size, "%s", home) >= (int)size)
		return NULL;
	len = strlen(buf);
	while (len > 1 && buf[len - 1] == '/')
		buf[--len] = 0;
	/* a home of "/" or of nobody ("/nonexistent") is no place for an own one */
	return len > 1 && !access(buf, F_OK) ? buf : NULL;
}

static int explain(int err, const struct policy_error *e)
{
	log_err(err, "%s", e->text);
	if (e->hint[0])
		log_hint("%s", e->hint);
	return err;
}

static void set_limits(const struct run_options *o, struct policy *p)
{
	if (o->timeout_set)
		policy__set_u64(p, &p->timeout_ns, o->timeout_ns, "--timeout");
	if (o->memory)
		policy__set_u64(p, &p->memory, o->memory, "--memory");
	if (o->pids)
		policy__set_u64(p, &p->pids, o->pids, "--pids");
	if (o->cpus_milli)
		policy__set_u64(p, &p->cpus_milli, o->cpus_milli, "--cpus");
	if (o->tmpfs_size)
		policy__set_u64(p, &p->tmpfs_size, o->tmpfs_size, "--tmpfs-size");
	if (o->max_file_size)
		policy__set_u64(p, &p->max_file_size, o->max_file_size, "--max-file-size");
	if (o->max_output)
		policy__set_u64(p, &p->output, o->max_output, "--max-output");
}

/*
 * Policies name what holds keys as /root/... and /home/.../...; a home directory elsewhere is denied the same, should a rule
 * like "/" make it visible.
 */
static int deny_at_home(struct policy *p, const struct policy_env *env, struct policy_error *e)
{
	size_t n = p->n_rules;
	int err = 0;

	if (!env->home || !strncmp(env->home, "/home/", 6) || !strcmp(env->home, "/root"))
		return 0;
	for (size_t i = 0; i < n && !err; i++) {
		char path[4096];

		if (p->rules[i].kind == RULE_DENY && !strncmp(p->rules[i].value, "/root/", 6) &&
		    snprintf(path, sizeof(path), "%s%s", env->home, p->rules[i].value + 5) < (int)sizeof(path))
			err = policy__add(p, RULE_DENY, "built-in", path, env, e);
	}
	return err;
}

int run_policy__build(const struct run_options *o, const struct run_user *user, const struct policy_env *env, struct policy **ret)
{
	struct policy *p = policy__new();
	struct policy_error e = {};
	char option[64];
	int err = 0;

	if (!p)
		return log_errno(-ENOMEM, "make the policy");
	if (!o->n_policies)
		err = policy__load(p, "default", env, &e);
	for (size_t i = 0; i < o->n_policies && !err; i++)
		err = policy__load(p, o->policies[i], env, &e);
	for (size_t i = 0; i < o->n_rules && !err; i++) {
		snprintf(option, sizeof(option), "--%s", o->rules[i].option);
		err = policy__add(p, (enum rule_kind)o->rules[i].kind, option, o->rules[i].value, env, &e);
	}
	if (!err && o->allow_exec)
		err = policy__add(p, RULE_EXEC, "--allow-exec", NULL, env, &e);
	if (!err && o->allow_net)
		err = policy__add(p, RULE_NET, "--allow-net", NULL, env, &e);
	/* the resolver's configuration is of use, and no secret, where the network is the host's */
	if (!err && p->net_all)
		err = policy__add(p, RULE_READ, "--allow-net", "/etc/resolv.conf", env, &e);
	if (!err)
		err = deny_at_home(p, env, &e);
	for (size_t i = 0; user->name[0] && i < 2 && !err; i++) {
		char set[80];

		snprintf(set, sizeof(set), "%s=%s", i ? "LOGNAME" : "USER", user->name);
		err = policy__add(p, RULE_ENV_SET, "--user", set, env, &e);
	}
	if (!err) {
		set_limits(o, p);
		p->overlay |= o->overlay;
		p->unix_sockets |= o->allow_unix;
		err = policy__finish(p, &e);
	}
	if (err) {
		policy__free(p);
		return explain(err, &e);
	}
	*ret = p;
	return 0;
}

int run_policy__hash(const struct policy *p, char ret[65])
{
	_cleanup_(free) char *text = policy__print(p);
	uint8_t hash[SHA256_BYTES];
	int err = text ? sha256__of(text, strlen(text), hash) : log_errno(-ENOMEM, "print the policy");

	ret[0] = 0;
	for (size_t i = 0; !err && i < sizeof(hash); i++)
		snprintf(ret + 2 * i, 3, "%02x", hash[i]);
	return err;
}
