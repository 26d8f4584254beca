// SPDX-License-Identifier: Apache-2.0
/*
 * The last word: loads and attaches the recorder's own programs as `run` would. The small probes
 * before it say why it fails; only this one knows that nothing else does. No task is armed, so
 * nothing is recorded.
 */
#include "doctor_probe.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../base/util.h"
#include "../capture/capture.h"

/* The verifier's work does not depend on it. */
#define RING_BYTES (1u << 20)

/* The first line of what was written to FD, without the program's name. */
static void first_line(int fd, char *buf, size_t size)
{
	static const char prefix[] = "sandtrace: ";
	ssize_t n = pread(fd, buf, size - 1, 0);

	buf[MAX(n, 0)] = 0;
	buf[strcspn(buf, "\n")] = 0;
	if (!strncmp(buf, prefix, sizeof(prefix) - 1))
		memmove(buf, buf + sizeof(prefix) - 1, strlen(buf) - sizeof(prefix) + 2);
}

int doctor__quietly(int (*fn)(void *), void *arg, char *ret_why, size_t size)
{
	_cleanup_(close) int log = memfd_create("doctor", MFD_CLOEXEC), saved = dup(STDERR_FILENO);
	int err;

	snprintf(ret_why, size, "memfd_create does not work");
	if (log < 0)
		return -errno;
	fflush(stderr);
	dup2(log, STDERR_FILENO);
	err = fn(arg);
	fflush(stderr);
	if (saved >= 0)
		dup2(saved, STDERR_FILENO);
	else
		close(STDERR_FILENO);
	first_line(log, ret_why, size);
	return err;
}

static int load_recorder(void *arg)
{
	_cleanup_(free) struct st_plan(*plans)[ST_NR_SYSCALLS] = calloc(EV_ABI_MAX, sizeof(*plans));
	const struct capture_opts opts = {
		.plans = plans,
		.follow_forks = true,
		.ring_bytes = RING_BYTES,
		.shards = 1,
	};
	struct capture *capture = NULL;
	int err;

	(void)arg;
	if (!plans)
		return -ENOMEM;
	err = capture__start(CAPTURE_EBPF, &opts, &capture);
	capture__free(capture);
	return err;
}

void try_recorder(struct doctor *d, const struct probe *p, struct probe_result *r)
{
	char why[sizeof(r->detail)];
	int err;

	(void)p;
	if (d->blocked) {
		probe__unknown(r, "cannot be tried without %s", d->blocked);
		return;
	}
	err = doctor__quietly(load_recorder, NULL, why, sizeof(why));
	if (!err) {
		probe__ok(r, "loaded and attached");
		return;
	}
	probe__no(r, 0, "%s", why[0] ? why : "does not load");
	r->err = err;
}
