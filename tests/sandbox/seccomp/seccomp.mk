# SPDX-License-Identifier: Apache-2.0
# Test programs of the system call filter: build/tests/sandbox/seccomp/*.
SECCOMP_TEST_OBJ := $(B)/userspace/sandbox/seccomp.o $(B)/userspace/base/log.o
SECCOMP_PROG := $(patsubst %.c,$(B)/%,$(wildcard tests/sandbox/seccomp/*.c))
$(SECCOMP_PROG): $(B)/%: %.c $(SECCOMP_TEST_OBJ) $(PURE_OBJ)
	$(call msg,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -o $@ $< $(SECCOMP_TEST_OBJ) $(PURE_OBJ) $(LDLIBS_PURE) -ljson-c

.PHONY: seccomp-progs
seccomp-progs: $(SECCOMP_PROG)

-include $(SECCOMP_PROG:=.d)
