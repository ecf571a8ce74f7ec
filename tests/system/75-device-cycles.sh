#!/bin/sh
# SPDX-License-Identifier: MIT
# Guests with a disk and an interface come and go: 200 small ones, and ten that
# run Linux and use them. Every page, loop device and node is given back.
. "$(dirname "$0")/lib.sh"
with_guest
limit=3400
[ -e "$O/guest/spin.elf" ] || make -s -C "$top" O="$O" "$O/guest/spin.elf"
dom0_file "$O/guest/spin.elf" guest/spin.elf
dom0_script <<'DOM0'
truncate -s 8M /run/a.img
guest_config cycle 'extra = "console=hvc0 quiet xl.mode=agent"' \
    'memory = 128' 'disk = [ "/run/a.img,raw,xvda,w" ]' 'vif = [ "" ]'
sed -e '/ramdisk/d' -e 's|^kernel.*|kernel = "/guest/spin.elf"|' \
    -e 's/^memory.*/memory = 16/' -e 's/^vcpus.*/vcpus = 1/' \
    /run/cycle.cfg >/run/small.cfg
free_memory() {
    "$TOOL" info | awk '/^free_memory/ { free = $3 "M" }
        /^free_pages/ { pages = $3 } END { print pages ? pages : free }'
}
gone() { [ -z "$(guest_id cycle)" ]; }
same() { [ "$(free_memory)" = "$before" ]; }
nothing_left() {
    [ -z "$(losetup -a)$(ls /sys/class/net | grep vif)" ] &&
        [ -z "$(xenstore-ls /local/domain/0/backend; xenstore-ls /libxl)" ]
}
small() {
    "$TOOL" create /run/small.cfg >/dev/null && "$TOOL" destroy cycle &&
        wait_for 60 gone
}
linux() {
    rm -f "$(guest_log cycle)"
    "$TOOL" create /run/cycle.cfg >/dev/null &&
        guest_wait cycle 200 '^XL-STAGE guest-agent' &&
        guest_run cycle 60 'wait_for 20 test -b /dev/xvda &&
            ifconfig eth0 192.168.77.2 && ping -c 1 192.168.77.1 &&
            dd if=/dev/urandom of=/dev/xvda bs=64k count=16 oflag=direct' &&
        "$TOOL" destroy cycle && wait_for 60 gone
}
# The first make dom0's own tables in the hypervisor grow; they stay.
check "a first small guest" small
check "a first Linux guest" linux
before=$(free_memory)
n=1
while [ $n -le 10 ]; do
    i=0
    while [ $i -lt 20 ]; do
        small || check "small guest $n.$i" false
        i=$((i + 1))
    done
    check "Linux guest $n" linux
    check "round $n: nothing is left" wait_for 30 nothing_left
    check "round $n: every page" wait_for 30 same
    echo "free: $before before, $(free_memory) now"
    n=$((n + 1))
done
check "references" audit_clean
checks_end
DOM0
boot -s 2
script_ended_well
ended_by poweroff
pass
