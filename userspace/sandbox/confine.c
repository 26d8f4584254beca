/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last steps before the command: everything here is done by the process that becomes it, in the order in which
 * each step still may do what it needs, and is checked at the end, by looking, before the barrier.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/util.h"
#include "sandbox.h"
#include "sys.h"

#ifndef PR_CAP_AMBIENT
#define PR_CAP_AMBIENT 47
#define PR_CAP_AMBIENT_CLEAR_ALL 4
#endif
/* SECBIT_NOROOT, _NO_SETUID_FIXUP, _KEEP_CAPS off, _NO_CAP_AMBIENT_RAISE, each locked: user id 0 means nothing */
#define SECURE_BITS (0x1 | 0x2 | 0x4 | 0x8 | 0x20 | 0x40 | 0x80)

static const char *const ns_names[SANDBOX_NAMESPACES] = { "user", "mnt", "pid", "net", "ipc", "uts", "cgroup" };

void confine__drop_caps(struct setup *u)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = {};

	if (prctl(PR_SET_SECUREBITS, SECURE_BITS) && errno != EPERM)
		setup__fail(u, LAYER_CAPABILITIES, errno, "lock the securebits");
	/* EINVAL: one beyond the last that this kernel has */
	for (int cap = 0; cap < 64; cap++)
		if (prctl(PR_CAPBSET_DROP, cap) && (errno == EINVAL || errno == EPERM)) {
			if (errno == EINVAL)
				break;
			setup__fail(u, LAYER_CAPABILITIES, errno, "drop capability %d from the bounding set", cap);
		}
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &head, none))
		setup__fail(u, LAYER_CAPABILITIES, errno, "drop all capabilities");
}

/* A session keyring of its own: keys of the caller's session are out of reach even if a filter is lifted. */
static void own_keyring(void)
{
	syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, NULL);
}

static void own_terminal(struct setup *u)
{
	char name[32];
	unsigned int number = 0;
	int unlock = 0, slave;

	if (u->tty_master < 0)
		return;
	if (ioctl(u->tty_master, TIOCSPTLCK, &unlock) || ioctl(u->tty_master, TIOCGPTN, &number))
		setup__fail(u, LAYER_MOUNT, errno, "prepare the terminal");
	snprintf(name, sizeof(name), "/dev/pts/%u", number);
	slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0 || ioctl(slave, TIOCSCTTY, 0))
		setup__fail(u, LAYER_MOUNT, errno, "open %s", name);
	for (int fd = 0; fd < 3; fd++)
		dup2(slave, fd);
}

static void streams(const struct sandbox *sb)
{
	if (sb->opts.out_fd >= 0)
		dup2(sb->opts.out_fd, STDOUT_FILENO);
	if (sb->opts.err_fd >= 0)
		dup2(sb->opts.err_fd, STDERR_FILENO);
	/*
	 * A caller may have closed 0, 1 or 2; sandtrace has then put something there that goes at execve. Whatever the
	 * command opens first must not become its standard output.
	 */
	for (int fd = 0; fd < 3; fd++) {
		int flags = fcntl(fd, F_GETFD), null;

		if (flags >= 0 && !(flags & FD_CLOEXEC))
			continue;
		null = open("/dev/null", fd ? O_WRONLY : O_RDONLY);
		if (null != fd)
			dup2(null, fd);
	}
}

/* By looking, not by remembering what was called. */
static void self_check(struct setup *u)
{
	const struct sandbox *sb = u->sb;
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2] = { { ~0U, ~0U, ~0U } };
	uint64_t flags = sandbox__clone_flags(sb) | 0x2000000 /* CLONE_NEWCGROUP */;
	static const uint64_t ns_flags[SANDBOX_NAMESPACES] = { 0x10000000, 0x20000, 0x20000000, 0x40000000, 0x8000000, 0x4000000,
							       0x2000000 };
	static const enum layer ns_layers[SANDBOX_NAMESPACES] = { LAYER_USER_NS, LAYER_MOUNT, LAYER_PID_NS, LAYER_NETWORK,
								  LAYER_IPC_NS, LAYER_UTS_NS, LAYER_CGROUP_NS };
	char path[64];
	struct stat st;

	for (int i = 0; i < SANDBOX_NAMESPACES; i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", ns_names[i]);
		if (flags & ns_flags[i] && (stat(path, &st) || st.st_ino == sb->own_ns[i]))
			setup__fail(u, ns_layers[i], EUCLEAN, "self-check: the %s namespace is still the host's", ns_names[i]);
	}
	if (syscall(SYS_capget, &head, caps) || caps[0].effective | caps[0].permitted | caps[0].inheritable | caps[1].effective |
						    caps[1].permitted | caps[1].inheritable)
		setup__fail(u, LAYER_CAPABILITIES, EUCLEAN, "self-check: capabilities are left");
	for (int cap = 0, set; cap < 64 && (set = prctl(PR_CAPBSET_READ, cap)) >= 0; cap++)
		if (set)
			setup__fail(u, LAYER_CAPABILITIES, EUCLEAN, "self-check: capability %d is left in the bounding set", cap);
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		setup__fail(u, LAYER_NO_NEW_PRIVS, EUCLEAN, "self-check: no_new_privs is not set");
	/* the canary: sandtrace itself is there outside, and must not be here */
	snprintf(path, sizeof(path), "/proc/%d", sb->own_pid);
	if (sb->own_pid > 16 && !stat(path, &st))
		setup__fail(u, LAYER_PID_NS, EUCLEAN, "self-check: a process of the host is visible");
	snprintf(path, sizeof(path), "/proc/1/root/.");
	if (!stat(path, &st))
		setup__fail(u, LAYER_PID_NS, EUCLEAN, "self-check: the init process can be looked into");
}

static void send_listener(struct setup *u, int sock, int listener)
{
	char byte = 'l', control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &listener, sizeof(int));
	if (sendmsg(sock, &msg, 0) != 1)
		setup__fail(u, LAYER_EXEC, errno, "hand over the exec listener");
}

static void ready(struct setup *u, int sock)
{
	char byte = 'r', control[CMSG_SPACE(sizeof(int) * (2 * SANDBOX_MAX_OVERLAYS + 1))] = {};
	int fds[2 * SANDBOX_MAX_OVERLAYS + 1];
	size_t n = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (u->tty_master >= 0)
		fds[n++] = u->tty_master;
	for (unsigned int i = 0; i < 2 * u->n_overlays; i++)
		fds[n++] = u->overlay_fds[i];
	if (n) {
		struct cmsghdr *c;

		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
	}
	if (sendmsg(sock, &msg, 0) != 1)
		setup__fail(u, LAYER_PID_NS, errno, "tell that the command is ready");
}

/* The two descriptors that are still needed go to 3 and 4; everything above is closed, whatever it was. */
static void close_all(int *sock, int *barrier)
{
	int s = fcntl(*sock, F_DUPFD_CLOEXEC, 5), b = fcntl(*barrier, F_DUPFD_CLOEXEC, 5);

	dup3(s, 3, O_CLOEXEC);
	dup3(b, 4, O_CLOEXEC);
	close_range(5, ~0U, 0);
	*sock = 3;
	*barrier = 4;
}

/*
 * The filter comes last, when nothing can be told any more: whether it can be installed at all is asked before. A program
 * that is not there is EFAULT where everything else is in order.
 */
static void try_seccomp(struct setup *u)
{
	if (syscall(SYS_seccomp, 1 /* SECCOMP_SET_MODE_FILTER */, 0, NULL) && errno != EFAULT)
		setup__fail(u, LAYER_SECCOMP, errno, "install a system call filter");
}

void confine__command(struct setup *u, int sock, int listener_sock, int barrier, const sigset_t *mask)
{
	const struct sandbox *sb = u->sb;
	ssize_t n;
	char go;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	own_keyring();
	streams(sb);
	own_terminal(u);
	if (chdir(sb->start_dir))
		setup__fail(u, LAYER_MOUNT, errno, "change to %s inside", sb->start_dir);
	if (limits__apply_rlimits(sb->limits))
		setup__fail(u, LAYER_RLIMITS, errno, "set the resource limits");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		setup__fail(u, LAYER_NO_NEW_PRIVS, errno, "set no_new_privs");
	landlock__restrict(u);
	if (listener_sock >= 0) {
		int listener = seccomp__install_exec_listener();

		if (listener < 0)
			setup__fail(u, LAYER_EXEC, -listener, "install the exec listener");
		send_listener(u, listener_sock, listener);
		close(listener);
		close(listener_sock);
	}
	self_check(u);
	try_seccomp(u);
	/* nobody else is inside yet; sandtrace may look at us, which takes this until the execve */
	prctl(PR_SET_DUMPABLE, 1);
	ready(u, sock);
	close_all(&sock, &barrier);
	sigprocmask(SIG_SETMASK, mask, NULL);
	do
		n = read(barrier, &go, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1) /* sandtrace gave up or was killed before it let go */
		_exit(125);
	/* it asks a tracer, which is there by now; the other one may refuse any call but execve, so it comes last */
	n = u->report->n_interest ? seccomp__install_program(u->report->interest, u->report->n_interest) : 0;
	if (n) /* the tracer waits for what it would never be told: no layer, and nothing to do without */
		setup__fail(u, LAYER_SECCOMP, EUCLEAN, "the filter that chooses the calls to record cannot be installed");
	else
		n = seccomp__install(&(struct seccomp_filter){ u->report->insns, u->report->n_insns });
	if (n)
		setup__fail(u, LAYER_SECCOMP, (int)-n, "install the system call filter");
	execve(sb->exec_path, sb->opts.argv, sb->env.envp);
	u->report->exec_errno = errno;
	_exit(127);
}
