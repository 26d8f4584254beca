/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   attempt [KEY=VALUE]... NAME[:ARG]...
 *
 * One line for each name: "NAME[:ARG] blocked ERRNO detail", "... allowed detail", "... n/a reason", or "... broken how".
 * Before and after each, a path that exists nowhere is asked for, so that a trace shows which calls were whose. %XX in an
 * ARG stands for a byte.
 *
 *   attempt --list          the names
 *   attempt --ran           says that it was executed: what attempts to execute something execute
 */
#include "attempt.h"

#include <ctype.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <time.h>

#define SECONDS 20 /* for one attempt */

static struct attempt *attempts;
static int result_fd = -1;
static const char *current_arg;
static char **params;
static int n_params;
bool bare;

void attempt__add(struct attempt *a)
{
	a->next = attempts;
	attempts = a;
}

const char *errno_name(int err)
{
	static char buf[32];
	const char *name = NULL;

	if (err < 0) {
		name = sigabbrev_np(-err);
		snprintf(buf, sizeof(buf), "SIG%s", name ? name : "?");
		return buf;
	}
	name = strerrorname_np(err);
	if (name)
		return name;
	snprintf(buf, sizeof(buf), "E%d", err);
	return buf;
}

static __attribute__((noreturn)) void end(const char *verdict, const char *fmt, va_list ap)
{
	char text[2048], line[2200];
	int n;

	vsnprintf(text, sizeof(text), fmt, ap);
	for (char *c = text; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = '?';
	n = snprintf(line, sizeof(line), "%s %s", verdict, text);
	(void)!write(result_fd, line, n);
	_exit(0);
}

void blocked(int err, const char *fmt, ...)
{
	char verdict[64];
	va_list ap;

	snprintf(verdict, sizeof(verdict), "blocked %s", errno_name(err));
	va_start(ap, fmt);
	end(verdict, fmt, ap);
}

void allowed(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end("allowed", fmt, ap);
}

void not_here(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end("n/a", fmt, ap);
}

void by_result(long ret, const char *what)
{
	if (ret == -1)
		blocked(errno, "%s", what);
	allowed("%s returned %ld", what, ret);
}

void by_reach(long ret, const char *what)
{
	if (ret != -1)
		allowed("%s returned %ld", what, ret);
	if (errno == EPERM || errno == EACCES || errno == ENOSYS)
		blocked(errno, "%s", what);
	allowed("%s was reached: %s", what, errno_name(errno));
}

const char *arg(void)
{
	if (!current_arg)
		not_here("needs an argument");
	return current_arg;
}

const char *param_or(const char *key, const char *otherwise)
{
	size_t len = strlen(key);

	for (int i = 0; i < n_params; i++)
		if (!strncmp(params[i], key, len) && params[i][len] == '=')
			return params[i] + len + 1;
	return otherwise;
}

const char *param(const char *key)
{
	const char *v = param_or(key, NULL);

	if (!v)
		not_here("the runner gave no %s", key);
	return v;
}

long number(const char *key)
{
	return strtol(param(key), NULL, 10);
}

ssize_t slurp(const char *file, char *buf, size_t size)
{
	ssize_t n, have = 0;
	int fd = open(file, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -1;
	while ((n = read(fd, buf + have, size - 1 - have)) > 0)
		have += n;
	err = errno;
	close(fd);
	if (n < 0) {
		errno = err;
		return -1;
	}
	buf[have] = '\0';
	return have;
}

int in_child(int (*fn)(void *), void *data, int *err)
{
	int fds[2], status, got = 0;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		not_here("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		not_here("fork: %s", strerror(errno));
	if (!pid) {
		int e = fn(data) ? errno : 0;

		(void)!write(fds[1], &e, sizeof(e));
		_exit(0);
	}
	close(fds[1]);
	if (read(fds[0], &got, sizeof(got)) != sizeof(got))
		got = INT_MIN;
	close(fds[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		got = -WTERMSIG(status);
	*err = got;
	return got && got != INT_MIN ? -1 : 0;
}

void exec_ends(int (*fn)(void *), void *data, const char *what)
{
	int err = 0;

	if (in_child(fn, data, &err) < 0)
		blocked(err, "%s", what);
	allowed("%s was executed", what);
}

void shield(void)
{
	if (!bare)
		return;
	if (unshare(CLONE_NEWNS))
		blocked(errno, "unshare mounts first");
	(void)!syscall(SYS_mount, "none", "/", NULL, 0x44000 /* MS_REC | MS_PRIVATE */, NULL);
}

const char *self(void)
{
	return param("self");
}

static void decode(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == '%' && isxdigit((unsigned char)s[1]) && isxdigit((unsigned char)s[2])) {
			char hex[3] = { s[1], s[2], 0 };

			*to++ = strtol(hex, NULL, 16);
			s += 2;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

static void mark(const char *what, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/.attempt/%s/%.200s", what, name);
	(void)!syscall(SYS_faccessat, AT_FDCWD, path, F_OK);
}

static void run_child(const struct attempt *a, const char *colon)
{
	static char copy[PATH_MAX * 2];

	setpgid(0, 0);
	if (colon) {
		snprintf(copy, sizeof(copy), "%s", colon + 1);
		decode(copy);
		current_arg = copy;
	}
	a->run();
	dprintf(result_fd, "broken it returned");
	_exit(0);
}

/* Reads the result line; -1 when there is none in time. */
static int read_result(int fd, char *buf, size_t size)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, SECONDS * 1000) <= 0)
		return -1;
	n = read(fd, buf, size - 1);
	buf[n > 0 ? n : 0] = '\0';
	return 0;
}

static void run(const char *spec)
{
	const char *colon = strchr(spec, ':');
	size_t len = colon ? (size_t)(colon - spec) : strlen(spec);
	char line[4096] = "";
	struct attempt *a;
	int fds[2], status = 0, late;
	pid_t pid;

	for (a = attempts; a; a = a->next)
		if (strlen(a->name) == len && !strncmp(a->name, spec, len))
			break;
	if (!a) {
		printf("%s broken no such attempt\n", spec);
		return;
	}
	if (pipe2(fds, O_CLOEXEC)) {
		printf("%s broken pipe: %s\n", spec, strerror(errno));
		return;
	}
	fflush(stdout);
	mark("begin", spec);
	pid = fork();
	if (!pid) {
		close(fds[0]);
		result_fd = fcntl(fds[1], F_DUPFD_CLOEXEC, 200);
		close(fds[1]);
		run_child(a, colon);
	}
	close(fds[1]);
	late = pid < 0 ? 0 : read_result(fds[0], line, sizeof(line));
	close(fds[0]);
	if (pid > 0) {
		if (late)
			kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		kill(-pid, SIGKILL);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	mark("end", spec);
	if (pid < 0)
		snprintf(line, sizeof(line), "broken fork: %s", strerror(errno));
	else if (late)
		snprintf(line, sizeof(line), "broken no result in %d s", SECONDS);
	else if (!*line && WIFSIGNALED(status))
		snprintf(line, sizeof(line), "blocked %s killed", errno_name(-WTERMSIG(status)));
	else if (!*line)
		snprintf(line, sizeof(line), "broken no result, status %d", status);
	printf("%s %s\n", spec, line);
}

/* With nothing on descriptor 1, results go to a file: STATUS 0 says that it was written. */
static int finish(void)
{
	const char *file = param_or("result_file", NULL);

	if (!file)
		return 0;
	if (!freopen(file, "w", stdout))
		return 9;
	run("7-closed-stdio");
	fflush(stdout);
	return 0;
}

int main(int argc, char **argv)
{
	int i;

	if (argc > 1 && !strcmp(argv[1], "--ran")) {
		puts("ran");
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "--ids")) {
		printf("uid=%d euid=%d gid=%d egid=%d\n", getuid(), geteuid(), getgid(), getegid());
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "--list")) {
		for (struct attempt *a = attempts; a; a = a->next)
			puts(a->name);
		return 0;
	}
	params = argv + 1;
	for (i = 1; i < argc && strchr(argv[i], '=') && isalpha((unsigned char)argv[i][0]); i++)
		n_params++;
	bare = !strcmp(param_or("bare", "0"), "1");
	for (; i < argc; i++)
		run(argv[i]);
	fflush(stdout);
	return finish();
}
