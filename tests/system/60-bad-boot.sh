#!/bin/sh
# SPDX-License-Identifier: MIT
# What a user may get wrong in the boot menu: each has a message that says
# what is wrong, and the hypervisor stops in order.
. "$(dirname "$0")/lib.sh"
bad=''
stop='Manual reset required|noreboot. set - not rebooting|reboot machine manually'
good_kernel=$kernel

# bad_case NAME REGEX: one boot that must say REGEX and stop
bad_case() {
    echo "case $1"
    until=$stop
    boot -s 1
    cp "$log" "$work/$1.log"
    expect "$2" "$1: no clear message"
    reject 'fault while panicking|FATAL TRAP|RIP: +e[0-9a-f]{3}:' \
        "$1: the hypervisor itself crashed"
}

# What each must say; Xen 4.17 is less clear.
case $HV in
xenlite)
    no_kernel='No dom0 kernel|cannot be used: it is not a .*ELF'
    not_kernel='cannot be used: it is not a .*ELF'
    not_pv='cannot be used: it has no Xen notes: not a PV-capable kernel'
    ;;
*)
    no_kernel='invalid compressed format|dom0 kernel not specified'
    not_kernel='Could not construct domain 0'
    not_pv='BUG at|Could not construct domain 0'
    ;;
esac

# no kernel at all: the RAM file system is the first module
kernel='' extra_modules=-M
bad_case missing-module "$no_kernel"
extra_modules=''

# not a kernel
head -c 1048576 /dev/zero >"$work/zeros"
kernel=$work/zeros
bad_case not-a-kernel "$not_kernel"

# half a kernel (Xen 4.17 takes a page fault over it)
if [ "$HV" != xen ]; then
    head -c 4194304 "$good_kernel" >"$work/half"
    kernel=$work/half
    bad_case truncated-bzimage 'cannot be used: it is truncated'
fi

# an ELF program that knows nothing of Xen
kernel=$root/bin/busybox
bad_case not-pv-capable "$not_pv"

# a damaged initial RAM file system: dom0's kernel says so, and gives up
kernel=$good_kernel
head -c 2000000 "$O/images/dom0.img" >"$work/broken.img"
head -c 500000 /dev/urandom >>"$work/broken.img"
echo "case corrupt-initrd"
"$top/scripts/mkiso.sh" -o "$work/boot.iso" -x "$hypervisor" -k "$kernel" \
    -i "$work/broken.img" \
    -X "dom0_mem=512M,max:512M console=com1 com1=115200,8n1 noreboot" \
    -K "console=hvc0 earlyprintk=xen panic=1"
until=$stop'|[Mm]achine is halted|rebooting machine|Hardware Dom0'
reboot_boot -s 1
cp "$log" "$work/corrupt-initrd.log"
expect 'Initramfs unpacking failed|Kernel panic' 'corrupt-initrd: dom0 is silent'
reject 'fault while panicking|FATAL TRAP' 'corrupt-initrd: the hypervisor crashed'

# more memory for dom0 than there is: a smaller dom0, or a message
echo "case dom0-mem-too-large"
dom0_mem=64G
dom0_args='xl.services=none'
until=$stop'|^XL-STAGE dom0-userspace'
boot -s 1
expect '^XL-STAGE dom0-userspace|dom0_mem|[Nn]ot enough|[Oo]ut of|too (large|small)' \
    'dom0-mem-too-large: neither a message nor a dom0'
pass
