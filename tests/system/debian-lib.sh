# SPDX-License-Identifier: MIT
# For system tests with Debian guests; sourced after lib.sh.
# shellcheck shell=sh disable=SC2154

# with_debian base|full: its root is dom0's /dev/vda; what is written is
# forgotten at the end. Kernel, initramfs and SSH come into dom0's image.
with_debian() {
    debian_folder=$O/images/debian-$1
    [ -e "$debian_folder/disk.img" ] || skip "no Debian disk (make debian)"
    extra_initrds="$extra_initrds -i $debian_folder/dom0.cpio"
    qemu_more="$qemu_more -drive if=none,id=debian,format=raw,snapshot=on\
,file=$debian_folder/disk.img -device virtio-blk-pci,drive=debian"
}

# with_outside: dom0 has a card on QEMU's user network (debian_outside), and
# xl.registry=yes if this host itself reaches Debian's packages without a proxy
with_outside() {
    qemu_more="$qemu_more -netdev user,id=outside
        -device virtio-net-pci,netdev=outside,romfile="
    registry=no
    ! python3 - <<'PYTHON' 2>/dev/null || registry=yes
import urllib.request as request

request.build_opener(request.ProxyHandler({})).open(
    "http://deb.debian.org/debian/dists/bookworm/InRelease", timeout=15
).read(1000)
PYTHON
    dom0_args="$dom0_args xl.registry=$registry"
}
