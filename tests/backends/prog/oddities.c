/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/* Names, memory, addresses, identities and descriptors that are hard to copy. */
#include "adversary.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

static int gate[2];

/* Names that are no text: of the process, of threads, of what dies with them. */
static const char *const names[] = {
	"new\nline", "quote\"\\'", "\xff\xfe\x80", "ab\xc3\xbc\xe2\x82\xac", "exactly15bytes!", "cut in the \xe2\x82\xac\xe2\x82\xac",
	"\033[31mred", " ", "", "tab\tdel\177", "(x) R 1 2",
};

static void *named(void *arg)
{
	prctl(PR_SET_NAME, arg, 0, 0, 0);
	raise(SIGUSR1);
	return arg;
}

static void on_usr1(int sig)
{
	(void)sig;
}

static void name(void)
{
	handle(SIGUSR1, on_usr1, 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		pid_t pid = fork();

		if (!pid) {
			prctl(PR_SET_NAME, names[i], 0, 0, 0);
			reap(fork() ?: (_exit(1), 0));
			_exit(2);
		}
		reap(pid);
		pthread_join(thread(named, (void *)(uintptr_t)names[i]), NULL);
	}
}

static void open_some(void)
{
	close(open("/etc/hostname", O_RDONLY | O_CLOEXEC));
	open("/absent", O_RDONLY);
	symlink("target", "link");
	rename("link", "other");
	unlink("other");
}

/* Memory that only its owner and root may look at; then of another user. */
static void undumpable(void)
{
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	open_some();
	reap(fork() ?: (open_some(), _exit(3), 0));
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	open_some();
}

/* Another user and group half way, alone and with threads (which the C library tells by a signal). */
static void *blocked(void *arg)
{
	tell(((int *)arg)[1]);
	hear(gate[0]);
	ppid_calls(1);
	return arg;
}

static void identities(void)
{
	int ready[2], real;
	pthread_t t;

	make_pipe(gate);
	make_pipe(ready);
	t = thread(blocked, ready);
	hear(ready[0]);
	real = getuid() == 0;
	if (real && (syscall(SYS_setresgid, 65534, 65534, 65534) || syscall(SYS_setresuid, -1, 65534, 0)))
		die("setresuid");
	open_some();
	reap(fork() ?: (open_some(), _exit(3), 0));
	if (real && syscall(SYS_setresuid, 65534, 65534, 65534))
		die("setresuid");
	open_some();
	syscall(SYS_setresuid, 0, 0, 0);
	tell(gate[1]);
	pthread_join(t, NULL);
	reap(fork() ?: (open_some(), _exit(4), 0));
}

/* Paths at the edge of what is mapped, of the longest lengths, of no length. */
static void path(const char *p)
{
	syscall(SYS_openat, AT_FDCWD, p, O_RDONLY, 0);
}

static void pointers(void)
{
	char *page = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *fresh = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *text = malloc(8192);
	static const int lens[] = { 1, 254, 255, 256, 257, 4094, 4095, 4096, 5000 };

	munmap(page + 4096, 4096);
	memset(text, 'x', 8192);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		for (int k = 0; k < lens[i]; k += 100)
			text[k] = '/';
		text[lens[i]] = 0;
		path(text);
		text[lens[i]] = 'x';
	}
	path(NULL);
	path((char *)0x10);
	path((char *)0xffff800000001000UL);
	path((char *)0xfffffffffffffff0UL);
	path((char *)0x0000800000000000UL - 8);
	path(strcpy(page + 4096 - 12, "/absent-end"));
	path(memcpy(page + 4096 - 8, "/no-term", 8));
	path(page + 4096 - 1);
	path(page + 4096);
	path(fresh); /* never touched: empty */
	path("");
	path("bad-\xff\xfe-\xc3");
	path("new\nline\t\"quoted\"\\");
	syscall(SYS_renameat2, AT_FDCWD, "a\xff", -1, page + 4096, 0);
	syscall(SYS_symlinkat, page + 4096 - 8, AT_FDCWD, "b\xfe");
	syscall(SYS_linkat, AT_FDCWD, NULL, AT_FDCWD, (char *)0x10, 0);
	syscall(SYS_mount, "none", "/absent", "odd\377fs", 0UL, NULL);
	syscall(SYS_pipe2, page + 4096, 0);
	syscall(SYS_pipe2, page + 4096 - 4, 0);
	syscall(SYS_pipe2, NULL, 0);
}

/* Socket addresses that need no network: refused, odd, cut short. */
static void addresses(void)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(1), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_un un = { AF_UNIX, "\0abstract\0name" }, plain = { AF_UNIX, "sock" };
	struct iovec iov = { "y", 1 };
	struct msghdr msg = { .msg_name = &v4, .msg_namelen = sizeof(v4), .msg_iov = &iov, .msg_iovlen = 1 };
	socklen_t len = sizeof(un);
	char big[200], data[8];
	int t = socket(AF_INET, SOCK_STREAM, 0), u = socket(AF_INET, SOCK_DGRAM, 0), s = socket(AF_INET6, SOCK_DGRAM, 0);
	int x = socket(AF_UNIX, SOCK_DGRAM, 0), y = socket(AF_UNIX, SOCK_DGRAM, 0), pair[2];

	memset(big, 'z', sizeof(big));
	connect(t, (void *)&v4, sizeof(v4));
	sendto(u, "x", 1, MSG_DONTWAIT, (void *)&v4, sizeof(v4));
	sendmsg(u, &msg, MSG_DONTWAIT);
	sendto(s, "x", 1, MSG_DONTWAIT, (void *)&v6, sizeof(v6));
	bind(x, (void *)&plain, sizeof(plain));
	bind(y, (void *)&un, 24);
	connect(x, (void *)&un, 24);
	connect(y, (void *)&plain, sizeof(plain));
	send(y, "data", 4, 0);
	recvfrom(x, data, sizeof(data), 0, (void *)&un, &len);
	getsockname(x, (void *)&un, &len);
	len = 3;
	getpeername(x, (void *)&un, &len);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	connect(u, NULL, 16);
	connect(u, (void *)0x10, 16);
	connect(u, (void *)&v4, 1);
	connect(u, (void *)&v4, 0);
	connect(u, (void *)big, sizeof(big));
	connect(u, (void *)big, 128);
	connect(u, (void *)&v4, -1);
	recvfrom(x, data, sizeof(data), MSG_DONTWAIT, (void *)&un, (void *)0x10);
	accept4(t, (void *)&v4, &len, 0);
	sendmsg(u, (void *)0x10, 0);
	msg.msg_namelen = 1;
	sendmsg(u, &msg, 0);
	unlink("sock");
}

/* Descriptors by all calls that make and unmake them. */
static void descriptors(void)
{
	int fds[2];

	make_pipe(fds);
	dup(fds[0]);
	dup2(fds[1], 100);
	dup3(fds[1], 101, O_CLOEXEC);
	dup2(fds[1], fds[1]);
	dup2(999, 5);
	fcntl(fds[0], F_DUPFD_CLOEXEC, 200);
	syscall(SYS_close_range, 100, ~0U, 0);
	close(-1);
	close(0x7fffffff);
	syscall(SYS_close, 0xffffffff00000000UL | fds[0]); /* only the lower half counts */
	openat(fds[1], "relative", O_RDONLY);
	openat(-1, "relative", O_RDONLY);
	close(fds[1]);
	chdir("/");
	syscall(SYS_openat, (long)AT_FDCWD, "etc/hostname", O_RDONLY);
	fchdir(3);
}

static const struct mode modes[] = {
	{ "name", name }, { "undumpable", undumpable }, { "identities", identities }, { "pointers", pointers },
	{ "addresses", addresses }, { "descriptors", descriptors }, { NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_mode(modes, argc, argv);
}
