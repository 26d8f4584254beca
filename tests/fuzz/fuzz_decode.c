/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes through decode, the look-ups of enrich and the encoder. What decode accepts must become
 * one line that a strict parser takes. The corpus is the records of tests/fixtures/records.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "event/event.h"
#include "event/syscalls.h"
#include "enrich/enrich.h"
#include "sink/encode.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct encoder *encoder;
static struct json out;
static _Alignas(8) uint8_t record[EV_RECORD_MAX + 8];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct run_info info = { .clock_offset = 1735732800000000000, .version = "fuzz" };

	(void)argc;
	(void)argv;
	json__init(&out);
	encoder = encoder__new();
	if (!encoder || syscalls__init() || encode__header(encoder, &info, &out))
		abort();
	return 0;
}

static void must_parse(void)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *o, *type;

	if (!out.len || memchr(out.buf, '\n', out.len) != out.buf + out.len - 1)
		abort();
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(tok, out.buf, (int)out.len);
	if (!o || !json_object_object_get_ex(o, "event_type", &type)) {
		fprintf(stderr, "not JSON: %s: %.*s",
			json_tokener_error_desc(json_tokener_get_error(tok)), (int)out.len,
			out.buf);
		abort();
	}
	json_object_put(o);
	json_tokener_free(tok);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct enrich names;
	struct event ev;
	uint8_t *rec;

	if (size > sizeof(record))
		return 0;
	/* of its exact size, so that a read beyond the end is seen */
	rec = malloc(size ? size : 1);
	if (!rec)
		abort();
	memcpy(rec, data, size);
	if (decode(rec, size, &ev)) {
		free(rec);
		return 0;
	}
	enrich(&names, &ev);
	json__reset(&out);
	if (encode__event(encoder, &ev, &out))
		abort();
	must_parse();
	free(rec);
	return 0;
}
