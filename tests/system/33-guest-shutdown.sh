#!/bin/sh
# SPDX-License-Identifier: MIT
# A guest at its shell obeys the tool's shutdown; one that reboots or crashes is
# started again by the tool; pause and unpause keep it alive. Its kernel has the
# older event channels, of two levels.
. "$(dirname "$0")/lib.sh"
with_guest
limit=900
dom0_script <<'DOM0'
gone() { [ -z "$(guest_id demo)" ]; }
other_id() { [ -n "$(guest_id demo)" ] && [ "$(guest_id demo)" != "$id" ]; }
say() { # a line on the guest's console
    echo "$1" >"$(xenstore-read "/local/domain/$(guest_id demo)/console/tty")"
}
anew() { # its console's log
    rm -f "$(guest_log demo)"
    kill -HUP "$(pidof xenconsoled)"
}
guest_config demo 'memory = 128' \
    'extra = "console=hvc0 quiet xl.mode=shell xen.fifo_events=0"' \
    'on_poweroff = "destroy"' 'on_reboot = "restart"' 'on_crash = "restart"'
check "create" "$TOOL" create /run/demo.cfg
check "at its shell" guest_wait demo 300 '^XL-STAGE guest-shell'
id=$(guest_id demo)
check "pause" "$TOOL" pause demo
check "unpause" "$TOOL" unpause demo
say 'dmesg | grep "2-level ABI"'
check "its event channels" guest_wait demo 60 'Using 2-level ABI'
anew
check "reboot" "$TOOL" reboot demo
check "started again" wait_for 120 other_id
check "at its shell again" guest_wait demo 300 '^XL-STAGE guest-shell'
id=$(guest_id demo)
say 'echo 1 >/proc/sys/kernel/panic; echo c >/proc/sysrq-trigger'
check "started again after a crash" wait_for 120 other_id
anew
check "at its shell a third time" guest_wait demo 300 '^XL-STAGE guest-shell'
check "shutdown" "$TOOL" shutdown demo
check "gone" wait_for 120 gone
checks_end
DOM0
script_passes -s 2
