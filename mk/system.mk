# SPDX-License-Identifier: MIT
# System tests in QEMU, and the whole of `make test`.
#   HV=xenlite|xen  TESTS="names"  GROUP="groups"   (tests/system/tests.list)
#   GROUP alone means all tests of the group, long ones too; GROUP=xl without
#   HV= runs on both hypervisors and sets the results side by side.
#   TOOL=xlite|xl   SLOW=n (time limits times n)
HV ?= xenlite
SLOW ?= 1
# Builds use all CPUs even when the caller did not ask for it.
JOBS = $(if $(findstring j,$(filter-out --%,$(MAKEFLAGS))),,-j$(shell nproc))

SYSTEM_ENV = O=$(abspath $(O)) CACHE=$(abspath $(CACHE)) HV=$(HV) \
    GROUP="$(GROUP)" TESTS="$(TESTS)" SLOW=$(SLOW) $(if $(TOOL),TOOL=$(TOOL))
# The oracle needs nothing of ours but the images.
SYSTEM_NEEDS = images $(if $(filter xenlite,$(HV)),$(O)/xen-lite.elf)

.PHONY: deps-run deps-test test test-system test-long
deps-run:
	$(Q)scripts/install-deps.sh run

deps-test:
	$(Q)scripts/install-deps.sh test

# Packages first: the rest of the build needs what they bring.
test: deps-test ## run the unit tests and the system tests
	$(Q)$(MAKE) $(JOBS) --no-print-directory test-unit
	$(Q)$(MAKE) --no-print-directory test-system

SYSTEM_DISKS = debian debian-full image

test-system: deps-test ## boot hypervisor, dom0 and guests in QEMU (HV= TESTS= GROUP=)
ifeq ($(filter xl,$(GROUP))-$(origin HV),xl-file)
	$(Q)code=0; for hv in xenlite xen; do \
	    $(MAKE) --no-print-directory test-system HV=$$hv || code=1; done; \
	scripts/mkxl.py $(O)/test-system | tee $(O)/xl.md; \
	echo "The same in $(O)/xl.md"; exit $$code
else
	$(Q)$(MAKE) $(JOBS) -s --no-print-directory $(SYSTEM_NEEDS) \
	    $(if $(filter xl debian devices,$(GROUP)),$(SYSTEM_DISKS))
	$(Q)$(SYSTEM_ENV) TIER=$(if $(GROUP),all,quick) tests/system/run.sh
endif

test-long: deps-test ## the system tests that take longer, too
	$(Q)$(MAKE) $(JOBS) -s --no-print-directory $(SYSTEM_NEEDS) \
	    $(SYSTEM_DISKS)
	$(Q)$(SYSTEM_ENV) TIER=long tests/system/run.sh

DEMO_ENV = O=$(abspath $(O)) CACHE=$(abspath $(CACHE)) HV=$(HV) \
    $(if $(TOOL),TOOL=$(TOOL))

.PHONY: demo run
demo: deps-run ## boot dom0 and a Linux guest, let both prove themselves
	$(Q)$(MAKE) $(JOBS) -s --no-print-directory $(SYSTEM_NEEDS)
	$(Q)$(DEMO_ENV) scripts/demo.sh demo

run: deps-run ## boot dom0 and a Linux guest, dom0's shell here (GUEST=debian: Debian)
	$(Q)$(MAKE) $(JOBS) -s --no-print-directory $(SYSTEM_NEEDS) $(GUEST)
	$(Q)$(DEMO_ENV) GUEST=$(GUEST) scripts/demo.sh run
