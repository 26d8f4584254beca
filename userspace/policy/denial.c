/* SPDX-License-Identifier: Apache-2.0 */
/* Which layer a failed call leads to: first the exact marks, then the errors that only one layer can be the reason of. */
#include "denial.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "../base/util.h"
#include "../event/syscalls.h"
#include "../sandbox/seccomp.h"
#include "denial_impl.h"

static bool is_one_of(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(name, list[i]))
			return true;
	return false;
}
#define IS_ONE_OF(name, ...)                                                                  \
	({                                                                                    \
		static const char *const _list[] = { __VA_ARGS__ };                           \
		is_one_of(name, _list, ARRAY_SIZE(_list));                                    \
	})

/* "syscall mount", or with its ABI where that is not the usual one. */
static void name_call(const struct denial_case *k, struct denial *d)
{
	const struct event *ev = k->ev;
	char prefix[32] = "syscall ";

	if (ev->syscall->abi != EV_ABI_NATIVE)
		snprintf(prefix, sizeof(prefix), "syscall %s ", syscalls__abi_name((enum ev_abi)ev->syscall->abi));
	denial__object(d, prefix, ev->name);
	d->err = k->err;
}

/* Some calls are refused for what they ask for, not for what they are: "syscall socket(AF_PACKET, SOCK_RAW)". */
static void name_arguments(const struct denial_case *k, struct denial *d)
{
	static const struct {
		const char *name;
		uint8_t first, last;
	} shown[] = { { "socket", 0, 1 }, { "socketpair", 0, 1 }, { "clone", 0, 0 }, { "ioctl", 1, 1 }, { "prctl", 0, 0 },
		      { "unshare", 0, 0 }, { "ptrace", 0, 0 }, { "personality", 0, 0 }, { "memfd_create", 1, 1 } };
	const struct event *ev = k->ev;
	char text[256];
	uint64_t args[6];
	size_t n = strlen(d->object);

	memcpy(args, ev->syscall->args, sizeof(args));
	if (!strncmp(ev->sig->name, "socket", 6))
		args[1] &= 0xf; /* whatever its flags */
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
		if (strcmp(shown[i].name, ev->sig->name) || ev->syscall->abi != EV_ABI_NATIVE)
			continue;
		for (unsigned int a = shown[i].first; a <= shown[i].last && n < sizeof(d->object) - 1; a++) {
			if (!flags__format_arg(ev->sig, a, args, EV_ABI_NATIVE, text, sizeof(text)))
				snprintf(text, sizeof(text), "0x%llx", (unsigned long long)args[a]);
			n += (size_t)snprintf(d->object + n, sizeof(d->object) - n, "%s%.100s%s",
					      a == shown[i].first ? "(" : ", ", text, a == shown[i].last ? ")" : "");
		}
		return;
	}
}

/*
 * Refused by the listener that lets only the command's own programs through; the call never began, which is also why a
 * path that does not exist ends here: shells try one directory of PATH after the other.
 */
static bool judge_exec_listener(const struct denial_case *k, struct denial *d)
{
	const struct grants *g = k->ctx->grants;
	unsigned int arg = strcmp(k->ev->sig->name, "execveat") ? 0 : 1;
	const struct part *p = event__part(k->ev, arg);
	char path[DENIAL_PATH_MAX];
	size_t len = p ? MIN((size_t)p->len, sizeof(path) - 1) : 0;

	if (g->exec == EXEC_ANY || k->err != EACCES)
		return false;
	d->layer = LAYER_EXEC;
	d->access = "execute";
	d->err = k->err;
	denial__rule(d, g->exec == EXEC_LISTED ? "not in allow_exec" : "only the command itself may be executed");
	if (denial_path__absolute(k, arg, path)) {
		d->expected = k->ctx->exists && !k->ctx->exists(k->ctx->ctx, path);
		denial__object(d, "", path);
		if (!denial__denied_by_rule(k, path, ACCESS_EXEC, d))
			denial__suggest_path(d, "filesystem.allow_exec", "--allow-exec", false, path);
		return true;
	}
	memcpy(path, len ? (const char *)p->data : "", len);
	path[len] = 0;
	denial__object(d, "", *path ? path : "(unreadable)");
	denial__suggest(d, "", "", "--allow-exec");
	return true;
}

/* Would this socket be allowed if there were a network? */
static bool needs_network(const struct seccomp_opts *o, const struct event *ev)
{
	struct seccomp_opts with = *o;
	uint64_t args[6];

	if (o->net || strcmp(ev->name, "socket"))
		return false;
	with.net = true;
	memcpy(args, ev->syscall->args, sizeof(args));
	return seccomp__decide_args(&with, ev->name, args).verdict == SECCOMP_ALLOW;
}

static bool judge_seccomp(const struct denial_case *k, struct denial *d)
{
	const struct event *ev = k->ev;
	const struct grants *g = k->ctx->grants;
	struct seccomp_opts o = {
		.policy = g->policy,
		.restrict_exec = g->exec != EXEC_ANY,
		.net = !k->ctx->net_isolated,
	};
	struct seccomp_decision s;
	uint64_t args[6];
	bool exec = !strcmp(ev->sig->name, "execve") || !strcmp(ev->sig->name, "execveat");
	bool unix_socket = !strcmp(ev->sig->name, "socket") && (uint32_t)ev->syscall->args[0] == AF_UNIX;

	name_call(k, d);
	d->layer = LAYER_SECCOMP;
	if (ev->syscall->abi != EV_ABI_NATIVE) {
		denial__rule(d, "calls of another ABI");
		return true;
	}
	if (ev->sig->n_args && !strcmp(ev->sig->args[0].name, "arg0") && !syscalls__name(EV_ABI_NATIVE, ev->syscall->nr)) {
		denial__rule(d, "a call that is not known");
		d->expected = k->err == ENOSYS;
		return true;
	}
	memcpy(args, ev->syscall->args, sizeof(args));
	s = seccomp__decide_args(&o, ev->name, args);
	if (s.verdict == SECCOMP_ALLOW)
		/* a filter of the command's own, unless it is the exec listener */
		return exec && judge_exec_listener(k, d);
	d->expected = s.verdict == SECCOMP_ENOSYS;
	if (s.rule)
		denial__rule_of(d, s.reason ? s.reason : "deny", s.rule);
	else
		denial__rule(d, s.reason ? s.reason : "not allowed by the profile");
	name_arguments(k, d);
	/* any call that is let through again is more of the kernel within reach */
	d->sensitive = true;
	if (unix_socket && g->policy && !g->policy->unix_sockets && !s.rule) {
		denial__rule(d, "network.unix is off");
		denial__suggest(d, "network.unix", "true", "--allow-unix");
		/* so the C library asks for nscd's whenever a user's name is looked up: no alarm */
		d->expected = args[1] == (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK) && !args[2];
	} else if (needs_network(&o, ev)) {
		denial__suggest(d, "", "", "--allow-net");
	} else if (exec) {
		denial__suggest(d, "filesystem.allow_exec", "**", "--allow-exec");
	} else if (s.liftable && !d->expected) {
		denial__suggest(d, "syscalls.allow", ev->name, "");
	} else {
		d->sensitive = false;
	}
	return true;
}

/* What needs a capability, which root outside would have had. NULL: none. */
static const char *capability_of(const char *name, int err)
{
	if (err != EPERM && err != EACCES)
		return NULL;
	if (IS_ONE_OF(name, "chown", "chown32", "lchown", "lchown32", "fchown", "fchown32", "fchownat"))
		return "CAP_CHOWN";
	if (IS_ONE_OF(name, "mknod", "mknodat"))
		return "CAP_MKNOD";
	if (IS_ONE_OF(name, "chmod", "fchmod", "fchmodat", "fchmodat2", "utime", "utimes", "utimensat", "futimesat"))
		return "CAP_FOWNER";
	if (IS_ONE_OF(name, "chroot", "pivot_root"))
		return "CAP_SYS_CHROOT";
	if (IS_ONE_OF(name, "setuid", "setreuid", "setresuid", "setfsuid"))
		return "CAP_SETUID";
	if (IS_ONE_OF(name, "setgid", "setregid", "setresgid", "setgroups", "setfsgid"))
		return "CAP_SETGID";
	if (IS_ONE_OF(name, "settimeofday", "clock_settime", "adjtimex", "clock_adjtime"))
		return "CAP_SYS_TIME";
	if (IS_ONE_OF(name, "setpriority", "sched_setscheduler", "sched_setparam", "sched_setattr", "ioprio_set"))
		return "CAP_SYS_NICE";
	if (IS_ONE_OF(name, "mlock", "mlock2", "mlockall"))
		return "CAP_IPC_LOCK";
	if (IS_ONE_OF(name, "setrlimit", "prlimit64"))
		return "CAP_SYS_RESOURCE";
	if (IS_ONE_OF(name, "capset"))
		return "CAP_SETPCAP";
	if (IS_ONE_OF(name, "reboot", "kexec_load", "kexec_file_load"))
		return "CAP_SYS_BOOT";
	if (IS_ONE_OF(name, "init_module", "finit_module", "delete_module"))
		return "CAP_SYS_MODULE";
	if (IS_ONE_OF(name, "iopl", "ioperm"))
		return "CAP_SYS_RAWIO";
	if (IS_ONE_OF(name, "syslog"))
		return "CAP_SYSLOG";
	if (IS_ONE_OF(name, "open_by_handle_at"))
		return "CAP_DAC_READ_SEARCH";
	if (IS_ONE_OF(name, "mount", "umount2", "umount", "sethostname", "setdomainname", "swapon", "swapoff", "acct", "quotactl",
		      "setns", "unshare", "setxattr", "lsetxattr", "fsetxattr", "fanotify_init", "bpf", "perf_event_open"))
		return "CAP_SYS_ADMIN";
	return NULL;
}

static bool judge_capability(const struct denial_case *k, struct denial *d)
{
	const char *name = k->ev->sig->name, *cap = capability_of(name, k->err);
	char path[DENIAL_PATH_MAX], prefix[64];

	if (k->ctx->privileged && k->err == EINVAL && (!strncmp(name, "setuid", 6) || !strncmp(name, "setgid", 6) ||
						       !strncmp(name, "setres", 6) || !strncmp(name, "setre", 5))) {
		name_call(k, d);
		d->layer = LAYER_USER_NS;
		denial__rule(d, "only the caller's own ids exist inside");
		return true;
	}
	if (!k->ctx->privileged || !cap)
		return false;
	name_call(k, d);
	d->layer = LAYER_CAPABILITIES;
	snprintf(d->rule, sizeof(d->rule), "no %s: all capabilities are dropped", cap);
	for (unsigned int i = 0; i < k->ev->sig->n_args; i++)
		if (k->ev->sig->args[i].type == ARG_PATH && denial_path__absolute(k, i, path)) {
			snprintf(prefix, sizeof(prefix), "%.50s ", name);
			denial__object(d, prefix, path);
			break;
		}
	return true;
}

static void suggest_limit(struct denial *d, const char *key, const char *flag, uint64_t value)
{
	char number[24], text[64] = "";

	snprintf(number, sizeof(number), "%llu", (unsigned long long)(value > UINT64_MAX / 4 ? value : value * 2));
	if (flag)
		snprintf(text, sizeof(text), "%s %s", flag, number);
	denial__suggest(d, key, number, text);
}

static bool set(const struct policy_u64 *v)
{
	return v->value && v->value != POLICY_UNLIMITED;
}

static bool judge_limit(const struct denial_case *k, struct denial *d)
{
	const struct policy *p = k->ctx->grants->policy;
	const char *name = k->ev->sig->name;

	if (!p)
		return false;
	name_call(k, d);
	if (k->err == EFBIG && set(&p->max_file_size) &&
	    IS_ONE_OF(name, "write", "writev", "pwrite64", "pwritev", "pwritev2", "ftruncate", "ftruncate64", "truncate",
		      "truncate64", "fallocate", "copy_file_range", "sendfile", "sendfile64", "splice")) {
		d->layer = LAYER_RLIMITS;
		snprintf(d->rule, sizeof(d->rule), "limits.max_file_size = %llu", (unsigned long long)p->max_file_size.value);
		suggest_limit(d, "limits.max_file_size", NULL, p->max_file_size.value);
		return true;
	}
	if (k->err == EMFILE && set(&p->open_files)) {
		d->layer = LAYER_RLIMITS;
		snprintf(d->rule, sizeof(d->rule), "limits.open_files = %llu", (unsigned long long)p->open_files.value);
		suggest_limit(d, "limits.open_files", NULL, p->open_files.value);
		return true;
	}
	if (k->err == EAGAIN && set(&p->pids) && IS_ONE_OF(name, "fork", "vfork", "clone", "clone3")) {
		d->layer = LAYER_CGROUP;
		snprintf(d->rule, sizeof(d->rule), "limits.pids = %llu", (unsigned long long)p->pids.value);
		suggest_limit(d, "limits.pids", "--pids", p->pids.value);
		return true;
	}
	return false;
}

/* Errors after which nothing can be learnt: most failed calls end here. */
static bool can_matter(int err)
{
	switch (err) {
	case EPERM: case ENOENT: case EAGAIN: case EACCES: case EXDEV: case ENOTDIR: case EINVAL: case EMFILE: case EFBIG:
	case EROFS: case EADDRNOTAVAIL: case ENETUNREACH: case ECONNREFUSED: case EHOSTUNREACH:
	case EINPROGRESS:
		return true;
	default:
		return false;
	}
}

/* What runs already is in no sandbox: the cgroup's network filter is the only layer that refuses a call of its. */
static bool judge_bare(const struct denial_case *k, struct denial *d)
{
	return k->err == EPERM && k->ctx->net_filtered && !(k->ev->hdr->flags & EV_F_NO_ENTER) && denial_net__judge(k, d);
}

bool denial__judge(const struct denial_ctx *c, const struct event *ev, struct denial *ret)
{
	const struct ev_syscall *s = ev->syscall;
	struct denial_case k = { .ctx = c, .ev = ev };
	bool failed;

	denial__clear(ret);
	if (!denial__candidate(ev))
		return false;
	failed = s->ret < 0 && s->ret >= -4095;
	k.err = failed ? (int)-s->ret : 0;
	if (!c->grants) {
		if (judge_bare(&k, ret))
			return true;
		denial__clear(ret);
		return false;
	}
	if (ev->hdr->flags & EV_F_NO_ENTER) {
		/* a result that no filter makes: a supervisor answered in the call's place */
		if (!failed && ev->action != ACTION_DENY)
			return false;
		if (judge_seccomp(&k, ret))
			return true;
		denial__clear(ret);
		return false;
	}
	if (can_matter(k.err) &&
	    (denial_path__judge(&k, ret) || denial_net__judge(&k, ret) || judge_capability(&k, ret) || judge_limit(&k, ret)))
		return true;
	denial__clear(ret);
	return false;
}
