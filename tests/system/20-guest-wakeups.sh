#!/bin/sh
# SPDX-License-Identifier: MIT
# No wake-up is lost: three vCPUs that block and poll hand tokens to each other
# on two CPUs, and a fourth watches.
. "$(dirname "$0")/lib.sh"
. "$here/guest-lib.sh"
hv_more='dom0_max_vcpus=4'
guest_passes wakeups 2
