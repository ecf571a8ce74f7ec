#!/bin/sh
# SPDX-License-Identifier: MIT
# Disks for a guest from dom0's own xen-blkback: an image file, a read-only
# one, a device of dom0; what is written is there after a fresh mount, and in
# dom0; hot attach and detach; nothing is left behind.
. "$(dirname "$0")/lib.sh"
with_guest
limit=900
truncate -s 32M "$work/vda.raw"
qemu_more="-drive if=none,id=v0,format=raw,file=$work/vda.raw,discard=unmap
    -device virtio-blk-pci,drive=v0"
dom0_script <<'DOM0'
modprobe -a virtio_pci virtio_blk ext4
d=/run/disks
mkdir -p $d /mnt
truncate -s 48M $d/a.img
dd if=/dev/urandom of=$d/ro.img bs=64k count=64 2>/dev/null
cp $d/ro.img $d/hot.img
sum() { md5sum <"$1" | cut -d' ' -f1; }
ro_sum=$(sum $d/ro.img)
before=$(free_mib)
loops() { losetup -a | grep -c "$1"; }
in_guest() { # WHAT COMMAND: a check that the guest makes
    check "$1" guest_run disks 120 "$2"
}

guest_config disks 'extra = "console=hvc0 quiet xl.mode=agent"' \
    "disk = [ '$d/a.img,raw,xvda,rw',
    'format=raw,vdev=xvdb,access=ro,target=$d/ro.img' ]"
# (No more at once: xl gives scripts 40 s, all at the same time.)
check "create with two disks" "$TOOL" create -p /run/disks.cfg || exit 1
check "and one of dom0's" "$TOOL" block-attach disks 'phy:/dev/vda,xvdc,w'
"$TOOL" unpause disks
check "guest is up" guest_wait disks 200 '^XL-STAGE guest-agent' || exit 1
in_guest "three disks" 'wait_for 20 test -b /dev/xvdc && test -b /dev/xvda &&
    test -b /dev/xvdb'
"$TOOL" block-list disks
check "block-list" [ "$("$TOOL" block-list disks | grep -c '^51[79]')" = 3 ]

in_guest "file system" 'mke2fs /dev/xvda >/dev/null; mkdir /mnt;
    mount -t ext2 /dev/xvda /mnt'
in_guest "written and flushed" \
    'dd if=/dev/urandom of=/mnt/f bs=64k count=192 conv=fsync'
in_guest "sum" 'cd /mnt && md5sum f >f.md5 && cat f.md5'
file_sum=$(guest_output disks | grep -o '^[0-9a-f]\{32\}')
in_guest "fresh mount, same data" 'umount /mnt;
    echo 3 >/proc/sys/vm/drop_caches; mount -t ext2 /dev/xvda /mnt &&
    cd /mnt && md5sum -c f.md5'
in_guest "unmount" 'umount /mnt'
in_guest "read-only disk reads" "md5sum </dev/xvdb | grep -q $ro_sum"
in_guest "read-only disk refuses" \
    '! dd if=/dev/zero of=/dev/xvdb bs=4k count=1 conv=fsync'
in_guest "direct, one 1 MiB request at a time" \
    'dd if=/dev/xvdb of=/dev/xvdc bs=1M oflag=direct &&
    dd if=/dev/xvdc bs=64k count=64 iflag=direct | md5sum | grep -q '"$ro_sum"
check "device of dom0 holds it" \
    [ "$(dd if=/dev/vda bs=1M count=4 2>/dev/null | md5sum | cut -d" " -f1)" = "$ro_sum" ]
in_guest "a queue for each vCPU" '[ $(ls /sys/block/xvda/mq | wc -l) = 2 ]'
in_guest "indirect descriptors" \
    '[ $(cat /sys/block/xvda/queue/max_segments) -gt 11 ]'
in_guest "flushes" 'grep "write back" /sys/block/xvda/queue/write_cache'

id=$(guest_id disks)
for end in "0/backend/vbd/$id" "$id/device/vbd"; do
    check "persistent grants: $end" [ "$(xenstore-read \
        "/local/domain/$end/51712/feature-persistent")" = 1 ]
done
echo 1 >/sys/module/xen_blkback/parameters/log_stats
in_guest "reads" 'dd if=/dev/xvda of=/dev/null bs=4k count=9 iflag=direct'
echo 0 >/sys/module/xen_blkback/parameters/log_stats
dmesg | grep 'pg: '
check "grants are kept" sh -c 'dmesg | grep -E "pg: +[1-9]"'
check "flushes reach dom0" [ "$(cat \
    "/sys/bus/xen-backend/devices/vbd-$id-51712/statistics/f_req")" -gt 0 ]
in_guest "each CPU reads" 'for cpu in 0 1; do for disk in a b c; do
    taskset -c $cpu dd if=/dev/xvd$disk of=/dev/null bs=4k count=64 \
    iflag=direct || exit 1; done; done'
in_guest "by a queue of its own" 'grep blkif /proc/interrupts;
    awk "/blkif/ { n++; if (\$2 + \$3 < 20) bad = 1 }
    END { exit bad || n != 6 }" /proc/interrupts'

check "hot attach" "$TOOL" block-attach disks "$d/hot.img,raw,xvdd,w"
in_guest "hot disk appears" 'wait_for 20 test -b /dev/xvdd'
in_guest "hot disk reads" "md5sum </dev/xvdd | grep -q $ro_sum"
in_guest "discard" 'blkdiscard -o 1048576 -l 1048576 /dev/xvdd &&
    dd if=/dev/xvdd bs=1M skip=1 count=1 iflag=direct | tr -d "\0" | wc -c |
    grep -x 0'
check "discard frees dom0's blocks" [ "$(du -k $d/hot.img | cut -f1)" = 3072 ]
check "four listed" [ "$("$TOOL" block-list disks | grep -c '^51[79]')" = 4 ]
check "hot detach" "$TOOL" block-detach disks xvdd
in_guest "hot disk goes" 'wait_for 20 test ! -e /dev/xvdd'
no_hot() { [ "$(loops hot.img)" = 0 ]; }
check "its loop device is free" wait_for 20 no_hot

check "destroy" "$TOOL" destroy disks
check "loop devices are free" wait_for 20 no_devices
check "no entries left" wait_for 20 no_entries
mount -t ext2 -o loop,ro $d/a.img /mnt
check "the image holds the file" [ "$(sum /mnt/f)" = "$file_sum" ]
umount /mnt
check "all of its memory is free again" wait_for 30 same_memory
check "references afterwards" audit_clean
check "no warning" sh -c '! dmesg | grep -E "WARNING: CPU|BUG:"'
cat /var/log/xen/xen-hotplug.log
checks_end
DOM0
dom0_passes -s 2
