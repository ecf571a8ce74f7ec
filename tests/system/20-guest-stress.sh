#!/bin/sh
# SPDX-License-Identifier: MIT
# Thousands of address spaces on two vCPUs, against a model.
. "$(dirname "$0")/lib.sh"
. "$here/guest-lib.sh"
guest_passes stress 1 2
