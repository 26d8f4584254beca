/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSONL sink on real descriptors that fail: a file that reaches its limit in the middle of a
 * line, a full device, a closed pipe, a slow non-blocking one. The sink is no pure module, so its
 * source is included here.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "sink/output.c"
#include "sink/sink_jsonl.c"

#include "record.h"

static const struct run_info info = { .version = "1" };
static struct record rec;
static struct event ev;

/* A process record of about 500 bytes. */
static void make_event(void)
{
	struct ev_proc_exit p = { .task = { .comm = "x" } };

	record__begin(&rec, EV_PROC_EXIT, 0, &p, sizeof(p));
	assert_int_equal(decode(rec.bytes, rec.len, &ev), 0);
}

static int memory_file(void)
{
	int fd = memfd_create("trace", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* Lines of the whole file; -1 when it does not end with a newline. */
static long count_lines(int fd)
{
	char buf[65536];
	ssize_t n;
	off_t at = 0;
	char last = '\n';
	long lines = 0;

	while ((n = pread(fd, buf, sizeof(buf), at)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			lines += buf[i] == '\n';
		last = buf[n - 1];
		at += n;
	}
	return last == '\n' ? lines : -1;
}

static void writes_in_order(void **state)
{
	struct run_result res = { .kind = EXIT_EXITED };
	_cleanup_(close) int fd = memory_file();
	struct sink *s = sink_jsonl__new(fd);

	(void)state;
	make_event();
	assert_int_equal(s->start(s, &info), 0);
	assert_int_equal(count_lines(fd), 1); /* the header is there before the command starts */
	for (int i = 0; i < 5000; i++) {
		ev.seq = (uint64_t)i + 1;
		assert_int_equal(s->event(s, &ev), 0);
	}
	assert_in_range(count_lines(fd), 2, 5000);
	assert_int_equal(s->flush(s), 0);
	assert_int_equal(count_lines(fd), 5001);
	assert_int_equal(s->lost(s, EV_CLASS_SYSCALL, 1, 0, 1, 5001), 0);
	assert_int_equal(s->finish(s, &res), 0);
	assert_int_equal(count_lines(fd), 5003);
	s->free(s);
}

static void fails_at_once_on_a_full_device(void **state)
{
	_cleanup_(close) int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct sink *s = sink_jsonl__new(fd);

	(void)state;
	assert_int_equal(s->start(s, &info), -ENOSPC);
	make_event();
	assert_int_equal(s->event(s, &ev), -ENOSPC);
	assert_int_equal(s->flush(s), -ENOSPC);
	s->free(s);
}

/* For each limit the file ends with a whole line, and no later record follows the gap. */
static void leaves_no_partial_line(void **state)
{
	struct rlimit old, limit;
	struct run_result res = { .kind = EXIT_EXITED };

	(void)state;
	make_event();
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_IGN);
	for (rlim_t max = 900; max < 3000; max += 97) {
		_cleanup_(close) int fd = memory_file();
		struct sink *s = sink_jsonl__new(fd);
		long lines;

		limit = (struct rlimit){ .rlim_cur = max, .rlim_max = old.rlim_max };
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		assert_int_equal(s->start(s, &info), 0);
		for (int i = 0; i < 20; i++)
			assert_int_equal(s->event(s, &ev), 0);
		assert_int_equal(s->flush(s), -EFBIG);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);

		lines = count_lines(fd);
		assert_in_range(lines, 1, 20);
		assert_true(lseek(fd, 0, SEEK_CUR) <= (off_t)max);
		assert_int_equal(s->event(s, &ev), -EFBIG);
		assert_int_equal(s->finish(s, &res), -EFBIG);
		assert_int_equal(count_lines(fd), lines);
		s->free(s);
	}
}

static void reports_a_closed_pipe(void **state)
{
	struct sink *s;
	int p[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	s = sink_jsonl__new(p[1]);
	close(p[0]);
	assert_int_equal(s->start(s, &info), -EPIPE);
	s->free(s);
	close(p[1]);
}

static void waits_for_a_slow_pipe(void **state)
{
	struct sink *s;
	int p[2], status;
	pid_t pid;

	(void)state;
	make_event();
	assert_int_equal(pipe2(p, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(fcntl(p[0], F_SETFL, 0), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		char buf[4096];
		long lines = 0;
		ssize_t n;

		close(p[1]);
		while ((n = read(p[0], buf, sizeof(buf))) > 0)
			for (ssize_t i = 0; i < n; i++)
				lines += buf[i] == '\n';
		_exit(lines == 4001 ? 0 : 1);
	}
	close(p[0]);
	s = sink_jsonl__new(p[1]);
	assert_int_equal(s->start(s, &info), 0);
	for (int i = 0; i < 4000; i++)
		assert_int_equal(s->event(s, &ev), 0);
	assert_int_equal(s->flush(s), 0);
	s->free(s);
	close(p[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_in_order),
		cmocka_unit_test(fails_at_once_on_a_full_device),
		cmocka_unit_test(leaves_no_partial_line),
		cmocka_unit_test(reports_a_closed_pipe),
		cmocka_unit_test(waits_for_a_slow_pipe),
	};

	return cmocka_run_group_tests_name("jsonl", tests, NULL, NULL);
}
