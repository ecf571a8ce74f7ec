#!/bin/sh
# SPDX-License-Identifier: MIT
# xlite and bad input: each case has its exit code and a message that names
# the cause, and leaves nothing behind: no domain, no page, no entry.
. "$(dirname "$0")/lib.sh"
with_guest
limit=1700
dom0_file "$O/xlite" usr/sbin/xlite

dom0_script <<'DOM0'
free_pages() { xlite info | sed -n 's/^free_pages *: //p'; }
# dom0's own grant and event tables grow by a page now and then, and stay.
same_pages() {
    now=$(free_pages)
    echo "free pages: $pages before, $now now"
    [ $((pages - now)) -le 4 ] && [ $((now - pages)) -le 4 ]
}
domains() { xenstore-list /local/domain 2>/dev/null | wc -l; }
no_xenstored() { ! pidof xenstored >/dev/null; }

# refused CODE WORDS COMMAND...: it fails with CODE and says WORDS
refused() {
    code=$1 words=$2
    shift 2
    status=0
    "$@" >/run/said 2>&1 || status=$?
    sed 's/^/> /' /run/said
    [ "$status" = "$code" ] && grep -q -F -e "$words" /run/said
}

guest_config bad 'extra = "console=hvc0"'
cfg=/run/bad.cfg
pages=$(free_pages)
echo 'name = = 3' >/run/malformed.cfg
echo 'name = "x"' >/run/no-kernel.cfg
head -c 3000000 /guest/vmlinuz >/run/cut-kernel
head -c 300000 /guest/guest.img >/run/cut-initrd
cp /guest/guest.img /run/bad-initrd
printf 'damage' | dd of=/run/bad-initrd bs=1 seek=200000 conv=notrunc 2>/dev/null

check "unknown command" refused 2 "unknown command" xlite frobnicate
check "bad option" refused 2 usage xlite list --colour
check "unknown domain" refused 3 "no domain 'nobody'" xlite destroy nobody
check "unknown number" refused 3 "no domain '77'" xlite pause 77
check "dom0 stays" refused 1 "domain 0" xlite destroy 0
check "no such file" refused 4 "No such file" xlite create /run/absent.cfg
check "malformed configuration" refused 4 "malformed.cfg:1:" xlite create /run/malformed.cfg
check "no kernel named" refused 4 "no kernel" xlite create /run/no-kernel.cfg
check "bad value" refused 4 "memory=lots" xlite create $cfg 'memory="lots"'
check "disk missing" refused 4 "/dev/x: No such file" xlite create $cfg 'disk=["phy:/dev/x,xvda,w"]'
check "disk of another format" refused 4 "qemu-img" xlite create $cfg 'disk=["/x,qcow2,xvda,w"]'
check "bridge missing" refused 1 "Could not find bridge" xlite create $cfg 'vif=["bridge=none"]'
check "devices of no guest" refused 3 "no domain" xlite block-list nobody
check "kernel missing" refused 7 "No such file" xlite create $cfg 'kernel="/guest/absent"'
check "not a PV kernel" refused 7 "not PV-capable" xlite create $cfg 'kernel="/bin/busybox"'
check "truncated bzImage" refused 7 truncated xlite create $cfg 'kernel="/run/cut-kernel"'
check "ramdisk is something else" refused 7 "not an initial ramdisk" xlite create $cfg 'ramdisk="/run/bad.cfg"'
check "truncated ramdisk" refused 7 damaged xlite create $cfg 'ramdisk="/run/cut-initrd"'
check "corrupt ramdisk" refused 7 damaged xlite create $cfg 'ramdisk="/run/bad-initrd"'
check "too small for its kernel" refused 7 "raise 'memory'" xlite create $cfg memory=64
check "larger than free memory" refused 8 "are free" xlite create $cfg memory=60000
check "bad CPU list" refused 4 "cpus=" xlite create $cfg 'cpus="0-99"'
check "nothing is left" wait_for 30 same_pages
check "no entries are left" [ "$(domains)" = 1 ]

check "first of a name" xlite create -n -p $cfg
check "second of a name" refused 9 "'bad' exists already" xlite create -n -p $cfg
check "second of a uuid" refused 9 "same uuid" xlite create -n -p $cfg 'name="other"'
check "destroy" xlite destroy bad
check "again nothing is left" wait_for 30 same_pages

# A signal in the middle of creation leaves nothing either.
xlite create -n $cfg &
while [ "$(xlite list | wc -l)" = 2 ]; do :; done
kill -TERM $!
wait $! && echo "create survived the signal"
check "interrupted creation leaves nothing" wait_for 60 same_pages
check "and no entries" [ "$(domains)" = 1 ]

kill -9 "$(pidof xenstored)"
check "xenstored is dead" wait_for 10 no_xenstored
check "create without xenstored" refused 6 "xenstored does not answer" xlite create $cfg
check "list without xenstored" refused 0 "names are unknown" xlite list
check "console without xenstored" refused 3 "xenstored does not answer" xlite console bad
check "still nothing is left" wait_for 30 same_pages
same_pages
checks_end
DOM0
script_passes -s 2
