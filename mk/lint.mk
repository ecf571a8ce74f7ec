# SPDX-License-Identifier: MIT
# Style by machine: format, structure, headers that stand alone, clang-tidy
# and cppcheck. Each file is checked anew only when it, or what it includes,
# has changed.
LINT_DIRS := xen-lite include/public guest-kit dom0-tools tests
LINT_ALL := $(sort $(shell find $(LINT_DIRS) -name '*.[ch]' 2>/dev/null))
# headers for the assembler only are not C
LINT_C := $(filter-out $(shell grep -ls "^.macro" $(LINT_ALL)),$(LINT_ALL))
LINT_CORE_H := $(filter xen-lite/include/%.h,$(LINT_ALL))
# headers that are lists, included more than once
LINT_LISTS := $(shell grep -ls 'included more than once' $(LINT_CORE_H))
LINT_ALONE := $(filter-out $(LINT_LISTS),$(LINT_CORE_H))
LINT_HOST := $(filter tests/%.c,$(filter-out tests/unit/tools/%,$(LINT_ALL)))
LINT_HV := $(filter xen-lite/%.c,$(LINT_ALL))
LINT_GUEST := $(filter guest-kit/%.c,$(LINT_ALL))
LINT_SCRIPTS := $(sort $(shell find scripts tests guest-kit dom0-tools .ci \
    \( -name '*.sh' -o -name run \) -type f 2>/dev/null))

LINT_HOST_FLAGS = $(filter-out -Werror -M%,$(UNIT_CFLAGS)) \
    $(UNIT_CFLAGS_$(basename $(notdir $<)))
# clang's tools know none of gcc's words for retpolines.
LINT_HV_FLAGS = $(filter-out -M% $(HV_RETPOLINE),$(HV_CFLAGS))
# the checker's own <stdatomic.h>, not gcc's
LINT_GUEST_FLAGS = $(patsubst $(shell $(CC) -print-file-name=include),\
    $(shell clang -print-file-name=include),$(GUEST_CFLAGS))

TIDY := clang-tidy --quiet
lint_stamp = $(1:%=$(O)/lint/%.$(2))

.PHONY: lint lint-format lint-structure lint-headers lint-tidy \
    lint-tidy-files lint-cppcheck lint-shell format

lint: ## check style: format, structure, tidy, cppcheck, current documents
lint: lint-format lint-structure lint-headers lint-tidy lint-cppcheck \
    lint-shell

lint-format:
	$(call step,LINT,format)clang-format -n --Werror $(LINT_C)

lint-structure:
	$(call step,LINT,structure)tests/lint/structure.sh $(LINT_ALL)

lint-headers: $(call lint_stamp,$(LINT_ALONE),alone)
$(O)/lint/%.h.alone: %.h | $(XEN_ABI)/xen
	$(Q)mkdir -p $(@D)
	$(call step,ALONE,$<)$(CC) $(LINT_HOST_FLAGS) -Werror -MMD -MP -MF $@.d \
	    -MT $@ -x c -fsyntax-only -include $< /dev/null && touch $@

# On all CPUs, also where make was not told to.
lint-tidy: | $(HV_OUT)/asm_offsets.h
	+$(Q)$(MAKE) --no-print-directory \
	    $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$$(nproc)) \
	    O=$(O) lint-tidy-files

# $(call lint_tidy,SUFFIX,flags variable)
define lint_tidy
$(O)/lint/%.c.$(1): %.c .clang-tidy tests/.clang-tidy \
    guest-kit/.clang-tidy | $(XEN_ABI)/xen
	$$(Q)mkdir -p $$(@D)
	$$(call step,TIDY,$$<)$(TIDY) $$< -- $$($(2)) 2>$$@.log || \
	    { cat $$@.log; exit 1; }
	$$(Q)clang $$($(2)) -w -MM -MP -MF $$@.d -MT $$@ $$< && touch $$@
endef
$(eval $(call lint_tidy,host,LINT_HOST_FLAGS))
$(eval $(call lint_tidy,hv,LINT_HV_FLAGS))
$(eval $(call lint_tidy,guest,LINT_GUEST_FLAGS))

LINT_TIDY := $(call lint_stamp,$(LINT_HOST),host) \
    $(call lint_stamp,$(LINT_HV),hv) $(call lint_stamp,$(LINT_GUEST),guest)
lint-tidy-files: $(LINT_TIDY)
-include $(addsuffix .d,$(call lint_stamp,$(LINT_ALONE),alone) $(LINT_TIDY))

# Functions of the guest kit have names of the hypervisor's: two runs.
# $(call lint_cppcheck,name,flags and files)
lint_cppcheck = mkdir -p $(O)/lint/cppcheck-$(1) && cppcheck \
    --enable=warning,portability,performance --error-exitcode=1 --quiet \
    --std=c11 --inline-suppr --suppress='*:$(XEN_ABI)/*' \
    --suppress='*:/usr/include/*' --suppress=missingIncludeSystem \
    --cppcheck-build-dir=$(O)/lint/cppcheck-$(1) -D__x86_64__ \
    -D__GNUC__=12 '-D_Noreturn=__attribute__((noreturn))' $(2)

lint-cppcheck: | $(XEN_ABI)/xen
	$(call step,LINT,cppcheck)$(call lint_cppcheck,hv,-D__XEN_TOOLS__ \
	    -I tests/unit/include -I xen-lite/include -I include/public \
	    $(LINT_HV) $(LINT_HOST))
	$(Q)$(call lint_cppcheck,guest,-I guest-kit -I include/public \
	    $(LINT_GUEST))

lint-shell:
	$(call step,LINT,shell)for s in $(LINT_SCRIPTS); do \
	    case "$$(head -n 1 $$s)" in \
	    *bash*) bash -n $$s || exit 1;; *) sh -n $$s || exit 1;; esac; done
	$(Q)if command -v shellcheck >/dev/null; then \
	    shellcheck -S warning -e SC1090,SC1091,SC2034,SC2154 \
	    $(LINT_SCRIPTS); fi

format: ## reformat all C sources in place
	$(call step,FMT,all sources)clang-format -i $(LINT_C)
