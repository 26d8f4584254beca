/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON of records that do not come from the ring, and the bounds of those that do; golden.h has what they look like. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "golden.h"

static struct encoder *encoder;
static struct json out;

static int begin(void **state)
{
	(void)state;
	json__init(&out);
	encoder = encoder__new();
	return encoder ? encode__header(encoder, &info, &out) : -ENOMEM;
}

static int end(void **state)
{
	(void)state;
	json__done(&out);
	encoder__free(encoder);
	return 0;
}

static void expect(const char *text)
{
	assert_int_equal(out.len, strlen(text));
	assert_memory_equal(out.buf, text, out.len);
}

static void header_full(void **state)
{
	char *const argv[] = { "sh", "-c", "echo \xff", NULL };
	const char *const degraded[] = { "no lsm", NULL };
	const struct run_info full = {
		.version = "1.0",
		.backend = "ebpf",
		.profile = "syscalls",
		.hostname = "h",
		.kernel = "6.1",
		.machine = "x86_64",
		.boot_id = "b",
		.argv = argv,
		.cwd = "/tmp",
		.command_pid = 42,
		.cgroup_id = 77,
		.clock_offset = -5,
		.start_ts = 1000000005,
		.trace_filter = "%file",
		.on_overload = "freeze",
		.ring_bytes = 8388608,
		.follow_forks = true,
		.degraded = degraded,
	};

	(void)state;
	json__reset(&out);
	assert_int_equal(encode__header(encoder, &full, &out), 0);
	expect(
	    "{\"event_type\":\"header\",\"schema\":1,\"timestamp\":\"1970-01-01T00:00:01."
	    "000000000Z\","
	    "\"version\":\"1.0\",\"backend\":\"ebpf\",\"backend_reason\":null,\"profile\":\"syscalls\",\"host\":\"h\","
	    "\"kernel\":\"6.1\","
	    "\"machine\":\"x86_64\",\"boot_id\":\"b\",\"command\":[\"sh\",\"-c\",\"echo "
	    "\xef\xbf\xbd\"],"
	    "\"cwd\":\"/"
	    "tmp\",\"pid\":42,\"cgroup_id\":77,\"clock_offset_ns\":-5,\"trace_filter\":\"%file\","
	    "\"follow_forks\":true,\"on_overload\":\"freeze\",\"ring_bytes\":8388608,\"layers\":[],"
	    "\"degraded\":[\"no lsm\"]}\n");
}

static void header_bare(void **state)
{
	const struct run_info bare = { .clock_offset = -5 };

	(void)state;
	json__reset(&out);
	assert_int_equal(encode__header(encoder, &bare, &out), 0);
	expect("{\"event_type\":\"header\",\"schema\":1,\"timestamp\":\"1970-01-01T00:00:00."
	       "000000000Z\","
	       "\"version\":null,\"backend\":null,\"backend_reason\":null,\"profile\":null,\"host\":null,\"kernel\":null,"
	       "\"machine\":null,\"boot_id\":null,\"command\":[],\"cwd\":null,\"pid\":0,\"cgroup_"
	       "id\":0,"
	       "\"clock_offset_ns\":-5,\"trace_filter\":null,\"follow_forks\":false,\"on_"
	       "overload\":null,"
	       "\"ring_bytes\":0,\"layers\":[],\"degraded\":[]}\n");
}

static void policy(void **state)
{
	struct policy_change c = { "load", "audit", "web", "00ff" };

	(void)state;
	json__reset(&out);
	assert_int_equal(encode__policy(encoder, &c, 100500000000, 7, &out), 0);
	expect("{\"event_type\":\"policy\",\"action\":\"load\",\"timestamp\":\"2025-01-01T12:01:40.500000000Z\",\"seq\":7,"
	       "\"mode\":\"audit\",\"policy\":\"web\",\"policy_sha256\":\"00ff\"}\n");
}

static void lost(void **state)
{
	(void)state;
	json__reset(&out);
	assert_int_equal(
	    encode__lost(encoder, EV_CLASS_PROCESS, 12, 100000000000, 100500000000, 9, &out), 0);
	expect(
	    "{\"event_type\":\"lost\",\"timestamp\":\"2025-01-01T12:01:40.500000000Z\",\"seq\":9,"
	    "\"class\":\"process\",\"count\":12,\"from\":\"2025-01-01T12:01:40.000000000Z\","
	    "\"to\":\"2025-01-01T12:01:40.500000000Z\"}\n");
}

static void summary_of(const struct run_result *res, const char *ending)
{
	char text[1024];

	json__reset(&out);
	assert_int_equal(encode__summary(encoder, res, &out), 0);
	snprintf(text, sizeof(text),
		 "{\"event_type\":\"summary\",\"timestamp\":\"2025-01-01T12:01:40.500000000Z\","
		 "\"total_syscalls\":10,\"duration_ms\":1500,%s,\"recorded\":11,\"lost\":3,"
		 "\"aggregated\":1,\"suppressed\":0,\"undecoded\":5,\"skipped\":0,\"freezes\":6,\"frozen_ms\":7,\"utime\":0,\"stime\":0,\"classes\":{"
		 "\"syscall\":{\"seen\":10,"
		 "\"emitted\":8,\"recorded\":7,\"aggregated\":1,\"suppressed\":0,\"lost\":1},\"process\":{\"seen\":"
		 "6,\"emitted\":4,"
		 "\"recorded\":4,\"aggregated\":0,\"suppressed\":0,\"lost\":2}}}\n",
		 ending);
	expect(text);
}

static void summary(void **state)
{
	struct run_result res = {
		.totals = { { 10, 8, 1, 1, 7 }, { 6, 4, 2, 0, 4 } },
		.end_ts = 100500000000,
		.kind = EXIT_EXITED,
		.exit_code = 3,
		.freezes = 6,
		.frozen_ns = 7999999,
		.undecoded = 5,
	};

	(void)state;
	summary_of(&res,
		   "\"exit_code\":3,\"exit_kind\":\"exited\",\"signal\":null,\"killed_by\":null");
	res.kind = EXIT_TIMEOUT;
	res.exit_code = -1;
	res.signal = 9;
	res.killed_by = "timeout";
	summary_of(&res, "\"exit_code\":null,\"exit_kind\":\"timeout\",\"signal\":\"SIGKILL\","
			 "\"killed_by\":\"timeout\"");
	res.kind = EXIT_SIGNALED;
	res.signal = 99;
	res.killed_by = NULL;
	summary_of(&res, "\"exit_code\":null,\"exit_kind\":\"signaled\",\"signal\":\"SIG99\","
			 "\"killed_by\":null");
}

/* A record that does not fit leaves nothing behind, whatever was before it. */
static void no_half_record(void **state)
{
	static struct record rec;
	struct event ev;
	size_t before;

	(void)state;
	json__reset(&out);
	assert_int_equal(encode__lost(encoder, EV_CLASS_SYSCALL, 1, 0, 1, 1, &out), 0);
	before = out.len;
	call(&rec, 257, 3, ARGS(AT_CWD32, 1));
	record__part(&rec, 1, EV_PT_STR, EV_PART_OK, LITERAL("/etc/hostname"), 13);
	assert_int_equal(decode(rec.bytes, rec.len, &ev), 0);
	out.err = -ENOMEM;
	assert_int_equal(encode__event(encoder, &ev, &out), -ENOMEM);
	assert_int_equal(out.len, before);
	assert_int_equal(out.buf[before - 1], '\n');
}

/* The longest record: everything escaped to six bytes. */
static void longest_record(void **state)
{
	static struct record rec;
	static uint8_t ones[EV_RECORD_MAX];
	const size_t len = EV_RECORD_MAX - sizeof(struct ev_header) - sizeof(struct ev_syscall) -
			   sizeof(struct ev_part);
	struct event ev;

	(void)state;
	memset(ones, 1, sizeof(ones));
	call(&rec, 257, 0, ARGS(AT_CWD32, 1));
	record__part(&rec, 1, EV_PT_STR, EV_PART_OK, ones, (uint32_t)len, 0);
	assert_int_equal(rec.len, EV_RECORD_MAX);
	assert_int_equal(decode(rec.bytes, rec.len, &ev), 0);
	golden__look_up(&ev);
	json__reset(&out);
	assert_int_equal(encode__event(encoder, &ev, &out), 0);
	assert_true(out.len > 6 * len);
	for (int type = EV_PT_STR; type <= EV_PT_BYTES; type++) {
		call(&rec, 257, 0, ARGS(AT_CWD32, 1));
		memset(ones, type == EV_PT_PATH ? 0 : 0xff, sizeof(ones));
		record__part(&rec, 1, (enum ev_part_type)type, EV_PART_OK, ones, (uint32_t)len, 0);
		assert_int_equal(decode(rec.bytes, rec.len, &ev), 0);
		golden__look_up(&ev);
		json__reset(&out);
		assert_int_equal(encode__event(encoder, &ev, &out), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(header_full, begin, end),
		cmocka_unit_test_setup_teardown(header_bare, begin, end),
		cmocka_unit_test_setup_teardown(lost, begin, end),
		cmocka_unit_test_setup_teardown(policy, begin, end),
		cmocka_unit_test_setup_teardown(summary, begin, end),
		cmocka_unit_test_setup_teardown(no_half_record, begin, end),
		cmocka_unit_test_setup_teardown(longest_record, begin, end),
	};

	return cmocka_run_group_tests_name("encode", tests, golden__prepare, NULL);
}
