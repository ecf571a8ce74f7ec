# SPDX-License-Identifier: MIT
# libFuzzer harnesses of tests/fuzz, each with the core files it needs.
# FUZZ=name runs one only; FUZZ_SECONDS is the time for each.
FUZZ_CC ?= clang
FUZZ_SECONDS ?= 20
FUZZ_NAMES := $(sort $(patsubst tests/fuzz/fuzz_%.c,%,\
    $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_CFLAGS = $(filter-out -fno-omit-frame-pointer,$(UNIT_CFLAGS)) -O1 \
    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all

FUZZ_SRCS_unpack := $(sort $(wildcard xen-lite/unpack/*.c))
FUZZ_SRCS_elf := xen-lite/domain/elf.c xen-lite/domain/elfnote.c

$(O)/fuzz/%.o: %.c | $(XEN_ABI)/xen
	$(Q)mkdir -p $(@D)
	$(call step,CC,$<)$(FUZZ_CC) $(FUZZ_CFLAGS) -c -o $@ $<

define fuzz_program
$(O)/fuzz/fuzz_$(1): $(O)/fuzz/tests/fuzz/fuzz_$(1).o \
    $(FUZZ_SRCS_$(1):%.c=$(O)/fuzz/%.o)
	$$(call step,LD,$$(@F))$$(FUZZ_CC) $$(FUZZ_CFLAGS) -o $$@ $$^

endef
$(eval $(foreach n,$(FUZZ_NAMES),$(call fuzz_program,$(n))))

# Seeds: files small enough to mutate well, each behind its decoder's number.
$(O)/fuzz/seeds/done: tests/fuzz/make_seeds.sh $(O)/unit/data/done
	$(call step,GEN,$(@D))tests/fuzz/make_seeds.sh $(O)/unit/data $(@D) && \
	    touch $@

FUZZ_RUN := $(if $(FUZZ),$(FUZZ),$(FUZZ_NAMES))

.PHONY: fuzz
fuzz: $(FUZZ_RUN:%=$(O)/fuzz/fuzz_%) $(O)/fuzz/seeds/done ## fuzz on the host
	$(Q)for n in $(FUZZ_RUN); do \
	    mkdir -p $(O)/fuzz/corpus/$$n $(O)/fuzz/seeds/$$n; \
	    $(O)/fuzz/fuzz_$$n -max_total_time=$(FUZZ_SECONDS) \
	    -max_len=20000 -timeout=10 -artifact_prefix=$(O)/fuzz/ \
	    -print_final_stats=1 -verbosity=0 \
	    $(O)/fuzz/corpus/$$n $(O)/fuzz/seeds/$$n || exit 1; \
	    echo "PASS fuzz_$$n"; done

-include $(foreach n,$(FUZZ_NAMES),$(O)/fuzz/tests/fuzz/fuzz_$(n).d \
    $(FUZZ_SRCS_$(n):%.c=$(O)/fuzz/%.d))
