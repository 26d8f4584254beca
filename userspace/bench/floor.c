/* SPDX-License-Identifier: Apache-2.0 */
/* The floors: the least that any tracer of the kind can cost, so that a figure can be read against what is possible. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/util.h"
#include "workload.h"

#define FAILED 125 /* as `run`, whose place they take */

/* A child that waits until the pipe is closed, and then executes ARGV. */
static pid_t start(char **argv, int *ret_barrier)
{
	int fds[2];
	pid_t pid;
	char c;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fds[1]);
		if (read(fds[0], &c, 1) < 0)
			_exit(FAILED);
		execvp(argv[0], argv);
		_exit(errno == ENOENT ? 127 : 126);
	}
	close(fds[0]);
	if (pid < 0) {
		pid = -errno;
		close(fds[1]);
		return pid;
	}
	*ret_barrier = fds[1];
	return pid;
}

static int give_up(pid_t pid, int barrier)
{
	kill(pid, SIGKILL);
	close(barrier);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return FAILED;
}

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- ptrace ------------------------------------------------------------------------------------------------------ */

/* From its next instruction on PID stops at every call. */
static int seize(pid_t pid)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
			     PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	int status;

	if (ptrace(PTRACE_SEIZE, pid, 0, options) || ptrace(PTRACE_INTERRUPT, pid, 0, 0) || waitpid(pid, &status, __WALL) != pid ||
	    ptrace(PTRACE_SYSCALL, pid, 0, 0))
		return -errno;
	return 0;
}

/* PID stopped, and goes on. Returns whether it was at a call: twice for each. */
static bool stopped(pid_t pid, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16;

	if (sig == (SIGTRAP | 0x80)) {
		ptrace(PTRACE_SYSCALL, pid, 0, 0);
		return true;
	}
	if (event == PTRACE_EVENT_STOP && (sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU))
		ptrace(PTRACE_LISTEN, pid, 0, 0);
	else
		ptrace(PTRACE_SYSCALL, pid, 0, event ? 0 : sig);
	return false;
}

int floor__ptrace(int argc, char **argv)
{
	int barrier, status, end = 0, err;
	uint64_t stops = 0;
	pid_t command, pid;
	FILE *f;

	if (argc < 2)
		return log_err(2, "bench: floor-ptrace: FILE COMMAND...");
	command = start(argv + 1, &barrier);
	if (command < 0)
		return log_errno(command, "start a process"), FAILED;
	err = seize(command);
	if (err) {
		log_errno(err, "ptrace is not permitted here");
		log_hint("look at /proc/sys/kernel/yama/ptrace_scope, and at the container's seccomp profile");
		return give_up(command, barrier);
	}
	close(barrier);
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid > 0 && WIFSTOPPED(status))
			stops += stopped(pid, status);
		else if (pid == command)
			end = status;
	}
	f = fopen(argv[0], "we");
	if (!f || fprintf(f, "{\"calls\":%" PRIu64 "}\n", stops / 2) < 0 || fclose(f))
		return log_errno(-errno, "write %s", argv[0]), FAILED;
	return exit_status(end);
}

/* ---- BPF ---------------------------------------------------------------------------------------------------------- */

static int silent(enum libbpf_print_level level __attribute__((unused)), const char *fmt __attribute__((unused)),
		  va_list ap __attribute__((unused)))
{
	return 0;
}

/* "return 0", attached as the recorder's programs are. Stays for as long as the process lives. */
static int attach_empty(const char *tracepoint)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_RAW_TP);
	int id, fd;

	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	libbpf_set_print(silent);
	id = libbpf_find_vmlinux_btf_id(tracepoint, BPF_TRACE_RAW_TP);
	if (id < 0)
		return log_errno(id, "find tracepoint %s in the kernel's BTF", tracepoint);
	opts.attach_btf_id = (__u32)id;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "st_empty", "GPL", insns, ARRAY_SIZE(insns), &opts);
	if (fd < 0)
		return log_errno(fd, "load an empty program");
	fd = bpf_raw_tracepoint_open(NULL, fd);
	return fd < 0 ? log_errno(fd, "attach an empty program to %s", tracepoint) : 0;
}

int floor__bpf(int argc, char **argv)
{
	int barrier, status;
	pid_t command;

	if (argc < 1)
		return log_err(2, "bench: floor-bpf: COMMAND...");
	command = start(argv, &barrier);
	if (command < 0)
		return log_errno(command, "start a process"), FAILED;
	if (attach_empty("sys_enter") || attach_empty("sys_exit")) {
		log_hint("BPF programs need root (CAP_BPF and CAP_PERFMON): `sandtrace doctor` tells what works here");
		return give_up(command, barrier);
	}
	close(barrier);
	while (waitpid(command, &status, 0) < 0)
		if (errno != EINTR)
			return log_errno(-errno, "wait for the command"), FAILED;
	return exit_status(status);
}
