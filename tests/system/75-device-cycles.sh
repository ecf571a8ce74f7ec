#!/bin/sh
# SPDX-License-Identifier: MIT
# Guests with a disk and an interface come and go: 200 small ones, and ten that
# run Linux and use them (ROUNDS of twenty and one, ten by default). Every page,
# loop device and node is given back. A guest that reboots keeps its devices.
. "$(dirname "$0")/lib.sh"
with_guest
limit=$((300 + 300 * ${ROUNDS:-10}))
dom0_guest spin
dom0_args="xl.rounds=${ROUNDS:-10}"
dom0_script <<'DOM0'
truncate -s 8M /run/a.img
truncate -s 8M /run/b.img
guest_config cycle 'extra = "console=hvc0 quiet xl.mode=agent"' \
    'memory = 128' 'disk = [ "/run/a.img,raw,xvda,w" ]' 'vif = [ "" ]'
sed -e '/ramdisk/d' -e 's|^kernel.*|kernel = "/guest/spin.elf"|' \
    -e 's/^memory.*/memory = 16/' -e 's/^vcpus.*/vcpus = 1/' \
    /run/cycle.cfg >/run/small.cfg
gone() { [ -z "$(guest_id cycle)" ]; }
nothing_left() { no_devices && no_entries; }
small() {
    "$TOOL" create /run/small.cfg >/dev/null && "$TOOL" destroy cycle &&
        wait_for 60 gone
}
linux_up() {
    guest_wait cycle 200 '^XL-STAGE guest-agent' &&
        guest_run cycle 60 'wait_for 20 test -b /dev/xvda &&
            ifconfig eth0 192.168.77.2 && ping -c 1 192.168.77.1 &&
            dd if=/dev/urandom of=/dev/xvda bs=64k count=16 oflag=direct'
}
linux() {
    rm -f "$(guest_log cycle)"
    "$TOOL" create /run/cycle.cfg >/dev/null && linux_up
}
linux_ends() {
    "$TOOL" destroy cycle && wait_for 60 gone
}

# The first make dom0's own tables in the hypervisor grow; they stay.
check "a first small guest" small
check "a first Linux guest" linux
check "a second disk" "$TOOL" block-attach cycle /run/b.img,raw,xvdb,w
rm -f "$(guest_log cycle)"
check "it reboots" "$TOOL" reboot cycle
check "with what it had" linux_up
check "and the second disk" guest_run cycle 30 'wait_for 20 test -b /dev/xvdb'
check "it goes" linux_ends
check "nothing is left" wait_for 30 nothing_left
pages=$(free_pages)
n=1
while [ $n -le "$(option rounds 10)" ]; do
    i=0
    while [ $i -lt 20 ]; do
        small || check "small guest $n.$i" false
        i=$((i + 1))
    done
    check "Linux guest $n" linux && check "it goes" linux_ends
    check "round $n: nothing is left" wait_for 30 nothing_left
    check "round $n: every page" wait_for 30 same_pages
    stage "round $n: $pages pages before, $(free_pages) now"
    n=$((n + 1))
done
check "references" audit_clean
check "no warning" sh -c '! dmesg | grep -E "WARNING: CPU|BUG:"'
checks_end
DOM0
dom0_passes -s 2
