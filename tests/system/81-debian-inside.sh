#!/bin/sh
# SPDX-License-Identifier: MIT
# What a processor and a kernel owe programs, checked in a guest with Debian's
# root by tests/system/inside: 32-bit calls, LDT, ports, vector state in
# signals, fork and memory stress, swap, gdb's hardware watchpoints and single
# steps, strace, modules, clocks on two CPUs. Then it panics, and on_crash= is
# obeyed.
. "$(dirname "$0")/lib.sh"
. "$here/debian-lib.sh"
with_debian base
with_guest
limit=900
dom0_args="xl.seconds=${CLOCK_SECONDS:-60}"
dom0_script <<'DOM0'
. /lib/debian-lib.sh
check "disk" debian_disk
check "create" debian_small debian 2 "'phy:/dev/vda,xvda,w'" \
    'on_crash = "destroy"' 'on_poweroff = "preserve"' \
    'on_reboot = "preserve"'
debian_show debian
check "all programs" debian_in debian 600 sh /opt/inside/inside.sh \
    "$(option seconds 60)"
log=$(guest_log debian)
check "the last word" grep -q '^inside: 0 failed' "$log"
check "signals keep AVX state" grep -q '^ok avxsig (AVX)' "$log"
check "CPU 0 and 1 had 32-bit calls" [ "$(grep -c '^ok compat32' "$log")" = 3 ]
check "clocks of two CPUs, twice" \
    [ "$(grep -c '^ok clocks (2 CPUs' "$log")" = 2 ]
echo 'echo 1 >/proc/sys/kernel/panic; echo c >/proc/sysrq-trigger' \
    >"$(xenstore-read "/local/domain/$(guest_id debian)/console/tty")"
check "destroyed after its panic" wait_for 120 debian_gone debian
check "it had panicked" grep -q 'Kernel panic' "$log"
check "audit" audit_clean
checks_end
DOM0
script_passes -s 2 -m 1G -c Haswell
