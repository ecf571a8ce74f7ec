#!/bin/sh
# SPDX-License-Identifier: MIT
# dom0 drives a disk on AHCI (MSI), one on virtio (MSI-X) and network cards by
# level interrupt and MSI-X: what it writes it reads back after a fresh mount,
# QEMU's gateway answers, and the interrupts were counted.
. "$(dirname "$0")/lib.sh"
dom0_args='xl.services=none'
dom0_script <<'DOM0'
modprobe ahci; modprobe sd_mod; modprobe virtio_pci; modprobe virtio_blk
modprobe crc32c_generic; modprobe ext4; modprobe e1000; modprobe virtio_net; modprobe e1000e
sleep 2

disk_works() {
    mke2fs -q "$1" && mkdir -p /mnt && mount -t ext4 "$1" /mnt &&
        dd if=/dev/urandom of=/mnt/file bs=64k count=64 2>/dev/null &&
        before=$(sha256sum </mnt/file) && umount /mnt &&
        echo 3 >/proc/sys/vm/drop_caches && mount -t ext4 "$1" /mnt &&
        after=$(sha256sum </mnt/file) && umount /mnt &&
        [ "$before" = "$after" ]
}

net_works() {
    ip link set "$1" up && ip addr add "$2/24" dev "$1" && sleep 3 &&
        ping -c 3 -w 20 -I "$1" "$3"
    rc=$?
    grep "$1" /proc/interrupts
    ip addr flush dev "$1"; ip link set "$1" down
    return $rc
}

level_net_works() {
    net_works "$@" >/tmp/level && cat /tmp/level &&
        grep -q 'xen-pirq.*-ioapic-level.*eth' /tmp/level
}

check "a disk on AHCI" disk_works /dev/sda
check "a disk on virtio" disk_works /dev/vda
for card in /sys/class/net/eth*; do
    driver=$(basename "$(readlink "$card/device/driver")")
    [ "$driver" != virtio_net ] || virtio=$(basename "$card")
    case $driver in
    e1000) check "e1000 by level interrupt" level_net_works ${card##*/} 10.0.2.15 10.0.2.2 ;;
    e1000e) check "e1000e by MSI-X" net_works ${card##*/} 10.0.3.15 10.0.3.2 ;;
    virtio_net) check "virtio-net by MSI-X" net_works ${card##*/} 10.0.4.15 10.0.4.2 ;;
    esac
    cards="$cards $driver"
done
echo "cards:$cards"
grep -E 'ahci|virtio|eth' /proc/interrupts
check "three cards" [ "$(echo $cards | wc -w)" = 3 ]
check "AHCI by MSI" grep -q 'xen-pirq.*-msi.*ahci' /proc/interrupts
check "virtio by MSI-X" grep -q 'xen-pirq.*-msi-x.*virtio' /proc/interrupts
check "no line was lost" sh -c '! dmesg | grep -E "nobody cared|WARNING: CPU|Oops|NETDEV WATCHDOG|failed command"'
checks_end
DOM0
mkdir -p "$work"
truncate -s 64M "$work/ahci.img" "$work/virtio.img"
qemu_more="-device virtio-blk-pci,drive=disk1
    -drive if=none,id=disk1,format=raw,file=$work/virtio.img
    -netdev user,id=net0,net=10.0.2.0/24 -device e1000,netdev=net0,romfile=
    -netdev user,id=net1,net=10.0.3.0/24 -device e1000e,netdev=net1,romfile=
    -netdev user,id=net2,net=10.0.4.0/24
    -device virtio-net-pci,netdev=net2,romfile="
script_passes -s 2 -d "$work/ahci.img"
