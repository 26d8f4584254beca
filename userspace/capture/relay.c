/* SPDX-License-Identifier: Apache-2.0 */
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>

#include "base/log.h"
#include "base/util.h"

#define CHUNK 65536

struct state {
	struct relay_opts o;
	int life, signals;
	uint64_t passed;
	struct termios saved;
	bool raw;
};

static bool write_all(int fd, const char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(fd, buf, len);
		struct pollfd p = { .fd = fd, .events = POLLOUT };

		if (n > 0) {
			buf += n;
			len -= (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			poll(&p, 1, -1);
		} else if (n < 0 && errno != EINTR) {
			return false;
		}
	}
	return true;
}

static void window_size(const struct state *s)
{
	struct winsize ws;

	if (s->o.tty >= 0 && (!ioctl(STDIN_FILENO, TIOCGWINSZ, &ws) || !ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws)))
		ioctl(s->o.tty, TIOCSWINSZ, &ws);
}

/* Every key goes to the command's terminal, which makes signals of them there. */
static void raw_mode(struct state *s)
{
	struct termios t;

	if (s->o.tty < 0 || tcgetattr(STDIN_FILENO, &s->saved))
		return;
	t = s->saved;
	cfmakeraw(&t);
	s->raw = !tcsetattr(STDIN_FILENO, TCSANOW, &t);
}

static void __attribute__((noreturn)) leave(struct state *s, int status)
{
	if (s->raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &s->saved);
	_exit(status);
}

/* From the command; false: that side is closed. What is over the limit is not passed on. */
static bool outward(struct state *s, int from, int to)
{
	char buf[CHUNK];
	ssize_t n = read(from, buf, sizeof(buf));
	size_t len;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n <= 0) /* a terminal whose last slave was closed gives EIO */
		return false;
	len = (size_t)MIN((uint64_t)n, s->o.limit - s->passed);
	s->passed += len;
	/* nobody reads any more: the command must learn it, as without us */
	if (!write_all(to, buf, len))
		return false;
	if (len < (size_t)n)
		leave(s, RELAY_OVER_LIMIT);
	return true;
}

/* From the caller to the command's terminal. The end of a file that is no terminal becomes the key that means it. */
static bool inward(struct state *s)
{
	char buf[CHUNK], eof = 4;
	ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n <= 0) {
		write_all(s->o.tty, &eof, 1);
		return false;
	}
	return write_all(s->o.tty, buf, (size_t)n);
}

static void __attribute__((noreturn)) run(struct state *s)
{
	struct pollfd p[] = {
		{ .fd = s->o.tty, .events = POLLIN }, { .fd = s->o.out, .events = POLLIN },
		{ .fd = s->o.err, .events = POLLIN }, { .fd = s->o.tty >= 0 ? STDIN_FILENO : -1, .events = POLLIN },
		{ .fd = s->signals, .events = POLLIN }, { .fd = s->life, .events = POLLIN },
	};
	struct signalfd_siginfo si;

	raw_mode(s);
	window_size(s);
	while (p[0].fd >= 0 || p[1].fd >= 0 || p[2].fd >= 0) {
		if (poll(p, ARRAY_SIZE(p), -1) < 0)
			continue;
		if (p[4].revents && read(s->signals, &si, sizeof(si)) > 0)
			window_size(s);
		if (p[0].revents && !outward(s, p[0].fd, STDOUT_FILENO))
			p[0].fd = -1;
		if (p[1].revents && !outward(s, p[1].fd, STDOUT_FILENO))
			close(p[1].fd), p[1].fd = -1;
		if (p[2].revents && !outward(s, p[2].fd, STDERR_FILENO))
			close(p[2].fd), p[2].fd = -1;
		if (p[3].revents && !inward(s))
			p[3].fd = -1;
		if (p[5].revents) /* sandtrace was killed; the command is being killed */
			break;
	}
	leave(s, 0);
}

static void __attribute__((noreturn)) child(const struct relay_opts *o, int life)
{
	struct state s = { .o = *o, .life = life };
	int *keep[] = { &s.o.tty, &s.o.out, &s.o.err, &s.life };
	sigset_t all, winch;

	prctl(PR_SET_NAME, "sandtrace-relay");
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	signal(SIGTTOU, SIG_IGN);
	for (size_t i = 0; i < ARRAY_SIZE(keep); i++)
		if (*keep[i] >= 0)
			*keep[i] = fcntl(*keep[i], F_DUPFD_CLOEXEC, 16);
	for (int i = 0; i < (int)ARRAY_SIZE(keep); i++)
		if (*keep[i] >= 0)
			*keep[i] = dup3(*keep[i], 3 + i, O_CLOEXEC);
		else
			close(3 + i); /* whatever was inherited there */
	close_range(3 + ARRAY_SIZE(keep), ~0U, 0);
	sigemptyset(&winch);
	sigaddset(&winch, SIGWINCH);
	s.signals = signalfd(-1, &winch, SFD_CLOEXEC | SFD_NONBLOCK);
	run(&s);
}

int relay__start(struct relay *r, const struct relay_opts *o)
{
	int fds[2], err;

	*r = (struct relay){ .pidfd = -1, .life_fd = -1 };
	if (pipe2(fds, O_CLOEXEC))
		return log_errno(-errno, "make a pipe");
	r->pid = fork();
	if (!r->pid) {
		close(fds[1]);
		child(o, fds[0]);
	}
	err = r->pid < 0 ? log_errno(-errno, "start the process that passes output on") : 0;
	close(fds[0]);
	r->life_fd = fds[1];
	if (err) {
		close(fds[1]);
		*r = (struct relay){ .pidfd = -1, .life_fd = -1 };
		return err;
	}
	r->pidfd = (int)syscall(SYS_pidfd_open, r->pid, 0);
	return r->pidfd >= 0 ? 0 : log_errno(-errno, "open the process that passes output on");
}

void relay__finish(struct relay *r)
{
	if (r->pid > 0)
		while (waitpid(r->pid, NULL, 0) < 0 && errno == EINTR)
			;
	if (r->pidfd >= 0 && r->pid)
		close(r->pidfd);
	if (r->life_fd >= 0 && r->pid)
		close(r->life_fd);
	*r = (struct relay){ .pidfd = -1, .life_fd = -1 };
}
