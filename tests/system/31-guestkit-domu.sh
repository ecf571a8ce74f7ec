#!/bin/sh
# SPDX-License-Identifier: MIT
# The example guests beside dom0: built by the tools, on console rings.
. "$(dirname "$0")/lib.sh"
examples='domu hello pvbasic denials stress'
for example in $examples; do
    [ -e "$O/guest/$example.elf" ] ||
        make -s -C "$top" O="$O" "$O/guest/$example.elf"
    dom0_file "$O/guest/$example.elf" "guest/$example.elf"
done
dom0_script <<'DOM0'
for example in domu hello pvbasic denials stress; do
    cat >"/run/$example.cfg" <<CONFIG
name = "$example"
kernel = "/guest/$example.elf"
extra = "guestkit name=$example"
memory = 64
vcpus = 2
uuid = "00000000-0000-0000-0000-$(echo "$example" | md5sum | cut -c1-12)"
on_poweroff = "destroy"
on_reboot = "destroy"
on_crash = "destroy"
CONFIG
    check "create $example" "$TOOL" create "/run/$example.cfg"
    check "$example says its result" guest_wait "$example" 200 '^RESULT'
    check "$example passes" grep -q '^RESULT PASS' "$(guest_log "$example")"
    guest_line "$example" '^not ok|^RESULT|^guest panic|^unexpected'
    gone() { [ -z "$(guest_id "$example")" ]; }
    check "$example gone" wait_for 60 gone
done
checks_end
DOM0
limit=1200
script_passes -s 2
