#!/bin/sh
# SPDX-License-Identifier: MIT
# Processor state that no sane kernel asks for is loaded, or faults, or refused.
. "$(dirname "$0")/lib.sh"
. "$here/guest-lib.sh"
guest_passes hostile 1 2
