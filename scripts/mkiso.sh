#!/bin/sh
# SPDX-License-Identifier: MIT
# Make a GRUB rescue ISO (BIOS and UEFI in one) that boots a hypervisor with
# a dom0 kernel, in the way and order of GRUB's own 20_linux_xen.
#
#   scripts/mkiso.sh -o ISO -k KERNEL [options]
#     -x FILE   hypervisor: xen-lite.elf, or Xen's own .gz (without: bare Linux)
#     -i FILE   initial RAM file system; may be repeated, they are joined
#     -X ARGS   hypervisor's command line
#     -K ARGS   dom0 kernel's command line
#     -m FILE   one more module, loaded last; may be repeated
#     -M        leave out the kernel module (for tests of bad input)
set -eu

iso='' kernel='' hypervisor='' initrds='' hv_args='' dom0_args='' modules=''
with_kernel=1
while getopts o:k:x:i:X:K:m:M opt; do
    case $opt in
    o) iso=$OPTARG ;;
    k) kernel=$OPTARG ;;
    x) hypervisor=$OPTARG ;;
    i) initrds="$initrds $OPTARG" ;;
    X) hv_args=$OPTARG ;;
    K) dom0_args=$OPTARG ;;
    m) modules="$modules $OPTARG" ;;
    M) with_kernel=0 ;;
    *) exit 2 ;;
    esac
done
[ -n "$iso" ] && { [ -n "$kernel" ] || [ $with_kernel = 0 ]; } || {
    sed -n '3,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/boot/grub"

# Each part keeps to a multiple of 4 bytes, as the kernel wants it.
join_initrds() {
    for file in $initrds; do
        cat "$file"
        rest=$(($(stat -L -c %s "$file") % 4))
        [ $rest = 0 ] || head -c $((4 - rest)) /dev/zero
    done
}

initrd_line=''
if [ -n "$initrds" ]; then
    join_initrds >"$tree/boot/initrd.img"
    initrd_line=/boot/initrd.img
fi
[ $with_kernel = 0 ] || cp -L "$kernel" "$tree/boot/vmlinuz"

{
    # All output to the first serial port, also from GRUB, which says when
    # it hands over: whoever watches the line can measure from there.
    echo 'serial --unit=0 --speed=115200'
    echo 'terminal_output serial'
    echo 'insmod all_video'
    if [ -z "$hypervisor" ]; then
        echo "linux /boot/vmlinuz $dom0_args"
        [ -z "$initrd_line" ] || echo "initrd $initrd_line"
    else
        case $hypervisor in
        *.gz) name=xen.gz ;;
        *) name=xen-lite.elf ;;
        esac
        cp -L "$hypervisor" "$tree/boot/$name"
        echo "multiboot2 /boot/$name placeholder $hv_args"
        [ $with_kernel = 0 ] ||
            echo "module2 /boot/vmlinuz placeholder $dom0_args"
        [ -z "$initrd_line" ] || echo "module2 --nounzip $initrd_line"
        n=0
        for file in $modules; do
            n=$((n + 1))
            cp -L "$file" "$tree/boot/module$n"
            echo "module2 --nounzip /boot/module$n"
        done
    fi
    echo 'echo XL-STAGE grub-handover'
    echo 'boot'
} >"$tree/boot/grub/grub.cfg"

find "$tree" -exec touch -h -d @0 {} +
# One fixed date: the same inputs give the same image.
if ! log=$(SOURCE_DATE_EPOCH=0 grub-mkrescue -o "$iso.tmp" \
    --fonts= --locales= --themes= \
    "$tree" -- -volume_date all_file_dates 1980010100000000 \
    -volume_date uuid 1980010100000000 2>&1); then
    echo "$log" >&2
    rm -f "$iso.tmp"
    exit 1
fi
mv "$iso.tmp" "$iso"
