#!/bin/sh
# SPDX-License-Identifier: MIT
# The first guest with its p2m list out of the initial mapping, as Linux.
. "$(dirname "$0")/lib.sh"
. "$here/guest-lib.sh"
guest_passes hello-p2m 1
