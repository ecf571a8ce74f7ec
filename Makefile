# SPDX-License-Identifier: MIT
# Every entry point of the project. Parts live in mk/*.mk, one per house.
# Out of tree: everything built lands below $(O).
O ?= build
V ?= 0

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

include mk/common.mk
include $(filter-out mk/common.mk,$(sort $(wildcard mk/*.mk)))

.PHONY: all help clean
all: $(ALL_TARGETS) ## build the hypervisor, the tools and the test programs

help: ## list the targets
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | \
	    sort -u | awk -F'|' '{printf "  %-14s %s\n", $$1, $$2}'

clean: ## remove everything built (cached downloads stay)
	$(Q)find $(O) -mindepth 1 -maxdepth 1 ! -name cache -exec rm -rf {} + \
	    2>/dev/null || true
