#!/bin/sh
# SPDX-License-Identifier: MIT
# dom0 on QEMU's CPU model Haswell.
here=$(cd "$(dirname "$0")" && pwd)
model=Haswell
. "$here/cpu-lib.sh"
