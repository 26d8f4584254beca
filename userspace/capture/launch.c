/* SPDX-License-Identifier: Apache-2.0 */
#include "launch.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/util.h"
#include "cli/doctor_ns.h"

#ifndef PR_SET_PTRACER
#define PR_SET_PTRACER 0x59616d61
#endif

extern char **environ;

/* 0, or the errno execve would give for this file. */
static int executable(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) ? -errno : 0;
}

int launch__resolve(const char *command, char *ret_path, size_t size)
{
	const char *path = getenv("PATH"), *next;
	int found = -ENOENT;

	if (!*command)
		return -ENOENT;
	if (strchr(command, '/')) {
		if (snprintf(ret_path, size, "%s", command) >= (int)size)
			return -ENAMETOOLONG;
		return executable(command);
	}
	for (path = path ? path : "/bin:/usr/bin"; path; path = next ? next + 1 : NULL) {
		size_t dir;
		int err;

		next = strchr(path, ':');
		dir = next ? (size_t)(next - path) : strlen(path);
		if (snprintf(ret_path, size, "%.*s/%s", (int)dir, dir ? path : ".", command) >= (int)size)
			continue;
		if (!dir)
			snprintf(ret_path, size, "./%s", command);
		err = executable(ret_path);
		if (!err)
			return 0;
		/* as execvp: a file that is there but not executable is remembered, and the search goes on */
		if (err != -ENOENT && err != -ENOTDIR && found == -ENOENT)
			found = err;
	}
	return found;
}

/* The child waits at the barrier, so it is in its cgroup before it does anything. */
static pid_t fork_into(int cgroup_fd, int *ret_pidfd)
{
	_cleanup_(close) int procs = -1;
	char text[16];
	pid_t pid = fork();
	int n;

	if (pid <= 0)
		return pid;
	*ret_pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	n = snprintf(text, sizeof(text), "%d", pid);
	if (cgroup_fd >= 0)
		procs = openat(cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (*ret_pidfd >= 0 && (cgroup_fd < 0 || (procs >= 0 && write(procs, text, (size_t)n) == n)))
		return pid;
	n = errno;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	errno = n;
	return -1;
}

static pid_t clone_into(int cgroup_fd, uint64_t flags, int *ret_pidfd)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD | flags | (cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = cgroup_fd >= 0 ? (uint64_t)cgroup_fd : 0,
	};

	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	/* containers hide clone3 behind ENOSYS, since a filter cannot read its flags; what needs none can do without */
	return pid < 0 && errno == ENOSYS && !flags ? fork_into(cgroup_fd, ret_pidfd) : pid;
}

/* Never returns. Only async-signal-safe calls; what fails is told through shared memory, not through calls. */
static void __attribute__((noreturn)) child(int barrier, struct sandbox_report *report, const char *path, char *const argv[],
					    const sigset_t *mask)
{
	ssize_t n;
	char go = 'r';

	/* Yama: only who is named may trace; a tracer is a child of sandtrace, as we are */
	prctl(PR_SET_PTRACER, getppid());
	if (write(barrier, &go, 1) != 1)
		_exit(125);
	do
		n = read(barrier, &go, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1) /* sandtrace gave up or was killed before it let go */
		_exit(125);
	prctl(PR_SET_PTRACER, 0);
	sigprocmask(SIG_SETMASK, mask, NULL);
	if (report->n_interest) {
		/* without privilege a filter needs it; a traced program gains no privilege anyway */
		if (geteuid() && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
			_exit(125);
		n = seccomp__install_program(report->interest, report->n_interest);
		if (n < 0) {
			report->interest_errno = (int)-n;
			_exit(125);
		}
	}
	execve(path, argv, environ);
	report->exec_errno = errno;
	_exit(127);
}

/*
 * Holds nothing but the read end of a pipe whose write end dies with sandtrace, and was there before the first directory
 * was made. Its own session, so that a signal to sandtrace's process group does not end both at once.
 */
static void __attribute__((noreturn)) guard(int fd, struct guarded *g)
{
	struct pollfd events = { .fd = -1, .events = POLLPRI };
	struct cgroup *cg = &g->cgroup;
	sigset_t all;
	char bye = 0;
	int null;

	prctl(PR_SET_NAME, "sandtrace-guard");
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	null = open("/dev/null", O_RDWR);
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	/* whatever sandtrace inherited: a pipe must not stay open because of us */
	dup3(fd, 3, O_CLOEXEC);
	close_range(4, ~0U, 0);
	while (read(3, &bye, 1) < 0 && errno == EINTR)
		;
	/* a byte: sandtrace ended in order and cleaned up itself. End of file: it was killed. */
	if (bye == 'q')
		_exit(0);
	/* its descriptors were not ours */
	cg->freeze_fd = -1;
	cg->dir_fd = cg->made ? open(cg->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	cg->events_fd = cg->dir_fd >= 0 ? openat(cg->dir_fd, "cgroup.events", O_RDONLY | O_CLOEXEC) : -1;
	for (size_t i = 0; i < ARRAY_SIZE(g->limits.v1_procs_fds); i++)
		g->limits.v1_procs_fds[i] = -1;
	if (cg->dir_fd >= 0)
		cgroup__kill(cg);
	events.fd = cg->events_fd;
	for (int i = 0; i < 100 && cg->events_fd >= 0 && cgroup__populated(cg) > 0; i++)
		poll(&events, 1, 100);
	limits__remove(&g->limits);
	if (cg->made)
		cgroup__remove(cg);
	else if (cg->path[0]) /* killed in the moment of making it; what is not empty is not ours */
		rmdir(cg->path);
	_exit(0);
}

struct guarded *launch__guarded(void)
{
	struct guarded *g = mmap(NULL, sizeof(*g), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (g == MAP_FAILED)
		return NULL;
	g->cgroup.dir_fd = g->cgroup.events_fd = g->cgroup.freeze_fd = -1;
	for (size_t i = 0; i < ARRAY_SIZE(g->limits.v1_procs_fds); i++)
		g->limits.v1_procs_fds[i] = -1;
	return g;
}

void launch__init(struct launch *l)
{
	memset(l, 0, sizeof(*l));
	l->pidfd = l->child_pidfd = l->barrier_fd = l->guard_fd = l->sock = l->tty_fd = -1;
}

int launch__guard(struct launch *l, struct guarded *g)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return log_errno(-errno, "make a pipe");
	l->guard_pid = fork();
	if (l->guard_pid < 0) {
		int err = log_errno(-errno, "start the guard process");

		close(fds[0]);
		close(fds[1]);
		return err;
	}
	if (!l->guard_pid) {
		close(fds[1]);
		guard(fds[0], g);
	}
	close(fds[0]);
	l->guard_fd = fds[1];
	return 0;
}

/* Why clone3 refused: the one place where a distribution's rules against user namespaces show. */
static int explain_clone(const struct launch *l, const struct cgroup *cg, int err)
{
	bool in_cgroup = cg->dir_fd >= 0;
	struct ns_cause why;

	if (!l->sandbox) {
		log_errno(err, "create the command's process%s%s", in_cgroup ? " in cgroup " : "", in_cgroup ? cg->path : "");
		if (ns__why_filtered("clone3", err, &why))
			log_hint("%s: %s", why.what, why.fix);
		else
			log_hint("`sandtrace doctor` tells what works here");
		return err;
	}
	/* the same again, step by step: if all of it works, it was the cgroup, or it has passed */
	if (!ns__explain(&why))
		return log_errno(err, "create the sandbox's process%s%s", in_cgroup ? " in cgroup " : "", in_cgroup ? cg->path : "");
	log_err(err, "create the sandbox's namespaces: %s", why.what);
	log_hint("%s", why.fix);
	return err;
}

static int map_ids(struct launch *l)
{
	int err = sandbox__map_ids(l->sandbox, l->pid);
	struct ns_cause why;

	if (err && ns__explain(&why))
		log_hint("%s; %s", why.what, why.fix);
	if (err)
		return err;
	if (send(l->sock, "m", 1, MSG_NOSIGNAL) != 1)
		return log_errno(-errno, "let the sandbox's set-up begin");
	err = sandbox__make_filter(l->sandbox, l->report);
	if (!err)
		send(l->sock, "f", 1, MSG_NOSIGNAL); /* fails if the set-up did, which tells why itself */
	return err;
}

static int start_child(struct launch *l, struct cgroup *cg, const char *path, char *const argv[], const sigset_t *mask)
{
	int fds[2], pair[2] = { -1, -1 }, on = 1, err;

	/* both ways: without a sandbox the command's process says over it that it stands there */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return log_errno(-errno, "make a socket pair");
	/* the credentials tell the command's pid; they are attached when the message is sent */
	if (l->sandbox && (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) ||
			   setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)))) {
		err = log_errno(-errno, "make a socket pair");
		close(fds[0]);
		close(fds[1]);
		return err;
	}
	l->pid = clone_into(cg->dir_fd, l->sandbox ? sandbox__clone_flags(l->sandbox) : 0, &l->child_pidfd);
	/* root can make the other namespaces without it */
	if (l->pid < 0 && l->sandbox && l->sandbox->privileged && l->sandbox->opts.degraded & 1U << LAYER_USER_NS) {
		l->sandbox->user_ns = false;
		l->report->degraded |= 1U << LAYER_USER_NS;
		l->pid = clone_into(cg->dir_fd, sandbox__clone_flags(l->sandbox), &l->child_pidfd);
	}
	if (!l->pid) {
		close(fds[1]);
		if (l->guard_fd >= 0)
			close(l->guard_fd);
		if (!l->sandbox)
			child(fds[0], l->report, path, argv, mask);
		close(pair[0]);
		sandbox__main(l->sandbox, l->report, pair[1], fds[0], mask);
	}
	err = l->pid < 0 ? -errno : 0;
	close(fds[0]);
	if (pair[1] >= 0)
		close(pair[1]);
	l->barrier_fd = fds[1];
	l->sock = pair[0];
	return err ? explain_clone(l, cg, err) : 0;
}

int launch__start(struct launch *l, struct cgroup *cg, struct sandbox *sb, const char *path, char *const argv[],
		  const sigset_t *mask)
{
	int err;

	l->sandbox = sb;
	l->report = mmap(NULL, sizeof(*l->report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (l->report == MAP_FAILED) {
		l->report = NULL;
		return log_errno(-errno, "allocate shared memory");
	}
	err = start_child(l, cg, path, argv, mask);
	if (err)
		return err;
	if (sb)
		return map_ids(l);
	l->command_pid = l->pid;
	l->pidfd = fcntl(l->child_pidfd, F_DUPFD_CLOEXEC, 3);
	return 0;
}

/* Which layer could not be set up, and what to do about it. */
static int explain_setup(const struct launch *l)
{
	const struct sandbox_report *r = l->report;
	struct ns_cause why;
	int err = -r->err;

	if (r->layer == LAYER_NONE)
		return log_err(-ECHILD, "the sandbox's set-up was killed before it was complete");
	if (r->err == EUCLEAN)
		log_err(err, "sandbox layer %s: %s", layer__name((enum layer)r->layer), r->what);
	else
		log_errno(err, "sandbox layer %s: %s", layer__name((enum layer)r->layer), r->what);
	if (r->err == EACCES && l->sandbox->privileged)
		log_hint("root is an ordinary user inside; what belongs to somebody else is run as its owner: --user NAME");
	else if (r->err == ESTALE)
		log_hint("somebody is changing that path right now: look who, then run again");
	else if (ns__explain(&why))
		log_hint("%s; %s", why.what, why.fix);
	else if (r->layer == LAYER_MOUNT || r->err == EUCLEAN)
		log_hint("`sandtrace doctor` tells what works here");
	else
		log_hint("`sandtrace doctor` tells what works here; --allow-degraded=%s runs without this layer, which protects less",
			 layer__name((enum layer)r->layer));
	return err ? err : -EIO;
}

int launch__wait_ready(struct launch *l)
{
	union {
		char room[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int) * (2 * SANDBOX_MAX_OVERLAYS + 1))];
		struct cmsghdr align;
	} control;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	int fds[2 * SANDBOX_MAX_OVERLAYS + 1];
	size_t n_fds = 0, first;
	ssize_t n;

	if (!l->sandbox) {
		do
			n = read(l->barrier_fd, &byte, 1);
		while (n < 0 && errno == EINTR);
		return n == 1 ? 0 : log_err(-ECHILD, "the command's process was killed before it could begin");
	}
	do
		n = recvmsg(l->sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		return explain_setup(l);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS) {
			struct ucred cred;

			memcpy(&cred, CMSG_DATA(c), sizeof(cred));
			l->command_pid = cred.pid;
		} else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
			n_fds = MIN((c->cmsg_len - CMSG_LEN(0)) / sizeof(int), ARRAY_SIZE(fds));
			memcpy(fds, CMSG_DATA(c), n_fds * sizeof(int));
		}
	}
	first = l->sandbox->opts.tty && n_fds ? 1 : 0;
	if (first)
		l->tty_fd = fds[0];
	l->n_overlays = (unsigned int)(n_fds - first) / 2;
	memcpy(l->overlay_fds, fds + first, 2 * l->n_overlays * sizeof(int));
	/* it waits at the barrier, so its pid cannot have been reused */
	l->pidfd = (int)syscall(SYS_pidfd_open, l->command_pid, 0);
	return l->pidfd >= 0 ? 0 : log_errno(-errno, "open the command's process");
}

int launch__failed_late(const struct launch *l)
{
	if (l->report && l->report->interest_errno) {
		log_errno(-l->report->interest_errno, "install the filter that chooses the calls to record");
		log_hint("without -e every call is stopped, which needs no filter");
		return 1;
	}
	if (!l->sandbox || l->report->layer == LAYER_NONE)
		return 0;
	explain_setup(l);
	return 1;
}

int launch__command_status(const struct launch *l, int status)
{
	if (!l->sandbox)
		return status;
	/* the init is killed only together with everything else */
	return l->report->ended ? l->report->wait_status : SIGKILL;
}

void launch__signal_group(struct launch *l, int sig)
{
	unsigned char number = (unsigned char)sig;

	if (l->sock >= 0)
		send(l->sock, &number, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int launch__release(struct launch *l)
{
	ssize_t n = send(l->barrier_fd, "g", 1, MSG_NOSIGNAL);

	close(l->barrier_fd);
	l->barrier_fd = -1;
	return n == 1 ? 0 : log_errno(-errno, "release the command");
}

void launch__abandon(struct launch *l)
{
	if (l->barrier_fd < 0)
		return;
	close(l->barrier_fd); /* never released: the child exits on end of file */
	l->barrier_fd = -1;
	if (l->sandbox && l->child_pidfd >= 0)
		syscall(SYS_pidfd_send_signal, l->child_pidfd, SIGKILL, NULL, 0);
	if (l->pid > 0)
		waitpid(l->pid, NULL, 0);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void launch__done(struct launch *l)
{
	launch__abandon(l);
	if (l->guard_fd >= 0) {
		/* told first, so that it does nothing; killed, because it may be stopped and would keep us waiting */
		if (write(l->guard_fd, "q", 1) == 1 && l->guard_pid > 0) {
			kill(l->guard_pid, SIGKILL);
			waitpid(l->guard_pid, NULL, 0);
		}
	}
	close_fd(&l->guard_fd);
	close_fd(&l->pidfd);
	close_fd(&l->child_pidfd);
	close_fd(&l->sock);
	close_fd(&l->tty_fd);
	for (unsigned int i = 0; i < 2 * l->n_overlays; i++)
		close_fd(&l->overlay_fds[i]);
	if (l->report)
		munmap(l->report, sizeof(*l->report));
	l->report = NULL;
}
