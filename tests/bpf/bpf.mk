# SPDX-License-Identifier: Apache-2.0
# Unit tests of what the programs decide, by programs that a test calls. Included by the main Makefile, whose variables it uses.
BPF_TEST := $(B)/tests/bpf/test_bpf
BPF_TEST_SRC := $(wildcard tests/bpf/*.c)
BPF_TEST_SRC := $(filter-out %.bpf.c,$(BPF_TEST_SRC))
BPF_TEST_OBJ := $(BPF_TEST_SRC:%.c=$(B)/%.o)
BPF_TEST_SKEL := $(B)/tests/bpf/guard_test.skel.h

$(B)/tests/bpf/guard_test.bpf.o: tests/bpf/guard_test.bpf.c vmlinux/$(ARCH)/vmlinux.h
	$(call msg,BPF,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -Ibpf -D__TARGET_ARCH_$(BPF_ARCH_$(ARCH)) -Ivmlinux/$(ARCH) -MMD -MP -c -o $@ $<
	$(Q)$(LLVM_STRIP) -g $@

# With what puts tasks in scope and finds the inodes of rules: the programs as they are.
$(B)/tests/bpf/linked.bpf.o: $(B)/tests/bpf/guard_test.bpf.o $(patsubst %,$(B)/bpf/%.bpf.o,process adopt adopt_inodes)
	$(call msg,BPFLINK,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

$(BPF_TEST_SKEL): $(B)/tests/bpf/linked.bpf.o
	$(call msg,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name guard_test_bpf > $@

$(BPF_TEST_OBJ): $(BPF_TEST_SKEL)
$(BPF_TEST_OBJ): CFLAGS += -isystem $(B)/tests/bpf -Itests/bpf
# An archive: the loader of the rules and what it calls, and nothing that it does not.
$(B)/tests/bpf/app.a: $(PURE_OBJ) $(APP_OBJ)
	$(Q)rm -f $@ && ar rcs $@ $^
$(BPF_TEST): $(BPF_TEST_OBJ) $(B)/tests/bpf/app.a
	$(call msg,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS) -pthread

.PHONY: bpf-test
bpf-test: $(BPF_TEST)
-include $(B)/tests/bpf/guard_test.bpf.d $(BPF_TEST_OBJ:.o=.d)
