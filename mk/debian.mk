# SPDX-License-Identifier: MIT
# A real Debian 12 guest: root file systems from Debian's packages (kept in
# CACHE), root disks with our test programs in them, and what dom0 needs to
# start them. `make run GUEST=debian` boots one.
# As in images.mk and system.mk, which are read after this one.
HV ?= xenlite
CACHE ?= $(O)/cache
IMAGES := $(O)/images
KIT := guest-kit/images

DEBIAN_SIZE_base := 1G
DEBIAN_SIZE_full := 2G
INSIDE := tests/system/inside
INSIDE_OUT := $(O)/inside/opt/inside
INSIDE_PROGRAMS := $(patsubst $(INSIDE)/%.c,%,$(wildcard $(INSIDE)/*.c))
INSIDE_FILES := $(INSIDE_PROGRAMS:%=$(INSIDE_OUT)/%) \
    $(INSIDE_OUT)/inside.sh $(INSIDE_OUT)/bench-io.sh
INSIDE_FLAGS := -std=gnu11 -D_GNU_SOURCE -O2 -g -static -pthread \
    -ffile-prefix-map=$(CURDIR)/= -Wall -Wextra -Werror
# Without a C library, so that no 32-bit one is needed.
INSIDE_FLAGS_compat32 := -m32 -ffreestanding -nostdlib -fno-pie -no-pie \
    -fno-stack-protector

$(CACHE)/debian/%.tar: $(KIT)/mk-debian-rootfs.sh
	$(Q)scripts/install-deps.sh debian
	$(Q)$(call step,ROOT,debian/$*.tar (some minutes)) \
	    nice $< $(CACHE) $* && touch $@

$(INSIDE_OUT)/%: $(INSIDE)/%.c $(wildcard $(INSIDE)/*.h)
	$(Q)mkdir -p $(@D)
	$(call step,CC,$<)$(CC) $(INSIDE_FLAGS) $(INSIDE_FLAGS_$*) -o $@ $<

$(INSIDE_OUT)/inside.sh: $(INSIDE)/inside.sh
	$(Q)mkdir -p $(@D) && cp $< $@

# scripts/bench_io.py's part inside the guest.
$(INSIDE_OUT)/bench-io.sh: scripts/bench_io-guest.sh
	$(Q)mkdir -p $(@D) && cp $< $@

$(IMAGES)/debian-%/stamp: $(CACHE)/debian/%.tar $(KIT)/mk-debian-disk.sh \
    $(KIT)/mk-debian-common.sh $(INSIDE_FILES)
	$(Q)$(call step,DISK,$(@D)/disk.img) nice $(KIT)/mk-debian-disk.sh \
	    $< $(@D) $(DEBIAN_SIZE_$*) $(O)/inside && touch $@

$(IMAGES)/debian-%/dom0.cpio: $(IMAGES)/debian-%/stamp \
    $(KIT)/mk-debian-dom0.sh $(KIT)/debian-lib.sh \
    $(KIT)/debian-run.sh $(KIT)/lib.sh
	$(Q)$(KIT)/mk-debian-dom0.sh $(@D) $(CACHE)/root $@

.PRECIOUS: $(IMAGES)/debian-%/stamp $(INSIDE_OUT)/%
.PRECIOUS: $(CACHE)/debian/%.tar
.PHONY: debian debian-full
debian: $(IMAGES)/debian-base/dom0.cpio ## make the Debian guest's root disk
debian-full: $(IMAGES)/debian-full/dom0.cpio ## make the Debian disk with PostgreSQL, fio, iperf3


# A whole machine on a disk: GRUB, a hypervisor, Debian's dom0. HV=xen has
# Debian's own Xen, to compare.
$(IMAGES)/machine-xenlite.img: $(O)/xen-lite.elf
$(IMAGES)/machine-%.img: $(CACHE)/debian/dom0.tar $(KIT)/mk-debian-machine.sh \
    $(KIT)/mk-debian-common.sh
	$(Q)mkdir -p $(@D)
	$(Q)$(call step,DISK,$@) nice $(KIT)/mk-debian-machine.sh $< \
	    $(if $(filter xen,$*),stock,$(O)/xen-lite.elf) $@ 1500

.PHONY: image
image: $(IMAGES)/machine-$(HV).img ## make a bootable disk: GRUB, hypervisor, Debian dom0
