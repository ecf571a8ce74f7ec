#!/bin/sh
# SPDX-License-Identifier: MIT
# The stock Debian kernel as dom0 on one CPU reaches our init and powers off; its
# event channels are those of the older ABI, in two levels.
. "$(dirname "$0")/lib.sh"
dom0_args='xl.services=none xen.fifo_events=0'
dom0_script <<'DOM0'
report dom0
check "one CPU" [ "$(nproc)" = 1 ]
check "the kernel knows that it is dom0" \
    grep -q control_d /proc/xen/capabilities
check "event channels in two levels" sh -c 'dmesg | grep "2-level ABI"'
check "the memory that was asked for" \
    [ "$(sed -n 's/MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo)" -gt 350000 ]
check "no oops so far" sh -c '! dmesg | grep -E "Oops|BUG:|WARNING: CPU"'
checks_end
DOM0
boot -s 1
expect '^XL-STAGE dom0-userspace ' 'dom0 did not reach user space'
script_ended_well
ended_by poweroff
pass
