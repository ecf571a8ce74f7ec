#!/bin/sh
# SPDX-License-Identifier: MIT
# A guest with a hypercall page: every stub, and calls through it.
. "$(dirname "$0")/lib.sh"
. "$here/guest-lib.sh"
guest_passes hello-page 1
