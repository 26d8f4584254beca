/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of attempts share. A new file evade_NAME.c says DOMAIN(NAME, its table), and gets a line in DOMAINS of
 * evade.c; an attempt is added in its file alone. Some attempts need those above them in their table: append.
 */
#ifndef EVADE_H
#define EVADE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define CANNOT (-1)
#define DATA "/srv/data"
#define OK "/srv/ok"
#define DEPTH 60
#define LONG_NAME 60 /* DEPTH * (LONG_NAME + 1) and the rest: near 4,000 bytes */
#define ABYSS 2200   /* levels, more than are walked (2,100) */

struct attempt {
	const char *name;
	int (*fn)(void);	   /* 0: it happened; an errno; or CANNOT */
	const char *kind, *action; /* what must be seen of it */
	const char *expected;	   /* "denied": EPERM; "allowed"; "race": nothing got, however often it was seen */
};

struct domain {
	const struct attempt *attempts;
	size_t n;
};
#define DOMAIN(name, table) const struct domain name##_domain = { table, sizeof(table) / sizeof((table)[0]) }

/* What was there before the policy. */
extern int old_fd, old_dir, old_tcp, old_udp, unix_pair[2];
extern pid_t outsider; /* the server's parent: not in scope */
extern pid_t neighbour; /* not in scope either, in a mount namespace of its own, where DATA is on /mnt/other */

extern char detail[128]; /* one word that an attempt tells beside its result */

/* CANNOT, for want of WHAT: one word. */
static inline int without(const char *what)
{
	strcpy(detail, what);
	return CANNOT;
}

static inline int result(long ret)
{
	return ret < 0 ? errno : 0;
}

static inline int open_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static inline int in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(fn() & 0xff);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return CANNOT;
	return WEXITSTATUS(status) == 0xff ? CANNOT : WEXITSTATUS(status);
}

static inline struct sockaddr_in v4(const char *addr, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, addr, &a.sin_addr);
	return a;
}

#define ADDR(p) ((uint64_t)(uintptr_t)(p))
/* One request, by a kernel thread where its flags say so. Its result, as a call would give it. */
int uring(const struct io_uring_sqe *request);

/* In place of what is executed; evade_rules.c and evade_file.c. */
int forge_and_open(const char *path);
int disguise_and_open(char *argv0, const char *path);

/* The neighbour renames one name to another and back, from the first call with true until that with false; evade_rules.c. */
struct flips {
	volatile int on, turns;
};
extern struct flips *flips;
extern int flips_go; /* a byte to it: begin */
void flip_names(void);

#endif
