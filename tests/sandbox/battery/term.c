/* SPDX-License-Identifier: Apache-2.0 */
/* 1-10: terminal, session, descriptors. */
#include "attempt.h"

#include <dirent.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>

#ifndef TIOCLINUX
#define TIOCLINUX 0x541C
#endif

/* The first descriptor of 0-2 that is a terminal. */
static int terminal(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (isatty(fd))
			return fd;
	not_here("no terminal on 0, 1 or 2");
}

/* Types into the caller's terminal: what its shell would read next. */
ATTEMPT(tiocsti, "1-tiocsti")
{
	char c = 'X';

	by_result(ioctl(terminal(), TIOCSTI, &c), "TIOCSTI");
}

ATTEMPT(tiocsti_high, "2-tiocsti-high")
{
	char c = 'X';

	by_result(syscall(SYS_ioctl, terminal(), (1UL << 32) | TIOCSTI, &c), "TIOCSTI with a bit above 32");
}

/* Without a terminal, the refusal must still be the filter's: the number alone is enough. */
ATTEMPT(tiocsti_any, "2-tiocsti-any-fd")
{
	int fd = open("/dev/null", O_RDWR);
	char c = 'X';

	by_reach(syscall(SYS_ioctl, fd, (0xdeadUL << 32) | TIOCSTI, &c), "TIOCSTI on /dev/null");
}

static void tioclinux(unsigned long high)
{
	char sub[2] = { 3, 0 }; /* paste the selection */
	int fd = open("/dev/null", O_RDWR);

	for (int i = 0; i < 3; i++)
		if (isatty(i))
			fd = i;
	by_reach(syscall(SYS_ioctl, fd, high | TIOCLINUX, sub), "TIOCLINUX");
}

ATTEMPT(tioclinux_plain, "3-tioclinux")
{
	tioclinux(0);
}

ATTEMPT(tioclinux_high, "3-tioclinux-high")
{
	tioclinux(1UL << 40);
}

ATTEMPT(dev_tty, "4-dev-tty")
{
	by_result(open("/dev/tty", O_RDWR), "/dev/tty");
}

/* The caller's terminal by its name: inside there may be one of that number, but not that one. */
ATTEMPT(host_pty, "4-host-pty")
{
	struct stat st;
	unsigned long dev = strtoul(param("host_pty_dev"), NULL, 10);

	if (stat(param("host_pty"), &st))
		blocked(errno, "%s", param("host_pty"));
	if (bare || (unsigned long)st.st_dev == dev)
		by_result(open(param("host_pty"), O_RDWR | O_NOCTTY), param("host_pty"));
	blocked(ENOENT, "a terminal of the same number, not the same");
}

ATTEMPT(own_tty, "4-own-tty")
{
	int fd = open("/dev/tty", O_RDWR);

	if (fd < 0 || !isatty(0) || !isatty(1) || !isatty(2))
		blocked(errno, "no terminal");
	by_result(tcgetpgrp(fd), "tcgetpgrp");
}

/* Takes the terminal that is on stdin as its own. */
ATTEMPT(ctty_steal, "4-tiocsctty")
{
	int fd = terminal();

	setsid();
	by_result(ioctl(fd, TIOCSCTTY, 1), "TIOCSCTTY");
}

/* The caller left descriptor 9 open on a directory that is outside. */
ATTEMPT(leaked, "5-leaked-fd")
{
	by_result(openat(9, "secret", O_RDONLY), "openat(9, \"secret\")");
}

static int open_fds(char *list, size_t size)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	int n = 0;
	size_t at = 0;

	if (!d)
		not_here("/proc/self/fd: %s", strerror(errno));
	list[0] = '\0';
	while ((e = readdir(d))) {
		int fd = atoi(e->d_name);

		/* 200 and above: where attempts keep their own */
		if (e->d_name[0] == '.' || fd == dirfd(d) || (fd >= 200 && fcntl(fd, F_GETFD) & FD_CLOEXEC && fd < 203))
			continue;
		if (fd > 2) {
			n++;
			if (at + 12 < size)
				at += snprintf(list + at, size - at, "%d ", fd);
		}
	}
	closedir(d);
	return n;
}

ATTEMPT(fd_list, "5-fd-list")
{
	char list[400];
	int n = open_fds(list, sizeof(list));

	if (n)
		allowed("%d descriptors above 2: %s", n, list);
	blocked(EBADF, "only 0, 1 and 2 are open");
}

/* Started with 0, 1 and 2 closed: nothing but /dev/null may stand there. The runner reads the file RESULT. */
ATTEMPT(closed_stdio, "7-closed-stdio")
{
	for (int fd = 0; fd < 3; fd++) {
		struct stat st;
		char path[64], to[256] = "";

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (readlink(path, to, sizeof(to) - 1) > 0 && !strcmp(to, param("result_file")))
			continue; /* where this is written */
		if (fstat(fd, &st) == 0 && !(S_ISCHR(st.st_mode) && st.st_rdev == 0x103))
			allowed("descriptor %d is %s, mode %o", fd, to, st.st_mode);
	}
	blocked(EBADF, "nothing stands on 0, 1 and 2");
}

static int unix_connect(const char *path, bool abstract)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t len = strlen(path);

	if (fd < 0)
		return -1;
	if (len >= sizeof(sun.sun_path) - 1)
		not_here("the path is too long for a socket");
	memcpy(sun.sun_path + abstract, path, len);
	len += offsetof(struct sockaddr_un, sun_path) + abstract;
	return connect(fd, (struct sockaddr *)&sun, len) ? -1 : fd;
}

/* A server of the host listens in a directory that is ours: it hands out a descriptor to a secret. */
ATTEMPT(scm_rights, "8-scm-rights")
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} u;
	char byte, text[64] = "";
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = u.buf, .msg_controllen = sizeof(u.buf) };
	int fd = unix_connect(param("project_socket"), false);
	struct cmsghdr *c;

	if (fd < 0)
		blocked(errno, "connect to a socket of the host in the project");
	if (recvmsg(fd, &msg, 0) < 0)
		blocked(errno, "recvmsg");
	c = CMSG_FIRSTHDR(&msg);
	if (!c)
		blocked(ENOMSG, "no descriptor came");
	if (read(*(int *)CMSG_DATA(c), text, sizeof(text) - 1) < 0)
		blocked(errno, "read");
	allowed("read \"%.20s\" through a descriptor of the host", text);
}

ATTEMPT(unix_socket, "59-unix")
{
	by_result(unix_connect(arg(), false), "connect to a unix socket of the host");
}

ATTEMPT(unix_abstract, "59-abstract")
{
	by_result(unix_connect(param("abstract"), true), "connect to an abstract socket of the host");
}

/* A datagram to an abstract socket needs no connection. */
ATTEMPT(unix_dgram, "59-abstract-dgram")
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const char *name = param("abstract_dgram");
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	memcpy(sun.sun_path + 1, name, strlen(name));
	by_result(sendto(fd, "x", 1, 0, (struct sockaddr *)&sun, offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name)),
		  "sendto an abstract socket of the host");
}

/* 9: whatever a hostile program puts into names; the runner looks at what the terminal would get. */
ATTEMPT(escapes, "9-escapes")
{
	static const char evil[] = "\033]0;OWNED\007\033[2J\033[31mOWNED\r\n\x9b" "1mOWNED";
	char path[256], longer[4096] = "";

	prctl(PR_SET_NAME, "\033]0;OWNED\007");
	snprintf(path, sizeof(path), "%s/%s", param("project"), evil);
	for (char *c = path + strlen(param("project")) + 1; *c; c++)
		if (*c == '/')
			*c = '_';
	close(open(path, O_CREAT | O_WRONLY, 0600));
	snprintf(longer, sizeof(longer), "%s/x%s", param("secret_dir"), evil);
	close(open(longer, O_RDONLY)); /* refused, and shown in what was refused */
	(void)!symlink(evil, "/tmp/evil");
	allowed("names were used");
}

/* 10: leaves a process behind that nothing but a kill ends; the runner looks for MARKER in /proc. */
ATTEMPT(outlive, "10-outlive")
{
	char *argv0 = (char *)param("marker");
	int ready[2];
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC))
		not_here("pipe");
	pid = fork();
	if (!pid) {
		for (int sig = 1; sig < 64; sig++)
			signal(sig, SIG_IGN);
		setsid();
		if (fork())
			_exit(0);
		setpgid(0, 0);
		(void)argv0;
		(void)!write(ready[1], "x", 1);
		signal(SIGTSTP, SIG_IGN);
		kill(0, SIGTTOU);
		for (;;)
			pause();
	}
	waitpid(pid, NULL, 0);
	(void)!read(ready[0], &pid, 1);
	allowed("a process in a session of its own stays behind");
}
