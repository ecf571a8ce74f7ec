# SPDX-License-Identifier: MIT
# The guest kit: a runtime and one ELF image for each example guest.
GUEST_OUT := $(O)/guest

GUEST_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -nostdinc \
    -isystem $(shell $(CC) -print-file-name=include) -isystem $(XEN_ABI) \
    -Iguest-kit -D__XEN_INTERFACE_VERSION__=0x00040e00 \
    -fno-pic -fno-pie -mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
    -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none \
    -fno-strict-aliasing -ffile-prefix-map=$(CURDIR)/= $(WARNINGS)
GUEST_LDFLAGS := -nostdlib -static -Wl,-T,guest-kit/guest.lds \
    -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-z,max-page-size=4096 \
    -Wl,--no-warn-rwx-segments

GUEST_OPTIONAL := note_hypercall_page note_init_p2m
GUEST_RUNTIME := $(patsubst guest-kit/%,$(GUEST_OUT)/%.o,$(basename \
    $(wildcard guest-kit/*.c guest-kit/*.S)))
GUEST_RUNTIME := $(filter-out \
    $(GUEST_OPTIONAL:%=$(GUEST_OUT)/%.o),$(GUEST_RUNTIME))

# Folders of guest-kit/examples each make one image, linked with the notes
# that GUEST_NOTES_NAME asks for. hello-p2m is hello with one more note.
GUEST_NOTES_hello-page := note_hypercall_page
GUEST_EXAMPLES := $(patsubst guest-kit/examples/%/,%,\
    $(dir $(wildcard guest-kit/examples/*/main.c)))
GUEST_IMAGES := $(GUEST_EXAMPLES:%=$(GUEST_OUT)/%.elf) \
    $(GUEST_OUT)/hello-p2m.elf

define guest_image # name, example, more objects
$(GUEST_OUT)/$(1).elf: $(patsubst guest-kit/%,$(GUEST_OUT)/%.o,$(basename \
    $(wildcard guest-kit/examples/$(2)/*.[cS]))) $(3:%=$(GUEST_OUT)/%.o) \
    $(GUEST_RUNTIME) guest-kit/guest.lds
	$$(call step,LD,guest/$(1).elf) \
	    $$(CC) $$(GUEST_LDFLAGS) -o $$@ $$(filter %.o,$$^)
endef
$(foreach e,$(GUEST_EXAMPLES),\
    $(eval $(call guest_image,$(e),$(e),$(GUEST_NOTES_$(e)))))
$(eval $(call guest_image,hello-p2m,hello,note_init_p2m))

$(GUEST_OUT)/%.o: guest-kit/%.c | $(XEN_ABI)/xen
	@mkdir -p $(@D)
	$(call step,CC,$<) $(CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

$(GUEST_OUT)/%.o: guest-kit/%.S | $(XEN_ABI)/xen
	@mkdir -p $(@D)
	$(call step,AS,$<) $(CC) $(GUEST_CFLAGS) -D__ASSEMBLY__ -MMD -MP \
	    -c -o $@ $<

.PHONY: guests
guests: $(GUEST_IMAGES) ## build the example guests (build/guest/NAME.elf)

ALL_TARGETS += $(GUEST_IMAGES)
-include $(shell find $(GUEST_OUT) -name '*.d' 2>/dev/null)
