#!/bin/sh
# SPDX-License-Identifier: MIT
# A guest gives memory back and takes it again, under load; its data stays,
# and dom0's count of free memory follows.
. "$(dirname "$0")/lib.sh"
with_guest
limit=900
dom0_script <<'DOM0'
truncate -s 8M /run/a.img
guest_config balloon 'extra = "console=hvc0 quiet xl.mode=agent"' \
    'memory = 320' 'maxmem = 320' 'disk = [ "/run/a.img,raw,xvda,w" ]'
check "create" "$TOOL" create /run/balloon.cfg || exit 1
check "guest is up" guest_wait balloon 200 '^XL-STAGE guest-agent' || exit 1
in_guest() { # WHAT COMMAND
    check "$1" guest_run balloon 120 "$2"
}
before=$(free_mib)
in_guest "data, and work that never ends" \
    'mkdir /d && mount -t tmpfs -o size=90% tmpfs /d &&
    dd if=/dev/urandom of=/d/g bs=1M count=8 2>/dev/null &&
    cat /d/g /d/g /d/g /d/g /d/g >/d/f &&
    md5sum /d/f >/run/sum; (while :; do
    dd if=/d/f of=/d/g bs=1M count=16 2>/dev/null; md5sum /d/g >/dev/null;
    done) & echo $! >/run/memory; wait_for 20 test -b /dev/xvda;
    (while :; do dd if=/dev/urandom of=/dev/xvda bs=64k count=64 oflag=direct \
    2>/dev/null || exit 1; done) & echo $! >/run/disk'
load_lives() {
    in_guest "the load goes on $1" 'kill -0 $(cat /run/memory) &&
        kill -0 $(cat /run/disk); r=/sys/block/xvda/stat;
        a=$(awk "{ print \$5 }" $r); sleep 2;
        [ $(awk "{ print \$5 }" $r) -gt $a ]'
}
freed() { [ $(($(free_mib) - before)) -ge "$1" ]; }
for round in 1 2; do
    check "down $round" "$TOOL" mem-set balloon 192m
    check "128 MiB are free $round" wait_for 60 freed 126
    in_guest "data is whole $round" 'md5sum -c /run/sum'
    load_lives "$round"
    check "up $round" "$TOOL" mem-set balloon 320m
    back() { ! freed 3; }
    check "and taken again $round" wait_for 60 back
done
in_guest "data is whole" 'md5sum -c /run/sum'
load_lives "at the end"
in_guest "memory is there" \
    '[ $(sed -n "s/^MemFree: *\([0-9]*\).*/\1/p" /proc/meminfo) -gt 100000 ]'
check "more than maxmem is refused" sh -c "! $TOOL mem-set balloon 1000m"
check "references" audit_clean
check "destroy" "$TOOL" destroy balloon
checks_end
DOM0
dom0_passes -s 2
