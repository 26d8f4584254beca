/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/util.h"
#include "sys.h"

#define DEGRADED(s, layer) ((s)->opts.degraded & (1U << (layer)))

static const char *const ns_files[SANDBOX_NAMESPACES] = { "user", "mnt", "pid", "net", "ipc", "uts", "cgroup" };

/* ---- before the child ---------------------------------------------------------------------------------------- */

static void note_own_namespaces(struct sandbox *s)
{
	char path[64];
	struct stat st;

	for (int i = 0; i < SANDBOX_NAMESPACES; i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", ns_files[i]);
		s->own_ns[i] = stat(path, &st) ? 0 : st.st_ino;
	}
	s->own_pid = getpid();
}

/*
 * The name of ID in FILE (/etc/passwd, /etc/group). Read directly: asking the name service would load its modules into this
 * process, which takes longer than the rest of the set-up.
 */
static void name_of(const char *file, unsigned int id, char *ret, size_t size)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	_cleanup_(fclose) FILE *f = fopen(file, "re");
	char line[1024], *password, *number, *end;
	size_t len;

	snprintf(ret, size, "user");
	for (int i = 0; f && i < 10000 && fgets(line, sizeof(line), f); i++) {
		password = strchr(line, ':');
		number = password ? strchr(password + 1, ':') : NULL;
		if (!number || strtoul(number + 1, &end, 10) != id || end == number + 1)
			continue;
		len = (size_t)(password - line);
		if (!len || len >= size || strspn(line, allowed) != len)
			continue;
		memcpy(ret, line, len);
		ret[len] = 0;
		return;
	}
}

/* The files that stand in for those of the host: only the user's own name, and where localhost is. */
static int synthesize(struct sandbox *s)
{
	const char *home = s->grants.home ? s->grants.home : "/";
	char host[4096] = "", user[64] = "", group[64] = "";
	int n;

	if (s->uid)
		name_of("/etc/passwd", s->uid, user, sizeof(user));
	if (s->gid)
		name_of("/etc/group", s->gid, group, sizeof(group));

	snprintf(s->hostname, sizeof(s->hostname), "%s", s->opts.hostname ? s->opts.hostname : "sandbox");
	n = snprintf(s->passwd, sizeof(s->passwd), "root:x:0:0:root:%s:/bin/sh\n", s->uid ? "/" : home);
	if (s->uid)
		n += snprintf(s->passwd + n, sizeof(s->passwd) - (size_t)n, "%s:x:%u:%u::%s:/bin/sh\n", user, s->uid, s->gid, home);
	if (s->uid != 65534)
		snprintf(s->passwd + n, sizeof(s->passwd) - (size_t)n, "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n");
	n = snprintf(s->group, sizeof(s->group), "root:x:0:\n");
	if (s->gid)
		n += snprintf(s->group + n, sizeof(s->group) - (size_t)n, "%s:x:%u:\n", group, s->gid);
	if (s->gid != 65534)
		snprintf(s->group + n, sizeof(s->group) - (size_t)n, "nogroup:x:65534:\n");
	/* with the host's network, its own names of it */
	if (s->net.all)
		read_file_str("/etc/hosts", host, sizeof(host));
	n = snprintf(s->hosts, sizeof(s->hosts), "127.0.0.1 localhost\n::1 localhost ip6-localhost\n127.0.1.1 %s\n%s%s%s",
		     s->hostname, host, *host ? "\n" : "", s->net.hosts ? s->net.hosts : "");
	if (n >= (int)sizeof(s->hosts)) {
		log_err(0, "the addresses that network.allow resolves to do not fit into a hosts file of %zu bytes",
			sizeof(s->hosts));
		log_hint("list fewer names, or addresses instead of names");
		return -E2BIG;
	}
	return 0;
}

/* Is the host's PATH there inside? What is below a private place is not, but for the place itself. */
static bool visible_dir(const struct sandbox *s, const char *path)
{
	struct verdict_path v = grants__path(&s->grants, path, ACCESS_READ);
	struct stat st;

	if (!v.allowed || !v.grant || (v.grant->kind != GRANT_HOST && strcmp(v.grant->path, path)))
		return false;
	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* Is this rule's path, as it was typed, part of a word of the command? Then those words are relative to where we are. */
static bool command_names(const struct sandbox *s, const char *typed)
{
	const char *word;
	size_t len;

	while (!strncmp(typed, "./", 2))
		typed += 2;
	len = strlen(typed);
	while (len && typed[len - 1] == '/')
		len--;
	for (int i = 1; s->opts.argv[0] && (word = s->opts.argv[i]); i++)
		for (const char *at = word; len && (at = memmem(at, strlen(at), typed, len)); at++)
			if ((at == word || !strchr("._-", at[-1])) && !strchr("._-", at[len] ? at[len] : '/'))
				return true;
	return false;
}

/*
 * Where the command starts: --chdir; the caller's directory if it is visible; the one directory that --allow-path
 * names, so that `run --allow-path ./project npm install` installs there, unless the command itself names that
 * directory and so is written for where the caller is; the caller's directory as the empty path to what is granted below; the
 * private home; "/".
 */
static int start_directory(struct sandbox *s)
{
	const char *dir = s->opts.chdir, *granted = NULL;
	unsigned int n_granted = 0;
	bool named = false;
	char absolute[4096];

	if (dir) {
		if (*dir != '/' && snprintf(absolute, sizeof(absolute), "%s/%s", s->opts.cwd, dir) < (int)sizeof(absolute))
			dir = absolute;
		if (grants__canonical(&s->grants, dir, s->start_dir, sizeof(s->start_dir)) ||
		    (!visible_dir(s, s->start_dir) && !grants__skeleton(&s->grants, s->start_dir))) {
			log_err(0, "--chdir '%s': no such directory inside the sandbox", s->opts.chdir);
			log_hint("make it visible too: --read '%s', or --allow-path '%s' to let it be changed", s->opts.chdir,
				 s->opts.chdir);
			return -ENOENT;
		}
		return 0;
	}
	for (size_t i = 0; i < s->grants.n; i++) {
		const struct grant *g = &s->grants.v[i];

		if (g->kind == GRANT_HOST && g->dir && g->access & ACCESS_WRITE && g->rule && !g->rule->src.line) {
			granted = g->path;
			n_granted++;
			named |= command_names(s, g->rule->text);
		}
	}
	/* the private home is a place to fall back to, not one that the caller is in */
	if (visible_dir(s, s->opts.cwd) && !(s->grants.home && !strcmp(s->grants.home, s->opts.cwd)))
		dir = s->opts.cwd;
	else if (n_granted == 1 && !named)
		dir = granted;
	else if (n_granted && grants__skeleton(&s->grants, s->opts.cwd))
		dir = s->opts.cwd;
	else
		dir = s->grants.home ? s->grants.home : "/";
	snprintf(s->start_dir, sizeof(s->start_dir), "%s", dir);
	return 0;
}

static int check_landlock(struct sandbox *s)
{
	/* without sockets of AF_UNIX there is nothing that could reach them */
	bool shared = !s->net.isolated && s->policy->unix_sockets;

	s->landlock_abi = landlock__abi();
	if (DEGRADED(s, LAYER_LANDLOCK) || s->landlock_abi >= (shared ? 6 : 1))
		return 0;
	if (s->landlock_abi) {
		log_err(0, "this kernel's Landlock (ABI %d) cannot keep the command from the host's abstract sockets, which come "
			"with the host's network and Unix sockets together", s->landlock_abi);
		log_hint("run without --allow-unix, on Linux 6.12 or newer, or with --allow-degraded=landlock");
		return -ENOTSUP;
	}
	if (errno == EOPNOTSUPP) {
		log_err(0, "Landlock is not enabled on this kernel");
		log_hint("boot with lsm=landlock,... or accept weaker protection with --allow-degraded=landlock");
	} else {
		log_err(0, "this kernel has no Landlock (Linux 5.13 and later have, where CONFIG_SECURITY_LANDLOCK is set)");
		log_hint("use a newer kernel, or accept weaker protection with --allow-degraded=landlock");
	}
	return -ENOTSUP;
}

/* Whatever is shown of the host is restricted before it is attached anywhere, which kernels before 5.12 cannot do. */
static int check_mounts(const struct sandbox *s)
{
	struct st_mount_attr none = {};

	if (DEGRADED(s, LAYER_MOUNT) || !sys_mount_setattr(-1, 0, &none) || errno != ENOSYS)
		return 0;
	log_err(0, "layer mount: this kernel has no mount_setattr, which restricts what the sandbox shows of the host");
	log_hint("use Linux 5.13 or newer: 5.12 brought mount_setattr, 5.13 Landlock");
	return -ENOSYS;
}

/* A directory as standard stream would be a door to the host's tree: paths can be walked from it. */
static int check_streams(void)
{
	static const char *const names[] = { "input", "output", "error" };

	for (int fd = 0; fd < 3; fd++) {
		int flags = fcntl(fd, F_GETFL);
		struct stat st;

		if (flags < 0 || (!(flags & O_PATH) && (fstat(fd, &st) || !S_ISDIR(st.st_mode))))
			continue;
		log_err(0, "standard %s is a directory: the command could walk the host's tree from it", names[fd]);
		log_hint("redirect it: </dev/null");
		return -EISDIR;
	}
	return 0;
}

/* What may be executed is Landlock's to say: without it the rules would be words. */
static int check_exec(const struct sandbox *s)
{
	if (s->landlock_abi || s->grants.exec == EXEC_ANY || DEGRADED(s, LAYER_EXEC))
		return 0;
	log_err(0, "without Landlock nothing limits what the command may execute");
	log_hint("allow it: --allow-exec; or --allow-degraded=exec");
	return -ENOTSUP;
}

/* Only directories have overlays: a single file would be written through to the host. */
static int check_overlay(const struct sandbox *s)
{
	for (size_t i = 0; s->policy->overlay && i < s->grants.n; i++) {
		const struct grant *g = &s->grants.v[i];

		if (g->kind != GRANT_HOST || g->dir || !(g->access & ACCESS_WRITE))
			continue;
		log_err(0, "%s may be written and is a file: an overlay can only hold the changes of a directory", g->path);
		log_hint("allow its directory, or run without --overlay");
		return -ENOTDIR;
	}
	return 0;
}

int sandbox__prepare(struct sandbox *s, const struct policy *policy, const struct sandbox_opts *opts)
{
	struct resolve_opts ro = { .home = opts->home, .command = &s->chain };
	int err;

	memset(s, 0, sizeof(*s));
	s->policy = policy;
	s->opts = *opts;
	s->uid = opts->as_user ? opts->uid : geteuid();
	s->gid = opts->as_user ? opts->gid : getegid();
	s->privileged = geteuid() == 0;
	s->user_ns = true;
	s->umask = umask(022);
	umask(s->umask);
	note_own_namespaces(s);
	err = check_streams();
	if (!err)
		err = network__plan(policy, &s->net);
	if (!err)
		err = check_landlock(s);
	if (!err)
		err = check_mounts(s);
	if (!err)
		err = resolve__command(opts->command, getenv("PATH"), &s->chain);
	if (!err) {
		/* a relative name is relative to where the caller is; a link of the caller's may not be there inside */
		s->exec_path = *opts->command == '/' && !s->chain.v[0].link ? opts->command : s->chain.v[0].path;
		err = resolve__policy(policy, &ro, &s->grants);
	}
	if (!err)
		err = check_overlay(s);
	if (!err)
		err = check_exec(s);
	if (!err)
		err = synthesize(s);
	if (!err)
		err = start_directory(s);
	if (!err)
		err = environ__build(policy, environ, s->grants.home ? s->grants.home : "/", &s->env);
	if (err)
		return err;
	s->seccomp = (struct seccomp_opts){ .policy = policy, .restrict_exec = s->grants.exec != EXEC_ANY, .net = !s->net.isolated };
	return 0;
}

int sandbox__make_filter(struct sandbox *s, struct sandbox_report *report)
{
	int err = seccomp__build(&s->seccomp, &s->filter);

	if (err)
		return err;
	report->n_insns = s->filter.n;
	memcpy(report->insns, s->filter.insns, s->filter.n * sizeof(report->insns[0]));
	return 0;
}

void sandbox__done(struct sandbox *s)
{
	environ__done(&s->env);
	seccomp__done(&s->filter);
	grants__done(&s->grants);
	resolve__command_done(&s->chain);
	network__plan_done(&s->net);
}

/* The cgroup namespace is made later, by the child, when it is in its cgroups: they are its roots then. */
uint64_t sandbox__clone_flags(const struct sandbox *s)
{
	uint64_t flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;

	if (s->user_ns)
		flags |= CLONE_NEWUSER;
	if (s->net.isolated)
		flags |= CLONE_NEWNET;
	return flags;
}

static int write_map(pid_t child, const char *file, const char *text)
{
	char path[64];
	int err;

	snprintf(path, sizeof(path), "/proc/%d/%s", child, file);
	err = write_file_str(path, text);
	return err ? log_errno(err, "write %s", path) : 0;
}

int sandbox__map_ids(const struct sandbox *s, pid_t child)
{
	char uid[64], gid[64];
	int err;

	if (!s->user_ns)
		return 0;
	snprintf(uid, sizeof(uid), "%u %u 1", s->uid, s->uid);
	snprintf(gid, sizeof(gid), "%u %u 1", s->gid, s->gid);
	/* root keeps setgroups long enough to drop its supplementary groups; others may only map a group without it */
	err = s->privileged ? 0 : write_map(child, "setgroups", "deny");
	if (!err)
		err = write_map(child, "uid_map", uid);
	return err ? err : write_map(child, "gid_map", gid);
}

/* ---- in the child -------------------------------------------------------------------------------------------- */

static void fail(struct setup *u, enum layer layer, int err, bool degradable, const char *fmt, va_list ap)
{
	if (degradable && u->sb->opts.degraded & (1U << layer)) {
		u->report->degraded |= 1U << layer;
		return;
	}
	vsnprintf(u->report->what, sizeof(u->report->what), fmt, ap);
	u->report->err = err;
	u->report->layer = (int)layer;
	_exit(125);
}

void setup__missing(struct setup *u, enum layer layer, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail(u, layer, err, true, fmt, ap);
	va_end(ap);
}

void setup__fail(struct setup *u, enum layer layer, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	/* EUCLEAN: a self-check found something wrong, which is no missing layer */
	fail(u, layer, err, layer != LAYER_MOUNT && err != EUCLEAN, fmt, ap);
	va_end(ap);
}

static void loopback_up(struct setup *u)
{
	_cleanup_(close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq req = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &req))
		setup__fail(u, LAYER_NETWORK, errno, "bring up the own loopback");
}

/*
 * --user: from here on we are that user, who owns whatever is made, but keep the capabilities of the new namespaces until
 * the root is built.
 */
static void become_user(struct setup *u)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2];
	const struct sandbox *s = u->sb;

	if (prctl(PR_SET_KEEPCAPS, 1) || setresgid(s->gid, s->gid, s->gid) || setresuid(s->uid, s->uid, s->uid) ||
	    syscall(SYS_capget, &head, caps))
		setup__fail(u, LAYER_USER_NS, errno, "become user %u and group %u", s->uid, s->gid);
	caps[0].effective = caps[0].permitted;
	caps[1].effective = caps[1].permitted;
	if (syscall(SYS_capset, &head, caps) || prctl(PR_SET_KEEPCAPS, 0))
		setup__fail(u, LAYER_USER_NS, errno, "keep the capabilities of the set-up as user %u", s->uid);
	/* changing ids forgets it */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void identity(struct setup *u)
{
	const struct sandbox *s = u->sb;

	if (s->privileged && setgroups(0, NULL))
		setup__fail(u, LAYER_USER_NS, errno, "drop the supplementary groups");
	if (limits__join(s->limits))
		setup__fail(u, LAYER_CGROUP, errno, "join the run's cgroups");
	if (s->opts.as_user)
		become_user(u);
	if (unshare(CLONE_NEWCGROUP))
		setup__fail(u, LAYER_CGROUP_NS, errno, "make a cgroup namespace");
	if (sethostname(s->hostname, strlen(s->hostname)) || setdomainname("", 0))
		setup__fail(u, LAYER_UTS_NS, errno, "set the host name");
	if (s->net.isolated)
		loopback_up(u);
}

static int receive_listener(int sock)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c;
	int fd = -1;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

static void open_terminal(struct setup *u)
{
	if (!u->sb->opts.tty)
		return;
	u->tty_master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (u->tty_master < 0)
		setup__fail(u, LAYER_MOUNT, errno, "open a terminal inside");
}

void sandbox__main(const struct sandbox *s, struct sandbox_report *report, int sock, int barrier, const sigset_t *mask)
{
	struct setup u = { .sb = s, .report = report, .root_fd = -1, .room_fd = -1, .tty_master = -1, .ruleset = -1,
			   .parent_fd = -1 };
	int pair[2] = { -1, -1 }, listener = -1;
	bool ask = s->grants.exec == EXEC_COMMAND;
	pid_t command;
	char go;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "sandtrace-init");
	if (recv(sock, &go, 1, 0) != 1)
		_exit(125);
	setsid();
	umask(022);
	identity(&u);
	landlock__begin(&u);
	rootfs__build(&u);
	open_terminal(&u);
	/* from here on nobody inside may look into us, nor stop us by ptrace */
	prctl(PR_SET_DUMPABLE, 0);
	if (ask && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		setup__fail(&u, LAYER_EXEC, errno, "make a socket pair");
	if (recv(sock, &go, 1, 0) != 1) /* the filter is made */
		_exit(125);
	confine__drop_caps(&u); /* for the init too: from here on nothing needs any */
	command = fork();
	if (command < 0)
		setup__fail(&u, LAYER_PID_NS, errno, "create the command's process");
	if (!command) {
		umask(s->umask);
		confine__command(&u, sock, pair[1], barrier, mask);
	}
	if (ask) {
		close(pair[1]);
		listener = receive_listener(pair[0]);
		if (listener < 0) /* the command's process failed and has said why */
			_exit(125);
	}
	init__run(&u, command, sock, listener);
}

/* ---- afterwards ---------------------------------------------------------------------------------------------- */

static const char *exec_text(const struct sandbox *s)
{
	switch (s->grants.exec) {
	case EXEC_COMMAND:
		return "only the command itself may be executed";
	case EXEC_LISTED:
		return "only what allow_exec lists may be executed";
	case EXEC_ANY:
		break;
	}
	return "whatever is visible may be executed";
}

static void describe_landlock(struct sandbox *s)
{
	char *text = s->layer_text[LAYER_LANDLOCK];
	size_t size = sizeof(s->layer_text[0]);

	if (s->landlock_abi >= 6)
		snprintf(text, size, "landlock: ABI %d, files, %ssignals, abstract sockets", s->landlock_abi,
			 landlock__filters_ports(s) ? "TCP ports, " : "");
	else
		snprintf(text, size, "landlock: ABI %d, files%s; this kernel's lacks %s%s%sscoping of signals and abstract sockets",
			 s->landlock_abi, landlock__filters_ports(s) ? ", TCP ports" : "", s->landlock_abi < 3 ? "truncate, " : "",
			 s->landlock_abi < 4 ? "TCP ports, " : "", s->landlock_abi < 5 ? "device ioctls, " : "");
}

static void describe_all(struct sandbox *s, const struct sandbox_report *report)
{
	size_t size = sizeof(s->layer_text[0]), host = 0, masks = 0, at = 0;
	char (*t)[sizeof(s->layer_text[0])] = s->layer_text;

	for (size_t i = 0; i < s->grants.n; i++) {
		host += s->grants.v[i].kind == GRANT_HOST;
		masks += s->grants.v[i].kind == GRANT_MASK;
	}
	if (s->user_ns)
		snprintf(t[LAYER_USER_NS], size, "user_ns: user %u and group %u only", s->uid, s->gid);
	snprintf(t[LAYER_MOUNT], size, "mount: %zu paths of the host, %zu masked, all else hidden%s", host, masks,
		 !s->policy->overlay	   ? "" :
		 report->overlay_partial ? "; changes go to an overlay that cannot remove directories" :
					   "; changes go to an overlay");
	snprintf(t[LAYER_PID_NS], size, "pid_ns: own processes only");
	if (s->net.isolated)
		snprintf(t[LAYER_NETWORK], size, "network: own namespace, loopback only");
	else if (!s->net.all)
		snprintf(t[LAYER_NETWORK], size, "network: %zu destinations through cgroup-BPF", s->net.n);
	snprintf(t[LAYER_IPC_NS], size, "ipc_ns: own System V and POSIX queues");
	snprintf(t[LAYER_UTS_NS], size, "uts_ns: host name %.40s", s->hostname);
	snprintf(t[LAYER_CGROUP_NS], size, "cgroup_ns: own root");
	snprintf(t[LAYER_CAPABILITIES], size, "capabilities: none, bounding and ambient included");
	snprintf(t[LAYER_NO_NEW_PRIVS], size, "no_new_privs: set-id and file capabilities give nothing");
	snprintf(t[LAYER_RLIMITS], size, "rlimits: no core files%s", s->policy->max_file_size.value != POLICY_UNLIMITED ?
									     ", file size" : "");
	describe_landlock(s);
	snprintf(t[LAYER_SECCOMP], size, "seccomp: profile %s, %u instructions",
		 s->policy->seccomp == SECCOMP_PROFILE_STRICT ? "strict" : "default", s->filter.n);
	for (int i = 0; i < LIMIT_KIND_MAX; i++)
		if (s->limits->by[i] != LIMIT_BY_NOTHING)
			at += (size_t)snprintf(t[LAYER_CGROUP] + MIN(at, size - 1), size - MIN(at, size - 1), "%s%s",
					       at ? "; " : "limits: ", s->limits->text[i]);
	snprintf(t[LAYER_EXEC], size, "exec: %s", exec_text(s));
}

void sandbox__describe(struct sandbox *s, const struct sandbox_report *report)
{
	size_t n = 0;

	describe_all(s, report);
	if (report->overlay_partial)
		log_warn("this kernel's tmpfs has no user attributes (Linux 6.6 and later have): in the overlay, a directory of the "
			 "host with something in it can be neither removed nor replaced (EIO)");
	for (int i = LAYER_NONE + 1; i < LAYER_MAX; i++)
		if (s->layer_text[i][0] && !(report->degraded & (1U << i)))
			s->layers[n++] = s->layer_text[i];
	s->layers[n] = NULL;
}
