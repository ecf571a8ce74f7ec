#!/bin/sh
# SPDX-License-Identifier: MIT
# What a processor and a kernel owe programs, checked inside a Debian guest by
# tests/system/inside: 32-bit calls, LDT, ports, vector state in signals, fork
# and memory stress, swap, gdb's hardware watchpoints and single steps, strace,
# modules, clocks on two CPUs. Then it panics, and on_crash= is obeyed.
. "$(dirname "$0")/lib.sh"
. "$here/debian-lib.sh"
with_debian base
limit=1500
dom0_args="xl.seconds=${CLOCK_SECONDS:-60}"
dom0_script <<'DOM0'
. /lib/debian-lib.sh
check "disk" debian_disk
debian_config debian 2 'on_crash = "destroy"'
check "create, and SSH answers" debian_up debian 2
debian_ssh 2 sh /opt/inside/inside.sh "$(option seconds 60)" |
    tee /run/inside.log
check "all programs" grep -q '^inside: 0 failed' /run/inside.log
check "CPU 0 and 1 had 32-bit calls" \
    [ "$(grep -c '^ok compat32' /run/inside.log)" = 3 ]
debian_ssh 2 'sysctl -q kernel.panic=1; sync; (sleep 1; echo c \
    >/proc/sysrq-trigger) >/dev/null 2>&1 &'
check "destroyed after its panic" wait_for 120 debian_gone debian
grep -a 'Kernel panic' "$(guest_log debian)"
check "audit" audit_clean
checks_end
DOM0
boot -s 2 -m 1536M
script_ended_well
ended_by poweroff
pass
