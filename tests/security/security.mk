# SPDX-License-Identifier: Apache-2.0
# What the tests of the security profile run: the kernel gate's loader, and the process that tries to get round a policy.
SECURITY_PROG := $(B)/tests/gate $(B)/tests/evade
$(B)/tests/gate: tests/vm/gate.c $(SKEL) $(NET_SKEL)
	$(call msg,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -isystem $(B) $(LDFLAGS) -o $@ $< $(call archives,-lbpf -lelf -lz)
EVADE_SRC := $(wildcard tests/security/evade*.c)
$(B)/tests/evade: $(EVADE_SRC) tests/security/evade.h
	$(call msg,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -O1 -g -std=gnu11 -Wall -Wextra -static -no-pie -o $@ $(EVADE_SRC) -pthread
.PHONY: security-progs
security-progs: $(SECURITY_PROG)
# What the arm64 machine runs.
.PHONY: arm64-progs
arm64-progs: $(SECURITY_PROG)
