/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the programs share: the programs, loaded once, a policy put in force from its text by the code that
 * `attach` uses, and questions asked by this process or a child of it.
 */
#ifndef SANDTRACE_TESTS_BPF_TEST_H
#define SANDTRACE_TESTS_BPF_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

#include <cmocka.h>

#include "ask.h"
#include "capture/guard_load.h"
#include "guard_test.skel.h"
#include "sandbox/network.h"

#define FS "[filesystem]\n"
enum { READ = 1 << GUARD_READ, WRITE = 1 << GUARD_WRITE, EXEC = 1 << GUARD_EXEC };

/* The programs and what is in force. */
struct world {
	struct guard_test_bpf *skel;
	struct guard_target target;
	struct guard guard;
	struct policy *policy;
	struct net_plan plan;
	struct live_policy live;
};

/* The one that most tests ask, and an empty directory, which is the current one: in a mount namespace of this process. */
extern struct world world;
extern char work[64];

/* The scope is what runs in CGROUP, LEVEL below the root (0: nobody who is not marked), but for OWN. False: errno. */
bool world__open(struct world *w, uint64_t cgroup, unsigned int level, pid_t own);
void world__close(struct world *w);
/* TEXT: tables of a policy, '@' standing for the directory of the tests. Into w->live, ready to be loaded. */
void world__make(struct world *w, const char *text);
/* And puts it in force. What was so stays so if that fails. */
int world__try(struct world *w, const char *text, enum guard_mode mode);
void world__load(struct world *w, const char *text, enum guard_mode mode);
void enforce(const char *text); /* in the one world */
/* Puts a process in scope, with what it has started. */
void world__adopt(struct world *w, pid_t pid);
/* Calls a program of guard_test.bpf.c: its answer. */
const struct ask *world__ask(struct world *w, const struct bpf_program *prog);

/* Makes a file, or for "x/" a directory, and the directories above it. */
void make(const char *path);
/* O_PATH. "dir//name": of the directory, NAME into RET. */
int open_place(const char *path, struct ask_place *ret);
/* May PATH be used so? "dir//name": a name that nothing has. enum ev_verdict. */
unsigned int judge(const char *path, unsigned int access);
unsigned int judge_place(const struct ask_place *at, unsigned int access);
unsigned int judge_fd(int fd, unsigned int access);

/* In a child; what it returns is its exit status, -SIGNAL if it was killed. */
int in_child(int (*fn)(void *), void *arg);

/* A new control group of version 2, below that of this process; they are removed by remove_groups(). False: there are none. */
struct group {
	char path[4096]; /* as in /proc/PID/cgroup */
	uint64_t id;
	unsigned int level;
};
bool make_group(const char *name, struct group *ret);
void remove_groups(void);
void enter_group(const struct group *g);

/* From 0 to N - 1, the same at each run with the same BPF_TEST_SEED. */
unsigned int any(unsigned int n);
/* How often to try what is made by chance: N times, or as many more as BPF_TEST_ROUNDS says. */
unsigned int rounds(unsigned int n);

int run_path_tests(void);
int run_file_tests(void);
int run_any_rule_tests(void);
int run_net_tests(void);
int run_who_tests(void);
int run_scope_tests(void);
/* Of the matcher that the rules about files are held against. */
int run_naive_tests(void);

#endif
