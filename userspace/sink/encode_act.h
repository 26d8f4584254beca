/* SPDX-License-Identifier: Apache-2.0 */
/* Values that only records of the security profile have, for encode.c. Pure. */
#ifndef SANDTRACE_ENCODE_ACT_H
#define SANDTRACE_ENCODE_ACT_H

#include "../event/event.h"
#include "json.h"

/* Writes the value of field F of EV, a record of this profile, which lies AT; false: it is like any other. */
bool encode_act__field(struct json *j, const struct event *ev, const struct field *f, const void *at);
/* Members that some actions have beside the fields. */
void encode_act__more(struct json *j, const struct event *ev);

/* The names of the bits of V; bits without a name as one number. */
void encode_act__bits(struct json *j, const char *const *names, size_t n, uint32_t v);

#endif
