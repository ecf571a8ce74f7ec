#!/bin/sh
# SPDX-License-Identifier: MIT
# From UEFI, on a PCI Express machine: dom0 finds its ACPI tables, drives a disk
# by interrupt, writes to a device's extended configuration space, and powers
# the machine off.
. "$(dirname "$0")/lib.sh"
dom0_args='xl.services=none'
dom0_script <<'DOM0'
modprobe ahci; modprobe sd_mod; modprobe crc32c_generic; modprobe ext4
sleep 2
disk_works() {
    mke2fs -q "$1" && mkdir -p /mnt && mount -t ext4 "$1" /mnt &&
        dd if=/dev/urandom of=/mnt/file bs=64k count=64 2>/dev/null &&
        before=$(sha256sum </mnt/file) && umount /mnt &&
        echo 3 >/proc/sys/vm/drop_caches && mount -t ext4 "$1" /mnt &&
        after=$(sha256sum </mnt/file) && umount /mnt &&
        [ "$before" = "$after" ]
}
check "the kernel knows that the firmware is UEFI" \
    sh -c 'dmesg | grep -q "efi: EFI v2"'
check "ACPI works" sh -c 'dmesg | grep -q "ACPI: Interpreter enabled"'
check "a disk on AHCI" disk_works /dev/sda
check "by MSI" grep -q 'xen-pirq.*-msi.*ahci' /proc/interrupts
# The error reporting capability's severities: writable, and no port's to reach.
config=/sys/bus/pci/devices/0000:00:03.0/config
severity() { od -A n -t x4 -j 268 -N 4 $config | tr -d ' '; }
severity_is_written() {
    [ "$(severity)" = 00462030 ] || return 1
    printf '\040\040\106\000' | dd of=$config bs=4 seek=67 conv=notrunc
    [ "$(severity)" = 00462020 ]
}
check "extended configuration space is written" severity_is_written
check "no oops so far" sh -c '! dmesg | grep -E "Oops|BUG:|WARNING: CPU"'
checks_end
DOM0
mkdir -p "$work"
truncate -s 64M "$work/ahci.img"
qemu_more='-device e1000e,addr=3,romfile='
script_passes -s 2 -M q35 -f uefi -d "$work/ahci.img"
