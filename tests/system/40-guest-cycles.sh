#!/bin/sh
# SPDX-License-Identifier: MIT
# Twenty guests in a row, destroyed at different points of their lives, give
# back every page: paused before their first instruction, booting, running.
. "$(dirname "$0")/lib.sh"
with_guest
limit=900
[ -e "$O/guest/spin.elf" ] || make -s -C "$top" O="$O" "$O/guest/spin.elf"
dom0_file "$O/guest/spin.elf" guest/spin.elf
dom0_script <<'DOM0'
guest_config cycle 'vcpus = 2' 'memory = 128' \
    'extra = "console=hvc0 quiet xl.mode=shell"'
# A small one, for most of the cycles: Linux takes long to unpack.
guest_config small 'kernel = "/guest/spin.elf"' 'name = "cycle"' \
    'vcpus = 2' 'memory = 64' 'extra = "guestkit name=spin"'
sed -i '/ramdisk/d' /run/small.cfg
# The tool's page count where it has one, else MiB.
free_memory() {
    "$TOOL" info | awk '/^free_memory/ { free = $3 "M" }
        /^free_pages/ { pages = $3 } END { print pages ? pages : free }'
}
same() { [ "$(free_memory)" = "$1" ]; }
all_back() {
    wait_for 10 same "$before" || {
        echo "free now: $(free_memory), before: $before"
        return 1
    }
}
gone() { [ -z "$(guest_id cycle)" ]; }
one() { # NUMBER: create, let it come so far, destroy
    rm -f "$(guest_log cycle)"
    case $1 in
    7 | 14) "$TOOL" create /run/cycle.cfg && guest_wait cycle 200 XL-STAGE ;;
    1 | 20) "$TOOL" create /run/cycle.cfg ;;
    3) "$TOOL" create -p /run/cycle.cfg ;;
    *[02468]) "$TOOL" create -p /run/small.cfg ;;
    *) "$TOOL" create /run/small.cfg ;;
    esac && "$TOOL" destroy cycle && wait_for 60 gone
}
# A first guest makes dom0's own tables in the hypervisor grow (event ports,
# grant handles): they stay. From then on it is the same count, to the page.
first=$(free_memory)
check "a first guest" one 1
before=$(free_memory)
echo "free at first: $first, after a first guest: $before"
n=1
while [ $n -le 20 ]; do
    check "cycle $n" one $n
    check "cycle $n: all is free again" all_back
    n=$((n + 1))
done
check "dom0 is alone" [ "$("$TOOL" list | wc -l)" = 2 ]
checks_end
DOM0
script_passes -s 2
