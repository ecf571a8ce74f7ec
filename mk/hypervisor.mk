# SPDX-License-Identifier: MIT
# The hypervisor: $(O)/xen-lite.elf for GRUB, $(O)/xen-lite-syms.elf for gdb.

HV_DIRS := boot x86 hypercall pv mm domain event grant sched unpack lib
HV_C := $(sort $(wildcard $(HV_DIRS:%=xen-lite/%/*.c)))
HV_C := $(filter-out xen-lite/x86/asm_offsets.c $(HV_EXCLUDE),$(HV_C))
HV_S := $(sort $(wildcard $(HV_DIRS:%=xen-lite/%/*.S)))
HV_S := $(filter-out %.lds.S,$(HV_S))
HV_OUT := $(O)/hv
# gcc optimises over file borders (a fifth fewer instructions on each path): C
# becomes one object, all but what the compiler itself may call.
HV_LTO := $(if $(findstring clang,$(CC)),,1)
HV_APART := $(if $(HV_LTO),xen-lite/lib/string.c,$(HV_C))
HV_JOINED := $(filter-out $(HV_APART),$(HV_C))
HV_OBJS := $(if $(HV_LTO),$(HV_OUT)/joined.o) \
    $(HV_APART:%.c=$(HV_OUT)/%.o) $(HV_S:%.S=$(HV_OUT)/%.o)
HV_LDS := $(HV_OUT)/xen-lite.lds

HV_INCLUDES := -iquote xen-lite/include -iquote xen-lite/boot \
    -Ixen-lite/x86/include -iquote $(HV_OUT) -Iinclude/public \
    -isystem $(XEN_ABI)
# Guests can teach the processor where an indirect branch goes: there is none,
# each goes by a return that it is made to predict wrongly into a loop.
HV_RETPOLINE := $(if $(HV_LTO),-mindirect-branch=thunk \
    -mindirect-branch-register,-mretpoline)
# Code runs 1 TiB away from the top of the address space: PC-relative, but
# linked once at its address, hence no PLT, no GOT, no relocations.
HV_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fno-common \
    -fno-omit-frame-pointer -mno-omit-leaf-frame-pointer \
    -fno-stack-protector -fno-strict-aliasing \
    -fno-asynchronous-unwind-tables -fcf-protection=none -fpie \
    -fvisibility=hidden -include xen-lite/x86/include/hidden.h \
    -mcmodel=small -mno-red-zone -mgeneral-regs-only -fno-jump-tables \
    $(HV_RETPOLINE) \
    -ffile-prefix-map=$(CURDIR)/=  $(WARNINGS) -D__XEN_TOOLS__ \
    $(HV_INCLUDES) $(HV_EXTRA_CFLAGS)
HV_ASFLAGS := -D__ASSEMBLER__ -g $(HV_INCLUDES)
HV_LDFLAGS := -m elf_x86_64 -static -nostdlib -z max-page-size=4096 \
    -z noexecstack --build-id=none --no-warn-rwx-segments

$(HV_OUT)/%.o: %.c | $(XEN_ABI)/xen $(HV_OUT)/asm_offsets.h
	$(Q)mkdir -p $(@D)
	$(call step,CC,$<)$(CC) $(HV_CFLAGS) $(HV_FILE_CFLAGS) \
	    -MMD -MP -c -o $@ $<

$(HV_JOINED:%.c=$(HV_OUT)/%.o): HV_FILE_CFLAGS := -flto

$(HV_OUT)/joined.o: $(HV_JOINED:%.c=$(HV_OUT)/%.o)
	$(call step,LTO,$(@F))$(CC) $(HV_CFLAGS) -flto -flto-partition=one \
	    -flinker-output=nolto-rel -r -nostdlib -o $@ $^

$(HV_OUT)/%.o: %.S $(HV_OUT)/asm_offsets.h | $(XEN_ABI)/xen
	$(Q)mkdir -p $(@D)
	$(call step,AS,$<)$(CC) $(HV_ASFLAGS) -MMD -MP -c -o $@ $<

# Structure offsets for assembly: the compiler writes them as comments.
$(HV_OUT)/asm_offsets.h: xen-lite/x86/asm_offsets.c | $(XEN_ABI)/xen
	$(Q)mkdir -p $(@D)
	$(call step,GEN,$(@F))$(CC) $(HV_CFLAGS) -MMD -MP -MT $@ \
	    -MF $(HV_OUT)/asm_offsets.d -S -o $(@:.h=.s) $< && \
	    sed -n 's/.*@\([A-Za-z_0-9]*\) [$$]*\(-*[0-9]*\)@.*/#define \1 \2/p' \
	    $(@:.h=.s) > $@

$(HV_LDS): xen-lite/boot/xen-lite.lds.S xen-lite/include/layout.h
	$(Q)mkdir -p $(@D)
	$(call step,GEN,$(@F))$(CC) -E -P -D__ASSEMBLER__ -x c $(HV_INCLUDES) \
	    -o $@ $<

# Linked twice: the table of function names comes from the first link, and
# lies behind all functions, so that it moves none of them.
$(HV_OUT)/symbols-empty.o: scripts/mksymbols.sh
	$(Q)mkdir -p $(@D)
	$(call step,GEN,$(@F))scripts/mksymbols.sh </dev/null \
	    >$(@:.o=.S) && $(CC) $(HV_ASFLAGS) -c -o $@ $(@:.o=.S)

$(HV_OUT)/first.elf: $(HV_OBJS) $(HV_LDS) $(HV_OUT)/symbols-empty.o
	$(call step,LD,$(@F))ld $(HV_LDFLAGS) -T $(HV_LDS) -o $@ $(HV_OBJS) \
	    $(HV_OUT)/symbols-empty.o

$(HV_OUT)/symbols.o: $(HV_OUT)/first.elf scripts/mksymbols.sh
	$(call step,GEN,$(@F))nm -n $< | scripts/mksymbols.sh \
	    >$(@:.o=.S) && $(CC) $(HV_ASFLAGS) -c -o $@ $(@:.o=.S)

$(O)/xen-lite-syms.elf: $(HV_OBJS) $(HV_LDS) $(HV_OUT)/symbols.o
	$(call step,LD,$(@F))ld $(HV_LDFLAGS) -T $(HV_LDS) -o $@ $(HV_OBJS) \
	    $(HV_OUT)/symbols.o

$(O)/xen-lite.elf: $(O)/xen-lite-syms.elf scripts/check-branches.sh
	$(Q)scripts/check-branches.sh $<
	$(call step,STRIP,$(@F))strip -s -o $@ $<

.PHONY: hypervisor
hypervisor: $(O)/xen-lite.elf ## build only the hypervisor

ALL_TARGETS += $(O)/xen-lite.elf
-include $(HV_C:%.c=$(HV_OUT)/%.d) $(HV_S:%.S=$(HV_OUT)/%.d) \
    $(HV_OUT)/asm_offsets.d
