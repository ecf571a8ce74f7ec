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
