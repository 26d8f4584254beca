/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal view: nothing of a traced program drives the terminal, lines fit, and say what
 * happened. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

#include "base/util.h"
#include "events.h"
#include "sink/sink.h"
#include "sink/text.h"
/* the sink itself is no pure module, so it is not among the objects that unit tests link */
#include "sink/output.c"
#include "sink/sink_text.c"

static struct text t;
static struct test_event te;
static struct text_line line;

static const char *str(void)
{
	text__char(&t, 0);
	t.len--;
	t.col--;
	assert_int_equal(t.err, 0);
	return t.buf;
}

static const char *escaped(const char *s, size_t len, int max)
{
	text__reset(&t);
	text__escape(&t, s, len, max);
	return str();
}

static void escapes(void **state)
{
	(void)state;
	assert_string_equal(escaped("/etc/passwd", 11, TEXT_NO_LIMIT), "/etc/passwd");
	assert_string_equal(escaped("a\n\t\"\\\0b", 7, TEXT_NO_LIMIT), "a\\n\\t\\\"\\\\\\x00b");
	assert_string_equal(escaped("\033[31m\x7f", 6, TEXT_NO_LIMIT), "\\x1b[31m\\x7f");
	assert_string_equal(escaped("caf\xc3\xa9 \xe6\x97\xa5", 9, TEXT_NO_LIMIT),
			    "caf\xc3\xa9 \xe6\x97\xa5");
	assert_int_equal(t.col, 7);
	/* stray continuation, overlong, surrogate, cut, above U+10FFFF */
	assert_string_equal(escaped("\x80", 1, TEXT_NO_LIMIT), "\\x80");
	assert_string_equal(escaped("\xc0\xaf", 2, TEXT_NO_LIMIT), "\\xc0\\xaf");
	assert_string_equal(escaped("\xed\xa0\x80", 3, TEXT_NO_LIMIT), "\\xed\\xa0\\x80");
	assert_string_equal(escaped("\xe6\x97", 2, TEXT_NO_LIMIT), "\\xe6\\x97");
	assert_string_equal(escaped("\xf4\x90\x80\x80", 4, TEXT_NO_LIMIT), "\\xf4\\x90\\x80\\x80");
	/* C1 control, right-to-left override, zero width joiner, tag */
	assert_string_equal(escaped("\xc2\x9b", 2, TEXT_NO_LIMIT), "\\u009b");
	assert_string_equal(escaped("\xe2\x80\xae", 3, TEXT_NO_LIMIT), "\\u202e");
	assert_string_equal(escaped("\xe2\x80\x8d", 3, TEXT_NO_LIMIT), "\\u200d");
	assert_string_equal(escaped("\xf3\xa0\x81\x81", 4, TEXT_NO_LIMIT), "\\U000e0041");
}

static void shortens_in_the_middle(void **state)
{
	(void)state;
	assert_string_equal(escaped("/usr/lib/python3/dist-packages", 30, 16), "/usr/…t-packages");
	assert_int_equal(t.col, 16);
	assert_string_equal(escaped("abcdef", 6, 6), "abcdef");
	assert_string_equal(escaped("abcdef", 6, 1), "…");
	/* never inside an escape or a wide character */
	assert_string_equal(escaped("\033\033\033\033\033", 5, 13), "\\x1b…\\x1b\\x1b");
	assert_string_equal(escaped("日本語日本語", 18, 7), "日…本語");
	assert_true(t.col <= 7);
}

/* Bytes that a terminal would act on: controls, DEL, C1 controls and anything that is not UTF-8. */
static void assert_harmless(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '\n')
			continue;
		assert_true(c >= 0x20 && c != 0x7f);
		if (c == 0xc2)
			assert_true((unsigned char)s[i + 1] >= 0xa0);
	}
}

static void is_harmless_whatever_the_bytes(void **state)
{
	uint8_t bytes[64];
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t len = 1 + (size_t)round % sizeof(bytes);
		int max = round % 3 ? 5 + round % 40 : TEXT_NO_LIMIT;

		for (size_t i = 0; i < len; i++) {
			seed = seed * 1664525 + 1013904223;
			/* half of them from the bytes that start and continue UTF-8 sequences */
			bytes[i] = (uint8_t)(seed >> 24 | (seed & 0x1000 ? 0xc0 : 0));
		}
		escaped((char *)bytes, len, max);
		assert_harmless(t.buf, t.len);
		assert_true(max == TEXT_NO_LIMIT || t.col <= max);
	}
}

static const char *duration_of(uint64_t ns)
{
	text__reset(&t);
	text__duration(&t, ns);
	return str();
}

static void scales_durations(void **state)
{
	(void)state;
	assert_string_equal(duration_of(0), "0ns");
	assert_string_equal(duration_of(999), "999ns");
	assert_string_equal(duration_of(1000), "1us");
	assert_string_equal(duration_of(999999), "999us");
	assert_string_equal(duration_of(1250000), "1.2ms");
	assert_string_equal(duration_of(999999999), "999ms");
	assert_string_equal(duration_of(3450000000ULL), "3.45s");
	assert_string_equal(duration_of(45600000000ULL), "45.6s");
	assert_string_equal(duration_of(125000000000ULL), "2m05s");
	duration_of(UINT64_MAX);
}

static const char *address_of(const void *addr, size_t len)
{
	text__reset(&t);
	text__sockaddr(&t, addr, len, true);
	return str();
}

static void writes_addresses(void **state)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_port = htons(80), .sin_addr.s_addr = htonl(0x01020304)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
				   .sin6_port = htons(443),
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/run/\033x"};
	struct sockaddr_un abstract = {.sun_family = AF_UNIX, .sun_path = "\0name"};

	(void)state;
	assert_string_equal(address_of(&in, sizeof(in)), "1.2.3.4:80");
	assert_string_equal(address_of(&in6, sizeof(in6)), "[::1]:443");
	in6.sin6_scope_id = 2;
	assert_string_equal(address_of(&in6, sizeof(in6)), "[::1%2]:443");
	assert_string_equal(address_of(&un, sizeof(un)), "unix:/run/\\x1bx");
	assert_string_equal(address_of(&abstract, 2 + 5), "unix:@name");
	assert_string_equal(address_of(&un, 2), "unix:(unnamed)");
	assert_string_equal(address_of(&un, 1), "(no address)");
	/* cut anywhere: never read beyond */
	for (size_t n = 0; n < sizeof(in6); n++) {
		uint8_t *copy = malloc(n ? n : 1);

		memcpy(copy, &in6, n);
		address_of(copy, n);
		free(copy);
	}
}

static const char *list_of(const char *s, uint32_t len, int max)
{
	struct part p = {.data = (const uint8_t *)s, .len = len, .type = EV_PT_ARGV};

	text__reset(&t);
	assert_true(text__argv(&t, &p, max) >= t.col || max == TEXT_NO_LIMIT);
	return str();
}

static void shortens_lists(void **state)
{
	(void)state;
	assert_string_equal(list_of("", 0, TEXT_NO_LIMIT), "[]");
	assert_string_equal(list_of("a\0\0b", 4, TEXT_NO_LIMIT), "[\"a\", \"\", \"b\"]");
	assert_string_equal(list_of("a\0b\0", 4, 40), "[\"a\", \"b\"]");
	assert_string_equal(list_of("sh\0-c\0echo a rather long command", 32, 40),
			    "[\"sh\", \"-c\", \"echo …ong command\"]");
	assert_string_equal(list_of("cc\0-c\0a.c\0b.c\0c.c\0d.c\0e.c", 25, 30),
			    "[\"cc\", \"-c\", \"a.c\", …+4]");
	for (int max = 14; max < 60; max++) {
		list_of("gcc\0-O2\0-o\0a/very/long/path/to/some/object.o\0-c\0x.c", 51, max);
		assert_true(t.col <= max + 12);
	}
}

static const char *line_of(int verbosity, int width)
{
	assert_true(test_event__done(&te));
	text__reset(&t);
	line.verbosity = verbosity;
	line.width = width;
	line.start_ts = 99999990000ULL - 1234000;
	line.pid_width = 0;
	text_line__event(&t, &line, &te.ev);
	return str();
}

static void call_openat(int64_t ret, const char *path, uint16_t flags)
{
	uint64_t args[6] = {(uint32_t)AT_FDCWD, 0x7fff0000, O_RDONLY | O_CLOEXEC};

	test_call(&te, "openat", ret, flags, args);
	test_string(&te, 1, path);
}

static void writes_calls(void **state)
{
	(void)state;
	call_openat(3, "/etc/ld.so.cache", 0);
	assert_string_equal(
		line_of(2, 80),
		"4242  0.001234  openat(AT_FDCWD, \"/etc/ld.so.cache\", O_RDONLY|O_CL…) = 3"
		"  <12us>\n");
	assert_string_equal(line_of(2, 100),
			    "4242  0.001234  openat(AT_FDCWD, \"/etc/ld.so.cache\", "
			    "O_RDONLY|O_CLOEXEC)  = 3                 <12us>\n");
	call_openat(-ENOENT, "/x", 0);
	assert_non_null(strstr(line_of(2, 80), " = -1 ENOENT "));
	assert_non_null(strstr(line_of(2, 160), " = -1 ENOENT (No such file or directory) "));
	assert_null(strstr(line_of(2, 80), "raw="));
	assert_non_null(strstr(line_of(3, 80),
			       "x86_64 nr=257 tid=4243 exec=7 raw=0xffffff9c,0x7fff0000,0x80000,"));
	test_call(&te, "exit_group", 0, EV_F_NO_RETURN, NULL);
	assert_non_null(strstr(line_of(2, 80), "exit_group(0) "));
	assert_non_null(strstr(line_of(2, 80), " = ? "));
	test_call(&te, "mmap", 0x7f0000000000, 0, NULL);
	assert_non_null(strstr(line_of(2, 120), " = 0x7f0000000000 "));
	call_openat(-EPERM, "/x", EV_F_NO_ENTER);
	assert_non_null(strstr(line_of(0, 80), "= -1 EPERM  REFUSED\n"));
	test_call(&te, "getpid", 1, 0, NULL);
	((struct ev_syscall *)(te.rec.bytes + sizeof(struct ev_header)))->abi = EV_ABI_COMPAT32;
	assert_non_null(strstr(line_of(2, 80), "[i386] "));
}

static void keeps_to_the_width(void **state)
{
	char path[4000];

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = 0;
	for (int width = 60; width < 200; width++) {
		call_openat(-ENOENT, path, 0);
		line_of(2, width);
		/* one '…' of three bytes per cut, and the newline */
		assert_true(t.len <= (size_t)width + 1 + 4);
		assert_non_null(strstr(str(), "…"));
	}
	call_openat(-ENOENT, path, 0);
	assert_non_null(strstr(line_of(3, 80), path));
	assert_non_null(strstr(line_of(2, 0), path));
}

static void shows_what_descriptors_stand_for(void **state)
{
	uint64_t args[6] = {3, 0x1000, 10};

	(void)state;
	test_call(&te, "read", 10, 0, args);
	record__part(&te.rec, 0, EV_PT_PATH, EV_PART_OK, "host\033name\0etc\0", 14, 14);
	assert_non_null(strstr(line_of(2, 120), "read(3</etc/host\\x1bname>, 0x1000, 10) "));
	test_call(&te, "read", 10, 0, args);
	test_string(&te, 0, "pipe:[12]");
	assert_non_null(strstr(line_of(2, 120), "read(3<pipe:[12]>, 0x1000, 10) "));
	call_openat(3, "x", 0);
	record__part(&te.rec, EV_PART_RESULT, EV_PT_PATH, EV_PART_OK, "x\0home\0", 7, 7);
	assert_non_null(strstr(line_of(2, 120), "= 3</home/x> "));
}

static void tells_what_could_not_be_read(void **state)
{
	uint64_t args[6] = {(uint32_t)AT_FDCWD, 0xdead};

	(void)state;
	test_call(&te, "openat", -EFAULT, 0, args);
	record__part(&te.rec, 1, EV_PT_STR, EV_PART_FAULT, NULL, 0, 0);
	assert_non_null(strstr(line_of(2, 120), "(AT_FDCWD, 0xdead (unreadable), "));
	test_call(&te, "openat", -EFAULT, 0, args);
	record__part(&te.rec, 1, EV_PT_STR, EV_PART_NULL, NULL, 0, 0);
	assert_non_null(strstr(line_of(2, 120), "(AT_FDCWD, NULL, "));
	test_call(&te, "openat", 3, 0, args);
	record__part(&te.rec, 1, EV_PT_STR, EV_PART_TRUNCATED, "/abc", 4, 9000);
	assert_non_null(strstr(line_of(2, 120), "\"/abc\"..., "));
}

static void writes_processes(void **state)
{
	struct ev_proc_exec exec = {.image_flags = EV_IMG_MEMFD};
	struct ev_proc_exec_fail failed = {.error = -13};
	struct ev_proc_exit done = {.exit_code = 3};
	struct ev_proc_spawn spawn = {.child_pid = 1235, .child_tid = 1236};

	(void)state;
	record__begin(&te.rec, EV_PROC_EXEC, 0, &exec, sizeof(exec));
	test_string(&te, EV_EXEC_PATH, "/bin/ls");
	record__part(&te.rec, EV_EXEC_ARGV, EV_PT_ARGV, EV_PART_OK, "ls\0/t\x1bmp\0", 9, 9);
	assert_string_equal(line_of(1, 100),
			    "4242  0.001246  ┌─ exec /bin/ls [\"ls\", \"/t\\x1bmp\"] [memfd]\n");
	exec.image_flags = EV_IMG_SECURE | EV_IMG_SETUID | EV_IMG_UPPER | EV_IMG_FILE_CAPS | EV_IMG_SETGID;
	record__begin(&te.rec, EV_PROC_EXEC, 0, &exec, sizeof(exec));
	test_string(&te, EV_EXEC_PATH, "/x");
	record__part(&te.rec, EV_EXEC_ARGV, EV_PT_ARGV, EV_PART_OK, "x\0", 2, 2);
	assert_string_equal(line_of(1, 100), "4242  0.001246  ┌─ exec /x [\"x\"] [not of the image] [set-uid] [set-gid]"
					     " [file capabilities]\n");
	exec.image_flags = EV_IMG_SECURE;
	record__begin(&te.rec, EV_PROC_EXEC, 0, &exec, sizeof(exec));
	test_string(&te, EV_EXEC_PATH, "/x");
	record__part(&te.rec, EV_EXEC_ARGV, EV_PT_ARGV, EV_PART_OK, "x\0", 2, 2);
	assert_string_equal(line_of(1, 100), "4242  0.001246  ┌─ exec /x [\"x\"] [secure]\n");
	record__begin(&te.rec, EV_PROC_EXEC_FAIL, 0, &failed, sizeof(failed));
	test_string(&te, EV_EXEC_FAIL_PATH, "/no/\x1b");
	assert_string_equal(line_of(1, 100), "4242  0.001246  ─ exec /no/\\x1b failed: EACCES\n");
	failed.error = -9999;
	record__begin(&te.rec, EV_PROC_EXEC_FAIL, 0, &failed, sizeof(failed));
	record__part(&te.rec, EV_EXEC_FAIL_PATH, EV_PT_STR, EV_PART_FAULT, NULL, 0, 0);
	assert_string_equal(line_of(1, 100), "4242  0.001246  ─ exec (unreadable) failed: -9999\n");
	record__begin(&te.rec, EV_PROC_EXIT, 0, &done, sizeof(done));
	assert_string_equal(line_of(1, 100), "4242  0.001246  └─ +++ exited with 3 +++\n");
	done.signal = 9;
	record__begin(&te.rec, EV_PROC_EXIT, EV_F_THREAD, &done, sizeof(done));
	assert_string_equal(line_of(2, 100),
			    "4242  0.001246  └─ +++ thread 4243 killed by SIGKILL +++\n");
	record__begin(&te.rec, EV_PROC_SPAWN, 0, &spawn, sizeof(spawn));
	assert_string_equal(line_of(2, 100), "4242  0.001246  ├─ spawned 1235\n");
}

static void chooses_by_verbosity(void **state)
{
	struct ev_proc_exit done = {0};

	(void)state;
	call_openat(-EACCES, "/x", 0);
	assert_true(test_event__done(&te));
	assert_false(text_line__wants(0, &te.ev));
	assert_true(text_line__wants(1, &te.ev));
	te.ev.action = ACTION_DENY;
	assert_true(text_line__wants(0, &te.ev));
	call_openat(-EPERM, "/x", EV_F_NO_ENTER);
	assert_true(test_event__done(&te));
	assert_true(text_line__wants(0, &te.ev));
	/* a child's first return from clone has no enter either, and is no refusal */
	test_call(&te, "clone", 0, EV_F_NO_ENTER, NULL);
	assert_true(test_event__done(&te));
	assert_false(text_line__wants(0, &te.ev));
	test_call(&te, "brk", 0, 0, NULL);
	assert_true(test_event__done(&te));
	assert_false(text_line__wants(1, &te.ev));
	assert_true(text_line__wants(2, &te.ev));
	record__begin(&te.rec, EV_PROC_EXIT, EV_F_THREAD, &done, sizeof(done));
	assert_true(test_event__done(&te));
	assert_false(text_line__wants(1, &te.ev));
	assert_true(text_line__wants(2, &te.ev));
}

static void colours_only_when_asked(void **state)
{
	(void)state;
	call_openat(-ENOENT, "/x", 0);
	line_of(2, 80);
	assert_harmless(t.buf, t.len);
	t.color = true;
	assert_non_null(strstr(line_of(2, 80), "\033[36mopenat\033[0m("));
	assert_non_null(strstr(str(), "\033[31m= -1 ENOENT\033[0m"));
	t.color = false;
}

static void sink_writes_and_fails_aloud(void **state)
{
	struct run_info info = {.start_ts = 1};
	struct run_result res = {0};
	int fds[2], full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	const struct policy_change mode = { "mode", "audit", "web", NULL }, load = { "load", "enforce", "web", NULL };
	struct sink *s;
	char buf[4096];
	ssize_t n;

	(void)state;
	assert_true(full >= 0);
	assert_int_equal(pipe(fds), 0);
	call_openat(3, "/x", 0);
	assert_true(test_event__done(&te));
	s = sink_text__new(fds[1], 2, false, 80);
	assert_non_null(s);
	assert_int_equal(s->start(s, &info), 0);
	assert_int_equal(s->event(s, &te.ev), 0);
	assert_int_equal(s->lost(s, EV_CLASS_SYSCALL, 1234, 0, 0, 2), 0);
	assert_int_equal(s->policy(s, &mode, 0, 3), 0);
	assert_int_equal(s->policy(s, &load, 0, 4), 0);
	assert_int_equal(s->flush(s), 0);
	n = read(fds[0], buf, sizeof(buf) - 1);
	assert_true(n > 0);
	buf[n] = 0;
	assert_non_null(strstr(buf, "openat("));
	assert_non_null(strstr(buf, "\n!!! 1,234 syscall records lost\n"));
	assert_non_null(strstr(buf, "\n--- the policy is now in mode audit\n"));
	assert_non_null(strstr(buf, "\n--- policy web has taken the place of the one before; it is now in mode enforce\n"));
	assert_int_equal(s->finish(s, &res), 0);
	s->free(s);

	s = sink_text__new(full, 2, false, 80);
	assert_int_equal(s->start(s, &info), 0);
	assert_int_equal(s->event(s, &te.ev), 0);
	assert_int_equal(s->flush(s), -ENOSPC);
	s->free(s);
	close(full);
	close(fds[0]);
	close(fds[1]);
}

static int set_up(void **state)
{
	(void)state;
	text__init(&t, false);
	text_line__init(&line, 2, 80);
	return syscalls__init();
}

static int tear_down(void **state)
{
	(void)state;
	text__done(&t);
	text_line__done(&line);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes),
		cmocka_unit_test(shortens_in_the_middle),
		cmocka_unit_test(is_harmless_whatever_the_bytes),
		cmocka_unit_test(scales_durations),
		cmocka_unit_test(writes_addresses),
		cmocka_unit_test(shortens_lists),
		cmocka_unit_test(writes_calls),
		cmocka_unit_test(keeps_to_the_width),
		cmocka_unit_test(shows_what_descriptors_stand_for),
		cmocka_unit_test(tells_what_could_not_be_read),
		cmocka_unit_test(writes_processes),
		cmocka_unit_test(chooses_by_verbosity),
		cmocka_unit_test(colours_only_when_asked),
		cmocka_unit_test(sink_writes_and_fails_aloud),
	};

	return cmocka_run_group_tests_name("text", tests, set_up, tear_down);
}
