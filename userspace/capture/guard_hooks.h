/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs of the security profile, SEC("?lsm/HOOK"), SEC("?fentry/FUNCTION"), SEC("?cgroup_skb/egress"), ...: which of
 * them this kernel takes. None is needed for the others to work: a hook that the kernel does not have, a program that it
 * refuses, and one that it does not attach are each left out, and listed with the reason. Not iterators and SEC("?syscall"),
 * which are called rather than attached.
 */
#ifndef SANDTRACE_GUARD_HOOKS_H
#define SANDTRACE_GUARD_HOOKS_H

#include <bpf/libbpf.h>
#include <stdbool.h>

#define HOOKS_MAX 160

struct hook {
	char program[48];
	char name[48];		/* "file_open" of an LSM hook, "fentry/commit_creds" of others */
	bool lsm;
	bool on;
	char why[160];		/* it is not */
	struct bpf_link *link;	/* NULL: not attached */
};

struct hooks {
	struct hook v[HOOKS_MAX];
	unsigned int n;
	unsigned int n_on, n_lsm;
	int cgroup_fd; /* borrowed: where programs of cgroups go; -1: they are left out. To be set */
	char text[HOOKS_MAX][224];
	const char *missing[HOOKS_MAX + 1]; /* "NAME: WHY", NULL-terminated; made by hooks__attach */
};

struct hooks_want {
	bool lsm;   /* LSM hooks can be had */
	bool judge; /* there will be a policy */
	bool kill;  /* of which what nobody can refuse is judged afterwards: after_* */
	uint32_t events; /* ST_EVENTS_*: what is to be recorded */
};
/* OBJ was opened and not loaded. Asks the kernel's BTF the first time; turns the programs on that are to be tried. */
void hooks__choose(struct hooks *h, struct bpf_object *obj, const struct hooks_want *want);
/* The load failed: takes the program out that it failed at. False: it failed at none of these. */
bool hooks__drop_refused(struct hooks *h);
/* Attaches what was loaded. */
void hooks__attach(struct hooks *h, struct bpf_object *obj);
void hooks__detach(struct hooks *h);
/* Are all programs of this hook in force? */
bool hooks__has(const struct hooks *h, const char *name);
/* Is this program in force? */
bool hooks__runs(const struct hooks *h, const char *program);
/* Are all in force that a policy needs? */
bool hooks__whole(const struct hooks *h);

/* To be given to libbpf_set_print: notes which program it speaks of, and passes its words on. */
int hooks__print(enum libbpf_print_level level, const char *fmt, va_list ap);

#endif
