/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways round a policy that denies writing below /srv/data, executing from /tmp, talking to anything but 127.0.0.1:80, and
 * bpf(2).
 *
 *   evade world   makes the files and mounts that the attempts need (root, a machine of its own)
 *   evade serve   opens what was open before, says "ready PID", then reads names of attempts, one a line, and answers
 *		   "NAME RESULT DETAIL": RESULT is 0, what it was after happened; an errno; or -1, it cannot be tried here
 *   evade list    the names, with what must be seen of each: NAME KIND ACTION EXPECTED
 *   evade true    ends with 0: what is executed
 *   evade open PATH, evade forge PATH, evade disguise PATH
 *		   ends with what opening it for writing gives; forge passes for /payload/evade before, whatever it is; disguise
 *		   gives itself another name and other arguments
 *
 * The attempts are made by the process itself, which ran before the policy was there; those that execute something, by
 * its children. They are in evade_DOMAIN.c, each file with its table.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <sched.h>

#include "evade.h"

/* In this order. identity stays the last: after its storm, a small ring may lose what the next attempt gives. */
#define DOMAINS(X) \
	X(file) \
	X(exec) \
	X(code) \
	X(net) \
	X(flow) \
	X(system) \
	X(kernel) \
	X(rules) \
	X(io) \
	X(identity)
#define DECLARE(name) extern const struct domain name##_domain;
#define POINTER(name) &name##_domain,
DOMAINS(DECLARE)
static const struct domain *const domains[] = { DOMAINS(POINTER) };
#define N_DOMAINS (sizeof(domains) / sizeof(domains[0]))

int old_fd, old_dir, old_tcp, old_udp, unix_pair[2];
pid_t outsider, neighbour;
struct flips *flips;
int flips_go;
char detail[128];

/* ---- the world -------------------------------------------------------------------------------------------------- */

static void need(int ret, const char *what)
{
	if (ret < 0) {
		fprintf(stderr, "evade: %s: %s\n", what, strerror(errno));
		exit(3);
	}
}
static void make_file(const char *path, mode_t mode, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	need(fd, path);
	need(write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1, path);
	need(fchmod(fd, mode), path);
	close(fd);
}
static void copy_file(const char *path, const char *to)
{
	int from = open(path, O_RDONLY | O_CLOEXEC), fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	char buf[65536];
	ssize_t n;

	need(from, path);
	need(fd, to);
	while ((n = read(from, buf, sizeof(buf))) > 0)
		need(write(fd, buf, (size_t)n) == n ? 0 : -1, to);
	close(from);
	close(fd);
}
static void make_deep(void)
{
	char name[LONG_NAME + 1];
	int dir;

	memset(name, 'd', LONG_NAME);
	name[LONG_NAME] = 0;
	need(mkdir(DATA "/deep", 0755), "deep");
	dir = open(DATA "/deep", O_PATH | O_CLOEXEC);
	for (int i = 0; i <= DEPTH + 3; i++) {
		int f = openat(dir, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600), next;

		need(f, "deep file");
		close(f);
		need(mkdirat(dir, i < DEPTH ? name : "down", 0755), "deep");
		next = openat(dir, i < DEPTH ? name : "down", O_PATH | O_CLOEXEC);
		need(next, "deep");
		close(dir);
		dir = next;
	}
	close(dir);
}
/* A file at the bottom, and the lowest directory mounted where it can be named. Only directories that no rule is about. */
static void make_abyss(void)
{
	int dir = open(OK, O_PATH | O_CLOEXEC), fd;
	char bottom[32];

	for (int i = 0; i < ABYSS; i++) {
		need(mkdirat(dir, "a", 0755), "abyss");
		fd = openat(dir, "a", O_PATH | O_CLOEXEC);
		need(fd, "abyss");
		close(dir);
		dir = fd;
	}
	fd = openat(dir, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	need(fd, "abyss file");
	close(fd);
	snprintf(bottom, sizeof(bottom), "/proc/self/fd/%d", dir);
	mkdir("/mnt/bottom", 0755);
	need(mount(bottom, "/mnt/bottom", NULL, MS_BIND, NULL), "bind");
	close(dir);
}

static int world(void)
{
	const char *dynamic;

	mkdir("/srv", 0755);
	mkdir("/mnt", 0755);
	need(mount("tmpfs", "/srv", "tmpfs", 0, NULL), "mount /srv");
	need(mkdir(DATA, 0755), DATA);
	need(mkdir(OK, 0755), OK);
	need(mkdir(DATA "/dir", 0755), "dir");
	make_file(DATA "/f", 0644, "protected");
	make_file(DATA "/g", 0644, "protected");
	make_file(DATA "/h", 0644, "protected");
	make_file(OK "/f", 0644, "open");
	make_file(OK "/xxf", 0644, "open");
	make_file(OK "/moved", 0644, "open");
	need(setxattr(DATA "/f", "trusted.there", "1", 1, 0), "xattr");
	need(link(DATA "/h", OK "/hard"), "hard");
	need(symlink(DATA "/f", OK "/link"), "link");
	need(symlink(DATA, OK "/dirlink"), "dirlink");
	need(symlink(DATA "/f", OK "/race"), "race");
	need(symlink(OK "/f", OK "/race2"), "race2");
	mkdir("/mnt/alias", 0755);
	mkdir("/mnt/other", 0755);
	mkdir("/mnt/below", 0755);
	make_file(DATA "/dir/f", 0644, "protected");
	need(mkdir(DATA "/empty", 0755), "empty");
	need(mkdir(DATA "/mounted", 0755), "mounted");
	need(mount("tmpfs", DATA "/mounted", "tmpfs", 0, NULL), "mount");
	make_file(DATA "/mounted/f", 0644, "protected");
	mkdir("/mnt/again", 0755);
	need(mount(DATA "/mounted", "/mnt/again", NULL, MS_BIND, NULL), "bind");
	need(mkdir(OK "/place", 0755), "place");
	need(mount(DATA "/dir", "/mnt/below", NULL, MS_BIND, NULL), "bind");
	need(mount(DATA, "/mnt/alias", NULL, MS_BIND, NULL), "bind");
	copy_file("/proc/self/exe", "/tmp/prog");
	copy_file("/proc/self/exe", "/tmp/interp");
	make_file("/tmp/script", 0755, "#!" OK "/prog true\n");
	copy_file("/proc/self/exe", OK "/prog");
	make_file(OK "/chain", 0755, "#!/tmp/interp true\n");
	make_file(OK "/chains", 0755, "#!" OK "/chain\n");
	/* what ld.so has to load: in the VM there is one such program */
	dynamic = access("/payload/sandtrace", R_OK) ? "/bin/true" : "/payload/sandtrace";
	copy_file(dynamic, "/tmp/dynamic");
	copy_file(dynamic, OK "/dynamic");
	make_deep();
	make_abyss();
	return 0;
}

static int listen_on(uint16_t port)
{
	struct sockaddr_in a = v4("127.0.0.1", port);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	need(bind(s, (void *)&a, sizeof(a)), "bind");
	need(listen(s, 64), "listen");
	return s;
}

/* Somebody else: listens, and passes on a socket of its own. Not in scope: it is the server's parent. */
static void be_outsider(int sock)
{
	struct sockaddr_in a = v4("127.0.0.1", 81);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char data = 'x', room[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { &data, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	need(connect(s, (void *)&a, sizeof(a)), "outsider's connect");
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &s, sizeof(s));
	need((int)sendmsg(sock, &m, 0), "outsider's send");
}

/* Not in scope as well, until its parent ends. */
static pid_t be_neighbour(void)
{
	int ready[2], go[2];
	pid_t pid;
	char c;

	flips = mmap(NULL, sizeof(*flips), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	need(flips == MAP_FAILED ? -1 : 0, "mmap");
	need(pipe2(ready, O_CLOEXEC), "pipe");
	need(pipe2(go, O_CLOEXEC), "pipe");
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		need(unshare(CLONE_NEWNS), "unshare");
		need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
		need(mount(DATA, "/mnt/other", NULL, MS_BIND, NULL), "bind");
		need((int)write(ready[1], "r", 1), "ready");
		while (read(go[0], &c, 1) == 1)
			flip_names();
		_exit(0);
	}
	flips_go = go[1];
	close(ready[1]);
	need(read(ready[0], &c, 1) == 1 ? 0 : -1, "the neighbour");
	close(ready[0]);
	close(go[0]);
	return pid;
}

static void each(void (*fn)(const struct attempt *, const char *), const char *arg)
{
	for (size_t d = 0; d < N_DOMAINS; d++)
		for (size_t i = 0; i < domains[d]->n; i++)
			fn(&domains[d]->attempts[i], arg);
}
static void answer(const struct attempt *a, const char *name)
{
	if (strcmp(name, a->name))
		return;
	strcpy(detail, "-");
	printf("%s %d", name, a->fn());
	printf(" %s\n", detail);
	fflush(stdout);
}
static void list(const struct attempt *a, const char *unused)
{
	(void)unused;
	printf("%s %s %s %s\n", a->name, a->kind, a->action, a->expected);
}

static int serve(void)
{
	struct sockaddr_in peer = v4("127.0.0.1", 81);
	char line[128];
	pid_t server;
	int status;

	outsider = getpid();
	neighbour = be_neighbour(); /* has none of what follows */
	listen_on(80);
	listen_on(81);
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, unix_pair), "socketpair");
	server = fork();
	if (server) {
		be_outsider(unix_pair[1]);
		waitpid(server, &status, 0);
		return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	}
	old_fd = open(DATA "/f", O_RDWR | O_CLOEXEC);
	old_dir = open(DATA, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	old_tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	old_udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	need(connect(old_tcp, (void *)&peer, sizeof(peer)), "connect");
	need(connect(old_udp, (void *)&peer, sizeof(peer)), "connect");
	need(old_fd, DATA "/f");
	printf("ready %d\n", getpid());
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		each(answer, line);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	signal(SIGPIPE, SIG_IGN);
	if (!strcmp(mode, "true"))
		return 0;
	if (!strcmp(mode, "open") && argc > 2)
		return open_write(argv[2]);
	if (!strcmp(mode, "forge") && argc > 2)
		return forge_and_open(argv[2]);
	if (!strcmp(mode, "disguise") && argc > 2)
		return disguise_and_open(argv[0], argv[2]);
	if (!strcmp(mode, "world"))
		return world();
	if (!strcmp(mode, "serve"))
		return serve();
	if (!strcmp(mode, "list")) {
		each(list, NULL);
		return 0;
	}
	fprintf(stderr, "usage: evade world|serve|list|true\n");
	return 2;
}
