/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that a sandbox refuses, one after the other; each is named by the argument that asks for it. Nothing here
 * succeeds in doing harm without a sandbox: what is opened is not read, what is made would be empty.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void paths(void)
{
	int usr = open("/usr/share", O_PATH | O_DIRECTORY | O_CLOEXEC);

	open("/etc/issue", O_RDONLY);
	openat(usr, "../../etc/issue", O_RDONLY);
	if (!chdir("/usr"))
		syscall(SYS_access, "../etc/issue", R_OK);
	open("/etc/shadow", O_RDONLY);
	open("/etc/nothing-is-called-so", O_RDONLY);
	open("nothing-is-called-so", O_RDONLY);
	openat(usr, "made-by-a-test", O_WRONLY | O_CREAT | O_EXCL, 0600);
	renameat(usr, "doc", AT_FDCWD, "made-by-a-test");
	mkdir("/etc/made-by-a-test", 0700);
}

/* Names that would do something to a terminal, or mean more than themselves in a policy. */
static void names(void)
{
	open("/etc/made/\033[2J\033]0;title\007\n\r\xff\xfe\xe2\x80\xae", O_RDONLY);
	mkdir("/etc/\033[31m\n\xff", 0700);
	mkdir("/etc/*", 0700);
}

static void calls(void)
{
	syscall(SYS_mount, "none", "/mnt", "tmpfs", 0, NULL);
	syscall(SYS_clone3, NULL, 0);
	socket(AF_PACKET, SOCK_RAW, 0);
}

static int tcp(const char *address, int port, int flags)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | flags, 0);

	inet_pton(AF_INET, address, &to.sin_addr);
	connect(fd, (struct sockaddr *)&to, sizeof(to));
	return fd;
}

static void net(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	tcp("192.0.2.1", 443, 0);
	tcp("127.0.0.1", 1, 0);
	tcp("127.0.0.1", 2, SOCK_NONBLOCK);
	/* a server of our own inside is reached, and no denial */
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 1) || getsockname(fd, (struct sockaddr *)&at, &len))
		return;
	tcp("127.0.0.1", ntohs(at.sin_port), 0);
	tcp("127.0.0.1", ntohs(at.sin_port), SOCK_NONBLOCK);
}

static void flood(int same, int different)
{
	char name[64];

	for (int i = 0; i < same; i++)
		open("/etc/shadow", O_RDONLY);
	for (int i = 0; i < different; i++) {
		snprintf(name, sizeof(name), "/etc/made-by-a-test-%d", i);
		mkdir(name, 0700);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "paths"))
		paths();
	else if (!strcmp(what, "names"))
		names();
	else if (!strcmp(what, "calls"))
		calls();
	else if (!strcmp(what, "net"))
		net();
	else if (!strcmp(what, "exec"))
		execl("/usr/bin/id", "id", (char *)NULL);
	else if (!strcmp(what, "map") && argc > 2)
		return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, open(argv[2], O_RDONLY), 0) == MAP_FAILED;
	else if (!strcmp(what, "flood") && argc > 3)
		flood(atoi(argv[2]), atoi(argv[3]));
	else
		return 2;
	return 0;
}
