/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SANDTRACE_TEXT_FLOW_H
#define SANDTRACE_TEXT_FLOW_H

#include "text.h"

/* "10.0.0.1:51040 to 10.0.0.2:443: 517 bytes out (1 segment), 3,012 bytes in (3 segments), after 1.2ms" */
void text_flow__put(struct text *t, const struct event *ev);

#endif
