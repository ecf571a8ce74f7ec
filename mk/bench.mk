# SPDX-License-Identifier: MIT
# Figures beside Debian's Xen 4.17. RUNS=n, BENCH_CPU=model, BENCH_ONLY=xen,
# BENCH_BOOTS=guests|tools.
RUNS ?= 3
BENCH_CPU ?= Nehalem

.PHONY: bench
bench: ## times, sizes and memory beside Xen 4.17, median of RUNS=3
	$(Q)scripts/install-deps.sh bench
	$(Q)$(MAKE) $(JOBS) -s --no-print-directory images $(O)/guest/spin.elf \
	    $(if $(filter xen,$(BENCH_ONLY)),,$(O)/xen-lite.elf)
	$(Q)mkdir -p docs/results
	$(Q)python3 scripts/bench.py --out $(abspath $(O)) \
	    --cache $(abspath $(CACHE)) --runs $(RUNS) --cpu $(BENCH_CPU) \
	    $(BENCH_ONLY:%=--only %) $(BENCH_BOOTS:%=--boots %) \
	    --csv docs/results/bench$(BENCH_ONLY:%=-%)$(BENCH_BOOTS:%=-%).csv
