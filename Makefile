# SPDX-License-Identifier: Apache-2.0
# sandtrace: `make help` lists the targets. Everything that is built lands in build/.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules
B ?= build
V ?= 0
ifeq ($(V),1)
Q =
msg =
else
Q = @
msg = @printf '  %-8s %s\n' $(1) $(2);
endif

CC ?= gcc
ifeq ($(origin CC),default)
CC = gcc
endif
CLANG ?= clang-14
LLVM_STRIP ?= llvm-strip-14
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/bin/bpftool) bpftool)
PREFIX ?= /usr/local
ARCH := $(shell uname -m)
BPF_ARCH_x86_64 = x86
BPF_ARCH_aarch64 = arm64
# A cross build sets these two: its headers and libraries, and where the native build has the tools that run while building.
SYSROOT ?=
NATIVE ?= $(B)

WARN = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
CPPFLAGS += -D_GNU_SOURCE -Iinclude -Iuserspace -I$(B)
CFLAGS ?= -O2 -g
CFLAGS += -std=gnu11 $(WARN)
CXX ?= g++
ifeq ($(origin CXX),default)
CXX = g++
endif
# tomlplusplus is C++: its shim is the only such file. No exceptions, no RTTI, and libstdc++ linked in, which keeps
# the start-up of every `run` free of its relocations. -DNDEBUG: with assertions, bad input would abort.
CXXFLAGS ?= -O2 -g
CXXFLAGS += -std=c++17 -DNDEBUG -fno-exceptions -fno-rtti -Wall -Wextra
# Everything but the C library is linked in: resolving five thousand symbols took longer than making the sandbox.
# STATIC=0 links shared libraries, for systems without the archives.
STATIC ?= 1
ifeq ($(STATIC),1)
archives = -Wl,-Bstatic $(1) -Wl,-Bdynamic
ifeq ($(ARCH),x86_64) # binutils 2.40 has it for no other
LDFLAGS += -Wl,-z,pack-relative-relocs
endif
else
archives = $(1)
endif
ifneq ($(SYSROOT),)
CPPFLAGS += -isystem $(SYSROOT)/usr/include -isystem $(SYSROOT)/usr/include/$(ARCH)-linux-gnu
LDFLAGS += -L$(SYSROOT)/usr/lib/$(ARCH)-linux-gnu
endif
LDLIBS_PURE = $(call archives,-lseccomp -lfyaml -lstdc++) -lm -lgcc_s -lgcc
LDLIBS = $(call archives,-lbpf -lelf -lz -ljson-c -lseccomp -lfyaml -lstdc++) -static-libgcc -lgcc_eh -lm

# Pure modules: no kernel calls, no clock, no logging. Unit tests and fuzzers link these and no libbpf.
PURE_SRC := $(wildcard userspace/event/*.c userspace/enrich/*.c userspace/policy/*.c userspace/findings/*.c) userspace/base/util.c \
	    $(wildcard $(addprefix userspace/sandbox/,environ.c seccomp_table.c advise.c network_match.c network_answers.c)) \
	    $(wildcard $(addprefix userspace/tracer/,filters.c interest.c)) \
	    $(addprefix userspace/bench/,stats.c compare.c format.c table.c chart.c export.c) \
	    $(filter-out userspace/sink/sink_%.c userspace/sink/output.c,$(wildcard userspace/sink/*.c))
APP_SRC := $(filter-out $(PURE_SRC),$(wildcard userspace/*/*.c userspace/*.c))
PURE_CXX := $(wildcard userspace/policy/*.cc)
PURE_OBJ := $(PURE_SRC:%.c=$(B)/%.o) $(PURE_CXX:%.cc=$(B)/%.o)
APP_OBJ := $(APP_SRC:%.c=$(B)/%.o)
BPF_SRC := $(wildcard bpf/*.bpf.c)
BPF_OBJ := $(BPF_SRC:bpf/%.bpf.c=$(B)/bpf/%.bpf.o)
SKEL := $(B)/sandtrace.skel.h
# What `run` needs without the security profile, once more by itself: libbpf reads the whole of what it opens, and looks the
# types of functions up that nobody calls.
CALLS_OBJ := $(patsubst %,$(B)/bpf/%.bpf.o,process signal syscall adopt)
CALLS_SKEL := $(B)/calls.skel.h
# The network rules are an object of their own, which `run` loads without the recorder too, and so is what names add to them.
NET_SRC := $(wildcard bpf/net/*.bpf.c)
NET_OBJ := $(NET_SRC:bpf/%.bpf.c=$(B)/bpf/%.bpf.o)
NET_SKEL := $(NET_SRC:bpf/net/%.bpf.c=$(B)/%.skel.h)

.PHONY: all
all: $(B)/sandtrace ## build build/sandtrace (the default)

$(B)/sandtrace: $(PURE_OBJ) $(APP_OBJ)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/%.o: %.c
	$(call msg,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/%.o: %.cc
	$(call msg,CXX,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c -o $@ $<

# The one file that includes each skeleton.
$(B)/userspace/capture/capture_ebpf.o: $(SKEL) $(CALLS_SKEL)
$(B)/userspace/capture/net_filter.o: $(B)/network.skel.h
$(B)/userspace/capture/answers_load.o: $(B)/answer.skel.h
$(patsubst %,$(B)/userspace/capture/%.o,capture_ebpf net_filter answers_load): CFLAGS += -isystem $(B)

# policies/*.toml are part of the binary, read when it is built by the reader that it has.
POLICY_INC := $(B)/policy_builtin.inc.h
POLICY_GEN := $(NATIVE)/gen-builtins
ifeq ($(NATIVE),$(B))
$(POLICY_GEN): scripts/gen-builtins.c $(addprefix $(B)/userspace/,policy/tree.o policy/tree_json.o policy/tree_yaml.o \
		policy/tree_toml.o base/util.o)
	$(call msg,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $^ $(LDLIBS_PURE)
endif

$(POLICY_INC): $(POLICY_GEN) $(wildcard policies/*.toml)
	$(Q)mkdir -p $(@D)
	$(Q)$(POLICY_GEN) $(filter %.toml,$^) > $@
$(B)/userspace/policy/policy_builtin.o: $(POLICY_INC)

# The names of the architecture's calls, by number.
SYSCALLS_INC := $(B)/syscall_names.inc.h
SYSCALLS_GEN := $(NATIVE)/gen-syscalls
ifeq ($(NATIVE),$(B))
$(SYSCALLS_GEN): scripts/gen-syscalls.c
	$(call msg,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $< $(call archives,-lseccomp)
endif

$(SYSCALLS_INC): $(SYSCALLS_GEN)
	$(Q)mkdir -p $(@D)
	$(Q)$(SYSCALLS_GEN) $(ARCH) > $@
$(B)/userspace/event/syscalls.o: $(SYSCALLS_INC)

# BPF programs: -g for BTF, v3 for atomics with a result.
BPF_CFLAGS = -g -O2 -target bpf -mcpu=v3 -std=gnu11 -Wall -Wextra -Werror -Wno-unused-parameter \
	     -Wno-address-of-packed-member -Iinclude -fno-ident
$(B)/bpf/%.bpf.o: bpf/%.bpf.c vmlinux/$(ARCH)/vmlinux.h
	$(call msg,BPF,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -D__TARGET_ARCH_$(BPF_ARCH_$(ARCH)) -Ivmlinux/$(ARCH) -MMD -MP -c -o $@ $<
	$(Q)$(LLVM_STRIP) -g $@

$(B)/sandtrace.bpf.o: $(BPF_OBJ)
$(B)/calls.bpf.o: $(CALLS_OBJ)
$(B)/sandtrace.bpf.o $(B)/calls.bpf.o:
	$(call msg,BPFLINK,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

$(SKEL): $(B)/sandtrace.bpf.o
	$(call msg,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name sandtrace_bpf > $@

$(CALLS_SKEL): $(B)/calls.bpf.o
	$(call msg,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name calls_bpf > $@

$(NET_SKEL): $(B)/%.skel.h: $(B)/bpf/net/%.bpf.o
	$(call msg,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

.PHONY: bpf-objects
bpf-objects: $(BPF_OBJ) $(NET_OBJ)
	@:

.PHONY: bpf-arm64
bpf-arm64: ## compile the BPF objects for arm64
	$(Q)$(MAKE) --no-print-directory B=$(B)/arm64 ARCH=aarch64 bpf-objects

# Into $(B)/arm64, by Debian's cross compiler, for the emulated arm64 machine. Nothing is installed: tests/vm/fetch-sysroot. The
# objects first: a make of their own may be at them already.
.PHONY: arm64
arm64: bpf-arm64 $(POLICY_GEN) $(SYSCALLS_GEN) ## build sandtrace for arm64, with Debian's cross compiler
	$(Q)sysroot=$$(tests/vm/fetch-sysroot arm64) && $(MAKE) --no-print-directory B=$(B)/arm64 NATIVE=$(B) ARCH=aarch64 \
		CC=$$sysroot/bin/aarch64-linux-gnu-gcc CXX=$$sysroot/bin/aarch64-linux-gnu-g++ SYSROOT=$$sysroot all arm64-progs

vmlinux/%/vmlinux.h:
	@echo "missing $@: run scripts/gen-vmlinux" >&2; exit 1

# ---- tests -------------------------------------------------------------------------------------------------
UNIT := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/test_*.c))
$(B)/tests/unit/%: tests/unit/%.c $(PURE_OBJ)
	$(call msg,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -Iuserspace $(CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $(filter %.o,$^) $(LDLIBS_PURE) -lcmocka \
		$(call archives,-ljson-c)
# what two of them share
$(addprefix $(B)/tests/unit/,test_filters test_filters_kernel): $(B)/tests/unit/filters.o
-include $(B)/tests/unit/filters.d

# what the DNS parser is held against
$(B)/tests/unit/test_names $(B)/tests/fuzz/fuzz_dns: LDLIBS_PURE += -lresolv

.PHONY: unit
unit: $(UNIT)
	$(Q)for t in $(UNIT); do $$t || exit 1; done

# Workloads of the live tests: one small program per case.
PROG := $(patsubst tests/live/prog/%.c,$(B)/tests/prog/%,$(wildcard tests/live/prog/*.c))
$(B)/tests/prog/%: tests/live/prog/%.c
	$(call msg,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -O1 -g -std=gnu11 -Wall -Wextra $(shell sed -n 's|^/\* CFLAGS: \(.*\) \*/|\1|p' $<) -o $@ $< -pthread
.PHONY: progs
progs: $(PROG)

# What the tests of the network rules run.
NET_PROG := $(addprefix $(B)/tests/sandbox/,net_run net_uring)
$(B)/tests/sandbox/net_run: tests/sandbox/network/net_run.c $(addprefix $(B)/userspace/,sandbox/network.o \
		sandbox/network_match.o capture/net_filter.o capture/libbpf_print.o base/log.o base/util.o)
	$(call msg,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $^ -lbpf
$(B)/tests/sandbox/net_uring: tests/sandbox/network/net_uring.c
	$(call msg,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $<
.PHONY: net-progs
net-progs: $(NET_PROG)

FUZZ := $(patsubst tests/fuzz/%.c,$(B)/tests/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_CXX := $(PURE_CXX:%.cc=$(B)/%.o)
FUZZ_CFLAGS := -O1 -g -std=gnu11 -fno-sanitize-recover=all
# Once for all fuzzers: with what they are linked to, compiling it takes longest of all there is to build.
FUZZ_OBJ := $(PURE_SRC:%.c=$(B)/fuzz/%.o)
$(FUZZ_OBJ): | $(POLICY_INC) $(SYSCALLS_INC)
$(B)/fuzz/%.o: %.c
	$(call msg,FUZZ,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(CPPFLAGS) -Iuserspace $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link,address,undefined -MMD -MP -c -o $@ $<
$(B)/tests/fuzz/%: tests/fuzz/%.c $(FUZZ_OBJ) $(FUZZ_CXX)
	$(call msg,FUZZ,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(CPPFLAGS) -Iuserspace $(FUZZ_CFLAGS) -fsanitize=fuzzer,address,undefined -o $@ $^ $(LDLIBS_PURE) -ljson-c
-include $(FUZZ_OBJ:.o=.d)
FUZZ_SECONDS ?= 30
.PHONY: fuzz
fuzz: $(FUZZ) ## run every fuzzer for FUZZ_SECONDS (30) under ASan and UBSan
	$(Q)tests/fuzz/run $(FUZZ_SECONDS) $(FUZZ)

include tests/bench/bench.mk
include tests/sandbox/sandbox.mk
include tests/sandbox/seccomp/seccomp.mk
include tests/backends/backends.mk
include tests/security/security.mk
include tests/bpf/bpf.mk

# The test programs of every suite, so that a suite only runs them.
.PHONY: test-build
test-build: all $(UNIT) $(FUZZ) progs net-progs oracle-progs bench-tools bpf-arm64 sandbox-progs seccomp-progs backends-progs \
	security-progs bpf-test

ORACLE_PROG := $(patsubst tests/oracle/prog/%.c,$(B)/tests/oracle/%,$(wildcard tests/oracle/prog/*.c))
$(B)/tests/oracle/%: tests/oracle/prog/%.c
	$(call msg,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -O1 -g -std=gnu11 -Wall -Wextra -o $@ $< -pthread
.PHONY: oracle-progs
oracle-progs: $(ORACLE_PROG)

.PHONY: deps
deps: ## install the packages that building needs (root)
	$(Q)scripts/deps build

.PHONY: demo
demo: all ## trace a real command, show the trace and the summary, write JSONL
	$(Q)scripts/demo --no-build

.PHONY: test
test: test-build ## run every test but the kernel matrix; needs root; SUITES="unit live" runs some
	$(Q)tests/all $(SUITES)

.PHONY: test-kernels
test-kernels: test-build arm64 ## run the live tests, the sandbox's and the degraded worlds on other kernels, in QEMU
	$(Q)tests/all vm-6.1 vm-6.12 vm-5.10 vm-sandbox-6.1 vm-sandbox-6.12 vm-sandbox-5.10 \
		vm-degraded-6.1 vm-degraded-6.12 vm-degraded-5.10 gate arm64 vm-evasion-6.1 vm-evasion-6.12 vm-evasion-arm64-6.12 \
		vm-kill-6.1 vm-findings-6.1

.PHONY: test-chroot
test-chroot: ## check the README's commands in a fresh Debian 12 chroot (slow)
	$(Q)tests/chroot

# The whole of userspace under AddressSanitizer and UBSan, in a build directory of its own.
.PHONY: asan
asan: ## build with ASan and UBSan into build-asan/ and run the unit and command line tests there
	$(Q)$(MAKE) B=$(B)/asan CFLAGS="-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
		-fno-omit-frame-pointer" all $(UNIT:$(B)/%=$(B)/asan/%)
	$(Q)for t in $(UNIT:$(B)/%=$(B)/asan/%); do $$t || exit 1; done
	$(Q)$(B)/asan/sandtrace run --trace-only -q -o $(B)/asan/t.jsonl -- /bin/sh -c 'ls /; ls /nonexistent; true'
	$(Q)$(B)/asan/sandtrace run --trace-only -vvv -c -- /bin/ls / >/dev/null

.PHONY: lint
lint: ## warnings of both compilers, sizes, formatting of docs, stale generated files
	$(Q)tests/lint

.PHONY: man
man: $(B)/sandtrace
	$(Q)scripts/gen-man $(B)/sandtrace $(B)/man

.PHONY: install
install: all man ## install below PREFIX (/usr/local); DESTDIR is honoured
	install -D -m 755 $(B)/sandtrace $(DESTDIR)$(PREFIX)/bin/sandtrace
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/zsh/vendor-completions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	install -m 644 $(B)/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	$(B)/sandtrace completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/sandtrace
	$(B)/sandtrace completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_sandtrace
	$(B)/sandtrace completion fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/sandtrace.fish

.PHONY: clean
clean: ## remove build/
	$(Q)rm -rf $(B)

.PHONY: help
help: ## list the targets
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-14s %s\n",$$1,$$2}' $(MAKEFILE_LIST)

-include $(PURE_OBJ:.o=.d) $(APP_OBJ:.o=.d) $(BPF_OBJ:.o=.d) $(NET_OBJ:.o=.d) $(UNIT:=.d)
