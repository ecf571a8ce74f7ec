#!/bin/sh
# SPDX-License-Identifier: MIT
# `reboot` in dom0 resets the machine (power-off is part of other tests).
. "$(dirname "$0")/lib.sh"
dom0_args='xl.services=none xl.after=reboot'
dom0_script <<'DOM0'
true
DOM0
boot -s 1
script_ended_well
expect 'reboot: Restarting system' 'dom0 did not restart'
ended_by reset
pass
