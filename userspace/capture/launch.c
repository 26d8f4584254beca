/* SPDX-License-Identifier: Apache-2.0 */
#include "launch.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/util.h"

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

static pid_t clone_into(int cgroup_fd, int *ret_pidfd)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_INTO_CGROUP,
		.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)cgroup_fd,
	};

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

/* Never returns. Only async-signal-safe calls; what fails is told through shared memory, not through calls. */
static void __attribute__((noreturn)) child(int barrier, int *exec_errno, const char *path, char *const argv[],
					    const sigset_t *mask)
{
	ssize_t n;
	char go;

	do
		n = read(barrier, &go, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1) /* sandtrace gave up or was killed before it let go */
		_exit(125);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execve(path, argv, environ);
	*exec_errno = errno;
	_exit(127);
}

static int by_value(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/*
 * Holds nothing but the read end of a pipe whose write end dies with sandtrace. Its own session, so that a signal
 * to sandtrace's process group does not end both at once.
 */
static void __attribute__((noreturn)) guard(int fd, struct cgroup *cg)
{
	struct pollfd events = { .fd = cg->events_fd, .events = POLLPRI };
	sigset_t all;
	int keep[] = { fd, cg->dir_fd, cg->events_fd, cg->freeze_fd };
	char bye = 0;
	int null, low = 3;

	prctl(PR_SET_NAME, "sandtrace-guard");
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	null = open("/dev/null", O_RDWR);
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	/* whatever sandtrace inherited: a pipe must not stay open because of us */
	qsort(keep, ARRAY_SIZE(keep), sizeof(keep[0]), by_value);
	for (size_t i = 0; i < ARRAY_SIZE(keep); low = keep[i++] + 1)
		if (keep[i] > low)
			close_range((unsigned int)low, (unsigned int)keep[i] - 1, 0);
	close_range((unsigned int)low, ~0U, 0);
	while (read(fd, &bye, 1) < 0 && errno == EINTR)
		;
	/* a byte: sandtrace ended in order and cleaned up itself. End of file: it was killed. */
	if (bye == 'q')
		_exit(0);
	cgroup__kill(cg);
	for (int i = 0; i < 100 && cgroup__populated(cg) > 0; i++)
		poll(&events, 1, 100);
	cgroup__remove(cg);
	_exit(0);
}

static int start_guard(struct launch *l, struct cgroup *cg)
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
		guard(fds[0], cg);
	}
	close(fds[0]);
	l->guard_fd = fds[1];
	return 0;
}

int launch__start(struct launch *l, struct cgroup *cg, const char *path, char *const argv[], const sigset_t *mask)
{
	int fds[2], err;

	memset(l, 0, sizeof(*l));
	l->pidfd = l->barrier_fd = l->guard_fd = -1;
	l->exec_errno = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (l->exec_errno == MAP_FAILED)
		return log_errno(-errno, "allocate shared memory");
	err = start_guard(l, cg);
	if (err)
		return err;
	if (pipe2(fds, O_CLOEXEC))
		return log_errno(-errno, "make a pipe");
	l->pid = clone_into(cg->dir_fd, &l->pidfd);
	if (l->pid < 0) {
		err = log_errno(-errno, "create the command's process in cgroup %s", cg->path);
		close(fds[0]);
		close(fds[1]);
		return err;
	}
	if (!l->pid) {
		close(fds[1]);
		close(l->guard_fd);
		child(fds[0], l->exec_errno, path, argv, mask);
	}
	close(fds[0]);
	l->barrier_fd = fds[1];
	return 0;
}

int launch__release(struct launch *l)
{
	ssize_t n = write(l->barrier_fd, "g", 1);

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
	if (l->pid > 0)
		waitpid(l->pid, NULL, 0);
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
		close(l->guard_fd);
	}
	if (l->pidfd >= 0)
		close(l->pidfd);
	if (l->exec_errno)
		munmap(l->exec_errno, sizeof(int));
	l->barrier_fd = l->guard_fd = l->pidfd = -1;
	l->exec_errno = NULL;
}
