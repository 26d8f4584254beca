/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/*
 * Ways to execute. Every mode ends in this program again as "execs final", which makes 5 getppid
 * calls and exits with 3: thread (by a thread that is not the leader), fail (three refused calls),
 * script, memfd, deleted, argv BYTES (an argument list of about that many bytes), layers (from a lower, then from the upper
 * layer of an overlay), and privileges: children of another user execute copies with a set-id bit or capabilities.
 */
#include "live.h"
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/xattr.h>

static char self[4096];
static char *final_argv[] = { "execs", "final", NULL };
static char *no_env[] = { NULL };

static void *exec_thread(void *arg)
{
	(void)arg;
	fact("thread=%d\n", (int)syscall(SYS_gettid));
	syscall(SYS_execve, self, final_argv, no_env);
	die("execve");
}

static void by_thread(void)
{
	pthread_t t;

	fact("pid=%d\n", getpid());
	if (pthread_create(&t, NULL, exec_thread, NULL))
		die("pthread_create");
	pthread_join(t, NULL);
}

static void put_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || fchmod(fd, mode))
		die(path);
	close(fd);
}

static void fail(void)
{
	put_file("noexec", "text", 0644);
	put_file("garbage", "\177neither ELF nor script\n", 0755);
	syscall(SYS_execve, "./absent/program", final_argv, no_env);
	fact("absent=%d\n", errno);
	syscall(SYS_execve, "./noexec", final_argv, no_env);
	fact("noexec=%d\n", errno);
	syscall(SYS_execve, "./garbage", final_argv, no_env);
	fact("garbage=%d\n", errno);
	syscall(SYS_execve, self, final_argv, no_env);
}

static void script(void)
{
	char text[4200];
	char *argv[] = { "./script.sh", "one", NULL };

	/* the interpreter gets: self, "final", "./script.sh", "one" */
	snprintf(text, sizeof(text), "#!%s final\n", self);
	put_file("script.sh", text, 0755);
	syscall(SYS_execve, "./script.sh", argv, no_env);
}

static void memfd(void)
{
	int fd = syscall(SYS_memfd_create, "hidden", MFD_CLOEXEC);

	if (fd < 0)
		die("memfd_create");
	copy_self(fd);
	syscall(SYS_execveat, fd, "", final_argv, no_env, AT_EMPTY_PATH);
}

static void deleted(void)
{
	int fd = open("gone", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	if (fd < 0)
		die("gone");
	copy_self(fd);
	close(fd);
	fd = open("gone", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || unlink("gone"))
		die("gone");
	syscall(SYS_execveat, fd, "", final_argv, no_env, AT_EMPTY_PATH);
}

/* Arguments of 1,000 bytes each (999 and the NUL), the last one shorter, BYTES in all with "execs"
 * and "final". */
static void big_argv(size_t bytes)
{
	size_t head = sizeof("execs") + sizeof("final"), rest = bytes - head;
	size_t n = (rest + 999) / 1000, i;
	char **argv = calloc(n + 3, sizeof(*argv));

	if (!argv)
		die("calloc");
	argv[0] = "execs";
	argv[1] = "final";
	for (i = 0; i < n; i++) {
		size_t len = rest > 1000 ? 1000 : rest;

		argv[i + 2] = malloc(len);
		memset(argv[i + 2], 'a' + i % 26, len - 1);
		argv[i + 2][len - 1] = 0;
		rest -= len;
	}
	fact("argc=%zu\nbytes=%zu\n", n + 2, bytes);
	syscall(SYS_execve, self, argv, no_env);
}

static int copy_to(const char *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	if (fd < 0)
		die(path);
	copy_self(fd);
	if (fchmod(fd, mode))
		die(path);
	close(fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(path);
	return fd;
}

/* FD, executed by user and group 65534; the name of the fact is that of the file. */
static void as_nobody(const char *name, int fd)
{
	char *argv[] = { "execs", "secure", (char *)name, NULL };
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		if (syscall(SYS_setgroups, 0, NULL) || syscall(SYS_setresgid, 65534, 65534, 65534) ||
		    syscall(SYS_setresuid, 65534, 65534, 65534))
			die("setresuid");
		syscall(SYS_execveat, fd, "", argv, no_env, AT_EMPTY_PATH);
		die("execveat");
	}
	fact("%s=%d\n", name, pid);
	reap(pid);
}

static void privileges(void)
{
	/* version 2, effective; permitted: CAP_NET_RAW */
	static const uint32_t caps[5] = { 0x02000001, 1U << 13, 0, 0, 0 };
	int fd;

	if (getuid())
		skip("only root makes such files");
	as_nobody("plain", copy_to("plain", 0755));
	as_nobody("setuid", copy_to("setuid", 04755));
	as_nobody("setgid", copy_to("setgid", 02755));
	fd = copy_to("caps", 0755);
	if (setxattr("caps", "security.capability", caps, sizeof(caps), 0))
		skip("no capabilities of files here");
	as_nobody("caps", fd);
}

static void from_layer(const char *name, const char *path)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		syscall(SYS_execve, path, final_argv, no_env);
		die(path);
	}
	fact("%s=%d\n", name, pid);
	reap(pid);
}

static void layers(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mkdir("o", 0755) ||
	    mount("none", "o", "tmpfs", 0, NULL) || chdir("o"))
		skip("no mount namespace here");
	if (mkdir("lower", 0755) || mkdir("upper", 0755) || mkdir("work", 0755) || mkdir("merged", 0755))
		die("mkdir");
	close(copy_to("lower/inside", 0755));
	close(copy_to("lower/changed", 0755));
	if (mount("none", "merged", "overlay", 0, "lowerdir=lower,upperdir=upper,workdir=work"))
		skip("no overlay here");
	close(copy_to("merged/outside", 0755));
	close(copy_to("merged/changed", 0755));
	from_layer("inside", "merged/inside");
	from_layer("outside", "merged/outside");
	from_layer("changed", "merged/changed");
	syscall(SYS_execve, self, final_argv, no_env);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (!strcmp(mode, "final")) {
		ppid_calls(5);
		_exit(3);
	}
	if (!strcmp(mode, "secure")) {
		fact("secure_%s=%d\n", argv[2], getauxval(AT_SECURE) != 0);
		_exit(3);
	}
	if (n < 0)
		die("readlink");
	if (!strcmp(mode, "thread"))
		by_thread();
	else if (!strcmp(mode, "fail"))
		fail();
	else if (!strcmp(mode, "script"))
		script();
	else if (!strcmp(mode, "memfd"))
		memfd();
	else if (!strcmp(mode, "deleted"))
		deleted();
	else if (!strcmp(mode, "layers"))
		layers();
	else if (!strcmp(mode, "privileges")) {
		privileges();
		syscall(SYS_execve, self, final_argv, no_env);
	} else if (!strcmp(mode, "argv") && argc > 2)
		big_argv(strtoul(argv[2], NULL, 10));
	die(mode);
}
