/* SPDX-License-Identifier: Apache-2.0 */
/* Flows: a record as bpf/flow.bpf.c lays it, its JSON to the byte, and its line for people. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/util.h"
#include "event/event.h"
#include "event/syscalls.h"
#include "record.h"
#include "sink/encode.h"
#include "sink/text.h"

#define LITERAL(s) s, sizeof(s) - 1
#define REMOTE_V4 LITERAL("\x02\0\x01\xbb\x5d\xb8\xd8\x22\0\0\0\0\0\0\0\0")
#define LOCAL_V4 LITERAL("\x02\0\xc0\x01\x0a\0\0\x05\0\0\0\0\0\0\0\0")
#define REMOTE_V6 LITERAL("\x0a\0\0\x35\0\0\0\0\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0")
#define LOCAL_V6 LITERAL("\x0a\0\xc0\x02\0\0\0\0\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\0\0\0\0")

static struct record rec;
static struct encoder *encoder;
static struct json out;

static void build(const struct ev_flow *from, bool v6)
{
	struct ev_flow f = *from;

	f.task = (struct ev_task){ .parent_exec_id = 6, .cgroup_id = 9, .ppid = 1, .ns_pid = 2, .ns_tid = 3, .uid = 1000,
				   .euid = 1000, .gid = 5, .egid = 5, .comm = "curl" };
	record__begin(&rec, EV_FLOW, 0, &f, sizeof(f));
	if (v6) {
		record__part(&rec, EV_FLOW_REMOTE, EV_PT_SOCKADDR, EV_PART_OK, REMOTE_V6, 28);
		record__part(&rec, EV_FLOW_LOCAL, EV_PT_SOCKADDR, EV_PART_OK, LOCAL_V6, 28);
	} else {
		record__part(&rec, EV_FLOW_REMOTE, EV_PT_SOCKADDR, EV_PART_OK, REMOTE_V4, 16);
		record__part(&rec, EV_FLOW_LOCAL, EV_PT_SOCKADDR, EV_PART_OK, LOCAL_V4, 16);
	}
}

static const struct ev_flow closed = { .act = { .op = EV_FLOW_CLOSE }, .socket = 40001, .family = 2, .type = 1, .protocol = 6,
				       .bytes_out = 517, .bytes_in = 1234567, .packets_out = 1, .packets_in = 900,
				       .duration = 1200000, .error = -104, .retransmits = 2 };
static const struct ev_flow datagrams = { .act = { .op = EV_FLOW_DATAGRAMS }, .socket = 40002, .family = 10, .type = 2,
					  .protocol = 17, .incoming = 1, .bytes_out = 60, .bytes_in = 33, .packets_out = 2,
					  .packets_in = 1, .duration = 850 };

static void expect_json(const char *text)
{
	struct event ev;

	assert_int_equal(decode(rec.bytes, rec.len, &ev), 0);
	ev.seq = 1;
	json__reset(&out);
	assert_int_equal(encode__event(encoder, &ev, &out), 0);
	assert_int_equal(out.len, strlen(text));
	assert_memory_equal(out.buf, text, out.len);
}

#define HEAD(action) \
	"{\"event_type\":\"flow\",\"action\":\"" action "\",\"timestamp\":\"2025-01-01T12:01:40.000002000Z\",\"seq\":1,\"pid\":4242," \
	"\"tid\":4243,\"exec_id\":7,\"parent_exec_id\":6,\"cgroup_id\":9,\"ppid\":1,\"ns_pid\":2,\"ns_tid\":3,\"uid\":1000," \
	"\"euid\":1000,\"gid\":5,\"egid\":5,\"comm\":\"curl\",\"verdict\":\"allowed\",\"rule\":null,\"policy\":null,"

static void json_of_flows(void **state)
{
	(void)state;
	build(&closed, false);
	expect_json(HEAD("close") "\"socket\":40001,\"family\":\"AF_INET\",\"type\":\"SOCK_STREAM\",\"protocol\":\"IPPROTO_TCP\","
		    "\"incoming\":false,\"bytes_out\":517,\"bytes_in\":1234567,\"packets_out\":1,\"packets_in\":900,"
		    "\"duration\":1200000,\"error\":-104,\"retransmits\":2,"
		    "\"remote\":{\"family\":\"AF_INET\",\"address\":\"93.184.216.34\",\"port\":443},"
		    "\"local\":{\"family\":\"AF_INET\",\"address\":\"10.0.0.5\",\"port\":49153}}\n");
	build(&datagrams, true);
	expect_json(HEAD("datagrams") "\"socket\":40002,\"family\":\"AF_INET6\",\"type\":\"SOCK_DGRAM\",\"protocol\":\"IPPROTO_UDP\","
		    "\"incoming\":true,\"bytes_out\":60,\"bytes_in\":33,\"packets_out\":2,\"packets_in\":1,"
		    "\"duration\":850,\"error\":0,\"retransmits\":0,"
		    "\"remote\":{\"family\":\"AF_INET6\",\"address\":\"2001:db8::1\",\"port\":53},"
		    "\"local\":{\"family\":\"AF_INET6\",\"address\":\"2001:db8::2\",\"port\":49154}}\n");
}

static const char *line(void)
{
	static char buf[512];
	struct text_line l;
	struct text t;
	struct event ev;
	const char *at;

	assert_int_equal(decode(rec.bytes, rec.len, &ev), 0);
	text__init(&t, false);
	text_line__init(&l, 1, 0);
	text_line__event(&t, &l, &ev);
	assert_int_equal(t.err, 0);
	text__char(&t, 0);
	at = strstr(t.buf, "flow ");
	assert_non_null(at);
	snprintf(buf, sizeof(buf), "%s", at);
	text_line__done(&l);
	text__done(&t);
	return buf;
}

static void lines_of_flows(void **state)
{
	struct ev_flow f = closed;

	(void)state;
	build(&f, false);
	assert_string_equal(line(), "flow close 10.0.0.5:49153 to 93.184.216.34:443: 517 bytes out (1 segment), 1,234,567 "
				    "bytes in (900 segments), after 1.2ms, ECONNRESET, 2 sent again\n");
	build(&datagrams, true);
	assert_string_equal(line(), "flow datagrams [2001:db8::2]:49154 from [2001:db8::1]:53: 60 bytes out (2 datagrams), 33 "
				    "bytes in (1 datagram), after 850ns\n");
	f = (struct ev_flow){ .act = { .op = EV_FLOW_OPEN }, .incoming = 1 };
	build(&f, false);
	assert_string_equal(line(), "flow open 10.0.0.5:49153 from 93.184.216.34:443\n");
	f = (struct ev_flow){ .act = { .op = EV_FLOW_FAILED }, .error = -111, .duration = 2000000000 };
	build(&f, false);
	assert_string_equal(line(), "flow failed 10.0.0.5:49153 to 93.184.216.34:443: after 2.00s, ECONNREFUSED\n");
	f = (struct ev_flow){ .act = { .op = 99 }, .error = -99999, .duration = 1 };
	build(&f, false);
	assert_string_equal(line(), "flow unknown 10.0.0.5:49153 to 93.184.216.34:443: 0 bytes out (0 segments), 0 bytes in "
				    "(0 segments), after 1ns, -99999\n");
	/* a trace that was cut may lack the addresses, and numbers may be any */
	f = (struct ev_flow){ .act = { .op = EV_FLOW_ONGOING }, .error = INT32_MIN };
	record__begin(&rec, EV_FLOW, 0, &f, sizeof(f));
	rec.last = 0;
	assert_string_equal(line(), "flow ongoing (no address) to (no address): 0 bytes out (0 segments), 0 bytes in "
				    "(0 segments), after 0ns, -2147483648\n");
}

static int begin(void **state)
{
	static const struct run_info info = { .clock_offset = 1735732800000000000, .start_ts = 99 * NSEC_PER_SEC };

	(void)state;
	json__init(&out);
	encoder = encoder__new();
	return syscalls__init() ?: encoder ? encode__header(encoder, &info, &out) : -ENOMEM;
}

static int end(void **state)
{
	(void)state;
	encoder__free(encoder);
	json__done(&out);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_of_flows),
		cmocka_unit_test(lines_of_flows),
	};

	return cmocka_run_group_tests_name("encode_flow", tests, begin, end);
}
