/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads every program alone on this kernel, of the recorder and of the network rules, in the two configurations that between them
 * open every branch, and says what the verifier made of the larger. Tab-separated, one line a program:
 *
 *   name  section  ok|absent|loaded|error  instructions verified  bytes of stack  prototype of the hook  what is wrong
 *
 * "absent": this kernel has no such hook. "loaded": the verifier took it, but it cannot be attached. The stack is that of the
 * function that takes most; of a chain of calls the verifier itself refuses more than 512 bytes.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "answer.skel.h"
#include "network.skel.h"
#include "sandtrace.skel.h"

#define LOG_SIZE (1 << 20)
#define LOG_STATS 4 /* linux/bpf_verifier.h BPF_LOG_STATS: only the totals */

static struct btf *vmlinux;
static char verifier_log[LOG_SIZE];

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level, (void)fmt, (void)ap;
	return 0;
}

/*
 * Every feature on: what a run turns off the verifier removes, and this is to be its worst. INSTEAD: with those that take the
 * place of others.
 */
static void configure(struct sandtrace_bpf *skel, bool instead)
{
	struct st_config *cfg = (struct st_config *)&skel->rodata->st_cfg;

	cfg->shard_mask = ST_MAX_SHARDS - 1;
	cfg->wake_bulk = cfg->wake_urgent = 65536;
	cfg->brake_bulk = cfg->brake_urgent = 65536;
	cfg->follow_forks = 1;
	cfg->fd_paths = cfg->deny_paths = 1;
	cfg->judge = 1;
	cfg->own_tgid = 1;
	cfg->scope_level = 1;
	cfg->scope_cgroup = 2;
	cfg->page_kb = 4;
	cfg->events = ST_EVENTS_ALL;
	cfg->watch_secret = 1;
	cfg->opens = 1;
	cfg->aggregate = cfg->exit_only = cfg->interest_beyond = instead;
	for (int class = 0; class < EV_CLASS_MAX; class++)
		cfg->rate_ns[class] = 1000;
}

static void type_name(char *buf, size_t size, __u32 id)
{
	const struct btf_type *t = btf__type_by_id(vmlinux, id);
	const char *stars = "";
	size_t n;

	while (t && (btf_is_mod(t) || btf_is_ptr(t))) {
		if (btf_is_ptr(t))
			stars = "*";
		t = t->type ? btf__type_by_id(vmlinux, t->type) : NULL;
	}
	n = strlen(buf);
	snprintf(buf + n, size - n, "%s%s", t ? btf__name_by_offset(vmlinux, t->name_off) : "void", stars);
}

static bool begins(const char *s, const char *with) { return !strncmp(s, with, strlen(with)); }

/* Those that are given one context, whatever the kernel: programs of cgroups, and those that are called. */
static bool has_context(const char *section) { return begins(section, "cgroup") || !strcmp(section, "syscall"); }

/* "path* dentry* umode_t": what the kernel hands to programs of this section. "": not a hook with a prototype, or absent. */
static void prototype(const char *section, char *buf, size_t size)
{
	const char *hook = strchr(section, '/'), *prefix = "";
	bool tracepoint = begins(section, "tp_btf/");
	const struct btf_type *t;
	char name[128];
	int id;

	*buf = 0;
	if (has_context(section))
		snprintf(buf, size, "context");
	if (has_context(section) || !hook)
		return;
	if (tracepoint)
		prefix = "btf_trace_";
	else if (begins(section, "lsm/"))
		prefix = "bpf_lsm_";
	else if (begins(section, "iter/"))
		prefix = "bpf_iter_";
	snprintf(name, sizeof(name), "%s%s", prefix, hook + 1);
	id = btf__find_by_name_kind(vmlinux, name, tracepoint ? BTF_KIND_TYPEDEF : BTF_KIND_FUNC);
	t = id > 0 ? btf__type_by_id(vmlinux, (__u32)id) : NULL;
	while (t && !btf_is_func_proto(t))
		t = btf__type_by_id(vmlinux, t->type);
	for (__u16 i = tracepoint ? 1 : 0; t && i < btf_vlen(t); i++) { /* a tracepoint's first is its own data */
		size_t n = strlen(buf);

		snprintf(buf + n, size - n, "%s", n ? " " : "");
		type_name(buf, size, btf_params(t)[i].type);
	}
	if (t && !*buf)
		snprintf(buf, size, "void");
}

/* "stack depth 72+0+344": of the program, and of each function it calls. */
static long largest_frame(void)
{
	const char *p = strstr(verifier_log, "stack depth ");
	long most = 0;

	if (!p)
		return -1;
	for (p += strlen("stack depth "); *p >= '0' && *p <= '9'; p += *p == '+') {
		char *end;
		long v = strtol(p, &end, 10);

		most = v > most ? v : most;
		p = end;
	}
	return most;
}

/* "": it holds nothing but totals. */
static const char *last_line(void)
{
	char *p = verifier_log, *last = verifier_log + strlen(verifier_log);

	for (char *line = strtok_r(verifier_log, "\n", &p); line; line = strtok_r(NULL, "\n", &p))
		if (strncmp(line, "processed ", 10) && strncmp(line, "verification time", 17) && strncmp(line, "stack depth", 11))
			last = line;
	return last;
}

/* The root of the v2 hierarchy. */
static int cgroup_root(void)
{
	FILE *f = fopen("/proc/self/mounts", "re");
	char line[1024], dir[512], type[64];
	int fd = -1;

	while (f && fd < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %511s %63s", dir, type) == 2 && !strcmp(type, "cgroup2"))
			fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f)
		fclose(f);
	return fd;
}

static struct bpf_link *attach_map_iter(struct bpf_object *obj, struct bpf_program *prog)
{
	union bpf_iter_link_info info = {};
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = &info, .link_info_len = sizeof(info));
	char map[32];

	snprintf(map, sizeof(map), "st_%s", bpf_program__name(prog) + strlen("flush_"));
	info.map.map_fd = (__u32)bpf_object__find_map_fd_by_name(obj, map);
	return bpf_program__attach_iter(prog, &opts);
}

static int attach(struct bpf_object *obj, struct bpf_program *prog)
{
	const char *section = bpf_program__section_name(prog);
	struct bpf_link *link;
	int cgroup = -1, err;

	if (!strcmp(section, "syscall"))
		return 0;
	if (begins(section, "cgroup")) {
		cgroup = cgroup_root();
		link = bpf_program__attach_cgroup(prog, cgroup);
	} else if (!strcmp(section, "iter/bpf_sk_storage_map")) {
		link = attach_map_iter(obj, prog);
	} else {
		link = bpf_program__attach(prog);
	}
	err = link ? 0 : -errno;
	bpf_link__destroy(link);
	if (cgroup >= 0)
		close(cgroup);
	return err;
}

struct opened {
	void *skel; /* NULL: it cannot be */
	struct bpf_object_skeleton *skeleton;
	struct bpf_object *obj;
};
typedef struct opened (*open_fn)(bool instead);

#define OPENED(skel) (skel) ? (struct opened){ (skel), (skel)->skeleton, (skel)->obj } : (struct opened){ 0 }

static struct opened open_recorder(bool instead)
{
	struct sandtrace_bpf *skel = sandtrace_bpf__open();

	if (skel)
		configure(skel, instead);
	return OPENED(skel);
}

static struct opened open_network(bool instead)
{
	struct network_bpf *skel = network_bpf__open();

	if (skel) {
		skel->rodata->st_net_n = 1;
		skel->rodata->st_net_names = instead;
	}
	return OPENED(skel);
}

static struct opened open_answers(bool instead)
{
	struct answer_bpf *skel = answer_bpf__open();

	(void)instead;
	return OPENED(skel);
}

static void close_object(struct opened *o)
{
	if (o->skel)
		bpf_object__destroy_skeleton(o->skeleton);
	free(o->skel);
}

struct loaded {
	char section[64], proto[512], said[256];
	const char *state;
	unsigned int insns;
	long stack;
};

static int load_as(open_fn open, const char *wanted, bool instead, struct loaded *ret)
{
	struct opened o = open(instead);
	struct bpf_program *prog, *one = NULL;
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	int err;

	*ret = (struct loaded){ .state = "ok", .stack = -1 };
	if (!o.skel) {
		err = -errno;
		ret->state = "error";
		snprintf(ret->said, sizeof(ret->said), "the object cannot be opened: %s", strerror(-err));
		return err;
	}
	bpf_object__for_each_program(prog, o.obj) {
		bool is = !strcmp(bpf_program__name(prog), wanted);

		bpf_program__set_autoload(prog, is);
		if (is)
			one = prog;
	}
	bpf_program__set_log_level(one, LOG_STATS);
	bpf_program__set_log_buf(one, verifier_log, sizeof(verifier_log));
	*verifier_log = 0;
	snprintf(ret->section, sizeof(ret->section), "%s", bpf_program__section_name(one));
	prototype(ret->section, ret->proto, sizeof(ret->proto));
	err = bpf_object__load_skeleton(o.skeleton);
	ret->stack = largest_frame();
	if (err) {
		ret->state = *ret->proto || *verifier_log ? "error" : "absent";
	} else {
		bpf_obj_get_info_by_fd(bpf_program__fd(one), &info, &len);
		ret->insns = info.verified_insns;
		err = attach(o.obj, one);
		if (err)
			ret->state = "loaded";
	}
	if (err && getenv("GATE_LOG"))
		fprintf(stderr, "%s\n", verifier_log);
	if (err)
		snprintf(ret->said, sizeof(ret->said), "%s", last_line());
	if (err && !*ret->said)
		snprintf(ret->said, sizeof(ret->said), "%s", strerror(-err));
	close_object(&o);
	return err;
}

static void load_one(open_fn open, const char *wanted)
{
	struct loaded a, b;

	if (!load_as(open, wanted, false, &a)) {
		if (load_as(open, wanted, true, &b)) {
			a = b;
		} else {
			a.insns = b.insns > a.insns ? b.insns : a.insns;
			a.stack = b.stack > a.stack ? b.stack : a.stack;
		}
	}
	printf("%s\t%s\t%s\t%u\t%ld\t%s\t%s\n", wanted, a.section, a.state, a.insns, a.stack, a.proto, a.said);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static const open_fn objects[] = { open_recorder, open_network, open_answers };
	struct bpf_program *prog;

	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	libbpf_set_print(quiet);
	vmlinux = btf__load_vmlinux_btf();
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		struct opened o = vmlinux ? objects[i](false) : (struct opened){ 0 };

		if (!o.skel) {
			fprintf(stderr, "gate: %s\n", vmlinux ? "an object cannot be opened" : "this kernel has no BTF");
			return 1;
		}
		bpf_object__for_each_program(prog, o.obj)
			if (argc < 2 || !strncmp(bpf_program__name(prog), argv[1], strlen(argv[1])))
				load_one(objects[i], bpf_program__name(prog));
		close_object(&o);
	}
	btf__free(vmlinux);
	return 0;
}
