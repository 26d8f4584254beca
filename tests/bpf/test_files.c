/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about files, from their text to the verdict. */
#include "bpf_test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"

/* ---- what a rule is about -------------------------------------------------------------------------------------- */

static const char *const tree[] = {
	"a/b/c", "a/b/d/e", "a/bc", "a/bcd/x", "a/b.c", "s/x.key", "s/.key", "s/x.keys", "s/key", "s/y", "s/xylo", "s/d/y.key",
	"s/d/e/y.key", "s/d/x.key", "t/y.key", "m/", "up/m/", "other/", "away/f",
};

struct row {
	const char *name, *rules;
	unsigned int access;
	const char *denied[8], *allowed[8];
};

static const struct row rows[] = {
	{ "a file", "deny_write = [\"@/a/b/c\"]", WRITE, { "a/b/c" }, { "a/b", "a/b/d", "a/bc", "a/b//c1" } },
	{ "a directory, and not what its name begins", "deny_write = [\"@/a/b\"]", WRITE,
	  { "a/b", "a/b/c", "a/b/d/e", "a/b//new", "a/b/d//new" }, { "a", "a/bc", "a/bcd", "a/bcd/x", "a/b.c", "a/bcd//new" } },
	{ "a name that is not there", "deny_write = [\"@/a/new\"]", WRITE, { "a//new" },
	  { "a//new1", "a//ne", "a/b//new", ".//new" } },
	{ "how a name ends", "deny_write = [\"@/s/*.key\"]", WRITE, { "s/x.key", "s/.key", "s//new.key", "s//.new.key" },
	  { "s/x.keys", "s/key", "s/d/y.key", "t/y.key", "s//new.ke", "s//newkey", "t//new.key" } },
	{ "how a name begins", "deny_write = [\"@/s/x*\"]", WRITE, { "s/x.key", "s/x.keys", "s/xylo", "s//x", "s//xnew" },
	  { "s/y", "s/d/x.key", "s//nx", "s//.x" } },
	{ "every name in a directory", "deny_write = [\"@/s/*\"]", WRITE, { "s/y", "s/.key", "s/d", "s/d/e/y.key", "s//new" },
	  { "s", "t/y.key", "t//new" } },
	{ "a name anywhere below", "deny_write = [\"@/s/**/y.key\"]", WRITE, { "s/d/y.key", "s/d/e/y.key", "s//y.key" },
	  { "s/x.key", "t/y.key", "s/d//yy.key", "s/d//y.ke" } },
	{ "how a name anywhere below ends", "deny_write = [\"@/s/**/*.key\"]", WRITE,
	  { "s/x.key", "s/d/e/y.key", "s/d//new.key" },
	  { "s/x.keys", "t/y.key", "t//new.key", "s/d//key" } },
	{ "a name as far below", "deny_write = [\"@/s/*/y.key\"]", WRITE, { "s/d/y.key" },
	  { "s//y.key", "s/d/e/y.key", "s/d/x.key", "t/y.key" } },
	{ "a name anywhere", "deny_write = [\"**/y.key\"]", WRITE, { "s/d/y.key", "t/y.key", "a/b//y.key" },
	  { "s/x.key", "t//yy.key", "t//y.keys" } },
	{ "what is denied to be opened at all", "deny = [\"@/a/b\"]", READ, { "a/b/c", "a/b//new" }, { "a/bc" } },
	{ "another kind of access", "deny_exec = [\"@/a/b\"]", WRITE, { NULL }, { "a/b/c", "a/b" } },
	{ "one of two kinds of access", "deny_exec = [\"@/a/b\"]", WRITE | EXEC, { "a/b/c" }, { "a/bc" } },
	{ "nothing but what is allowed", "allow_write = [\"@/a/b\"]", WRITE,
	  { "a", "a/bc", "a/bcd/x", "a/b.c", "a//new", "a/bcd//new" },
	  { "a/b", "a/b/c", "a/b/d/e", "a/b//new" } },
	{ "a deny in what is allowed", "allow_write = [\"@/a\"]\ndeny_write = [\"@/a/b\"]", WRITE,
	  { "a/b/c", "a/b//new", "s/y" },
	  { "a/bc", "a/b.c" } },
	{ "an allow in what is denied", "deny_write = [\"@/a\"]\nallow_write = [\"@/a/b\"]", WRITE,
	  { "a/b/c", "a/bc", "s/y" }, { NULL } },
	{ "what may be written may be read", "allow_read = [\"@/s\"]\nallow_write = [\"@/a/b\"]", READ, { "a/bc", "t/y.key" },
	  { "a/b/c", "s/y" } },
	{ "one of a class of characters", "deny_write = [\"@/s/[xy]*\"]", WRITE, { "s/x.key", "s/y", "s/xylo" },
	  { "s/key", "s/.key" } },
};

static void expect(const struct row *r, const char *path, unsigned int verdict)
{
	unsigned int is = judge(path, r->access);

	if (is != verdict)
		fail_msg("%s (%s): %s is %s", r->name, r->rules, path, is == EV_ALLOWED ? "allowed" : "denied");
}

static void expect_row(const struct row *r)
{
	char text[512];

	snprintf(text, sizeof(text), FS "%s\n", r->rules);
	enforce(text);
	for (size_t i = 0; i < ARRAY_SIZE(r->denied) && r->denied[i]; i++)
		expect(r, r->denied[i], EV_DENIED);
	for (size_t i = 0; i < ARRAY_SIZE(r->allowed) && r->allowed[i]; i++)
		expect(r, r->allowed[i], EV_ALLOWED);
}

static int make_tree(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tree); i++)
		make(tree[i]);
	return link("a/b/c", "other/link") || link("s/x.key", "other/x") || link("t/y.key", "other/y.key") ||
	       mount("a/b", "m", NULL, MS_BIND, NULL) || mount("a/b", "up/m", NULL, MS_BIND, NULL);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_row(&rows[i]);
}

/* The same thing by another name. */
static void test_other_names(void **state)
{
	static const struct row v[] = {
		{ "a hard link", "deny_write = [\"@/a/b/c\"]", WRITE, { "a/b/c", "other/link", "m/c" }, { "other/x" } },
		{ "a hard link out of a directory", "deny_write = [\"@/a/b\"]", WRITE, { "a/b/c" }, { "other/link" } },
		{ "a hard link to what has such a name", "deny_write = [\"@/s/*.key\"]", WRITE, { "other/x" },
		  { "other/y.key" } },
		{ "a mount of it", "deny_write = [\"@/a/b\"]", WRITE, { "m", "m/c", "m/d/e", "m//new", "up/m/c" }, { "up" } },
		{ "where it is mounted", "deny_write = [\"@/up\"]", WRITE, { "up", "up/m/c", "up/m//new", "a/b/c" },
		  { "a/bc" } },
		{ "its mount", "deny_write = [\"@/m\"]", WRITE, { "m/c", "a/b/c", "up/m//new" }, { "a/bc" } },
		{ "a name below what is mounted", "deny_write = [\"@/a/**/e\"]", WRITE, { "a/b/d/e", "m/d/e", "m//e" },
		  { "m/c" } },
		{ "a name that a mount does not show", "deny_write = [\"@/up/**/b\"]", WRITE, { "up//b", "up/m//b" },
		  { "up/m/c", "up/m/d/e" } },
		{ "a mount of what is allowed", "allow_write = [\"@/a/b\"]", WRITE, { "a/bc", "up" }, { "m/c", "m//new" } },
		{ "a mount in what is allowed", "allow_write = [\"@/up\"]", WRITE, { "a/b/c", "m/c" },
		  { "up/m/c", "up/m//new" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		expect_row(&v[i]);
}

/* ---- what happens after the policy is loaded ------------------------------------------------------------------- */

static int open_now(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void test_deleted(void **state)
{
	int in, elsewhere;

	(void)state;
	make("del/in/f");
	make("del/f");
	enforce(FS "deny_write = [\"@/del/in\", \"@/del/*.x\"]\n");
	in = open_now("del/in/f");
	elsewhere = open_now("del/f");
	assert_int_equal(unlink("del/in/f") | unlink("del/f"), 0);
	assert_int_equal(judge_fd(in, WRITE), EV_DENIED);
	assert_int_equal(judge_fd(elsewhere, WRITE), EV_ALLOWED);
	assert_int_equal(judge("del/in//f", WRITE), EV_DENIED);
	close(in);
	close(elsewhere);
}

static void test_renamed(void **state)
{
	(void)state;
	make("ren/file");
	make("ren/in/f");
	make("ren/in/d/g");
	make("ren/out/");
	enforce(FS "deny_write = [\"@/ren/file\", \"@/ren/in\"]\n");
	assert_int_equal(rename("ren/file", "ren/out/file") | rename("ren/in/f", "ren/out/f"), 0);
	assert_int_equal(rename("ren/in", "ren/elsewhere"), 0);
	/* the rule is about the file, and about whatever takes its name */
	assert_int_equal(judge("ren/out/file", WRITE), EV_DENIED);
	assert_int_equal(judge("ren//file", WRITE), EV_DENIED);
	make("ren/file");
	assert_int_equal(judge("ren/file", WRITE), EV_DENIED);
	/* and about the directory, not about what was in it */
	assert_int_equal(judge("ren/out/f", WRITE), EV_ALLOWED);
	assert_int_equal(judge("ren/elsewhere/d/g", WRITE), EV_DENIED);
	assert_int_equal(judge("ren/elsewhere//new", WRITE), EV_DENIED);
}

static void test_mounted_later(void **state)
{
	(void)state;
	make("mnt/in/f");
	make("mnt/elsewhere/");
	enforce(FS "deny_write = [\"@/mnt/in\", \"@/mnt/**/*.x\"]\n");
	assert_int_equal(mount("none", "mnt/in", "tmpfs", 0, NULL) | mount("none", "mnt/elsewhere", "tmpfs", 0, NULL), 0);
	make("mnt/in/over/g");
	make("mnt/elsewhere/d/g.x");
	make("mnt/elsewhere/d/g");
	assert_int_equal(judge("mnt/in/over/g", WRITE), EV_DENIED);
	assert_int_equal(judge("mnt/elsewhere/d/g.x", WRITE), EV_DENIED);
	assert_int_equal(judge("mnt/elsewhere/d/g", WRITE), EV_ALLOWED);
	assert_int_equal(umount2("mnt/in", MNT_DETACH) | umount2("mnt/elsewhere", MNT_DETACH), 0);
	assert_int_equal(judge("mnt/in/f", WRITE), EV_DENIED);
}

/* As bits: what is mounted, and what is beside it, is denied. */
static int mount_for_oneself(void *unused)
{
	(void)unused;
	assert_false(unshare(CLONE_NEWNS) || mount("a/b", "far/m", NULL, MS_BIND, NULL));
	return (judge("far/m/c", WRITE) == EV_DENIED) | (judge("far/f", WRITE) == EV_DENIED) << 1;
}

/* Who can mount for himself could mount anything into what is allowed: that allows nothing. What denies there still does. */
static void test_foreign_mount(void **state)
{
	(void)state;
	make("far/m/");
	make("far/f");
	enforce(FS "allow_write = [\"@/far\"]\n");
	assert_int_equal(in_child(mount_for_oneself, NULL), 1);
	enforce(FS "allow_write = [\"@/far\", \"@/a/b\"]\n");
	assert_int_equal(in_child(mount_for_oneself, NULL), 0);
	enforce(FS "deny_write = [\"@/far\"]\n");
	assert_int_equal(in_child(mount_for_oneself, NULL), 3);
}

static unsigned int move(const char *from, const char *to)
{
	struct ask *ask = &world.skel->bss->ask;

	open_place(from, &ask->at);
	open_place(to, &ask->to);
	world__ask(&world, world.skel->progs.ask_move);
	close(ask->at.fd);
	close(ask->to.fd);
	assert_true(ask->found);
	return ask->act.verdict;
}

/* A directory must not take what is in it out of the reach of a rule about names. */
static void test_moved_directory(void **state)
{
	static const struct {
		const char *rule, *from, *to;
		unsigned int verdict;
	} v[] = {
		{ "@/s/**/*.key", "s/d", "t//d", EV_DENIED },	{ "@/s/**/*.key", "s/d", "s//dd", EV_ALLOWED },
		{ "@/s/**/*.key", "s/d/e", "s//e", EV_ALLOWED }, { "@/s/**/*.key", "t", "away//t", EV_ALLOWED },
		{ "@/s/*/y.key", "s/d", "s//dd", EV_ALLOWED },	{ "@/s/*/y.key", "s/d/e", "s//e", EV_DENIED },
		{ "@/s/y", "s/d", "t//d", EV_ALLOWED },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		snprintf(text, sizeof(text), FS "deny_write = [\"%s\"]\n", v[i].rule);
		enforce(text);
		if (move(v[i].from, v[i].to) != v[i].verdict)
			fail_msg("%s: %s to %s", v[i].rule, v[i].from, v[i].to);
	}
}

/* In no tree: no rule about paths can mean it, but what may be executed is not everything else. */
static void test_memfd(void **state)
{
	int fd = memfd_create("x", MFD_CLOEXEC);

	(void)state;
	enforce(FS "allow_write = [\"@/a\"]\nallow_exec = [\"@/a\"]\n");
	assert_int_equal(judge_fd(fd, WRITE), EV_ALLOWED);
	assert_int_equal(judge_fd(fd, EXEC), EV_DENIED);
	close(fd);
}

/* ---- long ways ------------------------------------------------------------------------------------------------- */

static int descend(int dir, unsigned int n, const char *name)
{
	int next;

	for (; n; n--, close(dir), dir = next) {
		if (mkdirat(dir, name, 0755) && errno != EEXIST)
			fail_msg("mkdir: %s", strerror(errno));
		next = openat(dir, name, O_PATH | O_CLOEXEC);
		assert_true(next >= 0);
	}
	return dir;
}

/* Places in a file system of its own: 60 directories and 4,000 bytes down, 1,900 down, and further than any path can name. */
static struct {
	int long_names, many, too_many;
} deep;

static void make_deep(void)
{
	char name[68];

	snprintf(name, sizeof(name), "%065d", 7);
	make("deep/");
	assert_int_equal(mount("none", "deep", "tmpfs", 0, NULL), 0);
	make("deep/top/");
	deep.long_names = descend(open_now("deep/top"), 60, name);
	deep.many = descend(open_now("deep/top"), 1900, "d");
	deep.too_many = descend(dup(deep.many), 500, "d");
}

static void remove_deep(void)
{
	close(deep.long_names);
	close(deep.many);
	close(deep.too_many);
	assert_int_equal(umount2("deep", MNT_DETACH), 0);
}

static void test_deep(void **state)
{
	char rules[4096] = FS "allow_write = [\"@/deep/top";

	(void)state;
	make_deep();
	enforce(FS "allow_write = [\"@/deep/top\"]\nallow_read = [\"@/deep/top\"]\ndeny_exec = [\"@/a\"]\n");
	assert_int_equal(judge_fd(deep.long_names, WRITE), EV_ALLOWED);
	assert_int_equal(judge_fd(deep.many, WRITE), EV_ALLOWED);
	assert_int_equal(judge_fd(deep.many, EXEC), EV_ALLOWED);
	assert_false(world.skel->bss->ask.blind);
	/* too far to be walked: what allows it cannot be seen, and what denies anything could be about this */
	assert_int_equal(judge_fd(deep.too_many, WRITE), EV_DENIED);
	assert_true(world.skel->bss->ask.blind);
	assert_int_equal(judge_fd(deep.too_many, EXEC), EV_DENIED);
	enforce(FS "deny_write = [\"@/deep/top\", \"**/no-such-name\"]\n");
	assert_int_equal(judge_fd(deep.long_names, WRITE), EV_DENIED);
	assert_int_equal(judge_fd(deep.many, WRITE), EV_DENIED);
	assert_int_equal(judge_fd(deep.too_many, EXEC), EV_ALLOWED);
	/* as strictly as the strictest rule that there is */
	enforce(FS "deny_write = [{ path = \"@/a\", action = \"audit\" }]\n");
	assert_int_equal(judge_fd(deep.too_many, WRITE), EV_WOULD_DENY);
	/* nor does it count that one who allows lies on the part of the way that is walked */
	for (unsigned int i = 0; i < 1500; i++)
		strcat(rules, "/d");
	enforce(strcat(rules, "\"]\n"));
	assert_int_equal(judge_fd(deep.many, WRITE), EV_ALLOWED);
	assert_int_equal(judge_fd(deep.too_many, WRITE), EV_DENIED);
	remove_deep();
}

/* ---- modes, and one policy after the other --------------------------------------------------------------------- */

static int write_to_killed(void *path)
{
	judge(path, WRITE);
	return 0;
}

static void test_modes(void **state)
{
	static const char rules[] = FS "deny_write = [\"@/a/b\", { path = \"@/s/y\", action = \"audit\" },\n"
				    "\t{ path = \"@/t\", action = \"kill\" }, { path = \"@/t/y.key\", action = \"audit\" }]\n";
	struct guard_hits hits[8];

	(void)state;
	world__load(&world, rules, GUARD_AUDIT);
	assert_int_equal(judge("a/b/c", WRITE), EV_WOULD_DENY);
	assert_int_equal(judge("t/y.key", WRITE), EV_WOULD_DENY);
	assert_int_equal(guard__set_mode(&world.guard, GUARD_ENFORCE), 0);
	assert_int_equal(judge("a/b/c", WRITE), EV_DENIED);
	assert_int_equal(world.skel->bss->ask.act.rule, 1);
	assert_int_equal(judge("s/y", WRITE), EV_WOULD_DENY);
	assert_int_equal(world.skel->bss->ask.act.rule, 2);
	assert_int_equal(judge("a/bc", WRITE), EV_ALLOWED);
	assert_int_equal(world.skel->bss->ask.act.rule, 0);
	/* the strictest of two */
	assert_int_equal(in_child(write_to_killed, "t/y.key"), -SIGKILL);
	assert_int_equal(world.skel->bss->ask.act.verdict, EV_KILLED);
	assert_int_equal(guard__hits(&world.guard, hits, 5), 0);
	assert_int_equal(hits[1].matched, 2);
	assert_int_equal(hits[2].matched, 1);
	assert_int_equal(hits[3].matched, 2);
	assert_int_equal(hits[4].matched, 0);
	assert_int_equal(guard__set_mode(&world.guard, GUARD_OFF), 0);
	assert_int_equal(judge("a/b/c", WRITE), EV_ALLOWED);
}

static unsigned int serial(void) { return world.skel->bss->ask.act.policy; }

static void test_generations(void **state)
{
	unsigned int first;

	(void)state;
	make("gen/a");
	make("gen/b");
	make("gen/c/");
	enforce(FS "deny_write = [\"@/gen/a\", \"@/gen/*.x\"]\nallow_exec = [\"@/gen\"]\n");
	assert_int_equal(judge("gen/a", WRITE), EV_DENIED);
	first = serial();
	assert_int_equal(judge("gen/b", WRITE), EV_ALLOWED);
	assert_int_equal(judge("gen//b.x", WRITE), EV_DENIED);
	assert_int_equal(judge("a/b/c", EXEC), EV_DENIED);
	enforce(FS "deny_write = [\"@/gen/b\", \"@/gen/c\"]\n");
	assert_int_equal(judge("gen/b", WRITE), EV_DENIED);
	assert_int_equal(serial(), first + 1);
	assert_int_equal(judge("gen/a", WRITE), EV_ALLOWED);
	assert_int_equal(judge("gen//b.x", WRITE), EV_ALLOWED);
	assert_int_equal(judge("a/b/c", EXEC), EV_ALLOWED);
	/* a third is written where the first was */
	enforce(FS "deny_write = [\"@/gen/c\"]\n");
	assert_int_equal(judge("gen/a", WRITE), EV_ALLOWED);
	assert_int_equal(judge("gen/b", WRITE), EV_ALLOWED);
	assert_int_equal(judge("gen/c", WRITE), EV_DENIED);
}

/* In the middle of its rows. */
static void test_failed_load(void **state)
{
	(void)state;
	make("gen/gone");
	enforce(FS "deny_write = [\"@/gen/a\"]\nallow_exec = [\"@/gen\"]\n");
	world__make(&world, FS "deny_write = [\"@/gen/b\", \"@/gen/gone\"]\n[network]\nallow = [\"127.0.0.1:80\"]\n");
	assert_int_equal(unlink("gen/gone"), 0);
	assert_int_equal(guard__load(&world.guard, &world.target, &world.live, GUARD_ENFORCE), -ENOENT);
	assert_int_equal(judge("gen/a", WRITE), EV_DENIED);
	assert_int_equal(judge("gen/b", WRITE), EV_ALLOWED);
	assert_int_equal(judge("gen/b", EXEC), EV_ALLOWED);
	assert_int_equal(judge("a/b/c", EXEC), EV_DENIED);
	/* nothing is left of it in the next */
	enforce(FS "deny_write = [\"@/gen/c\"]\n");
	assert_int_equal(judge("gen/b", WRITE), EV_ALLOWED);
	assert_int_equal(judge("gen/c", WRITE), EV_DENIED);
}

struct loader {
	bool done;
	int err;
};

static void *load_again_and_again(void *arg)
{
	static const char *const rules[] = { FS "deny_write = [\"@/gen\"]\n",
					     FS "deny_write = [\"@/gen/a\", \"@/gen/*.x\"]\n" };
	struct loader *l = arg;

	for (unsigned int i = 0; i < 30 && !l->err; i++)
		l->err = world__try(&world, rules[i % 2], GUARD_ENFORCE);
	__atomic_store_n(&l->done, true, __ATOMIC_SEQ_CST);
	return NULL;
}

/* There is no moment without the one policy or the other. */
static void test_switch(void **state)
{
	int fd = open_now("gen/a");
	struct loader loader = { 0 };
	pthread_t thread;
	unsigned int n;

	(void)state;
	enforce(FS "deny_write = [\"@/gen/a\"]\n");
	assert_int_equal(pthread_create(&thread, NULL, load_again_and_again, &loader), 0);
	for (n = 0; !__atomic_load_n(&loader.done, __ATOMIC_SEQ_CST); n++)
		assert_int_equal(judge_fd(fd, WRITE), EV_DENIED);
	assert_int_equal(pthread_join(thread, NULL) | loader.err, 0);
	assert_true(n > 30);
	close(fd);
}

int run_file_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows), cmocka_unit_test(test_other_names), cmocka_unit_test(test_deleted),
		cmocka_unit_test(test_renamed), cmocka_unit_test(test_mounted_later), cmocka_unit_test(test_moved_directory),
		cmocka_unit_test(test_foreign_mount), cmocka_unit_test(test_memfd), cmocka_unit_test(test_deep),
		cmocka_unit_test(test_modes), cmocka_unit_test(test_generations), cmocka_unit_test(test_failed_load),
		cmocka_unit_test(test_switch),
	};

	return cmocka_run_group_tests_name("rules about files", tests, make_tree, NULL);
}
