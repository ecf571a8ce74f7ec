# SPDX-License-Identifier: MIT
# Guests' disks and networks beside Xen 4.17. IO_RUNS=n, BENCH_CPU=model,
# BENCH_ONLY=xen, IO_PARTS=disk,net,pgbench, IO_SECONDS=n for each figure.
.PHONY: bench-io
bench-io: ## guests' disks and networks beside Xen 4.17, medians
	$(Q)scripts/install-deps.sh bench
	$(Q)$(MAKE) $(JOBS) -s --no-print-directory images debian-full \
	    $(if $(filter xen,$(BENCH_ONLY)),,$(O)/xen-lite.elf)
	$(Q)mkdir -p docs/results
	$(Q)python3 scripts/bench_io.py --out $(abspath $(O)) \
	    --cache $(abspath $(CACHE)) --runs $(or $(IO_RUNS),1) \
	    --cpu $(BENCH_CPU) $(IO_PARTS:%=--parts %) \
	    $(IO_SECONDS:%=--seconds %) $(BENCH_ONLY:%=--only %) \
	    --csv docs/results/io$(if $(BENCH_ONLY),-$(BENCH_ONLY)).csv
