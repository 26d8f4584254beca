/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a command under one of the floors of floor.bpf.c:
 *
 *   floor [--stats FILE] empty|exit64 -- COMMAND...
 *
 * exit64 reads the ring once a millisecond and only counts; the exit status is the command's. FILE receives one JSON
 * line with the records read and lost: a floor that lost some was not measured.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "floor.h"
#include "floor.skel.h"

#define POLL_NS 1000000

static int fail(int err, const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(err < 0 ? -err : err));
	return 125;
}

static int count_record(void *ctx, void *data, size_t size)
{
	const struct floor_record *r = data;
	uint64_t *records = ctx;

	if (size == sizeof(*r) && r->pid_tgid)
		++*records;
	return 0;
}

/* The child waits until its pipe closes, which is after everything is attached. */
static pid_t start(char **argv, int *ret_barrier)
{
	int fds[2];
	pid_t pid;
	char c;

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fds[1]);
		if (read(fds[0], &c, 1) < 0)
			_exit(125);
		execvp(argv[0], argv);
		_exit(errno == ENOENT ? 127 : 126);
	}
	close(fds[0]);
	*ret_barrier = fds[1];
	return pid;
}

static struct floor_bpf *load(bool record, pid_t command)
{
	struct floor_bpf *skel = floor_bpf__open();
	int err;

	if (!skel)
		return NULL;
	bpf_program__set_autoload(skel->progs.empty_enter, !record);
	bpf_program__set_autoload(skel->progs.empty_exit, !record);
	bpf_program__set_autoload(skel->progs.scope_fork, record);
	bpf_program__set_autoload(skel->progs.record_exit, record);
	err = floor_bpf__load(skel);
	if (!err) {
		skel->bss->scope[command & (FLOOR_PID_MAX - 1)] = 1;
		err = floor_bpf__attach(skel);
	}
	if (err) {
		floor_bpf__destroy(skel);
		errno = -err;
		return NULL;
	}
	return skel;
}

/* Reads until the command is gone, and then once more. Returns its wait status, or a negative errno. */
static int drain(struct floor_bpf *skel, pid_t command, uint64_t *records)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };
	struct ring_buffer *ring;
	int status, err = 0;
	pid_t gone = 0;

	ring = ring_buffer__new(bpf_map__fd(skel->maps.floor_ring), count_record, records, NULL);
	if (!ring)
		return -errno;
	while (!gone && err >= 0) {
		nanosleep(&pause, NULL);
		gone = waitpid(command, &status, WNOHANG);
		err = ring_buffer__consume(ring);
	}
	ring_buffer__free(ring);
	if (err < 0)
		return err;
	return gone < 0 ? -ECHILD : status;
}

static int write_stats(const char *path, uint64_t records, uint64_t lost)
{
	FILE *f = fopen(path, "we");

	if (!f)
		return -errno;
	fprintf(f, "{\"records\":%" PRIu64 ",\"lost\":%" PRIu64 "}\n", records, lost);
	return fclose(f) ? -errno : 0;
}

static int floor_run(bool record, char **argv, const char *stats)
{
	uint64_t records = 0, lost = 0;
	struct floor_bpf *skel;
	int barrier, status = 0, err = 0;
	pid_t pid = start(argv, &barrier);

	if (pid < 0)
		return fail(errno, "start the command");
	skel = load(record, pid);
	if (!skel) {
		err = errno;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return fail(err, "load the programs (root and a kernel with BTF are needed)");
	}
	close(barrier);
	if (record) {
		status = drain(skel, pid, &records);
		lost = skel->bss->lost;
	} else if (waitpid(pid, &status, 0) < 0) {
		status = -errno;
	}
	if (status >= 0 && stats)
		err = write_stats(stats, records, lost);
	floor_bpf__destroy(skel);
	if (status < 0)
		return fail(status, "wait for the command");
	if (err)
		return fail(err, stats);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	const char *stats = NULL;
	bool record;
	int i = 1;

	if (argc > 2 && !strcmp(argv[1], "--stats")) {
		stats = argv[2];
		i = 3;
	}
	if (argc < i + 3 || strcmp(argv[i + 1], "--"))
		goto usage;
	record = !strcmp(argv[i], "exit64");
	if (!record && strcmp(argv[i], "empty"))
		goto usage;
	return floor_run(record, argv + i + 2, stats);
usage:
	fprintf(stderr, "usage: floor [--stats FILE] empty|exit64 -- COMMAND...\n");
	return 125;
}
