/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PID 1 of the sandbox: reaps, keeps the command's status, decides which programs may be executed while the policy
 * allows none but the command itself, and ends with everything when sandtrace does. It holds no capability, cannot
 * be looked into, and executes nothing.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/util.h"
#include "sandbox.h"
#include "sys.h"

/* What the command leaves running has this long to end by itself: a daemon must not outlive its run. */
#define GRACE_MS 1000
/* A storm of orphans must not keep us from looking at the time. */
#define REAP_AT_ONCE 256

struct init {
	struct setup *u;
	pid_t command;
	int sock, listener, signals;
	bool ended;	     /* the command itself */
	bool executed;	     /* its first execve was let through */
	struct stat final;
	unsigned int again;  /* how often the final program stands in the chain before its end: busybox is its own env */
	struct stat on_the_way[COMMAND_FILES_MAX]; /* the chain's programs before the final one: `env` */
	unsigned int n_on_the_way;
	union {
		struct seccomp_notif n;
		char room[256]; /* a newer kernel may write more than we know */
	} req;
	union {
		struct seccomp_notif_resp r;
		char room[256];
	} resp;
};

/*
 * May this task execute something? The kernel holds it until the answer. Which file it names does not matter here:
 * only the command's own chain is executable for Landlock. The first execve is our own; after it only a program that is on
 * the way to the final one, as `env` is when it looks through PATH, may execute. Who cannot be looked at may not.
 */
static bool may_execute(struct init *in, pid_t pid)
{
	char path[32];
	struct stat st;

	if (pid == in->command && !in->executed) {
		in->executed = true;
		return true;
	}
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (stat(path, &st))
		return false;
	if (pid == in->command && in->again && st.st_dev == in->final.st_dev && st.st_ino == in->final.st_ino) {
		in->again--;
		return true;
	}
	for (unsigned int i = 0; i < in->n_on_the_way; i++)
		if (st.st_dev == in->on_the_way[i].st_dev && st.st_ino == in->on_the_way[i].st_ino)
			return true;
	return false;
}

/* The chain's programs as they are inside. The final one is not among them, should it stand in the chain twice. */
static void note_chain(struct init *in)
{
	const struct resolved_command *c = &in->u->sb->chain;
	struct stat st;

	if (stat(c->v[c->final].path, &in->final))
		setup__fail(in->u, LAYER_EXEC, errno, "look at %s inside", c->v[c->final].path);
	for (unsigned int i = 0; i < c->final; i++)
		if (stat(c->v[i].path, &st))
			continue;
		else if (st.st_dev == in->final.st_dev && st.st_ino == in->final.st_ino)
			in->again++;
		else
			in->on_the_way[in->n_on_the_way++] = st;
}

/* Noted before the answer: a tracer looks when the call returns. */
static void refuse(struct init *in)
{
	uint32_t *slot = &in->u->report->exec_refused[in->req.n.pid % SANDBOX_EXEC_SLOTS];

	__atomic_store_n(slot, in->req.n.pid, __ATOMIC_RELEASE);
	in->resp.r.error = -EACCES;
}

static void on_exec(struct init *in)
{
	memset(&in->req, 0, sizeof(in->req));
	memset(&in->resp, 0, sizeof(in->resp));
	if (ioctl(in->listener, SECCOMP_IOCTL_NOTIF_RECV, &in->req.n))
		return; /* ENOENT: it was killed meanwhile */
	in->resp.r.id = in->req.n.id;
	if (may_execute(in, (pid_t)in->req.n.pid))
		in->resp.r.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	else
		refuse(in);
	ioctl(in->listener, SECCOMP_IOCTL_NOTIF_SEND, &in->resp.r);
}

/* False: no children are left. */
static bool reap(struct init *in)
{
	int status;
	pid_t pid = 0;

	for (int i = 0; i < REAP_AT_ONCE && (pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0; i++)
		if (pid == in->command) {
			in->u->report->wait_status = status;
			in->u->report->ended = true;
			in->ended = true;
		}
	return pid >= 0;
}

/* sandtrace passes on what its user typed. */
static void on_signal(struct init *in)
{
	unsigned char sig;

	if (recv(in->sock, &sig, 1, MSG_DONTWAIT) == 1 && !in->ended && sig < 64)
		kill(-in->command, sig);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void keep_only(struct init *in)
{
	int *fds[] = { &in->sock, &in->listener, &in->signals };

	/* to numbers that are surely free, then to 3, 4, 5 */
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (*fds[i] >= 0)
			*fds[i] = fcntl(*fds[i], F_DUPFD_CLOEXEC, 16);
	for (int i = 0; i < (int)ARRAY_SIZE(fds); i++)
		if (*fds[i] >= 0)
			*fds[i] = dup3(*fds[i], 3 + i, O_CLOEXEC);
		else
			close(3 + i);
	close_range(6, ~0U, 0);
	for (int fd = 0; fd < 3; fd++)
		dup2(open("/dev/null", O_RDWR), fd);
	close_range(6, ~0U, 0);
}

void init__run(struct setup *u, pid_t command, int sock, int listener)
{
	struct init in = { .u = u, .command = command, .sock = sock, .listener = listener };
	uint64_t deadline = 0;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	in.signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (listener >= 0)
		note_chain(&in);
	keep_only(&in);
	for (;;) {
		struct pollfd p[] = { { .fd = in.sock, .events = POLLIN },
				      { .fd = in.signals, .events = POLLIN },
				      { .fd = in.listener, .events = POLLIN } };
		struct signalfd_siginfo si[8];
		uint64_t now = deadline ? now_ms() : 0;

		/* before all else: what is still running must not be able to keep us busy beyond its time */
		if (deadline && now >= deadline)
			_exit(0); /* the kernel kills what is left when we go */
		poll(p, ARRAY_SIZE(p), deadline ? (int)(deadline - now) : -1);
		if (p[0].revents & (POLLHUP | POLLERR)) /* sandtrace is gone */
			_exit(0);
		if (p[0].revents & POLLIN)
			on_signal(&in);
		if (p[1].revents && read(in.signals, si, sizeof(si)) < 0 && errno != EAGAIN)
			_exit(125);
		if (p[2].revents & POLLIN)
			on_exec(&in);
		else if (p[2].revents) /* nobody with the filter is left */
			in.listener = -1;
		if (!reap(&in))
			_exit(0);
		if (in.ended && !deadline)
			deadline = now_ms() + GRACE_MS;
	}
}
