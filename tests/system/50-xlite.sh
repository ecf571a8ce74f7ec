#!/bin/sh
# SPDX-License-Identifier: MIT
# xlite against a running hypervisor: the whole life of a guest, with our own
# libxenctrl and then, the same binary but for the library, with Debian's.
. "$(dirname "$0")/lib.sh"
with_guest
limit=1700

# Which library serves each variant: ours leaves no libxenctrl to load.
needed() {
    readelf -d "$1" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p'
}
needed "$O/xlite" | grep -q -E 'libxen(ctrl|call|foreignmemory|light)' &&
    fail "xlite loads a foreign libxenctrl"
nm "$O/xlite" | grep -q ' T xc_domain_create$' ||
    fail "xlite does not hold our libxenctrl"
needed "$O/xlite-debian" | grep -q '^libxenctrl\.so' ||
    fail "xlite-debian does not load Debian's libxenctrl"
nm "$O/xlite-debian" | grep -q ' T xc_domain_create$' &&
    fail "xlite-debian holds a libxenctrl of its own"
dom0_file "$O/xlite" usr/sbin/xlite
dom0_file "$O/xlite-debian" usr/sbin/xlite-debian

dom0_script <<'DOM0'
field() { "$tool" list --json "$1" 2>/dev/null | sed -n "s/.*\"$2\": \"*\([^\",]*\).*/\1/p"; }
free_pages() { "$tool" info | sed -n 's/^free_pages *: //p'; }
gone() { ! "$tool" list "$1" >/dev/null 2>&1; }
state_is() { field "$1" state | grep -q "$2"; }
other_id() { now=$(field "$1" domid); [ -n "$now" ] && [ "$now" != "$2" ]; }
# dom0's own grant and event tables grow by a page now and then, and stay.
same_pages() { now=$(free_pages); [ $(($1 - now)) -le 4 ] && [ $((now - $1)) -le 4 ]; }
talks() { echo 'echo con-$((6*7))' | "$tool" console "$1" | grep -q con-42; }
no_leftovers() {
    xenstore-ls /local/domain /libxl /vm 2>/dev/null >/tmp/store
    ! grep -q "$1" /tmp/store
}

life() { # TOOL
    tool=$1
    g=life-$1
    pages=$(free_pages)
    check "$tool info names the ABI" sh -c "$tool info | grep -q '^xen_caps.*xen-3.0-x86_64'"
    check "$tool info --json is JSON" sh -c "$tool info --json | tail -n 1 | grep -qx '}'"
    check "$tool dmesg" sh -c "$tool dmesg | grep -q ."
    guest_config "$g" 'extra = "console=hvc0 xl.mode=demo xl.nonce=life"' \
        'cpus = "0-1"' 'cpu_weight = 512'
    check "$tool create -p" "$tool" create -p "/run/$g.cfg"
    check "paused" state_is "$g" p
    check "stock xl knows its name" sh -c "xl list 2>/dev/null | grep -q '^$g '"
    check "two vCPUs" sh -c "[ \$($tool vcpu-list $g | wc -l) = 3 ]"
    check "unpause" "$tool" unpause "$g"
    check "user space" guest_wait "$g" 300 '^XL-STAGE guest-userspace'
    check "answer" guest_wait "$g" 300 '^XL-ANSWER'
    check "console both ways" wait_for 120 talks "$g"
    check "pause" "$tool" pause "$g"
    check "pause twice is refused" sh -c "! $tool pause $g"
    check "unpause again" "$tool" unpause "$g"
    id=$(field "$g" domid)
    check "reboot -w" "$tool" reboot -w -t 120 "$g"
    check "the monitor starts it again" wait_for 120 other_id "$g" "$id"
    check "destroy" "$tool" destroy "$g"
    check "gone" wait_for 30 gone "$g"
    check "no entries left" no_leftovers "$g"
    check "every page is free again" wait_for 60 same_pages "$pages"
    echo "free pages: $pages before, $(free_pages) after"
}

life xlite
life xlite-debian
checks_end
DOM0
script_passes -s 2
