# SPDX-License-Identifier: MIT
# dom0-tools: our libxenctrl.a, the PV builder, and xlite in two variants:
# $(O)/xlite uses our library, $(O)/xlite-debian uses Debian's.

TOOLS_OUT := $(O)/tools
TOOLS_CFLAGS := -std=gnu11 -O2 -g -D_GNU_SOURCE -fno-strict-aliasing \
    -Idom0-tools -ffile-prefix-map=$(CURDIR)/= $(WARNINGS)
LIBXLUTIL := $(shell $(CC) -print-file-name=libxlutil.a)

TOOLS_LIB_C := $(sort $(wildcard dom0-tools/libxenctrl/*.c))
TOOLS_XLITE_C := $(sort $(wildcard dom0-tools/builder/*.c \
    dom0-tools/xlite/*.c))
TOOLS_LIB_O := $(TOOLS_LIB_C:dom0-tools/%.c=$(TOOLS_OUT)/%.o)
TOOLS_XLITE_O := $(TOOLS_XLITE_C:dom0-tools/%.c=$(TOOLS_OUT)/%.o)

# libxenstore needs libxentoolcore, and neither needs a libxenctrl.
TOOLS_LIBS := -lxenstore -lxentoolcore -llzma -lz -lzstd -l:liblz4.a
DEBIAN_LIBS := -lxenctrl -lxenforeignmemory -lxenevtchn -lxengnttab -lxencall

$(TOOLS_OUT)/%.o: dom0-tools/%.c
	$(Q)mkdir -p $(@D)
	$(call step,CC,$<)$(CC) $(TOOLS_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/libxenctrl.a: $(TOOLS_LIB_O)
	$(call step,AR,$(@F))rm -f $@ && ar rcsD $@ $^

$(O)/xlite: $(TOOLS_XLITE_O) $(O)/libxenctrl.a
	$(call step,LD,$(@F))$(CC) -o $@ $^ $(LIBXLUTIL) -Wl,--as-needed \
	    $(TOOLS_LIBS)

$(O)/xlite-debian: $(TOOLS_XLITE_O)
	$(call step,LD,$(@F))$(CC) -o $@ $^ $(LIBXLUTIL) -Wl,--as-needed \
	    $(TOOLS_LIBS) $(DEBIAN_LIBS)

# What `make images` lays over the dom0 image.
$(O)/dom0-staging/stamp: $(O)/xlite $(O)/xlite-debian
	$(Q)mkdir -p $(@D)/usr/sbin
	$(call step,STAGE,dom0-staging)install -s -m 755 $^ $(@D)/usr/sbin/ && \
	    touch $@

.PHONY: tools
tools: $(O)/dom0-staging/stamp ## build libxenctrl.a and xlite, stage for dom0

ALL_TARGETS += $(O)/libxenctrl.a $(O)/xlite $(O)/xlite-debian \
    $(O)/dom0-staging/stamp
-include $(TOOLS_LIB_O:.o=.d) $(TOOLS_XLITE_O:.o=.d)

# Host tests of what needs no hypervisor: tests/unit/tools/test_NAME.c, with
# the whole of dom0-tools but main.c, and for the library a fake kernel.
TOOLS_TEST_C := $(sort $(wildcard tests/unit/tools/*.c))
TOOLS_TESTS := $(patsubst tests/unit/tools/%.c,%,\
    $(wildcard tests/unit/tools/test_*.c))
TOOLS_TEST_OUT := $(O)/unit-tools/$(notdir $(firstword $(HOSTCC)))
TOOLS_TEST_SAN := -fsanitize=address,undefined -fno-sanitize-recover=all
TOOLS_TEST_PARTS := $(patsubst %.c,$(TOOLS_TEST_OUT)/%.o,$(filter-out \
    dom0-tools/xlite/main.c,$(TOOLS_LIB_C) $(TOOLS_XLITE_C)))
TOOLS_TEST_WRAP := \
    $(TOOLS_TEST_OUT)/tests/unit/tools/fake_kernel.o \
    -Wl,--wrap=ioctl,--wrap=open,--wrap=mmap,--wrap=munmap
TOOLS_TEST_STORE := $(TOOLS_TEST_OUT)/tests/unit/tools/fake_store.o
TOOLS_TEST_WRAP_test_store := \
    -Wl,--wrap=xs_write,--wrap=xs_read,--wrap=xs_rm \
    -Wl,--wrap=xs_set_permissions,--wrap=xs_directory \
    -Wl,--wrap=xs_transaction_start,--wrap=xs_transaction_end \
    -Wl,--wrap=xs_introduce_domain
TOOLS_TEST_WRAP_test_attach := $(TOOLS_TEST_WRAP_test_store) \
    -Wl,--wrap=usleep,--wrap=clock_gettime
TOOLS_TEST_WRAP_test_commands := $(TOOLS_TEST_WRAP_test_store)

$(TOOLS_TEST_OUT)/%.o: %.c
	$(Q)mkdir -p $(@D)
	$(call step,CC,$< (test))$(HOSTCC) $(TOOLS_CFLAGS) -O1 \
	    $(TOOLS_TEST_SAN) -MMD -MP -c -o $@ $<

$(TOOLS_TEST_OUT)/libtools.a: $(TOOLS_TEST_PARTS)
	$(call step,AR,unit-tools/libtools.a)rm -f $@ && ar rcs $@ $^

$(TOOLS_TEST_OUT)/test_%: $(TOOLS_TEST_OUT)/tests/unit/tools/test_%.o \
    $(TOOLS_TEST_OUT)/libtools.a
	$(call step,LD,$(@F))$(HOSTCC) $(TOOLS_TEST_SAN) \
	    $(if $(filter %/fake_kernel.o,$^),$(TOOLS_TEST_WRAP)) \
	    $(TOOLS_TEST_WRAP_$(@F)) \
	    -o $@ -Wl,--start-group \
	    $(filter-out %/fake_kernel.o,$^) $(LIBXLUTIL) \
	    -Wl,--end-group $(TOOLS_LIBS) -lcmocka

$(addprefix $(TOOLS_TEST_OUT)/test_,xenctrl xendevices build commands): \
    $(TOOLS_TEST_OUT)/tests/unit/tools/fake_kernel.o
$(addprefix $(TOOLS_TEST_OUT)/test_,store attach commands): $(TOOLS_TEST_STORE)

.PHONY: test-unit-tools
test-unit-tools: $(TOOLS_TESTS:%=$(TOOLS_TEST_OUT)/%) ## host tests of dom0-tools
	$(Q)tests/unit/run.sh $^
test-unit: test-unit-tools

.SECONDARY: $(TOOLS_TEST_C:%.c=$(TOOLS_TEST_OUT)/%.o)
-include $(TOOLS_TEST_PARTS:.o=.d) $(TOOLS_TEST_C:%.c=$(TOOLS_TEST_OUT)/%.d)

# The page that lists the library's functions is made from the library.
.PHONY: docs-tools check-docs-tools
docs-tools: $(O)/libxenctrl.a ## write docs/libxenctrl.md from the library
	$(Q)dom0-tools/libxenctrl/functions.sh $< >docs/libxenctrl.md

check-docs-tools: $(O)/libxenctrl.a
	$(Q)dom0-tools/libxenctrl/functions.sh $< >$(TOOLS_OUT)/libxenctrl.md && \
	    { cmp -s $(TOOLS_OUT)/libxenctrl.md docs/libxenctrl.md || { \
	    echo "docs/libxenctrl.md is out of date: run 'make docs-tools'"; \
	    exit 1; }; }
test-unit: check-docs-tools

# The same checks as elsewhere, with the flags of this house.
TOOLS_LINT := $(addsuffix .tools,$(addprefix $(O)/lint/,$(TOOLS_LIB_C) \
    $(TOOLS_XLITE_C) $(TOOLS_TEST_C)))
$(O)/lint/%.c.tools: %.c .clang-tidy
	$(Q)mkdir -p $(@D)
	$(call step,TIDY,$<)clang-tidy --quiet $< -- $(TOOLS_CFLAGS) \
	    2>$@.log || { cat $@.log; exit 1; }
	$(Q)$(CC) $(TOOLS_CFLAGS) -w -MM -MP -MF $@.d -MT $@ $< && touch $@

.PHONY: lint-tools
lint-tools: $(TOOLS_LINT)
	$(call step,LINT,cppcheck dom0-tools)cppcheck --quiet --std=c11 \
	    --enable=warning,portability,performance --error-exitcode=1 \
	    --inline-suppr --suppress=missingIncludeSystem -D__x86_64__ \
	    -D__GNUC__=12 -Idom0-tools dom0-tools
lint: lint-tools
-include $(TOOLS_LINT:=.d)
