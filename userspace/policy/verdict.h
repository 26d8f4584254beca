/* SPDX-License-Identifier: Apache-2.0 */
/* What happened to an action: allowed or refused. Until policies exist: told from the marks the kernel leaves. Pure. */
#ifndef SANDTRACE_VERDICT_H
#define SANDTRACE_VERDICT_H

#include "event/event.h"

void verdict(struct event *ev);

#endif
