/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tries what it is told and prints what the kernel said, inside the sandbox or outside of it:
 *
 *   probe paths TOP   stdin: paths, each ended by NUL. For each a line: the errno (0: it worked) of stat, open to read, open to
 *                 write, mapping it executable, listing it, executing it, creating it, renaming it to NAME~agree~ and back
 *                 (only below TOP); -1: not tried. Then the names listed, in hexadecimal, or "-".
 *   probe net     stdin: "tcp|udp ADDRESS PORT" lines. For each the errno of connecting (and sending).
 *   probe calls   stdin: numbers. For each the errno of that call, all its arguments being 0.
 *
 * --drop as first argument: without capabilities, as a command in the sandbox is. Static: nothing else is to be visible.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void drop(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = {};

	if (!getuid() && prctl(PR_SET_SECUREBITS, 0x1 | 0x2 | 0x4 | 0x8))
		exit(99);
	if (syscall(SYS_capset, &head, none))
		exit(99);
}

static int try_open(const char *path, int flags, bool map)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), err = fd < 0 ? errno : 0;

	if (fd < 0)
		return err;
	if (map) {
		void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

		if (p == MAP_FAILED)
			err = errno;
		else
			munmap(p, 4096);
	}
	close(fd);
	return err;
}

static int try_exec(const char *path)
{
	char *argv[] = { (char *)path, NULL }, *envp[] = { NULL };
	int status, pipes[2], err = 0;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC))
		exit(98);
	pid = vfork();
	if (pid < 0)
		exit(98);
	if (!pid) {
		execve(path, argv, envp);
		err = errno;
		if (write(pipes[1], &err, sizeof(err)) < 0)
			_exit(97);
		_exit(0);
	}
	close(pipes[1]);
	waitpid(pid, &status, 0);
	if (read(pipes[0], &err, sizeof(err)) != sizeof(err))
		err = WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : 255;
	close(pipes[0]);
	return err;
}

static int try_create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return errno;
	close(fd);
	return unlink(path) ? 1000 + errno : 0;
}

static int try_rename(const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	char dir[5000], other[300];
	int at, err = 0;

	/* the way there may lead through what is renamed */
	snprintf(dir, sizeof(dir), "%.*s", (int)(name - path), path);
	snprintf(other, sizeof(other), "%s~agree~", name);
	at = open(dir, O_PATH | O_CLOEXEC);
	if (at < 0 || renameat(at, name, at, other))
		err = errno;
	else if (renameat(at, other, at, name))
		err = 1000 + errno;
	close(at);
	return err;
}

static int try_list(const char *path, char **ret_names)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;
	size_t size;
	FILE *out;

	if (!dir)
		return errno;
	out = open_memstream(ret_names, &size);
	errno = 0;
	while ((d = readdir(dir))) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		for (const char *p = d->d_name; *p; p++)
			fprintf(out, "%02x", (unsigned char)*p);
		fputs("2f", out);
	}
	fclose(out);
	closedir(dir);
	return 0;
}

static void one_path(const char *path, const char *top)
{
	struct stat st, link;
	char *names = NULL;
	int have = stat(path, &st) ? errno : 0, read, write = -1, map = -1, list = -1, exec, create = -1, ren = -1;
	bool itself = !lstat(path, &link), dir = !have && S_ISDIR(st.st_mode);

	read = try_open(path, O_RDONLY, false);
	if (!dir)
		write = try_open(path, O_WRONLY, false);
	if (!have && S_ISREG(st.st_mode) && !read)
		map = try_open(path, O_RDONLY, true);
	if (dir)
		list = try_list(path, &names);
	exec = try_exec(path);
	if (!itself)
		create = try_create(path);
	else if (!strncmp(path, top, strlen(top)) && path[strlen(top)] == '/')
		ren = try_rename(path);
	printf("%d %d %d %d %d %d %d %d %s\n", have, read, write, map, list, exec, create, ren, names && *names ? names : "-");
	free(names);
}

static void one_connect(char *line)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in a4 = { .sin_family = AF_INET };
	char kind[8], address[64];
	unsigned int port;
	bool v6;
	int fd, err = 0;

	if (sscanf(line, "%7s %63s %u", kind, address, &port) != 3)
		exit(96);
	v6 = strchr(address, ':');
	a4.sin_port = a6.sin6_port = htons((uint16_t)port);
	if (inet_pton(v6 ? AF_INET6 : AF_INET, address, v6 ? (void *)&a6.sin6_addr : (void *)&a4.sin_addr) != 1)
		exit(96);
	fd = socket(v6 ? AF_INET6 : AF_INET, (*kind == 't' ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, v6 ? (void *)&a6 : (void *)&a4, v6 ? sizeof(a6) : sizeof(a4)) ||
	    (*kind == 'u' && send(fd, "", 1, 0) < 0))
		err = errno;
	if (fd >= 0)
		close(fd);
	printf("%d\n", err);
}

int main(int argc, char **argv)
{
	bool dropped = argc > 1 && !strcmp(argv[1], "--drop");
	const char *what = argv[1 + dropped];
	char *line = NULL;
	size_t size = 0;
	static char buf[1 << 20];

	setvbuf(stdout, buf, _IOFBF, sizeof(buf));
	if (dropped)
		drop();
	umask(0);
	if (!what || (!strcmp(what, "paths") && !argv[2 + dropped]))
		return 95;
	if (!strcmp(what, "paths"))
		while (getdelim(&line, &size, 0, stdin) > 0) {
			one_path(line, argv[2 + dropped]);
			fflush(stdout); /* or each child would print it again */
		}
	else if (!strcmp(what, "net"))
		while (getline(&line, &size, stdin) > 0)
			one_connect(line);
	else if (!strcmp(what, "calls"))
		while (getline(&line, &size, stdin) > 0) {
			errno = 0;
			printf("%d\n", syscall(atol(line), 0, 0, 0, 0, 0, 0) == -1 ? errno : 0);
		}
	free(line);
	return fflush(stdout) ? 94 : 0;
}
