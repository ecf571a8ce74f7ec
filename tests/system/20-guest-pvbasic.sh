#!/bin/sh
# SPDX-License-Identifier: MIT
# What a PV kernel lives on: traps, events, time, user mode, memory, SMP.
. "$(dirname "$0")/lib.sh"
. "$here/guest-lib.sh"
guest_passes pvbasic 1 2
