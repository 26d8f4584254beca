/* SPDX-License-Identifier: Apache-2.0 */
/* Who acts: what the conditions of rules ask, and the rules that are about no file. */
#include "bpf_test.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

static struct group outer, inner, beside;

/* A process that asks. */
struct actor {
	uid_t euid;
	const struct group *group;
	int unshare;
	bool unknown; /* nobody saw what it executed */
};

static int fd; /* of what it wants to write to */
static struct world *asked = &world;

static void become(const struct actor *a)
{
	if (!a->unknown)
		world__adopt(asked, getpid());
	if (a->group)
		enter_group(a->group);
	assert_false(a->unshare && unshare(a->unshare));
	assert_false(a->euid && setresuid((uid_t)-1, a->euid, (uid_t)-1));
}

static int write_as(void *actor)
{
	become(actor);
	return (int)judge_fd(fd, WRITE);
}

static int op_as(void *actor)
{
	become(actor);
	asked->skel->bss->ask.op = GUARD_OP_BPF;
	return (int)world__ask(asked, asked->skel->progs.ask_op)->act.verdict;
}

static const char *load(const char *key, const char *when)
{
	static char text[1024];

	snprintf(text, sizeof(text), FS "%s = [{ path = \"@/who\", when = { %s } }]\n", key, when);
	enforce(text);
	return text;
}

/* Is a rule with this condition one for them? */
static void check(const char *when, struct actor actor, bool met)
{
	const char *text = load("deny_write", when);

	if (in_child(write_as, &actor) != (met ? EV_DENIED : EV_ALLOWED))
		fail_msg("%s%s met", text, met ? "is not" : "is");
	text = load("allow_write", when);
	/* of a program that is not known nothing is sure, which is not enough to allow */
	if (in_child(write_as, &actor) != (met && !actor.unknown ? EV_ALLOWED : EV_DENIED))
		fail_msg("%s%s met", text, met ? "is not" : "is");
}

static void test_conditions(void **state)
{
	const struct actor root = { 0 }, user = { .euid = 1000 }, unknown = { .unknown = true },
			   foreign = { .unshare = CLONE_NEWNS }, mapped = { .unshare = CLONE_NEWUSER };
	char exe[512], own[600], other[600];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	(void)state;
	assert_true(n > 0);
	snprintf(own, sizeof(own), "binary = \"%.*s\"", (int)n, exe);
	snprintf(other, sizeof(other), "not_binary = [\"/bin/true\", \"%.*s\"]", (int)n, exe);
	check("uid = 1000", root, false);
	check("uid = 1000", user, true);
	check("uid = [1, 1000]", user, true);
	check("not_uid = [1, 1000]", user, false);
	check("not_uid = [1, 1000]", root, true);
	check(own, root, true);
	check(other, root, false);
	check("binary = \"/bin/true\"", root, false);
	check("not_binary = \"/bin/true\"", root, true);
	check("binary = \"/bin/true\"", unknown, true);
	check("not_binary = \"/bin/true\"", unknown, true);
	check("binary = \"/bin/true\", uid = 1000", unknown, false);
	check("uid = 1000, not_binary = \"/bin/true\"", user, true);
	check("mount_namespace = \"host\"", root, true);
	check("mount_namespace = \"other\"", root, false);
	check("mount_namespace = \"host\"", foreign, false);
	check("mount_namespace = \"other\"", foreign, true);
	check("user_namespace = \"host\"", root, true);
	check("user_namespace = \"other\"", mapped, true);
	check("user_namespace = \"host\"", mapped, false);
	check("user_namespace = \"host\"", foreign, true);
}

static void test_groups(void **state)
{
	struct actor in = { .group = &outer }, below = { .group = &inner }, out = { .group = &beside };
	struct actor user = { .euid = 1000, .group = &inner };
	char when[3][8300];

	(void)state;
	snprintf(when[0], sizeof(when[0]), "cgroup = \"%s\"", outer.path);
	snprintf(when[1], sizeof(when[1]), "not_cgroup = \"%s\"", inner.path);
	snprintf(when[2], sizeof(when[2]), "uid = 1000, cgroup = [\"%s\", \"%s\"]", beside.path, outer.path);
	check(when[0], in, true);
	check(when[0], below, true);
	check(when[0], out, false);
	check(when[1], in, true);
	check(when[1], below, false);
	check(when[1], out, true);
	check(when[2], user, true);
	check(when[2], below, false);
}

static void test_ops(void **state)
{
	struct actor root = { 0 }, user = { .euid = 1000 };

	(void)state;
	enforce("[syscalls]\ndeny = [\"ptrace\", { call = \"bpf\", when = { uid = 1000 } }]\n");
	assert_int_equal(in_child(op_as, &root), EV_ALLOWED);
	assert_int_equal(in_child(op_as, &user), EV_DENIED);
	world.skel->bss->ask.op = GUARD_OP_PTRACE;
	assert_int_equal(world__ask(&world, world.skel->progs.ask_op)->act.verdict, EV_DENIED);
	world.skel->bss->ask.op = GUARD_OP_MOUNT;
	assert_int_equal(world__ask(&world, world.skel->progs.ask_op)->act.verdict, EV_ALLOWED);
}

/* Which namespaces are the loader's is known of a policy without any path, too. */
static void test_namespaces_without_paths(void **state)
{
	struct actor root = { 0 }, foreign = { .unshare = CLONE_NEWNS };
	struct world fresh;

	(void)state;
	assert_true(world__open(&fresh, 0, 0, 0));
	asked = &fresh;
	world__load(&fresh, "[syscalls]\ndeny = [{ call = \"bpf\", when = { mount_namespace = \"other\" } }]\n", GUARD_ENFORCE);
	assert_int_equal(in_child(op_as, &foreign), EV_DENIED);
	assert_int_equal(in_child(op_as, &root), EV_ALLOWED);
	asked = &world;
	world__close(&fresh);
}

static int connect_as(void *actor)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(80), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct ask *ask = &world.skel->bss->ask;

	ask->at = (struct ask_place){ .fd = socket(AF_INET, SOCK_STREAM, 0) };
	become(actor);
	memcpy(ask->addr, &to, sizeof(to));
	ask->addr_len = sizeof(to);
	return (int)world__ask(&world, world.skel->progs.ask_connect)->act.verdict;
}

static void test_addresses(void **state)
{
	struct actor root = { 0 }, user = { .euid = 1000 }, unknown = { .unknown = true };

	(void)state;
	enforce("[network]\nallow = [{ host = \"127.0.0.1:80\", when = { uid = 1000 } }]\n");
	assert_int_equal(in_child(connect_as, &root), EV_DENIED);
	assert_int_equal(in_child(connect_as, &user), EV_ALLOWED);
	enforce("[network]\nallow = [{ host = \"127.0.0.1:80\", when = { not_binary = \"/bin/true\" } }]\n");
	assert_int_equal(in_child(connect_as, &root), EV_ALLOWED);
	assert_int_equal(in_child(connect_as, &unknown), EV_DENIED);
}

static int open_all(void **state)
{
	(void)state;
	make("who");
	fd = open("who", O_PATH | O_CLOEXEC);
	return !make_group("", &outer) || !make_group("/inner", &inner) || !make_group(".beside", &beside);
}

static int close_all(void **state)
{
	(void)state;
	close(fd);
	remove_groups();
	return 0;
}

int run_who_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conditions), cmocka_unit_test(test_groups), cmocka_unit_test(test_ops),
		cmocka_unit_test(test_namespaces_without_paths), cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests_name("who acts", tests, open_all, close_all);
}
