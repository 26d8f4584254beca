/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes through decode, the look-ups of enrich, the verdict, the encoder, the terminal's lines and the summary. What
 * decode accepts must become one line that a strict parser takes, and lines without a byte that drives a terminal. The
 * corpus is the records of tests/fixtures/records.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "event/event.h"
#include "event/syscalls.h"
#include "enrich/enrich.h"
#include "policy/verdict.h"
#include "sink/encode.h"
#include "sink/summary.h"
#include "sink/text.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct encoder *encoder;
static struct json out;
static struct text text;
static struct text_line line;
static struct summary *summary;
static struct verdicts verdicts;
static _Alignas(8) uint8_t record[EV_RECORD_MAX + 8];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct run_info info = { .clock_offset = 1735732800000000000, .version = "fuzz" };

	(void)argc;
	(void)argv;
	json__init(&out);
	encoder = encoder__new();
	summary = summary__new();
	if (!encoder || !summary || syscalls__init() || encode__header(encoder, &info, &out))
		abort();
	text__init(&text, false);
	verdicts__init(&verdicts, &(struct denial_ctx){ .net_filtered = true });
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

/* How it is shown depends on bytes that mean nothing: verbosity and width on those of the time. */
static void must_be_harmless(const struct event *ev)
{
	text__reset(&text);
	text_line__init(&line, (int)(ev->hdr->ts & 3), (int)(ev->hdr->ts >> 2 & 127));
	line.start_ts = ev->hdr->ts;
	text_line__event(&text, &line, ev);
	if (ev->denial)
		text_denial__line(&text, &line, ev->denial);
	text_line__done(&line);
	if (text.err || !text.len || text.buf[text.len - 1] != '\n')
		abort();
	for (size_t i = 0; i < text.len; i++)
		if (((uint8_t)text.buf[i] < 0x20 && text.buf[i] != '\n') || text.buf[i] == 0x7f)
			abort();
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
	verdict(&verdicts, &ev);
	json__reset(&out);
	if (encode__event(encoder, &ev, &out))
		abort();
	must_parse();
	must_be_harmless(&ev);
	if (summary__event(summary, &ev))
		abort();
	free(rec);
	return 0;
}
