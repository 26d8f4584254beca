// SPDX-License-Identifier: Apache-2.0
/*
 * Capabilities that are reached through bpf(2). Programs are a handful of instructions put together
 * by hand, so that they need no compiler and no object file, and load in microseconds. Where a
 * program is attached it bumps one counter, we cause the event once and look whether it was
 * counted: a hook that attaches but is never called (an LSM program without "bpf" in the list of
 * active LSMs) is then told from one that works.
 */
#include "doctor_probe.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../base/util.h"

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define MOV_IMM(r, i) INSN(BPF_ALU64 | BPF_MOV | BPF_K, r, 0, 0, i)
#define MOV_REG(r, s) INSN(BPF_ALU64 | BPF_MOV | BPF_X, r, s, 0, 0)
#define ADD_IMM(r, i) INSN(BPF_ALU64 | BPF_ADD | BPF_K, r, 0, 0, i)
#define STORE_ZERO(r, o) INSN(BPF_ST | BPF_MEM | BPF_DW, r, 0, o, 0)
/* dst[off] += src; with BPF_FETCH, src becomes the old value */
#define ATOMIC_ADD(r, s, o, fetch) INSN(BPF_STX | BPF_ATOMIC | BPF_DW, r, s, o, BPF_ADD | (fetch))
#define CALL(f) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define EXIT() INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* 64-bit immediate: two instructions. SRC says what IMM stands for: BPF_PSEUDO_MAP_FD,
 * ..._MAP_VALUE, ..._FUNC */
#define LD_IMM64(r, src, i) INSN(BPF_LD | BPF_DW | BPF_IMM, r, src, 0, i), INSN(0, 0, 0, 0, 0)

/* One fixed program to load, and what the kernel answered. */
struct try_prog {
	enum bpf_prog_type type;
	enum bpf_attach_type attach_type;
	__u32 btf_id;
	int prog_btf_fd;
	const struct bpf_func_info *funcs;
	__u32 nr_funcs;
};

static int silent(enum libbpf_print_level level __attribute__((unused)),
		  const char *fmt __attribute__((unused)), va_list ap __attribute__((unused)))
{
	return 0;
}

void bpf__setup(struct doctor *d)
{
	libbpf_print_fn_t old = libbpf_set_print(silent);

	d->hits_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "st_doctor", 4, 8, 1, NULL);
	d->btf = btf__load_vmlinux_btf();
	d->btf_err = d->btf ? 0 : -errno;
	libbpf_set_print(old);
}

void bpf__teardown(struct doctor *d)
{
	btf__free(d->btf);
	if (d->hits_fd >= 0)
		close(d->hits_fd);
}

/*
 * The kernel said ERR. Without the privilege that bpf() asks for, EPERM says nothing about the
 * kernel. LOG: the verifier's, whose last lines are statistics: the first one that is about our
 * program is kept.
 */
static void refused(const struct doctor *d, struct probe_result *r, int err, const char *step,
		    char *log)
{
	char *line, *save = NULL;

	if (err == -EPERM && !d->bpf_allowed) {
		probe__unknown(r, "cannot be tried without CAP_BPF and CAP_PERFMON");
		return;
	}
	if (err == -EPERM && d->seccomp_filtered) {
		probe__no(r, err, "%s: refused, and a seccomp filter is active here", step);
		r->fix = "allow bpf() and perf_event_open() in the container's seccomp profile";
		return;
	}
	for (line = log ? strtok_r(log, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save))
		if (!strchr("0123456789;:(R ", line[0]) && strncmp(line, "processed ", 10) &&
		    strncmp(line, "func#", 5))
			break;
	probe__no(r, err, "%s%s%s", step, line ? ": " : "", line ? line : "");
}

/* An fd, or a negative errno with R filled in. */
static int load(const struct doctor *d, struct probe_result *r, const struct try_prog *t,
		const struct bpf_insn *insns, size_t count)
{
	libbpf_print_fn_t old = libbpf_set_print(silent);
	char log[8192] = "";
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = t->attach_type,
		    .attach_btf_id = t->btf_id, .log_buf = log, .log_size = sizeof(log));
	int fd;

	if (t->funcs) {
		opts.prog_btf_fd = (__u32)t->prog_btf_fd;
		opts.func_info = t->funcs;
		opts.func_info_cnt = t->nr_funcs;
		opts.func_info_rec_size = sizeof(*t->funcs);
	}
	fd = bpf_prog_load(t->type, "st_doctor", "GPL", insns, count, &opts);
	libbpf_set_print(old);
	if (fd < 0)
		refused(d, r, fd, "load", log);
	return fd;
}

/* Same for the id of a type of the running kernel. */
static int kernel_type(const struct doctor *d, struct probe_result *r, const char *name, __u32 kind)
{
	int id;

	if (!d->btf) {
		probe__unknown(r, "cannot be tried without the kernel's BTF");
		return d->btf_err;
	}
	id = btf__find_by_name_kind(d->btf, name, kind);
	if (id < 0)
		probe__no(r, id, "the kernel has no %s", name);
	return id;
}

static __u64 hits(const struct doctor *d)
{
	__u64 count = 0;
	__u32 key = 0;

	bpf_map_lookup_elem(d->hits_fd, &key, &count);
	return count;
}

/* The program that every attach uses: count, return RET. */
static int load_counter(const struct doctor *d, struct probe_result *r, const struct try_prog *t,
			int ret)
{
	const struct bpf_insn insns[] = {
		LD_IMM64(BPF_REG_1, BPF_PSEUDO_MAP_VALUE, d->hits_fd),
		MOV_IMM(BPF_REG_2, 1),
		ATOMIC_ADD(BPF_REG_1, BPF_REG_2, 0, 0),
		MOV_IMM(BPF_REG_0, ret),
		EXIT(),
	};

	if (d->hits_fd < 0) {
		refused(d, r, d->hits_fd, "map", NULL);
		return d->hits_fd;
	}
	return load(d, r, t, insns, ARRAY_SIZE(insns));
}

void try_btf(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	const char *path = "/sys/kernel/btf/vmlinux";

	(void)p;
	if (!d->btf) {
		/* libbpf's answer is about the last place where it looked */
		probe__no(r, access(path, R_OK) ? -errno : d->btf_err, "%s", path);
		return;
	}
	if (access(path, R_OK))
		path = "a file in /boot or /lib/modules";
	probe__ok(r, "%u types in %s", btf__type_cnt(d->btf), path);
}

void try_bpf_syscall(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	(void)p;
	if (d->hits_fd < 0)
		refused(d, r, d->hits_fd, "create a map", NULL);
	else
		probe__ok(r, "created");
}

/* As the recorder has them: rings of one size in an array that was declared with another. */
void try_ringbuf(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	__u32 size = (__u32)sysconf(_SC_PAGESIZE), key = 0;
	_cleanup_(close) int inner =
		bpf_map_create(BPF_MAP_TYPE_RINGBUF, "st_doctor", 0, 0, size, NULL);
	_cleanup_(close) int ring = -1, outer = -1;
	LIBBPF_OPTS(bpf_map_create_opts, opts, .inner_map_fd = (__u32)inner);
	int err;

	(void)p;
	if (inner < 0) {
		refused(d, r, inner, "create", NULL);
		return;
	}
	ring = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "st_doctor", 0, 0, size * 2, NULL);
	outer = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "st_doctor", 4, 4, 1, &opts);
	if (ring < 0 || outer < 0) {
		refused(d, r, ring < 0 ? ring : outer, "create an array of rings", NULL);
		return;
	}
	err = bpf_map_update_elem(outer, &key, &ring, 0);
	if (err)
		refused(d, r, err, "put a ring into an array", NULL);
	else
		probe__ok(r, "created, also in an array");
}

static int create_task_storage(void)
{
	struct btf *btf = btf__new_empty();
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);
	int err, key, value;

	if (!btf)
		return -ENOMEM;
	key = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	value = btf__add_int(btf, "long", 8, BTF_INT_SIGNED);
	err = key < 0 || value < 0 ? -ENOMEM : btf__load_into_kernel(btf);
	if (!err) {
		opts.btf_fd = (__u32)btf__fd(btf);
		opts.btf_key_type_id = (__u32)key;
		opts.btf_value_type_id = (__u32)value;
		err = bpf_map_create(BPF_MAP_TYPE_TASK_STORAGE, "st_doctor", 4, 8, 0, &opts);
	}
	btf__free(btf);
	return err;
}

void try_task_storage(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	libbpf_print_fn_t old = libbpf_set_print(silent);
	_cleanup_(close) int fd = create_task_storage();

	(void)p;
	libbpf_set_print(old);
	if (fd < 0)
		refused(d, r, fd, "create", NULL);
	else
		probe__ok(r, "created");
}

void try_task_storage_tracing(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	libbpf_print_fn_t old = libbpf_set_print(silent);
	_cleanup_(close) int map = create_task_storage();
	_cleanup_(close) int fd = -1;
	struct try_prog t = { .type = BPF_PROG_TYPE_TRACING, .attach_type = BPF_TRACE_RAW_TP };
	const struct bpf_insn insns[] = {
		CALL(BPF_FUNC_get_current_task_btf),
		MOV_REG(BPF_REG_2, BPF_REG_0),
		LD_IMM64(BPF_REG_1, BPF_PSEUDO_MAP_FD, map),
		MOV_IMM(BPF_REG_3, 0),
		MOV_IMM(BPF_REG_4, BPF_LOCAL_STORAGE_GET_F_CREATE),
		CALL(BPF_FUNC_task_storage_get),
		MOV_IMM(BPF_REG_0, 0),
		EXIT(),
	};
	int id;

	(void)p;
	libbpf_set_print(old);
	if (map < 0) {
		if (d->bpf_allowed)
			probe__unknown(r, "cannot be tried without task storage");
		else
			refused(d, r, map, "create", NULL);
		return;
	}
	id = kernel_type(d, r, "btf_trace_sys_enter", BTF_KIND_TYPEDEF);
	if (id < 0)
		return;
	t.btf_id = (__u32)id;
	fd = load(d, r, &t, insns, ARRAY_SIZE(insns));
	if (fd >= 0)
		probe__ok(r, "loads");
}

static void try_insns(const struct doctor *d, struct probe_result *r, const struct bpf_insn *insns, size_t n)
{
	const struct try_prog t = { .type = BPF_PROG_TYPE_RAW_TRACEPOINT };
	_cleanup_(close) int fd = load(d, r, &t, insns, n);

	if (fd >= 0)
		probe__ok(r, "loads");
}

void try_atomic_fetch(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	const struct bpf_insn insns[] = {
		STORE_ZERO(BPF_REG_10, -8),
		MOV_IMM(BPF_REG_1, 1),
		ATOMIC_ADD(BPF_REG_10, BPF_REG_1, -8, BPF_FETCH),
		MOV_IMM(BPF_REG_0, 0),
		EXIT(),
	};

	(void)p;
	try_insns(d, r, insns, ARRAY_SIZE(insns));
}

void try_probe_read_kernel(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	const struct bpf_insn insns[] = {
		MOV_REG(BPF_REG_1, BPF_REG_10),
		ADD_IMM(BPF_REG_1, -8),
		MOV_IMM(BPF_REG_2, 8),
		MOV_IMM(BPF_REG_3, 0),
		CALL(BPF_FUNC_probe_read_kernel),
		MOV_IMM(BPF_REG_0, 0),
		EXIT(),
	};

	(void)p;
	try_insns(d, r, insns, ARRAY_SIZE(insns));
}

/* The verifier wants to know from BTF that the callback is a static function. */
static int loop_types(struct btf *btf, struct bpf_func_info *main_fn,
		      struct bpf_func_info *callback)
{
	int num = btf__add_int(btf, "long", 8, BTF_INT_SIGNED);
	int idx = btf__add_int(btf, "int", 4, 0);
	int main_proto = btf__add_func_proto(btf, num), cb_proto, err;

	err = btf__add_func_param(btf, "ctx", num);
	cb_proto = btf__add_func_proto(btf, num);
	err = err ?: btf__add_func_param(btf, "i", idx);
	err = err ?: btf__add_func_param(btf, "ctx", num);
	if (err || num < 0 || idx < 0 || main_proto < 0 || cb_proto < 0)
		return -ENOMEM;
	main_fn->type_id = (__u32)btf__add_func(btf, "doctor_main", BTF_FUNC_GLOBAL, main_proto);
	callback->type_id = (__u32)btf__add_func(btf, "doctor_loop", BTF_FUNC_STATIC, cb_proto);
	return btf__load_into_kernel(btf);
}

void try_bpf_loop(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	enum {
		LD_FUNC = 1,
		CALLBACK = 8
	}; /* positions below; a function is named by its distance */
	const struct bpf_insn insns[] = {
		MOV_IMM(BPF_REG_1, 1),
		LD_IMM64(BPF_REG_2, BPF_PSEUDO_FUNC, CALLBACK - LD_FUNC - 1),
		MOV_IMM(BPF_REG_3, 0),
		MOV_IMM(BPF_REG_4, 0),
		CALL(BPF_FUNC_loop),
		MOV_IMM(BPF_REG_0, 0),
		EXIT(),
		MOV_IMM(BPF_REG_0, 0),
		EXIT(),
	};
	libbpf_print_fn_t old = libbpf_set_print(silent);
	struct bpf_func_info funcs[] = { { .insn_off = 0 }, { .insn_off = CALLBACK } };
	struct try_prog t = { .type = BPF_PROG_TYPE_RAW_TRACEPOINT, .funcs = funcs, .nr_funcs = 2 };
	struct btf *btf = btf__new_empty();
	_cleanup_(close) int fd = -1;
	int err = btf ? loop_types(btf, &funcs[0], &funcs[1]) : -ENOMEM;

	(void)p;
	libbpf_set_print(old);
	if (err) {
		refused(d, r, err, "load types", NULL);
	} else {
		t.prog_btf_fd = btf__fd(btf);
		fd = load(d, r, &t, insns, ARRAY_SIZE(insns));
		if (fd >= 0)
			probe__ok(r, "loads");
	}
	btf__free(btf);
}

/* Attaches PROG for as long as it takes to cause its event once. True when that was counted. */
static bool attach_and_count(const struct doctor *d, struct probe_result *r, const char *name,
			     int prog, void (*cause)(void), bool *ret_counted)
{
	_cleanup_(close) int link = bpf_raw_tracepoint_open(name, prog);
	__u64 before;

	if (link < 0) {
		refused(d, r, link, "attach", NULL);
		return false;
	}
	before = hits(d);
	cause();
	*ret_counted = hits(d) > before;
	return true;
}

/* As load_counter(), on what TYPE of the kernel stands for. */
static int load_counter_on(const struct doctor *d, struct probe_result *r, struct try_prog *t, const char *type, __u32 kind)
{
	int id = kernel_type(d, r, type, kind);

	if (id < 0)
		return id;
	t->btf_id = (__u32)id;
	return load_counter(d, r, t, 0);
}

static void cause_syscall(void)
{
	syscall(SYS_getppid);
}

static void cause_open(void)
{
	_cleanup_(close) int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)fd;
}

void try_raw_tracepoint(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	const struct try_prog t = { .type = BPF_PROG_TYPE_RAW_TRACEPOINT };
	_cleanup_(close) int fd = load_counter(d, r, &t, 0);
	bool counted;

	(void)p;
	if (fd < 0 || !attach_and_count(d, r, "sys_enter", fd, cause_syscall, &counted))
		return;
	if (counted)
		probe__ok(r, "attached, saw our call");
	else
		probe__no(r, 0, "attached to sys_enter, but our call was not seen");
}

/* ARG: tracepoints, separated by spaces. We can cause those of syscalls without doing anything
 * else. */
void try_tp_btf(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	const bool fires = !strncmp(p->arg, "sys_", 4);
	char list[128], type[64], *name, *save = NULL;

	snprintf(list, sizeof(list), "%s", p->arg);
	for (name = strtok_r(list, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
		struct try_prog t = { .type = BPF_PROG_TYPE_TRACING,
				      .attach_type = BPF_TRACE_RAW_TP };
		_cleanup_(close) int fd = -1;
		bool counted;

		snprintf(type, sizeof(type), "btf_trace_%s", name);
		fd = load_counter_on(d, r, &t, type, BTF_KIND_TYPEDEF);
		if (fd < 0 || !attach_and_count(d, r, NULL, fd, cause_syscall, &counted))
			return;
		if (fires && !counted) {
			probe__no(r, 0, "attached to %s, but our call was not seen", name);
			return;
		}
	}
	probe__ok(r, fires ? "attached, saw our call" : "attached");
}

/* A function of the kernel that our own call reaches, by architecture; then one that is there for
 * tests. */
void try_fentry(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	static const char *const targets[] = { "__x64_sys_getppid", "__arm64_sys_getppid",
					       "bpf_fentry_test1" };
	struct try_prog t = { .type = BPF_PROG_TYPE_TRACING, .attach_type = BPF_TRACE_FENTRY };
	_cleanup_(close) int fd = -1;
	bool counted;
	int id = -ENOENT;
	size_t i;

	(void)p;
	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		id = kernel_type(d, r, targets[i], BTF_KIND_FUNC);
		if (id >= 0 || !d->btf)
			break;
	}
	if (id < 0)
		return;
	t.btf_id = (__u32)id;
	fd = load_counter(d, r, &t, 0);
	if (fd < 0 || !attach_and_count(d, r, NULL, fd, cause_syscall, &counted))
		return;
	if (counted || i == ARRAY_SIZE(targets) - 1)
		probe__ok(r, "attached to %s%s", targets[i], counted ? ", saw our call" : "");
	else
		probe__no(r, 0, "attached to %s, but our call was not seen", targets[i]);
}

void try_lsm(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	struct try_prog t = { .type = BPF_PROG_TYPE_LSM, .attach_type = BPF_LSM_MAC };
	_cleanup_(close) int fd = load_counter_on(d, r, &t, "bpf_lsm_file_open", BTF_KIND_FUNC);
	char lsms[128] = "not readable";
	bool counted;

	(void)p;
	if (fd < 0 || !attach_and_count(d, r, NULL, fd, cause_open, &counted))
		return;
	if (counted) {
		probe__ok(r, "attached, saw our open");
		return;
	}
	read_file_str("/sys/kernel/security/lsm", lsms, sizeof(lsms));
	probe__no(r, 0, "attached, but never called: bpf is not an active LSM (active: %s)", lsms);
}

void try_iter_task(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	struct try_prog t = { .type = BPF_PROG_TYPE_TRACING, .attach_type = BPF_TRACE_ITER };
	_cleanup_(close) int fd = load_counter_on(d, r, &t, "bpf_iter_task", BTF_KIND_FUNC), link = -1, iter = -1;
	__u64 before, after;
	char none;

	(void)p;
	if (fd < 0)
		return;
	link = bpf_link_create(fd, 0, BPF_TRACE_ITER, NULL);
	iter = link < 0 ? link : bpf_iter_create(link);
	if (iter < 0) {
		refused(d, r, iter, "attach", NULL);
		return;
	}
	before = hits(d);
	while (read(iter, &none, 1) > 0)
		;
	after = hits(d);
	if (after > before)
		probe__ok(r, "walked %llu tasks", (unsigned long long)(after - before - 1));
	else
		probe__no(r, 0, "attached, but it walked no task");
}

void try_cgroup_connect(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	const struct try_prog t = { .type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
				    .attach_type = BPF_CGROUP_INET4_CONNECT };
	_cleanup_(close) int fd = load_counter(d, r, &t, 1);
	_cleanup_(close) int link = -1;

	(void)p;
	if (fd < 0)
		return;
	if (d->cg_fd < 0) {
		probe__unknown(r, "loads; cannot be attached without a cgroup of our own");
		return;
	}
	link = bpf_link_create(fd, d->cg_fd, BPF_CGROUP_INET4_CONNECT, NULL);
	if (link < 0)
		refused(d, r, link, "attach", NULL);
	else
		probe__ok(r, "attached to a cgroup");
}

void try_bpf_stats(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	_cleanup_(close) int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);

	(void)p;
	if (fd >= 0)
		probe__ok(r, "switched on and off again");
	else if (fd == -EPERM && !(d->caps >> 21 & 1))
		probe__unknown(r, "cannot be tried without CAP_SYS_ADMIN");
	else
		refused(d, r, fd, "switch on", NULL);
}
