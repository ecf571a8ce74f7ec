#!/bin/sh
# SPDX-License-Identifier: MIT
# dom0 with two vCPUs on two CPUs: both run, at the same time, and memory that
# one writes is what the other reads. The hypercalls that the kernel made until
# here are those that it makes on Xen (whose package has no counters of them).
. "$(dirname "$0")/lib.sh"
dom0_args='xl.services=none'
hv_args='dom0_max_vcpus=2'
dom0_inside compat32
dom0_script <<'DOM0'
[ "$TOOL" = xl ] || xenperf -p -f | sed 's/^/XL-PERF /'
report dom0
check "system calls of a 32-bit program" sh -c 'compat32 | grep "^ok"'
check "two CPUs" [ "$(nproc)" = 2 ]
for cpu in 0 1; do
    check "CPU $cpu runs a process" taskset -c $cpu \
        grep -q "^processor.*: $cpu" /proc/cpuinfo
done
answer dom0 smp
check "event channels in queues" sh -c 'dmesg | grep "FIFO-based ABI"'
check "no oops so far" sh -c '! dmesg | grep -E "Oops|BUG:|WARNING: CPU|rcu.*stall|lockup"'
checks_end
DOM0
boot -s 2
script_ended_well
expect "^XL-ANSWER dom0 parts=2 hash=$(python3 "$here/answer.py" smp 2)\$" \
    'a wrong hash of the memory'
if [ "$HV" = xenlite ]; then
    lines >"$work/lines"
    python3 "$here/hypercall_counts.py" "$work/lines" \
        "$here/dom0-hypercalls.tsv" || fail 'other hypercalls than on Xen'
fi
ended_by poweroff
pass
