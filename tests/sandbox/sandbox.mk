# SPDX-License-Identifier: Apache-2.0
# The attempts of tests/sandbox. Included by the main Makefile, whose B, Q, msg, CC and CPPFLAGS it uses. Static: they run
# in sandboxes that show them no library.
BATTERY := $(B)/tests/sandbox/attempt
BATTERY_SRC := $(wildcard tests/sandbox/battery/*.c)
BATTERY_SRC := $(filter-out %/m32.c,$(BATTERY_SRC))

$(BATTERY): $(BATTERY_SRC) tests/sandbox/battery/attempt.h
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -D_GNU_SOURCE -O1 -g -std=gnu11 -Wall -Wextra -Wno-unused-result -static -o $@ $(BATTERY_SRC) -pthread -lrt

$(B)/tests/sandbox/m32: tests/sandbox/battery/m32.c
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -m32 -O1 -std=gnu11 -Wall -Wextra -static -nostdlib -ffreestanding -fno-pie -no-pie -fno-stack-protector -o $@ $<

.PHONY: sandbox-progs
sandbox-progs: $(BATTERY) $(B)/tests/sandbox/m32

.PHONY: battery
battery: all sandbox-progs ## try to break out of the sandbox in every way we know; needs root
	$(Q)tests/sandbox/run
