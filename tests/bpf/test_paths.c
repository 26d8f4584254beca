/* SPDX-License-Identifier: Apache-2.0 */
/* bpf/path.bpf.h against what the kernel itself says: /proc/self/fd. */
#include "bpf_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "event/event.h"

#define SMALL 512
#define COMPONENTS 127 /* and a turn that finds the root */

static char *kernel_says(int fd, char *text, size_t size)
{
	char link[64];
	struct stat st;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, text, size - 1);
	assert_true(n > 0);
	text[n] = 0;
	assert_int_equal(fstat(fd, &st), 0);
	if (!st.st_nlink && n > 10 && !strcmp(text + n - 10, " (deleted)"))
		text[n - 10] = 0;
	return text;
}

/* As userspace turns it round, with how it ended. */
static void programs_say(const struct ev_part *p, const char *data, char *text, size_t size)
{
	struct part part = { .data = (void *)data, .len = p->len, .type = p->type, .state = p->state };

	text[event__path(&part, text, size)] = 0;
}

/* Does it fit? The component that is written last, the one next to the root, must begin within SIZE; MOUNTS are passed. */
static bool fits(const char *path, size_t size, unsigned int mounts)
{
	unsigned int n = mounts;

	for (const char *s = path; *s; s++)
		n += *s == '/';
	return strlen(path) - strcspn(path + 1, "/") - 1 < size && n <= COMPONENTS;
}

static void compare(const struct ev_part *p, const char *data, const char *truth, bool whole)
{
	char text[8192];
	size_t n;

	programs_say(p, data, text, sizeof(text));
	n = strlen(text);
	if (whole && (p->state != EV_PART_OK || strcmp(text, truth)))
		fail_msg("state %u: %s\n  for %s", p->state, text, truth);
	if (!whole && (p->state != EV_PART_TRUNCATED || p->true_len || n > strlen(truth) ||
		       strcmp(truth + strlen(truth) - n, text)))
		fail_msg("not marked as truncated (%u), or not its end: %s\n  for %s", p->state, text, truth);
}

static void check(int fd, unsigned int mounts)
{
	struct ask *m = &world.skel->bss->ask;
	char truth[8192];

	kernel_says(fd, truth, sizeof(truth));
	m->at = (struct ask_place){ .fd = fd };
	assert_true(world__ask(&world, world.skel->progs.ask_path)->found);
	compare(&m->small.p, m->small.data, truth, fits(truth, SMALL, mounts));
	compare(&m->large.p, m->large.data, truth, fits(truth, EV_PATH_MAX, mounts));
}

static int open_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_PATH | O_CLOEXEC | O_NOFOLLOW);

	assert_true(fd >= 0);
	return fd;
}

/* Any bytes that a name can have. */
static void random_name(char *ret, unsigned int max)
{
	unsigned int len = 1 + any(max);

	for (unsigned int i = 0; i < len; i++)
		do
			ret[i] = (char)(1 + any(255));
		while (ret[i] == '/');
	ret[len] = 0;
	if (!strcmp(ret, ".") || !strcmp(ret, ".."))
		ret[0] = 'x';
}

/* Here there is much to make, and nothing to be removed. */
static void mount_paths(void)
{
	make("paths/");
	assert_int_equal(mount("none", "paths", "tmpfs", 0, NULL), 0);
}

/* A directory in DIR, at times with a mount on it: a file system of its own, or another part of this one. */
static int descend(int dir, unsigned int max, const char *elsewhere, unsigned int *mounts)
{
	char name[256], at[64];
	int fd;

	random_name(name, max);
	assert_int_equal(mkdirat(dir, name, 0755), 0);
	fd = open_file(dir, name);
	if (any(24))
		return fd;
	snprintf(at, sizeof(at), "/proc/self/fd/%d", fd);
	assert_int_equal(any(2) ? mount("none", at, "tmpfs", 0, NULL) : mount(elsewhere, at, NULL, MS_BIND, NULL), 0);
	close(fd);
	++*mounts;
	return open_file(dir, name);
}

static void test_random_paths(void **state)
{
	unsigned int truncated = 0;

	mount_paths();
	(void)state;
	for (unsigned int i = 0; i < 300; i++) {
		unsigned int depth = any(i % 4 ? 20 : 120), max = any(3) ? 12 : 60, mounts = 1;
		char elsewhere[64], name[256];
		int dir, next, fd;

		snprintf(elsewhere, sizeof(elsewhere), "paths/elsewhere.%u/", i);
		make(elsewhere);
		snprintf(name, sizeof(name), "paths/%u", i);
		assert_int_equal(mkdir(name, 0755), 0);
		dir = open_file(AT_FDCWD, name);
		for (unsigned int k = 0; k < depth && max * k < 3600; k++, close(dir), dir = next)
			next = descend(dir, max, elsewhere, &mounts);
		random_name(name, 100);
		fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		assert_true(fd >= 0);
		check(dir, mounts);
		check(fd, mounts);
		truncated += world.skel->bss->ask.small.p.state == EV_PART_TRUNCATED;
		assert_int_equal(unlinkat(dir, name, 0), 0);
		check(fd, mounts);
		close(fd);
		close(dir);
	}
	assert_int_equal(umount2("paths", MNT_DETACH), 0);
	assert_in_range(truncated, 30, 270);
}

/* The deepest of N directories with names of LEN bytes. */
static int deep(unsigned int n, unsigned int len)
{
	char name[256];
	int dir = open_file(AT_FDCWD, "paths"), next;

	snprintf(name, sizeof(name), "%0*u", (int)len, 7);
	for (unsigned int i = 0; i < n; i++, close(dir), dir = next) {
		mkdirat(dir, name, 0755);
		next = open_file(dir, name);
	}
	return dir;
}

static void test_deep_paths(void **state)
{
	static const struct {
		unsigned int n, len;
	} v[] = { { 60, 65 }, { 60, 1 },   { COMPONENTS - 4, 1 }, { COMPONENTS - 3, 1 },
		  { 200, 2 }, { 15, 250 }, { 2, 254 },		  { 1900, 1 } };

	mount_paths();
	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		int fd = deep(v[i].n, v[i].len);

		check(fd, 1);
		close(fd);
	}
	assert_int_equal(umount2("paths", MNT_DETACH), 0);
}

static int from_other_root(void *arg)
{
	int inside, outside = open_file(AT_FDCWD, "outside");

	(void)arg;
	make("root/in/side");
	inside = open_file(AT_FDCWD, "root/in/side");
	assert_int_equal(chroot("root"), 0);
	world.skel->bss->ask.at = (struct ask_place){ .fd = inside };
	world__ask(&world, world.skel->progs.ask_path);
	compare(&world.skel->bss->ask.small.p, world.skel->bss->ask.small.data, "/in/side", true);
	world.skel->bss->ask.at.fd = outside;
	world__ask(&world, world.skel->progs.ask_path);
	return 0;
}

/* A path is as the task sees it; what its root does not show is told from the root of all. */
static void test_other_root(void **state)
{
	char truth[4096];
	int fd;

	(void)state;
	make("outside");
	fd = open_file(AT_FDCWD, "outside");
	assert_int_equal(in_child(from_other_root, NULL), 0);
	compare(&world.skel->bss->ask.large.p, world.skel->bss->ask.large.data, kernel_says(fd, truth, sizeof(truth)), true);
	close(fd);
}

static void test_detached_mount(void **state)
{
	int fd;

	(void)state;
	make("gone/");
	assert_int_equal(mount("none", "gone", "tmpfs", 0, NULL), 0);
	make("gone/a/b");
	fd = open_file(AT_FDCWD, "gone/a/b");
	check(fd, 1);
	assert_int_equal(umount2("gone", MNT_DETACH), 0);
	check(fd, 0);
	close(fd);
}

static void check_descriptor(int fd)
{
	struct ask *ask = &world.skel->bss->ask;
	const struct ev_part *p = &ask->small.p;
	char truth[256], text[1024];

	ask->at.fd = fd;
	world__ask(&world, world.skel->progs.ask_descriptor);
	assert_int_equal(p->state, EV_PART_OK);
	programs_say(p, ask->small.data, text, sizeof(text));
	kernel_says(fd, truth, sizeof(truth));
	assert_string_equal(text, truth + (p->type == EV_PT_STR && *truth == '/'));
}

/* What is in no tree is told as the kernel does; of a memfd without the slash that it puts before it. */
static void test_descriptors(void **state)
{
	int fds[3] = { memfd_create("some name", MFD_CLOEXEC), socket(AF_UNIX, SOCK_STREAM, 0), open_file(AT_FDCWD, ".") };
	int pipes[2];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	for (unsigned int i = 0; i < 3; i++) {
		check_descriptor(fds[i]);
		close(fds[i]);
	}
	check_descriptor(pipes[1]);
	close(pipes[0]);
	close(pipes[1]);
	world.skel->bss->ask.at.fd = pipes[0];
	world__ask(&world, world.skel->progs.ask_descriptor);
	assert_int_equal(world.skel->bss->ask.small.p.state, EV_PART_NULL);
}

int run_path_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_paths), cmocka_unit_test(test_deep_paths), cmocka_unit_test(test_other_root),
		cmocka_unit_test(test_detached_mount), cmocka_unit_test(test_descriptors),
	};

	return cmocka_run_group_tests_name("paths", tests, NULL, NULL);
}
