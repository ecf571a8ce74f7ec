#!/bin/sh
# SPDX-License-Identifier: MIT
# The disks of 70-block.sh by the stock xl, on either hypervisor.
TOOL=xl
. "$(dirname "$0")/70-block.sh"
