/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/*
 * Calls that a signal interrupts: handler (read with SA_RESTART), nohandler (read, SIGSTOP and
 * SIGCONT), nanosleep (SIGSTOP and SIGCONT: goes on through restart_syscall) and pause (ends with
 * EINTR). The parent sends each signal when the child is blocked in the call, never before.
 */
#include "live.h"
#include <time.h>

static void on_signal(int sig)
{
	(void)sig;
}

static void child(const char *mode, int fd)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct timespec ts = { 3600, 0 };
	char c;

	sa.sa_flags = strcmp(mode, "pause") ? SA_RESTART : 0;
	sigaction(SIGUSR1, &sa, NULL);
	if (!strcmp(mode, "nanosleep"))
		syscall(SYS_nanosleep, &ts, NULL);
	else if (!strcmp(mode, "pause"))
		syscall(SYS_pause);
	else
		syscall(SYS_read, fd, &c, 1);
	syscall(SYS_getppid);
	_exit(0);
}

static void stop_and_continue(pid_t pid)
{
	int status;

	kill(pid, SIGSTOP);
	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		die("stop");
	kill(pid, SIGCONT);
	if (waitpid(pid, &status, WCONTINUED) != pid || !WIFCONTINUED(status))
		die("continue");
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "handler";
	int fds[2], ack;
	long nr = SYS_read;
	pid_t pid;

	if (!strcmp(mode, "nanosleep"))
		nr = SYS_nanosleep;
	else if (!strcmp(mode, "pause"))
		nr = SYS_pause;
	make_pipe(fds);
	pid = fork();
	if (pid == 0)
		child(mode, fds[0]);
	fact("child=%d\n", pid);
	/* the handler is set before the call is entered, so a child blocked in NR has it */
	wait_blocked(pid, nr);
	if (!strcmp(mode, "handler")) {
		kill(pid, SIGUSR1);
		/* the pending signal is consumed before the call is entered again */
		for (ack = 0; !ack;) {
			char path[64], buf[4096], *p;
			ssize_t n;
			int fd;

			snprintf(path, sizeof(path), "/proc/%d/status", pid);
			fd = open(path, O_RDONLY | O_CLOEXEC);
			n = read(fd, buf, sizeof(buf) - 1);
			close(fd);
			buf[n > 0 ? n : 0] = 0;
			p = strstr(buf, "ShdPnd:");
			ack = p && strtoull(p + 7, NULL, 16) == 0;
		}
		wait_blocked(pid, nr);
	} else if (!strcmp(mode, "pause")) {
		kill(pid, SIGUSR1);
	} else {
		stop_and_continue(pid);
		wait_blocked(pid, strcmp(mode, "nanosleep") ? nr : SYS_restart_syscall);
	}
	if (!strcmp(mode, "nanosleep"))
		kill(pid, SIGKILL);
	else if (write(fds[1], "x", 1) != 1)
		die("write");
	fact("status=%d\n", reap(pid));
	return 0;
}
