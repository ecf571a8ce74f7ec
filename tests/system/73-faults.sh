#!/bin/sh
# SPDX-License-Identifier: MIT
# Guests with devices that misbehave: one writes garbage into its rings, one
# is destroyed in the middle of its work. Another guest goes on, dom0 goes on,
# everything is released.
. "$(dirname "$0")/lib.sh"
with_guest
limit=1200
dom0_guest badring
dom0_script <<'DOM0'
mkdir -p /run/www
truncate -s 32M /run/a.img
truncate -s 4M /run/bad.img
dd if=/dev/urandom of=/run/www/f bs=64k count=64 2>/dev/null
sum=$(md5sum </run/www/f | cut -d' ' -f1)
httpd -p 80 -h /run/www
before=$(free_mib)
guest_config work 'extra = "console=hvc0 quiet xl.mode=agent"' \
    'memory = 192' 'disk = [ "/run/a.img,raw,xvda,w" ]' 'vif = [ "" ]'
guest_config peer 'extra = "console=hvc0 quiet xl.mode=agent"' \
    'memory = 128' 'vcpus = 1' 'vif = [ "" ]'
guest_config bad 'kernel = "/guest/badring.elf"' 'memory = 32' 'vcpus = 1' \
    'on_poweroff = "destroy"' 'on_crash = "destroy"' \
    'disk = [ "/run/bad.img,raw,xvda,w" ]' 'vif = [ "" ]'
sed -i '/ramdisk/d' /run/bad.cfg
up() { # GUEST LAST_OF_ADDRESS
    rm -f "$(guest_log "$1")"
    check "create $1" "$TOOL" create "/run/$1.cfg" || exit 1
    check "$1 is up" guest_wait "$1" 200 '^XL-STAGE guest-agent' || exit 1
    check "its address" guest_run "$1" 60 \
        "wait_for 20 ifconfig eth0 192.168.77.$2"
}
up work 2
works() {
    guest_run work 120 "cd /tmp && wget -q -O f http://192.168.77.1/f &&
        dd if=f of=/dev/xvda bs=64k conv=fsync 2>/dev/null && rm f &&
        dd if=/dev/xvda bs=64k count=64 iflag=direct 2>/dev/null |
        md5sum | grep $sum"
}
check "it works" works

check "a guest that lies" "$TOOL" create /run/bad.cfg
check "the other works beside it" works
check "it has told all its lies" guest_wait bad 200 '^RESULT PASS'
guest_line bad '^device|^not ok|^RESULT'
dmesg | grep -E 'xen-blkback|vif' | tail -n 20
check "blkback met them" sh -c 'dmesg | grep "bogus ring requests"'
check "netback met them" sh -c \
    'dmesg | grep -E "Impossible number of requests|fatal error"'
bad_gone() { [ -z "$(guest_id bad)" ]; }
check "it is gone" wait_for 60 bad_gone
check "the other still works" works
check "references" audit_clean
sed -i 's/^name.*/&\nextra = "forever"/' /run/bad.cfg
writes() {
    cat "/sys/bus/xen-backend/devices/vbd-$(guest_id work)-51712/statistics/wr_req"
}
writes_more() { [ "$(writes)" -gt "$had" ]; }
heavy() {
    check "heavy work" guest_run work 20 '(while :; do
        dd if=/dev/zero of=/dev/xvda bs=64k count=400 oflag=direct; done) \
        2>/run/l & (while :; do wget -q -O /dev/null http://192.168.77.1/f;
        done) & sleep 2'
    had=$(writes)
    check "it is under way" wait_for 20 writes_more
}
all_gone() {
    check "loop devices and interfaces are free" wait_for 30 no_devices
    check "no entries left" wait_for 20 no_entries
    check "dom0 is alone" [ "$("$TOOL" list | wc -l)" = 2 ]
}
heavy
check "destroyed in the middle of it" "$TOOL" destroy work
all_gone
check "all memory is free again" wait_for 30 same_memory

# Once more, with others, and to the page: dom0's tables have grown by now.
pages=$(free_pages)
check "it comes again" "$TOOL" create /run/bad.cfg
up peer 3
up work 2
heavy
check "destroyed in the middle of it" "$TOOL" destroy work
check "another guest goes on" guest_run peer 60 'ping -c 1 192.168.77.1'
check "and the one that lies" "$TOOL" destroy bad
check "the other goes on" guest_run peer 60 'ping -c 3 192.168.77.1'
check "destroyed idle" "$TOOL" destroy peer
all_gone
check "every page is free again" wait_for 30 same_pages
check "references afterwards" audit_clean
checks_end
DOM0
dom0_passes -s 2
