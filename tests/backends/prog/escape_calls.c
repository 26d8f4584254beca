/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that a tracer is not meant to hear of, or that are to keep it waiting; and its memory, which is not ours. */
#include "escape.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF_CALL(nr, past) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, past, 0)
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, action)

static long install(struct sock_filter *insns, unsigned short n, unsigned int flags)
{
	struct sock_fprog prog = { n, insns };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		die("prctl");
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

/* ---- a filter of our own, whose answer goes before a tracer's -------------------------------------------------------- */

static int listener = -1;

static void *go_on(void *arg)
{
	struct seccomp_notif n;
	struct seccomp_notif_resp r;

	hear(*(int *)arg);
	for (;;) {
		memset(&n, 0, sizeof(n));
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n)) {
			if (errno == EINTR || errno == ENOENT)
				continue;
			return NULL;
		}
		memset(&r, 0, sizeof(r));
		r.id = n.id;
		r.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &r);
	}
}

/* Each of these calls is made because we say so ourselves; our memory, with the filter's program, cannot be read meanwhile. */
static void notified(void)
{
	struct sock_filter insns[] = {
		LOAD(nr), IF_CALL(SYS_getpriority, 3), IF_CALL(SYS_clone, 2), IF_CALL(SYS_getppid, 1),
		RETURN(SECCOMP_RET_ALLOW), RETURN(SECCOMP_RET_USER_NOTIF),
	};
	int gate[2];
	long pid;

	make_pipe(gate);
	thread(go_on, &gate[0]);
	prctl(PR_SET_DUMPABLE, 0);
	listener = install(insns, sizeof(insns) / sizeof(insns[0]), SECCOMP_FILTER_FLAG_NEW_LISTENER);
	if (listener < 0)
		skip("no seccomp listener");
	tell(gate[1]);
	for (int i = 0; i < 10; i++)
		syscall(SYS_getpriority, PRIO_PROCESS, 0);
	fact("asked=%d\n", getpid());
	pid = syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0);
	if (pid < 0)
		die("clone");
	if (!pid) {
		say_traced("child");
		ppid_calls(4);
		_exit(0);
	}
	reap(pid);
	_exit(0);
}

/* ---- memory that somebody has to fill ---------------------------------------------------------------------------------- */

static int faults;
static char *late;

static void *fill(void *arg)
{
	static char zeros[4096] __attribute__((aligned(4096)));
	struct uffdio_copy copy = { .dst = (uintptr_t)late, .src = (uintptr_t)zeros, .len = sizeof(zeros) };
	struct uffd_msg msg;

	if (read(faults, &msg, sizeof(msg)) > 0)
		ioctl(faults, UFFDIO_COPY, &copy);
	return arg;
}

/* Who reads the arguments waits for a thread that waits for who reads them. */
static void late_page(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	pthread_t t;
	long ret;

	faults = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (faults < 0 || ioctl(faults, UFFDIO_API, &api))
		skip("no userfaultfd");
	late = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (uintptr_t)late;
	range.range.len = 4096;
	if (late == MAP_FAILED || ioctl(faults, UFFDIO_REGISTER, &range))
		die("register");
	t = thread(fill, NULL);
	fact("ready=1\n");
	ret = syscall(SYS_clone3, late, 88);
	if (!ret)
		_exit(0);
	pthread_join(t, NULL);
	fact("made=%d\n", ret > 0);
}

/* ---- the tracer's own memory -------------------------------------------------------------------------------------------- */

static int try_open(pid_t pid, const char *name, int how)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, how | O_CLOEXEC);
	return fd < 0 ? errno : 0;
}

static void look_into(void)
{
	pid_t pid = tracer_pid();
	char byte;
	struct iovec local = { &byte, 1 }, remote = { &byte, 1 };
	ssize_t n;

	fact("tracer=%d\n", pid);
	fact("mem to write: %d\nmem to read: %d\n", try_open(pid, "mem", O_RDWR), try_open(pid, "mem", O_RDONLY));
	fact("maps: %d\nenviron: %d\n", try_open(pid, "maps", O_RDONLY), try_open(pid, "environ", O_RDONLY));
	n = process_vm_readv(pid, &local, 1, &remote, 1, 0);
	fact("read: %d\n", n < 0 ? errno : 0);
	n = syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, pid, 0), 3, 0);
	fact("descriptor: %d\n", n < 0 ? errno : 0);
	fact("seize: %d\n", ptrace(PTRACE_SEIZE, pid, 0, 0L) ? errno : 0);
}

/* ---- an outer filter ----------------------------------------------------------------------------------------------------- */

/* Runs a command that can install no further filter, except one with a listener. */
static void closed(char **argv)
{
	struct sock_filter insns[] = {
		LOAD(nr),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 5),
		LOAD(args[0]),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SECCOMP_SET_MODE_FILTER, 0, 3),
		LOAD(args[1]),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, SECCOMP_FILTER_FLAG_NEW_LISTENER, 1, 0),
		RETURN(SECCOMP_RET_ERRNO | EINVAL),
		RETURN(SECCOMP_RET_ALLOW),
	};

	if (install(insns, sizeof(insns) / sizeof(insns[0]), 0))
		die("seccomp");
	execv(argv[0], argv);
	die(argv[0]);
}

static const struct mode modes[] = {
	{ "notified", notified }, { "latepage", late_page }, { "lookinto", look_into }, { NULL, NULL },
};

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "closed"))
		closed(argv + 2);
	return run_mode(modes, argc, argv);
}
