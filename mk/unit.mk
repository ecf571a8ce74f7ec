# SPDX-License-Identifier: MIT
# Host tests: the core, unchanged, linked with the fake machine of tests/unit
# and run under sanitizers. A test that names its sources in UNIT_SRCS_<name>
# is built from those alone; the others get the whole core and the fakes.

UNIT_NAMES := $(sort $(patsubst tests/unit/test_%.c,%,\
    $(wildcard tests/unit/test_*.c)))
UNIT_FAKES := $(sort $(wildcard tests/unit/fake_*.c))
UNIT_ABI := $(sort $(wildcard tests/abi/*.c))

# Not on the host: what libc or the fake machine supplies there.
UNIT_EXCLUDE := xen-lite/lib/string.c xen-lite/lib/panic.c xen-lite/mm/heap.c
CORE_DIRS := hypercall pv mm domain event grant sched unpack lib
CORE_SRCS := $(filter-out $(UNIT_EXCLUDE),$(sort $(wildcard \
    $(CORE_DIRS:%=xen-lite/%/*.c))))

UNIT_SRCS_string := xen-lite/lib/string_util.c
UNIT_SRCS_bitmap := none
UNIT_SRCS_list := none
UNIT_SRCS_vsnprintf := xen-lite/lib/vsnprintf.c
UNIT_LIBS_guest_copy := -Wl,--wrap=machine_copy_from_guest \
    -Wl,--wrap=machine_copy_to_guest
UNIT_LIBS_stale := -Wl,--wrap=machine_l4_entry_changed \
    -Wl,--wrap=tlb_clock_now
UNIT_LIBS_sched_op := -Wl,--wrap=evtchn_poller_remove
UNIT_LIBS_memory_op := -Wl,--wrap=domain_alloc_pages \
    -Wl,--wrap=domain_give_pages
UNIT_LIBS_policy := -Wl,--wrap=machine_vcpu_destroy
UNIT_SRCS_e820 := xen-lite/mm/e820.c
UNIT_SRCS_unpack := $(sort $(wildcard xen-lite/unpack/*.c))
UNIT_CFLAGS_test_unpack_kernel = -DUNPACK_DATA='"$(O)/unit/data"'
UNIT_CFLAGS_test_unpack = -DUNPACK_DATA='"$(O)/unit/data"' \
    -DUNPACK_KERNELS='"$(CACHE)/root/boot/vmlinuz-*"'

# Our own string.c under other names, beside libc's.
UNIT_EXTRA_string = $(O)/unit/$(1)/own_string.o
UNIT_EXTRA_cmdline = $(O)/unit/$(1)/xen-lite/boot/cmdline.o
# The real heap, in place of the one over malloc.
UNIT_EXTRA_heap = $(O)/unit/$(1)/xen-lite/mm/heap.o

UNIT_INCLUDES := -Itests/unit/include -iquote tests/unit \
    -iquote xen-lite/include -Iinclude/public -isystem $(XEN_ABI)
UNIT_CFLAGS := -std=gnu11 -g -fno-omit-frame-pointer $(WARNINGS) \
    -D__XEN_TOOLS__ $(UNIT_INCLUDES) -MMD -MP
UNIT_LIBS := -lcmocka -lpthread

# $(call unit_variant,NAME,compiler,flags): objects, archives and programs.
define unit_variant
$(O)/unit/$(1)/%.o: %.c | $(XEN_ABI)/xen
	$$(Q)mkdir -p $$(@D)
	$$(call step,CC,$$<)$(2) $$(UNIT_CFLAGS) $$(UNIT_CFLAGS_$$(basename \
	    $$(notdir $$<))) $(3) -c -o $$@ $$<

$(O)/unit/$(1)/libcore.a: $(CORE_SRCS:%.c=$(O)/unit/$(1)/%.o)
	$$(call step,AR,$$(@F))rm -f $$@ && ar rcs $$@ $$^

$(O)/unit/$(1)/libfake.a: $(UNIT_FAKES:%.c=$(O)/unit/$(1)/%.o)
	$$(call step,AR,$$(@F))rm -f $$@ && ar rcs $$@ $$^

$(O)/unit/$(1)/own_string.o: xen-lite/lib/string.c
	$$(Q)mkdir -p $$(@D)
	$$(call step,CC,$$< (renamed))$(2) -std=gnu11 -O2 -ffreestanding \
	    -fno-builtin $$(WARNINGS) $$(UNIT_INCLUDES) -c -o $$@.tmp $$< && \
	    objcopy --prefix-symbols=own_ $$@.tmp $$@ && rm -f $$@.tmp

$(foreach n,$(UNIT_NAMES),$(call unit_program,$(1),$(2),$(3),$(n)))
.PHONY: unit-programs-$(1)
unit-programs-$(1): $(UNIT_NAMES:%=$(O)/unit/$(1)/test_%)
-include $(shell find $(O)/unit/$(1) -name '*.d' 2>/dev/null)
endef

# $(call unit_program,VARIANT,compiler,flags,test name)
define unit_program
$(O)/unit/$(1)/test_$(4): $(O)/unit/$(1)/tests/unit/test_$(4).o \
    $(call unit_parts,$(1),$(4)) $(call UNIT_EXTRA_$(4),$(1))
	$$(call step,LD,$$(@F))$(2) $(3) -o $$@ $$(filter %.o,$$^) \
	    -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group \
	    $$(UNIT_LIBS) $$(UNIT_LIBS_$(4))

endef
unit_parts = $(if $(UNIT_SRCS_$(2)),\
    $(patsubst %.c,$(O)/unit/$(1)/%.o,$(filter-out none,$(UNIT_SRCS_$(2)))),\
    $(O)/unit/$(1)/libcore.a $(O)/unit/$(1)/libfake.a)

UNIT_ASAN := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
UNIT_TSAN := -O1 -fsanitize=thread
UNIT_COV := -O0 --coverage

# Each compiler has its own objects, so that CC= needs no clean.
ASAN := asan-$(notdir $(firstword $(HOSTCC)))
TSAN := tsan-$(notdir $(firstword $(HOSTCC)))

$(eval $(call unit_variant,$(ASAN),$(HOSTCC),$(UNIT_ASAN)))
$(eval $(call unit_variant,$(TSAN),$(HOSTCC),$(UNIT_TSAN)))
$(eval $(call unit_variant,cov,gcc,$(UNIT_COV)))

# The ABI pins: static asserts, so that compiling them is the test.
$(O)/unit/$(ASAN)/tests/abi/%.o: UNIT_CFLAGS += -Wno-unused

# Files for the decoders, packed by the distribution's tools.
$(O)/unit/data/done: tests/unit/make_packed.sh
	$(call step,GEN,$(@D))tests/unit/make_packed.sh $(@D) && touch $@
$(foreach v,$(ASAN) $(TSAN) cov,$(O)/unit/$(v)/test_unpack \
    $(O)/unit/$(v)/test_unpack_kernel): | $(O)/unit/data/done

# Per cent of the core's lines below which `make coverage` fails.
COVERAGE_MIN ?= 85

# Set UNIT=name to run one program only.
UNIT_RUN := $(if $(UNIT),$(UNIT),$(UNIT_NAMES))

.PHONY: test-unit test-tsan test-abi coverage
test-abi: $(UNIT_ABI:%.c=$(O)/unit/$(ASAN)/%.o) ## check the Xen ABI layouts

test-unit: test-abi $(UNIT_RUN:%=$(O)/unit/$(ASAN)/test_%) ## host tests, sanitized; coverage
	$(Q)tests/unit/run.sh $(UNIT_RUN:%=$(O)/unit/$(ASAN)/test_%)
	$(if $(UNIT),,$(Q)$(MAKE) --no-print-directory coverage)

# A test that starts no threads still shows that the core builds for TSan.
test-tsan: $(UNIT_RUN:%=$(O)/unit/$(TSAN)/test_%) ## host tests, ThreadSanitizer
	$(Q)tests/unit/run.sh $(UNIT_RUN:%=$(O)/unit/$(TSAN)/test_%)

# The random and the racing tests of memory, at length.
.PHONY: test-unit-long
test-unit-long: $(O)/unit/$(ASAN)/test_random $(O)/unit/$(TSAN)/test_page_race ## long host tests
	$(Q)RANDOM_CALLS=1000000 tests/unit/run.sh $(O)/unit/$(ASAN)/test_random
	$(Q)RACE_ROUNDS=20000 tests/unit/run.sh $(O)/unit/$(TSAN)/test_page_race

test-long: test-unit-long

coverage: unit-programs-cov ## line coverage of the core by the host tests
	$(Q)find $(O)/unit/cov -name '*.gcda' -delete
	$(Q)UNIT_VERBOSE=0 tests/unit/run.sh $(UNIT_NAMES:%=$(O)/unit/cov/test_%)
	$(Q)COVERAGE_MIN=$(COVERAGE_MIN) tests/unit/coverage.sh $(O)/unit/cov \
	    $(CORE_SRCS)

ALL_TARGETS += unit-programs-$(ASAN)
