/* SPDX-License-Identifier: Apache-2.0 */
/* Who is in scope: by a mark, by birth, by a control group. */
#include "bpf_test.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct world here;
static struct group scope, below, beside;

static uint64_t my_scope(void) { return world__ask(&here, here.skel->progs.ask_scope)->exec_id; }
static uint64_t parents_scope(void) { return here.skel->bss->ask.parent_exec_id; }

static void *thread_scope(void *ret)
{
	*(uint64_t *)ret = my_scope();
	return NULL;
}

static uint64_t scope_of_thread(void)
{
	uint64_t id = 0;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, thread_scope, &id), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	return id;
}

/* Whether in scope, and its number in *ARG. */
static int tell(void *arg)
{
	*(uint64_t *)arg = my_scope();
	return *(uint64_t *)arg != 0;
}

/* A child that was there before its parent was marked: it waits for the other end of a pipe to be closed. */
static pid_t fork_waiting(int *ret_go)
{
	int go[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(go), 0);
	*ret_go = go[1];
	pid = fork();
	if (!pid) {
		close(go[1]);
		_exit(read(go[0], &byte, 1) || !my_scope());
	}
	close(go[0]);
	return pid;
}

static int marked(void *unused)
{
	uint64_t own, id;
	int go, status;
	pid_t pid;

	(void)unused;
	assert_int_equal(my_scope(), 0);
	pid = fork_waiting(&go);
	world__adopt(&here, getpid());
	own = my_scope();
	assert_int_not_equal(own, 0);
	assert_int_equal(scope_of_thread(), own);
	/* a child is in scope from birth, a process of its own */
	assert_int_equal(in_child(tell, &id), 1);
	assert_int_not_equal(here.skel->bss->ask.exec_id, own);
	assert_int_equal(parents_scope(), own);
	close(go);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(parents_scope(), own);
	return 0;
}

static void test_marked(void **state)
{
	struct bpf_link *born;
	uint64_t id;

	(void)state;
	assert_true(world__open(&here, 0, 0, 0));
	born = bpf_program__attach(here.skel->progs.process_fork);
	assert_non_null(born);
	assert_int_equal(in_child(marked, NULL), 0);
	/* and nobody else */
	assert_int_equal(my_scope(), 0);
	assert_int_equal(in_child(tell, &id), 0);
	assert_int_equal(scope_of_thread(), 0);
	/* to be remembered for something else is no mark */
	world__ask(&here, here.skel->progs.ask_op);
	my_scope();
	assert_false(here.skel->bss->ask.found);
	bpf_link__destroy(born);
	world__close(&here);
}

static int in_group(void *group)
{
	if (group)
		enter_group(group);
	return my_scope() != 0;
}

/* From its first action in the group on, wherever it goes. */
static int in_and_out(void *unused)
{
	uint64_t id, first;

	(void)unused;
	enter_group(&below);
	first = scope_of_thread();
	id = my_scope();
	enter_group(&beside);
	return id && first == id && my_scope() == id;
}

/* Nothing that it did in there was seen. */
static int through(void *unused)
{
	(void)unused;
	enter_group(&scope);
	enter_group(&beside);
	return my_scope() != 0;
}

/* Who records is never in scope. */
static int recorder(void *unused)
{
	(void)unused;
	assert_true(world__open(&here, scope.id, scope.level, getpid()));
	enter_group(&scope);
	return my_scope() != 0;
}

static void test_group(void **state)
{
	(void)state;
	assert_int_equal(in_child(recorder, NULL), 0);
	assert_true(world__open(&here, scope.id, scope.level, 0));
	assert_int_equal(in_child(in_group, NULL), 0);
	assert_int_equal(in_child(in_group, &scope), 1);
	assert_int_equal(in_child(in_group, &below), 1);
	assert_int_equal(in_child(in_group, &beside), 0);
	assert_int_equal(in_child(in_and_out, NULL), 1);
	assert_int_equal(in_child(through, NULL), 0);
	world__close(&here);
}

static int make_groups(void **state)
{
	(void)state;
	return !make_group("", &scope) || !make_group("/below", &below) || !make_group(".beside", &beside);
}

static int remove_all(void **state)
{
	(void)state;
	remove_groups();
	return 0;
}

int run_scope_tests(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_marked), cmocka_unit_test(test_group) };

	return cmocka_run_group_tests_name("scope", tests, make_groups, remove_all);
}
