/* SPDX-License-Identifier: Apache-2.0 */
/* What a packet says, and the name behind an address, for encode.c. Pure. */
#ifndef SANDTRACE_ENCODE_NAME_H
#define SANDTRACE_ENCODE_NAME_H

#include "../event/event.h"
#include "json.h"

struct names_counts;

/* Members of a record EV_NAME instead of its packet; the packet's bytes too where something is wrong with them. */
void encode_name__members(struct json *j, const struct event *ev);
/* Member "names" of the summary. */
void encode_name__summary(struct json *j, const struct names_counts *c);
/* "name" and "name_source" of the address that EV is about, if they are known. */
void encode_name__host(struct json *j, const struct event *ev);

#endif
