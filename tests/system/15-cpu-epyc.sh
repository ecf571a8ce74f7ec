#!/bin/sh
# SPDX-License-Identifier: MIT
# dom0 on QEMU's CPU model EPYC.
here=$(cd "$(dirname "$0")" && pwd)
model=EPYC
. "$here/cpu-lib.sh"
