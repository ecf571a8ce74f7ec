#!/bin/sh
# SPDX-License-Identifier: MIT
# A guest at its shell obeys the tool's shutdown; one that reboots is started
# again by the tool; pause and unpause keep it alive.
. "$(dirname "$0")/lib.sh"
with_guest
limit=900
dom0_script <<'DOM0'
gone() { [ -z "$(guest_id demo)" ]; }
other_id() { [ -n "$(guest_id demo)" ] && [ "$(guest_id demo)" != "$id" ]; }
guest_config demo 'extra = "console=hvc0 quiet xl.mode=shell"' 'memory = 128' \
    'on_poweroff = "destroy"' 'on_reboot = "restart"'
check "create" "$TOOL" create /run/demo.cfg
check "at its shell" guest_wait demo 300 '^XL-STAGE guest-shell'
id=$(guest_id demo)
check "pause" "$TOOL" pause demo
check "unpause" "$TOOL" unpause demo
rm -f "$(guest_log demo)"
kill -HUP "$(pidof xenconsoled)"
check "reboot" "$TOOL" reboot demo
check "started again" wait_for 120 other_id
check "at its shell again" guest_wait demo 300 '^XL-STAGE guest-shell'
check "shutdown" "$TOOL" shutdown demo
check "gone" wait_for 120 gone
checks_end
DOM0
script_passes -s 2
