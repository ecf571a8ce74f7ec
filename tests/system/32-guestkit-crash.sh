#!/bin/sh
# SPDX-License-Identifier: MIT
# Guests that die in every way there is: each is gone afterwards, with all of
# its memory, and dom0 goes on.
. "$(dirname "$0")/lib.sh"
elf=$O/guest/crash.elf
[ -e "$elf" ] || make -s -C "$top" O="$O" "$elf"
dom0_file "$elf" guest/crash.elf
dom0_script <<'DOM0'
kinds='no-handler stack-in-hypervisor stack-at-hypervisor-end stack-unmapped
    stack-noncanonical stack-readonly iret-without-frame user-without-table
    user-without-stack unmap-code shutdown-crash mess spin'
before=$(free_mib)
gone() { [ -z "$(guest_id crash)" ]; }
same_memory() { [ "$(free_mib)" = "$before" ]; }
for kind in $kinds; do
    cat >/run/crash.cfg <<CONFIG
name = "crash"
kernel = "/guest/crash.elf"
extra = "guestkit kind=$kind"
memory = 32
vcpus = 2
uuid = "00000000-0000-0000-0000-000000000001"
on_poweroff = "destroy"
on_reboot = "destroy"
on_crash = "destroy"
CONFIG
    check "create $kind" "$TOOL" create /run/crash.cfg
    check "$kind is tried" guest_wait crash 60 "^crash: kind=$kind"
    [ "$kind" != spin ] || check "destroy" "$TOOL" destroy crash
    check "$kind is gone" wait_for 60 gone
    ! grep -E '^not ok|^guest panic' "$(guest_log crash)"
    check "$kind did not survive" [ $? = 0 ]
    rm -f "$(guest_log crash)"
done
check "all memory is free again" wait_for 30 same_memory
checks_end
DOM0
limit=1200
script_passes -s 2
