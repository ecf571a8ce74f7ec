#!/bin/sh
# SPDX-License-Identifier: MIT
# dom0 on QEMU's CPU model Nehalem.
here=$(cd "$(dirname "$0")" && pwd)
model=Nehalem
. "$here/cpu-lib.sh"
