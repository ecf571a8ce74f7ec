# SPDX-License-Identifier: MIT
# Does a broken core fail its tests? MUTANT=pattern tries only those.
.PHONY: test-mutants
test-mutants: | $(XEN_ABI)/xen ## break the core on purpose; tests must notice
	$(Q)tests/mutants/run.sh $(O)/mutants '$(MUTANT)'
