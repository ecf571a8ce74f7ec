#!/bin/sh
# SPDX-License-Identifier: MIT
# CPU time of guests that want all they can get, on one CPU: weights 1:2:4,
# then a cap. Read from the stock tool's accounts; dom0 stays on the other CPU.
. "$(dirname "$0")/lib.sh"
[ -e "$O/guest/spin.elf" ] || make -s -C "$top" O="$O" "$O/guest/spin.elf"
dom0_file "$O/guest/spin.elf" guest/spin.elf
dom0_script <<'DOM0'
xl vcpu-pin 0 all 0
# spinner NAME WEIGHT
spinner() {
    cat >"/run/$1.cfg" <<CONFIG
name = "$1"
kernel = "/guest/spin.elf"
extra = "guestkit name=$1"
memory = 16
vcpus = 1
cpus = "1"
cpu_weight = $2
uuid = "00000000-0000-0000-0000-$(echo "$1" | md5sum | cut -c1-12)"
CONFIG
    check "create $1" xl create "/run/$1.cfg"
}
# NAME's CPU time in tenths of a second, from a list taken at one moment
used() {
    awk -v name="$2" '$1 == name {printf "%d\n", $NF * 10}' "$1"
}
since() {
    echo $(($(used /run/after "$1") - $(used /run/before "$1")))
}
measure() {
    start=$(cut -d ' ' -f 1 /proc/uptime)
    xl list >/run/before
    sleep 20
    xl list >/run/after
    # The list is the last thing that xl does, so this is long enough.
    span=$(awk -v start="$start" '{printf "%d\n", ($1 - start) * 10}' \
        /proc/uptime)
    u1=$(since one) u2=$(since two) u4=$(since four)
    echo "used: $u1 $u2 $u4 tenths, in less than $span"
}
# within VALUE WHOLE LOW HIGH: thousandths of the whole
within() {
    share=$(($1 * 1000 / $2))
    [ "$share" -ge "$3" ] && [ "$share" -le "$4" ]
}
spinner one 256
spinner two 512
spinner four 1024
xl sched-credit2
check "weights are told" sh -c "xl sched-credit2 -d four | grep -q 1024"
measure
all=$((u1 + u2 + u4))
check "the CPU is not left idle" [ "$all" -ge 150 ]
check "weight 256 of 1792" within "$u1" "$all" 110 176
check "weight 512 of 1792" within "$u2" "$all" 250 322
check "weight 1024 of 1792" within "$u4" "$all" 530 612
xl sched-credit2 -d four -c 20
check "the cap is told" sh -c "xl sched-credit2 -d four | grep -q 20"
measure
all=$((u1 + u2 + u4))
check "a cap of 20 percent" within "$u4" "$all" 170 230
check "the others share the rest 1:2" within "$u1" $((u1 + u2)) 290 375
for name in one two four; do
    check "destroy $name" xl destroy "$name"
done
checks_end
DOM0
limit=700
script_passes -s 2
