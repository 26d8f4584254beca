/* SPDX-License-Identifier: Apache-2.0 */
/* decode() takes every well-formed record and refuses each way in which one can be broken; the
 * tables agree with it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/util.h"
#include "event/event.h"
#include "record.h"

static struct record rec;
static struct event ev;

static struct ev_part *syscall_with_path(void)
{
	struct ev_syscall sc = { .ret = 3, .duration = 2000, .nr = 257 };

	record__begin(&rec, EV_SYSCALL, 0, &sc, sizeof(sc));
	return record__part(&rec, 1, EV_PT_STR, EV_PART_OK, "/etc/hostname", 13, 13);
}

static void takes_a_syscall(void **state)
{
	(void)state;
	syscall_with_path();
	record__part(&rec, 2, EV_PT_BYTES, EV_PART_FAULT, NULL, 0, 0);
	memset(&ev, 0xff, sizeof(ev));
	assert_int_equal(decode(rec.bytes, rec.len, &ev), 0);
	assert_ptr_equal(ev.hdr, rec.bytes);
	assert_ptr_equal(ev.payload, rec.bytes + sizeof(struct ev_header));
	assert_int_equal(ev.desc->kind, EV_SYSCALL);
	assert_int_equal(ev.syscall->nr, 257);
	assert_int_equal(ev.n_parts, 2);
	assert_int_equal(ev.action, ACTION_ALLOW);
	assert_null(ev.sig);
	assert_null(ev.name);
	assert_int_equal(ev.seq, 0);

	assert_non_null(event__part(&ev, 1));
	assert_memory_equal(event__part(&ev, 1)->data, "/etc/hostname", 13);
	assert_int_equal(event__part(&ev, 1)->len, 13);
	assert_int_equal(event__part(&ev, 2)->state, EV_PART_FAULT);
	assert_null(event__part(&ev, 0));
}

static void takes_every_kind_bare(void **state)
{
	static const uint8_t zeros[256];
	const struct event_desc *desc;
	size_t n = 0;

	(void)state;
	for (; (desc = event_desc__at(n)); n++) {
		record__begin(&rec, desc->kind, 0, zeros, desc->payload_size);
		assert_int_equal(decode(rec.bytes, rec.len, &ev), 0);
		assert_ptr_equal(ev.desc, desc);
		assert_int_equal(ev.n_parts, 0);
		assert_int_equal(decode(rec.bytes, rec.len - 1, &ev), -EBADMSG);
	}
#define ONE(...) +1
	assert_int_equal(n, 0 EVENTS(ONE));
}

static void leaves_gaps_alone(void **state)
{
	struct ev_part *part;

	(void)state;
	part = syscall_with_path();
	part->len = 4;
	rec.len += 40;
	record__part(&rec, 2, EV_PT_STR, EV_PART_OK, "x", 1, 1);
	assert_int_equal(decode(rec.bytes, rec.len + 7, &ev), 0);
	assert_int_equal(ev.n_parts, 2);
	assert_int_equal(ev.parts[0].len, 4);
}

static void refuses_bad_lengths(void **state)
{
	static const uint8_t big[EV_RECORD_MAX + 8] __attribute__((aligned(8))) = { 0 };

	(void)state;
	syscall_with_path();
	for (size_t len = 0; len < rec.len; len++)
		assert_int_equal(decode(rec.bytes, len, &ev), -EBADMSG);
	assert_int_equal(decode(rec.bytes, rec.len, &ev), 0);
	assert_int_equal(decode(big, sizeof(big), &ev), -EBADMSG);
}

static void refuses_unknown_kinds(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind <= UINT16_MAX; kind++) {
		syscall_with_path();
		record__header(&rec)->kind = (uint16_t)kind;
		record__header(&rec)->parts = 0;
		rec.len = 256;
		assert_int_equal(decode(rec.bytes, rec.len, &ev),
				 event_desc__get(kind) ? 0 : -EBADMSG);
		if (kind > 300)
			kind += 250;
	}
	assert_null(event_desc__get(1000000));
}

static void refuses_an_unknown_abi(void **state)
{
	struct ev_syscall sc = { .abi = EV_ABI_MAX };

	(void)state;
	record__begin(&rec, EV_SYSCALL, 0, &sc, sizeof(sc));
	assert_int_equal(decode(rec.bytes, rec.len, &ev), -EBADMSG);
}

static void refuses_bad_offsets(void **state)
{
	const size_t first = sizeof(struct ev_header) + sizeof(struct ev_syscall);

	(void)state;
	for (unsigned int at = 1; at <= UINT16_MAX; at++) {
		struct ev_part *part = syscall_with_path();

		rec.len = first + 512;
		record__header(&rec)->parts = (uint16_t)at;
		part->len = 0;
		part->next = 0;
		for (size_t i = first; i + sizeof(*part) <= rec.len; i += 8)
			((struct ev_part *)(rec.bytes + i))->type = EV_PT_STR;
		/* the type of one part lies in the header of none: only the offset decides */
		if (at % 8 || at < first || at + sizeof(*part) > rec.len)
			assert_int_equal(decode(rec.bytes, rec.len, &ev), -EBADMSG);
		if (at > 2000)
			at += 97;
	}
}

static void refuses_chains_that_do_not_advance(void **state)
{
	struct ev_part *part = syscall_with_path();
	const uint16_t at = record__header(&rec)->parts;

	(void)state;
	part->next = at; /* itself */
	assert_int_equal(decode(rec.bytes, rec.len, &ev), -EBADMSG);
	part->next = (uint16_t)(at - 8); /* backwards */
	assert_int_equal(decode(rec.bytes, rec.len, &ev), -EBADMSG);

	syscall_with_path();
	part = record__part(&rec, 2, EV_PT_STR, EV_PART_OK, "abcdefgh", 8, 8);
	part->next = at; /* a loop of two */
	assert_int_equal(decode(rec.bytes, rec.len, &ev), -EBADMSG);

	part = syscall_with_path();
	part->next = (uint16_t)(at + sizeof(*part)); /* into its own bytes */
	rec.len += 64;
	assert_int_equal(decode(rec.bytes, rec.len, &ev), -EBADMSG);
}

static void refuses_bad_parts(void **state)
{
	static const uint32_t lengths[] = { 14, 64, 65536, 0x7fffffff, 0xffffffff, 0xfffffff0 };
	struct ev_part *part;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		syscall_with_path()->len = lengths[i];
		assert_int_equal(decode(rec.bytes, rec.len, &ev), -EBADMSG);
	}
	for (unsigned int id = 0; id < 256; id++) {
		syscall_with_path()->id = (uint8_t)id;
		assert_int_equal(decode(rec.bytes, rec.len, &ev), id <= EV_PART_CWD ? 0 : -EBADMSG);
	}
	for (unsigned int s = 0; s < 256; s++) {
		syscall_with_path()->state = (uint8_t)s;
		assert_int_equal(decode(rec.bytes, rec.len, &ev), s <= EV_PART_GONE ? 0 : -EBADMSG);
	}
	for (unsigned int type = 0; type < 1024; type++) {
		part = syscall_with_path();
		part->type = type;
		assert_int_equal(decode(rec.bytes, rec.len, &ev),
				 type >= EV_PT_STR && type <= EV_PT_BYTES ? 0 : -EBADMSG);
	}
	syscall_with_path()->type = 0x10001; /* would be valid cut to a byte */
	assert_int_equal(decode(rec.bytes, rec.len, &ev), -EBADMSG);
}

/* Of other kinds than calls the list says what a part is; a path may be a name, and no other type another's. */
static void refuses_parts_of_another_type(void **state)
{
	static const struct ev_file file;
	static const struct ev_net net;

	(void)state;
	for (unsigned int id = 0; id < EV_MAX_PARTS; id++) {
		for (unsigned int type = EV_PT_STR; type <= EV_PT_BYTES; type++) {
			record__begin(&rec, EV_FILE, 0, &file, sizeof(file));
			record__part(&rec, (uint8_t)id, (enum ev_part_type)type, EV_PART_OK, "abc", 3, 3);
			assert_int_equal(decode(rec.bytes, rec.len, &ev),
					 id <= EV_FILE_TEXT && (type == EV_PT_STR || type == EV_PT_PATH) ? 0 : -EBADMSG);
			record__begin(&rec, EV_NET, 0, &net, sizeof(net));
			record__part(&rec, (uint8_t)id, (enum ev_part_type)type, EV_PART_OK, "abc", 3, 3);
			assert_int_equal(decode(rec.bytes, rec.len, &ev), id <= EV_NET_LOCAL && type == EV_PT_SOCKADDR ? 0 : -EBADMSG);
		}
	}
}

static const char *path_of(enum ev_part_type type, enum ev_part_state state, const char *bytes, size_t len, size_t size)
{
	static char buf[64];
	struct part p = { .data = (const uint8_t *)bytes, .len = (uint32_t)len, .state = (uint8_t)state, .type = (uint8_t)type };

	memset(buf, '!', sizeof(buf));
	len = event__path(&p, buf, size);
	assert_true(len <= size);
	for (size_t i = size; i < sizeof(buf); i++)
		assert_int_equal(buf[i], '!');
	buf[len] = 0;
	return buf;
}

static void turns_paths_round(void **state)
{
	(void)state;
	assert_string_equal(path_of(EV_PT_PATH, EV_PART_OK, "x\0tmp\0", 6, 32), "/tmp/x");
	assert_string_equal(path_of(EV_PT_PATH, EV_PART_OK, "x\0tmp", 5, 32), "/tmp/x");
	assert_string_equal(path_of(EV_PT_PATH, EV_PART_OK, "", 0, 32), "/");
	assert_string_equal(path_of(EV_PT_PATH, EV_PART_OK, "\0", 1, 32), "/");
	assert_string_equal(path_of(EV_PT_PATH, EV_PART_TRUNCATED, "x\0tmp\0", 6, 32), "tmp/x");
	assert_string_equal(path_of(EV_PT_PATH, EV_PART_FAULT, "", 0, 32), "");
	assert_string_equal(path_of(EV_PT_STR, EV_PART_OK, "memfd:x", 7, 32), "memfd:x");
	/* what does not fit is cut where the root is, and of a text at its end */
	for (size_t size = 1; size < 16; size++) {
		const char *s = path_of(EV_PT_PATH, EV_PART_OK, "leaf\0dir\0", 9, size);

		if (size > 9)
			assert_string_equal(s, "/dir/leaf");
		else
			assert_true(*s != '/' && strlen(s) < size);
		assert_true(strlen(path_of(EV_PT_STR, EV_PART_OK, "memfd:abc", 9, size)) == (size > 9 ? 9 : size - 1));
	}
	assert_string_equal(path_of(EV_PT_PATH, EV_PART_OK, "leaf\0dir\0", 9, 8), "di/leaf");
}

static void names_acts(void **state)
{
	static struct ev_file file;

	(void)state;
	for (uint32_t op = 0; op < 300; op++) {
		file.act.op = op;
		record__begin(&rec, EV_FILE, 0, &file, sizeof(file));
		assert_int_equal(decode(rec.bytes, rec.len, &ev), 0);
		assert_ptr_equal(event__act(&ev), &ev.file->act);
		assert_ptr_equal(event__task(&ev), &ev.file->task);
		assert_int_equal(!strcmp(event__action(&ev), "unknown"), !op || op > EV_FILE_WRITE);
	}
	assert_string_equal(event__verdict_name(EV_WOULD_DENY), "would_deny");
	assert_string_equal(event__verdict_name(EV_KILLED_AFTER), "killed_after");
	assert_null(event__verdict_name(EV_KILLED_AFTER + 1));
	syscall_with_path();
	assert_int_equal(decode(rec.bytes, rec.len, &ev), 0);
	assert_null(event__act(&ev));
	assert_null(event__task(&ev));
	assert_string_equal(event__action(&ev), "");
}

static void refuses_more_parts_than_fit(void **state)
{
	struct ev_syscall sc = { 0 };

	(void)state;
	record__begin(&rec, EV_SYSCALL, 0, &sc, sizeof(sc));
	for (int i = 0; i < EV_MAX_PARTS; i++)
		record__part(&rec, 0, EV_PT_STR, EV_PART_OK, "a", 1, 1);
	assert_int_equal(decode(rec.bytes, rec.len, &ev), 0);
	assert_int_equal(ev.n_parts, EV_MAX_PARTS);
	record__part(&rec, 0, EV_PT_STR, EV_PART_OK, "a", 1, 1);
	assert_int_equal(decode(rec.bytes, rec.len, &ev), -EBADMSG);
}

static const struct field *find(const struct event_desc *desc, const char *name)
{
	for (size_t i = 0; i < desc->n_fields; i++)
		if (!strcmp(desc->fields[i].name, name))
			return &desc->fields[i];
	return NULL;
}

static void tables_describe_the_structs(void **state)
{
	const struct event_desc *exec = event_desc__get(EV_PROC_EXEC),
				*exited = event_desc__get(EV_PROC_EXIT);
	const struct field *f;

	(void)state;
	assert_string_equal(exec->event_type, "process");
	assert_string_equal(exec->action, "exec");
	assert_int_equal(exec->class, EV_CLASS_PROCESS);
	assert_int_equal(exec->payload_size, sizeof(struct ev_proc_exec));

	f = find(exec, "comm"); /* the key has no "task." */
	assert_non_null(f);
	assert_int_equal(f->type, FT_COMM);
	assert_int_equal(f->offset, offsetof(struct ev_proc_exec, task.comm));
	f = find(exec, "image_flags");
	assert_int_equal(f->type, FT_IMG);
	f = find(exec, "cwd");
	assert_int_equal(f->type, FT_PART);
	assert_int_equal(f->offset, EV_EXEC_CWD);
	assert_int_equal(f->part_type, EV_PT_PATH);

	assert_null(find(exited, "pad"));
	assert_int_equal(find(exited, "core")->type, FT_BOOL32);
	assert_int_equal(event_desc__get(EV_SYSCALL)->n_fields, 0);
	assert_null(event_desc__get(0));
}

static void keys_are_unique(void **state)
{
	const struct event_desc *desc;

	(void)state;
	for (size_t n = 0; (desc = event_desc__at(n)); n++)
		for (size_t i = 0; i < desc->n_fields; i++)
			assert_ptr_equal(find(desc, desc->fields[i].name), &desc->fields[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_syscall),
		cmocka_unit_test(takes_every_kind_bare),
		cmocka_unit_test(leaves_gaps_alone),
		cmocka_unit_test(refuses_bad_lengths),
		cmocka_unit_test(refuses_unknown_kinds),
		cmocka_unit_test(refuses_an_unknown_abi),
		cmocka_unit_test(refuses_bad_offsets),
		cmocka_unit_test(refuses_chains_that_do_not_advance),
		cmocka_unit_test(refuses_bad_parts),
		cmocka_unit_test(refuses_parts_of_another_type),
		cmocka_unit_test(turns_paths_round),
		cmocka_unit_test(names_acts),
		cmocka_unit_test(refuses_more_parts_than_fit),
		cmocka_unit_test(tables_describe_the_structs),
		cmocka_unit_test(keys_are_unique),
	};

	return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
