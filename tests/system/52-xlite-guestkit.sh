#!/bin/sh
# SPDX-License-Identifier: MIT
# The domain builder, judged by guests that look at what they were given:
# plain ELF images with and without the notes for a hypercall page, for a p2m
# outside the mapping, for a ramdisk by frame number.
. "$(dirname "$0")/lib.sh"
limit=900
dom0_file "$O/xlite" usr/sbin/xlite
for guest in hello hello-p2m hello-page domu; do
    dom0_file "$O/guest/$guest.elf" "guest/$guest.elf"
done

dom0_script <<'DOM0'
ended() { ! xlite list "$1" >/dev/null 2>&1; }
# domu is done in no time, and looks whether xenconsoled is there.
has_console() {
    [ -n "$(xenstore-read "/local/domain/$(guest_id "$1")/console/tty")" ]
}
passed() { tr -d '\r' <"$(guest_log "$1")" | grep -q '^RESULT PASS'; }

# run GUEST ELF LINE...: until it says its result and is gone
run() {
    g=$1 elf=$2
    shift 2
    {
        printf 'name = "%s"\nkernel = "/guest/%s.elf"\n' "$g" "$elf"
        printf 'extra = "guestkit name=%s"\n' "$elf"
        printf 'memory = 64\non_reboot = "destroy"\n'
        for line in "$@"; do echo "$line"; done
    } >"/run/$g.cfg"
    check "create $g" xlite create -p "/run/$g.cfg"
    [ "$g" != domu ] ||
        check "$g has a console" wait_for 60 has_console "$g"
    check "unpause $g" xlite unpause "$g"
    check "$g says its result" guest_wait "$g" 200 '^RESULT (PASS|FAIL)'
    check "$g passed" passed "$g"
    guest_line "$g" '^(not ok|RESULT)'
    check "$g is gone" wait_for 60 ended "$g"
}

head -c 5000 /dev/zero >/run/zeroes
(cd /run && echo zeroes | cpio -o -H newc) >/run/ramdisk 2>/dev/null
run hello hello 'vcpus = 2'
run p2m hello-p2m
run page hello-page 'ramdisk = "/run/ramdisk"'
run domu domu 'vcpus = 2' 'maxvcpus = 4'
checks_end
DOM0
script_passes -s 2
