#!/bin/sh
# SPDX-License-Identifier: MIT
# xlite's commands for disks and networks, with our libxenctrl and then with
# Debian's, on guests that never run. What is wrong is said; what was given is
# taken back, to the page.
. "$(dirname "$0")/lib.sh"
limit=900
dom0_guest spin
dom0_file "$O/xlite" usr/sbin/xlite
dom0_file "$O/xlite-debian" usr/sbin/xlite-debian
dom0_script <<'DOM0'
truncate -s 4M /run/disk.img
truncate -s 4M /run/more.img
lines_of() { [ "$("$tool" "$1" g | wc -l)" = "$2" ]; }
refused() { # CODE WORDS COMMAND...
    code=$1 words=$2
    shift 2
    status=0
    "$@" >/run/said 2>&1 || status=$?
    [ "$status" = "$code" ] && grep -q -F -e "$words" /run/said && return 0
    sed "s/^/status $status: /" /run/said
    return 1
}
guest_config g 'kernel = "/guest/spin.elf"' 'memory = 16' \
    'vif = [ "mac=00:16:3e:00:00:07" ]' \
    'disk = [ "/run/disk.img,raw,xvda,w" ]'
sed -i '/ramdisk/d' /run/g.cfg

devices() { # TOOL
    tool=$1
    check "$tool create" "$tool" create -n -p /run/g.cfg || return
    check "list disks" sh -c "$tool block-list --json g | grep -q '\"xvda\"'"
    check "list interfaces" sh -c \
        "$tool network-list --json g | grep -q 00:16:3e:00:00:07"
    check "attach a disk" "$tool" block-attach g /run/more.img,raw,xvdb,r
    check "not twice" refused 1 "already" \
        "$tool" block-attach g /run/more.img,raw,xvdb,r
    check "no such image" refused 4 "No such file" \
        "$tool" block-attach g /none,raw,xvdc,r
    check "no such disk" refused 4 "has no 'xvdz'" "$tool" block-detach g xvdz
    check "no such guest" refused 3 "no domain" "$tool" block-list nobody
    check "attach an interface" "$tool" network-attach g mac=00:16:3e:00:00:08
    check "no such bridge" refused 1 "Could not find bridge" \
        "$tool" network-attach g bridge=none
    check "two of each" eval 'lines_of block-list 3 && lines_of network-list 3'
    check "detach the disk" "$tool" block-detach g xvdb
    check "detach the interface" "$tool" network-detach g 00:16:3e:00:00:08
    check "one of each" eval 'lines_of block-list 2 && lines_of network-list 2'
    check "less memory" "$tool" mem-set g 12m
    check "the guest is told" [ "$(xenstore-read \
        "/local/domain/$(guest_id g)/memory/target")" = 12288 ]
    check "not more than it may have" refused 4 "maxmem" "$tool" mem-set g 17
    check "no amount" refused 2 "must be a number" "$tool" mem-set g much
    check "destroy" "$tool" destroy g
    check "no devices left" wait_for 20 no_devices
    check "no entries left" no_entries
}
check "a first guest" xlite create -n -p /run/g.cfg && xlite destroy g
pages=$(free_pages)
devices xlite
check "every page is free again" wait_for 20 same_pages
devices xlite-debian
check "every page is free again, too" wait_for 20 same_pages
check "references" audit_clean
checks_end
DOM0
dom0_passes -s 2
