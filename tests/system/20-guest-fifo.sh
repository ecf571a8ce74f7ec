#!/bin/sh
# SPDX-License-Identifier: MIT
# The FIFO event channel ABI, queue by queue and word by word.
. "$(dirname "$0")/lib.sh"
. "$here/guest-lib.sh"
guest_passes fifo 1
