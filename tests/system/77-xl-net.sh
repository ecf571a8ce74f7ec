#!/bin/sh
# SPDX-License-Identifier: MIT
# The networks of 71-net.sh by the stock xl, on either hypervisor.
TOOL=xl
. "$(dirname "$0")/71-net.sh"
