# SPDX-License-Identifier: Apache-2.0
# The benchmark: its workloads and floors. Included by the main Makefile, whose B, Q, msg, CC, CFLAGS, CLANG and BPFTOOL it
# uses.
BENCH := $(B)/tests/bench
BENCH_CFLAGS = -O2 -g -std=gnu11 $(WARN)
BENCH_ARGS ?=

# The operations are those of `sandtrace bench`.
$(BENCH)/wl: $(addprefix $(B)/,tests/bench/wl.o $(addprefix userspace/,bench/workload.o base/log.o base/util.o))
	$(call msg,LINK,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^
-include $(BENCH)/wl.d

$(BENCH)/floor.bpf.o: tests/bench/floor.bpf.c tests/bench/floor.h
	$(call msg,BPF,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) -g -O2 -target bpf -mcpu=v3 -std=gnu11 -Wall -Wextra -Werror -Wno-unused-parameter -fno-ident \
		-I/usr/include/$(ARCH)-linux-gnu -c -o $@ $<
	$(Q)$(LLVM_STRIP) -g $@

$(BENCH)/floor.skel.h: $(BENCH)/floor.bpf.o
	$(call msg,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name floor_bpf > $@

$(BENCH)/floor: tests/bench/floor.c tests/bench/floor.h $(BENCH)/floor.skel.h
	$(call msg,CC,$<)
	$(Q)$(CC) -D_GNU_SOURCE -Itests/bench -isystem $(BENCH) $(BENCH_CFLAGS) -o $@ $< -lbpf -lelf -lz

.PHONY: bench-tools
bench-tools: $(BENCH)/wl $(BENCH)/floor

.PHONY: bench bench-quick
bench: $(B)/sandtrace bench-tools ## measure against the floors and the peers, and with sandtrace bench: build/bench/, about 20 minutes
	$(Q)tests/bench/run --build $(B) --out $(B)/bench $(BENCH_ARGS)
bench-quick: $(B)/sandtrace bench-tools ## the same in about three minutes, to see that the benchmark works
	$(Q)tests/bench/run --build $(B) --out $(B)/bench --quick $(BENCH_ARGS)
.PHONY: bench-check
bench-check: ## check the benchmark's arithmetic: under a second, no root
	$(Q)tests/bench/test_harness.py
