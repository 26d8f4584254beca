/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one event costs from ring bytes to a line in the buffer: decode, look-up of name and
 * signature, encode. No I/O, no ring. Prints the CPU time per event of a getppid-like, an
 * openat-like and a connect-like record.
 *
 *   bench_encode [EVENTS]
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "event/event.h"
#include "event/syscalls.h"
#include "enrich/enrich.h"
#include "sink/encode.h"

struct record {
	struct ev_header hdr;
	struct ev_syscall sc;
	struct ev_part part;
	char bytes[64];
};

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static size_t make_record(struct record *r, const char *name, int arg, enum ev_part_type type,
			  const void *bytes, uint32_t len)
{
	memset(r, 0, sizeof(*r));
	r->hdr = (struct ev_header){
		.ts = 5123456789012, .exec_id = 7, .tgid = 123456, .tid = 123457, .kind = EV_SYSCALL
	};
	r->sc = (struct ev_syscall){ .ret = 3,
				     .duration = 1234,
				     .nr = syscalls__number(EV_ABI_NATIVE, name) };
	r->sc.args[0] = 0xffffff9c;
	if (arg < 0)
		return offsetof(struct record, part);
	r->sc.args[1] = 0x7ffc12345678;
	r->sc.args[2] = 02000000;
	r->hdr.parts = offsetof(struct record, part);
	r->part = (struct ev_part){ .id = (__u8)arg, .len = len, .true_len = len, .type = type };
	memcpy(r->bytes, bytes, len);
	return sizeof(*r);
}

static int run(const char *what, struct record *r, size_t len, struct encoder *e, struct json *j,
	       unsigned long events)
{
	uint64_t start = cpu_ns(), bytes = 0, ns;
	static struct enrich names;
	struct event ev;

	for (unsigned long i = 0; i < events; i++) {
		int err = decode(r, len, &ev);

		if (err)
			return err;
		r->hdr.ts += 700;
		r->sc.duration = 1000 + i % 512;
		ev.seq = i + 1;
		enrich(&names, &ev);
		err = encode__event(e, &ev, j);
		if (err)
			return err;
		if (j->len >= 256 * 1024) {
			bytes += j->len;
			json__reset(j);
		}
	}
	ns = cpu_ns() - start;
	bytes += j->len;
	json__reset(j);
	printf("%-8s %6.1f ns/event %6.1f bytes/event %8.2f M events/s\n", what,
	       (double)ns / (double)events, (double)bytes / (double)events,
	       (double)events * 1e3 / (double)ns);
	return 0;
}

int main(int argc, char **argv)
{
	static const char path[] = "/usr/lib/x86_64-linux-gnu/libc.so.6";
	static const uint8_t addr[16] = { 2, 0, 1, 187, 93, 184, 216, 34 };
	unsigned long events = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
	struct run_info info = { .clock_offset = 1735732800000000000, .version = "bench" };
	struct encoder *e = encoder__new();
	struct record r;
	struct json j;
	int err;

	json__init(&j);
	err = e ? syscalls__init() : -ENOMEM;
	if (!err)
		err = encode__header(e, &info, &j);
	for (int round = 0; round < 3 && !err; round++) {
		err = run("getppid", &r, make_record(&r, "getppid", -1, 0, NULL, 0), e, &j, events);
		if (!err)
			err = run("openat", &r,
				  make_record(&r, "openat", 1, EV_PT_STR, path, sizeof(path) - 1),
				  e, &j, events);
		if (!err)
			err = run("connect", &r,
				  make_record(&r, "connect", 1, EV_PT_SOCKADDR, addr, sizeof(addr)),
				  e, &j, events);
	}
	if (err)
		fprintf(stderr, "bench_encode: %s\n", strerror(-err));
	json__done(&j);
	encoder__free(e);
	return err ? 1 : 0;
}
