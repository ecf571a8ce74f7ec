#!/bin/sh
# SPDX-License-Identifier: MIT
# What guests' devices need runs out, or goes: handles to map their pages with,
# entries to grant with in dom0 and in a guest, room below an image, the back
# ends, and at last xenstored. What can go on goes on, the rest is said, and
# what a guest had is given back.
. "$(dirname "$0")/lib.sh"
with_guest
limit=900
dom0_guest spin
dom0_program grantfill
# Handles for some guests' rings and console, not for many pages of data.
hv_args='gnttab_max_maptrack_frames=1 gnttab_max_frames=8'
dom0_script <<'DOM0'
truncate -s 32M /run/a.img
truncate -s 32M /run/b.img
truncate -s 4M /run/t.img
mkdir /run/small
mount -t tmpfs -o size=2m tmpfs /run/small
truncate -s 16M /run/small/c.img
agent='extra = "console=hvc0 quiet xl.mode=agent"'
disk_a='disk = [ "/run/a.img,raw,xvda,w" ]'
guest_config work "$agent" 'memory = 192' 'vif = [ "" ]' \
    'disk = [ "/run/a.img,raw,xvda,w", "/run/b.img,raw,xvdb,w",
    "/run/small/c.img,raw,xvdc,w" ]'
guest_config poor "$agent" 'memory = 128' 'vcpus = 1' 'max_grant_frames = 2' \
    'vif = [ "", "" ]' "$disk_a"
guest_config other "$agent" 'memory = 128' 'vcpus = 1' \
    'disk = [ "/run/b.img,raw,xvda,w" ]'
guest_config tiny 'kernel = "/guest/spin.elf"' 'memory = 16' 'vcpus = 1' \
    'vif = [ "" ]' 'disk = [ "/run/t.img,raw,xvda,w" ]'
sed -i '/ramdisk/d' /run/tiny.cfg

in_guest() { # GUEST WHAT COMMAND
    check "$1: $2" guest_run "$1" 200 "$3"
}
up() { # GUEST
    rm -f "$(guest_log "$1")"
    check "create $1" "$TOOL" create "/run/$1.cfg" || exit 1
    check "$1 is up" guest_wait "$1" 200 '^XL-STAGE guest-agent' || exit 1
    in_guest "$1" "disk" 'wait_for 20 test -b /dev/xvda'
}
tiny() {
    "$TOOL" create /run/tiny.cfg && "$TOOL" destroy tiny
}
destroy() { # GUEST
    check "destroy $1" "$TOOL" destroy "$1"
    check "no device left" wait_for 30 no_devices
    check "every page is free again" wait_for 30 same_pages
}
deep='for n in 0 1 2 3 4 5 6 7; do dd if=/dev/urandom of=$d bs=1M count=4 \
    seek=$((n * 4)) oflag=direct 2>/dev/null & done'

# What dom0's own tables grow to, they keep.
echo 5000 >/sys/module/xen_gntalloc/parameters/limit
grantfill >/run/filled &
filler=$!
check "dom0 grants all it can" wait_for 60 grep \
    'granted 40[0-9]*: No space' /run/filled
cat /run/filled
check "a first guest" tiny
check "no device" wait_for 30 no_devices
pages=$(free_pages)

up work
# More pages at once than dom0 has handles: slow or refused, never wrong.
in_guest work "two disks at once, deep" \
    "for d in /dev/xvda /dev/xvdb; do $deep; done; wait"
in_guest work "some of it was refused" 'dmesg | grep "I/O error"'
in_guest work "reads again" \
    'wait_for 90 dd if=/dev/xvda of=/dev/null bs=4k count=1 iflag=direct'
in_guest work "no room is an error" \
    '! dd if=/dev/urandom of=/dev/xvdc bs=64k count=100 oflag=direct'
in_guest work "what was there is readable" \
    'wait_for 90 dd if=/dev/xvdc of=/dev/null bs=4k count=4 iflag=direct'

# xenstored maps a page of each, too.
check "other guests come as soon as a handle is free" wait_for 120 tiny
kill $filler
wait
check "references" audit_clean

check "modules in use stay" sh -c '! rmmod xen-blkback'
id=$(guest_id work)
read='bs=64k count=4 iflag=direct'
in_guest work "reads once, and for ever" \
    "wait_for 90 dd if=/dev/xvda of=/run/before $read &&
    (while :; do dd if=/dev/xvdb of=/dev/null $read 2>/dev/null; done) & true"
for device in vbd/vbd-$id-51712 vbd/vbd-$id-51728 vbd/vbd-$id-51744 \
    vif/vif-$id-0; do
    check "unbind $device" sh -c \
        "echo ${device#*/} >/sys/bus/xen-backend/drivers/${device%/*}/unbind"
done
check "no block back end" rmmod xen-blkback
check "no network back end" rmmod xen-netback
in_guest work "goes on, and its disk waits" \
    "dd if=/dev/xvda of=/run/after $read & sleep 5; [ ! -s /run/after ]"
check "references without back ends" audit_clean
modprobe -a xen-blkback xen-netback
in_guest work "its disk goes on" \
    'wait_for 60 cmp /run/before /run/after'
destroy work

up poor
in_guest poor "no entries for its second interface" \
    'dmesg | grep "grant refs"; [ $(ls /sys/class/net | grep -c eth) = 1 ]'
in_guest poor "its disk waits for entries" \
    "d=/dev/xvda; $deep; wait; dd if=\$d bs=4k count=8 iflag=direct | wc -c"
destroy poor

sed -i 's/^disk.*/disk = [ "\/run\/a.img,raw,xvda,w" ]/; /xvdb\|xvdc/d' \
    /run/work.cfg
up work
up other
tty=$(xenstore-read "/local/domain/$(guest_id other)/console/tty")
id=$(guest_id work)
kill -9 "$(pidof xenstored)"
check "xenstored is dead" wait_for 10 sh -c '! pidof xenstored'
check "names are unknown" sh -c 'xlite destroy work 2>&1 | grep "try a number"'
free=$(free_pages)
xlite destroy "$id" >/run/said 2>&1
check "destroy by number: what cannot be done is said" \
    [ "$?$(grep -c 'until dom0 starts anew' /run/said)" = 61 ]
cat /run/said
check "all but what dom0 maps is free" \
    [ $(($(free_pages) - free)) -gt $((192 * 256 - 2000)) ]
echo "of 192 MiB, $(($(free_pages) - free)) pages are free"
echo 'dd if=/dev/xvda bs=64k count=64 iflag=direct of=/dev/null;
    echo io-$((6*7))' | tr '\n' ' ' >"$tty"
echo >"$tty"
check "other: its disk goes on" guest_wait other 60 '^io-42'
check "references, at last" audit_clean
checks_end
DOM0
dom0_passes -s 2
