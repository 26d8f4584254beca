/* SPDX-License-Identifier: Apache-2.0 */
/* Values of arguments and parts as JSON, for encode.c only. The caller has written the key. Pure.
 */
#ifndef SANDTRACE_ENCODE_VALUE_H
#define SANDTRACE_ENCODE_VALUE_H

#include "../event/event.h"
#include "json.h"

/* Symbolic form of one value of one type: programs use few combinations of flags. */
struct symbol {
	uint64_t value;
	uint8_t type, abi, len;
	bool used;
	char text[52];
};
#define SYMBOLS 256 /* a power of two; 16 KiB */

/* Starts out as zeros. */
struct value_memory {
	struct symbol symbols[SYMBOLS];
	char path[EV_RECORD_MAX + 1];
};

/* Argument I of a syscall: its part if it was copied, else what its register says. */
void value__arg(struct value_memory *m, struct json *j, const struct event *ev, unsigned int i);
/*
 * A part, and beside it what NAME_state, NAME_len and NAME_hex have to say. ARG_TYPE tells what
 * plain memory holds (ARG_NONE: not known).
 */
void value__part(struct value_memory *m, struct json *j, const char *name, const struct part *part,
		 unsigned int arg_type);

#endif
