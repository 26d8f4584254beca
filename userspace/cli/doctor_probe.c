// SPDX-License-Identifier: Apache-2.0
/*
 * The table of capabilities, in the order in which a person should read them, and the verdict.
 * Adding one: a row here and its function in one of the other files. A later row may build on an
 * earlier one, so causes come first: the first failure is the one to explain.
 */
#include "doctor_probe.h"

#include <ctype.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>

#include "../base/util.h"

#define NEEDED (PROBE_REQUIRED | PROBE_CAUSE)
#define AS_ROOT "run as root, or: setcap cap_bpf,cap_perfmon,cap_dac_override=ep /path/to/sandtrace"
#define NEWER "boot a newer kernel: Debian 12 has 6.1, which has all that is needed"
#define LIMITS_FIX \
	"run in a cgroup of its own: systemd-run --scope sandtrace run ...; or without limits: " \
	"--allow-degraded=cgroup"
#define CGROUP_FIX \
	"run as root, or in a delegated cgroup: " \
	"systemd-run --user --scope -p Delegate=yes sandtrace ...; " \
	"to contain without it: --allow-degraded=cgroup"

const struct probe doctor_probes[] = {
	{ "root", "privileges", "root", 0, try_root, NULL,
	  "everything below that the kernel has", AS_ROOT },
	{ "init_userns", "privileges", "initial user namespace", PROBE_CAUSE, try_init_userns, NULL,
	  "capabilities that bpf() accepts",
	  "run on the host, or in a container without a user namespace (rootful)" },
	{ "cap_bpf", "privileges", "CAP_BPF", PROBE_CAUSE, try_cap, "39",
	  "create maps, load programs", AS_ROOT },
	{ "cap_perfmon", "privileges", "CAP_PERFMON", PROBE_CAUSE, try_cap, "38",
	  "attach programs to tracepoints", AS_ROOT },
	{ "cap_sys_admin", "privileges", "CAP_SYS_ADMIN", 0, try_cap, "21",
	  "stands in for CAP_BPF and CAP_PERFMON", "run as root" },
	{ "cap_sys_ptrace", "privileges", "CAP_SYS_PTRACE", 0, try_cap, "19",
	  "read /proc of other users' processes, trace them", "run as root" },
	{ "cap_sys_resource", "privileges", "CAP_SYS_RESOURCE", 0, try_cap, "24",
	  "raise limits; kernels before 5.11 need it for maps",
	  "run as root, outside of a restricted container" },
	{ "fork", "privileges", "new processes", PROBE_REQUIRED | PROBE_SANDBOX | PROBE_PTRACE | PROBE_PTRACE_BOX, try_fork, NULL,
	  "a process for the command", "end other processes" },
	{ "descriptors", "privileges", "file descriptors", PROBE_REQUIRED, try_descriptors, NULL,
	  "rings, maps and programs of the recorder", "close what is inherited, or: ulimit -n 1024" },

	{ "btf_vmlinux", "kernel", "types (BTF)", PROBE_REQUIRED, try_btf, NULL,
	  "one binary that fits every kernel",
	  "mount -t sysfs sysfs /sys; if the file is not there: a kernel built with CONFIG_DEBUG_INFO_BTF=y" },
	{ "lockdown", "kernel", "kernel memory reads", PROBE_CAUSE, try_lockdown, NULL,
	  "programs may read what BTF does not describe",
	  "boot without lockdown=confidentiality, if you decide so" },
	{ "unprivileged_bpf", "kernel", "unprivileged bpf()", 0, try_unprivileged_bpf, NULL,
	  "socket filters only: tracing needs CAP_BPF anyway",
	  "nothing to mend: the closed setting is the safer one" },
	{ "bpf_stats", "kernel", "BPF statistics", 0, try_bpf_stats, NULL,
	  "measure what each program costs", "run as root" },
	{ "perf_kprobe", "kernel", "kprobe events", 0, try_perf_type,
	  "/sys/bus/event_source/devices/kprobe/type",
	  "later: hooks on any kernel function", "a kernel built with CONFIG_KPROBE_EVENTS=y" },
	{ "perf_uprobe", "kernel", "uprobe events", 0, try_perf_type,
	  "/sys/bus/event_source/devices/uprobe/type",
	  "later: hooks in libraries, such as TLS", "a kernel built with CONFIG_UPROBE_EVENTS=y" },

	{ "bpf_syscall", "bpf", "bpf()", PROBE_REQUIRED, try_bpf_syscall, NULL,
	  "all of the following",
	  "a kernel built with CONFIG_BPF_SYSCALL=y; in a container: a seccomp profile that allows bpf()" },
	{ "ringbuf", "bpf", "ring buffer", PROBE_REQUIRED, try_ringbuf, NULL,
	  "records in order, few wake-ups", NEWER },
	{ "task_storage", "bpf", "task storage", PROBE_REQUIRED, try_task_storage, NULL,
	  "scope and state kept with each task", NEWER },
	{ "task_storage_tp_btf", "bpf", "tracing task storage", PROBE_REQUIRED, try_task_storage_tracing,
	  NULL,
	  "enter and exit of a call matched exactly", NEWER },
	{ "atomic_fetch", "bpf", "atomic fetch-and-add", PROBE_REQUIRED, try_atomic_fetch, NULL,
	  "exec ids minted in the kernel", NEWER },
	{ "probe_read_kernel", "bpf", "bpf_probe_read_kernel", PROBE_CAUSE, try_probe_read_kernel,
	  NULL,
	  "paths of descriptors and directories",
	  "boot without lockdown=confidentiality, if you decide so" },
	{ "bpf_loop", "bpf", "bpf_loop", PROBE_CAUSE, try_bpf_loop, NULL,
	  "paths of any depth", NEWER },

	{ "tp_btf_syscalls", "hooks", "tp_btf sys_enter/exit", PROBE_REQUIRED, try_tp_btf,
	  "sys_enter sys_exit",
	  "every syscall",
	  "a kernel built with CONFIG_HAVE_SYSCALL_TRACEPOINTS and CONFIG_FTRACE_SYSCALLS" },
	{ "tp_btf_process", "hooks", "tp_btf sched_process_*", PROBE_REQUIRED, try_tp_btf,
	  "sched_process_fork sched_process_exec sched_process_exit",
	  "processes from fork to exit",
	  "a kernel built with CONFIG_TRACEPOINTS and CONFIG_DEBUG_INFO_BTF" },
	{ "raw_tracepoint", "hooks", "raw tracepoints", 0, try_raw_tracepoint, NULL,
	  "later: the same without BTF", NEWER },
	{ "iter_task", "hooks", "iter/task", 0, try_iter_task, NULL,
	  "later: a snapshot of running processes", NEWER },
	{ "fentry", "hooks", "fentry", 0, try_fentry, NULL,
	  "later: cheap hooks on kernel functions",
	  "a kernel with CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS that permits "
	  "BPF trampolines (arm64: 6.4 or later)" },
	{ "lsm", "hooks", "BPF LSM", 0, try_lsm, NULL,
	  "later: verdicts on kernel objects, denial",
	  "a kernel with CONFIG_BPF_LSM=y, booted with lsm=...,bpf (the active list, then bpf)" },
	{ "cgroup_connect4", "hooks", "cgroup connect4", 0, try_cgroup_connect, NULL,
	  "the hook of network rules",
	  "a kernel built with CONFIG_CGROUP_BPF=y; run as root" },

	{ "recorder", "hooks", "the recorder itself", PROBE_REQUIRED | PROBE_RECORDER, try_recorder,
	  NULL,
	  "all of it together",
	  "a bug: please report what `sandtrace run --trace-only -vvv true` prints" },

	{ "yama", "ptrace", "yama ptrace_scope", 0, try_yama, NULL,
	  "who may trace whom", "sudo sysctl kernel.yama.ptrace_scope=1" },
	{ "ptrace", "ptrace", "ptrace of a child", PROBE_PTRACE, try_tracing, "plain",
	  "recording without BPF, with --trace-only", PTRACE_FIX },
	{ "ptrace_sandbox", "ptrace", "ptrace in the sandbox", PROBE_PTRACE_BOX, try_tracing, "boxed",
	  "recording without BPF, contained", PTRACE_FIX },

	{ "cgroup2", "cgroup", "cgroup v2", PROBE_REQUIRED | PROBE_LIMIT, try_cgroup2, NULL,
	  "one handle on the command and all its children",
	  "mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified" },
	{ "cgroup_child", "cgroup", "child cgroup", PROBE_REQUIRED | PROBE_LIMIT, try_cgroup_child, NULL,
	  "a cgroup for each run", CGROUP_FIX },
	{ "clone_into_cgroup", "cgroup", "CLONE_INTO_CGROUP", PROBE_REQUIRED | PROBE_LIMIT, try_clone_into, NULL,
	  "the command starts in its cgroup",
	  "allow clone3() in the container's seccomp profile; " NEWER },
	{ "cgroup_freeze", "cgroup", "cgroup.freeze", PROBE_REQUIRED, try_cgroup_freeze, NULL,
	  "nothing lost: a full ring pauses the command", "use --on-overload=drop, or " NEWER },
	{ "cgroup_kill", "cgroup", "cgroup.kill", 0, try_cgroup_kill, NULL,
	  "end the whole tree in one step", NEWER },
	{ "cgroup_controllers", "cgroup", "v2 controllers", 0, try_controllers, NULL,
	  "limits without cgroup v1",
	  "boot with cgroup_no_v1=all systemd.unified_cgroup_hierarchy=1" },

	{ "userns", "namespaces", "user namespaces", PROBE_SANDBOX, try_ns, "user",
	  "the sandbox, as root and as anybody", "run on the host" },
	{ "namespaces", "namespaces", "other namespaces", PROBE_SANDBOX, try_ns, "others",
	  "own processes, network, queues, host name", "run on the host" },
	{ "id_maps", "namespaces", "user and group maps", PROBE_SANDBOX, try_ns, "ids",
	  "the same user inside, and no other", "run on the host" },
	{ "mount_api", "namespaces", "mounts by descriptor", PROBE_SANDBOX, try_ns, "mounts",
	  "exactly the files that were meant", NEWER },
	{ "own_root", "namespaces", "own root", PROBE_SANDBOX, try_ns, "root",
	  "what is not granted is not there", "run on the host" },
	{ "own_proc", "namespaces", "own /proc", PROBE_SANDBOX, try_ns, "proc",
	  "no process of the host is visible", "run on the host" },
	{ "no_nested", "namespaces", "nesting forbidden", PROBE_SANDBOX, try_ns, "forbid",
	  "no further user namespaces inside", "run on the host" },
	{ "overlay", "namespaces", "overlayfs", 0, try_ns, "overlay",
	  "--overlay", "run on the host" },

	{ "landlock", "sandbox", "Landlock", PROBE_SANDBOX, try_landlock, NULL,
	  "a second lock on every path",
	  "a kernel with CONFIG_SECURITY_LANDLOCK=y, booted with lsm=landlock,... (and the active list); "
	  "or run with --allow-degraded=landlock" },
	{ "seccomp_filter", "sandbox", "seccomp filter", PROBE_SANDBOX, try_seccomp_filter, "filter",
	  "rules on system calls", "a kernel built with CONFIG_SECCOMP_FILTER=y" },
	{ "seccomp_notify", "sandbox", "seccomp notification", PROBE_SANDBOX, try_seccomp_filter, "notify",
	  "nothing but the command is executed",
	  "boot a newer kernel (5.5), or run with --allow-exec, which does without" },
	{ "seccomp_actions", "sandbox", "seccomp actions", 0, try_seccomp_actions, NULL,
	  "all ways to refuse a call", "a newer kernel" },
	{ "syscalls", "sandbox", "newer system calls", PROBE_SANDBOX, try_syscalls, NULL,
	  "files and processes held, not looked up again", NEWER },
	{ "keyring", "sandbox", "session keyring", 0, try_keyring, NULL,
	  "the caller's keys stay outside",
	  "allow keyctl() in the container's seccomp profile; the sandbox's own filter refuses it anyway" },

	{ "limit_memory", "limits", "memory limit", PROBE_LIMIT, try_limit, "memory",
	  "--memory, 4 GiB if not given", LIMITS_FIX },
	{ "limit_pids", "limits", "process limit", PROBE_LIMIT, try_limit, "pids",
	  "--pids, 1024 if not given", LIMITS_FIX },
	{ "limit_cpu", "limits", "CPU limit", 0, try_limit, "cpu",
	  "--cpus, none if not given", "run as root, or in a delegated cgroup" },
	{ "net_rules", "limits", "network rules", 0, try_net_rules, NULL,
	  "--net HOST:PORT; without: no network, or all of it",
	  "run as root, on Linux 5.17 or newer with CONFIG_CGROUP_BPF=y" },
};
const size_t doctor_nr_probes = ARRAY_SIZE(doctor_probes);

/* Paths and kernel messages end up in here: nothing but printable ASCII gets through. */
static void set(struct probe_result *r, enum probe_status status, int err, const char *fmt,
		va_list ap)
{
	const char *name = err ? strerrorname_np(-err) : NULL;
	int n = 0;

	r->status = status;
	r->err = err;
	if (vsnprintf(r->detail, sizeof(r->detail), fmt, ap) < 0)
		r->detail[0] = 0;
	n = (int)strlen(r->detail);
	if (name)
		snprintf(r->detail + n, sizeof(r->detail) - (size_t)n, ": %s (%s)", name,
			 strerror(-err));
	else if (err)
		snprintf(r->detail + n, sizeof(r->detail) - (size_t)n, ": error %d", -err);
	for (char *c = r->detail; *c; c++)
		if (!isascii((unsigned char)*c) || !isprint((unsigned char)*c))
			*c = '?';
}

void probe__no(struct probe_result *r, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(r, PROBE_NO, err, fmt, ap);
	va_end(ap);
}

void probe__ok(struct probe_result *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(r, PROBE_OK, 0, fmt, ap);
	va_end(ap);
}

void probe__unknown(struct probe_result *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(r, PROBE_UNKNOWN, 0, fmt, ap);
	va_end(ap);
}

void probe__fix(struct probe_result *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->fix_text, sizeof(r->fix_text), fmt, ap);
	va_end(ap);
	for (char *c = r->fix_text; *c; c++)
		if (!isascii((unsigned char)*c) || !isprint((unsigned char)*c))
			*c = '?';
	r->fix = r->fix_text;
}

bool probe__contains(const struct probe *row)
{
	return row->flags & PROBE_SANDBOX || (row->flags & PROBE_LIMIT && !geteuid());
}

static enum probe_status status_of(const struct doctor_report *rep, const char *id)
{
	for (size_t i = 0; i < doctor_nr_probes; i++)
		if (!strcmp(doctor_probes[i].id, id))
			return rep->results[i].status;
	return PROBE_UNKNOWN;
}

static void choose(struct doctor_report *rep)
{
	static const char *const by[] = { "none", "cgroup2", "cgroup1", "rlimit" };
	static const char *const limits[] = { "nothing: none is enforced", "cgroup v2, the whole tree", "cgroup v1, the whole tree",
					      "rlimits, each process by itself" };
	bool ptrace = !strcmp(rep->backend, "ptrace");
	const enum limit_by *l = rep->limit_by;
	bool net = status_of(rep, "net_rules") == PROBE_OK, overlay = status_of(rep, "overlay") == PROBE_OK;
	bool lsm = status_of(rep, "lsm") == PROBE_OK,
	     freeze = status_of(rep, "cgroup_freeze") == PROBE_OK;
	bool connect = status_of(rep, "cgroup_connect4") == PROBE_OK;
	bool cg_kill = status_of(rep, "cgroup_kill") == PROBE_OK;
	bool child = status_of(rep, "clone_into_cgroup") == PROBE_OK;
	const char *no_cgroup = rep->contain ? "the sandbox's init, which takes all with it"
				: ptrace     ? "the tracer, which takes all with it"
					     : "needs a cgroup";
	const struct doctor_class classes[DOCTOR_CLASSES] = {
		{ "syscalls", ptrace ? "stops at the entry and the end of each" : "tp_btf sys_enter, sys_exit", rep->backend },
		{ "processes", ptrace ? "stops at fork, exec and exit" : "tp_btf sched_process_fork, exec, exit", rep->backend },
		{ "lossless mode",
		  ptrace   ? "the command stands still while the ring is full"
		  : freeze ? "cgroup v2 freezer"
			   : "--on-overload=drop counts what is lost",
		  ptrace   ? "ptrace"
		  : freeze ? "cgroup"
			   : "none" },
		{ "end of the tree",
		  cg_kill ? "cgroup.kill"
		  : child ? "freeze, then kill one by one"
			  : no_cgroup,
		  child ? "cgroup" : rep->contain ? "sandbox" : ptrace ? "ptrace" : "none" },
		{ "containment",
		  rep->contain ? "namespaces, Landlock, seccomp" : "what is missing is listed below",
		  rep->contain ? "sandbox" : "none" },
		{ "memory limit", limits[l[LIMIT_MEMORY]], by[l[LIMIT_MEMORY]] },
		{ "process limit", limits[l[LIMIT_PIDS]], by[l[LIMIT_PIDS]] },
		{ "CPU limit", limits[l[LIMIT_CPU]], by[l[LIMIT_CPU]] },
		{ "--net HOST:PORT", net ? "BPF programs on the command's cgroup" : "no network, or --allow-net for all of it",
		  net ? "ebpf" : "none" },
		{ "--overlay", overlay ? "overlayfs on a tmpfs" : "changes are made at once, or not at all",
		  overlay ? "sandbox" : "none" },
		{ "later: security events",
		  lsm ? connect ? "LSM, cgroup-BPF" : "LSM"
		      : "tracepoints instead of LSM: sees, cannot deny",
		  rep->ebpf ? "ebpf" : "none" },
	};

	memcpy(rep->classes, classes, sizeof(classes));
}

/* What `run` will choose, as run.c does: eBPF before ptrace. */
static void decide(struct doctor_report *rep)
{
	rep->trace_only = rep->ebpf ? "ebpf" : rep->ptrace ? "ptrace" : "none";
	rep->backend = !rep->contain ? rep->trace_only : rep->ebpf ? "ebpf" : rep->ptrace_box ? "ptrace" : "none";
	rep->record = strcmp(rep->backend, "none");
	rep->ok = rep->record && rep->contain;
}

static void run_all(struct doctor *d, struct doctor_report *rep, bool after_failure)
{
	for (size_t i = 0; i < doctor_nr_probes; i++) {
		const struct probe *p = &doctor_probes[i];
		struct probe_result *r = &rep->results[i];

		r->status = PROBE_UNKNOWN;
		r->fix = p->fix;
		if (after_failure && (!(p->flags & NEEDED) || p->flags & PROBE_RECORDER))
			continue;
		p->run(d, p, r);
		if (p->flags & PROBE_REQUIRED && r->status != PROBE_OK && !d->blocked)
			d->blocked = p->what;
		if (p->flags & (after_failure ? NEEDED : PROBE_REQUIRED) && r->status != PROBE_OK)
			rep->ebpf = false;
		if (p->flags & PROBE_PTRACE && r->status != PROBE_OK)
			rep->ptrace = false;
		if (p->flags & PROBE_PTRACE_BOX && r->status != PROBE_OK)
			rep->ptrace_box = false;
		if (probe__contains(p) && r->status != PROBE_OK)
			rep->contain = false;
	}
}

/* After a failure, a privilege that is not there explains it, and is asked for in no time: nothing else need be tried. */
static bool lacks_privilege(struct doctor *d, struct doctor_report *rep)
{
	for (size_t i = 0; i < doctor_nr_probes; i++) {
		const struct probe *p = &doctor_probes[i];

		if (strcmp(p->section, "privileges") || !(p->flags & PROBE_CAUSE))
			continue;
		rep->results[i].fix = p->fix;
		p->run(d, p, &rep->results[i]);
		if (rep->results[i].status == PROBE_NO)
			rep->ebpf = false;
	}
	return !rep->ebpf;
}

static void try_all(struct doctor *d, struct doctor_report *rep, bool after_failure)
{
	doctor_cgroup__setup(d);
	bpf__setup(d);
	doctor_sandbox__setup(d);
	for (int boxed = 0; boxed < 2 && !after_failure; boxed++)
		ptrace__try(&d->ptrace[boxed], boxed);
	run_all(d, rep, after_failure);
	memcpy(rep->limit_by, d->limit_by, sizeof(rep->limit_by));
	bpf__teardown(d);
	doctor_cgroup__teardown(d);
}

int doctor__run(struct doctor_report *rep, bool after_failure)
{
	struct doctor d = { .hits_fd = -1, .cg_fd = -1 };
	struct sigaction chld = { .sa_handler = SIG_DFL }, old_chld;
	sigset_t all, old;

	*rep = (struct doctor_report){ .results = calloc(doctor_nr_probes, sizeof(*rep->results)),
				       .ebpf = true,
				       .ptrace = true,
				       .ptrace_box = true,
				       .contain = true };
	if (!rep->results)
		return -ENOMEM;
	/* A signal between mkdir and rmdir would leave a cgroup behind; this takes a fraction of a
	 * second. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	sigaction(SIGCHLD, &chld,
		  &old_chld); /* ignored, it would take away the children's results */
	system__setup(&d);
	if (!after_failure || !lacks_privilege(&d, rep))
		try_all(&d, rep, after_failure);
	decide(rep);
	sigaction(SIGCHLD, &old_chld, NULL);
	sigprocmask(SIG_SETMASK, &old, NULL);
	choose(rep);
	return 0;
}

void doctor_report__done(struct doctor_report *rep)
{
	free(rep->results);
	rep->results = NULL;
}

static bool is_needed_and_no(const struct doctor_report *rep, size_t i)
{
	return doctor_probes[i].flags & NEEDED && rep->results[i].status == PROBE_NO;
}

static bool keeps_from_ebpf(const struct doctor_report *rep, size_t i)
{
	if (rep->ebpf || !is_needed_and_no(rep, i))
		return false;
	if (!(doctor_probes[i].flags & PROBE_RECORDER))
		return true;
	/* That the recorder does not load is a reason only where no other explains it. */
	for (size_t k = 0; k < doctor_nr_probes; k++)
		if (k != i && is_needed_and_no(rep, k))
			return false;
	return true;
}

static bool keeps_from_containing(const struct doctor_report *rep, size_t i)
{
	return !rep->contain && probe__contains(&doctor_probes[i]) && rep->results[i].status == PROBE_NO;
}

/* FLAG: PROBE_PTRACE or PROBE_PTRACE_BOX. */
static bool keeps_from_ptrace(const struct doctor_report *rep, size_t i, unsigned int flag)
{
	return doctor_probes[i].flags & flag && rep->results[i].status == PROBE_NO;
}

static bool keeps_from(const struct doctor_report *rep, size_t i, unsigned int flag)
{
	if (flag == PROBE_SANDBOX)
		return keeps_from_containing(rep, i);
	return flag == PROBE_REQUIRED ? keeps_from_ebpf(rep, i) : keeps_from_ptrace(rep, i, flag);
}

bool doctor_report__is_missing(const struct doctor_report *rep, size_t i)
{
	unsigned int tracing = rep->contain ? PROBE_PTRACE_BOX : PROBE_PTRACE;

	return keeps_from_containing(rep, i) || (!rep->record && (keeps_from_ebpf(rep, i) || keeps_from_ptrace(rep, i, tracing)));
}

bool doctor_report__is_noted(const struct doctor_report *rep, size_t i)
{
	return rep->record && keeps_from_ebpf(rep, i);
}

size_t doctor_report__first_missing(const struct doctor_report *rep, unsigned int flag)
{
	size_t first = doctor_nr_probes;

	for (size_t i = 0; i < doctor_nr_probes; i++) {
		if (!keeps_from(rep, i, flag))
			continue;
		/* limits can be done without when somebody decides so */
		if (flag != PROBE_SANDBOX || doctor_probes[i].flags & PROBE_SANDBOX)
			return i;
		first = MIN(first, i);
	}
	return first;
}

int doctor__ebpf_usable(char *reason, size_t reason_size, char *hint, size_t hint_size)
{
	struct doctor_report rep;
	int err = doctor__run(&rep, true);

	if (err) {
		snprintf(reason, reason_size, "out of memory");
		snprintf(hint, hint_size, "free some memory and try again");
		return err;
	}
	if (!rep.ebpf) {
		err = -EOPNOTSUPP;
		snprintf(reason, reason_size, "the eBPF recorder does not work here");
		snprintf(hint, hint_size, "sandtrace doctor shows what is missing");
	}
	for (size_t i = 0; i < doctor_nr_probes; i++) {
		if (!keeps_from_ebpf(&rep, i))
			continue;
		err = rep.results[i].err
			      ?: doctor_probes[i].flags & PROBE_CAUSE ? -EPERM
								      : -EOPNOTSUPP;
		snprintf(reason, reason_size, "%s: %s", doctor_probes[i].what,
			 rep.results[i].detail);
		snprintf(hint, hint_size, "%s", rep.results[i].fix);
		break;
	}
	doctor_report__done(&rep);
	return err;
}
