#!/bin/sh
# SPDX-License-Identifier: MIT
# dom0 on QEMU's CPU model Opteron_G3.
here=$(cd "$(dirname "$0")" && pwd)
model=Opteron_G3
. "$here/cpu-lib.sh"
