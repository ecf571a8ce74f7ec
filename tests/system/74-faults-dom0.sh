#!/bin/sh
# SPDX-License-Identifier: MIT
# dom0's side fails: no handle left to map a guest's page with, no room below
# an image, back ends unloaded under a guest, xenstored killed. What can go on goes on, the rest is
# said, and what a guest had is released.
. "$(dirname "$0")/lib.sh"
with_guest
limit=1700
# Room for some guests' rings and console, not for many pages of data.
hv_args='gnttab_max_maptrack_frames=1'
dom0_script <<'DOM0'
truncate -s 32M /run/a.img
truncate -s 32M /run/b.img
mkdir /run/small
mount -t tmpfs -o size=2m tmpfs /run/small
truncate -s 16M /run/small/c.img
before=$(free_mib)
in_guest() { # WHAT COMMAND
    check "$1" guest_run work 200 "$2"
}
guest_config work 'extra = "console=hvc0 quiet xl.mode=agent"' \
    'memory = 192' 'disk = [ "/run/a.img,raw,xvda,w", "/run/b.img,raw,xvdb,w",
    "/run/small/c.img,raw,xvdc,w" ]' \
    'vif = [ "" ]'
check "create" "$TOOL" create /run/work.cfg || exit 1
check "guest is up" guest_wait work 200 '^XL-STAGE guest-agent' || exit 1
# More pages at once than dom0 has handles: slow or refused, never wrong.
in_guest "both disks at once, deep" 'wait_for 20 test -b /dev/xvdb;
    for d in a b; do for n in 0 1 2 3 4 5 6 7; do
    dd if=/dev/urandom of=/dev/xvd$d bs=1M count=4 seek=$((n * 4)) \
    oflag=direct 2>/dev/null & done; done; wait; echo done'
in_guest "reads again" \
    'wait_for 90 dd if=/dev/xvda of=/dev/null bs=4k count=1 iflag=direct'
in_guest "no room is an error" \
    '! dd if=/dev/urandom of=/dev/xvdc bs=64k count=100 oflag=direct'
in_guest "what was there is readable" \
    'wait_for 90 dd if=/dev/xvdc of=/dev/null bs=4k count=4 iflag=direct'
check "references" audit_clean

rmmod xen-netback
rmmod xen-blkback
lsmod | grep -E 'xen_(blk|net)back'
check "dom0 goes on without back ends" "$TOOL" list
check "guest goes on" guest_run work 60 'true'
modprobe -a xen-blkback xen-netback
check "destroy after that" "$TOOL" destroy work
no_devices() { [ -z "$(losetup -a)$(ls /sys/class/net | grep vif)" ]; }
check "loop devices and interfaces are free" wait_for 30 no_devices
same_memory() { [ $((before - $(free_mib))) -le 1 ]; }
check "all memory is free again" wait_for 30 same_memory

check "create again" "$TOOL" create /run/work.cfg || exit 1
rm -f "$(guest_log work)"
kill -HUP "$(pidof xenconsoled)"
check "guest is up again" guest_wait work 200 '^XL-STAGE guest-agent' || exit 1
tty=$(xenstore-read "/local/domain/$(guest_id work)/console/tty")
in_guest "disk" 'wait_for 20 test -b /dev/xvdb'
kill -9 "$(pidof xenstored)"
check "xenstored is dead" wait_for 10 sh -c '! pidof xenstored'
echo 'dd if=/dev/xvda bs=64k count=64 iflag=direct of=/dev/xvdb oflag=direct; echo io-$((6*7))' >"$tty"
check "disks go on without it" guest_wait work 60 '^io-42'
check "references, at last" audit_clean
checks_end
DOM0
boot -s 2
script_ended_well
reject 'BUG:|Oops|general protection' 'dom0 was hurt'
ended_by poweroff
pass
