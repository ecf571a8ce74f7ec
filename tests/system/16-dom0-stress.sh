#!/bin/sh
# SPDX-License-Identifier: MIT
# Processes and memory under stress on two CPUs, and a clock that never goes
# back on either for a minute.
. "$(dirname "$0")/lib.sh"
dom0_args='xl.services=none'
limit=900
dom0_program mmstress
dom0_program clocks
dom0_script <<'DOM0'
check "memory holds what was put there" mmstress 40
forks() {
    n=0
    while [ $n -lt 300 ]; do
        /bin/true || return 1
        n=$((n + 1))
    done
}
forks &
check "300 processes, twice at once" forks
wait
check "the clock on all CPUs" clocks 60
check "no oops so far" \
    sh -c '! dmesg | grep -E "Oops|BUG:|WARNING: CPU|rcu.*stall|lockup"'
checks_end
DOM0
script_passes -s 2
