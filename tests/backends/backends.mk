# SPDX-License-Identifier: Apache-2.0
# The adversaries of tests/backends/run and tests/backends/escapes. Included by the main Makefile, whose B, Q, msg,
# CC and CPPFLAGS it uses.
BACKENDS_PROG := $(patsubst tests/backends/prog/%.c,$(B)/tests/backends/%,$(wildcard tests/backends/prog/*.c))
$(B)/tests/backends/%: tests/backends/prog/%.c $(wildcard tests/backends/prog/*.h) tests/live/prog/live.h
	$(call msg,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -O1 -g -std=gnu11 -Wall -Wextra -Wno-unused-result -static -o $@ $< -pthread

.PHONY: backends-progs
backends-progs: $(BACKENDS_PROG) progs oracle-progs
