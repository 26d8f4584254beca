/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which calls a run records: parses the expression of `-e trace=`. Pure; syscalls__init() must have
 * been called.
 *
 * The expression is a list of items separated by commas, applied from left to right:
 *   name       adds a call, in every ABI that has it
 *   %class     adds the members of a class (%file, %network, ..., see syscalls__in_class())
 *   !item      takes the item away again
 *   all, none  everything, nothing
 * An expression that begins with '!' starts from everything, and all its items are taken away, as
 * in strace:
 * "!open,close" is everything but these two.
 */
#ifndef SANDTRACE_INTEREST_H
#define SANDTRACE_INTEREST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "events.h"

/*
 * Fills INTEREST with 1 for each call to record and 0 for the rest, and *ret_beyond for the numbers
 * from ST_NR_SYSCALLS up, which share one answer: they are recorded as soon as one of them is asked
 * for, and only "none" or "!all" takes them away. 0, or -EINVAL with a sentence in ERRBUF that
 * names the item and a way out; then nothing else is written.
 */
int interest__parse(const char *expr, uint8_t interest[EV_ABI_MAX][ST_NR_SYSCALLS],
		    bool *ret_beyond, char *errbuf, size_t errsize);

/* Names of the classes without the percent sign, for help and completion: index from 0 until NULL.
 */
const char *interest__class_at(size_t index);

#endif
