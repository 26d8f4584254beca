/* SPDX-License-Identifier: Apache-2.0 */
#include "guard_hooks.h"

#include <bpf/btf.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "config.h"
#include "libbpf_print.h"

/* The program that libbpf complained of, and its first words. After a failed load none has a descriptor to tell it by. */
static struct {
	char program[48];
	char why[160];
} complaint;

int hooks__print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	static const char of_program[] = "libbpf: prog '%s': ";
	va_list again;
	char *line;

	if (level == LIBBPF_WARN && !complaint.program[0] && !strncmp(fmt, of_program, sizeof(of_program) - 1)) {
		va_copy(again, ap);
		snprintf(complaint.program, sizeof(complaint.program), "%s", va_arg(again, const char *));
		va_end(again);
		va_copy(again, ap);
		vsnprintf(complaint.why, sizeof(complaint.why), fmt, again);
		va_end(again);
		line = strstr(complaint.why, "': ");
		if (line)
			memmove(complaint.why, line + 3, strlen(line + 3) + 1);
		complaint.why[strcspn(complaint.why, "\n")] = 0;
	}
	return libbpf__print(level, fmt, ap);
}

static struct hook *find(struct hooks *h, const char *program)
{
	for (unsigned int i = 0; i < h->n; i++)
		if (!strcmp(h->v[i].program, program))
			return &h->v[i];
	return NULL;
}

static void __attribute__((format(printf, 2, 3))) off(struct hook *hook, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(hook->why, sizeof(hook->why), fmt, ap);
	va_end(ap);
	hook->on = false;
}

/* Of every read and write, and there only to refuse: not without a policy. */
static bool is_judge_only(const char *section, const char *program)
{
	return !strcmp(section, "lsm/file_permission") && strncmp(program, "io_", 3);
}

/*
 * What a program's records belong to, by the first word of its name; those of processes, and what keeps the scope, are always
 * there. With a policy those that judge are too: they then record what they refuse.
 */
static bool is_of_interest(const char *program, const struct hooks_want *want)
{
	static const struct {
		const char *prefix;
		uint32_t events;
		bool judges;
	} domains[] = {
		{ "file_", ST_EVENTS_FILE, true },	   { "io_", ST_EVENTS_IO, false },
		{ "socket_", ST_EVENTS_NETWORK, true },	   { "flow_", ST_EVENTS_FLOW, false },
		{ "name_", ST_EVENTS_NAMES, false },	   { "kernel_", ST_EVENTS_KERNEL, true },
		{ "namespace_", ST_EVENTS_KERNEL, false }, { "cgroup_", ST_EVENTS_KERNEL, false },
		{ "cred_", ST_EVENTS_CREDENTIALS, false },
	};

	if (!want->lsm && !strncmp(program, "io_", 3)) /* the rest of it is of no use without the one on an LSM hook */
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(domains); i++)
		if (!strncmp(program, domains[i].prefix, strlen(domains[i].prefix)))
			return want->events & domains[i].events || (want->judge && domains[i].judges);
	return true;
}

/* What a section stands for in the kernel's BTF; "": it is in none. */
static __u32 btf_name(const char *section, char *ret, size_t size)
{
	static const struct {
		const char *section, *prefix;
		__u32 kind;
	} families[] = {
		{ "lsm/", "bpf_lsm_", BTF_KIND_FUNC },	     { "fentry/", "", BTF_KIND_FUNC },
		{ "fexit/", "", BTF_KIND_FUNC },	     { "tp_btf/", "btf_trace_", BTF_KIND_TYPEDEF },
	};

	*ret = 0;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		size_t n = strlen(families[i].section);

		if (strncmp(section, families[i].section, n))
			continue;
		snprintf(ret, size, "%s%s", families[i].prefix, section + n);
		return families[i].kind;
	}
	return 0;
}

static bool is_called(const char *section) { return !strcmp(section, "syscall") || !strncmp(section, "iter/", 5); }
/* bpf/after.bpf.c: another program on every system call. */
static bool is_last_resort(const struct bpf_program *prog) { return !strncmp(bpf_program__name(prog), "after_", 6); }
static bool is_cgroup(const char *section) { return !strncmp(section, "cgroup", 6); }

static bool wanted(const struct hooks *h, const struct bpf_program *prog, const struct hooks_want *want)
{
	const char *section = bpf_program__section_name(prog), *name = bpf_program__name(prog);

	if (bpf_program__autoload(prog) || is_called(section) || (is_last_resort(prog) && !want->kill) || !is_of_interest(name, want))
		return false;
	if (!strncmp(section, "lsm/", 4))
		return want->lsm && (want->judge || !is_judge_only(section, name));
	return !is_cgroup(section) || h->cgroup_fd >= 0;
}

static void list(struct hooks *h, struct bpf_object *obj, const struct hooks_want *want)
{
	struct btf *btf = btf__load_vmlinux_btf();
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, obj) {
		const char *section = bpf_program__section_name(prog);
		struct hook *hook;
		char type[64];
		__u32 kind;

		if (!wanted(h, prog, want))
			continue;
		if (h->n == HOOKS_MAX) {
			log_err(0, "more programs than hooks.h has room for: %s and what follows is left out", bpf_program__name(prog));
			break;
		}
		hook = &h->v[h->n++];
		hook->lsm = !strncmp(section, "lsm/", 4);
		snprintf(hook->program, sizeof(hook->program), "%s", bpf_program__name(prog));
		snprintf(hook->name, sizeof(hook->name), "%s", section + (hook->lsm ? 4 : 0));
		hook->on = true;
		kind = btf_name(section, type, sizeof(type));
		if (btf && *type && btf__find_by_name_kind(btf, type, kind) < 0)
			off(hook, "this kernel has no such hook");
	}
	btf__free(btf);
}

void hooks__choose(struct hooks *h, struct bpf_object *obj, const struct hooks_want *want)
{
	struct bpf_program *prog;

	if (!h->n)
		list(h, obj, want);
	complaint.program[0] = 0;
	bpf_object__for_each_program(prog, obj) {
		const struct hook *hook = find(h, bpf_program__name(prog));

		if (!hook)
			continue;
		bpf_program__set_autoload(prog, hook->on);
		bpf_program__set_autoattach(prog, false);
	}
}

/* Those that make the kernel patch a function's first instruction. */
static bool is_patch(const char *name) { return !strncmp(name, "fentry/", 7) || !strncmp(name, "fexit/", 6); }

bool hooks__drop_refused(struct hooks *h)
{
	struct hook *hook = find(h, complaint.program);

	if (!hook || !hook->on)
		return false;
	off(hook, "%s", complaint.why);
	log_debug("hook %s: %s", hook->name, hook->why);
	/* who may not have one of them may have none: not one attempt for each */
	for (unsigned int i = 0; is_patch(hook->name) && strstr(hook->why, "not permitted") && i < h->n; i++)
		if (h->v[i].on && is_patch(h->v[i].name))
			off(&h->v[i], "%s", hook->why);
	return true;
}

void hooks__attach(struct hooks *h, struct bpf_object *obj)
{
	unsigned int n_missing = 0;
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, obj) {
		struct hook *hook = find(h, bpf_program__name(prog));

		if (!hook || !hook->on)
			continue;
		if (is_cgroup(hook->name))
			hook->link = bpf_program__attach_cgroup(prog, h->cgroup_fd);
		else
			hook->link = bpf_program__attach(prog);
		if (!hook->link)
			off(hook, "cannot be attached: %s", strerror(errno));
		h->n_on += hook->on;
		h->n_lsm += hook->on && hook->lsm;
	}
	for (unsigned int i = 0; i < h->n; i++)
		if (!h->v[i].on) {
			snprintf(h->text[n_missing], sizeof(h->text[0]), "%s: %s", h->v[i].name, h->v[i].why);
			h->missing[n_missing] = h->text[n_missing];
			n_missing++;
		}
}

void hooks__detach(struct hooks *h)
{
	for (unsigned int i = 0; i < h->n; i++) {
		bpf_link__destroy(h->v[i].link);
		h->v[i].link = NULL;
	}
}

bool hooks__has(const struct hooks *h, const char *name)
{
	bool found = false;

	for (unsigned int i = 0; i < h->n; i++) {
		if (strcmp(h->v[i].name, name))
			continue;
		if (!h->v[i].on)
			return false;
		found = true;
	}
	return found;
}

bool hooks__runs(const struct hooks *h, const char *program)
{
	for (unsigned int i = 0; i < h->n; i++)
		if (!strcmp(h->v[i].program, program))
			return h->v[i].on;
	return false;
}

/*
 * Without these no rule goes unenforced: before 6.2 path_truncate is asked by ftruncate too, no rule is about user namespaces
 * (6.1), and of io_uring (5.12) it is asked apart. The last are only recorded, and a kernel can be built without keys.
 */
static bool may_be_missing(const char *name)
{
	static const char *const young[] = { "file_truncate", "userns_create", "inode_init_security_anon",
					    "inode_set_acl", "inode_remove_acl", "task_prctl", "locked_down",
					    "key_alloc", "key_permission" };

	for (size_t i = 0; i < ARRAY_SIZE(young); i++)
		if (!strcmp(name, young[i]))
			return true;
	return false;
}

bool hooks__whole(const struct hooks *h)
{
	for (unsigned int i = 0; i < h->n; i++)
		if (!h->v[i].on && h->v[i].lsm && !may_be_missing(h->v[i].name))
			return false;
	return h->n_lsm > 0;
}
