#!/bin/sh
# SPDX-License-Identifier: MIT
# Long calls broken off by a timer all the time come out as if they were not.
. "$(dirname "$0")/lib.sh"
. "$here/guest-lib.sh"
guest_passes long 1 2
