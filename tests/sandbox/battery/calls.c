/* SPDX-License-Identifier: Apache-2.0 */
/* 45-53: the surface of system calls. Numbers are those of x86-64. */
#include "attempt.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

/* 45 */
ATTEMPT(int80, "45-int80")
{
#ifdef __x86_64__
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(20L /* getpid */) : "memory", "r8", "r9", "r10", "r11");
	if (ret < 0)
		blocked(-ret, "int 0x80");
	allowed("getpid by int 0x80 returned %ld", ret);
#else
	not_here("x86-64 only");
#endif
}

/* 46 */
ATTEMPT(x32, "46-x32")
{
	long ret = syscall(0x40000000L | strtol(arg(), NULL, 0));

	if (ret == -1 && errno == ENOSYS && bare)
		not_here("this kernel has no x32");
	by_result(ret, "x32 call");
}

ATTEMPT(out_of_range, "46-range")
{
	by_result(syscall(strtol(arg(), NULL, 0), 0, 0, 0, 0, 0, 0), "call out of range");
}

/* 47 */
ATTEMPT(uring_setup, "47-io_uring_setup")
{
	char params_area[128] = { 0 };

	by_result(syscall(425, 8, params_area), "io_uring_setup");
}

ATTEMPT(uring_enter, "47-io_uring_enter")
{
	by_reach(syscall(426, -1, 1, 0, 0, NULL, 0), "io_uring_enter");
}

ATTEMPT(uring_register, "47-io_uring_register")
{
	by_reach(syscall(427, -1, 0, NULL, 0), "io_uring_register");
}

/* 48: calls with arguments that do nothing, so that only a refusal before they are looked at counts. */
static const struct {
	const char *name;
	long nr;
	long args[6];
} calls[] = {
	{ "kexec_load", 246, { 0, 0x7fffffff, 0, 0x7fffffff } },
	{ "kexec_file_load", 320, { -1, -1, 0, 0, 0x7fffffff } },
	{ "init_module", 175, { 0, 0, 0 } },
	{ "finit_module", 313, { -1, 0, -1 } },
	{ "delete_module", 176, { 0, 0 } },
	{ "reboot", 169, { 1, 2, 3, 0 } },
	{ "swapon", 167, { 0, 0 } },
	{ "swapoff", 168, { 0 } },
	{ "acct", 163, { -1 } },
	{ "pivot_root", 155, { 0, 0 } },
	{ "quotactl", 179, { 0x7fffffff, 0, 0, 0 } },
	{ "quotactl_fd", 443, { -1, 0x7fffffff, 0, 0 } },
	{ "lookup_dcookie", 212, { 0, 0, 0 } },
	{ "syslog", 103, { 99, 0, 0 } },
	{ "settimeofday", 164, { 0x10, 0 } },
	{ "clock_settime", 227, { 0, 0x10 } },
	{ "clock_adjtime", 305, { 0, 0x10 } },
	{ "adjtimex", 159, { 0x10 } },
	{ "iopl", 172, { 9 } },
	{ "ioperm", 173, { 0xfffff, 0xfffff, 1 } },
	{ "nfsservctl", 180, { 0, 0, 0 } },
	{ "name_to_handle_at", 303, { -1, 0, 0, 0, 0 } },
	{ "open_by_handle_at", 304, { -1, 0, 0 } },
	{ "fanotify_init", 300, { 0x7fffffff, 0 } },
	{ "perf_event_open", 298, { 0, 0, -1, -1, 0 } },
	{ "bpf", 321, { 99, 0, 0 } },
	{ "userfaultfd", 323, { 0x7fffffff } },
	{ "ptrace", 101, { 99, 0, 0, 0 } },
	{ "process_vm_writev", 311, { 0, 0, 0, 0, 0, -1 } },
	{ "add_key", 248, { 0, 0, 0, 0, 0 } },
	{ "request_key", 249, { 0, 0, 0, 0 } },
	{ "keyctl", 250, { 9999, 0, 0, 0, 0 } },
	{ "memfd_secret", 447, { 0x7ffffff0 } },
	{ "io_setup", 206, { 0, 0 } },
	{ "setdomainname", 171, { 0, -1 } },
	{ "sethostname", 170, { 0, -1 } },
	{ "vmsplice", 278, { -1, 0, 0, 0 } },
	{ "modify_ldt", 154, { 99, 0, 0 } },
	{ "uselib", 134, { 0 } },
	{ "ustat", 136, { 0, 0 } },
	{ "sysfs", 139, { 99 } },
	{ "_sysctl", 156, { 0 } },
	{ "create_module", 174, { 0 } },
	{ "get_kernel_syms", 177, { 0 } },
	{ "query_module", 178, { 0 } },
	{ "mbind", 237, { 1, 0, 0, 0, 0, 0 } },
	{ "set_mempolicy", 238, { 99, 0, 0 } },
	{ "migrate_pages", 256, { -1, 0, 0, 0 } },
	{ "move_pages", 279, { -1, 1, 0, 0, 0, 0x7fffffff } },
	{ "landlock_create_ruleset", 444, { 0, 0, 99 } },
	{ "fsopen", 430, { 0, 0 } },
	{ "statmount", 457, { 0, 0, 0, 99 } },
	{ "listmount", 458, { 0, 0, 0, 99 } },
	{ "lsm_set_self_attr", 460, { 0, 0, 0, 0 } },
	{ "open_tree_attr", 467, { -1, 0, 0x7fffffff, 0, 0 } },
	{ "map_shadow_stack", 453, { 0, 1, 0x7fffffff } },
};

ATTEMPT(call, "48-call")
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (!strcmp(calls[i].name, arg())) {
			const long *a = calls[i].args;

			by_reach(syscall(calls[i].nr, a[0], a[1], a[2], a[3], a[4], a[5]), calls[i].name);
		}
	not_here("no such call in the list");
}

ATTEMPT(vhangup_call, "48-vhangup")
{
	if (bare)
		not_here("would hang up the terminal");
	by_result(syscall(SYS_vhangup), "vhangup");
}

ATTEMPT(persona, "48-personality")
{
	by_result(syscall(SYS_personality, 0x0040000 /* ADDR_NO_RANDOMIZE */), "personality");
}

ATTEMPT(persona_32, "48-personality-32")
{
	by_result(syscall(SYS_personality, 8 /* PER_LINUX32 */), "personality");
}

ATTEMPT(uffd, "48-userfaultfd-user")
{
	by_result(syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */), "userfaultfd");
}

ATTEMPT(perf_self, "48-perf-self")
{
	struct perf_event_attr a = { .type = 1, .size = sizeof(a), .config = 0, .exclude_kernel = 1, .exclude_hv = 1 };

	by_result(syscall(SYS_perf_event_open, &a, 0, -1, -1, 0), "perf_event_open");
}

ATTEMPT(memfd_secret_call, "48-memfd_secret-real")
{
	by_result(syscall(447, 0), "memfd_secret");
}

ATTEMPT(handle_real, "48-name_to_handle_at-real")
{
	struct {
		unsigned int bytes;
		int type;
		char data[128];
	} h = { .bytes = 128 };
	int id;

	by_result(syscall(SYS_name_to_handle_at, AT_FDCWD, "/", &h, &id, 0), "name_to_handle_at");
}

/* 49: KEY: what the other job or the host wrote. */
ATTEMPT(key_add, "49-add-key")
{
	by_result(syscall(SYS_add_key, "user", param_or("key", "battery"), "payload", 7, -4 /* user keyring */), "add_key");
}

ATTEMPT(key_read, "49-find-key")
{
	char buf[64] = "";
	long id = syscall(SYS_keyctl, 10 /* SEARCH */, -4, "user", param_or("key", "battery"), 0);

	if (id < 0)
		id = syscall(SYS_request_key, "user", param_or("key", "battery"), NULL, 0);
	if (id < 0)
		blocked(errno, "keyctl search and request_key");
	syscall(SYS_keyctl, 11 /* READ */, id, buf, sizeof(buf));
	allowed("key %ld holds \"%.20s\"", id, buf);
}

/* 50 */
static int install(struct sock_filter *f, int n, unsigned int flags)
{
	struct sock_fprog prog = { n, f };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

/* A filter of the command's own that allows everything: ours must still refuse. */
ATTEMPT(own_filter, "50-own-filter")
{
	struct sock_filter all[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	char area[128] = { 0 };

	if (install(all, 1, 0) < 0)
		blocked(errno, "seccomp");
	by_result(syscall(425, 8, area), "io_uring_setup under a filter of our own");
}

/* A listener of the command's own, which lets pass what ours asks about. */
static int notify_fd;

static void *let_pass(void *unused)
{
	struct {
		struct seccomp_notif req;
	} r;
	struct seccomp_notif_resp resp;

	(void)unused;
	for (;;) {
		memset(&r, 0, sizeof(r));
		if (ioctl(notify_fd, SECCOMP_IOCTL_NOTIF_RECV, &r))
			return NULL;
		memset(&resp, 0, sizeof(resp));
		resp.id = r.req.id;
		resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		ioctl(notify_fd, SECCOMP_IOCTL_NOTIF_SEND, &resp);
	}
}

static int exec_true(void *path)
{
	int fd = open("/dev/null", O_WRONLY);

	dup2(fd, 1);
	return execve(path, (char *const[]){ (char *)"x", (char *)"--ran", NULL }, (char *const[]){ NULL });
}

ATTEMPT(own_listener, "50-own-listener")
{
	struct sock_filter ask[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	pthread_t t;

	notify_fd = install(ask, 4, SECCOMP_FILTER_FLAG_NEW_LISTENER);
	if (notify_fd < 0)
		blocked(errno, "a listener of our own");
	if (pthread_create(&t, NULL, let_pass, NULL))
		not_here("no thread");
	exec_ends(exec_true, (void *)arg(), "a program, let through by a listener of our own");
}

/* RET_TRACE without a tracer makes calls fail with ENOSYS: no way around, but it must not crash anything. */
ATTEMPT(own_trace, "50-own-trace")
{
	struct sock_filter ask[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	if (install(ask, 4, 0) < 0)
		blocked(errno, "seccomp");
	exec_ends(exec_true, (void *)arg(), "a program under RET_TRACE");
}

/* A filter that makes exit_group seem to fail: the run must still end with the status given. */
ATTEMPT(fake_exit, "50-fake-exit")
{
	struct sock_filter fake[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (install(fake, 4, 0) < 0)
			_exit(9);
		syscall(SYS_exit_group, 0);
		syscall(SYS_exit, 7);
	}
	waitpid(pid, &status, 0);
	blocked(0, "ended with %d", WEXITSTATUS(status));
}

/* 51: the filter on every thread, on vfork children, in a process made by clone(CLONE_VM). */
static void *status_of_thread(void *unused)
{
	char path[64], text[8192], *at;

	(void)unused;
	snprintf(path, sizeof(path), "/proc/self/task/%ld/status", (long)syscall(SYS_gettid));
	if (slurp(path, text, sizeof(text)) < 0)
		return (void *)2;
	at = strstr(text, "Seccomp:");
	return at && atoi(at + 8) == 2 ? NULL : (void *)1;
}

ATTEMPT(filter_threads, "51-threads")
{
	pthread_t t[4];
	void *ret;

	for (int i = 0; i < 4; i++) {
		if (pthread_create(&t[i], NULL, status_of_thread, NULL))
			not_here("no thread");
		pthread_join(t[i], &ret);
		if (ret)
			allowed("a thread without a filter");
	}
	blocked(EPERM, "each thread has the filter");
}

ATTEMPT(layers_on, "51-seccomp-mode")
{
	char text[8192], *at;

	if (slurp("/proc/self/status", text, sizeof(text)) < 0)
		not_here("/proc/self/status: %s", strerror(errno));
	at = strstr(text, "Seccomp:");
	if (!at || atoi(at + 8) != 2)
		allowed("no filter");
	blocked(EPERM, "filtered");
}

/* 52: ARG refused calls. */
ATTEMPT(flood, "52-flood")
{
	long n = strtol(arg(), NULL, 10);
	struct timespec a, b;
	char area[128] = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &a);
	for (long i = 0; i < n; i++)
		if (syscall(425, 8, area) >= 0)
			allowed("io_uring_setup");
	clock_gettime(CLOCK_MONOTONIC, &b);
	blocked(errno, "%ld times in %ld ms", n, (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000);
}

/* ... and as many paths that are refused, each another. */
ATTEMPT(flood_paths, "52-flood-paths")
{
	long n = strtol(arg(), NULL, 10);
	char path[4096];

	for (long i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/secret%ld", param("secret_dir"), i);
		if (open(path, O_RDONLY) >= 0)
			allowed("opened");
		if (open(param("secret"), O_RDONLY) >= 0)
			allowed("opened");
	}
	blocked(errno, "%ld paths", n);
}

/* 56: claims to be another. */
ATTEMPT(rename_comm, "56-rename")
{
	prctl(PR_SET_NAME, "npm");
	allowed("comm is npm now");
}

/* 41: signals to whoever started us, by negative ids. */
ATTEMPT(group_kill, "41-kill-group")
{
	if (bare)
		not_here("would reach the runner");
	by_result(kill(-number("host_pid"), 0), "kill of a process group of the host");
}
