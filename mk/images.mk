# SPDX-License-Identifier: MIT
# Boot media: packages from Debian, initial RAM file systems, the boot ISO.
CACHE ?= $(O)/cache
IMAGES := $(O)/images
# What the tools' own makefile installs to be laid over the dom0 image.
DOM0_STAGING := $(O)/dom0-staging

KIT := guest-kit/images
KIT_COMMON := $(KIT)/lib.sh $(KIT)/mkcpio.sh $(KIT)/xl-lib.sh \
    $(KIT)/xl-work.sh

$(CACHE)/root/kver: scripts/fetch-packages.sh
	$(Q)scripts/fetch-packages.sh $(CACHE) && touch $@

# Names as in QEMU and on the ISO, whatever the kernel's version is.
$(IMAGES)/vmlinuz: $(CACHE)/root/kver
	$(Q)mkdir -p $(@D) && cp $(CACHE)/root/boot/vmlinuz-* $@

$(IMAGES)/dom0.img: $(CACHE)/root/kver $(KIT)/mk-dom0-initramfs.sh \
    $(KIT)/dom0-init $(KIT)/xl-guest.sh $(KIT)/demo-dom0.sh $(KIT_COMMON) $(DOM0_STAGING)/stamp
	$(Q)mkdir -p $(@D)
	$(Q)$(call step,IMAGE,images/dom0.img) \
	    $(KIT)/mk-dom0-initramfs.sh $(CACHE)/root $@ $(DOM0_STAGING)

$(IMAGES)/guest.img: $(CACHE)/root/kver $(KIT)/mk-guest-initramfs.sh \
    $(KIT)/guest-init $(KIT_COMMON)
	$(Q)mkdir -p $(@D)
	$(Q)$(call step,IMAGE,images/guest.img) \
	    $(KIT)/mk-guest-initramfs.sh $(CACHE)/root $@

# Laid over the dom0 image where guests are started: kernel and image.
$(IMAGES)/guest.cpio: $(IMAGES)/guest.img $(IMAGES)/vmlinuz $(KIT)/mkcpio.sh
	$(Q)rm -rf $(IMAGES)/guest.d && mkdir -p $(IMAGES)/guest.d/guest
	$(Q)cp $(IMAGES)/guest.img $(IMAGES)/vmlinuz $(IMAGES)/guest.d/guest/
	$(Q)$(KIT)/mkcpio.sh $(IMAGES)/guest.d $@

.PHONY: images
images: $(IMAGES)/dom0.img $(IMAGES)/guest.cpio ## make the dom0 and guest images from Debian packages

# What `make run` boots, for a real machine or a stick. ISO_ARGS adds to the
# hypervisor's command line, ISO_DOM0_ARGS to dom0's.
$(O)/xen-lite.iso: scripts/mkiso.sh $(O)/xen-lite.elf $(IMAGES)/dom0.img \
    $(IMAGES)/guest.cpio
	$(Q)$(call step,ISO,$(@F))scripts/mkiso.sh -o $@ -x $(O)/xen-lite.elf \
	    -k $(IMAGES)/vmlinuz -i $(IMAGES)/dom0.img -i $(IMAGES)/guest.cpio \
	    -X "dom0_mem=512M,max:512M console=com1 com1=115200,8n1 \
	    $(ISO_ARGS)" -K "console=hvc0 xl.tool=xlite \
	    xl.run=/usr/share/xl/demo.sh xl.after=shell $(ISO_DOM0_ARGS)"

.PHONY: iso
iso: $(O)/xen-lite.iso ## make the boot ISO (BIOS and UEFI)
