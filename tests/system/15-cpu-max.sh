#!/bin/sh
# SPDX-License-Identifier: MIT
# dom0 on QEMU's CPU model max.
here=$(cd "$(dirname "$0")" && pwd)
model=max
. "$here/cpu-lib.sh"
