#!/bin/sh
# SPDX-License-Identifier: MIT
# Our first guest as dom0: entry state, start_info, page tables, who we are.
. "$(dirname "$0")/lib.sh"
. "$here/guest-lib.sh"
guest_passes hello 1 2
