/* SPDX-License-Identifier: Apache-2.0 */
/* What must be seen though nothing denies it: code that is in no file which anybody could look at; a rule that does not hold. */
#include <linux/securebits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "evade.h"

#define SIZE 4096

static int mapped(void *p)
{
	return result(p == MAP_FAILED ? -1 : 0);
}
static int memory_child(void)
{
	return mapped(mmap(NULL, SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}
static int c_memory(void) { return in_child(memory_child); }
static int zero_child(void)
{
	int fd = open("/dev/zero", O_RDWR);

	return fd < 0 ? CANNOT : mapped(mmap(NULL, SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, fd, 0));
}
static int c_zero(void) { return in_child(zero_child); }
static int written_child(void)
{
	void *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return CANNOT;
	memset(p, 0xc3, SIZE);
	return result(mprotect(p, SIZE, PROT_READ | PROT_EXEC));
}
static int c_written(void) { return in_child(written_child); }
static int map_fd(int fd)
{
	int ret = fd < 0 || ftruncate(fd, SIZE) ? CANNOT : mapped(mmap(NULL, SIZE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0));

	if (fd >= 0)
		close(fd);
	return ret;
}
static int memfd_child(void) { return map_fd(memfd_create("code", 0)); }
static int c_memfd(void) { return in_child(memfd_child); }
static int deleted_child(void)
{
	int fd = open(OK "/code", O_RDWR | O_CREAT, 0700);

	unlink(OK "/code");
	return map_fd(fd);
}
static int c_deleted(void) { return in_child(deleted_child); }

/* A rule about the call whose condition is not met leaves a record that is no refusal. */
static int perf_child(void)
{
	struct { uint32_t type, size; uint64_t config, rest[14]; } attr = { .type = 1, .size = sizeof(attr) };

	return result(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0));
}
static int c_perf(void) { return in_child(perf_child); }
/* With the capabilities of before: distributions refuse the call to others before an LSM is asked. */
static int perf_other_child(void)
{
	return prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) || setresuid(1000, 1000, 1000) ? CANNOT : perf_child();
}
static int c_perf_other(void) { return in_child(perf_other_child); }

static const struct attempt attempts[] = {
	{ "code-memory", c_memory, "file", "mmap_exec@file_flags=anonymous", "allowed" },
	{ "code-dev-zero", c_zero, "file", "mmap_exec@file_flags=anonymous", "allowed" },
	{ "code-written", c_written, "file", "mprotect_exec@file_flags=written", "allowed" },
	{ "code-memfd", c_memfd, "file", "mmap_exec:memfd:code@file_flags=memfd", "allowed" },
	{ "code-deleted", c_deleted, "file", "mmap_exec:" OK "/code", "allowed" },
	{ "when-perf", c_perf_other, "kernel", "perf_event", "when/denied" },
	{ "when-perf-not-met", c_perf, "kernel", "perf_event", "when/allowed" },
};
DOMAIN(code, attempts);
